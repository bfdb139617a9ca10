//! Services, slices, Ingresses and policies (7, 8, 10, 11, 19).

use super::super::calls::service_of_domain;
use super::super::edge::{Standing, Type};
use super::super::{RelationSource, RelationState};
use super::{Prover, is_other};
use crate::resource::{Body, EndpointSlice, Ingress, Service};

/// The kind of places outside the cluster: external names and addresses.
const EXTERNAL: &str = "External";

impl Prover<'_> {
    /// 8: an external name. A name of the cluster's own leads to that Service.
    pub(super) fn service(&mut self, service: &Service) {
        if service.r#type != "ExternalName" || service.external_name.is_empty() {
            return;
        }
        let name = service.external_name.trim_end_matches('.');
        let (target, standing) = match service_of_domain(name) {
            Some((name, namespace)) => (self.within("", "Service", namespace, name), Standing::ByEnds),
            None => (self.above("", EXTERNAL, name), Standing::Free),
        };
        self.edge((self.id, target), Type::ResolvesTo, 8, "spec.externalName", standing);
    }

    /// 7, 8: who stands behind a Service, endpoint by endpoint.
    pub(super) fn slice(&mut self, slice: &EndpointSlice) {
        if slice.service.is_empty() {
            return;
        }
        let service = self.beside("", "Service", &slice.service);
        let bare = match self.world.at(service).map(|object| &object.body) {
            Some(Body::Service(service)) => service.selector.is_empty(),
            _ => false,
        };
        self.proof.interests.push(service);
        if !self.world.is_heard(service, self.id) {
            return;
        }
        for (stands, endpoint) in slice.placed() {
            let works = if endpoint.answers() { Standing::ByEnds } else { Standing::Refused };
            if !endpoint.target_pod.is_empty() {
                let pod = self.beside("", "Pod", &endpoint.target_pod);
                let standing = match self.world.at(pod) {
                    None => Standing::ByEnds,
                    Some(pod) if is_other(pod, &endpoint.target_uid) => Standing::Said(RelationState::Dangling),
                    Some(_) => works,
                };
                let field = format!("{stands}.targetRef");
                self.add((pod, service), Type::Backs, RelationSource::Status, 7, &field, standing);
                continue;
            }
            for (place, address) in endpoint.addresses.iter().enumerate().filter(|(_, address)| !address.is_empty()) {
                let field = if slice.subsets.is_empty() {
                    format!("{stands}.addresses[{place}]")
                } else {
                    format!("{stands}.ip")
                };
                let cluster = self.world.words.number(&self.object.key.cluster);
                self.proof.addresses.push(super::super::index::address(cluster, address));
                match self.world.pod_at(cluster, address) {
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
    pub(super) fn ingress(&mut self, ingress: &Ingress) {
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
            let closed = self.is_closed(target, &backend.port);
            let standing = if closed { Standing::Said(RelationState::Broken) } else { Standing::ByEnds };
            self.edge((self.id, target), Type::Routes, 10, &backend.field, standing);
        }
        self.uses(&ingress.tls, "Secret", Type::Uses, 11);
        if !ingress.class.is_empty() {
            let class = self.above("networking.k8s.io", "IngressClass", &ingress.class);
            let old =
                self.object.annotations.get("kubernetes.io/ingress.class").is_some_and(|class| *class == ingress.class);
            // The spec's field wins over the annotation, and both may say the same.
            let field = if old { "metadata.annotations[kubernetes.io/ingress.class]" } else { "spec.ingressClassName" };
            self.edge((self.id, class), Type::ClassedBy, 11, field, Standing::ByEnds);
        }
    }

    /// 19: a policy for every pod is drawn at the namespace.
    pub(super) fn whole_namespace(&mut self) {
        let namespace = self.object.key.namespace.clone();
        let namespace = self.above("", "Namespace", &namespace);
        // Files often leave their namespace out; it exists all the same.
        self.edge((self.id, namespace), Type::Guards, 19, "spec.podSelector", Standing::Free);
    }
}
