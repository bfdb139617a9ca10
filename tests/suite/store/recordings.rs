//! Segments of a recording: in and out, kept, retained, counted.

use broadstreet_core::ports::{SegmentEntry, StoreError};
use broadstreet_core::recording::{Piece, Segment};
use broadstreet_tests::databases::Database;
use sha2::{Digest, Sha256};

use crate::told::{Writer, at, missing, opened, piece, segment, window};

fn ids(listed: &[SegmentEntry]) -> Vec<i64> {
    listed.iter().map(|it| it.id).collect()
}

pub async fn a_segment_comes_back_as_it_was_kept(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let kept = segment(0, 60);
    let first = store.put_segment("клѫстер/東京 🚒".into(), kept.clone()).await.unwrap();
    let second = other.put_segment(String::new(), Segment { until: None, ..segment(60, 90) }).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(other.segment(first).await.unwrap(), kept);
    assert_eq!(store.segment(second).await.unwrap().until, None);
    let listed = other.segments(None).await.unwrap();
    assert_eq!(ids(&listed), [first, second]);
    assert_eq!(listed[0].cluster, "клѫстер/東京 🚒");
    assert_eq!((listed[0].from, listed[0].until), (Some(at(0)), Some(at(60))));
    assert_eq!((listed[1].from, listed[1].until), (Some(at(60)), Some(at(60))));
    assert!(listed.iter().all(|it| it.bytes > 0 && it.incident.is_none()));
    assert_eq!(missing(store.segment(first + 99).await), "recording");
}

pub async fn an_open_segment_grows_by_what_came_since(database: Database) {
    let store = database.open().await;
    let id = store.put_segment("c".into(), segment(0, 60)).await.unwrap();
    let mut longer = segment(0, 60);
    for second in [70, 80, 90] {
        let before = store.segments(None).await.unwrap()[0].bytes;
        let piece = piece(&longer, second);
        longer.changes.extend(segment(0, second).changes);
        longer.until = Some(at(second + 1));
        store.extend_segment(id, piece.clone()).await.unwrap();
        assert_eq!(store.segment(id).await.unwrap(), longer);
        assert!(store.segments(None).await.unwrap()[0].bytes > before);
        store.extend_segment(id, piece).await.unwrap();
        assert_eq!(store.segment(id).await.unwrap(), longer, "a piece that comes again is there once");
        let listed = store.segments(None).await.unwrap();
        assert_eq!((listed.len(), listed[0].until), (1, Some(at(second + 1))));
        assert_eq!(store.used().await.unwrap().rolling_bytes, listed[0].bytes);
    }
    let quiet = Piece { first: 4, until: at(100), changes: Vec::new() };
    store.extend_segment(id, quiet.clone()).await.unwrap();
    assert_eq!(store.segment(id).await.unwrap(), Segment { until: Some(at(100)), ..longer });
    assert_eq!(missing(store.extend_segment(id + 1, quiet).await), "recording");
}

pub async fn a_segment_of_many_objects_is_kept_in_parts(database: Database) {
    let store = database.open().await;
    let changes = (1..6_000).flat_map(|second| segment(0, second).changes).collect();
    let large = Segment { changes, ..segment(0, 6_000) };
    let id = store.put_segment("c".into(), large.clone()).await.unwrap();
    assert_eq!(store.segment(id).await.unwrap(), large);
    assert_eq!(store.retain(at(9_999), i64::MAX).await.unwrap(), 1);
    assert_eq!(missing(store.segment(id).await), "recording");
    let next = store.put_segment("c".into(), segment(0, 60)).await.unwrap();
    assert_eq!(store.segment(next).await.unwrap(), segment(0, 60), "no part of another is read with it");
}

pub async fn segments_are_listed_by_the_window_they_touch(database: Database) {
    let store = database.open().await;
    let late = store.put_segment("c".into(), segment(200, 300)).await.unwrap();
    let early = store.put_segment("c".into(), segment(0, 100)).await.unwrap();
    let there = store.put_segment("d".into(), segment(50, 250)).await.unwrap();
    let listed = async |from, to| ids(&store.segments(Some(window(from, to))).await.unwrap());
    assert_eq!(ids(&store.segments(None).await.unwrap()), [early, there, late], "oldest first");
    assert_eq!(listed(-50, 0).await, [0i64; 0], "a window ends before its last instant");
    assert_eq!(listed(-50, 1).await, [early]);
    assert_eq!(listed(100, 101).await, [early, there], "a segment knows its last instant");
    assert_eq!(listed(101, 200).await, [there]);
    assert_eq!(listed(101, 201).await, [there, late]);
    assert_eq!(listed(301, 999).await, [0i64; 0]);
}

