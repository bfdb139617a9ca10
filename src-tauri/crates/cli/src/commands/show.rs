//! Answers about an incident as a person reads them.

use std::fmt::Write;

use serde_json::Value;

use crate::output::{field, list, table, when};

fn heads<const N: usize>(heads: [&str; N]) -> Vec<Vec<String>> {
    vec![heads.map(str::to_owned).to_vec()]
}

fn severity(of: &Value) -> String {
    of["severity"].as_u64().map(|it| format!("SEV-{it}")).unwrap_or_default()
}

fn name(of: &Value) -> &str {
    of.get("name").and_then(Value::as_str).unwrap_or("nobody")
}

/// The list of incidents.
pub fn incidents(all: &Value) -> String {
    let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return "no incident yet\n".to_owned();
    }
    let mut rows = heads(["NUMBER", "SEVERITY", "STATUS", "OPENED", "COMMANDER", "ROWS", "TITLE"]);
    for it in all {
        let commander = it["commander"].as_str().unwrap_or("nobody");
        rows.push(vec![
            field(it, "number").to_owned(),
            severity(it),
            field(it, "status").to_owned(),
            when(field(it, "opened_at")),
            commander.to_owned(),
            it["rows"].to_string(),
            field(it, "title").to_owned(),
        ]);
    }
    table(&rows)
}

/// One incident without its timeline.
pub fn incident(it: &Value) -> String {
    let drill = if it["drill"] == true { ", a drill" } else { "" };
    let mut text = format!("{} {} {}{drill}\n", field(it, "number"), severity(it), field(it, "title"));
    let _ = writeln!(text, "status     {} since {}", field(it, "status"), when(field(it, "status_since")));
    let _ = match it["commander"].as_object() {
        Some(_) => writeln!(text, "commander  {} since {}", name(&it["commander"]), when(field(it, "commander_since"))),
        None => match it["vacant_seconds"].as_u64() {
            Some(seconds) => writeln!(text, "commander  nobody, for {} min {} s", seconds / 60, seconds % 60),
            None => writeln!(text, "commander  nobody"),
        },
    };
    for role in list(it, "roles").iter().filter(|it| field(it, "role") != "commander") {
        let _ = writeln!(
            text,
            "{:<10} {} since {}",
            field(role, "role"),
            name(&role["person"]),
            when(field(role, "since"))
        );
    }
    for offer in list(it, "offers") {
        let (from, to) = (name(&offer["from"]), name(&offer["to"]));
        let _ = writeln!(text, "offered    {} by {from} to {to}: {}", field(offer, "role"), field(offer, "row"));
    }
    if let Some(due) = it["next_update_at"].as_str() {
        let _ = writeln!(text, "update due {}", when(due));
    }
    for milestone in list(it, "milestones") {
        let about = if milestone["approx"] == true { "~" } else { "" };
        let _ = writeln!(text, "milestone  {about}{} {}", when(field(milestone, "at")), field(milestone, "name"));
    }
    for objective in list(it, "objectives") {
        let state = if objective["met"] == true { "met" } else { "open" };
        let _ = writeln!(text, "objective  {state}: {}", field(objective, "text"));
    }
    for task in list(it, "tasks") {
        let label = field(task, "label");
        let owner = name(&task["owner"]);
        let due = when(field(task, "check_in_at"));
        let _ = writeln!(
            text,
            "task       {label} {}, {owner}, check-in {due}: {}",
            field(task, "state"),
            field(task, "text")
        );
    }
    for (word, all) in [("hypothesis", "hypotheses"), ("decision", "decisions")] {
        for one in list(it, all) {
            let _ =
                writeln!(text, "{word:<10} {} {}: {}", field(one, "label"), field(one, "state"), field(one, "text"));
        }
    }
    let _ = writeln!(text, "rows       {}", it["rows"]);
    text
}

/// One line of the timeline.
pub fn entry(it: &Value) -> String {
    let about = if it["approx"] == true { "~" } else { "" };
    let who = if field(it, "who").is_empty() { field(it, "source") } else { field(it, "who") };
    let label = if field(it, "label").is_empty() { String::new() } else { format!(" {}", field(it, "label")) };
    format!("{about}{}  {}{label}  {who}  {}\n", when(field(it, "at")), field(it, "kind"), field(it, "text"))
}

/// The brief of an incident.
pub fn brief(it: &Value) -> String {
    let mut text = String::new();
    for section in list(it, "sections") {
        let _ = writeln!(text, "{}", field(section, "title"));
        for line in list(section, "lines") {
            let _ = writeln!(text, "  {}", field(line, "text"));
        }
    }
    text
}

/// What stands where a pager does not say: never an empty cell.
const NOT_KNOWN: &str = "not known";

fn known(text: &str) -> String {
    if text.is_empty() { NOT_KNOWN.to_owned() } else { text.to_owned() }
}

/// Whether the pager of this attempt never tells one of these fields, so that their absence means nothing.
fn never_told(attempt: &Value, fields: [&str; 2]) -> bool {
    list(attempt, "never_told").iter().filter_map(Value::as_str).any(|it| fields.contains(&it))
}

