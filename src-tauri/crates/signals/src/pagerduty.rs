//! `PagerDuty`'s REST API v2: the log of every incident, notifications with their channel, and who is on call.
//!
//! Its schema contradicts itself in places: two names for an acknowledgement, a property without a name, fields that
//! are references or whole objects. Everything but an entry's id, type and time is therefore optional here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use broadstreet_core::id::SourceId;
use broadstreet_core::pages::{DeliveryState, PageAttempt, PageTarget};
use broadstreet_core::ports::{Answer, Flow, Pager, PagerPoll, SignalError};
use broadstreet_core::time::{Moment, Window};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::http::Http;
use crate::paging::{self, Answered, never_told, redacted};
use crate::rarely::Rarely;

/// Entries on a page; more are refused.
const PAGE: usize = 100;

/// Offset plus limit may not be larger.
const REACH: usize = 10_000;

/// How far back every poll looks again: what becomes of a notification is written into its entry later.
const OVERLAP: Duration = Duration::minutes(15);

/// One account.
pub(crate) struct PagerDuty {
    http: Http,
    read: Mutex<ReadLog>,
    on_call: Rarely<Vec<(String, u32, String)>>,
}

/// The part of the log that was read so far.
#[derive(Clone, Default)]
struct ReadLog {
    /// From when on it was asked for.
    since: Option<Moment>,
    entries: BTreeMap<String, Entry>,
    gap: Option<Window>,
}

impl PagerDuty {
    /// Asks through `http`.
    pub fn new(http: Http) -> Self {
        Self { http, read: Mutex::default(), on_call: Rarely::default() }
    }

    async fn ask(&self, since: Moment) -> Result<PagerPoll, SignalError> {
        let mut poll = PagerPoll { version: "REST v2".to_owned(), ..PagerPoll::default() };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let newest = read.entries.values().map(|entry| entry.created_at).max();
        let from = match newest {
            Some(newest) if read.since.is_some_and(|known| known <= since) => since.max(newest - OVERLAP),
            _ => since,
        };
        self.read_log(from, &mut read, &mut poll).await?;
        read.since = Some(read.since.map_or(since, |known| known.min(since)));
        read.entries.retain(|_, entry| entry.created_at >= since);
        let mut entries: Vec<&Entry> = read.entries.values().collect();
        entries.sort_by(|one, other| one.created_at.cmp(&other.created_at).then_with(|| one.id.cmp(&other.id)));
        poll.attempts = attempts(self.http.id(), &entries);
        if let Some(gap) = read.gap.filter(|gap| gap.to > since) {
            let why = format!(
                "PagerDuty answers {REACH} log entries at most; what happened before the oldest of them is not known"
            );
            poll.warnings.push(why);
            poll.gaps.push(gap);
        }
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        match self.on_call().await {
            Ok(on_call) => poll.on_call = on_call,
            Err(error) => poll.warnings.push(format!("who is on call is not known: {error}")),
        }
        poll.source_time = self.http.source_time();
        Ok(poll)
    }

    /// Adds the log since `since`, which is answered newest first.
    async fn read_log(&self, since: Moment, read: &mut ReadLog, poll: &mut PagerPoll) -> Result<(), SignalError> {
        let mut oldest = None;
        for offset in (0..REACH).step_by(PAGE) {
            let query = [
                ("since", since.to_rfc3339_opts(SecondsFormat::Secs, true)),
                ("is_overview", "false".to_owned()),
                ("include[]", "channels".to_owned()),
                ("include[]", "incidents".to_owned()),
                ("limit", PAGE.to_string()),
                ("offset", offset.to_string()),
            ];
            let page: Log = self.http.json("/log_entries", &query, "PagerDuty's log entries").await?;
            for row in page.log_entries {
                match serde_json::from_value::<Entry>(row) {
                    // By id, as new entries push old ones onto the next page while it is read.
                    Ok(entry) => {
                        oldest = Some(oldest.map_or(entry.created_at, |known: Moment| known.min(entry.created_at)));
                        read.entries.insert(entry.id.clone(), entry);
                    }
                    Err(error) => poll.warnings.push(self.http.shown(&format!("a log entry was skipped: {error}"))),
                }
            }
            if !page.more {
                return Ok(());
            }
        }
        if let Some(to) = oldest.filter(|oldest| *oldest > since) {
            read.gap = Some(Window { from: since, to });
        }
        Ok(())
    }

