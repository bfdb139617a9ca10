//! What both databases share: the rules of a chain, the shape of what is stored, limits.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use broadstreet_core::id::IncidentId;
use broadstreet_core::ledger::Row;
use broadstreet_core::ports::{SegmentEntry, StoreError};
use broadstreet_core::recording::{self, Reading, Segment, Track};
use broadstreet_core::time::Moment;
use chrono::DateTime;
use sha2::{Digest, Sha256};

/// The largest file kept, in bytes.
pub const MAX_BLOB_BYTES: usize = 64 << 20;

/// The largest recording segment read back, in bytes after decompression.
pub(crate) const MAX_SEGMENT_BYTES: u64 = 512 << 20;

/// How zstd weighs size against time; level 3 packs a keyframe of a thousand objects in a few milliseconds.
pub(crate) const ZSTD_LEVEL: i32 = 3;

/// A segment alive this recently before the removal of an incident may still be growing, so it is left in place.
pub(crate) const STILL_GROWING: chrono::Duration = chrono::Duration::minutes(30);

/// The end of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChainEnd {
    pub seq: u64,
    pub hash: String,
}

/// What became of a row to append.
pub(crate) enum Appended {
    /// It is stored.
    Stored(Box<Row>),
    /// It was there already.
    Known,
    /// Another row tells its transition.
    Told,
}

/// Checks that `row` is the next one after `end`.
pub(crate) fn check_continues(row: &Row, end: &ChainEnd) -> Result<(), StoreError> {
    let broken = |why: String| StoreError::BrokenChain { writer: row.writer.to_string(), seq: row.seq, why };
    if row.seq != end.seq + 1 {
        return Err(broken(format!("does not continue its chain: the next number is {}", end.seq + 1)));
    }
    if row.prev_hash != end.hash {
        return Err(broken(format!("does not continue its chain: the row before it is `{}`", end.hash)));
    }
    Ok(())
}

/// An instant as the databases keep it.
pub(crate) fn micros(at: Moment) -> i64 {
    at.timestamp_micros()
}

/// An instant read back; `None` where no calendar reaches it.
pub(crate) fn moment(micros: i64) -> Option<Moment> {
    DateTime::from_timestamp_micros(micros)
}

/// The id of a file: the SHA-256 of its bytes in hex.
pub(crate) fn blob_id(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Every run of 64 lower-case hex digits in `text`: what could be the id of a file.
pub(crate) fn hashes_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !matches!(c, '0'..='9' | 'a'..='f'))
        .filter(|word| word.len() == 64)
        .map(str::to_owned)
        .collect()
}

/// A whole segment as one piece, as a bundle holds it.
pub(crate) fn pack_whole(segment: &Segment) -> Result<Vec<u8>, String> {
    pack_piece(&recording::encode(segment))
}

fn pack_piece(piece: &[u8]) -> Result<Vec<u8>, String> {
    zstd::encode_all(piece, ZSTD_LEVEL).map_err(|error| error.to_string())
}

/// Pieces of a recording as they lie at rest. Others get their turn between two: packing many takes seconds.
pub(crate) async fn pack(pieces: impl Iterator<Item = Vec<u8>>) -> Result<Vec<Vec<u8>>, String> {
    let mut packed = Vec::new();
    for piece in pieces {
        packed.push(pack_piece(&piece)?);
        tokio::task::yield_now().await;
    }
    Ok(packed)
}

/// How many bytes packed pieces take.
pub(crate) fn size(packed: &[Vec<u8>]) -> i64 {
    packed.iter().map(|piece| piece.len() as i64).sum()
}

/// Puts a segment together from its pieces at rest.
pub(crate) struct Unpacking {
    reading: Reading,
    left: u64,
}

impl Unpacking {
    /// Begins with the first piece.
    pub fn begin(body: &[u8]) -> Result<Self, String> {
        let raw = inflate(body, MAX_SEGMENT_BYTES)?;
        let first = recording::decode(&raw).map_err(|error| error.to_string())?;
        Ok(Self { reading: Reading::new(first), left: MAX_SEGMENT_BYTES - raw.len() as u64 })
    }

    /// Goes on with the next.
    pub fn read(&mut self, body: &[u8]) -> Result<(), String> {
        let raw = inflate(body, self.left)?;
        self.left -= raw.len() as u64;
        self.reading.read(&raw).map_err(|error| error.to_string())
    }

    /// Ends with the segment, known until the instant it was kept with, in microseconds.
    pub fn finish(self, until: i64) -> Segment {
        let mut segment = self.reading.finish();
        if segment.until.is_some() {
            segment.until = segment.until.max(moment(until));
        }
        segment
    }
}

/// Puts together where everything in a segment is.
pub(crate) struct Tracking {
    track: Arc<Track>,
    left: u64,
}

impl From<Arc<Track>> for Tracking {
    /// Goes on with what was read before.
    fn from(track: Arc<Track>) -> Self {
        let left = MAX_SEGMENT_BYTES.saturating_sub(track.bytes());
        Self { track, left }
    }
}

