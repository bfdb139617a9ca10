//! What Alertmanager was told and what Prometheus knows, as one list of alerts.
//!
//! Prometheus says what is true, Alertmanager what was told; the difference is that nobody has been told. Fingerprints
//! cannot join the two, because external labels are in one and not in the other.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Alert, AlertState, Told};
use crate::id::{SourceId, Text};
use crate::ports::{AlertPoll, SourceKind};
use crate::resource::Labels;
use crate::world::Change;

/// Names an alert: hex of SHA-256 over its labels without the external ones.
///
/// A label is external where both its name and its value are; lengths stand before texts, so no two label sets meet.
#[must_use]
pub fn alert_id(labels: &Labels, external: &Labels) -> String {
    let mut hash = Sha256::new();
    for (name, value) in labels.iter().filter(|(name, value)| external.get(*name) != Some(*value)) {
        for text in [name, value] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
    }
    hex::encode(hash.finalize())
}

/// Joins the polls of every source of alerts, each source's last one, into one list ordered by id.
///
/// An Alertmanager that did not answer is left out of `polls`: without any, who was told is unknown. Text says since
/// when an alert is pending, not for how long, so that an unchanged alert stays equal.
#[must_use]
pub fn join(polls: &[(SourceKind, SourceId, &AlertPoll)]) -> Vec<Alert> {
    let managers: Vec<_> = polls.iter().filter(|(kind, ..)| *kind == SourceKind::Alertmanager).collect();
    let servers: Vec<_> = polls.iter().filter(|(kind, ..)| *kind == SourceKind::Prometheus).collect();
    let external = External::learn(polls);
    let mut joined: BTreeMap<String, Alert> = BTreeMap::new();
    // By the id without a cluster: one Alertmanager may serve several clusters, and one cluster may have its own.
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut told_in: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (_, source, poll) in &managers {
        for alert in &poll.alerts {
            let mut alert = alert.clone();
            let plain = alert_id(&alert.labels, &external.shared);
            alert.id = within(&plain, &poll.cluster);
            alert.cluster.clone_from(&poll.cluster);
            alert.source = source.clone();
            named.entry(plain).or_default().insert(alert.id.clone());
            (alert.told, alert.told_why) = told_by(poll, &alert);
            match joined.get_mut(&alert.id) {
                Some(known) => merge(known, &alert),
                None => {
                    joined.insert(alert.id.clone(), alert);
                }
            }
        }
    }
    for (_, source, poll) in &servers {
        let own = external.of(poll);
        for alert in &poll.alerts {
            let mut labels = alert.labels.clone();
            for (name, value) in own.iter().filter(|(name, _)| external.telling.contains(name.as_str())) {
                if !labels.contains_key(name) {
                    labels.insert(name.clone(), value.clone());
                }
            }
            let plain = alert_id(&labels, &external.shared);
            let id = within(&plain, &poll.cluster);
            let same = named.get(&plain).filter(|ids| ids.len() == 1).and_then(BTreeSet::first);
            let same = same.filter(|_| poll.cluster.is_empty()).unwrap_or(&plain);
            let known = if joined.contains_key(&id) { &id } else { same };
            if let Some(known) = joined.get_mut(known) {
                if known.cluster.is_empty() {
                    told_in.entry(known.id.clone()).or_default().insert(&poll.cluster);
                }
                for (name, text) in &alert.annotations {
                    known.annotations.entry(name.clone()).or_insert_with(|| text.clone());
                }
                continue;
            }
            let cluster = poll.cluster.clone();
            let mut alert = Alert { id: id.clone(), source: source.clone(), cluster, labels, ..alert.clone() };
            (alert.told, alert.told_why) = untold(&alert, !managers.is_empty());
            joined.insert(id, alert);
        }
    }
    for (id, clusters) in told_in {
        if let (1, Some(cluster), Some(alert)) = (clusters.len(), clusters.first(), joined.get_mut(&id)) {
            (*cluster).clone_into(&mut alert.cluster);
        }
    }
    joined.into_values().collect()
}

