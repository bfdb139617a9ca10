//! Whether the field a relation names stands in a manifest and says so: the path is followed in the objects as written,
//! and what names the other end has to spell it.

use broadstreet_core::id::ObjectKey;
use serde_json::Value;

use super::{space, text};

/// The steps of a path: `spec.rules[0].host` is `spec`, `rules`, `0`, `host`; dots inside brackets are part of a key.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('[').map(|part| part.split_once(']').unwrap_or(("", part)));
    parts.flat_map(|(key, rest)| std::iter::once(key).chain(rest.split('.'))).filter(|step| !step.is_empty())
}

/// The value a path leads to; a list is entered by number, by `name` or by `type`.
fn at<'a>(item: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).try_fold(item, |value, step| match value {
        Value::Array(items) => match step.parse::<usize>() {
            Ok(number) => items.get(number),
            Err(_) => items.iter().find(|it| it["name"] == step || it["type"] == step),
        },
        value => value.get(step),
    })
}

fn is(item: &Value, key: &ObjectKey) -> bool {
    super::rules::key(item) == key.to_string()
}

/// The object that says so and what it says, by every way a field is written: a path in one of both ends or beside them
/// (a slice speaks of a pod and a Service), `namespace/name: path` of a policy, and the file of a `ConfigMap` that a path
/// names.
fn said<'a>(items: &'a [Value], ends: [&ObjectKey; 2], field: &str) -> Vec<(&'a Value, &'a Value)> {
    if let Some((policy, path)) = field.split_once(": ") {
        let meant = |it: &&Value| {
            text(it, "/kind") == "NetworkPolicy" && format!("{}/{}", space(it), text(it, "/metadata/name")) == policy
        };
        return items.iter().filter(meant).filter_map(|it| Some((it, at(it, path)?))).collect();
    }
    let own = items.iter().filter(|item| ends.iter().any(|end| is(item, end)));
    let beside = items.iter().filter(|item| ends.iter().any(|end| end.namespace == space(item)));
    let (path, file) = field.split_once("/data[").map_or((field, None), |(path, file)| (path, Some(file)));
    let found = own.chain(beside).filter_map(|item| Some((item, at(item, path)?)));
    let Some(file) = file else { return found.collect() };
    let read = |(item, name): (&'a Value, &Value)| {
        let meant = |it: &&Value| {
            text(it, "/kind") == "ConfigMap" && space(it) == space(item) && it["metadata"]["name"] == *name
        };
        Some((item, at(items.iter().find(meant)?, &format!("data[{file}"))?))
    };
    found.filter_map(read).collect()
}

/// Relations whose field does not spell the other end: selectors, ports and labels name nobody, a call names a Service.
const NAME_NOBODY: [&str; 8] =
    ["selects", "protects", "guards", "allows", "watches", "located-in", "part-of", "claims"];

/// True where the field is there in an object that can say so, and names the other end where this kind of relation does.
pub fn leads(items: &[Value], r#type: &str, ends: [&ObjectKey; 2], field: &str) -> bool {
    let said = said(items, ends, field);
    let names_one =
        || said.iter().any(|(item, name)| is(item, ends[0]) && name.as_str().is_some_and(|it| !it.is_empty()));
    if r#type == "identifies-as" && ends[1].name == "default" && !names_one() {
        // Who names no account is this one.
        return field.ends_with("spec.serviceAccountName");
    }
    let is_a_service =
        |name: &str| items.iter().any(|it| text(it, "/kind") == "Service" && it["metadata"]["name"] == name);
    said.iter().any(|(item, value)| {
        let spelled = value.to_string();
        let is_other = |end: &&&ObjectKey| ends[0] == ends[1] || !is(item, end);
        let names = ends.iter().filter(is_other).any(|end| spelled.contains(end.name.as_str()));
        let behind = matches!(text(item, "/kind"), "EndpointSlice" | "Endpoints");
        let mirror = field == "metadata.annotations[kubernetes.io/config.mirror]";
        let calls = || spelled.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(is_a_service);
        names || behind || mirror || NAME_NOBODY.contains(&r#type) || r#type == "calls" && calls()
    })
}
