//! One API object as JSON, reduced at the border to what the war room keeps.

use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

use super::custom::{is_known, references};
use super::gateway::{gateway, grant, route};
use super::hosts::hosts_in_data;
use super::json::{At, Read, gather, kept, said};
use super::kinds::known;
use super::others::{api_service, definition, monitor, scaled, vertical, webhooks};
use super::policy::policy;
use super::quota::quota;
use super::selector::selector;
use super::sieve::Json;
use super::template::template;
use super::{
    Autoscaler, Binding, Body, Claim, Condition, ConfigMap, ContainerStatus, ControllerRevision, CronJob, Custom,
    DisruptionBudget, Endpoint, EndpointSlice, Event, Ingress, IngressBackend, Job, Labels, NamedUse, Namespace, Node,
    Object, Owner, Plain, Pod, Port, Service, Terminated, Volume, Workload,
};
use crate::id::{ObjectKey, Text};
use crate::time::Moment;

/// Annotations that are kept; every other one may hold anything.
pub(super) const ANNOTATIONS: [&str; 11] = [
    "broadstreet.io/app",
    "argocd.argoproj.io/tracking-id",
    "meta.helm.sh/release-name",
    "meta.helm.sh/release-namespace",
    "deployment.kubernetes.io/revision",
    "kubernetes.io/config.mirror",
    "kubernetes.io/ingress.class",
    "kubectl.kubernetes.io/restartedAt",
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "ingressclass.kubernetes.io/is-default-class",
    "storageclass.kubernetes.io/is-default-class",
];

/// An object that does not have the shape its kind says.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("malformed {kind} `{name}`: {why}")]
pub struct Malformed {
    /// Its kind, as far as it says.
    pub kind: String,
    /// `namespace/name`, as far as it says.
    pub name: String,
    /// What is wrong.
    pub why: String,
}

/// Reduces one API object (with `apiVersion` and `kind`) of a cluster.
///
/// # Errors
/// When it has no kind or name, or a field has another type than the API says.
pub fn reduce(cluster: &str, value: &Value) -> Result<Object, Malformed> {
    match Json::deserialize(value) {
        Ok(json) => reduce_json(cluster, &json),
        Err(error) => Err(Malformed { kind: "object".to_owned(), name: String::new(), why: error.to_string() }),
    }
}

/// Reduces one API object as it was read through the sieve; much the faster way.
///
/// # Errors
/// As [`reduce`].
pub fn reduce_json(cluster: &str, json: &Json<'_>) -> Result<Object, Malformed> {
    let at = At(json);
    let kind = at.get("kind").0.as_str().unwrap_or_default();
    object(cluster, at, kind).map_err(|why| {
        let place = |field: &str| at.get(field).0.as_str().unwrap_or_default().to_owned();
        let name = format!("{}/{}", place("metadata.namespace"), place("metadata.name"));
        Malformed {
            kind: if kind.is_empty() { "object".to_owned() } else { kind.to_owned() },
            name: name.trim_start_matches('/').to_owned(),
            why,
        }
    })
}

