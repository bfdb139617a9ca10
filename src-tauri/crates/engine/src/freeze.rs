//! What Declare freezes: the world as it is, Events, alerts, silences, who is on call, revisions of every workload.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broadstreet_core::alerts::AlertState;
use broadstreet_core::id::{IncidentId, SourceId};
use broadstreet_core::ledger::drafts::{self, FrozenCounts as Counts};
use broadstreet_core::ledger::incident::Incident;
use broadstreet_core::ledger::kinds::{CLUSTER_JOINED, EVIDENCE_FROZEN, INCIDENT_DECLARED};
use broadstreet_core::ledger::{Draft, Row};
use broadstreet_core::ports::StoreError;
use broadstreet_core::resource::{Body, Uid};
use broadstreet_core::time::Moment;
use broadstreet_core::world::World;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::live::{Live, Member, State, Trouble};
use crate::past::{Noted, What};
use crate::{Engine, EngineError, Result};

/// A cluster that was not read whole by then is frozen as far as it was.
const READ_BY: chrono::Duration = chrono::Duration::minutes(2);

/// A source that has not answered so long after the cluster was opened is not waited for.
const ASKED_BY: chrono::Duration = chrono::Duration::seconds(30);

/// So long the desk that declared an incident freezes it by itself.
const THEIRS: chrono::Duration = chrono::Duration::seconds(10);

/// Between two looks at a cluster that was not read whole yet.
const WAIT: Duration = Duration::from_millis(500);

/// Between two looks for incidents whose evidence was not frozen.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The same after it could not be frozen: each try writes the whole of it.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// What happened this long before Declare goes onto the timeline.
const BEFORE: chrono::Duration = chrono::Duration::hours(1);

/// Pages this long before Declare go onto the timeline.
const PAGES_BEFORE: chrono::Duration = chrono::Duration::hours(2);

