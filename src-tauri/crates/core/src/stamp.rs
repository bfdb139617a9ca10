//! Marks that tell the states of a thing apart.

use std::sync::atomic::{AtomicU64, Ordering};

static LAST: AtomicU64 = AtomicU64::new(0);

/// A mark no other state has. A copy of a thing bears the mark of the thing until either takes a new one; it is no part of
/// what the thing is, so that all marks are equal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Whether both mark the same state.
    pub fn is(self, other: Self) -> bool {
        self.0 == other.0
    }
}

impl Default for Stamp {
    fn default() -> Self {
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

impl PartialEq for Stamp {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Stamp {}
