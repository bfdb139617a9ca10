//! Calls that were observed, as a real Prometheus answered for them.

use std::collections::BTreeMap;

use broadstreet_core::observed::{Observer, Reading, Told};
use broadstreet_core::ports::{SignalError, SourceKind};
use reqwest::Url;
use serde_json::{Value, json};

use crate::support::{Asked, Source, Told as Answer, alerts, captured, settings};

const NAMES: &str = "/api/v1/label/__name__/values";

/// The question of a request; for other pages the page.
fn question(asked: &Asked) -> String {
    let url = Url::parse(&format!("http://x{}?{}", asked.path, asked.query)).expect("a request");
    let query = url.query_pairs().find(|(name, _)| name == "query").map(|(_, value)| value.into_owned());
    query.unwrap_or_else(|| asked.path.clone())
}

/// A Prometheus that answers each question as the real one did, but for those `instead` answers.
async fn prometheus(instead: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Source {
    let known: BTreeMap<String, Value> = serde_json::from_str(&captured("observed/answers.json")).expect("answers");
    Source::scripted(move |asked| {
        let question = question(asked);
        instead(&question).unwrap_or_else(|| match known.get(&question) {
            Some(answer) => Answer::ok(answer.to_string()),
            None => Answer::with(404, format!("nobody captured an answer to {question}")),
        })
    })
    .await
}

async fn told(source: &Source) -> BTreeMap<Observer, Result<Told, String>> {
    let poll = alerts(&settings(SourceKind::Prometheus, &source.address)).calls().await.expect("an answer");
    poll.observers.into_iter().collect()
}

fn spelled(call: &Reading) -> String {
    let (from, to, it) = (call.from.words(), call.to.words(), call.measure);
    let failed = it.failed.map_or_else(String::new, |failed| format!(" failed {failed}"));
    let p95 = it.p95.map_or_else(String::new, |p95| format!(" p95 {p95}"));
    format!("{from} -> {to}: {} {:?}{failed}{p95}", it.rate, it.unit)
}

#[tokio::test]
async fn the_calls_of_six_observers_are_read_from_a_real_prometheus() {
    let source = prometheus(|_| None).await;
    let told = told(&source).await;
    let calls = |observer: Observer| -> Vec<String> {
        told[&observer].as_ref().expect("an answer").calls.iter().map(spelled).collect()
    };
    assert_eq!(
        calls(Observer::Istio),
        [
            "an unnamed end -> boutique/frontend: 20000 Requests failed 0",
            "boutique/frontend -> boutique/cartservice: 12000 Requests failed 250 p95 150000",
            "boutique/frontend -> boutique/shippingservice: 1000 Requests failed 1000",
            "boutique/paymentservice -> boutique/redis-cart: 2000 Requests failed 0",
        ]
    );
    assert_eq!(
        calls(Observer::Linkerd),
        ["boutique/checkoutservice -> boutique/paymentservice: 5000 Requests failed 200 p95 91000"]
    );
    assert_eq!(
        calls(Observer::ServiceGraph),
        [
            "boutique/frontend -> boutique/productcatalogservice: 30000 Requests failed 100 p95 330000",
            "frontend -> mystery: 1000 Requests failed 0",
        ]
    );
    assert_eq!(
        calls(Observer::Hubble),
        ["boutique/frontend -> boutique/recommendationservice: 50000 Flows failed 200"]
    );
    assert_eq!(
        calls(Observer::Caretta),
        [
            "boutique/cartservice -> boutique/redis-cart: 2500000 Bytes",
            "boutique/cartservice -> 203.0.113.7: 100000 Bytes",
        ]
    );
    assert_eq!(calls(Observer::Beyla), ["boutique/checkoutservice -> boutique/emailservice: 800000 Bytes"]);
    let notes = |observer: Observer| told[&observer].as_ref().expect("an answer").notes.clone();
    assert_eq!(notes(Observer::ServiceGraph), ["30 spans a minute found no pair: calls are missing"]);
    assert_eq!(notes(Observer::Hubble), ["120 events a minute were lost: flows are missing"]);
    // One question for the names, then only about what is there.
    let asked: Vec<String> = source.asked().iter().map(question).collect();
    assert_eq!(asked.iter().filter(|question| *question == NAMES).count(), 1);
    assert!(asked.len() < 20 && !asked.iter().any(|question| question.contains("obi_network")), "{asked:?}");
}

#[tokio::test]
async fn where_no_observer_left_a_series_nothing_more_is_asked() {
    let none = json!({ "status": "success", "data": ["up"] }).to_string();
    for answer in [Answer::ok(none), Answer::with(404, "404 page not found\n")] {
        let source = prometheus(move |question| (question == NAMES).then(|| answer.clone())).await;
        assert!(told(&source).await.is_empty());
        assert_eq!(source.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_partial_answer_is_shown_and_a_refused_one_takes_nothing_else_with_it() {
    let partial = json!({ "status": "success", "data": { "resultType": "vector", "result": [] },
        "warnings": ["store 10.0.0.1 is down: partial response"] });
    let source = prometheus(move |question| {
        if question.contains("histogram_quantile") && question.contains("istio") {
            return Some(Answer::with(
                422,
                r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples"}"#,
            ));
        }
        if question.contains("response_total") {
            return Some(Answer::with(503, r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#));
        }
        question.contains("caretta").then(|| Answer::ok(partial.to_string()))
    })
    .await;
    let told = told(&source).await;
    let istio = told[&Observer::Istio].as_ref().expect("an answer");
    assert_eq!((istio.calls.len(), istio.notes.len()), (4, 1), "{:?}", istio.notes);
    assert!(
        istio.notes[0].starts_with("latencies are not known") && istio.notes[0].contains("too many samples"),
        "{:?}",
        istio.notes
    );
    assert!(told[&Observer::Linkerd].as_ref().is_err_and(|why| why.contains("query timed out")), "{told:?}");
    let caretta = told[&Observer::Caretta].as_ref().expect("an answer");
    assert_eq!(
        (caretta.calls.len(), caretta.notes.as_slice()),
        (0, &["store 10.0.0.1 is down: partial response".to_owned()][..])
    );
    assert_eq!(told.len(), 6);
}

#[tokio::test]
async fn a_prometheus_that_does_not_answer_says_so() {
    let source = prometheus(|_| Some(Answer::with(500, "out of order"))).await;
    let answer = alerts(&settings(SourceKind::Prometheus, &source.address)).calls().await;
    assert!(matches!(answer, Err(SignalError::BadAnswer { .. } | SignalError::Unreachable { .. })), "{answer:?}");
}
