//! What is known of alerts by name, and the labels that name objects.

use super::Alert;
use crate::id::Text;
use crate::resource::Labels;

/// What an alert's name alone says about its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing: the labels decide.
    Ordinary,
    /// It fires always; its absence is the case.
    Heartbeat,
    /// It only mutes others.
    Plumbing,
    /// It is about the control plane.
    ControlPlane,
    /// It is about the cluster as a whole.
    Cluster,
    /// It is about this exporter.
    Exporter(&'static str),
}

/// Names of kube-prometheus (main, 2026) and the words others use for a dead man's switch.
pub(super) fn role(name: &str) -> Role {
    let word: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| word.starts_with(prefix));
    match word.as_str() {
        // What stands for a heartbeat that is not heard (`absent`).
        _ if word.strip_suffix("absent").is_some_and(|name| role(name) == Role::Heartbeat) => Role::Cluster,
        "watchdog" | "deadmansswitch" | "deadmanswitch" | "deadmanssnitch" | "heartbeat" | "alwaysfiring" => {
            Role::Heartbeat
        }
        "infoinhibitor" => Role::Plumbing,
        "kubecpuovercommit"
        | "kubememoryovercommit"
        | "kubecpuquotaovercommit"
        | "kubememoryquotaovercommit"
        | "kubeversionmismatch"
        | "kubeletdown"
        | "kubeproxydown" => Role::Cluster,
        _ if begins(&["kubestatemetrics"]) => Role::Exporter("kube-state-metrics"),
        _ if begins(&["nodeexporter"]) => Role::Exporter("node-exporter"),
        _ if begins(&[
            "kubeapi",
            "kubeaggregatedapi",
            "kubescheduler",
            "kubecontrollermanager",
            "kubeclienterrors",
            "kubeclientcertificate",
            "etcd",
            "apiserver",
        ]) =>
        {
            Role::ControlPlane
        }
        _ => Role::Ordinary,
    }
}

/// True for alerts of kubernetes-mixin whose label `name` is that of an `APIService`.
pub(super) fn is_about_an_api(name: &str) -> bool {
    name.starts_with("KubeAggregatedAPI")
}

/// True for an alert about the scrape itself (`TargetDown`, `up == 0`): it means an exporter where it names one.
pub(super) fn is_about_a_scrape(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["target", "instancedown", "instanceunreachable", "scrape"].iter().any(|word| name.contains(word))
        && !name.contains("collector")
}

/// True for an alert that fires always, so that its absence is what matters.
#[must_use]
pub fn is_heartbeat(alert: &Alert) -> bool {
    role(alert.name()) == Role::Heartbeat
}

/// The labels that name a pod, the metric's own before the scrape's.
pub(super) const PODS: &[&str] = &[
    "exported_pod",
    "exported_pod_name",
    "pod",
    "pod_name",
    "k8s_pod_name",
    "kubernetes_pod_name",
    "container_label_io_kubernetes_pod_name",
];

/// The labels that name a namespace, the metric's own before the scrape's.
pub(super) const NAMESPACES: &[&str] = &[
    "exported_namespace",
    "namespace",
    "k8s_ns_name",
    "k8s_namespace_name",
    "kubernetes_namespace",
    "namespace_name",
    "service_namespace",
    "container_label_io_kubernetes_pod_namespace",
];

/// The labels that name a node.
pub(super) const NODES: &[&str] =
    &["exported_node", "node", "nodename", "node_name", "k8s_node_name", "kubernetes_node", "hostname", "host"];

/// The labels of rung 2 with the kind each names, most telling first.
pub(super) const OBJECTS: &[(&str, &str)] = &[
    ("deployment", "Deployment"),
    ("statefulset", "StatefulSet"),
    ("daemonset", "DaemonSet"),
    ("replicaset", "ReplicaSet"),
    ("job_name", "Job"),
    ("cronjob", "CronJob"),
    ("horizontalpodautoscaler", "HorizontalPodAutoscaler"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("poddisruptionbudget", "PodDisruptionBudget"),
    ("persistentvolumeclaim", "PersistentVolumeClaim"),
    ("ingress", "Ingress"),
    ("resourcequota", "ResourceQuota"),
    ("networkpolicy", "NetworkPolicy"),
    ("configmap", "ConfigMap"),
    ("secret", "Secret"),
    ("k8s_deployment_name", "Deployment"),
    ("k8s_statefulset_name", "StatefulSet"),
    ("k8s_daemonset_name", "DaemonSet"),
    ("service", "Service"),
    ("endpoint", "Service"),
];

/// The labels of rung 4: the workload's label, and the label of its namespace where it has one of its own.
pub(super) const MESH: &[(&str, &str)] = &[
    ("destination_workload", "destination_workload_namespace"),
    ("destination_service_name", "destination_service_namespace"),
    ("dst_deployment", "dst_namespace"),
    ("service_name", "service_namespace"),
    ("workload", "namespace"),
];

/// The labels of rung 4 that are compared with labels of workloads, with the spelling Kubernetes uses.
pub(super) const APPS: &[(&str, &str)] = &[
    ("app", "app"),
    ("app_kubernetes_io_name", "app.kubernetes.io/name"),
    ("app_kubernetes_io_instance", "app.kubernetes.io/instance"),
    ("k8s_app", "k8s-app"),
];

/// Kinds a workload may have where a label does not say which.
pub(super) const WORKLOADS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Service"];

/// The value of a label, nothing where it is empty.
pub(super) fn value<'a>(labels: &'a Labels, name: &str) -> Option<&'a str> {
    labels.get(name).map(Text::as_str).filter(|value| !value.is_empty())
}
