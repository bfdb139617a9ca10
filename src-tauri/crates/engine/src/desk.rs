//! What is open at the desk: a live cluster, a recording, or nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use broadstreet_core::id::{IncidentId, SourceId};
use broadstreet_core::ledger::incident::Person;
use broadstreet_core::ledger::{VACANCY_ALARM, vacancy};
use broadstreet_core::ports::{BundleContents, Context, Credentials, SourceKind, SourceSettings};
use broadstreet_core::time::{Moment, Window};
use broadstreet_core::world::{Freshness, SourceState};

use crate::history::worst_moment;
use crate::live::{self, Live, Trouble};
use crate::past::{Archive, Scope};
use crate::status::{alarms, sources_now};
use crate::{Engine, EngineError, Result};

/// What is open.
pub enum Open {
    /// Nothing.
    Closed,
    /// Live clusters.
    Live(Arc<Live>),
    /// A recording.
    Recorded(Recorded),
}

/// A recording that is open.
pub struct Recorded {
    /// The name to show.
    pub title: String,
    /// True for the bundled incident.
    pub demo: bool,
    /// Where its segments are read.
    pub archive: Arc<Archive>,
    /// Which segments.
    pub scope: Scope,
    /// The first instant recorded.
    pub from: Moment,
    /// The last.
    pub to: Moment,
    /// The worst moment.
    pub opens_at: Moment,
    /// What it was read from, where that is worth telling.
    pub sources: Vec<SourceNow>,
}

/// How the desk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is open.
    Closed,
    /// A live cluster.
    Live,
    /// A recording.
    Recorded,
}

/// One source as the desk shows it.
#[derive(Clone, Debug)]
pub struct SourceNow {
    /// Its id.
    pub id: SourceId,
    /// The name to show.
    pub label: String,
    /// The id of the cluster it watches or belongs to; empty where that is not known, or none.
    pub cluster: String,
    /// `cluster`, `alertmanager` …
    pub kind: String,
    /// How fresh it is as a whole.
    pub state: Freshness,
    /// The last proof of life.
    pub alive_at: Option<Moment>,
    /// What the edge branches on; empty where nothing is wrong.
    pub code: String,
    /// What is wrong; empty where nothing is.
    pub why: String,
    /// The next action.
    pub hint: String,
    /// Its version.
    pub version: String,
    /// Kinds that are not live.
    pub kinds: Vec<SourceState>,
    /// Malformed objects skipped; of a cluster at most [`crate::live::MOST_SKIPPED`], and then `why` says so.
    pub skipped: usize,
}

/// Something a person must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// `command_vacant`, `clock_disagrees`, `evidence_not_frozen`, `heartbeat_missing`, `storage`.
    pub code: &'static str,
    /// What it is about: a source, an incident, an alert; empty where there is but one such alarm.
    pub subject: String,
    /// In words.
    pub text: String,
    /// The next action.
    pub hint: String,
    /// Since when.
    pub since: Option<Moment>,
}

/// The desk as it is now.
#[derive(Clone, Debug)]
pub struct DeskNow {
    /// Live, recorded or closed.
    pub mode: Mode,
    /// The context's or the incident's name.
    pub title: String,
    /// The incident the views show.
    pub incident: Option<IncidentId>,
    /// Who acts.
    pub acting: Option<Person>,
    /// Everyone known.
    pub people: Vec<Person>,
    /// Sources.
    pub sources: Vec<SourceNow>,
    /// What recording covers.
    pub recorded: Option<Window>,
    /// Where a recording opens.
    pub opens_at: Option<Moment>,
    /// Alarms.
    pub alarms: Vec<Alarm>,
    /// True for the bundled incident.
    pub demo: bool,
    /// The desk's clock.
    pub now: Moment,
    /// The last revision told.
    pub revision: u32,
}

impl Engine {
    /// The contexts of a kubeconfig.
    pub fn contexts(&self, kubeconfig: Option<String>) -> Result<Vec<Context>> {
        Ok(self.ports.cluster.contexts(kubeconfig)?)
    }

    pub(crate) fn chosen(&self) -> Option<IncidentId> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn choose(&self, id: Option<IncidentId>) {
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = id;
        self.notices.tell("desk", []);
    }

    /// The open clusters.
    pub async fn live(&self) -> Option<Arc<Live>> {
        match &*self.desk.read().await {
            Open::Live(live) => Some(Arc::clone(live)),
            _ => None,
        }
    }

    pub(crate) async fn say_trouble(&self, live: &Live, id: &SourceId, why: &EngineError) {
        let mut state = live.state.write().await;
        state.proofs.entry(id.clone()).or_default().trouble = Some(Trouble::of(why));
    }

