//! The postmortem drafted from the record: everything the record knows, and room for what only people know.

#![allow(clippy::format_push_string)] // a draft is made once; the sentences read better so

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::facts::milestone;
use super::{Block, Document, Span, facts, words};
use crate::id::BlobId;
use crate::ledger::Actor;
use crate::ledger::incident::{Entry, Hypothesis, Incident, RoleSpan, Status};
use crate::time::{Moment, Precision, Stamp};

/// What the draft takes from outside the record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftFacts {
    /// The picture of the map at its worst moment, where there is one.
    pub map_blob: Option<BlobId>,
    /// What the picture shows: `The plan at 14:44:30, 13 firing`.
    pub map_caption: String,
    /// When the draft is made.
    pub now: Moment,
}

/// Drafts the postmortem of an incident. The same incident always gives the same draft.
#[must_use]
pub fn draft(incident: &Incident, facts: &DraftFacts) -> Document {
    let drafter = Drafter { incident, zone: words::zone(&incident.zone), facts };
    let mut blocks = Vec::new();
    for (title, section) in [
        ("Summary", drafter.summary()),
        ("Impact", drafter.impact()),
        ("People", drafter.people()),
        ("Timeline", drafter.timeline()),
        ("Contributing factors", drafter.factors()),
        ("What was ruled out", drafter.ruled_out()),
        ("Decisions", drafter.decisions()),
        ("What went well", vec![Block::paragraph("")]),
        ("What was hard", vec![Block::paragraph("")]),
        ("Action items", drafter.actions()),
    ] {
        blocks.push(Block::heading(2, title));
        blocks.extend(section);
    }
    let title = if incident.title.trim().is_empty() { "Postmortem" } else { incident.title.trim() };
    Document { title: title.to_owned(), subtitle: drafter.subtitle(), blocks }
}

#[cfg(test)]
mod tests;

struct Drafter<'a> {
    incident: &'a Incident,
    zone: Tz,
    facts: &'a DraftFacts,
}

