//! Alertmanager's API v2: alerts, silences, and who would be told, read from its own configuration.
//!
//! Fields that came or went between 0.25 and 0.34 are all optional. An alert or a silence that cannot be read is skipped
//! with a warning; the others still stand.

use std::collections::BTreeMap;

use broadstreet_core::alerts::{Alert, AlertState, Group, Told};
use broadstreet_core::ports::{AlertHistory, AlertPoll, AlertSource, Answer, Receiver, SignalError, Silence};
use broadstreet_core::resource::Labels;
use broadstreet_core::time::{Moment, Window};
use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::http::{Http, shortened};

/// One Alertmanager.
pub(crate) struct Alertmanager {
    http: Http,
    silent_receivers: Vec<String>,
}

impl Alertmanager {
    /// Asks through `http`; `silent_receivers` tell no one whatever they are made of.
    pub fn new(http: Http, silent_receivers: Vec<String>) -> Self {
        Self { http, silent_receivers }
    }

    async fn ask(&self) -> Result<AlertPoll, SignalError> {
        let (alerts, groups, silences, status) = futures_util::join!(
            self.http.get("/api/v2/alerts", &[]),
            self.http.json::<Vec<WireGroup>>("/api/v2/alerts/groups", &[], "Alertmanager's groups"),
            self.http.get("/api/v2/silences", &[]),
            self.http.json::<Status>("/api/v2/status", &[], "Alertmanager's status"),
        );
        let reply = alerts?;
        let mut poll = AlertPoll { source_time: reply.date, ..AlertPoll::default() };
        let rows: Vec<Value> = self.http.read(&reply.body, "Alertmanager's alerts")?;
        for row in rows {
            match serde_json::from_value::<WireAlert>(row) {
                Ok(alert) => poll.alerts.push(self.alert(alert)),
                Err(error) => poll.warnings.push(self.http.shown(&format!("an alert was skipped: {error}"))),
            }
        }
        match groups {
            Ok(groups) => group(&mut poll.alerts, groups),
            // What speaks like Alertmanager need not group.
            Err(fault) if fault.status == Some(404) => {}
            Err(fault) => poll.warnings.push(format!("what is told together is not known: {}", fault.error)),
        }
        let silences = silences
            .map_err(SignalError::from)
            .and_then(|reply| self.http.read::<Vec<Value>>(&reply.body, "Alertmanager's silences"));
        match silences {
            Ok(rows) => {
                for row in rows {
                    match serde_json::from_value::<WireSilence>(row) {
                        Ok(silence) => poll.silences.push(silence.into()),
                        Err(error) => poll.warnings.push(self.http.shown(&format!("a silence was skipped: {error}"))),
                    }
                }
            }
            Err(error) => poll.warnings.push(format!("silences are not known: {error}")),
        }
        match status {
            Ok(status) => self.add_status(status, &mut poll),
            Err(fault) => poll.warnings.push(format!("who would be told is not known: {}", fault.error)),
        }
        Ok(poll)
    }

    fn add_status(&self, status: Status, poll: &mut AlertPoll) {
        poll.version = status.version_info.version;
        match receivers(&status.config.original, &self.silent_receivers) {
            Ok(receivers) => poll.receivers = receivers,
            Err(why) => poll.warnings.push(self.http.shown(&format!("who would be told is not known: {why}"))),
        }
        poll.route_tree = status.config.original;
    }

    fn alert(&self, alert: WireAlert) -> Alert {
        let WireStatus { silences, inhibitors, intervals } = alert.status;
        // A silence is somebody's decision and says most; then the inhibiting alert; then a time interval.
        let (state, muted_by, why) = if !silences.is_empty() {
            (AlertState::Silenced, silences, String::new())
        } else if !inhibitors.is_empty() {
            (AlertState::Inhibited, inhibitors, String::new())
        } else if intervals.is_empty() {
            (AlertState::Firing, Vec::new(), String::new())
        } else {
            let why = format!("muted by the time interval {}", intervals.join(", "));
            (AlertState::Silenced, intervals, why)
        };
        Alert {
            source: self.http.id().clone(),
            labels: alert.labels,
            annotations: alert.annotations,
            state,
            starts_at: moment(alert.starts_at),
            // While an alert fires, `endsAt` is only when Alertmanager will give up waiting for news of it.
            ends_at: None,
            fingerprint: alert.fingerprint,
            receivers: alert.receivers.into_iter().map(|receiver| receiver.name).collect(),
            told: if why.is_empty() { Told::Unknown } else { Told::Nobody },
            told_why: why,
            muted_by,
            ..Alert::default()
        }
    }
}

