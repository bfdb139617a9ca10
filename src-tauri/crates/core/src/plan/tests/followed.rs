//! To follow the changes is to see the world anew, also where controllers stand above controllers and nodes move.

use super::*;

/// One step of a history: which object, which of its forms, or that it goes.
type Step = (usize, Option<usize>);

const NODES: usize = 3;
const DEPLOYMENTS: usize = 2;
const SETS: usize = 4;
const PODS: usize = 10;

fn owner(kind: &str, name: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name, "controller": true}])
}

/// An object in one of its forms: a node in another zone, a controller or a pod with another label, a pod elsewhere or of
/// another controller.
fn object(number: usize, form: usize) -> Value {
    let labels = json!({"app": "a", "form": form.to_string()});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let meta = |name: &str| json!({"name": name, "namespace": "s", "uid": name, "labels": labels});
    if number < NODES {
        let name = format!("node-{number}");
        let labels = json!({"topology.kubernetes.io/zone": format!("z{}", form % 2), "form": form.to_string()});
        return json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": name, "labels": labels}});
    }
    let number = number - NODES;
    if number < DEPLOYMENTS {
        return json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(&format!("d-{number}")),
            "spec": {"replicas": 1, "template": template}});
    }
    let number = number - DEPLOYMENTS;
    if number < SETS {
        let mut meta = meta(&format!("r-{number}"));
        meta["ownerReferences"] = owner("Deployment", &format!("d-{}", number % DEPLOYMENTS));
        return json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta,
            "spec": {"replicas": 1, "template": template}});
    }
    let number = number - SETS;
    let mut meta = meta(&format!("p-{number}"));
    if number + 1 < PODS {
        meta["ownerReferences"] = owner("ReplicaSet", &format!("r-{}", (number + form / 3) % SETS));
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta,
        "spec": {"nodeName": format!("node-{}", (number + form) % NODES), "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running"}})
}

fn change((number, form): &Step) -> Change {
    let object = reduce("c", &object(*number, form.unwrap_or(0))).unwrap();
    match form {
        Some(_) => Change::Object(Arc::new(object)),
        None => Change::Gone { key: object.key, uid: String::new() },
    }
}

fn step() -> impl Strategy<Value = Step> {
    (0..NODES + DEPLOYMENTS + SETS + PODS, prop::option::weighted(0.75, 0..6usize))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_moves_under_controllers_and_nodes_is_followed(
        start in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
        at_once in 1..6usize,
    ) {
        let all = (0..NODES + DEPLOYMENTS + SETS + PODS).map(|number| change(&(number, Some(0)))).collect::<Vec<_>>();
        let mut live = World::from_changes(if start { &all } else { &[] });
        let mut followed = planned(&live);
        let mut anew = followed.clone();
        for some in steps.chunks(at_once) {
            let mut delta = Delta::default();
            for step in some {
                delta.extend(live.apply(&change(step)));
            }
            followed.follow(&live, &delta);
            anew.update(&live);
            prop_assert_eq!(&followed, &anew);
        }
    }
}
