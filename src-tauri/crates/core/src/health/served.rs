//! What the API server calls: `APIService`, webhook configurations, `CustomResourceDefinition`.

use arcstr::literal;

use super::lost::{self, Lost};
use super::{Around, Health, HealthState, condition, field, words};
use crate::resource::{Object, Served};

pub(super) fn judge(object: &Object, served: &Served, around: &Around) -> Health {
    match object.key.kind.as_str() {
        "APIService" => api(served),
        "CustomResourceDefinition" => definition(served),
        _ => webhooks(object, served, around),
    }
}

/// An API the API server hands on (apiregistration/v1).
fn api(served: &Served) -> Health {
    let Some(told) = condition(&served.conditions, "Available") else { return Health::never_applied() };
    let place = field("Available");
    match told.status.as_str() {
        "True" if served.services.is_empty() => {
            Health::new(HealthState::Well, literal!("answered by the API server itself"), place)
        }
        "True" => Health::new(HealthState::Well, literal!("available"), place),
        "False" => Health::new(HealthState::Critical, format!("unavailable: {}", words(told)), place),
        _ => Health::new(HealthState::Unknown, format!("nobody knows whether it is available: {}", words(told)), place),
    }
}

/// A custom kind (apiextensions/v1): its names taken, its objects served.
fn definition(served: &Served) -> Health {
    let conditions = &served.conditions;
    if conditions.is_empty() {
        return Health::never_applied();
    }
    if let Some(told) = condition(conditions, "Terminating").filter(|c| c.status == "True") {
        return Health::new(HealthState::Warning, format!("being deleted: {}", words(told)), field("Terminating"));
    }
    for r#type in ["NamesAccepted", "Established"] {
        if let Some(told) = condition(conditions, r#type).filter(|c| c.status == "False") {
            // Between the two a new definition waits a moment.
            let waits = told.reason == "Installing";
            let state = if waits { HealthState::Starting } else { HealthState::Critical };
            return Health::new(state, format!("not served: {}", words(told)), field(r#type));
        }
    }
    match condition(conditions, "Established") {
        Some(told) if told.status == "True" => Health::new(HealthState::Well, literal!("served"), field("Established")),
        _ => Health::new(HealthState::Unknown, literal!("nothing says whether it is served"), field("Established")),
    }
}

/// Webhooks have no status: they are as well as the Services that answer them.
fn webhooks(object: &Object, served: &Served, around: &Around) -> Health {
    if object.uid.is_empty() {
        return Health::never_applied();
    }
    let strict = |field: &str| served.services.iter().any(|one| one.service.field == field && !one.ignored);
    if !around.lost.is_empty() {
        let lost: Vec<&Lost> = around.lost.iter().collect();
        let state =
            if lost.iter().any(|one| strict(&one.field)) { HealthState::Critical } else { HealthState::Warning };
        return lost::health(state, &lost);
    }
    let down = around.services.iter().filter(|one| one.health.state == HealthState::Critical);
    if let Some(one) = down.min_by_key(|one| !strict(&one.field)) {
        let (state, what) = if strict(&one.field) {
            (HealthState::Critical, "what it judges is refused")
        } else {
            (HealthState::Warning, "what it judges passes unseen")
        };
        let reason = format!("{what}: Service {}: {}", one.name, one.health.reason);
        return Health::new(state, reason, format!("Service {}: {}", one.name, one.health.field));
    }
    if let Some(one) = around.services.iter().find(|one| one.health.state != HealthState::Well) {
        let reason = format!("nobody knows whether Service {} answers: {}", one.name, one.health.reason);
        return Health::new(HealthState::Unknown, reason, format!("Service {}: {}", one.name, one.health.field));
    }
    match (around.services.first(), served.outside) {
        (Some(one), 0) => {
            let more = if around.services.len() > 1 {
                format!(" and {} more", around.services.len() - 1)
            } else {
                String::new()
            };
            let reason = format!("Service {}{more} answers: {}", one.name, one.health.reason);
            Health::new(HealthState::Well, reason, format!("Service {}: {}", one.name, one.health.field))
        }
        (_, 0) => Health::new(HealthState::Resting, literal!("it has no webhook"), literal!("webhooks")),
        _ => Health::new(
            HealthState::Unknown,
            literal!("called by its address, outside the cluster"),
            literal!("webhooks"),
        ),
    }
}
