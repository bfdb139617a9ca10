//! The server's own store: objects as text, what happened to them, and who is told.
//!
//! Objects lie in the order etcd keeps them, by namespace and name. A list is answered from the state at one resource
//! version, held until its tokens expire; a watch is told everything after the version it names, as far back as the
//! store was not compacted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

use serde_json::Value;

use super::feed::{Feed, Piece};
use super::kinds::{Resource, built_in};

/// `(namespace, name)`.
pub type Place = (String, String);

/// An object as it lies in the store.
#[derive(Clone)]
pub enum Stored {
    /// As text.
    Kept(Arc<str>),
    /// Made anew whenever it is asked for: the only way to hold 150,000 large ones.
    Made(Arc<dyn Fn(usize) -> String + Send + Sync>, usize),
}

impl Stored {
    /// As text.
    pub fn text(&self) -> Arc<str> {
        match self {
            Self::Kept(text) => Arc::clone(text),
            Self::Made(make, number) => make(*number).into(),
        }
    }
}

/// One thing that happened.
struct Happened {
    version: u64,
    word: &'static str,
    namespace: String,
    text: Arc<str>,
}

struct Watching {
    asked: AskedWatch,
    feed: Weak<Feed>,
}

/// What a watch asked for.
#[derive(Clone, Debug, Default)]
pub struct AskedWatch {
    /// The one namespace; empty for all.
    pub namespace: String,
    /// Whether it wants bookmarks.
    pub bookmarks: bool,
    /// Whether it wants the metadata only.
    pub metadata: bool,
}

/// Everything of one kind.
#[derive(Default)]
struct Shelf {
    objects: BTreeMap<Place, Stored>,
    happened: VecDeque<Happened>,
    watching: Vec<Watching>,
}

/// A list being read by pages: what it holds, and its version.
#[derive(Clone)]
pub struct Held {
    /// The state it is answered from.
    pub objects: Arc<Vec<Stored>>,
    /// The resource version of that state.
    pub version: u64,
}

/// The store.
pub struct Store {
    /// What is served.
    pub resources: Vec<Resource>,
    /// `gitVersion`.
    pub git_version: String,
    /// The resource version of the last thing that happened.
    pub version: u64,
    compacted: u64,
    shelves: BTreeMap<String, Shelf>,
    held: BTreeMap<u64, Held>,
    next_token: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            resources: built_in(),
            git_version: "v1.36.0".to_owned(),
            version: 1,
            compacted: 0,
            shelves: BTreeMap::new(),
            held: BTreeMap::new(),
            next_token: 0,
        }
    }
}

impl Store {
    /// The resource of a plural name.
    ///
    /// # Panics
    /// For one that is not served: a mistake in the test.
    pub fn resource(&self, plural: &str) -> &Resource {
        self.resources.iter().find(|it| it.plural == plural).unwrap_or_else(|| panic!("`{plural}` is not served"))
    }

    /// Creates or changes an object, and tells the watches.
    pub fn put(&mut self, plural: &str, mut object: Value) {
        let resource = self.resource(plural).clone();
        self.version += 1;
        object["apiVersion"] = resource.group_version().into();
        object["kind"] = resource.kind.into();
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let place = place(&object);
        let text: Arc<str> = object.to_string().into();
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        let before = shelf.objects.insert(place.clone(), Stored::Kept(Arc::clone(&text)));
        let word = if before.is_some() { "MODIFIED" } else { "ADDED" };
        self.happen(plural, word, &place.0, text);
    }

    /// Changes an object whose text is made for its new version, and tells the watches.
    pub fn put_made(&mut self, plural: &str, place: Place, make: impl FnOnce(u64) -> String) {
        self.version += 1;
        let text: Arc<str> = make(self.version).into();
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        let before = shelf.objects.insert(place.clone(), Stored::Kept(Arc::clone(&text)));
        let word = if before.is_some() { "MODIFIED" } else { "ADDED" };
        self.happen(plural, word, &place.0, text);
    }

