//! The whole engine at the two reference shapes: what it holds when a cluster was listed and while it is listed again,
//! what hours of changes cost in memory and on disk, how fast a moment of the past is there. One row per figure with its
//! target; `cargo bench -p broadstreet-tests --bench engine -- census 24` is one shape and 24 simulated hours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use broadstreet_core::plan::Lens;
use broadstreet_core::ports::{ContextChoice, Observation};
use broadstreet_core::resource::{Json, reduce_json};
use broadstreet_core::topology::{self, filter};
use broadstreet_core::world::Change;
use broadstreet_engine::live::Input;
use broadstreet_tests::estate::{Estate, Shape};
use broadstreet_tests::scripted::TestDesk;

/// As in the programs people start.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As many objects as a page of a list holds.
const PAGE: usize = 500;

/// Changes a second, as the targets say.
const CHANGES: usize = 50;

/// Simulated seconds that reach the engine at once: it rests between two rounds, which would take hours.
const STEP: usize = 10;

/// Simulated hours where nothing else is asked for.
const HOURS: usize = 4;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let hours = words.iter().find_map(|word| word.parse().ok()).unwrap_or(HOURS);
    let shapes = [(Shape::CENSUS, 150), (Shape::K8S_MAX, 300)];
    for (shape, megabytes) in shapes {
        if words.iter().any(|word| word == shape.name) {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            runtime.block_on(measure(shape, megabytes, hours));
        } else if words.iter().all(|word| word.parse::<usize>().is_ok()) {
            // A process of its own: memory another shape left behind is not this one's.
            let own = std::env::current_exe().expect("a program");
            let ended = std::process::Command::new(own).args([shape.name, &hours.to_string()]).status();
            assert!(ended.expect("a run").success(), "the run of {} ended badly", shape.name);
        }
    }
}

fn row(shape: Shape, what: &str, measured: &str, target: &str) {
    println!("| engine, {}: {what} | {target} | {measured} |", shape.name);
}

/// A line of the process's status in megabytes.
fn megabytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|it| it.strip_prefix(line)?.strip_prefix(':')).unwrap_or("0");
    found.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

/// Begins to look for the most memory held from now on.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn decode(text: &str) -> Change {
    let json: Json<'_> = serde_json::from_str(text).expect("the generator writes JSON");
    Change::Object(Arc::new(reduce_json("c", &json).expect("the generator writes objects")))
}

/// Hands every page of a list to `take`, decoded as the watches decode it.
async fn list(estate: &Estate, mut take: impl AsyncFnMut(Vec<Change>)) {
    let (pages, mut waiting) = tokio::sync::mpsc::channel::<Vec<Change>>(2);
    let estate = estate.clone();
    let reading = std::thread::spawn(move || {
        let mut page = Vec::with_capacity(PAGE);
        estate.each(|text| {
            page.push(decode(text));
            if page.len() == PAGE {
                let _ = pages.blocking_send(std::mem::take(&mut page));
            }
        });
        let _ = pages.blocking_send(page);
    });
    while let Some(page) = waiting.recv().await {
        take(page).await;
    }
    reading.join().expect("the list was read");
}

/// Waits until the engine took everything and kept it.
async fn at_rest(desk: &TestDesk) {
    let mut quiet = 0;
    let mut last = None;
    while quiet < 3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let seen = desk.engine.look(None).await.expect("a look");
        let now = seen.live().map(|state| {
            (
                state.world.len(),
                state.revision,
                state.tapes.values().map(broadstreet_engine::live::Tape::held).sum::<usize>(),
            )
        });
        quiet = if now == last && now.is_some_and(|(.., held)| held == 0) { quiet + 1 } else { 0 };
        last = now;
    }
}

async fn objects(desk: &TestDesk) -> usize {
    desk.engine.look(None).await.expect("a look").world().len()
}

