//! The calls of a house as its panel lists them: what is declared and what was measured, one line for each far end.

use std::collections::BTreeMap;

use broadstreet_core::id::ObjectKey;
use broadstreet_core::observed::{Measure, Unit};
use broadstreet_core::world::{Measured, Relation, RelationSource, RelationState, World};

use super::map::relation;
use crate::convert::{maybe, word};
use crate::wire::map::{LostCallView, MeasuredView, RelationView};

/// Calls with an end that could not be placed are listed up to this many.
const LOST: usize = 50;

fn unit(measure: &Measure) -> String {
    match measure.unit {
        Unit::Bytes => "bytes",
        Unit::Flows => "flows",
        Unit::Requests => "requests",
    }
    .to_owned()
}

fn rate(measure: &Measure) -> f64 {
    measure.rate as f64 / 1_000.0
}

fn measured(it: &Measured) -> MeasuredView {
    MeasuredView {
        observer: it.observer.name().to_owned(),
        source: it.source.to_string(),
        unit: unit(&it.measure),
        rate: rate(&it.measure),
        failed: it.measure.failed.map(|thousandths| f64::from(thousandths) / 1_000.0),
        p95_ms: it.measure.p95.map(|micros| micros as f64 / 1_000.0),
        last_seen: maybe(it.last_seen),
        stale: it.stale.clone(),
    }
}

/// Whom a house calls, or who calls it. A far end that is declared and was measured stands there once; the declared
/// relation speaks for its field and state.
pub(super) fn of(world: &World, house: &ObjectKey, outgoing: bool) -> Vec<RelationView> {
    let mut ends: BTreeMap<ObjectKey, (Relation, bool, bool)> = BTreeMap::new();
    for it in world.relations_of(house).into_iter().filter(|it| it.r#type == "calls") {
        let (own, other) = if outgoing { (&it.from, &it.to) } else { (&it.to, &it.from) };
        if own != house {
            continue;
        }
        let is_declared = it.source != RelationSource::Observed;
        let (kept, declared, observed) = ends.entry(other.clone()).or_insert_with(|| (it.clone(), false, false));
        // Of several fields that declare it, one that works speaks first.
        let speaks = is_declared && (!*declared || (kept.state != RelationState::Ok && it.state == RelationState::Ok));
        (*declared, *observed) = (*declared || is_declared, *observed || !is_declared);
        if speaks {
            *kept = it;
        }
    }
    let views = ends.into_iter().map(|(other, (it, declared, observed))| {
        let found = if outgoing { world.measured(house, &other) } else { world.measured(&other, house) };
        let mut view = relation(world, &other, &it, outgoing);
        view.measured = found.iter().map(measured).collect();
        let (from, to) = if outgoing { (house, &other) } else { (&other, house) };
        view.verdict = word(&world.street_verdict(from, to));
        if declared && observed {
            "both".clone_into(&mut view.source);
        }
        view
    });
    views.collect()
}

/// The measured calls of a house whose other end could not be placed.
pub(super) fn lost(world: &World, house: &ObjectKey) -> Vec<LostCallView> {
    let lost = world.lost_calls().into_iter().filter_map(|it| {
        let (end, outgoing) = it.known.as_ref()?;
        (end == house).then(|| LostCallView {
            other: if *outgoing { it.to.clone() } else { it.from.clone() },
            outgoing: *outgoing,
            observer: it.observer.name().to_owned(),
            source: it.source.to_string(),
            unit: unit(&it.measure),
            rate: rate(&it.measure),
            why: it.why.to_owned(),
        })
    });
    lost.take(LOST).collect()
}
