//! The world itself: objects in an arena, and [`World::apply`], the only way it changes.
//!
//! A change is absorbed first (objects and indexes, noting whose edges and verdicts it may touch) and settled then:
//! the noted proofs, calls and verdicts are worked out anew and compared. Settling once for many changes gives the same
//! world as settling after each.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::arena::{Column, Id, KeyRef, Keys, Words};
use super::due::Due;
use super::edge::{Edge, Half, HostKey, Proof, Proven};
use super::index::{Index, put, take};
use super::last_owners::LastOwners;
use super::observed::ObservedBook;
use super::pending::Pending;
use super::spaces::Spaces;
use super::{Change, Delta, SourceState};
use crate::alerts::{Alert, HandRule};
use crate::health::Health;
use crate::id::{ObjectKey, SourceId};
use crate::resource::{Body, Object, Uid};
use crate::stamp::Stamp;
use crate::time::Moment;

/// With more words than several for each object, than twice those of the last time and this many, the arena starts afresh.
const IDLE_WORDS: usize = 200_000;

/// Freshness by kind and namespace.
pub(super) type KindBook = BTreeMap<String, BTreeMap<String, SourceState>>;

/// Freshness by source, kind and namespace.
pub(super) type FreshnessBook = BTreeMap<SourceId, KindBook>;

/// Everything known at one moment: objects, relations, verdicts, alerts and the freshness of each source.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Taken anew when all numbers are.
    numbering: Stamp,
    pub(super) keys: Keys,
    pub(super) words: Words,
    /// How many words there were when the arena started afresh.
    words_of_use: usize,
    pub(super) objects: Vec<Option<Arc<Object>>>,
    pub(super) live: usize,
    pub(super) index: Index,
    pub(super) plain: Column<Proven>,
    /// Few objects call anybody.
    pub(super) calls: FxHashMap<Id, Proven>,
    pub(super) verdicts: Column<Health>,
    pub(super) spaces: Spaces,
    /// The latest moment that was told.
    pub(super) now: Option<Moment>,
    due: Due,
    pub(super) alerts: BTreeMap<String, Alert>,
    pub(super) hand_rules: BTreeMap<String, HandRule>,
    pub(super) last_owners: LastOwners,
    pub(super) freshness: FreshnessBook,
    pub(super) is_any_silent: bool,
    /// Label and version by cluster id.
    pub(super) clusters: BTreeMap<String, (String, String)>,
    pub(super) observed: ObservedBook,
}

impl World {
    /// A world without anything in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Marks which key has which number: while it is the same one, what is there keeps its number.
    pub(crate) fn numbering(&self) -> Stamp {
        self.numbering
    }

    /// Builds a world from changes, in their order.
    #[must_use]
    pub fn from_changes(changes: &[Change]) -> Self {
        let mut world = Self::default();
        world.apply_all(changes);
        world
    }

    /// Applies one change and says what it did.
    pub fn apply(&mut self, change: &Change) -> Delta {
        self.apply_all(std::slice::from_ref(change))
    }

