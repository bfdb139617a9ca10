//! The plan of clusters that are being read: every page moves houses, and laying them costs a bounded share of the time.

use std::time::Duration;

use broadstreet_core::world::Delta;
use tokio::time::Instant;

use super::State;

/// What laying took is waited for so many times over before the next.
const REST: u32 = 8;

/// What takes less is not worth waiting for.
const SHORT: Duration = Duration::from_millis(4);

/// What changed in clusters that are being read since their plan was brought up to date, and until when that rests.
#[derive(Debug, Default)]
pub struct Filling {
    waits: Delta,
    rests_until: Option<Instant>,
}

impl Filling {
    /// Whether the plan lacks anything, and its rest is over.
    pub fn is_due(&self) -> bool {
        !self.waits.moved.is_empty() && !self.rests()
    }

    /// Forgets what waits of a cluster.
    pub fn leave(&mut self, cluster: &str) {
        self.waits.moved.retain(|(key, _)| key.cluster != cluster);
        self.waits.moved.shrink_to_fit();
    }

    fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }
}

impl State {
    /// Brings the plan of the clusters that are being read up to date by what changed, unless it rests: then that waits.
    pub(super) fn fill(&mut self, delta: Delta) {
        // Of all the rest the plan shows nothing.
        self.filling.waits.moved.extend(delta.moved);
        self.filling.waits.freshness |= delta.freshness;
        if self.filling.rests() {
            return;
        }
        let delta = std::mem::take(&mut self.filling.waits);
        let began = Instant::now();
        self.plan.follow_listing(&self.world, &delta, &|cluster| !self.synced.contains(cluster));
        let took = began.elapsed();
        self.filling.rests_until = (took > SHORT).then(|| began + took * (1 + REST));
    }
}

#[cfg(test)]
mod tests {
    use broadstreet_core::plan::{Lens, SceneOptions, scene};
    use broadstreet_core::resource::reduce;
    use broadstreet_core::world::Change;

    use super::*;

    fn learn(state: &mut State, name: &str) {
        let deployment = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "namespace": "shop", "name": name, "uid": name },
            "spec": { "template": { "spec": { "containers": [{ "name": "c", "image": "i" }] } } },
        });
        let object = reduce("c", &deployment).expect("a Deployment");
        let delta = state.world.apply(&Change::Object(std::sync::Arc::new(object)));
        state.fill(delta);
    }

    fn shows(state: &State, name: &str) -> bool {
        let options = SceneOptions { lens: Lens::Namespaces, ..SceneOptions::default() };
        let bytes = scene(&state.world, &state.plan, &state.placed, &options);
        bytes.windows(name.len()).any(|some| some == name.as_bytes())
    }

    #[test]
    fn what_comes_while_the_plan_rests_waits_and_is_laid_after() {
        let mut state = State::default();
        learn(&mut state, "cart");
        assert!(shows(&state, "cart") && !state.filling.is_due());
        state.filling.rests_until = Some(Instant::now() + Duration::from_hours(1));
        learn(&mut state, "checkout");
        assert!(!shows(&state, "checkout") && !state.filling.is_due());
        state.filling.rests_until = None;
        assert!(state.filling.is_due());
        state.fill(Delta::default());
        assert!(shows(&state, "checkout") && !state.filling.is_due());
    }

    #[test]
    fn of_a_cluster_that_is_left_nothing_waits() {
        let mut state = State::default();
        state.filling.rests_until = Some(Instant::now() + Duration::from_hours(1));
        learn(&mut state, "cart");
        state.filling.leave("c");
        state.filling.rests_until = None;
        assert!(!state.filling.is_due());
    }
}
