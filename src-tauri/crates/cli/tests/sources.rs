//! The built program, as a person runs it: what it prints of a source, and what it says when it cannot.

mod place;

use place::{Place, is_of_use};
use serde_json::Value;

fn given(name: &str) -> String {
    format!("{}/tests/manifests/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn manifests_become_objects_relations_and_unresolved_addresses() {
    let place = Place::new();
    let document: Value = serde_json::from_str(&place.answer(&["topology", &given("shop.yaml"), "--json"])).unwrap();
    assert_eq!(document["objects"].as_array().unwrap().len(), 3);
    let calls: Vec<&Value> =
        document["relations"].as_array().unwrap().iter().filter(|it| it["type"] == "calls").collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["from"], "/apps/Deployment/shop/frontend");
    assert_eq!(document["unresolved"][0]["address"], "ads.shop.svc.cluster.local:9555");
}

#[test]
fn every_format_names_the_same_houses() {
    let place = Place::new();
    for (format, begins) in [("dot", "digraph"), ("mermaid", "flowchart"), ("table", "KIND"), ("json", "{")] {
        let text = place.answer(&["topology", &given("shop.yaml"), "--format", format]);
        assert!(text.starts_with(begins) || text.starts_with("graph"), "{format}: {text}");
        assert!(text.contains("frontend") && text.contains("cart"), "{format}: {text}");
        assert!(!text.contains("swordfish"), "{format} shows the value of a variable");
    }
}

#[test]
fn a_list_of_kubectl_and_a_folder_are_sources_too() {
    let place = Place::new();
    let folder = place.path().join("manifests");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(given("shop.yaml"), folder.join("shop.yaml")).unwrap();
    let list = place.file(
        "list.json",
        r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"x"}}]}"#,
    );
    assert!(place.answer(&["topology", folder.to_str().unwrap()]).contains("frontend"));
    assert!(place.answer(&["topology", list.to_str().unwrap()]).contains("Pod"));
}

#[test]
fn alerts_are_placed_at_their_objects_and_the_rung_is_named() {
    let place = Place::new();
    let args = ["cases", &given("shop.yaml"), "--alerts", &given("alerts.json")];
    let document: Value = serde_json::from_str(&place.answer(&[&args[..], &["--json"]].concat())).unwrap();
    assert_eq!(document["cases"][0]["at"]["key"], "/apps/Deployment/shop/cart", "{document}");
    assert_eq!(document["cases"][0]["label"], "deployment=\"cart\"", "{document}");
    let table = place.answer(&args);
    assert!(table.contains("KubeDeploymentReplicasMismatch  /apps/Deployment/shop/cart"), "{table}");
}

#[test]
fn cases_without_alerts_and_files_without_any_are_named() {
    let place = Place::new();
    is_of_use(&place.error(&["cases", &given("shop.yaml")]), "no_alerts", "alerts");
    let rubbish = place.file("rubbish.json", "{\"no\": 1}");
    let args = ["cases", &given("shop.yaml"), "--alerts", rubbish.to_str().unwrap()];
    is_of_use(&place.error(&args), "bad_alerts", "rubbish.json");
    is_of_use(&place.error(&["cases", &given("shop.yaml"), "--alerts", "nowhere.json"]), "bad_file", "nowhere.json");
}

#[test]
fn a_missing_file_is_named() {
    let place = Place::new();
    is_of_use(&place.error(&["topology", "nowhere.yaml"]), "bad_manifest", "nowhere.yaml");
}

#[test]
fn broken_yaml_is_named_with_its_line() {
    let place = Place::new();
    let path = place.file("broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a\n");
    let error = place.error(&["topology", path.to_str().unwrap()]);
    is_of_use(&error, "bad_manifest", "broken.yaml");
    assert!(error.1["message"].as_str().unwrap().contains("line"), "{error:?}");
}

