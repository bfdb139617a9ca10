//! A running `serve`, asked over loopback as the screen asks it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Place, until};

/// Ended at the end of the test, whatever came of it.
pub struct Desk {
    child: Child,
    /// What it printed.
    pub said: Value,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// What every call must show.
    pub token: String,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status, head, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request as it is and reads the answer to its end.
pub fn send(address: &str, head: &str, body: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(head.as_bytes())?;
    // A server that refuses a large body may answer and close before all of it was sent.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(why) if bytes.is_empty() => return Err(why),
        _ => {}
    }
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.get(end + 4..).unwrap_or_default().to_vec();
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        body = unchunked(&body);
    }
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or_default();
    Ok(Answer { status, head, body })
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|it| it == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]).into_owned();
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let Some(piece) = rest.get(end + 2..end + 2 + size).filter(|it| !it.is_empty()) else { break };
        body.extend_from_slice(piece);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    body
}

/// Starts a program that serves, and waits for the line in which it says where it is.
pub fn start(command: &mut Command) -> Desk {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        said.push_str(&line);
        if line == "}" {
            break;
        }
    }
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|why| panic!("it did not start: {why}: {said}"));
    let address = said["address"].as_str().unwrap().to_owned();
    let token = said["link"].as_str().unwrap().split("token=").nth(1).unwrap().to_owned();
    Desk { child, said, address, token }
}

impl Place {
    /// A server in the background, with Mei at the desk.
    pub fn serve(&self, args: &[&str]) -> Desk {
        start(self.command(&["serve", "--json", "--as", "Mei"]).args(args))
    }
}

impl Place {
    /// What whoever runs on this place's data answers to a command; none while nobody does.
    pub fn asked_of_the_running(&self, command: &str, payload: &Value) -> Option<Value> {
        let running = std::fs::read_to_string(self.path().join("data/running.json")).ok()?;
        let running: Value = serde_json::from_str(&running).ok()?;
        let (address, body) = (running["address"].as_str()?, payload.to_string());
        let head = format!(
            "POST /api/call/{command} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            running["token"].as_str()?,
            body.len(),
        );
        send(address, &head, body.as_bytes()).ok().filter(|it| it.status == 200).map(|it| it.json())
    }
}

impl Desk {
    /// The process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks with these headers; `Host` and the length are added.
    pub fn ask(&self, first: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{first} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|it| it.0 == "Host") {
            head += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        send(&self.address, &(head + "\r\n"), body).unwrap()
    }

    /// Asks with the token.
    pub fn bearer(&self, first: &str, body: &[u8]) -> Answer {
        self.ask(first, &[("Authorization", &format!("Bearer {}", self.token))], body)
    }

    /// A command that may fail.
    pub fn try_call(&self, command: &str, payload: &Value) -> Result<Value, Value> {
        let answer = self.bearer(&format!("POST /api/call/{command}"), payload.to_string().as_bytes());
        if answer.status == 200 { Ok(answer.json()) } else { Err(answer.json()) }
    }

    /// A command that must work.
    pub fn call(&self, command: &str, payload: Value) -> Value {
        self.try_call(command, &payload).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The error of a command that must fail.
    pub fn error(&self, command: &str, payload: Value) -> Value {
        match self.try_call(command, &payload) {
            Err(error) => error,
            Ok(answer) => panic!("{command} worked: {answer}"),
        }
    }

    /// A source as the desk shows it.
    pub fn source(&self, id: &str) -> Value {
        let desk = self.call("desk", json!({}));
        let found = desk["sources"].as_array().unwrap().iter().find(|it| it["id"] == id).cloned();
        found.unwrap_or(Value::Null)
    }

    /// Waits until a source is as wanted.
    pub fn until_source(&self, seconds: u64, id: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = until_or(seconds, || {
            last = self.source(id);
            is_so(&last).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("{what}: not within {seconds} s, but {last:#}"))
    }

    /// Opens a context of a kubeconfig.
    pub fn open(&self, kubeconfig: &str) -> Result<Value, Value> {
        self.try_call("open_context", &json!({ "kubeconfig": kubeconfig, "context": null, "namespaces": [] }))
    }
}

fn until_or<T>(seconds: u64, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = std::time::Instant::now() + Duration::from_secs(seconds) * 3;
    until(seconds * 3, "the desk", || match look() {
        Some(found) => Some(Some(found)),
        None => (std::time::Instant::now() > end).then_some(None),
    })
}

/// An answer of the desk is of use when its code is the one expected, it names the thing and says what to do next.
pub fn answer_of_use(error: &Value, code: &str, names: &str) {
    super::is_of_use(&(1, error.clone()), code, names);
}
