//! Streets found again where something changed: only ways that leave a block that changed, or reach a house that stands
//! elsewhere, are planned again, and only streets some track of which runs elsewhere now are drawn again.

use rustc_hash::{FxHashMap, FxHashSet};

use super::streets::{Gaps, LEAVES, Line, Owner, REACHES, Roads, Stretch, Track, Tracks, Turn, Way, gaps_of, small};
use super::{Block, City};
use crate::stamp::Stamp;

/// A block as its ways were planned: how what stands in it stands, and where it stands itself.
#[derive(Clone, Copy, Debug)]
struct Stand {
    stamp: Stamp,
    shelf: Option<usize>,
    rect: (i32, i32, i32, i32),
}

impl Stand {
    fn of(city: &City, block: &Block) -> Self {
        Self { stamp: block.stamp, shelf: block.shelf, rect: (block.x, city.top(block), block.w, block.h) }
    }

    fn is(&self, other: &Self) -> bool {
        self.stamp.is(other.stamp) && (self.shelf, self.rect) == (other.shelf, other.rect)
    }

    /// Whether both stand at the same place, whatever their size.
    fn is_at(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.shelf, it.rect.0, it.rect.1);
        place(self) == place(other)
    }
}

/// What ways that leave or reach a house hang on, in its block: column, left wall, width and door.
type Spot = (usize, i32, i32, i32);

fn spots_of(block: &Block) -> Vec<Spot> {
    block.houses.iter().map(|house| (house.column, house.x, house.w, house.door())).collect()
}

/// How many houses from the first stand where they stood.
fn still_ones(was: &[Spot], is: &[Spot]) -> usize {
    was.iter().zip(is).take_while(|(was, is)| was == is).count()
}

/// The ways that leave the houses of one block, as they were planned and drawn.
#[derive(Debug, Default)]
struct Leaving {
    ways: Vec<Way>,
    tracks: Vec<Track>,
    turns: Vec<Turn>,
    /// Where the turns of each way end.
    ends: Vec<usize>,
    /// The other blocks they reach, in order.
    reaches: Vec<u32>,
    /// A line for each way; none before they were drawn.
    lines: Vec<Line>,
}

impl Leaving {
    /// Plans the ways that leave one block.
    fn plan(roads: &Roads<'_>, ways: &[Way], tracks: &mut Tracks) -> Self {
        let mut turns: Vec<Turn> = Vec::with_capacity(8 * ways.len());
        let plan = |way: &Way| {
            roads.plan(*way, tracks, &mut turns);
            turns.len()
        };
        let ends = ways.iter().map(plan).collect();
        let others = ways.iter().filter(|way| way.from.0 != way.to.0).map(|way| small(way.to.0));
        let mut reaches: Vec<u32> = others.collect();
        reaches.sort_unstable();
        reaches.dedup();
        Self { ways: ways.to_vec(), tracks: tracks.take(), turns, ends, reaches, lines: Vec::new() }
    }

    /// The block they leave.
    fn block(&self) -> Option<usize> {
        self.ways.first().map(|way| way.from.0)
    }

    /// Draws each way that is not as the `kept` line of the same number says it is.
    fn draw(&mut self, roads: &Roads<'_>, stretches: &FxHashMap<Stretch, Sharing>, kept: &[Option<Line>]) {
        let place = |track: usize| {
            let (stretch, owner, wish) = self.tracks.get(track)?;
            stretches.get(stretch)?.place(&(*wish, *owner))
        };
        let mut from = 0;
        let line = |(at, (way, to)): (usize, (&Way, &usize))| {
            let turns = self.turns.get(from..*to).unwrap_or_default();
            from = *to;
            let kept = kept.get(at).cloned().flatten();
            kept.unwrap_or_else(|| roads.draw(*way, turns, place).unwrap_or_default())
        };
        self.lines = self.ways.iter().zip(&self.ends).enumerate().map(line).collect();
    }

    /// The lines of the ways that are planned as they were before and stand between blocks that do.
    fn kept(&self, before: &Self, stays: impl Fn(&Way) -> bool) -> Vec<Option<Line>> {
        if self.tracks != before.tracks || self.turns != before.turns || self.ends != before.ends {
            return Vec::new();
        }
        let both = self.ways.iter().zip(&before.ways).zip(&before.lines);
        both.map(|((way, was), line)| (way == was && stays(way)).then(|| line.clone())).collect()
    }
}

