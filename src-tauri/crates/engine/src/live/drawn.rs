//! Draws the map of a large cluster for its recording, so that the past is seen before its world is read back.

use std::sync::Arc;

use broadstreet_core::plan::{Lens, SceneOptions};
use broadstreet_core::time::Moment;
use chrono::Duration;

use super::{Live, State};
use crate::Engine;

/// The world of as many objects is read back in the time a drawn map takes, roughly: of fewer none is kept.
const LARGE: usize = 5_000;

/// The shortest time between two drawn maps.
const EVERY: Duration = Duration::seconds(5);

/// What was drawn last: of which segment, when, and of which revision of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    segment: i64,
    at: Moment,
    revision: u32,
}

/// What is to be drawn now; nothing where that was just done, where nothing changed, or where it is not worth it. A map of
/// several clusters is in the recording of none of them.
fn due(state: &State, last: Option<Last>) -> Option<Last> {
    let mut tapes = state.tapes.values();
    let (Some(tape), None) = (tapes.next(), tapes.next()) else { return None };
    if !state.in_sync || state.world.len() < LARGE {
        return None;
    }
    let now = Last { segment: tape.stored()?, at: state.at?, revision: state.revision };
    let is_news = last
        .is_none_or(|last| last.segment != now.segment || (last.revision != now.revision && now.at - last.at >= EVERY));
    is_news.then_some(now)
}

/// Draws the map and keeps it beside the recording, where it is time to. Answers what was drawn last.
pub(super) async fn draw(engine: &Engine, live: &Live, last: Option<Last>) -> Option<Last> {
    let state = Arc::clone(&live.state).read_owned().await;
    let Some(now) = due(&state, last) else { return last };
    let still = live.tasks.block(move || {
        let fading = state.fading();
        let revision = state.revision;
        let options = SceneOptions { lens: Lens::Namespaces, revision, fading: &fading, ..SceneOptions::default() };
        state.drawings.still((&state.world, &state.plan, &state.placed), &options)
    });
    let Some(still) = still.await else { return last };
    // What changes meanwhile does not wait until it is packed, and neither does whoever looks.
    let Some(map) = live.tasks.quietly(move || still.pack(now.at)).await else { return last };
    if let Err(why) = engine.ports.store.put_drawn(now.segment, now.at, map).await {
        // The recording has all that is in it: only going there takes longer.
        tracing::warn!(%why, "a drawn map could not be kept");
    }
    Some(now)
}
