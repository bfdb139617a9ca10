//! A segment as bytes and back.
//!
//! `"BSR1"` | span | tables of [`super::tree`] | keyframe | plan | changes, each list as a column of times (changes
//! only, in microseconds since the one before) and a column of value numbers, told as the difference to the last.
//! Nothing is compressed here; the store does that.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::bytes::{Input, put, put_signed};
use super::leaf::{Budget, Leaf};
use super::tables::{Spot, Tree};
use super::tree::Builder;
use super::{Received, Segment};
use crate::resource::Object;
use crate::time::Moment;
use crate::world::Change;

pub(super) const MAGIC: &[u8; 4] = b"BSR1";

/// Bytes that are not a recording, or not a whole one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recording {why}")]
pub struct BadRecording {
    /// What is wrong, as the rest of a sentence.
    pub why: String,
}

impl From<String> for BadRecording {
    fn from(why: String) -> Self {
        Self { why }
    }
}

/// Encodes a segment: every distinct text and value once, then what the keyframe and the changes refer to. The same
/// segment always gives the same bytes. Times are kept to the microsecond.
#[must_use]
pub fn encode(segment: &Segment) -> Vec<u8> {
    encode_with(segment, &segment.keyframe, &segment.changes)
}

/// The same with some of the keyframe and some of the changes.
pub(super) fn encode_with(segment: &Segment, keyframe: &[Change], changes: &[Received]) -> Vec<u8> {
    let mut builder = Builder::default();
    let keyframe: Vec<u32> = keyframe.iter().map(|change| builder.add(&as_value(change))).collect();
    let plan = builder.add(&segment.plan);
    let numbers: Vec<u32> = changes.iter().map(|received| builder.add(&as_value(&received.change))).collect();

    let mut out = MAGIC.to_vec();
    put_moment(&mut out, segment.from);
    put_moment(&mut out, segment.until);
    builder.write(&mut out);
    put(&mut out, keyframe.len() as u64);
    put_ids(&mut out, &keyframe);
    put(&mut out, u64::from(plan));
    put(&mut out, changes.len() as u64);
    let mut last = segment.from.map_or(0, |from| from.timestamp_micros());
    for received in changes {
        let at = received.at.timestamp_micros();
        put_signed(&mut out, at - last);
        last = at;
    }
    put_ids(&mut out, &numbers);
    out
}

/// Decodes what [`encode`] wrote.
///
/// # Errors
/// Bytes that are truncated, followed by others, or not a recording of this format. Memory taken is bounded by a
/// constant whatever the bytes claim.
pub fn decode(bytes: &[u8]) -> Result<Segment, BadRecording> {
    let first = First::read(bytes)?;
    let (tree, budget) = (&first.tree, Budget::default());
    let keyframe = first.keyframe.iter().map(|id| change(tree.spot(*id)?, &budget)).collect::<Result<_, _>>()?;
    let plan = tree.value(first.plan, &budget)?;
    let changes =
        first.changes.iter().map(|(at, id)| Ok(Received { at: *at, change: change(tree.spot(*id)?, &budget)? }));
    let changes = changes.collect::<Result<_, BadRecording>>()?;
    Ok(Segment { from: first.from, until: first.until, keyframe, plan, changes })
}

/// The first piece of a segment: its tables, and where in them its values are.
pub(super) struct First {
    pub from: Option<Moment>,
    pub until: Option<Moment>,
    pub tree: Tree,
    pub keyframe: Vec<u64>,
    pub plan: u64,
    pub changes: Vec<(Moment, u64)>,
}

impl First {
    pub fn read(bytes: &[u8]) -> Result<Self, BadRecording> {
        let mut input = Input::new(bytes);
        if input.bytes(MAGIC.len()).ok() != Some(MAGIC.as_slice()) {
            return Err(BadRecording { why: "has a format this program does not know".to_owned() });
        }
        let from = read_moment(&mut input)?;
        let until = read_moment(&mut input)?;
        let tree = Tree::read(&mut input)?;
        let count = input.count("the keyframe")?;
        let keyframe = read_ids(&mut input, count)?;
        let plan = input.number()?;
        let changes = read_changes(&mut input, from.map_or(0, |from| from.timestamp_micros()))?;
        Ok(Self { from, until, tree, keyframe, plan, changes })
    }
}

