//! One client per source: credentials, certificates, the way there, time limits, bounded answers, and errors that name
//! the source and its address but never a secret.

mod words;

use std::error::Error;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use broadstreet_core::id::SourceId;
use broadstreet_core::ports::{
    ClusterError, Credentials, ProxyGet, ProxyRequest, ProxyTarget, SignalError, SourceKind, SourceSettings,
};
use broadstreet_core::time::Moment;
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity, Method, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::Limits;

pub(crate) use words::{of_body, of_errors, shortened};

/// Which tenant is asked of, in Mimir, Cortex and Thanos.
const TENANT: &str = "x-scope-orgid";

/// A question that was not answered as asked, with what decides whether another way is worth trying.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What to tell.
    pub error: SignalError,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// Whether the answer was larger than allowed.
    pub too_large: bool,
}

impl From<Fault> for SignalError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

impl From<SignalError> for Fault {
    fn from(error: SignalError) -> Self {
        Self { error, status: None, too_large: false }
    }
}

/// An answer with status 2xx.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The body.
    pub body: Vec<u8>,
    /// The `Date` header.
    pub date: Option<Moment>,
}

/// How the source is reached.
enum Way {
    Direct { client: Client, base: Url },
    Proxied { get: ProxyGet, target: ProxyTarget, prefix: String },
}

/// Asks one source.
pub(crate) struct Http {
    id: SourceId,
    /// For people: the address without query and user.
    address: String,
    way: Way,
    headers: HeaderMap,
    /// Texts that may never be shown.
    secrets: Vec<String>,
    limits: Limits,
    /// The `Date` of the last answer.
    last: Mutex<Option<Moment>>,
}

impl Http {
    /// Prepares a client from the settings. Asks nothing yet.
    pub fn open(
        settings: &SourceSettings,
        secret: Option<&str>,
        proxy: Option<ProxyGet>,
        limits: Limits,
    ) -> Result<Self, SignalError> {
        let bad = |why: String| SignalError::BadSettings { source_id: settings.id.clone(), why };
        let secret = secret.map(str::trim).filter(|secret| !secret.is_empty());
        let (headers, secrets) = headers(settings, secret).map_err(bad)?;
        let (address, way) = if let Some(target) = &settings.proxy {
            let place = format!("Service {}/{}:{}", target.namespace, target.service, target.port);
            let get = proxy.ok_or_else(|| {
                bad(format!("it is reached through the cluster ({place}), and no cluster is connected"))
            })?;
            let prefix = settings.address.trim().trim_matches('/');
            let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
            (format!("{place}{prefix}"), Way::Proxied { get, target: target.clone(), prefix })
        } else {
            let base = base(settings.address.trim()).map_err(bad)?;
            let client = client(settings, &base, limits).map_err(bad)?;
            (base.as_str().trim_end_matches('/').to_owned(), Way::Direct { client, base })
        };
        Ok(Self { id: settings.id.clone(), address, way, headers, secrets, limits, last: Mutex::default() })
    }

    /// Which source this is.
    pub fn id(&self) -> &SourceId {
        &self.id
    }

    /// What the source's clock said with its last answer, where it tells.
    pub fn source_time(&self) -> Option<Moment> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that an answer cannot be understood.
    pub fn bad_answer(&self, why: impl AsRef<str>) -> SignalError {
        SignalError::BadAnswer {
            source_id: self.id.clone(),
            address: self.address.clone(),
            why: self.shown(why.as_ref()),
        }
    }

    /// Says that the settings cannot work.
    pub fn bad_settings(&self, why: &str) -> SignalError {
        SignalError::BadSettings { source_id: self.id.clone(), why: self.shown(why) }
    }

    /// Says that the credentials were refused.
    pub fn refused(&self, why: &str) -> SignalError {
        SignalError::Refused { source_id: self.id.clone(), address: self.address.clone(), why: self.shown(why) }
    }

