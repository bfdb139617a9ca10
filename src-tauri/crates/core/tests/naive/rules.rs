//! Every rule of the table as plainly as it can be said: each object against each other, straight from the manifest. Here
//! stand 12, 16 (who is bound), 17, 21, 22 and 26 to 29; what it finds is written
//! `type rule state: /group/Kind/namespace/name -> …`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{list, space, text};

/// Kinds that live in no namespace, of those that are named here.
const ABOVE: [&str; 14] = [
    "Namespace",
    "Node",
    "PersistentVolume",
    "StorageClass",
    "IngressClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "GatewayClass",
    "ClusterIssuer",
    "ClusterSecretStore",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "CustomResourceDefinition",
    "APIService",
];

pub fn is_above(kind: &str) -> bool {
    ABOVE.contains(&kind)
}

/// The group of a version. An Event is one object, whichever of its two groups it is read in.
pub fn group(version: &str) -> &str {
    version.rsplit_once('/').map_or("", |(group, _)| group).trim_start_matches("events.k8s.io")
}

pub fn spelled(group: &str, kind: &str, namespace: &str, name: &str) -> String {
    let namespace = if is_above(kind) { "" } else { namespace };
    format!("/{group}/{kind}/{namespace}/{name}")
}

pub fn key(item: &Value) -> String {
    spelled(group(text(item, "/apiVersion")), text(item, "/kind"), space(item), text(item, "/metadata/name"))
}

pub fn or<'a>(said: &'a str, default: &'a str) -> &'a str {
    if said.is_empty() { default } else { said }
}

