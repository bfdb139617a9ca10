//! Alerts placed by hand.

use broadstreet_core::alerts::{BY_HAND, Placed, rule_for};
use broadstreet_core::world::World;
use broadstreet_engine::Engine;

use super::Answer;
use crate::convert::{self, key, maybe};
use crate::wire::desk::Nothing;
use crate::wire::map::{ForgetPlacement, PlaceAlert, PlacingView};

pub async fn place_alert(engine: &Engine, request: PlaceAlert) -> Answer<Nothing> {
    engine.place_alert(&request.alert, &request.labels, &key(&request.at)?).await?;
    Ok(Nothing {})
}

pub async fn forget_placement(engine: &Engine, request: ForgetPlacement) -> Answer<Nothing> {
    engine.forget_placement(&request.rule).await?;
    Ok(Nothing {})
}

/// The rules of a moment, each with how many alerts it places.
pub(super) fn placings(world: &World, placed: &Placed) -> Vec<PlacingView> {
    let by_hand = placed.cases.iter().filter(|case| case.rung == BY_HAND);
    let alerts: Vec<_> = by_hand.filter_map(|case| world.alert(&case.alert)).collect();
    let counted = |rule: &str| {
        let speaks = alerts.iter().filter(|alert| rule_for(world.hand_rules(), alert).is_some_and(|it| it.id == rule));
        u32::try_from(speaks.count()).unwrap_or(u32::MAX)
    };
    let view = |rule: &broadstreet_core::alerts::HandRule| PlacingView {
        rule: rule.id.clone(),
        labels: convert::labels(&rule.labels),
        at: rule.at.to_string(),
        at_kind: rule.at.kind.to_string(),
        at_name: rule.at.name.to_string(),
        at_namespace: rule.at.namespace.to_string(),
        by: rule.by.clone(),
        made_at: maybe(rule.made_at),
        known: world.object(&rule.at).is_some(),
        alerts: counted(&rule.id),
    };
    world.hand_rules().map(view).collect()
}
