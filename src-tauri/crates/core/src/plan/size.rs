//! Sizes: the ladder of capacities, the walls of a house and the seats of its pods.

use rustc_hash::FxHashMap;

use super::survey::WantedHouse;
use super::tenant::Tenant;
use super::{Gone, House};
use crate::stamp::Stamp;

/// The edge of a cell.
pub(super) const CELL: i32 = 8;
/// From one cell to the next.
pub(super) const PITCH: i32 = 10;
/// Width of a letter of a house's name.
const LETTER: f32 = 6.4;
/// Letters of a name a house makes room for.
const LONGEST_NAME: usize = 30;
/// From the left wall to the first cell.
const LEFT: i32 = 7;
/// From the roof to the first cell.
const ROOF: i32 = 20;

/// The step of the 1.5× ladder from `floor` that holds `n`.
pub(super) fn step(n: i32, floor: i32) -> i32 {
    let mut size = floor.max(2);
    while size < n {
        size = size.saturating_add(size / 2 + size % 2);
    }
    size
}

impl House {
    /// A house without a place, its pods in its cells in order.
    pub(super) fn fresh(want: WantedHouse) -> Self {
        let mut house = Self { key: want.key, hint: want.hint, cells: want.pods, ..Self::default() };
        house.measure();
        house
    }

    /// Takes the size its cells and its name need.
    pub(super) fn measure(&mut self) {
        let need = step(i32::try_from(self.cells.len()).unwrap_or(i32::MAX / 4), 4);
        let letters = self.key.name.chars().count().min(LONGEST_NAME);
        let named = (letters as f32 * LETTER).ceil() as i32 + 14;
        let across = match need {
            ..=12 => need,
            13..=96 => 12,
            _ => (f64::from(need) * 2.5).sqrt().ceil() as i32,
        };
        self.w = named.max(across * PITCH + PITCH);
        let across = (self.w - PITCH) / PITCH;
        let rows = (need + across - 1) / across;
        self.h = 26 + rows * PITCH;
        self.across = usize::try_from(across).unwrap_or(1).max(1);
        self.rows = usize::try_from(rows).unwrap_or(1).max(1);
        self.stamp = Stamp::default();
    }

    /// Gives those of these pods that have none the lowest free cells, in their order; the cells of all others are free
    /// before, where those are gone.
    pub(super) fn seat(&mut self, pods: &[Option<Tenant>], gone: Gone) {
        let numbered = pods.iter().enumerate().filter_map(|(at, pod)| Some((pod.as_ref()?, at)));
        let mut new: FxHashMap<&Tenant, usize> = numbered.collect();
        for cell in &mut self.cells {
            // As the world names it now, which finds it sooner.
            match cell.as_ref().and_then(|pod| new.remove(pod)) {
                Some(at) => *cell = pods.get(at).cloned().flatten(),
                None if gone == Gone::Leave => *cell = None,
                None => {}
            }
        }
        self.trim();
        let mut new: Vec<usize> = new.into_values().collect();
        new.sort_unstable();
        self.admit(new.into_iter().filter_map(|at| pods.get(at).cloned().flatten()));
    }

    /// Frees cells.
    pub(super) fn free(&mut self, gone: &[usize]) {
        for at in gone {
            if let Some(cell) = self.cells.get_mut(*at) {
                *cell = None;
            }
        }
        self.trim();
    }

    /// Gives new pods the lowest free cells, in their order.
    pub(super) fn admit(&mut self, new: impl IntoIterator<Item = Tenant>) {
        let mut free = 0;
        for pod in new {
            while self.cells.get(free).is_some_and(Option::is_some) {
                free += 1;
            }
            match self.cells.get_mut(free) {
                Some(cell) => *cell = Some(pod),
                None => self.cells.push(Some(pod)),
            }
        }
        self.trim();
    }

    /// Ends every change of the cells.
    fn trim(&mut self) {
        self.stamp = Stamp::default();
        while self.cells.last().is_some_and(Option::is_none) {
            self.cells.pop();
        }
    }

    /// Where a cell lies, from the house's left upper corner.
    pub(super) fn cell(&self, at: usize) -> (i32, i32) {
        let column = i32::try_from(at % self.across.max(1)).unwrap_or(0);
        let row = i32::try_from(at / self.across.max(1)).unwrap_or(0);
        (LEFT + column * PITCH, ROOF + row * PITCH)
    }
}
