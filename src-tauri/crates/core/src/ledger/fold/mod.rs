//! The state of an incident from its rows: pure, and the same for any order of arrival.

mod command;
mod folding;
mod items;
mod milestones;
#[cfg(test)]
pub(crate) mod tests;
mod timeline;

pub use folding::Folding;
pub(super) use milestones::NAMES as MILESTONES;

use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::Duration;
use chrono_tz::Tz;
use serde_json::Value;

use super::incident::{Entry, Incident, Person, Severity, Status};
use super::order::{ordered, set_back};
use super::text::{moment_at, text_at};
use super::{Actor, Row, drafts, kinds};
use crate::id::{IncidentId, RowId, WriterId};
use crate::pages::{self, PageAttempt};
use crate::time::{Moment, Precision, Stamp};

/// Folds rows into the incident; rows of other incidents are left out.
///
/// What a row asks for and may not have (an acceptance of an offer that is gone, a correction of a machine row) changes
/// nothing: desks that were apart may both have been right when they wrote.
#[must_use]
pub fn fold<R: Borrow<Row>>(id: &IncidentId, rows: &[R]) -> Incident {
    let (state, timeline, _) = fold_all(id, rows);
    state.into_incident(timeline)
}

/// What rows fold to, with the timeline, and whether no writer's clock was set back.
fn fold_all<R: Borrow<Row>>(id: &IncidentId, rows: &[R]) -> (State, Vec<Arc<Entry>>, bool) {
    let (rows, ahead) = ordered(rows);
    let rows: Vec<&Row> = rows.into_iter().filter(|row| row.incident == *id).collect();
    let told = told(&rows);
    let mut state = State { incident: Incident { id: id.clone(), ..Incident::default() }, ..State::default() };
    let mut steps = Vec::new();
    for row in &told.firsts {
        let mut step = Step::new(row, told.corrections.get(&row.hash).and_then(|list| list.last().copied()));
        if ahead.contains_key(&row.writer) {
            step.clamp(set_back(row, &ahead).micros);
        }
        steps.push(step);
    }
    for step in &steps {
        state.take(step);
    }
    let timeline = timeline::write(&mut state, &steps, &told);
    state.touched.clear();
    (state, timeline, ahead.is_empty())
}

/// How long nobody has commanded, between declared and resolved.
#[must_use]
pub fn vacancy(incident: &Incident, now: Moment) -> Option<Duration> {
    let last = incident.command.last()?;
    if last.commander.is_some() || last.to.is_some() {
        return None;
    }
    Some((now - last.from).max(Duration::zero()))
}

/// True for rows nobody can correct.
pub(super) fn is_machine(row: &Row) -> bool {
    matches!(row.actor, Actor::Machine { .. }) || kinds::is_machine(&row.kind)
}

/// The rows as they count: which tell something new, what corrects them, who else saw the same.
#[derive(Default)]
pub(super) struct Told<'a> {
    /// Rows that are neither corrections nor tell again what another row told.
    pub firsts: Vec<&'a Row>,
    /// Corrections by the row they are of, in fold order.
    pub corrections: HashMap<&'a RowId, Vec<&'a Row>>,
    /// Other writers that saw the same transition, by the row shown.
    pub witnesses: HashMap<&'a RowId, BTreeSet<&'a str>>,
}

fn told<'a>(rows: &[&'a Row]) -> Told<'a> {
    let by_hash: HashMap<&RowId, &Row> = rows.iter().map(|row| (&row.hash, *row)).collect();
    let mut told = Told::default();
    let mut seen: HashMap<(&str, &str, &str), &Row> = HashMap::new();
    for row in rows {
        if row.revises.is_some() {
            if let Some(root) = root(row, &by_hash) {
                told.corrections.entry(&root.hash).or_default().push(row);
            }
            continue;
        }
        if let Some(transition) = transition(row) {
            if let Some(first) = seen.get(&transition) {
                if first.writer != row.writer {
                    told.witnesses.entry(&first.hash).or_default().insert(row.writer.as_str());
                }
                continue;
            }
            seen.insert(transition, row);
        }
        told.firsts.push(row);
    }
    told
}

/// What a row tells, where another may tell it too: its desk where a person wrote it, its source and the id there. A token
/// of one desk is not the token of another; a transition of a source is the same for all.
fn transition(row: &Row) -> Option<(&str, &str, &str)> {
    let desk = if row.source == drafts::PERSON { row.writer.as_str() } else { "" };
    let told = !row.source_id.is_empty() && row.revises.is_none();
    told.then_some((desk, row.source.as_str(), row.source_id.as_str()))
}

/// The row a correction is of in the end: a person's row of the same kind.
fn root<'a>(correction: &'a Row, by_hash: &HashMap<&RowId, &'a Row>) -> Option<&'a Row> {
    let mut row = correction;
    let mut passed = HashSet::new();
    while let Some(revised) = &row.revises {
        // Hashes cannot run in a circle; rows handed in by hand can.
        if !passed.insert(&row.hash) {
            return None;
        }
        row = by_hash.get(revised)?;
    }
    (!is_machine(row) && !is_machine(correction) && row.kind == correction.kind).then_some(row)
}

