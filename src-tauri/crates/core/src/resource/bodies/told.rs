//! A body read by somebody who knows its kind beforehand: it need not be gathered first to find that out.

use std::fmt;

use serde::de::value::EnumAccessDeserializer;
use serde::de::{EnumAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Autoscaler, Binding, Body, Claim, ConfigMap, ControllerRevision, CronJob, Custom, DisruptionBudget, EndpointSlice,
    Event, Gateway, Grant, Ingress, Job, Monitor, Namespace, NetworkPolicy, Node, Plain, Pod, Quota, Route, Scaler,
    Served, Service, Volume, Workload,
};

/// What a body is called where whoever hands it out may tell its kind apart.
pub(crate) const BODY: &str = "a body and its kind";

/// Every kind, as [`Body`] has it.
#[derive(Deserialize, Serialize)]
#[serde(remote = "Body", rename_all = "snake_case")]
enum ByKind {
    Namespace(Box<Namespace>),
    Node(Box<Node>),
    Pod(Box<Pod>),
    Workload(Box<Workload>),
    Job(Box<Job>),
    CronJob(Box<CronJob>),
    Service(Box<Service>),
    EndpointSlice(Box<EndpointSlice>),
    Ingress(Box<Ingress>),
    NetworkPolicy(Box<NetworkPolicy>),
    ConfigMap(Box<ConfigMap>),
    Claim(Box<Claim>),
    Volume(Box<Volume>),
    Quota(Box<Quota>),
    Binding(Box<Binding>),
    Autoscaler(Box<Autoscaler>),
    DisruptionBudget(Box<DisruptionBudget>),
    Event(Box<Event>),
    ControllerRevision(Box<ControllerRevision>),
    Gateway(Box<Gateway>),
    Route(Box<Route>),
    Grant(Box<Grant>),
    Served(Box<Served>),
    Monitor(Box<Monitor>),
    Scaler(Box<Scaler>),
    Custom(Box<Custom>),
    Plain(Box<Plain>),
}

struct Told;

impl<'de> Visitor<'de> for Told {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what a kind adds to an object")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, body: D) -> Result<Body, D::Error> {
        Body::deserialize(body)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, body: A) -> Result<Body, A::Error> {
        ByKind::deserialize(EnumAccessDeserializer::new(body))
    }
}

/// Reads a body.
pub(in crate::resource) fn read<'de, D: Deserializer<'de>>(body: D) -> Result<Body, D::Error> {
    body.deserialize_newtype_struct(BODY, Told)
}
