//! What the freshness of a kind means for its objects: whether one that is not there is really missing, and whether a
//! verdict still holds.

use super::arena::{Id, KeyRef};
use super::store::{KindBook, World};
use super::{Freshness, SourceState};
use crate::health::{Health, HealthState};
use crate::id::SourceId;
use crate::resource::known;

impl World {
    /// What is known of a cluster's kinds. The source that watches it is called by its context (`cluster:<label>`), or by
    /// its id where it has none.
    fn kinds_of<'a>(&'a self, cluster: &'a str) -> impl Iterator<Item = &'a KindBook> {
        let label = self.clusters.get(cluster).map(|(label, _)| label.as_str()).filter(|label| *label != cluster);
        let named = |name: &'a str| {
            let is_it = move |source: &SourceId| source.as_str().strip_prefix("cluster:") == Some(name);
            self.freshness.iter().filter(move |(source, _)| is_it(source)).map(|(_, kinds)| kinds)
        };
        [Some(cluster), label].into_iter().flatten().flat_map(named)
    }

    /// The clusters a source watches.
    pub(super) fn clusters_of(&self, source: &SourceId) -> Vec<String> {
        let Some(name) = source.as_str().strip_prefix("cluster:") else { return Vec::new() };
        let mut found: Vec<String> = self
            .clusters
            .iter()
            .filter(|(id, (label, _))| label == name || *id == name)
            .map(|(id, _)| id.clone())
            .collect();
        if !found.iter().any(|id| id == name) {
            found.push(name.to_owned());
        }
        found
    }

    /// Whether any source or kind is silent at all: mostly none is, and then no verdict asks further.
    pub(super) fn look_for_silence(&mut self) {
        let is_silent =
            |state: &SourceState| !matches!(state.state, Freshness::Live | Freshness::CatchingUp | Freshness::Absent);
        let found = self.freshness().any(is_silent);
        self.is_any_silent = found;
    }

    /// What is known of one kind in one namespace, widest first: the whole source, the kind, the kind in the namespace.
    fn states<'a>(&'a self, cluster: &'a str, group: &str, kind: &str, namespace: &str) -> Vec<&'a SourceState> {
        let long = format!("{group}/{kind}");
        let mut names = vec![long.as_str()];
        if group.is_empty() {
            names.extend([kind]);
        }
        let mut found = Vec::new();
        for kinds in self.kinds_of(cluster) {
            found.extend(kinds.get("").into_iter().flat_map(|spaces| spaces.get("")));
            for name in &names {
                let Some(spaces) = kinds.get(*name) else { continue };
                found.extend(spaces.get(""));
                if !namespace.is_empty() {
                    found.extend(spaces.get(namespace));
                }
            }
        }
        found
    }

    /// True where the absence of an object of this key from the world means that it does not exist. In files everything
    /// there is stands in the files; in a watched cluster a kind must have been listed.
    pub(super) fn is_listed<'k>(&self, key: impl Into<KeyRef<'k>>) -> bool {
        let key = key.into();
        if self.kinds_of(key.cluster).next().is_none() {
            return true;
        }
        let states = self.states(key.cluster, key.group, key.kind, key.namespace);
        let of_kind = states.iter().filter(|state| !state.kind.is_empty()).map(|state| &state.state).next_back();
        matches!(of_kind, Some(Freshness::Live | Freshness::Stale { .. } | Freshness::Absent))
    }

    /// Why nothing can be said about objects of this key's kind now; nothing where it is fresh.
    pub(super) fn silence_of<'k>(&self, key: impl Into<KeyRef<'k>>) -> Option<Health> {
        if !self.is_any_silent {
            return None;
        }
        let key = key.into();
        let states = self.states(key.cluster, key.group, key.kind, key.namespace);
        // The nearest word of the kind counts; a silent source silences every kind.
        let source = states.iter().find(|state| state.kind.is_empty());
        let kind = states.iter().rev().find(|state| !state.kind.is_empty());
        let plural = known(key.group, key.kind).map_or(key.kind, |info| info.plural);
        source.into_iter().chain(kind).find_map(|state| silence(&state.state, plural))
    }

    /// The verdict on an object as it counts now.
    pub(super) fn health_of(&self, id: Id) -> Health {
        let Some(raw) = self.verdicts.get(id) else {
            return Health { state: HealthState::None, ..Health::default() };
        };
        match self.silence_of(self.keys.key(id)) {
            Some(silence) => Health { contained: raw.contained, ..silence },
            None => raw.clone(),
        }
    }
}

fn silence(state: &Freshness, plural: &str) -> Option<Health> {
    let reason = match state {
        Freshness::Live | Freshness::CatchingUp | Freshness::Absent => return None,
        Freshness::Stale { since, why } => {
            let since = since.format("%H:%M:%S UTC");
            format!("nothing was heard about {plural} since {since}: {why}")
        }
        Freshness::Forbidden { verb, message } => format!("not allowed to {verb} {plural}: {message}"),
        Freshness::NeverAnswered { why } => format!("{plural} were never answered: {why}"),
    };
    Some(Health { state: HealthState::Unknown, reason: reason.into(), ..Health::default() })
}
