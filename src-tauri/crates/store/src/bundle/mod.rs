//! Bundles: one incident as one file that proves itself, opened without a cluster and without a network.
//!
//! `*.broadstreet` is a zip with `manifest.json`, `ledger.jsonl` (rows by writer and number), `recording/N.zst`,
//! `blobs/ID` and `documents/NAME.json`. The manifest names the SHA-256 of every part and the end and key of every
//! chain, and is signed by the exporter; the file is written again from what was read and compared byte for byte.
//! Recordings and documents are compared as they lie in the file: what a later version would add when it writes them
//! must not make an old bundle false.

mod container;
mod manifest;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use broadstreet_core::id::BlobId;
use broadstreet_core::ledger::{ROW_SCHEMA, Row, chain};
use broadstreet_core::ports::{BundleContents, Bundles, StoreError, Verified};
use broadstreet_core::recording::{self, Segment};
use broadstreet_core::writing::Document;

use self::container::Wrong;
use self::manifest::{FORMAT, Manifest, Part, VERSION};
use crate::shared::{MAX_BLOB_BYTES, MAX_SEGMENT_BYTES, blob_id, inflate, pack_whole};

/// The most all recordings of a bundle may unpack to, in bytes.
const MAX_RECORDING_BYTES: u64 = 2 << 30;
/// A recording this much smaller packed than unpacked was made to fill a memory …
const MAX_RATIO: u64 = 1000;
/// … unless it is small: one change a second for an hour is a run of equal bytes.
const SMALL_RECORDING_BYTES: u64 = 16 << 20;

/// Writes and reads bundles.
#[derive(Clone, Copy, Debug, Default)]
pub struct BundleFiles;

impl Bundles for BundleFiles {
    fn encode(&self, contents: &BundleContents, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let name = format!("{}.broadstreet", contents.incident);
        let file = write(contents, sign).map_err(|wrong| bad(&name, wrong))?;
        // Nobody is handed a bundle that would not open.
        open(&file).map_err(|wrong| bad(&name, wrong))?;
        Ok(file)
    }

    fn decode(&self, path: &str, bytes: &[u8]) -> Result<BundleContents, StoreError> {
        open(bytes).map(|(contents, _)| contents).map_err(|wrong| bad(path, wrong))
    }

    fn verify(&self, path: &str, bytes: &[u8], seen: &[(String, String)]) -> Result<Verified, StoreError> {
        let (contents, parts) = open(bytes).map_err(|wrong| bad(path, wrong))?;
        let known = |key: &str| seen.iter().any(|(_, seen)| seen.eq_ignore_ascii_case(key));
        Ok(Verified {
            parts,
            rows: contents.rows.len(),
            exporter: (contents.exporter.clone(), known(&contents.exporter)),
            keys: contents
                .keys
                .into_iter()
                .map(|(writer, key)| {
                    let seen = seen.iter().any(|(by, seen)| *by == writer && seen.eq_ignore_ascii_case(&key));
                    (writer, key, seen)
                })
                .collect(),
        })
    }
}

fn bad(path: &str, (part, why): Wrong) -> StoreError {
    // A hostile name is shown, not obeyed: neither control characters nor a screen full of it.
    let part: String = part.chars().flat_map(char::escape_debug).take(120).collect();
    StoreError::BadBundle { path: path.to_owned(), part, why }
}

fn wrong(part: &str, why: impl Into<String>) -> Wrong {
    (part.to_owned(), why.into())
}

/// What lies under a part's name.
enum Content<'a> {
    Manifest,
    Ledger,
    Segment,
    Blob(&'a str),
    Document(&'a str),
}

/// What a part of this name may be; nothing else has a place in a bundle, so no name can lead out of a folder.
fn content_of(name: &str) -> Option<Content<'_>> {
    match name.split_once('/') {
        None if name == "manifest.json" => Some(Content::Manifest),
        None if name == "ledger.jsonl" => Some(Content::Ledger),
        Some(("recording", file)) => {
            let number = file.strip_suffix(".zst")?;
            (number.len() == 6 && number.bytes().all(|c| c.is_ascii_digit())).then_some(Content::Segment)
        }
        Some(("blobs", id)) => manifest::lower_hex::<32>(id).map(|_| Content::Blob(id)),
        Some(("documents", file)) => {
            let name = file.strip_suffix(".json")?;
            is_document_name(name).then_some(Content::Document(name))
        }
        _ => None,
    }
}

