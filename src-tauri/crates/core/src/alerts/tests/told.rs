//! Whom an alert told, files of alerts, and where sources are found.

use super::*;

// ------------------------------------------------------------------------------------------------- whom it told

fn manager(alerts: Vec<Alert>, receivers: &[(&str, bool)]) -> AlertPoll {
    let receivers = receivers.iter().map(|(name, tells)| Receiver {
        name: (*name).to_owned(),
        tells: *tells,
        ..Receiver::default()
    });
    AlertPoll { alerts, receivers: receivers.collect(), ..AlertPoll::default() }
}

fn routed(text: &str, receivers: &[&str]) -> Alert {
    Alert { receivers: receivers.iter().map(|name| (*name).to_owned()).collect(), ..alert(text) }
}

fn prometheus(alerts: Vec<Alert>, external: &str) -> AlertPoll {
    AlertPoll { alerts, external_labels: labels(external), ..AlertPoll::default() }
}

fn joined(managers: &[&AlertPoll], servers: &[&AlertPoll]) -> Vec<Alert> {
    let managers = managers.iter().map(|poll| (SourceKind::Alertmanager, "alertmanager:main".into(), *poll));
    let servers = servers.iter().map(|poll| (SourceKind::Prometheus, "prometheus:main".into(), *poll));
    join(&managers.chain(servers).collect::<Vec<_>>())
}

#[track_caller]
fn check_told(managers: &[&AlertPoll], servers: &[&AlertPoll], told: Told, why: &str) {
    let alerts = joined(managers, servers);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!((alerts[0].told, alerts[0].told_why.as_str()), (told, why));
}

fn within(cluster: &str, poll: AlertPoll) -> AlertPoll {
    AlertPoll { cluster: cluster.to_owned(), ..poll }
}

#[test]
fn the_same_labels_in_two_clusters_are_two_alerts() {
    let told = |cluster: &str| within(cluster, manager(vec![routed("a=1", &["pager"])], &[("pager", true)]));
    let known = |cluster: &str| within(cluster, prometheus(vec![alert("a=1")], ""));
    let clusters = |alerts: &[Alert]| -> Vec<(String, Told)> {
        let mut found: Vec<_> = alerts.iter().map(|it| (it.cluster.clone(), it.told)).collect();
        found.sort();
        found
    };
    let of = |cluster: &str, told| (cluster.to_owned(), told);
    let own = joined(&[&told("c"), &told("d")], &[&known("c"), &known("d")]);
    assert_eq!(clusters(&own), [of("c", Told::Somebody), of("d", Told::Somebody)]);
    assert_ne!(own[0].id, own[1].id);
    let silent = joined(&[&told("c")], &[&known("c"), &known("d")]);
    assert_eq!(clusters(&silent), [of("c", Told::Somebody), of("d", Told::Nobody)]);
    // One Alertmanager for all: it says of which cluster an alert is only where one Prometheus has it.
    let central = joined(&[&told("")], &[&known("c"), &known("d")]);
    assert_eq!(clusters(&central), [of("", Told::Somebody)]);
    let central = joined(&[&told("")], &[&known("c")]);
    assert_eq!(clusters(&central), [of("c", Told::Somebody)]);
    // A Prometheus that belongs to none, beside the Alertmanager of the one cluster there is.
    assert_eq!(clusters(&joined(&[&told("c")], &[&known("")])), [of("c", Told::Somebody)]);
}

#[test]
fn whom_an_alert_told() {
    let pager = [("pager", true), ("null", false), ("void", false)];
    let none = manager(Vec::new(), &pager);
    let known = prometheus(vec![alert("a=1")], "");
    let pending = |at: &str| Alert { state: AlertState::Pending, starts_at: at.parse().ok(), ..alert("a=1") };
    let pending = prometheus(vec![pending("2026-01-01T10:00:00Z")], "");
    let at = |receivers: &[&str]| manager(vec![routed("a=1", receivers)], &pager);
    check_told(&[&at(&["pager"])], &[&known], Told::Somebody, "");
    check_told(&[&at(&["null", "pager"])], &[], Told::Somebody, "");
    check_told(&[&at(&["null"])], &[&known], Told::Nobody, "routed only to the receiver `null`, which tells nobody");
    check_told(
        &[&at(&["null", "void"])],
        &[],
        Told::Nobody,
        "routed only to the receivers `null`, `void`, of which none tells anybody",
    );
    check_told(&[&at(&["unheard"])], &[], Told::Unknown, "");
    check_told(&[&none], &[&known], Told::Nobody, "Prometheus has it, Alertmanager does not");
    check_told(&[&none], &[&pending], Told::Nobody, "pending since 2026-01-01 10:00:00 UTC");
    check_told(&[], &[&pending], Told::Nobody, "pending since 2026-01-01 10:00:00 UTC");
    check_told(&[], &[&known], Told::Unknown, "");
    let muted = "muted by the time interval nights".to_owned();
    let muted = Alert { told: Told::Nobody, told_why: muted, ..routed("a=1", &["pager"]) };
    check_told(&[&manager(vec![muted], &pager)], &[&known], Told::Nobody, "muted by the time interval nights");
    check_told(&[&at(&["null"]), &at(&["pager"])], &[], Told::Somebody, "");
}

