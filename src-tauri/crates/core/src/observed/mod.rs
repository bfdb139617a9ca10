//! Calls that somebody measured: what Istio, Linkerd, OpenTelemetry, Hubble, Caretta or Beyla left in a Prometheus
//! (rule 25).
//!
//! [`dialects`] knows what to ask and how each names the two ends of a call, [`read`] turns the answers into calls,
//! [`diff`] into changes of the world. Which object an end is, the world finds out (`world::observed`): by the namespace
//! the source tells, never by a name alone.

mod dialects;
mod diff;
mod read;

use serde::{Deserialize, Serialize};

use crate::id::{SourceId, Text};
use crate::resource::Labels;
use crate::time::Moment;

pub use dialects::{Part, Question, metrics, questions};
pub use diff::{diff, unheard};
pub use read::read;

/// At most so many calls of one observer are asked for, the busiest.
pub const MOST_CALLS: usize = 5_000;

/// Who watched the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observer {
    /// Istio's proxies (`istio_requests_total`).
    Istio,
    /// Linkerd's proxies (`response_total`).
    Linkerd,
    /// The service graph of Tempo or of OpenTelemetry's connector (`traces_service_graph_request_total`).
    ServiceGraph,
    /// Cilium Hubble (`hubble_flows_processed_total`).
    Hubble,
    /// Caretta (`caretta_links_observed`).
    Caretta,
    /// Beyla, or OpenTelemetry's eBPF instrumentation (`beyla_network_flow_bytes_total`).
    Beyla,
}

impl Observer {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Istio, Self::Linkerd, Self::ServiceGraph, Self::Hubble, Self::Caretta, Self::Beyla];

    /// Its name as people say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Istio => "Istio",
            Self::Linkerd => "Linkerd",
            Self::ServiceGraph => "OpenTelemetry service graph",
            Self::Hubble => "Cilium Hubble",
            Self::Caretta => "Caretta",
            Self::Beyla => "Beyla",
        }
    }

    /// The metric that says who calls whom.
    #[must_use]
    pub fn metric(self) -> &'static str {
        match self {
            Self::Istio => "istio_requests_total",
            Self::Linkerd => "response_total",
            Self::ServiceGraph => "traces_service_graph_request_total",
            Self::Hubble => "hubble_flows_processed_total",
            Self::Caretta => "caretta_links_observed",
            Self::Beyla => "beyla_network_flow_bytes_total",
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes.
    #[default]
    Bytes,
    /// Flows as a network plugin saw them.
    Flows,
    /// Requests.
    Requests,
}

/// What the source says an end of a call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// It does not say.
    #[default]
    Nobody,
    /// A workload, by namespace and name.
    Workload,
    /// A Service, by namespace and name.
    Service,
    /// A `service.name` of OpenTelemetry.
    Telemetry,
    /// A host name or an address.
    Place,
}

/// One end of a call, in the source's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct End {
    /// What it is.
    pub is: EndKind,
    /// The cluster, told only where the source knows of several.
    #[serde(default, skip_serializing_if = "arcstr::ArcStr::is_empty")]
    pub cluster: Text,
    /// The namespace; empty where it was not told.
    #[serde(default, skip_serializing_if = "arcstr::ArcStr::is_empty")]
    pub namespace: Text,
    /// The kind of the workload; empty for any.
    #[serde(default, skip_serializing_if = "arcstr::ArcStr::is_empty")]
    pub kind: Text,
    /// The name.
    #[serde(default, skip_serializing_if = "arcstr::ArcStr::is_empty")]
    pub name: Text,
}

impl End {
    /// The end as a person reads it.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.is, self.namespace.as_str(), self.name.as_str()) {
            (EndKind::Nobody, ..) => "an unnamed end".to_owned(),
            (_, "", name) => name.to_owned(),
            (_, namespace, name) => format!("{namespace}/{name}"),
        }
    }
}

/// What identifies a call: the source and observer that told it, and its ends as they were told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId {
    /// The source that was asked.
    pub source: SourceId,
    /// Who observed.
    pub observer: Observer,
    /// Who calls.
    pub from: End,
    /// Who is called.
    pub to: End,
}

/// How much traffic there is, rounded to two digits: what does not change is not recorded again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Measure {
    /// What is counted.
    pub unit: Unit,
    /// Thousandths of a unit each second, over five minutes.
    pub rate: u64,
    /// Of a thousand, how many failed; none where nobody counts failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<u32>,
    /// Ninety-five of a hundred were answered within so many microseconds; none where nobody measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<u64>,
}

/// A call as one observer measured it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedCall {
    /// Which call, told by whom.
    pub id: CallId,
    /// How much of it.
    pub measure: Measure,
    /// True where answers were counted as calls too, and the source does not tell who began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub two_way: bool,
    /// When it was last told; none while it is among what the observer told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Moment>,
}

/// How an observer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObserverState {
    /// The source that was asked.
    pub source: SourceId,
    /// Who observed.
    pub observer: Observer,
    /// The cluster whose traffic it is, by its id.
    pub cluster: Text,
    /// When it answered last.
    pub answered_at: Option<Moment>,
    /// Why it does not answer; empty while it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trouble: String,
    /// What is missing in its last answer, as sentences: spans without a pair, lost events, calls left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One series of an answer at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Its labels.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
}

/// A call as read, before it has a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Who calls.
    pub from: End,
    /// Who is called.
    pub to: End,
    /// How much.
    pub measure: Measure,
    /// See [`ObservedCall::two_way`].
    pub two_way: bool,
}

/// What one observer told in one poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Every call, ordered by its ends.
    pub calls: Vec<Reading>,
    /// What is missing, as sentences.
    pub notes: Vec<String>,
}

/// What a source told of observed calls: an observer that is not there has left no series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallsPoll {
    /// What each observer told, or why it could not be read.
    pub observers: Vec<(Observer, Result<Told, String>)>,
}
