//! The note for the next shift: drafted from the live state, written as a row, accepted by the incoming person.

use std::collections::BTreeMap;
use std::sync::Arc;

use broadstreet_core::handoff::{self, Input, Section};
use broadstreet_core::id::RowId;
use broadstreet_core::ledger::brief::Traced;
use broadstreet_core::ledger::{Actor, Row, drafts};
use broadstreet_core::time::{Moment, Stamp, Window};
use broadstreet_core::world::World;
use serde::{Deserialize, Serialize};

use crate::desk::Open;
use crate::history::gaps_of;
use crate::live::Live;
use crate::past::{Noted, What};
use crate::{Engine, EngineError, Result};

/// Changes this far back belong into the note.
const CHANGES: chrono::Duration = chrono::Duration::hours(48);

/// What changed, each traced to its object, or to the last instant at which a recorder knew one that is gone.
fn changes(noted: Vec<Noted>, world: &World) -> Vec<(Moment, String, String, String)> {
    let change = |note: Noted| match note.what {
        What::Fact(fact) if fact.kind != "kubernetes_event" => {
            let (kind, target) = if world.object(&fact.subject).is_some() {
                ("object", fact.subject.to_string())
            } else {
                let last = note.at - chrono::Duration::milliseconds(1);
                let last = last.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
                ("past", format!("{last} {}", fact.subject))
            };
            Some((fact.at.unwrap_or(note.at), fact.text, target, kind.to_owned()))
        }
        _ => None,
    };
    noted.into_iter().filter_map(change).collect()
}

/// The note.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// The row it was written as.
    pub row: Option<RowId>,
    /// When it was drafted.
    pub at: Option<Moment>,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// Hours the coming shift lasts.
    pub hours: u32,
    /// Its sections.
    pub sections: Vec<Section>,
    /// What a person adds.
    pub free_text: String,
    /// What differs from the note before.
    pub since_last: Vec<Traced>,
    /// When it was written.
    pub written_at: Option<Moment>,
    /// When it was accepted.
    pub accepted_at: Option<Moment>,
    /// By whom.
    pub accepted_by: String,
    /// What it was drafted from, in words.
    pub evidence: String,
}

impl Engine {
    /// Drafts the note from the live state.
    pub async fn draft_handoff(&self, to: &str, hours: u32) -> Result<Note> {
        let now = self.now();
        let hours = if hours == 0 { 12 } else { hours.min(24 * 14) };
        let mut incidents = Vec::new();
        for line in self.incidents().await? {
            if !line.entry.imported {
                incidents.push((*line.incident).clone());
            }
        }
        let noted = self.noted_since(now - CHANGES).await?;
        let gaps = self.gaps_in(Window { from: now - CHANGES, to: now }).await?;
        let seen = self.look(None).await?;
        let changes = changes(noted, seen.world());
        let (silences, attempts) = match seen.live() {
            Some(state) => (state.silences(), state.attempts.clone()),
            None => (Vec::new(), incidents.iter().flat_map(|it| it.pages.clone()).collect()),
        };
        let sections = handoff::draft(Input {
            world: seen.world(),
            placed: seen.placed(),
            silences: &silences,
            attempts: &attempts,
            incidents: &incidents,
            changes: &changes,
            gaps: &gaps,
            now,
            until: now + chrono::Duration::hours(i64::from(hours)),
        });
        let evidence = match (seen.live(), seen.world().clusters().first()) {
            (Some(_), Some((_, label, version))) => format!("the live cluster {label} ({version}) as of now"),
            (None, Some((_, label, _))) => format!("the recording of {label}, as it ended"),
            _ => "no cluster is open: only the record of this desk".to_owned(),
        };
        drop(seen);
        let last = self.handoffs().await?.into_iter().next();
        let since_last = last.map(|last| handoff::difference(&last.sections, &sections)).unwrap_or_default();
        Ok(Note {
            at: Some(now),
            from: self.acting().map(|person| person.name).unwrap_or_default(),
            to: to.trim().to_owned(),
            hours,
            sections,
            since_last,
            evidence,
            ..Note::default()
        })
    }

