//! The note for the next shift: its sections from the live state, and its difference from the last one.

mod alerts;
mod difference;
#[cfg(test)]
mod tests;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::alerts::Placed;
use crate::ledger::brief::span;
use crate::ledger::incident::{Incident, Status};
use crate::pages::PageAttempt;
use crate::ports::Silence;
use crate::time::{Moment, Window};
use crate::world::{Freshness, SourceState, World};

pub use crate::ledger::brief::Traced;
pub use difference::difference;

/// How far back changes are told.
const CHANGES: Duration = Duration::hours(48);

/// A section of the note.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// `firing`, `acknowledged`, `nobody_told`, `silences`, `incidents`, `changes`, `unknown_sources`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What to say where it has no line.
    pub none: String,
    /// Its lines.
    pub lines: Vec<Traced>,
}

/// What the note is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The world.
    pub world: &'a World,
    /// Where its alerts stand.
    pub placed: &'a Placed,
    /// Every silence known.
    pub silences: &'a [Silence],
    /// Page attempts, with who acknowledged.
    pub attempts: &'a [PageAttempt],
    /// Incidents; those that are over are left out.
    pub incidents: &'a [Incident],
    /// Changes as `(when, text, target, kind of the target)`.
    pub changes: &'a [(Moment, String, String, String)],
    /// The parts of the last 48 hours of which nothing was recorded, in order.
    pub gaps: &'a [Window],
    /// Now.
    pub now: Moment,
    /// The end of the coming shift.
    pub until: Moment,
}

/// Draws the note. Every section is there; one without lines says so, and says where that is not known.
#[must_use]
pub fn draft(input: Input<'_>) -> Vec<Section> {
    let (firing, acknowledged, untold) = alerts::sections(&input);
    vec![firing, acknowledged, untold, silences(&input), incidents(&input), changes(&input), unknown_sources(&input)]
}

fn section(id: &str, title: &str, none: impl Into<String>, lines: Vec<Traced>) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), none: none.into(), lines }
}

/// `14:32 UTC`, with the day where it is another one.
fn clock(at: Moment, now: Moment) -> String {
    let format = if at.date_naive() == now.date_naive() { "%H:%M UTC" } else { "%a %d %b %H:%M UTC" };
    at.format(format).to_string()
}

fn silences(input: &Input<'_>) -> Section {
    let ending = |silence: &&Silence| {
        silence.state != "expired" && silence.ends_at.is_some_and(|end| input.now <= end && end <= input.until)
    };
    let mut found: Vec<&Silence> = input.silences.iter().filter(ending).collect();
    found.sort_by(|a, b| (a.ends_at, &a.id).cmp(&(b.ends_at, &b.id)));
    let line = |silence: &&Silence| {
        let matchers: Vec<String> = silence.matchers.iter().map(|it| format!("`{it}`")).collect();
        let by = if silence.created_by.is_empty() { "nobody named" } else { &silence.created_by };
        let why = if silence.comment.is_empty() { String::new() } else { format!(": {}", silence.comment) };
        let end = silence.ends_at.map(|end| clock(end, input.now)).unwrap_or_default();
        Traced::new(format!("Silence of {} ends {end}, by {by}{why}", matchers.join(", ")), "silence", &silence.id)
    };
    let none = match not_answering(input, &["alertmanager:"]) {
        Some(why) => format!("No silence is known to end: {why}."),
        None => format!("No silence ends before {}.", clock(input.until, input.now)),
    };
    section("silences", "Silences ending next shift", none, found.iter().map(line).collect())
}

fn incidents(input: &Input<'_>) -> Section {
    let mut lines = Vec::new();
    for incident in input.incidents {
        if !(Status::Declared..=Status::Monitoring).contains(&incident.status) {
            continue;
        }
        let row = incident.milestones.iter().find(|it| it.name == "declared").map_or("", |it| it.row.as_str());
        let number = if incident.number > 0 { format!("INC-{:04} ", incident.number) } else { String::new() };
        let severity = incident.severity.map(|it| format!(", SEV-{}", it.0)).unwrap_or_default();
        let command = match &incident.commander {
            Some(person) => format!("{} commands", person.name),
            None => "nobody commands".to_owned(),
        };
        let status = format!("{:?}", incident.status).to_lowercase();
        let drill = if incident.drill { ", a drill" } else { "" };
        let text = format!("{number}{}{severity}, {status}, {command}{drill}", incident.title);
        lines.push(Traced::new(text, if row.is_empty() { "none" } else { "row" }, row));
        for offer in &incident.offers {
            let role = crate::ledger::text::role_words(&offer.role);
            let text = format!("{} offered {role} to {}, not answered", offer.from.name, offer.to.name);
            lines.push(Traced::new(text, "row", offer.row.as_str()));
        }
        for task in incident.tasks.iter().filter(|task| task.state == "open") {
            let at = clock(task.check_in_at, input.now);
            let late = if task.check_in_at < input.now {
                format!(", {} late", span(input.now - task.check_in_at))
            } else {
                String::new()
            };
            let text = format!("{} {}: {}, reports {at}{late}", task.label, task.owner.name, task.text);
            lines.push(Traced::new(text, "row", task.row.as_str()));
        }
    }
    section("incidents", "Open incidents", "No incident is open.", lines)
}