    /// GET.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Reply, Fault> {
        match &self.way {
            Way::Direct { client, base } => {
                let request = client.request(Method::GET, Self::url(base, path, query));
                self.bounded(request).await
            }
            Way::Proxied { get, target, prefix } => {
                let whole = Self::url(&placeholder(), &format!("{prefix}{path}"), query);
                let path = whole.as_str().trim_start_matches(placeholder().as_str());
                let headers = self.passed_on();
                self.proxied(get, ProxyRequest { target: target.clone(), path: format!("/{path}"), headers }).await
            }
        }
    }

    /// GET, read as JSON. `what` names what was expected.
    pub async fn json<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<T, Fault> {
        let reply = self.get(path, query).await?;
        Ok(self.read(&reply.body, what)?)
    }

    /// POST with a JSON body, whole answer. Not through the cluster: its proxy is for reading.
    pub async fn post(&self, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Result<Reply, Fault> {
        let request = self.post_request(path, headers, body)?;
        self.bounded(request).await
    }

    /// POST whose answer is a stream without end.
    pub async fn post_stream(&self, path: &str, body: &[u8]) -> Result<Response, Fault> {
        let request = self.post_request(path, &[], body)?.headers(self.headers.clone());
        let response = tokio::time::timeout(self.limits.answer, request.send())
            .await
            .map_err(|_| self.slow())?
            .map_err(|error| self.broken(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = tokio::time::timeout(self.limits.answer, self.whole(response)).await.map_err(|_| self.slow())??;
        Err(self.status(status.as_u16(), Some(&headers), &body))
    }

    fn post_request(&self, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Result<RequestBuilder, Fault> {
        let Way::Direct { client, base } = &self.way else {
            return Err(Fault::from(self.bad_settings("it cannot be asked through the cluster; give its address")));
        };
        let mut request = client.request(Method::POST, Self::url(base, path, &[]));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body.to_vec()))
    }

    /// Reads JSON, or says what came instead.
    pub fn read<T: DeserializeOwned>(&self, body: &[u8], what: &str) -> Result<T, SignalError> {
        serde_json::from_slice(body).map_err(|error| {
            if words::is_html(body) {
                self.bad_answer(format!("{} instead of {what}; does a login page stand before it?", of_body(body)))
            } else if error.is_eof() {
                self.bad_answer(format!("{what} breaks off after {} bytes", body.len()))
            } else {
                self.bad_answer(format!("not {what} ({error}): {}", of_body(body)))
            }
        })
    }

    /// A text with every secret taken out, shortened.
    pub fn shown(&self, text: &str) -> String {
        let hidden = self.secrets.iter().filter(|secret| secret.len() >= 3);
        shortened(&hidden.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "…")), 300)
    }

    fn url(base: &Url, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (*name, value.as_str())));
        }
        url
    }

    async fn bounded(&self, request: RequestBuilder) -> Result<Reply, Fault> {
        let asked = async {
            let response = request.headers(self.headers.clone()).send().await.map_err(|error| self.broken(&error))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let date = date(&headers);
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = date;
            let body = self.whole(response).await?;
            if status.is_success() {
                Ok(Reply { body, date })
            } else {
                Err(self.status(status.as_u16(), Some(&headers), &body))
            }
        };
        tokio::time::timeout(self.limits.answer, asked).await.map_err(|_| self.slow())?
    }

    async fn whole(&self, mut response: Response) -> Result<Vec<u8>, Fault> {
        let promised = response.content_length();
        if promised.is_some_and(|length| length > self.limits.body as u64) {
            return Err(self.too_large());
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(piece)) if body.len() + piece.len() > self.limits.body => return Err(self.too_large()),
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) => return Ok(body),
                Err(_) => {
                    let of = promised.map(|length| format!(" of {length}")).unwrap_or_default();
                    let why = format!("the answer broke off after {}{of} bytes", body.len());
                    return Err(Fault::from(self.bad_answer(why)));
                }
            }
        }
    }

    /// The headers that pass the API server's proxy: `Authorization` is read and taken out by the API server itself.
    fn passed_on(&self) -> Vec<(String, String)> {
        let tenant = self.headers.get(TENANT).and_then(|tenant| tenant.to_str().ok());
        tenant.map(|tenant| (TENANT.to_owned(), tenant.to_owned())).into_iter().collect()
    }

    async fn proxied(&self, get: &ProxyGet, request: ProxyRequest) -> Result<Reply, Fault> {
        let answer = tokio::time::timeout(self.limits.answer, get(request)).await.map_err(|_| self.slow())?;
        let (status, body) = answer.map_err(|error| {
            let why = self.shown(&error.to_string());
            let (source_id, address) = (self.id.clone(), self.address.clone());
            Fault::from(match error {
                ClusterError::Unauthorized { .. } | ClusterError::Forbidden { .. } => {
                    SignalError::Refused { source_id, address, why }
                }
                _ => SignalError::Unreachable { source_id, address, why },
            })
        })?;
        if body.len() > self.limits.body {
            return Err(self.too_large());
        }
        if (200..300).contains(&status) {
            Ok(Reply { body, date: None })
        } else {
            Err(self.status(status, None, &body))
        }
    }

    fn too_large(&self) -> Fault {
        let why = format!("the answer is larger than {} bytes", self.limits.body);
        Fault { error: self.bad_answer(why), status: None, too_large: true }
    }

    fn slow(&self) -> Fault {
        self.unreachable(&format!("no whole answer within {}", seconds(self.limits.answer)))
    }

    fn unreachable(&self, why: &str) -> Fault {
        Fault::from(SignalError::Unreachable {
            source_id: self.id.clone(),
            address: self.address.clone(),
            why: self.shown(why),
        })
    }

    fn broken(&self, error: &reqwest::Error) -> Fault {
        let mut why = String::new();
        let mut cause: Option<&dyn Error> = error.source();
        while let Some(inner) = cause {
            // Each layer repeats the next; the innermost alone says what happened.
            why = inner.to_string();
            cause = inner.source();
        }
        if error.is_redirect() {
            return Fault::from(self.bad_answer("it redirects in a circle or more than five times"));
        }
        if why.is_empty() {
            why.push_str("the request failed");
        }
        if why.contains("invalid peer certificate") {
            why.push_str(
                "; name the certificate authority that signed it (PEM) and an address that is in the certificate",
            );
        }
        if error.is_timeout() && error.is_connect() {
            why = format!("no connection within {}", seconds(self.limits.connect));
        }
        self.unreachable(&why)
    }

    fn status(&self, status: u16, headers: Option<&HeaderMap>, body: &[u8]) -> Fault {
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        let location = headers
            .filter(|_| (300..400).contains(&status))
            .and_then(|headers| headers.get(reqwest::header::LOCATION)?.to_str().ok())
            .map(|to| {
                format!("redirects to {}; does a login page stand before it?", to.split('?').next().unwrap_or(to))
            });
        let words = location.unwrap_or_else(|| of_body(body));
        let why = self.shown(&format!("{status} {reason}: {words}"));
        let (source_id, address) = (self.id.clone(), self.address.clone());
        let error = match status {
            401 | 403 => SignalError::Refused { source_id, address, why },
            429 | 503 => SignalError::Busy { source_id, address, why, retry_after: headers.and_then(retry_after) },
            502 | 504 => SignalError::Unreachable { source_id, address, why },
            _ => SignalError::BadAnswer { source_id, address, why },
        };
        Fault { error, status: Some(status), too_large: false }
    }
}

