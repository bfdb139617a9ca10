//! Random objects of few names, so that they name, select and admit one another often.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

mod pods;

#[allow(dead_code, reason = "not every test asks for a port")]
pub const PORTS: [u16; 3] = [80, 8080, 5432];

const NAMES: [&str; 3] = ["web", "db", "db-0"];
const SPACES: [&str; 2] = ["a", "b"];
const GATEWAYS: &str = "gateway.networking.k8s.io";

/// An object without a UID. Cluster-scoped kinds get an empty namespace.
fn object(version: &str, kind: &str, (space, name): (&str, &str), labels: &Value, spec: Value) -> Value {
    let mut metadata = json!({"name": name, "labels": labels});
    if !space.is_empty() {
        metadata["namespace"] = space.into();
    }
    json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})
}

prop_compose! {
    fn place()(space in select(SPACES.to_vec()), name in select(NAMES.to_vec())) -> (&'static str, &'static str) {
        (space, name)
    }
}

prop_compose! {
    fn labels()(app in select(vec!["", "web", "db"]), tier in select(vec!["", "front"])) -> Value {
        let pairs = [("app", app), ("tier", tier)].into_iter().filter(|(_, value)| !value.is_empty());
        Value::Object(pairs.map(|(key, value)| (key.to_owned(), value.into())).collect())
    }
}

prop_compose! {
    fn selector()(pairs in labels(), operator in select(vec!["", "", "In", "NotIn", "Exists", "DoesNotExist"])) -> Value {
        let mut selector = json!({"matchLabels": pairs});
        if !operator.is_empty() {
            selector["matchExpressions"] = json!([{"key": "tier", "operator": operator, "values": ["front"]}]);
        }
        selector
    }
}

prop_compose! {
    fn membership()(of in select(vec!["", "", "ours", "helm", "kustomize", "tracked", "copied", "argo", "release", "instance", "name"])) -> (Value, Value) {
        match of {
            "ours" => (json!({"app.kubernetes.io/name": "n"}), json!({"broadstreet.io/app": "ours"})),
            "helm" => (json!({"helm.toolkit.fluxcd.io/name": "h", "helm.toolkit.fluxcd.io/namespace": "flux"}), json!({})),
            "kustomize" => (json!({"kustomize.toolkit.fluxcd.io/name": "k"}), json!({})),
            "tracked" => (json!({}), json!({"argocd.argoproj.io/tracking-id": "t:apps/Deployment:a/web"})),
            "copied" => (json!({"app.kubernetes.io/part-of": "p"}), json!({"argocd.argoproj.io/tracking-id": "t:/Pod:a/none"})),
            "argo" => (json!({"argocd.argoproj.io/instance": "i"}), json!({"meta.helm.sh/release-name": "r"})),
            "release" => (json!({}), json!({"meta.helm.sh/release-name": "r", "meta.helm.sh/release-namespace": "b"})),
            "instance" => (json!({"app.kubernetes.io/instance": "i", "app.kubernetes.io/name": "n"}), json!({})),
            "name" => (json!({"app.kubernetes.io/instance": "", "app.kubernetes.io/name": "n"}), json!({})),
            _ => (json!({}), json!({})),
        }
    }
}

prop_compose! {
    /// A Deployment or a standalone pod that calls somebody and gives a port a name.
    pub fn house()(at in place(), pod in any::<bool>(), labels in labels(), app in membership(), called in select(NAMES.to_vec()),
                   there in select(vec!["", ".a", ".b"]), port in select(vec!["", ":80", ":5432"]), named in select(PORTS.to_vec())) -> Value {
        let spec = json!({"containers": [{"name": "c", "args": [format!("http://{called}{there}{port}/")],
            "ports": [{"name": "http", "containerPort": named}]}]});
        let (mut own, annotations) = app;
        let mut house = if pod {
            own.as_object_mut().unwrap().extend(labels.as_object().unwrap().clone());
            object("v1", "Pod", at, &own, spec)
        } else {
            object("apps/v1", "Deployment", at, &own, json!({"template": {"metadata": {"labels": labels}, "spec": spec}}))
        };
        house["metadata"]["annotations"] = annotations;
        house
    }
}

prop_compose! {
    fn service()(at in place(), own in labels(), pairs in labels(), name in select(vec!["http", "metrics"]), number in select(vec![80u16, 443, 5432]),
                 target in select(vec![json!(null), json!("http"), json!(8080), json!("none")]), headless in any::<bool>()) -> Value {
        let cluster_ip = if headless { "None" } else { "10.1.1.1" };
        object("v1", "Service", at, &own, json!({"selector": pairs, "clusterIP": cluster_ip,
            "ports": [{"name": name, "port": number, "targetPort": target}]}))
    }
}

prop_compose! {
    fn peer()(spaces in select(vec![0, 1, 2, 3]), pods in prop::option::of(selector()), outside in select(vec![false, false, false, true])) -> Value {
        let spaces = match spaces {
            0 => Value::Null,
            1 => json!({}),
            2 => json!({"matchLabels": {"team": "x"}}),
            _ => json!({"matchLabels": {"kubernetes.io/metadata.name": "b"}}),
        };
        match pods {
            _ if outside => json!({"ipBlock": {"cidr": "0.0.0.0/0"}}),
            Some(pods) => json!({"namespaceSelector": spaces, "podSelector": pods}),
            None => json!({"namespaceSelector": spaces}),
        }
    }
}

