//! Which app a house belongs to (26).
//!
//! Membership is what the house itself says. What two apps share (a Service, a ConfigMap, an account, a claim many may
//! write to) makes them no less two.

use super::super::edge::{Standing, Type};
use super::Prover;
use crate::id::Text;
use crate::resource::Object;

/// The kind of apps: release units, no objects of the cluster.
const APP: &str = "App";

/// Labels that name an app of the same namespace, in the order in which they count.
const OWN: [&str; 3] = ["app.kubernetes.io/instance", "app.kubernetes.io/part-of", "app.kubernetes.io/name"];

/// Labels of Flux that name a release and its namespace.
const FLUX: [(&str, &str); 2] = [
    ("helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace"),
    ("kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace"),
];

/// An app as an object names it: field, namespace (empty where the name holds in the whole cluster) and name.
type Named<'a> = (String, &'a str, &'a str);

impl Prover<'_> {
    /// 26: one app for each house, by the first of the labels and annotations that is there.
    pub(super) fn app(&mut self) {
        if !self.world.is_house(self.id) {
            return;
        }
        if let Some((field, namespace, name)) = app_of(self.object) {
            let app = self.within("", APP, namespace, name);
            self.edge((self.id, app), Type::PartOf, 26, &field, Standing::Free);
        }
    }
}

fn app_of(object: &Object) -> Option<Named<'_>> {
    let label = |key: &str| object.labels.get(key).filter(|value| !value.is_empty()).map(Text::as_str);
    let annotation = |key: &str| object.annotations.get(key).filter(|value| !value.is_empty()).map(Text::as_str);
    let at_label = |key: &str| format!("metadata.labels[{key}]");
    let at_annotation = |key: &str| format!("metadata.annotations[{key}]");
    let own = object.key.namespace.as_str();
    if let Some(name) = annotation("broadstreet.io/app") {
        return Some((at_annotation("broadstreet.io/app"), "", name));
    }
    for (key, space) in FLUX {
        if let Some(name) = label(key) {
            return Some((at_label(key), label(space).unwrap_or(own), name));
        }
    }
    let tracking = "argocd.argoproj.io/tracking-id";
    if let Some(name) = annotation(tracking).and_then(|id| tracked(object, id)) {
        return Some((at_annotation(tracking), "", name));
    }
    let instance = "argocd.argoproj.io/instance";
    if let Some(name) = label(instance) {
        return Some((at_label(instance), "", name));
    }
    let release = "meta.helm.sh/release-name";
    if let Some(name) = annotation(release) {
        let namespace = annotation("meta.helm.sh/release-namespace").unwrap_or(own);
        return Some((at_annotation(release), namespace, name));
    }
    OWN.iter().find_map(|key| label(key).map(|name| (at_label(key), own, name)))
}

/// The app of `<app>:<group>/<kind>:<namespace>/<name>`, where that means this object: an annotation that was copied from
/// another one says nothing.
fn tracked<'a>(object: &Object, id: &'a str) -> Option<&'a str> {
    let (app, rest) = id.split_once(':')?;
    let key = &object.key;
    let own = format!("{}/{}:{}/{}", key.group, key.kind, key.namespace, key.name);
    (rest == own && !app.is_empty()).then_some(app)
}
