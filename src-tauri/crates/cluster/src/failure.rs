//! What can go wrong between here and the API server, told apart and put into words.

use std::error::Error as StdError;
use std::time::Duration;

use broadstreet_core::ports::ClusterError;
use broadstreet_core::time::Moment;
use http::{HeaderMap, header};
use rustls::{AlertDescription, CertificateError};

use crate::plugin::shorten;

/// Why a request brought no answer to work with.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Nothing that could be an answer of the API server.
    Cluster(ClusterError),
    /// The API server answered with another status than success.
    Status(Refusal),
}

/// A status other than success, as the API server words it.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// The HTTP status, or the one in the `Status` object.
    pub code: u16,
    /// `reason` of the `Status` object.
    pub reason: String,
    /// `message` of the `Status` object, or the start of the body.
    pub message: String,
    /// `Retry-After`, or `details.retryAfterSeconds`.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads a `Status` object.
    pub fn of_status(status: &serde_json::Value) -> Self {
        let text = |field: &str| status.get(field).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let code = status.get("code").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let seconds = status.pointer("/details/retryAfterSeconds").and_then(serde_json::Value::as_u64);
        Self {
            code: u16::try_from(code).unwrap_or_default(),
            reason: text("reason"),
            message: shorten(&text("message"), 600),
            retry_after: seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs),
        }
    }

    /// Whether the resource version asked for is no longer kept.
    pub fn is_expired(&self) -> bool {
        self.code == 410 || self.reason == "Expired" || self.reason == "Gone"
    }

    /// In one line.
    pub fn words(&self) -> String {
        let said = if self.message.is_empty() { &self.reason } else { &self.message };
        if said.is_empty() { format!("HTTP {}", self.code) } else { format!("HTTP {}: {said}", self.code) }
    }
}

impl Failure {
    /// In one line, for a kind that is stale.
    pub fn words(&self) -> String {
        match self {
            Self::Cluster(error) => error.to_string(),
            Self::Status(refusal) => refusal.words(),
        }
    }

    /// As the port's error, for a request of `verb` on `kind`.
    pub fn into_error(self, server: &str, verb: &str, kind: &str) -> ClusterError {
        match self {
            Self::Cluster(error) => error,
            Self::Status(refusal) if refusal.code == 403 => {
                ClusterError::Forbidden { verb: verb.to_owned(), kind: kind.to_owned(), message: refusal.message }
            }
            Self::Status(refusal) => ClusterError::Unreachable { server: server.to_owned(), why: refusal.words() },
        }
    }

    /// The same for a request of one thing, which may be gone or not yet in a state to be read.
    pub fn into_declined(self, server: &str, verb: &str, kind: &str, what: &str) -> ClusterError {
        match self {
            Self::Status(refusal) if matches!(refusal.code, 400 | 404 | 405 | 409 | 410 | 422) => {
                ClusterError::Declined { what: what.to_owned(), status: refusal.code, message: refusal.words() }
            }
            other => other.into_error(server, verb, kind),
        }
    }
}

/// Every error in the chain, also those an `io::Error` wraps and passes over in `source()`.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut found = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        found.push(error);
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
        if found.len() > 32 {
            break;
        }
    }
    found
}

/// Whether the connection failed before the request was sent, which hides why: a server that refuses a client's
/// certificate in TLS 1.3 says so after the handshake, and may be heard too late.
pub fn was_not_sent(error: &(dyn StdError + 'static)) -> bool {
    let found = chain(error);
    found.iter().filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_canceled)
}

/// Puts an error of the connection into the port's words. `via` names the proxy, empty where there is none.
pub fn of_connection(error: &(dyn StdError + 'static), server: &str, context: &str, via: &str) -> ClusterError {
    let chain = chain(error);
    let tls = chain.iter().find_map(|error| error.downcast_ref::<rustls::Error>());
    if let Some(tls) = tls {
        return of_tls(tls, server, context);
    }
    let cause = chain.last().map(ToString::to_string).unwrap_or_default();
    let cause = cause.strip_prefix("HyperError: ").unwrap_or(&cause).to_owned();
    // rustls reads plain HTTP as a broken record; hyper reads TLS as a broken status line.
    let unlike_http = chain.iter().any(|error| {
        let words = error.to_string();
        words.contains("invalid HTTP version") || words.contains("InvalidContentType")
    });
    if unlike_http {
        let why = "it speaks something else than the scheme of the address says (http or https)".to_owned();
        return ClusterError::NotKubernetes { server: server.to_owned(), why };
    }
    let broken = chain.iter().any(|error| {
        let words = error.to_string();
        words.contains("message completed") || words.contains("end of file before message length")
    });
    if broken {
        let why = format!("the answer broke off: {cause}");
        return ClusterError::NotKubernetes { server: server.to_owned(), why };
    }
    let refused =
        chain.iter().filter_map(|error| error.downcast_ref::<std::io::Error>()).find_map(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Some("the connection was refused"),
            std::io::ErrorKind::ConnectionReset => Some("the connection was reset"),
            std::io::ErrorKind::TimedOut => Some("no connection within the time limit"),
            _ => None,
        });
    let why = refused.map_or(cause, str::to_owned);
    ClusterError::Unreachable { server: server.to_owned(), why: format!("{why}{via}") }
}