pub async fn a_segment_without_sense_is_refused(database: Database) {
    let store = database.open().await;
    let id = store.put_segment("c".into(), segment(0, 60)).await.unwrap();
    for bad in [Segment { from: None, ..segment(0, 60) }, Segment { until: Some(at(-1)), ..segment(0, 60) }] {
        let answer = store.put_segment("c".into(), bad).await;
        assert!(matches!(answer, Err(StoreError::Failed { .. })), "{answer:?}");
    }
    let answer = store.extend_segment(id, Piece { first: 1, until: at(59), changes: Vec::new() }).await;
    assert!(matches!(answer, Err(StoreError::Failed { .. })), "{answer:?}");
    assert_eq!(store.segment(id).await.unwrap(), segment(0, 60));
    assert_eq!(store.segments(None).await.unwrap().len(), 1);
}

pub async fn retention_deletes_what_is_old_and_what_is_too_much(database: Database) {
    let store = database.open().await;
    let mut kept = Vec::new();
    for from in [0, 100, 200, 300] {
        kept.push(store.put_segment("c".into(), segment(from, from + 100)).await.unwrap());
    }
    let left = async || ids(&store.segments(None).await.unwrap());
    assert_eq!(store.retain(at(100), i64::MAX).await.unwrap(), 0, "the first ended at this instant, not before");
    assert_eq!(store.retain(at(101), i64::MAX).await.unwrap(), 1);
    assert_eq!(left().await, kept[1..]);
    let used = store.used().await.unwrap().rolling_bytes;
    assert_eq!(store.retain(at(0), used).await.unwrap(), 0, "it just fits");
    assert_eq!(store.retain(at(0), used - 1).await.unwrap(), 1, "the oldest goes");
    assert_eq!(left().await, kept[2..]);
    assert!(store.used().await.unwrap().rolling_bytes < used);
    assert_eq!(missing(store.segment(kept[0]).await), "recording");
    assert_eq!(store.retain(at(0), 0).await.unwrap(), 2);
    assert_eq!(left().await, [0i64; 0]);
    assert_eq!(store.retain(at(0), 0).await.unwrap(), 0);
}

pub async fn a_drawn_map_is_the_last_by_a_moment_and_goes_with_its_segment(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (id, next) = (store.put_segment("c".into(), segment(0, 60)).await.unwrap(), segment(60, 90));
    let next = store.put_segment("c".into(), next).await.unwrap();
    // Like a map: much of one is in the next, here and there something else.
    let map = |second: i64| -> Vec<u8> {
        let rows = (0..2_000i64).map(|row| if row % 97 == second % 97 { second * 1_000 + row } else { row * 7_919 });
        rows.flat_map(|row| Sha256::digest(row.to_le_bytes()).to_vec()).collect()
    };
    assert_eq!(store.drawn(id, at(999)).await.unwrap(), None);
    let before = store.segments(None).await.unwrap()[0].bytes;
    let drawn: Vec<i64> = (0..30).map(|number| 10 + 47 * number).collect();
    for second in &drawn {
        store.put_drawn(id, at(*second), map(*second)).await.unwrap();
    }
    store.put_drawn(next, at(70), map(1)).await.unwrap();
    for second in &drawn {
        assert_eq!(other.drawn(id, at(*second)).await.unwrap(), Some((at(*second), map(*second))));
        assert_eq!(other.drawn(id, at(second + 46)).await.unwrap(), Some((at(*second), map(*second))));
    }
    assert_eq!(other.drawn(id, at(9)).await.unwrap(), None, "it was not drawn yet");
    assert_eq!(other.drawn(next, at(9_999)).await.unwrap(), Some((at(70), map(1))));
    let listed = store.segments(None).await.unwrap();
    let took = listed[0].bytes - before;
    assert!(took > 64_000 && took < 4 * 64_000, "what differs is kept, and counted: {took} bytes");
    assert_eq!(store.used().await.unwrap().rolling_bytes, listed.iter().map(|it| it.bytes).sum::<i64>());
    assert_eq!(store.segment(id).await.unwrap(), segment(0, 60), "the recording itself is as it was");
    assert_eq!(missing(store.put_drawn(next + 1, at(70), map(1)).await), "recording");
    assert_eq!(store.retain(at(70), i64::MAX).await.unwrap(), 1);
    assert_eq!(other.drawn(id, at(9_999)).await.unwrap(), None);
}

