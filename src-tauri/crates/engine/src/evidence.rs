//! Evidence at hand: an object whole, and what the containers of a house print while somebody reads it.
//!
//! A reading of logs belongs to whoever opened it: it ends when it is closed, when nobody asked for a while, or with the
//! cluster. Nothing of it is recorded unless a person pins it.

use std::collections::BTreeMap;
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

/// Readings open at once; the one asked for longest ago is closed for another.
const MOST_READINGS: usize = 6;

/// Lines of each container asked for at first.
const TAIL: u32 = 1_000;

/// Lines in one answer.
const AT_ONCE: usize = 4_000;

/// A reading nobody asked for this long is closed.
const FORGOTTEN_AFTER: chrono::Duration = chrono::Duration::seconds(90);

/// Until a container that could not be read, or ended, is asked again.
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
    /// The containers read, by the number their lines carry.
    pub streams: Vec<StreamNow>,
    /// Containers there are beyond those.
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
    left_out: usize,
    asked_at: Moment,
    /// It was told that there is more; it is told again once somebody asked.
    told: bool,
}

/// One reading under way.
struct Reading {
    held: Arc<Mutex<Held>>,
    tasks: Supervisor,
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

/// The containers whose logs belong to an object: those of its pods, the newest pods first.
fn containers(world: &World, key: &ObjectKey) -> Vec<(String, String)> {
    let pods = world.pods_of(key);
    let mut found: Vec<_> = pods.iter().filter_map(|pod| world.object(pod)).collect();
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.key.name.cmp(&b.key.name)));
    let of = |object: &broadstreet_core::resource::Object| match &object.body {
        Body::Pod(pod) => {
            let mut names: Vec<String> = pod.template.images.iter().map(|(name, _)| name.to_string()).collect();
            names.extend(pod.containers.iter().map(|one| one.name.to_string()));
            let mut seen = std::collections::BTreeSet::new();
            names.retain(|name| seen.insert(name.clone()));
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

    /// Starts reading what the containers of an object print: the last lines and, but for `previous`, all that follows.
    ///
    /// # Errors
    /// `not_live` without a cluster, `no_containers` where the object has no pod.
    pub async fn open_logs(&self, key: &ObjectKey, container: &str, previous: bool) -> Result<LogsNow> {
        let connection = self.connection("logs", key).await?;
        let mut wanted = match self.look(None).await {
            Ok(seen) => containers(seen.world(), key),
            Err(error) => return Err(error),
        };
        wanted.retain(|(_, name)| container.is_empty() || name == container);
        if wanted.is_empty() {
            return Err(EngineError::refused(
                "no_containers",
                format!("`{}` has no pod with a container that prints", key.name),
                "choose a workload or a pod; a pod that is gone takes its log with it",
            ));
        }
        let left_out = wanted.len().saturating_sub(MOST_STREAMS);
        wanted.truncate(MOST_STREAMS);
        let id = {
            let mut next = locked(&self.readings.next);
            *next += 1;
            format!("logs-{next}")
        };
        let stream = |(pod, container): &(String, String)| StreamNow {
            pod: pod.clone(),
            container: container.clone(),
            state: "asked",
            why: String::new(),
        };
        let streams = wanted.iter().map(stream).collect();
        let held = Held { book: LogBook::default(), streams, left_out, asked_at: self.now(), told: false };
        let reading = Reading { held: Arc::new(Mutex::new(held)), tasks: self.tasks.child() };
        for (at, (pod, container)) in wanted.into_iter().enumerate() {
            let of = LogsOf {
                namespace: key.namespace.to_string(),
                pod,
                container,
                previous,
                follow: !previous,
                tail: TAIL,
                since: None,
            };
            self.read_stream(&id, &reading, at, of, Arc::clone(&connection));
        }
        self.forget_readings();
        locked(&self.readings.open).insert(id.clone(), reading);
        self.read_logs(&id, 0)
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
