//! What a poll changes in the world.

use std::collections::{BTreeMap, BTreeSet};

use super::{CallId, CallsPoll, ObservedCall, Observer, ObserverState, Told};
use crate::id::{SourceId, Text};
use crate::time::Moment;
use crate::world::{Change, World};

/// A call that was not told for so long is forgotten.
const FORGOTTEN_AFTER: chrono::Duration = chrono::Duration::hours(1);

/// The changes that bring a world up to what a source told at `now` about the traffic of a cluster.
///
/// A call that is told no longer stays with the moment it was last told, for an hour. An observer that could not be read
/// keeps its calls and says why; one that left no series at all has told that there are none.
#[must_use]
pub fn diff(world: &World, source: &SourceId, cluster: &str, poll: &CallsPoll, now: Moment) -> Vec<Change> {
    let mut changes = Vec::new();
    let told: BTreeMap<Observer, &Result<Told, String>> =
        poll.observers.iter().map(|(observer, told)| (*observer, told)).collect();
    let known: BTreeSet<Observer> =
        world.observers().filter(|state| state.source == *source).map(|state| state.observer).collect();
    let nothing = Ok(Told::default());
    for observer in told.keys().chain(&known).copied().collect::<BTreeSet<_>>() {
        let before = world.observers().find(|state| state.source == *source && state.observer == observer);
        let answered_at = before.and_then(|state| state.answered_at);
        match told.get(&observer).copied().unwrap_or(&nothing) {
            Err(why) => changes.push(state(source, observer, cluster, answered_at, why, Vec::new())),
            Ok(told) => {
                let (of_calls, some_left) = calls(world, source, observer, told, answered_at.unwrap_or(now), now);
                if some_left || !told.notes.is_empty() {
                    changes.push(state(source, observer, cluster, Some(now), "", told.notes.clone()));
                    changes.extend(of_calls);
                } else if before.is_some() {
                    changes.push(Change::ObserverGone { source: source.clone(), observer });
                }
            }
        }
    }
    changes
}

/// The changes where a source did not answer at all: each of its observers says why.
#[must_use]
pub fn unheard(world: &World, source: &SourceId, why: &str) -> Vec<Change> {
    let of_source = world.observers().filter(|state| state.source == *source && state.trouble != why);
    of_source
        .map(|known| Change::Observer(Box::new(ObserverState { trouble: why.to_owned(), ..known.clone() })))
        .collect()
}

fn state(
    source: &SourceId,
    observer: Observer,
    cluster: &str,
    answered_at: Option<Moment>,
    trouble: &str,
    notes: Vec<String>,
) -> Change {
    Change::Observer(Box::new(ObserverState {
        source: source.clone(),
        observer,
        cluster: Text::from(cluster),
        answered_at,
        trouble: trouble.to_owned(),
        notes,
    }))
}

/// The changes of an observer's calls, and whether any call is left after them.
fn calls(
    world: &World,
    source: &SourceId,
    observer: Observer,
    told: &Told,
    before: Moment,
    now: Moment,
) -> (Vec<Change>, bool) {
    let known: BTreeMap<&CallId, &ObservedCall> = world
        .observed_calls()
        .filter(|call| call.id.source == *source && call.id.observer == observer)
        .map(|call| (&call.id, call))
        .collect();
    let mut changes = Vec::new();
    let mut now_told = BTreeSet::new();
    for reading in &told.calls {
        let id = CallId { source: source.clone(), observer, from: reading.from.clone(), to: reading.to.clone() };
        let call = ObservedCall { id, measure: reading.measure, two_way: reading.two_way, last_seen: None };
        if known.get(&call.id).copied() != Some(&call) {
            changes.push(Change::Call(Box::new(call.clone())));
        }
        now_told.insert(call.id);
    }
    let mut left = now_told.len();
    for (id, call) in known.into_iter().filter(|(id, _)| !now_told.contains(id)) {
        match call.last_seen {
            Some(seen) if now - seen > FORGOTTEN_AFTER => {
                changes.push(Change::CallGone(Box::new(id.clone())));
                continue;
            }
            Some(_) => {}
            None => changes.push(Change::Call(Box::new(ObservedCall { last_seen: Some(before), ..call.clone() }))),
        }
        left += 1;
    }
    (changes, left > 0)
}
