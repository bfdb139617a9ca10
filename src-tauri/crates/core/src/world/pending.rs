//! What absorbed changes may have touched, until it is worked out anew.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Delta;
use super::arena::{Id, Word};
use super::edge::Half;
use crate::health::Health;

/// What absorbed changes may have touched.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) plain: Asked,
    pub(super) calls: Asked,
    /// Houses that say what they said, and may call somebody else by it.
    pub(super) calls_again: Asked,
    pub(super) services: Asked,
    /// Names of which measured calls may mean another object now.
    pub(super) names: FxHashSet<Word>,
    pub(super) before: FxHashMap<Id, Health>,
    /// Keys that nobody may name any more.
    pub(super) idle: Asked,
    pub(super) delta: Delta,
}

/// Numbers asked for, many of them again and again.
#[derive(Debug, Default)]
pub(super) struct Asked {
    ids: Vec<Id>,
    /// How many there were when none stood there twice.
    distinct: usize,
}

impl Asked {
    pub(super) fn add(&mut self, id: Id) {
        self.ids.push(id);
        if self.ids.len() > 2 * self.distinct + TIDIED {
            self.tidy();
        }
    }

    fn tidy(&mut self) {
        self.ids.sort_unstable();
        self.ids.dedup();
        self.distinct = self.ids.len();
    }

    /// Each once, in their order: what is given a number while they are worked through gets the same one every time.
    pub(super) fn take(&mut self) -> Vec<Id> {
        self.tidy();
        std::mem::take(self).ids
    }
}

/// More than this many numbers are looked through for those that stand there twice.
const TIDIED: usize = 16_384;

impl Pending {
    /// Asks for new proofs of an object.
    pub(super) fn prove(&mut self, id: Id, half: Half) {
        match half {
            Half::Plain => self.plain.add(id),
            Half::Calls => self.calls.add(id),
        }
    }

    /// Asks for new calls of a house of which nothing changed itself.
    pub(super) fn call_again(&mut self, id: Id) {
        self.calls_again.add(id);
    }

    /// Notes that a key may have no use any more.
    pub(super) fn may_be_idle(&mut self, id: Id) {
        self.idle.add(id);
    }

    /// Asks what measured calls of this name mean.
    pub(super) fn look_for(&mut self, name: Word) {
        self.names.insert(name);
    }

    /// Asks for new calls of everybody who may call this Service.
    pub(super) fn callers_of(&mut self, service: Id) {
        self.services.add(service);
    }
}

/// Numbers in their order: what is given a number while they are worked through gets the same one every time.
pub(super) fn in_order<T: Ord>(ids: FxHashSet<T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.into_iter().collect();
    ids.sort_unstable();
    ids
}
