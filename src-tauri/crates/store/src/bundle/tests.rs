//! A bundle proves itself, and nothing else does.

use std::io::Read as _;

use broadstreet_core::id::{IncidentId, WriterId};
use broadstreet_core::ledger::{Actor, Draft};
use broadstreet_core::recording::Received;
use broadstreet_core::time::{Moment, Stamp};
use broadstreet_core::world::Change;
use broadstreet_core::writing::Block;
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn at(second: i64) -> Moment {
    Moment::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn public(number: u8) -> String {
    hex::encode(key(number).verifying_key().as_bytes())
}

fn writer(number: u8) -> WriterId {
    chain::writer_of(key(number).verifying_key().as_bytes())
}

fn rows(number: u8, count: i64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for second in 0..count {
        let draft = Draft {
            occurred: Stamp::exact(at(second)),
            actor: Actor::Machine { name: "alertmanager".to_owned() },
            kind: "note".to_owned(),
            payload: json!({"text": format!("row {second} ünïcode"), "number": 1.5, "a": [null, true]}),
            source: "alertmanager:main".to_owned(),
            source_id: format!("f{second}"),
            refs: Vec::new(),
            revises: None,
        };
        let sign = |bytes: &[u8]| key(number).sign(bytes).to_vec();
        let incident = IncidentId::new("01J00000000000000000000000");
        rows.push(chain::seal(draft, &incident, &writer(number), "laptop", rows.last(), at(second), &sign));
    }
    rows
}

fn contents() -> BundleContents {
    let cluster = Change::Cluster { id: "c".to_owned(), label: "lab".to_owned(), version: String::new() };
    let segment = |second: i64| Segment {
        from: Some(at(second)),
        until: Some(at(second + 5)),
        keyframe: vec![cluster.clone()],
        plan: json!({"b": 1, "a": []}),
        changes: vec![Received { at: at(second + 1), change: cluster.clone() }],
    };
    let document = Document {
        title: "What happened".to_owned(),
        subtitle: String::new(),
        blocks: vec![Block::Rule, Block::Code { language: String::new(), text: "x".to_owned() }],
    };
    BundleContents {
        incident: "01J00000000000000000000000".into(),
        number: 142,
        rows: [rows(1, 3), rows(2, 2)].concat(),
        segments: vec![segment(0), segment(5)],
        blobs: [b"picture".to_vec(), Vec::new()].into_iter().map(|it| (BlobId::new(blob_id(&it)), it)).collect(),
        documents: [("postmortem".to_owned(), document)].into(),
        keys: [1, 2, 3].map(|number| (writer(number).to_string(), public(number))).into(),
        exporter: public(1),
        made_by: "0.1.0".to_owned(),
    }
}

fn encode(contents: &BundleContents) -> Result<Vec<u8>, StoreError> {
    BundleFiles.encode(contents, &|bytes| key(1).sign(bytes).to_vec())
}

fn verify(file: &[u8]) -> Result<Verified, StoreError> {
    BundleFiles.verify("x.broadstreet", file, &[])
}

/// What it complains of: `part: why`.
fn complaint<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Err(StoreError::BadBundle { part, why, .. }) => format!("{part}: {why}"),
        other => panic!("expected a bad bundle, found {other:?}"),
    }
}

/// A bundle with its manifest changed and signed again by the exporter, as a liar could.
fn forge(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>, &mut Value)) -> Vec<u8> {
    let file = encode(&contents()).unwrap();
    let parts = container::read(&file).unwrap();
    let mut parts: BTreeMap<String, Vec<u8>> = parts.into_iter().map(|(n, b)| (n.to_owned(), b.to_vec())).collect();
    let text = parts.remove("manifest.json").unwrap();
    let mut value: Value = serde_json::from_slice(&text).unwrap();
    value["parts"] = Value::Null;
    change(&mut parts, &mut value);
    if value["parts"].is_null() {
        value["parts"] = parts.iter().map(|(name, bytes)| serde_json::to_value(part(name, bytes)).unwrap()).collect();
    }
    let text = match serde_json::from_value::<Manifest>(value.clone()) {
        Ok(mut manifest) => {
            manifest.signature = hex::encode(key(1).sign(&manifest.unsigned().unwrap()).to_bytes());
            manifest.text().unwrap()
        }
        Err(_) => serde_json::to_vec(&value).unwrap(),
    };
    parts.insert("manifest.json".to_owned(), text);
    container::write(&parts.into_iter().collect::<Vec<_>>()).unwrap()
}

#[track_caller]
fn check_forged(why: &str, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>, &mut Value)) {
    let said = complaint(verify(&forge(change)));
    assert!(said.contains(why), "{said}");
}

