//! The shapes the README promises are the ones that are printed.

mod place;

use std::collections::BTreeSet;

use place::Place;
use serde_json::Value;

const README: &str = include_str!("../../../../README.md");

/// The names a command's answer has at the top, as the README writes them.
fn promised(command: &str) -> BTreeSet<String> {
    let block = README.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let begins = |line: &&str| line.strip_prefix(command).is_some_and(|rest| rest.trim_start().starts_with('{'));
    let at = block.lines().position(|line| begins(&line)).unwrap_or_else(|| panic!("the README has no `{command}`"));
    let mut text = String::new();
    for line in block.lines().skip(at) {
        text.push_str(line);
        if text.matches('{').count() == text.matches('}').count() {
            break;
        }
    }
    let (mut depth, mut names, mut rest) = (0, BTreeSet::new(), text.as_str());
    while let Some(place) = rest.find(['{', '[', '}', ']', '"']) {
        let (sign, after) = rest[place..].split_at(1);
        rest = after;
        match sign {
            "{" | "[" => depth += 1,
            "}" | "]" => depth -= 1,
            _ => {
                let (name, after) = rest.split_once('"').unwrap();
                rest = after;
                if depth == 1 {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap_or_else(|| panic!("{value}")).keys().cloned().collect()
}

#[test]
fn every_shape_in_the_readme_is_the_one_that_is_printed() {
    let place = Place::new();
    let json = |args: &[&str]| -> Value {
        serde_json::from_slice(&place.run(&[args, &["--json", "--as", "Mei"]].concat()).stdout).unwrap()
    };
    json(&["incident", "declare", "Checkout fails", "-s", "2"]);
    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/manifests");
    let alerts = place.file("alerts.json", "[]");
    let bundle = place.path().join("x.broadstreet");
    let (alerts, bundle) = (alerts.to_str().unwrap(), bundle.to_str().unwrap());
    let page = place.path().join("x.md");
    json(&["postmortem", "draft"]);
    for (command, args) in [
        ("topology", vec!["topology", manifests, "--format", "json"]),
        ("cases", vec!["cases", manifests, "--alerts", alerts]),
        ("doctor", vec!["doctor"]),
        ("export", vec!["export", "INC-0001", bundle]),
        ("verify", vec!["verify", bundle]),
        ("incident show --timeline", vec!["incident", "show", "--timeline"]),
        ("postmortem export", vec!["postmortem", "export", "--format", "markdown", "-o", page.to_str().unwrap()]),
        ("db migrate", vec!["db", "migrate"]),
    ] {
        assert_eq!(keys(&json(&args)), promised(command), "{command}");
    }
    assert_eq!(
        keys(&json(&["doctor"])["checks"][0]),
        ["code", "hint", "source", "state", "text", "what"].map(str::to_owned).into()
    );
    assert_eq!(promised("serve").len(), 3);
    json(&["incident", "role", "commander"]);
    json(&["incident", "offer", "commander", "--to", "Ana"]);
    let brief = place.run(&["incident", "accept", "--json", "--as", "Ana"]).stdout;
    assert_eq!(keys(&serde_json::from_slice(&brief).unwrap()), promised("incident accept"));
}
