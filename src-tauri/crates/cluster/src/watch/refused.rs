//! What of a kind is refused, and whose turn it is to be asked for again: one place a minute, however many there are.

use std::collections::BTreeMap;
use std::time::Duration;

use broadstreet_core::resource::KINDS;

use crate::watch::Kind;

/// The places of a kind that were refused: the whole of it, which has no name here, and namespaces.
#[derive(Debug)]
pub struct Refused {
    namespaces: BTreeMap<String, &'static str>,
    /// The place asked for next, counted round and round: the whole is 0.
    next: usize,
    /// Whether the last question was answered, so that the next may be asked at once.
    was_allowed: bool,
}

impl Refused {
    /// Only the whole. Kinds differ in where they begin, so that together they look everywhere.
    pub fn starting_at(info: &Kind) -> Self {
        let at = KINDS.iter().position(|it| it.plural == info.plural && it.group == info.group).unwrap_or_default();
        Self { namespaces: BTreeMap::new(), next: at, was_allowed: false }
    }

    /// A namespace was refused `verb`.
    pub fn put(&mut self, namespace: &str, verb: &'static str) {
        self.namespaces.insert(namespace.to_owned(), verb);
    }

    /// A namespace is no longer of interest.
    pub fn forget(&mut self, namespace: &str) {
        self.namespaces.remove(namespace);
    }

    /// A namespace may be listed. Where watching it was refused, that is going to be asked next, and may be refused again.
    pub fn allowed(&mut self, namespace: &str) {
        self.was_allowed = self.namespaces.remove(namespace) == Some("list");
    }

    /// How long until the next question: `usual` after one that was refused.
    pub fn pause(&mut self, usual: Duration) -> Duration {
        if std::mem::take(&mut self.was_allowed) { Duration::ZERO } else { usual }
    }

    /// The place whose turn it is; empty for the whole.
    pub fn next(&mut self) -> String {
        let turn = self.next % (self.namespaces.len() + 1);
        self.next += 1;
        turn.checked_sub(1).and_then(|at| self.namespaces.keys().nth(at)).cloned().unwrap_or_default()
    }

    /// One of the places that another kind found given back, if it was refused here.
    pub fn hinted<'p>(&self, mut places: impl Iterator<Item = &'p String>) -> Option<String> {
        places.find(|place| place.is_empty() || self.namespaces.contains_key(*place)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(namespaces: &[&str]) -> Refused {
        let mut refused = Refused::starting_at(&(&KINDS[0]).into());
        for namespace in namespaces {
            refused.put(namespace, "list");
        }
        refused
    }

    #[test]
    fn every_refused_place_has_its_turn() {
        let mut places = refused(&["a", "b"]);
        let turns: Vec<String> = (0..4).map(|_| places.next()).collect();
        assert_eq!(turns, ["", "a", "b", ""]);
        places.forget("a");
        let turns: Vec<String> = (0..2).map(|_| places.next()).collect();
        assert_eq!(turns, ["", "b"]);
        assert_eq!(refused(&[]).next(), "");
        let mut of_the_next_kind = Refused::starting_at(&(&KINDS[1]).into());
        of_the_next_kind.put("a", "list");
        assert_eq!(of_the_next_kind.next(), "a", "kinds differ in where they begin");
    }

    #[test]
    fn what_another_kind_found_is_asked_for_where_it_was_refused_here_too() {
        let places = refused(&["a"]);
        let hinted = |given_back: &[&str]| {
            let given_back: Vec<String> = given_back.iter().map(|it| (*it).to_owned()).collect();
            places.hinted(given_back.iter())
        };
        assert_eq!(hinted(&["b"]), None);
        assert_eq!(hinted(&["b", "a"]).as_deref(), Some("a"));
        assert_eq!(hinted(&[""]).as_deref(), Some(""));
    }

    #[test]
    fn one_refusal_a_minute_is_caused_and_an_allowed_place_costs_no_turn() {
        let usual = Duration::from_secs(60);
        let mut places = refused(&["a"]);
        places.put("b", "watch");
        assert_eq!(places.pause(usual), usual);
        places.allowed("a");
        assert_eq!(places.pause(usual), Duration::ZERO);
        assert_eq!(places.pause(usual), usual);
        // It may be listed and not watched: watching it is going to be refused.
        places.allowed("b");
        assert_eq!(places.pause(usual), usual);
    }
}
