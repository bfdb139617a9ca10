//! The statements both databases understand, as constants.
//!
//! `$1` is PostgreSQL's own spelling of a parameter and one of SQLite's. What the two spell differently stands beside
//! each back end.

/// Declares statements and lists them for the test that prepares every one.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$meta])* pub(crate) const $name: &str = $sql;)*
        /// Every statement of this module with its name.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

statements! {
    // ------------------------------------------------------------------------------------------------ ledger
    /// The end of one chain.
    CHAIN_END = "select seq, hash from ledger_rows where incident = $1 and writer = $2 order by seq desc limit 1";
    /// The hash of the row stored already under this hash or for this transition, the same hash first.
    STORED_ROW = "select hash from ledger_rows \
        where hash = $1 or (incident = $2 and writer = $3 and source = $4 and source_id = $5 and source_id <> '') \
        order by case when hash = $1 then 0 else 1 end limit 1";
    /// Adds a row.
    INSERT_ROW = "insert into ledger_rows \
        (incident, writer, seq, hash, hlc_micros, hlc_counter, recorded_at, source, source_id, body) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// The rows of an incident in fold order.
    ROWS = "select body from ledger_rows where incident = $1 order by hlc_micros, hlc_counter, writer, seq";
    /// The rows of an incident after a position, in the order stored.
    ROWS_AFTER = "select position, body from ledger_rows where incident = $1 and position > $2 order by position";
    /// Incidents, newest first.
    INCIDENTS = "select i.id, i.number, i.imported, count(r.position), min(r.recorded_at) \
        from incidents i left join ledger_rows r on r.incident = i.id \
        group by i.id, i.number, i.imported order by i.number desc";
    /// The number of an incident.
    INCIDENT_NUMBER = "select number from incidents where id = $1";
    /// The number of a removed incident.
    TOMBSTONE_NUMBER = "select number from tombstones where incident = $1";
    /// The highest number ever given.
    LAST_NUMBER = "select max(number) from (select number from incidents union all select number from tombstones) n";
    /// Adds an incident.
    INSERT_INCIDENT = "insert into incidents (id, number, imported) values ($1, $2, $3)";
    // ----------------------------------------------------------------------------------------------- removal
    /// Leaves a tombstone; the last removal of an incident stands.
    INSERT_TOMBSTONE = "insert into tombstones (incident, number, row_count, removed_at, removed_by) \
        values ($1, $2, $3, $4, $5) on conflict (incident) do update set number = excluded.number, \
        row_count = excluded.row_count, removed_at = excluded.removed_at, removed_by = excluded.removed_by";
    /// The documents of an incident.
    DOCUMENT_BODIES = "select body from documents where incident = $1";
    /// Deletes the rows of an incident.
    DELETE_ROWS = "delete from ledger_rows where incident = $1";
    /// Deletes the documents of an incident.
    DELETE_DOCUMENTS = "delete from documents where incident = $1";
    /// Deletes the segments only this incident keeps, except one that may still be growing: the newest of its cluster,
    /// if it was alive after `$2`.
    DELETE_SEGMENTS_OF = "delete from segments where \
        exists (select 1 from kept_windows k where k.incident = $1 \
            and k.from_at <= segments.until_at and k.to_at > segments.from_at) \
        and not exists (select 1 from kept_windows k where k.incident <> $1 \
            and k.from_at <= segments.until_at and k.to_at > segments.from_at) \
        and not (segments.until_at > $2 and segments.id = \
            (select max(newest.id) from segments newest where newest.cluster = segments.cluster))";
    /// Stops keeping anything for an incident.
    DELETE_KEPT = "delete from kept_windows where incident = $1";
    /// Deletes the incident itself.
    DELETE_INCIDENT = "delete from incidents where id = $1";
    /// Deletes a file.
    DELETE_BLOB = "delete from blobs where id = $1";
    // -------------------------------------------------------------------------------------------- recordings
    /// Adds a segment.
    INSERT_SEGMENT = "insert into segments (cluster, from_at, until_at, bytes, body) values ($1, $2, $3, $4, $5) \
        returning id";
    /// Lengthens a segment by a span and bytes.
    EXTEND_SEGMENT = "update segments set until_at = $2, bytes = bytes + $3 where id = $1 and until_at <= $2";
    /// Whether a segment is there.
    SEGMENT_EXISTS = "select 1 from segments where id = $1";
    /// Puts a part of a segment; one that was sent again, its answer having been lost, takes the place of the first.
    PUT_PART = "insert into segment_parts (segment, part, body) values ($1, $2, $3) \
        on conflict (segment, part) do update set body = excluded.body";
    /// Every segment that touches a span, oldest first, with one incident that keeps it.
    SEGMENTS = "select s.id, s.cluster, s.from_at, s.until_at, s.bytes, \
        (select min(k.incident) from kept_windows k where k.from_at <= s.until_at and k.to_at > s.from_at) \
        from segments s where s.from_at < $2 and s.until_at >= $1 order by s.from_at, s.id";
    /// One segment: its last instant and how it began.
    SEGMENT = "select until_at, body from segments where id = $1";
    /// The last instant of a segment.
    SEGMENT_END = "select until_at from segments where id = $1";
    /// What a segment grew by, from a part on, with their numbers.
    PARTS_FROM = "select part, body from segment_parts where segment = $1 and part >= $2 order by part";
    /// What a segment grew by.
    PARTS = "select body from segment_parts where segment = $1 order by part";
    /// Puts a map as it was drawn at a moment of a segment.
    PUT_DRAWN = "insert into drawn_maps (segment, drawn_at, depth, body) values ($1, $2, $3, $4) \
        on conflict (segment, drawn_at) do update set depth = excluded.depth, body = excluded.body";
    /// The last map of a depth that was drawn of a segment in a span.
    DRAWN = "select drawn_at, body from drawn_maps where segment = $1 and depth = $2 and drawn_at between $3 and $4 \
        order by drawn_at desc limit 1";
    /// Counts bytes to a segment.
    WEIGH_SEGMENT = "update segments set bytes = bytes + $2 where id = $1";
    /// Takes out the spans of an incident that touch one.
    TAKE_KEPT = "delete from kept_windows where incident = $1 and from_at <= $3 and to_at >= $2 \
        returning from_at, to_at";
    /// Keeps a span for an incident.
    INSERT_KEPT = "insert into kept_windows (incident, from_at, to_at) values ($1, $2, $3) on conflict do nothing";
    /// Deletes what nobody keeps and ended before.
    DELETE_SEGMENTS_BEFORE = "delete from segments where until_at < $1 and not exists (select 1 from kept_windows k \
        where k.from_at <= segments.until_at and k.to_at > segments.from_at)";
    /// What nobody keeps, newest first.
    ROLLING_SEGMENTS = "select s.id, s.bytes from segments s where not exists (select 1 from kept_windows k \
        where k.from_at <= s.until_at and k.to_at > s.from_at) order by s.until_at desc, s.id desc";
    /// Deletes one segment.
    DELETE_SEGMENT = "delete from segments where id = $1";
    // --------------------------------------------------------------------------------- files, documents, keys
    /// Adds a file.
    INSERT_BLOB = "insert into blobs (id, bytes, body) values ($1, $2, $3) on conflict do nothing";
    /// Reads a file.
    BLOB = "select body from blobs where id = $1";
    /// Keeps a document.
    PUT_DOCUMENT = "insert into documents (incident, name, body) values ($1, $2, $3) \
        on conflict (incident, name) do update set body = excluded.body";
    /// Reads a document.
    DOCUMENT = "select body from documents where incident = $1 and name = $2";
    /// Keeps a setting.
    PUT_SETTING = "insert into settings (name, body) values ($1, $2) \
        on conflict (name) do update set body = excluded.body";
    /// Reads a setting.
    SETTING = "select body from settings where name = $1";
    /// Remembers a key.
    SEE_KEY = "insert into seen_keys (writer, public_key) values ($1, $2) on conflict do nothing";
    /// Lists the keys.
    SEEN_KEYS = "select writer, public_key from seen_keys order by writer, public_key";
    // ---------------------------------------------------------------------------------------------- versions
    /// The migrations that ran: the newest, and the oldest program that may still write.
    SCHEMA_VERSION = "select coalesce(max(version), 0), coalesce(max(oldest_reader), 0) from broadstreet_migrations";
}
