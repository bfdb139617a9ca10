//! Which parts of a plan nothing new is heard about, or may not be read, and why.

use std::collections::BTreeMap;

use super::Lens;
use crate::id::ObjectKey;
use crate::resource::KINDS;
use crate::world::{Freshness, SourceState, World};

/// Nothing new is heard about it.
const STALE: u8 = 2;
/// It may not be read.
const FORBIDDEN: u8 = 4;

/// What is silent in each cluster and namespace, among the kinds a lens draws.
pub(super) struct Silences<'a> {
    /// By cluster, kind and namespace; the kind is empty for the whole source.
    states: BTreeMap<(String, &'static str, &'a str), &'a SourceState>,
}

impl<'a> Silences<'a> {
    /// Kinds without which houses, cells or streets are missing or out of date.
    const NAMESPACES: [&'static str; 8] =
        ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job", "CronJob", "Service"];
    const NODES: [&'static str; 2] = ["Node", "Pod"];

    pub fn of(world: &'a World, lens: Lens) -> Self {
        let kinds: &[&'static str] = match lens {
            Lens::Namespaces => &Self::NAMESPACES,
            Lens::Nodes => &Self::NODES,
        };
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (id, label, _) in world.clusters() {
            names.entry(label).or_default().push(id.clone());
            names.entry(id.clone()).or_default().push(id);
        }
        let mut states = BTreeMap::new();
        for state in world.freshness() {
            let Some(name) = state.source.as_str().strip_prefix("cluster:") else { continue };
            let (group, short) = state.kind.rsplit_once('/').unwrap_or(("", &state.kind));
            let known = kinds
                .iter()
                .find(|kind| **kind == short && KINDS.iter().any(|info| info.kind == short && info.group == group));
            let kind = match known {
                Some(kind) => *kind,
                None if short.is_empty() => "",
                None => continue,
            };
            let own = [name.to_owned()];
            for cluster in names.get(name).map_or(own.as_slice(), Vec::as_slice) {
                states.insert((cluster.clone(), kind, state.namespace.as_str()), state);
            }
        }
        Self { states }
    }

    /// The nearest word on a kind: in the namespace, else in the cluster.
    fn on(&self, cluster: &str, kind: &'static str, namespace: &'a str) -> Option<&'a SourceState> {
        let at = |namespace| self.states.get(&(cluster.to_owned(), kind, namespace)).copied();
        at(namespace).or_else(|| at(""))
    }

    /// Flags of a block and the reason, for a person.
    pub fn tell(&self, cluster: &str, namespace: &'a str, lens: Lens) -> (u8, String) {
        if self.states.is_empty() {
            return (0, String::new());
        }
        let kinds: &[&'static str] = match lens {
            Lens::Namespaces => &Self::NAMESPACES,
            Lens::Nodes => &Self::NODES,
        };
        let mut flags = 0;
        let mut why: Vec<String> = Vec::new();
        if let Some((flag, text)) = self.on(cluster, "", "").and_then(|state| silence(&state.state, "the cluster")) {
            return (flag, text);
        }
        for kind in kinds {
            let plural = KINDS.iter().find(|info| info.kind == *kind).map_or("objects", |info| info.plural);
            let said = self.on(cluster, kind, namespace).and_then(|state| silence(&state.state, plural));
            if let Some((flag, text)) = said {
                flags |= flag;
                why.push(text);
            }
        }
        (flags, why.join("; "))
    }

    /// Flags of one object, by its kind.
    pub fn flags(&self, key: &'a ObjectKey) -> u8 {
        if self.states.is_empty() {
            return 0;
        }
        let kind = Self::NAMESPACES.iter().chain(&Self::NODES).find(|kind| **kind == key.kind);
        let states = [Some(""), kind.copied()].into_iter().flatten();
        states
            .filter_map(|kind| self.on(&key.cluster, kind, &key.namespace))
            .filter_map(|state| silence(&state.state, ""))
            .fold(0, |flags, (flag, _)| flags | flag)
    }
}

fn silence(state: &Freshness, what: &str) -> Option<(u8, String)> {
    match state {
        Freshness::Live | Freshness::CatchingUp | Freshness::Absent => None,
        Freshness::Stale { since, why } => {
            let since = since.format("%H:%M:%S UTC");
            Some((STALE, format!("nothing was heard about {what} since {since}: {why}")))
        }
        Freshness::Forbidden { verb, message } => Some((FORBIDDEN, format!("not allowed to {verb} {what}: {message}"))),
        Freshness::NeverAnswered { why } => Some((STALE, format!("{what} never answered: {why}"))),
    }
}
