//! Rows people write.

use serde_json::{Value, json};

use super::{human, points};
use crate::id::{BlobId, RowId};
use crate::ledger::incident::{Entry, Person, Severity, Status};
use crate::ledger::{Actor, Draft, kinds};
use crate::time::{Moment, Stamp};

/// Declares the incident.
#[allow(clippy::too_many_arguments)]
pub fn declared(
    by: &Actor,
    at: Stamp,
    title: &str,
    severity: Severity,
    zone: &str,
    clusters: &[String],
    subjects: &[String],
    drill: bool,
) -> Draft {
    let payload = json!({ "title": title, "severity": severity, "zone": zone, "clusters": clusters, "drill": drill });
    human(by, at, kinds::INCIDENT_DECLARED, payload).about(subjects)
}

/// Sets the status.
pub fn status(by: &Actor, at: Stamp, status: Status, reason: &str) -> Draft {
    human(by, at, kinds::INCIDENT_STATUS, json!({ "status": status, "reason": reason }))
}

/// Sets the severity.
pub fn severity(by: &Actor, at: Stamp, severity: Severity, reason: &str) -> Draft {
    human(by, at, kinds::INCIDENT_SEVERITY, json!({ "severity": severity, "reason": reason }))
}

/// Closes as `reviewed`, `duplicate`, `declined` …
pub fn closed(by: &Actor, at: Stamp, closed_as: &str, reason: &str, duplicate_of: Option<&str>) -> Draft {
    let payload = json!({ "as": closed_as, "reason": reason, "duplicate_of": duplicate_of });
    human(by, at, kinds::INCIDENT_CLOSED, payload)
}

/// Reopens.
pub fn reopened(by: &Actor, at: Stamp, reason: &str) -> Draft {
    human(by, at, kinds::INCIDENT_REOPENED, json!({ "reason": reason }))
}

/// Takes a role nobody holds, for a person.
pub fn role_assumed(by: &Actor, at: Stamp, role: &str, person: &Person) -> Draft {
    human(by, at, kinds::ROLE_ASSUMED, json!({ "role": role, "person": person }))
}

/// Offers a role to a person.
pub fn role_offered(by: &Actor, at: Stamp, role: &str, to: &Person, reason: &str) -> Draft {
    human(by, at, kinds::ROLE_OFFERED, json!({ "role": role, "to": to, "reason": reason }))
}

/// Accepts an offer.
pub fn role_accepted(by: &Actor, at: Stamp, offer: &RowId, role: &str) -> Draft {
    human(by, at, kinds::ROLE_ACCEPTED, json!({ "role": role })).with("answers", offer.as_str())
}

/// Declines an offer.
pub fn role_declined(by: &Actor, at: Stamp, offer: &RowId, role: &str, reason: &str) -> Draft {
    human(by, at, kinds::ROLE_DECLINED, json!({ "role": role, "reason": reason })).with("answers", offer.as_str())
}

/// Takes an offer back.
pub fn role_withdrawn(by: &Actor, at: Stamp, offer: &RowId, role: &str) -> Draft {
    human(by, at, kinds::ROLE_WITHDRAWN, json!({ "role": role })).with("answers", offer.as_str())
}

/// Lays a role down.
pub fn role_released(by: &Actor, at: Stamp, role: &str, reason: &str) -> Draft {
    human(by, at, kinds::ROLE_RELEASED, json!({ "role": role, "reason": reason }))
}

/// The brief was shown; `by` is the person it was shown to.
pub fn brief_shown(by: &Actor, at: Stamp, offer: &RowId, role: &str) -> Draft {
    human(by, at, kinds::BRIEF_SHOWN, json!({ "role": role })).with("answers", offer.as_str())
}

/// A note; `token` makes a retry harmless, attachments are `(blob, name, media type)`.
pub fn note(
    by: &Actor,
    at: Stamp,
    text: &str,
    subjects: &[String],
    attachments: &[(BlobId, String, String)],
    token: &str,
) -> Draft {
    written(kinds::NOTE, by, at, text, subjects, attachments, token)
}

