//! Five contexts with the same names in all of them, each behind a server that takes only its own token: one accepts and never
//! answers, one is not there; later the path to a third is cut.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use broadstreet_core::health::Health;
use broadstreet_core::resource::Object;
use broadstreet_core::world::World;
use broadstreet_engine::Engine;
use broadstreet_tests::apiserver::{ApiServer, pod, status};
use serde_json::{Value, json};

use crate::freshness::{call, engine, until_desk};
use crate::patience::{HEALED_WITHIN, Limit};

const GOOD: [&str; 3] = ["eu", "us", "asia"];

/// A cluster that takes only its own token, with the same names as every other.
fn server(name: &str) -> ApiServer {
    let server = ApiServer::start();
    let about = json!({ "name": "kube-system", "uid": format!("uid-of-{name}") });
    server.put("namespaces", json!({ "metadata": about, "status": { "phase": "Active" } }));
    let labels = json!({ "app": "cart" });
    let mut cart = pod("cart-0");
    cart["metadata"]["labels"] = labels.clone();
    cart["spec"]["containers"][0]["env"] = json!([{ "name": "PAY", "value": "http://pay.shop.svc:80" }]);
    server.put("pods", cart);
    for service in ["cart", "pay"] {
        let about = json!({ "name": service, "namespace": "shop", "uid": format!("uid-{service}-service") });
        server.put("services", json!({ "metadata": about, "spec": { "selector": labels, "ports": [{ "port": 80 }] } }));
    }
    let token = format!("Bearer token-of-{name}");
    server.fault(move |asked| {
        (asked.header("authorization") != token).then(|| status(401, "Unauthorized", "not the token of this cluster"))
    });
    server
}

/// A kubeconfig of contexts, each with a user of its own.
fn kubeconfig(folder: &tempfile::TempDir, addresses: &[(&str, String)]) -> String {
    let each = |make: &dyn Fn(&str, &str) -> String| -> String {
        addresses.iter().map(|(name, address)| make(name, address)).collect()
    };
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: eu\nclusters:\n{}users:\n{}contexts:\n{}",
        each(&|name, address| format!("- name: {name}\n  cluster: {{server: '{address}'}}\n")),
        each(&|name, _| format!("- name: {name}\n  user: {{token: token-of-{name}}}\n")),
        each(&|name, _| format!("- name: {name}\n  context: {{cluster: {name}, user: {name}, namespace: shop}}\n")),
    );
    let path = folder.path().join("five");
    std::fs::write(&path, text).expect("a kubeconfig");
    path.display().to_string()
}

/// Accepts every connection, holds it and never says a word.
fn hangs() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let held: Vec<TcpStream> = listener.incoming().map_while(Result::ok).collect();
        drop(held);
    });
    format!("http://{address}")
}

/// An address at which nobody listens.
fn refuses() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

fn sources(desk: &Value) -> BTreeMap<String, Value> {
    let all = desk["sources"].as_array().cloned().unwrap_or_default();
    all.into_iter().map(|it| (it["label"].as_str().unwrap_or_default().to_owned(), it)).collect()
}

fn are_live(desk: &Value, names: &[&str]) -> bool {
    let sources = sources(desk);
    names.iter().all(|name| sources.get(*name).is_some_and(|it| it["state"] == "live"))
}

/// What a world holds of a cluster, but for which cluster that is.
fn of(world: &World, cluster: &str) -> BTreeMap<String, (Object, Health)> {
    let own = world.objects().filter(|object| object.key.cluster == cluster);
    own.map(|object| (object.key.to_string(), (object.clone(), world.health(&object.key)))).collect()
}

async fn world(engine: &Engine) -> World {
    engine.look(None).await.expect("a look").world().clone()
}

