//! DaemonSet: one available pod on each wanted node, none elsewhere (apps/v1).

use arcstr::literal;

use super::deployment::behind;
use super::{Health, HealthState};
use crate::resource::{Object, Workload};

pub(super) fn judge(object: &Object, workload: &Workload) -> Health {
    if !workload.has_status {
        return Health::never_applied();
    }
    if let Some(health) = behind(object, workload) {
        return health;
    }
    // Worse than a pod too many is none where one is wanted.
    let astray = (workload.misscheduled > 0).then(|| {
        let reason = format!("{} pods run on nodes that should have none", workload.misscheduled);
        Health::new(HealthState::Warning, reason, literal!("status.numberMisscheduled"))
    });
    let own = counts(workload);
    match astray {
        Some(astray) if own.state != HealthState::Critical => astray,
        _ => own,
    }
}

fn counts(workload: &Workload) -> Health {
    if workload.desired == 0 {
        return Health::new(
            HealthState::Resting,
            literal!("no node is wanted"),
            literal!("status.desiredNumberScheduled"),
        );
    }
    let counts = format!("available on {} of {} nodes", workload.available, workload.desired);
    let place = "status.numberAvailable";
    let updating = workload.updated < workload.desired;
    let coming = workload.current < workload.desired;
    match workload.available {
        0 if coming && workload.ready == 0 => Health::new(HealthState::Starting, counts, place),
        0 => Health::new(HealthState::Critical, counts, place),
        available if available < workload.desired => {
            let state = if updating || coming { HealthState::Starting } else { HealthState::Warning };
            Health::new(state, counts, place)
        }
        _ if updating => {
            let reason = format!("updating: {} of {} nodes updated", workload.updated, workload.desired);
            Health::new(HealthState::Starting, reason, literal!("status.updatedNumberScheduled"))
        }
        _ => Health::new(HealthState::Well, counts, place),
    }
}
