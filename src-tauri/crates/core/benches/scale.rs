//! The engine's core at the two reference shapes: decoding, the full build, one change, memory. One row per figure with
//! its target; `cargo bench -p broadstreet-core --bench scale -- census` measures one shape only.

#[path = "../../../../tests/support/estate/mod.rs"]
#[allow(dead_code, missing_docs, unused_imports)]
mod estate;

use std::time::{Duration, Instant};

use broadstreet_core::resource::reduce;
use broadstreet_core::world::{Change, World};
use estate::{Estate, Shape};

/// Where one figure of a shape may reach.
struct Targets {
    build: Duration,
    memory: u64,
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let shapes = [
        (Shape::CENSUS, Targets { build: Duration::from_millis(500), memory: 150 }),
        (Shape::K8S_MAX, Targets { build: Duration::from_secs(2), memory: 300 }),
    ];
    for (shape, targets) in shapes {
        if only.is_empty() || only.iter().any(|word| shape.name.contains(word.as_str())) {
            measure(shape, &targets);
        }
    }
}

fn row(shape: &str, what: &str, measured: String, target: &str) {
    println!("{shape}: {what}: {measured} ({target})");
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
    let mut bytes = 0;
    let mut decoding = Duration::ZERO;
    let mut changes = Vec::new();
    estate.each(|text| {
        bytes += text.len();
        let began = Instant::now();
        let value = serde_json::from_str(text).expect("the generator writes JSON");
        let object = reduce("11111111-2222-4333-8444-555555555555", &value).expect("the generator writes objects");
        decoding += began.elapsed();
        changes.push(Change::Object(Box::new(object)));
    });
    row(shape.name, "objects", changes.len().to_string(), "");
    row(
        shape.name,
        "decode every object",
        format!("{:.2} s, {} MB/s", decoding.as_secs_f64(), (bytes as f64 / 1e6 / decoding.as_secs_f64()) as u64),
        "",
    );
    row(shape.name, "reduced objects held", format!("{} MB", resident() - before), "");
    let began = Instant::now();
    let mut world = World::from_changes(&changes);
    let took = began.elapsed();
    row(shape.name, "full build from reduced objects", format!("{took:.0?}"), &format!("≤ {:?}", targets.build));
    drop(changes);
    row(
        shape.name,
        "resident with the world alone",
        format!("{} MB", resident() - before),
        &format!("≤ {} MB", targets.memory),
    );
    let mut times: Vec<Duration> = (0..2_000u32)
        .map(|n| {
            let pod = (n as usize * 7_919) % shape.pods;
            let value = serde_json::from_str(&estate.changed_pod(pod, 1 + n / 500)).expect("JSON");
            let change =
                Change::Object(Box::new(reduce("11111111-2222-4333-8444-555555555555", &value).expect("a pod")));
            let began = Instant::now();
            std::hint::black_box(world.apply(&change));
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    row(
        shape.name,
        "one pod change into the world",
        format!("p50 {:.1?}, p99 {:.1?}", times[times.len() / 2], times[times.len() * 99 / 100]),
        "≤ 5 ms with health, cases, plan and scene",
    );
}
