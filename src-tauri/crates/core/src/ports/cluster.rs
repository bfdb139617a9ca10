//! Clusters and files with Kubernetes objects.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answer, Flow};
use crate::id::ObjectKey;
use crate::logs::LogLine;
use crate::time::Moment;
use crate::world::{Change, SourceState};

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
    /// Understood and not answered: what was asked for is not there, or not in a state to be read.
    #[error("the API server declines {what}: {message}")]
    Declined {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The server's message.
        message: String,
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

/// What files tell of a cluster at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What the files are: `manifests`, `must-gather` …
    pub layout: String,
    /// What is known of which kind, where that is not all of them; the objects; the alerts.
    pub changes: Vec<Change>,
    /// True where a file of alerts was among them, whether or not any fired.
    pub brings_alerts: bool,
    /// What could not be read, the first two hundred things by name.
    pub skipped: Vec<ClusterError>,
    /// Files that are about no object: logs, notes.
    pub passed_over: usize,
    /// When the newest file was written.
    pub at: Option<Moment>,
}

/// Opens clusters and files with Kubernetes objects.
pub trait Cluster: Send + Sync {
    /// Lists the contexts, as kubectl reads them.
    fn contexts(&self, kubeconfig: Option<String>) -> Result<Vec<Context>, ClusterError>;
    /// Connects: credentials, version, identity.
    fn connect(&self, choice: ContextChoice) -> Answer<'_, Result<Arc<dyn Connection>, ClusterError>>;
    /// Reads a `kubectl get -o json` list, a manifest file, a folder of manifests, a folder of `kubectl cluster-info
    /// dump`, a must-gather or an insights archive as changes of the cluster `id`. What cannot be read is skipped and
    /// named beside.
    fn read_files(&self, path: &str, cluster: &str) -> Result<Snapshot, ClusterError>;
}

/// One object whole, as a person may see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// YAML in which every value that is or may be a secret is covered ([`crate::resource::cover`]).
    pub yaml: String,
    /// How many values are covered.
    pub covered: u32,
}

/// What to read of what one container printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogsOf {
    /// Namespace.
    pub namespace: String,
    /// Pod.
    pub pod: String,
    /// Container.
    pub container: String,
    /// Of the container before the last restart.
    pub previous: bool,
    /// Go on as long as it prints.
    pub follow: bool,
    /// At most this many of the last lines; 0 for all that the node kept.
    pub tail: u32,
    /// Only what came after.
    pub since: Option<Moment>,
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
    /// How far the server's clock was ahead of ours at the last proof of life, where it told.
    fn clock_ahead(&self) -> Option<chrono::Duration> {
        None
    }
    /// GET through the API server's service proxy.
    fn proxy_get(&self, request: ProxyRequest) -> Answer<'_, Result<(u16, Vec<u8>), ClusterError>>;
    /// Reads one object whole; of a Secret only its metadata.
    ///
    /// # Errors
    /// [`ClusterError::Declined`] where it does not exist or its kind is not one that is read.
    fn manifest(&self, key: ObjectKey) -> Answer<'_, Result<Manifest, ClusterError>>;
    /// Reads what a container printed, line by line, until it ends or is dropped. The first error is the last item.
    fn logs(&self, of: LogsOf) -> Flow<Result<LogLine, ClusterError>>;
}

/// What is asked of a Service behind the API server's proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyRequest {
    /// Which Service.
    pub target: ProxyTarget,
    /// Path and query; starts with `/`.
    pub path: String,
    /// Headers for the Service, such as a tenant. The API server passes them on, but for `Authorization`, which is its own.
    pub headers: Vec<(String, String)>,
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
