//! What the world asks the plan for: blocks, houses and pods in the order they were created, and who calls whom.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Gone, Meant};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object};
use crate::time::Moment;
use crate::world::{Freshness, Relation, RelationSource, World};

/// The least number of callers that makes a hub.
const HUB_FLOOR: usize = 5;

/// A block as the world wants it.
#[derive(Clone, Debug)]
pub(super) struct WantedBlock {
    pub id: String,
    pub cluster: String,
    pub name: String,
    /// False while the cluster is still being listed.
    pub settled: bool,
    pub houses: Vec<WantedHouse>,
}

/// A house as the world wants it.
#[derive(Clone, Debug)]
pub(super) struct WantedHouse {
    pub key: ObjectKey,
    pub pods: Vec<String>,
}

/// A house and its pods.
type Manned = (ObjectKey, Vec<ObjectKey>);

/// First by creation, then by UID; what was never applied comes first, by key.
type Age<'a> = (Option<Moment>, &'a str);

/// The age of objects.
pub(super) enum Ages<'a> {
    /// Of every object: to ask the world for each takes longer than everything else here.
    All(HashMap<&'a ObjectKey, Age<'a>>),
    /// Of a few.
    Asked(&'a World),
}

impl<'a> Ages<'a> {
    pub fn of(world: &'a World) -> Self {
        Self::All(world.objects().map(|object| (&object.key, age_of(object))).collect())
    }

    fn find(&self, key: &ObjectKey) -> Option<Age<'a>> {
        match self {
            Self::All(ages) => ages.get(key).copied(),
            Self::Asked(world) => world.object(key).map(age_of),
        }
    }

    fn age(&self, key: &ObjectKey) -> Age<'a> {
        self.find(key).unwrap_or_default()
    }
}

fn age_of(object: &Object) -> Age<'_> {
    (object.created_at, object.uid.as_str())
}

/// Puts keys in the order of their objects' age.
pub(super) fn by_age(world: &World, keys: &mut Vec<ObjectKey>) {
    if keys.len() > 1 {
        let ages = Ages::Asked(world);
        *keys = in_order(std::mem::take(keys), |key| key, |key| ages.age(key));
    }
}

/// Calls inside blocks that make streets, found once somebody asks.
pub(super) struct Streets<'w> {
    world: Option<&'w World>,
    found: OnceCell<BTreeMap<String, Vec<(ObjectKey, ObjectKey)>>>,
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

fn calls_inside(world: &World) -> BTreeMap<String, Vec<(ObjectKey, ObjectKey)>> {
    // What was measured comes and goes with its source: where houses stand does not hang on it.
    let mut known = world.calls();
    known.retain(|(.., relation)| relation.source != RelationSource::Observed);
    let hubs = hubs(world, &known);
    let mut calls: BTreeMap<ObjectKey, BTreeSet<(ObjectKey, ObjectKey)>> = BTreeMap::new();
    for (from, to, _) in known {
        if from != to && from.cluster == to.cluster && from.namespace == to.namespace && !hubs.contains_key(&to) {
            calls.entry(space_of(&from.cluster, &from.namespace)).or_default().insert((from, to));
        }
    }
    calls.into_iter().map(|(space, calls)| (space.to_string(), calls.into_iter().collect())).collect()
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

/// A caller, what it calls and the relation that says so.
pub(super) type Call = (ObjectKey, ObjectKey, Relation);

/// Houses so many others call that their streets would cover the plan: how many callers each has.
pub(super) fn hubs(world: &World, calls: &[Call]) -> BTreeMap<ObjectKey, usize> {
    let mut callers: BTreeMap<&ObjectKey, BTreeSet<&ObjectKey>> = BTreeMap::new();
    for (from, to, _) in calls {
        if from != to {
            callers.entry(to).or_default().insert(from);
        }
    }
    let mut houses: BTreeMap<Text, usize> = BTreeMap::new();
    if callers.values().any(|from| from.len() >= HUB_FLOOR) {
        for house in world.houses() {
            *houses.entry(house.cluster).or_default() += 1;
        }
    }
    callers
        .into_iter()
        .map(|(house, from)| (house.clone(), from.len()))
        .filter(|(house, n)| *n >= HUB_FLOOR && 10 * n > 3 * houses.get(&house.cluster).copied().unwrap_or(0))
        .collect()
}

fn in_order<'a, T>(list: Vec<T>, key: impl Fn(&T) -> &ObjectKey, age: impl Fn(&T) -> Age<'a>) -> Vec<T> {
    let mut aged: Vec<(Age, T)> = list.into_iter().map(|one| (age(&one), one)).collect();
    aged.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| key(x).cmp(key(y))));
    aged.into_iter().map(|(_, one)| one).collect()
}

