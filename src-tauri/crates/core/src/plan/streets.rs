//! Streets: calls as orthogonal lines that never cross a house.
//!
//! Inside a block a street runs down the channels between columns and passes a column through a gap between its houses.
//! Between blocks it leaves by a channel, runs along the gutters between shelves and passes a shelf through an alley
//! between its blocks. Streets of one source share their way; different ones keep apart.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::blocks::GUTTER;
use super::{Block, City, House};

/// A call between two houses, each as block and house by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub from: (usize, usize),
    pub to: (usize, usize),
}

/// Where the name of a block ends.
const UNDER_NAME: i32 = 27;

/// A line of corners.
pub(super) type Line = Vec<(i32, i32)>;

/// Whose street it is: all that leaves a house, all that comes to it from other blocks, all from one block to another.
type Owner = (u8, usize, usize);

/// A stretch several streets may want side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// To where the owner runs on a stretch, near to somewhere if it may choose.
    Along(Stretch, Owner, Option<i32>),
}

/// The stretches of a city.
struct Roads<'a> {
    city: &'a City,
    /// Free heights of each column from above, by block and column.
    gaps: FxHashMap<(usize, usize), Vec<(i32, i32)>>,
    /// Free ground through each shelf.
    alleys: Vec<Vec<(i32, i32)>>,
}

/// Where owners run on stretches.
type Tracks = FxHashMap<(Stretch, Owner), i32>;

/// Lines for the ways, in their order.
pub(super) fn route(city: &City, ways: &[Way]) -> Vec<Line> {
    let alleys = (0..city.shelves.len()).map(|row| city.alleys(row)).collect();
    let roads = Roads { city, gaps: gaps(city), alleys };
    let plans: Vec<Vec<Turn>> = ways.iter().map(|way| roads.plan(*way).unwrap_or_default()).collect();
    let mut known: FxHashSet<(Stretch, Owner)> = FxHashSet::default();
    let mut users: FxHashMap<Stretch, Vec<(Option<i32>, Owner)>> = FxHashMap::default();
    for turn in plans.iter().flatten() {
        if let Turn::Along(stretch, owner, wish) = turn
            && known.insert((*stretch, *owner))
        {
            users.entry(*stretch).or_default().push((*wish, *owner));
        }
    }
    let mut tracks = Tracks::default();
    for (stretch, mut users) in users {
        users.sort_unstable();
        let places = roads.places(stretch, &users).unwrap_or_default();
        tracks.extend(users.iter().zip(places).map(|((_, owner), place)| ((stretch, *owner), place)));
    }
    ways.iter().zip(plans).map(|(way, plan)| roads.draw(*way, &plan, &tracks).unwrap_or_default()).collect()
}

