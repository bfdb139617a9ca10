//! What the server answers to a request, as kube-apiserver 1.36 does: discovery, lists by pages, watches, streaming
//! lists, leases, proof of life.

use std::time::Duration;

use serde_json::{Value, json};

use super::feed::{Feed, Piece, Watch};
use super::kinds::Resource;
use super::store::{AskedWatch, Held, Store, Stored, as_metadata};
use super::{Cluster, status};
use crate::peer::{Asked, End, Told};

/// Bodies from this size on are compressed for whoever asks for it.
const COMPRESSED_FROM: usize = 128 * 1024;

/// The parts of a path that matter.
struct Target {
    resource: Resource,
    namespace: String,
    name: String,
}

impl Cluster {
    /// The answer to a request: a fault, or what a server that works says.
    pub(super) fn answer(&mut self, asked: &Asked) -> Told {
        if let Some(told) = self.fault.as_mut().and_then(|fault| fault(asked)) {
            return told;
        }
        let told = self.plain(asked);
        if asked.header("accept-encoding").contains("gzip") && told.body.len() >= COMPRESSED_FROM {
            return compressed(told);
        }
        told
    }

    fn plain(&mut self, asked: &Asked) -> Told {
        let store = &mut self.store;
        let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        let aggregated = asked.header("accept").contains("as=APIGroupDiscoveryList");
        match parts.as_slice() {
            ["version"] => return ok(&json!({ "major": "1", "minor": "36", "gitVersion": store.git_version })),
            ["livez" | "readyz" | "healthz"] => return Told::ok("ok"),
            ["api" | "apis"] if aggregated => return aggregated_discovery(store, parts[0] == "api"),
            ["api"] => return ok(&json!({ "kind": "APIVersions", "versions": ["v1"] })),
            ["apis"] => return groups(store),
            ["api", version] => return resources(store, "", version),
            ["apis", group, version] => return resources(store, group, version),
            _ => {}
        }
        let Some(target) = target(store, &parts) else {
            return Told {
                headers: vec![("Content-Type", "text/plain".to_owned())],
                ..Told::with(404, "404 page not found\n")
            };
        };
        let verb = match asked.parameter("watch") {
            _ if !target.name.is_empty() => "get",
            Some("1" | "true") => "watch",
            _ => "list",
        };
        let plural = target.resource.plural.clone();
        if !self.allowed.as_ref().is_none_or(|allowed| allowed(verb, &plural, &target.namespace)) {
            return forbidden(&target, verb);
        }
        match verb {
            "get" => get(store, &target),
            "watch" => watch(store, asked, &target, self.streams_lists),
            _ => list(store, asked, &target),
        }
    }
}

fn ok(body: &Value) -> Told {
    Told::ok(body.to_string())
}

fn target(store: &Store, parts: &[&str]) -> Option<Target> {
    let (group, version, rest) = match parts {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, plural, name) = match rest {
        ["namespaces", namespace, plural] => (*namespace, *plural, ""),
        ["namespaces", namespace, plural, name] => (*namespace, *plural, *name),
        [plural] => ("", *plural, ""),
        [plural, name] => ("", *plural, *name),
        _ => return None,
    };
    let is_meant = |it: &&Resource| it.group == group && it.version == version && it.plural == plural;
    let resource = store.resources.iter().find(is_meant)?.clone();
    Some(Target { resource, namespace: namespace.to_owned(), name: name.to_owned() })
}

fn forbidden(target: &Target, verb: &str) -> Told {
    let Target { resource, namespace, .. } = target;
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{namespace}\"")
    };
    let message = format!(
        "{} is forbidden: User \"mei\" cannot {verb} resource \"{}\" in API group \"{}\" {place}",
        resource.plural, resource.plural, resource.group
    );
    status(403, "Forbidden", &message)
}

