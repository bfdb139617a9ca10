//! What the world asks the plan for: blocks, houses and pods in the order they were created.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::tenant::{Hint, Tenant};
use super::{Gone, Lens, Meant};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object, Uid};
use crate::time::Moment;
use crate::world::{Freshness, Id, World, is_of_houses};

/// The zone of nodes that name none.
const NO_ZONE: &str = "nodes";

/// A block as the world wants it.
#[derive(Debug)]
pub(super) struct WantedBlock {
    pub id: String,
    pub cluster: String,
    pub name: String,
    /// False while the cluster is still being listed.
    pub settled: bool,
    pub houses: Vec<WantedHouse>,
}

/// A house as the world wants it.
#[derive(Debug)]
pub(super) struct WantedHouse {
    pub key: ObjectKey,
    pub hint: Hint,
    /// As they would stand in cells of their own.
    pub pods: Vec<Option<Tenant>>,
}

/// First by creation, then by UID; what was never applied comes first, by key. How the UID begins mostly decides, and lies
/// beside what is put in order.
type Age<'w> = (u64, u64, Option<&'w Uid>);

/// A moment as a number in the same order, of the years that a computer may live to see; 0 for none.
fn rank_of(moment: Option<Moment>) -> u64 {
    const SECONDS: i64 = (1 << 33) - 2;
    let rank =
        |at: Moment| (at.timestamp().clamp(0, SECONDS) as u64 + 1) << 31 | u64::from(at.timestamp_subsec_nanos());
    moment.map_or(0, rank)
}

fn age_of(object: &Object) -> Age<'_> {
    (rank_of(object.created_at), object.uid.beginning(), Some(&object.uid).filter(|uid| !uid.is_empty()))
}

/// What mostly decides an age.
fn short_age(object: &Object) -> u128 {
    u128::from(rank_of(object.created_at)) << 64 | u128::from(object.uid.beginning())
}

/// A house with its age and its pods in their order.
pub(super) struct Manned<'w> {
    age: Age<'w>,
    house: WantedHouse,
}

/// A house of a lens with these pods, which are in order.
pub(super) fn house_of<'w>(world: &'w World, key: ObjectKey, pods: &[Id], lens: Lens) -> Manned<'w> {
    let pods = pods.iter().map(|pod| Some(Tenant::of(world, *pod, lens))).collect();
    manned(world, world.id_of(&key), key, pods)
}

/// The same where its number is known.
fn manned(world: &World, id: Option<Id>, key: ObjectKey, pods: Vec<Option<Tenant>>) -> Manned<'_> {
    let age = id.and_then(|id| world.object_of(id)).map(age_of).unwrap_or_default();
    Manned { age, house: WantedHouse { key, hint: Hint(id), pods } }
}

/// Puts objects in the order of their age.
pub(super) fn by_age(world: &World, objects: Vec<Id>) -> Vec<Id> {
    if objects.len() < 2 {
        return objects;
    }
    let aged = objects.into_iter().map(|id| (world.object_of(id).map(age_of).unwrap_or_default(), id));
    let mut aged: Vec<(Age<'_>, Id)> = aged.collect();
    aged.sort_unstable_by(|(a, x), (b, y)| a.cmp(b).then_with(|| world.key_of(*x).cmp(world.key_of(*y))));
    aged.into_iter().map(|(_, id)| id).collect()
}

/// Everything that stands in a plan, read in one pass over the world.
pub(super) struct Roll<'w> {
    world: &'w World,
    houses: Vec<Id>,
    nodes: Vec<Id>,
    pods: Vec<Dweller>,
    /// Pods by their age.
    order: Vec<u32>,
    /// Where pods run: cluster and node, some perhaps twice.
    places: Vec<(&'w Text, &'w Text)>,
}

/// A pod, and which of the places it runs at.
struct Dweller {
    id: Id,
    place: u32,
}

/// The houses of a lens, by number.
struct Homes {
    many: usize,
    /// That of each pod.
    of: Vec<Option<u32>>,
}

/// What an object of a kind may be in a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Node,
    Pod,
    Controller,
}

impl Part {
    fn of(kind: &str) -> Self {
        match kind {
            "Node" => Self::Node,
            "Pod" => Self::Pod,
            kind if is_of_houses(kind) => Self::Controller,
            _ => Self::Nothing,
        }
    }
}

