//! A segment as it lies at rest: where everything in it is, read only where it is asked for.
//!
//! Of an object that changed a hundred times before a moment only its last state is read; what differs is laid over what
//! was told whole, without reading what lies between.

use std::hash::BuildHasher;
use std::sync::Arc;

use chrono::Duration;
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::codec::{BadRecording, First, change};
use super::leaf::{Budget, Leaf};
use super::piece::{DIFFERS, More, Taken, encode_part, pieces};
use super::tables::{Spot, Tree};
use super::{Received, Segment};
use crate::alerts::{Alert, AlertState};
use crate::plan::Plan;
use crate::resource::{Object, Uid};
use crate::time::Moment;
use crate::world::{Change, Freshness};

/// An alert goes on under another id where that is told this soon after its end.
const BREATH: Duration = Duration::seconds(1);

/// What a change is, as far as it is known without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An object, told whole.
    Object,
    /// An object, told by what differs.
    Differs,
    /// The same, and it moves nothing.
    Still,
    /// An object that is no more.
    Gone,
    /// The time.
    Time,
    /// An alert.
    Alert,
    /// An alert that is no more.
    AlertGone,
    /// Everything else.
    Other,
}

impl What {
    /// True where it tells an object.
    pub fn is_object(self) -> bool {
        matches!(self, Self::Object | Self::Differs | Self::Still)
    }
}

/// Where a change stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    tree: u32,
    node: u32,
    /// The number of its object, where it is about one.
    pub key: u32,
    pub what: What,
}

/// What is told of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    /// Where its key stands.
    name: (u32, u32),
    /// Its place in the keyframe.
    first: Option<u32>,
    /// The places of its changes, in order.
    changes: Vec<u32>,
}

/// A segment as it lies at rest.
#[derive(Clone, Debug)]
pub struct Track {
    from: Option<Moment>,
    until: Option<Moment>,
    trees: Vec<Arc<Tree>>,
    plan: u32,
    keyframe: Vec<Told>,
    times: Vec<Moment>,
    changes: Vec<Told>,
    stories: Vec<Story>,
    /// Stories by their keys.
    names: HashTable<u32>,
    /// The number of the last part.
    last_part: i64,
    is_whole: bool,
    /// How long all pieces were together.
    bytes: u64,
}

/// An alert that went.
#[derive(Clone, Debug, PartialEq)]
pub struct WentAlert {
    /// How many changes were known before it did.
    pub place: usize,
    /// The alert, as resolved.
    pub alert: Alert,
    /// How it stood before.
    pub told: AlertState,
}

impl Track {
    /// Begins with the first piece of a segment.
    ///
    /// # Errors
    /// Bytes that are no first piece. What is wrong within a value is found when that is read.
    pub fn begin(bytes: &[u8]) -> Result<Self, BadRecording> {
        let first = First::read(bytes)?;
        let mut track = Self {
            from: first.from,
            until: first.until,
            plan: first.tree.spot(first.plan)?.node(),
            trees: vec![Arc::new(first.tree)],
            keyframe: Vec::new(),
            times: Vec::new(),
            changes: Vec::new(),
            stories: Vec::new(),
            names: HashTable::new(),
            last_part: i64::MIN,
            is_whole: false,
            bytes: bytes.len() as u64,
        };
        track.enter(&first.keyframe, &first.changes)?;
        Ok(track)
    }

    /// Reads the next part, by its number; one that comes again takes the place of the first.
    ///
    /// # Errors
    /// As [`Track::begin`].
    pub fn read(&mut self, part: i64, bytes: &[u8]) -> Result<(), BadRecording> {
        let more = More::read(bytes)?;
        if let Ok(before) = usize::try_from(part)
            && before < self.changes.len()
        {
            self.cut(before);
        }
        self.last_part = part;
        self.is_whole = false;
        self.bytes += bytes.len() as u64;
        self.trees.push(Arc::new(more.tree));
        self.enter(&more.keyframe, &more.changes)?;
        self.until = self.until.max(self.times.last().copied());
        Ok(())
    }