fn changes(input: &Input<'_>) -> Section {
    let recent = |at: Moment| at <= input.now && input.now - at <= CHANGES;
    let mut found: Vec<_> = input.changes.iter().filter(|(at, ..)| recent(*at)).collect();
    found.sort_by(|a, b| (b.0, &a.1, &a.2).cmp(&(a.0, &b.1, &b.2)));
    let lines = found
        .into_iter()
        .map(|(at, text, target, kind)| Traced::new(format!("{} {text}", clock(*at, input.now)), kind, target))
        .collect();
    let (limit, none) = recorded(input);
    section("changes", &format!("Changes, last 48 h{limit}"), format!("No change is known{none}."), lines)
}

/// How much of the two days was recorded: what no recorder saw is not the same as what did not happen. For the title
/// and for the line that says there is none.
fn recorded(input: &Input<'_>) -> (String, String) {
    let start = input.now - CHANGES;
    let since = input.gaps.first().filter(|gap| gap.from <= start).map(|gap| gap.to);
    let inside = input.gaps.iter().filter(|gap| gap.from > start);
    let missing = inside.fold(Duration::zero(), |sum, gap| sum + (gap.to.min(input.now) - gap.from));
    let missing = (missing > Duration::zero()).then(|| span(missing));
    match (since, missing) {
        (Some(since), _) if since >= input.now => {
            ("; nothing was recorded".to_owned(), ": nothing was recorded in the last 48 hours".to_owned())
        }
        (Some(since), None) => {
            let since = clock(since, input.now);
            (format!("; recorded since {since}"), format!(" since {since}, when recording began"))
        }
        (Some(since), Some(missing)) => {
            let since = clock(since, input.now);
            let began = format!(" since {since}, when recording began; {missing} since then were not recorded");
            (format!("; recorded since {since} but for {missing}"), began)
        }
        (None, Some(missing)) => (
            format!("; recorded but for {missing}"),
            format!(" in the last 48 hours; {missing} of them were not recorded"),
        ),
        (None, None) => (String::new(), " in the last 48 hours".to_owned()),
    }
}

fn unknown_sources(input: &Input<'_>) -> Section {
    let states: Vec<&SourceState> = input.world.freshness().collect();
    let mut lines = Vec::new();
    for state in &states {
        let Some(why) = unknown(&state.state, input.now) else { continue };
        // A source that is silent as a whole need not be told once for each of its kinds.
        let whole = |it: &&SourceState| it.source == state.source && it.kind.is_empty();
        if !state.kind.is_empty() && states.iter().any(|it| whole(it) && unknown(&it.state, input.now).is_some()) {
            continue;
        }
        let place = if state.namespace.is_empty() { String::new() } else { format!(" in `{}`", state.namespace) };
        let kind = state.kind.trim_start_matches('/');
        let what = if kind.is_empty() { String::new() } else { format!(", {kind}{place}") };
        let target = [state.source.as_str(), &state.kind, &state.namespace].join(" ");
        lines.push(Traced::new(format!("`{}`{what}: {why}", state.source), "source", target.trim_end()));
    }
    let none = if states.is_empty() { "No source is connected." } else { "Every source answers." };
    section("unknown_sources", "Not known", none, lines)
}

/// Why nothing is known from a source; nothing where it answers, or the server has no such kind.
fn unknown(state: &Freshness, now: Moment) -> Option<String> {
    Some(match state {
        Freshness::Live | Freshness::Absent => return None,
        Freshness::CatchingUp => "still listing".to_owned(),
        Freshness::Stale { since, why } => format!("nothing heard since {}: {why}", clock(*since, now)),
        Freshness::Forbidden { verb, message } => format!("not allowed to {verb}: {message}"),
        Freshness::NeverAnswered { why } => format!("never answered: {why}"),
    })
}

/// Which of the sources whose ids start so do not answer, in words.
fn not_answering(input: &Input<'_>, starts: &[&str]) -> Option<String> {
    let mut any = false;
    let mut silent = Vec::new();
    for state in input.world.freshness() {
        if state.kind.is_empty() && starts.iter().any(|start| state.source.as_str().starts_with(start)) {
            any = true;
            if unknown(&state.state, input.now).is_some() {
                silent.push(format!("`{}` does not answer", state.source));
            }
        }
    }
    if !any {
        return Some("no source of alerts is connected".to_owned());
    }
    (!silent.is_empty()).then(|| silent.join(", "))
}
