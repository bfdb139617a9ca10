//! Sizes: the ladder of capacities, the walls of a house and the seats of its pods.

use std::collections::HashSet;

use super::House;
use crate::id::ObjectKey;

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
    pub(super) fn fresh(key: &ObjectKey, pods: &[String]) -> Self {
        let mut house = Self { key: key.clone(), ..Self::default() };
        house.seat(pods);
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
    }

    /// Frees the cells of all but these pods.
    pub(super) fn clear(&mut self, pods: &[String]) {
        let wanted: HashSet<&str> = pods.iter().map(String::as_str).collect();
        self.free(|pod| !wanted.contains(pod));
    }

    /// Gives those of these pods that have none the lowest free cells, in their order.
    pub(super) fn seat(&mut self, pods: &[String]) {
        let seated: HashSet<&str> = self.cells.iter().flatten().map(String::as_str).collect();
        let new: Vec<String> = pods.iter().filter(|pod| !seated.contains(pod.as_str())).cloned().collect();
        self.admit(new);
    }

    /// Frees the cells of pods that are gone.
    pub(super) fn free(&mut self, is_gone: impl Fn(&str) -> bool) {
        for cell in &mut self.cells {
            if cell.as_deref().is_some_and(&is_gone) {
                *cell = None;
            }
        }
        self.trim();
    }

    /// Gives new pods the lowest free cells, in their order.
    pub(super) fn admit(&mut self, new: impl IntoIterator<Item = String>) {
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

    fn trim(&mut self) {
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
