//! Stories: the engine on a real store, once on SQLite and once on PostgreSQL, with a cluster and sources that say what
//! the story needs.

use broadstreet_api::wire::map::SceneRequest;
use broadstreet_core::alerts::{Alert, AlertState};
use broadstreet_core::ports::{AlertPoll, ContextChoice, Observation};
use broadstreet_core::resource::Labels;
use broadstreet_core::world::{Freshness, SourceState};
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::{Value, json};

const MEI: &str = "Mei Tanaka";
const JONAS: &str = "Jonas Weber";

/// Tells each story on both databases.
macro_rules! stories {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Place::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Place::Postgres).await;
            })*
        }
    };
}

#[path = "stories/alerts.rs"]
mod alerts;
#[path = "stories/calls.rs"]
mod calls;
#[path = "stories/clusters.rs"]
mod clusters;
#[path = "stories/drawn.rs"]
mod drawn;
#[path = "stories/evidence.rs"]
mod evidence;
#[path = "stories/flood.rs"]
mod flood;
#[path = "stories/freezing.rs"]
mod freezing;
#[path = "stories/placing.rs"]
mod placing;
#[path = "stories/unread.rs"]
mod unread;

stories! {
    digests_taken_live_equal_the_digests_after_seek
    command_moves_only_by_acceptance_after_the_brief
    a_gap_in_command_raises_an_alarm_after_a_minute
    each_source_whose_clock_disagrees_has_an_alarm_of_its_own
    a_source_without_its_secret_is_not_asked_until_it_is_entered
    a_cluster_that_falls_silent_is_stale_after_ten_seconds_and_doubted_after_sixty
    the_doctor_names_each_kind_that_may_not_be_read
    an_hour_that_occurs_twice_is_asked_about_by_both_its_instants
    what_was_written_is_there_after_a_restart_and_in_a_bundle
    houses_stand_where_they_stood_after_a_restart_and_in_the_past
    the_postmortem_is_drafted_edited_and_rendered
    the_map_is_saved_as_it_stands_and_as_it_stood
    a_handoff_is_written_and_accepted_by_the_one_it_is_for
    a_handoff_says_since_when_changes_were_recorded
    the_cadence_of_updates_is_the_one_set_at_the_declaring_desk
    refusals_name_the_thing_and_the_next_step
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

async fn declared(desk: &TestDesk) -> String {
    let payload = json!({ "title": "Carts fail", "severity": 2 });
    let incident = desk.call("declare", payload).await.expect("declared");
    text(&incident, "/id").to_owned()
}

fn alert(pod: &str) -> Alert {
    let labels = Labels::from_iter([
        ("alertname".into(), "KubePodCrashLooping".into()),
        ("namespace".into(), "shop".into()),
        ("pod".into(), pod.into()),
        ("severity".into(), "critical".into()),
    ]);
    let id = broadstreet_core::alerts::alert_id(&labels, &Labels::new());
    let starts_at = chrono::DateTime::from_timestamp(1_700_000_000, 0);
    Alert {
        id,
        source: "alertmanager:a".into(),
        labels,
        state: AlertState::Firing,
        starts_at,
        fingerprint: "f".into(),
        ..Alert::default()
    }
}

async fn add_alerts(desk: &TestDesk) {
    let source =
        json!({ "id": "alertmanager:a", "kind": "alertmanager", "address": "http://127.0.0.1:1", "poll_seconds": 1 });
    desk.call("save_source", source).await.expect("a source");
}

async fn digests_taken_live_equal_the_digests_after_seek(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    add_alerts(&desk).await;
    let happens = async {
        for round in 0u32.. {
            let waiting = if round % 3 == 0 { "CrashLoopBackOff" } else { "" };
            let name = if round % 2 == 0 { "cart" } else { "pay" };
            desk.cluster.say(Observation::Changes(shop(name, &format!("image:{round}"), waiting))).await;
            let alerts = if round % 120 < 60 { vec![alert("cart-1-a")] } else { Vec::new() };
            *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts, ..AlertPoll::default() };
            // Changes come in bursts and 50 ms apart.
            tokio::time::sleep(std::time::Duration::from_millis(if round % 3 == 0 { 50 } else { 7 })).await;
        }
    };
    // A reader looks whenever it likes, a hundred times and until alerts came and went and it saw many worlds.
    let looks = async {
        let (mut taken, mut number) = (Vec::new(), 0x2545_f491u64);
        let (mut with, mut without) = (false, false);
        let mut different = std::collections::BTreeSet::new();
        while taken.len() < 100 || !(with && without) || different.len() <= 30 {
            assert!(
                taken.len() < 1_000,
                "alerts come and go meanwhile: {} different worlds were seen",
                different.len()
            );
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            tokio::time::sleep(std::time::Duration::from_millis(number >> 59)).await;
            let seen = desk.engine.look(None).await.expect("a look");
            let alerts = seen.world().alerts().count();
            (with, without) = (with || alerts > 0, without || alerts == 0);
            let digest = seen.world().digest();
            different.insert(format!("{digest:?}"));
            taken.push((seen.at(), digest));
        }
        taken
    };
    let taken = tokio::select! { () = happens => Vec::new(), taken = looks => taken };
    for round in 0..2 {
        for (at, digest) in &taken {
            let then = desk.engine.look(Some(*at)).await.expect("a look");
            assert_eq!(&then.world().digest(), digest, "at {at}, round {round}");
        }
        if round == 0 {
            desk.engine.close_desk().await.expect("closed");
            desk.engine.open_context(broadstreet_core::ports::ContextChoice::default()).await.expect("opened again");
        }
    }
    desk.engine.stop().await;
}

