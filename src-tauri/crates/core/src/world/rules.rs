//! What one object proves about its relations, rule by rule (the numbers are those of the table of rules).
//!
//! A proof names keys, not objects: whether an end exists is looked up when the edge is read, so that a dangling
//! reference heals by itself when its target appears.

use super::arena::Id;
use super::edge::{Edge, Proof, Standing, Type};
use super::index::JOB_NAME_LABELS;
use super::store::World;
use super::{RelationSource, RelationState};
use crate::id::ObjectKey;
use crate::resource::{
    Autoscaler, Binding, Body, Claim, EndpointSlice, Event, Ingress, KINDS, NamedUse, Object, Pod, Service, Template,
    Volume,
};

/// The kind of places outside the cluster: external names and addresses.
const EXTERNAL: &str = "External";

/// Labels that say where a node is, with the kind of place they name.
const PLACES: [(&str, &str); 7] = [
    ("topology.kubernetes.io/zone", "Zone"),
    ("topology.kubernetes.io/region", "Region"),
    ("eks.amazonaws.com/nodegroup", "Pool"),
    ("cloud.google.com/gke-nodepool", "Pool"),
    ("kubernetes.azure.com/agentpool", "Pool"),
    ("agentpool", "Pool"),
    ("karpenter.sh/nodepool", "Pool"),
];

/// One object at work on its proof.
struct Prover<'a> {
    world: &'a mut World,
    id: Id,
    object: &'a Object,
    proof: Proof,
}

/// True where a reference's UID says that another object of the same name was meant.
fn is_other(object: &Object, uid: &str) -> bool {
    !uid.is_empty() && !object.uid.is_empty() && object.uid != uid
}

impl World {
    /// Works out everything an object proves but its calls.
    pub(super) fn prove(&mut self, id: Id) -> Proof {
        let Some(object) = self.objects.get(id.at()).cloned().flatten() else { return Proof::default() };
        let mut prover = Prover { world: self, id, object: &object, proof: Proof::default() };
        prover.owners();
        match &object.body {
            Body::Pod(pod) => prover.pod(pod),
            Body::Workload(workload) => prover.template(&workload.template),
            Body::Job(job) => prover.template(&job.template),
            Body::CronJob(job) => prover.template(&job.template),
            Body::Service(service) => prover.service(service),
            Body::EndpointSlice(slice) => prover.slice(slice),
            Body::Ingress(ingress) => prover.ingress(ingress),
            Body::NetworkPolicy(policy) if policy.selector.is_empty() => prover.whole_namespace(),
            Body::Claim(claim) => prover.claim(claim),
            Body::Volume(volume) => prover.volume(volume),
            Body::Binding(binding) => prover.binding(binding),
            Body::Autoscaler(autoscaler) => prover.autoscaler(autoscaler),
            Body::Node(_) => prover.node(),
            Body::Event(event) => prover.event(event),
            _ => {}
        }
        prover.proof
    }
}

