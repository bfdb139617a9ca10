//! The 139 alerts of kube-prometheus, each at the object it is about, in an install as kube-prometheus makes it and in
//! one that keeps the exporters' labels apart.

use super::*;

/// The rules as published, in the order of the table.
const RULES: [(&str, &str); 8] = [
    ("alertmanager", include_str!("../../../tests/kube-prometheus/alertmanager-prometheusRule.yaml")),
    ("grafana", include_str!("../../../tests/kube-prometheus/grafana-prometheusRule.yaml")),
    ("kubePrometheus", include_str!("../../../tests/kube-prometheus/kubePrometheus-prometheusRule.yaml")),
    ("kubeStateMetrics", include_str!("../../../tests/kube-prometheus/kubeStateMetrics-prometheusRule.yaml")),
    (
        "kubernetesControlPlane",
        include_str!("../../../tests/kube-prometheus/kubernetesControlPlane-prometheusRule.yaml"),
    ),
    ("nodeExporter", include_str!("../../../tests/kube-prometheus/nodeExporter-prometheusRule.yaml")),
    ("prometheus", include_str!("../../../tests/kube-prometheus/prometheus-prometheusRule.yaml")),
    ("prometheusOperator", include_str!("../../../tests/kube-prometheus/prometheusOperator-prometheusRule.yaml")),
];

/// What a scrape adds, by the word the table uses: first as kube-prometheus configures it (kube-state-metrics and the
/// kubelet keep the metric's own labels, node-exporter is called after its node), then as others do.
const SCRAPES: [(&str, &str, &str); 7] = [
    (
        "$ksm",
        "job=kube-state-metrics instance=10.1.0.9:8443",
        "job=kube-state-metrics instance=10.1.0.9:8080 namespace=monitoring pod=kube-state-metrics-7d9f8b6c5-x2x9z container=kube-state-metrics service=kube-state-metrics endpoint=http",
    ),
    (
        "$node",
        "job=node-exporter instance=worker-1 namespace=monitoring pod=node-exporter-fghij container=kube-rbac-proxy service=node-exporter endpoint=https",
        "job=node-exporter instance=10.9.0.1:9100 namespace=monitoring pod=node-exporter-fghij container=node-exporter service=node-exporter endpoint=metrics",
    ),
    (
        "$kubelet",
        "job=kubelet instance=10.9.0.1:10250 node=worker-1 service=kubelet endpoint=https-metrics metrics_path=/metrics",
        "job=kubelet instance=10.9.0.1:10250 node=worker-1 namespace=kube-system service=kubelet endpoint=https-metrics metrics_path=/metrics",
    ),
    (
        "$apiserver",
        "job=apiserver instance=10.9.0.10:6443 namespace=default service=kubernetes endpoint=https",
        "job=apiserver instance=10.9.0.10:6443",
    ),
    (
        "$prometheus",
        "job=prometheus-k8s instance=10.1.0.30:9090 namespace=monitoring pod=prometheus-k8s-0 container=prometheus service=prometheus-k8s endpoint=web",
        "job=prometheus instance=10.1.0.30:9090 namespace=monitoring pod=prometheus-k8s-0",
    ),
    (
        "$alertmanager",
        "job=alertmanager-main instance=10.1.0.20:9093 namespace=monitoring pod=alertmanager-main-0 container=alertmanager service=alertmanager-main endpoint=web",
        "job=alertmanager instance=10.1.0.20:9093 namespace=monitoring pod=alertmanager-main-0",
    ),
    (
        "$operator",
        "job=prometheus-operator instance=10.1.0.40:8443 namespace=monitoring pod=prometheus-operator-6d4b8c9f7-k2m4q container=kube-rbac-proxy service=prometheus-operator endpoint=https",
        "job=prometheus-operator instance=10.1.0.40:8443 namespace=monitoring pod=prometheus-operator-6d4b8c9f7-k2m4q",
    ),
];

/// A row of the table.
struct Row {
    name: &'static str,
    /// The expression keeps only these labels.
    aggregated: bool,
    labels: &'static str,
    at: &'static str,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../../../tests/kube-prometheus/truth.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &'static str| {
        let mut parts = line.split('|').map(str::trim);
        let (name, labels, at) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let rest = labels.strip_prefix("by").filter(|rest| rest.is_empty() || rest.starts_with(' '));
        Row { name, aggregated: rest.is_some(), labels: rest.unwrap_or(labels).trim(), at }
    };
    lines.map(row).collect()
}

/// Aggregated alerts that kube-state-metrics measures. Where an install keeps its labels apart, their expressions have to
/// aggregate by the renamed ones, or they would say nothing about anything.
const BY_KSM: [&str; 6] = [
    "KubePodNotReady",
    "KubeStatefulSetUpdateNotRolledOut",
    "KubeJobNotCompleted",
    "KubeQuotaAlmostFull",
    "KubeQuotaFullyUsed",
    "KubeQuotaExceeded",
];

