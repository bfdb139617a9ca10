//! StatefulSet: ready replicas and an update under way (apps/v1). It has no conditions of its own.

use arcstr::literal;

use super::deployment::behind;
use super::{Health, HealthState, PodVerdict};
use crate::resource::{Object, Workload};

pub(super) fn judge(object: &Object, workload: &Workload, pods: &[PodVerdict]) -> Health {
    if !workload.has_status {
        return Health::never_applied();
    }
    if let Some(health) = behind(object, workload) {
        return health;
    }
    if workload.desired == 0 {
        return Health::new(HealthState::Resting, literal!("scaled to zero"), literal!("spec.replicas"));
    }
    let counts = format!("{} of {} ready", workload.ready, workload.desired);
    let place = "status.readyReplicas";
    let updating = !workload.update_revision.is_empty() && workload.current_revision != workload.update_revision;
    let growing = workload.current < workload.desired;
    let coming = pods.iter().any(|pod| pod.health.state == HealthState::Starting);
    if workload.ready == 0 {
        let state = if coming { HealthState::Starting } else { HealthState::Critical };
        return Health::new(state, counts, place);
    }
    if workload.ready < workload.desired {
        let state = if updating || growing || coming { HealthState::Starting } else { HealthState::Warning };
        return Health::new(state, counts, place);
    }
    if updating && workload.updated < workload.desired {
        let reason = format!("updating: {} of {} updated, {counts}", workload.updated, workload.desired);
        return Health::new(HealthState::Starting, reason, literal!("status.updatedReplicas"));
    }
    Health::new(HealthState::Well, counts, place)
}
