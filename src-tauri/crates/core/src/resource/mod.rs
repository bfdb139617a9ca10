//! A Kubernetes object reduced to what a war room needs.
//!
//! Never in here: values of Secrets, of ConfigMaps and of environment variables. Texts in which an address may stand
//! are read for host tokens and dropped ([`HostToken`]).

mod hosts;
mod json;
mod kinds;
mod reduce;
mod selector;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::ObjectKey;
use crate::time::Moment;

pub use hosts::hash_host;
pub use kinds::{KINDS, KindInfo, group_of};
pub use reduce::{Malformed, reduce};

/// Labels, ordered by key.
pub type Labels = BTreeMap<String, String>;

/// One object as the war room keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Where it lives.
    pub key: ObjectKey,
    /// `metadata.uid`; empty for manifests that were never applied.
    #[serde(default)]
    pub uid: String,
    /// `metadata.resourceVersion`, opaque.
    #[serde(default)]
    pub resource_version: String,
    /// `metadata.creationTimestamp`.
    #[serde(default)]
    pub created_at: Option<Moment>,
    /// `metadata.deletionTimestamp`.
    #[serde(default)]
    pub deleted_at: Option<Moment>,
    /// `metadata.generation`; 0 where the kind has none.
    #[serde(default)]
    pub generation: i64,
    /// `metadata.labels`.
    #[serde(default)]
    pub labels: Labels,
    /// The annotations on the allow-list, nothing else.
    #[serde(default)]
    pub annotations: Labels,
    /// `metadata.ownerReferences`.
    #[serde(default)]
    pub owners: Vec<Owner>,
    /// `metadata.finalizers`.
    #[serde(default)]
    pub finalizers: Vec<String>,
    /// What the kind adds.
    pub body: Body,
}

/// One entry of `metadata.ownerReferences`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The owner's API group, from its `apiVersion`.
    pub group: String,
    /// The owner's kind.
    pub kind: String,
    /// The owner's name.
    pub name: String,
    /// The owner's UID, what the match goes by.
    pub uid: String,
    /// Whether this owner is the managing controller.
    pub controller: bool,
}

/// What a kind adds to the metadata every object has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// Namespace.
    Namespace(Namespace),
    /// Node.
    Node(Node),
    /// Pod.
    Pod(Pod),
    /// Deployment, `StatefulSet`, `DaemonSet` or `ReplicaSet`; the key says which.
    Workload(Workload),
    /// Job.
    Job(Job),
    /// `CronJob`.
    CronJob(CronJob),
    /// Service.
    Service(Service),
    /// `EndpointSlice`.
    EndpointSlice(EndpointSlice),
    /// Ingress.
    Ingress(Ingress),
    /// `NetworkPolicy`.
    NetworkPolicy(NetworkPolicy),
    /// `ConfigMap`: key names and host tokens by key.
    ConfigMap(ConfigMap),
    /// `PersistentVolumeClaim`.
    Claim(Claim),
    /// `PersistentVolume`.
    Volume(Volume),
    /// `RoleBinding` or `ClusterRoleBinding`.
    Binding(Binding),
    /// `HorizontalPodAutoscaler`.
    Autoscaler(Autoscaler),
    /// `PodDisruptionBudget`.
    DisruptionBudget(DisruptionBudget),
    /// Event.
    Event(Event),
    /// `ControllerRevision`.
    ControllerRevision(ControllerRevision),
    /// A kind known by its metadata alone: Secret, `ServiceAccount`, Role, `StorageClass`, `IngressClass` …
    Plain(Plain),
}

/// Namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// `status.phase`.
    pub phase: String,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
}

/// One entry of `status.conditions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `type`.
    pub r#type: String,
    /// `status`: `True`, `False` or `Unknown`.
    pub status: String,
    /// `reason`.
    #[serde(default)]
    pub reason: String,
    /// `message`.
    #[serde(default)]
    pub message: String,
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
    pub conditions: Vec<Condition>,
    /// `status.addresses[].address`.
    pub addresses: Vec<String>,
    /// `status.nodeInfo.kubeletVersion`.
    pub kubelet_version: String,
    /// False where the node's Lease stopped being renewed; unknown until leases were read.
    #[serde(default)]
    pub lease_fresh: Option<bool>,
}

/// Pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    /// `spec`, as for a template.
    pub template: Template,
    /// `spec.nodeName`; empty while unscheduled.
    pub node: String,
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`.
    pub reason: String,
    /// `status.message`.
    pub message: String,
    /// `status.podIP`.
    pub ip: String,
    /// `status.hostIP`.
    pub host_ip: String,
    /// `status.startTime`.
    pub started_at: Option<Moment>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// `status.initContainerStatuses` then `status.containerStatuses`.
    pub containers: Vec<ContainerStatus>,
}

/// The state of one container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerStatus {
    /// `name`.
    pub name: String,
    /// Whether it stands in `initContainerStatuses`.
    pub init: bool,
    /// `ready`.
    pub ready: bool,
    /// `restartCount`.
    pub restarts: i64,
    /// `image`.
    pub image: String,
    /// `state.waiting.reason`; empty where not waiting.
    pub waiting: String,
    /// `state.waiting.message`, shortened to 300 characters.
    pub waiting_message: String,
    /// `state.running.startedAt`.
    pub running_since: Option<Moment>,
    /// `state.terminated`.
    pub terminated: Option<Terminated>,
    /// `lastState.terminated`.
    pub last_terminated: Option<Terminated>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Terminated {
    /// `exitCode`.
    pub exit_code: i64,
    /// `reason`.
    pub reason: String,
    /// `finishedAt`.
    pub finished_at: Option<Moment>,
}

/// A pod's spec or a controller's pod template: its labels and everything it names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Labels the pods get; for a pod its own labels.
    pub labels: Labels,
    /// `serviceAccountName`; `default` where the API would default it.
    pub service_account: String,
    /// Image by container name, in the order of the spec, init containers first.
    pub images: Vec<(String, String)>,
    /// Names of environment variables by container, values never.
    pub env_names: Vec<String>,
    /// ConfigMaps named, with the field that names them.
    pub config_maps: Vec<NamedUse>,
    /// Secrets named, with the field that names them.
    pub secrets: Vec<NamedUse>,
    /// Claims named, with the field that names them.
    pub claims: Vec<NamedUse>,
    /// Host tokens found in environment values, arguments and commands.
    pub hosts: Vec<HostToken>,
    /// ConfigMaps mounted as a volume or read whole, whose host tokens count as this template's.
    pub mounted_config_maps: Vec<NamedUse>,
    /// Single keys of ConfigMaps read into the environment, whose host tokens count as this template's.
    #[serde(default)]
    pub config_keys: Vec<(NamedUse, String)>,
}

/// A name in a spec, and the field it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedUse {
    /// The name of the object used, in the same namespace.
    pub name: String,
    /// The field path, such as `spec.template.spec.containers[0].envFrom[0].configMapRef.name`.
    pub field: String,
    /// True where the spec says the object may be missing.
    pub optional: bool,
}

/// Something in a value that may be the address of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostToken {
    /// The field it was read from, such as `spec.template.spec.containers[0].env[REDIS_ADDR].value`.
    pub field: String,
    /// What was read.
    pub host: HostName,
    /// The port, where one was given.
    pub port: Option<u16>,
}

/// A host name as far as it may be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostName {
    /// Written out, because its shape is a cluster address: one label with a port, `x.y.svc…`, or inside a URL.
    Written(String),
    /// A bare word or `a.b` that could be a Service's name or could be a password: only 40 bits of its SHA-256 are kept.
    Hashed(u64),
}

/// Deployment, `StatefulSet`, `DaemonSet` or `ReplicaSet`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// `spec.replicas`; for a `DaemonSet` `status.desiredNumberScheduled`.
    pub desired: i64,
    /// `status.replicas`; for a `DaemonSet` `currentNumberScheduled`.
    pub current: i64,
    /// `status.readyReplicas` or `numberReady`.
    pub ready: i64,
    /// `status.availableReplicas` or `numberAvailable`.
    pub available: i64,
    /// `status.updatedReplicas` or `updatedNumberScheduled`.
    pub updated: i64,
    /// `status.numberMisscheduled`; 0 elsewhere.
    pub misscheduled: i64,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// True where the object carries a status at all; a manifest that was never applied does not.
    pub has_status: bool,
    /// `spec.paused`.
    pub paused: bool,
    /// `status.currentRevision` of a `StatefulSet`.
    pub current_revision: String,
    /// `status.updateRevision` of a `StatefulSet`.
    pub update_revision: String,
    /// `spec.selector`.
    pub selector: Option<Selector>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// `spec.template`.
    pub template: Template,
    /// `spec.volumeClaimTemplates[].metadata.name`.
    pub claim_templates: Vec<String>,
}

/// A label selector with the API's full semantics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// `matchLabels`.
    pub labels: Labels,
    /// `matchExpressions`.
    pub expressions: Vec<Expression>,
}

/// One entry of `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expression {
    /// `key`.
    pub key: String,
    /// `operator`: `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: String,
    /// `values`.
    pub values: Vec<String>,
}

/// Job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// `spec.completions`.
    pub completions: Option<i64>,
    /// `spec.suspend`.
    pub suspended: bool,
    /// `status.active`.
    pub active: i64,
    /// `status.succeeded`.
    pub succeeded: i64,
    /// `status.failed`.
    pub failed: i64,
    /// True where the object carries a status at all.
    pub has_status: bool,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// `spec.template`.
    pub template: Template,
}

