//! Stories of what declaring freezes, and of what keeps it from being frozen.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use broadstreet_core::alerts::{Alert, AlertState};
use broadstreet_core::id::SourceId;
use broadstreet_core::ports::{AlertPoll, ContextChoice, Observation, Silence};
use broadstreet_core::resource::reduce;
use broadstreet_core::world::{Change, Freshness, SourceState};
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::{Value, json};

use super::{MEI, add_alerts, alert, declared, text};

stories! {
    an_incident_is_answered_where_its_evidence_found_no_space_and_is_frozen_once_there_is_some
    evidence_a_kill_took_away_is_frozen_when_the_cluster_is_opened_again
    an_incident_declared_without_a_cluster_is_frozen_once_one_was_read
    a_cluster_of_which_nothing_was_read_is_never_frozen
    what_is_frozen_holds_silences_what_is_silenced_or_pending_and_the_last_ten_revisions
    declaring_again_after_a_failure_takes_the_same_number
}

/// The evidence of an incident, once it was frozen; what failed is tried again after half a minute.
async fn frozen(desk: &TestDesk, id: &str) -> Value {
    for _ in 0..4_500 {
        let frozen = desk.call("incident", json!({ "id": id })).await.expect("the incident")["frozen"].clone();
        if !frozen.is_null() {
            return frozen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the evidence was not frozen");
}

async fn alarms(desk: &TestDesk) -> Vec<Value> {
    let now = desk.call("desk", Value::Null).await.expect("the desk");
    now["alarms"].as_array().cloned().unwrap_or_default()
}

/// How often the record says that evidence was frozen.
async fn times_frozen(desk: &TestDesk, id: &str) -> usize {
    let timeline = desk.call("timeline", json!({ "incident": id })).await.expect("the timeline");
    let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
    entries.iter().filter(|it| it["kind"] == "evidence.frozen").count()
}

async fn an_incident_is_answered_where_its_evidence_found_no_space_and_is_frozen_once_there_is_some(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    desk.full.files.store(u32::MAX, Ordering::SeqCst);
    let id = declared(&desk).await;
    let alarm = alarms(&desk).await.into_iter().find(|it| it["code"] == "evidence_not_frozen").expect("an alarm");
    let says = text(&alarm, "/text");
    assert!(says.contains("INC-0001") && says.contains("no space left") && says.contains("again by itself"), "{says}");
    assert!(!text(&alarm, "/hint").is_empty(), "{alarm}");
    desk.full.files.store(0, Ordering::SeqCst);
    let frozen = frozen(&desk, &id).await;
    assert_eq!(frozen["revisions"], 1, "{frozen}");
    assert_eq!(times_frozen(&desk, &id).await, 1);
    for left in 0.. {
        if alarms(&desk).await.iter().all(|it| it["code"] != "evidence_not_frozen") {
            break;
        }
        assert!(left < 500, "the alarm stays");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    desk.engine.stop().await;
}

async fn evidence_a_kill_took_away_is_frozen_when_the_cluster_is_opened_again(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    // Nothing after the declaration comes to be: as if the program had ended there.
    desk.full.files.store(u32::MAX, Ordering::SeqCst);
    let id = declared(&desk).await;
    let desk = desk.restart(MEI).await;
    assert_eq!(times_frozen(&desk, &id).await, 0);
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    frozen(&desk, &id).await;
    // Once is enough, however often it is looked after.
    let desk = desk.restart(MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let other = declared(&desk).await;
    frozen(&desk, &other).await;
    assert_eq!((times_frozen(&desk, &id).await, times_frozen(&desk, &other).await), (1, 1));
    desk.engine.stop().await;
}

async fn an_incident_declared_without_a_cluster_is_frozen_once_one_was_read(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let id = declared(&desk).await;
    // However long that is ago when one is opened.
    desk.clock.advance(chrono::Duration::minutes(5));
    desk.engine.open_context(ContextChoice::default()).await.expect("a cluster");
    desk.cluster.say(Observation::Changes(shop("cart", "cart:1", "CrashLoopBackOff"))).await;
    desk.settle(|state| state.world.objects().any(|object| object.key.name == "cart")).await;
    // It is looked at again and again whether it can be frozen; the last of these looks began after the one before it ended.
    let looked = desk.full.looks(&id);
    for left in 0.. {
        if desk.full.looks(&id) >= looked + 3 {
            break;
        }
        assert!(left < 1_500, "nobody looks");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Half a cluster is no evidence: also the next incident waits for the rest.
    let other = declared(&desk).await;
    assert_eq!((times_frozen(&desk, &id).await, times_frozen(&desk, &other).await), (0, 0));
    desk.cluster.say(Observation::InSync).await;
    assert_eq!(frozen(&desk, &id).await["revisions"], 1);
    assert_eq!(frozen(&desk, &other).await["revisions"], 1);
    desk.engine.stop().await;
}

async fn a_cluster_of_which_nothing_was_read_is_never_frozen(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.engine.open_context(ContextChoice::default()).await.expect("a cluster");
    let why = "HTTP 500: no leader".to_owned();
    let (source, kind) = (SourceId::new("cluster:c"), "/Pod".to_owned());
    let state = SourceState { source, kind, namespace: String::new(), state: Freshness::NeverAnswered { why } };
    desk.cluster.say(Observation::Freshness(state)).await;
    desk.settle(|state| state.world.freshness().any(|it| it.kind == "/Pod")).await;
    let id = declared(&desk).await;
    desk.clock.advance(chrono::Duration::minutes(5));
    // Looked at again by itself: what keeps it is said, and nothing is frozen.
    let mut alarm = None;
    for _ in 0..2_000 {
        alarm = alarms(&desk).await.into_iter().find(|it| it["code"] == "evidence_not_frozen");
        if alarm.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let alarm = alarm.expect("an alarm");
    assert!(text(&alarm, "/text").contains("no kind could be listed, /Pod: HTTP 500: no leader"), "{alarm}");
    assert_eq!(times_frozen(&desk, &id).await, 0);
    desk.cluster.say(Observation::Changes(shop("cart", "cart:1", "CrashLoopBackOff"))).await;
    desk.cluster.say(Observation::InSync).await;
    assert_eq!(frozen(&desk, &id).await["revisions"], 1);
    desk.engine.stop().await;
}

async fn what_is_frozen_holds_silences_what_is_silenced_or_pending_and_the_last_ten_revisions(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let revision = |number: usize| {
        let object = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": { "name": format!("cart-r{number}"), "namespace": "shop", "uid": format!("r-{number}"),
                "annotations": { "deployment.kubernetes.io/revision": number.to_string() },
                "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "uid": "d-cart", "controller": true }] },
            "spec": { "replicas": 0, "template": { "metadata": { "labels": { "app": "cart" } } } } });
        Change::Object(Arc::new(reduce("c", &object).expect("a ReplicaSet")))
    };
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff").into_iter().chain((1..=12).map(revision)).collect()).await;
    add_alerts(&desk).await;
    let states = [("firing", AlertState::Firing), ("pending", AlertState::Pending), ("silenced", AlertState::Silenced)];
    let alerts = states.map(|(pod, state)| Alert { state, ..alert(pod) }).into();
    let silences = vec![Silence { id: "s1".into(), created_by: MEI.into(), ..Silence::default() }];
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts, silences, ..AlertPoll::default() };
    desk.settle(|state| state.world.alerts().count() == 3).await;
    let id = declared(&desk).await;
    let counts = frozen(&desk, &id).await;
    assert_eq!([&counts["revisions"], &counts["silences"], &counts["alerts"]], [10, 1, 3], "{counts}");
    let bytes = desk.engine.file(text(&counts, "/blob")).await.expect("the evidence");
    let kept: Value = serde_json::from_slice(&bytes).expect("JSON");
    let revisions: Vec<i64> =
        kept["revisions"].as_array().unwrap().iter().filter_map(|it| it["revision"].as_i64()).collect();
    assert_eq!(revisions, (3..=12).rev().collect::<Vec<i64>>(), "the ten newest, the newest first");
    let mut alerts: Vec<(&str, &str)> =
        kept["alerts"].as_array().unwrap().iter().map(|it| (text(it, "/labels/pod"), text(it, "/state"))).collect();
    alerts.sort_unstable();
    assert_eq!(alerts, [("firing", "firing"), ("pending", "pending"), ("silenced", "silenced")]);
    assert_eq!((text(&kept, "/silences/0/id"), text(&kept, "/silences/0/created_by")), ("s1", MEI));
    desk.engine.stop().await;
}

async fn declaring_again_after_a_failure_takes_the_same_number(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let declare = json!({ "title": "Carts fail", "severity": 2, "commander": MEI, "token": "t1" });
    desk.full.rows.store(1, Ordering::SeqCst);
    let failed = desk.call("declare", declare.clone()).await.expect_err("no space");
    assert_eq!(failed.code, "disk_full");
    assert_eq!(desk.call("incidents", Value::Null).await.expect("the list"), json!([]), "nothing was declared");
    let first = desk.call("declare", declare.clone()).await.expect("declared");
    assert_eq!((text(&first, "/number"), text(&first, "/commander/name")), ("INC-0001", MEI));
    // The answer was lost: the same is declared once more.
    let again = desk.call("declare", declare).await.expect("a retry is harmless");
    assert_eq!(again["id"], first["id"]);
    let desk = desk.restart(MEI).await;
    let other = json!({ "title": "Carts fail", "severity": 2, "token": "t2" });
    assert_eq!(text(&desk.call("declare", other).await.expect("declared"), "/number"), "INC-0002");
    desk.engine.stop().await;
}
