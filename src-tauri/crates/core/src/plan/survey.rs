//! What the world asks the plan for: blocks, houses and pods in the order they were created, and who calls whom.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::tenant::Tenant;
use super::{Gone, Lens, Meant};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object, Uid};
use crate::time::Moment;
use crate::world::{Freshness, Id, RelationSource, Street, World};

/// The least number of callers that makes a hub.
const HUB_FLOOR: usize = 5;

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
    pub pods: Vec<Tenant>,
}

/// First by creation, then by UID; what was never applied comes first, by key. How the UID begins mostly decides, and lies
/// beside what is put in order.
type Age<'w> = (Option<Moment>, u64, Option<&'w Uid>);

fn age_of(object: &Object) -> Age<'_> {
    (object.created_at, object.uid.beginning(), Some(&object.uid).filter(|uid| !uid.is_empty()))
}

/// A house with its age and its pods in their order.
pub(super) struct Manned<'w> {
    age: Age<'w>,
    house: WantedHouse,
}

/// A house of a lens with these pods, which are in order.
pub(super) fn house_of<'w>(world: &'w World, key: ObjectKey, pods: &[Id], lens: Lens) -> Manned<'w> {
    let age = world.object(&key).map(age_of).unwrap_or_default();
    let pods = pods.iter().map(|pod| Tenant::of(world, *pod, lens)).collect();
    Manned { age, house: WantedHouse { key, pods } }
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
    pods: Vec<Dweller<'w>>,
}

/// A pod, and what it is put in order by.
struct Dweller<'w> {
    id: Id,
    age: Age<'w>,
    node: &'w Text,
}

impl<'w> Roll<'w> {
    pub fn of(world: &'w World, is_meant: Meant<'_>) -> Self {
        let mut roll = Self { world, houses: Vec::new(), nodes: Vec::new(), pods: Vec::new() };
        let mut last: Option<(&Text, bool)> = None;
        for id in world.ids() {
            let Some(object) = world.object_of(id) else { continue };
            let cluster = &object.key.cluster;
            let meant = match last {
                Some((known, meant)) if known == cluster => meant,
                _ => is_meant(cluster),
            };
            last = Some((cluster, meant));
            if !meant {
                continue;
            }
            match &object.body {
                Body::Node(_) => roll.nodes.push(id),
                Body::Pod(pod) => roll.pods.push(Dweller { id, age: age_of(object), node: &pod.node }),
                _ => {}
            }
            if world.is_house(id) {
                roll.houses.push(id);
            }
        }
        roll
    }

    /// The pods of each of `many` houses, in the order of their age. `homes` says which house each stands in.
    fn pods_of(&self, many: usize, homes: &[Option<usize>]) -> Vec<Vec<Id>> {
        let mut counts = vec![0; many];
        for home in homes.iter().flatten() {
            counts[*home] += 1;
        }
        let mut found: Vec<Vec<&Dweller<'w>>> = counts.into_iter().map(Vec::with_capacity).collect();
        for (pod, home) in self.pods.iter().zip(homes) {
            if let Some(home) = home {
                found[*home].push(pod);
            }
        }
        let key = |pod: &Dweller<'w>| self.world.key_of(pod.id);
        let in_order = |mut pods: Vec<&Dweller<'w>>| {
            pods.sort_unstable_by(|a, b| a.age.cmp(&b.age).then_with(|| key(a).cmp(key(b))));
            pods.into_iter().map(|pod| pod.id).collect()
        };
        found.into_iter().map(in_order).collect()
    }

    /// Namespaces with their workloads and standalone pods; a namespace without any has no block.
    pub fn namespaces(&self, gone: Gone) -> Vec<WantedBlock> {
        let world = self.world;
        let stays = |id: &Id| gone == Gone::Leave || !world.awaits_controller(world.key_of(*id));
        let houses: Vec<Id> = self.houses.iter().copied().filter(stays).collect();
        let mut place: Vec<Option<usize>> = vec![None; world.numbers()];
        for (at, house) in houses.iter().enumerate() {
            place[house.at()] = Some(at);
        }
        let home = |pod: &Dweller<'w>| place[world.topmost(pod.id).at()];
        let homes: Vec<Option<usize>> = self.pods.iter().map(home).collect();
        let pods = self.pods_of(houses.len(), &homes);
        let houses = houses.into_iter().zip(pods);
        let houses = houses.map(|(id, pods)| house_of(world, world.key_of(id).clone(), &pods, Lens::Namespaces));
        blocks_in_order(world, in_namespaces(houses))
    }

    /// Zones with their nodes and the pods on those; pods without a node wait in a block of their own.
    pub fn nodes(&self, gone: Gone) -> Vec<WantedBlock> {
        let world = self.world;
        let mut keys: Vec<(&Text, &str)> = Vec::new();
        let mut places: FxHashMap<(&Text, &str), usize> = FxHashMap::default();
        let mut place_of = |cluster: &'w Text, node: &'w str| {
            *places.entry((cluster, node)).or_insert_with(|| {
                keys.push((cluster, node));
                keys.len() - 1
            })
        };
        for node in &self.nodes {
            let key = world.key_of(*node);
            place_of(&key.cluster, &key.name);
        }
        // Texts are shared: most pods name their cluster and node by what was looked up before.
        let mut seen: FxHashMap<(*const u8, *const u8), usize> = FxHashMap::default();
        let mut home = |pod: &Dweller<'w>| {
            let cluster = &world.key_of(pod.id).cluster;
            let place = || place_of(cluster, pod.node);
            Some(*seen.entry((cluster.as_ptr(), pod.node.as_ptr())).or_insert_with(place))
        };
        let homes: Vec<Option<usize>> = self.pods.iter().map(&mut home).collect();
        let pods = self.pods_of(keys.len(), &homes);
        let mut zones: FxHashMap<ObjectKey, Vec<Manned<'w>>> = FxHashMap::default();
        for ((cluster, node), pods) in keys.into_iter().zip(pods) {
            let key = node_of(cluster, node);
            if gone == Gone::Stay && !is_known_node(world, &key) {
                continue;
            }
            let zone = zone_of(world, &key);
            zones.entry(zone).or_default().push(house_of(world, key, &pods, Lens::Nodes));
        }
        blocks_in_order(world, zones)
    }
}

