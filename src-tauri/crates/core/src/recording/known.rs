//! What was known at a moment, and the way from there to another: only what changed in between is read and applied.
//!
//! Forward, a change that moves nothing waits for the end, where only the last state of its object is read. Backward,
//! each object that changed since is put back to how it stood. The plan hangs on its history, so it is kept at a few
//! places and followed from the nearest.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Track;
use super::codec::BadRecording;
use super::leaf::Budget;
use super::track::What;
use crate::alerts::{self, Alert, Placed, Placement};
use crate::id::ObjectKey;
use crate::observed::CallId;
use crate::plan::Plan;
use crate::world::{Change, Delta, World};

/// After as many moves the plan is kept, so that going back begins there.
const MOVES: usize = if cfg!(test) { 3 } else { 256 };

/// As many plans are kept; then every other is let go.
const PLANS: usize = if cfg!(test) { 4 } else { 12 };

/// The world, its plan and the places of its alerts after some of the changes of a recording.
#[derive(Clone, Debug)]
pub struct Known {
    world: World,
    plan: Plan,
    placed: Placed,
    /// How many changes are known.
    place: usize,
    /// From this place on the plan has been as it is.
    settled: usize,
    /// The plan at some places, the first of all among them.
    plans: Vec<(usize, Plan)>,
    /// How many moves there were since a plan was kept.
    moves: usize,
    /// A cluster that was being listed: its plan was provisional.
    is_listing: bool,
    /// Whether the places of alerts may differ.
    is_felt: bool,
}

impl Known {
    /// What was known at a place of a recording.
    ///
    /// # Errors
    /// A value that cannot be read.
    pub fn at(track: &Track, place: usize) -> Result<Self, BadRecording> {
        let budget = Budget::default();
        let is_listing = !track.keyframe().iter().any(|told| told.what.is_object());
        let mut ready = FxHashSet::default();
        let mut keyframe = Vec::with_capacity(track.keyframe().len());
        for told in track.keyframe() {
            let later = if told.what.is_object() { track.changes_of(told.key, place) } else { &[] };
            // What moves nothing may as well be there from the beginning.
            let is_still = |at: &u32| track.changes()[*at as usize].what == What::Still;
            if later.is_empty() || !later.iter().all(is_still) {
                keyframe.push(track.read_told(*told, &budget)?);
            } else if let Some(object) = track.state(told.key, place, &budget)? {
                ready.insert(told.key);
                keyframe.push(Change::Object(object));
            }
        }
        let mut world = World::new();
        world.take_all(keyframe);
        let mut plan = track.plan();
        if !is_listing {
            plan.update(&world);
        }
        let mut known = Self { plans: vec![(0, plan.clone())], is_listing, ..Self::of(world, plan) };
        known.forward(track, place, |key| ready.contains(&key))?;
        Ok(known)
    }

    /// What was known, as somebody else put it together.
    #[must_use]
    pub fn of(world: World, plan: Plan) -> Self {
        Self {
            world,
            plan,
            placed: Placed::default(),
            place: 0,
            settled: 0,
            plans: Vec::new(),
            moves: 0,
            is_listing: false,
            is_felt: true,
        }
    }

    /// The world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The place of each alert, as of the last time they were looked for.
    #[must_use]
    pub fn placed(&self) -> &Placed {
        &self.placed
    }

