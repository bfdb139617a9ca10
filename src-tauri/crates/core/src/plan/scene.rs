//! What hangs on more than one block of a picture: the streets between houses, and the alerts.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::districts::{self, Ground};
use super::router::Router;
use super::rows::{CaseRow, DANGLING, DECLARED, OBSERVED, Picture, Starts, StreetRow, WARNING};
use super::seats::Seats;
use super::streets::{Line, Way};
use super::{Lens, Plan, calls, survey};
use crate::alerts::{Address, Alert, AlertState, Case, Placed, Told};
use crate::id::ObjectKey;
use crate::resource::Body;
use crate::world::{Id, RelationSource, RelationState, Street, Verdict, World};

/// A picture whose houses are drawn, and where they are.
pub(super) struct Site<'a> {
    pub world: &'a World,
    pub lens: Lens,
    pub picture: &'a Picture,
    pub starts: &'a Starts,
    pub seats: &'a Seats,
}

/// A street before its line is drawn.
pub(super) type Draft = (Way, StreetRow);

impl Site<'_> {
    /// The streets of a district whose blocks begin with this one, in the order of their houses. Of one call no street
    /// is made to a hub, into another cluster, or to what is not drawn.
    pub fn streets(
        &self,
        ground: &Ground<'_>,
        first: usize,
        calls: &[Street],
        hubs: &FxHashMap<Id, usize>,
    ) -> Vec<Draft> {
        let Some(city) = ground.city else { return Vec::new() };
        let seat =
            |id: Id| self.seats.house(self.picture, id).filter(|(b, _)| (first..first + city.blocks.len()).contains(b));
        let row = |(b, h): (usize, usize)| self.starts.house(b) + h;
        let meant = calls.iter().filter(|call| call.from != call.to && !hubs.contains_key(&call.to));
        let drafts = meant.filter_map(|call| {
            let (a, b) = seat(call.from).zip(seat(call.to))?;
            let way = Way { from: (a.0 - first, a.1), to: (b.0 - first, b.1) };
            let is_declared = call.source != RelationSource::Observed;
            let dangling = if call.state == RelationState::Dangling { DANGLING } else { 0 };
            let street = StreetRow {
                from: row(a),
                to: row(b),
                load: u32::from(is_declared),
                health: if call.state == RelationState::Broken { WARNING } else { 0 },
                flags: dangling | if is_declared { DECLARED } else { OBSERVED },
                ..StreetRow::default()
            };
            Some((way, street))
        });
        let mut drafts: Vec<Draft> = drafts.collect();
        drafts.sort_unstable_by_key(|(_, street)| (street.from, street.to));
        drafts.dedup_by(|(_, one), (_, all)| {
            let is_one = (one.from, one.to) == (all.from, all.to);
            if is_one {
                (all.load, all.flags) = (all.load + one.load, all.flags | one.flags);
                all.health = all.health.max(one.health);
            }
            is_one
        });
        for (_, street) in &mut drafts {
            street.load = street.load.max(1);
        }
        drafts
    }

    /// What the network policies are predicted to do on a street.
    pub fn verdict(&self, street: &StreetRow) -> u8 {
        let key = |row: usize| {
            let (block, house) = self.starts.of_house(row)?;
            Some(&self.picture.blocks.get(block)?.houses.get(house)?.key)
        };
        match key(street.from).zip(key(street.to)).map(|(from, to)| self.world.street_verdict(from, to)) {
            Some(Verdict::Allowed) => 1,
            Some(Verdict::Blocked) => 2,
            Some(Verdict::Unprotected) => 3,
            Some(Verdict::Unknown) | None => 4,
        }
    }

    /// An alert at its address; nothing where it is told elsewhere. `state` stands for its own, with when it came to it.
    pub fn case(&self, alert: &Alert, case: &Case, state: Option<AlertState>) -> Option<CaseRow> {
        let object = match &case.at {
            Address::Object(key) => Some(key),
            Address::Cluster(_) | Address::ControlPlane(_) => None,
            // The heartbeat is told by its absence, and plumbing is no case.
            Address::Heartbeat | Address::Plumbing => return None,
        };
        let house = object.and_then(|key| self.house(key));
        let block = match house {
            Some(_) => None,
            None => object.and_then(|key| self.block(key)),
        };
        let severity = match alert.severity() {
            "critical" => 3,
            "warning" => 2,
            "info" => 1,
            _ => 0,
        };
        let ended = state.and(alert.ends_at).map_or(0, |at| u32::try_from(at.timestamp()).unwrap_or(0));
        let state = match state.unwrap_or(alert.state) {
            AlertState::Firing => 0,
            AlertState::Pending => 1,
            AlertState::Silenced => 2,
            AlertState::Inhibited => 3,
            AlertState::Resolved => 4,
        };
        Some(CaseRow {
            alert: case.alert.clone(),
            name: alert.name().to_owned(),
            severity,
            state,
            told: match alert.told {
                Told::Somebody => 0,
                Told::Nobody => 1,
                Told::Unknown => 2,
            },
            ended,
            house,
            block,
        })
    }

    /// The row of a house by its key.
    fn row(&self, key: &ObjectKey) -> Option<usize> {
        let seat = self.world.id_of(key).and_then(|id| self.seats.house(self.picture, id));
        if let Some((block, house)) = seat {
            return Some(self.starts.house(block) + house);
        }
        // Of a plan that is remembered, the world may not have known the key.
        let strange = self.picture.blocks.iter().enumerate().filter(|(_, block)| block.strange);
        let mut found = strange.filter_map(|(at, block)| {
            let house = block.houses.iter().position(|house| house.key == *key)?;
            Some(self.starts.house(at) + house)
        });
        found.next()
    }

    fn house(&self, key: &ObjectKey) -> Option<usize> {
        match self.lens {
            Lens::Namespaces => self.row(key).or_else(|| self.behind(key)),
            Lens::Nodes => match self.world.object(key).map(|object| &object.body) {
                Some(Body::Pod(pod)) => self.row(&survey::node_of(&key.cluster, &pod.node)),
                _ => self.row(key),
            },
        }
    }

    /// The house of an object inside one, or the first house a Service selects, a claim belongs to, an autoscaler scales
    /// or a budget protects.
    fn behind(&self, key: &ObjectKey) -> Option<usize> {
        if let Some(house) = self.world.house_of(key) {
            return self.row(&house);
        }
        let relations = self.world.relations_of(key);
        let ends: BTreeSet<&ObjectKey> = relations
            .iter()
            .filter_map(|relation| match (key.kind.as_str(), relation.r#type.as_str()) {
                ("Service", "selects")
                | ("HorizontalPodAutoscaler", "scales")
                | ("PodDisruptionBudget", "protects")
                    if relation.from == *key =>
                {
                    Some(&relation.to)
                }
                ("PersistentVolumeClaim", "claims") if relation.to == *key => Some(&relation.from),
                _ => None,
            })
            .collect();
        ends.into_iter().find_map(|end| self.row(end).or_else(|| self.row(&self.world.house_of(end)?)))
    }

    fn block(&self, key: &ObjectKey) -> Option<usize> {
        if self.lens == Lens::Nodes {
            return None;
        }
        let namespace = if key.kind == "Namespace" { &key.name } else { &key.namespace };
        if namespace.is_empty() {
            return None;
        }
        let id = survey::space_of(&key.cluster, namespace).to_string();
        self.picture.blocks.iter().position(|block| block.id == id)
    }
}

