//! What the writer does with observed calls.

use broadstreet_core::id::SourceId;
use broadstreet_core::observed::{self, CallsPoll};
use broadstreet_core::ports::SignalError;
use broadstreet_core::world::Change;

use super::Hand;

impl Hand<'_> {
    /// Takes what a source told of observed calls; one that does not answer leaves them as they were, with the reason.
    pub(super) fn calls(&mut self, id: &SourceId, answer: Result<CallsPoll, SignalError>) {
        // An answer that was under way while its source was taken away tells nobody anything.
        let sources = self.live.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let settings = sources.get(id).map(|(settings, _)| settings.clone());
        drop(sources);
        let Some(settings) = settings else { return };
        // Where it belongs to none, each call says in which cluster it was seen, or is found nowhere.
        let member = self.live.member_for(&self.state.world, &settings).ok();
        let cluster = member.and_then(|member| member.id().map(str::to_owned)).unwrap_or_default();
        let changes = match answer {
            Ok(poll) => {
                let now = self.instant();
                observed::diff(&self.state.world, id, &cluster, &poll, now)
            }
            Err(error) => observed::unheard(&self.state.world, id, &error.to_string()),
        };
        self.learn(changes);
    }

    /// Forgets what a source told that is asked no longer.
    pub(super) fn forget_calls(&mut self, id: &SourceId) {
        let known = self.state.world.observers().filter(|state| state.source == *id);
        let changes: Vec<Change> =
            known.map(|state| Change::ObserverGone { source: id.clone(), observer: state.observer }).collect();
        self.learn(changes);
    }

    fn learn(&mut self, changes: Vec<Change>) {
        let is_any = !changes.is_empty();
        for change in changes {
            self.apply(change);
        }
        if is_any {
            // Where only numbers changed no street does, but an open panel shows them.
            self.round.channels.extend(["desk", "map"]);
            self.round.stir = true;
        }
    }
}
