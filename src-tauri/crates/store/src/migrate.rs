//! The schema: numbered migrations, the same names in both folders.

use broadstreet_core::ports::StoreError;

/// One step of the schema.
pub(crate) struct Migration {
    /// Its number, from 1 without holes.
    pub version: i64,
    /// The file's name in both folders.
    pub name: &'static str,
    /// The oldest schema whose program may still open the database after this step; an additive step repeats the one
    /// before, so that it does not lock an older program out.
    pub oldest_reader: i64,
    /// The file in `migrations/sqlite`.
    pub sqlite: &'static str,
    /// The file in `migrations/postgres`.
    pub postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal, oldest_reader $oldest:literal) => {
        Migration {
            version: $version,
            name: $name,
            oldest_reader: $oldest,
            sqlite: include_str!(concat!("../../../../migrations/sqlite/", $name)),
            postgres: include_str!(concat!("../../../../migrations/postgres/", $name)),
        }
    };
}

/// Every step, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_ledger.sql", oldest_reader 1),
    migration!(2, "0002_recordings.sql", oldest_reader 2),
    migration!(3, "0003_files_and_settings.sql", oldest_reader 3),
    migration!(4, "0004_segment_parts.sql", oldest_reader 4),
    migration!(5, "0005_drawn_maps.sql", oldest_reader 4),
];

/// The schema this program knows.
pub const KNOWN_SCHEMA: i64 = 5;

/// What a database says of its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SchemaVersion {
    /// The newest step that ran; 0 for an empty database.
    pub version: i64,
    /// The oldest schema whose program may open it.
    pub oldest_reader: i64,
}

impl SchemaVersion {
    /// Refuses a database this program is too old for.
    pub fn check_not_newer(self, path: &str) -> Result<(), StoreError> {
        if self.oldest_reader > KNOWN_SCHEMA {
            return Err(StoreError::Newer { path: path.to_owned(), found: self.version, known: KNOWN_SCHEMA });
        }
        Ok(())
    }

    /// Refuses a database this program is too new for and may not migrate.
    pub fn check_not_older(self, path: &str) -> Result<(), StoreError> {
        if self.version < KNOWN_SCHEMA {
            return Err(StoreError::NeedsMigration { path: path.to_owned(), found: self.version, known: KNOWN_SCHEMA });
        }
        Ok(())
    }

    /// The steps still to run.
    pub fn missing(self) -> impl Iterator<Item = &'static Migration> {
        MIGRATIONS.iter().filter(move |migration| migration.version > self.version)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn both_folders_hold_exactly_the_migrations_listed() {
        let listed: BTreeSet<String> = MIGRATIONS.iter().map(|migration| migration.name.to_owned()).collect();
        for folder in ["sqlite", "postgres"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../migrations").join(folder);
            let found: BTreeSet<String> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| !name.starts_with('.'))
                .collect();
            assert_eq!(found, listed, "{}", folder.display());
        }
    }

    #[test]
    fn versions_count_up_without_holes_and_name_their_files() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, i64::try_from(index).unwrap() + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.version)), "{}", migration.name);
            assert!(migration.oldest_reader <= migration.version);
        }
        assert_eq!(MIGRATIONS.last().unwrap().version, KNOWN_SCHEMA);
    }

    #[test]
    fn an_additive_step_of_a_newer_program_does_not_lock_this_one_out() {
        let additive = SchemaVersion { version: KNOWN_SCHEMA + 1, oldest_reader: KNOWN_SCHEMA };
        assert!(additive.check_not_newer("x").is_ok());
        assert!(additive.check_not_older("x").is_ok());
        let breaking = SchemaVersion { version: KNOWN_SCHEMA + 1, oldest_reader: KNOWN_SCHEMA + 1 };
        assert!(
            matches!(breaking.check_not_newer("x"), Err(StoreError::Newer { found, .. }) if found == KNOWN_SCHEMA + 1)
        );
    }
}