fn object(cluster: &str, at: At<'_>, kind: &str) -> Read<Object> {
    let version = at.read("apiVersion")?;
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    let name = at.read("metadata.name")?;
    if kind.is_empty() {
        return Err("it has no `kind`".to_owned());
    }
    if name.is_empty() || name.contains('/') {
        return Err("it has no usable `metadata.name`".to_owned());
    }
    let namespace = at.read("metadata.namespace")?;
    // The same Event is served in two groups; here it is one object.
    let group = if kind == "Event" { "" } else { group };
    // A file that names no namespace means the one kubectl would put it in.
    let loose = namespace.is_empty() && known(group, kind).is_some_and(|info| info.namespaced);
    let namespace = if loose { "default" } else { namespace };
    let mut annotations = at.map("metadata.annotations")?;
    if annotations.keys().any(|key| !ANNOTATIONS.contains(&key.as_str())) {
        annotations = annotations.into_iter().filter(|(key, _)| ANNOTATIONS.contains(&key.as_str())).collect();
    }
    let owners = gather(at.list("metadata.ownerReferences")?, |owner| {
        let version = owner.read("apiVersion")?;
        Ok(Owner {
            group: version.rsplit_once('/').map_or(Text::new(), |(group, _)| said(group)),
            kind: owner.word("kind")?,
            name: owner.word("name")?,
            uid: owner.read("uid")?.into(),
            controller: owner.yes("controller")?,
        })
    })?;
    let labels = kept(at.map("metadata.labels")?);
    Ok(Object {
        key: ObjectKey {
            cluster: said(cluster),
            group: said(group),
            kind: said(kind),
            namespace: said(namespace),
            name: Text::from(name),
        },
        uid: at.read("metadata.uid")?.into(),
        resource_version: at.read("metadata.resourceVersion")?.into(),
        created_at: at.moment("metadata.creationTimestamp")?,
        deleted_at: at.moment("metadata.deletionTimestamp")?,
        generation: at.count("metadata.generation")?,
        annotations: kept(annotations),
        owners: if owners.is_empty() { Arc::default() } else { owners.into() },
        finalizers: at.texts("metadata.finalizers")?.iter().map(|name| said(name)).collect(),
        body: body(at, group, kind, &labels)?,
        labels,
    })
}