async fn measure(shape: Shape, most: u64, hours: usize) {
    let estate = Estate::new(shape, 11);
    let desk = TestDesk::new("Mei").await;
    desk.engine.open_context(ContextChoice::default()).await.expect("a cluster");
    let before = megabytes("VmRSS");
    forget_peak();
    let began = Instant::now();
    let mut told = 0;
    list(&estate, async |page| {
        told += page.len();
        desk.cluster.say(Observation::Changes(page)).await;
        // A watch waits for the writer.
        while objects(&desk).await + 4 * PAGE < told {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    desk.cluster.say(Observation::InSync).await;
    desk.settle(|state| state.in_sync).await;
    let complete = began.elapsed();
    at_rest(&desk).await;
    let steady = megabytes("VmRSS") - before;
    row(shape, "first list, complete map", &format!("{:.1} s", complete.as_secs_f64()), "≤ 15 s");
    row(shape, "resident, steady", &format!("{steady} MB"), &format!("≤ {most} MB"));
    row(shape, "most during the first list", &format!("{} MB", megabytes("VmHWM") - before), "");

    forget_peak();
    let mut number = 0;
    list(&estate, async |page| {
        // What is as it was is not handed on; one in a hundred changed meanwhile.
        number += 1;
        let changed: Vec<Change> =
            page.into_iter().enumerate().filter(|(at, _)| (at + number) % 100 == 0).map(|(_, change)| change).collect();
        desk.cluster.say(Observation::Changes(changed)).await;
    })
    .await;
    at_rest(&desk).await;
    let peak = megabytes("VmHWM") - before;
    let times = peak as f64 / steady as f64;
    row(shape, "during a full relist, of steady", &format!("{times:.2} times"), "≤ 1.3 times");

    hours_of_changes(shape, &estate, &desk, before, hours).await;
    desk.engine.stop().await;
}

/// Changes at the rate of the targets, then what they cost and how fast the past is there.
async fn hours_of_changes(shape: Shape, estate: &Estate, desk: &TestDesk, before: u64, hours: usize) {
    let live = desk.engine.live().await.expect("a live cluster");
    let stored = async || desk.engine.storage().await.expect("what is used").rolling_bytes;
    let (kept, start) = (stored().await, desk.engine.now());
    let (mut change, mut early) = (0usize, 0);
    let steps = hours * 3_600 / STEP;
    // In every other round through the pods each of them that was well is not, and says more: memory is compared between
    // moments at which as many are.
    let (all, both) = (steps * STEP * CHANGES, 2 * shape.pods);
    let comparable = match (all - all / 4) / both {
        0 => steps / 4,
        rounds => (all - rounds * both) / (STEP * CHANGES),
    };
    for step in 0..steps {
        let mut changes = Vec::with_capacity(CHANGES * STEP);
        for _ in 0..CHANGES * STEP {
            let pod = (change * 7_919) % shape.pods;
            changes.push(decode(&estate.changed_pod(pod, 1 + (change / shape.pods) as u32)));
            change += 1;
        }
        desk.clock.advance(chrono::Duration::seconds(STEP as i64));
        desk.cluster.say(Observation::Changes(changes)).await;
        let _ = live.input.send(Input::Tick).await;
        let until = desk.engine.now();
        while desk.engine.look(None).await.expect("a look").live().is_some_and(|state| state.at < Some(until)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if step + 1 == comparable {
            at_rest(desk).await;
            early = megabytes("VmRSS") - before;
        }
    }
    at_rest(desk).await;
    let late = megabytes("VmRSS") - before;
    let grew = 100.0 * (late as f64 - early as f64) / early as f64;
    row(shape, &format!("memory after {hours} h of {CHANGES} changes/s"), &format!("{grew:+.1} %"), "≤ 5 %");
    let recorded = (stored().await - kept) as f64 / 1e6;
    row(
        shape,
        &format!("recording of {hours} h at {CHANGES} changes/s"),
        &format!("{recorded:.0} MB"),
        if hours == 4 && shape.name == "census" { "≤ 200 MB" } else { "" },
    );
    let half = start + chrono::Duration::minutes(30 * hours as i64);
    let beside = |seconds: i64| half + chrono::Duration::seconds(seconds);
    drawn(shape, desk, half, hours).await;
    for (what, at) in [
        ("first look at a moment of the past", half),
        ("a moment beside it", beside(40)),
        ("a second later", beside(41)),
        ("a moment before it", beside(-40)),
        ("ten minutes later", beside(600)),
        ("a quarter of all before", beside(-900 * hours as i64)),
    ] {
        let began = Instant::now();
        let seen = desk.engine.look(Some(at)).await.expect("a look");
        assert!(seen.world().len() > shape.pods, "the past holds the cluster");
        let took = began.elapsed();
        drop(seen);
        row(shape, what, &format!("{:.0} ms", took.as_secs_f64() * 1e3), "≤ 200 ms");
    }
    scrub(shape, desk, half).await;
    for (number, query) in ["status>=warning", "restarts>3", "-ns:kube-system"].into_iter().enumerate() {
        let filter = filter::parse(query).expect("the query reads");
        let began = Instant::now();
        let at = half - chrono::Duration::seconds(50 * (1 + number as i64));
        let seen = desk.engine.look(Some(at)).await.expect("a look");
        let found = filter.matching(seen.world(), seen.placed(), seen.at());
        let standing = topology::standing(seen.world(), Lens::Namespaces, &found.objects);
        let took = began.elapsed();
        let what = format!("a moment of the past and `{query}` there, {} houses", standing.houses.len());
        row(shape, &what, &format!("{:.0} ms", took.as_secs_f64() * 1e3), "≤ 700 ms");
    }
}

/// Asks for the map at moments all over the past, as the screen asks first: what was drawn when that was recorded. Nothing
/// else is read yet.
async fn drawn(shape: Shape, desk: &TestDesk, half: chrono::DateTime<chrono::Utc>, hours: usize) {
    let quarter = 900 * hours as i64;
    let mut took = Vec::new();
    for number in 0..24i64 {
        let at = half + chrono::Duration::seconds(number * 7_919 % (2 * quarter) - quarter);
        let began = Instant::now();
        let map = desk.engine.drawn(at).await.expect("an answer").expect("the map was drawn");
        took.push(began.elapsed());
        assert!(map.len() > shape.pods, "the map has a cell for each pod");
    }
    took.sort();
    let share = |part: usize| took[took.len() * part / 100].as_secs_f64() * 1e3;
    row(
        shape,
        "the map at any moment of the past, as it was drawn",
        &format!("p50 {:.0} ms, p95 {:.0} ms", share(50), share(95)),
        "p95 ≤ 200 ms",
    );
}

/// Plays a minute forward and back, the map drawn at each second: the median and the slowest of twenty.
async fn scrub(shape: Shape, desk: &TestDesk, from: chrono::DateTime<chrono::Utc>) {
    let mut took = Vec::new();
    for second in (0..60).chain((0..60).rev()) {
        let began = Instant::now();
        let seen = desk.engine.look(Some(from + chrono::Duration::seconds(second))).await.expect("a look");
        assert!(!seen.scene(Lens::Namespaces, false, None).is_empty(), "the map is drawn");
        took.push(began.elapsed());
    }
    took.sort();
    let share = |part: usize| took[took.len() * part / 100].as_secs_f64() * 1e3;
    row(
        shape,
        "playing a minute of the past, map drawn",
        &format!("p50 {:.0} ms, p95 {:.0} ms", share(50), share(95)),
        "p95 ≤ 200 ms",
    );
}