/// The field of a declaration that names the contexts of the clusters that were open and had not answered.
pub(crate) const AWAITED: &str = "awaited";

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
        match self.file(blob).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(EngineError::Store(StoreError::NotFound { .. })) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Freezes the evidence of an incident, or remembers why it could not be, for the alarm; it is tried again then.
    pub(crate) async fn freeze(&self, id: &IncidentId) {
        let frozen = match self.freeze_once(id).await {
            Ok(()) => self.keep_recordings().await,
            failed => failed,
        };
        if let Err(why) = &frozen {
            tracing::error!(%why, incident = id.as_str(), "the evidence could not be kept yet");
        }
        if self.evidence.note(id, self.now(), frozen.err().map(|why| Trouble::of(&why))) {
            self.notices.tell("desk", []);
        }
    }

    /// Freezes the evidence of an incident in each open cluster that has none yet, once that was read and each source asked.
    async fn freeze_once(&self, id: &IncidentId) -> Result<()> {
        let _one = self.evidence.writing.lock().await;
        let Some(live) = self.live().await else { return Ok(()) };
        self.book.catch_up(id).await;
        self.let_join(id, &live).await?;
        let (incident, rows) = self.book.read(id).await?;
        let now = self.now();
        let declared = declared(&incident).unwrap_or(now);
        let mut failed = Ok(());
        for member in unfrozen_in(&live, &incident, &rows) {
            let is_read = {
                let state = live.state.read().await;
                let is_read = member.id().is_some_and(|it| state.synced.contains(it));
                let began = declared.max(live.since).max(joined(&rows, &member).unwrap_or(declared));
                let is_early = !is_read && now - began < READ_BY;
                if is_early || (now - live.since < ASKED_BY && !live.every_source_was_asked(&state)) {
                    self.evidence.look();
                    continue;
                }
                // An empty world would be frozen for good, while all that may be known is still to come.
                live.unread(&state, &member).filter(|_| !is_read).map_or(Ok(()), Err)
            };
            let frozen = match is_read {
                Ok(()) => self.freeze_in(id, &live, &member, declared).await,
                unread => unread,
            };
            // One that cannot be kept keeps none of the others from it.
            if let Err(why) = frozen {
                failed = Err(why);
            }
        }
        failed
    }

    /// Lets clusters join an incident that were silent while this desk declared it, and have answered.
    async fn let_join(&self, id: &IncidentId, live: &Live) -> Result<()> {
        let (incident, rows) = self.book.read(id).await?;
        let joining = self.joining_in(live, &incident, &rows);
        let joining = joining.iter().filter_map(|it| Some(drafts::cluster_joined(self.now(), it.id()?, &it.label)));
        let joining: Vec<Draft> = joining.collect();
        if !joining.is_empty() && !self.book.append_machine(id, joining).await?.is_empty() {
            self.notices.tell("ledger", [id.0.clone()]);
        }
        Ok(())
    }

    /// The clusters that are to join an incident. Another desk's contexts may be called the same.
    fn joining_in(&self, live: &Live, incident: &Incident, rows: &[Arc<Row>]) -> Vec<Arc<Member>> {
        let is_ours = |row: &&Arc<Row>| row.kind == INCIDENT_DECLARED && &row.writer == self.book.writer();
        let awaited = rows.iter().find(is_ours).and_then(|row| row.payload.get(AWAITED)).and_then(Value::as_array);
        let Some(awaited) = awaited else { return Vec::new() };
        let is_new = |id: &str| !incident.clusters.iter().any(|it| it == id);
        let is_meant = |it: &Arc<Member>| it.id().is_some_and(is_new) && awaited.iter().any(|name| name == &it.label);
        live.members().into_iter().filter(is_meant).collect()
    }

    /// Freezes the evidence of an incident in one cluster.
    async fn freeze_in(&self, id: &IncidentId, live: &Live, member: &Member, declared: Moment) -> Result<()> {
        let Some(identity) = member.identity() else { return Ok(()) };
        let now = self.now();
        let (document, counts, digest, mut rows) = {
            let state = live.state.read().await;
            let keyframe = state.world.keyframe_of(&identity.id);
            let own;
            let world = if state.world.clusters().len() > 1 {
                own = World::from_changes(&keyframe);
                &own
            } else {
                &state.world
            };
            let events: Vec<&Uid> = world
                .objects()
                .filter(|object| matches!(object.body, Body::Event(_)))
                .map(|object| &object.uid)
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
                "at": now, "cluster": identity, "keyframe": keyframe, "events": events,
                "alerts": alerts, "silences": silences, "receivers": state.receivers(),
                "on_call": state.on_call, "revisions": revisions, "attempts": state.attempts,
            });
            (document, counts, world.digest(), before_declare(&state, declared, now))
        };
        // Also what was recorded within the hour but before this program was started.
        rows.extend(self.noted_live(live, declared - BEFORE).await?.iter().filter_map(fact_row));
        let bytes = serde_json::to_vec(&document).unwrap_or_default();
        let blob = self.ports.store.put_blob(bytes).await?;
        let frozen = drafts::evidence_frozen(now, &blob, &identity.id, &member.label, counts);
        let mut all = vec![frozen, drafts::snapshot(now, &member.label, &digest)];
        all.append(&mut rows);
        self.book.append_machine(id, all).await?;
        crate::live::keep_now(self, live).await;
        self.notices.tell("ledger", [id.0.clone()]);
        Ok(())
    }

    /// What keeps evidence from being frozen in open clusters, by the name of their context: they never answered.
    pub(crate) async fn unreached(&self) -> Vec<(String, Trouble)> {
        let Some(live) = self.live().await else { return Vec::new() };
        let state = live.state.read().await;
        let silent = live.members().into_iter().filter(|member| member.id().is_none());
        silent
            .filter_map(|member| {
                let trouble = state.proofs.get(&member.source)?.trouble.clone()?;
                Some((member.label.clone(), trouble))
            })
            .collect()
    }

    /// Freezes what was declared and not frozen: the program ended in between, the disk was full, no cluster was open.
    pub(crate) fn freeze_what_was_not(&self) {
        let engine = self.clone();
        self.tasks.keep_running("freeze what was declared", move || {
            let engine = engine.clone();
            async move {
                loop {
                    for id in engine.unfrozen().await.map_err(|why| why.to_string())? {
                        engine.freeze(&id).await;
                    }
                    if engine.evidence.troubles().is_empty() {
                        let waiting = engine.evidence.waiting.notified();
                        if tokio::time::timeout(LOOK_AGAIN, waiting).await.is_ok() {
                            tokio::time::sleep(WAIT).await;
                        }
                    } else {
                        tokio::time::sleep(TRY_AGAIN).await;
                    }
                }
            }
        });
    }

    /// Incidents under way that have no evidence, while a cluster is open.
    async fn unfrozen(&self) -> Result<Vec<IncidentId>> {
        let mut found = Vec::new();
        let Some(live) = self.live().await else { return Ok(found) };
        let under_way = self.under_way().await?;
        self.evidence.keep(&under_way);
        let troubles = self.evidence.troubles();
        for id in under_way {
            let (incident, rows) = self.book.read(&id).await?;
            let declared = rows.iter().find(|row| row.kind == INCIDENT_DECLARED);
            let is_theirs =
                declared.is_some_and(|row| &row.writer != self.book.writer() && self.now() - row.recorded_at < THEIRS);
            let joins = !self.joining_in(&live, &incident, &rows).is_empty();
            let is_kept = unfrozen_in(&live, &incident, &rows).is_empty();
            if joins || !is_theirs && (!is_kept || troubles.contains_key(&id)) && !is_elsewhere(&incident, &live) {
                found.push(id);
            }
        }
        Ok(found)
    }
}

