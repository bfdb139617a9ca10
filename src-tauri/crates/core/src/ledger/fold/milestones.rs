//! Milestones: as set by a row, else as the rows imply.

use super::{State, Step};
use crate::id::RowId;
use crate::ledger::incident::Milestone;
use crate::ledger::kinds;
use crate::time::{Precision, Stamp};

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

/// Writes the milestones. When impact began and ended, and when it was mitigated, only a person can say.
pub(super) fn derive(state: &mut State, steps: &[Step<'_>]) {
    for name in NAMES {
        let implied = || match name {
            "detected" => first(steps, |kind| kind == kinds::ALERT_FIRED),
            "first_paged" => first(steps, |kind| kind == kinds::PAGE_SENT || kind == kinds::PAGE_QUEUED),
            "first_acknowledged" => first(steps, |kind| kind == kinds::PAGE_ACKED),
            "declared" => state.declared.clone(),
            "commander_assumed" => state.commanded.clone(),
            "resolved" => state.resolved.clone(),
            _ => None,
        };
        if let Some((at, row)) = state.set.get(name).cloned().or_else(implied) {
            state.incident.milestones.push(Milestone { name: name.to_owned(), at, row });
        }
    }
}

/// The earliest row of some kinds whose time is known.
fn first(steps: &[Step<'_>], is: impl Fn(&str) -> bool) -> Option<(Stamp, RowId)> {
    let news = |step: &&Step<'_>| {
        let reason = step.payload.get("attempt").and_then(|it| it.get("reason")).and_then(|it| it.as_str());
        !matches!(reason, Some("recovery" | "acknowledgement"))
    };
    steps
        .iter()
        .filter(|step| is(&step.row.kind) && step.occurred.precision != Precision::Unknown)
        .filter(news)
        .min_by_key(|step| step.at())
        .map(|step| (step.occurred, step.row.hash.clone()))
}
