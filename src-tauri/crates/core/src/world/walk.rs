//! Reading by number: for questions that pass over many objects or many relations, where looking keys up and spelling
//! relations out would take longer than the question.

use super::arena::{Id, KeyRef};
use super::edge::{Edge, Half, Proven, Type};
use super::index::controller_of;
use super::store::World;
use super::{RelationSource, RelationState};
use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::resource::Object;

/// A relation as it is seen from one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The other end; it need not exist.
    pub other: Id,
    /// The type, as in [`super::Relation`].
    pub r#type: &'static str,
    /// True where it starts here.
    pub outgoing: bool,
}

/// A call between two houses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Street {
    pub from: Id,
    pub to: Id,
    pub source: RelationSource,
    pub state: RelationState,
}

impl World {
    /// The number of a key that was ever named.
    #[must_use]
    pub fn id_of(&self, key: &ObjectKey) -> Option<Id> {
        self.keys.find(key)
    }

    /// The key of a number.
    #[must_use]
    pub fn key_of(&self, id: Id) -> &ObjectKey {
        self.keys.key(id)
    }

    /// The object of a number, where it exists.
    #[must_use]
    pub fn object_of(&self, id: Id) -> Option<&Object> {
        self.at(id)
    }

    /// Every object with its number, ordered by key.
    pub fn numbered(&self) -> impl Iterator<Item = (Id, &Object)> {
        self.keys.in_order().filter_map(|id| Some((id, self.at(id)?)))
    }

    /// Every number in the order of the keys; not each has an object.
    pub fn numbers_in_order(&self) -> impl Iterator<Item = Id> {
        self.keys.in_order()
    }

