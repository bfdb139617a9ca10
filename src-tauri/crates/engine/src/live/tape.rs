//! The recording under way: a keyframe, then every change as received, kept every second.
//!
//! What the store has is let go: only what came since is held here, and only that is written.

use std::collections::VecDeque;
use std::sync::Arc;

use broadstreet_core::plan::Plan;
use broadstreet_core::recording::{Piece, Received, Segment, Taken};
use broadstreet_core::resource::Object;
use broadstreet_core::time::Moment;
use broadstreet_core::world::Change;
use chrono::Duration;

/// A new keyframe is taken at least this often once the changes outweigh it.
const KEYFRAME_EVERY: Duration = Duration::minutes(15);

/// A new keyframe is taken at least this often while anything changes: what is older than the rolling window goes by
/// whole segments.
const LONGEST: Duration = Duration::hours(2);

/// A segment with fewer changes than this is not ended for its size.
const FEW_CHANGES: usize = 2_000;

/// How many changes are read back in the time one object of a keyframe takes, roughly: past this many a keyframe is
/// the faster way.
const CHANGES_PER_OBJECT: usize = 2;

/// As many changes are handed to the store at once: a whole cluster was listed in more, and what it takes to encode them
/// all is held beside them.
const AT_ONCE: usize = 16_384;

/// A segment being written.
#[derive(Clone, Debug, Default)]
struct Reel {
    from: Option<Moment>,
    until: Option<Moment>,
    /// Keyframe and plan until they are kept.
    first: Option<(Vec<Change>, Plan)>,
    /// What was received and is not kept yet.
    open: Vec<Taken>,
    /// How many of those are on their way to the store.
    under_way: usize,
    stored: Option<i64>,
    is_under_way: bool,
    dirty: bool,
    /// How many objects the keyframe has.
    keyframe: usize,
    /// How many changes there were.
    changes: usize,
}

/// What is to be kept next.
#[derive(Debug)]
pub enum Unkept {
    /// A segment the store does not have, but for the plan it begins with. As JSON that is several times as large: it is
    /// made when it is kept.
    New(Segment, Plan),
    /// What came since to one it has.
    More(i64, Piece),
}

/// What of the segment being written the store may not have yet.
#[derive(Clone, Debug)]
pub struct Tail {
    /// Begins with the keyframe where that is not kept, else with what came since.
    pub segment: Segment,
    /// The segment in the store these changes follow.
    pub stored: Option<i64>,
}

/// The recording under way: the segment being written, and before it those that ended and are not wholly kept yet.
#[derive(Debug, Default)]
pub struct Tape {
    ended: VecDeque<Reel>,
    reel: Reel,
    lost: bool,
}

impl Tape {
    /// Starts a segment at a keyframe.
    pub fn start(&mut self, keyframe: Vec<Change>, plan: Plan, at: Moment) {
        let next = Reel {
            from: Some(at),
            until: Some(at),
            keyframe: keyframe.len(),
            first: Some((keyframe, plan)),
            dirty: true,
            ..Reel::default()
        };
        let before = std::mem::replace(&mut self.reel, next);
        if (before.dirty || before.is_under_way) && before.from.is_some() && !self.lost {
            self.ended.push_back(before);
        }
        self.lost = false;
    }

    /// Takes a change; `base` is what it replaced, as it was recorded last.
    pub fn take(&mut self, at: Moment, change: Change, base: Option<Arc<Object>>) {
        self.reel.open.push(Taken { at, change, base });
        self.reel.changes += 1;
        self.reel.until = Some(at);
        self.reel.dirty = true;
    }

    /// Says that nothing else changed until `at`.
    pub fn live_until(&mut self, at: Moment) {
        if self.reel.from.is_some() && self.reel.until.is_none_or(|until| until < at) {
            self.reel.until = Some(at);
            self.reel.dirty = true;
        }
    }

    /// True where it is time for a new keyframe.
    pub fn is_full(&self, now: Moment) -> bool {
        let Reel { changes, keyframe, .. } = self.reel;
        let long = changes > FEW_CHANGES && changes > CHANGES_PER_OBJECT * keyframe;
        self.lost
            || self.reel.from.is_some_and(|from| {
                let (outweighed, old) = (now - from > KEYFRAME_EVERY, now - from > LONGEST);
                long || (outweighed && changes > keyframe) || (old && changes > 0)
            })
    }

