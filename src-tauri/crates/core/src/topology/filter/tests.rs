//! The language, field by field, and its laws.

use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;
use crate::alerts::{Alert, AlertState, Placed, placed};
use crate::id::SourceId;
use crate::resource::reduce;
use crate::time::Moment;
use crate::world::{Change, Freshness, SourceState, World};

fn at(text: &str) -> Moment {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn now() -> Moment {
    at("2026-03-01T12:00:00Z")
}

fn object(value: &Value) -> Change {
    Change::Object(std::sync::Arc::new(reduce("c", value).unwrap()))
}

fn pod(name: &str, node: &str, ready: &str, restarts: i64, made: &str) -> Value {
    let state = if restarts > 0 { json!({"waiting": {"reason": "CrashLoopBackOff"}}) } else { json!({"running": {}}) };
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": "cart"}, "creationTimestamp": made,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "cart", "uid": "u", "controller": true}]},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "registry.example/redis:7.4"}]},
        "status": {"phase": if node.is_empty() { "Pending" } else { "Running" }, "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "c", "restartCount": restarts, "ready": ready == "True", "state": state, "image": "registry.example/redis:7.4@pulled"}]}})
}

fn node(name: &str, zone: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
}

fn alert(id: &str, name: &str, severity: &str, pod: &str, state: AlertState) -> Change {
    let labels = [("alertname", name), ("severity", severity), ("namespace", "shop"), ("pod", pod)];
    let labels = labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    Change::Alert(Box::new(Alert { id: id.to_owned(), labels, state, ..Alert::default() }))
}

/// A StatefulSet of three pods (one not scheduled), a Deployment that calls it, a Service, two nodes, an Event, a kind
/// that may not be read any more, and three alerts.
fn town() -> (World, Placed) {
    let cart = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "cart", "namespace": "shop", "uid": "u", "labels": {"team": "cart", "Tier": "Front"}, "creationTimestamp": "2026-03-01T11:50:00Z"},
        "spec": {"replicas": 3, "template": {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": [{"name": "c", "image": "registry.example/redis:7.4"}]}}},
        "status": {"replicas": 3, "readyReplicas": 1, "availableReplicas": 1}});
    let front = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "frontend", "namespace": "pay", "labels": {"team": "web"}, "creationTimestamp": "2026-02-01T12:00:00Z"},
        "spec": {"replicas": 0, "template": {"metadata": {"labels": {"app": "f"}}, "spec": {"containers": [{"name": "c", "image": "nginx:1", "env": [{"name": "CART", "value": "http://cart.shop:80"}]}]}}},
        "status": {"observedGeneration": 1}});
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"selector": {"app": "cart"}, "ports": [{"port": 80}]}});
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "cart-0.1", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "cart-0"}, "reason": "BackOff", "message": "m", "type": "Warning"});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
        "spec": {}, "status": {"phase": "Bound"}});
    let silent = Freshness::Forbidden { verb: "list".to_owned(), message: "no".to_owned() };
    let mut changes = vec![Change::Cluster { id: "c".to_owned(), label: "prod".to_owned(), version: String::new() }];
    let made = [
        cart,
        front,
        service,
        event,
        claim,
        node("n1", "eu-1a"),
        node("n2", "eu-1b"),
        pod("cart-0", "n1", "True", 0, "2026-03-01T11:00:00Z"),
        pod("cart-1", "n2", "False", 5, "2026-03-01T11:55:00Z"),
        pod("cart-2", "", "False", 0, "2026-03-01T12:00:30Z"),
    ];
    changes.extend(made.iter().map(object));
    changes.push(Change::Freshness(SourceState {
        source: SourceId::new("cluster:prod"),
        kind: "PersistentVolumeClaim".to_owned(),
        namespace: String::new(),
        state: silent,
    }));
    changes.push(alert("1", "KubePodCrashLooping", "warning", "cart-1", AlertState::Firing));
    changes.push(alert("2", "CartSlow", "critical", "cart-0", AlertState::Silenced));
    changes.push(alert("3", "CartLost", "info", "cart-0", AlertState::Firing));
    let world = World::from_changes(&changes);
    let placed = placed(&world);
    (world, placed)
}

/// What a filter finds in the town, as `Kind/name`.
fn found(query: &str) -> String {
    static TOWN: OnceLock<(World, Placed)> = OnceLock::new();
    let (world, placed) = TOWN.get_or_init(town);
    let filter = parse(query).unwrap_or_else(|mistakes| panic!("{query}: {mistakes:?}"));
    let found = filter.matching(world, placed, now());
    let names = found.objects.iter().map(|id| world.key_of(*id)).map(|key| format!("{}/{}", key.kind, key.name));
    names.collect::<Vec<_>>().join(" ")
}

