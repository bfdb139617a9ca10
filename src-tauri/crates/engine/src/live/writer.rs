//! The one writer of a live world: applies what was learned, records it, places the alerts, writes the machine rows.
//!
//! Everything that waits is taken at once; then the state is locked, changed and let go, and only then are rows written
//! and observers told, at most twenty times a second, and at most fifty times that the map changed.

mod calls;
mod clusters;
mod news;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::alerts::{self, Address, Alert, AlertState, Case};
use broadstreet_core::id::SourceId;
use broadstreet_core::ledger::{Draft, drafts};
use broadstreet_core::pages;
use broadstreet_core::ports::{AlertPoll, Observation, PagerPoll, SignalError, SourceKind};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, Freshness, SourceState, World, notable};
use tokio::sync::mpsc;

use super::{DOUBTED_AFTER, FADES_AFTER, Input, Live, State, Trouble, unseen};
use crate::Engine;
use crate::error::EngineError;
use crate::past::{Noted, What};
use news::News;

/// The shortest time between two rounds that tell something, and so between two notices that the map changed: what comes
/// meanwhile is applied together, and told once.
const BLINK: Duration = Duration::from_millis(20);

/// How much is taken at once.
const AT_ONCE: usize = 512;

/// How many changes are taken before others may look: lists come in pages of hundreds.
const IN_ONE_HOLD: usize = 2_000;

/// Rows that could not be written are kept up to this many.
const UNWRITTEN: usize = 50_000;

/// What a round changed.
#[derive(Default)]
struct Round {
    rows: Vec<Draft>,
    channels: BTreeSet<&'static str>,
    flush: bool,
    stir: bool,
    unseen: bool,
    /// The map of clusters that are known whole changed, and observers were told.
    seen: bool,
}

/// Starts the writer.
pub(crate) fn start_writer(engine: &Engine, live: &Arc<Live>, mut input: mpsc::Receiver<Input>) {
    let (engine, live_) = (engine.clone(), Arc::clone(live));
    live.tasks.start("the writer", async move {
        let live = live_;
        let mut unwritten: Vec<Draft> = Vec::new();
        let mut news = News::default();
        while let Some(first) = news.next(&engine.notices, &mut input).await {
            let mut inputs = VecDeque::from([first]);
            while inputs.len() < AT_ONCE {
                match input.try_recv() {
                    Ok(next) => inputs.push_back(next),
                    Err(_) => break,
                }
            }
            let mut round = Round::default();
            while let Some(first) = inputs.pop_front() {
                let rest = rest_of(&live, &first).await;
                let mut state = live.state.write().await;
                let mut hand = Hand { engine: &engine, live: &live, state: &mut state, round: &mut round, rest };
                let mut many = weight_of(&first);
                hand.take(first);
                let may_follow = |next: &mut Input| !matches!(next, Input::Left(..));
                while many < IN_ONE_HOLD
                    && let Some(next) = inputs.pop_front_if(may_follow)
                {
                    many += weight_of(&next);
                    hand.take(next);
                }
                hand.settle();
                drop(state);
                // Whoever came meanwhile may look before the rest.
                tokio::task::yield_now().await;
            }
            unwritten.append(&mut round.rows);
            if !unwritten.is_empty() {
                write_rows(&engine, &live, &mut unwritten).await;
            }
            if round.unseen
                && unwritten.is_empty()
                && let Err(why) = unseen::write(&engine, &live).await
            {
                tracing::error!(%why, "what ended unseen could not be written yet");
                set_trouble(&engine, &live, Some(Trouble::of(&why))).await;
            }
            if round.flush {
                live.flush.notify_one();
            }
            let tells = round.seen || !round.channels.is_empty();
            news.channels.append(&mut round.channels);
            news.tell(&engine.notices);
            if tells {
                tokio::time::sleep(BLINK).await;
            }
        }
        Ok(())
    });
}

/// How many changes an input tells.
fn weight_of(input: &Input) -> usize {
    match input {
        Input::Seen(_, Observation::Changes(changes)) => changes.len(),
        _ => 1,
    }
}

