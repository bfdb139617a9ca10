//! Gathers what the health rules need to know about an object's surroundings.

use super::RelationState;
use super::arena::{Id, KeyRef};
use super::edge::{Edge, Standing, Type};
use super::store::World;
use crate::health::{self, Around, Backend, Clock, Health, HealthState, Lost, PodVerdict, ServiceVerdict};
use crate::resource::{Body, Object};

impl World {
    /// The verdict on an object as its own kind's freshness does not yet dim it, nothing where its kind has no rule; and
    /// the clock that was asked: it knows at which moment the verdict may differ by itself.
    pub(super) fn judge(&self, id: Id) -> (Option<Health>, Clock) {
        let Some(object) = self.at(id) else { return (None, Clock::default()) };
        let mut around = Around { clock: Clock::at(self.now), ..Around::default() };
        match &object.body {
            Body::Workload(_) | Body::Job(_) => {
                self.look_at_pods(id, object, &mut around);
                self.look_at_references(id, &mut around);
                self.look_at_keys(id, object, &mut around);
            }
            Body::CronJob(_) => {
                self.look_at_jobs(id, &mut around);
                self.look_at_references(id, &mut around);
                self.look_at_keys(id, object, &mut around);
            }
            Body::Ingress(_) | Body::Route(_) | Body::Gateway(_) => self.look_at_references(id, &mut around),
            Body::Served(served) if !served.services.is_empty() => {
                self.look_at_references(id, &mut around);
                self.look_at_services(id, &mut around);
            }
            Body::Service(_) => self.look_behind(id, object, &mut around),
            Body::Claim(_) => {
                around.last_event = self.events_of(&object.key).into_iter().find_map(|event| match &event.body {
                    Body::Event(event) => Some((event.reason.clone(), event.message.clone())),
                    _ => None,
                });
            }
            _ => {}
        }
        let health = health::judge(object, &around);
        ((health.state != HealthState::None).then_some(health), around.clock)
    }

    /// Whether a verdict hangs on what the object names.
    pub(super) fn hangs_on_references(&self, id: Id) -> bool {
        matches!(
            self.at(id).map(|object| &object.body),
            Some(
                Body::Workload(_)
                    | Body::Job(_)
                    | Body::CronJob(_)
                    | Body::Ingress(_)
                    | Body::Route(_)
                    | Body::Gateway(_)
                    | Body::Served(_)
            )
        )
    }

    /// The newest Job of a `CronJob`.
    fn look_at_jobs(&self, id: Id, around: &mut Around) {
        let wards = self.index.wards.get(&id).into_iter().flatten().copied();
        let jobs = wards.filter(|ward| self.keys.key(*ward).kind == "Job" && self.parent(*ward) == Some(id));
        let newest = jobs.filter_map(|job| Some((self.at(job)?.created_at, &self.keys.key(job).name, job))).max();
        if let Some((_, name, job)) = newest {
            around.last_job = self.verdicts.get(job).map(|health| (name.clone(), health.clone()));
        }
    }

