//! PagerDuty. It publishes no program to run and its schema has no licence, so these answers are written after the
//! names of its fields.

use std::sync::Arc;

use broadstreet_core::pages::{DeliveryState, PageAttempt};
use broadstreet_core::ports::{Pager, SignalError, Signals, SourceKind};
use broadstreet_core::time::Moment;
use futures_util::FutureExt;
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::{Asked, Source, Told, signals, with_token};

fn since() -> Moment {
    "2026-11-23T09:00:00Z".parse().expect("a time")
}

fn user(id: &str, name: &str) -> Value {
    json!({ "id": id, "type": "user_reference", "summary": name, "self": null, "html_url": null })
}

fn entry(id: &str, kind: &str, time: &str, more: &Value) -> Value {
    let mut entry = json!({
        "id": id, "type": format!("{kind}_log_entry"), "summary": kind, "created_at": format!("2026-11-23T{time}Z"),
        "agent": { "id": "S1", "type": "service_reference", "summary": "Shop" },
        "channel": { "type": "auto" }, "contexts": [], "teams": [], "": "a property without a name",
        "incident": { "id": "Q1", "type": "incident", "summary": "[#7] Cart is down", "title": "Cart is down",
            "incident_number": 7, "escalation_policy": { "id": "P1", "type": "escalation_policy_reference", "summary": "Shop on-call" } },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        entry[name] = value.clone();
    }
    entry
}

fn notify(id: &str, time: &str, who: &Value, kind: &str, address: Value, status: &str) -> Value {
    let notification = json!({ "id": format!("N{id}"), "type": kind, "started_at": format!("2026-11-23T{time}Z"), "address": address, "status": status, "conferenceAddress": null });
    entry(id, "notify", time, &json!({ "user": who, "channel": { "type": "auto", "notification": notification } }))
}

/// A page at two, unanswered; its escalation; an answer by phone; newest first, as the API answers.
fn log() -> Vec<Value> {
    let (ann, bob) = (user("U1", "Ann"), user("U2", "Bob"));
    let mut log = vec![
        entry("R1", "trigger", "10:00:00", &json!({ "channel": { "type": "monitor" } })),
        entry("R2", "assign", "10:00:00", &json!({ "assignees": [ann] })),
        notify("R3", "10:00:02", &ann, "push_notification", Value::Null, "success"),
        notify("R4", "10:01:02", &ann, "sms", json!("+49 170 1234567"), "failed: carrier rejected"),
        entry("R5", "escalate", "10:05:00", &json!({ "assignees": [bob] })),
        notify("R6", "10:05:03", &bob, "phone", json!("+49 170 7654321"), "answered"),
        entry(
            "R7",
            "acknowledgement",
            "10:05:40",
            &json!({ "agent": bob, "channel": { "type": "phone" }, "acknowledgement_timeout": 1800 }),
        ),
        entry("R8", "unacknowledge", "10:35:40", &json!({})),
        notify("R9", "10:35:42", &bob, "email", json!("bob@example.org"), "in a word of its own"),
        entry("R10", "acknowledge", "10:36:00", &json!({ "agent": bob, "channel": { "type": "website" } })),
        entry("R11", "resolve", "10:50:00", &json!({ "agent": bob })),
    ];
    log.reverse();
    log
}

fn oncalls() -> Told {
    let one = |level: u32, name: &str| json!({ "escalation_policy": { "id": "P1", "summary": "Shop on-call" }, "escalation_level": level, "user": user("U", name), "schedule": null, "start": null, "end": null });
    Told::ok(json!({ "oncalls": [one(2, "Bob"), one(1, "Ann"), { "user": null }], "limit": 100, "offset": 0, "more": false, "total": null }).to_string())
}

fn answer(asked: &Asked, log: &[Value]) -> Told {
    if asked.path == "/oncalls" {
        return oncalls();
    }
    let number = |name: &str| {
        asked.query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))?.parse::<usize>().ok())
    };
    let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(25));
    let page: Vec<&Value> = log.iter().skip(offset).take(limit).collect();
    Told::ok(json!({ "log_entries": page, "limit": limit, "offset": offset, "more": offset + limit < log.len(), "total": null }).to_string())
}

fn pagerduty(source: &Source, secret: &str) -> Arc<dyn Pager> {
    let settings = with_token(SourceKind::Pagerduty, &source.address);
    signals().pager(&settings, Some(secret.to_owned())).expect("settings that work")
}

fn by_id<'a>(attempts: &'a [PageAttempt], id: &str) -> &'a PageAttempt {
    attempts.iter().find(|page| page.source_id == id).expect("a page")
}

