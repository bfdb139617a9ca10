//! Incidents: command, tasks, hypotheses, decisions, pages.

use broadstreet_core::alerts::Case;
use broadstreet_core::id::IncidentId;
use broadstreet_core::time::Moment;
use broadstreet_core::world::Freshness;
use broadstreet_engine::Engine;
use broadstreet_engine::actions::ActionForm;
use broadstreet_engine::incidents::{Declaration, is_under_way};

use super::Answer;
use super::desk::at;
use crate::convert::{self, maybe, number, traced, word};
use crate::wire::desk::Nothing;
use crate::wire::incident::{
    AnswerDecision, AnswerOffer, AssignTask, AssumeRole, AttemptView, BriefSection, BriefView, CloseIncident, Decide,
    Declare, EndTask, IncidentLine, IncidentRef, IncidentView, JudgeHypothesis, OfferRole, OnCallView, OpenHypothesis,
    PageGroup, PagesRequest, PagesView, ReleaseRole, RemoveIncident, ReopenIncident, SaveAction, SendUpdate,
    SetMilestone, SetObjective, SetSeverity, SetStatus,
};
use crate::wire::map::SourceMark;

async fn view(engine: &Engine, id: &IncidentId) -> Answer<IncidentView> {
    let entry = engine.book().entry(id).await?;
    let (incident, rows) = engine.book().read(id).await?;
    let imported = entry.imported || engine.book().is_demo(id);
    Ok(convert::incident(&incident, &rows, engine.now(), imported))
}

pub async fn incidents(engine: &Engine, _: Nothing) -> Answer<Vec<IncidentLine>> {
    let lines = engine.incidents().await?;
    Ok(lines
        .into_iter()
        .map(|line| {
            let it = &line.incident;
            let at = |name: &str| it.milestones.iter().find(|one| one.name == name).map(|one| one.at.at);
            IncidentLine {
                id: it.id.0.clone(),
                number: number(it),
                title: it.title.clone(),
                severity: it.severity.map(|severity| u32::from(severity.0)),
                status: word(&it.status),
                closed_as: it.closed_as.clone(),
                opened_at: maybe(at("declared").or(line.entry.opened_at)),
                resolved_at: maybe(at("resolved")),
                commander: it
                    .commander
                    .as_ref()
                    .or(it.command.last().and_then(|span| span.commander.as_ref()))
                    .map(|it| it.name.clone()),
                rows: line.entry.rows as u32,
                open_actions: it.actions.iter().filter(|one| one.state == "open").count() as u32,
                imported: line.entry.imported,
                drill: it.drill,
                postmortem: line.postmortem,
            }
        })
        .collect())
}

pub async fn incident(engine: &Engine, request: IncidentRef) -> Answer<IncidentView> {
    let id = engine.book().find(&request.id).await?;
    view(engine, &id).await
}

pub async fn declare(engine: &Engine, it: Declare) -> Answer<IncidentView> {
    let declaration = Declaration {
        title: it.title,
        severity: u8::try_from(it.severity).unwrap_or(u8::MAX),
        subjects: it.subjects,
        commander: it.commander,
        zone: it.zone,
        drill: it.drill,
        token: it.token.unwrap_or_default(),
    };
    let id = engine.declare(declaration).await?;
    view(engine, &id).await
}

pub async fn set_status(engine: &Engine, it: SetStatus) -> Answer<IncidentView> {
    let id = engine.set_status(&it.incident, &it.status, &it.reason).await?;
    view(engine, &id).await
}

pub async fn set_severity(engine: &Engine, it: SetSeverity) -> Answer<IncidentView> {
    let severity = u8::try_from(it.severity).unwrap_or(u8::MAX);
    let id = engine.set_severity(&it.incident, severity, &it.reason).await?;
    view(engine, &id).await
}

