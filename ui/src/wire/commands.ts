// Generated from the command table. Do not edit.
import type { AcceptHandoff } from "./AcceptHandoff";
import type { ActAs } from "./ActAs";
import type { AnnotateEntry } from "./AnnotateEntry";
import type { AnswerDecision } from "./AnswerDecision";
import type { AnswerOffer } from "./AnswerOffer";
import type { AssignTask } from "./AssignTask";
import type { AssumeRole } from "./AssumeRole";
import type { BriefView } from "./BriefView";
import type { CasesRequest } from "./CasesRequest";
import type { CasesView } from "./CasesView";
import type { CheckView } from "./CheckView";
import type { CloseIncident } from "./CloseIncident";
import type { CompleteRequest } from "./CompleteRequest";
import type { CompletionView } from "./CompletionView";
import type { ContextView } from "./ContextView";
import type { CorrectEntry } from "./CorrectEntry";
import type { Decide } from "./Decide";
import type { Declare } from "./Declare";
import type { Desk } from "./Desk";
import type { DocumentRequest } from "./DocumentRequest";
import type { DocumentView } from "./DocumentView";
import type { DraftForm } from "./DraftForm";
import type { DraftHandoff } from "./DraftHandoff";
import type { EndTask } from "./EndTask";
import type { EntryPreview } from "./EntryPreview";
import type { EntryView } from "./EntryView";
import type { ExportBundle } from "./ExportBundle";
import type { ExportDocument } from "./ExportDocument";
import type { ExportMap } from "./ExportMap";
import type { FieldView } from "./FieldView";
import type { FileView } from "./FileView";
import type { FilterRequest } from "./FilterRequest";
import type { FilterView } from "./FilterView";
import type { FindRequest } from "./FindRequest";
import type { ForgetPlacement } from "./ForgetPlacement";
import type { FoundView } from "./FoundView";
import type { HandoffView } from "./HandoffView";
import type { HistoryRequest } from "./HistoryRequest";
import type { HistoryView } from "./HistoryView";
import type { IncidentLine } from "./IncidentLine";
import type { IncidentRef } from "./IncidentRef";
import type { IncidentView } from "./IncidentView";
import type { JudgeHypothesis } from "./JudgeHypothesis";
import type { ListContexts } from "./ListContexts";
import type { LogsRef } from "./LogsRef";
import type { LogsRequest } from "./LogsRequest";
import type { LogsView } from "./LogsView";
import type { ManifestView } from "./ManifestView";
import type { MetricsView } from "./MetricsView";
import type { Nothing } from "./Nothing";
import type { ObjectRequest } from "./ObjectRequest";
import type { ObjectView } from "./ObjectView";
import type { OfferRole } from "./OfferRole";
import type { OpenBundle } from "./OpenBundle";
import type { OpenContext } from "./OpenContext";
import type { OpenHypothesis } from "./OpenHypothesis";
import type { PagesRequest } from "./PagesRequest";
import type { PagesView } from "./PagesView";
import type { PathRequest } from "./PathRequest";
import type { PathView } from "./PathView";
import type { PinEvidence } from "./PinEvidence";
import type { PlaceAlert } from "./PlaceAlert";
import type { PreviewEntry } from "./PreviewEntry";
import type { ReachRequest } from "./ReachRequest";
import type { ReachView } from "./ReachView";
import type { ReleaseRole } from "./ReleaseRole";
import type { RemoveIncident } from "./RemoveIncident";
import type { ReopenIncident } from "./ReopenIncident";
import type { RollupRequest } from "./RollupRequest";
import type { RollupView } from "./RollupView";
import type { SaveAction } from "./SaveAction";
import type { SaveDocument } from "./SaveDocument";
import type { SaveSettings } from "./SaveSettings";
import type { SendUpdate } from "./SendUpdate";
import type { SetMilestone } from "./SetMilestone";
import type { SetObjective } from "./SetObjective";
import type { SetSeverity } from "./SetSeverity";
import type { SetStatus } from "./SetStatus";
import type { SettingsView } from "./SettingsView";
import type { SharedRequest } from "./SharedRequest";
import type { SharedView } from "./SharedView";
import type { SourceForm } from "./SourceForm";
import type { SourceRef } from "./SourceRef";
import type { TimelineRequest } from "./TimelineRequest";
import type { TimelineView } from "./TimelineView";
import type { VerifiedView } from "./VerifiedView";
import type { VerifyBundle } from "./VerifyBundle";
import type { WriteEntry } from "./WriteEntry";
import type { WriteHandoff } from "./WriteHandoff";

