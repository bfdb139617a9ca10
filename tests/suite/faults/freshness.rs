//! What a person at the desk sees of a fault: the engine on the real way to the server.

use std::sync::Arc;
use std::time::Duration;

use broadstreet_cluster::{KubeCluster, Limits};
use broadstreet_core::ports::ContextChoice;
use broadstreet_core::time::Moment;
use broadstreet_engine::{Engine, Options, Ports};
use broadstreet_store::{BundleFiles, Target};
use broadstreet_tests::apiserver::{ApiServer, pod, status};
use broadstreet_tests::scripted::{MovedClock, PlainVault, ScriptedSignals};
use serde_json::{Value, json};

use crate::patience::{HEALED_WITHIN, Limit, STALE_WITHIN};
use crate::watched::{environment, kubeconfig};

const MEI: &str = "Mei Tanaka";

/// A desk with nothing open.
pub async fn engine(folder: &tempfile::TempDir) -> Engine {
    let store = async |name: &str| {
        let target = Target::Sqlite { path: folder.path().join(name), read_only: false };
        broadstreet_store::open(&target).await.expect("a store")
    };
    let ports = Ports {
        cluster: Arc::new(KubeCluster::with(environment(), Limits::default())),
        signals: Arc::new(ScriptedSignals::default()),
        store: store("desk.db").await,
        scratch: store("scratch.db").await,
        bundles: Arc::new(BundleFiles),
        press: Arc::new(broadstreet_press::TypstPress::new()),
        vault: Arc::new(PlainVault::device(1)),
        clock: Arc::new(MovedClock::default()),
    };
    let options = Options { device: "desk".into(), version: "0".into(), bundled: &[], acting: Some(MEI.into()) };
    Engine::new(ports, options).await.expect("an engine")
}

/// A desk on a cluster, with an incident under way.
async fn desk(server: &ApiServer, folder: &tempfile::TempDir) -> Engine {
    let engine = engine(folder).await;
    let path = kubeconfig(folder, &server.server.address);
    engine.open_context(ContextChoice { kubeconfig: Some(path), ..ContextChoice::default() }).await.expect("a cluster");
    call(&engine, "declare", json!({ "title": "Carts fail", "severity": 2 })).await;
    engine
}

/// One command of the table.
pub async fn call(engine: &Engine, command: &str, payload: Value) -> Value {
    broadstreet_api::dispatch(engine, command, payload).await.expect("an answer")
}

/// Waits until the desk is as it should be, at most as long as a fault may last.
pub async fn until_desk(engine: &Engine, what: &str, is: impl Fn(&Value) -> bool) {
    let mut limit = Limit::of(HEALED_WITHIN);
    let mut seen = call(engine, "desk", Value::Null).await;
    while !is(&seen) {
        assert!(!limit.is_over(), "{what}: not within {:?}: {:#}", limit.allowed(), seen["sources"]);
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen = call(engine, "desk", Value::Null).await;
    }
}

async fn source(engine: &Engine) -> Value {
    call(engine, "desk", Value::Null).await["sources"][0].clone()
}

async fn until(engine: &Engine, what: &str, is: impl Fn(&Value) -> bool) {
    until_desk(engine, what, |desk| is(&desk["sources"][0])).await;
}

