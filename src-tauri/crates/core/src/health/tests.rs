//! The rules of pods, workloads, nodes, claims, Services and autoscalers, a line a case: state, sentence and the field
//! that says so.

use serde_json::{Value, json};

use super::*;
use crate::resource::reduce;

mod fields;

/// `state: sentence [field]`, and `(contained)` where it is.
fn spell(health: &Health) -> String {
    let state = format!("{:?}", health.state).to_lowercase();
    let contained = if health.contained { " (contained)" } else { "" };
    format!("{state}: {} [{}]{contained}", health.reason, health.field)
}

fn object(api: &str, kind: &str, metadata: Value, spec: Value, status: Value) -> Object {
    let mut metadata = metadata;
    metadata["name"] = json!("it");
    metadata["uid"] = json!("u");
    let mut value = json!({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec});
    if !status.is_null() {
        value["status"] = status;
    }
    reduce("c", &value).unwrap()
}

fn verdict(object: &Object, around: &Around) -> String {
    let health = judge(object, around);
    assert_ne!(health.state, HealthState::None, "{} has no rule", object.key);
    spell(&health)
}

fn check(name: &str, object: &Object, expected: &str) {
    assert_eq!(verdict(object, &Around::default()), expected, "{name}");
}

/// Pods of a parent, as `state name`.
fn around_pods(pods: &[(HealthState, &str)]) -> Around {
    let pod_count = pods.len();
    let pods = pods.iter().map(|(state, name)| PodVerdict {
        name: (*name).into(),
        health: Health::new(*state, "its words", "status.its"),
    });
    Around { pod_count, pods: pods.collect(), ..Around::default() }
}

fn pod(status: Value) -> Object {
    object("v1", "Pod", json!({}), json!({"nodeName": "n1", "containers": [{"name": "web", "image": "web:1"}]}), status)
}