    /// A segment in memory, as it would lie at rest.
    ///
    /// # Errors
    /// None for a segment that could be recorded.
    pub fn of(segment: &Segment) -> Result<Self, BadRecording> {
        let mut pieces = pieces(segment);
        let mut track = Self::begin(&pieces.next().unwrap_or_default())?;
        for piece in pieces {
            track.read(track.next_part(), &piece)?;
        }
        track.last_part = i64::MIN;
        track.end(segment.until);
        Ok(track)
    }

    /// The number of a part that would come next.
    fn next_part(&self) -> i64 {
        i64::try_from(self.changes.len()).unwrap_or(i64::MAX)
    }

    /// The same with what was received since.
    ///
    /// # Errors
    /// None for changes that could be recorded.
    pub fn with(&self, later: &[Received], until: Option<Moment>) -> Result<Self, BadRecording> {
        let mut track = self.clone();
        let taken = |it: &Received| Taken { at: it.at, change: it.change.clone(), base: None };
        let later: Vec<Taken> = later.iter().map(taken).collect();
        if !later.is_empty() {
            track.read(track.next_part(), &encode_part(&[], &later))?;
        }
        track.end(until);
        Ok(track)
    }

    /// Says that nothing more is there, and until when that is known.
    pub fn end(&mut self, until: Option<Moment>) {
        if self.until.is_some() {
            self.until = self.until.max(until);
        }
        self.is_whole = true;
    }

    /// False where more of it may lie at rest.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// When the keyframe was taken.
    #[must_use]
    pub fn from(&self) -> Option<Moment> {
        self.from
    }

    /// The last instant it knows.
    #[must_use]
    pub fn until(&self) -> Option<Moment> {
        self.until
    }

    /// The number of the last part it was read from: a longer one differs from there on.
    #[must_use]
    pub fn last_part(&self) -> i64 {
        self.last_part
    }

    /// How many changes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// True where nothing changed after the keyframe.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// When the last change was received.
    #[must_use]
    pub fn last(&self) -> Option<Moment> {
        self.times.last().copied()
    }

