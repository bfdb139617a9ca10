//! Opening a SQLite file: lock, version, backup, migration; and what its errors mean.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use broadstreet_core::ports::StoreError;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};
use tokio::sync::broadcast;
use tracing::log::LevelFilter;

use super::Sqlite;
use crate::lock::{Lock, io_error};
use crate::migrate::{KNOWN_SCHEMA, SchemaVersion};
use crate::sql;

sql::statements! {
    /// Where the migrations that ran are noted.
    CREATE_MIGRATIONS = "create table if not exists broadstreet_migrations (version integer not null primary key, \
        name text not null, oldest_reader integer not null, applied_at text not null) strict";
    /// Whether any migration ever ran.
    HAS_MIGRATIONS = "select count(*) from sqlite_master where type = 'table' and name = 'broadstreet_migrations'";
    /// Whether the file holds anything at all.
    TABLES = "select count(*) from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'";
    /// Notes a migration.
    INSERT_MIGRATION = "insert into broadstreet_migrations (version, name, oldest_reader, applied_at) \
        values ($1, $2, $3, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))";
    /// Copies the database as it is into a new file.
    BACKUP = "vacuum into $1";
}

/// How long one writer waits for another statement of this program.
const BUSY: Duration = Duration::from_secs(10);

/// Readers at once beside the one writer.
const READERS: u32 = 4;

/// Notices a slow follower may be behind before it is told to resync.
const NOTICES: usize = 256;

impl Sqlite {
    /// Opens a file; see [`crate::open`].
    pub(crate) async fn open(path: &Path, read_only: bool) -> Result<Self, StoreError> {
        if read_only { Self::open_to_read(path).await } else { Self::open_to_write(path).await.map(|(store, _)| store) }
    }

    async fn open_to_write(path: &Path) -> Result<(Self, Vec<String>), StoreError> {
        prepare_place(path)?;
        let lock = Lock::take(path)?;
        let options = options(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .auto_vacuum(SqliteAutoVacuum::Incremental);
        let write = pool(path, 1, options).await?;
        let ran = bring_up(path, &write).await?;
        let read = pool(path, READERS, self::options(path).read_only(true)).await?;
        let (notices, _) = broadcast::channel(NOTICES);
        Ok((Self { path: path.to_owned(), write, read, read_only: false, notices, _lock: Some(lock) }, ran))
    }

    async fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        if !path.exists() {
            return Err(StoreError::NotFound { what: "database".to_owned(), name });
        }
        let read = match version(path, &options(path).read_only(true)).await {
            Ok((pool, found)) => checked(&name, pool, found)?,
            // A file in a folder nobody may write has no room for the shared memory of WAL; nobody writes it either.
            Err(_) if !beside(path, "-wal").exists() => {
                let (pool, found) = version(path, &options(path).read_only(true).immutable(true)).await?;
                checked(&name, pool, found)?
            }
            Err(error) => return Err(error),
        };
        let (notices, _) = broadcast::channel(1);
        Ok(Self { path: path.to_owned(), write: read.clone(), read, read_only: true, notices, _lock: None })
    }
}

/// Migrates a file, and answers the names of the steps that ran.
pub(crate) async fn migrate(path: &Path) -> Result<Vec<String>, StoreError> {
    let (store, ran) = Sqlite::open_to_write(path).await?;
    store.read.close().await;
    store.write.close().await;
    Ok(ran)
}

/// A name beside the database: its log, its backup.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Debug, Duration::from_secs(1))
}

async fn pool(path: &Path, connections: u32, options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let name = path.display().to_string();
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(|error| database_error(&name, "open it", &error))
}

/// Makes the folder, and finds out now whether the place may be written: SQLite would quietly open it for reading.
fn prepare_place(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| io_error(&folder.display().to_string(), "make the folder", &error))?;
    }
    if path.exists() {
        OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(|error| io_error(&path.display().to_string(), "open it for writing", &error))?;
    }
    Ok(())
}

