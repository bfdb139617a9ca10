//! The made-up clusters are what they claim to be, also to the world.

#[path = "../../../../tests/support/estate/mod.rs"]
#[allow(dead_code, missing_docs)]
mod estate;

use std::sync::Arc;

use broadstreet_core::health::HealthState;
use broadstreet_core::resource::reduce;
use broadstreet_core::world::{Change, RelationState, World};
use estate::{Estate, Shape};

#[test]
fn a_world_of_an_estate_has_its_houses_its_streets_and_its_trouble() {
    let estate = Estate::new(Shape::K8S_MAX.divided(100), 5);
    let mut changes = Vec::new();
    estate.each(|text| {
        let value = serde_json::from_str(text).expect("JSON");
        changes.push(Change::Object(Arc::new(reduce("c", &value).expect("an object"))));
    });
    let world = World::from_changes(&changes);
    assert_eq!(world.len(), changes.len());

    let pods = world.objects().filter(|object| object.key.kind == "Pod");
    let unwell =
        pods.filter(|pod| matches!(world.health(&pod.key).state, HealthState::Warning | HealthState::Critical)).count();
    let wanted = (0..estate.shape.pods).filter(|pod| estate.is_unwell(*pod)).count();
    assert_eq!(unwell, wanted, "pods that are not well");

    let streets = world.calls().len();
    assert!(streets > estate.houses.len() / 2, "{streets} streets between {} houses", estate.houses.len());
    let broken: Vec<_> = world
        .relations()
        .into_iter()
        .filter(|relation| {
            relation.state != RelationState::Ok && relation.r#type != "binds" && relation.r#type != "classed-by"
        })
        .filter(|relation| relation.to.kind != "Secret" && relation.to.kind != "ServiceAccount")
        .collect();
    assert!(broken.is_empty(), "{} relations lead nowhere, such as {:?}", broken.len(), broken.first());
}
