//! The scene: the plan with what is known now drawn into it. A drawing is kept, and brought up to date by what changed; whoever
//! has it as it was is told the steps since.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::between::{Before, Fate, Ways};
use super::districts::{self, Ground, bounds_of};
use super::pen::{Pen, number_of, there};
use super::router::Router;
use super::rows::{BlockRow, CellRow, HUB, HouseRow, Picture, Rect, Starts, StreetRow, UNKNOWN};
use super::scene::{Draft, Site, lined};
use super::seats::Seats;
use super::sheet::{Sheet, Title};
use super::{Lens, Plan, calls};
use crate::alerts::{Alert, AlertState, Case, Placed};
use crate::id::{ObjectKey, Text};
use crate::stamp::Stamp;
use crate::time::Moment;
use crate::world::{Delta, Id, Street, World, is_of_houses};

/// With more news than this nobody has asked for a drawing for long.
const NEWS: usize = 100_000;

/// How many bytes of steps are kept.
const STEPS: usize = 8 << 20;

/// What a scene shows beside the world and its plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct SceneOptions<'a> {
    /// Which lens.
    pub lens: Lens,
    /// The revision the scene tells.
    pub revision: u32,
    /// Alerts resolved within the last minute, with the cases they were: they fade instead of vanishing.
    pub fading: &'a [(Alert, Case)],
    /// Whether streets tell what the network policies are predicted to do on them.
    pub policies: bool,
}

/// Packs what a lens shows into the bytes the screen reads.
#[must_use]
pub fn scene(world: &World, plan: &Plan, placed: &Placed, options: &SceneOptions<'_>) -> Vec<u8> {
    let mut drawing = Drawing::new(options.lens, options.policies, String::new());
    drawing.bring_up(world, plan, placed, options);
    drawing.whole()
}

/// The same scene for a recording: it says when it was drawn.
#[must_use]
pub fn scene_drawn(world: &World, plan: &Plan, placed: &Placed, options: &SceneOptions<'_>, at: Moment) -> Vec<u8> {
    let mut drawing = Drawing::new(options.lens, options.policies, String::new());
    drawing.still(world, plan, placed, options).pack(at)
}

/// A drawing as it was: to be packed while the world it was drawn from goes on.
#[derive(Debug)]
pub struct Still {
    lens: Lens,
    policies: bool,
    picture: Picture,
}

impl Still {
    /// The scene for a recording: it says when it was drawn, and of no revision.
    #[must_use]
    pub fn pack(&self, at: Moment) -> Vec<u8> {
        let Self { lens, policies, ref picture } = *self;
        Sheet::whole(picture).pack(&Title { mark: "", base: None, revision: 0, lens, policies, drawn: Some(at) })
    }
}

impl Picture {
    /// Draws a lens.
    pub fn of(world: &World, plan: &Plan, placed: &Placed, lens: Lens, fading: &[(Alert, Case)]) -> Self {
        let mut drawing = Drawing::new(lens, false, String::new());
        drawing.bring_up(world, plan, placed, &SceneOptions { lens, fading, ..SceneOptions::default() });
        drawing.picture
    }
}

/// What the world said since a drawing was brought up to date.
#[derive(Debug, Default)]
struct News {
    /// Objects that came, went, moved or are judged otherwise.
    keys: Vec<ObjectKey>,
    /// Who calls whom may differ.
    calls: bool,
    /// Alerts, or where they stand, may differ.
    cases: bool,
    /// Anything may differ.
    all: bool,
}

/// What leads from one picture to the next.
#[derive(Debug)]
struct Step {
    base: String,
    bytes: Vec<u8>,
}

/// A lens as it was drawn last, and the steps to it.
#[derive(Debug)]
pub struct Drawing {
    lens: Lens,
    policies: bool,
    /// What its marks begin with.
    name: String,
    mark: String,
    revision: u32,
    /// That of the world it was drawn from; none before it was.
    numbering: Option<Stamp>,
    pub(super) picture: Picture,
    starts: Starts,
    seats: Seats,
    hubs: FxHashMap<Id, usize>,
    /// The streets that were wanted: a line may not have been found for each.
    wanted: Vec<(usize, usize)>,
    /// What finds their lines, by cluster.
    routers: FxHashMap<String, Router>,
    placed: Placed,
    /// Alerts fade in it.
    fades: bool,
    news: News,
    steps: VecDeque<Step>,
}