/// Whoever only listens is told, and what they read then says that it is stale: the screen does not look by itself.
async fn is_seen_within_ten_seconds(
    befall: impl FnOnce(&mut ApiServer),
    mend: impl FnOnce(&mut ApiServer),
    says: impl Fn(&str) -> bool,
) {
    let (mut server, folder) = (ApiServer::start(), tempfile::tempdir().expect("a folder"));
    let engine = desk(&server, &folder).await;
    until(&engine, "live", |it| it["state"] == "live").await;
    let mut notices = engine.listen();
    befall(&mut server);
    let (cut, mut limit) = (engine.now(), Limit::of(STALE_WITHIN));
    let stale = loop {
        let notice = tokio::time::timeout(Duration::from_millis(200), notices.next()).await;
        if notice.is_ok_and(|it| it.is_some_and(|it| it.channel == "desk")) {
            let seen = call(&engine, "desk", Value::Null).await;
            if seen["sources"][0]["state"] == "stale" {
                break seen;
            }
        }
        assert!(!limit.is_over(), "nobody is told within {:?}", limit.allowed());
    };
    // The same by the stamps of the desk.
    let at = |value: &Value| value.as_str().and_then(|it| it.parse::<Moment>().ok()).expect("a time");
    let (now, source) = (at(&stale["now"]), &stale["sources"][0]);
    let allowed = chrono::Duration::from_std(limit.allowed()).expect("seconds");
    assert!(now - cut <= allowed, "it took {}: {source}", now - cut);
    assert!(at(&source["since"]) <= cut + chrono::Duration::seconds(1), "since it was last heard of: {source}");
    assert!(source["why"].as_str().is_some_and(says), "{source}");
    server.put("pods", pod("meanwhile"));
    mend(&mut server);
    until(&engine, "live again", |it| it["state"] == "live" && it["code"] == "").await;
    let meanwhile = json!({ "id": "uid-kube-system//Pod/shop/meanwhile", "at": null });
    let mut limit = Limit::of(HEALED_WITHIN);
    while call(&engine, "object", meanwhile.clone()).await["exists"] != true {
        assert!(!limit.is_over(), "what happened meanwhile is not seen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    engine.stop().await;
}

/// Nothing passes over the connections there are, new ones are taken and never answered, and nobody is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cutting_the_path_is_seen_within_ten_seconds() {
    let says = |why: &str| why.contains("no answer") && why.contains("within 3 s");
    is_seen_within_ten_seconds(|it| it.server.cut_path(), |it| it.server.mend_path(), says).await;
}

/// Every connection breaks, and new ones are refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_is_seen_within_ten_seconds() {
    is_seen_within_ten_seconds(ApiServer::stop, |it| it.server.restart(), |why| why.contains("refused")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_names_what_is_hidden_the_verb_that_is_missing_and_the_servers_words() {
    let (server, folder) = (ApiServer::start(), tempfile::tempdir().expect("a folder"));
    server.allow(|_, plural, namespace| namespace == "shop" && plural != "secrets");
    let engine = desk(&server, &folder).await;
    until(&engine, "live", |it| it["state"] == "live").await;
    let seen = source(&engine).await;
    let kinds = seen["kinds"].as_array().cloned().unwrap_or_default();
    let of = |kind: &str, namespace: &str| {
        let found = kinds.iter().find(|it| it["kind"] == kind && it["namespace"] == namespace);
        found.cloned().unwrap_or_default()
    };
    for (kind, namespace, words) in [
        ("/Node", "", "cannot list resource \"nodes\""),
        ("/Namespace", "", "at the cluster scope"),
        ("/Secret", "shop", "in the namespace \"shop\""),
    ] {
        let one = of(kind, namespace);
        assert_eq!(
            (&one["state"], &one["verb"]),
            (&json!("forbidden"), &json!("list")),
            "{kind} {namespace}: {kinds:#?}"
        );
        assert!(one["why"].as_str().is_some_and(|it| it.contains(words)), "{one}");
    }
    assert_eq!(of("/Pod", "shop"), Value::Null, "what is live is not in the list of what is hidden");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_says_the_version_an_upgraded_server_has_now() {
    let (mut server, folder) = (ApiServer::start(), tempfile::tempdir().expect("a folder"));
    let engine = desk(&server, &folder).await;
    until(&engine, "live", |it| it["state"] == "live" && it["version"] == "v1.36.0").await;
    server.stop();
    server.with(|store| store.git_version = "v1.37.1".to_owned());
    server.server.restart();
    until(&engine, "the version", |it| it["state"] == "live" && it["version"] == "v1.37.1").await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_says_since_when_a_kind_is_stale() {
    let (server, folder) = (ApiServer::start(), tempfile::tempdir().expect("a folder"));
    let engine = desk(&server, &folder).await;
    until(&engine, "live", |it| it["state"] == "live").await;
    server.fault(|it| it.path.ends_with("/pods").then(|| status(500, "InternalError", "etcdserver: no leader")));
    server.end_watches("pods");
    let failed = engine.now();
    let of_pods = |it: &Value| {
        let kinds = it["kinds"].as_array().into_iter().flatten();
        kinds.into_iter().find(|it| it["kind"] == "/Pod").cloned().unwrap_or_default()
    };
    until(&engine, "pods are stale", |it| of_pods(it)["state"] == "stale").await;
    let seen = source(&engine).await;
    assert_eq!(seen["state"], "live", "the cluster itself lives");
    let since: Moment = of_pods(&seen)["since"].as_str().and_then(|it| it.parse().ok()).expect("a time");
    assert!(since <= failed + chrono::Duration::seconds(1), "{seen:#}");
    assert!(failed - since < chrono::Duration::minutes(2), "when it was last heard of: {seen:#}");
    server.well();
    until(&engine, "pods are read again", |it| of_pods(it) == Value::Null).await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_skipped_is_named_until_it_is_well_or_gone() {
    let (server, folder) = (ApiServer::start(), tempfile::tempdir().expect("a folder"));
    let odd = |name: &str| {
        let mut odd = pod(name);
        odd["metadata"]["labels"] = json!(7);
        odd
    };
    for name in ["stays-odd", "goes-unseen", "turns-well"] {
        server.put("pods", odd(name));
    }
    let engine = desk(&server, &folder).await;
    until(&engine, "all are named", |it| it["state"] == "live" && it["skipped"] == 3).await;
    server.put("pods", pod("turns-well"));
    until(&engine, "one is well", |it| it["skipped"] == 2).await;
    // A line that is no event costs a list; by then one is gone that nobody told of.
    server.with(|store| store.lose_one("pods", "shop", "goes-unseen"));
    server.tell("pods", "{\"type\":\"ADDED\",\"object\":{\"metadata\":");
    until(&engine, "the line is made good, and one is gone", |it| it["skipped"] == 1).await;
    engine.stop().await;
}
