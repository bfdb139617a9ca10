//! Alerts from a file, and the document the command line answers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::ladder::all;
use super::{Address, Alert, AlertState, Proof, alert_id};
use crate::id::SourceId;
use crate::resource::Labels;
use crate::time::Moment;
use crate::world::World;

/// A file that holds no alerts one could read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not alerts of Alertmanager or Prometheus: {why}")]
pub struct BadAlerts {
    /// What is wrong, with the number of the alert.
    pub why: String,
}

pub(super) fn bad(why: impl Into<String>) -> BadAlerts {
    BadAlerts { why: why.into() }
}

/// Reads the answer of Alertmanager's `/api/v2/alerts` (or a webhook it sent), of Prometheus' `/api/v1/alerts` or of its
/// `/api/v1/rules` (the alerts of its alerting rules), ordered by id; of two alerts with the same labels the first is taken.
///
/// # Errors
/// Where the bytes are no JSON, have another shape, or an alert's labels are not texts.
pub fn parse_file(bytes: &[u8]) -> Result<Vec<Alert>, BadAlerts> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    if value.get("status").and_then(Value::as_str) == Some("error") {
        let said = value.get("error").and_then(Value::as_str).unwrap_or("no reason given");
        return Err(bad(format!("it is an error answer: {said}")));
    }
    let list = [Some(&value), value.get("data"), value.pointer("/data/alerts"), value.get("alerts")];
    let list = list.into_iter().flatten().find_map(Value::as_array);
    let of_rules = of_rules(&value);
    let list = list.or(of_rules.as_ref());
    let list = list.ok_or_else(|| bad("expected a list, `data`, `data.alerts`, `data.groups` or `alerts`"))?;
    let mut alerts: BTreeMap<String, Alert> = BTreeMap::new();
    for (at, value) in list.iter().enumerate() {
        let alert = read(value).map_err(|why| bad(format!("alert {} {why}", at + 1)))?;
        alerts.entry(alert.id.clone()).or_insert(alert);
    }
    Ok(alerts.into_values().collect())
}

/// The alerts of every rule in an answer of Prometheus' `/api/v1/rules`.
fn of_rules(value: &Value) -> Option<Vec<Value>> {
    let groups = value.pointer("/data/groups").or_else(|| value.get("groups"))?.as_array()?;
    let rules = groups.iter().filter_map(|group| group.get("rules")?.as_array()).flatten();
    Some(rules.filter_map(|rule| rule.get("alerts")?.as_array()).flatten().cloned().collect())
}

fn read(value: &Value) -> Result<Alert, String> {
    let labels = texts(value, "labels")?;
    if labels.is_empty() {
        return Err("has no labels".to_owned());
    }
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let list = |pointer: &str| -> Vec<String> {
        let items = value.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str())).map(str::to_owned).collect()
    };
    let (silenced, inhibited) = (list("/status/silencedBy"), list("/status/inhibitedBy"));
    let from_prometheus = value.get("activeAt").is_some() || value.get("state").is_some();
    let state = match (text("/state"), text("/status/state"), text("/status")) {
        ("pending", _, _) => AlertState::Pending,
        ("inactive", _, _) | (_, _, "resolved") => AlertState::Resolved,
        (_, "suppressed", _) if silenced.is_empty() && !inhibited.is_empty() => AlertState::Inhibited,
        (_, "suppressed", _) => AlertState::Silenced,
        _ => AlertState::Firing,
    };
    let ends_at = (state == AlertState::Resolved).then(|| moment(text("/endsAt"))).flatten();
    Ok(Alert {
        id: alert_id(&labels, &Labels::new()),
        source: SourceId::new(if from_prometheus { "prometheus:file" } else { "alertmanager:file" }),
        annotations: texts(value, "annotations")?,
        state,
        starts_at: moment(text("/startsAt")).or_else(|| moment(text("/activeAt"))),
        ends_at,
        fingerprint: text("/fingerprint").to_owned(),
        receivers: list("/receivers"),
        muted_by: silenced.into_iter().chain(inhibited).collect(),
        labels,
        ..Alert::default()
    })
}

/// An instant; Alertmanager writes the year 1 where there is none.
fn moment(text: &str) -> Option<Moment> {
    let at = chrono::DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (at.timestamp() > 0).then_some(at)
}

fn texts(value: &Value, field: &str) -> Result<Labels, String> {
    let entries = match value.get(field) {
        None | Some(Value::Null) => return Ok(Labels::new()),
        Some(Value::Object(entries)) => entries,
        Some(_) => return Err(format!("has `{field}` that are no object")),
    };
    let read = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.as_str().into(), text.as_str().into())),
        _ => Err(format!("has `{field}.{name}` that is no text")),
    };
    entries.iter().map(read).collect()
}

/// Where alerts belong, as the command `cases` prints it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CasesDocument {
    /// Alerts with an address, in the order given.
    pub cases: Vec<DocumentCase>,
    /// Alerts without one, in the order given.
    pub tray: Vec<DocumentTray>,
}

/// One alert with its address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DocumentCase {
    /// Its labels.
    pub labels: Labels,
    /// Where it belongs.
    pub at: Address,
    /// The rung that placed it.
    pub rung: u8,
    /// The label that proved it.
    pub label: String,
    /// Other addresses its labels prove.
    pub also: Vec<Proof>,
}

/// One alert without an address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DocumentTray {
    /// Its labels.
    pub labels: Labels,
    /// Why it has no address.
    pub why: String,
}

/// Places alerts in a world and writes down where each belongs.
#[must_use]
pub fn document(world: &World, alerts: &[Alert]) -> CasesDocument {
    let labels: BTreeMap<&str, &Labels> = alerts.iter().map(|alert| (alert.id.as_str(), &alert.labels)).collect();
    let labels = |id: &str| labels.get(id).map(|labels| (*labels).clone()).unwrap_or_default();
    let placed = all(world, alerts);
    CasesDocument {
        cases: placed
            .cases
            .into_iter()
            .map(|case| DocumentCase {
                labels: labels(&case.alert),
                at: case.at,
                rung: case.rung,
                label: case.label,
                also: case.also,
            })
            .collect(),
        tray: placed
            .tray
            .into_iter()
            .map(|entry| DocumentTray { labels: labels(&entry.alert), why: entry.why })
            .collect(),
    }
}
