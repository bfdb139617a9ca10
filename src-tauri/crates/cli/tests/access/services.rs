//! Alertmanager and Prometheus behind the API server: found in the cluster, and asked through its service proxy.

use serde_json::{Value, json};

use crate::place::desk::{Desk, answer_of_use};
use crate::place::kube::{Kube, status};
use crate::place::server::{Asked, Told};
use crate::place::{Place, doctor, line_of_use, until};

const ALERTMANAGER: &str = "/api/v1/namespaces/monitoring/services/alertmanager-main:web/proxy/api/v2";
const PROMETHEUS: &str = "/api/v1/namespaces/monitoring/services/https:prometheus-k8s:https/proxy/api/v1";

fn service(name: &str, labels: &Value, port: &Value) -> Value {
    json!({
        "metadata": { "name": name, "namespace": "monitoring", "uid": format!("uid-{name}"), "labels": labels },
        "spec": { "clusterIP": "10.0.0.7", "ports": [port] },
    })
}

/// A cluster with an Alertmanager, known by its name, a Prometheus, known by its label, and two that only sound alike.
fn monitored() -> Kube {
    let kube = Kube::start();
    kube.put("services", service("alertmanager-main", &json!({}), &json!({ "name": "web", "port": 9093 })));
    let said = json!({ "app.kubernetes.io/name": "prometheus" });
    kube.put("services", service("prometheus-k8s", &said, &json!({ "name": "https", "port": 9090 })));
    kube.put("services", service("prometheus-operator", &json!({}), &json!({ "name": "https", "port": 8443 })));
    kube.put("services", service("prometheus-adapter", &json!({}), &json!({ "name": "https", "port": 443 })));
    kube
}

fn firing() -> Value {
    json!({ "alertname": "CartDown", "severity": "critical", "namespace": "shop", "pod": "cart" })
}

/// What stands behind the proxy; nobody is answered who comes with the credentials of a desk or without the tenant.
fn behind_the_proxy(asked: &Asked) -> Option<Told> {
    if asked.path.contains("/services/") && asked.header("x-scope-orgid") != "blue" {
        return Some(Told::with(401, "no org id"));
    }
    let at = "2026-11-26T01:00:00Z";
    if let Some(path) = asked.path.strip_prefix(ALERTMANAGER) {
        let alert = json!({ "labels": firing(), "annotations": {}, "startsAt": at, "endsAt": at, "updatedAt": at,
            "fingerprint": "cart", "receivers": [{ "name": "warroom" }],
            "status": { "state": "active", "silencedBy": [], "inhibitedBy": [] } });
        let status = json!({ "versionInfo": { "version": "0.28.1" }, "cluster": { "status": "ready" },
            "config": { "original": "receivers:\n- name: warroom\n  webhook_configs:\n  - url: http://pager\n" } });
        return Some(match path {
            "/alerts" => Told::ok(json!([alert]).to_string()),
            "/silences" | "/alerts/groups" => Told::ok("[]"),
            "/status" => Told::ok(status.to_string()),
            _ => Told::with(404, ""),
        });
    }
    let path = asked.path.strip_prefix(PROMETHEUS)?;
    let alert = json!({ "labels": firing(), "annotations": {}, "state": "firing", "activeAt": at, "value": "1e+00" });
    let data = match path {
        "/alerts" => json!({ "alerts": [alert] }),
        "/rules" => json!({ "groups": [] }),
        "/query_range" => json!({ "resultType": "matrix", "result": [] }),
        "/status/buildinfo" => json!({ "version": "3.1.0" }),
        "/status/config" => json!({ "yaml": "global: {}\n" }),
        _ => return Some(Told::with(404, "")),
    };
    Some(Told::ok(json!({ "status": "success", "data": data }).to_string()))
}

fn cases(desk: &Desk) -> Vec<Value> {
    desk.call("cases", json!({ "at": null }))["cases"].as_array().cloned().unwrap_or_default()
}

