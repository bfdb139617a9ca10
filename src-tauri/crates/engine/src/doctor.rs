//! Checks every configured source and says in plain words what works, what does not, and what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use broadstreet_core::ports::{Connection, ContextChoice, Observation, SourceKind, SourceSettings};
use broadstreet_core::world::{Freshness, SourceState};
use futures_util::StreamExt;

use crate::{Engine, EngineError, Result};

/// How long a cluster may take to list everything once.
const READ_ONCE: Duration = Duration::from_secs(30);

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
        if let Some(live) = self.live().await {
            let states: Vec<SourceState> = live.state.read().await.world.freshness().cloned().collect();
            check_kinds(&name, &states, checks);
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

/// What of a cluster can be read and what cannot, once everything readable was listed.
pub async fn kinds_of(connection: &dyn Connection) -> Vec<Check> {
    let name = format!("cluster:{}", connection.identity().label);
    let mut known: BTreeMap<(String, String), SourceState> = BTreeMap::new();
    let mut checks = Vec::new();
    let mut watch = connection.watch();
    let read = async {
        while let Some(observation) = watch.next().await {
            match observation {
                Observation::Freshness(state) => {
                    known.insert((state.kind.clone(), state.namespace.clone()), state);
                }
                Observation::InSync => break,
                Observation::Changes(_) | Observation::Skipped { .. } => {}
            }
        }
    };
    if tokio::time::timeout(READ_ONCE, read).await.is_err() {
        let text = format!("not every kind was listed within {} s", READ_ONCE.as_secs());
        checks.push(check(&name, "kinds", "failed", text, "try again; `serve` goes on by itself"));
    }
    let states: Vec<SourceState> = known.into_values().collect();
    check_kinds(&name, &states, &mut checks);
    checks
}

/// What of a cluster can be read and what cannot.
fn check_kinds(name: &str, states: &[SourceState], checks: &mut Vec<Check>) {
    let (mut read, mut apart) = (BTreeSet::new(), BTreeSet::new());
    for it in states.iter().filter(|it| !it.kind.is_empty()) {
        let what = if it.namespace.is_empty() { it.kind.clone() } else { format!("{} in {}", it.kind, it.namespace) };
        let (state, text, hint) = match &it.state {
            Freshness::Live | Freshness::CatchingUp => {
                read.insert(&it.kind);
                if !it.namespace.is_empty() {
                    apart.insert(&it.namespace);
                }
                continue;
            }
            Freshness::Absent => continue,
            Freshness::Forbidden { verb, message } => (
                "warning",
                format!("not allowed to {verb}: {message}"),
                "ask for the verb, or go on without: it is drawn as unknown",
            ),
            Freshness::Stale { why, .. } | Freshness::NeverAnswered { why } => {
                ("failed", why.clone(), "nothing to do: it is asked again by itself")
            }
        };
        checks.push(check(name, &what, state, text, hint));
    }
    let text =
        if read.is_empty() { "no kind can be read".to_owned() } else { format!("{} kinds are read", read.len()) };
    if read.is_empty() {
        checks.push(check(name, "kinds", "failed", text, "ask for the verbs list and watch; the README has a role"));
    } else if apart.is_empty() {
        checks.push(check(name, "kinds", "ok", text, ""));
    } else {
        let spaces: Vec<&str> = apart.into_iter().map(String::as_str).collect();
        let text = format!("{text}, some only in {}: what lies elsewhere is not seen", spaces.join(", "));
        checks.push(check(
            name,
            "kinds",
            "warning",
            text,
            "name further namespaces with --namespaces, or ask for more",
        ));
    }
}

fn or_unknown(version: &str) -> &str {
    if version.is_empty() { "not told" } else { version }
}
