//! A store whose disk is full, or does not give back what it has, whenever a test says so.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::id::{BlobId, IncidentId};
use broadstreet_core::ledger::Row;
use broadstreet_core::ports::{
    Answer, DrawnMap, Flow, IncidentEntry, Notice, SegmentEntry, StorageUsed, Store, StoreError,
};
use broadstreet_core::recording::{Piece, Segment, Track};
use broadstreet_core::time::{Moment, Window};

/// How many of the next writes find no space, and what is not given back.
#[derive(Debug, Default)]
pub struct Full {
    /// Of files.
    pub files: AtomicU32,
    /// Of rows.
    pub rows: AtomicU32,
    /// Files and settings that are there and cannot be read, by their names.
    pub unread: Mutex<BTreeSet<String>>,
    /// Incidents in the order in which it was looked for new rows of them.
    pub looked: Mutex<Vec<String>>,
}

impl Full {
    /// From now on these cannot be read, and all others can.
    pub fn leave_unread(&self, names: &[&str]) {
        let names = names.iter().map(|it| (*it).to_owned()).collect();
        *self.unread.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// How often it was looked for new rows of an incident.
    pub fn looks(&self, incident: &str) -> usize {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|it| *it == incident).count()
    }

    fn read(&self, name: &str) -> Result<(), StoreError> {
        if self.unread.lock().unwrap_or_else(PoisonError::into_inner).contains(name) {
            let (path, attempted) = ("desk.db".into(), format!("read `{name}`"));
            return Err(StoreError::Failed { path, attempted, why: "said by the test".into() });
        }
        Ok(())
    }
}

/// A real store, until it is full.
pub struct FullStore {
    /// What really keeps.
    pub store: Arc<dyn Store>,
    /// What finds no space.
    pub full: Arc<Full>,
}

fn taken(left: &AtomicU32) -> Result<(), StoreError> {
    match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
        Ok(_) => Err(StoreError::Full { path: "desk.db".into(), why: "said by the test".into() }),
        Err(_) => Ok(()),
    }
}

impl Store for FullStore {
    fn append(&self, rows: Vec<Row>) -> Answer<'_, Result<Vec<Row>, StoreError>> {
        if let Err(full) = taken(&self.full.rows) {
            return Box::pin(async { Err(full) });
        }
        self.store.append(rows)
    }
    fn rows(&self, incident: IncidentId) -> Answer<'_, Result<Vec<Row>, StoreError>> {
        self.store.rows(incident)
    }
    fn rows_after(&self, incident: IncidentId, after: i64) -> Answer<'_, Result<(Vec<Row>, i64), StoreError>> {
        self.full.looked.lock().unwrap_or_else(PoisonError::into_inner).push(incident.to_string());
        self.store.rows_after(incident, after)
    }
    fn incidents(&self) -> Answer<'_, Result<Vec<IncidentEntry>, StoreError>> {
        self.store.incidents()
    }
    fn open_incident(&self, id: IncidentId, imported: bool) -> Answer<'_, Result<i64, StoreError>> {
        self.store.open_incident(id, imported)
    }
    fn remove_incident(&self, id: IncidentId, at: Moment, by: String) -> Answer<'_, Result<(), StoreError>> {
        self.store.remove_incident(id, at, by)
    }
    fn put_segment(&self, cluster: String, segment: Segment) -> Answer<'_, Result<i64, StoreError>> {
        self.store.put_segment(cluster, segment)
    }
    fn extend_segment(&self, id: i64, piece: Piece) -> Answer<'_, Result<(), StoreError>> {
        self.store.extend_segment(id, piece)
    }
    fn segments(&self, window: Option<Window>) -> Answer<'_, Result<Vec<SegmentEntry>, StoreError>> {
        self.store.segments(window)
    }
    fn segment(&self, id: i64) -> Answer<'_, Result<Segment, StoreError>> {
        self.store.segment(id)
    }
    fn track(
        &self,
        id: i64,
        known: Option<Arc<Track>>,
        until: Option<Moment>,
    ) -> Answer<'_, Result<Arc<Track>, StoreError>> {
        self.store.track(id, known, until)
    }
    fn put_drawn(&self, segment: i64, at: Moment, map: Vec<u8>) -> Answer<'_, Result<(), StoreError>> {
        self.store.put_drawn(segment, at, map)
    }
    fn drawn(&self, segment: i64, at: Moment) -> Answer<'_, Result<Option<DrawnMap>, StoreError>> {
        self.store.drawn(segment, at)
    }
    fn keep_segments(&self, incident: IncidentId, window: Window) -> Answer<'_, Result<(), StoreError>> {
        self.store.keep_segments(incident, window)
    }
    fn retain(&self, before: Moment, max_bytes: i64) -> Answer<'_, Result<u64, StoreError>> {
        self.store.retain(before, max_bytes)
    }
    fn put_blob(&self, bytes: Vec<u8>) -> Answer<'_, Result<BlobId, StoreError>> {
        if let Err(full) = taken(&self.full.files) {
            return Box::pin(async { Err(full) });
        }
        self.store.put_blob(bytes)
    }
    fn blob(&self, id: BlobId) -> Answer<'_, Result<Vec<u8>, StoreError>> {
        if let Err(unread) = self.full.read(id.as_str()) {
            return Box::pin(async { Err(unread) });
        }
        self.store.blob(id)
    }
    fn put_document(&self, incident: IncidentId, name: String, json: String) -> Answer<'_, Result<(), StoreError>> {
        self.store.put_document(incident, name, json)
    }
    fn document(&self, incident: IncidentId, name: String) -> Answer<'_, Result<Option<String>, StoreError>> {
        self.store.document(incident, name)
    }
    fn put_setting(&self, name: String, json: String) -> Answer<'_, Result<(), StoreError>> {
        self.store.put_setting(name, json)
    }
    fn setting(&self, name: String) -> Answer<'_, Result<Option<String>, StoreError>> {
        if let Err(unread) = self.full.read(&name) {
            return Box::pin(async { Err(unread) });
        }
        self.store.setting(name)
    }
    fn see_key(&self, writer: String, public_key: String) -> Answer<'_, Result<(), StoreError>> {
        self.store.see_key(writer, public_key)
    }
    fn seen_keys(&self) -> Answer<'_, Result<Vec<(String, String)>, StoreError>> {
        self.store.seen_keys()
    }
    fn notices(&self) -> Flow<Notice> {
        self.store.notices()
    }
    fn used(&self) -> Answer<'_, Result<StorageUsed, StoreError>> {
        self.store.used()
    }
}
