//! Prometheus' HTTP API: what is true now, pending alerts included, what fired before, and which calls were observed.

mod calls;

mod series;

use broadstreet_core::alerts::{Alert, AlertState};
use broadstreet_core::observed::CallsPoll;
use broadstreet_core::ports::{AlertHistory, AlertPoll, AlertSource, AlertSpan, Answer, Sampled, SignalError};
use broadstreet_core::resource::Labels;
use broadstreet_core::time::{Moment, Window};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::{Fault, Http, Reply, shortened};
use crate::rarely::Rarely;

/// Samples per series a history is read with at most; Prometheus itself refuses more than 11 000.
const SAMPLES: i64 = 1500;

/// Steps a history is read with, in seconds.
const STEPS: [u32; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/// One Prometheus, or what speaks like one.
pub(crate) struct Prometheus {
    http: Http,
    slow: Rarely<Slow>,
}

/// What hardly changes: version, external labels, broken rules.
#[derive(Clone, Default)]
struct Slow {
    whole: bool,
    version: String,
    external_labels: Labels,
    warnings: Vec<String>,
}

impl Prometheus {
    /// Asks through `http`.
    pub fn new(http: Http) -> Self {
        Self { http, slow: Rarely::default() }
    }

    async fn ask(&self) -> Result<AlertPoll, SignalError> {
        let reply = self.http.get("/api/v1/alerts", &[]).await.map_err(SignalError::from)?;
        let answer: Envelope<Alerts> = self.read(&reply, "Prometheus' alerts")?;
        let mut poll = AlertPoll { source_time: reply.date, warnings: answer.notes, ..AlertPoll::default() };
        for row in answer.data.alerts {
            match serde_json::from_value::<WireAlert>(row) {
                Ok(alert) => poll.alerts.extend(self.alert(alert)),
                Err(error) => poll.warnings.push(self.http.shown(&format!("an alert was skipped: {error}"))),
            }
        }
        let slow = self.slow().await;
        poll.version = slow.version;
        poll.external_labels = slow.external_labels;
        poll.warnings.extend(slow.warnings);
        Ok(poll)
    }

    /// What hardly changes, read again every now and then, and at once where something was missing.
    async fn slow(&self) -> Slow {
        if let Some(known) = self.slow.known() {
            return known;
        }
        let slow = self.read_slow().await;
        if slow.whole {
            self.slow.keep(slow.clone());
        }
        slow
    }

    async fn read_slow(&self) -> Slow {
        let rules = [("type", "alert".to_owned())];
        let (build, config, rules) = futures_util::join!(
            self.data::<Build>("/api/v1/status/buildinfo", &[], "Prometheus' version"),
            self.data::<StatusConfig>("/api/v1/status/config", &[], "Prometheus' configuration"),
            self.data::<Rules>("/api/v1/rules", &rules, "Prometheus' rules"),
        );
        let version = build.map(|build| build.data.version).unwrap_or_default();
        let mut slow = Slow { version, whole: true, ..Slow::default() };
        match config {
            Ok(config) => match external_labels(&config.data.yaml) {
                Ok(labels) => slow.external_labels = labels,
                Err(why) => slow.warnings.push(self.http.shown(&format!("external labels are not known: {why}"))),
            },
            // Thanos and Mimir have no such page and answer alerts with every label.
            Err(fault) if fault.status == Some(404) => {}
            Err(fault) => {
                slow.whole = false;
                slow.warnings.push(format!("external labels are not known: {}", fault.error));
            }
        }
        match rules {
            Ok(rules) => {
                slow.warnings.extend(rules.notes);
                slow.warnings.extend(self.broken_rules(&rules.data));
            }
            Err(fault) if fault.status == Some(404) => {}
            Err(fault) => {
                slow.whole = false;
                slow.warnings.push(format!("whether its rules work is not known: {}", fault.error));
            }
        }
        slow
    }

    /// A rule that does not evaluate never fires, and nobody notices.
    fn broken_rules(&self, rules: &Rules) -> Vec<String> {
        let broken = rules.groups.iter().flat_map(|group| {
            let broken = group.rules.iter().filter(|rule| rule.health == "err");
            broken.map(move |rule| {
                let why = rule.last_error.as_deref().unwrap_or("no reason told");
                let text =
                    format!("the rule {} (group {}) does not work: {}", rule.name, group.name, shortened(why, 160));
                self.http.shown(&text)
            })
        });
        broken.take(20).collect()
    }

    fn alert(&self, alert: WireAlert) -> Option<Alert> {
        let state = match alert.state.as_str() {
            "firing" => AlertState::Firing,
            "pending" => AlertState::Pending,
            _ => return None,
        };
        Some(Alert {
            source: self.http.id().clone(),
            labels: alert.labels,
            annotations: alert.annotations,
            state,
            starts_at: alert.active_at,
            ..Alert::default()
        })
    }

    async fn read_history(&self, window: Window) -> Result<AlertHistory, SignalError> {
        if window.to <= window.from {
            return Ok(AlertHistory::default());
        }
        let mut step = step(window);
        loop {
            match self.read_range(window, step).await {
                Ok(history) => return Ok(history),
                // Too many samples at once (422), or more than fits: ask for fewer.
                Err(fault) if (fault.too_large || fault.status == Some(422)) && step < 3600 => {
                    step = STEPS.into_iter().find(|wider| *wider >= step.saturating_mul(4)).unwrap_or(3600);
                }
                Err(fault) => return Err(fault.error),
            }
        }
    }

    async fn read_range(&self, window: Window, step: u32) -> Result<AlertHistory, Fault> {
        let time = |moment: Moment| moment.to_rfc3339_opts(SecondsFormat::Millis, true);
        let query = [
            ("query", "ALERTS".to_owned()),
            ("start", time(window.from)),
            ("end", time(window.to)),
            ("step", step.to_string()),
        ];
        let reply = self.http.get("/api/v1/query_range", &query).await?;
        let answer: Envelope<Range> = self.read(&reply, "Prometheus' history")?;
        if answer.data.result_type != "matrix" {
            let why = format!("a history of the type `{}` instead of a matrix", answer.data.result_type);
            return Err(self.http.bad_answer(why).into());
        }
        let warnings = answer.notes.iter().map(|note| format!("what fired before may be incomplete: {note}")).collect();
        // The window may reach into the future; what fires now is known up to the source's own now.
        let end = reply.date.map_or(window.to, |now| now.min(window.to));
        let spans = answer.data.result.into_iter().flat_map(|series| spans(series, step, end)).collect();
        Ok(AlertHistory { spans, warnings })
    }

    async fn data<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<Envelope<T>, Fault> {
        let reply = self.http.get(path, query).await?;
        Ok(self.read(&reply, what)?)
    }

    fn read<T: DeserializeOwned + Default>(&self, reply: &Reply, what: &str) -> Result<Envelope<T>, SignalError> {
        let wire: WireEnvelope<T> = self.http.read(&reply.body, what)?;
        let data = match (wire.status.as_str(), wire.data) {
            ("success", Some(data)) => data,
            ("error", _) => return Err(self.http.bad_answer(format!("{}: {}", wire.error_type, wire.error))),
            _ => return Err(self.http.bad_answer(format!("{what} without data"))),
        };
        let notes = wire.warnings.into_iter().chain(wire.infos).map(|note| self.http.shown(&note)).collect();
        Ok(Envelope { data, notes })
    }
}

impl AlertSource for Prometheus {
    fn poll(&self) -> Answer<'_, Result<AlertPoll, SignalError>> {
        Box::pin(self.ask())
    }

    fn history(&self, window: Window) -> Answer<'_, Result<AlertHistory, SignalError>> {
        Box::pin(self.read_history(window))
    }

    fn calls(&self) -> Answer<'_, Result<CallsPoll, SignalError>> {
        Box::pin(self.ask_calls())
    }

    fn series(&self, query: String, window: Window, points: u32) -> Answer<'_, Result<Sampled, SignalError>> {
        Box::pin(async move { self.read_series(&query, window, points).await })
    }
}

