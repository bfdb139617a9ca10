//! Hands the recording under way to the store.

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::ports::StoreError;
use broadstreet_core::recording::Segment;
use tokio::sync::Notify;

use super::drawn;
use super::tape::{Tape, Unkept};
use super::writer::set_trouble;
use super::{Live, Trouble};
use crate::Engine;

/// The longest pause between two times the recording is kept.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// While the first cluster is being read nothing is kept for so long: that needs the machine, and is kept once it is all there.
const LONGEST_READING: Duration = Duration::from_secs(30);

/// How often is looked whether it is.
const LOOK: Duration = Duration::from_secs(1);

/// Starts the task that hands the recording to the store: a keyframe of a large cluster takes seconds, and the writer
/// does not wait for it.
pub(crate) fn start_recorder(engine: &Engine, live: &Arc<Live>) {
    let kept = Arc::new(Notify::new());
    let (engine_, live_, wake) = (engine.clone(), Arc::clone(live), Arc::clone(&kept));
    live.tasks.start("the draughtsman", async move {
        let mut drawn = None;
        loop {
            wake.notified().await;
            // It takes its time on a machine that has other things to do: what is recorded does not wait for it.
            drawn = drawn::draw(&engine_, &live_, drawn).await;
        }
    });
    let (engine, live_) = (engine.clone(), Arc::clone(live));
    live.tasks.start("the recorder", async move {
        loop {
            live_.flush.notified().await;
            let asked = tokio::time::Instant::now();
            while asked.elapsed() < LONGEST_READING && live_.state.read().await.synced.is_empty() {
                tokio::time::sleep(LOOK).await;
            }
            let began = tokio::time::Instant::now();
            keep(&engine, &live_).await;
            kept.notify_one();
            // It gets at most a third of the time.
            tokio::time::sleep((began.elapsed() * 2).min(LONGEST_PAUSE)).await;
        }
    });
}

/// Keeps what was recorded since the last time, of each cluster.
pub(crate) async fn keep(engine: &Engine, live: &Live) {
    // One at a time: what is on its way to the store is not sent twice.
    let _turn = live.keeping.lock().await;
    let clusters: Vec<String> = live.state.read().await.tapes.keys().cloned().collect();
    let mut trouble = None;
    let mut any_kept = false;
    for cluster in &clusters {
        match keep_one(engine, live, cluster).await {
            Ok(kept) => any_kept |= kept,
            Err(why) => trouble = Some(why),
        }
    }
    if trouble.is_some() || any_kept {
        set_trouble(engine, live, trouble.map(|why| Trouble::of(&why.into()))).await;
    }
}

/// Keeps what was recorded of one cluster; true where there was anything.
async fn keep_one(engine: &Engine, live: &Live, cluster: &str) -> Result<bool, StoreError> {
    let mut any_kept = false;
    loop {
        let unkept = live.state.write().await.tapes.get_mut(cluster).and_then(Tape::unkept);
        let Some(unkept) = unkept else { return Ok(any_kept) };
        let answer = match unkept {
            Unkept::New(segment, plan) => {
                let segment = Segment { plan: plan.to_json(), ..segment };
                drop(plan);
                engine.ports.store.put_segment(cluster.to_owned(), segment).await
            }
            Unkept::More(id, piece) => engine.ports.store.extend_segment(id, piece).await.map(|()| id),
        };
        let mut state = live.state.write().await;
        let Some(tape) = state.tapes.get_mut(cluster) else { return answer.map(|_| true) };
        any_kept = true;
        match answer {
            Ok(id) => {
                if !tape.was_kept(id) {
                    return Ok(true);
                }
                engine.archive.grew(id);
            }
            Err(why) => {
                if matches!(why, StoreError::NotFound { .. }) {
                    tape.was_lost();
                } else {
                    tape.was_not_kept();
                }
                return Err(why);
            }
        }
    }
}