fn body(at: At<'_>, group: &str, kind: &str, labels: &Arc<Labels>) -> Read<Body> {
    Ok(match (group, kind) {
        ("", "Namespace") => Body::from(Namespace { phase: at.text("status.phase")?, conditions: conditions(at)? }),
        ("", "Node") => Body::from(node(at)?),
        ("", "Pod") => Body::from(pod(at, Arc::clone(labels))?),
        ("apps", "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet") => {
            Body::Workload(Box::new(workload(at, kind)?))
        }
        ("batch", "Job") => Body::from(Job {
            completions: at.number("spec.completions")?,
            suspended: at.yes("spec.suspend")?,
            active: at.count("status.active")?,
            succeeded: at.count("status.succeeded")?,
            failed: at.count("status.failed")?,
            has_status: told(at),
            conditions: conditions(at)?,
            template: template(
                at.get("spec.template.spec"),
                kept(at.map("spec.template.metadata.labels")?),
                "spec.template.spec",
            )?,
        }),
        ("batch", "CronJob") => Body::from(CronJob {
            schedule: at.text("spec.schedule")?,
            suspended: at.yes("spec.suspend")?,
            last_schedule: at.moment("status.lastScheduleTime")?,
            last_success: at.moment("status.lastSuccessfulTime")?,
            time_zone: at.text("spec.timeZone")?,
            waits: at.text("spec.concurrencyPolicy")? == "Forbid",
            active: i64::try_from(at.list("status.active")?.len()).unwrap_or(i64::MAX),
            has_status: told(at),
            template: template(
                at.get("spec.jobTemplate.spec.template.spec"),
                kept(at.map("spec.jobTemplate.spec.template.metadata.labels")?),
                "spec.jobTemplate.spec.template.spec",
            )?,
        }),
        ("", "Service") => Body::from(Service {
            r#type: at.word("spec.type")?,
            // An external name is followed instead, whatever is selected.
            selector: if at.word("spec.type")? == "ExternalName" {
                Labels::default()
            } else {
                at.map("spec.selector")?
            },
            ports: gather(at.list("spec.ports")?, |port| {
                Ok(Port {
                    name: port.word("name")?,
                    number: u16::try_from(port.count("port")?).unwrap_or_default(),
                    target: said(&port.scalar("targetPort")?),
                    protocol: said(&port.read("protocol")?.replace("TCP", "")),
                })
            })?
            .into(),
            external_name: at.own_word("spec.externalName")?,
            cluster_ip: at.own_word("spec.clusterIP")?,
        }),
        ("discovery.k8s.io", "EndpointSlice") => Body::from(slice(at)?),
        ("", "Endpoints") => Body::from(endpoints(at)?),
        ("networking.k8s.io", "Ingress") => Body::from(ingress(at)?),
        ("networking.k8s.io", "NetworkPolicy") => Body::from(policy(at)?),
        ("", "ConfigMap") => Body::from(config_map(at)),
        ("", "PersistentVolumeClaim") => Body::from(Claim {
            phase: at.text("status.phase")?,
            volume: at.text("spec.volumeName")?,
            class: at.text("spec.storageClassName")?,
            access_modes: at.texts("spec.accessModes")?,
            conditions: conditions(at)?,
        }),
        ("", "PersistentVolume") => Body::Volume(Box::new(volume(at)?)),
        ("", "ResourceQuota") => Body::from(quota(at)),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => Body::from(Binding {
            role_kind: at.text("roleRef.kind")?,
            role_name: at.text("roleRef.name")?,
            subjects: at
                .list("subjects")?
                .map(|s| Ok((s.text("kind")?, s.text("namespace")?, s.text("name")?)))
                .collect::<Read<_>>()?,
        }),
        ("autoscaling", "HorizontalPodAutoscaler") => Body::Autoscaler(Box::new(Autoscaler {
            target: (
                at.text("spec.scaleTargetRef.apiVersion")?
                    .rsplit_once('/')
                    .map_or(String::new(), |(group, _)| group.to_owned()),
                at.text("spec.scaleTargetRef.kind")?,
                at.text("spec.scaleTargetRef.name")?,
            ),
            min: at.number("spec.minReplicas")?.unwrap_or(1),
            max: at.count("spec.maxReplicas")?,
            current: at.count("status.currentReplicas")?,
            desired: at.count("status.desiredReplicas")?,
            has_status: at.has("status.conditions"),
            conditions: conditions(at)?,
        })),
        ("policy", "PodDisruptionBudget") => Body::from(DisruptionBudget {
            selector: selector(at.get("spec.selector"))?,
            allowed: at.count("status.disruptionsAllowed")?,
            healthy: at.count("status.currentHealthy")?,
            desired: at.count("status.desiredHealthy")?,
            expected: at.count("status.expectedPods")?,
            observed_generation: at.count("status.observedGeneration")?,
            conditions: conditions(at)?,
            has_status: told(at),
        }),
        ("", "Event") => Body::Event(Box::new(event(at)?)),
        ("apps", "ControllerRevision") => Body::from(ControllerRevision { revision: at.count("revision")? }),
        ("gateway.networking.k8s.io", "Gateway") => Body::from(gateway(at)?),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "UDPRoute" | "TLSRoute") => {
            Body::from(route(at)?)
        }
        ("gateway.networking.k8s.io", "ReferenceGrant") => Body::from(grant(at)?),
        ("autoscaling.k8s.io", "VerticalPodAutoscaler") => Body::Scaler(Box::new(vertical(at)?)),
        ("keda.sh", "ScaledObject") => Body::Scaler(Box::new(scaled(at)?)),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration") => {
            Body::from(webhooks(at)?)
        }
        ("apiregistration.k8s.io", "APIService") => Body::from(api_service(at)?),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Body::from(definition(at)?),
        ("monitoring.coreos.com", "ServiceMonitor") => Body::from(monitor(at, "spec.endpoints")?),
        ("monitoring.coreos.com", "PodMonitor") => Body::from(monitor(at, "spec.podMetricsEndpoints")?),
        ("", "Secret") => Body::from(Plain::default()),
        _ if is_known(group, kind) => Body::from(Custom {
            references: references(at, group, kind)?,
            conditions: conditions(at).unwrap_or_default(),
            observed_generation: observed(at),
        }),
        _ => Body::from(Plain { conditions: conditions(at).unwrap_or_default(), observed_generation: observed(at) }),
    })
}

/// True where somebody reported a status; `status: {}` stands in many files.
fn told(at: At<'_>) -> bool {
    at.get("status").0.fields().is_some_and(|status| !status.is_empty())
}

/// The generation a status is about: `status.observedGeneration`, or the oldest a condition was read at; 0 where nothing
/// says it.
pub(super) fn observed(at: At<'_>) -> i64 {
    if let Ok(Some(told)) = at.number("status.observedGeneration") {
        return told;
    }
    let conditions = at.list("status.conditions").into_iter().flatten();
    conditions.filter_map(|condition| condition.number("observedGeneration").ok()?).min().unwrap_or_default()
}

