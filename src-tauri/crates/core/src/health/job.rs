//! Job: finished, failed with its reason, suspended, or trying again (batch/v1).

use arcstr::literal;

use super::{Health, HealthState, condition, field, words};
use crate::resource::Job;

pub(super) fn judge(job: &Job) -> Health {
    if !job.has_status && !job.suspended {
        return Health::never_applied();
    }
    for r#type in ["Failed", "FailureTarget"] {
        if let Some(failed) = condition(&job.conditions, r#type).filter(|c| c.status == "True") {
            return Health::new(HealthState::Critical, format!("failed: {}", words(failed)), field(r#type));
        }
    }
    for r#type in ["Complete", "SuccessCriteriaMet"] {
        if condition(&job.conditions, r#type).is_some_and(|c| c.status == "True") {
            return Health::new(HealthState::Resting, literal!("completed"), field(r#type));
        }
    }
    if job.suspended {
        return Health::new(HealthState::Resting, literal!("suspended"), literal!("spec.suspend"));
    }
    let done = match job.completions {
        Some(wanted) => format!("{} of {wanted} done", job.succeeded),
        None => format!("{} done", job.succeeded),
    };
    if job.failed > 0 {
        let reason = format!("{} pods failed, {} active, {done}", job.failed, job.active);
        return Health::new(HealthState::Warning, reason, literal!("status.failed"));
    }
    if job.active > 0 {
        return Health::new(HealthState::Well, format!("{} active, {done}", job.active), literal!("status.active"));
    }
    Health::new(HealthState::Starting, format!("no pod yet, {done}"), literal!("status.active"))
}
