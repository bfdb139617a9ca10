//! The removal of a whole incident.

use std::sync::Arc;

use broadstreet_core::id::{BlobId, IncidentId};
use broadstreet_core::ledger::Ref;
use broadstreet_core::ports::Store;
use broadstreet_tests::databases::Database;
use serde_json::json;

use crate::told::{Writer, at, incident, missing, note, opened, piece, rows, segment, texts, window};

/// An incident with a row that names a file, a document that names another, and an hour of recording.
async fn whole(store: &Arc<dyn Store>, name: &str, mei: &mut Writer) -> (IncidentId, BlobId, BlobId, i64) {
    let id = opened(store, name).await;
    let attached = store.put_blob(format!("attached to {name}").into_bytes()).await.unwrap();
    let map = store.put_blob(format!("the map of {name}").into_bytes()).await.unwrap();
    let mut draft = note(1, "a screenshot");
    draft.refs = vec![Ref { role: "attachment".into(), target: attached.to_string() }];
    store.append(vec![mei.seal(&id, 1, draft), mei.note(&id, 2, "and a word")]).await.unwrap();
    let document = json!({ "image": map.as_str() }).to_string();
    store.put_document(id.clone(), "postmortem".into(), document).await.unwrap();
    store.put_document(id.clone(), "handoff".into(), "{}".into()).await.unwrap();
    let recording = store.put_segment("c".into(), segment(0, 3600)).await.unwrap();
    store.put_segment("c".into(), segment(90_000, 90_001)).await.unwrap(); // the one that grows now
    store.keep_segments(id.clone(), window(100, 200)).await.unwrap();
    (id, attached, map, recording)
}

async fn remove(store: &Arc<dyn Store>, id: &IncidentId) {
    store.remove_incident(id.clone(), at(90_002), "Mei Tanaka \0".into()).await.unwrap();
}

pub async fn a_removed_incident_takes_everything_of_it_along(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (id, attached, map, recording) = whole(&store, "A", &mut Writer::device(1)).await;
    let loose = store.put_blob(b"named by nobody yet".to_vec()).await.unwrap();
    remove(&store, &id).await;
    for desk in [&store, &other] {
        assert_eq!(rows(desk, &id).await, []);
        assert_eq!(desk.rows_after(id.clone(), 0).await.unwrap(), (Vec::new(), 0));
        assert_eq!(desk.incidents().await.unwrap(), []);
        for name in ["postmortem", "handoff"] {
            assert_eq!(desk.document(id.clone(), name.into()).await.unwrap(), None);
        }
        for blob in [&attached, &map] {
            assert_eq!(missing(desk.blob(blob.clone()).await), "file");
        }
        assert_eq!(missing(desk.segment(recording).await), "recording");
        let left = desk.segments(None).await.unwrap();
        assert_eq!(left.iter().map(|it| it.incident.clone()).collect::<Vec<_>>(), [None], "the growing one, unkept");
        assert_eq!(desk.used().await.unwrap().incident_bytes, 0);
        assert_eq!(desk.blob(loose.clone()).await.unwrap(), b"named by nobody yet", "it may be about to be named");
    }
    assert_eq!(missing(store.remove_incident(id, at(9), "Mei".into()).await), "incident");
    assert_eq!(missing(store.remove_incident(incident("NEVER"), at(9), "Mei".into()).await), "incident");
}

pub async fn a_removed_incident_does_not_come_back_by_an_append_or_a_late_save(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (mut mei, mut jonas) = (Writer::device(1), Writer::device(2));
    let (id, ..) = whole(&store, "A", &mut mei).await;
    let before = rows(&store, &id).await;
    remove(&store, &id).await;
    // A desk that has not heard of it yet writes on, sends again, keeps recordings and saves its document.
    assert_eq!(missing(other.append(vec![mei.note(&id, 3, "on")]).await), "incident");
    assert_eq!(missing(other.append(vec![jonas.note(&id, 3, "first of another")]).await), "incident");
    assert_eq!(missing(other.append(before).await), "incident");
    assert_eq!(missing(other.keep_segments(id.clone(), window(0, 9)).await), "incident");
    assert_eq!(missing(other.put_document(id.clone(), "postmortem".into(), "{}".into()).await), "incident");
    assert_eq!(other.document(id.clone(), "postmortem".into()).await.unwrap(), None);
    assert_eq!(rows(&store, &id).await, []);
    assert_eq!(store.incidents().await.unwrap(), []);
    // Its number is not given to anybody else.
    assert_eq!(store.open_incident(incident("B"), false).await.unwrap(), 2);
}

