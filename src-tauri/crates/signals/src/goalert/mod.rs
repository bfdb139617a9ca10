//! `GoAlert` over GraphQL: its alerts' logs say who was paged at which step and who answered, its message log says what
//! became of each page.
//!
//! One document serves every question, because an API key of `GoAlert` is bound to one exact document. Its oddities,
//! seen on the real program, are noted where they matter.

mod attempts;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use broadstreet_core::pages::PageAttempt;
use broadstreet_core::ports::{Answer, Flow, Pager, PagerPoll, SignalError};
use broadstreet_core::time::{Moment, Window};
use chrono::{Duration, SecondsFormat};
use serde_json::{Value, json};

use crate::http::{Http, of_errors};
use crate::rarely::Rarely;
use wire::{Alert, Data, Message, Reply, Said, Status};

/// The document, as it must be entered for an API key.
const DOCUMENT: &str = include_str!("broadstreet.graphql");

/// Alerts asked for at once: every one costs several of the hundred internal calls a request may make.
const ALERTS: usize = 15;

/// Pages of alerts read at most per question.
const ALERT_PAGES: usize = 40;

/// Messages asked for at once; with 99 a request exceeds its hundred internal calls.
const MESSAGES: usize = 98;

/// Pages of messages read at most.
const MESSAGE_PAGES: usize = 60;

/// Histories asked for per poll at most.
const HISTORIES: usize = 20;

/// How far back every poll looks again at messages and at alerts that are no longer open: messages are sent late, and
/// the end of an alert shows minutes later.
const OVERLAP: Duration = Duration::minutes(15);

/// What was read so far.
#[derive(Clone, Default)]
struct ReadSoFar {
    /// From when on it was asked for.
    since: Option<Moment>,
    /// The newest time seen.
    newest: Option<Moment>,
    alerts: BTreeMap<i64, Alert>,
    messages: BTreeMap<String, Message>,
    gap: Option<Window>,
}

/// One `GoAlert`.
pub(crate) struct GoAlert {
    http: Http,
    read: Mutex<ReadSoFar>,
    on_call: Rarely<Vec<(String, u32, String)>>,
    /// Histories of failed messages that are final.
    histories: Mutex<BTreeMap<String, Vec<Status>>>,
}

/// Why a question was not answered.
enum Trouble {
    /// Not at all.
    Error(SignalError),
    /// More internal calls than one request may make.
    TooMuch(SignalError),
    /// The role of the key or user does not allow it.
    Denied,
}

impl Trouble {
    fn error(self, http: &Http) -> SignalError {
        match self {
            Self::Error(error) | Self::TooMuch(error) => error,
            Self::Denied => http.refused("access denied; the user or API key needs another role"),
        }
    }
}

impl GoAlert {
    /// Asks through `http`.
    pub fn new(http: Http) -> Self {
        Self { http, read: Mutex::default(), on_call: Rarely::default(), histories: Mutex::default() }
    }

    async fn poll_since(&self, since: Moment) -> Result<PagerPoll, SignalError> {
        let mut poll = PagerPoll::default();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let from = match read.newest {
            Some(newest) if read.since.is_some_and(|known| known <= since) => since.max(newest - OVERLAP),
            _ => since,
        };
        let (alerts, messages) = futures_util::join!(self.all_alerts(from), self.all_messages(from));
        let (alerts, warnings) = alerts?;
        poll.warnings = warnings;
        let may_read = match messages {
            Ok((messages, unread)) => {
                if let Some(to) = unread {
                    read.gap = Some(Window { from, to });
                }
                read.newest = read.newest.max(messages.iter().map(|message| message.created_at).max());
                read.messages.extend(messages.into_iter().map(|message| (message.id.clone(), message)));
                true
            }
            Err(Trouble::Denied) => {
                let why = "the message log is for administrators: what became of the pages is not known, and a first page that failed does not show at all";
                poll.warnings.push(why.to_owned());
                false
            }
            Err(trouble) => return Err(trouble.error(&self.http)),
        };
        read.newest = read.newest.max(alerts.values().filter_map(Alert::last_word).max());
        read.alerts.extend(alerts.clone());
        // An open alert is told at every poll; one that is over stays while anything of it is asked for.
        read.alerts.retain(|id, alert| alerts.contains_key(id) || alert.last_word().is_some_and(|at| at >= since));
        read.messages.retain(|_, message| message.updated_at.max(message.created_at) >= since);
        read.since = Some(read.since.map_or(since, |known| known.min(since)));
        if let Some(gap) = read.gap.filter(|gap| gap.to > since) {
            poll.warnings.push("more messages than can be read at once; older ones are not known".to_owned());
            poll.gaps.push(gap);
        }
        let messages: Vec<Message> = read.messages.values().cloned().collect();
        let histories = self.histories(&messages).await;
        poll.warnings.extend(read.alerts.values().filter_map(doubtful_end));
        poll.attempts = attempts::of(self.http.id(), &read.alerts, may_read.then_some(&messages), &histories);
        let latest = |attempt: &PageAttempt| attempt.acked_at.max(attempt.sent_at).max(attempt.queued_at);
        poll.attempts.retain(|attempt| latest(attempt).is_some_and(|at| at >= since));
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        match self.on_call().await {
            Ok(on_call) => poll.on_call = on_call,
            Err(trouble) => {
                let error = trouble.error(&self.http);
                poll.warnings.push(format!("who is on call is not known: {error}"));
            }
        }
        poll.source_time = self.http.source_time();
        Ok(poll)
    }

