//! Deployment: availability, the progress deadline, a rollout under way, pauses (deployment controller, apps/v1).

use arcstr::literal;

use super::{Health, HealthState, condition, field, is, words};
use crate::resource::{Object, Workload};

pub(super) fn judge(object: &Object, workload: &Workload) -> Health {
    if !workload.has_status {
        return Health::never_applied();
    }
    let conditions = &workload.conditions;
    let counts = format!("{} of {} available", workload.available, workload.desired);
    if let Some(health) = behind(object, workload) {
        return health;
    }
    if workload.desired == 0 {
        return Health::new(HealthState::Resting, literal!("scaled to zero"), literal!("spec.replicas"));
    }
    if let Some(failure) = condition(conditions, "ReplicaFailure").filter(|c| c.status == "True") {
        return Health::new(
            HealthState::Critical,
            format!("cannot make pods: {}", words(failure)),
            field("ReplicaFailure"),
        );
    }
    let progressing = condition(conditions, "Progressing");
    if let Some(stuck) = progressing.filter(|c| c.status == "False") {
        let state = if workload.available == 0 { HealthState::Critical } else { HealthState::Warning };
        return Health::new(state, format!("{}; {counts}", words(stuck)), field("Progressing"));
    }
    let rolling = progressing.is_some_and(|c| {
        matches!(c.reason.as_str(), "NewReplicaSetCreated" | "FoundNewReplicaSet" | "ReplicaSetUpdated")
    });
    let updating = workload.updated < workload.desired || workload.current > workload.updated;
    if workload.available == 0 {
        let first = object.annotations.get("deployment.kubernetes.io/revision").is_none_or(|revision| revision == "1");
        return if rolling && first {
            Health::new(HealthState::Starting, format!("first rollout: {counts}"), literal!("status.availableReplicas"))
        } else {
            let place = if is(conditions, "Available", "False") {
                field("Available")
            } else {
                "status.availableReplicas".to_owned()
            };
            Health::new(HealthState::Critical, counts, place)
        };
    }
    if updating && workload.paused {
        return Health::new(
            HealthState::Warning,
            format!("paused in the middle of a rollout: {counts}"),
            "spec.paused",
        );
    }
    if updating {
        let reason = format!("rolling out: {} of {} updated, {counts}", workload.updated, workload.desired);
        return Health::new(HealthState::Starting, reason, literal!("status.updatedReplicas"));
    }
    if workload.available < workload.desired {
        let state = if rolling { HealthState::Starting } else { HealthState::Warning };
        return Health::new(state, counts, "status.availableReplicas");
    }
    let paused = if workload.paused { "; rollouts are paused" } else { "" };
    Health::new(HealthState::Well, format!("{counts}{paused}"), literal!("status.availableReplicas"))
}

/// What a controller says is about an older spec.
pub(super) fn behind(object: &Object, workload: &Workload) -> Option<Health> {
    (workload.observed_generation < object.generation).then(|| {
        let (seen, now) = (workload.observed_generation, object.generation);
        let reason = format!("its controller has seen generation {seen} of {now}");
        Health::new(HealthState::Starting, reason, literal!("status.observedGeneration"))
    })
}
