//! What is live: the world as it is now, written by one task, recorded as it is received.

mod drawings;
mod drawn;
mod filling;
mod member;
mod pollers;
mod recorder;
mod tape;
mod unread;
mod unseen;
mod writer;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use broadstreet_core::alerts::{Alert, Case, LastOwner, Placed};
use broadstreet_core::id::{ObjectKey, SourceId, Text};
use broadstreet_core::pages::PageAttempt;
use broadstreet_core::plan::Plan;
use broadstreet_core::ports::{
    AlertPoll, AlertSpan, ClusterError, ProxyGet, Receiver, Silence, SourceKind, SourceSettings,
};
use broadstreet_core::resource::Object;
use broadstreet_core::time::{Moment, Window};
use broadstreet_core::world::{Change, Delta, World};
use tokio::sync::{RwLock, mpsc};

use crate::EngineError;
use crate::past::{Noted, Scope};
use crate::supervise::Supervisor;

pub use drawings::Drawings;
pub use filling::Filling;
pub use member::Member;
pub(crate) use member::{join, start_member};
pub use pollers::Input;
pub(crate) use pollers::{no_secret, open_alerts, start_clock, start_source};
pub(crate) use recorder::{keep, keep as keep_now, start_recorder};
pub use tape::{Tail, Tape};
pub(crate) use writer::start_writer;

/// How long a resolved alert stays on the map.
pub const FADES_AFTER: chrono::Duration = chrono::Duration::seconds(60);

/// So many malformed objects of a cluster are named and counted.
pub const MOST_SKIPPED: usize = 1_000;

/// How long without proof of life until a cluster is said to be stale; what is known of it is still believed. It is looked
/// at once a second, takes a moment to be told, and has to be seen by ten.
pub const STALE_AFTER: chrono::Duration = chrono::Duration::milliseconds(8_500);

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
    /// What the plan of clusters that are being read does not show yet.
    pub filling: Filling,
    /// The map as it was drawn last.
    pub drawings: Drawings,
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
    /// Malformed objects skipped, by the source that watches the cluster, and kind and name: at most [`MOST_SKIPPED`] of each.
    pub skipped: BTreeMap<(SourceId, String), String>,
    /// Notable things since the start, oldest first.
    pub noted: VecDeque<Noted>,
    /// The recordings under way, by the id of the cluster.
    pub tapes: BTreeMap<String, Tape>,
    /// The revision of the map.
    pub revision: u32,
    /// The clusters of which everything readable was listed, by id.
    pub synced: BTreeSet<String>,
    /// True once that is so of every cluster that answered.
    pub in_sync: bool,
    /// When anything was last applied; strictly grows.
    pub at: Option<Moment>,
    /// What keeping failed with, and since when.
    pub storage_trouble: Option<(Moment, Trouble)>,
}

