//! Kubernetes in and out: contexts, discovery, watches.
//!
//! Everything is read by GET: no review, no write, no probe that changes anything. Objects leave this crate reduced
//! ([`broadstreet_core::resource::reduce`]); no type of kube or k8s-openapi does. No task is started here: a watch is a
//! stream, and whoever polls it drives it.

mod access;
mod connection;
mod evidence;
mod failure;
mod kubeconfig;
mod link;
mod plugin;
mod proxy;
mod snapshot;
mod timer;
mod watch;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::ports::{Answer, Clock, Cluster, ClusterError, Connection, Context, ContextChoice, Snapshot};
use broadstreet_core::time::Moment;

pub use crate::kubeconfig::Places;
pub use crate::proxy::ProxyEnvironment;
pub use crate::timer::Timer;
pub use crate::wire::{Pieces, Wire};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until a small answer begins, and between two pieces of any answer.
    pub answer: Duration,
    /// Until a page of a list begins.
    pub page: Duration,
    /// For `/livez`.
    pub alive: Duration,
    /// For a credential plugin.
    pub plugin: Duration,
    /// For the login shell to tell its PATH.
    pub shell: Duration,
    /// How long a watch is asked to last. The server sends a bookmark shortly before its end, so this is also how
    /// often a quiet kind proves that it is alive. Where there are many watches each lasts longer, so that no more than
    /// a handful is opened a second.
    pub watch: Duration,
    /// How long after that a watch that neither ended nor said anything counts as stalled. Together with the above it
    /// is the longest that a connection may be dead without being noticed: under half a minute.
    pub stall: Duration,
    /// Until a forbidden or absent kind is asked again.
    pub ask_again: Duration,
    /// The longest pause between two tries.
    pub longest_pause: Duration,
    /// Between two looks at the node leases.
    pub leases: Duration,
    /// Objects on a page.
    pub page_size: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            page: Duration::from_secs(60),
            alive: Duration::from_secs(3),
            plugin: Duration::from_secs(30),
            shell: Duration::from_secs(3),
            watch: Duration::from_secs(20),
            stall: Duration::from_secs(5),
            ask_again: Duration::from_secs(60),
            longest_pause: Duration::from_secs(30),
            leases: Duration::from_secs(10),
            page_size: 500,
        }
    }
}

/// What the process was started with, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Where kubeconfigs lie.
    pub places: Places,
    /// Proxies.
    pub proxy: ProxyEnvironment,
}

/// Opens clusters through kubeconfigs, and files with manifests.
#[derive(Clone)]
pub struct KubeCluster {
    limits: Limits,
    environment: Environment,
    clock: Arc<dyn Clock>,
    wire: Option<(Wire, Arc<dyn Timer>)>,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        #[expect(clippy::disallowed_methods, reason = "the default; `with_clock` takes the product's own")]
        chrono::Utc::now()
    }
}

impl KubeCluster {
    /// With the process's environment, the usual limits and the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Environment::of_this_process(), Limits::default())
    }

    /// With another environment and other limits.
    #[must_use]
    pub fn with(environment: Environment, limits: Limits) -> Self {
        // Fails where somebody installed one already; either one will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { limits, environment, clock: Arc::new(SystemClock), wire: None }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Whether the kubeconfig holds what a choice names; the cluster is not asked.
    ///
    /// # Errors
    /// Where there is no kubeconfig, it cannot be read, or has no such context.
    pub fn check(&self, choice: &ContextChoice) -> Result<(), ClusterError> {
        kubeconfig::read(choice.kubeconfig.as_deref(), &self.environment.places)?.choose(choice).map(|_| ())
    }

    /// Over another way than a socket, whatever address the kubeconfig names, and in another time.
    #[must_use]
    pub fn over(self, wire: Wire, timer: Arc<dyn Timer>) -> Self {
        Self { wire: Some((wire, timer)), ..self }
    }
}

impl Default for KubeCluster {
    fn default() -> Self {
        Self::new()
    }
}

impl Cluster for KubeCluster {
    fn contexts(&self, kubeconfig: Option<String>) -> Result<Vec<Context>, ClusterError> {
        Ok(kubeconfig::read(kubeconfig.as_deref(), &self.environment.places)?.contexts())
    }

    fn connect(&self, choice: ContextChoice) -> Answer<'_, Result<Arc<dyn Connection>, ClusterError>> {
        Box::pin(async move {
            let namespaces = choice.namespaces.clone();
            let way = access::Way {
                environment: self.environment.clone(),
                limits: self.limits,
                clock: Arc::clone(&self.clock),
                wire: self.wire.clone(),
            };
            let access = access::Access::open(choice, way).await?;
            let connection = connection::connect(Arc::new(access), namespaces).await?;
            Ok(Arc::new(connection) as Arc<dyn Connection>)
        })
    }

    fn read_files(&self, path: &str, cluster: &str) -> Result<Snapshot, ClusterError> {
        snapshot::read(path, cluster)
    }
}
