//! Which objects of a world a filter means, at a moment.

use rustc_hash::FxHashMap;

use super::fields::{Field, Op, kind_of, seconds, whole};
use super::{Filter, Term, What};
use crate::alerts::{Address, Alert, AlertState, Placed};
use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object};
use crate::time::Moment;
use crate::topology::places::{States, rank};
use crate::world::{Id, World, zone_of};

/// Kinds that are part of others or say something of them: searched only where they are named.
pub const PARTS: [&str; 5] = ["Event", "EndpointSlice", "Endpoints", "ReplicaSet", "ControllerRevision"];

/// What a filter means in a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The objects, ordered by key.
    pub objects: Vec<Id>,
    /// How many of each kind, ordered by kind.
    pub kinds: Vec<(Text, usize)>,
}

/// A term made ready. Texts are in small letters.
enum Test {
    Word(String),
    Text(Field, Op, Vec<String>),
    State(Op, Vec<HealthState>),
    Severity(Op, Vec<u8>),
    Restarts(Op, Vec<u64>),
    Age(Op, u64),
}

/// Terms of which every one has to hold, the cheap ones first.
struct Line {
    tests: Vec<(bool, Test)>,
    /// Whether kinds that are parts of others are meant too.
    parts: bool,
}

/// What is asked, and what was worked out once for all objects.
struct Asked<'w> {
    world: &'w World,
    at: Moment,
    states: States<'w>,
    firing: FxHashMap<Id, Vec<&'w Alert>>,
    /// Zone by cluster and node.
    zones: FxHashMap<(&'w str, &'w str), &'w str>,
    /// What a test said of a set of labels, or of a node's name in a cluster, by where those lie: many objects share them.
    said: FxHashMap<(*const Test, *const u8, *const u8), bool>,
    /// Objects of which a pod runs where a test wants it, by [`Id::at`], once that was asked of some.
    run: FxHashMap<*const Test, Vec<bool>>,
    /// How many objects were asked where their pods run, and how often those restarted.
    wheres: usize,
    /// One more than the most restarts of each number's pods, 0 where none is known, once that was asked of some.
    restarts: Option<Vec<u64>>,
    counts: usize,
}

/// So many objects are asked one by one where their pods run; for more, every pod is asked once.
const ONE_BY_ONE: usize = if cfg!(test) { 1 } else { 2_000 };

impl Filter {
    /// The objects it means at a moment; ages are counted back from that.
    #[must_use]
    pub fn matching(&self, world: &World, placed: &Placed, at: Moment) -> Found {
        let lines: Vec<Line> = if self.any.is_empty() {
            vec![Line { tests: Vec::new(), parts: false }]
        } else {
            self.any.iter().map(|terms| Line::of(terms)).collect()
        };
        let asks = |wanted: &[Field]| {
            let terms = self.any.iter().flatten();
            terms.into_iter().any(|term| matches!(&term.what, What::Clause(field, ..) if wanted.contains(field)))
        };
        let mut asked = Asked {
            world,
            at,
            states: States::of(world),
            firing: if asks(&[Field::Alert, Field::Severity]) { firing(world, placed) } else { FxHashMap::default() },
            zones: if asks(&[Field::Zone]) { zones(world) } else { FxHashMap::default() },
            said: FxHashMap::default(),
            run: FxHashMap::default(),
            wheres: 0,
            restarts: None,
            counts: 0,
        };
        let mut found = Found::default();
        let mut kinds: FxHashMap<&Text, usize> = FxHashMap::default();
        let mut place: Option<&ObjectKey> = None;
        let mut left: Vec<Vec<&(bool, Test)>> = Vec::new();
        let mut before = 0;
        for id in world.numbers_in_order() {
            let key = world.key_of(id);
            if place.is_none_or(|place| !is_same_place(place, key)) {
                if let Some(place) = place {
                    *kinds.entry(&place.kind).or_default() += found.objects.len() - before;
                }
                (place, before) = (Some(key), found.objects.len());
                left = lines.iter().filter_map(|line| asked.left(line, key)).collect();
            }
            if left.is_empty() {
                continue;
            }
            let Some(object) = world.object_of(id) else { continue };
            if left.iter().any(|tests| tests.iter().all(|(not, test)| asked.holds(test, id, object) != *not)) {
                found.objects.push(id);
            }
        }
        if let Some(place) = place {
            *kinds.entry(&place.kind).or_default() += found.objects.len() - before;
        }
        found.kinds = kinds.into_iter().filter(|(_, count)| *count > 0).map(|(kind, n)| (kind.clone(), n)).collect();
        found.kinds.sort();
        found
    }
}

