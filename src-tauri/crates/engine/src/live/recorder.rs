//! Hands the recording under way to the store.

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::ports::StoreError;

use super::tape::Unkept;
use super::writer::set_trouble;
use super::{Live, Trouble};
use crate::Engine;

/// The longest pause between two times the recording is kept.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Starts the task that hands the recording to the store: a keyframe of a large cluster takes seconds, and the writer
/// does not wait for it.
pub(crate) fn start_recorder(engine: &Engine, live: &Arc<Live>) {
    let (engine, live_) = (engine.clone(), Arc::clone(live));
    live.tasks.start("the recorder", async move {
        loop {
            live_.flush.notified().await;
            let began = tokio::time::Instant::now();
            keep(&engine, &live_).await;
            // It gets at most a third of the time.
            tokio::time::sleep((began.elapsed() * 2).min(LONGEST_PAUSE)).await;
        }
    });
}

/// Keeps what was recorded since the last time.
pub(crate) async fn keep(engine: &Engine, live: &Live) {
    // One at a time: what is on its way to the store is not sent twice.
    let _turn = live.keeping.lock().await;
    loop {
        let unkept = live.state.write().await.tape.unkept();
        let Some(unkept) = unkept else { return };
        let answer = match unkept {
            Unkept::New(segment) => engine.ports.store.put_segment(live.identity.id.clone(), segment).await,
            Unkept::More(id, piece) => engine.ports.store.extend_segment(id, piece).await.map(|()| id),
        };
        let trouble = match answer {
            Ok(id) => {
                let more = live.state.write().await.tape.was_kept(id);
                set_trouble(engine, live, None).await;
                if more {
                    engine.archive.grew(id);
                    continue;
                }
                return;
            }
            Err(why @ StoreError::NotFound { .. }) => {
                live.state.write().await.tape.was_lost();
                why
            }
            Err(why) => {
                live.state.write().await.tape.was_not_kept();
                why
            }
        };
        set_trouble(engine, live, Some(Trouble::of(&trouble.into()))).await;
        return;
    }
}
