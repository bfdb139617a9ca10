//! What the stories are told with: writers and their rows, moments, recordings.

use std::collections::BTreeMap;
use std::sync::Arc;

use broadstreet_core::id::{IncidentId, WriterId};
use broadstreet_core::ledger::{Actor, Draft, Row, chain, kinds};
use broadstreet_core::ports::{Store, StoreError};
use broadstreet_core::recording::{Piece, Received, Segment, Taken};
use broadstreet_core::time::{Moment, Stamp, Window};
use broadstreet_core::world::Change;
use broadstreet_tests::scripted::shop;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

/// A second of the stories' day.
pub fn at(second: i64) -> Moment {
    Moment::from_timestamp(1_778_762_000 + second, 123_456_000).expect("a moment")
}

/// A span of it.
pub fn window(from: i64, to: i64) -> Window {
    Window { from: at(from), to: at(to) }
}

/// The id of an incident.
pub fn incident(name: &str) -> IncidentId {
    IncidentId::new(format!("01KQ{name}"))
}

/// Opens an incident, answers its id.
pub async fn opened(store: &Arc<dyn Store>, name: &str) -> IncidentId {
    let id = incident(name);
    store.open_incident(id.clone(), false).await.expect("opened");
    id
}

/// A device that writes: its key, and the end of each of its chains.
#[derive(Clone)]
pub struct Writer {
    key: SigningKey,
    ends: BTreeMap<IncidentId, Row>,
}

impl Writer {
    /// A device by its number.
    pub fn device(number: u8) -> Self {
        Self { key: SigningKey::from_bytes(&[number; 32]), ends: BTreeMap::new() }
    }

    /// Its name in the rows.
    pub fn id(&self) -> WriterId {
        chain::writer_of(&self.key.verifying_key().to_bytes())
    }

    /// Its key, as [`chain::verify`] wants it.
    pub fn keys(&self) -> BTreeMap<WriterId, [u8; 32]> {
        BTreeMap::from([(self.id(), self.key.verifying_key().to_bytes())])
    }

    /// Seals a draft behind its last row of the incident.
    pub fn seal(&mut self, incident: &IncidentId, second: i64, draft: Draft) -> Row {
        let sign = |bytes: &[u8]| self.key.sign(bytes).to_vec();
        let row = chain::seal(draft, incident, &self.id(), "laptop", self.ends.get(incident), at(second), &sign);
        self.ends.insert(incident.clone(), row.clone());
        row
    }

    /// Seals a note.
    pub fn note(&mut self, incident: &IncidentId, second: i64, text: &str) -> Row {
        self.seal(incident, second, note(second, text))
    }

    /// Seals a machine's row that tells a transition.
    pub fn transition(&mut self, incident: &IncidentId, second: i64, source_id: &str) -> Row {
        let told = Draft { source: "alertmanager:a".into(), source_id: source_id.into(), ..note(second, "fired") };
        self.seal(incident, second, told)
    }
}

/// What a person wrote.
pub fn note(second: i64, text: &str) -> Draft {
    Draft {
        occurred: Stamp::exact(at(second)),
        actor: Actor::Person { id: "mei".into(), name: "Mei Tanaka".into() },
        kind: kinds::NOTE.into(),
        payload: json!({ "text": text }),
        source: "person".into(),
        source_id: String::new(),
        refs: Vec::new(),
        revises: None,
    }
}

/// A recording of one shop from a second to another.
pub fn segment(from: i64, until: i64) -> Segment {
    let change = shop("cart", &format!("cart:{until}"), "CrashLoopBackOff").remove(0);
    Segment {
        from: Some(at(from)),
        until: Some(at(until)),
        keyframe: shop("cart", "cart:1", ""),
        plan: json!({ "blocks": [] }),
        changes: vec![Received { at: at(until), change }],
    }
}

/// What came to a segment at a second; it is known a second longer.
pub fn piece(before: &Segment, second: i64) -> Piece {
    let base = before.changes.iter().rev().find_map(|received| match &received.change {
        Change::Object(object) => Some(Arc::clone(object)),
        _ => None,
    });
    let change = segment(0, second).changes.remove(0).change;
    Piece { first: before.changes.len(), until: at(second + 1), changes: vec![Taken { at: at(second), change, base }] }
}

/// The texts of notes, in the order given.
pub fn texts(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.payload["text"].as_str().unwrap_or_default()).collect()
}

/// The rows of an incident.
pub async fn rows(store: &Arc<dyn Store>, incident: &IncidentId) -> Vec<Row> {
    store.rows(incident.clone()).await.expect("rows")
}

/// The `what` that is said not to be there.
pub fn missing<T>(answer: Result<T, StoreError>) -> String {
    match answer {
        Err(StoreError::NotFound { what, .. }) => what,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was there"),
    }
}
