//! Calls that were measured: read as Kiali draws them, placed as a reader without any index places them, shown for as
//! long as they may be believed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use broadstreet_core::observed::{
    self, CallId, CallsPoll, End, EndKind, Measure, ObservedCall, Observer, ObserverState, Part, Sample, Told, Unit,
};
use broadstreet_core::resource::{Labels, reduce};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, RelationSource, World};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

#[allow(dead_code, reason = "other tests ask it for more")]
mod naive;
#[allow(dead_code, reason = "other tests ask it for more")]
mod random;

const RATE: Part = Part::Rate(Unit::Requests);
const FAILED: Part = Part::Failed(Unit::Requests);

fn sample(labels: &[(&str, &str)], value: f64) -> Sample {
    let labels: Labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Sample { labels, value }
}

fn at(minute: i64) -> Moment {
    Moment::from_timestamp(1_800_000_000 + 60 * minute, 0).unwrap()
}

fn deployment(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
           "spec": {"template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}}})
}

fn service(namespace: &str, name: &str, app: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
           "spec": {"selector": {"app": app}, "ports": [{"port": 80}]}})
}

fn world(items: &[Value]) -> World {
    let changes: Vec<Change> = items.iter().map(|it| Change::Object(Arc::new(reduce("", it).unwrap()))).collect();
    World::from_changes(&changes)
}

fn tell(world: &mut World, observer: Observer, told: Result<Told, String>, now: Moment) {
    let poll = CallsPoll { observers: vec![(observer, told)] };
    let changes = observed::diff(world, &"prometheus:p".into(), "", &poll, now);
    world.apply_all(&changes);
}

/// The measured relations, `from -> to`.
fn measured(world: &World) -> Vec<String> {
    let observed = world.relations().into_iter().filter(|it| it.source == RelationSource::Observed);
    observed.map(|it| format!("{} -> {}", it.from, it.to)).collect()
}

/// The series an edge of one of Kiali's graphs was drawn from, and what it says of rate and failures a thousandth.
fn series_of(edge: &Value, from: &Value, to: &Value) -> (Vec<(Part, Sample)>, f64, f64) {
    let text = |of: &Value, field: &str| of[field].as_str().unwrap_or("unknown").to_owned();
    let rates = &edge["traffic"]["rates"];
    let number = |field: &str| rates[field].as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    let rate = number("http") + number("grpc");
    let failed = number("http5xx");
    let service = edge["traffic"]["responses"]
        .as_object()
        .and_then(|all| all.values().next()?["hosts"].as_object()?.keys().next())
        .map_or_else(|| text(to, "service"), |host| host.split(':').next().unwrap_or_default().to_owned());
    let workload = text(to, "workload");
    let reporter = if workload == "unknown" { "source" } else { "destination" };
    let labels = [
        ("reporter", reporter.to_owned()),
        ("source_workload", text(from, "workload")),
        ("source_workload_namespace", text(from, "namespace")),
        ("destination_workload", workload),
        ("destination_workload_namespace", text(to, "namespace")),
        ("destination_service_name", service),
        ("destination_service_namespace", text(to, "namespace")),
    ];
    let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut found = vec![(RATE, sample(&labels, rate))];
    if failed > 0.0 {
        found.push((FAILED, sample(&labels, failed)));
    }
    (found, rate, failed)
}

