//! The past as recorded: segments read back, a world for any moment, what happened in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::alerts::{self, Alert, AlertState, Case, Placed};
use broadstreet_core::id::SourceId;
use broadstreet_core::plan::Plan;
use broadstreet_core::ports::{SegmentEntry, Store};
use broadstreet_core::recording::{self, Received, Segment};
use broadstreet_core::time::{Moment, Window};
use broadstreet_core::world::{Change, Fact, Freshness, SourceState, World, notable};

use crate::Result;
use crate::live::{FADES_AFTER, Tail};

/// Decoded segments kept in memory.
const SEGMENTS: usize = 6;

/// Moments kept in memory.
const MOMENTS: usize = 8;

/// Two segments closer than this have no gap between them: a keyframe takes a moment.
pub const GAP: chrono::Duration = chrono::Duration::seconds(5);

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

/// The world as this recorder knew it at a moment.
pub struct Sought {
    /// The moment.
    pub at: Moment,
    /// The world.
    pub world: World,
    /// The plan.
    pub plan: Plan,
    /// Every alert's place.
    pub placed: Placed,
    /// Alerts that had resolved within the minute before.
    pub fading: Vec<(Alert, Case)>,
    /// Set where nothing was recording: until when it had been.
    pub gap_since: Option<Moment>,
}

/// One store's recordings.
pub struct Archive {
    store: Arc<dyn Store>,
    segments: Mutex<Vec<(i64, Arc<Segment>)>>,
    moments: Mutex<Vec<(Scope, Moment, Arc<Sought>)>>,
    notes: Mutex<BTreeMap<i64, Arc<Vec<Noted>>>>,
}

