//! What a reader may not see, loses and is given back; kinds that come and go; hours of sleep. All in virtual time, with
//! the product's own limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broadstreet_core::health::HealthState;
use broadstreet_core::id::ObjectKey;
use broadstreet_core::resource::KINDS;
use broadstreet_core::world::Freshness;
use broadstreet_tests::apiserver::{Piece, Unplugged, pod};
use serde_json::json;

use crate::hours::{Followed, Hours};
use crate::watched::{digest, of_store, of_world, unwell};

const MINUTE: Duration = Duration::from_secs(60);

type Refusals = Arc<Mutex<Vec<(f64, String)>>>;

/// A server with things in two namespaces.
fn server(hours: &Hours) -> Unplugged {
    let server = Unplugged::new(Arc::new(hours.clone()));
    for namespace in ["shop", "other"] {
        for name in ["a", "b"] {
            let named = |kind: &str| json!({ "name": name, "namespace": namespace, "uid": format!("{kind}-{namespace}-{name}"), "labels": { "app": name } });
            server.put("pods", json!({ "metadata": named("pod"), "spec": {}, "status": { "phase": "Running" } }));
            server.put("secrets", json!({ "metadata": named("secret"), "type": "Opaque" }));
            server.put("services", json!({ "metadata": named("service"), "spec": { "selector": { "app": name } } }));
            server.put("roles", json!({ "metadata": named("role"), "rules": [] }));
        }
    }
    server.put("nodes", json!({ "metadata": { "name": "n1", "uid": "node-n1" } }));
    server
}

/// Allows what `allowed` says, and notes each refusal with its moment.
fn allow(server: &Unplugged, hours: &Hours, allowed: impl Fn(&str, &str, &str) -> bool + Send + 'static) -> Refusals {
    let (refusals, hours) = (Refusals::default(), hours.clone());
    let noted = Arc::clone(&refusals);
    server.allow(move |verb, plural, namespace| {
        let may = allowed(verb, plural, namespace);
        if !may && verb != "get" {
            noted.lock().expect("refusals").push((hours.seconds(), plural.to_owned()));
        }
        may
    });
    refusals
}

/// One RoleBinding: everything in `shop` but Secrets and what is of RBAC, nothing elsewhere.
fn one_role_binding(_: &str, plural: &str, namespace: &str) -> bool {
    namespace == "shop" && !["secrets", "roles", "rolebindings", "leases"].contains(&plural)
}

/// The lines of the store that stand in a namespace and are not of these kinds.
fn within(server: &Unplugged, namespace: &str, without: &[&str]) -> BTreeSet<String> {
    let is_meant = |line: &String| {
        line.contains(&format!(" {namespace}/")) && !without.iter().any(|kind| line.starts_with(&format!("{kind} ")))
    };
    of_store(server).into_iter().filter(is_meant).collect()
}

/// Kinds and namespaces that may not be read: kind, namespace and the verb that is missing.
fn hidden(followed: &Followed) -> BTreeSet<(String, String, String)> {
    let learned = followed.learned();
    let mut hidden = BTreeSet::new();
    for state in learned.world.freshness() {
        if let Freshness::Forbidden { verb, message } = &state.state {
            assert!(message.contains("is forbidden") && message.contains("cannot"), "{message}");
            hidden.insert((state.kind.clone(), state.namespace.clone(), verb.clone()));
        }
    }
    hidden
}

#[tokio::test]
async fn a_restricted_reader_has_all_of_their_namespace_and_causes_one_refusal_a_kind_and_minute() {
    let hours = Hours::default();
    let server = server(&hours);
    let refusals = allow(&server, &hours, one_role_binding);
    let followed = Followed::new(hours.clone(), &server).await;
    let theirs = within(&server, "shop", &["/Secret", "rbac.authorization.k8s.io/Role"]);
    assert_eq!(of_world(&followed.learned().world), theirs);
    // The list of what is hidden: each kind as a whole, and in the namespace what the role does not name.
    let served: BTreeSet<String> =
        KINDS.iter().filter(|it| !it.optional).map(|it| format!("{}/{}", it.group, it.kind)).collect();
    let whole: BTreeSet<String> =
        hidden(&followed).into_iter().filter(|it| it.1.is_empty() && it.2 == "list").map(|it| it.0).collect();
    assert_eq!(whole, served);
    let inside: Vec<String> = hidden(&followed).into_iter().filter(|it| it.1 == "shop").map(|it| it.0).collect();
    assert_eq!(inside, ["/Secret", "rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/RoleBinding"]);

    let first_probe = hours.seconds();
    hours.pass(MINUTE * 10).await;
    let mut by_kind: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (at, plural) in refusals.lock().expect("refusals").iter().filter(|it| it.0 > first_probe && it.1 != "leases") {
        by_kind.entry(plural.clone()).or_default().push(*at);
    }
    assert!(by_kind.len() >= served.len(), "every refused kind is asked again: {by_kind:?}");
    for (plural, at) in &by_kind {
        assert!((9..=10).contains(&at.len()), "{plural} at {at:?}");
        assert!(at.windows(2).all(|it| it[1] - it[0] >= 59.9), "{plural} at {at:?}");
    }
    // What is refused stays so on the map between two questions.
    let flickers = followed.learned().said.iter().filter(|it| it.namespace.is_empty() && it.kind == "/Node").count();
    assert_eq!(flickers, 2, "catching up, then forbidden");
}

