//! `PodDisruptionBudget`: below what it asks for, nothing may be evicted (policy/v1).

use arcstr::literal;

use super::{Health, HealthState, condition, field, words};
use crate::resource::{DisruptionBudget, Object};

pub(super) fn judge(object: &Object, budget: &DisruptionBudget) -> Health {
    if !budget.has_status {
        return Health::never_applied();
    }
    // Recordings made before this was kept say 0.
    if budget.observed_generation > 0 && budget.observed_generation < object.generation {
        let reason =
            format!("its controller has seen generation {} of {}", budget.observed_generation, object.generation);
        return Health::new(HealthState::Starting, reason, literal!("status.observedGeneration"));
    }
    if let Some(told) = condition(&budget.conditions, "DisruptionAllowed").filter(|c| c.reason == "SyncFailed") {
        return Health::new(
            HealthState::Warning,
            format!("what it allows could not be worked out: {}", words(told)),
            field("DisruptionAllowed"),
        );
    }
    let counts = format!("{} healthy, {} needed", budget.healthy, budget.desired);
    if budget.healthy < budget.desired {
        let reason = format!("no disruption is allowed: {counts}");
        return Health::new(HealthState::Warning, reason, literal!("status.currentHealthy"));
    }
    if budget.desired == 0 && budget.healthy == 0 && budget.expected == 0 {
        return Health::new(
            HealthState::Resting,
            literal!("there is no pod it protects"),
            literal!("status.expectedPods"),
        );
    }
    match budget.allowed {
        0 => Health::new(
            HealthState::Well,
            format!("{counts}; none of them may be evicted now"),
            "status.currentHealthy",
        ),
        allowed => Health::new(
            HealthState::Well,
            format!("{counts}; {allowed} may be evicted"),
            literal!("status.currentHealthy"),
        ),
    }
}
