//! Commands about the live state: which cluster they work from, and what they say where there is none.

#![allow(clippy::disallowed_methods, reason = "an answer that comes late")]

mod place;

use std::process::Output;
use std::time::Duration;

use place::kube::Kube;
use place::server::{Asked, Server, Told};
use place::{Place, doctor, is_of_use};
use serde_json::{Value, json};

const DECLARE: [&str; 7] = ["incident", "declare", "Carts fail", "-s", "2", "--as", "Mei"];

/// One alert, as Alertmanager tells it.
fn alertmanager(path: &str) -> Told {
    let alerts = json!([{
        "labels": { "alertname": "CartDown", "namespace": "shop", "pod": "cart" }, "annotations": {}, "fingerprint": "f",
        "startsAt": "2026-11-26T01:00:00Z", "endsAt": "2036-11-26T01:00:00Z", "updatedAt": "2026-11-26T01:00:00Z",
        "receivers": [{ "name": "web" }], "status": { "state": "active", "silencedBy": [], "inhibitedBy": [] },
    }]);
    match path {
        "/api/v2/alerts" => Told::ok(alerts.to_string()),
        "/api/v2/silences" => Told::ok("[]"),
        "/api/v2/status" => Told::ok(r#"{"versionInfo":{"version":"0.28.0"},"config":{"original":""}}"#),
        _ => Told::with(404, ""),
    }
}

/// A cluster in which something happened.
fn eventful() -> Kube {
    let kube = Kube::start();
    kube.put(
        "events",
        json!({ "metadata": { "name": "e", "namespace": "shop", "uid": "uid-e" }, "type": "Warning", "reason": "BackOff",
            "message": "back-off restarting", "firstTimestamp": "2026-11-26T04:00:00Z", "lastTimestamp": "2026-11-26T04:00:00Z",
            "count": 1, "involvedObject": { "kind": "Pod", "namespace": "shop", "name": "cart" } }),
    );
    kube
}

impl Place {
    /// Puts a kubeconfig where kubectl looks.
    fn at_home(&self, kubeconfig: &str) {
        std::fs::create_dir_all(self.path().join(".kube")).unwrap();
        std::fs::copy(kubeconfig, self.path().join(".kube/config")).unwrap();
    }

    /// Saves sources on a desk that ends then.
    fn with_sources(&self, sources: &[Value]) {
        let desk = self.serve(&[]);
        for source in sources {
            desk.call("save_source", source.clone());
        }
    }

    /// The rows of the newest incident that name its evidence.
    fn frozen(&self) -> Vec<Value> {
        let shown = self.json(&["incident", "show", "1", "--timeline"]);
        let entries = shown["timeline"]["entries"].as_array().cloned().unwrap_or_default();
        entries.into_iter().filter(|it| it["kind"] == "evidence.frozen").collect()
    }
}

/// What a command that must work said on the side.
#[track_caller]
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn declaring_freezes_the_cluster_that_is_current_or_named_once_every_source_was_asked() {
    let kube = eventful();
    // It answers long after the cluster was read.
    let late = Server::start(|asked: &Asked| {
        std::thread::sleep(Duration::from_millis(700));
        alertmanager(&asked.path)
    });
    let gone = json!({ "id": "icinga:gone", "kind": "icinga", "address": "http://127.0.0.1:9" });
    let sources = [json!({ "id": "alertmanager:main", "kind": "alertmanager", "address": late.address }), gone];
    for named in [&[][..], &["--kubeconfig", "kubeconfig"], &["--kubeconfig", "kubeconfig", "--context", "lab"]] {
        let place = Place::new();
        place.with_sources(&sources);
        let kubeconfig = place.kubeconfig_of(&kube);
        if named.is_empty() {
            place.at_home(&kubeconfig);
        }
        let output = place.run(&[&DECLARE[..], &["--json"], named].concat());
        let said = said(&output);
        let incident: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&incident["frozen"]["events"], &incident["frozen"]["alerts"]),
            (&json!(1), &json!(1)),
            "{incident}"
        );
        assert_eq!(place.frozen().len(), 1, "{named:?}");
        assert!(said.contains("Nothing of icinga:gone: ") && !said.contains("othing was frozen"), "{said}");
    }
}

