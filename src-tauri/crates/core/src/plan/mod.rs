//! The city plan: blocks, houses and cells with places they keep, and the scene drawn from them.
//!
//! The plan remembers where everything stands. [`Plan::update`] changes only what the world forces it to change: a pod
//! keeps its cell for life, a house its place, a block its ground until it outgrows it. The same history gives the same
//! coordinates on every machine.

mod between;
mod blocks;
mod calls;
mod districts;
mod drawing;
mod follow;
mod layers;
mod pack;
mod pen;
mod router;
mod rows;
mod scene;
mod seats;
mod sheet;
mod silence;
mod size;
mod streets;
mod survey;
mod svg;
mod tenant;
#[cfg(test)]
mod tests;
mod weave;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize};

use crate::id::{ObjectKey, Text};
use crate::stamp::Stamp;
use crate::world::{Id, World};
use blocks::Shelf;
use calls::Streets;
use layers::Column;
use survey::{Roll, WantedBlock, WantedHouse};
use tenant::{Hint, Stood, Tenant};

pub use drawing::{Drawing, SceneOptions, Still, scene, scene_drawn};
pub use scene::Unpaved;
pub(crate) use survey::{node_of, zone_of};
pub use svg::svg;

/// What the blocks of the map stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lens {
    /// Namespaces, their workloads and the pods of those.
    #[default]
    Namespaces,
    /// Zones, their nodes and the pods on those.
    Nodes,
}

/// A word that names no lens.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a lens: say `namespaces` or `nodes`")]
pub struct NotALens(pub String);

impl FromStr for Lens {
    type Err = NotALens;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "namespaces" => Ok(Self::Namespaces),
            "nodes" => Ok(Self::Nodes),
            other => Err(NotALens(other.to_owned())),
        }
    }
}

impl fmt::Display for Lens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespaces => "namespaces",
            Self::Nodes => "nodes",
        })
    }
}

/// What becomes of the places of what the world does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// They are free: it is gone.
    Leave,
    /// They are kept: it was not listed yet. What waits for its controller or its node gets no place before.
    Stay,
}

/// Where everything stands, in both lenses. Each cluster has a district of its own: what stands where in one does not
/// hang on what others are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// By the cluster's id.
    districts: BTreeMap<String, District>,
}

/// Where everything of one cluster stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct District {
    namespaces: City,
    nodes: City,
}

/// The clusters a change of the plan is about, by id.
pub type Meant<'a> = &'a dyn Fn(&str) -> bool;

impl Plan {
    /// Makes room for what is new in the world, clears what is gone and leaves everything else where it stands.
    pub fn update(&mut self, world: &World) {
        self.renew(world, Gone::Leave, &|_| true);
    }

    /// The same for some of the clusters; the districts of the others stay as they are.
    pub fn update_in(&mut self, world: &World, is_meant: Meant<'_>) {
        self.renew(world, Gone::Leave, is_meant);
    }

    fn renew(&mut self, world: &World, gone: Gone, is_meant: Meant<'_>) {
        let roll = Roll::of(world, is_meant);
        let streets = Streets::of(world);
        let (namespaces, nodes) = roll.blocks(gone);
        let (mut namespaces, mut nodes) = (by_cluster(namespaces), by_cluster(nodes));
        let known = self.districts.keys().filter(|cluster| is_meant(cluster));
        let clusters: BTreeSet<String> = known.chain(namespaces.keys()).chain(nodes.keys()).cloned().collect();
        for cluster in clusters {
            let wanted = |of: &mut BTreeMap<String, Vec<WantedBlock>>| of.remove(&cluster).unwrap_or_default();
            let (namespaces, nodes) = (wanted(&mut namespaces), wanted(&mut nodes));
            let district = self.districts.entry(cluster).or_default();
            district.namespaces.update(namespaces, &streets, None, gone);
            district.nodes.update(nodes, &Streets::none(), None, gone);
        }
        self.clear_empty();
    }

    /// A district without any block is none.
    fn clear_empty(&mut self) {
        self.districts.retain(|_, it| !(it.namespaces.blocks.is_empty() && it.nodes.blocks.is_empty()));
    }

    /// The district of one cluster alone.
    #[must_use]
    pub fn of(&self, cluster: &str) -> Self {
        let one = self.districts.get(cluster).cloned();
        Self { districts: one.into_iter().map(|district| (cluster.to_owned(), district)).collect() }
    }

    /// Takes the districts of another plan in, in the place of those of the same clusters.
    pub fn take(&mut self, other: Self) {
        self.districts.extend(other.districts);
    }

