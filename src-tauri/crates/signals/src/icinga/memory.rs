//! What Icinga itself forgets: attempts only the event stream told, ends of problems, and when the stream was heard.

use std::collections::{BTreeMap, BTreeSet};

use broadstreet_core::pages::PageAttempt;
use broadstreet_core::time::{Moment, Window};

use crate::paging::{self, Answered};

/// Attempts kept; the oldest go first.
const ATTEMPTS: usize = 20_000;

/// Ends and acknowledgements kept per host or service.
const PER_SUBJECT: usize = 50;

/// Spans kept in which the stream was heard.
const SPANS: usize = 1_000;

/// What is remembered while the program runs.
#[derive(Debug, Default)]
pub(super) struct Memory {
    attempts: BTreeMap<String, PageAttempt>,
    ends: BTreeMap<String, BTreeSet<Moment>>,
    answers: BTreeMap<String, Vec<Answered>>,
    asked_since: Option<Moment>,
    heard: Vec<Window>,
    open: usize,
    last_event: Option<Moment>,
}

impl Memory {
    /// Learns an attempt; the first telling stands.
    pub fn learn(&mut self, attempt: PageAttempt) {
        self.attempts.entry(attempt.source_id.clone()).or_insert(attempt);
        while self.attempts.len() > ATTEMPTS {
            let oldest =
                self.attempts.iter().min_by_key(|(_, attempt)| paging::went_out(attempt)).map(|(id, _)| id.clone());
            if oldest.and_then(|id| self.attempts.remove(&id)).is_none() {
                break;
            }
        }
    }

    /// Learns that a problem ended.
    pub fn learn_end(&mut self, subject: &str, at: Moment) {
        let ends = self.ends.entry(subject.to_owned()).or_default();
        ends.insert(at);
        if ends.len() > PER_SUBJECT {
            ends.pop_first();
        }
    }

    /// Learns an acknowledgement. The objects and the stream tell the same one microseconds apart; one is kept.
    pub fn learn_answer(&mut self, answered: Answered) {
        let known = self.answers.entry(answered.subject.clone()).or_default();
        let same = |known: &&mut Answered| (known.at - answered.at).num_milliseconds().abs() < 1000;
        match known.iter_mut().find(same) {
            Some(known) if known.name.is_empty() => (known.id, known.name) = (answered.id, answered.name),
            Some(_) => {}
            None => known.push(answered),
        }
        if known.len() > PER_SUBJECT {
            known.remove(0);
        }
    }

    /// Every attempt about a `wanted` host or service, with answers and escalations, oldest first.
    pub fn attempts(&self, wanted: impl Fn(&str) -> bool) -> Vec<PageAttempt> {
        let mut subjects: BTreeMap<&str, Vec<PageAttempt>> = BTreeMap::new();
        for attempt in self.attempts.values().filter(|attempt| wanted(&attempt.subject_id)) {
            subjects.entry(&attempt.subject_id).or_default().push(attempt.clone());
        }
        let ended = |subject: &str, from: Moment, to: Moment| {
            self.ends.get(subject).is_some_and(|ends| ends.range(from..=to).any(|end| *end > from))
        };
        let mut attempts = Vec::new();
        for (subject, mut pages) in subjects {
            for answered in self.answers.get(subject).into_iter().flatten() {
                paging::answer(&mut pages, answered, &ended);
            }
            pages.sort_by_key(paging::went_out);
            paging::escalate(&mut pages, &ended);
            attempts.append(&mut pages);
        }
        attempts.sort_by(|one, other| {
            paging::went_out(one).cmp(&paging::went_out(other)).then_with(|| one.source_id.cmp(&other.source_id))
        });
        attempts
    }

    /// The stream is open since `now`.
    pub fn opened(&mut self, now: Option<Moment>) {
        self.open += 1;
        self.last_event = None;
        self.heard.extend(now.map(|now| Window { from: now, to: now }));
        if self.heard.len() > SPANS {
            self.asked_since = Some(self.heard.remove(0).to);
        }
    }

    /// An event came: the stream was alive then.
    pub fn heard(&mut self, at: Moment) {
        self.last_event = self.last_event.max(Some(at));
        self.reach(at);
    }

    /// It is `now` at the source, and nothing says that the stream is cut.
    pub fn is_now(&mut self, now: Moment) {
        if self.open > 0 {
            self.reach(now);
        }
    }

    fn reach(&mut self, at: Moment) {
        match self.heard.last_mut() {
            Some(window) => window.to = window.to.max(at),
            None => self.heard.push(Window { from: at, to: at }),
        }
    }

    /// The stream ended; where it broke, only what was really heard counts.
    pub fn closed(&mut self, broke: bool) {
        self.open = self.open.saturating_sub(1);
        if let Some(window) = self.heard.last_mut().filter(|_| broke) {
            window.to = self.last_event.unwrap_or(window.from).max(window.from);
        }
    }

    /// The spans after `since` in which nobody listened and that are over: they never change again. What came before
    /// the first question is nobody's business.
    pub fn gaps(&mut self, since: Moment) -> Vec<Window> {
        let mut from = *self.asked_since.get_or_insert(since);
        let mut gaps = Vec::new();
        for window in &self.heard {
            if window.from > from && window.from > since {
                gaps.push(Window { from, to: window.from });
            }
            from = from.max(window.to);
        }
        gaps
    }

    /// Since when nobody listens, where nobody does.
    pub fn deaf_since(&self) -> Option<Moment> {
        if self.open > 0 { None } else { self.heard.last().map(|window| window.to).or(self.asked_since) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Moment {
        Moment::from_timestamp(second, 0).expect("a time")
    }

    fn gaps(memory: &mut Memory, since: i64) -> Vec<(i64, i64)> {
        memory.gaps(at(since)).iter().map(|gap| (gap.from.timestamp(), gap.to.timestamp())).collect()
    }

    #[test]
    fn what_nobody_listened_to_is_a_gap_that_never_changes() {
        let mut memory = Memory::default();
        assert_eq!(gaps(&mut memory, 0), []);
        assert_eq!(memory.deaf_since(), Some(at(0)));
        memory.opened(Some(at(10)));
        memory.is_now(at(20));
        assert_eq!(gaps(&mut memory, 5), [(0, 10)], "from the first question on, whenever it is asked again");
        assert_eq!(memory.deaf_since(), None);
        memory.heard(at(22));
        memory.is_now(at(30));
        memory.closed(false);
        assert_eq!(gaps(&mut memory, 5), [(0, 10)], "the next one is not over yet");
        assert_eq!(memory.deaf_since(), Some(at(30)), "a clean end: heard until the last look");
        memory.is_now(at(40));
        memory.opened(Some(at(45)));
        memory.heard(at(50));
        memory.is_now(at(60));
        memory.closed(true);
        assert_eq!(memory.deaf_since(), Some(at(50)), "a break: heard until the last event");
        memory.opened(Some(at(70)));
        assert_eq!(gaps(&mut memory, 20), [(30, 45), (50, 70)]);
        assert_eq!(gaps(&mut memory, 80), []);
    }
}
