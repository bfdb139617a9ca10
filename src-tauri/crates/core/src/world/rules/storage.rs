//! Claims, volumes and classes of storage (3, 15).

use super::super::RelationState;
use super::super::edge::{Standing, Type};
use super::{Prover, is_other};
use crate::resource::{Body, Claim, Volume};

impl Prover<'_> {
    /// 3, 15: a claim's StatefulSet, volume and class.
    pub(super) fn claim(&mut self, claim: &Claim) {
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

    pub(super) fn storage_class(&mut self, class: &str) {
        if !class.is_empty() {
            let class = self.above("storage.k8s.io", "StorageClass", class);
            self.edge((self.id, class), Type::ClassedBy, 15, "spec.storageClassName", Standing::ByEnds);
        }
    }

    /// 3: `<template>-<set>-<ordinal>`, with every way to cut the name, or an owner.
    pub(super) fn claimed_by_set(&mut self) {
        let object = self.object;
        let owner = object.owners.iter().position(|owner| owner.kind == "StatefulSet" && owner.group == "apps");
        if let Some(number) = owner {
            let set = self.beside("apps", "StatefulSet", &object.owners[number].name);
            let field = format!("metadata.ownerReferences[{number}]");
            let other = self.world.at(set).is_some_and(|it| is_other(it, &object.owners[number].uid));
            let standing = if other { Standing::Said(RelationState::Dangling) } else { Standing::ByEnds };
            self.edge((set, self.id), Type::Claims, 3, &field, standing);
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
    pub(super) fn volume(&mut self, volume: &Volume) {
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
}