async fn schema(name: &str, pool: &SqlitePool) -> Result<SchemaVersion, StoreError> {
    let failed = |error: sqlx::Error| database_error(name, "read its version", &error);
    let has: i64 = sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(pool).await.map_err(failed)?;
    if has == 0 {
        let tables: i64 = sqlx::query_scalar(TABLES).fetch_one(pool).await.map_err(failed)?;
        if tables > 0 {
            return Err(StoreError::Failed {
                path: name.to_owned(),
                attempted: "read its version".to_owned(),
                why: "it is a SQLite database of another program".to_owned(),
            });
        }
        return Ok(SchemaVersion::default());
    }
    let (version, oldest_reader): (i64, i64) =
        sqlx::query_as(sql::SCHEMA_VERSION).fetch_one(pool).await.map_err(failed)?;
    Ok(SchemaVersion { version, oldest_reader })
}

async fn version(path: &Path, options: &SqliteConnectOptions) -> Result<(SqlitePool, SchemaVersion), StoreError> {
    let pool = pool(path, READERS, options.clone()).await?;
    let found = schema(&path.display().to_string(), &pool).await?;
    Ok((pool, found))
}

fn checked(name: &str, pool: SqlitePool, found: SchemaVersion) -> Result<SqlitePool, StoreError> {
    found.check_not_newer(name)?;
    found.check_not_older(name)?;
    Ok(pool)
}

/// Runs the missing migrations, after copying what is there beside it.
async fn bring_up(path: &Path, pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let name = path.display().to_string();
    let found = schema(&name, pool).await?;
    found.check_not_newer(&name)?;
    if found.version >= KNOWN_SCHEMA {
        return Ok(Vec::new());
    }
    if found.version > 0 {
        back_up(path, pool, found.version).await?;
    }
    let failed = |error: sqlx::Error| database_error(&name, "migrate it", &error);
    let mut transaction = pool.begin_with(super::BEGIN).await.map_err(failed)?;
    sqlx::query(CREATE_MIGRATIONS).execute(&mut *transaction).await.map_err(failed)?;
    let mut ran = Vec::new();
    for migration in found.missing() {
        sqlx::raw_sql(migration.sqlite).execute(&mut *transaction).await.map_err(failed)?;
        sqlx::query(INSERT_MIGRATION)
            .bind(migration.version)
            .bind(migration.name)
            .bind(migration.oldest_reader)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        ran.push(migration.name.to_owned());
    }
    transaction.commit().await.map_err(failed)?;
    Ok(ran)
}

/// Copies the database beside itself, durably, under a name that is not taken.
async fn back_up(path: &Path, pool: &SqlitePool, version: i64) -> Result<PathBuf, StoreError> {
    let name = path.display().to_string();
    let backup = (1u32..)
        .map(|n| {
            beside(
                path,
                &if n == 1 { format!(".schema-{version}.backup") } else { format!(".schema-{version}.{n}.backup") },
            )
        })
        .find(|candidate| !candidate.exists())
        .unwrap_or_else(|| beside(path, ".backup"));
    let target = backup.to_str().ok_or_else(|| StoreError::Failed {
        path: name.clone(),
        attempted: "back it up before migrating".to_owned(),
        why: "its path is not Unicode".to_owned(),
    })?;
    sqlx::query(BACKUP)
        .bind(target)
        .execute(pool)
        .await
        .map_err(|error| database_error(&name, "back it up before migrating", &error))?;
    File::open(&backup)
        .and_then(|file| file.sync_all())
        .map_err(|error| io_error(target, "back up the database", &error))?;
    tracing::info!(backup = target, "copied the database before migrating it");
    Ok(backup)
}

/// What an error of SQLite means to the caller. Codes: <https://sqlite.org/rescode.html>.
pub(super) fn database_error(path: &str, attempted: &str, error: &sqlx::Error) -> StoreError {
    const READONLY: i32 = 8;
    const FULL: i32 = 13;
    const IOERR_SHMSIZE: i32 = 10 | (19 << 8);
    let (path, why) = (path.to_owned(), error.to_string());
    match error {
        sqlx::Error::Io(io) => return io_error(&path, attempted, io),
        sqlx::Error::Database(database) => {
            let code: i32 = database.code().and_then(|code| code.parse().ok()).unwrap_or(0);
            match code & 0xff {
                FULL => return StoreError::Full { path, why },
                READONLY => return StoreError::ReadOnly { path, why },
                _ if code == IOERR_SHMSIZE => return StoreError::Full { path, why },
                _ => {}
            }
        }
        _ => {}
    }
    StoreError::Failed { path, attempted: attempted.to_owned(), why }
}
