//! The border: JSON as the server sends it comes in, slim objects and what is known of them go out.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use broadstreet_core::id::{ObjectKey, Text};
use broadstreet_core::ports::Observation;
use broadstreet_core::resource::{self, Json, Object, Uid, Version};
use broadstreet_core::world::Change;
use hashbrown::HashTable;

use crate::watch::discovery::group_version;
use crate::watch::{Kind, kind_name};

/// The objects of a kind that were handed on, by namespace and name: what must be told gone when a list lacks it.
///
/// There are as many as objects in the world, so they lie side by side in the words the world has, and the places are found
/// by numbers.
#[derive(Debug, Default)]
pub struct Known {
    seen: Vec<Seen>,
    /// Where each of them lies.
    numbers: HashTable<u32>,
    hashing: RandomState,
    /// Each namespace once.
    namespaces: HashSet<Text>,
    rounds: u32,
    /// UIDs of objects lately deleted: an event of one of them that comes late brings it back no more.
    buried: VecDeque<Uid>,
    /// What was skipped, at most [`SKIPPED`], by namespace and name as far as those could be read, with the round it was
    /// seen in last: once it is nowhere any more, that is told.
    skipped: BTreeMap<(String, String), u32>,
}

#[derive(Debug)]
struct Seen {
    namespace: Text,
    name: Text,
    uid: Uid,
    version: Version,
    /// The reading of everything that held it last.
    round: u32,
}

/// A namespace and a name.
type Place<'p> = (&'p str, &'p str);

impl Seen {
    fn place(&self) -> Place<'_> {
        (&self.namespace, &self.name)
    }
}

/// How many deleted objects are remembered.
const BURIED: usize = 256;

/// How many malformed objects are remembered.
const SKIPPED: usize = 1_000;

impl Known {
    /// Begins a reading of everything, and answers its number.
    pub fn begin(&mut self) -> u32 {
        self.rounds += 1;
        self.rounds
    }

    fn skip(&mut self, (namespace, name): Place<'_>, round: u32) {
        let place = (namespace.to_owned(), name.to_owned());
        if self.skipped.len() < SKIPPED || self.skipped.contains_key(&place) {
            self.skipped.insert(place, round);
        }
    }

    /// Whether it was skipped, and is no more.
    fn mend(&mut self, (namespace, name): Place<'_>) -> bool {
        !self.skipped.is_empty() && self.skipped.remove(&(namespace.to_owned(), name.to_owned())).is_some()
    }

    fn find(&self, place: Place<'_>) -> Option<usize> {
        let is_it = |at: &u32| self.seen.get(*at as usize).is_some_and(|seen| seen.place() == place);
        self.numbers.find(self.hashing.hash_one(place), is_it).map(|at| *at as usize)
    }

    fn get(&self, place: Place<'_>) -> Option<&Seen> {
        self.seen.get(self.find(place)?)
    }

    fn get_mut(&mut self, place: Place<'_>) -> Option<&mut Seen> {
        let at = self.find(place)?;
        self.seen.get_mut(at)
    }

    /// Notes an object as handed on, in its own words.
    fn insert(&mut self, object: &Object, round: u32) {
        let (uid, version) = (object.uid.clone(), object.resource_version.clone());
        if let Some(seen) = self.get_mut((&object.key.namespace, &object.key.name)) {
            *seen = Seen { uid, version, round, namespace: seen.namespace.clone(), name: object.key.name.clone() };
            return;
        }
        let namespace = self.namespaces.get(&object.key.namespace).unwrap_or(&object.key.namespace).clone();
        if !self.namespaces.contains(&namespace) {
            self.namespaces.insert(namespace.clone());
        }
        self.seen.push(Seen { namespace, name: object.key.name.clone(), uid, version, round });
        self.enter(self.seen.len() - 1);
    }

