//! Streets: calls as orthogonal lines that never cross a house.
//!
//! Inside a block a street runs down the channels between columns and passes a column through a gap between its houses.
//! Between blocks it leaves by a channel, runs along the gutters between shelves and passes a shelf through an alley
//! between its blocks. Streets of one source share their way; different ones keep apart.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::GUTTER;
use super::{Block, City, House};

/// A call between two houses, each as block and house by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub from: (usize, usize),
    pub to: (usize, usize),
}

/// A line of corners.
pub(super) type Line = Vec<(i32, i32)>;

/// Whose street it is: all that leaves a house, all that comes to it from other blocks, all from one block to another.
type Owner = (u8, usize, usize);

/// A stretch several streets may want side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stretch {
    /// A channel of a block.
    Channel(usize, usize),
    /// A gap of a column of a block.
    Gap(usize, usize, usize),
    /// The gutter above a shelf.
    Gutter(usize),
    /// An alley through a shelf.
    Alley(usize, usize),
    /// The wall of a house streets arrive at.
    Wall(usize, usize),
}

/// One piece of a way.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// To this height or breadth exactly.
    To(i32),
    /// To where the owner runs on a stretch.
    Along(Stretch, Owner),
}

/// The stretches of a city, who runs on them and where.
struct Roads<'a> {
    city: &'a City,
    users: BTreeMap<Stretch, BTreeSet<Owner>>,
    /// Houses of each column from above, by block and column.
    columns: BTreeMap<(usize, usize), Vec<usize>>,
}

/// Lines for the ways, in their order.
pub(super) fn route(city: &City, ways: &[Way]) -> Vec<Line> {
    let mut roads = Roads { city, users: BTreeMap::new(), columns: BTreeMap::new() };
    for (b, block) in city.blocks.iter().enumerate() {
        for (h, house) in block.houses.iter().enumerate() {
            roads.columns.entry((b, house.column)).or_default().push(h);
        }
    }
    for ((b, _), houses) in &mut roads.columns {
        houses.sort_by_key(|h| city.blocks.get(*b).and_then(|block| block.houses.get(*h)).map_or(0, |house| house.y));
    }
    let plans: Vec<Vec<Turn>> = ways.iter().map(|way| roads.plan(*way).unwrap_or_default()).collect();
    for turn in plans.iter().flatten() {
        if let Turn::Along(stretch, owner) = turn {
            roads.users.entry(*stretch).or_default().insert(*owner);
        }
    }
    ways.iter().zip(plans).map(|(way, plan)| roads.draw(*way, &plan).unwrap_or_default()).collect()
}

