//! Waiting, and how long it took: the runtime's time, or that of a test in which hours pass in an instant.

use std::pin::pin;
use std::time::Duration;

use broadstreet_core::ports::Answer;
use futures_util::future::{Either, select};

/// Lets time pass.
pub trait Timer: Send + Sync {
    /// How much time went by since this timer began; it never goes back, and may stand still while the machine sleeps.
    fn elapsed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, how_long: Duration) -> Answer<'static, ()>;
}

/// The runtime's time.
pub struct RuntimeTimer(tokio::time::Instant);

impl RuntimeTimer {
    /// Begins now.
    pub fn new() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Timer for RuntimeTimer {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, how_long: Duration) -> Answer<'static, ()> {
        Box::pin(tokio::time::sleep(how_long))
    }
}

/// What `work` comes to, or nothing where it takes longer than `limit`.
pub async fn within<T>(timer: &dyn Timer, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let (work, over) = (pin!(work), timer.sleep(limit));
    match select(work, over).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}
