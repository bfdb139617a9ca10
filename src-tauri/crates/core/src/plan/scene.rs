//! The scene: the plan with what is known now drawn into it, as rows, and those as bytes for the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::districts::{self, DistrictRow, Ground, bounds_of};
use super::silence::Silences;
use super::streets::{Line, Way, route};
use super::tenant::Tenant;
use super::{Block, House, Lens, Plan, survey};
use crate::alerts::{Address, Alert, AlertState, Case, Placed, Told};
use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::resource::Body;
use crate::world::{Id, RelationSource, RelationState, Street, Verdict, World};
use rustc_hash::FxHashMap;

/// Cordoned or quarantined.
const CONTAINED: u8 = 1;
/// So many call it that their streets are left out.
const HUB: u8 = 16;
/// It leads nowhere.
const DANGLING: u8 = 64;
/// Read from specs; a street that is not was only measured.
const DECLARED: u8 = 128;
/// Of a street: somebody measured it. A street is no hub, so the bit is free.
const OBSERVED: u8 = 16;
/// The number of `unknown` among the states of health.
const UNKNOWN: u8 = 4;
/// The number of `warning` among the states of health.
const WARNING: u8 = 5;

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

/// A rectangle in units of the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
}

#[derive(Debug, Default)]
pub(super) struct BlockRow {
    pub rect: Rect,
    pub id: String,
    pub name: String,
    pub why: String,
    pub health: u8,
    pub flags: u8,
    pub pods: u32,
    pub firing: u32,
}

#[derive(Debug, Default)]
pub(super) struct HouseRow {
    pub rect: Rect,
    pub cluster: Text,
    pub namespace: Text,
    pub id: String,
    pub name: Text,
    pub kind: Text,
    pub badge: String,
    pub block: usize,
    pub health: u8,
    pub flags: u8,
    pub cell_from: usize,
    pub cell_count: usize,
}

#[derive(Debug, Default)]
pub(super) struct CellRow {
    pub x: i32,
    pub y: i32,
    pub house: usize,
    pub health: u8,
    pub flags: u8,
    /// Where the namespace of its house is not its own.
    pub namespace: Option<Text>,
    /// Where its name stands in [`Picture::names`].
    pub name: Range<usize>,
    pub place: Text,
}

#[derive(Debug, Default)]
pub(super) struct StreetRow {
    pub from: usize,
    pub to: usize,
    pub load: u32,
    pub health: u8,
    pub flags: u8,
    /// What the network policies are predicted to do on it, where that was asked.
    pub verdict: u8,
    pub line: Line,
}

impl StreetRow {
    /// Whether a spec says so.
    pub fn is_declared(&self) -> bool {
        self.flags & DECLARED != 0
    }

    /// Whether somebody measured it.
    pub fn is_observed(&self) -> bool {
        self.flags & OBSERVED != 0
    }
}

#[derive(Debug)]
pub(super) struct CaseRow {
    pub alert: String,
    pub name: String,
    pub severity: u8,
    pub state: u8,
    pub told: u8,
    pub house: Option<usize>,
    pub block: Option<usize>,
}

/// Where a house stands: block, house in it, row.
type Row = (usize, usize, usize);

/// Where houses stand.
struct Rows<'a> {
    world: &'a World,
    by_id: FxHashMap<Id, Row>,
    /// Those the world has no number for.
    others: FxHashMap<&'a ObjectKey, Row>,
}

impl<'a> Rows<'a> {
    fn enter(&mut self, key: &'a ObjectKey, id: Option<Id>, row: Row) {
        match id {
            Some(id) => drop(self.by_id.insert(id, row)),
            None => drop(self.others.insert(key, row)),
        }
    }

    fn get(&self, key: &ObjectKey) -> Option<&Row> {
        match self.world.id_of(key) {
            Some(id) => self.by_id.get(&id),
            None => self.others.get(key),
        }
    }
}

/// A call between two houses of a cluster that are drawn.
struct Ends<'a> {
    call: &'a Street,
    cluster: &'a Text,
    from: Row,
    to: Row,
}

/// The calls that may become streets: between two houses, of which the called is no hub.
fn ends<'a>(world: &'a World, calls: &'a [Street], rows: &Rows<'_>, hubs: &FxHashMap<Id, usize>) -> Vec<Ends<'a>> {
    let row = |id: Id| rows.by_id.get(&id).copied();
    let meant = calls.iter().filter(|call| call.from != call.to && !hubs.contains_key(&call.to));
    let found = meant.filter_map(|call| {
        let cluster = &world.key_of(call.from).cluster;
        let is_inside = world.key_of(call.to).cluster == *cluster;
        is_inside.then_some(Ends { call, cluster, from: row(call.from)?, to: row(call.to)? })
    });
    found.collect()
}