    /// Forgets the district of a cluster.
    pub fn leave(&mut self, cluster: &str) {
        self.districts.remove(cluster);
    }

    /// The plan as canonical JSON: equal plans give equal text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The plan from its JSON; an empty one where the JSON is not a plan. One of before there were districts is read too.
    #[must_use]
    pub fn from_json(value: &serde_json::Value) -> Self {
        Self::read(|| Ok(value))
    }

    /// The same, from wherever its value is read.
    pub(crate) fn read<'de, D: Deserializer<'de>>(value: impl Fn() -> Result<D, D::Error>) -> Self {
        let plan = match value().and_then(District::deserialize) {
            Ok(one) => Self::of_blocks(one),
            Err(_) => value().and_then(Self::deserialize).unwrap_or_default(),
        };
        let is_sound = |it: &District| it.namespaces.is_sound() && it.nodes.is_sound();
        if plan.districts.values().all(is_sound) { plan } else { Self::default() }
    }

    /// The plan of the cluster whose blocks these are; none where they are of several, which shared their ground.
    fn of_blocks(one: District) -> Self {
        let blocks = one.namespaces.blocks.iter().chain(&one.nodes.blocks);
        let clusters: BTreeSet<String> = blocks.map(|block| block.cluster.clone()).collect();
        match (clusters.len(), clusters.into_iter().next()) {
            (1, Some(cluster)) => Self { districts: BTreeMap::from([(cluster, one)]) },
            _ => Self::default(),
        }
    }
}

impl District {
    fn city(&self, lens: Lens) -> &City {
        match lens {
            Lens::Namespaces => &self.namespaces,
            Lens::Nodes => &self.nodes,
        }
    }
}

/// Blocks by their cluster, in their order.
fn by_cluster(wanted: Vec<WantedBlock>) -> BTreeMap<String, Vec<WantedBlock>> {
    let mut found: BTreeMap<String, Vec<WantedBlock>> = BTreeMap::new();
    for block in wanted {
        found.entry(block.cluster.clone()).or_default().push(block);
    }
    found
}

/// One lens of the plan: blocks on shelves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct City {
    /// How far shelves may reach; it grows in steps and never shrinks.
    width: i32,
    shelves: Vec<Shelf>,
    /// In the order they were first seen.
    blocks: Vec<Block>,
    #[serde(skip)]
    stood: Stood,
}

/// A namespace or a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Block {
    /// `cluster//Namespace//name` or `cluster//Zone//name`.
    id: String,
    cluster: String,
    name: String,
    /// Its shelf; none until it is placed.
    shelf: Option<usize>,
    x: i32,
    w: i32,
    h: i32,
    /// How many houses it was laid out for; far more or far fewer lay it out anew.
    laid_for: usize,
    /// Laid out while its cluster was still being listed: it is laid out once more when all is known.
    provisional: bool,
    columns: Vec<Column>,
    /// In the order they were first seen.
    houses: Vec<House>,
    /// Taken anew by whatever changes what stands in it.
    #[serde(skip)]
    stamp: Stamp,
}

/// A workload, a standalone pod or a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct House {
    key: ObjectKey,
    #[serde(skip)]
    hint: Hint,
    column: usize,
    /// From the block's left upper corner.
    x: i32,
    y: i32,
    w: i32,
    h: i32,
    /// Cells side by side.
    across: usize,
    /// Rows of cells there is room for.
    rows: usize,
    /// Pod by cell; ends with a pod.
    cells: Vec<Option<Tenant>>,
    /// Taken anew by whatever changes who stands in its cells, or where those lie.
    #[serde(skip)]
    stamp: Stamp,
}

impl House {
    /// The height at which streets leave and, if alone, arrive.
    fn door(&self) -> i32 {
        self.y + self.h - 10
    }

    /// Whether it bears a key.
    fn is_of(&self, key: &ObjectKey) -> bool {
        // Texts are shared: mostly the name lies where the world has it, and most names differ.
        (Text::ptr_eq(&self.key.name, &key.name) || self.key.name == key.name) && self.key == *key
    }
}

