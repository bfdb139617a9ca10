//! Known manifests with known relations: traps and three real ones, each with a list held against the manifests by hand;
//! and known and random ones whose relations are found again by an evaluator that shares nothing with the product but the
//! manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use broadstreet_core::id::ObjectKey;
use broadstreet_core::resource::{group_of, reduce};
use broadstreet_core::topology;
use broadstreet_core::world::{Change, RelationSource, RelationState, World};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

mod naive;
mod random;

fn load(text: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(text).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn changes(items: &[Value]) -> Vec<Change> {
    items.iter().map(|item| Change::Object(Arc::new(reduce("", item).unwrap()))).collect()
}

fn world(items: &[Value]) -> World {
    World::from_changes(&changes(items))
}

/// `Kind namespace/name`, with the group where the kind alone does not say it.
fn spell(key: &ObjectKey) -> String {
    let group = if key.group == group_of(&key.kind) { String::new() } else { format!("{}/", key.group) };
    let space = if key.namespace.is_empty() { String::new() } else { format!("{}/", key.namespace) };
    format!("{group}{} {space}{}", key.kind, key.name)
}

/// Every relation with the field that says so, and every unresolved address of a world, a line each. What another source
/// than a spec says is named.
fn told(world: &World) -> BTreeSet<String> {
    let state = |state: RelationState| match state {
        RelationState::Ok => "ok",
        RelationState::Broken => "broken",
        RelationState::Dangling => "dangling",
    };
    let source = |source: RelationSource| match source {
        RelationSource::Spec => String::new(),
        other => format!(" ({})", format!("{other:?}").to_lowercase()),
    };
    let relations = world.relations().into_iter().map(|it| {
        let said = format!("{} {} {}: {} -> {}", it.r#type, it.rule, state(it.state), spell(&it.from), spell(&it.to));
        format!("{said} [{}]{}", it.field, source(it.source))
    });
    let unresolved =
        world.unresolved().into_iter().map(|it| format!("unresolved: {} -> {}", spell(&it.from), it.address));
    relations.chain(unresolved).collect()
}

/// The lines of a list written by hand, without its comments.
fn written(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// Compares what a set of objects gives with the list written by hand.
fn check(objects: &str, list: &str) {
    let (found, expected) = (told(&world(&load(objects))), written(list));
    let false_ones: Vec<&String> = found.difference(&expected).collect();
    let missing: Vec<&String> = expected.difference(&found).collect();
    assert!(false_ones.is_empty() && missing.is_empty(), "false: {false_ones:#?}\nmissing: {missing:#?}");
}

#[test]
fn the_traps_give_exactly_the_relations_written_by_hand() {
    check(include_str!("golden/adversarial.json"), include_str!("golden/adversarial.txt"));
}

#[test]
fn online_boutique_gives_exactly_the_relations_written_by_hand() {
    check(include_str!("golden/online-boutique.json"), include_str!("golden/online-boutique.txt"));
}

#[test]
fn the_otel_demo_gives_exactly_the_relations_written_by_hand() {
    check(include_str!("golden/otel-demo.json"), include_str!("golden/otel-demo.txt"));
}

#[test]
fn kube_prometheus_gives_exactly_the_relations_written_by_hand() {
    check(include_str!("golden/kube-prometheus.json"), include_str!("golden/kube-prometheus.txt"));
}

#[test]
fn the_traps_give_the_same_in_any_order_and_after_everything_was_taken_away_and_came_back() {
    let items = load(include_str!("golden/adversarial.json"));
    let expected = told(&world(&items));
    let mut backwards = changes(&items);
    backwards.reverse();
    assert_eq!(told(&World::from_changes(&backwards)), expected);
    let mut one = world(&items);
    for change in changes(&items) {
        let Change::Object(object) = &change else { continue };
        one.apply(&Change::Gone { key: object.key.clone(), uid: object.uid.to_string() });
        one.apply(&change);
        assert_eq!(told(&one), expected, "after {} came back", object.key);
    }
}

/// Everything the world says, as the naive evaluator writes it.
fn proven(world: &World) -> BTreeSet<String> {
    let state = |state: RelationState| format!("{state:?}").to_lowercase();
    let relations = world.relations().into_iter();
    relations.map(|it| format!("{} {} {}: {} -> {}", it.r#type, it.rule, state(it.state), it.from, it.to)).collect()
}

/// Compares what the world and the naive evaluator find, and looks every field up in the manifest it is said to be of.
fn compare(items: &[Value], world: &World) {
    let astray: Vec<String> = world
        .relations()
        .into_iter()
        .filter(|it| !naive::fields::leads(items, &it.r#type, [&it.from, &it.to], &it.field))
        .map(|it| format!("{} {}: {} -> {} [{}]", it.r#type, it.rule, it.from, it.to, it.field))
        .collect();
    assert!(astray.is_empty(), "fields that are not there, or that do not say so: {astray:#?}");
    let (found, naive) = (proven(world), naive::rules::relations(items));
    let false_ones: Vec<&String> = found.difference(&naive).collect();
    let missing: Vec<&String> = naive.difference(&found).collect();
    assert!(false_ones.is_empty() && missing.is_empty(), "false: {false_ones:#?}\nmissing: {missing:#?}");
}

#[test]
fn a_reader_without_any_index_finds_the_same_in_every_golden_set() {
    for text in [
        include_str!("golden/adversarial.json"),
        include_str!("golden/online-boutique.json"),
        include_str!("golden/otel-demo.json"),
        include_str!("golden/kube-prometheus.json"),
    ] {
        let items = load(text);
        compare(&items, &world(&items));
    }
}

/// Objects of a random cluster, each key once.
fn cluster(of: Vec<Value>) -> Vec<Value> {
    let keyed: BTreeMap<String, Value> = of.into_iter().map(|item| (naive::rules::key(&item), item)).collect();
    keyed.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_reader_without_any_index_finds_the_same_in_any_cluster(
        of in vec(random::anything(), 20..90), then in vec(select(vec!["", "", "gone", "another"]), 90)
    ) {
        let items = cluster(of);
        let mut world = world(&items);
        compare(&items, &world);
        // Some go, and some are deleted and made again under the same name.
        let mut left = Vec::new();
        for (mut item, then) in items.into_iter().zip(then) {
            let object = reduce("", &item).unwrap();
            if then == "gone" {
                world.apply(&Change::Gone { key: object.key, uid: object.uid.to_string() });
                continue;
            }
            if then == "another" {
                item["metadata"]["uid"] = "u-2".into();
                world.apply(&Change::Object(Arc::new(reduce("", &item).unwrap())));
            }
            left.push(item);
        }
        compare(&left, &world);
    }

    #[test]
    fn a_verdict_is_that_of_every_policy_read_one_by_one(
        houses in vec(random::house(), 2..6), others in vec(random::policy(), 0..8), port in select(random::PORTS.to_vec())
    ) {
        let items = cluster(houses.into_iter().chain(others).collect());
        let world = world(&items);
        let houses: Vec<&Value> = items.iter().filter(|item| naive::policies::is_house(&items, item)).collect();
        for from in &houses {
            for to in &houses {
                let [a, b] = [from, to].map(|it| reduce("", it).unwrap().key);
                for port in [None, Some(port)] {
                    let found = format!("{:?}", world.verdict(&a, &b, port)).to_lowercase();
                    let naive = naive::policies::verdict(&items, from, to, port.map(u64::from));
                    prop_assert_eq!(found, naive, "{} to {} at {:?}", a, b, port);
                }
            }
        }
    }
}

#[test]
fn online_boutique_has_its_sixteen_calls() {
    let items = load(include_str!("golden/online-boutique.json"));
    let world = world(&items);
    assert_eq!(world.houses().len(), 12);
    assert_eq!(world.calls().len(), 16);
    assert_eq!(called(&world), naive::calls(&items));
    let document = topology::document(&world);
    let unresolved: Vec<&str> = document.unresolved.iter().map(|it| it.address.as_str()).collect();
    assert_eq!(unresolved, ["shoppingassistantservice:80"]);
}

/// Who calls whom, as `namespace/caller -> namespace/called`.
fn called(world: &World) -> BTreeSet<String> {
    let name = |key: &ObjectKey| format!("{}/{}", key.namespace, key.name);
    world.calls().iter().map(|(from, to, _)| format!("{} -> {}", name(from), name(to))).collect()
}

#[test]
fn the_otel_demo_calls_whom_its_values_name_and_its_hubs_stand_out() {
    let items = load(include_str!("golden/otel-demo.json"));
    let world = world(&items);
    let (found, naive) = (called(&world), naive::calls(&items));
    assert_eq!(found.difference(&naive).count(), 0, "every call stands in the manifest");
    // What the naive reader finds beyond are words of files: tables of the database, flags, kinds of telemetry.
    let beyond: Vec<&str> = naive.difference(&found).map(String::as_str).collect();
    let of = |caller: &str, called: &[&str]| -> Vec<String> {
        called.iter().map(|called| format!("default/{caller} -> default/{called}")).collect()
    };
    let words = [
        of("astronomy-db", &["currency", "shipping"]),
        of("flagd", &["ad", "cart", "email", "frontend", "payment", "recommendation", "shipping"]),
        of("otel-collector-agent", &["agent", "cart", "checkout", "frontend"]),
    ];
    assert_eq!(beyond, words.concat());
    let to = |name: &str| found.iter().filter(|call| call.ends_with(&format!("/{name}"))).count();
    assert_eq!((to("otel-collector-agent"), to("flagd")), (23, 12));
    let of_pods = world.calls().iter().filter(|(.., relation)| !relation.field.contains("data[")).count();
    assert_eq!((of_pods, found.len()), (69, 75), "six more stand in mounted ConfigMaps");
}
