-- Files by the SHA-256 of their bytes, documents being written, settings, and the public keys this desk has seen.
create table blobs (
    id    text   collate "C" not null primary key,
    bytes bigint not null,
    body  bytea  not null
);

create table documents (
    incident text collate "C" not null, -- empty for a document of no incident
    name     text collate "C" not null,
    body     text collate "C" not null, -- JSON
    primary key (incident, name)
);

create table settings (
    name text collate "C" not null primary key,
    body text collate "C" not null -- JSON
);

create table seen_keys (
    writer     text collate "C" not null,
    public_key text collate "C" not null,
    primary key (writer, public_key)
);
