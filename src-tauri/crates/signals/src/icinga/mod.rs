//! Icinga 2 as a pager: notification objects are the steps of an escalation, the event stream tells who was paged.
//!
//! Icinga keeps only the last notification of each step, and its stream has no replay. So what the stream told is
//! remembered, and the time nobody listened is a gap. Whether a page arrived is never told: the exit status of the
//! notification command stays in Icinga's log.

mod memory;
mod objects;
mod stream;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use broadstreet_core::pages::{DeliveryState, PageAttempt, PageTarget};
use broadstreet_core::ports::{Answer, Flow, Pager, PagerPoll, SignalError};
use broadstreet_core::time::Moment;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::http::{Fault, Http};
use crate::paging::{self, Answered, never_told, redacted};
use memory::Memory;
use objects::{
    COMMENT, Comment, Object, Picture, Results, STEP, SUBJECT, Step, Subject, USER, User, moment, subject_of,
};

/// What Icinga's API never tells.
const NEVER_TOLD: &[&str] = &["policy", "queued_at", "delivered_at", "error", "ack_via"];

/// An acknowledgement among comments.
const ACKNOWLEDGEMENT: f64 = 4.0;

/// One Icinga.
pub(crate) struct Icinga {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    http: Http,
    memory: Mutex<Memory>,
}

impl Icinga {
    /// Asks through `http`.
    pub fn new(http: Http) -> Self {
        Self { inner: Arc::new(Inner { http, memory: Mutex::default() }) }
    }
}

impl Pager for Icinga {
    fn poll(&self, since: Moment) -> Answer<'_, Result<PagerPoll, SignalError>> {
        Box::pin(self.inner.poll(since))
    }

    fn stream(&self) -> Answer<'_, Result<Flow<Vec<PageAttempt>>, SignalError>> {
        Box::pin(stream::open(Arc::clone(&self.inner)))
    }
}

/// The source's own clock, and what it says about itself.
#[derive(Default)]
struct Now {
    at: Option<Moment>,
    version: String,
    warning: Option<String>,
}

impl Inner {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn poll(&self, since: Moment) -> Result<PagerPoll, SignalError> {
        let (picture, now) = futures_util::join!(self.picture(None), self.now());
        let picture = picture?;
        let mut poll = PagerPoll { version: now.version, source_time: now.at, ..PagerPoll::default() };
        poll.warnings.extend(now.warning);
        let mut memory = self.memory();
        self.learn(&mut memory, &picture);
        let latest = |attempt: &PageAttempt| attempt.acked_at.max(paging::went_out(attempt));
        poll.attempts = memory.attempts(|_| true);
        poll.attempts.retain(|attempt| latest(attempt).is_some_and(|at| at >= since));
        if let Some(now) = now.at.or_else(|| poll.attempts.iter().filter_map(latest).max()) {
            memory.is_now(now);
        }
        poll.gaps = memory.gaps(since);
        if let Some(since) = memory.deaf_since() {
            let since = since.format("%Y-%m-%d %H:%M:%S UTC");
            poll.warnings.push(format!(
                "nobody listens to its events since {since}: of pages since then only the last of each step is known"
            ));
        }
        drop(memory);
        let mut on_call: Vec<(String, u32, String)> = picture
            .steps
            .values()
            .flat_map(|step| {
                let (host, number) = (step.host_name.clone(), picture.number_of(step));
                picture.members(step).into_iter().map(move |user| (host.clone(), number, user))
            })
            .map(|(host, number, user)| (host, number, picture.name_of(&user)))
            .collect();
        on_call.sort();
        on_call.dedup();
        poll.on_call = on_call;
        Ok(poll)
    }

