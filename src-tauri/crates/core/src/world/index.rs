//! Indexes over the objects: who owns whom, who bears which labels, who selects whom, who answers to which name.

use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::arena::{Column, Few, Id, KeyRef, Numbers, Scope, Word, hash_of};
use super::choice::Choice;
use super::edge::{Half, HostKey, Touch};
use super::pending::Pending;
use super::store::World;
use super::tally::{Counted, Tally};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Labels, Object, Uid, hash_host};

/// The indexes. Sets are ordered by number, so whoever answers with one sorts by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Owner's key → objects that name it as their controller.
    pub(super) wards: FxHashMap<Id, Few<Id>>,
    /// Object → the controller it names.
    pub(super) parents: Column<Parent>,
    /// Controller → what the pods it owns add up to.
    pub(super) tallies: FxHashMap<Id, Tally>,
    /// Objects that name a controller which is not there, or another one of that name.
    pub(super) orphans: FxHashSet<Id>,
    /// Image → objects without a controller whose template has it.
    pub(super) images: FxHashMap<Word, Few<Id>>,
    /// Cluster and zone → nodes in it.
    pub(super) zones: FxHashMap<(Word, Word), Few<Id>>,
    /// Pods and pod templates, and who selects among them.
    pub(super) pods: Choice,
    /// Services, and who selects among them.
    pub(super) chosen_services: Choice,
    /// Host word → Services that answer to it.
    pub(super) services: FxHashMap<HostKey, Few<Id>>,
    /// Host word → workloads that say it.
    pub(super) callers: FxHashMap<HostKey, Few<Id>>,
    /// Service → its slices.
    pub(super) slices: FxHashMap<Id, Few<Id>>,
    /// Address → pods.
    pub(super) pods_by_ip: FxHashMap<Address, Few<Id>>,
    /// Address → slices that name it without naming a pod.
    pub(super) slices_by_ip: FxHashMap<Address, Few<Id>>,
    /// Address → nodes.
    pub(super) nodes_by_address: FxHashMap<Word, Few<Id>>,
    /// Objects by kind and name, see [`World::by_name`].
    pub(super) names: Numbers<Id>,
    /// Key → provers that name it.
    touched: Column<Few<Touch>>,
    /// Cluster and `service.name` → workloads that declare it and have no controller.
    pub(super) telemetry: FxHashMap<(Word, Word), Few<Id>>,
    /// Namespace → grants in it.
    pub(super) grants: FxHashMap<Scope, Few<Id>>,
    /// Namespace → policies for every pod of it.
    pub(super) walls: FxHashMap<Scope, Few<Id>>,
}

impl Index {
    /// Who names a key, with the half of the proof that does; in the order of the numbers.
    pub(super) fn touching(&self, id: Id) -> impl Iterator<Item = (Id, Half)> + '_ {
        self.touched.get(id).into_iter().flatten().map(|touch| touch.parts())
    }

    /// True for a key that anything names.
    pub(super) fn is_named(&self, id: Id) -> bool {
        self.touched.get(id).is_some() || self.wards.contains_key(&id) || self.slices.contains_key(&id)
    }

    /// Notes that the half of a prover's proof names a key.
    pub(super) fn touch(&mut self, id: Id, prover: Id, half: Half) {
        self.touched.put_to(id, Touch::new(prover, half));
    }

    /// Notes that it does no longer.
    pub(super) fn touch_no_more(&mut self, id: Id, prover: Id, half: Half) {
        self.touched.take_from(id, &Touch::new(prover, half));
    }
}

/// A controller, as an object names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parent {
    /// Its key.
    pub(super) key: Id,
    /// Whether it is there and the one meant.
    pub(super) is_there: bool,
    pub(super) counted: Counted,
}

