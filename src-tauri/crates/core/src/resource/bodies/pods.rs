//! Pods, and the templates they are made from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Condition;
use crate::id::Text;
use crate::resource::Labels;
use crate::time::Moment;

/// Pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    /// `spec`, as for a template.
    pub template: Arc<Template>,
    /// `spec.nodeName`; empty while unscheduled.
    pub node: Text,
    /// `status.phase`.
    pub phase: Text,
    /// `status.reason`.
    pub reason: Text,
    /// `status.message`.
    pub message: Text,
    /// `status.podIP`.
    pub ip: Text,
    /// `status.hostIP`.
    pub host_ip: Text,
    /// `status.startTime`.
    pub started_at: Option<Moment>,
    /// `status.conditions`.
    pub conditions: Box<[Condition]>,
    /// `status.initContainerStatuses` then `status.containerStatuses`.
    pub containers: Box<[ContainerStatus]>,
}

/// The state of one container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerStatus {
    /// `name`.
    pub name: Text,
    /// Whether it stands in `initContainerStatuses`.
    pub init: bool,
    /// `ready`.
    pub ready: bool,
    /// `restartCount`.
    pub restarts: i64,
    /// `image`.
    pub image: Text,
    /// `state.waiting.reason`; empty where not waiting.
    pub waiting: Text,
    /// `state.waiting.message`, shortened to 300 characters.
    pub waiting_message: Text,
    /// `state.running.startedAt`.
    pub running_since: Option<Moment>,
    /// `state.terminated`.
    pub terminated: Option<Box<Terminated>>,
    /// `lastState.terminated`.
    pub last_terminated: Option<Box<Terminated>>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Terminated {
    /// `exitCode`.
    pub exit_code: i64,
    /// `reason`.
    pub reason: Text,
    /// `finishedAt`.
    pub finished_at: Option<Moment>,
}

/// A pod's spec or a controller's pod template: its labels and everything it names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Labels the pods get; for a pod its own labels.
    pub labels: Arc<Labels>,
    /// `serviceAccountName`; `default` where the API would default it.
    pub service_account: Text,
    /// Image by container name, in the order of the spec, init containers first.
    pub images: Arc<[(Text, Text)]>,
    /// Ports of the containers that have a name, with their number.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub ports: Arc<[(Text, u16)]>,
    /// Names of environment variables by container, values never.
    pub env_names: Arc<[Text]>,
    /// ConfigMaps named, with the field that names them.
    pub config_maps: Arc<[NamedUse]>,
    /// Secrets named, with the field that names them.
    pub secrets: Arc<[NamedUse]>,
    /// Claims named, with the field that names them.
    pub claims: Arc<[NamedUse]>,
    /// Host tokens found in environment values, arguments and commands.
    pub hosts: Arc<[HostToken]>,
    /// ConfigMaps mounted as a volume or read whole, whose host tokens count as this template's.
    pub mounted_config_maps: Arc<[NamedUse]>,
    /// Single keys of ConfigMaps read into the environment or mounted, whose host tokens count as this template's.
    #[serde(default)]
    pub config_keys: Arc<[(NamedUse, String)]>,
    /// What its containers say they are called in telemetry (`OTEL_SERVICE_NAME`, or `service.name` in
    /// `OTEL_RESOURCE_ATTRIBUTES`; OpenTelemetry's environment variables): a name, as any other name kept here.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub telemetry: Arc<[Text]>,
}

/// A name in a spec, and the field it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedUse {
    /// The name of the object used, in the same namespace.
    pub name: Text,
    /// The field path, such as `spec.template.spec.containers[0].envFrom[0].configMapRef.name`.
    pub field: Text,
    /// True where the spec says the object may be missing.
    pub optional: bool,
}

/// Something in a value that may be the address of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostToken {
    /// The field it was read from, such as `spec.template.spec.containers[0].env[REDIS_ADDR].value`.
    pub field: Text,
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
    Written(Text),
    /// A bare word or `a.b` that could be a Service's name or could be a password: only 40 bits of its SHA-256 are kept.
    Hashed(u64),
}
