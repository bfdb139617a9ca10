//! API servers that do not answer as they should.
//!
//! | case | test |
//! |---|---|
//! | unreachable, restarted | `a_server_that_goes_away_and_comes_back_is_followed_again` |
//! | slow | `a_server_that_is_slow_is_named_with_the_time_it_was_given` |
//! | answering HTML from a proxy | `a_page_of_a_proxy_is_no_cluster` |
//! | 403 on any kind | `every_kind_that_may_not_be_read_is_named_with_its_verb` |
//! | 410 in the stream and as a status | `what_expired_is_listed_anew_without_a_word` |
//! | 429 with and without Retry-After | `a_server_that_is_busy_is_asked_again_when_it_said` |
//! | an object that does not parse | `an_object_that_does_not_parse_is_skipped_until_it_does` |
//! | an object of 1 MB | `an_object_of_a_megabyte_is_taken_and_only_its_shape_kept` |
//! | nothing can be listed at all | `a_cluster_of_which_nothing_can_be_listed_ends_in_time`, `a_recording_of_nothing_at_all_is_an_error` |
//! | lists that are never answered | `a_cluster_that_answers_no_list_is_named_at_once_and_what_comes_is_recorded` |

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use broadstreet_core::resource::KINDS;
use serde_json::{Value, json};

use crate::place::desk::{Desk, answer_of_use};
use crate::place::kube::{Kube, pod, status};
use crate::place::server::Told;
use crate::place::{Place, doctor, is_of_use, line_of_use};
use crate::{nothing_is_lost, recorded};

const CLUSTER: &str = "cluster:lab";

/// A desk on a cluster that was read whole.
fn live(place: &Place, kube: &Kube) -> (Desk, String) {
    let kubeconfig = place.kubeconfig_of(kube);
    let desk = place.serve(&["--kubeconfig", &kubeconfig]);
    desk.until_source(10, CLUSTER, "live", |it| it["state"] == "live" && kinds(it).is_empty());
    (desk, kubeconfig)
}

/// The kinds of a source that are not live.
fn kinds(source: &Value) -> Vec<Value> {
    source["kinds"].as_array().cloned().unwrap_or_default()
}

/// One kind of a source that is not live.
fn kind(source: &Value, name: &str) -> Value {
    kinds(source).into_iter().find(|it| it["kind"] == name).unwrap_or_default()
}

fn is_there(desk: &Desk, name: &str) -> bool {
    let found = desk.try_call("object", &json!({ "id": format!("uid-kube-system//Pod/shop/{name}"), "at": null }));
    found.is_ok_and(|it| it["exists"] == true)
}

#[track_caller]
fn until_there(desk: &Desk, name: &str) {
    crate::place::until(10, name, || is_there(desk, name).then_some(()));
}

/// All is well again, and what the cluster says now is seen.
#[track_caller]
fn is_taken(place: &Place, kube: &Kube, desk: Desk) {
    kube.put("pods", pod("after"));
    desk.until_source(20, CLUSTER, "live again", |it| {
        it["state"] == "live" && it["code"] == "" && kinds(it).is_empty()
    });
    until_there(&desk, "after");
    drop(desk);
    nothing_is_lost(place);
}

