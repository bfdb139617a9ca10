//! Icinga 2.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use broadstreet_core::pages::{DeliveryState, PageAttempt};
use broadstreet_core::ports::{Credentials, Pager, SignalError, Signals, SourceKind, SourceSettings};
use broadstreet_core::time::Moment;
use futures_util::StreamExt;

use crate::support::{Asked, Source, Told, captured, settings, signals};

/// When the drill began and when its objects were read.
const BEGAN: i64 = 1_795_663_985;

fn at(seconds: i64) -> Moment {
    Moment::from_timestamp(seconds, 0).expect("a time")
}

fn answer(asked: &Asked) -> Told {
    let name = asked.path.rsplit('/').next().unwrap_or_default();
    match name {
        "IcingaApplication" => Told::ok(captured("icinga/application.json")),
        "CIB" => Told::ok(captured("icinga/core.json")),
        "events" => Told::ok(captured("icinga/events.jsonl")),
        _ => Told::ok(captured(&format!("icinga/{name}.json"))),
    }
}

fn icinga(source: &Source) -> Arc<dyn Pager> {
    let basic = Credentials::Basic { user: "lab".to_owned() };
    let settings = SourceSettings { credentials: basic, ..settings(SourceKind::Icinga, &source.address) };
    signals().pager(&settings, Some("lab-password".to_owned())).expect("settings that work")
}

/// `person step reason second` and, where it was answered, `by second`.
fn short(attempts: &[PageAttempt]) -> Vec<String> {
    let second = |at: Option<Moment>| at.map(|at| at.timestamp() - BEGAN).unwrap_or_default();
    let one = |page: &PageAttempt| {
        let step = page.step.map_or("?".to_owned(), |step| step.to_string());
        let name = page.subject_id.rsplit(['!', '-']).next().unwrap_or_default();
        let mut text = format!("{name} {} {step} {} {}", page.target.id, page.reason, second(page.sent_at));
        if page.acked_at.is_some() {
            text += &format!(" acked by {} {}", page.acked_by, second(page.acked_at));
        }
        if !page.escalated_to.is_empty() {
            text += &format!(" then {}", page.escalated_to.join(","));
        }
        text
    };
    attempts.iter().map(one).collect()
}

#[tokio::test]
async fn objects_tell_the_last_page_of_every_open_problem() {
    let source = Source::scripted(answer).await;
    let poll = icinga(&source).poll(at(BEGAN - 100)).await.expect("an answer");
    assert_eq!(
        short(&poll.attempts),
        [
            "cart alice 1 trigger 0 then Bob B.",
            "cart bob 2 escalate 5 acked by Bob B. 9",
            "checkout alice 1 trigger 12",
        ]
    );
    let bob = &poll.attempts[1];
    assert_eq!(bob.source.as_str(), "icinga:main");
    assert_eq!(bob.source_id, "boutique!KubePodNotReady-cart!step2/bob/problem/1795663990617265");
    assert_eq!((bob.subject.as_str(), bob.target.name.as_str()), ("KubePodNotReady on boutique", "Bob B."));
    assert_eq!((bob.labels.get("pod").expect("the label").as_str(), bob.channel.as_str()), ("cart-1", "email"));
    assert_eq!(
        (bob.delivery, bob.delivered_at),
        (DeliveryState::Sent, None),
        "handed to the command, no more is known"
    );
    assert!(
        bob.never_told.iter().any(|name| name == "delivered_at") && bob.never_told.iter().any(|name| name == "error")
    );
    assert_eq!(poll.version, "r2.13.6-1");
    assert!(poll.source_time.is_some(), "the start and how long it runs tell its clock");
    assert_eq!(poll.gaps, [], "a gap is told when it is over");
    assert!(poll.warnings.len() == 1 && poll.warnings[0].contains("nobody listens to its events since 2026-11-26"));
    let on_call = [("boutique", 1, "alice"), ("boutique", 2, "Bob B.")];
    let on_call = on_call.map(|(policy, step, name)| (policy.to_owned(), step, name.to_owned()));
    assert_eq!(poll.on_call, on_call);
    let later = icinga(&source).poll(at(BEGAN + 8)).await.expect("an answer");
    assert_eq!(short(&later.attempts), ["cart bob 2 escalate 5 acked by Bob B. 9", "checkout alice 1 trigger 12"]);
    assert!(source.asked().iter().all(|asked| asked.headers["accept"] == "application/json" && asked.method == "GET"));
}

