//! Several clusters side by side: each with its own watch, freshness, recording and evidence, in one world and one record.

use super::{JONAS, MEI, alert, text};
use broadstreet_core::alerts::Address;
use broadstreet_core::ports::{AlertPoll, Observation};
use broadstreet_core::time::Moment;
use broadstreet_core::world::Change;
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop_in};
use serde_json::{Value, json};

stories! {
    a_cluster_that_never_answers_keeps_no_other_waiting
    what_is_recorded_of_several_clusters_is_what_was_seen_of_them
    evidence_is_frozen_in_each_cluster_and_leaves_in_one_bundle
    a_cluster_that_answers_after_declare_joins_the_incident
    an_alert_stands_in_the_cluster_its_source_belongs_to
    two_contexts_of_one_cluster_are_watched_once
}

async fn opened(desk: &TestDesk, contexts: &[&str]) -> Value {
    *desk.cluster.contexts.lock().unwrap() = contexts.iter().map(|it| (*it).to_owned()).collect();
    desk.call("open_context", json!({ "contexts": contexts })).await.expect("opened")
}

/// Lets a cluster say that it has a shop, and that it was read.
async fn read(desk: &TestDesk, cluster: &str, image: &str) {
    desk.cluster.say_in(cluster, Observation::Changes(shop_in(cluster, "cart", image, ""))).await;
    desk.cluster.say_in(cluster, Observation::InSync).await;
    let (of, is_synced) =
        (cluster.to_owned(), |state: &broadstreet_engine::live::State, of: &str| state.synced.contains(of));
    desk.settle(|state| is_synced(state, &of)).await;
}

fn clusters(desk: &Value) -> Vec<Value> {
    let sources = desk["sources"].as_array().cloned().unwrap_or_default();
    sources.into_iter().filter(|it| it["kind"] == "cluster").collect()
}

/// The moment as it is live, with all that is known and where it stands.
async fn now(desk: &TestDesk) -> (Moment, String, Value, usize) {
    let seen = desk.engine.look(None).await.expect("a look");
    let at = seen.live().and_then(|state| state.at).expect("an instant");
    (at, seen.world().digest(), seen.plan().to_json(), seen.placed().cases.len())
}

async fn then(desk: &TestDesk, at: Moment) -> (Moment, String, Value, usize) {
    let seen = desk.engine.look(Some(at)).await.expect("a look");
    (at, seen.world().digest(), seen.plan().to_json(), seen.placed().cases.len())
}

async fn a_cluster_that_never_answers_keeps_no_other_waiting(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    *desk.cluster.hanging.lock().unwrap() = vec!["hangs".to_owned()];
    opened(&desk, &["hangs", "a", "b"]).await;
    for cluster in ["a", "b"] {
        read(&desk, cluster, "cart:1").await;
    }
    desk.settle(|state| state.in_sync && state.proofs.len() == 2).await;
    let told = desk.call("desk", Value::Null).await.expect("the desk");
    let told = clusters(&told);
    let state = |label: &str| told.iter().find(|it| it["label"] == label).map(|it| text(it, "/state").to_owned());
    assert_eq!(state("hangs").as_deref(), Some("catching_up"), "{told:#?}");
    assert_eq!((state("a").as_deref(), state("b").as_deref()), (Some("live"), Some("live")), "{told:#?}");
    {
        let seen = desk.engine.look(None).await.expect("a look");
        assert_eq!(seen.world().len(), 2 * shop_in("a", "cart", "cart:1", "").len());
        for relation in seen.world().relations() {
            assert_eq!(relation.from.cluster, relation.to.cluster, "{relation:?}");
        }
    }
    let again =
        desk.call("open_context", json!({ "contexts": ["a"], "beside": true })).await.expect_err("open already");
    assert_eq!(again.code, "already_open");
    let unknown = desk.call("open_context", json!({ "contexts": ["no"], "beside": true })).await.expect_err("unknown");
    assert_eq!(unknown.code, "unknown_context");
    for gone in ["hangs", "b"] {
        desk.call("leave_context", json!({ "id": format!("cluster:{gone}") })).await.expect("left");
    }
    desk.settle(|state| state.world.objects().all(|object| object.key.cluster == "a")).await;
    desk.cluster.say_in("a", Observation::Changes(shop_in("a", "pay", "pay:1", ""))).await;
    desk.settle(|state| state.world.objects().any(|object| object.key.name == "pay")).await;
    assert_eq!(desk.engine.look(None).await.expect("a look").world().clusters().len(), 1);
    let closed = desk.call("leave_context", json!({ "id": "cluster:a" })).await.expect("left");
    assert_eq!(text(&closed, "/mode"), "closed");
    desk.engine.stop().await;
}