#[test]
fn declaring_without_a_cluster_works_and_says_that_nothing_was_frozen() {
    let (place, mut kube) = (Place::new(), eventful());
    let of_use = |output: &Output, names: &str| {
        let said = said(output);
        let line = said.lines().find(|it| it.starts_with("No cluster is open: nothing was frozen")).unwrap_or(&said);
        assert!(line.contains(names) && line.contains("frozen once a desk opens it; "), "`{names}` in {said}");
    };
    of_use(&place.run(&DECLARE), ".kube/config");
    let (kubeconfig, address) = (place.kubeconfig_of(&kube), kube.server.address.clone());
    kube.stop();
    of_use(&place.run(&[&DECLARE[..], &["--kubeconfig", &kubeconfig]].concat()), &address);
    let running = place.serve(&[]);
    of_use(&place.run(&[&DECLARE[..], &["--kubeconfig", &kubeconfig]].concat()), "runs on this data folder");
    drop(running);
    assert!(place.frozen().is_empty());
    // What was typed wrongly is corrected before anything is declared.
    let wrong = place.error(&[&DECLARE[..], &["--kubeconfig", "nowhere"]].concat());
    is_of_use(&wrong, "no_kubeconfig", "nowhere");
    let wrong = place.error(&[&DECLARE[..], &["--kubeconfig", &kubeconfig, "--context", "london"]].concat());
    is_of_use(&wrong, "unknown_context", "london");
    assert_eq!(place.json(&["incident", "list"]).as_array().map(Vec::len), Some(3));
}

#[test]
fn declaring_waits_for_no_cluster_of_which_nothing_can_be_listed() {
    for kube in Kube::of_which_nothing_can_be_listed() {
        let place = Place::new();
        let kubeconfig = place.kubeconfig_of(&kube);
        let said = said(&place.run(&[&DECLARE[..], &["--kubeconfig", &kubeconfig]].concat()));
        assert!(said.contains("was not read whole: none of") && said.contains("no leader"), "{said}");
        assert!(place.frozen().is_empty(), "an empty world is no evidence");
    }
}

#[test]
fn what_is_declared_is_declared_before_the_evidence_is_gathered() {
    for is_all_mute in [false, true] {
        let (place, kube) = (Place::new(), eventful());
        kube.fault(move |asked| (is_all_mute || asked.query.contains("limit=")).then(Told::mute));
        let kubeconfig = place.kubeconfig_of(&kube);
        let declaring = place.background(&[&DECLARE[..], &["--kubeconfig", &kubeconfig]].concat());
        declaring.until_said(10, "INC-0001 is declared");
        // Whoever waits no longer takes nothing away.
        drop(declaring);
        let all = place.json(&["incident", "list"]);
        assert_eq!((&all[0]["number"], &all[0]["title"]), (&json!("INC-0001"), &json!("Carts fail")), "{all}");
        assert!(place.frozen().is_empty());
        kube.well();
        let desk = place.serve(&["--kubeconfig", &kubeconfig]);
        place::until(20, "the evidence", || (!place.frozen().is_empty()).then_some(()));
        let incident = desk.call("incident", json!({ "id": all[0]["id"] }));
        assert_eq!(incident["clusters"], json!(["uid-kube-system"]), "it is of the cluster its evidence is of");
        assert_eq!(incident["frozen"]["events"], 1, "{incident}");
    }
}

#[test]
fn a_running_desk_that_shows_another_cluster_than_the_one_named_is_told_apart() {
    let (place, kube) = (Place::new(), eventful());
    let desk = place.serve(&["--kubeconfig", &place.kubeconfig_of(&kube)]);
    desk.until_source(10, "cluster:lab", "live", |it| it["state"] == "live");
    let lines = said(&place.run(&[&DECLARE[..], &["--context", "paris"]].concat()));
    assert!(lines.contains("shows `lab`, not `paris`: what is frozen is of `lab`"), "{lines}");
    let handoff = ["handoff", "draft", "--to", "Ana", "--as", "Mei", "--context", "paris"];
    let lines = said(&place.run(&handoff));
    assert!(lines.contains("shows `lab`, not `paris`: the note is drafted from `lab`"), "{lines}");
    for same in [&[][..], &["--context", "lab"], &["--kubeconfig", "kubeconfig"]] {
        assert_eq!(said(&place.run(&[&DECLARE[..], same].concat())), "", "{same:?}");
    }
    assert_eq!(place.frozen().len(), 1);
}

