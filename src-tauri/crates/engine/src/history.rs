//! The scrubber's picture of a span: what fired when, what happened, where nothing was recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use broadstreet_core::alerts::{Alert, AlertState};
use broadstreet_core::ledger::incident::Incident;
use broadstreet_core::ports::AlertSpan;
use broadstreet_core::time::{Moment, Window};

use crate::desk::Open;
use crate::past::{GAP, Noted, Scope, What};
use crate::{Engine, Result};

/// The most bins answered.
const BINS: u32 = 2_000;

/// Alerts firing in one bin, the most at any instant of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Critical.
    pub critical: u32,
    /// Warning.
    pub warning: u32,
    /// Anything else that fires.
    pub other: u32,
    /// Pending.
    pub pending: u32,
}

impl Count {
    fn add(&mut self, alert: &Alert, by: i32) {
        let slot = match (alert.state, alert.severity()) {
            (AlertState::Pending, _) => &mut self.pending,
            (AlertState::Firing, "critical") => &mut self.critical,
            (AlertState::Firing, "warning") => &mut self.warning,
            (AlertState::Firing, _) => &mut self.other,
            _ => return,
        };
        *slot = slot.saturating_add_signed(by);
    }

    fn most(self, other: Self) -> Self {
        Self {
            critical: self.critical.max(other.critical),
            warning: self.warning.max(other.warning),
            other: self.other.max(other.other),
            pending: self.pending.max(other.pending),
        }
    }

    fn weight(self) -> u32 {
        4 * self.critical + 2 * self.warning
    }
}

/// A mark on the scrubber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Moment,
    /// `change`, `page`, `command`, `symptom` or `note`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
    /// The row that says so.
    pub row: Option<String>,
    /// The object it is about.
    pub subject: Option<String>,
}

/// A span as the scrubber draws it.
#[derive(Clone, Debug)]
pub struct History {
    /// The span.
    pub window: Window,
    /// The desk's clock.
    pub now: Moment,
    /// True while live.
    pub live: bool,
    /// Counts, each from its instant on.
    pub bins: Vec<(Moment, Count)>,
    /// Where nothing was recorded.
    pub gaps: Vec<Window>,
    /// Marks, oldest first.
    pub marks: Vec<Mark>,
}

impl Engine {
    /// Describes a span; absent ends take what is recorded (while live at most the last hour).
    pub async fn history(&self, from: Option<Moment>, to: Option<Moment>, bins: u32) -> Result<History> {
        let now = self.now();
        let desk = self.desk.read().await;
        let (scope, archive, whole, live) = match &*desk {
            Open::Live(live) => {
                let scope = live.scope_since(live.since);
                (scope, Arc::clone(&self.archive), None, Some(Arc::clone(live)))
            }
            Open::Recorded(it) => {
                (it.scope.clone(), Arc::clone(&it.archive), Some(Window { from: it.from, to: it.to }), None)
            }
            Open::Closed => (Scope::Clusters(Vec::new()), Arc::clone(&self.archive), None, None),
        };
        drop(desk);
        let entries = archive.entries(&scope, None).await?;
        let first = entries.first().and_then(|entry| entry.from).or(live.as_ref().map(|it| it.since)).unwrap_or(now);
        let incident = match self.chosen() {
            Some(id) => Some(self.book.incident(&id).await?),
            None => None,
        };
        let usual = whole.unwrap_or_else(|| {
            let start = incident.as_ref().and_then(|it| it.timeline.first()).map(|entry| entry.occurred.at);
            let hour = now - chrono::Duration::hours(1);
            Window {
                from: start.map_or(hour, |start| start.min(hour)).max(first.min(now - chrono::Duration::minutes(5))),
                to: now,
            }
        });
        let window = Window { from: from.unwrap_or(usual.from), to: to.unwrap_or(usual.to) };
        let window = Window { from: window.from, to: window.to.max(window.from + chrono::Duration::seconds(1)) };

        let mut spans: Vec<Window> =
            entries.iter().filter_map(|entry| Some(Window { from: entry.from?, to: entry.until? })).collect();
        let mut prior = Vec::new();
        let mut attempts = Vec::new();
        let noted = if let Some(live) = &live {
            let state = live.state.read().await;
            spans.push(Window { from: live.since, to: now });
            prior.clone_from(&state.prior);
            attempts.clone_from(&state.attempts);
            drop(state);
            self.noted_live(live, window.from.min(live.since)).await?
        } else {
            archive.noted(&scope, None).await?
        };
        let horizon = live.as_ref().map(|it| it.since);
        let mut bins = bins_of(&noted, window, bins.clamp(1, BINS));
        if let Some(horizon) = horizon {
            add_prior(&mut bins, &prior, horizon);
        }
        let mut marks = marks_of(&noted, incident.as_deref(), window);
        if incident.is_none() {
            marks.extend(attempts.iter().filter_map(|attempt| {
                let at = attempt.sent_at.or(attempt.queued_at)?;
                let text = format!("{} paged: {}", attempt.target.name, attempt.subject);
                (window.from <= at && at < window.to).then_some(Mark {
                    at,
                    kind: "page",
                    text,
                    row: None,
                    subject: None,
                })
            }));
        }
        marks.sort_by_key(|mark| mark.at);
        Ok(History { window, now, live: live.is_some(), bins, gaps: gaps_of(spans, window), marks })
    }
}

