//! What stands behind an aggregate: how many in which state, the worst, and which objects and alerts make it so.
//!
//! Nothing is averaged and nothing left out: the counts of the parts of a cluster add up to those of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use crate::alerts::{Address, Alert, AlertState, Placed};
use crate::health::{COUNTED, HealthState};
use crate::id::ObjectKey;
use crate::plan::{node_of, zone_of};
use crate::resource::{Body, Object};
use crate::world::World;

/// A part of the estate that is counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every cluster that is open.
    Everything,
    /// A cluster, by its id.
    Cluster(String),
    /// The nodes of a zone and the pods on them, as the lens of nodes draws them: a key of the kind `Zone`.
    Zone(ObjectKey),
    /// A node and the pods on it, or a key of the kind `Unscheduled`: the pods on none.
    Node(ObjectKey),
    /// A namespace and everything in it.
    Namespace(ObjectKey),
    /// A house: an outermost controller, what it controls, its pods. For any other object the object alone.
    House(ObjectKey),
}

impl Extent {
    /// The extent an object or place stands for. Zones and clusters are named by keys of the kinds `Zone` and `Cluster`.
    #[must_use]
    pub fn of(key: &ObjectKey) -> Self {
        match (key.group.as_str(), key.kind.as_str()) {
            ("", "Cluster") => Self::Cluster(key.cluster.to_string()),
            ("", "Zone") => Self::Zone(key.clone()),
            ("", "Node" | "Unscheduled") => Self::Node(key.clone()),
            ("", "Namespace") => Self::Namespace(key.clone()),
            _ => Self::House(key.clone()),
        }
    }
}

/// How many are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// Objects in each state, in the order of [`HealthState`] from `Critical` to `Resting`; those without a rule are
    /// not counted.
    pub of: [usize; 6],
}

impl States {
    fn count(&mut self, state: HealthState) {
        if let Some(count) = COUNTED.iter().position(|it| *it == state).and_then(|at| self.of.get_mut(at)) {
            *count += 1;
        }
    }

    /// The worst state of any; `None` where there is none.
    #[must_use]
    pub fn worst(&self) -> HealthState {
        let counted = COUNTED.iter().zip(self.of);
        counted.into_iter().find(|(_, count)| *count > 0).map_or(HealthState::None, |(state, _)| *state)
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.of.iter().sum()
    }
}

/// How many alerts stand in an extent, by severity; only those that fire and are not muted count as firing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Firing and critical.
    pub critical: usize,
    /// Firing and warning.
    pub warning: usize,
    /// Firing and neither.
    pub other: usize,
    /// Silenced or inhibited.
    pub muted: usize,
    /// Not firing yet.
    pub pending: usize,
}

impl Tally {
    fn count(&mut self, alert: &Alert) {
        let count = match (alert.state, alert.severity()) {
            (AlertState::Firing, "critical") => &mut self.critical,
            (AlertState::Firing, "warning") => &mut self.warning,
            (AlertState::Firing, _) => &mut self.other,
            (AlertState::Silenced | AlertState::Inhibited, _) => &mut self.muted,
            (AlertState::Pending, _) => &mut self.pending,
            (AlertState::Resolved, _) => return,
        };
        *count += 1;
    }
}

/// What an extent adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollup {
    /// Every object with a verdict.
    pub states: States,
    /// The pods among them.
    pub pods: States,
    /// The alerts that stand in it.
    pub alerts: Tally,
    /// What is not well and not at rest, worst first, then by key: what makes the worst state so, and what comes after.
    pub objects: Vec<(HealthState, ObjectKey)>,
    /// Ids of the alerts, the loudest first.
    pub cases: Vec<String>,
}

