//! Routes of the Gateway API: taken up by their parents, and leading somewhere (gateway.networking.k8s.io/v1).

use arcstr::literal;

use super::lost::{self, Lost};
use super::{Around, Health, HealthState, condition, words};
use crate::resource::{Object, Route, RouteParent};

pub(super) fn judge(object: &Object, route: &Route, around: &Around) -> Health {
    if object.uid.is_empty() {
        return Health::never_applied();
    }
    let (backends, others): (Vec<&Lost>, Vec<&Lost>) = around.lost.iter().partition(|one| one.relation == "routes");
    if !others.is_empty() {
        let state = if others.len() >= route.parents.len() { HealthState::Critical } else { HealthState::Warning };
        return lost::health(state, &others);
    }
    let refused =
        |parent: &&RouteParent| condition(&parent.conditions, "Accepted").is_some_and(|c| c.status == "False");
    let count = route.parents.iter().filter(refused).count();
    if let Some(parent) = route.parents.iter().find(refused) {
        // Where another parent takes it, requests still come through there.
        let state = if count == route.parents.len() { HealthState::Critical } else { HealthState::Warning };
        return said(state, "not accepted", parent, "Accepted");
    }
    if !backends.is_empty() {
        let state = if backends.len() >= around.routes { HealthState::Critical } else { HealthState::Warning };
        return lost::health(state, &backends);
    }
    let unresolved =
        |parent: &&RouteParent| condition(&parent.conditions, "ResolvedRefs").is_some_and(|c| c.status == "False");
    if let Some(parent) = route.parents.iter().find(unresolved) {
        return said(HealthState::Warning, "what it names could not be resolved", parent, "ResolvedRefs");
    }
    let silent = route.parents.iter().find(|parent| {
        let told = condition(&parent.conditions, "Accepted");
        told.is_none_or(|accepted| accepted.status != "True")
    });
    match (silent, route.parents.first()) {
        (_, None) => Health::new(HealthState::Resting, literal!("attached to no gateway"), literal!("spec.parentRefs")),
        (Some(parent), _) if parent.conditions.is_empty() => Health::new(
            HealthState::Unknown,
            format!("no controller said whether {} accepts it", parent.target.name),
            "status.parents",
        ),
        (Some(parent), _) => said(HealthState::Unknown, "nobody knows whether it is accepted", parent, "Accepted"),
        (None, Some(parent)) => {
            let more =
                if route.parents.len() > 1 { format!(" and {} more", route.parents.len() - 1) } else { String::new() };
            Health::new(
                HealthState::Well,
                format!("accepted by {}{more}", parent.target.name),
                place(parent, "Accepted"),
            )
        }
    }
}

/// The field of a condition a parent has, by the parent's name.
fn place(parent: &RouteParent, r#type: &str) -> String {
    format!("status.parents[{}].conditions[{type}]", parent.target.name)
}

fn said(state: HealthState, what: &str, parent: &RouteParent, r#type: &str) -> Health {
    let told = condition(&parent.conditions, r#type).map(words).unwrap_or_default();
    Health::new(state, format!("{what} by {}: {told}", parent.target.name), place(parent, r#type))
}
