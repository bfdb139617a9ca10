//! Who is reached from an object along the calls: those that break with it, and those it needs.

use crate::id::ObjectKey;
use crate::plan::zone_of;
use crate::resource::Body;
use crate::world::{Id, World};

/// Which way the calls are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From the called to the caller: the way failure travels.
    Against,
    /// From the caller to the called.
    Along,
}

/// A house that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The house, or a Service that selects nothing.
    pub at: Id,
    /// How many steps away it is.
    pub hops: usize,
    /// The one before it on a shortest way from the origin; a node of the zone where that is the origin and no object names it.
    pub by: Id,
}

/// Lists what breaks when an object fails: everything that calls it, directly or not.
///
/// Failure travels against the arrows, from the called to the caller. A pod or controller fails as its house, a Service as
/// the houses behind it; what uses, claims, runs on or identifies as anything else is one step from that, and so is what
/// runs on the nodes of a zone, a region or a pool, or has its volume there. `most` bounds the steps (0 returns nothing); a
/// cycle is visited once.
///
/// Ordered by distance, nearest first, then by key, without the origin. An origin that was never heard of has no callers:
/// the answer is empty.
#[must_use]
pub fn blast_radius(world: &World, origin: &ObjectKey, most: usize) -> Vec<Reached> {
    reach(world, origin, Way::Against, most)
}

/// Lists what an object needs: everything it calls, directly or not.
///
/// What an Ingress, a route or a Service leads to is one step from it. Bounds and order are those of [`blast_radius`].
#[must_use]
pub fn upstream(world: &World, origin: &ObjectKey, most: usize) -> Vec<Reached> {
    reach(world, origin, Way::Along, most)
}

/// The nodes that stand in a zone as the lens of nodes draws it, in no particular order: those that name none stand together.
pub(super) fn nodes_in(world: &World, zone: &ObjectKey) -> Vec<Id> {
    let named: Vec<Id> = world.nodes_of_zone(&zone.cluster, &zone.name).collect();
    if !named.is_empty() {
        return named;
    }
    let nodes = world.numbered().filter(|(_, object)| matches!(object.body, Body::Node(_)));
    nodes.filter(|(_, node)| zone_of(world, &node.key) == *zone).map(|(id, _)| id).collect()
}

fn reach(world: &World, origin: &ObjectKey, way: Way, most: usize) -> Vec<Reached> {
    let is_zone = (origin.group.as_str(), origin.kind.as_str()) == ("", "Zone");
    let nodes = if is_zone && way == Way::Against { nodes_in(world, origin) } else { Vec::new() };
    let id = world.id_of(origin).or_else(|| nodes.first().copied());
    id.map_or_else(Vec::new, |id| walk(world, start(world, id, nodes, way), way, most))
}

/// Where a walk starts.
struct Start {
    /// What the origin is: no step away, and never in the answer.
    itself: Vec<Id>,
    /// What is one step from it, beside the calls.
    beside: Vec<Reached>,
}

/// The relations by which the one they start from breaks with the other.
const RESTS_ON: [&str; 6] = ["uses", "claims", "binds", "runs-on", "identifies-as", "located-in"];

/// The relations by which something without pods leads to those who have them.
const LEADS_TO: [&str; 4] = ["routes", "selects", "serves", "attaches"];

/// Where a walk from `id` starts; of a zone also the nodes in it.
fn start(world: &World, id: Id, mut nodes: Vec<Id>, way: Way) -> Start {
    if let Some(house) = world.house_at(id) {
        return Start { itself: vec![house], beside: Vec::new() };
    }
    let service = matches!(world.object_of(id).map(|object| &object.body), Some(Body::Service(_)));
    if service && way == Way::Against {
        let behind = world.links(id).into_iter().filter(|link| link.outgoing && link.r#type == "selects");
        let mut itself: Vec<Id> = behind.filter_map(|link| world.house_at(link.other)).collect();
        itself.push(id);
        itself.sort_unstable();
        itself.dedup();
        return Start { itself, beside: Vec::new() };
    }
    let mut passed = vec![false; world.numbers()];
    passed[id.at()] = true;
    let mut seen = vec![id];
    let mut beside: Vec<Reached> = Vec::new();
    let mut next = 0;
    // A claim stands between a volume and the houses, a Service between an Ingress and them: they count as no step.
    while let Some(via) = seen.get(next).copied() {
        next += 1;
        for link in world.links(via) {
            let wanted = match way {
                Way::Against => !link.outgoing && RESTS_ON.contains(&link.r#type),
                Way::Along => link.outgoing && LEADS_TO.contains(&link.r#type),
            };
            if !wanted || std::mem::replace(&mut passed[link.other.at()], true) {
                continue;
            }
            match world.house_at(link.other) {
                Some(house) => beside.push(Reached { at: house, hops: 1, by: id }),
                // A place may have thousands: whom they run is looked up for all of them at once.
                None if matches!(world.object_of(link.other).map(|it| &it.body), Some(Body::Node(_))) => {
                    nodes.push(link.other);
                }
                None => seen.push(link.other),
            }
        }
    }
    if !nodes.is_empty() {
        let run = world.houses_on(nodes.into_iter());
        beside.extend(run.into_iter().map(|at| Reached { at, hops: 1, by: id }));
    }
    Start { itself: vec![id], beside }
}

fn walk(world: &World, start: Start, way: Way, most: usize) -> Vec<Reached> {
    let mut seen = vec![false; world.numbers()];
    let mut found: Vec<Reached> = Vec::new();
    if most == 0 {
        return found;
    }
    for id in &start.itself {
        seen[id.at()] = true;
    }
    let mut edge = start.itself;
    for hops in 1..=most {
        let mut level: Vec<Reached> = if hops == 1 { start.beside.clone() } else { Vec::new() };
        for by in &edge {
            let next = if way == Way::Against { world.callers_of(*by) } else { world.called_by(*by) };
            level.extend(next.into_iter().map(|at| Reached { at, hops, by: *by }));
        }
        level.retain(|one| !std::mem::replace(&mut seen[one.at.at()], true));
        if level.is_empty() {
            break;
        }
        level.sort_by(|a, b| world.key_of(a.at).cmp(world.key_of(b.at)));
        edge = level.iter().map(|one| one.at).collect();
        found.append(&mut level);
    }
    found
}
