//! What the outside implements: the cluster, the signals, the store, the press, the vault and the clock.
//!
//! Every port is dyn-compatible and holds no async code; adapters answer with a boxed future or a boxed stream and
//! start no task.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use serde::{Deserialize, Serialize};

use crate::alerts::Alert;
use crate::id::{BlobId, IncidentId, SourceId};
use crate::ledger::Row;
use crate::pages::PageAttempt;
use crate::recording::Segment;
use crate::time::{Moment, Window};
use crate::world::{Change, SourceState};
use crate::writing::Document;

/// A boxed future that borrows for `'a`.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed stream.
pub type Flow<T> = Pin<Box<dyn Stream<Item = T> + Send + 'static>>;

// ---------------------------------------------------------------------------------------------------------- clock

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The instant now.
    fn now(&self) -> Moment;
}

// -------------------------------------------------------------------------------------------------------- cluster

/// Why a cluster could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClusterError {
    /// No kubeconfig anywhere it is looked for.
    #[error("no kubeconfig found (looked at {looked_at})")]
    NoKubeconfig {
        /// The places, for a person.
        looked_at: String,
    },
    /// A kubeconfig that cannot be read.
    #[error("cannot read the kubeconfig `{path}`: {why}")]
    BadKubeconfig {
        /// The file.
        path: String,
        /// The parser's words, with the line.
        why: String,
    },
    /// A context that no kubeconfig has.
    #[error("no context `{name}` in {path}; there are: {known}")]
    UnknownContext {
        /// What was asked for.
        name: String,
        /// The files.
        path: String,
        /// The names there are.
        known: String,
    },
    /// An exec credential plugin that is missing, fails or does not end.
    #[error("the credential plugin `{command}` of context `{context}` {why}")]
    CredentialPlugin {
        /// The command.
        command: String,
        /// The context.
        context: String,
        /// What happened: not found with the PATH searched, exit code with stderr, or the time limit.
        why: String,
    },
    /// 401.
    #[error("the API server `{server}` refused the credentials of context `{context}`: {why}")]
    Unauthorized {
        /// The address.
        server: String,
        /// The context.
        context: String,
        /// The server's words.
        why: String,
    },
    /// 403 on one verb of one kind.
    #[error("not allowed to {verb} {kind}: {message}")]
    Forbidden {
        /// The verb.
        verb: String,
        /// `group/Kind`.
        kind: String,
        /// The server's message.
        message: String,
    },
    /// A certificate that does not fit.
    #[error("the certificate of `{server}` is not accepted: {why}")]
    Certificate {
        /// The address.
        server: String,
        /// TLS's words.
        why: String,
    },
    /// Not reachable, or too slow.
    #[error("the API server `{server}` does not answer: {why}")]
    Unreachable {
        /// The address.
        server: String,
        /// What happened.
        why: String,
    },
    /// An answer that is not Kubernetes' (HTML from a proxy, half a body).
    #[error("`{server}` answered something that is not the Kubernetes API: {why}")]
    NotKubernetes {
        /// The address.
        server: String,
        /// What it was.
        why: String,
    },
    /// A file or folder of manifests that cannot be read.
    #[error("cannot read `{path}`: {why}")]
    BadManifest {
        /// The file, with the document's number where it holds several.
        path: String,
        /// The parser's words.
        why: String,
    },
}

/// One context of the kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// The server's address.
    pub server: String,
    /// The user's name in the kubeconfig.
    pub user: String,
    /// The default namespace.
    pub namespace: String,
    /// Whether `current-context` names it.
    pub current: bool,
}

/// Which context to open, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextChoice {
    /// A kubeconfig file; `None` looks where kubectl looks.
    pub kubeconfig: Option<String>,
    /// The context's name; `None` takes the current one.
    pub context: Option<String>,
    /// Namespaces to watch one by one where all namespaces are refused and namespaces cannot be listed.
    pub namespaces: Vec<String>,
}

