//! The engine's core at the two reference shapes: decoding, the full build, one change, memory. One row per figure with
//! its target; `cargo bench -p broadstreet-core --bench scale -- census` measures one shape only.

#[path = "../../../../tests/support/estate/mod.rs"]
#[allow(dead_code, missing_docs, unused_imports)]
mod estate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use broadstreet_core::alerts::{Alert, Placed, placed};
use broadstreet_core::plan::{Drawing, Lens, Plan, SceneOptions, Unpaved, scene};
use broadstreet_core::resource::{Json, Object, reduce_json};
use broadstreet_core::world::{Change, Delta, World};
use estate::{Estate, Shape};

/// As in the programs people start.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As many objects as a page of a list holds.
const PAGE: usize = 500;

/// Where one figure of a shape may reach.
struct Targets {
    /// Seconds.
    build: f64,
    decode: &'static str,
}

const CLUSTER: &str = "11111111-2222-4333-8444-555555555555";

fn main() -> std::io::Result<()> {
    let only: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let shapes = [
        (Shape::CENSUS, Targets { build: 0.5, decode: "" }),
        (Shape::K8S_MAX, Targets { build: 2.0, decode: "≤ 2.5 s" }),
    ];
    for (shape, targets) in shapes {
        if only.iter().any(|word| word == shape.name) {
            measure(shape, &targets);
        } else if only.is_empty() {
            // A process of its own: memory another shape left behind is not this one's.
            let ended = std::process::Command::new(std::env::current_exe()?).arg(shape.name).status()?;
            assert!(ended.success(), "the run of {} ended badly", shape.name);
        }
    }
    Ok(())
}

/// Reads an object as the watches read a page.
fn decode(text: String) -> Object {
    // What comes over a socket is bytes.
    let bytes = text.into_bytes();
    let text = std::str::from_utf8(&bytes).expect("the generator writes text");
    let json = Json::read(text).expect("the generator writes JSON");
    reduce_json(CLUSTER, &json).expect("the generator writes objects")
}

fn row(shape: &str, what: &str, measured: String, target: &str) {
    println!("| core, {shape}: {what} | {target} | {measured} |");
}

/// How long this thread has had a processor: what others do on the machine does not count.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// Megabytes the process holds now.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

fn measure(shape: Shape, targets: &Targets) {
    let estate = Estate::new(shape, 11);
    let before = resident();
    let mut world = World::new();
    let (mut bytes, mut objects) = (0, 0);
    let (mut pods, mut others, mut building) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut page: Vec<String> = Vec::new();
    let mut build = |page: &mut Vec<String>| {
        let is_pods = page.first().is_some_and(|text| text.contains("\"kind\":\"Pod\""));
        let (count, size) = (page.len(), page.iter().map(String::len).sum::<usize>());
        let began = on_cpu();
        let changes: Vec<Change> = page.drain(..).map(|text| Change::Object(Arc::new(decode(text)))).collect();
        let decoded = on_cpu();
        world.take_all(changes);
        building += on_cpu() - decoded;
        if is_pods {
            bytes += size;
            pods += decoded - began;
        } else {
            others += decoded - began;
        }
        objects += count;
    };
    estate.each(|text| {
        // A page holds one kind, as a list does: pods come last.
        let turns =
            text.contains("\"generateName\"") != page.last().is_some_and(|last| last.contains("\"generateName\""));
        if page.len() == PAGE || (turns && !page.is_empty()) {
            build(&mut page);
        }
        page.push(text.to_owned());
    });
    build(&mut page);
    let speed = bytes as f64 / 1e6 / pods.as_secs_f64();
    row(shape.name, "objects", objects.to_string(), "");
    row(shape.name, "decode its pods", format!("{:.2} s, {speed:.0} MB/s", pods.as_secs_f64()), targets.decode);
    row(shape.name, "decode all else", format!("{:.2} s", others.as_secs_f64()), "");
    row(
        shape.name,
        "full build, page by page",
        format!("{:.2} s", building.as_secs_f64()),
        &format!("≤ {} s", targets.build),
    );
    row(shape.name, "resident with the world", format!("{} MB", resident() - before), "");
    changes_one_by_one(shape, &estate, &mut world);
    let keyframe = world.keyframe();
    drop(world);
    // As for a moment of the past: what was read from a keyframe, which nobody else holds.
    let (building, whole) = on_cpu_of(|| {
        let mut whole = World::new();
        whole.take_all(keyframe);
        whole
    });
    assert!(whole.len() > shape.pods / 2, "the world was built");
    let target = format!("≤ {} s", targets.build);
    row(shape.name, "full build from reduced objects at once", format!("{:.2} s", building.as_secs_f64()), &target);
}

/// An alert for each of as many unwell pods as the shape has alerts, as kube-state-metrics tells them.
fn alerts(estate: &Estate) -> Vec<Change> {
    let pods = (0..estate.shape.pods).filter(|pod| estate.is_unwell(*pod)).take(estate.shape.alerts);
    let alert = |pod: usize| {
        let object = decode(estate.changed_pod(pod, 0));
        let labels = [
            ("alertname", "KubePodCrashLooping"),
            ("severity", "warning"),
            ("job", "kube-state-metrics"),
            ("namespace", &object.key.namespace),
            ("pod", &object.key.name),
        ];
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Change::Alert(Box::new(Alert { id: format!("{pod:08}"), labels, ..Alert::default() }))
    };
    pods.map(alert).collect()
}

fn on_cpu_of<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = on_cpu();
    let done = work();
    (on_cpu() - began, done)
}

