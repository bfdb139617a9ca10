//! Evidence at hand: an object whole, and what the containers of a house print while somebody reads it.
//!
//! A reading of logs belongs to whoever opened it: it ends when it is closed, when nobody asked for a while, or with the
//! cluster. Nothing of it is recorded unless a person pins it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broadstreet_core::id::ObjectKey;
use broadstreet_core::logs::{KeptLine, LogBook};
use broadstreet_core::ports::{ClusterError, Connection, LogsOf, Manifest};
use broadstreet_core::resource::Body;
use broadstreet_core::time::Moment;
use broadstreet_core::world::World;
use futures_util::StreamExt as _;

use crate::supervise::Supervisor;
use crate::{Engine, EngineError, Result};

/// Containers read at once; of more the first are read, and it is said.
const MOST_STREAMS: usize = 24;

/// Containers of one reading in all, with those of pods that are gone by now.
const MOST_KNOWN: usize = 240;

/// Readings open at once; the one asked for longest ago is closed for another.
const MOST_READINGS: usize = 6;

/// Lines of each container asked for at first.
const TAIL: u32 = 1_000;

/// Lines in one answer.
const AT_ONCE: usize = 4_000;

/// A reading nobody asked for this long is closed.
const FORGOTTEN_AFTER: chrono::Duration = chrono::Duration::seconds(90);

/// Until a container that could not be read, or ended, is asked again, and until pods made meanwhile are looked for.
const ASK_AGAIN: Duration = Duration::from_secs(4);

/// How far one container's log has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamNow {
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// `asked`, `open`, `ended` or `failed`.
    pub state: &'static str,
    /// What went wrong last; empty where nothing did.
    pub why: String,
}

/// What an open reading has.
#[derive(Clone, Debug, Default)]
pub struct LogsNow {
    /// Its id.
    pub reading: String,
    /// The containers read, by the number their lines carry; those of pods made later come after.
    pub streams: Vec<StreamNow>,
    /// Containers there are beyond those, of pods made later too.
    pub left_out: usize,
    /// The lines asked for, in the order they came.
    pub lines: Vec<KeptLine>,
    /// The number of the last line there is.
    pub last: u64,
    /// Lines that made room for others.
    pub dropped: u64,
}

#[derive(Default)]
struct Held {
    book: LogBook,
    streams: Vec<StreamNow>,
    /// Those of them that are read no more: their pod is not there.
    gone: BTreeSet<usize>,
    left_out: usize,
    asked_at: Moment,
    /// It was told that there is more; it is told again once somebody asked.
    told: bool,
}

impl Held {
    /// Takes the containers there are now, and answers those to be read from now on by their numbers. A pod that is there
    /// again under its name goes on where it was.
    fn admit(&mut self, wanted: Vec<Container>) -> Vec<(usize, Container)> {
        let (mut begun, mut left_out) = (Vec::new(), 0);
        for (pod, container) in wanted {
            let known = self.streams.iter().position(|it| it.pod == pod && it.container == container);
            let has_room = self.streams.len() - self.gone.len() < MOST_STREAMS;
            let at = match known {
                Some(at) if !self.gone.contains(&at) => continue,
                Some(at) if has_room => at,
                None if has_room && self.streams.len() < MOST_KNOWN => {
                    let (pod, container) = (pod.clone(), container.clone());
                    self.streams.push(StreamNow { pod, container, state: "asked", why: String::new() });
                    self.streams.len() - 1
                }
                _ => {
                    left_out += 1;
                    continue;
                }
            };
            self.gone.remove(&at);
            begun.push((at, (pod, container)));
        }
        self.left_out = left_out;
        begun
    }
}

/// A pod and one of its containers.
type Container = (String, String);

/// One reading under way.
#[derive(Clone)]
struct Reading {
    held: Arc<Mutex<Held>>,
    tasks: Supervisor,
}

/// Whose logs a reading is of, and the way to them.
struct Whose {
    id: String,
    key: ObjectKey,
    container: String,
    previous: bool,
    connection: Arc<dyn Connection>,
}

/// The readings of this desk.
#[derive(Default)]
pub struct Readings {
    next: Mutex<u64>,
    open: Mutex<BTreeMap<String, Reading>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The containers whose logs belong to an object: those of its pods, the newest pods first; of one name where it has one.
fn containers(world: &World, key: &ObjectKey, wanted: &str) -> Vec<Container> {
    let pods = world.pods_of(key);
    let mut found: Vec<_> = pods.iter().filter_map(|pod| world.object(pod)).collect();
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.key.name.cmp(&b.key.name)));
    let of = |object: &broadstreet_core::resource::Object| match &object.body {
        Body::Pod(pod) => {
            let mut names: Vec<String> = pod.template.images.iter().map(|(name, _)| name.to_string()).collect();
            names.extend(pod.containers.iter().map(|one| one.name.to_string()));
            let mut seen = BTreeSet::new();
            names.retain(|name| (wanted.is_empty() || name == wanted) && seen.insert(name.clone()));
            names.into_iter().map(|name| (object.key.name.to_string(), name)).collect()
        }
        _ => Vec::new(),
    };
    found.into_iter().flat_map(of).collect()
}

