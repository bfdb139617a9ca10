//! A desk on a real store whose cluster and sources say what a test tells them to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::id::ObjectKey;
use broadstreet_core::logs::LogLine;
use broadstreet_core::observed::CallsPoll;
use broadstreet_core::pages::PageAttempt;
use broadstreet_core::ports::{
    AlertHistory, AlertPoll, AlertSource, AlertSpan, Answer, Clock, Cluster, ClusterError, ClusterIdentity, Connection,
    Context, ContextChoice, Flow, LogsOf, Manifest, Observation, Pager, PagerPoll, ProxyGet, ProxyRequest, SignalError,
    Signals, Snapshot, SourceSettings, Vault,
};
use broadstreet_core::time::{Moment, Window};
use broadstreet_core::world::Change;
use broadstreet_engine::{Engine, Options, Ports};
use broadstreet_store::{BundleFiles, Target};
use ed25519_dalek::{Signer, SigningKey};
use tokio::sync::mpsc;

use crate::databases::{Database, Place};
use crate::full::{Full, FullStore};

/// The system's clock, moved by a test.
#[derive(Default)]
pub struct MovedClock {
    ahead_millis: AtomicI64,
}

impl MovedClock {
    /// Moves on.
    pub fn advance(&self, by: chrono::Duration) {
        self.ahead_millis.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    #[expect(clippy::disallowed_methods, reason = "the system's clock, moved")]
    fn now(&self) -> Moment {
        chrono::Utc::now() + chrono::Duration::milliseconds(self.ahead_millis.load(Ordering::SeqCst))
    }
}

/// Secrets in memory, and a key of one byte repeated.
pub struct PlainVault {
    key: SigningKey,
    secrets: Mutex<std::collections::BTreeMap<String, String>>,
}

impl PlainVault {
    /// A device by its number.
    #[must_use]
    pub fn device(number: u8) -> Self {
        Self { key: SigningKey::from_bytes(&[number; 32]), secrets: Mutex::default() }
    }
}

impl Vault for PlainVault {
    fn secret(&self, name: &str) -> Option<String> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
    fn keep(&self, name: &str, secret: &str) -> bool {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), secret.into());
        false
    }
    fn forget(&self, name: &str) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
    fn is_lasting(&self) -> bool {
        false
    }
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.key.sign(bytes).to_vec()
    }
    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }
}

type Lines = mpsc::UnboundedSender<Result<LogLine, ClusterError>>;

type Watching = Arc<Mutex<BTreeMap<String, mpsc::UnboundedSender<Observation>>>>;

/// Clusters that say what they are told to: `c`, and any other by the name of its context.
#[derive(Clone, Default)]
pub struct ScriptedCluster {
    watching: Watching,
    /// Contexts of the kubeconfig.
    pub contexts: Arc<Mutex<Vec<String>>>,
    /// Contexts that accept a connection and answer nothing, until they are taken off this list.
    pub hanging: Arc<Mutex<Vec<String>>>,
    /// Contexts that lead to the cluster of another, by their names.
    pub twins: Arc<Mutex<BTreeMap<String, String>>>,
    /// True while it answers nothing.
    pub silent: Arc<AtomicBool>,
    /// What any path holds.
    pub files: Arc<Mutex<Snapshot>>,
    /// What pods print: the pod and a line with its time before it.
    pub printed: Arc<Mutex<Vec<(String, String)>>>,
    /// The same of the containers before the last restart.
    pub printed_before: Arc<Mutex<Vec<(String, String)>>>,
    /// What was asked of logs.
    pub logs_asked: Arc<Mutex<Vec<LogsOf>>>,
    /// Logs that are followed, by their pods.
    following: Arc<Mutex<Vec<(String, Lines)>>>,
}

impl ScriptedCluster {
    /// Says something on the watch of `c`; waits until somebody watches.
    pub async fn say(&self, observation: Observation) {
        self.say_in("c", observation).await;
    }

    /// The same on the watch of any cluster.
    pub async fn say_in(&self, cluster: &str, observation: Observation) {
        for _ in 0..2_000 {
            if let Some(sender) = self.watching.lock().unwrap_or_else(PoisonError::into_inner).get(cluster) {
                let _ = sender.send(observation);
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("nobody watches the cluster");
    }

    /// A pod prints a line: whoever follows its log is told.
    pub fn print(&self, pod: &str, line: &str) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.push((pod.to_owned(), line.to_owned()));
        let following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, lines) in following.iter().filter(|(of, _)| of == pod) {
            let _ = lines.send(Ok(LogLine::read(line.as_bytes())));
        }
    }

