//! A database that ends with the program, for recorded incidents that are only looked at.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use broadstreet_api::ApiError;
use broadstreet_core::ports::Store;
use broadstreet_store::Target;
use tempfile::TempDir;

use crate::output::{bad_file, failed};

const PREFIX: &str = "broadstreet-scratch-";
const NAME: &str = "scratch.db";
/// One younger than this may be about to take its lock.
const YOUNG: Duration = Duration::from_secs(60);

/// Makes one, and removes those of programs that were killed.
pub async fn scratch() -> Result<(Arc<dyn Store>, TempDir), ApiError> {
    let root = std::env::temp_dir();
    sweep(&root);
    let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&root);
    let folder = made.map_err(|why| bad_file(&root, "make a folder in", &why))?;
    let target = Target::Sqlite { path: folder.path().join(NAME), read_only: false };
    Ok((broadstreet_store::open(&target).await.map_err(failed)?, folder))
}

/// Removes each scratch database whose lock nobody holds. What cannot be removed stays.
fn sweep(root: &Path) {
    let Ok(entries) = std::fs::read_dir(root) else { return };
    for folder in entries.flatten().filter(|it| it.file_name().to_string_lossy().starts_with(PREFIX)) {
        let is_young =
            folder.metadata().and_then(|it| it.modified()).is_ok_and(|at| at.elapsed().is_ok_and(|it| it < YOUNG));
        if !is_young && broadstreet_store::is_left_behind(&folder.path().join(NAME)) {
            let gone = std::fs::remove_dir_all(folder.path());
            tracing::debug!(folder = ?folder.path(), ?gone, "a scratch database was left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_killed_program_left_is_removed_and_what_one_holds_stays() {
        let root = tempfile::tempdir().expect("a folder");
        let made = |name: &str, old: bool| {
            let folder = root.path().join(name);
            fs::create_dir(&folder).expect("a folder");
            let lock = File::create(folder.join("scratch.db.lock")).expect("a lock");
            if old {
                let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(3600);
                File::open(&folder).and_then(|it| it.set_modified(long_ago)).expect("a time");
            }
            (folder, lock)
        };
        let (left, _) = made("broadstreet-scratch-left", true);
        let (held, lock) = made("broadstreet-scratch-held", true);
        let (young, _) = made("broadstreet-scratch-young", false);
        let (other, _) = made("broadstreet-other", true);
        lock.lock().expect("held");
        sweep(root.path());
        assert!(!left.exists());
        assert!(held.exists() && young.exists() && other.exists());
    }
}
