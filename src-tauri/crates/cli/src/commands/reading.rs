//! A cluster is opened and read once; what takes its time is named meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use broadstreet_api::ApiError;
use broadstreet_cluster::KubeCluster;
use broadstreet_core::ports::Cluster;
use broadstreet_engine::Engine;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::secrets;
use crate::args::Global;
use crate::host;
use crate::instance::Desk;
use crate::output::{failed, field, list, note};

/// How long one command waits for a cluster to be read once.
pub const READ_ONCE: Duration = Duration::from_secs(300);

/// How long one command waits for its sources to be asked once, the cluster apart.
const ASKED_ONCE: Duration = Duration::from_secs(30);

/// How long one command waits for the evidence to be frozen once all of it is there.
const FROZEN_BY: Duration = Duration::from_secs(60);

/// How long a cluster of which nothing at all can be listed is asked again.
pub const NOTHING_READ: Duration = Duration::from_secs(10);

/// After so long it is said what is waited for, and again as often where that changed.
const SAY_AFTER: Duration = Duration::from_secs(5);

/// Kinds named in one line.
const NAMED: usize = 12;

/// Opens the context of the options in an engine of our own.
pub async fn open(global: &Global, engine: &Engine) -> Result<(), ApiError> {
    broadstreet_api::dispatch(engine, "open_context", host::choice_payload(global)).await.map(|_| ())
}

/// What a command about the live state has to work with.
#[derive(Debug)]
pub enum Basis {
    /// The cluster that was meant.
    Meant,
    /// A running desk, which shows this one instead of the one that was named.
    Other {
        /// What it shows.
        shown: String,
        /// What was named.
        named: String,
    },
    /// No cluster, and why.
    Nothing(ApiError),
}

/// Whether what the options name is there, which takes no cluster: what was typed wrongly is told before anything is done.
///
/// # Errors
/// Where it is not.
pub fn check_named(global: &Global) -> Result<(), ApiError> {
    if !host::is_named(global) {
        return Ok(());
    }
    let kube = KubeCluster::new();
    host::choices(global).iter().try_for_each(|choice| kube.check(choice)).map_err(failed)
}

/// Sees to it that a command about the live state has one.
///
/// A running desk shows what it shows. A desk opened for this command opens the context of the options, the current one
/// where none is named, and waits until the cluster was read and each source was asked once. What could not be had is
/// said on stderr.
///
/// # Errors
/// Only where the options name a kubeconfig or a context that is not there.
pub async fn basis(global: &Global, desk: &Desk) -> Result<Basis, ApiError> {
    let engine = match desk {
        Desk::Own(host) => &host.engine,
        Desk::Running(_) => return shown(global, desk).await,
    };
    secrets::ask(engine).await?;
    if let Err(error) = open(global, engine).await {
        let is_named = host::is_named(global);
        let is_wrong = ["no_kubeconfig", "bad_kubeconfig", "unknown_context"].contains(&error.code.as_str());
        return if is_named && is_wrong { Err(error) } else { Ok(Basis::Nothing(error)) };
    }
    let read = async {
        tokio::select! {
            read = until_read(engine) => read.map(|_| ()),
            why = until_hopeless(engine) => Err(ApiError::new("unreachable", why?, "")),
        }
    };
    if let Err(error) = timeout(READ_ONCE, read).await.unwrap_or_else(|_| Err(slow())) {
        note(&format!("The cluster was not read whole: {}.", error.message));
    }
    let _ = timeout(ASKED_ONCE, until(engine, unasked)).await;
    let now = broadstreet_api::dispatch(engine, "desk", Value::Null).await?;
    list(&now, "sources").iter().filter_map(missing).for_each(|line| note(&line));
    Ok(Basis::Meant)
}

