//! Bringing the plan up to date by what changed: only blocks something came to or left are looked at.
//!
//! A pod that stays in its house changes nothing, so most changes cost a look at its cells. The result is that of
//! [`Plan::update`], which a property holds.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::Streets;
use super::survey::{self, Roll, WantedHouse};
use super::tenant::{Stood, Tenant, cell_of};
use super::{Block, City, Gone, House, Lens, Meant, Plan};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object};
use crate::stamp::Stamp;
use crate::world::{self, Delta, Id, World, is_of_houses};

/// Something that moved.
#[derive(Clone, Copy, Debug)]
struct Moved<'d> {
    key: &'d ObjectKey,
    /// As it was before all of it, if it was.
    was: Option<&'d Object>,
    /// Its number, where anything names it.
    id: Option<Id>,
    /// It went and came again: its number may be another one.
    anew: bool,
}

/// Cells that pods of a house left, pods that came to it, and such as stay in their cells but came anew.
#[derive(Debug, Default)]
struct Turnover {
    gone: Vec<usize>,
    new: Vec<Id>,
    anew: Vec<(usize, Id)>,
}

/// Pods that left a node, pods that came to it, and such as came anew to it.
#[derive(Default)]
struct Move<'d> {
    left: Vec<Moved<'d>>,
    new: Vec<Id>,
    anew: Vec<Moved<'d>>,
}

