//! `doctor`: what works and what does not, in plain words, without changing anything.

use broadstreet_api::ApiError;
use broadstreet_cluster::KubeCluster;
use broadstreet_core::ports::{Cluster, ContextChoice, Vault};
use serde_json::{Value, json};

use super::secrets;
use crate::args::Global;
use crate::host;
use crate::instance::Desk;
use crate::output::{self, failed, field};
use crate::vault::DeskVault;

/// One thing that was looked at.
fn works(what: &str, text: impl Into<String>) -> Value {
    json!({ "source": "", "what": what, "state": "ok", "code": "", "text": text.into(), "hint": "" })
}

fn wrong(what: &str, state: &str, error: &ApiError) -> Value {
    let (code, text, hint) = (&error.code, &error.message, &error.hint);
    json!({ "source": "", "what": what, "state": state, "code": code, "text": text, "hint": hint })
}

/// Looks at everything, prints what it found, and fails where something does not work.
pub async fn run(global: &Global) -> Result<(), ApiError> {
    let mut checks = vec![];
    match host::data_folder(global) {
        Ok(data) => {
            checks.push(works("data folder", data.display().to_string()));
            checks.push(keyring(&data));
        }
        Err(error) => checks.push(wrong("data folder", "failed", &error)),
    }
    let is_named = host::is_named(global);
    checks.extend(cluster(global, is_named).await);
    checks.extend(desk(global).await);
    let broken = checks.iter().filter(|it| field(it, "state") == "failed").count();
    if global.json {
        output::json(&json!({ "checks": checks }))?;
    } else {
        for it in &checks {
            let what =
                [field(it, "source"), field(it, "what")].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>();
            output::text(&format!("{:<8} {}: {}", field(it, "state"), what.join(" "), field(it, "text")))?;
            if field(it, "state") != "ok" && !field(it, "hint").is_empty() {
                output::text(&format!("         {}", field(it, "hint")))?;
            }
        }
    }
    if broken == 0 {
        return Ok(());
    }
    let things = if broken == 1 { "1 thing does" } else { &format!("{broken} things do") };
    Err(ApiError::new("doctor", format!("{things} not work"), "follow the lines marked `failed`"))
}

fn keyring(data: &std::path::Path) -> Value {
    match DeskVault::open(data) {
        Ok(vault) if vault.is_lasting() => {
            let key = hex::encode(vault.public_key());
            let where_it_lies = if vault.key_is_in_file() { "in a file of the data folder" } else { "in it" };
            works("keyring", format!("keeps passwords of sources; the key of this device, {key}, lies {where_it_lies}"))
        }
        Ok(vault) => {
            let key = hex::encode(vault.public_key());
            let text = format!("there is none: the key of this device, {key}, lies in a file of the data folder");
            let hint = "passwords of sources are asked for again after each start, on the screen or on a terminal";
            wrong("keyring", "warning", &ApiError::new("no_keyring", text, hint))
        }
        Err(error) => wrong("keyring", "failed", &error),
    }
}

/// The kubeconfig and, where it names a cluster, whether that answers. Without any, there are still bundles.
async fn cluster(global: &Global, is_named: bool) -> Vec<Value> {
    let kube = KubeCluster::new();
    let choices = host::choices(global);
    let kubeconfig = global.kubeconfig.as_ref().map(|it| it.display().to_string());
    let contexts = match kube.contexts(kubeconfig) {
        Ok(contexts) => contexts,
        Err(error) => return vec![wrong("kubeconfig", if is_named { "failed" } else { "warning" }, &failed(error))],
    };
    let current = contexts.iter().find(|it| it.current).map_or("none", |it| it.name.as_str());
    let mut checks = vec![works("kubeconfig", format!("{} contexts, current: {current}", contexts.len()))];
    if global.contexts.is_empty() && current == "none" {
        return checks;
    }
    // At once: one that does not answer keeps nobody waiting for the others.
    let all = futures_util::future::join_all(choices.into_iter().map(|choice| one_cluster(&kube, choice))).await;
    checks.extend(all.into_iter().flatten());
    checks
}

/// Whether one cluster answers, and what of it can be read.
async fn one_cluster(kube: &KubeCluster, choice: ContextChoice) -> Vec<Value> {
    let mut checks = Vec::new();
    match kube.connect(choice).await {
        Ok(connection) => {
            let identity = connection.identity();
            let text = format!("{} at {} answers, version {}", identity.label, identity.server, identity.version);
            checks.push(works("cluster", text));
            let kinds = broadstreet_engine::doctor::kinds_of(connection.as_ref()).await;
            checks.extend(kinds.into_iter().map(|it| {
                json!({ "source": it.source, "what": it.what, "state": it.state, "code": it.code, "text": it.text, "hint": it.hint })
            }));
        }
        Err(error) => checks.push(wrong("cluster", "failed", &failed(error))),
    }
    checks
}

/// The record, and the sources configured in it.
async fn desk(global: &Global) -> Vec<Value> {
    let desk = match Desk::open(global).await {
        Ok(desk) => desk,
        Err(error) => return vec![wrong("record", "failed", &error)],
    };
    let text = match &desk {
        Desk::Running(_) => "held by the Broadstreet that runs on this data folder",
        Desk::Own(_) => "opens",
    };
    let mut checks = vec![works("record", text)];
    if let Desk::Own(host) = &desk
        && let Err(error) = secrets::ask(&host.engine).await
    {
        checks.push(wrong("sources", "failed", &error));
    }
    match desk.call(global, "check_sources", host::choice_payload(global)).await {
        Ok(answer) => {
            let all = answer.as_array().cloned().unwrap_or_default();
            // Whether a cluster can be opened was looked at already; the one a running desk has open has its own name.
            let is_told = |it: &Value| field(it, "source") == "cluster";
            checks.extend(all.into_iter().filter(|it| !is_told(it)));
        }
        Err(error) => checks.push(wrong("sources", "failed", &error)),
    }
    desk.close().await;
    checks
}
