//! The border: JSON as the server sends it comes in, slim objects and what is known of them go out.

use std::collections::{HashMap, VecDeque};

use broadstreet_core::id::ObjectKey;
use broadstreet_core::ports::Observation;
use broadstreet_core::resource::{self, Json, Object, Uid, Version};
use broadstreet_core::world::Change;

use crate::watch::discovery::group_version;
use crate::watch::{Kind, kind_name};

/// The objects of a kind that were handed on, by `namespace/name`: what must be told gone when a list lacks it.
#[derive(Debug, Default)]
pub struct Known {
    objects: HashMap<Box<str>, Seen>,
    rounds: u32,
    /// UIDs of objects lately deleted: an event of one of them that comes late brings it back no more.
    buried: VecDeque<Uid>,
}

#[derive(Debug)]
struct Seen {
    uid: Uid,
    version: Version,
    /// The reading of everything that held it last.
    round: u32,
}

/// How many deleted objects are remembered.
const BURIED: usize = 256;

impl Known {
    /// Begins a reading of everything, and answers its number.
    pub fn begin(&mut self) -> u32 {
        self.rounds += 1;
        self.rounds
    }

    /// How many objects were handed on and not told gone.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.objects.len()
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

/// The place of an object as `namespace/name`.
pub fn place(value: &Json<'_>) -> String {
    let text = |field: &str| value.at(field).and_then(Json::as_str).unwrap_or_default();
    format!("{}/{}", text("metadata.namespace"), text("metadata.name"))
}

/// The resource version, where there is one.
pub fn version<'v>(value: &'v Json<'_>) -> Option<&'v str> {
    value.at("metadata.resourceVersion").and_then(Json::as_str).filter(|version| !version.is_empty())
}

/// Reduces an object. Items of lists carry no kind, and those read as metadata another one, so it is set to what was
/// asked for; of a kind read as metadata anything else is thrown away first, should a server send it all the same.
pub fn cross(known: &mut Known, cluster: &str, info: &Kind, from: Origin, mut value: Json<'_>) -> Crossed {
    let place = place(&value);
    let bad = |name: &str, why: String| {
        Crossed::Bad(Observation::Skipped { kind: kind_name(info), name: name.trim_start_matches('/').to_owned(), why })
    };
    if value.fields().is_none() {
        return bad("", "it is no object".to_owned());
    }
    let seen = known.objects.get_mut(place.as_str());
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
        Err(error) => return bad(&place, error.why),
    };
    let before = known.objects.get(place.as_str());
    if before.is_some_and(|seen| seen.uid == object.uid && seen.version == object.resource_version) {
        return Crossed::Same;
    }
    let replaced = before
        .filter(|seen| seen.uid != object.uid)
        .map(|seen| Change::Gone { key: object.key.clone(), uid: seen.uid.to_string() });
    let seen = Seen { uid: object.uid.clone(), version: object.resource_version.clone(), round };
    known.objects.insert(place.into(), seen);
    Crossed::New(replaced, Box::new(object))
}

/// Whether a resource version is from before another. They grow with time in one kind of one server (Kubernetes 1.35 and
/// later promise it, earlier ones did it), and one that is no number is before nothing.
fn is_before(version: &Version, other: &Version) -> bool {
    matches!((version, other), (Version::Number(version), Version::Number(other)) if version < other)
}

/// Forgets an object the server deleted; its successor of the same name stays, should the deletion come late.
pub fn delete(known: &mut Known, cluster: &str, info: &Kind, value: &Json<'_>) -> Change {
    let place = place(value);
    let uid = value.at("metadata.uid").and_then(Json::as_str).unwrap_or_default();
    let mark = Uid::from(uid);
    if known.objects.get(place.as_str()).is_some_and(|seen| mark.is_empty() || seen.uid == mark) {
        known.objects.remove(place.as_str());
    }
    if !uid.is_empty() {
        if known.buried.len() == BURIED {
            known.buried.pop_front();
        }
        known.buried.push_back(mark);
    }
    gone(cluster, info, &place, uid)
}

/// Forgets every object of `namespace` (of all where it is empty) that the reading of this number did not hold; every
/// one where there was none.
pub fn vanish(known: &mut Known, cluster: &str, info: &Kind, namespace: &str, round: Option<u32>) -> Vec<Change> {
    let inside = |place: &str| namespace.is_empty() || place.split('/').next() == Some(namespace);
    let mut changes: Vec<Change> = Vec::new();
    known.objects.retain(|place, seen| {
        let stays = round == Some(seen.round) || !inside(place);
        if !stays {
            changes.push(gone(cluster, info, place, &seen.uid.to_string()));
        }
        stays
    });
    changes
}

fn gone(cluster: &str, info: &Kind, place: &str, uid: &str) -> Change {
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
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