/// Waits until the evidence of an incident declared just now is frozen, as far as it will be by this desk, and answers the
/// incident as it is then. What it waits for is not to be asked for longer than the cluster is.
pub async fn until_frozen(global: &Global, desk: &Desk, id: &str) -> Result<Value, ApiError> {
    let end = Instant::now() + FROZEN_BY;
    loop {
        let incident = desk.call(global, "incident", serde_json::json!({ "id": id })).await?;
        let now = desk.call(global, "desk", Value::Null).await?;
        let is_unread = list(&now, "sources")
            .iter()
            .any(|it| field(it, "kind") == "cluster" && field(it, "state") == "catching_up");
        let is_kept_from = list(&now, "alarms").iter().any(|it| field(it, "code") == "evidence_not_frozen");
        if !incident["frozen"].is_null() || is_unread || is_kept_from || Instant::now() >= end {
            return Ok(incident);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What a running desk shows, beside what was named.
async fn shown(global: &Global, desk: &Desk) -> Result<Basis, ApiError> {
    let now = desk.call(global, "desk", Value::Null).await?;
    if field(&now, "mode") != "live" {
        let message = "the Broadstreet that runs on this data folder has none open";
        let hint = "open one in its window: Ctrl K, then `Open a cluster`";
        return Ok(Basis::Nothing(ApiError::new("no_cluster", message, hint)));
    }
    let named: BTreeSet<String> = match (global.contexts.as_slice(), &global.kubeconfig) {
        ([], None) => return Ok(Basis::Meant),
        ([], Some(path)) => {
            let contexts = KubeCluster::new().contexts(Some(path.display().to_string())).map_err(failed)?;
            contexts.into_iter().find(|it| it.current).map(|it| it.name).into_iter().collect()
        }
        (names, _) => names.iter().cloned().collect(),
    };
    let clusters = list(&now, "sources").iter().filter(|it| field(it, "kind") == "cluster");
    let shown: BTreeSet<String> = clusters.map(|it| field(it, "label").to_owned()).collect();
    let words = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    Ok(if shown == named { Basis::Meant } else { Basis::Other { shown: words(shown), named: words(named) } })
}

/// Waits until the open cluster was read once, however long that takes, and says on stderr what it waits for.
pub async fn until_read(engine: &Engine) -> Result<Value, ApiError> {
    until(engine, |desk| {
        let waits = |it: &&Value| field(it, "kind") == "cluster" && field(it, "state") == "catching_up";
        list(desk, "sources").iter().find(waits).map(waited_for)
    })
    .await
}

/// A source that was not asked yet.
fn unasked(desk: &Value) -> Option<String> {
    let waits = |it: &&Value| {
        field(it, "kind") != "cluster" && field(it, "state") == "catching_up" && field(it, "code").is_empty()
    };
    list(desk, "sources").iter().find(waits).map(|it| format!("{} has not answered yet", field(it, "id")))
}

/// Waits as long as `waits` names something of the desk, and says on stderr what.
async fn until(engine: &Engine, waits: impl Fn(&Value) -> Option<String>) -> Result<Value, ApiError> {
    let mut listening = engine.listen();
    let (mut due, mut said) = (Instant::now() + SAY_AFTER, String::new());
    loop {
        let desk = broadstreet_api::dispatch(engine, "desk", Value::Null).await?;
        let Some(line) = waits(&desk) else { return Ok(desk) };
        if Instant::now() >= due {
            if line != said {
                note(&line);
            }
            (due, said) = (Instant::now() + SAY_AFTER, line);
        }
        // A notice may have been told between the two: looked at again after a while anyway.
        let _ = timeout(Duration::from_secs(1), listening.next()).await;
    }
}

/// Resolves with what is known of why, once every kind that was asked for has failed for a while.
async fn until_hopeless(engine: &Engine) -> Result<String, ApiError> {
    let mut failing = None;
    loop {
        let desk = broadstreet_api::dispatch(engine, "desk", Value::Null).await?;
        let cluster = list(&desk, "sources").iter().find(|it| field(it, "kind") == "cluster");
        match cluster.and_then(none_read) {
            Some(why) if Instant::now() >= *failing.get_or_insert(Instant::now() + NOTHING_READ) => return Ok(why),
            Some(_) => {}
            None => failing = None,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Why no kind of a cluster can be read now; none while one is being read.
fn none_read(cluster: &Value) -> Option<String> {
    let kinds = list(cluster, "kinds");
    let is_failing = |it: &&Value| matches!(field(it, "state"), "never_answered" | "stale");
    let first = kinds.iter().find(is_failing)?;
    let is_hopeless =
        field(cluster, "state") == "catching_up" && !kinds.iter().any(|it| field(it, "state") == "catching_up");
    is_hopeless.then(|| format!("none of {} kinds can be listed: {}", kinds.len(), field(first, "why")))
}

/// What could not be had of a source, as a line; none where it is all there.
fn missing(source: &Value) -> Option<String> {
    let name = field(source, "id");
    if field(source, "kind") != "cluster" {
        let why = field(source, "why");
        return (field(source, "state") != "live").then(|| format!("Nothing of {name}: {why}."));
    }
    let kinds: Vec<String> = list(source, "kinds").iter().map(kind_named).collect();
    (!kinds.is_empty()).then(|| format!("Not read in {}: {}.", field(source, "label"), some(&kinds)))
}

/// Every kind of a cluster that is not read, as a line each: a kind refused everywhere stands there once.
pub fn not_read(cluster: &Value) -> Vec<String> {
    let kinds = list(cluster, "kinds");
    let is_said_of_all = |kind: &Value| {
        let is_whole = |it: &Value| field(it, "kind") == field(kind, "kind") && field(it, "namespace").is_empty();
        !field(kind, "namespace").is_empty() && kinds.iter().any(is_whole)
    };
    let line = |kind: &Value| {
        let (name, why) = (kind_named(kind), field(kind, "why"));
        match field(kind, "state") {
            "forbidden" => format!("not allowed to {} {name}: {why}", field(kind, "verb")),
            "absent" => format!("not served: {name}"),
            _ => format!("not read: {name}: {why}"),
        }
    };
    kinds.iter().filter(|it| !is_said_of_all(it)).map(line).collect()
}

/// Which kinds of a cluster were not read yet, and what is known of why.
fn waited_for(cluster: &Value) -> String {
    let open =
        list(cluster, "kinds").iter().filter(|it| matches!(field(it, "state"), "catching_up" | "never_answered"));
    let open: Vec<&Value> = open.collect();
    let kinds: Vec<String> = open.iter().copied().map(kind_named).collect();
    let named = if open.is_empty() { "the kinds it serves".to_owned() } else { some(&kinds) };
    let why = open.iter().map(|it| field(it, "why")).find(|why| !why.is_empty());
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{} is catching up, waiting for {named}{why}", field(cluster, "label"))
}

fn kind_named(kind: &Value) -> String {
    match field(kind, "namespace") {
        "" => field(kind, "kind").to_owned(),
        namespace => format!("{} in {namespace}", field(kind, "kind")),
    }
}

/// The first of them, and how many more.
fn some(names: &[String]) -> String {
    let first = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMED);
    if more > 0 { format!("{first} and {more} more") } else { first }
}

/// A cluster that takes longer.
pub fn slow() -> ApiError {
    ApiError::new(
        "unreachable",
        format!("the cluster was not read within {} s", READ_ONCE.as_secs()),
        "name the namespaces to read with --namespaces, or try again on a better line",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_waited_for_is_named_with_why() {
        let kind = |name: &str, state: &str, why: &str| json!({ "kind": name, "state": state, "why": why });
        let of = |kinds: Vec<Value>| waited_for(&json!({ "label": "lab", "kinds": kinds }));
        assert_eq!(of(vec![]), "lab is catching up, waiting for the kinds it serves");
        let two = vec![
            kind("/Pod", "catching_up", ""),
            kind("/Secret", "forbidden", "no"),
            kind("/Node", "never_answered", "no answer within 60 s"),
        ];
        assert_eq!(of(two), "lab is catching up, waiting for /Pod, /Node (no answer within 60 s)");
        let many = (0..15).map(|n| kind(&format!("a/K{n}"), "catching_up", "")).collect();
        assert!(of(many).ends_with("a/K11 and 3 more"));
    }
}
