//! Edges in their small form, and what one object proves.

use super::arena::{Id, Word};
use super::{RelationSource, RelationState};

/// The type of a relation; its name is what [`super::Relation`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Type {
    Owns,
    RunsOn,
    Selects,
    Backs,
    ResolvesTo,
    Routes,
    Attaches,
    ClassedBy,
    Uses,
    Claims,
    Binds,
    IdentifiesAs,
    BoundTo,
    Grants,
    Scales,
    Protects,
    Guards,
    Allows,
    Serves,
    Watches,
    RefersTo,
    PartOf,
    Calls,
    LocatedIn,
    About,
}

impl Type {
    /// The name in the table of relations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Owns => "owns",
            Self::RunsOn => "runs-on",
            Self::Selects => "selects",
            Self::Backs => "backs",
            Self::ResolvesTo => "resolves-to",
            Self::Routes => "routes",
            Self::Attaches => "attaches",
            Self::ClassedBy => "classed-by",
            Self::Uses => "uses",
            Self::Claims => "claims",
            Self::Binds => "binds",
            Self::IdentifiesAs => "identifies-as",
            Self::BoundTo => "bound-to",
            Self::Grants => "grants",
            Self::Scales => "scales",
            Self::Protects => "protects",
            Self::Guards => "guards",
            Self::Allows => "allows",
            Self::Serves => "serves",
            Self::Watches => "watches",
            Self::RefersTo => "refers-to",
            Self::PartOf => "part-of",
            Self::Calls => "calls",
            Self::LocatedIn => "located-in",
            Self::About => "about",
        }
    }
}

/// How an edge stands, as far as its prover knows; whether its ends exist is looked up when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Standing {
    /// Ok where the ends exist, dangling where one does not.
    ByEnds,
    /// Ok also where an end does not exist: an optional reference, a place outside the cluster.
    Free,
    /// Broken where the ends exist, dangling where one does not.
    Refused,
    /// Broken where the ends exist and nothing in the other namespace grants the reference, as far as grants can be read.
    Ungranted,
    /// As said.
    Said(RelationState),
}

/// One edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: Id,
    pub(super) to: Id,
    pub(super) r#type: Type,
    pub(super) source: RelationSource,
    pub(super) rule: u8,
    pub(super) field: Word,
    pub(super) standing: Standing,
}

/// A word by which a workload may name a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum HostKey {
    /// A name within a namespace.
    Name(super::arena::Scope, Word),
    /// Forty bits of a name, for callers of the same namespace.
    HashHere(super::arena::Scope, u64),
    /// Forty bits of `name.namespace`, within a cluster; a caller's may be those of a name in its own namespace too.
    HashAnywhere(Word, u64),
    /// No Service can be called so.
    Nowhere,
}

/// What one object proves, and what would change it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Proof {
    /// The edges.
    pub(super) edges: Vec<Edge>,
    /// Addresses that name no Service: field and address.
    pub(super) unresolved: Vec<(Word, Word)>,
    /// Keys beside the edges' ends whose change asks for a new proof.
    pub(super) interests: Vec<Id>,
    /// Host words whose Service, coming or going, asks for a new proof; one for each token, in their order.
    pub(super) hosts: Vec<HostKey>,
    /// Addresses of pods, coming or going, that ask for a new proof.
    pub(super) addresses: Vec<super::index::Address>,
    /// Ports of the houses called, as far as they are known.
    pub(super) doors: Vec<(Id, u16)>,
}

impl Proof {
    /// True where it says nothing and waits for nothing.
    pub(super) fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// A proof as it is kept: most are two edges and nothing else.
#[derive(Clone, Debug, Default)]
pub(super) struct Proven {
    /// The edges.
    pub(super) edges: Box<[Edge]>,
    rest: Option<Box<Proof>>,
}

impl Proven {
    pub(super) fn keep(mut proof: Proof) -> Self {
        let edges = std::mem::take(&mut proof.edges).into_boxed_slice();
        proof.unresolved.shrink_to_fit();
        proof.interests.shrink_to_fit();
        proof.hosts.shrink_to_fit();
        proof.addresses.shrink_to_fit();
        proof.doors.shrink_to_fit();
        Self { edges, rest: (!proof.is_empty()).then(|| Box::new(proof)) }
    }

    /// Everything but the edges.
    pub(super) fn rest(&self) -> Option<&Proof> {
        self.rest.as_deref()
    }

    /// Whether another proof may follow when an object named in it comes, goes or is another one. Most edges are read from a
    /// spec alone, and how they stand is looked up when they are read.
    pub(super) fn hangs_on(&self, prover: Id, end: Id) -> bool {
        let of_spec_alone = |edge: &Edge| match edge.r#type {
            Type::Uses
            | Type::IdentifiesAs
            | Type::RunsOn
            | Type::PartOf
            | Type::BoundTo
            | Type::Grants
            | Type::Scales
            | Type::LocatedIn
            | Type::Guards
            | Type::ClassedBy => true,
            Type::Claims => edge.from == prover,
            _ => false,
        };
        let edges = self.edges.iter().filter(|edge| edge.from == end || edge.to == end);
        let interests = self.rest().map_or(&[][..], |rest| &rest.interests);
        edges.into_iter().any(|edge| !of_spec_alone(edge)) || interests.contains(&end)
    }

    /// True for a key that it names and cannot do without.
    pub(super) fn needs(&self, end: Id) -> bool {
        self.edges.iter().any(|edge| (edge.from == end || edge.to == end) && edge.standing != Standing::Free)
    }

    /// True where a proof says the same.
    pub(super) fn is(&self, proof: &Proof) -> bool {
        let rest = match &self.rest {
            Some(rest) => {
                rest.unresolved == proof.unresolved
                    && rest.interests == proof.interests
                    && rest.hosts == proof.hosts
                    && rest.addresses == proof.addresses
                    && rest.doors == proof.doors
            }
            None => {
                proof.unresolved.is_empty()
                    && proof.interests.is_empty()
                    && proof.hosts.is_empty()
                    && proof.addresses.is_empty()
                    && proof.doors.is_empty()
            }
        };
        rest && *self.edges == *proof.edges
    }
}

/// Who names a key, and in which half of its proof; as small as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Touch(u32);

impl Touch {
    pub(super) fn new(prover: Id, half: Half) -> Self {
        Self(prover.0 << 1 | u32::from(half == Half::Calls))
    }

    /// The prover and the half.
    pub(super) fn parts(self) -> (Id, Half) {
        (Id(self.0 >> 1), if self.0 & 1 == 0 { Half::Plain } else { Half::Calls })
    }
}

/// Which half of an object's proof: calls depend on what the others found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Half {
    /// Everything but calls.
    Plain,
    /// Calls.
    Calls,
}
