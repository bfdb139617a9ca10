//! How long the plan takes for a cluster of 2,000 pods: laid out afresh, brought up to date, and drawn as a scene.
use std::hint::black_box;
use std::sync::Arc;

use broadstreet_core::alerts::Placed;
use broadstreet_core::plan::{Lens, Plan, SceneOptions, scene};
use broadstreet_core::resource::reduce;
use broadstreet_core::world::{Change, World};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

const SPACES: usize = 20;
const WORKLOADS: usize = 10;
const PODS: usize = 10;

fn pod(space: usize, workload: usize, pod: usize) -> Value {
    let name = format!("service-{workload}");
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{name}-{pod}"), "namespace": format!("team-{space}"),
            "uid": format!("p-{space}-{workload}-{pod}"), "labels": {"app": name},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name,
                "uid": format!("w-{space}-{workload}"), "controller": true}]},
        "spec": {"nodeName": format!("node-{}", (space * 7 + workload * 3 + pod) % 60),
            "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
}

/// 20 namespaces of 10 workloads with 10 pods each; every workload calls two in its namespace and one in the next.
fn cluster() -> World {
    let mut objects = Vec::new();
    for space in 0..SPACES {
        for workload in 0..WORKLOADS {
            let (name, namespace) = (format!("service-{workload}"), format!("team-{space}"));
            let calls = [
                format!("http://service-{}.{namespace}", (workload + 1) % WORKLOADS),
                format!("http://service-{}.{namespace}", (workload + 4) % WORKLOADS),
                format!("http://service-{workload}.team-{}", (space + 1) % SPACES),
            ];
            let env: Vec<Value> =
                calls.iter().enumerate().map(|(i, call)| json!({"name": format!("E{i}"), "value": call})).collect();
            objects.push(json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
                "metadata": {"name": name, "namespace": namespace, "uid": format!("w-{space}-{workload}")},
                "spec": {"replicas": PODS, "template": {"metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "c", "image": "i", "env": env}]}}},
                "status": {"replicas": PODS, "readyReplicas": PODS, "availableReplicas": PODS}}));
            objects.push(json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}));
            objects.extend((0..PODS).map(|number| pod(space, workload, number)));
        }
    }
    let changes: Vec<Change> =
        objects.iter().filter_map(|object| Some(Change::Object(Arc::new(reduce("c", object).ok()?)))).collect();
    World::from_changes(&changes)
}

fn plan(c: &mut Criterion) {
    let world = cluster();
    let mut known = Plan::default();
    known.update(&world);
    c.bench_function("lay out 2,000 pods", |b| {
        b.iter(|| {
            let mut plan = Plan::default();
            plan.update(black_box(&world));
            plan
        });
    });
    c.bench_function("bring 2,000 pods up to date", |b| b.iter(|| known.update(black_box(&world))));
    let placed = Placed::default();
    let options = SceneOptions { lens: Lens::Namespaces, ..SceneOptions::default() };
    c.bench_function("scene of 2,000 pods", |b| b.iter(|| scene(black_box(&world), &known, &placed, &options)));
}

criterion_group!(benches, plan);
criterion_main!(benches);
