//! Places that a person gave alerts no label proves an address of: remembered as rules, so that the same alert stands
//! there when it fires again.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Alert;
use crate::id::{ObjectKey, Text};
use crate::resource::Labels;
use crate::time::Moment;

/// The rung below those of labels and names: only what nothing else places is placed by hand.
pub const BY_HAND: u8 = 8;

/// Alerts that bear these labels belong to this object, because a person said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandRule {
    /// Names the rule: hex of SHA-256 over its labels, so that the same labels have one place.
    pub id: String,
    /// The labels an alert must bear, each with exactly this value; never empty.
    pub labels: Labels,
    /// The object.
    pub at: ObjectKey,
    /// Who said so.
    pub by: String,
    /// When.
    pub made_at: Option<Moment>,
}

impl HandRule {
    /// A rule for alerts that bear these labels; nothing where there are none, for that would mean every alert.
    #[must_use]
    pub fn new(labels: Labels, at: ObjectKey, by: &str, made_at: Option<Moment>) -> Option<Self> {
        if labels.is_empty() {
            return None;
        }
        let mut hash = Sha256::new();
        for (name, value) in &labels {
            hash.update(format!("{name}\0{value}\0"));
        }
        Some(Self { id: hex::encode(hash.finalize()), labels, at, by: by.to_owned(), made_at })
    }

    /// Whether it speaks of an alert.
    #[must_use]
    pub fn speaks_of(&self, alert: &Alert) -> bool {
        !self.labels.is_empty() && self.labels.iter().all(|(name, value)| alert.labels.get(name) == Some(value))
    }

    /// What it goes by, for a person: `placed by hand by Ada: alertname="Odd"`.
    #[must_use]
    pub fn words(&self) -> String {
        let said = |(name, value): (&Text, &Text)| format!("{name}=\"{value}\"");
        let labels: Vec<String> = self.labels.iter().map(said).collect();
        let by = if self.by.is_empty() { String::new() } else { format!(" by {}", self.by) };
        format!("placed by hand{by}: {}", labels.join(", "))
    }
}

/// The rule that speaks of an alert: the one with the most labels, of several the newest.
#[must_use]
pub fn rule_for<'a>(rules: impl Iterator<Item = &'a HandRule>, alert: &Alert) -> Option<&'a HandRule> {
    rules
        .filter(|rule| rule.speaks_of(alert))
        .max_by(|a, b| (a.labels.len(), a.made_at, &a.id).cmp(&(b.labels.len(), b.made_at, &b.id)))
}
