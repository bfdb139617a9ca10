//! Indexes over the objects: who owns whom, who bears which labels, who selects whom, who answers to which name.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::arena::{Column, Few, Id, Scope, Word};
use super::edge::{Half, HostKey};
use super::store::{Pending, World};
use crate::id::ObjectKey;
use crate::resource::{Body, Labels, Object, Selector, hash_host};

/// The indexes. Sets are ordered by number, so whoever answers with one sorts by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Owner's key → objects that name it as their controller.
    pub(super) wards: FxHashMap<Id, Few<Id>>,
    /// Object → its controller's key and UID, whether or not that exists.
    pub(super) parents: Column<(Id, Word)>,
    /// Label pair → pods and pod templates that bear it.
    pub(super) labelled: FxHashMap<(Scope, Word, Word), Few<Id>>,
    /// Namespace → every pod and pod template.
    pub(super) bearers: FxHashMap<Scope, Few<Id>>,
    /// Label pair → selectors that ask for it, each under one of its pairs.
    pub(super) anchored: FxHashMap<(Scope, Word, Word), Few<Id>>,
    /// Namespace → selectors that ask for no pair.
    pub(super) loose: FxHashMap<Scope, Few<Id>>,
    /// Object with a selector → pods and templates it matches.
    pub(super) matched: FxHashMap<Id, Few<Id>>,
    /// The other way round.
    pub(super) matchers: FxHashMap<Id, Few<Id>>,
    /// Host word → Services that answer to it.
    pub(super) services: FxHashMap<HostKey, Few<Id>>,
    /// Host word → workloads that say it.
    pub(super) callers: FxHashMap<HostKey, Few<Id>>,
    /// Service → its slices.
    pub(super) slices: FxHashMap<Id, Few<Id>>,
    /// Cluster and address → pods.
    pub(super) pods_by_ip: FxHashMap<(Word, Word), Few<Id>>,
    /// Cluster and address → slices that name it without naming a pod.
    pub(super) slices_by_ip: FxHashMap<(Word, Word), Few<Id>>,
    /// Address → nodes.
    pub(super) nodes_by_address: FxHashMap<Word, Few<Id>>,
    /// Kind and name → objects.
    pub(super) names: FxHashMap<(Word, Word), Few<Id>>,
    /// Key → provers that name it.
    pub(super) touched: FxHashMap<Id, Few<(Id, Half)>>,
}

/// Adds to a set of a map.
pub(super) fn put<K: Hash + Eq, V: Ord>(map: &mut FxHashMap<K, Few<V>>, key: K, value: V) {
    match map.entry(key) {
        Entry::Occupied(mut set) => {
            set.get_mut().insert(value);
        }
        Entry::Vacant(place) => {
            place.insert(Few::One(value));
        }
    }
}

/// Takes from a set of a map, and the set away when it is empty.
pub(super) fn take<K: Hash + Eq, V: Ord>(map: &mut FxHashMap<K, Few<V>>, key: &K, value: &V) {
    if map.get_mut(key).is_some_and(|set| set.remove(value)) {
        map.remove(key);
    }
}

/// The members of a set of a map, for a loop that changes it.
fn listed(map: &FxHashMap<Id, Few<Id>>, id: Id) -> Vec<Id> {
    map.get(&id).into_iter().flatten().copied().collect()
}

/// A selector of a Service, or one with the API's full semantics.
enum Selection<'a> {
    Pairs(&'a Labels),
    Full(&'a Selector),
}

impl Selection<'_> {
    fn matches(&self, labels: &Labels) -> bool {
        match self {
            Self::Pairs(pairs) => pairs.iter().all(|(key, value)| labels.get(key) == Some(value)),
            Self::Full(selector) => selector.matches(labels),
        }
    }

    /// A pair that everything it matches bears.
    fn anchor(&self) -> Option<(&str, &str)> {
        let pairs = match self {
            Self::Pairs(pairs) => pairs,
            Self::Full(selector) => &selector.labels,
        };
        let single = |selector: &'_ Selector| {
            let one = selector.expressions.iter().position(|e| e.operator == "In" && e.values.len() == 1)?;
            Some(one)
        };
        match (pairs.iter().next_back(), self) {
            (Some((key, value)), _) => Some((key, value)),
            (None, Self::Full(selector)) => {
                let expression = &selector.expressions[single(selector)?];
                Some((&expression.key, expression.values.first()?))
            }
            (None, Self::Pairs(_)) => None,
        }
    }
}

/// What an object selects pods by. A Service without a selector selects nothing, a policy with an empty one is drawn at
/// its namespace, a budget without one (null) protects nothing.
fn selection_of(object: &Object) -> Option<Selection<'_>> {
    match &object.body {
        Body::Service(service) if !service.selector.is_empty() => Some(Selection::Pairs(&service.selector)),
        Body::DisruptionBudget(budget) => budget.selector.as_ref().map(Selection::Full),
        Body::NetworkPolicy(policy) if !policy.selector.is_empty() => Some(Selection::Full(&policy.selector)),
        _ => None,
    }
}

