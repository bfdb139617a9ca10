//! The desk, people, sources, settings.

use broadstreet_core::id::SourceId;
use broadstreet_core::ports::ContextChoice;
use broadstreet_core::world::Freshness;
use broadstreet_engine::desk::SourceNow;
use broadstreet_engine::{Engine, Mode};

use super::Answer;
use crate::convert::{maybe, moment, person, source_form, source_settings, text};
use crate::error::ApiError;
use crate::wire::desk::{
    ActAs, AlarmView, CheckView, ContextView, Desk, KindView, ListContexts, Nothing, OpenBundle, OpenContext,
    SaveSettings, SettingsView, SourceForm, SourceRef, SourceView, StorageView,
};
use crate::wire::incident::IncidentRef;

fn freshness(state: &Freshness) -> (&'static str, Option<String>, String, String) {
    match state {
        Freshness::Live => ("live", None, String::new(), String::new()),
        Freshness::CatchingUp => ("catching_up", None, String::new(), String::new()),
        Freshness::Stale { since, why } => ("stale", Some(text(*since)), why.clone(), String::new()),
        Freshness::Forbidden { verb, message } => ("forbidden", None, message.clone(), verb.clone()),
        Freshness::Absent => ("absent", None, String::new(), String::new()),
        Freshness::NeverAnswered { why } => ("never_answered", None, why.clone(), String::new()),
    }
}

fn source(one: &SourceNow) -> SourceView {
    let (state, since, why, _) = freshness(&one.state);
    SourceView {
        id: one.id.0.clone(),
        label: one.label.clone(),
        cluster: one.cluster.clone(),
        kind: one.kind.clone(),
        state: state.to_owned(),
        since: maybe(one.alive_at).or(since),
        code: one.code.clone(),
        why: if one.why.is_empty() { why } else { one.why.clone() },
        hint: one.hint.clone(),
        version: one.version.clone(),
        kinds: one
            .kinds
            .iter()
            .map(|kind| {
                let (state, since, why, verb) = freshness(&kind.state);
                KindView {
                    kind: kind.kind.clone(),
                    namespace: kind.namespace.clone(),
                    state: state.to_owned(),
                    since,
                    verb,
                    why,
                }
            })
            .collect(),
        skipped: one.skipped as u32,
    }
}

pub async fn desk(engine: &Engine, _: Nothing) -> Answer<Desk> {
    let now = engine.desk_now().await?;
    let mode = match now.mode {
        Mode::Live => "live",
        Mode::Recorded => "recorded",
        Mode::Closed => "closed",
    };
    Ok(Desk {
        version: engine.version().to_owned(),
        mode: mode.to_owned(),
        title: now.title,
        incident: now.incident.map(|id| id.0),
        acting: now.acting.as_ref().map(person),
        people: now.people.iter().map(person).collect(),
        sources: now.sources.iter().map(source).collect(),
        recorded_from: now.recorded.map(|it| text(it.from)),
        recorded_to: now.recorded.map(|it| text(it.to)),
        opens_at: maybe(now.opens_at),
        now: text(now.now),
        alarms: now
            .alarms
            .into_iter()
            .map(|it| AlarmView {
                code: it.code.to_owned(),
                subject: it.subject,
                text: it.text,
                hint: it.hint,
                since: maybe(it.since),
            })
            .collect(),
        demo: now.demo,
        revision: now.revision,
    })
}

pub async fn act_as(engine: &Engine, who: ActAs) -> Answer<Desk> {
    let name = who.name.filter(|name| !name.trim().is_empty()).or(who.id).unwrap_or_default();
    engine.act_as(&name).await?;
    desk(engine, Nothing {}).await
}

pub async fn contexts(engine: &Engine, request: ListContexts) -> Answer<Vec<ContextView>> {
    let contexts = engine.contexts(request.kubeconfig.filter(|path| !path.is_empty()))?;
    Ok(contexts
        .into_iter()
        .map(|it| ContextView {
            name: it.name,
            server: it.server,
            user: it.user,
            namespace: it.namespace,
            current: it.current,
        })
        .collect())
}

fn choices(request: OpenContext) -> Vec<ContextChoice> {
    let OpenContext { kubeconfig, context, contexts, namespaces, .. } = request;
    let kubeconfig = kubeconfig.filter(|it| !it.is_empty());
    let mut names: Vec<String> = context.into_iter().chain(contexts).filter(|it| !it.is_empty()).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let one = |context| ContextChoice { kubeconfig: kubeconfig.clone(), context, namespaces: namespaces.clone() };
    if names.is_empty() { vec![one(None)] } else { names.into_iter().map(|name| one(Some(name))).collect() }
}

pub async fn open_context(engine: &Engine, request: OpenContext) -> Answer<Desk> {
    let beside = request.beside;
    let one = !beside && request.contexts.len() < 2;
    let mut choices = choices(request);
    match choices.pop() {
        Some(only) if one => engine.open_context(only).await?,
        last => engine.open_contexts(choices.into_iter().chain(last).collect(), beside).await?,
    }
    desk(engine, Nothing {}).await
}

pub async fn leave_context(engine: &Engine, request: SourceRef) -> Answer<Desk> {
    engine.leave_context(&SourceId::new(request.id)).await?;
    desk(engine, Nothing {}).await
}