/// A row with its last correction.
pub(super) struct Step<'a> {
    pub row: &'a Row,
    pub occurred: Stamp,
    pub payload: Cow<'a, Value>,
    pub clamped: bool,
}

impl<'a> Step<'a> {
    pub fn new(row: &'a Row, correction: Option<&'a Row>) -> Self {
        let payload = match correction {
            Some(correction) => Cow::Owned(reworded(row, correction)),
            None => Cow::Borrowed(&row.payload),
        };
        let mut occurred = correction.map_or(row.occurred, |correction| correction.occurred);
        if occurred.precision == Precision::Unknown {
            occurred.at = row.recorded_at;
        }
        Self { row, occurred, payload, clamped: false }
    }

    /// Nothing happened after it was written.
    fn clamp(&mut self, micros: i64) {
        self.clamped = true;
        if let Some(written) = Moment::from_timestamp_micros(micros) {
            self.occurred.at = self.occurred.at.min(written);
        }
    }

    pub fn at(&self) -> Moment {
        self.occurred.at
    }

    pub fn text(&self, field: &str) -> &str {
        text_at(&self.payload, field)
    }

    pub fn moment(&self, field: &str) -> Option<Moment> {
        moment_at(&self.payload, field)
    }

    pub fn minutes(&self, field: &str) -> Option<u32> {
        self.payload.get(field).and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok())
    }

    /// The person in a field of the payload.
    pub fn person(&self, field: &str) -> Option<Person> {
        self.payload.get(field).and_then(|it| serde_json::from_value(it.clone()).ok())
    }

    /// The person who wrote it.
    pub fn by(&self) -> Option<Person> {
        match &self.row.actor {
            Actor::Person { id, name } => Some(Person { id: id.clone(), name: name.clone() }),
            Actor::Machine { .. } => None,
        }
    }

    /// The first reference in a role.
    pub fn target(&self, role: &str) -> Option<RowId> {
        self.row.refs.iter().find(|it| it.role == role).map(|it| RowId::new(&it.target))
    }

    /// Every reference in a role.
    pub fn targets(&self, role: &str) -> Vec<String> {
        self.row.refs.iter().filter(|it| it.role == role).map(|it| it.target.clone()).collect()
    }

    fn severity(&self) -> Option<Severity> {
        self.payload.get("severity").and_then(|it| serde_json::from_value(it.clone()).ok())
    }
}

/// The payload of a row in the words of its correction.
fn reworded(row: &Row, correction: &Row) -> Value {
    let mut payload = row.payload.clone();
    let words = correction.payload.get("text").or_else(|| correction.payload.get(kinds::words(&row.kind)));
    if let (Value::Object(fields), Some(words)) = (&mut payload, words) {
        fields.insert(kinds::words(&row.kind).to_owned(), words.clone());
    }
    payload
}

/// What is folded so far.
#[derive(Clone, Default)]
pub(super) struct State {
    pub incident: Incident,
    /// True where a row set the clock of updates.
    clock_set: bool,
    /// Minutes between updates by severity, as the declaring desk had set them.
    cadence: Vec<u32>,
    /// Milestones rows set, by name.
    pub set: BTreeMap<String, (Stamp, RowId)>,
    /// The earliest rows that imply a milestone, by its name.
    pub first: BTreeMap<&'static str, (Stamp, RowId)>,
    /// When somebody first commanded.
    pub commanded: Option<(Stamp, RowId)>,
    /// When it was resolved, unless it was reopened.
    pub resolved: Option<(Stamp, RowId)>,
    /// When it was declared.
    pub declared: Option<(Stamp, RowId)>,
    /// On which device and by which writer a role was offered, by the offer's row.
    pub offered_on: HashMap<RowId, (String, WriterId)>,
    /// What the entry of a row is labelled and in which state it is.
    pub marks: HashMap<RowId, timeline::Mark>,
    /// Rows whose marks changed since this was last emptied.
    touched: Vec<RowId>,
}

impl State {
    /// The incident as it stands, with a timeline.
    fn into_incident(self, timeline: Vec<Arc<Entry>>) -> Incident {
        let milestones = milestones::derive(&self);
        let mut incident = Incident { milestones, timeline, ..self.incident };
        if !is_open(incident.status) {
            incident.update_every_minutes = None;
        }
        incident
    }