/// Who a connected cluster is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterIdentity {
    /// UID of `kube-system`, or `sha256:` of server and CA.
    pub id: String,
    /// The context's name.
    pub label: String,
    /// The server's address.
    pub server: String,
    /// The server's version.
    pub version: String,
}

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum Observation {
    /// Changes to apply, in order.
    Changes(Vec<Change>),
    /// How fresh a kind is.
    Freshness(SourceState),
    /// A malformed object was skipped.
    Skipped {
        /// `group/Kind`.
        kind: String,
        /// Which, as far as it could be read.
        name: String,
        /// What was wrong.
        why: String,
    },
    /// Every readable kind was listed once.
    InSync,
}

/// Opens clusters and files with Kubernetes objects.
pub trait Cluster: Send + Sync {
    /// Lists the contexts, as kubectl reads them.
    fn contexts(&self, kubeconfig: Option<String>) -> Result<Vec<Context>, ClusterError>;
    /// Connects: credentials, version, identity.
    fn connect(&self, choice: ContextChoice) -> Answer<'_, Result<Arc<dyn Connection>, ClusterError>>;
    /// Reads a `kubectl get -o json` list, a manifest file or a folder of manifests as changes of the cluster `id`.
    /// Malformed documents are skipped and returned beside.
    fn read_manifests(&self, path: &str, cluster: &str) -> Result<(Vec<Change>, Vec<ClusterError>), ClusterError>;
}

/// One connected cluster, read only.
pub trait Connection: Send + Sync {
    /// Who it is.
    fn identity(&self) -> ClusterIdentity;
    /// Watches every kind the reader may read, until dropped. Probes permission with a list per kind, reconnects by
    /// itself, asks a forbidden kind again once a minute.
    fn watch(&self) -> Flow<Observation>;
    /// Asks `/livez`, 3 s at most.
    fn alive(&self) -> Answer<'_, Result<(), ClusterError>>;
    /// GET through the API server's service proxy; `path` starts with `/`.
    fn proxy_get(&self, target: ProxyTarget, path: String) -> Answer<'_, Result<(u16, Vec<u8>), ClusterError>>;
}

/// A Service's port behind the API server's proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyTarget {
    /// Namespace.
    pub namespace: String,
    /// Service.
    pub service: String,
    /// Port name or number.
    pub port: String,
    /// `http` or `https`.
    pub scheme: String,
}

// -------------------------------------------------------------------------------------------------------- signals

/// Why a source could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SignalError {
    /// A setting that cannot work.
    #[error("`{source_id}` is not configured rightly: {why}")]
    BadSettings {
        /// The source.
        source_id: SourceId,
        /// What is wrong.
        why: String,
    },
    /// Not reachable, or too slow.
    #[error("`{source_id}` at {address} does not answer: {why}")]
    Unreachable {
        /// The source.
        source_id: SourceId,
        /// The address.
        address: String,
        /// What happened.
        why: String,
    },
    /// 401 or 403.
    #[error("`{source_id}` at {address} refused the credentials: {why}")]
    Refused {
        /// The source.
        source_id: SourceId,
        /// The address.
        address: String,
        /// Its words.
        why: String,
    },
    /// 429 or 503, with the time to wait where it is told.
    #[error("`{source_id}` at {address} is busy: {why}")]
    Busy {
        /// The source.
        source_id: SourceId,
        /// The address.
        address: String,
        /// Its words.
        why: String,
        /// `Retry-After` in seconds.
        retry_after: Option<u64>,
    },
    /// An answer that cannot be understood.
    #[error("`{source_id}` at {address} answered something unexpected: {why}")]
    BadAnswer {
        /// The source.
        source_id: SourceId,
        /// The address.
        address: String,
        /// What it was, shortened.
        why: String,
    },
}

/// What a source is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// Alertmanager API v2.
    #[default]
    Alertmanager,
    /// Prometheus HTTP API.
    Prometheus,
    /// Icinga 2 REST API.
    Icinga,
    /// GoAlert GraphQL.
    Goalert,
    /// PagerDuty REST v2.
    Pagerduty,
}

