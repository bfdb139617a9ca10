//! The two databases behind the one contract, each empty and ready for a story.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use broadstreet_core::ports::{Store, StoreError};
use broadstreet_store::Target;

use crate::postgres::Server;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own on the PostgreSQL of this test program.
    Postgres,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// Where it lies.
enum Home {
    Folder(tempfile::TempDir),
    Server(Arc<Server>, String),
}

/// A migrated database without anything in it, gone with this value.
pub struct Database {
    home: Home,
}

impl Database {
    /// A new one.
    ///
    /// # Panics
    /// Where it cannot be made: such a test must fail, not skip.
    pub async fn new(place: Place) -> Self {
        let home = match place {
            Place::Sqlite => Home::Folder(tempfile::tempdir().expect("a folder")),
            Place::Postgres => {
                let server = Server::shared();
                let url = server.database();
                Home::Server(server, url)
            }
        };
        let database = Self { home };
        broadstreet_store::migrate(&database.target(false)).await.expect("migrated");
        database
    }

    /// How a desk is told to open it.
    #[must_use]
    pub fn target(&self, read_only: bool) -> Target {
        match &self.home {
            Home::Folder(_) => Target::Sqlite { path: self.file(), read_only },
            Home::Server(_, url) => Target::Postgres { url: url.clone() },
        }
    }

    fn file(&self) -> PathBuf {
        match &self.home {
            Home::Folder(folder) => folder.path().join("desk.db"),
            Home::Server(..) => PathBuf::new(),
        }
    }

    /// Opens it as the desk of a story does.
    ///
    /// # Panics
    /// Where it refuses.
    pub async fn open(&self) -> Arc<dyn Store> {
        // Of a desk that ended, whoever read last lets go of the file a moment later.
        for _ in 0..500 {
            match broadstreet_store::open(&self.target(false)).await {
                Err(StoreError::InUse { .. }) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                opened => return opened.expect("a store"),
            }
        }
        panic!("the store stays in use");
    }

    /// Another writer beside `first`: another desk of the server, another task of the one program that has the file.
    pub async fn beside(&self, first: &Arc<dyn Store>) -> Arc<dyn Store> {
        match &self.home {
            Home::Folder(_) => Arc::clone(first),
            Home::Server(..) => self.open().await,
        }
    }

    /// Opens it for somebody who may only read: a file opened so, a role without the right to write.
    ///
    /// # Panics
    /// Where it refuses.
    pub async fn open_to_read(&self) -> Arc<dyn Store> {
        let target = match &self.home {
            Home::Folder(_) => self.target(true),
            Home::Server(server, url) => {
                // Roles belong to the server, so each database has a guest of its own.
                let guest =
                    format!("guest_{}", url.rsplit('/').next().and_then(|it| it.split('?').next()).unwrap_or(""));
                let rights = format!("grant select on all tables in schema public to {guest}");
                server.psql(url, &format!("create role {guest} login; {rights}"));
                Target::Postgres { url: url.replace("broadstreet@", &format!("{guest}@")) }
            }
        };
        broadstreet_store::open(&target).await.expect("a store to read")
    }

    /// Makes it the work of a program so new that this one may not touch it. Nobody may have it open.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn make_newer(&self) {
        match &self.home {
            Home::Folder(_) => {
                // Only the store speaks SQL to SQLite. The oldest program that may still open the file is the number
                // behind the name of the last migration, in one byte.
                let mut bytes = std::fs::read(self.file()).expect("the file");
                let mark = b".sql\x03";
                let found: Vec<usize> =
                    bytes.windows(mark.len()).enumerate().filter(|(_, it)| it == mark).map(|(at, _)| at).collect();
                assert_eq!(found.len(), 1, "the note of migration 3 looks otherwise: mend this helper");
                bytes[found[0] + mark.len() - 1] = 99;
                std::fs::write(self.file(), bytes).expect("the file");
            }
            Home::Server(server, url) => {
                server.psql(url, "update broadstreet_migrations set oldest_reader = 99 where version = 3");
            }
        }
    }

    /// Cuts every connection, where there are any.
    pub fn cut_connections(&self) {
        if let Home::Server(server, url) = &self.home {
            let others = "datname = current_database() and pid <> pg_backend_pid()";
            server.psql(url, &format!("select pg_terminate_backend(pid) from pg_stat_activity where {others}"));
        }
    }
}
