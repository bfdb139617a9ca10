//! What is notable stays known also where far more of it came than is held in memory.

use broadstreet_core::id::ObjectKey;
use broadstreet_core::ports::Observation;
use broadstreet_core::world::Change;
use broadstreet_engine::live::MOST_SKIPPED;
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::{Value, json};

use super::{JONAS, MEI, declared, text};

stories! {
    a_change_before_a_flood_of_events_is_in_the_handoff_and_on_the_timeline
    malformed_objects_are_counted_up_to_a_bound_and_that_is_said
}

/// More Kubernetes Events than notable things are held.
const FLOOD: usize = 4_500;

/// Warnings of the cluster.
fn events(range: std::ops::Range<usize>) -> Vec<Change> {
    let event = |number: usize| {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "BackOff", "message": "back-off",
            "metadata": { "name": format!("e{number}"), "namespace": "shop", "uid": format!("e-{number}") },
            "count": 1, "involvedObject": { "kind": "Pod", "namespace": "shop", "name": "cart-1-a" },
        });
        Change::Object(std::sync::Arc::new(broadstreet_core::resource::reduce("c", &event).expect("an event")))
    };
    range.map(event).collect()
}

async fn a_change_before_a_flood_of_events_is_in_the_handoff_and_on_the_timeline(place: Place) {
    const ROLLOUT: &str = "Deployment cart: image of server cart:1 → cart:2";
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    desk.cluster.say(Observation::Changes(shop("cart", "cart:2", ""))).await;
    for from in (0..FLOOD).step_by(500) {
        desk.cluster.say(Observation::Changes(events(from..from + 500))).await;
    }
    let is_over = |it: &broadstreet_engine::live::State| it.world.objects().count() > FLOOD;
    for _ in 0..60 {
        if desk.engine.look(None).await.expect("a look").live().is_some_and(is_over) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    desk.settle(is_over).await;
    desk.settle(|state| !state.noted.iter().any(|it| format!("{it:?}").contains(ROLLOUT))).await;

    let note = desk.call("draft_handoff", json!({ "to": JONAS, "hours": 12 })).await.expect("drafted");
    let sections = note["sections"].as_array().cloned().unwrap_or_default();
    let changes = sections.into_iter().find(|it| it["id"] == "changes").expect("the section");
    let lines: Vec<&str> = changes["lines"].as_array().expect("lines").iter().map(|it| text(it, "/text")).collect();
    assert_eq!(lines.iter().filter(|it| it.ends_with(ROLLOUT)).count(), 1, "{lines:?}");

    let history = desk.call("history", json!({ "from": null, "to": null, "bins": 10 })).await.expect("the history");
    let marks = history["marks"].as_array().expect("marks");
    assert_eq!(marks.iter().filter(|it| it["text"] == ROLLOUT).count(), 1, "{} marks", marks.len());

    let id = declared(&desk).await;
    let timeline = desk.call("timeline", json!({ "incident": id })).await.expect("the timeline");
    let entries: Vec<&Value> = timeline["entries"].as_array().expect("entries").iter().collect();
    assert_eq!(entries.iter().filter(|it| it["text"] == ROLLOUT).count(), 1, "{} rows", entries.len());
    desk.engine.stop().await;
}

async fn malformed_objects_are_counted_up_to_a_bound_and_that_is_said(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let (kind, why) = ("/Pod".to_owned(), "labels are no map".to_owned());
    let skipped = |name: String| Observation::Skipped { kind: kind.clone(), name, why: why.clone() };
    for number in 0..MOST_SKIPPED + 10 {
        desk.cluster.say(skipped(format!("shop/odd-{number:04}"))).await;
    }
    // Told again, it is the same; and what comes after is taken.
    desk.cluster.say(skipped("shop/odd-0000".to_owned())).await;
    desk.cluster.say(Observation::Changes(shop("pay", "pay:1", ""))).await;
    desk.settle(|state| state.world.objects().count() == 6).await;
    let source = desk.call("desk", Value::Null).await.expect("the desk")["sources"][0].clone();
    assert_eq!(source["skipped"], MOST_SKIPPED, "{source}");
    assert!(text(&source, "/why").starts_with(&format!("at least {MOST_SKIPPED} malformed objects")), "{source}");
    // One is gone: there is room to count again.
    let key = ObjectKey::new("c", "", "Pod", "shop", "odd-0000");
    desk.cluster.say(Observation::Changes(vec![Change::Gone { key, uid: String::new() }])).await;
    desk.settle(|state| state.skipped.len() == MOST_SKIPPED - 1).await;
    let source = desk.call("desk", Value::Null).await.expect("the desk")["sources"][0].clone();
    assert_eq!((text(&source, "/why"), text(&source, "/code")), ("", ""), "{source}");
    desk.engine.stop().await;
}
