//! Files, documents, settings, keys; who may open and who may write.

use broadstreet_core::id::BlobId;
use broadstreet_core::ports::StoreError;
use broadstreet_store::{KNOWN_SCHEMA, MAX_BLOB_BYTES};
use broadstreet_tests::databases::Database;
use sha2::{Digest, Sha256};

use crate::told::{Writer, at, incident, missing, opened, piece, rows, segment, window};

pub async fn a_file_is_named_by_its_content_and_kept_once(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let every: Vec<u8> = (0..=255u8).cycle().take(100_000).collect();
    for bytes in [Vec::new(), b"text".to_vec(), every] {
        let id = store.put_blob(bytes.clone()).await.unwrap();
        assert_eq!(id.as_str(), hex::encode(Sha256::digest(&bytes)));
        assert_eq!(other.put_blob(bytes.clone()).await.unwrap(), id);
        assert_eq!(other.blob(id).await.unwrap(), bytes);
    }
    assert_eq!(store.used().await.unwrap().blob_bytes, 100_004);
}

pub async fn a_file_too_large_is_refused_and_one_that_is_not_there_is_named(database: Database) {
    let store = database.open().await;
    match store.put_blob(vec![7; MAX_BLOB_BYTES + 1]).await {
        Err(StoreError::Failed { attempted, why, .. }) => {
            assert!(attempted.contains(&(MAX_BLOB_BYTES + 1).to_string()), "{attempted}");
            assert!(why.contains(&MAX_BLOB_BYTES.to_string()), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(store.used().await.unwrap().blob_bytes, 0);
    let absent = "ab".repeat(32);
    match store.blob(BlobId::new(absent.clone())).await {
        Err(StoreError::NotFound { what, name }) => assert_eq!((what.as_str(), name), ("file", absent)),
        other => panic!("{other:?}"),
    }
}

pub async fn a_document_is_its_last_revision_and_belongs_to_one_incident(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (a, b) = (opened(&store, "A").await, opened(&store, "B").await);
    assert_eq!(store.document(a.clone(), "postmortem".into()).await.unwrap(), None);
    for revision in 1..=20 {
        let desk = if revision % 2 == 0 { &store } else { &other };
        let json = format!("{{\"revision\":{revision}}}");
        desk.put_document(a.clone(), "postmortem".into(), json.clone()).await.unwrap();
        for reader in [&store, &other] {
            assert_eq!(reader.document(a.clone(), "postmortem".into()).await.unwrap(), Some(json.clone()));
        }
    }
    store.put_document(b.clone(), "postmortem".into(), "{}".into()).await.unwrap();
    assert_eq!(store.document(a.clone(), "handoff".into()).await.unwrap(), None);
    assert_eq!(store.document(b.clone(), "postmortem".into()).await.unwrap().as_deref(), Some("{}"));
    let last = store.document(a, "postmortem".into()).await.unwrap();
    assert_eq!(last.as_deref(), Some("{\"revision\":20}"));
    // A document of no incident needs none; one of an incident nobody opened is a mistake.
    let none = broadstreet_core::id::IncidentId::default();
    store.put_document(none.clone(), "scratch".into(), "[]".into()).await.unwrap();
    assert_eq!(other.document(none, "scratch".into()).await.unwrap().as_deref(), Some("[]"));
    assert_eq!(missing(store.put_document(incident("NOBODY"), "x".into(), "{}".into()).await), "incident");
}

pub async fn a_setting_is_what_was_put_last(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    assert_eq!(store.setting("zone".into()).await.unwrap(), None);
    store.put_setting("zone".into(), "\"Europe/Berlin\"".into()).await.unwrap();
    other.put_setting("zone".into(), "\"UTC\"".into()).await.unwrap();
    other.put_setting("Zone".into(), "1".into()).await.unwrap();
    other.put_setting(String::new(), "{}".into()).await.unwrap();
    assert_eq!(store.setting("zone".into()).await.unwrap().as_deref(), Some("\"UTC\""));
    assert_eq!(store.setting("Zone".into()).await.unwrap().as_deref(), Some("1"));
    assert_eq!(store.setting(String::new()).await.unwrap().as_deref(), Some("{}"));
    drop((store, other));
    let again = database.open().await;
    assert_eq!(again.setting("zone".into()).await.unwrap().as_deref(), Some("\"UTC\""));
}

pub async fn keys_are_seen_once_and_listed_in_order(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    assert_eq!(store.seen_keys().await.unwrap(), []);
    for (writer, key) in [("b", "2"), ("a", "9"), ("b", "1"), ("B", "3"), ("b", "2"), ("ä", "4")] {
        store.see_key(writer.into(), key.into()).await.unwrap();
        other.see_key(writer.into(), key.into()).await.unwrap();
    }
    let expected = [("B", "3"), ("a", "9"), ("b", "1"), ("b", "2"), ("ä", "4")];
    assert_eq!(other.seen_keys().await.unwrap(), expected.map(|(writer, key)| (writer.to_owned(), key.to_owned())));
}

pub async fn a_database_of_a_newer_program_is_refused(database: Database) {
    database.make_newer();
    for answer in [
        broadstreet_store::open(&database.target(false)).await.map(|_| ()),
        broadstreet_store::open(&database.target(true)).await.map(|_| ()),
        broadstreet_store::migrate(&database.target(false)).await.map(|_| ()),
    ] {
        match answer {
            Err(error @ StoreError::Newer { known: KNOWN_SCHEMA, .. }) => {
                assert!(error.to_string().contains("newer Broadstreet"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}

pub async fn who_may_only_read_reads_everything_and_writes_nothing(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let mut mei = Writer::device(1);
    let row = mei.note(&id, 1, "written");
    store.append(vec![row.clone()]).await.unwrap();
    let blob = store.put_blob(vec![1, 2, 3]).await.unwrap();
    let recording = store.put_segment("c".into(), segment(0, 60)).await.unwrap();
    store.put_document(id.clone(), "postmortem".into(), "{}".into()).await.unwrap();
    store.put_setting("zone".into(), "1".into()).await.unwrap();
    store.see_key("w".into(), "k".into()).await.unwrap();

    let guest = database.open_to_read().await;
    assert_eq!(rows(&guest, &id).await, std::slice::from_ref(&row));
    assert_eq!(guest.rows_after(id.clone(), 0).await.unwrap().0, [row]);
    assert_eq!(guest.incidents().await.unwrap(), store.incidents().await.unwrap());
    assert_eq!(guest.blob(blob).await.unwrap(), [1, 2, 3]);
    assert_eq!(guest.segment(recording).await.unwrap(), segment(0, 60));
    assert_eq!(guest.segments(None).await.unwrap(), store.segments(None).await.unwrap());
    assert_eq!(guest.document(id.clone(), "postmortem".into()).await.unwrap().as_deref(), Some("{}"));
    assert_eq!(guest.setting("zone".into()).await.unwrap().as_deref(), Some("1"));
    assert_eq!(guest.seen_keys().await.unwrap().len(), 1);
    assert_eq!(guest.used().await.unwrap().blob_bytes, 3);

    let refused = [
        ("append", guest.append(vec![mei.note(&id, 2, "mine")]).await.map(|_| ())),
        ("open_incident", guest.open_incident(incident("B"), false).await.map(|_| ())),
        ("remove_incident", guest.remove_incident(id.clone(), at(9), "guest".into()).await),
        ("put_segment", guest.put_segment("c".into(), segment(60, 90)).await.map(|_| ())),
        ("extend_segment", guest.extend_segment(recording, piece(&segment(0, 60), 90)).await),
        ("keep_segments", guest.keep_segments(id.clone(), window(0, 9)).await),
        ("retain", guest.retain(at(9999), 0).await.map(|_| ())),
        ("put_blob", guest.put_blob(vec![4]).await.map(|_| ())),
        ("put_document", guest.put_document(id.clone(), "postmortem".into(), "[]".into()).await),
        ("put_setting", guest.put_setting("zone".into(), "2".into()).await),
        ("see_key", guest.see_key("g".into(), "k".into()).await),
    ];
    for (method, answer) in refused {
        assert!(matches!(answer, Err(StoreError::ReadOnly { .. })), "{method}: {answer:?}");
    }
    let after = store.incidents().await.unwrap();
    assert_eq!((after.len(), after[0].rows), (1, 1));
    assert_eq!(store.segments(None).await.unwrap().len(), 1);
    assert_eq!(store.document(id, "postmortem".into()).await.unwrap().as_deref(), Some("{}"));
    assert_eq!(store.setting("zone".into()).await.unwrap().as_deref(), Some("1"));
}
