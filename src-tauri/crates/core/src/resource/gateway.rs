//! The Gateway API (v1; `TCPRoute` and `UDPRoute` v1alpha2): gateways, routes, grants.

use super::json::{At, Read};
use super::reduce::{conditions, conditions_in};
use super::{Condition, Gateway, Grant, Reference, Route, RouteBackend, RouteParent};

const GROUP: &str = "gateway.networking.k8s.io";

/// Reads a Gateway.
pub(super) fn gateway(at: At<'_>) -> Read<Gateway> {
    Ok(Gateway {
        class: at.text("spec.gatewayClassName")?,
        listeners: at.list("spec.listeners")?.map(|one| one.text("name")).collect::<Read<_>>()?,
        conditions: conditions(at)?,
        troubled: troubled(at)?,
    })
}

/// What a controller holds against single listeners: `Conflicted` is trouble where true, the others where false.
fn troubled(at: At<'_>) -> Read<Vec<(String, Condition)>> {
    let mut found = Vec::new();
    for listener in at.list("status.listeners")? {
        for condition in conditions_in(listener, "conditions")? {
            let bad = if condition.r#type == "Conflicted" { "True" } else { "False" };
            let known = matches!(condition.r#type.as_str(), "Accepted" | "Programmed" | "ResolvedRefs" | "Conflicted");
            if known && condition.status == bad {
                found.push((listener.text("name")?, condition));
            }
        }
    }
    Ok(found)
}

/// Reads a route of any protocol.
pub(super) fn route(at: At<'_>) -> Read<Route> {
    let mut route = Route::default();
    for (index, parent) in at.list("spec.parentRefs")?.enumerate() {
        let target = reference(parent, format!("spec.parentRefs[{index}]"), (GROUP, "Gateway"))?;
        let section = parent.text("sectionName")?;
        let conditions = told(at, &target, &section, parent.number("port")?)?;
        let mut refused: Vec<String> =
            conditions.iter().filter(|c| c.status == "False").map(|c| c.r#type.to_string()).collect();
        refused.sort();
        route.parents.push(RouteParent { target, section, refused, conditions });
    }
    for (index, rule) in at.list("spec.rules")?.enumerate() {
        let field = format!("spec.rules[{index}]");
        mirrors(&mut route, rule, &field)?;
        for (number, one) in rule.list("backendRefs")?.enumerate() {
            let field = format!("{field}.backendRefs[{number}]");
            backend(&mut route, one, &field)?;
            mirrors(&mut route, one, &field)?;
        }
    }
    Ok(route)
}

/// Backends that only get a copy of the traffic.
fn mirrors(route: &mut Route, at: At<'_>, field: &str) -> Read<()> {
    for (index, filter) in at.list("filters")?.enumerate() {
        let mirror = filter.get("requestMirror.backendRef");
        if !mirror.0.is_null() {
            backend(route, mirror, &format!("{field}.filters[{index}].requestMirror.backendRef"))?;
        }
    }
    Ok(())
}

fn backend(route: &mut Route, at: At<'_>, field: &str) -> Read<()> {
    let target = reference(at, field.to_owned(), ("", "Service"))?;
    if !target.name.is_empty() {
        let port = at.number("port")?.and_then(|port| u16::try_from(port).ok());
        route.backends.push(RouteBackend { target, port });
    }
    Ok(())
}

/// A reference in which group and kind have defaults; an empty group that is written out is the core group.
fn reference(at: At<'_>, field: String, (group, kind): (&str, &str)) -> Read<Reference> {
    let named = at.text("kind")?;
    Ok(Reference {
        field,
        group: if at.has("group") { at.text("group")? } else { group.to_owned() },
        kind: if named.is_empty() { kind.to_owned() } else { named },
        namespace: at.text("namespace")?,
        name: at.text("name")?,
    })
}

/// What controllers say of a parent in `status.parents`: of each type one, a false one before others.
fn told(at: At<'_>, parent: &Reference, section: &str, port: Option<i64>) -> Read<Box<[Condition]>> {
    let own = at.text("metadata.namespace")?;
    let space = |namespace: &str| if namespace.is_empty() { own.clone() } else { namespace.to_owned() };
    let mut found: Vec<Condition> = Vec::new();
    for told in at.list("status.parents")? {
        let meant = told.get("parentRef");
        let same = reference(meant, String::new(), (GROUP, "Gateway"))?;
        let is_it = (&same.group, &same.kind, &same.name) == (&parent.group, &parent.kind, &parent.name)
            && space(&same.namespace) == space(&parent.namespace)
            && meant.text("sectionName")? == section
            && meant.number("port")? == port;
        if !is_it {
            continue;
        }
        for condition in conditions_in(told, "conditions")? {
            if !matches!(condition.r#type.as_str(), "Accepted" | "ResolvedRefs") {
                continue;
            }
            match found.iter_mut().find(|known| known.r#type == condition.r#type) {
                Some(known) if known.status != "False" && condition.status != "True" => *known = condition,
                Some(_) => {}
                None => found.push(condition),
            }
        }
    }
    found.sort_by(|a, b| a.r#type.cmp(&b.r#type));
    Ok(found.into())
}

/// Reads a grant.
pub(super) fn grant(at: At<'_>) -> Read<Grant> {
    let list = |field: &str, last: &str| -> Read<Vec<(String, String, String)>> {
        let entries = at.list(field)?;
        entries.map(|one| Ok((one.text("group")?, one.text("kind")?, one.text(last)?))).collect()
    };
    Ok(Grant { from: list("spec.from", "namespace")?, to: list("spec.to", "name")? })
}
