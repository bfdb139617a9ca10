//! Node: Ready, pressure, network, lease; cordoned stands beside the state.

use arcstr::literal;

use chrono::Duration;

use super::{Clock, Health, HealthState, condition, field, words};
use crate::resource::{Node, Object};

/// A node has this long to get its network after it joined (map, section 3).
const NETWORK_GRACE: Duration = Duration::minutes(2);

/// Pressure by the kubelet, and what node-problem-detector reports by the same sign: true is trouble.
const TROUBLE: [&str; 8] = [
    "MemoryPressure",
    "DiskPressure",
    "PIDPressure",
    "KernelDeadlock",
    "ReadonlyFilesystem",
    "FrequentKubeletRestart",
    "FrequentContainerdRestart",
    "CorruptDockerOverlay2",
];

/// Taints of autoscalers that are about to remove the node.
const LEAVING: [&str; 3] = ["ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption"];

pub(super) fn judge(object: &Object, node: &Node, clock: &Clock) -> Health {
    let health = state(object, node, clock);
    let leaving = node.taints.iter().find(|taint| LEAVING.iter().any(|name| taint.starts_with(name)));
    let (also, contained) = match (node.cordoned, leaving) {
        (_, Some(_)) => ("; an autoscaler is removing it", true),
        (true, None) => ("; cordoned", true),
        (false, None) => ("", false),
    };
    // That a node goes down while an autoscaler takes it away is explained, not an outage of its own.
    let state = match health.state {
        HealthState::Critical if leaving.is_some() => HealthState::Warning,
        state => state,
    };
    Health { state, reason: format!("{}{also}", health.reason).into(), contained, ..health }
}

fn state(object: &Object, node: &Node, clock: &Clock) -> Health {
    let Some(ready) = condition(&node.conditions, "Ready") else {
        return if node.conditions.is_empty() {
            Health::never_applied()
        } else {
            Health::new(HealthState::Unknown, literal!("nothing says whether it is ready"), field("Ready"))
        };
    };
    match ready.status.as_str() {
        "True" => {}
        "False" => return Health::new(HealthState::Critical, format!("not ready: {}", words(ready)), field("Ready")),
        _ => return Health::new(HealthState::Critical, format!("lost: {}", words(ready)), field("Ready")),
    }
    if let Some(network) = condition(&node.conditions, "NetworkUnavailable").filter(|c| c.status == "True") {
        // Where nobody told the time, one that had it and lost it is told by when it lost it.
        let joining = object.created_at.is_some_and(|created| match clock.has_come(created + NETWORK_GRACE) {
            Some(passed) => !passed,
            None => network.changed_at.is_some_and(|changed| changed - created < NETWORK_GRACE),
        });
        let state = if joining { HealthState::Starting } else { HealthState::Critical };
        return Health::new(state, format!("no network: {}", words(network)), field("NetworkUnavailable"));
    }
    let trouble = node.conditions.iter().find(|c| TROUBLE.contains(&c.r#type.as_str()) && c.status == "True");
    if let Some(trouble) = trouble {
        return Health::new(
            HealthState::Warning,
            format!("{}: {}", trouble.r#type, words(trouble)),
            field(&trouble.r#type),
        );
    }
    if node.lease_fresh == Some(false) {
        return Health::new(
            HealthState::Warning,
            literal!("its kubelet stopped renewing its lease"),
            literal!("Lease spec.renewTime"),
        );
    }
    Health::new(HealthState::Well, literal!("ready"), field("Ready"))
}
