//! What may be written: asked before a row is appended. The fold copes with rows that were written apart; these rules
//! keep a desk from writing what it can know to be void.

mod items;
mod roles;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::Duration;

use super::incident::{Entry, Incident, Severity, Status};
use super::text::text_at;
use super::{Actor, CLOCK_AHEAD_LIMIT, Draft, drafts, kinds};
use crate::id::RowId;
use crate::time::Moment;

/// The most a row may say.
const LIMIT: usize = 1024 * 1024;

/// Why a row is not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What the screen branches on.
    pub code: &'static str,
    /// What cannot be done, naming the thing.
    pub message: String,
    /// The next step.
    pub hint: String,
}

/// The refusal itself, as an error.
fn refuse<T>(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, message: message.into(), hint: hint.into() })
}

/// Checks a draft against the incident as it is now.
pub fn check(incident: &Incident, draft: &Draft, now: Moment) -> Result<(), Refusal> {
    if !kinds::is_known(&draft.kind) {
        return refuse("unknown_kind", format!("`{}` is no kind of row", draft.kind), "update the program");
    }
    size(draft)?;
    let person = matches!(draft.actor, Actor::Person { .. });
    if person && kinds::is_machine(&draft.kind) {
        let message = format!("a row `{}` is written by a machine only", draft.kind);
        return refuse("machine_row", message, "write an observation instead");
    }
    if let Some(row) = &draft.revises {
        return correction(incident, draft, row, now);
    }
    if !person || kinds::is_machine(&draft.kind) {
        return Ok(());
    }
    past(draft, now)?;
    match draft.kind.as_str() {
        kinds::INCIDENT_DECLARED => declared(incident, draft),
        kinds::INCIDENT_STATUS => status(incident, draft),
        kinds::INCIDENT_SEVERITY => severity(incident, draft),
        kinds::INCIDENT_CLOSED => closed(incident, draft),
        kinds::INCIDENT_REOPENED => reopened(incident, draft),
        kinds::ANNOTATION => {
            words(draft, "the annotation")?;
            entry(incident, target(draft, "answers")).map(drop)
        }
        kinds::NOTE | kinds::OBSERVATION => note(draft),
        kind if kind.starts_with("role.") || kind == kinds::BRIEF_SHOWN => roles::check(incident, draft),
        _ => items::check(incident, draft, now),
    }
}

fn size(draft: &Draft) -> Result<(), Refusal> {
    let length = serde_json::to_string(&draft.payload).map_or(0, |text| text.len());
    if length > LIMIT {
        let message = format!("the text has {length} bytes, {LIMIT} is the most a row holds");
        return refuse("too_large", message, "attach it as a file instead");
    }
    if has_zero(&draft.payload) {
        return refuse("bad_character", "the text holds a zero character", "remove it");
    }
    Ok(())
}

/// `PostgreSQL` keeps no zero character.
fn has_zero(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(has_zero),
        serde_json::Value::Object(fields) => fields.values().any(has_zero),
        _ => false,
    }
}

/// What happened, happened already.
fn past(draft: &Draft, now: Moment) -> Result<(), Refusal> {
    if draft.occurred.at > now + CLOCK_AHEAD_LIMIT {
        let message = format!("{} is in the future", draft.occurred.at.format("%Y-%m-%d %H:%M UTC"));
        return refuse("in_the_future", message, "give the time it happened");
    }
    Ok(())
}

/// The words of a draft, which must not be empty.
fn words<'a>(draft: &'a Draft, what: &str) -> Result<&'a str, Refusal> {
    let text = text_at(&draft.payload, kinds::words(&draft.kind)).trim();
    if text.is_empty() {
        return refuse("empty_text", format!("{what} has no text"), "say it in a few words");
    }
    Ok(text)
}

/// The reason of a draft, which must not be empty.
fn reason(draft: &Draft, what: &str) -> Result<(), Refusal> {
    if text_at(&draft.payload, "reason").trim().is_empty() {
        return refuse("reason_needed", format!("{what} needs a reason"), "say why in a few words");
    }
    Ok(())
}

/// What the draft points at in a role.
fn target<'a>(draft: &'a Draft, role: &str) -> &'a str {
    draft.refs.iter().find(|it| it.role == role).map_or("", |it| it.target.as_str())
}

/// The entry of a row.
fn entry<'a>(incident: &'a Incident, row: &str) -> Result<&'a Entry, Refusal> {
    match incident.timeline.iter().find(|entry| entry.row.as_str() == row) {
        Some(entry) => Ok(entry),
        None => refuse("no_such_row", format!("there is no row `{row}` in this incident"), "refresh the timeline"),
    }
}

fn no_such<T>(code: &'static str, what: &str, row: &str) -> Result<T, Refusal> {
    refuse(code, format!("there is no {what} `{row}` in this incident"), "refresh and choose one that is there")
}

fn note(draft: &Draft) -> Result<(), Refusal> {
    if draft.refs.iter().any(|it| it.role == "attachment") {
        return Ok(());
    }
    words(draft, "the note").map(drop)
}

