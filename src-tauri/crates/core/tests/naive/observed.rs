//! Rule 25 as plainly as it can be said: which object an end of a measured call is, by looking at every object.

use serde_json::Value;

use super::policies::{is_house, outermost};
use super::rules::key;
use super::{is_behind, list, space, template, text};

/// What an end is said to be.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// A workload: namespace, kind (empty for any) and name.
    Workload(&'a str, &'a str, &'a str),
    /// A Service: namespace and name.
    Service(&'a str, &'a str),
    /// A `service.name`, with a namespace or an empty one.
    Telemetry(&'a str, &'a str),
}

/// The object's id; nothing where no object, or no single one, is meant.
pub fn object(items: &[Value], end: End<'_>) -> Option<String> {
    match end {
        End::Workload(namespace, kind, name) => {
            let meant = |it: &&Value| {
                let its = text(it, "/kind");
                space(it) == namespace
                    && text(it, "/metadata/name") == name
                    && (kind.is_empty() || its == kind)
                    && template(it).is_some()
            };
            // Whoever names a pod of a controller's means nothing that lasts.
            let above = |it| if text(it, "/kind") == "Pod" { it } else { outermost(items, it) };
            let found = items.iter().filter(meant).map(above);
            let mut houses: Vec<String> = found.filter(|it| is_house(items, it)).map(key).collect();
            houses.sort();
            houses.dedup();
            match houses.len() {
                1 => houses.pop(),
                0 if kind.is_empty() => object(items, End::Service(namespace, name)),
                _ => None,
            }
        }
        End::Service(namespace, name) => {
            let service = items.iter().find(|it| {
                text(it, "/kind") == "Service" && space(it) == namespace && text(it, "/metadata/name") == name
            })?;
            let mut behind: Vec<String> = items
                .iter()
                .filter(|it| template(it).is_some() && is_behind(service, it) && is_house(items, it))
                .map(key)
                .collect();
            behind.sort();
            if behind.len() == 1 { behind.pop() } else { Some(key(service)) }
        }
        End::Telemetry(namespace, name) => {
            let declares = |it: &&Value| {
                let containers = template(it).map_or(&[][..], |template| list(template, "/spec/containers"));
                let says = |container: &Value| {
                    list(container, "/env")
                        .iter()
                        .any(|env| text(env, "/name") == "OTEL_SERVICE_NAME" && text(env, "/value") == name)
                };
                (namespace.is_empty() || space(it) == namespace) && containers.iter().any(says) && is_house(items, it)
            };
            let mut found: Vec<String> = items.iter().filter(declares).map(key).collect();
            match found.len() {
                1 => found.pop(),
                0 if !namespace.is_empty() => object(items, End::Workload(namespace, "", name)),
                _ => None,
            }
        }
    }
}
