//! What is kept of an object, and what is not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn body(value: &Value) -> Body {
    match reduce("c", value) {
        Ok(object) => object.body,
        Err(why) => panic!("{why}"),
    }
}

fn pod(spec: &Value) -> Pod {
    match body(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": spec})) {
        Body::Pod(pod) => *pod,
        other => panic!("{other:?}"),
    }
}

fn names(uses: &[NamedUse]) -> Vec<(&str, &str, bool)> {
    uses.iter().map(|used| (used.name.as_str(), used.field.as_str(), used.optional)).collect()
}

#[test]
fn every_kind_of_the_list_is_reduced() {
    for info in KINDS {
        let version =
            if info.group.is_empty() { info.version.to_owned() } else { format!("{}/{}", info.group, info.version) };
        let object =
            reduce("c", &json!({"apiVersion": version, "kind": info.kind, "metadata": {"name": "x"}})).unwrap();
        assert_eq!(object.key.group, info.group);
        assert_eq!(object.key.namespace, if info.namespaced { "default" } else { "" }, "{}", info.kind);
    }
    let plurals: std::collections::BTreeSet<&str> = KINDS.iter().map(|info| info.plural).collect();
    assert_eq!(plurals.len(), KINDS.len(), "a plural names one kind");
    assert!(KINDS.iter().all(|info| !info.older.contains(&info.version)));
    assert!(KINDS.iter().all(|info| info.metadata_only == (info.kind == "Secret")));
}

#[test]
fn an_object_recorded_before_a_field_was_kept_still_opens() {
    // What is not told is not written, so these are the objects as older recordings hold them.
    let later =
        ["addresses", "troubled", "outside", "observed_generation", "expected", "time_zone", "waits", "message"];
    for info in KINDS {
        let version =
            if info.group.is_empty() { info.version.to_owned() } else { format!("{}/{}", info.group, info.version) };
        let object =
            reduce("c", &json!({"apiVersion": version, "kind": info.kind, "metadata": {"name": "x"}})).unwrap();
        let written = serde_json::to_value(&object).unwrap();
        // Workloads, pods, nodes and Events always had some of these.
        let old = !matches!(object.body, Body::Workload(_) | Body::Pod(_) | Body::Event(_) | Body::Node(_));
        for field in later.iter().filter(|_| old) {
            assert!(written["body"].get(*field).is_none(), "{field} of {}", info.kind);
        }
        assert_eq!(serde_json::from_value::<Object>(written).unwrap(), object);
    }
    let route = json!({"kind": "route", "backends": [], "parents": [{"section": "", "refused": ["Accepted"],
        "target": {"field": "spec.parentRefs[0]", "group": "", "kind": "Gateway", "name": "g"}}]});
    assert!(serde_json::from_value::<Body>(route).is_ok());
    let hook = json!({"kind": "served", "services": [{"port": 443, "service": {"field": "f", "group": "", "kind": "Service", "name": "s"}}]});
    assert!(serde_json::from_value::<Body>(hook).is_ok());
}

#[test]
fn references_are_found_in_every_container_and_volume() {
    let pod = pod(&json!({
        "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "from-init"}}]}],
        "containers": [{"name": "c", "env": [
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one-key", "key": "k", "optional": true}}},
            {"name": "B", "valueFrom": {"secretKeyRef": {"name": "secret-key", "key": "k"}}}]}],
        "ephemeralContainers": [{"name": "e", "envFrom": [{"secretRef": {"name": "from-ephemeral"}}]}],
        "imagePullSecrets": [{"name": "pull"}],
        "volumes": [
            {"name": "v0", "projected": {"sources": [{"configMap": {"name": "projected"}}, {"secret": {"name": "projected-secret"}}]}},
            {"name": "v1", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "v2", "ephemeral": {"volumeClaimTemplate": {}}},
            {"name": "v3", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "csi"}}}]}));
    assert_eq!(
        names(&pod.template.config_maps),
        [
            ("from-init", "spec.initContainers[0].envFrom[0].configMapRef.name", false),
            ("one-key", "spec.containers[0].env[0].valueFrom.configMapKeyRef.name", true),
            ("projected", "spec.volumes[0].projected.sources[0].configMap.name", false),
        ]
    );
    let secrets: Vec<&str> = pod.template.secrets.iter().map(|used| used.name.as_str()).collect();
    assert_eq!(secrets, ["secret-key", "from-ephemeral", "projected-secret", "csi", "pull"]);
    let claims: Vec<&str> = pod.template.claims.iter().map(|used| used.name.as_str()).collect();
    assert_eq!(claims, ["data", "*-v2"]);
    assert_eq!(pod.template.service_account, "default");
    assert_eq!(pod.template.config_keys.len(), 1);
}

