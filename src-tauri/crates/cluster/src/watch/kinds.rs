//! The kinds a connection reads: our own, and those that somebody defined in its cluster.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::resource::{KindInfo, known};

/// A kind, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: Cow<'static, str>,
    /// The version that is read.
    pub version: Cow<'static, str>,
    /// Versions of the same shape, for servers that do not have that one; the best first.
    pub older: &'static [&'static str],
    /// The kind.
    pub kind: Cow<'static, str>,
    /// Its name in paths.
    pub plural: Cow<'static, str>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether only its metadata is ever asked for.
    pub metadata_only: bool,
}

impl From<&KindInfo> for Kind {
    fn from(info: &KindInfo) -> Self {
        Self {
            group: info.group.into(),
            version: info.version.into(),
            older: info.older,
            kind: info.kind.into(),
            plural: info.plural.into(),
            namespaced: info.namespaced,
            metadata_only: info.metadata_only,
        }
    }
}

impl Kind {
    /// The versions it can be read in, the best first.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.version).chain(self.older.iter().copied())
    }
}

/// What the definitions of one cluster said, as long as a connection to it lasts. What is in it stays: an object of a kind
/// that is gone is asked for in vain.
#[derive(Debug, Default)]
pub struct Defined(Mutex<BTreeMap<(String, String), Arc<Kind>>>);

impl Defined {
    /// A kind that is read: one of our own, or one that was defined here, as that was read last.
    pub fn kind(&self, group: &str, kind: &str) -> Option<Arc<Kind>> {
        if let Some(own) = known(group, kind) {
            return Some(Arc::new(own.into()));
        }
        let defined = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        defined.get(&(group.to_owned(), kind.to_owned())).cloned()
    }

    /// Keeps what a definition says.
    pub fn keep(&self, kind: Kind) -> Arc<Kind> {
        let (named, kept) = ((kind.group.to_string(), kind.kind.to_string()), Arc::new(kind));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(named, Arc::clone(&kept));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_has_a_kind_as_it_was_defined_there_last() {
        let (here, there) = (Defined::default(), Defined::default());
        let widget = |version: &str| Kind {
            group: "example.org".into(),
            version: version.to_owned().into(),
            older: &[],
            kind: "Widget".into(),
            plural: "widgets".into(),
            namespaced: true,
            metadata_only: false,
        };
        here.keep(widget("v1beta1"));
        there.keep(widget("v1"));
        let version = |of: &Defined| of.kind("example.org", "Widget").map(|it| it.version.to_string());
        assert_eq!((version(&here).as_deref(), version(&there).as_deref()), (Some("v1beta1"), Some("v1")));
        here.keep(widget("v2"));
        assert_eq!((version(&here).as_deref(), version(&there).as_deref()), (Some("v2"), Some("v1")));
        assert_eq!(here.kind("", "Widget"), None);
        assert_eq!(here.kind("apps", "Deployment").map(|it| it.plural.to_string()).as_deref(), Some("deployments"));
    }
}
