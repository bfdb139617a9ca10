//! Kinds somebody defined in the cluster: found by their definitions, and followed like any other where their objects
//! tell how they are (`status.conditions`).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use broadstreet_core::id::ObjectKey;
use broadstreet_core::ports::{Answer, Observation};
use broadstreet_core::resource::KINDS;
use broadstreet_core::world::{Change, Freshness};
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::watch as latest;

use crate::access::JSON;
use crate::connection::escape;
use crate::failure::Failure;
use crate::watch::kind::JUST_ASKED;
use crate::watch::kinds::Kind;
use crate::watch::reading::{DEFINITIONS_ON_A_PAGE, page};
use crate::watch::{Shared, kind};

/// So many are followed. Each takes one of the 250 streams an API server allows on a connection
/// (`k8s.io/apiserver`, `pkg/server/secure_serving.go`), and lists and logs need some too.
const MOST: usize = 120;
const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Stands for all of them until the definitions were read.
pub(super) static ALL: Kind = Kind {
    group: Cow::Borrowed(""),
    version: Cow::Borrowed(""),
    older: &[],
    kind: Cow::Borrowed(""),
    plural: Cow::Borrowed(""),
    namespaced: false,
    metadata_only: false,
};

/// What was told of definitions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Definitions {
    /// How often one was told: a kind that was absent may be there now.
    pub(super) times: u64,
    /// True once they were listed, or cannot be.
    pub(super) settled: bool,
}

/// Follows every kind that was defined, and those that are defined later, for ever.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut defined = shared.defined.subscribe();
    let _ = defined.wait_for(|it| it.settled).await;
    let asked = stream::unfold((defined, true), |(mut defined, is_first)| {
        let shared = Arc::clone(&shared);
        async move { Some((told(&shared, &mut defined, is_first).await, (defined, false))) }
    });
    tokio::pin!(asked);
    let mut known: BTreeSet<(Cow<'static, str>, Cow<'static, str>)> =
        KINDS.iter().map(|info| (info.group.into(), info.plural.into())).collect();
    let most = known.len() + MOST;
    let mut drivers: FuturesUnordered<Answer<'static, ()>> = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(found) = asked.next() => {
                for info in found {
                    if !known.insert((info.group.clone(), info.plural.clone())) {
                        continue;
                    }
                    if known.len() > most {
                        // Hidden, and by whom is said: what is not read is nowhere shown as well.
                        let message = format!("of the kinds defined here {MOST} are read, and this one is not among them");
                        shared.say_freshness(&info, "", Freshness::Forbidden { verb: "watch".to_owned(), message }).await;
                        continue;
                    }
                    shared.expect(&info, "");
                    let version = info.version.to_string();
                    drivers.push(Box::pin(kind::follow(Arc::clone(&shared), info, Some(version))));
                }
                shared.settle_without(&ALL, "").await;
            }
            Some(()) = drivers.next() => {}
        }
    }
}

/// The kinds with conditions that are defined, once anything new was told of definitions; none where none is told.
async fn told(shared: &Arc<Shared>, defined: &mut latest::Receiver<Definitions>, is_first: bool) -> Vec<Arc<Kind>> {
    let (timer, ask_again) = (&shared.access.timer, shared.access.limits.ask_again);
    if !is_first {
        let _ = defined.changed().await;
        // A definition is told several times while it is established.
        timer.sleep(JUST_ASKED).await;
    }
    let (group, kind) = ("apiextensions.k8s.io", "CustomResourceDefinition");
    let mut failed = false;
    while defined.borrow_and_update().times > 0 {
        match read(shared).await {
            Ok(found) if failed => {
                // As of one that names nothing: nothing is skipped any more.
                let key = ObjectKey::new(&shared.cluster, group, kind, "", "");
                shared.say(Observation::Changes(vec![Change::Gone { key, uid: String::new() }])).await;
                return found;
            }
            Ok(found) => return found,
            Err(why) => {
                failed = true;
                let kind = format!("{group}/{kind}");
                shared.say(Observation::Skipped { kind, name: String::new(), why }).await;
                shared.settle_without(&ALL, "").await;
                timer.sleep(ask_again).await;
            }
        }
    }
    Vec::new()
}

