//! Numbers for keys and words, so that indexes and edges hold four bytes instead of texts.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash};
use std::sync::OnceLock;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::id::{ObjectKey, Text};

/// The number of an object's key; the object itself need not exist. It means nothing in another world, and nothing in this
/// one after the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub(super) u32);

impl Id {
    /// Its place in a vector with one place for each number.
    #[must_use]
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// The number of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word(u32);

/// The number of a namespace of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Scope(u32);

/// One value for each of many numbers, side by side.
#[derive(Clone, Debug)]
pub(super) struct Column<T>(Vec<Option<T>>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Column<T> {
    pub(super) fn get(&self, id: Id) -> Option<&T> {
        self.0.get(id.at()).and_then(Option::as_ref)
    }

    pub(super) fn insert(&mut self, id: Id, value: T) {
        if self.0.len() <= id.at() {
            self.0.resize_with(id.at() + 1, || None);
        }
        self.0[id.at()] = Some(value);
    }

    pub(super) fn remove(&mut self, id: Id) -> Option<T> {
        self.0.get_mut(id.at()).and_then(Option::take)
    }

    /// Every number that has a value, with it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, &T)> {
        self.0.iter().enumerate().filter_map(|(at, value)| Some((Id(at as u32), value.as_ref()?)))
    }
}

impl<T: Ord + Clone> Column<Few<T>> {
    /// Adds to the set of a number.
    pub(super) fn put_to(&mut self, id: Id, value: T) {
        match self.0.get_mut(id.at()) {
            Some(Some(set)) => {
                set.insert(value);
            }
            _ => self.insert(id, Few::One(value)),
        }
    }

    /// Takes from the set of a number, and the set away when it is empty.
    pub(super) fn take_from(&mut self, id: Id, value: &T) {
        if let Some(set) = self.0.get_mut(id.at())
            && set.as_mut().is_some_and(|set| set.remove(value))
        {
            *set = None;
        }
    }
}

/// A set that mostly holds up to three, else some; what comes to it mostly comes in order.
#[derive(Clone, Debug)]
#[allow(clippy::box_collection)] // few are many: half the size counts for more than one step further
pub(super) enum Few<T> {
    One(T),
    Two([T; 2]),
    Three([T; 3]),
    List(Box<Vec<T>>),
    Many(Box<BTreeSet<T>>),
}

/// A list in order is the quicker set up to this many: to let one in, it moves the rest.
const SOME: usize = 4096;

impl<T: Ord + Clone> Few<T> {
    /// Adds a value; false where it is there.
    pub(super) fn insert(&mut self, value: T) -> bool {
        let known = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Two(two) => two,
            Self::Three(three) => three,
            Self::List(list) => {
                if list.last().is_some_and(|last| *last < value) {
                    list.push(value);
                } else {
                    match list.binary_search(&value) {
                        Ok(_) => return false,
                        Err(at) => list.insert(at, value),
                    }
                }
                if list.len() > SOME {
                    *self = Self::Many(Box::new(std::mem::take(&mut **list).into_iter().collect()));
                }
                return true;
            }
            Self::Many(set) => return set.insert(value),
        };
        let Err(at) = known.binary_search(&value) else { return false };
        let mut all = known[..at].iter().cloned().chain([value]).chain(known[at..].iter().cloned());
        *self = match (all.next(), all.next(), all.next(), all.next()) {
            (Some(a), Some(b), Some(c), Some(d)) => Self::List(Box::new(vec![a, b, c, d])),
            (Some(a), Some(b), Some(c), None) => Self::Three([a, b, c]),
            (Some(a), Some(b), None, None) => Self::Two([a, b]),
            _ => return false,
        };
        true
    }

