//! Health of an object: a state, one sentence, and the field it came from.

mod autoscaler;
mod budget;
mod claim;
mod clock;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod gateway;
mod ingress;
mod job;
mod lost;
mod namespace;
mod node;
mod pod;
mod quota;
mod replicaset;
mod rollup;
mod route;
mod schedule;
mod served;
mod service;
mod statefulset;
mod volume;
#[cfg(test)]
#[rustfmt::skip] // a line a case
mod tests;

use chrono::Duration;
use serde::{Deserialize, Serialize};

pub use clock::Clock;
pub use lost::Lost;
pub(crate) use lost::missing;

use crate::id::Text;
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

/// The states that are counted, worst first: all but that of a kind without a rule.
pub const COUNTED: [HealthState; 6] = [
    HealthState::Critical,
    HealthState::Warning,
    HealthState::Unknown,
    HealthState::Starting,
    HealthState::Well,
    HealthState::Resting,
];

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
    /// Whether what says so is the older `Endpoints`.
    pub are_endpoints: bool,
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
    /// References of the object that lead nowhere and must not.
    pub lost: Vec<Lost>,
    /// How many backends an Ingress or route names, lost ones among them.
    pub routes: usize,
    /// The Services behind webhooks, in the order they are named.
    pub services: Vec<ServiceVerdict>,
    /// The newest Job of a `CronJob`: its name and the verdict on it.
    pub last_job: Option<(Text, Health)>,
    /// The time, as far as it was told.
    pub clock: Clock,
}

/// A pod of a workload as judged.
#[derive(Clone, Debug, Default)]
pub struct PodVerdict {
    /// The pod's name.
    pub name: Text,
    /// The verdict on it.
    pub health: Health,
}

/// A Service behind a webhook as judged.
#[derive(Clone, Debug, Default)]
pub struct ServiceVerdict {
    /// The field that names it.
    pub field: Text,
    /// The Service as `namespace/name`.
    pub name: String,
    /// The verdict on it.
    pub health: Health,
}

/// Something a Service selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A pod that is neither finished nor being deleted.
    Pod {
        /// Whether its `Ready` condition is true.
        ready: bool,
    },
    /// A workload whose template it matches.
    Workload {
        /// Its kind and name.
        name: Text,
        /// How many pods that wants.
        desired: i64,
    },
}

/// Judges an object by its kind's rule: parents are no better than their pods, workloads no better than what their new
/// pods would find. The state is `None` where the kind has no rule.
#[must_use]
pub fn judge(object: &Object, around: &Around) -> Health {
    let no_rule = || Health { state: HealthState::None, ..Health::default() };
    match (&object.body, object.key.kind.as_str()) {
        (Body::Pod(pod), _) => pod::judge(object, pod, &around.clock),
        (Body::Workload(workload), kind) => {
            let own = match kind {
                "Deployment" => deployment::judge(object, workload),
                "StatefulSet" => statefulset::judge(object, workload, &around.pods),
                "DaemonSet" => daemonset::judge(object, workload),
                "ReplicaSet" => replicaset::judge(object, workload),
                _ => return no_rule(),
            };
            lost::no_better(rollup::no_better(own, around), &around.lost)
        }
        (Body::Job(job), _) => lost::no_better(rollup::no_better(job::judge(job), around), &around.lost),
        (Body::CronJob(job), _) => lost::no_better(cronjob::judge(object, job, around), &around.lost),
        (Body::Namespace(namespace), _) => namespace::judge(object, namespace, &around.clock),
        (Body::Node(node), _) => node::judge(object, node, &around.clock),
        (Body::Claim(claim), _) => claim::judge(object, claim, around),
        (Body::Volume(volume), _) => volume::judge(volume),
        (Body::Quota(quota), _) => quota::judge(quota),
        (Body::ConfigMap(_), _) | (Body::Plain(_), "Secret") if object.key.group.is_empty() => lost::found(object),
        (Body::Service(service), _) => service::judge(object, service, around),
        (Body::Ingress(ingress), _) => ingress::judge(object, ingress, around),
        (Body::Gateway(gateway), _) => gateway::judge(gateway, around),
        (Body::Route(route), _) => route::judge(object, route, around),
        (Body::Autoscaler(autoscaler), _) => autoscaler::judge(autoscaler),
        (Body::DisruptionBudget(budget), _) => budget::judge(object, budget),
        (Body::Served(served), _) => served::judge(object, served, around),
        (Body::Scaler(it), _) => custom::judge(object, &it.conditions, it.observed_generation, &around.clock),
        (Body::Custom(it), _) => custom::judge(object, &it.conditions, it.observed_generation, &around.clock),
        (Body::Plain(it), _) => custom::judge(object, &it.conditions, it.observed_generation, &around.clock),
        _ => no_rule(),
    }
}

/// What is deleted is gone within this time where nothing holds it: garbage collection and finalizers take seconds.
const HELD_AFTER: Duration = Duration::minutes(5);

/// Whether an object that is being deleted should have been gone; nothing where it is not, or nobody told the time.
fn is_stuck(object: &Object, clock: &Clock) -> Option<bool> {
    clock.has_come(object.deleted_at? + HELD_AFTER)
}

/// The verdict on an object that should have been gone.
fn stuck(object: &Object) -> Health {
    let held = match &*object.finalizers {
        [] => "nothing says what holds it".to_owned(),
        finalizers => format!("held by {}", finalizers.join(", ")),
    };
    let reason = format!("being deleted for more than {} minutes, {held}", HELD_AFTER.num_minutes());
    Health::new(HealthState::Warning, reason, "metadata.deletionTimestamp")
}

/// The verdict on an object that is being deleted, nothing where it is not.
fn leaving(object: &Object, clock: &Clock) -> Option<Health> {
    object.deleted_at?;
    Some(match is_stuck(object, clock) {
        Some(true) => stuck(object),
        _ => Health::new(HealthState::Resting, "being deleted", "metadata.deletionTimestamp"),
    })
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