fn sent(attempt: &Value) -> String {
    match (field(attempt, "sent_at"), field(attempt, "delivery")) {
        ("", "pending" | "sending") if !never_told(attempt, ["sent", "sent_at"]) => "not yet".to_owned(),
        (at, _) => known(&when(at)),
    }
}

/// Who acknowledged, and when; where nobody did, whether that is known.
fn acknowledged(attempt: &Value) -> String {
    let (by, at) = (field(attempt, "acked_by"), field(attempt, "acked_at"));
    let asks_nothing = matches!(field(attempt, "reason"), "recovery" | "acknowledgement");
    match (by, at) {
        ("", "") if never_told(attempt, ["acked", "acked_at"]) => NOT_KNOWN.to_owned(),
        ("", "") if field(attempt, "delivery").starts_with("failed") => "could not".to_owned(),
        ("", "") if asks_nothing => "not asked for".to_owned(),
        ("", "") => "no answer".to_owned(),
        (by, "") => format!("{by}, {NOT_KNOWN} when"),
        ("", at) => format!("{}, {NOT_KNOWN} by whom", when(at)),
        (by, at) => format!("{by}, {}", when(at)),
    }
}

/// The ledger of pages.
pub fn pages(it: &Value) -> String {
    let attempts = list(it, "attempts");
    let mut rows = heads(["SENT", "STEP", "WHO", "CHANNEL", "ABOUT", "ACKNOWLEDGED", "OUTCOME"]);
    for one in attempts {
        let outcome = [field(one, "outcome"), field(one, "outcome_detail")].into_iter().filter(|it| !it.is_empty());
        rows.push(vec![
            sent(one),
            one["step"].as_u64().map_or_else(|| NOT_KNOWN.to_owned(), |step| step.to_string()),
            known(field(one, "who")),
            known(field(one, "channel")),
            known(field(one, "subject")),
            acknowledged(one),
            outcome.collect::<Vec<_>>().join(", "),
        ]);
    }
    let mut text = if attempts.is_empty() { "nobody was paged\n".to_owned() } else { table(&rows) };
    let _ = writeln!(text, "\n{} failed, {} late, {} unanswered", it["failed"], it["late"], it["unanswered"]);
    for case in list(it, "nobody_told") {
        let alert = case.get("alert").map_or(case, |it| it);
        let name = ["name", "title", "summary"].into_iter().map(|it| field(alert, it)).find(|it| !it.is_empty());
        let _ = writeln!(text, "nobody was told of {}", name.unwrap_or("a firing alert"));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_vacant_command_says_for_how_long() {
        let text = incident(&json!({ "number": "INC-0001", "severity": 2, "title": "x", "vacant_seconds": 65 }));
        assert!(text.starts_with("INC-0001 SEV-2 x\n"), "{text}");
        assert!(text.contains("commander  nobody, for 1 min 5 s"), "{text}");
    }

    #[test]
    fn a_page_says_when_it_was_sent_at_which_step_and_who_acknowledged_or_that_it_is_not_known() {
        let icinga = ["policy", "queued_at", "delivered_at", "error", "ack_via"];
        let one = |sent: &str, step: u32, who: &str, by: &str, at: &str| {
            json!({ "sent_at": sent, "step": step, "who": who, "channel": "sms", "subject": "cart", "acked_by": by,
                    "acked_at": at, "outcome": "O", "never_told": icinga })
        };
        let text = pages(&json!({ "failed": 0, "late": 0, "unanswered": 1, "attempts": [
            one("2026-03-01T14:30:00Z", 1, "Ana", "Bo", "2026-03-01T14:31:05Z"),
            one("2026-03-01T14:35:00Z", 2, "Mei", "", ""),
            { "who": "Cy", "subject": "cart", "never_told": ["step", "sent_at", "acked_at"], "outcome": "O" },
            { "who": "Di", "channel": "push", "subject": "cart", "delivery": "pending", "reason": "recovery", "outcome": "O" },
            { "who": "Ed", "channel": "push", "subject": "cart", "delivery": "failed_permanently", "outcome": "O" },
        ]}));
        let rows: Vec<Vec<&str>> = text
            .lines()
            .take(6)
            .map(|line| line.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect())
            .collect();
        assert_eq!(rows[0], ["SENT", "STEP", "WHO", "CHANNEL", "ABOUT", "ACKNOWLEDGED", "OUTCOME"]);
        assert_eq!(rows[1], ["2026-03-01 14:30:00Z", "1", "Ana", "sms", "cart", "Bo, 2026-03-01 14:31:05Z", "O"]);
        assert_eq!(rows[2], ["2026-03-01 14:35:00Z", "2", "Mei", "sms", "cart", "no answer", "O"]);
        assert_eq!(rows[3], ["not known", "not known", "Cy", "not known", "cart", "not known", "O"]);
        assert_eq!(rows[4], ["not yet", "not known", "Di", "push", "cart", "not asked for", "O"]);
        assert_eq!(rows[5], ["not known", "not known", "Ed", "push", "cart", "could not", "O"]);
    }

    #[test]
    fn an_approximate_entry_says_so() {
        let text =
            entry(&json!({ "approx": true, "at": "2026-03-01T14:30:00Z", "kind": "note", "who": "Mei", "text": "t" }));
        assert_eq!(text, "~2026-03-01 14:30:00Z  note  Mei  t\n");
    }
}