    /// What is to be kept now: of the oldest segment that is not wholly kept. Whoever asks is the only one who keeps, so
    /// what was under way before is taken as not kept.
    pub fn unkept(&mut self) -> Option<Unkept> {
        let reel = self.ended.front_mut().unwrap_or(&mut self.reel);
        if !(reel.dirty || reel.is_under_way) || reel.from.is_none() {
            return None;
        }
        let (some, rest) = reel.open.split_at(reel.open.len().min(AT_ONCE));
        let until = if rest.is_empty() { reel.until } else { some.last().map(|taken| taken.at) };
        let unkept = match (reel.stored, until) {
            (Some(id), Some(until)) => {
                Unkept::More(id, Piece { first: reel.changes - reel.open.len(), until, changes: some.to_vec() })
            }
            _ => {
                let plan = reel.first.as_ref().map(|(_, plan)| plan.clone()).unwrap_or_default();
                Unkept::New(reel.segment(some, until), plan)
            }
        };
        reel.dirty = !rest.is_empty();
        reel.is_under_way = true;
        reel.under_way = some.len();
        Some(unkept)
    }

    /// Lets go what was kept, and remembers the number of its segment. True where there is more to keep at once.
    pub fn was_kept(&mut self, id: i64) -> bool {
        let reel = self.ended.front_mut().unwrap_or(&mut self.reel);
        reel.stored = Some(id);
        reel.first = None;
        reel.open.drain(..reel.under_way);
        // What a whole cluster took when it was listed is not needed for what comes one by one.
        reel.open.shrink_to(2 * reel.open.len());
        reel.under_way = 0;
        reel.is_under_way = false;
        if !self.ended.is_empty() && !self.ended[0].dirty {
            self.ended.pop_front();
            return true;
        }
        !self.ended.is_empty() || self.reel.open.len() >= AT_ONCE
    }

    /// Says that keeping failed: it is tried again.
    pub fn was_not_kept(&mut self) {
        let reel = self.ended.front_mut().unwrap_or(&mut self.reel);
        reel.dirty = true;
        reel.is_under_way = false;
    }

    /// Says that the store no longer has the segment that was to grow: what came since is lost with it, and the next
    /// begins.
    pub fn was_lost(&mut self) {
        if self.ended.pop_front().is_none() {
            self.reel.open.clear();
            self.reel.is_under_way = false;
            self.lost = true;
        }
    }

    /// What the store may not have yet of the segment being written, where that began by `at`; else of the one before.
    pub fn tail(&self, at: Moment) -> Option<Tail> {
        let reels = std::iter::once(&self.reel).chain(self.ended.iter().rev());
        let reel = reels.into_iter().find(|reel| reel.from.is_some_and(|from| from <= at))?;
        let mut segment = reel.segment(&reel.open, reel.until);
        if let Some((_, plan)) = &reel.first {
            segment.plan = plan.to_json();
        }
        Some(Tail { segment, stored: reel.stored.filter(|_| reel.first.is_none()) })
    }

    /// The number of the segment being written, where the store has its keyframe.
    pub fn stored(&self) -> Option<i64> {
        self.reel.stored
    }

    /// How many changes are held that the store does not have.
    pub fn held(&self) -> usize {
        self.reel.open.len() + self.reel.first.as_ref().map_or(0, |(keyframe, _)| keyframe.len())
    }
}

