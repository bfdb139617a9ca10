//! The quick entry: `-4m checkout 5xx up to 40 % @checkoutservice`, `h: DNS is down`, `t: read the heap !mei 10m`.

use chrono_tz::Tz;

use crate::id::ObjectKey;
use crate::time::{Moment, Stamp, entry};

/// What a line was read as.
#[derive(Clone, Debug, PartialEq)]
pub struct Quick {
    /// `note`, `observation`, `hypothesis`, `decision` or `task`.
    pub kind: &'static str,
    /// When it happened; now where no time was typed.
    pub stamp: Stamp,
    /// Both instants of a time that occurs twice.
    pub ambiguous: Vec<Moment>,
    /// The words, without time, prefix, owner and check-in.
    pub text: String,
    /// The objects it is about, with the words they were named by.
    pub subjects: Vec<(String, ObjectKey)>,
    /// What is wrong with it, for a person; empty where nothing is.
    pub problem: String,
    /// The owner of a task, as typed.
    pub owner: Option<String>,
    /// Minutes until a task's check-in.
    pub minutes: Option<u32>,
}

/// How many candidates a problem names.
const NAMED: usize = 4;

/// Reads a line. `resolve` answers which objects a name could mean, best first.
///
/// A line with a time or an object is an observation, a bare one a note. A name nothing is called stays in the text: it
/// may be a person or a channel. Objects of several kinds that share one name in one place are one thing to a person,
/// the first is taken; a name in several places is a problem, and `@shop/cart` or `@Deployment/cart` settles it.
pub fn read(text: &str, now: Moment, zone: Tz, resolve: &dyn Fn(&str) -> Vec<ObjectKey>) -> Quick {
    let mut problems = Vec::new();
    let (mut kind, rest) = prefix(text);
    let (stamp, ambiguous, rest, timed) = match entry::read(rest, now, zone) {
        Ok(read) => {
            let timed = read.rest.len() < rest.trim().len();
            (read.stamp, read.ambiguous, read.rest, timed)
        }
        Err(bad) => {
            problems.push(bad.why);
            (Stamp::exact(now), Vec::new(), rest.trim().to_owned(), false)
        }
    };
    let rest = match kind {
        None => {
            let (found, rest) = prefix(&rest);
            kind = found;
            rest.to_owned()
        }
        Some(_) => rest,
    };
    let (mut owner, mut minutes) = (None, None);
    let rest = if kind == Some("task") { task(&rest, &mut owner, &mut minutes) } else { rest };
    let (text, subjects) = objects(&rest, resolve, &mut problems);
    let kind = kind.unwrap_or(if timed || !subjects.is_empty() { "observation" } else { "note" });
    if text.is_empty() {
        problems.push("there are no words yet: say what happened".to_owned());
    }
    if kind == "task" {
        if owner.is_none() {
            problems.push("a task needs one owner: add `!name`".to_owned());
        }
        if minutes.is_none() {
            problems.push("a task needs a check-in: add `10m`".to_owned());
        }
    }
    Quick { kind, stamp, ambiguous, text, subjects, problem: problems.join("; "), owner, minutes }
}

/// `h:`, `d:`, `t:`, `o:`, `n:` at the start, followed by a space: `d:\logs` is no decision.
fn prefix(text: &str) -> (Option<&'static str>, &str) {
    let text = text.trim();
    let kinds = [('h', "hypothesis"), ('d', "decision"), ('t', "task"), ('o', "observation"), ('n', "note")];
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    let rest = letters.as_str().strip_prefix(':').filter(|it| it.is_empty() || it.starts_with(char::is_whitespace));
    match (kinds.into_iter().find(|(letter, _)| Some(*letter) == first), rest) {
        (Some((_, kind)), Some(rest)) => (Some(kind), rest.trim_start()),
        _ => (None, text),
    }
}

