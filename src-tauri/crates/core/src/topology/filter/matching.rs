//! Which objects of a world a filter means, at a moment.

use rustc_hash::FxHashMap;

use super::fields::{Field, Op, kind_of, seconds, whole};
use super::{Filter, Term, What};
use crate::alerts::{Address, Alert, AlertState, Placed};
use crate::health::HealthState;
use crate::id::{ObjectKey, Text};
use crate::resource::{Body, Object};
use crate::time::Moment;
use crate::topology::places::{States, rank, zone_of};
use crate::world::{Id, World};

/// Kinds that are part of others or say something of them: searched only where they are named.
pub(in crate::topology) const PARTS: [&str; 4] = ["Event", "EndpointSlice", "ReplicaSet", "ControllerRevision"];

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
}

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
        };
        let mut found = Found::default();
        for (id, object) in world.numbered() {
            let part = PARTS.contains(&object.key.kind.as_str());
            let meant = lines.iter().any(|line| {
                (line.parts || !part) && line.tests.iter().all(|(not, test)| asked.holds(test, id, object) != *not)
            });
            if !meant {
                continue;
            }
            found.objects.push(id);
            match found.kinds.iter_mut().find(|(kind, _)| *kind == object.key.kind) {
                Some((_, count)) => *count += 1,
                None => found.kinds.push((object.key.kind.clone(), 1)),
            }
        }
        found.kinds.sort();
        found
    }
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
    let zoned =
        nodes.filter_map(|(_, node)| Some(((node.key.cluster.as_str(), node.key.name.as_str()), zone_of(node)?)));
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

/// Whether an object has a label as wanted: `key`, or `key=value`.
fn label_fits(op: Op, object: &Object, wanted: &[String]) -> bool {
    let fits = |key: &str, value: &str, wanted: &str| match (op, wanted.split_once('=')) {
        (Op::Has, _) => contains(&format!("{key}={value}"), wanted),
        (_, Some((k, v))) => key.eq_ignore_ascii_case(k) && value.eq_ignore_ascii_case(v),
        (_, None) => key.eq_ignore_ascii_case(wanted),
    };
    object.labels.iter().any(|(key, value)| wanted.iter().any(|wanted| fits(key, value, wanted)))
}

impl Asked<'_> {
    fn holds(&mut self, test: &Test, id: Id, object: &Object) -> bool {
        let key = &object.key;
        match test {
            Test::Word(word) => [&key.name, &key.kind, &key.namespace].into_iter().any(|text| contains(text, word)),
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
            Test::Text(Field::Kind, op, wanted) => text_fits(*op, &key.kind, wanted),
            Test::Text(Field::Namespace, op, wanted) => text_fits(*op, &key.namespace, wanted),
            Test::Text(Field::Name, op, wanted) => text_fits(*op, &key.name, wanted),
            Test::Text(Field::Label, op, wanted) => label_fits(*op, object, wanted),
            Test::Text(Field::Cluster, op, wanted) => self.cluster_fits(*op, key, wanted),
            Test::Text(Field::Image, op, wanted) => {
                let told = object.body.template().into_iter().flat_map(|template| template.images.iter());
                let runs = match &object.body {
                    Body::Pod(pod) => pod.containers.as_slice(),
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
                _ => self.runs_where(id, object, |cluster, node| {
                    self.zones.get(&(cluster, node)).is_some_and(|zone| text_fits(*op, zone, wanted))
                }),
            },
            Test::Text(_, op, wanted) => match &object.body {
                Body::Node(_) => text_fits(*op, &key.name, wanted),
                _ => self.runs_where(id, object, |_, node| text_fits(*op, node, wanted)),
            },
        }
    }

    fn cluster_fits(&self, op: Op, key: &ObjectKey, wanted: &[String]) -> bool {
        let label = || self.world.cluster_label(&key.cluster).is_some_and(|label| text_fits(op, label, wanted));
        text_fits(op, &key.cluster, wanted) || label()
    }

    /// Whether a pod, or any pod of a workload, runs where it is wanted.
    fn runs_where(&self, id: Id, object: &Object, wanted: impl Fn(&str, &str) -> bool) -> bool {
        let fits = |object: &Object| match &object.body {
            Body::Pod(pod) => wanted(&object.key.cluster, &pod.node),
            _ => false,
        };
        match &object.body {
            Body::Pod(_) => fits(object),
            body if body.template().is_some() => {
                self.world.pods_at(id).into_iter().filter_map(|pod| self.world.object_of(pod)).any(fits)
            }
            _ => false,
        }
    }

    /// The most restarts of any container of a pod or of the pods of a workload; nothing where no pod is known.
    fn restarts(&self, id: Id) -> Option<u64> {
        let object = self.world.object_of(id)?;
        let of_pod = |object: &Object| match &object.body {
            Body::Pod(pod) => {
                let counts = pod.containers.iter().map(|one| u64::try_from(one.restarts).unwrap_or_default());
                counts.max()
            }
            _ => None,
        };
        match &object.body {
            Body::Pod(_) => of_pod(object),
            body if body.template().is_some() => {
                self.world.pods_at(id).into_iter().filter_map(|pod| of_pod(self.world.object_of(pod)?)).max()
            }
            _ => None,
        }
    }
}
