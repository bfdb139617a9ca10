//! Numbers for keys and words, so that indexes and edges hold four bytes instead of texts.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use hashbrown::{Equivalent, HashMap};
use rustc_hash::FxHashMap;

use crate::id::{ObjectKey, Text};

/// The number of an object's key; the object itself need not exist. It means nothing in another world, and nothing in this
/// one after the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

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

/// A set that mostly holds one.
#[derive(Clone, Debug)]
#[allow(clippy::box_collection)] // most hold one: half the size counts for more than one step further
pub(super) enum Few<T> {
    One(T),
    Many(Box<BTreeSet<T>>),
}

impl<T: Ord> Few<T> {
    /// Adds a value; false where it is there.
    pub(super) fn insert(&mut self, value: T) -> bool {
        match self {
            Self::Many(set) => return set.insert(value),
            Self::One(one) if *one == value => return false,
            Self::One(_) => {}
        }
        if let Self::One(one) = std::mem::replace(self, Self::Many(Box::default()))
            && let Self::Many(set) = self
        {
            set.extend([one, value]);
        }
        true
    }

    /// Takes a value away; true where nothing is left.
    pub(super) fn remove(&mut self, value: &T) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Many(set) => {
                set.remove(value);
                set.is_empty()
            }
        }
    }

    pub(super) fn iter(&self) -> FewIter<'_, T> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), None),
            Self::Many(set) => (None, Some(set.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

/// The values of a [`Few`], in order.
pub(super) type FewIter<'a, T> = std::iter::Chain<
    std::option::IntoIter<&'a T>,
    std::iter::Flatten<std::option::IntoIter<std::collections::btree_set::Iter<'a, T>>>,
>;

impl<'a, T: Ord> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = FewIter<'a, T>;

    fn into_iter(self) -> FewIter<'a, T> {
        self.iter()
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

// The hash is that of `ObjectKey`: the same texts in the same order.
impl Equivalent<Arc<ObjectKey>> for KeyRef<'_> {
    fn equivalent(&self, key: &Arc<ObjectKey>) -> bool {
        self.name == key.name
            && self.namespace == key.namespace
            && self.kind == key.kind
            && self.group == key.group
            && self.cluster == key.cluster
    }
}

/// Every key ever named. Numbers are not given back; [`super::World`] starts afresh when too many are idle.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    numbers: HashMap<Arc<ObjectKey>, Id>,
    keys: Vec<Arc<ObjectKey>>,
    scopes: Vec<Scope>,
    scope_numbers: FxHashMap<(Word, Word), Scope>,
    /// All numbers in the order of their keys, once somebody asked; `before` is the order of the last time.
    sorted: OnceLock<Vec<Id>>,
    before: Vec<Id>,
}

impl Keys {
    /// The number of a key, given now where it has none yet.
    pub(super) fn number(&mut self, key: KeyRef<'_>, words: &mut Words) -> Id {
        if let Some(id) = self.numbers.get(&key) {
            return *id;
        }
        let id = Id(self.keys.len() as u32);
        let scope = self.scope_number(key.cluster, key.namespace, words);
        let key = Arc::new(ObjectKey {
            cluster: words.share(key.cluster),
            group: words.share(key.group),
            kind: words.share(key.kind),
            namespace: words.share(key.namespace),
            name: Text::from(key.name),
        });
        self.keys.push(Arc::clone(&key));
        self.scopes.push(scope);
        self.numbers.insert(key, id);
        if let Some(sorted) = self.sorted.take() {
            self.before = sorted;
        }
        id
    }

    /// The number of a key that was named before.
    pub(super) fn find<'k>(&self, key: impl Into<KeyRef<'k>>) -> Option<Id> {
        self.numbers.get(&key.into()).copied()
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

    /// How many keys have a number.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// All numbers in the order of their keys.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Id> + '_ {
        let sorted = self.sorted.get_or_init(|| {
            // What was in order stays in order: the sort merges it with the few that came since.
            let since = (self.before.len()..self.keys.len()).map(|at| Id(at as u32));
            let mut all: Vec<Id> = self.before.iter().copied().chain(since).collect();
            all.sort_by(|a, b| self.keys[a.at()].cmp(&self.keys[b.at()]));
            all
        });
        sorted.iter().copied()
    }
}

/// Texts that occur often: label keys and values, field paths, addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<Text, Word>,
    words: Vec<Text>,
}

impl Words {
    /// The number of a text, given now where it has none yet.
    pub(super) fn number(&mut self, text: &str) -> Word {
        if let Some(word) = self.numbers.get(text) {
            return *word;
        }
        let word = Word(self.words.len() as u32);
        let text = Text::from(text);
        self.words.push(text.clone());
        self.numbers.insert(text, word);
        word
    }

    /// The number of a text that somebody keeps already.
    pub(super) fn number_of(&mut self, text: &Text) -> Word {
        if let Some(word) = self.numbers.get(text) {
            return *word;
        }
        let word = Word(self.words.len() as u32);
        self.words.push(text.clone());
        self.numbers.insert(text.clone(), word);
        word
    }

    /// The text as it is kept here once.
    pub(super) fn share(&mut self, text: &str) -> Text {
        let word = self.number(text);
        self.words[word.0 as usize].clone()
    }

    /// The number of a text that was seen before.
    pub(super) fn find(&self, text: &str) -> Option<Word> {
        self.numbers.get(text).copied()
    }

    /// The text of a number.
    pub(super) fn text(&self, word: Word) -> &str {
        &self.words[word.0 as usize]
    }
}
