//! Tasks, hypotheses, decisions, objectives, updates, milestones, action items, evidence, handoffs.

use super::{Duration, Refusal, drafts, entry, needs_declared, no_such, refuse, target, words};
use crate::ledger::fold::MILESTONES;
use crate::ledger::incident::{Incident, Task};
use crate::ledger::text::{moment_at, text_at, who};
use crate::ledger::{Draft, kinds};
use crate::time::Moment;

pub(super) fn check(incident: &Incident, draft: &Draft, now: Moment) -> Result<(), Refusal> {
    match draft.kind.as_str() {
        kinds::TASK_ASSIGNED => {
            needs_declared(incident)?;
            assigned(draft, now)
        }
        kinds::TASK_DONE | kinds::TASK_DROPPED => {
            task(incident, draft)?;
            words(draft, "how the task ended").map(drop)
        }
        kinds::TASK_CHECKIN => {
            task(incident, draft)?;
            check_in(draft, now)
        }
        kinds::HYPOTHESIS_OPENED => words(draft, "the hypothesis").map(drop),
        kinds::HYPOTHESIS_SUPPORTED => judged(incident, draft, "supported"),
        kinds::HYPOTHESIS_ELIMINATED => judged(incident, draft, "eliminated"),
        kinds::HYPOTHESIS_REOPENED => judged(incident, draft, "open"),
        kinds::DECISION_PROPOSED => words(draft, "the decision").map(drop),
        kinds::DECISION_OBJECTED => {
            words(draft, "the objection")?;
            decision(incident, draft)
        }
        kinds::DECISION_MADE if target(draft, "decision").is_empty() => words(draft, "the decision").map(drop),
        kinds::DECISION_MADE => decision(incident, draft),
        kinds::OBJECTIVE_SET => words(draft, "the objective").map(drop),
        kinds::OBJECTIVE_MET => objective(incident, draft),
        kinds::COMMS_INTERNAL | kinds::COMMS_EXTERNAL => update(incident, draft),
        kinds::MILESTONE_SET => milestone(draft, now),
        kinds::ACTION_OPENED | kinds::ACTION_CHANGED | kinds::ACTION_CLOSED => action(incident, draft),
        kinds::EVIDENCE_PINNED => pinned(draft),
        kinds::HANDOFF_ACCEPTED => accepted(incident, draft),
        _ => Ok(()),
    }
}

fn assigned(draft: &Draft, now: Moment) -> Result<(), Refusal> {
    let text = words(draft, "the task")?;
    let owner = draft.payload.get("owner").map_or("", |owner| text_at(owner, "id"));
    if owner.is_empty() {
        return refuse("owner_needed", format!("`{text}` has no owner"), "name one person, such as !mei");
    }
    check_in(draft, now)
}

fn check_in(draft: &Draft, now: Moment) -> Result<(), Refusal> {
    match moment_at(&draft.payload, "check_in_at") {
        Some(at) if at > now => Ok(()),
        Some(at) => {
            let message = format!("the check-in at {} has passed", at.format("%H:%M UTC"));
            refuse("check_in_past", message, "choose a time from now on, such as 10m")
        }
        None => refuse("check_in_needed", "the task has no check-in time", "say in how many minutes, such as 10m"),
    }
}

fn task<'a>(incident: &'a Incident, draft: &Draft) -> Result<&'a Task, Refusal> {
    let row = target(draft, "task");
    let Some(task) = incident.tasks.iter().find(|task| task.row.as_str() == row) else {
        return no_such("no_such_task", "task", row);
    };
    if task.state != "open" {
        return refuse("task_ended", format!("{} is {} already", task.label, task.state), "assign a new task");
    }
    Ok(task)
}

