//! What only PostgreSQL does, and that both schemas end equal; what both do is in the story suite, `tests/suite/store`.

#[path = "../../../../../tests/support/postgres.rs"]
mod server;

use std::collections::BTreeSet;

use broadstreet_core::ports::{Store, StoreError};
use sqlx::Executor;

use super::Postgres;
use crate::migrate::KNOWN_SCHEMA;
use crate::sql;
use server::Server;

#[tokio::test]
async fn every_statement_prepares_on_a_freshly_migrated_database() {
    let server = Server::shared();
    let url = server.database();
    super::open::migrate(&url).await.unwrap();
    let store = Postgres::open(&url).await.unwrap();
    for (name, statement) in [sql::ALL, super::ALL, super::open::ALL].concat() {
        if let Err(error) = store.pool.acquire().await.unwrap().prepare(sqlx::SqlStr::from_static(statement)).await {
            panic!("{name}: {error}");
        }
    }
}

#[tokio::test]
async fn opening_never_migrates_and_migrating_twice_does_nothing() {
    let server = Server::shared();
    let url = server.database();
    match Postgres::open(&url).await {
        Err(StoreError::NeedsMigration { found: 0, known: KNOWN_SCHEMA, .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened an empty database"),
    }
    assert_eq!(server.psql(&url, "select count(*) from information_schema.tables where table_schema = 'public'"), "0");
    assert_eq!(super::open::migrate(&url).await.unwrap().len(), KNOWN_SCHEMA.unsigned_abs() as usize);
    assert_eq!(super::open::migrate(&url).await.unwrap(), Vec::<String>::new());
    Postgres::open(&url).await.unwrap();
}

#[tokio::test]
async fn an_additive_step_of_a_newer_colleague_locks_nobody_out_and_a_breaking_one_is_named() {
    let server = Server::shared();
    let url = server.database();
    super::open::migrate(&url).await.unwrap();
    let note = |version: i64, oldest: i64| {
        let values = format!("({version}, 'later', {oldest}, '')");
        server.psql(&url, &format!("insert into broadstreet_migrations values {values}"));
    };
    note(KNOWN_SCHEMA + 1, KNOWN_SCHEMA);
    Postgres::open(&url).await.unwrap();
    note(KNOWN_SCHEMA + 2, KNOWN_SCHEMA + 2);
    assert!(matches!(Postgres::open(&url).await, Err(StoreError::Newer { found, .. }) if found == KNOWN_SCHEMA + 2));
    assert!(matches!(super::open::migrate(&url).await, Err(StoreError::Newer { .. })));
}

#[tokio::test]
async fn both_databases_end_with_the_same_tables_and_columns() {
    let server = Server::shared();
    let url = server.database();
    super::open::migrate(&url).await.unwrap();
    let there = server.psql(
        &url,
        "select table_name || '.' || column_name || ' ' || \
         case data_type when 'bigint' then 'integer' when 'bytea' then 'blob' else data_type end || ' ' || is_nullable \
         from information_schema.columns where table_schema = 'public'",
    );
    let there: BTreeSet<String> = there.lines().map(str::to_owned).collect();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.db");
    drop(crate::sqlite::Sqlite::open(&path, false).await.unwrap());
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).read_only(true);
    let here: Vec<String> = sqlx::query_scalar(
        "select t.name || '.' || c.name || ' ' || lower(c.type) || ' ' || case when c.\"notnull\" = 1 then 'NO' else 'YES' end \
         from pragma_table_list t, pragma_table_info(t.name) c \
         where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\'",
    )
    .fetch_all(&sqlx::SqlitePool::connect_with(options).await.unwrap())
    .await
    .unwrap();
    let here: BTreeSet<String> = here.into_iter().collect();
    assert!(here.len() > 30, "{here:?}");
    assert_eq!(here, there);
}

#[tokio::test]
async fn a_server_that_acknowledges_too_early_is_told_otherwise() {
    let server = Server::shared();
    let url = server.database();
    super::open::migrate(&url).await.unwrap();
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    server.psql(&url, &format!("alter database {name} set synchronous_commit = off"));
    let store = Postgres::open(&url).await.unwrap();
    let mut transaction = store.begin("look").await.unwrap();
    let inside: String = sqlx::query_scalar("show synchronous_commit").fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(inside, "on");
}

#[tokio::test]
async fn a_reader_without_the_right_to_write_is_told_so() {
    let server = Server::shared();
    let url = server.database();
    super::open::migrate(&url).await.unwrap();
    server.psql(&url, "create role guest login; grant select on all tables in schema public to guest");
    let store = Postgres::open(&url.replace("broadstreet@", "guest@")).await.unwrap();
    assert_eq!(store.setting("a".into()).await.unwrap(), None);
    assert!(matches!(store.put_setting("a".into(), "1".into()).await, Err(StoreError::ReadOnly { .. })));
}