/// Counts what fires in each of `bins` equal parts of a span.
pub fn bins_of(noted: &[Noted], window: Window, bins: u32) -> Vec<(Moment, Count)> {
    let length = (window.to - window.from).num_milliseconds().max(1);
    let start = |bin: i64| window.from + chrono::Duration::milliseconds(length * bin / i64::from(bins));
    let mut standing: BTreeMap<&str, Alert> = BTreeMap::new();
    let mut count = Count::default();
    let mut notes = noted.iter().peekable();
    let mut found = Vec::with_capacity(bins as usize);
    for bin in 0..i64::from(bins) {
        let mut most: Option<Count> = None;
        while let Some(note) = notes.next_if(|note| note.at < start(bin + 1)) {
            if note.at >= start(bin) && most.is_none() {
                most = Some(count);
            }
            step(&mut standing, &mut count, note);
            if let Some(so_far) = most {
                most = Some(so_far.most(count));
            }
        }
        found.push((start(bin), most.unwrap_or(count)));
    }
    found
}

fn step<'a>(standing: &mut BTreeMap<&'a str, Alert>, count: &mut Count, note: &'a Noted) {
    let (alert, gone) = match &note.what {
        What::Alert { alert, transition, .. } => (alert, transition == "resolved"),
        What::Known(alert) => (alert, false),
        What::Fact(_) => return,
    };
    if let Some(old) = standing.remove(alert.id.as_str()) {
        count.add(&old, -1);
    }
    if !gone && is_case(alert) {
        count.add(alert, 1);
        standing.insert(&alert.id, (**alert).clone());
    }
}

/// Heartbeats and plumbing are no trouble.
fn is_case(alert: &Alert) -> bool {
    !broadstreet_core::alerts::is_heartbeat(alert) && alert.severity() != "none"
}

fn add_prior(bins: &mut [(Moment, Count)], prior: &[AlertSpan], horizon: Moment) {
    let ends: Vec<Moment> = bins.iter().skip(1).map(|(at, _)| *at).collect();
    for (index, (at, count)) in bins.iter_mut().enumerate() {
        if *at >= horizon {
            break;
        }
        let end = ends.get(index).copied().unwrap_or(horizon);
        for span in prior {
            let state = if span.state == "pending" { AlertState::Pending } else { AlertState::Firing };
            let alert = Alert { labels: span.labels.clone(), state, ..Alert::default() };
            let begins = span.from.is_some_and(|from| from < end);
            if begins && span.to.is_none_or(|to| to >= *at) && is_case(&alert) {
                count.add(&alert, 1);
            }
        }
    }
}

/// The parts of a span no recording covers.
pub fn gaps_of(mut spans: Vec<Window>, window: Window) -> Vec<Window> {
    spans.sort_by_key(|span| span.from);
    let mut gaps = Vec::new();
    let mut known = window.from;
    for span in spans.into_iter().filter(|span| span.to > window.from && span.from < window.to) {
        if span.from - known > GAP {
            gaps.push(Window { from: known, to: span.from });
        }
        known = known.max(span.to);
    }
    if window.to - known > GAP {
        gaps.push(Window { from: known, to: window.to });
    }
    gaps
}