/// What the world is without a cluster that is left. It takes a while to build: meanwhile everybody else may read, and
/// nothing changes, since the writer is who builds it.
async fn rest_of(live: &Live, input: &Input) -> Option<World> {
    let Input::Left(_, Some(id)) = input else { return None };
    let keyframe = live.state.read().await.world.keyframe_without(id);
    Some(World::from_changes(&keyframe))
}

/// Writes machine rows to every incident under way. What cannot be written is kept for the next round.
async fn write_rows(engine: &Engine, live: &Live, unwritten: &mut Vec<Draft>) {
    let written = async {
        for id in engine.under_way().await? {
            if !engine.book.append_machine(&id, unwritten.clone()).await?.is_empty() {
                engine.notices.tell("ledger", [id.0]);
            }
        }
        Ok::<(), EngineError>(())
    };
    match written.await {
        Ok(()) => {
            unwritten.clear();
            set_trouble(engine, live, None).await;
        }
        Err(why) => {
            tracing::error!(%why, rows = unwritten.len(), "machine rows could not be written yet");
            if unwritten.len() > UNWRITTEN {
                unwritten.drain(..unwritten.len() - UNWRITTEN);
            }
            set_trouble(engine, live, Some(Trouble::of(&why))).await;
        }
    }
}

pub(super) async fn set_trouble(engine: &Engine, live: &Live, why: Option<Trouble>) {
    let now = engine.now();
    let mut state = live.state.write().await;
    let had = state.storage_trouble.is_some();
    let has = why.is_some();
    state.storage_trouble = why.map(|why| (state.storage_trouble.as_ref().map_or(now, |it| it.0), why));
    drop(state);
    if had != has {
        engine.notices.tell("desk", []);
    }
}

/// One round's hold on the state.
struct Hand<'a> {
    engine: &'a Engine,
    live: &'a Live,
    state: &'a mut State,
    round: &'a mut Round,
    /// The world without the cluster that is left next.
    rest: Option<World>,
}