async fn command_moves_only_by_acceptance_after_the_brief(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let id = declared(&desk).await;
    let role = json!({ "incident": id, "role": "commander" });
    desk.call("assume_role", role.clone()).await.expect("assumed");
    let taken = desk.call_as(JONAS, "assume_role", role).await.expect_err("held");
    assert_eq!(taken.code, "role_held");
    let offered =
        desk.call("offer_role", json!({ "incident": id, "role": "commander", "to": JONAS })).await.expect("offered");
    assert_eq!(text(&offered, "/commander/name"), MEI);
    let answer = json!({ "incident": id, "offer": text(&offered, "/offers/0/row") });
    let early = desk.call_as(JONAS, "accept_offer", answer.clone()).await.expect_err("no brief");
    assert_eq!(early.code, "brief_not_shown");
    let brief = desk.call_as(JONAS, "brief", json!({ "id": id })).await.expect("the brief");
    assert!(brief["sections"].as_array().is_some_and(|sections| sections.len() >= 5), "{brief}");
    let stranger = desk.call_as("Ana Ruiz", "accept_offer", answer.clone()).await.expect_err("not offered to Ana");
    assert!(!stranger.hint.is_empty());
    let accepted = desk.call_as(JONAS, "accept_offer", answer).await.expect("accepted");
    assert_eq!(text(&accepted, "/commander/name"), JONAS);
    let spans = accepted["command"].as_array().cloned().unwrap_or_default();
    for pair in spans.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"], "a hole between two spans of command");
    }
    assert_eq!(accepted["roles"][0]["accepted_on_offerers_device"], true);
    desk.engine.stop().await;
}

async fn a_gap_in_command_raises_an_alarm_after_a_minute(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let id = declared(&desk).await;
    let alarms = |desk: Value| desk["alarms"].as_array().cloned().unwrap_or_default();
    assert!(alarms(desk.call("desk", Value::Null).await.expect("the desk")).is_empty());
    desk.clock.advance(chrono::Duration::seconds(61));
    let raised = alarms(desk.call("desk", Value::Null).await.expect("the desk"));
    assert_eq!(text(&raised[0], "/code"), "command_vacant");
    assert_eq!(text(&raised[0], "/subject"), id);
    desk.call("assume_role", json!({ "incident": id, "role": "commander" })).await.expect("assumed");
    assert!(alarms(desk.call("desk", Value::Null).await.expect("the desk")).is_empty());
    desk.engine.stop().await;
}

