//! A heartbeat that fell silent is a case of its own: an alert stands in its place until it is heard again.

use std::collections::BTreeMap;

use super::names::is_heartbeat;
use super::{Alert, AlertState, Told};
use crate::id::Text;
use crate::time::Moment;

/// What the id of such an alert begins with; the id of the heartbeat follows.
const MARK: &str = "absent:";

/// True for an alert that stands for a heartbeat nobody hears.
#[must_use]
pub fn is_absent(alert: &Alert) -> bool {
    alert.id.starts_with(MARK)
}

/// The alerts that stand for heartbeats that were heard `before` and are not heard `now`, one for each name and cluster.
/// One that stands already stays as it was; none begins to stand without a moment, where somebody is only asked no longer.
#[must_use]
pub fn absent(before: &[Alert], now: &[Alert], since: Option<Moment>) -> Vec<Alert> {
    let beats = |alert: &&Alert| is_heartbeat(alert) && alert.state != AlertState::Resolved;
    // Whose it is its source says, where that belongs to a cluster, else a label.
    let own = |alert: &Alert| (!alert.cluster.is_empty()).then(|| Text::from(alert.cluster.as_str()));
    let whose = |alert: &Alert| (alert.name().to_owned(), own(alert).or_else(|| alert.labels.get("cluster").cloned()));
    let heard: Vec<_> = now.iter().filter(beats).collect();
    let mut silent = BTreeMap::new();
    for alert in before.iter().filter(|alert| is_absent(alert)) {
        let (name, cluster) = whose(alert);
        let name = name.strip_suffix("Absent").unwrap_or(&name).to_owned();
        silent.insert((name, cluster), alert.clone());
    }
    if let Some(since) = since {
        let known: Vec<_> = before.iter().filter(beats).map(whose).collect();
        // It may have become known meanwhile of which cluster it is: by a label another source tells, or by settings.
        let is_moved =
            |alert: &&Alert| heard.iter().any(|beat| beat.name() == alert.name() && !known.contains(&whose(beat)));
        for alert in before.iter().filter(beats).filter(|alert| !is_moved(alert)) {
            silent.entry(whose(alert)).or_insert_with(|| stands_for(alert, since));
        }
    }
    let is_heard = |name: &(String, Option<Text>)| heard.iter().any(|alert| whose(alert) == *name);
    silent.into_iter().filter(|(name, _)| !is_heard(name)).map(|(_, alert)| alert).collect()
}

fn stands_for(heartbeat: &Alert, since: Moment) -> Alert {
    let name = heartbeat.name();
    let mut labels: Vec<(Text, Text)> =
        vec![("alertname".into(), format!("{name}Absent").as_str().into()), ("severity".into(), "critical".into())];
    labels.extend(heartbeat.labels.get("cluster").map(|cluster| ("cluster".into(), cluster.clone())));
    let summary = format!("The heartbeat alert {name} no longer fires, so other alerts may not arrive either.");
    Alert {
        id: format!("{MARK}{}", heartbeat.id),
        source: heartbeat.source.clone(),
        cluster: heartbeat.cluster.clone(),
        labels: labels.into_iter().collect(),
        annotations: [("summary".into(), summary.as_str().into())].into_iter().collect(),
        state: AlertState::Firing,
        starts_at: Some(since),
        told: Told::Nobody,
        told_why: "no source tells of it: what would tell is what is missing".to_owned(),
        ..Alert::default()
    }
}
