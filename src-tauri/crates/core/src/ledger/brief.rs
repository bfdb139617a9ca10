//! The command brief: what an incoming commander must know, in the parts of ICS-201, each line traced.

use chrono::Duration;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::fold::is_open;
use super::incident::{Incident, Person, Severity};
use super::kinds;
use super::text::role_words;
use crate::id::RowId;
use crate::pages;
use crate::time::Moment;

/// A part of the brief.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// Its lines, never empty.
    pub lines: Vec<Traced>,
}

/// A line and what it can be traced to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// The line, for a person; names stand between backticks.
    pub text: String,
    /// `row`, `object`, `past`, `alert`, `silence`, `page`, `source` or `none`.
    pub kind: String,
    /// The id of that; empty for `none`. Of `past` an instant and the id of an object that was there then, with a space
    /// between; of `source` the source, the kind and the namespace, as far as they are told.
    pub target: String,
}

impl Traced {
    /// A line traced to something.
    pub fn new(text: impl Into<String>, kind: &str, target: impl Into<String>) -> Self {
        Self { text: text.into(), kind: kind.to_owned(), target: target.into() }
    }

    fn row(text: impl Into<String>, row: &RowId) -> Self {
        Self::new(text, "row", row.as_str())
    }

    fn none(text: impl Into<String>) -> Self {
        Self::new(text, "none", "")
    }
}

/// How many of the latest events the brief tells.
const EVENTS: usize = 10;
/// More direct reports than this are too many for one person (NIMS: 3 to 7, 5 best).
const SPAN: usize = 7;

/// The brief of an incident as of now; `cases` are what fires, as `(line, alert id)`.
#[must_use]
pub fn brief(incident: &Incident, now: Moment, cases: &[(String, String)]) -> Vec<Section> {
    let clock = Clock { zone: incident.zone.parse().unwrap_or(Tz::UTC), now };
    let parts: [(&str, Vec<Traced>, &str); 10] = [
        ("Situation", situation(incident, clock), "Nothing is declared."),
        (
            "Firing now",
            cases.iter().map(|(line, alert)| Traced::new(line, "alert", alert)).collect(),
            "No alert fires as far as is known here.",
        ),
        ("Significant events", events(incident, clock), "Nothing was recorded."),
        ("Objectives", objectives(incident), "No objective is set."),
        ("Actions in flight", tasks(incident, clock), "No task is open."),
        ("Organisation", organisation(incident, clock), "Nobody holds a role."),
        ("Hypotheses", hypotheses(incident), "No hypothesis was opened."),
        ("Decisions", decisions(incident), "No decision was proposed."),
        ("Communications", updates(incident, clock), "Nobody was told, and no update is due."),
        ("Resources", resources(incident), "Nobody was paged as far as is known here."),
    ];
    parts
        .into_iter()
        .map(|(title, lines, none)| Section {
            title: title.to_owned(),
            lines: if lines.is_empty() { vec![Traced::none(none)] } else { lines },
        })
        .collect()
}

/// Says times and spans.
#[derive(Clone, Copy)]
struct Clock {
    zone: Tz,
    now: Moment,
}

impl Clock {
    /// `14:32`, with the day where it is another one.
    fn at(self, at: Moment) -> String {
        let (at, now) = (at.with_timezone(&self.zone), self.now.with_timezone(&self.zone));
        let format = if at.date_naive() == now.date_naive() { "%H:%M" } else { "%a %d %b %H:%M" };
        at.format(format).to_string()
    }

    /// `due in 4 min`, `6 min late`.
    fn due(self, at: Moment) -> String {
        if at >= self.now { format!("in {}", span(at - self.now)) } else { format!("{} late", span(self.now - at)) }
    }
}

/// `40 s`, `4 min`, `2 h 05 min`.
pub(crate) fn span(length: Duration) -> String {
    match length.num_seconds().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn milestone<'a>(incident: &'a Incident, name: &str) -> Option<(Moment, &'a RowId)> {
    incident.milestones.iter().find(|it| it.name == name).map(|it| (it.at.at, &it.row))
}

fn situation(incident: &Incident, clock: Clock) -> Vec<Traced> {
    let mut lines = Vec::new();
    let Some((at, row)) = milestone(incident, "declared") else { return lines };
    let drill = if incident.drill { " This is a drill." } else { "" };
    lines.push(Traced::row(format!("{}, declared {}.{drill}", incident.title, clock.at(at)), row));
    if let Some(Severity(level)) = incident.severity {
        let since = incident.severity_changes.last().map_or(at, |(since, _)| *since);
        let row = last_row(incident, &[kinds::INCIDENT_SEVERITY]).unwrap_or(row);
        lines.push(Traced::row(format!("SEV-{level} since {}.", clock.at(since)), row));
    }
    if let Some(since) = incident.status_since {
        let word = format!("{:?}", incident.status);
        let changes = [kinds::INCIDENT_STATUS, kinds::INCIDENT_CLOSED, kinds::INCIDENT_REOPENED];
        let row = last_row(incident, &changes).unwrap_or(row);
        lines.push(Traced::row(format!("{word} since {}.", clock.at(since)), row));
    }
    for (name, words) in [
        ("impact_started", "Impact began"),
        ("detected", "First alert"),
        ("mitigated", "Mitigated"),
        ("impact_ended", "Impact ended"),
    ] {
        if let Some((at, row)) = milestone(incident, name) {
            lines.push(Traced::row(format!("{words} {}.", clock.at(at)), row));
        }
    }
    lines
}

