//! The scene: the plan with what is known now drawn into it, as rows, and those as bytes for the screen.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::districts::{self, DistrictRow, Ground, bounds_of};
use super::pack::Packer;
use super::silence::Silences;
use super::size::{CELL, PITCH};
use super::streets::{Line, Way, route};
use super::{Block, House, Lens, Plan, survey};
use crate::alerts::{Address, Alert, AlertState, Case, Placed, Told};
use crate::health::{Health, HealthState};
use crate::id::{ObjectKey, Text};
use crate::resource::Body;
use crate::world::{RelationSource, RelationState, Verdict, World};
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
    pub id: String,
    pub name: String,
    pub kind: String,
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
    pub id: String,
    pub name: Text,
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

/// Houses by their key: block, house in it, row.
type Rows<'a> = FxHashMap<&'a ObjectKey, (usize, usize, usize)>;

/// Everything a lens shows, as rows.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub bounds: Rect,
    /// None where there is one cluster only.
    pub districts: Vec<DistrictRow>,
    pub blocks: Vec<BlockRow>,
    pub houses: Vec<HouseRow>,
    pub cells: Vec<CellRow>,
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

fn contained(health: &Health) -> u8 {
    if health.contained { CONTAINED } else { 0 }
}

impl Picture {
    /// Draws a lens.
    pub fn of(world: &World, plan: &Plan, placed: &Placed, lens: Lens, fading: &[(Alert, Case)]) -> Self {
        let grounds = districts::lay_out(world, plan, lens);
        let bounds = bounds_of(grounds.iter().map(|ground| ground.rect));
        let mut picture = Self { bounds, tray: placed.tray.len(), ..Self::default() };
        let calls = if lens == Lens::Namespaces { world.calls() } else { Vec::new() };
        let hubs = survey::hubs(world, &calls);
        let silences = Silences::of(world, lens);
        if grounds.len() > 1 {
            picture.districts = grounds.iter().map(|it| districts::row(world, it, &silences, lens)).collect();
        }
        let mut rows: Rows<'_> = FxHashMap::default();
        for ground in &grounds {
            let Some(city) = ground.city else { continue };
            let first = picture.blocks.len();
            for (b, block) in city.blocks.iter().enumerate() {
                let from = picture.houses.len();
                let at = (block.x + ground.away.0, city.top(block) + ground.away.1);
                picture.draw_block(world, at, first + b, block, lens, &silences);
                let keys = block.houses.iter().enumerate();
                rows.extend(keys.map(|(h, house)| (&house.key, (b, h, from + h))));
            }
        }
        for (house, callers) in &hubs {
            if let Some(row) = rows.get(house).and_then(|(.., row)| picture.houses.get_mut(*row)) {
                row.flags |= HUB;
                row.badge = callers.to_string();
            }
        }
        for ground in &grounds {
            picture.draw_streets(ground, &calls, &rows, &hubs);
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
        world: &World,
        (left, top): (i32, i32),
        b: usize,
        block: &Block,
        lens: Lens,
        silences: &Silences<'_>,
    ) {
        let namespace = block.houses.first().map_or("", |house| house.key.namespace.as_str());
        let (mut flags, why) = silences.tell(&block.cluster, namespace, lens);
        let mut worst = 0;
        let mut pods = 0;
        for house in &block.houses {
            let health = if house.key.kind == "Unscheduled" {
                Health { state: HealthState::None, ..Health::default() }
            } else {
                world.health(&house.key)
            };
            let (x, y) = (left + house.x, top + house.y);
            let from = self.cells.len();
            let mut own = number_of(health.state);
            for (at, pod) in house.cells.iter().enumerate() {
                let Some(pod) = pod else { continue };
                let cell = cell(world, house, pod, at, (x, y), self.houses.len(), lens);
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
                id: house.key.to_string(),
                name: house.key.name.to_string(),
                kind: house.key.kind.to_string(),
                badge: String::new(),
                block: b,
                health: own,
                flags: contained(&health) | silences.flags(&house.key),
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

    fn draw_streets(
        &mut self,
        ground: &Ground<'_>,
        calls: &[survey::Call],
        rows: &Rows<'_>,
        hubs: &BTreeMap<ObjectKey, usize>,
    ) {
        let Some(city) = ground.city else { return };
        let mut streets: BTreeMap<(usize, usize), (Way, StreetRow)> = BTreeMap::new();
        let here = |key: &ObjectKey| key.cluster == ground.cluster.as_str();
        for (from, to, relation) in calls.iter().filter(|(from, to, _)| here(from) && here(to)) {
            let (Some(a), Some(b)) = (rows.get(from), rows.get(to)) else { continue };
            if a == b || hubs.contains_key(to) {
                continue;
            }
            let (_, street) = streets.entry((a.2, b.2)).or_insert_with(|| {
                let way = Way { from: (a.0, a.1), to: (b.0, b.1) };
                (way, StreetRow { from: a.2, to: b.2, ..StreetRow::default() })
            });
            if relation.source == RelationSource::Observed {
                street.flags |= OBSERVED;
            } else {
                street.flags |= DECLARED;
                street.load += 1;
            }
            match relation.state {
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

fn cell(world: &World, house: &House, pod: &str, at: usize, (x, y): (i32, i32), row: usize, lens: Lens) -> CellRow {
    let (namespace, name) = match lens {
        Lens::Namespaces => (house.key.namespace.as_str(), pod),
        Lens::Nodes => pod.split_once('/').unwrap_or(("", pod)),
    };
    let (dx, dy) = house.cell(at);
    let (x, y) = (x + dx, y + dy);
    let Some(id) = world.pod_named(&house.key.cluster, namespace, name) else {
        let key = ObjectKey::new(&house.key.cluster, "", "Pod", namespace, name);
        let health = world.health(&key);
        let (health, flags) = (number_of(health.state), contained(&health));
        let place = Text::default();
        return CellRow { x, y, house: row, health, flags, id: key.to_string(), name: key.name, place };
    };
    let key = world.key_of(id);
    let place = match lens {
        Lens::Namespaces => match world.object_of(id).map(|object| &object.body) {
            Some(Body::Pod(pod)) => pod.node.clone(),
            _ => Text::default(),
        },
        Lens::Nodes => world.house_at(id).map_or_else(Text::default, |house| {
            let house = world.key_of(house);
            [&house.namespace, "/", &house.name].concat().into()
        }),
    };
    let (state, is_contained) = world.glance(id);
    let flags = if is_contained { CONTAINED } else { 0 };
    let name = key.name.clone();
    CellRow { x, y, house: row, health: number_of(state), flags, id: key.to_string(), name, place }
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

fn signed(row: Option<usize>) -> i32 {
    row.and_then(|row| i32::try_from(row).ok()).unwrap_or(-1)
}

fn plain(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Picture {
    fn pack(&self, lens: Lens, revision: u32) -> Vec<u8> {
        let mut p = Packer::default();
        let districts = &self.districts;
        if !districts.is_empty() {
            p.table("districts", districts.len());
            p.f32("districts.x", districts.iter().map(|d| d.rect.x as f32));
            p.f32("districts.y", districts.iter().map(|d| d.rect.y as f32));
            p.f32("districts.w", districts.iter().map(|d| d.rect.w as f32));
            p.f32("districts.h", districts.iter().map(|d| d.rect.h as f32));
            p.text("districts.id", districts.iter().map(|d| d.id.as_str()));
            p.text("districts.name", districts.iter().map(|d| d.name.as_str()));
            p.text("districts.why", districts.iter().map(|d| d.why.as_str()));
            p.u8("districts.flags", districts.iter().map(|d| d.flags));
        }
        let blocks = &self.blocks;
        p.table("blocks", blocks.len());
        p.f32("blocks.x", blocks.iter().map(|b| b.rect.x as f32));
        p.f32("blocks.y", blocks.iter().map(|b| b.rect.y as f32));
        p.f32("blocks.w", blocks.iter().map(|b| b.rect.w as f32));
        p.f32("blocks.h", blocks.iter().map(|b| b.rect.h as f32));
        p.text("blocks.id", blocks.iter().map(|b| b.id.as_str()));
        p.text("blocks.name", blocks.iter().map(|b| b.name.as_str()));
        p.text("blocks.why", blocks.iter().map(|b| b.why.as_str()));
        p.u8("blocks.health", blocks.iter().map(|b| b.health));
        p.u8("blocks.flags", blocks.iter().map(|b| b.flags));
        p.u32("blocks.pods", blocks.iter().map(|b| b.pods));
        p.u32("blocks.firing", blocks.iter().map(|b| b.firing));
        let houses = &self.houses;
        p.table("houses", houses.len());
        p.f32("houses.x", houses.iter().map(|h| h.rect.x as f32));
        p.f32("houses.y", houses.iter().map(|h| h.rect.y as f32));
        p.f32("houses.w", houses.iter().map(|h| h.rect.w as f32));
        p.f32("houses.h", houses.iter().map(|h| h.rect.h as f32));
        p.text("houses.id", houses.iter().map(|h| h.id.as_str()));
        p.text("houses.name", houses.iter().map(|h| h.name.as_str()));
        p.text("houses.kind", houses.iter().map(|h| h.kind.as_str()));
        p.text("houses.badge", houses.iter().map(|h| h.badge.as_str()));
        p.i32("houses.block", houses.iter().map(|h| signed(Some(h.block))));
        p.u8("houses.health", houses.iter().map(|h| h.health));
        p.u8("houses.flags", houses.iter().map(|h| h.flags));
        p.u32("houses.cell_from", houses.iter().map(|h| plain(h.cell_from)));
        p.u32("houses.cell_count", houses.iter().map(|h| plain(h.cell_count)));
        let cells = &self.cells;
        p.table("cells", cells.len());
        p.f32("cells.x", cells.iter().map(|c| c.x as f32));
        p.f32("cells.y", cells.iter().map(|c| c.y as f32));
        p.i32("cells.house", cells.iter().map(|c| signed(Some(c.house))));
        p.u8("cells.health", cells.iter().map(|c| c.health));
        p.u8("cells.flags", cells.iter().map(|c| c.flags));
        p.text("cells.id", cells.iter().map(|c| c.id.as_str()));
        p.text("cells.name", cells.iter().map(|c| c.name.as_str()));
        p.text("cells.place", cells.iter().map(|c| c.place.as_str()));
        let streets = &self.streets;
        p.table("streets", streets.len());
        p.i32("streets.from", streets.iter().map(|s| signed(Some(s.from))));
        p.i32("streets.to", streets.iter().map(|s| signed(Some(s.to))));
        p.u32("streets.load", streets.iter().map(|s| s.load));
        p.u8("streets.health", streets.iter().map(|s| s.health));
        p.u8("streets.flags", streets.iter().map(|s| s.flags));
        if streets.iter().any(|street| street.verdict != 0) {
            p.u8("streets.verdict", streets.iter().map(|s| s.verdict));
        }
        let starts = streets.iter().scan(0, |from, street| {
            let start = *from;
            *from += plain(street.line.len());
            Some(start)
        });
        p.u32("streets.point_from", starts);
        p.u32("streets.point_count", streets.iter().map(|s| plain(s.line.len())));
        p.table("points", streets.iter().map(|s| s.line.len()).sum());
        p.f32("points.x", streets.iter().flat_map(|s| &s.line).map(|(x, _)| *x as f32));
        p.f32("points.y", streets.iter().flat_map(|s| &s.line).map(|(_, y)| *y as f32));
        let cases = &self.cases;
        p.table("cases", cases.len());
        p.text("cases.alert", cases.iter().map(|c| c.alert.as_str()));
        p.text("cases.name", cases.iter().map(|c| c.name.as_str()));
        p.u8("cases.severity", cases.iter().map(|c| c.severity));
        p.u8("cases.state", cases.iter().map(|c| c.state));
        p.u8("cases.told", cases.iter().map(|c| c.told));
        p.i32("cases.house", cases.iter().map(|c| signed(c.house)));
        p.i32("cases.block", cases.iter().map(|c| signed(c.block)));
        let Rect { x, y, w, h } = self.bounds;
        let mut header: Map<String, Value> = Map::new();
        header.insert("revision".to_owned(), json!(revision));
        header.insert("lens".to_owned(), json!(lens));
        header.insert("bounds".to_owned(), json!([x, y, w, h]));
        header.insert("cell".to_owned(), json!(CELL));
        header.insert("pitch".to_owned(), json!(PITCH));
        header.insert("tray".to_owned(), json!(self.tray));
        p.finish(header)
    }
}
