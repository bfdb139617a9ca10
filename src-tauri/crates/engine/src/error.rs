//! What goes wrong in a use case.

use broadstreet_core::ports::{ClusterError, PressError, SignalError, StoreError};

/// Why a use case did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EngineError {
    /// The cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A source of alerts or pages.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The store or a bundle.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The press.
    #[error(transparent)]
    Press(#[from] PressError),
    /// A rule of the product forbids it.
    #[error("{message}")]
    Refused {
        /// What the screen branches on.
        code: String,
        /// Which rule, on what.
        message: String,
        /// The next action.
        hint: String,
    },
    /// A thing that is not there.
    #[error("no {what} `{name}`")]
    NotFound {
        /// What it would be.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
}

impl EngineError {
    /// A refusal with its three parts.
    pub fn refused(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { code: code.to_owned(), message: message.into(), hint: hint.into() }
    }

    /// A thing that is not there.
    pub fn not_found(what: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound { what, name: name.into() }
    }

    /// What the edge branches on.
    pub fn code(&self) -> String {
        match self {
            Self::Cluster(error) => match error {
                ClusterError::NoKubeconfig { .. } => "no_kubeconfig",
                ClusterError::BadKubeconfig { .. } => "bad_kubeconfig",
                ClusterError::UnknownContext { .. } => "unknown_context",
                ClusterError::CredentialPlugin { .. } => "credential_plugin",
                ClusterError::Unauthorized { .. } => "unauthorized",
                ClusterError::Forbidden { .. } => "forbidden",
                ClusterError::Certificate { .. } => "certificate",
                ClusterError::Unreachable { .. } => "unreachable",
                ClusterError::NotKubernetes { .. } => "not_kubernetes",
                ClusterError::Declined { status: 404, .. } => "not_found",
                ClusterError::Declined { .. } => "declined",
                ClusterError::BadManifest { .. } => "bad_manifest",
            },
            Self::Signal(error) => match error {
                SignalError::BadSettings { .. } => "bad_settings",
                SignalError::Unreachable { .. } => "unreachable",
                SignalError::Refused { .. } => "unauthorized",
                SignalError::Busy { .. } => "busy",
                SignalError::BadAnswer { .. } => "bad_answer",
            },
            Self::Store(error) => match error {
                StoreError::Newer { .. } => "database_newer",
                StoreError::NeedsMigration { .. } => "needs_migration",
                StoreError::InUse { .. } => "in_use",
                StoreError::Full { .. } => "disk_full",
                StoreError::ReadOnly { .. } => "read_only",
                StoreError::NotFound { .. } => "not_found",
                StoreError::BrokenChain { .. } => "broken_chain",
                StoreError::BadBundle { .. } => "bad_bundle",
                StoreError::Unreachable { .. } => "unreachable",
                StoreError::Failed { .. } => "store_failed",
            },
            Self::Press(_) => "press_failed",
            Self::Refused { code, .. } => code,
            Self::NotFound { .. } => "not_found",
        }
        .to_owned()
    }

    /// The next action, for a person.
    pub fn hint(&self) -> String {
        match self {
            Self::Cluster(error) => match error {
                ClusterError::NoKubeconfig { .. } => "set KUBECONFIG, pass --kubeconfig, or open a bundle",
                ClusterError::BadKubeconfig { .. } => {
                    "correct the file at the place named; `kubectl config view` reads the same file"
                }
                ClusterError::UnknownContext { .. } => "choose one of the contexts listed",
                ClusterError::CredentialPlugin { .. } => {
                    "run the command in a terminal; install it or log in again, then open the context again"
                }
                ClusterError::Unauthorized { .. } => {
                    "log in again (the token or certificate may have expired), then open the context again"
                }
                ClusterError::Forbidden { .. } => "ask for the missing verb, or open with the namespaces you may read",
                ClusterError::Certificate { .. } => {
                    "check the server's address, tls-server-name and certificate authority in the kubeconfig"
                }
                ClusterError::Unreachable { .. } => {
                    "check the network, VPN and proxy; what was seen before stays on the map as stale"
                }
                ClusterError::NotKubernetes { .. } => {
                    "a proxy or login page seems to stand in between: check proxy-url and NO_PROXY"
                }
                ClusterError::Declined { status: 404, .. } => {
                    "it is gone from the cluster; the recording still shows it as it was"
                }
                ClusterError::Declined { .. } => "try again when it is in a state to be read, as the message says",
                ClusterError::BadManifest { .. } => "correct the file at the place named; everything else was read",
            },
            Self::Signal(error) => match error {
                SignalError::BadSettings { .. } => "correct the source in Settings",
                SignalError::Unreachable { .. } => {
                    "check the address and the network; the last answer stays on screen as stale"
                }
                SignalError::Refused { .. } => "enter the password or token again in Settings",
                SignalError::Busy { .. } => "nothing to do: it is asked again after a pause",
                SignalError::BadAnswer { .. } => "check that the address and path prefix are those of this source",
            },
            Self::Store(error) => match error {
                StoreError::Newer { .. } => "update Broadstreet, or point --data at another folder",
                StoreError::NeedsMigration { .. } => "run `broadstreet db migrate`",
                StoreError::InUse { .. } => "use the window that is open, or close it first",
                StoreError::Full { .. } => "free some space; what was acknowledged is kept, then try again",
                StoreError::ReadOnly { .. } => "allow writing there, or point --data at another folder",
                StoreError::NotFound { .. } => "list what there is, then name one of those",
                StoreError::BrokenChain { .. } => {
                    "this record was changed after it was written; compare with another copy"
                }
                StoreError::BadBundle { .. } => "fetch the bundle again from whoever exported it",
                StoreError::Unreachable { .. } => "check the address and the network, then try again",
                StoreError::Failed { .. } => "try again; if it fails again, keep the file and report the message",
            },
            Self::Press(_) => "export as HTML or Markdown, and report the message",
            Self::Refused { hint, .. } => hint,
            Self::NotFound { .. } => "list what there is, then name one of those",
        }
        .to_owned()
    }
}
