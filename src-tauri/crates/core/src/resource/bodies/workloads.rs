//! What makes pods: controllers, Jobs, and what scales or protects them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Condition, Template, is_zero};
use crate::id::Text;
use crate::resource::Labels;
use crate::time::Moment;

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
    pub current_revision: Text,
    /// `status.updateRevision` of a `StatefulSet`.
    pub update_revision: Text,
    /// `spec.selector`.
    pub selector: Option<Selector>,
    /// `status.conditions`.
    pub conditions: Box<[Condition]>,
    /// `spec.template`.
    pub template: Arc<Template>,
    /// `spec.volumeClaimTemplates[].metadata.name`.
    pub claim_templates: Box<[Text]>,
}

/// A label selector with the API's full semantics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// `matchLabels`.
    pub labels: Labels,
    /// `matchExpressions`.
    pub expressions: Box<[Expression]>,
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
    pub conditions: Box<[Condition]>,
    /// `spec.template`.
    pub template: Arc<Template>,
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
    /// `spec.timeZone`; empty for that of the controller, which is UTC almost everywhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// `spec.concurrencyPolicy: Forbid`: a run that is due waits for one that goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
    /// How many Jobs stand in `status.active`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub active: i64,
    /// True where the object carries a status at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_status: bool,
    /// `spec.jobTemplate.spec.template`.
    pub template: Arc<Template>,
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
    pub conditions: Box<[Condition]>,
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
    /// `status.expectedPods`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub expected: i64,
    /// `status.observedGeneration`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub observed_generation: i64,
    /// `status.conditions`.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub conditions: Box<[Condition]>,
    /// True where the object carries a status at all.
    pub has_status: bool,
}

/// `ControllerRevision`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ControllerRevision {
    /// `revision`.
    pub revision: i64,
}
