//! What is told of a change, and when it says it happened.

use serde_json::{Value, json};

use super::*;
use crate::resource::reduce;

fn object(value: &Value) -> Object {
    reduce("c", value).unwrap()
}

fn health(state: HealthState, reason: &str) -> Health {
    Health { state, reason: reason.into(), ..Health::default() }
}

/// Kind, text, detail and time of each fact of a step; the time is empty where the cluster does not say.
fn told(before: Option<&Value>, after: Option<&Value>) -> Vec<[String; 4]> {
    let quiet = health(HealthState::Well, "");
    facts(before, after, &quiet).into_iter().map(line).collect()
}

fn facts(before: Option<&Value>, after: Option<&Value>, now: &Health) -> Vec<Fact> {
    let (before, after) = (before.map(object), after.map(object));
    notable(before.as_ref(), after.as_ref(), &health(HealthState::Critical, "0 of 2 available"), now)
}

fn line(fact: Fact) -> [String; 4] {
    let at = fact.at.map_or_else(String::new, |at| at.format("%H:%M:%S").to_string());
    [fact.kind, fact.text, fact.detail, at]
}

/// A Deployment of an image, with its `Progressing` condition: reason, status, time of its transition and of its update.
fn deployment(generation: i64, image: &str, replicas: i64, progressing: [&str; 4]) -> Value {
    let [reason, status, changed, updated] = progressing;
    let mut condition = json!({"type": "Progressing", "reason": reason, "status": status, "message": "words"});
    for (field, time) in [("lastTransitionTime", changed), ("lastUpdateTime", updated)] {
        if !time.is_empty() {
            condition[field] = json!(format!("2026-05-14T{time}Z"));
        }
    }
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u", "generation": generation},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
        "status": {"replicas": replicas, "conditions": [condition]}})
}

const DONE: [&str; 4] = ["NewReplicaSetAvailable", "True", "08:00:00", "08:00:20"];
const MOVING: [&str; 4] = ["ReplicaSetUpdated", "True", "08:00:00", "12:31:00"];
/// As the controller leaves it after a second good rollout: the transition is still that of the first.
const DONE_AGAIN: [&str; 4] = ["NewReplicaSetAvailable", "True", "08:00:00", "12:31:45"];

#[test]
fn a_rollout_is_told_when_it_is_seen_to_start_with_what_it_brings() {
    let (before, after) = (deployment(1, "web:1", 2, DONE), deployment(2, "web:2", 2, DONE));
    assert_eq!(
        told(Some(&before), Some(&after)),
        [["rollout", "Deployment web: image of web web:1 → web:2", "", ""].map(str::to_owned)]
    );
}

#[test]
fn a_rollout_under_trouble_says_why_the_house_is_red() {
    let (before, after) = (deployment(1, "web:1", 2, DONE), deployment(2, "web:2", 2, DONE));
    let found = facts(Some(&before), Some(&after), &health(HealthState::Critical, "1 of 2 available"));
    assert_eq!(found[0].detail, "1 of 2 available");
}

#[test]
fn a_rollout_is_complete_when_its_own_condition_was_updated_not_when_the_first_one_was() {
    let (before, after) = (deployment(2, "web:2", 2, MOVING), deployment(2, "web:2", 2, DONE_AGAIN));
    assert_eq!(
        told(Some(&before), Some(&after)),
        [["rollout", "Deployment web: rollout complete", "words", "12:31:45"].map(str::to_owned)]
    );
}

#[test]
fn a_rollout_whose_condition_has_no_update_time_is_complete_when_that_is_seen() {
    let after = deployment(2, "web:2", 2, ["NewReplicaSetAvailable", "True", "08:00:00", ""]);
    let found = told(Some(&deployment(2, "web:2", 2, MOVING)), Some(&after));
    assert_eq!(found, [["rollout", "Deployment web: rollout complete", "words", ""].map(str::to_owned)]);
}

#[test]
fn a_rollout_that_misses_its_deadline_failed_when_its_condition_turned() {
    for updated in ["12:41:00", ""] {
        let after = deployment(2, "web:2", 2, ["ProgressDeadlineExceeded", "False", "12:41:00", updated]);
        let found = told(Some(&deployment(2, "web:2", 2, MOVING)), Some(&after));
        assert_eq!(
            found,
            [["rollout", "Deployment web: rollout does not progress", "words", "12:41:00"].map(str::to_owned)]
        );
    }
}