impl Row {
    /// The alert as it comes, with the labels of the scrape of one install or the other.
    fn alert(&self, shape: Shape) -> Alert {
        let apart = shape != Shape::Honoured;
        let mut all = labels(&format!("alertname={} cluster=lab severity=warning", self.name));
        let (word, own) = match self.labels.split_once(' ') {
            Some((word, own)) if word.starts_with('$') => (word, own),
            None if self.labels.starts_with('$') => (self.labels, ""),
            _ => ("", self.labels),
        };
        if let Some((_, kept, plain)) = SCRAPES.iter().find(|(name, ..)| *name == word) {
            all.extend(labels(if apart { plain } else { kept }));
        }
        for (name, value) in labels(own) {
            // Where a label of the scrape has the name, the metric's own is renamed.
            let shadowed = matches!(name.as_str(), "namespace" | "pod" | "container" | "service");
            let by_own = apart && self.aggregated && BY_KSM.contains(&self.name) && shadowed;
            let taken = by_own || all.get(&name).is_some_and(|known| *known != value);
            all.insert(if taken { format!("exported_{name}").into() } else { name }, value);
        }
        if shape == Shape::Renamed {
            all = all.into_iter().map(|(name, value)| (name, otherwise(&value).into())).collect();
            all.insert("alertname".into(), self.name.into());
        }
        Alert { id: alert_id(&all, &Labels::new()), labels: all, ..Alert::default() }
    }
}

/// How an install labels what its exporters say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `honorLabels`, target labels dropped, as kube-prometheus has it.
    Honoured,
    /// The exporters' labels kept, the metric's own renamed `exported_…`.
    Apart,
    /// The same, and the exporters are called otherwise (`fullnameOverride`): only their own labels say what they are.
    Renamed,
}

const SHAPES: [Shape; 3] = [Shape::Honoured, Shape::Apart, Shape::Renamed];

/// What the exporters are called where an install renames them.
const OTHERWISE: [(&str, &str); 2] = [("kube-state-metrics", "ksm"), ("node-exporter", "machines")];

fn otherwise(text: &str) -> String {
    OTHERWISE.iter().fold(text.to_owned(), |text, (word, name)| text.replace(word, name))
}

impl Shape {
    fn world(self) -> World {
        let mut all = install();
        if self == Self::Renamed {
            for item in &mut all {
                let text = item.to_string();
                let word = OTHERWISE.iter().find(|(word, _)| text.contains(word)).map(|(word, _)| *word);
                *item = serde_json::from_str(&otherwise(&text)).unwrap();
                if let Some(word) = word {
                    item["metadata"]["labels"] = json!({"app.kubernetes.io/name": word});
                }
            }
        }
        World::from_changes(&changes("c", "lab", &all))
    }

    /// An address of the table as it is called here.
    fn address(self, at: &str) -> String {
        if self == Self::Renamed { otherwise(at) } else { at.to_owned() }
    }
}

/// The objects of a cluster with kube-prometheus, beside those of the other tests.
fn install() -> Vec<Value> {
    let none = json!({});
    let mut all = manifests();
    let node = |name: &str, ip: &str| {
        object("v1", "Node", "", name, &json!({"status": {"addresses": [{"type": "InternalIP", "address": ip}]}}))
    };
    all.extend([
        node("cp-1", "10.9.0.10"),
        object("v1", "Namespace", "", "kube-system", &none),
        object("v1", "Namespace", "", "default", &none),
        object("v1", "ResourceQuota", "shop", "all", &none),
        object("apiregistration.k8s.io/v1", "APIService", "", "v1beta1.metrics.k8s.io", &none),
        pod("monitoring", "node-exporter-fghij", ("DaemonSet", "node-exporter"), "10.9.0.1", "worker-1"),
        object("apps/v1", "StatefulSet", "monitoring", "prometheus-k8s", &none),
        pod("monitoring", "prometheus-k8s-0", ("StatefulSet", "prometheus-k8s"), "10.1.0.30", "worker-1"),
        object("apps/v1", "StatefulSet", "monitoring", "alertmanager-main", &none),
        pod("monitoring", "alertmanager-main-0", ("StatefulSet", "alertmanager-main"), "10.1.0.20", "worker-2"),
        object("apps/v1", "Deployment", "monitoring", "grafana", &none),
        object("apps/v1", "Deployment", "monitoring", "prometheus-operator", &none),
        pod(
            "monitoring",
            "prometheus-operator-6d4b8c9f7-k2m4q",
            ("ReplicaSet", "prometheus-operator-6d4b8c9f7"),
            "10.1.0.40",
            "worker-2",
        ),
        pod("kube-system", "kube-scheduler-cp-1", ("Node", "cp-1"), "10.9.0.10", "cp-1"),
        pod("kube-system", "kube-controller-manager-cp-1", ("Node", "cp-1"), "10.9.0.10", "cp-1"),
    ]);
    let services = [
        ("default", "kubernetes"),
        ("kube-system", "kubelet"),
        ("kube-system", "kube-scheduler"),
        ("kube-system", "kube-controller-manager"),
        ("monitoring", "node-exporter"),
        ("monitoring", "prometheus-k8s"),
        ("monitoring", "alertmanager-main"),
        ("monitoring", "grafana"),
        ("monitoring", "prometheus-operator"),
    ];
    all.extend(
        services.map(|(space, name)| service(space, name, &json!([{"name": "https", "port": 443}]), &none, "10.2.0.9")),
    );
    all
}

