//! Icinga's event stream.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use broadstreet_core::pages::PageAttempt;
use broadstreet_core::ports::{Flow, SignalError};
use reqwest::Response;
use serde_json::json;

use super::Inner;
use super::objects::{Event, Picture, Step, micros, moment, subject_of};
use crate::paging::Answered;

/// What is listened to.
const TYPES: &[&str] =
    &["Notification", "AcknowledgementSet", "AcknowledgementCleared", "StateChange", "CommentAdded", "CommentRemoved"];

/// The longest line read; plugins may put much into an output, but not this much.
const LINE: usize = 4 * 1024 * 1024;

/// How long after the object was written its event may come, in microseconds.
const SAME: i64 = 1_000_000;

/// Opens the stream.
pub(super) async fn open(inner: Arc<Inner>) -> Result<Flow<Vec<PageAttempt>>, SignalError> {
    // Two readers of one queue would share its events, so every reader has its own.
    let own = RandomState::new().build_hasher().finish();
    let body = json!({ "queue": format!("broadstreet-{own:016x}"), "types": TYPES });
    let response = inner.http.post_stream("/v1/events", body.to_string().as_bytes()).await.map_err(|fault| match fault.status {
        // What an API user may not do is answered as if it were not there.
        Some(404) => inner.http.refused(
            "it has no event stream, or this API user may not listen (permission `events/Notification` and the other `events/…`)",
        ),
        _ => fault.error,
    })?;
    let now = inner.now().await.at;
    inner.memory().opened(now);
    let reader = Reader { listening: Listening { inner, broke: false }, response, rest: Vec::new() };
    Ok(Box::pin(futures_util::stream::unfold(reader, |mut reader| async move {
        let attempts = reader.next().await?;
        Some((attempts, reader))
    })))
}

/// Says in memory that nobody listens any more, however that came about.
struct Listening {
    inner: Arc<Inner>,
    broke: bool,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.inner.memory().closed(self.broke);
    }
}

struct Reader {
    listening: Listening,
    response: Response,
    rest: Vec<u8>,
}

impl Reader {
    /// The attempts of the next lines; none where something else happened. `None` at the end.
    async fn next(&mut self) -> Option<Vec<PageAttempt>> {
        loop {
            match self.response.chunk().await {
                Ok(Some(piece)) => self.rest.extend_from_slice(&piece),
                Ok(None) => return None,
                Err(_) => {
                    self.listening.broke = true;
                    return None;
                }
            }
            let events = lines(&mut self.rest);
            if self.rest.len() > LINE {
                self.listening.broke = true;
                return None;
            }
            if !events.is_empty() {
                return Some(self.listening.inner.happened(&events).await);
            }
        }
    }
}

/// Takes the whole lines out of `rest`. A line that is no event is not one of ours to understand.
fn lines(rest: &mut Vec<u8>) -> Vec<Event> {
    let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
    let whole: Vec<u8> = rest.drain(..=end).collect();
    let events = whole.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Event>(line).ok());
    events.filter(|event| !event.kind.is_empty()).collect()
}

impl Inner {
    /// Takes events into memory and answers the attempts of what they are about.
    async fn happened(&self, events: &[Event]) -> Vec<PageAttempt> {
        let hosts: Vec<String> = events
            .iter()
            .map(|event| event.host.clone())
            .filter(|host| !host.is_empty())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        // The events do not name the step they belong to; the objects, read right after, do.
        let picture =
            if hosts.is_empty() { Picture::default() } else { self.picture(Some(&hosts)).await.unwrap_or_default() };
        let mut memory = self.memory();
        let mut subjects = BTreeSet::new();
        self.learn(&mut memory, &picture);
        for event in events {
            let Some(at) = moment(event.timestamp) else { continue };
            memory.heard(at);
            let subject = subject_of(&event.host, event.service.as_deref());
            match event.kind.as_str() {
                "Notification" => {
                    let step = step_of(&picture, event, &subject);
                    let at = step.and_then(|(_, step)| written(step, event)).unwrap_or(at);
                    for user in event.users.iter().flatten() {
                        memory.learn(self.attempt(&picture, step, user, at, &event.notification_type, &subject));
                    }
                }
                "AcknowledgementSet" => {
                    let (id, name) = (event.author.clone(), picture.name_of(&event.author));
                    memory.learn_answer(Answered { subject: subject.clone(), at, id, name, via: String::new() });
                }
                "StateChange" if event.state == 0.0 => memory.learn_end(&subject, at),
                _ => {}
            }
            subjects.insert(subject);
        }
        memory.attempts(|subject| subjects.contains(subject))
    }
}

/// The step a notification belongs to: the one written right before the event, else the only one that fits.
fn step_of<'a>(picture: &'a Picture, event: &Event, subject_id: &str) -> Option<(&'a str, &'a Step)> {
    let fitting: Vec<(&str, &Step)> = picture
        .steps
        .iter()
        .filter(|(_, step)| step.subject() == subject_id && (event.command.is_empty() || step.command == event.command))
        .filter(|(_, step)| {
            let members = picture.members(step);
            event.users.iter().flatten().all(|user| members.contains(user))
        })
        .map(|(name, step)| (name.as_str(), step))
        .collect();
    let nearest = fitting
        .iter()
        .filter(|(_, step)| written(step, event).is_some())
        .min_by_key(|(_, step)| (micros(event.timestamp) - micros(step.last_notification)).abs());
    nearest.copied().or(if let [only] = fitting.as_slice() { Some(*only) } else { None })
}

/// When the object says the notification went out, which names it on every desk alike.
fn written(step: &Step, event: &Event) -> Option<broadstreet_core::time::Moment> {
    let times = if event.notification_type == "PROBLEM" {
        [step.last_problem_notification, step.last_notification]
    } else {
        [step.last_notification, step.last_notification]
    };
    let near = |time: &f64| (0..SAME).contains(&(micros(event.timestamp) - micros(*time)));
    times.into_iter().find(near).and_then(moment)
}
