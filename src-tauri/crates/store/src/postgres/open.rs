//! Opening a PostgreSQL database, migrating it when told to, and what its errors mean.

use std::str::FromStr;
use std::time::Duration;

use broadstreet_core::ports::StoreError;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};
use tracing::log::LevelFilter;

use super::{CHANNEL, Postgres, QUEUE, QUEUE_NUMBER};
use crate::migrate::SchemaVersion;
use crate::sql;

sql::statements! {
    /// Where the migrations that ran are noted.
    CREATE_MIGRATIONS = "create table if not exists broadstreet_migrations (version bigint not null primary key, \
        name text not null, oldest_reader bigint not null, applied_at text not null)";
    /// Whether any migration ever ran.
    HAS_MIGRATIONS = "select to_regclass('broadstreet_migrations') is not null";
    /// Notes a migration.
    INSERT_MIGRATION = "insert into broadstreet_migrations (version, name, oldest_reader, applied_at) \
        values ($1, $2, $3, to_char(now() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))";
}

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Connections of one desk.
const CONNECTIONS: u32 = 5;

impl Postgres {
    /// Opens a database; see [`crate::open`].
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        let (name, options, pool) = connect(url).await?;
        let found = schema(&name, &pool).await?;
        found.check_not_newer(&name)?;
        found.check_not_older(&name)?;
        Ok(Self { name, options, pool })
    }
}

/// Runs the missing migrations in one transaction, and answers their names. Several desks may try at once.
pub(crate) async fn migrate(url: &str) -> Result<Vec<String>, StoreError> {
    let (name, _, pool) = connect(url).await?;
    let failed = |error: sqlx::Error| database_error(&name, "migrate it", &error);
    let mut transaction = pool.begin().await.map_err(failed)?;
    sqlx::query(QUEUE).bind(QUEUE_NUMBER).execute(&mut *transaction).await.map_err(failed)?;
    sqlx::query(CREATE_MIGRATIONS).execute(&mut *transaction).await.map_err(failed)?;
    let (version, oldest_reader): (i64, i64) =
        sqlx::query_as(sql::SCHEMA_VERSION).fetch_one(&mut *transaction).await.map_err(failed)?;
    let found = SchemaVersion { version, oldest_reader };
    found.check_not_newer(&name)?;
    let mut ran = Vec::new();
    for migration in found.missing() {
        sqlx::raw_sql(migration.postgres).execute(&mut *transaction).await.map_err(failed)?;
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
    pool.close().await;
    Ok(ran)
}

/// Listens for the other desks on a connection of its own.
pub(super) async fn listen(options: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT).connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn connect(url: &str) -> Result<(String, PgConnectOptions, PgPool), StoreError> {
    // The address is not shown when it is not understood: it may hold a password in a place nobody can make out.
    let misunderstood = |why: String| StoreError::Failed {
        path: "postgres".to_owned(),
        attempted: "understand its address".to_owned(),
        why,
    };
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(misunderstood("it does not begin with `postgres://`".to_owned()));
    }
    let options = PgConnectOptions::from_str(url).map_err(|error| misunderstood(error.to_string()))?;
    let options = options
        .application_name("broadstreet")
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Debug, Duration::from_secs(1));
    let name = format!(
        "postgres://{}@{}:{}/{}",
        options.get_username(),
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_default()
    );
    // A pool tells a refused connection only as a lapse of time, so one is tried by itself first.
    let first = tokio::time::timeout(CONNECT, options.connect()).await;
    let first = first.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    let first = first.map_err(|error| database_error(&name, "connect", &error))?;
    drop(first.close().await);
    let pool =
        PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(CONNECT).connect_lazy_with(options.clone());
    Ok((name, options, pool))
}

async fn schema(name: &str, pool: &PgPool) -> Result<SchemaVersion, StoreError> {
    let failed = |error: sqlx::Error| database_error(name, "read its version", &error);
    let has: bool = sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(pool).await.map_err(failed)?;
    if !has {
        return Ok(SchemaVersion::default());
    }
    let (version, oldest_reader): (i64, i64) =
        sqlx::query_as(sql::SCHEMA_VERSION).fetch_one(pool).await.map_err(failed)?;
    Ok(SchemaVersion { version, oldest_reader })
}

/// What an error of PostgreSQL means to the caller.
/// Codes: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
pub(super) fn database_error(path: &str, attempted: &str, error: &sqlx::Error) -> StoreError {
    let (path, why) = (path.to_owned(), error.to_string());
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            StoreError::Unreachable { path, why }
        }
        sqlx::Error::Database(database) => match database.code().as_deref() {
            Some("53100") => StoreError::Full { path, why },
            Some("25006" | "42501") => StoreError::ReadOnly { path, why },
            Some(code) if code.starts_with("08") || code.starts_with("57P") || code == "53300" => {
                StoreError::Unreachable { path, why }
            }
            _ => StoreError::Failed { path, attempted: attempted.to_owned(), why },
        },
        _ => StoreError::Failed { path, attempted: attempted.to_owned(), why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_nobody_answers_is_named_without_its_password() {
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let url = format!("postgres://ann:geheim@127.0.0.1:{port}/desk?sslmode=disable");
        match Postgres::open(&url).await {
            Err(error @ StoreError::Unreachable { .. }) => {
                assert!(error.to_string().contains(&format!("postgres://ann@127.0.0.1:{port}/desk")), "{error}");
                assert!(!error.to_string().contains("geheim"), "{error}");
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("connected to nobody"),
        }
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_not_repeated() {
        for url in ["postgres://ann:geheim@[::1/desk", "ann:geheim"] {
            match Postgres::open(url).await {
                Err(error) => assert!(!error.to_string().contains("geheim"), "{error}"),
                Ok(_) => panic!("connected to nobody"),
            }
        }
    }
}