fn judged(incident: &Incident, draft: &Draft, state: &str) -> Result<(), Refusal> {
    let row = target(draft, "hypothesis");
    let Some(hypothesis) = incident.hypotheses.iter().find(|it| it.row.as_str() == row) else {
        return no_such("no_such_hypothesis", "hypothesis", row);
    };
    let bare =
        text_at(&draft.payload, "evidence").trim().is_empty() && !draft.refs.iter().any(|it| it.role == "evidence");
    if bare && state != "open" {
        let message = format!("nothing says why {} is {state}", hypothesis.label);
        return refuse("evidence_needed", message, "say what was seen, or choose the rows that show it");
    }
    if bare && hypothesis.state == state {
        return refuse("no_change", format!("{} is {state} already", hypothesis.label), "choose another state");
    }
    Ok(())
}

fn decision(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let row = target(draft, "decision");
    let Some(decision) = incident.decisions.iter().find(|it| it.row.as_str() == row) else {
        return no_such("no_such_decision", "decision", row);
    };
    if decision.state == "made" {
        let message = format!("{} was decided by {}", decision.label, decision.made_by);
        return refuse("decision_made", message, "propose a new decision");
    }
    Ok(())
}

fn objective(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let row = target(draft, "answers");
    let Some(objective) = incident.objectives.iter().find(|it| it.row.as_str() == row) else {
        return no_such("no_such_objective", "objective", row);
    };
    if objective.met {
        return refuse("no_change", format!("`{}` is met already", objective.text), "set a new objective");
    }
    Ok(())
}

fn update(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    needs_declared(incident)?;
    words(draft, "the update")?;
    match draft.payload.get("every_minutes").and_then(serde_json::Value::as_u64) {
        Some(minutes) if minutes > 24 * 60 => {
            let message = format!("an update every {minutes} minutes is less than one a day");
            refuse("bad_interval", message, "choose 1 to 1440 minutes, or 0 for none")
        }
        _ => Ok(()),
    }
}

fn milestone(draft: &Draft, now: Moment) -> Result<(), Refusal> {
    let name = text_at(&draft.payload, "name");
    if !MILESTONES.contains(&name) {
        let hint = format!("choose one of {}", MILESTONES.join(", "));
        return refuse("bad_milestone", format!("there is no milestone `{name}`"), hint);
    }
    if draft.occurred.at > now + Duration::minutes(1) {
        let message = format!("milestone {} lies in the future", name.replace('_', " "));
        return refuse("in_the_future", message, "give the time it happened");
    }
    Ok(())
}

fn action(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    if draft.kind != kinds::ACTION_OPENED {
        let row = target(draft, "answers");
        if !incident.actions.iter().any(|it| it.row.as_str() == row) {
            return no_such("no_such_action", "action item", row);
        }
    }
    if draft.kind != kinds::ACTION_CLOSED {
        words(draft, "the action item")?;
    }
    let kind = text_at(&draft.payload, "type");
    if !["", "prevent", "detect", "mitigate", "process"].contains(&kind) {
        let message = format!("`{kind}` is no type of action item");
        return refuse("bad_type", message, "choose prevent, detect, mitigate or process");
    }
    Ok(())
}

fn pinned(draft: &Draft) -> Result<(), Refusal> {
    let has = |field: &str| !text_at(&draft.payload, field).trim().is_empty();
    if has("text") || has("target") || has("blob") {
        return Ok(());
    }
    refuse("empty_text", "there is nothing to pin", "choose an object, an alert or a file, or write what was seen")
}

fn accepted(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let note = entry(incident, target(draft, "answers"))?;
    if note.kind != kinds::HANDOFF_WRITTEN {
        return refuse("no_such_row", format!("`{}` is no handoff note", note.text), "choose the note itself");
    }
    if note.state == "accepted" {
        return refuse("already_accepted", "the handoff note is accepted already", "nothing more is needed");
    }
    if note.actor == draft.actor && draft.source == drafts::PERSON {
        let message = format!("{} wrote the handoff note, somebody else accepts it", who(&draft.actor));
        return refuse("own_handoff", message, "switch to the incoming person");
    }
    Ok(())
}