fn of_tls(error: &rustls::Error, server: &str, context: &str) -> ClusterError {
    let certificate = |why: String| ClusterError::Certificate { server: server.to_owned(), why };
    match error {
        rustls::Error::InvalidCertificate(invalid) => certificate(match invalid {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("it belongs to another host ({invalid}); `tls-server-name` may be missing")
            }
            CertificateError::UnknownIssuer => {
                "it is signed by an authority the kubeconfig does not name; its `certificate-authority` may be old"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("it has expired ({invalid})")
            }
            other => other.to_string(),
        }),
        // What the server thinks of our certificate.
        rustls::Error::AlertReceived(alert)
            if matches!(
                alert,
                AlertDescription::BadCertificate
                    | AlertDescription::UnsupportedCertificate
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::UnknownCA
                    | AlertDescription::CertificateRequired
                    | AlertDescription::AccessDenied
            ) =>
        {
            let why = format!("it does not accept the client certificate ({alert:?})");
            ClusterError::Unauthorized { server: server.to_owned(), context: context.to_owned(), why }
        }
        rustls::Error::InvalidMessage(_) => ClusterError::NotKubernetes {
            server: server.to_owned(),
            why: "it does not speak TLS, though the address says https".to_owned(),
        },
        other => certificate(other.to_string()),
    }
}

/// What a body is that is not JSON: the title of a page, or its first words.
pub fn describe_body(content_type: &str, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]).into_owned();
    let lower = text.to_ascii_lowercase();
    if content_type.contains("html")
        || lower.trim_start().starts_with("<!doctype html")
        || lower.trim_start().starts_with("<html")
    {
        // `to_ascii_lowercase` keeps every byte where it is, so the places fit `text` too.
        let title = lower.find("<title>").and_then(|from| {
            let from = from + "<title>".len();
            lower[from..].find("</title>").map(|length| text[from..from + length].trim().to_owned())
        });
        return match title.filter(|title| !title.is_empty()) {
            Some(title) => {
                format!("an HTML page titled \"{}\", as a proxy or a log-in page does", shorten(&title, 100))
            }
            None => "an HTML page, as a proxy or a log-in page does".to_owned(),
        };
    }
    if text.trim().is_empty() {
        return "an empty body".to_owned();
    }
    format!("`{}`", shorten(text.trim(), 120))
}

/// When an answer was given by the server's own clock, where it says.
pub fn server_time(headers: &HeaderMap) -> Option<Moment> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_error_is_found_inside_io_errors_and_told_apart() {
        let wrap = |error: rustls::Error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        let check = |error: rustls::Error, expected: &str| {
            let words = of_connection(&wrap(error), "https://s", "c", "").to_string();
            assert!(words.contains(expected) && words.contains("https://s"), "{words}");
        };
        check(rustls::Error::InvalidCertificate(CertificateError::NotValidForName), "another host");
        check(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer), "certificate-authority");
        check(rustls::Error::InvalidCertificate(CertificateError::Expired), "expired");
        check(rustls::Error::AlertReceived(AlertDescription::UnknownCA), "refused the credentials");
        check(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType), "not the Kubernetes API");
    }

    #[test]
    fn bodies_that_are_no_json_are_described() {
        let check = |kind: &str, body: &str, expected: &str| assert_eq!(describe_body(kind, body.as_bytes()), expected);
        check(
            "",
            "<HTML><head><Title> Sign in </title>",
            "an HTML page titled \"Sign in\", as a proxy or a log-in page does",
        );
        check("text/html", "ÄÖ", "an HTML page, as a proxy or a log-in page does");
        check("text/plain", " upstream connect error ", "`upstream connect error`");
        check("", "", "an empty body");
    }
}
