//! What is placed by hand, what the heartbeat's absence says, and what becomes true by the clock alone.

use std::sync::Arc;

use super::{MEI, add_alerts, text};
use broadstreet_core::alerts::{Address, Alert, AlertState, alert_id, is_absent};
use broadstreet_core::id::ObjectKey;
use broadstreet_core::ports::{AlertPoll, Observation};
use broadstreet_core::resource::{Labels, reduce};
use broadstreet_core::world::Change;
use broadstreet_engine::live::State;
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::json;

stories! {
    an_alert_placed_by_hand_stays_there_after_a_restart_until_it_is_taken_back
    an_alert_about_a_pod_that_went_stands_at_its_house_then_and_later_and_after_a_restart
    a_heartbeat_that_stops_is_a_case_and_an_alarm_until_it_is_back
    a_schedule_that_is_missed_is_told_by_the_clock_and_again_in_replay
}

fn named(name: &str, more: &[(&str, &str)]) -> Alert {
    let pairs = [("alertname", name), ("severity", "warning")].into_iter().chain(more.iter().copied());
    let labels: Labels = pairs.map(|(key, value)| (key.into(), value.into())).collect();
    let id = alert_id(&labels, &Labels::new());
    Alert {
        id,
        source: "alertmanager:a".into(),
        labels,
        state: AlertState::Firing,
        fingerprint: "f".into(),
        ..Alert::default()
    }
}

fn firing(desk: &TestDesk, alerts: Vec<Alert>) {
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts, ..AlertPoll::default() };
}

