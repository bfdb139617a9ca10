-- Recordings in pieces, and the spans of time that are kept with an incident past the rolling window.
create table segments (
    id         bigint generated always as identity primary key,
    cluster    text   collate "C" not null,
    from_at    bigint not null, -- microseconds since 1970
    until_at   bigint not null, -- microseconds since 1970
    bytes      bigint not null,
    body       bytea  not null  -- encoded by core::recording, compressed with zstd
);

create index segments_in_time on segments (from_at, until_at);

create table kept_windows (
    incident text   collate "C" not null references incidents (id),
    from_at  bigint not null, -- microseconds since 1970, inside
    to_at    bigint not null, -- microseconds since 1970, outside
    primary key (incident, from_at, to_at)
);
