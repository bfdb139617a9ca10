//! Prometheus.

use broadstreet_core::alerts::AlertState;
use broadstreet_core::ports::{AlertHistory, SourceKind};
use broadstreet_core::time::{Moment, Window};
use chrono::{DateTime, Duration};

use crate::support::{Source, Told, alerts, captured, settings};

fn at(seconds: i64) -> Moment {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

fn config(yaml: &str) -> Told {
    Told::ok(serde_json::json!({"status": "success", "data": {"yaml": yaml}}).to_string())
}

#[tokio::test]
async fn pending_alerts_and_external_labels_are_read() {
    let yaml = "global:\n  scrape_interval: 1s\n  external_labels:\n    cluster: lab\n    replica: 1\n    prometheus: lab/k8s\nscrape_configs:\n- job_name: x\n  basic_auth:\n    password: <secret>\n";
    let source = Source::with(&[
        (
            "/api/v1/alerts",
            Told::ok(captured("small/prom_alerts.json")).header("date", "Mon, 23 Nov 2026 17:28:00 GMT"),
        ),
        ("/api/v1/status/config", config(yaml)),
        ("/api/v1/status/buildinfo", Told::ok(captured("small/prom_status_buildinfo.json"))),
        ("/api/v1/rules", Told::ok(captured("small/prom_rules.json"))),
    ])
    .await;
    let prometheus = alerts(&settings(SourceKind::Prometheus, &source.address));
    let poll = prometheus.poll().await.expect("an answer");
    assert_eq!(poll.version, "2.42.0+ds");
    let states: Vec<(&str, AlertState)> = poll.alerts.iter().map(|alert| (alert.name(), alert.state)).collect();
    assert_eq!(
        states,
        [
            ("KubePodCrashLooping", AlertState::Firing),
            ("TargetDown", AlertState::Firing),
            ("Pending", AlertState::Pending)
        ]
    );
    assert_eq!(poll.alerts[2].starts_at.map(|at| at.timestamp()), Some(1_795_454_861));
    let external: Vec<String> = poll.external_labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(external, ["cluster=lab", "prometheus=lab/k8s", "replica=1"]);
    assert_eq!(poll.warnings, Vec::<String>::new());
    assert!(poll.source_time.is_some());
    let again = prometheus.poll().await.expect("an answer");
    assert_eq!(again, poll);
    let asked = source.asked();
    assert_eq!(asked.iter().filter(|asked| asked.path == "/api/v1/alerts").count(), 2);
    assert_eq!(asked.iter().filter(|asked| asked.path == "/api/v1/status/config").count(), 1, "rarely");
}

#[tokio::test]
async fn warnings_infos_and_broken_rules_are_shown() {
    let alerts_body = r#"{"status":"success","data":{"alerts":[
      {"labels":{"alertname":"A"},"annotations":{},"state":"firing","activeAt":"2026-11-23T17:27:41.347389461Z","value":"NaN","keepFiringSince":"2026-11-23T17:27:41Z"},
      {"labels":{"alertname":"B"},"state":"inactive"},{"state":"firing"}]},
      "warnings":["store 10.0.0.1 is down: partial response"],"infos":["metric might not be a counter"]}"#;
    let rules = r#"{"status":"success","data":{"groups":[{"name":"g","file":"f","rules":[
      {"name":"Broken","health":"err","lastError":"many-to-many matching not allowed","type":"alerting"},{"name":"Fine","health":"ok","type":"alerting"}]}]}}"#;
    let source = Source::with(&[
        ("/prometheus/api/v1/alerts", Told::ok(alerts_body)),
        ("/prometheus/api/v1/rules", Told::ok(rules)),
        ("/prometheus/api/v1/status/config", config("global: {external_labels: [1]}")),
    ])
    .await;
    let poll = alerts(&settings(SourceKind::Prometheus, &format!("{}/prometheus", source.address)))
        .poll()
        .await
        .expect("an answer");
    assert_eq!(poll.alerts.len(), 1, "NaN is no reason to lose an alert");
    let expected = [
        "store 10.0.0.1 is down: partial response",
        "metric might not be a counter",
        "an alert was skipped: missing field `labels`",
        "external labels are not known",
        "the rule Broken (group g) does not work: many-to-many matching not allowed",
    ];
    assert_eq!(poll.warnings.len(), expected.len(), "{:?}", poll.warnings);
    for (warning, start) in poll.warnings.iter().zip(expected) {
        assert!(warning.starts_with(start), "{warning}");
    }
}

