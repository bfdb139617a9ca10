//! What only SQLite does; what both databases do is in the story suite, `tests/suite/store`.

use std::path::Path;

use broadstreet_core::ports::{Store, StoreError};
use sqlx::Executor;

use super::Sqlite;
use crate::migrate::{KNOWN_SCHEMA, MIGRATIONS};
use crate::sql;

async fn at_version_one(path: &Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    pool.execute(super::open::CREATE_MIGRATIONS).await.unwrap();
    sqlx::raw_sql(MIGRATIONS[0].sqlite).execute(&pool).await.unwrap();
    sqlx::query(super::open::INSERT_MIGRATION).bind(1).bind("0001").bind(1).execute(&pool).await.unwrap();
    pool.execute("insert into incidents (id, number, imported) values ('01OLD', 7, 0)").await.unwrap();
    pool.close().await;
}

#[tokio::test]
async fn every_statement_prepares_on_a_fresh_database() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("desk.db"), false).await.unwrap();
    for (name, statement) in [sql::ALL, super::ALL, super::open::ALL].concat() {
        if let Err(error) = store.write.acquire().await.unwrap().prepare(sqlx::SqlStr::from_static(statement)).await {
            panic!("{name}: {error}");
        }
    }
}

#[tokio::test]
async fn every_table_is_strict_and_the_file_is_in_wal_with_full_sync_and_foreign_keys() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("desk.db"), false).await.unwrap();
    let loose: Vec<String> = sqlx::query_scalar(
        "select name from pragma_table_list where schema = 'main' and type = 'table' and strict = 0 and name not like 'sqlite\\_%' escape '\\'",
    )
    .fetch_all(&store.write)
    .await
    .unwrap();
    assert_eq!(loose, Vec::<String>::new());
    let journal: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&store.write).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("pragma synchronous").fetch_one(&store.write).await.unwrap();
    let foreign_keys: i64 = sqlx::query_scalar("pragma foreign_keys").fetch_one(&store.write).await.unwrap();
    assert_eq!((journal.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
}

#[tokio::test]
async fn an_older_file_is_copied_beside_before_it_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.db");
    at_version_one(&path).await;
    assert!(matches!(
        Sqlite::open(&path, true).await,
        Err(StoreError::NeedsMigration { found: 1, known: KNOWN_SCHEMA, .. })
    ));
    let store = Sqlite::open(&path, false).await.unwrap();
    assert_eq!(store.incidents().await.unwrap()[0].number, 7);
    store.put_setting("a".into(), "1".into()).await.unwrap();
    let backup = folder.path().join("desk.db.schema-1.backup");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&backup).read_only(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let versions: i64 =
        sqlx::query_scalar("select max(version) from broadstreet_migrations").fetch_one(&pool).await.unwrap();
    let number: i64 = sqlx::query_scalar("select number from incidents").fetch_one(&pool).await.unwrap();
    assert_eq!((versions, number), (1, 7));
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_left_alone_and_an_additive_one_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.db");
    drop(Sqlite::open(&path, false).await.unwrap());
    let note = |version: i64, oldest: i64| {
        let path = path.clone();
        async move {
            let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path))
                .await
                .unwrap();
            sqlx::query(super::open::INSERT_MIGRATION)
                .bind(version)
                .bind("later")
                .bind(oldest)
                .execute(&pool)
                .await
                .unwrap();
            pool.close().await;
        }
    };
    note(KNOWN_SCHEMA + 1, KNOWN_SCHEMA).await;
    drop(Sqlite::open(&path, false).await.unwrap());
    note(KNOWN_SCHEMA + 2, KNOWN_SCHEMA + 2).await;
    for read_only in [true, false] {
        match Sqlite::open(&path, read_only).await {
            Err(StoreError::Newer { found, known, .. }) => assert_eq!((found, known), (KNOWN_SCHEMA + 2, KNOWN_SCHEMA)),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("opened a newer file"),
        }
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_or_another_programs_is_refused_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database at all, but long enough to be read as a header of one: ".repeat(9)).unwrap();
    let before = std::fs::read(&text).unwrap();
    assert!(matches!(Sqlite::open(&text, false).await, Err(StoreError::Failed { .. })));
    assert_eq!(std::fs::read(&text).unwrap(), before);

    let other = folder.path().join("other.db");
    let pool = sqlx::SqlitePool::connect_with(
        sqlx::sqlite::SqliteConnectOptions::new().filename(&other).create_if_missing(true),
    )
    .await
    .unwrap();
    pool.execute("create table notes (a)").await.unwrap();
    pool.close().await;
    match Sqlite::open(&other, false).await {
        Err(StoreError::Failed { why, .. }) => assert!(why.contains("another program"), "{why}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("took over another program's file"),
    }
}

#[tokio::test]
async fn a_reader_may_open_beside_the_writer_and_may_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.db");
    let writer = Sqlite::open(&path, false).await.unwrap();
    writer.put_setting("a".into(), "1".into()).await.unwrap();
    assert!(matches!(Sqlite::open(&path, false).await, Err(StoreError::InUse { .. })));
    let reader = Sqlite::open(&path, true).await.unwrap();
    assert_eq!(reader.setting("a".into()).await.unwrap().as_deref(), Some("1"));
    assert!(matches!(reader.put_setting("a".into(), "2".into()).await, Err(StoreError::ReadOnly { .. })));
    writer.put_setting("a".into(), "3".into()).await.unwrap();
    assert_eq!(reader.setting("a".into()).await.unwrap().as_deref(), Some("3"));
    assert!(matches!(Sqlite::open(&folder.path().join("none.db"), true).await, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn a_full_database_says_so_and_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("desk.db"), false).await.unwrap();
    let pages: i64 = sqlx::query_scalar("pragma page_count").fetch_one(&store.write).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("pragma max_page_count = {}", pages + 40)))
        .execute(&store.write)
        .await
        .unwrap();
    let mut kept = Vec::new();
    let error = loop {
        match store.put_blob(vec![kept.len() as u8; 9000]).await {
            Ok(id) => kept.push(id),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(!kept.is_empty());
    for (index, id) in kept.iter().enumerate() {
        assert_eq!(store.blob(id.clone()).await.unwrap(), vec![index as u8; 9000]);
    }
    sqlx::query("pragma max_page_count = 100000").execute(&store.write).await.unwrap();
    store.put_blob(vec![255; 9000]).await.unwrap();
}