/// The houses of the lens of namespaces, between which no street is drawn yet.
pub struct Unpaved<'a> {
    world: &'a World,
    plan: &'a Plan,
    picture: Picture,
    starts: Starts,
    seats: Seats,
}

impl<'a> Unpaved<'a> {
    /// Those of a plan.
    #[must_use]
    pub fn of(world: &'a World, plan: &'a Plan) -> Self {
        let mut picture = Picture::of(world, plan, &Placed::default(), Lens::Namespaces, &[]);
        picture.streets.clear();
        let (starts, mut seats) = (picture.starts(), Seats::default());
        picture.blocks.iter().enumerate().for_each(|(at, block)| seats.enter(at, block));
        Self { world, plan, picture, starts, seats }
    }

    /// Finds out who calls whom and draws every street, as where none was drawn before; says how many there are.
    #[must_use]
    pub fn pave(&self) -> usize {
        let Self { world, plan, picture, starts, seats } = self;
        let calls: Vec<Street> = world.streets().collect();
        let hubs = calls::hubs(world, &calls);
        let site = Site { world, lens: Lens::Namespaces, picture, starts, seats };
        let mut first = 0;
        let mut drawn = 0;
        for ground in districts::lay_out(world, plan, Lens::Namespaces) {
            drawn += lined(&ground, site.streets(&ground, first, &calls, &hubs), &mut Router::default()).len();
            first += ground.city.map_or(0, |city| city.blocks.len());
        }
        drawn
    }
}

/// The streets of a district with their lines; one that leads nowhere is left out.
pub(super) fn lined(ground: &Ground<'_>, drafts: Vec<Draft>, router: &mut Router) -> Vec<StreetRow> {
    let Some(city) = ground.city else { return Vec::new() };
    let ways: Vec<Way> = drafts.iter().map(|(way, _)| *way).collect();
    let (x, y) = ground.away;
    let there = |line: Line| match (x, y) {
        (0, 0) => line,
        _ => line.iter().map(|(a, b)| (a + x, b + y)).collect(),
    };
    let drawn = drafts.into_iter().zip(router.route(city, &ways));
    let drawn = drawn.map(|((_, street), line)| StreetRow { line: there(line), ..street });
    drawn.filter(|street| street.line.len() > 1).collect()
}
