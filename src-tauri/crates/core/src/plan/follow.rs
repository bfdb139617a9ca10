//! Bringing the plan up to date by what changed: only blocks something came to or left are looked at.
//!
//! A pod that stays in its house changes nothing, so most changes cost a look at its cells. The result is that of
//! [`Plan::update`], which a property holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::survey::{self, Ages, Streets, WantedHouse};
use super::{Block, City, Gone, House, Meant, Plan};
use crate::id::ObjectKey;
use crate::resource::{Body, Object};
use crate::world::{Delta, World, is_of_houses};

/// What the last delta said of an object: as it was before, if it was.
type Moved<'d> = BTreeMap<&'d ObjectKey, Option<&'d Object>>;

/// Pods that left a house and pods that came to it.
#[derive(Debug, Default)]
struct Turnover {
    gone: Vec<String>,
    new: Vec<ObjectKey>,
}

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
        let mut moved: BTreeMap<&str, Moved<'_>> = BTreeMap::new();
        for (key, was) in told() {
            moved.entry(key.cluster.as_str()).or_default().entry(key).or_insert(was.as_deref());
        }
        let streets = Streets::of(world);
        for (cluster, moved) in moved {
            let district = self.districts.entry(cluster.to_owned()).or_default();
            district.namespaces.follow_workloads(world, &moved, &streets, gone);
            if moved.keys().any(|key| key.kind == "Node" && key.group.is_empty()) {
                let nodes = survey::nodes(world, &Ages::of(world), gone, &|id| id == cluster);
                district.nodes.update(&nodes, &Streets::none(), None, gone);
            } else {
                district.nodes.follow_nodes(world, &moved, gone);
            }
        }
        self.clear_empty();
    }
}

fn is_pod(key: &ObjectKey) -> bool {
    key.kind == "Pod" && key.group.is_empty()
}

impl House {
    fn holds(&self, pod: &str) -> bool {
        self.cells.iter().flatten().any(|cell| cell == pod)
    }
}

/// Where each house of a block stands among them.
fn index(block: &Block) -> HashMap<&ObjectKey, usize> {
    block.houses.iter().enumerate().map(|(at, house)| (&house.key, at)).collect()
}

