//! GoAlert.

use std::path::Path;
use std::sync::Arc;

use apollo_compiler::{ExecutableDocument, Schema};
use broadstreet_core::pages::{DeliveryState, PageAttempt};
use broadstreet_core::ports::{Pager, PagerPoll, SignalError, Signals, SourceKind};
use broadstreet_core::time::Moment;
use serde_json::{Value, json};

use crate::support::{Asked, Source, Told, captured, signals, with_token};

/// The alerts captured, in no order.
const ALERTS: [&str; 9] = ["39", "1", "2", "3", "7", "8", "9", "74", "75"];

fn since() -> Moment {
    "2026-11-23T22:00:00Z".parse().expect("a time")
}

fn json_of(name: &str) -> Value {
    serde_json::from_str(&captured(&format!("goalert/{name}"))).expect("JSON")
}

fn variables(asked: &Asked) -> Value {
    serde_json::from_str::<Value>(&asked.body).expect("JSON")["variables"].clone()
}

/// Answers as the real one did, two alerts on a page whatever was asked for.
fn answer(asked: &Asked) -> Told {
    let variables = variables(asked);
    let told = if variables["alerts"] == true {
        let open = variables["alertsInput"].get("filterByStatus").is_some();
        let from: usize = variables["alertsInput"]["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
        let all: &[&str] = if open { &ALERTS[..4] } else { &ALERTS };
        let nodes: Vec<Value> = all.iter().skip(from).take(2).map(|id| alert(id)).collect();
        let page_info = json!({ "endCursor": (from + 2).to_string(), "hasNextPage": from + 2 < all.len() });
        json!({ "data": { "alerts": { "nodes": nodes, "pageInfo": page_info } } })
    } else if variables["messages"] == true {
        json_of("messages.json")
    } else if variables["services"] == true {
        let service = json_of("service-boutique.json")["data"]["service"].clone();
        json!({ "data": { "services": { "nodes": [service], "pageInfo": { "endCursor": "x", "hasNextPage": false } } } })
    } else if variables["historyID"] == "4a04669e-c839-4131-abfd-2c02d80eff20" {
        json_of("messageStatusHistory-failed-four-times.json")
    } else {
        json_of("messageStatusHistory-refused-for-good.json")
    };
    Told::ok(told.to_string())
}

fn alert(id: &str) -> Value {
    json_of(&format!("alerts/{id}.json"))["data"]["alert"].clone()
}

fn goalert(source: &Source) -> Arc<dyn Pager> {
    let settings = with_token(SourceKind::Goalert, &source.address);
    signals().pager(&settings, Some("session-token".to_owned())).expect("settings that work")
}

async fn error_for(told: Told) -> SignalError {
    let source = Source::scripted(move |_| told.clone()).await;
    let error = goalert(&source).poll(since()).await.expect_err("an error");
    let text = error.to_string();
    assert!(text.contains("`goalert:main`") && text.contains(&source.address), "{text}");
    error
}

fn about<'a>(poll: &'a PagerPoll, alert: &str) -> Vec<&'a PageAttempt> {
    poll.attempts.iter().filter(|page| page.subject_id == alert).collect()
}

/// `minute:second name step reason state`, and who answered it or whom it went on to.
fn short(page: &PageAttempt) -> String {
    let minute = |at: Option<Moment>| at.map(|at| at.format("%M:%S").to_string()).unwrap_or_default();
    let step = page.step.map_or("?".to_owned(), |step| step.to_string());
    let state = format!("{:?}", page.delivery);
    let mut text = format!("{} {} {step} {} {state}", minute(page.queued_at), page.target.name, page.reason);
    if page.acked_at.is_some() {
        text += &format!(" acked {} by {} via {}", minute(page.acked_at), page.acked_by, page.ack_via);
    }
    if !page.escalated_to.is_empty() {
        text += &format!(" then {}", page.escalated_to.join(", "));
    }
    text
}

fn shorts(poll: &PagerPoll, alert: &str) -> Vec<String> {
    about(poll, alert).into_iter().map(short).collect()
}

#[test]
fn our_document_is_valid_against_goalerts_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captured/goalert/schema");
    let mut builder = Schema::builder();
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("the schema").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    for file in &files {
        builder = builder.parse(std::fs::read_to_string(file).expect("a text"), file);
    }
    // What other files of the schema declare and no question of ours touches, in short.
    let own = "directive @goField(forceResolver: Boolean) on FIELD_DEFINITION | INPUT_FIELD_DEFINITION\n\
        type Destination { type: ID! }\ninput DestinationInput { type: ID! }\n";
    let schema = builder.parse(own, "gqlgen.graphql").build().and_then(Schema::validate);
    let schema = schema.unwrap_or_else(|error| panic!("{}", error.errors));
    let document = include_str!("../../src/goalert/broadstreet.graphql");
    if let Err(error) = ExecutableDocument::parse_and_validate(&schema, document, "broadstreet.graphql") {
        panic!("{}", error.errors);
    }
}

