//! One plain sentence per row, for a person, and a second, quieter line.

use chrono_tz::Tz;
use serde_json::Value;

use super::{Actor, kinds};
use crate::alerts::Address;
use crate::pages::PageAttempt;
use crate::time::Moment;

/// What a sentence needs beside the row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// The label of what the row makes or is about: `H1`, `D2`, `T3`.
    pub label: &'a str,
    /// The words of what the row is about: the task's, the hypothesis's, the decision's text.
    pub about: &'a str,
    /// The name of the other person: who holds what is offered, who offered what is accepted.
    pub other: &'a str,
    /// The incident's zone.
    pub zone: Tz,
}

/// The name of who wrote a row.
pub(super) fn who(actor: &Actor) -> &str {
    match actor {
        Actor::Person { id, name } if name.is_empty() => id.as_str(),
        Actor::Person { name, .. } | Actor::Machine { name } => name,
    }
}

/// A role in words: `command`, `the role of scribe`.
pub(crate) fn role_words(role: &str) -> String {
    if role == "commander" { "command".to_owned() } else { format!("the role of {}", role.replace('_', " ")) }
}

/// A time of day in a zone.
pub(super) fn time_of_day(at: Moment, zone: Tz) -> String {
    at.with_timezone(&zone).format("%H:%M %Z").to_string()
}

pub(super) fn text_at<'a>(payload: &'a Value, field: &str) -> &'a str {
    payload.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn moment_at(payload: &Value, field: &str) -> Option<Moment> {
    payload.get(field).and_then(|it| serde_json::from_value(it.clone()).ok())
}

/// `head: tail`, or `head` alone.
fn joined(head: impl Into<String>, tail: &str) -> String {
    let head = head.into();
    if tail.is_empty() { head } else { format!("{head}: {tail}") }
}

