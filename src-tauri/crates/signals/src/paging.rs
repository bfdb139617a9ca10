//! What every pager needs to be put into page attempts: who answered which page, whom it went on to, and addresses with
//! all but their ends hidden.

use broadstreet_core::pages::PageAttempt;
use broadstreet_core::time::Moment;

/// Somebody acknowledged something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// [`PageAttempt::subject_id`].
    pub subject: String,
    /// When.
    pub at: Moment,
    /// The pager's id of the person; empty where it has none.
    pub id: String,
    /// The name; empty where it is not told.
    pub name: String,
    /// Through what; empty where it is not told.
    pub via: String,
}

/// Whether the problem a page was about ended between two instants: what comes later is about another one.
pub(crate) type Ended<'a> = &'a dyn Fn(&str, Moment, Moment) -> bool;

/// When a page went out, as far as it is known.
pub(crate) fn went_out(attempt: &PageAttempt) -> Option<Moment> {
    attempt.sent_at.or(attempt.queued_at)
}

/// Whether a page asked for an answer, unlike a notice that the problem is over or taken.
pub(crate) fn asks(attempt: &PageAttempt) -> bool {
    !matches!(attempt.reason.as_str(), "recovery" | "acknowledgement")
}

/// Marks the pages an acknowledgement answers: those of the person who gave it, or, where that person was never paged,
/// the last page before it.
pub(crate) fn answer(attempts: &mut [PageAttempt], answered: &Answered, ended: Ended<'_>) {
    let open: Vec<usize> = (0..attempts.len())
        .filter(|&index| {
            let attempt = &attempts[index];
            attempt.subject_id == answered.subject
                && asks(attempt)
                && went_out(attempt).is_some_and(|at| at <= answered.at && !ended(&answered.subject, at, answered.at))
        })
        .collect();
    let own: Vec<usize> = open.iter().copied().filter(|&index| is_target(&attempts[index], answered)).collect();
    let last = || open.iter().copied().max_by_key(|&index| went_out(&attempts[index])).into_iter().collect();
    let marked: Vec<usize> = if own.is_empty() { last() } else { own };
    for index in marked {
        let attempt = &mut attempts[index];
        if attempt.acked_at.is_none_or(|known| answered.at < known) {
            attempt.acked_at = Some(answered.at);
            attempt.acked_by.clone_from(&answered.name);
            attempt.ack_via.clone_from(&answered.via);
        }
    }
}

fn is_target(attempt: &PageAttempt, answered: &Answered) -> bool {
    let same = |one: &str, other: &str| !one.is_empty() && one.eq_ignore_ascii_case(other);
    same(&answered.id, &attempt.target.id)
        || same(&answered.name, &attempt.target.name)
        || same(&answered.name, &attempt.target.id)
}

/// Names, on every page that asked, the people of later steps who were paged afterwards about the same problem.
pub(crate) fn escalate(attempts: &mut [PageAttempt], ended: Ended<'_>) {
    let steps: Vec<(String, Option<u32>, Option<Moment>, String)> = attempts
        .iter()
        .filter(|attempt| asks(attempt))
        .map(|attempt| (attempt.subject_id.clone(), attempt.step, went_out(attempt), attempt.target.name.clone()))
        .collect();
    for attempt in attempts.iter_mut().filter(|attempt| asks(attempt)) {
        let (Some(step), Some(from)) = (attempt.step, went_out(attempt)) else { continue };
        for (subject, other, at, name) in &steps {
            let later = other.is_some_and(|other| other > step) && at.is_some_and(|at| at > from);
            if later
                && *subject == attempt.subject_id
                && *name != attempt.target.name
                && !attempt.escalated_to.contains(name)
                && !at.is_some_and(|at| ended(subject, from, at))
            {
                attempt.escalated_to.push(name.clone());
            }
        }
    }
}

/// Hides all but the ends of an address.
pub(crate) fn redacted(address: &str) -> String {
    let letters: Vec<char> = address.trim().chars().collect();
    match letters.len() {
        0 => String::new(),
        1..8 => "…".to_owned(),
        length => {
            let (start, end): (String, String) =
                (letters[..2].iter().collect(), letters[length - 2..].iter().collect());
            format!("{start}…{end}")
        }
    }
}

/// The names of fields as [`PageAttempt::never_told`] lists them.
pub(crate) fn never_told(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use broadstreet_core::pages::PageTarget;

    use super::*;

    fn page(who: &str, step: u32, second: i64) -> PageAttempt {
        PageAttempt {
            source_id: format!("{who}{second}"),
            subject_id: "s".to_owned(),
            target: PageTarget { kind: "person".to_owned(), id: who.to_owned(), name: who.to_uppercase() },
            step: Some(step),
            sent_at: Moment::from_timestamp(second, 0),
            ..PageAttempt::default()
        }
    }

    fn answered(name: &str, second: i64) -> Answered {
        let at = Moment::from_timestamp(second, 0).expect("a time");
        Answered { subject: "s".to_owned(), at, id: String::new(), name: name.to_owned(), via: "web".to_owned() }
    }

    fn acked(pages: &[PageAttempt]) -> Vec<Option<i64>> {
        pages.iter().map(|page| page.acked_at.map(|at| at.timestamp())).collect()
    }

    #[test]
    fn an_answer_belongs_to_the_person_who_gave_it() {
        let never = |_: &str, _: Moment, _: Moment| false;
        let mut pages = vec![page("ann", 1, 10), page("bob", 2, 20), page("bob", 2, 21), page("ann", 1, 90)];
        answer(&mut pages, &answered("Bob", 30), &never);
        assert_eq!(acked(&pages), [None, Some(30), Some(30), None]);
        let mut pages = vec![page("ann", 1, 10), page("bob", 2, 20)];
        answer(&mut pages, &answered("carol", 30), &never);
        assert_eq!(acked(&pages), [None, Some(30)], "nobody paged carol: the last page stands for it");
        assert_eq!((pages[1].acked_by.as_str(), pages[1].ack_via.as_str()), ("carol", "web"));
    }

    #[test]
    fn an_answer_and_a_step_never_reach_back_before_the_end_of_a_problem() {
        let at_15 = |_: &str, from: Moment, to: Moment| (from.timestamp()..to.timestamp()).contains(&15);
        let mut pages = vec![page("ann", 1, 10), page("ann", 1, 20), page("bob", 2, 30)];
        answer(&mut pages, &answered("ann", 40), &at_15);
        assert_eq!(acked(&pages), [None, Some(40), None]);
        escalate(&mut pages, &at_15);
        let to: Vec<&[String]> = pages.iter().map(|page| page.escalated_to.as_slice()).collect();
        assert_eq!(to, [&[][..], &["BOB".to_owned()][..], &[][..]]);
    }

    #[test]
    fn only_the_ends_of_an_address_are_shown() {
        assert_eq!(redacted("alice@example.org"), "al…rg");
        assert_eq!(redacted("+491701234567"), "+4…67");
        assert_eq!((redacted("short"), redacted("")), ("…".to_owned(), String::new()));
    }
}
