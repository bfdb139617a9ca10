//! What goes wrong on the way, the same for every source.

use std::time::Duration;

use broadstreet_core::ports::{Credentials, SignalError, Signals, SourceKind, SourceSettings};
use broadstreet_signals::{HttpSignals, Limits};

use crate::support::{Source, Told, alerts, captured, nobody, settings, signals, with_token};

async fn error_of(settings: &SourceSettings, secret: Option<&str>) -> SignalError {
    let source = signals().alerts(settings, secret.map(str::to_owned), None).expect("settings that work");
    source.poll().await.expect_err("an error")
}

async fn error_for(told: Told) -> (SignalError, String) {
    let source = Source::scripted(move |_| told.clone()).await;
    let settings = settings(SourceKind::Alertmanager, &source.address);
    let error = error_of(&settings, None).await;
    let text = error.to_string();
    assert!(text.contains("`alertmanager:main`") && text.contains(&source.address), "names source and address: {text}");
    (error, text)
}

#[tokio::test]
async fn a_busy_source_tells_how_long_to_wait() {
    let limit = "Limit of concurrent GET requests reached (8), try again later.\n";
    let (error, text) = error_for(Told::with(503, limit)).await;
    assert!(matches!(error, SignalError::Busy { retry_after: None, .. }) && text.contains("try again later"), "{text}");
    let (error, _) = error_for(Told::with(429, "").header("retry-after", "7")).await;
    assert!(matches!(error, SignalError::Busy { retry_after: Some(7), .. }));
    let (error, _) = error_for(Told::with(429, "")).await;
    assert!(matches!(error, SignalError::Busy { retry_after: None, .. }));
    let (error, _) = error_for(Told::with(429, "").header("ratelimit-reset", "31")).await;
    assert!(matches!(error, SignalError::Busy { retry_after: Some(31), .. }));
    let dated = Told::with(503, "")
        .header("date", "Mon, 23 Nov 2026 21:40:00 GMT")
        .header("retry-after", "Mon, 23 Nov 2026 21:41:30 GMT");
    let (error, _) = error_for(dated).await;
    assert!(matches!(error, SignalError::Busy { retry_after: Some(90), .. }));
}

