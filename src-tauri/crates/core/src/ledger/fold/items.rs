//! Tasks, hypotheses, decisions, objectives and action items.

use super::{State, Step};
use crate::ledger::incident::{ActionItem, Decision, Hypothesis, Objective, Task};
use crate::ledger::kinds;
use crate::ledger::text::who;

/// What a step that came too late is marked with.
const ENDED: &str = "changed nothing: it had ended";

impl State {
    pub(super) fn take_item(&mut self, step: &Step<'_>) {
        let kind = step.row.kind.as_str();
        match kind {
            kinds::TASK_ASSIGNED => self.assign(step),
            kinds::TASK_DONE | kinds::TASK_DROPPED | kinds::TASK_CHECKIN => self.change_task(step),
            kinds::HYPOTHESIS_OPENED => self.suppose(step),
            kinds::HYPOTHESIS_SUPPORTED => self.judge(step, "supported", "for"),
            kinds::HYPOTHESIS_ELIMINATED => self.judge(step, "eliminated", "against"),
            kinds::HYPOTHESIS_REOPENED => self.judge(step, "open", "for"),
            kinds::DECISION_PROPOSED => self.decide(step, "proposed"),
            kinds::DECISION_OBJECTED => self.answer_decision(step),
            kinds::DECISION_MADE if step.target("decision").is_some() => self.answer_decision(step),
            kinds::DECISION_MADE => self.decide(step, "made"),
            kinds::OBJECTIVE_SET => {
                let (row, text) = (step.row.hash.clone(), step.text("text").to_owned());
                self.incident.objectives.push(Objective { row, text, met: false });
            }
            kinds::OBJECTIVE_MET => self.meet_objective(step),
            kinds::ACTION_OPENED | kinds::ACTION_CHANGED | kinds::ACTION_CLOSED => self.act(step),
            kinds::HANDOFF_ACCEPTED => {
                if let Some(note) = step.target("answers") {
                    self.stand(note, "accepted");
                }
            }
            _ => {}
        }
    }

    fn assign(&mut self, step: &Step<'_>) {
        let Some(owner) = step.person("owner") else { return };
        self.meet(&owner);
        let label = format!("T{}", self.incident.tasks.len() + 1);
        self.label(step, &label, "open");
        self.incident.tasks.push(Task {
            row: step.row.hash.clone(),
            label,
            text: step.text("text").to_owned(),
            owner,
            check_in_at: step.moment("check_in_at").unwrap_or_else(|| step.at()),
            state: "open".to_owned(),
            outcome: String::new(),
            assigned_at: step.at(),
            ended_at: None,
        });
    }

    fn change_task(&mut self, step: &Step<'_>) {
        let target = step.target("task");
        let Some(task) = self.incident.tasks.iter_mut().find(|it| Some(&it.row) == target.as_ref()) else { return };
        let (row, label, text) = (task.row.clone(), task.label.clone(), task.text.clone());
        let open = task.state == "open";
        let state = match step.row.kind.as_str() {
            kinds::TASK_DONE => "done",
            kinds::TASK_DROPPED => "dropped",
            _ => "open",
        };
        if open {
            step.text("outcome").clone_into(&mut task.outcome);
            state.clone_into(&mut task.state);
            if state == "open" {
                task.check_in_at = step.moment("check_in_at").unwrap_or(task.check_in_at);
            } else {
                task.ended_at = Some(step.at());
            }
            self.stand(row, state);
        }
        self.mark(step, |mark| {
            mark.name(&label, if open { state } else { "" }, &text);
            if !open {
                mark.void(ENDED);
            }
        });
    }

    fn suppose(&mut self, step: &Step<'_>) {
        let label = format!("H{}", self.incident.hypotheses.len() + 1);
        self.label(step, &label, "open");
        self.incident.hypotheses.push(Hypothesis {
            row: step.row.hash.clone(),
            label,
            text: step.text("text").to_owned(),
            state: "open".to_owned(),
            by: who(&step.row.actor).to_owned(),
            opened_at: step.at(),
            state_at: step.at(),
            evidence: Vec::new(),
            subjects: step.targets("subject"),
        });
    }

