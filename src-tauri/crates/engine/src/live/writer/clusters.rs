//! What the writer does as clusters are added, answer, are read, and are left.

use broadstreet_core::id::SourceId;
use broadstreet_core::ports::{ClusterError, Observation};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, Freshness, SourceState};

use super::Hand;
use crate::EngineError;
use crate::live::member::Joining;
use crate::live::{MOST_SKIPPED, STALE_AFTER, Tape, Trouble};

/// A tick that comes late comes within this.
const FOR_ANY_TICK: chrono::Duration = chrono::Duration::seconds(2);

fn whole(source: &SourceId, state: Freshness) -> SourceState {
    SourceState { source: source.clone(), kind: String::new(), namespace: String::new(), state }
}

impl Hand<'_> {
    /// A cluster is to be connected.
    pub(super) fn added(&mut self, source: &SourceId) {
        if self.live.member(source).is_some_and(|member| member.id().is_none()) {
            self.freshness(whole(source, Freshness::CatchingUp));
        }
    }

    /// A cluster could not be connected; it is tried again.
    pub(super) fn unreached(&mut self, source: &SourceId, error: &EngineError) {
        if self.live.member(source).is_none() {
            return;
        }
        self.state.proofs.entry(source.clone()).or_default().trouble = Some(Trouble::of(error));
        self.round.channels.insert("desk");
        let now = whole(source, Freshness::NeverAnswered { why: error.to_string() });
        if !self.state.world.freshness().any(|it| *it == now) {
            self.freshness(now);
        }
    }

    /// A cluster answered for the first time.
    pub(super) fn joined(&mut self, source: &SourceId, joining: Joining) {
        if self.live.member(source).is_none() {
            return;
        }
        let Joining { identity, plan, rules, owners } = joining;
        let id = identity.id.clone();
        self.state.proofs.entry(source.clone()).or_default().trouble = None;
        // What was said of it before it had an id lies in the recordings of the others: there it ends.
        if !self.state.tapes.is_empty() {
            self.apply(Change::Freshness(whole(source, Freshness::Absent)));
        }
        let at = self.instant();
        self.state.plan.take(plan.of(&id));
        self.state.in_sync = false;
        self.state.tapes.insert(id.clone(), Tape::default());
        self.start_tape(&id, at);
        self.apply(Change::Cluster { id, label: identity.label, version: identity.version });
        self.apply(Change::Freshness(whole(source, Freshness::CatchingUp)));
        for rule in rules {
            self.apply(Change::Placing(Box::new(rule)));
        }
        for owner in owners {
            self.apply(Change::LastOwner(Box::new(owner)));
        }
        self.round.channels.extend(["desk", "map"]);
        self.round.stir = true;
        // An incident may wait for it.
        self.engine.evidence.look();
    }

    /// What the watches of a cluster tell. Of one that was left nothing is taken.
    pub(super) fn seen(&mut self, source: &SourceId, observation: Observation) {
        let Some(member) = self.live.member(source) else { return };
        let Some(id) = member.id() else { return };
        match observation {
            Observation::Changes(changes) => self.changes(id, source, changes),
            Observation::Freshness(fresh) => self.freshness(fresh),
            Observation::Skipped { kind, name, why } => {
                let at = (source.clone(), format!("{kind} {name}"));
                if self.state.skipped_of(source).count() < MOST_SKIPPED || self.state.skipped.contains_key(&at) {
                    self.state.skipped.insert(at, why);
                    self.round.channels.insert("desk");
                }
            }
            Observation::InSync => {
                self.state.synced.insert(id.to_owned());
                self.state.in_sync = self.state.tapes.keys().all(|id| self.state.synced.contains(id));
                let at = self.instant();
                self.state.plan.update_in(&self.state.world, &|it| it == id);
                self.state.filling.leave(id);
                self.start_tape(id, at);
                self.round.channels.extend(["desk", "map"]);
                self.round.stir = true;
            }
        }
    }

    /// Whether a cluster lives.
    pub(super) fn alive(&mut self, source: &SourceId, answer: Result<(), ClusterError>) {
        let Some(member) = self.live.member(source) else { return };
        let Some(identity) = member.identity() else { return };
        // As the watch told it last: a server may be upgraded while it is watched.
        let clusters = self.state.world.clusters();
        let known = clusters.into_iter().find(|(id, ..)| *id == identity.id).map(|(_, _, version)| version);
        let version = known.unwrap_or_else(|| identity.version.clone());
        self.proof(source, answer.map(|()| version).map_err(EngineError::from));
    }

    /// A cluster was left: nothing of it stays but what was recorded.
    pub(super) fn left(&mut self, source: &SourceId, id: Option<&str>) {
        self.state.proofs.remove(source);
        self.state.skipped.retain(|(of, _), _| of != source);
        self.round.channels.extend(["desk", "map", "alerts"]);
        self.round.stir = true;
        let Some(id) = id else {
            self.freshness(whole(source, Freshness::Absent));
            return;
        };
        let at = self.instant();
        self.live.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((id.to_owned(), at));
        self.state.tapes.remove(id);
        self.state.synced.remove(id);
        self.state.in_sync =
            !self.state.tapes.is_empty() && self.state.tapes.keys().all(|it| self.state.synced.contains(it));
        self.state.plan.leave(id);
        self.state.world = self.rest.take().unwrap_or_else(|| self.state.world.without(id));
        self.state.unsettled.alerts = true;
        self.state.unsettled.moved.retain(|(key, _)| key.cluster != id);
        self.state.filling.leave(id);
        // The recordings of the others go on without it.
        for other in self.state.tapes.keys().cloned().collect::<Vec<_>>() {
            self.start_tape(&other, at);
        }
    }

    /// Ends the segment being written of a cluster and starts the next at the world as it is.
    pub(super) fn start_tape(&mut self, id: &str, at: Moment) {
        let state = &mut *self.state;
        let Some(tape) = state.tapes.get_mut(id) else { return };
        tape.start(state.world.keyframe_of(id), state.plan.of(id), at);
    }

    /// Notes that nothing else changed until now, and ends segments that are full.
    pub(super) fn turn_tapes(&mut self) {
        let at = self.instant();
        let mut full = Vec::new();
        for (id, tape) in &mut self.state.tapes {
            tape.live_until(at);
            if tape.is_full(at) {
                full.push(id.clone());
            }
        }
        for id in full {
            self.start_tape(&id, at);
        }
        self.round.flush = true;
    }

    /// Nothing tells that nothing was heard: whoever looks at the desk is told when that has lasted too long.
    pub(super) fn tell_silence(&mut self) {
        let now = self.engine.now();
        for member in self.live.members() {
            let silent_for = self.state.proofs.get(&member.source).and_then(|proof| proof.alive_at).map(|at| now - at);
            if silent_for.is_some_and(|it| it >= STALE_AFTER && it < STALE_AFTER + FOR_ANY_TICK) {
                self.round.channels.extend(["desk", "map"]);
            }
        }
    }
}
