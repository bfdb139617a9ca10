//! Bundles that are truncated or hostile.
//!
//! | case | test |
//! |---|---|
//! | truncated | `a_bundle_that_was_cut_short_is_refused_wherever_it_was_cut` |
//! | path traversal | `a_part_whose_name_leads_out_of_the_bundle_is_named_and_written_nowhere` |
//! | zip bomb | `a_bomb_is_refused_before_it_fills_the_memory` |
//! | wrong hash | `a_part_with_a_wrong_hash_is_named` |
//! | unknown version | `a_bundle_of_a_later_version_says_what_is_needed` |
//! | foreign key | `a_foreign_key_is_refused_or_called_unknown` |

use std::collections::BTreeMap;
use std::path::PathBuf;

use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::nothing_is_lost;
use crate::place::{Place, is_of_use};

/// The key of the desk under test, so that a test can sign again what it changed, as a liar could.
fn key() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32])
}

/// A desk with a record, and the bundle of it.
fn exported() -> (Place, Bundle) {
    let place = Place::new();
    std::fs::create_dir(place.path().join("data")).unwrap();
    place.file("data/device.key", &"11".repeat(32));
    place.mei(&["incident", "declare", "Checkout fails", "-s", "2", "--commander", "Mei"]);
    place.mei(&["incident", "note", "written before the fault"]);
    place.json(&["export", "INC-0001", "good.broadstreet"]);
    let bundle = Bundle::read(&std::fs::read(place.path().join("good.broadstreet")).unwrap());
    (place, bundle)
}

/// The parts of a bundle by name.
#[derive(Clone)]
struct Bundle(BTreeMap<String, Vec<u8>>);

impl Bundle {
    fn read(mut file: &[u8]) -> Self {
        let mut parts = BTreeMap::new();
        while file.starts_with(b"PK\x03\x04") {
            let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
            let name = 30 + usize::from(u16::from_le_bytes([file[26], file[27]]));
            let end = name + number(22);
            parts.insert(String::from_utf8(file[30..name].to_vec()).unwrap(), file[name..end].to_vec());
            file = &file[end..];
        }
        Self(parts)
    }