/// Everything a lens shows, as rows.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub bounds: Rect,
    /// None where there is one cluster only.
    pub districts: Vec<DistrictRow>,
    pub blocks: Vec<BlockRow>,
    pub houses: Vec<HouseRow>,
    pub cells: Vec<CellRow>,
    /// The names of the cells, one after the other: to look each up where it lies takes longer than to copy it once.
    pub names: String,
    pub streets: Vec<StreetRow>,
    pub cases: Vec<CaseRow>,
    pub tray: usize,
}

/// Packs what a lens shows into the bytes the screen reads.
#[must_use]
pub fn scene(world: &World, plan: &Plan, placed: &Placed, options: &SceneOptions<'_>) -> Vec<u8> {
    let mut picture = Picture::of(world, plan, placed, options.lens, options.fading);
    if options.policies {
        picture.judge_streets(world);
    }
    picture.pack(options.lens, options.revision)
}

fn number_of(state: HealthState) -> u8 {
    match state {
        HealthState::None => 0,
        HealthState::Resting => 1,
        HealthState::Well => 2,
        HealthState::Starting => 3,
        HealthState::Unknown => UNKNOWN,
        HealthState::Warning => WARNING,
        HealthState::Critical => 6,
    }
}

fn contained(is_contained: bool) -> u8 {
    if is_contained { CONTAINED } else { 0 }
}

impl Picture {
    /// Draws a lens.
    pub fn of(world: &World, plan: &Plan, placed: &Placed, lens: Lens, fading: &[(Alert, Case)]) -> Self {
        let grounds = districts::lay_out(world, plan, lens);
        let bounds = bounds_of(grounds.iter().map(|ground| ground.rect));
        let mut picture = Self { bounds, tray: placed.tray.len(), ..Self::default() };
        let calls: Vec<Street> = if lens == Lens::Namespaces { world.streets().collect() } else { Vec::new() };
        let hubs = survey::hubs(world, &calls);
        let mut pen = Cells { world, lens, places: FxHashMap::default() };
        let silences = Silences::of(world, lens);
        if grounds.len() > 1 {
            picture.districts = grounds.iter().map(|it| districts::row(world, it, &silences, lens)).collect();
        }
        let mut rows = Rows { world, by_id: FxHashMap::default(), others: FxHashMap::default() };
        for ground in &grounds {
            let Some(city) = ground.city else { continue };
            let first = picture.blocks.len();
            for (b, block) in city.blocks.iter().enumerate() {
                let from = picture.houses.len();
                let at = (block.x + ground.away.0, city.top(block) + ground.away.1);
                let ids: Vec<Option<Id>> = block.houses.iter().map(|house| world.id_of(&house.key)).collect();
                picture.draw_block(&mut pen, at, first + b, block, &ids, &silences);
                for (h, (house, id)) in block.houses.iter().zip(ids).enumerate() {
                    rows.enter(&house.key, id, (b, h, from + h));
                }
            }
        }
        for (house, callers) in &hubs {
            if let Some(row) = rows.by_id.get(house).and_then(|(.., row)| picture.houses.get_mut(*row)) {
                row.flags |= HUB;
                row.badge = callers.to_string();
            }
        }
        let calls = ends(world, &calls, &rows, &hubs);
        for ground in &grounds {
            picture.draw_streets(ground, &calls);
        }
        let ids: BTreeMap<String, usize> =
            picture.blocks.iter().enumerate().map(|(at, block)| (block.id.clone(), at)).collect();
        let finder = Finder { world, lens, rows: &rows, blocks: &ids };
        let now = placed.cases.iter().filter_map(|case| Some((world.alert(&case.alert)?, case, None)));
        let gone = fading.iter().map(|(alert, case)| (alert, case, Some(AlertState::Resolved)));
        for (alert, case, state) in now.chain(gone) {
            picture.draw_case(&finder, alert, case, state);
        }
        picture
    }

