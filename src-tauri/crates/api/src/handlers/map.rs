//! The map beside the picture: an object's panel, cases, search, the scrubber.

use broadstreet_core::alerts::{Address, Case};
use broadstreet_core::id::ObjectKey;
use broadstreet_core::resource::Body;
use broadstreet_core::topology::{fit, search};
use broadstreet_core::world::{Freshness, Relation, Unresolved, World};
use broadstreet_engine::past::What;
use broadstreet_engine::{Engine, Seen};

use super::desk::at;
use super::rollup::number;
use super::{Answer, calls};
use crate::convert::{self, health, in_family, key, maybe, text, word};
use crate::wire::map::{
    AddressView, BinView, CaseView, CasesRequest, CasesView, ChangeView, EventView, FindRequest, FoundView,
    HistoryRequest, HistoryView, ImageView, MarkView, ObjectRequest, ObjectView, PodView, RelationView, UnresolvedView,
};

/// Changes and Events of a panel.
const LINES: usize = 60;

/// Related objects of a panel.
const RELATED: usize = 200;

/// Addresses without a Service that are listed.
const ADDRESSES: usize = 200;

/// Changes this far back belong to a panel.
const CHANGES: chrono::Duration = chrono::Duration::hours(24);

fn pod(world: &World, key: &ObjectKey) -> PodView {
    let verdict = world.health(key);
    let (node, restarts) = match world.object(key).map(|object| &object.body) {
        Some(Body::Pod(pod)) => {
            (pod.node.to_string(), pod.containers.iter().map(|one| one.restarts).max().unwrap_or(0))
        }
        _ => (String::new(), 0),
    };
    PodView {
        id: key.to_string(),
        name: key.name.to_string(),
        node,
        health: health(verdict.state),
        reason: verdict.reason.to_string(),
        field: verdict.field.to_string(),
        restarts: restarts.max(0) as u32,
        contained: verdict.contained,
    }
}

/// The pods of an object. What makes it as it is stands first: a list shows the beginning of hundreds.
fn pods_worst_first(world: &World, id: &ObjectKey) -> Vec<ObjectKey> {
    let mut pods = world.pods_of(id);
    pods.sort_by_cached_key(|key| world.health(key).state);
    pods
}

