//! Alerts, their identity, the placement ladder, cases and the tray.

mod absent;
mod by_hand;
mod discover;
mod exporter;
mod file;
mod ground;
mod join;
mod ladder;
mod last_owner;
mod muting;
mod names;
mod samples;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use absent::{absent, is_absent};
pub use by_hand::{BY_HAND, HandRule, rule_for};
pub use discover::discover;
pub use file::{BadAlerts, CasesDocument, DocumentCase, DocumentTray, document, parse_file};
pub use join::{alert_id, diff, join, renamed};
pub use ladder::{Placed, Placement, place, placed};
pub use last_owner::LastOwner;
pub use muting::{Muting, muting};
pub use names::is_heartbeat;
pub use samples::parse_samples;

use crate::id::{ObjectKey, SourceId, Text};
use crate::resource::Labels;
use crate::time::Moment;

/// How an alert stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It fires.
    #[default]
    Firing,
    /// Its condition holds, its `for` has not passed.
    Pending,
    /// It fires and a silence mutes it.
    Silenced,
    /// It fires and another alert mutes it.
    Inhibited,
    /// It no longer fires.
    Resolved,
}

/// Whether anybody was told about an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Alertmanager has it, and one of its receivers tells somebody.
    Somebody,
    /// Pending, not yet delivered to Alertmanager, or routed only to receivers that tell no one.
    Nobody,
    /// Which receivers tell whom is not known (no Alertmanager answered).
    #[default]
    Unknown,
}

/// A group of Alertmanager: what one message to a receiver is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Whom the message goes to.
    pub receiver: String,
    /// The labels its alerts share by `group_by`; none where everything is one group.
    pub by: Labels,
}

/// One alert as one source tells it. Prometheus and Alertmanager are joined by labels before it enters the world.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Stable while it is the same alert: hex of SHA-256 over the labels without external ones.
    pub id: String,
    /// Who told it first.
    pub source: SourceId,
    /// The cluster its source belongs to, by its id; empty where the source belongs to none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// How it stands.
    pub state: AlertState,
    /// `startsAt`, or `activeAt` while pending.
    pub starts_at: Option<Moment>,
    /// `endsAt` where it is resolved.
    pub ends_at: Option<Moment>,
    /// Alertmanager's fingerprint where it has one.
    pub fingerprint: String,
    /// Names of the receivers it was routed to.
    pub receivers: Vec<String>,
    /// The messages it is part of: Alertmanager tells a whole group at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Whether anybody was told.
    pub told: Told,
    /// Why nobody was told, for a person; empty otherwise.
    pub told_why: String,
    /// Ids of silences or fingerprints of inhibiting alerts.
    pub muted_by: Vec<String>,
}

impl Alert {
    /// The `alertname` label, or `unnamed alert` (Alertmanager accepts alerts without one).
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("unnamed alert", Text::as_str)
    }

    /// The `severity` label as one of `critical`, `warning`, `info`, `none`; words in the wild are mapped onto these.
    pub fn severity(&self) -> &'static str {
        match self.labels.get("severity").map(|s| s.to_ascii_lowercase()).as_deref() {
            Some("critical" | "page" | "p1" | "emergency" | "fatal" | "error" | "high") => "critical",
            Some("warning" | "warn" | "p2" | "p3" | "medium") => "warning",
            Some("none") => "none",
            Some("info" | "information" | "p4" | "p5" | "low" | "notice" | "debug") => "info",
            _ => "warning",
        }
    }
}

/// Where an alert stands on the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "key", rename_all = "snake_case")]
pub enum Address {
    /// An object.
    Object(ObjectKey),
    /// The cluster as a whole.
    Cluster(String),
    /// The control plane of a cluster.
    ControlPlane(String),
    /// The heartbeat: fires always, and its absence is the case.
    Heartbeat,
    /// Plumbing between alerts, never a case.
    Plumbing,
}

/// A firing alert at an address, with what proved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// [`Alert::id`].
    pub alert: String,
    /// Where it stands.
    pub at: Address,
    /// The rung of the ladder that placed it, 0 to 7, or [`BY_HAND`].
    pub rung: u8,
    /// The label that proved it, as `pod="cart-1"`, or who placed it by hand.
    pub label: String,
    /// Other addresses its labels prove.
    pub also: Vec<Proof>,
}

/// A further address an alert's labels prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The address.
    pub at: Address,
    /// The rung.
    pub rung: u8,
    /// The label.
    pub label: String,
}

/// An alert without an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrayEntry {
    /// [`Alert::id`].
    pub alert: String,
    /// Why it has no address, for a person.
    pub why: String,
}
