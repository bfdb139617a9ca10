//! The timeline: one entry per row, in its last wording, with the earlier ones.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::{State, Step, Told, is_machine};
use crate::id::RowId;
use crate::ledger::incident::{Entry, Wording};
use crate::ledger::kinds;
use crate::ledger::text::{Context, say, who};
use crate::time::Moment;

/// What the state says about a row's entry.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Mark {
    pub label: String,
    pub state: String,
    /// The words of what the row is about.
    pub about: String,
    /// The other person in the sentence.
    pub other: String,
    /// What to say beside the sentence.
    pub note: String,
}

impl Mark {
    pub fn name(&mut self, label: &str, state: &str, about: &str) {
        label.clone_into(&mut self.label);
        state.clone_into(&mut self.state);
        about.clone_into(&mut self.about);
    }

    /// The row asked for something it could not have.
    pub fn void(&mut self, why: &str) {
        "void".clone_into(&mut self.state);
        why.clone_into(&mut self.note);
    }
}

/// Writes the timeline, ordered by when it happened and then by fold order.
pub(super) fn write(state: &mut State, steps: &[Step<'_>], told: &Told<'_>) -> Vec<Arc<Entry>> {
    let zone = state.zone();
    let nothing = Mark::default();
    let mut entries: Vec<Entry> = Vec::with_capacity(steps.len());
    let mut places: HashMap<RowId, usize> = HashMap::with_capacity(steps.len());
    let mut annotations: Vec<(&Step<'_>, RowId)> = Vec::new();
    let lines: HashSet<&RowId> =
        steps.iter().map(|step| step.row).filter(|row| row.kind != kinds::ANNOTATION).map(|row| &row.hash).collect();
    for step in steps {
        let row = step.row;
        if let Some(about) = annotated(step).filter(|about| lines.contains(about)) {
            annotations.push((step, about));
            continue;
        }
        if row.kind != kinds::ANNOTATION {
            places.insert(row.hash.clone(), entries.len());
        }
        entries.push(entry(step, state.marks.get(&row.hash).unwrap_or(&nothing), told, zone));
    }
    for (step, about) in annotations {
        if let Some(entry) = places.get(&about).and_then(|place| entries.get_mut(*place)) {
            entry.annotations.push(annotation(step));
        }
    }
    for hypothesis in &mut state.incident.hypotheses {
        for (_, text, row) in hypothesis.evidence.iter_mut().filter(|(_, text, _)| text.is_empty()) {
            if let Some(entry) = places.get(row).and_then(|place| entries.get(*place)) {
                text.clone_from(&entry.text);
            }
        }
    }
    // Stable: what happened at the same moment stays in fold order.
    entries.sort_by_key(|entry| entry.occurred.at);
    entries.into_iter().map(Arc::new).collect()
}

/// Adds what a step says that follows every other: its own entry, or a note at the entry it is about.
pub(super) fn add(state: &State, timeline: &mut Vec<Arc<Entry>>, step: &Step<'_>) {
    if let Some(about) = annotated(step)
        && let Some(entry) = timeline.iter_mut().rfind(|it| it.row == about && it.kind != kinds::ANNOTATION)
    {
        Arc::make_mut(entry).annotations.push(annotation(step));
        return;
    }
    let nothing = Mark::default();
    let mark = state.marks.get(&step.row.hash).unwrap_or(&nothing);
    let entry = entry(step, mark, &Told::default(), state.zone());
    let place = timeline.partition_point(|it| it.occurred.at <= entry.occurred.at);
    timeline.insert(place, Arc::new(entry));
}

/// The row an annotation is about.
fn annotated(step: &Step<'_>) -> Option<RowId> {
    if step.row.kind == kinds::ANNOTATION { step.target("answers") } else { None }
}

fn annotation(step: &Step<'_>) -> (String, Moment, String) {
    (who(&step.row.actor).to_owned(), step.at(), step.text("text").to_owned())
}

/// The files a person attached, by what they were called.
fn named_files(payload: &Value) -> Vec<(String, String)> {
    let files = payload.get("attachments").and_then(Value::as_array).into_iter().flatten();
    let word = |file: &Value, field: &str| file.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    files.map(|file| (word(file, "blob"), word(file, "name"))).filter(|(_, name)| !name.is_empty()).collect()
}

fn entry(step: &Step<'_>, mark: &Mark, told: &Told<'_>, zone: chrono_tz::Tz) -> Entry {
    let row = step.row;
    let context = Context { label: &mark.label, about: &mark.about, other: &mark.other, zone };
    let words = |payload: &Value| say(&row.kind, &row.actor, payload, context);
    let (text, mut detail) = words(&step.payload);
    if !mark.note.is_empty() {
        detail = if detail.is_empty() { mark.note.clone() } else { format!("{detail}; {}", mark.note) };
    }
    let mut wordings = Vec::new();
    if let Some(corrections) = told.corrections.get(&row.hash) {
        wordings.push((row, words(&row.payload).0));
        wordings.extend(corrections.iter().map(|it| (*it, words(&super::reworded(row, it)).0)));
        // The last one is what the entry says.
        wordings.pop();
    }
    let earlier = wordings.into_iter().map(|(it, text)| Wording {
        row: it.hash.clone(),
        text,
        occurred: it.occurred,
        recorded_at: it.recorded_at,
        by: who(&it.actor).to_owned(),
    });
    let witnesses = told.witnesses.get(&row.hash).into_iter().flatten();
    Entry {
        row: row.hash.clone(),
        occurred: step.occurred,
        recorded_at: row.recorded_at,
        kind: row.kind.clone(),
        machine: is_machine(row),
        actor: row.actor.clone(),
        source: row.source.clone(),
        text,
        detail,
        label: mark.label.clone(),
        state: mark.state.clone(),
        refs: row.refs.clone(),
        files: named_files(&row.payload),
        earlier: earlier.collect(),
        annotations: Vec::new(),
        witnesses: witnesses.map(|it| (*it).to_owned()).collect(),
        clock_clamped: step.clamped,
        entered_on: row.entered_on.clone(),
    }
}