impl Engine {
    /// The way to the cluster of an object.
    async fn connection(&self, what: &str, key: &ObjectKey) -> Result<Arc<dyn Connection>> {
        let live = self.live().await.ok_or_else(|| {
            EngineError::refused(
                "not_live",
                format!("{what} are read from a live cluster, and none is open"),
                "open the cluster's context; what was recorded or pinned is on the map and the timeline",
            )
        })?;
        let member = live.member_of(&key.cluster);
        let member = member.ok_or_else(|| EngineError::not_found("object of an open cluster", key.to_string()))?;
        Ok(member.reach()?)
    }

    /// Reads an object whole, as YAML with its secrets covered.
    ///
    /// # Errors
    /// `not_live` without a cluster, `not_found` where it is gone, `forbidden` with the missing verb.
    pub async fn manifest(&self, key: &ObjectKey) -> Result<(Manifest, Moment)> {
        let connection = self.connection("whole objects", key).await?;
        Ok((connection.manifest(key.clone()).await?, self.now()))
    }

    /// Starts reading what the containers of an object print: the last lines and, but for `previous`, all that follows, also
    /// of pods it has later.
    ///
    /// # Errors
    /// `not_live` without a cluster, `no_containers` where the object has no pod.
    pub async fn open_logs(&self, key: &ObjectKey, container: &str, previous: bool) -> Result<LogsNow> {
        let connection = self.connection("logs", key).await?;
        let wanted = containers(self.look(None).await?.world(), key, container);
        if wanted.is_empty() {
            return Err(EngineError::refused(
                "no_containers",
                format!("`{}` has no pod with a container that prints", key.name),
                "choose a workload or a pod; a pod that is gone takes its log with it",
            ));
        }
        let id = {
            let mut next = locked(&self.readings.next);
            *next += 1;
            format!("logs-{next}")
        };
        let mut held = Held { asked_at: self.now(), ..Held::default() };
        let begun = held.admit(wanted);
        let reading = Reading { held: Arc::new(Mutex::new(held)), tasks: self.tasks.child() };
        let whose = Whose { id: id.clone(), key: key.clone(), container: container.to_owned(), previous, connection };
        self.read_streams(&whose, &reading, begun);
        if !previous {
            self.look_for_pods(whose, reading.clone());
        }
        self.forget_readings();
        locked(&self.readings.open).insert(id.clone(), reading);
        self.read_logs(&id, 0)
    }

    /// Begins with the containers of pods that were made later, as long as somebody asks.
    fn look_for_pods(&self, whose: Whose, reading: Reading) {
        let (engine, tasks) = (self.clone(), reading.tasks.clone());
        tasks.start(&format!("{}: its pods", whose.id), async move {
            loop {
                tokio::time::sleep(ASK_AGAIN).await;
                if engine.now() - locked(&reading.held).asked_at > FORGOTTEN_AFTER {
                    return Ok(());
                }
                let Ok(seen) = engine.look(None).await else { continue };
                let wanted = containers(seen.world(), &whose.key, &whose.container);
                drop(seen);
                let (begun, is_news) = {
                    let mut held = locked(&reading.held);
                    let before = held.left_out;
                    let begun = held.admit(wanted);
                    let is_news = !begun.is_empty() || held.left_out != before;
                    (begun, is_news)
                };
                engine.read_streams(&whose, &reading, begun);
                if is_news {
                    engine.notices.tell("logs", [whose.id.clone()]);
                }
            }
        });
    }

    fn read_streams(&self, whose: &Whose, reading: &Reading, begun: Vec<(usize, Container)>) {
        for (at, (pod, container)) in begun {
            let of = LogsOf {
                namespace: whose.key.namespace.to_string(),
                pod,
                container,
                previous: whose.previous,
                follow: !whose.previous,
                tail: TAIL,
                since: None,
            };
            self.read_stream(&whose.id, reading, at, of, Arc::clone(&whose.connection));
        }
    }

