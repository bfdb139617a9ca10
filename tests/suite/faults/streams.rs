//! Faults of a watch and of what carries it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use broadstreet_core::world::Freshness;
use broadstreet_tests::apiserver::{ApiServer, Piece, expired_event, pod, status};
use serde_json::json;

use crate::watched::Watched;

/// A server with a few pods, and the world that follows it.
async fn followed() -> (ApiServer, Watched) {
    let server = ApiServer::start();
    for number in 0..20 {
        server.put("pods", pod(&format!("web-{number}")));
    }
    let watched = Watched::new(&server).await;
    (server, watched)
}

/// Something of every kind happens: made, changed, deleted, made anew under the same name.
fn meanwhile(server: &ApiServer) {
    server.delete("pods", "shop", "web-3");
    server.delete("pods", "shop", "web-4");
    let mut again = pod("web-4");
    again["metadata"]["uid"] = json!(format!("uid-web-4-{}", server.with(|store| store.version)));
    server.put("pods", again);
    let mut changed = pod("web-5");
    changed["status"]["phase"] = json!("Failed");
    server.put("pods", changed);
    server.put("pods", pod("born-meanwhile"));
    server.delete("pods", "shop", "web-6");
}

#[tokio::test]
async fn a_watch_told_that_it_is_too_old_reads_everything_anew() {
    let (server, watched) = followed().await;
    server.befall("pods", &Piece::Silence);
    meanwhile(&server);
    server.with(|store| store.compact());
    // The silent ones are told by nothing; a second reader of the same kind would be told this.
    server.end_watches("pods");
    server.server.hang_up();
    watched.is_healed(&server).await;
    server.with(|store| store.lose_one("pods", "shop", "web-7"));
    server.befall("pods", &Piece::Bytes(expired_event().into_bytes()));
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn a_watch_refused_as_too_old_reads_everything_anew() {
    let (server, watched) = followed().await;
    let refused = AtomicU32::new(0);
    server.fault(move |asked| {
        let is_meant = asked.path == "/api/v1/pods" && asked.parameter("watch").is_some();
        let refuse = is_meant && refused.fetch_add(1, Ordering::SeqCst) < 3;
        refuse.then(|| status(410, "Expired", "too old resource version"))
    });
    server.with(|store| store.lose_one("pods", "shop", "web-7"));
    server.end_watches("pods");
    watched.is_healed(&server).await;
    assert_eq!(watched.learned().skipped, [], "it is no malformed object");
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_an_event_loses_none() {
    let (server, watched) = followed().await;
    for _ in 0..3 {
        server.befall(
            "",
            &Piece::Torn(b"{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"na".to_vec()),
        );
        meanwhile(&server);
    }
    watched.is_healed(&server).await;
    assert_eq!(watched.learned().skipped, [], "half an event is none");
}

#[tokio::test]
async fn a_socket_that_is_half_closed_is_noticed() {
    let (server, watched) = followed().await;
    server.befall("", &Piece::HalfClosed);
    meanwhile(&server);
    watched.is_healed(&server).await;
}

/// The product's own limits, in real time: nothing but time tells that nothing will come.
#[tokio::test]
async fn a_watch_whose_connection_died_in_silence_is_noticed_within_half_a_minute() {
    let (server, watched) = followed().await;
    server.befall("pods", &Piece::Silence);
    meanwhile(&server);
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn after_the_path_was_cut_every_watch_starts_anew() {
    let (server, watched) = followed().await;
    server.server.cut_path();
    meanwhile(&server);
    server.with(|store| store.compact());
    let silent = async { while watched.connection.alive().await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(7), silent).await.expect("the proof of life fails within two questions");
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.server.mend_path();
    let mended = Instant::now();
    watched.settles(&server).await;
    assert!(
        mended.elapsed() < Duration::from_secs(15),
        "no watch waits until it would have ended: {:?}",
        mended.elapsed()
    );
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn events_of_objects_never_listed_are_taken() {
    let (server, watched) = followed().await;
    let event = |word: &str, name: &str, version: &str| {
        let mut object = pod(name);
        object["metadata"]["resourceVersion"] = json!(version);
        object["kind"] = json!("Pod");
        json!({ "type": word, "object": object }).to_string()
    };
    // A deletion of one that was never there, a change of one that the server has and nobody heard of.
    server.tell("pods", &event("DELETED", "never-there", "500"));
    server.tell("pods", &event("MODIFIED", "never-listed", "501"));
    watched.until("the change", |it| it.world.by_name("Pod", Some("shop"), "never-listed").len() == 1).await;
    server.with(|store| store.version = 600);
    let mut there = pod("never-listed");
    there["metadata"]["labels"] = json!({ "now": "listed" });
    server.put("pods", there);
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn an_event_told_twice_is_handed_on_once() {
    let (server, watched) = followed().await;
    let told = watched.learned().told;
    let mut object = pod("twice");
    object["kind"] = json!("Pod");
    server.put("pods", object.clone());
    watched.until("it", |it| it.told == told + 1).await;
    let again = server.everything().into_iter().find(|(_, it)| it["metadata"]["name"] == "twice").expect("it").1;
    for word in ["ADDED", "MODIFIED", "ADDED"] {
        server.tell("pods", &json!({ "type": word, "object": again }).to_string());
    }
    server.put("pods", pod("after"));
    watched.until("the next", |it| it.world.by_name("Pod", Some("shop"), "after").len() == 1).await;
    assert_eq!(watched.learned().told, told + 2, "the same is told once");
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn events_out_of_order_bring_nothing_back() {
    let (server, watched) = followed().await;
    let lines = |name: &str, phases: [(&str, &str, &str); 2]| {
        phases.map(|(word, phase, version)| {
            let mut object = pod(name);
            object["kind"] = json!("Pod");
            object["status"]["phase"] = json!(phase);
            object["metadata"]["resourceVersion"] = json!(version);
            json!({ "type": word, "object": object }).to_string()
        })
    };
    let mut failed = pod("web-1");
    failed["status"]["phase"] = json!("Failed");
    server.put("pods", failed);
    server.delete("pods", "shop", "web-2");
    let now = server.with(|store| store.version);
    watched.settles(&server).await;
    // What came before comes after: an older state of one that changed, and a last change of one that is deleted; then a
    // deletion of the predecessor of one that was made anew.
    let older = (now - 2).to_string();
    for line in lines("web-1", [("MODIFIED", "Running", "2"), ("MODIFIED", "Pending", &older)]) {
        server.tell("pods", &line);
    }
    for line in lines("web-2", [("MODIFIED", "Failed", &older), ("ADDED", "Running", "3")]) {
        server.tell("pods", &line);
    }
    let mut again = pod("web-8");
    again["metadata"]["uid"] = json!("uid-web-8-again");
    server.with(|store| store.lose_one("pods", "shop", "web-8"));
    server.put("pods", again);
    server.tell("pods", &lines("web-8", [("DELETED", "Running", &older), ("DELETED", "Running", &older)])[0]);
    server.put("pods", pod("after"));
    watched.until("the next", |it| it.world.by_name("Pod", Some("shop"), "after").len() == 1).await;
    watched.settles(&server).await;
    // And a list that lacks the one made anew tells it gone.
    server.with(|store| store.lose_one("pods", "shop", "web-8"));
    server.befall("pods", &Piece::Bytes(expired_event().into_bytes()));
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn a_line_that_is_no_event_costs_a_list_and_no_object() {
    let (server, watched) = followed().await;
    server.with(|store| store.lose_one("pods", "shop", "web-9"));
    server.tell("pods", "{\"type\":\"ADDED\",\"object\":{\"metadata\":");
    watched.settles(&server).await;
    while server.watches().get("pods") != Some(&1) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.tell("pods", &json!({ "type": "POSTPONED", "object": pod("odd") }).to_string());
    server.tell(
        "pods",
        &json!({ "type": "ERROR", "object": { "kind": "Status", "code": 500, "message": "etcd is gone" } }).to_string(),
    );
    meanwhile(&server);
    watched.is_healed(&server).await;
    let skipped = watched.learned().skipped.clone();
    assert!(
        skipped.iter().any(|it| it.2.contains("no event")) && skipped.iter().any(|it| it.2.contains("POSTPONED")),
        "{skipped:?}"
    );
}

#[tokio::test]
async fn an_upgraded_server_is_followed_and_its_version_told() {
    let (mut server, watched) = followed().await;
    let version = |it: &crate::watched::Learned| it.world.clusters().first().map(|it| it.2.clone());
    assert_eq!(version(&watched.learned()).as_deref(), Some("v1.36.0"));
    server.stop();
    server.with(|store| {
        store.git_version = "v1.37.1".to_owned();
        store.compact();
    });
    meanwhile(&server);
    watched.until("it is missed", |it| matches!(it.freshness("/Pod", ""), Some(Freshness::Stale { .. }))).await;
    server.server.restart();
    watched.until("the version", |it| version(it).as_deref() == Some("v1.37.1")).await;
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn bookmarks_spare_a_list_when_the_past_is_forgotten() {
    let (server, watched) = followed().await;
    let lists = |of: &ApiServer| of.listed("services").len();
    let before = lists(&server);
    // Much happens to pods and nothing to services; the server then forgets its past.
    for number in 0..20 {
        server.put("pods", pod(&format!("web-{number}")));
    }
    server.with(|store| store.send_bookmarks());
    server.with(|store| store.compact());
    server.put(
        "services",
        json!({ "metadata": { "name": "cart", "namespace": "shop", "uid": "uid-service" }, "spec": {} }),
    );
    watched.settles(&server).await;
    server.with(|store| store.send_bookmarks());
    server.end_watches("services");
    server.put("services", json!({ "metadata": { "name": "web", "namespace": "shop", "uid": "uid-web" }, "spec": {} }));
    watched.settles(&server).await;
    assert_eq!(lists(&server), before, "it is watched on from the bookmark");
    watched.is_healed(&server).await;
}