/** Every command: what goes in, what comes out. Fields left out of a payload take their defaults. */
export interface Commands {
  /** Says what is open, who sits at the desk and how fresh the sources are. */
  desk: { payload: Partial<Nothing>; answer: Desk };
  /** Chooses or adds the acting person. */
  act_as: { payload: Partial<ActAs>; answer: Desk };
  /** Lists the contexts of the kubeconfig. */
  contexts: { payload: Partial<ListContexts>; answer: ContextView[] };
  /** Opens a cluster by context, or several side by side, and starts recording. */
  open_context: { payload: Partial<OpenContext>; answer: Desk };
  /** Leaves one of the open clusters, named by its source; the others stay. */
  leave_context: { payload: Partial<SourceRef>; answer: Desk };
  /** Opens a bundle, or the bundled incident, or what else a path holds of a cluster: manifests, a gathered archive. */
  open_bundle: { payload: Partial<OpenBundle>; answer: Desk };
  /** Closes what is open. */
  close_desk: { payload: Partial<Nothing>; answer: Desk };
  /** Explains an object: its health, cases, pods, relations, changes and events. */
  object: { payload: Partial<ObjectRequest>; answer: ObjectView };
  /** Adds up a house, namespace, node, zone or cluster: counts, the worst state, and what makes it so. */
  rollup: { payload: Partial<RollupRequest>; answer: RollupView };
  /** Reads an object whole from the live cluster, as YAML with its secrets covered. */
  manifest: { payload: Partial<ObjectRequest>; answer: ManifestView };
  /** Measures an object over the hour before a moment: CPU, memory, restarts, failed requests. */
  metrics: { payload: Partial<ObjectRequest>; answer: MetricsView };
  /** Starts reading what the containers of an object print. */
  open_logs: { payload: Partial<LogsRequest>; answer: LogsView };
  /** Answers what containers printed since. */
  read_logs: { payload: Partial<LogsRef>; answer: LogsView };
  /** Ends a reading of logs. */
  close_logs: { payload: Partial<LogsRef>; answer: Nothing };
  /** Lists every case, the tray, and what nobody has been told. */
  cases: { payload: Partial<CasesRequest>; answer: CasesView };
  /** Places an alert without an address at an object, and remembers it as a rule. */
  place_alert: { payload: Partial<PlaceAlert>; answer: Nothing };
  /** Takes a rule of placing back. */
  forget_placement: { payload: Partial<ForgetPlacement>; answer: Nothing };
  /** Searches objects, alerts, incidents and rows. */
  find: { payload: Partial<FindRequest>; answer: FoundView[] };
  /** Says which objects a filter means, and at which houses they stand. */
  filter: { payload: Partial<FilterRequest>; answer: FilterView };
  /** Says what may be written at a place of a filter. */
  complete_filter: { payload: Partial<CompleteRequest>; answer: CompletionView };
  /** Lists the fields of the filter language. */
  filter_fields: { payload: Partial<Nothing>; answer: FieldView[] };
  /** Lists what breaks if an object fails, nearest first. */
  blast_radius: { payload: Partial<ReachRequest>; answer: ReachView };
  /** Lists what an object needs, nearest first. */
  upstream: { payload: Partial<ReachRequest>; answer: ReachView };
  /** Finds the shortest way between two objects. */
  path: { payload: Partial<PathRequest>; answer: PathView };
  /** Lists who shares nodes, zones, storage, configuration, images and accounts with an object. */
  shared: { payload: Partial<SharedRequest>; answer: SharedView };
  /** Describes a span for the scrubber. */
  history: { payload: Partial<HistoryRequest>; answer: HistoryView };
  /** Lists incidents, newest first. */
  incidents: { payload: Partial<Nothing>; answer: IncidentLine[] };
  /** Returns one incident without its timeline. */
  incident: { payload: Partial<IncidentRef>; answer: IncidentView };
  /** Makes an incident the one the views show. */
  choose_incident: { payload: Partial<IncidentRef>; answer: Desk };
  /** Declares an incident, freezes the evidence and returns it as stored. */
  declare: { payload: Partial<Declare>; answer: IncidentView };
  /** Sets the status. */
  set_status: { payload: Partial<SetStatus>; answer: IncidentView };
  /** Sets the severity, with a reason. */
  set_severity: { payload: Partial<SetSeverity>; answer: IncidentView };
  /** Closes as reviewed, duplicate or declined. */
  close_incident: { payload: Partial<CloseIncident>; answer: IncidentView };
  /** Reopens with a reason. */
  reopen_incident: { payload: Partial<ReopenIncident>; answer: IncidentView };
  /** Removes a whole incident from this store. */
  remove_incident: { payload: Partial<RemoveIncident>; answer: Nothing };
  /** Takes a role nobody holds. */
  assume_role: { payload: Partial<AssumeRole>; answer: IncidentView };
  /** Offers a role to a person. */
  offer_role: { payload: Partial<OfferRole>; answer: IncidentView };
  /** Shows the brief to the acting person; with an open offer to them, records that it was shown. */
  brief: { payload: Partial<IncidentRef>; answer: BriefView };
  /** Accepts an offer, after the brief was shown. */
  accept_offer: { payload: Partial<AnswerOffer>; answer: IncidentView };
  /** Declines an offer. */
  decline_offer: { payload: Partial<AnswerOffer>; answer: IncidentView };
  /** Withdraws an offer. */
  withdraw_offer: { payload: Partial<AnswerOffer>; answer: IncidentView };
  /** Lays a role down. */
  release_role: { payload: Partial<ReleaseRole>; answer: IncidentView };
  /** Assigns a task. */
  assign_task: { payload: Partial<AssignTask>; answer: IncidentView };
  /** Ends a task, or moves its check-in. */
  end_task: { payload: Partial<EndTask>; answer: IncidentView };
  /** Opens a hypothesis. */
  open_hypothesis: { payload: Partial<OpenHypothesis>; answer: IncidentView };
  /** Judges a hypothesis. */
  judge_hypothesis: { payload: Partial<JudgeHypothesis>; answer: IncidentView };
  /** Proposes or makes a decision. */
  decide: { payload: Partial<Decide>; answer: IncidentView };
  /** Objects to a decision, or makes it. */
  answer_decision: { payload: Partial<AnswerDecision>; answer: IncidentView };
  /** Sets an objective, or marks one as met. */
  set_objective: { payload: Partial<SetObjective>; answer: IncidentView };
  /** Records a stakeholder update and restarts its clock. */
  send_update: { payload: Partial<SendUpdate>; answer: IncidentView };
  /** Sets a milestone. */
  set_milestone: { payload: Partial<SetMilestone>; answer: IncidentView };
  /** Opens, changes or closes an action item. */
  save_action: { payload: Partial<SaveAction>; answer: IncidentView };
  /** Returns the paging ledger. */
  pages: { payload: Partial<PagesRequest>; answer: PagesView };
  /** Returns timeline entries. */
  timeline: { payload: Partial<TimelineRequest>; answer: TimelineView };
  /** Reads a quick entry without recording it. */
  preview_entry: { payload: Partial<PreviewEntry>; answer: EntryPreview };
  /** Records a quick entry. */
  write_entry: { payload: Partial<WriteEntry>; answer: EntryView };
  /** Corrects a human row. */
  correct_entry: { payload: Partial<CorrectEntry>; answer: EntryView };
  /** Adds a note to any row. */
  annotate_entry: { payload: Partial<AnnotateEntry>; answer: EntryView };
  /** Pins evidence to the timeline. */
  pin_evidence: { payload: Partial<PinEvidence>; answer: EntryView };
  /** Keeps what is typed and not yet recorded. */
  save_draft: { payload: Partial<DraftForm>; answer: Nothing };
  /** Reads what was typed and not yet recorded. */
  draft: { payload: Partial<DocumentRequest>; answer: DraftForm };
  /** Drafts the postmortem from the record; an existing one is kept unless nothing was written. */
  draft_postmortem: { payload: Partial<IncidentRef>; answer: DocumentView };
  /** Reads a document. */
  document: { payload: Partial<DocumentRequest>; answer: DocumentView };
  /** Saves a document. */
  save_document: { payload: Partial<SaveDocument>; answer: DocumentView };
  /** Renders a document as Markdown, HTML or PDF. */
  export_document: { payload: Partial<ExportDocument>; answer: FileView };
  /** Draws the map of a moment as SVG. */
  export_map: { payload: Partial<ExportMap>; answer: FileView };
  /** Drafts the note for the next shift from the live state. */
  draft_handoff: { payload: Partial<DraftHandoff>; answer: HandoffView };
  /** Writes the note. */
  write_handoff: { payload: Partial<WriteHandoff>; answer: HandoffView };
  /** Accepts the note as the incoming person. */
  accept_handoff: { payload: Partial<AcceptHandoff>; answer: HandoffView };
  /** Lists notes written, newest first. */
  handoffs: { payload: Partial<Nothing>; answer: HandoffView[] };
  /** Exports the incident as one bundle. */
  export_bundle: { payload: Partial<ExportBundle>; answer: FileView };
  /** Verifies a bundle. */
  verify_bundle: { payload: Partial<VerifyBundle>; answer: VerifiedView };
  /** Returns the settings. */
  settings: { payload: Partial<Nothing>; answer: SettingsView };
  /** Saves settings. */
  save_settings: { payload: Partial<SaveSettings>; answer: SettingsView };
  /** Saves a source and opens it. */
  save_source: { payload: Partial<SourceForm>; answer: SettingsView };
  /** Removes a source. */
  remove_source: { payload: Partial<SourceRef>; answer: SettingsView };
  /** Checks every configured source and says in plain words what works, through the open cluster, else the one named. */
  check_sources: { payload: Partial<OpenContext>; answer: CheckView[] };
  /** Lists Alertmanager and Prometheus Services found in the open cluster. */
  discover_sources: { payload: Partial<Nothing>; answer: SourceForm[] };
}