#[test]
fn one_alert_seen_by_both_is_one_whatever_external_labels_were_added() {
    let receivers = [("pager", true)];
    let told = manager(vec![routed("a=1 cluster=lab prometheus=lab/k8s", &["pager"])], &receivers);
    let knows = |external: &str| prometheus(vec![alert("a=1")], external);
    for external in ["cluster=lab prometheus=lab/k8s", ""] {
        let alerts = joined(&[&told], &[&knows(external)]);
        assert_eq!(alerts.len(), 1, "external labels `{external}`");
        assert_eq!(alerts[0].id, alert_id(&alert("a=1").labels, &Labels::new()));
        assert_eq!(alerts[0].labels.get("cluster").map(Text::as_str), Some("lab"));
    }
    let twice = manager(vec![routed("a=1 cluster=x", &["pager"]), routed("a=1 cluster=y", &["pager"])], &receivers);
    let alerts = joined(&[&twice], &[&knows("cluster=x replica=0"), &knows("cluster=y replica=1")]);
    assert_eq!(alerts.len(), 2, "two clusters behind one Alertmanager stay two");
    assert!(alerts.iter().all(|alert| alert.told == Told::Somebody));
}

#[test]
fn a_muted_alert_says_by_what_and_fires_where_one_replica_still_notifies() {
    let muted = Alert { state: AlertState::Silenced, muted_by: vec!["s1".to_owned()], ..routed("a=1", &["pager"]) };
    let silenced = manager(vec![muted], &[("pager", true)]);
    let firing = manager(vec![routed("a=1", &["pager"])], &[("pager", true)]);
    let alerts = joined(&[&silenced], &[&prometheus(vec![alert("a=1")], "")]);
    assert_eq!((alerts[0].state, alerts[0].muted_by.as_slice()), (AlertState::Silenced, &["s1".to_owned()][..]));
    let alerts = joined(&[&silenced, &firing], &[]);
    assert_eq!((alerts[0].state, alerts[0].muted_by.len()), (AlertState::Firing, 0));
}

#[test]
fn a_difference_names_what_came_changed_and_went() {
    let [one, two, three] = ["a=1", "a=2", "a=3"].map(alert);
    let before: BTreeMap<String, Alert> =
        [one.clone(), two.clone()].into_iter().map(|alert| (alert.id.clone(), alert)).collect();
    let differing = Alert { told: Told::Somebody, ..two };
    let changes = diff(&before, &[differing.clone(), three.clone()]);
    assert_eq!(changes.len(), 3);
    assert_eq!(changes[0], Change::AlertGone { source: one.source.clone(), id: one.id });
    assert!(changes.contains(&Change::Alert(Box::new(differing))) && changes.contains(&Change::Alert(Box::new(three))));
    assert!(diff(&before, &before.values().cloned().collect::<Vec<_>>()).is_empty());
}

// ------------------------------------------------------------------------------------------------------- files

