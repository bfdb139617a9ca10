//! Streets: calls as orthogonal lines that never cross a house.
//!
//! Inside a block a street runs down the channels between columns and passes a column through a gap between its houses.
//! Between blocks it leaves by a channel, runs along the gutters between shelves and passes a shelf through an alley
//! between its blocks. Streets of one source share their way; different ones keep apart.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::blocks::GUTTER;
use super::router::User;
use super::{Block, City, House};

/// A call between two houses, each as block and house by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub from: (usize, usize),
    pub to: (usize, usize),
}

/// Where the name of a block ends.
const UNDER_NAME: i32 = 27;

/// A line of corners, which a scene shares with the one before where it runs as it did.
pub(super) type Line = Arc<[(i32, i32)]>;

/// Whose street it is: all that leaves a house, all that comes to it from other blocks, all from one block to another. The
/// second part is the block that is left, or the one that is reached.
pub(super) type Owner = (u8, u32, u32);

/// Who runs along a stretch, and where it would like to run if it may choose.
pub(super) type Track = (Stretch, Owner, Option<i32>);

/// The first part of an owner that is all that leaves a house.
pub(super) const LEAVES: u8 = 0;

/// That of one that is all that comes to a house from other blocks.
pub(super) const REACHES: u8 = 2;

/// A stretch several streets may want side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stretch {
    /// A channel of a block.
    Channel(u32, u32),
    /// A gap of a column of a block.
    Gap(u32, u32, u32),
    /// The gutter above a shelf.
    Gutter(u32),
    /// An alley through a shelf.
    Alley(u32, u32),
    /// The wall of a house streets arrive at.
    Wall(u32, u32),
}

impl Stretch {
    /// The block it lies in; none where it lies between blocks.
    pub fn block(&self) -> Option<usize> {
        match self {
            Self::Channel(block, _) | Self::Gap(block, ..) | Self::Wall(block, _) => Some(*block as usize),
            Self::Gutter(_) | Self::Alley(..) => None,
        }
    }
}

/// One piece of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// To this height or breadth exactly.
    To(i32),
    /// To where a track runs.
    Along(usize),
}

/// The stretches of a city.
pub(super) struct Roads<'a> {
    pub city: &'a City,
    /// Free heights of each column from above, by block and column.
    pub gaps: &'a [Gaps],
    /// Free ground through each shelf.
    pub alleys: &'a [Vec<(i32, i32)>],
}

/// The free heights of each column of a block.
pub(super) type Gaps = Vec<Vec<(i32, i32)>>;

/// Tracks on stretches, by number: one for each owner.
#[derive(Default)]
pub(super) struct Tracks {
    laid: Vec<Track>,
    /// The house left last, and its tracks: ways of one house follow one another, and most turns are its own.
    house: Option<Owner>,
    own: FxHashMap<Stretch, usize>,
    /// Those of all other owners.
    others: FxHashMap<(Stretch, Owner), usize>,
}

impl Tracks {
    /// The track of an owner on a stretch; it lies near to somewhere if it may choose.
    fn along(&mut self, stretch: Stretch, owner: Owner, wish: Option<i32>) -> Turn {
        let next = self.laid.len();
        let track = if owner.0 == LEAVES {
            if self.house.replace(owner) != Some(owner) {
                self.own.clear();
            }
            *self.own.entry(stretch).or_insert(next)
        } else {
            *self.others.entry((stretch, owner)).or_insert(next)
        };
        if track == next {
            self.laid.push((stretch, owner, wish));
        }
        Turn::Along(track)
    }

    /// What was laid; the next begins with none.
    pub fn take(&mut self) -> Vec<Track> {
        self.house = None;
        self.own.clear();
        self.others.clear();
        std::mem::take(&mut self.laid)
    }
}

pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The heights between the houses of each column of a block.
pub(super) fn gaps_of(block: &Block) -> Gaps {
    let mut columns: Vec<Vec<(i32, i32)>> = vec![Vec::new(); block.columns.len()];
    for house in &block.houses {
        if let Some(column) = columns.get_mut(house.column) {
            column.push((house.y, house.y + house.h));
        }
    }
    let free = |mut houses: Vec<(i32, i32)>| {
        houses.sort_unstable();
        let mut from = UNDER_NAME;
        let mut free = Vec::with_capacity(houses.len() + 1);
        for (top, low) in houses {
            free.push((from, top));
            from = low;
        }
        free.push((from, block.h));
        free
    };
    columns.into_iter().map(free).collect()
}

impl Roads<'_> {
    fn house(&self, (b, h): (usize, usize)) -> Option<(&Block, &House)> {
        let block = self.city.blocks.get(b)?;
        Some((block, block.houses.get(h)?))
    }

    /// Adds the turns of a way, beginning level with the door it leaves by and ending level with the wall it arrives at;
    /// breadth and height take turns. Nothing where it leads nowhere.
    pub fn plan(&self, way: Way, tracks: &mut Tracks, turns: &mut Vec<Turn>) {
        let (Some((a, from)), Some((b, to))) = (self.house(way.from), self.house(way.to)) else { return };
        if way.from.0 == way.to.0 {
            self.inside(way, from, to, tracks, turns);
        } else if let Some(shelves) = a.shelf.zip(b.shelf) {
            self.between(way, shelves, from, (b, to), tracks, turns);
        }
    }

    fn inside(&self, way: Way, from: &House, to: &House, tracks: &mut Tracks, turns: &mut Vec<Turn>) {
        let b = small(way.from.0);
        let owner = (LEAVES, b, small(way.from.1));
        let (out, into) = (from.column + 1, to.column);
        let goal = to.door();
        let top = self.city.blocks.get(way.from.0).map_or(0, |block| self.city.top(block));
        let gaps = self.gaps.get(way.from.0).map_or(&[][..], Vec::as_slice);
        let mut channel = out;
        for column in crossed(out, into) {
            turns.push(tracks.along(Stretch::Channel(b, small(channel)), owner, None));
            let gap = gaps.get(column).map_or(0, |gaps| nearest(gaps, goal));
            turns.push(tracks.along(Stretch::Gap(b, small(column), small(gap)), owner, Some(top + goal)));
            channel = if out <= into { column + 1 } else { column };
        }
        turns.push(tracks.along(Stretch::Channel(b, small(channel)), owner, None));
        turns.push(tracks.along(Stretch::Wall(small(way.to.0), small(way.to.1)), owner, Some(from.door())));
    }

    fn between(
        &self,
        way: Way,
        (above, below): (usize, usize),
        from: &House,
        (b, to): (&Block, &House),
        tracks: &mut Tracks,
        turns: &mut Vec<Turn>,
    ) {
        let out = if above > below { above } else { above + 1 };
        let into = if above < below { below } else { below + 1 };
        let (leaves, arrives) = (small(way.from.0), small(way.to.0));
        let pair = (1, leaves, arrives);
        let door = (LEAVES, leaves, small(way.from.1));
        turns.push(tracks.along(Stretch::Channel(leaves, small(from.column + 1)), door, None));
        let mut gutter = out;
        let goal = b.x + to.x;
        for row in crossed(out, into) {
            turns.push(tracks.along(Stretch::Gutter(small(gutter)), pair, None));
            let alley = self.alleys.get(row).map_or(0, |alleys| nearest(alleys, goal));
            turns.push(tracks.along(Stretch::Alley(small(row), small(alley)), pair, Some(goal)));
            gutter = if out <= into { row + 1 } else { row };
        }
        turns.push(tracks.along(Stretch::Gutter(small(gutter)), pair, None));
        let wall = (REACHES, arrives, small(way.to.1));
        turns.push(tracks.along(Stretch::Channel(arrives, small(to.column)), wall, None));
        turns.push(Turn::To(self.city.top(b) + to.door()));
    }

    /// The span of a stretch across its direction.
    pub fn span(&self, stretch: Stretch) -> Option<(i32, i32)> {
        match stretch {
            Stretch::Channel(b, channel) => {
                let (block, channel) = (self.city.blocks.get(b as usize)?, channel as usize);
                let left = match channel.checked_sub(1).and_then(|before| block.columns.get(before)) {
                    Some(column) => column.x + column.w,
                    None => 3,
                };
                let right = block.columns.get(channel).map_or(block.w - 3, |column| column.x);
                Some((block.x + left, block.x + right))
            }
            Stretch::Gap(b, column, gap) => {
                let top = self.city.top(self.city.blocks.get(b as usize)?);
                let (from, to) = self.gaps.get(b as usize)?.get(column as usize)?.get(gap as usize)?;
                Some((top + from, top + to))
            }
            Stretch::Gutter(row) => {
                let low = match self.city.shelves.get(row as usize) {
                    Some(row) => row.y,
                    None => self.city.shelves.last().map_or(0, |last| last.y + last.h + GUTTER),
                };
                Some((low - GUTTER, low))
            }
            Stretch::Alley(row, alley) => self.alleys.get(row as usize)?.get(alley as usize).copied(),
            Stretch::Wall(b, h) => {
                let (block, house) = self.house((b as usize, h as usize))?;
                let top = self.city.top(block) + house.y;
                Some((top, top + house.h))
            }
        }
    }

    /// Where each of its users, which are in order, runs on a stretch.
    pub fn places(&self, stretch: Stretch, users: &[(User, i32)]) -> Option<Vec<i32>> {
        let (from, to) = self.span(stretch)?;
        let n = i32::try_from(users.len()).ok()?;
        // Far enough apart to be told from one another, while the room suffices.
        let (low, high, wish) = match stretch {
            Stretch::Wall(b, h) => {
                let (block, house) = self.house((b as usize, h as usize))?;
                let door = self.city.top(block) + house.door();
                // Who lives level with the door walks straight in, the others stand beside.
                let level = users.iter().position(|((wish, _), _)| *wish == Some(house.door()));
                let level = level.and_then(|at| i32::try_from(at).ok()).unwrap_or((n - 1) / 2);
                return Some((0..n).map(|at| (door + (at - level) * 6).clamp(from + 4, to - 4)).collect());
            }
            // Beside the next column: bars stand beside the one before.
            Stretch::Channel(..) => (from + 4, to - 10, Some(to - 10)),
            Stretch::Gap(..) | Stretch::Alley(..) => {
                let wishes: i64 = users.iter().filter_map(|((wish, _), _)| *wish).map(i64::from).sum();
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

    pub fn draw(&self, way: Way, turns: &[Turn], places: impl Fn(usize) -> Option<i32>) -> Option<Line> {
        let (a, from) = self.house(way.from)?;
        let (b, to) = self.house(way.to)?;
        let mut x = a.x + from.x + from.w;
        let mut y = self.city.top(a) + from.door();
        let mut line = vec![(x, y)];
        for (at, turn) in turns.iter().enumerate() {
            let place = match turn {
                Turn::To(place) => *place,
                Turn::Along(track) => places(*track)?,
            };
            if at % 2 == 0 {
                x = place;
            } else {
                y = place;
            }
            line.push((x, y));
        }
        line.push((b.x + to.x, y));
        Some(straightened(&line).into())
    }
}

/// What lies between two channels or gutters, in the order of the way.
fn crossed(out: usize, into: usize) -> impl Iterator<Item = usize> {
    let (low, high) = (out.min(into), out.max(into));
    (low..high).map(move |at| if out <= into { at } else { low + high - 1 - at })
}

/// The span nearest to a goal, of two that are as near the first. They lie one after the other.
fn nearest(spans: &[(i32, i32)], goal: i32) -> usize {
    let after = spans.partition_point(|(_, to)| *to < goal);
    let away = |at: usize| spans.get(at).map_or(i32::MAX, |(from, to)| (from - goal).max(goal - to).max(0));
    match after.checked_sub(1) {
        Some(before) if away(before) <= away(after) => before,
        _ => after,
    }
}

/// A line without corners that are none.
fn straightened(line: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut out: Vec<(i32, i32)> = Vec::with_capacity(line.len());
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