fn get(store: &Store, target: &Target) -> Told {
    let found = store.get(&target.resource.plural, &target.namespace, &target.name);
    found.map_or_else(|| status(404, "NotFound", "not found"), |stored| Told::ok(stored.text().as_bytes()))
}

fn groups(store: &Store) -> Told {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for resource in store.resources.iter().filter(|it| !it.group.is_empty()) {
        match groups.iter_mut().find(|it| it.0 == resource.group) {
            Some((_, versions)) if versions.contains(&resource.version) => {}
            Some((_, versions)) => versions.push(resource.version.clone()),
            None => groups.push((resource.group.clone(), vec![resource.version.clone()])),
        }
    }
    let group = |(name, versions): &(String, Vec<String>)| {
        let version = |it: &String| json!({ "groupVersion": format!("{name}/{it}"), "version": it });
        json!({ "name": name, "versions": versions.iter().map(version).collect::<Vec<_>>(), "preferredVersion": version(&versions[0]) })
    };
    ok(&json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups.iter().map(group).collect::<Vec<_>>() }))
}

fn resources(store: &Store, group: &str, version: &str) -> Told {
    let of: Vec<Value> = store
        .resources
        .iter()
        .filter(|it| it.group == group && it.version == version)
        .map(|it| json!({ "name": it.plural, "kind": it.kind, "namespaced": it.namespaced, "verbs": ["get", "list", "watch"] }))
        .collect();
    if of.is_empty() {
        return status(404, "NotFound", "the server could not find the requested resource");
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    ok(&json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": of }))
}

fn aggregated_discovery(store: &Store, core: bool) -> Told {
    let mut items: Vec<Value> = Vec::new();
    for resource in store.resources.iter().filter(|it| it.group.is_empty() == core) {
        let scope = if resource.namespaced { "Namespaced" } else { "Cluster" };
        let one = json!({
            "resource": resource.plural, "scope": scope, "verbs": ["get", "list", "watch"],
            "responseKind": { "group": resource.group, "version": resource.version, "kind": resource.kind },
        });
        let versions = |one: Value| json!({ "version": resource.version, "freshness": "Current", "resources": [one] });
        match items.iter_mut().find(|it| it["metadata"]["name"].as_str().unwrap_or_default() == resource.group) {
            Some(item) => {
                let served = item["versions"].as_array_mut().expect("an array");
                match served.iter_mut().find(|it| it["version"] == resource.version.as_str()) {
                    Some(version) => version["resources"].as_array_mut().expect("an array").push(one),
                    None => served.push(versions(one)),
                }
            }
            None => items.push(json!({ "metadata": { "name": resource.group }, "versions": [versions(one)] })),
        }
    }
    let list = json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items });
    let mut told = ok(&list);
    told.headers =
        vec![("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList".to_owned())];
    told
}

fn list(store: &mut Store, asked: &Asked, target: &Target) -> Told {
    let plural = &target.resource.plural;
    let from_cache = asked.parameter("resourceVersion") == Some("0");
    let limit: usize = asked.parameter("limit").and_then(|it| it.parse().ok()).unwrap_or(0);
    // The watch cache answers `resourceVersion=0` whole, whatever the limit.
    let limit = if from_cache || limit == 0 { usize::MAX } else { limit };
    let (token, from, held) = match asked.parameter("continue").filter(|it| !it.is_empty()) {
        None => {
            let objects = store.list(plural, &target.namespace);
            if objects.len() <= limit {
                let held = Held { objects: objects.into(), version: store.version };
                (0, 0, held)
            } else {
                let (token, held) = store.hold(objects);
                (token, 0, held)
            }
        }
        Some(text) => {
            let numbers =
                text.split_once('-').and_then(|(token, from)| Some((token.parse().ok()?, from.parse().ok()?)));
            let Some((token, from)) = numbers else { return status(400, "BadRequest", "continue key is not valid") };
            let Some(held) = store.held(token) else { return expired_page(from) };
            (token, from, held)
        }
    };
    let to = from.saturating_add(limit).min(held.objects.len());
    let metadata = asked.header("accept").contains("as=PartialObjectMetadataList");
    let mut body = String::new();
    let kind = if metadata { "PartialObjectMetadata" } else { target.resource.kind.as_str() };
    let group_version = if metadata { "meta.k8s.io/v1".to_owned() } else { target.resource.group_version() };
    let more = held.objects.len() - to;
    let about = if more > 0 {
        json!({ "resourceVersion": held.version.to_string(), "continue": format!("{token}-{to}"), "remainingItemCount": more })
    } else {
        json!({ "resourceVersion": held.version.to_string() })
    };
    body += &format!("{{\"kind\":\"{kind}List\",\"apiVersion\":\"{group_version}\",\"metadata\":{about},\"items\":[");
    for (number, stored) in held.objects[from..to].iter().enumerate() {
        if number > 0 {
            body.push(',');
        }
        item(&mut body, stored, metadata);
    }
    body += "]}\n";
    Told::ok(body)
}

