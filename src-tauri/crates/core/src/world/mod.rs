//! The model of the world: objects, typed relations, health, alerts and the freshness of each source.
//!
//! The world changes only by [`World::apply`]; the same code runs live, in replay, in tests and for a moment in the past.

mod arena;
mod calls;
mod choice;
mod due;
mod edge;
mod facet;
mod freshness;
mod index;
mod judge;
mod keyframe;
mod last_owners;
mod notable;
mod observed;
mod parts;
mod pending;
mod read;
mod rules;
mod share;
mod spaces;
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod verdict;
mod walk;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alerts::{Alert, HandRule, LastOwner};
use crate::id::{ObjectKey, SourceId};
use crate::observed::{CallId, ObservedCall, Observer, ObserverState};
use crate::resource::Object;
use crate::time::Moment;

pub use arena::Id;
pub(crate) use arena::{Numbers, hash_of};
pub(crate) use facet::is_same as moves_nothing;
pub(crate) use index::{is_of_houses, zone_of};
#[cfg(test)]
pub(crate) use last_owners::REMEMBERED;
pub use notable::{Fact, notable};
pub use observed::{LostCall, Measured};
pub use store::World;
pub use verdict::Verdict;
pub use walk::Link;
pub(crate) use walk::Street;

/// One thing learned from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// An object as it now is; added or replaced.
    Object(Arc<Object>),
    /// An object that is no more.
    Gone {
        /// Which one.
        key: ObjectKey,
        /// Its UID, so that a late deletion does not take its successor away.
        uid: String,
    },
    /// An alert as its source now tells it; added or replaced by [`Alert::id`].
    Alert(Box<Alert>),
    /// An alert its source no longer tells; it is kept as resolved for a minute by the plan, not by the world.
    AlertGone {
        /// Who told it.
        source: SourceId,
        /// [`Alert::id`].
        id: String,
    },
    /// A rule by which alerts are placed by hand; added or replaced by [`HandRule::id`].
    Placing(Box<HandRule>),
    /// A rule that counts no longer.
    PlacingGone {
        /// [`HandRule::id`].
        id: String,
    },
    /// Whose a pod was that went, where its name does not say so; added or replaced by [`LastOwner::pod`].
    LastOwner(Box<LastOwner>),
    /// A last owner that is no longer remembered.
    LastOwnerGone {
        /// [`LastOwner::pod`].
        pod: ObjectKey,
    },
    /// How fresh a source, or one kind of a cluster, is.
    Freshness(SourceState),
    /// It is at least this late. Told when a verdict waits for it ([`World::is_waiting_for`]), so that the same changes give
    /// the same verdicts at any time.
    Time {
        /// The moment.
        at: Moment,
    },
    /// A cluster joined the world.
    Cluster {
        /// Its id, as in every key.
        id: String,
        /// The context's name, only a label.
        label: String,
        /// The server's version, `v1.36.3`.
        version: String,
    },
    /// A call somebody measured; added or replaced by its id.
    Call(Box<ObservedCall>),
    /// A call that was not told for so long that it is forgotten.
    CallGone(Box<CallId>),
    /// How an observer of calls stands.
    Observer(Box<ObserverState>),
    /// An observer that is asked no longer, or has left nothing; its calls go with it.
    ObserverGone {
        /// The source that was asked.
        source: SourceId,
        /// Who observed.
        observer: Observer,
    },
}

/// How fresh what a source says is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// The source.
    pub source: SourceId,
    /// `group/Kind` for a kind of a cluster; empty for the source as a whole.
    pub kind: String,
    /// The namespace, where the kind is watched per namespace; else empty.
    pub namespace: String,
    /// The state.
    pub state: Freshness,
}

/// The freshness of a source or kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Freshness {
    /// Answering, with proof of life.
    Live,
    /// Listing, not all is known yet.
    CatchingUp,
    /// No proof of life since then.
    Stale {
        /// The last proof of life.
        since: Moment,
        /// What went wrong, in the source's words.
        why: String,
    },
    /// Refused.
    Forbidden {
        /// The verb that is missing, `list` or `watch`.
        verb: String,
        /// The server's message.
        message: String,
    },
    /// The server does not know the kind.
    Absent,
    /// Configured, never answered.
    NeverAnswered {
        /// What went wrong.
        why: String,
    },
}

/// How a relation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationState {
    /// Both ends are there.
    Ok,
    /// Both ends are there and it does not work: a port nobody listens on, a class not accepted.
    Broken,
    /// The target does not exist.
    Dangling,
}

/// Where a relation was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationSource {
    /// A reference in a spec.
    Spec,
    /// A status.
    Status,
    /// A host token in a value.
    Declared,
    /// Traffic somebody measured.
    Observed,
}

/// A typed edge between two objects, with the rule and the field that prove it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation {
    /// Where it starts.
    pub from: ObjectKey,
    /// Where it ends; need not exist.
    pub to: ObjectKey,
    /// `owns`, `runs-on`, `selects`, `backs`, `calls` …
    pub r#type: String,
    /// Where it was read.
    pub source: RelationSource,
    /// The number of the rule.
    pub rule: u8,
    /// The field path it was read from.
    pub field: String,
    /// How it stands.
    pub state: RelationState,
}

/// A host token shaped like a cluster address that names no Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Unresolved {
    /// The workload that names it.
    pub from: ObjectKey,
    /// The field it stands in.
    pub field: String,
    /// The address.
    pub address: String,
}

impl Delta {
    /// Adds what later changes did.
    pub fn extend(&mut self, later: Self) {
        self.objects.extend(later.objects);
        self.moved.extend(later.moved);
        self.health.extend(later.health);
        self.relations |= later.relations;
        self.alerts |= later.alerts;
        self.freshness |= later.freshness;
    }
}

/// What one [`Change`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    /// Objects added, replaced or removed.
    pub objects: Vec<ObjectKey>,
    /// Objects that came, went or changed in what others may find them by (labels, owners, addresses, phase …), in the
    /// order it happened, each with what it was before.
    pub moved: Vec<(ObjectKey, Option<Arc<Object>>)>,
    /// Objects whose health verdict differs from before.
    pub health: Vec<ObjectKey>,
    /// True where a relation was added, removed or changed its state.
    pub relations: bool,
    /// True where an alert or its placement changed.
    pub alerts: bool,
    /// True where a source's freshness changed.
    pub freshness: bool,
}
