//! Several who write at once, and those who follow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::id::IncidentId;
use broadstreet_core::ledger::Row;
use broadstreet_core::ports::{Flow, Notice, Store};
use broadstreet_tests::databases::Database;
use futures_util::StreamExt;
use futures_util::future::{join, join_all};

use crate::told::{Writer, incident, opened, rows, texts};

/// The next notice, soon.
async fn next(notices: &mut Flow<Notice>) -> Notice {
    let soon = tokio::time::timeout(Duration::from_secs(30), notices.next());
    soon.await.expect("a notice in time").expect("the notices go on")
}

/// Reads notices until one says that `incident` changed.
async fn until_told(notices: &mut Flow<Notice>, incident: &IncidentId) {
    while next(notices).await != Notice::Incident(incident.clone()) {}
}

pub async fn another_writers_rows_are_told_to_those_who_follow(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (id, elsewhere) = (opened(&store, "A").await, opened(&store, "B").await);
    let mut notices = store.notices();
    assert_eq!(next(&mut notices).await, Notice::Resync, "begins with it");
    let (mut mei, mut jonas) = (Writer::device(1), Writer::device(2));
    other.append(vec![jonas.note(&id, 1, "theirs")]).await.unwrap();
    until_told(&mut notices, &id).await;
    // What is told is there to be read.
    let (found, cursor) = store.rows_after(id.clone(), 0).await.unwrap();
    assert_eq!(texts(&found), ["theirs"]);
    store.append(vec![mei.note(&elsewhere, 2, "mine")]).await.unwrap();
    until_told(&mut notices, &elsewhere).await;
    other.append(vec![jonas.note(&id, 3, "theirs again")]).await.unwrap();
    until_told(&mut notices, &id).await;
    assert_eq!(texts(&store.rows_after(id.clone(), cursor).await.unwrap().0), ["theirs again"]);
    other.remove_incident(id.clone(), crate::told::at(9), "Jonas Weber".into()).await.unwrap();
    until_told(&mut notices, &id).await;
    assert_eq!(rows(&store, &id).await, []);
}

pub async fn a_follower_that_lost_notices_is_told_to_ask_again(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let mut notices = store.notices();
    assert_eq!(next(&mut notices).await, Notice::Resync);
    let mut mei = Writer::device(1);
    // More than a follower who does not read is kept for, and then every connection is cut.
    for second in 0..300 {
        store.append(vec![mei.note(&id, second, "x")]).await.unwrap();
    }
    database.cut_connections();
    while next(&mut notices).await != Notice::Resync {}
    let (found, cursor) = store.rows_after(id.clone(), 0).await.unwrap();
    assert_eq!(found.len(), 300);
    store.append(vec![mei.note(&id, 301, "and on it goes")]).await.unwrap();
    let mut on = Vec::new();
    while on.is_empty() {
        next(&mut notices).await;
        on = store.rows_after(id.clone(), cursor).await.unwrap().0;
    }
    assert_eq!(texts(&on), ["and on it goes"]);
}

/// Appends notes one by one.
async fn write(store: Arc<dyn Store>, device: u8, id: IncidentId, count: i64) -> Vec<Row> {
    let mut writer = Writer::device(device);
    let mut written = Vec::new();
    for second in 0..count {
        let row = writer.note(&id, second, &format!("{device}/{second}"));
        assert_eq!(store.append(vec![row.clone()]).await.unwrap(), std::slice::from_ref(&row));
        written.push(row);
    }
    written
}

pub async fn two_writers_append_at_once_and_a_cursor_misses_nothing(database: Database) {
    const EACH: usize = 60;
    let store = database.open().await;
    let other = database.beside(&store).await;
    let follower = database.beside(&store).await;
    let id = opened(&store, "A").await;
    let follow = async {
        let (mut seen, mut cursor) = (Vec::new(), 0);
        while seen.len() < 2 * EACH {
            let (found, further) = follower.rows_after(id.clone(), cursor).await.unwrap();
            assert!(further >= cursor);
            cursor = further;
            seen.extend(found.into_iter().map(|row| row.hash));
            tokio::task::yield_now().await;
        }
        seen
    };
    let count = i64::try_from(EACH).unwrap();
    let writing = join(write(Arc::clone(&store), 1, id.clone(), count), write(other, 2, id.clone(), count));
    let ((mine, theirs), seen) = join(writing, follow).await;
    let written: BTreeSet<_> = mine.iter().chain(&theirs).map(|row| row.hash.clone()).collect();
    assert_eq!(seen.len(), 2 * EACH);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), written);
    assert_eq!(rows(&store, &id).await.len(), 2 * EACH);
}

pub async fn one_row_appended_by_two_at_once_is_stored_once(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let id = opened(&store, "A").await;
    let mut desk = Writer::device(1);
    for second in 0..20 {
        // The same row twice, and two rows of one writer that tell one transition: one of each is stored.
        let row = desk.note(&id, second, "the same");
        let (here, there) = join(store.append(vec![row.clone()]), other.append(vec![row.clone()])).await;
        assert_eq!([here.unwrap(), there.unwrap()].concat(), [row]);
        let mut apart = desk.clone();
        let mine = desk.transition(&id, second, &format!("f{second} fired"));
        let theirs = apart.transition(&id, second + 1, &format!("f{second} fired"));
        let (here, there) = join(store.append(vec![mine.clone()]), other.append(vec![theirs.clone()])).await;
        let stored = [here.unwrap(), there.unwrap()].concat();
        assert_eq!(stored.len(), 1);
        desk = if stored[0] == mine { desk } else { apart };
    }
    assert_eq!(rows(&store, &id).await.len(), 40);
}

pub async fn two_who_open_at_once_get_two_numbers_for_two_and_one_for_one(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let open = |desk: &Arc<dyn Store>, name: String| {
        let desk = Arc::clone(desk);
        async move { desk.open_incident(incident(&name), false).await.unwrap() }
    };
    let each = (0..12).flat_map(|it| [open(&store, format!("S{it}")), open(&other, format!("O{it}"))]);
    let numbers: BTreeSet<i64> = join_all(each).await.into_iter().collect();
    assert_eq!(numbers, (1..=24).collect());
    for it in 0..6 {
        let (here, there) = join(open(&store, format!("B{it}")), open(&other, format!("B{it}"))).await;
        assert_eq!(here, there);
    }
    assert_eq!(store.incidents().await.unwrap().len(), 30);
}
