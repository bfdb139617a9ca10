//! Evidence at hand: what pods print, and objects whole.

use std::sync::Arc;

use super::{MEI, declared, text};
use broadstreet_core::ports::Observation;
use broadstreet_core::world::Change;
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::{Value, json};

stories! {
    the_log_of_a_house_is_read_line_by_line_until_it_is_closed
    the_log_from_before_the_last_restart_is_read_to_its_end
    a_log_is_followed_and_goes_on_after_it_broke_off_with_no_line_twice
    a_pod_made_while_the_log_of_its_house_is_read_is_read_too
    an_object_is_shown_whole_with_its_secrets_covered_and_pinned_as_a_file
    without_a_cluster_logs_and_whole_objects_say_what_to_do
}

/// The first object of a kind on the map.
async fn id_of(desk: &TestDesk, kind: &str) -> String {
    let found = desk.call("find", json!({ "query": "cart", "limit": 50 })).await.expect("found");
    let hits = found.as_array().cloned().unwrap_or_default();
    let hit = hits.iter().find(|hit| text(hit, "/subtitle").starts_with(kind)).unwrap_or_else(|| panic!("{found}"));
    text(hit, "/id").to_owned()
}

async fn the_log_of_a_house_is_read_line_by_line_until_it_is_closed(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let cart = id_of(&desk, "Deployment").await;
    let pods = desk.call("object", json!({ "id": cart })).await.expect("the house");
    let pod = text(&pods, "/pods/0/name").to_owned();
    *desk.cluster.printed.lock().unwrap() =
        vec![(pod.clone(), "2026-03-04T14:32:05Z cart is empty".into()), (pod, "2026-03-04T14:32:04Z starting".into())];
    let opened = desk.call("open_logs", json!({ "id": cart })).await.expect("opened");
    let reading = text(&opened, "/reading").to_owned();
    let mut view = opened;
    for _ in 0..500 {
        if view["last"] == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        view = desk.call("read_logs", json!({ "reading": reading, "after": 0 })).await.expect("read");
    }
    assert_eq!(text(&view, "/lines/0/text"), "cart is empty", "{view}");
    assert_eq!(text(&view, "/lines/1/at"), "2026-03-04T14:32:04Z");
    assert_eq!(text(&view, "/streams/0/state"), "open");
    let rest = desk.call("read_logs", json!({ "reading": reading, "after": 2 })).await.expect("read");
    assert_eq!(rest["lines"], json!([]));
    desk.call("close_logs", json!({ "reading": reading })).await.expect("closed");
    let gone = desk.call("read_logs", json!({ "reading": reading, "after": 2 })).await.expect_err("it is closed");
    assert_eq!(gone.code, "not_found");
    desk.engine.stop().await;
}

/// The one pod of the cart, and the house itself.
async fn cart_and_its_pod(desk: &TestDesk) -> (String, String) {
    let cart = id_of(desk, "Deployment").await;
    let house = desk.call("object", json!({ "id": cart })).await.expect("the house");
    (cart, text(&house, "/pods/0/name").to_owned())
}