impl Archive {
    /// Reads from a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, segments: Mutex::default(), moments: Mutex::default(), notes: Mutex::default() }
    }

    /// The segments that touch a span, of one incident or of one cluster, oldest first.
    pub async fn entries(&self, scope: &Scope, window: Option<Window>) -> Result<Vec<SegmentEntry>> {
        let mut entries = self.store.segments(window).await?;
        entries.retain(|entry| scope.holds(entry));
        Ok(entries)
    }

    async fn segment(&self, id: i64) -> Result<Arc<Segment>> {
        {
            let kept = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, segment)) = kept.iter().find(|(known, _)| *known == id) {
                return Ok(Arc::clone(segment));
            }
        }
        let segment = Arc::new(self.store.segment(id).await?);
        let mut kept = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != id);
        if kept.len() >= SEGMENTS {
            kept.remove(0);
        }
        kept.push((id, Arc::clone(&segment)));
        Ok(segment)
    }

    /// The world at a moment. `current` is what the store may not have yet of the segments being written then, by cluster.
    pub async fn seek(&self, scope: &Scope, at: Moment, mut current: BTreeMap<String, Tail>) -> Result<Arc<Sought>> {
        if current.is_empty() {
            let kept = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((.., sought)) = kept.iter().find(|(of, known, _)| *known == at && of == scope) {
                return Ok(Arc::clone(sought));
            }
        }
        let mut last: BTreeMap<String, SegmentEntry> = BTreeMap::new();
        let entries = self.entries(scope, None).await?;
        let clusters: BTreeSet<String> =
            entries.iter().map(|it| it.cluster.clone()).chain(current.keys().cloned()).collect();
        let mut followed = BTreeSet::new();
        for entry in entries {
            if entry.from.is_some_and(|from| from <= at) {
                last.insert(entry.cluster.clone(), entry);
            } else {
                followed.insert(entry.cluster);
            }
        }
        let is_past = current.is_empty();
        let mut known: Vec<Known> = Vec::new();
        let mut is_over = true;
        for cluster in clusters {
            let segment = match (current.remove(&cluster), last.get(&cluster)) {
                (Some(tail), _) => self.near(tail, at).await?,
                (None, Some(entry)) => self.segment(entry.id).await?,
                (None, None) => continue,
            };
            // The segment being written grows: its moments are not kept.
            is_over &= followed.contains(&cluster) || segment.until.is_some_and(|until| at <= until);
            known.push((cluster, segment));
        }
        let found = Arc::new(together(&known, at));
        if is_past && is_over && !known.is_empty() {
            let mut kept = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOMENTS {
                kept.remove(0);
            }
            kept.push((scope.clone(), at, Arc::clone(&found)));
        }
        Ok(found)
    }

    /// The segment being written, as the store has it, and what came since.
    async fn near(&self, tail: Tail, at: Moment) -> Result<Arc<Segment>> {
        let Some(stored) = tail.stored else { return Ok(Arc::new(tail.segment)) };
        let kept = self.segment(stored).await?;
        if kept.until.is_some_and(|until| at <= until) {
            return Ok(kept);
        }
        // It may have grown since it was read, or since the tail was taken.
        self.grew(stored);
        let mut segment = (*self.segment(stored).await?).clone();
        let last = segment.changes.last().map(|received| received.at);
        segment.changes.extend(tail.segment.changes.into_iter().filter(|received| Some(received.at) > last));
        segment.until = segment.until.max(tail.segment.until);
        Ok(Arc::new(segment))
    }

    /// What happened in the segments that touch a span, oldest first.
    pub async fn noted(&self, scope: &Scope, window: Option<Window>) -> Result<Vec<Noted>> {
        let (mut all, mut clusters) = (Vec::new(), BTreeSet::new());
        for entry in self.entries(scope, window).await? {
            let known = self.notes.lock().unwrap_or_else(PoisonError::into_inner).get(&entry.id).cloned();
            let notes = if let Some(notes) = known {
                notes
            } else {
                let segment = self.segment(entry.id).await?;
                let notes = Arc::new(notes_of(&segment));
                self.notes.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.id, Arc::clone(&notes));
                notes
            };
            all.extend(
                notes.iter().filter(|note| window.is_none_or(|it| it.from <= note.at && note.at < it.to)).cloned(),
            );
            clusters.insert(entry.cluster);
        }
        Ok(if clusters.len() > 1 { told_once(all) } else { all })
    }

    /// Forgets a segment that grew.
    pub fn grew(&self, id: i64) {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| *known != id);
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Forgets everything.
    pub fn forget(&self) {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Whose recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of clusters, by id.
    Clusters(Vec<String>),
    /// Of an incident in its clusters, by id; of all where none is named.
    Incident(broadstreet_core::id::IncidentId, Vec<String>),
}

impl Scope {
    /// The recordings of one cluster.
    pub fn cluster(id: &str) -> Self {
        Self::Clusters(vec![id.to_owned()])
    }

    /// True for a segment of this scope.
    pub fn holds(&self, entry: &SegmentEntry) -> bool {
        match self {
            Self::Clusters(ids) => ids.contains(&entry.cluster),
            Self::Incident(id, clusters) => {
                entry.incident.as_ref() == Some(id) && (clusters.is_empty() || clusters.contains(&entry.cluster))
            }
        }
    }
}

/// The segment of a cluster that holds a moment, with the cluster's id.
type Known = (String, Arc<Segment>);

