//! What alerts leave in the record of an incident, also where they end while nothing records.

use super::{JONAS, MEI, add_alerts, alert, declared, text};
use broadstreet_core::alerts::{Alert, AlertState};
use broadstreet_core::ports::{AlertPoll, AlertSpan, Clock, Silence};
use broadstreet_core::resource::Labels;
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::{Value, json};

stories! {
    an_alert_becomes_a_case_a_row_and_its_end_a_row
    taking_a_source_away_resolves_nothing
    what_fades_is_the_same_live_and_in_the_past
    an_alert_whose_external_labels_are_learned_neither_ends_nor_fires_anew
    an_alert_that_ended_while_nothing_recorded_gets_its_row_once
    an_end_nobody_saw_is_timed_by_prometheus_history
    a_silence_is_a_row_when_it_begins_and_when_it_ends_before_the_alert
    a_source_that_does_not_answer_or_is_gone_ends_nothing
}

/// The alert rows of an incident: kind, time, whether it is approximate, sentence.
async fn alert_rows(desk: &TestDesk, incident: &str) -> Vec<Value> {
    let timeline = desk.call("timeline", json!({ "incident": incident })).await.expect("the timeline");
    let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
    entries.into_iter().filter(|entry| text(entry, "/kind").starts_with("alert.")).collect()
}

async fn of_kind(desk: &TestDesk, incident: &str, kind: &str) -> Vec<Value> {
    alert_rows(desk, incident).await.into_iter().filter(|entry| entry["kind"] == kind).collect()
}

/// Waits for the first row of a kind, at most ten seconds.
async fn first_of_kind(desk: &TestDesk, incident: &str, kind: &str) -> Value {
    for _ in 0..500 {
        if let Some(row) = of_kind(desk, incident, kind).await.into_iter().next() {
            return row;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no row of the kind {kind}: {:?}", alert_rows(desk, incident).await);
}

/// An incident whose alert fired and was recorded, at a desk that was then closed.
async fn closed_while_firing(place: Place) -> (TestDesk, String) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    add_alerts(&desk).await;
    let id = declared(&desk).await;
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts: vec![alert("cart-1-a")], ..AlertPoll::default() };
    desk.settle(|state| state.placed.cases.len() == 1).await;
    first_of_kind(&desk, &id, "alert.fired").await;
    (desk.restart(MEI).await, id)
}

/// Several times a source was asked, and what came after each answer is on the map: so was the answer itself, and the second
/// went by in between.
async fn several_rounds(desk: &TestDesk) {
    let polls = || desk.signals.polls.load(std::sync::atomic::Ordering::SeqCst);
    for round in 0..4 {
        let (before, name) = (polls(), format!("round-{round}"));
        for left in 0.. {
            if polls() > before {
                break;
            }
            assert!(left < 1_500, "nobody asks");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        desk.cluster.say(broadstreet_core::ports::Observation::Changes(shop(&name, "image:1", ""))).await;
        desk.settle(|state| state.world.objects().any(|object| object.key.name == *name)).await;
    }
}

async fn an_alert_becomes_a_case_a_row_and_its_end_a_row(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    add_alerts(&desk).await;
    let id = declared(&desk).await;
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts: vec![alert("cart-1-a")], ..AlertPoll::default() };
    desk.settle(|state| state.placed.cases.len() == 1).await;
    let panel = desk.call("object", json!({ "id": "c/apps/Deployment/shop/cart" })).await.expect("the panel");
    assert_eq!(text(&panel, "/cases/0/label"), r#"pod="cart-1-a""#);
    assert_eq!(text(&panel, "/health"), "critical");
    assert!(text(&panel, "/field").contains("waiting"), "{panel}");
    *desk.signals.alerts.lock().unwrap() = AlertPoll::default();
    desk.settle(|state| state.placed.cases.is_empty()).await;
    let kinds = async || {
        let timeline = desk.call("timeline", json!({ "incident": id })).await.expect("the timeline");
        let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| text(entry, "/kind").to_owned()).collect::<Vec<_>>()
    };
    for _ in 0..200 {
        let kinds = kinds().await;
        if ["alert.resolved", "evidence.frozen"].iter().all(|kind| kinds.iter().any(|it| it == kind)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let kinds = kinds().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "alert.fired").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "alert.resolved").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "evidence.frozen").count(), 1, "{kinds:?}");
    desk.engine.stop().await;
}