#[test]
fn the_note_for_the_next_shift_is_drafted_from_the_current_cluster_or_says_that_none_is_open() {
    let (place, mut kube) = (Place::new(), eventful());
    let draft = ["handoff", "draft", "--to", "Ana", "--as", "Mei", "--json"];
    let evidence =
        |output: &Output| -> Value { serde_json::from_slice::<Value>(&output.stdout).unwrap()["evidence"].clone() };
    let output = place.run(&draft);
    let lines = said(&output);
    assert!(lines.contains("No cluster is open: the note is drafted from the record of this desk alone"), "{lines}");
    assert!(evidence(&output).as_str().unwrap().contains("no cluster is open"));
    place.at_home(&place.kubeconfig_of(&kube));
    let output = place.run(&draft);
    assert_eq!(said(&output), "");
    assert_eq!(evidence(&output), "the live cluster lab (v1.36.0) as of now");
    // One that was named and does not answer is said, and the note is drafted all the same, as an incident is declared.
    kube.stop();
    let output = place.run(&[&draft[..], &["--context", "lab"]].concat());
    let lines = said(&output);
    assert!(lines.contains("from the record of this desk alone (") && lines.contains(&kube.server.address), "{lines}");
    assert!(evidence(&output).as_str().unwrap().contains("no cluster is open"));
    is_of_use(&place.error(&[&draft[..6], &["--context", "london"]].concat()), "unknown_context", "london");
}

/// The same Alertmanager behind the API server's proxy.
fn proxied(kube: &Kube) -> Value {
    kube.fault(|asked| {
        let path = asked.path.strip_prefix("/api/v1/namespaces/monitoring/services/alertmanager:9093/proxy")?;
        Some(alertmanager(path))
    });
    json!({ "id": "alertmanager:main", "kind": "alertmanager", "poll_seconds": 1,
        "proxy_namespace": "monitoring", "proxy_service": "alertmanager", "proxy_port": "9093" })
}

#[test]
fn the_doctor_reaches_a_source_behind_the_proxy_of_the_cluster_that_was_named() {
    let (place, kube) = (Place::new(), Kube::start());
    place.with_sources(&[proxied(&kube)]);
    let kubeconfig = place.kubeconfig_of(&kube);
    let of = |args: &[&str]| {
        let (exit, lines) = doctor(&place, args);
        let line = lines.into_iter().find(|it| it["source"] == "alertmanager:main");
        (exit, line.unwrap_or_else(|| panic!("no line of the source")))
    };
    for args in [&["--kubeconfig", &kubeconfig][..], &["--kubeconfig", &kubeconfig, "--context", "lab"]] {
        let (exit, line) = of(args);
        assert_eq!((exit, &line["state"]), (0, &json!("ok")), "{line}");
        assert_eq!(line["text"], "version 0.28.0 answers with 1 alerts");
    }
    // The current context, where kubectl looks for it.
    place.at_home(&kubeconfig);
    assert_eq!(of(&[]).1["state"], "ok");
    std::fs::remove_file(place.path().join(".kube/config")).unwrap();
    let (exit, line) = of(&[]);
    assert_eq!((exit, &line["code"]), (0, &json!("no_cluster")), "it was not asked, which is no failure: {line}");
    assert!(line["text"].as_str().unwrap().contains("monitoring/alertmanager"), "{line}");
    assert!(line["hint"].as_str().unwrap().contains("--context"), "{line}");
    kube.well();
    let (exit, line) = of(&["--kubeconfig", &kubeconfig]);
    assert_eq!((exit, &line["state"]), (1, &json!("failed")), "behind the proxy nobody answers: {line}");
}
