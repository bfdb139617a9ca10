//! Laws of the plan: the same on any machine, still while little changes, and no street through a house.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

mod drawn;
mod followed;
mod large;
mod routed;
mod steps;

use super::*;
use crate::alerts::{Address, Alert, AlertState, Case, Placed};
use crate::id::SourceId;
use crate::resource::{Object, reduce};
use crate::world::{Change, Delta, Freshness, SourceState};
use rows::Picture;

/// A workload of a made-up town: its namespace, its number, how many pods it has and whom it calls.
#[derive(Clone, Debug)]
struct Made {
    space: usize,
    name: usize,
    pods: usize,
    calls: Vec<(usize, usize)>,
}

fn made() -> impl Strategy<Value = Made> {
    let calls = prop::collection::vec((0..3usize, 0..14usize), 0..4);
    (0..3usize, 0..14usize, 0..40usize, calls).prop_map(|(space, name, pods, calls)| Made { space, name, pods, calls })
}

fn town() -> impl Strategy<Value = Vec<Made>> {
    prop::collection::vec(made(), 0..22).prop_map(|mut list| {
        list.sort_by_key(|one| (one.space, one.name));
        list.dedup_by_key(|one| (one.space, one.name));
        list
    })
}

fn name_of(number: usize) -> String {
    format!("{}-{number}", ["web", "a-rather-long-service-name", "db"][number % 3])
}

fn objects(town: &[Made]) -> Vec<Value> {
    let mut out = Vec::new();
    for one in town {
        let (space, name) = (format!("s{}", one.space), name_of(one.name));
        let env: Vec<Value> = one
            .calls
            .iter()
            .enumerate()
            .map(|(i, (space, name))| json!({"name": format!("E{i}"), "value": format!("http://{}.s{space}", name_of(*name))}))
            .collect();
        let created = format!("2026-01-01T00:{:02}:00Z", (one.name * 7 + one.space) % 60);
        out.push(json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": name, "namespace": space, "uid": format!("u-{space}-{name}"), "creationTimestamp": created},
            "spec": {"replicas": one.pods, "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "i", "env": env}]}}}}));
        out.push(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}));
        for i in 0..one.pods {
            out.push(json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": format!("{name}-{i}"), "namespace": space, "uid": format!("p-{space}-{name}-{i}"),
                    "labels": {"app": name}, "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet",
                        "name": name, "uid": format!("u-{space}-{name}"), "controller": true}]},
                "spec": {"nodeName": format!("node-{}", i % 4), "containers": [{"name": "c", "image": "i"}]},
                "status": {"phase": "Running"}}));
        }
    }
    out
}

fn changes(town: &[Made]) -> Vec<Change> {
    objects(town).iter().map(|value| Change::Object(Arc::new(reduce("c", value).unwrap()))).collect()
}

fn world(town: &[Made]) -> World {
    World::from_changes(&changes(town))
}

/// The changes that make a world another town.
fn way_to(world: &World, town: &[Made]) -> Vec<Change> {
    let wanted = changes(town);
    let stays: BTreeSet<&ObjectKey> = wanted
        .iter()
        .filter_map(|change| match change {
            Change::Object(object) => Some(&object.key),
            _ => None,
        })
        .collect();
    let gone = world.objects().map(|object| &object.key).filter(|key| !stays.contains(key));
    let mut way: Vec<Change> = gone.map(|key| Change::Gone { key: key.clone(), uid: String::new() }).collect();
    way.extend(wanted.iter().cloned());
    way
}

fn reading(state: Freshness) -> Change {
    let kind = "/Pod".to_owned();
    Change::Freshness(SourceState { source: SourceId::new("cluster:c"), kind, namespace: String::new(), state })
}

fn planned(world: &World) -> Plan {
    let mut plan = Plan::default();
    plan.update(world);
    plan
}

/// Left, top, width and height of each house, by key.
fn places(city: &City) -> BTreeMap<ObjectKey, (i32, i32, i32, i32)> {
    let mut found = BTreeMap::new();
    for block in &city.blocks {
        for house in &block.houses {
            found.insert(house.key.clone(), (block.x + house.x, city.top(block) + house.y, house.w, house.h));
        }
    }
    found
}

type Place = (i32, i32, i32, i32);

/// A town of about a thousand pods in twelve namespaces.
fn city(seed: u64) -> Vec<Made> {
    let mut state = seed | 1;
    let mut draw = move |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut town: Vec<Made> = (0..70)
        .map(|_| Made { space: draw(12), name: draw(14), pods: draw(30), calls: vec![(draw(12), draw(14))] })
        .collect();
    town.sort_by_key(|one| (one.space, one.name));
    town.dedup_by_key(|one| (one.space, one.name));
    town
}

