//! The SQLite back end: one file, one writer, WAL with `synchronous=FULL`.

mod open;
mod segments;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use broadstreet_core::id::{BlobId, IncidentId};
use broadstreet_core::ledger::Row;
use broadstreet_core::ports::{
    Answer, DrawnMap, Flow, IncidentEntry, Notice, SegmentEntry, StorageUsed, Store, StoreError,
};
use broadstreet_core::recording::{Piece, Segment, Track};
use broadstreet_core::time::{Moment, Window};
use futures_util::StreamExt;
use sqlx::{Sqlite as Db, SqlitePool, Transaction};
use tokio::sync::broadcast;

pub(crate) use open::migrate;

use crate::lock::Lock;
use crate::shared::{self, Appended, ChainEnd, micros, moment};
use crate::sql;

sql::statements! {
    /// Begins a transaction that writes: waits for the lock now instead of failing at the first write.
    BEGIN = "begin immediate";
    /// Bytes of the database without its log.
    DATABASE_BYTES = "select page_count * page_size from pragma_page_count, pragma_page_size";
    /// Bytes of segments nobody keeps.
    ROLLING_BYTES = "select coalesce(sum(bytes), 0) from segments s where not exists \
        (select 1 from kept_windows k where k.from_at <= s.until_at and k.to_at > s.from_at)";
    /// Bytes of all segments.
    SEGMENT_BYTES = "select coalesce(sum(bytes), 0) from segments";
    /// Bytes of files.
    BLOB_BYTES = "select coalesce(sum(bytes), 0) from blobs";
    /// Whether any row outside an incident mentions a text.
    MENTIONED_IN_ROWS = "select 1 from ledger_rows where incident <> $1 and instr(body, $2) > 0 limit 1";
    /// Whether any document outside an incident mentions a text.
    MENTIONED_IN_DOCUMENTS = "select 1 from documents where incident <> $1 and instr(body, $2) > 0 limit 1";
    /// Whether a file is there.
    BLOB_EXISTS = "select 1 from blobs where id = $1";
    /// Gives freed pages back to the file system.
    SHRINK = "pragma incremental_vacuum";
}

/// A database file.
pub(crate) struct Sqlite {
    path: PathBuf,
    write: SqlitePool,
    read: SqlitePool,
    read_only: bool,
    notices: broadcast::Sender<IncidentId>,
    _lock: Option<Lock>,
}

impl Sqlite {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// An error of the database while `attempted`.
    fn failed(&self, attempted: &str) -> impl Fn(sqlx::Error) -> StoreError {
        let path = self.name();
        let attempted = attempted.to_owned();
        move |error| open::database_error(&path, &attempted, &error)
    }

    /// Something stored that cannot be understood.
    fn unreadable(&self, attempted: &str, why: impl ToString) -> StoreError {
        StoreError::Failed { path: self.name(), attempted: attempted.to_owned(), why: why.to_string() }
    }

    fn parse_row(&self, body: &str) -> Result<Row, StoreError> {
        serde_json::from_str(body).map_err(|error| self.unreadable("read a row", error))
    }

