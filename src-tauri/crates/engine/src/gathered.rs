//! What files tell of a cluster at one moment, opened as a recording of that moment.

use std::path::Path;
use std::sync::Arc;

use broadstreet_core::id::SourceId;
use broadstreet_core::plan::Plan;
use broadstreet_core::recording::Segment;
use broadstreet_core::world::{Change, Freshness, World};

use crate::desk::{Open, Recorded, SourceNow};
use crate::past::{Archive, Scope};
use crate::{Engine, EngineError, Result};

/// So long the one moment lasts, so that there is something to point at.
const MOMENT: chrono::Duration = chrono::Duration::seconds(1);

/// What was skipped is told in the list of sources up to this many.
const NAMED: usize = 20;

impl Engine {
    /// Opens manifests, a list of kubectl, a `kubectl cluster-info dump`, a must-gather or an insights archive. It belongs
    /// to no incident, and nothing of it is kept after the desk is closed.
    pub async fn open_files(&self, path: &str) -> Result<()> {
        let now = chrono::SubsecRound::trunc_subsecs(self.now(), 6);
        // Opened twice it is another cluster: both lie in the scratch store.
        let cluster = format!("files-{}", now.timestamp_micros());
        let (reader, named, id) = (Arc::clone(&self.ports.cluster), path.to_owned(), cluster.clone());
        let files = self.tasks.block(move || reader.read_files(&named, &id)).await;
        let files = files.ok_or_else(|| {
            EngineError::refused("stopped", format!("reading `{path}` was cut off"), "open it again")
        })??;
        let title = Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into());
        let at = files.at.map_or(now, |at| chrono::SubsecRound::trunc_subsecs(at, 6).min(now));
        let joined = Change::Cluster { id: cluster.clone(), label: title.clone(), version: files.layout.clone() };
        let world = World::from_changes(&[vec![joined], files.changes].concat());
        let mut plan = Plan::default();
        plan.update(&world);
        let segment = Segment {
            from: Some(at),
            until: Some(at + MOMENT),
            keyframe: world.keyframe(),
            plan: plan.to_json(),
            changes: Vec::new(),
        };
        let scratch = Arc::clone(&self.ports.scratch);
        scratch.put_segment(cluster.clone(), segment).await?;
        let source = SourceNow {
            id: SourceId::new(format!("files:{title}")),
            label: title.clone(),
            cluster: cluster.clone(),
            kind: "files".to_owned(),
            state: Freshness::Live,
            alive_at: Some(at),
            code: if files.skipped.is_empty() { String::new() } else { "skipped".to_owned() },
            why: told(&files.skipped.iter().map(ToString::to_string).collect::<Vec<_>>()),
            hint: if files.skipped.is_empty() { String::new() } else { "everything else was read".to_owned() },
            version: files.layout,
            kinds: Vec::new(),
            skipped: files.skipped.len(),
        };
        self.close_desk().await?;
        *self.desk.write().await = Open::Recorded(Recorded {
            title,
            demo: false,
            archive: Arc::new(Archive::new(scratch)),
            scope: Scope::Clusters(vec![cluster]),
            from: at,
            to: at + MOMENT,
            opens_at: at,
            sources: vec![source],
        });
        self.notices.tell("desk", []);
        self.notices.tell("map", []);
        Ok(())
    }
}

fn told(skipped: &[String]) -> String {
    let mut text = skipped.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if skipped.len() > NAMED {
        text += &format!("; and {} more", skipped.len() - NAMED);
    }
    text
}
