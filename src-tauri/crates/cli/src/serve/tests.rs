//! A real server on loopback, asked by hand: what may not ask is refused before anything is read.

use std::sync::Arc;

use broadstreet_engine::Engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;
use crate::args::Global;
use crate::host::Host;
use crate::instance::{self, Remote};

struct Desk {
    _data: tempfile::TempDir,
    data: std::path::PathBuf,
    running: Running,
    stop: oneshot::Sender<()>,
    served: std::pin::Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send>>,
    _announced: Announced,
    _host: Arc<Host>,
}

async fn engine(data: &Path) -> Host {
    let global = Global { data: Some(data.to_owned()), person: Some("Mei".to_owned()), ..Global::default() };
    Host::start(&global).await.unwrap()
}

async fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let host = engine(folder.path()).await;
    let engine: Engine = host.engine.clone();
    let server = Server::listen(engine, 0).await.unwrap();
    let announced = server.announce(folder.path()).unwrap();
    let running = server.running();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = Box::pin(server.run(async {
        let _ = stopped.await;
    }));
    let data = folder.path().to_owned();
    Desk { _data: folder, data, running, stop, served, _announced: announced, _host: Arc::new(host) }
}

impl Desk {
    /// Sends raw bytes while the server runs, and answers what came back.
    async fn raw(&mut self, request: String) -> String {
        let address = self.running.address.clone();
        let asked = async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::select! {
            answer = asked => answer,
            ended = &mut self.served => panic!("the server ended: {ended:?}"),
        }
    }