const PODS: &str = "Pod/cart-0 Pod/cart-1 Pod/cart-2";

#[test]
fn each_field_finds_what_its_row_says() {
    for (query, expected) in [
        ("kind:Deployment", "Deployment/frontend"),
        ("kind:deployments", "Deployment/frontend"),
        ("kind:deploy,STS", "Deployment/frontend StatefulSet/cart"),
        ("kind~set", "StatefulSet/cart"),
        ("kind:Event", "Event/cart-0.1"),
        ("ns:pay", "Deployment/frontend"),
        ("namespace=PAY", "Deployment/frontend"),
        ("ns:pay,shop kind:svc", "Service/cart"),
        ("ns~ho kind:svc", "Service/cart"),
        ("name:cart", "Service/cart StatefulSet/cart"),
        ("name~rt-1", "Pod/cart-1"),
        ("image:registry.example/redis:7.4", "Pod/cart-0 Pod/cart-1 Pod/cart-2 StatefulSet/cart"),
        ("image~\"redis:7.4@\"", PODS),
        ("image:redis", ""),
        ("restarts>3", "Pod/cart-1 StatefulSet/cart"),
        ("restarts>=5", "Pod/cart-1 StatefulSet/cart"),
        ("restarts>5", ""),
        ("restarts:0", "Pod/cart-0 Pod/cart-2"),
        ("restarts<1", "Pod/cart-0 Pod/cart-2"),
        ("age<15m", "Pod/cart-1 Pod/cart-2 StatefulSet/cart"),
        ("age<=5m", "Pod/cart-1 Pod/cart-2"),
        ("age<5m", "Pod/cart-2"),
        ("age>10m", "Pod/cart-0 Deployment/frontend"),
        ("age>=10m kind:sts", "StatefulSet/cart"),
        ("age>3w", "Deployment/frontend"),
        ("label:team=cart", "StatefulSet/cart"),
        ("label:team=cart,team=web", "Deployment/frontend StatefulSet/cart"),
        ("label:team", "Deployment/frontend StatefulSet/cart"),
        ("l:tier=front", "StatefulSet/cart"),
        ("label~=we", "Deployment/frontend"),
        ("label:tea", ""),
        ("node:n2", "Node/n2 Pod/cart-1 StatefulSet/cart"),
        ("node:\"\"", "Pod/cart-2 StatefulSet/cart"),
        ("node~n kind:po", "Pod/cart-0 Pod/cart-1"),
        ("zone:eu-1a", "Node/n1 Pod/cart-0 StatefulSet/cart"),
        ("zone~1b", "Node/n2 Pod/cart-1 StatefulSet/cart"),
        ("alert:KubePodCrashLooping", "Pod/cart-1 StatefulSet/cart"),
        ("alert~cart", "Pod/cart-0 StatefulSet/cart"),
        ("alert:CartSlow", ""),
        ("severity>=warning", "Pod/cart-1 StatefulSet/cart"),
        ("severity:info", "Pod/cart-0 StatefulSet/cart"),
        ("severity<warning", "Pod/cart-0 StatefulSet/cart"),
        ("severity:critical", ""),
        ("cluster:prod kind:svc", "Service/cart"),
        ("cluster:C kind:svc", "Service/cart"),
        ("cluster:staging", ""),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
}

#[test]
fn terms_join_turn_and_quote() {
    for (query, expected) in [
        ("cart kind:Service", "Service/cart"),
        ("CART -kind:pod -kind:service", "StatefulSet/cart"),
        ("cart not kind:pod not kind:service", "StatefulSet/cart"),
        ("kind:node or kind:deploy", "Node/n1 Node/n2 Deployment/frontend"),
        ("kind:node name:n1 or kind:deploy", "Node/n1 Deployment/frontend"),
        ("kind:node and name:n1", "Node/n1"),
        ("kind:node or not kind:pod name~front", "Node/n1 Node/n2 Deployment/frontend"),
        ("\"cart\" \"service\"", "Service/cart"),
        ("shop kind:svc", "Service/cart"),
        ("\"or\"", ""),
        ("nothing-is-called-so", ""),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    assert!(!found("").contains("Event") && found("").contains("Node/n1"), "asking for nothing finds all but parts");
}

#[test]
fn what_is_unknown_never_matches_as_healthy() {
    let (world, placed) = town();
    let states = |query: &str| {
        let found = parse(query).unwrap().matching(&world, &placed, now());
        let names = found
            .objects
            .iter()
            .map(|id| format!("{}={:?}", world.key_of(*id).name, world.health(world.key_of(*id)).state));
        names.collect::<Vec<_>>()
    };
    let unknown = states("status:unknown");
    assert!(
        unknown.contains(&"data=Unknown".to_owned()) && unknown.iter().all(|one| one.ends_with("=Unknown")),
        "{unknown:?}"
    );
    for healthy in [
        "status:well",
        "status<unknown",
        "status<warning",
        "status<=warning",
        "status<=critical",
        "status:resting",
        "status:starting",
        "-status>=unknown -status:none",
    ] {
        assert!(
            !states(healthy).iter().any(|one| one.starts_with("data")),
            "{healthy} shows what is unknown as healthy"
        );
    }
    for worry in
        ["status>=unknown", "status<=unknown", "status>starting", "status>=well", "-status:well", "-status:critical"]
    {
        assert!(states(worry).contains(&"data=Unknown".to_owned()), "{worry} hides what is unknown");
    }
    // A kind without a rule is neither better nor worse than anything.
    assert!(states("status:none kind:statefulset").is_empty());
    assert!(states("status<=critical").iter().all(|one| !one.ends_with("=None")));
    // Without pods nobody counted restarts.
    assert_eq!(states("kind:deploy restarts<100"), [""; 0]);
}

#[test]
fn states_are_compared_from_worst() {
    assert_eq!(found("kind:pod status>=warning"), "Pod/cart-1");
    assert_eq!(found("kind:pod status:critical"), "Pod/cart-1");
    assert_eq!(found("kind:pod status>critical"), "");
    assert_eq!(found("kind:node status>=warning"), "");
    assert_eq!(found("kind:node status:well,critical"), "Node/n1 Node/n2");
    assert_eq!(found("kind:node status<warning"), "Node/n1 Node/n2");
    assert_eq!(found("kind:node status>resting health<starting"), "Node/n1 Node/n2");
}

#[test]
fn what_cannot_be_read_is_named_with_its_place_and_the_next_step() {
    let check = |text: &str, place: &str, message: &str, hint: &str| {
        let mistakes = parse(text).expect_err(text);
        let first = &mistakes[0];
        assert_eq!(&text[first.from..first.to], place, "{text}: {first:?}");
        assert!(first.message.contains(message), "{text}: {}", first.message);
        assert!(first.hint.contains(hint), "{text}: {}", first.hint);
    };
    check("kind:Pod stat:well", "stat", "no field `stat`", "`status`");
    check("redis:7.4", "redis", "no field `redis`", "in quotes");
    check(":x", ":", "no field before it", "fields are kind, ns");
    check("ns!=shop", "ns!", "`!=` is not a comparison", "-ns:");
    check("status>=bad", "bad", "`bad` is no status", "critical, warning, unknown");
    check("status>=", "", "no value follows `status>=`", "status>=warning");
    check("status~well", "~", "cannot be compared by `~`", "status>=… or status:…");
    check("status>none", "none", "neither more nor less", "status:none");
    check("restarts>many", "many", "not a whole number", "restarts>3");
    check("restarts>-1", "-1", "not a whole number", "restarts>3");
    check("restarts>1,2", ",", "takes one value", "second clause");
    check("age<15", "15", "not a span", "15m");
    check("age<99999999999999999999w", "99999999999999999999w", "not a span", "15m");
    check("age:15m", ":", "cannot be compared by `:`", "age<…");
    check("severity>=page", "page", "no severity", "critical, warning, info, none");
    check("ns:shop,", "", "no value follows `ns:shop,`", "ns:shop,pay");
    check("ns:\"shop", "\"shop", "not closed", "second \"");
    check("ns:\"\"", "\"\"", "an empty value", "ns:shop,pay");
    check("\"\"", "\"\"", "an empty word", "between the quotes");
    check("a\"b\"", "\"", "not expected", "between the quotes");
    check("a,b", ",", "not expected", "between values");
    check("\"a\"b", "b", "not expected", "a space");
    check("-", "-", "nothing follows `-`", "-ns:kube-system");
    check("--a", "-", "two negations", "one `-`");
    check("not -a", "-", "two negations", "one `-`");
    check("a or", "or", "nothing follows `or`", "after it");
    check("or a", "or", "joins nothing", "between two terms");
    check("a or or b", "or", "joins nothing", "between two terms");
    check("a not", "not", "nothing follows `not`", "after it");
    check(&"a".repeat(5_000), &"a".repeat(5_000), "too long", "shorten");
    let all = parse("foo:1 kind:Pod age<x \"").expect_err("three mistakes");
    assert_eq!(all.iter().map(|it| it.from).collect::<Vec<_>>(), [0, 19, 21], "{all:?}");
}

#[test]
fn what_is_written_at_a_place_is_completed_from_the_table_and_the_world() {
    let (world, _) = town();
    // The bar is the cursor.
    let offers = |text: &str| {
        let at = text.find('|').unwrap();
        let text = text.replace('|', "");
        let found = complete(&world, &text, at);
        let place = text[found.from..found.to].to_owned();
        (place, found.offers.into_iter().map(|offer| offer.text).collect::<Vec<_>>())
    };
    let check = |text: &str, place: &str, expected: &[&str]| {
        assert_eq!(offers(text), (place.to_owned(), expected.iter().map(|&it| it.to_owned()).collect()), "{text}");
    };
    assert_eq!(offers("|").1.len(), FIELDS.len());
    check("sta|", "sta", &["status>="]);
    check("kind:Pod -n|", "n", &["ns:", "name:", "node:"]);
    check("status>=wa|", "wa", &["warning"]);
    check("status:|", "", &["critical", "warning", "unknown", "starting", "well", "resting", "none"]);
    check("kind:de|", "de", &["Deployment", "Node"]);
    check("ns:shop,p|", "p", &["pay", "shop"]);
    check("ns:\"s|", "\"s", &["shop"]);
    check("zone:|", "", &["eu-1a", "eu-1b"]);
    check("node:n1| kind:Pod", "n1", &["n1"]);
    check("label:te|", "te", &["team="]);
    check("label:team=|", "team=", &["team=cart", "team=web"]);
    check("image~redis|", "redis", &["registry.example/redis:7.4"]);
    check("alert:kube|", "kube", &["KubePodCrashLooping"]);
    check("severity>=c|", "c", &["critical"]);
    check("cluster:|", "", &["prod"]);
    check("nofield:|", "", &[]);
    check("age<1|", "1", &["15m", "1h", "1d"]);
}

fn word() -> impl Strategy<Value = String> {
    let odd =
        select(vec!["or", "NOT", "and", "-x", "a b", "\"", "\\", "a\\\"b", "redis:7.4", "=", "ü,ß", "é", ">", "x=y"]);
    prop_oneof![odd.prop_map(str::to_owned), "[a-z][a-z0-9.-]{0,6}", "[ -~äß]{1,6}"]
}

prop_compose! {
    fn clause()(row in select(FIELDS.to_vec()), op in any::<prop::sample::Index>(), words in prop::collection::vec(word(), 1..4),
                number in 0u64..400, unit in select(vec!["s", "m", "h", "d", "w"]),
                state in select(vec!["critical", "Warning", "unknown", "well"]), severity in select(vec!["critical", "info", "None"])) -> What {
        let op = *op.get(row.ops);
        let values = match row.takes {
            Takes::Text => words,
            Takes::State => vec![state.to_owned()],
            Takes::Severity => vec![severity.to_owned()],
            Takes::Count => vec![number.to_string()],
            Takes::Span => vec![format!("{number}{unit}")],
        };
        What::Clause(row.field, op, values)
    }
}

fn filter() -> impl Strategy<Value = Filter> {
    let what = prop_oneof![word().prop_map(What::Word), clause()];
    let term = (any::<bool>(), what).prop_map(|(not, what)| Term { not, what });
    prop::collection::vec(prop::collection::vec(term, 1..4), 0..3).prop_map(|any| Filter { any })
}

proptest! {
    #[test]
    fn a_filter_that_is_written_out_reads_as_itself(filter in filter()) {
        prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn no_text_upsets_the_reader_and_every_mistake_has_a_place(text in "\\PC{0,40}") {
        match parse(&text) {
            Ok(filter) => prop_assert_eq!(parse(&filter.to_string()), Ok(filter)),
            Err(mistakes) => {
                prop_assert!(!mistakes.is_empty());
                for it in mistakes {
                    prop_assert!(it.from <= it.to && text.get(it.from..it.to).is_some(), "{:?}", it);
                }
            }
        }
    }

    #[test]
    fn texts_of_the_languages_own_signs_upset_nobody(text in "(kind|status|age|or|not|[-:=~<>,\"\\\\ a1]){0,14}", at in 0usize..40) {
        if let Ok(filter) = parse(&text) {
            prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
        }
        let found = complete(&World::new(), &text, at);
        prop_assert!(text.get(found.from..found.to).is_some());
    }
}