/// The last row of some kinds, by when it happened.
fn last_row<'a>(incident: &'a Incident, of: &[&str]) -> Option<&'a RowId> {
    incident.timeline.iter().rfind(|entry| of.contains(&entry.kind.as_str())).map(|entry| &entry.row)
}

fn events(incident: &Incident, clock: Clock) -> Vec<Traced> {
    // Pages, snapshots and what has its own part would crowd out what happened.
    let significant = |kind: &str| {
        matches!(
            kind,
            kinds::ALERT_FIRED
                | kinds::ALERT_RESOLVED
                | kinds::K8S_ROLLOUT
                | kinds::K8S_SCALED
                | kinds::K8S_NODE_CONDITION
                | kinds::K8S_CONFIG_CHANGED
                | kinds::INCIDENT_SEVERITY
                | kinds::INCIDENT_REOPENED
                | kinds::OBSERVATION
                | kinds::NOTE
                | kinds::EVIDENCE_PINNED
                | kinds::ROLE_ACCEPTED
                | kinds::ROLE_RELEASED
        )
    };
    let found = incident.timeline.iter().rev().filter(|entry| significant(&entry.kind)).take(EVENTS);
    let mut lines: Vec<Traced> =
        found.map(|entry| Traced::row(format!("{} {}", clock.at(entry.occurred.at), entry.text), &entry.row)).collect();
    lines.reverse();
    lines
}

fn objectives(incident: &Incident) -> Vec<Traced> {
    let line = |text: &str, met: bool| if met { format!("{text} (met)") } else { text.to_owned() };
    incident.objectives.iter().map(|it| Traced::row(line(&it.text, it.met), &it.row)).collect()
}

fn tasks(incident: &Incident, clock: Clock) -> Vec<Traced> {
    let open = incident.tasks.iter().filter(|task| task.state == "open");
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|task| task.check_in_at);
    open.iter()
        .map(|task| {
            let due = clock.due(task.check_in_at);
            let text = format!(
                "{} {}: {}, reports {} ({due})",
                task.label,
                task.owner.name,
                task.text,
                clock.at(task.check_in_at)
            );
            Traced::row(text, &task.row)
        })
        .collect()
}

fn organisation(incident: &Incident, clock: Clock) -> Vec<Traced> {
    let mut lines = Vec::new();
    let roles = [
        kinds::ROLE_ASSUMED,
        kinds::ROLE_ACCEPTED,
        kinds::ROLE_RELEASED,
        kinds::INCIDENT_DECLARED,
        kinds::INCIDENT_REOPENED,
    ];
    let since = incident.commander_since.map(|at| clock.at(at)).unwrap_or_default();
    let row = last_row(incident, &roles);
    let traced = |text: String| row.map_or_else(|| Traced::none(&text), |row| Traced::row(&text, row));
    match &incident.commander {
        Some(person) => lines.push(traced(format!("{} commands since {since}.", person.name))),
        None if is_open(incident.status) => lines.push(traced(format!("Nobody commands since {since}."))),
        None => {}
    }
    for held in incident.roles.iter().filter(|held| held.role != "commander") {
        let text = format!("{} holds {} since {}.", held.person.name, role_words(&held.role), clock.at(held.since));
        lines.push(traced(text));
    }
    for offer in &incident.offers {
        let why = if offer.reason.is_empty() { String::new() } else { format!(": {}", offer.reason) };
        let text = format!("{} offers {} to {}{why}", offer.from.name, role_words(&offer.role), offer.to.name);
        lines.push(Traced::row(text, &offer.row));
    }
    let reports = reports(incident);
    if reports.len() > SPAN {
        let text = format!("{} people report to the commander; more than {SPAN} are too many.", reports.len());
        lines.push(traced(text));
    }
    lines
}

/// Who reports to the commander: holders of roles and owners of open tasks.
fn reports(incident: &Incident) -> Vec<&Person> {
    let owners = incident.tasks.iter().filter(|task| task.state == "open").map(|task| &task.owner);
    let mut found: Vec<&Person> = Vec::new();
    for person in incident.roles.iter().map(|held| &held.person).chain(owners) {
        let commands = incident.commander.as_ref().is_some_and(|it| it.id == person.id);
        if !commands && !found.iter().any(|it| it.id == person.id) {
            found.push(person);
        }
    }
    found
}