async fn what_fades_is_the_same_live_and_in_the_past(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    add_alerts(&desk).await;
    let tell = |alerts| *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts, ..AlertPoll::default() };
    let stand = async |at: Option<&str>| {
        let told = desk.call("cases", json!({ "at": at })).await.expect("the cases");
        let cases = told["cases"].as_array().cloned().unwrap_or_default();
        cases.iter().map(|it| (text(it, "/state").to_owned(), it["ends_at"].clone())).collect::<Vec<_>>()
    };
    let now = async || text(&desk.call("desk", json!({})).await.expect("the desk"), "/now").to_owned();
    tell(vec![alert("cart-1-a")]);
    desk.settle(|state| state.placed.cases.len() == 1).await;
    tell(Vec::new());
    desk.settle(|state| state.fading.len() == 1).await;
    let (live, faded) = (stand(None).await, now().await);
    assert!(matches!(&live[..], [(state, ended)] if state == "resolved" && ended.is_string()), "{live:?}");
    assert_eq!(stand(Some(&faded)).await, live, "it ended when the recording says");
    // Within the minute it fires once more: then it did not end.
    tell(vec![alert("cart-1-a")]);
    desk.settle(|state| state.placed.cases.len() == 1 && state.fading.is_empty()).await;
    let (live, again) = (stand(None).await, now().await);
    assert!(matches!(&live[..], [(state, _)] if state == "firing"), "{live:?}");
    assert_eq!(stand(Some(&again)).await, live, "it stands once");
    // Nobody knows of its end where nobody asks any more.
    desk.call("remove_source", json!({ "id": "alertmanager:a" })).await.expect("removed");
    desk.settle(|state| state.placed.cases.is_empty() && state.fading.is_empty()).await;
    let alone = now().await;
    assert_eq!((stand(None).await, stand(Some(&alone)).await), (Vec::new(), Vec::new()));
    assert_eq!(stand(Some(&faded)).await.len(), 1, "and the past is as it was");
    desk.engine.stop().await;
}

async fn taking_a_source_away_resolves_nothing(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    add_alerts(&desk).await;
    let id = declared(&desk).await;
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts: vec![alert("cart-1-a")], ..AlertPoll::default() };
    desk.settle(|state| state.placed.cases.len() == 1).await;
    desk.call("remove_source", json!({ "id": "alertmanager:a" })).await.expect("removed");
    desk.settle(|state| state.placed.cases.is_empty() && state.fading.is_empty()).await;
    let note = json!({ "incident": id, "text": "Alertmanager is taken away" });
    desk.call("write_entry", note).await.expect("written");
    let timeline = desk.call("timeline", json!({ "incident": id })).await.expect("the timeline");
    let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&str> = entries.iter().map(|entry| text(entry, "/kind")).collect();
    assert!(kinds.contains(&"alert.fired") && !kinds.contains(&"alert.resolved"), "{kinds:?}");
    desk.engine.stop().await;
}

async fn an_alert_that_ended_while_nothing_recorded_gets_its_row_once(place: Place) {
    let (desk, id) = closed_while_firing(place).await;
    desk.clock.advance(chrono::Duration::minutes(40));
    desk.open(shop("cart", "cart:1", "")).await;
    let row = first_of_kind(&desk, &id, "alert.resolved").await;
    assert_eq!(row["approx"], true, "{row}");
    let said = text(&row, "/text");
    assert!(said.starts_with("KubePodCrashLooping resolved on cart-1-a, unseen, between "), "{said}");
    assert!(text(&row, "/detail").contains("nothing was recorded when it ended"), "{row}");
    let mut desk = desk;
    for _ in 0..2 {
        desk = desk.restart(MEI).await;
        desk.open(shop("cart", "cart:1", "")).await;
        desk.settle(|state| !state.compared.is_empty()).await;
        assert_eq!(
            of_kind(&desk, &id, "alert.resolved").await,
            std::slice::from_ref(&row),
            "once, whoever starts how often"
        );
    }
    desk.engine.stop().await;
}

async fn an_end_nobody_saw_is_timed_by_prometheus_history(place: Place) {
    let (desk, id) = closed_while_firing(place).await;
    desk.clock.advance(chrono::Duration::minutes(40));
    let end = chrono::SubsecRound::trunc_subsecs(desk.clock.now() - chrono::Duration::minutes(15), 0);
    let span = AlertSpan {
        labels: alert("cart-1-a").labels,
        state: "firing".into(),
        from: chrono::DateTime::from_timestamp(1_700_000_000, 0),
        to: Some(end),
        step_seconds: 15,
    };
    *desk.signals.prior.lock().unwrap() = vec![span];
    let prometheus =
        json!({ "id": "prometheus:p", "kind": "prometheus", "address": "http://127.0.0.1:1", "poll_seconds": 1 });
    desk.call("save_source", prometheus).await.expect("a source");
    desk.open(shop("cart", "cart:1", "")).await;
    let row = first_of_kind(&desk, &id, "alert.resolved").await;
    assert_eq!((&row["approx"], text(&row, "/text")), (&json!(false), "KubePodCrashLooping resolved on cart-1-a"));
    assert_eq!(text(&row, "/at").parse::<chrono::DateTime<chrono::Utc>>().ok(), Some(end), "{row}");
    assert!(text(&row, "/detail").contains("Prometheus' history"), "{row}");
    desk.engine.stop().await;
}

