//! The record: timeline, quick entry, postmortem, handoff, export.

use super::incident::TracedLine;
use super::map::LabelView;
use super::wire;

wire! {
    /// Asks for timeline entries: all, or only the named rows.
    TimelineRequest { incident: String, rows: Option<Vec<String>> }
    /// The timeline, ordered by when it happened.
    TimelineView { incident: String, entries: Vec<EntryView> }
    /// One line. `precision`: exact, minute, hour, day, month, year, unknown.
    EntryView {
        row: String, at: String, precision: String, approx: bool, recorded_at: String,
        kind: String, machine: bool, who: String, source: String, text: String, detail: String,
        label: String, state: String, refs: Vec<RefView>, earlier: Vec<WordingView>, annotations: Vec<AnnotationView>,
        witnesses: u32, clock_clamped: bool, entered_on: String,
    }
    /// What a row points at; `role` is subject, evidence, alert, page, task, answers, attachment, hypothesis, decision;
    /// `name` is what an attached file is called, empty where it has none.
    RefView { role: String, target: String, name: String }
    /// An earlier wording.
    WordingView { text: String, at: String, precision: String, approx: bool, recorded_at: String, by: String }
    /// A note on a row.
    AnnotationView { who: String, at: String, text: String }
    /// Reads a quick entry without recording it.
    PreviewEntry { incident: String, text: String }
    /// What the quick entry understood. `kind`: note, hypothesis, decision, task.
    EntryPreview {
        kind: String, at: String, precision: String, approx: bool, text: String, subjects: Vec<LabelView>,
        /// Two instants of an hour that occurs twice: the person must choose.
        ambiguous: Vec<String>,
        /// What is wrong with it, else empty.
        problem: String,
        /// `Will be recorded as happened ~15:01, observation, by Mei, on checkoutservice.`
        sentence: String,
    }
    /// Records a quick entry. `at` settles an ambiguity; `attachments` are ids from `put`; `token` makes a retry harmless.
    WriteEntry { incident: String, text: String, at: Option<String>, attachments: Vec<AttachmentForm>, token: Option<String> }
    /// A file that was handed in by `put`.
    AttachmentForm { blob: String, name: String, media_type: String }
    /// Corrects a human row; the old wording stays.
    CorrectEntry { incident: String, row: String, text: String, when: Option<String> }
    /// Adds a note to any row.
    AnnotateEntry { incident: String, row: String, text: String }
    /// Pins evidence to the timeline: an object, an event, an alert or a text, with its source.
    PinEvidence { incident: String, text: String, source: String, target: String, blob: Option<String> }
    /// A draft typed and not yet recorded.
    DraftForm { incident: String, name: String, text: String }

    /// Names a document: `postmortem` or `handoff`.
    DocumentRequest { incident: String, name: String }
    /// A document. `prosemirror` is the editor's JSON as text; empty where nothing was drafted.
    DocumentView { incident: String, name: String, title: String, subtitle: String, prosemirror: String, saved_at: Option<String>, status: String, facts: Vec<FactView> }
    /// A measure beside the document, with both anchors named.
    FactView { name: String, value: String, from: String, to: String }
    /// Saves what the editor holds.
    SaveDocument { incident: String, name: String, prosemirror: String, title: String }
    /// Renders: `markdown`, `html`, `pdf`; the answer names the file for `get`.
    ExportDocument { incident: String, name: String, format: String }
    /// Draws the map as SVG: `lens` is `namespaces` or `nodes`, `at` an instant of the past; to a path or as a file to fetch.
    ExportMap { lens: String, at: Option<String>, path: Option<String> }
    /// A file to fetch by `get`.
    FileView { blob: String, name: String, media_type: String, bytes: u32 }
    /// Exports the incident as one bundle, to a path or as a file to fetch.
    ExportBundle { incident: String, path: Option<String> }

    /// The note for the next shift.
    HandoffView {
        row: Option<String>, at: String, from: String, to: String, hours: u32,
        sections: Vec<HandoffSection>, written_at: Option<String>, accepted_at: Option<String>, accepted_by: String,
        free_text: String, since_last: Vec<TracedLine>, evidence: String,
    }
    /// A section: its lines, or the one line that says none.
    HandoffSection { id: String, title: String, none: String, lines: Vec<TracedLine> }
    /// Drafts from the live state for the coming shift.
    DraftHandoff { to: String, hours: u32 }
    /// Writes the note: from now on it is a row.
    WriteHandoff { to: String, hours: u32, free_text: String }
    /// The incoming person accepts; names the note's row.
    AcceptHandoff { row: String }
    /// What `verify` says of a bundle handed in or at a path.
    VerifyBundle { blob: Option<String>, path: Option<String> }
    /// The bundle holds: parts, rows, and whose keys signed.
    VerifiedView { parts: u32, rows: u32, keys: Vec<KeyView>, exporter: KeyView }
    /// A key and whether this desk has seen it.
    KeyView { writer: String, key: String, seen: bool }
}
