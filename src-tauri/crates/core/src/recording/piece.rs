//! Pieces that continue a segment, so that keeping what is new costs what is new.
//!
//! `"BSP1"` | tables of [`super::tree`] | more of the keyframe | changes, both lists as in [`super::codec`]. An object
//! that was told before in the same segment is told by what differs.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bytes::{Input, put, put_signed};
use super::codec::{BadRecording, as_value, change, encode, encode_with, put_ids, read_changes, read_ids, typed};
use super::leaf::{Budget, Leaf};
use super::tables::{Spot, Tree};
use super::tree::Builder;
use super::{Received, Segment};
use crate::id::ObjectKey;
use crate::resource::{Body, Object};
use crate::time::Moment;
use crate::world::{Change, moves_nothing};

const MAGIC: &[u8; 4] = b"BSP1";

/// As many changes as are encoded at once: the tables of more would take more memory than what they describe.
const AT_ONCE: usize = 4_096;

/// The value of `change` for an object told by what differs; no [`Change`] is called so.
pub(super) const DIFFERS: &str = "differs";

/// One change as received, with what it replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// When this recorder received it; never goes back within a recording.
    pub at: Moment,
    /// What it received.
    pub change: Change,
    /// For an object: as the same segment told it last, if it did.
    pub base: Option<Arc<Object>>,
}

/// What was received since the last piece of a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// How many changes the segment has before these.
    pub first: usize,
    /// The last instant known: the last change or the last proof that nothing changed.
    pub until: Moment,
    /// What was received, in order.
    pub changes: Vec<Taken>,
}

/// A segment in pieces of bounded size: the first as [`encode`] writes it, the others to be read after it in order. A
/// small segment is its first piece. Nothing is encoded before it is asked for.
pub fn pieces<'a>(segment: &'a Segment) -> impl Iterator<Item = Vec<u8>> + Send + use<'a> {
    let whole = segment.keyframe.len() + segment.changes.len() <= AT_ONCE;
    let first = move || if whole { encode(segment) } else { encode_with(segment, &[], &[]) };
    let rest = if whole { (&[][..], &[][..]) } else { (&*segment.keyframe, &*segment.changes) };
    let mut last: HashMap<&ObjectKey, &Arc<Object>> = HashMap::new();
    for change in rest.0 {
        if let Change::Object(object) = change {
            last.insert(&object.key, object);
        }
    }
    let mut taken = move |it: &'a Received| {
        let base = match &it.change {
            Change::Object(object) => last.insert(&object.key, object).cloned(),
            Change::Gone { key, .. } => {
                last.remove(key);
                None
            }
            _ => None,
        };
        Taken { at: it.at, change: it.change.clone(), base }
    };
    std::iter::once_with(first).chain(rest.0.chunks(AT_ONCE).map(|part| encode_part(part, &[]))).chain(
        rest.1.chunks(AT_ONCE).map(move |part| encode_part(&[], &part.iter().map(&mut taken).collect::<Vec<_>>())),
    )
}

impl Piece {
    /// The piece in parts of bounded size, each with how many changes the segment has before it; to be read in that
    /// order. None where nothing was received.
    pub fn parts(&self) -> impl Iterator<Item = (usize, Vec<u8>)> + Send + '_ {
        let parts = self.changes.chunks(AT_ONCE).enumerate();
        parts.map(|(at, part)| (self.first + at * AT_ONCE, encode_part(&[], part)))
    }
}

pub(super) fn encode_part(keyframe: &[Change], changes: &[Taken]) -> Vec<u8> {
    let mut builder = Builder::default();
    let keyframe: Vec<u32> = keyframe.iter().map(|change| builder.add(&as_value(change))).collect();
    let ids: Vec<u32> = changes.iter().map(|taken| builder.add(&told(taken))).collect();
    let mut out = MAGIC.to_vec();
    builder.write(&mut out);
    put(&mut out, keyframe.len() as u64);
    put_ids(&mut out, &keyframe);
    put(&mut out, ids.len() as u64);
    let mut last = 0;
    for taken in changes {
        let at = taken.at.timestamp_micros();
        put_signed(&mut out, at - last);
        last = at;
    }
    put_ids(&mut out, &ids);
    out
}

/// A change as it is written: an object that was told before by what differs.
fn told(taken: &Taken) -> Value {
    let (Change::Object(object), Some(base)) = (&taken.change, &taken.base) else { return as_value(&taken.change) };
    if base.key != object.key {
        return as_value(&taken.change);
    }
    let bare = without_template(base, object);
    let (was, is) = bare.as_ref().map_or((&**base, &**object), |(was, is)| (was, is));
    let by = difference(&as_value(was), &as_value(is)).unwrap_or(Value::Null);
    if moves_nothing(base, object) {
        // Whoever only wants to know how it stood later may pass over it.
        return json!({"change": DIFFERS, "key": as_value(&object.key), "by": by, "still": true});
    }
    json!({"change": DIFFERS, "key": as_value(&object.key), "by": by})
}