/// Adds to a set of a map.
pub(super) fn put<K: Hash + Eq, V: Ord + Clone>(map: &mut FxHashMap<K, Few<V>>, key: K, value: V) {
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
pub(super) fn take<K: Hash + Eq, V: Ord + Clone>(map: &mut FxHashMap<K, Few<V>>, key: &K, value: &V) {
    if map.get_mut(key).is_some_and(|set| set.remove(value)) {
        map.remove(key);
    }
}

/// An address within a cluster, by its hash: addresses come and go with their pods, and as words they would stay.
pub(super) type Address = (Word, u64);

/// An address as the indexes have it.
pub(super) fn address(cluster: Word, address: &str) -> Address {
    (cluster, FxBuildHasher.hash_one(address))
}

/// Under what [`Index::names`] has an object.
pub(super) fn hash_of_name(kind: &str, name: &str) -> u32 {
    hash_of((kind, name))
}

/// The labels by which a pod or a pod template is selected.
pub(super) fn labels_of(object: &Object) -> Option<&Arc<Labels>> {
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

/// True for kinds that are part of houses.
pub(crate) fn is_of_houses(kind: &str) -> bool {
    rank(kind) > 0
}

/// The labels by which the Job controller marks its pods, the newer first (batch/v1).
pub(super) const JOB_NAME_LABELS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];

/// The zone a node's labels name, by the present label or the one before it (kubernetes.io/docs/reference/labels).
pub(crate) fn zone_of(node: &Object) -> Option<&Text> {
    let labels = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
    let zone = labels.into_iter().find_map(|label| node.labels.get(label))?;
    (!zone.is_empty()).then_some(zone)
}

/// The names an object's own template declares for telemetry; those of its pods are its own.
fn telemetry_of(object: &Object) -> impl Iterator<Item = &Text> {
    let template = object.body.template().filter(|_| controller_of(object).is_none());
    template.into_iter().flat_map(|template| template.telemetry.iter())
}

/// The controller an object names, with the UID it names it by; none where it names it by a label.
pub(super) fn controller_of(object: &Object) -> Option<(KeyRef<'_>, Option<&Uid>)> {
    let key = &object.key;
    if let Some(owner) = object.owners.iter().find(|owner| owner.controller) {
        return (rank(&owner.kind) > rank(&key.kind)).then(|| {
            let parent = KeyRef { group: &owner.group, kind: &owner.kind, name: &owner.name, ..KeyRef::from(key) };
            (parent, Some(&owner.uid))
        });
    }
    if key.kind == "Pod" && object.owners.is_empty() {
        let job = JOB_NAME_LABELS.iter().find_map(|label| object.labels.get(*label))?;
        return Some((KeyRef { group: "batch", kind: "Job", name: job, ..KeyRef::from(key) }, None));
    }
    None
}

impl World {
    /// Enters an object into every index.
    pub(super) fn index(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        let scope = self.keys.scope(id);
        let cluster = self.words.number_of(&object.key.cluster);
        self.index.names.insert(hash_of_name(&object.key.kind, &object.key.name), id);
        if let Some((parent, _)) = controller_of(object).filter(|_| rank(&object.key.kind) > 0) {
            let parent = self.number(parent);
            self.index.parents.insert(id, Parent { key: parent, is_there: false, counted: Counted::default() });
            put(&mut self.index.wards, parent, id);
            self.look_above(id);
        } else if let Some(template) = object.body.template() {
            for (_, image) in template.images.iter() {
                let image = self.words.number_of(image);
                put(&mut self.index.images, image, id);
            }
        }
        for name in telemetry_of(object) {
            let name = self.words.number_of(name);
            put(&mut self.index.telemetry, (cluster, name), id);
            pending.look_for(name);
        }
        self.enter(id, object, pending);
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
                self.ask_endpoints(service, pending);
            }
            Body::Pod(pod) if !pod.ip.is_empty() => {
                let address = address(cluster, &pod.ip);
                put(&mut self.index.pods_by_ip, address, id);
                self.ask_slices(address, pending);
            }
            Body::Node(node) => {
                for address in &node.addresses {
                    let address = self.words.number(address);
                    put(&mut self.index.nodes_by_address, address, id);
                }
                if let Some(zone) = zone_of(object) {
                    let zone = self.words.number_of(zone);
                    put(&mut self.index.zones, (cluster, zone), id);
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
        let hash = hash_of_name(&object.key.kind, &object.key.name);
        self.index.names.remove(hash, |known| known == id);
        if let Some(parent) = self.index.parents.remove(id) {
            self.index.orphans.remove(&id);
            take(&mut self.index.wards, &parent.key, &id);
            self.count_no_more(parent.key, id, parent.counted);
            pending.may_be_idle(parent.key);
            if object.key.kind == "ReplicaSet" {
                for sibling in self.index.wards.get(&parent.key).into_iter().flatten() {
                    pending.prove(*sibling, Half::Plain);
                }
            }
        } else if let Some(template) = object.body.template() {
            for (_, image) in template.images.iter() {
                let image = self.words.number_of(image);
                take(&mut self.index.images, &image, &id);
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
                self.ask_endpoints(service, pending);
                pending.may_be_idle(service);
            }
            Body::Pod(pod) if !pod.ip.is_empty() => {
                let address = address(cluster, &pod.ip);
                take(&mut self.index.pods_by_ip, &address, &id);
                self.ask_slices(address, pending);
            }
            Body::Node(node) => {
                for address in &node.addresses {
                    let address = self.words.number(address);
                    take(&mut self.index.nodes_by_address, &address, &id);
                }
                if let Some(zone) = zone_of(object) {
                    let zone = self.words.number_of(zone);
                    take(&mut self.index.zones, &(cluster, zone), &id);
                }
            }
            Body::Grant(_) => take(&mut self.index.grants, &scope, &id),
            Body::NetworkPolicy(policy) if policy.selector.is_empty() => {
                take(&mut self.index.walls, &scope, &id);
            }
            _ => {}
        }
    }

    /// The slices of a Service that say what stands behind it: its `Endpoints` do where there is no slice (they are the
    /// same, told twice, while both are kept).
    pub(super) fn slices_of(&self, service: Id) -> impl Iterator<Item = Id> {
        let all = || self.index.slices.get(&service).into_iter().flatten().copied();
        let is_slice = |id: &Id| self.keys.key(*id).kind == "EndpointSlice";
        let any = all().any(|id| is_slice(&id));
        all().filter(move |id| !any || is_slice(id))
    }

    /// Whether what an object says about who stands behind a Service counts.
    pub(super) fn is_heard(&self, service: Id, slice: Id) -> bool {
        self.slices_of(service).any(|id| id == slice)
    }

    /// `Endpoints` count or not as slices come and go.
    fn ask_endpoints(&self, service: Id, pending: &mut Pending) {
        for slice in self.index.slices.get(&service).into_iter().flatten() {
            if self.keys.key(*slice).kind == "Endpoints" {
                pending.prove(*slice, Half::Plain);
            }
        }
    }

    fn ask_slices(&self, address: Address, pending: &mut Pending) {
        for slice in self.index.slices_by_ip.get(&address).into_iter().flatten() {
            pending.prove(*slice, Half::Plain);
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
        let (word, cluster) = (self.words.number_of(&key.name), self.words.number_of(&key.cluster));
        vec![HostKey::Name(scope, word), HostKey::HashHere(scope, name), HostKey::HashAnywhere(cluster, long)]
    }

    /// The object an object is part of: its controller, where that exists and is the one meant.
    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.index.parents.get(id).filter(|parent| parent.is_there).map(|parent| parent.key)
    }

    /// Finds out whether the controller an object names is there and the one meant.
    fn look_above(&mut self, id: Id) {
        let Some(mut parent) = self.index.parents.get(id).copied() else { return };
        // Kinds of the same name in other groups have no pods of their own here.
        let owner = self.at(parent.key).filter(|owner| labels_of(owner).is_some());
        let uid = self.at(id).and_then(controller_of).and_then(|(_, uid)| uid);
        let is_meant =
            |owner: &Object| uid.is_none_or(|uid| uid.is_empty() || owner.uid.is_empty() || owner.uid == *uid);
        parent.is_there = owner.is_some_and(is_meant);
        self.index.parents.insert(id, parent);
        if parent.is_there {
            self.index.orphans.remove(&id);
        } else {
            self.index.orphans.insert(id);
        }
        self.count_again(id);
    }

    /// Finds out again for everything that names an object as its controller: it came, went or is another one.
    pub(super) fn look_below(&mut self, id: Id, pending: &mut Pending) {
        let wards: Vec<Id> = self.index.wards.get(&id).into_iter().flatten().copied().collect();
        for ward in wards {
            let before = self.parent(ward).is_some();
            self.look_above(ward);
            if before == self.parent(ward).is_some() {
                continue;
            }
            let template = |object: &Arc<Object>| !matches!(object.body, Body::Pod(_));
            if let Some(object) = self.objects.get(ward.at()).cloned().flatten().filter(template) {
                // Who called it through a Service that selected it calls another now.
                for matcher in self.matchers(ward) {
                    pending.delta.relations = true;
                    pending.callers_of(matcher);
                }
                self.leave(ward, &object, pending);
                self.enter(ward, &object, pending);
            }
        }
    }

    /// Enters an object into what selects and what is selected. A template is selected for the house it stands for: one
    /// below a controller stands for none.
    fn enter(&mut self, id: Id, object: &Object, pending: &mut Pending) {
        if self.parent(id).is_none() || matches!(object.body, Body::Pod(_)) {
            self.enter_bearer(id, object, pending);
        }
        self.enter_selector(id, object, pending);
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
    pub(crate) fn is_house(&self, id: Id) -> bool {
        // Most objects that may be one have a parent, which is known without looking at them.
        self.parent(id).is_none()
            && self.at(id).is_some_and(|object| labels_of(object).is_some() && rank(&object.key.kind) > 0)
    }

    /// True for an object that names a controller which is not there, or another one of that name.
    pub(crate) fn awaits_controller(&self, key: &ObjectKey) -> bool {
        self.keys.find(key).is_some_and(|id| self.index.orphans.contains(&id))
    }

    /// The houses of a namespace, in no particular order.
    pub(crate) fn houses_in(&self, cluster: &str, namespace: &str) -> Vec<&ObjectKey> {
        let scope = self.keys.find_scope(cluster, namespace, &self.words);
        let bearers = scope.into_iter().flat_map(|scope| self.index.pods.bearers_in(scope));
        bearers.filter(|id| self.is_house(*id)).map(|id| self.keys.key(id)).collect()
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
