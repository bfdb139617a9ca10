//! Laws of the world: the same whatever the order and however it was reached, and honest about what changed.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;
use crate::health::HealthState;
use crate::resource::{Body, reduce};

#[path = "../../tests/random/mod.rs"]
mod random;
mod timed;

fn object(value: &Value) -> Change {
    Change::Object(Arc::new(reduce("c", value).unwrap()))
}

fn key(group: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new("c", group, kind, namespace, name)
}

/// Everything that can be read from a world, as text.
fn read(world: &World) -> String {
    let mut text =
        format!("{}\n{:?}\n{:?}\n{:?}\n", world.digest(), world.relations(), world.unresolved(), world.calls());
    for house in world.houses() {
        text += &format!("{house} {:?} {:?}\n", world.pods_of(&house), world.health(&house));
    }
    for object in world.objects() {
        let key = &object.key;
        let events: Vec<&ObjectKey> = world.events_of(key).iter().map(|event| &event.key).collect();
        let named = world.by_name(&key.kind, Some(&key.namespace), &key.name);
        text += &format!("{key} {:?} {:?} {events:?} {named:?}\n", world.health(key), world.house_of(key));
    }
    let houses = world.houses();
    for (from, to) in houses.iter().flat_map(|from| houses.iter().map(move |to| (from, to))) {
        text += &format!("{:?} {:?} ", world.verdict(from, to, Some(80)), world.street_verdict(from, to));
    }
    for ip in ["10.0.0.1", "10.0.0.2"] {
        text += &format!("{:?} {:?}\n", world.pod_by_ip(ip), world.node_by_address(ip));
    }
    text
}

const NAMES: [&str; 3] = ["web", "db", "db-0"];
const SPACES: [&str; 2] = ["a", "b"];
const UIDS: [&str; 3] = ["", "u1", "u2"];

fn meta(kind: &str, version: &str, space: &str, name: &str, uid: &str, more: Value) -> Value {
    let mut metadata = json!({"name": name, "namespace": space, "uid": uid});
    if let (Value::Object(fields), Value::Object(extra)) = (&mut metadata, more) {
        fields.extend(extra);
    }
    json!({"apiVersion": version, "kind": kind, "metadata": metadata})
}

prop_compose! {
    fn labels()(app in select(vec!["web", "db", ""]), tier in select(vec!["", "front"]), job in select(vec!["", "", "db"])) -> Value {
        let mut labels = serde_json::Map::new();
        for (key, value) in [("app", app), ("tier", tier), ("job-name", job)] {
            if !value.is_empty() {
                labels.insert(key.to_owned(), value.into());
            }
        }
        Value::Object(labels)
    }
}

prop_compose! {
    fn owner()(kind in select(vec!["", "ReplicaSet", "Deployment", "Job", "StatefulSet", "Node", "Rollout"]),
               name in select(NAMES.to_vec()), uid in select(UIDS.to_vec()), controller in any::<bool>()) -> Value {
        let version = match kind { "Job" => "batch/v1", "Node" => "v1", "Rollout" => "argoproj.io/v1", _ => "apps/v1" };
        if kind.is_empty() { json!([]) }
        else { json!([{"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": controller}]) }
    }
}

prop_compose! {
    fn spec()(host in select(vec!["web", "web.b", "db:5432", "db:1", "http://web.a/x", "gone:80", "db.a.svc:5432"]),
              config in select(vec!["web", "db"]), optional in any::<bool>(), node in select(vec!["", "web", "db"])) -> Value {
        json!({"nodeName": node, "containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": host}],
               "envFrom": [{"configMapRef": {"name": config, "optional": optional}}]}],
               "volumes": [{"name": "db", "persistentVolumeClaim": {"claimName": "db-db-0"}}, {"name": "e", "ephemeral": {}}]})
    }
}

