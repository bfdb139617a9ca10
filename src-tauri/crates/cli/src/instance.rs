//! One desk at a time: a running `serve` or window says in `running.json` where it listens, and the commands of the
//! same data folder ask it over loopback instead of opening the record themselves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use broadstreet_api::ApiError;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::Global;
use crate::host::Host;
use crate::output::bad_file;
use crate::vault::write_private;

const FILE: &str = "running.json";

/// Header with the acting person of one call.
pub const ACTING: &str = "broadstreet-as";

/// How long a running desk may take to say that it is there.
const GREETING: Duration = Duration::from_secs(2);

/// How long a command of a running desk may take.
const ANSWER: Duration = Duration::from_secs(120);

/// The largest answer read.
const LARGEST: usize = 1 << 30;

/// Where a desk listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// What every call must show.
    pub token: String,
    /// The process.
    pub process: u32,
}

/// Removes `running.json` when the desk ends.
pub struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Says where this desk listens, to its owner only.
pub fn announce(data: &Path, running: &Running) -> Result<Announced, ApiError> {
    let path = data.join(FILE);
    let json = serde_json::to_vec_pretty(running).unwrap_or_default();
    write_private(&path, &json).map_err(|why| bad_file(&path, "write", &why))?;
    Ok(Announced(path))
}

/// The desk that answers for this data folder, if one does. What a killed desk left behind is passed over.
pub async fn find(data: &Path) -> Option<Remote> {
    let text = std::fs::read_to_string(data.join(FILE)).ok()?;
    let running: Running = serde_json::from_str(&text).ok()?;
    let remote = Remote::new(running);
    let greeting = tokio::time::timeout(GREETING, remote.call(None, "desk", Value::Null)).await;
    matches!(greeting, Ok(Ok(_))).then_some(remote)
}

/// A desk in another process.
pub struct Remote {
    running: Running,
    client: Client<HttpConnector, Full<axum::body::Bytes>>,
}

impl Remote {
    /// Talks to this desk.
    pub fn new(running: Running) -> Self {
        Self { running, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Runs a command there.
    pub async fn call(&self, person: Option<&str>, command: &str, payload: Value) -> Result<Value, ApiError> {
        let body = serde_json::to_vec(&payload).unwrap_or_default();
        let bytes = self.ask("POST", &format!("/api/call/{command}"), person, "application/json", body).await?;
        serde_json::from_slice(&bytes).map_err(|why| self.strange(&why.to_string()))
    }

    /// Reads a file there.
    pub async fn get(&self, id: &str) -> Result<Vec<u8>, ApiError> {
        self.ask("GET", &format!("/api/get/{id}"), None, "application/json", Vec::new()).await
    }

    /// Hands a file in.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<String, ApiError> {
        let answer = self.ask("POST", "/api/put", None, "application/octet-stream", bytes).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|why| self.strange(&why.to_string()))?;
        Ok(answer["id"].as_str().unwrap_or_default().to_owned())
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        person: Option<&str>,
        media_type: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, ApiError> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.running.address))
            .header(AUTHORIZATION, format!("Bearer {}", self.running.token))
            .header(CONTENT_TYPE, media_type);
        if let Some(person) = person {
            // Header values are ASCII, names are not.
            request = request.header(ACTING, hex::encode(person));
        }
        let request = request.body(Full::from(body)).map_err(|why| self.strange(&why.to_string()))?;
        let asked = async {
            let answer = self.client.request(request).await.map_err(|why| self.silent(&why.to_string()))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LARGEST).collect().await;
            let body = body.map_err(|why| self.silent(&why.to_string()))?.to_bytes().to_vec();
            if status.is_success() {
                return Ok(body);
            }
            Err(serde_json::from_slice(&body).unwrap_or_else(|_| self.strange(&format!("status {status}"))))
        };
        match tokio::time::timeout(ANSWER, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(self.silent(&format!("no answer within {} s", ANSWER.as_secs()))),
        }
    }

    fn silent(&self, why: &str) -> ApiError {
        ApiError::new(
            "unreachable",
            format!(
                "the running Broadstreet (process {}, {}) does not answer: {why}",
                self.running.process, self.running.address
            ),
            "look at its window; if it hangs, end it and try again",
        )
    }

    fn strange(&self, why: &str) -> ApiError {
        ApiError::new(
            "bad_answer",
            format!("the running Broadstreet at {} answered something unexpected: {why}", self.running.address),
            "it may be of another version: end it and start this one",
        )
    }
}

/// The desk a command works on: one that runs already, or one opened for this command.
pub enum Desk {
    /// In another process.
    Running(Box<Remote>),
    /// In this one.
    Own(Box<Host>),
}

impl Desk {
    /// Finds or opens it.
    pub async fn open(global: &Global) -> Result<Self, ApiError> {
        let data = crate::host::data_folder(global)?;
        // A named database may be another than the running desk's, and several may share it.
        if global.database.is_none()
            && let Some(remote) = find(&data).await
        {
            return Ok(Self::Running(Box::new(remote)));
        }
        Ok(Self::Own(Box::new(Host::start(global).await?)))
    }

    /// Runs a command for the acting person.
    pub async fn call(&self, global: &Global, command: &str, payload: Value) -> Result<Value, ApiError> {
        let person = global.person.as_deref();
        match self {
            Self::Running(remote) => remote.call(person, command, payload).await,
            Self::Own(host) => broadstreet_api::dispatch_as(&host.engine, person, command, payload).await,
        }
    }

    /// Reads a file.
    pub async fn get(&self, id: &str) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Running(remote) => remote.get(id).await,
            Self::Own(host) => Ok(broadstreet_api::files::get(&host.engine, id).await?.0),
        }
    }

    /// Hands a file in.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<String, ApiError> {
        match self {
            Self::Running(remote) => remote.put(bytes).await,
            Self::Own(host) => broadstreet_api::files::put(&host.engine, bytes).await,
        }
    }

    /// Closes what was opened for this command.
    pub async fn close(self) {
        if let Self::Own(host) = self {
            host.stop().await;
        }
    }
}