    /// How many objects are told of.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.stories.len()
    }

    /// How many changes were known at a moment.
    #[must_use]
    pub fn place(&self, at: Moment) -> usize {
        // Changes are in the order received, so what was known is a beginning of them.
        self.times.partition_point(|time| *time <= at)
    }

    /// How many bytes it was read from.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes it takes in memory, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        let trees: usize = self.trees.iter().map(|tree| tree.weight()).sum();
        let stories = self.stories.len() * size_of::<Story>() + self.changes.len() * size_of::<u32>();
        trees + stories + self.changes.len() * (size_of::<Told>() + size_of::<Moment>())
    }

    /// The plan as it was remembered when the segment began; an empty one where that is no plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let budget = Budget::default();
        let Some(spot) = self.trees.first().map(|tree| tree.at(self.plan)) else { return Plan::default() };
        Plan::read(|| Leaf::new(spot, Vec::new(), &budget))
    }

    /// The alerts that went in the span before a moment: they did not come again by then, did not go on under another id, and
    /// their source was still asked.
    ///
    /// # Errors
    /// A value that cannot be read.
    pub fn went(&self, at: Moment, span: Duration) -> Result<Vec<WentAlert>, BadRecording> {
        let budget = Budget::default();
        let until = self.place(at);
        let from = self.times[..until].partition_point(|time| at - *time >= span);
        let mut went = Vec::new();
        // Alerts that were told of again after the place that is looked at.
        let mut later: FxHashSet<String> = FxHashSet::default();
        for place in (from..until).rev() {
            let id = match self.changes[place].what {
                What::Alert => {
                    later.extend(self.spot(self.changes[place]).field("id").and_then(Spot::text).map(str::to_owned));
                    continue;
                }
                What::AlertGone => match self.read_change(place, &budget)? {
                    Change::AlertGone { id, .. } => id,
                    _ => continue,
                },
                _ => continue,
            };
            if !later.insert(id.clone()) {
                continue;
            }
            let gone_at = self.times[place];
            let before = self.times[..place].partition_point(|time| *time < gone_at);
            let Some(told) = self.alert(&id, before, &budget)? else { continue };
            if told.state == AlertState::Pending || self.goes_on(place, &told, &budget)? {
                continue;
            }
            let stood = told.state;
            let alert = Alert { state: AlertState::Resolved, ends_at: Some(gone_at), ..told };
            went.push(WentAlert { place: before, alert, told: stood });
        }
        went.reverse();
        Ok(went)
    }

    /// The last word about an alert among the first changes.
    fn alert(&self, id: &str, place: usize, budget: &Budget) -> Result<Option<Alert>, BadRecording> {
        for told in self.changes[..place].iter().rev().chain(self.keyframe.iter().rev()) {
            if told.what != What::Alert || self.spot(*told).field("id").and_then(Spot::text) != Some(id) {
                continue;
            }
            if let Change::Alert(alert) = change(self.spot(*told), budget)? {
                return Ok(Some(*alert));
            }
        }
        Ok(None)
    }

    /// Whether what is told as the end of an alert is none: in the same breath its labels are told again under another id, or
    /// its source is told to be asked no longer.
    fn goes_on(&self, place: usize, gone: &Alert, budget: &Budget) -> Result<bool, BadRecording> {
        let began = self.times[place];
        for at in (place..self.len()).take_while(|at| self.times[*at] - began < BREATH) {
            let goes_on = match self.changes[at].what {
                What::Alert | What::Other => match self.read_change(at, budget)? {
                    Change::Alert(alert) => alert.id != gone.id && alert.labels == gone.labels,
                    Change::Freshness(fresh) => {
                        fresh.source == gone.source && fresh.kind.is_empty() && fresh.state == Freshness::Absent
                    }
                    _ => false,
                },
                _ => false,
            };
            if goes_on {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn enter(&mut self, keyframe: &[u64], changes: &[(Moment, u64)]) -> Result<(), BadRecording> {
        let tree = Arc::clone(&self.trees[self.trees.len() - 1]);
        for id in keyframe {
            let mut told = self.told(tree.spot(*id)?)?;
            if told.what.is_object() {
                told.what = What::Object;
                self.stories[told.key as usize].first = Some(self.keyframe.len() as u32);
            }
            self.keyframe.push(told);
        }
        for (at, id) in changes {
            let mut told = self.told(tree.spot(*id)?)?;
            if told.key != u32::MAX {
                let story = &mut self.stories[told.key as usize];
                let before = story.changes.last().map(|place| self.changes[*place as usize].what);
                let is_known = before.map_or(story.first.is_some(), What::is_object);
                if told.what == What::Still && !is_known {
                    told.what = What::Differs;
                }
                story.changes.push(self.changes.len() as u32);
            }
            self.times.push(*at);
            self.changes.push(told);
        }
        Ok(())
    }

    /// What a change is, told by the last table.
    fn told(&mut self, spot: Spot<'_>) -> Result<Told, BadRecording> {
        let what = match spot.field("change").and_then(Spot::text) {
            Some("object") => What::Object,
            Some(DIFFERS) if spot.field("still").is_some() => What::Still,
            Some(DIFFERS) => What::Differs,
            Some("gone") => What::Gone,
            Some("time") => What::Time,
            Some("alert") => What::Alert,
            Some("alert_gone") => What::AlertGone,
            _ => What::Other,
        };
        let tree = (self.trees.len() - 1) as u32;
        let key = if what.is_object() || what == What::Gone {
            let name = spot.field("key").filter(|name| name.text().is_some());
            let name = name.ok_or_else(|| "tells an object without its key".to_owned())?;
            self.story(tree, name)
        } else {
            u32::MAX
        };
        Ok(Told { tree, node: spot.node(), key, what })
    }

    /// The number of the story of an object.
    fn story(&mut self, tree: u32, name: Spot<'_>) -> u32 {
        let text = name.text().unwrap_or_default();
        let hash = |text: &str| FxBuildHasher.hash_one(text);
        let (stories, trees) = (&self.stories, &self.trees);
        let name_of = |number: u32| {
            let (tree, node) = stories[number as usize].name;
            trees[tree as usize].at(node).text().unwrap_or_default()
        };
        if let Some(number) = self.names.find(hash(text), |number| name_of(*number) == text) {
            return *number;
        }
        let number = stories.len() as u32;
        self.names.insert_unique(hash(text), number, |number| hash(name_of(*number)));
        self.stories.push(Story { name: (tree, name.node()), ..Story::default() });
        number
    }

    /// Forgets all but the first changes.
    fn cut(&mut self, place: usize) {
        for told in self.changes.drain(place..).filter(|told| told.key != u32::MAX) {
            self.stories[told.key as usize].changes.pop();
        }
        self.times.truncate(place);
    }

    fn spot(&self, told: Told) -> Spot<'_> {
        self.trees[told.tree as usize].at(told.node)
    }

    /// The keyframe.
    pub(super) fn keyframe(&self) -> &[Told] {
        &self.keyframe
    }

    /// Changes.
    pub(super) fn changes(&self) -> &[Told] {
        &self.changes
    }

    /// A change of the keyframe.
    pub(super) fn read_told(&self, told: Told, budget: &Budget) -> Result<Change, BadRecording> {
        change(self.spot(told), budget)
    }

    /// A change by its place.
    pub(super) fn read_change(&self, place: usize, budget: &Budget) -> Result<Change, BadRecording> {
        let told = self.changes[place];
        if !told.what.is_object() || told.what == What::Object {
            return change(self.spot(told), budget);
        }
        let story = &self.stories[told.key as usize];
        let number = story.changes.partition_point(|at| (*at as usize) <= place);
        let object = self.object(story, number, budget)?;
        Ok(Change::Object(object.ok_or_else(|| self.untold(story))?))
    }

    /// The places of the changes of an object before a place.
    pub(super) fn changes_of(&self, key: u32, place: usize) -> &[u32] {
        let changes = &self.stories[key as usize].changes;
        &changes[..changes.partition_point(|at| (*at as usize) < place)]
    }

    /// The key of an object as text.
    pub(super) fn name(&self, key: u32) -> &str {
        let (tree, node) = self.stories[key as usize].name;
        self.trees[tree as usize].at(node).text().unwrap_or_default()
    }

    /// An object as it stood when the changes before a place were known; nothing where it was not there.
    pub(super) fn state(&self, key: u32, place: usize, budget: &Budget) -> Result<Option<Arc<Object>>, BadRecording> {
        let story = &self.stories[key as usize];
        let known = self.changes_of(key, place);
        let object = self.object(story, known.len(), budget)?;
        let Some(there) = &object else { return Ok(None) };
        let gone = known.iter().rev().map(|at| *at as usize).take_while(|at| self.changes[*at].what == What::Gone);
        for at in gone {
            // A late deletion does not take its successor away.
            let Change::Gone { uid, .. } = self.read_change(at, budget)? else { continue };
            let uid = Uid::from(uid.as_str());
            if uid.is_empty() || there.uid.is_empty() || there.uid == uid {
                return Ok(None);
            }
        }
        Ok(object)
    }

    /// An object as the first of its changes told it last, or the keyframe.
    fn object(&self, story: &Story, changes: usize, budget: &Budget) -> Result<Option<Arc<Object>>, BadRecording> {
        let mut by = Vec::new();
        let mut base = None;
        for place in story.changes[..changes].iter().rev() {
            let told = self.changes[*place as usize];
            match told.what {
                What::Object => {
                    base = Some(told);
                    break;
                }
                What::Differs | What::Still => by.extend(self.spot(told).field("by")),
                _ => {}
            }
        }
        let base = base.or_else(|| story.first.map(|at| self.keyframe[at as usize]));
        let Some(base) = base else {
            return if by.is_empty() { Ok(None) } else { Err(self.untold(story)) };
        };
        by.reverse();
        Leaf::new(self.spot(base), by, budget)?.read().map(|object| Some(Arc::new(object)))
    }

    fn untold(&self, story: &Story) -> BadRecording {
        let name = self.trees[story.name.0 as usize].at(story.name.1).text().unwrap_or_default();
        BadRecording { why: format!("says how {name} differs, which it never told") }
    }
}