/// Takes owner and check-in out of a task's words: `!name` anywhere, `10m` after it or at the end.
fn task(text: &str, owner: &mut Option<String>, minutes: &mut Option<u32>) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let named = |word: &&str| word.strip_prefix('!').is_some_and(|name| name.starts_with(char::is_alphanumeric));
    let place = words.iter().position(named);
    if let Some(place) = place {
        let name = words.remove(place).trim_start_matches('!').trim_end_matches([',', '.', ':', ';']);
        *owner = Some(name.to_owned());
    }
    let last = words.len().checked_sub(1);
    let time = [place, last].into_iter().flatten().find(|place| words.get(*place).is_some_and(|w| length(w).is_some()));
    if let Some(time) = time {
        *minutes = length(words.remove(time));
        if time > 0 && words.get(time - 1).is_some_and(|word| word.eq_ignore_ascii_case("in")) {
            words.remove(time - 1);
        }
    }
    words.join(" ")
}

/// `10m`, `2h`, `1h30m`, `15min` in minutes.
fn length(word: &str) -> Option<u32> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    let of_hours = |text: &str| number(text)?.checked_mul(60);
    let word = word.trim_end_matches([',', '.']);
    let minutes = match word.split_once('h') {
        Some((hours, "")) => of_hours(hours),
        Some((hours, rest)) => of_hours(hours)?.checked_add(number(rest.strip_suffix('m')?)?),
        None => number(word.strip_suffix("min").or_else(|| word.strip_suffix('m'))?),
    };
    minutes.filter(|it| *it > 0)
}

/// Resolves `@name`; what is found loses its `@` in the text.
fn objects(
    text: &str,
    resolve: &dyn Fn(&str) -> Vec<ObjectKey>,
    problems: &mut Vec<String>,
) -> (String, Vec<(String, ObjectKey)>) {
    let mut out = String::with_capacity(text.len());
    let mut subjects: Vec<(String, ObjectKey)> = Vec::new();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let Some(name) = word.strip_prefix('@') else {
            out.push_str(piece);
            continue;
        };
        let name = name.trim_end_matches(|c: char| !c.is_alphanumeric());
        let found = if name.is_empty() { Vec::new() } else { candidates(name, resolve) };
        let Some(first) = found.first() else {
            out.push_str(piece);
            continue;
        };
        out.push_str(piece.strip_prefix('@').unwrap_or(piece));
        let place = |key: &ObjectKey| (key.cluster.clone(), key.namespace.clone(), key.name.clone());
        if found.iter().any(|key| place(key) != place(first)) {
            let mut named: Vec<String> = found.iter().take(NAMED).map(words).collect();
            if found.len() > NAMED {
                named.push(format!("{} more", found.len() - NAMED));
            }
            problems.push(format!("`@{name}` could be {}: write `@namespace/name`", named.join(", ")));
        }
        if !subjects.iter().any(|(_, key)| key == first) {
            subjects.push((name.to_owned(), first.clone()));
        }
    }
    (out.trim().to_owned(), subjects)
}

/// What a name could mean; parts before the last slash narrow it by kind, namespace or cluster.
fn candidates(name: &str, resolve: &dyn Fn(&str) -> Vec<ObjectKey>) -> Vec<ObjectKey> {
    let mut found = resolve(name);
    if let (true, Some((parts, last))) = (found.is_empty(), name.rsplit_once('/')) {
        let fits = |part: &str, key: &ObjectKey| {
            key.kind.eq_ignore_ascii_case(part) || key.namespace == part || key.cluster == part
        };
        found = resolve(last);
        found.retain(|key| parts.split('/').all(|part| fits(part, key)));
    }
    // What is called exactly so goes before what only contains it.
    let exact = |key: &ObjectKey| key.name == name.rsplit('/').next().unwrap_or(name);
    if found.iter().any(exact) {
        found.retain(exact);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|key| seen.insert(key.clone()));
    found
}