    /// Every number in its own order; not each has an object. It asks for no order of keys.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> {
        self.keys.ids()
    }

    /// How many numbers there are: every [`Id::at`] is less.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.keys.len()
    }

    /// The state of an object as its own rule judges it, whether or not its source is silent; `None` where its kind has
    /// no rule.
    #[must_use]
    pub fn judged(&self, id: Id) -> HealthState {
        self.verdicts.get(id).map_or(HealthState::None, |health| health.state)
    }

    /// State and containment of an object that is there, as [`World::health`] says them.
    #[must_use]
    pub fn glance(&self, id: Id) -> (HealthState, bool) {
        let Some(health) = self.verdicts.get(id) else { return (HealthState::None, false) };
        let is_silent = self.is_any_silent && self.is_silent(self.keys.key(id));
        (if is_silent { HealthState::Unknown } else { health.state }, health.contained)
    }

    /// The number of a pod that is there.
    #[must_use]
    pub fn pod_named(&self, cluster: &str, namespace: &str, name: &str) -> Option<Id> {
        let id = self.keys.find(KeyRef { cluster, group: "", kind: "Pod", namespace, name })?;
        self.at(id).is_some().then_some(id)
    }

    /// Whether a number means this pod, which is there.
    pub(crate) fn is_pod_named(&self, id: Id, cluster: &Text, namespace: &Text, name: &Text) -> bool {
        let is_it = |key: &ObjectKey| {
            key.name == *name
                && key.namespace == *namespace
                && key.kind == "Pod"
                && key.group.is_empty()
                && key.cluster == *cluster
        };
        id.at() < self.keys.len() && is_it(self.keys.key(id)) && self.at(id).is_some()
    }

    /// The number of a node's key, whether or not it is there.
    pub(crate) fn node_named(&self, cluster: &str, name: &str) -> Option<Id> {
        self.keys.find(KeyRef { cluster, group: "", kind: "Node", namespace: "", name })
    }

    /// The house an object would be part of by the controller it names, as far as that is there.
    pub(crate) fn house_named_by(&self, object: &Object) -> Option<Id> {
        let (controller, _) = controller_of(object)?;
        self.house_at(self.keys.find(controller)?)
    }

    /// Whether anything that is there names this as its controller.
    pub(crate) fn has_wards(&self, id: Id) -> bool {
        self.index.wards.contains_key(&id)
    }

    /// Everything of which this is the controller, in no particular order.
    pub(crate) fn wards_of(&self, id: Id) -> impl Iterator<Item = Id> {
        let wards = self.index.wards.get(&id).into_iter().flatten().copied();
        wards.filter(move |ward| self.parent(*ward) == Some(id))
    }

    /// Whether nothing can be believed now of objects of this key's kind in its namespace.
    #[must_use]
    pub fn is_silent(&self, key: &ObjectKey) -> bool {
        self.silence_of(key).is_some()
    }

    /// What a cluster is called, where it joined the world.
    #[must_use]
    pub fn cluster_label(&self, cluster: &str) -> Option<&str> {
        self.clusters.get(cluster).map(|(label, _)| label.as_str())
    }

    /// The house of an object, as [`World::house_of`].
    #[must_use]
    pub fn house_at(&self, id: Id) -> Option<Id> {
        let house = self.house(id);
        self.is_house(house).then_some(house)
    }

    /// The outermost controller of an object; itself where it has none.
    #[must_use]
    pub fn topmost(&self, id: Id) -> Id {
        self.house(id)
    }

    /// The controller an object is part of, where that exists.
    #[must_use]
    pub fn controller_at(&self, id: Id) -> Option<Id> {
        self.parent(id)
    }

    /// The pods of a house or of a controller inside one, in no particular order; a pod's are itself.
    #[must_use]
    pub fn pods_at(&self, id: Id) -> Vec<Id> {
        self.pods_below(id)
    }

    /// The nodes of a zone, in no particular order.
    pub fn nodes_of_zone(&self, cluster: &str, zone: &str) -> impl Iterator<Item = Id> + '_ {
        let place = self.words.find(cluster).zip(self.words.find(zone));
        place.and_then(|place| self.index.zones.get(&place)).into_iter().flatten().copied()
    }

    /// The houses with a pod on one of these nodes, each once, in no particular order.
    #[must_use]
    pub fn houses_on(&self, nodes: impl Iterator<Item = Id>) -> Vec<Id> {
        let mut wanted = vec![false; self.numbers()];
        for node in nodes {
            wanted[node.at()] = true;
        }
        let mut told = vec![false; self.numbers()];
        let mut found = Vec::new();
        // All pods in the order they lie in: to go from each node to its pods takes several times longer for a zone.
        for (pod, proof) in self.plain.iter() {
            let runs = |edge: &Edge| edge.r#type == Type::RunsOn && edge.from == pod && wanted[edge.to.at()];
            if !proof.edges.iter().any(runs) {
                continue;
            }
            let house = self.house(pod);
            if !std::mem::replace(&mut told[house.at()], true) && self.is_house(house) {
                found.push(house);
            }
        }
        found
    }

    /// The houses whose template has an image, in no particular order.
    pub fn houses_with_image(&self, image: &str) -> impl Iterator<Item = Id> + '_ {
        let known = self.words.find(image);
        let alone = known.and_then(|image| self.index.images.get(&image)).into_iter().flatten();
        let has = move |id: &&Id| {
            let template = self.at(**id).and_then(|object| object.body.template());
            template.is_some_and(|template| template.images.iter().any(|(_, its)| self.words.find(its) == known))
        };
        let orphans = self.index.orphans.iter().filter(move |_| known.is_some()).filter(has);
        alone.chain(orphans).copied().filter(|id| self.is_house(*id))
    }

    /// Every house, in no particular order.
    pub(crate) fn house_ids(&self) -> impl Iterator<Item = Id> {
        self.ids().filter(|id| self.is_house(*id))
    }

    /// Who calls whom, as [`World::calls`], in no particular order and some perhaps twice.
    pub(crate) fn streets(&self) -> impl Iterator<Item = Street> {
        // Where no house is behind a Service, itself is called.
        let is_house = |edge: &&Edge| self.keys.key(edge.to).kind != "Service";
        let edges = self.calls.values().flat_map(|proof| &proof.edges).filter(is_house);
        let declared =
            edges.map(|edge| Street { from: edge.from, to: edge.to, source: edge.source, state: self.state_of(edge) });
        declared.chain(self.observed_ends().map(|(from, to)| Street {
            from,
            to,
            source: RelationSource::Observed,
            state: RelationState::Ok,
        }))
    }

    /// What a house declares to call, houses and others, in no particular order.
    pub(crate) fn declared_calls_of(&self, house: Id) -> impl Iterator<Item = Id> {
        let edges = self.calls.get(&house).into_iter().flat_map(|proof| &proof.edges);
        edges.filter(move |edge| edge.from == house).map(|edge| edge.to)
    }

    /// How many houses declare to call a house.
    pub(crate) fn declared_callers(&self, house: Id) -> usize {
        self.index.touching(house).filter(|(_, half)| *half == Half::Calls).count()
    }

    /// Whom a house calls, ordered by key.
    #[must_use]
    pub fn called_by(&self, house: Id) -> Vec<Id> {
        let edges = self.calls.get(&house).into_iter().flat_map(|proof| proof.edges.iter());
        self.distinct(edges.filter(|edge| edge.r#type == Type::Calls && edge.from == house).map(|edge| edge.to))
    }

    /// Who calls a house, ordered by key.
    #[must_use]
    pub fn callers_of(&self, house: Id) -> Vec<Id> {
        let provers = self.index.touching(house).filter(|(_, half)| *half == Half::Calls);
        let proofs = provers.filter_map(|(prover, _)| self.calls.get(&prover));
        let edges = proofs.flat_map(|proof| proof.edges.iter());
        self.distinct(edges.filter(|edge| edge.r#type == Type::Calls && edge.to == house).map(|edge| edge.from))
    }

    fn distinct(&self, ids: impl Iterator<Item = Id>) -> Vec<Id> {
        let mut found: Vec<Id> = ids.collect();
        found.sort_by(|a, b| self.keys.key(*a).cmp(self.keys.key(*b)));
        found.dedup();
        found
    }

    /// Every relation that starts or ends at an object but the predicted ones (`allows`), however it stands; each end and
    /// type once, in no order of keys.
    #[must_use]
    pub fn links(&self, id: Id) -> Vec<Link> {
        let mut found = Vec::new();
        self.each_link(id, |_| true, |link| found.push(link));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Calls `take` with every relation of [`World::links`], with some more than once and in no order at all. `wants` is
    /// asked of what the object selects before that is proved, and what it does not want is left out.
    pub(crate) fn each_link(&self, id: Id, wants: impl Fn(Id) -> bool, mut take: impl FnMut(Link)) {
        let mut prove = |proof: Option<&Proven>| {
            for edge in proof.into_iter().flat_map(|proof| proof.edges.iter()) {
                if edge.from == id {
                    take(Link { other: edge.to, r#type: edge.r#type.name(), outgoing: true });
                } else if edge.to == id {
                    take(Link { other: edge.from, r#type: edge.r#type.name(), outgoing: false });
                }
            }
        };
        prove(self.plain.get(id));
        prove(self.calls.get(&id));
        for (prover, half) in self.index.touching(id) {
            prove(if half == Half::Plain { self.plain.get(prover) } else { self.calls.get(&prover) });
        }
        for selector in self.matchers(id) {
            if let Some((r#type, ..)) = self.chosen(selector, id) {
                take(Link { other: selector, r#type: r#type.name(), outgoing: false });
            }
        }
        for bearer in self.matched(id).filter(|bearer| wants(*bearer)) {
            if let Some((r#type, ..)) = self.chosen(id, bearer) {
                take(Link { other: bearer, r#type: r#type.name(), outgoing: true });
            }
        }
    }
}
