//! A world that follows an API server as the product does, and the server's own store to hold it against.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broadstreet_cluster::{Environment, KubeCluster, Limits, Places};
use broadstreet_core::ports::{Cluster as _, Connection, ContextChoice, Observation};
use broadstreet_core::resource::{Body, KINDS, Object, Uid};
use broadstreet_core::world::{Change, Freshness, SourceState, World};
use broadstreet_tests::apiserver::{ApiServer, Kept};
use futures_util::StreamExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

use crate::patience::{HEALED_WITHIN, Limit, READ_WITHIN};

/// How often the engine asks for a proof of life.
const ALIVE_EVERY: Duration = Duration::from_secs(3);
/// What the server keeps and the product does not: leases are polled.
const NOT_READ: &str = "leases";
/// Connections that wait to be used again, at most one for each watch that ended in good order: the client's pool lets
/// them go after a minute and a half.
const IDLE_CONNECTIONS: usize = 40;

/// What was learned.
#[derive(Default)]
pub struct Learned {
    /// The world.
    pub world: World,
    /// Every word on freshness, in order.
    pub said: Vec<SourceState>,
    /// What was skipped: kind, name, why.
    pub skipped: Vec<(String, String, String)>,
    /// True once everything readable was read.
    pub in_sync: bool,
    /// Objects told, changed or not.
    pub told: usize,
}

impl Learned {
    /// Takes an observation as the engine does.
    pub fn take(&mut self, observation: Observation) {
        match observation {
            Observation::Changes(changes) => {
                self.told += changes.iter().filter(|it| matches!(it, Change::Object(_))).count();
                self.world.apply_all(&changes);
            }
            Observation::Freshness(state) => {
                self.said.push(state.clone());
                self.world.apply(&Change::Freshness(state));
            }
            Observation::Skipped { kind, name, why } => self.skipped.push((kind, name, why)),
            Observation::InSync => self.in_sync = true,
        }
    }

    /// How fresh a kind is said to be, in a namespace or as a whole.
    pub fn freshness(&self, kind: &str, namespace: &str) -> Option<Freshness> {
        let is_meant = |it: &&SourceState| it.kind == kind && it.namespace == namespace;
        self.world.freshness().find(is_meant).map(|it| it.state.clone())
    }
}

/// A connection whose watch is followed, and proved alive as the engine does.
pub struct Watched {
    learned: Arc<Mutex<Learned>>,
    /// The connection.
    pub connection: Arc<dyn Connection>,
    limits: Limits,
    tasks: Vec<JoinHandle<()>>,
    steady: usize,
    watches: BTreeMap<String, usize>,
    _folder: tempfile::TempDir,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A kubeconfig of one context with the namespace `shop`.
pub fn kubeconfig(folder: &tempfile::TempDir, address: &str) -> String {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters:\n- name: c\n  cluster: {{server: '{address}'}}\n\
         users:\n- name: u\n  user: {{}}\ncontexts:\n- name: lab\n  context: {{cluster: c, user: u, namespace: shop}}\n"
    );
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, text).expect("a kubeconfig");
    path.display().to_string()
}

/// An environment without proxies and kubeconfigs of its own.
pub fn environment() -> Environment {
    Environment { places: Places::default(), ..Environment::default() }
}

impl Watched {
    /// Follows a server with the product's own limits, until all was read.
    pub async fn new(server: &ApiServer) -> Self {
        Self::limited(server, Limits::default()).await
    }