    /// The parts of a span of which the open desk recorded nothing.
    async fn gaps_in(&self, window: Window) -> Result<Vec<Window>> {
        let desk = self.desk.read().await;
        let (scope, archive, since) = match &*desk {
            Open::Closed => return Ok(vec![window]),
            Open::Recorded(it) => (it.scope.clone(), Arc::clone(&it.archive), None),
            Open::Live(live) => (live.scope_since(live.since), Arc::clone(&self.archive), Some(live.since)),
        };
        drop(desk);
        let entries = archive.entries(&scope, Some(window)).await?;
        let told = entries.iter().filter_map(|entry| Some(Window { from: entry.from?, to: entry.until? }));
        let now = since.map(|since| Window { from: since, to: window.to });
        Ok(gaps_of(told.chain(now).collect(), window))
    }

    /// What happened since a moment, as the open desk knows it.
    pub(crate) async fn noted_since(&self, since: Moment) -> Result<Vec<Noted>> {
        let desk = self.desk.read().await;
        match &*desk {
            crate::desk::Open::Closed => Ok(Vec::new()),
            crate::desk::Open::Recorded(recorded) => {
                let (archive, scope) = (Arc::clone(&recorded.archive), recorded.scope.clone());
                drop(desk);
                archive.noted(&scope, None).await
            }
            crate::desk::Open::Live(live) => {
                let live = Arc::clone(live);
                drop(desk);
                self.noted_live(&live, since).await
            }
        }
    }

    /// What happened in a live cluster since a moment, oldest first: what is no longer held is read from the recording.
    pub(crate) async fn noted_live(&self, live: &Live, since: Moment) -> Result<Vec<Noted>> {
        let scope = live.scope_since(since);
        if live.state.read().await.noted_from().is_some_and(|from| since < from) {
            let entries = self.archive.entries(&scope, None).await?;
            let last: BTreeMap<_, _> = entries.iter().map(|entry| (&entry.cluster, entry)).collect();
            let growing = last.into_values().filter(|it| it.from.is_some_and(|from| from >= live.since));
            let oldest = live.state.read().await.noted_from();
            // Only where what is no longer held reaches into the segments being written, more of those must be kept.
            let reached: Vec<i64> = growing.filter(|it| it.from < oldest).map(|it| it.id).collect();
            if !reached.is_empty() {
                crate::live::keep_now(self, live).await;
                reached.into_iter().for_each(|id| self.archive.grew(id));
            }
        }
        let (held_from, held) = {
            let state = live.state.read().await;
            let held_from = state.noted_from().unwrap_or(live.since);
            let held = state.noted.iter().filter(|note| note.at >= since && note.at >= held_from);
            (held_from, held.cloned().collect::<Vec<_>>())
        };
        if since >= held_from {
            return Ok(held);
        }
        let mut all = self.archive.noted(&scope, Some(Window { from: since, to: held_from })).await?;
        all.extend(held);
        Ok(all)
    }

    /// What happened in a span before a moment (now where it is `None`), as the open desk knows it.
    pub async fn noted_near(&self, at: Option<Moment>, span: chrono::Duration) -> Result<Vec<Noted>> {
        let recorded_end = match &*self.desk.read().await {
            crate::desk::Open::Recorded(recorded) => Some(recorded.to),
            _ => None,
        };
        let until = at.or(recorded_end).unwrap_or_else(|| self.now());
        let mut noted = self.noted_since(until - span).await?;
        noted.retain(|note| note.at <= until && note.at >= until - span);
        Ok(noted)
    }

