//! Health of an object: a state, one sentence, and the field it came from.

mod autoscaler;
mod claim;
mod daemonset;
mod deployment;
mod job;
mod node;
mod pod;
mod rollup;
mod service;
mod statefulset;
#[cfg(test)]
#[rustfmt::skip] // a line a case
mod tests;

use serde::{Deserialize, Serialize};

use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Condition, Object};

/// How an object is, worst first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It does not do its work.
    Critical,
    /// It does part of its work, or will soon not.
    Warning,
    /// Nobody said, or what was said is stale or forbidden.
    #[default]
    Unknown,
    /// On its way up.
    Starting,
    /// A source said so and is fresh.
    Well,
    /// Completed, suspended or scaled to zero.
    Resting,
    /// The kind has no rule.
    None,
}

/// A verdict with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The state.
    pub state: HealthState,
    /// One sentence for a person, empty only for `None`.
    pub reason: Text,
    /// The field that says so, such as `status.containerStatuses[0].state.waiting.reason`.
    pub field: Text,
    /// Cordoned or quarantined, beside the state.
    #[serde(default)]
    pub contained: bool,
}

impl Health {
    /// A verdict with its reason and the field that says so.
    fn new(state: HealthState, reason: impl Into<Text>, field: impl Into<Text>) -> Self {
        Self { state, reason: reason.into(), field: field.into(), contained: false }
    }

    /// The verdict on something that was never applied: files say what should be, not what is.
    fn never_applied() -> Self {
        Self::new(
            HealthState::Unknown,
            "nobody reported a status: it was never applied, or nothing acts on it",
            "status",
        )
    }
}

/// What a rule needs to know beside the object itself.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// How many pods below a workload or Job are not being deleted.
    pub pod_count: usize,
    /// Those of them that are neither well nor at rest, ordered by name.
    pub pods: Vec<PodVerdict>,
    /// Whether fresh EndpointSlices can be had at all.
    pub slices_known: bool,
    /// Whether a Service has any slice.
    pub has_slices: bool,
    /// Endpoints in a Service's slices.
    pub endpoints: usize,
    /// Those of them that are ready and not terminating.
    pub ready_endpoints: usize,
    /// Whether fresh pods can be had at all.
    pub pods_known: bool,
    /// What a Service selects.
    pub backends: Vec<Backend>,
    /// Reason and message of the newest Event about the object.
    pub last_event: Option<(String, String)>,
}

/// A pod of a workload as judged.
#[derive(Clone, Debug, Default)]
pub struct PodVerdict {
    /// The pod's name.
    pub name: Text,
    /// The verdict on it.
    pub health: Health,
}

/// Something a Service selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A pod that is neither finished nor being deleted.
    Pod {
        /// Whether its `Ready` condition is true.
        ready: bool,
    },
    /// A workload whose template it matches.
    Workload {
        /// How many pods that wants.
        desired: i64,
    },
}

/// True for kinds that have a rule.
#[must_use]
pub fn has_rule(key: &ObjectKey) -> bool {
    matches!(
        (key.group.as_str(), key.kind.as_str()),
        ("", "Pod" | "Node" | "PersistentVolumeClaim" | "Service")
            | ("apps", "Deployment" | "StatefulSet" | "DaemonSet")
            | ("batch", "Job")
            | ("autoscaling", "HorizontalPodAutoscaler")
    )
}

/// Judges an object by its kind's rule; parents are no better than their pods.
#[must_use]
pub fn judge(object: &Object, around: &Around) -> Health {
    match (&object.body, object.key.kind.as_str()) {
        (Body::Pod(pod), _) => pod::judge(object, pod),
        (Body::Workload(workload), "Deployment") => rollup::no_better(deployment::judge(object, workload), around),
        (Body::Workload(workload), "StatefulSet") => {
            rollup::no_better(statefulset::judge(object, workload, &around.pods), around)
        }
        (Body::Workload(workload), "DaemonSet") => rollup::no_better(daemonset::judge(object, workload), around),
        (Body::Job(job), _) => rollup::no_better(job::judge(job), around),
        (Body::Node(node), _) => node::judge(object, node),
        (Body::Claim(claim), _) => claim::judge(object, claim, around),
        (Body::Service(service), _) => service::judge(object, service, around),
        (Body::Autoscaler(autoscaler), _) => autoscaler::judge(autoscaler),
        _ => Health { state: HealthState::None, ..Health::default() },
    }
}

/// A condition by its type.
fn condition<'a>(conditions: &'a [Condition], r#type: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.r#type == r#type)
}

/// True where a condition of the type has the status.
fn is(conditions: &[Condition], r#type: &str, status: &str) -> bool {
    condition(conditions, r#type).is_some_and(|condition| condition.status == status)
}

/// What a condition says for itself: its message, or its reason where it has none.
fn words(condition: &Condition) -> String {
    match (condition.message.as_str(), condition.reason.as_str()) {
        ("", "") => format!("{} is {}", condition.r#type, condition.status),
        ("", reason) => reason.to_owned(),
        (message, "") => message.to_owned(),
        (message, reason) => format!("{reason}: {message}"),
    }
}

/// The field of a condition.
fn field(r#type: &str) -> String {
    format!("status.conditions[{}]", r#type)
}
