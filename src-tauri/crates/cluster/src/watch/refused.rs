//! What of a kind is refused, and whose turn it is to be asked for again: one place a minute, however many there are.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use broadstreet_core::resource::KINDS;

use crate::watch::Kind;

/// Until it is known whether what may be listed may be watched too.
const SETTLED_WITHIN: Duration = Duration::from_secs(1);

/// The places of a kind that were refused: the whole of it, which has no name here, and namespaces.
///
/// Moments are those of the timer.
#[derive(Debug)]
pub struct Refused {
    namespaces: BTreeMap<String, &'static str>,
    /// The place asked for next, counted round and round: the whole is 0.
    next: usize,
    /// When a place was asked for last.
    asked_at: Duration,
    /// When the server refused anything of the kind last.
    turned_down_at: Duration,
    /// So many questions in a row were answered, so that the next may be asked at once.
    in_a_row: u32,
    /// Places that another kind found given back, each once.
    hints: VecDeque<String>,
}

impl Refused {
    /// Only the whole, refused just now. Kinds differ in where they begin, so that together they look everywhere.
    pub fn starting_at(info: &Kind, now: Duration) -> Self {
        let at = KINDS.iter().position(|it| it.plural == info.plural && it.group == info.group).unwrap_or_default();
        let (namespaces, hints) = (BTreeMap::new(), VecDeque::new());
        Self { namespaces, next: at, asked_at: now, turned_down_at: now, in_a_row: 0, hints }
    }

    /// A namespace was refused `verb` just now.
    pub fn put(&mut self, namespace: &str, verb: &'static str, now: Duration) {
        self.namespaces.insert(namespace.to_owned(), verb);
        self.refused(now);
    }

    /// What was asked for is refused still.
    pub fn refused(&mut self, now: Duration) {
        (self.turned_down_at, self.in_a_row) = (now, 0);
        // What was found for another kind is not so for this one.
        self.hints.clear();
    }

    /// A namespace is no longer of interest.
    pub fn forget(&mut self, namespace: &str) {
        self.namespaces.remove(namespace);
    }

    /// A place may be listed; true where that is news. Where watching it was refused it is none, and watching it is going to be
    /// asked next, and may be refused again.
    pub fn allowed(&mut self, place: &str) -> bool {
        let is_news = place.is_empty() || self.namespaces.remove(place) == Some("list");
        self.in_a_row = if is_news { self.in_a_row + 1 } else { 0 };
        is_news
    }

    /// When the next question may be asked: `usual` after the last, and never within that of a refusal.
    pub fn due(&self, usual: Duration) -> Duration {
        let pause = match self.in_a_row {
            0 => usual,
            1 => SETTLED_WITHIN,
            _ => Duration::ZERO,
        };
        (self.asked_at + pause).max(if self.in_a_row == 0 { self.turned_down_at + usual } else { Duration::ZERO })
    }

    /// The place whose turn it is; empty for the whole. What another kind found given back comes first.
    ///
    /// Whoever may list and watch the whole may do so in each namespace: while one is refused, the whole is not asked for in
    /// vain, and what is given back there is noticed within one turn.
    pub fn next(&mut self, now: Duration) -> String {
        self.asked_at = now;
        while let Some(hint) = self.hints.pop_front() {
            if hint.is_empty() || self.namespaces.contains_key(&hint) {
                return hint;
            }
        }
        let places = self.namespaces.len() + 1;
        let in_vain = self.in_a_row == 0 && !self.namespaces.is_empty();
        if in_vain && self.next.is_multiple_of(places) {
            self.next += 1;
        }
        let turn = self.next % places;
        self.next += 1;
        turn.checked_sub(1).and_then(|at| self.namespaces.keys().nth(at)).cloned().unwrap_or_default()
    }

    /// Another kind found these places given back: where they were refused here too, their turn is next.
    pub fn hint(&mut self, places: impl IntoIterator<Item = String>) {
        for place in places {
            let is_refused = place.is_empty() || self.namespaces.contains_key(&place);
            if is_refused && !self.hints.contains(&place) {
                self.hints.push_back(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_mins(1);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn refused(namespaces: &[(&str, &'static str)]) -> Refused {
        let mut refused = Refused::starting_at(&(&KINDS[0]).into(), at(0));
        for (namespace, verb) in namespaces {
            refused.put(namespace, verb, at(0));
        }
        refused
    }

    fn turns<const N: usize>(places: &mut Refused) -> [String; N] {
        std::array::from_fn(|_| places.next(at(0)))
    }

    #[test]
    fn every_refused_place_has_its_turn_and_the_whole_only_where_no_namespace_is_refused() {
        let mut places = refused(&[("a", "list"), ("b", "list")]);
        assert_eq!(turns(&mut places), ["a", "b", "a"]);
        places.forget("a");
        assert_eq!(turns(&mut places), ["b", "b"]);
        places.put("b", "watch", at(0));
        assert_eq!(turns(&mut places), ["b", "b"], "whether it was listing or watching that was refused");
        assert_eq!(turns(&mut refused(&[])), [""]);
        let mut of_the_next_kind = Refused::starting_at(&(&KINDS[1]).into(), at(0));
        for name in ["a", "b"] {
            of_the_next_kind.put(name, "list", at(0));
        }
        assert_eq!(turns(&mut of_the_next_kind), ["a", "b"]);
        let mut of_the_one_after = Refused::starting_at(&(&KINDS[2]).into(), at(0));
        for name in ["a", "b"] {
            of_the_one_after.put(name, "list", at(0));
        }
        assert_eq!(turns(&mut of_the_one_after), ["b", "a"], "kinds differ in where they begin");
    }

    #[test]
    fn once_a_namespace_is_allowed_the_whole_is_asked_too() {
        let mut places = refused(&[("a", "list")]);
        assert_eq!(turns(&mut places), ["a"]);
        assert!(places.allowed("a"));
        assert_eq!(turns(&mut places), [""]);
    }

    #[test]
    fn what_another_kind_found_chooses_the_next_turn_where_it_was_refused_here_too() {
        let hints = |places: &mut Refused, names: &[&str]| places.hint(names.iter().map(|it| (*it).to_owned()));
        let mut places = refused(&[("a", "list"), ("b", "list")]);
        hints(&mut places, &["c", "b"]);
        assert_eq!(places.due(USUAL), at(60), "no sooner than it would be");
        assert_eq!(turns(&mut places), ["b", "a"]);
        hints(&mut places, &["", "b", "b"]);
        assert_eq!(turns(&mut places), [""]);
        places.refused(at(60));
        assert_eq!(turns(&mut places), ["b", "a"], "the others are no hints any more");
    }

    #[test]
    fn one_refusal_a_minute_is_caused_and_an_allowed_place_costs_no_turn() {
        let mut places = refused(&[("a", "list"), ("b", "list"), ("c", "list")]);
        assert_eq!(places.due(USUAL), at(60));
        assert_eq!(places.next(at(60)), "a");
        assert!(places.allowed("a"));
        assert_eq!(places.due(USUAL), at(61), "by then it is known whether it may be watched too");
        assert_eq!(places.next(at(61)), "c");
        assert!(places.allowed("c"));
        assert_eq!(places.due(USUAL), at(61));
        places.put("a", "watch", at(70));
        assert_eq!(places.due(USUAL), at(130), "whatever was refused");
        // It may be listed and not watched: watching it is going to be refused.
        let mut places = refused(&[("a", "watch")]);
        assert_eq!([places.next(at(60)), places.next(at(120))], ["a", "a"]);
        assert!(!places.allowed("a"), "that is no news");
        assert_eq!(places.due(USUAL), at(180));
    }
}
