//! Known manifests with known relations, checked against an evaluator that shares no index with the product.
use broadstreet_core::resource::reduce;
use broadstreet_core::topology;
use broadstreet_core::world::{Change, World};
use serde_json::Value;

fn load(text: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(text).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn world(items: &[Value]) -> World {
    let changes: Vec<Change> = items.iter().map(|item| Change::Object(Box::new(reduce("", item).unwrap()))).collect();
    World::from_changes(&changes)
}

#[test]
fn online_boutique_has_its_sixteen_calls() {
    let world = world(&load(include_str!("golden/online-boutique.json")));
    assert_eq!(world.houses().len(), 12);
    assert_eq!(world.calls().len(), 16);
    let document = topology::document(&world);
    let unresolved: Vec<&str> = document.unresolved.iter().map(|it| it.address.as_str()).collect();
    assert_eq!(unresolved, ["shoppingassistantservice:80"]);
}