#[test]
fn what_kiali_draws_between_workloads_is_read_with_its_rates_and_failures() {
    let mut edges_seen = 0;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kiali")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let graph: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let elements = &graph["elements"];
        let nodes: BTreeMap<&str, &Value> = elements["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["data"]["id"].as_str().unwrap(), &it["data"]))
            .collect();
        let is_workload = |node: &Value| {
            let workload = node["workload"].as_str().unwrap_or("unknown");
            workload != "unknown" && node["namespace"].as_str().is_some_and(|space| space != "unknown")
        };
        let name = |node: &Value| {
            format!("/apps/Deployment/{}/{}", node["namespace"].as_str().unwrap(), node["workload"].as_str().unwrap())
        };
        let mut answers: BTreeMap<&str, (Part, Vec<Sample>)> =
            BTreeMap::from([("rate", (RATE, Vec::new())), ("failed", (FAILED, Vec::new()))]);
        let mut expected: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
        for edge in elements["edges"].as_array().into_iter().flatten().map(|it| &it["data"]) {
            let (from, to) = (nodes[edge["source"].as_str().unwrap()], nodes[edge["target"].as_str().unwrap()]);
            let (series, rate, failed) = series_of(edge, from, to);
            for (part, one) in series {
                answers.get_mut(if part == RATE { "rate" } else { "failed" }).unwrap().1.push(one);
            }
            if is_workload(from) && is_workload(to) && rate > 0.0 && from["workload"] != to["workload"] {
                let sums = expected.entry((name(from), name(to))).or_default();
                *sums = (sums.0 + rate, sums.1 + failed);
            }
        }
        let items: Vec<Value> = nodes
            .values()
            .filter(|node| is_workload(node))
            .map(|node| deployment(node["namespace"].as_str().unwrap(), node["workload"].as_str().unwrap()))
            .collect();
        let mut world = world(&items);
        let answers: Vec<(Part, Vec<Sample>)> = answers.into_values().rev().collect();
        tell(&mut world, Observer::Istio, Ok(observed::read(Observer::Istio, &answers)), at(0));
        let streets: BTreeSet<(String, String)> =
            world.calls().iter().map(|(from, to, _)| (from.to_string(), to.to_string())).collect();
        assert_eq!(streets, expected.keys().cloned().collect(), "{}", path.display());
        for (from, to, _) in world.calls() {
            let (rate, failed) = expected[&(from.to_string(), to.to_string())];
            let found = &world.measured(&from, &to)[0];
            let told = found.measure.rate as f64 / 1000.0;
            assert!((told - rate).abs() <= 0.05 * rate, "{}: {from} to {to}: {told} of {rate}", path.display());
            assert_eq!(found.measure.failed, Some((1000.0 * failed / rate).round() as u32), "{from} to {to}");
            edges_seen += 1;
        }
    }
    assert!(edges_seen > 60, "{edges_seen}");
}

#[test]
fn each_observer_names_the_ends_in_its_own_labels() {
    let check = |observer: Observer, labels: &[(&str, &str)], expected: &str| {
        let part = match observer {
            Observer::Hubble => Part::Rate(Unit::Flows),
            Observer::Caretta | Observer::Beyla => Part::Rate(Unit::Bytes),
            _ => RATE,
        };
        let told = observed::read(observer, &[(part, vec![sample(labels, 2.0)])]);
        let spell = |end: &End| format!("{:?} {}{}", end.is, end.kind, end.words());
        let calls: Vec<String> =
            told.calls.iter().map(|call| format!("{} -> {}", spell(&call.from), spell(&call.to))).collect();
        assert_eq!(calls.join("; "), expected, "{observer:?} {labels:?}");
    };
    let istio = [("source_workload", "web"), ("source_workload_namespace", "a")];
    let to = |more: &[(&'static str, &'static str)]| [&istio[..], more].concat();
    check(
        Observer::Istio,
        &to(&[
            ("destination_workload", "unknown"),
            ("destination_service_name", "db"),
            ("destination_service_namespace", "b"),
        ]),
        "Workload a/web -> Service b/db",
    );
    check(
        Observer::Istio,
        &to(&[
            ("destination_workload", "unknown"),
            ("destination_service_name", "api.example.com"),
            ("destination_service_namespace", "unknown"),
        ]),
        "Workload a/web -> Place api.example.com",
    );
    check(
        Observer::Istio,
        &to(&[("destination_service_name", "PassthroughCluster")]),
        "Workload a/web -> Nobody an unnamed end",
    );
    check(Observer::Istio, &[("source_workload", "unknown"), ("destination_workload", "unknown")], "");
    check(
        Observer::Linkerd,
        &[
            ("namespace", "a"),
            ("deployment", "web"),
            ("job", "scrape"),
            ("dst_namespace", "a"),
            ("dst_statefulset", "db"),
        ],
        "Workload Deploymenta/web -> Workload StatefulSeta/db",
    );
    check(
        Observer::Linkerd,
        &[("namespace", "a"), ("k8s_job", "once"), ("authority", "db.b.svc.cluster.local:80")],
        "Workload Joba/once -> Place db.b.svc.cluster.local",
    );
    check(Observer::ServiceGraph, &[("client", "web"), ("server", "db")], "Telemetry web -> Telemetry db");
    check(
        Observer::ServiceGraph,
        &[
            ("client", "web"),
            ("client_k8s_namespace_name", "a"),
            ("client_k8s_deployment_name", "front"),
            ("server", "pg"),
            ("connection_type", "database"),
        ],
        "Workload Deploymenta/front -> Place pg",
    );
    // The connector's own test data: a peer without instrumentation.
    check(
        Observer::ServiceGraph,
        &[
            ("client", "foo-server"),
            ("server", "unknown"),
            ("connection_type", "virtual_node"),
            ("virtual_node", "server"),
            ("failed", "false"),
        ],
        "Telemetry foo-server -> Nobody an unnamed end",
    );
    check(
        Observer::Hubble,
        &[
            ("source_namespace", "a"),
            ("source_workload", "web"),
            ("destination_namespace", "b"),
            ("destination_workload", "db"),
        ],
        "Workload a/web -> Workload b/db",
    );
    check(
        Observer::Caretta,
        &[
            ("client_kind", "Deployment"),
            ("client_name", "web"),
            ("client_namespace", "a"),
            ("server_kind", "external"),
            ("server_name", "10.1.2.3:443"),
        ],
        "Workload Deploymenta/web -> Place 10.1.2.3",
    );
    check(
        Observer::Beyla,
        &[
            ("k8s_src_owner_name", "web"),
            ("k8s_src_namespace", "a"),
            ("k8s_dst_owner_name", "db"),
            ("k8s_dst_namespace", "b"),
            ("k8s_dst_owner_type", "Service"),
        ],
        "Workload a/web -> Service b/db",
    );
}