    /// Lets what lies here be found.
    fn enter(&mut self, at: usize) {
        let Self { seen, numbers, hashing, .. } = self;
        let hash = |at: &u32| seen.get(*at as usize).map_or(0, |seen| hashing.hash_one(seen.place()));
        let at = at as u32;
        numbers.insert_unique(hash(&at), at, hash);
    }

    fn remove(&mut self, place: Place<'_>) {
        let Some(at) = self.find(place) else { return };
        self.take_number(at);
        let last = self.seen.len() - 1;
        if at < last {
            self.take_number(last);
        }
        self.seen.swap_remove(at);
        if at < last {
            self.enter(at);
        }
    }

    fn take_number(&mut self, at: usize) {
        let Some(seen) = self.seen.get(at) else { return };
        if let Ok(found) = self.numbers.find_entry(self.hashing.hash_one(seen.place()), |it| *it as usize == at) {
            found.remove();
        }
    }

    /// Keeps what is to stay, and hands out the others in their order.
    fn retain(&mut self, stays: impl Fn(&Seen) -> bool, mut gone: impl FnMut(&Seen)) {
        let before = self.seen.len();
        self.seen.retain(|seen| {
            let stays = stays(seen);
            if !stays {
                gone(seen);
            }
            stays
        });
        // A reading has ended: no more come at once.
        self.seen.shrink_to_fit();
        if self.seen.len() == before {
            return;
        }
        self.numbers.clear();
        for at in 0..self.seen.len() {
            self.enter(at);
        }
        let named: HashSet<&Text> = self.seen.iter().map(|seen| &seen.namespace).collect();
        self.namespaces = named.into_iter().cloned().collect();
    }

    /// How many objects were handed on and not told gone.
    #[cfg(test)]
    fn len(&self) -> usize {
        assert_eq!(self.numbers.len(), self.seen.len(), "each is found");
        self.seen.len()
    }
}

/// Where an object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A reading of everything, by its number: it says what there is, whatever was seen before.
    Reading(u32),
    /// An event, which may come twice, or late.
    Event,
}

/// What one object of a list or watch turned out to be.
#[derive(Debug)]
pub enum Crossed {
    /// To be handed on; before it, its predecessor of the same name that went unnoticed.
    New(Option<Change>, Box<Object>),
    /// As it was already handed on.
    Same,
    /// Malformed.
    Bad(Observation),
}

fn place_of<'v>(value: &'v Json<'_>) -> Place<'v> {
    let text = |field: &str| value.at(field).and_then(Json::as_str).unwrap_or_default();
    (text("metadata.namespace"), text("metadata.name"))
}

/// Notes what cannot be taken, and says so; without a value it is a line that names nothing.
pub fn skip(known: &mut Known, info: &Kind, from: Origin, value: Option<&Json<'_>>, why: String) -> Observation {
    let (namespace, name) = value.map(place_of).unwrap_or_default();
    let round = if let Origin::Reading(round) = from { round } else { known.rounds };
    known.skip((namespace, name), round);
    let name = format!("{namespace}/{name}").trim_start_matches('/').to_owned();
    Observation::Skipped { kind: kind_name(info), name, why }
}

/// The resource version, where there is one.
pub fn version<'v>(value: &'v Json<'_>) -> Option<&'v str> {
    value.at("metadata.resourceVersion").and_then(Json::as_str).filter(|version| !version.is_empty())
}

