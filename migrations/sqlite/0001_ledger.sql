-- Incidents and their append-only rows. Rows are only ever inserted; a whole incident may be removed, with a tombstone.
create table incidents (
    id       text    not null primary key,
    number   integer not null unique,
    imported integer not null check (imported in (0, 1))
) strict;

create table tombstones (
    incident   text    not null primary key,
    number     integer not null,
    row_count  integer not null,
    removed_at integer not null, -- microseconds since 1970
    removed_by text    not null
) strict;

create table ledger_rows (
    position    integer not null primary key autoincrement, -- the order stored, what a cursor counts
    incident    text    not null references incidents (id),
    writer      text    not null,
    seq         integer not null,
    hash        text    not null unique,
    hlc_micros  integer not null,
    hlc_counter integer not null,
    recorded_at integer not null, -- microseconds since 1970
    source      text    not null,
    source_id   text    not null,
    body        text    not null, -- the whole row as JSON
    unique (incident, writer, seq)
) strict;

create index ledger_rows_in_fold_order on ledger_rows (incident, hlc_micros, hlc_counter, writer, seq);
create index ledger_rows_in_stored_order on ledger_rows (incident, position);
create unique index ledger_rows_by_transition on ledger_rows (incident, writer, source, source_id) where source_id <> '';