#[tokio::test]
async fn the_stream_tells_every_page_and_agrees_with_the_objects() {
    let source = Source::scripted(answer).await;
    let icinga = icinga(&source);
    let mut stream = icinga.stream().await.expect("a stream");
    let mut told: BTreeMap<String, PageAttempt> = BTreeMap::new();
    while let Some(attempts) = stream.next().await {
        told.extend(attempts.into_iter().map(|attempt| (attempt.source_id.clone(), attempt)));
    }
    drop(stream);
    let expected = [
        "cart alice 1 trigger 0 then Bob B.",
        "checkout alice 1 trigger 0 then Bob B.",
        "cart bob 2 escalate 5 acked by Bob B. 9",
        "checkout bob 2 escalate 5",
        "cart alice 1 acknowledgement 9",
        "checkout bob 2 recovery 11",
        "checkout alice 1 recovery 11",
        "checkout alice 1 trigger 12 then Bob B.",
        "disk alice 1 trigger 13",
        "disk alice 1 recovery 15",
        "checkout bob 2 escalate 20",
    ];
    let poll = icinga.poll(at(BEGAN - 100)).await.expect("an answer");
    assert_eq!(short(&poll.attempts), expected, "no page twice");
    let polled: BTreeMap<String, PageAttempt> =
        poll.attempts.into_iter().map(|attempt| (attempt.source_id.clone(), attempt)).collect();
    assert_eq!(polled, told, "the stream told the same");
    let disk = told.values().find(|page| page.subject_id.ends_with("disk")).expect("a page");
    assert!(disk.labels.is_empty(), "custom variables of a check that is no alert stay where they are");
    let events: Vec<Asked> = source.asked().into_iter().filter(|asked| asked.path == "/v1/events").collect();
    let queue =
        |asked: &Asked| serde_json::from_str::<serde_json::Value>(&asked.body).expect("JSON")["queue"].to_string();
    assert!(events[0].method == "POST" && queue(&events[0]).contains("broadstreet-"));
    let _again = icinga.stream().await.expect("a stream");
    let again = source.asked().into_iter().rfind(|asked| asked.path == "/v1/events").expect("asked");
    assert_ne!(queue(&events[0]), queue(&again), "two readers of one queue would share its events");
    let reads: Vec<Asked> = source.asked().into_iter().filter(|asked| asked.body.contains("filter_vars")).collect();
    assert!(!reads.is_empty() && reads.iter().all(|asked| asked.headers["x-http-method-override"] == "GET"));
}

#[tokio::test]
async fn lines_arrive_in_pieces_and_rubbish_between_them_is_passed_over() {
    let events = captured("icinga/events.jsonl");
    let whole: String = events.lines().take(2).collect::<Vec<_>>().join("\n") + "\n";
    let (start, end) = whole.split_at(700);
    let pieces = vec![
        end[..40].to_owned(),
        end[40..].to_owned(),
        "not json\n{\"type\":\"Other\"}\n\n".to_owned(),
        "{\"type\":\"Noti".to_owned(),
    ];
    let first = Told { body: start.to_owned(), pieces, breaks: true, ..Told::ok("") };
    let source =
        Source::scripted(move |asked| if asked.path == "/v1/events" { first.clone() } else { answer(asked) }).await;
    let mut stream = icinga(&source).stream().await.expect("a stream");
    let mut told = Vec::new();
    while let Some(attempts) = stream.next().await {
        told.extend(attempts);
    }
    assert!(told.iter().any(|page| page.target.id == "alice" && page.reason == "trigger"), "{told:?}");
}

#[tokio::test]
async fn a_cut_stream_leaves_a_gap_until_it_is_opened_again() {
    let now = Arc::new(Mutex::new(100.0));
    let clock = Arc::clone(&now);
    let source = Source::scripted(move |asked| match asked.path.rsplit('/').next() {
        Some("IcingaApplication") => Told::ok(r#"{"results":[{"status":{"icingaapplication":{"app":{"version":"r2","program_start":1000.0,"enable_notifications":false}}}}]}"#),
        Some("CIB") => Told::ok(format!(r#"{{"results":[{{"status":{{"uptime":{}}}}}]}}"#, clock.lock().expect("the clock"))),
        Some("events") => Told { pieces: vec![String::new()], ..Told::ok("{\"type\":\"StateChange\",\"timestamp\":1105.0,\"state\":2}\n") },
        _ => Told::with(404, r#"{"error":404,"status":"No objects found."}"#),
    })
    .await;
    let pager = icinga(&source);
    let look = |since: i64| {
        let pager = Arc::clone(&pager);
        async move {
            let poll = pager.poll(at(since)).await.expect("an answer");
            assert_eq!(poll.warnings[0], "notifications are switched off in this Icinga: nobody is paged");
            let gaps: Vec<_> = poll.gaps.iter().map(|gap| (gap.from.timestamp(), gap.to.timestamp())).collect();
            (
                gaps,
                poll.warnings.get(1).is_some_and(|warning| warning.starts_with("nobody listens to its events since")),
            )
        }
    };
    assert_eq!(look(1050).await, (vec![], true));
    let mut stream = pager.stream().await.expect("a stream");
    assert_eq!(stream.next().await, Some(Vec::new()), "something happened: a poll is due");
    *now.lock().expect("the clock") = 120.0;
    assert_eq!(look(1060).await, (vec![(1050, 1100)], false));
    drop(stream);
    *now.lock().expect("the clock") = 150.0;
    assert_eq!(look(1110).await, (vec![], true));
    let _stream = pager.stream().await.expect("a stream");
    *now.lock().expect("the clock") = 160.0;
    assert_eq!(look(1110).await, (vec![(1120, 1150)], false));
    assert_eq!(look(1115).await, (vec![(1120, 1150)], false), "the same at every look");
}

#[tokio::test]
async fn a_wrong_password_and_a_stream_that_is_not_allowed_are_told() {
    let source = Source::scripted(|asked| match asked.path.as_str() {
        "/v1/events" => Told::with(404, r#"{"error":404,"status":"The requested path 'v1/events' could not be found or the request method is not valid for this path."}"#),
        _ => Told::with(401, r#"{"error":401,"status":"Unauthorized. Please check your user credentials."}"#),
    })
    .await;
    let error = icinga(&source).poll(at(0)).await.expect_err("an error");
    assert!(matches!(error, SignalError::Refused { .. }), "{error:?}");
    assert!(
        error.to_string().contains("Please check your user credentials") && error.to_string().contains(&source.address)
    );
    let error = icinga(&source).stream().await.err().expect("an error").to_string();
    assert!(error.contains("`icinga:main`") && error.contains("permission `events/Notification`"), "{error}");
}
