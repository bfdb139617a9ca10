//! A drawing that is brought up to date shows what one drawn from nothing shows, and so does whoever only hears of the steps.

use serde_json::Map;

use super::*;
use crate::health::HealthState;
use crate::plan::pen::number_of;
use crate::plan::rows::{BlockRow, HouseRow};
use crate::plan::zone_of;
use crate::resource::Body;
use crate::topology::{Extent, rollup};

/// A table as rows, each with its columns by name.
type Rows = Vec<Map<String, Value>>;

/// A reader of scenes that shares nothing with the writer.
#[derive(Clone, Debug, Default, PartialEq)]
struct Screen {
    mark: String,
    front: Value,
    tables: BTreeMap<&'static str, Rows>,
}

const TABLES: [&str; 6] = ["districts", "blocks", "houses", "cells", "streets", "cases"];
const TEXTS: [&str; 13] = [
    "districts.id",
    "districts.name",
    "districts.why",
    "blocks.id",
    "blocks.name",
    "blocks.why",
    "houses.id",
    "houses.name",
    "houses.kind",
    "houses.badge",
    "cells.name",
    "cells.place",
    "cells.namespace",
];

/// Columns that name rows of another table.
const NAMING: [(&str, &str); 4] =
    [("streets.from", "houses"), ("streets.to", "houses"), ("cases.house", "houses"), ("cases.block", "blocks")];

/// The place of a row that is there no longer.
const GONE: i64 = -9;

struct Sheet<'b> {
    header: Value,
    bytes: &'b [u8],
}

impl Sheet<'_> {
    fn column(&self, name: &str) -> Option<Vec<Value>> {
        let entry = self.header["columns"].as_array()?.iter().find(|entry| entry["name"] == name)?;
        let (from, many) = (entry["offset"].as_u64()? as usize, entry["count"].as_u64()? as usize);
        let kind = entry["type"].as_str()?;
        let size = match kind {
            "u8" => 1,
            "u16" => 2,
            _ => 4,
        };
        let read = |row: &[u8]| match kind {
            "u8" => json!(row[0]),
            "u16" => json!(u16::from_le_bytes(row.try_into().unwrap())),
            "u32" => json!(u32::from_le_bytes(row.try_into().unwrap())),
            "i32" => json!(i32::from_le_bytes(row.try_into().unwrap())),
            _ => json!(f32::from_le_bytes(row.try_into().unwrap())),
        };
        let is_text = TEXTS.contains(&name) || ["cases.alert", "cases.name"].contains(&name);
        let text = |value: Value| {
            if is_text { self.header["strings"][value.as_u64().unwrap() as usize].clone() } else { value }
        };
        Some(self.bytes[from..from + many * size].chunks(size).map(|row| text(read(row))).collect())
    }

    /// The new rows of a table.
    fn fresh(&self, table: &str) -> Rows {
        let prefix = format!("{table}.");
        let names = self.header["columns"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap());
        let names = names.filter(|name| name.starts_with(&prefix) && !name.ends_with(".kept"));
        let mut rows: Rows = Vec::new();
        for name in names {
            let column = self.column(name).unwrap();
            rows.resize(column.len(), Map::new());
            for (row, value) in rows.iter_mut().zip(column) {
                row.insert(name.to_owned(), value);
            }
        }
        if table == "streets" {
            let points = |name| self.column(name).unwrap_or_default().into_iter();
            let mut points = points("points.x").zip(points("points.y"));
            for row in &mut rows {
                let many = row["streets.points"].as_u64().unwrap() as usize;
                let line: Vec<Value> = points.by_ref().take(many).map(|(x, y)| json!([x, y])).collect();
                row.insert("line".to_owned(), line.into());
            }
        }
        rows
    }
}

