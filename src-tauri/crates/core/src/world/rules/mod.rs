//! What one object proves about its relations, rule by rule (the numbers are those of the table of rules).
//!
//! A proof names keys, not objects: whether an end exists is looked up when the edge is read, so that a dangling
//! reference heals by itself when its target appears.

mod access;
mod apps;
mod custom;
mod gateway;
mod network;
mod owners;
mod places;
mod pods;
mod storage;

use super::RelationSource;
use super::arena::{Id, KeyRef};
use super::edge::{Edge, Proof, Standing, Type};
use super::store::World;
use crate::resource::{Body, NamedUse, Object, Port, Reference, Uid, known};

pub(super) use gateway::grants_of;

/// One object at work on its proof.
struct Prover<'a> {
    world: &'a mut World,
    id: Id,
    object: &'a Object,
    proof: Proof,
}

/// True where a reference's UID says that another object of the same name was meant.
fn is_other(object: &Object, uid: &Uid) -> bool {
    !uid.is_empty() && !object.uid.is_empty() && object.uid != *uid
}

impl World {
    /// Works out everything an object proves but its calls.
    pub(super) fn prove(&mut self, id: Id) -> Proof {
        let Some(object) = self.objects.get(id.at()).cloned().flatten() else { return Proof::default() };
        let mut prover = Prover { world: self, id, object: &object, proof: Proof::default() };
        prover.owners();
        prover.app();
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
            Body::Gateway(gateway) => prover.gateway(gateway),
            Body::Route(route) => prover.route(route),
            Body::Served(served) => prover.served(served),
            Body::Scaler(scaler) => prover.scaler(scaler),
            Body::Custom(custom) => prover.custom(custom),
            Body::Node(_) => prover.node(),
            Body::Event(event) => prover.event(event),
            _ => {}
        }
        prover.proof
    }
}

impl Prover<'_> {
    /// The number of a key of the same cluster.
    fn within(&mut self, group: &str, kind: &str, namespace: &str, name: &str) -> Id {
        self.world.number(KeyRef { cluster: &self.object.key.cluster, group, kind, namespace, name })
    }

    /// The number of a key of the same cluster and namespace.
    fn beside(&mut self, group: &str, kind: &str, name: &str) -> Id {
        self.world.number(KeyRef { group, kind, name, ..KeyRef::from(&self.object.key) })
    }

    /// The number of a cluster-scoped key of the same cluster.
    fn above(&mut self, group: &str, kind: &str, name: &str) -> Id {
        self.world.number(KeyRef { group, kind, namespace: "", name, ..KeyRef::from(&self.object.key) })
    }

    /// The number of an object named in full; nothing where its namespace cannot be known.
    fn referenced(&mut self, reference: &Reference) -> Option<Id> {
        let (group, kind) = (reference.group.as_str(), reference.kind.as_str());
        if known(group, kind).is_some_and(|info| !info.namespaced) {
            return Some(self.above(group, kind, &reference.name));
        }
        let namespace = match reference.namespace.as_str() {
            "" => self.object.key.namespace.as_str(),
            named => named,
        };
        (!namespace.is_empty()).then(|| self.within(group, kind, namespace, &reference.name))
    }

    /// True for a Service that does not open a port, by number or name; no port asks for nothing.
    fn is_closed(&self, target: Id, port: &str) -> bool {
        match self.world.at(target).map(|object| &object.body) {
            Some(Body::Service(service)) => {
                let listens = |open: &Port| open.name == port || open.number.to_string() == port;
                !port.is_empty() && !service.ports.iter().any(listens)
            }
            _ => false,
        }
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
}