#[tokio::test]
async fn who_was_paged_at_which_step_and_who_answered() {
    let source = Source::scripted(answer).await;
    let poll = goalert(&source).poll(since()).await.expect("an answer");
    assert_eq!(
        shorts(&poll, "74"),
        [
            "18:46 Alice Example 1 trigger Sent then Bob Example",
            "19:51 Alice Example 2 escalate Sent",
            "19:51 Bob Example 2 escalate Sent",
            "20:51 Alice Example 1 escalate Sent",
        ]
    );
    let first = about(&poll, "74")[0];
    assert_eq!(first.labels.get("alertname").expect("the label"), "EmailQueueGrowing");
    assert_eq!((first.channel.as_str(), first.address_redacted.as_str()), ("webhook", "12….1"));
    assert_eq!(first.never_told, ["delivered_at"]);
    assert_eq!(
        poll.on_call,
        [
            ("Boutique on-call".to_owned(), 1, "Alice Example".to_owned()),
            ("Boutique on-call".to_owned(), 2, "Bob Example".to_owned())
        ]
    );
    assert!(source.asked().iter().all(|asked| asked.headers["authorization"] == "Bearer session-token"));
    let documents: std::collections::BTreeSet<String> = source
        .asked()
        .iter()
        .map(|asked| serde_json::from_str::<Value>(&asked.body).expect("JSON")["query"].to_string())
        .collect();
    assert_eq!(documents.len(), 1, "an API key is bound to one exact document");
}

#[tokio::test]
async fn bundled_pages_name_the_message_they_went_out_in() {
    let source = Source::scripted(answer).await;
    let poll = goalert(&source).poll(since()).await.expect("an answer");
    let one = about(&poll, "1");
    assert_eq!(short(one[0]), "07:56 Alice Example 1 trigger Bundled then Bob Example");
    let bundle = poll.attempts.iter().find(|page| page.source_id == one[0].bundled_into).expect("the bundle");
    assert_eq!(bundle.subject, "several alerts of Online Boutique at once");
    assert_eq!((bundle.delivery, bundle.step), (DeliveryState::Sent, Some(1)));
    let answered: Vec<String> = one.iter().filter(|page| page.acked_at.is_some()).map(|page| short(page)).collect();
    assert_eq!(
        answered,
        [
            "08:56 Bob Example 2 escalate Bundled acked 10:27 by Bob Example via web",
            "09:26 Bob Example 2 escalate Bundled acked 10:27 by Bob Example via web",
        ]
    );
    let ids: std::collections::BTreeSet<&str> = poll.attempts.iter().map(|page| page.source_id.as_str()).collect();
    assert_eq!(ids.len(), poll.attempts.len(), "ids are unique");
}

#[tokio::test]
async fn failed_pages_are_told_though_the_alerts_own_log_is_silent() {
    let source = Source::scripted(answer).await;
    let poll = goalert(&source).poll(since()).await.expect("an answer");
    let failed = about(&poll, "7").into_iter().find(|page| page.source_id.starts_with("4a04669e")).expect("the page");
    assert_eq!(short(failed), "08:36 Carol Example 1 trigger FailedPermanently then Bob Example");
    assert_eq!(failed.error, "lookup service info: context deadline exceeded");
    let refused = about(&poll, "75");
    assert_eq!(
        short(refused[0]),
        "20:01 Carol Example 1 trigger FailedPermanently acked 20:08 by Carol Example via web"
    );
    let nameless = about(&poll, "7").into_iter().find(|page| page.acked_at.is_some()).expect("an answered page");
    assert_eq!(nameless.acked_by, "", "an acknowledgement by API key names nobody");
    let update = about(&poll, "7").into_iter().find(|page| page.reason == "acknowledgement").expect("a status update");
    assert_eq!(update.target.name, "Carol Example");
}

#[tokio::test]
async fn a_failure_that_is_tried_again_is_not_for_good() {
    // The history as it stood after the second try: the retry is written at the time of the failure.
    let mut history = json_of("messageStatusHistory-failed-four-times.json");
    let rows = history["data"]["messageStatusHistory"].as_array_mut().expect("rows");
    rows.drain(..5);
    assert_eq!(rows[0]["status"], "pending");
    let history = history.to_string();
    let source =
        Source::scripted(
            move |asked| {
                if variables(asked)["history"] == true { Told::ok(history.clone()) } else { answer(asked) }
            },
        )
        .await;
    let pager = goalert(&source);
    let poll = pager.poll(since()).await.expect("an answer");
    let page = about(&poll, "7").into_iter().find(|page| page.source_id.starts_with("4a04669e")).expect("the page");
    assert_eq!(page.delivery, DeliveryState::FailedTemporarily);
    let histories = || source.asked().iter().filter(|asked| variables(asked)["history"] == true).count();
    let before = histories();
    pager.poll(since()).await.expect("an answer");
    assert!(histories() > before, "what is not final is asked again");
}

