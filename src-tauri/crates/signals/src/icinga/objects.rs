//! Icinga's objects as far as they tell who was paged.

use std::collections::{BTreeMap, BTreeSet};

use broadstreet_core::resource::Labels;
use broadstreet_core::time::Moment;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// A list of results.
#[derive(Debug, Deserialize)]
pub(super) struct Results<T> {
    #[serde(default = "Vec::new")]
    pub results: Vec<T>,
}

/// One object.
#[derive(Debug, Deserialize)]
pub(super) struct Object<A> {
    #[serde(default)]
    pub name: String,
    pub attrs: A,
}

/// What a notification object tells: one step of the escalation of one host or service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Step {
    pub host_name: String,
    pub service_name: Option<String>,
    pub command: String,
    pub users: Option<Vec<String>>,
    pub user_groups: Option<Vec<String>>,
    pub times: Option<Times>,
    pub last_notification: f64,
    pub last_problem_notification: f64,
    pub notified_problem_users: Option<Vec<String>>,
}

impl Step {
    /// What it pages about: `host` or `host!service`.
    pub fn subject(&self) -> String {
        subject_of(&self.host_name, self.service_name.as_deref())
    }

    /// Microseconds after the problem began.
    fn begin(&self) -> i64 {
        micros(self.times.as_ref().and_then(|times| times.begin).unwrap_or_default())
    }
}

/// The attributes asked for.
pub(super) const STEP: &[&str] = &[
    "host_name",
    "service_name",
    "command",
    "users",
    "user_groups",
    "times",
    "last_notification",
    "last_problem_notification",
    "notified_problem_users",
];

/// `times` of a notification object, in seconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Times {
    pub begin: Option<f64>,
}

/// A host or a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Subject {
    pub name: String,
    pub host_name: String,
    pub display_name: String,
    pub state: f64,
    pub acknowledgement: f64,
    pub acknowledgement_last_change: f64,
    pub last_hard_state_change: f64,
    pub vars: Option<BTreeMap<String, Value>>,
}

/// The attributes asked for.
pub(super) const SUBJECT: &[&str] = &[
    "name",
    "display_name",
    "state",
    "acknowledgement",
    "acknowledgement_last_change",
    "last_hard_state_change",
    "vars",
];

impl Subject {
    /// Labels of the alert behind it. Custom variables of a check that is no alert stay where they are: they may hold
    /// passwords.
    pub fn labels(&self) -> Labels {
        let vars = self.vars.iter().flatten();
        if self.vars.as_ref().is_none_or(|vars| !vars.contains_key("alertname")) {
            return Labels::new();
        }
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(yes) => Some(yes.to_string()),
            _ => None,
        };
        vars.filter_map(|(name, value)| Some((name.as_str().into(), text(value)?.into()))).collect()
    }
}

/// A person.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub display_name: String,
    pub email: String,
    pub pager: String,
    pub groups: Option<Vec<String>>,
}

/// The attributes asked for.
pub(super) const USER: &[&str] = &["display_name", "email", "pager", "groups"];

/// A comment; an acknowledgement leaves one of type 4.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Comment {
    pub host_name: String,
    pub service_name: Option<String>,
    pub author: String,
    pub entry_time: f64,
    pub entry_type: f64,
}

/// The attributes asked for.
pub(super) const COMMENT: &[&str] = &["host_name", "service_name", "author", "entry_time", "entry_type"];

/// One line of the event stream.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    pub timestamp: f64,
    pub host: String,
    pub service: Option<String>,
    pub state: f64,
    pub author: String,
    pub users: Option<Vec<String>>,
    pub notification_type: String,
    pub command: String,
}

/// What was read at one time, for all hosts or some.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// By name, `host!service!step`.
    pub steps: BTreeMap<String, Step>,
    begins: BTreeMap<String, BTreeSet<i64>>,
    /// By `host` or `host!service`.
    pub subjects: BTreeMap<String, Subject>,
    /// By name.
    pub users: BTreeMap<String, User>,
    /// Acknowledgements among the comments.
    pub comments: Vec<Comment>,
}

impl Picture {
    /// The name to show of a user.
    pub fn name_of(&self, user: &str) -> String {
        let name = self.users.get(user).map(|user| user.display_name.as_str()).filter(|name| !name.is_empty());
        name.unwrap_or(user).to_owned()
    }

    /// Takes the steps, and counts them per host or service.
    pub fn with_steps(steps: BTreeMap<String, Step>) -> Self {
        let mut begins: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for step in steps.values() {
            begins.entry(step.subject()).or_default().insert(step.begin());
        }
        Self { steps, begins, ..Self::default() }
    }

    /// Which step of its host's or service's escalation an object is, counted from 1: steps begin at the same time or
    /// one after the other.
    pub fn number_of(&self, step: &Step) -> u32 {
        let begins = self.begins.get(&step.subject()).into_iter().flatten();
        begins.take_while(|begin| **begin < step.begin()).count() as u32 + 1
    }

    /// Everybody a step may page, groups resolved.
    pub fn members(&self, step: &Step) -> BTreeSet<String> {
        let groups = step.user_groups.iter().flatten();
        let in_groups = groups.flat_map(|group| {
            let members =
                self.users.iter().filter(move |(_, user)| user.groups.iter().flatten().any(|one| one == group));
            members.map(|(name, _)| name.clone())
        });
        step.users.iter().flatten().cloned().chain(in_groups).collect()
    }
}

/// `host` or `host!service`.
pub(super) fn subject_of(host: &str, service: Option<&str>) -> String {
    match service {
        Some(service) if !service.is_empty() => format!("{host}!{service}"),
        _ => host.to_owned(),
    }
}

/// Seconds as Icinga writes them, in microseconds: as exact as a float of this size is.
pub(super) fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

/// A time; 0 means never.
pub(super) fn moment(seconds: f64) -> Option<Moment> {
    if seconds > 0.0 { DateTime::<Utc>::from_timestamp_micros(micros(seconds)) } else { None }
}
