//! Finding things on the map: the filter, its completion, and questions about what hangs on what.

use broadstreet_core::id::ObjectKey;
use broadstreet_core::topology::filter::{self, FIELDS, Mistake};
use broadstreet_core::topology::{self, By, Reached, Shared};
use broadstreet_core::world::{Id, World};
use broadstreet_engine::{Engine, Seen};

use super::Answer;
use super::desk::at;
use crate::convert::{health, key, word};
use crate::files::lens_named;
use crate::wire::desk::Nothing;
use crate::wire::finding::{
    CompleteRequest, CompletionView, FieldView, FilterRequest, FilterView, KindCount, MistakeView, OfferedText,
    PathRequest, PathView, ReachRequest, ReachView, ReachedView, SharedRequest, SharedThing, SharedView, SharerView,
    StepView,
};

/// Steps taken where none are asked for, and at most.
const HOPS: (u32, u32) = (3, 10);

/// Of those who share a thing so many are named.
const SHARERS: usize = 40;

/// So many houses that share a thing are listed in full.
const HOUSES: usize = 1_000;

/// A place in bytes as the screen counts.
fn units(text: &str, byte: usize) -> u32 {
    text.get(..byte).map_or(0, |before| before.encode_utf16().count() as u32)
}

/// A place as the screen counts in bytes; one inside a character is the one after it.
fn byte(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (place, c) in text.char_indices() {
        if left == 0 {
            return place;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}

fn mistake(text: &str, it: Mistake) -> MistakeView {
    MistakeView { from: units(text, it.from), to: units(text, it.to), message: it.message, hint: it.hint }
}

pub async fn filter(engine: &Engine, request: FilterRequest) -> Answer<FilterView> {
    let lens = lens_named(&request.lens)?;
    let parsed = match filter::parse(&request.query) {
        Ok(parsed) => parsed,
        Err(mistakes) => {
            let mistakes = mistakes.into_iter().map(|it| mistake(&request.query, it)).collect();
            return Ok(FilterView { query: request.query, mistakes, ..FilterView::default() });
        }
    };
    let seen = engine.look(at(request.at.as_deref())?).await?;
    let found = parsed.matching(seen.world(), seen.placed(), seen.at());
    let standing = topology::standing(seen.world(), lens, &found.objects);
    Ok(FilterView {
        query: request.query,
        houses: standing.houses.iter().map(ToString::to_string).collect(),
        objects: found.objects.len() as u32,
        elsewhere: standing.elsewhere as u32,
        kinds: found
            .kinds
            .into_iter()
            .map(|(kind, count)| KindCount { kind: kind.to_string(), count: count as u32 })
            .collect(),
        mistakes: Vec::new(),
    })
}

pub async fn complete_filter(engine: &Engine, request: CompleteRequest) -> Answer<CompletionView> {
    let seen = engine.look(at(request.at.as_deref())?).await?;
    let text = &request.query;
    let found = filter::complete(seen.world(), text, byte(text, request.cursor));
    let offers = found.offers.into_iter().map(|it| OfferedText { text: it.text, about: it.about.to_owned() });
    Ok(CompletionView { from: units(text, found.from), to: units(text, found.to), offers: offers.collect() })
}

pub async fn filter_fields(_: &Engine, _: Nothing) -> Answer<Vec<FieldView>> {
    let fields = FIELDS.iter().map(|info| FieldView {
        name: info.name.to_owned(),
        also: info.also.iter().map(|&name| name.to_owned()).collect(),
        signs: info.ops.iter().map(|op| op.sign().to_owned()).collect(),
        about: info.about.to_owned(),
        example: info.example.to_owned(),
    });
    Ok(fields.collect())
}

type Walk = fn(&World, &ObjectKey, usize) -> Vec<Reached>;

async fn reach(engine: &Engine, request: ReachRequest, walk: Walk) -> Answer<ReachView> {
    let id = key(&request.id)?;
    let hops = if request.hops == 0 { HOPS.0 } else { request.hops.min(HOPS.1) };
    let seen = engine.look(at(request.at.as_deref())?).await?;
    let world = seen.world();
    let reached = walk(world, &id, hops as usize).into_iter().map(|one| {
        let (key, by) = (world.key_of(one.at), world.key_of(one.by));
        ReachedView {
            id: key.to_string(),
            kind: key.kind.to_string(),
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            health: health(world.health(key).state),
            hops: one.hops as u32,
            by: by.to_string(),
            by_name: by.name.to_string(),
        }
    });
    Ok(ReachView { id: request.id, hops, reached: reached.collect() })
}

pub async fn blast_radius(engine: &Engine, request: ReachRequest) -> Answer<ReachView> {
    reach(engine, request, topology::blast_radius).await
}

pub async fn upstream(engine: &Engine, request: ReachRequest) -> Answer<ReachView> {
    reach(engine, request, topology::upstream).await
}

pub async fn path(engine: &Engine, request: PathRequest) -> Answer<PathView> {
    let (from, to) = (key(&request.from)?, key(&request.to)?);
    let seen = engine.look(at(request.at.as_deref())?).await?;
    let world = seen.world();
    let way = topology::path(world, &from, &to);
    let found = way.is_some();
    let steps = way.into_iter().flatten().map(|step| {
        let (from, to) = (world.key_of(step.from), world.key_of(step.to));
        StepView {
            from: from.to_string(),
            from_kind: from.kind.to_string(),
            from_name: from.name.to_string(),
            to: to.to_string(),
            to_kind: to.kind.to_string(),
            to_name: to.name.to_string(),
            r#type: step.r#type.to_owned(),
            along: step.along,
            health: health(world.health(to).state),
        }
    });
    Ok(PathView { steps: steps.collect(), from: request.from, to: request.to, found })
}

fn sharer(world: &World, id: Id) -> SharerView {
    let key = world.key_of(id);
    SharerView {
        id: key.to_string(),
        kind: key.kind.to_string(),
        namespace: key.namespace.to_string(),
        name: key.name.to_string(),
        health: health(world.health(key).state),
    }
}

fn thing(seen: &Seen, it: &Shared) -> SharedThing {
    let world = seen.world();
    let quoted = format!("\"{}\"", it.name.replace('\\', "\\\\").replace('"', "\\\""));
    // Nodes that name no zone stand together, and no filter means them.
    let has_nodes = |zone: &ObjectKey| world.nodes_of_zone(&zone.cluster, &zone.name).next().is_some();
    let filter = match it.by {
        By::Node => format!("node:{quoted}"),
        By::Zone if !it.key.as_ref().is_none_or(has_nodes) => String::new(),
        By::Zone => format!("zone:{quoted}"),
        By::Image => format!("image:{quoted}"),
        _ => String::new(),
    };
    let houses = it.with.iter().filter(|id| world.house_at(**id) == Some(**id));
    SharedThing {
        by: word(&it.by),
        name: it.name.to_string(),
        id: it.key.as_ref().map(ToString::to_string),
        count: it.with.len() as u32,
        with: it.with.iter().take(SHARERS).map(|id| sharer(world, *id)).collect(),
        houses: if it.with.len() > HOUSES {
            Vec::new()
        } else {
            houses.map(|id| world.key_of(*id).to_string()).collect()
        },
        filter,
    }
}

pub async fn shared(engine: &Engine, request: SharedRequest) -> Answer<SharedView> {
    let id = key(&request.id)?;
    let seen = engine.look(at(request.at.as_deref())?).await?;
    let sharing = topology::shared(seen.world(), &id);
    Ok(SharedView {
        things: sharing.things.iter().map(|it| thing(&seen, it)).collect(),
        nodes_left_out: sharing.nodes_left_out as u32,
        id: request.id,
    })
}