fn hypotheses(incident: &Incident) -> Vec<Traced> {
    let rank = |state: &str| ["supported", "open", "eliminated"].iter().position(|it| *it == state);
    let mut all: Vec<_> = incident.hypotheses.iter().collect();
    all.sort_by_key(|it| rank(&it.state));
    all.iter()
        .map(|it| {
            let evidence = it.evidence.iter().rfind(|(_, text, _)| !text.is_empty());
            let why = evidence.map(|(side, text, _)| format!("; {side}: {text}")).unwrap_or_default();
            Traced::row(format!("{} {}: {}{why}", it.label, it.state, it.text), &it.row)
        })
        .collect()
}

fn decisions(incident: &Incident) -> Vec<Traced> {
    let line = |it: &super::incident::Decision| {
        let mut text = match it.state.as_str() {
            "made" => format!("{} decided by {}: {}", it.label, it.made_by, it.text),
            state => format!("{} {state}, by {}: {}", it.label, it.proposed_by, it.text),
        };
        for (who, objection) in &it.objections {
            text.extend(["; ", who, " objects: ", objection]);
        }
        Traced::row(text, &it.row)
    };
    incident.decisions.iter().map(line).collect()
}

fn updates(incident: &Incident, clock: Clock) -> Vec<Traced> {
    let mut lines = Vec::new();
    let last = incident
        .timeline
        .iter()
        .rfind(|entry| entry.kind == kinds::COMMS_INTERNAL || entry.kind == kinds::COMMS_EXTERNAL);
    if let Some(last) = last {
        lines.push(Traced::row(format!("{} {}", clock.at(last.occurred.at), last.text), &last.row));
    }
    let declared = milestone(incident, "declared");
    if let (Some(minutes), Some((declared, row))) = (incident.update_every_minutes, declared) {
        let due = incident.last_update_at.unwrap_or(declared) + Duration::minutes(i64::from(minutes));
        let text = format!("The next update, every {minutes} min, is due {} ({}).", clock.at(due), clock.due(due));
        lines.push(Traced::row(text, last.map_or(row, |last| &last.row)));
    }
    lines
}

fn resources(incident: &Incident) -> Vec<Traced> {
    let line = |it: &pages::PageAttempt| {
        let (outcome, detail) = pages::outcome(it, &incident.pages);
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        Traced::new(format!("{}: {}{detail}", it.target.name, outcome.to_lowercase()), "page", &it.source_id)
    };
    incident.pages.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::drafts;
    use crate::ledger::fold::tests::{at, by, commanded, moment, person};

    fn lines<'a>(brief: &'a [Section], title: &str) -> Vec<&'a str> {
        let found = brief.iter().find(|it| it.title == title).unwrap();
        found.lines.iter().map(|it| it.text.as_str()).collect()
    }

    #[test]
    fn every_part_says_something_and_every_line_leads_to_a_row() {
        let mut book = commanded();
        book.write("a", 2, drafts::objective_set(&by("Mei"), at(2), "errors under 1 %"));
        book.write("a", 3, drafts::task_assigned(&by("Mei"), at(3), "read the heap", &person("Ana"), moment(13), &[]));
        book.write("a", 4, drafts::hypothesis_opened(&by("Mei"), at(4), "DNS is down", &[]));
        book.write("a", 5, drafts::role_offered(&by("Mei"), at(5), "commander", &person("Bo"), "tired"));
        let incident = book.incident();
        let brief = brief(&incident, moment(15), &[("`cart` crash loops".into(), "abc".into())]);
        assert_eq!(brief.len(), 10);
        assert_eq!(lines(&brief, "Situation")[0], "Checkout fails, declared 23:13.");
        assert_eq!(lines(&brief, "Actions in flight"), ["T1 Ana: read the heap, reports 23:26 (2 min late)"]);
        let offered = "Mei offers command to Bo: tired";
        assert_eq!(lines(&brief, "Organisation"), ["Mei commands since 23:14.", offered]);
        assert_eq!(lines(&brief, "Hypotheses"), ["H1 open: DNS is down"]);
        assert_eq!(lines(&brief, "Decisions"), ["No decision was proposed."]);
        assert_eq!(lines(&brief, "Communications"), ["The next update, every 30 min, is due 23:43 (in 15 min)."]);
        for line in brief.iter().flat_map(|it| &it.lines) {
            match line.kind.as_str() {
                "row" => assert!(incident.timeline.iter().any(|it| it.row.as_str() == line.target), "{line:?}"),
                "alert" => assert_eq!(line.target, "abc"),
                kind => assert_eq!((kind, line.target.as_str()), ("none", "")),
            }
        }
    }

    #[test]
    fn a_gap_in_command_is_said() {
        let mut book = commanded();
        book.write("a", 4, drafts::role_released(&by("Mei"), at(4), "commander", "off"));
        let brief = brief(&book.incident(), moment(9), &[]);
        assert_eq!(lines(&brief, "Organisation"), ["Nobody commands since 23:17."]);
    }
}