    /// How many changes are known.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place
    }

    /// Goes to another place of the same recording. After an error nothing is known.
    ///
    /// # Errors
    /// A value that cannot be read.
    pub fn go(&mut self, track: &Track, place: usize) -> Result<(), BadRecording> {
        let place = place.min(track.len());
        if place >= self.place {
            return self.forward(track, place, |_| false);
        }
        // Where the plan has changed since, it is followed from the nearest that was kept.
        let kept = match self.plans.iter().rev().find(|(at, _)| *at <= place) {
            Some((at, plan)) if place < self.settled && !self.is_listing => Some((*at, plan.clone())),
            _ => None,
        };
        let target = kept.as_ref().map_or(place, |(at, _)| *at);
        let since = &track.changes()[target..self.place];
        let moved = since.iter().filter(|told| told.key != u32::MAX && told.what != What::Still);
        let moved: FxHashSet<u32> = moved.map(|told| told.key).collect();
        if !self.back(track, target, place, &moved)? {
            *self = Self::at(track, place)?;
            return Ok(());
        }
        if let Some((at, plan)) = kept {
            (self.plan, self.settled) = (plan, at);
        }
        // What only stood still is there as it will be.
        self.forward(track, place, |key| !moved.contains(&key))
    }

    /// Where an alert would stand.
    #[must_use]
    pub fn place_of(&self, alert: &Alert) -> Placement {
        alerts::place(&self.world, alert)
    }

    /// Looks for the places of alerts again where they may differ.
    pub fn settle(&mut self) {
        if std::mem::take(&mut self.is_felt) {
            self.placed = alerts::placed(&self.world);
        }
    }

    /// Changes the world apart from the recording: what is known is no longer what was recorded.
    #[must_use]
    pub fn but(mut self, changes: &[Change]) -> Self {
        let delta = self.world.apply_all(changes);
        self.feel(&delta);
        self
    }

    fn feel(&mut self, delta: &Delta) {
        self.is_felt |= delta.alerts || delta.freshness || !delta.moved.is_empty();
    }

    /// Applies what comes until a place; some objects are as they will be there already.
    fn forward(&mut self, track: &Track, place: usize, is_ready: impl Fn(u32) -> bool) -> Result<(), BadRecording> {
        let budget = Budget::default();
        let mut waiting: Vec<Change> = Vec::new();
        let mut later: FxHashSet<u32> = FxHashSet::default();
        // Of each object only the last state stays: what those before it took is given back.
        let mut costs: FxHashMap<u32, usize> = FxHashMap::default();
        let mut stays = |key: u32, left: usize| {
            if key != u32::MAX
                && let Some(before) = costs.insert(key, left - budget.left())
            {
                budget.give_back(before);
            }
        };
        for at in self.place..place {
            let told = track.changes()[at];
            let is_of_object = told.what.is_object() || told.what == What::Gone;
            if told.what == What::Still || (self.is_listing && is_of_object) {
                later.insert(told.key);
                continue;
            }
            let left = budget.left();
            let change = track.read_change(at, &budget)?;
            stays(told.key, left);
            if self.is_listing || !self.world.may_move(&change) {
                if told.what.is_object() {
                    later.insert(told.key);
                } else if told.what != What::Gone {
                    waiting.push(change);
                }
                continue;
            }
            // What moves nothing can wait: changes taken together are much faster than one by one.
            let delta = self.world.take_all(waiting.drain(..));
            self.feel(&delta);
            let gone = match &change {
                Change::Gone { key, .. } => Some(key.clone()),
                _ => None,
            };
            let delta = self.world.take_all([change]);
            if gone.is_none_or(|key| self.world.object(&key).is_none()) {
                later.remove(&told.key);
            }
            self.follow(&delta, at + 1);
        }
        let mut keys: Vec<u32> = later.into_iter().filter(|key| !is_ready(*key)).collect();
        keys.sort_unstable();
        for key in keys {
            let left = budget.left();
            waiting.push(state(track, key, place, &budget)?);
            stays(key, left);
        }
        let delta = self.world.take_all(waiting);
        self.feel(&delta);
        if self.is_listing
            && let Some((_, first)) = self.plans.first()
        {
            self.plan = first.clone();
            self.plan.update(&self.world);
        }
        self.place = place;
        Ok(())
    }

    /// Brings the plan up to date by one change, after which a place is reached.
    fn follow(&mut self, delta: &Delta, place: usize) {
        self.feel(delta);
        if delta.moved.is_empty() && !delta.freshness {
            return;
        }
        self.plan.follow(&self.world, delta);
        self.settled = place;
        self.moves += 1;
        if self.moves < MOVES || self.plans.last().is_some_and(|(at, _)| *at >= place) {
            return;
        }
        self.moves = 0;
        if self.plans.len() >= PLANS {
            let mut number = 0;
            self.plans.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        self.plans.push((place, self.plan.clone()));
    }

    /// Puts back to a place what moved since, and all else that changed to where the way forward will lead; the plan is left
    /// as it is. False where something came that cannot be put back.
    fn back(&mut self, track: &Track, place: usize, goal: usize, moved: &FxHashSet<u32>) -> Result<bool, BadRecording> {
        let budget = Budget::default();
        let since = &track.changes()[place..self.place];
        let mut changes = Vec::new();
        if since.iter().any(|told| matches!(told.what, What::Alert | What::AlertGone | What::Other)) {
            match self.what_is_no_object(track, place, &budget)? {
                Some(told) => changes = told,
                None => return Ok(false),
            }
        }
        let still = track.changes()[goal..self.place].iter().map(|told| told.key);
        let still: FxHashSet<u32> = still.filter(|key| *key != u32::MAX && !moved.contains(key)).collect();
        let mut keys: Vec<(u32, usize)> = moved.iter().map(|key| (*key, place)).collect();
        keys.extend(still.into_iter().map(|key| (key, goal)));
        keys.sort_unstable();
        for (key, place) in keys {
            changes.push(state(track, key, place, &budget)?);
        }
        let delta = self.world.take_all(changes);
        self.feel(&delta);
        if since.iter().any(|told| told.what == What::Time) {
            let mut latest = None;
            for told in track.keyframe().iter().chain(&track.changes()[..place]).filter(|it| it.what == What::Time) {
                if let Change::Time { at } = track.read_told(*told, &budget)? {
                    latest = latest.max(Some(at));
                }
            }
            self.world.turn_back(latest);
        }
        self.place = place;
        Ok(true)
    }

    /// The changes that put everything but objects and the time back to how it stood; nothing where something came that
    /// never goes.
    fn what_is_no_object(
        &self,
        track: &Track,
        place: usize,
        budget: &Budget,
    ) -> Result<Option<Vec<Change>>, BadRecording> {
        let told = track.keyframe().iter().chain(&track.changes()[..place]);
        let told = told.filter(|told| matches!(told.what, What::Alert | What::AlertGone | What::Other));
        let told = told.map(|told| track.read_told(*told, budget)).collect::<Result<Vec<_>, _>>()?;
        let mut then = World::new();
        then.take_all(told);
        let (now, mut changes) = (&self.world, Vec::new());

        let clusters = then.clusters();
        let is_there = |id: &String| clusters.iter().any(|(known, ..)| known == id);
        if !now.clusters().iter().all(|(id, ..)| is_there(id)) || now.freshness().count() != then.freshness().count() {
            return Ok(None);
        }
        for (id, label, version) in clusters {
            changes.push(Change::Cluster { id, label, version });
        }
        changes.extend(then.freshness().cloned().map(Change::Freshness));

        for alert in now.alerts().filter(|alert| then.alert(&alert.id).is_none()) {
            changes.push(Change::AlertGone { source: alert.source.clone(), id: alert.id.clone() });
        }
        changes.extend(then.alerts().cloned().map(Box::new).map(Change::Alert));
        let rules: FxHashSet<&str> = then.hand_rules().map(|rule| rule.id.as_str()).collect();
        for rule in now.hand_rules().filter(|rule| !rules.contains(rule.id.as_str())) {
            changes.push(Change::PlacingGone { id: rule.id.clone() });
        }
        changes.extend(then.hand_rules().cloned().map(Box::new).map(Change::Placing));

        for owner in now.last_owners().filter(|owner| then.last_owner(&owner.pod).is_none()) {
            changes.push(Change::LastOwnerGone { pod: owner.pod.clone() });
        }
        changes.extend(then.last_owners().cloned().map(Box::new).map(Change::LastOwner));

        let calls: BTreeSet<&CallId> = then.observed_calls().map(|call| &call.id).collect();
        for call in now.observed_calls().filter(|call| !calls.contains(&call.id)) {
            changes.push(Change::CallGone(Box::new(call.id.clone())));
        }
        for it in now.observers() {
            if !then.observers().any(|known| known.source == it.source && known.observer == it.observer) {
                changes.push(Change::ObserverGone { source: it.source.clone(), observer: it.observer });
            }
        }
        changes.extend(then.observers().cloned().map(Box::new).map(Change::Observer));
        changes.extend(then.observed_calls().cloned().map(Box::new).map(Change::Call));
        Ok(Some(changes))
    }
}

