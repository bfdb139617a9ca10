//! Numbers for keys and words, so that indexes and edges hold four bytes instead of texts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::id::ObjectKey;

/// The number of an object's key; the object itself need not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(u32);

impl Id {
    /// Its place in a vector.
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// The number of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word(u32);

/// The number of a namespace of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Scope(u32);

/// Every key ever named, in order. Numbers are not given back; [`super::World`] starts afresh when too many are idle.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    numbers: BTreeMap<Arc<ObjectKey>, Id>,
    keys: Vec<Arc<ObjectKey>>,
    scopes: Vec<Scope>,
    scope_numbers: HashMap<(Word, Word), Scope>,
}

impl Keys {
    /// The number of a key, given now where it has none yet.
    pub(super) fn number(&mut self, key: &ObjectKey, words: &mut Words) -> Id {
        if let Some(id) = self.numbers.get(key) {
            return *id;
        }
        let id = Id(self.keys.len() as u32);
        let scope = self.scope_number(&key.cluster, &key.namespace, words);
        let key = Arc::new(key.clone());
        self.keys.push(Arc::clone(&key));
        self.scopes.push(scope);
        self.numbers.insert(key, id);
        id
    }

    /// The number of a key that was named before.
    pub(super) fn find(&self, key: &ObjectKey) -> Option<Id> {
        self.numbers.get(key).copied()
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

    /// How many keys have a number.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// All numbers in the order of their keys.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Id> + '_ {
        self.numbers.values().copied()
    }
}

/// Texts that occur often: label keys and values, field paths, addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<Arc<str>, Word>,
    words: Vec<Arc<str>>,
}

impl Words {
    /// The number of a text, given now where it has none yet.
    pub(super) fn number(&mut self, text: &str) -> Word {
        if let Some(word) = self.numbers.get(text) {
            return *word;
        }
        let word = Word(self.words.len() as u32);
        let text: Arc<str> = Arc::from(text);
        self.words.push(Arc::clone(&text));
        self.numbers.insert(text, word);
        word
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
