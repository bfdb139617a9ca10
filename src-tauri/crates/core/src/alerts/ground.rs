//! What the ladder stands on: names looked up in the world, within the cluster an alert selects.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::Alert;
use super::names::value;
use crate::id::ObjectKey;
use crate::resource::Body;
use crate::world::{Relation, RelationState, World};

/// The world with the indexes only placement needs, made once for many alerts.
pub(super) struct Ground<'w> {
    pub(super) world: &'w World,
    clusters: Vec<(String, String)>,
    /// The world says which clusters it holds.
    are_named: bool,
    spaces: OnceCell<BTreeSet<(String, String)>>,
    houses: OnceCell<BTreeMap<(String, String), Vec<ObjectKey>>>,
    addresses: OnceCell<BTreeMap<String, Vec<ObjectKey>>>,
}

/// The cluster in which the rungs look; `None` looks in all and takes only what is found in one.
pub(super) type Selected = Option<String>;

impl<'w> Ground<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        let mut clusters: Vec<(String, String)> =
            world.clusters().into_iter().map(|(id, label, _)| (id, label)).collect();
        let are_named = !clusters.is_empty();
        if !are_named {
            // A world built from files without a cluster being named.
            clusters.extend(world.objects().next().map(|object| (object.key.cluster.to_string(), String::new())));
        }
        Self {
            world,
            clusters,
            are_named,
            spaces: OnceCell::new(),
            houses: OnceCell::new(),
            addresses: OnceCell::new(),
        }
    }

    /// Rung 0: the cluster named by the labels, else the one its source belongs to, or the only one there is whatever it is
    /// called.
    pub(super) fn select(&self, alert: &Alert) -> Selected {
        let named = ["cluster", "k8s_cluster_name", "cluster_name", "kubernetes_cluster"];
        let named = named.iter().find_map(|label| value(&alert.labels, label));
        let found = named.and_then(|name| self.clusters.iter().find(|(id, label)| id == name || label == name));
        let found = found.or_else(|| self.clusters.iter().find(|(id, _)| *id == alert.cluster));
        match (found, self.clusters.as_slice()) {
            (Some((id, _)), _) | (None, [(id, _)]) => Some(id.clone()),
            _ => None,
        }
    }

    /// Every cluster with what it is called.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.clusters
            .iter()
            .map(|(id, label)| (id.as_str(), if label.is_empty() { id.as_str() } else { label.as_str() }))
    }

    /// The only object of a kind and name, in one namespace or in all.
    pub(super) fn find(&self, at: &Selected, kind: &str, space: Option<&str>, name: &str) -> Option<ObjectKey> {
        if name.is_empty() {
            return None;
        }
        let found = self.world.by_name(kind, space, name);
        let mut found = found.into_iter().filter(|key| Self::lies_in(key, at));
        let first = found.next()?;
        found.next().is_none().then(|| first.clone())
    }

    /// True where a key lies in the selected cluster.
    pub(super) fn lies_in(key: &ObjectKey, at: &Selected) -> bool {
        at.as_ref().is_none_or(|id| *id == key.cluster)
    }

    /// The node, else the pod, that has an address. Clusters share address ranges, so with several the world's own
    /// answer, the first, is not enough.
    pub(super) fn at_address(&self, at: &Selected, address: &str) -> Option<ObjectKey> {
        if self.clusters.len() < 2 {
            return self.world.node_by_address(address).or_else(|| self.world.pod_by_ip(address)).cloned();
        }
        let addresses = self.addresses.get_or_init(|| {
            let mut addresses: BTreeMap<String, Vec<ObjectKey>> = BTreeMap::new();
            for object in self.world.objects() {
                let own = match &object.body {
                    Body::Node(node) => node.addresses.clone(),
                    Body::Pod(pod)
                        if pod.ip != pod.host_ip && !matches!(pod.phase.as_str(), "Succeeded" | "Failed") =>
                    {
                        vec![pod.ip.to_string()]
                    }
                    _ => continue,
                };
                for address in own.into_iter().filter(|address| !address.is_empty()) {
                    addresses.entry(address).or_default().push(object.key.clone());
                }
            }
            addresses
        });
        let mut found = addresses.get(address)?.iter().filter(|key| Self::lies_in(key, at));
        let first = found.next()?;
        // A node and its own pod lie in one cluster; keys order them, the node first.
        found.all(|key| key.cluster == first.cluster).then(|| first.clone())
    }

    /// The one object that the one ServiceMonitor or PodMonitor of this name has scraped: its Service, or its house.
    pub(super) fn watched_by(&self, at: &Selected, space: Option<&str>, name: &str) -> Option<ObjectKey> {
        let monitors = ["ServiceMonitor", "PodMonitor"].map(|kind| self.find(at, kind, space, name));
        let ([Some(monitor), None] | [None, Some(monitor)]) = monitors else { return None };
        let relations = self.world.relations_of(&monitor).into_iter();
        let scraped = |it: &Relation| it.r#type == "watches" && it.from == monitor && it.state == RelationState::Ok;
        let watched = relations.filter(scraped).map(|it| self.world.house_of(&it.to).unwrap_or(it.to));
        let mut watched: Vec<ObjectKey> = watched.collect();
        watched.sort();
        watched.dedup();
        watched.pop().filter(|_| watched.is_empty())
    }

    /// A namespace of which anything is known; it may be unreadable itself.
    pub(super) fn namespace(&self, at: &Selected, name: &str) -> Option<ObjectKey> {
        if let Some(key) = self.find(at, "Namespace", None, name) {
            return Some(key);
        }
        let spaces = self.spaces.get_or_init(|| {
            let keys = self.world.objects().map(|object| &object.key).filter(|key| !key.namespace.is_empty());
            keys.map(|key| (key.namespace.to_string(), key.cluster.to_string())).collect()
        });
        let mut found =
            spaces.iter().filter(|(space, cluster)| space == name && at.as_ref().is_none_or(|id| id == cluster));
        let (_, cluster) = found.next()?;
        found.next().is_none().then(|| ObjectKey::new(cluster, "", "Namespace", "", name))
    }

    /// The houses of a namespace.
    pub(super) fn houses(&self, at: &Selected, space: &str) -> Vec<&ObjectKey> {
        if !space.is_empty() && self.are_named {
            let clusters = self.clusters.iter().map(|(id, _)| id).filter(|id| at.as_ref().is_none_or(|at| at == *id));
            let mut found: Vec<&ObjectKey> = clusters.flat_map(|id| self.world.houses_in(id, space)).collect();
            found.sort();
            return found;
        }
        let houses = self.houses.get_or_init(|| {
            let mut houses: BTreeMap<(String, String), Vec<ObjectKey>> = BTreeMap::new();
            for key in self.world.houses() {
                houses.entry((key.namespace.to_string(), key.cluster.to_string())).or_default().push(key);
            }
            houses
        });
        let spaces = houses.iter().filter(|((name, _), _)| name == space || space.is_empty());
        spaces.flat_map(|(_, keys)| keys).filter(|key| Self::lies_in(key, at)).collect()
    }

    /// Whose a pod was that is gone, as far as that is remembered and its owner is there still.
    pub(super) fn last_owner(&self, at: &Selected, space: Option<&str>, pod: &str) -> Option<ObjectKey> {
        let owner = if let (Some(cluster), Some(space)) = (at, space) {
            &self.world.last_owner(&ObjectKey::new(cluster, "", "Pod", space, pod))?.owner
        } else {
            let is_meant = |key: &ObjectKey| {
                key.name == pod && space.is_none_or(|space| key.namespace == *space) && Self::lies_in(key, at)
            };
            let mut found = self.world.last_owners().filter(|it| is_meant(&it.pod));
            let first = found.next()?;
            if found.next().is_some() {
                return None;
            }
            &first.owner
        };
        self.world.object(owner)?;
        Some(self.world.house_of(owner).unwrap_or_else(|| owner.clone()))
    }

    /// The owner of a pod that is gone: the one it was last seen with, else the one its name leads to.
    pub(super) fn owner_of_gone(&self, at: &Selected, space: Option<&str>, pod: &str) -> Option<ObjectKey> {
        self.last_owner(at, space, pod).or_else(|| self.owner_by_pod_name(at, space, pod))
    }

    /// A pod that is gone leaves its name, which begins with its controller's: `<deployment>-<hash>-<5>`,
    /// `<statefulset>-<n>`, `<daemonset>-<5>`, `<cronjob>-<minutes>-<5>`.
    pub(super) fn owner_by_pod_name(&self, at: &Selected, space: Option<&str>, pod: &str) -> Option<ObjectKey> {
        let (head, tail) = pod.rsplit_once('-')?;
        let ordinal = tail.chars().all(|c| c.is_ascii_digit());
        if let Some(set) = ordinal.then(|| self.find(at, "StatefulSet", space, head)).flatten() {
            return Some(set);
        }
        if tail.len() != 5 || !is_hash(tail) {
            return None;
        }
        for kind in ["ReplicaSet", "DaemonSet", "Job"] {
            if let Some(key) = self.find(at, kind, space, head) {
                return Some(self.world.house_of(&key).unwrap_or(key));
            }
        }
        let (name, hash) = head.rsplit_once('-')?;
        let cron = hash.chars().all(|c| c.is_ascii_digit()).then(|| self.find(at, "CronJob", space, name)).flatten();
        let rolled = ((5..=10).contains(&hash.len()) && is_hash(hash))
            .then(|| self.find(at, "Deployment", space, name))
            .flatten();
        cron.or(rolled)
    }

    /// A `ReplicaSet` or Job that is gone leaves its controller's name before the last dash.
    pub(super) fn owner_by_ward_name(
        &self,
        at: &Selected,
        kind: &str,
        space: Option<&str>,
        name: &str,
    ) -> Option<ObjectKey> {
        let (head, tail) = name.rsplit_once('-')?;
        match kind {
            "ReplicaSet" if is_hash(tail) => self.find(at, "Deployment", space, head),
            "Job" if tail.chars().all(|c| c.is_ascii_digit()) => self.find(at, "CronJob", space, head),
            _ => None,
        }
    }

    /// The node a pod runs on.
    pub(super) fn node_of(&self, pod: &ObjectKey) -> Option<ObjectKey> {
        let Body::Pod(body) = &self.world.object(pod)?.body else { return None };
        self.find(&Some(pod.cluster.to_string()), "Node", None, &body.node)
    }

    /// The one house that a program of this name runs as.
    pub(super) fn program(&self, at: &Selected, word: &str) -> Option<ObjectKey> {
        let is_it = |key: &&ObjectKey| {
            let labels = self.world.object(key).map(|object| &object.labels);
            let said = labels.and_then(|labels| labels.get("app.kubernetes.io/name"));
            key.name == word || said.is_some_and(|said| said == word) || key.name.ends_with(&format!("-{word}"))
        };
        let houses = self.houses(at, "");
        let mut found = houses.into_iter().filter(is_it);
        let first = found.next()?;
        found.next().is_none().then(|| first.clone())
    }
}

/// True for the letters and digits of a generated name part.
fn is_hash(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}
