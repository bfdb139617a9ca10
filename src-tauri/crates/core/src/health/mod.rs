//! Health of an object: a state, one sentence, and the field it came from.

use serde::{Deserialize, Serialize};

/// How an object is, worst first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It does not do its work.
    Critical,
    /// It does part of its work, or will soon not.
    Warning,
    /// Nobody said, or what was said is stale or forbidden.
    #[default]
    Unknown,
    /// On its way up.
    Starting,
    /// A source said so and is fresh.
    Well,
    /// Completed, suspended or scaled to zero.
    Resting,
    /// The kind has no rule.
    None,
}

/// A verdict with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The state.
    pub state: HealthState,
    /// One sentence for a person, empty only for `None`.
    pub reason: String,
    /// The field that says so, such as `status.containerStatuses[0].state.waiting.reason`.
    pub field: String,
    /// Cordoned or quarantined, beside the state.
    #[serde(default)]
    pub contained: bool,
}
