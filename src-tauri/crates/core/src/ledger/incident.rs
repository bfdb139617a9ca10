//! The state of one incident, folded from its rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{IncidentId, PersonId, RowId};
use crate::ledger::{Actor, Ref};
use crate::pages::PageAttempt;
use crate::time::{Moment, Stamp};

/// SEV-1 is the worst, SEV-5 the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Severity(pub u8);

/// Where an incident stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not declared yet.
    #[default]
    Triage,
    /// Declared.
    Declared,
    /// Looking for what is wrong.
    Investigating,
    /// Acting against it.
    Mitigating,
    /// Watching whether it holds.
    Monitoring,
    /// Over.
    Resolved,
    /// Being learned from.
    Learning,
    /// Closed: the review is done, or it was declined or is a duplicate (see `closed_as`).
    Closed,
}

/// A person as this incident knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// The name.
    pub name: String,
}

/// One incident, as of its last row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Its number in this store; set by the engine.
    pub number: i64,
    /// The title.
    pub title: String,
    /// The severity; `None` before it is declared.
    pub severity: Option<Severity>,
    /// The status.
    pub status: Status,
    /// When the status was reached.
    pub status_since: Option<Moment>,
    /// `duplicate`, `declined`, `reviewed` … where closed.
    pub closed_as: Option<String>,
    /// Its IANA zone.
    pub zone: String,
    /// Clusters it spans, by id.
    pub clusters: Vec<String>,
    /// Who commands; `None` is a gap.
    pub commander: Option<Person>,
    /// Since when that person commands, or since when nobody does.
    pub commander_since: Option<Moment>,
    /// The spans of command between declared and resolved, without holes: a gap is a span with no person.
    pub command: Vec<CommandSpan>,
    /// The open offer of command or of another role, if any.
    pub offers: Vec<Offer>,
    /// Every role held now.
    pub roles: Vec<RoleHeld>,
    /// Every role anybody held, in the order they took it.
    #[serde(default)]
    pub held: Vec<RoleSpan>,
    /// Milestones, by name.
    pub milestones: Vec<Milestone>,
    /// Tasks, in the order they were assigned.
    pub tasks: Vec<Task>,
    /// Hypotheses, in the order they were opened.
    pub hypotheses: Vec<Hypothesis>,
    /// Decisions, in the order they were proposed.
    pub decisions: Vec<Decision>,
    /// Objectives, in order.
    pub objectives: Vec<Objective>,
    /// Page attempts, in the order queued.
    pub pages: Vec<PageAttempt>,
    /// Action items for after the incident.
    pub actions: Vec<ActionItem>,
    /// Minutes between stakeholder updates; `None` where none is due.
    pub update_every_minutes: Option<u32>,
    /// When the last stakeholder update went out.
    pub last_update_at: Option<Moment>,
    /// Time in each severity and status, as the rows say.
    pub severity_changes: Vec<(Moment, Severity)>,
    /// The timeline: one entry per row not itself a correction, ordered by when it happened.
    pub timeline: Vec<Arc<Entry>>,
    /// Everyone named anywhere in it.
    pub people: Vec<Person>,
    /// True where this incident is a drill.
    pub drill: bool,
}

/// Who commanded, from when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSpan {
    /// `None` is a gap.
    pub commander: Option<Person>,
    /// From.
    pub from: Moment,
    /// To; `None` while it goes on.
    pub to: Option<Moment>,
}

/// A role offered and not yet answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The row that offers.
    pub row: RowId,
    /// `commander`, `deputy`, `scribe`, `operations_lead`, `communications_lead`, `customer_liaison` …
    pub role: String,
    /// Who offers.
    pub from: Person,
    /// To whom.
    pub to: Person,
    /// When.
    pub at: Moment,
    /// Why, in the offerer's words.
    pub reason: String,
    /// When the brief was shown to the person offered to.
    pub brief_shown_at: Option<Moment>,
}

/// A role held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleHeld {
    /// The role.
    pub role: String,
    /// By whom.
    pub person: Person,
    /// Since when.
    pub since: Moment,
    /// True where acceptance was entered on the offerer's own device.
    pub accepted_on_offerers_device: bool,
}

