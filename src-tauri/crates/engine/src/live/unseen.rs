//! Alerts that ended while nothing recorded: said once every source of alerts answered again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use broadstreet_core::alerts::Alert;
use broadstreet_core::id::SourceId;
use broadstreet_core::ledger::unseen::{self, Listening};
use broadstreet_core::ports::SourceKind;

use super::{Live, State};
use crate::{Engine, Result};

/// The configured sources of alerts, with their kinds.
fn configured(live: &Live) -> Vec<(SourceId, SourceKind)> {
    let sources = live.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let all = sources.iter().map(|(id, (settings, _))| (id.clone(), settings.kind));
    all.filter(|(_, kind)| matches!(kind, SourceKind::Alertmanager | SourceKind::Prometheus)).collect()
}

/// True once every configured source of alerts answered, and one of them was not compared with the incidents yet.
pub(super) fn is_due(live: &Live, state: &State) -> bool {
    if !live.asked.load(Ordering::Acquire) {
        return false;
    }
    let all = configured(live);
    let answered = |(id, kind): &(SourceId, SourceKind)| {
        state.polls.contains_key(id) && (*kind != SourceKind::Prometheus || state.histories.contains(id))
    };
    all.iter().all(answered) && all.iter().any(|(id, _)| !state.compared.contains(id))
}

/// Writes to every incident under way what ended unseen.
pub(super) async fn write(engine: &Engine, live: &Live) -> Result<()> {
    let at = engine.now();
    let (told, prior, answered) = {
        let state = live.state.read().await;
        if !is_due(live, &state) {
            return Ok(());
        }
        let told: Vec<Alert> = state.world.alerts().cloned().collect();
        (told, state.prior.clone(), state.polls.keys().cloned().collect::<BTreeSet<_>>())
    };
    let clusters = live.clusters();
    let mut before = None;
    for id in engine.under_way().await? {
        engine.book.catch_up(&id).await;
        let (incident, rows) = engine.book.read(&id).await?;
        if unseen::firing(&rows).is_empty() {
            continue;
        }
        let scope = live.scope();
        if before.is_none() {
            let ends = engine.archive.entries(&scope, None).await?.into_iter();
            before = ends.filter(|it| it.from.is_some_and(|from| from < live.since)).filter_map(|it| it.until).max();
        }
        let past = match before {
            Some(until) => Some((until, engine.archive.seek(&scope, until, BTreeMap::new()).await?)),
            None => None,
        };
        let only = !incident.clusters.is_empty() && incident.clusters.iter().all(|id| clusters.contains(id));
        let listening = Listening {
            clusters: &clusters,
            only,
            told: &told,
            answered: &answered,
            prior: &prior,
            before: past.as_ref().map(|(until, past)| (*until, past.world())),
            since: live.since,
            at,
        };
        let ends = unseen::ends(&rows, listening);
        if !ends.is_empty() && !engine.book.append_machine(&id, ends).await?.is_empty() {
            engine.notices.tell("ledger", [id.0]);
        }
    }
    live.state.write().await.compared.extend(answered);
    Ok(())
}
