//! The last owners of pods that went, as many as are worth remembering.

use std::collections::BTreeMap;

use super::store::World;
use crate::alerts::LastOwner;
use crate::id::{ObjectKey, Text};

/// As many are remembered in a cluster; of more the oldest are forgotten. Which are left does not hang on the order.
pub(crate) const REMEMBERED: usize = if cfg!(test) { 3 } else { 1_000 };

/// By cluster and pod.
pub(super) type LastOwners = BTreeMap<Text, BTreeMap<ObjectKey, LastOwner>>;

impl World {
    /// Every last owner that is remembered, ordered by pod.
    pub fn last_owners(&self) -> impl Iterator<Item = &LastOwner> {
        self.last_owners.values().flat_map(BTreeMap::values)
    }

    /// The last owner of a pod that went.
    #[must_use]
    pub fn last_owner(&self, pod: &ObjectKey) -> Option<&LastOwner> {
        self.last_owners.get(&pod.cluster)?.get(pod)
    }

    /// True where that is news.
    pub(super) fn remember(&mut self, owner: &LastOwner) -> bool {
        let of_cluster = self.last_owners.entry(owner.pod.cluster.clone()).or_default();
        if of_cluster.get(&owner.pod) == Some(owner) {
            return false;
        }
        of_cluster.insert(owner.pod.clone(), owner.clone());
        if of_cluster.len() > REMEMBERED {
            let oldest = of_cluster.values().min_by(|a, b| (a.gone_at, &a.pod).cmp(&(b.gone_at, &b.pod)));
            if let Some(pod) = oldest.map(|oldest| oldest.pod.clone()) {
                of_cluster.remove(&pod);
            }
        }
        true
    }

    /// True where it was remembered.
    pub(super) fn forget(&mut self, pod: &ObjectKey) -> bool {
        self.last_owners.get_mut(&pod.cluster).is_some_and(|of_cluster| of_cluster.remove(pod).is_some())
    }
}
