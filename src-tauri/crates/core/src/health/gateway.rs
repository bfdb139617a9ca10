//! Gateway: accepted and programmed, and its listeners (gateway.networking.k8s.io/v1).

use arcstr::literal;

use super::{Around, Health, HealthState, condition, field, lost, words};
use crate::resource::Gateway;

pub(super) fn judge(gateway: &Gateway, around: &Around) -> Health {
    let conditions = &gateway.conditions;
    if conditions.is_empty() {
        return Health::never_applied();
    }
    let absent: Vec<&lost::Lost> = around.lost.iter().collect();
    if !absent.is_empty() {
        return lost::health(HealthState::Critical, &absent);
    }
    if let Some(refused) = condition(conditions, "Accepted").filter(|c| c.status == "False") {
        return Health::new(HealthState::Critical, format!("not accepted: {}", words(refused)), field("Accepted"));
    }
    // `Ready` is what v1beta1 said of the same.
    let programmed = condition(conditions, "Programmed").or_else(|| condition(conditions, "Ready"));
    if let Some(told) = programmed.filter(|c| c.status == "False") {
        // A gateway nobody took up says so with these words from the start (the API's own defaults).
        let state = if told.reason == "Pending" { HealthState::Starting } else { HealthState::Critical };
        return Health::new(state, format!("not programmed: {}", words(told)), field(&told.r#type));
    }
    if let Some((listener, told)) = gateway.troubled.first() {
        let more = gateway.troubled.iter().filter(|(name, _)| name != listener).count();
        let more = if more > 0 { format!("; {more} more in trouble") } else { String::new() };
        return Health::new(
            HealthState::Warning,
            format!("listener {listener}: {}{more}", words(told)),
            format!("status.listeners[{listener}].conditions[{}]", told.r#type),
        );
    }
    match programmed.or_else(|| condition(conditions, "Accepted")) {
        Some(told) if told.status == "True" => {
            let word = if told.r#type == "Accepted" { "accepted" } else { "programmed" };
            Health::new(HealthState::Well, word, field(&told.r#type))
        }
        Some(told) => Health::new(HealthState::Unknown, format!("nobody knows: {}", words(told)), field(&told.r#type)),
        None => {
            Health::new(HealthState::Unknown, literal!("nothing says whether it works"), literal!("status.conditions"))
        }
    }
}