/// Pods are made in two clusters, and known.
async fn happens_in_the_others(engine: &Engine, servers: &[ApiServer], what: &str) {
    for number in 0..10 {
        let name = format!("{what}-{number}");
        for (cluster, server) in [("eu", &servers[0]), ("asia", &servers[2])] {
            server.put("pods", pod(&name));
            let made = json!({ "id": format!("uid-of-{cluster}//Pod/shop/{name}"), "at": null });
            let mut limit = Limit::of(HEALED_WITHIN);
            while call(engine, "object", made.clone()).await["exists"] != true {
                assert!(!limit.is_over(), "{name} of {cluster} is not seen while another cluster is cut off");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_clusters_stand_side_by_side_and_two_that_do_not_answer_hold_up_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let servers: Vec<ApiServer> = GOOD.iter().map(|name| server(name)).collect();
    let mut addresses: Vec<(&str, String)> =
        GOOD.iter().zip(&servers).map(|(name, server)| (*name, server.server.address.clone())).collect();
    addresses.extend([("hangs", hangs()), ("refuses", refuses())]);
    let path = kubeconfig(&folder, &addresses);
    let names: Vec<&str> = addresses.iter().map(|(name, _)| *name).collect();
    let engine = engine(&folder).await;

    call(&engine, "open_context", json!({ "kubeconfig": path, "contexts": names })).await;
    until_desk(&engine, "three are live", |desk| are_live(desk, &GOOD)).await;
    let silent = |desk: &Value| {
        let sources = sources(desk);
        ["hangs", "refuses"].iter().all(|name| {
            let it = &sources[*name];
            it["state"] == "never_answered"
                && it["code"] == "unreachable"
                && it["why"].as_str().is_some_and(|it| it.len() > 20)
        })
    };
    until_desk(&engine, "two say why", |desk| silent(desk) && are_live(desk, &GOOD)).await;

    // The path to one that lived is cut: what happens in the others is seen while it lasts, and none of them is read anew.
    let lists = |server: &ApiServer| {
        let asked = server.server.asked().into_iter();
        asked.filter(|it| it.path.starts_with("/api/v1/pods") && it.parameter("watch").is_none()).count()
    };
    let read_before = [lists(&servers[0]), lists(&servers[2])];
    servers[1].server.cut_path();
    happens_in_the_others(&engine, &servers, "unnoticed").await;
    until_desk(&engine, "one is stale", |desk| sources(desk)["us"]["state"] == "stale").await;
    happens_in_the_others(&engine, &servers, "noticed").await;
    until_desk(&engine, "the others live", |desk| are_live(desk, &["eu", "asia"])).await;
    assert_eq!([lists(&servers[0]), lists(&servers[2])], read_before);
    servers[1].server.mend_path();
    until_desk(&engine, "it lives again", |desk| are_live(desk, &GOOD)).await;

    let together = world(&engine).await;
    assert_eq!(together.clusters().len(), 3);
    for relation in together.relations() {
        assert_eq!(relation.from.cluster, relation.to.cluster, "{relation:?} crosses clusters");
    }
    assert!(together.relations().iter().any(|it| it.r#type == "selects"));
    for (name, server) in GOOD.iter().zip(&servers) {
        let token = format!("Bearer token-of-{name}");
        let asked = server.server.asked();
        assert!(asked.iter().all(|it| it.header("authorization") == token), "{name} saw another's token");
        assert!(asked.len() > 20);
    }

    // What was declared is about all of them; the two that cannot be frozen are named.
    let incident = call(&engine, "declare", json!({ "title": "Carts fail", "severity": 2 })).await;
    let desk = call(&engine, "desk", Value::Null).await;
    let alarms: Vec<&str> =
        desk["alarms"].as_array().into_iter().flatten().filter_map(|it| it["text"].as_str()).collect();
    for name in ["hangs", "refuses"] {
        let words = format!("is not frozen in `{name}`, which never answered");
        assert!(alarms.iter().any(|it| it.contains(&words)), "{alarms:#?}");
    }
    let rows = call(&engine, "timeline", json!({ "incident": incident["id"] })).await;
    let frozen = rows["entries"].as_array().into_iter().flatten().filter(|it| it["kind"] == "evidence.frozen").count();
    assert_eq!(frozen, 3, "{rows:#}");

    // A moment of it is as it was seen.
    let (at, digest) = {
        let seen = engine.look(None).await.expect("a look");
        (seen.live().and_then(|state| state.at), seen.world().digest())
    };
    assert_eq!(engine.look(at).await.expect("a look").world().digest(), digest);

    // One is left; the others go on.
    call(&engine, "leave_context", json!({ "id": "cluster:us" })).await;
    let desk = call(&engine, "desk", Value::Null).await;
    assert!(!sources(&desk).contains_key("us"));
    servers[0].put("pods", pod("later"));
    until_desk(&engine, "the others go on", |desk| are_live(desk, &["eu", "asia"])).await;
    let later = json!({ "id": "uid-of-eu//Pod/shop/later", "at": null });
    while call(&engine, "object", later.clone()).await["exists"] != true {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rest = world(&engine).await;
    assert!(of(&rest, "uid-of-us").is_empty());
    assert_eq!(of(&rest, "uid-of-asia"), of(&together, "uid-of-asia"));
    assert_eq!(rest.clusters().len(), 2);

    // Alone each is what it was among the others.
    servers[0].delete("pods", "shop", "later");
    for name in GOOD {
        call(&engine, "open_context", json!({ "kubeconfig": path, "context": name })).await;
        until_desk(&engine, "it is live", |desk| are_live(desk, &[name])).await;
        let (alone, id) = (world(&engine).await, format!("uid-of-{name}"));
        assert_eq!(of(&alone, &id), of(&together, &id), "{name}");
        assert_eq!(alone.len(), of(&alone, &id).len());
    }
    engine.stop().await;
}