async fn a_silence_is_a_row_when_it_begins_and_when_it_ends_before_the_alert(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    add_alerts(&desk).await;
    let id = declared(&desk).await;
    let silence = |id: &str| Silence {
        id: id.into(),
        created_by: JONAS.into(),
        comment: "deploy at noon".into(),
        ..Silence::default()
    };
    let silences = vec![silence("s1"), silence("s2")];
    let told = |by: Option<&str>| {
        let state = if by.is_some() { AlertState::Silenced } else { AlertState::Firing };
        let alert = Alert { state, muted_by: by.into_iter().map(str::to_owned).collect(), ..alert("cart-1-a") };
        AlertPoll { alerts: vec![alert], silences: silences.clone(), ..AlertPoll::default() }
    };
    for by in [None, Some("s1"), None, Some("s2"), None] {
        *desk.signals.alerts.lock().unwrap() = told(by);
        desk.settle(|state| state.world.alerts().any(|it| it.muted_by.first().map(String::as_str) == by)).await;
    }
    first_of_kind(&desk, &id, "alert.unmuted").await;
    for _ in 0..500 {
        if of_kind(&desk, &id, "alert.unmuted").await.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let rows = alert_rows(&desk, &id).await;
    let said: Vec<(&str, &str)> = rows.iter().map(|row| (text(row, "/text"), text(row, "/detail"))).collect();
    let (name, by) = ("KubePodCrashLooping", format!("by {JONAS}: deploy at noon"));
    let (silenced, unmuted) =
        (format!("{name} was silenced on cart-1-a"), format!("{name} is no longer silenced, still firing on cart-1-a"));
    let fired = format!("{name} fired on cart-1-a");
    let expected = [(&*fired, ""), (&*silenced, &*by), (&*unmuted, ""), (&*silenced, &*by), (&*unmuted, "")];
    assert_eq!(said, expected);
    *desk.signals.alerts.lock().unwrap() = told(Some("s1"));
    let desk = desk.restart(MEI).await;
    *desk.signals.alerts.lock().unwrap() = told(None);
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    desk.settle(|state| !state.compared.is_empty()).await;
    assert_eq!(alert_rows(&desk, &id).await, rows, "what was told is not told again");
    desk.engine.stop().await;
}

async fn a_source_that_does_not_answer_or_is_gone_ends_nothing(place: Place) {
    let (desk, id) = closed_while_firing(place).await;
    desk.signals.silent.store(true, std::sync::atomic::Ordering::Relaxed);
    desk.open(shop("cart", "cart:1", "")).await;
    desk.settle(|state| state.proofs.values().any(|proof| proof.trouble.is_some())).await;
    several_rounds(&desk).await;
    assert!(of_kind(&desk, &id, "alert.resolved").await.is_empty(), "who does not answer says nothing ended");
    desk.call("remove_source", json!({ "id": "alertmanager:a" })).await.expect("removed");
    let other =
        json!({ "id": "alertmanager:b", "kind": "alertmanager", "address": "http://127.0.0.1:1", "poll_seconds": 1 });
    desk.signals.silent.store(false, std::sync::atomic::Ordering::Relaxed);
    desk.call("save_source", other).await.expect("a source");
    desk.settle(|state| !state.compared.is_empty()).await;
    assert!(of_kind(&desk, &id, "alert.resolved").await.is_empty(), "another source does not know of the alert");
    desk.call("remove_source", json!({ "id": "alertmanager:b" })).await.expect("removed");
    add_alerts(&desk).await;
    first_of_kind(&desk, &id, "alert.resolved").await;
    desk.engine.stop().await;
}

async fn an_alert_whose_external_labels_are_learned_neither_ends_nor_fires_anew(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    add_alerts(&desk).await;
    let id = declared(&desk).await;
    let mut told = alert("cart-1-a");
    told.labels.insert("prometheus".into(), "lab/k8s".into());
    let alone = AlertPoll { alerts: vec![told], ..AlertPoll::default() };
    *desk.signals.alerts.lock().unwrap() = alone.clone();
    desk.settle(|state| state.placed.cases.len() == 1).await;
    let external_labels = Labels::from_iter([("prometheus".into(), "lab/k8s".into())]);
    *desk.signals.alerts.lock().unwrap() = AlertPoll { external_labels, ..alone };
    let bare = alert("cart-1-a").id;
    desk.settle(|state| state.placed.cases.first().is_some_and(|case| case.alert == bare)).await;
    desk.settle(|state| state.placed.cases.len() == 1 && state.fading.is_empty()).await;
    let at = text(&desk.call("desk", json!({})).await.expect("the desk"), "/now").to_owned();
    let then = desk.call("cases", json!({ "at": at })).await.expect("the cases as recorded");
    assert_eq!(then["cases"].as_array().map(Vec::len), Some(1), "{then}");
    assert_eq!(text(&then, "/cases/0/state"), "firing");
    desk.call("write_entry", json!({ "incident": id, "text": "Prometheus answers too" })).await.expect("written");
    let timeline = desk.call("timeline", json!({ "incident": id })).await.expect("the timeline");
    let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&str> = entries.iter().map(|entry| text(entry, "/kind")).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "alert.fired").count(), 1, "{kinds:?}");
    assert!(!kinds.contains(&"alert.resolved"), "{kinds:?}");
    desk.engine.stop().await;
}
