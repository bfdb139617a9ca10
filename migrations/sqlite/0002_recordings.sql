-- Recordings in pieces, and the spans of time that are kept with an incident past the rolling window.
create table segments (
    id         integer not null primary key autoincrement,
    cluster    text    not null,
    from_at    integer not null, -- microseconds since 1970
    until_at   integer not null, -- microseconds since 1970
    bytes      integer not null,
    body       blob    not null  -- encoded by core::recording, compressed with zstd
) strict;

create index segments_in_time on segments (from_at, until_at);

create table kept_windows (
    incident text    not null references incidents (id),
    from_at  integer not null, -- microseconds since 1970, inside
    to_at    integer not null, -- microseconds since 1970, outside
    primary key (incident, from_at, to_at)
) strict;
