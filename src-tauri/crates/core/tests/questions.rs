//! Questions about the graph, compared with readers that know relations as a plain list and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use broadstreet_core::id::ObjectKey;
use broadstreet_core::plan::Lens;
use broadstreet_core::resource::{Body, reduce};
use broadstreet_core::topology::{By, Step, blast_radius, path, shared, standing, upstream};
use broadstreet_core::world::{Change, Id, Relation, World};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

#[path = "random/mod.rs"]
mod random;

fn world(items: &[Value]) -> World {
    let changes: Vec<Change> = items.iter().map(|item| Change::Object(Arc::new(reduce("", item).unwrap()))).collect();
    World::from_changes(&changes)
}

fn key(group: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new("", group, kind, namespace, name)
}

fn deployment(name: &str, calls: &[&str], volumes: Value) -> Value {
    let args: Vec<String> = calls.iter().map(|call| format!("http://{call}/")).collect();
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "a"},
        "spec": {"template": {"metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": "i:1", "args": args}], "volumes": volumes}}}})
}

fn service(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "a"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}})
}

/// front → cart → redis → front (a circle), cart and ads use one ConfigMap, an Ingress leads to front.
fn town() -> World {
    let shared = json!([{"name": "v", "configMap": {"name": "flags"}}]);
    let mut items = vec![
        deployment("front", &["cart", "ads"], json!([])),
        deployment("cart", &["redis"], shared.clone()),
        deployment("redis", &["front"], json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])),
        deployment("ads", &[], shared),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags", "namespace": "a"}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "a"}, "spec": {"volumeName": "pv"}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {"claimRef": {"namespace": "a", "name": "data"}}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "door", "namespace": "a"},
            "spec": {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "front", "port": {"number": 80}}}}]}}]}}),
    ];
    items.extend(["front", "cart", "redis", "ads"].map(service));
    world(&items)
}

/// What is reached, as `name` and steps.
fn told(world: &World, reached: &[broadstreet_core::topology::Reached]) -> Vec<String> {
    reached
        .iter()
        .map(|one| format!("{} {} by {}", world.key_of(one.at).name, one.hops, world.key_of(one.by).name))
        .collect()
}

#[test]
fn failure_travels_against_the_arrows_and_a_circle_is_walked_once() {
    let world = town();
    let at = |kind: &str, name: &str| match kind {
        "Deployment" => key("apps", kind, "a", name),
        "PersistentVolume" => key("", kind, "", name),
        "Ingress" => key("networking.k8s.io", kind, "a", name),
        _ => key("", kind, "a", name),
    };
    let breaks = |kind: &str, name: &str, most| told(&world, &blast_radius(&world, &at(kind, name), most));
    let needs = |kind: &str, name: &str, most| told(&world, &upstream(&world, &at(kind, name), most));
    assert_eq!(breaks("Deployment", "redis", 9), ["cart 1 by redis", "front 2 by cart"]);
    assert_eq!(breaks("Deployment", "redis", 1), ["cart 1 by redis"]);
    assert!(breaks("Deployment", "redis", 0).is_empty());
    assert_eq!(
        breaks("Service", "redis", 9),
        ["cart 1 by redis", "front 2 by cart"],
        "a Service fails as what is behind it"
    );
    assert_eq!(
        breaks("ConfigMap", "flags", 9),
        ["ads 1 by flags", "cart 1 by flags", "front 2 by ads", "redis 3 by front"]
    );
    assert_eq!(breaks("PersistentVolume", "pv", 9), ["redis 1 by pv", "cart 2 by redis", "front 3 by cart"]);
    assert!(breaks("Ingress", "door", 9).is_empty());
    assert!(breaks("Deployment", "nobody-ever-named-it", 9).is_empty());
    assert_eq!(needs("Deployment", "front", 9), ["ads 1 by front", "cart 1 by front", "redis 2 by cart"]);
    assert_eq!(needs("Ingress", "door", 2), ["front 1 by door", "ads 2 by front", "cart 2 by front"]);
    assert_eq!(needs("Service", "cart", 9)[..2], ["cart 1 by cart".to_owned(), "redis 2 by cart".to_owned()]);
    assert!(needs("ConfigMap", "flags", 9).is_empty());
}