/// The shortest of several times, each of something made anew: the kernel counts a thread's time in steps of milliseconds,
/// too coarse for what takes few, and what others do on the machine only makes it longer.
fn shortest_of<T>(make: impl Fn() -> T, work: impl Fn(&mut T)) -> (Duration, T) {
    let run = |it: &mut T| {
        let began = Instant::now();
        work(it);
        began.elapsed()
    };
    let mut last = make();
    let mut least = run(&mut last);
    for _ in 1..9 {
        drop(std::mem::replace(&mut last, make()));
        least = least.min(run(&mut last));
    }
    (least, last)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// What one change took.
struct Step {
    followed: Duration,
    drawn: Duration,
    size: usize,
}

/// The map as a screen holds it.
struct Map {
    drawing: Drawing,
    placed: Placed,
    revision: u32,
}

impl Map {
    fn new(placed: Placed) -> Self {
        Self { drawing: Drawing::new(Lens::Namespaces, false, "map".to_owned()), placed, revision: 0 }
    }

    /// How many bytes lead to the map of now.
    fn answer(&mut self, world: &World, plan: &Plan) -> usize {
        let held = format!("map.{}", self.revision);
        self.revision += 1;
        let options = SceneOptions { revision: self.revision, ..SceneOptions::default() };
        self.drawing.answer(world, plan, &self.placed, &options, Some(&held)).len()
    }
}

/// New workloads in a large namespace: houses move in, and streets run anew.
fn houses_one_by_one(shape: Shape, world: &mut World, plan: &mut Plan, map: &mut Map) {
    let mut times: Vec<Duration> = (0..20)
        .map(|n| {
            let workload = format!(
                r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"late-{n}","namespace":"kube-system"}},"spec":{{"replicas":1}}}}"#
            );
            let change = Change::Object(Arc::new(decode(workload)));
            let began = Instant::now();
            let delta = world.take_all([change]);
            plan.follow(world, &delta);
            map.drawing.note(&delta);
            std::hint::black_box(map.answer(world, plan));
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    row(shape.name, "a new workload into world, plan and the step of the scene", format!("p50 {:.1?}", times[10]), "");
}

fn changes_one_by_one(shape: Shape, estate: &Estate, world: &mut World) {
    // As in the product, where a cluster says who it is before anything else.
    world.apply(&Change::Cluster { id: CLUSTER.to_owned(), label: shape.name.to_owned(), version: String::new() });
    world.apply_all(&alerts(estate));
    // What asks for everything in order, such as a filter, pays for the first order of keys once; the plan does not ask.
    let (ordering, _) = on_cpu_of(|| world.objects().count());
    row(shape.name, "all keys in order, the first time", milliseconds(ordering), "");
    let (placing, known) = on_cpu_of(|| placed(world));
    let count = known.cases.len();
    row(shape.name, &format!("place all {count} alerts"), milliseconds(placing), "");
    let (laying, mut plan) = shortest_of(Plan::default, |plan| plan.update(world));
    let target = if shape.name == "K8s-max" { "≤ 25 ms" } else { "" };
    row(shape.name, "plan from nothing", milliseconds(laying), target);
    let unpaved = Unpaved::of(world, &plan);
    let (paving, streets) = shortest_of(|| 0, |streets| *streets = unpaved.pave());
    row(shape.name, &format!("all {streets} streets"), milliseconds(paving), "≤ 100 ms");
    for lens in [Lens::Namespaces, Lens::Nodes] {
        let options = SceneOptions { lens, ..SceneOptions::default() };
        let (drawing, bytes) = on_cpu_of(|| scene(world, &plan, &known, &options));
        let size = bytes.len() as f64 / 1e6;
        row(shape.name, &format!("scene of {lens}, {size:.1} MB"), milliseconds(drawing), "≤ 100 ms");
    }
    let mut map = Map::new(known);
    map.answer(world, &plan);
    let mut steps: Vec<Step> = (0..2_000u32)
        .map(|n| {
            let pod = (n as usize * 7_919) % shape.pods;
            let change = Change::Object(Arc::new(decode(estate.changed_pod(pod, 1 + n / 500))));
            let began = Instant::now();
            let delta = world.take_all([change]);
            plan.follow(world, &delta);
            if !delta.moved.is_empty() {
                map.placed = placed(world);
            }
            let followed = began.elapsed();
            map.drawing.note(&delta);
            let size = map.answer(world, &plan);
            Step { followed, drawn: began.elapsed(), size }
        })
        .collect();
    let mut told = |what: &str, of: fn(&Step) -> Duration| {
        steps.sort_unstable_by_key(of);
        let (half, most) = (of(&steps[steps.len() / 2]), of(&steps[steps.len() * 99 / 100]));
        row(
            shape.name,
            &format!("one pod change into {what}"),
            format!("{} p99, p50 {half:.1?}", milliseconds(most)),
            "≤ 5 ms",
        );
    };
    told("world, health, cases and plan", |step| step.followed);
    told("world, health, cases, plan and the step of the scene", |step| step.drawn);
    let size = steps.iter().map(|step| step.size).sum::<usize>() / steps.len();
    row(shape.name, "the step of the scene after one pod change", format!("{size} bytes in the mean"), "");
    houses_one_by_one(shape, world, &mut plan, &mut map);
    let mut delta = Delta::default();
    for n in 0..1_000 {
        let gone = decode(estate.changed_pod((n * 104_729) % shape.pods, 0));
        delta.extend(world.apply(&Change::Gone { key: gone.key.clone(), uid: String::new() }));
    }
    let (following, _) = shortest_of(|| plan.clone(), |plan| plan.follow(world, &delta));
    row(shape.name, "1,000 changes into the plan", milliseconds(following), "≤ 1 ms");
}