/// Something seen; as [`note`].
pub fn observation(
    by: &Actor,
    at: Stamp,
    text: &str,
    subjects: &[String],
    attachments: &[(BlobId, String, String)],
    token: &str,
) -> Draft {
    written(kinds::OBSERVATION, by, at, text, subjects, attachments, token)
}

fn written(
    kind: &str,
    by: &Actor,
    at: Stamp,
    text: &str,
    subjects: &[String],
    attachments: &[(BlobId, String, String)],
    token: &str,
) -> Draft {
    let files: Vec<Value> = attachments
        .iter()
        .map(|(blob, name, media_type)| json!({ "blob": blob, "name": name, "media_type": media_type }))
        .collect();
    let mut draft = human(by, at, kind, json!({ "text": text, "attachments": files })).about(subjects);
    draft.refs.extend(attachments.iter().map(|(blob, _, _)| points("attachment", blob.as_str())));
    token.clone_into(&mut draft.source_id);
    draft
}

/// Corrects the words or the time of a person's row; the earlier wording stays.
pub fn correction(by: &Actor, at: Stamp, of: &Entry, text: &str) -> Draft {
    // A sentence has its words after a head (`H1 opened: …`); a person may hand the whole of it back.
    let plain = matches!(of.kind.as_str(), kinds::NOTE | kinds::OBSERVATION | kinds::ANNOTATION);
    let head = of.text.find(": ").map(|end| &of.text[..end + 2]).filter(|_| !plain);
    let text = head.and_then(|head| text.strip_prefix(head)).unwrap_or(text);
    Draft { revises: Some(of.row.clone()), ..human(by, at, &of.kind, json!({ "text": text })) }
}

/// A note on any row.
pub fn annotation(by: &Actor, at: Stamp, row: &RowId, text: &str) -> Draft {
    human(by, at, kinds::ANNOTATION, json!({ "text": text })).with("answers", row.as_str())
}

/// Opens a hypothesis.
pub fn hypothesis_opened(by: &Actor, at: Stamp, text: &str, subjects: &[String]) -> Draft {
    human(by, at, kinds::HYPOTHESIS_OPENED, json!({ "text": text })).about(subjects)
}

/// Judges a hypothesis: `supported`, `eliminated` or `open` again.
pub fn hypothesis_judged(
    by: &Actor,
    at: Stamp,
    row: &RowId,
    state: &str,
    evidence: &str,
    evidence_rows: &[RowId],
) -> Draft {
    let kind = match state {
        "supported" => kinds::HYPOTHESIS_SUPPORTED,
        "eliminated" => kinds::HYPOTHESIS_ELIMINATED,
        _ => kinds::HYPOTHESIS_REOPENED,
    };
    let mut draft = human(by, at, kind, json!({ "evidence": evidence })).with("hypothesis", row.as_str());
    draft.refs.extend(evidence_rows.iter().map(|row| points("evidence", row.as_str())));
    draft
}

/// Proposes a decision, or makes it at once.
pub fn decision(by: &Actor, at: Stamp, text: &str, made: bool) -> Draft {
    let kind = if made { kinds::DECISION_MADE } else { kinds::DECISION_PROPOSED };
    human(by, at, kind, json!({ "text": text }))
}

/// Objects to a decision.
pub fn decision_objected(by: &Actor, at: Stamp, row: &RowId, text: &str) -> Draft {
    human(by, at, kinds::DECISION_OBJECTED, json!({ "text": text })).with("decision", row.as_str())
}

/// Makes a decision that was proposed.
pub fn decision_made(by: &Actor, at: Stamp, row: &RowId) -> Draft {
    human(by, at, kinds::DECISION_MADE, json!({})).with("decision", row.as_str())
}