/// How to prove who is asking. The secret itself lies in the vault under the source's id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Credentials {
    /// Nothing.
    #[default]
    None,
    /// Basic authentication.
    Basic {
        /// The user.
        user: String,
    },
    /// A bearer token (also PagerDuty's `Token token=`).
    Bearer,
    /// A client certificate with its key, PEM files.
    ClientCertificate {
        /// Path of the certificate.
        certificate: String,
        /// Path of the key.
        key: String,
    },
}

/// A configured source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSettings {
    /// Its id, `alertmanager:main`.
    pub id: SourceId,
    /// What it is.
    pub kind: SourceKind,
    /// Its address with any path prefix; empty where it is reached through the cluster.
    pub address: String,
    /// The Service behind the API server's proxy, where it is reached through the cluster.
    pub proxy: Option<ProxyTarget>,
    /// How to prove who is asking.
    pub credentials: Credentials,
    /// Path of a private CA in PEM.
    pub ca_file: Option<String>,
    /// `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// Receivers that tell no one, by name, beside those without any integration.
    #[serde(default)]
    pub silent_receivers: Vec<String>,
    /// Seconds between polls; 0 means the default of 5.
    #[serde(default)]
    pub poll_seconds: u32,
}

/// GET through the cluster, for sources behind the API server's proxy.
pub type ProxyGet =
    Arc<dyn Fn(ProxyTarget, String) -> Answer<'static, Result<(u16, Vec<u8>), ClusterError>> + Send + Sync>;

/// Opens sources.
pub trait Signals: Send + Sync {
    /// Opens a source of alerts. `secret` is the password or token.
    fn alerts(
        &self,
        settings: &SourceSettings,
        secret: Option<String>,
        proxy: Option<ProxyGet>,
    ) -> Result<Arc<dyn AlertSource>, SignalError>;
    /// Opens a pager.
    fn pager(&self, settings: &SourceSettings, secret: Option<String>) -> Result<Arc<dyn Pager>, SignalError>;
}

/// What a source of alerts tells in one poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertPoll {
    /// Every alert it has, complete.
    pub alerts: Vec<Alert>,
    /// Silences, Alertmanager only.
    pub silences: Vec<Silence>,
    /// Receivers and whether they tell anybody, Alertmanager only.
    pub receivers: Vec<Receiver>,
    /// Alertmanager's configuration as it answers it, secrets masked by itself.
    pub route_tree: String,
    /// The version the source says it is.
    pub version: String,
    /// Warnings to show (Prometheus partial data).
    pub warnings: Vec<String>,
    /// The source's clock as of its answer (`Date` header), to see clocks that disagree.
    pub source_time: Option<Moment>,
    /// Static labels this source adds to every alert (`external_labels`), to be dropped when joining.
    pub external_labels: crate::resource::Labels,
}

/// A silence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id.
    pub id: String,
    /// Its matchers as `name="value"`.
    pub matchers: Vec<String>,
    /// From.
    pub starts_at: Option<Moment>,
    /// To.
    pub ends_at: Option<Moment>,
    /// By whom.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// `active`, `pending` or `expired`.
    pub state: String,
}

/// A receiver of Alertmanager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Its integrations: `webhook`, `email`, `pagerduty` …
    pub integrations: Vec<String>,
    /// Whether it tells anybody.
    pub tells: bool,
}

/// One span in which an alert fired, read from history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertSpan {
    /// Labels, without `__name__` and `alertstate`.
    pub labels: crate::resource::Labels,
    /// `firing` or `pending`.
    pub state: String,
    /// First sample.
    pub from: Option<Moment>,
    /// Last sample; `None` while it goes on.
    pub to: Option<Moment>,
    /// Seconds between samples: how exactly the ends are known.
    pub step_seconds: u32,
}