async fn what_is_recorded_of_several_clusters_is_what_was_seen_of_them(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    opened(&desk, &["a", "b"]).await;
    read(&desk, "a", "cart:1").await;
    let mut seen = vec![now(&desk).await];
    read(&desk, "b", "cart:2").await;
    seen.push(now(&desk).await);
    super::add_alerts(&desk).await;
    let mut there = alert("cart-1-a");
    there.labels.insert("cluster".into(), "b".into());
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts: vec![there], ..AlertPoll::default() };
    desk.settle(|state| state.placed.cases.len() == 1).await;
    seen.push(now(&desk).await);
    for step in 0..6 {
        let cluster = ["a", "b"][step % 2];
        let waiting = if step < 3 { "CrashLoopBackOff" } else { "" };
        let name = ["cart", "pay", "web"][step % 3];
        desk.cluster.say_in(cluster, Observation::Changes(shop_in(cluster, name, "image:3", waiting))).await;
        let (cluster, name) = (cluster.to_owned(), name.to_owned());
        desk.settle(|state| {
            let of = |object: &broadstreet_core::resource::Object| {
                object.key.cluster == cluster.as_str()
                    && object.key.name == name
                    && serde_json::to_string(object).unwrap_or_default().contains("image:3")
            };
            state.world.objects().any(of)
        })
        .await;
        seen.push(now(&desk).await);
        desk.clock.advance(chrono::Duration::seconds(2));
    }
    let gone = Change::Gone { key: "a//Pod/shop/cart-1-a".parse().expect("a key"), uid: String::new() };
    desk.cluster.say_in("a", Observation::Changes(vec![gone])).await;
    desk.settle(|state| !state.world.objects().any(|it| it.key.to_string() == "a//Pod/shop/cart-1-a")).await;
    seen.push(now(&desk).await);
    for one in &seen[1..] {
        assert_eq!(&then(&desk, one.0).await, one);
    }
    // One is left: from then on it is nowhere, and before that it is as it was.
    desk.call("leave_context", json!({ "id": "cluster:b" })).await.expect("left");
    desk.settle(|state| state.tapes.len() == 1).await;
    for one in &seen[1..] {
        assert_eq!(&then(&desk, one.0).await, one, "after the other was left");
    }
    desk.cluster.say_in("a", Observation::Changes(shop_in("a", "late", "late:1", ""))).await;
    desk.settle(|state| state.world.objects().any(|object| object.key.name == "late")).await;
    let alone = now(&desk).await;
    assert_eq!(then(&desk, alone.0).await.1, alone.1);
    let desk = desk.restart(MEI).await;
    desk.clock.advance(chrono::Duration::minutes(1));
    opened(&desk, &["a", "b"]).await;
    desk.settle(|state| state.tapes.len() == 2).await;
    for one in &seen[1..] {
        assert_eq!(&then(&desk, one.0).await, one, "from the store");
    }
    desk.engine.stop().await;
}

