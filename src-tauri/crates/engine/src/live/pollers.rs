//! The tasks that ask and listen. Each hands what it learned to the one writer.

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::id::SourceId;
use broadstreet_core::observed::CallsPoll;
use broadstreet_core::pages::PageAttempt;
use broadstreet_core::ports::{
    AlertHistory, AlertPoll, AlertSource, ClusterError, Observation, PagerPoll, SignalError, SourceKind, SourceSettings,
};
use broadstreet_core::time::{Moment, Window};
use broadstreet_core::world::Change;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::Live;
use super::member::Joining;
use crate::supervise::Supervisor;
use crate::{Engine, EngineError, Result};

/// How often a Prometheus is asked which calls were observed: rates over five minutes change slowly.
const CALLS_EVERY: Duration = Duration::from_secs(30);

/// Seconds between polls where the settings say nothing.
const POLL_SECONDS: u32 = 5;

/// How far back is asked for what fired before this recorder listened.
const HISTORY: chrono::Duration = chrono::Duration::hours(6);

/// How far back pagers are asked.
const PAGES_BACK: chrono::Duration = chrono::Duration::hours(24);

/// Something learned from outside.
#[derive(Debug)]
pub enum Input {
    /// A cluster is to be connected.
    Added(SourceId),
    /// A cluster could not be connected.
    Unreached(SourceId, EngineError),
    /// A cluster answered for the first time.
    Joined(SourceId, Box<Joining>),
    /// The watches of a cluster.
    Seen(SourceId, Observation),
    /// Whether the API server of a cluster lives.
    Alive(SourceId, std::result::Result<(), ClusterError>),
    /// A cluster was left; with its id where it ever answered.
    Left(SourceId, Option<String>),
    /// A source of alerts answered, or did not.
    Alerts(SourceId, SourceKind, std::result::Result<AlertPoll, SignalError>),
    /// What fired before, by a source's history; nothing where it could not be read.
    Prior(SourceId, AlertHistory),
    /// A source told which calls were observed, or did not.
    Calls(SourceId, std::result::Result<CallsPoll, SignalError>),
    /// A pager answered, or did not.
    Pages(SourceId, std::result::Result<PagerPoll, SignalError>),
    /// A pager's stream told attempts.
    Streamed(SourceId, Vec<PageAttempt>),
    /// A source was taken away.
    Removed(SourceId),
    /// A rule of placing was made or taken back.
    Rule(Change),
    /// A second went by.
    Tick,
}

/// Starts the clock.
pub(crate) fn start_clock(live: &Arc<Live>) {
    let input = live.input.clone();
    live.tasks.start("the clock", async move {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            if input.send(Input::Tick).await.is_err() {
                return Ok(());
            }
        }
    });
}

/// Opens a source and starts asking it. One that cannot be opened says why, and is kept as such.
pub(crate) fn start_source(engine: &Engine, live: &Arc<Live>, settings: &SourceSettings) -> Result<()> {
    let tasks = live.tasks.child();
    let secret = engine.ports.vault.secret(settings.id.as_str());
    let pause =
        Duration::from_secs(u64::from(if settings.poll_seconds == 0 { POLL_SECONDS } else { settings.poll_seconds }));
    let input = live.input.clone();
    // Held until it is among them: the writer looks there whether an answer still has a source.
    let mut sources = live.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let opened = match settings.kind {
        // Asked without it, a source may shut out who asks too often.
        _ if secret.is_none() && settings.credentials.need_secret() => Err(no_secret(engine, settings)),
        SourceKind::Alertmanager | SourceKind::Prometheus => open_alerts(engine, live, settings).map(|source| {
            if settings.kind == SourceKind::Prometheus {
                poll_calls(&tasks, settings, Arc::clone(&source), pause, input.clone());
            }
            poll_alerts(live, &tasks, settings, source, pause, engine.now());
        }),
        SourceKind::Icinga | SourceKind::Goalert | SourceKind::Pagerduty => {
            let pager = engine.ports.signals.pager(settings, secret);
            pager.map(|pager| poll_pager(engine, &tasks, settings, pager, pause, input)).map_err(EngineError::from)
        }
    };
    let failed = opened.err();
    if let Some((_, old)) = sources.insert(settings.id.clone(), (settings.clone(), tasks)) {
        old.ask_to_stop();
    }
    failed.map_or(Ok(()), Err)
}