/// Two states of a pod without the template they share: it does not differ, and is most of what there is to write.
fn without_template(was: &Object, is: &Object) -> Option<(Object, Object)> {
    let (Body::Pod(a), Body::Pod(b)) = (&was.body, &is.body) else { return None };
    let bare = |object: &Object| {
        let mut object = object.clone();
        if let Body::Pod(pod) = &mut object.body {
            pod.template = Arc::default();
        }
        object
    };
    Arc::ptr_eq(&a.template, &b.template).then(|| (bare(was), bare(is)))
}

/// A piece after the first: its tables, and where in them its values are.
pub(super) struct More {
    pub tree: Tree,
    pub keyframe: Vec<u64>,
    pub changes: Vec<(Moment, u64)>,
}

impl More {
    pub fn read(bytes: &[u8]) -> Result<Self, BadRecording> {
        let mut input = Input::new(bytes);
        if input.bytes(MAGIC.len()).ok() != Some(MAGIC.as_slice()) {
            return Err(BadRecording { why: "has a piece of a format this program does not know".to_owned() });
        }
        let tree = Tree::read(&mut input)?;
        let count = input.count("the keyframe")?;
        let keyframe = read_ids(&mut input, count)?;
        let changes = read_changes(&mut input, 0)?;
        Ok(Self { tree, keyframe, changes })
    }
}

/// Reads a segment piece by piece.
#[derive(Debug)]
pub struct Reading {
    segment: Segment,
    /// How each object was told last, once somebody asked.
    last: Option<HashMap<ObjectKey, Arc<Object>>>,
}

#[derive(Deserialize)]
struct Differs {
    key: ObjectKey,
    by: Value,
}

impl Reading {
    /// Begins with the first piece as [`super::decode`] read it.
    #[must_use]
    pub fn new(first: Segment) -> Self {
        Self { segment: first, last: None }
    }

    /// Reads the next piece.
    ///
    /// # Errors
    /// Bytes that are truncated, followed by others, or no piece of this segment.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), BadRecording> {
        let more = More::read(bytes)?;
        let (tree, budget) = (&more.tree, Budget::default());
        for id in more.keyframe {
            let change = change(tree.spot(id)?, &budget)?;
            self.remember(&change);
            self.segment.keyframe.push(change);
        }
        for (at, id) in more.changes {
            let change = self.understand(tree.spot(id)?, &budget)?;
            self.remember(&change);
            self.segment.until = self.segment.until.max(Some(at));
            self.segment.changes.push(Received { at, change });
        }
        Ok(())
    }

    /// The segment as far as it was read.
    #[must_use]
    pub fn finish(self) -> Segment {
        self.segment
    }

    fn remember(&mut self, change: &Change) {
        if let (Some(last), Change::Object(object)) = (&mut self.last, change) {
            last.insert(object.key.clone(), Arc::clone(object));
        }
    }

    fn understand(&mut self, spot: Spot<'_>, budget: &Budget) -> Result<Change, BadRecording> {
        if spot.field("change").and_then(Spot::text) != Some(DIFFERS) {
            return change(spot, budget);
        }
        let Differs { key, by } = Leaf::new(spot, Vec::new(), budget)?.read()?;
        let last = self.last.get_or_insert_with(|| {
            let all = self.segment.keyframe.iter().chain(self.segment.changes.iter().map(|it| &it.change));
            let objects = all.filter_map(|change| match change {
                Change::Object(object) => Some((object.key.clone(), Arc::clone(object))),
                _ => None,
            });
            objects.collect()
        });
        let base = last.get(&key).ok_or_else(|| format!("says how {key} differs, which it never told"))?;
        let mut value = as_value(base);
        if !by.is_null() {
            value = applied(value, by).ok_or_else(|| format!("says something of {key} that does not fit"))?;
        }
        let object: Object = typed(value)?;
        Ok(Change::Object(Arc::new(object)))
    }
}

/// How one value differs from another: `{"f": fields by name, "g": names gone}` of an object, `{"i": items by number}`
/// of a list as long as before, else `{"v": the value}`; nothing where they are equal.
fn difference(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let changed = new.iter().filter_map(|(name, value)| {
                let by = match old.get(name) {
                    Some(before) => difference(before, value)?,
                    None => json!({"v": value}),
                };
                Some((name.clone(), by))
            });
            let mut by = Map::from_iter([("f".to_owned(), Value::Object(changed.collect()))]);
            let gone: Vec<&String> = old.keys().filter(|name| !new.contains_key(*name)).collect();
            if !gone.is_empty() {
                by.insert("g".to_owned(), json!(gone));
            }
            Some(Value::Object(by))
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            let items = old.iter().zip(new).enumerate();
            let changed = items.filter_map(|(at, (old, new))| Some((at.to_string(), difference(old, new)?)));
            Some(json!({"i": Value::Object(changed.collect())}))
        }
        _ => Some(json!({"v": new})),
    }
}