#[test]
fn a_file_of_either_program_is_read() {
    let manager = json!([{"labels": {"alertname": "A", "namespace": "shop"}, "annotations": {"summary": "s"}, "fingerprint": "f",
        "startsAt": "2026-11-23T17:27:51.347Z", "endsAt": "2026-11-23T17:31:51.347Z", "receivers": [{"name": "pager"}],
        "status": {"state": "suppressed", "silencedBy": [], "inhibitedBy": ["x"]}}]);
    let alerts = parse_file(manager.to_string().as_bytes()).unwrap();
    assert_eq!((alerts[0].state, alerts[0].muted_by.len(), alerts[0].ends_at), (AlertState::Inhibited, 1, None));
    assert_eq!(alerts[0].receivers, ["pager"]);
    let v1 = json!({"status": "success", "data": manager});
    assert_eq!(parse_file(v1.to_string().as_bytes()).unwrap(), alerts);
    let prometheus = json!({"status": "success", "data": {"alerts": [
        {"labels": {"alertname": "A"}, "annotations": {}, "state": "pending", "activeAt": "2026-11-23T17:27:41.347389461Z", "value": "1e+00"}]}});
    let alerts = parse_file(prometheus.to_string().as_bytes()).unwrap();
    assert_eq!((alerts[0].state, alerts[0].starts_at.is_some()), (AlertState::Pending, true));
    let webhook = json!({"version": "4", "status": "firing", "alerts": [{"status": "resolved", "labels": {"a": "b"}, "endsAt": "2026-11-23T17:31:51Z"},
        {"status": "firing", "labels": {"a": "c"}, "endsAt": "0001-01-01T00:00:00Z"}]});
    let mut states: Vec<_> =
        parse_file(webhook.to_string().as_bytes()).unwrap().iter().map(|it| (it.state, it.ends_at.is_some())).collect();
    states.sort();
    assert_eq!(states, [(AlertState::Firing, false), (AlertState::Resolved, true)]);
}

#[track_caller]
fn check_bad(text: &str, why: &str) {
    let error = parse_file(text.as_bytes()).unwrap_err();
    assert!(error.why.contains(why), "{error}");
}

#[test]
fn a_file_that_is_no_alerts_says_why() {
    check_bad("", "EOF");
    check_bad("<html>", "expected value");
    check_bad("{}", "expected a list");
    check_bad(r#"{"status":"error","error":"query timed out"}"#, "query timed out");
    check_bad(r#"[{"labels":{"a":"b"}},{}]"#, "alert 2 has no labels");
    check_bad(r#"[{"labels":{"a":1}}]"#, "alert 1 has `labels.a` that is no text");
    check_bad(r#"[{"labels":[]}]"#, "`labels` that are no object");
    check_bad("[7]", "alert 1 has no labels");
}

#[test]
fn the_document_of_cases_carries_labels_rungs_and_reasons() {
    let file = json!([{"labels": {"alertname": "A", "namespace": "shop", "deployment": "cart"}}, {"labels": {"alertname": "B"}}]);
    let alerts = parse_file(file.to_string().as_bytes()).unwrap();
    let document = serde_json::to_value(document(&world(), &alerts)).unwrap();
    assert_eq!(document["cases"][0]["at"], json!({"is": "object", "key": "c/apps/Deployment/shop/cart"}));
    assert_eq!(document["cases"][0]["rung"], 2);
    assert_eq!(document["cases"][0]["also"][0]["rung"], 6);
    assert_eq!(document["tray"][0], json!({"labels": {"alertname": "B"}, "why": "no label names an object"}));
}

// ---------------------------------------------------------------------------------------------------- discovery

#[test]
fn alertmanager_and_prometheus_are_found_by_their_usual_names() {
    let port = |name: &str, number: u16| json!([{"name": name, "port": number}]);
    let named = |name: &str| json!({"app.kubernetes.io/name": name});
    let services = [
        service("monitoring", "alertmanager-main", &port("web", 9093), &named("alertmanager"), "10.2.0.2"),
        service("monitoring", "alertmanager-operated", &port("web", 9093), &json!({}), "None"),
        service("monitoring", "prometheus-k8s", &port("web", 9090), &named("prometheus"), "10.2.0.3"),
        service("monitoring", "prometheus-operator", &port("https", 8443), &named("prometheus-operator"), "10.2.0.4"),
        service("monitoring", "prometheus-adapter", &port("https", 443), &named("prometheus-adapter"), "10.2.0.5"),
        service("observe", "prometheus-server", &port("http", 80), &named("prometheus"), "10.2.0.6"),
        service("observe", "prometheus-node-exporter", &port("metrics", 9100), &json!({}), "10.2.0.7"),
        service("shop", "cart", &port("http", 9090), &json!({}), "10.2.0.8"),
    ];
    let found = discover(&World::from_changes(&changes("c", "lab", &services)));
    let found: Vec<String> = found
        .iter()
        .map(|it| {
            let proxy = it.proxy.clone().unwrap();
            format!("{} {}://{}/{}:{}", it.id, proxy.scheme, proxy.namespace, proxy.service, proxy.port)
        })
        .collect();
    assert_eq!(
        found,
        [
            "alertmanager:alertmanager-main http://monitoring/alertmanager-main:web",
            "prometheus:prometheus-k8s http://monitoring/prometheus-k8s:web",
            "prometheus:prometheus-server http://observe/prometheus-server:http",
        ]
    );
}
