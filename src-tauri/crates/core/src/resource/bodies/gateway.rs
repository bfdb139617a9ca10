//! The Gateway API: gateways, routes and what may cross namespaces (gateway.networking.k8s.io).

use serde::{Deserialize, Serialize};

use super::{Condition, Reference};

/// Gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gateway {
    /// `spec.gatewayClassName`.
    pub class: String,
    /// `spec.listeners[].name`.
    pub listeners: Vec<String>,
    /// `status.conditions`.
    pub conditions: Box<[Condition]>,
    /// Listeners in trouble: the name in `status.listeners` and the conditions that say so.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub troubled: Vec<(String, Condition)>,
}

/// `HTTPRoute`, `GRPCRoute`, `TCPRoute`, `UDPRoute` or `TLSRoute`; the key says which.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// `spec.parentRefs`.
    pub parents: Vec<RouteParent>,
    /// Every backend: of the rules, and of the filters that mirror.
    pub backends: Vec<RouteBackend>,
}

/// One entry of `spec.parentRefs`, and what its controller says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteParent {
    /// What it names.
    pub target: Reference,
    /// `sectionName`; empty for the whole.
    pub section: String,
    /// Types of the conditions that are false in `status.parents`, `Accepted` and `ResolvedRefs` only.
    pub refused: Vec<String>,
    /// The conditions of these two types in full; one of each, a false one where several controllers speak.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub conditions: Box<[Condition]>,
}

/// A backend of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteBackend {
    /// What it names.
    pub target: Reference,
    /// `port`, where one is given.
    pub port: Option<u16>,
}

/// `ReferenceGrant`: who may name what of its namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// `spec.from` as `(group, kind, namespace)`.
    pub from: Vec<(String, String, String)>,
    /// `spec.to` as `(group, kind, name)`; an empty name stands for all.
    pub to: Vec<(String, String, String)>,
}