    /// Takes what the objects tell into memory.
    fn learn(&self, memory: &mut Memory, picture: &Picture) {
        for (name, step) in &picture.steps {
            for user in step.notified_problem_users.iter().flatten() {
                if let Some(at) = moment(step.last_problem_notification) {
                    memory.learn(self.attempt(picture, Some((name, step)), user, at, "PROBLEM", &step.subject()));
                }
            }
        }
        for (id, subject) in &picture.subjects {
            if subject.state == 0.0 {
                if let Some(end) = moment(subject.last_hard_state_change) {
                    memory.learn_end(id, end);
                }
            } else if subject.acknowledgement > 0.0
                && let Some(at) = moment(subject.acknowledgement_last_change)
            {
                let by = picture
                    .comments
                    .iter()
                    .filter(|comment| subject_of(&comment.host_name, comment.service_name.as_deref()) == *id)
                    .filter(|comment| comment.entry_time <= subject.acknowledgement_last_change + 1.0)
                    .max_by(|one, other| one.entry_time.total_cmp(&other.entry_time));
                let id_of = by.map(|comment| comment.author.clone()).unwrap_or_default();
                let name = if id_of.is_empty() { String::new() } else { picture.name_of(&id_of) };
                memory.learn_answer(Answered { subject: id.clone(), at, id: id_of, name, via: String::new() });
            }
        }
    }

    /// One page to one person.
    fn attempt(
        &self,
        picture: &Picture,
        step: Option<(&str, &Step)>,
        user: &str,
        at: Moment,
        kind: &str,
        subject_id: &str,
    ) -> PageAttempt {
        let number = step.map(|(_, step)| picture.number_of(step));
        let command = step.map_or("", |(_, step)| step.command.as_str()).to_ascii_lowercase();
        let address = picture.users.get(user);
        // The command is all that is known of the channel; its name tells mail and SMS apart from the rest.
        let (channel, address) = if command.contains("mail") {
            ("email", address.map(|user| user.email.as_str()))
        } else if command.contains("sms") {
            ("sms", address.map(|user| user.pager.as_str()))
        } else {
            ("command", None)
        };
        let subject = picture.subjects.get(subject_id);
        PageAttempt {
            source: self.http.id().clone(),
            source_id: format!(
                "{}/{user}/{}/{}",
                step.map_or(subject_id, |(name, _)| name),
                kind.to_ascii_lowercase(),
                at.timestamp_micros()
            ),
            subject_id: subject_id.to_owned(),
            subject: in_words(subject_id, subject),
            labels: subject.map(Subject::labels).unwrap_or_default(),
            target: PageTarget { kind: "person".to_owned(), id: user.to_owned(), name: picture.name_of(user) },
            step: number,
            reason: reason(kind, number).to_owned(),
            channel: channel.to_owned(),
            address_redacted: redacted(address.unwrap_or_default()),
            sent_at: Some(at),
            delivery: DeliveryState::Sent,
            never_told: never_told(NEVER_TOLD),
            ..PageAttempt::default()
        }
    }

    /// Reads the objects, of all hosts or of some.
    async fn picture(&self, hosts: Option<&[String]>) -> Result<Picture, SignalError> {
        let (steps, hosts_read, services, users, comments) = futures_util::join!(
            self.objects::<Step>("notifications", STEP, hosts.map(|hosts| ("notification.host_name", hosts))),
            self.objects::<Subject>("hosts", SUBJECT, hosts.map(|hosts| ("host.name", hosts))),
            self.objects::<Subject>("services", SERVICE, hosts.map(|hosts| ("service.host_name", hosts))),
            self.objects::<User>("users", USER, None),
            self.objects::<Comment>("comments", COMMENT, hosts.map(|hosts| ("comment.host_name", hosts))),
        );
        let mut picture = Picture::with_steps(named(steps?));
        for subject in hosts_read?.into_iter().chain(services?).map(|object| object.attrs) {
            let id = if subject.host_name.is_empty() {
                subject.name.clone()
            } else {
                subject_of(&subject.host_name, Some(&subject.name))
            };
            picture.subjects.insert(id, subject);
        }
        picture.users = named(users?);
        picture.comments = comments?.into_iter().map(|object| object.attrs).collect();
        picture.comments.retain(|comment| comment.entry_type == ACKNOWLEDGEMENT);
        Ok(picture)
    }

