//! Faults of a list, and of what stands in it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use broadstreet_cluster::Limits;
use broadstreet_core::world::Freshness;
use broadstreet_tests::apiserver::{ApiServer, Kept, pod, status};
use broadstreet_tests::peer::Told;
use serde_json::json;

use crate::patience::{HEALED_WITHIN, Limit, READ_WITHIN};
use crate::watched::Watched;

/// Pods as small as a pod can be.
pub fn crowd(server: &Kept, pods: usize) {
    let name = |number: usize| format!("p-{number:06}");
    server.with(|store| {
        store.fill("pods", (0..pods).map(|number| ("crowd".to_owned(), name(number))), move |number| {
            let name = name(number);
            format!(
                "{{\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"crowd\",\"uid\":\"uid-{name}\",\"resourceVersion\":\"1\",\
                 \"labels\":{{\"app\":\"a-{}\"}}}},\"spec\":{{\"nodeName\":\"n-{}\"}},\"status\":{{\"phase\":\"Running\"}}\
                 ,\"apiVersion\":\"v1\",\"kind\":\"Pod\"}}",
                number % 500,
                number % 100
            )
        });
    });
}

/// What was asked for pods, and how long it may take from when their token expired.
#[derive(Clone, Default)]
struct Expired {
    asked: Arc<Mutex<Vec<String>>>,
    limit: Arc<Mutex<Option<Limit>>>,
}

/// Lets the tokens expire once, when so many pages of pods were read.
fn expires_after(server: &ApiServer, pages: u32) -> Expired {
    let it = Expired::default();
    let (kept, seen, read) = (server.kept(), it.clone(), AtomicU32::new(0));
    let began: OnceLock<Instant> = OnceLock::new();
    server.fault(move |it| {
        if it.path != "/api/v1/pods" {
            return None;
        }
        let began = began.get_or_init(Instant::now);
        seen.asked.lock().expect("asked").push(it.query.clone());
        let continued = it.parameter("continue").is_some();
        (continued && read.fetch_add(1, Ordering::SeqCst) == pages).then(|| {
            // Half of them were read by then: a machine on which that took long gets twice the time all of them take.
            *seen.limit.lock().expect("a limit") = Some(Limit::of(HEALED_WITHIN.max(4 * began.elapsed())));
            expired(&kept)
        })
    });
    it
}

/// What kube-apiserver says of a token whose state it no longer has.
fn expired(_: &Kept) -> Told {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired",
        "metadata": { "continue": "0-5" }, "message": "The provided continue parameter is too old",
    });
    Told::with(410, body.to_string())
}

async fn expires_in_the_middle(pods: usize, streams: bool) {
    let server = ApiServer::start();
    crowd(&server, pods);
    if !streams {
        server.refuse_streams();
    }
    let expired = expires_after(&server, u32::try_from(pods / 1000).expect("a number"));
    // The server of a test on a busy machine begins a list of all pods in one piece late; that is not the fault here.
    let watched = Watched::limited(&server, Limits { page: READ_WITHIN, ..Limits::default() }).await;
    let mut limit = expired.limit.lock().expect("a limit").take().expect("a token expired");
    assert!(!limit.is_over(), "not healed within {:?}", limit.allowed());
    let asked = expired.asked.lock().expect("asked").clone();
    let is_stream = |it: &&String| it.contains("sendInitialEvents=true");
    assert_eq!(asked.iter().filter(is_stream).count(), 1, "a stream is tried once: {asked:?}");
    assert_eq!(asked.iter().filter(|it| it.contains("resourceVersion=0")).count(), usize::from(!streams));
    assert!(!asked.iter().any(|it| it.contains("continue=0-")), "a list of two moments is none");
    let said: Vec<Freshness> =
        watched.learned().said.iter().filter(|it| it.kind == "/Pod").map(|it| it.state.clone()).collect();
    assert_eq!(said, [Freshness::CatchingUp, Freshness::Live], "asking in another way is no failure");
    server.put("pods", pod("after"));
    watched.settles(&server).await;
    assert_eq!(watched.learned().world.len(), pods + 4);
}

#[tokio::test]
async fn a_token_that_expires_among_many_pods_costs_no_pod() {
    expires_in_the_middle(6_000, true).await;
}

#[tokio::test]
async fn without_streaming_lists_everything_is_read_in_one_piece() {
    expires_in_the_middle(6_000, false).await;
}

