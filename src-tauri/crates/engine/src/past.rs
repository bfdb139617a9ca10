//! The past as recorded: segments read back, a world for any moment, what happened in between.

mod kept;
mod notes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::alerts::{Alert, Case, Placed, Placement};
use broadstreet_core::id::SourceId;
use broadstreet_core::plan::Plan;
use broadstreet_core::ports::{SegmentEntry, Store, StoreError};
use broadstreet_core::recording::{BadRecording, Known, Track, WentAlert};
use broadstreet_core::time::{Moment, Window};
use broadstreet_core::world::{Change, Freshness, SourceState, World};

use crate::live::{FADES_AFTER, Tail};
use crate::{EngineError, Result};
use kept::{Kept, Spot};
use notes::told_once;

pub use notes::{Noted, What, apply_noting, notes_of};

/// Segments whose tables are kept in memory, at most.
const SEGMENTS: usize = 6;

/// How many bytes those may take, unless one alone takes more.
const SEGMENT_BYTES: usize = 256 << 20;

/// A segment is read this far past the moment that is asked for: that an alert goes on is told soon after its end.
const LOOKING_ON: chrono::Duration = chrono::Duration::seconds(5);

/// As many places of alerts that went are remembered.
const WENT: usize = 4_096;

/// Over as many changes one goes in the time a drawn map takes.
const NEAR: usize = 2_000;

/// In so short a time hardly more changes come than that.
const JUST_NOW: chrono::Duration = chrono::Duration::seconds(60);

/// Two segments closer than this have no gap between them: a keyframe takes a moment.
pub const GAP: chrono::Duration = chrono::Duration::seconds(5);

/// The world as this recorder knew it at a moment.
pub struct Sought {
    /// The moment.
    pub at: Moment,
    /// What was known.
    known: Arc<Known>,
    /// Alerts that had resolved within the minute before.
    pub fading: Vec<(Alert, Case)>,
    /// Set where nothing was recording: until when it had been.
    pub gap_since: Option<Moment>,
}

impl Sought {
    /// A moment of which nothing was recorded.
    pub fn nothing(at: Moment, gap_since: Option<Moment>) -> Self {
        let known = Arc::new(Known::of(World::new(), Plan::default()));
        Self { at, known, fading: Vec::new(), gap_since }
    }

    /// The world.
    pub fn world(&self) -> &World {
        self.known.world()
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        self.known.plan()
    }

    /// Every alert's place.
    pub fn placed(&self) -> &Placed {
        self.known.placed()
    }
}

/// Where an alert stood when it went, by its segment, how many changes were known then, and its id.
type WentPlaces = BTreeMap<(i64, usize, String), Option<Case>>;

/// One store's recordings.
pub struct Archive {
    store: Arc<dyn Store>,
    segments: Mutex<Vec<(i64, Arc<Track>)>>,
    kept: Mutex<Kept>,
    /// Held by whoever goes to a moment: the next finds what was read for it, and has a short way from there.
    turn: tokio::sync::Mutex<()>,
    went: Mutex<WentPlaces>,
    notes: Mutex<BTreeMap<i64, Arc<Vec<Noted>>>>,
}

/// The segment of a cluster that holds a moment.
struct Holding {
    /// The cluster's id.
    cluster: String,
    /// The number of the segment; none where the store does not have it yet.
    id: Option<i64>,
    track: Arc<Track>,
}

impl Holding {
    /// Until when it was known, where a moment lies past that.
    fn ended(&self, at: Moment) -> Option<Moment> {
        self.track.until().filter(|until| at - *until > GAP)
    }

    fn spot(&self, at: Moment) -> Spot {
        Spot { id: self.id, place: self.track.place(at), ended: self.ended(at) }
    }
}

fn unreadable(error: BadRecording) -> EngineError {
    let (path, attempted) = ("recording".to_owned(), "go to a moment".to_owned());
    StoreError::Failed { path, attempted, why: error.to_string() }.into()
}

