-- Incidents and their append-only rows. Rows are only ever inserted; a whole incident may be removed, with a tombstone.
create table incidents (
    id       text   collate "C" not null primary key,
    number   bigint not null unique,
    imported bigint not null check (imported in (0, 1))
);

create table tombstones (
    incident   text   collate "C" not null primary key,
    number     bigint not null,
    row_count  bigint not null,
    removed_at bigint not null, -- microseconds since 1970
    removed_by text   collate "C" not null
);

create table ledger_rows (
    position    bigint generated always as identity primary key, -- the order stored, what a cursor counts
    incident    text   collate "C" not null references incidents (id),
    writer      text   collate "C" not null,
    seq         bigint not null,
    hash        text   collate "C" not null unique,
    hlc_micros  bigint not null,
    hlc_counter bigint not null,
    recorded_at bigint not null, -- microseconds since 1970
    source      text   collate "C" not null,
    source_id   text   collate "C" not null,
    body        text   collate "C" not null, -- the whole row as JSON
    unique (incident, writer, seq)
);

create index ledger_rows_in_fold_order on ledger_rows (incident, hlc_micros, hlc_counter, writer, seq);
create index ledger_rows_in_stored_order on ledger_rows (incident, position);
create unique index ledger_rows_by_transition on ledger_rows (incident, writer, source, source_id) where source_id <> '';
