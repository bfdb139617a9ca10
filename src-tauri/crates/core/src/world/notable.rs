//! What a person would want to read about a change: rollouts, scaling, node conditions, Kubernetes Events, configuration.

use serde::{Deserialize, Serialize};

use crate::health::{Health, HealthState};
use crate::id::ObjectKey;
use crate::resource::{Body, Condition, Event, Node, Object, Template, Workload};
use crate::time::Moment;

#[cfg(test)]
mod tests;

/// Something notable that happened to an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// `rollout`, `scaled`, `node_condition`, `kubernetes_event` or `config_changed`.
    pub kind: String,
    /// One line for a person.
    pub text: String,
    /// What more there is to say; may be empty.
    pub detail: String,
    /// Whom it is about; for an Event the object it regards.
    pub subject: ObjectKey,
    /// When it happened by the cluster's own clock; nothing where it does not say.
    pub at: Option<Moment>,
    /// Names the transition: the same transition seen twice has the same id.
    pub source_id: String,
}

/// Says what is notable in the step from one state of an object to the next.
///
/// `before` is absent for an object seen for the first time, `after` for one that is gone. An object seen for the first
/// time is no news by itself: a list tells hundreds of them; only an Event is. The facts come in the order of the
/// fields they were read from. The verdicts add why a node or workload counts as it does now.
#[must_use]
pub fn notable(
    before: Option<&Object>,
    after: Option<&Object>,
    health_before: &Health,
    health_after: &Health,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    match (before, after) {
        (before, Some(after)) => match (before.map(|it| &it.body), &after.body) {
            (before, Body::Event(event)) => {
                let told = match before {
                    Some(Body::Event(old)) => old.count,
                    _ => 0,
                };
                facts.extend(event_fact(after, event, told));
            }
            (Some(Body::Workload(old)), Body::Workload(new)) if !after.owners.iter().any(|owner| owner.controller) => {
                workload(after, old, new, health_after, &mut facts);
            }
            (Some(Body::CronJob(old)), Body::CronJob(new)) => {
                if let Some(what) = template_change(&old.template, &new.template) {
                    facts.push(fact(after, "rollout", format!("{} {}: {what}", after.key.kind, after.key.name), None));
                }
                if old.suspended != new.suspended {
                    let word = if new.suspended { "suspended" } else { "resumed" };
                    facts.push(fact(after, "scaled", format!("CronJob {} {word}", after.key.name), None));
                }
            }
            (Some(Body::Node(old)), Body::Node(new)) => node(after, old, new, &mut facts),
            (Some(Body::ConfigMap(old)), Body::ConfigMap(new)) => {
                let before = before.map(|it| it.resource_version.clone()).unwrap_or_default();
                if old != new || before != after.resource_version {
                    let detail = keys_changed(&old.keys, &new.keys);
                    facts.push(Fact {
                        detail,
                        ..fact(after, "config_changed", format!("ConfigMap {} changed", after.key.name), None)
                    });
                }
            }
            (Some(Body::Plain(_)), Body::Plain(_))
                if after.key.kind == "Secret"
                    && after.key.group.is_empty()
                    && before.is_some_and(|it| it.resource_version != after.resource_version) =>
            {
                facts.push(fact(after, "config_changed", format!("Secret {} changed", after.key.name), None));
            }
            (Some(Body::Service(old)), Body::Service(new)) if old != new => {
                facts.push(fact(
                    after,
                    "config_changed",
                    format!("Service {} changed its selector or ports", after.key.name),
                    None,
                ));
            }
            (Some(Body::NetworkPolicy(old)), Body::NetworkPolicy(new))
                if old != new || before.is_some_and(|it| it.generation != after.generation) =>
            {
                facts.push(fact(after, "config_changed", format!("NetworkPolicy {} changed", after.key.name), None));
            }
            _ => {}
        },
        (Some(gone), None) => {
            let word = match &gone.body {
                Body::Workload(_) if !gone.owners.iter().any(|owner| owner.controller) => "scaled",
                Body::Node(_) => "node_condition",
                Body::ConfigMap(_) | Body::Service(_) | Body::NetworkPolicy(_) => "config_changed",
                _ => return facts,
            };
            let text = format!("{} {} was deleted", gone.key.kind, gone.key.name);
            let detail =
                if health_before.state == HealthState::None { String::new() } else { health_before.reason.to_string() };
            let source_id = format!("{}:deleted", identity(gone));
            facts.push(Fact { detail, source_id, ..fact(gone, word, text, gone.deleted_at) });
        }
        (None, None) => {}
    }
    facts
}