    async fn on_call(&self) -> Result<Vec<(String, u32, String)>, SignalError> {
        if let Some(known) = self.on_call.known() {
            return Ok(known);
        }
        let mut read = BTreeSet::new();
        for offset in (0..REACH).step_by(PAGE) {
            let query = [("earliest", "true".to_owned()), ("limit", PAGE.to_string()), ("offset", offset.to_string())];
            let page: OnCalls = self.http.json("/oncalls", &query, "PagerDuty's on-calls").await?;
            for one in page.oncalls {
                let (Some(policy), Some(user)) = (one.escalation_policy, one.user) else { continue };
                read.insert((policy.name().to_owned(), one.escalation_level.unwrap_or(1), user.name().to_owned()));
            }
            if !page.more {
                break;
            }
        }
        let on_call: Vec<_> = read.into_iter().collect();
        self.on_call.keep(on_call.clone());
        Ok(on_call)
    }
}

impl Pager for PagerDuty {
    fn poll(&self, since: Moment) -> Answer<'_, Result<PagerPoll, SignalError>> {
        Box::pin(self.ask(since))
    }

    fn stream(&self) -> Answer<'_, Result<Flow<Vec<PageAttempt>>, SignalError>> {
        // Webhooks need a public address, which a desktop has not: there is nothing to listen to.
        Box::pin(async { Ok(Box::pin(futures_util::stream::pending()) as Flow<Vec<PageAttempt>>) })
    }
}

/// Puts the log, oldest first, into page attempts.
fn attempts(source: &SourceId, entries: &[&Entry]) -> Vec<PageAttempt> {
    let mut incidents: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        incidents.entry(entry.incident.as_ref().map_or("", |incident| incident.id.as_str())).or_default().push(entry);
    }
    let mut attempts: Vec<PageAttempt> = Vec::new();
    for (id, entries) in incidents {
        let mut pages: Vec<PageAttempt> = Vec::new();
        let mut answers = Vec::new();
        let mut reason = "";
        for entry in entries {
            let by_person = entry.agent.as_ref().is_some_and(|agent| agent.kind.starts_with("user"));
            match entry.kind() {
                "trigger" => reason = "trigger",
                "escalate" | "repeat_escalation_path" => {
                    reason = if by_person { "manual" } else { "escalate" };
                    let to: Vec<String> = entry.assignees.iter().map(|one| one.name().to_owned()).collect();
                    for page in pages.iter_mut().filter(|page| page.escalated_to.is_empty()) {
                        page.escalated_to = to.iter().filter(|name| **name != page.target.name).cloned().collect();
                    }
                }
                "assign" | "delegate" if by_person => reason = "manual",
                "unacknowledge" | "reach_ack_limit" => reason = "ack_timeout",
                "notify" => pages.push(page(source, id, entry, reason)),
                // The schema names it both ways.
                "acknowledge" | "acknowledgement" => {
                    let agent = entry.agent.as_ref();
                    answers.push(Answered {
                        subject: id.to_owned(),
                        at: entry.created_at,
                        id: agent.map(|agent| agent.id.clone()).unwrap_or_default(),
                        name: agent.map(|agent| agent.name().to_owned()).unwrap_or_default(),
                        via: entry.channel.as_ref().map(|channel| medium(&channel.kind)).unwrap_or_default(),
                    });
                }
                _ => {}
            }
        }
        for answered in &answers {
            paging::answer(&mut pages, answered, &|_, _, _| false);
        }
        attempts.append(&mut pages);
    }
    attempts.sort_by(|one, other| one.sent_at.cmp(&other.sent_at).then_with(|| one.source_id.cmp(&other.source_id)));
    attempts
}

