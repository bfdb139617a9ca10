//! Rule 24 as plainly as it can be said: every word of every value that names a Service of the manifest. No index, no
//! reduced objects, no rule of the product about which names hold an address; it reads the JSON and compares texts.

#[allow(dead_code, reason = "one test asks it")]
pub mod observed;
pub mod policies;
pub mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn space(item: &Value) -> &str {
    match text(item, "/metadata/namespace") {
        "" => "default",
        space => space,
    }
}

/// Where the pod's spec and labels of a workload stand.
fn template(item: &Value) -> Option<&Value> {
    match text(item, "/kind") {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => item.pointer("/spec/template"),
        "CronJob" => item.pointer("/spec/jobTemplate/spec/template"),
        "Pod" => Some(item),
        _ => None,
    }
}

/// Who calls whom, as `namespace/caller -> namespace/called`.
pub fn calls(items: &[Value]) -> BTreeSet<String> {
    let name = |item: &Value| format!("{}/{}", space(item), text(item, "/metadata/name"));
    streets(items).into_iter().map(|(from, to, _)| format!("{} -> {}", name(from), name(to))).collect()
}

/// Who calls whom, with the ports of the called one's pods as far as they are known.
pub fn streets(items: &[Value]) -> Vec<(&Value, &Value, BTreeSet<u64>)> {
    let services: Vec<&Value> = items.iter().filter(|item| text(item, "/kind") == "Service").collect();
    let mut found: Vec<(&Value, &Value, BTreeSet<u64>)> = Vec::new();
    for caller in items.iter().filter(|item| policies::is_house(items, item)) {
        let Some(template) = template(caller) else { continue };
        for (host, port) in values(items, caller, template).iter().flat_map(|value| hosts(value)) {
            let mut labels = host.split('.');
            let (name, named, rest) = (labels.next().unwrap_or_default(), labels.next(), labels.next());
            if rest.is_some_and(|rest| rest != "svc") {
                continue;
            }
            let target = services
                .iter()
                .find(|it| text(it, "/metadata/name") == name && space(it) == named.unwrap_or_else(|| space(caller)));
            let Some(service) = target else { continue };
            let open = list(service, "/spec/ports").iter().any(|it| it["port"].as_u64() == port);
            if port.is_some() && !open && text(service, "/spec/clusterIP") != "None" {
                continue;
            }
            for called in items.iter().filter(|item| is_behind(service, item) && policies::is_house(items, item)) {
                if std::ptr::eq(called, caller) {
                    continue;
                }
                let doors = policies::doors(service, port, called);
                match found.iter_mut().find(|(from, to, _)| std::ptr::eq(*from, caller) && std::ptr::eq(*to, called)) {
                    Some((.., known)) => known.extend(doors),
                    None => found.push((caller, called, doors.into_iter().collect())),
                }
            }
        }
    }
    found
}

/// Whether a Service selects the pods of a workload.
fn is_behind(service: &Value, item: &Value) -> bool {
    let (Some(template), Some(selector)) = (template(item), service.pointer("/spec/selector")) else { return false };
    let pairs = selector.as_object().into_iter().flatten();
    let labels = &template["metadata"]["labels"];
    space(service) == space(item)
        && selector.as_object().is_some_and(|pairs| !pairs.is_empty())
        && pairs.into_iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Every text of a workload in which an address may stand, variables written out.
fn values(items: &[Value], caller: &Value, template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut maps: BTreeSet<&str> = BTreeSet::new();
    for part in ["initContainers", "containers", "ephemeralContainers"] {
        for container in list(template, &format!("/spec/{part}")) {
            let mut known: BTreeMap<&str, String> = BTreeMap::new();
            for env in list(container, "/env") {
                let mut value = text(env, "/value").to_owned();
                for (name, earlier) in &known {
                    value = value.replace(&format!("$({name})"), earlier);
                }
                known.insert(text(env, "/name"), value.clone());
                found.push(value);
                maps.insert(text(env, "/valueFrom/configMapKeyRef/name"));
            }
            for path in ["/command", "/args"] {
                found.extend(list(container, path).iter().filter_map(Value::as_str).map(str::to_owned));
            }
            maps.extend(list(container, "/envFrom").iter().map(|it| text(it, "/configMapRef/name")));
        }
    }
    for volume in list(template, "/spec/volumes") {
        maps.insert(text(volume, "/configMap/name"));
        maps.extend(list(volume, "/projected/sources").iter().map(|it| text(it, "/configMap/name")));
    }
    let mounted = items.iter().filter(|item| {
        let name = text(item, "/metadata/name");
        text(item, "/kind") == "ConfigMap" && space(item) == space(caller) && maps.contains(name)
    });
    let data = mounted.filter_map(|item| item["data"].as_object()).flatten();
    found.extend(data.filter_map(|(_, value)| value.as_str()).map(str::to_owned));
    found
}

/// Words of letters, digits, dashes and dots, with the port behind a colon.
fn hosts(value: &str) -> Vec<(String, Option<u64>)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find(word) {
        rest = &rest[start..];
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (host, after) = rest.split_at(end);
        let port =
            after.strip_prefix(':').map(|port| port.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
        found.push((host.trim_end_matches('.').to_owned(), port.and_then(|port| port.parse().ok())));
        rest = after;
    }
    found
}