fn words(key: &ObjectKey) -> String {
    if key.namespace.is_empty() {
        format!("{} `{}`", key.kind, key.name)
    } else {
        format!("{} `{}/{}`", key.kind, key.namespace, key.name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Precision;

    fn now() -> Moment {
        Moment::from_timestamp(1_779_289_520, 0).unwrap()
    }

    fn world(name: &str) -> Vec<ObjectKey> {
        [
            ObjectKey::new("c", "apps", "Deployment", "shop", "cart"),
            ObjectKey::new("c", "", "Service", "shop", "cart"),
            ObjectKey::new("c", "apps", "Deployment", "shop", "checkoutservice"),
            ObjectKey::new("c", "apps", "Deployment", "eu", "redis"),
            ObjectKey::new("c", "apps", "Deployment", "us", "redis"),
        ]
        .into_iter()
        .filter(|key| key.name.contains(name))
        .collect()
    }

    fn quick(text: &str) -> Quick {
        read(text, now(), Tz::UTC, &world)
    }

    #[test]
    fn a_line_with_time_and_object_is_an_observation() {
        let found = quick("-4m checkout 5xx up to 40 % @checkoutservice");
        assert_eq!((found.kind, found.problem.as_str()), ("observation", ""));
        assert_eq!(found.text, "checkout 5xx up to 40 % checkoutservice");
        assert_eq!(found.stamp.precision, Precision::Minute);
        assert_eq!(found.subjects[0].0, "checkoutservice");
    }

    #[test]
    fn prefixes_say_what_it_is_before_or_after_the_time() {
        for (text, kind, words) in [
            ("we look at it", "note", "we look at it"),
            ("h: DNS is down", "hypothesis", "DNS is down"),
            ("-4m H: DNS is down", "hypothesis", "DNS is down"),
            ("h: -4m DNS is down", "hypothesis", "DNS is down"),
            ("d: roll back", "decision", "roll back"),
            ("o: it is back", "observation", "it is back"),
            ("d:\\logs is full", "note", "d:\\logs is full"),
            ("https: off", "note", "https: off"),
        ] {
            let found = quick(text);
            assert_eq!((found.kind, found.text.as_str()), (kind, words), "{text}");
        }
    }

    #[test]
    fn a_task_names_its_owner_and_its_check_in() {
        for (text, words, minutes) in [
            ("t: read the heap of @cart !mei 10m", "read the heap of cart", Some(10)),
            ("t: !mei, read the heap in 1h30m", "read the heap", Some(90)),
            ("t: !mei 2h read the heap", "read the heap", Some(120)),
            ("t: raise to 512m !mei 15min", "raise to 512m", Some(15)),
        ] {
            let found = quick(text);
            assert_eq!((found.text.as_str(), found.minutes), (words, minutes), "{text}");
            assert_eq!((found.owner.as_deref(), found.problem.as_str()), (Some("mei"), ""));
        }
        let bare = quick("t: can someone look");
        assert_eq!(bare.problem, "a task needs one owner: add `!name`; a task needs a check-in: add `10m`");
    }

    #[test]
    fn a_name_in_several_places_is_a_problem_until_it_is_narrowed() {
        let found = quick("@redis is slow");
        assert_eq!(found.subjects[0].1.namespace, "eu");
        let problem = "`@redis` could be Deployment `eu/redis`, Deployment `us/redis`: write `@namespace/name`";
        assert_eq!(found.problem, problem);
        let narrowed = quick("@us/redis, is slow");
        assert_eq!((narrowed.problem.as_str(), narrowed.subjects[0].1.namespace.as_str()), ("", "us"));
        assert_eq!(narrowed.text, "us/redis, is slow");
        assert_eq!(quick("@cart is slow").problem, "", "a Deployment and its Service are one thing to a person");
        assert_eq!(quick("@Service/cart is slow").subjects[0].1.kind, "Service");
    }

    #[test]
    fn what_is_no_object_stays_as_it_is() {
        let found = quick("ask @channel and a@b.example");
        assert_eq!((found.text.as_str(), found.kind), ("ask @channel and a@b.example", "note"));
        assert!(found.problem.is_empty() && found.subjects.is_empty());
    }

    #[test]
    fn a_time_that_cannot_be_is_a_problem_and_nothing_is_lost() {
        let found = quick("25:10 cart fell");
        assert_eq!((found.problem.as_str(), found.text.as_str()), ("there is no time `25:10`", "25:10 cart fell"));
        assert_eq!(quick("-4m").problem, "there are no words yet: say what happened");
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_panic(text in "[-~@!:/a-z0-9 ?é\u{2028}]{0,40}") {
            let found = quick(&text);
            prop_assert!(found.stamp.at <= now());
        }
    }
}
