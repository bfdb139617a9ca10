//! Rule 25: measured calls, and which objects their ends are.
//!
//! An end is found by the namespace its source tells, among the houses and Services of that namespace; a `service.name`
//! without a namespace by the workload that declares it, where exactly one does. Everything else stays what it is: a
//! place outside, or an end nobody could place. What is found is worked out anew when an object of that name comes, goes
//! or moves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::arena::{Few, Id, KeyRef, Word};
use super::calls::service_of_domain;
use super::index::{put, take};
use super::pending::Pending;
use super::store::World;
use super::{Change, Freshness, Relation, RelationSource, RelationState};
use crate::id::{ObjectKey, SourceId};
use crate::observed::{CallId, End, EndKind, Measure, ObservedCall, Observer, ObserverState};
use crate::resource::group_of;
use crate::time::Moment;

/// The kind of places outside the cluster.
const EXTERNAL: &str = "External";

/// The kinds a workload without a kind may have, those a name means first.
const HOUSE_KINDS: [&str; 7] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod"];

/// What an end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// A house, a Service that leads to no single house, or a place outside.
    Object(Id),
    /// It could not be placed, for this reason.
    Lost(Lost),
}

/// Why an end could not be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Untold,
    OtherCluster,
    NoSuchObject,
    SeveralObjects,
    Undeclared,
    DeclaredTwice,
}

impl Lost {
    fn words(self) -> &'static str {
        match self {
            Self::Untold => "the source does not name it",
            Self::OtherCluster => "it is said to be in another cluster",
            Self::NoSuchObject => "no workload or Service of that name is known in that namespace",
            Self::SeveralObjects => "several workloads of that namespace have that name",
            Self::Undeclared => {
                "no workload says in OTEL_SERVICE_NAME that this is its name, and the series tell no namespace: add \
                 k8s.namespace.name and k8s.deployment.name to the dimensions of the service graph"
            }
            Self::DeclaredTwice => "several workloads say in OTEL_SERVICE_NAME that this is their name",
        }
    }
}

/// A call with what its ends are.
#[derive(Clone, Debug)]
struct Kept {
    call: ObservedCall,
    from: Found,
    to: Found,
}

impl Kept {
    fn ends(&self) -> Option<(Id, Id)> {
        match (self.from, self.to) {
            (Found::Object(from), Found::Object(to)) => Some((from, to)),
            _ => None,
        }
    }
}

/// Everything measured, and the indexes over it.
#[derive(Clone, Debug, Default)]
pub(super) struct ObservedBook {
    observers: BTreeMap<(SourceId, Observer), ObserverState>,
    calls: BTreeMap<Arc<CallId>, Kept>,
    /// Name → calls with an end that bears it.
    named: FxHashMap<Word, Few<Arc<CallId>>>,
    /// Object → calls that start or end there.
    at: FxHashMap<Id, Few<Arc<CallId>>>,
}

/// What one source measured between two objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The source that was asked.
    pub source: SourceId,
    /// Who observed.
    pub observer: Observer,
    /// How much: the sum over every way the observer names these ends.
    pub measure: Measure,
    /// When it was last told.
    pub last_seen: Option<Moment>,
    /// Why it may be out of date; nothing while its source answers.
    pub stale: Option<String>,
}

/// A measured call with an end that could not be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostCall {
    /// The source that was asked.
    pub source: SourceId,
    /// Who observed.
    pub observer: Observer,
    /// Who calls, in the source's words.
    pub from: String,
    /// Who is called, in the source's words.
    pub to: String,
    /// The end that could be placed, if one could: true beside it where that is the caller.
    pub known: Option<(ObjectKey, bool)>,
    /// Why the other could not.
    pub why: &'static str,
    /// True where the source does not name that end at all: whoever is outside a mesh has no name in it.
    pub unnamed: bool,
    /// How much.
    pub measure: Measure,
}

