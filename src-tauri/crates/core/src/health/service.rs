//! Service: whether anything ready stands behind it.

use arcstr::literal;

use super::{Around, Backend, Health, HealthState};
use crate::resource::{Object, Service};

/// What says so: endpoints are no field of the Service itself.
const ENDPOINTS: &str = "EndpointSlice endpoints[].conditions.ready";

pub(super) fn judge(object: &Object, service: &Service, around: &Around) -> Health {
    if object.uid.is_empty() {
        return Health::never_applied();
    }
    if service.r#type == "ExternalName" {
        let reason = format!("leads to {}, outside the cluster", service.external_name);
        return Health::new(HealthState::Unknown, reason, literal!("spec.externalName"));
    }
    let by_hand = service.selector.is_empty();
    if by_hand && !around.slices_known {
        return Health::new(
            HealthState::Unknown,
            literal!("selects nothing, and its endpoints are not known"),
            ENDPOINTS,
        );
    }
    if by_hand && !around.has_slices {
        return Health::new(
            HealthState::Unknown,
            "selects nothing and no endpoint was entered by hand",
            "spec.selector",
        );
    }
    let pods: Vec<bool> = around
        .backends
        .iter()
        .filter_map(|backend| match backend {
            Backend::Pod { ready } => Some(*ready),
            Backend::Workload { .. } => None,
        })
        .collect();
    let (ready, all, field) = if around.has_slices && around.slices_known {
        let field = if around.are_endpoints { "Endpoints subsets[].addresses" } else { ENDPOINTS };
        (around.ready_endpoints, around.endpoints, field)
    } else if around.pods_known {
        (pods.iter().filter(|ready| **ready).count(), pods.len(), "Pod status.conditions[Ready]")
    } else {
        return Health::new(HealthState::Unknown, literal!("neither its endpoints nor its pods are known"), ENDPOINTS);
    };
    if ready > 0 {
        return Health::new(HealthState::Well, format!("{ready} of {all} endpoints ready"), field);
    }
    let wanted = around.backends.iter().filter_map(|backend| match backend {
        Backend::Workload { name, desired } => Some((name, *desired)),
        Backend::Pod { .. } => None,
    });
    let asleep = wanted.clone().all(|(_, desired)| desired == 0) && pods.is_empty();
    // The first by name, in whatever order they were found.
    if let Some(name) = wanted.map(|(name, _)| name).min().filter(|_| asleep) {
        let daemons = name.starts_with("DaemonSet ");
        let field = if daemons { "status.desiredNumberScheduled" } else { "spec.replicas" };
        return Health::new(
            HealthState::Resting,
            literal!("what it selects is scaled to zero"),
            format!("{name}: {field}"),
        );
    }
    let reason = match (all, around.backends.is_empty()) {
        (0, _) if by_hand => "no endpoint: none was entered by hand".to_owned(),
        (0, true) => "no endpoint: its selector matches nothing".to_owned(),
        (0, false) => "no endpoint".to_owned(),
        (all, _) => format!("none of {all} endpoints is ready"),
    };
    Health::new(HealthState::Critical, reason, field)
}
