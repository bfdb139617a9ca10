//! Rules 19 and 20 as plainly as they can be said: every policy against every pair of houses.

use serde_json::Value;

use super::rules::{Found, group, key, selects};
use super::{list, space, template, text};

/// What stands above what.
fn rank(kind: &str) -> u8 {
    match kind {
        "Pod" => 1,
        "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => 2,
        "Deployment" | "CronJob" => 3,
        _ => 0,
    }
}

/// The controller an item names as its own, where it is there.
fn owner_of<'v>(items: &'v [Value], item: &Value) -> Option<&'v Value> {
    let above = |owner: &&Value| owner["controller"] == true && rank(text(owner, "/kind")) > rank(text(item, "/kind"));
    list(item, "/metadata/ownerReferences").iter().filter(above).find_map(|owner| {
        items.iter().find(|it| {
            let (known, meant) = (text(it, "/metadata/uid"), text(owner, "/uid"));
            it["kind"] == owner["kind"]
                && space(it) == space(item)
                && it["metadata"]["name"] == owner["name"]
                && (known.is_empty() || meant.is_empty() || known == meant)
        })
    })
}

/// The outermost controller of a controller: itself where nothing is above it.
pub fn outermost<'v>(items: &'v [Value], item: &'v Value) -> &'v Value {
    owner_of(items, item).map_or(item, |owner| outermost(items, owner))
}

/// Whether an item is an outermost controller or a standalone pod.
pub fn is_house(items: &[Value], item: &Value) -> bool {
    let kind = text(item, "/kind");
    let known = ["", "apps", "batch"].contains(&group(text(item, "/apiVersion")));
    let label = ["batch.kubernetes.io/job-name", "job-name"]
        .iter()
        .find_map(|key| item["metadata"]["labels"][*key].as_str())
        .filter(|_| kind == "Pod" && list(item, "/metadata/ownerReferences").is_empty());
    let of_job = label.is_some_and(|job| {
        let is_it =
            |it: &Value| text(it, "/kind") == "Job" && space(it) == space(item) && it["metadata"]["name"] == *job;
        items.iter().any(is_it)
    });
    known && rank(kind) > 0 && owner_of(items, item).is_none() && !of_job
}

/// The labels of a house's pods.
pub fn labels(house: &Value) -> &Value {
    match text(house, "/kind") {
        "Pod" => &house["metadata"]["labels"],
        "CronJob" => &house["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"],
        _ => &house["spec"]["template"]["metadata"]["labels"],
    }
}

/// Whether a port of a rule lets TCP to a port of a house in.
fn opens(port: &Value, number: Option<u64>, target: &Value) -> bool {
    if port["protocol"].as_str().unwrap_or("TCP") != "TCP" {
        return false;
    }
    let Some(number) = number else { return true };
    match &port["port"] {
        Value::Null => true,
        Value::String(name) => named(target, name).contains(&number),
        first => {
            let first = first.as_u64().unwrap();
            (first..=port["endPort"].as_u64().unwrap_or(first)).contains(&number)
        }
    }
}

/// The numbers of the ports a house calls by a name.
fn named(house: &Value, name: &str) -> Vec<u64> {
    let containers = template(house)
        .into_iter()
        .flat_map(|it| ["initContainers", "containers"].map(|part| list(&it["spec"], &format!("/{part}"))));
    let ports = containers.flatten().flat_map(|it| list(it, "/ports"));
    ports.filter(|it| it["name"] == name).filter_map(|it| it["containerPort"].as_u64()).collect()
}

