//! Checks every configured source and says in plain words what works, what does not, and what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::ports::{Connection, ContextChoice, Observation, ProxyGet, SourceKind, SourceSettings};
use broadstreet_core::world::{Freshness, SourceState};
use futures_util::StreamExt;

use crate::live::{Live, Member, no_secret};
use crate::{Engine, EngineError, Result};

/// How long a cluster may take to list everything once.
const READ_ONCE: Duration = Duration::from_secs(30);

/// What to do about a kind that does not answer.
const ASKED_AGAIN: &str = "nothing to do: it is asked again by itself";

/// What to do about a warning of a source.
const SAYS_SO: &str = "the source itself says so; all else it answered stands";

/// How many skipped objects are named.
const SKIPPED_SHOWN: usize = 20;

/// One line of the doctor.
#[derive(Clone, Debug)]
pub struct Check {
    /// The source.
    pub source: String,
    /// What was checked.
    pub what: String,
    /// `ok`, `warning`, `failed`.
    pub state: &'static str,
    /// What the edge branches on; empty where it is `ok`.
    pub code: String,
    /// In words.
    pub text: String,
    /// The next action.
    pub hint: String,
}

fn works(source: &str, what: &str, text: impl Into<String>) -> Check {
    let (source, what, text) = (source.to_owned(), what.to_owned(), text.into());
    Check { source, what, state: "ok", code: String::new(), text, hint: String::new() }
}

fn warning(source: &str, what: &str, code: &str, text: impl Into<String>, hint: impl Into<String>) -> Check {
    let (source, what, code) = (source.to_owned(), what.to_owned(), code.to_owned());
    Check { source, what, state: "warning", code, text: text.into(), hint: hint.into() }
}

fn failed(source: &str, what: &str, error: &EngineError) -> Check {
    Check { state: "failed", ..warning(source, what, &error.code(), error.to_string(), error.hint()) }
}

/// A cluster that was reached: the name of its context and the way to it.
type Reached = (String, Arc<dyn Connection>);

/// Whether a cluster answers.
async fn check_connection(connection: &Arc<dyn Connection>, checks: &mut Vec<Check>) {
    let identity = connection.identity();
    let name = format!("cluster:{}", identity.label);
    let version = if identity.version.is_empty() { "a version it does not tell" } else { &identity.version };
    match connection.alive().await {
        Ok(()) => checks.push(works(&name, "connection", format!("{} answers with {version}", identity.server))),
        Err(error) => checks.push(failed(&name, "connection", &error.into())),
    }
}

/// The way to a Service behind the API server's proxy.
fn through(connection: &Arc<dyn Connection>) -> ProxyGet {
    let connection = Arc::clone(connection);
    Arc::new(move |request| {
        let connection = Arc::clone(&connection);
        Box::pin(async move { connection.proxy_get(request).await })
    })
}

impl Engine {
    /// Checks the store, the keyring, the clusters (the open ones, else `choice`) and every source; those behind the API
    /// server's proxy through that same cluster.
    pub async fn check_sources(&self, choice: ContextChoice) -> Result<Vec<Check>> {
        let mut checks = Vec::new();
        match self.storage().await {
            Ok(used) => {
                let text = format!("{} holds {:.1} MB", used.path, used.bytes as f64 / 1e6);
                checks.push(works("store", "storage", text));
            }
            Err(error) => checks.push(failed("store", "storage", &error)),
        }
        let reached = self.check_clusters(choice, &mut checks).await;
        let sources = self.sources().await?;
        if sources.is_empty() {
            checks.push(warning(
                "sources",
                "configuration",
                "no_sources",
                "no Alertmanager, Prometheus or pager is configured: the map shows no alerts and no pages",
                "add them in Settings; those in the cluster are found by their usual names",
            ));
        }
        for settings in &sources {
            self.check_source(settings, &reached, &mut checks).await;
        }
        Ok(checks)
    }

