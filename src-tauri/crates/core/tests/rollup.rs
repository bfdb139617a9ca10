//! Every aggregate equals a recount by hand from the objects as they were written, and nothing failing is in none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use broadstreet_core::alerts::{Address, Alert, AlertState, Placed, placed};
use broadstreet_core::health::{COUNTED, HealthState};
use broadstreet_core::id::ObjectKey;
use broadstreet_core::resource::{Labels, reduce};
use broadstreet_core::topology::{Extent, Rollup, States, rollup};
use broadstreet_core::world::{Change, World};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const SPACES: [&str; 2] = ["shop", "pay"];
const NODES: [&str; 4] = ["n1", "n2", "n3", ""];

fn object(version: &str, kind: &str, space: &str, name: &str, more: &Value) -> Value {
    let mut metadata = json!({"name": name, "uid": format!("{kind}-{space}-{name}")});
    if !space.is_empty() {
        metadata["namespace"] = space.into();
    }
    for (field, part) in more["metadata"].as_object().into_iter().flatten() {
        metadata[field] = part.clone();
    }
    json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": more["spec"], "status": more["status"]})
}

/// A pod of a Deployment's ReplicaSet, or standing alone.
fn pod(space: &str, name: &str, owner: Option<&str>, node: &str, ready: &str) -> Value {
    let owners = owner.map(|owner| {
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": format!("ReplicaSet-{space}-{owner}"), "controller": true}])
    });
    object(
        "v1",
        "Pod",
        space,
        name,
        &json!({"metadata": {"ownerReferences": owners.unwrap_or(json!([]))},
        "spec": {"nodeName": node, "containers": [{"name": "c"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "c", "restartCount": 1, "state": {"running": {"startedAt": "2026-05-14T12:00:00Z"}}}]}}),
    )
}

fn house(space: &str, name: &str, available: i64) -> [Value; 2] {
    let full = json!({"replicas": 2, "availableReplicas": available, "updatedReplicas": 2, "readyReplicas": available});
    let deployment = object("apps/v1", "Deployment", space, name, &json!({"spec": {"replicas": 2}, "status": full}));
    let owners = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": format!("Deployment-{space}-{name}"), "controller": true}]);
    let set = object(
        "apps/v1",
        "ReplicaSet",
        space,
        name,
        &json!({"metadata": {"ownerReferences": owners}, "spec": {"replicas": 2}, "status": full}),
    );
    [deployment, set]
}

prop_compose! {
    fn anything()(what in 0..8, space in select(SPACES.to_vec()), name in select(vec!["cart", "db"]), number in 0..4, owned in any::<bool>(),
                  node in select(NODES.to_vec()), ready in select(vec!["True", "False", "Unknown"]), available in 0..3i64,
                  zone in select(vec!["a", "b", ""]), phase in select(vec!["Bound", "Lost", "Pending"])) -> Vec<Value> {
        match what {
            0..=2 => vec![pod(space, &format!("{name}-{number}"), owned.then_some(name), node, ready)],
            3 => house(space, name, available).to_vec(),
            4 if !node.is_empty() => {
                let labels = if zone.is_empty() { json!({}) } else { json!({"topology.kubernetes.io/zone": zone}) };
                vec![object("v1", "Node", "", node, &json!({"metadata": {"labels": labels}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}))]
            }
            5 => vec![object("v1", "PersistentVolumeClaim", space, name, &json!({"status": {"phase": phase}}))],
            6 => vec![object("v1", "Service", space, name, &json!({"spec": {"selector": {"app": name}}}))],
            _ => vec![object("v1", "Namespace", "", space, &json!({"status": {"phase": "Active"}}))],
        }
    }
}

