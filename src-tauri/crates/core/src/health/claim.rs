//! PersistentVolumeClaim: bound, waiting with the provisioner's reason, or lost.

use arcstr::literal;

use super::{Around, Health, HealthState, condition, field, words};
use crate::resource::{Claim, Object};

pub(super) fn judge(object: &Object, claim: &Claim, around: &Around) -> Health {
    if object.deleted_at.is_some() && !claim.phase.is_empty() {
        return Health::new(
            HealthState::Warning,
            literal!("being deleted, held while it is used"),
            literal!("metadata.deletionTimestamp"),
        );
    }
    match claim.phase.as_str() {
        "" => Health::never_applied(),
        "Lost" => {
            Health::new(HealthState::Critical, format!("its volume {} is gone", claim.volume), literal!("status.phase"))
        }
        "Pending" => pending(around),
        "Bound" => bound(claim),
        other => Health::new(HealthState::Unknown, format!("its phase is {other}"), literal!("status.phase")),
    }
}

fn pending(around: &Around) -> Health {
    match &around.last_event {
        Some((reason, _)) if reason == "WaitForFirstConsumer" || reason == "WaitForPodScheduled" => Health::new(
            HealthState::Starting,
            literal!("pending until a pod that uses it is scheduled"),
            literal!("status.phase"),
        ),
        Some((reason, _)) if reason == "Provisioning" || reason == "ExternalProvisioning" => {
            Health::new(HealthState::Starting, literal!("its volume is being made"), literal!("status.phase"))
        }
        Some((reason, message)) => {
            Health::new(HealthState::Critical, format!("pending, {reason}: {message}"), literal!("status.phase"))
        }
        None => Health::new(HealthState::Warning, literal!("pending: it has no volume yet"), literal!("status.phase")),
    }
}

fn bound(claim: &Claim) -> Health {
    for r#type in ["ControllerResizeError", "NodeResizeError", "ModifyVolumeError"] {
        if let Some(error) = condition(&claim.conditions, r#type).filter(|c| c.status == "True") {
            return Health::new(HealthState::Warning, words(error), field(r#type));
        }
    }
    for r#type in ["Resizing", "FileSystemResizePending", "ModifyingVolume"] {
        if condition(&claim.conditions, r#type).is_some_and(|c| c.status == "True") {
            return Health::new(
                HealthState::Starting,
                format!("bound to {}, being resized", claim.volume),
                field(r#type),
            );
        }
    }
    Health::new(HealthState::Well, format!("bound to {}", claim.volume), literal!("status.phase"))
}