#[test]
fn the_end_of_a_rollout_is_told_once_and_a_second_one_again() {
    let done = deployment(2, "web:2", 2, DONE_AGAIN);
    assert!(told(Some(&done), Some(&done)).is_empty());
    let quiet = health(HealthState::Well, "");
    let first = facts(Some(&deployment(2, "web:2", 2, MOVING)), Some(&done), &quiet);
    let later = deployment(3, "web:2", 2, ["NewReplicaSetAvailable", "True", "08:00:00", "13:00:00"]);
    let second = facts(Some(&deployment(3, "web:2", 2, MOVING)), Some(&later), &quiet);
    assert_eq!(first[0].source_id, "u:NewReplicaSetAvailable:2");
    assert_eq!(second[0].source_id, "u:NewReplicaSetAvailable:3");
}

#[test]
fn scaling_and_a_pause_are_told_when_seen() {
    let before = deployment(1, "web:1", 2, DONE);
    let scaled = deployment(2, "web:1", 0, DONE);
    let word = ["scaled", "Deployment web scaled from 2 to 0", "", ""].map(str::to_owned);
    assert_eq!(told(Some(&before), Some(&scaled)), [word]);
    let mut paused = deployment(2, "web:1", 2, DONE);
    paused["spec"]["paused"] = json!(true);
    let word = |what: &str| ["rollout", &format!("Deployment web: rollout {what}"), "", ""].map(str::to_owned);
    assert_eq!(told(Some(&before), Some(&paused)), [word("paused")]);
    assert_eq!(told(Some(&paused), Some(&before)), [word("resumed")]);
}

#[test]
fn a_controller_that_another_made_tells_nothing_of_its_own() {
    let owned = |mut value: Value| {
        value["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "argoproj.io/v1", "kind": "Rollout", "name": "r", "uid": "r", "controller": true}]);
        value
    };
    let (before, after) = (owned(deployment(1, "web:1", 2, DONE)), owned(deployment(2, "web:2", 0, DONE)));
    assert!(told(Some(&before), Some(&after)).is_empty());
}

#[test]
fn a_template_says_in_words_what_it_changes() {
    let with = |spec: Value| {
        let mut value = deployment(2, "web:1", 2, DONE);
        value["spec"]["template"]["spec"] = spec;
        value
    };
    let web = json!({"name": "web", "image": "web:1"});
    let plain = with(json!({"containers": [web]}));
    for (spec, words) in [
        (json!({"containers": [web, {"name": "log", "image": "log:3"}]}), "new container log with log:3"),
        (json!({"containers": [{"name": "w", "image": "w:1"}]}), "new container w with w:1, container web removed"),
        (
            json!({"containers": [{"name": "web", "image": "web:1", "env": [{"name": "DEBUG", "value": "1"}]}]}),
            "environment: +DEBUG",
        ),
        (json!({"containers": [web], "imagePullSecrets": [{"name": "pull"}]}), "other ConfigMaps or Secrets"),
        (json!({"containers": [web], "serviceAccountName": "web"}), "service account default → web"),
    ] {
        let after = with(spec);
        let found = told(Some(&plain), Some(&after));
        assert_eq!(found[0][1], format!("Deployment web: {words}"));
    }
}

/// A Node with the given conditions: type, status, time of the transition.
fn a_node(conditions: &[[&str; 3]]) -> Value {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|[kind, status, at]| {
            json!({"type": kind, "status": status, "reason": "Why", "message": "the kubelet said so",
                "lastTransitionTime": format!("2026-05-14T{at}Z"), "lastHeartbeatTime": "2026-05-14T23:59:59Z"})
        })
        .collect();
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "n", "resourceVersion": "7"},
        "status": {"conditions": conditions}})
}