    /// Begins a transaction that writes.
    async fn begin(&self, attempted: &str) -> Result<Transaction<'static, Db>, StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly { path: self.name(), why: "it was opened for reading only".to_owned() });
        }
        match self.write.begin_with(BEGIN).await {
            // A full disk makes SQLite roll back by itself, after which sqlx counts one transaction too many on this
            // connection for good: replace the connection.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                let broken = self.write.acquire().await.map_err(self.failed(attempted))?;
                broken.close().await.map_err(self.failed(attempted))?;
                self.write.begin_with(BEGIN).await.map_err(self.failed(attempted))
            }
            begun => begun.map_err(self.failed(attempted)),
        }
    }

    /// Stores one row, unless it is known.
    async fn append_row(
        &self,
        transaction: &mut Transaction<'static, Db>,
        ends: &mut HashMap<(IncidentId, String), ChainEnd>,
        row: Row,
    ) -> Result<Appended, StoreError> {
        let failed = self.failed("append a row");
        let stored: Option<String> = sqlx::query_scalar(sql::STORED_ROW)
            .bind(row.hash.as_str())
            .bind(row.incident.as_str())
            .bind(row.writer.as_str())
            .bind(&row.source)
            .bind(&row.source_id)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(&failed)?;
        if let Some(hash) = stored {
            return Ok(if hash == row.hash.as_str() { Appended::Known } else { Appended::Told });
        }
        let chain = (row.incident.clone(), row.writer.to_string());
        if !ends.contains_key(&chain) {
            let end: Option<(i64, String)> = sqlx::query_as(sql::CHAIN_END)
                .bind(row.incident.as_str())
                .bind(row.writer.as_str())
                .fetch_optional(&mut **transaction)
                .await
                .map_err(&failed)?;
            let end = end.map(|(seq, hash)| ChainEnd { seq: seq.unsigned_abs(), hash }).unwrap_or_default();
            ends.insert(chain.clone(), end);
        }
        let end = ends.entry(chain).or_default();
        shared::check_continues(&row, end)?;
        *end = ChainEnd { seq: row.seq, hash: row.hash.to_string() };
        let body = serde_json::to_string(&row).map_err(|error| self.unreadable("append a row", error))?;
        sqlx::query(sql::INSERT_ROW)
            .bind(row.incident.as_str())
            .bind(row.writer.as_str())
            .bind(row.seq.cast_signed())
            .bind(row.hash.as_str())
            .bind(row.hlc.micros)
            .bind(i64::from(row.hlc.counter))
            .bind(micros(row.recorded_at))
            .bind(&row.source)
            .bind(&row.source_id)
            .bind(body)
            .execute(&mut **transaction)
            .await
            .map_err(&failed)?;
        Ok(Appended::Stored(Box::new(row)))
    }

    /// The number of an incident, or the error that there is none.
    async fn number(&self, transaction: &mut Transaction<'static, Db>, id: &IncidentId) -> Result<i64, StoreError> {
        let number: Option<i64> = sqlx::query_scalar(sql::INCIDENT_NUMBER)
            .bind(id.as_str())
            .fetch_optional(&mut **transaction)
            .await
            .map_err(self.failed("find an incident"))?;
        number.ok_or_else(|| StoreError::NotFound { what: "incident".to_owned(), name: id.to_string() })
    }

    /// Deletes the files that only this incident named.
    async fn remove_blobs(
        &self,
        transaction: &mut Transaction<'static, Db>,
        id: &IncidentId,
        candidates: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let failed = self.failed("remove the files of an incident");
        for blob in candidates {
            let mut wanted = false;
            let exists: Option<i64> =
                sqlx::query_scalar(BLOB_EXISTS).bind(blob).fetch_optional(&mut **transaction).await.map_err(&failed)?;
            if exists.is_none() {
                continue;
            }
            for statement in [MENTIONED_IN_ROWS, MENTIONED_IN_DOCUMENTS] {
                let found: Option<i64> = sqlx::query_scalar(statement)
                    .bind(id.as_str())
                    .bind(blob)
                    .fetch_optional(&mut **transaction)
                    .await
                    .map_err(&failed)?;
                wanted = wanted || found.is_some();
            }
            if !wanted {
                sqlx::query(sql::DELETE_BLOB).bind(blob).execute(&mut **transaction).await.map_err(&failed)?;
            }
        }
        Ok(())
    }

    /// Runs a statement that answers one number.
    async fn count(&self, statement: &'static str) -> Result<i64, StoreError> {
        sqlx::query_scalar(statement).fetch_one(&self.read).await.map_err(self.failed("measure what is used"))
    }

    /// Runs a statement with text parameters in a transaction of its own.
    async fn put(&self, attempted: &str, statement: &'static str, values: &[&str]) -> Result<(), StoreError> {
        let mut transaction = self.begin(attempted).await?;
        let mut query = sqlx::query(statement);
        for value in values {
            query = query.bind(*value);
        }
        query.execute(&mut *transaction).await.map_err(self.failed(attempted))?;
        transaction.commit().await.map_err(self.failed(attempted))
    }
}

