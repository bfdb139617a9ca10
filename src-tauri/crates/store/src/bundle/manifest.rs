//! What a bundle says of itself: its versions, its parts with their hashes, its chains with their keys, who signed.

use std::collections::BTreeMap;

use broadstreet_core::id::{IncidentId, WriterId};
use broadstreet_core::ledger::Row;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

/// What every manifest begins with.
pub(super) const FORMAT: &str = "broadstreet bundle";
/// The version this program writes and reads.
pub(super) const VERSION: u32 = 1;

/// `manifest.json`. The order of the fields is the order in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub format: String,
    pub version: u32,
    pub made_by: String,
    pub incident: IncidentId,
    pub number: i64,
    pub row_schema: u32,
    pub parts: Vec<Part>,
    pub chains: Vec<Chain>,
    /// The exporter's Ed25519 public key in hex.
    pub exporter: String,
    /// Ed25519 over the manifest with this empty, in hex.
    pub signature: String,
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// One writer's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chain {
    pub writer: WriterId,
    /// The writer's Ed25519 public key in hex.
    pub public_key: String,
    pub rows: u64,
    /// The hash of the last row.
    pub head: String,
}

impl Manifest {
    /// Its text, the same for the same content.
    pub(super) fn text(&self) -> Result<Vec<u8>, String> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| format!("cannot be written: {error}"))?;
        text.push(b'\n');
        Ok(text)
    }

    /// What the exporter signs.
    pub(super) fn unsigned(&self) -> Result<Vec<u8>, String> {
        Self { signature: String::new(), ..self.clone() }.text()
    }

    /// Reads and checks everything that stands in the manifest alone.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        /// What a manifest of any version has.
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let head: Head = serde_json::from_slice(text).map_err(|error| format!("cannot be read: {error}"))?;
        if head.format != FORMAT {
            return Err("is not the manifest of a bundle of Broadstreet".to_owned());
        }
        if head.version != VERSION {
            let version = head.version;
            return Err(format!(
                "has format {version}, this program knows {VERSION}: open it with a newer Broadstreet"
            ));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(|error| format!("cannot be read: {error}"))?;
        if manifest.text()? != text {
            return Err("is not written as a manifest is".to_owned());
        }
        let key = key_of(&manifest.exporter).ok_or("names an exporter's key that is no Ed25519 key")?;
        let signature = lower_hex::<64>(&manifest.signature).ok_or("has no signature that can be read")?;
        key.verify_strict(&manifest.unsigned()?, &Signature::from_bytes(&signature))
            .map_err(|_| "is not signed by the exporter's key")?;
        Ok(manifest)
    }
}

/// Writes down the end of every chain, ordered by writer. `keys` may hold more than is needed.
pub(super) fn chains(rows: &[Row], keys: &[(String, String)]) -> Result<Vec<Chain>, String> {
    let keys: BTreeMap<&str, &str> = keys.iter().map(|(writer, key)| (writer.as_str(), key.as_str())).collect();
    let mut ends: BTreeMap<&WriterId, (u64, &Row)> = BTreeMap::new();
    for row in rows {
        let end = ends.entry(&row.writer).or_insert((0, row));
        *end = (end.0 + 1, if row.seq >= end.1.seq { row } else { end.1 });
    }
    let chain = |(writer, (rows, last)): (&WriterId, (u64, &Row))| {
        let public_key = keys.get(writer.as_str()).ok_or_else(|| format!("has no key of writer `{writer}`"))?;
        Ok(Chain {
            writer: writer.clone(),
            public_key: public_key.to_ascii_lowercase(),
            rows,
            head: last.hash.to_string(),
        })
    };
    ends.into_iter().map(chain).collect()
}

/// The keys of the chains, for the check of the rows.
pub(super) fn keys_of(chains: &[Chain]) -> Result<BTreeMap<WriterId, [u8; 32]>, String> {
    let key = |chain: &Chain| {
        let bytes = lower_hex::<32>(&chain.public_key);
        Ok((chain.writer.clone(), bytes.ok_or_else(|| format!("names a key of `{}` that is none", chain.writer))?))
    };
    chains.iter().map(key).collect()
}

fn key_of(text: &str) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(&lower_hex::<32>(text)?).ok()
}

/// Bytes written as lower-case hex, the only way a bundle writes them.
pub(super) fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = hex::decode(text).ok()?.try_into().ok()?;
    (hex::encode(bytes) == text).then_some(bytes)
}