/// Whether two keys differ in their names at most. Keys come in their order, so whatever hangs on the rest is asked once
/// for many.
pub(in crate::topology) fn is_same_place(a: &ObjectKey, b: &ObjectKey) -> bool {
    a.namespace == b.namespace && a.kind == b.kind && a.group == b.group && a.cluster == b.cluster
}

/// Firing alerts by the object they stand at and everything that is part of.
fn firing<'w>(world: &'w World, placed: &Placed) -> FxHashMap<Id, Vec<&'w Alert>> {
    let mut found: FxHashMap<Id, Vec<&Alert>> = FxHashMap::default();
    for case in &placed.cases {
        let (Address::Object(key), Some(alert)) = (&case.at, world.alert(&case.alert)) else { continue };
        if alert.state != AlertState::Firing {
            continue;
        }
        let mut at = world.id_of(key);
        while let Some(id) = at {
            found.entry(id).or_default().push(alert);
            at = world.controller_at(id);
        }
    }
    found
}

fn zones(world: &World) -> FxHashMap<(&str, &str), &str> {
    let nodes = world.numbered().filter(|(_, object)| matches!(object.body, Body::Node(_)));
    let zoned = nodes
        .filter_map(|(_, node)| Some(((node.key.cluster.as_str(), node.key.name.as_str()), zone_of(node)?.as_str())));
    zoned.collect()
}

impl Line {
    fn of(terms: &[Term]) -> Self {
        let parts = terms.iter().any(|term| !term.not && matches!(term.what, What::Clause(Field::Kind, ..)));
        let mut tests: Vec<(bool, Test)> = terms.iter().map(|term| (term.not, Test::of(&term.what))).collect();
        tests.sort_by_key(|(_, test)| test.cost());
        Self { tests, parts }
    }
}

impl Test {
    fn of(what: &What) -> Self {
        let (field, op, values) = match what {
            What::Word(word) => return Self::Word(word.to_ascii_lowercase()),
            What::Clause(field, op, values) => (*field, *op, values),
        };
        // The parser let no other values through.
        match field {
            Field::Status => Self::State(op, values.iter().map(|word| state_of(word)).collect()),
            Field::Severity => Self::Severity(op, values.iter().map(|word| severity_rank(word)).collect()),
            Field::Restarts => Self::Restarts(op, values.iter().filter_map(|value| whole(value)).collect()),
            Field::Age => Self::Age(op, values.first().and_then(|value| seconds(value)).unwrap_or_default()),
            Field::Kind if op == Op::Is => {
                Self::Text(field, op, values.iter().map(|value| kind_of(value).to_ascii_lowercase()).collect())
            }
            _ => Self::Text(field, op, values.iter().map(|value| value.to_ascii_lowercase()).collect()),
        }
    }

    fn cost(&self) -> u8 {
        match self {
            Self::Text(Field::Kind | Field::Namespace | Field::Cluster, ..) => 0,
            Self::State(..) | Self::Severity(..) | Self::Text(Field::Alert, ..) => 1,
            Self::Age(..) | Self::Text(Field::Name, ..) => 2,
            Self::Word(_) | Self::Text(Field::Label, ..) => 3,
            Self::Text(Field::Image, ..) => 4,
            Self::Restarts(..) | Self::Text(..) => 5,
        }
    }
}

fn state_of(word: &str) -> HealthState {
    match word.to_ascii_lowercase().as_str() {
        "critical" => HealthState::Critical,
        "warning" => HealthState::Warning,
        "starting" => HealthState::Starting,
        "well" => HealthState::Well,
        "resting" => HealthState::Resting,
        "none" => HealthState::None,
        _ => HealthState::Unknown,
    }
}

fn severity_rank(word: &str) -> u8 {
    match word.to_ascii_lowercase().as_str() {
        "critical" => 3,
        "warning" => 2,
        "info" => 1,
        _ => 0,
    }
}

/// Whether a state lies on the wanted side of a bound. What is unknown is never on the better side of anything.
fn state_fits(op: Op, state: HealthState, bound: HealthState) -> bool {
    match (op, state) {
        (Op::Is | Op::Has, _) => state == bound,
        (_, HealthState::None) | (Op::Below, HealthState::Unknown) => false,
        (Op::AtMost, HealthState::Unknown) => bound == HealthState::Unknown,
        _ => op.holds(&rank(state), &rank(bound)),
    }
}

