//! Rows, chains, cursors, incidents and their numbers.

use std::collections::BTreeMap;

use broadstreet_core::ledger::{self, Row, chain};
use broadstreet_core::ports::StoreError;
use broadstreet_tests::databases::Database;
use serde_json::json;

use crate::told::{Writer, at, incident, missing, note, opened, rows, texts};

pub async fn rows_appended_are_read_back_as_they_were_sealed(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    assert_eq!(store.append(Vec::new()).await.unwrap(), []);
    let mut mei = Writer::device(1);
    let sealed: Vec<Row> = (0..5).map(|second| mei.note(&id, second, &format!("note {second}"))).collect();
    assert_eq!(store.append(sealed[..1].to_vec()).await.unwrap(), sealed[..1]);
    assert_eq!(store.append(sealed[1..].to_vec()).await.unwrap(), sealed[1..]);
    let read = rows(&store, &id).await;
    assert_eq!(read, sealed);
    chain::verify(&read, &mei.keys()).unwrap();
    assert_eq!(rows(&store, &incident("NOBODY")).await, []);
}

pub async fn a_row_appended_again_is_left_out_and_the_rest_is_stored(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let mut mei = Writer::device(1);
    let (first, second) = (mei.note(&id, 1, "first"), mei.note(&id, 2, "second"));
    store.append(vec![first.clone()]).await.unwrap();
    assert_eq!(store.append(vec![first.clone()]).await.unwrap(), []);
    let again = vec![first.clone(), second.clone(), second.clone()];
    assert_eq!(store.append(again).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(rows(&store, &id).await, [first.clone(), second.clone()]);
    let told = mei.transition(&id, 3, "f1 fired");
    store.append(vec![told.clone()]).await.unwrap();
    // The row itself, not another one about its transition: known, not told before.
    let next = mei.note(&id, 4, "third");
    assert_eq!(store.append(vec![told, next.clone()]).await.unwrap(), [next]);
    assert_eq!(store.incidents().await.unwrap()[0].rows, 4);
}

pub async fn a_transition_told_before_refuses_the_whole_batch(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (id, elsewhere) = (opened(&store, "A").await, opened(&store, "B").await);
    let mut desk = Writer::device(1);
    let told = desk.transition(&id, 1, "f1 fired");
    store.append(vec![told.clone()]).await.unwrap();
    let mut sealed = desk.clone();
    let batch =
        vec![sealed.note(&id, 2, "before"), sealed.transition(&id, 3, "f1 fired"), sealed.note(&id, 4, "after")];
    assert_eq!(other.append(batch).await.unwrap(), []);
    assert_eq!(rows(&store, &id).await, std::slice::from_ref(&told));
    // Sealed anew without it, the rest is stored; another transition, incident or source is another matter.
    let anew = vec![desk.note(&id, 2, "before"), desk.transition(&id, 3, "f1 resolved"), desk.note(&id, 4, "after")];
    assert_eq!(other.append(anew.clone()).await.unwrap(), anew);
    let there = desk.transition(&elsewhere, 5, "f1 fired");
    assert_eq!(store.append(vec![there.clone()]).await.unwrap(), [there]);
    let pager = ledger::Draft { source: "icinga:b".into(), source_id: "f1 fired".into(), ..note(6, "told") };
    let pager = desk.seal(&id, 6, pager);
    assert_eq!(store.append(vec![pager.clone()]).await.unwrap(), [pager]);
    // Rows of people name no transition, so two of them are never one.
    let people = vec![desk.note(&id, 7, "same"), desk.note(&id, 7, "same")];
    assert_eq!(store.append(people.clone()).await.unwrap(), people);
    // Two tellings within one batch are as bad as two in a row.
    let twice = vec![desk.transition(&id, 8, "f2 fired"), desk.transition(&id, 9, "f2 fired")];
    assert_eq!(store.append(twice).await.unwrap(), []);
    assert_eq!(rows(&store, &id).await.len(), 7);
}

pub async fn another_writer_tells_the_same_transition_for_itself(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let id = opened(&store, "A").await;
    let (mut here, mut there) = (Writer::device(1), Writer::device(2));
    let (mine, theirs) = (here.transition(&id, 1, "f1 fired"), there.transition(&id, 2, "f1 fired"));
    assert_eq!(store.append(vec![mine.clone()]).await.unwrap(), std::slice::from_ref(&mine));
    assert_eq!(other.append(vec![theirs.clone()]).await.unwrap(), std::slice::from_ref(&theirs));
    let again = there.clone().transition(&id, 3, "f1 fired");
    assert_eq!(store.append(vec![again]).await.unwrap(), []);
    assert_eq!(rows(&other, &id).await, [mine, theirs]);
}

pub async fn a_row_that_does_not_continue_its_chain_stores_nothing_of_its_batch(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let mut mei = Writer::device(1);
    let first = mei.note(&id, 1, "first");
    let mut fork = mei.clone();
    let (second, third) = (mei.note(&id, 2, "second"), mei.note(&id, 3, "third"));
    let (forked, unlinked) = (fork.note(&id, 2, "another second"), fork.note(&id, 3, "behind the other second"));
    let broken = async |batch: Vec<Row>| match store.append(batch).await {
        Err(StoreError::BrokenChain { writer, seq, why }) => {
            assert_eq!(writer, mei.id().to_string());
            assert!(!why.is_empty());
            seq
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(broken(vec![second.clone()]).await, 2, "nothing before it");
    store.append(vec![first.clone()]).await.unwrap();
    assert_eq!(broken(vec![third.clone()]).await, 3, "a hole");
    assert_eq!(broken(vec![second.clone(), unlinked.clone()]).await, 3, "another row before it");
    assert_eq!(rows(&store, &id).await, std::slice::from_ref(&first), "the good row before the bad one is not stored");
    store.append(vec![second.clone(), third.clone()]).await.unwrap();
    assert_eq!(broken(vec![forked]).await, 2, "a fork");
    assert_eq!(rows(&store, &id).await, [first, second, third]);
}

pub async fn rows_for_an_incident_nobody_opened_are_refused(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let mut mei = Writer::device(1);
    let batch = vec![mei.note(&id, 1, "here"), mei.note(&incident("NOBODY"), 2, "nowhere")];
    assert_eq!(missing(store.append(batch).await), "incident");
    assert_eq!(rows(&store, &id).await, []);
}

pub async fn a_batch_for_two_incidents_keeps_two_chains(database: Database) {
    let store = database.open().await;
    let (a, b) = (opened(&store, "A").await, opened(&store, "B").await);
    let mut mei = Writer::device(1);
    let batch = vec![mei.note(&a, 1, "a1"), mei.note(&b, 2, "b1"), mei.note(&a, 3, "a2"), mei.note(&b, 4, "b2")];
    assert_eq!(batch.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 1, 2, 2]);
    assert_eq!(store.append(batch.clone()).await.unwrap(), batch);
    assert_eq!(texts(&rows(&store, &a).await), ["a1", "a2"]);
    assert_eq!(texts(&rows(&store, &b).await), ["b1", "b2"]);
}

pub async fn rows_are_read_in_fold_order_whoever_wrote_them(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let id = opened(&store, "A").await;
    let (mut mei, mut jonas) = (Writer::device(1), Writer::device(2));
    let early: Vec<Row> = [1, 4, 6].map(|second| mei.note(&id, second, &format!("mei {second}"))).into();
    // Jonas' desk was away and brings what it wrote in between; two rows share an instant with Mei's.
    let late: Vec<Row> = [2, 4, 4, 5].map(|second| jonas.note(&id, second, &format!("jonas {second}"))).into();
    store.append(early.clone()).await.unwrap();
    other.append(late.clone()).await.unwrap();
    let mut expected = [early, late].concat();
    ledger::order(&mut expected);
    for desk in [&store, &other] {
        assert_eq!(rows(desk, &id).await, expected);
    }
    let keys: BTreeMap<_, _> = mei.keys().into_iter().chain(jonas.keys()).collect();
    chain::verify(&expected, &keys).unwrap();
}

pub async fn a_cursor_goes_through_an_incident_once_in_the_order_stored(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    let (id, elsewhere) = (opened(&store, "A").await, opened(&store, "B").await);
    let (mut mei, mut jonas) = (Writer::device(1), Writer::device(2));
    assert_eq!(store.rows_after(id.clone(), 0).await.unwrap(), (Vec::new(), 0));
    let first = vec![mei.note(&id, 5, "1"), mei.note(&id, 6, "2")];
    store.append(first.clone()).await.unwrap();
    store.append(vec![mei.note(&elsewhere, 6, "not of this incident")]).await.unwrap();
    let (found, cursor) = other.rows_after(id.clone(), 0).await.unwrap();
    assert_eq!(found, first);
    assert!(cursor > 0);
    assert_eq!(other.rows_after(id.clone(), cursor).await.unwrap(), (Vec::new(), cursor), "nothing new, same place");
    // Earlier by its clock, stored later: a cursor sees it all the same.
    let late = vec![jonas.note(&id, 1, "3"), jonas.note(&id, 9, "4")];
    other.append(late.clone()).await.unwrap();
    let (found, further) = store.rows_after(id.clone(), cursor).await.unwrap();
    assert_eq!(found, late);
    assert!(further > cursor);
    let (all, end) = store.rows_after(id.clone(), 0).await.unwrap();
    assert_eq!((texts(&all), end), (vec!["1", "2", "3", "4"], further));
}

pub async fn incidents_are_numbered_without_holes_and_listed_newest_first(database: Database) {
    let store = database.open().await;
    let other = database.beside(&store).await;
    assert_eq!(store.incidents().await.unwrap(), []);
    assert_eq!(store.open_incident(incident("A"), false).await.unwrap(), 1);
    assert_eq!(other.open_incident(incident("B"), true).await.unwrap(), 2);
    assert_eq!(other.open_incident(incident("A"), true).await.unwrap(), 1, "open already: its number, unchanged");
    assert_eq!(store.open_incident(incident("C"), false).await.unwrap(), 3);
    let mut mei = Writer::device(1);
    let a = incident("A");
    store.append(vec![mei.note(&a, 7, "x"), mei.note(&a, 8, "y")]).await.unwrap();
    let listed = other.incidents().await.unwrap();
    let seen: Vec<_> = listed.iter().map(|it| (it.id.as_str(), it.number, it.rows, it.imported)).collect();
    assert_eq!(seen, [("01KQC", 3, 0, false), ("01KQB", 2, 0, true), ("01KQA", 1, 2, false)]);
    assert_eq!((listed[0].opened_at, listed[2].opened_at), (None, Some(at(7))));
}

pub async fn what_was_acknowledged_is_there_when_opened_again(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let mut mei = Writer::device(1);
    let first = mei.note(&id, 1, "before");
    store.append(vec![first.clone()]).await.unwrap();
    let (_, cursor) = store.rows_after(id.clone(), 0).await.unwrap();
    drop(store);
    let store = database.open().await;
    let next = mei.note(&id, 2, "after");
    store.append(vec![next.clone()]).await.unwrap();
    assert_eq!(store.rows_after(id.clone(), cursor).await.unwrap().0, std::slice::from_ref(&next));
    assert_eq!(rows(&store, &id).await, [first, next]);
    assert_eq!(store.open_incident(incident("B"), false).await.unwrap(), 2);
}

pub async fn any_text_comes_back_as_it_was_written(database: Database) {
    let store = database.open().await;
    let id = opened(&store, "A").await;
    let mut mei = Writer::device(1);
    let long = "ß".repeat(1 << 20);
    let any = [
        "",
        "Grüße, 東京, Ελλάδα, עברית, العربية",
        "🚒👩🏽‍🚒🇺🇳 e\u{301} \u{202e}backwards\u{202c}",
        "a\0b\u{1}\u{7f}\u{feff}\u{fffd}\u{10ffff}",
        "quote ' double \" back\\slash %_ $1 ; drop table ledger_rows; --",
        "line\r\nline\u{2028}line\ttab",
        long.as_str(),
    ];
    for (second, text) in (0i64..).zip(any) {
        let mut draft = note(second, text);
        // The name of a source and of its transition as well: they come from outside.
        draft.source = format!("alertmanager:{}", &text[..text.floor_char_boundary(60)]);
        draft.source_id = format!("fired {}", &text[..text.floor_char_boundary(60)]);
        draft.payload = json!({ "text": text, text.chars().take(9).collect::<String>(): [1.5, -0.0, 1e300, null] });
        let row = mei.seal(&id, second, draft);
        assert_eq!(store.append(vec![row.clone()]).await.unwrap(), std::slice::from_ref(&row), "{second}");
        assert_eq!(store.append(vec![row]).await.unwrap(), [], "{second}");
        let name = format!("{second} {}", text.chars().take(60).collect::<String>());
        let json = json!({ "text": text }).to_string();
        store.put_setting(name.clone(), json.clone()).await.unwrap();
        assert_eq!(store.setting(name.clone()).await.unwrap(), Some(json.clone()), "{second}");
        store.put_document(id.clone(), name.clone(), json.clone()).await.unwrap();
        assert_eq!(store.document(id.clone(), name).await.unwrap(), Some(json), "{second}");
    }
    let read = rows(&store, &id).await;
    assert_eq!(texts(&read), any);
    chain::verify(&read, &mei.keys()).unwrap();
}