/// What keeps evidence from being frozen.
#[derive(Default)]
pub struct Evidence {
    /// Evidence is frozen by one at a time.
    writing: tokio::sync::Mutex<()>,
    /// Told where a cluster was opened, or was not read whole yet: it is looked at again soon.
    waiting: tokio::sync::Notify,
    troubles: Mutex<BTreeMap<IncidentId, (Moment, Trouble)>>,
}

impl Evidence {
    /// Has it looked soon for incidents whose evidence was not frozen.
    pub(crate) fn look(&self) {
        self.waiting.notify_one();
    }

    /// Remembers what went wrong, and since when, or that nothing is wrong any more; true where that is news.
    fn note(&self, id: &IncidentId, now: Moment, trouble: Option<Trouble>) -> bool {
        let mut all = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(trouble) => {
                let since = all.get(id).map_or(now, |known| known.0);
                all.insert(id.clone(), (since, trouble)).is_none()
            }
            None => all.remove(id).is_some(),
        }
    }

    /// Forgets those that are under way no longer.
    fn keep(&self, under_way: &[IncidentId]) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| under_way.contains(id));
    }

    /// Incidents whose evidence could not be frozen, since when, and why.
    pub(crate) fn troubles(&self) -> BTreeMap<IncidentId, (Moment, Trouble)> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// True for an incident of other clusters than the open ones.
fn is_elsewhere(incident: &Incident, live: &Live) -> bool {
    !incident.clusters.is_empty() && !live.clusters().iter().any(|id| incident.clusters.contains(id))
}

/// The open clusters an incident is about in which its evidence is not frozen. A row that names no cluster is of before
/// there could be several.
fn unfrozen_in(live: &Live, incident: &Incident, rows: &[Arc<Row>]) -> Vec<Arc<Member>> {
    let frozen: Vec<&str> = rows
        .iter()
        .filter(|row| row.kind == EVIDENCE_FROZEN)
        .map(|row| row.payload.get("cluster").and_then(Value::as_str).unwrap_or_default())
        .collect();
    let is_meant = |id: &str| match incident.clusters.as_slice() {
        [] => frozen.is_empty(),
        clusters => clusters.iter().any(|it| it == id) && !frozen.iter().any(|it| it.is_empty() || *it == id),
    };
    live.members().into_iter().filter(|member| member.id().is_some_and(is_meant)).collect()
}

/// What stood and what happened before an incident was declared, as rows.
fn before_declare(state: &State, declared: Moment, now: Moment) -> Vec<Draft> {
    let mut rows = Vec::new();
    for alert in state.world.alerts().filter(|alert| alert.state != AlertState::Pending) {
        let case = state.placed.cases.iter().find(|case| case.alert == alert.id);
        let aside = case.is_some_and(|case| {
            use broadstreet_core::alerts::Address::{Heartbeat, Plumbing};
            matches!(case.at, Heartbeat | Plumbing)
        });
        if !aside {
            rows.push(drafts::alert(alert, case, "fired", alert.starts_at.unwrap_or(now)));
        }
    }
    rows.extend(state.noted.iter().filter(|note| declared - note.at < BEFORE).filter_map(fact_row));
    for attempt in &state.attempts {
        let told = attempt.queued_at.or(attempt.sent_at).or(attempt.delivered_at).or(attempt.acked_at);
        if told.is_none_or(|at| declared - at < PAGES_BEFORE) {
            rows.extend(drafts::page_transitions(None, attempt, &state.attempts));
        }
    }
    rows
}

/// What an object did, as a row.
fn fact_row(note: &Noted) -> Option<Draft> {
    let What::Fact(fact) = &note.what else { return None };
    let source = if fact.kind == "kubernetes_event" { "kubernetes events" } else { "cluster" };
    Some(drafts::fact(fact, note.at, source))
}

/// When a cluster joined an incident; none where it was there from the start.
fn joined(rows: &[Arc<Row>], member: &Member) -> Option<Moment> {
    let is_its = |row: &&Arc<Row>| {
        row.kind == CLUSTER_JOINED && row.payload.get("cluster").and_then(Value::as_str) == member.id()
    };
    rows.iter().find(is_its).map(|row| row.recorded_at)
}

/// When an incident was declared.
fn declared(incident: &Incident) -> Option<Moment> {
    incident.milestones.iter().find(|it| it.name == "declared").map(|it| it.at.at)
}

/// The last ten `ReplicaSets` or `ControllerRevisions` of each workload, newest first.
fn revisions(world: &broadstreet_core::world::World) -> Vec<Value> {
    let mut by_owner: BTreeMap<String, Vec<(i64, Value)>> = BTreeMap::new();
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