    /// Takes a value away; true where nothing is left.
    pub(super) fn remove(&mut self, value: &T) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Two([a, b]) => {
                if a == value {
                    *self = Self::One(b.clone());
                } else if b == value {
                    *self = Self::One(a.clone());
                }
                false
            }
            Self::Three([a, b, c]) => {
                if a == value {
                    *self = Self::Two([b.clone(), c.clone()]);
                } else if b == value {
                    *self = Self::Two([a.clone(), c.clone()]);
                } else if c == value {
                    *self = Self::Two([a.clone(), b.clone()]);
                }
                false
            }
            Self::List(list) => {
                if let Ok(at) = list.binary_search(value) {
                    list.remove(at);
                }
                list.is_empty()
            }
            Self::Many(set) => {
                set.remove(value);
                set.is_empty()
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Two(_) => 2,
            Self::Three(_) => 3,
            Self::List(list) => list.len(),
            Self::Many(set) => set.len(),
        }
    }

    pub(super) fn iter(&self) -> FewIter<'_, T> {
        let (list, many) = match self {
            Self::One(one) => (std::slice::from_ref(one), None),
            Self::Two(two) => (two.as_slice(), None),
            Self::Three(three) => (three.as_slice(), None),
            Self::List(list) => (list.as_slice(), None),
            Self::Many(set) => (&[][..], Some(set.iter())),
        };
        list.iter().chain(many.into_iter().flatten())
    }
}

/// The values of a [`Few`], in order.
pub(super) type FewIter<'a, T> = std::iter::Chain<
    std::slice::Iter<'a, T>,
    std::iter::Flatten<std::option::IntoIter<std::collections::btree_set::Iter<'a, T>>>,
>;

impl<'a, T: Ord + Clone> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = FewIter<'a, T>;

    fn into_iter(self) -> FewIter<'a, T> {
        self.iter()
    }
}

/// Numbers by what they are numbers of, which lies elsewhere: beside each stands its hash, so that nothing else is read to
/// make room or to pass over another.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<T>(HashTable<(u32, T)>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

/// The hash of anything as [`Numbers`] keep it.
pub(crate) fn hash_of(it: impl Hash) -> u32 {
    let hash = FxBuildHasher.hash_one(it);
    (hash ^ (hash >> 32)) as u32
}

/// Spread over all bits: a table takes a place from the low ones and a mark from the high ones.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl<T: Copy> Numbers<T> {
    pub(crate) fn find(&self, hash: u32, is_it: impl Fn(T) -> bool) -> Option<T> {
        self.0.find(spread(hash), |(known, number)| *known == hash && is_it(*number)).map(|(_, number)| *number)
    }

    /// Every number of this hash, and seldom of another.
    pub(super) fn all(&self, hash: u32) -> impl Iterator<Item = T> + '_ {
        self.0.iter_hash(spread(hash)).filter(move |(known, _)| *known == hash).map(|(_, number)| *number)
    }

    /// Adds a number that is not there.
    pub(crate) fn insert(&mut self, hash: u32, number: T) {
        self.0.insert_unique(spread(hash), (hash, number), |(hash, _)| spread(*hash));
    }

    pub(super) fn remove(&mut self, hash: u32, is_it: impl Fn(T) -> bool) {
        if let Ok(found) = self.0.find_entry(spread(hash), |(known, number)| *known == hash && is_it(*number)) {
            found.remove();
        }
    }
}

/// An object's key in borrowed words: asking for its number copies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyRef<'a> {
    pub(super) cluster: &'a str,
    pub(super) group: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

impl<'a> From<&'a ObjectKey> for KeyRef<'a> {
    fn from(key: &'a ObjectKey) -> Self {
        Self { cluster: &key.cluster, group: &key.group, kind: &key.kind, namespace: &key.namespace, name: &key.name }
    }
}

impl PartialEq<ObjectKey> for KeyRef<'_> {
    fn eq(&self, key: &ObjectKey) -> bool {
        self.name == key.name
            && self.namespace == key.namespace
            && self.kind == key.kind
            && self.group == key.group
            && self.cluster == key.cluster
    }
}

/// Every key that is named. The number of one that is named no more is given to another.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    numbers: Numbers<Id>,
    keys: Vec<ObjectKey>,
    scopes: Vec<Scope>,
    scope_numbers: FxHashMap<(Word, Word), Scope>,
    /// Numbers of no key, to be given again.
    free: Vec<Id>,
    /// All numbers in the order of their keys, once somebody asked.
    sorted: OnceLock<Vec<Id>>,
    /// The order of the last time, and the numbers given or given back since.
    before: Vec<Id>,
    since: Vec<Id>,
}

impl Keys {
    /// The number of a key, given now where it has none yet.
    pub(super) fn number(&mut self, key: KeyRef<'_>, words: &mut Words) -> Id {
        self.number_with(key, || Text::from(key.name), words)
    }

