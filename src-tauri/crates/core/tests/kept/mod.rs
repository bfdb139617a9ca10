//! Scenes the tests of the screen read, held to what is written now.

use std::path::Path;

/// Compares a file among the screen's fixtures with what is written now; with `BLESS` set, writes it.
#[track_caller]
pub fn is_kept(name: &str, bytes: &[u8]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/graph/fixtures").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, bytes).unwrap();
    }
    let kept = std::fs::read(&file).unwrap_or_default();
    assert!(kept == bytes, "ui/src/graph/fixtures/{name} is out of date: run this test with BLESS=1");
}