    /// The same with other limits.
    pub async fn limited(server: &ApiServer, limits: Limits) -> Self {
        let mut watched = Self::unsettled(server, limits).await;
        watched.until_within("all was read", Limit::of(READ_WITHIN), |learned| learned.in_sync).await;
        watched.settles(server).await;
        let kinds = KINDS.iter().filter(|kind| !kind.optional).count();
        while server.watches().values().sum::<usize>() < kinds {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        watched.steady = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        watched.watches = server.watches();
        watched
    }

    /// The same without waiting for anything.
    pub async fn unsettled(server: &ApiServer, limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = kubeconfig(&folder, &server.server.address);
        let connection = connect(&kubeconfig, limits).await;
        let learned: Arc<Mutex<Learned>> = Arc::default();
        let (mut flow, into) = (connection.watch(), Arc::clone(&learned));
        let following = tokio::spawn(async move {
            while let Some(observation) = flow.next().await {
                into.lock().unwrap_or_else(PoisonError::into_inner).take(observation);
            }
        });
        let asked = Arc::clone(&connection);
        let living = tokio::spawn(async move {
            loop {
                let _ = asked.alive().await;
                tokio::time::sleep(ALIVE_EVERY).await;
            }
        });
        let (tasks, steady, watches) = (vec![following, living], usize::MAX, BTreeMap::new());
        Self { learned, connection, limits, tasks, steady, watches, _folder: folder }
    }

    /// What was learned so far.
    pub fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, at most as long as a fault may last.
    #[track_caller]
    pub fn until(&self, what: &str, is: impl Fn(&Learned) -> bool) -> impl Future<Output = ()> {
        self.until_within(what, Limit::of(HEALED_WITHIN), is)
    }

    #[track_caller]
    fn until_within(&self, what: &str, mut limit: Limit, is: impl Fn(&Learned) -> bool) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            while !is(&self.learned()) {
                assert!(!limit.is_over(), "{at}: {what}: not within {:?}", limit.allowed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Waits until the world is what the server's own store is.
    pub async fn settles(&self, server: &Kept) {
        self.settles_within(server, &mut Limit::of(HEALED_WITHIN)).await;
    }

    async fn settles_within(&self, server: &Kept, limit: &mut Limit) {
        loop {
            // Most looks see that something is under way: all of a large store is compared once there is as much.
            if self.learned().world.len() == server.with(|store| store.count(NOT_READ)) {
                let (theirs, ours) = (of_store(server), of_world(&self.learned().world));
                if digest(&theirs) == digest(&ours) {
                    return;
                }
            }
            if limit.is_over() {
                let (theirs, ours) = (of_store(server), of_world(&self.learned().world));
                let missing: Vec<&String> = theirs.difference(&ours).take(5).collect();
                let ghosts: Vec<&String> = ours.difference(&theirs).take(5).collect();
                panic!("not the same within {:?}: missing {missing:#?}, ghosts {ghosts:#?}", limit.allowed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// After a fault: the world is the server's store, each kind is live, nothing is there twice, whoever reads everything
    /// anew sees the same to the last field, and what was started for the fault is gone.
    pub async fn is_healed(&self, server: &ApiServer) {
        let mut limit = Limit::of(HEALED_WITHIN);
        self.settles_within(server, &mut limit).await;
        while !unwell(&self.learned()).is_empty() {
            assert!(!limit.is_over(), "not live within {:?}: {:?}", limit.allowed(), unwell(&self.learned()));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let anew = Self::unsettled(server, self.limits).await;
        anew.until_within("read anew", Limit::of(READ_WITHIN), |learned| learned.in_sync).await;
        anew.settles(server).await;
        are_the_same(&anew.learned().world, &self.learned().world);
        drop(anew);
        let mut limit = Limit::of(HEALED_WITHIN);
        loop {
            let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
            let (watches, few) = (server.watches(), tasks <= self.steady.saturating_add(IDLE_CONNECTIONS));
            if few && (watches == self.watches || self.watches.is_empty()) {
                return;
            }
            let before = (self.steady, &self.watches);
            assert!(!limit.is_over(), "not steady: {tasks} tasks, before {before:?}, now {watches:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Opens the one context of a kubeconfig.
pub async fn connect(kubeconfig: &str, limits: Limits) -> Arc<dyn Connection> {
    let choice = ContextChoice { kubeconfig: Some(kubeconfig.to_owned()), ..ContextChoice::default() };
    KubeCluster::with(environment(), limits).connect(choice).await.expect("a cluster")
}

/// The kinds that are neither live nor absent for good.
pub fn unwell(learned: &Learned) -> Vec<String> {
    let is_unwell = |it: &&SourceState| !matches!(it.state, Freshness::Live | Freshness::Absent);
    learned
        .world
        .freshness()
        .filter(is_unwell)
        .map(|it| format!("{} {}: {:?}", it.kind, it.namespace, it.state))
        .collect()
}

/// Two worlds are the same to the last field, and nothing is in them twice.
pub fn are_the_same(theirs: &World, ours: &World) {
    let many = ours.len();
    let (theirs, ours) = (objects(theirs), objects(ours));
    assert_eq!(theirs.len(), many);
    assert!(theirs == ours, "not the same to the last field: {:?}", different(&theirs, &ours));
    let uids: BTreeSet<&Uid> = ours.values().map(|object| &object.uid).collect();
    assert_eq!(uids.len(), ours.len(), "an object is there twice");
}

fn objects(world: &World) -> BTreeMap<String, Object> {
    world.objects().map(|object| (object.key.to_string(), object.clone())).collect()
}

fn different<'a>(
    theirs: &'a BTreeMap<String, Object>,
    ours: &'a BTreeMap<String, Object>,
) -> Option<(&'a Object, Option<&'a Object>)> {
    theirs.iter().find(|(key, object)| ours.get(*key) != Some(*object)).map(|(key, object)| (object, ours.get(key)))
}

/// Each object of the store in one line: where it is, who it is, and what it says of itself.
pub fn of_store(server: &Kept) -> BTreeSet<String> {
    let all = server.everything().into_iter().filter(|(plural, _)| plural != NOT_READ);
    all.map(|(_, object)| line_of(&object)).collect()
}

fn line_of(object: &Value) -> String {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let api = text("/apiVersion");
    let group = api.split_once('/').map_or("", |(group, _)| group);
    let labels: BTreeMap<String, Value> = object["metadata"]["labels"]
        .as_object()
        .map(|labels| labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        .unwrap_or_default();
    let labels: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    let phase = if text("/kind") == "Pod" { text("/status/phase") } else { String::new() };
    let (kind, namespace, name, uid) =
        (text("/kind"), text("/metadata/namespace"), text("/metadata/name"), text("/metadata/uid"));
    format!("{group}/{kind} {namespace}/{name} {uid} {} {phase}", labels.join(","))
}

/// The same of the world.
pub fn of_world(world: &World) -> BTreeSet<String> {
    let line = |object: &Object| {
        let labels: Vec<String> = object.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let phase = if let Body::Pod(pod) = &object.body { pod.phase.as_str() } else { "" };
        let key = &object.key;
        format!("{}/{} {}/{} {} {} {phase}", key.group, key.kind, key.namespace, key.name, object.uid, labels.join(","))
    };
    world.objects().map(line).collect()
}

/// SHA-256 over the lines, in their order.
pub fn digest(lines: &BTreeSet<String>) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hex::encode(hash.finalize())
}
