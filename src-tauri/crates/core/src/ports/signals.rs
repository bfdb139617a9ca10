//! Sources of alerts and pagers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answer, ClusterError, Flow, ProxyRequest, ProxyTarget};
use crate::alerts::Alert;
use crate::id::SourceId;
use crate::observed::CallsPoll;
use crate::pages::PageAttempt;
use crate::time::{Moment, Window};

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

impl Credentials {
    /// Whether a secret of the vault goes with them.
    #[must_use]
    pub fn need_secret(&self) -> bool {
        matches!(self, Self::Basic { .. } | Self::Bearer)
    }
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
    /// How to prove who is asking; nothing of it passes the API server's proxy.
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
    /// The context of the cluster it belongs to: through which it is reached, and whose alerts and calls it tells. Empty
    /// for the only one that is open.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster: String,
}

/// GET through the cluster, for sources behind the API server's proxy.
pub type ProxyGet = Arc<dyn Fn(ProxyRequest) -> Answer<'static, Result<(u16, Vec<u8>), ClusterError>> + Send + Sync>;

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
    /// The cluster its source belongs to, by its id; empty where it belongs to none. An adapter leaves it empty.
    pub cluster: String,
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

/// What fired in a window, read from history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertHistory {
    /// Each span in which an alert fired.
    pub spans: Vec<AlertSpan>,
    /// Things about the answer to show: it may be partial.
    pub warnings: Vec<String>,
}

/// A source of alerts.
pub trait AlertSource: Send + Sync {
    /// Asks once.
    fn poll(&self) -> Answer<'_, Result<AlertPoll, SignalError>>;
    /// Reads what fired in `window`; a source without history answers nothing.
    fn history(&self, window: Window) -> Answer<'_, Result<AlertHistory, SignalError>>;
    /// Asks once which calls were observed; a source that keeps no series answers nothing.
    fn calls(&self) -> Answer<'_, Result<CallsPoll, SignalError>> {
        Box::pin(std::future::ready(Ok(CallsPoll::default())))
    }
    /// Samples a question over `window` at about `points` instants; a source that keeps no series has none.
    fn series(&self, _query: String, _window: Window, _points: u32) -> Answer<'_, Result<Sampled, SignalError>> {
        Box::pin(std::future::ready(Ok(Sampled::default())))
    }
}

/// A series over a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// Instants and values, in order; finite values only.
    pub points: Vec<(Moment, f64)>,
    /// Seconds between two instants.
    pub step_seconds: u32,
    /// Warnings of the source: the data may be partial.
    pub notes: Vec<String>,
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
    /// The pager's own clock as of the answer, where it tells.
    pub source_time: Option<Moment>,
}

/// A pager, read only.
pub trait Pager: Send + Sync {
    /// Asks once for everything since `since`.
    fn poll(&self, since: Moment) -> Answer<'_, Result<PagerPoll, SignalError>>;
    /// Live notices where the pager has a stream: each item says that something happened, so that a poll is due at
    /// once, and may carry attempts only the stream tells. Ends when the connection does.
    fn stream(&self) -> Answer<'_, Result<Flow<Vec<PageAttempt>>, SignalError>>;
}