    /// The same in the word an object is called by: whoever handed it on holds that too.
    pub(super) fn number_of(&mut self, key: &ObjectKey, words: &mut Words) -> Id {
        self.number_with(key.into(), || key.name.clone(), words)
    }

    fn number_with(&mut self, key: KeyRef<'_>, name: impl FnOnce() -> Text, words: &mut Words) -> Id {
        let hash = hash_of(key);
        if let Some(id) = self.numbers.find(hash, |id| key == self.keys[id.at()]) {
            return id;
        }
        // Lists are in order: most keys have all but the name of the one before.
        let before = self.keys.last().zip(self.scopes.last());
        let place = before.filter(|(it, _)| it.cluster == key.cluster && it.namespace == key.namespace);
        let (scope, cluster, namespace) = match place {
            Some((it, scope)) => (*scope, it.cluster.clone(), it.namespace.clone()),
            None => {
                let scope = self.scope_number(key.cluster, key.namespace, words);
                (scope, words.share(key.cluster), words.share(key.namespace))
            }
        };
        let (group, kind) = match self.keys.last().filter(|it| it.group == key.group && it.kind == key.kind) {
            Some(it) => (it.group.clone(), it.kind.clone()),
            None => (words.share(key.group), words.share(key.kind)),
        };
        let key = ObjectKey { cluster, group, kind, namespace, name: name() };
        let id = match self.free.pop() {
            Some(id) => {
                (self.scopes[id.at()], self.keys[id.at()]) = (scope, key);
                id
            }
            None => {
                self.scopes.push(scope);
                self.keys.push(key);
                Id(self.keys.len() as u32 - 1)
            }
        };
        self.numbers.insert(hash, id);
        self.moves(id);
        id
    }

    /// Takes the number of a key back.
    pub(super) fn free(&mut self, id: Id) {
        let key = std::mem::take(&mut self.keys[id.at()]);
        self.numbers.remove(hash_of(KeyRef::from(&key)), |known| known == id);
        self.free.push(id);
        self.moves(id);
    }

    /// True for a number of a key.
    pub(super) fn is_given(&self, id: Id) -> bool {
        let key = &self.keys[id.at()];
        !(key.name.is_empty() && key.kind.is_empty() && key.cluster.is_empty())
    }

    /// Notes that the order of keys is another one by this number.
    fn moves(&mut self, id: Id) {
        if let Some(sorted) = self.sorted.take() {
            self.before = sorted;
            self.since.clear();
        }
        if !self.before.is_empty() {
            self.since.push(id);
        }
    }

    /// The number of a key that was named before.
    pub(super) fn find<'k>(&self, key: impl Into<KeyRef<'k>>) -> Option<Id> {
        let key = key.into();
        self.numbers.find(hash_of(key), |id| key == self.keys[id.at()])
    }

    /// The key of a number.
    pub(super) fn key(&self, id: Id) -> &ObjectKey {
        &self.keys[id.at()]
    }

    /// The namespace a key lies in.
    pub(super) fn scope(&self, id: Id) -> Scope {
        self.scopes[id.at()]
    }

    /// The number of a namespace of a cluster.
    pub(super) fn scope_number(&mut self, cluster: &str, namespace: &str, words: &mut Words) -> Scope {
        let pair = (words.number(cluster), words.number(namespace));
        let next = Scope(self.scope_numbers.len() as u32);
        *self.scope_numbers.entry(pair).or_insert(next)
    }

    /// The number of a namespace something lies in.
    pub(super) fn find_scope(&self, cluster: &str, namespace: &str, words: &Words) -> Option<Scope> {
        self.scope_numbers.get(&(words.find(cluster)?, words.find(namespace)?)).copied()
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// All numbers, also those of no key.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.keys.len()).map(|at| Id(at as u32))
    }

    /// All numbers in the order of their keys.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Id> + '_ {
        let sorted = self.sorted.get_or_init(|| {
            if self.before.len() / 8 <= self.since.len() {
                return self.put_in_order(self.ids().filter(|id| self.is_given(*id)));
            }
            // What was in order stays in order: the few that came since are put between.
            let mut since = self.since.clone();
            since.sort_unstable();
            since.dedup();
            let stays = |id: &Id| since.binary_search(id).is_err();
            let before: Vec<Id> = self.before.iter().copied().filter(stays).collect();
            let mut all = Vec::with_capacity(before.len() + since.len());
            let mut rest = before.as_slice();
            for id in self.put_in_order(since.iter().copied().filter(|id| self.is_given(*id))) {
                let (less, more) = rest.split_at(rest.partition_point(|it| self.keys[it.at()] < self.keys[id.at()]));
                all.extend_from_slice(less);
                all.push(id);
                rest = more;
            }
            all.extend_from_slice(rest);
            all
        });
        sorted.iter().copied()
    }

    /// Numbers in the order of their keys. Many keys differ in their names alone, so those that do are compared by name.
    fn put_in_order(&self, ids: impl IntoIterator<Item = Id>) -> Vec<Id> {
        let mut places: Vec<(&ObjectKey, Vec<(&str, Id)>)> = Vec::new();
        // Words are kept once: where they lie tells them apart.
        let mut at: FxHashMap<[*const u8; 4], usize> = FxHashMap::default();
        for id in ids {
            let key = self.key(id);
            let words = [&key.cluster, &key.group, &key.kind, &key.namespace].map(|word| word.as_ptr());
            let place = *at.entry(words).or_insert_with(|| {
                places.push((key, Vec::new()));
                places.len() - 1
            });
            places[place].1.push((key.name.as_str(), id));
        }
        places.sort_unstable_by_key(|(key, _)| *key);
        places
            .into_iter()
            .flat_map(|(_, mut names)| {
                names.sort_unstable();
                names.into_iter().map(|(_, id)| id)
            })
            .collect()
    }
}