/// A value changed by what [`difference`] said; nothing where it does not fit.
fn applied(mut old: Value, by: Value) -> Option<Value> {
    let Value::Object(mut by) = by else { return None };
    if let Some(value) = by.remove("v") {
        return Some(value);
    }
    if let Some(Value::Object(items)) = by.remove("i") {
        let list = old.as_array_mut()?;
        for (at, by) in items {
            let item = list.get_mut(at.parse::<usize>().ok()?)?;
            *item = applied(item.take(), by)?;
        }
        return Some(old);
    }
    let Some(Value::Object(fields)) = by.remove("f") else { return None };
    let object = old.as_object_mut()?;
    for (name, by) in fields {
        let before = object.remove(&name).unwrap_or_default();
        object.insert(name, applied(before, by)?);
    }
    for name in by.get("g").and_then(Value::as_array).into_iter().flatten() {
        object.remove(name.as_str()?)?;
    }
    Some(old)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resource::reduce;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3u8).prop_map(Value::from)];
        leaf.prop_recursive(4, 30, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[fgiv]", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn a_template_two_states_share_is_not_written_and_not_missed() {
        let pod = |restarts: u32| {
            let status = json!({"phase": "Running", "containerStatuses": [{"name": "c", "restartCount": restarts}]});
            let spec = json!({"nodeName": "n", "containers": [{"name": "c", "image": "i:1"}]});
            let metadata = json!({"name": "p", "namespace": "s", "labels": {"app": "a"}});
            reduce(
                "c",
                &json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}),
            )
        };
        let (was, mut is) = (Arc::new(pod(0).unwrap()), pod(1).unwrap());
        let written = |is: &Object| {
            let change = Change::Object(Arc::new(is.clone()));
            told(&Taken { at: Moment::default(), change, base: Some(Arc::clone(&was)) })
        };
        let apart = written(&is);
        let (Body::Pod(a), Body::Pod(b)) = (&was.body, &mut is.body) else { panic!("pods") };
        b.template = Arc::clone(&a.template);
        assert_eq!(without_template(&was, &is).map(|(was, _)| was.key), Some(was.key.clone()));
        assert_eq!(written(&is), apart);
        assert_ne!(apart["by"], Value::Null);
    }

    proptest! {
        #[test]
        fn what_differs_makes_the_old_the_new(old in any_value(), new in any_value()) {
            if let Some(by) = difference(&old, &new) {
                prop_assert_eq!(applied(old, by), Some(new));
            } else {
                prop_assert_eq!(old, new);
            }
        }

        #[test]
        fn differences_laid_over_a_value_give_the_last(values in prop::collection::vec(any_value(), 1..6)) {
            let mut builder = Builder::default();
            let ids: Vec<u32> = std::iter::once(builder.add(&values[0]))
                .chain(values.windows(2).map(|pair| builder.add(&difference(&pair[0], &pair[1]).unwrap_or_default())))
                .collect();
            let mut bytes = Vec::new();
            builder.write(&mut bytes);
            let (tree, budget) = (Tree::read(&mut Input::new(&bytes)).unwrap(), Budget::default());
            let spots: Vec<Spot<'_>> = ids.iter().map(|id| tree.spot(u64::from(*id)).unwrap()).collect();
            let last: Value = Leaf::new(spots[0], spots[1..].to_vec(), &budget).unwrap().read().unwrap();
            prop_assert_eq!(Some(&last), values.last());
        }

        #[test]
        fn any_differences_fit_or_are_refused(values in prop::collection::vec(any_value(), 1..5)) {
            let mut builder = Builder::default();
            let ids: Vec<u32> = values.iter().map(|value| builder.add(value)).collect();
            let mut bytes = Vec::new();
            builder.write(&mut bytes);
            let (tree, budget) = (Tree::read(&mut Input::new(&bytes)).unwrap(), Budget::default());
            let spots: Vec<Spot<'_>> = ids.iter().map(|id| tree.spot(u64::from(*id)).unwrap()).collect();
            if let Ok(leaf) = Leaf::new(spots[0], spots[1..].to_vec(), &budget) {
                let _ = leaf.read::<Value>();
            }
        }

        #[test]
        fn any_difference_fits_or_is_refused(old in any_value(), by in any_value()) {
            let _ = applied(old, by);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let bytes = [MAGIC.as_slice(), &bytes].concat();
            let _ = Reading::new(Segment::default()).read(&bytes);
        }
    }
}