#[tokio::test]
async fn the_log_tells_who_was_paged_by_what_and_who_answered() {
    let source = Source::scripted(|asked| answer(asked, &log())).await;
    let poll = pagerduty(&source, "key").poll(since()).await.expect("an answer");
    let reasons: Vec<(&str, &str, &str)> = poll
        .attempts
        .iter()
        .map(|page| (page.target.name.as_str(), page.reason.as_str(), page.channel.as_str()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("Ann", "trigger", "push"),
            ("Ann", "trigger", "sms"),
            ("Bob", "escalate", "voice"),
            ("Bob", "ack_timeout", "email")
        ]
    );
    let first = &poll.attempts[0];
    assert_eq!((first.subject_id.as_str(), first.subject.as_str()), ("Q1", "Cart is down"));
    assert_eq!((first.policy.as_str(), first.step, first.target.id.as_str()), ("Shop on-call", None, "U1"));
    assert_eq!((first.delivery, first.escalated_to.clone()), (DeliveryState::Sent, vec!["Bob".to_owned()]));
    assert!(first.never_told.iter().any(|name| name == "step"));
    let failed = by_id(&poll.attempts, "R4");
    assert_eq!(
        (failed.delivery, failed.error.as_str()),
        (DeliveryState::FailedPermanently, "failed: carrier rejected")
    );
    assert_eq!(failed.address_redacted, "+4…67");
    let answered = by_id(&poll.attempts, "R6");
    assert_eq!(
        (answered.delivery, answered.acked_by.as_str(), answered.ack_via.as_str()),
        (DeliveryState::Delivered, "Bob", "voice")
    );
    assert_eq!(answered.acked_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-23T10:05:40+00:00"));
    let again = by_id(&poll.attempts, "R9");
    assert_eq!((again.delivery, again.ack_via.as_str()), (DeliveryState::Unknown, "web"));
    let on_call = [("Shop on-call".to_owned(), 1, "Ann".to_owned()), ("Shop on-call".to_owned(), 2, "Bob".to_owned())];
    assert_eq!(poll.on_call, on_call);
    let asked = &source.asked()[0];
    assert_eq!(asked.headers["authorization"], "Token token=key");
    assert_eq!(asked.headers["accept"], "application/vnd.pagerduty+json;version=2");
    assert!(
        asked.query.contains("is_overview=false&include%5B%5D=channels&include%5B%5D=incidents"),
        "{}",
        asked.query
    );
}

#[tokio::test]
async fn an_oauth_token_is_a_bearer() {
    let source = Source::scripted(|asked| answer(asked, &[])).await;
    let poll = pagerduty(&source, "pdus+_0XBPWQQ_1").poll(since()).await.expect("an answer");
    assert_eq!(poll.attempts, Vec::new());
    assert_eq!(source.asked()[0].headers["authorization"], "Bearer pdus+_0XBPWQQ_1");
}

#[tokio::test]
async fn long_logs_are_read_in_pages_up_to_the_reach_of_the_api() {
    let at = |number: usize| format!("2026-11-23T10:{:02}:{:02}Z", 59 - number / 250, 59 - number % 60);
    let rows = |count: usize| -> Vec<Value> {
        (0..count).map(|number| json!({ "id": format!("L{number}"), "type": "notify_log_entry", "created_at": at(number), "user": { "id": "U" } })).collect()
    };
    let some = rows(250);
    let source = Source::scripted(move |asked| answer(asked, &some)).await;
    let pager = pagerduty(&source, "key");
    let poll = pager.poll(since()).await.expect("an answer");
    assert_eq!((poll.attempts.len(), poll.gaps.len()), (250, 0));
    assert_eq!(poll.attempts[0].target.name, "U");
    let asked = source.asked().len();
    let later = since() + chrono::Duration::seconds(5);
    assert_eq!(pager.poll(later).await.expect("an answer").attempts.len(), 250);
    let again = &source.asked()[asked];
    assert!(again.query.starts_with("since=2026-11-23T10%3A44%3A59Z"), "only the end is read again: {}", again.query);
    let all = rows(10_100);
    let source = Source::scripted(move |asked| answer(asked, &all)).await;
    let poll = pagerduty(&source, "key").poll(since()).await.expect("an answer");
    assert_eq!(poll.attempts.len(), 10_000);
    assert_eq!((poll.gaps.len(), poll.gaps[0].from), (1, since()));
    assert!(poll.warnings[0].contains("10000 log entries at most"), "{:?}", poll.warnings);
}

#[tokio::test]
async fn odd_entries_and_a_missing_on_call_list_do_not_hide_the_rest() {
    let mut rows = log();
    rows.push(json!({ "id": "1", "summary": "foo" }));
    rows.push(json!({ "id": "R0", "type": "notify_log_entry_reference", "created_at": "2026-11-23T09:59:00+00:00" }));
    let source = Source::scripted(move |asked| match asked.path.as_str() {
        "/oncalls" => Told::with(403, r#"{"error":{"message":"Access Denied","code":2010}}"#),
        _ => answer(asked, &rows),
    })
    .await;
    let poll = pagerduty(&source, "key").poll(since()).await.expect("an answer");
    assert_eq!(poll.attempts.len(), 5);
    assert_eq!((poll.attempts[0].target.name.as_str(), poll.attempts[0].reason.as_str()), ("not told", ""));
    assert!(poll.warnings[0].contains("a log entry was skipped") && poll.warnings[1].contains("Access Denied"));
}

#[tokio::test]
async fn its_errors_are_told_and_it_has_no_stream() {
    let error_for = async |told: Told| {
        let source = Source::scripted(move |_| told.clone()).await;
        pagerduty(&source, "s3cret-key").poll(since()).await.expect_err("an error")
    };
    let error = error_for(Told::with(401, r#"{"error":{"message":"s3cret-key is no token","code":2006}}"#)).await;
    assert!(matches!(error, SignalError::Refused { .. }) && error.to_string().contains("… is no token"), "{error}");
    let error = error_for(
        Told::with(429, r#"{"error":{"message":"Rate Limit Exceeded","code":2020}}"#).header("ratelimit-reset", "12"),
    )
    .await;
    assert!(matches!(error, SignalError::Busy { retry_after: Some(12), .. }), "{error}");
    let error = error_for(Told::with(
        400,
        r#"{"error":{"message":"Invalid Input Provided","code":2001,"errors":["Offset is too large"]}}"#,
    ))
    .await;
    assert!(error.to_string().contains("Invalid Input Provided: Offset is too large"), "{error}");
    let source = Source::scripted(|asked| answer(asked, &[])).await;
    let mut stream = pagerduty(&source, "key").stream().await.expect("a stream");
    assert!(stream.next().now_or_never().is_none(), "it neither tells anything nor ends");
}
