//! Where objects stand on the plan, and what questions about many objects need to know of each.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::plan::{Lens, node_of};
use crate::resource::{Body, Object};
use crate::world::{Id, World};

/// Kinds on the way from an object to the houses it stands for.
const PASSED: [&str; 7] =
    ["Service", "PersistentVolumeClaim", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

/// How many relations lie between an object and its houses at most: Gateway, route, Service, house.
const FARTHEST: usize = 3;

/// How bad a state is; more is worse.
pub(super) fn rank(state: HealthState) -> u8 {
    match state {
        HealthState::None => 0,
        HealthState::Resting => 1,
        HealthState::Well => 2,
        HealthState::Starting => 3,
        HealthState::Unknown => 4,
        HealthState::Warning => 5,
        HealthState::Critical => 6,
    }
}

/// The zone a node's labels name, by the present label or the one before it (kubernetes.io/docs/reference/labels).
pub(super) fn zone_of(node: &Object) -> Option<&str> {
    let labels = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
    let zone = labels.into_iter().find_map(|label| node.labels.get(label))?;
    (!zone.is_empty()).then_some(zone.as_str())
}

/// Where an object was found, and whether its kind was silent there.
type Silence = (Text, Text, Text, Text, bool);

/// States of many objects: objects in the order of their keys share what is known of their kind's source.
pub(super) struct States<'w> {
    world: &'w World,
    last: Option<Silence>,
}

impl<'w> States<'w> {
    pub(super) fn of(world: &'w World) -> Self {
        Self { world, last: None }
    }

    /// The state of an object as [`World::health`] says it.
    pub(super) fn state(&mut self, id: Id) -> HealthState {
        let state = self.world.judged(id);
        if state != HealthState::None && self.is_silent(self.world.key_of(id)) { HealthState::Unknown } else { state }
    }

    fn is_silent(&mut self, key: &ObjectKey) -> bool {
        if let Some((cluster, group, kind, namespace, silent)) = &self.last
            && *kind == key.kind
            && *namespace == key.namespace
            && *group == key.group
            && *cluster == key.cluster
        {
            return *silent;
        }
        let silent = self.world.is_silent(key);
        let at = (key.cluster.clone(), key.group.clone(), key.kind.clone(), key.namespace.clone(), silent);
        self.last = Some(at);
        silent
    }
}

/// Where objects stand on a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The houses of the lens, in the order of the first object that stands at each.
    pub houses: Vec<ObjectKey>,
    /// How many of the objects stand at none.
    pub elsewhere: usize,
}

/// The houses of a lens at which objects stand: their own, that of the pods they are made of, or those they serve, hold
/// or bind.
#[must_use]
pub fn standing(world: &World, lens: Lens, objects: &[Id]) -> Standing {
    let mut ground = Ground::of(world);
    let mut marks =
        Marks { world, lens, told: vec![false; world.numbers()], nodes: FxHashSet::default(), houses: Vec::new() };
    let mut elsewhere = 0;
    for id in objects {
        match (lens, world.object_of(*id).map(|object| &object.body), world.house_at(*id)) {
            (Lens::Nodes, Some(Body::Pod(_)), _) => marks.pod(*id),
            (Lens::Nodes, Some(Body::Node(_)), _) => marks.node(*id),
            (_, _, Some(house)) => marks.house(if lens == Lens::Nodes { *id } else { house }),
            _ => {
                let houses = ground.around(*id);
                elsewhere += usize::from(houses.is_empty());
                for house in houses {
                    marks.house(house);
                }
            }
        }
    }
    Standing { houses: marks.houses, elsewhere }
}

/// Houses of a lens, each told once.
struct Marks<'w> {
    world: &'w World,
    lens: Lens,
    told: Vec<bool>,
    nodes: FxHashSet<(Text, Text)>,
    houses: Vec<ObjectKey>,
}

impl Marks<'_> {
    /// Marks a house, in the lens of nodes those its pods run on.
    fn house(&mut self, house: Id) {
        if std::mem::replace(&mut self.told[house.at()], true) {
            return;
        }
        match self.lens {
            Lens::Namespaces => self.houses.push(self.world.key_of(house).clone()),
            Lens::Nodes => {
                for pod in self.world.pods_at(house) {
                    self.pod(pod);
                }
            }
        }
    }

    /// Marks the node a pod runs on, or the house of pods no node runs.
    fn pod(&mut self, pod: Id) {
        let key = self.world.key_of(pod);
        if let Some(Body::Pod(body)) = self.world.object_of(pod).map(|object| &object.body)
            && self.nodes.insert((key.cluster.clone(), body.node.clone()))
        {
            self.houses.push(node_of(&key.cluster, &body.node));
        }
    }

    fn node(&mut self, node: Id) {
        let key = self.world.key_of(node);
        if self.nodes.insert((key.cluster.clone(), key.name.clone())) {
            self.houses.push(key.clone());
        }
    }
}

/// Finds the houses around objects that have none.
pub(super) struct Ground<'w> {
    world: &'w World,
    /// Houses by cluster and namespace, once somebody asked.
    spaces: Option<FxHashMap<(&'w str, &'w str), Vec<Id>>>,
}

impl<'w> Ground<'w> {
    pub(super) fn of(world: &'w World) -> Self {
        Self { world, spaces: None }
    }

    /// The houses nearest to an object along its relations: those it selects, routes to or scales, those that use, claim
    /// or run on it; of a namespace those in it. Ordered by number; empty where there is none.
    pub(super) fn around(&mut self, id: Id) -> Vec<Id> {
        let world = self.world;
        let key = world.key_of(id);
        if key.kind == "Namespace" && key.group.is_empty() {
            let spaces = self.spaces.get_or_insert_with(|| spaces(world));
            return spaces.get(&(key.cluster.as_str(), key.name.as_str())).cloned().unwrap_or_default();
        }
        let mut edge = vec![id];
        for _ in 0..FARTHEST {
            let mut houses = Vec::new();
            let mut next = Vec::new();
            for link in edge.iter().flat_map(|id| world.links(*id)) {
                match world.house_at(link.other) {
                    Some(house) => houses.push(house),
                    None if PASSED.contains(&world.key_of(link.other).kind.as_str()) => next.push(link.other),
                    None => {}
                }
            }
            if !houses.is_empty() {
                houses.sort_unstable();
                houses.dedup();
                return houses;
            }
            edge = next;
        }
        Vec::new()
    }
}

fn spaces(world: &World) -> FxHashMap<(&str, &str), Vec<Id>> {
    let mut found: FxHashMap<(&str, &str), Vec<Id>> = FxHashMap::default();
    for (id, object) in world.numbered().filter(|(_, object)| object.body.template().is_some()) {
        if world.house_at(id) == Some(id) {
            found.entry((&object.key.cluster, &object.key.namespace)).or_default().push(id);
        }
    }
    found
}
