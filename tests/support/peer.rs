//! A server on a free loopback port that answers what a test told it to: for faults no real program can be made to show.

#![allow(
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a peer of tests: it waits as a server does, and stops the test where it cannot go on"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::apiserver::feed::{Piece, Watch};

/// One request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// GET, POST and so on.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// What stands behind the question mark.
    pub query: String,
    /// Every header, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
    /// Seconds since the server began.
    pub at: f64,
}

impl Asked {
    /// A parameter of the query, as it stands there.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').filter_map(|it| it.split_once('=')).find(|it| it.0 == name).map(|it| it.1)
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|it| it.0 == name).map_or("", |it| it.1.as_str())
    }
}

/// How an answer goes on after its head.
pub enum End {
    /// Whole.
    Whole,
    /// It promises twice as much as it sends.
    Half,
    /// Nothing at all is sent, and the connection stays.
    Mute,
    /// Each text is a piece; the answer ends with the sender.
    Pieces(Receiver<String>),
    /// What a watch is told.
    Watch(Watch),
}

/// What is answered.
pub struct Told {
    /// The status.
    pub status: u16,
    /// The headers, beside those of the length.
    pub headers: Vec<(&'static str, String)>,
    /// The body, or as much of it as is sent.
    pub body: Vec<u8>,
    /// How it goes on.
    pub end: End,
}

impl Told {
    /// 200 with JSON.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::with(200, body)
    }

    /// A status with JSON.
    pub fn with(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type", "application/json".to_owned())];
        Self { status, headers, body: body.into(), end: End::Whole }
    }

    /// A page, as a proxy or a log-in answers.
    pub fn page(status: u16, title: &str) -> Self {
        let body = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body></body></html>");
        Self { headers: vec![("Content-Type", "text/html".to_owned())], ..Self::with(status, body) }
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// With another end.
    pub fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// Nothing at all.
    pub fn mute() -> Self {
        Self::ok("").ending(End::Mute)
    }
}

type Script = Box<dyn FnMut(&Asked) -> Told + Send>;

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    stopping: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    began: Instant,
    /// Connections of an earlier era are dead: they stay, and nothing passes over them any more.
    era: Arc<AtomicU64>,
    cut: Arc<AtomicBool>,
    /// Bytes a second of a whole answer; 0 for as many as there are.
    rate: Arc<AtomicU64>,
    tls: Option<Arc<rustls::ServerConfig>>,
}

/// A running server; it ends when dropped.
pub struct Server {
    /// `http://127.0.0.1:PORT`, or https.
    pub address: String,
    port: u16,
    shared: Shared,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers every request by `script`.
    pub fn start(script: impl FnMut(&Asked) -> Told + Send + 'static) -> Self {
        Self::listen(script, None)
    }

