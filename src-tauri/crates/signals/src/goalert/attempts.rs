//! Page attempts from alerts' logs and the message log.

use std::collections::BTreeMap;

use broadstreet_core::id::SourceId;
use broadstreet_core::pages::{DeliveryState, PageAttempt, PageTarget};
use broadstreet_core::time::Moment;
use chrono::Duration;

use super::wire::{Alert, Event, Message, Said, Status, is_final};
use crate::paging::{self, Answered, never_told, redacted};

/// Puts everything together. `messages` is `None` where the log may not be read.
pub(super) fn of(
    source: &SourceId,
    alerts: &BTreeMap<i64, Alert>,
    messages: Option<&Vec<Message>>,
    histories: &BTreeMap<String, Vec<Status>>,
) -> Vec<PageAttempt> {
    let by_id: BTreeMap<&str, &Message> = messages.into_iter().flatten().map(|one| (one.id.as_str(), one)).collect();
    let mut found = Vec::new();
    for alert in alerts.values() {
        let mut pages: BTreeMap<String, PageAttempt> = BTreeMap::new();
        let events = events(alert);
        for (event, said) in &events {
            let Said::Notified { name, channel } = said else { continue };
            let message_id = event.message_id.as_deref().filter(|id| !id.is_empty());
            let message = message_id.and_then(|id| by_id.get(id).copied());
            let mut page = page(source, alert, &events, message.map_or(event.timestamp, |message| message.created_at));
            page.source_id = format!("{}/{}", message_id.map_or_else(|| event.id.to_string(), str::to_owned), alert.id);
            page.channel.clone_from(channel);
            page.target = PageTarget { kind: "person".to_owned(), id: String::new(), name: name.clone() };
            if let Some(message) = message {
                add_message(&mut page, message, histories);
            } else {
                page.sent_at = Some(event.timestamp);
                page.never_told = never_told(&["queued_at", "delivered_at", "error", "address_redacted"]);
            }
            pages.insert(page.source_id.clone(), page);
        }
        // A first page that failed, and whatever is still on its way, stand in the message log alone.
        let channel = pages.values().map(|page| page.channel.clone()).next();
        for message in by_id.values().filter(|message| message.alert_id == Some(alert.id)) {
            let id = format!("{}/{}", message.id, alert.id);
            if pages.contains_key(&id) {
                continue;
            }
            let mut page = page(source, alert, &events, message.created_at);
            page.source_id.clone_from(&id);
            if message.kind == "Status Update" {
                update_reason(&events, message.created_at).clone_into(&mut page.reason);
                page.channel = channel.clone().unwrap_or_default();
            }
            add_message(&mut page, message, histories);
            pages.insert(id, page);
        }
        let mut pages: Vec<PageAttempt> = pages.into_values().collect();
        pages.sort_by_key(paging::went_out);
        for (event, said) in &events {
            if let Said::Acknowledged { name, via } = said {
                let (subject, at) = (alert.id.to_string(), event.timestamp);
                let answered = Answered { subject, at, id: String::new(), name: name.clone(), via: via.clone() };
                paging::answer(&mut pages, &answered, &|_, _, _| false);
            }
        }
        paging::escalate(&mut pages, &|_, _, _| false);
        found.append(&mut pages);
    }
    let bundles: Vec<PageAttempt> = by_id
        .values()
        .filter(|message| message.kind == "Alert Bundle")
        .map(|message| bundle(source, message, &found, histories))
        .collect();
    found.extend(bundles);
    found.sort_by(|one, other| {
        paging::went_out(one).cmp(&paging::went_out(other)).then_with(|| one.source_id.cmp(&other.source_id))
    });
    found
}

/// An alert's log, oldest first: it comes newest first, and equal times are told apart by the id.
fn events(alert: &Alert) -> Vec<(&Event, Said)> {
    let nodes = alert.recent_events.iter().flat_map(|events| &events.nodes);
    let mut events: Vec<(&Event, Said)> = nodes.map(|event| (event, event.said())).collect();
    events.sort_by_key(|(event, _)| event.id);
    events
}

/// A page about an alert that was made at `at`, without what the message log tells.
fn page(source: &SourceId, alert: &Alert, events: &[(&Event, Said)], at: Moment) -> PageAttempt {
    // The engine writes the escalation before it makes the messages; a second covers both clocks.
    let until = at + Duration::seconds(1);
    let escalated = events.iter().rev().find_map(|(event, said)| match said {
        Said::Escalated { step, by_hand, again } if event.timestamp <= until => Some((*step, *by_hand, *again)),
        _ => None,
    });
    let reason = match escalated {
        Some((_, true, _)) => "manual",
        Some((1, _, false)) => "trigger",
        Some(_) => "escalate",
        None => "",
    };
    let policy = alert.service.as_ref().and_then(|service| service.escalation_policy.as_ref());
    PageAttempt {
        source: source.clone(),
        subject_id: alert.id.to_string(),
        subject: alert.summary.clone(),
        labels: alert.labels(),
        policy: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
        step: escalated.map(|(step, ..)| step),
        reason: reason.to_owned(),
        delivery: DeliveryState::Sent,
        ..PageAttempt::default()
    }
}

