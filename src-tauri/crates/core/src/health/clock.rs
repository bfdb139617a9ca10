//! The time as far as a verdict may know it: a parameter, told to the world and recorded like everything else.

use std::cell::Cell;

use crate::time::Moment;

/// The latest moment that was told, and the next at which a verdict would differ.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    now: Option<Moment>,
    next: Cell<Option<Moment>>,
    passed: Cell<Option<Moment>>,
}

impl Clock {
    /// A clock at a moment; one nobody told the time answers nothing.
    #[must_use]
    pub fn at(now: Option<Moment>) -> Self {
        Self { now, ..Self::default() }
    }

    /// Whether a moment has come; nothing where the time was never told. Whoever asks is judged again once it has.
    pub(super) fn has_come(&self, moment: Moment) -> Option<bool> {
        let has = self.now.map(|now| now >= moment);
        if has == Some(true) {
            self.passed.set(self.passed.get().max(Some(moment)));
        } else {
            let sooner = self.next.get().is_none_or(|known| moment < known);
            self.next.set(if sooner { Some(moment) } else { self.next.get() });
        }
        has
    }

    /// The first moment at which what was asked has another answer.
    #[must_use]
    pub fn next(&self) -> Option<Moment> {
        self.next.get()
    }

    /// The latest moment that was asked for and had come: before it what was asked has another answer.
    #[must_use]
    pub fn passed(&self) -> Option<Moment> {
        self.passed.get()
    }
}
