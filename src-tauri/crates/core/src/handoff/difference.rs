//! What changed from one note to the next.

use std::collections::BTreeSet;

use super::{Section, Traced};

/// Lines with a sign in front: `+` new, `=` still there at the second handoff, `−` gone. Lines that only say it with
/// other words are the same line.
#[must_use]
pub fn difference(before: &[Section], now: &[Section]) -> Vec<Traced> {
    let (old, new) = (names(before), names(now));
    let known: BTreeSet<&Name<'_>> = old.iter().map(|(_, name)| name).collect();
    let here: BTreeSet<&Name<'_>> = new.iter().map(|(_, name)| name).collect();
    let old_places: BTreeSet<(&str, &Name<'_>)> = old.iter().map(|(id, name)| (*id, name)).collect();
    let mut said: BTreeSet<&Name<'_>> = BTreeSet::new();
    let (mut added, mut still, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    let lines = now.iter().flat_map(|section| section.lines.iter().map(move |line| (section, line)));
    for ((section, line), (id, name)) in lines.zip(&new) {
        if old_places.contains(&(*id, name)) {
            // A change or a silence that is still there is no news.
            if matches!(*id, "firing" | "acknowledged" | "incidents") && said.insert(name) {
                still.push(signed("=", "", line));
            }
        } else if !known.contains(name) {
            if said.insert(name) {
                added.push(signed("+", "", line));
            }
        } else if said.insert(name) {
            // It was there in another section: acknowledged since, or told to nobody any more.
            added.push(signed("+", &format!("{}: ", section.title), line));
        }
    }
    let lines = before.iter().flat_map(|section| &section.lines);
    for (line, (_, name)) in lines.zip(&old) {
        if !here.contains(name) && said.insert(name) {
            gone.push(signed("−", "", line));
        }
    }
    added.into_iter().chain(still).chain(gone).collect()
}

/// What makes a line the same line: what it is traced to, and for changes, of which one object has many, its words.
type Name<'a> = (&'a str, &'a str, &'a str);

fn names(sections: &[Section]) -> Vec<(&str, Name<'_>)> {
    let name = |section: &'_ Section, line: &'_ Traced| section.id == "changes" || line.target.is_empty();
    let mut found = Vec::new();
    for section in sections {
        for line in &section.lines {
            let words = if name(section, line) { unclocked(&line.text) } else { "" };
            // A change stays the same when the object it is of is gone since.
            let (kind, target) = match (section.id.as_str(), line.kind.as_str()) {
                ("changes", "past") => ("object", line.target.rsplit(' ').next().unwrap_or_default()),
                (_, kind) => (kind, line.target.as_str()),
            };
            found.push((section.id.as_str(), (kind, target, words)));
        }
    }
    found
}

/// The words after the time: a change of today is one of `Wed 25 Nov` tomorrow.
fn unclocked(text: &str) -> &str {
    text.split_once(" UTC ").map_or(text, |(_, words)| words)
}

fn signed(sign: &str, what: &str, line: &Traced) -> Traced {
    Traced { text: format!("{sign} {what}{}", line.text), ..line.clone() }
}