/// Every refusal since a moment was a minute after the one before, kind by kind.
fn are_a_minute_apart(refusals: &[&Refusals], since: f64) {
    let mut by_kind: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for refusals in refusals {
        for (at, plural) in refusals.lock().expect("refusals").iter().filter(|it| it.0 > since && it.1 != "leases") {
            by_kind.entry(plural.clone()).or_default().push(*at);
        }
    }
    assert!(by_kind.len() > 10, "what is refused is asked again: {by_kind:?}");
    for (plural, at) in &by_kind {
        assert!(at.windows(2).all(|it| it[1] - it[0] >= 59.9), "{plural} at {at:?}");
    }
}

#[tokio::test]
async fn what_is_given_back_to_one_kind_costs_no_other_a_second_refusal() {
    let hours = Hours::default();
    let server = server(&hours);
    let services_only = |_: &str, plural: &str, namespace: &str| namespace == "shop" && plural == "services";
    let before = allow(&server, &hours, services_only);
    let followed = Followed::new(hours.clone(), &server).await;
    let first_probe = hours.seconds();
    hours.pass(MINUTE * 3 + MINUTE / 2).await;
    let pods_too =
        |_: &str, plural: &str, namespace: &str| namespace == "shop" && ["services", "pods"].contains(&plural);
    let after = allow(&server, &hours, pods_too);
    hours.pass(MINUTE + Duration::from_secs(2)).await;
    assert_eq!(followed.learned().freshness("/Pod", "shop"), Some(Freshness::Live), "it is noticed within a minute");
    hours.pass(MINUTE * 5).await;
    are_a_minute_apart(&[&before, &after], first_probe);
    let may = |line: &String| line.starts_with("/Pod shop/") || line.starts_with("/Service shop/");
    followed.is_healed_but(&server, may).await;
}

#[tokio::test]
async fn what_may_be_listed_and_not_watched_is_no_news_to_other_kinds_time_and_again() {
    let hours = Hours::default();
    let server = server(&hours);
    let list_only = |verb: &str, plural: &str, namespace: &str| {
        let may_list = (namespace == "shop" && plural == "secrets") || (namespace.is_empty() && plural == "services");
        one_role_binding(verb, plural, namespace) || verb == "get" || (verb == "list" && may_list)
    };
    let refusals = allow(&server, &hours, list_only);
    let followed = Followed::new(hours.clone(), &server).await;
    let verb_of = |kind: &str, namespace: &str| match followed.learned().freshness(kind, namespace) {
        Some(Freshness::Forbidden { verb, .. }) => verb,
        other => format!("{other:?}"),
    };
    assert_eq!((verb_of("/Secret", "shop"), verb_of("/Service", "")), ("watch".to_owned(), "watch".to_owned()));
    let first_probe = hours.seconds();
    hours.pass(MINUTE * 10).await;
    are_a_minute_apart(&[&refusals], first_probe);
    // And once they may be watched, they are.
    server.allow_all();
    hours.pass(MINUTE * 2 + Duration::from_secs(2)).await;
    followed.is_healed(&server).await;
}