    /// Open alerts, those made since and those closed since, by id.
    async fn all_alerts(&self, since: Moment) -> Result<(BTreeMap<i64, Alert>, Vec<String>), SignalError> {
        let since = time(since);
        // `notClosedBefore` alone is not enough: it looks at metrics, which come two minutes after the end.
        let (open, new, closed) = futures_util::join!(
            self.alerts(json!({ "filterByStatus": ["StatusUnacknowledged", "StatusAcknowledged"] })),
            self.alerts(json!({ "notCreatedBefore": since })),
            self.alerts(json!({ "notClosedBefore": since })),
        );
        let mut alerts = BTreeMap::new();
        let mut warnings = BTreeSet::new();
        for read in [open, new, closed] {
            let (read, whole) = read.map_err(|trouble| trouble.error(&self.http))?;
            alerts.extend(read.into_iter().map(|alert| (alert.id, alert)));
            if !whole {
                warnings.insert("more alerts than can be read at once; some are missing".to_owned());
            }
        }
        Ok((alerts, warnings.into_iter().collect()))
    }

    /// The alerts a filter takes, and whether these are all.
    async fn alerts(&self, filter: Value) -> Result<(Vec<Alert>, bool), Trouble> {
        let (mut alerts, mut first, mut after) = (Vec::new(), ALERTS, String::new());
        let mut pages = 0;
        while pages < ALERT_PAGES {
            let mut input = filter.clone();
            // Sorted as it is by itself: sorted by date, the second page fails.
            input["first"] = json!(first);
            input["after"] = json!(after);
            let read = match self.ask("alerts", "alertsInput", input).await {
                Err(Trouble::TooMuch(_)) if first > 1 => {
                    first = first.div_ceil(4);
                    continue;
                }
                read => read?.alerts,
            };
            let Some(read) = read else { return Err(self.without("alerts")) };
            alerts.extend(read.nodes);
            // `endCursor` is set on the last page, too.
            match read.page_info.end_cursor.filter(|_| read.page_info.has_next_page) {
                Some(cursor) if cursor != after => after = cursor,
                _ => return Ok((alerts, true)),
            }
            pages += 1;
        }
        Ok((alerts, false))
    }

    /// The messages since, newest first, and before when there are more.
    async fn all_messages(&self, since: Moment) -> Result<(Vec<Message>, Option<Moment>), Trouble> {
        let mut messages: Vec<Message> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut before: Option<Moment> = None;
        for _ in 0..MESSAGE_PAGES {
            // The cursor loses rows and repeats others; time does not.
            let mut input = json!({ "first": MESSAGES, "createdAfter": time(since) });
            if let Some(before) = before {
                input["createdBefore"] = json!(time(before));
            }
            let read = self.ask("messages", "messagesInput", input).await?.message_logs;
            let Some(read) = read else { return Err(self.without("messageLogs")) };
            let (full, oldest) = (read.nodes.len() >= MESSAGES, read.nodes.iter().map(|one| one.created_at).min());
            let known = seen.len();
            messages.extend(read.nodes.into_iter().filter(|message| seen.insert(message.id.clone())));
            match oldest {
                // Messages made in the same microsecond as the oldest may stand on the next page.
                Some(oldest) if full && seen.len() > known => before = Some(oldest + Duration::microseconds(1)),
                Some(oldest) if full => return Ok((messages, Some(oldest))),
                _ => return Ok((messages, None)),
            }
        }
        Ok((messages, before))
    }

