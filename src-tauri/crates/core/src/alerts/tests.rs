//! Where alerts belong, and whom they told: one line a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::ports::{AlertPoll, Receiver, SourceKind};
use crate::resource::reduce;
use crate::world::{Change, World};

mod gone;
mod mixin;
mod told;
mod truth;

fn object(api: &str, kind: &str, space: &str, name: &str, more: &Value) -> Value {
    let mut value = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": space, "uid": format!("{kind}-{space}-{name}")}});
    for (field, part) in more.as_object().into_iter().flatten() {
        match field.as_str() {
            "labels" | "ownerReferences" => value["metadata"][field] = part.clone(),
            _ => value[field] = part.clone(),
        }
    }
    value
}

fn owned(kind: &str, space: &str, name: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("{kind}-{space}-{name}"), "controller": true}])
}

fn pod(space: &str, name: &str, owner: (&str, &str), ip: &str, node: &str) -> Value {
    let more = json!({"ownerReferences": owned(owner.0, space, owner.1), "spec": {"nodeName": node, "containers": []},
        "status": {"podIP": ip, "hostIP": "10.9.0.1", "phase": "Running"}});
    object("v1", "Pod", space, name, &more)
}

fn service(space: &str, name: &str, ports: &Value, labels: &Value, ip: &str) -> Value {
    object("v1", "Service", space, name, &json!({"labels": labels, "spec": {"ports": ports, "clusterIP": ip}}))
}

fn manifests() -> Vec<Value> {
    let none = json!({});
    let one = json!({"spec": {"replicas": 1}});
    vec![
        object("v1", "Namespace", "", "shop", &none),
        object("v1", "Namespace", "", "monitoring", &none),
        object(
            "v1",
            "Node",
            "",
            "worker-1",
            &json!({"status": {"addresses": [{"type": "InternalIP", "address": "10.9.0.1"}]}}),
        ),
        object(
            "v1",
            "Node",
            "",
            "worker-2",
            &json!({"status": {"addresses": [{"type": "InternalIP", "address": "10.9.0.2"}]}}),
        ),
        object(
            "apps/v1",
            "Deployment",
            "shop",
            "cart",
            &json!({"labels": {"app": "cart", "app.kubernetes.io/name": "basket"}}),
        ),
        object(
            "apps/v1",
            "ReplicaSet",
            "shop",
            "cart-5f6868ff98",
            &json!({"ownerReferences": owned("Deployment", "shop", "cart")}),
        ),
        pod("shop", "cart-5f6868ff98-brpsq", ("ReplicaSet", "cart-5f6868ff98"), "10.1.0.5", "worker-1"),
        object("apps/v1", "StatefulSet", "shop", "db", &one),
        object("apps/v1", "DaemonSet", "shop", "proxy", &none),
        object("batch/v1", "CronJob", "shop", "mail", &none),
        object("batch/v1", "Job", "shop", "import", &none),
        object("autoscaling/v2", "HorizontalPodAutoscaler", "shop", "cart", &none),
        object("policy/v1", "PodDisruptionBudget", "shop", "cart", &none),
        object("v1", "PersistentVolumeClaim", "shop", "data-db-0", &none),
        object("v1", "PersistentVolume", "", "pv-1", &none),
        object("networking.k8s.io/v1", "Ingress", "shop", "front", &none),
        service("shop", "cart", &json!([{"name": "http", "port": 80}]), &none, "10.2.0.1"),
        service("monitoring", "kube-state-metrics", &json!([{"name": "http", "port": 8080}]), &none, "None"),
        object("apps/v1", "Deployment", "monitoring", "kube-state-metrics", &none),
        object(
            "apps/v1",
            "ReplicaSet",
            "monitoring",
            "kube-state-metrics-7d9f8b6c5",
            &json!({"ownerReferences": owned("Deployment", "monitoring", "kube-state-metrics")}),
        ),
        pod(
            "monitoring",
            "kube-state-metrics-7d9f8b6c5-x2x9z",
            ("ReplicaSet", "kube-state-metrics-7d9f8b6c5"),
            "10.1.0.9",
            "worker-2",
        ),
        object("apps/v1", "DaemonSet", "monitoring", "node-exporter", &none),
        pod("monitoring", "node-exporter-abcde", ("DaemonSet", "node-exporter"), "10.9.0.2", "worker-2"),
    ]
}