impl World {
    /// Takes a change of what was measured.
    pub(super) fn absorb_observed(&mut self, change: &Change, pending: &mut Pending) {
        match change {
            Change::Call(call) => self.keep_call((**call).clone(), pending),
            Change::CallGone(id) => self.drop_call(id, pending),
            Change::Observer(state) => {
                let key = (state.source.clone(), state.observer);
                let moved = self.observed.observers.get(&key).is_none_or(|known| known.cluster != state.cluster);
                self.observed.observers.insert(key, (**state).clone());
                if moved {
                    for id in self.calls_told_by(&state.source, state.observer) {
                        self.find_ends(&id, pending);
                    }
                }
            }
            Change::ObserverGone { source, observer } => {
                for id in self.calls_told_by(source, *observer) {
                    self.drop_call(&id, pending);
                }
                self.observed.observers.remove(&(source.clone(), *observer));
            }
            _ => {}
        }
    }

    fn calls_told_by(&self, source: &SourceId, observer: Observer) -> Vec<Arc<CallId>> {
        let told = |id: &&Arc<CallId>| id.source == *source && id.observer == observer;
        self.observed.calls.keys().filter(told).cloned().collect()
    }

    fn keep_call(&mut self, call: ObservedCall, pending: &mut Pending) {
        let id = match self.observed.calls.get_key_value(&call.id) {
            Some((id, _)) => Arc::clone(id),
            None => Arc::new(call.id.clone()),
        };
        if let Some(known) = self.observed.calls.get_mut(&id) {
            pending.delta.relations |= known.call.two_way != call.two_way;
            known.call = call;
            return;
        }
        for end in [&call.id.from, &call.id.to] {
            let word = self.words.number(name_of(end));
            put(&mut self.observed.named, word, Arc::clone(&id));
        }
        let nowhere = Found::Lost(Lost::Untold);
        self.observed.calls.insert(Arc::clone(&id), Kept { call, from: nowhere, to: nowhere });
        self.find_ends(&id, pending);
    }

    fn drop_call(&mut self, id: &CallId, pending: &mut Pending) {
        let Some((id, kept)) = self.observed.calls.remove_entry(id) else { return };
        for end in [&kept.call.id.from, &kept.call.id.to] {
            let word = self.words.number(name_of(end));
            take(&mut self.observed.named, &word, &id);
        }
        if let Some((from, to)) = kept.ends() {
            for end in [from, to] {
                take(&mut self.observed.at, &end, &id);
                pending.may_be_idle(end);
            }
            pending.delta.relations = true;
        }
    }

    /// True for an end of any call.
    pub(super) fn is_measured(&self, id: Id) -> bool {
        self.observed.at.contains_key(&id)
    }

    /// Asks what measured calls mean that bear the name of an object which comes, goes or moves.
    pub(super) fn ask_measured(&mut self, id: Id, pending: &mut Pending) {
        if self.observed.calls.is_empty() {
            return;
        }
        let key = self.keys.key(id);
        if (HOUSE_KINDS.contains(&key.kind.as_str()) || key.kind == "Service")
            && let Some(name) = self.words.find(&key.name)
        {
            pending.look_for(name);
        }
        let telemetry = self
            .at(id)
            .and_then(|object| object.body.template())
            .into_iter()
            .flat_map(|template| template.telemetry.iter());
        for name in telemetry.filter_map(|name| self.words.find(name)) {
            pending.look_for(name);
        }
    }

    /// Looks again for the ends of every call that bears one of the names asked for.
    pub(super) fn find_named(&mut self, pending: &mut Pending) {
        for name in super::pending::in_order(std::mem::take(&mut pending.names)) {
            let calls: Vec<Arc<CallId>> = self.observed.named.get(&name).into_iter().flatten().cloned().collect();
            for id in calls {
                self.find_ends(&id, pending);
            }
        }
    }

    /// Looks again for ends that are said to be in a cluster: whose label that is may have changed.
    pub(super) fn find_in_other_clusters(&mut self, pending: &mut Pending) {
        let told = |id: &&Arc<CallId>| !id.from.cluster.is_empty() || !id.to.cluster.is_empty();
        let calls: Vec<Arc<CallId>> = self.observed.calls.keys().filter(told).cloned().collect();
        for id in calls {
            self.find_ends(&id, pending);
        }
    }

