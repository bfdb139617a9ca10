//! Where blocks stand: on shelves from top to bottom, each block on ground of its own.
//!
//! A shelf keeps its height unless it is the last, and a block keeps its ground while it fits, so that no block moves
//! because of another.

use serde::{Deserialize, Serialize};

use super::size::step;
use super::{Block, City};

/// Between two blocks: room for streets.
pub(super) const GUTTER: i32 = 28;

/// Width by height of a city laid out afresh.
const SHAPE: f64 = 1.6;

/// A row of blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shelf {
    pub y: i32,
    pub h: i32,
}

impl City {
    /// Finds ground for every block that has none or outgrew it.
    pub(super) fn place(&mut self) {
        let fresh = self.blocks.iter().all(|block| block.shelf.is_none());
        let widest = self.blocks.iter().map(|block| block.w).max().unwrap_or(0);
        let wish = self.best_width(widest);
        if fresh {
            self.width = wish;
        } else if wish > self.width {
            // Wider shelves move nothing; they grow by steps and never shrink.
            self.width = step(wish, self.width);
        }
        self.width = self.width.max(widest);
        for at in 0..self.blocks.len() {
            if !self.fits(at) {
                self.find_ground(at, fresh);
            }
        }
        while let Some(last) = self.shelves.len().checked_sub(1) {
            if self.blocks.iter().any(|block| block.shelf == Some(last)) {
                break;
            }
            self.shelves.pop();
        }
    }

    /// The width of shelves that gives the city the shape of a screen when its blocks are placed in their order.
    fn best_width(&self, widest: i32) -> i32 {
        let mut best = (f64::MAX, widest);
        let mut width = widest;
        for _ in 0..24 {
            let (mut x, mut row, mut high, mut reach) = (0, 0, 0i64, 0);
            for block in &self.blocks {
                if x > 0 && x + block.w > width {
                    high += i64::from(row + GUTTER);
                    (x, row) = (0, 0);
                }
                x += block.w + GUTTER;
                reach = reach.max(x);
                row = row.max(block.h);
            }
            high += i64::from(row + GUTTER);
            let shape = f64::from(reach) / (high as f64) / SHAPE;
            let away = shape.max(1.0 / shape);
            if away < best.0 {
                best = (away, width);
            }
            width = width.saturating_add((width / 6).max(1));
        }
        best.1
    }

    /// Whether a block can stay where it is; the last shelf grows with it.
    fn fits(&mut self, at: usize) -> bool {
        let Some(block) = self.blocks.get(at) else { return true };
        let Some(row) = block.shelf else { return false };
        let (x, w, h) = (block.x, block.w, block.h);
        let last = row + 1 == self.shelves.len();
        let height = self.shelves.get(row).map_or(0, |row| row.h);
        if (h > height && !last) || !self.is_free(row, x, w, at) {
            return false;
        }
        if let Some(row) = self.shelves.get_mut(row) {
            row.h = row.h.max(h);
        }
        true
    }

    fn is_free(&self, row: usize, x: i32, w: i32, except: usize) -> bool {
        let others = self.blocks.iter().enumerate().filter(|(at, block)| *at != except && block.shelf == Some(row));
        let mut others = others.map(|(_, block)| block);
        !others.any(|block| x < block.x + block.w + GUTTER && block.x < x + w + GUTTER)
    }

    fn find_ground(&mut self, at: usize, fresh: bool) {
        let Some(Block { w, h, .. }) = self.blocks.get(at).cloned() else { return };
        if let Some(block) = self.blocks.get_mut(at) {
            block.shelf = None;
        }
        let last = self.shelves.len().checked_sub(1);
        let found = (0..self.shelves.len()).find_map(|row| {
            let height = self.shelves.get(row)?.h;
            // The last shelf may become higher: as high as it takes while a whole city is laid out, by half later.
            let room = if Some(row) != last {
                height
            } else if fresh {
                i32::MAX
            } else {
                height + height / 2
            };
            if h > room {
                return None;
            }
            self.gap(row, w, at).map(|x| (row, x))
        });
        let (row, x) = found.unwrap_or_else(|| {
            let y = self.shelves.last().map_or(0, |row| row.y + row.h + GUTTER);
            self.shelves.push(Shelf { y, h });
            (self.shelves.len() - 1, 0)
        });
        if let Some(row) = self.shelves.get_mut(row) {
            row.h = row.h.max(h);
        }
        if let Some(block) = self.blocks.get_mut(at) {
            block.shelf = Some(row);
            block.x = x;
        }
    }

    /// The leftmost free ground of a width on a shelf.
    fn gap(&self, row: usize, w: i32, except: usize) -> Option<i32> {
        let mut x = 0;
        for (left, right) in self.taken(row, except) {
            if x + w + GUTTER <= left {
                return Some(x);
            }
            x = x.max(right + GUTTER);
        }
        (x + w <= self.width).then_some(x)
    }

    /// What is taken on a shelf, from left to right.
    fn taken(&self, row: usize, except: usize) -> Vec<(i32, i32)> {
        let here = self.blocks.iter().enumerate().filter(|(at, block)| *at != except && block.shelf == Some(row));
        let mut taken: Vec<(i32, i32)> = here.map(|(_, block)| (block.x, block.x + block.w)).collect();
        taken.sort_unstable();
        taken
    }

    /// Free ground a street can cross a shelf on, from left to right.
    pub(super) fn alleys(&self, row: usize) -> Vec<(i32, i32)> {
        let mut left = -GUTTER;
        let mut found = Vec::new();
        for (from, to) in self.taken(row, usize::MAX) {
            found.push((left, from));
            left = to;
        }
        found.push((left, left + GUTTER));
        found
    }

    /// The upper edge of a block.
    pub(super) fn top(&self, block: &Block) -> i32 {
        block.shelf.and_then(|row| self.shelves.get(row)).map_or(0, |row| row.y)
    }

    /// Left, top, width and height of the plan with the gutters around it.
    pub(super) fn bounds(&self) -> (i32, i32, i32, i32) {
        if self.blocks.is_empty() {
            return (0, 0, 0, 0);
        }
        let right = self.blocks.iter().map(|block| block.x + block.w).max().unwrap_or(0);
        let low = self.shelves.last().map_or(0, |row| row.y + row.h);
        (-GUTTER, -GUTTER, right + 2 * GUTTER, low + 2 * GUTTER)
    }
}
