//! Verdicts that differ at a moment although nothing changes.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::arena::Id;
use crate::time::Moment;

/// Objects by the moment at which they must be judged again.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    order: BTreeSet<(Moment, Id)>,
    of: FxHashMap<Id, Moment>,
    /// The latest moment each was judged by that had come.
    passed: FxHashMap<Id, Moment>,
}

impl Due {
    /// Remembers when an object must be judged again, or that it need not, and what it was judged by that had come.
    pub(super) fn set(&mut self, id: Id, at: Option<Moment>, passed: Option<Moment>) {
        match passed {
            Some(passed) => self.passed.insert(id, passed),
            None => self.passed.remove(&id),
        };
        let before = match at {
            Some(at) => self.of.insert(id, at),
            None => self.of.remove(&id),
        };
        if let Some(before) = before {
            self.order.remove(&(before, id));
        }
        if let Some(at) = at {
            self.order.insert((at, id));
        }
    }

    /// The first moment.
    pub(super) fn first(&self) -> Option<Moment> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Every object that waits for one.
    pub(super) fn all(&self) -> Vec<Id> {
        self.order.iter().map(|(_, id)| *id).collect()
    }

    /// The objects that would be judged otherwise if it were no later than this; all that ever asked, where nobody would
    /// have told the time.
    pub(super) fn after(&self, now: Option<Moment>) -> Vec<Id> {
        let passed = self.passed.iter().filter(|(_, at)| now.is_none_or(|now| **at > now)).map(|(id, _)| *id);
        let mut found: Vec<Id> = passed.chain(if now.is_none() { self.all() } else { Vec::new() }).collect();
        found.sort_unstable();
        found
    }

    /// The objects whose moment has come.
    pub(super) fn until(&self, now: Moment) -> Vec<Id> {
        self.order.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }
}