/// Whether a text is, or contains, one of the wanted in small letters.
fn text_fits(op: Op, text: &str, wanted: &[String]) -> bool {
    match op {
        Op::Has => wanted.iter().any(|part| contains(text, part)),
        _ => wanted.iter().any(|whole| text.eq_ignore_ascii_case(whole)),
    }
}

/// Whether a text contains a part that is in small letters, whatever the text's case.
pub(in crate::topology) fn contains(text: &str, part: &str) -> bool {
    text.contains(part)
        || (text.bytes().any(|byte| byte.is_ascii_uppercase()) && text.to_ascii_lowercase().contains(part))
}

fn starts_with(text: &str, part: &str) -> bool {
    text.as_bytes().get(..part.len()).is_some_and(|head| head.eq_ignore_ascii_case(part.as_bytes()))
}

fn ends_with(text: &str, part: &str) -> bool {
    let tail = text.len().checked_sub(part.len()).and_then(|from| text.as_bytes().get(from..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether an object has a label as wanted: `key`, or `key=value`.
fn label_fits(op: Op, object: &Object, wanted: &[String]) -> bool {
    let fits = |key: &str, value: &str, wanted: &str| match (op, wanted.split_once('=')) {
        (Op::Has, None) => contains(key, wanted) || contains(value, wanted),
        // Labels are written `key=value`, and a wanted part may reach over the sign.
        (Op::Has, Some((k, v))) => {
            contains(key, wanted) || contains(value, wanted) || (ends_with(key, k) && starts_with(value, v))
        }
        (_, Some((k, v))) => key.eq_ignore_ascii_case(k) && value.eq_ignore_ascii_case(v),
        (_, None) => key.eq_ignore_ascii_case(wanted),
    };
    object.labels.iter().any(|(key, value)| wanted.iter().any(|wanted| fits(key, value, wanted)))
}

impl Asked<'_> {
    /// The tests of a line that are left for objects at the place of a key; nothing where none of them is meant.
    fn left<'l>(&self, line: &'l Line, key: &ObjectKey) -> Option<Vec<&'l (bool, Test)>> {
        if !line.parts && PARTS.contains(&key.kind.as_str()) {
            return None;
        }
        let mut left = Vec::new();
        for term in &line.tests {
            match self.settled(&term.1, key) {
                Some(holds) if holds != term.0 => {}
                Some(_) => return None,
                None => left.push(term),
            }
        }
        Some(left)
    }

    /// What a test says of every object at the place of a key, whatever its name; nothing where it hangs on more.
    fn settled(&self, test: &Test, key: &ObjectKey) -> Option<bool> {
        match test {
            Test::Word(word) => (contains(&key.kind, word) || contains(&key.namespace, word)).then_some(true),
            Test::Text(Field::Kind, op, wanted) => Some(text_fits(*op, &key.kind, wanted)),
            Test::Text(Field::Namespace, op, wanted) => Some(text_fits(*op, &key.namespace, wanted)),
            Test::Text(Field::Cluster, op, wanted) => Some(self.cluster_fits(*op, key, wanted)),
            _ => None,
        }
    }

    /// Whether a test that is not settled by the place holds.
    fn holds(&mut self, test: &Test, id: Id, object: &Object) -> bool {
        let key = &object.key;
        match test {
            Test::Word(word) => contains(&key.name, word),
            Test::State(op, bounds) => {
                let state = self.states.state(id);
                bounds.iter().any(|bound| state_fits(*op, state, *bound))
            }
            Test::Severity(op, bounds) => {
                let firing = self.firing.get(&id).into_iter().flatten();
                let mut ranks = firing.map(|alert| severity_rank(alert.severity()));
                ranks.any(|rank| bounds.iter().any(|bound| op.holds(&rank, bound)))
            }
            Test::Restarts(op, bounds) => {
                let most = self.restarts(id);
                most.is_some_and(|most| bounds.iter().any(|bound| op.holds(&most, bound)))
            }
            Test::Age(op, bound) => object.created_at.is_some_and(|created| {
                let age = u64::try_from((self.at - created).num_seconds()).unwrap_or_default();
                op.holds(&age, bound)
            }),
            Test::Text(Field::Kind | Field::Namespace | Field::Cluster, ..) => self.settled(test, key) == Some(true),
            Test::Text(Field::Name, op, wanted) => text_fits(*op, &key.name, wanted),
            Test::Text(Field::Label, op, wanted) => {
                let labels = std::sync::Arc::as_ptr(&object.labels).cast::<u8>();
                let said = self.said.entry((std::ptr::from_ref(test), labels, std::ptr::null()));
                *said.or_insert_with(|| label_fits(*op, object, wanted))
            }
            Test::Text(Field::Image, op, wanted) => {
                let told = object.body.template().into_iter().flat_map(|template| template.images.iter());
                let runs = match &object.body {
                    Body::Pod(pod) => &pod.containers[..],
                    _ => &[],
                };
                told.map(|(_, image)| image)
                    .chain(runs.iter().map(|one| &one.image))
                    .any(|image| text_fits(*op, image, wanted))
            }
            Test::Text(Field::Alert, op, wanted) => {
                let mut firing = self.firing.get(&id).into_iter().flatten();
                firing.any(|alert| text_fits(*op, alert.name(), wanted))
            }
            Test::Text(Field::Zone, op, wanted) => match &object.body {
                Body::Node(_) => zone_of(object).is_some_and(|zone| text_fits(*op, zone, wanted)),
                _ => self.runs_where(test, id, object),
            },
            Test::Text(_, op, wanted) => match &object.body {
                Body::Node(_) => text_fits(*op, &key.name, wanted),
                _ => self.runs_where(test, id, object),
            },
        }
    }

    fn cluster_fits(&self, op: Op, key: &ObjectKey, wanted: &[String]) -> bool {
        let label = || self.world.cluster_label(&key.cluster).is_some_and(|label| text_fits(op, label, wanted));
        text_fits(op, &key.cluster, wanted) || label()
    }

    /// Whether a pod, or any pod of a workload, runs where a test wants it.
    fn runs_where(&mut self, test: &Test, id: Id, object: &Object) -> bool {
        if let Some(run) = self.run.get(&std::ptr::from_ref(test)) {
            return run[id.at()];
        }
        if object.body.template().is_none() {
            return false;
        }
        self.wheres += 1;
        let world = self.world;
        if self.wheres <= ONE_BY_ONE {
            let mut pods = world.pods_at(id).into_iter().filter_map(|pod| world.object_of(pod));
            return pods.any(|pod| self.is_wanted_place(test, pod));
        }
        let mut run = vec![false; world.numbers()];
        for pod in world.numbers_in_order() {
            if !world.object_of(pod).is_some_and(|object| self.is_wanted_place(test, object)) {
                continue;
            }
            let mut part = Some(pod);
            while let Some(id) = part.filter(|id| !std::mem::replace(&mut run[id.at()], true)) {
                part = world.controller_at(id);
            }
        }
        let found = run[id.at()];
        self.run.insert(std::ptr::from_ref(test), run);
        found
    }

    /// Whether an object is a pod and runs where a test wants it.
    fn is_wanted_place(&mut self, test: &Test, object: &Object) -> bool {
        let (Body::Pod(pod), Test::Text(field, op, wanted)) = (&object.body, test) else { return false };
        let zones = &self.zones;
        let fits = || match field {
            Field::Zone => {
                let zone = zones.get(&(object.key.cluster.as_str(), pod.node.as_str()));
                zone.is_some_and(|zone| text_fits(*op, zone, wanted))
            }
            _ => text_fits(*op, &pod.node, wanted),
        };
        let place = (std::ptr::from_ref(test), pod.node.as_ptr(), object.key.cluster.as_ptr());
        *self.said.entry(place).or_insert_with(fits)
    }

    /// The most restarts of any container of a pod or of the pods of a workload; nothing where no pod is known.
    fn restarts(&mut self, id: Id) -> Option<u64> {
        if let Some(restarts) = &self.restarts {
            return restarts[id.at()].checked_sub(1);
        }
        let world = self.world;
        let object = world.object_of(id)?;
        object.body.template()?;
        self.counts += 1;
        let of_pod = |object: &Object| match &object.body {
            Body::Pod(pod) => {
                let counts = pod.containers.iter().map(|one| u64::try_from(one.restarts).unwrap_or_default());
                counts.max()
            }
            _ => None,
        };
        if self.counts <= ONE_BY_ONE {
            return world.pods_at(id).into_iter().filter_map(|pod| of_pod(world.object_of(pod)?)).max();
        }
        let mut restarts = vec![0; world.numbers()];
        for pod in world.numbers_in_order() {
            let Some(most) = world.object_of(pod).and_then(of_pod) else { continue };
            let mut part = Some(pod);
            while let Some(id) = part.filter(|id| restarts[id.at()] <= most) {
                restarts[id.at()] = most + 1;
                part = world.controller_at(id);
            }
        }
        self.restarts.insert(restarts)[id.at()].checked_sub(1)
    }
}
