//! What the world asks the plan for: blocks, houses and pods in the order they were created, and who calls whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::id::{ObjectKey, Text};
use crate::resource::Body;
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
    /// Calls inside the block that make streets.
    pub calls: Vec<(ObjectKey, ObjectKey)>,
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

/// The age of every object. Asking the world for one at a time takes longer than everything else here.
pub(super) struct Ages<'a>(HashMap<&'a ObjectKey, Age<'a>>);

impl<'a> Ages<'a> {
    pub fn of(world: &'a World) -> Self {
        Self(world.objects().map(|object| (&object.key, (object.created_at, object.uid.as_str()))).collect())
    }

    fn find(&self, key: &ObjectKey) -> Option<Age<'a>> {
        self.0.get(key).copied()
    }

    fn age(&self, key: &ObjectKey) -> Age<'a> {
        self.find(key).unwrap_or_default()
    }
}

/// The clusters of which not everything was listed yet, by id.
fn unsettled(world: &World) -> BTreeSet<String> {
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

fn houses_in_order(ages: &Ages<'_>, houses: Vec<Manned>, spaced: bool) -> Vec<WantedHouse> {
    in_order(houses, |(house, _)| house, |(house, _)| ages.age(house))
        .into_iter()
        .map(|(key, pods)| {
            let pods = in_order(pods, |pod| pod, |pod| ages.age(pod)).into_iter();
            let pods =
                pods.map(|pod| if spaced { format!("{}/{}", pod.namespace, pod.name) } else { pod.name.to_string() });
            WantedHouse { pods: pods.collect(), key }
        })
        .collect()
}

/// The blocks of places in the order of their age.
fn blocks_in_order(
    world: &World,
    ages: &Ages<'_>,
    places: BTreeMap<ObjectKey, Vec<Manned>>,
    spaced: bool,
    mut calls: BTreeMap<ObjectKey, BTreeSet<(ObjectKey, ObjectKey)>>,
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
            calls: calls.remove(&place).into_iter().flatten().collect(),
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
pub(super) fn namespaces(world: &World, ages: &Ages<'_>) -> Vec<WantedBlock> {
    // What was measured comes and goes with its source: where houses stand does not hang on it.
    let mut known = world.calls();
    known.retain(|(.., relation)| relation.source != RelationSource::Observed);
    let hubs = hubs(world, &known);
    let mut spaces: BTreeMap<ObjectKey, Vec<Manned>> = BTreeMap::new();
    for house in world.houses() {
        let pods = world.pods_of(&house);
        spaces.entry(space_of(&house.cluster, &house.namespace)).or_default().push((house, pods));
    }
    let mut calls: BTreeMap<ObjectKey, BTreeSet<(ObjectKey, ObjectKey)>> = BTreeMap::new();
    for (from, to, _) in known {
        if from != to && from.cluster == to.cluster && from.namespace == to.namespace && !hubs.contains_key(&to) {
            calls.entry(space_of(&from.cluster, &from.namespace)).or_default().insert((from, to));
        }
    }
    blocks_in_order(world, ages, spaces, false, calls)
}

/// The house of pods no node runs.
fn unscheduled(cluster: &str) -> ObjectKey {
    ObjectKey::new(cluster, "", "Unscheduled", "", "unscheduled")
}

/// The node a pod stands on in the lens of nodes.
pub(crate) fn node_of(cluster: &str, node: &str) -> ObjectKey {
    if node.is_empty() { unscheduled(cluster) } else { ObjectKey::new(cluster, "", "Node", "", node) }
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
pub(super) fn nodes(world: &World, ages: &Ages<'_>) -> Vec<WantedBlock> {
    let mut stands: BTreeMap<(&str, &str), Vec<ObjectKey>> = BTreeMap::new();
    for object in world.objects() {
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
        zones.entry(zone_of(world, &node)).or_default().push((node, pods));
    }
    blocks_in_order(world, ages, zones, true, BTreeMap::new())
}