prop_compose! {
    fn alert()(number in 0..9, cluster in select(vec!["lab", "lab", "far", ""]), pod in select(vec!["cart-0", "db-1", ""]), deployment in select(vec!["", "cart"]), node in select(NODES.to_vec()),
               space in select(vec!["shop", "pay", ""]), name in select(vec!["Some", "KubeAPIDown", "Watchdog", "InfoInhibitor", "KubeCPUOvercommit"]),
               severity in select(vec!["critical", "warning", "info"]),
               state in select(vec![AlertState::Firing, AlertState::Pending, AlertState::Silenced, AlertState::Inhibited])) -> Alert {
        let named = [("alertname", name), ("severity", severity), ("pod", pod), ("deployment", deployment), ("node", node), ("namespace", space), ("cluster", cluster)];
        let labels: Labels = named.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.into(), value.into())).collect();
        Alert { id: format!("a{number}"), labels, state, ..Alert::default() }
    }
}

const CLUSTERS: [&str; 2] = ["c", "d"];

/// The recount: what of the objects as written belongs to an extent. Both clusters have the same names.
struct Recount<'a> {
    items: &'a BTreeMap<ObjectKey, Value>,
    world: &'a World,
    placed: &'a Placed,
}

/// What is compared: objects and pods by state, what makes it so, the alerts by how they count, and those in their order.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    states: BTreeMap<String, usize>,
    pods: BTreeMap<String, usize>,
    trouble: Vec<String>,
    alerts: BTreeMap<&'static str, usize>,
    cases: Vec<String>,
}

impl Recount<'_> {
    /// The objects of one cluster.
    fn of<'a>(&'a self, cluster: &'a str) -> impl Iterator<Item = &'a Value> {
        self.items.iter().filter(move |(key, _)| key.cluster == *cluster).map(|(_, item)| item)
    }

    fn zone_of<'a>(&'a self, cluster: &'a str, node: &str) -> &'a str {
        let found = self.of(cluster).find(|it| it["kind"] == "Node" && it["metadata"]["name"] == node);
        let said = found.and_then(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"].as_str());
        said.unwrap_or(if node.is_empty() { "unscheduled" } else { "nodes" })
    }

    /// Whether an object is below another by its owners, written out.
    fn is_below(&self, item: &Value, top: &ObjectKey) -> bool {
        let it = &item["metadata"];
        if item["kind"] == top.kind.as_str()
            && it["name"] == top.name.as_str()
            && it["namespace"] == top.namespace.as_str()
        {
            return true;
        }
        let owners = it["ownerReferences"].as_array().cloned().unwrap_or_default();
        owners.iter().any(|owner| {
            let found = self.of(&top.cluster).find(|it| it["metadata"]["uid"] == owner["uid"]);
            found.is_some_and(|owner| self.is_below(owner, top))
        })
    }

    fn belongs(&self, cluster: &str, item: &Value, extent: &Extent) -> bool {
        let (kind, name) = (item["kind"].as_str().unwrap(), item["metadata"]["name"].as_str().unwrap());
        let space = item["metadata"]["namespace"].as_str().unwrap_or("");
        let node = if kind == "Pod" { item["spec"]["nodeName"].as_str().unwrap() } else { name };
        match extent {
            Extent::Everything => true,
            Extent::Cluster(of) => cluster == of,
            Extent::Namespace(of) | Extent::Node(of) | Extent::Zone(of) | Extent::House(of)
                if of.cluster != *cluster =>
            {
                false
            }
            Extent::Namespace(of) => space == of.name || kind == "Namespace" && name == of.name,
            Extent::Node(of) if of.kind == "Unscheduled" => kind == "Pod" && node.is_empty(),
            Extent::Node(of) => (kind == "Pod" || kind == "Node") && node == of.name,
            Extent::Zone(of) => (kind == "Pod" || kind == "Node") && self.zone_of(cluster, node) == of.name,
            Extent::House(of) => self.is_below(item, of),
        }
    }

    fn counts(&self, extent: &Extent) -> Sums {
        let mut sums = Sums::default();
        let mut keys = BTreeSet::new();
        for (key, _) in self.items.iter().filter(|(key, item)| self.belongs(&key.cluster, item, extent)) {
            let state = self.world.health(key).state;
            keys.insert(key.clone());
            if state == HealthState::None {
                continue;
            }
            *sums.states.entry(format!("{state:?}")).or_insert(0) += 1;
            if key.kind == "Pod" {
                *sums.pods.entry(format!("{state:?}")).or_insert(0) += 1;
            }
            if !matches!(state, HealthState::Well | HealthState::Resting) {
                sums.trouble.push(key.to_string());
            }
        }
        sums.trouble.sort();
        let holds = |at: &Address| match at {
            // A namespace of which anything is known is an address, also where it cannot be read itself.
            Address::Object(key) => {
                keys.contains(key)
                    || matches!(extent, Extent::Everything)
                    || matches!(extent, Extent::Cluster(of) if key.cluster == *of)
                    || matches!(extent, Extent::Namespace(of) if key == of)
            }
            Address::Cluster(id) | Address::ControlPlane(id) => {
                matches!(extent, Extent::Everything) || matches!(extent, Extent::Cluster(of) if id == of)
            }
            _ => false,
        };
        let standing = self.placed.cases.iter().filter(|case| holds(&case.at));
        let mut standing: Vec<&Alert> = standing.map(|case| self.world.alert(&case.alert).unwrap()).collect();
        for alert in &standing {
            let severity = alert.severity();
            let counts = match alert.state {
                AlertState::Pending => "pending",
                AlertState::Silenced | AlertState::Inhibited => "muted",
                _ if severity == "critical" => "critical",
                _ if severity == "warning" => "warning",
                _ => "other",
            };
            *sums.alerts.entry(counts).or_insert(0) += 1;
        }
        // The loudest first: what fires, what will, what is muted; in each critical, warning, information; then by id.
        standing.sort_by_key(|alert| {
            let state = match alert.state {
                AlertState::Firing => 0,
                AlertState::Pending => 1,
                _ => 2,
            };
            let severity = ["critical", "warning", "info"].iter().position(|it| alert.severity() == *it);
            (state, severity, alert.id.clone())
        });
        sums.cases = standing.into_iter().map(|alert| alert.id.clone()).collect();
        sums
    }
}

