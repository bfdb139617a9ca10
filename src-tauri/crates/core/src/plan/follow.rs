//! Bringing the plan up to date by what changed: only blocks something came to or left are looked at.
//!
//! A pod that stays in its house changes nothing, so most changes cost a look at its cells. The result is that of
//! [`Plan::update`], which a property holds.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::survey::{self, Roll, Streets, WantedHouse};
use super::tenant::{Tenant, cell_of};
use super::{Block, City, Gone, Lens, Meant, Plan};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object};
use crate::stamp::Stamp;
use crate::world::{Delta, Id, World, is_of_houses};

/// What the last delta said of an object: as it was before, if it was.
type Moved<'d> = FxHashMap<&'d ObjectKey, Option<&'d Object>>;

/// Cells that pods of a house left, and pods that came to it.
#[derive(Debug, Default)]
struct Turnover {
    gone: Vec<usize>,
    new: Vec<Id>,
}

/// Pods that left a node and pods that came to it, by the name of the node; it is empty for those on none.
type Moves<'d> = FxHashMap<&'d str, (Vec<&'d ObjectKey>, Vec<Id>)>;

impl Plan {
    /// Brings the plan up to date after changes, of which the world said `delta`; before them it was up to date. The
    /// same as [`Plan::update`], in the time the changes take instead of the world.
    pub fn follow(&mut self, world: &World, delta: &Delta) {
        self.keep_up(world, delta, Gone::Leave, &|_| true);
    }

    /// The same for some of the clusters.
    pub fn follow_in(&mut self, world: &World, delta: &Delta, is_meant: Meant<'_>) {
        self.keep_up(world, delta, Gone::Leave, is_meant);
    }

    /// Follows clusters that are still being listed: what the world does not know yet keeps its place, so that a remembered
    /// plan stands as it stood. [`Plan::update`] afterwards clears what did not come.
    pub fn follow_listing(&mut self, world: &World, delta: &Delta, is_meant: Meant<'_>) {
        self.keep_up(world, delta, Gone::Stay, is_meant);
    }

    fn keep_up(&mut self, world: &World, delta: &Delta, gone: Gone, is_meant: Meant<'_>) {
        if delta.moved.is_empty() && !delta.freshness {
            return;
        }
        let unsettled = survey::unsettled(world);
        let listed = |block: &Block| block.provisional && !unsettled.contains(&block.cluster);
        let meant = self.districts.iter().filter(|(cluster, _)| is_meant(cluster)).map(|(_, district)| district);
        let mut blocks = meant.flat_map(|it| it.namespaces.blocks.iter().chain(&it.nodes.blocks));
        let told = || delta.moved.iter().filter(|(key, _)| is_meant(&key.cluster));
        if blocks.any(listed) || 4 * told().count() > world.len() {
            self.renew(world, gone, is_meant);
            return;
        }
        let mut moved: BTreeMap<&Text, Moved<'_>> = BTreeMap::new();
        for (key, was) in told() {
            moved.entry(&key.cluster).or_default().entry(key).or_insert(was.as_deref());
        }
        let streets = Streets::of(world);
        for (cluster, moved) in moved {
            let district = self.districts.entry(cluster.to_string()).or_default();
            district.namespaces.follow_workloads(world, cluster, &moved, &streets, gone);
            if moved.keys().any(|key| key.kind == "Node" && key.group.is_empty()) {
                let nodes = Roll::of(world, &|id| id == cluster.as_str()).nodes(gone);
                district.nodes.update(nodes, &Streets::none(), None, gone);
            } else {
                district.nodes.follow_nodes(world, cluster, &moved, gone);
            }
        }
        self.clear_empty();
    }
}

fn is_pod(key: &ObjectKey) -> bool {
    key.kind == "Pod" && key.group.is_empty()
}

impl City {
    fn follow_workloads(&mut self, world: &World, cluster: &str, moved: &Moved<'_>, streets: &Streets<'_>, gone: Gone) {
        let mut whole: BTreeSet<&Text> = BTreeSet::new();
        let mut pods: FxHashMap<&Text, Vec<(&ObjectKey, Option<&Object>)>> = FxHashMap::default();
        for (key, was) in moved {
            if is_pod(key) {
                pods.entry(&key.namespace).or_default().push((key, *was));
            } else if is_of_houses(&key.kind) {
                whole.insert(&key.namespace);
            }
        }
        pods.retain(|space, _| !whole.contains(space));
        let id = |space: &Text| survey::space_of(cluster, space).to_string();
        let blocks: FxHashMap<&str, usize> = match pods.len() {
            0 => FxHashMap::default(),
            _ => self.blocks.iter().enumerate().map(|(at, block)| (block.id.as_str(), at)).collect(),
        };
        let mut turnovers = Vec::new();
        for (space, pods) in pods {
            let block = blocks.get(id(space).as_str()).and_then(|at| Some((*at, self.blocks.get(*at)?)));
            match block.and_then(|(at, block)| Some((at, turnover(world, block, &pods, gone)?))) {
                Some((at, turnover)) => turnovers.push((at, turnover)),
                None => {
                    whole.insert(space);
                }
            }
        }
        let mut resized = false;
        for (at, turnover) in turnovers {
            if let Some(block) = self.blocks.get_mut(at) {
                resized |= block.turn_over(world, turnover, Vec::new(), streets, Lens::Namespaces);
            }
        }
        if !whole.is_empty() {
            let ids = whole.iter().map(|space| id(space)).collect();
            self.update(survey::some_namespaces(world, cluster, &whole, gone), streets, Some(&ids), gone);
        } else if resized {
            self.place();
        }
    }

    fn follow_nodes(&mut self, world: &World, cluster: &str, moved: &Moved<'_>, gone: Gone) {
        let mut zones: BTreeMap<&str, Moves<'_>> = BTreeMap::new();
        for (key, was) in moved.iter().filter(|(key, _)| is_pod(key)) {
            let id = world.id_of(key);
            let (left, stands) = (node_of(*was), node_of(id.and_then(|id| world.object_of(id))));
            if left == stands {
                continue;
            }
            let zone = |node| survey::zone_name(world, cluster, node);
            if let Some(node) = left {
                zones.entry(zone(node)).or_default().entry(node).or_default().0.push(key);
            }
            let is_known = |node: &str| survey::is_known_node(world, &survey::node_of(cluster, node));
            let Some((node, id)) = stands.zip(id) else { continue };
            if gone == Gone::Leave || is_known(node) {
                zones.entry(zone(node)).or_default().entry(node).or_default().1.push(id);
            }
        }
        if zones.is_empty() {
            return;
        }
        let manned = |node: &str, pods: Vec<Id>| {
            survey::house_of(world, survey::node_of(cluster, node), &survey::by_age(world, pods), Lens::Nodes)
        };
        let none = Streets::none();
        let mut resized = false;
        let mut fresh = Vec::new();
        for (zone, mut nodes) in zones {
            let zone = survey::zone_named(cluster, zone);
            let id = zone.to_string();
            let Some(block) = self.blocks.iter_mut().find(|block| block.id == id) else {
                let new = nodes.into_iter().filter(|(_, (_, new))| !new.is_empty());
                let new: Vec<_> = new.map(|(node, (_, new))| manned(node, new)).collect();
                if !new.is_empty() {
                    fresh.push((zone, new));
                }
                continue;
            };
            let mut turnovers = BTreeMap::new();
            for (at, house) in block.houses.iter().enumerate() {
                let name = if house.key.kind == "Node" { house.key.name.as_str() } else { "" };
                let Some((gone, new)) = nodes.remove(name) else { continue };
                let gone = gone.into_iter().filter_map(|pod| cell_of(&house.cells, world.id_of(pod), pod)).collect();
                turnovers.insert(at, Turnover { gone, new });
            }
            let new = nodes.into_iter().filter(|(_, (_, new))| !new.is_empty());
            let new = survey::houses_in_order(new.map(|(node, (_, new))| manned(node, new)).collect());
            resized |= block.turn_over(world, turnovers, new, &none, Lens::Nodes);
        }
        let before = self.blocks.len();
        self.blocks.retain(|block| !block.houses.is_empty());
        if self.blocks.is_empty() {
            self.shelves.clear();
            self.width = 0;
        }
        resized |= before != self.blocks.len() || !fresh.is_empty();
        let fresh = survey::blocks_in_order(world, fresh);
        self.blocks.extend(fresh.into_iter().map(|want| Block::fresh(want, &none)));
        if resized {
            self.place();
        }
    }
}

/// The node a pod stands on; empty where it stands on none.
fn node_of(pod: Option<&Object>) -> Option<&str> {
    match pod.map(|object| &object.body) {
        Some(Body::Pod(pod)) => Some(&pod.node),
        _ => None,
    }
}

/// Who moved in or out of the houses of a block; nothing where houses themselves came or went.
fn turnover(
    world: &World,
    block: &Block,
    pods: &[(&ObjectKey, Option<&Object>)],
    gone: Gone,
) -> Option<BTreeMap<usize, Turnover>> {
    let place_of = |key: &ObjectKey| {
        // Texts are shared: mostly the name lies where the world has it.
        let near = block.houses.iter().position(|house| Text::ptr_eq(&house.key.name, &key.name) && house.key == *key);
        near.or_else(|| block.houses.iter().position(|house| house.key == *key))
    };
    let mut turnovers: BTreeMap<usize, Turnover> = BTreeMap::new();
    for (key, was) in pods {
        let id = world.id_of(key);
        let house = id.and_then(|id| world.house_at(id));
        let house = house.filter(|house| gone == Gone::Leave || !world.awaits_controller(world.key_of(*house)));
        let stands = match house {
            None => None,
            Some(house) => Some(place_of(world.key_of(house))?),
        };
        let cell = |at: usize| block.houses.get(at).and_then(|house| cell_of(&house.cells, id, key));
        if stands.is_some_and(|at| cell(at).is_some()) {
            continue;
        }
        if let Some(was) = was {
            let had = world.house_named_by(was).and_then(|house| place_of(world.key_of(house)));
            let likely = had.and_then(|at| Some((at, cell(at)?)));
            let found = likely.or_else(|| (0..block.houses.len()).find_map(|at| Some((at, cell(at)?))));
            if let Some((at, cell)) = found {
                if block.houses.get(at).is_some_and(|house| house.key == **key) {
                    return None;
                }
                turnovers.entry(at).or_default().gone.push(cell);
            }
        }
        if let (Some(at), Some(id)) = (stands, id) {
            turnovers.entry(at).or_default().new.push(id);
        }
    }
    Some(turnovers)
}

impl Block {
    /// Lets pods leave and others come; a house that stands for an object not there goes with its last pod. True where
    /// the block's ground changed.
    fn turn_over(
        &mut self,
        world: &World,
        turnovers: BTreeMap<usize, Turnover>,
        new: Vec<WantedHouse>,
        streets: &Streets<'_>,
        lens: Lens,
    ) -> bool {
        let before = (self.w, self.h);
        if !turnovers.is_empty() || !new.is_empty() {
            self.stamp = Stamp::default();
        }
        let mut touched: Vec<usize> = Vec::new();
        let mut left: Vec<ObjectKey> = Vec::new();
        for (at, turnover) in turnovers {
            let Some(house) = self.houses.get_mut(at) else { continue };
            touched.push(at);
            let came = survey::by_age(world, turnover.new);
            house.free(&turnover.gone);
            house.admit(came.into_iter().map(|pod| Tenant::of(world, pod, lens)));
            if house.cells.is_empty() && world.object(&house.key).is_none() {
                left.push(house.key.clone());
            }
        }
        if !left.is_empty() {
            self.houses.retain(|house| !left.contains(&house.key));
            touched = (0..self.houses.len()).collect();
        }
        let cramped = self.cramped(touched);
        self.fit(new, cramped, streets);
        before != (self.w, self.h)
    }
}