    /// Opens a bundle that was read, or the bundled incident where there are no bytes.
    pub async fn open_bundle(&self, bytes: Option<(&str, Vec<u8>)>) -> Result<IncidentId> {
        let demo = bytes.is_none();
        let contents = match &bytes {
            Some((path, bytes)) => self.ports.bundles.decode(path, bytes)?,
            None if self.options.bundled.is_empty() => {
                return Err(EngineError::not_found("bundled incident", "in this build"));
            }
            None => self.ports.bundles.decode("the bundled incident", self.options.bundled)?,
        };
        let id = contents.incident.clone();
        self.import(contents, demo).await?;
        self.close_desk().await?;
        self.open_recording(&id, demo).await?;
        Ok(id)
    }

    async fn import(&self, contents: BundleContents, demo: bool) -> Result<()> {
        let store = if demo { &self.ports.scratch } else { &self.ports.store };
        let known = store.incidents().await?.iter().any(|entry| entry.id == contents.incident);
        if demo {
            self.book.set_demo(Some(contents.incident.clone()));
        }
        if known {
            // What came first stays, its keys too, whatever another file of the same name holds.
            return Ok(());
        }
        store.open_incident(contents.incident.clone(), true).await?;
        // Without them it could not leave as a bundle again.
        let keys = serde_json::to_string(&contents.keys).unwrap_or_default();
        store.put_document(contents.incident.clone(), crate::bundles::KEYS.to_owned(), keys).await?;
        let mut window: Option<Window> = None;
        for segment in contents.segments {
            let cluster = segment.cluster().map(str::to_owned);
            if let (Some(from), Some(until)) = (segment.from, segment.until) {
                let to = until + chrono::Duration::microseconds(1);
                window = Some(
                    window.map_or(Window { from, to }, |all| Window { from: all.from.min(from), to: all.to.max(to) }),
                );
            }
            store.put_segment(cluster.unwrap_or_default(), segment).await?;
        }
        if let Some(window) = window {
            store.keep_segments(contents.incident.clone(), window).await?;
        }
        for (_, bytes) in contents.blobs {
            store.put_blob(bytes).await?;
        }
        for (name, document) in contents.documents {
            let json = serde_json::to_string(&document).unwrap_or_default();
            store.put_document(contents.incident.clone(), name, json).await?;
        }
        store.append(contents.rows).await?;
        Ok(())
    }

    /// Opens the recording of an incident that lies in a store.
    pub(crate) async fn open_recording(&self, id: &IncidentId, demo: bool) -> Result<()> {
        let incident = self.book.incident(id).await?;
        let archive =
            if demo { Arc::new(Archive::new(Arc::clone(&self.ports.scratch))) } else { Arc::clone(&self.archive) };
        let scope = Scope::Incident(id.clone(), incident.clusters.clone());
        let entries = archive.entries(&scope, None).await?;
        let from = entries.iter().filter_map(|entry| entry.from).min();
        let to = entries.iter().filter_map(|entry| entry.until).max();
        let rows = incident.timeline.iter().map(|entry| entry.occurred.at);
        let (first, last) = (rows.clone().min(), rows.max());
        let now = self.now();
        let from = from.or(first).unwrap_or(now);
        let to = to.or(last).unwrap_or(now).max(from);
        let noted = archive.noted(&scope, None).await?;
        let opens_at = worst_moment(&noted, from, to);
        let title = incident.title.clone();
        let id = id.clone();
        *self.desk.write().await =
            Open::Recorded(Recorded { title, demo, archive, scope, from, to, opens_at, sources: Vec::new() });
        self.choose(Some(id));
        self.notices.tell("map", []);
        Ok(())
    }

    /// Closes what is open; what was received is kept first.
    pub async fn close_desk(&self) -> Result<()> {
        let open = std::mem::replace(&mut *self.desk.write().await, Open::Closed);
        if let Open::Live(live) = open {
            self.close_all_logs();
            let members = live.members();
            let stops = members.iter().map(|member| member.tasks.stop());
            let mut hung = live.tasks.stop().await;
            hung.extend(futures_util::future::join_all(stops).await.into_iter().flatten());
            if !hung.is_empty() {
                tracing::warn!(?hung, "tasks did not stop in time");
            }
            live::keep(self, &live).await;
            for cluster in live.clusters() {
                if let Err(why) = self.remember_plan(&live, &cluster).await {
                    tracing::warn!(%why, "the plan could not be remembered");
                }
            }
        }
        self.choose(None);
        Ok(())
    }

