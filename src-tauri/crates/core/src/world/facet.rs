//! The part of an object that relations and indexes are read from.

use crate::resource::{Body, Object, Route};

/// True where two states of an object give the same relations and index entries; a status alone seldom differs in them.
pub(crate) fn is_same(old: &Object, new: &Object) -> bool {
    old.uid == new.uid
        && old.labels == new.labels
        && old.annotations == new.annotations
        && old.owners == new.owners
        && is_same_body(&old.body, &new.body)
}

fn is_same_body(old: &Body, new: &Body) -> bool {
    match (old, new) {
        (Body::Pod(a), Body::Pod(b)) => {
            a.template == b.template && a.node == b.node && a.ip == b.ip && a.host_ip == b.host_ip && a.phase == b.phase
        }
        (Body::Workload(a), Body::Workload(b)) => a.template == b.template && a.claim_templates == b.claim_templates,
        (Body::Job(a), Body::Job(b)) => a.template == b.template,
        (Body::CronJob(a), Body::CronJob(b)) => a.template == b.template,
        (Body::Node(a), Body::Node(b)) => a.addresses == b.addresses,
        (Body::Claim(a), Body::Claim(b)) => a.volume == b.volume && a.class == b.class,
        (Body::Volume(a), Body::Volume(b)) => {
            a.claim == b.claim && a.claim_uid == b.claim_uid && a.class == b.class && a.affinity == b.affinity
        }
        (Body::Autoscaler(a), Body::Autoscaler(b)) => a.target == b.target,
        (Body::DisruptionBudget(a), Body::DisruptionBudget(b)) => a.selector == b.selector,
        (Body::Event(a), Body::Event(b)) => {
            a.about == b.about && a.about_uid == b.about_uid && a.regarding == b.regarding
        }
        (Body::Ingress(a), Body::Ingress(b)) => a.class == b.class && a.backends == b.backends && a.tls == b.tls,
        (Body::Route(a), Body::Route(b)) => {
            let parents = |route: &'_ Route| -> Vec<_> {
                route.parents.iter().map(|one| (one.target.clone(), one.section.clone(), one.refused.clone())).collect()
            };
            a.backends == b.backends && parents(a) == parents(b)
        }
        (Body::Gateway(a), Body::Gateway(b)) => a.class == b.class && a.listeners == b.listeners,
        (Body::Served(a), Body::Served(b)) => a.services == b.services,
        (Body::Scaler(a), Body::Scaler(b)) => a.target == b.target,
        (Body::Custom(a), Body::Custom(b)) => a.references == b.references,
        (Body::Namespace(_), Body::Namespace(_))
        | (Body::Plain(_), Body::Plain(_))
        | (Body::Quota(_), Body::Quota(_)) => true,
        _ => old == new,
    }
}