impl Prover<'_> {
    /// A key of the same cluster.
    fn key(&self, group: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
        ObjectKey::new(&self.object.key.cluster, group, kind, namespace, name)
    }

    /// The number of a key of the same cluster and namespace.
    fn beside(&mut self, group: &str, kind: &str, name: &str) -> Id {
        let key = self.key(group, kind, &self.object.key.namespace, name);
        self.world.number(&key)
    }

    /// The number of a cluster-scoped key of the same cluster.
    fn above(&mut self, group: &str, kind: &str, name: &str) -> Id {
        let key = self.key(group, kind, "", name);
        self.world.number(&key)
    }

    fn edge(&mut self, ends: (Id, Id), r#type: Type, rule: u8, field: &str, standing: Standing) {
        self.add(ends, r#type, RelationSource::Spec, rule, field, standing);
    }

    fn add(
        &mut self,
        (from, to): (Id, Id),
        r#type: Type,
        source: RelationSource,
        rule: u8,
        field: &str,
        standing: Standing,
    ) {
        let field = self.world.words.number(field);
        self.proof.edges.push(Edge { from, to, r#type, source, rule, field, standing });
    }

    /// 1, 2, 23: owners, and a Job by its label where a pod names no owner.
    fn owners(&mut self) {
        let object = self.object;
        for (number, owner) in object.owners.iter().enumerate() {
            let above =
                KINDS.iter().any(|info| info.kind == owner.kind && info.group == owner.group && !info.namespaced);
            let mut from = self.beside(&owner.group, &owner.kind, &owner.name);
            if above {
                from = self.above(&owner.group, &owner.kind, &owner.name);
            } else if !KINDS.iter().any(|info| info.kind == owner.kind && info.group == owner.group) {
                // The scope of a custom kind shows where an object of it is.
                let elsewhere = self.above(&owner.group, &owner.kind, &owner.name);
                self.proof.interests.push(elsewhere);
                if self.world.at(from).is_none() && self.world.at(elsewhere).is_some() {
                    from = elsewhere;
                }
            }
            let meant = self.world.at(from).map(|it| !is_other(it, &owner.uid));
            let standing =
                if meant == Some(false) { Standing::Said(RelationState::Dangling) } else { Standing::ByEnds };
            let rule = match (owner.kind.as_str(), object.key.kind.as_str()) {
                ("CronJob", "Job") | ("Job", "Pod") => 23,
                // Without its Deployment it is nobody's current one.
                ("Deployment", "ReplicaSet") if meant == Some(true) && self.is_current() => 2,
                _ => 1,
            };
            self.edge((from, self.id), Type::Owns, rule, &format!("metadata.ownerReferences[{number}]"), standing);
        }
        if object.owners.is_empty() && object.key.kind == "Pod" {
            let named = JOB_NAME_LABELS.iter().find_map(|label| Some((label, object.labels.get(*label)?)));
            if let Some((label, job)) = named {
                let from = self.beside("batch", "Job", job);
                self.edge((from, self.id), Type::Owns, 23, &format!("metadata.labels[{label}]"), Standing::ByEnds);
            }
        }
    }

    /// True for the ReplicaSet of the highest revision among its siblings.
    fn is_current(&self) -> bool {
        let revision = |object: &Object| -> Option<i64> {
            object.annotations.get("deployment.kubernetes.io/revision").and_then(|text| text.parse().ok())
        };
        let Some((parent, uid)) = self.world.index.parents.get(&self.id) else { return false };
        let siblings = self.world.index.wards.get(parent).into_iter().flatten();
        let same = siblings.filter(|id| self.world.index.parents.get(id).is_some_and(|(_, other)| other == uid));
        let order = |object: &Object| (revision(object), object.created_at, object.key.name.clone());
        let sets = same.filter_map(|id| self.world.at(*id)).filter(|object| object.key.kind == "ReplicaSet");
        let last = sets.map(order).max();
        last == Some(order(self.object))
    }

    /// 4, 5 and what a standalone pod's spec names.
    fn pod(&mut self, pod: &Pod) {
        let mirror = self.object.annotations.contains_key("kubernetes.io/config.mirror");
        let owner = self.object.owners.iter().position(|owner| owner.kind == "Node" && owner.group.is_empty());
        let (name, rule, field) = match owner {
            Some(number) => (self.object.owners[number].name.clone(), 4, format!("metadata.ownerReferences[{number}]")),
            None if mirror => (pod.node.clone(), 4, "metadata.annotations[kubernetes.io/config.mirror]".to_owned()),
            None => (pod.node.clone(), 5, "spec.nodeName".to_owned()),
        };
        if !name.is_empty() {
            let node = self.above("", "Node", &name);
            self.edge((self.id, node), Type::RunsOn, rule, &field, Standing::ByEnds);
        }
        for used in &pod.template.claims {
            if let Some(volume) = used.name.strip_prefix("*-") {
                let claim = self.beside("", "PersistentVolumeClaim", &format!("{}-{volume}", self.object.key.name));
                self.edge((self.id, claim), Type::Claims, 15, &used.field, Standing::ByEnds);
            }
        }
        self.template(&pod.template);
    }

    /// 13, 14, 15, 16: what a template names, told once by the house.
    fn template(&mut self, template: &Template) {
        if !self.world.is_house(self.id) {
            return;
        }
        self.uses(&template.config_maps, "ConfigMap", Type::Uses, 13);
        self.uses(&template.secrets, "Secret", Type::Uses, 14);
        let claims: Vec<NamedUse> =
            template.claims.iter().filter(|used| !used.name.starts_with("*-")).cloned().collect();
        self.uses(&claims, "PersistentVolumeClaim", Type::Claims, 15);
        if !template.service_account.is_empty() {
            let field = match self.object.key.kind.as_str() {
                "Pod" => "spec.serviceAccountName",
                "CronJob" => "spec.jobTemplate.spec.template.spec.serviceAccountName",
                _ => "spec.template.spec.serviceAccountName",
            };
            let account = self.beside("", "ServiceAccount", &template.service_account);
            self.edge((self.id, account), Type::IdentifiesAs, 16, field, Standing::ByEnds);
        }
    }

    /// One edge for each object used; where several fields name it, a field that requires it speaks first.
    fn uses(&mut self, uses: &[NamedUse], kind: &str, r#type: Type, rule: u8) {
        let mut told: Vec<&str> = Vec::new();
        for optional in [false, true] {
            for used in uses.iter().filter(|used| used.optional == optional) {
                if told.contains(&used.name.as_str()) {
                    continue;
                }
                told.push(&used.name);
                let target = self.beside("", kind, &used.name);
                let standing = if optional { Standing::Free } else { Standing::ByEnds };
                self.edge((self.id, target), r#type, rule, &used.field, standing);
            }
        }
    }

    /// 8: an external name. A name of the cluster's own leads to that Service.
    fn service(&mut self, service: &Service) {
        if service.r#type != "ExternalName" || service.external_name.is_empty() {
            return;
        }
        let name = service.external_name.trim_end_matches('.');
        let (target, standing) = match super::calls::service_of_domain(name) {
            Some((name, namespace)) => {
                let key = self.key("", "Service", namespace, name);
                (self.world.number(&key), Standing::ByEnds)
            }
            None => (self.above("", EXTERNAL, name), Standing::Free),
        };
        self.edge((self.id, target), Type::ResolvesTo, 8, "spec.externalName", standing);
    }

    /// 7, 8: who stands behind a Service, endpoint by endpoint.
    fn slice(&mut self, slice: &EndpointSlice) {
        if slice.service.is_empty() {
            return;
        }
        let service = self.beside("", "Service", &slice.service);
        let bare = match self.world.at(service).map(|object| &object.body) {
            Some(Body::Service(service)) => service.selector.is_empty(),
            _ => false,
        };
        self.proof.interests.push(service);
        for (number, endpoint) in slice.endpoints.iter().enumerate() {
            let ready = endpoint.ready && !endpoint.terminating;
            let works = if ready { Standing::ByEnds } else { Standing::Said(RelationState::Broken) };
            if !endpoint.target_pod.is_empty() {
                let pod = self.beside("", "Pod", &endpoint.target_pod);
                let standing = match self.world.at(pod) {
                    None => Standing::ByEnds,
                    Some(pod) if is_other(pod, &endpoint.target_uid) => Standing::Said(RelationState::Dangling),
                    Some(_) => works,
                };
                let field = format!("endpoints[{number}].targetRef");
                self.add((pod, service), Type::Backs, RelationSource::Status, 7, &field, standing);
                continue;
            }
            for (place, address) in endpoint.addresses.iter().enumerate() {
                let field = format!("endpoints[{number}].addresses[{place}]");
                let wanted = (self.world.words.number(&self.object.key.cluster), self.world.words.number(address));
                self.proof.addresses.push(wanted);
                match self.world.pod_at(wanted) {
                    Some(pod) => self.add((pod, service), Type::Backs, RelationSource::Status, 7, &field, works),
                    None if bare => {
                        let external = self.above("", EXTERNAL, address);
                        self.add(
                            (service, external),
                            Type::ResolvesTo,
                            RelationSource::Status,
                            8,
                            &field,
                            Standing::Free,
                        );
                    }
                    None => {}
                }
            }
        }
    }

    /// 10, 11: backends, certificates and class.
    fn ingress(&mut self, ingress: &Ingress) {
        for backend in &ingress.backends {
            if !backend.resource.is_empty() {
                let mut parts = backend.resource.splitn(3, '/');
                let (group, kind, name) = (parts.next(), parts.next(), parts.next());
                if let (Some(group), Some(kind), Some(name)) = (group, kind, name) {
                    let target = self.beside(group, kind, name);
                    self.edge((self.id, target), Type::Routes, 10, &backend.field, Standing::ByEnds);
                }
                continue;
            }
            if backend.service.is_empty() {
                continue;
            }
            let target = self.beside("", "Service", &backend.service);
            let closed = match self.world.at(target).map(|object| &object.body) {
                Some(Body::Service(service)) => {
                    let listens = |port: &crate::resource::Port| {
                        port.name == backend.port || port.number.to_string() == backend.port
                    };
                    !backend.port.is_empty() && !service.ports.iter().any(listens)
                }
                _ => false,
            };
            let standing = if closed { Standing::Said(RelationState::Broken) } else { Standing::ByEnds };
            self.edge((self.id, target), Type::Routes, 10, &backend.field, standing);
        }
        self.uses(&ingress.tls, "Secret", Type::Uses, 11);
        if !ingress.class.is_empty() {
            let class = self.above("networking.k8s.io", "IngressClass", &ingress.class);
            let old = self.object.annotations.get("kubernetes.io/ingress.class") == Some(&ingress.class);
            // The spec's field wins over the annotation, and both may say the same.
            let field = if old { "metadata.annotations[kubernetes.io/ingress.class]" } else { "spec.ingressClassName" };
            self.edge((self.id, class), Type::ClassedBy, 11, field, Standing::ByEnds);
        }
    }

    /// 19: a policy for every pod is drawn at the namespace.
    fn whole_namespace(&mut self) {
        let namespace = self.object.key.namespace.clone();
        let namespace = self.above("", "Namespace", &namespace);
        // Files often leave their namespace out; it exists all the same.
        self.edge((self.id, namespace), Type::Guards, 19, "spec.podSelector", Standing::Free);
    }

    /// 3, 15: a claim's StatefulSet, volume and class.
    fn claim(&mut self, claim: &Claim) {
        self.claimed_by_set();
        if !claim.volume.is_empty() {
            let volume = self.above("", "PersistentVolume", &claim.volume);
            let key = &self.object.key;
            let here = format!("{}/{}", key.namespace, key.name);
            let elsewhere = match self.world.at(volume).map(|object| &object.body) {
                Some(Body::Volume(volume)) => {
                    let another = is_other(self.object, &volume.claim_uid);
                    another || !volume.claim.is_empty() && volume.claim != here
                }
                _ => false,
            };
            let standing = if elsewhere { Standing::Said(RelationState::Broken) } else { Standing::ByEnds };
            self.edge((self.id, volume), Type::Binds, 15, "spec.volumeName", standing);
        }
        self.storage_class(&claim.class);
    }

    fn storage_class(&mut self, class: &str) {
        if !class.is_empty() {
            let class = self.above("storage.k8s.io", "StorageClass", class);
            self.edge((self.id, class), Type::ClassedBy, 15, "spec.storageClassName", Standing::ByEnds);
        }
    }

    /// 3: `<template>-<set>-<ordinal>`, with every way to cut the name, or an owner.
    fn claimed_by_set(&mut self) {
        let object = self.object;
        let owner = object.owners.iter().position(|owner| owner.kind == "StatefulSet" && owner.group == "apps");
        if let Some(number) = owner {
            let set = self.beside("apps", "StatefulSet", &object.owners[number].name);
            let field = format!("metadata.ownerReferences[{number}]");
            self.edge((set, self.id), Type::Claims, 3, &field, Standing::ByEnds);
            return;
        }
        let Some((rest, ordinal)) = object.key.name.rsplit_once('-') else { return };
        let number = !ordinal.is_empty() && ordinal.bytes().all(|b| b.is_ascii_digit());
        if !number || (ordinal.len() > 1 && ordinal.starts_with('0')) {
            return;
        }
        for (cut, _) in rest.match_indices('-') {
            let (template, set) = (&rest[..cut], &rest[cut + 1..]);
            if set.is_empty() {
                continue;
            }
            let set = self.beside("apps", "StatefulSet", set);
            self.proof.interests.push(set);
            let has = match self.world.at(set).map(|object| &object.body) {
                Some(Body::Workload(workload)) => workload.claim_templates.iter().any(|name| name == template),
                _ => false,
            };
            if has {
                self.edge((set, self.id), Type::Claims, 3, "metadata.name", Standing::ByEnds);
            }
        }
    }

    /// 15: a volume's class and where it can be reached from. Its claim tells the binding.
    fn volume(&mut self, volume: &Volume) {
        self.storage_class(&volume.class);
        for place in &volume.affinity {
            let Some((key, value)) = place.split_once('=') else { continue };
            let target = match key {
                "kubernetes.io/hostname" => (self.above("", "Node", value), Standing::ByEnds),
                _ if key.ends_with("/zone") => (self.above("", "Zone", value), Standing::Free),
                _ => continue,
            };
            self.edge((self.id, target.0), Type::LocatedIn, 15, "spec.nodeAffinity", target.1);
        }
    }

    /// 16: subjects that are objects, and the role.
    fn binding(&mut self, binding: &Binding) {
        for (number, (kind, namespace, name)) in binding.subjects.iter().enumerate() {
            if kind != "ServiceAccount" {
                // Users and groups are no objects of the cluster.
                continue;
            }
            let namespace = if namespace.is_empty() { self.object.key.namespace.clone() } else { namespace.clone() };
            let key = self.key("", "ServiceAccount", &namespace, name);
            let subject = self.world.number(&key);
            self.edge((self.id, subject), Type::BoundTo, 16, &format!("subjects[{number}]"), Standing::ByEnds);
        }
        let group = "rbac.authorization.k8s.io";
        let role = match binding.role_kind.as_str() {
            "ClusterRole" => self.above(group, "ClusterRole", &binding.role_name),
            "Role" => self.beside(group, "Role", &binding.role_name),
            _ => return,
        };
        self.edge((self.id, role), Type::Grants, 16, "roleRef", Standing::ByEnds);
    }

    /// 17: the target.
    fn autoscaler(&mut self, autoscaler: &Autoscaler) {
        let (group, kind, name) = &autoscaler.target;
        if !kind.is_empty() && !name.is_empty() {
            let target = self.beside(group, kind, name);
            self.edge((self.id, target), Type::Scales, 17, "spec.scaleTargetRef", Standing::ByEnds);
        }
    }

    /// 27: zone, region and pool.
    fn node(&mut self) {
        let object = self.object;
        for (label, kind) in PLACES {
            if let Some(name) = object.labels.get(label).filter(|name| !name.is_empty()) {
                let place = self.above("", kind, name);
                self.edge((self.id, place), Type::LocatedIn, 27, &format!("metadata.labels[{label}]"), Standing::Free);
            }
        }
    }

    /// 28: what an Event is about; the UID of a Node is often its name.
    fn event(&mut self, event: &Event) {
        let (group, kind, namespace, name) = &event.about;
        if kind.is_empty() || name.is_empty() {
            return;
        }
        let key = self.key(group, kind, namespace, name);
        let about = self.world.number(&key);
        let other = kind != "Node" && self.world.at(about).is_some_and(|it| is_other(it, &event.about_uid));
        let standing = if other { Standing::Said(RelationState::Dangling) } else { Standing::ByEnds };
        let field = if self.object.key.group.is_empty() { "involvedObject" } else { "regarding" };
        self.add((self.id, about), Type::About, RelationSource::Spec, 28, field, standing);
    }
}
