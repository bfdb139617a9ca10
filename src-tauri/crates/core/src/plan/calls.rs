//! Who calls whom, as far as streets and columns are made of it, and whom too many call for that.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::House;
use crate::id::Text;
use crate::world::{Id, Street, World};

/// The least number of callers that makes a hub.
const HUB_FLOOR: usize = 5;

/// The houses of each cluster, counted as far as somebody asked.
struct Counted<'w> {
    world: &'w World,
    rest: Box<dyn Iterator<Item = Id> + 'w>,
    found: FxHashMap<&'w Text, usize>,
}

impl<'w> Counted<'w> {
    fn none(world: &'w World) -> Self {
        Self { world, rest: Box::new(world.house_ids()), found: FxHashMap::default() }
    }

    /// Whether more than three tenths of the houses of its cluster call a house that so many call: then their streets would
    /// cover the plan.
    fn is_hub(&mut self, house: Id, callers: usize) -> bool {
        let (world, enough) = (self.world, (10 * callers).div_ceil(3));
        let cluster = &world.key_of(house).cluster;
        // Mostly few of them are to be counted.
        let mut many = self.found.get(cluster).copied().unwrap_or_default();
        while callers >= HUB_FLOOR && many < enough {
            let Some(next) = self.rest.next() else { return true };
            let its = &world.key_of(next).cluster;
            *self.found.entry(its).or_default() += 1;
            many += usize::from(its == cluster);
        }
        callers >= HUB_FLOOR && many < enough
    }
}

/// The calls that are declared inside blocks. What was measured comes and goes with its source: where houses stand does
/// not hang on it.
pub(super) struct Streets<'w> {
    /// None where there are no calls.
    counted: Option<RefCell<Counted<'w>>>,
    /// Whether each house that was asked about is a hub, where enough call it.
    hubs: RefCell<FxHashMap<Id, bool>>,
}

impl<'w> Streets<'w> {
    /// Those of the lens of namespaces.
    pub fn of(world: &'w World) -> Self {
        Self { counted: Some(RefCell::new(Counted::none(world))), hubs: RefCell::default() }
    }

    /// None, as in the lens of nodes.
    pub fn none() -> Self {
        Self { counted: None, hubs: RefCell::default() }
    }

    fn world(&self) -> Option<&'w World> {
        self.counted.as_ref().map(|counted| counted.borrow().world)
    }

    fn is_hub(&self, house: Id) -> bool {
        let Some(counted) = &self.counted else { return false };
        let mut counted = counted.borrow_mut();
        let callers = counted.world.declared_callers(house);
        if callers < HUB_FLOOR {
            return false;
        }
        *self.hubs.borrow_mut().entry(house).or_insert_with(|| counted.is_hub(house, callers))
    }

    /// Caller and called among the houses of a block, by their places in it; in the order of their keys, each once.
    pub fn inside(&self, houses: &[House]) -> Vec<(usize, usize)> {
        let Some(world) = self.world() else { return Vec::new() };
        let ids = houses.iter().enumerate().filter_map(|(at, house)| Some((house.hint.find(world, &house.key)?, at)));
        let places: FxHashMap<Id, usize> = ids.filter(|(id, _)| world.is_house(*id)).collect();
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (id, from) in &places {
            let called = world.declared_calls_of(*id).filter(|to| to != id);
            let called = called.filter_map(|to| Some((to, *places.get(&to)?)));
            found.extend(called.filter(|(to, _)| !self.is_hub(*to)).map(|(_, to)| (*from, to)));
        }
        let keys = |(from, to): &(usize, usize)| houses.get(*from).zip(houses.get(*to)).map(|(a, b)| (&a.key, &b.key));
        found.sort_unstable_by(|a, b| keys(a).cmp(&keys(b)));
        found.dedup();
        found
    }

    /// Those of a block that call one of its houses, and those that it calls.
    pub fn around(&self, houses: &[House], at: usize) -> (Vec<usize>, Vec<usize>) {
        let house = self.world().zip(houses.get(at));
        let Some((world, id)) = house.and_then(|(world, house)| Some((world, world.id_of(&house.key)?))) else {
            return (Vec::new(), Vec::new());
        };
        let place = |id: Id| {
            let key = world.key_of(id);
            houses.iter().position(|house| house.is_of(key))
        };
        let is_called = world.is_house(id) && !self.is_hub(id);
        let callers = world.callers_of(id).into_iter().filter(|from| is_called && *from != id);
        let called = world.declared_calls_of(id).filter(|to| *to != id && world.is_house(*to) && !self.is_hub(*to));
        (callers.filter_map(place).collect(), called.filter_map(place).collect())
    }
}

/// Houses so many others call that their streets would cover the plan: how many callers each has.
pub(super) fn hubs(world: &World, calls: &[Street]) -> FxHashMap<Id, usize> {
    let meant = || calls.iter().filter(|call| call.from != call.to);
    let mut told = vec![0; world.numbers()];
    meant().for_each(|call| told[call.to.at()] += 1);
    // Some calls are told twice: only where that would be enough are callers counted.
    let mut counted = Counted::none(world);
    let mut may_be: FxHashMap<Id, bool> = FxHashMap::default();
    let mut pairs: Vec<(Id, Id)> = Vec::new();
    for call in meant().filter(|call| told[call.to.at()] >= HUB_FLOOR) {
        let told = told[call.to.at()];
        if *may_be.entry(call.to).or_insert_with(|| counted.is_hub(call.to, told)) {
            pairs.push((call.to, call.from));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let called = pairs.chunk_by(|(a, _), (b, _)| a == b).filter_map(|some| Some((some.first()?.0, some.len())));
    called.filter(|(hub, callers)| counted.is_hub(*hub, *callers)).collect()
}