    async fn ask(&mut self, first: &str, headers: &[(&str, &str)]) -> String {
        let mut request = format!("{first} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|it| it.0 == "Host") {
            request += &format!("Host: {}\r\n", self.running.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        self.raw(request + "Content-Length: 2\r\n\r\n{}").await
    }
}

fn code(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[tokio::test]
async fn nothing_is_answered_without_the_token() {
    let mut desk = desk().await;
    for first in ["POST /api/call/desk", "POST /api/scene", "POST /api/put", "GET /api/get/x", "GET /api/notices"] {
        let answer = desk.ask(first, &[]).await;
        assert_eq!(code(&answer), "401", "{first}");
        assert!(answer.contains("\"code\":\"no_token\"") && answer.contains("\"hint\""), "{answer}");
        let answer = desk.ask(first, &[("Authorization", "Bearer 00")]).await;
        assert_eq!(code(&answer), "401", "{first} with a wrong one");
    }
    let answer = desk.ask("POST /api/call/desk?token=x", &[]).await;
    assert_eq!(code(&answer), "401");
}

#[tokio::test]
async fn the_empty_page_is_all_there_is_without_the_token() {
    let mut desk = desk().await;
    let data = desk.data.display().to_string();
    let declaration = serde_json::json!({ "title": "Zebrafish starve", "severity": 2 });
    broadstreet_api::dispatch(&desk._host.engine, "declare", declaration).await.unwrap();
    let page = desk.ask("GET /", &[]).await;
    assert!(["200", "503"].contains(&code(&page)), "{page}");
    let assets: Vec<String> = page.split('"').filter(|it| it.contains("assets/")).map(str::to_owned).collect();
    let mut answers = vec![page];
    for asset in &assets {
        answers.push(desk.ask(&format!("GET /{}", asset.trim_start_matches(['.', '/'])), &[]).await);
    }
    for answer in answers {
        for own in [desk.running.token.as_str(), data.as_str(), "Zebrafish"] {
            assert!(!answer.contains(own), "`{own}` in {answer}");
        }
    }
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/running.json",
        "/broadstreet.db",
        "/device.key",
        "/assets/none.js",
        "//api/call/desk",
    ] {
        let answer = desk.ask(&format!("GET {path}"), &[]).await;
        assert!(["401", "404"].contains(&code(&answer)), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_token_does_not_help_a_foreign_page_or_name() {
    let mut desk = desk().await;
    let bearer = format!("Bearer {}", desk.running.token);
    let foreign =
        desk.ask("POST /api/call/desk", &[("Authorization", &bearer), ("Origin", "http://evil.example")]).await;
    assert_eq!(code(&foreign), "403");
    assert!(foreign.contains("foreign_origin"), "{foreign}");
    let rebound = desk.ask("POST /api/call/desk", &[("Authorization", &bearer), ("Host", "evil.example")]).await;
    assert_eq!(code(&rebound), "403");
    assert!(rebound.contains("foreign_host"), "{rebound}");
    let page = desk.ask("GET /", &[("Host", "evil.example")]).await;
    assert_eq!(code(&page), "403", "not even the page");
}

#[tokio::test]
async fn a_wrong_method_or_route_is_refused() {
    let mut desk = desk().await;
    let bearer = format!("Bearer {}", desk.running.token);
    for (first, expected) in [
        ("GET /api/call/desk", "405"),
        ("PUT /api/put", "405"),
        ("POST /api/get/x", "405"),
        ("DELETE /", "405"),
        ("GET /api/nothing", "404"),
        ("GET /../../etc/passwd", "404"),
    ] {
        let answer = desk.ask(first, &[("Authorization", &bearer)]).await;
        assert_eq!(code(&answer), expected, "{first}");
    }
}

#[tokio::test]
async fn a_command_is_answered_and_an_unknown_one_named() {
    let mut desk = desk().await;
    let bearer = format!("Bearer {}", desk.running.token);
    let answer = desk.ask("POST /api/call/desk", &[("Authorization", &bearer)]).await;
    assert_eq!(code(&answer), "200", "{answer}");
    let answer = desk.ask("POST /api/call/nonsense", &[("Authorization", &bearer)]).await;
    assert_eq!(code(&answer), "404");
    assert!(answer.contains("\"code\":\"unknown_command\"") && answer.contains("nonsense"), "{answer}");
    let request = format!(
        "POST /api/call/incident HTTP/1.1\r\nHost: {}\r\nAuthorization: {bearer}\r\nConnection: close\r\nContent-Length: 4\r\n\r\n{{bro",
        desk.running.address
    );
    let answer = desk.raw(request).await;
    assert_eq!(code(&answer), "400");
    assert!(answer.contains("bad_request"), "{answer}");
}

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let mut desk = desk().await;
    let answer = desk.ask("GET /", &[]).await.to_ascii_lowercase();
    for header in
        ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff", "x-frame-options: deny"]
    {
        assert!(answer.contains(header), "{header} in {answer}");
    }
    let token = desk.running.token.clone();
    let moved = desk.ask(&format!("GET /?token={token}"), &[]).await;
    assert_eq!(code(&moved), "303");
    assert!(moved.contains(&format!("/#token={token}")), "{moved}");
    let not_moved = desk.ask("GET /?token=//evil.example", &[]).await;
    assert_ne!(code(&not_moved), "303");
}

/// A drawing may hold a script; one that anybody handed in, like every file, is kept and never shown as a page.
#[tokio::test]
async fn a_drawing_is_served_so_that_no_script_in_it_runs() {
    let mut desk = desk().await;
    let bearer = format!("Bearer {}", desk.running.token);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let id = desk._host.engine.keep_file(svg.to_vec()).await.unwrap();
    let answer = desk.ask(&format!("GET /api/get/{id}"), &[("Authorization", &bearer)]).await.to_lowercase();
    assert!(answer.contains("content-type: image/svg+xml"), "{answer}");
    for line in ["content-security-policy: default-src 'none'; sandbox", "content-disposition: attachment"] {
        assert_eq!(answer.lines().filter(|it| it.trim() == line).count(), 1, "{line}: {answer}");
    }
    assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
}

#[tokio::test]
async fn the_command_line_finds_the_running_desk_and_passes_over_a_dead_one() {
    let mut desk = desk().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let about = std::fs::metadata(desk.data.join("running.json")).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
    }
    let found = tokio::select! {
        found = instance::find(&desk.data) => found,
        ended = &mut desk.served => panic!("the server ended: {ended:?}"),
    };
    assert!(found.is_some());
    let Desk { data, stop, served, running, .. } = desk;
    stop.send(()).unwrap();
    served.await.unwrap();
    assert!(instance::find(&data).await.is_none(), "nobody listens any more");
    let error = Remote::new(running).call(None, "desk", serde_json::Value::Null).await.unwrap_err();
    assert_eq!(error.code, "unreachable");
}