fn is_document_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

fn write(contents: &BundleContents, sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, Wrong> {
    let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    parts.insert("ledger.jsonl".to_owned(), ledger(&contents.rows)?);
    for (number, segment) in contents.segments.iter().enumerate() {
        let name = format!("recording/{:06}.zst", number + 1);
        let bytes = pack_whole(segment).map_err(|why| wrong(&name, format!("cannot be packed: {why}")))?;
        parts.insert(name, bytes);
    }
    for (id, bytes) in &contents.blobs {
        parts.insert(format!("blobs/{id}"), bytes.clone());
    }
    for (name, document) in &contents.documents {
        let part = format!("documents/{name}.json");
        let text = serde_json::to_vec(document).map_err(|why| wrong(&part, format!("cannot be written: {why}")))?;
        parts.insert(part, text);
    }
    if let Some(name) = parts.keys().find(|name| content_of(name).is_none()) {
        return Err(wrong(name, "has a name no part of a bundle may have"));
    }
    let of_manifest = |why: String| wrong("manifest.json", why);
    let mut manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        made_by: contents.made_by.clone(),
        incident: contents.incident.clone(),
        number: contents.number,
        row_schema: ROW_SCHEMA,
        parts: parts.iter().map(|(name, bytes)| part(name, bytes)).collect(),
        chains: manifest::chains(&contents.rows, &contents.keys).map_err(of_manifest)?,
        exporter: contents.exporter.to_ascii_lowercase(),
        signature: String::new(),
    };
    manifest.signature = hex::encode(sign(&manifest.unsigned().map_err(of_manifest)?));
    parts.insert("manifest.json".to_owned(), manifest.text().map_err(of_manifest)?);
    container::write(&parts.into_iter().collect::<Vec<_>>())
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.to_owned(), bytes: bytes.len() as u64, sha256: blob_id(bytes) }
}

/// The rows as JSON lines, by writer and number: an order that no clock and no later rule can change.
fn ledger(rows: &[Row]) -> Result<Vec<u8>, Wrong> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|a, b| (&a.writer, a.seq).cmp(&(&b.writer, b.seq)));
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row)
            .map_err(|why| wrong("ledger.jsonl", format!("cannot be written: {why}")))?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Reads a bundle and checks everything but whose keys they are. Answers how many parts were hashed.
fn open(file: &[u8]) -> Result<(BundleContents, usize), Wrong> {
    let parts = container::read(file)?;
    let find = |name: &str| parts.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes);
    let of_manifest = |why: String| wrong("manifest.json", why);
    // First, because a later version may have parts this one does not know.
    let text = find("manifest.json").ok_or_else(|| wrong("manifest.json", "is missing"))?;
    let manifest = Manifest::read(text).map_err(of_manifest)?;
    check_parts(&manifest, &parts)?;
    let mut contents = BundleContents {
        incident: manifest.incident.clone(),
        number: manifest.number,
        keys: manifest.chains.iter().map(|it| (it.writer.to_string(), it.public_key.clone())).collect(),
        exporter: manifest.exporter.clone(),
        made_by: manifest.made_by.clone(),
        ..BundleContents::default()
    };
    let ledger = find("ledger.jsonl").ok_or_else(|| wrong("ledger.jsonl", "is missing"))?;
    contents.rows = rows(ledger, &manifest)?;
    let mut unpacked = 0;
    for (name, bytes) in &parts {
        match content_of(name) {
            Some(Content::Segment) => {
                let expected = format!("recording/{:06}.zst", contents.segments.len() + 1);
                if *name != expected {
                    return Err(wrong(name, format!("stands where `{expected}` should")));
                }
                contents.segments.push(segment(bytes, &mut unpacked).map_err(|why| wrong(name, why))?);
            }
            Some(Content::Blob(id)) => {
                if bytes.len() > MAX_BLOB_BYTES || blob_id(bytes) != id {
                    return Err(wrong(name, "is not the file its name says, or too large"));
                }
                contents.blobs.insert(BlobId::new(id), bytes.to_vec());
            }
            Some(Content::Document(title)) => {
                let document: Document = serde_json::from_slice(bytes)
                    .map_err(|error| wrong(name, format!("is not a document: {error}")))?;
                contents.documents.insert(title.to_owned(), document);
            }
            Some(Content::Manifest | Content::Ledger) | None => {}
        }
    }
    Ok((contents, manifest.parts.len()))
}