fn web(state: Value) -> Value {
    json!({"phase": "Running", "containerStatuses": [
        {"name": "log", "ready": true, "state": {"running": {"startedAt": "2026-05-14T12:00:00Z"}}},
        {"name": "web", "restartCount": 4, "state": state,
         "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]})
}

#[test]
fn a_pod_by_its_phase() {
    let rows = [
        ("none", Value::Null, "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]"),
        ("done", json!({"phase": "Succeeded"}), "resting: completed [status.phase]"),
        ("lost", json!({"phase": "Unknown"}), "unknown: its node does not report it [status.phase]"),
        ("new", json!({"phase": "Pending"}), "starting: pending: its node has not begun [status.phase]"),
        ("odd", json!({"phase": "Running"}), "unknown: nothing says whether it is ready [status.conditions[Ready]]"),
        ("evicted", json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}), "warning: failed, Evicted: low on memory [status.reason]"),
        ("shutdown", json!({"phase": "Failed", "reason": "NodeShutdown"}), "warning: failed, NodeShutdown [status.reason]"),
        ("late", json!({"phase": "Failed", "reason": "DeadlineExceeded"}), "critical: failed, DeadlineExceeded [status.reason]"),
        ("refused", json!({"phase": "Failed", "reason": "OutOfcpu"}), "warning: failed, OutOfcpu [status.reason]"),
        ("turned away", json!({"phase": "Failed", "reason": "UnexpectedAdmissionError", "message": "no device"}), "warning: failed, UnexpectedAdmissionError: no device [status.reason]"),
        ("bare", json!({"phase": "Failed"}), "critical: failed [status.phase]"),
        ("exit", json!({"phase": "Failed", "containerStatuses": [{"name": "ok", "state": {"terminated": {"exitCode": 0}}}, {"name": "web", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}]}), "critical: failed: container web ended with exit code 2 (Error) [status.containerStatuses[1].state.terminated]"),
    ];
    for (name, status, expected) in rows {
        check(name, &pod(status), expected);
    }
    let unplaced = object("v1", "Pod", json!({}), json!({"containers": []}), json!({"phase": "Pending"}));
    check("unplaced", &unplaced, "starting: pending: not scheduled yet [status.phase]");
    let leaving = json!({"deletionTimestamp": "2026-05-14T12:00:00Z"});
    let leaving = object("v1", "Pod", leaving, json!({"containers": []}), json!({"phase": "Running"}));
    check("leaving", &leaving, "resting: being deleted [metadata.deletionTimestamp]");
}

#[test]
fn a_pod_that_cannot_be_scheduled_says_what_the_scheduler_says() {
    let held = |reason: &str, message: &str| {
        pod(json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": reason, "message": message}]}))
    };
    check("no room", &held("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu."), "critical: cannot be scheduled: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu. [status.conditions[PodScheduled]]");
    check("gated", &held("SchedulingGated", "gates"), "starting: held back by its scheduling gates [status.conditions[PodScheduled]]");
}

#[test]
fn a_pod_by_what_its_containers_wait_for() {
    let last = "; it last ended with exit code 137 (OOMKilled), restarted 4 times";
    let place = "[status.containerStatuses[1].state.waiting.reason]";
    for (reason, state) in [
        ("CrashLoopBackOff", "critical"),
        ("ImagePullBackOff", "critical"),
        ("ErrImagePull", "critical"),
        ("ErrImageNeverPull", "critical"),
        ("InvalidImageName", "critical"),
        ("RegistryUnavailable", "critical"),
        ("CreateContainerConfigError", "critical"),
        ("CreateContainerError", "critical"),
        ("RunContainerError", "critical"),
        ("PostStartHookError", "critical"),
        ("ContainerCannotRun", "critical"),
        ("SomethingNew", "warning"),
    ] {
        let expected = format!("{state}: container web waits: {reason}{last} {place}");
        check(reason, &pod(web(json!({"waiting": {"reason": reason}}))), &expected);
    }
    for reason in ["ContainerCreating", "PodInitializing"] {
        check(reason, &pod(web(json!({"waiting": {"reason": reason}}))), &format!("starting: container web waits: {reason} {place}"));
    }
    check("message", &pod(json!({"phase": "Pending", "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]})), "critical: container web waits: ErrImagePull: not found [status.containerStatuses[0].state.waiting.reason]");
    check("silent", &pod(json!({"phase": "Pending", "containerStatuses": [{"name": "web", "state": {}}]})), "starting: container web has not started [status.containerStatuses[0].state.waiting.reason]");
}

#[test]
fn a_pod_by_how_its_containers_ended() {
    let place = "[status.containerStatuses[1].state.terminated]";
    check("error", &pod(web(json!({"terminated": {"exitCode": 1, "reason": "Error"}}))), &format!("critical: container web ended with exit code 1 (Error), restarted 4 times {place}"));
    check("killed", &pod(web(json!({"terminated": {"exitCode": 0, "reason": "OOMKilled"}}))), &format!("critical: container web ended with exit code 0 (OOMKilled), restarted 4 times {place}"));
    check("done", &pod(json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"name": "web", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]})), "well: ready [status.conditions[Ready]]");
}

#[test]
fn an_init_container_that_fails_is_named_as_one() {
    let status = |state: Value| {
        pod(json!({"phase": "Pending", "initContainerStatuses": [{"name": "migrate", "restartCount": 1, "state": state}],
            "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "PodInitializing"}}}]}))
    };
    check("crash", &status(json!({"waiting": {"reason": "CrashLoopBackOff"}})), "critical: init container migrate waits: CrashLoopBackOff, restarted once [status.initContainerStatuses[0].state.waiting.reason]");
    check("ended", &status(json!({"terminated": {"exitCode": 1}})), "critical: init container migrate ended with exit code 1, restarted once [status.initContainerStatuses[0].state.terminated]");
    check("runs", &status(json!({"running": {"startedAt": "2026-05-14T12:00:00Z"}})), "starting: container web waits: PodInitializing [status.containerStatuses[0].state.waiting.reason]");
}

#[test]
fn trouble_in_one_container_speaks_before_another_that_only_starts() {
    let status = json!({"phase": "Running", "containerStatuses": [
        {"name": "a", "state": {"waiting": {"reason": "ContainerCreating"}}},
        {"name": "b", "state": {"waiting": {"reason": "ErrImagePull"}}}]});
    check("both", &pod(status), "critical: container b waits: ErrImagePull [status.containerStatuses[1].state.waiting.reason]");
}

#[test]
fn a_pod_by_its_readiness() {
    let ready = |status: &str, changed: &str, ready: bool, restarts: i64, phase: &str| {
        pod(json!({"phase": phase,
            "conditions": [{"type": "Ready", "status": status, "reason": "ContainersNotReady", "message": "web", "lastTransitionTime": format!("2026-05-14T{changed}Z")}],
            "containerStatuses": [{"name": "web", "ready": ready, "restartCount": restarts, "state": {"running": {"startedAt": "2026-05-14T12:00:00Z"}}}]}))
    };
    let place = "[status.conditions[Ready]]";
    check("ready", &ready("True", "12:00:05", true, 0, "Running"), &format!("well: ready {place}"));
    check("ready again", &ready("True", "12:00:05", true, 3, "Running"), &format!("well: ready; container web restarted 3 times {place}"));
    check("not yet", &ready("False", "11:59:58", false, 0, "Running"), &format!("starting: not ready yet: ContainersNotReady: web {place}"));
    check("lost", &ready("False", "12:30:00", false, 0, "Running"), &format!("warning: not ready: ContainersNotReady: web {place}"));
    check("restarted", &ready("False", "11:59:58", false, 2, "Running"), &format!("warning: not ready: ContainersNotReady: web; container web restarted 2 times {place}"));
    check("pending", &ready("False", "12:00:00", false, 0, "Pending"), &format!("starting: pending: ContainersNotReady: web {place}"));
    check("nobody knows", &ready("Unknown", "12:00:00", false, 0, "Running"), &format!("unknown: nobody knows whether it is ready: ContainersNotReady: web {place}"));
    let plain = |is: bool| pod(json!({"phase": "Running", "containerStatuses": [{"name": "web", "ready": is, "state": {"running": {"startedAt": "2026-05-14T12:00:00Z"}}}]}));
    check("containers", &plain(true), "well: every container is ready [status.containerStatuses]");
    check("container", &plain(false), "starting: not every container is ready [status.containerStatuses]");
}

/// A Deployment of generation 2 that wants 3 pods: `[available, updated, current]`, its `Progressing` reason and status.
fn deployment(counts: [i64; 3], progressing: [&str; 2], more: Value, revision: &str) -> Object {
    let [available, updated, current] = counts;
    let mut conditions = vec![json!({"type": "Progressing", "reason": progressing[0], "status": progressing[1], "message": ""})];
    conditions.extend(more.as_array().cloned().unwrap_or_default());
    let metadata = json!({"generation": 2, "annotations": {"deployment.kubernetes.io/revision": revision}});
    let status = json!({"observedGeneration": 2, "availableReplicas": available, "updatedReplicas": updated, "replicas": current, "conditions": conditions});
    object("apps/v1", "Deployment", metadata, json!({"replicas": 3}), status)
}

const DONE: [&str; 2] = ["NewReplicaSetAvailable", "True"];
const ROLLING: [&str; 2] = ["ReplicaSetUpdated", "True"];

#[test]
fn a_deployment_by_what_it_has_and_where_its_rollout_stands() {
    let none = Value::Null;
    let gone = json!([{"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"}]);
    let quota = json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}]);
    for (name, counts, progressing, more, revision, expected) in [
        ("all", [3, 3, 3], DONE, &none, "4", "well: 3 of 3 available [status.availableReplicas]"),
        ("some", [2, 3, 3], DONE, &none, "4", "warning: 2 of 3 available [status.availableReplicas]"),
        ("none", [0, 3, 3], DONE, &none, "4", "critical: 0 of 3 available [status.availableReplicas]"),
        ("none, said", [0, 3, 3], DONE, &gone, "4", "critical: 0 of 3 available [status.conditions[Available]]"),
        ("first", [0, 3, 3], ROLLING, &none, "1", "starting: first rollout: 0 of 3 available [status.availableReplicas]"),
        ("recreate", [0, 3, 3], ROLLING, &none, "4", "critical: 0 of 3 available [status.availableReplicas]"),
        ("rolling", [3, 1, 4], ROLLING, &none, "4", "starting: rolling out: 1 of 3 updated, 3 of 3 available [status.updatedReplicas]"),
        ("old pods left", [3, 3, 4], ROLLING, &none, "4", "starting: rolling out: 3 of 3 updated, 3 of 3 available [status.updatedReplicas]"),
        ("last pods", [2, 3, 3], ROLLING, &none, "4", "starting: 2 of 3 available [status.availableReplicas]"),
        ("late", [2, 1, 4], ["ProgressDeadlineExceeded", "False"], &none, "4", "warning: ProgressDeadlineExceeded; 2 of 3 available [status.conditions[Progressing]]"),
        ("late and down", [0, 1, 4], ["ProgressDeadlineExceeded", "False"], &none, "4", "critical: ProgressDeadlineExceeded; 0 of 3 available [status.conditions[Progressing]]"),
        ("quota", [2, 2, 2], ROLLING, &quota, "4", "critical: cannot make pods: FailedCreate: exceeded quota [status.conditions[ReplicaFailure]]"),
    ] {
        check(name, &deployment(counts, progressing, more.clone(), revision), expected);
    }
}

#[test]
fn a_deployment_at_rest_paused_or_not_yet_read() {
    let status = |generation: i64, updated: i64| json!({"observedGeneration": generation, "availableReplicas": 3, "updatedReplicas": updated, "replicas": 3});
    let made = |spec: Value, status: Value| object("apps/v1", "Deployment", json!({"generation": 2}), spec, status);
    check("files", &made(json!({"replicas": 3}), Value::Null), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]");
    check("empty status", &made(json!({"replicas": 3}), json!({})), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]");
    check("zero", &made(json!({"replicas": 0}), status(2, 0)), "resting: scaled to zero [spec.replicas]");
    check("lag", &made(json!({"replicas": 3}), status(1, 3)), "starting: its controller has seen generation 1 of 2 [status.observedGeneration]");
    check("paused", &made(json!({"replicas": 3, "paused": true}), status(2, 3)), "well: 3 of 3 available; rollouts are paused [status.availableReplicas]");
    check("paused midway", &made(json!({"replicas": 3, "paused": true}), status(2, 1)), "warning: paused in the middle of a rollout: 3 of 3 available [spec.paused]");
    check("one by default", &made(json!({}), json!({"observedGeneration": 2, "availableReplicas": 1, "updatedReplicas": 1, "replicas": 1})), "well: 1 of 1 available [status.availableReplicas]");
}

#[test]
fn a_parent_is_no_better_than_its_worst_pod_and_says_how_many() {
    use HealthState::{Critical, Resting, Starting, Unknown, Warning, Well};
    let well = deployment([3, 3, 3], DONE, Value::Null, "4");
    let down = deployment([0, 3, 3], DONE, Value::Null, "4");
    let rest = object("apps/v1", "Deployment", json!({}), json!({"replicas": 0}), json!({"replicas": 0}));
    let own = "well: 3 of 3 available [status.availableReplicas]";
    for (name, parent, pods, expected) in [
        ("worst", &well, vec![(Well, "a"), (Warning, "b"), (Critical, "c"), (Critical, "d")], "critical: 2 of 4 pods: c: its words [Pod c: status.its]"),
        ("warning", &well, vec![(Well, "a"), (Warning, "b")], "warning: 1 of 2 pods: b: its words [Pod b: status.its]"),
        ("starting", &well, vec![(Starting, "a")], own),
        ("unknown", &well, vec![(Unknown, "a")], own),
        ("resting", &well, vec![(Resting, "a")], own),
        ("milder than its own", &down, vec![(Warning, "a")], "critical: 0 of 3 available [status.availableReplicas]"),
        ("as bad: the pod says why", &down, vec![(Critical, "a")], "critical: 1 of 1 pods: a: its words [Pod a: status.its]"),
        ("at rest", &rest, vec![(Critical, "a")], "resting: scaled to zero [spec.replicas]"),
    ] {
        assert_eq!(verdict(parent, &around_pods(&pods)), expected, "{name}");
    }
}

/// A StatefulSet that wants 3 pods: `[ready, updated, current]` and whether an update is under way.
fn set(counts: [i64; 3], updating: bool) -> Object {
    let [ready, updated, current] = counts;
    let revision = if updating { "db-2" } else { "db-1" };
    let status = json!({"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": updated, "replicas": current,
        "currentRevision": "db-1", "updateRevision": revision});
    object("apps/v1", "StatefulSet", json!({"generation": 1}), json!({"replicas": 3}), status)
}

#[test]
fn a_statefulset_by_its_ready_pods_and_its_update() {
    let starting = around_pods(&[(HealthState::Starting, "it-0")]);
    let place = "[status.readyReplicas]";
    for (name, set, around, expected) in [
        ("all", set([3, 3, 3], false), Around::default(), format!("well: 3 of 3 ready {place}")),
        ("some", set([2, 3, 3], false), Around::default(), format!("warning: 2 of 3 ready {place}")),
        ("some, one on its way", set([2, 3, 3], false), starting.clone(), format!("starting: 2 of 3 ready {place}")),
        ("growing", set([2, 2, 2], false), Around::default(), format!("starting: 2 of 3 ready {place}")),
        ("none", set([0, 3, 3], false), Around::default(), format!("critical: 0 of 3 ready {place}")),
        ("none, one on its way", set([0, 1, 1], false), starting, format!("starting: 0 of 3 ready {place}")),
        ("update, one away", set([2, 1, 3], true), Around::default(), format!("starting: 2 of 3 ready {place}")),
        ("update, all ready", set([3, 1, 3], true), Around::default(), "starting: updating: 1 of 3 updated, 3 of 3 ready [status.updatedReplicas]".to_owned()),
    ] {
        assert_eq!(verdict(&set, &around), expected, "{name}");
    }
    let made = |spec: Value, status: Value| object("apps/v1", "StatefulSet", json!({"generation": 2}), spec, status);
    check("files", &made(json!({"replicas": 3}), Value::Null), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]");
    check("zero", &made(json!({"replicas": 0}), json!({"observedGeneration": 2, "replicas": 0})), "resting: scaled to zero [spec.replicas]");
    check("lag", &made(json!({"replicas": 3}), json!({"observedGeneration": 1, "readyReplicas": 3})), "starting: its controller has seen generation 1 of 2 [status.observedGeneration]");
}

/// A DaemonSet: `[desired, current, ready, available, updated, misscheduled]`.
fn daemons(counts: [i64; 6]) -> Object {
    let [desired, current, ready, available, updated, astray] = counts;
    let status = json!({"observedGeneration": 1, "desiredNumberScheduled": desired, "currentNumberScheduled": current, "numberReady": ready,
        "numberAvailable": available, "updatedNumberScheduled": updated, "numberMisscheduled": astray});
    object("apps/v1", "DaemonSet", json!({"generation": 1}), json!({}), status)
}

#[test]
fn a_daemonset_by_its_nodes() {
    let place = "[status.numberAvailable]";
    for (name, counts, expected) in [
        ("all", [3, 3, 3, 3, 3, 0], format!("well: available on 3 of 3 nodes {place}")),
        ("some", [3, 3, 2, 2, 3, 0], format!("warning: available on 2 of 3 nodes {place}")),
        ("none", [3, 3, 0, 0, 3, 0], format!("critical: available on 0 of 3 nodes {place}")),
        ("first pods", [3, 1, 0, 0, 1, 0], format!("starting: available on 0 of 3 nodes {place}")),
        ("new node", [3, 2, 2, 2, 2, 0], format!("starting: available on 2 of 3 nodes {place}")),
        ("update, one away", [3, 3, 2, 2, 1, 0], format!("starting: available on 2 of 3 nodes {place}")),
        ("update", [3, 3, 3, 3, 1, 0], "starting: updating: 1 of 3 nodes updated [status.updatedNumberScheduled]".to_owned()),
        ("no node", [0, 0, 0, 0, 0, 0], "resting: no node is wanted [status.desiredNumberScheduled]".to_owned()),
        ("astray", [3, 3, 3, 3, 3, 1], "warning: 1 pods run on nodes that should have none [status.numberMisscheduled]".to_owned()),
        ("astray, none wanted", [0, 0, 0, 0, 0, 2], "warning: 2 pods run on nodes that should have none [status.numberMisscheduled]".to_owned()),
        ("astray and down", [3, 3, 0, 0, 3, 1], format!("critical: available on 0 of 3 nodes {place}")),
    ] {
        check(name, &daemons(counts), &expected);
    }
    check("files", &object("apps/v1", "DaemonSet", json!({}), json!({}), Value::Null), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]");
}

#[test]
fn a_job_by_how_it_ended_or_goes_on() {
    let job = |spec: Value, status: Value| object("batch/v1", "Job", json!({}), spec, status);
    let said = |kind: &str, reason: &str, message: &str| json!({"failed": 7, "conditions": [{"type": kind, "status": "True", "reason": reason, "message": message}]});
    let three = json!({"completions": 3});
    for (name, spec, status, expected) in [
        ("files", &three, Value::Null, "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]"),
        ("backoff", &three, said("Failed", "BackoffLimitExceeded", "too many"), "critical: failed: BackoffLimitExceeded: too many [status.conditions[Failed]]"),
        ("deadline", &three, said("Failed", "DeadlineExceeded", ""), "critical: failed: DeadlineExceeded [status.conditions[Failed]]"),
        ("about to fail", &three, said("FailureTarget", "PodFailurePolicy", ""), "critical: failed: PodFailurePolicy [status.conditions[FailureTarget]]"),
        ("complete after failures", &three, said("Complete", "CompletionsReached", ""), "resting: completed [status.conditions[Complete]]"),
        ("about to complete", &three, said("SuccessCriteriaMet", "", ""), "resting: completed [status.conditions[SuccessCriteriaMet]]"),
        ("suspended", &json!({"suspend": true}), json!({"active": 0}), "resting: suspended [spec.suspend]"),
        ("suspended from the start", &json!({"suspend": true}), Value::Null, "resting: suspended [spec.suspend]"),
        ("retries", &three, json!({"active": 1, "succeeded": 1, "failed": 2}), "warning: 2 pods failed, 1 active, 1 of 3 done [status.failed]"),
        ("runs", &three, json!({"active": 2, "succeeded": 1}), "well: 2 active, 1 of 3 done [status.active]"),
        ("runs without a count", &json!({}), json!({"active": 1}), "well: 1 active, 0 done [status.active]"),
        ("no pod yet", &three, json!({"startTime": "2026-05-14T12:00:00Z"}), "starting: no pod yet, 0 of 3 done [status.active]"),
    ] {
        check(name, &job(spec.clone(), status), expected);
    }
    let failing = around_pods(&[(HealthState::Critical, "it-x")]);
    assert_eq!(verdict(&job(three, said("Complete", "", "")), &failing), "resting: completed [status.conditions[Complete]]");
}

fn node(spec: Value, conditions: Value) -> Object {
    let metadata = json!({"creationTimestamp": "2026-05-14T12:00:00Z"});
    object("v1", "Node", metadata, spec, json!({"conditions": conditions}))
}

#[test]
fn a_node_by_its_conditions() {
    let ready = json!({"type": "Ready", "status": "True"});
    let off = |at: &str| json!([ready, {"type": "NetworkUnavailable", "status": "True", "reason": "NoRoute", "lastTransitionTime": format!("2026-05-14T{at}Z")}]);
    let mut rows = vec![
        ("files".to_owned(), json!([]), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]".to_owned()),
        ("no word".to_owned(), json!([{"type": "DiskPressure", "status": "False"}]), "unknown: nothing says whether it is ready [status.conditions[Ready]]".to_owned()),
        ("ready".to_owned(), json!([ready]), "well: ready [status.conditions[Ready]]".to_owned()),
        ("not ready".to_owned(), json!([{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "PLEG"}]), "critical: not ready: KubeletNotReady: PLEG [status.conditions[Ready]]".to_owned()),
        ("lost".to_owned(), json!([{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]), "critical: lost: NodeStatusUnknown [status.conditions[Ready]]".to_owned()),
        ("joining".to_owned(), off("12:01:59"), "starting: no network: NoRoute [status.conditions[NetworkUnavailable]]".to_owned()),
        ("no network".to_owned(), off("12:02:00"), "critical: no network: NoRoute [status.conditions[NetworkUnavailable]]".to_owned()),
    ];
    for pressure in ["MemoryPressure", "DiskPressure", "PIDPressure", "KernelDeadlock", "ReadonlyFilesystem"] {
        let said = json!([ready, {"type": pressure, "status": "True", "reason": "It", "message": "is so"}]);
        rows.push((pressure.to_owned(), said, format!("warning: {pressure}: It: is so [status.conditions[{pressure}]]")));
        let calm = json!([ready, {"type": pressure, "status": "False"}]);
        rows.push((format!("no {pressure}"), calm, "well: ready [status.conditions[Ready]]".to_owned()));
    }
    for (name, conditions, expected) in rows {
        check(&name, &node(json!({}), conditions), &expected);
    }
}

#[test]
fn a_node_that_is_cordoned_leaving_or_silent() {
    let ready = json!([{"type": "Ready", "status": "True"}]);
    let taint = |key: &str| json!({"unschedulable": true, "taints": [{"key": key, "effect": "NoSchedule"}]});
    let place = "[status.conditions[Ready]] (contained)";
    check("cordoned", &node(json!({"unschedulable": true}), ready.clone()), &format!("well: ready; cordoned {place}"));
    check("autoscaler", &node(taint("ToBeDeletedByClusterAutoscaler"), ready.clone()), &format!("well: ready; an autoscaler is removing it {place}"));
    check("karpenter", &node(taint("karpenter.sh/disrupted"), ready.clone()), &format!("well: ready; an autoscaler is removing it {place}"));
    check("plain taint", &node(json!({"taints": [{"key": "gpu", "effect": "NoSchedule"}]}), ready.clone()), "well: ready [status.conditions[Ready]]");
    for (fresh, expected) in [
        (Some(false), "warning: its kubelet stopped renewing its lease [Lease spec.renewTime]"),
        (Some(true), "well: ready [status.conditions[Ready]]"),
        (None, "well: ready [status.conditions[Ready]]"),
    ] {
        let mut leased = node(json!({}), ready.clone());
        if let Body::Node(body) = &mut leased.body {
            body.lease_fresh = fresh;
        }
        check("lease", &leased, expected);
    }
}

#[test]
fn a_claim_by_its_phase_and_what_the_provisioner_says() {
    let claim = |status: Value| object("v1", "PersistentVolumeClaim", json!({}), json!({"volumeName": "pv-1"}), status);
    let said = |reason: &str| Around { last_event: Some((reason.to_owned(), "no disk".to_owned())), ..Around::default() };
    let pending = claim(json!({"phase": "Pending"}));
    let condition = |kind: &str| claim(json!({"phase": "Bound", "conditions": [{"type": kind, "status": "True", "message": "grows"}]}));
    check("files", &claim(Value::Null), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]");
    check("lost", &claim(json!({"phase": "Lost"})), "critical: its volume pv-1 is gone [status.phase]");
    check("bound", &claim(json!({"phase": "Bound"})), "well: bound to pv-1 [status.phase]");
    check("odd", &claim(json!({"phase": "Strange"})), "unknown: its phase is Strange [status.phase]");
    check("pending", &pending, "warning: pending: it has no volume yet [status.phase]");
    for (reason, expected) in [
        ("WaitForFirstConsumer", "starting: pending until a pod that uses it is scheduled [status.phase]"),
        ("WaitForPodScheduled", "starting: pending until a pod that uses it is scheduled [status.phase]"),
        ("Provisioning", "starting: its volume is being made [status.phase]"),
        ("ExternalProvisioning", "starting: its volume is being made [status.phase]"),
        ("ProvisioningFailed", "critical: pending, ProvisioningFailed: no disk [status.phase]"),
        ("FailedBinding", "critical: pending, FailedBinding: no disk [status.phase]"),
    ] {
        assert_eq!(verdict(&pending, &said(reason)), expected);
    }
    for kind in ["ControllerResizeError", "NodeResizeError", "ModifyVolumeError"] {
        check(kind, &condition(kind), &format!("warning: grows [status.conditions[{kind}]]"));
    }
    for kind in ["Resizing", "FileSystemResizePending", "ModifyingVolume"] {
        check(kind, &condition(kind), &format!("starting: bound to pv-1, being resized [status.conditions[{kind}]]"));
    }
    let leaving = json!({"deletionTimestamp": "2026-05-14T12:00:00Z"});
    let leaving = object("v1", "PersistentVolumeClaim", leaving, json!({}), json!({"phase": "Bound"}));
    check("leaving", &leaving, "warning: being deleted, held while it is used [metadata.deletionTimestamp]");
}

#[test]
fn a_service_by_what_stands_behind_it() {
    let service = |spec: Value| object("v1", "Service", json!({}), spec, Value::Null);
    let selects = service(json!({"selector": {"app": "web"}}));
    let by_hand = service(json!({}));
    let slices = |all: usize, ready: usize| Around { slices_known: true, has_slices: true, endpoints: all, ready_endpoints: ready, pods_known: true, ..Around::default() };
    let known = Around { slices_known: true, pods_known: true, ..Around::default() };
    let (up, down) = (Backend::Pod { ready: true }, Backend::Pod { ready: false });
    let workload = |name: &str, desired| Backend::Workload { name: name.into(), desired };
    let (asleep, wanted) = (workload("Deployment web", 0), workload("Deployment canary", 2));
    let with = |around: &Around, backends: &[Backend]| Around { backends: backends.to_vec(), ..around.clone() };
    let slice = "[EndpointSlice endpoints[].conditions.ready]";
    for (name, service, around, expected) in [
        ("ready", &selects, slices(3, 2), format!("well: 2 of 3 endpoints ready {slice}")),
        ("none ready", &selects, with(&slices(2, 0), &[down.clone(), wanted.clone()]), format!("critical: none of 2 endpoints is ready {slice}")),
        ("none", &selects, with(&slices(0, 0), std::slice::from_ref(&wanted)), format!("critical: no endpoint {slice}")),
        ("matches nothing", &selects, slices(0, 0), format!("critical: no endpoint: its selector matches nothing {slice}")),
        ("asleep", &selects, with(&slices(0, 0), std::slice::from_ref(&asleep)), "resting: what it selects is scaled to zero [Deployment web: spec.replicas]".to_owned()),
        ("both asleep", &selects, with(&slices(0, 0), &[workload("DaemonSet zoo", 0), asleep.clone()]), "resting: what it selects is scaled to zero [DaemonSet zoo: status.desiredNumberScheduled]".to_owned()),
        ("both asleep, found the other way round", &selects, with(&slices(0, 0), &[asleep.clone(), workload("DaemonSet zoo", 0)]), "resting: what it selects is scaled to zero [DaemonSet zoo: status.desiredNumberScheduled]".to_owned()),
        ("one of two asleep", &selects, with(&slices(0, 0), &[asleep.clone(), wanted]), format!("critical: no endpoint {slice}")),
        ("asleep but pods left", &selects, with(&slices(1, 0), &[asleep, down.clone()]), format!("critical: none of 1 endpoints is ready {slice}")),
        ("by its pods", &selects, with(&known, &[up, down.clone()]), "well: 1 of 2 endpoints ready [Pod status.conditions[Ready]]".to_owned()),
        ("by its pods, none ready", &selects, with(&known, std::slice::from_ref(&down)), "critical: none of 1 endpoints is ready [Pod status.conditions[Ready]]".to_owned()),
        ("stale slices, fresh pods", &selects, with(&Around { slices_known: false, ..slices(3, 3) }, std::slice::from_ref(&down)), "critical: none of 1 endpoints is ready [Pod status.conditions[Ready]]".to_owned()),
        ("nothing known", &selects, Around::default(), format!("unknown: neither its endpoints nor its pods are known {slice}")),
        ("by hand", &by_hand, slices(1, 1), format!("well: 1 of 1 endpoints ready {slice}")),
        ("by hand, emptied", &by_hand, slices(0, 0), format!("critical: no endpoint: none was entered by hand {slice}")),
        ("by hand, none", &by_hand, known.clone(), "unknown: selects nothing and no endpoint was entered by hand [spec.selector]".to_owned()),
        ("by hand, not known", &by_hand, Around { pods_known: true, ..Around::default() }, format!("unknown: selects nothing, and its endpoints are not known {slice}")),
        ("by hand, stale", &by_hand, Around { slices_known: false, ..slices(1, 1) }, format!("unknown: selects nothing, and its endpoints are not known {slice}")),
        ("external", &service(json!({"type": "ExternalName", "externalName": "db.example.com"})), known.clone(), "unknown: leads to db.example.com, outside the cluster [spec.externalName]".to_owned()),
    ] {
        assert_eq!(verdict(service, &around), expected, "{name}");
    }
    let file = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "it"}, "spec": {"selector": {"app": "web"}}});
    check("files", &reduce("c", &file).unwrap(), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]");
}

#[test]
fn an_autoscaler_by_its_conditions_and_its_limit() {
    let hpa = |min: i64, max: i64, current: i64, conditions: Value| {
        object("autoscaling/v2", "HorizontalPodAutoscaler", json!({}), json!({"minReplicas": min, "maxReplicas": max}),
            json!({"currentReplicas": current, "desiredReplicas": current, "conditions": conditions}))
    };
    let able = json!({"type": "AbleToScale", "status": "True"});
    let one = |kind: &str, status: &str, reason: &str| json!([able, {"type": kind, "status": status, "reason": reason, "message": "words"}]);
    for (name, hpa, expected) in [
        ("files", object("autoscaling/v2", "HorizontalPodAutoscaler", json!({}), json!({"maxReplicas": 4}), Value::Null), "unknown: nobody reported a status: it was never applied, or nothing acts on it [status]"),
        ("calm", hpa(1, 4, 2, json!([able])), "well: 2 replicas, 2 wanted, 1 to 4 allowed [status.conditions[AbleToScale]]"),
        ("unable", hpa(1, 4, 2, json!([{"type": "AbleToScale", "status": "False", "reason": "FailedGetScale", "message": "not found"}])), "critical: unable to scale: FailedGetScale: not found [status.conditions[AbleToScale]]"),
        ("blind", hpa(1, 4, 2, one("ScalingActive", "False", "FailedGetResourceMetric")), "warning: not scaling: FailedGetResourceMetric: words [status.conditions[ScalingActive]]"),
        ("off", hpa(1, 4, 0, one("ScalingActive", "False", "ScalingDisabled")), "resting: its target is scaled to zero [status.conditions[ScalingActive]]"),
        ("at maximum", hpa(1, 4, 4, json!([able])), "warning: at its maximum: 4 replicas, 4 wanted, 1 to 4 allowed [status.currentReplicas]"),
        ("fixed on purpose", hpa(4, 4, 4, json!([able])), "well: 4 replicas, 4 wanted, 4 to 4 allowed [status.conditions[AbleToScale]]"),
        ("limited", hpa(1, 4, 3, one("ScalingLimited", "True", "TooManyReplicas")), "warning: wants more than its maximum: TooManyReplicas: words [status.conditions[ScalingLimited]]"),
        ("at minimum", hpa(1, 4, 1, one("ScalingLimited", "True", "TooFewReplicas")), "well: 1 replicas, 1 wanted, 1 to 4 allowed [status.conditions[AbleToScale]]"),
        ("no word", hpa(1, 4, 2, json!([{"type": "ScalingActive", "status": "True"}])), "unknown: nothing says whether it can scale: 2 replicas, 2 wanted, 1 to 4 allowed [status.conditions]"),
    ] {
        check(name, &hpa, expected);
    }
}

#[test]
fn a_kind_without_a_rule_has_no_verdict() {
    let role = object("rbac.authorization.k8s.io/v1", "Role", json!({}), json!({}), Value::Null);
    assert_eq!(judge(&role, &Around::default()), Health { state: HealthState::None, ..Health::default() });
}