/// A source of alerts.
pub trait AlertSource: Send + Sync {
    /// Asks once.
    fn poll(&self) -> Answer<'_, Result<AlertPoll, SignalError>>;
    /// Reads what fired in `window`; a source without history answers nothing.
    fn history(&self, window: Window) -> Answer<'_, Result<Vec<AlertSpan>, SignalError>>;
}

/// What a pager tells in one poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PagerPoll {
    /// Every attempt it knows of since the asked moment, complete as far as it keeps them.
    pub attempts: Vec<PageAttempt>,
    /// Spans for which the pager cannot say what happened (a stream without replay was cut).
    pub gaps: Vec<Window>,
    /// Who is on call, `(policy, step, name)`.
    pub on_call: Vec<(String, u32, String)>,
    /// Things about the answer to show.
    pub warnings: Vec<String>,
    /// The version the pager says it is.
    pub version: String,
}

/// A pager, read only.
pub trait Pager: Send + Sync {
    /// Asks once for everything since `since`.
    fn poll(&self, since: Moment) -> Answer<'_, Result<PagerPoll, SignalError>>;
    /// Live notices where the pager has a stream: each item says that something happened, so that a poll is due at
    /// once, and may carry attempts only the stream tells. Ends when the connection does.
    fn stream(&self) -> Answer<'_, Result<Flow<Vec<PageAttempt>>, SignalError>>;
}

// ---------------------------------------------------------------------------------------------------------- store

/// Why something could not be kept or read back.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is newer than this program.
    #[error("the database `{path}` was written by a newer Broadstreet (schema {found}, this one knows {known})")]
    Newer {
        /// The file or address.
        path: String,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database is older and may not be migrated by opening it (PostgreSQL).
    #[error("the database `{path}` needs a migration (schema {found}, this one needs {known})")]
    NeedsMigration {
        /// The address, without the password.
        path: String,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Another instance holds the file.
    #[error("the database `{path}` is open in another Broadstreet (process {process})")]
    InUse {
        /// The file.
        path: String,
        /// The process id, as far as known.
        process: String,
    },
    /// No space is left.
    #[error("no space left on the disk of `{path}`: {why}")]
    Full {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The place may not be written.
    #[error("may not write `{path}`: {why}")]
    ReadOnly {
        /// The file or folder.
        path: String,
        /// The system's words.
        why: String,
    },
    /// No such thing.
    #[error("no {what} `{name}`")]
    NotFound {
        /// `incident`, `recording`, `file` …
        what: String,
        /// Its id.
        name: String,
    },
    /// A row that does not continue its chain, or is not signed rightly.
    #[error("row {seq} of writer `{writer}` {why}")]
    BrokenChain {
        /// The writer.
        writer: String,
        /// The row's number.
        seq: u64,
        /// What is wrong.
        why: String,
    },
    /// A bundle that is truncated, hostile or changed.
    #[error("the bundle `{path}` {why} (part `{part}`)")]
    BadBundle {
        /// The file.
        path: String,
        /// The part or row.
        part: String,
        /// What is wrong.
        why: String,
    },
    /// Not reachable (PostgreSQL).
    #[error("the database `{path}` does not answer: {why}")]
    Unreachable {
        /// The address, without the password.
        path: String,
        /// What happened.
        why: String,
    },
    /// Anything else the database says.
    #[error("the database `{path}` failed to {attempted}: {why}")]
    Failed {
        /// The file or address.
        path: String,
        /// What was attempted.
        attempted: String,
        /// Its words.
        why: String,
    },
}

/// An incident as the store lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEntry {
    /// Its id.
    pub id: IncidentId,
    /// Its number in this store (INC-0142).
    pub number: i64,
    /// When its first row was recorded.
    pub opened_at: Option<Moment>,
    /// Rows stored.
    pub rows: i64,
    /// True where it came from a bundle and is only read.
    pub imported: bool,
}

/// A piece of a recording as the store lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// Its number.
    pub id: i64,
    /// The cluster it shows; empty where it shows several.
    pub cluster: String,
    /// When its keyframe was taken.
    pub from: Option<Moment>,
    /// The last instant it knows.
    pub until: Option<Moment>,
    /// Bytes at rest.
    pub bytes: i64,
    /// Set while the segment belongs to an incident and is kept with it.
    pub incident: Option<IncidentId>,
}