fn one_of(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The two lines of a row.
pub(super) fn say(kind: &str, actor: &Actor, payload: &Value, context: Context<'_>) -> (String, String) {
    let get = |field: &str| text_at(payload, field);
    let name_at = |field: &str| payload.get(field).map_or("", |it| text_at(it, "name"));
    let (who, label, about) = (who(actor), context.label, context.about);
    let labelled = |word: &str| if label.is_empty() { word.to_owned() } else { format!("{label} {word}") };
    let role = role_words(get("role"));
    let plain = |text: String| (text, String::new());
    match kind {
        kinds::INCIDENT_DECLARED => plain(joined(format!("{who} declared {}", severity(payload)), get("title"))),
        kinds::INCIDENT_STATUS => plain(joined(format!("Status is now {}", get("status")), get("reason"))),
        kinds::INCIDENT_SEVERITY => plain(joined(format!("Severity is now {}", severity(payload)), get("reason"))),
        kinds::INCIDENT_CLOSED => {
            let of = match get("duplicate_of") {
                "" => String::new(),
                other => format!(" of {other}"),
            };
            plain(joined(format!("Closed as {}{of}", get("as")), get("reason")))
        }
        kinds::INCIDENT_REOPENED => plain(joined("Reopened", get("reason"))),
        kinds::ROLE_ASSUMED => {
            let person = name_at("person");
            let by = if person == who { String::new() } else { format!("entered by {who}") };
            (format!("{person} took {role}"), by)
        }
        kinds::ROLE_OFFERED => plain(joined(format!("{who} offered {role} to {}", name_at("to")), get("reason"))),
        kinds::ROLE_ACCEPTED => match context.other {
            "" => plain(format!("{who} accepted {role}")),
            from => plain(format!("{who} took {role} from {from}")),
        },
        kinds::ROLE_DECLINED => plain(joined(format!("{who} declined {role}"), get("reason"))),
        kinds::ROLE_WITHDRAWN => plain(format!("{who} took back the offer of {role}")),
        kinds::ROLE_RELEASED => plain(joined(format!("{who} laid down {role}"), get("reason"))),
        kinds::BRIEF_SHOWN => plain(format!("The brief was shown to {who}")),
        kinds::HYPOTHESIS_OPENED => plain(joined(labelled("opened"), get("text"))),
        kinds::HYPOTHESIS_SUPPORTED => (joined(labelled("supported"), get("evidence")), about.to_owned()),
        kinds::HYPOTHESIS_ELIMINATED => (joined(labelled("eliminated"), get("evidence")), about.to_owned()),
        kinds::HYPOTHESIS_REOPENED => (joined(labelled("open again"), get("evidence")), about.to_owned()),
        kinds::DECISION_PROPOSED => plain(joined(labelled("proposed"), get("text"))),
        kinds::DECISION_OBJECTED => (joined(format!("{who} objects to {label}"), get("text")), about.to_owned()),
        kinds::DECISION_MADE => {
            let text = if get("text").is_empty() { about } else { get("text") };
            plain(joined(labelled("decided"), text))
        }
        kinds::TASK_ASSIGNED => {
            let text = joined(format!("{label} to {}", name_at("owner")), get("text"));
            let check_in = moment_at(payload, "check_in_at");
            (text, check_in.map(|at| format!("reports at {}", time_of_day(at, context.zone))).unwrap_or_default())
        }
        kinds::TASK_DONE => (joined(labelled("done"), get("outcome")), about.to_owned()),
        kinds::TASK_DROPPED => (joined(labelled("dropped"), get("outcome")), about.to_owned()),
        kinds::TASK_CHECKIN => {
            let until = moment_at(payload, "check_in_at").map(|at| time_of_day(at, context.zone)).unwrap_or_default();
            (joined(labelled(&format!("reports next at {until}")), get("outcome")), about.to_owned())
        }
        kinds::OBJECTIVE_SET => plain(joined("Objective", get("text"))),
        kinds::OBJECTIVE_MET => plain(joined("Objective met", about)),
        kinds::COMMS_INTERNAL | kinds::COMMS_EXTERNAL => {
            let to = if kind == kinds::COMMS_EXTERNAL { "customers" } else { "stakeholders" };
            let every = payload.get("every_minutes").and_then(Value::as_u64);
            let detail = every.map(|minutes| format!("the next one in {}", one_of(minutes, "minute", "minutes")));
            (joined(format!("Update to {to}"), get("text")), detail.unwrap_or_default())
        }
        kinds::MILESTONE_SET => {
            plain(joined(format!("Milestone {} set", get("name").replace('_', " ")), get("reason")))
        }
        kinds::ACTION_OPENED => (joined("Action item", get("text")), action(payload)),
        kinds::ACTION_CHANGED => (joined("Action item changed", get("text")), action(payload)),
        kinds::ACTION_CLOSED => (joined("Action item closed", get("text")), action(payload)),
        kinds::EVIDENCE_PINNED => (joined("Pinned", get("text")), get("source").to_owned()),
        kinds::HANDOFF_WRITTEN => plain(match handoff_to(payload) {
            "" => "Handoff note written".to_owned(),
            to => format!("Handoff note written for {to}"),
        }),
        kinds::HANDOFF_ACCEPTED => plain(format!("{who} accepted the handoff note")),
        kinds::EVIDENCE_FROZEN => {
            let count = |field: &str, one: &str, many: &str| {
                one_of(payload.get(field).and_then(Value::as_u64).unwrap_or(0), one, many)
            };
            let parts = [
                count("events", "event", "events"),
                count("alerts", "alert", "alerts"),
                count("silences", "silence", "silences"),
                count("on_call", "person on call", "people on call"),
                count("revisions", "revision", "revisions"),
            ];
            let place = match get("label") {
                "" => String::new(),
                label => format!(" in {label}"),
            };
            plain(format!("Evidence frozen{place}: {}", parts.join(", ")))
        }
        kinds::CLUSTER_JOINED => plain(format!("{} answered, and is part of the incident from now on", get("label"))),
        kinds::TOPOLOGY_SNAPSHOT => plain(format!("What {} looked like was kept", get("cluster"))),
        _ if kind.starts_with("alert.") => alert(kind, payload, context.zone),
        _ if kind.starts_with("page.") => page(kind, payload),
        _ if kinds::is_known(kind) => (get("text").to_owned(), get("detail").to_owned()),
        // A newer version wrote it: better its bare kind than nothing.
        _ => plain(joined(kind, get("text"))),
    }
}

fn severity(payload: &Value) -> String {
    payload.get("severity").and_then(Value::as_u64).map_or_else(|| "no severity".to_owned(), |it| format!("SEV-{it}"))
}

fn handoff_to(payload: &Value) -> &str {
    match payload.get("to") {
        Some(Value::String(name)) => name,
        Some(person) => text_at(person, "name"),
        None => "",
    }
}

fn action(payload: &Value) -> String {
    let mut parts = Vec::new();
    match text_at(payload, "owner") {
        "" => parts.push("no owner yet".to_owned()),
        owner => parts.push(owner.to_owned()),
    }
    if let Some(due) = moment_at(payload, "due") {
        parts.push(format!("due {}", due.format("%Y-%m-%d")));
    }
    if !text_at(payload, "end_state").is_empty() {
        parts.push(text_at(payload, "end_state").to_owned());
    }
    parts.join(", ")
}

fn alert(kind: &str, payload: &Value, zone: Tz) -> (String, String) {
    let place = payload.get("at").and_then(|at| serde_json::from_value::<Address>(at.clone()).ok());
    let place = match place {
        Some(Address::Object(key)) => format!(" on {}", key.name),
        Some(Address::Cluster(_)) => " on the cluster".to_owned(),
        Some(Address::ControlPlane(_)) => " on the control plane".to_owned(),
        Some(Address::Heartbeat | Address::Plumbing) | None => String::new(),
    };
    let muted = |field: &str| payload.get("muted").map_or("", |it| text_at(it, field));
    let word = match kind {
        kinds::ALERT_FIRED => "fired",
        kinds::ALERT_RESOLVED => "resolved",
        kinds::ALERT_SILENCED => "was silenced",
        kinds::ALERT_INHIBITED => "was muted by another alert",
        kinds::ALERT_UNMUTED => match muted("was") {
            "inhibited" => "is no longer muted by another alert, still firing",
            _ => "is no longer silenced, still firing",
        },
        _ => "is pending",
    };
    let summary = text_at(payload, "summary");
    let untold = kind == kinds::ALERT_FIRED && text_at(payload, "told") == "nobody";
    let untold = if untold { joined("nobody was told", text_at(payload, "told_why")) } else { String::new() };
    let by = if kind == kinds::ALERT_UNMUTED { "" } else { muted("by") };
    let (when, unseen) = payload.get("unseen").map(|it| unseen(it, zone)).unwrap_or_default();
    let parts = [unseen, by, summary, &untold];
    let detail = parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("; ");
    (format!("{} {word}{place}{when}", text_at(payload, "name")), detail)
}

/// When something ended that nobody saw, and how that is known.
fn unseen(payload: &Value, zone: Tz) -> (String, &'static str) {
    let (Some(from), Some(to)) = (moment_at(payload, "from"), moment_at(payload, "to")) else {
        return (String::new(), "nothing was recorded when it ended; its time is from Prometheus' history");
    };
    let (from, to) = (from.with_timezone(&zone), to.with_timezone(&zone));
    let format = if from.date_naive() == to.date_naive() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    let when = format!(", unseen, between {} and {}", from.format(format), to.format(&format!("{format} %Z")));
    (when, "nothing was recorded when it ended")
}

fn page(kind: &str, payload: &Value) -> (String, String) {
    let attempt = payload.get("attempt").cloned().and_then(|it| serde_json::from_value::<PageAttempt>(it).ok());
    let Some(attempt) = attempt else { return (kind.to_owned(), String::new()) };
    let name = if attempt.target.name.is_empty() { "an unnamed person" } else { &attempt.target.name };
    let by = if attempt.channel.is_empty() { String::new() } else { format!(" by {}", attempt.channel) };
    let about = if attempt.subject.is_empty() { String::new() } else { format!(": {}", attempt.subject) };
    let text = match kind {
        kinds::PAGE_QUEUED => format!("Page to {name} queued{about}"),
        kinds::PAGE_SENT => match attempt.reason.as_str() {
            "acknowledgement" => format!("{name} was told{by} that somebody answered{about}"),
            "recovery" => format!("{name} was told{by} that it is over{about}"),
            _ => format!("Page to {name} sent{by}{about}"),
        },
        kinds::PAGE_DELIVERED => format!("Page to {name} arrived{by}{about}"),
        kinds::PAGE_FAILED => joined(format!("Page to {name} failed{about}"), &attempt.error),
        kinds::PAGE_BUNDLED => format!("Page to {name} went out inside another{about}"),
        kinds::PAGE_ACKED => {
            let who = if attempt.acked_by.is_empty() { name } else { &attempt.acked_by };
            let via = if attempt.ack_via.is_empty() { String::new() } else { format!(" via {}", attempt.ack_via) };
            format!("{who} acknowledged{via}{about}")
        }
        _ => format!("Page to {name} escalated to {}{about}", attempt.escalated_to.join(", ")),
    };
    let step = attempt.step.map(|step| format!("step {step}")).unwrap_or_default();
    let parts: Vec<&str> = [attempt.policy.as_str(), &step].into_iter().filter(|it| !it.is_empty()).collect();
    (text, parts.join(", "))
}