fn changes(cluster: &str, label: &str, manifests: &[Value]) -> Vec<Change> {
    let mut changes = vec![Change::Cluster { id: cluster.to_owned(), label: label.to_owned(), version: String::new() }];
    changes.extend(manifests.iter().map(|value| Change::Object(Arc::new(reduce(cluster, value).unwrap()))));
    changes
}

fn world() -> World {
    World::from_changes(&changes("c", "lab", &manifests()))
}

/// `a=b c=d` as labels.
fn labels(text: &str) -> Labels {
    text.split_whitespace().filter_map(|word| word.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
}

fn alert(text: &str) -> Alert {
    let mut labels = labels(text);
    if !labels.contains_key("alertname") {
        labels.insert("alertname".into(), "Something".into());
    }
    Alert { id: alert_id(&labels, &Labels::new()), labels, ..Alert::default() }
}

fn spell(at: &Address) -> String {
    match at {
        Address::Object(key) => format!("{}/{}/{}", key.kind, key.namespace, key.name).replace("//", "/"),
        Address::Cluster(id) => format!("cluster {id}"),
        Address::ControlPlane(id) => format!("control plane {id}"),
        Address::Heartbeat => "heartbeat".to_owned(),
        Address::Plumbing => "plumbing".to_owned(),
    }
}

fn told(world: &World, alert: &Alert) -> String {
    match place(world, alert) {
        Placement::At(case) => format!("{} {} {}", case.rung, spell(&case.at), case.label),
        Placement::Nowhere(entry) => format!("tray: {}", entry.why),
    }
}

#[track_caller]
fn check(labels: &str, expected: &str) {
    assert_eq!(told(&world(), &alert(labels)), expected, "{labels}");
}

#[test]
fn a_pod_named_with_its_namespace_is_the_address() {
    check(
        "namespace=shop pod=cart-5f6868ff98-brpsq",
        r#"1 Pod/shop/cart-5f6868ff98-brpsq pod="cart-5f6868ff98-brpsq""#,
    );
    check(
        "namespace=shop pod=cart-5f6868ff98-brpsq container=server service=cart instance=10.1.0.5:80",
        r#"1 Pod/shop/cart-5f6868ff98-brpsq pod="cart-5f6868ff98-brpsq""#,
    );
    check(
        "k8s_ns_name=shop k8s_pod_name=cart-5f6868ff98-brpsq priority=Warning",
        r#"1 Pod/shop/cart-5f6868ff98-brpsq k8s_pod_name="cart-5f6868ff98-brpsq""#,
    );
}

#[test]
fn a_pod_that_is_gone_stands_at_its_owner() {
    check("namespace=shop pod=cart-5f6868ff98-zzzzz", r#"1 Deployment/shop/cart pod="cart-5f6868ff98-zzzzz""#);
    check("namespace=shop pod=cart-9479b6c77-hswmg", r#"1 Deployment/shop/cart pod="cart-9479b6c77-hswmg""#);
    check("namespace=shop pod=db-7", r#"1 StatefulSet/shop/db pod="db-7""#);
    check("namespace=shop pod=proxy-x2x9z", r#"1 DaemonSet/shop/proxy pod="proxy-x2x9z""#);
    check("namespace=shop pod=mail-29012345-x2x9z", r#"1 CronJob/shop/mail pod="mail-29012345-x2x9z""#);
    check("namespace=shop pod=nobody-1", r#"6 Namespace/shop namespace="shop""#);
}

#[test]
fn an_object_label_is_the_address_of_its_kind() {
    check("namespace=shop deployment=cart", r#"2 Deployment/shop/cart deployment="cart""#);
    check("namespace=shop statefulset=db", r#"2 StatefulSet/shop/db statefulset="db""#);
    check("namespace=shop daemonset=proxy", r#"2 DaemonSet/shop/proxy daemonset="proxy""#);
    check(
        "namespace=shop replicaset=cart-5f6868ff98",
        r#"2 ReplicaSet/shop/cart-5f6868ff98 replicaset="cart-5f6868ff98""#,
    );
    check("namespace=shop replicaset=cart-7777777777", r#"2 Deployment/shop/cart replicaset="cart-7777777777""#);
    check("namespace=shop job_name=import job=kube-state-metrics", r#"2 Job/shop/import job_name="import""#);
    check("namespace=shop job_name=mail-29012345", r#"2 CronJob/shop/mail job_name="mail-29012345""#);
    check("namespace=shop cronjob=mail", r#"2 CronJob/shop/mail cronjob="mail""#);
    check(
        "namespace=shop horizontalpodautoscaler=cart",
        r#"2 HorizontalPodAutoscaler/shop/cart horizontalpodautoscaler="cart""#,
    );
    check("namespace=shop poddisruptionbudget=cart", r#"2 PodDisruptionBudget/shop/cart poddisruptionbudget="cart""#);
    check(
        "namespace=shop persistentvolumeclaim=data-db-0 node=worker-1 job=kubelet",
        r#"2 PersistentVolumeClaim/shop/data-db-0 persistentvolumeclaim="data-db-0""#,
    );
    check("namespace=shop ingress=front", r#"2 Ingress/shop/front ingress="front""#);
    check("namespace=shop service=cart endpoint=http", r#"2 Service/shop/cart service="cart""#);
    check("namespace=shop endpoint=cart", r#"2 Service/shop/cart endpoint="cart""#);
    check("deployment=cart", r#"2 Deployment/shop/cart deployment="cart""#);
    check("namespace=shop job=import", r#"6 Namespace/shop namespace="shop""#);
}

#[test]
fn a_node_is_known_by_name_and_by_address() {
    check("node=worker-1", r#"3 Node/worker-1 node="worker-1""#);
    check("persistentvolume=pv-1 phase=Failed", r#"3 PersistentVolume/pv-1 persistentvolume="pv-1""#);
    check("instance=worker-1 job=x", r#"3 Node/worker-1 instance="worker-1""#);
    check("instance=worker-1:9100", r#"3 Node/worker-1 instance="worker-1:9100""#);
    check("instance=10.9.0.2:10250 job=kubelet", r#"3 Node/worker-2 instance="10.9.0.2:10250""#);
    check("instance=10.1.0.5:8080", r#"3 Pod/shop/cart-5f6868ff98-brpsq instance="10.1.0.5:8080""#);
    check("hostname=worker-2 priority=Critical", r#"3 Node/worker-2 hostname="worker-2""#);
    check(
        "instance=http://cart.shop.svc.cluster.local:80/health",
        r#"3 Service/shop/cart instance="http://cart.shop.svc.cluster.local:80/health""#,
    );
    check("instance=10.77.0.1:80", r#"tray: nothing known here is called instance="10.77.0.1:80""#);
}

#[test]
fn a_mesh_names_the_workload_its_own_way() {
    check(
        "destination_workload=cart destination_workload_namespace=shop",
        r#"4 Deployment/shop/cart destination_workload="cart""#,
    );
    check(
        "destination_service_name=cart destination_service_namespace=shop",
        r#"4 Deployment/shop/cart destination_service_name="cart""#,
    );
    check("service_name=db service_namespace=shop", r#"4 StatefulSet/shop/db service_name="db""#);
    check("namespace=shop app=cart", r#"4 Deployment/shop/cart app="cart""#);
    check("namespace=shop app_kubernetes_io_name=basket", r#"4 Deployment/shop/cart app_kubernetes_io_name="basket""#);
    check("namespace=shop app=unheard", r#"6 Namespace/shop namespace="shop""#);
}

/// A world with some objects more.
fn world_and(more: &[Value]) -> World {
    let mut all = manifests();
    all.extend_from_slice(more);
    World::from_changes(&changes("c", "lab", &all))
}

#[test]
fn a_label_that_several_workloads_bear_names_none_of_them() {
    let bearer = |kind: &str, name: &str| object("apps/v1", kind, "shop", name, &json!({"labels": {"app": "cart"}}));
    let two = world_and(&[bearer("Deployment", "cart-canary")]);
    let said = alert("namespace=shop app=cart");
    assert_eq!(told(&two, &said), r#"6 Namespace/shop namespace="shop""#, "not at the one that is called so");
    let none = json!({});
    let called = ["Deployment", "StatefulSet"].map(|kind| object("apps/v1", kind, "shop", "mailer", &none));
    let said = alert("namespace=shop app=mailer");
    assert_eq!(told(&world_and(&called[..1]), &said), r#"4 Deployment/shop/mailer app="mailer""#);
    assert_eq!(told(&world_and(&called), &said), r#"6 Namespace/shop namespace="shop""#);
}

#[test]
fn a_service_that_is_called_like_an_exporter_of_another_namespace_is_none() {
    let ksm = json!({"app.kubernetes.io/name": "kube-state-metrics"});
    let both = [
        service("shop", "metrics", &json!([]), &json!({}), "10.2.0.5"),
        service("monitoring", "metrics", &json!([]), &ksm, "10.2.0.6"),
    ];
    let said = |space: &str| alert(&format!("job=metrics namespace={space} service=metrics"));
    let world = world_and(&both);
    assert_eq!(told(&world, &said("shop")), r#"2 Service/shop/metrics service="metrics""#);
    let only = "tray: its labels name only the exporter that measured it, kube-state-metrics";
    assert_eq!(told(&world, &said("monitoring")), only);
}

#[test]
fn a_scrape_job_of_a_monitor_stands_at_the_one_thing_it_has_scraped() {
    let monitor = |kind: &str, name: &str| {
        let spec = json!({"spec": {"selector": {"matchLabels": {"scrape": name}}}});
        object("monitoring.coreos.com/v1", kind, "shop", name, &spec)
    };
    let scraped = |name: &str, by: &str| service("shop", name, &json!([]), &json!({"scrape": by}), "10.2.0.3");
    let found = [monitor("ServiceMonitor", "basket"), scraped("cart-metrics", "basket")];
    let said = alert("job=basket");
    assert_eq!(told(&world_and(&found), &said), r#"6 Service/shop/cart-metrics job="basket""#);
    let two = [found.as_slice(), &[scraped("cart-more", "basket")]].concat();
    assert_eq!(told(&world_and(&two), &said), "tray: no label names an object", "one of two would be a guess");
    let elsewhere = service("monitoring", "cart", &json!([]), &json!({}), "10.2.0.4");
    let twice = told(&world_and(&[elsewhere]), &alert("job=cart"));
    assert_eq!(twice, "tray: no label names an object", "a Service of the name in two namespaces");
    let labelled = |name: &str, ip: &str| {
        let mut pod = pod("shop", name, ("ReplicaSet", "cart-5f6868ff98"), ip, "worker-1");
        pod["metadata"]["labels"] = json!({"scrape": "pods"});
        pod
    };
    // Two replicas are one workload.
    let two = ["cart-5f6868ff98-brpsq", "cart-5f6868ff98-zzzzz"].map(|name| labelled(name, "10.1.0.5"));
    let pods = [&[monitor("PodMonitor", "pods")], two.as_slice()].concat();
    assert_eq!(told(&world_and(&pods), &alert("job=shop/pods")), r#"6 Deployment/shop/cart job="shop/pods""#);
}

#[test]
fn a_namespace_or_a_scrape_job_is_the_last_label_that_counts() {
    check("namespace=shop resource=cpu", r#"6 Namespace/shop namespace="shop""#);
    check("job=cart", r#"6 Service/shop/cart job="cart""#);
    check("job=shop/cart", r#"6 Service/shop/cart job="shop/cart""#);
    check("namespace=gone", r#"tray: nothing known here is called namespace="gone""#);
    check("severity=warning", "tray: no label names an object");
}

#[test]
fn a_control_plane_alert_stands_at_the_control_plane() {
    check(
        "alertname=KubeAPIErrorBudgetBurn cluster=lab long=6h",
        r#"7 control plane c alertname="KubeAPIErrorBudgetBurn""#,
    );
    check("alertname=KubeAPIDown job=apiserver", r#"7 control plane c alertname="KubeAPIDown""#);
    check("alertname=etcdNoLeader job=etcd", r#"7 control plane c alertname="etcdNoLeader""#);
    check(
        "alertname=KubeAggregatedAPIErrors name=v1beta1.metrics.k8s.io",
        r#"7 control plane c alertname="KubeAggregatedAPIErrors""#,
    );
    check("alertname=KubeCPUOvercommit cluster=lab", r#"7 cluster c alertname="KubeCPUOvercommit""#);
    check("alertname=KubeletDown cluster=lab", r#"7 cluster c alertname="KubeletDown""#);
}

#[test]
fn a_watchdog_is_a_heartbeat_and_an_info_inhibitor_is_plumbing() {
    check("alertname=Watchdog severity=none namespace=shop", r#"7 heartbeat alertname="Watchdog""#);
    check("alertname=DeadMansSwitch", r#"7 heartbeat alertname="DeadMansSwitch""#);
    check("alertname=InfoInhibitor namespace=shop severity=none", r#"7 plumbing alertname="InfoInhibitor""#);
}

#[test]
fn a_heartbeat_that_is_not_heard_stands_as_a_case_until_it_is() {
    let moment = |text: &str| text.parse::<crate::time::Moment>().unwrap();
    let (began, later) = (moment("2026-05-14T12:00:00Z"), moment("2026-05-14T12:05:00Z"));
    let (beat, other) = (alert("alertname=Watchdog cluster=lab"), alert("alertname=Other"));
    let heard = [beat.clone(), other.clone()];
    assert_eq!(absent(&heard, &heard, Some(began)), []);
    assert_eq!(absent(std::slice::from_ref(&other), &[], Some(began)), [], "what is no heartbeat may end");
    assert_eq!(absent(&heard, std::slice::from_ref(&other), None), [], "nobody asked");

    let first = absent(&heard, std::slice::from_ref(&other), Some(began));
    let [silent] = &first[..] else { panic!("{first:?}") };
    assert_eq!((silent.name(), silent.severity(), silent.starts_at), ("WatchdogAbsent", "critical", Some(began)));
    check("alertname=WatchdogAbsent severity=critical", r#"7 cluster c alertname="WatchdogAbsent""#);

    assert_eq!(absent(&first, std::slice::from_ref(&other), Some(later)), first, "it stands since it was heard last");
    assert_eq!(absent(&first, &[], None), first);
    let elsewhere = alert("alertname=Watchdog cluster=other");
    assert_eq!(absent(&first, &[elsewhere], Some(later)), first, "another cluster's says nothing of this one");
    assert_eq!(absent(&first, &[beat], Some(later)), []);
}

#[test]
fn the_heartbeat_of_each_cluster_is_missed_by_itself() {
    let at = "2026-05-14T12:00:00Z".parse().ok();
    let beat = |cluster: &str| Alert { cluster: cluster.to_owned(), ..alert("alertname=Watchdog") };
    let (c, d, labelled, unnamed) = (beat("c"), beat("d"), alert("alertname=Watchdog cluster=prod"), beat(""));
    let gone = absent(&[c.clone(), d.clone(), labelled.clone()], std::slice::from_ref(&d), at);
    let whose: Vec<(&str, Option<&str>)> =
        gone.iter().map(|it| (it.cluster.as_str(), it.labels.get("cluster").map(|it| it.as_str()))).collect();
    assert_eq!(whose, [("c", None), ("", Some("prod"))], "another that beats does not stand in for it");
    for told in [c, labelled] {
        assert_eq!(absent(std::slice::from_ref(&unnamed), &[told], at), [], "it is known now of which cluster it is");
    }
}

const KSM: &str = "job=kube-state-metrics instance=10.1.0.9:8080 endpoint=http service=kube-state-metrics container=kube-state-metrics pod=kube-state-metrics-7d9f8b6c5-x2x9z";

#[test]
fn the_labels_of_kube_state_metrics_itself_never_place() {
    let only = "tray: its labels name only the exporter that measured it, kube-state-metrics";
    check(&format!("{KSM} namespace=monitoring"), only);
    check("job=kube-state-metrics instance=10.1.0.9:8080 pod=kube-state-metrics-7d9f8b6c5-x2x9z", only);
    check("job=kube-state-metrics instance=10.1.0.9:8080", only);
    check(
        "job=monitoring/prom-kube-state-metrics instance=10.1.0.9:8080 pod=prom-kube-state-metrics-1 namespace=elsewhere",
        only,
    );
    check(
        "job=kubernetes-service-endpoints service=kube-state-metrics namespace=monitoring instance=10.1.0.9:8080",
        only,
    );
    check(
        "alertname=KubeStateMetricsListErrors",
        r#"7 Deployment/monitoring/kube-state-metrics alertname="KubeStateMetricsListErrors""#,
    );
    check(
        "alertname=TargetDown job=kube-state-metrics namespace=monitoring service=kube-state-metrics",
        r#"7 Service/monitoring/kube-state-metrics service="kube-state-metrics""#,
    );
}

#[test]
fn what_kube_state_metrics_says_places_with_honor_labels() {
    let pod = r#"1 Pod/shop/cart-5f6868ff98-brpsq pod="cart-5f6868ff98-brpsq""#;
    check("job=kube-state-metrics instance=10.1.0.9:8080 namespace=shop pod=cart-5f6868ff98-brpsq", pod);
    check("job=kube-state-metrics namespace=shop deployment=cart", r#"2 Deployment/shop/cart deployment="cart""#);
    check(&format!("{KSM} namespace=shop deployment=cart"), r#"2 Deployment/shop/cart deployment="cart""#);
    check(&format!("{KSM} namespace=shop resource=pods"), r#"6 Namespace/shop namespace="shop""#);
    check("job=kube-state-metrics instance=10.1.0.9:8080 node=worker-1", r#"3 Node/worker-1 node="worker-1""#);
    check("job=kube-state-metrics namespace=shop service=cart", r#"2 Service/shop/cart service="cart""#);
}

#[test]
fn what_kube_state_metrics_says_places_without_honor_labels() {
    let own = format!("{KSM} namespace=monitoring");
    check(
        &format!("{own} exported_namespace=shop exported_pod=cart-5f6868ff98-brpsq exported_container=server"),
        r#"1 Pod/shop/cart-5f6868ff98-brpsq exported_pod="cart-5f6868ff98-brpsq""#,
    );
    check(&format!("{own} exported_namespace=shop deployment=cart"), r#"2 Deployment/shop/cart deployment="cart""#);
    check(
        &format!("{own} exported_namespace=shop exported_service=cart"),
        r#"2 Service/shop/cart exported_service="cart""#,
    );
    check(&format!("{own} exported_namespace=shop resource=cpu"), r#"6 Namespace/shop exported_namespace="shop""#);
    check(&format!("{own} node=worker-1"), r#"3 Node/worker-1 node="worker-1""#);
    check(&format!("{own} persistentvolume=pv-1"), r#"3 PersistentVolume/pv-1 persistentvolume="pv-1""#);
}

#[test]
fn what_node_exporter_says_is_about_its_node() {
    let own = "job=node-exporter namespace=monitoring pod=node-exporter-abcde container=node-exporter";
    check(&format!("{own} instance=worker-2 device=sda"), r#"3 Node/worker-2 pod="node-exporter-abcde""#);
    check(&format!("{own} instance=10.9.0.1:9100"), r#"3 Node/worker-2 pod="node-exporter-abcde""#);
    check("job=node-exporter namespace=monitoring instance=worker-1", r#"3 Node/worker-1 instance="worker-1""#);
    check("job=node-exporter instance=10.9.0.1:9100", r#"3 Node/worker-1 instance="10.9.0.1:9100""#);
    check(
        "job=node-exporter namespace=monitoring pod=node-exporter-zzzzz",
        "tray: its labels name only the exporter that measured it, node-exporter",
    );
}

#[test]
fn an_object_label_beats_the_pod_where_an_exporter_measured() {
    check(
        "job=redis-exporter namespace=shop pod=cart-5f6868ff98-brpsq statefulset=db",
        r#"2 StatefulSet/shop/db statefulset="db""#,
    );
    check(
        "job=kubelet namespace=shop pod=cart-5f6868ff98-brpsq node=worker-1",
        r#"1 Pod/shop/cart-5f6868ff98-brpsq pod="cart-5f6868ff98-brpsq""#,
    );
    check(
        "job=cadvisor namespace=shop pod=cart-5f6868ff98-brpsq instance=10.9.0.1:4194",
        r#"1 Pod/shop/cart-5f6868ff98-brpsq pod="cart-5f6868ff98-brpsq""#,
    );
}

#[test]
fn every_further_proof_is_kept_with_its_label() {
    let Placement::At(case) =
        place(&world(), &alert("namespace=shop pod=cart-5f6868ff98-brpsq service=cart node=worker-1"))
    else {
        panic!("it has an address")
    };
    let also: Vec<String> = case.also.iter().map(|it| format!("{} {} {}", it.rung, spell(&it.at), it.label)).collect();
    assert_eq!(
        also,
        [
            r#"2 Service/shop/cart service="cart""#,
            r#"3 Node/worker-1 node="worker-1""#,
            r#"6 Namespace/shop namespace="shop""#
        ]
    );
}

#[test]
fn what_the_text_names_is_only_a_suggestion() {
    let mut named = alert("severity=warning");
    named.annotations.insert("description".into(), "Pod shop/cart-5f6868ff98-brpsq (server) waits.".into());
    assert_eq!(
        told(&world(), &named),
        "tray: no label names an object that is known here; its description names `shop/cart-5f6868ff98-brpsq`"
    );
    named.labels.insert("namespace".into(), "shop".into());
    let Placement::At(case) = place(&world(), &named) else { panic!("it has an address") };
    assert_eq!((case.rung, case.also[0].rung), (6, 5));
}

#[test]
fn the_cluster_label_selects_where_to_look() {
    let mut both = changes("c", "lab", &manifests());
    both.extend(changes("d", "prod", &manifests()));
    let world = World::from_changes(&both);
    let at = |text: &str| match place(&world, &alert(text)) {
        Placement::At(case) => match case.at {
            Address::Object(key) => key.cluster.to_string(),
            Address::ControlPlane(id) => id,
            other => panic!("{other:?}"),
        },
        Placement::Nowhere(entry) => entry.why,
    };
    assert_eq!(at("cluster=prod namespace=shop deployment=cart"), "d");
    assert_eq!(at("cluster=lab node=worker-1"), "c");
    assert_eq!(at("cluster=prod instance=10.9.0.1:9100"), "d");
    assert_eq!(at("cluster=prod alertname=KubeAPIDown"), "d");
    let several = "it fits in several clusters (lab, prod), and no label says which it means";
    for text in ["namespace=shop deployment=cart", "deployment=cart", "alertname=KubeAPIDown", "instance=10.9.0.1:9100"]
    {
        assert_eq!(at(text), several, "{text}");
    }
    assert_eq!(at("deployment=nowhere"), r#"nothing known here is called deployment="nowhere""#);
    assert_eq!(at("cluster=staging deployment=cart"), several, "a cluster that is not open says nothing");
}

#[test]
fn an_alert_of_a_source_that_belongs_to_a_cluster_stands_there() {
    let mut both = changes("c", "lab", &manifests());
    both.extend(changes("d", "prod", &manifests()));
    let world = World::from_changes(&both);
    let at = |text: &str, cluster: &str| match place(&world, &Alert { cluster: cluster.into(), ..alert(text) }) {
        Placement::At(Case { at: Address::Object(key), .. }) => key.cluster.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(at("namespace=shop deployment=cart", "c"), "c");
    assert_eq!(at("namespace=shop deployment=cart", "d"), "d");
    assert_eq!(at("cluster=prod namespace=shop deployment=cart", "c"), "d", "the label says it better");
    assert_eq!(at("cluster=anything namespace=shop deployment=cart", "c"), "c");
}

#[test]
fn an_empty_world_and_hostile_labels_place_nothing() {
    for text in ["pod=- namespace=-", "instance=[ job=/", "instance=]: pod=", "service_name=/", "instance=:::"] {
        assert!(matches!(place(&World::new(), &alert(text)), Placement::Nowhere(_)), "{text}");
        assert!(matches!(place(&world(), &alert(text)), Placement::Nowhere(_)), "{text}");
    }
}

#[test]
fn every_alert_of_a_world_is_a_case_or_in_the_tray() {
    let mut world = world();
    for text in ["namespace=shop", "severity=info", "alertname=Watchdog", "alertname=InfoInhibitor"] {
        world.apply(&Change::Alert(Box::new(alert(text))));
    }
    let placed = placed(&world);
    assert_eq!((placed.cases.len(), placed.tray.len()), (3, 1));
    assert!(placed.cases.is_sorted_by(|a, b| a.alert < b.alert));
}

#[test]
fn what_nothing_places_stands_where_a_person_put_it() {
    let mut world = world();
    let odd = alert("alertname=Odd team=cart severity=warning");
    let rule = |text: &str, name: &str| {
        let at = crate::id::ObjectKey::new("c", "apps", "Deployment", "shop", name);
        HandRule::new(labels(text), at, "Ada", None).unwrap()
    };
    let tray = "tray: no label names an object";
    assert_eq!(told(&world, &odd), tray);
    let broad = rule("alertname=Odd", "cart");
    world.apply(&Change::Placing(Box::new(broad.clone())));
    assert_eq!(told(&world, &odd), r#"8 Deployment/shop/cart placed by hand by Ada: alertname="Odd""#);
    assert_eq!(told(&world, &alert("alertname=Other")), tray, "only what it speaks of");
    assert_eq!(
        told(&world, &alert("alertname=Odd namespace=shop statefulset=db")),
        r#"2 StatefulSet/shop/db statefulset="db""#,
        "what a label proves is proved"
    );
    let narrow = rule("alertname=Odd team=cart", "gone");
    world.apply(&Change::Placing(Box::new(narrow.clone())));
    assert_eq!(
        told(&world, &odd),
        format!("{tray}; it was placed by hand at Deployment gone, which is not known here"),
        "the rule with more labels speaks"
    );
    assert_eq!(World::from_changes(&world.keyframe()).digest(), world.digest(), "rules are part of the world");
    for id in [narrow.id, broad.id] {
        world.apply(&Change::PlacingGone { id });
    }
    assert_eq!(told(&world, &odd), tray, "taken back");
    assert_eq!(HandRule::new(Labels::new(), rule("a=b", "cart").at, "Ada", None), None, "never every alert");
}