#[test]
fn a_node_condition_is_told_with_the_time_of_its_transition() {
    let said = "Why: the kubelet said so";
    for (before, after, text) in [
        (["Ready", "True", "08:00:00"], ["Ready", "False", "12:30:07"], "Node n1 is not ready"),
        (
            ["Ready", "True", "08:00:00"],
            ["Ready", "Unknown", "12:30:07"],
            "Node n1 is lost: its kubelet stopped reporting",
        ),
        (["Ready", "False", "08:00:00"], ["Ready", "True", "12:30:07"], "Node n1 is ready"),
        (
            ["MemoryPressure", "False", "08:00:00"],
            ["MemoryPressure", "True", "12:30:07"],
            "Node n1: MemoryPressure is True",
        ),
        (["DiskPressure", "True", "08:00:00"], ["DiskPressure", "False", "12:30:07"], "Node n1: DiskPressure is False"),
        (["PIDPressure", "False", "08:00:00"], ["PIDPressure", "True", "12:30:07"], "Node n1: PIDPressure is True"),
        (
            ["NetworkUnavailable", "False", "08:00:00"],
            ["NetworkUnavailable", "True", "12:30:07"],
            "Node n1: NetworkUnavailable is True",
        ),
    ] {
        let found = told(Some(&a_node(&[before])), Some(&a_node(&[after])));
        assert_eq!(found, [["node_condition", text, said, "12:30:07"].map(str::to_owned)]);
    }
}

#[test]
fn a_condition_seen_for_the_first_time_is_told_only_where_it_is_not_as_usual() {
    let bare = a_node(&[]);
    assert!(told(Some(&bare), Some(&a_node(&[["Ready", "True", "08:00:00"]]))).is_empty());
    assert!(told(Some(&bare), Some(&a_node(&[["DiskPressure", "False", "08:00:00"]]))).is_empty());
    let found = told(Some(&bare), Some(&a_node(&[["DiskPressure", "True", "08:00:00"]])));
    assert_eq!(found[0][1..4], ["Node n1: DiskPressure is True", "Why: the kubelet said so", "08:00:00"]);
}

#[test]
fn each_turn_of_a_condition_has_an_id_of_its_own() {
    let quiet = health(HealthState::Well, "");
    let id = |at: &str| {
        let after = a_node(&[["Ready", "False", at]]);
        facts(Some(&a_node(&[["Ready", "True", "08:00:00"]])), Some(&after), &quiet)[0].source_id.clone()
    };
    assert_eq!(id("12:30:07"), "n:Ready:False:2026-05-14T12:30:07+00:00");
    assert_eq!(id("12:45:00"), "n:Ready:False:2026-05-14T12:45:00+00:00");
}

#[test]
fn a_cordon_and_a_lease_are_told_when_seen() {
    let plain = a_node(&[]);
    let mut cordoned = plain.clone();
    cordoned["spec"] = json!({"unschedulable": true});
    let word = |text: &str| ["node_condition", text, "", ""].map(str::to_owned);
    assert_eq!(told(Some(&plain), Some(&cordoned)), [word("Node n1 cordoned")]);
    assert_eq!(told(Some(&cordoned), Some(&plain)), [word("Node n1 uncordoned")]);

    let leased = |fresh: Option<bool>| {
        let mut node = object(&plain);
        if let Body::Node(body) = &mut node.body {
            body.lease_fresh = fresh;
        }
        node
    };
    let step = |before, after| -> Vec<[String; 4]> {
        let quiet = health(HealthState::Well, "");
        notable(Some(&leased(before)), Some(&leased(after)), &quiet, &quiet).into_iter().map(line).collect()
    };
    assert_eq!(step(Some(true), Some(false)), [word("Node n1 stopped renewing its lease")]);
    assert_eq!(step(Some(false), Some(true)), [word("Node n1 renews its lease again")]);
    assert!(step(None, Some(true)).is_empty());
}

/// A warning about a pod, repeated some times, last at a time.
fn warning(count: i64, last: &str) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"name": "e", "namespace": "shop", "uid": "e", "creationTimestamp": "2026-05-14T12:00:00Z"},
        "type": "Warning", "reason": "BackOff", "message": "restarting failed container", "count": count,
        "firstTimestamp": "2026-05-14T12:00:01Z", "source": {"component": "kubelet"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"}});
    if !last.is_empty() {
        value["lastTimestamp"] = json!(format!("2026-05-14T{last}Z"));
    }
    value
}