impl Screen {
    /// Takes in what was answered.
    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            assert_eq!((&bytes[..4], number(8) % 8), (&b"BSC2"[..], 0));
            let header: Value = serde_json::from_slice(&bytes[16..16 + number(4)]).unwrap();
            let (one, rest) = bytes.split_at(number(8));
            self.take(&Sheet { header, bytes: one });
            bytes = rest;
        }
    }

    fn take(&mut self, sheet: &Sheet<'_>) {
        match sheet.header["base"].as_str() {
            Some(base) => assert_eq!(base, self.mark, "it leads from another scene"),
            None => self.tables.clear(),
        }
        self.mark = sheet.header["mark"].as_str().unwrap().to_owned();
        self.front = ["bounds", "tray", "revision", "lens"].map(|name| sheet.header[name].clone()).into();
        let mut moved: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for table in TABLES {
            let mut old = self.tables.remove(table).unwrap_or_default();
            for (column, of) in NAMING {
                for row in &mut old {
                    let Some(was) = row.get(column).and_then(Value::as_i64).filter(|was| *was >= 0) else { continue };
                    row.insert(column.to_owned(), json!(moved[of][was as usize]));
                }
            }
            let mut places: Vec<i64> = (0..old.len() as i64).collect();
            let rows = match sheet.column(&format!("{table}.kept")) {
                None => old,
                Some(kept) => {
                    places.fill(GONE);
                    let mut fresh = sheet.fresh(table).into_iter();
                    let mut rows: Rows = Vec::new();
                    for run in kept.chunks(3) {
                        let [from, many, new] = [0, 1, 2].map(|at| run[at].as_u64().unwrap() as usize);
                        for at in from..from + many {
                            places[at] = rows.len() as i64;
                            rows.push(old[at].clone());
                        }
                        for mut row in fresh.by_ref().take(new) {
                            let was = row.remove(&format!("{table}.was")).and_then(|was| was.as_i64()).unwrap_or(-1);
                            if was >= 0 {
                                places[was as usize] = rows.len() as i64;
                            }
                            rows.push(row);
                        }
                    }
                    assert!(fresh.next().is_none(), "{table} has rows nobody places");
                    rows
                }
            };
            assert_eq!(sheet.header["rows"][table], json!(rows.len()), "{table}");
            let gone = |row: &Map<String, Value>| {
                NAMING.iter().any(|(column, _)| row.get(*column).is_some_and(|it| *it == json!(GONE)))
            };
            assert!(!rows.iter().any(gone), "{table} names rows that are gone");
            moved.insert(table, places);
            self.tables.insert(table, rows);
        }
    }
}

/// A drawing and two screens: one is told each step, one hears of it now and then.
struct Shown {
    options: (Lens, bool),
    drawing: Drawing,
    near: Screen,
    far: Screen,
}

impl Shown {
    fn new(lens: Lens, policies: bool) -> Self {
        let drawing = Drawing::new(lens, policies, format!("{lens}-{policies}"));
        Self { options: (lens, policies), drawing, near: Screen::default(), far: Screen::default() }
    }

    fn see(&mut self, world: &World, plan: &Plan, placed: &Placed, revision: u32) -> Result<(), TestCaseError> {
        let (lens, policies) = self.options;
        let options = SceneOptions { lens, revision, policies, fading: &[] };
        let mut whole = Screen::default();
        whole.hear(&scene(world, plan, placed, &options));
        let told = |screen: &mut Screen, drawing: &mut Drawing| {
            let held = screen.mark.clone();
            screen.hear(&drawing.answer(world, plan, placed, &options, (!held.is_empty()).then_some(&held)));
        };
        told(&mut self.near, &mut self.drawing);
        whole.mark.clone_from(&self.near.mark);
        prop_assert_eq!(&self.near, &whole);
        self.drawing.picture.blocks.iter().try_for_each(|block| adds_up(world, lens, block))?;
        if revision.is_multiple_of(3) {
            told(&mut self.far, &mut self.drawing);
            prop_assert_eq!(&self.far, &whole);
        }
        Ok(())
    }
}

/// A block is drawn as its namespace or zone is added up, object by object; a house that is named and not there may make it
/// worse, and what is silent is unknown at best.
fn adds_up(world: &World, lens: Lens, block: &BlockRow) -> Result<(), TestCaseError> {
    let Some(house) = block.houses.first() else { return Ok(()) };
    let place = |kind: &str, name: &str| ObjectKey::new(&house.key.cluster, "", kind, "", name);
    let extent = match lens {
        Lens::Namespaces => Extent::Namespace(place("Namespace", &house.key.namespace)),
        Lens::Nodes if house.key.kind == "Unscheduled" => Extent::Zone(place("Zone", "unscheduled")),
        Lens::Nodes => Extent::Zone(zone_of(world, &house.key)),
    };
    let worst = number_of(rollup(world, &Placed::default(), &extent).states.worst());
    let is_there = |house: &HouseRow| house.key.kind == "Unscheduled" || world.object(&house.key).is_some();
    if block.flags == 0 && block.houses.iter().all(is_there) {
        prop_assert_eq!(block.health, worst, "{}", &block.name);
    }
    prop_assert!(block.health >= worst, "{} is {}, not {}", &block.name, block.health, worst);
    Ok(())
}

