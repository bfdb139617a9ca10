//! Where the districts of the clusters lie: side by side in rows, each under the name of its cluster.

use std::collections::BTreeSet;

use super::blocks::GUTTER;
use super::rows::Rect;
use super::silence::Silences;
use super::size::step;
use super::{City, Lens, Plan};
use crate::world::{Freshness, World};

/// Room above the blocks of a district for its name.
const HEAD: i32 = 64;

/// Between two districts: wider than any gutter inside one.
const BETWEEN: i32 = 120;

/// The least size of a district, also of a cluster nothing is known of.
const LEAST: (i32, i32) = (480, 300);

/// The ground of a cluster, where there are several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DistrictRow {
    pub rect: Rect,
    pub id: String,
    pub name: String,
    pub why: String,
    pub flags: u8,
}

/// A district on its ground.
pub(super) struct Ground<'p> {
    /// The cluster's id; that of its source where the cluster never said who it is.
    pub cluster: String,
    /// What it is called.
    pub name: String,
    /// Its blocks; none where nothing of it is known.
    pub city: Option<&'p City>,
    /// How far its blocks stand from where they would stand alone.
    pub away: (i32, i32),
    /// All of its ground.
    pub rect: Rect,
}

/// Every district in the order of its clusters' names. One alone lies where it always lies.
///
/// Sizes grow in steps, so that a district rarely moves because of another.
pub(super) fn lay_out<'p>(world: &World, plan: &'p Plan, lens: Lens) -> Vec<Ground<'p>> {
    let mut grounds = named(world, plan, lens);
    let bounds = |ground: &Ground<'_>| ground.city.map_or((0, 0, 0, 0), City::bounds);
    if let [alone] = grounds.as_mut_slice() {
        let (x, y, w, h) = bounds(alone);
        alone.rect = Rect { x, y, w, h };
        return grounds;
    }
    let size = |ground: &Ground<'_>| {
        let (_, _, w, h) = bounds(ground);
        (step(w, LEAST.0), step(h, LEAST.1) + HEAD)
    };
    let across = (1..=grounds.len()).find(|n| n * n >= grounds.len()).unwrap_or(1);
    let sizes: Vec<(i32, i32)> = grounds.iter().map(size).collect();
    let wide = |column: usize| sizes.iter().skip(column).step_by(across).map(|(w, _)| *w).max().unwrap_or(0);
    let high = |row: usize| sizes.iter().skip(row * across).take(across).map(|(_, h)| *h).max().unwrap_or(0);
    for (at, ground) in grounds.iter_mut().enumerate() {
        let (column, row) = (at % across, at / across);
        let x: i32 = (0..column).map(|column| wide(column) + BETWEEN).sum();
        let y: i32 = (0..row).map(|row| high(row) + BETWEEN).sum();
        let (w, h) = sizes.get(at).copied().unwrap_or_default();
        ground.away = (x, y);
        ground.rect = Rect { x: x - GUTTER, y: y - GUTTER - HEAD, w, h };
    }
    grounds
}

/// The rectangle around some; nothing around none.
pub(super) fn bounds_of(rects: impl Iterator<Item = Rect>) -> Rect {
    let around = |a: Rect, b: Rect| {
        let (x, y) = (a.x.min(b.x), a.y.min(b.y));
        Rect { x, y, w: (a.x + a.w).max(b.x + b.w) - x, h: (a.y + a.h).max(b.y + b.h) - y }
    };
    rects.reduce(around).unwrap_or_default()
}

fn named<'p>(world: &World, plan: &'p Plan, lens: Lens) -> Vec<Ground<'p>> {
    let known = world.clusters();
    let heard: BTreeSet<&str> = world
        .freshness()
        .filter(|it| it.kind.is_empty())
        .filter_map(|it| it.source.as_str().strip_prefix("cluster:"))
        .collect();
    let ground =
        |cluster: String, name: String, city| Ground { cluster, name, city, away: (0, 0), rect: Rect::default() };
    let label = |id: &str| known.iter().find(|(it, ..)| it == id).map_or(id, |(_, label, _)| label).to_owned();
    let mut grounds: Vec<Ground<'p>> =
        plan.districts.iter().map(|(id, district)| ground(id.clone(), label(id), Some(district.city(lens)))).collect();
    for (id, label, _) in &known {
        if heard.contains(label.as_str()) && !plan.districts.contains_key(id) {
            grounds.push(ground(id.clone(), label.clone(), None));
        }
    }
    for name in heard {
        if !known.iter().any(|(id, label, _)| label == name || id == name) && !plan.districts.contains_key(name) {
            grounds.push(ground(format!("cluster:{name}"), name.to_owned(), None));
        }
    }
    grounds.sort_by(|a, b| (&a.name, &a.cluster).cmp(&(&b.name, &b.cluster)));
    grounds
}

