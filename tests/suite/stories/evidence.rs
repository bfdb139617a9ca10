//! Evidence at hand: what pods print, and objects whole.

use super::{MEI, declared, text};
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::{Value, json};

stories! {
    the_log_of_a_house_is_read_line_by_line_until_it_is_closed
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
