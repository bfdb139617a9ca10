//! The kinds the war room reads, with their place in the API (Kubernetes 1.36).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// One kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version that is read.
    pub version: &'static str,
    /// Versions of the same shape, as far as it is read, for servers that do not have that one; the best first.
    pub older: &'static [&'static str],
    /// The kind.
    pub kind: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether only its metadata is ever asked for.
    pub metadata_only: bool,
    /// Whether a cluster without it lacks nothing: it is there only where somebody installed its definition.
    pub optional: bool,
}

const fn kind(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
) -> KindInfo {
    KindInfo { group, version, older: &[], kind, plural, namespaced, metadata_only: false, optional: false }
}

/// A kind of a custom resource definition: most servers have none of it, and some an older version.
const fn custom(
    (group, kind, plural): (&'static str, &'static str, &'static str),
    version: &'static str,
    older: &'static [&'static str],
) -> KindInfo {
    KindInfo { group, version, older, kind, plural, namespaced: true, metadata_only: false, optional: true }
}

/// One that lives in no namespace.
const fn above(kind: KindInfo) -> KindInfo {
    KindInfo { namespaced: false, ..kind }
}

const GATEWAYS: &str = "gateway.networking.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const SOURCES: &str = "source.toolkit.fluxcd.io";

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
    kind("", "v1", "ResourceQuota", "resourcequotas", true),
    kind("", "v1", "Event", "events", true),
    kind("apps", "v1", "ControllerRevision", "controllerrevisions", true),
    kind(ADMISSION, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false),
    kind(ADMISSION, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false),
    kind("apiregistration.k8s.io", "v1", "APIService", "apiservices", false),
    kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
    above(custom((GATEWAYS, "GatewayClass", "gatewayclasses"), "v1", &["v1beta1"])),
    custom((GATEWAYS, "Gateway", "gateways"), "v1", &["v1beta1"]),
    custom((GATEWAYS, "HTTPRoute", "httproutes"), "v1", &["v1beta1"]),
    custom((GATEWAYS, "GRPCRoute", "grpcroutes"), "v1", &["v1alpha2"]),
    custom((GATEWAYS, "TLSRoute", "tlsroutes"), "v1", &["v1alpha3", "v1alpha2"]),
    custom((GATEWAYS, "TCPRoute", "tcproutes"), "v1alpha2", &[]),
    custom((GATEWAYS, "UDPRoute", "udproutes"), "v1alpha2", &[]),
    custom((GATEWAYS, "ReferenceGrant", "referencegrants"), "v1", &["v1beta1", "v1alpha2"]),
    custom(("autoscaling.k8s.io", "VerticalPodAutoscaler", "verticalpodautoscalers"), "v1", &["v1beta2"]),
    custom(("keda.sh", "ScaledObject", "scaledobjects"), "v1alpha1", &[]),
    custom(("monitoring.coreos.com", "ServiceMonitor", "servicemonitors"), "v1", &[]),
    custom(("monitoring.coreos.com", "PodMonitor", "podmonitors"), "v1", &[]),
    custom(("cert-manager.io", "Certificate", "certificates"), "v1", &[]),
    custom(("cert-manager.io", "Issuer", "issuers"), "v1", &[]),
    above(custom(("cert-manager.io", "ClusterIssuer", "clusterissuers"), "v1", &[])),
    custom(("external-secrets.io", "ExternalSecret", "externalsecrets"), "v1", &["v1beta1"]),
    custom(("external-secrets.io", "SecretStore", "secretstores"), "v1", &["v1beta1"]),
    above(custom(("external-secrets.io", "ClusterSecretStore", "clustersecretstores"), "v1", &["v1beta1"])),
    custom(("argoproj.io", "Rollout", "rollouts"), "v1alpha1", &[]),
    custom(("flagger.app", "Canary", "canaries"), "v1beta1", &[]),
    custom(("helm.toolkit.fluxcd.io", "HelmRelease", "helmreleases"), "v2", &["v2beta2", "v2beta1"]),
    custom(("kustomize.toolkit.fluxcd.io", "Kustomization", "kustomizations"), "v1", &["v1beta2"]),
    custom((SOURCES, "GitRepository", "gitrepositories"), "v1", &["v1beta2"]),
    custom((SOURCES, "HelmRepository", "helmrepositories"), "v1", &["v1beta2"]),
    custom((SOURCES, "OCIRepository", "ocirepositories"), "v1", &["v1beta2"]),
    custom((SOURCES, "Bucket", "buckets"), "v1", &["v1beta2"]),
    custom((SOURCES, "HelmChart", "helmcharts"), "v1", &["v1beta2"]),
];

impl KindInfo {
    /// The versions it can be read in, the best first.
    pub fn versions(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.version).chain(self.older.iter().copied())
    }
}

/// A kind of the list.
#[must_use]
pub fn known(group: &str, kind: &str) -> Option<&'static KindInfo> {
    static KNOWN: LazyLock<FxHashMap<(&str, &str), &KindInfo>> =
        LazyLock::new(|| KINDS.iter().map(|info| ((info.group, info.kind), info)).collect());
    KNOWN.get(&(group, kind)).copied()
}

/// The group of a kind we know by name alone, as in an owner's or a target's reference without one.
#[must_use]
pub fn group_of(kind: &str) -> &'static str {
    KINDS.iter().find(|info| info.kind == kind).map_or("", |info| info.group)
}

/// Whether a cluster without a kind (`group/Kind`) lacks nothing; so with every kind that somebody defined there.
#[must_use]
pub fn is_optional(kind: &str) -> bool {
    let named =
        |info: &&KindInfo| kind.split_once('/').is_some_and(|(group, kind)| info.group == group && info.kind == kind);
    kind.contains('/') && KINDS.iter().find(named).is_none_or(|info| info.optional)
}