impl<'w> Roll<'w> {
    pub fn of(world: &'w World, is_meant: Meant<'_>) -> Self {
        let (houses, nodes, places) = (Vec::new(), Vec::new(), Vec::new());
        let mut roll =
            Self { world, houses, nodes, places, pods: Vec::with_capacity(world.numbers()), order: Vec::new() };
        let mut ages: Vec<(u128, u32)> = Vec::with_capacity(world.numbers());
        // Texts are shared: most pods name their node by a text that was seen before.
        let mut seen: FxHashMap<(*const u8, *const u8), u32> = FxHashMap::default();
        // Lists are in order: mostly the kind and the cluster are those of the one before.
        let mut kind: Option<(&Text, Part)> = None;
        let mut cluster: Option<(&Text, bool)> = None;
        for id in world.ids() {
            let key = world.key_of(id);
            let part = match kind {
                Some((known, part)) if Text::ptr_eq(known, &key.kind) => part,
                _ => Part::of(&key.kind),
            };
            kind = Some((&key.kind, part));
            if part == Part::Nothing || (part == Part::Controller && world.controller_at(id).is_some()) {
                continue;
            }
            let Some(object) = world.object_of(id) else { continue };
            let meant = match cluster {
                Some((known, meant)) if Text::ptr_eq(known, &key.cluster) => meant,
                _ => is_meant(&key.cluster),
            };
            cluster = Some((&key.cluster, meant));
            if !meant {
                continue;
            }
            match &object.body {
                Body::Node(_) => roll.nodes.push(id),
                Body::Pod(pod) => {
                    ages.push((short_age(object), roll.pods.len() as u32));
                    let place = *seen.entry((key.cluster.as_ptr(), pod.node.as_ptr())).or_insert_with(|| {
                        roll.places.push((&key.cluster, &pod.node));
                        roll.places.len() as u32 - 1
                    });
                    roll.pods.push(Dweller { id, place });
                }
                _ => {}
            }
            if part != Part::Node && world.is_house(id) {
                roll.houses.push(id);
            }
        }
        roll.order = roll.in_order(ages);
        roll
    }

    /// Pods in the order of [`by_age`].
    fn in_order(&self, mut ages: Vec<(u128, u32)>) -> Vec<u32> {
        // By one number, which takes half as long as by all of an age; few are alike then.
        ages.sort_unstable_by_key(|(age, _)| *age);
        let whole = |at: u32| {
            let id = self.pods[at as usize].id;
            (self.world.object_of(id).map(age_of), self.world.key_of(id))
        };
        for alike in ages.chunk_by_mut(|(a, _), (b, _)| a == b).filter(|alike| alike.len() > 1) {
            alike.sort_unstable_by(|(_, a), (_, b)| whole(*a).cmp(&whole(*b)));
        }
        ages.into_iter().map(|(_, at)| at).collect()
    }

    /// How many pods each house has, and the cell of each pod: they stand in the order of their age.
    fn cells(&self, homes: &Homes) -> (Vec<usize>, Vec<u32>) {
        let (mut counts, mut cells) = (vec![0; homes.many], vec![0; self.pods.len()]);
        for pod in &self.order {
            if let Some(home) = homes.of[*pod as usize] {
                let count = &mut counts[home as usize];
                cells[*pod as usize] = *count as u32;
                *count += 1;
            }
        }
        (counts, cells)
    }

    /// The blocks of both lenses.
    pub fn blocks(&self, gone: Gone) -> (Vec<WantedBlock>, Vec<WantedBlock>) {
        let (houses, nodes) = (self.houses(gone), Nodes::of(self));
        let (workloads, stands) = (self.workloads(&houses), nodes.homes(self));
        let [mut in_houses, mut on_nodes] = [&workloads, &stands].map(|homes| {
            let (counts, cells) = self.cells(homes);
            (counts.into_iter().map(|count| vec![None; count]).collect::<Vec<_>>(), cells)
        });
        // In the order in which names lie in memory, and each once.
        for (at, pod) in self.pods.iter().enumerate() {
            for (lens, homes, (found, cells)) in
                [(Lens::Namespaces, &workloads, &mut in_houses), (Lens::Nodes, &stands, &mut on_nodes)]
            {
                if let Some(home) = homes.of[at] {
                    found[home as usize][cells[at] as usize] = Some(Tenant::of(self.world, pod.id, lens));
                }
            }
        }
        (self.namespaces(houses, in_houses.0), nodes.zones(self, on_nodes.0, gone))
    }

    /// Zones with their nodes and the pods on those; pods without a node wait in a block of their own.
    pub fn nodes(&self, gone: Gone) -> Vec<WantedBlock> {
        let nodes = Nodes::of(self);
        let homes = nodes.homes(self);
        let (counts, cells) = self.cells(&homes);
        let mut found: Vec<Vec<Option<Tenant>>> = counts.into_iter().map(|count| vec![None; count]).collect();
        for ((pod, home), cell) in self.pods.iter().zip(&homes.of).zip(cells) {
            if let Some(home) = home {
                found[*home as usize][cell as usize] = Some(Tenant::of(self.world, pod.id, Lens::Nodes));
            }
        }
        nodes.zones(self, found, gone)
    }