    async fn objects<A: DeserializeOwned>(
        &self,
        kind: &str,
        attributes: &[&str],
        hosts: Option<(&str, &[String])>,
    ) -> Result<Vec<Object<A>>, SignalError> {
        let (path, what) = (format!("/v1/objects/{kind}"), format!("Icinga's {kind}"));
        let read: Result<Results<Object<A>>, Fault> = match hosts {
            None => {
                let query: Vec<(&str, String)> = attributes.iter().map(|name| ("attrs", (*name).to_owned())).collect();
                self.http.json(&path, &query, &what).await
            }
            Some((field, hosts)) => {
                let filter = format!("{field} in hosts");
                let body = json!({ "attrs": attributes, "filter": filter, "filter_vars": { "hosts": hosts } });
                // A filter with variables goes as the body of a GET, which Icinga takes this way.
                let get = [("x-http-method-override", "GET")];
                match self.http.post(&path, &get, body.to_string().as_bytes()).await {
                    Ok(reply) => self.http.read(&reply.body, &what).map_err(Fault::from),
                    Err(fault) => Err(fault),
                }
            }
        };
        match read {
            Ok(read) => Ok(read.results),
            // No such object, or none this user may see: Icinga does not tell these apart.
            Err(fault) if fault.status == Some(404) => Ok(Vec::new()),
            Err(fault) => Err(fault.error),
        }
    }

    /// Asks for the version and, as Icinga sends no `Date`, for the time: the start plus how long it runs.
    async fn now(&self) -> Now {
        let (application, core) = futures_util::join!(
            self.http.json::<Results<ApplicationStatus>>("/v1/status/IcingaApplication", &[], "Icinga's status"),
            self.http.json::<Results<CoreStatus>>("/v1/status/CIB", &[], "Icinga's status"),
        );
        let app = application
            .ok()
            .and_then(|read| read.results.into_iter().next())
            .map(|one| one.status.icingaapplication.app);
        let uptime = core.ok().and_then(|read| read.results.into_iter().next()).map(|one| one.status.uptime);
        let Some(app) = app else {
            let why = "this API user may not read the status (permission `status/query`), so the version is not known and gaps only roughly";
            return Now { warning: Some(why.to_owned()), ..Now::default() };
        };
        let off = "notifications are switched off in this Icinga: nobody is paged";
        Now {
            at: uptime.and_then(|uptime| moment(app.program_start + uptime)),
            version: app.version,
            warning: (!app.enable_notifications).then(|| off.to_owned()),
        }
    }
}

/// What is asked of services beside what is asked of hosts.
const SERVICE: &[&str] = &[
    "name",
    "host_name",
    "display_name",
    "state",
    "acknowledgement",
    "acknowledgement_last_change",
    "last_hard_state_change",
    "vars",
];

fn named<A>(objects: Vec<Object<A>>) -> BTreeMap<String, A> {
    objects.into_iter().map(|object| (object.name, object.attrs)).collect()
}

fn in_words(id: &str, subject: Option<&Subject>) -> String {
    let Some(subject) = subject else { return id.replace('!', " on ") };
    let name = if subject.display_name.is_empty() { &subject.name } else { &subject.display_name };
    if subject.host_name.is_empty() { name.clone() } else { format!("{name} on {}", subject.host_name) }
}

fn reason(kind: &str, step: Option<u32>) -> &'static str {
    match kind {
        "PROBLEM" if step.is_some_and(|step| step > 1) => "escalate",
        "PROBLEM" => "trigger",
        "RECOVERY" => "recovery",
        "ACKNOWLEDGEMENT" => "acknowledgement",
        "CUSTOM" => "manual",
        _ => "",
    }
}

#[derive(Deserialize)]
struct ApplicationStatus {
    status: IcingaApplication,
}

#[derive(Deserialize)]
struct IcingaApplication {
    icingaapplication: Application,
}

#[derive(Deserialize)]
struct Application {
    app: App,
}

#[derive(Deserialize)]
struct App {
    #[serde(default)]
    version: String,
    #[serde(default)]
    program_start: f64,
    #[serde(default = "yes")]
    enable_notifications: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct CoreStatus {
    status: Core,
}

#[derive(Deserialize)]
struct Core {
    #[serde(default)]
    uptime: f64,
}