    /// Every log that is followed breaks off.
    pub fn cut_logs(&self) {
        for (pod, lines) in self.following.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let why = format!("the log of pod `{pod}` broke off");
            let _ = lines.send(Err(ClusterError::Unreachable { server: "https://127.0.0.1".into(), why }));
        }
    }
}

impl Cluster for ScriptedCluster {
    fn contexts(&self, _: Option<String>) -> Result<Vec<Context>, ClusterError> {
        let names = self.contexts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(names.into_iter().map(|name| Context { name, ..Context::default() }).collect())
    }
    fn connect(&self, choice: ContextChoice) -> Answer<'_, Result<Arc<dyn Connection>, ClusterError>> {
        let name = choice.context.unwrap_or_else(|| "c".to_owned());
        Box::pin(async move {
            while self.hanging.lock().unwrap_or_else(PoisonError::into_inner).contains(&name) {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            Ok(Arc::new(ScriptedConnection { cluster: self.clone(), name }) as Arc<dyn Connection>)
        })
    }
    fn read_files(&self, _: &str, _: &str) -> Result<Snapshot, ClusterError> {
        Ok(self.files.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// One of them.
struct ScriptedConnection {
    cluster: ScriptedCluster,
    name: String,
}

impl Connection for ScriptedConnection {
    fn identity(&self) -> ClusterIdentity {
        let twin = self.cluster.twins.lock().unwrap_or_else(PoisonError::into_inner).get(&self.name).cloned();
        let (id, label) = (twin.unwrap_or_else(|| self.name.clone()), self.name.clone());
        ClusterIdentity { id, label, server: "https://127.0.0.1".into(), version: "v1".into() }
    }
    fn watch(&self) -> Flow<Observation> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.cluster.watching.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name.clone(), sender);
        Box::pin(futures_util::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|it| (it, receiver))
        }))
    }
    fn alive(&self) -> Answer<'_, Result<(), ClusterError>> {
        let silent = self.cluster.silent.load(Ordering::Relaxed);
        let server = self.identity().server;
        Box::pin(async move {
            if silent { Err(ClusterError::Unreachable { server, why: "silenced by the test".into() }) } else { Ok(()) }
        })
    }
    fn proxy_get(&self, _: ProxyRequest) -> Answer<'_, Result<(u16, Vec<u8>), ClusterError>> {
        Box::pin(async { Ok((404, Vec::new())) })
    }
    fn manifest(&self, key: ObjectKey) -> Answer<'_, Result<Manifest, ClusterError>> {
        Box::pin(async move { Ok(Manifest { yaml: format!("kind: {}\n", key.kind), covered: 1 }) })
    }
    fn logs(&self, of: LogsOf) -> Flow<Result<LogLine, ClusterError>> {
        self.cluster.logs_asked.lock().unwrap_or_else(PoisonError::into_inner).push(of.clone());
        let of_which = if of.previous { &self.cluster.printed_before } else { &self.cluster.printed };
        let printed = of_which.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = printed.iter().filter(|(pod, _)| *pod == of.pod).map(|(_, line)| LogLine::read(line.as_bytes()));
        let all: Vec<LogLine> = lines.collect();
        // A pod that printed nothing is not there.
        if all.is_empty() {
            let what = format!("logs of pod `{}`", of.pod);
            let gone = ClusterError::Declined { what, status: 404, message: "not found".into() };
            return Box::pin(futures_util::stream::iter([Err(gone)]));
        }
        // The API counts whole seconds.
        let is_meant =
            |line: &LogLine| of.since.is_none_or(|since| line.at.map(|at| at.timestamp()) >= Some(since.timestamp()));
        let lines: Vec<_> = all.into_iter().filter(is_meant).map(Ok).collect();
        if !of.follow {
            return Box::pin(futures_util::stream::iter(lines));
        }
        // It goes on for as long as it is followed. Under the same lock a line is printed: none is missed.
        let (sender, receiver) = mpsc::unbounded_channel();
        self.cluster.following.lock().unwrap_or_else(PoisonError::into_inner).push((of.pod, sender));
        let rest = futures_util::stream::unfold(receiver, |mut it| async { it.recv().await.map(|line| (line, it)) });
        Box::pin(futures_util::StreamExt::chain(futures_util::stream::iter(lines), rest))
    }
}