prop_compose! {
    fn rule(peers: &'static str)(of in prop::collection::vec(peer(), 0..3), port in select(vec![
        json!([]), json!([]), json!([{"port": "http"}]), json!([{"port": 80}, {"port": 5432}]), json!([{"port": 80, "protocol": "UDP"}]),
        json!([{"port": 1000, "endPort": 9000}]), json!([{"protocol": "TCP"}])])) -> Value {
        json!({peers: of, "ports": port})
    }
}

prop_compose! {
    /// A `NetworkPolicy`, or a namespace as its peers see it.
    pub fn policy()(at in place(), of in selector(), types in select(vec![json!(null), json!([]), json!(["Egress"]), json!(["Ingress", "Egress"])]),
                    ingress in prop::collection::vec(rule("from"), 0..3), egress in prop::collection::vec(rule("to"), 0..3),
                    space in select(vec![false, false, false, true]), team in select(vec!["x", "y"])) -> Value {
        if space {
            return object("v1", "Namespace", ("", at.0), &json!({"team": team}), json!({}));
        }
        object("networking.k8s.io/v1", "NetworkPolicy", at, &json!({}),
            json!({"podSelector": of, "policyTypes": types, "ingress": ingress, "egress": egress}))
    }
}

prop_compose! {
    fn route()(at in place(), kind in select(vec!["HTTPRoute", "GRPCRoute"]), parent in select(NAMES.to_vec()), section in select(vec!["", "", "web", "tls"]),
               there in select(vec![json!(null), json!("a"), json!("b")]), told in select(vec!["", "True", "False"]), r#type in select(vec!["Accepted", "ResolvedRefs", "Programmed"]),
               backend in select(NAMES.to_vec()), port in select(vec![json!(null), json!(80), json!(443)]), mirror in any::<bool>()) -> Value {
        let parent = json!({"name": parent, "namespace": there, "sectionName": section});
        let reference = json!({"name": backend, "namespace": there, "port": port});
        let rule = if mirror { json!({"filters": [{"requestMirror": {"backendRef": reference}}]}) } else { json!({"backendRefs": [reference]}) };
        let mut route = object(&format!("{GATEWAYS}/v1"), kind, at, &json!({}), json!({"parentRefs": [parent], "rules": [rule]}));
        if !told.is_empty() {
            route["status"] = json!({"parents": [{"parentRef": parent, "conditions": [{"type": r#type, "status": told}]}]});
        }
        route
    }
}

prop_compose! {
    fn gateway()(at in place(), what in 0..3, listener in select(vec!["web", "tls"]), from in select(SPACES.to_vec()),
                 kind in select(vec!["HTTPRoute", "GRPCRoute"]), name in select(vec![json!(null), json!("web")])) -> Value {
        match what {
            0 => object(&format!("{GATEWAYS}/v1"), "Gateway", at, &json!({}), json!({"gatewayClassName": listener, "listeners": [{"name": listener}]})),
            1 => object(&format!("{GATEWAYS}/v1"), "GatewayClass", ("", listener), &json!({}), json!({})),
            _ => object(&format!("{GATEWAYS}/v1beta1"), "ReferenceGrant", at, &json!({}),
                json!({"from": [{"group": GATEWAYS, "kind": kind, "namespace": from}], "to": [{"group": "", "kind": "Service", "name": name}]})),
        }
    }
}

prop_compose! {
    fn monitor()(at in place(), pods in any::<bool>(), of in selector(), reach in select(vec![json!(null), json!({}), json!({"any": true}), json!({"matchNames": ["b"]})]),
                 port in select(vec![json!(null), json!("http")])) -> Value {
        let (kind, endpoints) = if pods { ("PodMonitor", "podMetricsEndpoints") } else { ("ServiceMonitor", "endpoints") };
        object("monitoring.coreos.com/v1", kind, at, &json!({}),
            json!({"selector": of, "namespaceSelector": reach, endpoints: [{"port": port}]}))
    }
}

prop_compose! {
    fn other()(at in place(), what in 0..8, target in select(NAMES.to_vec()), there in select(SPACES.to_vec()), port in select(vec![json!(null), json!(80)])) -> Value {
        let none = json!({});
        let service = json!({"namespace": there, "name": target, "port": port});
        match what {
            0 => object("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", at, &none, json!({"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}})),
            1 => object("keda.sh/v1alpha1", "ScaledObject", at, &none, json!({"scaleTargetRef": {"name": target}})),
            2 => {
                let mut hook = object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", ("", at.1), &none, json!({}));
                hook["webhooks"] = json!([{"clientConfig": {"service": service}}, {"clientConfig": {"service": service}}]);
                hook
            }
            3 => object("apiregistration.k8s.io/v1", "APIService", ("", at.1), &none, json!({"service": service})),
            4 => object("apiextensions.k8s.io/v1", "CustomResourceDefinition", ("", at.1), &none,
                json!({"conversion": {"strategy": if port.is_null() { "None" } else { "Webhook" }, "webhook": {"clientConfig": {"service": service}}}})),
            5 => object("cert-manager.io/v1", "Certificate", at, &none, json!({"secretName": target, "issuerRef": {"name": target, "kind": if there == "a" { "ClusterIssuer" } else { "Issuer" }}})),
            6 => object("cert-manager.io/v1", if there == "a" { "ClusterIssuer" } else { "Issuer" }, if there == "a" { ("", at.1) } else { at }, &none, json!({"ca": {"secretName": target}})),
            _ => object("v1", "Node", ("", at.1), &json!({"node.kubernetes.io/instance-type": there}), json!({})),
        }
    }
}

/// Any of them.
pub fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![4 => house(), 4 => service(), 2 => policy(), 3 => route(), 3 => gateway(), 2 => monitor(), 3 => other(), 21 => pods::anything()]
}
