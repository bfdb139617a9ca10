//! What comes over HTTP to `serve`, and what people type.
//!
//! | case | test |
//! |---|---|
//! | `serve` without its token | `nothing_is_answered_without_the_token` |
//! | foreign Origin or Host | `a_foreign_origin_or_host_is_refused_with_the_token_too` |
//! | loopback only | `serve_listens_on_loopback_only` |
//! | any Unicode | `any_unicode_is_kept_as_it_was_written` |
//! | 1 MB pasted into a note | `a_megabyte_pasted_into_a_note_is_refused_with_a_way_out` |
//! | a body, command or payload that is none | `requests_that_make_no_sense_are_named` |

use serde_json::{Value, json};

use crate::place::desk::{Answer, Desk, answer_of_use, send};
use crate::place::{Place, is_of_use};
use crate::{nothing_is_lost, recorded};

const ROUTES: [&str; 5] =
    ["POST /api/call/desk", "POST /api/scene", "POST /api/put", "GET /api/get/x", "GET /api/notices"];

#[track_caller]
fn is_refused(answer: &Answer, status: u16, code: &str, names: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer_of_use(&answer.json(), code, names);
}

/// Whoever may ask is answered, and everything is there.
fn is_taken(place: &Place, desk: Desk) {
    assert_eq!(desk.bearer("POST /api/call/incidents", b"{}").json()[0]["number"], "INC-0001");
    drop(desk);
    nothing_is_lost(place);
}

#[test]
fn nothing_is_answered_without_the_token() {
    let place = recorded();
    let desk = place.serve(&[]);
    let long = format!("Bearer {}0", desk.token);
    for first in ROUTES {
        is_refused(&desk.ask(first, &[], b"{}"), 401, "no_token", "token");
        for shown in ["Bearer 00", "Bearer ", "Basic eDp5", &long] {
            is_refused(&desk.ask(first, &[("Authorization", shown)], b"{}"), 401, "no_token", "token");
        }
    }
    // In the address only the stream of notices may show it, and only the right one.
    is_refused(&desk.ask(&format!("POST /api/call/desk?token={}", desk.token), &[], b"{}"), 401, "no_token", "token");
    is_refused(&desk.ask("GET /api/notices?token=00", &[], b""), 401, "no_token", "token");
    let declare = json!({ "title": "by nobody", "severity": 1 }).to_string();
    is_refused(&desk.ask("POST /api/call/declare", &[], declare.as_bytes()), 401, "no_token", "token");
    assert_eq!(desk.call("incidents", json!({})).as_array().unwrap().len(), 1, "nothing was declared");
    is_taken(&place, desk);
}

#[test]
fn a_foreign_origin_or_host_is_refused_with_the_token_too() {
    let place = recorded();
    let desk = place.serve(&[]);
    let bearer = format!("Bearer {}", desk.token);
    let port = desk.address.rsplit(':').next().unwrap();
    for first in ROUTES.into_iter().chain(["GET /"]) {
        for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
            let answer = desk.ask(first, &[("Authorization", &bearer), ("Origin", origin)], b"{}");
            is_refused(&answer, 403, "foreign_origin", origin);
        }
        for host in
            ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", &format!("127.0.0.1.evil.example:{port}")]
        {
            let answer = desk.ask(first, &[("Authorization", &bearer), ("Host", host)], b"{}");
            is_refused(&answer, 403, "foreign_host", host);
        }
    }
    let own = format!("http://localhost:{port}");
    let answer = desk.ask("POST /api/call/desk", &[("Authorization", &bearer), ("Origin", &own)], b"{}");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.head.to_ascii_lowercase().contains("access-control-allow-origin"), "{}", answer.head);
    is_taken(&place, desk);
}