async fn each_source_whose_clock_disagrees_has_an_alarm_of_its_own(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let source_time = Some(desk.engine.now() - chrono::Duration::minutes(5));
    *desk.signals.alerts.lock().unwrap() = AlertPoll { source_time, ..AlertPoll::default() };
    for name in ["a", "b"] {
        let source = json!({ "id": format!("alertmanager:{name}"), "kind": "alertmanager",
            "address": "http://127.0.0.1:1", "poll_seconds": 1 });
        desk.call("save_source", source).await.expect("a source");
    }
    desk.settle(|state| state.proofs.values().filter(|it| it.clock_ahead.is_some()).count() == 2).await;
    let now = desk.call("desk", Value::Null).await.expect("the desk");
    let alarms = now["alarms"].as_array().cloned().unwrap_or_default();
    let of: Vec<(&str, &str)> = alarms.iter().map(|it| (text(it, "/code"), text(it, "/subject"))).collect();
    assert_eq!(of, [("clock_disagrees", "alertmanager:a"), ("clock_disagrees", "alertmanager:b")]);
    desk.engine.stop().await;
}

async fn a_source_without_its_secret_is_not_asked_until_it_is_entered(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let mut source = json!({
        "id": "alertmanager:a", "kind": "alertmanager", "address": "http://127.0.0.1:1", "poll_seconds": 1,
        "credentials": "basic", "user": "reader",
    });
    desk.call("save_source", source.clone()).await.expect("no cluster is open, so nothing is asked yet");
    *desk.signals.alerts.lock().unwrap() = AlertPoll { alerts: vec![alert("cart-1-a")], ..AlertPoll::default() };
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    let now = desk.call("desk", json!({})).await.expect("the desk");
    let of = |now: &Value| now["sources"].as_array().unwrap().iter().find(|it| it["id"] == "alertmanager:a").cloned();
    let silent = of(&now).expect("it is listed");
    assert_eq!(text(&silent, "/code"), "no_secret");
    assert!(text(&silent, "/hint").contains("enter it"), "{silent}");
    assert!(desk.call("cases", json!({})).await.expect("cases")["cases"].as_array().unwrap().is_empty());
    source["secret"] = json!("swordfish");
    desk.call("save_source", source).await.expect("asked with it");
    desk.settle(|state| state.placed.cases.len() == 1).await;
    let now = desk.call("desk", json!({})).await.expect("the desk");
    assert_eq!(text(&of(&now).expect("it is listed"), "/state"), "live");
    desk.engine.stop().await;
}

async fn a_cluster_that_falls_silent_is_stale_after_ten_seconds_and_doubted_after_sixty(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    declared(&desk).await;
    let state = async || text(&desk.call("desk", Value::Null).await.expect("the desk"), "/sources/0/state").to_owned();
    let health = async || {
        let panel = desk.call("object", json!({ "id": "c/apps/Deployment/shop/cart" })).await.expect("the panel");
        text(&panel, "/health").to_owned()
    };
    let wait = async || tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    desk.settle(|state| state.proofs.values().any(|proof| proof.alive_at.is_some())).await;
    desk.cluster.silent.store(true, std::sync::atomic::Ordering::Relaxed);
    desk.clock.advance(chrono::Duration::seconds(11));
    for _ in 0..1_000 {
        if state().await == "stale" {
            break;
        }
        wait().await;
    }
    assert_eq!((state().await.as_str(), health().await.as_str()), ("stale", "critical"), "amber, and still believed");
    desk.clock.advance(chrono::Duration::seconds(50));
    for _ in 0..1_000 {
        if health().await == "unknown" {
            break;
        }
        wait().await;
    }
    assert_eq!((state().await.as_str(), health().await.as_str()), ("stale", "unknown"));
    desk.engine.stop().await;
}

async fn the_doctor_names_each_kind_that_may_not_be_read(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let said = |kind: &str, namespace: &str, state| {
        let (kind, namespace) = (kind.to_owned(), namespace.to_owned());
        Observation::Freshness(SourceState { source: "cluster:c".into(), kind, namespace, state })
    };
    let forbidden = Freshness::Forbidden { verb: "list".into(), message: "secrets is forbidden".into() };
    desk.cluster.say(said("Secret", "", forbidden)).await;
    desk.cluster.say(said("apps/Deployment", "shop", Freshness::Live)).await;
    desk.settle(|state| state.world.freshness().count() >= 2).await;
    let checks = desk.engine.check_sources(ContextChoice::default()).await.expect("checked");
    let of = |what: &str| checks.iter().find(|check| check.what == what && check.source == "cluster:c");
    let secret = of("Secret").expect("the kind is named");
    assert!(secret.state == "warning" && secret.text.contains("not allowed to list") && !secret.hint.is_empty());
    let kinds = of("kinds").expect("a line over all kinds");
    assert!(kinds.state == "warning" && kinds.text.contains("only in shop"), "{kinds:?}");
    desk.engine.stop().await;
}