    /// Makes an incident the one the views show. Without a live cluster its recording is opened.
    pub async fn choose_incident(&self, name: &str) -> Result<()> {
        let id = self.book.find(name).await?;
        if self.live().await.is_some() {
            self.book.incident(&id).await?;
            self.choose(Some(id));
            return Ok(());
        }
        let demo = self.book.is_demo(&id);
        self.open_recording(&id, demo).await
    }

    /// The desk as it is now.
    pub async fn desk_now(&self) -> Result<DeskNow> {
        let now = self.now();
        let mut desk = DeskNow {
            mode: Mode::Closed,
            title: String::new(),
            incident: self.chosen(),
            acting: self.acting(),
            people: self.people(),
            sources: Vec::new(),
            recorded: None,
            opens_at: None,
            alarms: Vec::new(),
            demo: false,
            now,
            revision: self.notices.revision(),
        };
        let open = self.desk.read().await;
        match &*open {
            Open::Closed => {}
            Open::Live(live) => {
                let live = Arc::clone(live);
                drop(open);
                desk.mode = Mode::Live;
                desk.title = live.title();
                let scope = live.scope_since(live.since);
                let first = self.archive.entries(&scope, None).await?.first().and_then(|entry| entry.from);
                desk.recorded = Some(Window { from: first.map_or(live.since, |first| first.min(live.since)), to: now });
                let state = live.state.read().await;
                desk.sources = sources_now(&live, &state, now);
                desk.alarms = alarms(&live, &state);
            }
            Open::Recorded(recorded) => {
                desk.mode = Mode::Recorded;
                desk.title.clone_from(&recorded.title);
                desk.demo = recorded.demo;
                desk.sources.clone_from(&recorded.sources);
                desk.recorded = Some(Window { from: recorded.from, to: recorded.to });
                desk.opens_at = Some(recorded.opens_at);
            }
        }
        let unfrozen = self.evidence.troubles();
        let unreached = self.unreached().await;
        for id in self.under_way().await? {
            let incident = self.book.incident(&id).await?;
            if let Some((since, trouble)) = unfrozen.get(&id) {
                desk.alarms.push(Alarm {
                    code: "evidence_not_frozen",
                    subject: id.to_string(),
                    text: format!(
                        "the evidence of {} is not frozen yet, which is tried again by itself: {}",
                        incident_name(&incident),
                        trouble.why
                    ),
                    hint: trouble.hint.clone(),
                    since: Some(*since),
                });
            }
            for (label, trouble) in &unreached {
                desk.alarms.push(Alarm {
                    code: "evidence_not_frozen",
                    subject: format!("{id} in {label}"),
                    text: format!(
                        "the evidence of {} is not frozen in `{label}`, which never answered: {}",
                        incident_name(&incident),
                        trouble.why
                    ),
                    hint: trouble.hint.clone(),
                    since: None,
                });
            }
            if let Some(gap) = vacancy(&incident, now).filter(|gap| *gap >= VACANCY_ALARM) {
                desk.alarms.push(Alarm {
                    code: "command_vacant",
                    subject: id.to_string(),
                    text: format!("nobody commands {} since {} s", incident_name(&incident), gap.num_seconds()),
                    hint: "take command, or offer it to somebody".to_owned(),
                    since: incident.commander_since,
                });
            }
        }
        Ok(desk)
    }