/// `status.conditions`.
pub(super) fn conditions(at: At<'_>) -> Read<Box<[Condition]>> {
    conditions_in(at, "status.conditions")
}

/// Conditions at a path.
pub(super) fn conditions_in(at: At<'_>, path: &str) -> Read<Box<[Condition]>> {
    gather(at.list(path)?, condition).map(Into::into)
}

fn condition(condition: At<'_>) -> Read<Condition> {
    let reason = condition.word("reason")?;
    // While a rollout moves this changes with every pod and says nothing a person reads.
    let ended = matches!(reason.as_str(), "NewReplicaSetAvailable" | "ProgressDeadlineExceeded");
    Ok(Condition {
        r#type: condition.word("type")?,
        status: condition.word("status")?,
        reason,
        message: condition.message("message")?,
        changed_at: condition.moment("lastTransitionTime")?,
        updated_at: if ended { condition.moment("lastUpdateTime")? } else { None },
    })
}

fn node(at: At<'_>) -> Read<Node> {
    Ok(Node {
        cordoned: at.yes("spec.unschedulable")?,
        taints: at
            .list("spec.taints")?
            .map(|taint| {
                let value = taint.text("value")?;
                let value = if value.is_empty() { value } else { format!("={value}") };
                Ok(format!("{}{value}:{}", taint.text("key")?, taint.text("effect")?))
            })
            .collect::<Read<_>>()?,
        conditions: conditions(at)?,
        addresses: at.list("status.addresses")?.map(|address| address.text("address")).collect::<Read<_>>()?,
        kubelet_version: at.text("status.nodeInfo.kubeletVersion")?,
        lease_fresh: None,
    })
}

fn pod(at: At<'_>, labels: Arc<Labels>) -> Read<Pod> {
    let mut containers = Vec::new();
    for (path, init) in [("status.initContainerStatuses", true), ("status.containerStatuses", false)] {
        for status in at.list(path)? {
            containers.push(ContainerStatus {
                name: status.word("name")?,
                init,
                ready: status.yes("ready")?,
                restarts: status.count("restartCount")?,
                image: status.word("image")?,
                waiting: status.word("state.waiting.reason")?,
                waiting_message: status.message("state.waiting.message")?,
                running_since: status.moment("state.running.startedAt")?,
                terminated: terminated(status.get("state.terminated"))?,
                last_terminated: terminated(status.get("lastState.terminated"))?,
            });
        }
    }
    Ok(Pod {
        template: template(at.get("spec"), labels, "spec")?,
        node: at.word("spec.nodeName")?,
        phase: at.word("status.phase")?,
        reason: at.word("status.reason")?,
        message: at.message("status.message")?,
        ip: at.own_word("status.podIP")?,
        host_ip: at.word("status.hostIP")?,
        started_at: at.moment("status.startTime")?,
        conditions: telling(at)?,
        containers: containers.into(),
    })
}

/// The conditions of a pod that say something: of what went well on the way up only `Ready` is told, where it is told at
/// all.
fn telling(at: At<'_>) -> Read<Box<[Condition]>> {
    const STEPS: [&str; 4] = ["PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady"];
    let all = at.list("status.conditions")?;
    let is = |it: At<'_>, field: &str, word: &str| it.get(field).0.as_str() == Some(word);
    let is_told = all.clone().any(|condition| is(condition, "type", "Ready"));
    let is_step = |it: At<'_>| is(it, "status", "True") && STEPS.iter().any(|step| is(it, "type", step));
    let telling: Vec<At<'_>> = all.filter(|condition| !(is_told && is_step(*condition))).collect();
    gather(telling.into_iter(), condition).map(Into::into)
}

fn terminated(at: At<'_>) -> Read<Option<Box<Terminated>>> {
    if at.0.is_null() {
        return Ok(None);
    }
    Ok(Some(Box::new(Terminated {
        exit_code: at.count("exitCode")?,
        reason: at.word("reason")?,
        finished_at: at.moment("finishedAt")?,
    })))
}

