//! The bytes of a scene as the screen reads them. The file the screen's own test reads is checked against them here, so
//! that both sides agree; `BLESS=1 cargo test -p broadstreet-core --test scene` writes it anew.
use std::collections::BTreeMap;
use std::sync::Arc;

use broadstreet_core::alerts::{Address, Alert, Case, Placed, Told, TrayEntry};
use broadstreet_core::id::ObjectKey;
use broadstreet_core::plan::{Drawing, Lens, Plan, SceneOptions, scene};
use broadstreet_core::resource::reduce;
use broadstreet_core::world::{Change, World};
use serde_json::{Value, json};

mod kept;

use kept::is_kept;

fn boutique() -> World {
    let list: Value = serde_json::from_str(include_str!("golden/online-boutique.json")).unwrap();
    let items = list["items"].as_array().unwrap();
    let changes: Vec<Change> = items.iter().map(|item| Change::Object(Arc::new(reduce("", item).unwrap()))).collect();
    World::from_changes(&changes)
}

/// A reader that shares nothing with the writer.
struct Read {
    header: Value,
    bytes: Vec<u8>,
}

impl Read {
    fn new(bytes: Vec<u8>) -> Self {
        assert_eq!(&bytes[..4], b"BSC2");
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(number(8), bytes.len());
        let header = serde_json::from_slice(&bytes[16..16 + number(4)]).unwrap();
        Self { header, bytes }
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let entry = self.header["columns"].as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap();
        let (offset, count) = (entry["offset"].as_u64().unwrap() as usize, entry["count"].as_u64().unwrap() as usize);
        let size = match entry["type"].as_str().unwrap() {
            "u8" => 1,
            "u16" => 2,
            _ => 4,
        };
        assert_eq!(offset % 8, 0);
        let rows = self.bytes[offset..offset + count * size].chunks(size);
        rows.map(|row| match entry["type"].as_str().unwrap() {
            "u8" => f64::from(row[0]),
            "u16" => f64::from(u16::from_le_bytes(row.try_into().unwrap())),
            "u32" => f64::from(u32::from_le_bytes(row.try_into().unwrap())),
            "i32" => f64::from(i32::from_le_bytes(row.try_into().unwrap())),
            _ => f64::from(f32::from_le_bytes(row.try_into().unwrap())),
        })
        .collect()
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        self.column(name).iter().map(|at| self.header["strings"][*at as usize].as_str().unwrap()).collect()
    }
}

#[test]
fn online_boutique_is_one_block_of_twelve_houses_and_sixteen_streets() {
    let world = boutique();
    let mut plan = Plan::default();
    plan.update(&world);
    let options = SceneOptions { lens: Lens::Namespaces, revision: 7, ..SceneOptions::default() };
    let read = Read::new(scene(&world, &plan, &Placed::default(), &options));
    assert_eq!(read.header["revision"], 7);
    assert_eq!(read.header["lens"], "namespaces");
    assert_eq!(read.header["rows"]["blocks"], 1);
    assert_eq!(read.header["rows"]["houses"], 12);
    assert_eq!(read.header["rows"]["streets"], 16);
    assert_eq!(read.header["rows"]["cells"], 0);
    let names = read.texts("houses.name");
    let x = read.column("houses.x");
    let at: BTreeMap<&str, f64> = names.iter().copied().zip(x.iter().copied()).collect();
    assert!(at["loadgenerator"] < at["frontend"] && at["frontend"] < at["checkoutservice"]);
    assert!(at["checkoutservice"] < at["cartservice"] && at["cartservice"] < at["redis-cart"]);
    let points = read.column("streets.points");
    assert_eq!(points.iter().sum::<f64>(), read.column("points.x").len() as f64);
    assert!(points.iter().all(|n| *n >= 2.0));
    assert_eq!(read.column("streets.load"), vec![1.0; 16]);
}

