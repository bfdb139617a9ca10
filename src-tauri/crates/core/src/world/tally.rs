//! How many pods a controller has and which of them are not well, kept up to date by what changes: where it owns nothing but
//! pods that count, of thousands none is read again because of one.

use super::arena::{Few, Id};
use super::store::World;
use crate::health::HealthState;
use crate::resource::Body;

/// It is a pod, there, and part of the controller it names.
const POD: u8 = 1;
/// It is not being deleted.
const LIVING: u8 = 2;
/// It lives and is not well.
const UNWELL: u8 = 4;

/// What the pods that a controller owns itself add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pods: usize,
    living: usize,
    unwell: Option<Few<Id>>,
}

/// As what a pod is counted at its controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted(u8);

impl Counted {
    fn is(self, what: u8) -> bool {
        self.0 & what != 0
    }
}

impl World {
    /// Counts an object at its controller as it is now.
    pub(super) fn count_again(&mut self, id: Id) {
        let Some(mut parent) = self.index.parents.get(id).copied() else { return };
        let now = if parent.is_there { self.counts_as(id) } else { Counted::default() };
        if parent.counted != now {
            self.recount(parent.key, id, std::mem::replace(&mut parent.counted, now), now);
            self.index.parents.insert(id, parent);
        }
    }

    /// Counts an object at a controller no longer.
    pub(super) fn count_no_more(&mut self, controller: Id, id: Id, was: Counted) {
        self.recount(controller, id, was, Counted::default());
    }

    fn counts_as(&self, id: Id) -> Counted {
        let Some(object) = self.at(id).filter(|object| matches!(object.body, Body::Pod(_))) else {
            return Counted::default();
        };
        if object.deleted_at.is_some() {
            return Counted(POD);
        }
        let is_well = |state| matches!(state, HealthState::Well | HealthState::Resting | HealthState::None);
        let is_unwell = self.verdicts.get(id).is_some_and(|health| !is_well(health.state));
        Counted(POD | LIVING | if is_unwell { UNWELL } else { 0 })
    }

    fn recount(&mut self, controller: Id, id: Id, was: Counted, now: Counted) {
        if was == now {
            return;
        }
        let tally = self.index.tallies.entry(controller).or_default();
        let by = |what: u8| isize::from(now.is(what)) - isize::from(was.is(what));
        tally.pods = tally.pods.saturating_add_signed(by(POD));
        tally.living = tally.living.saturating_add_signed(by(LIVING));
        match (was.is(UNWELL), now.is(UNWELL)) {
            (false, true) => match &mut tally.unwell {
                Some(pods) => drop(pods.insert(id)),
                none => *none = Some(Few::One(id)),
            },
            (true, false) if tally.unwell.as_mut().is_some_and(|pods| pods.remove(&id)) => tally.unwell = None,
            _ => {}
        }
        if tally.pods == 0 {
            self.index.tallies.remove(&controller);
        }
    }

    /// How many living pods a controller and those below it own, and those of them that are not well, in no particular order.
    pub(super) fn living_below(&self, id: Id) -> (usize, Vec<Id>) {
        let (mut living, mut unwell) = (0, Vec::new());
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            let tally = self.index.tallies.get(&next);
            if let Some(tally) = tally {
                living += tally.living;
                unwell.extend(tally.unwell.iter().flatten().copied());
            }
            let wards = self.index.wards.get(&next).filter(|wards| wards.len() > tally.map_or(0, |tally| tally.pods));
            let is_pod = |id: Id| matches!(self.at(id).map(|object| &object.body), Some(Body::Pod(_)));
            let wards = wards.into_iter().flatten().copied();
            open.extend(wards.filter(|ward| self.parent(*ward) == Some(next) && !is_pod(*ward)));
        }
        (living, unwell)
    }
}
