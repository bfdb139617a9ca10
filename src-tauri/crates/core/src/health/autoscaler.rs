//! HorizontalPodAutoscaler: able to scale, fed with metrics, below its limit (autoscaling/v2).

use arcstr::literal;

use super::{Health, HealthState, condition, field, words};
use crate::resource::Autoscaler;

pub(super) fn judge(autoscaler: &Autoscaler) -> Health {
    if !autoscaler.has_status {
        return Health::never_applied();
    }
    let conditions = &autoscaler.conditions;
    if let Some(unable) = condition(conditions, "AbleToScale").filter(|c| c.status == "False") {
        return Health::new(HealthState::Critical, format!("unable to scale: {}", words(unable)), field("AbleToScale"));
    }
    if let Some(blind) = condition(conditions, "ScalingActive").filter(|c| c.status == "False") {
        return if blind.reason == "ScalingDisabled" {
            Health::new(HealthState::Resting, literal!("its target is scaled to zero"), field("ScalingActive"))
        } else {
            Health::new(HealthState::Warning, format!("not scaling: {}", words(blind)), field("ScalingActive"))
        };
    }
    let counts = format!(
        "{} replicas, {} wanted, {} to {} allowed",
        autoscaler.current, autoscaler.desired, autoscaler.min, autoscaler.max
    );
    if autoscaler.max > autoscaler.min && autoscaler.current >= autoscaler.max {
        return Health::new(
            HealthState::Warning,
            format!("at its maximum: {counts}"),
            literal!("status.currentReplicas"),
        );
    }
    if let Some(limited) =
        condition(conditions, "ScalingLimited").filter(|c| c.status == "True" && c.reason == "TooManyReplicas")
    {
        return Health::new(
            HealthState::Warning,
            format!("wants more than its maximum: {}", words(limited)),
            field("ScalingLimited"),
        );
    }
    match condition(conditions, "AbleToScale") {
        Some(_) => Health::new(HealthState::Well, counts, field("AbleToScale")),
        None => Health::new(
            HealthState::Unknown,
            format!("nothing says whether it can scale: {counts}"),
            "status.conditions",
        ),
    }
}
