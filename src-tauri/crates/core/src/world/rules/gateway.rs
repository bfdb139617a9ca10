//! Gateways, their classes and their routes (12).

use super::super::RelationState;
use super::super::arena::Id;
use super::super::edge::{Standing, Type};
use super::Prover;
use crate::id::ObjectKey;
use crate::resource::{Body, Gateway, Reference, Route, RouteParent};

const GROUP: &str = "gateway.networking.k8s.io";

/// The key every grant of a namespace answers to, so that one that comes or goes is noticed.
pub(in crate::world) fn grants_of(cluster: &str, namespace: &str) -> ObjectKey {
    ObjectKey::new(cluster, GROUP, "ReferenceGrant", namespace, "")
}

impl Prover<'_> {
    /// 12: a gateway's class.
    pub(super) fn gateway(&mut self, gateway: &Gateway) {
        if !gateway.class.is_empty() {
            let class = self.above(GROUP, "GatewayClass", &gateway.class);
            self.edge((self.id, class), Type::ClassedBy, 12, "spec.gatewayClassName", Standing::ByEnds);
        }
    }

    /// 12: where a route is attached, and where it leads.
    pub(super) fn route(&mut self, route: &Route) {
        for parent in &route.parents {
            let Some(target) = self.referenced(&parent.target).filter(|_| !parent.target.name.is_empty()) else {
                continue;
            };
            let refused = !parent.refused.is_empty() || self.lacks(target, parent);
            let standing = if refused { Standing::Refused } else { Standing::ByEnds };
            self.edge((self.id, target), Type::Attaches, 12, &parent.target.field, standing);
        }
        for backend in &route.backends {
            let Some(target) = self.referenced(&backend.target) else { continue };
            let port = backend.port.map(|port| port.to_string()).unwrap_or_default();
            let standing = if self.is_closed(target, &port) {
                Standing::Said(RelationState::Broken)
            } else if self.is_granted(&backend.target) {
                Standing::ByEnds
            } else {
                Standing::Ungranted
            };
            self.edge((self.id, target), Type::Routes, 12, &backend.target.field, standing);
        }
    }

    /// Whether a gateway has no listener of the name a route asks for.
    fn lacks(&self, target: Id, parent: &RouteParent) -> bool {
        match self.world.at(target).map(|object| &object.body) {
            Some(Body::Gateway(gateway)) => !parent.section.is_empty() && !gateway.listeners.contains(&parent.section),
            _ => false,
        }
    }

    /// Whether a reference stays in its namespace, or a grant of the other namespace lets it in.
    fn is_granted(&mut self, target: &Reference) -> bool {
        let key = &self.object.key;
        if target.namespace.is_empty() || target.namespace == key.namespace {
            return true;
        }
        let (cluster, group, kind, own) = (&key.cluster, &key.group, &key.kind, &key.namespace);
        let all = self.world.number(&grants_of(cluster, &target.namespace));
        self.proof.interests.push(all);
        let scope = self.world.keys.scope(all);
        let grants = self.world.index.grants.get(&scope).into_iter().flatten();
        grants.filter_map(|id| self.world.at(*id)).any(|object| match &object.body {
            Body::Grant(grant) => {
                let from = |(g, k, space): &(String, String, String)| g == group && k == kind && space == own;
                let to = |(g, k, name): &(String, String, String)| {
                    *g == target.group && *k == target.kind && (name.is_empty() || *name == target.name)
                };
                grant.from.iter().any(from) && grant.to.iter().any(to)
            }
            _ => false,
        })
    }
}