impl City {
    /// Makes the blocks what is wanted; only those named, where some are.
    fn update(&mut self, wanted: Vec<WantedBlock>, streets: &Streets<'_>, only: Option<&BTreeSet<String>>, gone: Gone) {
        let ids: FxHashMap<String, usize> =
            wanted.iter().enumerate().map(|(at, block)| (block.id.clone(), at)).collect();
        let mut wanted: Vec<Option<WantedBlock>> = wanted.into_iter().map(Some).collect();
        self.blocks.retain(|block| {
            let want = ids.get(&block.id).and_then(|at| wanted.get(*at)?.as_ref());
            let kept = want.is_none() && gone == Gone::Stay;
            kept || only.is_some_and(|only| !only.contains(&block.id))
                // A block laid out before all was known makes room for itself as it really is.
                || want.is_some_and(|want| !block.provisional || !want.settled)
        });
        if self.blocks.is_empty() {
            self.shelves.clear();
            self.width = 0;
        }
        for block in &mut self.blocks {
            if let Some(want) = ids.get(&block.id).and_then(|at| wanted.get_mut(*at)?.take()) {
                block.update(want, streets, gone);
            }
        }
        self.blocks.extend(wanted.into_iter().flatten().map(|want| Block::fresh(want, streets)));
        self.place();
        if only.is_none() {
            self.stood = Stood::of(&self.blocks);
        }
    }

    /// How many houses there are.
    fn houses(&self) -> usize {
        self.blocks.iter().map(|block| block.houses.len()).sum()
    }

    /// Which house of a block bears a key of this number.
    fn place_of(&self, at: usize, id: Id, key: &ObjectKey) -> Option<usize> {
        match self.stood.find(&self.blocks, id, key) {
            Some((block, house)) if block == at => Some(house),
            _ => self.blocks.get(at)?.place_of(key),
        }
    }

    /// Whether a plan read from outside can be worked with.
    fn is_sound(&self) -> bool {
        self.blocks.iter().all(|block| {
            block.shelf.is_none_or(|shelf| shelf < self.shelves.len())
                && block.houses.iter().all(|house| {
                    house.column < block.columns.len()
                        && house.across > 0
                        && house.cells.len() <= house.across.saturating_mul(house.rows)
                })
        })
    }
}

impl Block {
    fn fresh(want: WantedBlock, streets: &Streets<'_>) -> Self {
        let mut block = Self {
            id: want.id,
            cluster: want.cluster,
            name: want.name,
            provisional: !want.settled,
            houses: want.houses.into_iter().map(House::fresh).collect(),
            ..Self::default()
        };
        block.lay(streets);
        block
    }

    fn update(&mut self, want: WantedBlock, streets: &Streets<'_>, gone: Gone) {
        self.stamp = Stamp::default();
        let ids: FxHashMap<ObjectKey, usize> =
            want.houses.iter().enumerate().map(|(at, house)| (house.key.clone(), at)).collect();
        let mut wanted: Vec<Option<WantedHouse>> = want.houses.into_iter().map(Some).collect();
        self.houses.retain(|house| gone == Gone::Stay || ids.contains_key(&house.key));
        for house in &mut self.houses {
            if let Some(want) = ids.get(&house.key).and_then(|at| wanted.get_mut(*at)?.take()) {
                house.hint = want.hint;
                house.seat(&want.pods, gone);
            }
        }
        let new = wanted.into_iter().flatten().collect();
        self.fit(new, self.cramped(0..self.houses.len()), streets);
    }

    /// Which of its houses bears a key.
    fn place_of(&self, key: &ObjectKey) -> Option<usize> {
        // Texts are shared: mostly the name lies where the world has it.
        let near = |house: &House| Text::ptr_eq(&house.key.name, &key.name) && house.key == *key;
        self.houses.iter().position(near).or_else(|| self.houses.iter().position(|house| house.is_of(key)))
    }

    /// The name of the namespace it stands for, with which its id ends.
    fn space(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    /// Those among some of its houses that outgrew their walls.
    fn cramped(&self, among: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let is_cramped = |house: &House| house.cells.len() > house.across * house.rows;
        among.into_iter().filter(|at| self.houses.get(*at).is_some_and(is_cramped)).collect()
    }

    /// Makes room for houses that outgrew their walls and for new ones; far more or far fewer lay the block out anew.
    fn fit(&mut self, new: Vec<WantedHouse>, cramped: Vec<usize>, streets: &Streets<'_>) {
        let new = new.into_iter().map(House::fresh);
        let count = self.houses.len() + new.len();
        if count > self.laid_for + self.laid_for / 2 + 2 || self.laid_for > 2 * count + count / 2 + 2 {
            self.houses.extend(new);
            self.lay(streets);
            return;
        }
        for at in cramped {
            self.enlarge(at, streets);
        }
        for house in new {
            self.append(house, streets);
        }
    }
}
