//! What a cluster had when this desk left it: its plan, so that houses stand where they stood, and the last owners of
//! pods that went, so that alerts about them do.

use broadstreet_core::alerts::LastOwner;
use broadstreet_core::plan::Plan;
use broadstreet_core::time::Moment;
use serde::{Deserialize, Serialize};

use crate::live::Live;
use crate::past::Scope;
use crate::{Engine, Result};

/// The plan as it stood at a moment, and what was remembered of pods.
#[derive(Serialize, Deserialize)]
struct Remembered {
    at: Moment,
    plan: serde_json::Value,
    #[serde(default)]
    owners: Vec<LastOwner>,
}

fn setting(cluster: &str) -> String {
    format!("plan of {cluster}")
}

impl Engine {
    /// Remembers the plan and the last owners of a cluster that is left.
    pub(crate) async fn remember_plan(&self, live: &Live, cluster: &str) -> Result<()> {
        let state = live.state.read().await;
        if !state.synced.contains(cluster) {
            return Ok(());
        }
        let owners = state.world.last_owners().filter(|it| it.pod.cluster == *cluster).cloned().collect();
        let remembered = Remembered { at: self.now(), plan: state.plan.of(cluster).to_json(), owners };
        drop(state);
        self.keep_setting(&setting(cluster), &remembered).await
    }

    /// The plan this cluster had last: as it was left, or, where it was not left in order, as its last recording began.
    /// The last owners are those of when it was left.
    pub(crate) async fn remembered_plan(&self, cluster: &str) -> Result<(Plan, Vec<LastOwner>)> {
        let mut left: Option<Remembered> = self.setting(&setting(cluster)).await?;
        let owners = left.as_mut().map(|left| std::mem::take(&mut left.owners)).unwrap_or_default();
        let last = self.archive.entries(&Scope::cluster(cluster), None).await?.pop();
        let Some(last) = last.filter(|last| left.as_ref().is_none_or(|left| last.from > Some(left.at))) else {
            return Ok((left.map(|left| Plan::from_json(&left.plan)).unwrap_or_default(), owners));
        };
        Ok((self.archive.plan(last.id).await?, owners))
    }
}