pub async fn close_incident(engine: &Engine, it: CloseIncident) -> Answer<IncidentView> {
    let id = engine.close_incident(&it.incident, &it.r#as, &it.reason, it.duplicate_of.as_deref()).await?;
    view(engine, &id).await
}

pub async fn reopen_incident(engine: &Engine, it: ReopenIncident) -> Answer<IncidentView> {
    let id = engine.reopen_incident(&it.incident, &it.reason).await?;
    view(engine, &id).await
}

pub async fn remove_incident(engine: &Engine, it: RemoveIncident) -> Answer<Nothing> {
    engine.remove_incident(&it.incident, &it.confirm).await?;
    Ok(Nothing {})
}

pub async fn assume_role(engine: &Engine, it: AssumeRole) -> Answer<IncidentView> {
    let id = engine.assume_role(&it.incident, &it.role).await?;
    view(engine, &id).await
}

pub async fn offer_role(engine: &Engine, it: OfferRole) -> Answer<IncidentView> {
    let id = engine.offer_role(&it.incident, &it.role, &it.to, &it.reason).await?;
    view(engine, &id).await
}

pub async fn brief(engine: &Engine, it: IncidentRef) -> Answer<BriefView> {
    let (sections, offer) = engine.brief(&it.id).await?;
    Ok(BriefView {
        incident: engine.book().find(&it.id).await?.0,
        at: convert::text(engine.now()),
        sections: sections
            .iter()
            .map(|section| BriefSection {
                title: section.title.clone(),
                lines: section.lines.iter().map(traced).collect(),
            })
            .collect(),
        offer: offer.map(|row| row.0),
    })
}

pub async fn accept_offer(engine: &Engine, it: AnswerOffer) -> Answer<IncidentView> {
    let id = engine.accept_offer(&it.incident, &it.offer).await?;
    view(engine, &id).await
}

pub async fn decline_offer(engine: &Engine, it: AnswerOffer) -> Answer<IncidentView> {
    let id = engine.decline_offer(&it.incident, &it.offer).await?;
    view(engine, &id).await
}

pub async fn withdraw_offer(engine: &Engine, it: AnswerOffer) -> Answer<IncidentView> {
    let id = engine.withdraw_offer(&it.incident, &it.offer).await?;
    view(engine, &id).await
}

pub async fn release_role(engine: &Engine, it: ReleaseRole) -> Answer<IncidentView> {
    let id = engine.release_role(&it.incident, &it.role, &it.reason).await?;
    view(engine, &id).await
}

pub async fn assign_task(engine: &Engine, it: AssignTask) -> Answer<IncidentView> {
    let check_in = at(it.check_in_at.as_deref())?;
    let id = engine.assign_task(&it.incident, &it.text, &it.owner, it.in_minutes, check_in).await?;
    view(engine, &id).await
}

pub async fn end_task(engine: &Engine, it: EndTask) -> Answer<IncidentView> {
    let id = engine.end_task(&it.incident, &it.task, &it.state, &it.outcome, it.in_minutes).await?;
    view(engine, &id).await
}

pub async fn open_hypothesis(engine: &Engine, it: OpenHypothesis) -> Answer<IncidentView> {
    let id = engine.open_hypothesis(&it.incident, &it.text, &it.subjects).await?;
    view(engine, &id).await
}

pub async fn judge_hypothesis(engine: &Engine, it: JudgeHypothesis) -> Answer<IncidentView> {
    let id = engine.judge_hypothesis(&it.incident, &it.hypothesis, &it.state, &it.evidence, &it.evidence_rows).await?;
    view(engine, &id).await
}

pub async fn decide(engine: &Engine, it: Decide) -> Answer<IncidentView> {
    let id = engine.decide(&it.incident, &it.text, it.made).await?;
    view(engine, &id).await
}

pub async fn answer_decision(engine: &Engine, it: AnswerDecision) -> Answer<IncidentView> {
    let id = engine.answer_decision(&it.incident, &it.decision, it.objection.as_deref(), it.make).await?;
    view(engine, &id).await
}

pub async fn set_objective(engine: &Engine, it: SetObjective) -> Answer<IncidentView> {
    let id = engine.set_objective(&it.incident, it.text.as_deref(), it.met.as_deref()).await?;
    view(engine, &id).await
}

pub async fn send_update(engine: &Engine, it: SendUpdate) -> Answer<IncidentView> {
    let id = engine.send_update(&it.incident, &it.text, &it.audience, it.every_minutes).await?;
    view(engine, &id).await
}

pub async fn set_milestone(engine: &Engine, it: SetMilestone) -> Answer<IncidentView> {
    let id = engine.set_milestone(&it.incident, &it.name, &it.when, &it.reason).await?;
    view(engine, &id).await
}

pub async fn save_action(engine: &Engine, it: SaveAction) -> Answer<IncidentView> {
    let form = ActionForm {
        row: it.row,
        text: it.text,
        owner: it.owner,
        due: at(it.due.as_deref())?,
        r#type: it.r#type,
        end_state: it.end_state,
        closed: it.closed,
    };
    let id = engine.save_action(&it.incident, &form).await?;
    view(engine, &id).await
}

fn earliest(times: impl Iterator<Item = Option<Moment>>) -> Option<Moment> {
    times.flatten().min()
}

/// The paging ledger: of an incident where one is named, else of the live pagers, else of the chosen incident.
pub async fn pages(engine: &Engine, request: PagesRequest) -> Answer<PagesView> {
    let named = request.incident.filter(|id| !id.is_empty());
    let desk = engine.desk_now().await?;
    let seen = engine.look(None).await?;
    let shown = match (&named, seen.live()) {
        (Some(name), _) => Some(engine.book().find(name).await?),
        (None, Some(_)) => None,
        (None, None) => desk.incident.clone(),
    };
    let incident = match &shown {
        Some(id) => Some(engine.book().incident(id).await?),
        None => None,
    };
    let attempts = match (&incident, seen.live()) {
        (Some(incident), _) => incident.pages.clone(),
        (None, Some(state)) => state.attempts.clone(),
        (None, None) => Vec::new(),
    };
    // Who is on call now says nothing of an incident that is over, or that no live cluster stands behind.
    let over = incident.as_ref().is_some_and(|it| !is_under_way(it));
    let then = match &shown {
        Some(id) if over || seen.live().is_none() => engine.on_call_then(id).await?,
        _ => None,
    };
    let on_call = match (&then, seen.live()) {
        (Some(then), _) => then.on_call.clone(),
        (None, Some(state)) if !over => state.on_call.clone(),
        _ => Vec::new(),
    };
    let views: Vec<AttemptView> = attempts.iter().map(|one| convert::attempt(one, &attempts)).collect();
    let mut groups: Vec<PageGroup> = Vec::new();
    for one in &attempts {
        if groups.iter().any(|group| group.source == one.source.0 && group.subject_id == one.subject_id) {
            continue;
        }
        groups.push(PageGroup {
            subject_id: one.subject_id.clone(),
            subject: one.subject.clone(),
            source: one.source.0.clone(),
            policy: one.policy.clone(),
            severity: one.labels.get("severity").map(ToString::to_string).unwrap_or_default(),
        });
    }
    let first_page = earliest(attempts.iter().map(|one| one.sent_at.or(one.queued_at)));
    let first_ack = attempts.iter().filter(|one| one.acked_at.is_some()).min_by_key(|one| one.acked_at);
    let ack_seconds = first_ack.and_then(|one| Some((one.acked_at? - one.sent_at.or(one.queued_at)?).num_seconds()));
    let mut people: Vec<String> = attempts.iter().map(|one| one.target.name.clone()).collect();
    people.sort();
    people.dedup();
    let pager = |kind: &str| matches!(kind, "icinga" | "goalert" | "pagerduty");
    let placed = seen.placed();
    let place = |id: &str| -> Option<&Case> { placed.cases.iter().find(|case| case.alert == id) };
    let untold = seen.world().alerts().filter(|alert| convert::is_untold(alert));
    let nobody_told = untold
        .filter(|alert| place(&alert.id).is_none_or(convert::is_trouble))
        .map(|alert| convert::case(alert, place(&alert.id)));
    Ok(PagesView {
        groups,
        first_page_at: maybe(first_page),
        first_ack_at: maybe(first_ack.and_then(|one| one.acked_at)),
        first_ack_by: first_ack.map(|one| one.acked_by.clone()).unwrap_or_default(),
        first_ack_seconds: ack_seconds.map(|seconds| seconds.max(0) as u32),
        people,
        failed: views.iter().filter(|one| one.delivery.starts_with("failed")).count() as u32,
        late: views.iter().filter(|one| one.late_seconds.is_some()).count() as u32,
        unanswered: views.iter().filter(|one| one.outcome == "No answer").count() as u32,
        nobody_told: nobody_told.collect(),
        pagers: desk
            .sources
            .iter()
            .filter(|source| pager(&source.kind))
            .map(|source| SourceMark {
                id: source.id.0.clone(),
                label: source.label.clone(),
                state: match &source.state {
                    Freshness::Live => "live",
                    Freshness::CatchingUp => "catching_up",
                    Freshness::NeverAnswered { .. } => "never_answered",
                    _ => "stale",
                }
                .to_owned(),
                since: maybe(source.alive_at),
                count: attempts.iter().filter(|one| one.source == source.id).count() as u32,
                why: source.why.clone(),
            })
            .collect(),
        gaps: seen
            .live()
            .map(|state| state.gaps.iter().map(|(_, gap)| convert::span(gap)).collect())
            .unwrap_or_default(),
        on_call_at: then.map(|then| convert::text(then.at)),
        on_call: on_call
            .into_iter()
            .map(|(source, policy, step, name)| OnCallView { policy, step, name, source: source.0 })
            .collect(),
        attempts: views,
    })
}
