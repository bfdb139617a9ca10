//! Alertmanager.

use broadstreet_core::alerts::{AlertState, Told as WasTold};
use broadstreet_core::ports::{
    AlertHistory, AlertPoll, ProxyGet, ProxyRequest, ProxyTarget, Signals, SourceKind, SourceSettings,
};
use broadstreet_core::time::Window;
use std::sync::Arc;

use crate::support::{Source, Told, alerts, captured, settings, signals};

async fn poll_of(alerts_body: String, silences: String, status: String) -> AlertPoll {
    let source = Source::with(&[
        ("/api/v2/alerts", Told::ok(alerts_body).header("date", "Mon, 23 Nov 2026 21:40:00 GMT")),
        ("/api/v2/alerts/groups", Told::ok(captured("lab/am_groups.json"))),
        ("/api/v2/silences", Told::ok(silences)),
        ("/api/v2/status", Told::ok(status)),
    ])
    .await;
    alerts(&settings(SourceKind::Alertmanager, &source.address)).poll().await.expect("an answer")
}

#[tokio::test]
async fn an_alert_says_which_messages_it_is_part_of() {
    let poll = poll_of(captured("lab/am_alerts.json"), "[]".to_owned(), captured("lab/am_status.json")).await;
    let groups: Vec<_> = poll.alerts.iter().flat_map(|alert| &alert.groups).collect();
    assert!(groups.len() >= poll.alerts.len(), "{} groups of {} alerts", groups.len(), poll.alerts.len());
    assert!(groups.iter().all(|group| group.receiver == "warroom" || group.receiver == "null"), "{groups:?}");
    let by: Vec<&str> = poll.alerts[0].groups[0].by.iter().map(|(name, _)| name.as_str()).collect();
    assert!(!by.is_empty() && by.iter().all(|name| poll.alerts[0].labels.get(*name).is_some()), "{by:?}");
}

#[tokio::test]
async fn groups_that_cannot_be_read_are_a_warning_and_a_server_without_them_is_none() {
    let body = captured("lab/am_alerts.json");
    for (groups, warns) in [(Told::ok("[{\"labels\""), true), (Told::with(404, "not found"), false)] {
        let source = Source::with(&[
            ("/api/v2/alerts/groups", groups),
            ("/api/v2/alerts", Told::ok(body.clone())),
            ("/api/v2/silences", Told::ok("[]")),
            ("/api/v2/status", Told::ok(captured("lab/am_status.json"))),
        ])
        .await;
        let poll = alerts(&settings(SourceKind::Alertmanager, &source.address)).poll().await.expect("an answer");
        assert_eq!(poll.alerts.len(), 10);
        assert_eq!(poll.warnings.iter().any(|it| it.contains("told together")), warns, "{:?}", poll.warnings);
    }
}