/// `allowed`, `blocked` or `unprotected`.
pub fn verdict(items: &[Value], from: &Value, to: &Value, port: Option<u64>) -> &'static str {
    let policies = || items.iter().filter(|it| text(it, "/kind") == "NetworkPolicy");
    let mut sides = Vec::new();
    for (house, other, rules, peers, r#type) in
        [(to, from, "ingress", "from", "Ingress"), (from, to, "egress", "to", "Egress")]
    {
        let governing: Vec<&Value> = policies()
            .filter(|it| space(it) == space(house) && selects(&it["spec"]["podSelector"], labels(house)))
            .filter(|it| match list(it, "/spec/policyTypes") {
                [] => r#type == "Ingress" || !list(it, "/spec/egress").is_empty(),
                types => types.iter().any(|it| it == r#type),
            })
            .collect();
        if governing.is_empty() {
            continue;
        }
        sides.push(governing.iter().any(|policy| {
            list(&policy["spec"], &format!("/{rules}")).iter().any(|rule| {
                let (ports, peers) = (list(rule, "/ports"), list(rule, &format!("/{peers}")));
                let open = ports.is_empty() || ports.iter().any(|it| opens(it, port, to));
                open && (peers.is_empty() || peers.iter().any(|peer| is_peer(items, peer, other, space(policy))))
            })
        }));
    }
    match sides.as_slice() {
        [] => "unprotected",
        sides if sides.iter().all(|admitted| *admitted) => "allowed",
        _ => "blocked",
    }
}

fn is_peer(items: &[Value], peer: &Value, other: &Value, own: &str) -> bool {
    let (spaces, pods) = (&peer["namespaceSelector"], &peer["podSelector"]);
    if spaces.is_null() && pods.is_null() {
        return false;
    }
    let mut of_space = serde_json::json!({});
    let known = items.iter().find(|it| text(it, "/kind") == "Namespace" && it["metadata"]["name"] == space(other));
    if let Some(Value::Object(labels)) = known.map(|it| &it["metadata"]["labels"]) {
        of_space = Value::Object(labels.clone());
    }
    of_space["kubernetes.io/metadata.name"] = space(other).into();
    let in_space = if spaces.is_null() { space(other) == own } else { selects(spaces, &of_space) };
    in_space && (pods.is_null() || selects(pods, labels(other)))
}

/// Adds which streets policies allow, those with a port that is open, and which policy guards whom: the houses it
/// selects, its namespace where it selects every pod.
pub fn relations(found: &mut Found<'_>) {
    let items = found.items;
    for call in super::streets(items, false).into_iter().filter(|call| call.open) {
        let doors =
            if call.doors.is_empty() { vec![None] } else { call.doors.into_iter().map(Some).collect::<Vec<_>>() };
        let (from, to) = (call.from, call.to);
        if is_house(items, to) && doors.into_iter().any(|port| verdict(items, from, to, port) == "allowed") {
            found.say(&key(from), "allows 20", &key(to), "ok");
        }
    }
    for policy in items.iter().filter(|it| text(it, "/kind") == "NetworkPolicy") {
        let selector = &policy["spec"]["podSelector"];
        if selector["matchLabels"].as_object().is_none_or(serde_json::Map::is_empty)
            && list(selector, "/matchExpressions").is_empty()
        {
            found.say(&key(policy), "guards 19", &format!("//Namespace//{}", space(policy)), "ok");
            continue;
        }
        let houses = items.iter().filter(|it| is_house(items, it) && space(it) == space(policy));
        for house in houses.filter(|it| selects(selector, labels(it))) {
            found.say(&key(policy), "guards 19", &key(house), "ok");
        }
    }
}

/// The doors of a house behind a port of a Service, behind all where none is named.
pub fn doors(service: &Value, port: Option<u64>, house: &Value) -> Vec<u64> {
    if let (Some(port), "None") = (port, text(service, "/spec/clusterIP")) {
        return vec![port];
    }
    let open = list(service, "/spec/ports").iter().filter(|it| port.is_none() || it["port"].as_u64() == port);
    let tcp = open.filter(|it| it["protocol"].as_str().unwrap_or("TCP") == "TCP");
    tcp.flat_map(|it| match &it["targetPort"] {
        Value::Null => it["port"].as_u64().into_iter().collect(),
        Value::String(name) => named(house, name).into_iter().take(1).collect(),
        number => number.as_u64().into_iter().collect::<Vec<u64>>(),
    })
    .collect()
}
