//! Pod: phase, conditions, and how its containers wait and end (kubelet and scheduler reasons of Kubernetes 1.36).

use arcstr::literal;

use chrono::Duration;

use super::{Clock, Health, HealthState, condition, field, words};
use crate::resource::{ContainerStatus, Object, Pod, Terminated};

/// Reasons a container waits for while nothing is wrong.
const ON_ITS_WAY: [&str; 4] = ["", "ContainerCreating", "PodInitializing", "Pulling"];

/// Reasons with which pods are ended or turned away by the cluster itself; their controller replaces them. Beside these
/// every `OutOf…`: the node had no room after all.
const SENT_AWAY: [&str; 11] = [
    "Evicted",
    "NodeShutdown",
    "Shutdown",
    "Terminated",
    "Preempting",
    "NodeLost",
    "NodeAffinity",
    "NodePorts",
    "TaintToleration",
    "TopologyAffinityError",
    "UnexpectedAdmissionError",
];

pub(super) fn judge(object: &Object, pod: &Pod, clock: &Clock) -> Health {
    if pod.phase.is_empty() {
        return Health::never_applied();
    }
    if let Some(health) = super::leaving(object, clock) {
        return health;
    }
    match pod.phase.as_str() {
        "Succeeded" => return Health::new(HealthState::Resting, literal!("completed"), literal!("status.phase")),
        "Failed" => return failed(pod),
        "Unknown" => {
            return Health::new(
                HealthState::Unknown,
                literal!("its node does not report it"),
                literal!("status.phase"),
            );
        }
        _ => {}
    }
    if let Some(health) = unscheduled(pod) {
        return health;
    }
    let mut starting = None;
    for (status, place) in containers(pod) {
        match container(status, &place) {
            Some(health) if health.state <= HealthState::Warning => return health,
            other => starting = starting.or(other),
        }
    }
    let own = starting.unwrap_or_else(|| readiness(pod));
    match own.state {
        HealthState::Well | HealthState::Starting => restarting(pod, clock).unwrap_or(own),
        _ => own,
    }
}

/// More often than this is no accident.
const OFTEN: Duration = Duration::minutes(30);

/// A container that ended again and again and did so lately. It counts as over once it has run twice as long as it did
/// on average, ten minutes at least: that is how long a container that crashes is held back at most, and how long it has to
/// run before the kubelet forgets that it did.
fn restarting(pod: &Pod, clock: &Clock) -> Option<Health> {
    let started = pod.started_at?;
    containers(pod).filter(|(status, _)| !status.init && status.restarts >= 3).find_map(|(status, place)| {
        let last = status.last_terminated.as_deref()?.finished_at?;
        let between = (last - started) / i32::try_from(status.restarts).ok()?;
        if between > OFTEN {
            return None;
        }
        let over = last + (between * 2).max(Duration::minutes(10));
        (clock.has_come(over) == Some(false)).then(|| {
            let ended = status.last_terminated.as_deref().map_or_else(String::new, how);
            let often = between.num_minutes().max(1);
            let reason = format!(
                "{} restarted {} times, every {often} min on average{}",
                name(status),
                status.restarts,
                ended.replacen(" ended", ", last ended", 1)
            );
            Health::new(HealthState::Warning, reason, format!("{place}.restartCount"))
        })
    })
}

/// Containers with the field that holds their status.
fn containers(pod: &Pod) -> impl Iterator<Item = (&ContainerStatus, String)> {
    let (mut init, mut plain) = (0, 0);
    pod.containers.iter().map(move |status| {
        let (list, number) =
            if status.init { ("initContainerStatuses", &mut init) } else { ("containerStatuses", &mut plain) };
        let place = format!("status.{list}[{number}]");
        *number += 1;
        (status, place)
    })
}

fn failed(pod: &Pod) -> Health {
    let message = if pod.message.is_empty() { String::new() } else { format!(": {}", pod.message) };
    if !pod.reason.is_empty() {
        let away = SENT_AWAY.contains(&pod.reason.as_str()) || pod.reason.starts_with("OutOf");
        let state = if away { HealthState::Warning } else { HealthState::Critical };
        return Health::new(state, format!("failed, {}{message}", pod.reason), "status.reason");
    }
    let ended = containers(pod).find_map(|(status, place)| {
        let end = status.terminated.as_ref().filter(|end| end.exit_code != 0)?;
        Some((format!("failed: {}{}", name(status), how(end)), format!("{place}.state.terminated")))
    });
    let (reason, field) = ended.unwrap_or_else(|| (format!("failed{message}"), "status.phase".to_owned()));
    Health::new(HealthState::Critical, reason, field)
}

fn unscheduled(pod: &Pod) -> Option<Health> {
    let scheduled = condition(&pod.conditions, "PodScheduled").filter(|c| c.status == "False")?;
    let place = field("PodScheduled");
    Some(match scheduled.reason.as_str() {
        "SchedulingGated" => Health::new(HealthState::Starting, literal!("held back by its scheduling gates"), place),
        _ => Health::new(HealthState::Critical, format!("cannot be scheduled: {}", words(scheduled)), place),
    })
}