#[tokio::test]
async fn a_token_that_expires_among_150_000_pods_costs_no_pod() {
    expires_in_the_middle(150_000, true).await;
}

#[tokio::test]
async fn without_streaming_lists_150_000_pods_are_read_in_one_piece() {
    expires_in_the_middle(150_000, false).await;
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_not_the_first() {
    let server = ApiServer::start();
    crowd(&server, 4_000);
    let (asked, failed): (Arc<Mutex<Vec<String>>>, _) = (Arc::default(), AtomicU32::new(0));
    let seen = Arc::clone(&asked);
    server.fault(move |it| {
        if it.path != "/api/v1/pods" || it.parameter("watch").is_some() {
            return None;
        }
        seen.lock().expect("asked").push(it.query.clone());
        let continued = it.parameter("continue").is_some();
        // Every second page fails, each in another way.
        let times = if continued { failed.fetch_add(1, Ordering::SeqCst) } else { 1 };
        match times % 4 {
            0 => Some(status(500, "InternalError", "etcdserver: leader changed")),
            2 => Some(Told::ok("{\"kind\":\"PodList\",\"items\":[").ending(broadstreet_tests::peer::End::Half)),
            _ => None,
        }
    });
    let watched = Watched::new(&server).await;
    let firsts = asked.lock().expect("asked").iter().filter(|it| !it.contains("continue=")).count();
    assert_eq!(firsts, 1, "it begins once: {asked:?}");
    server.well();
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_when_it_said_and_read_in_the_end() {
    let server = ApiServer::start();
    crowd(&server, 1_200);
    let watched = Watched::new(&server).await;
    for seconds in [Some(2), None] {
        server.fault(move |it| {
            let busy = || {
                status(429, "TooManyRequests", "too many requests, please try again later")
                    .header("X-Kubernetes-PF-FlowSchema-UID", "x")
            };
            it.path
                .ends_with("/pods")
                .then(|| seconds.map_or_else(busy, |seconds| busy().header("Retry-After", seconds)))
        });
        let before = server.server.asked().len();
        server.put("pods", pod("while-busy"));
        server.with(|store| store.lose_one("pods", "crowd", &format!("p-00000{}", seconds.unwrap_or_default())));
        server.end_watches("pods");
        watched.until("it waits", |it| matches!(it.freshness("/Pod", ""), Some(Freshness::Stale { .. }))).await;
        let of_pods = |it: &&broadstreet_tests::peer::Asked| it.path.ends_with("/pods");
        let asked: Vec<f64> = server.server.asked()[before..].iter().filter(of_pods).map(|it| it.at).collect();
        if let Some(seconds) = seconds {
            assert!(asked.windows(2).all(|it| it[1] - it[0] >= f64::from(seconds)), "it said {seconds} s: {asked:?}");
        }
        assert!(asked.len() < 12, "it is not hammered: {asked:?}");
        server.well();
        server.with(|store| store.compact());
        watched.is_healed(&server).await;
    }
}

#[tokio::test]
async fn a_server_without_a_leader_is_read_once_it_has_one() {
    let server = ApiServer::start();
    let watched = Watched::new(&server).await;
    server.fault(|it| {
        let is_of_objects = !matches!(it.path.as_str(), "/livez" | "/version");
        is_of_objects.then(|| status(500, "InternalError", "etcdserver: no leader"))
    });
    server.with(|store| store.lose_one("pods", "shop", "cart"));
    server.end_watches("");
    watched.until("stale", |it| matches!(it.freshness("/Pod", ""), Some(Freshness::Stale { .. }))).await;
    let why = watched.learned().freshness("/Pod", "");
    assert!(format!("{why:?}").contains("etcdserver: no leader"), "{why:?}");
    server.put("pods", pod("elected"));
    server.with(|store| store.compact());
    server.well();
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn objects_that_are_malformed_are_named_and_spoil_no_other() {
    let server = ApiServer::start();
    let odd = |name: &str| {
        let mut odd = pod(name);
        odd["metadata"]["labels"] = json!(7);
        odd
    };
    server.put("pods", odd("listed-odd"));
    server.put("pods", pod("turns-odd"));
    let watched = Watched::unsettled(&server, Limits::default()).await;
    watched.until("all was read", |it| it.in_sync).await;
    server.put("pods", odd("watched-odd"));
    server.put("pods", odd("turns-odd"));
    server.put("pods", pod("well"));
    watched.until("the next", |it| it.world.by_name("Pod", Some("shop"), "well").len() == 1).await;
    let named: Vec<String> = watched.learned().skipped.iter().map(|it| format!("{} {}", it.0, it.1)).collect();
    for name in ["listed-odd", "watched-odd", "turns-odd"] {
        assert!(named.contains(&format!("/Pod shop/{name}")), "{named:?}");
        assert!(watched.learned().freshness("/Pod", "") == Some(Freshness::Live));
    }
    server.put("pods", pod("listed-odd"));
    server.put("pods", pod("watched-odd"));
    server.delete("pods", "shop", "turns-odd");
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn objects_of_a_megabyte_are_read_and_watched() {
    let server = ApiServer::start();
    let large = |name: &str| {
        let mut large = pod(name);
        large["metadata"]["annotations"] = json!({ "note": "x".repeat(1 << 20) });
        large["spec"]["containers"][0]["env"] = json!([{ "name": "LONG", "value": "y".repeat(1 << 20) }]);
        large
    };
    server.put("pods", large("listed"));
    let about = json!({ "name": "large", "namespace": "shop", "uid": "uid-large" });
    server.put("configmaps", json!({ "metadata": about, "data": { "blob": "z".repeat(1 << 20) } }));
    let watched = Watched::new(&server).await;
    server.put("pods", large("watched"));
    server.put("pods", large("listed"));
    watched.is_healed(&server).await;
    assert_eq!(watched.learned().skipped, []);
    let kept = serde_json::to_string(&watched.learned().world.keyframe()).expect("a keyframe").len();
    assert!(kept < 100_000, "{kept} bytes are kept of megabytes that say nothing");
}

#[tokio::test]
async fn over_a_slow_link_pages_are_asked_for_compressed() {
    let server = ApiServer::start();
    crowd(&server, 4_000);
    let packed = |server: &ApiServer| {
        let pages =
            server.server.asked().into_iter().filter(|it| it.path == "/api/v1/pods" && it.parameter("limit").is_some());
        pages.map(|it| it.header("accept-encoding") == "gzip").collect::<Vec<bool>>()
    };
    // 500 pods of a page are 130 kB: a third of a second at this rate.
    server.server.throttle(400_000);
    let watched = Watched::new(&server).await;
    let pages = packed(&server);
    assert!(!pages[0] && pages[1..].iter().all(|it| *it), "the first page tells that the link is slow: {pages:?}");
    assert!(
        server
            .server
            .asked()
            .iter()
            .all(|it| it.parameter("watch").is_none() || it.header("accept-encoding") == "identity")
    );
    server.server.throttle(0);
    watched.is_healed(&server).await;
}

#[tokio::test]
async fn a_server_that_was_slow_to_prove_its_life_is_not_asked_for_everything_once_more() {
    let server = ApiServer::start();
    crowd(&server, 8_000);
    server.refuse_streams();
    let (kept, mut pages, mut whole) = (server.kept(), 0, false);
    let was_silent = Arc::new(AtomicBool::new(false));
    let silent = Arc::clone(&was_silent);
    server.fault(move |it| {
        if it.path == "/livez" && whole && !silent.swap(true, Ordering::SeqCst) {
            return Some(Told::mute());
        }
        let is_of_pods = it.path == "/api/v1/pods";
        whole |= is_of_pods && it.parameter("resourceVersion") == Some("0");
        let goes_on = is_of_pods && it.parameter("continue").is_some();
        pages += u32::from(goes_on);
        (goes_on && pages == 2).then(|| expired(&kept))
    });
    // Two megabytes in one piece: long enough for a proof of life that fails and for the next, which does not.
    server.server.throttle(200_000);
    let watched = Watched::limited(&server, Limits { alive: Duration::from_millis(300), ..Limits::default() }).await;
    server.server.throttle(0);
    assert!(was_silent.load(Ordering::SeqCst), "a proof of life failed meanwhile");
    let asked = server.server.asked();
    let whole = asked.iter().filter(|it| it.path == "/api/v1/pods" && it.parameter("resourceVersion") == Some("0"));
    assert_eq!(whole.count(), 1, "asked for everything");
    watched.is_healed(&server).await;
}