#[test]
fn the_fuller_side_counts_and_nobody_is_counted_twice() {
    let ends = |reporter: &'static str| {
        [
            ("reporter", reporter),
            ("source_workload", "web"),
            ("source_workload_namespace", "a"),
            ("destination_workload", "db"),
            ("destination_workload_namespace", "a"),
        ]
    };
    let rates = vec![sample(&ends("destination"), 8.0), sample(&ends("source"), 10.0)];
    let failed = vec![sample(&ends("source"), 2.0)];
    let told = observed::read(Observer::Istio, &[(RATE, rates), (FAILED, failed)]);
    assert_eq!(told.calls.len(), 1);
    let measure = Measure { unit: Unit::Requests, rate: 10_000, failed: Some(200), p95: None };
    assert_eq!(told.calls[0].measure, measure);
}

#[test]
fn hubble_knows_who_calls_by_who_begins() {
    let pair = |from: &'static str, to: &'static str| {
        [
            ("source_namespace", "a"),
            ("source_workload", from),
            ("destination_namespace", "a"),
            ("destination_workload", to),
        ]
    };
    let flows = (Part::Rate(Unit::Flows), vec![sample(&pair("web", "db"), 9.0), sample(&pair("db", "web"), 8.0)]);
    let told = observed::read(Observer::Hubble, std::slice::from_ref(&flows));
    assert!(told.calls.len() == 2 && told.calls.iter().all(|call| call.two_way));
    assert!(told.notes[0].contains("of 1 pairs it is not known who calls"), "{:?}", told.notes);
    let begun =
        observed::read(Observer::Hubble, &[flows.clone(), (Part::Begun, vec![sample(&pair("web", "db"), 0.1)])]);
    assert_eq!(begun.calls.iter().map(|call| call.to.name.as_str()).collect::<Vec<_>>(), ["db"]);

    // Without it a declared call shows the way, and what is not declared is shown both ways.
    let mut items = vec![deployment("a", "web"), deployment("a", "db"), service("a", "db", "db")];
    let mut undeclared = world(&items);
    tell(&mut undeclared, Observer::Hubble, Ok(told.clone()), at(0));
    assert_eq!(undeclared.calls().len(), 2);
    items[0]["spec"]["template"]["spec"]["containers"] =
        json!([{"name": "c", "env": [{"name": "DB", "value": "db:80"}]}]);
    let mut declared = world(&items);
    tell(&mut declared, Observer::Hubble, Ok(told), at(0));
    assert_eq!(measured(&declared), ["/apps/Deployment/a/web -> /apps/Deployment/a/db"]);
}

#[test]
fn lost_spans_and_events_are_told() {
    let one = sample(&[("client", "web"), ("server", "db")], 1.0);
    let lost = Part::Lost("{} spans a minute found no pair: calls are missing");
    let told = observed::read(Observer::ServiceGraph, &[(RATE, vec![one]), (lost, vec![sample(&[], 12.4)])]);
    assert_eq!(told.notes, ["12 spans a minute found no pair: calls are missing"]);
}

