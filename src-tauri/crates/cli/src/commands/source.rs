//! Reads a SOURCE: the live context, a bundle, a list of kubectl, manifests, a gathered archive.

use std::collections::BTreeMap;
use std::path::Path;

use broadstreet_api::ApiError;
use broadstreet_cluster::KubeCluster;
use broadstreet_core::alerts::Alert;
use broadstreet_core::ports::{Bundles, Clock, Cluster, ClusterError, ContextChoice, Observation};
use broadstreet_core::recording::{self, Segment};
use broadstreet_core::world::{Change, Freshness, SourceState, World};
use broadstreet_store::BundleFiles;
use futures_util::StreamExt;
use tokio::time::Instant;

use super::reading::NOTHING_READ;
use crate::args::Global;
use crate::host::{self, SystemClock};
use crate::output::{bad_file, failed, note};

/// What a source shows.
pub struct Source {
    /// Its objects.
    pub world: World,
    /// Its alerts, where it brings some: a bundle, or an archive that holds them.
    pub alerts: Option<Vec<Alert>>,
}

/// Reads a file or folder, or the live contexts where none is named.
pub async fn read(global: &Global, path: Option<&Path>) -> Result<Source, ApiError> {
    match path {
        None => live(global).await,
        Some(path) if is_bundle(path) => bundle(path),
        Some(path) => files(path),
    }
}

fn is_bundle(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && &head == b"PK\x03\x04" || path.extension().is_some_and(|it| it == "broadstreet")
}

fn bundle(path: &Path) -> Result<Source, ApiError> {
    let bytes = std::fs::read(path).map_err(|why| bad_file(path, "read", &why))?;
    let contents = BundleFiles.decode(&path.display().to_string(), &bytes).map_err(failed)?;
    let mut last: BTreeMap<&str, &Segment> = BTreeMap::new();
    for segment in &contents.segments {
        last.insert(segment.cluster().unwrap_or_default(), segment);
    }
    let mut last: Vec<(&str, &Segment)> = last.into_iter().collect();
    if last.is_empty() {
        let message = format!("the bundle `{}` holds no recording", path.display());
        return Err(ApiError::new("no_recording", message, "export the incident again from a desk that recorded it"));
    }
    // Whoever recorded longest knows the alerts as they were told last.
    last.sort_by_key(|(_, segment)| std::cmp::Reverse(segment.until.or(segment.from)));
    let ends = last.iter().map(|(cluster, segment)| match segment.until.or(segment.from) {
        Some(at) => (*cluster, recording::at(segment, at).0),
        None => (*cluster, World::from_changes(&segment.keyframe)),
    });
    let mut worlds: Vec<(&str, World)> = ends.collect();
    let world = if worlds.len() == 1 {
        worlds.remove(0).1
    } else {
        World::together(&worlds.iter().map(|(cluster, world)| (*cluster, world)).collect::<Vec<_>>())
    };
    let alerts = world.alerts().cloned().collect();
    Ok(Source { world, alerts: Some(alerts) })
}

fn files(path: &Path) -> Result<Source, ApiError> {
    let files = KubeCluster::new().read_files(&path.display().to_string(), "").map_err(failed)?;
    for why in &files.skipped {
        note(&format!("skipped: {why}"));
    }
    if files.passed_over > 0 && files.layout != "manifests" {
        note(&format!("{}: {} files are about no object and were passed over", files.layout, files.passed_over));
    }
    let world = World::from_changes(&files.changes);
    let alerts = files.brings_alerts.then(|| world.alerts().cloned().collect());
    Ok(Source { world, alerts })
}

/// Reads the contexts of the options, all at once. Of several one that cannot be read is named, and the others are shown.
async fn live(global: &Global) -> Result<Source, ApiError> {
    let choices = host::choices(global);
    let names: Vec<String> = choices.iter().map(|it| it.context.clone().unwrap_or_default()).collect();
    let mut read = futures_util::future::join_all(choices.into_iter().map(one)).await;
    if read.len() == 1 {
        return read.remove(0).map(|world| Source { world, alerts: None });
    }
    let (mut changes, mut first) = (Vec::new(), None);
    for (name, answer) in names.into_iter().zip(read) {
        match answer {
            Ok(world) => changes.extend(world.keyframe()),
            Err(error) => {
                note(&format!("{name} was not read: {}", error.message));
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if changes.is_empty() => Err(error),
        _ => Ok(Source { world: World::from_changes(&changes), alerts: None }),
    }
}

async fn one(choice: ContextChoice) -> Result<World, ApiError> {
    let connection = KubeCluster::new().connect(choice).await.map_err(failed)?;
    let identity = connection.identity();
    let mut world = World::new();
    world.apply(&Change::Cluster { id: identity.id, label: identity.label, version: identity.version });
    let mut watch = connection.watch();
    let mut failing = Failing::default();
    let read = async {
        loop {
            let next = match failing.until {
                None => watch.next().await,
                Some(end) => tokio::time::timeout_at(end, watch.next()).await.map_err(|_| failing.words())?,
            };
            match next.ok_or("the watches ended")? {
                Observation::Changes(changes) => drop(world.apply_all(&changes)),
                Observation::Freshness(state) => {
                    failing.take(&state);
                    if let Freshness::Forbidden { verb, message } = &state.state {
                        note(&format!("not allowed to {verb} {}: {message}", state.kind));
                    }
                    world.apply(&Change::Freshness(state));
                }
                Observation::Skipped { kind, name, why } => note(&format!("skipped: {kind} {name}: {why}")),
                Observation::InSync => return Ok(()),
            }
        }
    };
    match tokio::time::timeout(super::reading::READ_ONCE, read).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => return Err(failed(ClusterError::Unreachable { server: identity.server, why })),
        Err(_) => return Err(super::reading::slow()),
    }
    for (kind, why) in &failing.kinds {
        note(&format!("not read: {kind}: {why}"));
    }
    // What is live is judged by now; files and bundles say nothing about it.
    world.apply(&Change::Time { at: SystemClock.now() });
    Ok(world)
}

/// Kinds that were asked for and not read.
#[derive(Default)]
struct Failing {
    kinds: BTreeMap<String, String>,
    any_read: bool,
    /// When to give up; none while anything could be read.
    until: Option<Instant>,
}

impl Failing {
    fn take(&mut self, state: &SourceState) {
        // Leases are no kind of the map: that they are read says nothing of what is.
        if state.kind.ends_with("/Lease") {
            return;
        }
        match &state.state {
            Freshness::NeverAnswered { why } => {
                self.kinds.insert(state.kind.clone(), why.clone());
                if !self.any_read && self.until.is_none() {
                    self.until = Some(Instant::now() + NOTHING_READ);
                }
            }
            Freshness::Live => {
                self.kinds.remove(&state.kind);
                (self.any_read, self.until) = (true, None);
            }
            _ => {}
        }
    }

    fn words(&self) -> String {
        let first = self.kinds.values().next().cloned().unwrap_or_default();
        format!("none of {} kinds could be listed: {first}", self.kinds.len())
    }
}
