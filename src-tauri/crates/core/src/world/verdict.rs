//! Rules 19 and 20: whether the NetworkPolicies let one house reach another.
//!
//! A verdict is a prediction from what the policies say, not a measurement: it does not know the network plugin, and an
//! `ipBlock` admits no pod here.

use std::cell::OnceCell;

use arcstr::literal;
use serde::{Deserialize, Serialize};

use super::arena::Id;
use super::edge::{Edge, Proven, Standing, Type};
use super::index::labels_of;
use super::store::World;
use super::{Relation, RelationSource, RelationState};
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Labels, Object, Peer, PolicyPort, PolicyRule};

/// What the policies are predicted to do with traffic from one house to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Policies govern it, and on each governed side a rule admits it.
    Allowed,
    /// Policies govern it, and on one side no rule admits it.
    Blocked,
    /// No policy governs it.
    Unprotected,
    /// It cannot be said: policies or namespaces may not be read, or an end has no pods.
    Unknown,
}

/// The rule that admits: its policy, the field of its direction, and its place there.
type Admission = (Id, &'static str, usize);

/// What one side says.
enum Side {
    Ungoverned,
    Admitted(Admission),
    Refused,
    Unknown,
}

/// Traffic as one side sees it.
struct Traffic<'a> {
    /// The pods' labels on the other side.
    peer: &'a Labels,
    /// The key of the other side, for its namespace.
    space: &'a ObjectKey,
    /// The labels of that namespace, once somebody asked; nothing where namespaces may not be read.
    space_labels: OnceCell<Option<Labels>>,
    /// The port at the end where it arrives.
    port: Option<u16>,
    /// That end's ports that have a name.
    names: &'a [(Text, u16)],
}

/// The labels and named ports by which policies know an object.
fn traits(object: Option<&Object>) -> Option<(&Labels, &[(Text, u16)])> {
    let object = object?;
    Some((labels_of(object)?, object.body.template().map_or(&[], |template| &template.ports)))
}

/// Whether an object's change may change a verdict somewhere.
pub(super) fn may_differ(old: Option<&Object>, new: Option<&Object>) -> bool {
    match new.or(old).map(|object| &object.body) {
        Some(Body::NetworkPolicy(_) | Body::Namespace(_)) => true,
        _ => traits(old) != traits(new),
    }
}

impl World {
    /// Whether the policies let a house (or a pod's or a controller's) reach another at a port of its pods; without a port
    /// at any. The protocol is TCP.
    #[must_use]
    pub fn verdict(&self, from: &ObjectKey, to: &ObjectKey, port: Option<u16>) -> Verdict {
        match (self.keys.find(from), self.keys.find(to)) {
            (Some(from), Some(to)) => self.between(self.house(from), self.house(to), port).0,
            _ => Verdict::Unknown,
        }
    }

    /// The verdict on a street: on the ports its caller names, as far as they are known; one that is open is enough.
    #[must_use]
    pub fn street_verdict(&self, from: &ObjectKey, to: &ObjectKey) -> Verdict {
        let (Some(from), Some(to)) = (self.keys.find(from), self.keys.find(to)) else { return Verdict::Unknown };
        match self.calls.get(&from) {
            Some(proof) => self.along(proof, from, to).0,
            None => self.between(from, to, None).0,
        }
    }

    /// 20: the relation of a street that is allowed, with the rule that admits it; a street to a port nobody listens on
    /// has none.
    pub(super) fn allowance(&self, proof: &Proven, street: &Edge) -> Option<Relation> {
        if street.standing == Standing::Said(RelationState::Broken) {
            return None;
        }
        let (Verdict::Allowed, Some((policy, direction, number))) = self.along(proof, street.from, street.to) else {
            return None;
        };
        let policy = self.keys.key(policy);
        Some(Relation {
            from: self.keys.key(street.from).clone(),
            to: self.keys.key(street.to).clone(),
            r#type: Type::Allows.name().to_owned(),
            source: RelationSource::Spec,
            rule: 20,
            field: format!("{}/{}: {direction}[{number}]", policy.namespace, policy.name),
            state: RelationState::Ok,
        })
    }

    fn along(&self, proof: &Proven, from: Id, to: Id) -> (Verdict, Option<Admission>) {
        let mut doors: Vec<Option<u16>> = proof
            .rest()
            .into_iter()
            .flat_map(|rest| &rest.doors)
            .filter(|(house, _)| *house == to)
            .map(|(_, port)| Some(*port))
            .collect();
        if doors.is_empty() {
            doors.push(None);
        }
        // Allowed stands before blocked, unprotected and unknown.
        let found = doors.into_iter().map(|port| self.between(from, to, port));
        found.min_by_key(|(verdict, _)| *verdict).unwrap_or((Verdict::Unknown, None))
    }