impl Tracking {
    /// Begins with the first piece.
    pub fn begin(body: &[u8]) -> Result<Self, String> {
        let raw = inflate(body, MAX_SEGMENT_BYTES)?;
        let track = Track::begin(&raw).map_err(|error| error.to_string())?;
        Ok(Self { track: Arc::new(track), left: MAX_SEGMENT_BYTES - raw.len() as u64 })
    }

    /// The part to go on with.
    pub fn last_part(&self) -> i64 {
        self.track.last_part()
    }

    /// Goes on with a part.
    pub fn read(&mut self, number: i64, body: &[u8]) -> Result<(), String> {
        let raw = inflate(body, self.left)?;
        self.left -= raw.len() as u64;
        Arc::make_mut(&mut self.track).read(number, &raw).map_err(|error| error.to_string())
    }

    /// Whether all that follows is later than a moment.
    pub fn is_past(&self, until: Option<Moment>) -> bool {
        let last = self.track.last().or(self.track.from());
        until.zip(last).is_some_and(|(until, last)| last > until)
    }

    /// Ends with what was read.
    pub fn so_far(self) -> Arc<Track> {
        self.track
    }

    /// Ends with all of it, known until the instant it was kept with, in microseconds.
    pub fn finish(mut self, until: i64) -> Arc<Track> {
        Arc::make_mut(&mut self.track).end(moment(until));
        self.track
    }
}

/// Decompresses at most `limit` bytes, whatever the frame declares.
pub(crate) fn inflate(bytes: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let decoder = zstd::Decoder::new(bytes).map_err(|error| error.to_string())?;
    let mut raw = Vec::new();
    let read = decoder.take(limit + 1).read_to_end(&mut raw).map_err(|error| error.to_string())?;
    if read as u64 > limit { Err(format!("holds more than {limit} bytes")) } else { Ok(raw) }
}

/// The span a segment covers, in microseconds.
pub(crate) fn span(segment: &Segment) -> Result<(i64, i64), String> {
    let from = segment.from.ok_or("has no beginning")?;
    let until = segment.until.unwrap_or(from);
    if until < from { Err("ends before it begins".to_owned()) } else { Ok((micros(from), micros(until))) }
}

/// Which of the rolling segments, `(id, bytes)` newest first, have to go so that at most `max_bytes` stay.
pub(crate) fn beyond(rolling: &[(i64, i64)], max_bytes: i64) -> Vec<i64> {
    let mut kept = 0i64;
    let mut full = false;
    let mut gone = Vec::new();
    for (id, bytes) in rolling {
        full = full || kept.saturating_add(*bytes) > max_bytes;
        if full {
            gone.push(*id);
        } else {
            kept += bytes;
        }
    }
    gone
}

/// A segment as the databases list it: `(id, cluster, from, until, bytes, incident)`.
pub(crate) fn segment_entry(found: (i64, String, i64, i64, i64, Option<String>)) -> SegmentEntry {
    let (id, cluster, from, until, bytes, incident) = found;
    SegmentEntry { id, cluster, from: moment(from), until: moment(until), bytes, incident: incident.map(IncidentId) }
}

/// Refuses a file too large to keep.
pub(crate) fn check_blob_size(path: &str, bytes: usize) -> Result<(), StoreError> {
    if bytes <= MAX_BLOB_BYTES {
        return Ok(());
    }
    Err(StoreError::Failed {
        path: path.to_owned(),
        attempted: format!("keep a file of {bytes} bytes"),
        why: format!("the largest kept is {MAX_BLOB_BYTES} bytes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_rolling_segments_go_until_the_rest_fits() {
        let check = |rolling: &[(i64, i64)], max, gone: &[i64]| assert_eq!(beyond(rolling, max), gone);
        check(&[(3, 10), (2, 10), (1, 10)], 30, &[]);
        check(&[(3, 10), (2, 10), (1, 10)], 29, &[1]);
        check(&[(3, 10), (2, 100), (1, 1)], 20, &[2, 1]); // never a hole: what is older than a removed one goes too
        check(&[(1, 1)], 0, &[1]);
        check(&[], 0, &[]);
    }

    #[test]
    fn only_whole_hashes_are_found_in_a_text() {
        let hash = "a".repeat(64);
        assert_eq!(hashes_in(&format!("{{\"blob\":\"{hash}\",\"x\":\"abc\"}}")), BTreeSet::from([hash.clone()]));
        assert!(hashes_in(&format!("{hash}a")).is_empty());
        assert!(hashes_in("").is_empty());
    }

    #[test]
    fn decompression_stops_at_the_limit() {
        let bomb = zstd::encode_all(vec![0u8; 1 << 20].as_slice(), 3).unwrap();
        assert!(inflate(&bomb, 1 << 10).is_err());
        assert_eq!(inflate(&bomb, 1 << 20).unwrap().len(), 1 << 20);
        assert!(inflate(b"not zstd", 10).is_err());
    }
}
