//! Who owns whom (1, 2, 23).

use std::borrow::Cow;

use super::super::RelationState;
use super::super::edge::{Standing, Type};
use super::super::index::{JOB_NAME_LABELS, controller_of};
use super::Prover;
use super::is_other;
use crate::resource::{Object, known};

impl Prover<'_> {
    /// 1, 2, 23: owners, and a Job by its label where a pod names no owner.
    pub(super) fn owners(&mut self) {
        let object = self.object;
        for (number, owner) in object.owners.iter().enumerate() {
            let info = known(&owner.group, &owner.kind);
            let mut from = self.beside(&owner.group, &owner.kind, &owner.name);
            if info.is_none_or(|info| !info.namespaced) {
                let above = self.above(&owner.group, &owner.kind, &owner.name);
                // The scope of a custom kind shows where an object of it is.
                if info.is_none() {
                    self.proof.interests.push(above);
                }
                if info.is_some() || (self.world.at(from).is_none() && self.world.at(above).is_some()) {
                    from = above;
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
            let field = match number {
                0 => "metadata.ownerReferences[0]".into(),
                _ => Cow::from(format!("metadata.ownerReferences[{number}]")),
            };
            self.edge((from, self.id), Type::Owns, rule, &field, standing);
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
    pub(super) fn is_current(&self) -> bool {
        let revision = |object: &Object| -> Option<i64> {
            object.annotations.get("deployment.kubernetes.io/revision").and_then(|text| text.parse().ok())
        };
        let Some(parent) = self.world.index.parents.get(self.id) else { return false };
        let siblings = self.world.index.wards.get(&parent.key).into_iter().flatten();
        let uid = |object: &'_ Object| controller_of(object).and_then(|(_, uid)| uid.cloned());
        let meant = uid(self.object);
        let order = |object: &Object| (revision(object), object.created_at, object.key.name.clone());
        let sets = siblings.filter_map(|id| self.world.at(*id)).filter(|object| object.key.kind == "ReplicaSet");
        let sets = sets.filter(|object| uid(object) == meant);
        let last = sets.map(order).max();
        last == Some(order(self.object))
    }
}