pub(super) fn houses_in_order(ages: &Ages<'_>, houses: Vec<Manned>, spaced: bool) -> Vec<WantedHouse> {
    in_order(houses, |(house, _)| house, |(house, _)| ages.age(house))
        .into_iter()
        .map(|(key, pods)| {
            let pods = in_order(pods, |pod| pod, |pod| ages.age(pod)).into_iter();
            let pods = pods.map(|pod| if spaced { self::spaced(&pod) } else { pod.name.to_string() });
            WantedHouse { pods: pods.collect(), key }
        })
        .collect()
}

/// A pod's name with its namespace before it.
pub(super) fn spaced(pod: &ObjectKey) -> String {
    format!("{}/{}", pod.namespace, pod.name)
}

/// The blocks of places in the order of their age.
pub(super) fn blocks_in_order(
    world: &World,
    ages: &Ages<'_>,
    places: BTreeMap<ObjectKey, Vec<Manned>>,
    spaced: bool,
) -> Vec<WantedBlock> {
    let unsettled = unsettled(world);
    let first_seen = |(place, houses): &(ObjectKey, Vec<Manned>)| {
        // A zone is no object, and a namespace may not be readable: the first house dates it.
        let first = || houses.iter().map(|(house, _)| ages.age(house)).min().unwrap_or_default();
        ages.find(place).unwrap_or_else(first)
    };
    in_order(places.into_iter().collect(), |(place, _)| place, first_seen)
        .into_iter()
        .map(|(place, houses)| WantedBlock {
            id: place.to_string(),
            settled: !unsettled.contains(place.cluster.as_str()),
            houses: houses_in_order(ages, houses, spaced),
            name: if place.name.is_empty() { "no namespace".to_owned() } else { place.name.to_string() },
            cluster: place.cluster.to_string(),
        })
        .collect()
}

/// The block of a namespace.
pub(super) fn space_of(cluster: &str, namespace: &str) -> ObjectKey {
    ObjectKey::new(cluster, "", "Namespace", "", namespace)
}

/// Namespaces with their workloads and standalone pods; a namespace without any has no block.
pub(super) fn namespaces(world: &World, ages: &Ages<'_>, gone: Gone, is_meant: Meant<'_>) -> Vec<WantedBlock> {
    let houses = world.houses().into_iter().filter(|house| is_meant(&house.cluster));
    blocks_in_order(world, ages, manned(world, houses, gone), false)
}

/// The blocks of these namespaces alone, as [`namespaces`] gives them.
pub(super) fn some_namespaces(world: &World, spaces: &BTreeSet<ObjectKey>, gone: Gone) -> Vec<WantedBlock> {
    let houses = spaces.iter().flat_map(|space| world.houses_in(&space.cluster, &space.name)).cloned();
    blocks_in_order(world, &Ages::Asked(world), manned(world, houses, gone), false)
}

/// Houses with their pods, by the block they stand in.
fn manned(world: &World, houses: impl IntoIterator<Item = ObjectKey>, gone: Gone) -> BTreeMap<ObjectKey, Vec<Manned>> {
    let mut spaces: BTreeMap<ObjectKey, Vec<Manned>> = BTreeMap::new();
    for house in houses {
        if gone == Gone::Stay && world.awaits_controller(&house) {
            continue;
        }
        let pods = world.pods_of(&house);
        spaces.entry(space_of(&house.cluster, &house.namespace)).or_default().push((house, pods));
    }
    spaces
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

/// The zone a node stands in; `nodes` where it names none, `unscheduled` for pods on no node.
pub(crate) fn zone_of(world: &World, node: &ObjectKey) -> ObjectKey {
    let labels = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
    let object = world.object(node);
    let zone = object.and_then(|node| labels.into_iter().find_map(|label| node.labels.get(label)));
    let name = match zone {
        Some(zone) if !zone.is_empty() => zone.as_str(),
        _ if node.kind == "Unscheduled" => "unscheduled",
        _ => "nodes",
    };
    ObjectKey::new(&node.cluster, "", "Zone", "", name)
}

/// Zones with their nodes and the pods on those; pods without a node wait in a block of their own.
pub(super) fn nodes(world: &World, ages: &Ages<'_>, gone: Gone, is_meant: Meant<'_>) -> Vec<WantedBlock> {
    let mut stands: BTreeMap<(&str, &str), Vec<ObjectKey>> = BTreeMap::new();
    for object in world.objects().filter(|object| is_meant(&object.key.cluster)) {
        let key = &object.key;
        match &object.body {
            Body::Node(_) => {
                stands.entry((&key.cluster, &key.name)).or_default();
            }
            Body::Pod(pod) => stands.entry((&key.cluster, &pod.node)).or_default().push(key.clone()),
            _ => {}
        }
    }
    let mut zones: BTreeMap<ObjectKey, Vec<Manned>> = BTreeMap::new();
    for ((cluster, node), pods) in stands {
        let node = node_of(cluster, node);
        if gone == Gone::Stay && !is_known_node(world, &node) {
            continue;
        }
        zones.entry(zone_of(world, &node)).or_default().push((node, pods));
    }
    blocks_in_order(world, ages, zones, true)
}