impl City {
    fn follow_workloads(&mut self, world: &World, moved: &Moved<'_>, streets: &Streets<'_>, gone: Gone) {
        let mut whole: BTreeSet<ObjectKey> = BTreeSet::new();
        let mut pods: BTreeMap<ObjectKey, Vec<(&ObjectKey, bool)>> = BTreeMap::new();
        for (key, was) in moved {
            if is_pod(key) {
                let space = survey::space_of(&key.cluster, &key.namespace);
                pods.entry(space).or_default().push((key, was.is_some()));
            } else if is_of_houses(&key.kind) {
                whole.insert(survey::space_of(&key.cluster, &key.namespace));
            }
        }
        pods.retain(|space, _| !whole.contains(space));
        let blocks: HashMap<String, usize> = match pods.len() {
            0 => HashMap::new(),
            _ => self.blocks.iter().enumerate().map(|(at, block)| (block.id.clone(), at)).collect(),
        };
        let mut turnovers = Vec::new();
        for (space, pods) in pods {
            let block = blocks.get(&space.to_string()).and_then(|at| Some((*at, self.blocks.get(*at)?)));
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
                resized |= block.turn_over(world, turnover, &[], streets, |pod| pod.name.to_string());
            }
        }
        if !whole.is_empty() {
            let ids = whole.iter().map(ToString::to_string).collect();
            self.update(&survey::some_namespaces(world, &whole, gone), streets, Some(&ids), gone);
        } else if resized {
            self.place();
        }
    }

    fn follow_nodes(&mut self, world: &World, moved: &Moved<'_>, gone: Gone) {
        let node_of = |key: &ObjectKey, object: Option<&Object>| match object.map(|object| &object.body) {
            Some(Body::Pod(pod)) => Some(survey::node_of(&key.cluster, &pod.node)),
            _ => None,
        };
        let mut zones: BTreeMap<ObjectKey, BTreeMap<ObjectKey, Turnover>> = BTreeMap::new();
        let mut turnover = |node: ObjectKey, gone: Option<String>, new: Option<ObjectKey>| {
            let zone = zones.entry(survey::zone_of(world, &node)).or_default();
            let turnover = zone.entry(node).or_default();
            turnover.gone.extend(gone);
            turnover.new.extend(new);
        };
        for (key, was) in moved.iter().filter(|(key, _)| is_pod(key)) {
            let (left, stands) = (node_of(key, *was), node_of(key, world.object(key)));
            if left == stands {
                continue;
            }
            if let Some(node) = left {
                turnover(node, Some(survey::spaced(key)), None);
            }
            if let Some(node) = stands.filter(|node| gone == Gone::Leave || survey::is_known_node(world, node)) {
                turnover(node, None, Some((*key).clone()));
            }
        }
        if zones.is_empty() {
            return;
        }
        let none = Streets::none();
        let mut resized = false;
        let mut fresh: BTreeMap<ObjectKey, Vec<(ObjectKey, Vec<ObjectKey>)>> = BTreeMap::new();
        for (zone, nodes) in zones {
            let id = zone.to_string();
            let Some(block) = self.blocks.iter_mut().find(|block| block.id == id) else {
                let new = nodes.into_iter().map(|(node, turnover)| (node, turnover.new));
                fresh.insert(zone, new.filter(|(_, pods)| !pods.is_empty()).collect());
                continue;
            };
            let places = index(block);
            let (mut turnovers, mut new) = (BTreeMap::new(), Vec::new());
            for (node, turnover) in nodes {
                match places.get(&node) {
                    Some(at) => {
                        turnovers.insert(*at, turnover);
                    }
                    None if turnover.new.is_empty() => {}
                    None => new.push((node, turnover.new)),
                }
            }
            let new = survey::houses_in_order(&Ages::Asked(world), new, true);
            resized |= block.turn_over(world, turnovers, &new, &none, survey::spaced);
        }
        let before = self.blocks.len();
        self.blocks.retain(|block| !block.houses.is_empty());
        if self.blocks.is_empty() {
            self.shelves.clear();
            self.width = 0;
        }
        fresh.retain(|_, houses| !houses.is_empty());
        resized |= before != self.blocks.len() || !fresh.is_empty();
        let fresh = survey::blocks_in_order(world, &Ages::Asked(world), fresh, true);
        self.blocks.extend(fresh.iter().map(|want| Block::fresh(want, &none)));
        if resized {
            self.place();
        }
    }
}

/// Who moved in or out of the houses of a block; nothing where houses themselves came or went.
fn turnover(
    world: &World,
    block: &Block,
    pods: &[(&ObjectKey, bool)],
    gone: Gone,
) -> Option<BTreeMap<usize, Turnover>> {
    let places = index(block);
    let mut turnovers: BTreeMap<usize, Turnover> = BTreeMap::new();
    for (key, was) in pods {
        let stands = world.house_of(key).filter(|house| gone == Gone::Leave || !world.awaits_controller(house));
        let stands = match &stands {
            Some(house) if house == *key && !places.contains_key(house) => return None,
            Some(house) => Some(*places.get(house)?),
            None => None,
        };
        let name = key.name.as_str();
        let holds = |at: usize| block.houses.get(at).is_some_and(|house| house.holds(name));
        if stands.is_some_and(holds) {
            continue;
        }
        if *was && let Some(at) = (0..block.houses.len()).find(|at| holds(*at)) {
            if block.houses.get(at).is_some_and(|house| house.key == **key) {
                return None;
            }
            turnovers.entry(at).or_default().gone.push(name.to_owned());
        }
        if let Some(at) = stands {
            turnovers.entry(at).or_default().new.push((*key).clone());
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
        new: &[WantedHouse],
        streets: &Streets<'_>,
        name: fn(&ObjectKey) -> String,
    ) -> bool {
        let before = (self.w, self.h);
        let mut left: Vec<ObjectKey> = Vec::new();
        for (at, mut turnover) in turnovers {
            let Some(house) = self.houses.get_mut(at) else { continue };
            survey::by_age(world, &mut turnover.new);
            house.free(|pod| turnover.gone.iter().any(|gone| gone == pod));
            house.admit(turnover.new.iter().map(name));
            if house.cells.is_empty() && world.object(&house.key).is_none() {
                left.push(house.key.clone());
            }
        }
        if !left.is_empty() {
            self.houses.retain(|house| !left.contains(&house.key));
        }
        self.fit(new, streets);
        before != (self.w, self.h)
    }
}
