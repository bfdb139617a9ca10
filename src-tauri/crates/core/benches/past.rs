//! Going to a moment of a recording at the two reference shapes: an hour of fifty changes a second after a keyframe, read
//! as it lies at rest. One row per figure with its target; `cargo bench -p broadstreet-core --bench past -- census`.

#[path = "../../../../tests/support/estate/mod.rs"]
#[allow(dead_code, missing_docs, unused_imports)]
mod estate;

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::plan::{Lens, Plan, SceneOptions, scene};
use broadstreet_core::recording::{Known, Piece, Reading, Segment, Taken, Track, decode, pieces, with_plan_at};
use broadstreet_core::resource::{Json, reduce_json};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, World};
use estate::{Estate, Shape};

/// As in the programs people start.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLUSTER: &str = "11111111-2222-4333-8444-555555555555";

/// Changes a second, as the targets say.
const CHANGES: i64 = 50;

/// Seconds of changes.
const SECONDS: i64 = 3_600;

/// One change in so many moves something: a pod is replaced by another.
const MOVES: usize = 40;

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for shape in [Shape::CENSUS, Shape::K8S_MAX] {
        if words.iter().any(|word| word == shape.name) {
            measure(shape, words.iter().any(|word| word == "whole"));
        } else if words.is_empty() {
            // A process of its own: memory another shape left behind is not this one's.
            let ended = std::process::Command::new(std::env::current_exe()?).arg(shape.name).status()?;
            assert!(ended.success(), "the run of {} ended badly", shape.name);
        }
    }
    Ok(())
}

fn row(shape: Shape, what: &str, took: Duration, target: &str) {
    println!("| past, {}: {what} | {target} | {:.1} ms |", shape.name, took.as_secs_f64() * 1e3);
}

/// How long this thread has had a processor: what others do on the machine does not count.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = on_cpu();
    let done = work();
    (on_cpu() - began, done)
}

fn read(text: &str) -> Change {
    let json: Json<'_> = serde_json::from_str(text).expect("the generator writes JSON");
    Change::Object(Arc::new(reduce_json(CLUSTER, &json).expect("the generator writes objects")))
}

fn moment(change: i64) -> Moment {
    Moment::from_timestamp_micros(1_800_000_000_000_000 + change * 1_000_000 / CHANGES).expect("a moment")
}

/// The pieces of a segment, as the engine has them kept, second by second.
fn recorded(shape: Shape) -> Vec<(i64, Vec<u8>)> {
    let estate = Estate::new(shape, 11);
    let mut world = World::new();
    world.apply(&Change::Cluster { id: CLUSTER.to_owned(), label: shape.name.to_owned(), version: String::new() });
    let mut page = Vec::new();
    estate.each(|text| {
        page.push(read(text));
        if page.len() == 500 {
            world.take_all(page.drain(..));
        }
    });
    world.take_all(page);
    let mut plan = Plan::default();
    plan.update(&world);
    let from = Some(moment(0));
    let segment = Segment { from, until: from, keyframe: world.keyframe(), plan: plan.to_json(), changes: Vec::new() };
    let first: Vec<Vec<u8>> = pieces(&segment).collect();
    let before = first.len() as i64;
    let mut all: Vec<(i64, Vec<u8>)> = (-before..).zip(first).collect();
    let mut number = 0usize;
    for second in 0..SECONDS {
        let mut changes = Vec::new();
        for _ in 0..CHANGES {
            let pod = (number * 7_919) % shape.pods;
            let mut told = vec![read(&estate.changed_pod(pod, 1 + (number / shape.pods) as u32))];
            if number % MOVES == MOVES - 1
                && let Change::Object(object) = &told[0]
            {
                let mut next = (**object).clone();
                next.uid = format!("{}-{number}", next.uid).as_str().into();
                told.insert(0, Change::Gone { key: next.key.clone(), uid: String::new() });
                told[1] = Change::Object(Arc::new(next));
            }
            for change in told {
                let base = match &change {
                    Change::Object(object) => world.shared_object(&object.key).cloned(),
                    _ => None,
                };
                world.apply(&change);
                changes.push(Taken { at: moment(second * CHANGES), change, base });
            }
            number += 1;
        }
        let kept = all.last().map_or(0, |(first, _)| *first).max(0);
        let piece = Piece { first: kept as usize, until: moment(second * CHANGES), changes };
        all.extend(piece.parts().map(|(_, bytes)| (second * 1_000, bytes)));
    }
    all
}

fn measure(shape: Shape, whole: bool) {
    let mut parts = recorded(shape);
    // Numbered as the store numbers them.
    let mut at = 0;
    let (_, first) = parts.remove(0);
    let (took, mut track) = timed(|| Track::begin(&first).expect("a first piece"));
    let mut reading = took;
    for (number, bytes) in &mut parts {
        if *number >= 0 {
            *number = at;
        }
        reading += timed(|| track.read(*number, bytes).expect("a piece")).0;
        at = track.len() as i64;
    }
    row(shape, "read where everything is", reading, "");
    println!("| past, {}: that in memory | | {} MB |", shape.name, track.weight() >> 20);
    let half = track.len() / 2;
    let (took, mut known) = timed(|| Known::at(&track, half).expect("a world"));
    row(shape, "the world of a moment from nothing", took, "");
    row(shape, "its alerts", timed(|| known.settle()).0, "");
    let (took, copy) = timed(|| known.clone());
    row(shape, "a copy of it", took, "");
    drop(copy);
    let options = SceneOptions { lens: Lens::Namespaces, ..SceneOptions::default() };
    row(shape, "its scene", timed(|| scene(known.world(), known.plan(), known.placed(), &options)).0, "≤ 100 ms");
    for (what, place) in [
        ("a second later", half + 50),
        ("a minute later", half + 3_050),
        ("a second before", half + 3_000),
        ("a minute before", half),
        ("a quarter of an hour later", half + 45_000),
        ("a quarter of an hour before", half),
        ("the end of the hour", track.len()),
        ("its beginning", 0),
    ] {
        row(shape, what, timed(|| known.go(&track, place).expect("a world")).0, "≤ 200 ms");
    }
    if whole {
        let (took, segment) = timed(|| {
            let mut reading = Reading::new(decode(&first).expect("a first piece"));
            for (_, bytes) in &parts {
                reading.read(bytes).expect("a piece");
            }
            reading.finish()
        });
        row(shape, "the whole segment read", took, "");
        let at = segment.changes[half].at;
        row(shape, "its world from the whole segment", timed(|| with_plan_at(&segment, at)).0, "");
    }
}