/// The id of an alert of a source that belongs to a cluster: the same labels in two clusters are two alerts.
fn within(id: &str, cluster: &str) -> String {
    if cluster.is_empty() {
        return id.to_owned();
    }
    hex::encode(Sha256::digest(format!("{id} in {cluster}")))
}

/// Says whom one Alertmanager tells of an alert it has.
fn told_by(poll: &AlertPoll, alert: &Alert) -> (Told, String) {
    // It said so itself: muted by a time interval, whatever the receiver does at other hours.
    if alert.told == Told::Nobody && !alert.told_why.is_empty() {
        return (alert.told, alert.told_why.clone());
    }
    let mut silent = Vec::new();
    let mut unknown = alert.receivers.is_empty();
    for name in &alert.receivers {
        match poll.receivers.iter().find(|receiver| receiver.name == *name) {
            Some(receiver) if receiver.tells => return (Told::Somebody, String::new()),
            Some(_) => silent.push(format!("`{name}`")),
            None => unknown = true,
        }
    }
    if unknown {
        return (Told::Unknown, String::new());
    }
    let why = match silent.as_slice() {
        [one] => format!("routed only to the receiver {one}, which tells nobody"),
        several => format!("routed only to the receivers {}, of which none tells anybody", several.join(", ")),
    };
    (Told::Nobody, why)
}

/// Says whether anybody can have been told of an alert that only Prometheus has.
fn untold(alert: &Alert, manager_answered: bool) -> (Told, String) {
    match (alert.state, alert.starts_at) {
        (AlertState::Pending, Some(since)) => {
            (Told::Nobody, format!("pending since {}", since.format("%Y-%m-%d %H:%M:%S UTC")))
        }
        (AlertState::Pending, None) => (Told::Nobody, "pending".to_owned()),
        _ if manager_answered => (Told::Nobody, "Prometheus has it, Alertmanager does not".to_owned()),
        _ => (Told::Unknown, String::new()),
    }
}

/// Adds what a second Alertmanager says of the same alert: a replica, or one that other receivers hang on.
fn merge(known: &mut Alert, other: &Alert) {
    // Whoever still notifies counts: muted in one replica only is not muted.
    if other.state == AlertState::Firing && known.state != AlertState::Firing {
        known.state = AlertState::Firing;
        known.muted_by.clear();
    } else if known.state == other.state {
        let missing = other.muted_by.iter().filter(|id| !known.muted_by.contains(id)).cloned().collect::<Vec<_>>();
        known.muted_by.extend(missing);
    }
    let missing: Vec<String> = other.receivers.iter().filter(|it| !known.receivers.contains(it)).cloned().collect();
    known.receivers.extend(missing);
    let missing: Vec<_> = other.groups.iter().filter(|it| !known.groups.contains(it)).cloned().collect();
    known.groups.extend(missing);
    known.starts_at = [known.starts_at, other.starts_at].into_iter().flatten().min();
    let rank = |told: Told| match told {
        Told::Somebody => 2,
        Told::Unknown => 1,
        Told::Nobody => 0,
    };
    if rank(other.told) > rank(known.told) {
        known.told = other.told;
        known.told_why.clone_from(&other.told_why);
    }
}

/// The external labels of every Prometheus.
struct External {
    /// Those that say nothing: every Prometheus that sets them sets the same.
    shared: Labels,
    /// Names that tell two Prometheus apart and that Alertmanager keeps.
    telling: BTreeSet<String>,
    /// What was worked out for those that do not say.
    inferred: Labels,
}

impl External {
    fn learn(polls: &[(SourceKind, SourceId, &AlertPoll)]) -> Self {
        let inferred = infer(polls);
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, _, poll) in polls {
            let own = if poll.external_labels.is_empty() { &inferred } else { &poll.external_labels };
            for (name, value) in own {
                values.entry(name).or_default().insert(value);
            }
        }
        let mut shared = Labels::new();
        let mut telling = BTreeSet::new();
        for (name, values) in values {
            match (values.len(), values.first()) {
                (1, Some(value)) => {
                    shared.insert(name.into(), (*value).into());
                }
                // Two replicas of one Prometheus differ in this and send the same alerts.
                _ if name.contains("replica") => {}
                _ => {
                    telling.insert(name.to_owned());
                }
            }
        }
        Self { shared, telling, inferred }
    }

    fn of<'a>(&'a self, poll: &'a AlertPoll) -> &'a Labels {
        if poll.external_labels.is_empty() { &self.inferred } else { &poll.external_labels }
    }
}

