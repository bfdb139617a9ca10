//! What must survive: databases, recordings at rest, bundles.
//!
//! One contract ([`broadstreet_core::ports::Store`]) on SQLite (one desk) and PostgreSQL (several), with the same method
//! order in both back ends; bundles need neither.

mod bundle;
mod drawn;
mod lock;
mod migrate;
mod postgres;
mod shared;
mod sql;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;

use broadstreet_core::ports::{Store, StoreError};

pub use bundle::BundleFiles;
pub use lock::is_left_behind;
pub use migrate::KNOWN_SCHEMA;
pub use shared::MAX_BLOB_BYTES;

/// Which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of one desk.
    Sqlite {
        /// The file; its folder is made where it is missing.
        path: PathBuf,
        /// True to read only: takes no lock, migrates nothing, refuses to write.
        read_only: bool,
    },
    /// A server several desks share.
    Postgres {
        /// `postgres://user:password@host:port/database`.
        url: String,
    },
}

/// Opens a database.
///
/// A SQLite file is created or migrated as needed (the old file is copied beside it first) and locked against a second
/// instance. PostgreSQL is shared, so opening it never migrates it: see [`migrate()`].
pub async fn open(target: &Target) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match target {
        Target::Sqlite { path, read_only } => Arc::new(sqlite::Sqlite::open(path, *read_only).await?),
        Target::Postgres { url } => Arc::new(postgres::Postgres::open(url).await?),
    })
}

/// Brings a database to the schema this program knows, and answers the names of the migrations that ran.
pub async fn migrate(target: &Target) -> Result<Vec<String>, StoreError> {
    match target {
        Target::Sqlite { path, .. } => sqlite::migrate(path).await,
        Target::Postgres { url } => postgres::migrate(url).await,
    }
}
