//! What tells that all connections are to be given up for new ones, and that the server is another than before.

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::ports::Observation;
use broadstreet_core::world::Change;
use futures_util::future::{Either, select};
use serde_json::Value;

use crate::access::JSON;
use crate::watch::Shared;

/// How often the wall clock is looked at.
const LOOK: Duration = Duration::from_secs(3);
/// So much more time went by than was waited for: the machine slept. A clock that is set right looks the same, and costs
/// one round of new connections.
const SLEPT: Duration = Duration::from_secs(15);
/// How long a server that broke off a connection is given before it is asked what it is now.
const RESTARTS_FOR: Duration = Duration::from_secs(2);
/// It is asked so often even where nothing broke: a good load balancer hides an upgrade.
const VERSION_EVERY: Duration = Duration::from_secs(600);

/// Starts anew after the machine slept: whatever was open then is dead, and no timer that stood still tells.
pub async fn after_sleep(shared: Arc<Shared>) {
    let access = &shared.access;
    let look = || (access.clock.now(), access.timer.elapsed());
    let mut last = look();
    loop {
        access.timer.sleep(LOOK).await;
        let now = look();
        let by_clock = (now.0 - last.0).to_std().unwrap_or_default();
        let gone_by = by_clock.max(now.1.saturating_sub(last.1));
        last = now;
        if gone_by > LOOK + SLEPT {
            tracing::info!(?gone_by, "the machine slept; every watch starts anew");
            access.start_anew().await;
        }
    }
}

/// Asks for the version again where connections broke, and tells one that changed.
pub async fn version(shared: Arc<Shared>, id: String, label: String, mut version: String) {
    let access = &shared.access;
    let mut anew = access.anew.subscribe();
    loop {
        let broke = select(Box::pin(shared.broke.notified()), Box::pin(anew.changed()));
        if let Either::Left(_) = select(broke, access.timer.sleep(VERSION_EVERY)).await {
            access.timer.sleep(RESTARTS_FOR).await;
        }
        let Ok((_, said)) = access.json("/version", JSON, access.limits.answer).await else {
            // Down still, or not allowed to say; a question each few seconds is what the others ask too.
            access.timer.sleep(RESTARTS_FOR * 4).await;
            shared.broke.notify_one();
            continue;
        };
        let now = said.get("gitVersion").and_then(Value::as_str).unwrap_or_default();
        if !now.is_empty() && *now != *version {
            now.clone_into(&mut version);
            let cluster = Change::Cluster { id: id.clone(), label: label.clone(), version: version.clone() };
            shared.say(Observation::Changes(vec![cluster])).await;
        }
    }
}