pub async fn a_removed_incident_opened_anew_has_its_number_and_starts_empty(database: Database) {
    let store = database.open().await;
    let mut mei = Writer::device(1);
    let (id, attached, ..) = whole(&store, "A", &mut mei).await;
    opened(&store, "B").await;
    let before = rows(&store, &id).await;
    let (_, cursor) = store.rows_after(id.clone(), 0).await.unwrap();
    remove(&store, &id).await;
    // As a bundle of it opened on purpose does.
    assert_eq!(store.open_incident(id.clone(), true).await.unwrap(), 1);
    assert_eq!(rows(&store, &id).await, []);
    assert_eq!(missing(store.blob(attached).await), "file");
    assert_eq!(store.append(before.clone()).await.unwrap(), before, "its chains begin anew");
    assert_eq!(store.rows_after(id.clone(), cursor).await.unwrap().0, before, "a cursor from before does not miss it");
    assert_eq!(store.open_incident(incident("C"), false).await.unwrap(), 3);
    remove(&store, &id).await;
    assert_eq!(rows(&store, &id).await, []);
}

pub async fn what_another_incident_names_stays_when_one_is_removed(database: Database) {
    let store = database.open().await;
    let mut mei = Writer::device(1);
    let (a, attached, map, recording) = whole(&store, "A", &mut mei).await;
    let (b, theirs, their_map, _) = whole(&store, "B", &mut mei).await;
    let hours = [7200, 10_800].map(|from| segment(from, from + 3600));
    let [ours, shared] = hours;
    let ours = store.put_segment("c".into(), ours).await.unwrap();
    let shared = store.put_segment("d".into(), shared).await.unwrap();
    store.keep_segments(a.clone(), window(7300, 11_000)).await.unwrap();
    store.keep_segments(b.clone(), window(11_000, 11_001)).await.unwrap();
    // B quotes A's screenshot in a row, and A's map in a document.
    store.append(vec![mei.note(&b, 3, &format!("as on file:{attached}"))]).await.unwrap();
    let quoting = json!({ "content": [{ "src": format!("blob:{map}") }] }).to_string();
    store.put_document(b.clone(), "draft".into(), quoting).await.unwrap();
    remove(&store, &a).await;
    for blob in [&attached, &map, &theirs, &their_map] {
        store.blob(blob.clone()).await.unwrap();
    }
    assert_eq!(texts(&rows(&store, &b).await)[..2], ["a screenshot", "and a word"]);
    store.segment(recording).await.unwrap();
    store.segment(shared).await.unwrap();
    assert_eq!(missing(store.segment(ours).await), "recording");
    remove(&store, &b).await;
    for blob in [attached, map, theirs, their_map] {
        assert_eq!(missing(store.blob(blob).await), "file");
    }
    assert_eq!(missing(store.segment(recording).await), "recording");
}

pub async fn a_recording_that_still_grows_stays_when_its_incident_is_removed(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let before = store.put_segment("c".into(), segment(0, 600)).await.unwrap();
    let growing = store.put_segment("c".into(), segment(600, 1200)).await.unwrap();
    let silent = store.put_segment("gone".into(), segment(-9000, 10)).await.unwrap();
    store.keep_segments(id.clone(), window(0, 1000)).await.unwrap();
    store.remove_incident(id, at(1201 + 1000), "Mei".into()).await.unwrap();
    assert_eq!(missing(store.segment(before).await), "recording");
    assert_eq!(missing(store.segment(silent).await), "recording", "the newest of its cluster, but long silent");
    store.extend_segment(growing, piece(&segment(600, 1200), 1800)).await.unwrap();
    assert_eq!(store.segments(None).await.unwrap()[0].incident, None);
    assert_eq!(store.retain(at(9999), i64::MAX).await.unwrap(), 1, "and goes in its time like any other");
}
