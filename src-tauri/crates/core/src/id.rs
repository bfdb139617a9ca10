//! Identities: what an object, a person, an incident and a writer are called.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use arcstr::ArcStr;
use serde::{Deserialize, Serialize};

/// A text that is shared, not copied: names, labels, words of a status.
pub type Text = ArcStr;

/// Declares a newtype over text that serialises as that text.
macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// Takes any text as the id.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// The UID of the `kube-system` namespace, or a hash of server address and CA where that may not be read.
    ClusterId
}
text_id! {
    /// A ULID, time-ordered.
    IncidentId
}
text_id! {
    /// A person as the ledger knows them; the display name is kept apart.
    PersonId
}
text_id! {
    /// The device that writes a chain: the hex of the first eight bytes of the SHA-256 of its public key.
    WriterId
}
text_id! {
    /// A configured source: `cluster:<context>`, `alertmanager:<name>`, `prometheus:<name>`, `icinga:<name>` …
    SourceId
}
text_id! {
    /// The SHA-256 of a ledger row in hex: its `hash`.
    RowId
}
text_id! {
    /// The SHA-256 of a file in hex: an attachment, a picture, a rendered document.
    BlobId
}

/// Where an object lives: `cluster/group/kind/namespace/name`, empty parts kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    /// The cluster's id; empty for manifests that belong to none.
    pub cluster: Text,
    /// The API group; empty for the core group.
    pub group: Text,
    /// The kind, in the API's spelling (`Deployment`).
    pub kind: Text,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// The name.
    pub name: Text,
}

impl ObjectKey {
    /// Builds a key from its five parts.
    pub fn new(cluster: &str, group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            cluster: cluster.into(),
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> Ordering {
        // Most words are kept once: whoever holds the same one need not read it.
        let word = |a: &Text, b: &Text| if Text::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        word(&self.cluster, &other.cluster)
            .then_with(|| word(&self.group, &other.group))
            .then_with(|| word(&self.kind, &other.kind))
            .then_with(|| word(&self.namespace, &other.namespace))
            .then_with(|| word(&self.name, &other.name))
    }
}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.cluster, &self.group, &self.kind, &self.namespace];
        parts.into_iter().try_for_each(|part| f.write_str(part).and_then(|()| f.write_str("/")))?;
        f.write_str(&self.name)
    }
}

/// A text that is not `cluster/group/kind/namespace/name`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an object id: expected cluster/group/kind/namespace/name")]
pub struct NotAnObjectKey(pub String);

impl FromStr for ObjectKey {
    type Err = NotAnObjectKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [cluster, group, kind, namespace, name] if !kind.is_empty() && !name.is_empty() => {
                Ok(Self::new(cluster, group, kind, namespace, name))
            }
            _ => Err(NotAnObjectKey(text.to_owned())),
        }
    }
}

impl Serialize for ObjectKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