impl Hand<'_> {
    /// The instant of this change: it never goes back, and no two changes share one.
    fn instant(&mut self) -> Moment {
        let now = chrono::SubsecRound::trunc_subsecs(self.engine.now(), 6);
        let at = self.state.at.map_or(now, |last| now.max(last + chrono::Duration::microseconds(1)));
        self.state.at = Some(at);
        at
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Added(source) => self.added(&source),
            Input::Unreached(source, error) => self.unreached(&source, &error),
            Input::Joined(source, joining) => self.joined(&source, *joining),
            Input::Seen(source, observation) => self.seen(&source, observation),
            Input::Alive(source, answer) => self.alive(&source, answer),
            Input::Left(source, id) => self.left(&source, id.as_deref()),
            Input::Alerts(id, kind, answer) => self.alerts(&id, kind, answer),
            Input::Prior(id, history) => {
                self.state.proofs.entry(id.clone()).or_default().history_warnings = history.warnings;
                self.state.histories.insert(id);
                if !history.spans.is_empty() {
                    self.state.prior.extend(history.spans);
                    self.round.channels.insert("history");
                }
                self.round.channels.insert("desk");
            }
            Input::Calls(id, answer) => self.calls(&id, answer),
            Input::Pages(id, answer) => self.pages(&id, answer),
            Input::Streamed(id, attempts) => {
                self.proof(&id, Ok(String::new()));
                self.attempts(attempts);
            }
            Input::Removed(id) => self.removed(&id),
            Input::Rule(change) => {
                self.round.stir |= self.apply(change);
                self.round.channels.insert("alerts");
            }
            Input::Tick => self.tick(),
        }
    }

    fn changes(&mut self, cluster: &str, source: &SourceId, changes: Vec<Change>) {
        let at = self.instant();
        for change in &changes {
            self.mend(source, change);
        }
        if self.state.synced.contains(cluster) {
            for change in changes {
                self.notable(at, change);
            }
        } else {
            self.state.learn_all(at, changes);
        }
        self.round.stir = true;
        self.round.channels.insert("map");
    }

    /// An object that is read again, or gone, is skipped no longer.
    fn mend(&mut self, source: &SourceId, change: &Change) {
        if self.state.skipped.is_empty() {
            return;
        }
        let key = match change {
            Change::Object(object) => &object.key,
            Change::Gone { key, .. } => key,
            _ => return,
        };
        let place = format!("{}/{}", key.namespace, key.name);
        let name = format!("{}/{} {}", key.group, key.kind, place.trim_start_matches('/'));
        if self.state.skipped.remove(&(source.clone(), name)).is_some() {
            self.round.channels.insert("desk");
        }
    }

    /// Applies one change and notes what a person would want to read about it.
    fn notable(&mut self, at: Moment, change: Change) {
        let key = match &change {
            Change::Object(object) => object.key.clone(),
            Change::Gone { key, .. } => key.clone(),
            _ => {
                self.state.learn(at, change);
                return;
            }
        };
        let before = self.state.world.shared_object(&key).cloned();
        let health_before = self.state.world.health(&key);
        self.state.learn(at, change);
        let after = self.state.world.object(&key);
        let health_after = self.state.world.health(&key);
        for fact in notable(before.as_deref(), after, &health_before, &health_after) {
            let source = if fact.kind == "kubernetes_event" { "kubernetes events" } else { "cluster" };
            self.round.rows.push(drafts::fact(&fact, at, source));
            self.state.note(Noted { at, what: What::Fact(fact) });
            self.round.channels.insert("history");
        }
    }

    fn freshness(&mut self, fresh: SourceState) {
        self.apply(Change::Freshness(fresh));
        self.round.channels.extend(["desk", "map"]);
        self.round.stir = true;
    }

    /// Applies and records a change that is no news by itself; true where a verdict or an alert's place may differ.
    fn apply(&mut self, change: Change) -> bool {
        let at = self.instant();
        self.state.learn(at, change)
    }

    fn is_known_fresh(&self, id: &SourceId, live: bool) -> bool {
        self.state.world.freshness().any(|it| {
            &it.source == id
                && it.kind.is_empty()
                && matches!(it.state, Freshness::Live) == live
                && (live || !matches!(it.state, Freshness::Live))
        })
    }

    /// Notes a proof of life, or its absence; the world learns of it when it changes what may be believed.
    fn proof(&mut self, id: &SourceId, answer: std::result::Result<String, EngineError>) {
        let now = self.engine.now();
        let is_cluster = self.live.member(id).is_some();
        let proof = self.state.proofs.entry(id.clone()).or_default();
        let state = match answer {
            Ok(version) => {
                let was_troubled = proof.trouble.take().is_some();
                proof.alive_at = Some(now);
                if !version.is_empty() {
                    proof.version = version;
                }
                if self.is_known_fresh(id, true) {
                    if was_troubled {
                        self.round.channels.insert("desk");
                    }
                    return;
                }
                Freshness::Live
            }
            Err(error) => {
                proof.trouble = Some(Trouble::of(&error));
                let alive_at = proof.alive_at;
                self.round.channels.insert("desk");
                match alive_at {
                    // A few slow answers make nothing unknown; the desk says meanwhile that it is stale.
                    Some(alive) if is_cluster && now - alive < DOUBTED_AFTER => return,
                    Some(_) if !is_cluster && self.is_stale(id) => return,
                    Some(since) => Freshness::Stale { since, why: error.to_string() },
                    None if self.state.world.freshness().any(|it| &it.source == id && it.kind.is_empty()) => return,
                    None => Freshness::NeverAnswered { why: error.to_string() },
                }
            }
        };
        if is_cluster && matches!(state, Freshness::Stale { .. }) && self.is_stale(id) {
            return;
        }
        let kind = String::new();
        self.freshness(SourceState { source: id.clone(), kind: kind.clone(), namespace: kind, state });
    }

    fn is_stale(&self, id: &SourceId) -> bool {
        self.state
            .world
            .freshness()
            .any(|it| &it.source == id && it.kind.is_empty() && matches!(it.state, Freshness::Stale { .. }))
    }

    fn alerts(&mut self, id: &SourceId, kind: SourceKind, answer: std::result::Result<AlertPoll, SignalError>) {
        let now = self.engine.now();
        match answer {
            Ok(mut poll) => {
                poll.cluster = self.live.cluster_named(id);
                self.proof(id, Ok(poll.version.clone()));
                let proof = self.state.proofs.entry(id.clone()).or_default();
                proof.warnings.clone_from(&poll.warnings);
                proof.clock_ahead = poll.source_time.map(|theirs| theirs - now);
                self.state.polls.insert(id.clone(), (kind, poll));
                self.join(now, Asked::Now);
            }
            Err(error) => self.proof(id, Err(error.into())),
        }
    }

    /// Joins what every source of alerts told last, and notes each transition.
    fn join(&mut self, now: Moment, asked: Asked) {
        let polls: Vec<_> = self.state.polls.iter().map(|(id, (kind, poll))| (*kind, id.clone(), poll)).collect();
        let mut joined = alerts::join(&polls);
        let before: BTreeMap<String, Alert> =
            self.state.world.alerts().map(|alert| (alert.id.clone(), alert.clone())).collect();
        let before_list: Vec<Alert> = before.values().cloned().collect();
        let silent = alerts::absent(&before_list, &joined, (asked == Asked::Now).then_some(now));
        joined.extend(silent.into_iter().filter(|alert| self.state.polls.contains_key(&alert.source)));
        let changes = alerts::diff(&before, &joined);
        let renamed = alerts::renamed(&before, &joined);
        if changes.is_empty() {
            return;
        }
        let places: BTreeMap<String, Case> =
            self.state.placed.cases.iter().map(|case| (case.alert.clone(), case.clone())).collect();
        let (silences, mut news) = (self.state.silences(), Vec::new());
        for change in &changes {
            self.apply(change.clone());
            match change {
                Change::Alert(alert) => {
                    let old = before.get(&alert.id).or_else(|| renamed.get(&alert.id).copied());
                    if let Some(word) = transition(old.map(|old| old.state), alert.state) {
                        let muted = match word {
                            "silenced" | "inhibited" => Some((&**alert, &joined)),
                            "unmuted" => old.map(|old| (old, &before_list)),
                            _ => None,
                        };
                        let muting = muted.map(|(it, all)| (it.state, alerts::muting(it, all, &silences, now)));
                        news.push((word, (**alert).clone(), None, muting));
                    }
                    self.state.fading.retain(|(_, faded, _)| faded.id != alert.id);
                }
                Change::AlertGone { id, .. } => {
                    let Some(old) = before.get(id) else { continue };
                    let case = places.get(id).cloned();
                    let lives_on = renamed.values().any(|it| it.id == *id);
                    if lives_on || old.state == AlertState::Pending || asked == Asked::NoLonger {
                        continue;
                    }
                    // As the recording has it.
                    let at = self.state.at.unwrap_or(now);
                    let ended = Alert { state: AlertState::Resolved, ends_at: Some(at), ..old.clone() };
                    self.state.fading.push((at, ended, case.clone()));
                    news.push(("resolved", old.clone(), case, None));
                }
                _ => {}
            }
        }
        self.state.placed = alerts::placed(&self.state.world);
        for (word, alert, case, muting) in news {
            let case = case.or_else(|| self.state.placed.cases.iter().find(|case| case.alert == alert.id).cloned());
            let counts = !matches!(case.as_ref().map(|case| &case.at), Some(Address::Heartbeat | Address::Plumbing));
            let at = match word {
                "fired" | "pending" => alert.starts_at.unwrap_or(now),
                "resolved" => alert.ends_at.filter(|end| *end <= now).unwrap_or(now),
                _ => now,
            };
            if counts && word != "pending" {
                self.round.rows.push(match &muting {
                    Some((was, by)) => drafts::alert_muting(&alert, case.as_ref(), word, at, *was, by),
                    None => drafts::alert(&alert, case.as_ref(), word, at),
                });
            }
            let what = What::Alert { alert: Box::new(alert), case, transition: word.to_owned() };
            self.state.note(Noted { at: now, what });
        }
        self.round.stir = true;
        self.round.channels.extend(["alerts", "map", "history"]);
    }

    fn pages(&mut self, id: &SourceId, answer: std::result::Result<PagerPoll, SignalError>) {
        match answer {
            Ok(poll) => {
                self.proof(id, Ok(poll.version));
                let ahead = poll.source_time.map(|theirs| theirs - self.engine.now());
                let proof = self.state.proofs.entry(id.clone()).or_default();
                (proof.warnings, proof.clock_ahead) = (poll.warnings, ahead);
                self.state.on_call.retain(|(source, ..)| source != id);
                self.state
                    .on_call
                    .extend(poll.on_call.into_iter().map(|(policy, step, name)| (id.clone(), policy, step, name)));
                for gap in poll.gaps {
                    if !self.state.gaps.iter().any(|(source, known)| source == id && *known == gap) {
                        self.state.gaps.push((id.clone(), gap));
                        self.round.channels.insert("pages");
                    }
                }
                self.attempts(poll.attempts);
            }
            Err(error) => {
                self.proof(id, Err(error.into()));
                self.round.channels.insert("pages");
            }
        }
    }

    fn attempts(&mut self, attempts: Vec<pages::PageAttempt>) {
        let before: BTreeMap<_, _> = self
            .state
            .attempts
            .iter()
            .map(|attempt| ((attempt.source.clone(), attempt.source_id.clone()), attempt.clone()))
            .collect();
        pages::merge(&mut self.state.attempts, attempts);
        let mut changed = false;
        for attempt in &self.state.attempts {
            let old = before.get(&(attempt.source.clone(), attempt.source_id.clone()));
            if old == Some(attempt) {
                continue;
            }
            changed = true;
            self.round.rows.extend(drafts::page_transitions(old, attempt, &self.state.attempts));
        }
        if changed {
            self.round.channels.extend(["pages", "history"]);
        }
    }

    fn removed(&mut self, id: &SourceId) {
        self.state.proofs.remove(id);
        self.state.compared.remove(id);
        self.state.histories.remove(id);
        self.state.on_call.retain(|(source, ..)| source != id);
        if self.state.polls.remove(id).is_some() {
            let now = self.engine.now();
            // Whoever no longer asks does not know that anything ended.
            self.join(now, Asked::NoLonger);
        }
        self.forget_calls(id);
        let empty = String::new();
        self.freshness(SourceState {
            source: id.clone(),
            kind: empty.clone(),
            namespace: empty,
            state: Freshness::Absent,
        });
    }

    fn tick(&mut self) {
        let now = self.engine.now();
        let before = self.state.fading.len();
        self.state.fading.retain(|(at, ..)| now - *at < FADES_AFTER);
        if self.state.fading.len() != before {
            self.round.stir = true;
            self.round.channels.insert("map");
        }
        // Told only when a verdict waits for it: a clock in the recording costs nothing while nothing is due.
        let is_due = !self.state.synced.is_empty() && self.state.world.is_waiting_for(now);
        if is_due && self.apply(Change::Time { at: now }) {
            self.round.stir = true;
            self.round.channels.insert("map");
        }
        if !self.state.in_sync && self.state.filling.is_due() {
            self.round.stir = true;
            self.round.channels.insert("map");
        }
        self.tell_silence();
        self.turn_tapes();
        self.round.unseen = unseen::is_due(self.live, self.state);
    }

    /// Brings plan and places up to date once for the whole round.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.round.stir) {
            return;
        }
        let state = &mut *self.state;
        let delta = std::mem::take(&mut state.unsettled);
        // Who addresses are found by: an object that only changed its status moves no alert.
        let may_move = delta.alerts || delta.freshness || !delta.moved.is_empty();
        if !state.in_sync {
            state.fill(delta);
        }
        if may_move {
            let placed = alerts::placed(&state.world);
            if placed != state.placed {
                state.placed = placed;
                self.round.channels.insert("alerts");
            }
        }
        self.state.revision = self.engine.notices.tell("map", []);
        self.round.channels.remove("map");
        self.round.seen = self.state.in_sync;
    }
}

/// Whether every source of alerts is asked still.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Now,
    NoLonger,
}

/// The word for a step of an alert that is news.
fn transition(old: Option<AlertState>, new: AlertState) -> Option<&'static str> {
    use AlertState::{Firing, Inhibited, Pending, Resolved, Silenced};
    match (old, new) {
        (Some(old), new) if old == new => None,
        (None | Some(Pending | Resolved), Firing) => Some("fired"),
        (_, Silenced) => Some("silenced"),
        (_, Inhibited) => Some("inhibited"),
        (_, Pending) => Some("pending"),
        (Some(Silenced | Inhibited), Firing) => Some("unmuted"),
        (Some(Firing | Silenced | Inhibited), Resolved) => Some("resolved"),
        _ => None,
    }
}
