//! The command table: one line per command gives dispatch, the TypeScript signature and the list for `--help`.

use broadstreet_engine::Engine;
use serde_json::Value;

use crate::error::ApiError;
use crate::handlers;
use crate::wire::desk::{
    ActAs, CheckView, ContextView, Desk, ListContexts, Nothing, OpenBundle, OpenContext, SaveSettings, SettingsView,
    SourceForm, SourceRef,
};
use crate::wire::evidence::{LogsRef, LogsRequest, LogsView, ManifestView, MetricsView};
use crate::wire::finding::{
    CompleteRequest, CompletionView, FieldView, FilterRequest, FilterView, PathRequest, PathView, ReachRequest,
    ReachView, SharedRequest, SharedView,
};
use crate::wire::incident::{
    AnswerDecision, AnswerOffer, AssignTask, AssumeRole, BriefView, CloseIncident, Decide, Declare, EndTask,
    IncidentLine, IncidentRef, IncidentView, JudgeHypothesis, OfferRole, OpenHypothesis, PagesRequest, PagesView,
    ReleaseRole, RemoveIncident, ReopenIncident, SaveAction, SendUpdate, SetMilestone, SetObjective, SetSeverity,
    SetStatus,
};
use crate::wire::map::{
    CasesRequest, CasesView, FindRequest, ForgetPlacement, FoundView, HistoryRequest, HistoryView, ObjectRequest,
    ObjectView, PlaceAlert, RollupRequest, RollupView,
};
use crate::wire::record::{
    AcceptHandoff, AnnotateEntry, CorrectEntry, DocumentRequest, DocumentView, DraftForm, DraftHandoff, EntryPreview,
    EntryView, ExportBundle, ExportDocument, ExportMap, FileView, HandoffView, PinEvidence, PreviewEntry, SaveDocument,
    TimelineRequest, TimelineView, VerifiedView, VerifyBundle, WriteEntry, WriteHandoff,
};

/// Reads a payload; an absent one counts as an empty object.
fn read<T: serde::de::DeserializeOwned>(command: &str, payload: Value) -> Result<T, ApiError> {
    let payload = if payload.is_null() { Value::Object(serde_json::Map::new()) } else { payload };
    serde_json::from_value(payload).map_err(|why| ApiError::bad_request(command, &why))
}