impl Drawing {
    /// One that shows nothing yet. Its `name` must be one no other drawing ever had: marks begin with it.
    #[must_use]
    pub fn new(lens: Lens, policies: bool, name: String) -> Self {
        Self {
            lens,
            policies,
            name,
            mark: String::new(),
            revision: 0,
            numbering: None,
            picture: Picture::default(),
            starts: Starts::default(),
            seats: Seats::default(),
            hubs: FxHashMap::default(),
            wanted: Vec::new(),
            routers: FxHashMap::default(),
            placed: Placed::default(),
            fades: false,
            news: News::default(),
            steps: VecDeque::new(),
        }
    }

    /// Whether it shows this.
    #[must_use]
    pub fn shows(&self, lens: Lens, policies: bool) -> bool {
        (self.lens, self.policies) == (lens, policies)
    }

    /// Notes what changed in the world. False where so much did that it is to be drawn anew once somebody asks.
    pub fn note(&mut self, delta: &Delta) -> bool {
        let news = &mut self.news;
        news.all |= delta.freshness;
        news.calls |= delta.relations;
        news.cases |= delta.alerts || delta.relations || !delta.moved.is_empty();
        for (key, _) in &delta.moved {
            let is_house = is_of_houses(&key.kind);
            news.calls |= is_house;
            // Where pods stand by node, each tells the house it is part of.
            news.all |= self.lens == Lens::Nodes && is_house && key.kind != "Pod";
        }
        news.keys.extend(delta.moved.iter().map(|(key, _)| key.clone()));
        news.keys.extend(delta.health.iter().cloned());
        news.keys.len() <= NEWS
    }

    /// The bytes that lead whoever holds the scene of this mark to the scene of now: nothing where it is that, the steps
    /// since where they are known, else all of it. Everything that changed since it was asked last was noted.
    pub fn answer(
        &mut self,
        world: &World,
        plan: &Plan,
        placed: &Placed,
        options: &SceneOptions<'_>,
        held: Option<&str>,
    ) -> Vec<u8> {
        self.catch_up(world, plan, placed, options);
        held.and_then(|held| self.since(held)).unwrap_or_else(|| self.whole())
    }

    /// The drawing of now, kept as it is. Everything that changed since it was asked last was noted.
    pub fn still(&mut self, world: &World, plan: &Plan, placed: &Placed, options: &SceneOptions<'_>) -> Still {
        self.catch_up(world, plan, placed, options);
        Still { lens: self.lens, policies: self.policies, picture: self.picture.clone() }
    }

    fn catch_up(&mut self, world: &World, plan: &Plan, placed: &Placed, options: &SceneOptions<'_>) {
        if self.numbering.is_none() {
            self.bring_up(world, plan, placed, options);
        } else if self.revision != options.revision {
            let base = self.mark.clone();
            let bytes = self.follow(world, plan, placed, options);
            self.steps.push_back(Step { base, bytes });
            let mut size: usize = self.steps.iter().map(|step| step.bytes.len()).sum();
            while size > STEPS {
                size -= self.steps.pop_front().map_or(size, |step| step.bytes.len());
            }
        }
    }

    fn since(&self, held: &str) -> Option<Vec<u8>> {
        if held == self.mark {
            return Some(Vec::new());
        }
        let at = self.steps.iter().position(|step| step.base == held)?;
        Some(self.steps.range(at..).flat_map(|step| step.bytes.iter().copied()).collect())
    }

    fn title<'a>(&'a self, base: Option<&'a str>) -> Title<'a> {
        let Self { lens, policies, mark, revision, .. } = self;
        Title { mark, base, revision: *revision, lens: *lens, policies: *policies, drawn: None }
    }

    /// All of it.
    fn whole(&self) -> Vec<u8> {
        Sheet::whole(&self.picture).pack(&self.title(None))
    }

    /// Brings it up to date: the bytes that lead there from what it was.
    fn follow(&mut self, world: &World, plan: &Plan, placed: &Placed, options: &SceneOptions<'_>) -> Vec<u8> {
        let base = self.mark.clone();
        let before = self.bring_up(world, plan, placed, options);
        Sheet::between(&before, &self.picture).pack(&self.title(Some(&base)))
    }

