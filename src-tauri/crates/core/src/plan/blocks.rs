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

/// How many widths are tried for a city laid out afresh, and how high a block must at least be to share a shelf, in
/// percent of the shelf: where sizes differ much, alike ones side by side waste less ground.
const WIDTHS: usize = 8;
const LEAST: [i32; 3] = [0, 40, 60];

/// A row of blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shelf {
    pub y: i32,
    pub h: i32,
}

/// All blocks on shelves, in their order.
struct Shelving {
    width: i32,
    shelves: Vec<Shelf>,
    /// The shelf of each block, and where on it.
    places: Vec<(usize, i32)>,
    /// Where each shelf ends.
    ends: Vec<i32>,
}

impl Shelving {
    /// Each block on the first shelf with room; only the last may become higher.
    fn of(sizes: &[(i32, i32)], width: i32, least: i32) -> Self {
        let mut laid = Self { width, shelves: Vec::new(), places: Vec::with_capacity(sizes.len()), ends: Vec::new() };
        for (w, h) in sizes {
            let (row, x) = laid.room(*w, *h, least).unwrap_or_else(|| {
                laid.shelves.push(Shelf { y: 0, h: *h });
                laid.ends.push(-GUTTER);
                (laid.shelves.len() - 1, 0)
            });
            if let (Some(shelf), Some(end)) = (laid.shelves.get_mut(row), laid.ends.get_mut(row)) {
                (shelf.h, *end) = (shelf.h.max(*h), x + w);
            }
            laid.places.push((row, x));
        }
        let mut y = 0;
        for shelf in &mut laid.shelves {
            shelf.y = y;
            y += shelf.h + GUTTER;
        }
        laid
    }

    fn room(&self, w: i32, h: i32, percent: i32) -> Option<(usize, i32)> {
        let last = self.shelves.len().checked_sub(1);
        self.shelves.iter().zip(&self.ends).enumerate().find_map(|(row, (shelf, end))| {
            let (low, high) = (i64::from(h.min(shelf.h)), i64::from(h.max(shelf.h)));
            let alike = 100 * low >= i64::from(percent) * high;
            let x = end + GUTTER;
            (alike && (h <= shelf.h || Some(row) == last) && x + w <= self.width).then_some((row, x))
        })
    }

    /// The height of the least screen that shows all of it.
    fn screen(&self) -> f64 {
        let reach = self.ends.iter().max().copied().unwrap_or(0);
        let low = self.shelves.last().map_or(0, |shelf| shelf.y + shelf.h);
        (f64::from(reach) / SHAPE).max(f64::from(low))
    }
}

impl City {
    /// Finds ground for every block that has none or outgrew it.
    pub(super) fn place(&mut self) {
        if self.blocks.iter().all(|block| block.shelf.is_none()) {
            self.lay_out();
            return;
        }
        let widest = self.blocks.iter().map(|block| block.w).max().unwrap_or(0);
        self.width = self.width.max(widest);
        for at in 0..self.blocks.len() {
            if !self.fits(at) {
                self.find_ground(at);
            }
        }
        while let Some(last) = self.shelves.len().checked_sub(1) {
            if self.blocks.iter().any(|block| block.shelf == Some(last)) {
                break;
            }
            self.shelves.pop();
        }
    }

    /// Lays all blocks out afresh, in their order, so that a screen shows the city as large as can be.
    fn lay_out(&mut self) {
        let sizes: Vec<(i32, i32)> = self.blocks.iter().map(|block| (block.w, block.h)).collect();
        let widest = sizes.iter().map(|(w, _)| *w).max().unwrap_or(0);
        let ground: i64 = sizes.iter().map(|(w, h)| i64::from(w + GUTTER) * i64::from(h + GUTTER)).sum();
        let mut width = widest.max((ground as f64 * SHAPE).sqrt() as i32);
        let mut best: Option<(f64, Shelving)> = None;
        for _ in 0..WIDTHS {
            for least in LEAST {
                let tried = Shelving::of(&sizes, width, least);
                let screen = tried.screen();
                if best.as_ref().is_none_or(|(least, _)| screen < *least) {
                    best = Some((screen, tried));
                }
            }
            width = width.saturating_add((width / 12).max(1));
        }
        let Some((_, Shelving { width, shelves, places, .. })) = best else { return };
        (self.width, self.shelves) = (width, shelves);
        for (block, (row, x)) in self.blocks.iter_mut().zip(places) {
            (block.shelf, block.x) = (Some(row), x);
        }
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

    fn find_ground(&mut self, at: usize) {
        let Some((w, h)) = self.blocks.get(at).map(|block| (block.w, block.h)) else { return };
        if let Some(block) = self.blocks.get_mut(at) {
            block.shelf = None;
        }
        let low = self.shelves.last().map_or(0, |row| row.y + row.h + GUTTER);
        let mut found = self.free_ground(at, w, h);
        while found.is_none() && low + h > self.width {
            // Wider shelves move nothing; they grow by steps and never shrink.
            self.width = step(self.width + 1, self.width);
            found = self.free_ground(at, w, h);
        }
        let (row, x) = found.unwrap_or_else(|| {
            self.shelves.push(Shelf { y: low, h });
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

    /// The first shelf with room, and where on it. The last may become higher by half.
    fn free_ground(&self, at: usize, w: i32, h: i32) -> Option<(usize, i32)> {
        let last = self.shelves.len().checked_sub(1);
        (0..self.shelves.len()).find_map(|row| {
            let height = self.shelves.get(row)?.h;
            let room = if Some(row) == last { height + height / 2 } else { height };
            (h <= room).then(|| self.gap(row, w, at).map(|x| (row, x)))?
        })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Blocks of very unequal size: most are small, a few hold most of the houses.
    fn unequal(many: usize, mut seed: u64) -> Vec<Block> {
        let mut draw = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / f64::from(1u32 << 31)
        };
        (0..many)
            .map(|number| {
                let edge = 160.0 / draw().max(0.001).powf(0.6);
                let (w, h) = ((edge * (1.0 + draw())) as i32, edge as i32);
                Block { id: number.to_string(), w, h, ..Block::default() }
            })
            .collect()
    }

    /// Width by height, and how much of the ground is built upon.
    fn shape(city: &City) -> (f64, f64) {
        let (_, _, w, h) = city.bounds();
        let built: i64 = city.blocks.iter().map(|block| i64::from(block.w) * i64::from(block.h)).sum();
        (f64::from(w) / f64::from(h), built as f64 / (f64::from(w) * f64::from(h)))
    }

    fn laid_out(blocks: Vec<Block>) -> City {
        let mut city = City { blocks, ..City::default() };
        city.place();
        city
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_city_has_the_shape_of_a_screen_whatever_its_blocks(seed in any::<u64>()) {
            for many in [1, 5, 50, 432] {
                let (aspect, built) = shape(&laid_out(unequal(many, seed)));
                prop_assert!((0.75..2.5).contains(&aspect), "{many} blocks laid out are {aspect:.2} times as wide as high");
                prop_assert!(built > 0.2, "{many} blocks laid out take {built:.2} of the ground");
                let mut grown = City::default();
                for block in unequal(many, seed) {
                    grown.blocks.push(block);
                    grown.place();
                }
                let (aspect, built) = shape(&grown);
                prop_assert!((0.4..2.5).contains(&aspect), "{many} blocks one by one are {aspect:.2} times as wide as high");
                prop_assert!(built > 0.15, "{many} blocks one by one take {built:.2} of the ground");
            }
        }
    }
}