#[test]
fn what_is_read_is_what_was_written_and_writes_the_same_file() {
    let file = encode(&contents()).unwrap();
    let read = BundleFiles.decode("x", &file).unwrap();
    let mut rows = contents().rows;
    rows.sort_by(|a, b| (&a.writer, a.seq).cmp(&(&b.writer, b.seq)));
    let mut keys = contents().keys;
    keys.retain(|(by, _)| rows.iter().any(|row| row.writer.as_str() == by));
    keys.sort();
    assert_eq!(read, BundleContents { rows, keys, ..contents() });
    assert_eq!(encode(&read).unwrap(), file);
    let mut shuffled = contents();
    shuffled.rows.reverse();
    shuffled.keys.reverse();
    assert_eq!(encode(&shuffled).unwrap(), file, "the order of rows and keys does not matter");
}

#[test]
fn an_empty_incident_has_a_bundle_too() {
    let empty = BundleContents { exporter: public(1), incident: "01J".into(), ..BundleContents::default() };
    let file = encode(&empty).unwrap();
    assert_eq!(BundleFiles.decode("x", &file).unwrap(), empty);
}

#[test]
fn verify_counts_and_says_whose_keys_were_seen_before() {
    let file = encode(&contents()).unwrap();
    let seen = [(writer(2).to_string(), public(2).to_ascii_uppercase()), ("somebody".to_owned(), public(1))];
    let found = BundleFiles.verify("x", &file, &seen).unwrap();
    assert_eq!((found.parts, found.rows, found.exporter), (6, 5, (public(1), true)));
    let mut expected = vec![(writer(1).to_string(), public(1), false), (writer(2).to_string(), public(2), true)];
    expected.sort();
    assert_eq!(found.keys, expected);
}

#[test]
fn no_single_byte_can_be_changed() {
    let file = encode(&contents()).unwrap();
    for at in 0..file.len() {
        let mut changed = file.clone();
        // The case of a letter too: hex digits must not have two spellings.
        changed[at] ^= if at % 2 == 0 { 0x20 } else { 0x01 };
        let complaint = complaint(verify(&changed));
        let held = held_by(&file, at);
        let is_named = match &held {
            Held::Content(name) => complaint.starts_with(name.as_str()),
            // A part's own name and where it lies: said of it (under the name it has now), of a neighbour, or of the whole.
            Held::Header(others) => {
                !complaint.starts_with(':') && !others.iter().any(|name| complaint.starts_with(name.as_str()))
            }
            Held::Directory => ["directory", "whole"].iter().any(|it| complaint.starts_with(it)),
        };
        assert!(is_named, "byte {at} of {} is in {held:?}, and it says `{complaint}`", file.len());
    }
}

/// What a byte of a bundle belongs to.
#[derive(Debug)]
enum Held {
    Content(String),
    /// The header of a part; with the parts that lie neither there nor beside it.
    Header(Vec<String>),
    Directory,
}

/// What the byte at `at` belongs to, by the headers of the zip alone.
fn held_by(file: &[u8], at: usize) -> Held {
    let mut parts: Vec<(String, usize, usize)> = Vec::new();
    let mut start = 0;
    while file[start..].starts_with(b"PK\x03\x04") {
        let size = u32::from_le_bytes(file[start + 18..start + 22].try_into().unwrap()) as usize;
        let name_length = usize::from(u16::from_le_bytes(file[start + 26..start + 28].try_into().unwrap()));
        let content = start + 30 + name_length;
        parts.push((String::from_utf8(file[start + 30..content].to_vec()).unwrap(), content, content + size));
        start = content + size;
    }
    match parts.iter().position(|(_, _, to)| at < *to) {
        Some(place) if at >= parts[place].1 => Held::Content(parts[place].0.clone()),
        Some(place) => {
            let others = parts.iter().enumerate().filter(|(at, _)| at.abs_diff(place) > 1);
            Held::Header(others.map(|(_, (name, ..))| name.clone()).collect())
        }
        None => Held::Directory,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_byte_can_become_another(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let file = encode(&contents()).unwrap();
        let mut changed = file.clone();
        let at = at.index(file.len());
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        prop_assert!(verify(&changed).is_err());
        prop_assert!(BundleFiles.decode("x", &changed).is_err());
    }

    #[test]
    fn bytes_of_any_kind_are_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), begin in any::<bool>()) {
        let bytes = if begin { [b"PK\x03\x04".as_slice(), &bytes].concat() } else { bytes };
        prop_assert!(verify(&bytes).is_err());
    }
}

#[test]
fn a_bundle_cut_short_or_followed_by_something_is_refused() {
    let file = encode(&contents()).unwrap();
    for length in 0..file.len() {
        assert!(verify(&file[..length]).is_err(), "cut at {length}");
    }
    assert_eq!(
        complaint(verify(&[file, vec![0]].concat())),
        "directory: is cut short, changed, or followed by something else"
    );
}

