//! What fires: with nobody's answer, acknowledged by whom, and told to nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::{Input, Section, Traced, clock, not_answering, section};
use crate::alerts::{Address, Alert, AlertState, Told};
use crate::pages::PageAttempt;

/// The sections `firing`, `acknowledged` and `nobody_told`.
pub(super) fn sections(input: &Input<'_>) -> (Section, Section, Section) {
    let places: BTreeMap<&str, &Address> =
        input.placed.cases.iter().map(|case| (case.alert.as_str(), &case.at)).collect();
    // A heartbeat and the plumbing fire always: that they do is no news.
    let quiet = |alert: &&Alert| !matches!(places.get(alert.id.as_str()), Some(Address::Heartbeat | Address::Plumbing));
    let mut all: Vec<&Alert> = input.world.alerts().filter(quiet).collect();
    all.sort_by(|a, b| key(a).cmp(&key(b)));
    let firing: Vec<&Alert> = all.iter().copied().filter(|alert| alert.state == AlertState::Firing).collect();
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for alert in &firing {
        *named.entry(alert.name()).or_default() += 1;
    }
    let line = |alert: &Alert| {
        let place = match places.get(alert.id.as_str()) {
            Some(Address::Object(key)) => format!(" on `{}`", key.name),
            Some(Address::Cluster(_)) => " on the cluster".to_owned(),
            Some(Address::ControlPlane(_)) => " on the control plane".to_owned(),
            _ => ", without an address".to_owned(),
        };
        let since = alert.starts_at.map(|at| format!(", since {}", clock(at, input.now))).unwrap_or_default();
        format!("{}{place}, {}{since}", alert.name(), alert.severity())
    };
    let (mut open, mut acknowledged) = (Vec::new(), Vec::new());
    let mut answered: BTreeSet<&str> = BTreeSet::new();
    for alert in &firing {
        let alone = named.get(alert.name()) == Some(&1);
        let acks = input.attempts.iter().filter(|attempt| is_about(attempt, alert, alone));
        let first = acks.filter_map(|attempt| attempt.acked_at.map(|at| (at, attempt))).min_by_key(|(at, _)| *at);
        match first {
            Some((at, attempt)) => {
                answered.insert(&alert.id);
                let by = if attempt.acked_by.is_empty() { &attempt.target.name } else { &attempt.acked_by };
                let by = if by.is_empty() { "somebody the pager does not name" } else { by };
                let text = format!("{}; {by} acknowledged at {}", line(alert), clock(at, input.now));
                acknowledged.push(Traced::new(text, "alert", &alert.id));
            }
            None => open.push(Traced::new(line(alert), "alert", &alert.id)),
        }
    }
    let untold: Vec<&Alert> = all
        .iter()
        .copied()
        .filter(|alert| matches!(alert.state, AlertState::Firing | AlertState::Pending) && alert.told == Told::Nobody)
        .filter(|alert| !answered.contains(alert.id.as_str()))
        .collect();
    let why = |alert: &Alert| if alert.told_why.is_empty() { String::new() } else { format!(": {}", alert.told_why) };
    let nobody =
        untold.iter().map(|alert| Traced::new(format!("{}{}", line(alert), why(alert)), "alert", &alert.id)).collect();

    let silent = not_answering(input, &["alertmanager:", "prometheus:"]);
    let none = match silent {
        Some(why) => format!("No alert is known to fire: {why}."),
        None if acknowledged.is_empty() => "No alert fires.".to_owned(),
        None => "Every alert that fires was acknowledged.".to_owned(),
    };
    let pagers = input.attempts.is_empty();
    let unanswered =
        if pagers { "No pager told of an acknowledgement." } else { "No alert that fires was acknowledged." };
    let unsure = firing.iter().filter(|alert| alert.told == Told::Unknown).count();
    let told = match (unsure, firing.len()) {
        (0, 0) => "No alert fires that somebody should have been told of.".to_owned(),
        (0, _) => "Somebody was told of every alert that fires.".to_owned(),
        (count, _) => format!("Whether anybody was told is not known for {count} of {} alerts.", firing.len()),
    };
    (
        section("firing", "Firing now", none, open),
        section("acknowledged", "Acknowledged, still firing", unanswered, acknowledged),
        section("nobody_told", "Nobody was told", told, nobody),
    )
}

/// Worst first, then longest first.
fn key(alert: &Alert) -> (usize, Option<crate::time::Moment>, &str) {
    let rank = ["critical", "warning", "info", "none"].iter().position(|it| *it == alert.severity());
    (rank.unwrap_or(4), alert.starts_at, &alert.id)
}

/// True where a page is about this alert: by fingerprint, by the labels the pager carries, or by its name where no other
/// alert that fires has it (`alone`).
fn is_about(attempt: &PageAttempt, alert: &Alert, alone: bool) -> bool {
    // An answer from before it fired is about an earlier time.
    if let (Some(acked), Some(since)) = (attempt.acked_at, alert.starts_at)
        && acked < since
    {
        return false;
    }
    if !alert.fingerprint.is_empty() && attempt.subject_id == alert.fingerprint {
        return true;
    }
    if attempt.labels.is_empty() {
        let word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|it| it == alert.name());
        return alone && (word(&attempt.subject) || word(&attempt.subject_id));
    }
    // A grouped page carries the labels its alerts share.
    attempt.labels.contains_key("alertname")
        && attempt.labels.iter().all(|(name, value)| alert.labels.get(name) == Some(value))
}