fn name(status: &ContainerStatus) -> String {
    let kind = if status.init { "init container" } else { "container" };
    format!("{kind} {}", status.name)
}

fn how(end: &Terminated) -> String {
    let reason = if end.reason.is_empty() { String::new() } else { format!(" ({})", end.reason) };
    format!(" ended with exit code {}{reason}", end.exit_code)
}

fn restarts(status: &ContainerStatus) -> String {
    match status.restarts {
        0 => String::new(),
        1 => ", restarted once".to_owned(),
        count => format!(", restarted {count} times"),
    }
}

/// The verdict of one container, nothing where it runs or has done its work.
fn container(status: &ContainerStatus, place: &str) -> Option<Health> {
    if let Some(end) = &status.terminated {
        if end.exit_code == 0 && end.reason != "OOMKilled" {
            return None;
        }
        let reason = format!("{}{}{}", name(status), how(end), restarts(status));
        return Some(Health::new(HealthState::Critical, reason, format!("{place}.state.terminated")));
    }
    if status.running_since.is_some() {
        return None;
    }
    let waits = status.waiting.as_str();
    let place = format!("{place}.state.waiting.reason");
    if ON_ITS_WAY.contains(&waits) {
        // Only a kubelet that said nothing yet leaves it empty; a running container has its own field.
        let about = if waits.is_empty() { "has not started".to_owned() } else { format!("waits: {waits}") };
        let quiet = waits.is_empty() && status.ready;
        return (!quiet).then(|| Health::new(HealthState::Starting, format!("{} {about}", name(status)), place));
    }
    let last =
        status.last_terminated.as_ref().map(|end| format!(";{}", how(end).replacen(" ended", " it last ended", 1)));
    let message = match status.waiting_message.as_str() {
        "" => String::new(),
        message => format!(": {message}"),
    };
    let known = waits.starts_with("Err")
        || waits.ends_with("BackOff")
        || waits.ends_with("Error")
        || matches!(waits, "InvalidImageName" | "RegistryUnavailable" | "ContainerCannotRun" | "DeadlineExceeded");
    let state = if known { HealthState::Critical } else { HealthState::Warning };
    let reason = format!("{} waits: {waits}{}{}{message}", name(status), last.unwrap_or_default(), restarts(status));
    Some(Health::new(state, reason, place))
}

fn readiness(pod: &Pod) -> Health {
    let most = pod.containers.iter().max_by_key(|status| status.restarts);
    let past = most.filter(|status| status.restarts > 0).map_or_else(String::new, |status| {
        let last = status.last_terminated.as_deref().map_or_else(String::new, how);
        format!(
            "; {}{}{}",
            name(status),
            restarts(status).replacen(',', "", 1),
            last.replacen(" ended", ", last ended", 1)
        )
    });
    let place = field("Ready");
    let Some(ready) = condition(&pod.conditions, "Ready") else {
        let plain: Vec<&ContainerStatus> = pod.containers.iter().filter(|status| !status.init).collect();
        return if plain.is_empty() && pod.phase == "Pending" && pod.conditions.is_empty() {
            let waits =
                if pod.node.is_empty() { "pending: not scheduled yet" } else { "pending: its node has not begun" };
            Health::new(HealthState::Starting, waits, literal!("status.phase"))
        } else if plain.is_empty() {
            Health::new(HealthState::Unknown, literal!("nothing says whether it is ready"), place)
        } else if plain.iter().all(|status| status.ready) {
            Health::new(
                HealthState::Well,
                format!("every container is ready{past}"),
                literal!("status.containerStatuses"),
            )
        } else {
            Health::new(
                HealthState::Starting,
                literal!("not every container is ready"),
                literal!("status.containerStatuses"),
            )
        };
    };
    match ready.status.as_str() {
        "True" => Health::new(HealthState::Well, format!("ready{past}"), place),
        "False" if pod.phase == "Pending" => {
            Health::new(HealthState::Starting, format!("pending: {}", words(ready)), place)
        }
        "False" => {
            let running = pod.containers.iter().filter_map(|status| status.running_since).max();
            // The condition turns false when the pod is made; turned later, it was lost.
            let lost = matches!((ready.changed_at, running), (Some(changed), Some(running)) if changed > running);
            let again = pod.containers.iter().any(|status| !status.ready && status.restarts > 0);
            if lost || again {
                Health::new(HealthState::Warning, format!("not ready: {}{past}", words(ready)), place)
            } else {
                Health::new(HealthState::Starting, format!("not ready yet: {}", words(ready)), place)
            }
        }
        _ => Health::new(HealthState::Unknown, format!("nobody knows whether it is ready: {}", words(ready)), place),
    }
}
