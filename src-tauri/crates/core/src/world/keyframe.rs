//! The whole world as the changes that rebuild it, and its digest.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Change;
use super::store::World;
use crate::health::{Health, HealthState};
use crate::id::ObjectKey;

impl World {
    /// The changes that rebuild this world, in canonical order: clusters, freshness, the time, objects, alerts, rules of
    /// placing, last owners, observers, calls. The objects are those of this world, not copies.
    #[must_use]
    pub fn keyframe(&self) -> Vec<Change> {
        let clusters = self.clusters().into_iter().map(|(id, label, version)| Change::Cluster { id, label, version });
        let freshness = self.freshness().cloned().map(Change::Freshness);
        let objects = self.shared_objects().cloned().map(Change::Object);
        let alerts = self.alerts().cloned().map(Box::new).map(Change::Alert);
        let observers = self.observers().cloned().map(Box::new).map(Change::Observer);
        let calls = self.observed_calls().cloned().map(Box::new).map(Change::Call);
        let rules = self.hand_rules().cloned().map(Box::new).map(Change::Placing);
        let owners = self.last_owners().cloned().map(Box::new).map(Change::LastOwner);
        let time = self.now().into_iter().map(|at| Change::Time { at });
        let told = clusters.chain(freshness).chain(time).chain(objects).chain(alerts).chain(rules).chain(owners);
        told.chain(observers).chain(calls).collect()
    }

    /// SHA-256 in hex over the canonical JSON of the keyframe and every verdict: equal worlds, equal digests.
    #[must_use]
    pub fn digest(&self) -> String {
        #[derive(Serialize)]
        struct Verdict<'a> {
            key: &'a ObjectKey,
            health: Health,
        }
        let mut hash = Sha256::new();
        for change in self.keyframe() {
            feed(&mut hash, &change);
        }
        for key in self.objects().map(|object| &object.key) {
            let health = self.health(key);
            if health.state != HealthState::None {
                feed(&mut hash, &Verdict { key, health });
            }
        }
        hex::encode(hash.finalize())
    }
}

/// Feeds one value as a line of JSON. Maps are ordered and floats do not occur, so that the text is canonical.
fn feed(hash: &mut Sha256, value: &impl Serialize) {
    if let Ok(line) = serde_json::to_vec(value) {
        hash.update(&line);
    }
    hash.update(b"\n");
}