impl Roads<'_> {
    fn house(&self, (b, h): (usize, usize)) -> Option<(&Block, &House)> {
        let block = self.city.blocks.get(b)?;
        Some((block, block.houses.get(h)?))
    }

    /// The turns of a way, beginning level with the door it leaves by and ending level with the wall it arrives at;
    /// breadth and height take turns.
    fn plan(&self, way: Way) -> Option<Vec<Turn>> {
        let (_, from) = self.house(way.from)?;
        let (_, to) = self.house(way.to)?;
        if way.from.0 == way.to.0 { Some(self.inside(way, from, to)) } else { self.between(way, from, to) }
    }

    fn inside(&self, way: Way, from: &House, to: &House) -> Vec<Turn> {
        let b = way.from.0;
        let owner = (0, way.from.0, way.from.1);
        let (out, into) = (from.column + 1, to.column);
        let crossed: Vec<usize> = if out <= into { (out..into).collect() } else { (into..out).rev().collect() };
        let mut turns = Vec::new();
        let mut channel = out;
        for column in crossed {
            turns.push(Turn::Along(Stretch::Channel(b, channel), owner));
            turns.push(Turn::Along(Stretch::Gap(b, column, self.gap_near(b, column, to.door())), owner));
            channel = if out <= into { column + 1 } else { column };
        }
        turns.push(Turn::Along(Stretch::Channel(b, channel), owner));
        turns
            .push(Turn::Along(Stretch::Wall(way.to.0, way.to.1), (0, from.door().unsigned_abs() as usize, way.from.1)));
        turns
    }

    fn between(&self, way: Way, from: &House, to: &House) -> Option<Vec<Turn>> {
        let (a, b) = (self.city.blocks.get(way.from.0)?, self.city.blocks.get(way.to.0)?);
        let (above, below) = (a.shelf?, b.shelf?);
        let out = if above > below { above } else { above + 1 };
        let into = if above < below { below } else { below + 1 };
        let pair = (1, way.from.0, way.to.0);
        let mut turns = vec![Turn::Along(Stretch::Channel(way.from.0, from.column + 1), (0, way.from.0, way.from.1))];
        let crossed: Vec<usize> = if out <= into { (out..into).collect() } else { (into..out).rev().collect() };
        let mut gutter = out;
        let goal = b.x + to.x;
        for row in crossed {
            turns.push(Turn::Along(Stretch::Gutter(gutter), pair));
            turns.push(Turn::Along(Stretch::Alley(row, self.alley_near(row, goal)), pair));
            gutter = if out <= into { row + 1 } else { row };
        }
        turns.push(Turn::Along(Stretch::Gutter(gutter), pair));
        turns.push(Turn::Along(Stretch::Channel(way.to.0, to.column), (2, way.to.0, way.to.1)));
        turns.push(Turn::To(self.city.top(b) + to.door()));
        Some(turns)
    }

    fn gaps(&self, b: usize, column: usize) -> Vec<(i32, i32)> {
        let Some(block) = self.city.blocks.get(b) else { return Vec::new() };
        let mut from = 27;
        let mut found = Vec::new();
        for h in self.columns.get(&(b, column)).into_iter().flatten() {
            let Some(house) = block.houses.get(*h) else { continue };
            found.push((from, house.y));
            from = house.y + house.h;
        }
        found.push((from, block.h));
        found
    }

    fn gap_near(&self, b: usize, column: usize, y: i32) -> usize {
        nearest(&self.gaps(b, column), y)
    }

    fn alley_near(&self, row: usize, x: i32) -> usize {
        nearest(&self.city.alleys(row), x)
    }

    /// The span of a stretch across its direction.
    fn span(&self, stretch: Stretch) -> Option<(i32, i32)> {
        match stretch {
            Stretch::Channel(b, channel) => {
                let block = self.city.blocks.get(b)?;
                let left = match channel.checked_sub(1).and_then(|before| block.columns.get(before)) {
                    Some(column) => column.x + column.w,
                    None => 3,
                };
                let right = block.columns.get(channel).map_or(block.w - 3, |column| column.x);
                Some((block.x + left, block.x + right))
            }
            Stretch::Gap(b, column, gap) => {
                let top = self.city.top(self.city.blocks.get(b)?);
                self.gaps(b, column).get(gap).map(|(from, to)| (top + from, top + to))
            }
            Stretch::Gutter(row) => {
                let low = match self.city.shelves.get(row) {
                    Some(row) => row.y,
                    None => self.city.shelves.last().map_or(0, |last| last.y + last.h + GUTTER),
                };
                Some((low - GUTTER, low))
            }
            Stretch::Alley(row, alley) => self.city.alleys(row).get(alley).copied(),
            Stretch::Wall(b, h) => {
                let (block, house) = self.house((b, h))?;
                let top = self.city.top(block) + house.y;
                Some((top, top + house.h))
            }
        }
    }

    /// Where an owner runs on a stretch.
    fn place(&self, stretch: Stretch, owner: Owner) -> Option<i32> {
        let (from, to) = self.span(stretch)?;
        let users = self.users.get(&stretch)?;
        let n = i32::try_from(users.len()).ok()?;
        let at = i32::try_from(users.iter().position(|user| *user == owner)?).ok()?;
        if let Stretch::Wall(b, h) = stretch {
            return self.port((b, h), users, at, n);
        }
        // Evenly over the stretch, but no further apart than it takes to tell them apart.
        let room = (to - from) / (n + 1);
        let apart = room.clamp(0, 7);
        if apart == 0 {
            return Some(from + (to - from) * (at + 1) / (n + 1));
        }
        // Gaps and gutters are taken in the middle.
        let first = (from + to - apart * (n - 1)) / 2;
        Some(first + apart * at)
    }

    /// Where a street arrives at a house: level with the door, others beside it.
    fn port(&self, house: (usize, usize), users: &BTreeSet<Owner>, at: i32, n: i32) -> Option<i32> {
        let (block, house) = self.house(house)?;
        let top = self.city.top(block);
        let level = users.iter().position(|user| i32::try_from(user.1).is_ok_and(|y| y == house.door()));
        let middle = level.and_then(|at| i32::try_from(at).ok()).unwrap_or((n - 1) / 2);
        let y = house.door() + (at - middle) * 6;
        Some(top + y.clamp(house.y + 4, house.y + house.h - 4))
    }

    fn draw(&self, way: Way, turns: &[Turn]) -> Option<Line> {
        let (a, from) = self.house(way.from)?;
        let (b, to) = self.house(way.to)?;
        let mut x = a.x + from.x + from.w;
        let mut y = self.city.top(a) + from.door();
        let mut line = vec![(x, y)];
        for (at, turn) in turns.iter().enumerate() {
            let place = match turn {
                Turn::To(place) => *place,
                Turn::Along(stretch, owner) => self.place(*stretch, *owner)?,
            };
            if at % 2 == 0 {
                x = place;
            } else {
                y = place;
            }
            line.push((x, y));
        }
        line.push((b.x + to.x, y));
        Some(straightened(&line))
    }
}

fn nearest(spans: &[(i32, i32)], goal: i32) -> usize {
    let away = |(from, to): (i32, i32)| if goal < from { from - goal } else { (goal - to).max(0) };
    spans.iter().enumerate().min_by_key(|(at, span)| (away(**span), *at)).map_or(0, |(at, _)| at)
}

/// A line without corners that are none.
fn straightened(line: &[(i32, i32)]) -> Line {
    let mut out: Line = Vec::with_capacity(line.len());
    for point in line {
        if out.last() == Some(point) {
            continue;
        }
        if let [.., a, b] = out.as_slice() {
            let straight = (a.0 == b.0 && b.0 == point.0) || (a.1 == b.1 && b.1 == point.1);
            if straight {
                out.pop();
            }
        }
        out.push(*point);
    }
    out
}
