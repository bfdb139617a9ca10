//! Draws blocks, and reads again how single things in them are.

use rustc_hash::FxHashMap;

use super::rows::{BlockRow, CONTAINED, CellRow, HUB, HouseRow, Rect, UNKNOWN, WARNING};
use super::silence::Silences;
use super::tenant::Tenant;
use super::{Block, House, Lens};
use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::resource::Body;
use crate::world::{Id, World};

fn number_of(state: HealthState) -> u8 {
    match state {
        HealthState::None => 0,
        HealthState::Resting => 1,
        HealthState::Well => 2,
        HealthState::Starting => 3,
        HealthState::Unknown => UNKNOWN,
        HealthState::Warning => WARNING,
        HealthState::Critical => 6,
    }
}

fn contained(is_contained: bool) -> u8 {
    if is_contained { CONTAINED } else { 0 }
}

/// What a lens is drawn from.
pub(super) struct Pen<'w> {
    world: &'w World,
    lens: Lens,
    silences: Silences<'w>,
    /// What the houses of pods are called, where that stands at their cells.
    places: FxHashMap<Id, Text>,
}

impl<'w> Pen<'w> {
    pub fn new(world: &'w World, lens: Lens) -> Self {
        Self { world, lens, silences: Silences::of(world, lens), places: FxHashMap::default() }
    }

    pub fn silences(&self) -> &Silences<'w> {
        &self.silences
    }

    /// Draws a block that stands there, but for what hangs on streets and alerts. Cells that stood in its houses in the `old`
    /// drawing of it are taken over as they were.
    pub fn block(&mut self, block: &Block, rect: Rect, old: Option<&BlockRow>) -> BlockRow {
        let namespace = block.houses.first().map_or("", |house| house.key.namespace.as_str());
        let (flags, why) = self.silences.tell(&block.cluster, namespace, self.lens);
        let mut row = BlockRow {
            rect,
            id: block.id.clone(),
            name: block.name.clone(),
            why,
            flags: if block.houses.is_empty() { 0 } else { flags },
            houses: Vec::with_capacity(block.houses.len()),
            cells: Vec::with_capacity(block.houses.iter().map(|house| house.cells.len()).sum()),
            stamp: block.stamp,
            ..BlockRow::default()
        };
        for (at, house) in block.houses.iter().enumerate() {
            let cells = old.map_or(&[][..], |old| cells_of(old, at, &house.key));
            self.house(house, &mut row, cells);
        }
        row
    }

    fn house(&mut self, house: &House, row: &mut BlockRow, old: &[CellRow]) {
        let from = row.cells.len();
        let pods = house.cells.iter().enumerate().filter_map(|(at, pod)| Some((house.cell(at), pod.as_ref()?)));
        for ((x, y), pod) in pods {
            // Mostly those before it stand there still.
            let is_it = |old: &&CellRow| {
                let is_near = || old.namespace.as_ref().is_none_or(|space| space == pod.namespace(&house.key));
                old.id.is_some() && Text::ptr_eq(&old.name, &pod.name) && is_near()
            };
            let known = old.get(row.cells.len() - from).filter(is_it);
            let cell = match known {
                Some(known) => CellRow { x, y, ..known.clone() },
                None => self.cell(house, pod, (x, y)),
            };
            row.strange |= cell.id.is_none();
            row.cells.push(cell);
        }
        let id = house.hint.find(self.world, &house.key).filter(|id| self.world.object_of(*id).is_some());
        row.strange |= id.is_none();
        let mut drawn = HouseRow {
            rect: Rect { x: house.x, y: house.y, w: house.w, h: house.h },
            key: house.key.clone(),
            id,
            badge: String::new(),
            health: 0,
            flags: 0,
            cell_from: from,
            cell_count: row.cells.len() - from,
        };
        self.read_house(&mut drawn, row.cells.get(from..).unwrap_or_default());
        row.houses.push(drawn);
    }

    /// Reads again how a house with these cells is; true where that differs.
    pub fn read_house(&self, house: &mut HouseRow, cells: &[CellRow]) -> bool {
        let there = house.id.filter(|id| self.world.object_of(*id).is_some());
        let (health, is_contained) = match there {
            Some(id) => {
                let (state, is_contained) = self.world.glance(id);
                (number_of(state), is_contained)
            }
            None if house.key.kind == "Unscheduled" => (cells.iter().map(|cell| cell.health).max().unwrap_or(0), false),
            None => {
                let health = self.world.health(&house.key);
                (number_of(health.state), health.contained)
            }
        };
        let flags = contained(is_contained) | self.silences.flags(&house.key) | house.flags & HUB;
        let before = (house.health, house.flags);
        (house.health, house.flags) = (health, flags);
        before != (health, flags)
    }

    fn cell(&mut self, house: &House, pod: &Tenant, (x, y): (i32, i32)) -> CellRow {
        let namespace = (self.lens == Lens::Nodes).then(|| pod.namespace(&house.key).clone());
        let mut cell = CellRow {
            x,
            y,
            id: pod.find(self.world, &house.key),
            health: 0,
            flags: 0,
            name: pod.name.clone(),
            namespace,
            place: Text::default(),
        };
        self.read_cell(&mut cell, &house.key);
        cell
    }

    /// Reads again how a cell of a house is; true where that differs.
    pub fn read_cell(&mut self, cell: &mut CellRow, house: &ObjectKey) -> bool {
        let object = cell.id.and_then(|id| Some((id, self.world.object_of(id)?)));
        let (health, flags, place) = match object {
            Some((id, object)) => {
                let (state, is_contained) = self.world.glance(id);
                let place = match (self.lens, &object.body) {
                    (Lens::Namespaces, Body::Pod(pod)) => pod.node.clone(),
                    (Lens::Namespaces, _) => Text::default(),
                    (Lens::Nodes, _) => self.world.house_at(id).map_or_else(Text::default, |house| self.place(house)),
                };
                (number_of(state), contained(is_contained), place)
            }
            None => {
                let health = self.world.health(&pod_of(house, cell));
                (number_of(health.state), contained(health.contained), Text::default())
            }
        };
        let differs = (cell.health, cell.flags) != (health, flags) || cell.place != place;
        (cell.health, cell.flags, cell.place) = (health, flags, place);
        differs
    }

    fn place(&mut self, house: Id) -> Text {
        let named = || {
            let key = self.world.key_of(house);
            [&key.namespace, "/", &key.name].concat().into()
        };
        self.places.entry(house).or_insert_with(named).clone()
    }
}

/// The cells of a house in a drawing of its block; it mostly is the house of the same number there.
fn cells_of<'r>(row: &'r BlockRow, at: usize, key: &ObjectKey) -> &'r [CellRow] {
    let is_it = |house: &&HouseRow| Text::ptr_eq(&house.key.name, &key.name) && house.key == *key;
    let house = row.houses.get(at).filter(is_it).or_else(|| row.houses.iter().find(is_it));
    let cells = house.and_then(|house| row.cells.get(house.cell_from..house.cell_from + house.cell_count));
    cells.unwrap_or_default()
}

/// The number of an object that is there. Of any other the number may be another's at any time.
pub(super) fn there(world: &World, key: &ObjectKey) -> Option<Id> {
    world.id_of(key).filter(|id| world.object_of(*id).is_some())
}

/// The pod of a cell of a house.
fn pod_of(house: &ObjectKey, cell: &CellRow) -> ObjectKey {
    let namespace = cell.namespace.as_ref().unwrap_or(&house.namespace);
    ObjectKey::new(&house.cluster, "", "Pod", namespace, &cell.name)
}