#[test]
fn an_event_is_told_each_time_it_is_repeated_with_the_time_of_the_last() {
    let word = |text: &str, at: &str| ["kubernetes_event", text, "kubelet", at].map(str::to_owned);
    let first = warning(1, "12:00:01");
    assert_eq!(told(None, Some(&first)), [word("BackOff on Pod web-1: restarting failed container", "12:00:01")]);
    let again = warning(4, "12:09:30");
    assert_eq!(
        told(Some(&first), Some(&again)),
        [word("BackOff on Pod web-1 (×4): restarting failed container", "12:09:30")]
    );
    assert!(told(Some(&again), Some(&again)).is_empty());
    assert_eq!(told(None, Some(&warning(1, "")))[0][3], "12:00:01", "the first time where there is no last");
    let fact = &facts(None, Some(&first), &Health::default())[0];
    assert_eq!((fact.subject.to_string().as_str(), fact.source_id.as_str()), ("c//Pod/shop/web-1", "e:1"));
}

#[test]
fn an_event_of_the_newer_group_tells_its_series_and_a_normal_one_nothing() {
    let series = json!({"apiVersion": "events.k8s.io/v1", "kind": "Event",
        "metadata": {"name": "e", "namespace": "shop", "uid": "e"}, "type": "Warning", "reason": "FailedMount",
        "note": "no such volume", "reportingController": "kubelet", "eventTime": "2026-05-14T12:00:01.250000Z",
        "series": {"count": 3, "lastObservedTime": "2026-05-14T12:04:05.500000Z"},
        "regarding": {"kind": "Pod", "namespace": "shop", "name": "web-1"}});
    let text = "FailedMount on Pod web-1 (×3): no such volume";
    assert_eq!(told(None, Some(&series)), [["kubernetes_event", text, "kubelet", "12:04:05"].map(str::to_owned)]);
    let mut normal = warning(1, "12:00:01");
    normal["type"] = json!("Normal");
    assert!(told(None, Some(&normal)).is_empty());
}

#[test]
fn configuration_is_told_by_the_names_that_changed_never_by_a_value() {
    let map = |version: &str, data: Value| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {"name": "env", "namespace": "shop", "uid": "m", "resourceVersion": version}})
    };
    let before = map("1", json!({"A": "one", "B": "x"}));
    let word = |detail: &str| ["config_changed", "ConfigMap env changed", detail, ""].map(str::to_owned);
    assert_eq!(told(Some(&before), Some(&map("2", json!({"A": "one", "C": "x"})))), [word("+C −B")]);
    let other = map("2", json!({"A": "hunter2", "B": "x"}));
    assert_eq!(told(Some(&before), Some(&other)), [word("same names, another value or order")]);
    let secret = |version: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "data": {"k": "aHVudGVyMg=="},
            "metadata": {"name": "pw", "namespace": "shop", "uid": "s", "resourceVersion": version}})
    };
    let found = told(Some(&secret("1")), Some(&secret("2")));
    assert_eq!(found, [["config_changed", "Secret pw changed", "", ""].map(str::to_owned)]);
    assert!(told(Some(&secret("1")), Some(&secret("1"))).is_empty());
}

#[test]
fn a_deletion_says_when_it_was_asked_for_and_how_the_object_was() {
    let mut gone = deployment(2, "web:2", 2, DONE);
    gone["metadata"]["deletionTimestamp"] = json!("2026-05-14T12:50:00Z");
    let found = told(Some(&gone), None);
    assert_eq!(found, [["scaled", "Deployment web was deleted", "0 of 2 available", "12:50:00"].map(str::to_owned)]);
    let node = told(Some(&a_node(&[])), None);
    assert_eq!(node, [["node_condition", "Node n1 was deleted", "0 of 2 available", ""].map(str::to_owned)]);
}

#[test]
fn what_is_seen_for_the_first_time_is_no_news() {
    assert!(told(None, Some(&deployment(2, "web:2", 2, DONE))).is_empty());
    assert!(told(None, Some(&a_node(&[["Ready", "False", "12:30:07"]]))).is_empty());
    assert!(told(None, None).is_empty());
}
