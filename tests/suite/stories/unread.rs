//! What the database has and does not give back: it is said, and nothing takes its place.

use broadstreet_core::ports::{ContextChoice, Observation};
use broadstreet_core::writing;
use broadstreet_tests::databases::Place;
use broadstreet_tests::scripted::{TestDesk, shop};
use serde_json::json;

use super::{MEI, declared, text};

stories! {
    a_bundle_does_not_leave_without_a_file_that_cannot_be_read
    a_postmortem_is_not_printed_without_a_picture_that_cannot_be_read
    a_plan_that_cannot_be_read_keeps_a_cluster_closed_and_is_not_written_over
}

async fn a_bundle_does_not_leave_without_a_file_that_cannot_be_read(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    let id = declared(&desk).await;
    let blob = desk.engine.keep_file(b"what the screen showed".to_vec()).await.expect("kept");
    let attached = json!([{ "blob": blob, "name": "screen.txt", "media_type": "text/plain" }]);
    let entry = json!({ "incident": id, "text": "see the screen", "attachments": attached });
    desk.call("write_entry", entry).await.expect("written");
    desk.full.leave_unread(&[&blob]);
    let refused = desk.call("export_bundle", json!({ "incident": id })).await.expect_err("a file is missing");
    assert_eq!(refused.code, "store_failed");
    assert!(refused.message.contains(&blob) && !refused.hint.is_empty(), "{refused:?}");
    desk.full.leave_unread(&[]);
    let file = desk.call("export_bundle", json!({ "incident": id })).await.expect("a bundle");
    let bytes = desk.engine.file(text(&file, "/blob")).await.expect("the file");
    let other = TestDesk::at(place, MEI).await;
    let handed_in = other.engine.keep_file(bytes).await.expect("kept");
    other.call("open_bundle", json!({ "blob": handed_in })).await.expect("opened");
    assert_eq!(other.engine.file(&blob).await.expect("it came along"), b"what the screen showed");
    desk.engine.stop().await;
    other.engine.stop().await;
}

async fn a_postmortem_is_not_printed_without_a_picture_that_cannot_be_read(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("cart", "cart:1", "CrashLoopBackOff")).await;
    let id = declared(&desk).await;
    desk.call("draft_postmortem", json!({ "id": id })).await.expect("drafted");
    let (_, kept) = desk.engine.document(&id, "postmortem").await.expect("the draft");
    let pictures: Vec<String> = writing::pictures(&kept.document).into_iter().map(|it| it.0).collect();
    let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
    assert_eq!(pictures.len(), 1, "the map at the worst moment");
    // What somebody wrote in is not drafted anew.
    let drafted = desk.call("document", json!({ "incident": id, "name": "postmortem" })).await.expect("the draft");
    let saved =
        json!({ "incident": id, "name": "postmortem", "prosemirror": drafted["prosemirror"], "title": "Empty carts" });
    desk.call("save_document", saved).await.expect("saved");
    let print = json!({ "incident": id, "name": "postmortem", "format": "html" });
    desk.full.leave_unread(&pictures);
    let refused = desk.call("export_document", print.clone()).await.expect_err("the map is missing");
    assert_eq!(refused.code, "store_failed");
    desk.full.leave_unread(&[]);
    let file = desk.call("export_document", print).await.expect("printed");
    let page = desk.engine.file(text(&file, "/blob")).await.expect("the page");
    assert!(String::from_utf8_lossy(&page).contains("data:image/svg+xml"), "with its map");
    desk.engine.stop().await;
}

async fn a_plan_that_cannot_be_read_keeps_a_cluster_closed_and_is_not_written_over(place: Place) {
    let desk = TestDesk::at(place, MEI).await;
    desk.open(shop("web", "web:1", "")).await;
    // In a plan made afresh it would stand before the other: houses of one age stand in the order of their names.
    desk.cluster.say(Observation::Changes(shop("auth", "auth:1", ""))).await;
    desk.settle(|state| state.world.objects().any(|object| object.key.name == "auth")).await;
    let plan = async |desk: &TestDesk| desk.engine.look(None).await.expect("a look").plan().to_json();
    let before = plan(&desk).await;
    let desk = desk.restart(MEI).await;
    desk.full.leave_unread(&["plan of c"]);
    let refused =
        desk.engine.open_context(ContextChoice::default()).await.expect_err("where houses stood is not known");
    assert_eq!(refused.code(), "store_failed");
    let desk = desk.restart(MEI).await;
    desk.engine.open_context(ContextChoice::default()).await.expect("a cluster");
    for name in ["auth", "web"] {
        desk.cluster.say(Observation::Changes(shop(name, "image:1", ""))).await;
    }
    desk.cluster.say(Observation::InSync).await;
    desk.settle(|state| state.in_sync).await;
    assert_eq!(plan(&desk).await, before);
    desk.engine.stop().await;
}
