//! A made-up city of the reference shapes, served by the API server of the tests and by an Alertmanager that tells its
//! alerts: what measurements and pictures of large clusters open. `cargo run --release --example city -- k8s-max`.
//!
//! It prints one line, `{"kubeconfig":…,"alertmanager":…,"pods":…}`, and then does what lines on its input say until that
//! ends: `deploy NAMESPACE NAME` makes a Deployment, `churn N` changes N pods a second, `churn 0` none.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use broadstreet_tests::apiserver::{ApiServer, Kept, kinds};
use broadstreet_tests::estate::{Estate, Foundry, Shape};
use broadstreet_tests::peer::{Asked, Server, Told};
use serde_json::{Value, json};

/// As in the program it is asked by: beside that it is not what a measurement waits for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some(shape) =
        [Shape::CENSUS, Shape::K8S_MAX].into_iter().find(|shape| shape.name.eq_ignore_ascii_case(&wanted))
    else {
        eprintln!("say which city: {} or {}", Shape::CENSUS.name, Shape::K8S_MAX.name);
        return ExitCode::from(2);
    };
    let estate = Arc::new(Estate::new(shape, 11));
    let server = ApiServer::start();
    for (plural, name) in [("pods", "cart"), ("namespaces", "shop")] {
        server.delete(plural, if plural == "pods" { "shop" } else { "" }, name);
    }
    let foundry = Arc::new(Foundry::new(Arc::clone(&estate)));
    let (places, alerts) = fill(&server, &estate, &foundry);
    let alertmanager = Server::start(move |asked| told(asked, &alerts));
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, config(shape.name, &server.server.address)).expect("a kubeconfig");
    let said = json!({ "kubeconfig": kubeconfig, "alertmanager": alertmanager.address, "pods": shape.pods });
    println!("{said}");
    std::io::stdout().flush().expect("a listener");

    let churn = Arc::new(AtomicUsize::new(0));
    let (kept, rate) = (server.kept(), Arc::clone(&churn));
    std::thread::spawn(move || change_pods(&kept, &foundry, &places, &rate));
    for line in std::io::stdin().lines().map_while(Result::ok) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["deploy", namespace, name] => server.put("deployments", deployment(namespace, name)),
            ["churn", number] => churn.store(number.parse().unwrap_or(0), Ordering::Relaxed),
            _ => eprintln!("not understood: {line}"),
        }
    }
    ExitCode::SUCCESS
}

fn config(name: &str, address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {name}\ncontexts: [{{name: {name}, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{server: \"{address}\"}}}}]\nusers: [{{name: u, user: {{}}}}]\n"
    )
}

/// Puts every object in place; answers where the pods are, and the alerts, one for each of the first unwell pods.
fn fill(server: &Kept, estate: &Estate, foundry: &Arc<Foundry>) -> (Vec<(String, String)>, String) {
    let plurals: BTreeMap<String, String> =
        kinds::built_in().into_iter().map(|kind| (kind.kind, kind.plural)).collect();
    let mut places = Vec::with_capacity(estate.shape.pods);
    let mut alerts = Vec::new();
    estate.each(|text| {
        let object: Value = serde_json::from_str(text).expect("the generator writes JSON");
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        if kind != "Pod" {
            let plural = plurals.get(&kind).unwrap_or_else(|| panic!("{kind} is not served"));
            server.put(plural, object);
            return;
        }
        let word = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (word("namespace"), word("name"));
        if alerts.len() < estate.shape.alerts && estate.is_unwell(places.len()) {
            alerts.push(alert(alerts.len(), &namespace, &name));
        }
        places.push((namespace, name));
    });
    let foundry = Arc::clone(foundry);
    server.with(|store| store.fill("pods", places.iter().cloned(), move |pod| foundry.changed_pod(pod, 0)));
    (places, Value::from(alerts).to_string())
}

/// An alert as kube-state-metrics lets Prometheus tell it; every fifth is critical.
fn alert(number: usize, namespace: &str, pod: &str) -> Value {
    let severity = if number.is_multiple_of(5) { "critical" } else { "warning" };
    json!({
        "labels": { "alertname": "KubePodCrashLooping", "severity": severity, "job": "kube-state-metrics", "namespace": namespace, "pod": pod },
        "annotations": { "summary": "Pod is crash looping." },
        "startsAt": "2026-11-29T08:00:00Z", "updatedAt": "2026-11-29T08:00:00Z", "endsAt": "2036-11-29T08:00:00Z",
        "fingerprint": format!("{number:016x}"), "receivers": [{ "name": "pager" }], "generatorURL": "",
        "status": { "state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": [] },
    })
}

fn told(asked: &Asked, alerts: &str) -> Told {
    match asked.path.as_str() {
        "/api/v2/alerts" => Told::ok(alerts),
        "/api/v2/status" => Told::ok(
            json!({
                "cluster": { "status": "ready", "peers": [] }, "uptime": "2026-11-29T08:00:00Z",
                "config": { "original": "route:\n  receiver: pager\nreceivers:\n- name: pager\n  webhook_configs:\n  - url: http://pager.test/\n" },
                "versionInfo": { "version": "0.34.0", "branch": "", "revision": "", "buildDate": "", "buildUser": "", "goVersion": "" },
            })
            .to_string(),
        ),
        "/api/v2/receivers" => Told::ok(r#"[{"name":"pager"}]"#),
        _ => Told::ok("[]"),
    }
}

fn deployment(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": namespace, "uid": format!("uid-{namespace}-{name}"), "resourceVersion": "1" },
        "spec": { "replicas": 0, "selector": { "matchLabels": { "app": name } }, "template": { "metadata": { "labels": { "app": name } }, "spec": { "containers": [{ "name": "c", "image": "i:1" }] } } },
        "status": {},
    })
}

/// Changes pods, spread over the city, as many a second as `rate` says.
#[allow(clippy::disallowed_methods, reason = "so many a second is what it is for")]
fn change_pods(server: &Kept, foundry: &Foundry, places: &[(String, String)], rate: &AtomicUsize) {
    let mut change = 0usize;
    loop {
        let began = Instant::now();
        for _ in 0..rate.load(Ordering::Relaxed).div_ceil(20) {
            let pod = (change * 7_919) % places.len();
            let nth = 1 + (change / places.len()) as u32;
            server.with(|store| {
                store.put_made("pods", places[pod].clone(), |version| foundry.pod(pod, nth, Some(version)));
            });
            change += 1;
        }
        std::thread::sleep(Duration::from_millis(50).saturating_sub(began.elapsed()));
    }
}
