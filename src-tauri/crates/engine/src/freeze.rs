//! What Declare freezes: the world as it is, Events, alerts, silences, who is on call, revisions of every workload.

use broadstreet_core::alerts::AlertState;
use broadstreet_core::id::{IncidentId, SourceId};
use broadstreet_core::ledger::drafts::{self, FrozenCounts as Counts};
use broadstreet_core::ledger::kinds::EVIDENCE_FROZEN;
use broadstreet_core::resource::Body;
use broadstreet_core::time::{Moment, Window};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::past::{Scope, What};
use crate::{Engine, Result};

/// What happened this long before Declare goes onto the timeline.
const BEFORE: chrono::Duration = chrono::Duration::hours(1);

/// Pages this long before Declare go onto the timeline.
const PAGES_BEFORE: chrono::Duration = chrono::Duration::hours(2);

/// Revisions of a workload that are frozen.
const REVISIONS: usize = 10;

/// Who was on call when evidence was frozen.
#[derive(Clone, Debug, Deserialize)]
pub struct OnCallThen {
    /// When it was frozen.
    pub at: Moment,
    /// The pager, the policy, the step in it and the person.
    pub on_call: Vec<(SourceId, String, u32, String)>,
}

impl Engine {
    /// Who was on call when the evidence of an incident was frozen; none where nothing was, or its file is not here.
    pub async fn on_call_then(&self, id: &IncidentId) -> Result<Option<OnCallThen>> {
        let (_, rows) = self.book.read(id).await?;
        let row = rows.iter().find(|row| row.kind == EVIDENCE_FROZEN);
        let Some(blob) = row.and_then(|row| row.payload.get("blob")).and_then(Value::as_str) else { return Ok(None) };
        let Ok(bytes) = self.file(blob).await else { return Ok(None) };
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// Freezes the evidence of a live cluster into an incident; without one there is nothing to freeze.
    pub(crate) async fn freeze(&self, id: &IncidentId, now: Moment) -> Result<()> {
        let Some(live) = self.live().await else { return Ok(()) };
        let (document, counts, digest, mut rows) = {
            let state = live.state.read().await;
            let world = &state.world;
            let events: Vec<&str> = world
                .objects()
                .filter(|object| matches!(object.body, Body::Event(_)))
                .map(|object| object.uid.as_str())
                .collect();
            let alerts: Vec<_> = world.alerts().collect();
            let revisions = revisions(world);
            let silences = state.silences();
            let counts = Counts {
                events: events.len() as u32,
                alerts: alerts.len() as u32,
                silences: silences.len() as u32,
                on_call: state.on_call.len() as u32,
                revisions: revisions.len() as u32,
            };
            let document = json!({
                "at": now, "cluster": live.identity, "keyframe": world.keyframe(), "events": events,
                "alerts": alerts, "silences": silences, "receivers": state.receivers(),
                "on_call": state.on_call, "revisions": revisions, "attempts": state.attempts,
            });
            let mut rows = Vec::new();
            for alert in alerts.iter().filter(|alert| alert.state != AlertState::Pending) {
                let case = state.placed.cases.iter().find(|case| case.alert == alert.id);
                let aside = case.is_some_and(|case| {
                    use broadstreet_core::alerts::Address::{Heartbeat, Plumbing};
                    matches!(case.at, Heartbeat | Plumbing)
                });
                if !aside {
                    rows.push(drafts::alert(alert, case, "fired", alert.starts_at.unwrap_or(now)));
                }
            }
            for note in state.noted.iter().filter(|note| now - note.at < BEFORE) {
                if let What::Fact(fact) = &note.what {
                    let source = if fact.kind == "kubernetes_event" { "kubernetes events" } else { "cluster" };
                    rows.push(drafts::fact(fact, note.at, source));
                }
            }
            for attempt in &state.attempts {
                let told = attempt.queued_at.or(attempt.sent_at).or(attempt.delivered_at).or(attempt.acked_at);
                if told.is_none_or(|at| now - at < PAGES_BEFORE) {
                    rows.extend(drafts::page_transitions(None, attempt, &state.attempts));
                }
            }
            (document, counts, world.digest(), rows)
        };
        // What was recorded within the hour but before this program was started.
        if now - live.since < BEFORE {
            let window = Window { from: now - BEFORE, to: live.since };
            let older = self.archive.noted(&Scope::Cluster(live.identity.id.clone()), Some(window)).await?;
            for note in older {
                if let What::Fact(fact) = &note.what {
                    let source = if fact.kind == "kubernetes_event" { "kubernetes events" } else { "cluster" };
                    rows.push(drafts::fact(fact, note.at, source));
                }
            }
        }
        let bytes = serde_json::to_vec(&document).unwrap_or_default();
        let blob = self.ports.store.put_blob(bytes).await?;
        let mut all =
            vec![drafts::evidence_frozen(now, &blob, counts), drafts::snapshot(now, &live.identity.label, &digest)];
        all.append(&mut rows);
        self.book.append_machine(id, all).await?;
        crate::live::keep_now(self, &live).await;
        Ok(())
    }
}

/// The last ten `ReplicaSets` or `ControllerRevisions` of each workload, newest first.
fn revisions(world: &broadstreet_core::world::World) -> Vec<Value> {
    let mut by_owner: std::collections::BTreeMap<String, Vec<(i64, Value)>> = std::collections::BTreeMap::new();
    for object in world.objects() {
        let number = match &object.body {
            Body::ControllerRevision(revision) => revision.revision,
            Body::Workload(_) if object.key.kind == "ReplicaSet" => {
                let said = object.annotations.get("deployment.kubernetes.io/revision");
                said.and_then(|text| text.parse().ok()).unwrap_or_default()
            }
            _ => continue,
        };
        let Some(owner) = object.owners.iter().find(|owner| owner.controller) else { continue };
        let key = format!("{}/{}/{}", owner.kind, object.key.namespace, owner.name);
        let value = json!({ "workload": key, "revision": number, "object": object });
        by_owner.entry(key).or_default().push((number, value));
    }
    by_owner
        .into_values()
        .flat_map(|mut all| {
            all.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
            all.into_iter().take(REVISIONS).map(|(_, value)| value)
        })
        .collect()
}
