//! The laws of the plan for the largest block there is: five hundred workloads with hubs and cycles.

use super::super::rows::HUB;
use super::*;

#[path = "../../../tests/kept/mod.rs"]
mod kept;

const HUBS: usize = 4;

/// A namespace of so many workloads, and a small one that calls into it.
fn block_of(workloads: usize) -> Vec<Made> {
    let of = |n: usize| {
        let mut calls = Vec::new();
        // Called by two of three, by every second one, by two of five.
        let hubs = [!n.is_multiple_of(3), !n.is_multiple_of(2), n % 5 < 2, n % 10 < 4];
        calls.extend((0..HUBS).filter(|hub| hubs[*hub]));
        // Called by many, but not by enough to be a hub.
        calls.push(HUBS + n % 9);
        // Rings of seven, pairs that call each other, and one cycle through all of them.
        calls.push(n / 7 * 7 + (n % 7 + 1) % 7);
        calls.push(n ^ 1);
        calls.push((n + 51) % workloads);
        // Anywhere.
        calls.push((n * 37 + 11) % workloads);
        let pods = if n.is_multiple_of(61) { 40 } else { 1 + n % 3 };
        Made { space: 0, name: n, pods, calls: calls.into_iter().map(|to| (0, to)).collect() }
    };
    let beside = |n: usize| Made { space: 1, name: n, pods: 2, calls: vec![(0, n * 41 % workloads), (1, n / 2)] };
    (0..workloads).map(of).chain((0..12).map(beside)).collect()
}

/// How many workloads, streets between them and hubs the block has, in the lens of namespaces.
fn counted(world: &World, plan: &Plan) -> (usize, usize, usize) {
    let picture = Picture::of(world, plan, &Placed::default(), Lens::Namespaces, &[]);
    let houses: Vec<_> = picture.houses().filter(|(_, house)| house.key.namespace == "s0").collect();
    let hubs = houses.iter().filter(|(_, house)| house.flags & HUB != 0).count();
    let rows: Vec<bool> = picture.houses().map(|(_, house)| house.key.namespace == "s0").collect();
    let inside = |street: &&rows::StreetRow| rows[street.from] && rows[street.to] && street.line.len() > 1;
    (houses.len(), picture.streets.iter().filter(inside).count(), hubs)
}

#[test]
fn no_street_crosses_a_house_in_a_block_of_five_hundred_workloads_with_hubs_and_cycles() {
    let town = block_of(500);
    let fresh = world(&town);
    let plan = planned(&fresh);
    let (workloads, streets, hubs) = counted(&fresh, &plan);
    assert_eq!((workloads, hubs), (500, HUBS));
    assert!(streets > 1_000, "{streets} streets");
    check(&fresh, &plan).unwrap();
}

#[test]
fn nor_where_the_block_grew_to_five_hundred_step_by_step() {
    let (mut grown, mut plan) = (World::default(), Plan::default());
    for workloads in [60, 220, 500] {
        grown.apply_all(&way_to(&grown, &block_of(workloads)));
        plan.update(&grown);
    }
    assert_eq!(counted(&grown, &plan).0, 500);
    check(&grown, &plan).unwrap();
}

/// The screen holds the words on it apart (`ui/src/graph/overlay/apart.test.ts`).
#[test]
fn the_scene_of_such_a_block_is_what_the_screen_reads_in_its_tests() {
    let live = world(&block_of(500));
    let options = SceneOptions { revision: 1, ..SceneOptions::default() };
    let bytes = scene(&live, &planned(&live), &Placed::default(), &options);
    kept::is_kept("large.bsc", &bytes);
}