/// What is used at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageUsed {
    /// The file or address.
    pub path: String,
    /// Bytes of the whole database.
    pub bytes: i64,
    /// Bytes of recordings outside any incident.
    pub rolling_bytes: i64,
    /// Bytes of recordings kept for incidents.
    pub incident_bytes: i64,
    /// Bytes of files.
    pub blob_bytes: i64,
}

/// A bundle that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BundleContents {
    /// The incident.
    pub incident: IncidentId,
    /// Its number where it was made.
    pub number: i64,
    /// Every row.
    pub rows: Vec<Row>,
    /// The recording, in order.
    pub segments: Vec<Segment>,
    /// Attachments, pictures, rendered documents, by id.
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
    /// Documents by name (`postmortem`, `handoff`).
    pub documents: BTreeMap<String, Document>,
    /// Keys that signed: `(writer, public key in hex)`.
    pub keys: Vec<(String, String)>,
    /// The exporter's public key in hex.
    pub exporter: String,
    /// The version of the program that made it.
    pub made_by: String,
}

/// What `verify` found in a bundle that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Parts whose hash was recomputed.
    pub parts: usize,
    /// Rows whose hash and signature were recomputed.
    pub rows: usize,
    /// `(writer, public key, whether this desk has seen it)`.
    pub keys: Vec<(String, String, bool)>,
    /// The exporter's key, and whether this desk has seen it.
    pub exporter: (String, bool),
}

/// What a store tells those who follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Rows were added to this incident, or it was removed.
    Incident(IncidentId),
    /// Anything may have changed: ask again for everything followed.
    Resync,
}

/// What survives. Each method is one transaction.
pub trait Store: Send + Sync {
    /// Appends rows that continue their chains, durable before it answers, and answers those that were stored.
    ///
    /// Rows that are there already (same hash) are left out. Where another row already tells the same transition, the
    /// same `(incident, writer, source, source_id)`, nothing of the batch is stored and the answer is empty: what
    /// stands after it would not continue the chain, so the caller seals the rest anew.
    fn append(&self, rows: Vec<Row>) -> Answer<'_, Result<Vec<Row>, StoreError>>;
    /// Reads every row of an incident, in fold order.
    fn rows(&self, incident: IncidentId) -> Answer<'_, Result<Vec<Row>, StoreError>>;
    /// Reads the rows of an incident stored after the `after`-th, in the order stored, with the new cursor.
    fn rows_after(&self, incident: IncidentId, after: i64) -> Answer<'_, Result<(Vec<Row>, i64), StoreError>>;
    /// Lists incidents, newest first.
    fn incidents(&self) -> Answer<'_, Result<Vec<IncidentEntry>, StoreError>>;
    /// Takes the next human number for a new incident.
    fn open_incident(&self, id: IncidentId, imported: bool) -> Answer<'_, Result<i64, StoreError>>;
    /// Removes a whole incident: rows, its recording, files nobody else names; leaves a tombstone.
    fn remove_incident(&self, id: IncidentId, at: Moment, by: String) -> Answer<'_, Result<(), StoreError>>;
    /// Keeps a segment (new), returns its number.
    fn put_segment(&self, cluster: String, segment: Segment) -> Answer<'_, Result<i64, StoreError>>;
    /// Replaces an open segment by a longer one.
    fn extend_segment(&self, id: i64, segment: Segment) -> Answer<'_, Result<(), StoreError>>;
    /// Lists segments that touch `window`, oldest first; every one where `None`.
    fn segments(&self, window: Option<Window>) -> Answer<'_, Result<Vec<SegmentEntry>, StoreError>>;
    /// Reads one segment.
    fn segment(&self, id: i64) -> Answer<'_, Result<Segment, StoreError>>;
    /// Keeps the segments that touch `window` for an incident, past the rolling window.
    fn keep_segments(&self, incident: IncidentId, window: Window) -> Answer<'_, Result<(), StoreError>>;
    /// Deletes segments outside any incident that ended before `before`, then the oldest until at most `max_bytes` stay.
    fn retain(&self, before: Moment, max_bytes: i64) -> Answer<'_, Result<u64, StoreError>>;
    /// Keeps a file, answers its id.
    fn put_blob(&self, bytes: Vec<u8>) -> Answer<'_, Result<BlobId, StoreError>>;
    /// Reads a file.
    fn blob(&self, id: BlobId) -> Answer<'_, Result<Vec<u8>, StoreError>>;
    /// Keeps a document being written (`postmortem`, `handoff`, a draft of the quick entry) under `(incident, name)`.
    fn put_document(&self, incident: IncidentId, name: String, json: String) -> Answer<'_, Result<(), StoreError>>;
    /// Reads a document; `None` where there is none.
    fn document(&self, incident: IncidentId, name: String) -> Answer<'_, Result<Option<String>, StoreError>>;
    /// Keeps a setting.
    fn put_setting(&self, name: String, json: String) -> Answer<'_, Result<(), StoreError>>;
    /// Reads a setting; `None` where there is none.
    fn setting(&self, name: String) -> Answer<'_, Result<Option<String>, StoreError>>;
    /// Remembers a public key as seen on this desk.
    fn see_key(&self, writer: String, public_key: String) -> Answer<'_, Result<(), StoreError>>;
    /// Lists the public keys this desk has seen.
    fn seen_keys(&self) -> Answer<'_, Result<Vec<(String, String)>, StoreError>>;
    /// Tells of rows added by anybody, this program included: ids only, so read on with [`Store::rows_after`]. Begins
    /// with [`Notice::Resync`], which comes again wherever notices may have been lost.
    fn notices(&self) -> Flow<Notice>;
    /// Says what is used.
    fn used(&self) -> Answer<'_, Result<StorageUsed, StoreError>>;
}