    /// Writes the note: from now on it is a row.
    pub async fn write_handoff(&self, to: &str, hours: u32, free_text: &str) -> Result<Note> {
        let by = self.require_acting()?;
        let to = self.person(to)?;
        if to.id == by.id {
            return Err(EngineError::refused(
                "handoff_to_self",
                format!("{} cannot hand over to themselves", by.name),
                "name the person who takes over",
            ));
        }
        if free_text.len() > 1 << 20 {
            return Err(EngineError::refused(
                "too_large",
                format!("the note's text is {} bytes long, the most is 1048576", free_text.len()),
                "shorten it; what was typed is kept as a draft",
            ));
        }
        let note = Note { free_text: free_text.to_owned(), ..self.draft_handoff(&to.name, hours).await? };
        let id = self.book.standing().await?;
        let payload = serde_json::to_value(&note).unwrap_or_default();
        let draft = drafts::handoff_written(&drafts::person(&by), Stamp::exact(self.now()), payload);
        let rows = self.book.append(&id, vec![draft]).await?;
        self.remember(&to).await?;
        self.notices.tell("ledger", [id.0]);
        let row = rows.first().map(|row| row.hash.clone());
        let all = self.handoffs().await?;
        all.into_iter().find(|note| note.row == row).ok_or_else(|| EngineError::not_found("handoff", "just written"))
    }

    /// Accepts a note as the incoming person.
    pub async fn accept_handoff(&self, row: &str) -> Result<Note> {
        let by = self.require_acting()?;
        let row = row.trim();
        let all = self.handoffs().await?;
        let found = all.iter().find(|note| match &note.row {
            Some(known) => {
                (row.is_empty() && note.accepted_at.is_none() && note.to == by.name)
                    || (row.len() >= 6 && known.as_str().starts_with(row))
            }
            None => false,
        });
        let note = found.ok_or_else(|| EngineError::not_found("handoff", row))?;
        if note.to != by.name {
            return Err(EngineError::refused(
                "not_addressed",
                format!("this note was written for {}, not for {}", note.to, by.name),
                format!("let {} accept it, or write a new note", note.to),
            ));
        }
        if note.accepted_at.is_some() {
            return Ok(note.clone());
        }
        let id = self.book.standing().await?;
        let row = note.row.clone().unwrap_or_default();
        let draft = drafts::handoff_accepted(&drafts::person(&by), Stamp::exact(self.now()), &row);
        self.book.append(&id, vec![draft]).await?;
        self.notices.tell("ledger", [id.0]);
        let all = self.handoffs().await?;
        all.into_iter()
            .find(|note| note.row.as_ref() == Some(&row))
            .ok_or_else(|| EngineError::not_found("handoff", row.as_str()))
    }

    /// The notes written, newest first.
    pub async fn handoffs(&self) -> Result<Vec<Note>> {
        let id = self.book.standing().await?;
        let (_, mut rows) = self.book.read(&id).await?;
        broadstreet_core::ledger::order(&mut rows);
        let mut notes: Vec<Note> = Vec::new();
        for row in &rows {
            match row.kind.as_str() {
                "handoff.written" => {
                    let note: Note = serde_json::from_value(row.payload.clone()).unwrap_or_default();
                    notes.push(Note { row: Some(row.hash.clone()), written_at: Some(row.recorded_at), ..note });
                }
                "handoff.accepted" => accept(&mut notes, row),
                _ => {}
            }
        }
        notes.reverse();
        Ok(notes)
    }
}

fn accept(notes: &mut [Note], row: &Row) {
    let target = row.refs.iter().find(|it| it.role == "answers").map(|it| it.target.as_str());
    let Some(note) = notes.iter_mut().find(|note| note.row.as_ref().map(RowId::as_str) == target) else { return };
    if note.accepted_at.is_none() {
        note.accepted_at = Some(row.recorded_at);
        note.accepted_by = match &row.actor {
            Actor::Person { name, .. } | Actor::Machine { name } => name.clone(),
        };
    }
}