impl Archive {
    /// Reads from a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            segments: Mutex::default(),
            kept: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            went: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// The segments that touch a span, of one incident or of one cluster, oldest first.
    pub async fn entries(&self, scope: &Scope, window: Option<Window>) -> Result<Vec<SegmentEntry>> {
        let mut entries = self.store.segments(window).await?;
        entries.retain(|entry| scope.holds(entry));
        Ok(entries)
    }

    /// A segment, known until a moment at least where the store knows that much.
    async fn track(&self, id: i64, until: Option<Moment>) -> Result<Arc<Track>> {
        let known = {
            let segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
            segments.iter().find(|(known, _)| *known == id).map(|(_, track)| Arc::clone(track))
        };
        let reaches = until.map(|until| until + LOOKING_ON);
        if let Some(known) = &known
            && (known.until() >= reaches || (known.is_whole() && known.until() >= until))
        {
            return Ok(Arc::clone(known));
        }
        let track = self.store.track(id, known, reaches).await?;
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.retain(|(known, _)| *known != id);
        segments.push((id, Arc::clone(&track)));
        let mut bytes: usize = segments.iter().map(|(_, track)| track.weight()).sum();
        while segments.len() > 1 && (segments.len() > SEGMENTS || bytes > SEGMENT_BYTES) {
            bytes -= segments.remove(0).1.weight();
        }
        Ok(track)
    }

    /// The plan a segment began with.
    pub async fn plan(&self, id: i64) -> Result<Plan> {
        Ok(self.store.track(id, None, Some(Moment::MIN_UTC)).await?.plan())
    }

    /// The world at a moment. `current` is what the store may not have yet of the segments being written then, by cluster.
    pub async fn seek(&self, scope: &Scope, at: Moment, current: BTreeMap<String, Tail>) -> Result<Arc<Sought>> {
        let _turn = self.turn.lock().await;
        let held = self.holding(scope, at, current).await?;
        Ok(Arc::new(match held.as_slice() {
            [] => Sought::nothing(at, Some(at)),
            [one] => self.alone(one, at)?,
            several => self.together(several, at)?,
        }))
    }

    /// The map as it was drawn last by a moment, where going there would take long and it was drawn: of one cluster only,
    /// and where it was recorded then. `growing` are the segments that are known until now.
    pub async fn drawn(&self, scope: &Scope, at: Moment, growing: &[i64]) -> Result<Option<Vec<u8>>> {
        let entries = self.entries(scope, None).await?;
        let mut before = entries.iter().rev().skip_while(|entry| entry.from.is_none_or(|from| from > at));
        let Some(last) = before.next() else { return Ok(None) };
        let is_alone = entries.iter().all(|entry| entry.cluster == last.cluster);
        let is_known = growing.contains(&last.id) || last.until.is_some_and(|until| at - until <= GAP);
        if !is_alone || !is_known || self.is_near(last.id, at) {
            return Ok(None);
        }
        let mut drawn = self.store.drawn(last.id, at).await?;
        // Right after a segment began, the last map is in the one it goes on from.
        let goes_on = |it: &&SegmentEntry| last.from.zip(it.until).is_some_and(|(from, until)| from - until <= GAP);
        if drawn.is_none()
            && let Some(earlier) = before.next().filter(goes_on)
        {
            drawn = self.store.drawn(earlier.id, at).await?;
        }
        Ok(drawn.map(|(_, map)| map))
    }

    /// Whether a moment of a segment is reached soon from one that is kept.
    fn is_near(&self, id: i64, at: Moment) -> bool {
        let Ok(_turn) = self.turn.try_lock() else { return false };
        let segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        // Of a segment that grows the last seconds are not read twice.
        let is_read = |track: &Track| track.until().is_some_and(|until| at - until <= JUST_NOW);
        let track = segments.iter().find(|(known, track)| *known == id && is_read(track));
        let place = track.map(|(_, track)| track.place(at));
        drop(segments);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        place.is_some_and(|place| kept.is_near(id, place, NEAR))
    }

