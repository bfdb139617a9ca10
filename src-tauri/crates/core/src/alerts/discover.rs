//! Finds Alertmanager and Prometheus among the Services of a world, to be reached through the API server's proxy.

use std::collections::BTreeMap;

use crate::id::SourceId;
use crate::ports::{ProxyTarget, SourceKind, SourceSettings};
use crate::resource::{Body, Object, Service};
use crate::world::World;

/// Programs that carry the name of another in theirs.
const OTHERS: &[&str] =
    &["operator", "exporter", "adapter", "pushgateway", "kube-state", "webhook", "discovery", "kubelet"];

/// Lists the Services that answer as Alertmanager or Prometheus by their usual names and labels, ordered by id.
///
/// Where an operator's headless Service stands beside another in the same namespace, the other is taken.
#[must_use]
pub fn discover(world: &World) -> Vec<SourceSettings> {
    let mut best: BTreeMap<(u8, String, String), (u8, &Object, &Service)> = BTreeMap::new();
    for object in world.objects() {
        let Body::Service(service) = &object.body else { continue };
        let Some((kind, rank)) = answers_as(object, service) else { continue };
        let place = (kind as u8, object.key.cluster.to_string(), object.key.namespace.to_string());
        let better = best.get(&place).is_none_or(|(known, ..)| rank < *known);
        if better {
            best.insert(place, (rank, object, service));
        }
    }
    let mut found: Vec<SourceSettings> = Vec::new();
    for ((kind, ..), (_, object, service)) in best {
        let (program, prefix) = if kind == SourceKind::Prometheus as u8 {
            (SourceKind::Prometheus, "prometheus")
        } else {
            (SourceKind::Alertmanager, "alertmanager")
        };
        let Some((port, scheme)) = port_of(program, service) else { continue };
        let name = |name: String| match cluster_of(world, &object.key.cluster) {
            "" => SourceId::new(format!("{prefix}:{name}")),
            cluster => SourceId::new(format!("{prefix}:{name}@{cluster}")),
        };
        let mut id = name(object.key.name.to_string());
        if found.iter().any(|known| known.id == id) {
            id = name(format!("{}-{}", object.key.namespace, object.key.name));
        }
        found.push(SourceSettings {
            id,
            kind: program,
            proxy: Some(ProxyTarget {
                namespace: object.key.namespace.to_string(),
                service: object.key.name.to_string(),
                port,
                scheme: scheme.to_owned(),
            }),
            cluster: cluster_of(world, &object.key.cluster).to_owned(),
            ..SourceSettings::default()
        });
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// The context of a cluster, where there are several to tell apart.
fn cluster_of<'w>(world: &'w World, cluster: &str) -> &'w str {
    if world.clusters().len() < 2 { "" } else { world.cluster_label(cluster).unwrap_or_default() }
}

/// What a Service answers as, and how sure that is: 0 by its label, 1 by its name, 2 where it is headless.
fn answers_as(object: &Object, service: &Service) -> Option<(SourceKind, u8)> {
    let name = object.key.name.as_str();
    let said = ["app.kubernetes.io/name", "app", "k8s-app"].iter().find_map(|label| object.labels.get(*label));
    let said = said.map_or("", |said| said.as_str());
    if OTHERS.iter().any(|other| name.contains(other) || said.contains(other)) {
        return None;
    }
    let named = |word: &str| {
        name == word
            || name.ends_with(&format!("-{word}"))
            || name.starts_with(&format!("{word}-"))
            || name.contains(&format!("-{word}-"))
    };
    let open = |kind: SourceKind| port_of(kind, service).is_some();
    let rank = |by_label: bool| match (service.cluster_ip.as_str(), by_label) {
        ("None", _) => 2,
        (_, true) => 0,
        (_, false) => 1,
    };
    let word = |word: &str| said == word || said.ends_with(&format!("-{word}"));
    if (word("alertmanager") || named("alertmanager")) && open(SourceKind::Alertmanager) {
        return Some((SourceKind::Alertmanager, rank(word("alertmanager"))));
    }
    if name.contains("alertmanager") || name.contains("thanos") || name.contains("grafana") {
        return None;
    }
    let is_it = word("prometheus") || named("prometheus");
    (is_it && open(SourceKind::Prometheus)).then(|| (SourceKind::Prometheus, rank(word("prometheus"))))
}

/// The port that speaks the API, with the scheme.
fn port_of(kind: SourceKind, service: &Service) -> Option<(String, &'static str)> {
    let own = if kind == SourceKind::Prometheus { 9090 } else { 9093 };
    let ports = || service.ports.iter();
    let named = |names: &'static [&'static str]| ports().find(|port| names.contains(&port.name.as_str()));
    let port = ports()
        .find(|port| port.number == own)
        .or_else(|| named(&["web", "http-web", "http", "https", "api"]))
        .or_else(|| ports().find(|port| matches!(port.number, 80 | 443)))?;
    let scheme = if port.number == 443 || port.name == "https" { "https" } else { "http" };
    let spelled = if port.name.is_empty() { port.number.to_string() } else { port.name.to_string() };
    Some((spelled, scheme))
}
