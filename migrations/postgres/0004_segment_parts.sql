-- What a segment grew by after it was first kept, in order; a program that does not know them would show half of it.
create table segment_parts (
    segment bigint not null references segments (id) on delete cascade,
    part    bigint not null, -- how many changes of the segment come before; below 0 where it is of what the segment began with
    body    bytea  not null, -- encoded by core::recording, compressed with zstd
    primary key (segment, part)
);