fn page(source: &SourceId, incident: &str, entry: &Entry, reason: &str) -> PageAttempt {
    let told = entry.channel.as_ref().and_then(|channel| channel.notification.as_ref());
    let status = told.and_then(|told| told.status.as_deref()).unwrap_or_default();
    let about = entry.incident.as_ref();
    let delivery = delivery(status);
    let failed = delivery == DeliveryState::FailedPermanently;
    PageAttempt {
        source: source.clone(),
        source_id: entry.id.clone(),
        subject_id: incident.to_owned(),
        subject: about.map(|about| about.title.as_deref().unwrap_or(about.name()).to_owned()).unwrap_or_default(),
        target: match &entry.user {
            Some(user) => PageTarget { kind: "person".to_owned(), id: user.id.clone(), name: user.name().to_owned() },
            None => PageTarget { kind: "person".to_owned(), id: String::new(), name: "not told".to_owned() },
        },
        policy: about
            .and_then(|about| about.escalation_policy.as_ref())
            .map(|policy| policy.name().to_owned())
            .unwrap_or_default(),
        reason: reason.to_owned(),
        channel: told.map(|told| medium(&told.kind)).unwrap_or_default(),
        address_redacted: told.and_then(|told| told.address.as_deref()).map(redacted).unwrap_or_default(),
        sent_at: Some(told.and_then(|told| told.started_at).unwrap_or(entry.created_at)),
        delivery,
        error: if failed { status.to_owned() } else { String::new() },
        never_told: never_told(&["step", "queued_at", "delivered_at"]),
        ..PageAttempt::default()
    }
}

fn delivery(status: &str) -> DeliveryState {
    match status.to_ascii_lowercase().as_str() {
        "" => DeliveryState::Unknown,
        "in_progress" | "sending" | "started" => DeliveryState::Sending,
        "queued" | "pending" => DeliveryState::Pending,
        "success" | "sent" | "completed" => DeliveryState::Sent,
        "delivered" | "answered" => DeliveryState::Delivered,
        text if ["fail", "error", "bounce", "blocked", "undeliver", "invalid", "no_answer", "busy"]
            .iter()
            .any(|word| text.contains(word)) =>
        {
            DeliveryState::FailedPermanently
        }
        _ => DeliveryState::Unknown,
    }
}

/// `PagerDuty`'s words for a channel in ours.
fn medium(kind: &str) -> String {
    let kind = kind.trim_end_matches("_notification");
    match kind {
        "phone" => "voice",
        "website" | "web_ui" | "web_trigger" => "web",
        "mobile" | "push" => "push",
        other => other,
    }
    .to_owned()
}

#[derive(Deserialize)]
struct Log {
    log_entries: Vec<Value>,
    #[serde(default)]
    more: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Entry {
    id: String,
    #[serde(rename = "type")]
    full_kind: String,
    created_at: DateTime<Utc>,
    #[serde(default)]
    agent: Option<Named>,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    incident: Option<Incident>,
    #[serde(default)]
    user: Option<Named>,
    #[serde(default)]
    assignees: Vec<Named>,
}

impl Entry {
    /// `notify` of `notify_log_entry` or `notify_log_entry_reference`.
    fn kind(&self) -> &str {
        self.full_kind.trim_end_matches("_reference").trim_end_matches("_log_entry")
    }
}

/// A reference or the object itself.
#[derive(Clone, Debug, Deserialize)]
struct Named {
    #[serde(default)]
    id: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

impl Named {
    fn name(&self) -> &str {
        self.summary.as_deref().or(self.name.as_deref()).unwrap_or(&self.id)
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Incident {
    #[serde(default)]
    id: String,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    escalation_policy: Option<Named>,
}

impl Incident {
    fn name(&self) -> &str {
        self.summary.as_deref().unwrap_or(&self.id)
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Channel {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    notification: Option<Notification>,
}

#[derive(Clone, Debug, Deserialize)]
struct Notification {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    started_at: Option<DateTime<Utc>>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct OnCalls {
    oncalls: Vec<OnCall>,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
struct OnCall {
    #[serde(default)]
    user: Option<Named>,
    #[serde(default)]
    escalation_policy: Option<Named>,
    #[serde(default)]
    escalation_level: Option<u32>,
}
