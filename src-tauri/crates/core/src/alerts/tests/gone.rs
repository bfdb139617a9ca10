//! An alert about a pod that went.

use serde_json::json;

use super::*;
use crate::id::ObjectKey;
use crate::resource::reduce;
use crate::time::Moment;
use crate::world::Change;

fn object(kind: (&str, &str), name: &str, owner: Option<(&str, &str, &str)>) -> Change {
    let owners = owner.map(|(version, kind, name)| {
        json!({"apiVersion": version, "kind": kind, "name": name, "uid": format!("u-{name}"), "controller": true})
    });
    let json = json!({"apiVersion": kind.0, "kind": kind.1,
        "metadata": {"name": name, "namespace": "shop", "uid": format!("u-{name}"),
            "ownerReferences": owners.into_iter().collect::<Vec<_>>()},
        "spec": {"template": {"spec": {"containers": []}}}});
    Change::Object(std::sync::Arc::new(reduce("c", &json).unwrap()))
}

fn pod(name: &str) -> ObjectKey {
    ObjectKey::new("c", "", "Pod", "shop", name)
}

fn gone(name: &str) -> Change {
    Change::Gone { key: pod(name), uid: format!("u-{name}") }
}

fn moment(seconds: i64) -> Moment {
    Moment::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// Takes a pod away as the engine does; true where its owner is to be remembered.
fn take_away(world: &mut World, name: &str) -> bool {
    let gone = gone(name);
    let owner = LastOwner::of_gone(world, &gone, moment(0));
    let is_told = owner.is_some();
    let owner = owner.map(Box::new).map(Change::LastOwner);
    world.take_all(owner.into_iter().chain([gone]));
    is_told
}

fn town() -> World {
    World::from_changes(&[
        object(("apps/v1", "Deployment"), "web", None),
        object(("apps/v1", "ReplicaSet"), "web-5d4f6", Some(("apps/v1", "Deployment", "web"))),
        object(("batch/v1", "Job"), "import", None),
        object(("example.com/v1", "PodSet"), "kafka", None),
        object(("v1", "Pod"), "nobody-1", Some(("apps/v1", "ReplicaSet", "web-5d4f6"))),
        object(("v1", "Pod"), "web-5d4f6-abcde", Some(("apps/v1", "ReplicaSet", "web-5d4f6"))),
        object(("v1", "Pod"), "import-3-abcde", Some(("batch/v1", "Job", "import"))),
        object(("v1", "Pod"), "kafka-0", Some(("example.com/v1", "PodSet", "kafka"))),
        object(("v1", "Pod"), "alone", None),
    ])
}

fn about(pod: &str) -> Alert {
    alert(&format!("alertname=PodDown namespace=shop pod={pod}"))
}

#[test]
fn an_alert_about_a_pod_that_went_stands_at_its_last_owner_whatever_the_pod_was_called() {
    let mut world = town();
    for (name, told_by_name, owner) in [
        ("nobody-1", false, "Deployment/shop/web"),
        ("web-5d4f6-abcde", true, "Deployment/shop/web"),
        ("import-3-abcde", false, "Job/shop/import"),
        ("kafka-0", false, "PodSet/shop/kafka"),
    ] {
        assert_eq!(told(&world, &about(name)), format!(r#"1 Pod/shop/{name} pod="{name}""#), "while it is there");
        assert_eq!(take_away(&mut world, name), !told_by_name, "{name}");
        assert_eq!(told(&world, &about(name)), format!(r#"1 {owner} pod="{name}""#));
    }
    assert!(!take_away(&mut world, "alone"), "nobody's");
    assert!(told(&world, &about("alone")).starts_with("6 "), "{}", told(&world, &about("alone")));
    let rebuilt = World::from_changes(&world.keyframe());
    assert_eq!(rebuilt.digest(), world.digest(), "last owners are part of the world");
    assert_eq!(told(&rebuilt, &about("nobody-1")), r#"1 Deployment/shop/web pod="nobody-1""#);
    let elsewhere = alert("alertname=PodDown namespace=other pod=nobody-1");
    assert!(!told(&world, &elsewhere).contains("web"), "never by the name alone");

    world.apply(&Change::Gone { key: ObjectKey::new("c", "apps", "Deployment", "shop", "web"), uid: String::new() });
    assert!(told(&world, &about("nobody-1")).starts_with("6 "), "an owner that went too is no address");
}

#[test]
fn a_pod_that_came_again_under_its_name_is_the_address_itself() {
    let mut world = town();
    take_away(&mut world, "nobody-1");
    world.apply(&object(("v1", "Pod"), "nobody-1", None));
    assert_eq!(told(&world, &about("nobody-1")), r#"1 Pod/shop/nobody-1 pod="nobody-1""#);
    let late = Change::Gone { key: pod("nobody-1"), uid: "u-of-the-first".into() };
    assert_eq!(LastOwner::of_gone(&world, &late, moment(1)), None, "what is said of its namesake takes nobody away");
}

#[test]
fn the_newest_are_remembered_in_whatever_order_they_are_told() {
    let owner = |second: i64| {
        let (pod, owner) = (pod(&format!("p-{second}")), ObjectKey::new("c", "apps", "Deployment", "shop", "web"));
        Change::LastOwner(Box::new(LastOwner { pod, owner, gone_at: moment(second) }))
    };
    let many = 3 * i64::try_from(crate::world::REMEMBERED).unwrap();
    let (forward, backward): (Vec<Change>, Vec<Change>) =
        ((0..many).map(owner).collect(), (0..many).rev().map(owner).collect());
    let world = World::from_changes(&forward);
    assert_eq!(world.digest(), World::from_changes(&backward).digest());
    assert_eq!(world.last_owners().count(), crate::world::REMEMBERED);
    assert!(world.last_owners().all(|it| it.gone_at >= moment(2 * many / 3)));
}
