//! What the world asks the plan for: blocks, houses and pods in the order they were created, and who calls whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::ObjectKey;
use crate::resource::Body;
use crate::time::Moment;
use crate::world::{Freshness, World};

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
type Age = (Option<Moment>, String);

fn age(world: &World, key: &ObjectKey) -> Age {
    world.object(key).map(|object| (object.created_at, object.uid.clone())).unwrap_or_default()
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

/// Houses so many others call that their streets would cover the plan: how many callers each has.
pub(super) fn hubs(world: &World) -> BTreeMap<ObjectKey, usize> {
    let mut callers: BTreeMap<ObjectKey, BTreeSet<ObjectKey>> = BTreeMap::new();
    for (from, to, _) in world.calls() {
        if from != to {
            callers.entry(to).or_default().insert(from);
        }
    }
    let mut houses: BTreeMap<String, usize> = BTreeMap::new();
    if callers.values().any(|from| from.len() >= HUB_FLOOR) {
        for house in world.houses() {
            *houses.entry(house.cluster).or_default() += 1;
        }
    }
    callers
        .into_iter()
        .map(|(house, from)| (house, from.len()))
        .filter(|(house, n)| *n >= HUB_FLOOR && 10 * n > 3 * houses.get(&house.cluster).copied().unwrap_or(0))
        .collect()
}

fn in_order<K: Ord + Clone, V>(map: BTreeMap<K, V>, mut age: impl FnMut(&K, &V) -> Age) -> Vec<(K, V)> {
    let mut found: Vec<(Age, K, V)> = map.into_iter().map(|(key, value)| (age(&key, &value), key, value)).collect();
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found.into_iter().map(|(_, key, value)| (key, value)).collect()
}

fn houses_in_order(world: &World, houses: Vec<Manned>, spaced: bool) -> Vec<WantedHouse> {
    let by_key: BTreeMap<ObjectKey, Vec<ObjectKey>> = houses.into_iter().collect();
    in_order(by_key, |key, _| age(world, key))
        .into_iter()
        .map(|(key, pods)| {
            let pods: BTreeMap<ObjectKey, ()> = pods.into_iter().map(|pod| (pod, ())).collect();
            let pods = in_order(pods, |pod, ()| age(world, pod)).into_iter();
            let pods = pods.map(|(pod, ())| if spaced { format!("{}/{}", pod.namespace, pod.name) } else { pod.name });
            WantedHouse { pods: pods.collect(), key }
        })
        .collect()
}

/// The block of a namespace.
pub(super) fn namespace_id(cluster: &str, namespace: &str) -> String {
    ObjectKey::new(cluster, "", "Namespace", "", namespace).to_string()
}

/// Namespaces with their workloads and standalone pods; a namespace without any has no block.
pub(super) fn namespaces(world: &World) -> Vec<WantedBlock> {
    let unsettled = unsettled(world);
    let hubs = hubs(world);
    let mut spaces: BTreeMap<(String, String), Vec<Manned>> = BTreeMap::new();
    for house in world.houses() {
        let pods = world.pods_of(&house);
        spaces.entry((house.cluster.clone(), house.namespace.clone())).or_default().push((house, pods));
    }
    let mut calls: BTreeMap<(String, String), BTreeSet<(ObjectKey, ObjectKey)>> = BTreeMap::new();
    for (from, to, _) in world.calls() {
        if from != to && from.cluster == to.cluster && from.namespace == to.namespace && !hubs.contains_key(&to) {
            calls.entry((from.cluster.clone(), from.namespace.clone())).or_default().insert((from, to));
        }
    }
    let ordered = in_order(spaces, |(cluster, namespace), houses| {
        let space = ObjectKey::new(cluster, "", "Namespace", "", namespace);
        match world.object(&space) {
            Some(space) => (space.created_at, space.uid.clone()),
            // Its namespace may not be readable: its first house dates it.
            None => houses.iter().map(|(house, _)| age(world, house)).min().unwrap_or_default(),
        }
    });
    ordered
        .into_iter()
        .map(|(place, houses)| WantedBlock {
            calls: calls.remove(&place).into_iter().flatten().collect(),
            id: namespace_id(&place.0, &place.1),
            settled: !unsettled.contains(&place.0),
            houses: houses_in_order(world, houses, false),
            name: if place.1.is_empty() { "no namespace".to_owned() } else { place.1 },
            cluster: place.0,
        })
        .collect()
}

/// The house of pods no node runs.
fn unscheduled(cluster: &str) -> ObjectKey {
    ObjectKey::new(cluster, "", "Unscheduled", "", "unscheduled")
}

/// The node a pod stands on in the lens of nodes.
pub(super) fn node_of(cluster: &str, node: &str) -> ObjectKey {
    if node.is_empty() { unscheduled(cluster) } else { ObjectKey::new(cluster, "", "Node", "", node) }
}

/// Zones with their nodes and the pods on those; pods without a node wait in a block of their own.
pub(super) fn nodes(world: &World) -> Vec<WantedBlock> {
    let unsettled = unsettled(world);
    let mut stands: BTreeMap<ObjectKey, Vec<ObjectKey>> = BTreeMap::new();
    for object in world.objects() {
        match &object.body {
            Body::Node(_) => {
                stands.entry(object.key.clone()).or_default();
            }
            Body::Pod(pod) => {
                // What has ended without ever having a node is waiting for nothing.
                if !pod.node.is_empty() || (pod.phase != "Succeeded" && pod.phase != "Failed") {
                    stands.entry(node_of(&object.key.cluster, &pod.node)).or_default().push(object.key.clone());
                }
            }
            _ => {}
        }
    }
    let mut zones: BTreeMap<(String, String), Vec<Manned>> = BTreeMap::new();
    for (node, pods) in stands {
        let zone = match world.object(&node) {
            _ if node.kind == "Unscheduled" => "unscheduled".to_owned(),
            Some(object) => {
                let labels = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
                let zone = labels.into_iter().find_map(|label| object.labels.get(label)).filter(|it| !it.is_empty());
                zone.cloned().unwrap_or_else(|| "nodes".to_owned())
            }
            None => "nodes".to_owned(),
        };
        zones.entry((node.cluster.clone(), zone)).or_default().push((node, pods));
    }
    let ordered = in_order(zones, |_, nodes| nodes.iter().map(|(node, _)| age(world, node)).min().unwrap_or_default());
    ordered
        .into_iter()
        .map(|(place, nodes)| WantedBlock {
            id: ObjectKey::new(&place.0, "", "Zone", "", &place.1).to_string(),
            settled: !unsettled.contains(&place.0),
            houses: houses_in_order(world, nodes, true),
            calls: Vec::new(),
            cluster: place.0,
            name: place.1,
        })
        .collect()
}