    /// The same over TLS with the certificate and key in these PEM files; with an authority of clients, for nobody but
    /// those it vouches for.
    pub fn start_tls(
        certificate: &str,
        key: &str,
        clients: Option<&str>,
        script: impl FnMut(&Asked) -> Told + Send + 'static,
    ) -> Self {
        use rustls::pki_types::pem::PemObject;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let _ = rustls::crypto::ring::default_provider().install_default();
        let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let config = rustls::ServerConfig::builder();
        let config = match clients {
            None => config.with_no_client_auth(),
            Some(authority) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
                let verifier = rustls::server::WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
                config.with_client_cert_verifier(verifier)
            }
        };
        Self::listen(script, Some(Arc::new(config.with_single_cert(chain, key).unwrap())))
    }

    fn listen(script: impl FnMut(&Asked) -> Told + Send + 'static, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Shared {
            script: Arc::new(Mutex::new(Box::new(script))),
            asked: Arc::default(),
            stopping: Arc::default(),
            open: Arc::default(),
            began: Instant::now(),
            era: Arc::default(),
            cut: Arc::default(),
            rate: Arc::default(),
            tls,
        };
        let (port, accepting) = accept(0, &shared);
        let address = format!("{scheme}://127.0.0.1:{port}");
        Self { address, port, shared, accepting: Some(accepting) }
    }

    /// Answers by another script from now on.
    pub fn say(&self, script: impl FnMut(&Asked) -> Told + Send + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Breaks every connection that is open.
    pub fn hang_up(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// The path between us is cut: nothing passes over any connection there is, now or later, and while it lasts new ones
    /// are taken and never answered. Nobody is told.
    pub fn cut_path(&self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        self.shared.era.fetch_add(1, Ordering::SeqCst);
    }

    /// The path is there again, for new connections.
    pub fn mend_path(&self) {
        self.shared.era.fetch_add(1, Ordering::SeqCst);
        self.shared.cut.store(false, Ordering::SeqCst);
    }

    /// Sends so many bytes of each answer a second; 0 for as many as there are.
    pub fn throttle(&self, bytes_a_second: u64) {
        self.shared.rate.store(bytes_a_second, Ordering::SeqCst);
    }

    /// Goes away: nobody listens at its port any more.
    pub fn stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        if let Some(accepting) = self.accepting.take() {
            let _ = TcpStream::connect(("127.0.0.1", self.port));
            let _ = accepting.join();
        }
        self.hang_up();
    }

    /// Comes back at the same port.
    pub fn restart(&mut self) {
        self.stop();
        self.shared.stopping.store(false, Ordering::SeqCst);
        self.accepting = Some(accept(self.port, &self.shared).1);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn accept(port: u16, shared: &Shared) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let shared = shared.clone();
    let accepting = std::thread::spawn(move || {
        for stream in listener.incoming() {
            if shared.stopping.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let _ = stream.set_nodelay(true);
            if let Ok(copy) = stream.try_clone() {
                shared.open.lock().unwrap().push(copy);
            }
            let Ok(raw) = stream.try_clone() else { continue };
            let line = Line { era: shared.era.load(Ordering::SeqCst), shared: shared.clone(), raw };
            std::thread::spawn(move || {
                match line.shared.tls.clone().map(rustls::ServerConnection::new) {
                    None => converse(stream, &line),
                    Some(Ok(session)) => converse(rustls::StreamOwned::new(session, stream), &line),
                    Some(Err(_)) => {}
                }
                // Closing alone would not do: a copy of it is kept.
                let _ = line.raw.shutdown(Shutdown::Both);
                line.shared.open.lock().unwrap().retain(|it| it.peer_addr().is_ok());
            });
        }
    });
    (port, accepting)
}

/// One connection.
struct Line {
    shared: Shared,
    era: u64,
    raw: TcpStream,
}

impl Line {
    fn is_dead(&self) -> bool {
        self.shared.cut.load(Ordering::SeqCst) || self.shared.era.load(Ordering::SeqCst) != self.era
    }

    /// Waits for ever where nothing passes over it any more; the test's end lets go.
    fn pass(&self) -> Result<(), ()> {
        if !self.is_dead() {
            return Ok(());
        }
        while !self.shared.stopping.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK_AROUND);
        }
        Err(())
    }

    /// Whether the client closed it.
    fn is_left(&self) -> bool {
        let _ = self.raw.set_nonblocking(true);
        let seen = self.raw.peek(&mut [0]);
        let _ = self.raw.set_nonblocking(false);
        match seen {
            Ok(bytes) => bytes == 0,
            Err(why) => why.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

/// How often a watch looks whether anybody is there still.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// Answers one request after the other until either side ends.
fn converse(stream: impl Read + Write, line: &Line) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream, &line.shared) {
        if line.pass().is_err() {
            return;
        }
        line.shared.asked.lock().unwrap().push(asked.clone());
        let told = (line.shared.script.lock().unwrap())(&asked);
        if answer(stream.get_mut(), told, line).is_err() {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead, shared: &Shared) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut asked = Asked { method, path: path.to_owned(), query: query.to_owned(), ..Asked::default() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        asked.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    asked.at = shared.began.elapsed().as_secs_f64();
    Some(asked)
}

/// Writes an answer; an error where the connection is not to be used again.
fn answer(stream: &mut impl Write, told: Told, line: &Line) -> Result<(), ()> {
    let mut head = format!("HTTP/1.1 {} X\r\n", told.status);
    for (name, value) in &told.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let whole = matches!(told.end, End::Whole);
    let length = if whole { told.body.len() } else { told.body.len() * 2 };
    match told.end {
        End::Whole | End::Half => {
            head += &format!("Content-Length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).map_err(drop)?;
            // A tenth of a second's worth at a time.
            let piece = usize::try_from(line.shared.rate.load(Ordering::SeqCst) / 10).unwrap_or(usize::MAX);
            for piece in told.body.chunks(if piece == 0 { usize::MAX } else { piece }) {
                stream.write_all(piece).map_err(drop)?;
                stream.flush().map_err(drop)?;
                if piece.len() < told.body.len() {
                    std::thread::sleep(LOOK_AROUND);
                }
            }
            stream.flush().map_err(drop)?;
            if whole { Ok(()) } else { Err(()) }
        }
        End::Mute => {
            // Longer than anything here waits for it; the test's end takes it along.
            std::thread::sleep(Duration::from_secs(60));
            Err(())
        }
        End::Pieces(pieces) => {
            stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).map_err(drop)?;
            stream.flush().map_err(drop)?;
            for piece in pieces {
                stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).map_err(drop)?;
                stream.flush().map_err(drop)?;
            }
            stream.write_all(b"0\r\n\r\n").map_err(drop)?;
            stream.flush().map_err(drop)
        }
        End::Watch(watch) => {
            stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).map_err(drop)?;
            stream.flush().map_err(drop)?;
            carry(stream, watch, line)
        }
    }
}

/// Carries to the client what a watch is told, until its time is over.
fn carry(stream: &mut impl Write, watch: Watch, line: &Line) -> Result<(), ()> {
    let ends = Instant::now() + watch.lasts;
    let mut chunk = |bytes: &[u8]| {
        stream.write_all(&[format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()).map_err(drop)?;
        stream.flush().map_err(drop)
    };
    loop {
        let piece = watch.feed.wait(ends.min(Instant::now() + LOOK_AROUND));
        if line.is_dead() {
            drop(watch); // the server gives it up too, some time
            return line.pass();
        }
        match piece {
            Some(Piece::Bytes(bytes)) => chunk(&bytes)?,
            Some(Piece::Torn(bytes)) => return chunk(&bytes).and(Err(())),
            Some(Piece::HalfClosed) => {
                let _ = line.raw.shutdown(Shutdown::Write);
                hold(line);
                return Err(());
            }
            Some(Piece::Silence) => {
                hold(line);
                return Err(());
            }
            Some(Piece::End) => break,
            None if line.is_left() => return Err(()),
            None if Instant::now() >= ends => break,
            None => {}
        }
    }
    stream.write_all(b"0\r\n\r\n").map_err(drop)?;
    stream.flush().map_err(drop)
}

/// Keeps a connection without a word until the client leaves or the test ends.
fn hold(line: &Line) {
    while !line.shared.stopping.load(Ordering::SeqCst) && !line.is_left() {
        std::thread::sleep(LOOK_AROUND);
    }
}