fn marks_of(noted: &[Noted], incident: Option<&Incident>, window: Window) -> Vec<Mark> {
    let inside = |at: Moment| window.from <= at && at < window.to;
    let mut marks: Vec<Mark> = noted
        .iter()
        .filter(|note| inside(note.at))
        .filter_map(|note| match &note.what {
            What::Fact(fact) if fact.kind != "kubernetes_event" => Some(Mark {
                at: note.at,
                kind: "change",
                text: fact.text.clone(),
                row: None,
                subject: Some(fact.subject.to_string()),
            }),
            _ => None,
        })
        .collect();
    let Some(incident) = incident else { return marks };
    for milestone in incident.milestones.iter().filter(|it| it.name == "impact_started" && inside(it.at.at)) {
        let row = Some(milestone.row.0.clone());
        marks.push(Mark { at: milestone.at.at, kind: "symptom", text: "First symptom".into(), row, subject: None });
    }
    for entry in incident.timeline.iter().filter(|entry| inside(entry.occurred.at)) {
        let kind = match entry.kind.split('.').next().unwrap_or_default() {
            "page" => "page",
            "incident" | "role" | "brief" | "decision" => "command",
            "note" | "observation" | "hypothesis" | "task" | "comms" | "evidence" => "note",
            _ => continue,
        };
        if entry.kind == "evidence.frozen" {
            continue;
        }
        let subject = entry.refs.iter().find(|it| it.role == "subject").map(|it| it.target.clone());
        let row = Some(entry.row.0.clone());
        marks.push(Mark { at: entry.occurred.at, kind, text: entry.text.clone(), row, subject });
    }
    marks
}

/// The middle of the longest stretch in which most fired; the end where nothing ever did.
pub fn worst_moment(noted: &[Noted], from: Moment, to: Moment) -> Moment {
    let mut standing = BTreeMap::new();
    let mut count = Count::default();
    let mut steps: Vec<(Moment, u32)> = Vec::new();
    for note in noted {
        step(&mut standing, &mut count, note);
        steps.push((note.at.max(from), count.weight()));
    }
    let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([to]);
    let stretches = steps.iter().zip(ends).map(|((at, weight), end)| (*weight, end - *at, *at));
    match stretches.max() {
        Some((weight, length, at)) if weight > 0 => at + length / 2,
        _ => to,
    }
}

#[cfg(test)]
mod tests {
    use broadstreet_core::resource::Labels;

    use super::*;

    fn at(second: i64) -> Moment {
        chrono::DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap_or_default()
    }

    fn note(second: i64, id: &str, transition: &str) -> Noted {
        let labels =
            Labels::from_iter([("severity".into(), "critical".into()), ("alertname".into(), "KubePodNotReady".into())]);
        let alert = Alert { id: id.into(), labels, ..Alert::default() };
        Noted {
            at: at(second),
            what: What::Alert { alert: Box::new(alert), case: None, transition: transition.into() },
        }
    }

    #[test]
    fn a_bin_counts_the_most_that_fired_at_any_instant_of_it() {
        let notes = [note(1, "a", "fired"), note(2, "b", "fired"), note(3, "a", "resolved"), note(12, "b", "resolved")];
        let bins = bins_of(&notes, Window { from: at(0), to: at(30) }, 3);
        let critical: Vec<u32> = bins.iter().map(|(_, count)| count.critical).collect();
        assert_eq!(critical, [2, 1, 0]);
    }

    #[test]
    fn what_no_segment_covers_is_a_gap() {
        let window = Window { from: at(0), to: at(100) };
        let spans = vec![Window { from: at(50), to: at(70) }, Window { from: at(10), to: at(49) }];
        assert_eq!(gaps_of(spans, window), [Window { from: at(0), to: at(10) }, Window { from: at(70), to: at(100) }]);
    }

    #[test]
    fn the_worst_moment_lies_where_most_fires() {
        let notes = [note(1, "a", "fired"), note(10, "b", "fired"), note(20, "a", "resolved")];
        assert_eq!(worst_moment(&notes, at(0), at(60)), at(15));
    }
}
