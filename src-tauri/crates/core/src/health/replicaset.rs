//! `ReplicaSet`: the pods it may make, and those that are available (apps/v1).

use arcstr::literal;

use super::deployment::behind;
use super::{Health, HealthState, condition, field, words};
use crate::resource::{Object, Workload};

pub(super) fn judge(object: &Object, workload: &Workload) -> Health {
    if !workload.has_status {
        return Health::never_applied();
    }
    if let Some(health) = behind(object, workload) {
        return health;
    }
    if workload.desired == 0 {
        return Health::new(HealthState::Resting, literal!("scaled to zero"), literal!("spec.replicas"));
    }
    if let Some(failure) = condition(&workload.conditions, "ReplicaFailure").filter(|c| c.status == "True") {
        let reason = format!("cannot make pods: {}", words(failure));
        return Health::new(HealthState::Critical, reason, field("ReplicaFailure"));
    }
    let counts = format!("{} of {} available", workload.available, workload.desired);
    let place = "status.availableReplicas";
    let state = match workload.available {
        available if available >= workload.desired => HealthState::Well,
        // Pods that are not made yet, or made and not yet ready, are on their way; ready ones were available before.
        _ if workload.current < workload.desired => HealthState::Starting,
        0 if workload.ready == 0 => HealthState::Critical,
        _ => HealthState::Warning,
    };
    Health::new(state, counts, place)
}
