//! One hash chain per incident and writing device: sealing a row, and verifying rows of any origin.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Draft, Hlc, ROW_SCHEMA, Row};
use crate::id::{IncidentId, RowId, WriterId};
use crate::time::Moment;

/// Where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chain of `{writer}` breaks at row {seq}: {why}")]
pub struct ChainBreak {
    /// Whose chain.
    pub writer: WriterId,
    /// The first row that does not hold.
    pub seq: u64,
    /// Why, for a person.
    pub why: String,
}

/// Chains and signs a draft. `previous` is the writer's last row of this incident, `sign` makes an Ed25519 signature.
pub fn seal(
    draft: Draft,
    incident: &IncidentId,
    writer: &WriterId,
    device: &str,
    previous: Option<&Row>,
    now: Moment,
    sign: &dyn Fn(&[u8]) -> Vec<u8>,
) -> Row {
    let mut row = Row {
        schema: ROW_SCHEMA,
        hash: RowId::default(),
        incident: incident.clone(),
        writer: writer.clone(),
        seq: previous.map_or(1, |row| row.seq + 1),
        prev_hash: previous.map(|row| row.hash.0.clone()).unwrap_or_default(),
        hlc: tick(previous.map(|row| row.hlc), now),
        occurred: draft.occurred,
        recorded_at: now,
        entered_on: device.to_owned(),
        actor: draft.actor,
        kind: draft.kind,
        payload: draft.payload,
        source: draft.source,
        source_id: draft.source_id,
        refs: draft.refs,
        revises: draft.revises,
        signature: String::new(),
    };
    row.hash = hash_of(&row);
    row.signature = hex::encode(sign(row.hash.as_str().as_bytes()));
    row
}

/// The clock's next tick: never back, even where the wall clock went back.
fn tick(last: Option<Hlc>, now: Moment) -> Hlc {
    let micros = now.timestamp_micros();
    match last {
        Some(last) if last.micros >= micros => Hlc { micros: last.micros, counter: last.counter.saturating_add(1) },
        _ => Hlc { micros, counter: 0 },
    }
}

/// The hash a row should have: SHA-256 over its canonical JSON without `hash` and `signature`, in hex.
#[must_use]
pub fn hash_of(row: &Row) -> RowId {
    let mut text = String::new();
    if let Ok(Value::Object(mut fields)) = serde_json::to_value(row) {
        fields.remove("hash");
        fields.remove("signature");
        canonical(&Value::Object(fields), &mut text);
    }
    RowId(hex::encode(Sha256::digest(text.as_bytes())))
}

/// JSON without spaces, keys sorted; sorted here because the map of `serde_json` need not be.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            out.push('{');
            for (number, (key, item)) in sorted.into_iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                canonical(&Value::String(key.clone()), out);
                out.push(':');
                canonical(item, out);
            }
            out.push('}');
        }
        // Writing into a string cannot fail.
        plain => drop(write!(out, "{plain}")),
    }
}

/// The writer's id that belongs to a public key.
#[must_use]
pub fn writer_of(public_key: &[u8; 32]) -> WriterId {
    WriterId(hex::encode(&Sha256::digest(public_key)[..8]))
}

/// Checks every chain in `rows`, in any order: numbers, links, hashes, clocks, keys and signatures.
pub fn verify(rows: &[Row], keys: &BTreeMap<WriterId, [u8; 32]>) -> Result<(), ChainBreak> {
    let mut chains: BTreeMap<(&IncidentId, &WriterId), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        chains.entry((&row.incident, &row.writer)).or_default().push(row);
    }
    for ((_, writer), mut chain) in chains {
        chain.sort_by_key(|row| row.seq);
        let stop = |seq: u64, why: &str| ChainBreak { writer: writer.clone(), seq, why: why.to_owned() };
        let first = chain.first().map_or(1, |row| row.seq);
        let Some(key) = keys.get(writer) else { return Err(stop(first, "the key of this writer is not known")) };
        if writer_of(key) != *writer {
            return Err(stop(first, "the key does not belong to this writer"));
        }
        let Ok(key) = VerifyingKey::from_bytes(key) else { return Err(stop(first, "the key is no Ed25519 key")) };
        let mut before: Option<&Row> = None;
        for row in chain {
            link(row, before, &key).map_err(|why| stop(row.seq, why))?;
            before = Some(row);
        }
    }
    Ok(())
}