/// Assigns a task to one owner, who reports at a time.
pub fn task_assigned(
    by: &Actor,
    at: Stamp,
    text: &str,
    owner: &Person,
    check_in_at: Moment,
    subjects: &[String],
) -> Draft {
    let payload = json!({ "text": text, "owner": owner, "check_in_at": check_in_at });
    human(by, at, kinds::TASK_ASSIGNED, payload).about(subjects)
}

/// Ends a task as `done` or `dropped`.
pub fn task_ended(by: &Actor, at: Stamp, row: &RowId, state: &str, outcome: &str) -> Draft {
    let kind = if state == "dropped" { kinds::TASK_DROPPED } else { kinds::TASK_DONE };
    human(by, at, kind, json!({ "outcome": outcome })).with("task", row.as_str())
}

/// Moves a task's check-in.
pub fn task_check_in(by: &Actor, at: Stamp, row: &RowId, check_in_at: Moment, outcome: &str) -> Draft {
    let payload = json!({ "check_in_at": check_in_at, "outcome": outcome });
    human(by, at, kinds::TASK_CHECKIN, payload).with("task", row.as_str())
}

/// Sets an objective.
pub fn objective_set(by: &Actor, at: Stamp, text: &str) -> Draft {
    human(by, at, kinds::OBJECTIVE_SET, json!({ "text": text }))
}

/// Marks an objective as met.
pub fn objective_met(by: &Actor, at: Stamp, row: &RowId) -> Draft {
    human(by, at, kinds::OBJECTIVE_MET, json!({})).with("answers", row.as_str())
}

/// Stakeholders were told; `audience` is `internal` or `external`, `every_minutes` changes the clock.
pub fn update_sent(by: &Actor, at: Stamp, text: &str, audience: &str, every_minutes: Option<u32>) -> Draft {
    let kind = if audience == "external" { kinds::COMMS_EXTERNAL } else { kinds::COMMS_INTERNAL };
    human(by, at, kind, json!({ "text": text, "every_minutes": every_minutes }))
}

/// Sets a milestone at `at`.
pub fn milestone(by: &Actor, at: Stamp, name: &str, reason: &str) -> Draft {
    human(by, at, kinds::MILESTONE_SET, json!({ "name": name, "reason": reason }))
}

/// Opens an action item, or changes or closes the one `row` opened.
#[allow(clippy::too_many_arguments)]
pub fn action(
    by: &Actor,
    at: Stamp,
    row: Option<&RowId>,
    text: &str,
    owner: &str,
    due: Option<Moment>,
    type_: &str,
    end_state: &str,
    closed: bool,
) -> Draft {
    let kind = match (row, closed) {
        (None, _) => kinds::ACTION_OPENED,
        (Some(_), false) => kinds::ACTION_CHANGED,
        (Some(_), true) => kinds::ACTION_CLOSED,
    };
    let payload = json!({ "text": text, "owner": owner, "due": due, "type": type_, "end_state": end_state });
    let draft = human(by, at, kind, payload);
    match row {
        Some(row) => draft.with("answers", row.as_str()),
        None => draft,
    }
}

/// Pins evidence: an object, an alert, a page or a text, with its source.
pub fn evidence_pinned(by: &Actor, at: Stamp, text: &str, source: &str, target: &str, blob: Option<&BlobId>) -> Draft {
    let payload = json!({ "text": text, "source": source, "target": target, "blob": blob });
    let draft = human(by, at, kinds::EVIDENCE_PINNED, payload);
    let draft = if target.is_empty() { draft } else { draft.with("evidence", target) };
    match blob {
        Some(blob) => draft.with("attachment", blob.as_str()),
        None => draft,
    }
}

/// Writes a handoff note; the payload is the note.
pub fn handoff_written(by: &Actor, at: Stamp, payload: Value) -> Draft {
    human(by, at, kinds::HANDOFF_WRITTEN, payload)
}

/// Accepts a handoff note.
pub fn handoff_accepted(by: &Actor, at: Stamp, row: &RowId) -> Draft {
    human(by, at, kinds::HANDOFF_ACCEPTED, json!({})).with("answers", row.as_str())
}
