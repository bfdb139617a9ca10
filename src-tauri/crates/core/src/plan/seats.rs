//! Where the objects of a world stand in a picture, by their numbers.

use super::rows::{BlockRow, Picture};
use crate::world::Id;

/// A block, a house of it, and for a pod which of its cells.
type Seat = (u32, u32, u32);

const NOWHERE: Seat = (u32::MAX, u32::MAX, u32::MAX);

/// Where each number stood when its block was drawn last. What left stays in it, so that each answer is looked at; what is
/// gone from the world bears no number in the picture.
#[derive(Debug, Default)]
pub(super) struct Seats {
    houses: Vec<Seat>,
    cells: Vec<Seat>,
}

fn seat(list: &[Seat], id: Id) -> Option<(usize, usize, usize)> {
    let (block, house, cell) = list.get(id.at()).copied().filter(|seat| *seat != NOWHERE)?;
    Some((block as usize, house as usize, cell as usize))
}

fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn enter(list: &mut Vec<Seat>, id: Option<Id>, seat: Seat) {
    let Some(id) = id else { return };
    if list.len() <= id.at() {
        list.resize(id.at() + 1, NOWHERE);
    }
    if let Some(known) = list.get_mut(id.at()) {
        *known = seat;
    }
}

impl Seats {
    /// Notes everything in a block.
    pub fn enter(&mut self, at: usize, block: &BlockRow) {
        self.enter_but(at, block, |_| false);
    }

    /// The same, but for the cells of houses that stand where they stood with all of them.
    pub fn enter_but(&mut self, at: usize, block: &BlockRow, is_known: impl Fn(usize) -> bool) {
        for (number, house) in block.houses.iter().enumerate() {
            enter(&mut self.houses, house.id, (small(at), small(number), 0));
            if is_known(number) {
                continue;
            }
            for (cell, row) in (0..).zip(house.cells.iter()) {
                enter(&mut self.cells, row.id, (small(at), small(number), cell));
            }
        }
    }

    /// The block of a house that is there, and which of its houses it is.
    pub fn house(&self, picture: &Picture, id: Id) -> Option<(usize, usize)> {
        let (block, house, _) = seat(&self.houses, id)?;
        (picture.blocks.get(block)?.houses.get(house)?.id == Some(id)).then_some((block, house))
    }

    /// The block and the house of a pod that is there, and which of its cells it is.
    pub fn cell(&self, picture: &Picture, id: Id) -> Option<(usize, usize, usize)> {
        let (block, house, cell) = seat(&self.cells, id)?;
        let row = picture.blocks.get(block)?.houses.get(house)?.cells.get(cell)?;
        (row.id == Some(id)).then_some((block, house, cell))
    }
}