impl Reel {
    /// What is not kept but for the plan, with some of its changes and known until the last of them.
    fn segment(&self, changes: &[Taken], until: Option<Moment>) -> Segment {
        let received = |taken: &Taken| Received { at: taken.at, change: taken.change.clone() };
        let keyframe = self.first.as_ref().map(|(keyframe, _)| keyframe.clone()).unwrap_or_default();
        let changes = changes.iter().map(received).collect();
        Segment { from: self.from, until, keyframe, plan: serde_json::Value::Null, changes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Moment {
        Moment::from_timestamp_micros((1_800_000_000 + second) * 1_000_000).unwrap()
    }

    fn cluster(id: i64) -> Change {
        Change::Cluster { id: id.to_string(), label: String::new(), version: String::new() }
    }

    fn started() -> Tape {
        let mut tape = Tape::default();
        tape.start(vec![cluster(0)], Plan::default(), at(0));
        tape
    }

    fn keep(tape: &mut Tape) -> Vec<(Option<i64>, usize)> {
        let mut kept = Vec::new();
        while let Some(unkept) = tape.unkept() {
            let (id, changes) = match unkept {
                Unkept::New(segment, _) => (None, segment.changes.len()),
                Unkept::More(id, piece) => (Some(id), piece.changes.len()),
            };
            kept.push((id, changes));
            tape.was_kept(id.unwrap_or(7));
        }
        kept
    }

    #[test]
    fn only_what_is_new_is_kept_and_then_let_go() {
        let mut tape = started();
        tape.take(at(1), cluster(1), None);
        assert_eq!(keep(&mut tape), [(None, 1)]);
        assert_eq!(tape.held(), 0);
        assert_eq!(keep(&mut tape), []);
        tape.take(at(2), cluster(2), None);
        tape.take(at(2), cluster(3), None);
        assert_eq!(keep(&mut tape), [(Some(7), 2)]);
        tape.live_until(at(3));
        assert_eq!(keep(&mut tape), [(Some(7), 0)]);
    }

    #[test]
    fn what_a_whole_cluster_took_is_kept_in_parts_one_after_the_other() {
        let mut tape = started();
        let many = 2 * AT_ONCE + 1;
        for second in 0..many {
            tape.take(at(second as i64), cluster(1), None);
        }
        let Some(Unkept::New(first, _)) = tape.unkept() else { panic!("a segment the store does not have") };
        assert_eq!((first.changes.len(), first.until), (AT_ONCE, Some(at(AT_ONCE as i64 - 1))), "known as far as told");
        assert!(tape.was_kept(7), "there is more to keep");
        assert_eq!(
            tape.tail(at(0)).map(|tail| (tail.stored, tail.segment.changes.len())),
            Some((Some(7), AT_ONCE + 1))
        );
        // The next segment may begin meanwhile.
        tape.start(Vec::new(), Plan::default(), at(many as i64));
        let Some(Unkept::More(7, second)) = tape.unkept() else { panic!("more of it") };
        assert_eq!((second.first, second.changes.len()), (AT_ONCE, AT_ONCE));
        assert!(tape.was_kept(7), "there is more to keep");
        let Some(Unkept::More(7, last)) = tape.unkept() else { panic!("the rest of it") };
        assert_eq!((last.first, last.changes.len(), last.until), (2 * AT_ONCE, 1, at(many as i64 - 1)));
        assert!(tape.was_kept(7), "there is more to keep");
        assert!(matches!(tape.unkept(), Some(Unkept::New(..))), "the segment that began");
    }

    #[test]
    fn what_comes_while_keeping_is_kept_next() {
        let mut tape = started();
        assert!(tape.unkept().is_some());
        tape.take(at(1), cluster(1), None);
        tape.was_kept(7);
        assert_eq!(keep(&mut tape), [(Some(7), 1)]);
    }

    #[test]
    fn a_segment_that_ends_while_it_is_kept_is_not_kept_twice() {
        let mut tape = started();
        assert!(tape.unkept().is_some());
        tape.start(Vec::new(), Plan::default(), at(2));
        assert!(tape.was_kept(7), "there is more to keep");
        assert_eq!(keep(&mut tape), [(None, 0)]);
    }

    #[test]
    fn what_was_cut_off_while_it_was_kept_is_kept_again_in_its_place() {
        let mut tape = started();
        tape.take(at(1), cluster(1), None);
        keep(&mut tape);
        tape.take(at(2), cluster(2), None);
        assert!(matches!(tape.unkept(), Some(Unkept::More(7, Piece { first: 1, .. }))));
        tape.take(at(3), cluster(3), None);
        assert!(matches!(tape.unkept(), Some(Unkept::More(7, Piece { first: 1, changes, .. })) if changes.len() == 2));
    }

    #[test]
    fn what_could_not_be_kept_is_tried_again() {
        let mut tape = started();
        assert!(tape.unkept().is_some());
        tape.was_not_kept();
        assert_eq!(keep(&mut tape), [(None, 0)]);
    }

    #[test]
    fn a_segment_that_ended_is_kept_before_the_next() {
        let mut tape = started();
        tape.take(at(1), cluster(1), None);
        tape.start(Vec::new(), Plan::default(), at(2));
        tape.take(at(3), cluster(2), None);
        tape.take(at(4), cluster(3), None);
        assert_eq!(keep(&mut tape), [(None, 1), (None, 2)]);
    }

    #[test]
    fn a_segment_the_store_lost_is_followed_by_a_new_one() {
        let mut tape = started();
        keep(&mut tape);
        tape.take(at(1), cluster(1), None);
        assert!(!tape.is_full(at(1)));
        assert!(tape.unkept().is_some());
        tape.was_lost();
        assert!(tape.is_full(at(1)));
        tape.start(Vec::new(), Plan::default(), at(2));
        assert_eq!(keep(&mut tape), [(None, 0)]);
    }

    #[test]
    fn a_keyframe_is_taken_when_the_changes_outweigh_it() {
        let mut tape = started();
        tape.take(at(1), cluster(1), None);
        assert!(!tape.is_full(at(901)), "one change on a keyframe of one");
        tape.take(at(2), cluster(1), None);
        assert!(!tape.is_full(at(60)));
        assert!(tape.is_full(at(901)));
        let mut quiet = started();
        assert!(!quiet.is_full(at(9_000)));
        quiet.take(at(1), cluster(1), None);
        assert!(quiet.is_full(at(9_000)));
    }
}
