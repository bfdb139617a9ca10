//! Custom resources by the conventions of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus): what a controller has not read
//! yet is starting, `Reconciling` and `Stalled` are true only while there is something to tell, and a value that is
//! neither true nor false is unknown, never well.

use arcstr::literal;

use super::{Clock, Health, HealthState, condition, field, words};
use crate::resource::{Condition, Object};

/// True is trouble, the worst first.
const BAD: [(&str, HealthState); 12] = [
    ("Stalled", HealthState::Critical),
    ("Failed", HealthState::Critical),
    ("InvalidSpec", HealthState::Critical),
    ("ConfigUnsupported", HealthState::Critical),
    ("ReplicaFailure", HealthState::Critical),
    ("Degraded", HealthState::Warning),
    ("Fallback", HealthState::Warning),
    ("NoPodsMatched", HealthState::Warning),
    ("NonStructuralSchema", HealthState::Warning),
    ("Error", HealthState::Warning),
    ("Unhealthy", HealthState::Warning),
    ("Terminating", HealthState::Warning),
];

/// True is good, and nothing else is; the most telling first.
const GOOD: [(&str, HealthState); 9] = [
    ("Available", HealthState::Critical),
    ("Ready", HealthState::Warning),
    ("Healthy", HealthState::Warning),
    ("Succeeded", HealthState::Warning),
    ("Accepted", HealthState::Critical),
    ("Programmed", HealthState::Critical),
    ("Promoted", HealthState::Warning),
    ("Synced", HealthState::Warning),
    ("RecommendationProvided", HealthState::Starting),
];

/// Reasons with which a condition is false for a while and nothing is wrong.
const ON_ITS_WAY: [&str; 12] = [
    "Progressing",
    "ProgressingWithRetry",
    "Reconciling",
    "InProgress",
    "Pending",
    "Initializing",
    "Initialized",
    "Creating",
    "Issuing",
    "DependencyNotReady",
    "Waiting",
    "WaitingForApproval",
];

/// Judges by the conditions; no verdict where the kind has none.
pub(super) fn judge(object: &Object, conditions: &[Condition], observed: i64, clock: &Clock) -> Health {
    if conditions.is_empty() {
        return Health { state: HealthState::None, ..Health::default() };
    }
    if let Some(health) = super::leaving(object, clock) {
        return health;
    }
    if observed > 0 && observed < object.generation {
        let reason = format!("its controller has seen generation {observed} of {}", object.generation);
        return Health::new(HealthState::Starting, reason, literal!("status.observedGeneration"));
    }
    for (r#type, state) in BAD {
        if let Some(told) = condition(conditions, r#type).filter(|c| c.status == "True") {
            return Health::new(state, format!("{type}: {}", words(told)), field(r#type));
        }
    }
    if let Some(told) = condition(conditions, "Paused").filter(|c| c.status == "True") {
        return Health::new(HealthState::Resting, format!("paused: {}", words(told)), field("Paused"));
    }
    let told = GOOD.iter().filter_map(|(r#type, state)| Some((condition(conditions, r#type)?, *state)));
    let mut told: Vec<(&Condition, HealthState)> = told.collect();
    if let Some((no, state)) = told.iter().find(|(told, _)| told.status == "False") {
        let coming = is_coming(conditions) || ON_ITS_WAY.contains(&no.reason.as_str());
        let state = if coming { HealthState::Starting } else { *state };
        return Health::new(state, format!("not {}: {}", no.r#type.to_lowercase(), words(no)), field(&no.r#type));
    }
    for r#type in ["Reconciling", "Progressing"] {
        // A rollout that came to its end keeps `Progressing` true and says so with its reason.
        let moves = |c: &&Condition| match c.status.as_str() {
            "True" => r#type == "Reconciling" || !matches!(c.reason.as_str(), "NewReplicaSetAvailable" | "AsExpected"),
            _ => false,
        };
        if let Some(told) = condition(conditions, r#type).filter(moves) {
            return Health::new(HealthState::Starting, format!("on its way: {}", words(told)), field(r#type));
        }
    }
    if let Some(stuck) = condition(conditions, "Progressing").filter(|c| c.status == "False" && is_stuck(c)) {
        return Health::new(HealthState::Warning, words(stuck), field("Progressing"));
    }
    if let Some((odd, _)) = told.iter().find(|(told, _)| told.status != "True") {
        let coming = ON_ITS_WAY.contains(&odd.reason.as_str());
        let state = if coming { HealthState::Starting } else { HealthState::Unknown };
        let reason = format!("nobody knows whether it is {}: {}", odd.r#type.to_lowercase(), words(odd));
        return Health::new(state, reason, field(&odd.r#type));
    }
    if told.is_empty() {
        let types: Vec<&str> = conditions.iter().map(|c| c.r#type.as_str()).collect();
        let reason = format!("no condition says whether it works: it tells {}", types.join(", "));
        return Health::new(HealthState::Unknown, reason, literal!("status.conditions"));
    }
    let (yes, _) = told.swap_remove(0);
    Health::new(HealthState::Well, yes.r#type.to_lowercase(), field(&yes.r#type))
}

/// Whether a controller says that it is at work.
fn is_coming(conditions: &[Condition]) -> bool {
    condition(conditions, "Reconciling").is_some_and(|c| c.status == "True")
}

/// A rollout that gave up, not one that is over.
fn is_stuck(progressing: &Condition) -> bool {
    matches!(progressing.reason.as_str(), "ProgressDeadlineExceeded" | "RolloutAborted" | "TimedOut")
}
