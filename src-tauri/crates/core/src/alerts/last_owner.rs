//! Whose a pod was that went, where its name does not say so: an alert about it stands there.

use serde::{Deserialize, Serialize};

use super::ground::Ground;
use crate::id::ObjectKey;
use crate::resource::{Object, Uid};
use crate::time::Moment;
use crate::world::{Change, World};

/// The last owner of a pod that went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastOwner {
    /// The pod.
    pub pod: ObjectKey,
    /// The house it lived in, else the object that controlled it.
    pub owner: ObjectKey,
    /// When it was noticed that the pod had gone.
    pub gone_at: Moment,
}

impl LastOwner {
    /// What is to be remembered before a change is applied; nothing where no pod goes, or where its name leads to its owner.
    #[must_use]
    pub fn of_gone(world: &World, change: &Change, gone_at: Moment) -> Option<Self> {
        let Change::Gone { key, uid } = change else { return None };
        if key.kind != "Pod" || !key.group.is_empty() {
            return None;
        }
        let pod = world.object(key)?;
        if !uid.is_empty() && !pod.uid.is_empty() && pod.uid != Uid::from(uid.as_str()) {
            return None;
        }
        let owner = world.house_of(key).filter(|house| house != key).or_else(|| controller(world, pod))?;
        let at = Some(key.cluster.to_string());
        let by_name = Ground::new(world).owner_by_pod_name(&at, Some(&key.namespace), &key.name);
        (by_name.as_ref() != Some(&owner)).then(|| Self { pod: key.clone(), owner, gone_at })
    }
}

/// The object that controls a pod, of whatever kind.
fn controller(world: &World, pod: &Object) -> Option<ObjectKey> {
    let owner = pod.owners.iter().find(|owner| owner.controller)?;
    let in_space = |space: &str| ObjectKey::new(&pod.key.cluster, &owner.group, &owner.kind, space, &owner.name);
    let mut keys = [in_space(&pod.key.namespace), in_space("")].into_iter();
    keys.find(|key| {
        let is_it = |it: &Object| it.uid.is_empty() || owner.uid.is_empty() || it.uid == owner.uid;
        world.object(key).is_some_and(is_it)
    })
}