/// Texts that occur often: label keys and values, field paths, addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    numbers: Numbers<Word>,
    words: Vec<Text>,
}

impl Words {
    /// The number of a text, given now where it has none yet.
    pub(super) fn number(&mut self, text: &str) -> Word {
        self.number_or(text, || Text::from(text))
    }

    /// The number of a text that somebody keeps already.
    pub(super) fn number_of(&mut self, text: &Text) -> Word {
        self.number_or(text, || text.clone())
    }

    fn number_or(&mut self, text: &str, kept: impl FnOnce() -> Text) -> Word {
        let hash = hash_of(text);
        if let Some(word) = self.numbers.find(hash, |word| self.text(word) == text) {
            return word;
        }
        let word = Word(self.words.len() as u32);
        self.words.push(kept());
        self.numbers.insert(hash, word);
        word
    }

    /// The text as it is kept here once.
    pub(super) fn share(&mut self, text: &str) -> Text {
        let word = self.number(text);
        self.shared(word)
    }

    /// The same for a text that somebody keeps already.
    pub(super) fn share_of(&mut self, text: &Text) -> Text {
        let word = self.number_of(text);
        self.shared(word)
    }

    /// The number of a text that was seen before.
    pub(super) fn find(&self, text: &str) -> Option<Word> {
        self.numbers.find(hash_of(text), |word| self.text(word) == text)
    }

    /// How many texts have a number.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The text of a number.
    pub(super) fn text(&self, word: Word) -> &str {
        &self.words[word.0 as usize]
    }

    /// The same, to be kept.
    pub(super) fn shared(&self, word: Word) -> Text {
        self.words[word.0 as usize].clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn few_are_the_set_they_stand_for(first in 0u32..9, steps in prop::collection::vec((any::<bool>(), 0u32..9), 0..60)) {
            let (mut few, mut set) = (Few::One(first), BTreeSet::from([first]));
            for (comes, value) in steps {
                if comes {
                    prop_assert_eq!(few.insert(value), set.insert(value));
                } else {
                    set.remove(&value);
                    prop_assert_eq!(few.remove(&value), set.is_empty());
                    if set.is_empty() {
                        (few, set) = (Few::One(value), BTreeSet::from([value]));
                    }
                }
                prop_assert!(few.iter().eq(set.iter()));
            }
        }
    }

    #[test]
    fn a_few_take_no_more_room_than_a_list_of_them() {
        assert_eq!(size_of::<Option<Few<Id>>>(), 16);
    }

    #[test]
    fn many_are_still_a_set() {
        let mut few = Few::One(0);
        (1..10_000).rev().for_each(|value| assert!(few.insert(value)));
        assert!(!few.insert(77));
        assert!(few.iter().copied().eq(0..10_000));
    }
}