/// What an Event is about.
fn regarding(world: &World, event: &ObjectKey) -> Option<String> {
    let relations = world.relations_of(event);
    relations.iter().find(|it| it.r#type == "about" && it.from == *event).map(|it| it.to.to_string())
}

/// True where a case stands at an object of the family.
fn stands_at(world: &World, house: &ObjectKey, case: &Case) -> bool {
    matches!(&case.at, Address::Object(key) if in_family(world, house, key))
}

pub(super) fn relation(world: &World, other: &ObjectKey, relation: &Relation, outgoing: bool) -> RelationView {
    RelationView {
        other: other.to_string(),
        other_kind: other.kind.to_string(),
        other_name: other.name.to_string(),
        other_namespace: other.namespace.to_string(),
        r#type: relation.r#type.clone(),
        source: word(&relation.source),
        rule: u32::from(relation.rule),
        field: relation.field.clone(),
        state: word(&relation.state),
        outgoing,
        health: health(world.health(other).state),
        verdict: String::new(),
        measured: Vec::new(),
        controller: is_controller(world, relation),
    }
}

/// Whether an owner is the controller, by the reference that names it.
fn is_controller(world: &World, relation: &Relation) -> Option<bool> {
    let number = relation.field.strip_prefix("metadata.ownerReferences[")?.strip_suffix(']')?;
    let owners = &world.object(&relation.to).filter(|_| relation.r#type == "owns")?.owners;
    owners.get(number.parse::<usize>().ok()?).map(|owner| owner.controller)
}

fn unknowns(world: &World, seen: &Seen) -> Vec<String> {
    let mut lines: Vec<String> = world
        .freshness()
        .filter_map(|one| {
            let what =
                if one.kind.is_empty() { one.source.0.clone() } else { one.kind.trim_start_matches('/').to_owned() };
            match &one.state {
                Freshness::Live | Freshness::CatchingUp | Freshness::Absent => None,
                Freshness::Stale { since, why } => {
                    Some(format!("{what}: nothing heard since {}: {why}", since.format("%H:%M:%S UTC")))
                }
                Freshness::Forbidden { verb, message } => Some(format!("{what}: not allowed to {verb}: {message}")),
                Freshness::NeverAnswered { why } => Some(format!("{what} never answered: {why}")),
            }
        })
        .collect();
    if let Some(since) = seen.gap_since() {
        lines.insert(
            0,
            format!("nothing was recorded between {} and this moment", since.format("%Y-%m-%d %H:%M:%S UTC")),
        );
    }
    lines
}

pub async fn object(engine: &Engine, request: ObjectRequest) -> Answer<ObjectView> {
    let id = key(&request.id)?;
    let moment = at(request.at.as_deref())?;
    let noted = engine.noted_near(moment, CHANGES).await?;
    let seen = engine.look(moment).await?;
    let world = seen.world();
    let found = world.object(&id);
    let verdict = world.health(&id);
    let house = world.house_of(&id);
    let pods = pods_worst_first(world, &id);
    let pods: Vec<PodView> =
        pods.iter().filter(|pod| **pod != id || id.kind == "Pod").map(|key| pod(world, key)).collect();
    let template = found.and_then(|object| object.body.template());
    let (ready, desired) = match found.map(|object| &object.body) {
        Some(Body::Workload(it)) => (it.ready, it.desired),
        Some(Body::Job(it)) => (it.succeeded, it.completions.unwrap_or(1)),
        Some(Body::Autoscaler(it)) => (it.current, it.desired),
        _ => (pods.iter().filter(|pod| pod.health == "well").count() as i64, pods.len() as i64),
    };
    let family = |other: &ObjectKey| in_family(world, &id, other);
    let mut changes: Vec<ChangeView> = noted
        .iter()
        .rev()
        .filter_map(|note| match &note.what {
            What::Fact(fact) if fact.kind != "kubernetes_event" && family(&fact.subject) => Some(ChangeView {
                at: text(fact.at.unwrap_or(note.at)),
                kind: fact.kind.clone(),
                text: fact.text.clone(),
                detail: fact.detail.clone(),
                subject: fact.subject.to_string(),
            }),
            _ => None,
        })
        .take(LINES)
        .collect();
    changes.dedup();
    let events = world.events_of(&id);
    let events_total = number(events.len());
    let events = events.into_iter().take(LINES).filter_map(|object| match &object.body {
        Body::Event(event) => Some(EventView {
            uid: object.uid.to_string(),
            regarding: regarding(world, &object.key).unwrap_or_default(),
            r#type: event.r#type.clone(),
            reason: event.reason.clone(),
            message: event.message.clone(),
            count: event.count.max(0) as u32,
            first_at: maybe(event.first_at),
            last_at: maybe(event.last_at),
            component: event.component.clone(),
        }),
        _ => None,
    });
    let own_house = house.clone().unwrap_or_else(|| id.clone());
    let relations = world.relations_of(&id);
    let app = match &house {
        Some(house) if *house != id => super::apps::of(world, house, &world.relations_of(house)),
        _ => super::apps::of(world, &id, &relations),
    };
    let related: Vec<&Relation> = relations.iter().filter(|it| it.r#type != "calls" && it.r#type != "about").collect();
    Ok(ObjectView {
        id: id.to_string(),
        kind: id.kind.to_string(),
        group: id.group.to_string(),
        namespace: id.namespace.to_string(),
        name: id.name.to_string(),
        cluster: convert::cluster(world, &id.cluster),
        exists: found.is_some(),
        health: health(verdict.state),
        reason: verdict.reason.to_string(),
        field: verdict.field.to_string(),
        contained: verdict.contained,
        ready: ready.max(0) as u32,
        desired: desired.max(0) as u32,
        house: house.filter(|house| *house != id).map(|house| house.to_string()),
        cases: seen
            .placed()
            .cases
            .iter()
            .filter(|case| stands_at(world, &id, case))
            .filter_map(|case| Some(convert::case(world.alert(&case.alert)?, Some(case))))
            .chain(
                seen.fading()
                    .iter()
                    .filter(|(_, case)| stands_at(world, &id, case))
                    .map(|(alert, case)| convert::case(alert, Some(case))),
            )
            .collect(),
        events: events.collect(),
        events_total,
        related_total: number(related.len()),
        calls: calls::of(world, &own_house, true),
        called_by: calls::of(world, &own_house, false),
        lost_calls: calls::lost(world, &own_house),
        related: related
            .into_iter()
            .take(RELATED)
            .map(
                |it| {
                    if it.from == id { relation(world, &it.to, it, true) } else { relation(world, &it.from, it, false) }
                },
            )
            .collect(),
        unresolved: world
            .unresolved()
            .into_iter()
            .filter(|one| one.from == id)
            .map(|one| UnresolvedView { field: one.field, address: one.address })
            .collect(),
        images: template
            .map(|it| {
                it.images
                    .iter()
                    .map(|(name, image)| ImageView { container: name.to_string(), image: image.to_string() })
                    .collect()
            })
            .unwrap_or_default(),
        labels: found.map(|object| convert::labels(&object.labels)).unwrap_or_default(),
        created_at: found.and_then(|object| maybe(object.created_at)),
        unknowns: unknowns(world, &seen),
        parts: super::rollup::of_place(world, seen.placed(), &id),
        app,
        changes,
        pods,
    })
}

fn address(world: &World, one: Unresolved) -> AddressView {
    AddressView {
        from: one.from.to_string(),
        from_kind: one.from.kind.to_string(),
        from_name: one.from.name.to_string(),
        from_namespace: one.from.namespace.to_string(),
        house: world.house_of(&one.from).unwrap_or(one.from).to_string(),
        field: one.field,
        address: one.address,
    }
}

pub async fn cases(engine: &Engine, request: CasesRequest) -> Answer<CasesView> {
    let seen = engine.look(at(request.at.as_deref())?).await?;
    let (world, placed) = (seen.world(), seen.placed());
    let mut cases: Vec<CaseView> = placed
        .cases
        .iter()
        .filter(|case| convert::is_trouble(case))
        .filter_map(|case| Some(convert::case(world.alert(&case.alert)?, Some(case))))
        .collect();
    let untold = |alert: &broadstreet_core::alerts::Alert| {
        let case = placed.cases.iter().find(|case| case.alert == alert.id);
        (convert::is_untold(alert) && case.is_none_or(convert::is_trouble)).then(|| convert::case(alert, case))
    };
    let nobody_told = world.alerts().filter_map(untold).collect();
    cases.extend(seen.fading().iter().map(|(alert, case)| convert::case(alert, Some(case))));
    let evidence = match (seen.live(), seen.gap_since()) {
        (Some(_), _) => "as the sources say now".to_owned(),
        (_, Some(_)) => "nothing was recording at this moment".to_owned(),
        _ => format!("as this recorder knew it at {}", seen.at().format("%Y-%m-%d %H:%M:%S UTC")),
    };
    let lost = world.unresolved();
    Ok(CasesView {
        cases,
        unresolved_count: lost.len() as u32,
        unresolved: lost.into_iter().take(ADDRESSES).map(|one| address(world, one)).collect(),
        tray: placed
            .tray
            .iter()
            .filter_map(|entry| Some(convert::tray(world.alert(&entry.alert)?, &entry.why)))
            .collect(),
        nobody_told,
        placings: super::placing::placings(world, placed),
        evidence,
    })
}

pub async fn find(engine: &Engine, request: FindRequest) -> Answer<Vec<FoundView>> {
    let words: Vec<String> = request.query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let limit = if request.limit == 0 { 30 } else { request.limit.min(200) } as usize;
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let seen = engine.look(at(request.at.as_deref())?).await?;
    let world = seen.world();
    let mut hits: Vec<(usize, FoundView)> = Vec::new();
    for hit in search(world, &words, limit) {
        let it = world.key_of(hit.at);
        let subtitle =
            if it.namespace.is_empty() { it.kind.to_string() } else { format!("{} in {}", it.kind, it.namespace) };
        let subtitle = match convert::cluster(world, &it.cluster) {
            cluster if cluster.is_empty() => subtitle,
            cluster => format!("{subtitle}, {cluster}"),
        };
        let state = health(world.health(it).state);
        hits.push((
            hit.rank,
            FoundView {
                kind: "object".into(),
                id: it.to_string(),
                title: it.name.to_string(),
                subtitle,
                health: state,
            },
        ));
    }
    for alert in world.alerts() {
        let Some(rank) = fit(&words, [alert.name()]) else { continue };
        let case = seen.placed().cases.iter().find(|case| case.alert == alert.id);
        let view = convert::case(alert, case);
        let subtitle = format!(
            "{} {}{}",
            view.severity,
            view.state,
            if view.at_name.is_empty() { String::new() } else { format!(" at {}", view.at_name) }
        );
        hits.push((
            rank + 5,
            FoundView { kind: "alert".into(), id: alert.id.clone(), title: view.name, subtitle, health: String::new() },
        ));
    }
    drop(seen);
    for line in engine.incidents().await? {
        let it = &line.incident;
        let number = convert::number(it);
        let Some(rank) = fit(&words, [&number, &it.title]) else { continue };
        let subtitle = format!("{number} {}", word(&it.status));
        hits.push((
            rank + 8,
            FoundView {
                kind: "incident".into(),
                id: it.id.0.clone(),
                title: it.title.clone(),
                subtitle,
                health: String::new(),
            },
        ));
    }
    if let Some(id) = engine.desk_now().await?.incident {
        let (_, incident) = engine.incident(id.as_str()).await?;
        for entry in &incident.timeline {
            let Some(rank) = fit(&words, [&entry.text]) else { continue };
            let subtitle = text(entry.occurred.at);
            hits.push((
                rank + 40,
                FoundView {
                    kind: "row".into(),
                    id: entry.row.0.clone(),
                    title: entry.text.clone(),
                    subtitle,
                    health: String::new(),
                },
            ));
        }
    }
    hits.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.title.cmp(&b.1.title)));
    Ok(hits.into_iter().take(limit).map(|(_, hit)| hit).collect())
}

pub async fn history(engine: &Engine, request: HistoryRequest) -> Answer<HistoryView> {
    let bins = if request.bins == 0 { 240 } else { request.bins };
    let it = engine.history(at(request.from.as_deref())?, at(request.to.as_deref())?, bins).await?;
    Ok(HistoryView {
        from: text(it.window.from),
        to: text(it.window.to),
        now: text(it.now),
        live: it.live,
        bins: it
            .bins
            .iter()
            .map(|(at, count)| BinView {
                at: text(*at),
                critical: count.critical,
                warning: count.warning,
                other: count.other,
                pending: count.pending,
            })
            .collect(),
        gaps: it.gaps.iter().map(convert::span).collect(),
        marks: it
            .marks
            .into_iter()
            .map(|mark| MarkView {
                at: text(mark.at),
                kind: mark.kind.to_owned(),
                text: mark.text,
                row: mark.row,
                subject: mark.subject,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use broadstreet_core::resource::reduce;
    use broadstreet_core::world::Change;
    use serde_json::{Value, json};

    use super::*;

    fn world(objects: &[Value]) -> World {
        let reduced = objects.iter().filter_map(|it| reduce("c", it).ok());
        World::from_changes(&reduced.map(|it| Change::Object(Arc::new(it))).collect::<Vec<_>>())
    }

    #[test]
    fn the_pods_that_make_a_workload_fail_are_listed_before_the_others() {
        let of = |api: &str, kind: &str, name: &str| json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop", "uid": name}});
        let pod = |name: &str, ready: bool| {
            let mut pod = of("v1", "Pod", name);
            pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "cart", "uid": "cart", "controller": true}]);
            let state = if ready { json!({"running": {}}) } else { json!({"waiting": {"reason": "CrashLoopBackOff"}}) };
            pod["status"] = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
                "containerStatuses": [{"name": "cart", "ready": ready, "restartCount": 0, "state": state}]});
            pod
        };
        let world = world(&[
            of("apps/v1", "StatefulSet", "cart"),
            pod("cart-0", true),
            pod("cart-1", true),
            pod("cart-2", false),
        ]);
        let pods = pods_worst_first(&world, &ObjectKey::new("c", "apps", "StatefulSet", "shop", "cart"));
        let names: Vec<&str> = pods.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["cart-2", "cart-0", "cart-1"]);
    }

    #[test]
    fn a_second_owner_is_told_from_the_controller_and_an_event_says_what_it_is_about() {
        let owner = |kind: &str, name: &str, controller: bool| json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": name, "controller": controller});
        let of = |api: &str, kind: &str, name: &str| json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop", "uid": name}});
        let mut pod = of("v1", "Pod", "cart-1");
        pod["metadata"]["ownerReferences"] =
            json!([owner("Deployment", "lead", false), owner("ReplicaSet", "cart", true)]);
        let mut event = of("events.k8s.io/v1", "Event", "e");
        event["regarding"] = json!({"kind": "Pod", "namespace": "shop", "name": "cart-1", "uid": "cart-1"});
        let objects = [of("apps/v1", "Deployment", "lead"), of("apps/v1", "ReplicaSet", "cart"), pod, event];
        let world = world(&objects);
        let key = ObjectKey::new("c", "", "Pod", "shop", "cart-1");
        let owners: Vec<(String, Option<bool>)> = world
            .relations_of(&key)
            .iter()
            .filter(|it| it.r#type == "owns")
            .map(|it| (it.from.name.to_string(), is_controller(&world, it)))
            .collect();
        assert_eq!(owners, [("lead".to_owned(), Some(false)), ("cart".to_owned(), Some(true))]);
        let about = world.relations_of(&key).into_iter().find(|it| it.r#type == "about");
        assert_eq!(about.and_then(|it| regarding(&world, &it.from)), Some(key.to_string()));
        assert!(
            world.relations().iter().filter(|it| it.r#type != "owns").all(|it| is_controller(&world, it).is_none())
        );
    }
}