#[tokio::test]
async fn an_end_that_may_belong_to_another_alert_is_pointed_out() {
    let source = Source::scripted(answer).await;
    let poll = goalert(&source).poll(since()).await.expect("an answer");
    let doubtful: Vec<&String> = poll.warnings.iter().filter(|warning| warning.contains("may still fire")).collect();
    assert!(doubtful.iter().any(|warning| warning.starts_with("alert 39 (")), "{doubtful:?}");
    assert!(!doubtful.iter().any(|warning| warning.starts_with("alert 74 (")), "{doubtful:?}");
}

#[tokio::test]
async fn without_the_message_log_the_alerts_logs_still_tell() {
    let denied = r#"{"errors":[{"message":"access denied","path":["messageLogs"]}],"data":null}"#;
    let source = Source::scripted(
        move |asked| {
            if variables(asked)["messages"] == true { Told::ok(denied) } else { answer(asked) }
        },
    )
    .await;
    let poll = goalert(&source).poll(since()).await.expect("an answer");
    assert!(poll.warnings.iter().any(|warning| warning.contains("for administrators")), "{:?}", poll.warnings);
    let pages = about(&poll, "74");
    assert_eq!((pages.len(), pages[0].delivery, pages[0].queued_at), (4, DeliveryState::Sent, None));
    assert!(pages[0].never_told.iter().any(|name| name == "error"));
    assert_eq!(pages[0].escalated_to, ["Bob Example"]);
}

#[tokio::test]
async fn messages_are_read_by_time_because_the_cursor_loses_rows() {
    let start: Moment = "2026-11-23T23:00:00Z".parse().expect("a time");
    let row = |second: i64| {
        let at = (start + chrono::Duration::seconds(second / 2)).to_rfc3339();
        json!({ "id": format!("m{second}"), "createdAt": at, "updatedAt": at, "type": "Alert", "status": "Sent",
            "userID": "u", "userName": "U", "destination": "127.0.0.1", "alertID": 74, "sentAt": at })
    };
    let rows: Vec<(Moment, Value)> =
        (0..250).rev().map(|second| (start + chrono::Duration::seconds(second / 2), row(second))).collect();
    let source = Source::scripted(move |asked| {
        let asked_for = variables(asked);
        if asked_for["messages"] != true {
            return answer(asked);
        }
        let input = &asked_for["messagesInput"];
        assert!(input.get("after").is_none() && input["first"].as_i64().is_some_and(|first| first <= 98));
        let before: Option<Moment> = input["createdBefore"].as_str().map(|before| before.parse().expect("a time"));
        let page: Vec<&Value> = rows
            .iter()
            .filter(|(at, _)| before.is_none_or(|before| *at < before))
            .map(|(_, row)| row)
            .take(98)
            .collect();
        Told::ok(json!({ "data": { "messageLogs": { "nodes": page } } }).to_string())
    })
    .await;
    let poll = goalert(&source).poll(since()).await.expect("an answer");
    let read = poll.attempts.iter().filter(|page| page.source_id.starts_with('m')).count();
    assert_eq!((read, poll.gaps.len()), (250, 0), "no row is lost, none is twice");
}

#[tokio::test]
async fn too_many_internal_calls_make_the_pages_smaller() {
    let limit = r#"{"errors":[{"message":"Request canceled: external call limit reached for this request. Total calls: 101"}],"data":null}"#;
    let source = Source::scripted(move |asked| match variables(asked)["alertsInput"]["first"].as_i64() {
        Some(first) if first > 4 => Told::ok(limit),
        _ => answer(asked),
    })
    .await;
    let poll = goalert(&source).poll(since()).await.expect("an answer");
    assert_eq!(about(&poll, "74").len(), 4);
    let error = error_for(Told::ok(limit)).await;
    assert!(error.to_string().contains("external call limit reached"), "{error}");
}

#[tokio::test]
async fn every_refusal_is_one() {
    for told in [
        Told::with(401, "unauthorized\n"),
        Told::with(400, "invalid token header format\n"),
        Told::with(400, "invalid signature\n"),
        Told::ok(
            r#"{"errors":[{"message":"wrong query for API key","extensions":{"code":"invalid_query"}}],"data":null}"#,
        ),
        Told::ok(r#"{"errors":[{"message":"access denied","path":["alerts"]}],"data":null}"#),
    ] {
        let error = error_for(told).await;
        assert!(matches!(error, SignalError::Refused { .. }), "{error}");
    }
    let invalid = r#"{"errors":[{"message":"Cannot query field \"urgency\" on type \"Alert\"."}],"data":null}"#;
    let error = error_for(Told::with(422, invalid)).await;
    assert!(matches!(&error, SignalError::BadAnswer { why, .. } if why.contains("Cannot query field")), "{error}");
    let error = error_for(Told::ok(r#"{"data":null}"#)).await;
    assert!(matches!(error, SignalError::BadAnswer { .. }), "{error}");
}
