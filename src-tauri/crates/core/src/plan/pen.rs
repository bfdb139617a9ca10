//! Draws blocks, and reads again how single things in them are.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::rows::{BlockRow, CONTAINED, CellRow, HUB, HouseRow, Rect, UNKNOWN, WARNING};
use super::silence::Silences;
use super::tenant::Tenant;
use super::{Block, House, Lens};
use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::resource::Body;
use crate::world::{Id, World};

pub(super) fn number_of(state: HealthState) -> u8 {
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
    /// drawing of it are taken over as they were; says of each house from which all of them were, so that none is left there.
    pub fn block(
        &mut self,
        block: &Block,
        rect: Rect,
        mut old: Option<&mut BlockRow>,
    ) -> (BlockRow, Vec<Option<usize>>) {
        let namespace = block.houses.first().map_or("", |house| house.key.namespace.as_str());
        let (flags, why) = self.silences.tell(&block.cluster, namespace, self.lens);
        let mut row = BlockRow {
            rect,
            id: block.id.clone(),
            name: block.name.clone(),
            why,
            flags: if block.houses.is_empty() { 0 } else { flags },
            houses: Vec::with_capacity(block.houses.len()),
            stamp: block.stamp,
            ..BlockRow::default()
        };
        let mut taken = Vec::with_capacity(block.houses.len());
        for (at, house) in block.houses.iter().enumerate() {
            let known = old.as_deref().and_then(|old| place_of(old, at, &house.key));
            let before = known.and_then(|at| old.as_deref_mut()?.houses.get_mut(at));
            let is_kept = before.as_ref().is_some_and(|old| old.stamp.is(house.stamp) && !old.strange);
            let cells = match before {
                Some(before) if is_kept => std::mem::take(&mut before.cells),
                before => Arc::new(self.cells(house, before.map_or(&[][..], |before| before.cells.as_slice()))),
            };
            taken.push(known.filter(|_| is_kept));
            let drawn = self.house(house, row.cells(), cells);
            row.strange |= drawn.strange || drawn.id.is_none();
            row.houses.push(drawn);
        }
        (row, taken)
    }

    fn cells(&mut self, house: &House, old: &[CellRow]) -> Vec<CellRow> {
        let mut cells = Vec::with_capacity(house.cells.len());
        let pods = house.cells.iter().enumerate().filter_map(|(at, pod)| Some((house.cell(at), pod.as_ref()?)));
        for ((x, y), pod) in pods {
            // Mostly those before it stand there still.
            let is_it = |old: &&CellRow| {
                let is_near = || old.namespace.as_ref().is_none_or(|space| space == pod.namespace(&house.key));
                old.id.is_some() && Text::ptr_eq(&old.name, &pod.name) && is_near()
            };
            cells.push(match old.get(cells.len()).filter(is_it) {
                Some(known) => CellRow { x, y, ..known.clone() },
                None => self.cell(house, pod, (x, y)),
            });
        }
        cells
    }

    fn house(&mut self, house: &House, from: usize, cells: Arc<Vec<CellRow>>) -> HouseRow {
        let id = house.hint.find(self.world, &house.key).filter(|id| self.world.object_of(*id).is_some());
        let mut drawn = HouseRow {
            rect: Rect { x: house.x, y: house.y, w: house.w, h: house.h },
            key: house.key.clone(),
            id,
            badge: String::new(),
            health: 0,
            flags: 0,
            cell_from: from,
            cell_count: cells.len(),
            strange: cells.iter().any(|cell| cell.id.is_none()),
            cells,
            worst: 0,
            stamp: house.stamp,
        };
        drawn.add_up();
        self.read_house(&mut drawn);
        drawn
    }

    /// Reads again how a house is; true where that differs.
    pub fn read_house(&self, house: &mut HouseRow) -> bool {
        let there = house.id.filter(|id| self.world.object_of(*id).is_some());
        let (health, is_contained) = match there {
            Some(id) => {
                let (state, is_contained) = self.world.glance(id);
                (number_of(state), is_contained)
            }
            None if house.key.kind == "Unscheduled" => (house.worst, false),
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

/// Which house it is in a drawing of its block; mostly that of the same number there.
fn place_of(row: &BlockRow, at: usize, key: &ObjectKey) -> Option<usize> {
    let is_it = |house: &HouseRow| Text::ptr_eq(&house.key.name, &key.name) && house.key == *key;
    let near = row.houses.get(at).is_some_and(is_it).then_some(at);
    near.or_else(|| row.houses.iter().position(is_it))
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