/// The finest step that keeps a series within [`SAMPLES`].
fn step(window: Window) -> u32 {
    let seconds = (window.to - window.from).num_seconds();
    STEPS.into_iter().find(|step| seconds / i64::from(*step) <= SAMPLES).unwrap_or((seconds / SAMPLES) as u32)
}

/// Splits a series where samples are missing. `end` is the last instant that was asked about.
fn spans(series: Series, step: u32, end: Moment) -> Vec<AlertSpan> {
    let mut labels = series.metric;
    labels.remove("__name__");
    let state = labels.remove("alertstate").unwrap_or_default().to_string();
    let mut spans: Vec<AlertSpan> = Vec::new();
    let mut last: Option<Moment> = None;
    for (at, value) in series.values {
        let Some(at) = at.as_f64().and_then(seconds) else { continue };
        // NaN and 0 both mean that it did not fire then.
        if !value.parse::<f64>().is_ok_and(|value| value > 0.0) {
            continue;
        }
        let goes_on = last.is_some_and(|last| (at - last).num_milliseconds() <= i64::from(step) * 1500);
        match spans.last_mut() {
            Some(span) if goes_on => span.to = Some(at),
            _ => spans.push(AlertSpan {
                labels: labels.clone(),
                state: state.clone(),
                from: Some(at),
                to: Some(at),
                step_seconds: step,
            }),
        }
        last = Some(at);
    }
    if let Some(span) = spans.last_mut()
        && last.is_some_and(|last| (end - last).num_milliseconds() < i64::from(step) * 1000)
    {
        span.to = None;
    }
    spans
}

fn seconds(seconds: f64) -> Option<Moment> {
    DateTime::<Utc>::from_timestamp_millis((seconds * 1000.0).round() as i64)
}

/// `global.external_labels` of a configuration, whose other values are not looked at.
fn external_labels(yaml: &str) -> Result<Labels, String> {
    if yaml.trim().is_empty() {
        return Ok(Labels::new());
    }
    let config: Config = serde_saphyr::from_str(yaml).map_err(|error| {
        let words = error.without_snippet().to_string();
        format!("its configuration cannot be read: {}", shortened(&words, 160))
    })?;
    let labels = config.global.unwrap_or_default().external_labels.unwrap_or_default();
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(labels.into_iter().map(|(name, value)| (name.as_str().into(), text(value).into())).collect())
}

struct Envelope<T> {
    data: T,
    /// Warnings and infos: the data may be partial.
    notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEnvelope<T> {
    #[serde(default)]
    status: String,
    #[serde(default = "Option::default")]
    data: Option<T>,
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    infos: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Alerts {
    #[serde(default)]
    alerts: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    state: String,
    #[serde(default)]
    active_at: Option<DateTime<Utc>>,
}

#[derive(Default, Deserialize)]
struct Build {
    #[serde(default)]
    version: String,
}

#[derive(Default, Deserialize)]
struct StatusConfig {
    #[serde(default)]
    yaml: String,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    global: Option<Global>,
}

#[derive(Default, Deserialize)]
struct Global {
    #[serde(default)]
    external_labels: Option<std::collections::BTreeMap<String, Value>>,
}

#[derive(Default, Deserialize)]
struct Rules {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    name: String,
    #[serde(default)]
    health: String,
    #[serde(default)]
    last_error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    #[serde(default)]
    result_type: String,
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: Labels,
    #[serde(default)]
    values: Vec<(serde_json::Number, String)>,
}