/// Writes and reads bundles; separate from the database because opening one needs none.
pub trait Bundles: Send + Sync {
    /// Encodes a bundle canonically and signs it.
    fn encode(&self, contents: &BundleContents, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, StoreError>;
    /// Reads a bundle, checking everything `verify` checks. `path` only names it in errors.
    fn decode(&self, path: &str, bytes: &[u8]) -> Result<BundleContents, StoreError>;
    /// Re-encodes and compares the whole file, checks every chain and signature.
    fn verify(&self, path: &str, bytes: &[u8], seen: &[(String, String)]) -> Result<Verified, StoreError>;
}

// ---------------------------------------------------------------------------------------------------------- press

/// Why a document could not be printed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot print `{document}`: {why}")]
pub struct PressError {
    /// The document's title.
    pub document: String,
    /// The typesetter's words.
    pub why: String,
}

/// Prints documents.
pub trait Press: Send + Sync {
    /// Typesets a document as PDF. `blobs` holds the pictures it names (SVG or PNG).
    fn pdf(&self, document: &Document, blobs: &BTreeMap<BlobId, Vec<u8>>) -> Result<Vec<u8>, PressError>;
}

// ---------------------------------------------------------------------------------------------------------- vault

/// Keeps secrets in the system's keyring, or in memory where there is none.
pub trait Vault: Send + Sync {
    /// Reads a secret.
    fn secret(&self, name: &str) -> Option<String>;
    /// Keeps a secret; answers whether it survives a restart.
    fn keep(&self, name: &str, secret: &str) -> bool;
    /// Forgets a secret.
    fn forget(&self, name: &str);
    /// Whether secrets kept here survive a restart.
    fn is_lasting(&self) -> bool;
    /// Signs with the device's Ed25519 key, 64 bytes.
    fn sign(&self, bytes: &[u8]) -> Vec<u8>;
    /// The device's public key, 32 bytes.
    fn public_key(&self) -> [u8; 32];
}