    fn find_ends(&mut self, id: &Arc<CallId>, pending: &mut Pending) {
        let cluster = self.observed.observers.get(&(id.source.clone(), id.observer)).map(|it| it.cluster.clone());
        let cluster = cluster.unwrap_or_default();
        let (from, to) = (self.find_end(&cluster, &id.from), self.find_end(&cluster, &id.to));
        let Some(kept) = self.observed.calls.get_mut(id) else { return };
        if (kept.from, kept.to) == (from, to) {
            return;
        }
        let before = kept.ends();
        (kept.from, kept.to) = (from, to);
        let after = kept.ends();
        for (ends, is_new) in [(before, false), (after, true)] {
            for end in ends.into_iter().flat_map(|(from, to)| [from, to]) {
                if is_new {
                    put(&mut self.observed.at, end, Arc::clone(id));
                } else {
                    take(&mut self.observed.at, &end, id);
                    pending.may_be_idle(end);
                }
            }
        }
        pending.delta.relations |= before != after;
    }

    /// What an end is now.
    fn find_end(&mut self, cluster: &str, end: &End) -> Found {
        // Of a source that belongs to no cluster each end says in which it is.
        let named = || {
            let said = |(id, (label, _)): &(&String, &(String, String))| {
                id.as_str() == end.cluster.as_str() || label.as_str() == end.cluster.as_str()
            };
            self.clusters.iter().find(said).map(|(id, _)| id.clone())
        };
        let found = if cluster.is_empty() && !end.cluster.is_empty() { named() } else { None };
        let cluster = found.as_deref().unwrap_or(cluster);
        if !end.cluster.is_empty() && end.cluster != cluster {
            let label = self.clusters.get(cluster).map(|(label, _)| label.as_str());
            if label != Some(end.cluster.as_str()) {
                return Found::Lost(Lost::OtherCluster);
            }
        }
        match end.is {
            EndKind::Nobody => Found::Lost(Lost::Untold),
            EndKind::Workload => self.find_workload(cluster, &end.namespace, &end.kind, &end.name),
            EndKind::Service => self.find_service(cluster, &end.namespace, &end.name),
            EndKind::Telemetry => self.find_telemetry(cluster, &end.namespace, &end.name),
            EndKind::Place => match service_of_domain(&end.name) {
                Some((service, namespace)) => self.find_service(cluster, namespace, service),
                None => {
                    let key = KeyRef { cluster, group: "", kind: EXTERNAL, namespace: "", name: &end.name };
                    Found::Object(self.number(key))
                }
            },
        }
    }

    fn find_workload(&self, cluster: &str, namespace: &str, kind: &str, name: &str) -> Found {
        let kinds = HOUSE_KINDS.iter().filter(|known| kind.is_empty() || known.eq_ignore_ascii_case(kind));
        let houses: std::collections::BTreeSet<Id> = kinds
            .filter_map(|kind| {
                let id = self.keys.find(KeyRef { cluster, group: group_of(kind), kind, namespace, name })?;
                // Whoever names a pod of a controller's means nothing that lasts.
                let house = if *kind == "Pod" { id } else { self.house(id) };
                (self.at(id).is_some() && self.is_house(house)).then_some(house)
            })
            .collect();
        match houses.len() {
            1 => houses.first().map_or(Found::Lost(Lost::NoSuchObject), |house| Found::Object(*house)),
            0 if kind.is_empty() => self.find_service(cluster, namespace, name),
            0 => Found::Lost(Lost::NoSuchObject),
            _ => Found::Lost(Lost::SeveralObjects),
        }
    }

    /// The house behind a Service, where it is one; else the Service.
    fn find_service(&self, cluster: &str, namespace: &str, name: &str) -> Found {
        let key = KeyRef { cluster, group: "", kind: "Service", namespace, name };
        let Some(service) = self.keys.find(key).filter(|id| self.at(*id).is_some()) else {
            return Found::Lost(Lost::NoSuchObject);
        };
        match self.behind(service).as_slice() {
            [one] => Found::Object(*one),
            _ => Found::Object(service),
        }
    }

