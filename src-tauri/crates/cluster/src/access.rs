//! A way in: credentials that renew themselves, and GET requests whose failures are told apart.
//!
//! Nothing but GET ever leaves this crate.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use broadstreet_core::ports::{Clock, ClusterError, ContextChoice};
use broadstreet_core::resource::Json;
use broadstreet_core::time::Moment;
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use kube::config::{AuthInfo, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, OnceCell, watch as latest};

use crate::failure::{self, Failure, Refusal};
use crate::kubeconfig::{self, Chosen, Places};
use crate::link::{Link, Unpacking};
use crate::plugin;
use crate::proxy::{self, ProxyEnvironment};
use crate::timer::{RuntimeTimer, Timer, within};
use crate::wire::{self, Wire};
use crate::{Environment, Limits};

/// JSON, as every path of the API answers it.
pub const JSON: &str = "application/json";
/// As it is: what is small, and what comes event by event.
const PLAIN: &str = "identity";
/// An answer larger than this is refused: a list is asked for by pages.
const LARGEST_ANSWER: usize = 1 << 30;
/// After a failure to get in, or a renewal, this long no other is tried: thirty watches ask at once.
const PAUSE_BETWEEN_RENEWALS: Duration = Duration::from_secs(5);
/// So often a request whose connection failed before it was sent is asked again.
const UNSENT: u32 = 3;

/// How requests get out.
pub struct Way {
    /// What the process was started with.
    pub environment: Environment,
    /// How long things may take.
    pub limits: Limits,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Another way than a socket, and the time there.
    pub wire: Option<(Wire, Arc<dyn Timer>)>,
}

/// One context, opened.
pub struct Access {
    /// The context's name.
    pub context: String,
    /// The context's namespace.
    pub namespace: String,
    /// The server's address.
    pub server: String,
    /// `sha256:` of the address and the CA.
    pub fingerprint: String,
    /// Time limits.
    pub limits: Limits,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// What waits.
    pub timer: Arc<dyn Timer>,
    link: Link,
    /// When every connection was given up for new ones the last time; whoever waits on an old one waits in vain.
    pub anew: latest::Sender<Option<Duration>>,
    environment: Environment,
    wire: Option<Wire>,
    choice: ContextChoice,
    via: String,
    state: Mutex<State>,
    login_path: OnceCell<Option<OsString>>,
}

#[derive(Default)]
struct State {
    client: Option<Opened>,
    generation: u64,
    opened_at: Option<Duration>,
    failed: Option<(Duration, ClusterError)>,
}

struct Opened {
    client: Client,
    /// What the client was made from, credentials included.
    config: Config,
    renew_at: Option<Moment>,
}

impl Access {
    /// Opens the context chosen. No request is made yet, but a credential plugin runs.
    pub async fn open(choice: ContextChoice, way: Way) -> Result<Self, ClusterError> {
        let Way { environment, limits, clock, wire } = way;
        let (wire, timer) = match wire {
            Some((wire, timer)) => (Some(wire), timer),
            None => (None, Arc::new(RuntimeTimer::new()) as Arc<dyn Timer>),
        };
        let chosen = kubeconfig::read(choice.kubeconfig.as_deref(), &environment.places)?.choose(&choice)?;
        let (_, via) = config_of(&chosen, &environment.proxy)?;
        let access = Self {
            context: chosen.context.clone(),
            namespace: chosen.namespace.clone(),
            server: chosen.server.clone(),
            fingerprint: fingerprint(&chosen)?,
            limits,
            clock,
            timer,
            link: Link::default(),
            anew: latest::Sender::default(),
            environment,
            wire,
            choice: ContextChoice { context: Some(chosen.context), ..choice },
            via,
            state: Mutex::default(),
            login_path: OnceCell::new(),
        };
        access.client().await?;
        Ok(access)
    }

