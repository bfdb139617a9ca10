//! Measures of an incident, each with both of its anchors named.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::words;
use crate::ledger::incident::{Incident, Milestone};
use crate::time::{Precision, Stamp};

/// A measure: how long it took from one anchor to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// `To acknowledge`.
    pub name: String,
    /// `3 m 12 s`, with `~` where an anchor is known only roughly; `not known` where one is missing.
    pub value: String,
    /// The anchor it starts at with its time, in the incident's zone: `first paged 14:33:14`.
    pub from: String,
    /// The anchor it ends at with its time.
    pub to: String,
}

impl Fact {
    /// False where an anchor is missing.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.value != UNKNOWN
    }
}

const UNKNOWN: &str = "not known";

/// Name, the milestone it starts at (the first of these that is set), the one it ends at.
const MEASURES: [(&str, &[&str], &str); 8] = [
    ("To detect", &["impact_started"], "detected"),
    ("To first page", &["detected", "impact_started"], "first_paged"),
    ("To acknowledge", &["first_paged"], "first_acknowledged"),
    ("To declare", &["detected", "impact_started"], "declared"),
    ("To a commander", &["declared"], "commander_assumed"),
    ("To mitigate", &["impact_started"], "mitigated"),
    ("To resolve", &["declared"], "resolved"),
    ("Impact", &["impact_started"], "impact_ended"),
];

/// Measures an incident by its milestones. Every measure is there; one with an anchor that is not set says so.
#[must_use]
pub fn facts(incident: &Incident) -> Vec<Fact> {
    let zone = words::zone(&incident.zone);
    let measure = |(name, from, to): &(&str, &[&str], &str)| {
        let start = from.iter().find_map(|name| milestone(incident, name));
        let end = milestone(incident, to);
        let days = |stamp: Stamp| words::day(stamp.at, zone);
        let dates = matches!((start, end), (Some(start), Some(end)) if days(start.at) != days(end.at));
        Fact {
            name: (*name).to_owned(),
            value: value(start, end),
            from: anchor(from[0], start, zone, dates),
            to: anchor(to, end, zone, dates),
        }
    };
    MEASURES.iter().map(measure).collect()
}

/// A milestone by name.
pub(super) fn milestone<'a>(incident: &'a Incident, name: &str) -> Option<&'a Milestone> {
    incident.milestones.iter().find(|milestone| milestone.name == name)
}

fn value(start: Option<&Milestone>, end: Option<&Milestone>) -> String {
    let (Some(start), Some(end)) = (start, end) else { return UNKNOWN.to_owned() };
    let coarsest = start.at.precision.max(end.at.precision);
    if coarsest > Precision::Hour {
        return UNKNOWN.to_owned();
    }
    let rough = coarsest > Precision::Exact || start.at.approx || end.at.approx;
    // To the nearest second, as the screen rounds it.
    let seconds = ((end.at.at - start.at.at).num_milliseconds() + 500).div_euclid(1000);
    format!("{}{}", if rough { "~" } else { "" }, words::span(seconds))
}

fn anchor(name: &str, milestone: Option<&Milestone>, zone: Tz, dates: bool) -> String {
    let words = |name: &str| name.replace('_', " ");
    match milestone {
        None => format!("{}: not set", words(name)),
        Some(set) if dates => format!("{} {}", words(&set.name), words::dated(set.at, zone)),
        Some(set) => format!("{} {}", words(&set.name), words::clock(set.at, zone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RowId;

    fn set(name: &str, at: &str, precision: Precision) -> Milestone {
        Milestone {
            name: name.to_owned(),
            at: Stamp { at: at.parse().unwrap(), precision, approx: false },
            row: RowId::default(),
        }
    }

    fn named(incident: &Incident, name: &str) -> [String; 3] {
        let fact = facts(incident).into_iter().find(|fact| fact.name == name).unwrap();
        [fact.value, fact.from, fact.to]
    }

    #[test]
    fn a_measure_names_both_of_its_anchors() {
        let incident = Incident {
            zone: "Europe/Berlin".to_owned(),
            milestones: vec![
                set("impact_started", "2026-05-14T12:32:08Z", Precision::Exact),
                set("first_paged", "2026-05-14T12:33:14Z", Precision::Exact),
                set("first_acknowledged", "2026-05-14T12:36:00Z", Precision::Minute),
                set("mitigated", "2026-05-14T22:30:08Z", Precision::Exact),
            ],
            ..Incident::default()
        };
        assert_eq!(named(&incident, "To first page"), ["1 m 6 s", "impact started 14:32:08", "first paged 14:33:14"]);
        assert_eq!(
            named(&incident, "To acknowledge"),
            ["~2 m 46 s", "first paged 14:33:14", "first acknowledged 14:36"]
        );
        assert_eq!(
            named(&incident, "To mitigate"),
            ["9 h 58 m", "impact started 2026-05-14 14:32:08", "mitigated 2026-05-15 00:30:08"]
        );
        assert_eq!(named(&incident, "To detect"), ["not known", "impact started 14:32:08", "detected: not set"]);
        assert_eq!(named(&incident, "To resolve"), ["not known", "declared: not set", "resolved: not set"]);
    }

    #[test]
    fn a_time_known_to_the_day_measures_nothing() {
        let incident = Incident {
            milestones: vec![
                set("declared", "2026-05-14T00:00:00Z", Precision::Day),
                set("resolved", "2026-05-14T12:00:00Z", Precision::Exact),
            ],
            ..Incident::default()
        };
        assert_eq!(named(&incident, "To resolve")[0], "not known");
    }
}
