//! Gathers what the health rules need to know about an object's surroundings.

use super::arena::Id;
use super::store::World;
use crate::health::{self, Around, Backend, Health, HealthState, PodVerdict};
use crate::id::ObjectKey;
use crate::resource::{Body, Object};

impl World {
    /// The verdict on an object as its own kind's freshness does not yet dim it; nothing where its kind has no rule.
    pub(super) fn judge(&self, id: Id) -> Option<Health> {
        let object = self.at(id)?;
        if !health::has_rule(&object.key) {
            return None;
        }
        let mut around = Around::default();
        match &object.body {
            Body::Workload(_) | Body::Job(_) => self.look_at_pods(id, object, &mut around),
            Body::Service(_) => self.look_behind(id, object, &mut around),
            Body::Claim(_) => {
                around.last_event = self.events_of(&object.key).into_iter().find_map(|event| match &event.body {
                    Body::Event(event) => Some((event.reason.clone(), event.message.clone())),
                    _ => None,
                });
            }
            _ => {}
        }
        Some(health::judge(object, &around))
    }

    /// The living pods: how many, and those that are not well; none where nothing fresh is known about pods.
    fn look_at_pods(&self, id: Id, object: &Object, around: &mut Around) {
        if self.are_silent(object, "", "Pod") {
            return;
        }
        for pod in self.pods_below(id) {
            if self.at(pod).is_none_or(|pod| pod.deleted_at.is_some()) {
                continue;
            }
            around.pod_count += 1;
            let unwell = |health: &&Health| {
                !matches!(health.state, HealthState::Well | HealthState::Resting | HealthState::None)
            };
            if let Some(health) = self.verdicts.get(pod).filter(unwell) {
                around.pods.push(PodVerdict { name: self.keys.key(pod).name.clone(), health: health.clone() });
            }
        }
        around.pods.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn are_silent(&self, object: &Object, group: &str, kind: &str) -> bool {
        self.is_any_silent
            && self.silence_of(&ObjectKey::new(&object.key.cluster, group, kind, &object.key.namespace, "")).is_some()
    }

    /// Whether a kind was told of in full: while it is being listed, what is not there yet may still come.
    fn are_known(&self, object: &Object, group: &str, kind: &str) -> bool {
        let key = ObjectKey::new(&object.key.cluster, group, kind, &object.key.namespace, "");
        self.is_listed(&key) && self.silence_of(&key).is_none()
    }

    /// The endpoints of a Service and what it selects.
    fn look_behind(&self, id: Id, object: &Object, around: &mut Around) {
        around.slices_known = self.are_known(object, "discovery.k8s.io", "EndpointSlice");
        let slices = self.index.slices.get(&id).into_iter().flatten().filter_map(|slice| self.at(*slice));
        for slice in slices {
            let Body::EndpointSlice(slice) = &slice.body else { continue };
            around.has_slices = true;
            around.endpoints += slice.endpoints.len();
            around.ready_endpoints += slice.endpoints.iter().filter(|one| one.ready && !one.terminating).count();
        }
        around.pods_known = self.are_known(object, "", "Pod");
        for bearer in self.index.matched.get(&id).into_iter().flatten() {
            match self.at(*bearer).map(|object| (object, &object.body)) {
                Some((pod, Body::Pod(body))) => {
                    if body.phase == "Succeeded" || body.phase == "Failed" || pod.deleted_at.is_some() {
                        continue;
                    }
                    let ready = body.conditions.iter().any(|c| c.r#type == "Ready" && c.status == "True");
                    around.backends.push(Backend::Pod { ready });
                }
                Some((_, Body::Workload(workload))) if self.is_house(*bearer) => {
                    around.backends.push(Backend::Workload { desired: workload.desired });
                }
                _ => {}
            }
        }
    }
}
