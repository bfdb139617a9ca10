//! The kinds the war room reads, with their place in the API (Kubernetes 1.36).

/// One kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether only its metadata is ever asked for.
    pub metadata_only: bool,
}

const fn kind(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
) -> KindInfo {
    KindInfo { group, version, kind, plural, namespaced, metadata_only: false }
}

/// Every kind that is watched, in the order it is asked for: what the map needs first comes first.
pub const KINDS: &[KindInfo] = &[
    kind("", "v1", "Namespace", "namespaces", false),
    kind("", "v1", "Node", "nodes", false),
    kind("apps", "v1", "Deployment", "deployments", true),
    kind("apps", "v1", "StatefulSet", "statefulsets", true),
    kind("apps", "v1", "DaemonSet", "daemonsets", true),
    kind("apps", "v1", "ReplicaSet", "replicasets", true),
    kind("", "v1", "Pod", "pods", true),
    kind("", "v1", "Service", "services", true),
    kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true),
    kind("batch", "v1", "Job", "jobs", true),
    kind("batch", "v1", "CronJob", "cronjobs", true),
    kind("", "v1", "ConfigMap", "configmaps", true),
    KindInfo { metadata_only: true, ..kind("", "v1", "Secret", "secrets", true) },
    kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    kind("", "v1", "PersistentVolume", "persistentvolumes", false),
    kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", false),
    kind("networking.k8s.io", "v1", "Ingress", "ingresses", true),
    kind("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false),
    kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true),
    kind("", "v1", "ServiceAccount", "serviceaccounts", true),
    kind("rbac.authorization.k8s.io", "v1", "Role", "roles", true),
    kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true),
    kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
    kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false),
    kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    kind("", "v1", "Event", "events", true),
    kind("apps", "v1", "ControllerRevision", "controllerrevisions", true),
];

/// The group of a kind we know by name alone, as in an owner's or a target's reference without one.
#[must_use]
pub fn group_of(kind: &str) -> &'static str {
    KINDS.iter().find(|info| info.kind == kind).map_or("", |info| info.group)
}