    /// The client with credentials that hold, and the generation they belong to.
    async fn client(&self) -> Result<(Client, u64), ClusterError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(opened) = &state.client
            && opened.renew_at.is_none_or(|at| now < at)
        {
            return Ok((opened.client.clone(), state.generation));
        }
        if let Some((at, error)) = &state.failed
            && self.timer.elapsed() < *at + PAUSE_BETWEEN_RENEWALS
        {
            return Err(error.clone());
        }
        match self.build().await {
            Ok(opened) => {
                let client = opened.client.clone();
                state.client = Some(opened);
                state.generation += 1;
                state.opened_at = Some(self.timer.elapsed());
                state.failed = None;
                Ok((client, state.generation))
            }
            Err(error) => {
                state.failed = Some((self.timer.elapsed(), error.clone()));
                Err(error)
            }
        }
    }

    /// Reads the kubeconfig anew (a log-in elsewhere may have changed it), runs its plugin, makes a client.
    async fn build(&self) -> Result<Opened, ClusterError> {
        let chosen =
            kubeconfig::read(self.choice.kubeconfig.as_deref(), &self.environment.places)?.choose(&self.choice)?;
        if chosen.server != self.server {
            let why = format!("context `{}` now names another server, {}; connect again", self.context, chosen.server);
            return Err(ClusterError::BadKubeconfig { path: chosen.path, why });
        }
        let (mut config, _) = config_of(&chosen, &self.environment.proxy)?;
        config.connect_timeout = Some(self.limits.connect);
        // 429 and 503 are answered by our own backoff, which honours Retry-After.
        config.default_retry = false;
        take_token_of_file(&mut config.auth_info).map_err(|why| ClusterError::Unauthorized {
            server: self.server.clone(),
            context: self.context.clone(),
            why: format!("no credentials to show: {why}"),
        })?;
        let mut renew_at = None;
        if let Some(exec) = config.auth_info.exec.take() {
            let login = self.login_path.get_or_init(|| plugin::login_path(self.limits.shell)).await.clone();
            let path = plugin::search_path(std::env::var_os("PATH"), login);
            let credential = plugin::run(&exec, &chosen.cluster, path, self.limits.plugin).await.map_err(|why| {
                ClusterError::CredentialPlugin {
                    command: exec.command.clone().unwrap_or_default(),
                    context: self.context.clone(),
                    why,
                }
            })?;
            renew_at = credential.expires_at.map(|at| renewal(self.clock.now(), at));
            adopt(&mut config.auth_info, &credential);
        }
        let client = self.made_of(&config).map_err(|error| self.of_client(&error, &chosen.path))?;
        Ok(Opened { client, config, renew_at })
    }

    fn made_of(&self, config: &Config) -> Result<Client, kube::Error> {
        match &self.wire {
            Some(wire) => Ok(wire::client(wire)),
            None => Client::try_from(config.clone()),
        }
    }

    /// Gives up every connection there is: the machine slept, or the way to the server was cut, and nobody is told that
    /// nothing will ever come over the old ones. The credentials stay.
    pub async fn start_anew(&self) {
        let mut state = self.state.lock().await;
        if let Some(opened) = &mut state.client
            && let Ok(client) = self.made_of(&opened.config)
        {
            opened.client = client;
        }
        drop(state);
        let _ = self.anew.send_replace(Some(self.timer.elapsed()));
    }

    /// An error while making the client: files named by the kubeconfig, not the connection.
    fn of_client(&self, error: &kube::Error, path: &str) -> ClusterError {
        match error {
            kube::Error::Auth(auth) => self.of_auth(auth),
            other => ClusterError::BadKubeconfig {
                path: path.to_owned(),
                why: format!("context `{}`: {other}", self.context),
            },
        }
    }

    fn of_auth(&self, error: &kube::client::AuthError) -> ClusterError {
        ClusterError::Unauthorized {
            server: self.server.clone(),
            context: self.context.clone(),
            why: format!("no credentials to show: {error}"),
        }
    }

    fn of_request(&self, error: &kube::Error) -> ClusterError {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = source {
            if let Some(auth) = error.downcast_ref::<kube::client::AuthError>() {
                return self.of_auth(auth);
            }
            source = error.source();
        }
        failure::of_connection(error, &self.server, &self.context, &self.via)
    }

    fn slow(&self, limit: Duration) -> ClusterError {
        let why = format!("no answer within {} s{}", limit.as_secs_f32(), self.via);
        ClusterError::Unreachable { server: self.server.clone(), why }
    }

    fn odd(&self, why: impl Into<String>) -> ClusterError {
        ClusterError::NotKubernetes { server: self.server.clone(), why: why.into() }
    }

    /// Asks for `path`, waits for the head of the answer up to `limit`. A 401 is asked again once with renewed
    /// credentials.
    ///
    /// # Errors
    /// Any status but success is a [`Failure::Status`], except 401 and what no API server would answer.
    pub async fn get(&self, path: &str, accept: &str, limit: Duration) -> Result<Response<Body>, Failure> {
        self.get_as(path, accept, PLAIN, limit).await
    }

    /// The same for a page of a list, compressed where the way is slow.
    ///
    /// # Errors
    /// As [`Access::get`].
    pub async fn get_page(&self, path: &str, accept: &str) -> Result<Response<Body>, Failure> {
        let encoding = if self.link.is_slow() { "gzip" } else { PLAIN };
        self.get_as(path, accept, encoding, self.limits.page).await
    }

    async fn get_as(
        &self,
        path: &str,
        accept: &str,
        encoding: &str,
        limit: Duration,
    ) -> Result<Response<Body>, Failure> {
        let headers = [(header::ACCEPT_ENCODING.to_string(), encoding.to_owned())];
        let answer = self.send_with(path, accept, &headers, limit).await.map_err(Failure::Cluster)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(self.refusal(answer).await)
    }

    /// Asks for `path` with further headers and hands the answer over whatever its status is.
    pub async fn send_with(
        &self,
        path: &str,
        accept: &str,
        headers: &[(String, String)],
        limit: Duration,
    ) -> Result<Response<Body>, ClusterError> {
        let mut renewed = false;
        let mut unsent = 0;
        loop {
            let (client, generation) = self.client().await?;
            let request = Request::get(path)
                .header(header::ACCEPT, accept)
                .header(header::USER_AGENT, concat!("broadstreet/", env!("CARGO_PKG_VERSION")));
            let request = headers
                .iter()
                .fold(request, |request, (name, value)| request.header(name, value))
                .body(Body::empty())
                .map_err(|error| self.odd(format!("`{path}` is no path: {error}")))?;
            let answer = match within(&*self.timer, limit, client.send(request)).await {
                None => return Err(self.slow(limit)),
                Some(Err(error)) if unsent < UNSENT && failure::was_not_sent(&error) => {
                    unsent += 1;
                    continue;
                }
                Some(Err(error)) => Err(self.of_request(&error)),
                Some(Ok(answer)) => Ok(answer),
            };
            let refused = match &answer {
                Ok(answer) => answer.status() == StatusCode::UNAUTHORIZED,
                Err(error) => matches!(error, ClusterError::Unauthorized { .. }),
            };
            if !refused || renewed || !self.forget(generation).await {
                return answer;
            }
            renewed = true;
        }
    }

    /// Forgets credentials that were refused; answers whether asking again may help.
    async fn forget(&self, generation: u64) -> bool {
        let mut state = self.state.lock().await;
        if state.generation != generation {
            return true; // somebody else renewed them meanwhile
        }
        if state.opened_at.is_some_and(|at| self.timer.elapsed() < at + PAUSE_BETWEEN_RENEWALS) {
            return false;
        }
        state.client = None;
        true
    }

    async fn refusal(&self, answer: Response<Body>) -> Failure {
        let (head, body) = answer.into_parts();
        let status = head.status;
        let header = |name: header::HeaderName| {
            head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (content_type, location) = (header(header::CONTENT_TYPE), header(header::LOCATION));
        let retry_after = header(header::RETRY_AFTER).trim().parse().ok().map(Duration::from_secs);
        if status.is_redirection() {
            let to = plugin::shorten(&location, 200);
            return Failure::Cluster(self.odd(format!("HTTP {status} to `{to}`, as a proxy or a log-in page does")));
        }
        let body = self.read(&head.headers, body).await.unwrap_or_default();
        let parsed: Option<Value> = serde_json::from_slice(&body).ok();
        let refusal = parsed.filter(|value| value.get("kind").and_then(Value::as_str) == Some("Status")).map(|value| {
            let said = Refusal::of_status(&value);
            Refusal { code: status.as_u16(), retry_after: retry_after.or(said.retry_after), ..said }
        });
        let words = failure::describe_body(&content_type, &body);
        if status == StatusCode::UNAUTHORIZED {
            let why = refusal.map_or(words, |refusal| refusal.words());
            let (server, context) = (self.server.clone(), self.context.clone());
            return Failure::Cluster(ClusterError::Unauthorized { server, context, why });
        }
        match refusal {
            Some(refusal) => Failure::Status(refusal),
            None if words.starts_with("an HTML page") => {
                Failure::Cluster(self.odd(format!("HTTP {status} with {words}")))
            }
            None => {
                let message = if body.is_empty() { String::new() } else { words };
                Failure::Status(Refusal { code: status.as_u16(), reason: String::new(), message, retry_after })
            }
        }
    }

    /// Reads a body to its end; each piece may take as long as a whole small answer.
    pub async fn read(&self, head: &HeaderMap, mut body: Body) -> Result<Vec<u8>, ClusterError> {
        let mut bytes = Vec::new();
        let mut unpacking = Unpacking::of(head).map_err(|why| self.odd(why))?;
        let began = self.timer.elapsed();
        loop {
            let frame = within(&*self.timer, self.limits.answer, body.frame()).await.ok_or_else(|| {
                let why = format!(
                    "the answer stopped after {} bytes for {} s",
                    bytes.len(),
                    self.limits.answer.as_secs_f32()
                );
                ClusterError::Unreachable { server: self.server.clone(), why }
            })?;
            match frame {
                None => {
                    if unpacking.is_plain() {
                        self.link.measured(bytes.len(), self.timer.elapsed().saturating_sub(began));
                    }
                    return Ok(bytes);
                }
                Some(Err(error)) => {
                    return Err(failure::of_connection(&*error_of(error), &self.server, &self.context, &self.via));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        unpacking.take(&data, &mut bytes).map_err(|why| self.odd(why))?;
                    }
                }
            }
            if bytes.len() > LARGEST_ANSWER {
                return Err(self.odd(format!("an answer of more than {LARGEST_ANSWER} bytes")));
            }
        }
    }

    /// Asks for `path` and reads the answer as JSON; also hands over its head, for the `Date` in it.
    pub async fn json(
        &self,
        path: &str,
        accept: &str,
        limit: Duration,
    ) -> Result<(http::response::Parts, Value), Failure> {
        let (head, body) = self.bytes(path, accept, limit).await?;
        let value = self.parse(&head, &body)?;
        Ok((head, value))
    }

    /// Asks and hands on the body as it came.
    pub async fn bytes(
        &self,
        path: &str,
        accept: &str,
        limit: Duration,
    ) -> Result<(http::response::Parts, Vec<u8>), Failure> {
        let answer = self.get(path, accept, limit).await?;
        self.body_of(answer).await
    }

    /// The body of an answer as it came.
    pub async fn body_of(&self, answer: Response<Body>) -> Result<(http::response::Parts, Vec<u8>), Failure> {
        let (head, body) = answer.into_parts();
        let body = self.read(&head.headers, body).await.map_err(Failure::Cluster)?;
        Ok((head, body))
    }

    /// Reads a body as JSON, in whatever form is wanted of it.
    pub fn parse<'a, T: Deserialize<'a>>(&self, head: &http::response::Parts, body: &'a [u8]) -> Result<T, Failure> {
        // Read as text at once, which is quicker than text by text.
        let read = std::str::from_utf8(body).map_or_else(|_| serde_json::from_slice(body), serde_json::from_str);
        read.map_err(|error| self.no_json(head, body, &error))
    }

    /// Reads a body as JSON as far as a rule may want it.
    pub fn sift<'a>(&self, head: &http::response::Parts, body: &'a [u8]) -> Result<Json<'a>, Failure> {
        let read = std::str::from_utf8(body).map_or_else(|_| serde_json::from_slice(body), Json::read);
        read.map_err(|error| self.no_json(head, body, &error))
    }

    fn no_json(&self, head: &http::response::Parts, body: &[u8], error: &serde_json::Error) -> Failure {
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let words = failure::describe_body(kind, body);
        let why = if words.starts_with('`') { format!("{words}, which is no JSON ({error})") } else { words };
        Failure::Cluster(self.odd(format!("HTTP {} with {why}", head.status)))
    }
}