#[test]
fn serve_listens_on_loopback_only() {
    let place = recorded();
    let desk = place.serve(&[]);
    let port: u16 = desk.address.rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(desk.address, format!("127.0.0.1:{port}"));
    assert!(std::net::TcpStream::connect(("::1", port)).is_err(), "not even IPv6's loopback");
    #[cfg(target_os = "linux")]
    {
        // Who listens at this port, by every address of this machine: state 0A, the port in hexadecimal.
        let listens = |file: &str| -> Vec<String> {
            let table = std::fs::read_to_string(file).unwrap_or_default();
            let rows = table.lines().skip(1).map(|it| it.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
            rows.filter(|it| it[3] == "0A" && it[1].ends_with(&format!(":{port:04X}")))
                .map(|it| it[1].clone())
                .collect()
        };
        assert_eq!(listens("/proc/net/tcp"), [format!("0100007F:{port:04X}")]);
        assert!(listens("/proc/net/tcp6").is_empty(), "{:?}", listens("/proc/net/tcp6"));
    }
    // A port that is taken is named.
    let taken = port.to_string();
    let other = Place::new();
    is_of_use(&other.error(&["serve", "--port", &taken]), "port_taken", &desk.address);
    is_taken(&place, desk);
}

#[test]
fn requests_that_make_no_sense_are_named() {
    let place = recorded();
    let desk = place.serve(&[]);
    is_refused(&desk.bearer("POST /api/call/nonsense", b"{}"), 404, "unknown_command", "nonsense");
    is_refused(&desk.bearer("POST /api/call/incident", b"{bro"), 400, "bad_request", "incident");
    is_refused(&desk.bearer("POST /api/call/incident", b"[7]"), 400, "bad_request", "incident");
    is_refused(&desk.bearer("POST /api/call/declare", br#"{"title":7}"#), 400, "bad_request", "declare");
    is_refused(&desk.bearer("POST /api/call/incident", br#"{"id":"INC-0009"}"#), 404, "not_found", "INC-0009");
    is_refused(&desk.bearer("POST /api/scene", b"\xff\xfe"), 400, "bad_request", "scene");
    is_refused(&desk.bearer("GET /api/get/0000", b""), 404, "not_found", "0000");
    is_refused(&desk.bearer("POST /api/call/desk", &vec![b' '; 9 << 20]), 413, "too_large", "desk");
    assert!(send(&desk.address, "BREW /coffee HTCPCP/1.0\r\n\r\n", b"").is_ok_and(|it| it.status >= 400));
    is_taken(&place, desk);
}

#[test]
fn any_unicode_is_kept_as_it_was_written() {
    let place = recorded();
    let texts = [
        "Ünïcödé \u{1f525}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} 故障 عطل",
        "right to left \u{202e}txet\u{202c} and \u{2066}isolated\u{2069}",
        "composed e\u{301}, zalgo Z\u{351}\u{36b}\u{343}, \u{feff}mark, \u{200b}nothing, \u{7f}\u{85}.",
        "\u{fffd}\u{10ffff}\u{e000} line\u{2028}separator, \"quotes\" \\ back ' % $(sh) <b>&amp;",
    ];
    for text in texts {
        place.mei(&["incident", "note", text]);
    }
    let desk = place.serve(&[]);
    let note = |text: &str| json!({ "incident": "INC-0001", "text": text, "attachments": [] });
    for text in texts {
        assert_eq!(desk.call("write_entry", note(text))["text"], text);
    }
    // Half a character is none, in UTF-16 as in UTF-8; and one sign no database keeps.
    let half =
        desk.bearer("POST /api/call/write_entry", br#"{"incident":"INC-0001","text":"\ud83d","attachments":[]}"#);
    is_refused(&half, 400, "bad_request", "write_entry");
    let half = desk
        .bearer("POST /api/call/write_entry", b"{\"incident\":\"INC-0001\",\"text\":\"\xf0\x9f\",\"attachments\":[]}");
    is_refused(&half, 400, "bad_request", "write_entry");
    answer_of_use(&desk.error("write_entry", note("zero \u{0}")), "bad_character", "zero character");
    drop(desk);
    let shown = place.json(&["incident", "show", "1", "--timeline"]);
    let kept: Vec<&Value> = shown["timeline"]["entries"].as_array().unwrap().iter().map(|it| &it["text"]).collect();
    for text in texts {
        assert_eq!(kept.iter().filter(|it| **it == text).count(), 2, "`{text}` in {kept:?}");
    }
    place.mei(&["incident", "declare", texts[0], "-s", "5"]);
    let second = place.json(&["incident", "show", "2"]);
    assert_eq!(second["title"], texts[0]);
    place.json(&["export", "2", "ünïcode \u{1f525}.broadstreet"]);
    place.json(&["verify", "ünïcode \u{1f525}.broadstreet"]);
    nothing_is_lost(&place);
}

#[test]
fn a_megabyte_pasted_into_a_note_is_refused_with_a_way_out() {
    let place = recorded();
    let desk = place.serve(&[]);
    let pasted = "2026-11-26 ERROR cannot reach cart\n".repeat(30_000);
    let note = |text: &str| json!({ "incident": "INC-0001", "text": text, "attachments": [] });
    let error = desk.error("write_entry", note(&pasted));
    answer_of_use(&error, "too_large", "bytes");
    assert!(error["hint"].as_str().unwrap().contains("attach it as a file"), "{error}");
    // The way out it names: the same text, attached.
    let log = place.file("pasted.log", &pasted);
    let entry = place.mei(&["incident", "note", "the log", "--attach", log.to_str().unwrap()]);
    assert_eq!(entry["text"], "the log");
    let blob =
        entry["refs"].as_array().unwrap().iter().find(|it| it["role"] == "attachment").unwrap()["target"].clone();
    let kept = desk.bearer(&format!("GET /api/get/{}", blob.as_str().unwrap()), b"");
    assert_eq!((kept.status, kept.body), (200, pasted.into_bytes()));
    // A long note that a person may well write is taken whole.
    let long = "x".repeat(20_000);
    assert_eq!(desk.call("write_entry", note(&long))["text"], long.as_str());
    is_taken(&place, desk);
}