/// The headers of every request, and the texts in them that may never be shown.
fn headers(settings: &SourceSettings, secret: Option<&str>) -> Result<(HeaderMap, Vec<String>), String> {
    let mut headers = HeaderMap::new();
    let mut secrets: Vec<String> = secret.map(str::to_owned).into_iter().collect();
    let authorization = match &settings.credentials {
        Credentials::None | Credentials::ClientCertificate { .. } => None,
        Credentials::Basic { user } => {
            let pair = format!("{user}:{}", secret.unwrap_or_default());
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            secrets.push(encoded.clone());
            Some(format!("Basic {encoded}"))
        }
        Credentials::Bearer => {
            let secret = secret.ok_or("its token is not kept on this desk; enter it again")?;
            // PagerDuty's API keys have a scheme of their own; its OAuth tokens (`pdus+…`) are bearers.
            let own = settings.kind == SourceKind::Pagerduty && !secret.starts_with("pd");
            Some(if own { format!("Token token={secret}") } else { format!("Bearer {secret}") })
        }
    };
    if let Some(authorization) = authorization {
        let mut value = HeaderValue::from_str(&authorization)
            .map_err(|_| "the secret holds characters that no header can carry; enter it again")?;
        value.set_sensitive(true);
        headers.insert(reqwest::header::AUTHORIZATION, value);
    }
    let accept = match settings.kind {
        SourceKind::Pagerduty => "application/vnd.pagerduty+json;version=2",
        _ => "application/json",
    };
    headers.insert(reqwest::header::ACCEPT, HeaderValue::from_static(accept));
    if let Some(tenant) = settings.tenant.as_deref().filter(|tenant| !tenant.is_empty()) {
        let value =
            HeaderValue::from_str(tenant).map_err(|_| "the tenant holds characters that no header can carry")?;
        headers.insert(HeaderName::from_static(TENANT), value);
    }
    Ok((headers, secrets))
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

fn placeholder() -> Url {
    Url::parse("http://source.invalid/").expect("a constant address")
}

fn base(address: &str) -> Result<Url, String> {
    if address.is_empty() {
        return Err("its address is missing".to_owned());
    }
    let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let mut url = Url::parse(&whole).map_err(|error| format!("its address is none: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its address has the scheme `{}`; http and https work", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its address holds a user or a password; enter them as credentials".to_owned());
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

fn client(settings: &SourceSettings, base: &Url, limits: Limits) -> Result<Client, String> {
    let origin = base.origin();
    let same_origin = Policy::custom(move |attempt| {
        // Another host is never asked with this source's credentials; its address is told instead.
        if attempt.url().origin() != origin {
            attempt.stop()
        } else if attempt.previous().len() > 5 {
            attempt.error("too many redirects")
        } else {
            attempt.follow()
        }
    });
    let mut builder = Client::builder()
        .connect_timeout(limits.connect)
        .tcp_keepalive(Duration::from_secs(15))
        .tcp_keepalive_interval(Duration::from_secs(5))
        .tcp_keepalive_retries(3)
        .redirect(same_origin)
        .user_agent(concat!("Broadstreet/", env!("CARGO_PKG_VERSION")));
    let host = base.host_str().unwrap_or_default().trim_matches(['[', ']']);
    if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()) {
        builder = builder.no_proxy();
    }
    if let Some(path) = settings.ca_file.as_deref().filter(|path| !path.is_empty()) {
        let pem = fs::read(path).map_err(|error| format!("cannot read the certificate authority `{path}`: {error}"))?;
        let authorities = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|authorities| !authorities.is_empty())
            .ok_or_else(|| format!("`{path}` holds no certificate in PEM"))?;
        builder = builder.tls_certs_only(authorities);
    }
    if let Credentials::ClientCertificate { certificate, key } = &settings.credentials {
        let mut pem = fs::read(certificate)
            .map_err(|error| format!("cannot read the client certificate `{certificate}`: {error}"))?;
        pem.push(b'\n');
        pem.extend(fs::read(key).map_err(|error| format!("cannot read the key `{key}`: {error}"))?);
        let identity = Identity::from_pem(&pem)
            .map_err(|_| format!("`{certificate}` and `{key}` are no certificate and key in PEM"))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        format!("its client cannot be prepared: {why}")
    })
}

fn date(headers: &HeaderMap) -> Option<Moment> {
    http_date(headers.get(reqwest::header::DATE)?.to_str().ok()?)
}

fn http_date(text: &str) -> Option<Moment> {
    DateTime::parse_from_rfc2822(text).ok().map(|time| time.with_timezone(&Utc))
}

/// Seconds to wait: `Retry-After` as seconds or as a date against the answer's own `Date`, else
/// `ratelimit-reset` as `PagerDuty` tells it.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let told = text("retry-after").and_then(|told| {
        told.parse().ok().or_else(|| {
            let wait = http_date(told)?.signed_duration_since(date(headers)?);
            Some(wait.num_seconds().max(0) as u64)
        })
    });
    told.or_else(|| text("ratelimit-reset")?.parse().ok())
}