    /// Answers the connections it checked, each with the name of its context; none where there is no cluster to connect to.
    async fn check_clusters(&self, choice: ContextChoice, checks: &mut Vec<Check>) -> Vec<Reached> {
        let live = self.live().await;
        let mut reached = Vec::new();
        if let Some(live) = &live {
            // At once: one that does not answer keeps nobody waiting for the others.
            let members = live.members();
            let all = futures_util::future::join_all(members.iter().map(|member| async {
                let mut checks = Vec::new();
                let connection = match member.reach() {
                    Ok(connection) => {
                        check_connection(&connection, &mut checks).await;
                        Some(connection)
                    }
                    Err(error) => {
                        let state = live.state.read().await;
                        let trouble = state.proofs.get(&member.source).and_then(|proof| proof.trouble.clone());
                        let name = member.source.as_str();
                        checks.push(trouble.map_or_else(
                            || failed(name, "connection", &error.into()),
                            |it| Check { state: "failed", ..warning(name, "connection", &it.code, it.why, it.hint) },
                        ));
                        None
                    }
                };
                (checks, connection)
            }));
            for (member, (found, connection)) in members.iter().zip(all.await) {
                checks.extend(found);
                let Some(connection) = connection else { continue };
                self.check_read(live, member, checks).await;
                reached.push((member.label.clone(), connection));
            }
            let alarms = self.desk_now().await.map(|desk| desk.alarms).unwrap_or_default();
            checks.extend(alarms.into_iter().map(|it| warning("desk", "alarm", it.code, it.text, it.hint)));
            return reached;
        }
        match self.ports.cluster.connect(choice).await {
            Ok(connection) => {
                check_connection(&connection, checks).await;
                reached.push((connection.identity().label, connection));
            }
            Err(error) => checks.push(failed("cluster", "connection", &error.into())),
        }
        reached
    }

    /// What of an open cluster is read, and what was skipped.
    async fn check_read(&self, live: &Live, member: &Member, checks: &mut Vec<Check>) {
        let state = live.state.read().await;
        let of = state.world.freshness().filter(|it| it.source == member.source);
        let states: Vec<SourceState> = of.cloned().collect();
        let name = member.source.as_str();
        check_kinds(name, &states, checks);
        for (object, why) in state.skipped_of(&member.source).take(SKIPPED_SHOWN) {
            let text = format!("{object} was skipped: {why}");
            checks.push(warning(name, "objects", "skipped", text, "correct the object; all others were read"));
        }
    }

