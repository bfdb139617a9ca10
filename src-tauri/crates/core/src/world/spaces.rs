//! The objects of each namespace by kind and state, kept up to date by what changes: the worst of a namespace is known
//! without reading what is in it.

use rustc_hash::FxHashMap;

use super::arena::{Column, Id, KeyRef, Scope};
use super::store::World;
use crate::health::{COUNTED, HealthState};
use crate::id::Text;

/// The states an object may be counted in.
const STATES: usize = HealthState::None as usize + 1;

/// How many objects of one kind are in which state.
#[derive(Clone, Debug)]
struct Kind {
    group: Text,
    kind: Text,
    states: [u32; STATES],
}

/// The states of the objects of each namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Spaces {
    /// Object → as what it was counted last.
    counted: Column<HealthState>,
    kinds: FxHashMap<Scope, Vec<Kind>>,
}

impl World {
    /// Counts an object in its namespace as it is judged now; a Namespace counts in itself, what is not there nowhere.
    pub(super) fn count_in_space(&mut self, id: Id) {
        let now = self.at(id).map(|_| self.judged(id)).filter(|state| *state != HealthState::None);
        let was = self.spaces.counted.get(id).copied();
        if now == was {
            return;
        }
        match now {
            Some(state) => self.spaces.counted.insert(id, state),
            None => drop(self.spaces.counted.remove(id)),
        }
        let key = self.keys.key(id).clone();
        let scope = if key.kind == "Namespace" && key.group.is_empty() {
            self.keys.scope_number(&key.cluster, &key.name, &mut self.words)
        } else {
            self.keys.scope(id)
        };
        let kinds = self.spaces.kinds.entry(scope).or_default();
        let is_it = |it: &Kind| it.kind == key.kind && it.group == key.group;
        let at = kinds.iter().position(is_it).unwrap_or_else(|| {
            kinds.push(Kind { group: key.group, kind: key.kind, states: [0; STATES] });
            kinds.len() - 1
        });
        let states = &mut kinds[at].states;
        if let Some(was) = was {
            states[was as usize] = states[was as usize].saturating_sub(1);
        }
        if let Some(now) = now {
            states[now as usize] += 1;
        }
    }

    /// The worst state of anything in a namespace, and of the namespace itself; `None` where nothing there is judged. What
    /// is stale or forbidden counts as unknown.
    #[must_use]
    pub fn worst_in(&self, cluster: &str, namespace: &str) -> HealthState {
        let scope = self.keys.find_scope(cluster, namespace, &self.words);
        let kinds = scope.and_then(|scope| self.spaces.kinds.get(&scope));
        let worst = |it: &Kind| {
            let state = COUNTED.into_iter().find(|state| it.states[*state as usize] > 0)?;
            let namespace = if it.kind == "Namespace" { "" } else { namespace };
            let key = KeyRef { cluster, group: &it.group, kind: &it.kind, namespace, name: "" };
            let is_silent = self.is_any_silent && self.silence_of(key).is_some();
            Some(if is_silent { HealthState::Unknown } else { state })
        };
        kinds.into_iter().flatten().filter_map(worst).min().unwrap_or(HealthState::None)
    }
}