#[test]
fn a_part_that_does_not_belong_is_named() {
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "blobs/../ledger.jsonl",
        "documents/.json",
        "recording/1.zst",
        "C:\\x",
        "blobs/AA",
        "a\u{1b}[2J",
    ] {
        let said = complaint(verify(&forge(|parts, _| drop(parts.insert(name.to_owned(), Vec::new())))));
        assert!(said.contains("has no place in a bundle") && !said.contains('\u{1b}'), "{said}");
    }
    check_forged("recording/000002.zst: stands where", |parts, _| drop(parts.remove("recording/000001.zst")));
    check_forged("is not the file its name says", |parts, _| {
        drop(parts.insert(format!("blobs/{}", "0".repeat(64)), Vec::new()))
    });
    check_forged("ledger.jsonl: is missing", |parts, _| drop(parts.remove("ledger.jsonl")));
    check_forged("postmortem.json: is not a document", |parts, _| {
        drop(parts.insert("documents/postmortem.json".to_owned(), b"[]".to_vec()))
    });
}

#[test]
fn a_manifest_that_lies_is_found_even_when_signed_again() {
    check_forged("format 2, this program knows 1", |_, it| it["version"] = json!(2));
    check_forged("is not the manifest of a bundle", |_, it| it["format"] = json!("zip"));
    check_forged("cannot be read: unknown field", |_, it| it["more"] = json!(1));
    check_forged("belongs to another incident", |_, it| it["incident"] = json!("01J"));
    check_forged("other ends", |_, it| it["chains"][0]["head"] = json!("0"));
    check_forged("is named by the manifest and missing", |parts, it| {
        it["parts"] = parts.iter().map(|(name, bytes)| serde_json::to_value(part(name, bytes)).unwrap()).collect();
        parts.remove("documents/postmortem.json");
    });
    check_forged("does not have the hash the manifest names", |parts, it| {
        it["parts"] = parts.iter().map(|(name, bytes)| serde_json::to_value(part(name, bytes)).unwrap()).collect();
        parts.insert("documents/postmortem.json".to_owned(), b"{}".to_vec());
    });
    check_forged("is not signed by the exporter's key", |_, it| it["exporter"] = json!(public(2)));
    check_forged("that is no Ed25519 key", |_, it| it["exporter"] = json!("00"));
    check_forged("the key does not belong to this writer", |_, it| it["chains"][0]["public_key"] = json!(public(9)));
}

fn edit_row(parts: &mut BTreeMap<String, Vec<u8>>, edit: impl FnOnce(&mut Vec<String>)) {
    let text = String::from_utf8(parts["ledger.jsonl"].clone()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    edit(&mut lines);
    parts.insert(
        "ledger.jsonl".to_owned(),
        lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes(),
    );
}

#[test]
fn a_ledger_that_lies_is_found_and_the_row_named_even_when_signed_again() {
    check_forged("ledger.jsonl row 2: does not hold, number 2 of writer", |parts, _| {
        edit_row(parts, |rows| rows[1] = rows[1].replace("row 1", "row 7"));
    });
    check_forged("other ends of them", |parts, _| edit_row(parts, |rows| drop(rows.pop())));
    check_forged("ledger.jsonl: is not written", |parts, _| edit_row(parts, |rows| rows.swap(0, 1)));
    check_forged("ledger.jsonl: is not written", |parts, _| {
        edit_row(parts, |rows| rows[0] = rows[0].replacen('{', "{\"more\":1,", 1));
    });
    check_forged("a second time", |parts, _| edit_row(parts, |rows| rows.insert(0, rows[0].clone())));
    check_forged("ledger.jsonl row 1: cannot be read", |parts, _| edit_row(parts, |rows| rows[0] = "{}".to_owned()));
    check_forged("ledger.jsonl row 1: has schema 9", |parts, _| {
        edit_row(parts, |rows| rows[0] = rows[0].replace("\"schema\":1", "\"schema\":9"));
    });
}

#[test]
fn a_recording_made_to_fill_the_memory_is_refused() {
    let bomb = zstd::encode_all(std::io::repeat(0).take(64 << 20), 3).unwrap();
    assert!(bomb.len() < 16 << 10);
    check_forged("recording/000001.zst: holds more than", |parts, _| {
        drop(parts.insert("recording/000001.zst".to_owned(), bomb))
    });
    check_forged("recording/000001.zst:", |parts, _| {
        drop(parts.insert("recording/000001.zst".to_owned(), b"x".to_vec()))
    });
}

#[test]
fn what_would_not_open_is_not_written() {
    let missing = BundleContents { keys: Vec::new(), ..contents() };
    assert!(complaint(encode(&missing)).contains("has no key of writer"));
    let foreign = BundleContents { exporter: public(2), ..contents() };
    assert!(complaint(encode(&foreign)).contains("is not signed by the exporter's key"));
    let mut gap = contents();
    gap.rows.remove(1);
    assert!(complaint(encode(&gap)).contains("the row before it is missing"));
    let mut named = contents();
    named.documents.insert("../x".to_owned(), Document::default());
    assert!(complaint(encode(&named)).contains("a name no part"));
    let mut wrong = contents();
    wrong.blobs.insert("0".repeat(64).as_str().into(), b"x".to_vec());
    assert!(complaint(encode(&wrong)).contains("is not the file its name says"));
}
