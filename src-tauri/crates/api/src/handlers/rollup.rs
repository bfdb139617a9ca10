//! What an aggregate of the map adds up to, and what makes it so.

use broadstreet_core::alerts::Placed;
use broadstreet_core::health::COUNTED;
use broadstreet_core::id::ObjectKey;
use broadstreet_core::topology::{Extent, States, rollup as add_up};
use broadstreet_core::world::World;
use broadstreet_engine::Engine;

use super::Answer;
use super::desk::at;
use crate::convert::{self, health, key};
use crate::wire::map::{MemberView, RollupRequest, RollupView, StateCountView};

/// Lines of each list where nothing else is asked.
const LINES: usize = 100;

/// More lines than this no screen shows.
const MOST_LINES: u32 = 2000;

fn counts(states: &States) -> Vec<StateCountView> {
    let counted = COUNTED.iter().zip(states.of).filter(|(_, count)| *count > 0);
    counted.map(|(state, count)| StateCountView { state: health(*state), count: number(count) }).collect()
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn member(world: &World, key: &ObjectKey) -> MemberView {
    let verdict = world.health(key);
    MemberView {
        id: key.to_string(),
        kind: key.kind.to_string(),
        namespace: key.namespace.to_string(),
        name: key.name.to_string(),
        health: health(verdict.state),
        reason: verdict.reason.to_string(),
        field: verdict.field.to_string(),
        contained: verdict.contained,
    }
}

pub async fn rollup(engine: &Engine, request: RollupRequest) -> Answer<RollupView> {
    let id = if request.id.is_empty() { None } else { Some(key(&request.id)?) };
    let lines = if request.limit == 0 { LINES } else { request.limit.min(MOST_LINES) as usize };
    let seen = engine.look(at(request.at.as_deref())?).await?;
    Ok(view(seen.world(), seen.placed(), id.as_ref(), lines))
}

/// What a place that is drawn as an aggregate adds up to; nothing for any other object.
pub(super) fn of_place(world: &World, placed: &Placed, id: &ObjectKey) -> Option<RollupView> {
    let is_place =
        id.group.is_empty() && matches!(id.kind.as_str(), "Namespace" | "Node" | "Unscheduled" | "Zone" | "Cluster");
    is_place.then(|| view(world, placed, Some(id), LINES))
}

fn view(world: &World, placed: &Placed, id: Option<&ObjectKey>, lines: usize) -> RollupView {
    let found = add_up(world, placed, &id.map_or(Extent::Everything, Extent::of));
    let case = |alert: &String| {
        let case = placed.cases.iter().find(|case| case.alert == *alert);
        Some(convert::case(world.alert(alert)?, case))
    };
    RollupView {
        id: id.map(ToString::to_string).unwrap_or_default(),
        kind: id.map(|id| id.kind.to_string()).unwrap_or_default(),
        name: id.map(|id| id.name.to_string()).unwrap_or_default(),
        worst: health(found.states.worst()),
        objects: counts(&found.states),
        pods: counts(&found.pods),
        critical: number(found.alerts.critical),
        warning: number(found.alerts.warning),
        other: number(found.alerts.other),
        muted: number(found.alerts.muted),
        pending: number(found.alerts.pending),
        trouble: found.objects.iter().take(lines).map(|(_, key)| member(world, key)).collect(),
        trouble_count: number(found.objects.len()),
        cases: found.cases.iter().take(lines).filter_map(case).collect(),
        case_count: number(found.cases.len()),
    }
}