    /// The histories of failed messages: the log calls the first failure permanent while more tries follow.
    async fn histories(&self, messages: &[Message]) -> BTreeMap<String, Vec<Status>> {
        let mut histories = self.final_histories().clone();
        let failed = messages.iter().filter(|message| message.status.starts_with("Failed"));
        let unknown: Vec<&Message> =
            failed.filter(|message| !histories.contains_key(&message.id)).take(HISTORIES).collect();
        for message in unknown {
            let variables = variables("history", "historyID", json!(message.id));
            let Ok(Data { message_status_history: Some(history), .. }) = self.send(variables).await else { continue };
            if wire::is_final(&history) {
                self.final_histories().insert(message.id.clone(), history.clone());
            }
            histories.insert(message.id.clone(), history);
        }
        histories
    }

    async fn on_call(&self) -> Result<Vec<(String, u32, String)>, Trouble> {
        if let Some(known) = self.on_call.known() {
            return Ok(known);
        }
        let (mut on_call, mut after) = (BTreeSet::new(), String::new());
        for _ in 0..ALERT_PAGES {
            let input = json!({ "first": 20, "after": after });
            let read = self.ask("services", "servicesInput", input).await?.services;
            let Some(read) = read else { return Err(self.without("services")) };
            for service in read.nodes {
                let policy = service.escalation_policy.unwrap_or_default().name;
                // Counted from 0 here, from 1 in every text.
                on_call.extend(
                    service.on_call_users.into_iter().map(|one| (policy.clone(), one.step_number + 1, one.user_name)),
                );
            }
            match read.page_info.end_cursor.filter(|_| read.page_info.has_next_page) {
                Some(cursor) if cursor != after => after = cursor,
                _ => break,
            }
        }
        let on_call: Vec<_> = on_call.into_iter().collect();
        self.on_call.keep(on_call.clone());
        Ok(on_call)
    }

    fn final_histories(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Status>>> {
        self.histories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn without(&self, field: &str) -> Trouble {
        Trouble::Error(self.http.bad_answer(format!("GoAlert's answer has no `{field}`")))
    }

    async fn ask(&self, part: &str, input: &str, value: Value) -> Result<Data, Trouble> {
        self.send(variables(part, input, value)).await
    }

    async fn send(&self, variables: Value) -> Result<Data, Trouble> {
        let body = json!({ "query": DOCUMENT, "variables": variables }).to_string();
        let reply = self.http.post("/api/graphql", &[], body.as_bytes()).await.map_err(|fault| {
            Trouble::Error(match (fault.status, &fault.error) {
                // A token it cannot even read is a bad request to GoAlert.
                (Some(400), SignalError::BadAnswer { why, .. }) if !why.contains("GRAPHQL") => self.http.refused(why),
                _ => fault.error,
            })
        })?;
        let read: Reply = self.http.read(&reply.body, "GoAlert's answer").map_err(Trouble::Error)?;
        if let Some(words) = of_errors(&read.errors) {
            if words.contains("access denied") {
                return Err(Trouble::Denied);
            }
            if words.contains("call limit") {
                return Err(Trouble::TooMuch(self.http.bad_answer(words)));
            }
            if words.contains("wrong query for API key") {
                let why = format!(
                    "{words}; make the key with Broadstreet's own document (broadstreet.graphql), or use a session token"
                );
                return Err(Trouble::Error(self.http.refused(&why)));
            }
            return Err(Trouble::Error(self.http.bad_answer(words)));
        }
        read.data.ok_or_else(|| self.without("data"))
    }
}

impl Pager for GoAlert {
    fn poll(&self, since: Moment) -> Answer<'_, Result<PagerPoll, SignalError>> {
        Box::pin(self.poll_since(since))
    }

    fn stream(&self) -> Answer<'_, Result<Flow<Vec<PageAttempt>>, SignalError>> {
        // GoAlert has no stream that a desktop could reach.
        Box::pin(async { Ok(Box::pin(futures_util::stream::pending()) as Flow<Vec<PageAttempt>>) })
    }
}

/// The variables of the document with one part switched on.
fn variables(part: &str, input: &str, value: Value) -> Value {
    let mut variables = json!({
        "alerts": false, "alertsInput": null, "messages": false, "messagesInput": null,
        "services": false, "servicesInput": null, "history": false, "historyID": "",
    });
    variables[part] = json!(true);
    variables[input] = value;
    variables
}

fn time(moment: Moment) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// `GoAlert` merges alerts with the same summary, so the end of one of them closes all.
fn doubtful_end(alert: &Alert) -> Option<String> {
    let events = alert.recent_events.iter().flat_map(|events| &events.nodes);
    let (mut merged, mut closed) = (false, false);
    for event in events {
        match event.said() {
            Said::Duplicate => merged = true,
            Said::Closed { by_integration: true } => closed = true,
            _ => {}
        }
    }
    (merged && closed).then(|| {
        format!(
            "alert {} ({}) was closed by an integration after others were merged into it; one of them may still fire",
            alert.id, alert.summary
        )
    })
}