    /// Puts a crowd in place at once, without a word to anybody: what was there before anybody listened. They are made with
    /// the versions they have, the newest last; what is put after is newer than all of them.
    pub fn fill(
        &mut self,
        plural: &str,
        places: impl IntoIterator<Item = Place>,
        make: impl Fn(usize) -> String + Send + Sync + 'static,
    ) {
        let make: Arc<dyn Fn(usize) -> String + Send + Sync> = Arc::new(make);
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        let mut last = None;
        for (number, place) in places.into_iter().enumerate() {
            shelf.objects.insert(place, Stored::Made(Arc::clone(&make), number));
            last = Some(number);
        }
        let newest: Value =
            last.map(|number| serde_json::from_str(&make(number)).unwrap_or_default()).unwrap_or_default();
        let version = newest["metadata"]["resourceVersion"].as_str().and_then(|it| it.parse().ok());
        self.version = self.version.max(version.unwrap_or_default());
    }

    /// Deletes an object, and tells the watches.
    pub fn delete(&mut self, plural: &str, namespace: &str, name: &str) {
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        let Some(gone) = shelf.objects.remove(&(namespace.to_owned(), name.to_owned())) else { return };
        self.version += 1;
        let mut object: Value = serde_json::from_str(&gone.text()).unwrap_or_default();
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.happen(plural, "DELETED", namespace, object.to_string().into());
    }

    /// Takes every object of a kind out without a word to anybody.
    pub fn lose(&mut self, plural: &str) {
        self.shelves.entry(plural.to_owned()).or_default().objects.clear();
        self.version += 1;
    }

    /// Takes one object out without a word to anybody.
    pub fn lose_one(&mut self, plural: &str, namespace: &str, name: &str) {
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        shelf.objects.remove(&(namespace.to_owned(), name.to_owned()));
        self.version += 1;
    }

    fn happen(&mut self, plural: &str, word: &'static str, namespace: &str, text: Arc<str>) {
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        shelf.watching.retain(|watching| {
            let Some(feed) = watching.feed.upgrade() else { return false };
            if watching.asked.namespace.is_empty() || watching.asked.namespace == namespace {
                feed.put(line(word, &text, watching.asked.metadata));
            }
            true
        });
        let happened = Happened { version: self.version, word, namespace: namespace.to_owned(), text };
        shelf.happened.push_back(happened);
    }

    /// Forgets what happened until now: whoever watches from before is told 410.
    pub fn compact(&mut self) {
        self.compacted = self.version;
        for shelf in self.shelves.values_mut() {
            shelf.happened.clear();
        }
    }

    /// Lets every token of a list expire.
    pub fn expire_tokens(&mut self) {
        self.held.clear();
    }

    /// The objects of a kind in a namespace, in all where it is empty.
    pub fn list(&self, plural: &str, namespace: &str) -> Vec<Stored> {
        let Some(shelf) = self.shelves.get(plural) else { return Vec::new() };
        if namespace.is_empty() {
            return shelf.objects.values().cloned().collect();
        }
        let inside = |(place, _): &(&Place, &Stored)| place.0 == namespace;
        shelf.objects.iter().filter(inside).map(|(_, stored)| stored.clone()).collect()
    }