async fn an_alert_placed_by_hand_stays_there_after_a_restart_until_it_is_taken_back(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    add_alerts(&desk).await;
    let odd = named("OddAlert", &[("team", "cart")]);
    firing(&desk, vec![odd.clone()]);
    desk.settle(|state| state.placed.tray.len() == 1).await;
    let before = desk.engine.now();

    let cart = "c/apps/Deployment/shop/cart";
    let by = |labels: &[&str], at: &str| json!({ "alert": odd.id, "labels": labels, "at": at });
    for (payload, code) in [
        (by(&["alertname"], "c/apps/Deployment/shop/gone"), "not_found"),
        (by(&["nothing"], cart), "no_such_label"),
        (by(&[], cart), "no_labels"),
        (json!({ "alert": "gone", "labels": ["alertname"], "at": cart }), "not_found"),
        (by(&["alertname"], "cart"), "bad_object"),
    ] {
        let refused = desk.call("place_alert", payload).await.expect_err("refused");
        assert_eq!(refused.code, code, "{refused:?}");
    }
    desk.call("place_alert", by(&["alertname", "team"], cart)).await.expect("placed");
    desk.settle(|state| state.placed.tray.is_empty() && state.placed.cases.len() == 1).await;
    let cases = desk.call("cases", json!({})).await.expect("the cases");
    assert_eq!(text(&cases, "/cases/0/at"), cart);
    assert_eq!(cases["cases"][0]["rung"], 8);
    assert_eq!(text(&cases, "/cases/0/label"), r#"placed by hand by Mei Tanaka: alertname="OddAlert", team="cart""#);
    assert_eq!(cases["placings"][0]["alerts"], 1);
    let then = desk.call("cases", json!({ "at": before.to_rfc3339() })).await.expect("the cases then");
    assert_eq!(then["tray"].as_array().map(Vec::len), Some(1), "the past knows no rule that was made later");

    let desk = desk.restart(MEI).await;
    firing(&desk, vec![odd.clone()]);
    desk.open(shop("cart", "cart:1", "")).await;
    desk.settle(|state| state.placed.cases.len() == 1).await;
    let cases = desk.call("cases", json!({})).await.expect("the cases");
    let rule = text(&cases, "/placings/0/rule").to_owned();
    desk.call("forget_placement", json!({ "rule": rule })).await.expect("taken back");
    desk.settle(|state| state.placed.tray.len() == 1).await;
    let again = desk.call("forget_placement", json!({ "rule": rule })).await.expect_err("gone");
    assert_eq!(again.code, "not_found");
    desk.engine.close_desk().await.expect("closed");
    let closed = desk.call("place_alert", by(&["alertname"], cart)).await.expect_err("closed");
    assert_eq!(closed.code, "not_live");
    desk.engine.stop().await;
}

async fn an_alert_about_a_pod_that_went_stands_at_its_house_then_and_later_and_after_a_restart(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    add_alerts(&desk).await;
    let address = |state: &State| match &state.placed.cases.first()?.at {
        Address::Object(key) => Some(key.to_string()),
        _ => None,
    };
    let (pod, house) = ("c//Pod/shop/cart-1-a", "c/apps/Deployment/shop/cart");
    let down = named("PodDown", &[("namespace", "shop"), ("pod", "cart-1-a")]);
    firing(&desk, vec![down.clone()]);
    desk.settle(|state| address(state).as_deref() == Some(pod)).await;
    let before = desk.engine.now();
    desk.clock.advance(chrono::Duration::seconds(2));
    let gone = Change::Gone { key: pod.parse().expect("a key"), uid: "p-cart".to_owned() };
    desk.cluster.say(Observation::Changes(vec![gone])).await;
    // Neither dash of its name leads to an owner.
    desk.settle(|state| address(state).as_deref() == Some(house)).await;
    let seen = desk.engine.look(None).await.expect("a look");
    let (at, digest) = (seen.at(), seen.world().digest());
    drop(seen);
    let then = async |at| desk.call("cases", json!({ "at": at })).await.expect("the cases then");
    assert_eq!(text(&then(before.to_rfc3339()).await, "/cases/0/at"), pod);
    let later = desk.engine.look(Some(at)).await.expect("then");
    assert_eq!(later.world().digest(), digest);
    assert_eq!(later.placed().cases[0].at, Address::Object(house.parse().expect("a key")));
    drop(later);

    let desk = desk.restart(MEI).await;
    let mut rest = shop("cart", "cart:1", "");
    rest.pop();
    firing(&desk, vec![down]);
    desk.open(rest).await;
    desk.settle(|state| address(state).as_deref() == Some(house)).await;
    desk.engine.stop().await;
}

async fn a_heartbeat_that_stops_is_a_case_and_an_alarm_until_it_is_back(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    add_alerts(&desk).await;
    let alarms = async || {
        let view = desk.call("desk", json!({})).await.expect("the desk");
        let codes = view["alarms"].as_array().cloned().unwrap_or_default();
        codes.iter().map(|alarm| text(alarm, "/code").to_owned()).collect::<Vec<_>>()
    };
    let other = named("OddAlert", &[]);
    firing(&desk, vec![named("Watchdog", &[]), other.clone()]);
    desk.settle(|state| state.placed.cases.len() == 1).await;
    assert!(!alarms().await.contains(&"heartbeat_missing".to_owned()));
    let cases = desk.call("cases", json!({})).await.expect("the cases");
    assert_eq!(cases["cases"].as_array().map(Vec::len), Some(0), "a heartbeat is no case while it beats");
    firing(&desk, vec![other.clone()]);
    let is_silent = |state: &State| state.world.alerts().any(is_absent);
    desk.settle(is_silent).await;
    assert!(alarms().await.contains(&"heartbeat_missing".to_owned()));
    let cases = desk.call("cases", json!({})).await.expect("the cases");
    assert_eq!(text(&cases, "/cases/0/name"), "WatchdogAbsent", "{cases}");
    assert_eq!(text(&cases, "/cases/0/told"), "nobody", "{cases}");
    firing(&desk, vec![named("Watchdog", &[]), other]);
    desk.settle(|state| !is_silent(state)).await;
    assert!(!alarms().await.contains(&"heartbeat_missing".to_owned()));
    desk.engine.stop().await;
}

async fn a_schedule_that_is_missed_is_told_by_the_clock_and_again_in_replay(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let last = desk.engine.now() - chrono::Duration::seconds(30);
    let told = last.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let job = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": { "name": "mail", "namespace": "shop", "uid": "j", "creationTimestamp": "2026-01-01T00:00:00Z" },
        "spec": { "schedule": "@every 10m", "jobTemplate": { "spec": { "template": { "spec": { "containers": [] } } } } },
        "status": { "lastScheduleTime": told, "lastSuccessfulTime": told },
    });
    let job = reduce("c", &job).expect("a CronJob");
    let key: ObjectKey = job.key.clone();
    let mut changes = shop("cart", "cart:1", "");
    changes.push(Change::Object(Arc::new(job)));
    desk.open(changes).await;
    let state_of = |state: &broadstreet_engine::live::State| format!("{:?}", state.world.health(&key).state);
    desk.settle(|state| state_of(state) == "Well").await;
    let before = desk.engine.now();
    desk.clock.advance(chrono::Duration::minutes(16));
    desk.settle(|state| state_of(state) == "Warning").await;
    let seen = desk.engine.look(None).await.expect("a look");
    let (at, digest) = (seen.at(), seen.world().digest());
    drop(seen);
    let panel = desk.call("object", json!({ "id": key.to_string() })).await.expect("the panel");
    assert_eq!(text(&panel, "/field"), "status.lastScheduleTime");
    let then = desk.engine.look(Some(before)).await.expect("before");
    assert_eq!(format!("{:?}", then.world().health(&key).state), "Well", "the past does not know what came later");
    assert_eq!(desk.engine.look(Some(at)).await.expect("then").world().digest(), digest);
    desk.engine.stop().await;
}
