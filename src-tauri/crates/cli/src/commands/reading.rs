//! A cluster is opened and read once; what takes its time is named meanwhile.

use std::time::Duration;

use broadstreet_api::ApiError;
use broadstreet_engine::Engine;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::args::Global;
use crate::output::{field, list, note};

/// How long one command waits for a cluster to be read once.
pub const READ_ONCE: Duration = Duration::from_secs(300);

/// After so long it is said what is waited for, and again as often where that changed.
const SAY_AFTER: Duration = Duration::from_secs(5);

/// Kinds named in one line.
const NAMED: usize = 12;

/// Opens the context of the options in an engine of our own.
pub async fn open(global: &Global, engine: &Engine) -> Result<(), ApiError> {
    let payload = json!({
        "kubeconfig": global.kubeconfig.as_ref().map(|it| it.display().to_string()),
        "context": global.context,
        "namespaces": global.namespaces,
    });
    broadstreet_api::dispatch(engine, "open_context", payload).await.map(|_| ())
}

/// The same, for one command: it waits until all was read once, and fails where that takes too long.
pub async fn open_and_read(global: &Global, engine: &Engine) -> Result<Value, ApiError> {
    open(global, engine).await?;
    timeout(READ_ONCE, until_read(engine)).await.unwrap_or_else(|_| Err(slow()))
}

/// Waits until the open cluster was read once, however long that takes, and says on stderr what it waits for.
pub async fn until_read(engine: &Engine) -> Result<Value, ApiError> {
    let mut listening = engine.listen();
    let (mut due, mut said) = (Instant::now() + SAY_AFTER, String::new());
    loop {
        let desk = broadstreet_api::dispatch(engine, "desk", Value::Null).await?;
        let waits = |it: &&Value| field(it, "kind") == "cluster" && field(it, "state") == "catching_up";
        let Some(cluster) = list(&desk, "sources").iter().find(waits) else { return Ok(desk) };
        if Instant::now() >= due {
            let line = waited_for(cluster);
            if line != said {
                note(&line);
            }
            (due, said) = (Instant::now() + SAY_AFTER, line);
        }
        // A notice may have been told between the two: looked at again after a while anyway.
        let _ = timeout(Duration::from_secs(1), listening.next()).await;
    }
}

/// Which kinds of a cluster were not read yet, and what is known of why.
fn waited_for(cluster: &Value) -> String {
    let open =
        list(cluster, "kinds").iter().filter(|it| matches!(field(it, "state"), "catching_up" | "never_answered"));
    let open: Vec<&Value> = open.collect();
    let named = open.iter().take(NAMED).map(|it| match field(it, "namespace") {
        "" => field(it, "kind").to_owned(),
        namespace => format!("{} in {namespace}", field(it, "kind")),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = open.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = if open.is_empty() { "the kinds it serves".to_owned() } else { format!("{named}{more}") };
    let why = open.iter().map(|it| field(it, "why")).find(|why| !why.is_empty());
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{} is catching up, waiting for {named}{why}", field(cluster, "label"))
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
