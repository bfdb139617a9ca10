//! Going to a moment of a recording.

use serde_json::Value;

use super::Segment;
use crate::plan::Plan;
use crate::time::Moment;
use crate::world::{Change, World};

/// The world this recorder knew at `at`, and the plan it remembered when the segment began: the keyframe and every
/// change received until then. Before the segment it is the keyframe alone, after it all the segment knows.
#[must_use]
pub fn at(segment: &Segment, at: Moment) -> (World, Value) {
    // Changes are in the order received, so what was known is a beginning of them.
    let known = segment.changes.partition_point(|received| received.at <= at);
    let mut world = World::new();
    world.apply_all(segment.keyframe.iter().chain(segment.changes[..known].iter().map(|received| &received.change)));
    (world, segment.plan.clone())
}

/// The same with the plan as it stood then: it is brought up to date change by change, as it was live.
#[must_use]
pub fn with_plan_at(segment: &Segment, at: Moment) -> (World, Plan) {
    let known = segment.changes.partition_point(|received| received.at <= at);
    let mut world = World::from_changes(&segment.keyframe);
    let mut plan = Plan::from_json(&segment.plan);
    let mut changes = segment.changes[..known].iter().map(|received| &received.change);
    if world.is_empty() {
        // A cluster that was being listed: its plan was provisional.
        world.apply_all(changes);
        plan.update(&world);
        return (world, plan);
    }
    plan.update(&world);
    let mut waiting: Vec<&Change> = Vec::new();
    loop {
        let next = changes.next();
        if let Some(change) = next {
            // What moves nothing can wait: changes taken together are much faster than one by one.
            let moves = world.may_move(change);
            if !moves {
                waiting.push(change);
                continue;
            }
        }
        world.apply_all(waiting.drain(..));
        let Some(change) = next else { break };
        let delta = world.apply(change);
        plan.follow(&world, &delta);
    }
    (world, plan)
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    use super::*;
    use crate::alerts::LastOwner;
    use crate::id::{ObjectKey, SourceId};
    use crate::observed::{CallId, End, EndKind, Measure, ObservedCall, Observer, ObserverState};
    use crate::recording::{Piece, Reading, Received, Taken, decode, encode, pieces};
    use crate::resource::reduce;
    use crate::world::{Freshness, SourceState};

    pub fn moment(micros: i64) -> Moment {
        Moment::from_timestamp_micros(1_800_000_000_000_000 + micros).unwrap()
    }

    pub fn change() -> impl Strategy<Value = Change> {
        let name = || select(vec!["cart", "web", "db"]);
        let pod = (name(), select(vec!["", "web", "db"]), any::<bool>()).prop_map(|(name, host, ready)| {
            let ready = if ready { "True" } else { "False" };
            let pod = json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": host}]}]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}});
            Change::Object(Arc::new(reduce("c", &pod).unwrap()))
        });
        let service = (name(), name()).prop_map(|(name, app)| {
            let service = json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name, "namespace": "shop", "uid": "s"},
                "spec": {"selector": {"app": app}, "ports": [{"port": 80}]}});
            Change::Object(Arc::new(reduce("c", &service).unwrap()))
        });
        let gone =
            (name(), select(vec!["Pod", "Service"]), select(vec!["", "cart", "s"])).prop_map(|(name, kind, uid)| {
                Change::Gone { key: ObjectKey::new("c", "", kind, "shop", name), uid: uid.to_owned() }
            });
        let freshness = (select(vec!["", "/Pod"]), any::<bool>()).prop_map(|(kind, live)| {
            let state = if live { Freshness::Live } else { Freshness::CatchingUp };
            let source = SourceId::from("cluster:kind");
            Change::Freshness(SourceState { source, kind: kind.to_owned(), namespace: String::new(), state })
        });
        let cluster = select(vec!["kind", "other"]).prop_map(|label| Change::Cluster {
            id: "c".to_owned(),
            label: label.to_owned(),
            version: String::new(),
        });
        let time = (0..9i64).prop_map(|later| Change::Time { at: moment(later * 1_000_000) });
        let owner = (0..9i64).prop_map(|later| {
            let (pod, gone_at) =
                (ObjectKey::new("c", "", "Pod", "shop", &format!("gone-{}", later % 5)), moment(later));
            let owner = ObjectKey::new("c", "apps", "Deployment", "shop", "web");
            Change::LastOwner(Box::new(LastOwner { pod, owner, gone_at }))
        });
        let told = prop_oneof![1 => freshness, 1 => cluster, 1 => time, 2 => owner, 2 => measured()];
        prop_oneof![4 => pod, 2 => service, 2 => gone, 7 => told]
    }

    /// A call somebody measured, and who did.
    fn measured() -> impl Strategy<Value = Change> {
        let end = || {
            select(vec!["cart", "web", "db"]).prop_map(|name| End {
                is: EndKind::Workload,
                namespace: "shop".into(),
                name: name.into(),
                ..End::default()
            })
        };
        (any::<bool>(), end(), end()).prop_map(|(call, from, to)| {
            let (source, observer) = (SourceId::from("p"), Observer::Istio);
            if call {
                let id = CallId { source, observer, from, to };
                let call = ObservedCall { id, measure: Measure::default(), two_way: false, last_seen: None };
                return Change::Call(Box::new(call));
            }
            let (trouble, notes) = (String::new(), Vec::new());
            let cluster = "c".into();
            Change::Observer(Box::new(ObserverState { source, observer, cluster, answered_at: None, trouble, notes }))
        })
    }

    proptest! {
        #[test]
        fn seeking_shows_what_applying_had_shown(
            before in prop::collection::vec(change(), 0..8),
            steps in prop::collection::vec((0..3i64, change()), 0..14),
            seek in -2..30i64,
        ) {
            let mut now = 0;
            let changes: Vec<Received> = steps.into_iter().map(|(step, change)| {
                now += step;
                Received { at: moment(now), change }
            }).collect();
            let mut live = World::from_changes(&before);
            let segment = Segment {
                from: Some(moment(0)),
                until: changes.last().map(|last| last.at),
                keyframe: live.keyframe(),
                plan: json!({"remembered": 1}),
                changes,
            };
            for received in segment.changes.iter().filter(|received| received.at <= moment(seek)) {
                live.apply(&received.change);
            }
            let mut stepped = World::from_changes(&segment.keyframe);
            let mut plan = Plan::default();
            plan.update(&stepped);
            for received in segment.changes.iter().filter(|received| received.at <= moment(seek)) {
                let delta = stepped.apply(&received.change);
                plan.follow(&stepped, &delta);
            }
            let known = with_plan_at(&segment, moment(seek));
            prop_assert_eq!(known.0.digest(), live.digest());
            if !segment.keyframe.iter().all(|change| !matches!(change, Change::Object(_))) {
                prop_assert_eq!(known.1, plan);
            }
            let stored = decode(&encode(&segment)).unwrap();
            let (world, plan) = at(&stored, moment(seek));
            prop_assert_eq!(world.digest(), live.digest());
            prop_assert_eq!(world.relations(), live.relations());
            prop_assert_eq!(world.calls(), live.calls());
            prop_assert_eq!(plan, segment.plan);
        }

        #[test]
        fn a_segment_kept_in_pieces_is_the_segment(
            before in prop::collection::vec(change(), 0..8),
            steps in prop::collection::vec(prop::collection::vec(change(), 0..5), 0..6),
        ) {
            let mut live = World::from_changes(&before);
            let first = Segment {
                from: Some(moment(0)),
                until: Some(moment(0)),
                keyframe: live.keyframe(),
                ..Segment::default()
            };
            let mut whole = first.clone();
            let mut reading = Reading::new(decode(&encode(&first)).unwrap());
            for (step, changes) in steps.into_iter().enumerate() {
                let at = moment(1 + i64::try_from(step).unwrap());
                let changes: Vec<Taken> = changes.into_iter().map(|change| {
                    let base = match &change {
                        Change::Object(object) => live.shared_object(&object.key).cloned(),
                        _ => None,
                    };
                    live.apply(&change);
                    whole.changes.push(Received { at, change: change.clone() });
                    whole.until = Some(at);
                    Taken { at, change, base }
                }).collect();
                for (_, part) in (Piece { first: 0, until: at, changes }).parts() {
                    reading.read(&part).unwrap();
                }
            }
            prop_assert_eq!(reading.finish(), whole);
        }
    }

    #[test]
    fn a_large_segment_in_pieces_is_the_segment() {
        let cluster = |n: i64| Change::Cluster { id: n.to_string(), label: "kind".to_owned(), version: String::new() };
        let segment = Segment {
            from: Some(moment(0)),
            until: Some(moment(9_000)),
            keyframe: (0..9_000).map(cluster).collect(),
            plan: json!({"remembered": 1}),
            changes: (0..9_000).map(|n| Received { at: moment(n), change: cluster(n % 7) }).collect(),
        };
        let all: Vec<Vec<u8>> = pieces(&segment).collect();
        assert_eq!(all.len(), 7);
        let mut reading = Reading::new(decode(&all[0]).unwrap());
        for piece in &all[1..] {
            reading.read(piece).unwrap();
        }
        assert_eq!(reading.finish(), segment);
        let small = Segment { keyframe: segment.keyframe[..9].to_vec(), changes: Vec::new(), ..segment };
        assert_eq!(pieces(&small).collect::<Vec<_>>(), [encode(&small)]);
    }
}