/// Works out external labels nobody told (the configuration may not be readable): those that every alert of
/// Alertmanager has beyond an alert of Prometheus it otherwise equals, and that no alert of Prometheus knows.
fn infer(polls: &[(SourceKind, SourceId, &AlertPoll)]) -> Labels {
    let of = |kind: SourceKind| polls.iter().filter(move |(it, ..)| *it == kind);
    if of(SourceKind::Prometheus).any(|(_, _, poll)| !poll.external_labels.is_empty()) {
        return Labels::new();
    }
    let served: Vec<&Labels> =
        of(SourceKind::Prometheus).flat_map(|(_, _, poll)| &poll.alerts).map(|alert| &alert.labels).collect();
    let mut by_name: BTreeMap<Option<&Text>, Vec<&Labels>> = BTreeMap::new();
    for labels in &served {
        by_name.entry(labels.get("alertname")).or_default().push(labels);
    }
    let mut found: Option<Labels> = None;
    for alert in of(SourceKind::Alertmanager).flat_map(|(_, _, poll)| &poll.alerts) {
        let twins = by_name.get(&alert.labels.get("alertname")).into_iter().flatten();
        let within = |labels: &&&Labels| labels.iter().all(|(name, value)| alert.labels.get(name) == Some(value));
        let Some(twin) = twins.filter(within).max_by_key(|labels| labels.len()) else { continue };
        let extra = alert.labels.iter().filter(|(name, _)| !twin.contains_key(*name));
        let extra: Labels = extra.map(|(name, value)| (name.clone(), value.clone())).collect();
        found = Some(match found {
            None => extra,
            Some(known) => known.into_iter().filter(|(name, value)| extra.get(name) == Some(value)).collect(),
        });
    }
    let mut found = found.unwrap_or_default();
    found.retain(|name, _| served.iter().all(|labels| !labels.contains_key(name)));
    found
}

/// Says what changed between two joined lists, alerts that are gone first, each part ordered by id.
#[must_use]
pub fn diff(before: &BTreeMap<String, Alert>, after: &[Alert]) -> Vec<Change> {
    let now: BTreeMap<&str, &Alert> = after.iter().map(|alert| (alert.id.as_str(), alert)).collect();
    let gone = before.iter().filter(|(id, _)| !now.contains_key(id.as_str()));
    let mut changes: Vec<Change> =
        gone.map(|(id, alert)| Change::AlertGone { source: alert.source.clone(), id: id.clone() }).collect();
    let told = now.values().filter(|alert| before.get(&alert.id) != Some(**alert));
    changes.extend(told.map(|alert| Change::Alert(Box::new((*alert).clone()))));
    changes
}

/// Alerts that are known by another id than before, by the new one: a source that begins to answer teaches which labels are
/// external, and the same labels have another id from then on. None of them ended or fired anew.
#[must_use]
pub fn renamed<'a>(before: &'a BTreeMap<String, Alert>, after: &[Alert]) -> BTreeMap<String, &'a Alert> {
    let now: BTreeSet<&str> = after.iter().map(|alert| alert.id.as_str()).collect();
    let gone = before.values().filter(|alert| !now.contains(alert.id.as_str()));
    let mut of: BTreeMap<&Labels, Vec<&Alert>> = BTreeMap::new();
    for alert in gone {
        of.entry(&alert.labels).or_default().push(alert);
    }
    let new = after.iter().filter(|alert| !before.contains_key(&alert.id));
    let was = |alert: &Alert| {
        let same = of.get(&alert.labels)?;
        let here = same.iter().find(|was| was.cluster == alert.cluster);
        here.or(same.iter().find(|was| was.cluster.is_empty() || alert.cluster.is_empty())).copied()
    };
    new.filter_map(|alert| Some((alert.id.clone(), was(alert)?))).collect()
}
