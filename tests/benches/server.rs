//! A cluster of 150,000 pods behind an API server on this machine: how long until the first blocks are there to be drawn,
//! and until the map is complete. One row per figure with its target; `cargo bench -p broadstreet-tests --bench server`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use broadstreet_cluster::{Environment, KubeCluster, Limits, Places};
use broadstreet_core::plan::{SceneOptions, scene};
use broadstreet_core::ports::ContextChoice;
use broadstreet_engine::seen::Seen;
use broadstreet_tests::apiserver::ApiServer;
use broadstreet_tests::estate::{Estate, Shape};
use broadstreet_tests::scripted::TestDesk;
use serde::Deserialize;

/// As in the programs people start.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What of an object says where it lies.
#[derive(Deserialize)]
struct About {
    kind: String,
    metadata: Named,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    namespace: String,
    name: String,
}

/// Objects of one kind as text, each with its namespace and name.
type Shelf = Vec<((String, String), String)>;

fn main() {
    let shape = Shape::K8S_MAX;
    let server = ApiServer::start();
    let objects = fill(&server, &Estate::new(shape, 11));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (first, complete) = runtime.block_on(measure(&server, shape.pods));
    row("first blocks, from a server on this machine", first, "≤ 3 s");
    row(&format!("complete map of {objects} objects, from a server on this machine"), complete, "≤ 15 s");
}

fn row(what: &str, measured: Duration, target: &str) {
    println!("| engine, K8s-max: {what} | {target} | {:.2} s |", measured.as_secs_f64());
}

/// Puts an estate into the server, as text that is only copied when it is asked for; says how many objects that are.
fn fill(server: &ApiServer, estate: &Estate) -> usize {
    let mut shelves: BTreeMap<String, Shelf> = BTreeMap::new();
    let plurals: BTreeMap<String, String> =
        server.with(|store| store.resources.iter().map(|it| (it.kind.to_string(), it.plural.to_string())).collect());
    let mut objects = 0;
    estate.each(|text| {
        let about: About = serde_json::from_str(text).expect("the generator writes objects");
        let plural = plurals.get(&about.kind).unwrap_or_else(|| panic!("{} is not served", about.kind)).clone();
        let place = (about.metadata.namespace, about.metadata.name);
        shelves.entry(plural).or_default().push((place, text.to_owned()));
        objects += 1;
    });
    server.with(|store| {
        for (plural, objects) in shelves {
            let (places, texts): (Vec<_>, Vec<_>) = objects.into_iter().unzip();
            store.fill(&plural, places, move |number| texts[number].clone());
        }
    });
    objects
}

fn has_blocks(seen: &Seen) -> bool {
    let plan = seen.plan().to_json();
    let mut districts = plan["districts"].as_object().into_iter().flatten();
    districts.any(|(_, it)| it["namespaces"]["blocks"].as_array().is_some_and(|blocks| !blocks.is_empty()))
}

async fn measure(server: &ApiServer, pods: usize) -> (Duration, Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters:\n- name: c\n  cluster: {{server: '{}'}}\n\
         users:\n- name: u\n  user: {{}}\ncontexts:\n- name: lab\n  context: {{cluster: c, user: u}}\n",
        server.server.address
    );
    std::fs::write(&kubeconfig, text).expect("a kubeconfig");
    let environment = Environment { places: Places::default(), ..Environment::default() };
    let desk = TestDesk::watching(Arc::new(KubeCluster::with(environment, Limits::default())), "Mei").await;
    let began = Instant::now();
    let choice = ContextChoice { kubeconfig: Some(kubeconfig.display().to_string()), ..ContextChoice::default() };
    desk.engine.open_context(choice).await.expect("a cluster");
    let draw = |seen: &Seen| scene(seen.world(), seen.plan(), seen.placed(), &SceneOptions::default()).len();
    let mut first = None;
    loop {
        let seen = desk.engine.look(None).await.expect("a look");
        if first.is_none() && has_blocks(&seen) {
            assert!(draw(&seen) > 0, "the first blocks are drawn");
            first = Some(began.elapsed());
        }
        if seen.live().is_some_and(|state| state.in_sync) {
            assert!(seen.world().len() > pods, "everything was read");
            assert!(draw(&seen) > 0, "the whole map is drawn");
            break;
        }
        drop(seen);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let complete = began.elapsed();
    desk.engine.stop().await;
    (first.expect("the whole map has blocks"), complete)
}
