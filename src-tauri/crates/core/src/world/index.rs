//! Indexes over the objects: who owns whom, who bears which labels, who selects whom, who answers to which name.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::arena::{Column, Few, Id, KeyRef, Scope, Word};
use super::edge::{Half, HostKey};
use super::store::{Pending, World};
use crate::id::Text;
use crate::resource::{Body, Labels, Object, Selector, hash_host};

/// The indexes. Sets are ordered by number, so whoever answers with one sorts by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Owner's key → objects that name it as their controller.
    pub(super) wards: FxHashMap<Id, Few<Id>>,
    /// Object → its controller's key and UID, whether or not that exists.
    pub(super) parents: Column<(Id, Word)>,
    /// Pods and pod templates, and who selects among them.
    pub(super) pods: Choice,
    /// Services, and who selects among them.
    pub(super) chosen_services: Choice,
    /// Object with a selector → what it matches: pods and templates, or Services.
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
    /// Cluster and `service.name` → workloads that declare it and have no controller.
    pub(super) telemetry: FxHashMap<(Word, Word), Few<Id>>,
    /// Namespace → grants in it.
    pub(super) grants: FxHashMap<Scope, Few<Id>>,
    /// Namespace → policies for every pod of it.
    pub(super) walls: FxHashMap<Scope, Few<Id>>,
}

/// What can be selected by its labels, and the selectors. A selector that looks into every namespace stands under the
/// scope of [`EVERYWHERE`].
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// Label pair → what bears it.
    labelled: FxHashMap<(Scope, Word, Word), Few<Id>>,
    /// Namespace → all there is.
    bearers: FxHashMap<Scope, Few<Id>>,
    /// Cluster → namespaces in which there is any.
    spaces: FxHashMap<Word, Few<Scope>>,
    /// Label pair → selectors that ask for it, each under one of its pairs.
    anchored: FxHashMap<(Scope, Word, Word), Few<Id>>,
    /// Namespace → selectors that ask for no pair.
    loose: FxHashMap<Scope, Few<Id>>,
}

/// No namespace is called so.
const EVERYWHERE: &str = "*";

/// What an object may be selected as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Pods,
    Services,
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

/// How an object selects: among what, in which namespaces, by which labels.
struct Selects<'a> {
    family: Family,
    reach: Reach<'a>,
    by: Selection<'a>,
}

/// The namespaces a selector looks into.
enum Reach<'a> {
    Own,
    Named(&'a [String]),
    Everywhere,
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

/// What an object selects by. A Service without a selector selects nothing, a policy with an empty one is drawn at
/// its namespace, a budget without one (null) protects nothing.
fn selects_of(object: &Object) -> Option<Selects<'_>> {
    let (family, reach, by) = match &object.body {
        Body::Service(service) if !service.selector.is_empty() => {
            (Family::Pods, Reach::Own, Selection::Pairs(&service.selector))
        }
        Body::DisruptionBudget(budget) => (Family::Pods, Reach::Own, Selection::Full(budget.selector.as_ref()?)),
        Body::NetworkPolicy(policy) if !policy.selector.is_empty() => {
            (Family::Pods, Reach::Own, Selection::Full(&policy.selector))
        }
        Body::Monitor(monitor) => {
            let family = if object.key.kind == "PodMonitor" { Family::Pods } else { Family::Services };
            let reach = match monitor.namespaces.as_slice() {
                _ if monitor.anywhere => Reach::Everywhere,
                [] => Reach::Own,
                names => Reach::Named(names),
            };
            (family, reach, Selection::Full(&monitor.selector))
        }
        _ => return None,
    };
    Some(Selects { family, reach, by })
}

/// What an object may be selected as, and the labels it is selected by.
fn chosen_by(object: &Object) -> Option<(Family, &Labels)> {
    match &object.body {
        Body::Service(_) => Some((Family::Services, &object.labels)),
        _ => labels_of(object).map(|labels| (Family::Pods, labels)),
    }
}

