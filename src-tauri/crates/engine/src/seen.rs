//! A moment as every view reads it: live, or as it was recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use broadstreet_core::alerts::{Alert, Case, Placed};
use broadstreet_core::plan::{Lens, Plan, SceneOptions, scene, svg};
use broadstreet_core::time::Moment;
use broadstreet_core::world::World;
use tokio::sync::OwnedRwLockReadGuard;

use crate::desk::Open;
use crate::live::{State, Tape};
use crate::past::{Scope, Sought};
use crate::{Engine, Result};

/// A moment.
pub enum Seen {
    /// Now, of a live cluster.
    Now(OwnedRwLockReadGuard<State>, Moment),
    /// As it was recorded.
    Then(Arc<Sought>),
    /// Nothing is open.
    Nothing(Box<Sought>),
}

impl Seen {
    /// The moment.
    pub fn at(&self) -> Moment {
        match self {
            Self::Now(_, at) => *at,
            Self::Then(sought) => sought.at,
            Self::Nothing(sought) => sought.at,
        }
    }

    /// The world.
    pub fn world(&self) -> &World {
        match self {
            Self::Now(state, _) => &state.world,
            Self::Then(sought) => sought.world(),
            Self::Nothing(sought) => sought.world(),
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        match self {
            Self::Now(state, _) => &state.plan,
            Self::Then(sought) => sought.plan(),
            Self::Nothing(sought) => sought.plan(),
        }
    }

    /// Every alert's place.
    pub fn placed(&self) -> &Placed {
        match self {
            Self::Now(state, _) => &state.placed,
            Self::Then(sought) => sought.placed(),
            Self::Nothing(sought) => sought.placed(),
        }
    }

    /// Alerts that resolved within the last minute.
    pub fn fading(&self) -> Vec<(Alert, Case)> {
        match self {
            Self::Now(state, _) => state.fading(),
            Self::Then(sought) => sought.fading.clone(),
            Self::Nothing(_) => Vec::new(),
        }
    }

    /// The live state, where it is live.
    pub fn live(&self) -> Option<&State> {
        match self {
            Self::Now(state, _) => Some(state),
            _ => None,
        }
    }

    /// Set where nothing was recording: until when it had been.
    pub fn gap_since(&self) -> Option<Moment> {
        match self {
            Self::Then(sought) => sought.gap_since,
            _ => None,
        }
    }

    /// The revision of the map; 0 for the past.
    pub fn revision(&self) -> u32 {
        self.live().map_or(0, |state| state.revision)
    }

    /// The scene as packed columns; with `policies` its streets tell what the network policies are predicted to do. Whoever
    /// holds the live scene of a mark is told what changed since, which is nothing at all where nothing did.
    pub fn scene(&self, lens: Lens, policies: bool, held: Option<&str>) -> Vec<u8> {
        let fading = self.fading();
        let options = SceneOptions { lens, revision: self.revision(), fading: &fading, policies };
        match self {
            Self::Now(state, now) => {
                state.drawings.answer((&state.world, &state.plan, &state.placed), &options, held, *now)
            }
            _ => scene(self.world(), self.plan(), self.placed(), &options),
        }
    }

    /// The map as a picture for documents.
    pub fn svg(&self, lens: Lens) -> String {
        svg(self.world(), self.plan(), self.placed(), lens)
    }
}

impl Engine {
    /// Looks at a moment: now where `at` is `None`, else as it was known then. A recording without a moment shows its end.
    pub async fn look(&self, at: Option<Moment>) -> Result<Seen> {
        let desk = self.desk.read().await;
        match &*desk {
            Open::Closed => {
                drop(desk);
                match (at, self.chosen_ended().await?) {
                    (Some(at), Some(scope)) => Ok(Seen::Then(self.archive.seek(&scope, at, BTreeMap::new()).await?)),
                    (at, _) => {
                        let nothing = Sought::nothing(at.unwrap_or_else(|| self.now()), None);
                        Ok(Seen::Nothing(Box::new(nothing)))
                    }
                }
            }
            Open::Live(live) => {
                let Some(at) = at else {
                    let state = Arc::clone(&live.state).read_owned().await;
                    return Ok(Seen::Now(state, self.now()));
                };
                let (live, archive) = (Arc::clone(live), &self.archive);
                drop(desk);
                if let Some(scope) = self.chosen_ended().await? {
                    return Ok(Seen::Then(archive.seek(&scope, at, BTreeMap::new()).await?));
                }
                let scope = live.scope_since(at);
                Ok(Seen::Then(archive.seek(&scope, at, live.tails(at).await).await?))
            }
            Open::Recorded(recorded) => {
                let (archive, scope, at) =
                    (Arc::clone(&recorded.archive), recorded.scope.clone(), at.unwrap_or(recorded.to));
                drop(desk);
                Ok(Seen::Then(archive.seek(&scope, at, BTreeMap::new()).await?))
            }
        }
    }

    /// The map of a moment as it was drawn when that was recorded, in the lens by namespace: at most a few seconds before, and
    /// at once. Nothing where [`Engine::look`] is as fast, or where nothing was drawn.
    pub async fn drawn(&self, at: Moment) -> Result<Option<Vec<u8>>> {
        let desk = self.desk.read().await;
        let (archive, scope, growing) = match &*desk {
            Open::Closed => {
                let Some(scope) = self.chosen_ended().await? else { return Ok(None) };
                (Arc::clone(&self.archive), scope, Vec::new())
            }
            Open::Live(live) => match self.chosen_ended().await? {
                Some(scope) => (Arc::clone(&self.archive), scope, Vec::new()),
                None => {
                    let growing = live.state.read().await.tapes.values().filter_map(Tape::stored).collect();
                    (Arc::clone(&self.archive), live.scope_since(at), growing)
                }
            },
            Open::Recorded(recorded) => (Arc::clone(&recorded.archive), recorded.scope.clone(), Vec::new()),
        };
        drop(desk);
        archive.drawn(&scope, at, &growing).await
    }

    /// The recording of the chosen incident, where that is over and its recording is kept.
    pub(crate) async fn chosen_ended(&self) -> Result<Option<Scope>> {
        let Some(id) = self.chosen() else { return Ok(None) };
        let incident = self.book.incident(&id).await?;
        if crate::incidents::is_under_way(&incident) {
            return Ok(None);
        }
        let scope = Scope::Incident(id, incident.clusters.clone());
        Ok((!self.archive.entries(&scope, None).await?.is_empty()).then_some(scope))
    }
}