impl AlertSource for Alertmanager {
    fn poll(&self) -> Answer<'_, Result<AlertPoll, SignalError>> {
        Box::pin(self.ask())
    }

    fn history(&self, _: Window) -> Answer<'_, Result<AlertHistory, SignalError>> {
        // Alertmanager forgets an alert when it resolves.
        Box::pin(async { Ok(AlertHistory::default()) })
    }
}

/// Writes into each alert which messages it is part of.
fn group(alerts: &mut [Alert], groups: Vec<WireGroup>) {
    let mut found: BTreeMap<String, Vec<Group>> = BTreeMap::new();
    for group in groups {
        for member in group.alerts {
            let one = Group { receiver: group.receiver.name.clone(), by: group.labels.clone() };
            found.entry(member.fingerprint).or_default().push(one);
        }
    }
    for alert in alerts.iter_mut().filter(|alert| !alert.fingerprint.is_empty()) {
        alert.groups = found.remove(&alert.fingerprint).unwrap_or_default();
    }
}

/// Alertmanager writes the zero time for `not yet`.
fn moment(text: Option<DateTime<Utc>>) -> Option<Moment> {
    text.filter(|time| time.year() > 1)
}

/// The receivers of a configuration, in its order.
fn receivers(original: &str, silent: &[String]) -> Result<Vec<Receiver>, String> {
    let config: Config = serde_saphyr::from_str(original).map_err(|error| {
        let words = error.without_snippet().to_string();
        format!("its configuration cannot be read: {}", shortened(&words, 160))
    })?;
    Ok(config
        .receivers
        .into_iter()
        .map(|receiver| {
            let has_any = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
            let integrations: Vec<String> = receiver
                .rest
                .iter()
                .filter(|(_, value)| has_any(value))
                .filter_map(|(name, _)| name.strip_suffix("_configs").map(str::to_owned))
                .collect();
            let tells = !integrations.is_empty() && !silent.contains(&receiver.name);
            Receiver { name: receiver.name, integrations, tells }
        })
        .collect())
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    receivers: Vec<ConfigReceiver>,
}

#[derive(Deserialize)]
struct ConfigReceiver {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Status {
    config: StatusConfig,
    #[serde(rename = "versionInfo", default)]
    version_info: VersionInfo,
}

#[derive(Deserialize)]
struct StatusConfig {
    original: String,
}

#[derive(Default, Deserialize)]
struct VersionInfo {
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    #[serde(default)]
    fingerprint: String,
    #[serde(default)]
    starts_at: Option<DateTime<Utc>>,
    #[serde(default)]
    receivers: Vec<WireReceiver>,
    #[serde(default)]
    status: WireStatus,
}

#[derive(Deserialize)]
struct WireReceiver {
    name: String,
}

#[derive(Deserialize)]
struct WireGroup {
    #[serde(default)]
    labels: Labels,
    receiver: WireReceiver,
    #[serde(default)]
    alerts: Vec<WireMember>,
}

#[derive(Deserialize)]
struct WireMember {
    #[serde(default)]
    fingerprint: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireStatus {
    #[serde(rename = "silencedBy")]
    silences: Vec<String>,
    #[serde(rename = "inhibitedBy")]
    inhibitors: Vec<String>,
    #[serde(rename = "mutedBy")]
    intervals: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSilence {
    id: String,
    #[serde(default)]
    status: WireSilenceStatus,
    #[serde(default)]
    matchers: Vec<WireMatcher>,
    #[serde(default)]
    starts_at: Option<DateTime<Utc>>,
    #[serde(default)]
    ends_at: Option<DateTime<Utc>>,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

#[derive(Default, Deserialize)]
struct WireSilenceStatus {
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMatcher {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

impl From<WireSilence> for Silence {
    fn from(silence: WireSilence) -> Self {
        Self {
            id: silence.id,
            matchers: silence.matchers.iter().map(matcher).collect(),
            starts_at: moment(silence.starts_at),
            ends_at: moment(silence.ends_at),
            created_by: silence.created_by,
            comment: silence.comment,
            state: silence.status.state,
        }
    }
}

fn matcher(matcher: &WireMatcher) -> String {
    let sign = match (matcher.is_equal, matcher.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    let value = matcher.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{}{sign}\"{value}\"", matcher.name)
}