/// The labels by which a pod or a pod template is selected.
pub(super) fn labels_of(object: &Object) -> Option<&Labels> {
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

/// The names an object's own template declares for telemetry; those of its pods are its own.
fn telemetry_of(object: &Object) -> impl Iterator<Item = &Text> {
    let template = object.body.template().filter(|_| controller_of(object).is_none());
    template.into_iter().flat_map(|template| template.telemetry.iter())
}

/// The controller an object names, with the UID it names it by.
pub(super) fn controller_of(object: &Object) -> Option<(KeyRef<'_>, &str)> {
    let key = &object.key;
    if let Some(owner) = object.owners.iter().find(|owner| owner.controller) {
        return (rank(&owner.kind) > rank(&key.kind)).then(|| {
            let parent = KeyRef { group: &owner.group, kind: &owner.kind, name: &owner.name, ..KeyRef::from(key) };
            (parent, owner.uid.as_str())
        });
    }
    if key.kind == "Pod" && object.owners.is_empty() {
        let job = JOB_NAME_LABELS.iter().find_map(|label| object.labels.get(*label))?;
        return Some((KeyRef { group: "batch", kind: "Job", name: job, ..KeyRef::from(key) }, ""));
    }
    None
}

impl World {
    /// Enters an object into every index.
    pub(super) fn index(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let scope = self.keys.scope(id);
        let cluster = self.words.number_of(&object.key.cluster);
        let name = (self.words.number_of(&object.key.kind), self.words.number_of(&object.key.name));
        put(&mut self.index.names, name, id);
        if let Some((parent, uid)) = controller_of(object).filter(|_| rank(&object.key.kind) > 0) {
            let parent = self.number(parent);
            let uid = self.words.number(uid);
            self.index.parents.insert(id, (parent, uid));
            put(&mut self.index.wards, parent, id);
        }
        for name in telemetry_of(object) {
            let name = self.words.number_of(name);
            put(&mut self.index.telemetry, (cluster, name), id);
            pending.look_for(name);
        }
        self.enter_bearer(id, object, pending);
        self.enter_selector(id, object, pending);
        match &object.body {
            Body::Service(_) => {
                for host in self.host_keys(id) {
                    put(&mut self.index.services, host, id);
                }
            }
            Body::EndpointSlice(slice) => {
                let service = KeyRef { group: "", kind: "Service", name: &slice.service, ..KeyRef::from(&object.key) };
                let service = self.number(service);
                put(&mut self.index.slices, service, id);
            }
            Body::Pod(pod) if !pod.ip.is_empty() => {
                let address = (cluster, self.words.number_of(&pod.ip));
                put(&mut self.index.pods_by_ip, address, id);
                self.ask_slices(address, pending);
            }
            Body::Node(node) => {
                for address in &node.addresses {
                    let address = self.words.number(address);
                    put(&mut self.index.nodes_by_address, address, id);
                }
            }
            Body::Grant(_) => {
                put(&mut self.index.grants, scope, id);
            }
            Body::NetworkPolicy(policy) if policy.selector.is_empty() => {
                put(&mut self.index.walls, scope, id);
            }
            _ => {}
        }
    }

    /// Takes an object out of every index.
    pub(super) fn unindex(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let scope = self.keys.scope(id);
        let cluster = self.words.number_of(&object.key.cluster);
        let name = (self.words.number_of(&object.key.kind), self.words.number_of(&object.key.name));
        take(&mut self.index.names, &name, &id);
        if let Some((parent, _)) = self.index.parents.remove(id) {
            take(&mut self.index.wards, &parent, &id);
            if object.key.kind == "ReplicaSet" {
                for sibling in self.index.wards.get(&parent).into_iter().flatten() {
                    pending.prove(*sibling, Half::Plain);
                }
            }
        }
        for name in telemetry_of(object) {
            let name = self.words.number_of(name);
            take(&mut self.index.telemetry, &(cluster, name), &id);
            pending.look_for(name);
        }
        self.leave(id, object, pending);
        match &object.body {
            Body::Service(_) => {
                for host in self.host_keys(id) {
                    take(&mut self.index.services, &host, &id);
                }
            }
            Body::EndpointSlice(slice) => {
                let service = KeyRef { group: "", kind: "Service", name: &slice.service, ..KeyRef::from(&object.key) };
                let service = self.number(service);
                take(&mut self.index.slices, &service, &id);
            }
            Body::Pod(pod) if !pod.ip.is_empty() => {
                let address = (cluster, self.words.number_of(&pod.ip));
                take(&mut self.index.pods_by_ip, &address, &id);
                self.ask_slices(address, pending);
            }
            Body::Node(node) => {
                for address in &node.addresses {
                    let address = self.words.number(address);
                    take(&mut self.index.nodes_by_address, &address, &id);
                }
            }
            Body::Grant(_) => take(&mut self.index.grants, &scope, &id),
            Body::NetworkPolicy(policy) if policy.selector.is_empty() => {
                take(&mut self.index.walls, &scope, &id);
            }
            _ => {}
        }
    }

    fn choice(&mut self, family: Family) -> &mut Choice {
        match family {
            Family::Pods => &mut self.index.pods,
            Family::Services => &mut self.index.chosen_services,
        }
    }

    /// The namespaces a selector is entered under.
    fn scopes_of(&mut self, id: Id, cluster: &str, reach: &Reach<'_>) -> Vec<Scope> {
        match reach {
            Reach::Own => vec![self.keys.scope(id)],
            Reach::Named(names) => {
                names.iter().map(|name| self.keys.scope_number(cluster, name, &mut self.words)).collect()
            }
            Reach::Everywhere => vec![self.keys.scope_number(cluster, EVERYWHERE, &mut self.words)],
        }
    }

    /// Enters what can be selected, and links it with the selectors that do.
    fn enter_bearer(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let Some((family, labels)) = chosen_by(object) else { return };
        let scope = self.keys.scope(id);
        let cluster = self.words.number(&object.key.cluster);
        let everywhere = self.keys.scope_number(&object.key.cluster, EVERYWHERE, &mut self.words);
        let pairs: Vec<(Word, Word)> =
            labels.iter().map(|(key, value)| (self.words.number(key), self.words.number(value))).collect();
        let choice = self.choice(family);
        put(&mut choice.bearers, scope, id);
        put(&mut choice.spaces, cluster, scope);
        for (key, value) in &pairs {
            put(&mut choice.labelled, (scope, *key, *value), id);
        }
        let mut candidates: BTreeSet<Id> = BTreeSet::new();
        for scope in [scope, everywhere] {
            candidates.extend(choice.loose.get(&scope).into_iter().flatten());
            for (key, value) in &pairs {
                candidates.extend(choice.anchored.get(&(scope, *key, *value)).into_iter().flatten());
            }
        }
        for selector in candidates {
            let selects = self.at(selector).and_then(selects_of);
            if selects.is_some_and(|selects| selects.by.matches(labels)) {
                self.link(selector, id, pending);
            }
        }
    }

    /// Enters a selector, and links it with what it selects.
    fn enter_selector(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let Some(selects) = selects_of(object) else { return };
        let cluster = self.words.number(&object.key.cluster);
        let anchor = selects.by.anchor().map(|(key, value)| (self.words.number(key), self.words.number(value)));
        let scopes = self.scopes_of(id, &object.key.cluster, &selects.reach);
        let choice = self.choice(selects.family);
        for scope in &scopes {
            match anchor {
                Some((key, value)) => put(&mut choice.anchored, (*scope, key, value), id),
                None => put(&mut choice.loose, *scope, id),
            };
        }
        let looked_into: Vec<Scope> = match selects.reach {
            Reach::Everywhere => choice.spaces.get(&cluster).into_iter().flatten().copied().collect(),
            _ => scopes,
        };
        let mut candidates: BTreeSet<Id> = BTreeSet::new();
        for scope in looked_into {
            let here = match anchor {
                Some((key, value)) => choice.labelled.get(&(scope, key, value)),
                None => choice.bearers.get(&scope),
            };
            candidates.extend(here.into_iter().flatten());
        }
        for bearer in candidates {
            let chosen = self.at(bearer).and_then(chosen_by);
            if chosen.is_some_and(|(_, labels)| selects.by.matches(labels)) {
                self.link(id, bearer, pending);
            }
        }
    }

    /// Takes what can be selected, or a selector, away with its links.
    fn leave(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        if let Some((family, labels)) = chosen_by(object) {
            let scope = self.keys.scope(id);
            let cluster = self.words.number(&object.key.cluster);
            let pairs: Vec<(Word, Word)> =
                labels.iter().map(|(key, value)| (self.words.number(key), self.words.number(value))).collect();
            let choice = self.choice(family);
            take(&mut choice.bearers, &scope, &id);
            if !choice.bearers.contains_key(&scope) {
                take(&mut choice.spaces, &cluster, &scope);
            }
            for (key, value) in pairs {
                take(&mut choice.labelled, &(scope, key, value), &id);
            }
            for selector in listed(&self.index.matchers, id) {
                self.unlink(selector, id, pending);
            }
        }
        if let Some(selects) = selects_of(object) {
            let anchor = selects.by.anchor().map(|(key, value)| (self.words.number(key), self.words.number(value)));
            let scopes = self.scopes_of(id, &object.key.cluster, &selects.reach);
            let choice = self.choice(selects.family);
            for scope in scopes {
                match anchor {
                    Some((key, value)) => take(&mut choice.anchored, &(scope, key, value), &id),
                    None => take(&mut choice.loose, &scope, &id),
                }
            }
            for bearer in listed(&self.index.matched, id) {
                self.unlink(id, bearer, pending);
            }
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
        self.note_link(selector, bearer, pending);
    }

    fn unlink(&mut self, selector: Id, bearer: Id, pending: &mut Pending) {
        take(&mut self.index.matched, &selector, &bearer);
        take(&mut self.index.matchers, &bearer, &selector);
        self.note_link(selector, bearer, pending);
    }

    /// Streets lead to houses: of a pod behind one nobody who calls hears.
    fn note_link(&self, selector: Id, bearer: Id, pending: &mut Pending) {
        pending.delta.relations = true;
        self.note(selector, pending);
        if self.is_house(bearer) {
            pending.callers_of(selector);
        }
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