/// Sources that answer what a test put there last.
#[derive(Clone, Default)]
pub struct ScriptedSignals {
    /// The next answer of every source of alerts.
    pub alerts: Arc<Mutex<AlertPoll>>,
    /// True while no source of alerts answers.
    pub silent: Arc<AtomicBool>,
    /// What every source of alerts has in its history.
    pub prior: Arc<Mutex<Vec<AlertSpan>>>,
    /// How often a source of alerts was asked.
    pub polls: Arc<AtomicU32>,
    /// What every source of alerts tells of observed calls.
    pub calls: Arc<Mutex<CallsPoll>>,
    /// The next answer of every pager; `None` does not answer.
    pub pages: Arc<Mutex<Option<PagerPoll>>>,
}

impl Signals for ScriptedSignals {
    fn alerts(
        &self,
        _: &SourceSettings,
        _: Option<String>,
        _: Option<ProxyGet>,
    ) -> Result<Arc<dyn AlertSource>, SignalError> {
        Ok(Arc::new(self.clone()))
    }
    fn pager(&self, _: &SourceSettings, _: Option<String>) -> Result<Arc<dyn Pager>, SignalError> {
        Ok(Arc::new(self.clone()))
    }
}

impl AlertSource for ScriptedSignals {
    fn poll(&self) -> Answer<'_, Result<AlertPoll, SignalError>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        let poll = self.alerts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let silent = self.silent.load(Ordering::Relaxed);
        Box::pin(async move { if silent { Err(switched_off("alerts")) } else { Ok(poll) } })
    }
    fn history(&self, _: Window) -> Answer<'_, Result<AlertHistory, SignalError>> {
        let spans = self.prior.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async { Ok(AlertHistory { spans, warnings: Vec::new() }) })
    }
    fn calls(&self) -> Answer<'_, Result<CallsPoll, SignalError>> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async { Ok(calls) })
    }
}

fn switched_off(source: &str) -> SignalError {
    SignalError::Unreachable {
        source_id: source.into(),
        address: "http://127.0.0.1".into(),
        why: "switched off by the test".into(),
    }
}

impl Pager for ScriptedSignals {
    fn poll(&self, _: Moment) -> Answer<'_, Result<PagerPoll, SignalError>> {
        let poll = self.pages.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async { poll.ok_or_else(|| switched_off("pager")) })
    }
    fn stream(&self) -> Answer<'_, Result<Flow<Vec<PageAttempt>>, SignalError>> {
        Box::pin(async { Ok(Box::pin(futures_util::stream::pending()) as Flow<Vec<PageAttempt>>) })
    }
}

/// A desk with everything a test may move.
pub struct TestDesk {
    /// The engine.
    pub engine: Engine,
    /// Its cluster.
    pub cluster: ScriptedCluster,
    /// Its sources.
    pub signals: ScriptedSignals,
    /// Its clock.
    pub clock: Arc<MovedClock>,
    /// What its store has no space for.
    pub full: Arc<Full>,
    database: Arc<Database>,
    device: u8,
}

impl TestDesk {
    /// A desk on a new SQLite file, with a person at it.
    pub async fn new(acting: &str) -> Self {
        Self::at(Place::Sqlite, acting).await
    }

    /// The same on either database.
    pub async fn at(place: Place, acting: &str) -> Self {
        Self::on(Arc::new(Database::new(place).await), 1, acting, Arc::default(), None).await
    }

    /// A desk that opens clusters otherwise than by a script.
    pub async fn watching(clusters: Arc<dyn Cluster>, acting: &str) -> Self {
        let database = Arc::new(Database::new(Place::Sqlite).await);
        Self::on(database, 1, acting, Arc::default(), Some(clusters)).await
    }

    async fn on(
        database: Arc<Database>,
        device: u8,
        acting: &str,
        clock: Arc<MovedClock>,
        clusters: Option<Arc<dyn Cluster>>,
    ) -> Self {
        let (cluster, signals) = (ScriptedCluster::default(), ScriptedSignals::default());
        let scratch = tempfile::tempdir().expect("a folder").keep();
        let full = Arc::new(Full::default());
        let ports = Ports {
            cluster: clusters.unwrap_or_else(|| Arc::new(cluster.clone())),
            signals: Arc::new(signals.clone()),
            store: Arc::new(FullStore { store: database.open().await, full: Arc::clone(&full) }),
            scratch: broadstreet_store::open(&Target::Sqlite { path: scratch.join("scratch.db"), read_only: false })
                .await
                .expect("a store"),
            bundles: Arc::new(BundleFiles),
            press: Arc::new(broadstreet_press::TypstPress::new()),
            vault: Arc::new(PlainVault::device(device)),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        };
        let options =
            Options { device: "test desk".into(), version: "0".into(), bundled: &[], acting: Some(acting.into()) };
        let engine = Engine::new(ports, options).await.expect("an engine");
        Self { engine, cluster, signals, clock, full, database, device }
    }