/// What is drawn of a district beside its blocks, where there are several.
pub(super) fn row(world: &World, ground: &Ground<'_>, silences: &Silences<'_>, lens: Lens) -> DistrictRow {
    let source = format!("cluster:{}", ground.name);
    let of_all = |it: &&crate::world::SourceState| it.kind.is_empty() && it.source.as_str() == source;
    let (flags, why) = match world.freshness().find(of_all).map(|it| &it.state) {
        Some(Freshness::CatchingUp) => (0, "it is being read".to_owned()),
        _ => silences.tell(ground.cluster.strip_prefix("cluster:").unwrap_or(&ground.cluster), "", lens),
    };
    DistrictRow { rect: ground.rect, id: ground.cluster.clone(), name: ground.name.clone(), why, flags }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::rows::Picture;
    use super::*;
    use crate::alerts::Placed;
    use crate::id::{ObjectKey, SourceId};
    use crate::resource::reduce;
    use crate::world::{Change, SourceState};

    fn pods(cluster: &str, label: &str, many: usize) -> Vec<Change> {
        let mut changes =
            vec![Change::Cluster { id: cluster.to_owned(), label: label.to_owned(), version: String::new() }];
        for n in 0..many {
            let node = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("p-{n}"), "namespace": format!("s{}", n % 5),
                "uid": format!("u-{n}")}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}});
            changes.push(Change::Object(Arc::new(reduce(cluster, &node).unwrap())));
        }
        changes
    }

    fn heard(label: &str, state: Freshness) -> Change {
        let source = SourceId::new(format!("cluster:{label}"));
        Change::Freshness(SourceState { source, kind: String::new(), namespace: String::new(), state })
    }

    fn planned(world: &World) -> Plan {
        let mut plan = Plan::default();
        plan.update(world);
        plan
    }

    fn five() -> World {
        let names = [("1", "eu"), ("2", "us"), ("3", "asia"), ("4", "lab")];
        let mut changes: Vec<Change> =
            names.iter().enumerate().flat_map(|(n, (id, label))| pods(id, label, 20 + 60 * n)).collect();
        changes.push(heard("dead", Freshness::NeverAnswered { why: "no route".to_owned() }));
        World::from_changes(&changes)
    }

    fn meet(a: Rect, b: Rect) -> bool {
        a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
    }

    #[test]
    fn districts_lie_side_by_side_each_with_all_of_its_own_and_under_its_name() {
        let world = five();
        for lens in [Lens::Namespaces, Lens::Nodes] {
            let picture = Picture::of(&world, &planned(&world), &Placed::default(), lens, &[]);
            let names: Vec<&str> = picture.districts.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names, ["asia", "dead", "eu", "lab", "us"]);
            for (n, district) in picture.districts.iter().enumerate() {
                assert!(picture.districts[n + 1..].iter().all(|other| !meet(district.rect, other.rect)));
                let own = picture.blocks.iter().filter(|block| block.id.starts_with(&format!("{}/", district.id)));
                for block in own {
                    let (at, it) = (district.rect, block.rect);
                    assert!(it.x >= at.x && it.x + it.w <= at.x + at.w, "{it:?} leaves {at:?}");
                    assert!(it.y >= at.y + HEAD && it.y + it.h <= at.y + at.h, "{it:?} leaves {at:?}");
                }
            }
            let dead = &picture.districts[1];
            assert_eq!((dead.id.as_str(), dead.flags != 0), ("cluster:dead", true));
            assert_eq!(dead.why, "the cluster never answered: no route");
            assert_eq!(picture.cells(), 20 + 80 + 140 + 200);
        }
    }

    #[test]
    fn where_things_stand_does_not_hang_on_what_else_is_open() {
        let whole = planned(&five());
        for (id, label, many) in [("1", "eu", 20), ("3", "asia", 140)] {
            let alone = World::from_changes(&pods(id, label, many));
            assert_eq!(whole.of(id), planned(&alone));
            let picture = Picture::of(&alone, &whole.of(id), &Placed::default(), Lens::Namespaces, &[]);
            assert!(picture.districts.is_empty(), "one cluster needs no name on the plan");
        }
        let mut again = Plan::default();
        for id in ["4", "2", "1", "3"] {
            again.take(whole.of(id));
        }
        assert_eq!(again, whole);
        assert_eq!(Plan::from_json(&whole.to_json()), whole);
        again.leave("2");
        assert_eq!(again.of("2"), Plan::default());
    }

    #[test]
    fn a_plan_of_before_there_were_districts_is_that_of_its_cluster() {
        let plan = planned(&World::from_changes(&pods("1", "eu", 30)));
        let old = plan.to_json()["districts"]["1"].clone();
        assert!(old.get("namespaces").is_some());
        assert_eq!(Plan::from_json(&old), plan);
    }

    #[test]
    fn a_cluster_that_is_being_listed_keeps_its_places_while_another_changes() {
        let all: Vec<Change> = [pods("1", "eu", 40), pods("2", "us", 40)].concat();
        let remembered = planned(&World::from_changes(&all));
        let mut plan = remembered.clone();
        let mut world = World::from_changes(&pods("1", "eu", 40));
        world.apply_all(&pods("2", "us", 0));
        world.apply(&heard("us", Freshness::CatchingUp));
        let gone = Change::Gone { key: ObjectKey::new("1", "", "Pod", "s0", "p-0"), uid: String::new() };
        let delta = world.apply(&gone);
        plan.follow_in(&world, &delta, &|cluster| cluster == "1");
        assert_ne!(plan.of("1"), remembered.of("1"));
        assert_eq!(plan.of("2"), remembered.of("2"));
    }
}