#[test]
fn a_server_that_goes_away_and_comes_back_is_followed_again() {
    let (place, mut kube) = (recorded(), Kube::start());
    let (desk, kubeconfig) = live(&place, &kube);
    kube.stop();
    let gone = desk
        .until_source(15, CLUSTER, "gone", |it| it["code"] == "unreachable" && kind(it, "/Pod")["state"] == "stale");
    answer_of_use(
        &json!({ "code": gone["code"], "message": gone["why"], "hint": gone["hint"] }),
        "unreachable",
        &kube.server.address,
    );
    assert!(is_there(&desk, "cart"), "what was seen before stays");
    let (_, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    line_of_use(&lines, "failed", "unreachable", &kube.server.address);
    line_of_use(&lines, "failed", "stale", "/Pod");
    is_of_use(&place.error(&["topology", "--kubeconfig", &kubeconfig]), "unreachable", "the connection was refused");
    place.mei(&["incident", "note", "written while it was gone"]);
    kube.server.restart();
    is_taken(&place, &kube, desk);
    let shown = place.json(&["incident", "show", "1", "--timeline"]);
    assert!(shown["timeline"].to_string().contains("written while it was gone"));
}

#[test]
fn a_server_that_is_slow_is_named_with_the_time_it_was_given() {
    let (place, kube) = (recorded(), Kube::start());
    let (desk, kubeconfig) = live(&place, &kube);
    kube.fault(|asked| (asked.path == "/livez" || asked.path == "/version").then(Told::mute));
    let slow = desk.until_source(15, CLUSTER, "slow", |it| it["code"] == "unreachable");
    let words = slow["why"].as_str().unwrap();
    assert!(words.contains("within 3 s") && words.contains(&kube.server.address), "{slow}");
    assert!(slow["hint"].as_str().is_some_and(|it| !it.is_empty()), "{slow}");
    let error = place.error(&["topology", "--kubeconfig", &kubeconfig]);
    is_of_use(&error, "unreachable", "no answer within 10 s");
    is_of_use(&error, "unreachable", &kube.server.address);
    kube.well();
    place.json(&["topology", "--kubeconfig", &kubeconfig, "--format", "json"]);
    is_taken(&place, &kube, desk);
}

#[test]
fn a_page_of_a_proxy_is_no_cluster() {
    let (place, kube) = (recorded(), Kube::start());
    let (desk, kubeconfig) = live(&place, &kube);
    for code in [200, 503] {
        kube.fault(move |_| Some(Told::page(code, "Sign in to the proxy")));
        let error = place.error(&["topology", "--kubeconfig", &kubeconfig]);
        is_of_use(&error, "not_kubernetes", "Sign in to the proxy");
        is_of_use(&error, "not_kubernetes", &kube.server.address);
    }
    kube.end_watches("pods");
    kube.fault(|_| Some(Told::page(200, "Sign in to the proxy")));
    let page = desk.until_source(15, CLUSTER, "a page", |it| {
        it["code"] == "not_kubernetes" && kind(it, "/Pod")["state"] == "stale"
    });
    assert!(page["why"].as_str().unwrap().contains("Sign in to the proxy"), "{page}");
    assert!(page["hint"].as_str().unwrap().contains("proxy"), "{page}");
    kube.fault(|_| Some(Told::with(302, "").header("Location", "https://login.example/")));
    is_of_use(&place.error(&["topology", "--kubeconfig", &kubeconfig]), "not_kubernetes", "https://login.example/");
    kube.well();
    is_taken(&place, &kube, desk);
}

#[test]
fn every_kind_that_may_not_be_read_is_named_with_its_verb() {
    let (place, kube) = (recorded(), Kube::start());
    let kubeconfig = place.kubeconfig_of(&kube);
    let refuse = |verb: &'static str| {
        kube.fault(move |asked| {
            let plural = asked.path.rsplit('/').next().unwrap_or_default().to_owned();
            let known = KINDS.iter().any(|it| it.plural == plural) && asked.path.contains("/v");
            let watched = asked.query.contains("watch=1") || verb == "list";
            (known && watched).then(|| status(403, "Forbidden", &format!("{plural} is forbidden: Mei cannot {verb}")))
        });
    };
    refuse("list");
    let desk = place.serve(&["--kubeconfig", &kubeconfig]);
    let is_whole = |it: &&Value| it["namespace"] == "";
    let refused = desk.until_source(15, CLUSTER, "refused", |it| {
        kinds(it).iter().filter(is_whole).filter(|it| it["state"] == "forbidden").count() == KINDS.len()
    });
    for info in KINDS {
        let name = format!("{}/{}", info.group, info.kind);
        let one = kind(&refused, &name);
        assert_eq!(one["verb"], "list", "{one}");
        assert!(one["why"].as_str().unwrap().contains(info.plural), "{one}");
    }
    let (exit, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    assert_eq!(exit, 1, "a cluster of which nothing at all may be read does not work: {lines:#?}");
    line_of_use(&lines, "failed", "forbidden", "no kind can be read");
    let none = lines.iter().find(|it| it["text"] == "no kind can be read").unwrap();
    let role = none["hint"].as_str().unwrap().split('`').nth(1).unwrap();
    assert!(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../..")).join(role).is_file(), "{none} names a role");
    for info in KINDS {
        line_of_use(
            &lines,
            "warning",
            "forbidden",
            &format!("not allowed to list {}/{}: {}", info.group, info.kind, info.plural),
        );
    }
    let output = place.run(&["topology", "--kubeconfig", &kubeconfig]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(KINDS.iter().all(|it| said.contains(&format!("not allowed to list {}/{}:", it.group, it.kind))), "{said}");
    // A recorder goes on, since it may be allowed one day, and says at the end that it recorded nothing.
    let apart = Place::new();
    let mut recorder = apart.background(&["record", "--json", "--kubeconfig", &kubeconfig]);
    for info in KINDS {
        let line = format!("not allowed to list {}/{}: {} is forbidden", info.group, info.kind, info.plural);
        recorder.until_said(15, &line);
    }
    is_of_use(&recorder.error(), "forbidden", "nothing was recorded of lab: not allowed to list ");
    refuse("watch");
    desk.open(&kubeconfig).unwrap();
    let refused = desk.until_source(15, CLUSTER, "refused", |it| kind(it, "/Pod")["state"] == "forbidden");
    assert_eq!(kind(&refused, "/Pod")["verb"], "watch", "{refused}");
    kube.well();
    // By itself a refused kind is asked again once a minute; whoever does not want to wait opens the context again.
    desk.open(&kubeconfig).unwrap();
    is_taken(&place, &kube, desk);
}

#[test]
fn what_expired_is_listed_anew_without_a_word() {
    let (place, kube) = (recorded(), Kube::start());
    let (desk, _) = live(&place, &kube);
    kube.lose("pods");
    assert!(is_there(&desk, "cart"));
    let gone = json!({ "kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version" });
    kube.tell("pods", &json!({ "type": "ERROR", "object": gone }).to_string());
    crate::place::until(10, "the pod that went unnoticed", || (!is_there(&desk, "cart")).then_some(()));
    assert_eq!(desk.source(CLUSTER)["code"], "", "a 410 is no trouble");
    // As a status: of a watch, and of a list between two pages.
    let asked_for = AtomicU32::new(0);
    kube.fault(move |asked| {
        let is_meant = asked.path == "/api/v1/pods" && asked_for.fetch_add(1, Ordering::SeqCst) < 3;
        is_meant.then(|| status(410, "Expired", "too old resource version"))
    });
    kube.end_watches("pods");
    is_taken(&place, &kube, desk);
    // A server that says nothing else has a name, and ends too.
    let (desk, kubeconfig) = live(&place, &kube);
    kube.fault(|asked| (asked.path == "/api/v1/pods").then(|| status(410, "Expired", "too old resource version")));
    kube.end_watches("pods");
    desk.until_source(15, CLUSTER, "stale", |it| kind(it, "/Pod")["state"] == "stale");
    let (exit, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    assert_eq!(exit, 1);
    line_of_use(&lines, "failed", "stale", "/Pod was not read since");
    kube.well();
    is_taken(&place, &kube, desk);
}

#[test]
fn a_server_that_is_busy_is_asked_again_when_it_said() {
    let (place, kube) = (recorded(), Kube::start());
    let kubeconfig = place.kubeconfig_of(&kube);
    let busy = |seconds: Option<u32>| {
        kube.fault(move |asked| {
            let busy = || status(429, "TooManyRequests", "too many requests, try later");
            let busy = || seconds.map_or_else(busy, |it| busy().header("Retry-After", it));
            (asked.path == "/api/v1/pods").then(busy)
        });
    };
    busy(Some(2));
    let desk = place.serve(&["--kubeconfig", &kubeconfig]);
    let waiting = desk.until_source(10, CLUSTER, "busy", |it| kind(it, "/Pod")["state"] == "never_answered");
    assert!(kind(&waiting, "/Pod")["why"].as_str().unwrap().contains("429"), "{waiting}");
    crate::place::until(10, "three questions", || (kube.listed("pods").len() >= 3).then_some(()));
    let asked = kube.listed("pods");
    assert!(asked.windows(2).all(|it| it[1] - it[0] >= 2.0), "it said 2 s: {asked:?}");
    let (_, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    line_of_use(&lines, "failed", "never_answered", "/Pod was never read: HTTP 429: too many requests");
    kube.well();
    desk.until_source(10, CLUSTER, "live", |it| it["state"] == "live" && kinds(it).is_empty());
    busy(None);
    let before = kube.listed("pods").len();
    kube.end_watches("pods");
    desk.until_source(10, CLUSTER, "stale", |it| kind(it, "/Pod")["state"] == "stale");
    // One command reads what can be read, and says what could not.
    let output = place.run(&["topology", "--kubeconfig", &kubeconfig]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("not read: /Pod: HTTP 429"), "{said}");
    assert!(kube.listed("pods").len() - before < 20, "it is not hammered: {:?}", kube.listed("pods"));
    kube.well();
    is_taken(&place, &kube, desk);
}

#[test]
fn an_object_that_does_not_parse_is_skipped_until_it_does() {
    let (place, kube) = (recorded(), Kube::start());
    let mut odd = pod("odd");
    odd["metadata"]["labels"] = json!(7);
    kube.put("pods", odd.clone());
    let (desk, kubeconfig) = live(&place, &kube);
    let skipped = desk.until_source(10, CLUSTER, "skipped", |it| it["skipped"] == 1);
    assert_eq!(skipped["state"], "live", "one object spoils no other: {skipped}");
    let (exit, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    assert_eq!(exit, 0);
    line_of_use(&lines, "warning", "skipped", "/Pod shop/odd was skipped");
    let output = place.run(&["topology", "--kubeconfig", &kubeconfig]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("skipped: /Pod shop/odd"), "{said}");
    kube.put("pods", pod("odd"));
    until_there(&desk, "odd");
    desk.until_source(10, CLUSTER, "whole", |it| it["skipped"] == 0);
    // The same by the watch, and a line that is no event at all.
    odd["metadata"]["name"] = json!("stranger");
    kube.put("pods", odd);
    desk.until_source(10, CLUSTER, "skipped", |it| it["skipped"] == 1);
    kube.put("pods", pod("stranger"));
    until_there(&desk, "stranger");
    kube.tell("pods", "{\"type\":\"ADDED\",\"obj");
    kube.put("pods", pod("next"));
    until_there(&desk, "next");
    is_taken(&place, &kube, desk);
}

#[test]
fn an_object_of_a_megabyte_is_taken_and_only_its_shape_kept() {
    let (place, kube) = (recorded(), Kube::start());
    let large = |name: &str| {
        let mut pod = pod(name);
        pod["metadata"]["annotations"] = json!({ "note": "x".repeat(1 << 20) });
        pod["spec"]["containers"][0]["env"] = json!([{ "name": "LONG", "value": "y".repeat(1 << 20) }]);
        pod
    };
    kube.put("pods", large("listed"));
    let about = json!({ "name": "large", "namespace": "shop", "uid": "uid-large" });
    kube.put("configmaps", json!({ "metadata": about, "data": { "blob": "z".repeat(1 << 20) } }));
    let (desk, kubeconfig) = live(&place, &kube);
    until_there(&desk, "listed");
    kube.put("pods", large("watched"));
    until_there(&desk, "watched");
    assert_eq!(desk.source(CLUSTER)["skipped"], 0);
    let read = place.json(&["topology", "--kubeconfig", &kubeconfig, "--format", "json"]);
    assert!(read["objects"].to_string().contains("\"listed\"") && read.to_string().len() < 100_000);
    let used = desk.call("settings", json!({}))["storage"]["bytes"].as_f64().unwrap();
    assert!(used < 2e6, "{used} bytes were kept of four megabytes that say nothing");
    is_taken(&place, &kube, desk);
}

#[test]
fn a_cluster_of_which_nothing_can_be_listed_ends_in_time() {
    let place = recorded();
    for kube in Kube::of_which_nothing_can_be_listed() {
        let kubeconfig = place.kubeconfig_of(&kube);
        let began = std::time::Instant::now();
        let error = place.error(&["topology", "--kubeconfig", &kubeconfig]);
        assert!(began.elapsed().as_secs() < 90, "{:?}", began.elapsed());
        is_of_use(&error, "unreachable", "etcdserver: no leader");
        is_of_use(&error, "unreachable", &kube.server.address);
        kube.well();
        place.json(&["topology", "--kubeconfig", &kubeconfig, "--format", "json"]);
    }
    nothing_is_lost(&place);
}

#[test]
fn a_cluster_that_answers_no_list_is_named_at_once_and_what_comes_is_recorded() {
    let (place, kube) = (Place::new(), Kube::start());
    let kubeconfig = place.kubeconfig_of(&kube);
    // Most lists are accepted and never answered, more of them than are asked for at once; pods are.
    kube.fault(|asked| (asked.query.contains("limit=") && !asked.path.ends_with("/pods")).then(Told::mute));
    let mut recorder = place.background(&["record", "--as", "Mei", "--kubeconfig", &kubeconfig]);
    recorder.until_said(10, "Recording lab");
    recorder.until_said(10, "lab is catching up, waiting for ");
    let said = recorder.said();
    assert!(said.contains("/Node"), "{said}");
    let asked = |command: &str, payload: Value| place.asked_of_the_running(command, &payload);
    let desk = asked("desk", json!({})).unwrap();
    assert_eq!((&desk["sources"][0]["id"], &desk["sources"][0]["state"]), (&json!(CLUSTER), &json!("catching_up")));
    crate::place::until(10, "the pod", || {
        let found = asked("object", json!({ "id": "uid-kube-system//Pod/shop/cart", "at": null }));
        found.is_some_and(|it| it["exists"] == true).then_some(())
    });
    let between = asked("desk", json!({})).unwrap()["recorded_to"].clone();
    kube.put("pods", pod("later"));
    let is_there = |name: &str| {
        let id = format!("uid-kube-system//Pod/shop/{name}");
        asked("object", json!({ "id": id, "at": null })).is_some_and(|it| it["exists"] == true)
    };
    crate::place::until(10, "what came later", || is_there("later").then_some(()));
    let incident = place.mei(&["incident", "declare", "Carts fail", "-s", "2"]);
    assert!(recorder.end().success(), "{}", recorder.said());
    // Without the cluster all that came is there, at the moments it came.
    let desk = place.serve(&[]);
    let opened = desk.call("choose_incident", json!({ "id": incident["id"] }));
    assert_eq!(opened["mode"], "recorded", "{opened}");
    for (at, expected) in [(&between, [true, false]), (&opened["recorded_to"], [true, true])] {
        let is_there = |name: &str| {
            let id = format!("uid-kube-system//Pod/shop/{name}");
            desk.try_call("object", &json!({ "id": id, "at": at })).is_ok_and(|it| it["exists"] == true)
        };
        assert_eq!(["cart", "later"].map(is_there), expected, "at {at}");
    }
    drop(desk);
    let said = place.serve(&["--kubeconfig", &kubeconfig]).call("desk", json!({}));
    assert_eq!(said["sources"][0]["state"], "catching_up", "the screen is there before the cluster is: {said}");
}

#[test]
fn a_recording_of_nothing_at_all_is_an_error() {
    for kube in Kube::of_which_nothing_can_be_listed() {
        let place = Place::new();
        let kubeconfig = place.kubeconfig_of(&kube);
        let record = ["record", "--kubeconfig", &kubeconfig];
        let mut recorder = place.background(&[&record[..], &["--json"]].concat());
        recorder.until_said(15, "lab is catching up, waiting for ");
        recorder.until_said(15, "etcdserver: no leader");
        is_of_use(&recorder.error(), "unreachable", "nothing was recorded of lab: ");
        is_of_use(&place.error(&[&record[..], &["--for", "8s"]].concat()), "unreachable", "etcdserver: no leader");
        // What came at last is recorded.
        let mut recorder = place.background(&record);
        recorder.until_said(15, "etcdserver: no leader");
        kube.well();
        recorder.until_said(40, "  lab live");
        assert!(recorder.end().success(), "{}", recorder.said());
    }
    for is_all_mute in [false, true] {
        let (place, kube) = (Place::new(), Kube::start());
        let kubeconfig = place.kubeconfig_of(&kube);
        kube.fault(move |asked| (is_all_mute || asked.query.contains("limit=")).then(Told::mute));
        let error = place.error(&["record", "--kubeconfig", &kubeconfig, "--for", "2s"]);
        is_of_use(&error, "unreachable", "nothing was recorded");
    }
}