    /// One object.
    pub fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<Stored> {
        self.shelves.get(plural)?.objects.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Holds a list so that its further pages are of the same state; answers the number its tokens carry.
    pub fn hold(&mut self, objects: Vec<Stored>) -> (u64, Held) {
        self.next_token += 1;
        let held = Held { objects: Arc::new(objects), version: self.version };
        self.held.insert(self.next_token, held.clone());
        (self.next_token, held)
    }

    /// A list held before.
    pub fn held(&self, token: u64) -> Option<Held> {
        self.held.get(&token).cloned()
    }

    /// Opens a watch from `version`. `None` where that is no longer kept.
    pub fn watch(&mut self, plural: &str, asked: &AskedWatch, version: u64) -> Option<Arc<Feed>> {
        if version < self.compacted {
            return None;
        }
        let feed = Arc::<Feed>::default();
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        for it in shelf.happened.iter().filter(|it| it.version > version) {
            if asked.namespace.is_empty() || it.namespace == asked.namespace {
                feed.put(line(it.word, &it.text, asked.metadata));
            }
        }
        shelf.watching.push(Watching { asked: asked.clone(), feed: Arc::downgrade(&feed) });
        Some(feed)
    }

    /// Opens a watch that begins with every object there is and says when that was all.
    pub fn stream(&mut self, plural: &str, asked: &AskedWatch) -> Arc<Feed> {
        let all = self.list(plural, &asked.namespace);
        let feed = self.watch(plural, asked, self.version).unwrap_or_default();
        for stored in all {
            feed.put(line("ADDED", &stored.text(), asked.metadata));
        }
        feed.put(Piece::Bytes(self.bookmark(plural, true).into_bytes()));
        feed
    }

    /// A bookmark at the version there is.
    fn bookmark(&self, plural: &str, ends_the_first: bool) -> String {
        let resource = self.resource(plural);
        let mut object = serde_json::json!({
            "kind": resource.kind, "apiVersion": resource.group_version(),
            "metadata": { "resourceVersion": self.version.to_string(), "creationTimestamp": null },
        });
        if ends_the_first {
            object["metadata"]["annotations"] = serde_json::json!({ "k8s.io/initial-events-end": "true" });
        }
        format!("{}\n", serde_json::json!({ "type": "BOOKMARK", "object": object }))
    }

    /// Sends everybody who asked for them a bookmark.
    pub fn send_bookmarks(&mut self) {
        let plurals: Vec<String> = self.shelves.keys().cloned().collect();
        for plural in plurals {
            let line = self.bookmark(&plural, false);
            self.each_watch(&plural, |feed, bookmarks| {
                if bookmarks {
                    feed.put(Piece::Bytes(line.clone().into_bytes()));
                }
            });
        }
    }

    /// Puts a piece into every watch of a kind; of all kinds where `plural` is empty.
    pub fn tell(&mut self, plural: &str, piece: &Piece) {
        let plurals: Vec<String> =
            self.shelves.keys().filter(|it| plural.is_empty() || *it == plural).cloned().collect();
        for plural in plurals {
            self.each_watch(&plural, |feed, _| feed.put(piece.clone()));
        }
    }

    fn each_watch(&mut self, plural: &str, mut each: impl FnMut(&Feed, bool)) {
        let shelf = self.shelves.entry(plural.to_owned()).or_default();
        shelf.watching.retain(|watching| {
            let feed = watching.feed.upgrade();
            feed.inspect(|feed| each(feed, watching.asked.bookmarks)).is_some()
        });
    }

    /// Watches a carrier still holds, by kind.
    pub fn watches(&self) -> BTreeMap<String, usize> {
        let open = |shelf: &Shelf| shelf.watching.iter().filter(|it| it.feed.strong_count() > 0).count();
        self.shelves.iter().map(|(plural, shelf)| (plural.clone(), open(shelf))).filter(|(_, open)| *open > 0).collect()
    }

    /// How many objects there are, without those of one kind.
    pub fn count(&self, without: &str) -> usize {
        self.shelves.iter().filter(|(plural, _)| *plural != without).map(|(_, shelf)| shelf.objects.len()).sum()
    }

    /// Every object of every kind: plural name and text.
    pub fn everything(&self) -> Vec<(String, Arc<str>)> {
        let of = |(plural, shelf): (&String, &Shelf)| -> Vec<(String, Arc<str>)> {
            shelf.objects.values().map(|stored| (plural.clone(), stored.text())).collect()
        };
        self.shelves.iter().flat_map(of).collect()
    }
}

/// Where an object says it is.
fn place(object: &Value) -> Place {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

/// One event as it goes over the wire.
fn line(word: &str, text: &str, metadata: bool) -> Piece {
    let text = if metadata { as_metadata(text) } else { text.to_owned() };
    Piece::Bytes(format!("{{\"type\":\"{word}\",\"object\":{text}}}\n").into_bytes())
}

/// An object as `PartialObjectMetadata`.
pub fn as_metadata(text: &str) -> String {
    let mut object: Value = serde_json::from_str(text).unwrap_or_default();
    let metadata = object["metadata"].take();
    let whole = serde_json::json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
    });
    whole.to_string()
}