    /// What the object names and must find, as far as it does not.
    fn look_at_references(&self, id: Id, around: &mut Around) {
        let Some(proof) = self.plain.get(id) else { return };
        let gateway = matches!(self.at(id).map(|object| &object.body), Some(Body::Gateway(_)));
        for edge in proof.edges.iter().filter(|edge| edge.from == id) {
            let counts = match edge.r#type {
                Type::Routes => {
                    around.routes += 1;
                    true
                }
                Type::Uses | Type::Claims | Type::Serves | Type::Attaches => true,
                Type::ClassedBy => gateway,
                _ => false,
            };
            if !counts {
                continue;
            }
            let state = self.state_of(edge);
            let field = self.words.text(edge.field);
            // Images that anybody may pull need none of the Secrets named for it; what a gateway refuses it says itself.
            let needless = state == RelationState::Ok
                || field.contains("imagePullSecrets")
                || edge.r#type == Type::Attaches && state != RelationState::Dangling;
            if needless {
                continue;
            }
            let key = self.keys.key(edge.to);
            let space = if key.namespace.is_empty() { String::new() } else { format!("{}/", key.namespace) };
            let why = match (state, edge.standing) {
                (RelationState::Dangling, _) => "does not exist",
                (_, Standing::Ungranted) => "lies in a namespace that grants no reference from here",
                _ => "opens no such port",
            };
            let what = format!("{} {space}{} {why}", key.kind, key.name);
            around.lost.push(Lost { relation: edge.r#type.name(), what, field: field.into() });
        }
    }

    /// Keys that containers need of ConfigMaps which do not have them.
    fn look_at_keys(&self, id: Id, object: &Object, around: &mut Around) {
        let Some(template) = object.body.template().filter(|_| self.is_house(id)) else { return };
        for (used, wanted) in template.config_keys.iter().filter(|(used, _)| !used.optional) {
            let map = KeyRef { group: "", kind: "ConfigMap", name: &used.name, ..KeyRef::from(&object.key) };
            let Some(Body::ConfigMap(map)) = self.keys.find(map).and_then(|id| self.at(id)).map(|map| &map.body) else {
                continue;
            };
            if !map.keys.iter().any(|key| key == wanted) {
                let what = format!("ConfigMap {}/{} has no key {wanted}", object.key.namespace, used.name);
                around.lost.push(Lost { relation: Type::Uses.name(), what, field: used.field.clone() });
            }
        }
    }

    /// The verdicts on the Services behind webhooks.
    fn look_at_services(&self, id: Id, around: &mut Around) {
        let edges = self.plain.get(id).into_iter().flat_map(|proof| &proof.edges);
        for edge in edges.filter(|edge| edge.r#type == Type::Serves && self.at(edge.to).is_some()) {
            let key = self.keys.key(edge.to);
            around.services.push(ServiceVerdict {
                field: self.words.text(edge.field).into(),
                name: format!("{}/{}", key.namespace, key.name),
                health: self.health_of(edge.to),
            });
        }
    }

    /// The verdict on an object that does not exist and that others cannot do without; nothing where nobody needs it or
    /// its kind was not listed.
    pub(super) fn missed(&self, id: Id) -> Option<Health> {
        let mut by = Vec::new();
        for (prover, _) in self.index.touching(id) {
            let Some(proof) = self.plain.get(prover) else { continue };
            let needs = |edge: &&Edge| {
                let counts =
                    matches!(edge.r#type, Type::Uses | Type::Claims | Type::Routes | Type::Serves | Type::Attaches);
                counts && edge.to == id && self.state_of(edge) == RelationState::Dangling
            };
            let fields = proof.edges.iter().filter(needs).map(|edge| self.words.text(edge.field));
            let field = fields.filter(|field| !field.contains("imagePullSecrets")).min();
            by.extend(field.map(|field| (self.keys.key(prover), field)));
        }
        by.sort();
        let (first, field) = by.first()?;
        Some(health::missing(&format!("{} {}", first.kind, first.name), field, by.len() - 1))
    }

    /// The living pods: how many, and those that are not well; none where nothing fresh is known about pods.
    fn look_at_pods(&self, id: Id, object: &Object, around: &mut Around) {
        if self.are_silent(object, "", "Pod") {
            return;
        }
        let (living, unwell) = self.living_below(id);
        around.pod_count = living;
        let verdict = |pod: Id| {
            Some(PodVerdict { name: self.keys.key(pod).name.clone(), health: self.verdicts.get(pod)?.clone() })
        };
        around.pods.extend(unwell.into_iter().filter_map(verdict));
        around.pods.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn are_silent(&self, object: &Object, group: &str, kind: &str) -> bool {
        self.is_any_silent && self.silence_of(KeyRef { group, kind, name: "", ..KeyRef::from(&object.key) }).is_some()
    }

    /// Whether a kind was told of in full: while it is being listed, what is not there yet may still come.
    fn are_known(&self, object: &Object, group: &str, kind: &str) -> bool {
        let key = KeyRef { group, kind, name: "", ..KeyRef::from(&object.key) };
        self.is_listed(key) && self.silence_of(key).is_none()
    }

    /// The endpoints of a Service and what it selects.
    fn look_behind(&self, id: Id, object: &Object, around: &mut Around) {
        around.slices_known = self.are_known(object, "discovery.k8s.io", "EndpointSlice");
        for slice in self.slices_of(id).filter_map(|slice| self.at(slice)) {
            around.are_endpoints = slice.key.kind == "Endpoints";
            let Body::EndpointSlice(slice) = &slice.body else { continue };
            around.has_slices = true;
            around.endpoints += slice.endpoints.len();
            around.ready_endpoints += slice.endpoints.iter().filter(|one| one.answers()).count();
        }
        around.slices_known |= around.are_endpoints && self.are_known(object, "", "Endpoints");
        around.pods_known = self.are_known(object, "", "Pod");
        for bearer in self.matched(id) {
            match self.at(bearer).map(|object| (object, &object.body)) {
                Some((pod, Body::Pod(body))) => {
                    if body.phase == "Succeeded" || body.phase == "Failed" || pod.deleted_at.is_some() {
                        continue;
                    }
                    let ready = body.conditions.iter().any(|c| c.r#type == "Ready" && c.status == "True");
                    around.backends.push(Backend::Pod { ready });
                }
                Some((house, Body::Workload(workload))) if self.is_house(bearer) => {
                    let name = format!("{} {}", house.key.kind, house.key.name).into();
                    around.backends.push(Backend::Workload { name, desired: workload.desired });
                }
                _ => {}
            }
        }
    }
}