impl Move<'_> {
    /// What that does to the house of the node.
    fn turnover(self, house: &House) -> Turnover {
        let Self { left, new, anew } = self;
        let gone = cells_of(&house.cells, &left).into_iter().flatten().collect();
        let cells = cells_of(&house.cells, &anew).into_iter().zip(anew);
        Turnover { gone, new, anew: cells.filter_map(|(cell, pod)| cell.zip(pod.id)).collect() }
    }
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
        let mut known: FxHashSet<&ObjectKey> = FxHashSet::default();
        let mut anew: FxHashSet<&ObjectKey> = FxHashSet::default();
        let mut moved: BTreeMap<&Text, Vec<Moved<'_>>> = BTreeMap::new();
        for (key, was) in told() {
            if known.insert(key) {
                let one = Moved { key, was: was.as_deref(), id: world.id_of(key), anew: false };
                moved.entry(&key.cluster).or_default().push(one);
            } else if was.is_none() {
                anew.insert(key);
            }
        }
        if !anew.is_empty() {
            moved.values_mut().flatten().for_each(|one| one.anew = anew.contains(one.key));
        }
        let streets = Streets::of(world);
        for (cluster, moved) in moved {
            let district = self.districts.entry(cluster.to_string()).or_default();
            district.namespaces.follow_workloads(world, cluster, &moved, &streets, gone);
            if moved.iter().any(|one| is_node(one.key) && !stands_still(world, one)) {
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

fn is_node(key: &ObjectKey) -> bool {
    key.kind == "Node" && key.group.is_empty()
}

/// True for a node that was there and is there in the same zone.
fn stands_still(world: &World, node: &Moved<'_>) -> bool {
    let is = node.id.and_then(|id| world.object_of(id));
    node.was.zip(is).is_some_and(|(was, is)| world::zone_of(was) == world::zone_of(is))
}

impl City {
    fn follow_workloads(
        &mut self,
        world: &World,
        cluster: &str,
        moved: &[Moved<'_>],
        streets: &Streets<'_>,
        gone: Gone,
    ) {
        let before = self.houses();
        let blocks = self.blocks.iter().enumerate();
        let blocks: FxHashMap<&str, usize> = blocks.map(|(at, block)| (block.space(), at)).collect();
        let block_of = |space: &Text| blocks.get(space.as_str()).and_then(|at| Some((*at, self.blocks.get(*at)?)));
        let mut whole: BTreeSet<&Text> = BTreeSet::new();
        let mut pods: FxHashMap<&Text, Vec<Moved<'_>>> = FxHashMap::default();
        let mut stirred: BTreeMap<usize, Stir> = BTreeMap::new();
        let mut newcomers = Newcomers::of(world, moved);
        for one in moved {
            let space = &one.key.namespace;
            if is_pod(one.key) {
                pods.entry(space).or_default().push(*one);
            } else if is_of_houses(&one.key.kind) && !whole.contains(space) {
                let known = block_of(space).and_then(|(at, block)| Some((at, newcomers.turn(block, one, gone)?)));
                match known {
                    Some((at, turn)) => stirred.entry(at).or_default().take(turn),
                    None => drop(whole.insert(space)),
                }
            }
        }
        pods.retain(|space, _| !whole.contains(space));
        for (space, mut pods) in pods {
            let Some((at, _)) = block_of(space) else {
                whole.insert(space);
                continue;
            };
            if gone == Gone::Leave {
                let stir = stirred.entry(at).or_default();
                pods.retain(|pod| !newcomers.takes(pod, stir));
            }
            match self.turnover(world, at, &pods, gone) {
                Some(turnovers) => stirred.entry(at).or_default().turnovers.extend(turnovers),
                None => drop(whole.insert(space)),
            }
        }
        let is_whole = |block: &Block| whole.iter().any(|space| space.as_str() == block.space());
        stirred.retain(|at, _| self.blocks.get(*at).is_some_and(|block| !is_whole(block)));
        let mut resized = false;
        for (at, stir) in stirred {
            let Some(block) = self.blocks.get_mut(at) else { continue };
            if stir.is_read_again {
                block.stamp = Stamp::default();
            }
            let new = stir.new.into_iter().map(|id| {
                let pods = survey::by_age(world, world.pods_at(id));
                survey::house_of(world, world.key_of(id).clone(), &pods, Lens::Namespaces)
            });
            let new = survey::houses_in_order(new.collect());
            resized |= block.turn_over(world, stir.turnovers, new, streets, Lens::Namespaces);
        }
        resized |= self.clear_empty();
        if !whole.is_empty() {
            let ids = whole.iter().map(|space| survey::space_of(cluster, space).to_string()).collect();
            self.update(survey::some_namespaces(world, cluster, &whole, gone), streets, Some(&ids), gone);
        } else if resized {
            self.place();
        }
        self.note_places(before);
    }

    /// Notes where houses stand, where there were so many and are more or fewer now.
    fn note_places(&mut self, before: usize) {
        if self.houses() != before {
            self.stood = Stood::of(&self.blocks);
        }
    }

    /// Who moved in or out of the houses of a block; nothing where houses themselves came or went.
    fn turnover(&self, world: &World, at: usize, pods: &[Moved<'_>], gone: Gone) -> Option<BTreeMap<usize, Turnover>> {
        let block = self.blocks.get(at)?;
        let place_of = |house: Id| self.place_of(at, house, world.key_of(house));
        let mut turnovers: BTreeMap<usize, Turnover> = BTreeMap::new();
        // Where each pod stands now and where it stood, by its house.
        let mut places: Vec<(Option<usize>, Option<usize>)> = Vec::with_capacity(pods.len());
        let mut asked: FxHashMap<usize, Vec<Moved<'_>>> = FxHashMap::default();
        for pod in pods {
            let house = pod.id.and_then(|id| world.house_at(id));
            let house = house.filter(|house| gone == Gone::Leave || !world.awaits_controller(world.key_of(*house)));
            let stands = match house {
                None => None,
                Some(house) => Some(place_of(house)?),
            };
            let had = pod.was.and_then(|was| place_of(world.house_named_by(was)?));
            // What was not there had no cell, but for what a plan remembers of before.
            let new = stands.filter(|at| had != Some(*at) && (pod.was.is_some() || gone == Gone::Stay));
            for at in [had, new].into_iter().flatten() {
                asked.entry(at).or_default().push(*pod);
            }
            places.push((stands, had));
        }
        let mut cells: FxHashMap<(usize, *const ObjectKey), usize> = FxHashMap::default();
        for (at, pods) in asked {
            let house = block.houses.get(at)?;
            let found = pods.iter().zip(cells_of(&house.cells, &pods));
            cells.extend(found.filter_map(|(pod, cell)| Some(((at, std::ptr::from_ref(pod.key)), cell?))));
        }
        for (pod, (stands, had)) in pods.iter().zip(places) {
            let cell = |at: usize| cells.get(&(at, std::ptr::from_ref(pod.key))).copied();
            if let Some((at, cell)) = stands.and_then(|at| Some((at, cell(at)?))) {
                if let Some(id) = pod.id.filter(|_| pod.anew) {
                    turnovers.entry(at).or_default().anew.push((cell, id));
                }
                continue;
            }
            if pod.was.is_some() {
                let anywhere = || {
                    let houses = block.houses.iter().enumerate();
                    houses.into_iter().find_map(|(at, house)| Some((at, cell_of(&house.cells, pod.id, pod.key)?)))
                };
                if let Some((at, cell)) = had.and_then(|at| Some((at, cell(at)?))).or_else(anywhere) {
                    // A pod that was a house by itself goes with it, but where it stays and stands in another.
                    let is_itself = block.houses.get(at).is_some_and(|house| house.key == *pod.key);
                    if is_itself && (gone == Gone::Stay || pod.id.is_some_and(|id| world.object_of(id).is_some())) {
                        return None;
                    }
                    turnovers.entry(at).or_default().gone.push(cell);
                }
            }
            if let (Some(at), Some(id)) = (stands, pod.id) {
                turnovers.entry(at).or_default().new.push(id);
            }
        }
        Some(turnovers)
    }

    /// Takes blocks without houses away; true where there were any.
    fn clear_empty(&mut self) -> bool {
        let before = self.blocks.len();
        self.blocks.retain(|block| !block.houses.is_empty());
        if self.blocks.is_empty() {
            self.shelves.clear();
            self.width = 0;
        }
        before != self.blocks.len()
    }

    fn follow_nodes(&mut self, world: &World, cluster: &str, moved: &[Moved<'_>], gone: Gone) {
        let before = self.houses();
        let mut nodes: FxHashMap<&str, Move<'_>> = FxHashMap::default();
        for one in moved.iter().filter(|one| is_pod(one.key)) {
            let (left, stands) = (node_of(one.was), node_of(one.id.and_then(|id| world.object_of(id))));
            if left == stands {
                if let Some(node) = stands.filter(|_| one.anew) {
                    nodes.entry(node).or_default().anew.push(*one);
                }
                continue;
            }
            if let Some(node) = left {
                nodes.entry(node).or_default().left.push(*one);
            }
            let is_known = |node: &str| survey::is_known_node(world, &survey::node_of(cluster, node));
            let Some((node, id)) = stands.zip(one.id) else { continue };
            if gone == Gone::Leave || is_known(node) {
                nodes.entry(node).or_default().new.push(id);
            }
        }
        let changed: FxHashSet<&str> = moved.iter().filter(|one| is_node(one.key)).map(|one| &*one.key.name).collect();
        if nodes.is_empty() && changed.is_empty() {
            return;
        }
        let mut turnovers: BTreeMap<usize, BTreeMap<usize, Turnover>> = BTreeMap::new();
        // Most stand where they stood.
        for name in nodes.keys().copied().collect::<Vec<_>>() {
            let node = world.node_named(cluster, name);
            let place = node.and_then(|id| self.stood.find(&self.blocks, id, world.key_of(id)));
            let house = place.and_then(|(block, house)| self.blocks.get(block)?.houses.get(house));
            let Some(((block, at), house)) = place.zip(house) else { continue };
            let moves = nodes.remove(name).unwrap_or_default();
            turnovers.entry(block).or_default().insert(at, moves.turnover(house));
        }
        for (number, block) in self.blocks.iter_mut().enumerate() {
            if nodes.is_empty() && changed.is_empty() {
                break;
            }
            for (at, house) in block.houses.iter().enumerate() {
                let name = if house.key.kind == "Node" { house.key.name.as_str() } else { "" };
                if changed.contains(name) {
                    // What is written on it may differ.
                    block.stamp = Stamp::default();
                }
                if let Some(moves) = nodes.remove(name) {
                    turnovers.entry(number).or_default().insert(at, moves.turnover(house));
                }
            }
        }
        // Nodes nobody stood on before.
        let mut zones: BTreeMap<&str, Vec<survey::Manned<'_>>> = BTreeMap::new();
        for (node, come) in nodes.into_iter().filter(|(_, come)| !come.new.is_empty()) {
            let (pods, key) = (survey::by_age(world, come.new), survey::node_of(cluster, node));
            let house = survey::house_of(world, key, &pods, Lens::Nodes);
            zones.entry(survey::zone_name(world, cluster, node)).or_default().push(house);
        }
        let mut houses: BTreeMap<usize, Vec<WantedHouse>> = BTreeMap::new();
        let mut fresh = Vec::new();
        for (zone, new) in zones {
            let zone = survey::zone_named(cluster, zone);
            let id = zone.to_string();
            match self.blocks.iter().position(|block| block.id == id) {
                Some(at) => drop(houses.insert(at, survey::houses_in_order(new))),
                None => fresh.push((zone, new)),
            }
        }
        let none = Streets::none();
        let mut resized = false;
        let touched: BTreeSet<usize> = turnovers.keys().chain(houses.keys()).copied().collect();
        for at in touched {
            let (turnovers, new) = (turnovers.remove(&at).unwrap_or_default(), houses.remove(&at).unwrap_or_default());
            if let Some(block) = self.blocks.get_mut(at) {
                resized |= block.turn_over(world, turnovers, new, &none, Lens::Nodes);
            }
        }
        resized |= self.clear_empty() || !fresh.is_empty();
        let fresh = survey::blocks_in_order(world, fresh);
        self.blocks.extend(fresh.into_iter().map(|want| Block::fresh(want, &none)));
        if resized {
            self.place();
        }
        self.note_places(before);
    }
}

/// The node a pod stands on; empty where it stands on none.
fn node_of(pod: Option<&Object>) -> Option<&Text> {
    match pod.map(|object| &object.body) {
        Some(Body::Pod(pod)) => Some(&pod.node),
        _ => None,
    }
}

/// What a controller that moved does to its block.
#[derive(Clone, Copy)]
enum Turn {
    /// No house comes or goes; what is written on one may differ.
    Read,
    /// It is a house that was not there.
    New(Id),
    /// It was this house, and is gone.
    Left(usize),
}

/// What happens to a block while the houses that stay in it keep their pods but for some.
#[derive(Default)]
struct Stir {
    is_read_again: bool,
    new: Vec<Id>,
    turnovers: BTreeMap<usize, Turnover>,
}

impl Stir {
    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Read => self.is_read_again = true,
            Turn::New(id) => self.new.push(id),
            // It goes with its last pod, of which it has none.
            Turn::Left(at) => drop(self.turnovers.entry(at).or_default()),
        }
    }
}

/// What was not there before, and the houses among it.
struct Newcomers<'w> {
    world: &'w World,
    came: FxHashSet<Id>,
    houses: FxHashSet<Id>,
}

impl<'w> Newcomers<'w> {
    fn of(world: &'w World, moved: &[Moved<'_>]) -> Self {
        let came = moved.iter().filter(|one| one.was.is_none() && is_of_houses(&one.key.kind));
        let came = came.filter_map(|one| one.id.filter(|id| world.object_of(*id).is_some())).collect();
        Self { world, came, houses: FxHashSet::default() }
    }

    /// What a controller that moved does to its block; nothing where pods may move from house to house by it.
    fn turn(&mut self, block: &Block, one: &Moved<'_>, gone: Gone) -> Option<Turn> {
        let world = self.world;
        let is = one.id.and_then(|id| world.object_of(id));
        if let (Some(was), Some(is)) = (one.was, is) {
            // It is who it was, and so are its controller and whatever names it as one.
            let is_same = was.uid == is.uid && was.owners == is.owners;
            return is_same.then_some(Turn::Read);
        }
        let place = block.place_of(one.key);
        let house = one.id.filter(|id| world.is_house(*id));
        let has_wards = one.id.is_some_and(|id| world.has_wards(id));
        let is_new = gone == Gone::Leave && one.id.is_some_and(|id| self.is_new(id));
        match (place, house) {
            (None, None) if is_new || !has_wards => Some(Turn::Read),
            (None, Some(id)) if is_new => {
                self.houses.insert(id);
                Some(Turn::New(id))
            }
            (Some(at), None) if gone == Gone::Leave && !has_wards => Some(Turn::Left(at)),
            _ => None,
        }
    }

    /// Whether an object and everything below it was not there before.
    fn is_new(&self, id: Id) -> bool {
        self.came.contains(&id) && self.world.wards_of(id).all(|ward| self.is_new(ward))
    }

    /// Whether a pod stands in a house that was not there; where the house is the pod itself, it is one of the new ones.
    fn takes(&mut self, pod: &Moved<'_>, stir: &mut Stir) -> bool {
        let Some(id) = pod.id.filter(|id| self.came.contains(id)) else { return false };
        let house = self.world.house_at(id);
        if house == Some(id) {
            self.houses.insert(id);
            stir.new.push(id);
        }
        house.is_some_and(|house| self.houses.contains(&house))
    }
}

/// The cells of pods among some.
fn cells_of(cells: &[Option<Tenant>], pods: &[Moved<'_>]) -> Vec<Option<usize>> {
    let alone = |pod: &Moved<'_>| cell_of(cells, pod.id, pod.key);
    if pods.len() < MANY {
        return pods.iter().map(alone).collect();
    }
    // Names are shared: mostly a cell has the very text.
    let wanted = pods.iter().enumerate().map(|(at, pod)| (pod.key.name.as_ptr(), at));
    let wanted: FxHashMap<*const u8, usize> = wanted.collect();
    let mut found = vec![None; pods.len()];
    for (cell, tenant) in cells.iter().enumerate() {
        let at = tenant.as_ref().and_then(|tenant| Some((tenant, *wanted.get(&tenant.name.as_ptr())?)));
        if let Some((_, at)) = at.filter(|(tenant, at)| pods.get(*at).is_some_and(|pod| tenant.is(pod.key))) {
            found[at] = Some(cell);
        }
    }
    found.into_iter().zip(pods).map(|(cell, pod)| cell.or_else(|| alone(pod))).collect()
}

/// So many pods of one house are looked for together.
const MANY: usize = 4;

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
            for (cell, pod) in turnover.anew {
                house.cells[cell] = Some(Tenant::of(world, pod, lens));
            }
            // Also where they came anew: it ends every change of the cells.
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