/// The heights between the houses of each column.
fn gaps(city: &City) -> FxHashMap<(usize, usize), Vec<(i32, i32)>> {
    let mut found = FxHashMap::default();
    for (b, block) in city.blocks.iter().enumerate() {
        let mut columns: BTreeMap<usize, Vec<(i32, i32)>> = BTreeMap::new();
        for house in &block.houses {
            columns.entry(house.column).or_default().push((house.y, house.y + house.h));
        }
        for column in 0..block.columns.len() {
            let mut houses = columns.remove(&column).unwrap_or_default();
            houses.sort_unstable();
            let mut from = UNDER_NAME;
            let mut free = Vec::with_capacity(houses.len() + 1);
            for (top, low) in houses {
                free.push((from, top));
                from = low;
            }
            free.push((from, block.h));
            found.insert((b, column), free);
        }
    }
    found
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
        let goal = to.door();
        let top = self.city.blocks.get(b).map_or(0, |block| self.city.top(block));
        let mut turns = Vec::new();
        let mut channel = out;
        for column in crossed {
            turns.push(Turn::Along(Stretch::Channel(b, channel), owner, None));
            let gap = self.gaps.get(&(b, column)).map_or(0, |gaps| nearest(gaps, goal));
            turns.push(Turn::Along(Stretch::Gap(b, column, gap), owner, Some(top + goal)));
            channel = if out <= into { column + 1 } else { column };
        }
        turns.push(Turn::Along(Stretch::Channel(b, channel), owner, None));
        turns.push(Turn::Along(Stretch::Wall(way.to.0, way.to.1), owner, Some(from.door())));
        turns
    }

    fn between(&self, way: Way, from: &House, to: &House) -> Option<Vec<Turn>> {
        let (a, b) = (self.city.blocks.get(way.from.0)?, self.city.blocks.get(way.to.0)?);
        let (above, below) = (a.shelf?, b.shelf?);
        let out = if above > below { above } else { above + 1 };
        let into = if above < below { below } else { below + 1 };
        let pair = (1, way.from.0, way.to.0);
        let mut turns =
            vec![Turn::Along(Stretch::Channel(way.from.0, from.column + 1), (0, way.from.0, way.from.1), None)];
        let crossed: Vec<usize> = if out <= into { (out..into).collect() } else { (into..out).rev().collect() };
        let mut gutter = out;
        let goal = b.x + to.x;
        for row in crossed {
            turns.push(Turn::Along(Stretch::Gutter(gutter), pair, None));
            let alley = self.alleys.get(row).map_or(0, |alleys| nearest(alleys, goal));
            turns.push(Turn::Along(Stretch::Alley(row, alley), pair, Some(goal)));
            gutter = if out <= into { row + 1 } else { row };
        }
        turns.push(Turn::Along(Stretch::Gutter(gutter), pair, None));
        turns.push(Turn::Along(Stretch::Channel(way.to.0, to.column), (2, way.to.0, way.to.1), None));
        turns.push(Turn::To(self.city.top(b) + to.door()));
        Some(turns)
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
                self.gaps.get(&(b, column))?.get(gap).map(|(from, to)| (top + from, top + to))
            }
            Stretch::Gutter(row) => {
                let low = match self.city.shelves.get(row) {
                    Some(row) => row.y,
                    None => self.city.shelves.last().map_or(0, |last| last.y + last.h + GUTTER),
                };
                Some((low - GUTTER, low))
            }
            Stretch::Alley(row, alley) => self.alleys.get(row)?.get(alley).copied(),
            Stretch::Wall(b, h) => {
                let (block, house) = self.house((b, h))?;
                let top = self.city.top(block) + house.y;
                Some((top, top + house.h))
            }
        }
    }

    /// Where each of its users, which are in order, runs on a stretch.
    fn places(&self, stretch: Stretch, users: &[(Option<i32>, Owner)]) -> Option<Vec<i32>> {
        let (from, to) = self.span(stretch)?;
        let n = i32::try_from(users.len()).ok()?;
        // Far enough apart to be told from one another, while the room suffices.
        let (low, high, wish) = match stretch {
            Stretch::Wall(b, h) => {
                let (block, house) = self.house((b, h))?;
                let door = self.city.top(block) + house.door();
                // Who lives level with the door walks straight in, the others stand beside.
                let level = users.iter().position(|(wish, _)| *wish == Some(house.door()));
                let level = level.and_then(|at| i32::try_from(at).ok()).unwrap_or((n - 1) / 2);
                return Some((0..n).map(|at| (door + (at - level) * 6).clamp(from + 4, to - 4)).collect());
            }
            // Beside the next column: bars stand beside the one before.
            Stretch::Channel(..) => (from + 4, to - 10, Some(to - 10)),
            Stretch::Gap(..) | Stretch::Alley(..) => {
                let wishes: i64 = users.iter().filter_map(|(wish, _)| *wish).map(i64::from).sum();
                (from + 5, to - 5, i32::try_from(wishes / i64::from(n)).ok())
            }
            Stretch::Gutter(_) => (from + 4, to - 4, None),
        };
        if high <= low {
            return Some(vec![low.midpoint(high); users.len()]);
        }
        let apart = if n > 1 { ((high - low) / (n - 1)).min(7) } else { 0 };
        let wide = apart * (n - 1);
        let middle = wish.unwrap_or(low.midpoint(high));
        let first = (middle - wide / 2).clamp(low, high - wide);
        Some((0..n).map(|at| first + apart * at).collect())
    }

    fn draw(&self, way: Way, turns: &[Turn], tracks: &Tracks) -> Option<Line> {
        let (a, from) = self.house(way.from)?;
        let (b, to) = self.house(way.to)?;
        let mut x = a.x + from.x + from.w;
        let mut y = self.city.top(a) + from.door();
        let mut line = vec![(x, y)];
        for (at, turn) in turns.iter().enumerate() {
            let place = match turn {
                Turn::To(place) => *place,
                Turn::Along(stretch, owner, _) => *tracks.get(&(*stretch, *owner))?,
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