/// Adds up an extent.
///
/// An extent that holds nothing has no state and counts nothing. What is stale or forbidden counts as unknown, as
/// everywhere. Heartbeats and plumbing are no cases and do not count.
#[must_use]
pub fn rollup(world: &World, placed: &Placed, extent: &Extent) -> Rollup {
    let within = Within::of(world, extent);
    let mut found = Rollup::default();
    let mut take = |object: &Object| {
        let state = world.health(&object.key).state;
        found.states.count(state);
        if matches!(object.body, Body::Pod(_)) {
            found.pods.count(state);
        }
        if state <= HealthState::Starting {
            found.objects.push((state, object.key.clone()));
        }
    };
    match &within.named {
        Some(keys) => keys.iter().filter_map(|key| world.object(key)).for_each(&mut take),
        None => world.objects().filter(|object| within.holds(object)).for_each(&mut take),
    }
    found.objects.sort();
    let mut cases: Vec<(u8, &str)> = Vec::new();
    for case in &placed.cases {
        let Some(alert) = world.alert(&case.alert) else { continue };
        if within.holds_address(world, &case.at) {
            found.alerts.count(alert);
            cases.push((loudness(alert), &case.alert));
        }
    }
    cases.sort_unstable();
    found.cases = cases.into_iter().map(|(_, alert)| alert.to_owned()).collect();
    found
}

/// The order of alerts, the loudest first: what fires before what is muted, critical before warning.
fn loudness(alert: &Alert) -> u8 {
    let state = match alert.state {
        AlertState::Firing => 0,
        AlertState::Pending => 10,
        AlertState::Silenced | AlertState::Inhibited => 20,
        AlertState::Resolved => 30,
    };
    let severity = match alert.severity() {
        "critical" => 0,
        "warning" => 1,
        "info" => 2,
        _ => 3,
    };
    state + severity
}

/// What belongs to an extent.
struct Within<'a> {
    extent: &'a Extent,
    /// Every node that is there, with its zone.
    zones: BTreeMap<ObjectKey, ObjectKey>,
    /// Every object of it, where they are few and known by name.
    named: Option<BTreeSet<ObjectKey>>,
}

impl<'a> Within<'a> {
    fn of(world: &World, extent: &'a Extent) -> Self {
        let mut within = Self { extent, zones: BTreeMap::new(), named: None };
        match extent {
            Extent::Zone(_) => {
                let nodes = world.objects().filter(|it| matches!(it.body, Body::Node(_)));
                within.zones = nodes.map(|node| (node.key.clone(), zone_of(world, &node.key))).collect();
            }
            Extent::House(key) => {
                let mut named: BTreeSet<ObjectKey> = world.family_of(key).into_iter().collect();
                named.insert(key.clone());
                within.named = Some(named);
            }
            _ => {}
        }
        within
    }

    fn holds(&self, object: &Object) -> bool {
        let key = &object.key;
        match self.extent {
            Extent::Everything => true,
            Extent::Cluster(cluster) => key.cluster == *cluster,
            Extent::Namespace(space) => key.cluster == space.cluster && (*key == *space || key.namespace == space.name),
            Extent::Node(node) => match &object.body {
                Body::Pod(pod) => node_of(&key.cluster, &pod.node) == *node,
                _ => key == node,
            },
            Extent::Zone(zone) => match &object.body {
                Body::Node(_) => self.zones.get(key) == Some(zone),
                Body::Pod(pod) => {
                    let node = node_of(&key.cluster, &pod.node);
                    // A node that is named and not there has no labels.
                    let unnamed = if node.kind == "Unscheduled" { "unscheduled" } else { "nodes" };
                    let nowhere = || zone.cluster == key.cluster && zone.name == unnamed;
                    self.zones.get(&node).map_or_else(nowhere, |its| its == zone)
                }
                _ => false,
            },
            Extent::House(_) => self.named.as_ref().is_some_and(|named| named.contains(key)),
        }
    }

    /// Whether an alert stands here. What it stands at may be gone meanwhile: then its name still says where it was.
    fn holds_address(&self, world: &World, at: &Address) -> bool {
        match (at, self.extent) {
            (Address::Heartbeat | Address::Plumbing, _) => false,
            (_, Extent::Everything) => true,
            (Address::Cluster(id) | Address::ControlPlane(id), extent) => {
                matches!(extent, Extent::Cluster(of) if of == id)
            }
            (Address::Object(key), extent) => match (world.object(key), extent) {
                (Some(object), _) => self.holds(object),
                (None, Extent::Cluster(of)) => key.cluster == *of,
                (None, Extent::Namespace(of)) => key.cluster == of.cluster && (key == of || key.namespace == of.name),
                (None, Extent::Node(of) | Extent::House(of)) => key == of,
                (None, _) => false,
            },
        }
    }
}