fn add_message(page: &mut PageAttempt, message: &Message, histories: &BTreeMap<String, Vec<Status>>) {
    page.target = target(message);
    page.queued_at = Some(message.created_at);
    page.sent_at = message.sent_at;
    page.address_redacted = redacted(&message.destination);
    if message.kind == "Alert Bundle" {
        page.delivery = DeliveryState::Bundled;
        page.bundled_into.clone_from(&message.id);
    } else {
        (page.delivery, page.error) = fate(message, histories);
    }
    if matches!(page.delivery, DeliveryState::Delivered | DeliveryState::Read) {
        page.delivered_at = Some(message.updated_at);
    }
    if page.channel == "webhook" {
        // Nobody confirms a webhook; even an error as its answer counts as sent.
        page.never_told = never_told(&["delivered_at"]);
    }
}

fn target(message: &Message) -> PageTarget {
    match (&message.user_id, &message.user_name) {
        (Some(id), name) if !id.is_empty() => {
            PageTarget { kind: "person".to_owned(), id: id.clone(), name: name.clone().unwrap_or_else(|| id.clone()) }
        }
        _ => PageTarget { kind: "channel".to_owned(), id: String::new(), name: redacted(&message.destination) },
    }
}

/// What became of a message. `Failed (permanent)` is written at the first failure already; the history knows better.
fn fate(message: &Message, histories: &BTreeMap<String, Vec<Status>>) -> (DeliveryState, String) {
    let (word, why) = match message.status.split_once(": ") {
        Some((word, why)) => (word, why.to_owned()),
        None => (message.status.as_str(), String::new()),
    };
    let state = match word {
        "Pending" => DeliveryState::Pending,
        "Sending" => DeliveryState::Sending,
        "Sent" => DeliveryState::Sent,
        "Delivered" => DeliveryState::Delivered,
        "Read" => DeliveryState::Read,
        "Bundled" => DeliveryState::Bundled,
        word if word.starts_with("Failed (temporary)") => DeliveryState::FailedTemporarily,
        word if word.starts_with("Failed") => match histories.get(&message.id) {
            Some(history) if !is_final(history) => DeliveryState::FailedTemporarily,
            _ => DeliveryState::FailedPermanently,
        },
        _ => DeliveryState::Unknown,
    };
    (state, why)
}

/// Why a status update was sent: after an end or after an acknowledgement.
fn update_reason(events: &[(&Event, Said)], at: Moment) -> &'static str {
    let before = events.iter().rev().filter(|(event, _)| event.timestamp <= at + Duration::seconds(1));
    let last = before.filter_map(|(_, said)| match said {
        Said::Closed { .. } => Some("recovery"),
        Said::Acknowledged { .. } => Some("acknowledgement"),
        Said::Escalated { .. } => Some("escalate"),
        _ => None,
    });
    last.take(1).next().unwrap_or("")
}

/// One message that carried several pages; answered when one of them was, by the same person.
fn bundle(
    source: &SourceId,
    message: &Message,
    pages: &[PageAttempt],
    histories: &BTreeMap<String, Vec<Status>>,
) -> PageAttempt {
    let inside: Vec<&PageAttempt> = pages.iter().filter(|page| page.bundled_into == message.id).collect();
    let (delivery, error) = fate(message, histories);
    let answered = inside.iter().filter(|page| page.acked_at.is_some()).min_by_key(|page| page.acked_at);
    let first = inside.first();
    let of = message.service_name.as_deref().filter(|name| !name.is_empty());
    PageAttempt {
        source: source.clone(),
        source_id: message.id.clone(),
        subject_id: format!("bundle {}", message.id),
        subject: of.map_or("several alerts at once".to_owned(), |name| format!("several alerts of {name} at once")),
        target: target(message),
        policy: first.map(|page| page.policy.clone()).unwrap_or_default(),
        step: first.and_then(|page| page.step).filter(|step| inside.iter().all(|page| page.step == Some(*step))),
        reason: first.map(|page| page.reason.clone()).unwrap_or_default(),
        channel: first.map(|page| page.channel.clone()).unwrap_or_default(),
        address_redacted: redacted(&message.destination),
        queued_at: Some(message.created_at),
        sent_at: message.sent_at,
        delivered_at: matches!(delivery, DeliveryState::Delivered | DeliveryState::Read).then_some(message.updated_at),
        delivery,
        error,
        acked_at: answered.and_then(|page| page.acked_at),
        acked_by: answered.map(|page| page.acked_by.clone()).unwrap_or_default(),
        ack_via: answered.map(|page| page.ack_via.clone()).unwrap_or_default(),
        never_told: first.map(|page| page.never_told.clone()).unwrap_or_default(),
        ..PageAttempt::default()
    }
}