/// Where each pod has its cell.
fn cells(city: &City) -> BTreeMap<(String, String), (i32, i32)> {
    let mut found = BTreeMap::new();
    for block in &city.blocks {
        for house in &block.houses {
            for (at, pod) in house.cells.iter().enumerate() {
                let (x, y) = house.cell(at);
                if let Some(pod) = pod {
                    let place = (block.x + house.x + x, city.top(block) + house.y + y);
                    found.insert((house.key.namespace.to_string(), pod.to_string()), place);
                }
            }
        }
    }
    found
}

/// One lens of the one cluster there is.
fn only(plan: &Plan, lens: Lens) -> City {
    assert!(plan.districts.len() < 2);
    plan.districts.values().next().map(|district| district.city(lens).clone()).unwrap_or_default()
}

fn meet(a: Place, b: Place) -> bool {
    a.0 < b.0 + b.2 && b.0 < a.0 + a.2 && a.1 < b.1 + b.3 && b.1 < a.1 + a.3
}

/// Everything that must hold of any plan.
fn check(world: &World, plan: &Plan) -> Result<(), TestCaseError> {
    for lens in [Lens::Namespaces, Lens::Nodes] {
        let city = &only(plan, lens);
        let places: Vec<(ObjectKey, Place)> = places(city).into_iter().collect();
        for (i, (name, a)) in places.iter().enumerate() {
            for (other, b) in &places[i + 1..] {
                prop_assert!(!meet(*a, *b), "{name} {a:?} lies over {other} {b:?}");
            }
        }
        for (i, a) in city.blocks.iter().enumerate() {
            prop_assert!(a.shelf.is_some());
            let wide = |block: &Block| (block.x, city.top(block), block.w, block.h);
            for b in &city.blocks[i + 1..] {
                prop_assert!(!meet(wide(a), wide(b)), "block {} lies over {}", a.id, b.id);
            }
            for house in &a.houses {
                prop_assert!(house.x >= 0 && house.y >= 26 && house.x + house.w <= a.w && house.y + house.h <= a.h);
                for at in 0..house.cells.len() {
                    let (x, y) = house.cell(at);
                    prop_assert!(
                        x + size::CELL <= house.w && y + size::CELL <= house.h,
                        "a cell outside {}",
                        house.key
                    );
                }
            }
        }
        let picture = Picture::of(world, plan, &Placed::default(), lens, &[]);
        let bounds = picture.bounds;
        for street in &picture.streets {
            for pair in street.line.windows(2) {
                let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
                prop_assert!(ax == bx || ay == by, "a street runs askew: {:?}", street.line);
                let (left, right, top, low) = (ax.min(bx), ax.max(bx), ay.min(by), ay.max(by));
                prop_assert!(left >= bounds.x && top >= bounds.y);
                prop_assert!(right <= bounds.x + bounds.w && low <= bounds.y + bounds.h);
                for (name, (x, y, w, h)) in &places {
                    let inside = left < x + w && right > *x && top < y + h && low > *y;
                    prop_assert!(!inside, "a street {:?} crosses {name} at {:?}", street.line, (x, y, w, h));
                }
            }
        }
        let pods = picture.cells();
        let known = world.objects().filter(|object| object.key.kind == "Pod").count();
        prop_assert_eq!(pods, known);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_plan_is_sound_and_the_same_whatever_the_order(town in town(), seed in any::<u64>()) {
        let world = world(&town);
        let plan = planned(&world);
        check(&world, &plan)?;
        let mut shuffled = changes(&town);
        let n = shuffled.len().max(1) as u64;
        for i in 0..shuffled.len() {
            let j = (seed.wrapping_mul(i as u64 + 7) % n) as usize;
            shuffled.swap(i, j);
        }
        prop_assert_eq!(&planned(&World::from_changes(&shuffled)), &plan);
        let mut again = plan.clone();
        again.update(&world);
        prop_assert_eq!(&again, &plan);
        prop_assert_eq!(&Plan::from_json(&plan.to_json()), &plan);
        prop_assert_eq!(again.to_json().to_string(), plan.to_json().to_string());
    }

    #[test]
    fn one_change_moves_nothing_it_does_not_have_to(town in town(), one in made(), pods in 0..60usize, add in any::<bool>()) {
        let mut before = town;
        let mut after = before.clone();
        match after.iter().position(|it| (it.space, it.name) == (one.space, one.name)) {
            Some(at) if add => after[at].pods = pods,
            Some(at) => { after.remove(at); }
            None if add => after.push(one.clone()),
            None => before.push(one.clone()),
        }
        let old = planned(&world(&before));
        let mut new = old.clone();
        let later = world(&after);
        new.update(&later);
        check(&later, &new)?;
        let touched = format!("s{}", one.space);
        let (was, is) = (places(&only(&old, Lens::Namespaces)), places(&only(&new, Lens::Namespaces)));
        let was_blocks = only(&old, Lens::Namespaces).blocks;
        for block in &only(&new, Lens::Namespaces).blocks {
            let Some(past) = was_blocks.iter().find(|past| past.id == block.id) else { continue };
            let grew = (past.laid_for, past.w, past.h) != (block.laid_for, block.w, block.h);
            if grew {
                prop_assert_eq!(&block.name, &touched);
                continue;
            }
            for house in &block.houses {
                let changed = house.key.name == name_of(one.name) && block.name == touched;
                if let (Some(was), false) = (was.get(&house.key), changed) {
                    prop_assert_eq!(Some(was), is.get(&house.key), "{} moved", house.key);
                }
            }
        }
    }

    #[test]
    fn a_long_history_stays_sound(towns in prop::collection::vec(town(), 1..6)) {
        let mut plan = Plan::default();
        for town in &towns {
            let world = world(town);
            plan.update(&world);
            check(&world, &plan)?;
            let mut again = plan.clone();
            again.update(&world);
            prop_assert_eq!(&again, &plan);
        }
    }

    #[test]
    fn to_follow_the_changes_is_to_see_the_world_anew(
        towns in prop::collection::vec(town(), 1..5),
        seed in any::<u64>(),
        at_once in 1..40usize,
    ) {
        let mut live = world(&towns[0]);
        let mut followed = planned(&live);
        let mut anew = followed.clone();
        for (round, next) in towns.iter().skip(1).enumerate() {
            let mut steps = way_to(&live, next);
            let n = steps.len().max(1) as u64;
            for i in 0..steps.len() {
                steps.swap(i, (seed.wrapping_mul(i as u64 + 7 + round as u64) % n) as usize);
            }
            for some in steps.chunks(at_once) {
                let mut delta = Delta::default();
                for step in some {
                    delta.extend(live.apply(step));
                }
                followed.follow(&live, &delta);
                anew.update(&live);
                prop_assert_eq!(&followed, &anew);
            }
        }
    }

    #[test]
    fn a_remembered_plan_stands_as_it_stood_once_all_is_listed_again(town in town(), seed in any::<u64>()) {
        let whole = world(&town);
        let remembered = planned(&whole);
        let mut plan = remembered.clone();
        let mut listed = World::new();
        listed.apply(&reading(Freshness::CatchingUp));
        let mut steps = changes(&town);
        let n = steps.len().max(1) as u64;
        for i in 0..steps.len() {
            steps.swap(i, (seed.wrapping_mul(i as u64 + 7) % n) as usize);
        }
        for page in steps.chunks(7) {
            let delta = listed.apply_all(page);
            plan.follow_listing(&listed, &delta, &|_| true);
            let (was, is) = (places(&only(&remembered, Lens::Namespaces)), places(&only(&plan, Lens::Namespaces)));
            prop_assert_eq!(was, is);
        }
        listed.apply(&reading(Freshness::Live));
        plan.update(&listed);
        prop_assert_eq!(&plan, &remembered);
    }

    #[test]
    fn pods_keep_their_cells(pods in 1..30usize, gone in 0..30usize) {
        let one = |pods| vec![Made { space: 0, name: 0, pods, calls: Vec::new() }];
        let full = world(&one(pods));
        let mut plan = planned(&full);
        let cells = |plan: &Plan| only(plan, Lens::Namespaces).blocks[0].houses[0].cells.clone();
        let before = cells(&plan);
        let mut less = full.clone();
        let pod = format!("{}-{}", name_of(0), gone % pods);
        less.apply(&Change::Gone { key: ObjectKey::new("c", "", "Pod", "s0", &pod), uid: String::new() });
        plan.update(&less);
        for (at, cell) in cells(&plan).iter().enumerate() {
            prop_assert!(cell.is_none() || *cell == before[at]);
        }
        plan.update(&full);
        prop_assert_eq!(cells(&plan), before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn one_percent_churn_moves_no_other_cell(seed in any::<u64>()) {
        let town = city(seed);
        let mut live = world(&town);
        let before = planned(&live);
        let pods: Vec<ObjectKey> =
            live.objects().map(|object| object.key.clone()).filter(|key| key.kind == "Pod").collect();
        let mut churned = BTreeSet::new();
        for n in 0..pods.len() as u64 / 100 {
            let key = &pods[(seed.wrapping_mul(n + 3) % pods.len() as u64) as usize];
            if churned.insert(key.clone()) {
                let mut new = live.object(key).unwrap().clone();
                new.key.name = format!("{}-anew", key.name).into();
                new.uid = format!("{}-anew", new.uid).as_str().into();
                live.apply_all(&[
                    Change::Gone { key: key.clone(), uid: String::new() },
                    Change::Object(Arc::new(new)),
                ]);
            }
        }
        let mut after = before.clone();
        after.update(&live);
        check(&live, &after)?;
        for lens in [Lens::Namespaces, Lens::Nodes] {
            let (was, is) = (cells(&only(&before, lens)), cells(&only(&after, lens)));
            let stayed = was.iter().filter(|(pod, _)| is.contains_key(*pod)).count();
            prop_assert_eq!(stayed, pods.len() - churned.len());
            for (pod, place) in was.iter().filter(|(pod, _)| is.contains_key(*pod)) {
                prop_assert_eq!(Some(place), is.get(pod), "{:?} moved", pod);
            }
        }
    }
}

#[test]
fn what_is_no_plan_reads_as_an_empty_one() {
    assert_eq!(Plan::from_json(&Value::Null), Plan::default());
    assert_eq!(Plan::from_json(&json!({"namespaces": 3})), Plan::default());
    let broken = json!({"namespaces": {"width": 1, "shelves": [], "blocks": [{"id": "", "cluster": "", "name": "",
        "shelf": 4, "x": 0, "w": 1, "h": 1, "laid_for": 0, "provisional": false, "columns": [], "houses": []}]},
        "nodes": {"width": 0, "shelves": [], "blocks": []}});
    assert_eq!(Plan::from_json(&broken), Plan::default());
}

#[test]
fn callers_stand_left_of_the_called_even_in_a_circle() {
    let one = |name, calls: &[(usize, usize)]| Made { space: 0, name, pods: 1, calls: calls.to_vec() };
    let town = [one(0, &[(0, 1)]), one(1, &[(0, 2)]), one(2, &[(0, 1), (0, 3)]), one(3, &[])];
    let plan = planned(&world(&town));
    let places = places(&only(&plan, Lens::Namespaces));
    let x = |name: usize| places[&ObjectKey::new("c", "apps", "StatefulSet", "s0", &name_of(name))].0;
    assert!(x(0) < x(1) && x(1) < x(2) && x(2) < x(3));
}

#[test]
fn a_cluster_is_laid_out_once_more_when_all_of_it_is_known() {
    let town =
        [Made { space: 0, name: 0, pods: 1, calls: vec![(0, 1)] }, Made { space: 0, name: 1, pods: 1, calls: vec![] }];
    let mut world = world(&town[1..]);
    world.apply(&reading(Freshness::CatchingUp));
    let mut plan = planned(&world);
    world.apply_all(&changes(&town));
    plan.update(&world);
    world.apply(&reading(Freshness::Live));
    plan.update(&world);
    assert_eq!(plan, planned(&world));
}

/// An alert at an object.
fn case(id: &str, severity: &str, at: Address) -> (Alert, Case) {
    let labels = [("alertname", id), ("severity", severity)].map(|(name, value)| (name.into(), value.into()));
    let alert = Alert {
        id: id.to_owned(),
        labels: labels.into_iter().collect(),
        state: AlertState::Firing,
        ..Alert::default()
    };
    (alert, Case { alert: id.to_owned(), at, rung: 1, label: String::new(), also: Vec::new() })
}

#[test]
fn a_case_stands_at_the_house_of_its_object() {
    let town = [Made { space: 1, name: 0, pods: 2, calls: vec![] }];
    let mut world = world(&town);
    let key = |group: &str, kind: &str, name: &str| Address::Object(ObjectKey::new("c", group, kind, "s1", name));
    let pod = format!("{}-1", name_of(0));
    let cases = [
        case("a", "critical", key("", "Pod", &pod)),
        case("b", "warning", key("", "Service", &name_of(0))),
        case("c", "critical", key("", "PersistentVolumeClaim", "data")),
        case("d", "critical", Address::Object(ObjectKey::new("c", "", "Node", "", "node-1"))),
        case("e", "none", Address::Heartbeat),
    ];
    let mut placed = Placed::default();
    for (alert, case) in &cases {
        world.apply(&Change::Alert(Box::new(alert.clone())));
        placed.cases.push(case.clone());
    }
    let plan = planned(&world);
    let mut fading = [case("z", "critical", key("", "Pod", &pod))];
    fading[0].0.ends_at = chrono::DateTime::from_timestamp(90, 0);
    let stands = |lens| -> Vec<(String, Option<usize>, Option<usize>, u8)> {
        let picture = Picture::of(&world, &plan, &placed, lens, &fading);
        picture.cases.into_iter().map(|case| (case.alert, case.house, case.block, case.state)).collect()
    };
    let row = |id: &str, house, block, state| (id.to_owned(), house, block, state);
    assert_eq!(
        stands(Lens::Namespaces),
        [
            row("a", Some(0), None, 0),
            row("b", Some(0), None, 0),
            row("c", None, Some(0), 0),
            row("d", None, None, 0),
            row("z", Some(0), None, 4)
        ]
    );
    assert_eq!(
        stands(Lens::Nodes),
        [
            row("a", Some(1), None, 0),
            row("b", None, None, 0),
            row("c", None, None, 0),
            row("d", Some(1), None, 0),
            row("z", Some(1), None, 4)
        ]
    );
    let picture = Picture::of(&world, &plan, &placed, Lens::Namespaces, &fading);
    assert_eq!(picture.blocks[0].firing, 3);
    let ended: Vec<u32> = picture.cases.iter().map(|case| case.ended).collect();
    assert_eq!(ended, [0, 0, 0, 0, 90], "it fades from its end");
}

#[test]
fn what_may_not_be_read_is_told_and_never_shown_as_well() {
    let mut world = world(&[Made { space: 0, name: 0, pods: 2, calls: vec![] }]);
    world.apply(&Change::Freshness(SourceState {
        source: SourceId::new("cluster:c"),
        kind: "/Pod".to_owned(),
        namespace: String::new(),
        state: Freshness::Forbidden { verb: "list".to_owned(), message: "pods is forbidden".to_owned() },
    }));
    let picture = Picture::of(&world, &planned(&world), &Placed::default(), Lens::Namespaces, &[]);
    assert_eq!(picture.blocks[0].flags, 4);
    assert_eq!(picture.blocks[0].why, "not allowed to list pods: pods is forbidden");
    assert!(picture.blocks[0].health >= 4);
    assert!(
        picture.cells() > 0 && picture.houses().flat_map(|(_, house)| house.cells.iter()).all(|cell| cell.health == 4)
    );
}

#[test]
fn what_everybody_calls_becomes_a_badge() {
    let one = |name, calls: &[(usize, usize)]| Made { space: 0, name, pods: 1, calls: calls.to_vec() };
    let mut town: Vec<Made> = (1..8).map(|name| one(name, &[(0, 0)])).collect();
    town.push(one(0, &[]));
    town.push(one(8, &[(0, 1)]));
    let world = world(&town);
    let picture = Picture::of(&world, &planned(&world), &Placed::default(), Lens::Namespaces, &[]);
    let hub = picture.houses().map(|(_, house)| house).find(|house| house.key.name == name_of(0)).unwrap();
    assert_eq!((hub.badge.as_str(), hub.flags & 16), ("7", 16));
    assert_eq!(picture.streets.len(), 1);
}

#[test]
fn the_picture_is_well_formed_and_names_everything() {
    let town =
        [Made { space: 0, name: 0, pods: 3, calls: vec![(1, 1)] }, Made { space: 1, name: 1, pods: 1, calls: vec![] }];
    let mut world = world(&town);
    let address = ObjectKey::new("c", "apps", "StatefulSet", "s0", &name_of(0));
    let (mut alert, case) = case("x", "critical", Address::Object(address));
    alert.labels.insert("alertname".into(), "A<B & C\"".into());
    world.apply(&Change::Alert(Box::new(alert)));
    let placed = Placed { cases: vec![case], tray: Vec::new() };
    let text = svg(&world, &planned(&world), &placed, Lens::Namespaces);
    for part in ["<svg ", ">s0<", ">s1<", ">web-0<", "A&lt;B &amp; C&quot;", "1 firing", "<polyline", "</svg>"] {
        assert!(text.contains(part), "{part} is missing");
    }
    assert!(!text.contains("href"), "it must load nothing");
}