/// Reduces an object. Items of lists carry no kind, and those read as metadata another one, so it is set to what was
/// asked for; of a kind read as metadata anything else is thrown away first, should a server send it all the same.
pub fn cross(known: &mut Known, cluster: &str, info: &Kind, from: Origin, mut value: Json<'_>) -> Crossed {
    if value.fields().is_none() {
        return Crossed::Bad(skip(known, info, from, None, "it is no object".to_owned()));
    }
    let seen = known.get_mut(place_of(&value));
    let round = match (from, seen) {
        // However malformed it is now: it is there.
        (Origin::Reading(round), seen) => {
            if let Some(seen) = seen {
                seen.round = round;
            }
            round
        }
        (Origin::Event, Some(seen)) if version(&value).is_some_and(|it| is_before(&it.into(), &seen.version)) => {
            return Crossed::Same;
        }
        (Origin::Event, Some(seen)) => seen.round,
        (Origin::Event, None) => {
            let uid = value.at("metadata.uid").and_then(Json::as_str).unwrap_or_default().into();
            if known.buried.contains(&uid) {
                return Crossed::Same;
            }
            known.rounds
        }
    };
    if info.metadata_only {
        value.keep_only("metadata");
    }
    value.set("apiVersion", group_version(&info.group, &info.version));
    value.set("kind", info.kind.to_string());
    let object = match resource::reduce_json(cluster, &value) {
        Ok(object) => object,
        Err(error) => return Crossed::Bad(skip(known, info, from, Some(&value), error.why)),
    };
    // Whoever was told that it is malformed is told that it is well.
    let is_mended = known.mend((&object.key.namespace, &object.key.name));
    let before = known.get((&object.key.namespace, &object.key.name));
    if !is_mended && before.is_some_and(|seen| seen.uid == object.uid && seen.version == object.resource_version) {
        return Crossed::Same;
    }
    let replaced = before
        .filter(|seen| seen.uid != object.uid)
        .map(|seen| Change::Gone { key: object.key.clone(), uid: seen.uid.to_string() });
    known.insert(&object, round);
    Crossed::New(replaced, Box::new(object))
}

/// Whether a resource version is from before another. They grow with time in one kind of one server (Kubernetes 1.35 and
/// later promise it, earlier ones did it), and one that is no number is before nothing.
fn is_before(version: &Version, other: &Version) -> bool {
    matches!((version, other), (Version::Number(version), Version::Number(other)) if version < other)
}

/// Forgets an object the server deleted; its successor of the same name stays, should the deletion come late.
pub fn delete(known: &mut Known, cluster: &str, info: &Kind, value: &Json<'_>) -> Change {
    let place = place_of(value);
    let uid = value.at("metadata.uid").and_then(Json::as_str).unwrap_or_default();
    let mark = Uid::from(uid);
    known.mend(place);
    if known.get(place).is_some_and(|seen| mark.is_empty() || seen.uid == mark) {
        known.remove(place);
    }
    if !uid.is_empty() {
        if known.buried.len() == BURIED {
            known.buried.pop_front();
        }
        known.buried.push_back(mark);
    }
    gone(cluster, info, place, uid)
}

/// Forgets every object of `namespace` (of all where it is empty) that the reading of this number did not hold; every
/// one where there was none. What was skipped and is not there any more is told gone too.
pub fn vanish(known: &mut Known, cluster: &str, info: &Kind, namespace: &str, round: Option<u32>) -> Vec<Change> {
    let inside = |seen: &Seen| namespace.is_empty() || seen.namespace == namespace;
    let mut changes: Vec<Change> = Vec::new();
    for place in std::mem::take(&mut known.skipped) {
        let ((of, name), seen_in) = &place;
        // A line that names nothing is made good by any reading.
        let is_meant = namespace.is_empty() || of == namespace || name.is_empty();
        if !is_meant || round == Some(*seen_in) {
            known.skipped.extend([place]);
        } else if known.find((of, name)).is_none() {
            changes.push(gone(cluster, info, (of, name), ""));
        }
    }
    known.retain(
        |seen| round == Some(seen.round) || !inside(seen),
        |seen| changes.push(gone(cluster, info, seen.place(), &seen.uid.to_string())),
    );
    changes
}

