//! Questions to the world.

use std::collections::BTreeSet;
use std::sync::Arc;

use arcstr::literal;

use super::arena::{Id, Word};
use super::edge::{Edge, Standing, Type};
use super::index::address;
use super::store::World;
use super::{Change, Relation, RelationSource, RelationState, SourceState, Unresolved};
use crate::alerts::{Alert, HandRule};
use crate::health::{Health, HealthState};
use crate::id::ObjectKey;
use crate::resource::{Body, Object};
use crate::time::Moment;

impl World {
    /// An object by its key.
    #[must_use]
    pub fn object(&self, key: &ObjectKey) -> Option<&Object> {
        self.at(self.keys.find(key)?)
    }

    /// An object by its key, as it is shared with whoever keeps it.
    #[must_use]
    pub fn shared_object(&self, key: &ObjectKey) -> Option<&Arc<Object>> {
        self.objects.get(self.keys.find(key)?.at())?.as_ref()
    }

    /// False for a change that moves nothing in the sense of [`super::Delta::moved`] and that no plan hangs on.
    #[must_use]
    pub fn may_move(&self, change: &Change) -> bool {
        match change {
            Change::Object(object) => {
                self.object(&object.key).is_none_or(|known| !super::facet::is_same(known, object))
            }
            Change::Gone { key, .. } => self.object(key).is_some(),
            Change::Freshness(_) | Change::Cluster { .. } => true,
            // The plan is laid by declared calls alone, and no house stands anywhere because of its verdict or an alert.
            Change::Alert(_)
            | Change::AlertGone { .. }
            | Change::Placing(_)
            | Change::PlacingGone { .. }
            | Change::LastOwner(_)
            | Change::LastOwnerGone { .. }
            | Change::Time { .. }
            | Change::Call(_)
            | Change::CallGone(_)
            | Change::Observer(_)
            | Change::ObserverGone { .. } => false,
        }
    }

    /// Every object, ordered by key, as it is shared with whoever keeps it.
    pub(super) fn shared_objects(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.keys.in_order().filter_map(|id| self.objects.get(id.at())?.as_ref())
    }

    /// Every object, ordered by key.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.keys.in_order().filter_map(|id| self.at(id))
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// True where there is no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Every relation, ordered.
    #[must_use]
    pub fn relations(&self) -> Vec<Relation> {
        let mut found = BTreeSet::new();
        for proof in self.plain.iter().map(|(_, proof)| proof).chain(self.calls.values()) {
            found.extend(proof.edges.iter().map(|edge| self.spell(edge)));
        }
        for proof in self.calls.values() {
            found.extend(proof.edges.iter().filter_map(|street| self.allowance(proof, street)));
        }
        for selector in self.selectors() {
            found.extend(self.matched(selector).filter_map(|bearer| self.selection(selector, bearer)));
        }
        found.extend(self.observed_relations());
        found.into_iter().collect()
    }