impl State {
    /// The malformed objects of a cluster, each with what is wrong.
    pub fn skipped_of<'s>(&'s self, source: &SourceId) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s> {
        let source = source.clone();
        let all = self.skipped.range((source.clone(), String::new())..);
        all.take_while(move |((of, _), _)| *of == source).map(|((_, object), why)| (object.as_str(), why.as_str()))
    }

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
        if !self.synced.is_empty() {
            self.plan.follow_in(&self.world, &delta, &|cluster| self.synced.contains(cluster));
        }
        self.drawings.note(&delta);
        let is_felt = delta.alerts || !delta.health.is_empty();
        self.unsettled.extend(delta);
        is_felt
    }

    /// Applies a change and records it. What is recorded of an object is the world's own, so that it is held once. True
    /// where a verdict or an alert's place may differ.
    pub(crate) fn learn(&mut self, at: Moment, change: Change) -> bool {
        let Change::Object(object) = change else {
            // Whose a pod was is told before it goes: an alert about it may yet come.
            let owner = LastOwner::of_gone(&self.world, &change, at).map(Box::new).map(Change::LastOwner);
            let mut is_felt = false;
            for change in owner.into_iter().chain([change]) {
                let of = self.world.cluster_of(&change);
                let delta = self.world.apply(&change);
                self.record(at, change, of);
                is_felt |= self.follow(delta);
            }
            return is_felt;
        };
        let key = object.key.clone();
        let base = self.world.shared_object(&key).cloned();
        let delta = self.world.take_all([Change::Object(object)]);
        self.record_object(at, &key, base);
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
            self.record_object(at, &key, base);
        }
    }

    /// Records a change with the cluster it is about; with each cluster, where it is about no single one.
    fn record(&mut self, at: Moment, change: Change, of: Option<Text>) {
        match of {
            Some(cluster) => {
                if let Some(tape) = self.tapes.get_mut(cluster.as_str()) {
                    tape.take(at, change, None);
                }
            }
            None => {
                for tape in self.tapes.values_mut() {
                    tape.take(at, change.clone(), None);
                }
            }
        }
    }

    fn record_object(&mut self, at: Moment, key: &ObjectKey, base: Option<Arc<Object>>) {
        if let Some(object) = self.world.shared_object(key)
            && let Some(tape) = self.tapes.get_mut(key.cluster.as_str())
        {
            tape.take(at, Change::Object(Arc::clone(object)), base);
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

/// The clusters that are open: one world, one plan, one writer.
pub struct Live {
    /// Each cluster, in the order they were opened.
    pub members: std::sync::Mutex<Vec<Arc<Member>>>,
    /// The clusters that were left, by id, and when.
    pub left: std::sync::Mutex<Vec<(String, Moment)>>,
    /// Everything live; written by one task only.
    pub state: Arc<RwLock<State>>,
    /// Where observations go in.
    pub input: mpsc::Sender<Input>,
    /// Asks the recorder to keep what is new.
    pub flush: tokio::sync::Notify,
    /// Held by whoever hands the recording to the store.
    pub keeping: tokio::sync::Mutex<()>,
    /// The tasks of all of it; those of each cluster and source are among them.
    pub tasks: Supervisor,
    /// The tasks of each source, to be stopped one by one.
    pub sources: std::sync::Mutex<BTreeMap<SourceId, (SourceSettings, Supervisor)>>,
    /// True once every configured source is among them.
    pub asked: std::sync::atomic::AtomicBool,
    /// Since when this recorder listens.
    pub since: Moment,
}

impl Live {
    /// Each cluster that is open, in the order they were opened.
    pub fn members(&self) -> Vec<Arc<Member>> {
        self.members.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The cluster a source watches.
    pub fn member(&self, source: &SourceId) -> Option<Arc<Member>> {
        self.members().into_iter().find(|member| member.source == *source)
    }

    /// The open cluster of an id.
    pub fn member_of(&self, cluster: &str) -> Option<Arc<Member>> {
        self.members().into_iter().find(|member| member.id() == Some(cluster))
    }

    /// The ids of the clusters that answered.
    pub fn clusters(&self) -> Vec<String> {
        self.members().iter().filter_map(|member| member.id().map(str::to_owned)).collect()
    }

    /// The names of the contexts of the clusters that have not answered.
    pub fn silent(&self) -> Vec<String> {
        self.members().iter().filter(|member| member.id().is_none()).map(|member| member.label.clone()).collect()
    }

    /// The recordings of the clusters that are open.
    pub fn scope(&self) -> Scope {
        Scope::Clusters(self.clusters())
    }

    /// The same with the clusters that were left after a moment: until then they stand in the past.
    pub fn scope_since(&self, at: Moment) -> Scope {
        let mut clusters = self.clusters();
        let left = self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (id, _) in left.iter().filter(|(_, until)| at < *until) {
            if !clusters.contains(id) {
                clusters.push(id.clone());
            }
        }
        Scope::Clusters(clusters)
    }

    /// What the store may not have yet of the recordings at a moment, by cluster.
    pub async fn tails(&self, at: Moment) -> BTreeMap<String, Tail> {
        let state = self.state.read().await;
        state.tapes.iter().filter_map(|(id, tape)| Some((id.clone(), tape.tail(at)?))).collect()
    }

    /// What the clusters are called, for a person.
    pub fn title(&self) -> String {
        let members = self.members();
        let labels: Vec<&str> = members.iter().map(|member| member.label.as_str()).collect();
        match labels.as_slice() {
            [first, second, third, rest @ ..] if !rest.is_empty() => {
                format!("{first}, {second}, {third} and {} more", rest.len())
            }
            labels => labels.join(", "),
        }
    }

    /// The cluster a source belongs to.
    ///
    /// # Errors
    /// Where its settings name none that is open, or none while several are and not one alone has its Service.
    pub fn member_for(&self, world: &World, settings: &SourceSettings) -> std::result::Result<Arc<Member>, String> {
        let members = self.members();
        if !settings.cluster.is_empty() {
            let named = members.into_iter().find(|member| member.label == settings.cluster);
            return named.ok_or_else(|| format!("it belongs to `{}`, which is not open", settings.cluster));
        }
        match members.as_slice() {
            [one] => Ok(Arc::clone(one)),
            [] => Err("no cluster is open".to_owned()),
            several => {
                let has_service = |member: &&Arc<Member>| {
                    let key = settings.proxy.as_ref().zip(member.id());
                    let key = key.map(|(it, id)| ObjectKey::new(id, "", "Service", &it.namespace, &it.service));
                    key.is_some_and(|key| world.object(&key).is_some())
                };
                match several.iter().filter(has_service).collect::<Vec<_>>().as_slice() {
                    [one] => Ok(Arc::clone(one)),
                    _ => Err(format!(
                        "{} clusters are open, and its settings do not say to which of them it belongs",
                        several.len()
                    )),
                }
            }
        }
    }

    /// The id of the cluster that the settings of a source name; empty where they name none, or one that has not answered.
    pub fn cluster_named(&self, source: &SourceId) -> String {
        let sources = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let named = sources.get(source).map(|(settings, _)| settings.cluster.clone()).unwrap_or_default();
        drop(sources);
        let member = self.members().into_iter().find(|member| !named.is_empty() && member.label == named);
        member.and_then(|member| member.id().map(str::to_owned)).unwrap_or_default()
    }

    /// The way to a Service behind the API server of the cluster a source belongs to, as that is when it is asked.
    pub fn proxy_of(self: &Arc<Self>, settings: &SourceSettings) -> ProxyGet {
        let (live, settings) = (Arc::clone(self), settings.clone());
        Arc::new(move |request| {
            let (live, settings) = (Arc::clone(&live), settings.clone());
            Box::pin(async move {
                let member = live.member_for(&live.state.read().await.world, &settings);
                let server = settings.cluster;
                let member = member.map_err(|why| ClusterError::Unreachable { server, why })?;
                member.reach()?.proxy_get(request).await
            })
        })
    }

    /// True once each configured source answered, or failed to, at least once.
    pub fn every_source_was_asked(&self, state: &State) -> bool {
        let sources = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let was_asked = |id: &SourceId| {
            state.proofs.get(id).is_some_and(|proof| proof.alive_at.is_some() || proof.trouble.is_some())
        };
        self.asked.load(std::sync::atomic::Ordering::Acquire) && sources.keys().all(was_asked)
    }

    /// Why nothing at all of a cluster is known; none once anything of it was read.
    pub fn unread(&self, state: &State, member: &Member) -> Option<EngineError> {
        unread::why(member, state)
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