    /// The one file of these parts; `packing` is 0 for stored, as every bundle is.
    fn file(&self, packing: u16) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for (name, bytes) in &self.0 {
            let (offset, length) = (out.len() as u32, bytes.len() as u32);
            let mut same = Vec::new();
            for field in [10, 0x0800, packing, 0, 0x0021] {
                same.extend(u16::to_le_bytes(field));
            }
            for field in [crc32(bytes), length, length] {
                same.extend(field.to_le_bytes());
            }
            same.extend((name.len() as u16).to_le_bytes());
            same.extend([0; 2]);
            out.extend([b"PK\x03\x04", &same[..], name.as_bytes(), bytes].concat());
            let more = [[0; 6].as_slice(), &(0o100_644_u32 << 16).to_le_bytes(), &offset.to_le_bytes()].concat();
            directory.extend([b"PK\x01\x02\x14\x03", &same[..], &more, name.as_bytes()].concat());
        }
        let (count, from) = ((self.0.len() as u16).to_le_bytes(), (out.len() as u32).to_le_bytes());
        let length = (directory.len() as u32).to_le_bytes();
        [&out, &directory, b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &length, &from, &[0; 2]].concat()
    }

    fn manifest(&self) -> String {
        String::from_utf8(self.0["manifest.json"].clone()).unwrap()
    }

    /// With another manifest, signed again.
    fn signed(mut self, manifest: &str) -> Self {
        let (before, rest) = manifest.split_once("\"signature\": \"").unwrap();
        let after = rest.split_once('"').unwrap().1;
        let unsigned = format!("{before}\"signature\": \"\"{after}");
        let signature = hex::encode(key().sign(unsigned.as_bytes()).to_bytes());
        let text = format!("{before}\"signature\": \"{signature}\"{after}");
        self.0.insert("manifest.json".to_owned(), text.into_bytes());
        self
    }

    /// With a part more, which the manifest names.
    fn with(mut self, name: &str, bytes: Vec<u8>) -> Self {
        let (length, hash) = (bytes.len(), hex::encode(Sha256::digest(&bytes)));
        let part = format!(
            ",\n    {{\n      \"name\": {},\n      \"bytes\": {length},\n      \"sha256\": \"{hash}\"\n    }}\n  ],\n  \"chains\"",
            json!(name)
        );
        let manifest = self.manifest().replace("\n  ],\n  \"chains\"", &part);
        self.0.insert(name.to_owned(), bytes);
        self.signed(&manifest)
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// Every way in refuses this file, naming it and what is wrong; the good one is taken after it.
#[track_caller]
fn is_refused(place: &Place, bytes: &[u8], words: &[&str]) {
    let path: PathBuf = place.path().join("bad.broadstreet");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let desk = place.serve(&[]);
    let errors = [
        place.error(&["verify", path]),
        place.error(&["topology", path]),
        (1, desk.error("open_bundle", json!({ "path": path, "blob": null }))),
        (1, desk.error("verify_bundle", json!({ "path": path, "blob": null }))),
    ];
    for error in &errors {
        is_of_use(error, "bad_bundle", "bad.broadstreet");
        for word in words {
            is_of_use(error, "bad_bundle", word);
        }
    }
    let good = place.path().join("good.broadstreet");
    assert_eq!(desk.call("open_bundle", json!({ "path": good, "blob": null }))["mode"], "recorded");
    place.json(&["verify", "good.broadstreet"]);
    drop(desk);
    nothing_is_lost(place);
}

#[test]
fn a_bundle_that_was_cut_short_is_refused_wherever_it_was_cut() {
    let (place, _) = exported();
    let whole = std::fs::read(place.path().join("good.broadstreet")).unwrap();
    for length in [0, 3, 29, whole.len() / 3, whole.len() - 1] {
        place.file("cut.broadstreet", "");
        std::fs::write(place.path().join("cut.broadstreet"), &whole[..length]).unwrap();
        is_of_use(&place.error(&["verify", "cut.broadstreet"]), "bad_bundle", "cut.broadstreet");
    }
    is_refused(&place, &whole[..whole.len() / 2], &["is cut short"]);
}

#[test]
fn a_part_whose_name_leads_out_of_the_bundle_is_named_and_written_nowhere() {
    let (place, bundle) = exported();
    for name in
        ["../../evil", "/tmp/evil-of-a-bundle", "blobs/../../evil", "documents/..\\..\\evil.json", "evil\u{1b}[2J"]
    {
        let file = bundle.clone().with(name, b"evil".to_vec()).file(0);
        std::fs::write(place.path().join("bad.broadstreet"), file).unwrap();
        let error = place.error(&["verify", "bad.broadstreet"]);
        is_of_use(&error, "bad_bundle", "has no place in a bundle");
        assert!(!error.1["message"].as_str().unwrap().contains('\u{1b}'), "shown, not obeyed: {error:?}");
    }
    let data = place.path().join("data");
    // What a desk that was killed leaves behind is not the bundle's doing.
    let own = ["running.json", "kept.broadstreet", "broadstreet.db-wal", "broadstreet.db-shm"];
    let listed = |folder: &std::path::Path| -> std::collections::BTreeSet<String> {
        let names = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
        names.filter(|it| !own.contains(&it.as_str())).collect()
    };
    let before = (listed(place.path()), listed(&data));
    is_refused(
        &place,
        &bundle.with("../../evil", b"evil".to_vec()).file(0),
        &["../../evil", "has no place in a bundle"],
    );
    assert_eq!((listed(place.path()), listed(&data)), before, "nothing was written beside it");
    assert!(!place.path().parent().unwrap().join("evil").exists());
}

/// 64 MB of zeros in 3 KB: blocks of zstd that say "this byte, so often".
fn bomb() -> Vec<u8> {
    let blocks = 512_u32;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for block in 1..=blocks {
        let head = u32::from(block == blocks) | 1 << 1 | (128 << 10) << 3;
        frame.extend(&head.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_memory() {
    let (place, bundle) = exported();
    let began = std::time::Instant::now();
    let file = bundle.clone().with("recording/000001.zst", bomb()).file(0);
    is_refused(&place, &file, &["recording/000001.zst", "holds more than"]);
    // A zip that is packed, or whose header promises four gigabytes.
    is_refused(&place, &bundle.file(8), &["ledger.jsonl", "is packed in a way no bundle is"]);
    let mut promising = bundle.file(0);
    promising[18..26].copy_from_slice(&[0xff; 8]);
    is_refused(&place, &promising, &["ledger.jsonl", "is cut short"]);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn a_part_with_a_wrong_hash_is_named() {
    let (place, mut bundle) = exported();
    let ledger = String::from_utf8(bundle.0["ledger.jsonl"].clone()).unwrap();
    let changed = ledger.replace("written before the fault", "written BEFORE the fault");
    assert_ne!(ledger, changed);
    let hash = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
    let lying = bundle.manifest().replace(&hash(&ledger), &hash(&changed));
    bundle.0.insert("ledger.jsonl".to_owned(), changed.into_bytes());
    is_refused(&place, &bundle.file(0), &["ledger.jsonl", "does not have the hash the manifest names"]);
    // With the hash made to fit and the manifest signed again, the row itself does not hold.
    is_refused(&place, &bundle.signed(&lying).file(0), &["ledger.jsonl row", "does not hold"]);
}

#[test]
fn a_bundle_of_a_later_version_says_what_is_needed() {
    let (place, bundle) = exported();
    let later = bundle.manifest().replace("\"version\": 1", "\"version\": 2");
    let file = bundle.clone().signed(&later).file(0);
    is_refused(
        &place,
        &file,
        &["manifest.json", "has format 2, this program knows 1: open it with a newer Broadstreet"],
    );
    let later = bundle.manifest().replace("\"row_schema\": 1", "\"row_schema\": 9");
    is_refused(&place, &bundle.signed(&later).file(0), &["has schema 9, this program knows 1"]);
}

#[test]
fn a_foreign_key_is_refused_or_called_unknown() {
    let (place, bundle) = exported();
    let ours = hex::encode(key().verifying_key().as_bytes());
    let theirs = hex::encode(SigningKey::from_bytes(&[0x22; 32]).verifying_key().as_bytes());
    let exporter =
        bundle.manifest().replace(&format!("\"exporter\": \"{ours}\""), &format!("\"exporter\": \"{theirs}\""));
    is_refused(
        &place,
        &bundle.clone().signed(&exporter).file(0),
        &["manifest.json", "is not signed by the exporter's key"],
    );
    let writer =
        bundle.manifest().replace(&format!("\"public_key\": \"{ours}\""), &format!("\"public_key\": \"{theirs}\""));
    is_refused(
        &place,
        &bundle.signed(&writer).file(0),
        &["ledger.jsonl row 1", "the key does not belong to this writer"],
    );
    // A bundle that holds, of a desk never met: it opens, and says so.
    let here = place.json(&["verify", "good.broadstreet"]);
    assert_eq!(here["keys"][0], json!([here["keys"][0][0], ours, true]), "{here}");
    let elsewhere = Place::new();
    std::fs::copy(place.path().join("good.broadstreet"), elsewhere.path().join("good.broadstreet")).unwrap();
    let there = elsewhere.json(&["verify", "good.broadstreet"]);
    assert_eq!(there["keys"][0], json!([here["keys"][0][0], ours, false]), "{there}");
    assert_eq!(there["exporter"], json!([ours, false]), "{there}");
    assert!(elsewhere.answer(&["verify", "good.broadstreet"]).contains("never seen by this desk"));
}