/// UID, or the key where there is none.
fn identity(object: &Object) -> String {
    if object.uid.is_empty() { object.key.to_string() } else { object.uid.to_string() }
}

fn fact(object: &Object, kind: &str, text: String, at: Option<Moment>) -> Fact {
    let version =
        if object.generation > 0 { object.generation.to_string() } else { object.resource_version.to_string() };
    Fact {
        kind: kind.to_owned(),
        source_id: format!("{}:{kind}:{version}", identity(object)),
        text,
        detail: String::new(),
        subject: object.key.clone(),
        at,
    }
}

/// Warnings, each time they were repeated; `told` is how often that had been told before.
fn event_fact(object: &Object, event: &Event, told: i64) -> Option<Fact> {
    if event.r#type != "Warning" || (told > 0 && event.count <= told) {
        return None;
    }
    let (group, kind, namespace, name) = &event.about;
    let subject = ObjectKey::new(&object.key.cluster, group, kind, namespace, name);
    let times = if event.count > 1 { format!(" (×{})", event.count) } else { String::new() };
    Some(Fact {
        kind: "kubernetes_event".to_owned(),
        text: format!("{} on {kind} {name}{times}: {}", event.reason, event.message),
        detail: event.component.clone(),
        subject,
        at: event.last_at.or(event.first_at).or(object.created_at),
        source_id: format!("{}:{}", identity(object), event.count),
    })
}

