//! What survives: databases and bundles.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answer, Flow};
use crate::id::{BlobId, IncidentId};
use crate::ledger::Row;
use crate::recording::{Piece, Segment, Track};
use crate::time::{Moment, Window};
use crate::writing::Document;

/// Why something could not be kept or read back.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is newer than this program.
    #[error("the database `{path}` was written by a newer Broadstreet (schema {found}, this one knows {known})")]
    Newer {
        /// The file or address.
        path: String,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database is older and may not be migrated by opening it (PostgreSQL).
    #[error("the database `{path}` needs a migration (schema {found}, this one needs {known})")]
    NeedsMigration {
        /// The address, without the password.
        path: String,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Another instance holds the file.
    #[error("the database `{path}` is open in another Broadstreet (process {process})")]
    InUse {
        /// The file.
        path: String,
        /// The process id, as far as known.
        process: String,
    },
    /// No space is left.
    #[error("no space left on the disk of `{path}`: {why}")]
    Full {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The place may not be written.
    #[error("may not write `{path}`: {why}")]
    ReadOnly {
        /// The file or folder.
        path: String,
        /// The system's words.
        why: String,
    },
    /// No such thing.
    #[error("no {what} `{name}`")]
    NotFound {
        /// `incident`, `recording`, `file` …
        what: String,
        /// Its id.
        name: String,
    },
    /// A row that does not continue its chain, or is not signed rightly.
    #[error("row {seq} of writer `{writer}` {why}")]
    BrokenChain {
        /// The writer.
        writer: String,
        /// The row's number.
        seq: u64,
        /// What is wrong.
        why: String,
    },
    /// A bundle that is truncated, hostile or changed.
    #[error("the bundle `{path}` {why} (part `{part}`)")]
    BadBundle {
        /// The file.
        path: String,
        /// The part or row.
        part: String,
        /// What is wrong.
        why: String,
    },
    /// Not reachable (PostgreSQL).
    #[error("the database `{path}` does not answer: {why}")]
    Unreachable {
        /// The address, without the password.
        path: String,
        /// What happened.
        why: String,
    },
    /// Anything else the database says.
    #[error("the database `{path}` failed to {attempted}: {why}")]
    Failed {
        /// The file or address.
        path: String,
        /// What was attempted.
        attempted: String,
        /// Its words.
        why: String,
    },
}

/// An incident as the store lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEntry {
    /// Its id.
    pub id: IncidentId,
    /// Its number in this store (INC-0142).
    pub number: i64,
    /// When its first row was recorded.
    pub opened_at: Option<Moment>,
    /// Rows stored.
    pub rows: i64,
    /// True where it came from a bundle and is only read.
    pub imported: bool,
}

/// A piece of a recording as the store lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// Its number.
    pub id: i64,
    /// The cluster it shows; empty where it shows several.
    pub cluster: String,
    /// When its keyframe was taken.
    pub from: Option<Moment>,
    /// The last instant it knows.
    pub until: Option<Moment>,
    /// Bytes at rest.
    pub bytes: i64,
    /// Set while the segment belongs to an incident and is kept with it.
    pub incident: Option<IncidentId>,
}

/// What is used at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageUsed {
    /// The file or address.
    pub path: String,
    /// Bytes of the whole database.
    pub bytes: i64,
    /// Bytes of recordings outside any incident.
    pub rolling_bytes: i64,
    /// Bytes of recordings kept for incidents.
    pub incident_bytes: i64,
    /// Bytes of files.
    pub blob_bytes: i64,
}

/// A bundle that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BundleContents {
    /// The incident.
    pub incident: IncidentId,
    /// Its number where it was made.
    pub number: i64,
    /// Every row.
    pub rows: Vec<Row>,
    /// The recording, in order.
    pub segments: Vec<Segment>,
    /// Attachments, pictures, rendered documents, by id.
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
    /// Documents by name (`postmortem`, `handoff`).
    pub documents: BTreeMap<String, Document>,
    /// Keys that signed: `(writer, public key in hex)`.
    pub keys: Vec<(String, String)>,
    /// The exporter's public key in hex.
    pub exporter: String,
    /// The version of the program that made it.
    pub made_by: String,
}

/// What `verify` found in a bundle that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Parts whose hash was recomputed.
    pub parts: usize,
    /// Rows whose hash and signature were recomputed.
    pub rows: usize,
    /// `(writer, public key, whether this desk has seen it)`.
    pub keys: Vec<(String, String, bool)>,
    /// The exporter's key, and whether this desk has seen it.
    pub exporter: (String, bool),
}

/// A map as it was drawn for a recording, and when that was.
pub type DrawnMap = (Moment, Vec<u8>);

/// What a store tells those who follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Rows were added to this incident, or it was removed.
    Incident(IncidentId),
    /// Anything may have changed: ask again for everything followed.
    Resync,
}

