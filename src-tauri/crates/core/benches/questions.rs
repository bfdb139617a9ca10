//! How long questions to a cluster of 150,000 pods take: filters, search, who breaks, who shares, the way between two, the
//! verdict on every street. One row each with its target; `cargo bench -p broadstreet-core --bench questions`.

#[path = "../../../../tests/support/estate/mod.rs"]
#[allow(dead_code, missing_docs, unused_imports)]
mod estate;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::alerts::{self, Alert, AlertState, Placed};
use broadstreet_core::id::ObjectKey;
use broadstreet_core::plan::{Lens, Plan, SceneOptions, scene};
use broadstreet_core::resource::{Json, reduce_json};
use broadstreet_core::time::Moment;
use broadstreet_core::topology::{self, filter};
use broadstreet_core::world::{Change, World};
use estate::{Estate, Shape};

const CLUSTER: &str = "11111111-2222-4333-8444-555555555555";

fn world(estate: &Estate) -> World {
    let mut world = World::new();
    let mut page: Vec<Change> = Vec::new();
    estate.each(|text| {
        let json: Json<'_> = serde_json::from_str(text).expect("the generator writes JSON");
        page.push(Change::Object(Arc::new(reduce_json(CLUSTER, &json).expect("the generator writes objects"))));
        if page.len() == 500 {
            world.apply_all(&page);
            page.clear();
        }
    });
    world.apply_all(&page);
    let unwell: Vec<ObjectKey> = world
        .objects()
        .filter(|object| {
            object.key.kind == "Pod"
                && world.health(&object.key).state <= broadstreet_core::health::HealthState::Warning
        })
        .map(|object| object.key.clone())
        .take(estate.shape.alerts)
        .collect();
    for (number, key) in unwell.iter().enumerate() {
        let labels = [
            ("alertname", "KubePodCrashLooping"),
            ("severity", "warning"),
            ("namespace", key.namespace.as_str()),
            ("pod", key.name.as_str()),
        ];
        let labels = labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let alert = Alert { id: format!("alert-{number}"), labels, state: AlertState::Firing, ..Alert::default() };
        world.apply(&Change::Alert(Box::new(alert)));
    }
    world
}

/// How long this thread has had a processor: what others do on the machine does not count.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// The middle and the worst of several runs.
fn measure<T>(runs: usize, mut work: impl FnMut() -> T) -> (Duration, Duration, T) {
    let mut last = black_box(work());
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let began = on_cpu();
            last = black_box(work());
            on_cpu() - began
        })
        .collect();
    times.sort_unstable();
    (times[runs / 2], times[runs - 1], last)
}

fn row(what: &str, (middle, worst): (Duration, Duration), found: &str, target: &str) {
    let worst = worst.as_secs_f64() * 1e3;
    // A row is one line of a table.
    let what = what.replace('|', "/");
    println!("| core, K8s-max: {what} | {target} | {worst:.1} ms at worst, {middle:.1?} mostly, {found} |");
}

fn filters(world: &World, placed: &Placed, now: Moment) {
    for query in [
        "kind:Deployment status>=warning",
        "kind:Pod status>=warning",
        "status>=warning or severity>=warning",
        "kind:Deployment status>=warning image~\"registry\" restarts>3 age<9000w label:team",
        "restarts>3",
        "cart",
        "-ns:kube-system",
        "zone:eu-1a",
        "label~team=",
        "kind:svc",
        "alert~crash",
    ] {
        let parsed = filter::parse(query).expect("the query reads");
        for lens in [Lens::Namespaces, Lens::Nodes] {
            let (middle, worst, (objects, houses)) = measure(15, || {
                let found = parsed.matching(world, placed, now);
                let standing = topology::standing(world, lens, &found.objects);
                (found.objects.len(), standing.houses.len())
            });
            row(
                &format!("filter `{query}`, {lens}"),
                (middle, worst),
                &format!("{objects} objects at {houses} houses"),
                "≤ 100 ms",
            );
        }
    }
    for text in ["ns:", "image~reg", "label:te", "node:node-a-00"] {
        let (middle, worst, found) = measure(9, || filter::complete(world, text, text.len()).offers.len());
        row(&format!("complete `{text}`"), (middle, worst), &format!("{found} offers"), "≤ 100 ms");
    }
}

fn main() {
    let estate = Estate::new(Shape::K8S_MAX, 11);
    let world = world(&estate);
    let placed = alerts::placed(&world);
    let now = chrono::DateTime::parse_from_rfc3339("2026-03-01T12:00:00Z").expect("an instant").to_utc();
    println!("K8s-max has {} objects, {} streets, {} cases", world.len(), world.calls().len(), placed.cases.len());
    filters(&world, &placed, now);
    for words in [vec!["cart"], vec!["a"], vec!["pod", "shop"], vec!["deployment", "web"]] {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let (middle, worst, found) = measure(15, || topology::search(&world, &words, 24).len());
        row(&format!("search {words:?}"), (middle, worst), &format!("{found} hits"), "≤ 100 ms");
    }
    let houses = world.houses();
    let callers = |house: &ObjectKey| world.id_of(house).map_or(0, |id| world.callers_of(id).len());
    let most_called = houses.iter().max_by_key(|house| callers(house)).expect("a house").clone();
    let everywhere = houses.iter().find(|house| house.kind == "DaemonSet").expect("a DaemonSet").clone();
    let node = world.objects().find(|object| object.key.kind == "Node").expect("a node").key.clone();
    let config = world.objects().find(|object| object.key.kind == "ConfigMap").expect("a ConfigMap").key.clone();
    for (name, key) in [
        ("the most called house", &most_called),
        ("a node", &node),
        ("a ConfigMap", &config),
        ("a DaemonSet", &everywhere),
    ] {
        for hops in [3, 10] {
            let (middle, worst, found) = measure(15, || topology::blast_radius(&world, key, hops).len());
            row(
                &format!("blast radius of {name}, {hops} steps"),
                (middle, worst),
                &format!("{found} reached"),
                "≤ 50 ms",
            );
        }
        let (middle, worst, found) = measure(15, || topology::upstream(&world, key, 10).len());
        row(&format!("what {name} needs, 10 steps"), (middle, worst), &format!("{found} reached"), "≤ 50 ms");
        let (middle, worst, found) =
            measure(15, || topology::shared(&world, key).things.iter().map(|it| it.with.len()).sum::<usize>());
        row(&format!("who shares with {name}"), (middle, worst), &format!("{found} sharers"), "≤ 50 ms");
    }
    let last = houses.last().expect("a house");
    for (name, from, to) in [("two houses", &houses[0], last), ("a ConfigMap and a house", &config, last)] {
        let (middle, worst, found) = measure(9, || topology::path(&world, from, to).map(|steps| steps.len()));
        row(&format!("the way between {name}"), (middle, worst), &format!("{found:?} steps"), "≤ 700 ms");
    }
    let mut plan = Plan::default();
    plan.update(&world);
    for policies in [false, true] {
        let options = SceneOptions { policies, ..SceneOptions::default() };
        let (middle, worst, bytes) = measure(5, || scene(&world, &plan, &placed, &options).len());
        row(
            &format!("scene, verdicts {policies}"),
            (middle, worst),
            &format!("{bytes} bytes"),
            if policies { "" } else { "≤ 100 ms" },
        );
    }
}
