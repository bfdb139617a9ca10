//! The topology document and its spellings.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::health::HealthState;
use crate::id::ObjectKey;
use crate::world::{Relation, RelationState, Unresolved, World};

/// Objects with their health, relations, and addresses that name no Service: the JSON contract of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Every object, ordered by id.
    pub objects: Vec<Entry>,
    /// Every relation, ordered.
    pub relations: Vec<Relation>,
    /// Every address that looks like a Service's and names none, ordered.
    pub unresolved: Vec<Unresolved>,
}

/// One object of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `cluster/group/kind/namespace/name`.
    pub id: ObjectKey,
    /// The group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The verdict.
    pub health: HealthState,
    /// Why; empty for `none`.
    pub reason: String,
    /// The field that says so; empty for `none`.
    pub field: String,
}

/// Describes a world.
#[must_use]
pub fn document(world: &World) -> Document {
    let objects = world
        .objects()
        .map(|object| {
            let key = &object.key;
            let health = world.health(key);
            Entry {
                id: key.clone(),
                group: key.group.to_string(),
                kind: key.kind.to_string(),
                namespace: key.namespace.to_string(),
                name: key.name.to_string(),
                health: health.state,
                reason: health.reason.to_string(),
                field: health.field.to_string(),
            }
        })
        .collect();
    Document { objects, relations: world.relations(), unresolved: world.unresolved() }
}

/// The words of a state, as the JSON spells them.
fn state_word(state: HealthState) -> &'static str {
    match state {
        HealthState::Critical => "critical",
        HealthState::Warning => "warning",
        HealthState::Unknown => "unknown",
        HealthState::Starting => "starting",
        HealthState::Well => "well",
        HealthState::Resting => "resting",
        HealthState::None => "none",
    }
}

fn relation_word(state: RelationState) -> &'static str {
    match state {
        RelationState::Ok => "ok",
        RelationState::Broken => "broken",
        RelationState::Dangling => "dangling",
    }
}

/// A key, and its object where there is one.
type Node<'a> = (&'a ObjectKey, Option<&'a Entry>);

/// The keys of the document in order: objects, then ends of relations that do not exist.
fn nodes(document: &Document) -> BTreeMap<&ObjectKey, Option<&Entry>> {
    let mut nodes: BTreeMap<&ObjectKey, Option<&Entry>> = BTreeMap::new();
    for relation in &document.relations {
        nodes.insert(&relation.from, None);
        nodes.insert(&relation.to, None);
    }
    for entry in &document.objects {
        nodes.insert(&entry.id, Some(entry));
    }
    nodes
}

