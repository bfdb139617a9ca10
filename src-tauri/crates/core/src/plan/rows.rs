//! The rows of a picture: what a lens shows, each thing once.

use std::sync::Arc;

use super::districts::DistrictRow;
use super::streets::Line;
use crate::id::{ObjectKey, Text};
use crate::stamp::Stamp;
use crate::world::Id;

/// Cordoned or quarantined.
pub(super) const CONTAINED: u8 = 1;
/// So many call it that their streets are left out.
pub(super) const HUB: u8 = 16;
/// It leads nowhere.
pub(super) const DANGLING: u8 = 64;
/// Read from specs; a street that is not was only measured.
pub(super) const DECLARED: u8 = 128;
/// Of a street: somebody measured it. A street is no hub, so the bit is free.
pub(super) const OBSERVED: u8 = 16;
/// The number of `unknown` among the states of health.
pub(super) const UNKNOWN: u8 = 4;
/// The number of `warning` among the states of health.
pub(super) const WARNING: u8 = 5;

/// A rectangle in units of the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
}

impl Rect {
    /// The same, seen from where its corner is seen from.
    pub fn from(self, (x, y): (i32, i32)) -> Self {
        Self { x: self.x + x, y: self.y + y, ..self }
    }

    /// Its left upper corner.
    pub fn corner(self) -> (i32, i32) {
        (self.x, self.y)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct BlockRow {
    pub rect: Rect,
    pub id: String,
    pub name: String,
    pub why: String,
    pub health: u8,
    pub flags: u8,
    pub firing: u32,
    /// The worst of everything in its namespace, once it was asked for.
    pub within: Option<u8>,
    pub houses: Vec<HouseRow>,
    /// That of the block as it was drawn.
    pub stamp: Stamp,
    /// Something in it has no number in the world yet.
    pub strange: bool,
}

impl BlockRow {
    /// How many cells its houses have.
    pub fn cells(&self) -> usize {
        self.houses.last().map_or(0, |house| house.cell_from + house.cell_count)
    }

    /// Whether both read the same, whatever stands in them.
    pub fn reads_as(&self, other: &Self) -> bool {
        let front = |it: &Self| (it.rect, it.health, it.flags, it.firing);
        front(self) == front(other) && self.id == other.id && self.name == other.name && self.why == other.why
    }

    /// Whether as much stands in both.
    pub fn holds_as_many(&self, other: &Self) -> bool {
        (self.houses.len(), self.cells()) == (other.houses.len(), other.cells())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct HouseRow {
    /// From the corner of its block.
    pub rect: Rect,
    pub key: ObjectKey,
    pub id: Option<Id>,
    pub badge: String,
    pub health: u8,
    pub flags: u8,
    /// Its first cell among those of the block.
    pub cell_from: usize,
    pub cell_count: usize,
    /// None are left in a drawing of before whose cells were taken over. A copy of the picture shares them.
    pub cells: Arc<Vec<CellRow>>,
    /// The worst of its cells.
    pub worst: u8,
    /// That of the house as its cells were drawn.
    pub stamp: Stamp,
    /// Some of its cells have no number in the world yet.
    pub strange: bool,
}

impl HouseRow {
    /// Adds its cells up again.
    pub fn add_up(&mut self) {
        self.worst = self.cells.iter().map(|cell| cell.health).max().unwrap_or(0);
    }

    /// Whether both read the same, wherever their cells lie.
    pub fn reads_as(&self, other: &Self) -> bool {
        let front = |it: &Self| (it.rect, it.health, it.flags, it.cell_count);
        front(self) == front(other) && self.key == other.key && self.badge == other.badge
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct CellRow {
    /// From the corner of its house.
    pub x: i32,
    pub y: i32,
    pub id: Option<Id>,
    pub health: u8,
    pub flags: u8,
    pub name: Text,
    /// Where the namespace of its house is not its own.
    pub namespace: Option<Text>,
    pub place: Text,
}

impl CellRow {
    /// Whether both are the same pod in the same cell.
    pub fn is_of(&self, other: &Self) -> bool {
        (self.x, self.y) == (other.x, other.y) && self.name == other.name && self.namespace == other.namespace
    }

    /// Whether both read the same.
    pub fn reads_as(&self, other: &Self) -> bool {
        (self.health, self.flags) == (other.health, other.flags) && self.place == other.place && self.is_of(other)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StreetRow {
    /// The rows of its houses among all.
    pub from: usize,
    pub to: usize,
    pub load: u32,
    pub health: u8,
    pub flags: u8,
    /// What the network policies are predicted to do on it, where that was asked.
    pub verdict: u8,
    pub line: Line,
}

impl StreetRow {
    /// Whether a spec says so.
    pub fn is_declared(&self) -> bool {
        self.flags & DECLARED != 0
    }

    /// Whether somebody measured it.
    pub fn is_observed(&self) -> bool {
        self.flags & OBSERVED != 0
    }

    /// Whether both read the same, between whichever houses.
    pub fn reads_as(&self, other: &Self) -> bool {
        let front = |it: &Self| (it.load, it.health, it.flags, it.verdict);
        front(self) == front(other) && self.line == other.line
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CaseRow {
    pub alert: String,
    pub name: String,
    pub severity: u8,
    pub state: u8,
    pub told: u8,
    /// When it was resolved, in seconds since 1970; 0 where it was not within the last minute.
    pub ended: u32,
    /// The row of its house among all.
    pub house: Option<usize>,
    pub block: Option<usize>,
}

/// Everything a lens shows, as rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Picture {
    pub bounds: Rect,
    /// None where there is one cluster only.
    pub districts: Vec<DistrictRow>,
    pub blocks: Vec<BlockRow>,
    pub streets: Vec<StreetRow>,
    pub cases: Vec<CaseRow>,
    pub tray: usize,
}

impl Picture {
    /// Every house with its block, in the order of their rows.
    pub fn houses(&self) -> impl Iterator<Item = (&BlockRow, &HouseRow)> {
        self.blocks.iter().flat_map(|block| block.houses.iter().map(move |house| (block, house)))
    }

    /// Whether the house of this block and row is that of an object.
    pub fn is_house(&self, (block, row): (usize, usize), key: &ObjectKey) -> bool {
        let house = self.blocks.get(block).and_then(|block| block.houses.get(row));
        house.is_some_and(|house| house.key == *key)
    }

    /// Whether the cell of this block, house and number is that of a pod.
    pub fn is_cell(&self, (block, house, cell): (usize, usize, usize), key: &ObjectKey) -> bool {
        let house = self.blocks.get(block).and_then(|block| block.houses.get(house));
        let cell = house.and_then(|house| Some((house, house.cells.get(cell)?)));
        cell.filter(|_| key.kind == "Pod" && key.group.is_empty()).is_some_and(|(house, cell)| {
            let space = cell.namespace.as_ref().unwrap_or(&house.key.namespace);
            cell.name == key.name && *space == key.namespace && house.key.cluster == key.cluster
        })
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.blocks.iter().map(BlockRow::cells).sum()
    }

    /// The row of the first house and of the first cell of each block, and how many there are.
    pub fn starts(&self) -> Starts {
        let mut starts = Starts::default();
        starts.note(0, 0);
        for block in &self.blocks {
            starts.note(block.houses.len(), block.cells());
        }
        starts
    }
}

/// Where the rows of each block begin; one more says where the last ends.
#[derive(Debug, Default)]
pub(super) struct Starts {
    houses: Vec<usize>,
    cells: Vec<usize>,
}

impl Starts {
    fn note(&mut self, houses: usize, cells: usize) {
        let after = |list: &[usize], many: usize| list.last().copied().unwrap_or_default() + many;
        self.houses.push(after(&self.houses, houses));
        self.cells.push(after(&self.cells, cells));
    }

    /// The row of the first house of a block.
    pub fn house(&self, block: usize) -> usize {
        self.houses.get(block).copied().unwrap_or_default()
    }

    /// The row of the first cell of a block.
    pub fn cell(&self, block: usize) -> usize {
        self.cells.get(block).copied().unwrap_or_default()
    }

    /// How many houses there are.
    pub fn houses(&self) -> usize {
        self.houses.last().copied().unwrap_or_default()
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.cells.last().copied().unwrap_or_default()
    }

    /// The block a row of a house stands in, and which of its houses it is.
    pub fn of_house(&self, row: usize) -> Option<(usize, usize)> {
        let block = self.houses.partition_point(|first| *first <= row).checked_sub(1)?;
        (row < self.houses()).then(|| (block, row - self.house(block)))
    }
}
