//! Ingress: its backends and certificates, and whether a controller took it up (networking/v1).

use arcstr::literal;

use super::lost::{self, Lost};
use super::{Around, Health, HealthState};
use crate::resource::{Ingress, Object};

pub(super) fn judge(object: &Object, ingress: &Ingress, around: &Around) -> Health {
    if object.uid.is_empty() {
        return Health::never_applied();
    }
    let (backends, others): (Vec<&Lost>, Vec<&Lost>) = around.lost.iter().partition(|one| one.relation == "routes");
    if !backends.is_empty() {
        // Without any backend left every request fails.
        let state = if backends.len() >= around.routes { HealthState::Critical } else { HealthState::Warning };
        return lost::health(state, &backends);
    }
    if !others.is_empty() {
        return lost::health(HealthState::Warning, &others);
    }
    let leads = match around.routes {
        0 => "no backend".to_owned(),
        1 => "its backend is there".to_owned(),
        count => format!("its {count} backends are there"),
    };
    match &*ingress.addresses {
        [] => Health::new(
            HealthState::Unknown,
            format!("{leads}; no controller reported an address for it"),
            "status.loadBalancer.ingress",
        ),
        [first, ..] => Health::new(
            HealthState::Well,
            format!("{leads}; reached at {first}"),
            literal!("status.loadBalancer.ingress"),
        ),
    }
}
