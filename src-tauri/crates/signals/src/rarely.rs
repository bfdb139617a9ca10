//! What hardly changes is not asked for at every poll.

use std::sync::{Mutex, PoisonError};

/// Polls that make do with one answer: about a minute.
const POLLS: u32 = 12;

/// The last answer to a question that is asked rarely.
pub(crate) struct Rarely<T> {
    kept: Mutex<(u32, Option<T>)>,
}

impl<T> Default for Rarely<T> {
    fn default() -> Self {
        Self { kept: Mutex::new((0, None)) }
    }
}

impl<T: Clone> Rarely<T> {
    /// The last answer; `None` when it is time to ask.
    pub fn known(&self) -> Option<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 = kept.0.checked_sub(1)?;
        kept.1.clone()
    }

    /// Keeps an answer for the polls to come. Where none is kept, the next poll asks again.
    pub fn keep(&self, answer: T) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = (POLLS - 1, Some(answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_serves_some_polls_and_a_failure_none() {
        let rarely: Rarely<u8> = Rarely::default();
        assert_eq!((rarely.known(), rarely.known()), (None, None));
        rarely.keep(7);
        assert!((1..POLLS).all(|_| rarely.known() == Some(7)));
        assert_eq!(rarely.known(), None);
    }
}