    /// The relations that start or end at an object, ordered.
    #[must_use]
    pub fn relations_of(&self, key: &ObjectKey) -> Vec<Relation> {
        let Some(id) = self.keys.find(key) else { return Vec::new() };
        let mut provers: BTreeSet<Id> = self.index.touching(id).map(|(prover, _)| prover).collect();
        provers.insert(id);
        let mut found = BTreeSet::new();
        for prover in provers {
            for proof in [self.plain.get(prover), self.calls.get(&prover)].into_iter().flatten() {
                for edge in proof.edges.iter().filter(|edge| edge.from == id || edge.to == id) {
                    found.insert(self.spell(edge));
                    found.extend(self.allowance(proof, edge).filter(|_| edge.r#type == Type::Calls));
                }
            }
        }
        for selector in self.matchers(id) {
            found.extend(self.selection(selector, id));
        }
        for bearer in self.matched(id) {
            found.extend(self.selection(id, bearer));
        }
        found.extend(self.observed_relations_of(id));
        found.into_iter().collect()
    }

    /// A selection as a relation.
    fn selection(&self, selector: Id, bearer: Id) -> Option<Relation> {
        let (r#type, rule, field, state) = self.chosen(selector, bearer)?;
        Some(Relation {
            from: self.keys.key(selector).clone(),
            to: self.keys.key(bearer).clone(),
            r#type: r#type.name().to_owned(),
            source: RelationSource::Spec,
            rule,
            field: field.to_owned(),
            state,
        })
    }

    /// 6, 9, 18, 19, 22: what a selector that matches says. Services select live pods and the templates of houses,
    /// policies and budgets are told once for each house, monitors for each Service or live pod.
    pub(super) fn chosen(&self, selector: Id, bearer: Id) -> Option<(Type, u8, &'static str, RelationState)> {
        let chosen = &self.at(bearer)?.body;
        let pod = matches!(chosen, Body::Pod(_));
        let house = || self.is_house(bearer);
        let mut state = RelationState::Ok;
        let (r#type, rule, field) = match (&self.at(selector)?.body, chosen) {
            (Body::Service(_), _) if pod => (Type::Selects, 6, "spec.selector"),
            (Body::Service(_), _) if house() => (Type::Selects, 9, "spec.selector"),
            (Body::DisruptionBudget(_), _) if house() => (Type::Protects, 18, "spec.selector"),
            (Body::NetworkPolicy(_), _) if house() => (Type::Guards, 19, "spec.podSelector"),
            (Body::Monitor(monitor), Body::Service(service)) => {
                // The operator asks the endpoints' ports by name: where a Service has none of them, nothing is asked.
                let opens = |name: &String| service.ports.iter().any(|port| port.name == *name);
                if !monitor.ports.is_empty() && !monitor.ports.iter().any(opens) {
                    state = RelationState::Broken;
                }
                (Type::Watches, 22, "spec.selector")
            }
            (Body::Monitor(_), Body::Pod(_)) => (Type::Watches, 22, "spec.selector"),
            _ => return None,
        };
        Some((r#type, rule, field, state))
    }

    /// How an edge stands as its ends are now.
    pub(super) fn state_of(&self, edge: &Edge) -> RelationState {
        let missing = |id: Id| self.at(id).is_none() && self.is_listed(self.keys.key(id));
        match edge.standing {
            Standing::Free => RelationState::Ok,
            Standing::Said(state) => state,
            _ if missing(edge.from) || missing(edge.to) => RelationState::Dangling,
            Standing::ByEnds => RelationState::Ok,
            Standing::Refused => RelationState::Broken,
            Standing::Ungranted => {
                let to = self.keys.key(edge.to);
                let grants = self.is_listed(&super::rules::grants_of(&to.cluster, &to.namespace));
                if grants { RelationState::Broken } else { RelationState::Ok }
            }
        }
    }

    /// An edge in full, with its state as the ends are now.
    fn spell(&self, edge: &Edge) -> Relation {
        Relation {
            from: self.keys.key(edge.from).clone(),
            to: self.keys.key(edge.to).clone(),
            r#type: edge.r#type.name().to_owned(),
            source: edge.source,
            rule: edge.rule,
            field: self.words.text(edge.field).to_owned(),
            state: self.state_of(edge),
        }
    }

    /// Addresses that look like a Service's and name none, ordered. Nothing where Services were not listed.
    #[must_use]
    pub fn unresolved(&self) -> Vec<Unresolved> {
        let mut found = Vec::new();
        for (id, proof) in &self.calls {
            let Some(proof) = proof.rest() else { continue };
            let from = self.keys.key(*id);
            let services = ObjectKey::new(&from.cluster, "", "Service", &from.namespace, "");
            if proof.unresolved.is_empty() || !self.is_listed(&services) {
                continue;
            }
            found.extend(proof.unresolved.iter().map(|(field, address)| Unresolved {
                from: from.clone(),
                field: self.words.text(*field).to_owned(),
                address: self.words.text(*address).to_owned(),
            }));
        }
        found.sort();
        found
    }

    /// Who calls whom: house, house and the relation that says so, ordered. A call that is declared and was measured
    /// stands there once for each.
    #[must_use]
    pub fn calls(&self) -> Vec<(ObjectKey, ObjectKey, Relation)> {
        let edges = self.calls.values().flat_map(|proof| &proof.edges).filter(|edge| self.is_house(edge.to));
        let mut found: Vec<Relation> = edges.map(|edge| self.spell(edge)).chain(self.observed_streets()).collect();
        found.sort();
        found.dedup();
        found.into_iter().map(|relation| (relation.from.clone(), relation.to.clone(), relation)).collect()
    }

    /// The verdict on an object: unknown where its kind is stale or refused or it is not known here, critical where it
    /// does not exist and others need it, `None` where its kind has no rule.
    #[must_use]
    pub fn health(&self, key: &ObjectKey) -> Health {
        let unknown = || Health {
            state: HealthState::Unknown,
            reason: literal!("no such object is known here"),
            ..Health::default()
        };
        match self.keys.find(key) {
            Some(id) if self.at(id).is_some() => self.health_of(id),
            Some(id) => self.missed(id).unwrap_or_else(unknown),
            None => unknown(),
        }
    }

    /// The house of an object: the outermost controller of a pod, ReplicaSet or Job, itself for a workload or a
    /// standalone pod, nothing for other kinds.
    #[must_use]
    pub fn house_of(&self, key: &ObjectKey) -> Option<ObjectKey> {
        let house = self.house(self.keys.find(key)?);
        self.is_house(house).then(|| self.keys.key(house).clone())
    }

    /// Every house, ordered by key.
    #[must_use]
    pub fn houses(&self) -> Vec<ObjectKey> {
        self.keys.in_order().filter(|id| self.is_house(*id)).map(|id| self.keys.key(id).clone()).collect()
    }

    /// The pods of a house (or of a ReplicaSet or Job inside one), ordered by key; a pod's are itself.
    #[must_use]
    pub fn pods_of(&self, key: &ObjectKey) -> Vec<ObjectKey> {
        let Some(id) = self.keys.find(key) else { return Vec::new() };
        let mut pods: Vec<ObjectKey> = self.pods_below(id).into_iter().map(|pod| self.keys.key(pod).clone()).collect();
        pods.sort();
        pods
    }

    /// An object and everything it controls, its pods among them, ordered by key; empty where it is not known here.
    #[must_use]
    pub fn family_of(&self, key: &ObjectKey) -> Vec<ObjectKey> {
        let family = self.keys.find(key).map(|id| self.family(id)).unwrap_or_default();
        let mut keys: Vec<ObjectKey> = family.into_iter().map(|id| self.keys.key(id).clone()).collect();
        keys.sort();
        keys
    }

    /// An object and everything below it; itself first.
    fn family(&self, id: Id) -> Vec<Id> {
        let mut family = vec![id];
        let mut next = 0;
        while let Some(member) = family.get(next).copied() {
            let wards = self.index.wards.get(&member).into_iter().flatten();
            family.extend(wards.copied().filter(|ward| self.parent(*ward) == Some(member)));
            next += 1;
        }
        family
    }

    /// Events about an object, its pods and its ReplicaSets or Jobs, newest first.
    #[must_use]
    pub fn events_of(&self, key: &ObjectKey) -> Vec<&Object> {
        let Some(id) = self.keys.find(key) else { return Vec::new() };
        let family = self.family(id);
        let provers = family.iter().flat_map(|member| self.index.touching(*member));
        let mut events: Vec<(Option<Moment>, &Object)> = provers
            .filter_map(|(prover, _)| self.at(prover))
            .filter_map(|object| match &object.body {
                Body::Event(event) => Some((event.last_at.or(event.first_at).or(object.created_at), object)),
                _ => None,
            })
            .collect();
        events.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.key.cmp(&y.key)));
        events.dedup_by(|(_, x), (_, y)| x.key == y.key);
        events.into_iter().map(|(_, object)| object).collect()
    }

    /// Every alert, ordered by id.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// Every rule by which alerts are placed by hand, ordered by id.
    pub fn hand_rules(&self) -> impl Iterator<Item = &HandRule> {
        self.hand_rules.values()
    }

    /// An alert by its id.
    #[must_use]
    pub fn alert(&self, id: &str) -> Option<&Alert> {
        self.alerts.get(id)
    }

    /// The freshness of every source and kind, ordered by source, kind and namespace.
    pub fn freshness(&self) -> impl Iterator<Item = &SourceState> {
        self.freshness.values().flat_map(|kinds| kinds.values()).flat_map(|spaces| spaces.values())
    }

    /// Every cluster as `(id, label, version)`, ordered by id.
    #[must_use]
    pub fn clusters(&self) -> Vec<(String, String, String)> {
        let clusters = self.clusters.iter();
        clusters.map(|(id, (label, version))| (id.clone(), label.clone(), version.clone())).collect()
    }

    /// The keys of existing objects by kind and name, in one namespace or in all, ordered.
    #[must_use]
    pub fn by_name(&self, kind: &str, namespace: Option<&str>, name: &str) -> Vec<&ObjectKey> {
        let named = self.index.names.all(super::index::hash_of_name(kind, name)).map(|id| self.keys.key(id));
        let is_meant = |key: &&ObjectKey| {
            key.kind == kind && key.name == name && namespace.is_none_or(|space| space == key.namespace)
        };
        let mut found: Vec<&ObjectKey> = named.filter(is_meant).collect();
        found.sort();
        found
    }

    /// The pod that holds an address, not one that only shares its node's; with several clusters the first.
    #[must_use]
    pub fn pod_by_ip(&self, ip: &str) -> Option<&ObjectKey> {
        let clusters = self.clusters.keys().map(String::as_str).chain([""]);
        let known = clusters.filter_map(|cluster| self.words.find(cluster));
        let found = known.filter_map(|cluster| self.pod_at(cluster, ip)).map(|id| self.keys.key(id)).min();
        found.or_else(|| {
            // A world built without its clusters being named.
            let clusters = self.index.pods_by_ip.keys().map(|(cluster, _)| *cluster).collect::<BTreeSet<Word>>();
            clusters.into_iter().filter_map(|cluster| self.pod_at(cluster, ip)).map(|id| self.keys.key(id)).min()
        })
    }

    /// The pod that holds an address of a cluster now.
    pub(super) fn pod_at(&self, cluster: Word, ip: &str) -> Option<Id> {
        let pods = self.index.pods_by_ip.get(&address(cluster, ip)).into_iter().flatten().copied();
        let holds = |id: &Id| match self.at(*id).map(|object| &object.body) {
            Some(Body::Pod(pod)) => {
                pod.ip == *ip && pod.ip != pod.host_ip && pod.phase != "Succeeded" && pod.phase != "Failed"
            }
            _ => false,
        };
        pods.filter(holds).min_by(|a, b| self.keys.key(*a).cmp(self.keys.key(*b)))
    }

    /// The node that has an address.
    #[must_use]
    pub fn node_by_address(&self, address: &str) -> Option<&ObjectKey> {
        let address = self.words.find(address)?;
        self.index.nodes_by_address.get(&address)?.iter().map(|id| self.keys.key(*id)).min()
    }
}
