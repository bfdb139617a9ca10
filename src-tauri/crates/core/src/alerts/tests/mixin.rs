//! The label sets the unit tests of kubernetes-mixin expect of its rules, in both shapes an install gives them.

use super::*;

/// What the scrape of an exporter adds where an install does not honour the metric's own labels: those are renamed then.
const SCRAPES: [(&str, &str); 2] = [
    (
        "ksm",
        "namespace=monitoring pod=kube-state-metrics-b894d84cc-d6htw container=kube-state-metrics service=kube-state-metrics endpoint=http instance=10.1.0.9:8080 job=kube-state-metrics",
    ),
    ("kubelet", "namespace=kube-system service=kubelet endpoint=https-metrics job=kubelet"),
];

struct Row {
    labels: Labels,
    measured: &'static str,
    at: &'static str,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../../../tests/kube-prometheus/mixin.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut parts = line.split('|').map(str::trim);
            let mut next = || parts.next().unwrap();
            Row { labels: labels(next()), measured: next(), at: next() }
        })
        .collect()
}

impl Row {
    fn alert(&self, apart: bool) -> Alert {
        let mut all = self.labels.clone();
        if let Some((_, scrape)) = SCRAPES.iter().find(|(name, _)| apart && *name == self.measured) {
            for (name, value) in labels(scrape) {
                if let Some(own) = all.insert(name.clone(), value.clone()).filter(|own| *own != value) {
                    all.insert(format!("exported_{name}").into(), own);
                }
            }
        }
        Alert { id: alert_id(&all, &Labels::new()), labels: all, ..Alert::default() }
    }

    /// The objects of the tests, in a cluster called as the row calls it.
    fn world(&self) -> World {
        let none = json!({});
        let node = |name: &str, ip: &str| {
            object("v1", "Node", "", name, &json!({"status": {"addresses": [{"type": "InternalIP", "address": ip}]}}))
        };
        let mut all = manifests();
        all.extend(
            ["ns1", "test", "test-ns", "default", "kube-system"].map(|name| object("v1", "Namespace", "", name, &none)),
        );
        all.extend(
            ["apiserver1", "scheduler1", "controller1", "proxy1", "node0", "node1", "ip-172-0-0-1"]
                .map(|name| node(name, name)),
        );
        all.extend([
            node("minikube", "10.0.2.15"),
            object("policy/v1", "PodDisruptionBudget", "ns1", "pdb1", &none),
            object("apps/v1", "StatefulSet", "ns1", "ss1", &none),
            object("apps/v1", "StatefulSet", "test", "sts", &none),
            object("autoscaling/v2", "HorizontalPodAutoscaler", "ns1", "hpa1", &none),
            object("v1", "PersistentVolumeClaim", "monitoring", "somepvc", &none),
            object("apps/v1", "Deployment", "monitoring", "stuck", &none),
            object("batch/v1", "Job", "ns1", "job-1597623120", &none),
            object("batch/v1", "Job", "ns1", "job1", &none),
            object("v1", "Pod", "default", "test-pod", &none),
            object("v1", "Pod", "ns1", "pod-ds-7cc77d965f-cgsdv", &none),
            object("v1", "Pod", "ns1", "pod-running-but-not-ready", &none),
            object("v1", "Pod", "test", "static-web", &none),
            pod(
                "monitoring",
                "kube-state-metrics-b894d84cc-d6htw",
                ("ReplicaSet", "kube-state-metrics-b894d84cc"),
                "10.1.0.10",
                "minikube",
            ),
            service("kube-system", "kubelet", &json!([{"name": "https-metrics", "port": 10250}]), &none, "None"),
        ]);
        all.extend(
            ["cpu-quota", "memory-quota", "pod-quota"]
                .map(|name| object("v1", "ResourceQuota", "test-ns", name, &none)),
        );
        let label = self.labels.get("cluster").map_or("lab", |label| label.as_str());
        World::from_changes(&changes("c", label, &all))
    }
}

#[test]
fn every_label_set_of_the_mixins_own_tests_stands_at_its_object_in_both_shapes() {
    let rows = rows();
    assert_eq!(rows.len(), 49);
    for apart in [false, true] {
        let mut wrong = Vec::new();
        for row in &rows {
            let told = match place(&row.world(), &row.alert(apart)) {
                Placement::At(case) => format!("{} {}", case.rung, spell(&case.at)),
                Placement::Nowhere(entry) => format!("tray: {}", entry.why),
            };
            let own = row.labels.get("daemonset").is_some();
            assert!(
                own || !told.contains("kube-state-metrics") && !told.contains("node-exporter"),
                "{told}: an exporter"
            );
            if told != row.at {
                wrong.push(format!("{}: {told}, not {}", row.alert(apart).name(), row.at));
            }
        }
        println!(
            "{} of {} label sets at their object, labels kept apart: {apart}",
            rows.len() - wrong.len(),
            rows.len()
        );
        assert_eq!(wrong, Vec::<String>::new(), "labels kept apart: {apart}");
    }
}
