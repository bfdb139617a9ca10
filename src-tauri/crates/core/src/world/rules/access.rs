//! Who may do what, and who scales whom (16, 17).

use super::super::edge::{Standing, Type};
use super::Prover;
use crate::resource::{Autoscaler, Binding, Scaler};

impl Prover<'_> {
    /// 16: subjects that are objects, and the role.
    pub(super) fn binding(&mut self, binding: &Binding) {
        for (number, (kind, namespace, name)) in binding.subjects.iter().enumerate() {
            if kind != "ServiceAccount" {
                // Users and groups are no objects of the cluster.
                continue;
            }
            let namespace = if namespace.is_empty() { self.object.key.namespace.as_str() } else { namespace };
            let subject = self.within("", "ServiceAccount", namespace, name);
            self.edge((self.id, subject), Type::BoundTo, 16, &format!("subjects[{number}]"), Standing::ByEnds);
        }
        let group = "rbac.authorization.k8s.io";
        let role = match binding.role_kind.as_str() {
            "ClusterRole" => self.above(group, "ClusterRole", &binding.role_name),
            "Role" => self.beside(group, "Role", &binding.role_name),
            _ => return,
        };
        self.edge((self.id, role), Type::Grants, 16, "roleRef", Standing::ByEnds);
    }

    /// 17: the target.
    pub(super) fn autoscaler(&mut self, autoscaler: &Autoscaler) {
        let (group, kind, name) = &autoscaler.target;
        if !kind.is_empty() && !name.is_empty() {
            let target = self.beside(group, kind, name);
            self.edge((self.id, target), Type::Scales, 17, "spec.scaleTargetRef", Standing::ByEnds);
        }
    }

    /// 17: the target of a scaler that is no `HorizontalPodAutoscaler`.
    pub(super) fn scaler(&mut self, scaler: &Scaler) {
        let target = &scaler.target;
        if !target.kind.is_empty() && !target.name.is_empty() {
            let to = self.beside(&target.group, &target.kind, &target.name);
            self.edge((self.id, to), Type::Scales, 17, &target.field, Standing::ByEnds);
        }
    }
}
