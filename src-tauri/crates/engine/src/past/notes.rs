//! What was notable in a recording.

use std::collections::BTreeMap;

use broadstreet_core::alerts::{self, Address, Alert, AlertState, Case};
use broadstreet_core::recording::{Received, Segment};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, Fact, World, notable};

/// Something notable, and when this recorder knew of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// When it was received.
    pub at: Moment,
    /// What.
    pub what: What,
}

/// What was notable.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An object changed.
    Fact(Fact),
    /// An alert fired, resolved, was silenced, inhibited or became pending.
    Alert {
        /// The alert.
        alert: Box<Alert>,
        /// Where it stood.
        case: Option<Case>,
        /// `fired`, `resolved`, `silenced`, `inhibited`, `pending`.
        transition: String,
    },
    /// An alert that stood as it does when a segment began: no news, but needed to count what fires.
    Known(Box<Alert>),
}

impl Noted {
    /// False only where it is known to be about another cluster than these.
    pub fn may_be_of(&self, clusters: &[String]) -> bool {
        let cluster = match &self.what {
            What::Fact(fact) => Some(fact.subject.cluster.as_str()),
            What::Alert { case: Some(case), .. } => match &case.at {
                Address::Object(key) => Some(key.cluster.as_str()),
                Address::Cluster(id) | Address::ControlPlane(id) => Some(id.as_str()),
                Address::Heartbeat | Address::Plumbing => None,
            },
            What::Alert { case: None, .. } | What::Known(_) => None,
        };
        cluster.is_none_or(|cluster| clusters.iter().any(|it| it == cluster))
    }
}

/// Notes of several clusters, oldest first: each was told what is about no single one, and an alert stands where one of them
/// knows its place and no other knows another.
pub(super) fn told_once(mut all: Vec<Noted>) -> Vec<Noted> {
    all.sort_by_key(|note| note.at);
    let mut told: Vec<Noted> = Vec::with_capacity(all.len());
    let mut place: BTreeMap<(Moment, String, String), usize> = BTreeMap::new();
    for note in all {
        let key = match &note.what {
            What::Fact(_) => None,
            What::Alert { alert, transition, .. } => Some((note.at, alert.id.clone(), transition.clone())),
            What::Known(alert) => Some((note.at, alert.id.clone(), String::new())),
        };
        let Some(key) = key else {
            told.push(note);
            continue;
        };
        match place.get(&key).and_then(|at| told.get_mut(*at)) {
            Some(known) => {
                if let (What::Alert { case: was, .. }, What::Alert { case, .. }) = (&mut known.what, note.what) {
                    *was = match (was.take(), case) {
                        (Some(a), Some(b)) => (a.at == b.at).then_some(a),
                        (a, b) => a.or(b),
                    };
                }
            }
            None => {
                place.insert(key, told.len());
                told.push(note);
            }
        }
    }
    told
}

/// The alert that another goes on as: its labels under another id, told in the same breath as its end.
fn renamed_to<'a>(following: &'a [Received], gone: &Alert) -> Option<&'a Alert> {
    let began = following.first()?.at;
    let breath = following.iter().take_while(|it| it.at - began < chrono::Duration::seconds(1));
    breath
        .filter_map(|it| match &it.change {
            Change::Alert(alert) => Some(&**alert),
            _ => None,
        })
        .find(|alert| alert.id != gone.id && alert.labels == gone.labels)
}

/// What happened in a segment.
pub fn notes_of(segment: &Segment) -> Vec<Noted> {
    let mut world = World::from_changes(&segment.keyframe);
    let mut notes = Vec::new();
    // A segment that begins with nothing lists first: what is listed is no news.
    let listing = segment.keyframe.iter().all(|change| !matches!(change, Change::Object(_)));
    if let Some(from) = segment.from {
        notes.extend(world.alerts().map(|alert| Noted { at: from, what: What::Known(Box::new(alert.clone())) }));
    }
    // Known by another id from then on: neither the old one's end nor the new one's begin is news.
    let mut lives_on = BTreeMap::new();
    for (place, received) in segment.changes.iter().enumerate() {
        if let Change::AlertGone { id, .. } = &received.change
            && let Some(gone) = world.alert(id)
            && let Some(new) = renamed_to(&segment.changes[place..], gone)
        {
            lives_on.insert(new.id.clone(), gone.state);
            world.apply(&received.change);
            continue;
        }
        if let Change::Alert(alert) = &received.change
            && lives_on.remove(&alert.id) == Some(alert.state)
        {
            world.apply(&received.change);
            continue;
        }
        apply_noting(&mut world, received.at, &received.change, !listing, &mut notes);
    }
    notes
}

/// Applies a change and notes what was notable about it.
pub fn apply_noting(world: &mut World, at: Moment, change: &Change, facts: bool, notes: &mut Vec<Noted>) {
    match change {
        Change::Object(object) if facts => {
            let key = object.key.clone();
            let before = world.object(&key).cloned();
            let health_before = world.health(&key);
            world.apply(change);
            let found = notable(before.as_ref(), world.object(&key), &health_before, &world.health(&key));
            notes.extend(found.into_iter().map(|fact| Noted { at, what: What::Fact(fact) }));
        }
        Change::Gone { key, .. } if facts => {
            let before = world.object(key).cloned();
            let health_before = world.health(key);
            world.apply(change);
            let found = notable(before.as_ref(), world.object(key), &health_before, &world.health(key));
            notes.extend(found.into_iter().map(|fact| Noted { at, what: What::Fact(fact) }));
        }
        Change::Alert(alert) => {
            let old = world.alert(&alert.id).map(|old| old.state);
            world.apply(change);
            if old != Some(alert.state) {
                let word = match alert.state {
                    AlertState::Firing => "fired",
                    AlertState::Pending => "pending",
                    AlertState::Silenced => "silenced",
                    AlertState::Inhibited => "inhibited",
                    AlertState::Resolved => "resolved",
                };
                notes.push(alert_note(world, at, alert, word));
            }
        }
        Change::AlertGone { id, .. } => {
            let old = world.alert(id).cloned();
            if let Some(old) = old
                && old.state != AlertState::Pending
            {
                notes.push(alert_note(world, at, &old, "resolved"));
            }
            world.apply(change);
        }
        _ => {
            world.apply(change);
        }
    }
}

fn alert_note(world: &World, at: Moment, alert: &Alert, word: &str) -> Noted {
    let case = match alerts::place(world, alert) {
        alerts::Placement::At(case) => Some(case),
        alerts::Placement::Nowhere(_) => None,
    };
    Noted { at, what: What::Alert { alert: Box::new(alert.clone()), case, transition: word.to_owned() } }
}