fn spelled(states: &States) -> BTreeMap<String, usize> {
    let counted = COUNTED.iter().zip(states.of);
    counted.filter(|(_, count)| *count > 0).map(|(state, count)| (format!("{state:?}"), count)).collect()
}

fn told(found: &Rollup) -> Sums {
    let mut trouble: Vec<String> = found.objects.iter().map(|(_, key)| key.to_string()).collect();
    trouble.sort();
    let tally = &found.alerts;
    let alerts = [
        ("critical", tally.critical),
        ("warning", tally.warning),
        ("other", tally.other),
        ("muted", tally.muted),
        ("pending", tally.pending),
    ];
    Sums {
        states: spelled(&found.states),
        pods: spelled(&found.pods),
        trouble,
        alerts: alerts.into_iter().filter(|(_, count)| *count > 0).collect(),
        cases: found.cases.clone(),
    }
}

fn key(kind: &str, space: &str, name: &str) -> ObjectKey {
    of("c", kind, space, name)
}

fn of(cluster: &str, kind: &str, space: &str, name: &str) -> ObjectKey {
    let group = if kind == "Deployment" { "apps" } else { "" };
    ObjectKey::new(cluster, group, kind, space, name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_aggregate_equals_a_recount_and_the_parts_add_up(
        first in vec(anything(), 0..40), second in vec(anything(), 0..20), alerts in vec(alert(), 0..9)
    ) {
        let mut items: BTreeMap<ObjectKey, Value> = BTreeMap::new();
        for (cluster, all) in CLUSTERS.iter().zip([first, second]) {
            items.extend(all.into_iter().flatten().map(|it| (reduce(cluster, &it).unwrap().key, it)));
        }
        let names = CLUSTERS.iter().zip(["lab", "far"]);
        let mut changes: Vec<Change> = names
            .map(|(id, label)| Change::Cluster { id: (*id).into(), label: label.into(), version: String::new() })
            .collect();
        changes.extend(items.iter().map(|(key, it)| Change::Object(Arc::new(reduce(&key.cluster, it).unwrap()))));
        changes.extend(alerts.into_iter().map(|it| Change::Alert(Box::new(it))));
        let world = World::from_changes(&changes);
        let placed = placed(&world);
        let recount = Recount { items: &items, world: &world, placed: &placed };
        let (mut zones, mut nodes, mut spaces) = (Vec::new(), Vec::new(), Vec::new());
        for cluster in CLUSTERS {
            zones.extend(["a", "b", "nodes", "unscheduled"].map(|zone| Extent::Zone(of(cluster, "Zone", "", zone))));
            nodes.extend(NODES.map(|name| {
                let nowhere = of(cluster, "Unscheduled", "", "unscheduled");
                Extent::Node(if name.is_empty() { nowhere } else { of(cluster, "Node", "", name) })
            }));
            spaces.extend(SPACES.map(|space| Extent::Namespace(of(cluster, "Namespace", "", space))));
        }
        let clusters = CLUSTERS.map(|cluster| Extent::Cluster(cluster.into()));
        let houses: Vec<Extent> = world.houses().into_iter().map(Extent::House).collect();
        let everything = [Extent::Everything];
        for extent in everything.iter().chain(&clusters).chain(&zones).chain(&nodes).chain(&spaces).chain(&houses) {
            let found = rollup(&world, &placed, extent);
            prop_assert_eq!(told(&found), recount.counts(extent), "{:?}", extent);
            prop_assert!(found.objects.is_sorted(), "the worst stand first");
            let worst = found.objects.first().map(|(state, _)| *state);
            prop_assert!(worst.is_none_or(|worst| worst == found.states.worst()), "the list begins with the worst");
        }

        // Nothing failing is in no aggregate: what stands in namespaces and above them is all there is.
        let whole = rollup(&world, &placed, &Extent::Everything);
        let mut sum = [0; 6];
        let mut add = |part: &States| part.of.iter().zip(&mut sum).for_each(|(count, sum)| *sum += count);
        for space in &spaces {
            add(&rollup(&world, &placed, space).states);
        }
        for object in world.objects().filter(|it| it.key.namespace.is_empty() && it.key.kind != "Namespace") {
            add(&rollup(&world, &placed, &Extent::House(object.key.clone())).states);
        }
        prop_assert_eq!(sum, whole.states.of);
        let pods = |of: &[Extent]| -> usize { of.iter().map(|it| rollup(&world, &placed, it).pods.total()).sum() };
        let all = whole.pods.total();
        prop_assert_eq!((pods(&nodes), pods(&zones), pods(&houses), pods(&clusters)), (all, all, all, all));
        let trouble = placed.cases.iter().filter(|case| !matches!(case.at, Address::Heartbeat | Address::Plumbing)).count();
        prop_assert_eq!(whole.cases.len(), trouble);
    }
}

#[test]
fn an_alert_at_something_that_is_gone_still_counts_where_it_was() {
    let changes: Vec<Change> =
        house("shop", "cart", 2).iter().map(|it| Change::Object(Arc::new(reduce("c", it).unwrap()))).collect();
    let world = World::from_changes(&changes);
    let alert = Alert { id: "a".into(), ..Alert::default() };
    let mut with = world.clone();
    with.apply(&Change::Alert(Box::new(alert)));
    let case = broadstreet_core::alerts::Case {
        alert: "a".into(),
        at: Address::Object(key("Pod", "shop", "gone")),
        rung: 1,
        label: "pod".into(),
        also: Vec::new(),
    };
    let placed = Placed { cases: vec![case], tray: Vec::new() };
    let space = rollup(&with, &placed, &Extent::Namespace(key("Namespace", "", "shop")));
    assert_eq!(space.cases, ["a"]);
    assert_eq!(rollup(&with, &placed, &Extent::Namespace(key("Namespace", "", "pay"))).cases.len(), 0);
}
