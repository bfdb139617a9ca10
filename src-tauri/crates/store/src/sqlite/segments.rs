//! Segments of a recording: what each began with, and the parts it grew by.

use std::sync::Arc;

use broadstreet_core::ports::{DrawnMap, StoreError};
use broadstreet_core::recording::{self, Piece, Segment, Track};
use broadstreet_core::time::Moment;
use futures_util::StreamExt;
use sqlx::{Sqlite as Db, Transaction};

use super::Sqlite;
use crate::drawn::{self, Layers};
use crate::shared::{self, micros};
use crate::sql;

impl Sqlite {
    /// Keeps a segment, in pieces of bounded size.
    pub(super) async fn keep_new_segment(&self, cluster: String, segment: Segment) -> Result<i64, StoreError> {
        let failed = self.failed("keep a segment");
        let unreadable = |why: String| self.unreadable("keep a segment", why);
        let (from, until) = shared::span(&segment).map_err(unreadable)?;
        let packed = shared::pack(recording::pieces(&segment)).await.map_err(unreadable)?;
        drop(segment);
        let bytes = shared::size(&packed);
        // What a segment begins with stands before everything it grows by.
        let before = packed.len() as i64;
        let mut packed = packed.into_iter().zip(-before..);
        let mut transaction = self.begin("keep a segment").await?;
        let id: i64 = sqlx::query_scalar(sql::INSERT_SEGMENT)
            .bind(cluster)
            .bind(from)
            .bind(until)
            .bind(bytes)
            .bind(packed.next().map(|(body, _)| body).unwrap_or_default())
            .fetch_one(&mut *transaction)
            .await
            .map_err(&failed)?;
        self.add_parts(&mut transaction, id, packed).await?;
        transaction.commit().await.map_err(&failed)?;
        Ok(id)
    }

    /// Adds what was received since to a segment.
    pub(super) async fn lengthen_segment(&self, id: i64, piece: Piece) -> Result<(), StoreError> {
        let failed = self.failed("extend a segment");
        let mut numbers = Vec::new();
        let parts = piece.parts().map(|(first, part)| {
            numbers.push(first as i64);
            part
        });
        let packed = shared::pack(parts).await.map_err(|why| self.unreadable("extend a segment", why))?;
        let mut transaction = self.begin("extend a segment").await?;
        let done = sqlx::query(sql::EXTEND_SEGMENT)
            .bind(id)
            .bind(micros(piece.until))
            .bind(shared::size(&packed))
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        if done.rows_affected() == 0 {
            let there: Option<i32> = sqlx::query_scalar(sql::SEGMENT_EXISTS)
                .bind(id)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(&failed)?;
            return Err(match there {
                Some(_) => self.unreadable("extend a segment", "it would end before it ended"),
                None => StoreError::NotFound { what: "recording".to_owned(), name: id.to_string() },
            });
        }
        self.add_parts(&mut transaction, id, packed.into_iter().zip(numbers)).await?;
        transaction.commit().await.map_err(&failed)
    }

    async fn add_parts(
        &self,
        transaction: &mut Transaction<'static, Db>,
        id: i64,
        packed: impl Iterator<Item = (Vec<u8>, i64)>,
    ) -> Result<(), StoreError> {
        for (body, part) in packed {
            let put = sqlx::query(sql::PUT_PART).bind(id).bind(part).bind(body);
            put.execute(&mut **transaction).await.map_err(self.failed("extend a segment"))?;
        }
        Ok(())
    }

    /// Reads a segment with all it grew by.
    pub(super) async fn read_segment(&self, id: i64) -> Result<Segment, StoreError> {
        let failed = self.failed("read a segment");
        let unreadable = |why: String| self.unreadable(&format!("read segment {id}"), why);
        let found: Option<(i64, Vec<u8>)> =
            sqlx::query_as(sql::SEGMENT).bind(id).fetch_optional(&self.read).await.map_err(&failed)?;
        let (until, body) =
            found.ok_or_else(|| StoreError::NotFound { what: "recording".to_owned(), name: id.to_string() })?;
        let mut unpacking = shared::Unpacking::begin(&body).map_err(unreadable)?;
        drop(body);
        let mut parts = sqlx::query_scalar::<_, Vec<u8>>(sql::PARTS).bind(id).fetch(&self.read);
        while let Some(part) = parts.next().await {
            unpacking.read(&part.map_err(&failed)?).map_err(unreadable)?;
        }
        Ok(unpacking.finish(until))
    }