    fn draw_block(
        &mut self,
        cells: &mut Cells<'_>,
        (left, top): (i32, i32),
        b: usize,
        block: &Block,
        ids: &[Option<Id>],
        silences: &Silences<'_>,
    ) {
        let (world, lens) = (cells.world, cells.lens);
        let namespace = block.houses.first().map_or("", |house| house.key.namespace.as_str());
        let (mut flags, why) = silences.tell(&block.cluster, namespace, lens);
        let mut worst = 0;
        let mut pods = 0;
        for (house, id) in block.houses.iter().zip(ids) {
            let there = id.filter(|id| world.object_of(*id).is_some());
            let (state, is_contained) = match there {
                Some(id) => world.glance(id),
                None if house.key.kind == "Unscheduled" => (HealthState::None, false),
                None => {
                    let health = world.health(&house.key);
                    (health.state, health.contained)
                }
            };
            let (x, y) = (left + house.x, top + house.y);
            let from = self.cells.len();
            let mut own = number_of(state);
            for (at, pod) in house.cells.iter().enumerate() {
                let Some(pod) = pod else { continue };
                let (dx, dy) = house.cell(at);
                let start = self.names.len();
                self.names.push_str(&pod.name);
                let name = start..self.names.len();
                let cell = cells.draw(house, pod, (x + dx, y + dy), self.houses.len(), name);
                if house.key.kind == "Unscheduled" {
                    own = own.max(cell.health);
                }
                self.cells.push(cell);
            }
            let count = self.cells.len() - from;
            pods += count;
            worst = worst.max(own);
            self.houses.push(HouseRow {
                rect: Rect { x, y, w: house.w, h: house.h },
                cluster: house.key.cluster.clone(),
                namespace: house.key.namespace.clone(),
                id: house.key.to_string(),
                name: house.key.name.clone(),
                kind: house.key.kind.clone(),
                badge: String::new(),
                block: b,
                health: own,
                flags: contained(is_contained) | silences.flags(&house.key),
                cell_from: from,
                cell_count: count,
            });
        }
        if flags != 0 {
            // What is silent is never shown as well.
            worst = worst.max(UNKNOWN);
        }
        if block.houses.is_empty() {
            flags = 0;
        }
        self.blocks.push(BlockRow {
            rect: Rect { x: left, y: top, w: block.w, h: block.h },
            id: block.id.clone(),
            name: block.name.clone(),
            why,
            health: worst,
            flags,
            pods: u32::try_from(pods).unwrap_or(u32::MAX),
            firing: 0,
        });
    }

    fn draw_streets(&mut self, ground: &Ground<'_>, calls: &[Ends<'_>]) {
        let Some(city) = ground.city else { return };
        let mut streets: BTreeMap<(usize, usize), (Way, StreetRow)> = BTreeMap::new();
        for Ends { call, from: a, to: b, .. } in calls.iter().filter(|call| call.cluster == ground.cluster.as_str()) {
            let (_, street) = streets.entry((a.2, b.2)).or_insert_with(|| {
                let way = Way { from: (a.0, a.1), to: (b.0, b.1) };
                (way, StreetRow { from: a.2, to: b.2, ..StreetRow::default() })
            });
            if call.source == RelationSource::Observed {
                street.flags |= OBSERVED;
            } else {
                street.flags |= DECLARED;
                street.load += 1;
            }
            match call.state {
                RelationState::Ok => {}
                RelationState::Broken => street.health = WARNING,
                RelationState::Dangling => street.flags |= DANGLING,
            }
        }
        let ways: Vec<Way> = streets.values().map(|(way, _)| *way).collect();
        let lines = route(city, &ways);
        let (x, y) = ground.away;
        let there = |line: Line| line.into_iter().map(|(a, b)| (a + x, b + y)).collect();
        let drawn = streets.into_values().zip(lines);
        let drawn =
            drawn.map(|((_, street), line)| StreetRow { line: there(line), load: street.load.max(1), ..street });
        self.streets.extend(drawn.filter(|street| street.line.len() > 1));
    }

    /// Notes on every street what the network policies are predicted to do.
    fn judge_streets(&mut self, world: &World) {
        let keys: Vec<Option<ObjectKey>> = self.houses.iter().map(|house| house.id.parse().ok()).collect();
        let key = |row: usize| keys.get(row).and_then(Option::as_ref);
        for street in &mut self.streets {
            let ends = key(street.from).zip(key(street.to));
            street.verdict = match ends.map(|(from, to)| world.street_verdict(from, to)) {
                Some(Verdict::Allowed) => 1,
                Some(Verdict::Blocked) => 2,
                Some(Verdict::Unprotected) => 3,
                Some(Verdict::Unknown) | None => 4,
            };
        }
    }

    fn draw_case(&mut self, finder: &Finder<'_>, alert: &Alert, case: &Case, state: Option<AlertState>) {
        let object = match &case.at {
            Address::Object(key) => Some(key),
            Address::Cluster(_) | Address::ControlPlane(_) => None,
            // The heartbeat is told by its absence, and plumbing is no case.
            Address::Heartbeat | Address::Plumbing => return,
        };
        let house = object.and_then(|key| finder.house(key));
        let block = match house {
            Some(_) => None,
            None => object.and_then(|key| finder.block(key)),
        };
        let severity = match alert.severity() {
            "critical" => 3,
            "warning" => 2,
            "info" => 1,
            _ => 0,
        };
        let state = match state.unwrap_or(alert.state) {
            AlertState::Firing => 0,
            AlertState::Pending => 1,
            AlertState::Silenced => 2,
            AlertState::Inhibited => 3,
            AlertState::Resolved => 4,
        };
        let of_house = house.and_then(|house| self.houses.get(house)).map(|house| house.block);
        if let Some(block) = of_house.or(block).and_then(|block| self.blocks.get_mut(block)) {
            block.firing += u32::from(state == 0 && severity >= 2);
        }
        self.cases.push(CaseRow {
            alert: case.alert.clone(),
            name: alert.name().to_owned(),
            severity,
            state,
            told: match alert.told {
                Told::Somebody => 0,
                Told::Nobody => 1,
                Told::Unknown => 2,
            },
            house,
            block,
        });
    }
}

