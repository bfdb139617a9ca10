//! `CronJob`: suspended, late, or how its last run went (batch/v1).

use arcstr::literal;

use chrono::Duration;

use super::schedule::Schedule;
use super::{Around, Health, HealthState};
use crate::resource::{CronJob, Object};

/// A controller that is busy, or was just restarted, is late by less.
const LATE: Duration = Duration::minutes(5);

pub(super) fn judge(object: &Object, job: &CronJob, around: &Around) -> Health {
    if object.uid.is_empty() {
        return Health::never_applied();
    }
    if job.suspended {
        return Health::new(HealthState::Resting, literal!("suspended"), literal!("spec.suspend"));
    }
    let schedule = match Schedule::read(&job.schedule, &job.time_zone) {
        Ok(schedule) => schedule,
        Err(why) => {
            return Health::new(
                HealthState::Unknown,
                format!("its schedule cannot be read: {why}"),
                literal!("spec.schedule"),
            );
        }
    };
    if !(job.waits && job.active > 0) {
        let since = job.last_schedule.or(object.created_at);
        let due = since.and_then(|since| schedule.after(since));
        if let Some(due) = due
            && around.clock.has_come(due + LATE) == Some(true)
        {
            let reason = format!("missed: nothing was started for {}", due.format("%Y-%m-%d %H:%M UTC"));
            return Health::new(HealthState::Warning, reason, literal!("status.lastScheduleTime"));
        }
    }
    last_run(job, around)
}

fn last_run(job: &CronJob, around: &Around) -> Health {
    if let Some((name, health)) = &around.last_job {
        let place = format!("Job {name}: {}", health.field);
        match health.state {
            // The next run may well succeed.
            HealthState::Critical | HealthState::Warning => {
                let reason = format!("its last run, {name}: {}", health.reason);
                return Health::new(HealthState::Warning, reason, place);
            }
            HealthState::Well | HealthState::Starting => {
                return Health::new(HealthState::Well, format!("{name} runs: {}", health.reason), place);
            }
            _ => {}
        }
    }
    let Some(last) = job.last_schedule else {
        return Health::new(
            HealthState::Starting,
            literal!("it has not been due yet"),
            literal!("status.lastScheduleTime"),
        );
    };
    let at = last.format("%Y-%m-%d %H:%M UTC");
    if job.active > 0 {
        return Health::new(HealthState::Well, format!("the run of {at} goes on"), literal!("status.active"));
    }
    match job.last_success {
        Some(success) if success >= last => {
            Health::new(HealthState::Well, format!("the run of {at} succeeded"), literal!("status.lastSuccessfulTime"))
        }
        Some(_) => Health::new(
            HealthState::Warning,
            format!("the run of {at} did not succeed"),
            literal!("status.lastSuccessfulTime"),
        ),
        None => Health::new(
            HealthState::Unknown,
            format!("nothing says how the run of {at} went"),
            "status.lastSuccessfulTime",
        ),
    }
}
