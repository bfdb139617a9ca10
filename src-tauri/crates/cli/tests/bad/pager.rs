//! Pagers that refuse, and streams that are cut.
//!
//! | case | test |
//! |---|---|
//! | a wrong token | `a_pager_with_a_wrong_token_says_so_and_takes_the_right_one` |
//! | its password is nowhere kept | `a_password_that_is_nowhere_kept_is_asked_for_or_taken_from_the_environment` |
//! | a gap in its stream | `a_gap_in_the_stream_is_shown_and_what_was_known_stays` |

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::place::desk::{Desk, answer_of_use};
use crate::place::server::{Asked, End, Server, Told};
use crate::place::{doctor, line_of_use, until};
use crate::signals::{captured, live, trouble};
use crate::{nothing_is_lost, recorded};

/// `lab:lab-password`.
const RIGHT: &str = "Basic bGFiOmxhYi1wYXNzd29yZA==";

/// When the drill began whose objects were captured.
const BEGAN: f64 = 1_795_663_985.0;

#[expect(clippy::disallowed_methods, reason = "the clock of a pager, not of the product")]
fn now() -> f64 {
    chrono::Utc::now().timestamp_millis() as f64 / 1000.0
}

/// Every instant of a capture, moved as if its drill had begun ten minutes ago.
fn moved(value: Value, by: f64) -> Value {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            json!(if (1.7e9..1.9e9).contains(&number) { number + by } else { number })
        }
        Value::Array(items) => items.into_iter().map(|it| moved(it, by)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, it)| (name, moved(it, by))).collect(),
        other => other,
    }
}

/// The Icinga of the lab, with a stream that goes on until it is cut.
#[derive(Clone, Default)]
struct Icinga {
    streams: Arc<Mutex<Vec<Sender<String>>>>,
    deaf: Arc<Mutex<bool>>,
}

