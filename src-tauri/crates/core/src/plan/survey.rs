//! What the world asks the plan for: blocks, houses and pods in the order they were created, and who calls whom.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::tenant::Tenant;
use super::{Gone, Lens, Meant};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object, Uid};
use crate::time::Moment;
use crate::world::{Freshness, Id, Street, World, is_of_houses};

/// The least number of callers that makes a hub.
const HUB_FLOOR: usize = 5;

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
    /// Pods by their age.
    order: Vec<u32>,
}

/// A pod, and where it runs.
struct Dweller<'w> {
    id: Id,
    node: &'w Text,
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
        let mut roll = Self { world, houses: Vec::new(), nodes: Vec::new(), pods: Vec::new(), order: Vec::new() };
        let mut ages: Vec<(u64, u64, u32)> = Vec::new();
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
                    ages.push((rank_of(object.created_at), object.uid.beginning(), roll.pods.len() as u32));
                    roll.pods.push(Dweller { id, node: &pod.node });
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

    /// Pods in the order of [`by_age`], by what mostly decides it.
    fn in_order(&self, mut ages: Vec<(u64, u64, u32)>) -> Vec<u32> {
        let whole = |at: u32| {
            let id = self.pods[at as usize].id;
            (self.world.object_of(id).map(age_of), self.world.key_of(id))
        };
        ages.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| whole(a.2).cmp(&whole(b.2))));
        ages.into_iter().map(|(.., at)| at).collect()
    }

    /// The pods of each of `many` houses, in the order of their age. `homes` says which house each stands in.
    fn pods_of(&self, many: usize, homes: &[Option<u32>], lens: Lens) -> Vec<Vec<Option<Tenant>>> {
        let mut counts = vec![0; many];
        let mut cells = vec![0; self.pods.len()];
        for pod in &self.order {
            if let Some(home) = homes[*pod as usize] {
                let count = &mut counts[home as usize];
                cells[*pod as usize] = *count;
                *count += 1;
            }
        }
        let mut found: Vec<Vec<Option<Tenant>>> = counts.into_iter().map(|count| vec![None; count]).collect();
        // In the order in which names lie in memory.
        for ((pod, home), cell) in self.pods.iter().zip(homes).zip(cells) {
            if let Some(home) = home {
                found[*home as usize][cell] = Some(Tenant::of(self.world, pod.id, lens));
            }
        }
        found
    }

    /// Namespaces with their workloads and standalone pods; a namespace without any has no block.
    pub fn namespaces(&self, gone: Gone) -> Vec<WantedBlock> {
        let world = self.world;
        let stays = |id: &Id| gone == Gone::Leave || !world.awaits_controller(world.key_of(*id));
        let houses: Vec<Id> = self.houses.iter().copied().filter(stays).collect();
        let mut place: Vec<Option<u32>> = vec![None; world.numbers()];
        for (at, house) in (0..).zip(&houses) {
            place[house.at()] = Some(at);
        }
        let home = |pod: &Dweller<'w>| place[world.topmost(pod.id).at()];
        let homes: Vec<Option<u32>> = self.pods.iter().map(home).collect();
        let pods = self.pods_of(houses.len(), &homes, Lens::Namespaces);
        let houses = houses.into_iter().zip(pods);
        let houses = houses.map(|(id, pods)| manned(world, Some(id), world.key_of(id).clone(), pods));
        blocks_in_order(world, in_namespaces(houses))
    }

    /// Zones with their nodes and the pods on those; pods without a node wait in a block of their own.
    pub fn nodes(&self, gone: Gone) -> Vec<WantedBlock> {
        let world = self.world;
        let mut places: Vec<(&Text, &str)> = Vec::new();
        let mut known: FxHashMap<(&Text, &str), u32> = FxHashMap::default();
        let mut place_of = |cluster: &'w Text, node: &'w str| {
            *known.entry((cluster, node)).or_insert_with(|| {
                places.push((cluster, node));
                places.len() as u32 - 1
            })
        };
        for node in &self.nodes {
            let key = world.key_of(*node);
            place_of(&key.cluster, &key.name);
        }
        // Texts are shared: most pods name their cluster and node by what was looked up before.
        let mut seen: FxHashMap<(*const u8, *const u8), u32> = FxHashMap::default();
        let mut home = |pod: &Dweller<'w>| {
            let cluster = &world.key_of(pod.id).cluster;
            let place = || place_of(cluster, pod.node);
            Some(*seen.entry((cluster.as_ptr(), pod.node.as_ptr())).or_insert_with(place))
        };
        let homes: Vec<Option<u32>> = self.pods.iter().map(&mut home).collect();
        let pods = self.pods_of(places.len(), &homes, Lens::Nodes);
        let mut zones: FxHashMap<(&Text, &str), Vec<Manned<'w>>> = FxHashMap::default();
        for (at, ((cluster, node), pods)) in places.into_iter().zip(pods).enumerate() {
            let id = self.nodes.get(at).copied();
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

/// A caller and whom it calls.
pub(super) type Call<'w> = (&'w ObjectKey, &'w ObjectKey);

/// Calls inside blocks that make streets, found once somebody asks.
pub(super) struct Streets<'w> {
    world: Option<&'w World>,
    found: OnceCell<FxHashMap<String, Vec<Call<'w>>>>,
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
    pub fn inside(&self, block: &str) -> &[Call<'w>] {
        let found = self.found.get_or_init(|| self.world.map(calls_inside).unwrap_or_default());
        found.get(block).map_or(&[], Vec::as_slice)
    }
}

fn calls_inside(world: &World) -> FxHashMap<String, Vec<Call<'_>>> {
    // What was measured comes and goes with its source: where houses stand does not hang on it.
    let mut known: Vec<(Id, Id)> = world.declared_calls().map(|(from, to)| (to, from)).collect();
    let hubs = hubs_among(world, &mut known);
    let mut calls: FxHashMap<(*const u8, *const u8), Vec<Call<'_>>> = FxHashMap::default();
    for (to, from) in known {
        let (caller, target) = (world.key_of(from), world.key_of(to));
        let inside = caller.namespace == target.namespace && caller.cluster == target.cluster;
        if inside && !hubs.contains_key(&to) {
            let place = (caller.cluster.as_ptr(), caller.namespace.as_ptr());
            calls.entry(place).or_default().push((caller, target));
        }
    }
    let mut spelled: FxHashMap<String, Vec<Call<'_>>> = FxHashMap::default();
    for calls in calls.into_values() {
        if let Some((caller, _)) = calls.first() {
            spelled.entry(space_of(&caller.cluster, &caller.namespace).to_string()).or_default().extend(calls);
        }
    }
    for calls in spelled.values_mut() {
        calls.sort_unstable();
        calls.dedup();
    }
    spelled
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
    hubs_among(world, &mut calls.iter().map(|call| (call.to, call.from)).collect())
}

/// The same of pairs of the called and the caller, which are left in order, each once, without calls of a house to itself.
fn hubs_among(world: &World, pairs: &mut Vec<(Id, Id)>) -> FxHashMap<Id, usize> {
    pairs.retain(|(to, from)| to != from);
    pairs.sort_unstable();
    pairs.dedup();
    let called = pairs.chunk_by(|(a, _), (b, _)| a == b).filter_map(|some| Some((some.first()?.0, some.len())));
    let mut hubs: FxHashMap<Id, usize> = called.filter(|(_, n)| *n >= HUB_FLOOR).collect();
    // Each caller is a house: where they are many enough already, the others need not be counted.
    let callers: FxHashSet<Id> = pairs.iter().map(|(_, from)| *from).filter(|id| world.is_house(*id)).collect();
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