/// Checks that the manifest names exactly the parts there are, each with its hash.
fn check_parts(manifest: &Manifest, parts: &[(&str, &[u8])]) -> Result<(), Wrong> {
    let mut named: BTreeMap<&str, &Part> = manifest.parts.iter().map(|part| (part.name.as_str(), part)).collect();
    for (name, bytes) in parts {
        match content_of(name) {
            None => return Err(wrong(name, "has no place in a bundle")),
            Some(Content::Manifest) => continue,
            Some(_) => {}
        }
        let Some(known) = named.remove(name) else { return Err(wrong(name, "is not named by the manifest")) };
        if *known != part(name, bytes) {
            return Err(wrong(name, "does not have the hash the manifest names"));
        }
    }
    match named.keys().next() {
        Some(name) => Err(wrong(name, "is named by the manifest and missing")),
        None if manifest.parts.len() + 1 != parts.len() => Err(wrong("manifest.json", "names a part twice")),
        None => Ok(()),
    }
}

/// Reads the rows and checks every chain and signature.
fn rows(text: &[u8], manifest: &Manifest) -> Result<Vec<Row>, Wrong> {
    let mut rows: Vec<Row> = Vec::new();
    let mut transitions = BTreeSet::new();
    for (at, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let name = format!("ledger.jsonl row {}", at + 1);
        let row: Row =
            serde_json::from_slice(line).map_err(|error| wrong(&name, format!("cannot be read: {error}")))?;
        if row.schema != ROW_SCHEMA || manifest.row_schema != ROW_SCHEMA {
            let schema = row.schema.max(manifest.row_schema);
            return Err(wrong(&name, format!("has schema {schema}, this program knows {ROW_SCHEMA}")));
        }
        if row.incident != manifest.incident {
            return Err(wrong(&name, format!("belongs to another incident, `{}`", row.incident)));
        }
        let transition = (row.writer.clone(), row.source.clone(), row.source_id.clone());
        if !row.source_id.is_empty() && !transitions.insert(transition) {
            return Err(wrong(&name, format!("tells `{}` of `{}` a second time", row.source_id, row.source)));
        }
        rows.push(row);
    }
    // Catches fields no hash covers, other spellings and another order.
    if ledger(&rows)? != text {
        return Err(wrong("ledger.jsonl", "is not written as a ledger is"));
    }
    let keys: Vec<(String, String)> =
        manifest.chains.iter().map(|chain| (chain.writer.to_string(), chain.public_key.clone())).collect();
    let chains = manifest::chains(&rows, &keys).map_err(|why| wrong("manifest.json", why))?;
    if chains != manifest.chains {
        return Err(wrong("manifest.json", "names other chains, or other ends of them, than the ledger has"));
    }
    let keys = manifest::keys_of(&chains).map_err(|why| wrong("manifest.json", why))?;
    chain::verify(&rows, &keys).map_err(|broken| {
        let row = rows.iter().position(|row| row.writer == broken.writer && row.seq == broken.seq);
        let row = row.map_or_else(|| broken.seq.to_string(), |at| (at + 1).to_string());
        wrong(
            &format!("ledger.jsonl row {row}"),
            format!("does not hold, number {} of writer `{}`: {}", broken.seq, broken.writer, broken.why),
        )
    })?;
    Ok(rows)
}

/// Unpacks a recording, within bounds.
fn segment(bytes: &[u8], unpacked: &mut u64) -> Result<Segment, String> {
    let ratio = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(SMALL_RECORDING_BYTES);
    let limit = MAX_SEGMENT_BYTES.min(ratio).min(MAX_RECORDING_BYTES - *unpacked);
    let raw = inflate(bytes, limit)?;
    *unpacked += raw.len() as u64;
    recording::decode(&raw).map_err(|error| error.to_string())
}
