//! The ledger of one incident: append-only rows, one hash chain per writer, and the state folded from them.

pub mod brief;
pub mod chain;
pub mod drafts;
pub(crate) mod fold;
pub mod incident;
pub mod kinds;
mod order;
pub mod quick;
pub mod rules;
pub(crate) mod text;
pub mod unseen;

pub use brief::brief;
pub use fold::{Folding, fold, is_open, vacancy};
pub use order::order;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{IncidentId, PersonId, RowId, WriterId};
use crate::time::{Moment, Stamp};

/// The version of the row's canonical form.
pub const ROW_SCHEMA: u32 = 1;

/// A clock further ahead than this is clamped, and the row says so.
pub const CLOCK_AHEAD_LIMIT: Duration = Duration::minutes(5);

/// A gap without a commander longer than this raises an alarm.
pub const VACANCY_ALARM: Duration = Duration::seconds(60);

/// Hybrid logical clock: wall time in microseconds, then a counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hlc {
    /// Microseconds since 1970, never going back on one writer.
    pub micros: i64,
    /// Breaks ties.
    pub counter: u32,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Actor {
    /// A person, by the identity chosen on the desk.
    Person {
        /// Who.
        id: PersonId,
        /// The name as it was then.
        name: String,
    },
    /// A machine: a source or the product itself.
    Machine {
        /// `alertmanager`, `cluster`, `icinga`, `broadstreet` …
        name: String,
    },
}

/// What a row points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ref {
    /// `subject`, `evidence`, `alert`, `page`, `task`, `answers`, `attachment`, `hypothesis`, `decision`.
    pub role: String,
    /// An object key, a row id, an alert id, a blob id or a page id, as the role says.
    pub target: String,
}

/// A row before it is chained: what a use case or a source hands in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// When it happened.
    pub occurred: Stamp,
    /// Who.
    pub actor: Actor,
    /// What, from the closed list in [`kinds`].
    pub kind: String,
    /// What the kind says, see [`kinds`].
    pub payload: Value,
    /// The source's name for machine rows; `person` for human ones.
    pub source: String,
    /// Names the transition (`fingerprint + startsAt + fired`); unique with writer and source. Empty: no uniqueness.
    pub source_id: String,
    /// What it points at.
    pub refs: Vec<Ref>,
    /// The row it corrects.
    pub revises: Option<RowId>,
}

/// A row as it is stored, chained and signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// [`ROW_SCHEMA`].
    pub schema: u32,
    /// SHA-256 of the canonical row with `prev_hash`, without `hash` and `signature`, in hex.
    pub hash: RowId,
    /// The incident.
    pub incident: IncidentId,
    /// The writing device.
    pub writer: WriterId,
    /// Its number in the chain, from 1.
    pub seq: u64,
    /// The hash before it; empty for the first.
    pub prev_hash: String,
    /// Its place in the one order of all rows.
    pub hlc: Hlc,
    /// When it happened.
    pub occurred: Stamp,
    /// When it was recorded, by the writer's clock.
    pub recorded_at: Moment,
    /// The device it was entered on, by name.
    pub entered_on: String,
    /// Who.
    pub actor: Actor,
    /// What.
    pub kind: String,
    /// What the kind says.
    pub payload: Value,
    /// Where it comes from.
    pub source: String,
    /// The transition it names.
    pub source_id: String,
    /// What it points at.
    pub refs: Vec<Ref>,
    /// The row it corrects.
    pub revises: Option<RowId>,
    /// Ed25519 over `hash`, in hex.
    pub signature: String,
}