    /// Reads where everything in a segment is, until a moment at least; of one that was read before only what comes after.
    pub(super) async fn read_track(
        &self,
        id: i64,
        known: Option<Arc<Track>>,
        until: Option<Moment>,
    ) -> Result<Arc<Track>, StoreError> {
        let failed = self.failed("read a segment");
        let unreadable = |why: String| self.unreadable(&format!("read segment {id}"), why);
        let missing = || StoreError::NotFound { what: "recording".to_owned(), name: id.to_string() };
        let (end, mut tracking) = match known {
            Some(known) => {
                let end: Option<i64> =
                    sqlx::query_scalar(sql::SEGMENT_END).bind(id).fetch_optional(&self.read).await.map_err(&failed)?;
                (end.ok_or_else(missing)?, shared::Tracking::from(known))
            }
            None => {
                let found: Option<(i64, Vec<u8>)> =
                    sqlx::query_as(sql::SEGMENT).bind(id).fetch_optional(&self.read).await.map_err(&failed)?;
                let (end, body) = found.ok_or_else(missing)?;
                (end, shared::Tracking::begin(&body).map_err(unreadable)?)
            }
        };
        let parts = sqlx::query_as::<_, (i64, Vec<u8>)>(sql::PARTS_FROM).bind(id).bind(tracking.last_part());
        let mut parts = parts.fetch(&self.read);
        while let Some(part) = parts.next().await {
            let (number, body) = part.map_err(&failed)?;
            tracking.read(number, &body).map_err(unreadable)?;
            if tracking.is_past(until) {
                return Ok(tracking.so_far());
            }
        }
        Ok(tracking.finish(end))
    }

    /// Keeps a map as it was drawn at a moment of a segment.
    pub(super) async fn keep_drawn(&self, id: i64, at: Moment, map: Vec<u8>) -> Result<(), StoreError> {
        let failed = self.failed("keep a drawn map");
        let layers = self.layers(id, micros(at), drawn::BASES).await?;
        let (depth, body) = layers.lay(micros(at), &map).map_err(|why| self.unreadable("keep a drawn map", why))?;
        let mut transaction = self.begin("keep a drawn map").await?;
        let weighed = sqlx::query(sql::WEIGH_SEGMENT).bind(id).bind(body.len() as i64);
        if weighed.execute(&mut *transaction).await.map_err(&failed)?.rows_affected() == 0 {
            return Err(StoreError::NotFound { what: "recording".to_owned(), name: id.to_string() });
        }
        let put = sqlx::query(sql::PUT_DRAWN).bind(id).bind(micros(at)).bind(depth).bind(body);
        put.execute(&mut *transaction).await.map_err(&failed)?;
        transaction.commit().await.map_err(&failed)
    }

    /// Reads the map that was drawn last by a moment of a segment.
    pub(super) async fn read_drawn(&self, id: i64, at: Moment) -> Result<Option<DrawnMap>, StoreError> {
        let layers = self.layers(id, micros(at), drawn::DEPTHS).await?;
        Ok(layers.last().and_then(|(at, map)| Some((shared::moment(at)?, map))))
    }

    /// The drawn maps of the first depths that lead to the last one by a moment.
    async fn layers(&self, id: i64, at: i64, depths: i64) -> Result<Layers, StoreError> {
        let (mut layers, mut from) = (Layers::default(), i64::MIN);
        for depth in 0..depths {
            let found: Option<(i64, Vec<u8>)> = sqlx::query_as(sql::DRAWN)
                .bind(id)
                .bind(depth)
                .bind(from)
                .bind(at)
                .fetch_optional(&self.read)
                .await
                .map_err(self.failed("read a drawn map"))?;
            if let Some((drawn_at, body)) = found {
                from = drawn_at;
                layers.add(drawn_at, &body).map_err(|why| self.unreadable("read a drawn map", why))?;
            } else if depth == 0 {
                break;
            }
        }
        Ok(layers)
    }
}