/// A source of alerts, reached by its address or through the cluster it belongs to.
pub(crate) fn open_alerts(
    engine: &Engine,
    live: &Arc<Live>,
    settings: &SourceSettings,
) -> Result<Arc<dyn AlertSource>> {
    let secret = engine.ports.vault.secret(settings.id.as_str());
    if secret.is_none() && settings.credentials.need_secret() {
        return Err(no_secret(engine, settings));
    }
    Ok(engine.ports.signals.alerts(settings, secret, Some(live.proxy_of(settings)))?)
}

/// What a source says whose password or token is not at hand.
pub(crate) fn no_secret(engine: &Engine, settings: &SourceSettings) -> EngineError {
    let message = format!("the password or token of `{}` is not kept on this device", settings.id);
    let otherwise = engine.ports.vault.otherwise(settings.id.as_str());
    let hint = format!("enter it again in Settings{otherwise}: nothing is asked of this source before");
    EngineError::refused("no_secret", message, hint)
}

fn poll_alerts(
    live: &Arc<Live>,
    tasks: &Supervisor,
    settings: &SourceSettings,
    source: Arc<dyn AlertSource>,
    pause: Duration,
    now: Moment,
) {
    let (live, settings, input) = (Arc::clone(live), settings.clone(), live.input.clone());
    let (id, kind) = (settings.id.clone(), settings.kind);
    tasks.start(&format!("poll {id}"), async move {
        let mut read_history = kind == SourceKind::Prometheus;
        loop {
            let member = live.member_for(&live.state.read().await.world, &settings);
            let answer = match member {
                Err(why) if settings.proxy.is_some() => Err(SignalError::BadSettings { source_id: id.clone(), why }),
                _ => source.poll().await,
            };
            let wait = match &answer {
                Err(SignalError::Busy { retry_after: Some(seconds), .. }) => {
                    pause.max(Duration::from_secs((*seconds).min(300)))
                }
                _ => pause,
            };
            let answered = answer.is_ok();
            if input.send(Input::Alerts(id.clone(), kind, answer)).await.is_err() {
                return Ok(());
            }
            if answered && read_history {
                let history = source.history(Window { from: now - HISTORY, to: now }).await;
                read_history = history.is_err();
                if input.send(Input::Prior(id.clone(), history.unwrap_or_default())).await.is_err() {
                    return Ok(());
                }
            }
            tokio::time::sleep(wait).await;
        }
    });
}

/// Asks for observed calls, at a slower pace than for alerts.
fn poll_calls(
    tasks: &Supervisor,
    settings: &SourceSettings,
    source: Arc<dyn broadstreet_core::ports::AlertSource>,
    pause: Duration,
    input: mpsc::Sender<Input>,
) {
    let id = settings.id.clone();
    tasks.start(&format!("calls of {id}"), async move {
        loop {
            let answer = source.calls().await;
            if input.send(Input::Calls(id.clone(), answer)).await.is_err() {
                return Ok(());
            }
            tokio::time::sleep(pause.max(CALLS_EVERY)).await;
        }
    });
}

fn poll_pager(
    engine: &Engine,
    tasks: &Supervisor,
    settings: &SourceSettings,
    pager: Arc<dyn broadstreet_core::ports::Pager>,
    pause: Duration,
    input: mpsc::Sender<Input>,
) {
    let id = settings.id.clone();
    let due = Arc::new(tokio::sync::Notify::new());
    let (clock, polled, asked, to) =
        (Arc::clone(&engine.ports.clock), Arc::clone(&pager), Arc::clone(&due), input.clone());
    let source = id.clone();
    tasks.start(&format!("poll {id}"), async move {
        loop {
            let answer = polled.poll(clock.now() - PAGES_BACK).await;
            if to.send(Input::Pages(source.clone(), answer)).await.is_err() {
                return Ok(());
            }
            let _ = tokio::time::timeout(pause, asked.notified()).await;
        }
    });
    tasks.keep_running(&format!("stream of {id}"), move || {
        let (pager, due, input, id) = (Arc::clone(&pager), Arc::clone(&due), input.clone(), id.clone());
        async move {
            let mut flow = pager.stream().await.map_err(|error| error.to_string())?;
            while let Some(attempts) = flow.next().await {
                due.notify_one();
                if !attempts.is_empty() && input.send(Input::Streamed(id.clone(), attempts)).await.is_err() {
                    return Ok(());
                }
            }
            due.notify_one();
            Ok(())
        }
    });
}