/// Houses by the block they stand in.
fn in_namespaces<'w>(houses: impl Iterator<Item = Manned<'w>>) -> Vec<(ObjectKey, Vec<Manned<'w>>)> {
    let mut spaces: FxHashMap<(Text, Text), Vec<Manned<'w>>> = FxHashMap::default();
    for one in houses {
        let key = &one.house.key;
        spaces.entry((key.cluster.clone(), key.namespace.clone())).or_default().push(one);
    }
    spaces.into_iter().map(|((cluster, namespace), houses)| (space_of(&cluster, &namespace), houses)).collect()
}

/// The blocks of these namespaces of a cluster alone, as [`Roll::namespaces`] gives them.
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

/// Calls inside blocks that make streets, found once somebody asks.
pub(super) struct Streets<'w> {
    world: Option<&'w World>,
    found: OnceCell<FxHashMap<String, Vec<(ObjectKey, ObjectKey)>>>,
}

impl<'w> Streets<'w> {
    /// Those of the lens of namespaces.
    pub fn of(world: &'w World) -> Self {
        Self { world: Some(world), found: OnceCell::new() }
    }

    /// None, as in the lens of nodes.
    pub fn none() -> Self {
        Self { world: None, found: OnceCell::new() }
    }

    /// Those inside a block, by its id: caller and called, ordered.
    pub fn inside(&self, block: &str) -> &[(ObjectKey, ObjectKey)] {
        let found = self.found.get_or_init(|| self.world.map(calls_inside).unwrap_or_default());
        found.get(block).map_or(&[], Vec::as_slice)
    }
}

fn calls_inside(world: &World) -> FxHashMap<String, Vec<(ObjectKey, ObjectKey)>> {
    // What was measured comes and goes with its source: where houses stand does not hang on it.
    let known: Vec<Street> = world.streets().filter(|call| call.source != RelationSource::Observed).collect();
    let hubs = hubs(world, &known);
    let mut calls: FxHashMap<(&Text, &Text), Vec<(&ObjectKey, &ObjectKey)>> = FxHashMap::default();
    for call in known {
        let (from, to) = (world.key_of(call.from), world.key_of(call.to));
        let inside = from.cluster == to.cluster && from.namespace == to.namespace;
        if inside && call.from != call.to && !hubs.contains_key(&call.to) {
            calls.entry((&from.cluster, &from.namespace)).or_default().push((from, to));
        }
    }
    let spelled = calls.into_iter().map(|((cluster, namespace), mut calls)| {
        calls.sort_unstable();
        calls.dedup();
        let calls = calls.into_iter().map(|(from, to)| (from.clone(), to.clone()));
        (space_of(cluster, namespace).to_string(), calls.collect())
    });
    spelled.collect()
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

/// Houses so many others call that their streets would cover the plan: how many callers each has.
pub(super) fn hubs(world: &World, calls: &[Street]) -> FxHashMap<Id, usize> {
    let mut pairs: Vec<(Id, Id)> =
        calls.iter().map(|call| (call.to, call.from)).filter(|(to, from)| to != from).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let called = pairs.chunk_by(|(a, _), (b, _)| a == b).filter_map(|some| Some((some.first()?.0, some.len())));
    let mut hubs: FxHashMap<Id, usize> = called.filter(|(_, n)| *n >= HUB_FLOOR).collect();
    // Each caller is a house: where they are many enough already, the others need not be counted.
    let callers: FxHashSet<Id> = pairs.into_iter().map(|(_, from)| from).filter(|id| world.is_house(*id)).collect();
    keep_hubs(world, &mut hubs, callers.into_iter());
    if !hubs.is_empty() {
        keep_hubs(world, &mut hubs, world.house_ids());
    }
    hubs
}

/// Keeps those that more than three tenths of the houses of their cluster call.
fn keep_hubs(world: &World, hubs: &mut FxHashMap<Id, usize>, houses: impl Iterator<Item = Id>) {
    if hubs.is_empty() {
        return;
    }
    let mut count: FxHashMap<&Text, usize> = FxHashMap::default();
    for house in houses {
        *count.entry(&world.key_of(house).cluster).or_default() += 1;
    }
    hubs.retain(|hub, n| 10 * *n > 3 * count.get(&world.key_of(*hub).cluster).copied().unwrap_or(0));
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
    node.and_then(crate::world::zone_of).map_or("nodes", Text::as_str)
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