fn gone(cluster: &str, info: &Kind, (namespace, name): Place<'_>, uid: &str) -> Change {
    Change::Gone { key: ObjectKey::new(cluster, &info.group, &info.kind, namespace, name), uid: uid.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde::Deserialize as _;
    use serde_json::{Value, json};

    use super::*;

    fn crossed(known: &mut Known, value: &Value) -> Crossed {
        cross(known, "c", &SECRET, Origin::Event, Json::deserialize(value).expect("JSON"))
    }

    fn read(known: &mut Known, round: u32, value: &Value) -> Crossed {
        cross(known, "c", &SECRET, Origin::Reading(round), Json::deserialize(value).expect("JSON"))
    }

    static SECRET: Kind = Kind {
        group: Cow::Borrowed(""),
        version: Cow::Borrowed("v1"),
        older: &[],
        kind: Cow::Borrowed("Secret"),
        plural: Cow::Borrowed("secrets"),
        namespaced: true,
        metadata_only: true,
    };

    fn object(name: &str, uid: &str, version: &str) -> Value {
        json!({ "kind": "PartialObjectMetadata", "metadata": { "namespace": "n", "name": name, "uid": uid, "resourceVersion": version } })
    }

    #[test]
    fn an_object_seen_again_unchanged_is_not_handed_on_twice() {
        let mut known = Known::default();
        let mut check = |uid: &str, version: &str| match crossed(&mut known, &object("a", uid, version)) {
            Crossed::New(None, object) => format!("new {}", object.key),
            Crossed::New(Some(Change::Gone { uid, .. }), _) => format!("in place of {uid}"),
            Crossed::Same => "same".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(check("u1", "1"), "new c//Secret/n/a");
        assert_eq!(check("u1", "1"), "same");
        assert_eq!(check("u1", "2"), "new c//Secret/n/a");
        assert_eq!(check("u2", "3"), "in place of u1");
    }

    #[test]
    fn what_a_list_lacks_is_gone_within_its_namespace_only() {
        let mut known = Known::default();
        for name in ["a", "b"] {
            crossed(&mut known, &object(name, name, "1"));
        }
        let round = known.begin();
        read(&mut known, round, &object("a", "a", "1"));
        assert!(vanish(&mut known, "c", &SECRET, "m", Some(round)).is_empty());
        let gone = vanish(&mut known, "c", &SECRET, "n", Some(round));
        assert!(matches!(&gone[..], [Change::Gone { key, uid }] if key.name == "b" && uid == "b"), "{gone:?}");
        assert!(vanish(&mut known, "c", &SECRET, "", Some(round)).is_empty(), "told once");
        assert_eq!(vanish(&mut known, "c", &SECRET, "", None).len(), 1, "without a list nothing stays");
        assert_eq!(known.len(), 0);
    }

    #[test]
    fn what_is_known_is_found_whatever_went_before_it() {
        let mut known = Known::default();
        let name = |number: usize| format!("pod-{number}");
        for number in 0..100 {
            crossed(&mut known, &object(&name(number), &name(number), "1"));
        }
        for number in (0..100).step_by(3) {
            let gone = object(&name(number), &name(number), "2");
            delete(&mut known, "c", &SECRET, &Json::deserialize(&gone).expect("JSON"));
        }
        let round = known.begin();
        for number in (0..100).step_by(2) {
            let is_known = matches!(read(&mut known, round, &object(&name(number), &name(number), "1")), Crossed::Same);
            assert_eq!(is_known, number % 3 != 0, "{number}");
        }
        let gone = vanish(&mut known, "c", &SECRET, "", Some(round)).len();
        assert_eq!((gone, known.len()), ((0..100).filter(|number| number % 2 == 1 && number % 3 != 0).count(), 50));
        assert!(matches!(crossed(&mut known, &object("pod-98", "pod-98", "1")), Crossed::Same));
    }

    #[test]
    fn one_that_became_malformed_is_there_still() {
        let mut known = Known::default();
        crossed(&mut known, &object("a", "a", "1"));
        let round = known.begin();
        let mut odd = object("a", "a", "2");
        odd["metadata"]["labels"] = json!(7);
        assert!(matches!(read(&mut known, round, &odd), Crossed::Bad(_)));
        assert!(vanish(&mut known, "c", &SECRET, "", Some(round)).is_empty());
    }

    #[test]
    fn what_was_skipped_is_told_gone_by_the_reading_that_lacks_it_and_mended_by_one_that_holds_it() {
        let odd = |name: &str| json!({ "metadata": { "namespace": "n", "name": name, "labels": 7 } });
        let mut known = Known::default();
        crossed(&mut known, &object("turned", "t", "1"));
        for value in [odd("goes"), odd("stays"), odd("deleted"), odd("turned"), json!("no object")] {
            assert!(matches!(crossed(&mut known, &value), Crossed::Bad(_)), "{value}");
        }
        delete(&mut known, "c", &SECRET, &Json::deserialize(&odd("deleted")).expect("JSON"));
        let round = known.begin();
        assert!(matches!(read(&mut known, round, &odd("stays")), Crossed::Bad(_)));
        let mended = read(&mut known, round, &object("turned", "t", "1"));
        assert!(matches!(mended, Crossed::New(None, _)), "it is as it was, and told again: {mended:?}");
        assert!(vanish(&mut known, "c", &SECRET, "m", Some(round)).len() == 1, "what names nothing");
        let names = |changes: Vec<Change>| -> Vec<String> {
            let name = |change| match change {
                Change::Gone { key, .. } => key.name.to_string(),
                other => format!("{other:?}"),
            };
            changes.into_iter().map(name).collect()
        };
        assert_eq!(names(vanish(&mut known, "c", &SECRET, "n", Some(round))), ["goes"]);
        assert_eq!(names(vanish(&mut known, "c", &SECRET, "", None)), ["stays", "turned"]);
        for number in 0..SKIPPED + 10 {
            crossed(&mut known, &odd(&number.to_string()));
        }
        assert_eq!(known.skipped.len(), SKIPPED);
    }

    #[test]
    fn an_event_that_comes_late_changes_nothing_and_a_list_is_always_believed() {
        let mut known = Known::default();
        assert!(matches!(crossed(&mut known, &object("a", "u", "10")), Crossed::New(..)));
        assert!(matches!(crossed(&mut known, &object("a", "u", "9")), Crossed::Same), "9 is before 10");
        let round = known.begin();
        // A server restored from a copy counts from an earlier version on.
        assert!(matches!(read(&mut known, round, &object("a", "u", "4")), Crossed::New(..)));
        assert!(matches!(crossed(&mut known, &object("a", "u", "5")), Crossed::New(..)));
    }

    #[test]
    fn a_deletion_that_comes_late_takes_no_successor_and_the_dead_stay_dead() {
        let mut known = Known::default();
        crossed(&mut known, &object("a", "first", "1"));
        crossed(&mut known, &object("a", "second", "3"));
        delete(&mut known, "c", &SECRET, &Json::deserialize(&object("a", "first", "2")).expect("JSON"));
        assert_eq!(known.len(), 1, "a list without the second must tell it gone");
        delete(&mut known, "c", &SECRET, &Json::deserialize(&object("a", "second", "5")).expect("JSON"));
        assert!(matches!(crossed(&mut known, &object("a", "second", "4")), Crossed::Same), "no ghost");
        assert_eq!(known.len(), 0);
    }

    #[test]
    fn malformed_objects_are_named_and_values_of_secrets_never_cross() {
        let mut known = Known::default();
        let check = |known: &mut Known, value: Value| match crossed(known, &value) {
            Crossed::Bad(Observation::Skipped { kind, name, .. }) => format!("{kind} {name}"),
            other => format!("{other:?}"),
        };
        assert_eq!(check(&mut known, json!({ "metadata": { "name": "x", "labels": 7 } })), "/Secret x");
        assert_eq!(check(&mut known, json!("x")), "/Secret ");
        let mut whole = object("a", "u", "1");
        whole["data"] = json!({ "key": "aHVudGVyMg==" });
        assert!(!check(&mut known, whole).contains("aHVudGVyMg"));
    }
}
