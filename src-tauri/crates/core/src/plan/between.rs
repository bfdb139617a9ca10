//! What leads from one picture to the next: which rows are those of before.

use rustc_hash::FxHashMap;

use super::rows::{BlockRow, CaseRow, CellRow, HouseRow, Picture, Starts, StreetRow};
use super::sheet::{Sheet, Table};
use super::weave::Weave;
use crate::id::ObjectKey;

/// What became of a block since it was drawn last.
#[derive(Debug, Default)]
pub(super) struct Fate {
    /// Which of the blocks before it was.
    pub from: Option<usize>,
    /// Its rows are those of before, but for some, by their place in it.
    pub kept: bool,
    pub houses: Vec<usize>,
    /// By house and cell.
    pub cells: Vec<(usize, usize)>,
    /// Of a block that was drawn anew: which house each was before, where its cells were taken over but for some.
    pub taken: Vec<Option<usize>>,
}

/// What became of the streets.
#[derive(Debug)]
pub(super) enum Ways {
    /// They are those of before, but for some in which something else is read.
    Kept(Vec<usize>),
    Drawn,
}

/// A picture as it was. The rows of blocks that are kept are with the one of now.
pub(super) struct Before {
    pub picture: Picture,
    pub starts: Starts,
    pub fates: Vec<Fate>,
    pub ways: Ways,
    pub are_cases_kept: bool,
}

/// Where rows of the table before stand now, those included that are sent anew.
type Moved = Vec<Option<usize>>;

impl<'p> Table<&'p CaseRow> {
    fn of_cases(before: &[CaseRow], now: &'p [CaseRow], houses: &Moved, blocks: &Moved) -> Self {
        let known: FxHashMap<&str, usize> =
            before.iter().enumerate().map(|(at, case)| (case.alert.as_str(), at)).collect();
        let place = |row: Option<usize>, moved: &Moved| row.and_then(|row| moved.get(row).copied().flatten());
        let is_as = |old: &CaseRow, case: &CaseRow| {
            let placed = CaseRow { house: place(old.house, houses), block: place(old.block, blocks), ..old.clone() };
            // What stood at a house that is gone stands elsewhere now, also where it stands nowhere.
            placed == *case
                && (old.house.is_some(), old.block.is_some()) == (case.house.is_some(), case.block.is_some())
        };
        let origin = |case: &CaseRow| {
            let at = known.get(case.alert.as_str()).copied()?;
            before.get(at).is_some_and(|old| is_as(old, case)).then_some(at)
        };
        Self::of(now, before.len(), origin)
    }
}

impl<'p, R> Table<&'p R> {
    /// The rows of now, each of which was a row before where `origin` says so.
    fn of(now: &'p [R], before: usize, origin: impl Fn(&R) -> Option<usize>) -> Self {
        let (mut weave, mut fresh) = (Weave::default(), Vec::new());
        for row in now {
            match origin(row) {
                Some(from) => weave.keep(from, 1),
                None => {
                    weave.fresh(1);
                    fresh.push(row);
                }
            }
        }
        Self::woven(weave, fresh, before)
    }
}

/// The houses and cells of now, as they are put together block by block.
#[derive(Default)]
struct Loom<'p> {
    houses: (Weave, Vec<&'p HouseRow>, Vec<Option<usize>>),
    cells: (Weave, Vec<(&'p HouseRow, &'p CellRow)>),
}

fn in_order<R: Ord>(mut rows: Vec<R>) -> Vec<R> {
    rows.sort_unstable();
    rows.dedup();
    rows
}

impl<'p> Loom<'p> {
    /// A block that is kept but for some rows; its rows began here before.
    fn kept(&mut self, block: &'p BlockRow, fate: &Fate, (house, cell): (usize, usize)) {
        let houses = in_order(fate.houses.clone());
        self.houses.0.keep_but(house, block.houses.len(), &houses);
        self.houses.1.extend(houses.iter().filter_map(|at| block.houses.get(*at)));
        self.houses.2.extend(houses.iter().map(|at| Some(house + at)));
        let again = in_order(fate.cells.clone());
        let again: Vec<(&HouseRow, usize)> =
            again.into_iter().filter_map(|(house, cell)| Some((block.houses.get(house)?, cell))).collect();
        let rows: Vec<usize> = again.iter().map(|(house, cell)| house.cell_from + cell).collect();
        self.cells.0.keep_but(cell, block.cells(), &rows);
        self.cells.1.extend(again.iter().filter_map(|(house, cell)| Some((*house, house.cells.get(*cell)?))));
    }

