//! Several tellings of the same attempt become one, and what became of it in words.

use std::collections::HashMap;

use chrono::Duration;

use super::{DeliveryState, PageAttempt};
use crate::id::SourceId;
use crate::time::Moment;

/// A page that takes longer than this is late.
const LATE: Duration = Duration::seconds(120);

/// Takes newer tellings into what is known. An attempt never goes back: times keep their earliest value, delivery its
/// furthest state; an empty field is filled, a name that changed is the newer one. Ordered by when they were queued.
pub fn merge(known: &mut Vec<PageAttempt>, new: Vec<PageAttempt>) {
    let mut places: HashMap<(SourceId, String), usize> = HashMap::new();
    let old = std::mem::take(known);
    for attempt in old.into_iter().chain(new) {
        let place = *places.entry((attempt.source.clone(), attempt.source_id.clone())).or_insert(known.len());
        match known.get_mut(place) {
            Some(one) => join(one, attempt),
            None => known.push(attempt),
        }
    }
    known.sort_by(|a, b| {
        let key = |it: &PageAttempt| (first_time(it).is_none(), first_time(it));
        key(a).cmp(&key(b)).then_with(|| (&a.source, &a.source_id).cmp(&(&b.source, &b.source_id)))
    });
}

fn first_time(attempt: &PageAttempt) -> Option<Moment> {
    attempt.queued_at.or(attempt.sent_at).or(attempt.delivered_at).or(attempt.acked_at)
}

fn join(one: &mut PageAttempt, newer: PageAttempt) {
    one.queued_at = earliest(one.queued_at, newer.queued_at);
    one.sent_at = earliest(one.sent_at, newer.sent_at);
    one.delivered_at = earliest(one.delivered_at, newer.delivered_at);
    if progress(newer.delivery) > progress(one.delivery) {
        one.delivery = newer.delivery;
    }
    match (one.acked_at, newer.acked_at) {
        (Some(old), Some(new)) if old < new => {}
        (Some(old), Some(new)) if old == new => {
            fill(&mut one.acked_by, newer.acked_by);
            fill(&mut one.ack_via, newer.ack_via);
        }
        (_, Some(_)) => {
            one.acked_at = newer.acked_at;
            one.acked_by = newer.acked_by;
            one.ack_via = newer.ack_via;
        }
        (_, None) => {}
    }
    for name in newer.escalated_to {
        if !one.escalated_to.contains(&name) {
            one.escalated_to.push(name);
        }
    }
    one.never_told.retain(|field| newer.never_told.contains(field));
    one.labels.extend(newer.labels);
    one.step = newer.step.or(one.step);
    fill(&mut one.target.kind, newer.target.kind);
    fill(&mut one.target.id, newer.target.id);
    fill(&mut one.target.name, newer.target.name);
    for (field, value) in [
        (&mut one.subject_id, newer.subject_id),
        (&mut one.subject, newer.subject),
        (&mut one.policy, newer.policy),
        (&mut one.reason, newer.reason),
        (&mut one.channel, newer.channel),
        (&mut one.address_redacted, newer.address_redacted),
        (&mut one.error, newer.error),
        (&mut one.bundled_into, newer.bundled_into),
    ] {
        fill(field, value);
    }
}

fn earliest(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}

fn fill(field: &mut String, value: String) {
    if !value.is_empty() {
        *field = value;
    }
}

/// How far a state is; a failure that is tried again is behind having been sent.
fn progress(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Unknown => 0,
        DeliveryState::Pending => 1,
        DeliveryState::Sending => 2,
        DeliveryState::FailedTemporarily => 3,
        DeliveryState::Sent => 4,
        DeliveryState::Bundled => 5,
        DeliveryState::FailedPermanently => 6,
        DeliveryState::Delivered => 7,
        DeliveryState::Read => 8,
    }
}

