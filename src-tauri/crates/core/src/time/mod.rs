//! Instants with a stated precision, windows of time, and the parsing of what a person types for them.

pub mod entry;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An instant in UTC.
pub type Moment = DateTime<Utc>;

/// How exactly a time is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// To the source's own resolution.
    #[default]
    Exact,
    /// To the minute.
    Minute,
    /// To the hour: `14:??`.
    Hour,
    /// To the day.
    Day,
    /// To the month.
    Month,
    /// To the year.
    Year,
    /// Not at all; `at` is then when it was recorded.
    Unknown,
}

/// When something happened, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The instant; the start of the minute, hour or day where the precision is coarser.
    pub at: Moment,
    /// How exactly `at` is known.
    pub precision: Precision,
    /// True where a person wrote `~`.
    #[serde(default)]
    pub approx: bool,
}

impl Stamp {
    /// A time known exactly.
    pub fn exact(at: Moment) -> Self {
        Self { at, precision: Precision::Exact, approx: false }
    }
}

/// A span of time, `from` included, `to` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first instant inside.
    pub from: Moment,
    /// The first instant after.
    pub to: Moment,
}