    fn find_telemetry(&self, cluster: &str, namespace: &str, name: &str) -> Found {
        let declared = self.words.find(cluster).zip(self.words.find(name));
        let declared = declared.and_then(|place| self.index.telemetry.get(&place)).into_iter().flatten();
        let of_space = |id: &&Id| namespace.is_empty() || self.keys.key(**id).namespace == namespace;
        let houses: Vec<Id> = declared.filter(of_space).copied().filter(|id| self.is_house(*id)).collect();
        match houses.as_slice() {
            [house] => Found::Object(*house),
            [] if namespace.is_empty() => Found::Lost(Lost::Undeclared),
            [] => self.find_workload(cluster, namespace, "", name),
            _ => Found::Lost(Lost::DeclaredTwice),
        }
    }

    /// True where answers were counted as calls, and a declared call shows that this is the way of the answers.
    fn is_answer(&self, kept: &Kept) -> bool {
        let Some((from, to)) = kept.ends().filter(|_| kept.call.two_way) else { return false };
        let declared =
            |a: Id, b: Id| self.calls.get(&a).is_some_and(|proof| proof.edges.iter().any(|edge| edge.to == b));
        declared(to, from) && !declared(from, to)
    }

    /// The relation a measured call proves; none where an end could not be placed.
    fn spell_observed(&self, kept: &Kept) -> Option<Relation> {
        let (from, to) = kept.ends()?;
        if from == to || self.is_answer(kept) {
            return None;
        }
        Some(Relation {
            from: self.keys.key(from).clone(),
            to: self.keys.key(to).clone(),
            r#type: "calls".to_owned(),
            source: RelationSource::Observed,
            rule: 25,
            field: kept.call.id.observer.metric().to_owned(),
            state: RelationState::Ok,
        })
    }