#[test]
fn sources_in_the_cluster_are_found_and_asked_through_its_proxy_with_their_tenant() {
    let (place, kube) = (Place::new(), monitored());
    kube.fault(behind_the_proxy);
    let desk = place.serve(&["--kubeconfig", &place.kubeconfig_of(&kube)]);
    let found = until(10, "both Services", || {
        let found = desk.call("discover_sources", json!({}));
        (found.as_array().unwrap().len() == 2).then_some(found)
    });
    assert_eq!(
        (&found[0]["id"], &found[0]["kind"]),
        (&json!("alertmanager:alertmanager-main"), &json!("alertmanager"))
    );
    assert_eq!((&found[0]["proxy_port"], &found[0]["proxy_scheme"]), (&json!("web"), &json!("http")));
    assert_eq!((&found[1]["id"], &found[1]["kind"]), (&json!("prometheus:prometheus-k8s"), &json!("prometheus")));
    assert_eq!((&found[1]["proxy_port"], &found[1]["proxy_scheme"]), (&json!("https"), &json!("https")));
    // Saved as they were found, but for their tenant, as the form does.
    for one in found.as_array().unwrap() {
        let mut form = one.clone();
        form["tenant"] = json!("blue");
        form["poll_seconds"] = json!(1);
        desk.call("save_source", form);
    }
    for id in ["alertmanager:alertmanager-main", "prometheus:prometheus-k8s"] {
        desk.until_source(10, id, "asked through the cluster", |it| it["state"] == "live" && it["code"] == "");
    }
    let case = until(10, "the case", || cases(&desk).into_iter().find(|it| it["name"] == "CartDown"));
    assert_eq!(case["at"], "uid-kube-system//Pod/shop/cart", "it stands at its pod: {case:#}");
    assert_eq!(cases(&desk).len(), 1, "what both say is one case");
    assert_eq!(desk.call("discover_sources", json!({})), json!([]), "what is set up is not found again");
    // Nothing but GET went through, and nothing of it proves who asks: that is between the desk and the API server.
    let asked = kube.server.asked();
    let through: Vec<&Asked> = asked.iter().filter(|it| it.path.contains("/services/")).collect();
    assert!(through.len() >= 8, "{through:?}");
    assert!(asked.iter().all(|it| it.method == "GET"));
    assert!(through.iter().all(|it| it.header("authorization").is_empty()), "{through:?}");
    let (exit, lines) = doctor(&place, &[]);
    assert_eq!(exit, 0, "{lines:#?}");
    let is_told = |it: &&Value| it["source"] == "alertmanager:alertmanager-main" && it["state"] == "ok";
    let told = lines.iter().find(is_told).unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(told["text"].as_str().unwrap().contains("0.28.1"), "{told}");
}

#[test]
fn a_proxy_that_leads_nowhere_or_is_forbidden_is_named_with_the_service() {
    let (place, kube) = (Place::new(), monitored());
    let desk = place.serve(&["--kubeconfig", &place.kubeconfig_of(&kube)]);
    let form = json!({ "id": "alertmanager:main", "kind": "alertmanager", "proxy_namespace": "monitoring",
        "proxy_service": "alertmanager-main", "proxy_port": "web", "tenant": "blue", "poll_seconds": 1 });
    type Fault = fn(&Asked) -> Option<Told>;
    let faults: [(Fault, &str, &str); 3] = [
        (
            |asked| {
                asked.path.contains("/services/").then(|| status(403, "Forbidden", "Mei cannot get services/proxy"))
            },
            "unauthorized",
            "Mei cannot get services/proxy",
        ),
        (
            |asked| {
                let gone = || status(503, "ServiceUnavailable", "no endpoints available for service");
                asked.path.contains("/services/").then(gone)
            },
            "busy",
            "no endpoints available for service",
        ),
        (|asked| asked.path.contains("/services/").then(|| Told::with(401, "no org id")), "unauthorized", "no org id"),
    ];
    for (fault, code, words) in faults {
        kube.fault(fault);
        desk.call("save_source", form.clone());
        let seen = desk.until_source(10, "alertmanager:main", words, |it| it["why"].as_str().unwrap().contains(words));
        let trouble = json!({ "code": seen["code"], "message": seen["why"], "hint": seen["hint"] });
        answer_of_use(&trouble, code, "Service monitoring/alertmanager-main:web");
        let (exit, lines) = doctor(&place, &[]);
        assert_eq!(exit, 1);
        line_of_use(&lines, "failed", code, words);
    }
    kube.fault(behind_the_proxy);
    desk.until_source(10, "alertmanager:main", "well again", |it| it["state"] == "live" && it["code"] == "");
    // What the API server does not pass on is not taken from the form and then forgotten on the way.
    for credentials in
        [json!({ "credentials": "basic", "user": "mei", "secret": "s" }), json!({ "ca_file": "/ca.pem" })]
    {
        let mut with = form.clone();
        with.as_object_mut().unwrap().extend(credentials.as_object().unwrap().clone());
        answer_of_use(&desk.error("save_source", with), "bad_settings", "passes no password, token or certificate on");
    }
}
