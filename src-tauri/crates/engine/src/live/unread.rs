//! A cluster of which nothing at all could be read, and why.

use broadstreet_core::ports::ClusterError;
use broadstreet_core::world::Freshness;

use super::{Member, State};
use crate::{Engine, EngineError};

impl Engine {
    /// Why nothing at all of the open clusters is known; none once anything of one was read, or where none is open.
    pub async fn unread(&self) -> Option<EngineError> {
        let live = self.live().await?;
        let state = live.state.read().await;
        let whys: Option<Vec<EngineError>> = live.members().iter().map(|member| live.unread(&state, member)).collect();
        whys?.into_iter().next()
    }
}

/// Why nothing at all of a cluster is known; none once anything of it was read.
pub(super) fn why(member: &Member, state: &State) -> Option<EngineError> {
    let source = member.source.clone();
    let id = member.id().unwrap_or_default();
    // Leases are no kind of the map: that they are read says nothing of what is.
    let kinds = || {
        let of_map = |it: &&broadstreet_core::world::SourceState| !it.kind.is_empty() && !it.kind.ends_with("/Lease");
        state.world.freshness().filter(|it| it.source == source).filter(of_map)
    };
    let was_read = kinds().any(|it| matches!(it.state, Freshness::Live | Freshness::Stale { .. }));
    if was_read || state.world.objects().any(|object| object.key.cluster == id) {
        return None;
    }
    let failing = kinds().find_map(|it| match &it.state {
        Freshness::NeverAnswered { why } => Some((&it.kind, why)),
        _ => None,
    });
    let refused = kinds().find_map(|it| match &it.state {
        Freshness::Forbidden { verb, message } => Some((&it.kind, verb, message)),
        _ => None,
    });
    let server = member.identity().map_or_else(|| member.label.clone(), |identity| identity.server.clone());
    Some(match (failing, refused, state.proofs.get(&source).and_then(|proof| proof.trouble.as_ref())) {
        (Some((kind, why)), ..) => {
            ClusterError::Unreachable { server, why: format!("no kind could be listed, {kind}: {why}") }.into()
        }
        (None, Some((kind, verb, message)), _) => {
            let message = format!("{message}; nor any other kind");
            ClusterError::Forbidden { verb: verb.clone(), kind: kind.clone(), message }.into()
        }
        (None, None, Some(trouble)) => EngineError::refused(&trouble.code, &trouble.why, &trouble.hint),
        (None, None, None) => ClusterError::Unreachable { server, why: "no list was answered yet".to_owned() }.into(),
    })
}