#[test]
fn a_service_name_is_the_workload_that_declares_it_and_never_a_guess() {
    let named = |space: &str, name: &str, env: Value| {
        let mut it = deployment(space, name);
        it["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = json!("checkout");
        it["spec"]["template"]["spec"]["containers"] = json!([{"name": "c", "env": env}]);
        it
    };
    let by_label = json!([{"name": "OTEL_SERVICE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app.kubernetes.io/component']"}}}]);
    let by_attribute = json!([{"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "team=x,service.name=cart"}]);
    let call = sample(&[("client", "checkout"), ("server", "cart")], 1.0);
    let told = observed::read(Observer::ServiceGraph, &[(RATE, vec![call])]);
    // A Deployment that is only called so is not meant.
    let mut items = vec![named("a", "one", by_label), deployment("b", "cart")];
    let mut world = world(&items);
    tell(&mut world, Observer::ServiceGraph, Ok(told), at(0));
    assert_eq!(measured(&world), Vec::<String>::new());
    let lost = world.lost_calls();
    assert!(lost.len() == 1 && lost[0].why.contains("OTEL_SERVICE_NAME"), "{lost:?}");
    assert_eq!(lost[0].known.as_ref().map(|(end, calls)| (end.name.as_str(), *calls)), Some(("one", true)));
    // Once somebody declares it, it is that one; once two do, nobody can tell.
    items.push(named("b", "two", by_attribute));
    let add = |item: &Value| Change::Object(Arc::new(reduce("", item).unwrap()));
    world.apply(&add(&items[2]));
    assert_eq!(measured(&world), ["/apps/Deployment/a/one -> /apps/Deployment/b/two"]);
    let twin = named("c", "three", json!([{"name": "OTEL_SERVICE_NAME", "value": "cart"}]));
    assert!(world.apply(&add(&twin)).relations);
    assert!(measured(&world).is_empty() && world.lost_calls()[0].why.contains("several"));
}

#[test]
fn a_call_keeps_its_last_moment_goes_stale_with_its_source_and_is_forgotten() {
    let ends = [
        ("source_workload", "web"),
        ("source_workload_namespace", "a"),
        ("destination_workload", "db"),
        ("destination_workload_namespace", "a"),
    ];
    let told = observed::read(Observer::Istio, &[(RATE, vec![sample(&ends, 3.0)])]);
    let mut world = world(&[deployment("a", "web"), deployment("a", "db")]);
    let look = |world: &World| {
        let calls = world.calls();
        let (from, to, _) = calls.first()?;
        let found = world.measured(from, to);
        found.first().map(|it| (it.last_seen, it.stale.clone()))
    };
    tell(&mut world, Observer::Istio, Ok(told.clone()), at(0));
    tell(&mut world, Observer::Istio, Ok(told), at(1));
    assert_eq!(look(&world), Some((Some(at(1)), None)));
    // What is told again is not recorded again; only that it was told is.
    let poll = CallsPoll { observers: Vec::new() };
    tell(&mut world, Observer::Istio, Err("the query timed out".to_owned()), at(2));
    assert_eq!(look(&world), Some((Some(at(1)), Some("the query timed out".to_owned()))));
    world.apply_all(&observed::unheard(&world, &"prometheus:p".into(), "connection refused"));
    assert_eq!(look(&world), Some((Some(at(1)), Some("connection refused".to_owned()))));
    let diff = |world: &World, minute: i64| observed::diff(world, &"prometheus:p".into(), "", &poll, at(minute));
    world.apply_all(&diff(&world, 3));
    assert_eq!(look(&world), Some((Some(at(1)), None)), "told no longer, seen last then");
    let rebuilt = World::from_changes(&world.keyframe());
    assert_eq!(rebuilt.digest(), world.digest());
    world.apply_all(&diff(&world, 70));
    assert_eq!(look(&world), None);
    world.apply_all(&diff(&world, 71));
    assert_eq!(world.observers().count(), 0, "what left nothing is no observer");
    assert!(diff(&world, 72).is_empty());
}

#[test]
fn ends_of_another_cluster_are_not_looked_for_here() {
    let ends = |cluster: &'static str| {
        [
            ("source_cluster", cluster),
            ("source_workload", "web"),
            ("source_workload_namespace", "a"),
            ("destination_cluster", cluster),
            ("destination_workload", "db"),
            ("destination_workload_namespace", "a"),
        ]
    };
    let both = |clusters: &[&'static str]| {
        let samples = clusters.iter().map(|cluster| sample(&ends(cluster), 1.0)).collect();
        Ok(observed::read(Observer::Istio, &[(RATE, samples)]))
    };
    let items = [deployment("a", "web"), deployment("a", "db")];
    let mut one = world(&items);
    tell(&mut one, Observer::Istio, both(&["Kubernetes"]), at(0));
    assert_eq!(measured(&one).len(), 1, "where there is one cluster it is this one");
    let mut several = world(&items);
    tell(&mut several, Observer::Istio, both(&["east", "west"]), at(0));
    assert_eq!(measured(&several).len(), 0);
    let east = Change::Cluster { id: String::new(), label: "east".to_owned(), version: String::new() };
    assert!(several.apply(&east).relations);
    assert_eq!(measured(&several).len(), 1);
}

#[test]
fn every_question_aggregates_and_is_bounded() {
    let all: BTreeSet<String> = observed::metrics().into_iter().map(str::to_owned).collect();
    for observer in Observer::ALL {
        let questions = observed::questions(observer, &all);
        assert!(matches!(questions[0].part, Part::Rate(_)), "{observer:?} says first who calls whom");
        for question in questions {
            let query = &question.query;
            assert!(query.contains("sum") && (query.contains("topk(5000") || query.starts_with("sum(")), "{query}");
        }
        assert!(observed::questions(observer, &BTreeSet::new()).is_empty());
    }
}

/// An end of the random cluster, as told and as the naive reader is asked for it.
fn end() -> impl Strategy<Value = (End, naive::observed::End<'static>)> {
    let kinds = select(vec!["", "", "Deployment", "Pod"]);
    (0..3, select(vec!["a", "b"]), kinds, select(vec!["web", "db", "db-0", "shop"]), any::<bool>()).prop_map(
        |(is, space, kind, name, spaced)| {
            let told = |is: EndKind, space: &str, kind: &str| End {
                is,
                cluster: "".into(),
                namespace: space.into(),
                kind: kind.into(),
                name: name.into(),
            };
            match is {
                0 => (told(EndKind::Workload, space, kind), naive::observed::End::Workload(space, kind, name)),
                1 => (told(EndKind::Service, space, ""), naive::observed::End::Service(space, name)),
                _ => {
                    let space = if spaced { space } else { "" };
                    (told(EndKind::Telemetry, space, ""), naive::observed::End::Telemetry(space, name))
                }
            }
        },
    )
}

/// A random house that may declare what it is called in telemetry.
fn house() -> impl Strategy<Value = Value> {
    (random::house(), select(vec!["", "", "web", "shop"])).prop_map(|(mut house, name)| {
        let spec = if house["kind"] == "Pod" { "/spec/containers/0" } else { "/spec/template/spec/containers/0" };
        if !name.is_empty() {
            house.pointer_mut(spec).unwrap()["env"] = json!([{"name": "OTEL_SERVICE_NAME", "value": name}]);
        }
        house
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_reader_without_any_index_places_every_end_at_the_same_object(
        of in vec(prop_oneof![house(), random::anything()], 0..30), ends in vec((end(), end()), 1..12), first in any::<bool>()
    ) {
        let keyed: BTreeMap<String, Value> = of.into_iter().map(|item| (naive::rules::key(&item), item)).collect();
        let items: Vec<Value> = keyed.into_values().collect();
        let objects: Vec<Change> = items.iter().map(|it| Change::Object(Arc::new(reduce("", it).unwrap()))).collect();
        let mut calls = vec![Change::Observer(Box::new(ObserverState {
            source: "p".into(), observer: Observer::Istio, cluster: "".into(), answered_at: None, trouble: String::new(), notes: Vec::new(),
        }))];
        let mut expected = BTreeSet::new();
        for ((from, naive_from), (to, naive_to)) in ends {
            let found = naive::observed::object(&items, naive_from).zip(naive::observed::object(&items, naive_to));
            expected.extend(found.filter(|(from, to)| from != to).map(|(from, to)| format!("{from} -> {to}")));
            calls.push(Change::Call(Box::new(ObservedCall {
                id: CallId { source: "p".into(), observer: Observer::Istio, from, to },
                measure: Measure::default(), two_way: false, last_seen: None,
            })));
        }
        // Whichever comes first: what is measured waits for its objects.
        let (one, other) = if first { (&calls, &objects) } else { (&objects, &calls) };
        let mut world = World::from_changes(one);
        for change in other {
            let before = measured(&world);
            let delta = world.apply(change);
            prop_assert!(delta.relations || measured(&world) == before);
        }
        prop_assert_eq!(measured(&world).into_iter().collect::<BTreeSet<_>>(), expected);
    }
}
