//! The release unit a house is part of, as its panel names it and the plan outlines it.

use broadstreet_core::id::ObjectKey;
use broadstreet_core::world::{Relation, World};

use crate::wire::map::AppView;

/// The houses of an app that are listed.
const HOUSES: usize = 500;

const PART_OF: &str = "part-of";

/// The app of a house with these relations, where it names one.
pub(super) fn of(world: &World, house: &ObjectKey, relations: &[Relation]) -> Option<AppView> {
    let named = relations.iter().find(|it| it.r#type == PART_OF && it.from == *house)?;
    let id = world.id_of(house)?;
    let links = world.links(world.id_of(&named.to)?);
    let others = || links.iter().filter(|link| link.r#type == PART_OF && !link.outgoing && link.other != id);
    // The one that was asked about is among them however many there are.
    let listed = others().take(HOUSES - 1).map(|link| world.key_of(link.other).to_string());
    Some(AppView {
        name: named.to.name.to_string(),
        namespace: named.to.namespace.to_string(),
        field: named.field.clone(),
        houses: std::iter::once(house.to_string()).chain(listed).collect(),
        count: u32::try_from(others().count() + 1).unwrap_or(u32::MAX),
    })
}