fn correction(incident: &Incident, draft: &Draft, row: &RowId, now: Moment) -> Result<(), Refusal> {
    let known = |entry: &&Arc<Entry>| entry.row == *row || entry.earlier.iter().any(|it| it.row == *row);
    let Some(entry) = incident.timeline.iter().find(known) else {
        return no_such("no_such_row", "row", row.as_str());
    };
    if entry.machine {
        let message = format!("`{}` was written by {}: nobody corrects it", entry.text, entry.source);
        return refuse("machine_row", message, "add a note to it instead");
    }
    if matches!(draft.actor, Actor::Machine { .. }) || entry.kind != draft.kind {
        let message = format!("`{}` is corrected by a person, as a row `{}`", entry.text, entry.kind);
        return refuse("bad_correction", message, "correct its words or its time");
    }
    past(draft, now)?;
    let text = text_at(&draft.payload, "text").trim();
    let attached = entry.refs.iter().any(|it| it.role == "attachment");
    if text.is_empty() && !attached {
        return refuse("empty_text", "the correction has no text", "say what it should read");
    }
    // The entry shows a sentence; its own words end it.
    if text == entry.text && draft.occurred == entry.occurred {
        return refuse("no_change", format!("`{text}` is what it says already"), "change its words or its time");
    }
    Ok(())
}

fn severity_of(draft: &Draft) -> Result<Severity, Refusal> {
    match draft.payload.get("severity").and_then(serde_json::Value::as_u64) {
        Some(level @ 1..=5) => Ok(Severity(level as u8)),
        other => {
            let other = other.map_or_else(|| "no severity".to_owned(), |it| format!("SEV-{it}"));
            refuse("bad_severity", format!("{other} is none of SEV-1 to SEV-5"), "choose SEV-1 (worst) to SEV-5")
        }
    }
}

fn declared(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    if incident.severity.is_some() {
        let message = format!("`{}` is declared already", incident.title);
        return refuse("already_declared", message, "change its severity or status instead");
    }
    words(draft, "the incident")?;
    severity_of(draft)?;
    let zone = text_at(&draft.payload, "zone");
    if zone.parse::<chrono_tz::Tz>().is_err() {
        return refuse("bad_zone", format!("`{zone}` is no time zone"), "use an IANA name such as Europe/Berlin");
    }
    Ok(())
}

/// Refuses where the incident was not declared.
fn needs_declared(incident: &Incident) -> Result<(), Refusal> {
    if incident.severity.is_none() {
        return refuse("not_declared", "the incident is not declared yet", "declare it first");
    }
    Ok(())
}

fn word(status: Status) -> String {
    format!("{status:?}").to_lowercase()
}

fn status(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    needs_declared(incident)?;
    let wanted = draft.payload.get("status").and_then(|it| serde_json::from_value::<Status>(it.clone()).ok());
    let Some(to) = wanted else {
        return refuse("bad_status", "there is no such status", "choose investigating, mitigating, monitoring …");
    };
    let from = incident.status;
    if from == to {
        return refuse("no_change", format!("the status is {} already", word(to)), "choose another status");
    }
    let legal = match (from, to) {
        (_, Status::Triage | Status::Declared | Status::Closed) => false,
        (from, to) if from <= Status::Monitoring => to <= Status::Resolved,
        (Status::Resolved, Status::Learning) => true,
        _ => false,
    };
    if legal {
        return Ok(());
    }
    let message = format!("the incident is {}, it cannot become {}", word(from), word(to));
    let hint = match (from, to) {
        (_, Status::Closed) => "close it with what it is closed as",
        (_, Status::Learning) => "resolve it first",
        (from, _) if from >= Status::Resolved => "reopen it first",
        _ => "choose investigating, mitigating, monitoring or resolved",
    };
    refuse("bad_transition", message, hint)
}

fn severity(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    needs_declared(incident)?;
    let to = severity_of(draft)?;
    if incident.severity == Some(to) {
        return refuse("no_change", format!("the severity is SEV-{} already", to.0), "choose another severity");
    }
    reason(draft, &format!("changing the severity to SEV-{}", to.0))
}

fn closed(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let closed_as = text_at(&draft.payload, "as");
    let ways = ["reviewed", "duplicate", "declined", "merged", "cancelled", "superseded", "external"];
    if !ways.contains(&closed_as) {
        let message = format!("an incident is not closed as `{closed_as}`");
        return refuse("bad_closure", message, format!("choose one of {}", ways.join(", ")));
    }
    if incident.status == Status::Closed {
        let how = incident.closed_as.as_deref().unwrap_or("reviewed");
        return refuse("already_closed", format!("the incident is closed as {how}"), "reopen it first");
    }
    if closed_as == "reviewed" && incident.status < Status::Resolved {
        let message = format!("the incident is {}, only a resolved one is reviewed", word(incident.status));
        return refuse("not_resolved", message, "resolve it first");
    }
    let of = text_at(&draft.payload, "duplicate_of");
    if closed_as == "duplicate" && (of.is_empty() || of == incident.id.as_str()) {
        return refuse("duplicate_of_what", "a duplicate names the other incident", "choose the incident it repeats");
    }
    if closed_as == "reviewed" { Ok(()) } else { reason(draft, &format!("closing as {closed_as}")) }
}

fn reopened(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    if incident.status < Status::Resolved {
        let message = format!("the incident is {}, there is nothing to reopen", word(incident.status));
        return refuse("not_resolved", message, "change its status instead");
    }
    reason(draft, "reopening")
}