/// Spells the document as a graph for Graphviz, one cluster for each namespace. Addresses that name no Service are dashed
/// boxes with the address on them.
#[must_use]
pub fn dot(document: &Document) -> String {
    let mut text = String::from("digraph topology {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    let nodes = nodes(document);
    let mut spaces: BTreeMap<(&str, &str), Vec<Node<'_>>> = BTreeMap::new();
    for (key, entry) in nodes {
        spaces.entry((&key.cluster, &key.namespace)).or_default().push((key, entry));
    }
    for (number, ((_, namespace), members)) in spaces.into_iter().enumerate() {
        if !namespace.is_empty() {
            let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label={};", quoted(namespace));
        }
        for (key, entry) in members {
            let style = match entry.map(|entry| entry.health) {
                None => ", style=dashed",
                Some(HealthState::Critical) => ", color=red, penwidth=2",
                Some(HealthState::Warning) => ", color=orange, penwidth=2",
                Some(HealthState::Unknown) => ", color=gray",
                Some(_) => "",
            };
            let label = quoted(&format!("{}\n{}", key.kind, key.name));
            let _ = writeln!(text, "    {} [label={label}{style}];", quoted(&key.to_string()));
        }
        if !namespace.is_empty() {
            text.push_str("  }\n");
        }
    }
    for relation in &document.relations {
        let style = match relation.state {
            RelationState::Ok => "",
            RelationState::Broken => ", color=red",
            RelationState::Dangling => ", color=red, style=dashed",
        };
        let (from, to) = (quoted(&relation.from.to_string()), quoted(&relation.to.to_string()));
        let _ = writeln!(text, "  {from} -> {to} [label={}{style}];", quoted(&relation.r#type));
    }
    for (number, missing) in document.unresolved.iter().enumerate() {
        let from = quoted(&missing.from.to_string());
        let _ = writeln!(text, "  unresolved_{number} [label={}, style=dashed];", quoted(&missing.address));
        let _ = writeln!(text, "  {from} -> unresolved_{number} [style=dashed];");
    }
    text.push_str("}\n");
    text
}

/// A text between quotation marks, as Graphviz reads it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Spells the document as a Mermaid flowchart. Nodes are numbered, for Mermaid has reserved words.
#[must_use]
pub fn mermaid(document: &Document) -> String {
    let mut text = String::from("flowchart LR\n");
    let label =
        |text: &str| text.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;");
    let mut numbers: BTreeMap<&ObjectKey, usize> = BTreeMap::new();
    for (number, (key, entry)) in nodes(document).into_iter().enumerate() {
        numbers.insert(key, number);
        let space = if key.namespace.is_empty() { String::new() } else { format!("{}/", label(&key.namespace)) };
        let _ = writeln!(text, "  n{number}[\"{}<br/>{space}{}\"]", label(&key.kind), label(&key.name));
        let class = match entry.map(|entry| entry.health) {
            None => "missing",
            Some(state) => state_word(state),
        };
        let _ = writeln!(text, "  class n{number} {class}");
    }
    for relation in &document.relations {
        let arrow = if relation.state == RelationState::Ok { "-->" } else { "-.->" };
        if let (Some(from), Some(to)) = (numbers.get(&relation.from), numbers.get(&relation.to)) {
            let _ = writeln!(text, "  n{from} {arrow}|{}| n{to}", relation.r#type);
        }
    }
    for (number, missing) in document.unresolved.iter().enumerate() {
        if let Some(from) = numbers.get(&missing.from) {
            let _ = writeln!(
                text,
                "  u{number}[\"{}\"]\n  n{from} -.-> u{number}\n  class u{number} missing",
                label(&missing.address)
            );
        }
    }
    text.push_str(
        "  classDef critical stroke:#b3261e,stroke-width:3px\n  classDef warning stroke:#b86e00,stroke-width:3px\n  \
         classDef unknown stroke-dasharray:2 2\n  classDef missing stroke-dasharray:6 4\n",
    );
    text
}

/// Spells the document as three tables for a terminal: objects, relations, unresolved addresses.
#[must_use]
pub fn table(document: &Document) -> String {
    let short = |key: &ObjectKey| match key.namespace.as_str() {
        "" => format!("{} {}", key.kind, key.name),
        namespace => format!("{} {namespace}/{}", key.kind, key.name),
    };
    let mut text = String::new();
    let objects = document.objects.iter().map(|entry| {
        [
            entry.kind.clone(),
            entry.namespace.clone(),
            entry.name.clone(),
            state_word(entry.health).to_owned(),
            entry.reason.clone(),
        ]
    });
    columns(&mut text, ["KIND", "NAMESPACE", "NAME", "HEALTH", "REASON"], objects.collect());
    text.push('\n');
    let relations = document.relations.iter().map(|relation| {
        let state = relation_word(relation.state).to_owned();
        [short(&relation.from), relation.r#type.clone(), short(&relation.to), state, relation.field.clone()]
    });
    columns(&mut text, ["FROM", "RELATION", "TO", "STATE", "FIELD"], relations.collect());
    if !document.unresolved.is_empty() {
        text.push('\n');
        let rows = document
            .unresolved
            .iter()
            .map(|missing| [short(&missing.from), missing.address.clone(), missing.field.clone()]);
        columns(&mut text, ["FROM", "NAMES NO SERVICE", "FIELD"], rows.collect());
    }
    text
}

/// Rows under their heads, two spaces apart, the last column as it is.
fn columns<const N: usize>(text: &mut String, heads: [&str; N], rows: Vec<[String; N]>) {
    let mut widths = heads.map(|head| head.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in std::iter::once(heads.map(str::to_owned)).chain(rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line: Vec<String> = cells.collect();
        let _ = writeln!(text, "{}", line.join("  ").trim_end());
    }
}