/// The bytes of a bundle handed in or at a path; `None` where neither is named.
pub(super) async fn bundle_bytes(
    engine: &Engine,
    blob: Option<&str>,
    path: Option<&str>,
) -> Answer<Option<(String, Vec<u8>)>> {
    if let Some(blob) = blob.filter(|it| !it.is_empty()) {
        return Ok(Some(("the file handed in".to_owned(), engine.file(blob).await?)));
    }
    let Some(path) = path.filter(|it| !it.is_empty()) else { return Ok(None) };
    let bytes = std::fs::read(path).map_err(|why| {
        ApiError::new("not_found", format!("cannot read `{path}`: {why}"), "check the path and that you may read it")
    })?;
    Ok(Some((path.to_owned(), bytes)))
}

/// True for a path that exists and is no bundle: a folder, or a file that neither is called nor begins like one.
fn is_gathered(path: &str) -> bool {
    use std::io::Read;
    let path = std::path::Path::new(path);
    if path.is_dir() {
        return true;
    }
    let mut head = [0; 4];
    let begins = std::fs::File::open(path).map(|mut file| file.read_exact(&mut head).is_ok() && &head == b"PK\x03\x04");
    begins.is_ok_and(|begins| !begins) && path.extension().is_none_or(|it| it != "broadstreet")
}

pub async fn open_bundle(engine: &Engine, request: OpenBundle) -> Answer<Desk> {
    let has_blob = request.blob.as_deref().is_some_and(|it| !it.is_empty());
    if let Some(path) = request.path.as_deref().filter(|path| !has_blob && is_gathered(path)) {
        engine.open_files(path).await?;
        return desk(engine, Nothing {}).await;
    }
    let bytes = bundle_bytes(engine, request.blob.as_deref(), request.path.as_deref()).await?;
    engine.open_bundle(bytes.as_ref().map(|(path, bytes)| (path.as_str(), bytes.clone()))).await?;
    desk(engine, Nothing {}).await
}

pub async fn close_desk(engine: &Engine, _: Nothing) -> Answer<Desk> {
    engine.close_desk().await?;
    desk(engine, Nothing {}).await
}

pub async fn choose_incident(engine: &Engine, request: IncidentRef) -> Answer<Desk> {
    engine.choose_incident(&request.id).await?;
    desk(engine, Nothing {}).await
}

pub async fn settings(engine: &Engine, _: Nothing) -> Answer<SettingsView> {
    let looks = engine.looks().await?;
    let used = engine.storage().await?;
    let sources = engine.sources().await?;
    let (has_keyring, public_key) = engine.device_key();
    Ok(SettingsView {
        sources: sources.iter().map(|it| source_form(it, engine.has_secret(&it.id))).collect(),
        theme: looks.theme,
        clock: looks.clock,
        zone: looks.zone,
        recording_hours: looks.recording_hours,
        recording_gigabytes: looks.recording_gigabytes,
        update_minutes: looks.update_minutes,
        has_keyring,
        device: engine.device().to_owned(),
        public_key,
        storage: StorageView {
            path: used.path,
            bytes: used.bytes as f64,
            rolling_bytes: used.rolling_bytes as f64,
            incident_bytes: used.incident_bytes as f64,
            blob_bytes: used.blob_bytes as f64,
        },
    })
}

pub async fn save_settings(engine: &Engine, request: SaveSettings) -> Answer<SettingsView> {
    let mut looks = engine.looks().await?;
    looks.theme = request.theme.unwrap_or(looks.theme);
    looks.clock = request.clock.unwrap_or(looks.clock);
    looks.zone = request.zone.unwrap_or(looks.zone);
    looks.recording_hours = request.recording_hours.unwrap_or(looks.recording_hours);
    looks.recording_gigabytes = request.recording_gigabytes.unwrap_or(looks.recording_gigabytes);
    looks.update_minutes = request.update_minutes.unwrap_or(looks.update_minutes);
    engine.save_looks(&looks).await?;
    settings(engine, Nothing {}).await
}

pub async fn save_source(engine: &Engine, form: SourceForm) -> Answer<SettingsView> {
    engine.save_source(source_settings(&form)?, form.secret).await?;
    settings(engine, Nothing {}).await
}

pub async fn remove_source(engine: &Engine, request: SourceRef) -> Answer<SettingsView> {
    engine.remove_source(&SourceId::new(request.id)).await?;
    settings(engine, Nothing {}).await
}

pub async fn check_sources(engine: &Engine, request: OpenContext) -> Answer<Vec<CheckView>> {
    let choice = choices(request).into_iter().next().unwrap_or_default();
    let checks = engine.check_sources(choice).await?;
    Ok(checks
        .into_iter()
        .map(|it| CheckView {
            source: it.source,
            what: it.what,
            state: it.state.to_owned(),
            code: it.code,
            text: it.text,
            hint: it.hint,
        })
        .collect())
}

pub async fn discover_sources(engine: &Engine, _: Nothing) -> Answer<Vec<SourceForm>> {
    Ok(engine.discover_sources().await?.iter().map(|it| source_form(it, false)).collect())
}

/// Reads an instant that may be absent or empty.
pub(super) fn at(text: Option<&str>) -> Answer<Option<broadstreet_core::time::Moment>> {
    text.filter(|text| !text.is_empty()).map(moment).transpose()
}