/// A change that is none of houses: a pod falls ill, moves to another node, is rewritten; a source falls silent.
fn twist(world: &World, draw: u64) -> Option<Change> {
    let pods: Vec<&Object> = world.objects().filter(|object| object.key.kind == "Pod").collect();
    let pod = pods.get((draw / 16) as usize % pods.len().max(1))?;
    let phase = ["Running", "Failed", "Pending"][(draw / 3) as usize % 3];
    let mut ready = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": pod.key.name, "namespace": pod.key.namespace, "uid": pod.uid, "labels": {"app": "x"}},
        "spec": {"nodeName": format!("node-{}", draw % 5), "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": phase,
            "conditions": [{"type": "Ready", "status": "True"}]}});
    Some(match draw % 16 {
        0 => reading(Freshness::Stale { since: crate::time::Moment::default(), why: "gone quiet".to_owned() }),
        1 | 2 => reading(Freshness::Live),
        3 => Change::Gone { key: pod.key.clone(), uid: String::new() },
        4 => {
            ready["metadata"]["name"] = json!(format!("alone-{}", draw % 7));
            Change::Object(Arc::new(reduce("c", &ready).unwrap()))
        }
        5 => {
            let node = json!({"apiVersion": "v1", "kind": "Node",
                "metadata": {"name": format!("node-{}", draw % 5), "labels": {"topology.kubernetes.io/zone": format!("z{}", draw % 2)}}});
            Change::Object(Arc::new(reduce("c", &node).unwrap()))
        }
        _ => {
            let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "controller": true,
                "name": pod.owners.first().map(|owner| owner.name.clone()), "uid": pod.owners.first().map(|owner| owner.uid.clone())});
            if !pod.owners.is_empty() {
                ready["metadata"]["ownerReferences"] = json!([owner]);
            }
            Change::Object(Arc::new(reduce("c", &ready).unwrap()))
        }
    })
}

/// Alerts at some pods and houses.
fn alerts(world: &mut World, draw: u64) -> (Placed, Delta) {
    let keys: Vec<ObjectKey> = world.objects().map(|object| object.key.clone()).collect();
    let (mut placed, mut delta) = (Placed::default(), Delta::default());
    for n in 0..(draw % 5) as usize {
        let Some(key) = keys.get((draw as usize / 7).wrapping_mul(n + 3) % keys.len().max(1)) else { continue };
        let (alert, case) = case(&format!("a{n}"), ["critical", "warning"][n % 2], Address::Object(key.clone()));
        delta.extend(world.apply(&Change::Alert(Box::new(alert))));
        placed.cases.push(case);
    }
    (placed, delta)
}

fn every() -> Vec<Shown> {
    [(Lens::Namespaces, false), (Lens::Namespaces, true), (Lens::Nodes, false)]
        .map(|(lens, policies)| Shown::new(lens, policies))
        .into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn to_hear_of_the_steps_is_to_see_the_scene_anew(
        towns in prop::collection::vec(town(), 1..4),
        draws in prop::collection::vec(any::<u64>(), 1..40),
        at_once in 6..30usize,
    ) {
        let mut live = world(&towns[0]);
        let mut plan = planned(&live);
        let mut shown = every();
        let mut revision = 0;
        let mut draws = draws.iter().cycle();
        for next in &towns {
            for some in way_to(&live, next).chunks(at_once) {
                let mut delta = Delta::default();
                for step in some {
                    delta.extend(live.apply(step));
                    if let Some(change) = draws.next().and_then(|draw| twist(&live, *draw)) {
                        delta.extend(live.apply(&change));
                    }
                }
                plan.follow(&live, &delta);
                let (placed, more) = alerts(&mut live, *draws.next().unwrap());
                delta.extend(more);
                revision += 1;
                for one in &mut shown {
                    prop_assert!(one.drawing.note(&delta));
                    one.see(&live, &plan, &placed, revision)?;
                }
            }
        }
    }

    #[test]
    fn a_city_that_is_listed_over_a_remembered_plan_is_seen_as_it_comes(town in town(), draw in any::<u64>()) {
        let mut plan = planned(&world(&town));
        let mut listed = World::new();
        listed.apply(&reading(Freshness::CatchingUp));
        let mut shown = every();
        let mut steps = changes(&town);
        let n = steps.len().max(1) as u64;
        for i in 0..steps.len() {
            steps.swap(i, (draw.wrapping_mul(i as u64 + 7) % n) as usize);
        }
        for (revision, page) in (1..).zip(steps.chunks(9)) {
            let delta = listed.apply_all(page);
            plan.follow_listing(&listed, &delta, &|_| true);
            for one in &mut shown {
                one.drawing.note(&delta);
                one.see(&listed, &plan, &Placed::default(), revision)?;
            }
        }
        let mut delta = listed.apply(&reading(Freshness::Live));
        plan.update(&listed);
        delta.extend(listed.apply_all(&way_to(&listed, &[])));
        plan.follow(&listed, &delta);
        for one in &mut shown {
            one.drawing.note(&delta);
            one.see(&listed, &plan, &Placed::default(), 1_000)?;
        }
    }
}

