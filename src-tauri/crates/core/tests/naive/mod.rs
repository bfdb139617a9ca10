//! Every rule as plainly as it can be said. No index, no reduced objects, nothing of the product: it reads the JSON and
//! compares texts. Here stands what the families share, and which words of a value name a Service.

#[allow(dead_code, reason = "one test asks it")]
pub mod fields;
mod network;
#[allow(dead_code, reason = "one test asks it")]
pub mod observed;
mod pods;
pub mod policies;
pub mod rules;
mod storage;

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
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => item.pointer("/spec/template"),
        "CronJob" => item.pointer("/spec/jobTemplate/spec/template"),
        "Pod" => Some(item),
        _ => None,
    }
}

/// Who calls whom, as `namespace/caller -> namespace/called`, where every word that names a Service is believed.
pub fn calls(items: &[Value]) -> BTreeSet<String> {
    let name = |item: &Value| format!("{}/{}", space(item), text(item, "/metadata/name"));
    let houses = streets(items, true).into_iter().filter(|call| call.open && policies::is_house(items, call.to));
    houses.map(|call| format!("{} -> {}", name(call.from), name(call.to))).collect()
}

/// One house calls another, or a Service with no house behind it.
pub struct Call<'a> {
    pub from: &'a Value,
    pub to: &'a Value,
    /// Whether a Service named listens at the port it is named with.
    pub open: bool,
    /// The ports of the called one's pods, as far as they are known.
    pub doors: BTreeSet<u64>,
}

/// The Service and namespace of a name in the cluster's domain: what stands before `svc`.
pub fn of_the_cluster(name: &str) -> Option<(&str, &str)> {
    let labels: Vec<&str> = name.split('.').collect();
    let svc = labels.iter().position(|label| *label == "svc").filter(|at| (2..=3).contains(at))?;
    Some((labels[svc - 2], labels[svc - 1]))
}

/// Who calls whom. Files are read for addresses alone, or for every word.
pub fn streets(items: &[Value], every_word: bool) -> Vec<Call<'_>> {
    let services: Vec<&Value> = items.iter().filter(|item| text(item, "/kind") == "Service").collect();
    let mut found: Vec<Call<'_>> = Vec::new();
    for caller in items.iter().filter(|item| policies::is_house(items, item)) {
        let Some(template) = template(caller) else { continue };
        for (host, port) in values(items, caller, template, every_word) {
            let (name, named) = match of_the_cluster(&host) {
                Some(place) => place,
                None => match host.split_once('.') {
                    None => (host.as_str(), space(caller)),
                    Some((name, named)) => (name, named),
                },
            };
            let target = services.iter().find(|it| text(it, "/metadata/name") == name && space(it) == named);
            let Some(service) = target else { continue };
            let straight = text(service, "/spec/clusterIP") == "None" || text(service, "/spec/type") == "ExternalName";
            let listens = list(service, "/spec/ports").iter().any(|it| it["port"].as_u64() == port);
            let open = port.is_none() || straight || listens;
            let mut behind: Vec<&Value> =
                items.iter().filter(|item| is_behind(service, item) && policies::is_house(items, item)).collect();
            if behind.is_empty() {
                behind.push(service);
            }
            for called in behind.into_iter().filter(|called| !std::ptr::eq(*called, caller)) {
                let doors = if open { policies::doors(service, port, called) } else { Vec::new() };
                match found.iter_mut().find(|it| std::ptr::eq(it.from, caller) && std::ptr::eq(it.to, called)) {
                    Some(known) => {
                        known.open |= open;
                        known.doors.extend(doors);
                    }
                    None => found.push(Call { from: caller, to: called, open, doors: doors.into_iter().collect() }),
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
        && text(service, "/spec/type") != "ExternalName"
        && selector.as_object().is_some_and(|pairs| !pairs.is_empty())
        && pairs.into_iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Every word of a workload that may name a Service, variables written out.
fn values(items: &[Value], caller: &Value, template: &Value, every_word: bool) -> Vec<(String, Option<u64>)> {
    let mut found = Vec::new();
    let mut maps: Vec<(&str, Option<&str>)> = Vec::new();
    for part in ["initContainers", "containers", "ephemeralContainers"] {
        for container in list(template, &format!("/spec/{part}")) {
            let mut known: BTreeMap<&str, String> = BTreeMap::new();
            let written_out = |value: &str, known: &BTreeMap<&str, String>| {
                known
                    .iter()
                    .fold(value.to_owned(), |text, (name, earlier)| text.replace(&format!("$({name})"), earlier))
            };
            for env in list(container, "/env") {
                let value = written_out(text(env, "/value"), &known);
                found.extend(hosts(&value, true));
                known.insert(text(env, "/name"), value);
                let reference = &env["valueFrom"]["configMapKeyRef"];
                maps.push((text(reference, "/name"), reference["key"].as_str()));
            }
            for word in ["/command", "/args"].iter().flat_map(|path| list(container, path)).filter_map(Value::as_str) {
                found.extend(hosts(&written_out(word, &known), true));
            }
            maps.extend(list(container, "/envFrom").iter().map(|it| (text(it, "/configMapRef/name"), None)));
        }
    }
    for volume in list(template, "/spec/volumes") {
        let sources = list(volume, "/projected/sources").iter().chain([volume]);
        for map in sources.map(|source| &source["configMap"]) {
            let name = text(map, "/name");
            match list(map, "/items") {
                [] => maps.push((name, None)),
                items => maps.extend(items.iter().map(|item| (name, item["key"].as_str()))),
            }
        }
    }
    for (name, only) in maps {
        let mounted = items.iter().filter(|item| {
            text(item, "/kind") == "ConfigMap" && space(item) == space(caller) && text(item, "/metadata/name") == name
        });
        let data = mounted.filter_map(|item| item["data"].as_object()).flatten();
        let read = data.filter(|(key, _)| only.is_none_or(|only| only == *key));
        found.extend(read.filter_map(|(_, value)| value.as_str()).flat_map(|value| hosts(value, every_word)));
    }
    found
}

/// Words of letters, digits, dashes and dots, with the port behind a colon; all of them, or those that stand as an address.
fn hosts(value: &str, every_word: bool) -> Vec<(String, Option<u64>)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find(word) {
        let before = &value[..value.len() - rest.len() + start];
        rest = &rest[start..];
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (host, after) = rest.split_at(end);
        let port =
            after.strip_prefix(':').map(|port| port.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
        let port = port.and_then(|port| port.parse().ok());
        let is_shaped = before.ends_with("://") || port.is_some() || host.contains(".svc");
        if every_word || is_shaped || is_a_setting(before, host, after) {
            found.push((host.trim_end_matches('.').to_owned(), port));
        }
        rest = after;
    }
    found
}

/// Whether a word is all that the file says, or all that its line says of a setting that is an address by its name.
fn is_a_setting(before: &str, host: &str, after: &str) -> bool {
    let (line, rest) = (before.lines().last().unwrap_or_default(), after.lines().next().unwrap_or_default());
    let line = if before.ends_with('\n') { "" } else { line };
    let (name, quote) = line.split_once([':', '=']).unwrap_or(("", line));
    let alone = quote.trim_matches([' ', '"', '\'']).is_empty() && rest.trim_matches([' ', '"', '\'', ',']).is_empty();
    let named = ["host", "addr", "url", "uri", "endpoint", "server", "upstream", "broker", "target", "backend"]
        .iter()
        .any(|word| name.to_ascii_lowercase().contains(word));
    let whole = format!("{before}{host}{after}").trim() == host;
    whole || (alone && named)
}