async fn evidence_is_frozen_in_each_cluster_and_leaves_in_one_bundle(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    *desk.cluster.hanging.lock().unwrap() = vec!["hangs".to_owned()];
    opened(&desk, &["a", "b"]).await;
    read(&desk, "a", "cart:1").await;
    read(&desk, "b", "cart:2").await;
    let incident = desk.call("declare", json!({ "title": "Carts fail", "severity": 2 })).await.expect("declared");
    let id = text(&incident, "/id").to_owned();
    let rows = desk.call("timeline", json!({ "incident": id })).await.expect("the timeline");
    let frozen: Vec<&Value> =
        rows["entries"].as_array().into_iter().flatten().filter(|it| it["kind"] == "evidence.frozen").collect();
    let words: Vec<&str> = frozen.iter().map(|it| text(it, "/text")).collect();
    assert_eq!(frozen.len(), 2, "{rows:#}");
    assert!(
        words[0].starts_with("Evidence frozen in a:") && words[1].starts_with("Evidence frozen in b:"),
        "{words:?}"
    );
    desk.clock.advance(chrono::Duration::seconds(3));
    let file = desk.call("export_bundle", json!({ "incident": id })).await.expect("a bundle");
    let bytes = desk.engine.file(text(&file, "/blob")).await.expect("the file");
    let other = TestDesk::at(place, JONAS).await;
    let blob = other.engine.keep_file(bytes).await.expect("kept");
    let opened = other.call("open_bundle", json!({ "blob": blob })).await.expect("opened");
    for cluster in ["a", "b"] {
        let object = json!({ "id": format!("{cluster}/apps/Deployment/shop/cart"), "at": opened["recorded_to"] });
        let panel = other.call("object", object).await.expect("the panel");
        assert_eq!(panel["exists"], true, "{cluster}: {panel}");
    }
    desk.engine.stop().await;
    other.engine.stop().await;
}