fn item(body: &mut String, stored: &Stored, metadata: bool) {
    let text = stored.text();
    if metadata { body.push_str(&as_metadata(&text)) } else { body.push_str(&text) }
}

/// What is said of a token that expired: a list from the next key at a later state may be had for another token.
fn expired_page(from: usize) -> Told {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired",
        "metadata": { "continue": format!("0-{from}") },
        "message": "The provided continue parameter is too old to display a consistent list result.",
    });
    Told::with(410, body.to_string())
}

fn watch(store: &mut Store, asked: &Asked, target: &Target, streams_lists: bool) -> Told {
    let plural = &target.resource.plural;
    let wanted = AskedWatch {
        namespace: target.namespace.clone(),
        bookmarks: asked.parameter("allowWatchBookmarks") == Some("true"),
        metadata: asked.header("accept").contains("as=PartialObjectMetadata"),
    };
    let lasts = asked.parameter("timeoutSeconds").and_then(|it| it.parse().ok()).unwrap_or(1800);
    let lasts = Duration::from_secs(lasts);
    let whole = |feed: std::sync::Arc<Feed>| Told::ok("").ending(End::Watch(Watch { feed, lasts }));
    let version: Option<u64> = asked.parameter("resourceVersion").and_then(|it| it.parse().ok());
    if asked.parameter("sendInitialEvents") == Some("true") {
        if !streams_lists {
            let message = "ListOptions.meta.k8s.io is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
            return status(422, "Invalid", message);
        }
        if asked.parameter("resourceVersionMatch") != Some("NotOlderThan") || !wanted.bookmarks {
            return status(422, "Invalid", "sendInitialEvents needs resourceVersionMatch=NotOlderThan and bookmarks");
        }
        return whole(store.stream(plural, &wanted));
    }
    let version = match version {
        Some(version) if version > store.version => {
            let mut told =
                status(504, "Timeout", &format!("Too large resource version: {version}, current: {}", store.version));
            told.headers.push(("Retry-After", "1".to_owned()));
            return told;
        }
        Some(version) if version > 0 => version,
        _ => return whole(store.stream(plural, &wanted)),
    };
    match store.watch(plural, &wanted, version) {
        Some(feed) => whole(feed),
        None => {
            let feed = std::sync::Arc::<Feed>::default();
            feed.put(Piece::Bytes(expired_event().into_bytes()));
            feed.put(Piece::End);
            whole(feed)
        }
    }
}

/// The event that ends a watch whose version is no longer kept.
pub fn expired_event() -> String {
    let gone = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 410, "reason": "Expired", "message": "too old resource version" });
    format!("{}\n", json!({ "type": "ERROR", "object": gone }))
}

fn compressed(told: Told) -> Told {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&told.body).expect("memory");
    let body = packer.finish().expect("memory");
    Told { body, ..told }.header("Content-Encoding", "gzip")
}