/// Who held a role, from when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleSpan {
    /// The role.
    pub role: String,
    /// By whom.
    pub person: Person,
    /// From.
    pub from: Moment,
    /// To; `None` while they hold it.
    pub to: Option<Moment>,
}

/// A milestone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Milestone {
    /// `impact_started`, `detected`, `first_paged`, `first_acknowledged`, `declared`, `commander_assumed`, `mitigated`,
    /// `impact_ended`, `resolved`.
    pub name: String,
    /// When.
    pub at: Stamp,
    /// The row that says so.
    pub row: RowId,
}

/// A task with one owner and a check-in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The row that assigned it.
    pub row: RowId,
    /// `T1`, `T2` … in fold order.
    pub label: String,
    /// What is to be done.
    pub text: String,
    /// By whom.
    pub owner: Person,
    /// When the owner reports back.
    pub check_in_at: Moment,
    /// `open`, `done`, `dropped`.
    pub state: String,
    /// What came of it (condition, actions, needs).
    pub outcome: String,
    /// When it was assigned.
    pub assigned_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// A hypothesis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// The row that opened it.
    pub row: RowId,
    /// `H1`, `H2` … in fold order.
    pub label: String,
    /// What is supposed.
    pub text: String,
    /// `open`, `supported`, `eliminated`.
    pub state: String,
    /// By whom it was opened.
    pub by: String,
    /// When it was opened.
    pub opened_at: Moment,
    /// When it reached its state.
    pub state_at: Moment,
    /// Evidence for and against: `(for|against, text, row)`.
    pub evidence: Vec<(String, String, RowId)>,
    /// Objects it is about.
    pub subjects: Vec<String>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The row that proposed or made it.
    pub row: RowId,
    /// `D1`, `D2` … in fold order.
    pub label: String,
    /// What.
    pub text: String,
    /// `proposed`, `objected`, `made`.
    pub state: String,
    /// Who proposed.
    pub proposed_by: String,
    /// Who made it.
    pub made_by: String,
    /// Objections: `(who, text)`.
    pub objections: Vec<(String, String)>,
    /// When it reached its state.
    pub state_at: Moment,
}

/// An objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// The row that set it.
    pub row: RowId,
    /// What.
    pub text: String,
    /// Whether it is met.
    pub met: bool,
}

/// Something to be done after the incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActionItem {
    /// The row that opened it.
    pub row: RowId,
    /// What.
    pub text: String,
    /// Who; empty where nobody yet.
    pub owner: String,
    /// Until when.
    pub due: Option<Moment>,
    /// `prevent`, `detect`, `mitigate`, `process`.
    pub r#type: String,
    /// The end state one can check.
    pub end_state: String,
    /// `open` or `closed`.
    pub state: String,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The row; stays the id through every correction.
    pub row: RowId,
    /// When it happened, as last corrected.
    pub occurred: Stamp,
    /// When the first wording was recorded.
    pub recorded_at: Moment,
    /// What.
    pub kind: String,
    /// True for rows nobody can edit.
    pub machine: bool,
    /// Who.
    pub actor: Actor,
    /// The source's name.
    pub source: String,
    /// One line for a person, plain text.
    pub text: String,
    /// A second, quieter line; may be empty.
    pub detail: String,
    /// `H1`, `D2`, `T3` where the row has a label.
    pub label: String,
    /// `open`, `supported` … where the row has a state of its own.
    pub state: String,
    /// What it points at.
    pub refs: Vec<Ref>,
    /// Names of the attached files that have one: `(blob, name)`.
    pub files: Vec<(String, String)>,
    /// Earlier wordings, oldest first.
    pub earlier: Vec<Wording>,
    /// Notes on a machine row, and replies: `(who, when, text)`.
    pub annotations: Vec<(String, Moment, String)>,
    /// Writers that saw the same transition, beside the first.
    pub witnesses: Vec<String>,
    /// True where the writer's clock was clamped.
    pub clock_clamped: bool,
    /// The device it was entered on.
    pub entered_on: String,
}

/// An earlier wording of a human row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wording {
    /// The row that held it.
    pub row: RowId,
    /// Its text.
    pub text: String,
    /// Its time.
    pub occurred: Stamp,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// By whom.
    pub by: String,
}