/// Reads all definitions, page by page; their schemas are large, and of those only one path is kept.
async fn read(shared: &Arc<Shared>) -> Result<Vec<Arc<Kind>>, String> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let path = match token.as_str() {
            "" => format!("{PATH}?limit={DEFINITIONS_ON_A_PAGE}"),
            token => format!("{PATH}?limit={DEFINITIONS_ON_A_PAGE}&continue={}", escape(token)),
        };
        let (head, body) = page(shared, &path, JSON).await.map_err(|failure: Failure| failure.words())?;
        let page: Page = shared.access.parse(&head, &body).map_err(|failure: Failure| failure.words())?;
        let kinds = page.items.unwrap_or_default().into_iter().filter_map(|it| it.spec.kind_with_conditions());
        found.extend(kinds.map(|kind| shared.kinds.keep(kind)));
        token = page.metadata.token.unwrap_or_default();
        if token.is_empty() {
            return Ok(found);
        }
    }
}

/// A page of a list of definitions, as far as they say where a kind is and what its objects tell
/// (`apiextensions.k8s.io/v1`).
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: Metadata,
    items: Option<Vec<Definition>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(rename = "continue")]
    token: Option<String>,
}

#[derive(Deserialize)]
struct Definition {
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    group: String,
    names: Names,
    scope: String,
    versions: Vec<Version>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Names {
    plural: String,
    kind: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Version {
    name: String,
    served: bool,
    storage: bool,
    schema: Validation,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Validation {
    #[serde(rename = "openAPIV3Schema")]
    root: Schema<Root>,
}

/// A schema, as far as the one path that is looked for leads through it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Schema<Fields> {
    properties: Option<Fields>,
    #[serde(rename = "x-kubernetes-preserve-unknown-fields")]
    takes_anything: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Root {
    status: Option<Schema<Status>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Option<IgnoredAny>,
}

impl Spec {
    /// The kind, in the version it is stored in where that is served; none where its objects have no conditions.
    fn kind_with_conditions(self) -> Option<Kind> {
        let Self { group, names: Names { plural, kind }, scope, versions } = self;
        let served = || versions.iter().filter(|version| version.served);
        let version = served().find(|version| version.storage).or_else(|| served().next())?;
        let is_whole = !group.is_empty() && !plural.is_empty() && !kind.is_empty();
        (is_whole && version.has_conditions()).then(|| Kind {
            group: group.into(),
            version: version.name.clone().into(),
            older: &[],
            kind: kind.into(),
            plural: plural.into(),
            namespaced: scope == "Namespaced",
            metadata_only: false,
        })
    }
}

impl Version {
    fn has_conditions(&self) -> bool {
        let Schema { properties, takes_anything } = &self.schema.root;
        match properties.as_ref().and_then(|root| root.status.as_ref()) {
            Some(status) => match &status.properties {
                Some(fields) => fields.conditions.is_some(),
                None => status.takes_anything,
            },
            None => *takes_anything,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(version: &str) -> Option<Kind> {
        let text = format!(
            r#"{{"spec":{{"group":"example.org","scope":"Namespaced","names":{{"plural":"widgets","kind":"Widget"}},
                "versions":[{{"name":"v1","served":true,"storage":true,"schema":{{"openAPIV3Schema":{version}}}}}]}}}}"#
        );
        serde_json::from_str::<Definition>(&text).expect("a definition").spec.kind_with_conditions()
    }

    #[test]
    fn a_kind_with_conditions_is_one_to_read() {
        let with = kind(
            r#"{"type":"object","properties":{"spec":{"type":"object"},"status":{"properties":{"conditions":{"type":"array"}}}}}"#,
        );
        let with = with.expect("it has conditions");
        let named = [with.group, with.version, with.kind, with.plural];
        assert_eq!(named, ["example.org", "v1", "Widget", "widgets"]);
        assert!(with.namespaced && !with.metadata_only);
        assert!(
            kind(r#"{"x-kubernetes-preserve-unknown-fields":true}"#).is_some(),
            "what may be anything may have them"
        );
        assert!(kind(r#"{"properties":{"status":{"x-kubernetes-preserve-unknown-fields":true}}}"#).is_some());
    }

    #[test]
    fn a_kind_whose_objects_do_not_tell_how_they_are_is_left_out() {
        assert!(kind(r#"{"properties":{"status":{"properties":{"phase":{"type":"string"}}}}}"#).is_none());
        assert!(kind(r#"{"properties":{"spec":{"type":"object"}}}"#).is_none());
        let none_served =
            r#"{"spec":{"group":"g","names":{"plural":"p","kind":"K"},"versions":[{"name":"v1","served":false}]}}"#;
        let definition: Definition = serde_json::from_str(none_served).expect("a definition");
        assert!(definition.spec.kind_with_conditions().is_none());
    }
}