async fn an_hour_that_occurs_twice_is_asked_about_by_both_its_instants(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let payload = json!({ "title": "Carts fail", "severity": 2, "zone": "Europe/Berlin" });
    let incident = desk.call("declare", payload).await.expect("declared");
    let entry = |at: Value| json!({ "incident": incident["id"], "text": "2025-10-26 02:30 carts are empty", "at": at });
    let asked = desk.call("write_entry", entry(Value::Null)).await.expect_err("asked about");
    assert_eq!(asked.code, "ambiguous_time");
    assert!(asked.message.contains("2025-10-26 00:30Z or 2025-10-26 01:30Z"), "{}", asked.message);
    let other = desk.call("write_entry", entry(json!("2025-10-26T03:30:00Z"))).await.expect_err("none of the two");
    assert_eq!(other.code, "ambiguous_time");
    let written = desk.call("write_entry", entry(json!("2025-10-26T00:30:00Z"))).await.expect("written");
    assert_eq!(text(&written, "/at"), "2025-10-26T00:30:00Z", "{written}");
    desk.engine.stop().await;
}

async fn what_was_written_is_there_after_a_restart_and_in_a_bundle(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    let id = declared(&desk).await;
    let write = json!({ "incident": id, "text": "-2m @cart restarts", "token": "t1" });
    let note = desk.call("write_entry", write.clone()).await.expect("written");
    let again = desk.call("write_entry", write).await.expect("a retry is harmless");
    assert_eq!(note["row"], again["row"]);
    let fix = json!({ "incident": id, "row": note["row"], "text": "@cart restarts every minute" });
    let fixed = desk.call("correct_entry", fix).await.expect("corrected");
    assert_eq!(fixed["earlier"].as_array().map(Vec::len), Some(1));
    let desk = desk.restart(MEI).await;
    let timeline = desk.call("timeline", json!({ "incident": id })).await.expect("the timeline");
    let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
    assert!(entries.iter().any(|entry| text(entry, "/text").contains("every minute")), "{entries:?}");
    let file = desk.call("export_bundle", json!({ "incident": id })).await.expect("a bundle");
    let verified = desk.call("verify_bundle", json!({ "blob": file["blob"] })).await.expect("it holds");
    assert!(verified["rows"].as_u64() >= Some(3), "{verified}");
    let bytes = desk.engine.file(text(&file, "/blob")).await.expect("the file");
    let other = TestDesk::at(place, JONAS).await;
    let blob = other.engine.keep_file(bytes).await.expect("kept");
    let opened = other.call("open_bundle", json!({ "blob": blob })).await.expect("opened");
    assert_eq!(text(&opened, "/mode"), "recorded");
    let there = other.call("timeline", json!({ "incident": id })).await.expect("the timeline");
    assert_eq!(there["entries"], timeline["entries"]);
    let panel = other
        .call("object", json!({ "id": "c/apps/Deployment/shop/cart", "at": opened["recorded_to"] }))
        .await
        .expect("the panel");
    assert_eq!(text(&panel, "/health"), "critical", "{panel}");
    let refused = other.call("write_entry", json!({ "incident": id, "text": "mine" })).await.expect_err("only read");
    assert_eq!(refused.code, "imported");
    let file = other.call("export_bundle", json!({ "incident": id })).await.expect("a bundle again");
    let again = other.call("verify_bundle", json!({ "blob": file["blob"] })).await.expect("it holds");
    assert_eq!(again["rows"], verified["rows"], "what came as a file leaves as one");
    desk.engine.stop().await;
    other.engine.stop().await;
}

/// The plan as it is now, or was at a moment.
async fn plan(desk: &TestDesk, at: Option<chrono::DateTime<chrono::Utc>>) -> Value {
    desk.engine.look(at).await.expect("a look").plan().to_json()
}

