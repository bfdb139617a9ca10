//! Alertmanagers and Prometheus servers that do not answer as they should, and clocks that disagree.
//!
//! | case | test |
//! |---|---|
//! | Alertmanager 503, half a body, a JSON string for an error | `an_alertmanager_that_answers_nonsense_is_named_and_its_last_answer_stands` |
//! | Alertmanager of the shapes of 0.25 and 0.34 | `old_and_new_shapes_of_alertmanager_are_read` |
//! | Prometheus with warnings, partial data and `NaN` | `what_prometheus_warns_of_is_shown_and_the_alerts_stand` |
//! | clocks that disagree between sources | `clocks_that_disagree_are_named_by_their_source` |
//! | times that go backwards | `times_that_go_backwards_lose_no_row` |

use serde_json::{Value, json};

use crate::place::desk::{Desk, answer_of_use};
use crate::place::kube::Kube;
use crate::place::server::{Asked, End, Server, Told};
use crate::place::{Place, doctor, line_of_use, until};
use crate::{nothing_is_lost, recorded};

const ALERTMANAGER: &str = "alertmanager:main";
const PROMETHEUS: &str = "prometheus:main";

/// What is said of a history that came with the warning `partial`.
const PARTIAL: &str = "what fired before may be incomplete: partial";

/// An answer captured from a real program.
pub fn captured(name: &str) -> String {
    let path = format!("{}/../signals/tests/captured/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// A desk on a cluster that works, so that its sources are asked.
pub fn live(place: &Place) -> (Kube, Desk) {
    let kube = Kube::start();
    let desk = place.serve(&["--kubeconfig", &place.kubeconfig_of(&kube)]);
    (kube, desk)
}

/// Saves a source that is asked every second.
pub fn save(desk: &Desk, kind: &str, server: &Server) {
    desk.call(
        "save_source",
        json!({ "id": format!("{kind}:main"), "kind": kind, "address": server.address, "poll_seconds": 1 }),
    );
}

/// What is wrong with a source, as an error.
pub fn trouble(source: &Value) -> Value {
    json!({ "code": source["code"], "message": source["why"], "hint": source["hint"] })
}

fn alertmanager(asked: &Asked, alerts: &str, status: &str) -> Told {
    Told::ok(match asked.path.as_str() {
        "/api/v2/alerts" => alerts,
        "/api/v2/status" => status,
        "/api/v2/silences" => "[]",
        _ => return Told::with(404, ""),
    })
}

/// The Alertmanager of the lab, which has ten alerts.
fn lab() -> impl FnMut(&Asked) -> Told + Send {
    let (alerts, status) = (captured("lab/am_alerts.json"), captured("lab/am_status.json"));
    move |asked| alertmanager(asked, &alerts, &status)
}

fn firing(name: &str, starts_at: &str) -> String {
    json!([{ "labels": { "alertname": name, "severity": "critical", "namespace": "shop", "pod": "cart" }, "annotations": {},
        "startsAt": starts_at, "endsAt": "2026-01-01T00:00:00Z", "updatedAt": starts_at, "fingerprint": name,
        "receivers": [{ "name": "warroom" }], "status": { "state": "active", "silencedBy": [], "inhibitedBy": [] } }])
    .to_string()
}

/// The names of every alert that is seen, placed or not.
fn alerts(desk: &Desk) -> Vec<String> {
    let seen = desk.call("cases", json!({ "at": null }));
    let all = ["cases", "tray"].into_iter().flat_map(|it| seen[it].as_array().cloned().unwrap_or_default());
    all.filter(|it| it["state"] != "resolved").map(|it| it["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[track_caller]
fn until_alert(desk: &Desk, name: &str) {
    until(10, name, || alerts(desk).iter().any(|it| it == name).then_some(()));
}

fn is_well(source: &Value) -> bool {
    source["state"] == "live" && source["code"] == ""
}

fn timeline(place: &Place) -> Value {
    place.json(&["incident", "show", "1", "--timeline"])["timeline"]["entries"].clone()
}

#[test]
fn an_alertmanager_that_answers_nonsense_is_named_and_its_last_answer_stands() {
    let place = recorded();
    let (_kube, desk) = live(&place);
    let server = Server::start(lab());
    save(&desk, "alertmanager", &server);
    until_alert(&desk, "KubeDeploymentReplicasMismatch");
    type Fault = fn() -> Told;
    let faults: [(Fault, &str, &str); 5] = [
        (
            || Told::with(503, "Limit of concurrent GET requests reached (8), try again later.\n"),
            "busy",
            "try again later",
        ),
        (|| Told::ok(captured("lab/am_alerts.json")).ending(End::Half), "bad_answer", "the answer broke off after"),
        (|| Told::with(500, "\"internal trouble\""), "bad_answer", "500 Internal Server Error: internal trouble"),
        (|| Told::ok("\"internal trouble\""), "bad_answer", "internal trouble"),
        (|| Told::page(200, "Sign in"), "bad_answer", "Sign in"),
    ];
    for (fault, code, words) in faults {
        server.say(move |_| fault());
        let seen = desk.until_source(10, ALERTMANAGER, words, |it| it["why"].as_str().unwrap().contains(words));
        for name in [ALERTMANAGER, &server.address] {
            answer_of_use(&trouble(&seen), code, name);
        }
        assert_eq!(seen["state"], "stale", "{seen}");
        assert!(alerts(&desk).iter().any(|it| it == "KubeDeploymentReplicasMismatch"), "the last answer stands");
        let (exit, lines) = doctor(&place, &[]);
        assert_eq!(exit, 1);
        line_of_use(&lines, "failed", code, words);
        server.say(lab());
        desk.until_source(10, ALERTMANAGER, "well again", is_well);
    }
    let first = timeline(&place).to_string();
    assert!(!first.contains("KubeDeploymentReplicasMismatch resolved"), "silence is no end of an alert: {first}");
    server.say(|asked| alertmanager(asked, &firing("Next", "2026-11-26T01:00:00Z"), "{}"));
    until_alert(&desk, "Next");
    drop(desk);
    nothing_is_lost(&place);
}

#[test]
fn old_and_new_shapes_of_alertmanager_are_read() {
    let place = recorded();
    let (_kube, desk) = live(&place);
    let server = Server::start(lab());
    save(&desk, "alertmanager", &server);
    let old = desk.until_source(10, ALERTMANAGER, "0.25", |it| it["version"] == "0.25.0");
    assert!(is_well(&old), "{old}");
    until_alert(&desk, "KubeDeploymentReplicasMismatch");
    let newer = r#"[{"annotations":{},"endsAt":"2026-11-23T17:31:51.347Z","fingerprint":"4245","startsAt":"2026-11-23T17:27:51.347Z",
      "receivers":[{"name":"nights","labels":{"team":"a"}}],"updatedAt":"2026-11-23T17:27:51.351Z","generatorURL":"http://x",
      "status":{"inhibitedBy":[],"mutedBy":["nights"],"silencedBy":[],"state":"suppressed"},
      "labels":{"alertname":"Slow","namespace":"shop","pod":"cart"}},{"fingerprint":"no labels"}]"#;
    let status = r#"{"cluster":{"status":"ready"},"versionInfo":{"version":"0.34.0"},"uptime":"2026-11-23T17:27:51.347Z",
      "config":{"original":"receivers:\n- name: nights\n  slack_configs:\n  - api_url: <secret>\n"}}"#;
    server.say(move |asked| alertmanager(asked, newer, status));
    let new = desk.until_source(10, ALERTMANAGER, "0.34", |it| it["version"] == "0.34.0");
    // One alert of it has no labels: it is skipped, which is said, and the other stands.
    answer_of_use(&trouble(&new), "warnings", "an alert was skipped: missing field `labels`");
    until_alert(&desk, "Slow");
    let cases = desk.call("cases", json!({ "at": null }))["cases"].to_string();
    assert!(cases.contains("muted by the time interval nights"), "{cases}");
    server.say(lab());
    desk.until_source(10, ALERTMANAGER, "0.25 again", |it| it["version"] == "0.25.0" && is_well(it));
    drop(desk);
    nothing_is_lost(&place);
}

/// A Prometheus whose alerts are these.
fn prometheus(alerts: &Value, more: &Value) -> impl FnMut(&Asked) -> Told + Send + use<> {
    let (build, rules) = (captured("small/prom_status_buildinfo.json"), captured("small/prom_rules.json"));
    let mut body = json!({ "status": "success", "data": { "alerts": alerts } });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let body = body.to_string();
    move |asked| match asked.path.as_str() {
        "/api/v1/alerts" => Told::ok(body.clone()),
        "/api/v1/status/buildinfo" => Told::ok(build.clone()),
        "/api/v1/rules" => Told::ok(rules.clone()),
        "/api/v1/status/config" => Told::ok(r#"{"status":"success","data":{"yaml":"global: {}"}}"#),
        "/api/v1/query_range" => Told::ok(
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"ALERTS","alertname":"Earlier",
            "alertstate":"firing","pod":"cart"},"values":[[1795469900,"1"],[1795469960,"NaN"],[1795470020,"1"]]}]},"warnings":["partial"]}"#,
        ),
        _ => Told::with(404, ""),
    }
}