/// A pod that stands by itself.
fn pod_on(node: &str, name: &str, calls: &str, volumes: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a", "labels": {"app": name}},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i:1", "args": [calls]}], "volumes": volumes}})
}

#[test]
fn a_zone_takes_along_whom_its_nodes_run_and_whose_volume_lies_there() {
    let node = |name: &str, labels: Value| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}});
    let zone = "topology.kubernetes.io/zone";
    let claim = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
    let within =
        json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": zone, "operator": "In", "values": ["z1"]}]}]});
    let world = world(&[
        node("n1", json!({zone: "z1", "topology.kubernetes.io/region": "r"})),
        node("n2", json!({zone: "z2"})),
        node("n3", json!({"failure-domain.beta.kubernetes.io/zone": "old"})),
        node("n4", json!({})),
        pod_on("n1", "cart", "", json!([])),
        service("cart"),
        pod_on("n2", "front", "http://cart/", json!([])),
        pod_on("n2", "redis", "", claim),
        pod_on("n3", "aged", "", json!([])),
        pod_on("n4", "bare", "", json!([])),
        pod_on("", "waits", "", json!([])),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "a"}, "spec": {"volumeName": "pv"}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
            "spec": {"claimRef": {"namespace": "a", "name": "data"}, "nodeAffinity": {"required": within}}}),
    ]);
    let breaks = |kind: &str, name: &str| told(&world, &blast_radius(&world, &key("", kind, "", name), 9));
    assert_eq!(breaks("Zone", "z1"), ["cart 1 by z1", "redis 1 by z1", "front 2 by cart"]);
    assert_eq!(breaks("Zone", "z2"), ["front 1 by z2", "redis 1 by z2"]);
    assert_eq!(breaks("Region", "r"), ["cart 1 by r", "front 2 by cart"]);
    assert_eq!(breaks("Zone", "old"), ["aged 1 by n3"], "no object names it");
    assert_eq!(breaks("Zone", "nodes"), ["bare 1 by n4"], "those without a zone stand together");
    assert!(breaks("Zone", "never").is_empty());
    let shares = |name: &str| {
        let things = shared(&world, &key("", "Zone", "", name)).things;
        let with = |it: &Id| world.key_of(*it).name.to_string();
        things.iter().map(|it| (it.by, it.name.to_string(), it.with.iter().map(with).collect())).collect::<Vec<_>>()
    };
    let shared_with = |name: &str, with: &[&str]| {
        (By::Zone, name.to_owned(), with.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(shares("z2"), [shared_with("z2", &["front", "redis"])]);
    assert_eq!(shares("old"), [shared_with("old", &["aged"])]);
    assert_eq!(shares("nodes"), [shared_with("nodes", &["bare"])]);
    assert_eq!(shares("never"), []);
}

#[test]
fn a_way_follows_calls_there_then_back_and_then_whatever_relates() {
    let mut world = town();
    let kin = deployment("kin", &[], json!([{"name": "v", "configMap": {"name": "flags"}}]));
    world.apply(&Change::Object(Arc::new(reduce("", &kin).unwrap())));
    let steps = |from: &ObjectKey, to: &ObjectKey| {
        path(&world, from, to).map(|steps| {
            let name = |step: &Step| {
                let arrow = if step.along { "→" } else { "←" };
                format!("{} {}{arrow} {}", world.key_of(step.from).name, step.r#type, world.key_of(step.to).name)
            };
            steps.iter().map(name).collect::<Vec<_>>()
        })
    };
    let house = |name: &str| key("apps", "Deployment", "a", name);
    assert_eq!(steps(&house("front"), &house("redis")).unwrap(), ["front calls→ cart", "cart calls→ redis"]);
    assert_eq!(steps(&house("ads"), &house("front")).unwrap(), ["ads calls← front"]);
    assert_eq!(
        steps(&house("ads"), &house("cart")).unwrap().len(),
        3,
        "calls lead back from cart to ads, by redis and front"
    );
    assert_eq!(steps(&house("kin"), &house("cart")).unwrap(), ["kin uses→ flags", "flags uses← cart"]);
    assert_eq!(steps(&house("front"), &house("front")), Some(Vec::new()));
    let claim = key("", "PersistentVolumeClaim", "a", "data");
    assert_eq!(steps(&claim, &house("redis")).unwrap(), ["data claims← redis"]);
    assert_eq!(steps(&house("front"), &house("never")), None);
    // Everybody runs as `default`: that relates nobody.
    let lonely = deployment("lonely", &[], json!([]));
    let mut apart = town();
    apart.apply(&Change::Object(Arc::new(reduce("", &lonely).unwrap())));
    assert_eq!(path(&apart, &house("lonely"), &house("front")), None);
}

/// Every relation of a world but those that are predicted.
fn relations(world: &World) -> Vec<Relation> {
    world.relations().into_iter().filter(|relation| relation.r#type != "allows").collect()
}

/// Steps from an object to every other along the pairs, by going over all pairs until nothing changes.
fn distances(pairs: &BTreeSet<(ObjectKey, ObjectKey)>, from: &ObjectKey) -> BTreeMap<ObjectKey, usize> {
    let mut known = BTreeMap::from([(from.clone(), 0)]);
    loop {
        let before = known.clone();
        for (a, b) in pairs {
            if let Some(steps) = before.get(a) {
                let shorter = known.entry(b.clone()).or_insert(steps + 1);
                *shorter = (*shorter).min(steps + 1);
            }
        }
        if known == before {
            return known;
        }
    }
}

fn pairs(relations: &[Relation], wanted: &[&str]) -> BTreeSet<(ObjectKey, ObjectKey)> {
    let calls = relations.iter().filter(|relation| wanted.contains(&relation.r#type.as_str()));
    calls.map(|relation| (relation.from.clone(), relation.to.clone())).collect()
}

fn turned(pairs: &BTreeSet<(ObjectKey, ObjectKey)>) -> BTreeSet<(ObjectKey, ObjectKey)> {
    pairs.iter().map(|(a, b)| (b.clone(), a.clone())).collect()
}

prop_compose! {
    /// A pod or a StatefulSet with its pod that shares things of few names.
    fn tenant()(name in select(vec!["a", "b", "c", "d"]), set in any::<bool>(), node in select(vec!["", "n1", "n2", "n3"]),
                config in select(vec!["x", "y"]), secret in select(vec!["", "x", "y"]), claim in select(vec!["", "x"]),
                image in select(vec!["i:1", "i:2"]), account in select(vec!["", "robot"])) -> Vec<Value> {
        let mut volumes = vec![json!({"name": "c", "configMap": {"name": config}})];
        if !secret.is_empty() {
            volumes.push(json!({"name": "s", "secret": {"secretName": secret}}));
        }
        if !claim.is_empty() {
            volumes.push(json!({"name": "p", "persistentVolumeClaim": {"claimName": claim}}));
        }
        let spec = json!({"serviceAccountName": account, "containers": [{"name": "c", "image": image}], "volumes": volumes});
        let mut bound = spec.clone();
        bound["nodeName"] = node.into();
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a"}, "spec": bound});
        if !set {
            return vec![pod];
        }
        pod["metadata"] = json!({"name": format!("{name}-0"), "namespace": "a",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name, "uid": name, "controller": true}]});
        vec![pod, json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": "a", "uid": name},
            "spec": {"template": {"spec": spec}}})]
    }
}

/// Nodes in two zones, one claim that is bound.
fn ground() -> Vec<Value> {
    let node = |name: &str, zone: &str| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}});
    vec![
        node("n1", "z1"),
        node("n2", "z1"),
        node("n3", "z2"),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x", "namespace": "a"}, "spec": {"volumeName": "pv"}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {"claimRef": {"namespace": "a", "name": "x"}}}),
    ]
}