/// Rows that land elsewhere, as `name: rung address, not rung address`.
fn misses(rows: &[Row], shape: Shape) -> Vec<String> {
    let world = shape.world();
    let told = |row: &Row| match place(&world, &row.alert(shape)) {
        Placement::At(case) => format!("{} {}", case.rung, spell(&case.at)),
        Placement::Nowhere(entry) => format!("tray: {}", entry.why),
    };
    rows.iter()
        .map(|row| (row, told(row), shape.address(row.at)))
        .filter(|(_, told, at)| told != at)
        .map(|(row, told, at)| format!("{}: {told}, not {at}", row.name))
        .collect()
}

#[test]
fn the_table_has_every_alert_of_the_rules_with_the_labels_its_text_names() {
    let rows = rows();
    let mut rest = rows.iter();
    for (file, text) in RULES {
        for block in text.split("- alert: ").skip(1) {
            let name = block.lines().next().unwrap().trim();
            let row = rest.next().unwrap();
            assert_eq!(row.name, name, "in {file}");
            let known = row.alert(Shape::Honoured).labels;
            for named in block.split("$labels.").skip(1) {
                let label: String = named.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                // An expression that keeps only some labels leaves gaps in some of the texts.
                assert!(known.contains_key(label.as_str()) || row.aggregated, "{name} names {label}");
            }
        }
    }
    assert_eq!((rows.len(), rest.count()), (139, 0));
}

/// What is asked of the ladder (map, section 1.2): this share at the right object, none at an exporter by mistake.
const ASKED_PERCENT: usize = 95;

#[test]
fn every_alert_of_kube_prometheus_stands_at_the_object_it_is_about_in_every_shape() {
    for shape in SHAPES {
        let rows = rows();
        let wrong = misses(&rows, shape);
        let right = rows.len() - wrong.len();
        println!("{shape:?}: {right} of {} alerts at the right object, asked {ASKED_PERCENT} %", rows.len());
        assert!(100 * right >= ASKED_PERCENT * rows.len(), "{shape:?}: {wrong:#?}");
        // Today none is missed, and a change that misses one should say so here.
        assert_eq!(wrong, Vec::<String>::new(), "{shape:?}");
    }
}

/// Beside the table: a scrape that fails is about the exporter where it names one, and only its name says so.
fn scrapes_of_exporters() -> Vec<Row> {
    let row = |labels, at| Row { name: "TargetDown", aggregated: true, labels, at };
    vec![
        row(
            "namespace=monitoring job=kube-state-metrics service=kube-state-metrics",
            "7 Service/monitoring/kube-state-metrics",
        ),
        row("namespace=monitoring job=node-exporter service=node-exporter", "7 Service/monitoring/node-exporter"),
    ]
}

#[test]
fn a_scrape_that_fails_stands_at_the_exporter_it_names() {
    for shape in SHAPES {
        assert_eq!(misses(&scrapes_of_exporters(), shape), Vec::<String>::new(), "{shape:?}");
    }
}

#[test]
fn renaming_the_alerts_changes_only_what_is_known_by_name() {
    for shape in SHAPES {
        let world = shape.world();
        for (number, row) in rows().iter().chain(&scrapes_of_exporters()).enumerate() {
            let alert = row.alert(shape);
            let mut renamed = alert.clone();
            renamed.labels.insert("alertname".into(), format!("Alert{number}").into());
            let by_name = [&alert, &renamed].map(|alert| match place(&world, alert) {
                Placement::At(case) => (case.rung, spell(&case.at)),
                Placement::Nowhere(_) => (9, String::new()),
            });
            assert_eq!(
                by_name[0] != by_name[1],
                row.at.starts_with('7'),
                "{shape:?}: {} at {:?}, renamed at {:?}",
                row.name,
                by_name[0],
                by_name[1]
            );
            assert_ne!(by_name[1].0, 7, "{}: nothing is known of a name nobody knows", row.name);
        }
    }
}

#[test]
fn no_alert_stands_at_an_exporter_that_only_measured() {
    for shape in SHAPES {
        let world = shape.world();
        let names = OTHERWISE.map(|(word, _)| shape.address(word));
        for row in rows() {
            let Placement::At(case) = place(&world, &row.alert(shape)) else { continue };
            let at = spell(&case.at);
            let own = row.name.starts_with("KubeStateMetrics") || row.name.starts_with("NodeExporter");
            assert!(own || !names.iter().any(|name| at.contains(name)), "{shape:?}: {} at {at}", row.name);
        }
    }
}
