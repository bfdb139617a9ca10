//! The shapes the README promises are the ones that are printed.

mod place;

use std::collections::BTreeMap;

use place::kube::Kube;
use place::{Place, desk};
use serde_json::Value;

const README: &str = include_str!("../../../../README.md");

/// An answer as the README writes it.
#[derive(Debug)]
enum Shape {
    /// Whatever it is.
    Any,
    /// Exactly these names.
    Object(BTreeMap<String, Shape>),
    /// As many of the same as there are.
    List(Box<Shape>),
    /// So many different things.
    Tuple(usize),
}

/// Reads a shape off the beginning of a text.
fn read(text: &str) -> (Shape, &str) {
    let mut rest = text.trim_start();
    if let Some(inside) = rest.strip_prefix('[') {
        if inside.starts_with(['{', '[']) {
            let (shape, after) = read(inside);
            let after = after.trim_start().strip_prefix(']').unwrap_or_else(|| panic!("no end of a list in {text}"));
            return (Shape::List(Box::new(shape)), after);
        }
        let (words, after) = inside.split_once(']').unwrap();
        return (Shape::Tuple(words.split(',').count()), after);
    }
    rest = rest.strip_prefix('{').unwrap_or_else(|| panic!("no shape in {text}"));
    let mut names = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return (Shape::Object(names), after);
        }
        let (name, after) =
            rest.strip_prefix('"').and_then(|it| it.split_once('"')).unwrap_or_else(|| panic!("{rest}"));
        let after = after.trim_start();
        let (shape, after) = after.strip_prefix(':').map_or((Shape::Any, after), read);
        rest = after;
        names.insert(name.to_owned(), shape);
    }
}

/// What the README promises of a command.
fn promised(command: &str) -> Shape {
    let block = README.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let begins = |line: &str| line.strip_prefix(command).is_some_and(|rest| rest.trim_start().starts_with('{'));
    let mut rest = block;
    while !begins(rest) {
        rest = rest.split_once('\n').unwrap_or_else(|| panic!("the README has no `{command}`")).1;
    }
    read(&rest[command.len()..]).0
}

/// What is printed is what was promised, all the way down. Lists hold something to compare, but for those named.
#[track_caller]
fn holds(shape: &Shape, value: &Value, place: &str) {
    match shape {
        Shape::Any => {}
        Shape::Object(names) => {
            let printed = value.as_object().unwrap_or_else(|| panic!("{place}: {value}"));
            let (printed, names_) = (printed.keys().collect::<Vec<_>>(), names.keys().collect::<Vec<_>>());
            assert_eq!(printed, names_, "{place}");
            for (name, shape) in names {
                holds(shape, &value[name], &format!("{place} {name}"));
            }
        }
        Shape::List(shape) => {
            let all = value.as_array().unwrap_or_else(|| panic!("{place}: {value}"));
            assert!(!all.is_empty() || place == "cases cases also", "{place} is empty: nothing is compared");
            for it in all {
                holds(shape, it, place);
            }
        }
        Shape::Tuple(size) => assert_eq!(value.as_array().map(Vec::len), Some(*size), "{place}: {value}"),
    }
}

#[test]
fn every_shape_in_the_readme_is_the_one_that_is_printed() {
    let place = Place::new();
    let json = |args: &[&str]| -> Value {
        let output = place.run(&[args, &["--json", "--as", "Mei"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{args:?}: {why}: {output:?}"))
    };
    json(&["incident", "declare", "Checkout fails", "-s", "2"]);
    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/manifests");
    let shop = format!("{manifests}/shop.yaml");
    // One that has a place, and one that has none.
    let mut alerts: Value = serde_json::from_str(include_str!("manifests/alerts.json")).unwrap();
    let mut stray = alerts[0].clone();
    stray["labels"] = serde_json::json!({ "alertname": "Stray", "pod": "nowhere", "namespace": "nowhere" });
    stray["fingerprint"] = "stray".into();
    alerts.as_array_mut().unwrap().push(stray);
    let alerts = place.file("alerts.json", &alerts.to_string());
    let bundle = place.path().join("x.broadstreet");
    let (alerts, bundle) = (alerts.to_str().unwrap(), bundle.to_str().unwrap());
    let page = place.path().join("x.md");
    let kube = Kube::start();
    let kubeconfig = place.kubeconfig_of(&kube);
    json(&["postmortem", "draft"]);
    for (command, args) in [
        ("topology", vec!["topology", &shop, "--format", "json"]),
        ("cases", vec!["cases", &shop, "--alerts", alerts]),
        ("doctor", vec!["doctor"]),
        ("record", vec!["record", "--for", "1s", "--kubeconfig", &kubeconfig]),
        ("export", vec!["export", "INC-0001", bundle]),
        ("verify", vec!["verify", bundle]),
        ("incident show --timeline", vec!["incident", "show", "--timeline"]),
        ("postmortem export", vec!["postmortem", "export", "--format", "markdown", "-o", page.to_str().unwrap()]),
        ("db migrate", vec!["db", "migrate"]),
    ] {
        holds(&promised(command), &json(&args), command);
    }
    holds(&promised("serve"), &place.serve(&[]).said, "serve");
    holds(&promised("serve"), &desk::start(&mut place.command(&["open", "--json", "--as", "Mei"])).said, "open");
    json(&["incident", "role", "commander"]);
    json(&["incident", "offer", "commander", "--to", "Ana"]);
    let brief = place.run(&["incident", "accept", "--json", "--as", "Ana"]).stdout;
    holds(&promised("incident accept"), &serde_json::from_slice(&brief).unwrap(), "incident accept");
}

#[test]
fn the_shapes_are_read_to_their_ends() {
    let (shape, rest) = read(
        r#" {"a": [{"b","c":[[one, two]]}],
        "d"} and so on"#,
    );
    assert_eq!(rest, " and so on");
    let value = serde_json::json!({ "a": [{ "b": 1, "c": [[1, 2]] }], "d": 0 });
    holds(&shape, &value, "it");
    for wrong in [
        serde_json::json!({ "a": [{ "b": 1 }], "d": 0 }),
        serde_json::json!({ "a": [{ "b": 1, "c": [[1]] }], "d": 0 }),
        serde_json::json!({ "a": [{ "b": 1, "c": [[1, 2]], "more": 1 }], "d": 0 }),
        serde_json::json!({ "a": [], "d": 0 }),
    ] {
        assert!(std::panic::catch_unwind(|| holds(&shape, &wrong, "it")).is_err(), "{wrong}");
    }
}

#[test]
fn a_document_that_is_printed_is_not_asked_for_in_json() {
    let place = Place::declared();
    place.mei(&["postmortem", "draft"]);
    let (exit, error) = place.error(&["postmortem", "export", "--out", "-"]);
    assert_eq!((exit, error["code"].as_str()), (2, Some("usage")), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("--json") && message.contains("--out -") && message.contains("leave"), "{message}");
    assert!(README.contains("`--out -`"), "the README says so");
    assert!(place.answer(&["postmortem", "export", "--out", "-"]).starts_with("# Checkout fails"));
}