/// Everything two houses may have in common, read object by object.
fn traits(world: &World, house: &ObjectKey) -> BTreeSet<(By, String)> {
    let mut found = BTreeSet::new();
    let template = match &world.object(house).unwrap().body {
        Body::Pod(pod) => &pod.template,
        Body::Workload(workload) => &workload.template,
        _ => return found,
    };
    found.extend(template.config_maps.iter().map(|used| (By::ConfigMap, used.name.to_string())));
    found.extend(template.secrets.iter().map(|used| (By::Secret, used.name.to_string())));
    found.extend(template.images.iter().map(|(_, image)| (By::Image, image.to_string())));
    found.insert((By::ServiceAccount, template.service_account.to_string()));
    for used in template.claims.iter() {
        found.insert((By::Claim, used.name.to_string()));
        found.insert((By::Volume, "pv".to_owned()));
    }
    for pod in world.pods_of(house) {
        let Body::Pod(pod) = &world.object(&pod).unwrap().body else { continue };
        let zone = match pod.node.as_str() {
            "" => continue,
            "n3" => "z2",
            _ => "z1",
        };
        found.insert((By::Node, pod.node.to_string()));
        found.insert((By::Zone, zone.to_owned()));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn links_are_the_relations_seen_from_one_end(items in prop::collection::vec(random::anything(), 0..14)) {
        let world = world(&items);
        let all = relations(&world);
        let keys: BTreeSet<&ObjectKey> = all.iter().flat_map(|relation| [&relation.from, &relation.to]).collect();
        for key in keys {
            let links: BTreeSet<(String, String, bool)> = world.links(world.id_of(key).unwrap()).into_iter()
                .map(|link| (world.key_of(link.other).to_string(), link.r#type.to_owned(), link.outgoing)).collect();
            let wanted: BTreeSet<(String, String, bool)> = all.iter().filter_map(|relation| {
                if relation.from == *key { Some((relation.to.to_string(), relation.r#type.clone(), true)) }
                else if relation.to == *key { Some((relation.from.to_string(), relation.r#type.clone(), false)) }
                else { None }
            }).collect();
            prop_assert_eq!(links, wanted, "{}", key);
        }
    }

    #[test]
    fn what_breaks_and_what_is_needed_lie_as_far_as_the_list_of_calls_says(items in prop::collection::vec(random::anything(), 0..16), most in 0usize..4) {
        let world = world(&items);
        let calls = pairs(&relations(&world), &["calls"]);
        for house in world.houses() {
            for (found, pairs) in [(blast_radius(&world, &house, most), turned(&calls)), (upstream(&world, &house, most), calls.clone())] {
                let mut wanted = distances(&pairs, &house);
                wanted.retain(|_, steps| *steps > 0 && *steps <= most);
                let told: BTreeMap<ObjectKey, usize> = found.iter().map(|one| (world.key_of(one.at).clone(), one.hops)).collect();
                prop_assert_eq!(told.len(), found.len(), "somebody is told twice");
                prop_assert_eq!(&told, &wanted, "{}", house);
                prop_assert!(found.is_sorted_by_key(|one| (one.hops, world.key_of(one.at))));
                for one in found {
                    prop_assert!(pairs.contains(&(world.key_of(one.by).clone(), world.key_of(one.at).clone())));
                }
            }
        }
    }

    #[test]
    fn a_way_is_real_and_none_is_shorter(items in prop::collection::vec(random::anything(), 0..14)) {
        let world = world(&items);
        let all = relations(&world);
        let calls = pairs(&all, &["calls"]);
        let houses = world.houses();
        for (from, to) in houses.iter().flat_map(|from| houses.iter().map(move |to| (from, to))) {
            let found = path(&world, from, to);
            let there = distances(&calls, from).get(to).copied();
            let back = distances(&turned(&calls), from).get(to).copied();
            if let Some(steps) = there.or(back) {
                prop_assert_eq!(found.as_ref().map(Vec::len), Some(steps), "{} to {}", from, to);
            }
            let Some(steps) = found else { continue };
            let mut at = from;
            for step in &steps {
                let (a, b) = (world.key_of(step.from), world.key_of(step.to));
                prop_assert_eq!(a, at);
                let (from, to) = if step.along { (a, b) } else { (b, a) };
                prop_assert!(all.iter().any(|it| it.r#type == step.r#type && it.from == *from && it.to == *to), "no {} from {} to {}", step.r#type, from, to);
                at = b;
            }
            prop_assert_eq!(at, to);
        }
    }

    #[test]
    fn who_shares_is_who_has_the_same(tenants in prop::collection::vec(tenant(), 0..5)) {
        let world = world(&ground().into_iter().chain(tenants.into_iter().flatten()).collect::<Vec<_>>());
        let houses = world.houses();
        let all: BTreeMap<&ObjectKey, BTreeSet<(By, String)>> = houses.iter().map(|house| (house, traits(&world, house))).collect();
        for house in &houses {
            let found: BTreeMap<(By, String), BTreeSet<ObjectKey>> = shared(&world, house).things.into_iter()
                .map(|thing| ((thing.by, thing.name.to_string()), thing.with.iter().map(|id| world.key_of(*id).clone()).collect())).collect();
            let wanted: BTreeMap<(By, String), BTreeSet<ObjectKey>> = all[house].iter().map(|it| {
                let others = houses.iter().filter(|other| *other != house && all[other].contains(it));
                (it.clone(), others.cloned().collect())
            }).collect();
            prop_assert_eq!(found, wanted, "{}", house);
        }
        // Asked from the other side: everybody who has it.
        for (by, kind, name) in [(By::Node, "Node", "n1"), (By::Zone, "Zone", "z1"), (By::Zone, "Zone", "z2"), (By::Volume, "PersistentVolume", "pv")] {
            let things = shared(&world, &key("", kind, "", name)).things;
            let told: BTreeSet<&ObjectKey> = things[0].with.iter().map(|id| world.key_of(*id)).collect();
            let wanted: BTreeSet<&ObjectKey> = houses.iter().filter(|house| all[house].contains(&(by, name.to_owned()))).collect();
            prop_assert_eq!(things.len(), 1, "{}", kind);
            prop_assert_eq!(things[0].by, by);
            prop_assert_eq!(told, wanted, "{} {}", kind, name);
        }
    }

    #[test]
    fn pods_stand_at_their_house_or_their_node(tenants in prop::collection::vec(tenant(), 1..5)) {
        let world = world(&ground().into_iter().chain(tenants.into_iter().flatten()).collect::<Vec<_>>());
        let pods: Vec<_> = world.numbered().filter(|(_, object)| object.key.kind == "Pod").map(|(id, _)| id).collect();
        let houses: BTreeSet<ObjectKey> = standing(&world, Lens::Namespaces, &pods).houses.into_iter().collect();
        let wanted: BTreeSet<ObjectKey> = pods.iter().filter_map(|pod| world.house_of(world.key_of(*pod))).collect();
        prop_assert_eq!(houses, wanted);
        let nodes: BTreeSet<String> = standing(&world, Lens::Nodes, &pods).houses.iter().map(|key| key.name.to_string()).collect();
        let wanted: BTreeSet<String> = pods.iter().filter_map(|pod| match &world.object_of(*pod)?.body {
            Body::Pod(pod) => Some(if pod.node.is_empty() { "unscheduled".to_owned() } else { pod.node.to_string() }),
            _ => None,
        }).collect();
        prop_assert_eq!(nodes, wanted);
    }
}

#[test]
fn what_has_no_pods_stands_where_it_leads_or_is_used() {
    let world = town();
    let at = |kind: &str, group: &str, space: &str, name: &str| {
        let id = world.id_of(&key(group, kind, space, name)).unwrap();
        let found = standing(&world, Lens::Namespaces, &[id]);
        let names: Vec<String> = found.houses.iter().map(|key| key.name.to_string()).collect();
        (names.join(" "), found.elsewhere)
    };
    assert_eq!(at("Service", "", "a", "cart"), ("cart".to_owned(), 0));
    assert_eq!(
        at("ConfigMap", "", "a", "flags").0.split(' ').collect::<BTreeSet<_>>(),
        BTreeSet::from(["ads", "cart"])
    );
    assert_eq!(at("PersistentVolume", "", "", "pv"), ("redis".to_owned(), 0));
    assert_eq!(at("Ingress", "networking.k8s.io", "a", "door"), ("front".to_owned(), 0));
    let mut lone = World::new();
    let unused = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "unused", "namespace": "a"}});
    lone.apply(&Change::Object(Arc::new(reduce("", &unused).unwrap())));
    let id = lone.id_of(&key("", "ConfigMap", "a", "unused")).unwrap();
    assert_eq!(standing(&lone, Lens::Namespaces, &[id]).elsewhere, 1, "what stands nowhere is counted");
}