/// What the cells of a lens are drawn from.
struct Cells<'w> {
    world: &'w World,
    lens: Lens,
    /// What the houses of pods are called, where that stands at their cells.
    places: FxHashMap<Id, Text>,
}

impl Cells<'_> {
    fn draw(&mut self, house: &House, pod: &Tenant, (x, y): (i32, i32), row: usize, name: Range<usize>) -> CellRow {
        let namespace = (self.lens == Lens::Nodes).then(|| pod.namespace(&house.key).clone());
        let Some(id) = pod.find(self.world, &house.key) else {
            let namespace_of = pod.namespace(&house.key);
            let health = self.world.health(&ObjectKey::new(&house.key.cluster, "", "Pod", namespace_of, &pod.name));
            let (health, flags) = (number_of(health.state), contained(health.contained));
            return CellRow { x, y, house: row, health, flags, namespace, name, place: Text::default() };
        };
        let place = match self.lens {
            Lens::Namespaces => match self.world.object_of(id).map(|object| &object.body) {
                Some(Body::Pod(pod)) => pod.node.clone(),
                _ => Text::default(),
            },
            Lens::Nodes => self.world.house_at(id).map_or_else(Text::default, |house| self.place(house)),
        };
        let (state, is_contained) = self.world.glance(id);
        let flags = contained(is_contained);
        CellRow { x, y, house: row, health: number_of(state), flags, namespace, name, place }
    }

    fn place(&mut self, house: Id) -> Text {
        let named = || {
            let key = self.world.key_of(house);
            [&key.namespace, "/", &key.name].concat().into()
        };
        self.places.entry(house).or_insert_with(named).clone()
    }
}

/// Finds where on the plan an object stands.
struct Finder<'a> {
    world: &'a World,
    lens: Lens,
    rows: &'a Rows<'a>,
    /// Blocks by their ids.
    blocks: &'a BTreeMap<String, usize>,
}

impl Finder<'_> {
    fn row(&self, key: &ObjectKey) -> Option<usize> {
        self.rows.get(key).map(|(.., row)| *row)
    }

    fn house(&self, key: &ObjectKey) -> Option<usize> {
        match self.lens {
            Lens::Namespaces => self.row(key).or_else(|| self.behind(key)),
            Lens::Nodes => match self.world.object(key).map(|object| &object.body) {
                Some(Body::Pod(pod)) => self.row(&survey::node_of(&key.cluster, &pod.node)),
                _ => self.row(key),
            },
        }
    }

    /// The house of an object inside one, or the first house a Service selects, a claim belongs to, an autoscaler scales
    /// or a budget protects.
    fn behind(&self, key: &ObjectKey) -> Option<usize> {
        if let Some(house) = self.world.house_of(key) {
            return self.row(&house);
        }
        let relations = self.world.relations_of(key);
        let ends: BTreeSet<&ObjectKey> = relations
            .iter()
            .filter_map(|relation| match (key.kind.as_str(), relation.r#type.as_str()) {
                ("Service", "selects")
                | ("HorizontalPodAutoscaler", "scales")
                | ("PodDisruptionBudget", "protects")
                    if relation.from == *key =>
                {
                    Some(&relation.to)
                }
                ("PersistentVolumeClaim", "claims") if relation.to == *key => Some(&relation.from),
                _ => None,
            })
            .collect();
        ends.into_iter().find_map(|end| self.row(end).or_else(|| self.row(&self.world.house_of(end)?)))
    }

    fn block(&self, key: &ObjectKey) -> Option<usize> {
        if self.lens == Lens::Nodes {
            return None;
        }
        let namespace = if key.kind == "Namespace" { &key.name } else { &key.namespace };
        if namespace.is_empty() {
            return None;
        }
        self.blocks.get(&survey::space_of(&key.cluster, namespace).to_string()).copied()
    }
}