#[tokio::test]
async fn a_permission_taken_away_is_named_and_one_given_back_is_noticed_within_a_minute() {
    let hours = Hours::default();
    let server = server(&hours);
    let followed = Followed::new(hours.clone(), &server).await;
    assert_eq!(digest(&of_world(&followed.learned().world)), digest(&of_store(&server)));
    // The ClusterRoleBinding goes, a RoleBinding stays. A watch that runs goes on until it ends.
    let _refusals = allow(&server, &hours, one_role_binding);
    hours.pass(Duration::from_secs(30)).await;
    let state = followed.learned().freshness("/Pod", "");
    assert!(matches!(&state, Some(Freshness::Forbidden { verb, .. }) if verb == "list"), "{state:?}");
    assert_eq!(followed.learned().freshness("/Pod", "shop"), Some(Freshness::Live), "what may be read is read");
    server.put("pods", pod("in-the-namespace"));
    server.delete("pods", "other", "a");
    server.with(|store| store.lose_one("nodes", "", "n1"));
    hours.pass(Duration::from_secs(1)).await;
    let there =
        |name: &str, namespace: &str| !followed.learned().world.by_name("Pod", Some(namespace), name).is_empty();
    assert!(there("in-the-namespace", "shop"));
    assert!(there("a", "other"), "nobody said that it is gone; it is unknown");
    let key = followed.learned().world.by_name("Pod", Some("other"), "a").first().map(|it| (*it).clone()).expect("it");
    assert!(followed.learned().world.health(&key).reason.contains("not allowed to list pods"));
    server.allow_all();
    hours.pass(MINUTE + Duration::from_secs(2)).await;
    assert_eq!(unwell(&followed.learned()), Vec::<String>::new());
    assert_eq!(of_world(&followed.learned().world), of_store(&server), "no ghost of what went unseen");
    followed.is_healed(&server).await;
}

#[tokio::test]
async fn a_permission_in_a_namespace_is_noticed_by_every_kind_it_is_about() {
    let hours = Hours::default();
    let server = server(&hours);
    let _refusals = allow(&server, &hours, one_role_binding);
    let followed = Followed::new(hours.clone(), &server).await;
    hours.pass(MINUTE * 3).await;
    let _refusals = allow(&server, &hours, |_, plural, namespace| namespace == "shop" && plural != "leases");
    hours.pass(MINUTE + Duration::from_secs(2)).await;
    let inside: Vec<_> = hidden(&followed).into_iter().filter(|it| it.1 == "shop").collect();
    assert_eq!(inside, [], "Secrets, Roles and RoleBindings are read now");
    assert_eq!(of_world(&followed.learned().world), within(&server, "shop", &[]));
    followed.is_healed_but(&server, |line| line.contains(" shop/")).await;
}

#[tokio::test]
async fn a_namespace_that_goes_takes_along_what_was_in_it() {
    let hours = Hours::default();
    let server = server(&hours);
    // Namespaces may be listed, everything else only inside of them.
    let _refusals = allow(&server, &hours, |_, plural, namespace| plural == "namespaces" || !namespace.is_empty());
    server.put(
        "namespaces",
        json!({ "metadata": { "name": "other", "uid": "uid-other" }, "status": { "phase": "Active" } }),
    );
    let followed = Followed::new(hours.clone(), &server).await;
    let pods =
        |followed: &Followed| followed.learned().world.objects().filter(|it| it.key.namespace == "other").count();
    assert_eq!(pods(&followed), 8);
    server.befall("", &Piece::Silence);
    server.with(|store| {
        for plural in ["pods", "secrets", "services", "roles"] {
            store.lose_one(plural, "other", "a");
            store.lose_one(plural, "other", "b");
        }
    });
    server.delete("namespaces", "", "other");
    server.end_watches("namespaces");
    hours.pass(Duration::from_secs(30)).await;
    assert_eq!(pods(&followed), 0);
    // All of the store but what is in no namespace.
    followed.is_healed_but(&server, |line| line.starts_with("/Namespace ") || !line.contains(" /")).await;
}

#[tokio::test]
async fn a_kind_whose_definition_goes_takes_its_objects_along_and_is_read_once_it_is_back() {
    let hours = Hours::default();
    let server = server(&hours);
    // What is made anew has a new UID.
    let definition = |name: &str, made: usize| json!({ "metadata": { "name": name, "uid": format!("uid-{name}-{made}") }, "spec": {} });
    let install = |server: &Unplugged| server.install("argoproj.io", "v1alpha1", "Rollout", "rollouts", true);
    let rollout = |name: &str| json!({ "metadata": { "name": name, "namespace": "shop", "uid": format!("rollout-{name}") }, "spec": {} });
    install(&server);
    server.put("customresourcedefinitions", definition("rollouts.argoproj.io", 0));
    server.put("rollouts", rollout("first"));
    let followed = Followed::new(hours.clone(), &server).await;
    assert_eq!(of_world(&followed.learned().world), of_store(&server));
    for times in 1..3 {
        // The definition goes, and what was of it, without a word.
        server.uninstall("rollouts");
        server.delete("customresourcedefinitions", "", "rollouts.argoproj.io");
        hours.pass(Duration::from_secs(30)).await;
        assert_eq!(followed.learned().freshness("argoproj.io/Rollout", ""), Some(Freshness::Absent));
        assert_eq!(of_world(&followed.learned().world), of_store(&server), "no ghost");
        hours.pass(MINUTE * 3).await;
        // It comes back: first its definition, a moment later it is served.
        server.put("customresourcedefinitions", definition("rollouts.argoproj.io", times));
        hours.pass(Duration::from_secs(3)).await;
        install(&server);
        server.put("rollouts", rollout(&format!("again-{times}")));
        server.put("customresourcedefinitions", definition("rollouts.argoproj.io", times));
        hours.pass(Duration::from_secs(5)).await;
        assert_eq!(followed.learned().freshness("argoproj.io/Rollout", ""), Some(Freshness::Live));
        followed.is_healed(&server).await;
    }
}