#[test]
fn one_change_is_a_few_bytes_and_a_mark_that_is_not_known_answers_all() {
    let town = city(3);
    let mut live = world(&town);
    let mut plan = planned(&live);
    let mut drawing = Drawing::new(Lens::Namespaces, false, "d".to_owned());
    let options = |revision| SceneOptions { revision, ..SceneOptions::default() };
    let placed = Placed::default();
    let whole = drawing.answer(&live, &plan, &placed, &options(1), None);
    assert!(drawing.answer(&live, &plan, &placed, &options(1), Some("d.1")).is_empty());
    let pod = live.objects().find(|object| object.key.kind == "Pod").unwrap().key.clone();
    let delta = live.apply(&Change::Gone { key: pod, uid: String::new() });
    plan.follow(&live, &delta);
    drawing.note(&delta);
    let step = drawing.answer(&live, &plan, &placed, &options(2), Some("d.1"));
    assert!(step.len() < 3_000 && whole.len() > 10 * step.len(), "{} of {}", step.len(), whole.len());
    let all = drawing.answer(&live, &plan, &placed, &options(2), Some("of another time.1"));
    assert!(all.len() > 10 * step.len());
}

#[test]
fn a_pod_that_left_and_came_back_between_two_looks_is_read_again() {
    for lens in [Lens::Namespaces, Lens::Nodes] {
        let mut live = world(&city(3));
        let mut plan = planned(&live);
        let mut shown = Shown::new(lens, false);
        shown.see(&live, &plan, &Placed::default(), 1).unwrap();
        let pods: Vec<Object> = live.objects().filter(|it| it.key.kind == "Pod").take(2).cloned().collect();
        let mut delta = Delta::default();
        for pod in &pods {
            delta.extend(live.apply(&Change::Gone { key: pod.key.clone(), uid: String::new() }));
        }
        // They come back unwell, and each under the number that was the other's.
        for pod in pods {
            let Body::Pod(mut body) = pod.body.clone() else { panic!("{:?} is no pod", pod.key) };
            body.phase = "Failed".into();
            delta.extend(live.apply(&Change::Object(Arc::new(Object { body: Body::Pod(body), ..pod }))));
        }
        plan.follow(&live, &delta);
        shown.drawing.note(&delta);
        shown.see(&live, &plan, &Placed::default(), 2).unwrap();
    }
}

#[test]
fn what_fails_and_is_no_house_shows_at_its_namespace_and_goes_again() {
    let mut live = world(&city(3));
    let mut plan = planned(&live);
    let mut shown = Shown::new(Lens::Namespaces, false);
    shown.see(&live, &plan, &Placed::default(), 1).unwrap();
    let house = shown.drawing.picture.blocks[0].houses[0].key.clone();
    let health = |shown: &Shown| shown.drawing.picture.blocks[0].health;
    let before = health(&shown);
    assert!(before < number_of(HealthState::Critical), "nothing there fails yet");
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": house.namespace.as_str(), "uid": "u"}, "status": {"phase": "Lost"}});
    let claim = reduce(&house.cluster, &claim).unwrap();
    let gone = Change::Gone { key: claim.key.clone(), uid: String::new() };
    for (revision, change, expected) in
        [(2, Change::Object(Arc::new(claim)), number_of(HealthState::Critical)), (3, gone, before)]
    {
        let delta = live.apply(&change);
        plan.follow(&live, &delta);
        shown.drawing.note(&delta);
        shown.see(&live, &plan, &Placed::default(), revision).unwrap();
        assert_eq!(health(&shown), expected);
    }
}
