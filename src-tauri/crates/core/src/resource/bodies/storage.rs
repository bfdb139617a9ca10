//! What pods read and use up: ConfigMaps, claims, volumes, quotas.

use serde::{Deserialize, Serialize};

use super::HostToken;

use super::Condition;
use crate::resource::Uid;

/// `ConfigMap`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigMap {
    /// Names of the keys of `data` and `binaryData`.
    pub keys: Vec<String>,
    /// Host tokens in the values of `data`; `field` is `data[<key>]`.
    pub hosts: Vec<HostToken>,
}

/// `PersistentVolumeClaim`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// `status.phase`.
    pub phase: String,
    /// `spec.volumeName`.
    pub volume: String,
    /// `spec.storageClassName`.
    pub class: String,
    /// `spec.accessModes`.
    pub access_modes: Vec<String>,
    /// `status.conditions`.
    pub conditions: Box<[Condition]>,
}

/// `PersistentVolume`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`.
    pub reason: String,
    /// `status.message`, shortened to 300 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// `spec.claimRef` as `namespace/name`.
    pub claim: String,
    /// `spec.claimRef.uid`.
    pub claim_uid: Uid,
    /// `spec.storageClassName`.
    pub class: String,
    /// Node names and zones of `spec.nodeAffinity`, as `key=value`.
    pub affinity: Vec<String>,
}

/// `ResourceQuota`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// What is limited, ordered by resource.
    pub limits: Vec<QuotaLimit>,
    /// True where the object carries a status at all.
    pub has_status: bool,
}

/// One resource a quota limits, with the quantities as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaLimit {
    /// The resource, such as `requests.cpu` or `count/deployments.apps`.
    pub resource: String,
    /// `status.hard`.
    pub hard: String,
    /// `status.used`; empty where it is not told.
    pub used: String,
}