/// The definition of a kind whose objects have conditions, or have none.
fn defines(kind: &str, has_conditions: bool) -> serde_json::Value {
    let plural = format!("{}s", kind.to_lowercase());
    let name = format!("{plural}.example.org");
    let told = if has_conditions { json!({ "conditions": { "type": "array" } }) } else { json!({}) };
    let schema = json!({ "openAPIV3Schema": { "properties": { "status": { "properties": told } } } });
    json!({ "metadata": { "name": name, "uid": format!("uid-{name}") }, "spec": {
        "group": "example.org", "scope": "Namespaced", "names": { "plural": plural, "kind": kind },
        "versions": [{ "name": "v1", "served": true, "storage": true, "schema": schema }] } })
}

#[tokio::test]
async fn kinds_somebody_defined_are_followed_where_their_objects_tell_how_they_are() {
    let hours = Hours::default();
    let server = server(&hours);
    let object = |kind: &str, ready: &str| {
        let conditions =
            json!([{ "type": "Ready", "status": ready, "reason": "NoRoom", "message": "no room is left" }]);
        json!({ "metadata": { "name": "one", "namespace": "shop", "uid": format!("uid-{kind}") }, "status": { "conditions": conditions } })
    };
    for (kind, plural, has_conditions) in [("Widget", "widgets", true), ("Note", "notes", false)] {
        server.install("example.org", "v1", kind, plural, true);
        server.put("customresourcedefinitions", defines(kind, has_conditions));
        server.put(plural, object(kind, "False"));
    }
    let followed = Followed::new(hours.clone(), &server).await;
    let state = |kind: &str| {
        let learned = followed.learned();
        let object = learned.world.objects().find(|it| it.key.kind == kind).map(|it| it.key.clone());
        object.map(|key| learned.world.health(&key).state)
    };
    assert_eq!(state("Widget"), Some(HealthState::Warning), "in sync is to know it");
    assert_eq!(state("Note"), None, "nobody asks for what says nothing");
    assert_eq!(followed.learned().freshness("example.org/Widget", ""), Some(Freshness::Live));
    // One that is defined later is found by that.
    server.put("customresourcedefinitions", defines("Gadget", true));
    server.install("example.org", "v1", "Gadget", "gadgets", true);
    server.put("gadgets", object("Gadget", "True"));
    hours.pass(Duration::from_secs(5)).await;
    assert_eq!(state("Gadget"), Some(HealthState::Well));
    // What happens to an object is followed, and its definition takes it along.
    server.put("widgets", object("Widget", "True"));
    hours.pass(Duration::from_secs(2)).await;
    assert_eq!(state("Widget"), Some(HealthState::Well));
    server.uninstall("widgets");
    server.delete("customresourcedefinitions", "", "widgets.example.org");
    hours.pass(Duration::from_secs(30)).await;
    assert_eq!(state("Widget"), None);
    assert_eq!(followed.learned().freshness("example.org/Widget", ""), Some(Freshness::Absent));
    // It comes back in another version.
    let mut anew = defines("Widget", true);
    anew["metadata"]["uid"] = json!("uid-anew");
    anew["spec"]["versions"][0]["name"] = json!("v2");
    server.install("example.org", "v2", "Widget", "widgets", true);
    server.put("widgets", object("Widget", "False"));
    server.put("customresourcedefinitions", anew);
    hours.pass(MINUTE * 2).await;
    assert_eq!(state("Widget"), Some(HealthState::Warning));
}