pub async fn what_an_incident_keeps_outlives_retention(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (a, b) = (opened(&store, "A").await, opened(&store, "B").await);
    let mut kept = Vec::new();
    for from in [0, 100, 200, 300, 400] {
        kept.push(store.put_segment("c".into(), segment(from, from + 99)).await.unwrap());
    }
    assert_eq!(missing(store.keep_segments(crate::told::incident("NOBODY"), window(0, 9)).await), "incident");
    // It grows while the incident lasts: one span, and what is recorded into it later belongs to it as well.
    store.keep_segments(a.clone(), window(110, 150)).await.unwrap();
    other.keep_segments(a.clone(), window(140, 250)).await.unwrap();
    store.keep_segments(a.clone(), window(110, 150)).await.unwrap();
    store.keep_segments(b.clone(), window(210, 220)).await.unwrap();
    let late = store.put_segment("d".into(), segment(240, 260)).await.unwrap();
    let listed = other.segments(None).await.unwrap();
    let keepers: Vec<_> = listed.iter().map(|it| it.incident.clone()).collect();
    assert_eq!(ids(&listed), [kept[0], kept[1], kept[2], late, kept[3], kept[4]]);
    assert_eq!(keepers, [None, Some(a.clone()), Some(a.clone()), Some(a.clone()), None, None]);
    let used = store.used().await.unwrap();
    let bytes = |of: bool| listed.iter().filter(|it| it.incident.is_some() == of).map(|it| it.bytes).sum::<i64>();
    assert_eq!((used.rolling_bytes, used.incident_bytes), (bytes(false), bytes(true)));
    assert_eq!(other.retain(at(9999), 0).await.unwrap(), 3);
    assert_eq!(ids(&store.segments(None).await.unwrap()), [kept[1], kept[2], late]);
    let mut mei = Writer::device(1);
    store.append(vec![mei.note(&a, 1, "still written")]).await.unwrap();
    store.remove_incident(a, at(99_999), "Mei".into()).await.unwrap();
    assert_eq!(ids(&store.segments(None).await.unwrap()), [kept[2]], "B keeps what it kept");
    store.remove_incident(b, at(99_999), "Mei".into()).await.unwrap();
    assert_eq!(store.used().await.unwrap().incident_bytes, 0);
}

pub async fn storage_used_says_what_lies_where(database: Database) {
    let store = database.open().await;
    let empty = store.used().await.unwrap();
    assert_eq!((empty.rolling_bytes, empty.incident_bytes, empty.blob_bytes), (0, 0, 0));
    assert!(empty.bytes > 0 && !empty.path.is_empty());
    let id = opened(&store, "A").await;
    // PostgreSQL packs what can be packed; what a hash yields cannot.
    let noise: Vec<u8> = (0..125_000u32).flat_map(|it| Sha256::digest(it.to_le_bytes())).collect();
    store.put_blob(noise.clone()).await.unwrap();
    store.put_blob(noise).await.unwrap();
    store.put_blob(vec![1; 5]).await.unwrap();
    store.put_segment("c".into(), segment(0, 60)).await.unwrap();
    store.put_segment("c".into(), segment(100, 160)).await.unwrap();
    store.keep_segments(id, window(0, 10)).await.unwrap();
    let used = store.used().await.unwrap();
    let listed = store.segments(None).await.unwrap();
    assert_eq!(used.blob_bytes, 4_000_005);
    assert_eq!((used.incident_bytes, used.rolling_bytes), (listed[0].bytes, listed[1].bytes));
    assert!(used.bytes >= empty.bytes + 4_000_000, "{used:?}");
    assert_eq!(used.path, empty.path);
}
