//! An incident as its rows come in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{State, Step, fold_all, timeline};
use crate::id::{IncidentId, RowId, WriterId};
use crate::ledger::incident::{Entry, Incident};
use crate::ledger::order::place;
use crate::ledger::{Hlc, Row, kinds};

/// The rows of an incident and what they fold to, kept while rows come in.
///
/// A row that follows all others and changes no other line costs the same however many there are; for the rest (a
/// correction, an answer, a late arrival from another desk) everything is folded anew. Either way the incident equals
/// [`fold`](super::fold) over the same rows.
#[derive(Clone, Default)]
pub struct Folding {
    id: IncidentId,
    rows: Vec<Arc<Row>>,
    /// Every row that is here, and the ones that are named but are not.
    here: HashSet<RowId>,
    missing: HashSet<RowId>,
    /// Who first told each transition.
    told: HashMap<(String, String, String), WriterId>,
    /// The place of the last row; `None` where a clock was set back, so that places are not as the rows claim.
    last: Option<(Hlc, WriterId, u64, String)>,
    state: State,
    timeline: Vec<Arc<Entry>>,
}

impl Folding {
    /// Of an incident without rows.
    #[must_use]
    pub fn new(id: &IncidentId) -> Self {
        let mut folding = Self { id: id.clone(), ..Self::default() };
        folding.fold_anew();
        folding
    }

    /// The rows, in the order they came in.
    #[must_use]
    pub fn rows(&self) -> &[Arc<Row>] {
        &self.rows
    }

    /// The incident as it stands.
    #[must_use]
    pub fn incident(&self) -> Incident {
        self.state.clone().into_incident(self.timeline.clone())
    }

    /// Takes rows in and answers how many were new.
    pub fn take(&mut self, rows: impl IntoIterator<Item = Row>) -> usize {
        let before = self.rows.len();
        let mut anew = false;
        for row in rows {
            if !self.here.insert(row.hash.clone()) {
                continue;
            }
            let row = Arc::new(row);
            self.rows.push(Arc::clone(&row));
            anew = anew || !self.follow(&row);
        }
        if anew {
            self.fold_anew();
        }
        self.rows.len() - before
    }

    /// Folds one more row; false where everything has to be folded anew.
    fn follow(&mut self, row: &Row) -> bool {
        let here = owned(row);
        let opening = row.kind == kinds::INCIDENT_DECLARED;
        let awaited = self.missing.contains(&row.hash);
        let follows = self.last.as_ref().is_some_and(|last| *last < here);
        if row.incident != self.id || row.revises.is_some() || opening || awaited || !follows {
            return false;
        }
        self.last = Some(here);
        self.expect(row);
        if let Some(transition) = transition(row) {
            if let Some(first) = self.told.get(&transition) {
                return *first == row.writer;
            }
            self.told.insert(transition, row.writer.clone());
        }
        let step = Step::new(row, None);
        self.state.take(&step);
        let alone = self.state.touched.iter().all(|touched| *touched == row.hash);
        // Evidence is told in the words of the lines it rests on, which are put in when all are written.
        if !alone || row.kind.starts_with("hypothesis.") {
            return false;
        }
        self.state.touched.clear();
        timeline::add(&self.state, &mut self.timeline, &step);
        true
    }

    /// Remembers which rows are named that are not here.
    fn expect(&mut self, row: &Row) {
        let named = row.refs.iter().map(|it| RowId::new(&it.target)).chain(row.revises.clone());
        self.missing.extend(named.filter(|it| !self.here.contains(it)));
    }

    fn fold_anew(&mut self) {
        let (state, timeline, in_place) = fold_all(&self.id, &self.rows);
        (self.state, self.timeline) = (state, timeline);
        let rows = std::mem::take(&mut self.rows);
        self.missing.clear();
        self.told.clear();
        let mut sorted: Vec<&Arc<Row>> = rows.iter().filter(|row| row.incident == self.id).collect();
        sorted.sort_by_cached_key(|row| owned(row));
        for row in sorted {
            self.expect(row);
            if let Some(transition) = transition(row) {
                self.told.entry(transition).or_insert_with(|| row.writer.clone());
            }
        }
        let start = (Hlc::default(), WriterId::default(), 0, String::new());
        self.last = in_place.then(|| rows.iter().map(|row| owned(row)).max().unwrap_or(start));
        self.rows = rows;
    }
}

/// Where a row stands in the one order, as its writer's clock says.
fn owned(row: &Row) -> (Hlc, WriterId, u64, String) {
    let (hlc, writer, seq, hash) = place(row, &std::collections::BTreeMap::new());
    (hlc, writer.clone(), seq, hash.to_owned())
}

/// [`super::transition`], kept.
fn transition(row: &Row) -> Option<(String, String, String)> {
    super::transition(row).map(|(desk, source, id)| (desk.to_owned(), source.to_owned(), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::drafts;
    use crate::ledger::fold;
    use crate::ledger::fold::tests::{Book, act, at, by, commanded, declared};

    #[test]
    fn a_row_that_follows_is_taken_in_without_folding_anew() {
        let mut book = commanded();
        let mut folding = Folding::new(&"i".into());
        folding.take(book.rows.clone());
        book.write("a", 2, drafts::note(&by("Mei"), at(1), "carts are empty", &[], &[], ""));
        assert!(folding.follow(&book.rows[2]));
        let told = folding.incident();
        assert_eq!(told, book.incident());
        let lines: Vec<_> = told.timeline.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["Mei declared SEV-2: Checkout fails", "Mei took command", "carts are empty"]);
    }

    proptest! {
        #[test]
        fn taken_in_piece_by_piece_it_equals_the_fold_over_all(
            acts in prop::collection::vec((any::<u8>(), 0i64..9, any::<u8>(), any::<usize>()), 0..40),
            swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
            pieces in prop::collection::vec(1usize..5, 40),
            desks in 1u8..4,
        ) {
            let mut book = Book::default();
            book.write("a", 0, declared(0));
            let mut minute = 0;
            for (desk, later, what, which) in acts {
                minute += later;
                act(&mut book, desk % desks, minute, what, which);
            }
            // Mostly in order, as they come from one desk; a few late ones from others.
            for (a, b) in swaps {
                let (a, b) = (a.index(book.rows.len()), b.index(book.rows.len()));
                book.rows.swap(a, b);
            }
            let mut folding = Folding::new(&"i".into());
            let mut rest = book.rows.as_slice();
            for size in pieces.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at(size.min(rest.len()));
                folding.take(piece.iter().cloned());
                rest = after;
                let known = &book.rows[..book.rows.len() - rest.len()];
                prop_assert_eq!(folding.incident(), fold(&"i".into(), known));
            }
            prop_assert_eq!(folding.take(book.rows.clone()), 0);
        }
    }
}
