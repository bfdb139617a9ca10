//! The shortest way between two objects.

use crate::id::ObjectKey;
use crate::resource::Body;
use crate::world::{Id, World};

/// Kinds so many objects share that a way through them says nothing.
const SHARED: [&str; 16] = [
    "Node",
    "Zone",
    "Region",
    "InstanceType",
    "Pool",
    "Namespace",
    "ServiceAccount",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "StorageClass",
    "IngressClass",
    "GatewayClass",
    "App",
    "Event",
];

/// One step of a way, as its relation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the step begins.
    pub from: Id,
    /// Where it ends.
    pub to: Id,
    /// The relation.
    pub r#type: &'static str,
    /// False where the relation runs from the end to the beginning.
    pub along: bool,
}

/// The shortest way from one object to another; nothing where there is none or either was never heard of, no step where
/// both are the same or of one house.
///
/// Calls are preferred: those that lead there, then those that lead back, between the houses (or the houses behind a
/// Service). Else any relation may be taken either way, but not through what everything shares (nodes, places, classes,
/// accounts, roles). Of several shortest ways it is the first by the keys along it.
#[must_use]
pub fn path(world: &World, from: &ObjectKey, to: &ObjectKey) -> Option<Vec<Step>> {
    let (from, to) = (world.id_of(from)?, world.id_of(to)?);
    if from == to {
        return Some(Vec::new());
    }
    let (start, goal) = (homes(world, from), homes(world, to));
    if start.iter().any(|home| goal.contains(home)) && world.house_at(from).is_some() == world.house_at(to).is_some() {
        return Some(Vec::new());
    }
    let along = |id: Id| world.called_by(id).into_iter().map(|to| (to, "calls", true)).collect();
    let against = |id: Id| world.callers_of(id).into_iter().map(|to| (to, "calls", false)).collect();
    let related = |id: Id| {
        if id != from && id != to && SHARED.contains(&world.key_of(id).kind.as_str()) {
            return Vec::new();
        }
        let mut links: Vec<(Id, &'static str, bool)> =
            world.links(id).into_iter().map(|link| (link.other, link.r#type, link.outgoing)).collect();
        links.sort_by(|a, b| world.key_of(a.0).cmp(world.key_of(b.0)).then(a.1.cmp(b.1)));
        links
    };
    search(world, &start, &goal, along)
        .or_else(|| search(world, &start, &goal, against))
        .or_else(|| search(world, &[from], &[to], related))
}

/// The houses an object stands for where calls are meant: its own, or those behind a Service, and itself.
fn homes(world: &World, id: Id) -> Vec<Id> {
    if let Some(house) = world.house_at(id) {
        return vec![house];
    }
    let mut found = vec![id];
    if matches!(world.object_of(id).map(|object| &object.body), Some(Body::Service(_))) {
        let behind = world.links(id).into_iter().filter(|link| link.outgoing && link.r#type == "selects");
        found.extend(behind.filter_map(|link| world.house_at(link.other)));
        found.sort_by(|a, b| world.key_of(*a).cmp(world.key_of(*b)));
        found.dedup();
    }
    found
}

/// Breadth first from the start to any goal.
fn search(
    world: &World,
    start: &[Id],
    goal: &[Id],
    next: impl Fn(Id) -> Vec<(Id, &'static str, bool)>,
) -> Option<Vec<Step>> {
    let mut came: Vec<Option<Step>> = vec![None; world.numbers()];
    let mut seen = vec![false; world.numbers()];
    let mut edge: Vec<Id> = start.to_vec();
    for id in start {
        seen[id.at()] = true;
    }
    while !edge.is_empty() {
        let mut level = Vec::new();
        for from in edge {
            for (to, r#type, along) in next(from) {
                if std::mem::replace(&mut seen[to.at()], true) {
                    continue;
                }
                came[to.at()] = Some(Step { from, to, r#type, along });
                if goal.contains(&to) {
                    return Some(way_to(&came, to));
                }
                level.push(to);
            }
        }
        edge = level;
    }
    None
}

/// The steps that led somewhere, from the first.
fn way_to(came: &[Option<Step>], goal: Id) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = goal;
    while let Some(step) = came[at.at()] {
        steps.push(step);
        at = step.from;
    }
    steps.reverse();
    steps
}
