//! What is live: the world as it is now, written by one task, recorded as it is received.

mod pollers;
mod recorder;
mod tape;
mod unread;
mod unseen;
mod writer;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use broadstreet_core::alerts::{Alert, Case, Placed};
use broadstreet_core::id::{ObjectKey, SourceId};
use broadstreet_core::pages::PageAttempt;
use broadstreet_core::plan::Plan;
use broadstreet_core::ports::{
    AlertPoll, AlertSpan, ClusterIdentity, Connection, Receiver, Silence, SourceKind, SourceSettings,
};
use broadstreet_core::time::{Moment, Window};
use broadstreet_core::world::{Change, Delta, World};
use tokio::sync::{RwLock, mpsc};

use crate::EngineError;
use crate::past::Noted;
use crate::supervise::Supervisor;

pub use pollers::Input;
pub(crate) use pollers::{no_secret, open_alerts, start_cluster, start_source, through};
pub(crate) use recorder::{keep, keep as keep_now, start_recorder};
pub use tape::{Tail, Tape};
pub(crate) use writer::start_writer;

/// How long a resolved alert stays on the map.
pub const FADES_AFTER: chrono::Duration = chrono::Duration::seconds(60);

/// How long without proof of life until a cluster is said to be stale; what is known of it is still believed. It is looked
/// at once a second, and has to be seen by ten.
pub const STALE_AFTER: chrono::Duration = chrono::Duration::seconds(9);

/// How long without proof of life until nothing of a cluster is believed any more.
pub const DOUBTED_AFTER: chrono::Duration = chrono::Duration::seconds(60);

/// How many notable things are held; older ones are read from the recording.
const NOTED: usize = 4_000;

/// What went wrong, as the edge says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What the edge branches on.
    pub code: String,
    /// In words.
    pub why: String,
    /// The next action.
    pub hint: String,
}

impl Trouble {
    /// What an error says.
    pub fn of(error: &EngineError) -> Self {
        Self { code: error.code(), why: error.to_string(), hint: error.hint() }
    }
}

/// What is known of a source beside what the world says.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The last proof of life.
    pub alive_at: Option<Moment>,
    /// What went wrong last; none while it answers.
    pub trouble: Option<Trouble>,
    /// The version it says it is.
    pub version: String,
    /// Warnings of its last answer.
    pub warnings: Vec<String>,
    /// Warnings of what it told of before this recorder listened.
    pub history_warnings: Vec<String>,
    /// How far its clock is ahead of ours, as of its last answer.
    pub clock_ahead: Option<chrono::Duration>,
}

/// Everything live.
#[derive(Default)]
pub struct State {
    /// The world.
    pub world: World,
    /// What changed in the world since plan and places were brought up to date.
    pub unsettled: Delta,
    /// The plan.
    pub plan: Plan,
    /// Every alert's place.
    pub placed: Placed,
    /// Alerts that resolved within the last minute, and when.
    pub fading: Vec<(Moment, Alert, Option<Case>)>,
    /// The last answer of each source of alerts.
    pub polls: BTreeMap<SourceId, (SourceKind, AlertPoll)>,
    /// What fired before this recorder listened.
    pub prior: Vec<AlertSpan>,
    /// The sources that told what fired before, or could not.
    pub histories: BTreeSet<SourceId>,
    /// The sources whose answer was compared with what incidents say still fires.
    pub compared: BTreeSet<SourceId>,
    /// Every attempt the pagers told.
    pub attempts: Vec<PageAttempt>,
    /// Spans a pager cannot tell about.
    pub gaps: Vec<(SourceId, Window)>,
    /// Who is on call: source, policy, step, name.
    pub on_call: Vec<(SourceId, String, u32, String)>,
    /// What is known of each source.
    pub proofs: BTreeMap<SourceId, Proof>,
    /// Malformed objects skipped, by kind and name.
    pub skipped: BTreeMap<String, String>,
    /// Notable things since the start, oldest first.
    pub noted: VecDeque<Noted>,
    /// The recording under way.
    pub tape: Tape,
    /// The revision of the map.
    pub revision: u32,
    /// True once everything readable was listed.
    pub in_sync: bool,
    /// When anything was last applied; strictly grows.
    pub at: Option<Moment>,
    /// What keeping failed with, and since when.
    pub storage_trouble: Option<(Moment, Trouble)>,
}

impl State {
    /// The silences of every Alertmanager.
    pub fn silences(&self) -> Vec<Silence> {
        self.polls.values().flat_map(|(_, poll)| poll.silences.clone()).collect()
    }

    /// The receivers of every Alertmanager.
    pub fn receivers(&self) -> Vec<Receiver> {
        self.polls.values().flat_map(|(_, poll)| poll.receivers.clone()).collect()
    }

