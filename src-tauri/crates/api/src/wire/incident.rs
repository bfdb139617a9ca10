//! One incident: command, tasks, hypotheses, decisions, pages.

use super::desk::PersonView;
use super::map::{CaseView, SourceMark};
use super::wire;

wire! {
    /// Names an incident.
    IncidentRef { id: String }
    /// A line of the archive.
    IncidentLine {
        id: String, number: String, title: String, severity: Option<u32>, status: String, closed_as: Option<String>,
        opened_at: Option<String>, resolved_at: Option<String>, commander: Option<String>, rows: u32, open_actions: u32,
        imported: bool, drill: bool, postmortem: bool,
    }
    /// The incident without its timeline.
    IncidentView {
        id: String, number: String, title: String, severity: Option<u32>, status: String, status_since: Option<String>,
        closed_as: Option<String>, zone: String, clusters: Vec<String>,
        commander: Option<PersonView>, commander_since: Option<String>,
        command: Vec<CommandSpanView>, offers: Vec<OfferView>, roles: Vec<RoleView>,
        milestones: Vec<MilestoneView>, tasks: Vec<TaskView>, hypotheses: Vec<HypothesisView>,
        decisions: Vec<DecisionView>, objectives: Vec<ObjectiveView>, actions: Vec<ActionView>,
        people: Vec<PersonView>,
        update_every_minutes: Option<u32>, last_update_at: Option<String>, next_update_at: Option<String>,
        /// Seconds nobody has commanded, while above zero and between declared and resolved.
        vacant_seconds: Option<u32>,
        /// The first symptom: impact started, or the first alert.
        first_symptom_at: Option<String>, declared_at: Option<String>, resolved_at: Option<String>,
        rows: u32, frozen: Option<FrozenView>, drill: bool, imported: bool,
    }
    /// Who commanded, from when to when; no commander is a gap.
    CommandSpanView { commander: Option<PersonView>, from: String, to: Option<String> }
    /// A role offered and not answered.
    OfferView { row: String, role: String, from: PersonView, to: PersonView, at: String, reason: String, brief_shown_at: Option<String> }
    /// A role held.
    RoleView { role: String, person: PersonView, since: String, accepted_on_offerers_device: bool }
    /// A milestone. `precision` as on a timeline row.
    MilestoneView { name: String, at: String, precision: String, approx: bool, row: String }
    /// A task. `state`: open, done, dropped.
    TaskView { row: String, label: String, text: String, owner: PersonView, check_in_at: String, state: String, outcome: String, assigned_at: String, ended_at: Option<String> }
    /// A hypothesis. `state`: open, supported, eliminated.
    HypothesisView { row: String, label: String, text: String, state: String, by: String, opened_at: String, state_at: String, evidence: Vec<EvidenceView>, subjects: Vec<String> }
    /// Evidence for or against.
    EvidenceView { side: String, text: String, row: String }
    /// A decision. `state`: proposed, objected, made.
    DecisionView { row: String, label: String, text: String, state: String, proposed_by: String, made_by: String, objections: Vec<ObjectionView>, state_at: String }
    /// An objection.
    ObjectionView { by: String, text: String }
    /// An objective.
    ObjectiveView { row: String, text: String, met: bool }
    /// An action item for after the incident.
    ActionView { row: String, text: String, owner: String, due: Option<String>, r#type: String, end_state: String, state: String }
    /// What Declare froze.
    FrozenView { at: String, events: u32, alerts: u32, silences: u32, on_call: u32, revisions: u32, blob: String }

    /// Declares. Severity 1 to 5; `token` makes a retry harmless.
    Declare { title: String, severity: u32, subjects: Vec<String>, commander: Option<String>, zone: Option<String>, drill: bool, token: Option<String> }
    /// Sets the status: investigating, mitigating, monitoring, resolved, learning.
    SetStatus { incident: String, status: String, reason: String }
    /// Sets the severity, with a reason.
    SetSeverity { incident: String, severity: u32, reason: String }
    /// Closes as `reviewed`, `duplicate` (of another incident) or `declined`, with a reason.
    CloseIncident { incident: String, r#as: String, reason: String, duplicate_of: Option<String> }
    /// Reopens with a reason.
    ReopenIncident { incident: String, reason: String }
    /// Removes a whole incident; `confirm` repeats its number.
    RemoveIncident { incident: String, confirm: String }
    /// Takes a role nobody holds.
    AssumeRole { incident: String, role: String }
    /// Offers a role to a person.
    OfferRole { incident: String, role: String, to: String, reason: String }
    /// Answers an offer (accept, decline) or withdraws it; names its row.
    AnswerOffer { incident: String, offer: String }
    /// Lays a role down; command laid down leaves a gap.
    ReleaseRole { incident: String, role: String, reason: String }
    /// The brief the incoming commander must read, ICS-201 shaped.
    BriefView { incident: String, at: String, sections: Vec<BriefSection>, offer: Option<String> }
    /// A section of the brief.
    BriefSection { title: String, lines: Vec<TracedLine> }
    /// A line with what it can be traced to. `trace_kind`: row, object, past (an instant and an object of then), alert,
    /// silence, page, source, none.
    TracedLine { text: String, trace_kind: String, trace: String }
    /// Assigns a task to one named owner, with a check-in time (`in_minutes` or an instant).
    AssignTask { incident: String, text: String, owner: String, in_minutes: Option<u32>, check_in_at: Option<String> }
    /// Ends a task as `done` or `dropped`, or moves its check-in; the outcome is a CAN report.
    EndTask { incident: String, task: String, state: String, outcome: String, in_minutes: Option<u32> }
    /// Opens a hypothesis.
    OpenHypothesis { incident: String, text: String, subjects: Vec<String> }
    /// Judges a hypothesis: supported, eliminated, open; with evidence `for` or `against`.
    JudgeHypothesis { incident: String, hypothesis: String, state: String, evidence: String, evidence_rows: Vec<String> }
    /// Proposes a decision, or makes it at once.
    Decide { incident: String, text: String, made: bool }
    /// Objects to a decision, or makes it.
    AnswerDecision { incident: String, decision: String, objection: Option<String>, make: bool }
    /// Sets an objective, or marks one as met.
    SetObjective { incident: String, text: Option<String>, met: Option<String> }
    /// Records that stakeholders were told; `every_minutes` changes the clock.
    SendUpdate { incident: String, text: String, audience: String, every_minutes: Option<u32> }
    /// Sets a milestone, with the time as typed.
    SetMilestone { incident: String, name: String, when: String, reason: String }
    /// Opens, changes or closes an action item.
    SaveAction { incident: String, row: Option<String>, text: String, owner: String, due: Option<String>, r#type: String, end_state: String, closed: bool }

    /// Asks for pages: of an incident, or live.
    PagesRequest { incident: Option<String> }
    /// The paging ledger.
    PagesView {
        attempts: Vec<AttemptView>, groups: Vec<PageGroup>,
        first_page_at: Option<String>, first_ack_at: Option<String>, first_ack_by: String, first_ack_seconds: Option<u32>,
        people: Vec<String>, failed: u32, late: u32, unanswered: u32,
        nobody_told: Vec<CaseView>, pagers: Vec<SourceMark>, gaps: Vec<super::map::SpanView>, on_call: Vec<OnCallView>,
        /// When they were on call, where that is as the evidence was frozen and not now.
        on_call_at: Option<String>,
    }
    /// Attempts about one subject.
    PageGroup { subject_id: String, subject: String, source: String, policy: String, severity: String }
    /// Who is on call.
    OnCallView { policy: String, step: u32, name: String, source: String }
    /// One attempt. Times the pager does not tell are absent and named in `never_told`.
    AttemptView {
        source: String, source_id: String, subject_id: String, subject: String,
        who: String, who_kind: String, policy: String, step: Option<u32>, reason: String, channel: String, address: String,
        queued_at: Option<String>, sent_at: Option<String>, delivered_at: Option<String>,
        /// unknown, pending, sending, sent, delivered, read, failed_temporarily, failed_permanently, bundled.
        delivery: String, error: String,
        acked_at: Option<String>, acked_by: String, ack_via: String, escalated_to: Vec<String>, never_told: Vec<String>,
        late_seconds: Option<u32>,
        /// In words: `Acknowledged`, `First to acknowledge`, `Failed`, `No answer` …
        outcome: String, outcome_detail: String,
    }
}