prop_compose! {
    fn pod()(name in select(NAMES.to_vec()), space in select(SPACES.to_vec()), uid in select(UIDS.to_vec()), labels in labels(),
             owners in owner(), spec in spec(), ip in select(vec!["", "10.0.0.1", "10.0.0.2"]),
             status in select(vec![("Running", "True", ""), ("Running", "False", "CrashLoopBackOff"), ("Failed", "False", ""), ("", "", "")])) -> Value {
        let (phase, ready, waiting) = status;
        let mut value = meta("Pod", "v1", space, name, uid, json!({"labels": labels, "ownerReferences": owners}));
        value["spec"] = spec;
        value["status"] = json!({"phase": phase, "podIP": ip, "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "c", "state": if waiting.is_empty() { json!({}) } else { json!({"waiting": {"reason": waiting}}) }}]});
        value
    }
}

prop_compose! {
    fn workload()(kind in select(vec![("Deployment", "apps/v1"), ("ReplicaSet", "apps/v1"), ("StatefulSet", "apps/v1"), ("Job", "batch/v1")]),
                  name in select(NAMES.to_vec()), space in select(SPACES.to_vec()), uid in select(UIDS.to_vec()),
                  labels in labels(), owners in owner(), spec in spec(), replicas in 0..3i64, available in 0..3i64,
                  revision in select(vec!["1", "2"])) -> Value {
        let mut value = meta(kind.0, kind.1, space, name, uid,
            json!({"ownerReferences": owners, "annotations": {"deployment.kubernetes.io/revision": revision}}));
        value["spec"] = json!({"replicas": replicas, "template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": [{"metadata": {"name": "db"}}]});
        value["status"] = json!({"availableReplicas": available, "readyReplicas": available, "updatedReplicas": available});
        value
    }
}

prop_compose! {
    fn network()(kind in select(vec!["Service", "PodDisruptionBudget", "NetworkPolicy", "EndpointSlice", "Endpoints", "Ingress", "ConfigMap"]),
                 name in select(NAMES.to_vec()), space in select(SPACES.to_vec()), uid in select(UIDS.to_vec()), selector in labels(),
                 port in select(vec![80, 5432]), target in select(NAMES.to_vec()), pod_uid in select(UIDS.to_vec()), by_ip in any::<bool>(),
                 expression in select(vec!["In", "NotIn", "Exists", "DoesNotExist"]), full in any::<bool>(), external in any::<bool>()) -> Value {
        let full = if full { json!({"matchLabels": selector, "matchExpressions": [{"key": "tier", "operator": expression, "values": ["front"]}]}) }
            else { json!({"matchLabels": selector}) };
        match kind {
            "Service" => {
                let mut value = meta(kind, "v1", space, name, uid, json!({}));
                value["spec"] = json!({"selector": selector, "ports": [{"port": port}]});
                if external {
                    value["spec"]["type"] = json!("ExternalName");
                    value["spec"]["externalName"] = json!("db.b.svc.cluster.local");
                }
                value
            }
            "PodDisruptionBudget" => {
                let mut value = meta(kind, "policy/v1", space, name, uid, json!({}));
                value["spec"] = json!({"selector": full});
                value
            }
            "NetworkPolicy" => {
                let mut value = meta(kind, "networking.k8s.io/v1", space, name, uid, json!({}));
                value["spec"] = json!({"podSelector": full});
                value
            }
            "EndpointSlice" => {
                let mut value = meta(kind, "discovery.k8s.io/v1", space, name, uid, json!({"labels": {"kubernetes.io/service-name": target}}));
                let reference = if by_ip { Value::Null } else { json!({"kind": "Pod", "name": name, "uid": pod_uid}) };
                value["endpoints"] = json!([{"addresses": ["10.0.0.1"], "targetRef": reference, "conditions": {"ready": external}}]);
                value
            }
            "Endpoints" => {
                let mut value = meta(kind, "v1", space, name, uid, json!({}));
                let reference = if by_ip { Value::Null } else { json!({"kind": "Pod", "name": target, "uid": pod_uid}) };
                let place = if external { "addresses" } else { "notReadyAddresses" };
                value["subsets"] = json!([{place: [{"ip": "10.0.0.1", "targetRef": reference}]}]);
                value
            }
            "Ingress" => {
                let mut value = meta(kind, "networking.k8s.io/v1", space, name, uid, json!({}));
                value["spec"] = json!({"ingressClassName": "web", "tls": [{"secretName": name}],
                    "defaultBackend": {"service": {"name": target, "port": {"number": port}}}});
                value
            }
            _ => {
                let mut value = meta(kind, "v1", space, name, uid, json!({}));
                value["data"] = json!({"A": if external { "web:80" } else { "db" }, "B": "x"});
                value
            }
        }
    }
}

prop_compose! {
    fn other()(kind in select(vec!["PersistentVolumeClaim", "PersistentVolume", "Node", "Event", "HorizontalPodAutoscaler", "ClusterRoleBinding"]),
               name in select(vec!["web", "db", "db-db-0"]), space in select(SPACES.to_vec()), uid in select(UIDS.to_vec()),
               target in select(NAMES.to_vec()), target_uid in select(UIDS.to_vec()), about in select(vec!["Pod", "PersistentVolumeClaim"]),
               reason in select(vec!["ProvisioningFailed", "WaitForFirstConsumer"]), count in 1..4i64) -> Value {
        match kind {
            "PersistentVolumeClaim" => {
                let mut value = meta(kind, "v1", space, name, uid, json!({}));
                value["spec"] = json!({"volumeName": target, "storageClassName": "fast"});
                value["status"] = json!({"phase": "Pending"});
                value
            }
            "PersistentVolume" => {
                let mut value = meta(kind, "v1", "", target, uid, json!({}));
                value["spec"] = json!({"claimRef": {"namespace": space, "name": name, "uid": target_uid}});
                value
            }
            "Node" => {
                let mut value = meta(kind, "v1", "", target, uid, json!({"labels": {"topology.kubernetes.io/zone": space}}));
                value["status"] = json!({"conditions": [{"type": "Ready", "status": if count > 1 { "True" } else { "Unknown" }}],
                    "addresses": [{"type": "InternalIP", "address": "10.0.0.2"}]});
                value
            }
            "Event" => {
                let mut value = meta(kind, "v1", space, name, uid, json!({}));
                value["involvedObject"] = json!({"kind": about, "namespace": space, "name": if about == "Pod" { target } else { "db-db-0" }, "uid": target_uid});
                value["reason"] = json!(reason);
                value["count"] = json!(count);
                value["lastTimestamp"] = json!(format!("2026-01-01T00:00:0{count}Z"));
                value
            }
            "HorizontalPodAutoscaler" => {
                let mut value = meta(kind, "autoscaling/v2", space, name, uid, json!({}));
                value["spec"] = json!({"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}});
                value
            }
            _ => {
                let mut value = meta(kind, "rbac.authorization.k8s.io/v1", "", name, uid, json!({}));
                value["subjects"] = json!([{"kind": "ServiceAccount", "namespace": space, "name": "default"}, {"kind": "Group", "name": "g"}]);
                value["roleRef"] = json!({"kind": "ClusterRole", "name": target});
                value
            }
        }
    }
}

fn any_object() -> impl Strategy<Value = Change> {
    prop_oneof![3 => pod(), 3 => workload(), 3 => network(), 2 => other(), 5 => random::anything(), 4 => timed::timed()]
        .prop_map(|value| object(&value))
}

prop_compose! {
    fn any_freshness()(kind in select(vec!["", "/Pod", "Pod", "apps/Deployment", "/Service", "discovery.k8s.io/EndpointSlice", "/ConfigMap",
                       "/Namespace", "/Secret", "batch/Job", "networking.k8s.io/NetworkPolicy", "gateway.networking.k8s.io/ReferenceGrant"]),
                       source in select(vec!["cluster:lab", "cluster:c", "alertmanager:main"]), space in select(vec!["", "", "a"]),
                       state in select(vec![0, 1, 2, 3, 4])) -> Change {
        let why = "it is silent".to_owned();
        let state = match state {
            0 => Freshness::Live,
            1 => Freshness::CatchingUp,
            2 => Freshness::Stale { since: Moment::default(), why },
            3 => Freshness::Forbidden { verb: "list".to_owned(), message: why },
            _ => Freshness::NeverAnswered { why },
        };
        Change::Freshness(SourceState { source: source.into(), kind: kind.to_owned(), namespace: space.to_owned(), state })
    }
}

fn any_change() -> impl Strategy<Value = Change> {
    let alert = (select(vec!["x", "y"]), select(vec!["am", "prom"])).prop_map(|(id, source)| {
        Change::Alert(Box::new(Alert { id: id.to_owned(), source: source.into(), ..Alert::default() }))
    });
    let alert_gone = (select(vec!["x", "y"]), select(vec!["am", "prom"]))
        .prop_map(|(id, source)| Change::AlertGone { id: id.to_owned(), source: source.into() });
    let gone = (any_object(), select(UIDS.to_vec())).prop_map(|(change, uid)| match change {
        Change::Object(object) => Change::Gone { key: object.key.clone(), uid: uid.to_owned() },
        other => other,
    });
    let cluster = select(vec!["lab", "c"]).prop_map(|label| Change::Cluster {
        id: "c".to_owned(),
        label: label.to_owned(),
        version: "v1".to_owned(),
    });
    prop_oneof![12 => any_object(), 5 => gone, 1 => alert, 1 => alert_gone, 2 => any_freshness(), 1 => cluster, 4 => any_measured(), 1 => timed::later()]
}

/// Calls that somebody measured, and how whoever measured them stands.
fn any_measured() -> impl Strategy<Value = Change> {
    use crate::observed::{CallId, End, EndKind, Measure, ObservedCall, Observer, ObserverState};
    let end = || {
        let is = select(vec![
            EndKind::Workload,
            EndKind::Workload,
            EndKind::Service,
            EndKind::Telemetry,
            EndKind::Place,
            EndKind::Nobody,
        ]);
        let kind = select(vec!["", "", "Deployment", "Pod", "ReplicaSet"]);
        (
            is,
            select(SPACES.to_vec()),
            kind,
            select(vec!["web", "db", "db.a.svc", "far.example"]),
            select(vec!["", "", "lab"]),
        )
            .prop_map(|(is, space, kind, name, cluster)| End {
                is,
                cluster: cluster.into(),
                namespace: space.into(),
                kind: kind.into(),
                name: name.into(),
            })
    };
    let observer = || select(vec![Observer::Istio, Observer::Hubble]);
    let id =
        (observer(), end(), end()).prop_map(|(observer, from, to)| CallId { source: "p".into(), observer, from, to });
    (0..8, id, observer(), any::<bool>(), select(vec!["c", ""])).prop_map(|(what, id, observer, two_way, cluster)| {
        match what {
            0 => Change::CallGone(Box::new(id)),
            1 => Change::ObserverGone { source: "p".into(), observer },
            2 | 3 => Change::Observer(Box::new(ObserverState {
                source: "p".into(),
                observer,
                cluster: cluster.into(),
                answered_at: None,
                trouble: String::new(),
                notes: Vec::new(),
            })),
            _ => Change::Call(Box::new(ObservedCall { id, measure: Measure::default(), two_way, last_seen: None })),
        }
    })
}

/// The living pods of a controller and of those below it, and which are not well, read one by one.
fn counted(world: &World, id: Id) -> (usize, Vec<Id>) {
    let (mut living, mut unwell) = (0, Vec::new());
    for ward in world.wards_of(id) {
        let Some(object) = world.object_of(ward) else { continue };
        if !matches!(object.body, Body::Pod(_)) {
            let below = counted(world, ward);
            living += below.0;
            unwell.extend(below.1);
        } else if object.deleted_at.is_none() {
            living += 1;
            let is_well = |state| matches!(state, HealthState::Well | HealthState::Resting | HealthState::None);
            unwell.extend(world.verdicts.get(ward).is_some_and(|health| !is_well(health.state)).then_some(ward));
        }
    }
    (living, unwell)
}

fn sorted((living, mut unwell): (usize, Vec<Id>)) -> (usize, Vec<Id>) {
    unwell.sort_unstable();
    (living, unwell)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_world_reached_step_by_step_equals_one_rebuilt(changes in prop::collection::vec(any_change(), 0..60), cut in 1..9usize) {
        let mut stepped = World::new();
        for change in &changes {
            stepped.apply(change);
        }
        let mut batched = World::new();
        for batch in changes.chunks(cut) {
            batched.apply_all(batch);
        }
        let rebuilt = World::from_changes(&stepped.keyframe());
        let expected = read(&rebuilt);
        prop_assert_eq!(&read(&stepped), &expected);
        prop_assert_eq!(&read(&batched), &expected);
        for world in [&stepped, &batched, &rebuilt] {
            for id in world.ids() {
                prop_assert_eq!(sorted(world.living_below(id)), sorted(counted(world, id)), "{}", world.key_of(id));
            }
        }
    }

    #[test]
    fn the_order_of_unrelated_changes_does_not_matter(
        (first, second) in prop::collection::btree_map("[a-z]", any_object(), 0..30).prop_flat_map(|changes| {
            let mut kept: std::collections::BTreeMap<ObjectKey, Change> = std::collections::BTreeMap::new();
            for change in changes.into_values() {
                if let Change::Object(object) = &change {
                    kept.insert(object.key.clone(), change);
                }
            }
            let list: Vec<Change> = kept.into_values().collect();
            (Just(list.clone()), Just(list).prop_shuffle())
        })
    ) {
        let mut shuffled = World::new();
        for change in &second {
            shuffled.apply(change);
        }
        prop_assert_eq!(read(&World::from_changes(&first)), read(&shuffled));
    }

    #[test]
    fn a_delta_names_everything_that_differs(changes in prop::collection::vec(any_change(), 0..40)) {
        let mut world = World::new();
        for change in &changes {
            let before = world.clone();
            let delta = world.apply(change);
            if before.relations() != world.relations() || before.unresolved() != world.unresolved() {
                prop_assert!(delta.relations);
            }
            for object in world.objects() {
                if before.object(&object.key) != Some(object) {
                    prop_assert!(delta.objects.contains(&object.key));
                }
                if before.object(&object.key).is_some() && before.health(&object.key) != world.health(&object.key) {
                    prop_assert!(delta.health.contains(&object.key), "{}", object.key);
                }
            }
        }
    }

    #[test]
    fn the_relations_of_an_object_are_those_that_name_it(changes in prop::collection::vec(any_change(), 0..40)) {
        let world = World::from_changes(&changes);
        let all = world.relations();
        for object in world.objects() {
            let expected: Vec<Relation> =
                all.iter().filter(|it| it.from == object.key || it.to == object.key).cloned().collect();
            prop_assert_eq!(world.relations_of(&object.key), expected);
        }
    }
}

/// A world through which many pods went, each with words of its own, and ten that stayed.
fn busy(pods: usize) -> World {
    let mut world = World::new();
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
    world.apply(&object(&node));
    for number in 0..pods {
        let name = format!("p{number}");
        let claim = json!({"name": "data", "persistentVolumeClaim": {"claimName": name}});
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "a",
                "labels": {"a": name, "b": format!("b{number}"), "c": format!("c{number}"), "d": format!("d{number}")}},
            "spec": {"nodeName": "n", "containers": [], "volumes": [claim]}, "status": {"podIP": format!("ip{number}")}});
        world.apply(&object(&pod));
        if number + 10 < pods {
            world.apply(&Change::Gone { key: key("", "Pod", "a", &name), uid: String::new() });
        }
    }
    world
}

#[test]
fn what_nobody_names_any_more_takes_no_room() {
    let world = busy(60_000);
    assert!(world.keys.len() < 100, "{} keys", world.keys.len());
    assert!(world.words.len() < 201_000, "{} words", world.words.len());
    assert_eq!(world.len(), 11);
    assert_eq!(read(&World::from_changes(&world.keyframe())), read(&world));
}

#[test]
fn starting_afresh_changes_nothing_that_can_be_read() {
    let mut world = busy(300);
    let before = (read(&world), world.words.len());
    world.start_afresh();
    assert_eq!(read(&world), before.0);
    assert!(world.words.len() < before.1);
}

#[test]
fn a_late_deletion_leaves_the_successor_alone() {
    let pod = |uid: &str| {
        object(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "a", "uid": uid}}))
    };
    let mut world = World::from_changes(&[pod("u1"), pod("u2")]);
    let gone = |uid: &str| Change::Gone { key: key("", "Pod", "a", "p"), uid: uid.to_owned() };
    assert!(world.apply(&gone("u1")).objects.is_empty());
    assert_eq!(world.len(), 1);
    assert_eq!(world.apply(&gone("u2")).objects.len(), 1);
    assert!(world.is_empty());
}

