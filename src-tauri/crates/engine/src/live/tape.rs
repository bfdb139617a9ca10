//! The recording under way: a keyframe, then every change as received, kept every second.

use broadstreet_core::plan::Plan;
use broadstreet_core::recording::{Received, Segment};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, World};
use chrono::Duration;

/// A new keyframe is taken at least this often.
const KEYFRAME_EVERY: Duration = Duration::minutes(15);

/// A segment with fewer changes than this is not ended for its size.
const FEW_CHANGES: usize = 2_000;

/// The segment being written.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    segment: Segment,
    stored: Option<i64>,
    dirty: bool,
}

impl Tape {
    /// Starts a segment at the world as it is.
    pub fn start(&mut self, world: &World, plan: &Plan, at: Moment) {
        *self = Self {
            segment: Segment {
                from: Some(at),
                until: Some(at),
                keyframe: world.keyframe(),
                plan: plan.to_json(),
                changes: Vec::new(),
            },
            stored: None,
            dirty: true,
        };
    }

    /// Takes a change.
    pub fn take(&mut self, at: Moment, change: &Change) {
        self.segment.changes.push(Received { at, change: change.clone() });
        self.segment.until = Some(at);
        self.dirty = true;
    }

    /// Says that nothing else changed until `at`.
    pub fn live_until(&mut self, at: Moment) {
        if self.segment.from.is_some() && self.segment.until.is_none_or(|until| until < at) {
            self.segment.until = Some(at);
            self.dirty = true;
        }
    }

    /// True where it is time for a new keyframe.
    pub fn is_full(&self, now: Moment) -> bool {
        let changes = self.segment.changes.len();
        let long = changes > FEW_CHANGES && changes > 2 * self.segment.keyframe.len();
        self.segment.from.is_some_and(|from| long || (now - from > KEYFRAME_EVERY && changes > 0))
    }

    /// What is to be kept now, with the number it is kept under.
    pub fn unkept(&mut self) -> Option<(Segment, Option<i64>)> {
        if !self.dirty || self.segment.from.is_none() {
            return None;
        }
        self.dirty = false;
        Some((self.segment.clone(), self.stored))
    }

    /// Remembers the number a segment was kept under, if it is still the one being written.
    pub fn was_kept(&mut self, from: Option<Moment>, id: i64) {
        if self.segment.from == from {
            self.stored = Some(id);
        }
    }

    /// Says that keeping failed: it is tried again.
    pub fn was_not_kept(&mut self) {
        self.dirty = true;
    }

    /// The segment as it is now, and its number where it was kept.
    pub fn segment(&self) -> (&Segment, Option<i64>) {
        (&self.segment, self.stored)
    }
}
