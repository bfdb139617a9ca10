//! A source on a free loopback port that answers what it was told to, and remembers what it was asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use broadstreet_core::ports::{AlertSource, Credentials, Signals, SourceKind, SourceSettings};
use broadstreet_signals::{HttpSignals, Limits};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method.
    pub method: Method,
    /// Path without query.
    pub path: String,
    /// Query, decoded enough to look into.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
}

/// What a path answers.
#[derive(Clone, Debug)]
pub struct Told {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
    /// Further pieces of the body, each sent on its own.
    pub pieces: Vec<String>,
    /// Whether the connection breaks after the last piece.
    pub breaks: bool,
}

impl Told {
    /// 200 with this body.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::with(200, body)
    }

    /// A status with this body.
    pub fn with(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), pieces: Vec::new(), breaks: false }
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// Answers by what was asked.
pub type Script = Arc<dyn Fn(&Asked) -> Told + Send + Sync>;

#[derive(Clone)]
struct Shared {
    script: Script,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A running source; it ends with the test's runtime.
pub struct Source {
    /// Where it listens.
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Source {
    /// Answers every request by `script`.
    pub async fn scripted(script: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared { script: Arc::new(script), asked: Arc::clone(&asked) };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(shared);
        start(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { address, asked }
    }

    /// Answers the paths given, and 404 elsewhere.
    pub async fn with(paths: &[(&str, Told)]) -> Self {
        let paths: BTreeMap<String, Told> =
            paths.iter().map(|(path, told)| ((*path).to_owned(), told.clone())).collect();
        Self::scripted(move |asked| {
            paths.get(&asked.path).cloned().unwrap_or_else(|| Told::with(404, "404 page not found\n"))
        })
        .await
    }

    /// Writes these bytes to everybody who asks, then closes.
    pub async fn raw(bytes: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        start(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(bytes.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { address, asked: Arc::default() }
    }

    /// Accepts and never answers.
    pub async fn mute() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        start(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(stream);
            }
        });
        Self { address, asked: Arc::default() }
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the list").clone()
    }
}

/// Runs beside the test until its runtime ends.
pub fn start(task: impl Future<Output = ()> + Send + 'static) {
    #[expect(clippy::disallowed_methods, reason = "the peer of a test, not part of the product")]
    drop(tokio::spawn(task));
}

async fn answer(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let asked = Asked {
        method,
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let told = (shared.script)(&asked);
    shared.asked.lock().expect("the list").push(asked);
    let mut response = Response::builder().status(StatusCode::from_u16(told.status).expect("a status"));
    for (name, value) in told.headers {
        response = response.header(name, value);
    }
    if told.pieces.is_empty() {
        return response.body(Body::from(told.body)).expect("a response");
    }
    let pieces = std::iter::once(told.body).chain(told.pieces).map(Ok);
    let end = told.breaks.then(|| Err(std::io::Error::other("broken")));
    // A pause between two pieces lets each go out before the next.
    let pieces = futures_util::stream::iter(pieces.chain(end)).then(|piece| async {
        tokio::task::yield_now().await;
        piece
    });
    response.body(Body::from_stream(pieces)).expect("a response")
}

/// A captured answer.
pub fn captured(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captured").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Settings of a source without credentials.
pub fn settings(kind: SourceKind, address: &str) -> SourceSettings {
    let id = format!("{}:main", format!("{kind:?}").to_lowercase());
    SourceSettings { id: id.as_str().into(), kind, address: address.to_owned(), ..SourceSettings::default() }
}

/// The same with a bearer token.
pub fn with_token(kind: SourceKind, address: &str) -> SourceSettings {
    SourceSettings { credentials: Credentials::Bearer, ..settings(kind, address) }
}

/// Short limits, so that nothing waits long.
pub fn signals() -> HttpSignals {
    HttpSignals::with(Limits { connect: Duration::from_secs(2), answer: Duration::from_secs(5), body: 8 * 1024 * 1024 })
}

/// Opens a source of alerts without secret.
pub fn alerts(settings: &SourceSettings) -> Arc<dyn AlertSource> {
    signals().alerts(settings, None, None).expect("settings that work")
}

/// An address nobody listens on.
pub async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    listener.local_addr().expect("an address")
}