    fn take(&mut self, step: &Step<'_>) {
        milestones::notice(self, step);
        if let Some(by) = step.by() {
            self.meet(&by);
        }
        match step.row.kind.as_str() {
            kinds::INCIDENT_DECLARED => self.declare(step),
            kinds::INCIDENT_STATUS => {
                let status = step.payload.get("status").and_then(|it| serde_json::from_value(it.clone()).ok());
                if let Some(status) = status {
                    self.set_status(status, step);
                }
            }
            kinds::INCIDENT_SEVERITY => {
                if let Some(severity) = step.severity() {
                    self.set_severity(severity, step.at());
                }
            }
            kinds::INCIDENT_CLOSED => {
                self.incident.closed_as = Some(step.text("as").to_owned()).filter(|it| !it.is_empty());
                self.set_status(Status::Closed, step);
            }
            kinds::INCIDENT_REOPENED => {
                if self.incident.status >= Status::Resolved {
                    self.set_status(Status::Investigating, step);
                }
            }
            kinds::COMMS_INTERNAL | kinds::COMMS_EXTERNAL => {
                self.incident.last_update_at = self.incident.last_update_at.max(Some(step.at()));
                if let Some(minutes) = step.minutes("every_minutes") {
                    self.clock_set = true;
                    self.incident.update_every_minutes = Some(minutes).filter(|it| *it > 0);
                }
            }
            kinds::MILESTONE_SET => {
                self.set.insert(step.text("name").to_owned(), (step.occurred, step.row.hash.clone()));
            }
            kind if kind.starts_with("page.") => {
                let attempt = step.payload.get("attempt").and_then(|it| serde_json::from_value(it.clone()).ok());
                let attempt: Option<PageAttempt> = attempt;
                pages::merge(&mut self.incident.pages, attempt.into_iter().collect());
            }
            // Where none was open when it was declared, it is of the cluster its evidence is of.
            kinds::EVIDENCE_FROZEN | kinds::CLUSTER_JOINED => self.concerns([step.text("cluster")]),
            kind if kind.starts_with("role.") || kind == kinds::BRIEF_SHOWN => self.take_role(step),
            _ => self.take_item(step),
        }
    }

    /// Remembers a person by the name last heard.
    pub fn meet(&mut self, person: &Person) {
        match self.incident.people.iter_mut().find(|it| it.id == person.id) {
            Some(known) if !person.name.is_empty() => known.name.clone_from(&person.name),
            Some(_) => {}
            None => self.incident.people.push(person.clone()),
        }
    }

    fn concerns<'a>(&mut self, clusters: impl IntoIterator<Item = &'a str>) {
        for cluster in clusters.into_iter().filter(|it| !it.is_empty()) {
            if !self.incident.clusters.iter().any(|known| known == cluster) {
                self.incident.clusters.push(cluster.to_owned());
            }
        }
    }

    /// The first declaration counts; a second one by a desk that did not know stays in the timeline.
    fn declare(&mut self, step: &Step<'_>) {
        if self.declared.is_some() {
            return;
        }
        self.declared = Some((step.occurred, step.row.hash.clone()));
        let list = |field: &str| step.payload.get(field).and_then(|it| serde_json::from_value(it.clone()).ok());
        step.text("title").clone_into(&mut self.incident.title);
        step.text("zone").clone_into(&mut self.incident.zone);
        let clusters: Vec<String> = list("clusters").unwrap_or_default();
        self.concerns(clusters.iter().map(String::as_str));
        self.incident.drill = step.payload.get("drill").and_then(Value::as_bool).unwrap_or_default();
        self.cadence = step
            .payload
            .get("update_minutes")
            .and_then(|it| serde_json::from_value(it.clone()).ok())
            .unwrap_or_default();
        if let Some(severity) = step.severity() {
            self.set_severity(severity, step.at());
        }
        if self.incident.status == Status::Triage {
            self.set_status(Status::Declared, step);
        }
    }

    fn set_severity(&mut self, severity: Severity, at: Moment) {
        if self.incident.severity == Some(severity) {
            return;
        }
        self.incident.severity = Some(severity);
        self.incident.severity_changes.push((at, severity));
        if !self.clock_set {
            let set = self.cadence.get(usize::from(severity.0.saturating_sub(1))).copied();
            self.incident.update_every_minutes =
                set.map_or_else(|| every_minutes(severity), |it| (it > 0).then_some(it));
        }
    }

    fn set_status(&mut self, status: Status, step: &Step<'_>) {
        let before = self.incident.status;
        if before == status {
            return;
        }
        self.incident.status = status;
        self.incident.status_since = Some(step.at());
        if status != Status::Closed {
            self.incident.closed_as = None;
        }
        match (is_open(before), is_open(status)) {
            (false, true) => {
                self.resolved = None;
                self.open_command(step.at());
            }
            (true, false) => self.close_command(step.at()),
            _ => {}
        }
        if status == Status::Resolved {
            self.resolved = Some((step.occurred, step.row.hash.clone()));
        }
    }

    /// The incident's zone, UTC where it has none.
    pub fn zone(&self) -> Tz {
        self.incident.zone.parse().unwrap_or(Tz::UTC)
    }
}

/// True between declared and resolved.
#[must_use]
pub fn is_open(status: Status) -> bool {
    (Status::Declared..=Status::Monitoring).contains(&status)
}

/// How often stakeholders are told by default.
fn every_minutes(severity: Severity) -> Option<u32> {
    match severity.0 {
        1 => Some(15),
        2 => Some(30),
        3 => Some(60),
        _ => None,
    }
}