    async fn check_source(&self, settings: &SourceSettings, reached: &[Reached], checks: &mut Vec<Check>) {
        let name = settings.id.as_str();
        let is_its = |(label, _): &&Reached| settings.cluster.is_empty() || *label == settings.cluster;
        let connection = reached.iter().find(is_its).map(|(_, connection)| connection);
        let secret = self.ports.vault.secret(name);
        if settings.credentials.need_secret() && secret.is_none() {
            checks.push(failed(name, "credentials", &no_secret(self, settings)));
            return;
        }
        if let (Some(target), None) = (&settings.proxy, connection) {
            let place = format!("{}/{}", target.namespace, target.service);
            let text = format!(
                "`{name}` was not asked: it is reached through the cluster (Service {place}), and none answers"
            );
            checks.push(warning(name, "connection", "no_cluster", text, "open its cluster, or name it with --context"));
            return;
        }
        if settings.proxy.is_some() && settings.cluster.is_empty() && reached.len() > 1 {
            let text = format!(
                "`{name}` was not asked: {} clusters are open, and its settings do not say to which of them it belongs",
                reached.len()
            );
            checks.push(warning(name, "connection", "which_cluster", text, "choose its cluster in Settings"));
            return;
        }
        match settings.kind {
            SourceKind::Alertmanager | SourceKind::Prometheus => {
                let answer = match self.ports.signals.alerts(settings, secret, connection.map(through)) {
                    Ok(source) => source.poll().await,
                    Err(error) => Err(error),
                };
                match answer {
                    Ok(poll) => {
                        let text =
                            format!("version {} answers with {} alerts", or_unknown(&poll.version), poll.alerts.len());
                        checks.push(works(name, "connection", text));
                        for said in poll.warnings {
                            checks.push(warning(name, "answer", "warnings", said, SAYS_SO));
                        }
                        // What fired before is read once, by whoever listens from then on.
                        if let Some(live) = self.live().await {
                            let state = live.state.read().await;
                            let said = state.proofs.get(&settings.id).map(|proof| proof.history_warnings.clone());
                            let said = said.unwrap_or_default().into_iter();
                            checks.extend(said.map(|it| warning(name, "history", "warnings", it, SAYS_SO)));
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
                        checks.push(works(name, "connection", text));
                        // Of its stream only who listens to it all the time can say something.
                        if let Some(live) = self.live().await {
                            let state = live.state.read().await;
                            let said = state.proofs.get(&settings.id).map(|proof| proof.warnings.clone());
                            let said = said.unwrap_or_default().into_iter();
                            checks.extend(said.map(|it| warning(name, "answer", "warnings", it, SAYS_SO)));
                        }
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
        let slow = warning(&name, "kinds", "unreachable", text, "try again; `serve` goes on by itself");
        checks.push(Check { state: "failed", ..slow });
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
        checks.push(match &it.state {
            Freshness::Live | Freshness::CatchingUp => {
                // Leases are no kind of the map: that they are read says nothing of what is.
                if it.kind.ends_with("/Lease") {
                    continue;
                }
                read.insert(&it.kind);
                if !it.namespace.is_empty() {
                    apart.insert(&it.namespace);
                }
                continue;
            }
            Freshness::Absent => continue,
            Freshness::Forbidden { verb, message } => {
                let text = format!("not allowed to {verb} {what}: {message}");
                let hint = format!("ask for `{verb}`, or go on without: it is drawn as unknown");
                warning(name, &what, "forbidden", text, hint)
            }
            Freshness::Stale { since, why } => {
                let text = format!("{what} was not read since {}: {why}", since.format("%H:%M:%SZ"));
                Check { state: "failed", ..warning(name, &what, "stale", text, ASKED_AGAIN) }
            }
            Freshness::NeverAnswered { why } => {
                let text = format!("{what} was never read: {why}");
                Check { state: "failed", ..warning(name, &what, "never_answered", text, ASKED_AGAIN) }
            }
        });
    }
    let text =
        if read.is_empty() { "no kind can be read".to_owned() } else { format!("{} kinds are read", read.len()) };
    if read.is_empty() {
        let is_refused = states.iter().any(|it| matches!(it.state, Freshness::Forbidden { .. }));
        let role =
            "ask for the role of `docs/access/cluster.yaml`, or of `namespace.yaml` beside it: list and watch only";
        let (code, hint) = if is_refused { ("forbidden", role) } else { ("never_answered", ASKED_AGAIN) };
        checks.push(Check { state: "failed", ..warning(name, "kinds", code, text, hint) });
    } else if apart.is_empty() {
        checks.push(works(name, "kinds", text));
    } else {
        let spaces: Vec<&str> = apart.into_iter().map(String::as_str).collect();
        let text = format!("{text}, some only in {}: what lies elsewhere is not seen", spaces.join(", "));
        let hint = "name further namespaces with --namespaces, or ask for more";
        checks.push(warning(name, "kinds", "some_namespaces", text, hint));
    }
}

fn or_unknown(version: &str) -> &str {
    if version.is_empty() { "not told" } else { version }
}

#[cfg(test)]
mod tests {
    use super::*;
    use broadstreet_core::id::SourceId;

    fn of_all(states: &[Freshness]) -> Check {
        let states: Vec<SourceState> = states
            .iter()
            .map(|state| SourceState {
                source: SourceId::new("cluster:lab"),
                kind: "/Pod".to_owned(),
                namespace: String::new(),
                state: state.clone(),
            })
            .collect();
        let mut checks = Vec::new();
        check_kinds("cluster:lab", &states, &mut checks);
        checks.into_iter().find(|check| check.text == "no kind can be read").expect("it is said")
    }

    #[test]
    fn only_a_cluster_that_refuses_is_said_to_want_a_role() {
        let refused = Freshness::Forbidden { verb: "list".to_owned(), message: "no".to_owned() };
        let silent = Freshness::NeverAnswered { why: "HTTP 500: no leader".to_owned() };
        assert_eq!(of_all(&[silent.clone(), refused]).code, "forbidden");
        let answer = of_all(&[silent]);
        assert_eq!(answer.code, "never_answered");
        assert!(!answer.hint.contains("role"), "{}", answer.hint);
    }
}