fn workload(at: At<'_>, kind: &str) -> Read<Workload> {
    let daemon = kind == "DaemonSet";
    let pick = |plain: &str, daemons: &str| at.count(if daemon { daemons } else { plain });
    Ok(Workload {
        desired: if daemon {
            at.count("status.desiredNumberScheduled")?
        } else {
            at.number("spec.replicas")?.unwrap_or(1)
        },
        current: pick("status.replicas", "status.currentNumberScheduled")?,
        ready: pick("status.readyReplicas", "status.numberReady")?,
        available: pick("status.availableReplicas", "status.numberAvailable")?,
        updated: pick("status.updatedReplicas", "status.updatedNumberScheduled")?,
        misscheduled: at.count("status.numberMisscheduled")?,
        observed_generation: at.count("status.observedGeneration")?,
        has_status: told(at),
        paused: at.yes("spec.paused")?,
        current_revision: at.word("status.currentRevision")?,
        update_revision: at.word("status.updateRevision")?,
        selector: selector(at.get("spec.selector"))?,
        conditions: conditions(at)?,
        template: template(
            at.get("spec.template.spec"),
            kept(at.map("spec.template.metadata.labels")?),
            "spec.template.spec",
        )?,
        claim_templates: at
            .list("spec.volumeClaimTemplates")?
            .map(|claim| claim.word("metadata.name"))
            .collect::<Read<_>>()?,
    })
}

fn slice(at: At<'_>) -> Read<EndpointSlice> {
    Ok(EndpointSlice {
        service: at.map("metadata.labels")?.remove("kubernetes.io/service-name").unwrap_or_default().to_string(),
        endpoints: at
            .list("endpoints")?
            .map(|endpoint| {
                let pod = endpoint.text("targetRef.kind")? == "Pod";
                Ok(Endpoint {
                    addresses: endpoint.texts("addresses")?,
                    target_uid: endpoint.read("targetRef.uid")?.into(),
                    target_pod: if pod { endpoint.text("targetRef.name")? } else { String::new() },
                    ready: endpoint.flag("conditions.ready")?.unwrap_or(true),
                    serving: endpoint.flag("conditions.serving")?.unwrap_or(true),
                    terminating: endpoint.yes("conditions.terminating")?,
                })
            })
            .collect::<Read<_>>()?,
        subsets: Vec::new(),
    })
}

/// What stands behind a Service as it was told before there were slices.
fn endpoints(at: At<'_>) -> Read<EndpointSlice> {
    let mut told = EndpointSlice { service: at.text("metadata.name")?, ..EndpointSlice::default() };
    for subset in at.list("subsets")? {
        let mut many = [0, 0];
        for (many, (place, ready)) in many.iter_mut().zip([("addresses", true), ("notReadyAddresses", false)]) {
            for address in subset.list(place)? {
                let pod = address.text("targetRef.kind")? == "Pod";
                told.endpoints.push(Endpoint {
                    addresses: vec![address.text("ip")?],
                    target_uid: address.read("targetRef.uid")?.into(),
                    target_pod: if pod { address.text("targetRef.name")? } else { String::new() },
                    ready,
                    serving: ready,
                    terminating: false,
                });
                *many += 1;
            }
        }
        told.subsets.push((many[0], many[1]));
    }
    Ok(told)
}