    /// The segment of each cluster that holds a moment.
    async fn holding(&self, scope: &Scope, at: Moment, mut current: BTreeMap<String, Tail>) -> Result<Vec<Holding>> {
        let mut last: BTreeMap<String, SegmentEntry> = BTreeMap::new();
        let entries = self.entries(scope, None).await?;
        let clusters: BTreeSet<String> =
            entries.iter().map(|it| it.cluster.clone()).chain(current.keys().cloned()).collect();
        for entry in entries {
            if entry.from.is_some_and(|from| from <= at) {
                last.insert(entry.cluster.clone(), entry);
            }
        }
        let mut held = Vec::new();
        for cluster in clusters {
            let (id, track) = match (current.remove(&cluster), last.get(&cluster)) {
                (Some(tail), _) => self.near(tail, at).await?,
                (None, Some(entry)) => (Some(entry.id), self.track(entry.id, entry.until.min(Some(at))).await?),
                (None, None) => continue,
            };
            held.push(Holding { cluster, id, track });
        }
        Ok(held)
    }

    /// The segment being written, as the store has it, and what came since.
    async fn near(&self, tail: Tail, at: Moment) -> Result<(Option<i64>, Arc<Track>)> {
        let Some(stored) = tail.stored else {
            return Ok((None, Arc::new(Track::of(&tail.segment).map_err(unreadable)?)));
        };
        let mut track = self.track(stored, Some(at)).await?;
        // A moment that is kept may be ahead of what was read.
        let is_ahead = self.kept.lock().unwrap_or_else(PoisonError::into_inner).is_ahead(stored, track.len());
        if !is_ahead && track.until().is_some_and(|until| at <= until) {
            return Ok((Some(stored), track));
        }
        if is_ahead {
            track = self.track(stored, tail.segment.until).await?;
        }
        let last = track.last();
        let since: Vec<_> = tail.segment.changes.into_iter().filter(|received| Some(received.at) > last).collect();
        let track = track.with(&since, tail.segment.until).map_err(unreadable)?;
        Ok((Some(stored), Arc::new(track)))
    }

    /// What was known of one segment at a moment; past its end nothing is believed any more.
    fn alone(&self, one: &Holding, at: Moment) -> Result<Sought> {
        let went = one.track.went(at, FADES_AFTER).map_err(unreadable)?;
        let placed = self.places_of(one, &went)?;
        let known = self.known(one, at, "")?;
        let fading = went.into_iter().zip(placed).filter_map(|(went, case)| Some((went.alert, case?))).collect();
        Ok(Sought { at, known, fading, gap_since: one.ended(at) })
    }

    /// Where alerts stood when they went.
    fn places_of(&self, one: &Holding, went: &[WentAlert]) -> Result<Vec<Option<Case>>> {
        let mut places = Vec::with_capacity(went.len());
        for it in went {
            let key = one.id.map(|id| (id, it.place, it.alert.id.clone()));
            let known = {
                let known = self.went.lock().unwrap_or_else(PoisonError::into_inner);
                key.as_ref().and_then(|key| known.get(key).cloned())
            };
            if let Some(case) = known {
                places.push(case);
                continue;
            }
            let told = Alert { state: it.told, ..it.alert.clone() };
            let case = match self.step(one, it.place)?.place_of(&told) {
                Placement::At(case) => Some(case),
                Placement::Nowhere(_) => None,
            };
            if let Some(key) = key {
                let mut known = self.went.lock().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= WENT {
                    known.clear();
                }
                known.insert(key, case.clone());
            }
            places.push(case);
        }
        Ok(places)
    }

    /// What was known of a segment after so many of its changes.
    fn step(&self, of: &Holding, place: usize) -> Result<Arc<Known>> {
        let spot = Spot { id: of.id, place, ended: None };
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().find(&[spot]) {
            return Ok(known);
        }
        let nearest = kept().take_nearest(&spot, of.track.len());
        let mut known = match nearest {
            // Whoever still looks at it keeps it.
            Some(near) => Arc::try_unwrap(near).unwrap_or_else(|near| (*near).clone()),
            None => Known::at(&of.track, place).map_err(unreadable)?,
        };
        known.go(&of.track, place).map_err(unreadable)?;
        known.settle();
        let known = Arc::new(known);
        kept().keep(vec![spot], &known);
        Ok(known)
    }

