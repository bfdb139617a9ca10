//! The bytes of a scene as the screen reads them. The file the screen's own test reads is checked against them here, so
//! that both sides agree; `BLESS=1 cargo test -p broadstreet-core --test scene` writes it anew.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use broadstreet_core::alerts::{Address, Alert, Case, Placed, Told, TrayEntry};
use broadstreet_core::id::ObjectKey;
use broadstreet_core::plan::{Lens, Plan, SceneOptions, scene};
use broadstreet_core::resource::reduce;
use broadstreet_core::world::{Change, World};
use serde_json::{Value, json};

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
        assert_eq!(&bytes[..4], b"BSC1");
        let length = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        let header = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        Self { header, bytes }
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let entry = self.header["columns"].as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap();
        let (offset, count) = (entry["offset"].as_u64().unwrap() as usize, entry["count"].as_u64().unwrap() as usize);
        let size = if entry["type"] == "u8" { 1 } else { 4 };
        assert_eq!(offset % 8, 0);
        let rows = self.bytes[offset..offset + count * size].chunks(size);
        rows.map(|row| match entry["type"].as_str().unwrap() {
            "u8" => f64::from(row[0]),
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
    let points = read.column("streets.point_count");
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

#[test]
fn the_example_the_screen_reads_is_what_is_written() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/graph/fixtures/boutique.bsc");
    let bytes = example();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &bytes).unwrap();
    }
    let kept = std::fs::read(&file).unwrap_or_default();
    assert!(kept == bytes, "ui/src/graph/fixtures/boutique.bsc is out of date: run this test with BLESS=1");
}
