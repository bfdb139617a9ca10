//! Checks every configured source and says in plain words what works, what does not, and what to do.

use broadstreet_core::ports::{ContextChoice, SourceKind, SourceSettings};

use crate::{Engine, EngineError, Result};

/// One line of the doctor.
#[derive(Clone, Debug)]
pub struct Check {
    /// The source.
    pub source: String,
    /// What was checked.
    pub what: String,
    /// `ok`, `warning`, `failed`.
    pub state: &'static str,
    /// In words.
    pub text: String,
    /// The next action.
    pub hint: String,
}

fn check(source: &str, what: &str, state: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Check {
    Check { source: source.to_owned(), what: what.to_owned(), state, text: text.into(), hint: hint.into() }
}

fn failed(source: &str, what: &str, error: &EngineError) -> Check {
    check(source, what, "failed", error.to_string(), error.hint())
}

impl Engine {
    /// Checks the store, the keyring, the cluster (the open one, or `choice`) and every source.
    pub async fn check_sources(&self, choice: Option<ContextChoice>) -> Result<Vec<Check>> {
        let mut checks = Vec::new();
        match self.storage().await {
            Ok(used) => checks.push(check(
                "store",
                "storage",
                "ok",
                format!("{} holds {:.1} MB", used.path, used.bytes as f64 / 1e6),
                "",
            )),
            Err(error) => checks.push(failed("store", "storage", &error)),
        }
        self.check_cluster(choice, &mut checks).await;
        let sources = self.sources().await?;
        if sources.is_empty() {
            checks.push(check(
                "sources",
                "configuration",
                "warning",
                "no Alertmanager, Prometheus or pager is configured: the map shows no alerts and no pages",
                "add them in Settings; those in the cluster are found by their usual names",
            ));
        }
        for settings in &sources {
            self.check_source(settings, &mut checks).await;
        }
        Ok(checks)
    }

    async fn check_cluster(&self, choice: Option<ContextChoice>, checks: &mut Vec<Check>) {
        let connection = match self.live().await {
            Some(live) => Ok(std::sync::Arc::clone(&live.connection)),
            None => self.ports.cluster.connect(choice.unwrap_or_default()).await.map_err(EngineError::from),
        };
        let connection = match connection {
            Ok(connection) => connection,
            Err(error) => return checks.push(failed("cluster", "connection", &error)),
        };
        let identity = connection.identity();
        let name = format!("cluster:{}", identity.label);
        let version = if identity.version.is_empty() { "a version it does not tell" } else { &identity.version };
        match connection.alive().await {
            Ok(()) => {
                checks.push(check(
                    &name,
                    "connection",
                    "ok",
                    format!("{} answers with {version}", identity.server),
                    "",
                ));
            }
            Err(error) => checks.push(failed(&name, "connection", &error.into())),
        }
        let desk = self.desk_now().await;
        let kinds =
            desk.into_iter().flat_map(|desk| desk.sources).filter(|it| it.kind == "cluster").flat_map(|it| it.kinds);
        for kind in kinds {
            use broadstreet_core::world::Freshness::{Absent, CatchingUp, Forbidden, Live, NeverAnswered, Stale};
            let (state, text, hint) = match kind.state {
                Live | CatchingUp => continue,
                Absent => ("ok", "the server does not know this kind".to_owned(), ""),
                Forbidden { verb, message } => (
                    "warning",
                    format!("not allowed to {verb}: {message}"),
                    "ask for the verb, or go on without: it is drawn as unknown",
                ),
                Stale { why, .. } | NeverAnswered { why } => {
                    ("failed", why, "nothing to do: it is asked again by itself")
                }
            };
            checks.push(check(&name, &kind.kind, state, text, hint));
        }
    }

    async fn check_source(&self, settings: &SourceSettings, checks: &mut Vec<Check>) {
        let name = settings.id.as_str();
        let secret = self.ports.vault.secret(name);
        let needs = !matches!(
            settings.credentials,
            broadstreet_core::ports::Credentials::None | broadstreet_core::ports::Credentials::ClientCertificate { .. }
        );
        if needs && secret.is_none() {
            checks.push(check(
                name,
                "credentials",
                "failed",
                "its password or token is not kept on this device",
                "enter it again in Settings",
            ));
            return;
        }
        match settings.kind {
            SourceKind::Alertmanager | SourceKind::Prometheus => {
                let proxy = self.live().await.map(|live| {
                    let connection = std::sync::Arc::clone(&live.connection);
                    let get: broadstreet_core::ports::ProxyGet = std::sync::Arc::new(move |target, path| {
                        let connection = std::sync::Arc::clone(&connection);
                        Box::pin(async move { connection.proxy_get(target, path).await })
                    });
                    get
                });
                let answer = match self.ports.signals.alerts(settings, secret, proxy) {
                    Ok(source) => source.poll().await,
                    Err(error) => Err(error),
                };
                match answer {
                    Ok(poll) => {
                        let text =
                            format!("version {} answers with {} alerts", or_unknown(&poll.version), poll.alerts.len());
                        checks.push(check(name, "connection", "ok", text, ""));
                        for warning in poll.warnings {
                            checks.push(check(name, "answer", "warning", warning, "the source itself says so"));
                        }
                    }
                    Err(error) => checks.push(failed(name, "connection", &error.into())),
                }
            }
            SourceKind::Icinga | SourceKind::Goalert | SourceKind::Pagerduty => {
                let answer = match self.ports.signals.pager(settings, secret) {
                    Ok(pager) => pager.poll(self.now() - chrono::Duration::hours(1)).await,
                    Err(error) => Err(error),
                };
                match answer {
                    Ok(poll) => {
                        let text = format!(
                            "version {} answers with {} page attempts of the last hour",
                            or_unknown(&poll.version),
                            poll.attempts.len()
                        );
                        checks.push(check(name, "connection", "ok", text, ""));
                    }
                    Err(error) => checks.push(failed(name, "connection", &error.into())),
                }
            }
        }
    }
}

fn or_unknown(version: &str) -> &str {
    if version.is_empty() { "not told" } else { version }
}