/// Notes of several clusters, oldest first: each was told what is about no single one, and an alert stands where one of them
/// knows its place and no other knows another.
fn told_once(mut all: Vec<Noted>) -> Vec<Noted> {
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

/// The world of the segments of several clusters at a moment. What is about no single cluster is as the segment tells it
/// that knows the latest.
fn together(known: &[Known], at: Moment) -> Sought {
    let latest = known.iter().enumerate().max_by_key(|(_, (_, it))| (it.until.map(|until| until.min(at)), it.from));
    let Some((teller, (cluster, segment))) = latest else {
        return Sought {
            at,
            world: World::new(),
            plan: Plan::default(),
            placed: Placed::default(),
            fading: Vec::new(),
            gap_since: Some(at),
        };
    };
    if known.len() == 1 {
        return sought(segment, at);
    }
    let worlds: Vec<(&str, (World, Plan))> =
        known.iter().map(|(cluster, segment)| (cluster.as_str(), with_gap(cluster, segment, at))).collect();
    let first = worlds.iter().filter(|(id, _)| id == cluster);
    let rest = worlds.iter().filter(|(id, _)| id != cluster);
    let parts: Vec<(&str, &World)> = first.chain(rest).map(|(id, (world, _))| (*id, world)).collect();
    let world = World::together(&parts);
    let mut plan = Plan::default();
    for (cluster, (_, own)) in &worlds {
        plan.take(own.of(cluster));
    }
    let placed = alerts::placed(&world);
    let segment = known.get(teller).map_or(segment, |(_, segment)| segment);
    let fading = fading(segment, at, |_, alert| alerts::place(&world, alert));
    let ends = known.iter().filter_map(|(_, it)| it.until);
    let gap_since = ends.max().filter(|until| at - *until > GAP);
    Sought { at, world, plan, placed, fading, gap_since }
}

/// The world and plan of a segment at a moment. Past its end nothing of its cluster is believed any more.
fn with_gap(cluster: &str, segment: &Segment, at: Moment) -> (World, Plan) {
    let (mut world, plan) = recording::with_plan_at(segment, at);
    if let Some(since) = segment.until.filter(|until| at - *until > GAP) {
        let ended: Vec<Change> = world
            .clusters()
            .into_iter()
            .filter(|(id, ..)| id == cluster || cluster.is_empty())
            .map(|(_, label, _)| {
                Change::Freshness(SourceState {
                    source: SourceId::new(format!("cluster:{label}")),
                    kind: String::new(),
                    namespace: String::new(),
                    state: Freshness::Stale { since, why: "nothing was recording".to_owned() },
                })
            })
            .collect();
        world.apply_all(&ended);
    }
    (world, plan)
}

/// The world of a segment at a moment; past its end nothing is believed any more.
pub fn sought(segment: &Segment, at: Moment) -> Sought {
    let (world, plan) = with_gap("", segment, at);
    let gap_since = segment.until.filter(|until| at - *until > GAP);
    let placed = alerts::placed(&world);
    let place_then = |gone_at: Moment, alert: &Alert| {
        let (world, _) = recording::at(segment, gone_at - chrono::Duration::microseconds(1));
        alerts::place(&world, alert)
    };
    let fading = fading(segment, at, place_then);
    Sought { at, world, plan, placed, fading, gap_since }
}

/// Alerts that went within the minute before a moment, with the place they had.
fn fading(
    segment: &Segment,
    at: Moment,
    place_then: impl Fn(Moment, &Alert) -> alerts::Placement,
) -> Vec<(Alert, Case)> {
    let recent = segment.changes.iter().enumerate().filter(|(_, it)| it.at <= at && at - it.at < FADES_AFTER);
    let gone: Vec<(usize, &String, Moment)> = recent
        .filter_map(|(place, it)| match &it.change {
            Change::AlertGone { id, .. } => Some((place, id, it.at)),
            _ => None,
        })
        .collect();
    gone.into_iter()
        .filter_map(|(place, id, gone_at)| {
            let before = segment.changes.iter().filter(|it| it.at < gone_at).map(|it| &it.change);
            let told = segment.keyframe.iter().chain(before).rev_find_alert(id)?;
            if told.state == AlertState::Pending || renamed_to(&segment.changes[place..], told).is_some() {
                return None;
            }
            let alert = Alert { state: AlertState::Resolved, ..told.clone() };
            match place_then(gone_at, told) {
                alerts::Placement::At(case) => Some((alert, case)),
                alerts::Placement::Nowhere(_) => None,
            }
        })
        .collect()
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

trait FindAlert<'a>: Iterator<Item = &'a Change> + Sized {
    /// The last word about an alert.
    fn rev_find_alert(self, id: &str) -> Option<&'a Alert> {
        self.filter_map(|change| match change {
            Change::Alert(alert) if alert.id == id => Some(&**alert),
            _ => None,
        })
        .last()
    }
}

impl<'a, I: Iterator<Item = &'a Change>> FindAlert<'a> for I {}

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