/// Declares the table.
macro_rules! commands {
    ($($(#[doc = $doc:literal])* $name:ident($payload:ty) -> $answer:ty;)*) => {
        /// Runs a command by name.
        pub async fn dispatch(engine: &Engine, command: &str, payload: Value) -> Result<Value, ApiError> {
            match command {
                $(stringify!($name) => {
                    let answer: $answer = handlers::$name(engine, read::<$payload>(command, payload)?).await?;
                    serde_json::to_value(answer).map_err(|why| ApiError::bad_request(command, &why))
                })*
                _ => Err(ApiError::unknown_command(command)),
            }
        }

        /// Every command: its name, payload type, answer type and one line about it.
        pub const TABLE: &[(&str, &str, &str, &str)] =
            &[$((stringify!($name), stringify!($payload), stringify!($answer), concat!($($doc),*))),*];
    };
}

/// Runs a command as a person, by id or name; `None` leaves the person chosen at the desk.
pub async fn dispatch_as(
    engine: &Engine,
    person: Option<&str>,
    command: &str,
    payload: Value,
) -> Result<Value, ApiError> {
    match person {
        Some(name) => {
            let person = engine.person(name)?;
            engine.acting_as(person, dispatch(engine, command, payload)).await
        }
        None => dispatch(engine, command, payload).await,
    }
}

commands! {
    /// Says what is open, who sits at the desk and how fresh the sources are.
    desk(Nothing) -> Desk;
    /// Chooses or adds the acting person.
    act_as(ActAs) -> Desk;
    /// Lists the contexts of the kubeconfig.
    contexts(ListContexts) -> Vec<ContextView>;
    /// Opens a cluster by context, or several side by side, and starts recording.
    open_context(OpenContext) -> Desk;
    /// Leaves one of the open clusters, named by its source; the others stay.
    leave_context(SourceRef) -> Desk;
    /// Opens a bundle, or the bundled incident, or what else a path holds of a cluster: manifests, a gathered archive.
    open_bundle(OpenBundle) -> Desk;
    /// Closes what is open.
    close_desk(Nothing) -> Desk;
    /// Explains an object: its health, cases, pods, relations, changes and events.
    object(ObjectRequest) -> ObjectView;
    /// Adds up a house, namespace, node, zone or cluster: counts, the worst state, and what makes it so.
    rollup(RollupRequest) -> RollupView;
    /// Reads an object whole from the live cluster, as YAML with its secrets covered.
    manifest(ObjectRequest) -> ManifestView;
    /// Measures an object over the hour before a moment: CPU, memory, restarts, failed requests.
    metrics(ObjectRequest) -> MetricsView;
    /// Starts reading what the containers of an object print.
    open_logs(LogsRequest) -> LogsView;
    /// Answers what containers printed since.
    read_logs(LogsRef) -> LogsView;
    /// Ends a reading of logs.
    close_logs(LogsRef) -> Nothing;
    /// Lists every case, the tray, and what nobody has been told.
    cases(CasesRequest) -> CasesView;
    /// Places an alert without an address at an object, and remembers it as a rule.
    place_alert(PlaceAlert) -> Nothing;
    /// Takes a rule of placing back.
    forget_placement(ForgetPlacement) -> Nothing;
    /// Searches objects, alerts, incidents and rows.
    find(FindRequest) -> Vec<FoundView>;
    /// Says which objects a filter means, and at which houses they stand.
    filter(FilterRequest) -> FilterView;
    /// Says what may be written at a place of a filter.
    complete_filter(CompleteRequest) -> CompletionView;
    /// Lists the fields of the filter language.
    filter_fields(Nothing) -> Vec<FieldView>;
    /// Lists what breaks if an object fails, nearest first.
    blast_radius(ReachRequest) -> ReachView;
    /// Lists what an object needs, nearest first.
    upstream(ReachRequest) -> ReachView;
    /// Finds the shortest way between two objects.
    path(PathRequest) -> PathView;
    /// Lists who shares nodes, zones, storage, configuration, images and accounts with an object.
    shared(SharedRequest) -> SharedView;
    /// Describes a span for the scrubber.
    history(HistoryRequest) -> HistoryView;
    /// Lists incidents, newest first.
    incidents(Nothing) -> Vec<IncidentLine>;
    /// Returns one incident without its timeline.
    incident(IncidentRef) -> IncidentView;
    /// Makes an incident the one the views show.
    choose_incident(IncidentRef) -> Desk;
    /// Declares an incident, freezes the evidence and returns it as stored.
    declare(Declare) -> IncidentView;
    /// Sets the status.
    set_status(SetStatus) -> IncidentView;
    /// Sets the severity, with a reason.
    set_severity(SetSeverity) -> IncidentView;
    /// Closes as reviewed, duplicate or declined.
    close_incident(CloseIncident) -> IncidentView;
    /// Reopens with a reason.
    reopen_incident(ReopenIncident) -> IncidentView;
    /// Removes a whole incident from this store.
    remove_incident(RemoveIncident) -> Nothing;
    /// Takes a role nobody holds.
    assume_role(AssumeRole) -> IncidentView;
    /// Offers a role to a person.
    offer_role(OfferRole) -> IncidentView;
    /// Shows the brief to the acting person; with an open offer to them, records that it was shown.
    brief(IncidentRef) -> BriefView;
    /// Accepts an offer, after the brief was shown.
    accept_offer(AnswerOffer) -> IncidentView;
    /// Declines an offer.
    decline_offer(AnswerOffer) -> IncidentView;
    /// Withdraws an offer.
    withdraw_offer(AnswerOffer) -> IncidentView;
    /// Lays a role down.
    release_role(ReleaseRole) -> IncidentView;
    /// Assigns a task.
    assign_task(AssignTask) -> IncidentView;
    /// Ends a task, or moves its check-in.
    end_task(EndTask) -> IncidentView;
    /// Opens a hypothesis.
    open_hypothesis(OpenHypothesis) -> IncidentView;
    /// Judges a hypothesis.
    judge_hypothesis(JudgeHypothesis) -> IncidentView;
    /// Proposes or makes a decision.
    decide(Decide) -> IncidentView;
    /// Objects to a decision, or makes it.
    answer_decision(AnswerDecision) -> IncidentView;
    /// Sets an objective, or marks one as met.
    set_objective(SetObjective) -> IncidentView;
    /// Records a stakeholder update and restarts its clock.
    send_update(SendUpdate) -> IncidentView;
    /// Sets a milestone.
    set_milestone(SetMilestone) -> IncidentView;
    /// Opens, changes or closes an action item.
    save_action(SaveAction) -> IncidentView;
    /// Returns the paging ledger.
    pages(PagesRequest) -> PagesView;
    /// Returns timeline entries.
    timeline(TimelineRequest) -> TimelineView;
    /// Reads a quick entry without recording it.
    preview_entry(PreviewEntry) -> EntryPreview;
    /// Records a quick entry.
    write_entry(WriteEntry) -> EntryView;
    /// Corrects a human row.
    correct_entry(CorrectEntry) -> EntryView;
    /// Adds a note to any row.
    annotate_entry(AnnotateEntry) -> EntryView;
    /// Pins evidence to the timeline.
    pin_evidence(PinEvidence) -> EntryView;
    /// Keeps what is typed and not yet recorded.
    save_draft(DraftForm) -> Nothing;
    /// Reads what was typed and not yet recorded.
    draft(DocumentRequest) -> DraftForm;
    /// Drafts the postmortem from the record; an existing one is kept unless nothing was written.
    draft_postmortem(IncidentRef) -> DocumentView;
    /// Reads a document.
    document(DocumentRequest) -> DocumentView;
    /// Saves a document.
    save_document(SaveDocument) -> DocumentView;
    /// Renders a document as Markdown, HTML or PDF.
    export_document(ExportDocument) -> FileView;
    /// Draws the map of a moment as SVG.
    export_map(ExportMap) -> FileView;
    /// Drafts the note for the next shift from the live state.
    draft_handoff(DraftHandoff) -> HandoffView;
    /// Writes the note.
    write_handoff(WriteHandoff) -> HandoffView;
    /// Accepts the note as the incoming person.
    accept_handoff(AcceptHandoff) -> HandoffView;
    /// Lists notes written, newest first.
    handoffs(Nothing) -> Vec<HandoffView>;
    /// Exports the incident as one bundle.
    export_bundle(ExportBundle) -> FileView;
    /// Verifies a bundle.
    verify_bundle(VerifyBundle) -> VerifiedView;
    /// Returns the settings.
    settings(Nothing) -> SettingsView;
    /// Saves settings.
    save_settings(SaveSettings) -> SettingsView;
    /// Saves a source and opens it.
    save_source(SourceForm) -> SettingsView;
    /// Removes a source.
    remove_source(SourceRef) -> SettingsView;
    /// Checks every configured source and says in plain words what works, through the open cluster, else the one named.
    check_sources(OpenContext) -> Vec<CheckView>;
    /// Lists Alertmanager and Prometheus Services found in the open cluster.
    discover_sources(Nothing) -> Vec<SourceForm>;
}

/// The table as TypeScript: `commands.ts` beside the generated types.
#[must_use]
pub fn typescript() -> String {
    use std::collections::BTreeSet;
    use std::fmt::Write;
    let bare = |name: &str| name.replace("Vec < ", "").replace("Vec<", "").replace([' ', '>'], "");
    let names: BTreeSet<String> = TABLE.iter().flat_map(|row| [bare(row.1), bare(row.2)]).collect();
    let mut text = String::from("// Generated from the command table. Do not edit.\n");
    for name in names {
        let _ = writeln!(text, "import type {{ {name} }} from \"./{name}\";");
    }
    text.push_str("\n/** Every command: what goes in, what comes out. Fields left out of a payload take their defaults. */\nexport interface Commands {\n");
    for (name, payload, answer, line) in TABLE {
        let list = if answer.starts_with("Vec") { "[]" } else { "" };
        let _ = writeln!(
            text,
            "  /** {} */\n  {name}: {{ payload: Partial<{}>; answer: {}{list} }};",
            line.trim(),
            bare(payload),
            bare(answer)
        );
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// Beside the types, which are written by tests of their own.
    #[test]
    fn the_table_is_written_for_the_screen_and_names_each_command_once() -> std::io::Result<()> {
        let names: BTreeSet<&str> = super::TABLE.iter().map(|row| row.0).collect();
        assert_eq!(names.len(), super::TABLE.len());
        let folder = std::env::var("TS_RS_EXPORT_DIR").unwrap_or_default();
        std::fs::write(std::path::Path::new(&folder).join("commands.ts"), super::typescript())
    }
}
