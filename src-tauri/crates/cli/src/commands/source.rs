//! Reads a SOURCE: the live context, a bundle, a list of kubectl, manifests, a gathered archive.

use std::collections::BTreeMap;
use std::path::Path;

use broadstreet_api::ApiError;
use broadstreet_cluster::KubeCluster;
use broadstreet_core::alerts::Alert;
use broadstreet_core::ports::{Bundles, Clock, Cluster, ClusterError, Observation};
use broadstreet_core::recording;
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

/// Reads a file or folder, or the live context where none is named.
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
    let last = contents.segments.last().ok_or_else(|| {
        let message = format!("the bundle `{}` holds no recording", path.display());
        ApiError::new("no_recording", message, "export the incident again from a desk that recorded it")
    })?;
    let world = match last.until.or(last.from) {
        Some(at) => recording::at(last, at).0,
        None => World::from_changes(&last.keyframe),
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

async fn live(global: &Global) -> Result<Source, ApiError> {
    let connection = KubeCluster::new().connect(host::choice(global)).await.map_err(failed)?;
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
    Ok(Source { world, alerts: None })
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