    /// A block that was drawn anew.
    fn drawn(&mut self, block: &'p BlockRow, old: Option<&BlockRow>, fate: &Fate, (house, cell): (usize, usize)) {
        let houses = old.map_or(&[][..], |old| &old.houses);
        let known: FxHashMap<&ObjectKey, usize> = houses.iter().enumerate().map(|(at, it)| (&it.key, at)).collect();
        let again = in_order(fate.cells.clone());
        let mut again = again.chunk_by(|(a, _), (b, _)| a == b).peekable();
        for (number, row) in block.houses.iter().enumerate() {
            let again = again.next_if(|some| some.first().is_some_and(|(house, _)| *house == number));
            let found = known.get(&row.key).and_then(|at| Some((*at, houses.get(*at)?)));
            match found {
                Some((at, was)) if was.reads_as(row) => self.houses.0.keep(house + at, 1),
                _ => {
                    self.houses.0.fresh(1);
                    self.houses.1.push(row);
                    self.houses.2.push(found.map(|(at, _)| house + at));
                }
            }
            let first = cell + found.map_or(0, |(_, was)| was.cell_from);
            if fate.taken.get(number).is_some_and(Option::is_some) {
                let again: Vec<usize> = again.into_iter().flatten().map(|(_, cell)| *cell).collect();
                self.cells.0.keep_but(first, row.cells.len(), &again);
                self.cells.1.extend(again.iter().filter_map(|cell| Some((row, row.cells.get(*cell)?))));
                continue;
            }
            let was = found.map_or(&[][..], |(_, was)| was.cells.as_slice());
            let mut at = 0;
            for one in row.cells.iter() {
                let place = |cell: &CellRow| (cell.y, cell.x);
                while was.get(at).is_some_and(|before| place(before) < place(one)) {
                    at += 1;
                }
                if was.get(at).is_some_and(|before| before.reads_as(one)) {
                    self.cells.0.keep(first + at, 1);
                } else {
                    self.cells.0.fresh(1);
                    self.cells.1.push((row, one));
                }
            }
        }
    }
}

impl<'p> Sheet<'p> {
    /// What leads from the picture before to that of now.
    pub fn between(before: &Before, now: &'p Picture) -> Self {
        let Before { picture, starts, fates, ways, are_cases_kept } = before;
        let (mut blocks, mut loom) = (Table::empty(), Loom::default());
        for (block, fate) in now.blocks.iter().zip(fates) {
            let from = fate.from.and_then(|from| Some((from, picture.blocks.get(from)?)));
            let first = fate.from.map_or((0, 0), |from| (starts.house(from), starts.cell(from)));
            match from {
                Some((at, old)) if old.reads_as(block) && (fate.kept || old.holds_as_many(block)) => blocks.keep(at),
                _ => blocks.add(block, fate.from),
            }
            if fate.kept {
                loom.kept(block, fate, first);
            } else {
                loom.drawn(block, from.map(|(_, old)| old), fate, first);
            }
        }
        let blocks = blocks.closed(picture.blocks.len());
        let (weave, fresh, was) = loom.houses;
        let houses = Table { was, ..Table::woven(weave, fresh, starts.houses()) };
        let cells = Table::woven(loom.cells.0, loom.cells.1, starts.cells());
        let (moved, moved_blocks) = (houses.moved(starts.houses()), blocks.moved(picture.blocks.len()));
        let streets = match ways {
            Ways::Kept(but) => {
                let mut weave = Weave::default();
                weave.keep_but(0, now.streets.len(), but);
                let fresh = but.iter().filter_map(|at| now.streets.get(*at)).collect();
                Table::woven(weave, fresh, now.streets.len())
            }
            Ways::Drawn => Table::of_streets(&picture.streets, &now.streets, &moved),
        };
        let is_same = picture.districts == now.districts;
        let districts = Table { is_same, ..Table::whole(&now.districts) };
        let cases = match are_cases_kept {
            true => Table::kept(now.cases.len()),
            false => Table::of_cases(&picture.cases, &now.cases, &moved, &moved_blocks),
        };
        Self { picture: now, districts, blocks, houses, cells, streets, cases }
    }
}

impl<'p> Table<&'p BlockRow> {
    fn empty() -> Self {
        Self::woven(Weave::default(), Vec::new(), 0)
    }

    fn keep(&mut self, from: usize) {
        self.weave.keep(from, 1);
    }

    fn add(&mut self, row: &'p BlockRow, was: Option<usize>) {
        self.weave.fresh(1);
        self.fresh.push(row);
        self.was.push(was);
    }

    fn closed(self, before: usize) -> Self {
        Self { is_same: self.weave.is_same(before), ..self }
    }
}

impl<R> Table<R> {
    /// The table before, which had so many rows.
    fn kept(rows: usize) -> Self {
        let mut weave = Weave::default();
        weave.keep(0, rows);
        Self::woven(weave, Vec::new(), rows)
    }

    /// Where the rows of the table before, which had so many, stand now.
    fn moved(&self, before: usize) -> Moved {
        let mut moved = self.weave.moved(before);
        for (row, was) in self.weave.fresh_rows().zip(&self.was) {
            if let Some(place) = was.and_then(|was| moved.get_mut(was)) {
                *place = Some(row);
            }
        }
        moved
    }
}

impl<'p> Table<&'p StreetRow> {
    fn of_streets(before: &[StreetRow], now: &'p [StreetRow], houses: &Moved) -> Self {
        let place = |row: usize| houses.get(row).copied().flatten();
        let ends = |street: &StreetRow| Some((place(street.from)?, place(street.to)?));
        let known = before.iter().enumerate().filter_map(|(at, street)| Some((ends(street)?, at)));
        let known: FxHashMap<(usize, usize), usize> = known.collect();
        let origin = |street: &StreetRow| {
            let at = known.get(&(street.from, street.to)).copied()?;
            before.get(at).is_some_and(|old| old.reads_as(street)).then_some(at)
        };
        Self::of(now, before.len(), origin)
    }
}