impl Drafter<'_> {
    /// `INC-0142, SEV 1, Thu 14 May 2026, times in UTC. Commanders: Ngozi, then Tomas from 15:07.`
    fn subtitle(&self) -> String {
        let start = self.start();
        let mut parts = Vec::new();
        if self.incident.number > 0 {
            parts.push(format!("INC-{:04}", self.incident.number));
        }
        parts.extend(self.incident.severity.map(|severity| format!("SEV {}", severity.0)));
        parts.push(words::day(start, self.zone));
        parts.push(format!("times in {}", words::zone_name(self.zone, start)));
        let drill = if self.incident.drill { " A drill." } else { "" };
        format!("{}.{drill}{}", parts.join(", "), self.commanders())
    }

    fn commanders(&self) -> String {
        let spans = self.incident.command.iter().filter_map(|span| Some((span.commander.as_ref()?, span.from)));
        let mut out = String::new();
        let mut last = None;
        for (person, from) in spans {
            if last == Some(&person.id) {
                continue;
            }
            match last {
                None => out.push_str(&person.name),
                Some(_) => out += &format!(", then {} from {}", person.name, self.minute(from)),
            }
            last = Some(&person.id);
        }
        match out.as_str() {
            "" => String::new(),
            names if names.contains(", then ") => format!(" Commanders: {names}."),
            name => format!(" Commander: {name}."),
        }
    }

    /// Where the incident begins: the first milestone or the first thing told of it.
    fn start(&self) -> Moment {
        let milestones = self.incident.milestones.iter().map(|milestone| milestone.at);
        let told = milestones.chain(self.incident.timeline.iter().map(|entry| entry.occurred));
        // A time known only to the day would put the beginning at midnight.
        let known = told.filter(|stamp| stamp.precision <= Precision::Hour).map(|stamp| stamp.at);
        known.min().unwrap_or(self.facts.now)
    }

    fn exact(&self, at: Moment) -> String {
        words::clock(Stamp::exact(at), self.zone)
    }

    fn minute(&self, at: Moment) -> String {
        at.with_timezone(&self.zone).format("%H:%M").to_string()
    }

    fn dated(&self, at: Moment) -> String {
        words::dated(Stamp::exact(at), self.zone)
    }

    fn summary(&self) -> Vec<Block> {
        let incident = self.incident;
        let title = incident.title.trim().trim_end_matches('.');
        let mut text = if title.is_empty() { String::new() } else { format!("{title}. ") };
        if let Some(declared) = milestone(incident, "declared") {
            text += &format!("Declared at {}", words::dated(declared.at, self.zone));
            text += &match incident.severity_changes.first() {
                Some((_, severity)) => format!(" as SEV {}. ", severity.0),
                None => ". ".to_owned(),
            };
        }
        text += &match (milestone(incident, "resolved"), incident.status) {
            (Some(resolved), _) => format!("Resolved at {}. ", words::dated(resolved.at, self.zone)),
            (None, Status::Closed) => "Closed without a resolution in the record. ".to_owned(),
            (None, _) => format!("Not resolved when this was drafted at {}. ", self.dated(self.facts.now)),
        };
        let alerts = incident.timeline.iter().filter(|entry| entry.kind == "alert.fired").count();
        text += &format!(
            "The record has {}, {} and {}.",
            words::count(incident.timeline.len(), "row"),
            match alerts {
                0 => "no alert that fired".to_owned(),
                alerts => format!("{} that fired", words::count(alerts, "alert")),
            },
            match incident.pages.len() {
                0 => "no page".to_owned(),
                pages => words::count(pages, "page"),
            },
        );
        let mut items = Vec::new();
        let mut unknown = Vec::new();
        for fact in facts(incident) {
            if fact.is_known() {
                let rest = format!(": {}, from {} to {}.", fact.value, fact.from, fact.to);
                items.push(vec![Block::Paragraph { text: vec![Span::strong(fact.name), Span::plain(rest)] }]);
            } else {
                unknown.push(fact.name.to_lowercase());
            }
        }
        let mut blocks = vec![Block::paragraph(text)];
        if !items.is_empty() {
            blocks.push(Block::List { ordered: false, items });
        }
        if !unknown.is_empty() {
            blocks.push(Block::paragraph(format!("Not measured, an anchor is not set: {}.", unknown.join(", "))));
        }
        blocks
    }

    fn impact(&self) -> Vec<Block> {
        let started = milestone(self.incident, "impact_started");
        let ended = milestone(self.incident, "impact_ended");
        let write = |stamp: Stamp| words::dated(stamp, self.zone);
        let text = match (started, ended) {
            (Some(started), Some(ended)) => {
                let length = facts(self.incident).into_iter().find(|fact| fact.name == "Impact" && fact.is_known());
                let length = length.map_or_else(String::new, |fact| format!(", {}", fact.value));
                format!("From {} to {}{length}.", write(started.at), write(ended.at))
            }
            (Some(started), None) => format!("From {}; its end is not set in the record.", write(started.at)),
            (None, Some(ended)) => format!("Until {}; its start is not set in the record.", write(ended.at)),
            (None, None) => "Neither the start nor the end of the impact is set in the record.".to_owned(),
        };
        let mut blocks = vec![Block::paragraph(text)];
        let changes = &self.incident.severity_changes;
        if changes.len() > 1 {
            let change = |(at, severity): &(Moment, _)| self.severity(*at, *severity);
            blocks.push(Block::paragraph(format!(
                "Severity: {}.",
                changes.iter().map(change).collect::<Vec<_>>().join(", then ")
            )));
        }
        if let Some(blob) = &self.facts.map_blob {
            blocks.push(Block::Picture { blob: blob.to_string(), alt: self.facts.map_caption.clone() });
            if !self.facts.map_caption.is_empty() {
                blocks.push(Block::Paragraph { text: vec![Span::emphasis(&self.facts.map_caption)] });
            }
        }
        blocks.push(Block::paragraph(""));
        blocks
    }

    fn severity(&self, at: Moment, severity: crate::ledger::incident::Severity) -> String {
        format!("SEV {} from {}", severity.0, self.exact(at))
    }

    fn people(&self) -> Vec<Block> {
        let mut rows = vec![head(&["Role", "Who", "From", "To"])];
        let mut named = BTreeSet::new();
        for span in &self.incident.command {
            let who = match &span.commander {
                Some(person) => {
                    named.insert(person.id.clone());
                    person.name.clone()
                }
                None => "nobody".to_owned(),
            };
            let to = span.to.map_or_else(String::new, |to| self.dated(to));
            rows.push(vec![cell("Commander"), cell(who), cell(self.dated(span.from)), cell(to)]);
        }
        // Command outside the incident's own time is in no span of it.
        let told = |span: &&RoleSpan| span.role != "commander" || !named.contains(&span.person.id);
        let mut spans: Vec<&RoleSpan> = self.incident.held.iter().filter(told).collect();
        let order: Vec<&String> = self.incident.held.iter().map(|span| &span.role).collect();
        spans.sort_by_key(|span| order.iter().position(|role| **role == span.role));
        for span in spans {
            let to = span.to.map_or_else(String::new, |to| self.dated(to));
            let role = words::sentence(&span.role);
            rows.push(vec![cell(role), cell(&span.person.name), cell(self.dated(span.from)), cell(to)]);
        }
        named.extend(self.incident.held.iter().map(|span| span.person.id.clone()));
        let mut blocks = Vec::new();
        if rows.len() > 1 {
            blocks.push(Block::Table { rows });
        } else {
            blocks.push(Block::paragraph("Nobody holds a role in the record."));
        }
        let others = self.incident.people.iter().filter(|person| !named.contains(&person.id));
        let others: Vec<&str> = others.map(|person| person.name.as_str()).collect();
        if !others.is_empty() {
            blocks.push(Block::paragraph(format!("Also in the record: {}.", others.join(", "))));
        }
        blocks
    }

    fn timeline(&self) -> Vec<Block> {
        let start = self.start();
        let entries = &self.incident.timeline;
        let offset = |at: Moment| words::offset(self.zone, at);
        // Where the clocks were changed in between, each row says which time it tells.
        let changed = entries.iter().any(|entry| offset(entry.occurred.at) != offset(start));
        let zone = words::zone_name(self.zone, start);
        let rows = words::count(entries.len(), "row");
        let utc = start.format("%Y-%m-%d %H:%M UTC");
        let mut table = vec![head(&[&format!("Time ({})", self.zone.name()), "Who", "What"])];
        for entry in entries {
            let mut time = words::dated(entry.occurred, self.zone);
            if changed {
                time += &format!(" {}", offset(entry.occurred.at));
            }
            if time.starts_with("unknown") {
                time = format!("unknown, recorded {}", self.dated(entry.recorded_at));
            }
            table.push(vec![cell(time), cell(who(entry)), self.what(entry)]);
        }
        vec![
            Block::paragraph(format!("The whole record, {rows}; times in {zone}. It begins at {utc}.")),
            Block::Table { rows: table },
        ]
    }

    /// What an entry says, with what was added to it later.
    fn what(&self, entry: &Entry) -> Vec<Span> {
        let mut text = Vec::new();
        if !entry.label.is_empty() {
            text.push(Span::strong(&entry.label));
            text.push(Span::plain(" "));
        }
        text.push(Span::plain(if entry.text.is_empty() { &entry.kind } else { &entry.text }));
        let mut more = Vec::new();
        if !entry.detail.is_empty() {
            more.push(entry.detail.clone());
        }
        for wording in &entry.earlier {
            more.push(format!(
                "Earlier wording by {}, recorded {}, for {}: {}",
                wording.by,
                self.dated(wording.recorded_at),
                words::dated(wording.occurred, self.zone),
                wording.text
            ));
        }
        for (by, at, note) in &entry.annotations {
            more.push(format!("{by} at {}: {note}", self.exact(*at)));
        }
        if entry.clock_clamped {
            more.push("The clock of the device that wrote this was ahead.".to_owned());
        }
        text.extend(more.into_iter().map(|line| Span::plain(format!("\n{line}"))));
        text
    }

    fn hypotheses(&self, state: &str) -> impl Iterator<Item = &Hypothesis> {
        self.incident.hypotheses.iter().filter(move |hypothesis| hypothesis.state == state)
    }

    fn judged<'h>(&self, hypotheses: impl Iterator<Item = &'h Hypothesis>, side: &str) -> Vec<Vec<Block>> {
        let item = |hypothesis: &Hypothesis| {
            let text = vec![
                Span::strong(&hypothesis.label),
                Span::plain(format!(
                    " {} ({} at {})",
                    hypothesis.text,
                    hypothesis.state,
                    self.exact(hypothesis.state_at)
                )),
            ];
            let evidence = hypothesis.evidence.iter().filter(|(on, text, _)| on == side && !text.is_empty());
            let items: Vec<Vec<Block>> = evidence.map(|(_, text, _)| vec![Block::paragraph(text)]).collect();
            let mut blocks = vec![Block::Paragraph { text }];
            if !items.is_empty() {
                blocks.push(Block::List { ordered: false, items });
            }
            blocks
        };
        hypotheses.map(item).collect()
    }

    fn factors(&self) -> Vec<Block> {
        let items = self.judged(self.hypotheses("supported"), "for");
        let mut blocks = if items.is_empty() {
            vec![Block::paragraph("No hypothesis is supported in the record."), Block::paragraph("")]
        } else {
            vec![Block::List { ordered: true, items }]
        };
        let open: Vec<String> = self.hypotheses("open").map(|open| format!("{} {}", open.label, open.text)).collect();
        if !open.is_empty() {
            blocks.push(Block::paragraph("Still open:"));
            let items = open.into_iter().map(|text| vec![Block::paragraph(text)]).collect();
            blocks.push(Block::List { ordered: false, items });
        }
        blocks
    }

    fn ruled_out(&self) -> Vec<Block> {
        let items = self.judged(self.hypotheses("eliminated"), "against");
        if items.is_empty() {
            return vec![Block::paragraph("No hypothesis is eliminated in the record.")];
        }
        vec![Block::List { ordered: false, items }]
    }

    fn decisions(&self) -> Vec<Block> {
        if self.incident.decisions.is_empty() {
            return vec![Block::paragraph("No decision is in the record.")];
        }
        let mut rows = vec![head(&["Time", "Decision", "Proposed by", "Made by", "Objections"])];
        for decision in &self.incident.decisions {
            let objections: Vec<String> =
                decision.objections.iter().map(|(who, text)| format!("{who}: {text}")).collect();
            let made = if decision.state == "made" {
                decision.made_by.clone()
            } else {
                format!("not made, {}", decision.state)
            };
            rows.push(vec![
                cell(self.exact(decision.state_at)),
                vec![Span::strong(&decision.label), Span::plain(format!(" {}", decision.text))],
                cell(&decision.proposed_by),
                cell(made),
                cell(objections.join("\n")),
            ]);
        }
        vec![Block::Table { rows }]
    }

    fn actions(&self) -> Vec<Block> {
        let mut rows = vec![head(&["Action", "Owner", "Type", "Due", "Done when", "State"])];
        for action in &self.incident.actions {
            let due =
                action.due.map_or_else(String::new, |due| due.with_timezone(&self.zone).format("%Y-%m-%d").to_string());
            rows.push(vec![
                cell(&action.text),
                cell(&action.owner),
                cell(words::sentence(&action.r#type)),
                cell(due),
                cell(&action.end_state),
                cell(&action.state),
            ]);
        }
        if rows.len() == 1 {
            rows.push(vec![Vec::new(); 6]);
        }
        vec![Block::Table { rows }]
    }
}

fn who(entry: &Entry) -> String {
    match &entry.actor {
        Actor::Person { name, .. } => name.clone(),
        Actor::Machine { name } if entry.source.is_empty() => name.clone(),
        Actor::Machine { .. } => entry.source.clone(),
    }
}

fn cell(text: impl Into<String>) -> Vec<Span> {
    vec![Span::plain(text)]
}

fn head(names: &[&str]) -> Vec<Vec<Span>> {
    names.iter().map(|name| cell(*name)).collect()
}
