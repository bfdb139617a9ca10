//! The drawings of the live map that somebody looks at.

use std::sync::{Mutex, PoisonError};

use broadstreet_core::alerts::Placed;
use broadstreet_core::plan::{Drawing, Plan, SceneOptions, Still};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Delta, World};

/// A drawing nobody asked for in so many revisions is let go: at most fifty come in a second.
const FORGOTTEN: u32 = 6_000;

/// Each with the revision it was asked for last, and how many there ever were.
#[derive(Default)]
pub struct Drawings(Mutex<(Vec<(u32, Drawing)>, u32)>);

impl Drawings {
    /// Notes what changed in the world, for each of them.
    pub(super) fn note(&mut self, delta: &Delta) {
        let (drawings, _) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        drawings.retain_mut(|(_, drawing)| drawing.note(delta));
    }

    /// The bytes that lead whoever holds the scene of a mark to the scene of now.
    pub(crate) fn answer(
        &self,
        (world, plan, placed): (&World, &Plan, &Placed),
        options: &SceneOptions<'_>,
        held: Option<&str>,
        now: Moment,
    ) -> Vec<u8> {
        let mut held_here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (drawings, begun) = &mut *held_here;
        let is_it = |(_, drawing): &(u32, Drawing)| drawing.shows(options.lens, options.policies);
        let at = drawings.iter().position(is_it).unwrap_or_else(|| {
            // Of another run of the program, or another desk, no drawing has the same name.
            *begun += 1;
            let name = format!("{:x}-{:x}-{begun}", now.timestamp_micros(), std::process::id());
            drawings.push((options.revision, Drawing::new(options.lens, options.policies, name)));
            drawings.len() - 1
        });
        let (asked, drawing) = &mut drawings[at];
        *asked = options.revision;
        let bytes = drawing.answer(world, plan, placed, options, held);
        drawings.retain(|(asked, _)| options.revision.saturating_sub(*asked) <= FORGOTTEN);
        bytes
    }

    /// The drawing of now: the one somebody looks at, where there is one, else one of its own.
    pub(super) fn still(&self, (world, plan, placed): (&World, &Plan, &Placed), options: &SceneOptions<'_>) -> Still {
        let mut held_here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (drawings, _) = &mut *held_here;
        drawings.retain(|(asked, _)| options.revision.saturating_sub(*asked) <= FORGOTTEN);
        if let Some((_, drawing)) = drawings.iter_mut().find(|(_, it)| it.shows(options.lens, options.policies)) {
            return drawing.still(world, plan, placed, options);
        }
        drop(held_here);
        Drawing::new(options.lens, options.policies, String::new()).still(world, plan, placed, options)
    }
}
