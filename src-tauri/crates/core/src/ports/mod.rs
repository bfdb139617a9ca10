//! What the outside implements: the cluster, the signals, the store, the press, the vault and the clock.
//!
//! Every port is dyn-compatible and holds no async code; adapters answer with a boxed future or a boxed stream and
//! start no task.

mod cluster;
mod signals;
mod store;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use futures_core::Stream;

use crate::id::BlobId;
use crate::time::Moment;
use crate::writing::Document;

pub use cluster::*;
pub use signals::*;
pub use store::*;

/// A boxed future that borrows for `'a`.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed stream.
pub type Flow<T> = Pin<Box<dyn Stream<Item = T> + Send + 'static>>;

// ---------------------------------------------------------------------------------------------------- clock

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The instant now.
    fn now(&self) -> Moment;
}

// ---------------------------------------------------------------------------------------------------- press

/// Why a document could not be printed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot print `{document}`: {why}")]
pub struct PressError {
    /// The document's title.
    pub document: String,
    /// The typesetter's words.
    pub why: String,
}

/// Prints documents.
pub trait Press: Send + Sync {
    /// Typesets a document as PDF. `blobs` holds the pictures it names (SVG or PNG).
    fn pdf(&self, document: &Document, blobs: &BTreeMap<BlobId, Vec<u8>>) -> Result<Vec<u8>, PressError>;
}

// ---------------------------------------------------------------------------------------------------- vault

/// Keeps secrets in the system's keyring, or in memory where there is none.
pub trait Vault: Send + Sync {
    /// Reads a secret.
    fn secret(&self, name: &str) -> Option<String>;
    /// Keeps a secret; answers whether it survives a restart.
    fn keep(&self, name: &str, secret: &str) -> bool;
    /// Forgets a secret.
    fn forget(&self, name: &str);
    /// How a secret can be given where nobody can enter it, as the end of a hint; empty where it cannot.
    fn otherwise(&self, name: &str) -> String {
        let _ = name;
        String::new()
    }
    /// Whether secrets kept here survive a restart.
    fn is_lasting(&self) -> bool;
    /// Signs with the device's Ed25519 key, 64 bytes.
    fn sign(&self, bytes: &[u8]) -> Vec<u8>;
    /// The device's public key, 32 bytes.
    fn public_key(&self) -> [u8; 32];
}
