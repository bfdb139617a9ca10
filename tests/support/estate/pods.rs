//! Pods as a real API server returns them: volumes, probes, tolerations, conditions, who manages which field.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::draw::{Draw, team};
use super::kinds::{self, BORN};
use super::{Estate, House};

/// What the pods of a house share, as text with places left open: a pod of 8 KB is made by one pass over it.
pub struct Mould {
    pod: Vec<Piece>,
    well: Vec<Piece>,
    unwell: Vec<Piece>,
}

enum Piece {
    Text(String),
    Open(Place),
}

#[derive(Clone, Copy)]
enum Place {
    Name,
    Uid,
    Version,
    Node,
    Ip,
    HostIp,
    Token,
    Status,
    Restarts,
    Ended,
    Server,
    Proxy,
}

const PLACES: [(&str, Place); 12] = [
    ("@name@", Place::Name),
    ("@uid@", Place::Uid),
    ("@version@", Place::Version),
    ("@node@", Place::Node),
    ("@hostip@", Place::HostIp),
    ("@ip@", Place::Ip),
    ("@token@", Place::Token),
    ("\"@status@\"", Place::Status),
    ("\"@restarts@\"", Place::Restarts),
    ("@ended@", Place::Ended),
    ("@server@", Place::Server),
    ("@proxy@", Place::Proxy),
];

/// What is left open in a status.
struct Status {
    restarts: u32,
    ended: u64,
    server: u64,
    proxy: u64,
}