#[tokio::test]
async fn the_labs_alertmanager_is_read_whole() {
    let poll = poll_of(captured("lab/am_alerts.json"), "[]".to_owned(), captured("lab/am_status.json")).await;
    assert_eq!(poll.warnings, Vec::<String>::new());
    assert_eq!((poll.alerts.len(), poll.version.as_str()), (10, "0.25.0"));
    assert_eq!(poll.source_time.map(|time| time.to_rfc3339()).as_deref(), Some("2026-11-23T21:40:00+00:00"));
    let first = &poll.alerts[0];
    assert_eq!(first.source.as_str(), "alertmanager:main");
    assert_eq!(first.name(), "KubeDeploymentReplicasMismatch");
    assert_eq!(first.labels.get("deployment").expect("the label"), "cartservice");
    assert_eq!((first.fingerprint.as_str(), first.state), ("11c34bc34a73734b", AlertState::Firing));
    assert_eq!(first.receivers, ["warroom"]);
    assert_eq!(first.starts_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-23T21:39:27.470+00:00"));
    assert_eq!(first.ends_at, None, "the end Alertmanager tells of a firing alert is not one");
    let inhibited = poll.alerts.iter().find(|alert| alert.state == AlertState::Inhibited).expect("one");
    assert_eq!(inhibited.muted_by, ["f9db9d179e762a4a"]);
    let tells: Vec<(&str, bool)> = poll.receivers.iter().map(|one| (one.name.as_str(), one.tells)).collect();
    assert_eq!(tells, [("null", false), ("warroom", true)]);
    assert_eq!(poll.receivers[1].integrations, ["webhook"]);
    assert!(poll.route_tree.contains("group_by:"));
}

#[tokio::test]
async fn a_silence_says_what_it_matches_and_mutes() {
    let silences = r#"[{"id":"a","status":{"state":"active"},"updatedAt":"2026-11-23T17:27:55Z","comment":"c","createdBy":"me",
      "startsAt":"2026-11-23T17:27:55Z","endsAt":"2026-11-23T18:27:55Z","annotations":{"ticket":"7"},"matchers":[
      {"name":"a","value":"x\"y\\z","isRegex":false,"isEqual":true},{"name":"b","value":"p.*","isRegex":true},
      {"name":"c","value":"d","isRegex":false,"isEqual":false},{"name":"e","value":"f|g","isRegex":true,"isEqual":false}]}]"#;
    let silenced = captured("small/am_alerts_silenced.json");
    let poll = poll_of(silenced.clone(), captured("small/am_silences.json"), captured("small/am_status.json")).await;
    assert_eq!(poll.alerts[0].state, AlertState::Silenced);
    assert_eq!(poll.alerts[0].muted_by, ["bbbb1ac1-4e13-40b3-82e4-335c9686376f"]);
    let silence = &poll.silences[0];
    assert_eq!(silence.matchers, [r#"alertname="TargetDown""#]);
    assert_eq!((silence.created_by.as_str(), silence.comment.as_str()), ("ic@example.com", "isolating"));
    assert_eq!(silence.state, "active");
    let poll = poll_of(silenced, silences.to_owned(), captured("small/am_status.json")).await;
    let expected = [r#"a="x\"y\\z""#, r#"b=~"p.*""#, r#"c!="d""#, r#"e!~"f|g""#];
    assert_eq!(poll.silences[0].matchers, expected);
}

#[tokio::test]
async fn what_newer_alertmanagers_add_is_understood() {
    let newer = r#"[{"annotations":{},"endsAt":"2026-11-23T17:31:51.347Z","fingerprint":"4245","startsAt":"2026-11-23T17:27:51.347Z",
      "receivers":[{"name":"nights","labels":{"team":"a"}}],"updatedAt":"2026-11-23T17:27:51.351Z","generatorURL":"http://x",
      "status":{"inhibitedBy":[],"mutedBy":["nights"],"silencedBy":[],"state":"suppressed"},
      "labels":{"alertname":"Slow"}},{"labels":{"no":"name"}},{"fingerprint":"no labels"}]"#;
    let status = r#"{"cluster":{"status":"ready"},"versionInfo":{"version":"0.34.0"},"uptime":"2026-11-23T17:27:51.347Z","config":{"original":
      "receivers:\n- name: nights\n  slack_configs:\n  - api_url: <secret>\n    send_resolved: true\n  email_configs: []\n- name: mute\n  webhook_configs:\n  - url: <secret>\n- name: 7\n"}}"#;
    let source = Source::with(&[
        ("/team/am/api/v2/alerts", Told::ok(newer)),
        ("/team/am/api/v2/silences", Told::ok("[]")),
        ("/team/am/api/v2/status", Told::ok(status)),
    ])
    .await;
    let settings = SourceSettings {
        silent_receivers: vec!["mute".to_owned()],
        tenant: Some("blue".to_owned()),
        ..settings(SourceKind::Alertmanager, &format!("{}/team/am/", source.address))
    };
    let poll = alerts(&settings).poll().await.expect("an answer");
    assert_eq!(poll.alerts.len(), 2);
    assert_eq!((poll.alerts[0].state, poll.alerts[0].told), (AlertState::Silenced, WasTold::Nobody));
    assert_eq!(poll.alerts[0].told_why, "muted by the time interval nights");
    assert_eq!(poll.alerts[1].name(), "unnamed alert");
    assert!(poll.warnings[0].starts_with("an alert was skipped: missing field `labels`"), "{:?}", poll.warnings);
    let told: Vec<(&str, Vec<String>, bool)> =
        poll.receivers.iter().map(|one| (one.name.as_str(), one.integrations.clone(), one.tells)).collect();
    let expected =
        [("nights", vec!["slack".to_owned()], true), ("mute", vec!["webhook".to_owned()], false), ("7", vec![], false)];
    assert_eq!(told, expected);
    assert!(source.asked().iter().all(|asked| asked.headers["x-scope-orgid"] == "blue"));
}

