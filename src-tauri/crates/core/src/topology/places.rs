//! Where objects stand on the plan, and what questions about many objects need to know of each.

use std::cell::Cell;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::plan::{Lens, node_of};
use crate::resource::Body;
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
    let tops = Tops::of(world, objects.len());
    let mut ground = Ground::of(world);
    let mut marks = Marks {
        world,
        lens,
        told: vec![false; world.numbers()],
        nodes: FxHashSet::default(),
        seen: FxHashSet::default(),
        houses: Vec::new(),
    };
    let mut elsewhere = 0;
    for id in objects {
        match (lens, world.object_of(*id).map(|object| &object.body)) {
            (Lens::Nodes, Some(Body::Pod(_))) => {
                marks.pod(*id);
                continue;
            }
            (Lens::Nodes, Some(Body::Node(_))) => {
                marks.node(*id);
                continue;
            }
            _ => {}
        }
        if lens == Lens::Namespaces && marks.told[tops.get(*id).at()] {
            continue;
        }
        if let Some(house) = world.house_at(*id) {
            marks.house(if lens == Lens::Nodes { *id } else { house });
            continue;
        }
        let houses = ground.around(*id, &tops, &marks.told);
        elsewhere += usize::from(houses.is_empty());
        for house in houses {
            marks.house(house);
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
    /// Where the names of cluster and node lie that were looked at: many pods share them.
    seen: FxHashSet<(*const u8, *const u8)>,
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
        let Some(object) = self.world.object_of(pod) else { return };
        let key = &object.key;
        if let Body::Pod(body) = &object.body
            && self.seen.insert((key.cluster.as_ptr(), body.node.as_ptr()))
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

/// The outermost controllers of objects.
struct Tops<'w> {
    world: &'w World,
    /// Of every number, where many are asked for: to follow each object's controllers costs more than one look here.
    all: Vec<Id>,
}

impl<'w> Tops<'w> {
    fn of(world: &'w World, asked: usize) -> Self {
        let is_many = asked > world.numbers() / 8;
        let all = if is_many { world.ids().map(|id| world.topmost(id)).collect() } else { Vec::new() };
        Self { world, all }
    }

    fn get(&self, id: Id) -> Id {
        self.all.get(id.at()).copied().unwrap_or_else(|| self.world.topmost(id))
    }
}

/// Finds the houses around objects that have none.
struct Ground<'w> {
    world: &'w World,
    /// Houses by cluster and namespace, once somebody asked.
    spaces: Option<FxHashMap<(&'w str, &'w str), Vec<Id>>>,
}

impl<'w> Ground<'w> {
    fn of(world: &'w World) -> Self {
        Self { world, spaces: None }
    }

    /// The houses nearest to an object along its relations: those it selects, routes to or scales, those that use, claim
    /// or run on it; of a namespace those in it. Ordered by number; empty where there is none.
    /// Of `told` houses it is known that they are some.
    fn around(&mut self, id: Id, tops: &Tops<'_>, told: &[bool]) -> Vec<Id> {
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
            // Pods of one workload follow one another: what was told of one holds for the next.
            let last = Cell::new(None);
            let wants = |bearer: Id| last.get() != Some(tops.get(bearer));
            for id in edge {
                world.each_link(id, wants, |link| match house_of(world, tops.get(link.other), told) {
                    Some(house) => {
                        last.set(Some(house));
                        houses.push(house);
                    }
                    None if PASSED.contains(&world.key_of(link.other).kind.as_str()) => next.push(link.other),
                    None => {}
                });
            }
            if !houses.is_empty() {
                houses.sort_unstable();
                houses.dedup();
                return houses;
            }
            next.sort_unstable();
            next.dedup();
            edge = next;
        }
        Vec::new()
    }
}

/// The house an outermost controller is, as [`World::house_at`].
fn house_of(world: &World, top: Id, told: &[bool]) -> Option<Id> {
    if told.get(top.at()) == Some(&true) { Some(top) } else { world.house_at(top) }
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