impl Store for Sqlite {
    fn append(&self, rows: Vec<Row>) -> Answer<'_, Result<Vec<Row>, StoreError>> {
        Box::pin(async move {
            let mut transaction = self.begin("append rows").await?;
            let incidents: BTreeSet<IncidentId> = rows.iter().map(|row| row.incident.clone()).collect();
            for incident in &incidents {
                self.number(&mut transaction, incident).await?;
            }
            let mut ends = HashMap::new();
            let mut stored = Vec::with_capacity(rows.len());
            for row in rows {
                match self.append_row(&mut transaction, &mut ends, row).await? {
                    Appended::Stored(row) => stored.push(*row),
                    Appended::Known => {}
                    Appended::Told => {
                        transaction.rollback().await.map_err(self.failed("append rows"))?;
                        return Ok(Vec::new());
                    }
                }
            }
            transaction.commit().await.map_err(self.failed("append rows"))?;
            for incident in incidents {
                let _ = self.notices.send(incident); // nobody follows: nobody to tell
            }
            Ok(stored)
        })
    }

    fn rows(&self, incident: IncidentId) -> Answer<'_, Result<Vec<Row>, StoreError>> {
        Box::pin(async move {
            let bodies: Vec<String> = sqlx::query_scalar(sql::ROWS)
                .bind(incident.as_str())
                .fetch_all(&self.read)
                .await
                .map_err(self.failed("read rows"))?;
            bodies.iter().map(|body| self.parse_row(body)).collect()
        })
    }

    fn rows_after(&self, incident: IncidentId, after: i64) -> Answer<'_, Result<(Vec<Row>, i64), StoreError>> {
        Box::pin(async move {
            let found: Vec<(i64, String)> = sqlx::query_as(sql::ROWS_AFTER)
                .bind(incident.as_str())
                .bind(after)
                .fetch_all(&self.read)
                .await
                .map_err(self.failed("read rows"))?;
            let cursor = found.last().map_or(after, |(position, _)| *position);
            let rows: Result<Vec<Row>, StoreError> = found.iter().map(|(_, body)| self.parse_row(body)).collect();
            Ok((rows?, cursor))
        })
    }

    fn incidents(&self) -> Answer<'_, Result<Vec<IncidentEntry>, StoreError>> {
        Box::pin(async move {
            let found: Vec<(String, i64, i64, i64, Option<i64>)> =
                sqlx::query_as(sql::INCIDENTS).fetch_all(&self.read).await.map_err(self.failed("list incidents"))?;
            let entry = |(id, number, imported, rows, opened): (String, i64, i64, i64, Option<i64>)| IncidentEntry {
                id: IncidentId(id),
                number,
                opened_at: opened.and_then(moment),
                rows,
                imported: imported != 0,
            };
            Ok(found.into_iter().map(entry).collect())
        })
    }

    fn open_incident(&self, id: IncidentId, imported: bool) -> Answer<'_, Result<i64, StoreError>> {
        Box::pin(async move {
            let failed = self.failed("open an incident");
            let mut transaction = self.begin("open an incident").await?;
            match self.number(&mut transaction, &id).await {
                Err(StoreError::NotFound { .. }) => {}
                known => return known,
            }
            let before: Option<i64> = sqlx::query_scalar(sql::TOMBSTONE_NUMBER)
                .bind(id.as_str())
                .fetch_optional(&mut *transaction)
                .await
                .map_err(&failed)?;
            let last: Option<i64> =
                sqlx::query_scalar(sql::LAST_NUMBER).fetch_one(&mut *transaction).await.map_err(&failed)?;
            let number = before.unwrap_or_else(|| last.unwrap_or(0) + 1);
            sqlx::query(sql::INSERT_INCIDENT)
                .bind(id.as_str())
                .bind(number)
                .bind(i64::from(imported))
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            transaction.commit().await.map_err(&failed)?;
            Ok(number)
        })
    }

    fn remove_incident(&self, id: IncidentId, at: Moment, by: String) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let failed = self.failed("remove an incident");
            let mut transaction = self.begin("remove an incident").await?;
            let number = self.number(&mut transaction, &id).await?;
            let mut texts: Vec<String> = Vec::new();
            for statement in [sql::ROWS, sql::DOCUMENT_BODIES] {
                let bodies: Vec<String> = sqlx::query_scalar(statement)
                    .bind(id.as_str())
                    .fetch_all(&mut *transaction)
                    .await
                    .map_err(&failed)?;
                texts.extend(bodies);
            }
            let candidates = texts.iter().flat_map(|text| shared::hashes_in(text)).collect();
            self.remove_blobs(&mut transaction, &id, &candidates).await?;
            sqlx::query(sql::DELETE_SEGMENTS_OF)
                .bind(id.as_str())
                .bind(micros(at - shared::STILL_GROWING))
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            let mut rows = 0;
            for statement in [sql::DELETE_KEPT, sql::DELETE_DOCUMENTS, sql::DELETE_ROWS, sql::DELETE_INCIDENT] {
                let done =
                    sqlx::query(statement).bind(id.as_str()).execute(&mut *transaction).await.map_err(&failed)?;
                if statement == sql::DELETE_ROWS {
                    rows = done.rows_affected();
                }
            }
            sqlx::query(sql::INSERT_TOMBSTONE)
                .bind(id.as_str())
                .bind(number)
                .bind(rows.cast_signed())
                .bind(micros(at))
                .bind(&by)
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            transaction.commit().await.map_err(&failed)?;
            sqlx::query(SHRINK).execute(&self.write).await.map_err(&failed)?;
            let _ = self.notices.send(id);
            Ok(())
        })
    }

    fn put_segment(&self, cluster: String, segment: Segment) -> Answer<'_, Result<i64, StoreError>> {
        Box::pin(self.keep_new_segment(cluster, segment))
    }

    fn extend_segment(&self, id: i64, piece: Piece) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.lengthen_segment(id, piece))
    }

    fn segments(&self, window: Option<Window>) -> Answer<'_, Result<Vec<SegmentEntry>, StoreError>> {
        Box::pin(async move {
            let (from, to) = window.map_or((i64::MIN, i64::MAX), |window| (micros(window.from), micros(window.to)));
            let found: Vec<(i64, String, i64, i64, i64, Option<String>)> = sqlx::query_as(sql::SEGMENTS)
                .bind(from)
                .bind(to)
                .fetch_all(&self.read)
                .await
                .map_err(self.failed("list segments"))?;
            Ok(found.into_iter().map(shared::segment_entry).collect())
        })
    }

    fn segment(&self, id: i64) -> Answer<'_, Result<Segment, StoreError>> {
        Box::pin(self.read_segment(id))
    }

    fn track(
        &self,
        id: i64,
        known: Option<Arc<Track>>,
        until: Option<Moment>,
    ) -> Answer<'_, Result<Arc<Track>, StoreError>> {
        Box::pin(self.read_track(id, known, until))
    }

    fn put_drawn(&self, segment: i64, at: Moment, map: Vec<u8>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.keep_drawn(segment, at, map))
    }

    fn drawn(&self, segment: i64, at: Moment) -> Answer<'_, Result<Option<DrawnMap>, StoreError>> {
        Box::pin(self.read_drawn(segment, at))
    }

    fn keep_segments(&self, incident: IncidentId, window: Window) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let failed = self.failed("keep segments for an incident");
            let mut transaction = self.begin("keep segments for an incident").await?;
            self.number(&mut transaction, &incident).await?;
            let (mut from, mut to) = (micros(window.from), micros(window.to));
            let touched: Vec<(i64, i64)> = sqlx::query_as(sql::TAKE_KEPT)
                .bind(incident.as_str())
                .bind(from)
                .bind(to)
                .fetch_all(&mut *transaction)
                .await
                .map_err(&failed)?;
            for (earlier, later) in touched {
                (from, to) = (from.min(earlier), to.max(later));
            }
            sqlx::query(sql::INSERT_KEPT)
                .bind(incident.as_str())
                .bind(from)
                .bind(to)
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        })
    }

    fn retain(&self, before: Moment, max_bytes: i64) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let failed = self.failed("delete old segments");
            let mut transaction = self.begin("delete old segments").await?;
            let old = sqlx::query(sql::DELETE_SEGMENTS_BEFORE)
                .bind(micros(before))
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            let rolling: Vec<(i64, i64)> =
                sqlx::query_as(sql::ROLLING_SEGMENTS).fetch_all(&mut *transaction).await.map_err(&failed)?;
            let beyond = shared::beyond(&rolling, max_bytes);
            for id in &beyond {
                sqlx::query(sql::DELETE_SEGMENT).bind(id).execute(&mut *transaction).await.map_err(&failed)?;
            }
            transaction.commit().await.map_err(&failed)?;
            let deleted = old.rows_affected() + beyond.len() as u64;
            if deleted > 0 {
                sqlx::query(SHRINK).execute(&self.write).await.map_err(&failed)?;
            }
            Ok(deleted)
        })
    }

    fn put_blob(&self, bytes: Vec<u8>) -> Answer<'_, Result<BlobId, StoreError>> {
        Box::pin(async move {
            shared::check_blob_size(&self.name(), bytes.len())?;
            let id = shared::blob_id(&bytes);
            let mut transaction = self.begin("keep a file").await?;
            sqlx::query(sql::INSERT_BLOB)
                .bind(&id)
                .bind(bytes.len() as i64)
                .bind(bytes)
                .execute(&mut *transaction)
                .await
                .map_err(self.failed("keep a file"))?;
            transaction.commit().await.map_err(self.failed("keep a file"))?;
            Ok(BlobId(id))
        })
    }

    fn blob(&self, id: BlobId) -> Answer<'_, Result<Vec<u8>, StoreError>> {
        Box::pin(async move {
            let body: Option<Vec<u8>> = sqlx::query_scalar(sql::BLOB)
                .bind(id.as_str())
                .fetch_optional(&self.read)
                .await
                .map_err(self.failed("read a file"))?;
            body.ok_or_else(|| StoreError::NotFound { what: "file".to_owned(), name: id.to_string() })
        })
    }

    fn put_document(&self, incident: IncidentId, name: String, json: String) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let failed = self.failed("keep a document");
            let mut transaction = self.begin("keep a document").await?;
            if !incident.as_str().is_empty() {
                // A save that comes late does not bring anything of a removed incident back.
                self.number(&mut transaction, &incident).await?;
            }
            sqlx::query(sql::PUT_DOCUMENT)
                .bind(incident.as_str())
                .bind(name)
                .bind(json)
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        })
    }

    fn document(&self, incident: IncidentId, name: String) -> Answer<'_, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            sqlx::query_scalar(sql::DOCUMENT)
                .bind(incident.as_str())
                .bind(name)
                .fetch_optional(&self.read)
                .await
                .map_err(self.failed("read a document"))
        })
    }

    fn put_setting(&self, name: String, json: String) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move { self.put("keep a setting", sql::PUT_SETTING, &[&name, &json]).await })
    }

    fn setting(&self, name: String) -> Answer<'_, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            sqlx::query_scalar(sql::SETTING)
                .bind(name)
                .fetch_optional(&self.read)
                .await
                .map_err(self.failed("read a setting"))
        })
    }

    fn see_key(&self, writer: String, public_key: String) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move { self.put("remember a key", sql::SEE_KEY, &[&writer, &public_key]).await })
    }

    fn seen_keys(&self) -> Answer<'_, Result<Vec<(String, String)>, StoreError>> {
        Box::pin(
            async move { sqlx::query_as(sql::SEEN_KEYS).fetch_all(&self.read).await.map_err(self.failed("list keys")) },
        )
    }

    fn notices(&self) -> Flow<Notice> {
        let resync = futures_util::stream::once(async { Notice::Resync });
        let following = futures_util::stream::unfold(self.notices.subscribe(), |mut receiver| async move {
            match receiver.recv().await {
                Ok(incident) => Some((Notice::Incident(incident), receiver)),
                Err(broadcast::error::RecvError::Lagged(_)) => Some((Notice::Resync, receiver)),
                Err(broadcast::error::RecvError::Closed) => None,
            }
        });
        Box::pin(resync.chain(following))
    }

    fn used(&self) -> Answer<'_, Result<StorageUsed, StoreError>> {
        Box::pin(async move {
            let log = std::fs::metadata(open::beside(&self.path, "-wal")).map_or(0, |found| found.len());
            let rolling = self.count(ROLLING_BYTES).await?;
            Ok(StorageUsed {
                path: self.name(),
                bytes: self.count(DATABASE_BYTES).await? + log.cast_signed(),
                rolling_bytes: rolling,
                incident_bytes: self.count(SEGMENT_BYTES).await? - rolling,
                blob_bytes: self.count(BLOB_BYTES).await?,
            })
        })
    }
}