    /// Applies changes in their order and says what they did together; much faster than one by one.
    pub fn apply_all<'a>(&mut self, changes: impl IntoIterator<Item = &'a Change>) -> Delta {
        let mut pending = Pending::default();
        for change in changes {
            self.absorb(change, &mut pending);
        }
        self.close(pending)
    }

    /// Applies changes in their order, as [`World::apply_all`] does, and keeps the objects themselves where nobody else
    /// holds them.
    pub fn take_all(&mut self, changes: impl IntoIterator<Item = Change>) -> Delta {
        let mut pending = Pending::default();
        for change in changes {
            match change {
                Change::Object(object) => self.absorb_object(object, &mut pending),
                other => self.absorb(&other, &mut pending),
            }
        }
        self.close(pending)
    }

    fn close(&mut self, pending: Pending) -> Delta {
        let delta = self.settle(pending);
        if self.words.len() > IDLE_WORDS + (3 * self.live).max(2 * self.words_of_use) {
            self.start_afresh();
        }
        delta
    }

    /// Forgets the words nobody says any more; nothing that can be read differs.
    pub(super) fn start_afresh(&mut self) {
        let old = std::mem::take(self);
        let mut pending = Pending::default();
        self.clusters = old.clusters;
        self.freshness = old.freshness;
        self.is_any_silent = old.is_any_silent;
        self.now = old.now;
        self.alerts = old.alerts;
        self.hand_rules = old.hand_rules;
        self.last_owners = old.last_owners;
        for object in old.objects.into_iter().flatten() {
            let id = self.number_of(&object.key);
            self.place(id, Some(object), &mut pending);
        }
        self.take_over_observed(old.observed, &mut pending);
        self.settle(pending);
        self.words_of_use = self.words.len();
    }

    /// Goes back to when it was told a moment last, or to when it never was: whoever was judged by what had come since is
    /// judged again.
    pub(crate) fn turn_back(&mut self, to: Option<Moment>) -> Delta {
        let mut pending = Pending::default();
        for id in self.due.after(to) {
            self.note_around(id, &mut pending);
        }
        self.now = to;
        self.settle(pending)
    }

    /// The latest moment the world was told; nothing where it never was.
    #[must_use]
    pub fn now(&self) -> Option<Moment> {
        self.now
    }

    /// Whether a verdict would differ if the world were told that it is this late: a schedule is missed, a grace is over.
    #[must_use]
    pub fn is_waiting_for(&self, now: Moment) -> bool {
        self.due.first().is_some_and(|due| due <= now || self.now.is_none())
    }

    /// The number of a key, with room for its object.
    pub(super) fn number<'k>(&mut self, key: impl Into<KeyRef<'k>>) -> Id {
        let id = self.keys.number(key.into(), &mut self.words);
        self.make_room(id);
        id
    }

    /// The number of an object's own key, with room for it.
    fn number_of(&mut self, key: &ObjectKey) -> Id {
        let id = self.keys.number_of(key, &mut self.words);
        self.make_room(id);
        id
    }

    fn make_room(&mut self, id: Id) {
        if self.objects.len() <= id.at() {
            self.objects.resize(id.at() + 1, None);
        }
    }

    /// The object of a number.
    pub(super) fn at(&self, id: Id) -> Option<&Object> {
        self.objects.get(id.at()).and_then(Option::as_deref)
    }

    fn absorb(&mut self, change: &Change, pending: &mut Pending) {
        match change {
            Change::Object(object) => self.absorb_object(Arc::clone(object), pending),
            Change::Gone { key, uid } => {
                let Some(id) = self.keys.find(key) else { return };
                let uid = Uid::from(uid.as_str());
                let same = |object: &Object| uid.is_empty() || object.uid.is_empty() || object.uid == uid;
                if self.at(id).is_some_and(same) {
                    self.place(id, None, pending);
                    pending.delta.objects.push(key.clone());
                }
            }
            Change::Alert(alert) => {
                if self.alerts.get(&alert.id) != Some(alert) {
                    self.alerts.insert(alert.id.clone(), (**alert).clone());
                    pending.delta.alerts = true;
                }
            }
            Change::AlertGone { source, id } => {
                if self.alerts.get(id).is_some_and(|alert| alert.source == *source) {
                    self.alerts.remove(id);
                    pending.delta.alerts = true;
                }
            }
            Change::Placing(rule) => {
                if self.hand_rules.get(&rule.id) != Some(rule) {
                    self.hand_rules.insert(rule.id.clone(), (**rule).clone());
                    pending.delta.alerts = true;
                }
            }
            Change::PlacingGone { id } => pending.delta.alerts |= self.hand_rules.remove(id).is_some(),
            Change::LastOwner(owner) => pending.delta.alerts |= self.remember(owner),
            Change::LastOwnerGone { pod } => pending.delta.alerts |= self.forget(pod),
            Change::Freshness(state) => self.absorb_freshness(state, pending),
            Change::Time { at } if self.now.is_none_or(|now| now < *at) => {
                // Whoever waits for the time waits for the first word of it too.
                let waiting = if self.now.is_none() { self.due.all() } else { self.due.until(*at) };
                self.now = Some(*at);
                for id in waiting {
                    self.note_around(id, pending);
                }
            }
            Change::Time { .. } => {}
            Change::Cluster { id, label, version } => {
                let entry = (label.clone(), version.clone());
                if self.clusters.get(id) != Some(&entry) {
                    self.note_cluster(id, pending);
                    self.clusters.insert(id.clone(), entry);
                    // Whose freshness counts goes by the label.
                    pending.delta.freshness = true;
                    pending.delta.relations = true;
                    self.find_in_other_clusters(pending);
                }
            }
            Change::Call(_) | Change::CallGone(_) | Change::Observer(_) | Change::ObserverGone { .. } => {
                self.absorb_observed(change, pending);
            }
        }
    }

    fn absorb_object(&mut self, mut object: Arc<Object>, pending: &mut Pending) {
        let id = self.number_of(&object.key);
        if self.at(id) == Some(&*object) {
            return;
        }
        pending.delta.objects.push(self.keys.key(id).clone());
        self.share(id, Arc::make_mut(&mut object));
        self.place(id, Some(object), pending);
    }

    fn absorb_freshness(&mut self, state: &SourceState, pending: &mut Pending) {
        let kinds = self.freshness.get(&state.source);
        let known = kinds.and_then(|kinds| kinds.get(&state.kind)).and_then(|spaces| spaces.get(&state.namespace));
        if known == Some(state) {
            return;
        }
        for cluster in self.clusters_of(&state.source) {
            self.note_cluster(&cluster, pending);
        }
        let kinds = self.freshness.entry(state.source.clone()).or_default();
        kinds.entry(state.kind.clone()).or_default().insert(state.namespace.clone(), state.clone());
        self.look_for_silence();
        pending.delta.freshness = true;
        pending.delta.relations = true;
    }

    /// Notes every verdict of a cluster: its freshness is about to change.
    fn note_cluster(&mut self, cluster: &str, pending: &mut Pending) {
        let ids: Vec<Id> =
            self.verdicts.iter().map(|(id, _)| id).filter(|id| self.keys.key(*id).cluster == cluster).collect();
        for id in ids {
            self.note(id, pending);
        }
    }

    /// Notes that an object's verdict may change, and what it is now.
    pub(super) fn note(&self, id: Id, pending: &mut Pending) {
        pending.before.entry(id).or_insert_with(|| self.health_of(id));
    }

    /// Puts an object in its place or takes it away.
    fn place(&mut self, id: Id, new: Option<Arc<Object>>, pending: &mut Pending) {
        let old = self.objects[id.at()].clone();
        let moved = match (&old, &new) {
            (Some(old), Some(new)) => !super::facet::is_same(old, new),
            _ => true,
        };
        let existence = old.is_some() != new.is_some();
        let renewed = old.as_ref().map(|old| &old.uid) != new.as_ref().map(|new| &new.uid);
        let was_house = self.is_house(id);
        let says_hosts = [&old, &new].into_iter().flatten().any(|object| says_hosts(object));
        pending.delta.relations |= moved && super::verdict::may_differ(old.as_deref(), new.as_deref());
        self.note_around(id, pending);
        if let (true, Some(old)) = (moved, &old) {
            self.unindex(id, old, pending);
        }
        self.live = self.live + usize::from(new.is_some()) - usize::from(old.is_some());
        self.objects[id.at()].clone_from(&new);
        if new.is_none() {
            pending.may_be_idle(id);
        }
        if renewed || existence {
            self.look_below(id, pending);
        }
        if moved {
            pending.delta.moved.push((self.keys.key(id).clone(), old));
            if let Some(new) = &new {
                self.index(id, new, pending);
            }
            self.ask_around(id, existence, says_hosts, pending);
            let in_streets = was_house || self.is_house(id);
            self.ask_house(id, in_streets, pending);
            if renewed {
                // Whether they are houses hangs on whether this one is the controller they mean.
                let wards: Vec<Id> = self.index.wards.get(&id).into_iter().flatten().copied().collect();
                for ward in wards {
                    self.ask_house(ward, true, pending);
                }
            }
        }
        self.note_around(id, pending);
    }

    /// Notes the verdicts that may hang on this object.
    fn note_around(&mut self, id: Id, pending: &mut Pending) {
        self.note(id, pending);
        let Some(object) = self.at(id) else { return };
        match &object.body {
            Body::Pod(_) | Body::Workload(_) | Body::Job(_) | Body::CronJob(_) => {
                // Each controller on the way up is judged by what is below it.
                let mut above = id;
                while let Some(parent) = self.parent(above) {
                    self.note(parent, pending);
                    above = parent;
                }
                for matcher in self.matchers(id) {
                    self.note(matcher, pending);
                }
            }
            Body::EndpointSlice(slice) => {
                let service = KeyRef { group: "", kind: "Service", name: &slice.service, ..KeyRef::from(&object.key) };
                if let Some(service) = self.keys.find(service) {
                    self.note(service, pending);
                }
            }
            Body::Event(event) if event.about.1 == "PersistentVolumeClaim" => {
                let (group, kind, namespace, name) = &event.about;
                let claim = KeyRef { cluster: &object.key.cluster, group, kind, namespace, name };
                if let Some(claim) = self.keys.find(claim) {
                    self.note(claim, pending);
                }
            }
            _ => {}
        }
    }

    /// Asks for the proofs that may hang on this object.
    fn ask_around(&mut self, id: Id, existence: bool, says_hosts: bool, pending: &mut Pending) {
        let key = self.keys.key(id);
        // Of a ConfigMap also the keys are needed.
        let needed = existence || key.kind == "ConfigMap";
        for (prover, half) in self.index.touching(id) {
            let proof = self.plain.get(prover);
            match half {
                Half::Calls if key.kind != "ConfigMap" => pending.call_again(prover),
                Half::Calls if says_hosts => pending.prove(prover, Half::Calls),
                Half::Plain if proof.is_none_or(|proof| proof.hangs_on(prover, id)) => {
                    pending.prove(prover, Half::Plain);
                }
                _ => {}
            }
            pending.delta.relations |= existence;
            if needed && self.hangs_on_references(prover) && proof.is_none_or(|proof| proof.needs(id)) {
                self.note(prover, pending);
            }
        }
        if key.kind == "ReferenceGrant" {
            let all = self.keys.find(&super::rules::grants_of(&key.cluster, &key.namespace));
            for (prover, half) in all.into_iter().flat_map(|all| self.index.touching(all)) {
                pending.prove(prover, half);
            }
        }
        match self.keys.key(id).kind.as_str() {
            "ReplicaSet" => {
                // Which one is current is decided among siblings.
                if let Some(parent) = self.index.parents.get(id) {
                    for sibling in self.index.wards.get(&parent.key).into_iter().flatten() {
                        pending.prove(*sibling, Half::Plain);
                    }
                }
            }
            "Service" => pending.callers_of(id),
            _ => {}
        }
    }

    /// Asks for what hangs on whether this object is a house; of its streets where it may be one.
    fn ask_house(&mut self, id: Id, in_streets: bool, pending: &mut Pending) {
        pending.prove(id, Half::Plain);
        // Only a house calls anybody; what becomes one is asked for again.
        if self.calls.contains_key(&id) || self.is_house(id) {
            pending.prove(id, Half::Calls);
        }
        self.ask_measured(id, pending);
        if !in_streets {
            return;
        }
        for matcher in self.matchers(id) {
            pending.delta.relations = true;
            pending.callers_of(matcher);
        }
    }

    /// Works out what was asked for.
    fn settle(&mut self, mut pending: Pending) -> Delta {
        for id in pending.plain.take() {
            let proof = self.prove(id);
            self.replace(id, Half::Plain, proof, &mut pending);
        }
        for service in pending.services.take() {
            self.ask_measured(service, &mut pending);
            self.ask_callers(service, &mut pending);
        }
        let calls = pending.calls.take();
        let again = pending.calls_again.take();
        let again = again.into_iter().filter(|id| calls.binary_search(id).is_err());
        for (id, is_same) in calls.iter().map(|id| (*id, false)).chain(again.map(|id| (id, true))) {
            let proof = self.prove_calls(id, is_same);
            self.replace(id, Half::Calls, proof, &mut pending);
        }
        self.find_named(&mut pending);
        let mut waiting: Vec<(u8, Id)> =
            pending.before.keys().map(|id| (turn(&self.keys.key(*id).kind), *id)).collect();
        waiting.sort_unstable();
        let mut late = Vec::new();
        for (_, id) in waiting {
            self.judge_anew(id);
            if self.keys.key(id).kind == "Service" && pending.before.get(&id) != Some(&self.health_of(id)) {
                late.extend(self.webhooks_behind(id).filter(|webhook| !pending.before.contains_key(webhook)));
            }
        }
        late.sort_unstable();
        late.dedup();
        for id in late {
            self.note(id, &mut pending);
            self.judge_anew(id);
        }
        let mut delta = std::mem::take(&mut pending.delta);
        for (id, before) in std::mem::take(&mut pending.before) {
            if self.at(id).is_some() && self.health_of(id) != before {
                delta.health.push(self.keys.key(id).clone());
            }
        }
        delta.objects.sort();
        delta.objects.dedup();
        delta.health.sort();
        for id in pending.idle.take() {
            if self.at(id).is_none() && !self.index.is_named(id) && !self.is_measured(id) && self.keys.is_given(id) {
                self.keys.free(id);
            }
        }
        delta
    }

    /// Judges an object again.
    fn judge_anew(&mut self, id: Id) {
        let (health, clock) = self.judge(id);
        self.due.set(id, clock.next(), clock.passed());
        match health {
            Some(health) => {
                let health = self.shared_verdict(health);
                self.verdicts.insert(id, health);
            }
            None => {
                self.verdicts.remove(id);
            }
        }
        self.count_again(id);
        self.count_in_space(id);
    }

    /// The webhook configurations a Service answers for.
    fn webhooks_behind(&self, service: Id) -> impl Iterator<Item = Id> {
        let touched = self.index.touching(service).map(|(prover, _)| prover);
        touched.filter(|id| matches!(self.at(*id).map(|object| &object.body), Some(Body::Served(_))))
    }

    /// Puts a new proof in the place of the old one.
    fn replace(&mut self, id: Id, half: Half, proof: Proof, pending: &mut Pending) {
        let known = if half == Half::Plain { self.plain.get(id) } else { self.calls.get(&id) };
        if known.map_or_else(|| proof.is_empty(), |known| known.is(&proof)) {
            return;
        }
        let known = if half == Half::Plain { self.plain.remove(id) } else { self.calls.remove(&id) };
        let before = known.unwrap_or_default();
        // No verdict hangs on whom a house calls.
        if half == Half::Plain {
            self.note(id, pending);
        }
        let none = Proof::default();
        let rest = before.rest().unwrap_or(&none);
        pending.delta.relations |=
            *before.edges != *proof.edges || rest.unresolved != proof.unresolved || rest.doors != proof.doors;
        let (was, is) =
            (touched_by(id, &before.edges, &rest.interests), touched_by(id, &proof.edges, &proof.interests));
        for touched in without(&was, &is) {
            self.index.touch_no_more(*touched, id, half);
            pending.may_be_idle(*touched);
        }
        for touched in without(&is, &was) {
            self.index.touch(*touched, id, half);
        }
        if rest.hosts != proof.hosts {
            let (was, is) = (distinct(&rest.hosts), distinct(&proof.hosts));
            for host in without(&was, &is) {
                take(&mut self.index.callers, host, &id);
            }
            for host in without(&is, &was) {
                put(&mut self.index.callers, *host, id);
            }
        }
        if rest.addresses != proof.addresses {
            for address in &rest.addresses {
                take(&mut self.index.slices_by_ip, address, &id);
            }
            for address in &proof.addresses {
                put(&mut self.index.slices_by_ip, *address, id);
            }
        }
        if !proof.is_empty() {
            let proven = Proven::keep(proof);
            match half {
                Half::Plain => self.plain.insert(id, proven),
                Half::Calls => drop(self.calls.insert(id, proven)),
            }
        }
    }
}

