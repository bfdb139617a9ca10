//! The one order of all rows: hybrid logical clock, then writer, then number; clocks that run ahead are set back.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{CLOCK_AHEAD_LIMIT, Hlc, Row, kinds};
use crate::id::{RowId, WriterId};

/// Puts rows into fold order, whatever order they arrived in; a row that is there twice is kept once.
///
/// A desk whose clock is more than [`CLOCK_AHEAD_LIMIT`] ahead is set back by as much as it is ahead. That it is ahead
/// is known where another desk's row points at one of its rows, or follows its declaration, and yet claims to be
/// earlier; silence of the other desks alone proves nothing, and a third desk that agrees with it clears it.
pub fn order<R: Borrow<Row>>(rows: &mut Vec<R>) {
    let ahead = ahead(rows);
    rows.sort_by(|a, b| place(a.borrow(), &ahead).cmp(&place(b.borrow(), &ahead)));
    rows.dedup_by(|a, b| (*a).borrow().hash == (*b).borrow().hash);
}

/// As [`order`], for rows that stay where they are, with the writers that were set back.
pub(super) fn ordered<R: Borrow<Row>>(rows: &[R]) -> (Vec<&Row>, BTreeMap<WriterId, i64>) {
    let mut sorted: Vec<&Row> = rows.iter().map(Borrow::borrow).collect();
    let ahead = ahead(&sorted);
    sorted.sort_by(|a, b| place(a, &ahead).cmp(&place(b, &ahead)));
    sorted.dedup_by(|a, b| a.hash == b.hash);
    (sorted, ahead)
}

/// Where a row stands in the one order.
pub(super) fn place<'a>(row: &'a Row, ahead: &BTreeMap<WriterId, i64>) -> (Hlc, &'a WriterId, u64, &'a str) {
    (set_back(row, ahead), &row.writer, row.seq, row.hash.as_str())
}

/// The row's clock, set back by as much as its writer is ahead.
pub(super) fn set_back(row: &Row, ahead: &BTreeMap<WriterId, i64>) -> Hlc {
    let back = ahead.get(&row.writer).copied().unwrap_or(0);
    Hlc { micros: row.hlc.micros.saturating_sub(back), counter: row.hlc.counter }
}