    /// Ends the engine and starts it again on the same database.
    pub async fn restart(self, acting: &str) -> Self {
        self.engine.stop().await;
        let (database, device, clock) = (Arc::clone(&self.database), self.device, Arc::clone(&self.clock));
        drop(self);
        Self::on(database, device, acting, clock, None).await
    }

    /// Opens the scripted cluster and lets it say `changes`, then that it was listed.
    pub async fn open(&self, changes: Vec<Change>) {
        self.engine.open_context(ContextChoice::default()).await.expect("a cluster");
        self.cluster.say(Observation::Changes(changes)).await;
        self.cluster.say(Observation::InSync).await;
        self.settle(|state| state.in_sync).await;
    }

    /// Waits until the live state is as `is` wants it, at most ten seconds.
    pub async fn settle(&self, is: impl Fn(&broadstreet_engine::live::State) -> bool) {
        for _ in 0..1_000 {
            let seen = self.engine.look(None).await.expect("a look");
            if seen.live().is_some_and(&is) {
                return;
            }
            drop(seen);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the live state did not become what the test waits for");
    }

    /// One command of the table, as the screen would call it.
    pub async fn call(
        &self,
        command: &str,
        payload: serde_json::Value,
    ) -> Result<serde_json::Value, broadstreet_api::ApiError> {
        broadstreet_api::dispatch(&self.engine, command, payload).await
    }

    /// The same for another person.
    pub async fn call_as(
        &self,
        person: &str,
        command: &str,
        payload: serde_json::Value,
    ) -> Result<serde_json::Value, broadstreet_api::ApiError> {
        broadstreet_api::dispatch_as(&self.engine, Some(person), command, payload).await
    }
}

/// A Deployment with one pod, as the changes of cluster `c`; the pod waits with `waiting` where that is not empty.
#[must_use]
pub fn shop(name: &str, image: &str, waiting: &str) -> Vec<Change> {
    shop_in("c", name, image, waiting)
}

/// The same as the changes of any cluster.
#[must_use]
pub fn shop_in(cluster: &str, name: &str, image: &str, waiting: &str) -> Vec<Change> {
    let status = if waiting.is_empty() {
        serde_json::json!({ "running": { "startedAt": "2026-01-01T00:00:00Z" } })
    } else {
        serde_json::json!({ "waiting": { "reason": waiting } })
    };
    let ready = waiting.is_empty();
    let truth = if ready { "True" } else { "False" };
    let template = serde_json::json!({
        "metadata": { "labels": { "app": name } },
        "spec": { "containers": [{ "name": "server", "image": image }] },
    });
    let objects = [
        serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "namespace": "shop", "uid": format!("d-{name}"), "generation": 1 },
            "spec": { "replicas": 1, "selector": { "matchLabels": { "app": name } }, "template": template },
            "status": { "replicas": 1, "readyReplicas": i32::from(ready), "availableReplicas": i32::from(ready), "updatedReplicas": 1, "observedGeneration": 1 },
        }),
        serde_json::json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": { "name": format!("{name}-1"), "namespace": "shop", "uid": format!("r-{name}"),
                "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": format!("d-{name}"), "controller": true }] },
            "spec": { "replicas": 1, "selector": { "matchLabels": { "app": name } }, "template": template },
            "status": { "replicas": 1 },
        }),
        serde_json::json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("{name}-1-a"), "namespace": "shop", "uid": format!("p-{name}"), "labels": { "app": name },
                "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{name}-1"), "uid": format!("r-{name}"), "controller": true }] },
            "spec": { "nodeName": "n1", "containers": [{ "name": "server", "image": image }] },
            "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": truth }],
                "containerStatuses": [{ "name": "server", "ready": ready, "restartCount": 0, "image": image, "state": status }] },
        }),
    ];
    objects
        .iter()
        .filter_map(|object| broadstreet_core::resource::reduce(cluster, object).ok())
        .map(|object| Change::Object(Arc::new(object)))
        .collect()
}
