//! What pods read: ConfigMaps, claims, volumes.

use serde::{Deserialize, Serialize};

use super::HostToken;

use super::Condition;

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
    pub conditions: Vec<Condition>,
}

/// `PersistentVolume`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`.
    pub reason: String,
    /// `spec.claimRef` as `namespace/name`.
    pub claim: String,
    /// `spec.claimRef.uid`.
    pub claim_uid: String,
    /// `spec.storageClassName`.
    pub class: String,
    /// Node names and zones of `spec.nodeAffinity`, as `key=value`.
    pub affinity: Vec<String>,
}