async fn houses_stand_where_they_stood_after_a_restart_and_in_the_past(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("web", "web:1", "")).await;
    // None of these would stand there in a plan made afresh: houses of one age stand in the order of their names.
    for name in ["pay", "cart", "auth"] {
        desk.cluster.say(Observation::Changes(shop(name, "image:1", ""))).await;
        desk.settle(|state| state.world.objects().any(|object| object.key.name == name)).await;
    }
    let before = plan(&desk, None).await;
    let then = desk.engine.now();
    desk.clock.advance(chrono::Duration::seconds(2));
    assert_eq!(plan(&desk, Some(then)).await, before);
    let desk = desk.restart(MEI).await;
    desk.engine.open_context(broadstreet_core::ports::ContextChoice::default()).await.expect("a cluster");
    for name in ["auth", "cart", "pay", "web"] {
        // A list comes in pages; what is not listed yet keeps its place.
        desk.cluster.say(Observation::Changes(shop(name, "image:1", ""))).await;
        desk.settle(|state| state.world.objects().any(|object| object.key.name == name)).await;
        assert_eq!(plan(&desk, None).await, before);
    }
    desk.cluster.say(Observation::InSync).await;
    desk.settle(|state| state.in_sync).await;
    assert_eq!(plan(&desk, None).await, before);
}

async fn the_postmortem_is_drafted_edited_and_rendered(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    let id = declared(&desk).await;
    desk.call("write_entry", json!({ "incident": id, "text": "customers see empty carts" })).await.expect("written");
    let drafted = desk.call("draft_postmortem", json!({ "id": id })).await.expect("drafted");
    assert!(text(&drafted, "/prosemirror").contains("customers see empty carts"), "{drafted}");
    desk.call("write_entry", json!({ "incident": id, "text": "one more cart is empty" })).await.expect("written");
    let page = json!({ "incident": id, "name": "postmortem", "format": "markdown" });
    desk.call("export_document", page).await.expect("markdown");
    let drafted = desk.call("document", json!({ "incident": id, "name": "postmortem" })).await.expect("the draft");
    assert!(
        text(&drafted, "/prosemirror").contains("one more cart is empty"),
        "nobody wrote in it: it is drafted anew"
    );
    let saved = json!({ "incident": id, "name": "postmortem", "prosemirror": text(&drafted, "/prosemirror"), "title": "Empty carts" });
    let saved = desk.call("save_document", saved).await.expect("saved");
    assert_eq!(text(&saved, "/title"), "Empty carts");
    let kept = desk.call("draft_postmortem", json!({ "id": id })).await.expect("as it was written");
    assert_eq!(text(&kept, "/title"), "Empty carts", "what somebody wrote in is kept");
    let bad = json!({ "incident": id, "name": "postmortem", "prosemirror": "{", "title": "x" });
    assert_eq!(desk.call("save_document", bad).await.expect_err("not JSON").code, "bad_document");
    for format in ["markdown", "html", "pdf"] {
        let ask = json!({ "incident": id, "name": "postmortem", "format": format });
        let file = desk.call("export_document", ask).await.expect(format);
        assert!(file["bytes"].as_u64() > Some(100), "{file}");
    }
    desk.engine.stop().await;
}

async fn the_map_is_saved_as_it_stands_and_as_it_stood(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let before = desk.engine.look(None).await.expect("a look").at();
    let seen = before.to_rfc3339();
    desk.cluster.say(Observation::Changes(shop("pay", "pay:1", ""))).await;
    desk.settle(|state| state.world.objects().any(|object| object.key.name == "pay")).await;
    for (at, both) in [(Value::Null, true), (json!(seen), false)] {
        let file = desk.call("export_map", json!({ "lens": "namespaces", "at": at })).await.expect("a map");
        assert_eq!(text(&file, "/media_type"), "image/svg+xml");
        let svg = String::from_utf8(desk.engine.file(text(&file, "/blob")).await.expect("the file")).expect("text");
        assert!(svg.starts_with("<svg") && svg.contains("cart"), "{svg}");
        assert_eq!(svg.contains(">pay<"), both, "at {at}: {svg}");
    }
    let nowhere = json!({ "lens": "namespaces", "path": "/nowhere/at/all/map.svg" });
    assert!(desk.call("export_map", nowhere).await.is_err(), "a folder that is not there");
    let odd = SceneRequest { lens: "streets".to_owned(), ..SceneRequest::default() };
    assert_eq!(broadstreet_api::files::scene(&desk.engine, odd).await.expect_err("no lens").code, "bad_lens");
    for command in ["export_map", "filter"] {
        let refused = desk.call(command, json!({ "lens": "streets" })).await.expect_err("no lens");
        assert_eq!((refused.code.as_str(), refused.message.contains("streets")), ("bad_lens", true), "{command}");
    }
    desk.engine.stop().await;
}