    fn between(&self, from: Id, to: Id, port: Option<u16>) -> (Verdict, Option<Admission>) {
        let (Some((out, _)), Some((into, names))) = (traits(self.at(from)), traits(self.at(to))) else {
            return (Verdict::Unknown, None);
        };
        let (source, target) = (self.keys.key(from), self.keys.key(to));
        if source.cluster != target.cluster || !self.has_policies(source) || !self.has_policies(target) {
            return (Verdict::Unknown, None);
        }
        let arriving = Traffic { peer: out, space: source, space_labels: OnceCell::new(), port, names };
        let leaving = Traffic { peer: into, space: target, space_labels: OnceCell::new(), port, names };
        let ingress = self.side(to, &arriving, "spec.ingress");
        let egress = self.side(from, &leaving, "spec.egress");
        match (ingress, egress) {
            (Side::Refused, _) | (_, Side::Refused) => (Verdict::Blocked, None),
            (Side::Unknown, _) | (_, Side::Unknown) => (Verdict::Unknown, None),
            (Side::Admitted(rule), _) | (Side::Ungoverned, Side::Admitted(rule)) => (Verdict::Allowed, Some(rule)),
            (Side::Ungoverned, Side::Ungoverned) => (Verdict::Unprotected, None),
        }
    }

    /// Whether the policies of an object's namespace may be read.
    fn has_policies(&self, key: &ObjectKey) -> bool {
        self.is_listed(&ObjectKey::new(&key.cluster, "networking.k8s.io", "NetworkPolicy", &key.namespace, ""))
    }

    /// What the policies of one end say of the traffic in their direction.
    fn side(&self, house: Id, traffic: &Traffic<'_>, direction: &'static str) -> Side {
        let mut governed = false;
        let mut unknown = false;
        for id in self.policies_of(house) {
            let Some(Body::NetworkPolicy(policy)) = self.at(id).map(|object| &object.body) else { continue };
            let rules = match direction {
                "spec.ingress" if policy.governs_ingress() => &policy.ingress,
                "spec.egress" if policy.governs_egress() => &policy.egress,
                _ => continue,
            };
            governed = true;
            for (number, rule) in rules.iter().enumerate() {
                match self.admits(rule, traffic, &self.keys.key(id).namespace) {
                    Some(true) => return Side::Admitted((id, direction, number)),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
        }
        match (governed, unknown) {
            (false, _) => Side::Ungoverned,
            (true, true) => Side::Unknown,
            (true, false) => Side::Refused,
        }
    }

    /// Whether a rule admits the traffic; nothing where that hangs on labels nobody may read.
    fn admits(&self, rule: &PolicyRule, traffic: &Traffic<'_>, own: &str) -> Option<bool> {
        if !rule.ports.is_empty() && !rule.ports.iter().any(|port| port.opens(traffic)) {
            return Some(false);
        }
        if rule.peers.is_empty() {
            return Some(true);
        }
        let mut known = true;
        for peer in &rule.peers {
            match self.is_peer(peer, traffic, own) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => known = false,
            }
        }
        known.then_some(false)
    }

    fn is_peer(&self, peer: &Peer, traffic: &Traffic<'_>, own: &str) -> Option<bool> {
        if peer.namespaces.is_none() && peer.pods.is_none() {
            return Some(false);
        }
        if !peer.pods.as_ref().is_none_or(|pods| pods.matches(traffic.peer)) {
            return Some(false);
        }
        match &peer.namespaces {
            None => Some(traffic.space.namespace == own),
            Some(selector) if selector.is_empty() => Some(true),
            Some(selector) => {
                let labels = traffic.space_labels.get_or_init(|| self.labels_of_space(traffic.space));
                labels.as_ref().map(|labels| selector.matches(labels))
            }
        }
    }

    /// The policies that select a house, those for its whole namespace among them; ordered by key.
    fn policies_of(&self, house: Id) -> Vec<Id> {
        let walls = self.index.walls.get(&self.keys.scope(house)).into_iter().flatten().copied();
        let is_policy = |id: &Id| matches!(self.at(*id).map(|it| &it.body), Some(Body::NetworkPolicy(_)));
        let mut found: Vec<Id> = self.matchers(house).chain(walls).filter(is_policy).collect();
        found.sort_by(|a, b| self.keys.key(*a).cmp(self.keys.key(*b)));
        found
    }

    /// The labels of an object's namespace, with the one the API server adds; nothing where they cannot be known.
    fn labels_of_space(&self, key: &ObjectKey) -> Option<Labels> {
        let space = ObjectKey::new(&key.cluster, "", "Namespace", "", &key.namespace);
        let known = self.keys.find(&space).and_then(|id| self.at(id));
        if known.is_none() && !self.is_listed(&space) {
            return None;
        }
        let mut labels = known.map(|object| Labels::clone(&object.labels)).unwrap_or_default();
        labels.insert(literal!("kubernetes.io/metadata.name"), key.namespace.clone());
        Some(labels)
    }
}

impl PolicyPort {
    fn opens(&self, traffic: &Traffic<'_>) -> bool {
        if self.protocol != "TCP" {
            return false;
        }
        let Some(port) = traffic.port else { return true };
        match (self.port.as_str(), self.port.parse::<u16>()) {
            ("", _) => true,
            (_, Ok(first)) => (first..=self.end.unwrap_or(first)).contains(&port),
            (name, Err(_)) => traffic.names.iter().any(|(known, number)| known == name && *number == port),
        }
    }
}