fn ingress(at: At<'_>) -> Read<Ingress> {
    let mut backends = Vec::new();
    let mut add = |backend: At<'_>, field: String| -> Read<()> {
        if backend.0.is_null() {
            return Ok(());
        }
        let resource = backend.get("resource");
        backends.push(IngressBackend {
            field: said(&format!("{field}.{}", if resource.0.is_null() { "service.name" } else { "resource" })),
            service: backend.word("service.name")?,
            port: match backend.read("service.port.name")? {
                "" => said(&backend.scalar("service.port.number")?),
                name => said(name),
            },
            resource: if resource.0.is_null() {
                Text::new()
            } else {
                format!("{}/{}/{}", resource.read("apiGroup")?, resource.read("kind")?, resource.read("name")?).into()
            },
        });
        Ok(())
    };
    add(at.get("spec.defaultBackend"), "spec.defaultBackend".to_owned())?;
    for (r, rule) in at.list("spec.rules")?.enumerate() {
        for (p, path) in rule.list("http.paths")?.enumerate() {
            add(path.get("backend"), format!("spec.rules[{r}].http.paths[{p}].backend"))?;
        }
    }
    let class = match at.word("spec.ingressClassName")? {
        class if class.is_empty() => {
            at.map("metadata.annotations")?.remove("kubernetes.io/ingress.class").unwrap_or_default()
        }
        class => class,
    };
    let mut tls = gather(at.list("spec.tls")?.enumerate(), |(i, tls)| {
        let field = said(&format!("spec.tls[{i}].secretName"));
        Ok(NamedUse { name: tls.word("secretName")?, field, optional: false })
    })?;
    tls.retain(|tls| !tls.name.is_empty());
    let mut addresses = Vec::new();
    for one in at.list("status.loadBalancer.ingress")? {
        let (ip, name) = (one.word("ip")?, one.word("hostname")?);
        addresses.push(if ip.is_empty() { name } else { ip });
    }
    addresses.retain(|address| !address.is_empty());
    Ok(Ingress { class, backends: backends.into(), tls: tls.into(), addresses: addresses.into() })
}

fn config_map(at: At<'_>) -> ConfigMap {
    let mut keys = Vec::new();
    let mut hosts = Vec::new();
    for path in ["data", "binaryData"] {
        if let Json::Map(fields) = at.get(path).0 {
            for (key, value) in fields {
                keys.push(key.clone().into_owned());
                if let (Json::Text(text), "data") = (value, path) {
                    hosts.extend(hosts_in_data(key, text, &|| format!("data[{key}]").into()));
                }
            }
        }
    }
    keys.sort();
    ConfigMap { keys, hosts }
}

fn volume(at: At<'_>) -> Read<Volume> {
    let mut affinity = Vec::new();
    for term in at.list("spec.nodeAffinity.required.nodeSelectorTerms")? {
        for expression in term.list("matchExpressions")? {
            if expression.text("operator")? == "In" {
                let key = expression.text("key")?;
                affinity.extend(expression.texts("values")?.into_iter().map(|value| format!("{key}={value}")));
            }
        }
    }
    let claim = at.text("spec.claimRef.name")?;
    Ok(Volume {
        phase: at.text("status.phase")?,
        reason: at.text("status.reason")?,
        message: at.message("status.message")?.to_string(),
        claim: if claim.is_empty() { claim } else { format!("{}/{claim}", at.text("spec.claimRef.namespace")?) },
        claim_uid: at.read("spec.claimRef.uid")?.into(),
        class: at.text("spec.storageClassName")?,
        affinity,
    })
}

/// Core `v1` and `events.k8s.io/v1` name the same things differently.
fn event(at: At<'_>) -> Read<Event> {
    let regarding = !at.has("involvedObject");
    let about = at.get(if regarding { "regarding" } else { "involvedObject" });
    let version = about.text("apiVersion")?;
    let first = |paths: [&str; 4]| -> Read<Option<Moment>> {
        for path in paths {
            if let Some(moment) = at.moment(path)? {
                return Ok(Some(moment));
            }
        }
        Ok(None)
    };
    let count = at.number("series.count")?.or(at.number("count")?).or(at.number("deprecatedCount")?).unwrap_or(1);
    let component = match at.text("reportingComponent")? {
        name if name.is_empty() => match at.text("reportingController")? {
            name if name.is_empty() => at.text("source.component")?,
            name => name,
        },
        name => name,
    };
    Ok(Event {
        about: (
            version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned()),
            about.text("kind")?,
            about.text("namespace")?,
            about.text("name")?,
        ),
        regarding,
        about_uid: about.read("uid")?.into(),
        r#type: at.text("type")?,
        reason: at.text("reason")?,
        message: at.message(if at.has("message") { "message" } else { "note" })?.to_string(),
        count,
        first_at: first(["firstTimestamp", "deprecatedFirstTimestamp", "eventTime", "metadata.creationTimestamp"])?,
        last_at: first(["series.lastObservedTime", "lastTimestamp", "deprecatedLastTimestamp", "eventTime"])?,
        component,
    })
}
