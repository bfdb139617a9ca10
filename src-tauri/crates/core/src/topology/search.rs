//! Search by words among the objects: every word has to occur, early and whole fits come first.

use super::filter::{PARTS, contains, is_same_place};
use crate::id::ObjectKey;
use crate::world::{Id, World};

/// An object found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The object.
    pub at: Id,
    /// How well it fits; less is better.
    pub rank: usize,
}

/// How much an object that is no house comes behind one that is.
const NO_HOUSE: usize = 20;

/// How well words fit the parts of a name, in this order; nothing where one does not occur. Words are in small letters.
#[must_use]
pub fn fit<const N: usize>(words: &[String], parts: [&str; N]) -> Option<usize> {
    words.iter().map(|word| place(word, &parts)).sum()
}

/// Where a word occurs: 0 where it is a whole part, else one more than the letters before it.
fn place<const N: usize>(word: &str, parts: &[&str; N]) -> Option<usize> {
    let mut before = 0;
    for part in parts {
        if part.eq_ignore_ascii_case(word) {
            return Some(before.min(1));
        }
        if contains(part, word) {
            let at = part.find(word).or_else(|| part.to_ascii_lowercase().find(word));
            return Some(before + at.unwrap_or_default() + 1);
        }
        before += part.len() + 1;
    }
    None
}

/// The objects that fit the words best, at most `most`, best first. Kinds that are
/// parts of others or say something of them (Events, `ReplicaSet`s …) are left out.
#[must_use]
pub fn search(world: &World, words: &[String], most: usize) -> Vec<Hit> {
    if words.is_empty() || most == 0 {
        return Vec::new();
    }
    let mut hits: Vec<(usize, usize, Id)> = Vec::new();
    let mut place: Option<&ObjectKey> = None;
    let mut is_part = false;
    let mut missing: Vec<&String> = Vec::new();
    for at in world.numbers_in_order() {
        let key = world.key_of(at);
        if place.is_none_or(|place| !is_same_place(place, key)) {
            place = Some(key);
            is_part = PARTS.contains(&key.kind.as_str());
            // Words that have to occur in the name: no other part of the keys that follow has them.
            missing = words.iter().filter(|it| !contains(&key.kind, it) && !contains(&key.namespace, it)).collect();
        }
        if is_part || world.object_of(at).is_none() || !missing.iter().all(|word| contains(&key.name, word)) {
            continue;
        }
        if let Some(rank) = fit(words, [&key.name, &key.kind, &key.namespace]) {
            let house = world.house_at(at) == Some(at);
            // Objects come in the order of their keys, and that decides between equal ranks.
            hits.push((rank + if house { 0 } else { NO_HOUSE }, hits.len(), at));
        }
    }
    if hits.len() > most {
        hits.select_nth_unstable(most);
        hits.truncate(most);
    }
    hits.sort_unstable();
    hits.into_iter().map(|(rank, _, at)| Hit { at, rank }).collect()
}