#[test]
fn what_prometheus_warns_of_is_shown_and_the_alerts_stand() {
    let place = recorded();
    let (_kube, desk) = live(&place);
    let with = |name: &str| {
        json!([{ "labels": { "alertname": name, "namespace": "shop", "pod": "cart" }, "annotations": {}, "state": "firing",
            "activeAt": "2026-11-23T17:27:41.347389461Z", "value": "NaN" }, { "state": "firing" }])
    };
    let more = json!({ "warnings": ["store 10.0.0.1 is down: partial response"], "infos": ["no counter"] });
    let server = Server::start(prometheus(&with("Partial"), &more));
    save(&desk, "prometheus", &server);
    until_alert(&desk, "Partial");
    let seen = desk.until_source(10, PROMETHEUS, "warnings", |it| it["code"] == "warnings");
    assert_eq!(seen["state"], "live", "{seen}");
    for words in
        ["store 10.0.0.1 is down: partial response", "no counter", "an alert was skipped: missing field `labels`"]
    {
        answer_of_use(&trouble(&seen), "warnings", words);
        let (exit, lines) = doctor(&place, &[]);
        assert_eq!(exit, 0, "a warning is no failure");
        line_of_use(&lines, "warning", "warnings", words);
    }
    // What fired before it was asked: two spans with a hole where the value is no number, and what was said of them.
    let seen = desk.until_source(10, PROMETHEUS, "the history", |it| it["why"].to_string().contains(PARTIAL));
    assert_eq!(seen["code"], "warnings", "{seen}");
    line_of_use(&doctor(&place, &[]).1, "warning", "warnings", PARTIAL);
    let span = json!({ "from": "2026-11-23T21:38:00Z", "to": "2026-11-23T21:41:00Z", "bins": 9 });
    let firing = || -> Vec<u64> {
        let bins = desk.call("history", span.clone())["bins"].as_array().cloned().unwrap_or_default();
        bins.iter().map(|it| it["warning"].as_u64().unwrap_or_default()).collect()
    };
    until(10, "two spans", || (firing() == [0, 1, 0, 0, 0, 0, 0, 1, 0]).then_some(()));
    server.say(|_| Told::ok(r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#));
    let seen = desk.until_source(10, PROMETHEUS, "an error", |it| it["code"] == "bad_answer");
    answer_of_use(&trouble(&seen), "bad_answer", "query timed out");
    answer_of_use(&trouble(&seen), "bad_answer", PROMETHEUS);
    assert_eq!(alerts(&desk), ["Partial"], "the last answer stands");
    let well = json!([with("Whole")[0]]);
    server.say(prometheus(&well, &json!({})));
    until_alert(&desk, "Whole");
    desk.until_source(10, PROMETHEUS, "well again", |it| it["state"] == "live" && it["why"] == PARTIAL);
    drop(desk);
    nothing_is_lost(&place);
}

/// With a `Date` this many seconds away from the clock of this machine.
fn dated(told: Told, ahead: i64) -> Told {
    #[expect(clippy::disallowed_methods, reason = "the clock of a source, not of the product")]
    let date = chrono::Utc::now() + chrono::Duration::seconds(ahead);
    told.header("Date", date.format("%a, %d %b %Y %H:%M:%S GMT"))
}

/// A PagerDuty in which nothing happened.
fn pagerduty(asked: &Asked) -> Told {
    match asked.path.as_str() {
        "/log_entries" => Told::ok(r#"{"log_entries":[],"more":false}"#),
        "/oncalls" => Told::ok(r#"{"oncalls":[],"more":false}"#),
        _ => Told::with(404, ""),
    }
}

#[test]
fn clocks_that_disagree_are_named_by_their_source() {
    let place = recorded();
    let (kube, desk) = live(&place);
    let ahead = Server::start(move |asked| dated(lab()(asked), 3600));
    let behind = Server::start(move |asked| dated(prometheus(&json!([]), &json!({}))(asked), -1800));
    save(&desk, "alertmanager", &ahead);
    save(&desk, "prometheus", &behind);
    let alarms = |desk: &Desk| -> Vec<Value> {
        let alarms = desk.call("desk", json!({}))["alarms"].as_array().cloned().unwrap_or_default();
        alarms.into_iter().filter(|it| it["code"] == "clock_disagrees").collect()
    };
    let both = until(10, "two alarms", || Some(alarms(&desk)).filter(|it| it.len() == 2));
    // A pager, and the API server itself.
    let pager = Server::start(move |asked| dated(pagerduty(asked), 7200));
    save(&desk, "pagerduty", &pager);
    kube.fault(|asked| (asked.path == "/livez").then(|| dated(Told::ok("ok"), -7200)));
    for (name, word) in [("`pagerduty:main` is 7", "ahead of"), ("`cluster:lab` is 7", "behind")] {
        let alarm = until(10, name, || alarms(&desk).into_iter().find(|it| it["text"].to_string().contains(name)));
        assert!(alarm["text"].as_str().unwrap().contains(word), "{alarm}");
        line_of_use(&doctor(&place, &[]).1, "warning", "clock_disagrees", name);
    }
    pager.say(move |asked| dated(pagerduty(asked), 0));
    kube.fault(|asked| (asked.path == "/livez").then(|| dated(Told::ok("ok"), 0)));
    until(10, "two alarms", || (alarms(&desk).len() == 2).then_some(()));
    let (exit, lines) = doctor(&place, &[]);
    assert_eq!(exit, 0, "{lines:#?}");
    for (alarm, name) in both.iter().zip(["`alertmanager:main` is 3", "`prometheus:main` is 1"]) {
        let said = json!({ "code": alarm["code"], "message": alarm["text"], "hint": alarm["hint"] });
        answer_of_use(&said, "clock_disagrees", name);
        line_of_use(&lines, "warning", "clock_disagrees", name);
    }
    assert!(both[0]["text"].as_str().unwrap().contains("ahead of"), "{both:?}");
    assert!(both[1]["text"].as_str().unwrap().contains("behind"), "{both:?}");
    // What such a source tells is taken all the same.
    until_alert(&desk, "KubeDeploymentReplicasMismatch");
    ahead.say(move |asked| dated(lab()(asked), 0));
    behind.say(move |asked| dated(prometheus(&json!([]), &json!({}))(asked), 0));
    until(10, "no alarm", || alarms(&desk).is_empty().then_some(()));
    drop(desk);
    nothing_is_lost(&place);
}

#[test]
fn times_that_go_backwards_lose_no_row() {
    let place = recorded();
    let (kube, desk) = live(&place);
    let status = r#"{"versionInfo":{"version":"0.28.0"},"config":{"original":""}}"#;
    let server =
        Server::start(move |asked| dated(alertmanager(asked, &firing("First", "2026-11-26T02:00:00Z"), status), 0));
    save(&desk, "alertmanager", &server);
    until_alert(&desk, "First");
    // The same alert begins earlier, another begins in a year, a third before there were computers; the source's own
    // clock jumps back an hour meanwhile.
    for (name, start) in
        [("First", "2026-11-26T01:00:00Z"), ("Later", "2027-11-26T01:00:00Z"), ("Ancient", "1899-12-31T23:00:00Z")]
    {
        server.say(move |asked| dated(alertmanager(asked, &firing(name, start), status), -3600));
        until_alert(&desk, name);
    }
    desk.until_source(10, ALERTMANAGER, "live", |it| it["state"] == "live");
    let (_, lines) = doctor(&place, &[]);
    line_of_use(&lines, "warning", "clock_disagrees", ALERTMANAGER);
    // Events of the cluster, each older than the one before.
    for (n, at) in ["2026-11-26T03:00:00Z", "2026-11-26T02:00:00Z", "2026-11-26T01:00:00Z"].into_iter().enumerate() {
        let about = json!({ "name": format!("e{n}"), "namespace": "shop", "uid": format!("uid-e{n}") });
        kube.put(
            "events",
            json!({ "metadata": about, "type": "Warning", "reason": format!("Backwards{n}"), "message": "went back",
            "firstTimestamp": "2026-11-26T04:00:00Z", "lastTimestamp": at, "count": 1,
            "involvedObject": { "kind": "Pod", "namespace": "shop", "name": "cart" } }),
        );
    }
    // A person may say that something happened earlier, and not that it will.
    desk.call("write_entry", json!({ "incident": "INC-0001", "text": "-90m it began", "attachments": [] }));
    desk.call("write_entry", json!({ "incident": "INC-0001", "text": "-120m no, before that", "attachments": [] }));
    let later = desk.error(
        "write_entry",
        json!({ "incident": "INC-0001", "text": "later", "at": "2031-01-01T00:00:00Z", "attachments": [] }),
    );
    answer_of_use(&later, "in_the_future", "2031-01-01");
    let entries = until(10, "every row", || {
        let entries = timeline(&place);
        let text = entries.to_string();
        let all =
            ["First", "Later", "Ancient", "Backwards0", "Backwards1", "Backwards2", "it began", "no, before that"];
        all.iter().all(|it| text.contains(it)).then_some(entries)
    });
    let at: Vec<String> = entries.as_array().unwrap().iter().map(|it| it["at"].as_str().unwrap().to_owned()).collect();
    assert!(at.windows(2).all(|it| it[0] <= it[1]), "in the order in which it happened: {at:?}");
    server.say(move |asked| dated(alertmanager(asked, &firing("Next", "2026-11-26T05:00:00Z"), status), 0));
    until_alert(&desk, "Next");
    desk.until_source(10, ALERTMANAGER, "well again", is_well);
    drop(desk);
    nothing_is_lost(&place);
}