/// Where an owner would like to run if it may choose.
pub(super) type User = (Option<i32>, Owner);

/// Who uses a stretch, in order, with the number of blocks whose ways do so as that owner, and where each of them runs.
#[derive(Debug, Default)]
struct Sharing {
    users: Vec<(User, i32)>,
    places: Vec<i32>,
    /// Users that came, and such that left, since that was so.
    news: Vec<(User, i32)>,
}

impl Sharing {
    fn place(&self, user: &User) -> Option<i32> {
        let at = self.users.binary_search_by(|(known, _)| known.cmp(user)).ok()?;
        self.places.get(at).copied()
    }

    /// Takes the news in, and tells whom they left elsewhere than they were.
    fn settle(&mut self, roads: &Roads<'_>, stretch: Stretch, mut tell: impl FnMut(Owner)) {
        let mut news = std::mem::take(&mut self.news);
        if news.is_empty() {
            let places = roads.places(stretch, &self.users).unwrap_or_default();
            let were = std::mem::replace(&mut self.places, places);
            let is_elsewhere = |(at, place): (usize, &i32)| were.get(at) != Some(place);
            let moved = self.places.iter().enumerate().map(is_elsewhere).zip(&self.users);
            moved.filter(|(moved, _)| *moved).for_each(|(_, ((_, owner), _))| tell(*owner));
            return;
        }
        news.extend(self.users.iter().copied());
        // Nearly all of it is in order, which this one sees.
        news.sort();
        news.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        news.retain(|(_, many)| *many > 0);
        let found = if news.is_empty() { None } else { roads.places(stretch, &news) };
        let places = found.unwrap_or_default();
        let users = std::mem::replace(&mut self.users, news);
        let were = std::mem::replace(&mut self.places, places);
        let mut old = users.into_iter().zip(were).peekable();
        for ((user, _), place) in self.users.iter().zip(&self.places) {
            while old.next_if(|((known, _), _)| known < user).is_some() {}
            if old.next_if(|((known, _), was)| known == user && was == place).is_none() {
                tell(user.1);
            }
        }
    }
}

/// Finds lines for ways.
#[derive(Debug, Default)]
pub(super) struct Router {
    stands: Vec<Stand>,
    spots: Vec<Vec<Spot>>,
    gaps: Vec<Gaps>,
    gutters: Vec<Option<(i32, i32)>>,
    alleys: Vec<Vec<(i32, i32)>>,
    leaving: Vec<Leaving>,
    stretches: FxHashMap<Stretch, Sharing>,
}