    fn bring_up(&mut self, world: &World, plan: &Plan, placed: &Placed, options: &SceneOptions<'_>) -> Before {
        let news = std::mem::take(&mut self.news);
        let is_known = self.numbering.is_some_and(|numbering| numbering.is(world.numbering()));
        self.numbering = Some(world.numbering());
        self.revision = options.revision;
        self.mark = if self.name.is_empty() { String::new() } else { format!("{}.{}", self.name, options.revision) };
        let mut before = std::mem::take(&mut self.picture);
        let grounds = districts::lay_out(world, plan, self.lens);
        self.picture.bounds = bounds_of(grounds.iter().map(|ground| ground.rect));
        self.picture.tray = placed.tray.len();
        let mut pen = Pen::new(world, self.lens);
        if grounds.len() > 1 {
            let row = |it| districts::row(world, it, pen.silences(), self.lens);
            self.picture.districts = grounds.iter().map(row).collect();
        }
        let mut fates = self.draw_blocks(&mut before, &grounds, &mut pen, is_known && !news.all);
        self.read_again(world, &mut pen, &news, &mut fates);
        let starts = std::mem::replace(&mut self.starts, self.picture.starts());
        let is_moved = has_moved(&before, &self.picture, &fates);
        let mut ways = Ways::Drawn;
        if is_moved || news.calls || news.all || !is_known {
            let calls: Vec<Street> = if self.lens == Lens::Namespaces { world.streets().collect() } else { Vec::new() };
            self.hubs = calls::hubs(world, &calls);
            self.tell_hubs(&mut fates, true);
            self.picture.streets = self.draw_streets(world, &grounds, &calls, (&before.streets, is_moved));
        } else {
            self.tell_hubs(&mut fates, false);
            self.picture.streets = std::mem::take(&mut before.streets);
            ways = Ways::Kept(Vec::new());
        }
        if self.policies {
            let judged = self.judge_streets(world);
            if let Ways::Kept(but) = &mut ways {
                *but = judged;
            }
        }
        let is_told = news.cases || news.all || is_moved || !is_known || self.fades || self.placed != *placed;
        let are_cases_kept = !is_told && options.fading.is_empty();
        if are_cases_kept {
            self.picture.cases = std::mem::take(&mut before.cases);
        } else {
            self.draw_cases(world, placed, options.fading);
        }
        self.add_up(world, &news);
        Before { picture: before, starts, fates, ways, are_cases_kept }
    }

    /// Notes on every street what the network policies are predicted to do, and says for which that differs.
    fn judge_streets(&mut self, world: &World) -> Vec<usize> {
        let mut streets = std::mem::take(&mut self.picture.streets);
        let site = self.site(world);
        let differs = |(row, street): (usize, &mut StreetRow)| {
            let verdict = site.verdict(street);
            (std::mem::replace(&mut street.verdict, verdict) != verdict).then_some(row)
        };
        let judged = streets.iter_mut().enumerate().filter_map(differs).collect();
        self.picture.streets = streets;
        judged
    }

    fn site<'a>(&'a self, world: &'a World) -> Site<'a> {
        Site { world, lens: self.lens, picture: &self.picture, starts: &self.starts, seats: &self.seats }
    }