    /// Every relation somebody measured, in no particular order; the same one as often as it was told.
    pub(super) fn observed_relations(&self) -> impl Iterator<Item = Relation> + '_ {
        self.observed.calls.values().filter_map(|kept| self.spell_observed(kept))
    }

    /// The measured relations that start or end at an object.
    pub(super) fn observed_relations_of(&self, id: Id) -> impl Iterator<Item = Relation> + '_ {
        let calls = self.observed.at.get(&id).into_iter().flatten();
        calls.filter_map(|id| self.spell_observed(self.observed.calls.get(id)?))
    }

    /// The measured calls between houses.
    fn kept_streets(&self) -> impl Iterator<Item = &Kept> {
        let houses = |kept: &&Kept| kept.ends().is_some_and(|(from, to)| self.is_house(from) && self.is_house(to));
        self.observed.calls.values().filter(houses)
    }

    /// The measured calls between houses, as relations.
    pub(super) fn observed_streets(&self) -> impl Iterator<Item = Relation> + '_ {
        self.kept_streets().filter_map(|kept| self.spell_observed(kept))
    }

    /// The ends of the measured calls between houses.
    pub(super) fn observed_ends(&self) -> impl Iterator<Item = (Id, Id)> + '_ {
        let told = self.kept_streets().filter(|kept| !self.is_answer(kept));
        told.filter_map(Kept::ends).filter(|(from, to)| from != to)
    }

    /// What was measured between two objects, one entry for each source and observer, ordered by them.
    #[must_use]
    pub fn measured(&self, from: &ObjectKey, to: &ObjectKey) -> Vec<Measured> {
        let (Some(from), Some(to)) = (self.keys.find(from), self.keys.find(to)) else { return Vec::new() };
        let mut found: BTreeMap<(&SourceId, Observer), Vec<&ObservedCall>> = BTreeMap::new();
        for id in self.observed.at.get(&from).into_iter().flatten() {
            let Some(kept) = self.observed.calls.get(id) else { continue };
            if kept.ends() == Some((from, to)) && !self.is_answer(kept) {
                found.entry((&id.source, id.observer)).or_default().push(&kept.call);
            }
        }
        let measured = found.into_iter().map(|((source, observer), calls)| {
            let state = self.observed.observers.get(&(source.clone(), observer));
            let told = |call: &ObservedCall| call.last_seen.or_else(|| state.and_then(|state| state.answered_at));
            Measured {
                source: source.clone(),
                observer,
                measure: sum(&calls),
                last_seen: calls.iter().filter_map(|call| told(call)).max(),
                stale: self.why_stale(source, observer),
            }
        });
        measured.collect()
    }

    /// Why what an observer told may be out of date.
    fn why_stale(&self, source: &SourceId, observer: Observer) -> Option<String> {
        let state = self.observed.observers.get(&(source.clone(), observer))?;
        if !state.trouble.is_empty() {
            return Some(state.trouble.clone());
        }
        let whole = self.freshness().find(|it| it.source == *source && it.kind.is_empty())?;
        match &whole.state {
            Freshness::Stale { why, .. } | Freshness::NeverAnswered { why } => Some(why.clone()),
            Freshness::Forbidden { message, .. } => Some(message.clone()),
            Freshness::Live | Freshness::CatchingUp | Freshness::Absent => None,
        }
    }

    /// Every observer, ordered by source and observer.
    pub fn observers(&self) -> impl Iterator<Item = &ObserverState> {
        self.observed.observers.values()
    }

    /// Every measured call as it was told, ordered by source, observer and ends.
    pub fn observed_calls(&self) -> impl Iterator<Item = &ObservedCall> {
        self.observed.calls.values().map(|kept| &kept.call)
    }

    /// The measured calls with an end that could not be placed, with the reason, ordered as they were told.
    #[must_use]
    pub fn lost_calls(&self) -> Vec<LostCall> {
        let lost = self.observed.calls.values().filter_map(|kept| {
            let (why, known) = match (kept.from, kept.to) {
                (Found::Lost(why), Found::Object(to)) => (why, Some((to, false))),
                (Found::Object(from), Found::Lost(why)) => (why, Some((from, true))),
                (Found::Lost(why), Found::Lost(_)) => (why, None),
                (Found::Object(_), Found::Object(_)) => return None,
            };
            let id = &kept.call.id;
            Some(LostCall {
                known: known.map(|(end, calls)| (self.keys.key(end).clone(), calls)),
                unnamed: why == Lost::Untold,
                measure: kept.call.measure,
                source: id.source.clone(),
                observer: id.observer,
                from: id.from.words(),
                to: id.to.words(),
                why: why.words(),
            })
        });
        lost.collect()
    }

    /// Takes over everything measured in a world that starts afresh.
    pub(super) fn take_over_observed(&mut self, old: ObservedBook, pending: &mut Pending) {
        self.observed.observers = old.observers;
        for kept in old.calls.into_values() {
            self.keep_call(kept.call, pending);
        }
    }
}

/// The name by which an end hangs on objects: that of the Service for a name of the cluster's own domain.
fn name_of(end: &End) -> &str {
    match end.is {
        EndKind::Place => service_of_domain(&end.name).map_or(end.name.as_str(), |(service, _)| service),
        _ => &end.name,
    }
}

/// The sum of calls of one observer; of different units the one that says most.
fn sum(calls: &[&ObservedCall]) -> Measure {
    let unit = calls.iter().map(|call| call.measure.unit).max().unwrap_or_default();
    let of_unit: Vec<&Measure> = calls.iter().map(|call| &call.measure).filter(|it| it.unit == unit).collect();
    let rate: u64 = of_unit.iter().map(|it| it.rate).sum();
    let counted: Vec<&&Measure> = of_unit.iter().filter(|it| it.failed.is_some()).collect();
    let failures: u64 = counted.iter().map(|it| it.rate * u64::from(it.failed.unwrap_or_default())).sum();
    let of: u64 = counted.iter().map(|it| it.rate).sum();
    Measure {
        unit,
        rate,
        failed: (!counted.is_empty()).then(|| (failures / of.max(1)) as u32),
        p95: of_unit.iter().filter_map(|it| it.p95).max(),
    }
}