impl Router {
    /// Lines for the ways, in their order, which is that of the houses they leave: the same as those of a router that
    /// never found any before.
    pub fn route(&mut self, city: &City, ways: &[Way]) -> Vec<Line> {
        debug_assert!(ways.is_sorted_by_key(|way| way.from), "a house would have two tracks on one stretch");
        let before = std::mem::take(self);
        self.stands = city.blocks.iter().map(|block| Stand::of(city, block)).collect();
        let stays = |at: usize| before.stands.get(at).zip(self.stands.get(at)).is_some_and(|(old, now)| old.is(now));
        let stay: Vec<bool> = (0..self.stands.len()).map(stays).collect();
        let (mut gaps, mut spots) = (before.gaps, before.spots);
        gaps.resize_with(city.blocks.len(), Vec::new);
        spots.resize_with(city.blocks.len(), Vec::new);
        // Of each block, how many of its houses stand where they stood.
        let mut still = vec![usize::MAX; city.blocks.len()];
        for (at, block) in city.blocks.iter().enumerate().filter(|(at, _)| !stay[*at]) {
            let stood = before.stands.get(at).zip(self.stands.get(at)).is_some_and(|(old, now)| old.is_at(now));
            let were = std::mem::replace(&mut spots[at], spots_of(block));
            still[at] = if stood { still_ones(&were, &spots[at]) } else { 0 };
            gaps[at] = gaps_of(block);
        }
        (self.gaps, self.spots) = (gaps, spots);
        self.alleys = (0..city.shelves.len()).map(|row| city.alleys(row)).collect();
        self.stretches = before.stretches;
        let stands = |at: usize| stay.get(at).copied().unwrap_or_default();
        let is_there = |(block, house): (usize, usize)| still.get(block).is_some_and(|many| house < *many);
        let roads = Roads { city, gaps: &self.gaps, alleys: &self.alleys };
        self.gutters = (0..=city.shelves.len()).map(|row| roads.span(Stretch::Gutter(small(row)))).collect();
        // Ways that cross a shelf between theirs choose among its alleys.
        let differs = |row: &usize| self.alleys.get(*row) != before.alleys.get(*row);
        let others: Vec<usize> = (0..city.shelves.len()).filter(differs).collect();
        let row_of = |block: usize| city.blocks.get(block).and_then(|block| block.shelf);
        let crosses = |way: &Way| {
            let (Some(from), Some(to)) = (row_of(way.from.0), row_of(way.to.0)) else { return true };
            way.from.0 != way.to.0 && others.iter().any(|row| (from.min(to) + 1..from.max(to)).contains(row))
        };
        let leads_on = |way: &Way| is_there(way.to) && (others.is_empty() || !crosses(way));
        let mut tracks = Tracks::default();
        let mut were: Vec<Option<Leaving>> = Vec::new();
        let mut known = before.leaving.into_iter().peekable();
        for ways in ways.chunk_by(|a, b| a.from.0 == b.from.0) {
            let block = ways.first().map(|way| way.from.0);
            while let Some(old) = known.next_if(|old| old.block() < block) {
                note(&mut self.stretches, &old.tracks, -1);
            }
            let old = known.next_if(|old| old.block() == block);
            let is_kept = |old: &Leaving| block.is_some_and(stands) && old.ways == ways && ways.iter().all(leads_on);
            let (next, was) = match old {
                Some(old) if is_kept(&old) => (old, None),
                old => {
                    let new = Leaving::plan(&roads, ways, &mut tracks);
                    let left = old.as_ref().map_or(&[][..], |old| &old.tracks);
                    if left != new.tracks {
                        note(&mut self.stretches, left, -1);
                        note(&mut self.stretches, &new.tracks, 1);
                    }
                    (new, old)
                }
            };
            self.leaving.push(next);
            were.push(was);
        }
        for old in known {
            note(&mut self.stretches, &old.tracks, -1);
        }
        let mut elsewhere: FxHashSet<(u8, u32)> = FxHashSet::default();
        let lies_still = |stretch: &Stretch| match (*stretch, stretch.block()) {
            (_, Some(block)) => stands(block),
            (Stretch::Gutter(row), _) => self.gutters.get(row as usize) == before.gutters.get(row as usize),
            (Stretch::Alley(row, at), _) => {
                let alley = |of: &[Vec<(i32, i32)>]| of.get(row as usize)?.get(at as usize).copied();
                alley(&self.alleys) == alley(&before.alleys)
            }
            _ => false,
        };
        self.stretches.retain(|stretch, sharing| {
            if !sharing.news.is_empty() || !lies_still(stretch) {
                sharing.settle(&roads, *stretch, |(kind, block, _)| {
                    elsewhere.insert((if kind == REACHES { REACHES } else { LEAVES }, block));
                });
            }
            !sharing.users.is_empty()
        });
        for (leaving, was) in self.leaving.iter_mut().zip(were) {
            let leaves = leaving.block().is_some_and(|at| elsewhere.contains(&(LEAVES, small(at))));
            let arrives = |block: usize| elsewhere.contains(&(REACHES, small(block)));
            let is_still = |way: &Way| is_there(way.from) && is_there(way.to) && !arrives(way.to.0);
            let kept = match was {
                Some(was) if !leaves => leaving.kept(&was, is_still),
                _ => Vec::new(),
            };
            if leaving.lines.is_empty() || leaves || leaving.reaches.iter().any(|block| arrives(*block as usize)) {
                leaving.draw(&roads, &self.stretches, &kept);
            }
        }
        self.leaving.iter().flat_map(|it| it.lines.iter().cloned()).collect()
    }
}

/// Notes that the owners of tracks use their stretches once more, or once less.
fn note(stretches: &mut FxHashMap<Stretch, Sharing>, tracks: &[Track], by: i32) {
    for (stretch, owner, wish) in tracks {
        stretches.entry(*stretch).or_default().news.push(((*wish, *owner), by));
    }
}