/// `CronJob`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CronJob {
    /// `spec.schedule`.
    pub schedule: String,
    /// `spec.suspend`.
    pub suspended: bool,
    /// `status.lastScheduleTime`.
    pub last_schedule: Option<Moment>,
    /// `status.lastSuccessfulTime`.
    pub last_success: Option<Moment>,
    /// `spec.jobTemplate.spec.template`.
    pub template: Template,
}

/// Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// `spec.type`.
    pub r#type: String,
    /// `spec.selector`; empty selects nothing.
    pub selector: Labels,
    /// `spec.ports`.
    pub ports: Vec<Port>,
    /// `spec.externalName`.
    pub external_name: String,
    /// `spec.clusterIP`.
    pub cluster_ip: String,
}

/// A port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// `name`.
    pub name: String,
    /// `port`.
    pub number: u16,
}

/// `EndpointSlice`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndpointSlice {
    /// Label `kubernetes.io/service-name`.
    pub service: String,
    /// `endpoints`.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint of a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `addresses`.
    pub addresses: Vec<String>,
    /// `targetRef.uid`.
    pub target_uid: String,
    /// `targetRef.name` where it is a pod.
    pub target_pod: String,
    /// `conditions.ready`; absent means ready.
    pub ready: bool,
    /// `conditions.serving`.
    pub serving: bool,
    /// `conditions.terminating`.
    pub terminating: bool,
}

/// Ingress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ingress {
    /// `spec.ingressClassName`, or the old annotation.
    pub class: String,
    /// Every backend with the field that names it.
    pub backends: Vec<IngressBackend>,
    /// `spec.tls[].secretName` with the field.
    pub tls: Vec<NamedUse>,
}

/// A backend of an Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngressBackend {
    /// The field path of the name.
    pub field: String,
    /// `service.name`; empty where the backend is a resource.
    pub service: String,
    /// `service.port.name` or the number as text; empty where none is given.
    pub port: String,
    /// `resource` as `group/kind/name`; empty where the backend is a Service.
    pub resource: String,
}

/// `NetworkPolicy`, as far as the plan needs it now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkPolicy {
    /// `spec.podSelector`.
    pub selector: Selector,
    /// `spec.policyTypes`.
    pub types: Vec<String>,
}

/// `ConfigMap`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigMap {
    /// Names of the keys of `data` and `binaryData`.
    pub keys: Vec<String>,
    /// Host tokens in the values of `data`; `field` is `data[<key>]`.
    pub hosts: Vec<HostToken>,
}

/// `PersistentVolumeClaim`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// `status.phase`.
    pub phase: String,
    /// `spec.volumeName`.
    pub volume: String,
    /// `spec.storageClassName`.
    pub class: String,
    /// `spec.accessModes`.
    pub access_modes: Vec<String>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
}

/// `PersistentVolume`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`.
    pub reason: String,
    /// `spec.claimRef` as `namespace/name`.
    pub claim: String,
    /// `spec.claimRef.uid`.
    pub claim_uid: String,
    /// `spec.storageClassName`.
    pub class: String,
    /// Node names and zones of `spec.nodeAffinity`, as `key=value`.
    pub affinity: Vec<String>,
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

/// `HorizontalPodAutoscaler`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Autoscaler {
    /// `spec.scaleTargetRef` as `(group, kind, name)`.
    pub target: (String, String, String),
    /// `spec.minReplicas`.
    pub min: i64,
    /// `spec.maxReplicas`.
    pub max: i64,
    /// `status.currentReplicas`.
    pub current: i64,
    /// `status.desiredReplicas`.
    pub desired: i64,
    /// True where the object carries a status at all.
    pub has_status: bool,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
}

/// `PodDisruptionBudget`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DisruptionBudget {
    /// `spec.selector`; null selects nothing, empty selects every pod (policy/v1).
    pub selector: Option<Selector>,
    /// `status.disruptionsAllowed`.
    pub allowed: i64,
    /// `status.currentHealthy`.
    pub healthy: i64,
    /// `status.desiredHealthy`.
    pub desired: i64,
    /// True where the object carries a status at all.
    pub has_status: bool,
}

/// Event, core/v1 or events.k8s.io/v1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `involvedObject` or `regarding` as `(group, kind, namespace, name)`.
    pub about: (String, String, String, String),
    /// UID of that object; for a Node often its name.
    pub about_uid: String,
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

/// `ControllerRevision`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ControllerRevision {
    /// `revision`.
    pub revision: i64,
}

/// A kind known by its metadata, its phase and its conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plain {
    /// `status.conditions` where the kind has them.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}
