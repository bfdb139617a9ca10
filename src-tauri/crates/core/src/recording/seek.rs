//! Going to a moment of a recording.

use serde_json::Value;

use super::Segment;
use crate::time::Moment;
use crate::world::World;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    use super::*;
    use crate::id::{ObjectKey, SourceId};
    use crate::recording::{Received, decode, encode};
    use crate::resource::reduce;
    use crate::world::{Change, Freshness, SourceState};

    fn moment(micros: i64) -> Moment {
        Moment::from_timestamp_micros(1_800_000_000_000_000 + micros).unwrap()
    }

    fn change() -> impl Strategy<Value = Change> {
        let name = || select(vec!["cart", "web", "db"]);
        let pod = (name(), select(vec!["", "web", "db"]), any::<bool>()).prop_map(|(name, host, ready)| {
            let ready = if ready { "True" } else { "False" };
            let pod = json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": host}]}]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}});
            Change::Object(Box::new(reduce("c", &pod).unwrap()))
        });
        let service = (name(), name()).prop_map(|(name, app)| {
            let service = json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name, "namespace": "shop", "uid": "s"},
                "spec": {"selector": {"app": app}, "ports": [{"port": 80}]}});
            Change::Object(Box::new(reduce("c", &service).unwrap()))
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
        prop_oneof![4 => pod, 2 => service, 2 => gone, 1 => freshness, 1 => cluster]
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
            let stored = decode(&encode(&segment)).unwrap();
            let (world, plan) = at(&stored, moment(seek));
            prop_assert_eq!(world.digest(), live.digest());
            prop_assert_eq!(world.relations(), live.relations());
            prop_assert_eq!(world.calls(), live.calls());
            prop_assert_eq!(plan, segment.plan);
        }
    }
}