    /// Draws the blocks that changed, and takes the others over.
    fn draw_blocks(
        &mut self,
        before: &mut Picture,
        grounds: &[Ground<'_>],
        pen: &mut Pen<'_>,
        may_keep: bool,
    ) -> Vec<Fate> {
        let mut fates = Vec::new();
        let mut next = 0;
        for ground in grounds {
            let Some(city) = ground.city else { continue };
            for block in &city.blocks {
                let corner = Rect { x: block.x, y: city.top(block), w: block.w, h: block.h };
                let rect = corner.from(ground.away);
                let is_it = |row: &BlockRow| row.id == block.id;
                let from = match before.blocks.get(next) {
                    Some(row) if is_it(row) => Some(next),
                    _ => before.blocks.iter().position(is_it),
                };
                next = from.map_or(next, |from| from + 1);
                let old = from.and_then(|from| before.blocks.get_mut(from)).filter(|_| may_keep);
                let at = self.picture.blocks.len();
                let is_kept = old.as_ref().is_some_and(|old| old.stamp.is(block.stamp));
                let (row, taken) = match old {
                    Some(old) if is_kept => {
                        let houses = std::mem::take(&mut old.houses);
                        (BlockRow { rect, houses, ..old.clone() }, Vec::new())
                    }
                    old => pen.block(block, rect, old),
                };
                if !is_kept || from != Some(at) {
                    let stands = |house: usize| from == Some(at) && taken.get(house) == Some(&Some(house));
                    self.seats.enter_but(at, &row, stands);
                }
                self.picture.blocks.push(row);
                fates.push(Fate { from, kept: is_kept, taken, ..Fate::default() });
            }
        }
        fates
    }

    /// Reads again what the news are about. Where something is not found, it was drawn before the world knew it, or left and
    /// came back under another number.
    fn read_again(&mut self, world: &World, pen: &mut Pen<'_>, news: &News, fates: &mut [Fate]) {
        let mut seen: FxHashSet<&ObjectKey> = FxHashSet::default();
        let keys: Vec<&ObjectKey> = news.keys.iter().filter(|key| seen.insert(key)).collect();
        let (known, gone): (Vec<&ObjectKey>, Vec<&ObjectKey>) =
            keys.into_iter().partition(|key| there(world, key).is_some());
        // First what is gone: its number may be another's already.
        self.let_go(pen, fates, &gone);
        let mut missed: Vec<&ObjectKey> = Vec::new();
        for (key, id) in known.into_iter().filter_map(|key| Some((key, world.id_of(key)?))) {
            let house = self.seats.house(&self.picture, id).filter(|seat| self.picture.is_house(*seat, key));
            let cell = self.seats.cell(&self.picture, id).filter(|seat| self.picture.is_cell(*seat, key));
            if let Some(seat) = cell {
                self.read_cell(pen, fates, seat);
            }
            if let Some((at, row)) = house {
                self.read_house(pen, fates, at, row);
            }
            let is_missed = match (key.group.as_str(), key.kind.as_str(), self.lens) {
                ("", "Pod", _) => cell.is_none(),
                ("", "Node", Lens::Nodes) => house.is_none(),
                (.., Lens::Namespaces) => house.is_none() && world.is_house(id),
                (.., Lens::Nodes) => false,
            };
            if is_missed {
                missed.push(key);
            }
        }
        if missed.is_empty() {
            return;
        }
        self.let_go(pen, fates, &missed);
        let strange = self.picture.blocks.iter().enumerate().filter(|(_, block)| block.strange);
        for at in strange.map(|(at, _)| at).collect::<Vec<_>>() {
            self.number_anew(world, pen, fates, at);
        }
    }

    /// Takes the number from what has its place still and does not bear that number any more, and reads it again.
    fn let_go(&mut self, pen: &mut Pen<'_>, fates: &mut [Fate], gone: &[&ObjectKey]) {
        if gone.is_empty() {
            return;
        }
        let pods = gone.iter().filter(|key| key.kind == "Pod" && key.group.is_empty());
        let pods: FxHashSet<(&str, &str, &str)> =
            pods.map(|key| (key.cluster.as_str(), key.namespace.as_str(), key.name.as_str())).collect();
        let spaces: FxHashSet<&str> = gone.iter().map(|key| key.namespace.as_str()).collect();
        let gone: FxHashSet<&ObjectKey> = gone.iter().copied().collect();
        let lens = self.lens;
        let may_hold = |block: &BlockRow| {
            let space = block.houses.first().map(|house| house.key.namespace.as_str());
            lens == Lens::Nodes || space.is_some_and(|space| spaces.contains(space))
        };
        for at in 0..self.picture.blocks.len() {
            let Some(block) = self.picture.blocks.get_mut(at) else { continue };
            if !may_hold(block) {
                continue;
            }
            let (mut houses, mut cells) = (Vec::new(), Vec::new());
            for (row, house) in block.houses.iter_mut().enumerate() {
                if house.id.is_some() && gone.contains(&house.key) {
                    house.id = None;
                    houses.push(row);
                }
                let own = if pods.is_empty() { &[][..] } else { house.cells.as_slice() };
                let is_gone = |cell: &CellRow| {
                    let space = cell.namespace.as_ref().unwrap_or(&house.key.namespace);
                    cell.id.is_some()
                        && pods.contains(&(house.key.cluster.as_str(), space.as_str(), cell.name.as_str()))
                };
                let left = own.iter().enumerate().filter(|(_, cell)| is_gone(cell));
                for number in left.map(|(number, _)| number).collect::<Vec<_>>() {
                    Arc::make_mut(&mut house.cells)[number].id = None;
                    house.strange = true;
                    cells.push((row, number));
                }
            }
            block.strange |= !houses.is_empty() || !cells.is_empty();
            for (house, cell) in cells {
                self.read_cell(pen, fates, (at, house, cell));
            }
            for row in houses {
                self.read_house(pen, fates, at, row);
            }
        }
    }

    fn read_cell(&mut self, pen: &mut Pen<'_>, fates: &mut [Fate], (at, house, cell): (usize, usize, usize)) {
        let Some((block, fate)) = self.picture.blocks.get_mut(at).zip(fates.get_mut(at)) else { return };
        let Some(row) = block.houses.get_mut(house) else { return };
        if Arc::make_mut(&mut row.cells).get_mut(cell).is_some_and(|cell| pen.read_cell(cell, &row.key)) {
            fate.cells.push((house, cell));
            row.add_up();
            if row.key.kind == "Unscheduled" {
                self.read_house(pen, fates, at, house);
            }
        }
    }

    fn read_house(&mut self, pen: &Pen<'_>, fates: &mut [Fate], at: usize, row: usize) {
        let Some((block, fate)) = self.picture.blocks.get_mut(at).zip(fates.get_mut(at)) else { return };
        if block.houses.get_mut(row).is_some_and(|house| pen.read_house(house)) {
            fate.houses.push(row);
        }
    }

    /// Looks for the numbers of what had none in a block, and reads that again.
    fn number_anew(&mut self, world: &World, pen: &mut Pen<'_>, fates: &mut [Fate], at: usize) {
        let Some(block) = self.picture.blocks.get_mut(at) else { return };
        let (mut houses, mut cells) = (Vec::new(), Vec::new());
        for (row, house) in block.houses.iter_mut().enumerate() {
            if house.id.is_none() {
                house.id = there(world, &house.key);
                houses.extend(house.id.is_some().then_some(row));
            }
            if !house.strange {
                continue;
            }
            let own = Arc::make_mut(&mut house.cells).iter_mut().enumerate();
            for (number, cell) in own.filter(|(_, cell)| cell.id.is_none()) {
                let space = cell.namespace.as_ref().unwrap_or(&house.key.namespace);
                cell.id = world.pod_named(&house.key.cluster, space, &cell.name);
                cells.extend(cell.id.is_some().then_some((row, number)));
            }
            house.strange = house.cells.iter().any(|cell| cell.id.is_none());
        }
        block.strange = block.houses.iter().any(|house| house.id.is_none() || house.strange);
        if houses.is_empty() && cells.is_empty() {
            return;
        }
        self.seats.enter(at, block);
        for (house, cell) in cells {
            self.read_cell(pen, fates, (at, house, cell));
        }
        for row in houses {
            self.read_house(pen, fates, at, row);
        }
    }

    /// Tells at each house whether it is a hub; only in blocks drawn anew, where the hubs are those of before.
    fn tell_hubs(&mut self, fates: &mut [Fate], differ: bool) {
        if self.hubs.is_empty() && !differ {
            return;
        }
        let blocks = self.picture.blocks.iter_mut().zip(fates);
        for (block, fate) in blocks.filter(|(_, fate)| differ || !fate.kept) {
            for (row, house) in block.houses.iter_mut().enumerate() {
                let callers = house.id.and_then(|id| self.hubs.get(&id));
                let flag = if callers.is_some() { HUB } else { 0 };
                if callers.is_none() && house.flags & HUB == 0 {
                    continue;
                }
                let badge = callers.map_or_else(String::new, ToString::to_string);
                if house.badge != badge || house.flags & HUB != flag {
                    (house.badge, house.flags) = (badge, house.flags & !HUB | flag);
                    fate.houses.push(row);
                }
            }
        }
    }

    /// Draws all streets. Where nothing moved and the same are wanted as before, they run as before.
    fn draw_streets(
        &mut self,
        world: &World,
        grounds: &[Ground<'_>],
        calls: &[Street],
        (before, is_moved): (&[StreetRow], bool),
    ) -> Vec<StreetRow> {
        let site = self.site(world);
        let mut first = 0;
        let mut drafts: Vec<(&Ground<'_>, Vec<Draft>)> = Vec::new();
        for ground in grounds {
            drafts.push((ground, site.streets(ground, first, calls, &self.hubs)));
            first += ground.city.map_or(0, |city| city.blocks.len());
        }
        let rows = drafts.iter().flat_map(|(_, drafts)| drafts).map(|(_, street)| (street.from, street.to));
        let wanted: Vec<(usize, usize)> = rows.collect();
        let is_same = !is_moved && self.wanted == wanted;
        self.wanted = wanted;
        if !is_same {
            let mut before = std::mem::take(&mut self.routers);
            let line = |(ground, drafts): (&Ground<'_>, Vec<Draft>)| {
                let mut router = before.remove(&ground.cluster).unwrap_or_default();
                let streets = lined(ground, drafts, &mut router);
                self.routers.insert(ground.cluster.clone(), router);
                streets
            };
            return drafts.into_iter().flat_map(line).collect();
        }
        let mut known = before.iter().peekable();
        let again = drafts.into_iter().flat_map(|(_, drafts)| drafts).filter_map(|(_, street)| {
            let old = known.next_if(|old| (old.from, old.to) == (street.from, street.to))?;
            Some(StreetRow { line: old.line.clone(), ..street })
        });
        again.collect()
    }

    fn draw_cases(&mut self, world: &World, placed: &Placed, fading: &[(Alert, Case)]) {
        let site = self.site(world);
        let now = placed.cases.iter().filter_map(|case| Some((world.alert(&case.alert)?, case, None)));
        let gone = fading.iter().map(|(alert, case)| (alert, case, Some(AlertState::Resolved)));
        let cases = now.chain(gone).filter_map(|(alert, case, state)| site.case(alert, case, state));
        self.picture.cases = cases.collect();
        self.placed.clone_from(placed);
        self.fades = !fading.is_empty();
    }

    /// What all that is in it, drawn or not, and its alerts make of each block: a namespace is as its worst object, a zone as
    /// the worst of its nodes and their pods.
    fn add_up(&mut self, world: &World, news: &News) {
        let space = |key: &'_ ObjectKey| if key.kind == "Namespace" { key.name.clone() } else { key.namespace.clone() };
        let told: FxHashSet<(Text, Text)> = news.keys.iter().map(|key| (key.cluster.clone(), space(key))).collect();
        for block in &mut self.picture.blocks {
            let houses = block.houses.iter().map(|house| house.health).max().unwrap_or(0);
            let within = match (self.lens, block.houses.first()) {
                (Lens::Namespaces, Some(HouseRow { key, .. })) => {
                    let place = (key.cluster.clone(), key.namespace.clone());
                    let known = block.within.filter(|_| !news.all && !told.contains(&place));
                    known.unwrap_or_else(|| number_of(world.worst_in(&key.cluster, &key.namespace)))
                }
                _ => block.houses.iter().map(|house| house.worst).max().unwrap_or(0),
            };
            block.within = Some(within);
            let worst = houses.max(within);
            // What is silent is never shown as well.
            block.health = if block.flags == 0 { worst } else { worst.max(UNKNOWN) };
            block.firing = 0;
        }
        for case in self.picture.cases.iter().filter(|case| case.state == 0 && case.severity >= 2) {
            let of_house = case.house.and_then(|house| self.starts.of_house(house)).map(|(block, _)| block);
            if let Some(block) = of_house.or(case.block).and_then(|block| self.picture.blocks.get_mut(block)) {
                block.firing += 1;
            }
        }
    }
}

/// Whether any house stands elsewhere than before, or came or went.
fn has_moved(before: &Picture, now: &Picture, fates: &[Fate]) -> bool {
    let is_still = |(at, (block, fate)): (usize, (&BlockRow, &Fate))| {
        let old = fate.from.filter(|from| *from == at).and_then(|from| before.blocks.get(from));
        old.is_some_and(|old| {
            let same = |(a, b): (&HouseRow, &HouseRow)| a.rect == b.rect && a.key == b.key;
            let alike = || old.houses.len() == block.houses.len() && old.houses.iter().zip(&block.houses).all(same);
            old.rect == block.rect && (fate.kept || alike())
        })
    };
    before.bounds != now.bounds
        || before.blocks.len() != now.blocks.len()
        || !now.blocks.iter().zip(fates).enumerate().all(is_still)
}