/// What became of an attempt in words, and more about it; `all` are the attempts it is compared with.
#[must_use]
pub fn outcome(attempt: &PageAttempt, all: &[PageAttempt]) -> (String, String) {
    let said = |outcome: &str, detail: String| (outcome.to_owned(), detail);
    let same = |it: &&PageAttempt| it.source == attempt.source && it.subject_id == attempt.subject_id;
    if let Some(acked) = attempt.acked_at {
        let others = all.iter().filter(same).filter(|it| it.target != attempt.target);
        let alone = others.clone().next().is_none();
        let first = others.filter_map(|it| it.acked_at).all(|other| acked < other);
        let outcome = if first && !alone { "First to acknowledge" } else { "Acknowledged" };
        let mut detail = Vec::new();
        if let Some(asked) = attempt.sent_at.or(attempt.queued_at).filter(|asked| *asked <= acked) {
            detail.push(format!("{} after it was sent", span(acked - asked)));
        }
        if !attempt.ack_via.is_empty() {
            detail.push(format!("via {}", attempt.ack_via));
        }
        return said(outcome, detail.join(", "));
    }
    let why = if attempt.error.is_empty() { "the pager does not say why".to_owned() } else { attempt.error.clone() };
    match attempt.delivery {
        DeliveryState::FailedPermanently => return said("Failed", why),
        DeliveryState::FailedTemporarily => return said("Failed, will be tried again", why),
        DeliveryState::Bundled => {
            let other = all.iter().find(|it| it.source == attempt.source && it.source_id == attempt.bundled_into);
            let detail = match other {
                Some(other) => format!("inside the page to {}", other.target.name),
                None if attempt.bundled_into.is_empty() => "the pager does not say inside which".to_owned(),
                None => format!("inside {}", attempt.bundled_into),
            };
            return said("Went out inside another page", detail);
        }
        _ => {}
    }
    let arrived = match attempt.delivery {
        DeliveryState::Read => "read",
        DeliveryState::Delivered => "delivered",
        _ if attempt.delivered_at.is_some() => "delivered",
        DeliveryState::Sent => "sent, not known whether it arrived",
        _ if attempt.sent_at.is_some() => "sent, not known whether it arrived",
        DeliveryState::Pending => return said("Queued", String::new()),
        DeliveryState::Sending => return said("On its way", String::new()),
        _ => return said("Not known", "the pager does not say what became of it".to_owned()),
    };
    if matches!(attempt.reason.as_str(), "recovery" | "acknowledgement") {
        return said("Told", arrived.to_owned());
    }
    if !attempt.escalated_to.is_empty() {
        return said("No answer", format!("{arrived}; escalated to {}", attempt.escalated_to.join(", ")));
    }
    let other = all.iter().filter(same).filter_map(|it| it.acked_at.map(|at| (at, it))).min_by_key(|(at, _)| *at);
    match other {
        Some((_, other)) => {
            let who = if other.acked_by.is_empty() { &other.target.name } else { &other.acked_by };
            said("Answered by somebody else", format!("{arrived}; {who} acknowledged"))
        }
        None => said("No answer", arrived.to_owned()),
    }
}

/// Seconds from queued to delivered (or sent, where delivery is never told), where that is late.
#[must_use]
pub fn late_seconds(attempt: &PageAttempt) -> Option<u32> {
    let took = attempt.delivered_at.or(attempt.sent_at)? - attempt.queued_at.or(attempt.sent_at)?;
    if took <= LATE { None } else { u32::try_from(took.num_seconds()).ok() }
}