    /// Resolved alerts that still fade, with their places.
    pub fn fading(&self) -> Vec<(Alert, Case)> {
        self.fading.iter().filter_map(|(_, alert, case)| Some((alert.clone(), case.clone()?))).collect()
    }

    /// Notes what a change did. The plan follows each change by itself, so that a seek finds it as it was. True where a
    /// verdict or an alert's place may differ.
    fn follow(&mut self, delta: Delta) -> bool {
        if self.in_sync {
            self.plan.follow(&self.world, &delta);
        }
        let is_felt = delta.alerts || !delta.health.is_empty();
        self.unsettled.extend(delta);
        is_felt
    }

    /// Applies a change and records it. What is recorded of an object is the world's own, so that it is held once. True
    /// where a verdict or an alert's place may differ.
    pub(crate) fn learn(&mut self, at: Moment, change: Change) -> bool {
        let Change::Object(object) = change else {
            let delta = self.world.apply(&change);
            self.tape.take(at, change, None);
            return self.follow(delta);
        };
        let key = object.key.clone();
        let base = self.world.shared_object(&key).cloned();
        let delta = self.world.take_all([Change::Object(object)]);
        if let Some(object) = self.world.shared_object(&key) {
            self.tape.take(at, Change::Object(Arc::clone(object)), base);
        }
        self.follow(delta)
    }

    /// Applies and records many changes at once, which is much faster than one by one.
    pub(crate) fn learn_all(&mut self, at: Moment, changes: Vec<Change>) {
        let mut keys = HashSet::with_capacity(changes.len());
        let is_list = changes.iter().all(|change| match change {
            Change::Object(object) => keys.insert(object.key.clone()),
            _ => false,
        });
        if !is_list {
            for change in changes {
                self.learn(at, change);
            }
            return;
        }
        let told = |change: &Change| match change {
            Change::Object(object) => Some((object.key.clone(), self.world.shared_object(&object.key).cloned())),
            _ => None,
        };
        let told: Vec<_> = changes.iter().filter_map(told).collect();
        let delta = self.world.take_all(changes);
        self.follow(delta);
        for (key, base) in told {
            if let Some(object) = self.world.shared_object(&key) {
                self.tape.take(at, Change::Object(Arc::clone(object)), base);
            }
        }
    }

    /// From when on all that is notable is held; none where that is since the start.
    pub(crate) fn noted_from(&self) -> Option<Moment> {
        // Of what came at one instant with the oldest, some may be gone.
        let oldest = self.noted.front().filter(|_| self.noted.len() >= NOTED)?;
        Some(oldest.at + chrono::Duration::microseconds(1))
    }

    pub(crate) fn note(&mut self, noted: Noted) {
        if self.noted.len() >= NOTED {
            self.noted.pop_front();
        }
        self.noted.push_back(noted);
    }
}

/// One open cluster.
pub struct Live {
    /// Who it is.
    pub identity: ClusterIdentity,
    /// The way to it.
    pub connection: Arc<dyn Connection>,
    /// Everything live; written by one task only.
    pub state: Arc<RwLock<State>>,
    /// Where observations go in.
    pub input: mpsc::Sender<Input>,
    /// Asks the recorder to keep what is new.
    pub flush: tokio::sync::Notify,
    /// Held by whoever hands the recording to the store.
    pub keeping: tokio::sync::Mutex<()>,
    /// The tasks of this cluster.
    pub tasks: Supervisor,
    /// The tasks of each source, to be stopped one by one.
    pub sources: std::sync::Mutex<BTreeMap<SourceId, (SourceSettings, Supervisor)>>,
    /// True once every configured source is among them.
    pub asked: std::sync::atomic::AtomicBool,
    /// Since when this recorder listens.
    pub since: Moment,
}

impl Live {
    /// The source that watches the cluster.
    pub fn source(&self) -> SourceId {
        SourceId::new(format!("cluster:{}", self.identity.label))
    }

    /// True once each configured source answered, or failed to, at least once.
    pub fn every_source_was_asked(&self, state: &State) -> bool {
        let sources = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let was_asked = |id: &SourceId| {
            state.proofs.get(id).is_some_and(|proof| proof.alive_at.is_some() || proof.trouble.is_some())
        };
        self.asked.load(std::sync::atomic::Ordering::Acquire) && sources.keys().all(was_asked)
    }

    /// Why nothing at all of the cluster is known; none once anything of it was read.
    pub fn unread(&self, state: &State) -> Option<EngineError> {
        unread::why(self, state)
    }
}

/// The name of an object for a line of text.
pub fn short(key: &ObjectKey) -> String {
    if key.namespace.is_empty() {
        format!("{} {}", key.kind, key.name)
    } else {
        format!("{} {}/{}", key.kind, key.namespace, key.name)
    }
}
