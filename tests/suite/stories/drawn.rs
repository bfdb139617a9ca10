//! The map of a large cluster is drawn while it is recorded, and is there in the past before its world is.

use std::sync::Arc;

use broadstreet_api::wire::map::SceneRequest;
use broadstreet_core::plan::{Lens, SceneOptions, scene_drawn};
use broadstreet_core::ports::{AlertPoll, Observation};
use broadstreet_core::resource::{Json, reduce_json};
use broadstreet_core::time::Moment;
use broadstreet_core::world::Change;
use broadstreet_engine::live::{State, Tape};
use broadstreet_tests::databases::Place;
use broadstreet_tests::estate::{Estate, Shape};
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::Value;

use super::{MEI, add_alerts, alert};

stories! {
    the_map_drawn_for_a_moment_is_the_map_of_its_world
    a_small_cluster_is_not_drawn
}

fn decode(text: &str) -> Change {
    let json: Json<'_> = serde_json::from_str(text).expect("the generator writes JSON");
    Change::Object(Arc::new(reduce_json("c", &json).expect("the generator writes objects")))
}

/// When a scene says it was drawn.
fn drawn_at(map: &[u8]) -> Option<Moment> {
    let length = u32::from_le_bytes(map[4..8].try_into().expect("four bytes")) as usize;
    let header: Value = serde_json::from_slice(&map[16..16 + length]).expect("a header");
    header["drawn"].as_str().map(|at| at.parse().expect("an instant"))
}

/// Waits until a map is drawn that is newer than one.
async fn newer(desk: &TestDesk, than: Option<Moment>) -> (Moment, Vec<u8>) {
    for _ in 0..300 {
        if let Some(map) = desk.engine.drawn(desk.engine.now()).await.expect("an answer") {
            let at = drawn_at(&map).expect("it says when");
            if Some(at) > than {
                return (at, map);
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no map was drawn");
}

async fn the_map_drawn_for_a_moment_is_the_map_of_its_world(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let estate = Estate::new(Shape::CENSUS.divided(36), 11);
    let mut changes = shop("cart", "cart:1", "");
    estate.each(|text| changes.push(decode(text)));
    assert!(changes.len() > 5_000, "only {} objects", changes.len());
    desk.open(changes).await;
    add_alerts(&desk).await;
    let mut drawn = vec![newer(&desk, None).await];
    for round in 0u32..4 {
        // From the second on somebody looks at it live: what is kept is the drawing they look at.
        if round > 0 {
            let seen = desk.engine.look(None).await.expect("a look").scene(Lens::Namespaces, false, None);
            assert_eq!(drawn_at(&seen), None);
        }
        // An alert comes, and goes: then it fades.
        let alerts = if round == 1 { vec![alert("cart-1-a")] } else { Vec::new() };
        let fires = alerts.len();
        *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts, ..AlertPoll::default() };
        desk.settle(|state| state.world.alerts().count() == fires).await;
        let pods = (0..40).map(|pod| decode(&estate.changed_pod(17 * pod, round + 1)));
        let more = shop(&format!("pay{round}"), "pay:1", "CrashLoopBackOff");
        desk.cluster.say(Observation::Changes(pods.chain(more).collect())).await;
        let rounds = desk.engine.now();
        desk.settle(|state| state.at > Some(rounds)).await;
        desk.clock.advance(chrono::Duration::seconds(6));
        drawn.push(newer(&desk, drawn.last().map(|(at, _)| *at)).await);
    }
    // A segment that gets old is followed by another: until a map is drawn of that, the one before goes on.
    let segment = |state: &State| state.tapes.values().next().and_then(Tape::stored);
    let first = desk.engine.look(None).await.expect("a look").live().and_then(segment);
    desk.clock.advance(chrono::Duration::hours(2));
    desk.cluster.say(Observation::Changes(shop("late", "late:1", ""))).await;
    desk.settle(|state| segment(state).is_some() && segment(state) != first).await;
    let last = drawn.last().map(|(at, _)| *at);
    drawn.push(newer(&desk, last).await);
    let distinct = drawn.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert_eq!(distinct, 5);
    let request = |at: Moment, drawn| SceneRequest { at: Some(at.to_rfc3339()), drawn, ..SceneRequest::default() };
    for (at, map) in &drawn {
        let again = broadstreet_api::files::scene(&desk.engine, request(*at, true)).await.expect("a scene");
        assert!(&again == map, "the map drawn by {at} is another");
    }
    let before = desk.engine.drawn(drawn[5].0 - chrono::Duration::microseconds(1)).await.expect("an answer");
    assert_eq!(before.and_then(|map| drawn_at(&map)), last);
    for (at, map) in drawn.iter().rev() {
        let then = desk.engine.look(Some(*at)).await.expect("a look");
        let fading = then.fading();
        let options = SceneOptions { lens: Lens::Namespaces, fading: &fading, ..SceneOptions::default() };
        let whole = scene_drawn(then.world(), then.plan(), then.placed(), &options, *at);
        assert!(&whole == map, "at {at} the world is drawn otherwise");
        drop(then);
        // Whoever was there is answered exactly.
        let exact = broadstreet_api::files::scene(&desk.engine, request(*at, true)).await.expect("a scene");
        assert_eq!(drawn_at(&exact), None);
    }
    // What was drawn is there the next day, but not for the night.
    let ended = desk.engine.now();
    let desk = desk.restart(MEI).await;
    desk.clock.advance(chrono::Duration::hours(12));
    desk.open(shop("cart", "cart:1", "")).await;
    let there = async |at| desk.engine.drawn(at).await.expect("an answer").and_then(|map| drawn_at(&map));
    for (at, _) in &drawn {
        assert_eq!(there(*at).await, Some(*at));
    }
    assert_eq!(there(ended + chrono::Duration::hours(6)).await, None);
    assert_eq!(there(drawn[0].0 - chrono::Duration::seconds(60)).await, None);
    desk.engine.stop().await;
}

async fn a_small_cluster_is_not_drawn(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let began = desk.engine.now();
    desk.clock.advance(chrono::Duration::seconds(6));
    desk.cluster.say(Observation::Changes(shop("cart", "cart:2", ""))).await;
    desk.settle(|state| state.at > Some(began) && state.tapes.values().all(|tape| tape.held() == 0)).await;
    assert_eq!(desk.engine.drawn(desk.engine.now()).await.expect("an answer"), None);
    desk.engine.stop().await;
}