/// The labels by which a pod or a pod template is selected.
fn labels_of(object: &Object) -> Option<&Labels> {
    match &object.body {
        Body::Pod(_) => Some(&object.labels),
        Body::Workload(workload) => Some(&workload.template.labels),
        Body::Job(job) => Some(&job.template.labels),
        Body::CronJob(job) => Some(&job.template.labels),
        _ => None,
    }
}

/// How high a kind may stand above others of its house; 0 for kinds that are not part of one.
fn rank(kind: &str) -> u8 {
    match kind {
        "Pod" => 1,
        "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => 2,
        "Deployment" | "CronJob" => 3,
        _ => 0,
    }
}

/// The labels by which the Job controller marks its pods, the newer first (batch/v1).
pub(super) const JOB_NAME_LABELS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];

/// The controller an object names, with the UID it names it by.
pub(super) fn controller_of(object: &Object) -> Option<(ObjectKey, &str)> {
    let key = &object.key;
    if let Some(owner) = object.owners.iter().find(|owner| owner.controller) {
        return (rank(&owner.kind) > rank(&key.kind)).then(|| {
            (ObjectKey::new(&key.cluster, &owner.group, &owner.kind, &key.namespace, &owner.name), owner.uid.as_str())
        });
    }
    if key.kind == "Pod" && object.owners.is_empty() {
        let job = JOB_NAME_LABELS.iter().find_map(|label| object.labels.get(*label))?;
        return Some((ObjectKey::new(&key.cluster, "batch", "Job", &key.namespace, job), ""));
    }
    None
}

impl World {
    /// Enters an object into every index.
    pub(super) fn index(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let scope = self.keys.scope(id);
        let cluster = self.words.number(&object.key.cluster);
        let name = (self.words.number(&object.key.kind), self.words.number(&object.key.name));
        put(&mut self.index.names, name, id);
        if let Some((parent, uid)) = controller_of(object).filter(|_| rank(&object.key.kind) > 0) {
            let parent = self.number(&parent);
            let uid = self.words.number(uid);
            self.index.parents.insert(id, (parent, uid));
            put(&mut self.index.wards, parent, id);
        }
        if let Some(labels) = labels_of(object) {
            put(&mut self.index.bearers, scope, id);
            let mut candidates: BTreeSet<Id> = self.index.loose.get(&scope).into_iter().flatten().copied().collect();
            for (key, value) in labels {
                let pair = (scope, self.words.number(key), self.words.number(value));
                put(&mut self.index.labelled, pair, id);
                candidates.extend(self.index.anchored.get(&pair).into_iter().flatten());
            }
            for selector in candidates {
                let matches =
                    self.at(selector).and_then(selection_of).is_some_and(|selection| selection.matches(labels));
                if matches {
                    self.link(selector, id, pending);
                }
            }
        }
        if let Some(selection) = selection_of(object) {
            let anchor =
                selection.anchor().map(|(key, value)| (scope, self.words.number(key), self.words.number(value)));
            let candidates = match anchor {
                Some(pair) => self.index.labelled.get(&pair),
                None => self.index.bearers.get(&scope),
            };
            let fits =
                |bearer: &Id| self.at(*bearer).and_then(labels_of).is_some_and(|labels| selection.matches(labels));
            let found: Vec<Id> = candidates.into_iter().flatten().copied().filter(fits).collect();
            match anchor {
                Some(pair) => put(&mut self.index.anchored, pair, id),
                None => put(&mut self.index.loose, scope, id),
            };
            for bearer in found {
                self.link(id, bearer, pending);
            }
        }
        match &object.body {
            Body::Service(_) => {
                for host in self.host_keys(id) {
                    put(&mut self.index.services, host, id);
                }
            }
            Body::EndpointSlice(slice) => {
                let service = ObjectKey::new(&object.key.cluster, "", "Service", &object.key.namespace, &slice.service);
                let service = self.number(&service);
                put(&mut self.index.slices, service, id);
            }
            Body::Pod(pod) if !pod.ip.is_empty() => {
                let address = (cluster, self.words.number(&pod.ip));
                put(&mut self.index.pods_by_ip, address, id);
                self.ask_slices(address, pending);
            }
            Body::Node(node) => {
                for address in &node.addresses {
                    let address = self.words.number(address);
                    put(&mut self.index.nodes_by_address, address, id);
                }
            }
            _ => {}
        }
    }

