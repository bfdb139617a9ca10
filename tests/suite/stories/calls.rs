//! Calls that were observed, from a Prometheus to the panel and into the recording; and files without a cluster.

use broadstreet_core::observed::{CallsPoll, End, EndKind, Measure, Observer, Reading, Told, Unit};
use broadstreet_core::ports::Snapshot;
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::{Value, json};

use super::{MEI, text};

stories! {
    observed_calls_reach_the_panel_the_recording_and_leave_with_their_source
    files_without_a_cluster_open_as_one_moment_and_leave_no_trace
}

fn workload(name: &str) -> End {
    End { is: EndKind::Workload, namespace: "shop".into(), name: name.into(), ..End::default() }
}

fn reading(from: &str, to: &str) -> Reading {
    let measure = Measure { unit: Unit::Requests, rate: 12_000, failed: Some(250), p95: Some(240_000) };
    Reading { from: workload(from), to: workload(to), measure, two_way: false }
}

async fn observed_calls_reach_the_panel_the_recording_and_leave_with_their_source(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open([shop("web", "web:1", ""), shop("cart", "cart:1", "")].concat()).await;
    let told =
        Told { calls: vec![reading("web", "cart"), reading("web", "nobody")], notes: vec!["2 spans were lost".into()] };
    *desk.signals.calls.lock().unwrap() = CallsPoll { observers: vec![(Observer::Istio, Ok(told))] };
    let source = json!({ "id": "prometheus:p", "kind": "prometheus", "address": "http://127.0.0.1:1" });
    desk.call("save_source", source).await.expect("saved");
    desk.settle(|state| state.world.observers().next().is_some()).await;
    let web = async |at: Option<String>| {
        desk.call("object", json!({ "id": "c/apps/Deployment/shop/web", "at": at })).await.expect("the panel")
    };
    let is_right = |panel: &Value| {
        let seen = &panel["calls"][0];
        assert_eq!((text(seen, "/other_name"), text(seen, "/source")), ("cart", "observed"), "{panel}");
        let measured = &seen["measured"][0];
        assert_eq!((text(measured, "/observer"), text(measured, "/source")), ("Istio", "prometheus:p"));
        assert_eq!(
            (&measured["rate"], &measured["failed"], &measured["p95_ms"]),
            (&json!(12.0), &json!(0.25), &json!(240.0))
        );
        assert!(measured["last_seen"].is_string() && measured["stale"].is_null(), "{measured}");
        assert_eq!(text(panel, "/lost_calls/0/other"), "shop/nobody");
    };
    is_right(&web(None).await);
    let now = desk.call("desk", json!({})).await.expect("the desk");
    let why = now["sources"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["id"] == "prometheus:p")
        .map(|it| text(it, "/why").to_owned());
    let why = why.expect("the source");
    assert!(why.contains("2 spans were lost") && why.contains("1 calls are not on the map"), "{why}");

    // The recording knows it too.
    let at = desk.engine.look(None).await.expect("a look").live().and_then(|state| state.at).expect("a moment");
    is_right(&web(Some(at.to_rfc3339())).await);

    desk.call("remove_source", json!({ "id": "prometheus:p" })).await.expect("removed");
    desk.settle(|state| state.world.observers().next().is_none()).await;
    assert_eq!(web(None).await["calls"], json!([]));
    assert_eq!(text(&web(Some(at.to_rfc3339())).await, "/calls/0/other_name"), "cart", "the past stays");
    desk.engine.stop().await;
}

async fn files_without_a_cluster_open_as_one_moment_and_leave_no_trace(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("must-gather");
    std::fs::create_dir(&path).expect("a folder");
    let changes = shop("cart", "cart:1", "CrashLoopBackOff");
    let skipped =
        broadstreet_core::ports::ClusterError::BadManifest { path: "x.yaml".into(), why: "it is torn".into() };
    *desk.cluster.files.lock().unwrap() =
        Snapshot { layout: "must-gather".into(), changes, skipped: vec![skipped], ..Snapshot::default() };
    for _ in 0..2 {
        let opened = desk.call("open_bundle", json!({ "path": path })).await.expect("opened");
        assert_eq!((text(&opened, "/mode"), text(&opened, "/title")), ("recorded", "must-gather"));
        assert!(opened["incident"].is_null(), "it belongs to none: {opened}");
        assert_eq!((text(&opened, "/sources/0/version"), &opened["sources"][0]["skipped"]), ("must-gather", &json!(1)));
        assert!(text(&opened, "/sources/0/why").contains("x.yaml"), "{opened}");
        let panel = desk.call("object", json!({ "id": "c/apps/Deployment/shop/cart" })).await.expect("the panel");
        assert_eq!(text(&panel, "/health"), "critical");
        let history = desk.call("history", json!({ "bins": 10 })).await.expect("the scrubber");
        assert_eq!(history["live"], false);
        assert!(
            !desk
                .engine
                .look(None)
                .await
                .expect("a look")
                .scene(broadstreet_core::plan::Lens::Namespaces, false, None)
                .is_empty()
        );
    }
    assert_eq!(desk.call("incidents", json!({})).await.expect("a list"), json!([]));
    desk.call("close_desk", json!({})).await.expect("closed");
    assert_eq!(text(&desk.call("desk", json!({})).await.expect("the desk"), "/mode"), "closed");
    desk.engine.stop().await;
}