/// The change that makes an object what it was when the changes before a place were known.
fn state(track: &Track, key: u32, place: usize, budget: &Budget) -> Result<Change, BadRecording> {
    if let Some(object) = track.state(key, place, budget)? {
        return Ok(Change::Object(object));
    }
    let name = track.name(key);
    let key: ObjectKey = name.parse().map_err(|_| BadRecording { why: format!("tells of {name}, which is no key") })?;
    Ok(Change::Gone { key, uid: String::new() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::*;
    use crate::alerts::AlertState;
    use crate::id::SourceId;
    use crate::plan::{Lens, SceneOptions, scene};
    use crate::recording::seek::tests::{change, moment};
    use crate::recording::{Piece, Received, Segment, Taken, encode, with_plan_at};
    use crate::resource::reduce;
    use crate::world::{Freshness, SourceState};

    fn object(json: &Value) -> Change {
        Change::Object(std::sync::Arc::new(reduce("c", json).unwrap()))
    }

    fn time(seconds: i64) -> String {
        moment(seconds * 1_000_000).to_rfc3339()
    }

    /// A pod of a house: it moves, restarts, is being deleted, or only changes what it says.
    fn pod() -> impl Strategy<Value = Change> {
        let place = (select(vec!["web-1", "web-2", "web-3", "db-1"]), select(vec!["", "n1", "n2"]));
        let says = (0..5i64, select(vec!["", "restarting", "leaving", "failing"]), 0..3u8);
        (place, says).prop_map(|((name, node), (second, how, uid))| {
            let restarted = json!({"exitCode": 1, "reason": "Error", "finishedAt": time(second - 600)});
            let restarts = if how == "restarting" { 3 } else { second };
            let mut status = json!({"name": "c", "image": "i", "restartCount": restarts, "ready": true,
                "state": {"running": {"startedAt": time(-590)}}});
            if how == "restarting" {
                status["lastState"] = json!({"terminated": restarted});
            }
            if how == "failing" {
                status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff"}});
            }
            let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "shop", "uid": format!("{name}{}", uid / 2),
                    "creationTimestamp": time(-900), "labels": {"app": "web"},
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "rs",
                        "controller": true}]},
                "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i"}]},
                "status": {"phase": "Running", "startTime": time(-780), "containerStatuses": [status],
                    "conditions": [{"type": "Ready", "status": if how.is_empty() { "True" } else { "False" }}]}});
            if how == "leaving" {
                pod["metadata"]["deletionTimestamp"] = json!(time(second - 300));
            }
            object(&pod)
        })
    }

    fn others() -> impl Strategy<Value = Change> {
        let owner = |kind: &str, uid: &str| {
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": uid,
            "controller": true}])
        };
        let template =
            json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
        let workload = (any::<bool>(), 0..4u8, 0..3u8).prop_map(move |(set, wanted, ready)| {
            let (kind, uid, owners) =
                if set { ("ReplicaSet", "rs", owner("Deployment", "d")) } else { ("Deployment", "d", json!([])) };
            object(&json!({"apiVersion": "apps/v1", "kind": kind,
                "metadata": {"name": "web", "namespace": "shop", "uid": uid, "ownerReferences": owners},
                "spec": {"replicas": wanted, "selector": {"matchLabels": {"app": "web"}}, "template": template},
                "status": {"replicas": ready, "readyReplicas": ready}}))
        });
        let node = (select(vec!["n1", "n2"]), any::<bool>()).prop_map(|(name, ready)| {
            let ready = if ready { "True" } else { "False" };
            object(&json!({"apiVersion": "v1", "kind": "Node",
                "metadata": {"name": name, "uid": name, "creationTimestamp": time(-115)},
                "status": {"conditions": [{"type": "Ready", "status": ready},
                    {"type": "NetworkUnavailable", "status": "True"}]}}))
        });
        let cron = (0..5i64).prop_map(|minutes| {
            object(&json!({"apiVersion": "batch/v1", "kind": "CronJob",
                "metadata": {"name": "tidy", "namespace": "shop", "uid": "cron", "creationTimestamp": time(-900)},
                "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}},
                "status": {"lastScheduleTime": time(-60 * minutes)}}))
        });
        let alert = (select(vec!["a", "b"]), select(vec!["web-1", "db-1"]), 0..3u8).prop_map(|(id, pod, state)| {
            let state = [AlertState::Firing, AlertState::Pending, AlertState::Silenced][usize::from(state)];
            let labels = [("alertname", "Down"), ("namespace", "shop"), ("pod", pod)];
            let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            Change::Alert(Box::new(Alert { id: id.into(), source: "s".into(), labels, state, ..Alert::default() }))
        });
        let gone =
            select(vec!["a", "b"]).prop_map(|id| Change::AlertGone { source: SourceId::from("s"), id: id.to_owned() });
        let fresh = (select(vec!["cluster:kind", "cluster:other"]), any::<bool>()).prop_map(|(source, live)| {
            let since = moment(0);
            let state = if live { Freshness::Live } else { Freshness::Stale { since, why: "cut".to_owned() } };
            Change::Freshness(SourceState {
                source: source.into(),
                kind: String::new(),
                namespace: String::new(),
                state,
            })
        });
        prop_oneof![3 => workload, 1 => node, 1 => cron, 2 => alert, 1 => gone, 1 => fresh]
    }

    fn any_change() -> impl Strategy<Value = Change> {
        prop_oneof![4 => pod(), 3 => others(), 4 => change()]
    }

    /// The segment as the engine keeps it piece by piece: objects by what differs, or all of them whole.
    fn kept(segment: &Segment, by_difference: bool) -> Track {
        let first = Segment { changes: Vec::new(), ..segment.clone() };
        let mut track = Track::begin(&encode(&first)).unwrap();
        let mut world = World::from_changes(&segment.keyframe);
        let taken = segment.changes.iter().map(|received| {
            let base = match &received.change {
                Change::Object(object) if by_difference => world.shared_object(&object.key).cloned(),
                _ => None,
            };
            world.apply(&received.change);
            Taken { at: received.at, change: received.change.clone(), base }
        });
        let taken: Vec<Taken> = taken.collect();
        for (number, part) in taken.chunks(5).enumerate() {
            let piece = Piece { first: 5 * number, until: moment(0), changes: part.to_vec() };
            for (first, bytes) in piece.parts() {
                track.read(i64::try_from(first).unwrap(), &bytes).unwrap();
            }
        }
        track
    }

    #[test]
    fn what_changed_for_hours_is_read_though_all_its_states_together_are_more_than_any_recording() {
        let said = "x".repeat(100_000);
        let of = json!({"name": "web-1", "namespace": "shop", "uid": "u", "labels": {"said": said}});
        let pod =
            |node| object(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": of, "spec": {"nodeName": node}}));
        let changes =
            (0..800).map(|at| Received { at: moment(at), change: pod(["n2", "n1"][usize::from(at % 2 == 1)]) });
        let segment = Segment { keyframe: vec![pod("n1")], changes: changes.collect(), ..Segment::default() };
        let track = kept(&segment, true);
        let known = Known::at(&track, track.len()).unwrap();
        assert_eq!(known.world().digest(), World::from_changes(&segment.keyframe).digest());
    }

    proptest! {
        // Each case draws many scenes.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn wherever_one_comes_from_a_moment_is_the_same(
            before in prop::collection::vec(any_change(), 0..12),
            steps in prop::collection::vec((0..3i64, any_change()), 0..40),
            seeks in prop::collection::vec(-1..60i64, 1..9),
        ) {
            let mut now = 0;
            let changes: Vec<Received> = steps.into_iter().map(|(step, change)| {
                now += step;
                Received { at: moment(now), change }
            }).collect();
            let mut world = World::from_changes(&before);
            let mut plan = Plan::default();
            plan.update(&world);
            let segment = Segment {
                from: Some(moment(0)),
                until: changes.last().map(|last| last.at),
                keyframe: world.keyframe(),
                plan: plan.to_json(),
                changes,
            };
            let tracks = [kept(&segment, true), kept(&segment, false), Track::of(&segment).unwrap()];
            let mut known: Vec<Option<Known>> = vec![None; tracks.len()];
            for at in seeks.into_iter().map(moment) {
                let (then, plan) = with_plan_at(&segment, at);
                let placed = alerts::placed(&then);
                for (track, known) in tracks.iter().zip(&mut known) {
                    let place = track.place(at);
                    match known {
                        Some(known) => known.go(track, place).unwrap(),
                        None => *known = Some(Known::at(track, place).unwrap()),
                    }
                    let Some(known) = known else { continue };
                    known.settle();
                    prop_assert_eq!(known.world().digest(), then.digest());
                    prop_assert_eq!(known.world().relations(), then.relations());
                    prop_assert_eq!(known.world().calls(), then.calls());
                    prop_assert_eq!(known.world().now(), then.now());
                    prop_assert_eq!(known.plan(), &plan);
                    prop_assert_eq!(known.placed(), &placed);
                    for lens in [Lens::Namespaces, Lens::Nodes] {
                        let options = SceneOptions { lens, policies: true, ..SceneOptions::default() };
                        let drawn = scene(known.world(), known.plan(), known.placed(), &options);
                        prop_assert!(drawn == scene(&then, &plan, &placed, &options), "the scene differs");
                    }
                }
            }
            // Time goes on as it had gone on had nobody looked back.
            for known in known.iter_mut().flatten() {
                world = with_plan_at(&segment, moment(60)).0;
                known.go(&tracks[0], tracks[0].len()).unwrap();
                let later = [Change::Time { at: moment(2_000_000_000) }];
                world.apply_all(&later);
                prop_assert_eq!(known.clone().but(&later).world().digest(), world.digest());
            }
        }

        #[test]
        fn a_recording_that_grew_is_the_recording(
            steps in prop::collection::vec(any_change(), 0..20),
            cut in 0..20usize,
        ) {
            let changes: Vec<Received> =
                (0..).zip(steps).map(|(at, change)| Received { at: moment(at), change }).collect();
            let segment = Segment { from: Some(moment(0)), until: None, changes, ..Segment::default() };
            let cut = cut.min(segment.changes.len());
            let (early, late) = segment.changes.split_at(cut);
            let mut track = Track::of(&Segment { changes: early.to_vec(), ..segment.clone() }).unwrap();
            // A part that was cut off while it was kept comes again whole.
            for kept in [late.len() / 2, late.len()] {
                let taken = |it: &Received| Taken { at: it.at, change: it.change.clone(), base: None };
                let changes = late[..kept].iter().map(taken).collect();
                for (first, bytes) in (Piece { first: cut, until: moment(0), changes }).parts() {
                    track.read(i64::try_from(first).unwrap(), &bytes).unwrap();
                }
            }
            let longer = Track::of(&Segment { changes: early.to_vec(), ..segment.clone() }).unwrap();
            let longer = longer.with(late, None).unwrap();
            for place in 0..=segment.changes.len() {
                let world = World::from_changes(
                    &segment.changes[..place].iter().map(|it| it.change.clone()).collect::<Vec<_>>(),
                );
                for track in [&track, &longer] {
                    prop_assert_eq!(Known::at(track, place).unwrap().world().digest(), world.digest());
                }
            }
        }
    }
}
