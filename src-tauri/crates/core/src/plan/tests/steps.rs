//! A block that is laid out anew, because much came or went, is one local move: little of what stands elsewhere moves with it.

use super::*;

/// The area of the houses outside a block that do not stand where they stood, and of all of them.
fn moved_outside(block: &str, before: &City, after: &City) -> (i64, i64) {
    let inside: BTreeSet<ObjectKey> = [before, after]
        .into_iter()
        .flat_map(|city| city.blocks.iter().filter(|it| it.name == block))
        .flat_map(|block| block.houses.iter().map(|house| house.key.clone()))
        .collect();
    let is = places(after);
    let area = |(_, _, w, h): Place| i64::from(w) * i64::from(h);
    let (mut all, mut moved) = (0, 0);
    for (key, place) in places(before).into_iter().filter(|(key, _)| !inside.contains(key)) {
        all += area(place);
        moved += if is.get(&key) == Some(&place) { 0 } else { area(place) };
    }
    (moved, all)
}

/// What changed is a step of this block, and no more than a twentieth of what stands elsewhere moves with it.
fn steps_alone(live: &World, before: &Plan, lens: Lens, block: &str) -> Result<(), TestCaseError> {
    let mut after = before.clone();
    after.update(live);
    check(live, &after)?;
    let (before, after) = (only(before, lens), only(&after, lens));
    let laid = |city: &City| city.blocks.iter().find(|it| it.name == block).map(|it| it.laid_for);
    prop_assert_ne!(laid(&before), laid(&after), "it was laid out anew");
    let (moved, all) = moved_outside(block, &before, &after);
    prop_assert!(20 * moved <= all, "{moved} of {all} moved");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_capacity_step_moves_little_outside_the_block_that_grew(seed in any::<u64>(), more in 20..200usize) {
        let mut town = city(seed);
        let before = planned(&world(&town));
        let at = (seed % town.len() as u64) as usize;
        town[at].pods += more;
        let grown = format!("s{}", town[at].space);
        let later = world(&town);
        let mut after = before.clone();
        after.update(&later);
        check(&later, &after)?;
        let (moved, all) = moved_outside(&grown, &only(&before, Lens::Namespaces), &only(&after, Lens::Namespaces));
        prop_assert!(20 * moved <= all, "{moved} of {all} moved");
    }

    #[test]
    fn a_namespace_laid_out_anew_moves_little_outside_it(seed in any::<u64>(), more in 30..60usize, shrinks in any::<bool>()) {
        let few = city(seed);
        let space = few[(seed % few.len() as u64) as usize].space;
        let new = |n: usize| Made { space, name: 100 + n, pods: 1 + n % 3, calls: vec![(space, 100 + n / 2)] };
        let many: Vec<Made> = few.iter().cloned().chain((0..more).map(new)).collect();
        let (from, to) = if shrinks { (&many, &few) } else { (&few, &many) };
        let mut live = world(from);
        let before = planned(&live);
        live.apply_all(&way_to(&live, to));
        steps_alone(&live, &before, Lens::Namespaces, &format!("s{space}"))?;
    }

    #[test]
    fn a_zone_laid_out_anew_moves_little_outside_it(seed in any::<u64>(), more in 30..60usize, shrinks in any::<bool>()) {
        // Three zones of some nodes, and one that has many more of them, or had.
        let town = |late: usize| -> Vec<Change> {
            let of = |zone: &'static str, count: usize| (0..count).flat_map(move |n| {
                let name = format!("{zone}-{n}");
                let pods = (0..1 + (n + (seed % 7) as usize) % 5).map({
                    let name = name.clone();
                    move |i| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("{name}-{i}"), "namespace": "s0"},
                        "spec": {"nodeName": name, "containers": []}, "status": {"phase": "Running"}})
                });
                let labels = json!({"topology.kubernetes.io/zone": zone});
                let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}});
                pods.chain([node]).collect::<Vec<_>>()
            });
            let all = of("a", 30).chain(of("b", 4 + late)).chain(of("c", 40)).chain(of("d", 25));
            all.map(|value| Change::Object(Arc::new(reduce("c", &value).unwrap()))).collect()
        };
        let (few, many) = (town(0), town(more));
        let (from, to) = if shrinks { (&many, &few) } else { (&few, &many) };
        let mut live = World::from_changes(from);
        let before = planned(&live);
        let stays: BTreeSet<ObjectKey> = World::from_changes(to).objects().map(|it| it.key.clone()).collect();
        let gone: Vec<ObjectKey> = live.objects().map(|it| it.key.clone()).filter(|key| !stays.contains(key)).collect();
        live.apply_all(&gone.into_iter().map(|key| Change::Gone { key, uid: String::new() }).collect::<Vec<_>>());
        live.apply_all(to);
        steps_alone(&live, &before, Lens::Nodes, "b")?;
    }
}