#[test]
fn who_calls_a_house_is_asked_again_where_its_controller_is_learned_of_later() {
    let template = |labels: Value, env: Value| json!({ "template": { "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "c", "image": "i", "env": env }] } } });
    let owner =
        json!([{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": true }]);
    let mut inner = meta("StatefulSet", "apps/v1", "a", "web", "", json!({ "ownerReferences": owner }));
    inner["spec"] = template(json!({ "app": "web" }), json!([]));
    let mut service = meta("Service", "v1", "a", "db", "", json!({}));
    service["spec"] = json!({ "selector": { "app": "web" }, "ports": [{ "port": 5432 }] });
    let mut caller = meta("Deployment", "apps/v1", "a", "caller", "", json!({}));
    caller["spec"] = template(json!({}), json!([{ "name": "DB", "value": "db:5432" }]));
    let mut outer = meta("Deployment", "apps/v1", "a", "web", "u", json!({}));
    outer["spec"] = template(json!({}), json!([]));
    let mut world = World::new();
    let calls = |world: &World| -> Vec<String> {
        let all = world.relations();
        all.iter().filter(|it| it.r#type == "calls").map(|it| format!("{} {}", it.to.kind, it.to.name)).collect()
    };
    for it in [&inner, &service, &caller] {
        world.apply(&object(it));
    }
    assert_eq!(calls(&world), ["StatefulSet web"]);
    world.apply(&object(&outer));
    assert_eq!(read(&world), read(&World::from_changes(&world.keyframe())));
    assert_ne!(calls(&world), ["StatefulSet web"], "it stands below another now");
}

#[test]
fn a_kind_that_may_not_be_read_is_unknown_and_nothing_of_it_is_called_missing() {
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "a", "uid": "u"},
        "spec": {"template": {"spec": {"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "s"}}]}]}}},
        "status": {"availableReplicas": 1, "updatedReplicas": 1}});
    let mut world = World::new();
    world.apply(&Change::Cluster { id: "c".to_owned(), label: "lab".to_owned(), version: String::new() });
    world.apply(&object(&deployment));
    let uses = |world: &World| world.relations().into_iter().find(|it| it.r#type == "uses").unwrap().state;
    assert_eq!(uses(&world), RelationState::Dangling);
    let fresh = |kind: &str, state: Freshness| {
        Change::Freshness(SourceState {
            source: "cluster:lab".into(),
            kind: kind.to_owned(),
            namespace: String::new(),
            state,
        })
    };
    world.apply(&fresh("apps/Deployment", Freshness::Live));
    let message = "secrets is forbidden".to_owned();
    world.apply(&fresh("/Secret", Freshness::Forbidden { verb: "list".to_owned(), message }));
    assert_eq!(uses(&world), RelationState::Ok);
    let d = key("apps", "Deployment", "a", "d");
    assert_eq!(world.health(&d).state, HealthState::Well);
    let delta =
        world.apply(&fresh("apps/Deployment", Freshness::Stale { since: Moment::default(), why: "reset".to_owned() }));
    assert_eq!(delta.health, std::slice::from_ref(&d));
    assert_eq!(world.health(&d).state, HealthState::Unknown);
    assert_eq!(world.health(&d).reason, "nothing was heard about deployments since 00:00:00 UTC: reset");
}

#[test]
fn endpoints_say_who_stands_behind_a_service_until_a_slice_does() {
    let mut service = meta("Service", "v1", "a", "db", "s", json!({}));
    service["spec"] = json!({"selector": {"app": "db"}, "ports": [{"port": 5432}]});
    let mut older = meta("Endpoints", "v1", "a", "db", "e", json!({}));
    older["subsets"] = json!([{"addresses": [{"ip": "10.0.0.1"}], "notReadyAddresses": [{"ip": "10.0.0.2"}]},
        {"notReadyAddresses": [{"ip": "10.0.0.3", "targetRef": {"kind": "Pod", "name": "db-0", "uid": "p"}}]}]);
    let mut slice = meta(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        "a",
        "db-x",
        "x",
        json!({"labels": {"kubernetes.io/service-name": "db"}}),
    );
    slice["endpoints"] = json!([{"addresses": ["10.0.0.1"], "conditions": {"ready": false}}]);
    let mut pod = meta("Pod", "v1", "a", "db-0", "p", json!({}));
    pod["status"] = json!({"phase": "Running"});
    let mut world = World::from_changes(&[object(&service), object(&older), object(&pod)]);
    let told = |world: &World| {
        let health = world.health(&key("", "Service", "a", "db"));
        let backs =
            world.relations().into_iter().filter(|it| it.r#type == "backs").map(|it| it.field).collect::<Vec<_>>();
        (health.state, health.reason.to_string(), health.field.to_string(), backs)
    };
    let (state, reason, field, backs) = told(&world);
    assert_eq!((state, &*reason), (crate::health::HealthState::Well, "1 of 3 endpoints ready"));
    assert_eq!(field, "Endpoints subsets[].addresses");
    assert_eq!(backs, ["subsets[1].notReadyAddresses[0].targetRef"]);

    world.apply(&object(&slice));
    let (state, _, field, backs) = told(&world);
    assert_eq!((state, &*field), (crate::health::HealthState::Critical, "EndpointSlice endpoints[].conditions.ready"));
    assert!(backs.is_empty(), "{backs:?}");

    let slice = key("discovery.k8s.io", "EndpointSlice", "a", "db-x");
    world.apply(&Change::Gone { key: slice, uid: "x".to_owned() });
    assert_eq!(told(&world).1, "1 of 3 endpoints ready");
    assert_eq!(told(&world).3, ["subsets[1].notReadyAddresses[0].targetRef"]);
}