/// Reads on until it is as it should be; what is not told of is asked for all the same.
async fn read_until(desk: &TestDesk, reading: &str, is: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1_500 {
        let view = desk.call("read_logs", json!({ "reading": reading, "after": 0 })).await.expect("read");
        if is(&view) {
            return view;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{}", desk.call("read_logs", json!({ "reading": reading, "after": 0 })).await.expect("read"));
}

fn lines(view: &Value) -> Vec<&str> {
    view["lines"].as_array().into_iter().flatten().map(|line| text(line, "/text")).collect()
}

async fn the_log_from_before_the_last_restart_is_read_to_its_end(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let (cart, pod) = cart_and_its_pod(&desk).await;
    desk.cluster.print(&pod, "2026-03-04T14:32:04Z starting");
    let before = ["2026-03-04T14:31:58Z redis is gone", "2026-03-04T14:31:59Z panic"];
    *desk.cluster.printed_before.lock().unwrap() = before.map(|line| (pod.clone(), line.to_owned())).into();
    let opened = desk.call("open_logs", json!({ "id": cart, "previous": true })).await.expect("opened");
    let reading = text(&opened, "/reading").to_owned();
    let view = read_until(&desk, &reading, |view| view["streams"][0]["state"] == "ended").await;
    assert_eq!(lines(&view), ["redis is gone", "panic"], "and nothing of the container that runs");
    let asked = desk.cluster.logs_asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "it is read once: {asked:?}");
    assert!(asked[0].previous && !asked[0].follow && asked[0].pod == pod, "{asked:?}");
    // Of a container that never restarted there is none.
    desk.cluster.printed_before.lock().unwrap().clear();
    let opened = desk.call("open_logs", json!({ "id": cart, "previous": true })).await.expect("opened");
    let view = read_until(&desk, text(&opened, "/reading"), |view| view["streams"][0]["state"] == "failed").await;
    assert!(text(&view, "/streams/0/why").contains("not found"), "{view}");
    desk.engine.stop().await;
}

async fn a_log_is_followed_and_goes_on_after_it_broke_off_with_no_line_twice(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let (cart, pod) = cart_and_its_pod(&desk).await;
    desk.cluster.print(&pod, "2026-03-04T14:32:04.100Z starting");
    let opened = desk.call("open_logs", json!({ "id": cart })).await.expect("opened");
    let reading = text(&opened, "/reading").to_owned();
    read_until(&desk, &reading, |view| view["last"] == 1).await;
    // Whoever only listens is told of a line that comes later.
    let mut notices = desk.engine.listen();
    desk.cluster.print(&pod, "2026-03-04T14:32:05.200Z cart is empty");
    let told = async {
        while let Some(notice) = notices.next().await {
            if notice.channel == "logs" && notice.ids.contains(&reading) {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), told).await.expect("somebody is told");
    let view = desk.call("read_logs", json!({ "reading": reading, "after": 1 })).await.expect("read");
    assert_eq!(lines(&view), ["cart is empty"]);
    // It breaks off; what is printed meanwhile, in the same second as what was read, is there in the end.
    desk.cluster.cut_logs();
    let view = read_until(&desk, &reading, |view| view["streams"][0]["state"] == "failed").await;
    assert!(text(&view, "/streams/0/why").contains("broke off"), "{view}");
    desk.cluster.print(&pod, "2026-03-04T14:32:05.300Z redis answers");
    let view = read_until(&desk, &reading, |view| view["streams"][0]["state"] == "open").await;
    assert_eq!(lines(&view), ["starting", "cart is empty", "redis answers"], "{view}");
    desk.cluster.print(&pod, "2026-03-04T14:32:06Z ready");
    let view = read_until(&desk, &reading, |view| view["last"] == 4).await;
    assert_eq!(lines(&view), ["starting", "cart is empty", "redis answers", "ready"]);
    assert_eq!((text(&view, "/streams/0/state"), text(&view, "/streams/0/why")), ("open", ""));
    let asked = desk.cluster.logs_asked.lock().unwrap().clone();
    let since: Vec<Option<i64>> = asked.iter().map(|it| it.since.map(|at| at.timestamp())).collect();
    assert_eq!(since.len(), 2, "{asked:?}");
    assert!(since[0].is_none() && since[1].is_some() && asked.iter().all(|it| it.follow), "{asked:?}");
    desk.engine.stop().await;
}

/// A second pod of the cart, as a change.
fn another_pod(name: &str) -> Vec<Change> {
    let pods = shop("cart", "cart:1", "").into_iter().filter_map(|change| match change {
        Change::Object(object) if object.key.kind == "Pod" => {
            let mut object = Arc::unwrap_or_clone(object);
            (object.key.name, object.uid) = (name.into(), name.into());
            Some(Change::Object(Arc::new(object)))
        }
        _ => None,
    });
    pods.collect()
}

async fn a_pod_made_while_the_log_of_its_house_is_read_is_read_too(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let (cart, pod) = cart_and_its_pod(&desk).await;
    desk.cluster.print(&pod, "2026-03-04T14:32:04Z starting");
    let opened = desk.call("open_logs", json!({ "id": cart })).await.expect("opened");
    let reading = text(&opened, "/reading").to_owned();
    let before = desk.call("open_logs", json!({ "id": cart, "previous": true })).await.expect("opened");
    read_until(&desk, &reading, |view| view["last"] == 1).await;
    let mut notices = desk.engine.listen();
    desk.cluster.print("cart-1-b", "2026-03-04T14:40:00Z starting as well");
    desk.cluster.say(Observation::Changes(another_pod("cart-1-b"))).await;
    let told = async {
        while let Some(notice) = notices.next().await {
            if notice.channel == "logs" && notice.ids.contains(&reading) {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), told).await.expect("somebody is told");
    let view = read_until(&desk, &reading, |view| view["last"] == 2).await;
    assert_eq!(lines(&view), ["starting", "starting as well"]);
    assert_eq!((text(&view, "/streams/1/pod"), text(&view, "/streams/1/state")), ("cart-1-b", "open"), "{view}");
    assert_eq!(view["lines"][1]["stream"], 1);
    // More than are read at once: it is said of how many nothing is read.
    for number in 0..30 {
        desk.cluster.say(Observation::Changes(another_pod(&format!("cart-2-{number}")))).await;
    }
    let is_told = |view: &Value| view["streams"].as_array().map(Vec::len) >= Some(24) && view["left_out"] != 0;
    read_until(&desk, &reading, is_told).await;
    let view = desk.call("read_logs", json!({ "reading": before["reading"], "after": 0 })).await.expect("read");
    assert_eq!(view["streams"].as_array().map(Vec::len), Some(1), "what was before is not added to: {view}");
    desk.engine.stop().await;
}

async fn an_object_is_shown_whole_with_its_secrets_covered_and_pinned_as_a_file(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "")).await;
    let incident = declared(&desk).await;
    let cart = id_of(&desk, "Deployment").await;
    let whole = desk.call("manifest", json!({ "id": cart })).await.expect("the object");
    assert_eq!((text(&whole, "/yaml"), &whole["covered"]), ("kind: Deployment\n", &json!(1)));
    let blob = desk.engine.keep_file(text(&whole, "/yaml").as_bytes().to_vec()).await.expect("kept");
    let pin = json!({ "incident": incident, "text": "YAML of cart", "source": "kubernetes api", "target": cart, "blob": blob });
    let row = desk.call("pin_evidence", pin).await.expect("pinned");
    assert!(row.to_string().contains(&blob), "the row names the file by its hash: {row}");
    let other = json!({ "id": cart.replacen("c/", "another/", 1) });
    assert_eq!(desk.call("manifest", other).await.expect_err("of no open cluster").code, "not_found");
    desk.engine.stop().await;
}

async fn without_a_cluster_logs_and_whole_objects_say_what_to_do(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let id = json!({ "id": "c/apps/Deployment/shop/cart" });
    for command in ["manifest", "open_logs"] {
        let refused = desk.call(command, id.clone()).await.expect_err("nothing is open");
        assert_eq!(refused.code, "not_live");
        assert!(refused.hint.contains("open the cluster"), "{}", refused.hint);
    }
    assert_eq!(desk.call("close_logs", json!({ "reading": "logs-9" })).await.expect("closed already"), json!({}));
    let _: Value = desk.call("desk", Value::Null).await.expect("the desk goes on");
    desk.engine.stop().await;
}