/// Checks one row against the one before it.
fn link(row: &Row, before: Option<&Row>, key: &VerifyingKey) -> Result<(), &'static str> {
    let (number, hash) = before.map_or((1, ""), |before| (before.seq + 1, before.hash.as_str()));
    if row.seq < number {
        return Err(if row.seq == 0 { "rows are numbered from 1" } else { "two rows have this number" });
    }
    if row.seq > number {
        return Err("the row before it is missing");
    }
    if row.prev_hash != hash {
        return Err("it does not follow the row before it");
    }
    if hash_of(row) != row.hash {
        return Err("its content does not match its hash");
    }
    if before.is_some_and(|before| before.hlc >= row.hlc) {
        return Err("its clock went back");
    }
    let signature = hex::decode(&row.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
    let Some(signature) = signature else { return Err("its signature cannot be read") };
    key.verify_strict(row.hash.as_str().as_bytes(), &signature).map_err(|_| "its signature is not by the writer's key")
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::drafts;
    use crate::time::Stamp;

    fn chain(times: &[i64]) -> (Vec<Row>, BTreeMap<WriterId, [u8; 32]>) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let writer = writer_of(key.verifying_key().as_bytes());
        let mut rows: Vec<Row> = Vec::new();
        for micros in times {
            let now = Moment::from_timestamp_micros(*micros).unwrap();
            let draft = drafts::note(&drafts::machine("x"), Stamp::exact(now), "café \"x\"", &[], &[], "");
            let sign = |bytes: &[u8]| key.sign(bytes).to_vec();
            rows.push(seal(draft, &"01J".into(), &writer, "laptop", rows.last(), now, &sign));
        }
        (rows, BTreeMap::from([(writer, key.verifying_key().to_bytes())]))
    }

    #[test]
    fn a_sealed_chain_verifies_in_any_order_and_after_a_round_trip() {
        let (rows, keys) = chain(&[5, 4, 9]);
        assert_eq!(rows[1].hlc, Hlc { micros: 5, counter: 1 }, "the clock never goes back");
        let text = serde_json::to_string(&rows).unwrap();
        let mut read: Vec<Row> = serde_json::from_str(&text).unwrap();
        read.reverse();
        assert_eq!(verify(&read, &keys), Ok(()));
    }

    #[test]
    fn a_missing_row_and_an_unknown_key_are_located() {
        let (mut rows, keys) = chain(&[1, 2, 3]);
        assert_eq!(verify(&rows, &BTreeMap::new()).unwrap_err().seq, 1);
        rows.remove(1);
        let found = verify(&rows, &keys).unwrap_err();
        assert_eq!((found.seq, found.why.as_str()), (3, "the row before it is missing"));
    }

    #[test]
    fn a_row_signed_by_another_key_is_found() {
        let (mut rows, keys) = chain(&[1, 2]);
        rows[1].signature = hex::encode(SigningKey::from_bytes(&[8; 32]).sign(rows[1].hash.0.as_bytes()).to_bytes());
        assert_eq!(verify(&rows, &keys).unwrap_err().seq, 2);
    }

    #[test]
    fn keys_of_objects_are_sorted_at_every_depth() {
        let value: Value = serde_json::from_str(r#"{"b":{"z":1,"a":[null,"\u0001"]},"a":1.5}"#).unwrap();
        let mut text = String::new();
        canonical(&value, &mut text);
        assert_eq!(text, r#"{"a":1.5,"b":{"a":[null,"\u0001"],"z":1}}"#);
    }

    proptest! {
        #[test]
        fn one_changed_byte_anywhere_is_found_and_located(
            times in prop::collection::vec(0i64..100, 1..6), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let (rows, keys) = chain(&times);
            let which = at.index(rows.len());
            let mut text = serde_json::to_string(&rows[which]).unwrap().into_bytes();
            let place = at.index(text.len());
            prop_assume!(text[place] != byte);
            text[place] = byte;
            let Ok(changed) = serde_json::from_slice::<Row>(&text) else { return Ok(()) };
            prop_assume!(changed != rows[which]);
            let mut all = rows.clone();
            all[which] = changed;
            let found = verify(&all, &keys);
            // Case of the hex digits is not content; everything else is.
            let same = hex::decode(&all[which].signature) == hex::decode(&rows[which].signature);
            let rest = Row { signature: rows[which].signature.clone(), ..all[which].clone() } == rows[which];
            prop_assert!(found.is_err() || (same && rest));
        }
    }
}