#[test]
fn streets_tell_what_policies_do_on_them_only_where_that_was_asked() {
    let mut world = boutique();
    let policy = |name: &str, app: &str, from: Value| {
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": "default"},
            "spec": {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Ingress"], "ingress": from}})
    };
    let from_cart = json!([{"from": [{"podSelector": {"matchLabels": {"app": "cartservice"}}}]}]);
    for made in [policy("redis", "redis-cart", from_cart), policy("shut", "emailservice", json!([]))] {
        world.apply(&Change::Object(Arc::new(reduce("", &made).unwrap())));
    }
    let mut plan = Plan::default();
    plan.update(&world);
    let drawn = |policies| {
        let options = SceneOptions { policies, ..SceneOptions::default() };
        Read::new(scene(&world, &plan, &Placed::default(), &options))
    };
    let read = drawn(true);
    let names = read.texts("houses.name");
    let ends = |name: &str| read.column(name).iter().map(|row| names[*row as usize]).collect::<Vec<_>>();
    let verdicts: BTreeMap<(&str, &str), f64> =
        ends("streets.from").into_iter().zip(ends("streets.to")).zip(read.column("streets.verdict")).collect();
    assert_eq!(verdicts[&("cartservice", "redis-cart")], 1.0, "allowed");
    assert_eq!(verdicts[&("checkoutservice", "emailservice")], 2.0, "blocked");
    assert_eq!(verdicts[&("frontend", "checkoutservice")], 3.0, "unprotected");
    let columns = drawn(false).header["columns"].to_string();
    assert!(!columns.contains("streets.verdict"), "nobody asked");
}

/// The boutique with a pod and a case, as the screen's test expects it.
fn example() -> Vec<u8> {
    let mut world = boutique();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lonely", "namespace": "shop"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
    world.apply(&Change::Object(Arc::new(reduce("", &pod).unwrap())));
    let labels = [("alertname", "CheckoutDown"), ("severity", "critical")];
    let labels = labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let alert = Alert { id: "a1".to_owned(), labels, told: Told::Nobody, ..Alert::default() };
    world.apply(&Change::Alert(Box::new(alert)));
    let houses = world.houses();
    let checkout: &ObjectKey = houses.iter().find(|house| house.name == "checkoutservice").unwrap();
    let at = Address::Object(checkout.clone());
    let case = Case { alert: "a1".to_owned(), at, rung: 2, label: String::new(), also: Vec::new() };
    let tray = vec![TrayEntry { alert: "b".to_owned(), why: "no label names an object".to_owned() }];
    let mut plan = Plan::default();
    plan.update(&world);
    scene(&world, &plan, &Placed { cases: vec![case], tray }, &SceneOptions { revision: 3, ..SceneOptions::default() })
}

/// A pod of the boutique.
fn pod(name: &str, node: &str, phase: &str) -> Change {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": "True"}]}});
    Change::Object(Arc::new(reduce("", &pod).unwrap()))
}

/// A workload whose template names an address.
fn workload(namespace: &str, name: &str, calls: &str) -> Change {
    let workload = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [
            {"name": "c", "image": "i", "env": [{"name": "E", "value": calls}]}]}}}});
    Change::Object(Arc::new(reduce("", &workload).unwrap()))
}

/// A scene of the boutique with the steps that follow it, and the scene they lead to.
fn steps() -> (Vec<u8>, Vec<u8>) {
    let mut world = boutique();
    let mut plan = Plan::default();
    plan.update(&world);
    let mut drawing = Drawing::new(Lens::Namespaces, false, "boutique".to_owned());
    let gone = |kind: &str, group: &str, namespace: &str, name: &str| {
        let key = ObjectKey::new("", group, kind, namespace, name);
        Change::Gone { key, uid: String::new() }
    };
    let labels = [("alertname", "CartDown"), ("severity", "critical")];
    let labels = labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let alert = Alert { id: "a1".to_owned(), labels, told: Told::Nobody, ..Alert::default() };
    let cart = world.houses().iter().find(|house| house.name == "cartservice").unwrap().clone();
    let at = Address::Object(cart);
    let case = Case { alert: "a1".to_owned(), at, rung: 2, label: String::new(), also: Vec::new() };
    let history: [Vec<Change>; 7] = [
        Vec::new(),
        (0..9).map(|n| pod(&format!("pod-{n}"), "node-1", "Running")).collect(),
        vec![pod("pod-3", "node-2", "Failed"), gone("Pod", "", "shop", "pod-5"), Change::Alert(Box::new(alert))],
        vec![workload("default", "newcomer", "http://cartservice.default:7070")],
        vec![gone("Deployment", "apps", "default", "adservice"), pod("pod-5", "node-3", "Pending")],
        vec![workload("street", "organ \"grinder\"", "http://newcomer.default"), pod("pod-0", "node-1", "Succeeded")],
        vec![gone("Pod", "", "shop", "pod-8"), workload("default", "newcomer", "http://emailservice.default:5000")],
    ];
    let mut told = Vec::new();
    for (revision, changes) in (1..).zip(&history) {
        let delta = world.apply_all(changes);
        plan.follow(&world, &delta);
        drawing.note(&delta);
        let cases = if revision < 3 { Vec::new() } else { vec![case.clone()] };
        let placed = Placed { cases, tray: Vec::new() };
        let options = SceneOptions { revision, ..SceneOptions::default() };
        let held = format!("boutique.{}", revision - 1);
        told.extend(drawing.answer(&world, &plan, &placed, &options, Some(&held)));
        if revision as usize == history.len() {
            return (told, drawing.answer(&world, &plan, &placed, &options, None));
        }
    }
    unreachable!("the last of the history returns")
}

#[test]
fn the_examples_the_screen_reads_are_what_is_written() {
    is_kept("boutique.bsc", &example());
    let (told, whole) = steps();
    is_kept("steps.bsc", &told);
    is_kept("after.bsc", &whole);
}
