//! Kinds beside the pods: what serves the API server, what measures, what scales, and custom kinds we know the fields of.

use serde::{Deserialize, Serialize};

use super::{Condition, Selector, is_zero};

/// An object named in full, and the field that names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The field path, such as `spec.rules[0].backendRefs[1]`.
    pub field: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; empty for that of the object that names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What the API server calls through a Service: webhook configurations, an `APIService`, the conversion of a
/// `CustomResourceDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// The Services, each told once.
    pub services: Vec<ServedBy>,
    /// `status.conditions`.
    #[serde(default)]
    pub conditions: Box<[Condition]>,
    /// How many webhooks are called by a URL instead.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outside: i64,
}

/// A Service the API server calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedBy {
    /// The Service.
    pub service: Reference,
    /// The port; 443 where none is given.
    pub port: u16,
    /// `failurePolicy: Ignore` on every webhook behind it: what it judges goes on without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

/// `ServiceMonitor` or `PodMonitor`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    /// `spec.selector`; empty selects everything.
    pub selector: Selector,
    /// `spec.namespaceSelector.any`.
    pub anywhere: bool,
    /// `spec.namespaceSelector.matchNames`; its own namespace where there are none.
    pub namespaces: Vec<String>,
    /// Names of the ports it asks; empty where one endpoint names its port otherwise.
    pub ports: Vec<String>,
}

/// `VerticalPodAutoscaler` or KEDA's `ScaledObject`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    /// What it scales.
    pub target: Reference,
    /// `status.conditions`.
    #[serde(default)]
    pub conditions: Box<[Condition]>,
    /// `status.observedGeneration`, or the oldest a condition was read at; 0 where nothing says it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub observed_generation: i64,
}

/// A custom kind on the list of those whose references are known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Custom {
    /// The objects it names.
    pub references: Vec<Reference>,
    /// `status.conditions`.
    #[serde(default)]
    pub conditions: Box<[Condition]>,
    /// `status.observedGeneration`, or the oldest a condition was read at; 0 where nothing says it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub observed_generation: i64,
}
