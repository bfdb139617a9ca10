//! Recordings: what this recorder had received by any moment, as keyframes with changes between.

mod bytes;
mod codec;
mod known;
mod leaf;
mod piece;
mod seek;
mod tables;
mod track;
mod tree;

use serde::{Deserialize, Serialize};

pub use codec::{BadRecording, decode, encode};
pub use known::Known;
pub use piece::{Piece, Reading, Taken, pieces};
pub use seek::{at, with_plan_at};
pub use track::{Track, WentAlert};

use crate::time::Moment;
use crate::world::Change;

impl Segment {
    /// Whose recording this is: that of its objects, by the cluster's id. It names every cluster that was open beside.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        let told = || self.keyframe.iter().chain(self.changes.iter().map(|it| &it.change));
        let of_objects = told().find_map(|change| match change {
            Change::Object(object) => Some(object.key.cluster.as_str()),
            _ => None,
        });
        let named = || {
            told().find_map(|change| match change {
                Change::Cluster { id, .. } => Some(id.as_str()),
                _ => None,
            })
        };
        of_objects.or_else(named)
    }
}

/// One change as received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// When this recorder received it, to the microsecond; never goes back within a recording.
    pub at: Moment,
    /// What it received.
    pub change: Change,
}

/// A piece of a recording: a keyframe, then the changes after it. Encoded and decoded here, compressed by the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// When the keyframe was taken.
    pub from: Option<Moment>,
    /// The last instant this segment knows: its last change or the last proof that nothing changed.
    pub until: Option<Moment>,
    /// The whole world at `from`, as the changes that rebuild it, in canonical order.
    pub keyframe: Vec<Change>,
    /// The remembered plan at `from`, as its canonical JSON.
    pub plan: serde_json::Value,
    /// What was received after `from`, in order.
    pub changes: Vec<Received>,
}
