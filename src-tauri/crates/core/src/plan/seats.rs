//! Where the objects of a world stand in a picture, by their numbers.

use super::rows::{BlockRow, Picture};
use crate::world::Id;

/// A block and a row in it.
type Seat = (u32, u32);

const NOWHERE: Seat = (u32::MAX, u32::MAX);

/// Where each number stood when its block was drawn last. What left stays in it, so that each answer is looked at; what is
/// gone from the world bears no number in the picture.
#[derive(Debug, Default)]
pub(super) struct Seats {
    houses: Vec<Seat>,
    cells: Vec<Seat>,
}

fn seat(list: &[Seat], id: Id) -> Option<(usize, usize)> {
    let (block, row) = list.get(id.at()).copied().filter(|seat| *seat != NOWHERE)?;
    Some((block as usize, row as usize))
}

fn enter(list: &mut Vec<Seat>, block: usize, ids: impl Iterator<Item = Option<Id>>) {
    let block = u32::try_from(block).unwrap_or(u32::MAX);
    for (row, id) in (0..).zip(ids) {
        let Some(id) = id else { continue };
        if list.len() <= id.at() {
            list.resize(id.at() + 1, NOWHERE);
        }
        if let Some(seat) = list.get_mut(id.at()) {
            *seat = (block, row);
        }
    }
}

impl Seats {
    /// Notes everything in a block.
    pub fn enter(&mut self, at: usize, block: &BlockRow) {
        enter(&mut self.houses, at, block.houses.iter().map(|house| house.id));
        enter(&mut self.cells, at, block.cells.iter().map(|cell| cell.id));
    }

    /// The block of a house that is there, and which of its houses it is.
    pub fn house(&self, picture: &Picture, id: Id) -> Option<(usize, usize)> {
        let (block, row) = seat(&self.houses, id)?;
        (picture.blocks.get(block)?.houses.get(row)?.id == Some(id)).then_some((block, row))
    }

    /// The block of a pod that is there, and which of its cells it is.
    pub fn cell(&self, picture: &Picture, id: Id) -> Option<(usize, usize)> {
        let (block, row) = seat(&self.cells, id)?;
        (picture.blocks.get(block)?.cells.get(row)?.id == Some(id)).then_some((block, row))
    }
}