#[test]
fn variables_are_expanded_as_the_kubelet_does() {
    let pod = pod(&json!({"containers": [{"name": "c", "env": [
        {"name": "HOST", "value": "collector"},
        {"name": "URL", "value": "http://$(HOST):4317"},
        {"name": "ESCAPED", "value": "http://$$(HOST):1"},
        {"name": "LATER", "value": "http://$(AFTER):2"},
        {"name": "AFTER", "value": "x"}], "args": ["--to=$(HOST):4318"]}]}));
    let written: Vec<(String, Option<u16>)> = pod
        .template
        .hosts
        .iter()
        .filter_map(|token| match &token.host {
            HostName::Written(name) => Some((name.to_string(), token.port)),
            HostName::Hashed(_) => None,
        })
        .collect();
    assert_eq!(written, [("collector".to_owned(), Some(4317)), ("collector".to_owned(), Some(4318))]);
}

#[test]
fn values_are_never_kept() {
    const SECRET: &str = "s3cr3t-Value";
    let objects = [
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "annotations": {"note": SECRET}}, "data": {"k": SECRET},
               "stringData": {"k": SECRET}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": SECRET, "url": format!("http://u:{SECRET}@h/")}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d",
               "annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET}},
               "spec": {"template": {"spec": {"containers": [{"name": "c", "args": [SECRET], "command": ["x", SECRET],
               "env": [{"name": "P", "value": SECRET}, {"name": "U", "value": format!("postgres://u:{SECRET}@db:1/")}]}]}}}}),
    ];
    for object in &objects {
        let kept = serde_json::to_string(&reduce("c", object).unwrap()).unwrap();
        assert!(!kept.contains(SECRET), "{kept}");
    }
}

#[test]
fn both_shapes_of_an_event_say_the_same() {
    let old = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "n"}, "type": "Warning",
        "involvedObject": {"kind": "Pod", "namespace": "n", "name": "p", "uid": "u"}, "reason": "BackOff", "message": "again",
        "count": 4, "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:05:00Z", "source": {"component": "kubelet"}});
    let new = json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e", "namespace": "n"}, "type": "Warning",
        "regarding": {"kind": "Pod", "namespace": "n", "name": "p", "uid": "u"}, "reason": "BackOff", "note": "again",
        "eventTime": "2026-01-01T00:00:00.000000Z", "series": {"count": 4, "lastObservedTime": "2026-01-01T00:05:00.000000Z"},
        "reportingController": "kubelet"});
    let Body::Event(mut told) = body(&new) else { panic!("an Event") };
    assert!(std::mem::take(&mut told.regarding), "but for where the object it is about stands");
    assert_eq!(body(&old), Body::Event(told));
}

#[test]
fn an_object_of_the_wrong_shape_is_named() {
    let check = |value: Value, expected: (&str, &str)| {
        let malformed = reduce("c", &value).unwrap_err();
        assert_eq!((malformed.kind.as_str(), malformed.name.as_str()), expected, "{malformed}");
        assert!(!malformed.why.is_empty());
    };
    check(json!(null), ("object", ""));
    check(json!({"kind": "Pod"}), ("Pod", ""));
    check(
        json!({"kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": 3}}),
        ("Pod", "n/p"),
    );
    check(json!({"kind": "Pod", "metadata": {"name": "a/b"}}), ("Pod", "a/b"));
    check(json!({"kind": "Node", "metadata": {"name": "n", "creationTimestamp": "yesterday"}}), ("Node", "n"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "metadata",
        "spec",
        "status",
        "name",
        "containers",
        "env",
        "value",
        "template",
        "selector",
        "conditions",
        "data",
        "volumes",
        "endpoints",
        "ports",
        "rules",
        "subjects",
        "labels",
        "ownerReferences",
        "targetRef",
        "addresses",
        "http",
        "paths",
        "backend",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[a-z$(:/@.=]{0,24}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_json_makes_it_panic(kind in prop::sample::select(KINDS), spec in any_json(), status in any_json(), extra in any_json()) {
        let version = format!("{}/{}", kind.group, kind.version);
        let mut value = json!({"apiVersion": version.trim_start_matches('/'), "kind": kind.kind, "metadata": {"name": "x"},
            "spec": spec, "status": status});
        if let (Value::Object(fields), Value::Object(more)) = (&mut value, extra) {
            fields.extend(more);
        }
        let _ = reduce("c", &value);
    }

    #[test]
    fn no_text_makes_the_reading_of_hosts_panic(text in any::<String>()) {
        let _ = hosts::hosts_in_variable("A", &text, &|| "f".into());
        let _ = hosts::hosts_in_argument("-a", &text, &|| "f".into());
        let _ = hosts::hosts_in_data("a", &text, &|| "f".into());
    }
}