/// `matchLabels` and `matchExpressions` of a selector that is there.
pub fn selects(selector: &Value, labels: &Value) -> bool {
    let pairs = selector["matchLabels"].as_object();
    let words = |values: &Value| -> Vec<String> {
        values.as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    pairs.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && list(selector, "/matchExpressions").iter().all(|it| {
            let value = labels.get(text(it, "/key")).and_then(Value::as_str);
            let among = value.is_some_and(|value| words(&it["values"]).iter().any(|word| word == value));
            match text(it, "/operator") {
                "In" => among,
                "NotIn" => !among,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

/// What was found so far.
pub struct Found<'a> {
    pub items: &'a [Value],
    lines: BTreeSet<String>,
}

impl<'a> Found<'a> {
    /// The object of a key.
    pub fn find(&self, wanted: &str) -> Option<&'a Value> {
        self.items.iter().find(|item| key(item) == wanted)
    }

    pub fn is_there(&self, wanted: &str) -> bool {
        self.find(wanted).is_some()
    }

    /// One relation whose state is known.
    pub fn say(&mut self, from: &str, what: &str, to: &str, state: &str) {
        self.lines.insert(format!("{what} {state}: {from} -> {to}"));
    }

    /// One relation; broken only where both ends are there.
    pub fn add(&mut self, from: &Value, what: &str, to: &str, broken: bool) {
        let state = match self.find(to) {
            None => "dangling",
            Some(_) if broken => "broken",
            Some(_) => "ok",
        };
        self.say(&key(from), what, to, state);
    }

    /// Whether a Service that is there does not open a port.
    fn is_closed(&self, service: &str, port: Option<u64>) -> bool {
        let (Some(port), Some(service)) = (port, self.find(service)) else { return false };
        text(service, "/kind") == "Service"
            && !list(service, "/spec/ports").iter().any(|open| open["port"].as_u64() == Some(port))
    }
}

/// Every relation of these rules.
pub fn relations(items: &[Value]) -> BTreeSet<String> {
    let mut found = Found { items, lines: BTreeSet::new() };
    super::pods::relations(&mut found);
    super::storage::relations(&mut found);
    super::network::relations(&mut found);
    super::policies::relations(&mut found);
    for item in items {
        let (group, kind) = (group(text(item, "/apiVersion")), text(item, "/kind"));
        match (group, kind) {
            ("gateway.networking.k8s.io", "Gateway") => {
                let class = spelled(group, "GatewayClass", "", text(item, "/spec/gatewayClassName"));
                found.add(item, "classed-by 12", &class, false);
            }
            ("gateway.networking.k8s.io", "ReferenceGrant" | "GatewayClass") => {}
            ("gateway.networking.k8s.io", _) => route(&mut found, item),
            ("autoscaling.k8s.io", "VerticalPodAutoscaler") => {
                let target = &item["spec"]["targetRef"];
                let of = self::group(text(target, "/apiVersion"));
                let target = spelled(of, text(target, "/kind"), space(item), text(target, "/name"));
                found.add(item, "scales 17", &target, false);
            }
            ("keda.sh", "ScaledObject") => {
                let target = &item["spec"]["scaleTargetRef"];
                let of = self::group(or(text(target, "/apiVersion"), "apps/v1"));
                let kind = or(text(target, "/kind"), "Deployment");
                found.add(item, "scales 17", &spelled(of, kind, space(item), text(target, "/name")), false);
            }
            ("admissionregistration.k8s.io", _) => {
                for hook in list(item, "/webhooks") {
                    serves(&mut found, item, &hook["clientConfig"]["service"]);
                }
            }
            ("apiregistration.k8s.io", _) => serves(&mut found, item, &item["spec"]["service"]),
            ("apiextensions.k8s.io", _) if text(item, "/spec/conversion/strategy") == "Webhook" => {
                serves(&mut found, item, &item["spec"]["conversion"]["webhook"]["clientConfig"]["service"]);
            }
            ("monitoring.coreos.com", "ServiceMonitor") => watches(&mut found, item, "Service", "/spec/endpoints"),
            ("monitoring.coreos.com", "PodMonitor") => watches(&mut found, item, "Pod", ""),
            ("autoscaling", "HorizontalPodAutoscaler") => {
                let target = &item["spec"]["scaleTargetRef"];
                let of = self::group(text(target, "/apiVersion"));
                let target = spelled(of, text(target, "/kind"), space(item), text(target, "/name"));
                found.add(item, "scales 17", &target, false);
            }
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => binding(&mut found, item),
            ("", "Node") => {
                for (label, place) in PLACES {
                    let name = item["metadata"]["labels"][label].as_str().filter(|name| !name.is_empty());
                    if let Some(name) = name {
                        found.say(&key(item), "located-in 27", &format!("//{place}//{name}"), "ok");
                    }
                }
            }
            ("", "Event") => about(&mut found, item),
            _ => {}
        }
        if let Some(app) = app(item).filter(|_| super::policies::is_house(items, item)) {
            found.say(&key(item), "part-of 26", &app, "ok");
        }
        refers(&mut found, item, group, kind);
    }
    found.lines
}

/// Labels of a node that say where and what it is, with the kind of place.
const PLACES: [(&str, &str); 7] = [
    ("topology.kubernetes.io/zone", "Zone"),
    ("topology.kubernetes.io/region", "Region"),
    ("node.kubernetes.io/instance-type", "InstanceType"),
    ("eks.amazonaws.com/nodegroup", "Pool"),
    ("cloud.google.com/gke-nodepool", "Pool"),
    ("kubernetes.azure.com/agentpool", "Pool"),
    ("karpenter.sh/nodepool", "Pool"),
];

fn binding(found: &mut Found<'_>, item: &Value) {
    for subject in list(item, "/subjects").iter().filter(|it| text(it, "/kind") == "ServiceAccount") {
        let namespace = or(text(subject, "/namespace"), space(item));
        let to = spelled("", "ServiceAccount", namespace, text(subject, "/name"));
        found.add(item, "bound-to 16", &to, false);
    }
    let role = &item["roleRef"];
    let to = spelled("rbac.authorization.k8s.io", text(role, "/kind"), space(item), text(role, "/name"));
    found.add(item, "grants 16", &to, false);
}

/// 28: by UID, but for nodes, whose kubelet writes their name there.
fn about(found: &mut Found<'_>, item: &Value) {
    let about = if item["regarding"].is_object() { &item["regarding"] } else { &item["involvedObject"] };
    let (version, kind, name) = (text(about, "/apiVersion"), text(about, "/kind"), text(about, "/name"));
    let to = spelled(group(version), kind, text(about, "/namespace"), name);
    let own = found.find(&to).map_or("", |it| text(it, "/metadata/uid"));
    let said = text(about, "/uid");
    if kind != "Node" && !own.is_empty() && !said.is_empty() && own != said {
        found.say(&key(item), "about 28", &to, "dangling");
    } else {
        found.add(item, "about 28", &to, false);
    }
}

fn route(found: &mut Found<'_>, item: &Value) {
    let own = space(item);
    let same = |one: &Value, other: &Value| {
        let whole = |it: &Value| {
            let name = |path, default| or(text(it, path), default).to_owned();
            let group = it["group"].as_str().unwrap_or("gateway.networking.k8s.io").to_owned();
            [group, name("/kind", "Gateway"), name("/namespace", own), name("/name", ""), name("/sectionName", "")]
        };
        whole(one) == whole(other) && one["port"] == other["port"]
    };
    for parent in list(item, "/spec/parentRefs") {
        let group = parent["group"].as_str().unwrap_or("gateway.networking.k8s.io");
        let to = spelled(
            group,
            or(text(parent, "/kind"), "Gateway"),
            or(text(parent, "/namespace"), own),
            text(parent, "/name"),
        );
        let told = list(item, "/status/parents").iter().filter(|it| same(&it["parentRef"], parent));
        let refused = told
            .flat_map(|it| list(it, "/conditions"))
            .any(|it| ["Accepted", "ResolvedRefs"].contains(&text(it, "/type")) && text(it, "/status") == "False");
        let section = text(parent, "/sectionName");
        let lacks = found.find(&to).is_some_and(|it| {
            let listeners = list(it, "/spec/listeners");
            text(it, "/kind") == "Gateway" && !section.is_empty() && listeners.iter().all(|it| it["name"] != section)
        });
        found.add(item, "attaches 12", &to, refused || lacks);
    }
    let mut backends = Vec::new();
    let mut open: Vec<&Value> = list(item, "/spec/rules").iter().collect();
    while let Some(next) = open.pop() {
        backends.extend(list(next, "/backendRefs"));
        open.extend(list(next, "/backendRefs"));
        backends.extend(list(next, "/filters").iter().filter_map(|it| it.pointer("/requestMirror/backendRef")));
    }
    for backend in backends {
        let (group, kind) = (text(backend, "/group"), or(text(backend, "/kind"), "Service"));
        let (there, name) = (or(text(backend, "/namespace"), own), text(backend, "/name"));
        let to = spelled(group, kind, there, name);
        let granted = there == own
            || found.items.iter().filter(|it| text(it, "/kind") == "ReferenceGrant" && space(it) == there).any(|it| {
                let from = |from: &Value| {
                    from["group"] == self::group(text(item, "/apiVersion"))
                        && from["kind"] == item["kind"]
                        && from["namespace"] == own
                };
                let meant = |to: &Value| {
                    text(to, "/group") == group && to["kind"] == kind && ["", name].contains(&text(to, "/name"))
                };
                list(it, "/spec/from").iter().any(from) && list(it, "/spec/to").iter().any(meant)
            });
        let closed = found.is_closed(&to, backend["port"].as_u64());
        found.add(item, "routes 12", &to, closed || !granted);
    }
}

fn serves(found: &mut Found<'_>, item: &Value, service: &Value) {
    if !text(service, "/name").is_empty() {
        let to = spelled("", "Service", text(service, "/namespace"), text(service, "/name"));
        let closed = found.is_closed(&to, Some(service["port"].as_u64().unwrap_or(443)));
        found.add(item, "serves 21", &to, closed);
    }
}

fn watches(found: &mut Found<'_>, item: &Value, kind: &str, endpoints: &str) {
    let reach = &item["spec"]["namespaceSelector"];
    let names = list(reach, "/matchNames");
    let ports: Vec<&str> = list(item, endpoints).iter().map(|it| text(it, "/port")).collect();
    for target in found.items.iter().filter(|it| text(it, "/kind") == kind) {
        let reached = match names {
            _ if reach["any"] == true => true,
            [] => space(target) == space(item),
            names => names.iter().any(|name| name == space(target)),
        };
        if reached && selects(&item["spec"]["selector"], &target["metadata"]["labels"]) {
            let opens = |port: &&str| list(target, "/spec/ports").iter().any(|it| it["name"] == **port);
            let asked = kind == "Service" && !ports.is_empty() && !ports.contains(&"");
            found.add(item, "watches 22", &key(target), asked && !ports.iter().any(opens));
        }
    }
}

/// The app a house says it belongs to.
fn app(item: &Value) -> Option<String> {
    let of = |what: &str, key: &str| {
        let value = item["metadata"][what][key].as_str().unwrap_or_default();
        (!value.is_empty()).then(|| value.to_owned())
    };
    let (label, annotation) = (|key: &str| of("labels", key), |key: &str| of("annotations", key));
    let own = space(item).to_owned();
    let flux = |controller: &str| {
        let namespace = label(&format!("{controller}.toolkit.fluxcd.io/namespace")).unwrap_or_else(|| own.clone());
        Some((namespace, label(&format!("{controller}.toolkit.fluxcd.io/name"))?))
    };
    let tracked = || {
        let id = annotation("argocd.argoproj.io/tracking-id")?;
        let (app, rest) = id.split_once(':')?;
        let (group, kind) = (group(text(item, "/apiVersion")), text(item, "/kind"));
        let itself = rest == format!("{group}/{kind}:{own}/{}", text(item, "/metadata/name"));
        itself.then(|| (String::new(), app.to_owned()))
    };
    let helm = || {
        let namespace = annotation("meta.helm.sh/release-namespace").unwrap_or_else(|| own.clone());
        Some((namespace, annotation("meta.helm.sh/release-name")?))
    };
    let named = |key: &str| Some((own.clone(), label(&format!("app.kubernetes.io/{key}"))?));
    let (namespace, name) = annotation("broadstreet.io/app")
        .map(|name| (String::new(), name))
        .or_else(|| flux("helm"))
        .or_else(|| flux("kustomize"))
        .or_else(tracked)
        .or_else(|| Some((String::new(), label("argocd.argoproj.io/instance")?)))
        .or_else(helm)
        .or_else(|| named("instance"))
        .or_else(|| named("part-of"))
        .or_else(|| named("name"))?;
    Some(format!("//App/{namespace}/{name}"))
}

/// The fields of the allow-list: group and kind of who names, pointer, group and kind of what is named by default.
const FIELDS: [(&str, &str, &str, &str, &str); 18] = [
    ("cert-manager.io", "Certificate", "/spec/secretName", "", "Secret"),
    ("cert-manager.io", "Certificate", "/spec/issuerRef", "cert-manager.io", "Issuer"),
    ("cert-manager.io", "Issuer", "/spec/ca/secretName", "", "Secret"),
    ("cert-manager.io", "Issuer", "/spec/acme/privateKeySecretRef", "", "Secret"),
    ("external-secrets.io", "ExternalSecret", "/spec/secretStoreRef", "external-secrets.io", "SecretStore"),
    ("argoproj.io", "Rollout", "/spec/workloadRef", "apps", "Deployment"),
    ("flagger.app", "Canary", "/spec/targetRef", "apps", "Deployment"),
    ("flagger.app", "Canary", "/spec/autoscalerRef", "autoscaling", "HorizontalPodAutoscaler"),
    ("flagger.app", "Canary", "/spec/ingressRef", "networking.k8s.io", "Ingress"),
    (
        "helm.toolkit.fluxcd.io",
        "HelmRelease",
        "/spec/chart/spec/sourceRef",
        "source.toolkit.fluxcd.io",
        "HelmRepository",
    ),
    ("helm.toolkit.fluxcd.io", "HelmRelease", "/spec/chartRef", "source.toolkit.fluxcd.io", "HelmChart"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization", "/spec/sourceRef", "source.toolkit.fluxcd.io", "GitRepository"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization", "/spec/decryption/secretRef", "", "Secret"),
    ("source.toolkit.fluxcd.io", "GitRepository", "/spec/secretRef", "", "Secret"),
    ("source.toolkit.fluxcd.io", "HelmRepository", "/spec/secretRef", "", "Secret"),
    ("source.toolkit.fluxcd.io", "OCIRepository", "/spec/secretRef", "", "Secret"),
    ("source.toolkit.fluxcd.io", "Bucket", "/spec/secretRef", "", "Secret"),
    ("source.toolkit.fluxcd.io", "HelmChart", "/spec/sourceRef", "source.toolkit.fluxcd.io", "HelmRepository"),
];

fn refers(found: &mut Found<'_>, item: &Value, group: &str, kind: &str) {
    for (_, _, path, default_group, default_kind) in FIELDS.iter().filter(|it| it.0 == group && it.1 == kind) {
        let Some(named) = item.pointer(path) else { continue };
        let to = match named {
            Value::String(name) => spelled("", default_kind, space(item), name),
            _ => {
                let version = text(named, "/apiVersion");
                let group = or(text(named, "/group"), text(named, "/apiGroup"));
                let group = or(group, if version.is_empty() { default_group } else { self::group(version) });
                let kind = or(text(named, "/kind"), default_kind);
                spelled(group, kind, or(text(named, "/namespace"), space(item)), text(named, "/name"))
            }
        };
        found.add(item, "refers-to 29", &to, false);
    }
}
