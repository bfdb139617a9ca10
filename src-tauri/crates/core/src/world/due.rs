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
}

impl Due {
    /// Remembers when an object must be judged again, or that it need not.
    pub(super) fn set(&mut self, id: Id, at: Option<Moment>) {
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

    /// The objects whose moment has come.
    pub(super) fn until(&self, now: Moment) -> Vec<Id> {
        self.order.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }
}