/// Each cluster is asked for an object in the version it defines the kind in, whatever another has.
#[tokio::test]
async fn clusters_that_define_a_kind_in_two_versions_are_each_read_in_their_own() {
    let hours = Hours::default();
    let mut followed = Vec::new();
    for version in ["v1beta1", "v1"] {
        let server = server(&hours);
        server.install("example.org", version, "Widget", "widgets", true);
        let mut definition = defines("Widget", true);
        definition["spec"]["versions"][0]["name"] = json!(version);
        server.put("customresourcedefinitions", definition);
        let about = json!({ "name": "one", "namespace": "shop", "uid": format!("uid-{version}") });
        server.put("widgets", json!({ "metadata": about }));
        followed.push((version, Followed::new(hours.clone(), &server).await, server));
    }
    let key = ObjectKey::new("uid-kube-system", "example.org", "Widget", "shop", "one");
    for (version, followed, _) in &followed {
        let whole = followed.connection.manifest(key.clone()).await.expect("it is there");
        assert!(whole.yaml.contains(&format!("uid: uid-{version}")), "{}", whole.yaml);
        assert_eq!(followed.learned().freshness("example.org/Widget", ""), Some(Freshness::Live));
    }
}

#[tokio::test]
async fn a_kind_that_answers_404_while_the_server_has_it_loses_nothing() {
    let hours = Hours::default();
    let server = server(&hours);
    let followed = Followed::new(hours.clone(), &server).await;
    server.fault(|it| {
        (it.path == "/api/v1/pods").then(|| broadstreet_tests::apiserver::status(404, "NotFound", "not found"))
    });
    server.end_watches("pods");
    hours.pass(Duration::from_secs(20)).await;
    let state = followed.learned().freshness("/Pod", "");
    assert!(matches!(state, Some(Freshness::Stale { .. })), "{state:?}");
    assert_eq!(followed.learned().world.by_name("Pod", Some("shop"), "a").len(), 1);
    server.well();
    followed.is_healed(&server).await;
}

/// Hours in which the machine slept: every connection died, the server forgot what happened meanwhile.
async fn sleeps(counted: bool) {
    let hours = Hours::default();
    let server = server(&hours);
    let followed = Followed::new(hours.clone(), &server).await;
    hours.pass(MINUTE).await;
    let (waiting, watches) = (hours.sleepers(), server.watches());
    server.befall("", &Piece::Silence);
    server.with(|store| {
        store.lose_one("pods", "shop", "a");
        store.compact();
        store.expire_tokens();
    });
    server.put("pods", pod("born-in-the-night"));
    server.delete("services", "shop", "b");
    server.with(|store| store.compact());
    hours.sleep_through(MINUTE * 60 * 7, counted);
    hours.pass(Duration::from_secs(8)).await;
    assert_eq!(of_world(&followed.learned().world), of_store(&server), "within seconds of waking");
    assert_eq!(unwell(&followed.learned()), Vec::<String>::new());
    // And a list that was under way when the lid was closed.
    let mute = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let seen = Arc::clone(&mute);
    server.fault(move |it| {
        let is_meant = it.path == "/api/v1/pods" && it.parameter("limit").is_some();
        (is_meant && seen.swap(false, std::sync::atomic::Ordering::SeqCst)).then(broadstreet_tests::peer::Told::mute)
    });
    server.befall("pods", &Piece::Bytes(broadstreet_tests::apiserver::expired_event().into_bytes()));
    hours.pass(Duration::from_secs(1)).await;
    assert!(!mute.load(std::sync::atomic::Ordering::SeqCst), "the list was asked for");
    server.put("pods", pod("born-later"));
    hours.sleep_through(MINUTE * 60, counted);
    hours.pass(Duration::from_secs(8)).await;
    assert_eq!(of_world(&followed.learned().world), of_store(&server));
    followed.is_healed(&server).await;
    hours.pass(MINUTE).await;
    assert_eq!(server.watches(), watches, "no watch is left over");
    assert!(hours.sleepers() <= waiting + 8, "{} things wait, {waiting} before", hours.sleepers());
}

#[tokio::test]
async fn after_hours_of_sleep_everything_is_read_anew_where_the_timer_stood_still() {
    sleeps(false).await;
}

#[tokio::test]
async fn after_hours_of_sleep_everything_is_read_anew_where_the_timer_went_on() {
    sleeps(true).await;
}

#[tokio::test]
async fn a_quiet_day_costs_the_server_a_handful_of_questions_a_second() {
    let hours = Hours::default();
    let server = server(&hours);
    let followed = Followed::new(hours.clone(), &server).await;
    let before = server.asked().len();
    hours.pass(MINUTE * 10).await;
    let asked = server.asked().len() - before;
    assert!(asked < 600 * 3, "{asked} questions in ten minutes");
    assert_eq!(of_world(&followed.learned().world), of_store(&server));
    let kinds = followed.learned().said.len();
    assert!(kinds < 2 * KINDS.len() + 4, "nothing new is said of a quiet cluster: {kinds}");
}
