//! One constructor per kind of row, so that no payload is put together anywhere else.

mod machines;
mod people;

pub use machines::{
    FrozenCounts, alert, alert_muting, alert_unseen, cluster_joined, evidence_frozen, fact, page_transitions, snapshot,
};
pub use people::*;

use serde_json::Value;

use super::{Actor, Draft, Ref, incident};
use crate::time::Stamp;

/// The source of rows a person writes.
pub const PERSON: &str = "person";

/// A person as the writer of a row.
#[must_use]
pub fn person(person: &incident::Person) -> Actor {
    Actor::Person { id: person.id.clone(), name: person.name.clone() }
}

/// A machine as the writer of a row.
#[must_use]
pub fn machine(name: &str) -> Actor {
    Actor::Machine { name: name.to_owned() }
}

/// A person's row without references.
fn human(by: &Actor, at: Stamp, kind: &str, payload: Value) -> Draft {
    Draft {
        occurred: at,
        actor: by.clone(),
        kind: kind.to_owned(),
        payload,
        source: PERSON.to_owned(),
        source_id: String::new(),
        refs: Vec::new(),
        revises: None,
    }
}

fn points(role: &str, target: impl Into<String>) -> Ref {
    Ref { role: role.to_owned(), target: target.into() }
}

fn subjects_of(subjects: &[String]) -> Vec<Ref> {
    subjects.iter().map(|subject| points("subject", subject)).collect()
}

impl Draft {
    /// Adds a reference.
    fn with(mut self, role: &str, target: impl Into<String>) -> Self {
        self.refs.push(points(role, target));
        self
    }

    /// Adds the objects it is about.
    fn about(mut self, subjects: &[String]) -> Self {
        self.refs.extend(subjects_of(subjects));
        self
    }
}
