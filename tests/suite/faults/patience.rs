//! How long something may take.
//!
//! The bounds are the issue's own, of a machine that has a core to spare; tests run beside builds and beside each other. What
//! the threads of this process waited for a core meanwhile is measured by the system, and no chain of events among them can
//! have been held up longer: so much is allowed besides, but never more than twice the bound, and nothing where it is quiet.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long after a fault the world may be another than the server's.
pub const HEALED_WITHIN: Duration = Duration::from_secs(30);

/// How long a cluster may be silent before that is seen.
pub const STALE_WITHIN: Duration = Duration::from_secs(10);

/// How long reading all of the largest cluster for the first time may take in a build that is not optimised. No fault is
/// measured by it.
pub const READ_WITHIN: Duration = Duration::from_secs(180);

/// Threads come and go: so often it is read what they waited for.
const MEASURED_EVERY: Duration = Duration::from_millis(200);

/// A time limit, running.
pub struct Limit {
    began: Instant,
    within: Duration,
    measured: Instant,
    waits: BTreeMap<String, Duration>,
    held_up: Duration,
}

impl Limit {
    /// From now on.
    pub fn of(within: Duration) -> Self {
        let now = Instant::now();
        Self { began: now, within, measured: now, waits: waits(), held_up: Duration::ZERO }
    }

    /// Whether it is over; to be asked often.
    pub fn is_over(&mut self) -> bool {
        if self.measured.elapsed() >= MEASURED_EVERY {
            self.measure();
        }
        self.began.elapsed() > self.within && {
            self.measure();
            self.began.elapsed() > self.allowed()
        }
    }

    /// What is allowed: the limit, and what this process waited for a core since it began. Many threads may wait longer than
    /// time passes, and the limit has to end all the same.
    pub fn allowed(&self) -> Duration {
        self.within + self.held_up.min(2 * self.within)
    }

    fn measure(&mut self) {
        let now = waits();
        let since = |(thread, waited): (&String, &Duration)| {
            waited.saturating_sub(self.waits.get(thread).copied().unwrap_or_default())
        };
        self.held_up += now.iter().map(since).sum::<Duration>();
        (self.waits, self.measured) = (now, Instant::now());
    }
}

/// How long each thread of this process was ready to run and waited for a core; none where the system does not say.
fn waits() -> BTreeMap<String, Duration> {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |thread: std::fs::DirEntry| {
        let told = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let waited = told.split_whitespace().nth(1)?.parse().ok()?;
        Some((thread.file_name().to_string_lossy().into_owned(), Duration::from_nanos(waited)))
    };
    threads.filter_map(of).collect()
}

#[test]
fn what_takes_longer_than_allowed_is_over() {
    let mut limit = Limit::of(Duration::from_millis(20));
    assert!(!limit.is_over() || limit.allowed() > Duration::from_millis(20));
    limit.held_up = Duration::from_secs(3_600);
    assert_eq!(limit.allowed(), Duration::from_millis(60), "it ends, however many threads wait");
    while !limit.is_over() {
        std::thread::yield_now();
    }
    assert!(limit.began.elapsed() > Duration::from_millis(60));
}