#[tokio::test]
async fn history_is_one_question_with_a_fitting_step() {
    let range = Told::ok(captured("lab/prom_query_range_ALERTS.json"));
    let source = Source::with(&[("/api/v1/query_range", range)]).await;
    let prometheus = alerts(&settings(SourceKind::Prometheus, &source.address));
    let window = Window { from: at(1_795_469_930), to: at(1_795_469_973) };
    let spans = prometheus.history(window).await.expect("spans").spans;
    let api: Vec<_> =
        spans.iter().filter(|span| span.labels.get("alertname").expect("the label") == "KubeAPIDown").collect();
    assert_eq!(api.len(), 2 * 4 - 3, "samples two seconds apart, read with a step of one, are separate spans");
    assert!(spans.iter().all(|span| !span.labels.contains_key("__name__") && !span.labels.contains_key("alertstate")));
    for (hours, step) in [(1, "5"), (6, "15"), (24, "60"), (24 * 30, "1800"), (24 * 365, "21024")] {
        let wide = Window { from: at(1_795_469_930), to: at(1_795_469_930) + Duration::hours(hours) };
        let _ = prometheus.history(wide).await.expect("spans");
        let query = source.asked().last().expect("a question").query.clone();
        assert!(query.ends_with(&format!("&step={step}")), "{hours} h: {query}");
        assert!(query.starts_with("query=ALERTS&start=2026-11-23T"), "{query}");
    }
    let empty = Window { from: window.to, to: window.from };
    assert_eq!(prometheus.history(empty).await.expect("none"), AlertHistory::default());
}

#[tokio::test]
async fn a_span_ends_where_samples_are_missing_and_goes_on_at_the_end() {
    let start = 1_795_469_900_i64;
    let values: Vec<_> = [0, 60, 120, 240, 300, 360, 420]
        .into_iter()
        .map(|after| serde_json::json!([start + after, if after == 300 { "NaN" } else { "1" }]))
        .collect();
    let metric = serde_json::json!({"__name__": "ALERTS", "alertname": "A", "alertstate": "firing", "pod": "p"});
    let body = serde_json::json!({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": metric, "values": values}]}});
    let source = Source::scripted(move |asked| match asked.query.contains("step=60") {
        true => Told::ok(body.to_string()),
        false => Told::with(422, r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}"#),
    })
    .await;
    let prometheus = alerts(&settings(SourceKind::Prometheus, &source.address));
    let window = Window { from: at(start), to: at(start + 6 * 3600) };
    let spans = prometheus.history(window).await.expect("spans").spans;
    let ends: Vec<(i64, Option<i64>)> = spans
        .iter()
        .map(|span| (span.from.expect("a start").timestamp() - start, span.to.map(|to| to.timestamp() - start)))
        .collect();
    assert_eq!(ends, [(0, Some(120)), (240, Some(240)), (360, Some(420))]);
    assert!(spans.iter().all(|span| span.step_seconds == 60 && span.state == "firing"));
    let window = Window { from: at(start), to: at(start + 450) };
    let source = Source::scripted(move |_| Told::ok(r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"alertname":"A","alertstate":"pending"},"values":[[1795470349.5,"1"]]}]}}"#)).await;
    let spans = alerts(&settings(SourceKind::Prometheus, &source.address)).history(window).await.expect("spans").spans;
    assert_eq!((spans[0].to, spans[0].state.as_str()), (None, "pending"));
}

#[tokio::test]
async fn an_error_in_the_envelope_is_told() {
    let source =
        Source::scripted(|_| Told::with(200, r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#))
            .await;
    let error = alerts(&settings(SourceKind::Prometheus, &source.address)).poll().await.expect_err("an error");
    assert!(error.to_string().contains("timeout: query timed out"), "{error}");
    let source = Source::scripted(|_| Told::with(400, r#"{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 points per timeseries."}"#)).await;
    let window = Window { from: at(0), to: at(10) };
    let error = alerts(&settings(SourceKind::Prometheus, &source.address)).history(window).await.expect_err("an error");
    assert!(error.to_string().contains("400 Bad Request: bad_data: exceeded maximum resolution"), "{error}");
}