/// Entries of a kind on the timeline, once there are as many as that.
async fn entries(desk: &TestDesk, incident: &str, kind: &str, many: usize) -> Vec<Value> {
    for _ in 0..2_000 {
        let rows = desk.call("timeline", json!({ "incident": incident })).await.expect("the timeline");
        let all = rows["entries"].as_array().cloned().unwrap_or_default();
        let found: Vec<Value> = all.into_iter().filter(|it| it["kind"] == kind).collect();
        if found.len() >= many {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the timeline never had {many} of {kind}");
}

async fn a_cluster_that_answers_after_declare_joins_the_incident(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    *desk.cluster.hanging.lock().unwrap() = vec!["late".to_owned()];
    opened(&desk, &["a", "late"]).await;
    read(&desk, "a", "cart:1").await;
    let incident = desk.call("declare", json!({ "title": "Carts fail", "severity": 2 })).await.expect("declared");
    let id = text(&incident, "/id").to_owned();
    assert_eq!(entries(&desk, &id, "evidence.frozen", 1).await.len(), 1);
    // Longer than a cluster that answers is waited for until it is read.
    desk.clock.advance(chrono::Duration::minutes(20));
    desk.cluster.hanging.lock().unwrap().clear();
    let joined = entries(&desk, &id, "cluster.joined", 1).await;
    assert_eq!(text(&joined[0], "/text"), "late answered, and is part of the incident from now on");
    read(&desk, "late", "cart:2").await;
    let frozen = entries(&desk, &id, "evidence.frozen", 2).await;
    assert!(text(&frozen[1], "/text").starts_with("Evidence frozen in late:"), "{frozen:#?}");
    let then = desk.engine.file(text(&frozen[1], "/refs/0/target")).await.expect("the file");
    let then: Value = serde_json::from_slice(&then).expect("JSON");
    assert!(then["keyframe"].to_string().contains("cart-1-a"), "what was read of it is frozen");
    // One that is opened later for something else is no part of it.
    desk.cluster.contexts.lock().unwrap().push("other".to_owned());
    desk.call("open_context", json!({ "contexts": ["other"], "beside": true })).await.expect("opened");
    read(&desk, "other", "cart:3").await;
    desk.clock.advance(chrono::Duration::seconds(3));
    let file = desk.call("export_bundle", json!({ "incident": id })).await.expect("a bundle");
    let bytes = desk.engine.file(text(&file, "/blob")).await.expect("the file");
    let elsewhere = TestDesk::at(place, JONAS).await;
    let blob = elsewhere.engine.keep_file(bytes).await.expect("kept");
    let opened = elsewhere.call("open_bundle", json!({ "blob": blob })).await.expect("opened");
    for (cluster, is_there) in [("a", true), ("late", true), ("other", false)] {
        let object = json!({ "id": format!("{cluster}/apps/Deployment/shop/cart"), "at": opened["recorded_to"] });
        let panel = elsewhere.call("object", object).await;
        let exists = panel.as_ref().is_ok_and(|panel| panel["exists"] == true);
        assert_eq!(exists, is_there, "{cluster}: {panel:?}");
    }
    assert_eq!(entries(&desk, &id, "cluster.joined", 1).await.len(), 1);
    desk.engine.stop().await;
    elsewhere.engine.stop().await;
}

async fn an_alert_stands_in_the_cluster_its_source_belongs_to(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    opened(&desk, &["a", "b"]).await;
    read(&desk, "a", "cart:1").await;
    read(&desk, "b", "cart:1").await;
    super::add_alerts(&desk).await;
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts: vec![alert("cart-1-a")], ..AlertPoll::default() };
    desk.settle(|state| state.placed.tray.len() == 1).await;
    let cases = desk.call("cases", json!({})).await.expect("the cases");
    let why = "it fits in several clusters (a, b), and no label says which it means";
    assert_eq!(text(&cases, "/tray/0/why"), why, "{cases:#}");
    let of = |id: &str, cluster: &str| json!({ "id": id, "kind": "alertmanager", "address": "http://127.0.0.1:1", "poll_seconds": 1, "cluster": cluster });
    desk.call("save_source", of("alertmanager:a", "a")).await.expect("a source");
    desk.call("save_source", of("alertmanager:b", "b")).await.expect("a source");
    // The same labels told by the Alertmanager of each cluster are an alert in each.
    desk.settle(|state| state.placed.cases.len() == 2 && state.placed.tray.is_empty()).await;
    let seen = desk.engine.look(None).await.expect("a look");
    let mut at: Vec<String> = seen
        .placed()
        .cases
        .iter()
        .map(|case| match &case.at {
            Address::Object(key) => key.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    at.sort();
    assert_eq!(at, ["a//Pod/shop/cart-1-a", "b//Pod/shop/cart-1-a"]);
    drop(seen);
    let through = json!({ "id": "prometheus:x", "kind": "prometheus", "proxy_namespace": "m", "proxy_service": "p", "proxy_port": "web" });
    desk.call("save_source", through).await.expect("a source");
    desk.settle(|state| state.proofs.get(&"prometheus:x".into()).is_some_and(|it| it.trouble.is_some())).await;
    let told = desk.call("desk", Value::Null).await.expect("the desk");
    let source = told["sources"].as_array().into_iter().flatten().find(|it| it["id"] == "prometheus:x").cloned();
    let why = source.map(|it| text(&it, "/why").to_owned()).unwrap_or_default();
    assert!(why.contains("2 clusters are open, and its settings do not say to which of them it belongs"), "{why}");
    // Where one of them alone has its Service, it is that one's.
    let service =
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "p", "namespace": "m", "uid": "s-p" } });
    let service = broadstreet_core::resource::reduce("b", &service).expect("a Service");
    desk.cluster.say_in("b", Observation::Changes(vec![Change::Object(std::sync::Arc::new(service))])).await;
    desk.settle(|state| {
        let proof = state.proofs.get(&"prometheus:x".into());
        proof.is_some_and(|it| it.trouble.is_none() && it.alive_at.is_some())
    })
    .await;
    desk.engine.stop().await;
}

async fn two_contexts_of_one_cluster_are_watched_once(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.cluster.twins.lock().unwrap().insert("b".to_owned(), "a".to_owned());
    opened(&desk, &["a"]).await;
    read(&desk, "a", "cart:1").await;
    *desk.cluster.contexts.lock().unwrap() = vec!["a".to_owned(), "b".to_owned()];
    desk.call("open_context", json!({ "contexts": ["b"], "beside": true })).await.expect("opened");
    desk.settle(|state| state.proofs.get(&"cluster:b".into()).is_some_and(|it| it.trouble.is_some())).await;
    let told = clusters(&desk.call("desk", Value::Null).await.expect("the desk"));
    assert_eq!((text(&told[1], "/state"), text(&told[1], "/code")), ("never_answered", "same_cluster"), "{told:#?}");
    assert_eq!(text(&told[1], "/why"), "`b` leads to the same cluster as `a`, which is open already");
    assert_eq!(text(&told[0], "/state"), "live");
    desk.engine.stop().await;
}