/// True for a `ConfigMap` in which an address stands.
fn says_hosts(object: &Object) -> bool {
    matches!(&object.body, Body::ConfigMap(map) if !map.hosts.is_empty())
}

/// When a kind is judged: what others are judged by comes before them.
fn turn(kind: &str) -> u8 {
    match kind {
        "Pod" => 0,
        "CronJob" | "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => 2,
        _ => 1,
    }
}

/// Of values in order those that are not among others in order.
fn without<'v, T: Ord>(values: &'v [T], others: &'v [T]) -> impl Iterator<Item = &'v T> {
    let mut others = others.iter().peekable();
    values.iter().filter(move |value| {
        while others.next_if(|other| other < value).is_some() {}
        others.peek() != Some(value)
    })
}

/// Host words that may mean a Service, in order.
fn distinct(hosts: &[HostKey]) -> Vec<HostKey> {
    let mut hosts: Vec<HostKey> = hosts.iter().copied().filter(|host| *host != HostKey::Nowhere).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

/// The keys beside its own that a proof names.
fn touched_by(id: Id, edges: &[Edge], interests: &[Id]) -> Vec<Id> {
    let ends = edges.iter().flat_map(|edge| [edge.from, edge.to]);
    let mut touched: Vec<Id> = ends.chain(interests.iter().copied()).filter(|end| *end != id).collect();
    touched.sort_unstable();
    touched.dedup();
    touched
}
