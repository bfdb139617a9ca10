//! Who may ask: only this machine, only by the address it was told, only with the token.
//!
//! Loopback alone keeps no web page out: a page anywhere may send requests to 127.0.0.1, or resolve its own name there.
//! So the Host must be ours (no foreign name), a foreign Origin is refused, and whatever reads or writes shows a token.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use broadstreet_api::ApiError;

use super::Serving;

/// What the page may load and where it may ask: this server and nothing else. Pictures of documents are blobs; style
/// attributes place things on the map.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; \
    font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// 32 random bytes as text.
pub fn new_token() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|why| {
        ApiError::new("no_randomness", format!("the system gives no random bytes: {why}"), "try again")
    })?;
    Ok(hex::encode(bytes))
}

/// Compares in a time that does not tell how much is right.
pub fn is_same(ours: &str, shown: &str) -> bool {
    ours.len() == shown.len() && ours.bytes().zip(shown.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

/// An error as an answer.
pub fn refusal(status: StatusCode, error: &ApiError) -> Response {
    (status, axum::Json(error)).into_response()
}

/// Whether a request comes from where it may.
pub fn is_from_here(headers: &HeaderMap, port: u16) -> Result<(), ApiError> {
    let text = |name: HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or("\u{fffd}").to_ascii_lowercase());
    let ours = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let host = text(HOST).unwrap_or_default();
    if !ours.contains(&host) {
        return Err(ApiError::new(
            "foreign_host",
            format!("this desk does not answer for the host `{host}`"),
            "open the address that `broadstreet serve` printed",
        ));
    }
    if let Some(origin) = text(ORIGIN)
        && !ours.iter().any(|it| origin == format!("http://{it}"))
    {
        return Err(ApiError::new(
            "foreign_origin",
            format!("a page of `{origin}` may not ask this desk"),
            "open the address that `broadstreet serve` printed",
        ));
    }
    Ok(())
}

/// Whether a request shows the token: in its header, or, for the stream of notices, which cannot send one, in its
/// address.
pub fn shows_token(headers: &HeaderMap, uri: &Uri, token: &str) -> bool {
    let header = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok()).and_then(|it| it.strip_prefix("Bearer "));
    if let Some(shown) = header {
        return is_same(token, shown);
    }
    uri.path() == "/api/notices" && token_in(uri).is_some_and(|shown| is_same(token, shown))
}

/// The token in an address.
pub fn token_in(uri: &Uri) -> Option<&str> {
    uri.query()?.split('&').find_map(|it| it.strip_prefix("token="))
}

/// Refuses what may not ask, and adds the headers every answer carries.
pub async fn guard(State(serving): State<Serving>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let mut answer = if let Err(error) = is_from_here(headers, serving.port) {
        refusal(StatusCode::FORBIDDEN, &error)
    } else if request.uri().path().starts_with("/api/") && !shows_token(headers, request.uri(), &serving.token) {
        let error = ApiError::new(
            "no_token",
            "this request shows no valid token",
            "open the address that `broadstreet serve` printed",
        );
        refusal(StatusCode::UNAUTHORIZED, &error)
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        // A file that was handed in brings a stricter policy of its own.
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_names_are_a_host() {
        for host in ["127.0.0.1:4000", "localhost:4000", "LOCALHOST:4000"] {
            assert!(is_from_here(&headers(&[("host", host)]), 4000).is_ok(), "{host}");
        }
        for host in
            ["evil.example:4000", "127.0.0.1", "127.0.0.1:4001", "127.0.0.1.evil.example:4000", "", "[::1]:4000"]
        {
            let error = is_from_here(&headers(&[("host", host)]), 4000).unwrap_err();
            assert_eq!(error.code, "foreign_host", "{host}");
        }
        assert!(is_from_here(&headers(&[]), 4000).is_err(), "no host at all");
    }

    #[test]
    fn only_our_own_pages_are_an_origin() {
        let with = |origin: &str| is_from_here(&headers(&[("host", "127.0.0.1:4000"), ("origin", origin)]), 4000);
        assert!(with("http://127.0.0.1:4000").is_ok());
        assert!(with("http://localhost:4000").is_ok());
        for origin in ["http://evil.example", "https://127.0.0.1:4000", "http://127.0.0.1:4001", "null", "file://"] {
            assert_eq!(with(origin).unwrap_err().code, "foreign_origin", "{origin}");
        }
    }

    #[test]
    fn the_address_shows_the_token_for_notices_only() {
        let none = HeaderMap::new();
        assert!(shows_token(&none, &Uri::from_static("/api/notices?token=abc"), "abc"));
        assert!(!shows_token(&none, &Uri::from_static("/api/notices?token=abd"), "abc"));
        assert!(!shows_token(&none, &Uri::from_static("/api/call/desk?token=abc"), "abc"));
        assert!(shows_token(&headers(&[("authorization", "Bearer abc")]), &Uri::from_static("/api/call/desk"), "abc"));
        for shown in ["Bearer ", "Bearer abcd", "bearer abc", "Basic abc", "abc"] {
            let headers = headers(&[("authorization", shown)]);
            assert!(!shows_token(&headers, &Uri::from_static("/api/call/desk"), "abc"), "{shown}");
        }
    }

    #[test]
    fn every_token_is_new() {
        let (one, two) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, two);
    }
}
