//! Random objects whose verdicts hang on the time, on what they name, and on the verdicts of others.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{NAMES, SPACES, UIDS, key, meta, object};
use crate::world::{Change, World};

/// Moments at which things are started, deleted and due.
const TIMES: [&str; 4] =
    ["2026-05-14T12:00:00Z", "2026-05-14T12:04:00Z", "2026-05-14T12:20:00Z", "2026-05-14T14:00:00Z"];

fn at() -> impl Strategy<Value = &'static str> {
    select(TIMES.to_vec())
}

prop_compose! {
    /// A `CronJob`, a Job it may own, a webhook, a Secret, a quota, something that is being deleted, a restarting pod.
    pub fn timed()(what in 0..8, name in select(NAMES.to_vec()), space in select(SPACES.to_vec()), uid in select(UIDS.to_vec()),
                   owner in select(NAMES.to_vec()), owner_uid in select(UIDS.to_vec()), when in at(), then in at(),
                   failed in any::<bool>(), optional in any::<bool>(), used in 0..3i64) -> Value {
        let template = json!({"spec": {"containers": [{"name": "c", "envFrom": [{"configMapRef": {"name": name, "optional": optional}}],
            "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "db", "key": "A", "optional": optional}}}]}],
            "volumes": [{"name": "s", "secret": {"secretName": owner}}]}});
        match what {
            0 => {
                let mut value = meta("CronJob", "batch/v1", space, name, uid, json!({"creationTimestamp": when}));
                value["spec"] = json!({"schedule": "*/10 * * * *", "suspend": failed && optional, "jobTemplate": {"spec": {"template": template}}});
                value["status"] = json!({"lastScheduleTime": then});
                value
            }
            1 | 2 => {
                let owners = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": owner, "uid": owner_uid, "controller": true}]);
                let mut value = meta("Job", "batch/v1", space, name, uid, json!({"ownerReferences": owners, "creationTimestamp": when}));
                value["spec"] = json!({"template": template});
                value["status"] = json!({"active": used, "conditions": [{"type": "Failed", "status": if failed { "True" } else { "False" }}]});
                value
            }
            3 => {
                let mut value = meta("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "", name, uid, json!({}));
                value["webhooks"] = json!([{"failurePolicy": if failed { "Fail" } else { "Ignore" }, "clientConfig": {"service": {"namespace": space, "name": owner, "port": 80}}}]);
                value
            }
            4 => meta("Secret", "v1", space, name, uid, json!({})),
            5 => {
                let mut value = meta("ResourceQuota", "v1", space, name, uid, json!({}));
                value["status"] = json!({"hard": {"pods": "2"}, "used": {"pods": used.to_string()}});
                value
            }
            6 => {
                let mut value = meta("Namespace", "v1", "", space, uid, json!({"deletionTimestamp": when}));
                value["status"] = json!({"phase": "Terminating"});
                value
            }
            _ => {
                let owners = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": owner_uid, "controller": true}]);
                let mut value = meta("Pod", "v1", space, name, uid, if failed { json!({}) } else { json!({"ownerReferences": owners}) });
                if optional {
                    value["metadata"]["deletionTimestamp"] = json!(then);
                }
                value["status"] = json!({"phase": "Running", "startTime": "2026-05-14T11:50:00Z", "conditions": [{"type": "Ready", "status": "True"}],
                    "containerStatuses": [{"name": "c", "ready": true, "restartCount": 2 + used, "state": {"running": {"startedAt": when}},
                        "lastState": {"terminated": {"exitCode": 1, "finishedAt": when}}}]});
                value
            }
        }
    }
}

/// The time is told.
pub fn later() -> impl Strategy<Value = Change> {
    (at(), 0..30i64).prop_map(|(at, minutes)| Change::Time {
        at: at.parse::<crate::time::Moment>().unwrap() + chrono::Duration::minutes(minutes),
    })
}

/// A workload is judged by its pods, also by what only the time makes of them.
#[test]
fn what_the_time_makes_of_a_pod_is_told_of_its_workload() {
    let workload = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "w", "namespace": "s", "uid": "w"},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "c"}]}}},
        "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}});
    let mut pod = meta(
        "Pod",
        "v1",
        "s",
        "w-0",
        "p",
        json!({"ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "w", "uid": "w", "controller": true}]}),
    );
    pod["status"] = json!({"phase": "Running", "startTime": "2026-05-14T11:50:00Z", "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "c", "ready": true, "restartCount": 5, "state": {"running": {"startedAt": TIMES[0]}},
            "lastState": {"terminated": {"exitCode": 1, "finishedAt": TIMES[0]}}}]});
    let objects = [object(&workload), object(&pod)];
    let time = |at: &str| Change::Time { at: at.parse().unwrap() };
    let health = |changes: &[Change]| {
        let mut world = World::new();
        changes.iter().for_each(|change| drop(world.apply(change)));
        world.health(&key("apps", "StatefulSet", "s", "w"))
    };
    let [a, b] = objects;
    for at in TIMES {
        let told_first = health(&[time(at), a.clone(), b.clone()]);
        assert_eq!(health(&[a.clone(), b.clone(), time(at)]), told_first, "the first word of the time is {at}");
        assert_eq!(health(&[time(TIMES[0]), a.clone(), b.clone(), time(at)]), told_first, "it is {at} later");
    }
    let states = TIMES.map(|at| health(&[a.clone(), b.clone(), time(at)]).state);
    assert_ne!(states[1], states[3], "the time makes a difference");
}
