//! Every verdict names its field: where exactly that field is changed, the verdict is another. A line a case, each from
//! one state to the other, so that every rule is seen to hold and not to hold.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::health::HealthState;
use crate::id::ObjectKey;
use crate::resource::{Body, group_of, reduce};
use crate::time::Moment;
use crate::world::{Change, World};

/// Objects of a cluster as they are judged together.
struct Cluster {
    objects: Vec<Value>,
    now: Option<Moment>,
}

impl Cluster {
    fn world(&self) -> World {
        let mut world = World::new();
        for value in &self.objects {
            world.apply(&Change::Object(Arc::new(reduce("c", value).unwrap())));
        }
        if let Some(at) = self.now {
            world.apply(&Change::Time { at });
        }
        world
    }

    fn position(&self, kind: &str, name: &str) -> usize {
        let is = |it: &Value| it["kind"] == kind && (name.is_empty() || it["metadata"]["name"] == name);
        self.objects.iter().position(is).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    /// The object and path a field names, the object that was judged where it names none.
    fn find(&self, judged: usize, field: &str) -> (usize, String) {
        let mut at = (judged, field.to_owned());
        while let Some((who, rest)) = at.1.clone().split_once(": ") {
            let (kind, name) = who.split_once(' ').unwrap();
            let name = name.rsplit('/').next().unwrap();
            at = (self.position(kind, name), rest.to_owned());
        }
        match at.1.clone().split_once(' ') {
            Some((kind, path)) => (self.position(kind, ""), path.to_owned()),
            None => at,
        }
    }
}

/// The steps of a path: `status.parents[gw].conditions[Accepted]` is `status`, `parents`, `[gw]`, `conditions`, …
fn steps(path: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => {
                inside = true;
                found.push("[".to_owned());
            }
            ']' => inside = false,
            '.' if !inside => found.push(String::new()),
            c => found.last_mut().unwrap().push(c),
        }
    }
    found.retain(|step| !step.is_empty());
    found
}

/// Sets what a path leads to. A condition is set by its `status`; what is not there is made, null takes away.
fn set(value: &mut Value, steps: &[String], to: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        match value {
            Value::Object(fields) if fields.contains_key("type") && !to.is_object() => {
                fields.insert("status".to_owned(), to.clone());
            }
            value => *value = to.clone(),
        }
        return;
    };
    let Some(wanted) = step.strip_prefix('[') else {
        if rest.is_empty() && to.is_null() {
            value.as_object_mut().unwrap().remove(step);
            return;
        }
        return set(&mut value[step.as_str()], rest, to);
    };
    match value {
        Value::Array(items) if wanted.is_empty() => items.iter_mut().for_each(|item| set(item, rest, to)),
        Value::Array(items) if wanted.parse::<usize>().is_ok() => set(&mut items[wanted.parse::<usize>().unwrap()], rest, to),
        Value::Array(items) => {
            let is = |it: &Value| it["type"] == wanted || it["name"] == wanted || it["parentRef"]["name"] == wanted;
            match items.iter_mut().find(|item| is(item)) {
                Some(item) => set(item, rest, to),
                None => items.push(json!({"type": wanted, "status": to})),
            }
        }
        Value::Null => *value = json!([{"type": wanted, "status": to}]),
        map => set(&mut map[wanted], rest, to),
    }
}

/// Judges the first object as `from`, sets the field the verdict names to `to`, and judges it as `becomes`.
#[track_caller]
fn flips_at(now: Option<&str>, name: &str, objects: Value, from: HealthState, to: Value, becomes: HealthState) {
    let now = now.map(|now| now.parse().unwrap());
    let mut cluster = Cluster { objects: objects.as_array().unwrap().clone(), now };
    for value in &mut cluster.objects {
        let uid = format!("{}-{}", value["kind"].as_str().unwrap(), value["metadata"]["name"].as_str().unwrap());
        value["metadata"]["uid"] = uid.into();
    }
    let judged = &cluster.objects[0];
    let version = judged["apiVersion"].as_str().unwrap();
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    let space = judged["metadata"]["namespace"].as_str().unwrap_or_else(|| {
        let body = reduce("c", judged).unwrap();
        if body.key.namespace.is_empty() { "" } else { "default" }
    });
    let key = ObjectKey::new("c", group, judged["kind"].as_str().unwrap(), space, judged["metadata"]["name"].as_str().unwrap());
    let before = cluster.world().health(&key);
    assert_eq!(before.state, from, "{name}: {} [{}]", before.reason, before.field);
    assert!(!before.reason.is_empty() && !before.field.is_empty(), "{name}");
    let (owner, path) = cluster.find(0, &before.field);
    set(&mut cluster.objects[owner], &steps(&path), &to);
    let after = cluster.world().health(&key);
    assert_eq!(after.state, becomes, "{name}: {} [{}] after {}", after.reason, after.field, before.field);
    assert_ne!(after, before, "{name}: {} says nothing", before.field);
}