#[tokio::test]
async fn without_silences_and_status_the_alerts_still_stand() {
    let source = Source::with(&[
        ("/api/v2/alerts", Told::ok(captured("lab/am_alerts.json"))),
        ("/api/v2/silences", Told::with(503, "Limit of concurrent GET requests reached (8), try again later.\n")),
        ("/api/v2/status", Told::with(403, "\"no\"")),
    ])
    .await;
    let poll = alerts(&settings(SourceKind::Alertmanager, &source.address)).poll().await.expect("an answer");
    assert_eq!((poll.alerts.len(), poll.receivers.len()), (10, 0));
    assert!(poll.warnings[0].contains("silences are not known") && poll.warnings[0].contains("try again later"));
    assert!(
        poll.warnings[1].contains("who would be told is not known") && poll.warnings[1].contains("403 Forbidden: no")
    );
    let window = Window { from: chrono::DateTime::UNIX_EPOCH, to: chrono::DateTime::UNIX_EPOCH };
    let history = alerts(&settings(SourceKind::Alertmanager, &source.address)).history(window).await;
    assert_eq!(history.expect("none"), AlertHistory::default());
}

#[tokio::test]
async fn it_is_reached_through_the_cluster() {
    let get: ProxyGet = Arc::new(|ProxyRequest { target, path, headers }| {
        Box::pin(async move {
            assert_eq!(headers, [("x-scope-orgid".to_owned(), "blue".to_owned())], "the tenant goes with it");
            assert_eq!((target.namespace.as_str(), target.service.as_str()), ("monitoring", "alertmanager-main"));
            Ok(match path.as_str() {
                "/am/api/v2/alerts" => (200, captured("lab/am_alerts.json").into_bytes()),
                "/am/api/v2/silences" | "/am/api/v2/alerts/groups" => (200, b"[]".to_vec()),
                _ => (503, br#"{"kind":"Status","message":"no endpoints available for service \"x\""}"#.to_vec()),
            })
        })
    });
    let target = ProxyTarget {
        namespace: "monitoring".to_owned(),
        service: "alertmanager-main".to_owned(),
        port: "web".to_owned(),
        scheme: "http".to_owned(),
    };
    let tenant = Some("blue".to_owned());
    let settings = SourceSettings { proxy: Some(target), tenant, ..settings(SourceKind::Alertmanager, "/am") };
    let source = signals().alerts(&settings, None, Some(get)).expect("settings that work");
    let poll = source.poll().await.expect("an answer");
    assert_eq!(poll.alerts.len(), 10);
    assert_eq!(
        poll.warnings,
        [
            r#"who would be told is not known: `alertmanager:main` at Service monitoring/alertmanager-main:web/am is busy: 503 Service Unavailable: no endpoints available for service "x""#
        ]
    );
    let error = signals().alerts(&settings, None, None).err().expect("no cluster").to_string();
    assert!(error.contains("no cluster is connected"), "{error}");
}