async fn a_handoff_is_written_and_accepted_by_the_one_it_is_for(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let written =
        desk.call("write_handoff", json!({ "to": JONAS, "hours": 12, "free_text": "quiet" })).await.expect("written");
    let row = json!({ "row": written["row"] });
    assert_eq!(desk.call("accept_handoff", row.clone()).await.expect_err("not for Mei").code, "not_addressed");
    let accepted = desk.call_as(JONAS, "accept_handoff", row).await.expect("accepted");
    assert_eq!(text(&accepted, "/accepted_by"), JONAS);
    let incidents = desk.call("incidents", Value::Null).await.expect("the list");
    assert_eq!(incidents, json!([]), "the notes belong to no incident");
    desk.engine.stop().await;
}

async fn a_handoff_says_since_when_changes_were_recorded(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let changes = async || {
        let note = desk.call("draft_handoff", json!({ "to": JONAS, "hours": 12 })).await.expect("drafted");
        let sections = note["sections"].as_array().cloned().unwrap_or_default();
        let section = sections.into_iter().find(|it| it["id"] == "changes").expect("the section");
        text(&section, "/title").to_owned()
    };
    assert_eq!(changes().await, "Changes, last 48 h; nothing was recorded");
    desk.open(shop("cart", "cart:1", "")).await;
    let title = changes().await;
    assert!(title.starts_with("Changes, last 48 h; recorded since "), "{title}");
    desk.engine.stop().await;
}

async fn the_cadence_of_updates_is_the_one_set_at_the_declaring_desk(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.call("save_settings", json!({ "update_minutes": [7, 11, 0, 0, 0] })).await.expect("saved");
    let id = declared(&desk).await;
    let every = async || {
        let incident = desk.call("incident", json!({ "id": id })).await.expect("the incident");
        incident["update_every_minutes"].as_u64()
    };
    assert_eq!(every().await, Some(11));
    desk.call("set_severity", json!({ "incident": id, "severity": 1, "reason": "worse" })).await.expect("set");
    assert_eq!(every().await, Some(7));
    desk.call("set_severity", json!({ "incident": id, "severity": 3, "reason": "better" })).await.expect("set");
    assert_eq!(every().await, None);
    desk.engine.stop().await;
}

async fn refusals_name_the_thing_and_the_next_step(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let id = declared(&desk).await;
    let big = "x".repeat((1 << 20) + 1);
    let cases = [
        ("declare", json!({ "title": "", "severity": 2 }), "bad_title"),
        ("declare", json!({ "title": "x", "severity": 9 }), "bad_severity"),
        ("declare", json!({ "title": "x", "severity": 1, "zone": "Mars/Olympus" }), "bad_zone"),
        ("incident", json!({ "id": "INC-9999" }), "not_found"),
        ("object", json!({ "id": "nonsense" }), "bad_object"),
        ("remove_incident", json!({ "incident": id, "confirm": "yes" }), "not_confirmed"),
        ("write_entry", json!({ "incident": id, "text": big }), "too_large"),
        ("set_status", json!({ "incident": id, "status": "on fire" }), "bad_status"),
        ("open_bundle", json!({ "path": "/nowhere/at/all" }), "not_found"),
        ("save_source", json!({ "id": "x:y", "kind": "icinga", "address": "gopher://x" }), "bad_settings"),
        ("save_source", json!({ "id": "x:y", "kind": "carrier pigeon", "address": "http://x" }), "bad_settings"),
        ("export_document", json!({ "incident": id, "name": "postmortem", "format": "pdf" }), "not_drafted"),
        ("no_such_command", json!({}), "unknown_command"),
        ("declare", json!({ "title": 7 }), "bad_request"),
    ];
    for (command, payload, code) in cases {
        let error = desk.call(command, payload).await.expect_err(command);
        assert_eq!(error.code, code, "{command}: {error:?}");
        assert!(!error.message.is_empty() && !error.hint.is_empty(), "{command}: {error:?}");
    }
    desk.call("remove_incident", json!({ "incident": id, "confirm": "INC-0001" })).await.expect("removed");
    assert_eq!(desk.call("incident", json!({ "id": id })).await.expect_err("gone").code, "not_found");
    desk.engine.stop().await;
}
