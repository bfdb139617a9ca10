//! Parents are no better than their worst pod, with counts.

use super::{Around, Health, HealthState};

/// The worse of a verdict and the pods'. A finished parent is not judged by the pods it left.
pub(super) fn no_better(own: Health, around: &Around) -> Health {
    let pods = &around.pods;
    if own.state == HealthState::Resting {
        return own;
    }
    let judged = pods.iter().filter(|pod| !matches!(pod.health.state, HealthState::None | HealthState::Resting));
    let Some(worst) = judged.min_by(|a, b| a.health.state.cmp(&b.health.state)) else { return own };
    let state = worst.health.state;
    // Only pods in trouble speak for their parent: it knows by itself what is starting or well.
    let trouble = matches!(state, HealthState::Critical | HealthState::Warning);
    if !trouble || state > own.state {
        return own;
    }
    let count = pods.iter().filter(|pod| pod.health.state == state).count();
    let reason = format!("{count} of {} pods: {}: {}", around.pod_count, worst.name, worst.health.reason);
    let field = format!("Pod {}: {}", worst.name, worst.health.field);
    Health { contained: own.contained, ..Health::new(state, reason, field) }
}