    /// What was known of a segment at a moment. Past its end nothing of its cluster is believed any more; of none of its
    /// clusters where none is named.
    fn known(&self, of: &Holding, at: Moment, cluster: &str) -> Result<Arc<Known>> {
        let spot = of.spot(at);
        if let Some(known) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).find(&[spot]) {
            return Ok(known);
        }
        let known = self.step(of, spot.place)?;
        let Some(since) = spot.ended else { return Ok(known) };
        let mut ended = (*known).clone().but(&silenced(known.world(), cluster, since));
        ended.settle();
        let ended = Arc::new(ended);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).keep(vec![spot], &ended);
        Ok(ended)
    }

    /// The world of the segments of several clusters at a moment. What is about no single cluster is as the segment tells
    /// it that knows the latest.
    fn together(&self, held: &[Holding], at: Moment) -> Result<Sought> {
        let latest = |it: &&Holding| (it.track.until().map(|until| until.min(at)), it.track.from());
        let Some(teller) = held.iter().max_by_key(latest) else { return Ok(Sought::nothing(at, Some(at))) };
        let spots: Vec<Spot> = held.iter().map(|it| it.spot(at)).collect();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).find(&spots);
        let known = if let Some(known) = kept {
            known
        } else {
            let each = held.iter().map(|it| Ok((&*it.cluster, self.known(it, at, &it.cluster)?)));
            let each = each.collect::<Result<Vec<(&str, Arc<Known>)>>>()?;
            let first = each.iter().filter(|(id, _)| *id == teller.cluster);
            let rest = each.iter().filter(|(id, _)| *id != teller.cluster);
            let parts: Vec<(&str, &World)> = first.chain(rest).map(|(id, known)| (*id, known.world())).collect();
            let world = World::together(&parts);
            let mut plan = Plan::default();
            for (cluster, known) in &each {
                plan.take(known.plan().of(cluster));
            }
            let mut known = Known::of(world, plan);
            known.settle();
            let known = Arc::new(known);
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).keep(spots, &known);
            known
        };
        let went = teller.track.went(at, FADES_AFTER).map_err(unreadable)?;
        let stood = went.into_iter().filter_map(|it| {
            let told = Alert { state: it.told, ..it.alert.clone() };
            match known.place_of(&told) {
                Placement::At(case) => Some((it.alert, case)),
                Placement::Nowhere(_) => None,
            }
        });
        let fading = stood.collect();
        let ends = held.iter().filter_map(|it| it.track.until());
        let gap_since = ends.max().filter(|until| at - *until > GAP);
        Ok(Sought { at, known, fading, gap_since })
    }

    /// What happened in the segments that touch a span, oldest first.
    pub async fn noted(&self, scope: &Scope, window: Option<Window>) -> Result<Vec<Noted>> {
        let (mut all, mut clusters) = (Vec::new(), BTreeSet::new());
        for entry in self.entries(scope, window).await? {
            let known = self.notes.lock().unwrap_or_else(PoisonError::into_inner).get(&entry.id).cloned();
            let notes = if let Some(notes) = known {
                notes
            } else {
                let segment = self.store.segment(entry.id).await?;
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

    /// Forgets what was notable in a segment that grew.
    pub fn grew(&self, id: i64) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Forgets everything.
    pub fn forget(&self) {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).forget();
        self.went.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What is said of the clusters of a world where nothing was recorded any more.
fn silenced(world: &World, cluster: &str, since: Moment) -> Vec<Change> {
    let clusters = world.clusters().into_iter();
    let meant = clusters.filter(|(id, ..)| id == cluster || cluster.is_empty());
    meant
        .map(|(_, label, _)| {
            Change::Freshness(SourceState {
                source: SourceId::new(format!("cluster:{label}")),
                kind: String::new(),
                namespace: String::new(),
                state: Freshness::Stale { since, why: "nothing was recording".to_owned() },
            })
        })
        .collect()
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
