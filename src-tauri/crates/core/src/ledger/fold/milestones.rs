//! Milestones: as set by a row, else as the rows imply.

use super::{State, Step};
use crate::ledger::incident::Milestone;
use crate::ledger::kinds;
use crate::time::Precision;

/// Every milestone, in the order they usually come.
pub(in crate::ledger) const NAMES: [&str; 9] = [
    "impact_started",
    "detected",
    "first_paged",
    "first_acknowledged",
    "declared",
    "commander_assumed",
    "mitigated",
    "impact_ended",
    "resolved",
];

/// Remembers the earliest row whose time is known that implies a milestone.
pub(super) fn notice(state: &mut State, step: &Step<'_>) {
    let name = match step.row.kind.as_str() {
        kinds::ALERT_FIRED => "detected",
        kinds::PAGE_SENT | kinds::PAGE_QUEUED => "first_paged",
        kinds::PAGE_ACKED => "first_acknowledged",
        _ => return,
    };
    let reason = step.payload.get("attempt").and_then(|it| it.get("reason")).and_then(|it| it.as_str());
    let news = !matches!(reason, Some("recovery" | "acknowledgement"));
    let earlier = state.first.get(name).is_none_or(|(known, _)| step.at() < known.at);
    if news && earlier && step.occurred.precision != Precision::Unknown {
        state.first.insert(name, (step.occurred, step.row.hash.clone()));
    }
}

/// The milestones. When impact began and ended, and when it was mitigated, only a person can say.
pub(super) fn derive(state: &State) -> Vec<Milestone> {
    let implied = |name| match name {
        "declared" => state.declared.as_ref(),
        "commander_assumed" => state.commanded.as_ref(),
        "resolved" => state.resolved.as_ref(),
        _ => state.first.get(name),
    };
    NAMES
        .into_iter()
        .filter_map(|name| {
            let (at, row) = state.set.get(name).or_else(|| implied(name))?.clone();
            Some(Milestone { name: name.to_owned(), at, row })
        })
        .collect()
}
