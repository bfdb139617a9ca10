//! An incident as one file, and whether such a file holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use broadstreet_core::id::BlobId;
use broadstreet_core::ports::{BundleContents, StoreError, Verified};
use broadstreet_core::writing::{self, Document};

use crate::documents::Kept;
use crate::past::Scope;
use crate::{Engine, Result};

/// Under this name lie the public keys of the writers of an incident that came in a bundle. To have opened it is not to
/// have seen them: what this desk trusts stands elsewhere.
pub(crate) const KEYS: &str = "keys";

impl Engine {
    /// Encodes an incident with its recording, files and documents; answers the name to save it under, too.
    pub async fn export_bundle(&self, name: &str) -> Result<(String, Vec<u8>)> {
        let id = self.book.find(name).await?;
        if let Some(live) = self.live().await {
            crate::live::keep_now(self, &live).await;
        }
        self.keep_recordings().await?;
        let (incident, mut rows) = self.book.read(&id).await?;
        broadstreet_core::ledger::order(&mut rows);
        let store = self.book.home(&id);
        let scope = Scope::Incident(id.clone(), incident.clusters.clone());
        let mut segments = Vec::new();
        for entry in store.segments(None).await? {
            if scope.holds(&entry) {
                segments.push(store.segment(entry.id).await?);
            }
        }
        let mut documents = BTreeMap::new();
        for document in ["postmortem"] {
            if let Some(json) = store.document(id.clone(), document.to_owned()).await? {
                let plain = serde_json::from_str::<Document>(&json).ok().filter(|it| !it.title.is_empty());
                let plain = plain.or_else(|| serde_json::from_str::<Kept>(&json).ok().map(|kept| kept.document));
                documents.extend(plain.map(|it| (document.to_owned(), it)));
            }
        }
        let mut wanted: BTreeSet<BlobId> = documents.values().flat_map(writing::pictures).collect();
        for row in &rows {
            for it in row.refs.iter().filter(|it| it.role == "attachment" || it.role == "evidence") {
                wanted.insert(BlobId::new(it.target.clone()));
            }
            if let Some(blob) = row.payload.get("blob").and_then(serde_json::Value::as_str) {
                wanted.insert(BlobId::new(blob));
            }
        }
        let mut blobs = BTreeMap::new();
        for blob in wanted {
            match store.blob(blob.clone()).await {
                Ok(bytes) => drop(blobs.insert(blob, bytes)),
                // A row may name a file that was never here; one that cannot be read is not left behind unsaid.
                Err(StoreError::NotFound { .. }) => {}
                Err(why) => return Err(why.into()),
            }
        }
        let came_with = store.document(id.clone(), KEYS.to_owned()).await?;
        let came_with: Option<Vec<(String, String)>> = came_with.and_then(|json| serde_json::from_str(&json).ok());
        let known: BTreeMap<String, String> = came_with.into_iter().flatten().chain(store.seen_keys().await?).collect();
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        for row in &rows {
            let writer = row.writer.as_str();
            if let Some(key) = known.get(writer) {
                keys.insert(writer.to_owned(), key.clone());
            }
        }
        let contents = BundleContents {
            incident: id,
            number: incident.number,
            rows: rows.into_iter().map(Arc::unwrap_or_clone).collect(),
            segments,
            blobs,
            documents,
            keys: keys.into_iter().collect(),
            exporter: hex::encode(self.ports.vault.public_key()),
            made_by: format!("broadstreet {}", self.version()),
        };
        let vault = std::sync::Arc::clone(&self.ports.vault);
        let bytes = self.ports.bundles.encode(&contents, &|bytes| vault.sign(bytes))?;
        Ok((format!("INC-{:04}.broadstreet", incident.number), bytes))
    }

    /// Checks a bundle; `path` only names it.
    pub async fn verify_bundle(&self, path: &str, bytes: &[u8]) -> Result<Verified> {
        let seen = self.ports.store.seen_keys().await?;
        Ok(self.ports.bundles.verify(path, bytes, &seen)?)
    }
}
