-- Files by the SHA-256 of their bytes, documents being written, settings, and the public keys this desk has seen.
create table blobs (
    id    text    not null primary key,
    bytes integer not null,
    body  blob    not null
) strict;

create table documents (
    incident text not null, -- empty for a document of no incident
    name     text not null,
    body     text not null, -- JSON
    primary key (incident, name)
) strict;

create table settings (
    name text not null primary key,
    body text not null -- JSON
) strict;

create table seen_keys (
    writer     text not null,
    public_key text not null,
    primary key (writer, public_key)
) strict;
