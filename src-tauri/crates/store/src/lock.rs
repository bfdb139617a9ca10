//! One program per file: an advisory lock on a file beside the database, which the system drops with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use broadstreet_core::ports::StoreError;

/// Holds the lock until dropped.
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // To close the file is not enough: a program that is being started holds a copy of it until it runs.
        let _ = self.file.unlock();
    }
}

/// Where the lock of a database lies.
pub(crate) fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Whether a database was opened once and nobody has it open now.
#[must_use]
pub fn is_left_behind(database: &Path) -> bool {
    OpenOptions::new().write(true).open(lock_path(database)).is_ok_and(|lock| lock.try_lock().is_ok())
}

impl Lock {
    /// Takes the lock of a database and leaves this process's id in it for the next one to name.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let failed = |error: &std::io::Error| io_error(&path.display().to_string(), "take the lock", error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Unreadable on systems whose locks are mandatory; the process is then simply not known.
                let _ = file.read_to_string(&mut holder);
                let holder = holder.lines().next().unwrap_or_default().trim().to_owned();
                let process = if holder.is_empty() { "unknown".to_owned() } else { holder };
                return Err(StoreError::InUse { path: database.display().to_string(), process });
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let program = std::env::current_exe().ok();
        let program = program.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let line = format!("{} {}\n", std::process::id(), program.unwrap_or_default());
        // Naming the holder is a courtesy: a full disk must not keep anybody from reading what is there.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(line.as_bytes()));
        Ok(Self { file })
    }
}

/// What the system says about a file, as the store's error.
pub(crate) fn io_error(path: &str, attempted: &str, error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    let (path, why) = (path.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { path, why },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { path, why },
        _ => StoreError::Failed { path, attempted: attempted.to_owned(), why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opener_is_told_who_holds_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("desk.db");
        let first = Lock::take(&database).unwrap();
        match Lock::take(&database) {
            Err(StoreError::InUse { process, path }) => {
                assert!(process.starts_with(&std::process::id().to_string()), "{process}");
                assert_eq!(path, database.display().to_string());
            }
            Ok(_) => panic!("two held one lock"),
            Err(other) => panic!("{other}"),
        }
        let copy = first.file.try_clone().unwrap();
        drop(first);
        Lock::take(&database).unwrap();
        drop(copy);
    }
}
