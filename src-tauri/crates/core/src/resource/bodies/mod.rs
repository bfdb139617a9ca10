//! What each kind adds to the metadata every object has.

mod gateway;
mod network;
mod others;
mod pods;
mod storage;
mod told;
mod workloads;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::Text;
use crate::resource::Uid;
use crate::time::Moment;

pub use gateway::{Gateway, Grant, Route, RouteBackend, RouteParent};
pub use network::{
    Endpoint, EndpointSlice, Ingress, IngressBackend, NetworkPolicy, Peer, PolicyPort, PolicyRule, Port, Service,
};
pub use others::{Custom, Monitor, Reference, Scaler, Served, ServedBy};
pub use pods::{ContainerStatus, HostName, HostToken, NamedUse, Pod, Template, Terminated};
pub use storage::{Claim, ConfigMap, Quota, QuotaLimit, Volume};
pub(crate) use told::BODY;
pub(super) use told::read as read_body;
pub use workloads::{Autoscaler, ControllerRevision, CronJob, DisruptionBudget, Expression, Job, Selector, Workload};

/// What a kind adds to the metadata every object has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// Namespace.
    Namespace(Box<Namespace>),
    /// Node.
    Node(Box<Node>),
    /// Pod.
    Pod(Box<Pod>),
    /// Deployment, `StatefulSet`, `DaemonSet` or `ReplicaSet`; the key says which.
    Workload(Box<Workload>),
    /// Job.
    Job(Box<Job>),
    /// `CronJob`.
    CronJob(Box<CronJob>),
    /// Service.
    Service(Box<Service>),
    /// `EndpointSlice`.
    EndpointSlice(Box<EndpointSlice>),
    /// Ingress.
    Ingress(Box<Ingress>),
    /// `NetworkPolicy`.
    NetworkPolicy(Box<NetworkPolicy>),
    /// `ConfigMap`: key names and host tokens by key.
    ConfigMap(Box<ConfigMap>),
    /// `PersistentVolumeClaim`.
    Claim(Box<Claim>),
    /// `PersistentVolume`.
    Volume(Box<Volume>),
    /// `ResourceQuota`.
    Quota(Box<Quota>),
    /// `RoleBinding` or `ClusterRoleBinding`.
    Binding(Box<Binding>),
    /// `HorizontalPodAutoscaler`.
    Autoscaler(Box<Autoscaler>),
    /// `PodDisruptionBudget`.
    DisruptionBudget(Box<DisruptionBudget>),
    /// Event.
    Event(Box<Event>),
    /// `ControllerRevision`.
    ControllerRevision(Box<ControllerRevision>),
    /// Gateway.
    Gateway(Box<Gateway>),
    /// A route of the Gateway API; the key says which.
    Route(Box<Route>),
    /// `ReferenceGrant`.
    Grant(Box<Grant>),
    /// Webhook configurations, `APIService`, `CustomResourceDefinition`: what the API server calls through a Service.
    Served(Box<Served>),
    /// `ServiceMonitor` or `PodMonitor`.
    Monitor(Box<Monitor>),
    /// `VerticalPodAutoscaler` or `ScaledObject`.
    Scaler(Box<Scaler>),
    /// A custom kind whose references are known.
    Custom(Box<Custom>),
    /// A kind known by its metadata alone: Secret, `ServiceAccount`, Role, `StorageClass`, `IngressClass` …
    Plain(Box<Plain>),
}

impl Body {
    /// The template of a pod or of what makes pods; nothing for every other kind.
    #[must_use]
    pub fn template(&self) -> Option<&Arc<Template>> {
        match self {
            Self::Pod(it) => Some(&it.template),
            Self::Workload(it) => Some(&it.template),
            Self::Job(it) => Some(&it.template),
            Self::CronJob(it) => Some(&it.template),
            _ => None,
        }
    }
}

/// Each body stands in a place of its own: an object is as small as its kind lets it be.
macro_rules! boxed {
    ($($kind:ident)*) => {
        $(impl From<$kind> for Body {
            fn from(body: $kind) -> Self {
                Self::$kind(Box::new(body))
            }
        })*
    };
}

boxed! {
    Namespace Node Pod Workload Job CronJob Service EndpointSlice Ingress NetworkPolicy ConfigMap Claim Volume Quota Binding
    Autoscaler DisruptionBudget Event ControllerRevision Gateway Route Grant Served Monitor Scaler Custom Plain
}

/// Namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// `status.phase`.
    pub phase: String,
    /// `status.conditions`.
    pub conditions: Box<[Condition]>,
}

/// One entry of `status.conditions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `type`.
    pub r#type: Text,
    /// `status`: `True`, `False` or `Unknown`.
    pub status: Text,
    /// `reason`.
    #[serde(default)]
    pub reason: Text,
    /// `message`.
    #[serde(default)]
    pub message: Text,
    /// `lastTransitionTime`.
    #[serde(default)]
    pub changed_at: Option<Moment>,
    /// `lastUpdateTime`, only where a rollout ended: there `lastTransitionTime` may be that of an earlier rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Moment>,
}

/// Node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// `spec.unschedulable`.
    pub cordoned: bool,
    /// `spec.taints` as `key[=value]:effect`.
    pub taints: Vec<String>,
    /// `status.conditions`, without heartbeat times.
    pub conditions: Box<[Condition]>,
    /// `status.addresses[].address`.
    pub addresses: Vec<String>,
    /// `status.nodeInfo.kubeletVersion`.
    pub kubelet_version: String,
    /// False where the node's Lease stopped being renewed; unknown until leases were read.
    #[serde(default)]
    pub lease_fresh: Option<bool>,
}

/// `RoleBinding` or `ClusterRoleBinding`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// `roleRef.kind`.
    pub role_kind: String,
    /// `roleRef.name`.
    pub role_name: String,
    /// `subjects` as `(kind, namespace, name)`.
    pub subjects: Vec<(String, String, String)>,
}

/// Event, core/v1 or events.k8s.io/v1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `involvedObject` or `regarding` as `(group, kind, namespace, name)`.
    pub about: (String, String, String, String),
    /// It stands in `regarding`, as `events.k8s.io` has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub regarding: bool,
    /// UID of that object; for a Node often its name.
    pub about_uid: Uid,
    /// `type`: `Normal` or `Warning`.
    pub r#type: String,
    /// `reason`.
    pub reason: String,
    /// `message` or `note`, at most 1,024 characters.
    pub message: String,
    /// `series.count`, `count` or 1.
    pub count: i64,
    /// `firstTimestamp`, `eventTime` or the creation.
    pub first_at: Option<Moment>,
    /// `series.lastObservedTime`, `lastTimestamp`, `eventTime` or the creation.
    pub last_at: Option<Moment>,
    /// `source.component` or `reportingController`.
    pub component: String,
}

/// A kind known by its metadata, its phase and its conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plain {
    /// `status.conditions` where the kind has them.
    #[serde(default)]
    pub conditions: Box<[Condition]>,
    /// `status.observedGeneration`, or the oldest a condition was read at; 0 where nothing says it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub observed_generation: i64,
}

/// What is not told costs a recording nothing.
fn is_nothing(text: &Text) -> bool {
    text.is_empty()
}

/// The same of a number.
#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
fn is_zero(number: &i64) -> bool {
    *number == 0
}