    fn houses(&self, gone: Gone) -> Vec<Id> {
        let stays = |id: &Id| gone == Gone::Leave || !self.world.awaits_controller(self.world.key_of(*id));
        self.houses.iter().copied().filter(stays).collect()
    }

    /// Which of these houses each pod stands in.
    fn workloads(&self, houses: &[Id]) -> Homes {
        let mut place: Vec<Option<u32>> = vec![None; self.world.numbers()];
        for (at, house) in (0..).zip(houses) {
            place[house.at()] = Some(at);
        }
        let home = |pod: &Dweller| place[self.world.topmost(pod.id).at()];
        Homes { many: houses.len(), of: self.pods.iter().map(home).collect() }
    }

    /// Namespaces with their workloads and standalone pods; a namespace without any has no block.
    fn namespaces(&self, houses: Vec<Id>, pods: Vec<Vec<Option<Tenant>>>) -> Vec<WantedBlock> {
        let world = self.world;
        let houses = houses.into_iter().zip(pods);
        let houses = houses.map(|(id, pods)| manned(world, Some(id), world.key_of(id).clone(), pods));
        blocks_in_order(world, in_namespaces(houses))
    }
}

/// Nodes, and what pods take for one; by cluster and name, those that are there first.
struct Nodes<'w> {
    named: Vec<(&'w Text, &'w Text)>,
    /// Which of them each place of the roll is.
    places: Vec<u32>,
}

impl<'w> Nodes<'w> {
    fn of(roll: &Roll<'w>) -> Self {
        let mut known: FxHashMap<(&str, &str), u32> = FxHashMap::default();
        let mut named: Vec<(&Text, &Text)> = Vec::new();
        let mut number = |cluster: &'w Text, name: &'w Text| {
            *known.entry((cluster, name)).or_insert_with(|| {
                named.push((cluster, name));
                named.len() as u32 - 1
            })
        };
        for node in &roll.nodes {
            let key = roll.world.key_of(*node);
            number(&key.cluster, &key.name);
        }
        let places = roll.places.iter().map(|(cluster, node)| number(cluster, node)).collect();
        Self { named, places }
    }

    fn homes(&self, roll: &Roll<'_>) -> Homes {
        let home = |pod: &Dweller| Some(self.places[pod.place as usize]);
        Homes { many: self.named.len(), of: roll.pods.iter().map(home).collect() }
    }

    /// The zones they stand in, each with its pods.
    fn zones(self, roll: &Roll<'w>, pods: Vec<Vec<Option<Tenant>>>, gone: Gone) -> Vec<WantedBlock> {
        let world = roll.world;
        let mut zones: FxHashMap<(&str, &str), Vec<Manned<'w>>> = FxHashMap::default();
        for (at, ((cluster, node), pods)) in self.named.into_iter().zip(pods).enumerate() {
            let id = roll.nodes.get(at).copied();
            if gone == Gone::Stay && id.is_none() && !node.is_empty() {
                continue;
            }
            let zone = match id.and_then(|id| world.object_of(id)) {
                Some(object) => crate::world::zone_of(object).map_or(NO_ZONE, Text::as_str),
                None => zone_name(world, cluster, node),
            };
            let key = id.map_or_else(|| node_of(cluster, node), |id| world.key_of(id).clone());
            zones.entry((cluster, zone)).or_default().push(manned(world, id, key, pods));
        }
        let named = zones.into_iter().map(|((cluster, zone), houses)| (zone_named(cluster, zone), houses));
        blocks_in_order(world, named)
    }
}