    /// Saves a source, with its secret where one is given, and starts asking it. Of one that needs no secret none is kept.
    pub async fn save_source(&self, settings: SourceSettings, secret: Option<String>) -> Result<()> {
        check_source(&settings)?;
        if !settings.credentials.need_secret() {
            self.ports.vault.forget(settings.id.as_str());
        } else if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
            self.ports.vault.keep(settings.id.as_str(), &secret);
        }
        let mut all = self.sources().await?;
        match all.iter_mut().find(|known| known.id == settings.id) {
            Some(known) => *known = settings.clone(),
            None => all.push(settings.clone()),
        }
        self.keep_sources(&all).await?;
        let mut started = Ok(());
        if let Some(live) = self.live().await {
            // What was wrong before may be so no longer: the next answer says.
            live.state.write().await.proofs.entry(settings.id.clone()).or_default().trouble = None;
            started = live::start_source(self, &live, &settings);
            if let Err(why) = &started {
                self.say_trouble(&live, &settings.id, why).await;
            }
        }
        self.notices.tell("desk", []);
        started
    }

    /// Removes a source and forgets its secret.
    pub async fn remove_source(&self, id: &SourceId) -> Result<()> {
        let mut all = self.sources().await?;
        let before = all.len();
        all.retain(|known| &known.id != id);
        if all.len() == before {
            return Err(EngineError::not_found("source", id.as_str()));
        }
        self.keep_sources(&all).await?;
        self.ports.vault.forget(id.as_str());
        if let Some(live) = self.live().await {
            let stopped = live.sources.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
            if let Some((_, tasks)) = stopped {
                tasks.ask_to_stop();
            }
            let _ = live.input.send(live::Input::Removed(id.clone())).await;
        }
        self.notices.tell("desk", []);
        Ok(())
    }

    /// Whether a secret is kept for a source.
    pub fn has_secret(&self, id: &SourceId) -> bool {
        self.ports.vault.secret(id.as_str()).is_some()
    }

    /// Alertmanager and Prometheus Services found in the open clusters and not configured yet.
    pub async fn discover_sources(&self) -> Result<Vec<SourceSettings>> {
        let known = self.sources().await?;
        let seen = self.look(None).await?;
        let mut found = broadstreet_core::alerts::discover(seen.world());
        let service = |it: &SourceSettings| {
            it.proxy.as_ref().map(|proxy| (proxy.namespace.clone(), proxy.service.clone(), it.cluster.clone()))
        };
        found.retain(|one| !known.iter().any(|known| known.kind == one.kind && service(known) == service(one)));
        Ok(found)
    }

    /// Tends what is due by the clock: retention once an hour, the vacancy of command.
    pub(crate) fn tend(&self) {
        let engine = self.clone();
        self.tasks.keep_running("tend the store", move || {
            let engine = engine.clone();
            async move {
                let mut minutes = tokio::time::interval(std::time::Duration::from_mins(1));
                let mut due = 0u32;
                loop {
                    minutes.tick().await;
                    engine.forget_readings();
                    engine.keep_recordings().await.map_err(|why| why.to_string())?;
                    if due.is_multiple_of(60) {
                        let looks = engine.looks().await.map_err(|why| why.to_string())?;
                        let before = engine.now() - chrono::Duration::hours(i64::from(looks.recording_hours));
                        let bytes = (looks.recording_gigabytes * 1e9) as i64;
                        engine.ports.store.retain(before, bytes).await.map_err(|why| why.to_string())?;
                    }
                    due += 1;
                }
            }
        });
        let engine = self.clone();
        self.tasks.keep_running("watch the chain of command", move || {
            let engine = engine.clone();
            async move {
                let mut seconds = tokio::time::interval(std::time::Duration::from_secs(5));
                let mut alarmed = BTreeSet::new();
                loop {
                    seconds.tick().await;
                    let mut vacant = BTreeSet::new();
                    for id in engine.under_way().await.map_err(|why| why.to_string())? {
                        let incident = engine.book.incident(&id).await.map_err(|why| why.to_string())?;
                        if vacancy(&incident, engine.now()).is_some_and(|gap| gap >= VACANCY_ALARM) {
                            vacant.insert(id);
                        }
                    }
                    if vacant != alarmed {
                        alarmed = vacant;
                        engine.notices.tell("desk", []);
                    }
                }
            }
        });
    }

    /// Keeps the recording of every incident under way with it, from one hour before it was declared.
    pub(crate) async fn keep_recordings(&self) -> Result<()> {
        let now = self.now();
        for id in self.under_way().await? {
            let incident = self.book.incident(&id).await?;
            let declared = incident.milestones.iter().find(|it| it.name == "declared").map_or(now, |it| it.at.at);
            let window = Window { from: declared - chrono::Duration::hours(1), to: now };
            self.ports.store.keep_segments(id, window).await?;
        }
        Ok(())
    }
}

fn incident_name(incident: &broadstreet_core::ledger::incident::Incident) -> String {
    format!("INC-{:04}", incident.number)
}

fn check_source(settings: &SourceSettings) -> Result<()> {
    let refuse = |why: String, hint: &str| Err(EngineError::refused("bad_settings", why, hint));
    if settings.id.as_str().trim().is_empty() {
        return refuse("a source needs a name".into(), "give it a short name, such as `alertmanager:main`");
    }
    let by_address = settings.address.starts_with("http://") || settings.address.starts_with("https://");
    let by_proxy = settings.proxy.as_ref().is_some_and(|it| !it.service.is_empty() && !it.namespace.is_empty());
    let may_proxy = matches!(settings.kind, SourceKind::Alertmanager | SourceKind::Prometheus);
    if !(by_address || (by_proxy && may_proxy)) {
        return refuse(
            format!("`{}` has no address that begins with http:// or https://", settings.id),
            "give the address, or for Alertmanager and Prometheus the Service behind the API server's proxy",
        );
    }
    if by_proxy && may_proxy && (settings.credentials != Credentials::None || settings.ca_file.is_some()) {
        return refuse(
            format!(
                "`{}` is reached through the API server, which passes no password, token or certificate on",
                settings.id
            ),
            "leave the credentials and the authority out, or give its address",
        );
    }
    Ok(())
}
