//! One connected cluster: who it is, whether it lives, its services' proxy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::id::ObjectKey;
use broadstreet_core::logs::LogLine;
use broadstreet_core::ports::{
    Answer, ClusterError, ClusterIdentity, Connection, Flow, LogsOf, Manifest, Observation, ProxyRequest, ProxyTarget,
};
use http::{StatusCode, header};
use serde_json::Value;

use crate::access::{Access, JSON};
use crate::evidence;
use crate::failure::{self, Failure, Refusal};
use crate::timer::within;
use crate::watch::{self, Defined};

/// A cluster that answered.
pub struct KubeConnection {
    access: Arc<Access>,
    /// The kinds that were defined in this cluster, as its watch reads them.
    kinds: Arc<Defined>,
    identity: ClusterIdentity,
    namespaces: Vec<String>,
    /// True where the last proof of life did not come.
    silent: AtomicBool,
    /// How far the server's clock was ahead at the last proof of life.
    ahead: Mutex<Option<chrono::Duration>>,
}

/// Asks who is there. A version that may not be read stays empty; a `kube-system` that may not be read makes the
/// identity a hash of address and CA.
pub async fn connect(access: Arc<Access>, namespaces: Vec<String>) -> Result<KubeConnection, ClusterError> {
    let odd = |why: &str| ClusterError::NotKubernetes { server: access.server.clone(), why: why.to_owned() };
    let limit = access.limits.answer;
    let version = match access.json("/version", JSON, limit).await {
        Ok((_, value)) => {
            let version = value.get("gitVersion").and_then(Value::as_str).map(str::to_owned);
            version.ok_or_else(|| odd("JSON on /version that has no `gitVersion`"))?
        }
        Err(Failure::Status(refusal)) if refusal.code == 403 => String::new(),
        Err(Failure::Status(refusal)) if refusal.code == 404 => {
            return Err(odd("HTTP 404 on /version"));
        }
        Err(failure) => return Err(failure.into_error(&access.server, "get", "/version")),
    };
    let id = match access.json("/api/v1/namespaces/kube-system", JSON, limit).await {
        Ok((_, value)) => value.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned),
        Err(Failure::Status(refusal)) if matches!(refusal.code, 403 | 404) => None,
        Err(failure) => return Err(failure.into_error(&access.server, "get", "/Namespace")),
    };
    let identity = ClusterIdentity {
        id: id.filter(|id| !id.is_empty()).unwrap_or_else(|| access.fingerprint.clone()),
        label: access.context.clone(),
        server: access.server.clone(),
        version,
    };
    Ok(KubeConnection {
        access,
        kinds: Arc::default(),
        identity,
        namespaces,
        silent: AtomicBool::default(),
        ahead: Mutex::default(),
    })
}

impl Connection for KubeConnection {
    fn identity(&self) -> ClusterIdentity {
        self.identity.clone()
    }

    fn watch(&self) -> Flow<Observation> {
        let (access, kinds) = (Arc::clone(&self.access), Arc::clone(&self.kinds));
        watch::watch(access, kinds, self.identity.clone(), self.namespaces.clone())
    }

    fn alive(&self) -> Answer<'_, Result<(), ClusterError>> {
        Box::pin(async {
            let server = &self.access.server;
            let asked = async {
                match self.access.get("/livez", "*/*", self.access.limits.alive).await {
                    Ok(answer) => {
                        let kind = answer.headers().get(header::CONTENT_TYPE);
                        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
                        let (head, body) = answer.into_parts();
                        let theirs = failure::server_time(&head.headers);
                        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) =
                            theirs.map(|theirs| theirs - self.access.clock.now());
                        let body = self.access.read(&head.headers, body).await?;
                        let words = failure::describe_body(&kind, &body);
                        if words.starts_with("an HTML page") {
                            let why = format!("{words} on /livez");
                            return Err(ClusterError::NotKubernetes { server: server.clone(), why });
                        }
                        Ok(())
                    }
                    // It lives and says that we may not ask.
                    Err(Failure::Status(refusal)) if refusal.code == 403 => Ok(()),
                    Err(failure) => Err(failure.into_error(server, "get", "/livez")),
                }
            };
            let answer = within(&*self.access.timer, self.access.limits.alive, asked).await.unwrap_or_else(|| {
                let why = format!("no answer on /livez within {} s", self.access.limits.alive.as_secs_f32());
                Err(ClusterError::Unreachable { server: server.clone(), why })
            });
            // Where the way was cut and is there again, connections from before may be dead without a sign of it.
            let was_cut = self.silent.swap(answer.is_err(), Ordering::Relaxed);
            if was_cut && answer.is_ok() {
                self.access.start_anew().await;
            }
            answer
        })
    }

    fn clock_ahead(&self) -> Option<chrono::Duration> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn proxy_get(&self, request: ProxyRequest) -> Answer<'_, Result<(u16, Vec<u8>), ClusterError>> {
        Box::pin(async move {
            let path = proxy_path(&request.target, &request.path);
            let answer = self.access.send_with(&path, "*/*", &request.headers, self.access.limits.answer).await?;
            let status = answer.status();
            let (head, body) = answer.into_parts();
            let body = self.access.read(&head.headers, body).await?;
            // Both the API server and what stands behind it say 401 and 403; only the former says it in a Status.
            if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
                && let Ok(value) = serde_json::from_slice::<Value>(&body)
                && value.get("kind").and_then(Value::as_str) == Some("Status")
            {
                let refusal = Refusal { code: status.as_u16(), ..Refusal::of_status(&value) };
                return Err(if status == StatusCode::FORBIDDEN {
                    Failure::Status(refusal).into_error(&self.access.server, "get", "services/proxy")
                } else {
                    let (server, context) = (self.access.server.clone(), self.access.context.clone());
                    ClusterError::Unauthorized { server, context, why: refusal.words() }
                });
            }
            Ok((status.as_u16(), body))
        })
    }

    fn manifest(&self, key: ObjectKey) -> Answer<'_, Result<Manifest, ClusterError>> {
        Box::pin(async move { evidence::manifest(&self.access, &self.kinds, &key).await })
    }

    fn logs(&self, of: LogsOf) -> Flow<Result<LogLine, ClusterError>> {
        evidence::logs(Arc::clone(&self.access), of)
    }
}

/// `/api/v1/namespaces/NS/services/[https:]NAME:PORT/proxy/PATH`.
fn proxy_path(target: &ProxyTarget, path: &str) -> String {
    let scheme = if target.scheme == "https" { "https:" } else { "" };
    let port = if target.port.is_empty() { String::new() } else { format!(":{}", escape(&target.port)) };
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!(
        "/api/v1/namespaces/{}/services/{scheme}{}{port}/proxy{slash}{}",
        escape(&target.namespace),
        escape(&target.service),
        path.replace(' ', "%20"),
    )
}

/// Escapes all that RFC 3986 does not call unreserved.
pub fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scheme: &str, port: &str, path: &str, expected: &str) {
        let target = ProxyTarget {
            namespace: "monitoring".to_owned(),
            service: "am/x".to_owned(),
            port: port.to_owned(),
            scheme: scheme.to_owned(),
        };
        assert_eq!(proxy_path(&target, path), format!("/api/v1/namespaces/monitoring/services/{expected}"));
    }

    #[test]
    fn the_path_through_the_services_proxy_is_the_apis() {
        check("http", "web", "/api/v2/alerts?active=true", "am%2Fx:web/proxy/api/v2/alerts?active=true");
        check("https", "9093", "/", "https:am%2Fx:9093/proxy/");
        check("", "", "x y", "am%2Fx/proxy/x%20y");
    }
}