/// Houses by the block they stand in.
fn in_namespaces<'w>(houses: impl Iterator<Item = Manned<'w>>) -> Vec<(ObjectKey, Vec<Manned<'w>>)> {
    let mut spaces: Vec<(ObjectKey, Vec<Manned<'w>>)> = Vec::new();
    let mut known: FxHashMap<(Text, Text), usize> = FxHashMap::default();
    // Texts are shared: where they lie mostly tells them apart.
    let mut seen: FxHashMap<(*const u8, *const u8), usize> = FxHashMap::default();
    for one in houses {
        let (cluster, namespace) = (&one.house.key.cluster, &one.house.key.namespace);
        let at = *seen.entry((cluster.as_ptr(), namespace.as_ptr())).or_insert_with(|| {
            *known.entry((cluster.clone(), namespace.clone())).or_insert_with(|| {
                spaces.push((space_of(cluster, namespace), Vec::new()));
                spaces.len() - 1
            })
        });
        spaces[at].1.push(one);
    }
    spaces
}

/// The blocks of these namespaces of a cluster alone, as [`Roll::blocks`] gives them.
pub(super) fn some_namespaces(world: &World, cluster: &str, spaces: &BTreeSet<&Text>, gone: Gone) -> Vec<WantedBlock> {
    let houses = spaces.iter().flat_map(|space| world.houses_in(cluster, space));
    let houses = houses.filter(|house| gone == Gone::Leave || !world.awaits_controller(house));
    let manned = houses.filter_map(|house| {
        let pods = by_age(world, world.pods_at(world.id_of(house)?));
        Some(house_of(world, house.clone(), &pods, Lens::Namespaces))
    });
    blocks_in_order(world, in_namespaces(manned))
}

/// Houses in the order of their age.
pub(super) fn houses_in_order(mut houses: Vec<Manned<'_>>) -> Vec<WantedHouse> {
    houses.sort_unstable_by(|a, b| a.age.cmp(&b.age).then_with(|| a.house.key.cmp(&b.house.key)));
    houses.into_iter().map(|one| one.house).collect()
}

/// The blocks of places in the order of their age.
pub(super) fn blocks_in_order<'w>(
    world: &'w World,
    places: impl IntoIterator<Item = (ObjectKey, Vec<Manned<'w>>)>,
) -> Vec<WantedBlock> {
    let unsettled = unsettled(world);
    let dated = places.into_iter().map(|(place, houses)| {
        // A zone is no object, and a namespace may not be readable: the first house dates it.
        let first = || houses.iter().map(|one| one.age).min().unwrap_or_default();
        (world.object(&place).map_or_else(first, age_of), place, houses)
    });
    let mut dated: Vec<(Age<'w>, ObjectKey, Vec<Manned<'w>>)> = dated.collect();
    dated.sort_unstable_by(|(a, x, _), (b, y, _)| (a, x).cmp(&(b, y)));
    dated
        .into_iter()
        .map(|(_, place, houses)| WantedBlock {
            id: place.to_string(),
            settled: !unsettled.contains(place.cluster.as_str()),
            houses: houses_in_order(houses),
            name: if place.name.is_empty() { "no namespace".to_owned() } else { place.name.to_string() },
            cluster: place.cluster.to_string(),
        })
        .collect()
}

/// The clusters of which not everything was listed yet, by id.
pub(super) fn unsettled(world: &World) -> BTreeSet<String> {
    let listing: BTreeSet<&str> = world
        .freshness()
        .filter(|state| matches!(state.state, Freshness::CatchingUp))
        .filter_map(|state| state.source.as_str().strip_prefix("cluster:"))
        .collect();
    let mut found: BTreeSet<String> = listing.iter().map(|name| (*name).to_owned()).collect();
    for (id, label, _) in world.clusters() {
        if listing.contains(label.as_str()) {
            found.insert(id);
        }
    }
    found
}

/// The block of a namespace.
pub(super) fn space_of(cluster: &str, namespace: &str) -> ObjectKey {
    ObjectKey::new(cluster, "", "Namespace", "", namespace)
}

/// The house of pods no node runs.
fn unscheduled(cluster: &str) -> ObjectKey {
    ObjectKey::new(cluster, "", "Unscheduled", "", "unscheduled")
}

/// The node a pod stands on in the lens of nodes.
pub(crate) fn node_of(cluster: &str, node: &str) -> ObjectKey {
    if node.is_empty() { unscheduled(cluster) } else { ObjectKey::new(cluster, "", "Node", "", node) }
}

/// True for a node that is there, and for the house of pods no node runs.
pub(super) fn is_known_node(world: &World, node: &ObjectKey) -> bool {
    node.kind != "Node" || world.object(node).is_some()
}

/// The name of the zone a node stands in; `nodes` where it names none, `unscheduled` for pods on no node.
pub(super) fn zone_name<'w>(world: &'w World, cluster: &str, node: &str) -> &'w str {
    if node.is_empty() {
        return "unscheduled";
    }
    let node = world.node_named(cluster, node).and_then(|id| world.object_of(id));
    node.and_then(crate::world::zone_of).map_or(NO_ZONE, Text::as_str)
}

/// A zone of a cluster.
pub(super) fn zone_named(cluster: &str, name: &str) -> ObjectKey {
    ObjectKey::new(cluster, "", "Zone", "", name)
}

/// The zone a node of the lens of nodes stands in.
pub(crate) fn zone_of(world: &World, node: &ObjectKey) -> ObjectKey {
    let name = if node.kind == "Unscheduled" { "" } else { node.name.as_str() };
    zone_named(&node.cluster, zone_name(world, &node.cluster, name))
}
