//! Where a node is, and what an Event is about (27, 28).

use super::super::edge::{Standing, Type};
use super::super::{RelationSource, RelationState};
use super::{Prover, is_other};
use crate::resource::Event;

/// Labels that say where and what a node is, with the kind of place they name.
const PLACES: [(&str, &str); 8] = [
    ("topology.kubernetes.io/zone", "Zone"),
    ("topology.kubernetes.io/region", "Region"),
    ("node.kubernetes.io/instance-type", "InstanceType"),
    ("eks.amazonaws.com/nodegroup", "Pool"),
    ("cloud.google.com/gke-nodepool", "Pool"),
    ("kubernetes.azure.com/agentpool", "Pool"),
    ("agentpool", "Pool"),
    ("karpenter.sh/nodepool", "Pool"),
];

impl Prover<'_> {
    /// 27: zone, region, type of machine and pool.
    pub(super) fn node(&mut self) {
        let object = self.object;
        for (label, kind) in PLACES {
            if let Some(name) = object.labels.get(label).filter(|name| !name.is_empty()) {
                let place = self.above("", kind, name);
                self.edge((self.id, place), Type::LocatedIn, 27, &format!("metadata.labels[{label}]"), Standing::Free);
            }
        }
    }

    /// 28: what an Event is about; the UID of a Node is often its name.
    pub(super) fn event(&mut self, event: &Event) {
        let (group, kind, namespace, name) = &event.about;
        if kind.is_empty() || name.is_empty() {
            return;
        }
        let about = self.within(group, kind, namespace, name);
        let other = kind != "Node" && self.world.at(about).is_some_and(|it| is_other(it, &event.about_uid));
        let standing = if other { Standing::Said(RelationState::Dangling) } else { Standing::ByEnds };
        let field = if event.regarding { "regarding" } else { "involvedObject" };
        self.add((self.id, about), Type::About, RelationSource::Spec, 28, field, standing);
    }
}
