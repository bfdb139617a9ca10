//! What mutes an alert: silences, alerts that inhibit it, times of the day.

use super::{Alert, AlertState};
use crate::ports::Silence;
use crate::time::Moment;

/// What mutes an alert at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Muting {
    /// Names it, so that the same muting told twice is one, and the next muting of the same alert another.
    pub name: String,
    /// By whom or what and why, for a person; empty where that is not known.
    pub words: String,
}

/// What mutes an alert, as the silences and the other alerts tell.
#[must_use]
pub fn muting(alert: &Alert, all: &[Alert], silences: &[Silence], at: Moment) -> Muting {
    let mut parts: Vec<(String, String)> = alert.muted_by.iter().map(|by| part(alert, by, all, silences, at)).collect();
    parts.sort();
    parts.dedup();
    let (names, mut words): (Vec<String>, Vec<String>) = parts.into_iter().unzip();
    words.retain(|words| !words.is_empty());
    words.dedup();
    Muting { name: names.join("+"), words: words.join("; ") }
}

fn part(alert: &Alert, by: &str, all: &[Alert], silences: &[Silence], at: Moment) -> (String, String) {
    if alert.state == AlertState::Inhibited {
        let Some(other) = all.iter().find(|it| it.fingerprint == by) else { return (by.to_owned(), String::new()) };
        // The same alert may inhibit again when it fires again.
        let since = other.starts_at.map(|since| since.to_rfc3339()).unwrap_or_default();
        return (format!("{by}@{since}"), format!("by {}", other.name()));
    }
    match silences.iter().find(|it| it.id == by) {
        Some(silence) => {
            let words = [silence.created_by.trim(), silence.comment.trim()];
            let words: Vec<&str> = words.into_iter().filter(|it| !it.is_empty()).collect();
            let words = if words.is_empty() { String::new() } else { format!("by {}", words.join(": ")) };
            (by.to_owned(), words)
        }
        // A time of the day comes again tomorrow.
        None => (format!("{by}@{}", at.format("%Y-%m-%d")), alert.told_why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_muting_has_a_name_of_its_own_and_says_by_whom() {
        let at = |day: i64| Moment::from_timestamp(1_700_000_000 + day * 86_400, 0).unwrap();
        let silence = |id: &str, by: &str, why: &str| Silence {
            id: id.into(),
            created_by: by.into(),
            comment: why.into(),
            ..Silence::default()
        };
        let silences = [silence("s1", "Mei", "known"), silence("s2", "", "")];
        let by = |state, muted: &[&str]| {
            let muted_by = muted.iter().map(|it| (*it).to_owned()).collect();
            Alert { state, muted_by, ..Alert::default() }
        };
        let other = Alert { fingerprint: "f".into(), starts_at: Some(at(0)), ..Alert::default() };
        let of = |alert: &Alert, day| {
            let Muting { name, words } = muting(alert, std::slice::from_ref(&other), &silences, at(day));
            format!("{name} {words}")
        };
        assert_eq!(of(&by(AlertState::Silenced, &["s2", "s1"]), 0), "s1+s2 by Mei: known");
        assert_eq!(of(&by(AlertState::Inhibited, &["f"]), 0), "f@2023-11-14T22:13:20+00:00 by unnamed alert");
        assert_eq!(of(&by(AlertState::Inhibited, &["g"]), 0), "g ");
        let why = "muted by the time interval nights".to_owned();
        let nights = Alert { told_why: why.clone(), ..by(AlertState::Silenced, &["nights"]) };
        assert_eq!(of(&nights, 0), format!("nights@2023-11-14 {why}"));
        assert_eq!(of(&nights, 1), format!("nights@2023-11-15 {why}"), "another night is another muting");
    }
}
