//! A pod as its cell knows it.

use std::fmt;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Block, Lens};
use crate::id::{ObjectKey, Text};
use crate::world::{Id, World};

/// A pod by its name; where the house is a node, with its namespace.
#[derive(Clone, Debug)]
pub(super) struct Tenant {
    namespace: Option<Text>,
    pub name: Text,
    /// Its number when it was seen last. It may mean something else by now, so it only says where to look first.
    hint: Option<Id>,
}

impl Tenant {
    /// The pod of a number, as a lens names it.
    pub fn of(world: &World, id: Id, lens: Lens) -> Self {
        let key = world.key_of(id);
        let namespace = (lens == Lens::Nodes).then(|| key.namespace.clone());
        Self { namespace, name: key.name.clone(), hint: Some(id) }
    }

    /// The namespace of the pod in a house.
    pub fn namespace<'a>(&'a self, house: &'a ObjectKey) -> &'a Text {
        self.namespace.as_ref().unwrap_or(&house.namespace)
    }

    /// The number of the pod in a house, where it is there.
    pub fn find(&self, world: &World, house: &ObjectKey) -> Option<Id> {
        let namespace = self.namespace(house);
        let is_it = |id: &Id| world.is_pod_named(*id, &house.cluster, namespace, &self.name);
        self.hint.filter(is_it).or_else(|| world.pod_named(&house.cluster, namespace, &self.name))
    }

    /// Whether it is this pod.
    pub fn is(&self, pod: &ObjectKey) -> bool {
        self.name == pod.name && self.namespace.as_ref().is_none_or(|namespace| *namespace == pod.namespace)
    }
}

/// The number of a house when it was placed. It may mean something else by now, so it only says where to look first, and all
/// are equal.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hint(pub Option<Id>);

impl Hint {
    /// The number of a key that was ever named.
    pub fn find(self, world: &World, key: &ObjectKey) -> Option<Id> {
        self.0.filter(|id| id.at() < world.numbers() && world.key_of(*id) == key).or_else(|| world.id_of(key))
    }
}

/// Where houses stood when houses came or went last, by number: where to look first. What stands there is looked at, so all are
/// equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Stood(FxHashMap<Id, (u32, u32)>);

impl Stood {
    /// Notes every house of some blocks whose number is known.
    pub fn of(blocks: &[Block]) -> Self {
        let mut stood =
            FxHashMap::with_capacity_and_hasher(blocks.iter().map(|it| it.houses.len()).sum(), FxBuildHasher);
        for (at, block) in (0..).zip(blocks) {
            let houses = (0..).zip(&block.houses);
            for (house, id) in houses.filter_map(|(house, it)| Some((house, it.hint.0?))) {
                stood.entry(id).or_insert((at, house));
            }
        }
        Self(stood)
    }

    /// The block of a house and which of its houses it is, where it stands as it stood.
    pub fn find(&self, blocks: &[Block], id: Id, key: &ObjectKey) -> Option<(usize, usize)> {
        let (block, house) = *self.0.get(&id)?;
        let (block, house) = (block as usize, house as usize);
        blocks.get(block)?.houses.get(house)?.is_of(key).then_some((block, house))
    }
}

impl PartialEq for Stood {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Stood {}

impl PartialEq for Hint {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Hint {}

/// The cell of a pod among some.
pub(super) fn cell_of(cells: &[Option<Tenant>], id: Option<Id>, pod: &ObjectKey) -> Option<usize> {
    let find = |is_it: &dyn Fn(&Tenant) -> bool| cells.iter().position(|cell| cell.as_ref().is_some_and(is_it));
    // Names are shared: mostly a cell has the very text, and no other text need be read.
    let near = find(&|cell| Text::ptr_eq(&cell.name, &pod.name) && cell.is(pod));
    let hinted = || id.and_then(|id| find(&|cell| cell.hint == Some(id) && cell.is(pod)));
    near.or_else(hinted).or_else(|| find(&|cell| cell.is(pod)))
}

impl PartialEq for Tenant {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.namespace == other.namespace
    }
}

impl Eq for Tenant {}

impl Hash for Tenant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.namespace.hash(state);
        self.name.hash(state);
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            f.write_str(namespace)?;
            f.write_str("/")?;
        }
        f.write_str(&self.name)
    }
}

impl Serialize for Tenant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tenant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace.into()), name),
            None => (None, text.as_str()),
        };
        Ok(Self { namespace, name: name.into(), hint: None })
    }
}