#[test]
fn one_broken_document_spoils_no_other() {
    let place = Place::new();
    let path =
        place.file("half.yaml", "kind: [\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: whole\n  namespace: x\n");
    let output = place.run(&["topology", path.to_str().unwrap()]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("whole"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("half.yaml"), "what was skipped is said");
}

#[test]
fn a_file_that_is_no_bundle_is_named() {
    let place = Place::new();
    let path = place.file("torn.broadstreet", "PK\u{3}\u{4} and then nothing");
    let path = path.to_str().unwrap();
    is_of_use(&place.error(&["topology", path]), "bad_bundle", "torn.broadstreet");
    is_of_use(&place.error(&["verify", path]), "bad_bundle", "torn.broadstreet");
    is_of_use(&place.error(&["verify", "nowhere.broadstreet"]), "bad_file", "nowhere.broadstreet");
}

#[test]
fn no_kubeconfig_says_where_it_looked() {
    let place = Place::new();
    is_of_use(&place.error(&["topology"]), "no_kubeconfig", ".kube/config");
}

#[test]
fn an_unknown_context_is_named_beside_those_there_are() {
    let place = Place::new();
    let path = place.file(
        "config",
        "apiVersion: v1\nkind: Config\ncurrent-context: paris\nclusters:\n- name: c\n  cluster: {server: 'https://127.0.0.1:1'}\n\
         users:\n- name: u\n  user: {}\ncontexts:\n- name: paris\n  context: {cluster: c, user: u}\n",
    );
    let path = path.to_str().unwrap();
    let error = place.error(&["topology", "--kubeconfig", path, "--context", "london"]);
    is_of_use(&error, "unknown_context", "london");
    assert!(error.1["message"].as_str().unwrap().contains("paris"), "{error:?}");
    is_of_use(&place.error(&["topology", "--kubeconfig", path]), "unreachable", "https://127.0.0.1:1");
}

#[test]
fn what_is_typed_wrongly_ends_with_2() {
    let place = Place::new();
    assert_eq!(place.run(&["topologie"]).status.code(), Some(2));
    let (exit, error) = place.error(&["topology", "--format", "poem"]);
    assert_eq!((exit, error["code"].as_str()), (2, Some("usage")));
    for (typed, names) in [
        (vec!["topology", "--format", "poem"], vec!["poem", "--format", "table, json, dot, mermaid"]),
        (vec!["incident", "declare", "x"], vec!["not provided", "--severity"]),
        (vec!["topologie"], vec!["'topologie'", "'topology'"]),
        (vec!["incident"], vec!["a subcommand", "accept"]),
    ] {
        let (exit, error) = place.error(&typed);
        let message = error["message"].as_str().unwrap();
        assert_eq!((exit, error["code"].as_str()), (2, Some("usage")), "{typed:?}: {error}");
        for name in names {
            assert!(message.contains(name), "`{name}` in {message}");
        }
        assert!(!message.contains("Usage:") && !message.contains('\n'), "{message}");
    }
    assert_eq!(place.run(&["--help"]).status.code(), Some(0));
    assert!(place.answer(&["--version"]).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn errors_for_people_are_two_lines() {
    let place = Place::new();
    let output = place.run(&["topology", "nowhere.yaml"]);
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("error: ") && lines[1].starts_with("hint: "), "{said}");
}

#[test]
fn a_new_database_needs_no_migration_twice() {
    let place = Place::new();
    place.answer(&["db", "migrate"]);
    let again: Value = serde_json::from_str(&place.answer(&["db", "migrate", "--json"])).unwrap();
    assert_eq!(again["migrations"], serde_json::json!([]));
}

#[test]
fn a_gathered_folder_brings_its_own_alerts_and_opens_as_a_map_of_its_moment() {
    let place = Place::new();
    let gathered = place.path().join("must-gather.local.1");
    let put = |name: &str, text: &str| {
        let path = gathered.join("image").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put(
        "namespaces/shop/apps/deployments.yaml",
        "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: cart, namespace: shop}\n  spec: {template: {spec: {containers: []}}}\n",
    );
    put("namespaces/shop/core/broken.yaml", "kind: [\n");
    put("namespaces/shop/pods/cart-1/logs/current.log", "panic: ]");
    let rules = serde_json::json!({"data": {"groups": [{"rules": [{"alerts": [
        {"labels": {"alertname": "KubeDeploymentReplicasMismatch", "namespace": "shop", "deployment": "cart"}, "state": "firing", "activeAt": "2026-05-14T14:28:05Z"}]}]}]}});
    put("monitoring/prometheus/rules.json", &rules.to_string());
    let path = gathered.to_str().unwrap();
    let output = place.run(&["topology", path, "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["objects"][0]["id"], "/apps/Deployment/shop/cart");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("broken.yaml") && said.contains("must-gather: 1 files are about no object"), "{said}");
    let cases: Value = serde_json::from_str(&place.answer(&["cases", path, "--json"])).unwrap();
    assert_eq!(cases["cases"][0]["at"]["key"], "/apps/Deployment/shop/cart", "{cases}");

    let desk = place.serve(&[]);
    let opened = desk.call("open_bundle", serde_json::json!({ "path": path }));
    assert_eq!(
        (&opened["mode"], &opened["sources"][0]["version"]),
        (&"recorded".into(), &"must-gather".into()),
        "{opened}"
    );
    let found = desk.call("find", serde_json::json!({ "query": "cart", "limit": 5 }));
    let panel = desk.call("object", serde_json::json!({ "id": found[0]["id"] }));
    assert_eq!(panel["cases"][0]["name"], "KubeDeploymentReplicasMismatch", "{panel}");
    let torn = place.file("torn.tar.gz", "");
    std::fs::write(&torn, [0x1f, 0x8b, 8, 0, 0]).unwrap();
    is_of_use(&(1, desk.error("open_bundle", serde_json::json!({ "path": torn }))), "bad_manifest", "torn.tar.gz");
    is_of_use(&place.error(&["topology", torn.to_str().unwrap()]), "bad_manifest", "torn.tar.gz");
}
