//! Rules 6 to 11, 18 and 24: each Service, slice, Ingress and budget against every object, and each call a house says.

use serde_json::Value;

use super::policies::{is_house, labels};
use super::rules::{Found, group, key, or, selects, spelled};
use super::{is_behind, list, space, text};

/// Adds what stands behind what.
pub fn relations(found: &mut Found<'_>) {
    for item in found.items {
        match (group(text(item, "/apiVersion")), text(item, "/kind")) {
            ("", "Service") => service(found, item),
            ("discovery.k8s.io", "EndpointSlice") => slice(found, item),
            ("", "Endpoints") => endpoints(found, item),
            ("networking.k8s.io", "Ingress") => ingress(found, item),
            ("policy", "PodDisruptionBudget") => budget(found, item),
            _ => {}
        }
    }
    for call in super::streets(found.items, false) {
        let state = if call.open { "ok" } else { "broken" };
        found.say(&key(call.from), "calls 24", &key(call.to), state);
    }
}

fn service(found: &mut Found<'_>, service: &Value) {
    if text(service, "/spec/type") == "ExternalName" {
        let name = text(service, "/spec/externalName").trim_end_matches('.');
        match super::of_the_cluster(name) {
            _ if name.is_empty() => {}
            Some((name, space)) => found.add(service, "resolves-to 8", &spelled("", "Service", space, name), false),
            None => found.say(&key(service), "resolves-to 8", &format!("//External//{name}"), "ok"),
        }
        return;
    }
    for item in found.items.iter().filter(|it| is_behind(service, it)) {
        if text(item, "/kind") == "Pod" {
            found.say(&key(service), "selects 6", &key(item), "ok");
        } else if is_house(found.items, item) {
            found.say(&key(service), "selects 9", &key(item), "ok");
        }
    }
}

fn slice(found: &mut Found<'_>, slice: &Value) {
    let name = slice["metadata"]["labels"]["kubernetes.io/service-name"].as_str().unwrap_or_default();
    if name.is_empty() {
        return;
    }
    let to = spelled("", "Service", space(slice), name);
    for endpoint in list(slice, "/endpoints") {
        let conditions = &endpoint["conditions"];
        let refused = conditions["ready"] == false || conditions["serving"] == false;
        let ready = !refused && conditions["terminating"] != true;
        let addresses = list(endpoint, "/addresses").iter().filter_map(Value::as_str);
        behind(found, &to, space(slice), (&endpoint["targetRef"], ready), addresses);
    }
}

/// The older way to say it, which counts where no slice says anything about the Service.
fn endpoints(found: &mut Found<'_>, endpoints: &Value) {
    let name = text(endpoints, "/metadata/name");
    let says = |it: &&Value| {
        text(it, "/kind") == "EndpointSlice"
            && space(it) == space(endpoints)
            && it["metadata"]["labels"]["kubernetes.io/service-name"] == name
    };
    if found.items.iter().any(|it| says(&it)) {
        return;
    }
    let to = spelled("", "Service", space(endpoints), name);
    for subset in list(endpoints, "/subsets") {
        for (place, ready) in [("/addresses", true), ("/notReadyAddresses", false)] {
            for address in list(subset, place) {
                let ip = [text(address, "/ip")].into_iter();
                behind(found, &to, space(endpoints), (&address["targetRef"], ready), ip);
            }
        }
    }
}

fn behind<'a>(
    found: &mut Found<'_>,
    to: &str,
    space: &str,
    (target, ready): (&Value, bool),
    addresses: impl Iterator<Item = &'a str>,
) {
    let backs = |found: &mut Found<'_>, pod: &str, same: bool| {
        let state = match (found.is_there(pod) && same && found.is_there(to), ready) {
            (false, _) => "dangling",
            (true, true) => "ok",
            (true, false) => "broken",
        };
        found.say(pod, "backs 7", to, state);
    };
    if text(target, "/kind") == "Pod" {
        let pod = spelled("", "Pod", space, text(target, "/name"));
        let own = found.find(&pod).map_or("", |pod| text(pod, "/metadata/uid"));
        let said = text(target, "/uid");
        backs(found, &pod, own.is_empty() || said.is_empty() || own == said);
        return;
    }
    for address in addresses.filter(|address| !address.is_empty()) {
        // An address is one pod's; those in a node's network bear the node's, those that ended gave theirs back.
        let mut pods = found.items.iter().filter(|it| {
            text(it, "/kind") == "Pod"
                && text(it, "/status/podIP") == address
                && text(it, "/status/hostIP") != address
                && !["Succeeded", "Failed"].contains(&text(it, "/status/phase"))
        });
        let selects = |it: &Value| {
            let pairs = it["spec"]["selector"].as_object();
            text(it, "/spec/type") != "ExternalName" && pairs.is_some_and(|pairs| !pairs.is_empty())
        };
        match (pods.next(), found.find(to)) {
            (Some(pod), _) => backs(found, &key(pod), true),
            (None, Some(service)) if !selects(service) => {
                found.say(to, "resolves-to 8", &format!("//External//{address}"), "ok");
            }
            _ => {}
        }
    }
}

fn ingress(found: &mut Found<'_>, ingress: &Value) {
    let paths = list(ingress, "/spec/rules").iter().flat_map(|rule| list(rule, "/http/paths"));
    let backends = paths.map(|path| &path["backend"]).chain([&ingress["spec"]["defaultBackend"]]);
    for backend in backends {
        let (service, resource) = (&backend["service"], &backend["resource"]);
        if resource.is_object() {
            let name = text(resource, "/name");
            let to = spelled(text(resource, "/apiGroup"), text(resource, "/kind"), space(ingress), name);
            found.add(ingress, "routes 10", &to, false);
        } else if service.is_object() {
            let to = spelled("", "Service", space(ingress), text(service, "/name"));
            let open = |port: &Value| {
                let asked = &service["port"];
                asked["number"].is_u64() && port["port"] == asked["number"]
                    || asked["name"].is_string() && port["name"] == asked["name"]
            };
            let asked = service["port"].as_object().is_some_and(|port| !port.is_empty());
            let ports = found.find(&to).map_or(&[][..], |it| list(it, "/spec/ports"));
            let closed = asked && !ports.iter().any(open);
            found.add(ingress, "routes 10", &to, closed);
        }
    }
    for tls in list(ingress, "/spec/tls").iter().filter(|it| !text(it, "/secretName").is_empty()) {
        let to = spelled("", "Secret", space(ingress), text(tls, "/secretName"));
        found.add(ingress, "uses 11", &to, false);
    }
    let old = ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"].as_str().unwrap_or_default();
    let class = or(text(ingress, "/spec/ingressClassName"), old);
    if !class.is_empty() {
        let to = spelled("networking.k8s.io", "IngressClass", "", class);
        found.add(ingress, "classed-by 11", &to, false);
    }
}

/// 18: nothing where there is no selector, everything in the namespace where it is empty.
fn budget(found: &mut Found<'_>, budget: &Value) {
    let selector = &budget["spec"]["selector"];
    let houses = found.items.iter().filter(|it| is_house(found.items, it) && space(it) == space(budget));
    for house in houses.filter(|it| selector.is_object() && selects(selector, labels(it))) {
        found.say(&key(budget), "protects 18", &key(house), "ok");
    }
}