/// `40 s`, `3 min`, `2 h 5 min`.
fn span(length: Duration) -> String {
    match length.num_seconds() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pages::PageTarget;

    fn at(seconds: i64) -> Option<Moment> {
        Moment::from_timestamp(seconds, 0)
    }

    fn page(id: &str, who: &str) -> PageAttempt {
        PageAttempt {
            source: "icinga:main".into(),
            source_id: id.into(),
            subject_id: "s".into(),
            target: PageTarget { kind: "person".into(), id: who.into(), name: who.into() },
            queued_at: at(0),
            sent_at: at(5),
            delivery: DeliveryState::Sent,
            ..PageAttempt::default()
        }
    }

    #[test]
    fn a_late_telling_of_an_earlier_state_takes_nothing_back() {
        let mut known =
            vec![PageAttempt { delivery: DeliveryState::Delivered, delivered_at: at(9), ..page("1", "Ana") }];
        merge(&mut known, vec![page("1", "Ana"), page("0", "Bo")]);
        assert_eq!(known.iter().map(|it| it.source_id.as_str()).collect::<Vec<_>>(), ["0", "1"]);
        assert_eq!((known[1].delivery, known[1].delivered_at), (DeliveryState::Delivered, at(9)));
    }

    #[test]
    fn outcomes_in_words() {
        let acked = |second: i64, it: PageAttempt| PageAttempt { acked_at: at(second), ack_via: "web".into(), ..it };
        let all = [acked(65, page("1", "Ana")), acked(80, page("2", "Bo")), page("3", "Cy")];
        let words = |it: &PageAttempt| outcome(it, &all);
        assert_eq!(words(&all[0]), ("First to acknowledge".into(), "60 s after it was sent, via web".into()));
        assert_eq!(words(&all[1]).0, "Acknowledged");
        let cy = "sent, not known whether it arrived; Ana acknowledged";
        assert_eq!(words(&all[2]), ("Answered by somebody else".into(), cy.into()));
        let failed = PageAttempt {
            delivery: DeliveryState::FailedPermanently,
            error: "no such number".into(),
            ..page("4", "Di")
        };
        assert_eq!(words(&failed), ("Failed".into(), "no such number".into()));
        let unheard = PageAttempt { subject_id: "other".into(), delivery: DeliveryState::Delivered, ..page("5", "Ed") };
        assert_eq!(words(&unheard), ("No answer".into(), "delivered".into()));
    }

    #[test]
    fn late_is_more_than_two_minutes() {
        let took = |seconds: i64| late_seconds(&PageAttempt { delivered_at: at(seconds), ..page("1", "Ana") });
        assert_eq!((took(120), took(121)), (None, Some(121)));
    }

    fn any_page() -> impl Strategy<Value = PageAttempt> {
        let time = || prop::option::of(0i64..50).prop_map(|it| it.and_then(at));
        (0u8..3, time(), time(), time(), time(), 0usize..9, "[ab]?", prop::collection::vec("[xy]", 0..3)).prop_map(
            |(id, queued_at, sent_at, delivered_at, acked_at, state, word, escalated_to)| PageAttempt {
                source_id: id.to_string(),
                queued_at,
                sent_at,
                delivered_at,
                acked_at,
                delivery: [
                    DeliveryState::Unknown,
                    DeliveryState::Pending,
                    DeliveryState::Sending,
                    DeliveryState::Sent,
                    DeliveryState::Delivered,
                    DeliveryState::Read,
                    DeliveryState::FailedTemporarily,
                    DeliveryState::FailedPermanently,
                    DeliveryState::Bundled,
                ][state],
                error: word,
                escalated_to,
                ..PageAttempt::default()
            },
        )
    }

    proptest! {
        #[test]
        fn telling_it_twice_changes_nothing_and_grouping_does_not_matter(
            a in prop::collection::vec(any_page(), 0..5), b in prop::collection::vec(any_page(), 0..5),
        ) {
            let mut once = Vec::new();
            merge(&mut once, a.clone());
            merge(&mut once, b.clone());
            let mut whole = Vec::new();
            merge(&mut whole, a.into_iter().chain(b.clone()).collect());
            prop_assert_eq!(&once, &whole);
            let mut again = once.clone();
            merge(&mut again, once.clone());
            prop_assert_eq!(&once, &again);
            for attempt in &once {
                let _ = outcome(attempt, &once);
                let _ = late_seconds(attempt);
            }
        }
    }
}