fn workload(after: &Object, old: &Workload, new: &Workload, health: &Health, facts: &mut Vec<Fact>) {
    let name = format!("{} {}", after.key.kind, after.key.name);
    let detail = match health.state {
        HealthState::Critical | HealthState::Warning => health.reason.to_string(),
        _ => String::new(),
    };
    if let Some(what) = template_change(&old.template, &new.template) {
        let text = format!("{name}: {what}");
        facts.push(Fact { detail: detail.clone(), ..fact(after, "rollout", text, None) });
    }
    if old.paused != new.paused {
        let word = if new.paused { "paused" } else { "resumed" };
        let source_id = format!("{}:{word}:{}", identity(after), after.generation);
        facts.push(Fact { source_id, ..fact(after, "rollout", format!("{name}: rollout {word}"), None) });
    }
    let daemons = after.key.kind == "DaemonSet";
    if old.desired != new.desired && !daemons {
        let text = format!("{name} scaled from {} to {}", old.desired, new.desired);
        facts.push(Fact { detail, ..fact(after, "scaled", text, None) });
    }
    for condition in &new.conditions {
        let known = old.conditions.iter().any(|it| it.r#type == condition.r#type && it.reason == condition.reason);
        let outcome = match condition.reason.as_str() {
            "ProgressDeadlineExceeded" => "rollout does not progress",
            "NewReplicaSetAvailable" => "rollout complete",
            _ => continue,
        };
        if !known {
            // `Progressing` stays true from one good rollout to the next, and its transition time with it.
            let changed = if condition.status == "False" { condition.changed_at } else { None };
            let moment = condition.updated_at.or(changed);
            let source_id = format!("{}:{}:{}", identity(after), condition.reason, after.generation);
            let text = format!("{name}: {outcome}");
            facts.push(Fact {
                detail: condition.message.to_string(),
                source_id,
                ..fact(after, "rollout", text, moment)
            });
        }
    }
}

/// What a rollout brings, in words: images first, then the rest.
fn template_change(old: &Template, new: &Template) -> Option<String> {
    if old == new {
        return None;
    }
    let mut words = Vec::new();
    for (container, image) in new.images.iter() {
        match old.images.iter().find(|(name, _)| name == container) {
            Some((_, before)) if before != image => words.push(format!("image of {container} {before} → {image}")),
            Some(_) => {}
            None => words.push(format!("new container {container} with {image}")),
        }
    }
    for (container, _) in old.images.iter() {
        if !new.images.iter().any(|(name, _)| name == container) {
            words.push(format!("container {container} removed"));
        }
    }
    if old.env_names != new.env_names {
        words.push(format!("environment: {}", keys_changed(&old.env_names, &new.env_names)));
    } else if old.hosts != new.hosts {
        words.push("addresses in its environment or arguments".to_owned());
    }
    if old.config_maps != new.config_maps || old.secrets != new.secrets {
        words.push("other ConfigMaps or Secrets".to_owned());
    }
    if old.claims != new.claims {
        words.push("other volumes".to_owned());
    }
    if old.service_account != new.service_account {
        words.push(format!("service account {} → {}", old.service_account, new.service_account));
    }
    if old.labels != new.labels {
        words.push("labels".to_owned());
    }
    if words.is_empty() {
        words.push("new pod template".to_owned());
    }
    Some(words.join(", "))
}

/// Names added and removed.
fn keys_changed<T: PartialEq + std::fmt::Display>(old: &[T], new: &[T]) -> String {
    let added = new.iter().filter(|name| !old.contains(name)).map(|name| format!("+{name}"));
    let removed = old.iter().filter(|name| !new.contains(name)).map(|name| format!("−{name}"));
    let words: Vec<String> = added.chain(removed).collect();
    if words.is_empty() { "same names, another value or order".to_owned() } else { words.join(" ") }
}

fn node(after: &Object, old: &Node, new: &Node, facts: &mut Vec<Fact>) {
    let name = &after.key.name;
    for condition in &new.conditions {
        let before = old.conditions.iter().find(|it| it.r#type == condition.r#type);
        if before.is_some_and(|before| before.status == condition.status) {
            continue;
        }
        let usual = if condition.r#type == "Ready" { "True" } else { "False" };
        if before.is_none() && condition.status == usual {
            continue;
        }
        facts.push(condition_fact(after, condition));
    }
    if old.cordoned != new.cordoned {
        let word = if new.cordoned { "cordoned" } else { "uncordoned" };
        let source_id = format!("{}:{word}:{}", identity(after), after.resource_version);
        facts.push(Fact { source_id, ..fact(after, "node_condition", format!("Node {name} {word}"), None) });
    }
    if old.lease_fresh != new.lease_fresh && new.lease_fresh.is_some() && old.lease_fresh.is_some() {
        let fresh = new.lease_fresh == Some(true);
        let text = if fresh {
            format!("Node {name} renews its lease again")
        } else {
            format!("Node {name} stopped renewing its lease")
        };
        let source_id = format!("{}:lease:{fresh}:{}", identity(after), after.resource_version);
        facts.push(Fact { source_id, ..fact(after, "node_condition", text, None) });
    }
}

fn condition_fact(node: &Object, condition: &Condition) -> Fact {
    let text = match (condition.r#type.as_str(), condition.status.as_str()) {
        ("Ready", "True") => format!("Node {} is ready", node.key.name),
        ("Ready", "False") => format!("Node {} is not ready", node.key.name),
        ("Ready", _) => format!("Node {} is lost: its kubelet stopped reporting", node.key.name),
        (kind, status) => format!("Node {}: {kind} is {status}", node.key.name),
    };
    let since = condition.changed_at.map_or_else(String::new, |at| at.to_rfc3339());
    let source_id = format!("{}:{}:{}:{since}", identity(node), condition.r#type, condition.status);
    let detail = [condition.reason.as_str(), condition.message.as_str()].join(": ");
    Fact { detail, source_id, ..fact(node, "node_condition", text, condition.changed_at) }
}
