//! Pauses between tries: doubling, bounded, jittered so that thirty watches do not come back in one instant.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);

/// How often something failed in a row, and so how long to wait.
#[derive(Debug)]
pub struct Backoff {
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Never pauses longer than `longest`.
    pub fn new(longest: Duration) -> Self {
        Self { longest, failures: 0 }
    }

    /// Failures since the last progress.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Something went well.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure and says how long to wait: between half and all of `250 ms · 2^failures`, at most the longest.
    /// What the server asked for is at least kept to, but not beyond ten times the longest.
    pub fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let jittered = doubled.div_f64(2.0).mul_f64(1.0 + fraction());
        asked.map_or(jittered, |asked| asked.min(self.longest * 10).mul_f64(1.0 + fraction() / 10.0).max(jittered))
    }
}

/// A number in 0..1 that differs each time; nothing secret hangs on it.
pub fn fraction() -> f64 {
    (RandomState::new().hash_one(0_u8) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_honour_what_was_asked() {
        let mut backoff = Backoff::new(Duration::from_secs(4));
        let within = |pause: Duration, low: u64, high: u64| {
            assert!((low..=high).contains(&(pause.as_millis() as u64)), "{pause:?} not in {low}..{high}");
        };
        within(backoff.pause(None), 125, 250);
        within(backoff.pause(None), 250, 500);
        within(backoff.pause(Some(Duration::from_secs(7))), 7_000, 7_700);
        within(backoff.pause(Some(Duration::from_secs(3600))), 40_000, 44_000);
        for _ in 0..40 {
            within(backoff.pause(None), 0, 4_000);
        }
        within(backoff.pause(None), 2_000, 4_000);
        backoff.reset();
        within(backoff.pause(None), 125, 250);
    }
}
