//! What of a world is about which cluster, so that each cluster has a recording of its own.

use super::Change;
use super::store::World;
use crate::id::{SourceId, Text};
use crate::observed::Observer;

impl World {
    /// The cluster a change is about; none for what is about no single one: alerts, other sources, the time, which clusters
    /// there are. What takes something away is asked about before it is applied.
    #[must_use]
    pub fn cluster_of(&self, change: &Change) -> Option<Text> {
        let observed = |source: &SourceId, observer: Observer| {
            let told = self.observers().find(|it| it.source == *source && it.observer == observer);
            told.map(|it| it.cluster.clone())
        };
        let found = match change {
            Change::Object(object) => Some(object.key.cluster.clone()),
            Change::Gone { key, .. } => Some(key.cluster.clone()),
            Change::Placing(rule) => Some(rule.at.cluster.clone()),
            Change::PlacingGone { id } => {
                self.hand_rules().find(|rule| rule.id == *id).map(|rule| rule.at.cluster.clone())
            }
            Change::LastOwner(owner) => Some(owner.pod.cluster.clone()),
            Change::LastOwnerGone { pod } => Some(pod.cluster.clone()),
            Change::Freshness(state) => {
                let watched = self.clusters_of(&state.source);
                watched.into_iter().find(|id| self.clusters.contains_key(id)).map(Text::from)
            }
            Change::Observer(state) => Some(state.cluster.clone()),
            Change::Call(call) => observed(&call.id.source, call.id.observer),
            Change::CallGone(id) => observed(&id.source, id.observer),
            Change::ObserverGone { source, observer } => observed(source, *observer),
            Change::Alert(_) | Change::AlertGone { .. } | Change::Time { .. } | Change::Cluster { .. } => None,
        };
        found.filter(|cluster| !cluster.is_empty())
    }

    /// The changes that rebuild what is about one cluster, and what is about no single one, as [`World::keyframe`] orders them.
    #[must_use]
    pub fn keyframe_of(&self, cluster: &str) -> Vec<Change> {
        let mut keyframe = self.keyframe();
        if self.clusters.keys().any(|id| id != cluster) {
            keyframe.retain(|change| self.cluster_of(change).is_none_or(|it| it == cluster));
        }
        keyframe
    }

    /// The changes that rebuild this world without a cluster.
    #[must_use]
    pub fn keyframe_without(&self, cluster: &str) -> Vec<Change> {
        let is_of = |change: &Change| match change {
            Change::Cluster { id, .. } => id == cluster,
            _ => self.cluster_of(change).is_some_and(|it| it == cluster),
        };
        let mut keyframe = self.keyframe();
        keyframe.retain(|change| !is_of(change));
        keyframe
    }

    /// This world without a cluster.
    #[must_use]
    pub fn without(&self, cluster: &str) -> Self {
        Self::from_changes(&self.keyframe_without(cluster))
    }

    /// One world of the worlds of several clusters, each with the id of its own. What is about no single cluster is as the
    /// first knows it: the others may have ended before it changed.
    #[must_use]
    pub fn together(parts: &[(&str, &Self)]) -> Self {
        let mut changes = Vec::new();
        for (at, (cluster, world)) in parts.iter().enumerate() {
            let is_told = |change: &Change| match world.cluster_of(change) {
                Some(of) => of == **cluster,
                None => at == 0 || matches!(change, Change::Cluster { id, .. } if id == cluster),
            };
            changes.extend(world.keyframe().into_iter().filter(is_told));
        }
        // Which clusters there are comes first, as in every keyframe; what is told last of one counts.
        changes.sort_by_key(|change| !matches!(change, Change::Cluster { .. }));
        Self::from_changes(&changes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    use super::*;
    use crate::alerts::{Alert, LastOwner};
    use crate::id::ObjectKey;
    use crate::resource::reduce;
    use crate::time::Moment;
    use crate::world::{Freshness, SourceState};

    fn change() -> impl Strategy<Value = Change> {
        let cluster = || select(vec!["c", "d"]);
        let name = || select(vec!["cart", "web", "db"]);
        let pod = (cluster(), name(), name(), any::<bool>()).prop_map(|(cluster, name, host, ready)| {
            let ready = if ready { "True" } else { "False" };
            let pod = json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": host}]}]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}});
            Change::Object(Arc::new(reduce(cluster, &pod).unwrap()))
        });
        let service = (cluster(), name()).prop_map(|(cluster, name)| {
            let service = json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name, "namespace": "shop", "uid": "s"},
                "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}});
            Change::Object(Arc::new(reduce(cluster, &service).unwrap()))
        });
        let fresh = (select(vec!["cluster:eu", "cluster:us", "alertmanager:main"]), any::<bool>()).prop_map(
            |(source, live)| {
                let state = if live { Freshness::Live } else { Freshness::NeverAnswered { why: "no".into() } };
                Change::Freshness(SourceState {
                    source: source.into(),
                    kind: String::new(),
                    namespace: String::new(),
                    state,
                })
            },
        );
        let alert = name().prop_map(|id| Change::Alert(Box::new(Alert { id: id.to_owned(), ..Alert::default() })));
        let owner = (cluster(), 0..9i64).prop_map(|(cluster, second)| {
            let key = |kind, name: &str| ObjectKey::new(cluster, "", kind, "shop", name);
            let gone_at = Moment::from_timestamp(second, 0).unwrap();
            let (pod, owner) = (key("Pod", &format!("gone-{}", second % 5)), key("Node", "n"));
            Change::LastOwner(Box::new(LastOwner { pod, owner, gone_at }))
        });
        prop_oneof![4 => pod, 2 => service, 2 => fresh, 1 => alert, 2 => owner]
    }

    fn clusters() -> Vec<Change> {
        let cluster =
            |id: &str, label: &str| Change::Cluster { id: id.into(), label: label.into(), version: "v1".into() };
        vec![cluster("c", "eu"), cluster("d", "us")]
    }

    proptest! {
        #[test]
        fn the_parts_of_a_world_together_are_the_world(changes in prop::collection::vec(change(), 0..24)) {
            let mut world = World::from_changes(&clusters());
            world.apply_all(&changes);
            let of = |id| World::from_changes(&world.keyframe_of(id));
            let (c, d) = (of("c"), of("d"));
            prop_assert!(c.objects().all(|object| object.key.cluster == "c"));
            for parts in [[("c", &c), ("d", &d)], [("d", &d), ("c", &c)]] {
                let whole = World::together(&parts);
                prop_assert_eq!(whole.digest(), world.digest());
                prop_assert_eq!(whole.relations(), world.relations());
            }
            for relation in world.relations() {
                prop_assert_eq!(relation.from.cluster, relation.to.cluster, "a relation crosses clusters");
            }
        }

        #[test]
        fn a_world_without_a_cluster_is_that_of_the_others(changes in prop::collection::vec(change(), 0..24)) {
            let mut world = World::from_changes(&clusters());
            world.apply_all(&changes);
            let mut never = World::from_changes(&clusters()[..1]);
            never.apply_all(changes.iter().filter(|it| world.cluster_of(it).is_none_or(|of| of == "c")));
            prop_assert_eq!(world.without("d").digest(), never.digest());
        }
    }
}
