//! A router that remembers finds the lines of one that does not.

use super::super::router::Router;
use super::super::streets::Way;
use super::*;

/// Some ways between the houses of a city, in the order of the houses they leave.
fn ways(city: &City, draw: u64) -> Vec<Way> {
    let houses: Vec<(usize, usize)> = city
        .blocks
        .iter()
        .enumerate()
        .flat_map(|(at, block)| (0..block.houses.len()).map(move |house| (at, house)))
        .collect();
    let mut ways = Vec::new();
    for (n, from) in houses.iter().enumerate() {
        for (m, to) in houses.iter().enumerate() {
            // Of a house that stays, mostly the same.
            let number = (n * 31 + m * 17) as u64 ^ (draw.rotate_left(n as u32) & 1);
            if from != to && number.is_multiple_of(3) {
                ways.push(Way { from: *from, to: *to });
            }
        }
    }
    ways
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_planned_before_runs_as_it_would_anew(
        towns in prop::collection::vec(town(), 1..5), one in made(), draws in prop::collection::vec(any::<u64>(), 12)
    ) {
        let mut towns = towns;
        // Most changes are small ones.
        let more: Vec<Vec<Made>> = towns.iter().map(|town| [town.as_slice(), std::slice::from_ref(&one)].concat()).collect();
        towns = towns.into_iter().zip(more).flat_map(|(town, more)| [town, more]).collect();
        let (mut world, mut plan, mut router) = (World::default(), Plan::default(), Router::default());
        for (town, draw) in towns.iter().zip(draws) {
            for change in way_to(&world, town) {
                let delta = world.apply(&change);
                plan.follow(&world, &delta);
            }
            let Some(district) = plan.districts.values().next() else { continue };
            let city = &district.namespaces;
            let ways = ways(city, draw);
            prop_assert_eq!(router.route(city, &ways), Router::default().route(city, &ways));
        }
    }
}
