//! Namespace: there, or on its way out and held up by what (core/v1, the namespace controller's conditions).

use arcstr::literal;

use super::{Clock, Health, HealthState, field, words};
use crate::resource::{Namespace, Object};

/// What keeps a namespace from going: what failed before what only remains.
const HELD_BY: [&str; 5] = [
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
];

pub(super) fn judge(object: &Object, namespace: &Namespace, clock: &Clock) -> Health {
    match namespace.phase.as_str() {
        "" => Health::never_applied(),
        "Active" => Health::new(HealthState::Well, literal!("active"), literal!("status.phase")),
        "Terminating" => {
            let stuck = super::is_stuck(object, clock);
            let told = |r#type: &str| namespace.conditions.iter().find(|c| c.r#type == *r#type && c.status == "True");
            match HELD_BY.iter().find_map(|r#type| told(r#type)) {
                // What remains at first goes by itself.
                Some(told) if stuck != Some(false) => {
                    let reason = format!("being deleted, held up: {}", words(told));
                    Health::new(HealthState::Warning, reason, field(&told.r#type))
                }
                None if stuck == Some(true) => super::stuck(object),
                _ => Health::new(HealthState::Resting, literal!("being deleted"), literal!("status.phase")),
            }
        }
        other => Health::new(HealthState::Unknown, format!("its phase is {other}"), literal!("status.phase")),
    }
}