/// What survives. Each method is one transaction.
pub trait Store: Send + Sync {
    /// Appends rows that continue their chains, durable before it answers, and answers those that were stored.
    ///
    /// Rows that are there already (same hash) are left out. Where another row already tells the same transition, the
    /// same `(incident, writer, source, source_id)`, nothing of the batch is stored and the answer is empty: what
    /// stands after it would not continue the chain, so the caller seals the rest anew.
    fn append(&self, rows: Vec<Row>) -> Answer<'_, Result<Vec<Row>, StoreError>>;
    /// Reads every row of an incident, in fold order.
    fn rows(&self, incident: IncidentId) -> Answer<'_, Result<Vec<Row>, StoreError>>;
    /// Reads the rows of an incident stored after the `after`-th, in the order stored, with the new cursor.
    fn rows_after(&self, incident: IncidentId, after: i64) -> Answer<'_, Result<(Vec<Row>, i64), StoreError>>;
    /// Lists incidents, newest first.
    fn incidents(&self) -> Answer<'_, Result<Vec<IncidentEntry>, StoreError>>;
    /// Takes the next human number for a new incident.
    fn open_incident(&self, id: IncidentId, imported: bool) -> Answer<'_, Result<i64, StoreError>>;
    /// Removes a whole incident: rows, its recording, files nobody else names; leaves a tombstone.
    fn remove_incident(&self, id: IncidentId, at: Moment, by: String) -> Answer<'_, Result<(), StoreError>>;
    /// Keeps a segment (new), returns its number.
    fn put_segment(&self, cluster: String, segment: Segment) -> Answer<'_, Result<i64, StoreError>>;
    /// Adds what was received since to an open segment; what is kept already is not written again.
    fn extend_segment(&self, id: i64, piece: Piece) -> Answer<'_, Result<(), StoreError>>;
    /// Lists segments that touch `window`, oldest first; every one where `None`.
    fn segments(&self, window: Option<Window>) -> Answer<'_, Result<Vec<SegmentEntry>, StoreError>>;
    /// Reads one segment.
    fn segment(&self, id: i64) -> Answer<'_, Result<Segment, StoreError>>;
    /// Reads where everything in a segment is, until a moment at least; of one that was read before only what comes after.
    fn track(
        &self,
        id: i64,
        known: Option<Arc<Track>>,
        until: Option<Moment>,
    ) -> Answer<'_, Result<Arc<Track>, StoreError>>;
    /// Keeps a map as it was drawn at a moment of a segment, no earlier than the one before.
    fn put_drawn(&self, segment: i64, at: Moment, map: Vec<u8>) -> Answer<'_, Result<(), StoreError>>;
    /// Reads the map that was drawn last by a moment of a segment, and when that was; `None` where there is none.
    fn drawn(&self, segment: i64, at: Moment) -> Answer<'_, Result<Option<DrawnMap>, StoreError>>;
    /// Keeps the segments that touch `window` for an incident, past the rolling window.
    fn keep_segments(&self, incident: IncidentId, window: Window) -> Answer<'_, Result<(), StoreError>>;
    /// Deletes segments outside any incident that ended before `before`, then the oldest until at most `max_bytes` stay.
    fn retain(&self, before: Moment, max_bytes: i64) -> Answer<'_, Result<u64, StoreError>>;
    /// Keeps a file, answers its id.
    fn put_blob(&self, bytes: Vec<u8>) -> Answer<'_, Result<BlobId, StoreError>>;
    /// Reads a file.
    fn blob(&self, id: BlobId) -> Answer<'_, Result<Vec<u8>, StoreError>>;
    /// Keeps a document being written (`postmortem`, `handoff`, a draft of the quick entry) under `(incident, name)`.
    /// The incident is open or empty: what belongs to a removed one is not kept.
    fn put_document(&self, incident: IncidentId, name: String, json: String) -> Answer<'_, Result<(), StoreError>>;
    /// Reads a document; `None` where there is none.
    fn document(&self, incident: IncidentId, name: String) -> Answer<'_, Result<Option<String>, StoreError>>;
    /// Keeps a setting.
    fn put_setting(&self, name: String, json: String) -> Answer<'_, Result<(), StoreError>>;
    /// Reads a setting; `None` where there is none.
    fn setting(&self, name: String) -> Answer<'_, Result<Option<String>, StoreError>>;
    /// Remembers a public key as seen on this desk.
    fn see_key(&self, writer: String, public_key: String) -> Answer<'_, Result<(), StoreError>>;
    /// Lists the public keys this desk has seen.
    fn seen_keys(&self) -> Answer<'_, Result<Vec<(String, String)>, StoreError>>;
    /// Tells of rows added by anybody, this program included: ids only, so read on with [`Store::rows_after`]. Begins
    /// with [`Notice::Resync`], which comes again wherever notices may have been lost.
    fn notices(&self) -> Flow<Notice>;
    /// Says what is used.
    fn used(&self) -> Answer<'_, Result<StorageUsed, StoreError>>;
}

/// Writes and reads bundles; separate from the database because opening one needs none.
pub trait Bundles: Send + Sync {
    /// Encodes a bundle canonically and signs it.
    fn encode(&self, contents: &BundleContents, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, StoreError>;
    /// Reads a bundle, checking everything `verify` checks. `path` only names it in errors.
    fn decode(&self, path: &str, bytes: &[u8]) -> Result<BundleContents, StoreError>;
    /// Re-encodes and compares the whole file, checks every chain and signature.
    fn verify(&self, path: &str, bytes: &[u8], seen: &[(String, String)]) -> Result<Verified, StoreError>;
}
