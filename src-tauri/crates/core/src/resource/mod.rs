//! A Kubernetes object reduced to what a war room needs.
//!
//! Never in here: values of Secrets, of ConfigMaps and of environment variables. Texts in which an address may stand
//! are read for host tokens and dropped ([`HostToken`]).

mod bodies;
mod custom;
mod gateway;
mod hosts;
mod json;
mod kinds;
mod managed;
mod marks;
mod mask;
mod memo;
mod others;
mod policy;
mod quick;
mod quota;
mod reduce;
mod selector;
mod sieve;
mod template;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{ObjectKey, Text};
use crate::time::Moment;

pub(crate) use bodies::BODY;
pub use bodies::{
    Autoscaler, Binding, Body, Claim, Condition, ConfigMap, ContainerStatus, ControllerRevision, CronJob, Custom,
    DisruptionBudget, Endpoint, EndpointSlice, Event, Expression, Gateway, Grant, HostName, HostToken, Ingress,
    IngressBackend, Job, Monitor, NamedUse, Namespace, NetworkPolicy, Node, Peer, Plain, Pod, PolicyPort, PolicyRule,
    Port, Quota, QuotaLimit, Reference, Route, RouteBackend, RouteParent, Scaler, Selector, Served, ServedBy, Service,
    Template, Terminated, Volume, Workload,
};
pub use hosts::hash_host;
pub use kinds::{KINDS, KindInfo, group_of, is_optional, known};
pub use marks::{Uid, Version};
pub use mask::{COVER, cover};
pub use quick::Listing;
pub use reduce::{Malformed, reduce, reduce_json};
pub use sieve::Json;

/// Labels, ordered by key.
pub type Labels = litemap::LiteMap<Text, Text>;

/// One object as the war room keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Where it lives.
    pub key: ObjectKey,
    /// `metadata.uid`; empty for manifests that were never applied.
    #[serde(default)]
    pub uid: Uid,
    /// `metadata.resourceVersion`, opaque.
    #[serde(default)]
    pub resource_version: Version,
    /// `metadata.creationTimestamp`.
    #[serde(default)]
    pub created_at: Option<Moment>,
    /// `metadata.deletionTimestamp`.
    #[serde(default)]
    pub deleted_at: Option<Moment>,
    /// `metadata.generation`; 0 where the kind has none.
    #[serde(default)]
    pub generation: i64,
    /// `metadata.labels`.
    #[serde(default)]
    pub labels: Arc<Labels>,
    /// The annotations on the allow-list, nothing else.
    #[serde(default)]
    pub annotations: Arc<Labels>,
    /// `metadata.ownerReferences`.
    #[serde(default)]
    pub owners: Arc<[Owner]>,
    /// `metadata.finalizers`.
    #[serde(default)]
    pub finalizers: Box<[Text]>,
    /// What the kind adds.
    #[serde(deserialize_with = "bodies::read_body")]
    pub body: Body,
}

/// One entry of `metadata.ownerReferences`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The owner's API group, from its `apiVersion`.
    pub group: Text,
    /// The owner's kind.
    pub kind: Text,
    /// The owner's name.
    pub name: Text,
    /// The owner's UID, what the match goes by.
    pub uid: Uid,
    /// Whether this owner is the managing controller.
    pub controller: bool,
}
