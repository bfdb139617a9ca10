-- The map of a large cluster as it was drawn while it was recorded, so that it is there before its world is read back.
create table drawn_maps (
    segment  bigint not null references segments (id) on delete cascade,
    drawn_at bigint not null, -- microseconds since 1970
    depth    bigint not null, -- 0 stands alone, any other differs from the last one before it of a lower depth
    body     bytea  not null, -- encoded by core::plan, compressed with zstd
    primary key (segment, drawn_at)
);