/// The writers whose clocks are ahead, and by how many microseconds. Independent of the order of `rows`.
pub(super) fn ahead<R: Borrow<Row>>(rows: &[R]) -> BTreeMap<WriterId, i64> {
    let rows = || rows.iter().map(Borrow::borrow);
    let limit = CLOCK_AHEAD_LIMIT.num_microseconds().unwrap_or(i64::MAX);
    let mut last: BTreeMap<&WriterId, i64> = BTreeMap::new();
    for row in rows() {
        let known = last.entry(&row.writer).or_insert(row.hlc.micros);
        *known = (*known).max(row.hlc.micros);
    }
    if last.len() < 2 {
        return BTreeMap::new();
    }
    let by_hash: HashMap<&str, &Row> = rows().map(|row: &Row| (row.hash.as_str(), row)).collect();
    // The declaration that opened its desk's chain opened the incident, where there is only one.
    let openings: BTreeSet<&str> = rows()
        .filter(|row: &&Row| row.kind == kinds::INCIDENT_DECLARED && row.seq == 1)
        .map(|row| row.hash.as_str())
        .collect();
    let opening = if openings.len() == 1 { openings.first().copied() } else { None };
    let mut gaps: Vec<(i64, &WriterId, &WriterId, i64)> = Vec::new();
    for later in rows() {
        let named = later.refs.iter().map(|it| it.target.as_str()).chain(later.revises.iter().map(RowId::as_str));
        for earlier in named.chain(opening).filter_map(|hash| by_hash.get(hash)) {
            let gap = earlier.hlc.micros.saturating_sub(later.hlc.micros);
            if earlier.writer != later.writer && gap > limit {
                gaps.push((gap, &earlier.writer, &later.writer, earlier.hlc.micros));
            }
        }
    }
    gaps.sort_unstable_by_key(|it| Reverse(*it));
    let mut found = BTreeMap::new();
    for (gap, writer, behind, claimed) in gaps {
        let agrees = |(other, last): (&&WriterId, &i64)| {
            **other != *writer && **other != *behind && *last >= claimed.saturating_sub(limit)
        };
        // One microsecond more, so that what points at a row comes after it.
        if !last.iter().any(agrees) {
            found.entry(writer.clone()).or_insert(gap.saturating_add(1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::ledger::{Actor, Ref};
    use crate::time::{Moment, Stamp};

    const MINUTE: i64 = 60_000_000;

    fn row(hash: &str, writer: &str, seq: u64, minutes: i64, points_at: &[&str]) -> Row {
        let at = Moment::from_timestamp_micros(minutes * MINUTE).unwrap();
        let refs = points_at.iter().map(|it| Ref { role: "answers".into(), target: (*it).to_owned() }).collect();
        Row {
            schema: 1,
            hash: RowId::new(hash),
            incident: "i".into(),
            writer: writer.into(),
            seq,
            prev_hash: String::new(),
            hlc: Hlc { micros: minutes * MINUTE, counter: 0 },
            occurred: Stamp::exact(at),
            recorded_at: at,
            entered_on: writer.to_owned(),
            actor: Actor::Machine { name: "x".into() },
            kind: kinds::NOTE.to_owned(),
            payload: json!({}),
            source: String::new(),
            source_id: String::new(),
            refs,
            revises: None,
            signature: String::new(),
        }
    }

    fn names(rows: &[Row]) -> Vec<&str> {
        rows.iter().map(|row| row.hash.as_str()).collect()
    }

    #[test]
    fn a_clock_an_hour_ahead_is_set_back_so_that_an_answer_follows_its_question() {
        let mut rows =
            vec![row("answer", "b", 1, 1, &["offer"]), row("offer", "a", 1, 60, &[]), row("later", "a", 2, 70, &[])];
        order(&mut rows);
        assert_eq!(names(&rows), ["offer", "answer", "later"]);
        assert_eq!(ahead(&rows).keys().map(WriterId::as_str).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_desk_that_writes_on_alone_is_not_ahead() {
        let rows = [row("x", "a", 1, 0, &[]), row("y", "b", 1, 60, &["x"]), row("z", "b", 2, 90, &[])];
        assert!(ahead(&rows).is_empty());
    }

    #[test]
    fn a_third_desk_that_agrees_shows_that_the_other_one_is_behind() {
        let rows = [row("q", "a", 1, 60, &[]), row("late", "b", 1, 1, &["q"]), row("w", "c", 1, 61, &[])];
        assert!(ahead(&rows).is_empty());
    }

    #[test]
    fn a_declaration_by_a_clock_that_is_ahead_comes_first() {
        let declared = Row { kind: kinds::INCIDENT_DECLARED.into(), ..row("declared", "a", 1, 60, &[]) };
        let mut rows = vec![row("note", "b", 1, 2, &[]), declared];
        order(&mut rows);
        assert_eq!(names(&rows), ["declared", "note"]);
    }

    proptest! {
        #[test]
        fn any_arrival_order_gives_the_same_order(
            made in prop::collection::vec((0u8..3, 0i64..200, prop::option::of(0usize..12)), 1..12),
            swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..20),
        ) {
            let rows: Vec<Row> = made.iter().enumerate().map(|(number, (writer, minutes, to))| {
                let to: Vec<String> = to.iter().map(|it| format!("r{it}")).collect();
                let to: Vec<&str> = to.iter().map(String::as_str).collect();
                row(&format!("r{number}"), &format!("w{writer}"), number as u64 + 1, *minutes, &to)
            }).collect();
            let (mut one, mut two) = (rows.clone(), rows);
            for (a, b) in swaps {
                let (a, b) = (a.index(two.len()), b.index(two.len()));
                two.swap(a, b);
            }
            two.extend(one.first().cloned());
            order(&mut one);
            order(&mut two);
            prop_assert_eq!(one, two);
        }
    }
}