/// Reads what stands last in every piece: how many changes, their times, their values.
pub(super) fn read_changes(input: &mut Input<'_>, mut last: i64) -> Result<Vec<(Moment, u64)>, BadRecording> {
    let count = input.count("changes")?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        last = last.checked_add(input.signed()?).ok_or_else(|| "has a time out of range".to_owned())?;
        times.push(moment(last)?);
    }
    let ids = read_ids(input, count)?;
    if !input.is_empty() {
        return Err(BadRecording { why: "has bytes after its end".to_owned() });
    }
    Ok(times.into_iter().zip(ids).collect())
}

/// A change as it was told whole.
pub(super) fn change(spot: Spot<'_>, budget: &Budget) -> Result<Change, BadRecording> {
    let leaf = Leaf::new(spot, Vec::new(), budget)?;
    if spot.field("change").and_then(Spot::text) == Some("object") {
        // Read by itself, it need not be gathered first to find out which change it is.
        return Ok(Change::Object(Arc::new(leaf.read::<Object>()?)));
    }
    leaf.read()
}

/// A value as JSON. Every contract type is plain data with text keys, for which this cannot fail.
pub(super) fn as_value(thing: &impl Serialize) -> Value {
    serde_json::to_value(thing).unwrap_or(Value::Null)
}

pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, BadRecording> {
    serde_json::from_value(value)
        .map_err(|error| BadRecording { why: format!("holds something this program does not know: {error}") })
}

fn put_moment(out: &mut Vec<u8>, at: Option<Moment>) {
    match at {
        None => out.push(0),
        Some(at) => {
            out.push(1);
            put_signed(out, at.timestamp_micros());
        }
    }
}

fn read_moment(input: &mut Input<'_>) -> Result<Option<Moment>, String> {
    match input.bytes(1)?[0] {
        0 => Ok(None),
        1 => moment(input.signed()?).map(Some),
        other => Err(format!("has a time of unknown kind {other}")),
    }
}

fn moment(micros: i64) -> Result<Moment, String> {
    Moment::from_timestamp_micros(micros).ok_or_else(|| "has a time out of range".to_owned())
}

pub(super) fn put_ids(out: &mut Vec<u8>, ids: &[u32]) {
    let mut last = 0i64;
    for id in ids {
        put_signed(out, i64::from(*id) - last);
        last = i64::from(*id);
    }
}

pub(super) fn read_ids(input: &mut Input<'_>, count: usize) -> Result<Vec<u64>, String> {
    let mut last = 0i64;
    (0..count)
        .map(|_| {
            last = last.checked_add(input.signed()?).ok_or("names a value out of range")?;
            u64::try_from(last).map_err(|_| "names a value out of range".to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::world::Change;

    fn at(micros: i64) -> Moment {
        Moment::from_timestamp_micros(1_800_000_000_000_000 + micros).unwrap()
    }

    fn cluster(id: &str) -> Change {
        Change::Cluster { id: id.to_owned(), label: "kind".to_owned(), version: "v1.36.3".to_owned() }
    }

    fn segment() -> Segment {
        Segment {
            from: Some(at(0)),
            until: Some(at(90)),
            keyframe: vec![cluster("a"), cluster("b")],
            plan: json!({"blocks": [1, 2.5, {"name": "böck\u{0}"}]}),
            changes: vec![
                Received { at: at(1), change: cluster("c") },
                Received { at: at(1), change: cluster("a") },
                Received { at: at(70), change: cluster("c") },
            ],
        }
    }

    #[test]
    fn a_segment_comes_back_and_encodes_the_same_again() {
        for segment in [segment(), Segment::default()] {
            let bytes = encode(&segment);
            let back = decode(&bytes).unwrap();
            assert_eq!(back, segment);
            assert_eq!(encode(&back), bytes);
        }
    }

    #[test]
    fn a_piece_of_a_recording_is_refused_wherever_it_is_cut() {
        let bytes = encode(&segment());
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(decode(&longer).unwrap_err().why, "has bytes after its end");
    }

    #[test]
    fn a_changed_byte_never_panics() {
        let bytes = encode(&segment());
        for index in 0..bytes.len() {
            for flip in [1u8, 0x40, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[index] ^= flip;
                let _ = decode(&changed);
            }
        }
    }

    #[test]
    fn another_format_is_named_as_such() {
        assert!(decode(b"BSR9rest").unwrap_err().to_string().contains("does not know"));
        assert!(decode(b"").is_err());
    }
}