    /// Takes an object out of every index.
    pub(super) fn unindex(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let scope = self.keys.scope(id);
        let cluster = self.words.number(&object.key.cluster);
        let name = (self.words.number(&object.key.kind), self.words.number(&object.key.name));
        take(&mut self.index.names, &name, &id);
        if let Some((parent, _)) = self.index.parents.remove(id) {
            take(&mut self.index.wards, &parent, &id);
            if object.key.kind == "ReplicaSet" {
                for sibling in self.index.wards.get(&parent).into_iter().flatten() {
                    pending.prove(*sibling, Half::Plain);
                }
            }
        }
        if let Some(labels) = labels_of(object) {
            take(&mut self.index.bearers, &scope, &id);
            for (key, value) in labels {
                let pair = (scope, self.words.number(key), self.words.number(value));
                take(&mut self.index.labelled, &pair, &id);
            }
            for selector in listed(&self.index.matchers, id) {
                self.unlink(selector, id, pending);
            }
        }
        if let Some(selection) = selection_of(object) {
            match selection.anchor() {
                Some((key, value)) => {
                    let pair = (scope, self.words.number(key), self.words.number(value));
                    take(&mut self.index.anchored, &pair, &id);
                }
                None => take(&mut self.index.loose, &scope, &id),
            }
            for bearer in listed(&self.index.matched, id) {
                self.unlink(id, bearer, pending);
            }
        }
        match &object.body {
            Body::Service(_) => {
                for host in self.host_keys(id) {
                    take(&mut self.index.services, &host, &id);
                }
            }
            Body::EndpointSlice(slice) => {
                let service = ObjectKey::new(&object.key.cluster, "", "Service", &object.key.namespace, &slice.service);
                let service = self.number(&service);
                take(&mut self.index.slices, &service, &id);
            }
            Body::Pod(pod) if !pod.ip.is_empty() => {
                let address = (cluster, self.words.number(&pod.ip));
                take(&mut self.index.pods_by_ip, &address, &id);
                self.ask_slices(address, pending);
            }
            Body::Node(node) => {
                for address in &node.addresses {
                    let address = self.words.number(address);
                    take(&mut self.index.nodes_by_address, &address, &id);
                }
            }
            _ => {}
        }
    }

    fn ask_slices(&self, address: (Word, Word), pending: &mut Pending) {
        for slice in self.index.slices_by_ip.get(&address).into_iter().flatten() {
            pending.prove(*slice, Half::Plain);
        }
    }

    fn link(&mut self, selector: Id, bearer: Id, pending: &mut Pending) {
        put(&mut self.index.matched, selector, bearer);
        put(&mut self.index.matchers, bearer, selector);
        self.note_link(selector, pending);
    }

    fn unlink(&mut self, selector: Id, bearer: Id, pending: &mut Pending) {
        take(&mut self.index.matched, &selector, &bearer);
        take(&mut self.index.matchers, &bearer, &selector);
        self.note_link(selector, pending);
    }

    fn note_link(&self, selector: Id, pending: &mut Pending) {
        pending.delta.relations = true;
        self.note(selector, pending);
        pending.callers_of(selector);
    }

    /// The words a Service answers to. For other kinds there are none.
    pub(super) fn host_keys(&mut self, id: Id) -> Vec<HostKey> {
        let key = self.keys.key(id);
        if key.kind != "Service" {
            return Vec::new();
        }
        let scope = self.keys.scope(id);
        let (name, long) = (hash_host(&key.name), hash_host(&format!("{}.{}", key.name, key.namespace)));
        let (word, cluster) = (self.words.number(&key.name.clone()), self.words.number(&key.cluster.clone()));
        vec![HostKey::Name(scope, word), HostKey::HashHere(scope, name), HostKey::HashAnywhere(cluster, long)]
    }

    /// The object an object is part of: its controller, where that exists and is the one meant.
    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        let (parent, uid) = self.index.parents.get(id)?;
        let owner = self.at(*parent)?;
        // Kinds of the same name in other groups have no pods of their own here.
        labels_of(owner)?;
        let uid = self.words.text(*uid);
        (uid.is_empty() || owner.uid.is_empty() || owner.uid == uid).then_some(*parent)
    }

    /// The outermost controller of an object; itself where it has none.
    pub(super) fn house(&self, id: Id) -> Id {
        let mut house = id;
        while let Some(parent) = self.parent(house) {
            house = parent;
        }
        house
    }

    /// True for outermost controllers and standalone pods.
    pub(super) fn is_house(&self, id: Id) -> bool {
        self.at(id).is_some_and(|object| rank(&object.key.kind) > 0 && labels_of(object).is_some())
            && self.parent(id).is_none()
    }

    /// The pods of a house or of a controller inside one; a pod's are itself. In no particular order.
    pub(super) fn pods_below(&self, id: Id) -> Vec<Id> {
        let mut found = Vec::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            if matches!(self.at(next).map(|object| &object.body), Some(Body::Pod(_))) {
                found.push(next);
            }
            let wards = self.index.wards.get(&next).into_iter().flatten();
            open.extend(wards.copied().filter(|ward| self.parent(*ward) == Some(next)));
        }
        found
    }
}
