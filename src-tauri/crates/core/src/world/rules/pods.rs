//! Pods and pod templates: where they run and what they name (4, 5, 13 to 16).

use super::super::edge::{Standing, Type};
use super::Prover;
use crate::resource::{NamedUse, Pod, Template};

impl Prover<'_> {
    /// 4, 5 and what a standalone pod's spec names.
    pub(super) fn pod(&mut self, pod: &Pod) {
        let mirror = self.object.annotations.contains_key("kubernetes.io/config.mirror");
        let owner = self.object.owners.iter().position(|owner| owner.kind == "Node" && owner.group.is_empty());
        let (name, rule, field) = match owner {
            Some(number) => {
                (self.object.owners[number].name.as_str(), 4, format!("metadata.ownerReferences[{number}]"))
            }
            None if mirror => (pod.node.as_str(), 4, "metadata.annotations[kubernetes.io/config.mirror]".to_owned()),
            None => (pod.node.as_str(), 5, "spec.nodeName".to_owned()),
        };
        if !name.is_empty() {
            let node = self.above("", "Node", name);
            self.edge((self.id, node), Type::RunsOn, rule, &field, Standing::ByEnds);
        }
        for used in pod.template.claims.iter() {
            if let Some(volume) = used.name.strip_prefix("*-") {
                let claim = self.beside("", "PersistentVolumeClaim", &format!("{}-{volume}", self.object.key.name));
                self.edge((self.id, claim), Type::Claims, 15, &used.field, Standing::ByEnds);
            }
        }
        self.template(&pod.template);
    }

    /// 13, 14, 15, 16: what a template names, told once by the house.
    pub(super) fn template(&mut self, template: &Template) {
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
}