    fn judge(&mut self, step: &Step<'_>, state: &str, side: &str) {
        let target = step.target("hypothesis");
        let found = self.incident.hypotheses.iter_mut().find(|it| Some(&it.row) == target.as_ref());
        let Some(hypothesis) = found else { return };
        state.clone_into(&mut hypothesis.state);
        hypothesis.state_at = step.at();
        let evidence = step.text("evidence");
        if !evidence.is_empty() {
            hypothesis.evidence.push((side.to_owned(), evidence.to_owned(), step.row.hash.clone()));
        }
        // The words of the rows it rests on are filled in once the timeline is written.
        let rows = step.targets("evidence").into_iter();
        hypothesis.evidence.extend(rows.map(|row| (side.to_owned(), String::new(), row.as_str().into())));
        let (row, label, text) = (hypothesis.row.clone(), hypothesis.label.clone(), hypothesis.text.clone());
        self.stand(row, state);
        self.mark(step, |mark| mark.name(&label, state, &text));
    }

    fn decide(&mut self, step: &Step<'_>, state: &str) {
        let label = format!("D{}", self.incident.decisions.len() + 1);
        self.label(step, &label, state);
        let by = who(&step.row.actor).to_owned();
        self.incident.decisions.push(Decision {
            row: step.row.hash.clone(),
            label,
            text: step.text("text").to_owned(),
            state: state.to_owned(),
            made_by: if state == "made" { by.clone() } else { String::new() },
            proposed_by: by,
            objections: Vec::new(),
            state_at: step.at(),
        });
    }

    fn answer_decision(&mut self, step: &Step<'_>) {
        let target = step.target("decision");
        let found = self.incident.decisions.iter_mut().find(|it| Some(&it.row) == target.as_ref());
        let Some(decision) = found else { return };
        let by = who(&step.row.actor).to_owned();
        let made = decision.state == "made";
        let state = if step.row.kind == kinds::DECISION_MADE { "made" } else { "objected" };
        if state == "objected" {
            decision.objections.push((by, step.text("text").to_owned()));
        } else if !made {
            decision.made_by = by;
        }
        if !made {
            state.clone_into(&mut decision.state);
            decision.state_at = step.at();
        }
        let (row, label, text) = (decision.row.clone(), decision.label.clone(), decision.text.clone());
        self.stand(row, if made { "made" } else { state });
        self.mark(step, |mark| mark.name(&label, state, &text));
    }

    fn meet_objective(&mut self, step: &Step<'_>) {
        let target = step.target("answers");
        let found = self.incident.objectives.iter_mut().find(|it| Some(&it.row) == target.as_ref());
        let Some(objective) = found else { return };
        objective.met = true;
        let (row, text) = (objective.row.clone(), objective.text.clone());
        self.stand(row, "met");
        self.mark(step, |mark| mark.name("", "", &text));
    }

    fn act(&mut self, step: &Step<'_>) {
        let said = ActionItem {
            row: step.row.hash.clone(),
            text: step.text("text").to_owned(),
            owner: step.text("owner").to_owned(),
            due: step.moment("due"),
            r#type: step.text("type").to_owned(),
            end_state: step.text("end_state").to_owned(),
            state: if step.row.kind == kinds::ACTION_CLOSED { "closed" } else { "open" }.to_owned(),
        };
        if step.row.kind == kinds::ACTION_OPENED {
            self.mark(step, |mark| "open".clone_into(&mut mark.state));
            self.incident.actions.push(said);
            return;
        }
        let target = step.target("answers");
        let Some(item) = self.incident.actions.iter_mut().find(|it| Some(&it.row) == target.as_ref()) else { return };
        let state = said.state.clone();
        *item = if said.text.is_empty() {
            // Closed without saying it again.
            ActionItem { state: said.state, ..item.clone() }
        } else {
            ActionItem { row: item.row.clone(), ..said }
        };
        let row = item.row.clone();
        self.stand(row, &state);
    }

    fn label(&mut self, step: &Step<'_>, label: &str, state: &str) {
        self.mark(step, |mark| mark.name(label, state, ""));
    }
}