/// A text around the places left open in it.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((at, mark, place)) =
        PLACES.iter().filter_map(|(mark, place)| Some((rest.find(mark)?, mark, place))).min_by_key(|found| found.0)
    {
        pieces.push(Piece::Text(rest[..at].to_owned()));
        pieces.push(Piece::Open(*place));
        rest = &rest[at + mark.len()..];
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

impl Mould {
    pub fn of(estate: &Estate, house: &House) -> Self {
        let status = |unwell| pieces(&status(estate, house, unwell).to_string());
        Self { pod: pieces(&pod(estate, house).to_string()), well: status(false), unwell: status(true) }
    }

    /// Writes the nth pod of the house as it is after a change, in the version it has by that or in another.
    pub fn cast(
        &self,
        estate: &Estate,
        house: &House,
        nth: usize,
        change: u32,
        version: Option<u64>,
        out: &mut String,
    ) {
        let number = house.first_pod + nth;
        let version = version.unwrap_or((4_000_000 + number + change as usize * 200_000) as u64);
        let unwell = estate.is_unwell(number) != (change % 2 == 1);
        let mut draw = Draw::new(estate.seed, "pod", number);
        let node = match house.kind {
            "DaemonSet" => nth,
            _ => draw.below(estate.shape.nodes),
        };
        let uid = draw.uid();
        let name = match house.kind {
            "StatefulSet" => format!("{}-{nth}", house.name),
            "DaemonSet" => format!("{}-{}{nth}", house.name, draw.suffix(5)),
            _ => format!("{}-{}-{}{}", house.name, kinds::template_hash(estate, house), draw.suffix(4), short(nth)),
        };
        let mut more = Draw::new(estate.seed, "status", number);
        let restarts = change + if unwell { 7 } else { u32::from(more.chance(1, 20)) };
        let open = Status { restarts, ended: more.next(), server: more.next(), proxy: more.next() };
        let (node_name, host_ip, ip) = (kinds::node_name(node), kinds::node_ip(node), pod_ip(number));
        out.clear();
        let mut left: Vec<&[Piece]> = vec![&self.pod];
        // A writer of text to memory does not fail.
        while let Some(pieces) = left.pop() {
            let Some((first, rest)) = pieces.split_first() else { continue };
            left.push(rest);
            let _ = match first {
                Piece::Text(text) => out.write_str(text),
                Piece::Open(Place::Name) => out.write_str(&name),
                Piece::Open(Place::Uid) => out.write_str(&uid),
                Piece::Open(Place::Version) => write!(out, "{version}"),
                Piece::Open(Place::Node) => out.write_str(&node_name),
                Piece::Open(Place::Ip) => out.write_str(&ip),
                Piece::Open(Place::HostIp) => out.write_str(&host_ip),
                Piece::Open(Place::Token) => out.write_str(&draw.suffix(5)),
                Piece::Open(Place::Restarts) => write!(out, "{}", open.restarts),
                Piece::Open(Place::Ended) => write!(out, "{:064x}", open.ended),
                Piece::Open(Place::Server) => write!(out, "{:064x}", open.server),
                Piece::Open(Place::Proxy) => write!(out, "{:064x}", open.proxy),
                Piece::Open(Place::Status) => {
                    left.push(if unwell { &self.unwell } else { &self.well });
                    Ok(())
                }
            };
        }
    }
}

fn short(n: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut out = String::new();
    let mut left = n;
    loop {
        out.push(LETTERS[left % LETTERS.len()] as char);
        left /= LETTERS.len();
        if left == 0 {
            return out;
        }
    }
}

fn pod_ip(number: usize) -> String {
    format!("10.{}.{}.{}", 64 + number / 65_025, number / 255 % 255, number % 255 + 1)
}

fn pod(estate: &Estate, house: &House) -> Value {
    let space = estate.space(house.space);
    let mut labels = kinds::labels(estate, house);
    let owner = match house.kind {
        "Deployment" => {
            let hash = kinds::template_hash(estate, house);
            labels["pod-template-hash"] = json!(hash);
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{}-{hash}", house.name),
                "uid": kinds::uid(estate, "ReplicaSet", house.number)})
        }
        kind => json!({"apiVersion": "apps/v1", "kind": kind, "name": house.name,
            "uid": kinds::uid(estate, kind, house.number)}),
    };
    let mut owner = owner;
    owner["controller"] = json!(true);
    owner["blockOwnerDeletion"] = json!(true);
    let mut spec = kinds::pod_spec(estate, house);
    spec["nodeName"] = json!("@node@");
    if let Some(volumes) = spec["volumes"].as_array_mut() {
        volumes.push(json!({"name": "kube-api-access-@token@", "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt", "optional": true}},
            {"downwardAPI": {"items": [{"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}]}}]}}));
    }
    spec["tolerations"] = json!([
        {"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300},
        {"effect": "NoExecute", "key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 300}]);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "@name@", "namespace": space, "uid": "@uid@", "resourceVersion": "@version@",
            "generateName": format!("{}-", house.name), "creationTimestamp": BORN, "labels": labels,
            "annotations": {
                "prometheus.io/scrape": "true", "prometheus.io/port": "9090",
                "cni.projectcalico.org/containerID": "9f2d7a6be1c4408fa1de3b7c5a2960e84b7d1c3f5a6e8092b4c6d8e0f1a2b3c4",
                "cni.projectcalico.org/podIP": "@ip@/32", "cni.projectcalico.org/podIPs": "@ip@/32",
                "kubectl.kubernetes.io/default-container": "server",
                "checksum/config": "f6b9b2d3"},
            "ownerReferences": [owner],
            "managedFields": managed_fields(house)},
        "spec": spec,
        "status": "@status@"})
}

fn status(estate: &Estate, house: &House, unwell: bool) -> Value {
    let ready = if unwell { "False" } else { "True" };
    let image = kinds::image(estate, house);
    let condition = |kind: &str, status: &str| {
        let mut one = json!({"type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": BORN, "observedGeneration": 1});
        if status == "False" {
            one["reason"] = json!("ContainersNotReady");
            one["message"] = json!("containers with unready status: [server]");
        }
        one
    };
    let ended = json!({"containerID": "containerd://@ended@", "exitCode": 1, "reason": "Error",
        "startedAt": "2026-03-01T09:59:02Z", "finishedAt": "2026-03-01T09:59:41Z"});
    let state = if unwell {
        json!({"waiting": {"reason": "CrashLoopBackOff",
            "message": format!("back-off 5m0s restarting failed container=server pod={}", house.name)}})
    } else {
        json!({"running": {"startedAt": "2026-03-01T08:00:09Z"}})
    };
    let mounts = json!([{"mountPath": "/etc/config", "name": "config", "readOnly": true, "recursiveReadOnly": "Disabled"},
        {"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "kube-api-access", "readOnly": true, "recursiveReadOnly": "Disabled"}]);
    json!({
        "phase": "Running", "hostIP": "@hostip@", "hostIPs": [{"ip": "@hostip@"}],
        "podIP": "@ip@", "podIPs": [{"ip": "@ip@"}], "qosClass": "Burstable",
        "startTime": "2026-03-01T08:00:01Z", "observedGeneration": 1,
        "conditions": [condition("PodReadyToStartContainers", "True"), condition("Initialized", "True"),
            condition("Ready", ready), condition("ContainersReady", ready), condition("PodScheduled", "True")],
        "containerStatuses": [
            {"name": "server", "image": image, "imageID": format!("{image}@sha256:{:064x}", house.number + 17), "ready": !unwell, "started": !unwell,
                "restartCount": "@restarts@", "containerID": "containerd://@server@", "volumeMounts": mounts, "state": state,
                "lastState": if unwell { json!({"terminated": ended}) } else { json!({}) }},
            {"name": "proxy", "image": "registry.example/mesh/proxy:1.24.2", "imageID": format!("registry.example/mesh/proxy@sha256:{:064x}", 99),
                "ready": true, "started": true, "restartCount": 0, "containerID": "containerd://@proxy@",
                 "state": {"running": {"startedAt": "2026-03-01T08:00:09Z"}}, "lastState": {}}]})
}

/// Who set which field, as server-side apply records it: nearly half of a pod.
fn managed_fields(house: &House) -> Value {
    let env: serde_json::Map<String, Value> = (0..2)
        .map(|n| {
            (
                format!("k:{{\"name\":\"SETTING_{n}_{}\"}}", team(&house.name).to_uppercase()),
                json!({".": {}, "f:name": {}, "f:value": {}}),
            )
        })
        .collect();
    let probe = json!({".": {}, "f:failureThreshold": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}}, "f:initialDelaySeconds": {},
        "f:periodSeconds": {}, "f:successThreshold": {}, "f:timeoutSeconds": {}});
    let container = json!({".": {}, "f:env": env, "f:image": {}, "f:imagePullPolicy": {}, "f:readinessProbe": probe, "f:name": {},
        "f:ports": {".": {}, "k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}},
        "f:resources": {".": {}, "f:limits": {".": {}, "f:cpu": {}, "f:memory": {}}, "f:requests": {".": {}, "f:cpu": {}, "f:memory": {}}},
        "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {}, "f:volumeMounts": {".": {}, "k:{\"mountPath\":\"/etc/config\"}": {".": {}, "f:mountPath": {}, "f:name": {}, "f:readOnly": {}}}});
    let condition = json!({".": {}, "f:lastProbeTime": {}, "f:lastTransitionTime": {}, "f:message": {}, "f:reason": {}, "f:status": {}, "f:type": {}});
    json!([
        {"apiVersion": "v1", "fieldsType": "FieldsV1", "manager": "kube-controller-manager", "operation": "Update", "time": BORN,
            "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:checksum/config": {}, "f:prometheus.io/port": {}, "f:prometheus.io/scrape": {}},
                "f:generateName": {}, "f:labels": {".": {}, "f:app": {}, "f:app.kubernetes.io/instance": {}, "f:app.kubernetes.io/name": {},
                    "f:app.kubernetes.io/part-of": {}, "f:pod-template-hash": {}, "f:team": {}},
                "f:ownerReferences": {".": {}, "k:{\"uid\":\"00000000-0000-4000-a000-000000000000\"}": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"server\"}": container, "k:{\"name\":\"proxy\"}": {".": {}, "f:image": {}, "f:name": {}, "f:resources": {}}},
                "f:dnsPolicy": {}, "f:enableServiceLinks": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {}, "f:serviceAccount": {},
                "f:serviceAccountName": {}, "f:terminationGracePeriodSeconds": {}, "f:volumes": {".": {}, "k:{\"name\":\"config\"}": {".": {}, "f:configMap": {".": {}, "f:defaultMode": {}, "f:name": {}}, "f:name": {}}}}}},
        {"apiVersion": "v1", "fieldsType": "FieldsV1", "manager": "kubelet", "operation": "Update", "subresource": "status", "time": BORN,
            "fieldsV1": {"f:status": {"f:conditions": {"k:{\"type\":\"ContainersReady\"}": condition, "k:{\"type\":\"Initialized\"}": condition,
                "k:{\"type\":\"Ready\"}": condition}, "f:containerStatuses": {}, "f:hostIP": {}, "f:phase": {}, "f:podIP": {},
                "f:podIPs": {".": {}, "k:{\"ip\":\"10.0.0.1\"}": {".": {}, "f:ip": {}}}, "f:startTime": {}}}}])
}
