//! The release unit a house is part of, as its panel names it and the plan outlines it.

use broadstreet_core::id::ObjectKey;
use broadstreet_core::world::World;

use crate::wire::map::AppView;

/// The houses of an app that are listed.
const HOUSES: usize = 500;

const PART_OF: &str = "part-of";

/// The app of a house, where it names one.
pub(super) fn of(world: &World, house: &ObjectKey) -> Option<AppView> {
    let named = world.relations_of(house).into_iter().find(|it| it.r#type == PART_OF && it.from == *house)?;
    let app = named.to;
    let parts = world.relations_of(&app).into_iter().filter(|it| it.r#type == PART_OF && it.to == app);
    let mut houses: Vec<String> = parts.map(|it| it.from.to_string()).collect();
    houses.sort();
    let count = u32::try_from(houses.len()).unwrap_or(u32::MAX);
    houses.truncate(HOUSES);
    Some(AppView {
        name: app.name.to_string(),
        namespace: app.namespace.to_string(),
        field: named.field,
        houses,
        count,
    })
}
