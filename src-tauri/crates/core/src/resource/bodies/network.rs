//! How pods are reached: Services, slices, Ingresses, policies.

use serde::{Deserialize, Serialize};

use super::{NamedUse, Selector, is_nothing};
use crate::id::Text;
use crate::resource::Labels;
use crate::resource::Uid;

/// Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// `spec.type`.
    pub r#type: Text,
    /// `spec.selector`; empty selects nothing.
    pub selector: Labels,
    /// `spec.ports`.
    pub ports: Box<[Port]>,
    /// `spec.externalName`.
    pub external_name: Text,
    /// `spec.clusterIP`.
    pub cluster_ip: Text,
}

/// A port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// `name`.
    pub name: Text,
    /// `port`.
    pub number: u16,
    /// `targetPort`, a number or a name; empty where it is the port itself.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub target: Text,
    /// `protocol`; empty for TCP.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub protocol: Text,
}

/// `EndpointSlice`, or the `Endpoints` of core/v1 that came before them (deprecated since Kubernetes 1.33).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndpointSlice {
    /// Label `kubernetes.io/service-name`; the name of `Endpoints`.
    pub service: String,
    /// `endpoints`; of `Endpoints` every address of every subset, each subset's `addresses` before its `notReadyAddresses`.
    pub endpoints: Vec<Endpoint>,
    /// Of `Endpoints` how many `addresses` and how many `notReadyAddresses` each subset has; of slices nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subsets: Vec<(usize, usize)>,
}

impl EndpointSlice {
    /// Each endpoint with where in the object it stands.
    pub fn placed(&self) -> impl Iterator<Item = (String, &Endpoint)> {
        let in_subsets = self.subsets.iter().enumerate().flat_map(|(at, (ready, rest))| {
            let ready = (0..*ready).map(move |within| format!("subsets[{at}].addresses[{within}]"));
            ready.chain((0..*rest).map(move |within| format!("subsets[{at}].notReadyAddresses[{within}]")))
        });
        let in_order = (0..).map(|number| format!("endpoints[{number}]"));
        in_subsets.chain(in_order).zip(&self.endpoints)
    }
}

/// One endpoint of a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `addresses`.
    pub addresses: Vec<String>,
    /// `targetRef.uid`.
    pub target_uid: Uid,
    /// `targetRef.name` where it is a pod.
    pub target_pod: String,
    /// `conditions.ready`; absent means ready.
    pub ready: bool,
    /// `conditions.serving`.
    pub serving: bool,
    /// `conditions.terminating`.
    pub terminating: bool,
}

impl Endpoint {
    /// Whether traffic that is led here is answered. A Service with `publishNotReadyAddresses` calls every endpoint ready;
    /// that one is not shows only in `serving` (`discovery.k8s.io/v1`).
    #[must_use]
    pub fn answers(&self) -> bool {
        self.ready && self.serving && !self.terminating
    }
}

/// Ingress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ingress {
    /// `spec.ingressClassName`, or the old annotation.
    pub class: Text,
    /// Every backend with the field that names it.
    pub backends: Box<[IngressBackend]>,
    /// `spec.tls[].secretName` with the field.
    pub tls: Box<[NamedUse]>,
    /// `status.loadBalancer.ingress[].ip` or `hostname`: a controller took it up.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub addresses: Box<[Text]>,
}

/// A backend of an Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngressBackend {
    /// The field path of the name.
    pub field: Text,
    /// `service.name`; empty where the backend is a resource.
    pub service: Text,
    /// `service.port.name` or the number as text; empty where none is given.
    pub port: Text,
    /// `resource` as `group/kind/name`; empty where the backend is a Service.
    pub resource: Text,
}

/// `NetworkPolicy`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkPolicy {
    /// `spec.podSelector`.
    pub selector: Selector,
    /// `spec.policyTypes`; [`NetworkPolicy::governs_egress`] knows what counts where it is empty.
    pub types: Vec<String>,
    /// `spec.ingress`.
    #[serde(default)]
    pub ingress: Vec<PolicyRule>,
    /// `spec.egress`.
    #[serde(default)]
    pub egress: Vec<PolicyRule>,
}

/// One rule of a policy, for one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRule {
    /// `from` or `to`; empty admits everybody.
    pub peers: Vec<Peer>,
    /// `ports`; empty admits every port.
    pub ports: Vec<PolicyPort>,
}

/// Somebody a rule admits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// `namespaceSelector`; none stands for the policy's own namespace.
    pub namespaces: Option<Selector>,
    /// `podSelector`; none stands for every pod.
    pub pods: Option<Selector>,
    /// `ipBlock` as text: addresses outside, so it admits no pod.
    pub block: String,
}

/// A port a rule admits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyPort {
    /// `protocol`; `TCP` where none is given.
    pub protocol: String,
    /// `port` or its name as text; empty for every port of the protocol.
    pub port: String,
    /// `endPort`, where a range is given.
    pub end: Option<u16>,
}
