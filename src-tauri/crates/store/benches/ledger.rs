//! How long one sealed row takes to be durable in a SQLite file, and how often that takes longer than it may.
//!
//! The promise is about the slowest of a hundred, so every append is measured by itself. What criterion would have left
//! behind is written for `scripts/bench-table.mjs`. `BENCH_FOLDER` says on which disk; a folder below `target` where not.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use broadstreet_core::id::IncidentId;
use broadstreet_core::ledger::{Actor, Draft, Row, chain, kinds};
use broadstreet_core::ports::StoreError;
use broadstreet_core::time::{Moment, Stamp};
use broadstreet_store::Target;
use ed25519_dalek::{Signer, SigningKey};

/// Appends before the first that counts.
const WARM: usize = 200;

/// Appends that count.
const APPENDS: usize = 4000;

/// What 99 of 100 appends stay within.
const TARGET: Duration = Duration::from_millis(5);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if !words.iter().all(|word| "ledger/append of one row, durable".contains(word.as_str())) {
        return Ok(());
    }
    let target = target_folder();
    let home = std::env::var_os("BENCH_FOLDER").map_or_else(|| target.clone(), PathBuf::from);
    fs::create_dir_all(&home)?;
    let folder = tempfile::tempdir_in(home)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut taken = runtime.block_on(measure(&folder.path().join("desk.db")))?;
    taken.sort();
    let share = |percent: usize| taken[(taken.len() * percent).div_ceil(100).saturating_sub(1)];
    println!(
        "ledger append, durable, SQLite on disk: {} of one row, p50 {:.2?}, p99 {:.2?} (p99 ≤ {TARGET:?}), longest {:.2?}",
        taken.len(),
        share(50),
        share(99),
        share(100),
    );
    leave(&target, "append of one row, durable, p50", share(50))?;
    leave(&target, "append of one row, durable, p99", share(99))?;
    let mut disk = sync_alone(&folder.path().join("bare"))?;
    disk.sort();
    leave(&target, "the disk alone: 8 KiB and a sync, p99", disk[disk.len() * 99 / 100])?;
    Ok(())
}

/// What the disk takes by itself for as much as an append writes to the log: below this no append can be.
fn sync_alone(path: &Path) -> std::io::Result<Vec<Duration>> {
    let mut file = fs::File::create(path)?;
    (0..APPENDS)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 8192])?;
            file.sync_data()?;
            Ok(began.elapsed())
        })
        .collect()
}

/// Appends rows one after the other, each when the one before was acknowledged.
async fn measure(path: &Path) -> Result<Vec<Duration>, StoreError> {
    let store = broadstreet_store::open(&Target::Sqlite { path: path.to_owned(), read_only: false }).await?;
    let incident = IncidentId::new("01KQ00000000000000000BENCH");
    store.open_incident(incident.clone(), false).await?;
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut last = None;
    let mut taken = Vec::with_capacity(APPENDS);
    for number in 0..WARM + APPENDS {
        let row = seal(&key, &incident, number, last.as_ref());
        let began = Instant::now();
        let stored = store.append(vec![row.clone()]).await?;
        if number >= WARM {
            taken.push(began.elapsed());
        }
        assert_eq!(stored.len(), 1, "a row was not stored");
        last = Some(row);
    }
    Ok(taken)
}

fn seal(key: &SigningKey, incident: &IncidentId, number: usize, last: Option<&Row>) -> Row {
    let at = Moment::from_timestamp(1_778_762_000 + i64::try_from(number).unwrap_or(i64::MAX), 0).unwrap_or_default();
    let draft = Draft {
        occurred: Stamp::exact(at),
        actor: Actor::Person { id: "mei".into(), name: "Mei Tanaka".into() },
        kind: kinds::NOTE.into(),
        payload: serde_json::json!({ "text": format!("redis-cart was killed again, {number} times by now; its limit holds") }),
        source: "person".into(),
        source_id: String::new(),
        refs: Vec::new(),
        revises: None,
    };
    let writer = chain::writer_of(&key.verifying_key().to_bytes());
    chain::seal(draft, incident, &writer, "laptop", last, at, &|bytes| key.sign(bytes).to_vec())
}

/// The folder cargo builds into, in which criterion leaves what it measured: this program lies in `release/deps`.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(3).map(Path::to_owned).unwrap_or_default()
}

/// Leaves a figure as criterion would.
fn leave(target: &Path, figure: &str, taken: Duration) -> std::io::Result<()> {
    let folder = target.join("criterion/ledger").join(figure.replace([' ', ',', ':'], "_")).join("new");
    fs::create_dir_all(&folder)?;
    let name = serde_json::json!({ "full_id": format!("ledger/{figure}") });
    let mean = serde_json::json!({ "mean": { "point_estimate": taken.as_nanos() as u64 } });
    fs::write(folder.join("benchmark.json"), name.to_string())?;
    fs::write(folder.join("estimates.json"), mean.to_string())
}
