//! References that lead nowhere: what a spec names and the cluster does not have.

use arcstr::literal;

use super::{Health, HealthState};
use crate::id::Text;
use crate::resource::Object;

/// A reference that leads nowhere, or not where it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The type of the relation: `uses`, `claims`, `routes`, `attaches`, `classed-by`.
    pub relation: &'static str,
    /// What is wrong, such as `ConfigMap settings is missing`.
    pub what: String,
    /// The field that names it.
    pub field: Text,
}

/// The verdict on a ConfigMap or Secret: to be there is all it has to do. What names one that is not there is told at
/// both ends.
pub(super) fn found(object: &Object) -> Health {
    if object.uid.is_empty() {
        return Health::never_applied();
    }
    Health::new(HealthState::Well, literal!("it is there"), literal!("metadata.name"))
}

/// The verdict on an object that is not there, by the field of `who` that names it.
pub(crate) fn missing(who: &str, field: &str, more: usize) -> Health {
    let more = match more {
        0 => String::new(),
        1 => " and one more".to_owned(),
        count => format!(" and {count} more"),
    };
    let reason = format!("it does not exist, and {who}{more} cannot do without it");
    Health::new(HealthState::Critical, reason, format!("{who}: {field}"))
}

/// The verdict on references that lead nowhere: the first speaks, the rest are counted. There is at least one.
pub(super) fn health(state: HealthState, lost: &[&Lost]) -> Health {
    let Some(first) = lost.first() else { return Health::default() };
    let more = match lost.len() {
        1 => String::new(),
        2 => ", and one more".to_owned(),
        count => format!(", and {} more", count - 1),
    };
    Health::new(state, format!("{}{more}", first.what), first.field.clone())
}

/// The verdict on something whose new pods could not start for what they name; the own verdict where that is worse,
/// or where it makes none.
pub(super) fn no_better(own: Health, lost: &[Lost]) -> Health {
    if lost.is_empty() || matches!(own.state, HealthState::Critical | HealthState::Resting) {
        return own;
    }
    if own.state == HealthState::Unknown && own.field == "status" {
        // Never applied: what the files lack may well be in the cluster.
        return own;
    }
    // What runs goes on; what only starts never will.
    let state = if own.state == HealthState::Starting { HealthState::Critical } else { HealthState::Warning };
    let lost: Vec<&Lost> = lost.iter().collect();
    let told = health(state, &lost);
    Health { reason: format!("new pods cannot start: {}", told.reason).into(), contained: own.contained, ..told }
}