#[track_caller]
fn flips(name: &str, objects: Value, from: HealthState, to: Value, becomes: HealthState) {
    flips_at(None, name, objects, from, to, becomes);
}

use HealthState::{Critical, Resting, Starting, Unknown, Warning, Well};

fn meta(name: &str) -> Value {
    json!({"name": name})
}

fn with(api: &str, kind: &str, more: Value) -> Value {
    let mut value = json!({"apiVersion": api, "kind": kind, "metadata": meta("it")});
    for (field, part) in more.as_object().unwrap() {
        match part {
            Value::Object(fields) if field == "metadata" => {
                for (field, part) in fields {
                    value["metadata"][field] = part.clone();
                }
            }
            part => value[field] = part.clone(),
        }
    }
    value
}

fn said(r#type: &str, status: &str) -> Value {
    json!({"type": r#type, "status": status, "reason": "Because", "message": "of it"})
}

fn named(api: &str, kind: &str, name: &str, more: Value) -> Value {
    let mut value = with(api, kind, more);
    value["metadata"]["name"] = name.into();
    value
}

const PODS: &str = r#"{"selector": {"app": "it"}}"#;

fn pod(more: Value) -> Value {
    let mut status = json!({"phase": "Running", "startTime": "2026-05-14T12:00:00Z", "conditions": [said("Ready", "True")],
        "containerStatuses": [{"name": "web", "ready": true, "state": {"running": {"startedAt": "2026-05-14T12:00:01Z"}}}]});
    for (field, part) in more.as_object().unwrap() {
        status[field] = part.clone();
    }
    with("v1", "Pod", json!({"metadata": {"labels": {"app": "it"}}, "spec": {"nodeName": "n", "containers": [{"name": "web"}]}, "status": status}))
}

#[test]
fn a_pod() {
    let waiting = |reason: &str| json!({"containerStatuses": [{"name": "web", "state": {"waiting": {"reason": reason}}}]});
    let ended = json!({"containerStatuses": [{"name": "web", "state": {"terminated": {"exitCode": 1}}}]});
    let init = json!({"phase": "Pending", "conditions": [], "initContainerStatuses": [{"name": "migrate", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]});
    flips("ready", json!([pod(json!({}))]), Well, json!("Unknown"), Unknown);
    flips("not ready", json!([pod(json!({"conditions": [said("Ready", "False")]}))]), Starting, json!("True"), Well);
    flips("waits", json!([pod(waiting("ErrImagePull"))]), Critical, json!("ContainerCreating"), Starting);
    flips("ended", json!([pod(ended)]), Critical, json!({"exitCode": 0}), Well);
    flips("init failed", json!([pod(init)]), Critical, json!("PodInitializing"), Starting);
    flips("unschedulable", json!([pod(json!({"phase": "Pending", "conditions": [said("PodScheduled", "False")], "containerStatuses": []}))]), Critical, json!("True"), Unknown);
    flips("evicted", json!([pod(json!({"phase": "Failed", "reason": "Evicted"}))]), Warning, json!("Error"), Critical);
    flips("done", json!([pod(json!({"phase": "Succeeded"}))]), Resting, json!("Running"), Well);
}

#[test]
fn a_pod_that_restarts_again_and_again_until_it_has_run_for_a_while() {
    let restarted = json!({"containerStatuses": [{"name": "web", "ready": true, "restartCount": 6, "state": {"running": {"startedAt": "2026-05-14T13:00:01Z"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-05-14T13:00:00Z"}}}]});
    let at = |now: &'static str, to: Value, from, becomes| flips_at(Some(now), now, json!([pod(restarted.clone())]), from, to, becomes);
    at("2026-05-14T13:05:00Z", json!(0), Warning, Well);
    at("2026-05-14T13:19:59Z", json!(2), Warning, Well);
    at("2026-05-14T13:20:00Z", json!("Unknown"), Well, Unknown);
    flips("nobody told the time", json!([pod(restarted)]), Well, json!("Unknown"), Unknown);
}

fn workload(kind: &str, spec: Value, status: Value) -> Value {
    let mut status = status;
    status["observedGeneration"] = 2.into();
    with("apps/v1", kind, json!({"metadata": {"generation": 2}, "spec": spec, "status": status}))
}

#[test]
fn a_deployment() {
    let full = |available: i64| json!({"availableReplicas": available, "updatedReplicas": 3, "replicas": 3});
    let of = |status: Value| json!([workload("Deployment", json!({"replicas": 3}), status)]);
    flips("available", of(full(3)), Well, json!(1), Warning);
    flips("one away", of(full(2)), Warning, json!(3), Well);
    flips("down", of(full(0)), Critical, json!(3), Well);
    let mut late = full(2);
    late["conditions"] = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    flips("past its deadline", of(late.clone()), Warning, json!("True"), Warning);
    late["availableReplicas"] = 3.into();
    late["updatedReplicas"] = 3.into();
    flips("past its deadline with all there", of(late), Warning, json!("True"), Well);
    flips("paused midway", json!([workload("Deployment", json!({"replicas": 3, "paused": true}), json!({"availableReplicas": 3, "updatedReplicas": 1, "replicas": 3}))]), Warning, json!(false), Starting);
    flips("zero", json!([workload("Deployment", json!({"replicas": 0}), json!({"replicas": 0}))]), Resting, json!(1), Critical);
    let mut behind = workload("Deployment", json!({"replicas": 3}), full(3));
    behind["metadata"]["generation"] = 3.into();
    flips("not read yet", json!([behind]), Starting, json!(3), Well);
    let pod = |name: &str| {
        let mut it = pod(json!({"containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}));
        it["metadata"]["name"] = name.into();
        it["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "it", "uid": "Deployment-it", "controller": true}]);
        it
    };
    flips("its pod crashes", json!([workload("Deployment", json!({"replicas": 3}), full(3)), pod("p")]), Critical, json!("ContainerCreating"), Well);
}

#[test]
fn a_replicaset_statefulset_and_daemonset() {
    let set = |available: i64| json!([workload("ReplicaSet", json!({"replicas": 2}), json!({"replicas": 2, "readyReplicas": 0, "availableReplicas": available}))]);
    flips("ReplicaSet", set(2), Well, json!(1), Warning);
    flips("ReplicaSet down", set(0), Critical, json!(2), Well);
    flips("ReplicaSet at rest", json!([workload("ReplicaSet", json!({"replicas": 0}), json!({"replicas": 0}))]), Resting, json!(1), Starting);
    let quota = json!({"replicas": 1, "availableReplicas": 1, "conditions": [said("ReplicaFailure", "True")]});
    flips("ReplicaSet over quota", json!([workload("ReplicaSet", json!({"replicas": 2}), quota)]), Critical, json!("False"), Starting);
    let set = |ready: i64| json!([workload("StatefulSet", json!({"replicas": 2}), json!({"replicas": 2, "readyReplicas": ready}))]);
    flips("StatefulSet", set(2), Well, json!(0), Critical);
    flips("StatefulSet one away", set(1), Warning, json!(2), Well);
    let daemons = |available: i64, astray: i64| {
        json!([workload("DaemonSet", json!({}), json!({"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 2, "updatedNumberScheduled": 2,
            "numberAvailable": available, "numberMisscheduled": astray}))])
    };
    flips("DaemonSet", daemons(2, 0), Well, json!(0), Critical);
    flips("DaemonSet astray", daemons(2, 1), Warning, json!(0), Well);
}

#[test]
fn a_job() {
    let job = |status: Value| json!([with("batch/v1", "Job", json!({"spec": {"completions": 1}, "status": status}))]);
    flips("failed", job(json!({"conditions": [said("Failed", "True")]})), Critical, json!("False"), Starting);
    flips("complete", job(json!({"conditions": [said("Complete", "True")]})), Resting, json!("False"), Starting);
    flips("tries again", job(json!({"active": 1, "failed": 1})), Warning, json!(0), Well);
    flips("runs", job(json!({"active": 1})), Well, json!(0), Starting);
    flips("suspended", json!([with("batch/v1", "Job", json!({"spec": {"suspend": true}, "status": {"active": 1}}))]), Resting, json!(false), Well);
}

#[test]
fn a_cronjob() {
    let cron = |spec: Value, status: Value| {
        let mut spec = spec;
        spec["schedule"] = "0 * * * *".into();
        json!([with("batch/v1", "CronJob", json!({"metadata": {"creationTimestamp": "2026-05-01T00:00:00Z"}, "spec": spec, "status": status}))])
    };
    let ran = json!({"lastScheduleTime": "2026-05-14T12:00:00Z", "lastSuccessfulTime": "2026-05-14T12:00:30Z"});
    let at = |now, name, objects, from, to, becomes| flips_at(Some(now), name, objects, from, to, becomes);
    at("2026-05-14T13:04:59Z", "ran", cron(json!({}), ran.clone()), Well, json!("2026-05-14T11:00:00Z"), Warning);
    at("2026-05-14T13:05:00Z", "missed", cron(json!({}), ran.clone()), Warning, json!("2026-05-14T13:00:00Z"), Warning);
    at("2026-05-14T13:05:00Z", "missed, then caught up", cron(json!({}), json!({"lastScheduleTime": "2026-05-14T12:00:00Z", "lastSuccessfulTime": "2026-05-14T14:00:00Z"})), Warning, json!("2026-05-14T13:00:00Z"), Well);
    at("2026-05-14T18:00:00Z", "a run goes on and the next waits", cron(json!({"concurrencyPolicy": "Forbid"}), json!({"lastScheduleTime": "2026-05-14T12:00:00Z", "active": [{}]})), Well, json!([]), Warning);
    flips("suspended", cron(json!({"suspend": true}), ran.clone()), Resting, json!(false), Well);
    flips("did not succeed", cron(json!({}), json!({"lastScheduleTime": "2026-05-14T12:00:00Z", "lastSuccessfulTime": "2026-05-14T11:00:00Z"})), Warning, json!("2026-05-14T12:01:00Z"), Well);
    flips("nobody told the time and nothing how it went", cron(json!({}), json!({"lastScheduleTime": "2026-05-14T12:00:00Z"})), Unknown, json!("2026-05-14T12:01:00Z"), Well);
    flips("never due", cron(json!({}), json!({})), Starting, json!("2026-05-14T12:00:00Z"), Unknown);
    let mut bad = cron(json!({}), ran.clone());
    bad[0]["spec"]["schedule"] = "every now and then".into();
    flips("no schedule", bad, Unknown, json!("@hourly"), Well);
    let mut failed = cron(json!({}), ran);
    failed.as_array_mut().unwrap().push(named("batch/v1", "Job", "it-1", json!({"metadata": {"ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "it", "uid": "CronJob-it", "controller": true}]},
        "spec": {}, "status": {"conditions": [said("Failed", "True")]}})));
    flips("its last run failed", failed, Warning, json!("False"), Well);
}

#[test]
fn a_node() {
    let node = |conditions: Value, more: Value| json!([with("v1", "Node", json!({"metadata": {"creationTimestamp": "2026-05-14T12:00:00Z"}, "spec": more, "status": {"conditions": conditions}}))]);
    let both = |other: &str| json!([said("Ready", "True"), said(other, "True")]);
    flips("ready", node(json!([said("Ready", "True")]), json!({})), Well, json!("False"), Critical);
    flips("lost", node(json!([said("Ready", "Unknown")]), json!({})), Critical, json!("True"), Well);
    flips("pressure", node(both("DiskPressure"), json!({})), Warning, json!("False"), Well);
    flips_at(Some("2026-05-14T12:01:59Z"), "joining", node(both("NetworkUnavailable"), json!({})), Starting, json!("False"), Well);
    flips_at(Some("2026-05-14T12:02:00Z"), "without network", node(both("NetworkUnavailable"), json!({})), Critical, json!("False"), Well);
    let leaving = json!({"taints": [{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]});
    flips("taken away by an autoscaler", node(json!([said("Ready", "False")]), leaving), Warning, json!("True"), Well);
}

#[test]
fn a_lease_that_is_no_longer_renewed_makes_a_ready_node_doubtful() {
    let value = with("v1", "Node", json!({"metadata": {"uid": "u"}, "status": {"conditions": [said("Ready", "True")]}}));
    let mut node = reduce("c", &value).unwrap();
    let mut told = |fresh| {
        if let Body::Node(body) = &mut node.body {
            body.lease_fresh = fresh;
        }
        let mut world = World::new();
        world.apply(&Change::Object(Arc::new(node.clone())));
        world.health(&node.key)
    };
    assert_eq!((told(Some(false)).state, told(Some(true)).state, told(None).state), (Warning, Well, Well));
    assert_eq!(told(Some(false)).field, "Lease spec.renewTime");
}

#[test]
fn a_claim_and_a_volume() {
    let claim = |phase: &str| json!([with("v1", "PersistentVolumeClaim", json!({"spec": {"volumeName": "v"}, "status": {"phase": phase}}))]);
    let volume = |phase: &str| json!([with("v1", "PersistentVolume", json!({"spec": {}, "status": {"phase": phase, "message": "words"}}))]);
    flips("bound", claim("Bound"), Well, json!("Lost"), Critical);
    flips("pending", claim("Pending"), Warning, json!("Bound"), Well);
    flips("lost", claim("Lost"), Critical, json!("Bound"), Well);
    flips("volume bound", volume("Bound"), Well, json!("Failed"), Critical);
    flips("volume failed", volume("Failed"), Critical, json!("Bound"), Well);
    flips("volume released", volume("Released"), Resting, json!("Failed"), Critical);
    flips("volume free", volume("Available"), Resting, json!("Pending"), Starting);
    flips("volume in an odd phase", volume("Odd"), Unknown, json!("Bound"), Well);
}

fn service(name: &str) -> Value {
    let spec: Value = serde_json::from_str(PODS).unwrap();
    let mut spec = spec;
    spec["ports"] = json!([{"name": "http", "port": 80}]);
    named("v1", "Service", name, json!({"spec": spec}))
}

fn slice(ready: bool) -> Value {
    named("discovery.k8s.io/v1", "EndpointSlice", "s", json!({"metadata": {"labels": {"kubernetes.io/service-name": "it"}},
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}]}))
}

#[test]
fn a_service() {
    flips("answers", json!([service("it"), slice(true)]), Well, json!(false), Critical);
    flips("nobody ready", json!([service("it"), slice(false)]), Critical, json!(true), Well);
    flips("by its pods", json!([service("it"), named("v1", "Pod", "p", pod(json!({})))]), Well, json!("False"), Critical);
    let asleep = with("apps/v1", "Deployment", json!({"metadata": {"name": "web"}, "spec": {"replicas": 0, "template": {"metadata": {"labels": {"app": "it"}}}}}));
    flips("asleep", json!([service("it"), asleep]), Resting, json!(1), Critical);
}

#[test]
fn an_ingress() {
    let ingress = |service: &str, tls: &str, status: Value| {
        let backend = |name: &str| json!({"path": "/", "backend": {"service": {"name": name, "port": {"number": 80}}}});
        with("networking.k8s.io/v1", "Ingress", json!({"spec": {"tls": [{"secretName": tls}], "rules": [{"http": {"paths": [backend(service), backend("it")]}}]}, "status": status}))
    };
    let around = |it: Value| json!([it, service("it"), service("other"), named("v1", "Secret", "tls", json!({}))]);
    let up = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}});
    flips("reached", around(ingress("other", "tls", up.clone())), Well, json!([]), Unknown);
    flips("no address", around(ingress("other", "tls", json!({}))), Unknown, json!([{"hostname": "lb.example"}]), Well);
    flips("one backend missing", around(ingress("gone", "tls", up.clone())), Warning, json!("other"), Well);
    flips("no certificate", around(ingress("other", "gone", up.clone())), Warning, json!("tls"), Well);
    let mut alone = ingress("gone", "tls", up);
    alone["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap().pop();
    flips("no backend", around(alone), Critical, json!("it"), Well);
}

const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";

fn gateway(conditions: Value, listeners: Value) -> Value {
    named(GATEWAY_API, "Gateway", "gw", json!({"spec": {"gatewayClassName": "class", "listeners": [{"name": "http"}]},
        "status": {"conditions": conditions, "listeners": listeners}}))
}

#[test]
fn a_route() {
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] {
        let route = |backend: &str, conditions: Value| {
            with(GATEWAY_API, kind, json!({"spec": {"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": backend, "port": 80}]}]},
                "status": {"parents": [{"parentRef": {"name": "gw"}, "conditions": conditions}]}}))
        };
        let ok = json!([said("Accepted", "True"), said("ResolvedRefs", "True")]);
        let around = |it: Value| json!([it, gateway(json!([]), json!([])), service("it")]);
        flips("accepted", around(route("it", ok.clone())), Well, json!("False"), Critical);
        flips("refused", around(route("it", json!([said("Accepted", "False")]))), Critical, json!("True"), Well);
        flips("unknown", around(route("it", json!([said("Accepted", "Unknown")]))), Unknown, json!("True"), Well);
        flips("unresolved", around(route("it", json!([said("Accepted", "True"), said("ResolvedRefs", "False")]))), Warning, json!("True"), Well);
        flips("backend missing", around(route("gone", ok.clone())), Critical, json!({"name": "it", "port": 80}), Well);
        flips("port closed", around({ let mut it = route("it", ok.clone()); it["spec"]["rules"][0]["backendRefs"][0]["port"] = 81.into(); it }), Critical, json!({"name": "it", "port": 80}), Well);
        flips("gateway missing", json!([route("it", ok.clone()), service("it")]), Critical, Value::Null, Unknown);
        flips("nobody said", around(route("it", json!([]))), Unknown, json!([{"parentRef": {"name": "gw"}, "conditions": ok}]), Well);
    }
}

#[test]
fn a_gateway() {
    let class = named(GATEWAY_API, "GatewayClass", "class", json!({}));
    let of = |conditions: Value, listeners: Value| json!([gateway(conditions, listeners), class]);
    let ok = json!([said("Accepted", "True"), said("Programmed", "True")]);
    flips("programmed", of(ok.clone(), json!([])), Well, json!("False"), Critical);
    flips("not accepted", of(json!([said("Accepted", "False")]), json!([])), Critical, json!("True"), Well);
    flips("waits", of(json!([{"type": "Programmed", "status": "False", "reason": "Pending"}]), json!([])), Starting, json!("True"), Well);
    flips("nobody knows", of(json!([said("Programmed", "Unknown")]), json!([])), Unknown, json!("True"), Well);
    flips("a listener", of(ok.clone(), json!([{"name": "http", "conditions": [said("ResolvedRefs", "False")]}])), Warning, json!("True"), Well);
    flips("two want one port", of(ok.clone(), json!([{"name": "http", "conditions": [said("Conflicted", "True")]}])), Warning, json!("False"), Well);
    flips("class missing", json!([gateway(ok, json!([])), class.clone().as_object().map(|it| { let mut it = it.clone(); it["metadata"] = meta("other"); Value::Object(it) }).unwrap()]), Critical, json!("other"), Well);
}

#[test]
fn an_autoscaler_and_a_budget() {
    let hpa = |current: i64, conditions: Value| json!([with("autoscaling/v2", "HorizontalPodAutoscaler", json!({"spec": {"maxReplicas": 4}, "status": {"currentReplicas": current, "conditions": conditions}}))]);
    flips("calm", hpa(2, json!([said("AbleToScale", "True")])), Well, json!("False"), Critical);
    flips("at its maximum", hpa(4, json!([said("AbleToScale", "True")])), Warning, json!(3), Well);
    flips("blind", hpa(2, json!([said("AbleToScale", "True"), said("ScalingActive", "False")])), Warning, json!("True"), Well);
    let budget = |healthy: i64, allowed: i64, conditions: Value| {
        json!([with("policy/v1", "PodDisruptionBudget", json!({"metadata": {"generation": 1}, "spec": {}, "status": {"observedGeneration": 1, "currentHealthy": healthy, "desiredHealthy": 2,
            "disruptionsAllowed": allowed, "expectedPods": 3, "conditions": conditions}}))])
    };
    flips("enough", budget(3, 1, json!([])), Well, json!(1), Warning);
    flips("too few", budget(1, 0, json!([])), Warning, json!(2), Well);
    flips("not worked out", budget(3, 1, json!([{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed"}])), Warning, json!({"type": "DisruptionAllowed", "status": "True", "reason": "SufficientPods"}), Well);
    let mut none = budget(0, 0, json!([]));
    none[0]["status"]["desiredHealthy"] = 0.into();
    none[0]["status"]["expectedPods"] = 0.into();
    flips("no pod", none, Resting, json!(2), Well);
    let mut behind = budget(3, 1, json!([]));
    behind[0]["metadata"]["generation"] = 2.into();
    flips("not read yet", behind, Starting, json!(2), Well);
}

#[test]
fn a_namespace() {
    let space = |phase: &str, conditions: Value| {
        json!([with("v1", "Namespace", json!({"metadata": {"deletionTimestamp": "2026-05-14T12:00:00Z"}, "status": {"phase": phase, "conditions": conditions}}))])
    };
    let held = json!([said("NamespaceContentRemaining", "True"), said("NamespaceFinalizersRemaining", "True")]);
    flips("active", space("Active", json!([])), Well, json!("Odd"), Unknown);
    flips_at(Some("2026-05-14T12:04:59Z"), "going", space("Terminating", held.clone()), Resting, json!("Active"), Well);
    flips_at(Some("2026-05-14T12:05:00Z"), "held up", space("Terminating", json!([said("NamespaceContentRemaining", "True")])), Warning, json!("False"), Warning);
    flips("held up, nobody told the time", space("Terminating", json!([said("NamespaceDeletionContentFailure", "True")])), Warning, json!("False"), Resting);
    flips_at(Some("2026-05-14T12:05:00Z"), "by nothing told", space("Terminating", json!([])), Warning, json!("2026-05-14T12:04:00Z"), Resting);
}

#[test]
fn what_the_api_server_calls() {
    let api = |status: &str| json!([with("apiregistration.k8s.io/v1", "APIService", json!({"spec": {"service": {"name": "it", "namespace": "default"}}, "status": {"conditions": [said("Available", status)]}})), service("it")]);
    flips("API available", api("True"), Well, json!("False"), Critical);
    flips("API unavailable", api("False"), Critical, json!("True"), Well);
    flips("API unknown", api("Unknown"), Unknown, json!("True"), Well);
    let kind = |conditions: Value| json!([with("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({"spec": {}, "status": {"conditions": conditions}}))]);
    flips("kind served", kind(json!([said("Established", "True")])), Well, json!("False"), Critical);
    flips("names taken", kind(json!([said("NamesAccepted", "False"), said("Established", "True")])), Critical, json!("True"), Well);
    for hook in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
        let hooks = |name: &str, policy: &str| {
            with("admissionregistration.k8s.io/v1", hook, json!({"webhooks": [{"failurePolicy": policy, "clientConfig": {"service": {"name": name, "namespace": "default", "port": 80}}}]}))
        };
        flips("answered", json!([hooks("it", "Fail"), service("it"), slice(true)]), Well, json!(false), Critical);
        flips("no endpoint", json!([hooks("it", "Fail"), service("it"), slice(false)]), Critical, json!(true), Well);
        flips("no endpoint, ignored", json!([hooks("it", "Ignore"), service("it"), slice(false)]), Warning, json!(true), Well);
        flips("no Service", json!([hooks("gone", "Fail"), service("it"), slice(true)]), Critical, json!("it"), Well);
        flips("none", json!([with("admissionregistration.k8s.io/v1", hook, json!({"webhooks": []}))]), Resting, json!([{"clientConfig": {"url": "https://example.com"}}]), Unknown);
    }
}

#[test]
fn a_quota() {
    let quota = |used: Value| json!([with("v1", "ResourceQuota", json!({"status": {"hard": {"requests.cpu": "2", "pods": "10"}, "used": used}}))]);
    flips("room left", quota(json!({"requests.cpu": "500m", "pods": "3"})), Well, json!("10"), Warning);
    flips("used up", quota(json!({"requests.cpu": "2000m", "pods": "3"})), Warning, json!("1999m"), Well);
    flips("not told", quota(json!({"requests.cpu": "1"})), Unknown, json!("3"), Well);
}

#[test]
fn a_configmap_or_secret_that_is_needed_and_missing_at_both_ends() {
    let uses = |optional: bool| json!({"replicas": 1, "template": {"spec": {"containers": [{"name": "web", "envFrom": [{"configMapRef": {"name": "settings", "optional": optional}}],
        "env": [{"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "other", "key": "there"}}}]}]}}});
    let up = json!({"availableReplicas": 1, "updatedReplicas": 1, "replicas": 1});
    let map = |name: &str, keys: Value| named("v1", "ConfigMap", name, json!({"data": keys}));
    let has = json!({"there": "x"});
    let of = |spec: Value, objects: Value| {
        let mut all = json!([workload("Deployment", spec, up.clone())]);
        all.as_array_mut().unwrap().extend(objects.as_array().unwrap().clone());
        all
    };
    flips("missing", of(uses(false), json!([map("other", has.clone())])), Warning, json!("other"), Well);
    flips("there", of(uses(false), json!([map("settings", json!({})), map("other", has.clone())])), Well, json!(0), Critical);
    flips("optional", of(uses(true), json!([map("other", has.clone())])), Well, json!(0), Critical);
    flips("a key missing", of(uses(true), json!([map("other", json!({})), map("full", has.clone())])), Warning, json!("full"), Well);
    let secret = |name: &str| json!({"replicas": 1, "template": {"spec": {"containers": [], "imagePullSecrets": [{"name": "pull"}], "volumes": [{"name": "s", "secret": {"secretName": name}}]}}});
    flips("Secret missing", of(secret("keys"), json!([named("v1", "Secret", "other", json!({}))])), Warning, json!("other"), Well);
    let objects = of(secret("keys"), json!([])).as_array().unwrap().clone();
    let world = Cluster { objects, now: None }.world();
    let missing = world.health(&ObjectKey::new("c", "", "Secret", "default", "keys"));
    assert_eq!(missing.state, Critical);
    assert_eq!(missing.reason, "it does not exist, and Deployment it cannot do without it");
    assert_eq!(missing.field, "Deployment it: spec.template.spec.volumes[0].secret.secretName");
    let pull = world.health(&ObjectKey::new("c", "", "Secret", "default", "pull"));
    assert_eq!(pull.state, Unknown, "an image anybody may pull needs none");
    flips("a ConfigMap that is there", json!([map("it", json!({}))]), Well, json!("elsewhere"), Unknown);
}

#[test]
fn a_custom_resource_by_its_conditions() {
    for (api, kind) in [("cert-manager.io/v1", "Certificate"), ("helm.toolkit.fluxcd.io/v2", "HelmRelease"), ("example.com/v1", "Anything"), ("keda.sh/v1alpha1", "ScaledObject"), ("autoscaling.k8s.io/v1", "VerticalPodAutoscaler")] {
        let of = |conditions: Value| json!([with(api, kind, json!({"metadata": {"generation": 2}, "spec": {}, "status": {"observedGeneration": 2, "conditions": conditions}}))]);
        let ready = said("Ready", "True");
        flips("ready", of(json!([ready])), Well, json!("False"), Warning);
        flips("not ready", of(json!([said("Ready", "False")])), Warning, json!("True"), Well);
        flips("a word nobody knows", of(json!([said("Ready", "Perhaps")])), Unknown, json!("True"), Well);
        flips("unknown", of(json!([said("Ready", "Unknown")])), Unknown, json!("True"), Well);
        flips("available", of(json!([said("Available", "False")])), Critical, json!("True"), Well);
        flips("healthy", of(json!([said("Healthy", "True")])), Well, json!("Unknown"), Unknown);
        flips("degraded", of(json!([ready, said("Degraded", "True")])), Warning, json!("False"), Well);
        flips("stalled", of(json!([ready, said("Stalled", "True")])), Critical, json!("False"), Well);
        flips("reconciling", of(json!([ready, said("Reconciling", "True")])), Starting, json!("False"), Well);
        flips("no condition of these", of(json!([said("Odd", "True")])), Unknown, json!([ready]), Well);
        let mut behind = of(json!([ready]));
        behind[0]["metadata"]["generation"] = 3.into();
        flips("not read yet", behind, Starting, json!(3), Well);
    }
    let of = |observed: i64| json!([with("example.com/v1", "Anything", json!({"metadata": {"generation": 2}, "status": {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": observed}]}}))]);
    assert_eq!(state(&of(2)), Well);
    assert_eq!(state(&of(1)), Starting, "a condition may say itself which generation it is about");
    let leaving = json!([with("example.com/v1", "Anything", json!({"metadata": {"deletionTimestamp": "2026-05-14T12:00:00Z", "finalizers": ["a/b"]}, "status": {"conditions": [said("Ready", "True")]}}))]);
    flips_at(Some("2026-05-14T12:05:00Z"), "held", leaving, Warning, Value::Null, Well);
}

fn state(objects: &Value) -> HealthState {
    let world = Cluster { objects: objects.as_array().unwrap().clone(), now: None }.world();
    let key = world.objects().next().unwrap().key.clone();
    world.health(&key).state
}

#[test]
fn files_that_were_never_applied_are_unknown_whatever_their_kind() {
    for kind in crate::resource::KINDS {
        let version = if kind.group.is_empty() { kind.version.to_owned() } else { format!("{}/{}", kind.group, kind.version) };
        let found = state(&json!([{"apiVersion": version, "kind": kind.kind, "metadata": {"name": "it"}, "spec": {}}]));
        assert!(matches!(found, Unknown | HealthState::None), "{} is {found:?}", kind.kind);
        assert_eq!(group_of(kind.kind), kind.group);
    }
}

/// Kinds with a rule of their own: what no rule knows is judged by its conditions, if it has some.
const RULED: [&str; 24] = [
    "Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Node", "Namespace",
    "PersistentVolumeClaim", "PersistentVolume", "ResourceQuota", "ConfigMap", "Secret", "Service", "Ingress", "Gateway",
    "HTTPRoute", "HorizontalPodAutoscaler", "PodDisruptionBudget", "APIService", "CustomResourceDefinition",
    "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
];

#[test]
fn at_least_twenty_kinds_have_a_rule() {
    // Conditions are taken away, so that what only has those says nothing.
    let judged = crate::resource::KINDS.iter().filter(|kind| {
        let version = if kind.group.is_empty() { kind.version.to_owned() } else { format!("{}/{}", kind.group, kind.version) };
        let status = json!({"phase": "Odd", "hard": {"pods": "1"}, "observedGeneration": 1});
        state(&json!([{"apiVersion": version, "kind": kind.kind, "metadata": {"name": "it", "uid": "u"}, "spec": {}, "status": status}])) != HealthState::None
    });
    let judged: Vec<&str> = judged.map(|kind| kind.kind).collect();
    let missing: Vec<&&str> = RULED.iter().filter(|kind| !judged.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?} are judged by nothing; judged are {judged:?}");
}