impl Icinga {
    fn answer(&self, asked: &Asked, began: f64) -> Told {
        if asked.header("authorization") != RIGHT {
            return Told::with(401, r#"{"error":401,"status":"Unauthorized. Please check your user credentials."}"#);
        }
        let name = asked.path.rsplit('/').next().unwrap_or_default();
        let file = match name {
            "events" if *self.deaf.lock().unwrap() => return Told::with(503, r#"{"error":503,"status":"Reloading."}"#),
            "events" => {
                let (sender, pieces) = channel();
                self.streams.lock().unwrap().push(sender);
                return Told::ok("").ending(End::Pieces(pieces));
            }
            "CIB" => return Told::ok(json!({ "results": [{ "status": { "uptime": now() - began } }] }).to_string()),
            "IcingaApplication" => {
                let app = json!({ "version": "r2.13.6-1", "program_start": began, "enable_notifications": true });
                return Told::ok(
                    json!({ "results": [{ "status": { "icingaapplication": { "app": app } } }] }).to_string(),
                );
            }
            name => captured(&format!("icinga/{name}.json")),
        };
        let value = serde_json::from_str(&file).unwrap();
        Told::ok(moved(value, began - BEGAN).to_string())
    }

    fn start(&self) -> Server {
        let (icinga, began) = (self.clone(), now() - 600.0);
        Server::start(move |asked| icinga.answer(asked, began))
    }
}

fn save(desk: &Desk, server: &Server, secret: &str) -> Result<Value, Value> {
    let form = json!({ "id": "icinga:main", "kind": "icinga", "address": server.address, "credentials": "basic", "user": "lab",
        "secret": secret, "poll_seconds": 1 });
    desk.try_call("save_source", &form)
}

#[test]
fn a_password_that_is_nowhere_kept_is_asked_for_or_taken_from_the_environment() {
    const VARIABLE: &str = "BROADSTREET_SECRET_ICINGA_MAIN";
    let (place, server) = (recorded(), Icinga::default().start());
    // Without a keyring it is in the memory of this desk alone.
    let desk = place.serve(&[]);
    save(&desk, &server, "lab-password").unwrap();
    drop(desk);
    let asked = || server.asked().len();
    let before = asked();
    let (exit, lines) = doctor(&place, &[]);
    assert_eq!((exit, asked()), (1, before), "nothing is asked of it without");
    line_of_use(&lines, "failed", "no_secret", "`icinga:main`");
    let line = lines.iter().find(|it| it["code"] == "no_secret").unwrap();
    assert!(line["hint"].as_str().unwrap().contains(VARIABLE), "{line}");
    let is_read = |lines: &[Value]| {
        let line = lines.iter().find(|it| it["source"] == "icinga:main" && it["what"] == "connection");
        line.is_some_and(|it| it["state"] == "ok")
    };
    place.set(VARIABLE, "lab-password");
    let (exit, lines) = doctor(&place, &[]);
    assert!(exit == 0 && is_read(&lines), "{lines:#?}");
    place.set(VARIABLE, "");
    if cfg!(target_os = "linux") {
        let command = place.on_a_terminal("doctor --json");
        let said = answered(command, "Password or token of icinga:main: ", "lab-password");
        assert!(!said.contains("lab-password"), "{said}");
        let lines: Value = serde_json::from_str(&said[said.find('{').unwrap()..=said.rfind('}').unwrap()]).unwrap();
        assert!(is_read(lines["checks"].as_array().unwrap()), "{lines:#}");
    }
    nothing_is_lost(&place);
}

/// What a program says on its terminal, where it is answered once it asks `question`.
fn answered(mut command: Command, question: &str, answer: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut said, mut piece) = (String::new(), [0; 4096]);
    while !said.contains(question) {
        let read = stdout.read(&mut piece).unwrap();
        assert!(read > 0, "it ended without a question: {said}");
        said += &String::from_utf8_lossy(&piece[..read]);
    }
    writeln!(stdin, "{answer}").unwrap();
    stdout.read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    said
}

fn pages(desk: &Desk) -> Value {
    desk.call("pages", json!({ "incident": null }))
}

#[test]
fn a_pager_with_a_wrong_token_says_so_and_takes_the_right_one() {
    let place = recorded();
    let (_kube, desk) = live(&place);
    let server = Icinga::default().start();
    save(&desk, &server, "wrong-password").unwrap();
    let refused = desk.until_source(10, "icinga:main", "refused", |it| it["code"] == "unauthorized");
    for name in ["`icinga:main`", &server.address, "Please check your user credentials"] {
        answer_of_use(&trouble(&refused), "unauthorized", name);
    }
    assert_eq!(refused["state"], "never_answered", "{refused}");
    // The same of one with a token, whose scheme is its own.
    let duty = Server::start(|asked| match (asked.header("authorization"), asked.path.as_str()) {
        ("Token token=right-token", "/log_entries") => Told::ok(r#"{"log_entries":[],"more":false}"#),
        ("Token token=right-token", "/oncalls") => Told::ok(r#"{"oncalls":[],"more":false}"#),
        _ => Told::with(401, r#"{"error":{"message":"Account not found","code":2006}}"#),
    });
    let duty_of = |secret: &str| json!({ "id": "pagerduty:main", "kind": "pagerduty", "address": duty.address, "credentials": "bearer", "secret": secret, "poll_seconds": 1 });
    desk.call("save_source", duty_of("wrong-token"));
    let seen = desk.until_source(10, "pagerduty:main", "refused", |it| it["code"] == "unauthorized");
    answer_of_use(&trouble(&seen), "unauthorized", "`pagerduty:main`");
    let (exit, lines) = doctor(&place, &[]);
    assert_eq!(exit, 1);
    line_of_use(&lines, "failed", "unauthorized", "`icinga:main`");
    line_of_use(&lines, "failed", "unauthorized", &duty.address);
    let said = format!("{lines:?}{}", desk.call("desk", json!({})));
    assert!(!said.contains("wrong-password") && !said.contains("wrong-token"), "{said}");
    save(&desk, &server, "lab-password").unwrap();
    desk.call("save_source", duty_of("right-token"));
    for id in ["icinga:main", "pagerduty:main"] {
        desk.until_source(10, id, "in", |it| it["state"] == "live");
    }
    until(10, "its pages", || (pages(&desk)["attempts"].as_array().unwrap().len() >= 3).then_some(()));
    drop(desk);
    nothing_is_lost(&place);
}

#[test]
fn a_gap_in_the_stream_is_shown_and_what_was_known_stays() {
    let place = recorded();
    let (_kube, desk) = live(&place);
    let icinga = Icinga::default();
    let server = icinga.start();
    save(&desk, &server, "lab-password").unwrap();
    desk.until_source(10, "icinga:main", "heard", |it| it["state"] == "live" && it["code"] == "");
    until(10, "its pages", || (pages(&desk)["attempts"].as_array().unwrap().len() >= 3).then_some(()));
    let before = pages(&desk);
    let first = before["gaps"].as_array().unwrap().len();
    // It is cut, and cannot be opened again for a while.
    *icinga.deaf.lock().unwrap() = true;
    icinga.streams.lock().unwrap().clear();
    let deaf = desk.until_source(10, "icinga:main", "deaf", |it| it["code"] == "warnings");
    answer_of_use(&trouble(&deaf), "warnings", "nobody listens to its events since");
    let (_, lines) = doctor(&place, &[]);
    line_of_use(&lines, "warning", "warnings", "nobody listens to its events since");
    *icinga.deaf.lock().unwrap() = false;
    let gaps = until(20, "a gap", || {
        let gaps = pages(&desk)["gaps"].as_array().unwrap().clone();
        (gaps.len() > first).then_some(gaps)
    });
    let gap = gaps.last().unwrap();
    assert!(gap["from"].as_str() < gap["to"].as_str(), "{gap}");
    desk.until_source(10, "icinga:main", "heard again", |it| it["state"] == "live" && it["code"] == "");
    assert_eq!(pages(&desk)["attempts"], before["attempts"], "what was known stays");
    // The stream that was opened again is listened to.
    let page = json!({ "type": "Notification", "notification_type": "PROBLEM", "host": "boutique", "service": "KubePodNotReady-cart",
        "command": "page", "users": ["alice"], "timestamp": now(), "text": "", "author": "" });
    until(10, "the stream", || icinga.streams.lock().unwrap().last().map(|it| it.send(format!("{page}\n")).unwrap()));
    let known = before["attempts"].as_array().unwrap().len();
    until(10, "the page", || (pages(&desk)["attempts"].as_array().unwrap().len() > known).then_some(()));
    drop(desk);
    nothing_is_lost(&place);
}
