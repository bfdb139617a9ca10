//! Memory after faults: the same befalls a server again and again, and no more is held than after the first times.

use std::alloc::System;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use broadstreet_tests::apiserver::{Piece, Unplugged, expired_event, pod, status};
use cap::Cap;
use serde_json::json;

use crate::hours::{Followed, Hours};
use crate::lists::crowd;

/// Counts what is held; what the system keeps for the process says nothing, as freed memory lies there too.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const NAME: &str = "memory::the_same_faults_again_and_again_take_no_more_memory";
/// Set in the process that does nothing else.
const ALONE: &str = "BROADSTREET_TEST_ALONE";
const PODS: usize = 1_000;
const ROUNDS: usize = 9;
/// So many of the first rounds are held against as many of the last.
const COMPARED: usize = 3;
/// The names alone of the pods of one list, kept by mistake, would be more after each round.
const MOST: usize = 32 << 10;

#[test]
fn the_same_faults_again_and_again_take_no_more_memory() {
    if std::env::var_os(ALONE).is_none() {
        // What is held is that of a whole process, and here other tests run.
        let program = std::env::current_exe().expect("this program");
        let told =
            Command::new(program).args(["--exact", NAME, "--nocapture"]).env(ALONE, "1").output().expect("it runs");
        let said = format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
        assert!(told.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let held = runtime.block_on(rounds());
    let early = held[..COMPARED].iter().max().expect("rounds");
    let late = held[ROUNDS - COMPARED..].iter().min().expect("rounds");
    let kilobytes: Vec<usize> = held.iter().map(|bytes| bytes >> 10).collect();
    println!("held after each round, kB: {kilobytes:?}");
    assert!(*late <= early + MOST, "held after each round, kB: {kilobytes:?}");
}

async fn rounds() -> Vec<usize> {
    let hours = Hours::default();
    let server = Unplugged::new(Arc::new(hours.clone()));
    crowd(&server, PODS);
    let followed = Followed::new(hours.clone(), &server).await;
    let mut after = Vec::new();
    for round in 0..ROUNDS {
        is_told(&server, &hours, round).await;
        befalls(&server, &hours).await;
        followed.is_healed(&server).await;
        // What this test itself wrote down of it.
        server.forget_asked();
        server.with(|store| {
            store.compact();
            store.expire_tokens();
        });
        let mut learned = followed.learned();
        (learned.said, learned.skipped) = (Vec::new(), Vec::new());
        after.push(ALLOCATOR.allocated());
    }
    after
}

/// One of each; in the end there is what was there before.
async fn befalls(server: &Unplugged, hours: &Hours) {
    server.befall("", &Piece::Torn(b"{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"na".to_vec()));
    server.put("pods", pod("born"));
    hours.pass(Duration::from_secs(5)).await;
    // A page of the list that follows fails, and its token expires.
    let asked = AtomicU32::new(0);
    server.fault(move |it| {
        let is_page = it.path == "/api/v1/pods" && it.parameter("continue").is_some();
        match (is_page, if is_page { asked.fetch_add(1, Ordering::SeqCst) } else { 0 }) {
            (true, 0) => Some(status(500, "InternalError", "etcdserver: leader changed")),
            (true, 1) => Some(status(410, "Expired", "the continue parameter is too old")),
            _ => None,
        }
    });
    server.befall("pods", &Piece::Bytes(expired_event().into_bytes()));
    hours.pass(Duration::from_secs(10)).await;
    server.well();
    server.tell("pods", "{\"type\":\"ADDED\",\"object\":{\"metadata\":");
    server.delete("pods", "shop", "born");
    hours.pass(Duration::from_secs(10)).await;
    server.allow(|_, plural, _| plural != "pods");
    server.end_watches("pods");
    hours.pass(Duration::from_secs(5)).await;
    server.allow_all();
    hours.pass(Duration::from_secs(62)).await;
    for (code, reason) in [(429, "TooManyRequests"), (500, "InternalError")] {
        server.fault(move |it| {
            let is_of_objects = !matches!(it.path.as_str(), "/livez" | "/version");
            is_of_objects.then(|| status(code, reason, "please try again later"))
        });
        server.end_watches("");
        hours.pass(Duration::from_secs(5)).await;
        server.well();
        hours.pass(Duration::from_secs(20)).await;
    }
    server.befall("", &Piece::HalfClosed);
    hours.pass(Duration::from_secs(5)).await;
    server.befall("", &Piece::Silence);
    server.with(|store| store.compact());
    hours.sleep_through(Duration::from_secs(3600), false);
}

/// Events that are odd, and a kind that is defined for a while; in the end there is what was there before.
async fn is_told(server: &Unplugged, hours: &Hours, round: usize) {
    // The same twice, then what it was before.
    let before = server.with(|store| store.get("pods", "shop", "cart")).expect("a pod").text();
    server.put("pods", pod("cart"));
    let now = server.with(|store| store.get("pods", "shop", "cart")).expect("a pod").text();
    for text in [&now, &now, &before] {
        server.tell("pods", &format!("{{\"type\":\"MODIFIED\",\"object\":{text}}}"));
    }
    let (mut malformed, mut large) = (pod("malformed"), pod("large"));
    malformed["metadata"]["labels"] = json!(7);
    large["metadata"]["annotations"] = json!({ "note": "x".repeat(1 << 20) });
    for odd in [malformed, large] {
        server.put("pods", odd);
    }
    hours.pass(Duration::from_secs(2)).await;
    server.delete("pods", "shop", "malformed");
    server.delete("pods", "shop", "large");
    // What is made anew has a new UID.
    let name = "rollouts.argoproj.io";
    let about = json!({ "name": name, "uid": format!("uid-{name}-{round}") });
    server.install("argoproj.io", "v1alpha1", "Rollout", "rollouts", true);
    server.put("customresourcedefinitions", json!({ "metadata": about, "spec": {} }));
    let about = json!({ "name": "one", "namespace": "shop", "uid": format!("rollout-{round}") });
    server.put("rollouts", json!({ "metadata": about, "spec": {} }));
    hours.pass(Duration::from_secs(5)).await;
    server.uninstall("rollouts");
    server.delete("customresourcedefinitions", "", name);
    hours.pass(Duration::from_secs(30)).await;
}