    fn read_stream(&self, id: &str, reading: &Reading, at: usize, of: LogsOf, connection: Arc<dyn Connection>) {
        let (engine, held, id) = (self.clone(), Arc::clone(&reading.held), id.to_owned());
        reading.tasks.start(&format!("{id}: {}/{}", of.pod, of.container), async move {
            let mut of = of;
            loop {
                let mut lines = connection.logs(of.clone());
                let mut why = String::new();
                let mut gone = false;
                // A log is asked again from the last second on: what was read of that second comes twice.
                let (already, mut newest) = (of.since, of.since);
                while let Some(line) = lines.next().await {
                    let mut held = locked(&held);
                    match line {
                        Ok(line) => {
                            if line.at.is_some() && line.at <= already {
                                continue;
                            }
                            newest = newest.max(line.at);
                            held.streams[at].state = "open";
                            held.streams[at].why.clear();
                            held.book.take(at, line);
                        }
                        Err(error) => {
                            gone = matches!(error, ClusterError::Declined { status: 404, .. });
                            why = error.to_string();
                        }
                    }
                    let told = std::mem::replace(&mut held.told, true);
                    drop(held);
                    if !told {
                        engine.notices.tell("logs", [id.clone()]);
                    }
                }
                if newest.is_some() {
                    of.since = newest;
                    of.tail = 0;
                }
                let again = of.follow && !gone;
                {
                    let mut held = locked(&held);
                    held.streams[at].state = if why.is_empty() { "ended" } else { "failed" };
                    held.streams[at].why = why;
                    if gone {
                        held.gone.insert(at);
                    }
                }
                engine.notices.tell("logs", [id.clone()]);
                if !again {
                    return Ok(());
                }
                tokio::time::sleep(ASK_AGAIN).await;
                if engine.now() - locked(&held).asked_at > FORGOTTEN_AFTER {
                    return Ok(());
                }
            }
        });
    }

    /// What came after the line with number `after`, and how each container's log stands.
    ///
    /// # Errors
    /// `not_found` for a reading that was closed, also because nobody asked for it.
    pub fn read_logs(&self, id: &str, after: u64) -> Result<LogsNow> {
        let open = locked(&self.readings.open);
        let reading = open.get(id).ok_or_else(|| EngineError::not_found("open log", id))?;
        let mut held = locked(&reading.held);
        held.asked_at = self.now();
        held.told = false;
        Ok(LogsNow {
            reading: id.to_owned(),
            streams: held.streams.clone(),
            left_out: held.left_out,
            lines: held.book.since(after, AT_ONCE).cloned().collect(),
            last: held.book.last(),
            dropped: held.book.dropped(),
        })
    }

    /// Ends a reading; one that is closed already stays closed.
    pub fn close_logs(&self, id: &str) {
        if let Some(reading) = locked(&self.readings.open).remove(id) {
            reading.tasks.ask_to_stop();
        }
    }

    /// Closes readings nobody asks for, and the oldest of too many.
    pub(crate) fn forget_readings(&self) {
        let now = self.now();
        let mut open = locked(&self.readings.open);
        let mut asked: Vec<(Moment, String)> =
            open.iter().map(|(id, reading)| (locked(&reading.held).asked_at, id.clone())).collect();
        asked.sort();
        let too_many = (asked.len() + 1).saturating_sub(MOST_READINGS);
        for (at, (asked_at, id)) in asked.into_iter().enumerate() {
            if (at < too_many || now - asked_at > FORGOTTEN_AFTER)
                && let Some(reading) = open.remove(&id)
            {
                reading.tasks.ask_to_stop();
            }
        }
    }

    /// Ends every reading: the cluster they are read from is closed.
    pub(crate) fn close_all_logs(&self) {
        for reading in std::mem::take(&mut *locked(&self.readings.open)).into_values() {
            reading.tasks.ask_to_stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(numbers: std::ops::Range<usize>) -> Vec<Container> {
        numbers.map(|number| (format!("cart-{number}"), "server".to_owned())).collect()
    }

    fn numbers(begun: &[(usize, Container)]) -> Vec<usize> {
        begun.iter().map(|it| it.0).collect()
    }

    #[test]
    fn pods_made_later_are_read_in_the_place_of_those_that_are_gone_and_the_others_are_counted() {
        let mut held = Held::default();
        assert_eq!(numbers(&held.admit(pods(0..2))), [0, 1]);
        assert_eq!(numbers(&held.admit(pods(0..3))), [2], "one more");
        assert_eq!(held.admit(pods(0..MOST_STREAMS + 2)).len(), MOST_STREAMS - 3);
        assert_eq!((held.streams.len(), held.left_out), (MOST_STREAMS, 2));
        held.gone.extend([0, 1]);
        let begun = held.admit(pods(2..MOST_STREAMS + 2));
        assert_eq!(numbers(&begun), [MOST_STREAMS, MOST_STREAMS + 1], "their lines are told apart from others'");
        assert_eq!(held.left_out, 0);
        held.gone.insert(2);
        assert_eq!(numbers(&held.admit(pods(2..3))), [2], "it is there again under its name");
        assert!(held.gone.len() == 2 && held.admit(pods(2..3)).is_empty());
    }

    #[test]
    fn a_reading_of_a_house_that_makes_pod_after_pod_stays_bounded() {
        let mut held = Held::default();
        for first in (0..1_000).step_by(10) {
            held.admit(pods(first..first + 10));
            held.gone = (0..held.streams.len()).collect();
        }
        assert_eq!((held.streams.len(), held.left_out), (MOST_KNOWN, 10), "and it is said what is left out");
    }
}