/// kube hands out body errors boxed or plain; this makes them one.
fn error_of(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Box<dyn std::error::Error + Send + Sync> {
    error.into()
}

/// A minute before the end, or half way for what lives shorter than two.
fn renewal(now: Moment, end: Moment) -> Moment {
    let margin = chrono::TimeDelta::seconds(60).min((end - now) / 2).max(chrono::TimeDelta::zero());
    end - margin
}

/// A part of a user as if it stood in a kubeconfig: the secret types of kube are made by reading, so that no other crate
/// is named here.
fn made(value: Value) -> AuthInfo {
    serde_json::from_value(value).unwrap_or_default()
}

/// Puts the token of `tokenFile` in its place, without the line end that kube would show with it. As client-go does, the
/// file counts before `token`, which stands in where it cannot be read; it is read anew whenever its token was refused.
fn take_token_of_file(user: &mut AuthInfo) -> Result<(), String> {
    let Some(path) = user.token_file.take().filter(|path| !path.is_empty()) else { return Ok(()) };
    let read = std::fs::read_to_string(&path).map_err(|error| format!("the `tokenFile` `{path}`: {error}"));
    let token = read.and_then(|text| match text.trim() {
        "" => Err(format!("the `tokenFile` `{path}` is empty")),
        token => Ok(token.to_owned()),
    });
    match token {
        Ok(token) => user.token = made(serde_json::json!({ "token": token })).token,
        Err(why) if user.token.is_none() => return Err(why),
        Err(_) => {}
    }
    Ok(())
}

fn adopt(user: &mut AuthInfo, credential: &plugin::Credential) {
    if let Some(token) = &credential.token {
        user.token = made(serde_json::json!({ "token": token })).token;
    }
    if let Some((certificate, key)) = &credential.certificate {
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        user.client_certificate_data = Some(encode(certificate));
        user.client_key_data = made(serde_json::json!({ "client-key-data": encode(key) })).client_key_data;
    }
}

/// kube's configuration, built here because kube's own way holds `NO_PROXY` against the wrong address. Also in words:
/// the proxy it goes through.
fn config_of(chosen: &Chosen, environment: &ProxyEnvironment) -> Result<(Config, String), ClusterError> {
    let bad = |why: String| ClusterError::BadKubeconfig { path: chosen.path.clone(), why };
    let address: Uri = chosen.server.parse().map_err(|error| {
        bad(format!("the server `{}` of context `{}` is no address: {error}", chosen.server, chosen.context))
    })?;
    if address.host().is_none() || !matches!(address.scheme_str(), Some("http" | "https")) {
        let why = format!("the server `{}` of context `{}` is no http or https address", chosen.server, chosen.context);
        return Err(bad(why));
    }
    if let Some(provider) = &chosen.user.auth_provider
        && provider.name != "oidc"
    {
        let why = format!(
            "the user of context `{}` has the auth-provider `{}`, which kubectl dropped in 1.26; use its exec plugin",
            chosen.context, provider.name
        );
        return Err(bad(why));
    }
    let proxy = proxy::choose(&address, chosen.cluster.proxy_url.as_deref(), environment).map_err(bad)?;
    let mut config = Config::new(address);
    config.default_namespace.clone_from(&chosen.namespace);
    config.root_cert = authority(chosen)?;
    config.accept_invalid_certs = chosen.cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.tls_server_name = chosen.cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    config.auth_info = chosen.user.clone();
    let mut via = String::new();
    if let Some(proxy) = proxy {
        let host = proxy.address.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or(host);
        via = format!(" (through the proxy {host}, from {})", proxy.named_by);
        config.proxy_url = Some(proxy.address);
    }
    Ok((config, via))
}

/// The certificates of the authority, DER; `None` leaves it to the system.
fn authority(chosen: &Chosen) -> Result<Option<Vec<Vec<u8>>>, ClusterError> {
    let bad = |why: String| ClusterError::BadKubeconfig { path: chosen.path.clone(), why };
    let context = &chosen.context;
    let pem = if let Some(data) = chosen.cluster.certificate_authority_data.as_deref().filter(|data| !data.is_empty()) {
        base64::engine::general_purpose::STANDARD.decode(data.trim()).map_err(|error| {
            bad(format!("the `certificate-authority-data` of context `{context}` is no base64: {error}"))
        })?
    } else if let Some(path) = chosen.cluster.certificate_authority.as_deref().filter(|path| !path.is_empty()) {
        std::fs::read(path)
            .map_err(|error| bad(format!("the `certificate-authority` `{path}` of context `{context}`: {error}")))?
    } else {
        return Ok(None);
    };
    let found: Result<Vec<Vec<u8>>, _> =
        CertificateDer::pem_slice_iter(&pem).map(|entry| entry.map(|certificate| certificate.to_vec())).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(Some(found)),
        Ok(_) => Err(bad(format!("the certificate authority of context `{context}` holds no certificate"))),
        Err(error) => Err(bad(format!("the certificate authority of context `{context}` is no PEM: {error}"))),
    }
}

fn fingerprint(chosen: &Chosen) -> Result<String, ClusterError> {
    let mut hash = Sha256::new();
    hash.update(chosen.server.as_bytes());
    for certificate in authority(chosen)?.into_iter().flatten() {
        hash.update([0]);
        hash.update(&certificate);
    }
    Ok(format!("sha256:{}", hex::encode(hash.finalize())))
}

impl Environment {
    /// What the process was started with.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { places: Places::of_this_process(), proxy: ProxyEnvironment::of_this_process() }
    }
}