#[tokio::test]
async fn every_shape_of_answer_that_is_none_is_named() {
    let login = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>";
    let cases = [
        (Told::with(500, "\"internal trouble\""), "500 Internal Server Error: internal trouble"),
        (Told::with(404, ""), "404 Not Found: an empty answer"),
        (Told::with(400, r#"{"code":602,"message":"bad matcher"}"#), "400 Bad Request: bad matcher"),
        (
            Told::ok(login),
            "a web page titled `Sign in` instead of Alertmanager's alerts; does a login page stand before it?",
        ),
        (Told::ok(r#"{"not":"a list"}"#), "not Alertmanager's alerts"),
        (Told::ok(r#"[{"labels":{"alertname":"#), "Alertmanager's alerts breaks off after 24 bytes"),
        (Told::ok(""), "breaks off after 0 bytes"),
        (
            Told::with(302, "").header("location", "https://login.example/?back=x"),
            "redirects to https://login.example/",
        ),
    ];
    for (told, words) in cases {
        let (error, text) = error_for(told).await;
        assert!(matches!(error, SignalError::BadAnswer { .. }) && text.contains(words), "{text}");
    }
    let (error, text) = error_for(Told::with(502, "<html><body>Bad Gateway</body></html>")).await;
    assert!(matches!(error, SignalError::Unreachable { .. }) && text.contains("502 Bad Gateway: a web page"), "{text}");
}

#[tokio::test]
async fn half_a_body_is_told_with_its_length() {
    let source =
        Source::raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 446\r\n\r\n[{\"labels\":{}")
            .await;
    let error = error_of(&settings(SourceKind::Alertmanager, &source.address), None).await;
    assert!(error.to_string().contains("the answer broke off after 13 of 446 bytes"), "{error}");
    let source = Source::raw("").await;
    let error = error_of(&settings(SourceKind::Alertmanager, &source.address), None).await;
    assert!(matches!(error, SignalError::Unreachable { .. }) && error.to_string().contains(&source.address), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_too_slow_is_given_up() {
    let source = Source::scripted(|_| Told::ok(captured("lab/am_alerts.json"))).await;
    let limits = Limits { body: 1000, ..Limits::default() };
    let settings_here = settings(SourceKind::Alertmanager, &source.address);
    let opened = HttpSignals::with(limits).alerts(&settings_here, None, None).expect("settings that work");
    let error = opened.poll().await.expect_err("too large").to_string();
    assert!(error.contains("larger than 1000 bytes") && error.contains(&source.address), "{error}");
    let mute = Source::mute().await;
    let limits = Limits { answer: Duration::from_millis(50), ..Limits::default() };
    let settings_here = settings(SourceKind::Prometheus, &mute.address);
    let opened = HttpSignals::with(limits).alerts(&settings_here, None, None).expect("settings that work");
    let error = opened.poll().await.expect_err("too slow").to_string();
    assert!(
        error.contains("does not answer: no whole answer within 50 ms") && error.contains(&mute.address),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_listening_is_told() {
    let address = format!("http://{}", nobody().await);
    let error = error_of(&settings(SourceKind::Alertmanager, &address), None).await;
    assert!(matches!(error, SignalError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&address) && error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn the_secret_is_sent_and_never_shown() {
    let echo = |asked: &crate::support::Asked| {
        Told::with(401, format!("who is {}?", asked.headers["authorization"].to_str().expect("text")))
    };
    let source = Source::scripted(echo).await;
    let bearer = with_token(SourceKind::Alertmanager, &source.address);
    let error = error_of(&bearer, Some("s3cret-token\n")).await;
    assert!(matches!(error, SignalError::Refused { .. }), "{error:?}");
    assert_eq!(source.asked()[0].headers["authorization"], "Bearer s3cret-token");
    assert!(error.to_string().ends_with("401 Unauthorized: who is Bearer …?"), "{error}");
    let basic = SourceSettings { credentials: Credentials::Basic { user: "me".to_owned() }, ..bearer.clone() };
    let error = error_of(&basic, Some("hunter22")).await;
    assert_eq!(source.asked().last().expect("asked").headers["authorization"], "Basic bWU6aHVudGVyMjI=");
    assert!(error.to_string().ends_with("401 Unauthorized: who is Basic …?"), "{error}");
    let error = signals().alerts(&bearer, None, None).err().expect("no token").to_string();
    assert!(error.contains("enter it again"), "{error}");
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let other = Source::scripted(|_| Told::ok("[]")).await;
    let there = other.address.clone();
    let source = Source::scripted(move |_| Told::with(307, "").header("location", &there)).await;
    let error = error_of(&with_token(SourceKind::Alertmanager, &source.address), Some("s3cret-token")).await;
    assert!(error.to_string().contains(&format!("redirects to {}", other.address)), "{error}");
    assert!(other.asked().is_empty(), "the other host was asked");
    let within = Source::scripted(|asked| match asked.path.strip_prefix("/new") {
        Some(_) => {
            Told::ok(if asked.path.ends_with("status") { captured("lab/am_status.json") } else { "[]".to_owned() })
        }
        None => Told::with(307, "").header("location", &format!("/new{}", asked.path)),
    })
    .await;
    let source =
        signals().alerts(&with_token(SourceKind::Alertmanager, &within.address), Some("s3cret".to_owned()), None);
    assert_eq!(source.expect("settings").poll().await.expect("an answer").version, "0.25.0");
    let circle = Source::scripted(|asked| Told::with(307, "").header("location", &asked.path)).await;
    let error = error_of(&settings(SourceKind::Alertmanager, &circle.address), None).await;
    assert!(error.to_string().contains("redirects in a circle"), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let bad = |settings: SourceSettings, words: &str| {
        let error = signals().alerts(&settings, None, None).err().expect("refused").to_string();
        assert!(error.contains(words) && error.contains(settings.id.as_str()), "{error}");
    };
    bad(settings(SourceKind::Alertmanager, ""), "its address is missing");
    bad(settings(SourceKind::Alertmanager, "ftp://x"), "the scheme `ftp`");
    bad(settings(SourceKind::Alertmanager, "http://"), "its address is none");
    bad(settings(SourceKind::Alertmanager, "http://me:pass@host"), "enter them as credentials");
    bad(settings(SourceKind::Icinga, "http://host"), "Icinga 2 is a pager");
    let authority = SourceSettings {
        ca_file: Some("/nowhere/ca.pem".to_owned()),
        ..settings(SourceKind::Prometheus, "https://host")
    };
    bad(authority, "cannot read the certificate authority `/nowhere/ca.pem`");
    let pair =
        Credentials::ClientCertificate { certificate: "/nowhere/c.pem".to_owned(), key: "/nowhere/k.pem".to_owned() };
    bad(SourceSettings { credentials: pair, ..settings(SourceKind::Prometheus, "https://host") }, "`/nowhere/c.pem`");
    let error = signals().pager(&settings(SourceKind::Prometheus, "http://host"), None).err().expect("refused");
    assert!(error.to_string().contains("Prometheus is a source of alerts"), "{error}");
    let _ = alerts(&settings(SourceKind::Prometheus, "host:9090"));
}
