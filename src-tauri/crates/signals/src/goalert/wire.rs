//! What `GoAlert` answers, and the texts of its log read back into what happened.

use broadstreet_core::resource::Labels;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    #[serde(default)]
    pub data: Option<Data>,
    #[serde(default)]
    pub errors: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Data {
    pub alerts: Option<Nodes<Alert>>,
    pub message_logs: Option<Nodes<Message>>,
    pub services: Option<Nodes<Service>>,
    pub message_status_history: Option<Vec<Status>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Nodes<T> {
    pub nodes: Vec<T>,
    #[serde(default)]
    pub page_info: PageInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageInfo {
    pub end_cursor: Option<String>,
    pub has_next_page: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    #[serde(rename = "alertID")]
    pub id: i64,
    pub summary: String,
    #[serde(default)]
    pub details: String,
    #[serde(default)]
    pub service: Option<Service>,
    #[serde(default)]
    pub recent_events: Option<Events>,
    #[serde(default)]
    pub meta: Option<Vec<Meta>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Events {
    pub nodes: Vec<Event>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub id: i64,
    pub timestamp: DateTime<Utc>,
    pub message: String,
    #[serde(rename = "messageID", default)]
    pub message_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Meta {
    pub key: String,
    pub value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Service {
    pub escalation_policy: Option<Policy>,
    pub on_call_users: Vec<OnCall>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Policy {
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OnCall {
    pub user_name: String,
    pub step_number: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub id: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    #[serde(rename = "userID", default)]
    pub user_id: Option<String>,
    #[serde(default)]
    pub user_name: Option<String>,
    #[serde(default)]
    pub destination: String,
    #[serde(default)]
    pub service_name: Option<String>,
    #[serde(rename = "alertID", default)]
    pub alert_id: Option<i64>,
    #[serde(default)]
    pub sent_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Status {
    pub status: String,
    pub timestamp: DateTime<Utc>,
}

/// Whether a failure is the last word: a retry is written as `pending` at the very time of the failure before it.
pub(super) fn is_final(history: &[Status]) -> bool {
    let newest = history.iter().map(|one| one.timestamp).max();
    history.iter().filter(|one| Some(one.timestamp) == newest).all(|one| one.status == "failed")
}

/// What a line of an alert's log says. It has no type of its own, only words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `Escalated to step #2 automatically after 1 minutes`: the step, whether by hand, whether as a repetition.
    Escalated { step: u32, by_hand: bool, again: bool },
    /// `Notification sent to Alice Example (Webhook)`.
    Notified { name: String, channel: String },
    /// `Acknowledged by Bob Example (Web)`; by an API key it names nobody.
    Acknowledged { name: String, via: String },
    /// `Closed via lab alertmanager integration`; whether an integration did it.
    Closed { by_integration: bool },
    /// `Suppressed duplicate: …`.
    Duplicate,
    /// Anything else.
    Other,
}

impl Event {
    /// Reads the words.
    pub fn said(&self) -> Said {
        let text = self.message.trim();
        if let Some(rest) = text.strip_prefix("Escalated to step #") {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let Ok(step) = digits.parse() else { return Said::Other };
            return Said::Escalated {
                step,
                by_hand: rest.contains("manual escalation"),
                again: rest.contains("(policy repeat)"),
            };
        }
        if let Some(rest) = text.strip_prefix("Notification sent to ") {
            let (name, channel) = in_brackets(rest);
            return Said::Notified { name, channel: channel.to_ascii_lowercase() };
        }
        if let Some(rest) = text.strip_prefix("Acknowledged") {
            let (name, via) = rest.trim().strip_prefix("by ").map(in_brackets).unwrap_or_default();
            let key = rest.trim().strip_prefix("via ").unwrap_or_default().trim_end_matches(" integration");
            let via = if via.is_empty() { key.to_owned() } else { via.to_ascii_lowercase() };
            return Said::Acknowledged { name, via };
        }
        if let Some(rest) = text.strip_prefix("Closed") {
            return Said::Closed { by_integration: rest.trim().starts_with("via ") };
        }
        if text.starts_with("Suppressed duplicate") { Said::Duplicate } else { Said::Other }
    }
}

/// `NAME (WORD)` taken apart; names may hold brackets themselves.
fn in_brackets(text: &str) -> (String, String) {
    match text.trim().strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        Some((name, word)) => (name.to_owned(), word.to_owned()),
        None => (text.trim().to_owned(), String::new()),
    }
}

impl Alert {
    /// The time of the newest line of its log.
    pub fn last_word(&self) -> Option<DateTime<Utc>> {
        self.recent_events.iter().flat_map(|events| &events.nodes).map(|event| event.timestamp).max()
    }

    /// The labels: as metadata, else as the webhook's JSON inside the details, which may be cut off.
    pub fn labels(&self) -> Labels {
        if let Some(meta) = self.meta.as_ref().filter(|meta| !meta.is_empty()) {
            return meta.iter().map(|one| (one.key.as_str().into(), one.value.as_str().into())).collect();
        }
        // An alert stands for a whole group; what all of it shares is true of each.
        object_after(&self.details, "\"commonLabels\":")
            .filter(|labels| !labels.is_empty())
            .or_else(|| object_after(&self.details, "\"labels\":"))
            .unwrap_or_default()
    }
}

/// The first object of texts after a key, in JSON whose end may be missing.
fn object_after(text: &str, key: &str) -> Option<Labels> {
    let from = text.find(key)? + key.len();
    serde_json::Deserializer::from_str(text.get(from..)?).into_iter::<Labels>().next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> Said {
        Event { id: 1, timestamp: DateTime::UNIX_EPOCH, message: message.to_owned(), message_id: None }.said()
    }

    fn acknowledged(name: &str, via: &str) -> Said {
        Said::Acknowledged { name: name.to_owned(), via: via.to_owned() }
    }

    #[test]
    fn every_line_goalert_writes_is_understood() {
        let escalated = |step, by_hand, again| Said::Escalated { step, by_hand, again };
        assert_eq!(said("Escalated to step #1"), escalated(1, false, false));
        assert_eq!(said("Escalated to step #12 automatically after 3 minutes"), escalated(12, false, false));
        assert_eq!(
            said("Escalated to step #1 (policy repeat) automatically after 1 minutes"),
            escalated(1, false, true)
        );
        assert_eq!(said("Escalated to step #2 due to manual escalation"), escalated(2, true, false));
        assert_eq!(said("Acknowledged by Bob Example (Web)"), acknowledged("Bob Example", "web"));
        assert_eq!(said("Acknowledged by Bob (the second) (SMS)"), acknowledged("Bob (the second)", "sms"));
        assert_eq!(said("Acknowledged"), acknowledged("", ""));
        assert_eq!(said("Acknowledged via lab key integration"), acknowledged("", "lab key"));
        let notified = Said::Notified { name: "Alice Example".to_owned(), channel: "webhook".to_owned() };
        assert_eq!(said("Notification sent to Alice Example (Webhook)"), notified);
        assert_eq!(said("Closed via lab alertmanager integration"), Said::Closed { by_integration: true });
        assert_eq!(said("Closed by Alice Example (Web)"), Said::Closed { by_integration: false });
        assert_eq!(said("Suppressed duplicate: created via lab alertmanager integration"), Said::Duplicate);
        for other in
            ["Created by admin (Web)", "No notification sent to Dave (no immediate rule)", "Escalated to step #", ""]
        {
            assert_eq!(said(other), Said::Other, "{other}");
        }
    }

    #[test]
    fn labels_are_found_in_details_that_are_cut_off() {
        let alert = |details: &str| Alert {
            id: 1,
            summary: String::new(),
            details: details.to_owned(),
            service: None,
            recent_events: None,
            meta: None,
        };
        let cut =
            "text\n```json\n{\"alerts\":[{\"labels\": {\"a\": \"1\", \"b\": \"x\\\"y\"}, \"annotations\": {\"c\": \"d";
        let labels = alert(cut).labels();
        assert_eq!(
            (labels.get("a").map(|it| it.as_str()), labels.get("b").map(|it| it.as_str()), labels.len()),
            (Some("1"), Some("x\"y"), 2)
        );
        assert!(alert("{\"labels\": {\"a\": \"1").labels().is_empty());
        assert!(alert("no labels at all").labels().is_empty());
        let whole = "{\"alerts\":[{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}],\"commonLabels\":{\"a\":\"1\"}}";
        assert_eq!(alert(whole).labels().len(), 1);
    }
}
