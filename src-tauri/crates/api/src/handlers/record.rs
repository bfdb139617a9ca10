//! The record: timeline, entries, documents, handoff, bundles.

use std::collections::BTreeSet;

use broadstreet_core::id::BlobId;
use broadstreet_core::writing::{self, prosemirror};
use broadstreet_engine::Engine;
use broadstreet_engine::documents::{Kept, Rendered};
use broadstreet_engine::handoffs::Note;

use super::Answer;
use super::desk::{at, bundle_bytes};
use crate::convert::{self, maybe, text, traced, word};
use crate::error::ApiError;
use crate::files::lens_named;
use crate::wire::desk::Nothing;
use crate::wire::incident::IncidentRef;
use crate::wire::map::LabelView;
use crate::wire::record::{
    AcceptHandoff, AnnotateEntry, CorrectEntry, DocumentRequest, DocumentView, DraftForm, DraftHandoff, EntryPreview,
    EntryView, ExportBundle, ExportDocument, ExportMap, FactView, FileView, HandoffSection, HandoffView, KeyView,
    PinEvidence, PreviewEntry, SaveDocument, TimelineRequest, TimelineView, VerifiedView, VerifyBundle, WriteEntry,
    WriteHandoff,
};

pub async fn timeline(engine: &Engine, request: TimelineRequest) -> Answer<TimelineView> {
    let (entry, incident) = engine.incident(&request.incident).await?;
    let wanted: Option<BTreeSet<String>> = request.rows.map(|rows| rows.into_iter().collect());
    let entries = incident.timeline.iter().filter(|one| wanted.as_ref().is_none_or(|it| it.contains(one.row.as_str())));
    Ok(TimelineView { incident: entry.id.0, entries: entries.map(|one| convert::entry(one)).collect() })
}

pub async fn preview_entry(engine: &Engine, request: PreviewEntry) -> Answer<EntryPreview> {
    let quick = engine.preview_entry(&request.incident, &request.text).await?;
    let by = engine.acting().map_or("nobody yet", |_| "").to_owned();
    let by = engine.acting().map_or(by, |person| person.name);
    let about: Vec<&str> = quick.subjects.iter().map(|(_, key)| key.name.as_str()).collect();
    let at = quick.stamp.at.format("%H:%M:%S UTC");
    let unsure = if quick.stamp.approx { "~" } else { "" };
    let on = if about.is_empty() { String::new() } else { format!(", on {}", about.join(", ")) };
    Ok(EntryPreview {
        kind: quick.kind.to_owned(),
        at: text(quick.stamp.at),
        precision: word(&quick.stamp.precision),
        approx: quick.stamp.approx,
        text: quick.text,
        subjects: quick
            .subjects
            .iter()
            .map(|(word, key)| LabelView { key: word.clone(), value: key.to_string() })
            .collect(),
        ambiguous: quick.ambiguous.iter().map(|at| text(*at)).collect(),
        problem: quick.problem,
        sentence: format!("Will be recorded as happened {unsure}{at}, {}, by {by}{on}.", quick.kind),
    })
}

pub async fn write_entry(engine: &Engine, request: WriteEntry) -> Answer<EntryView> {
    let attachments: Vec<_> =
        request.attachments.into_iter().map(|it| (BlobId::new(it.blob), it.name, it.media_type)).collect();
    let settled = at(request.at.as_deref())?;
    let token = request.token.unwrap_or_default();
    let entry = engine.write_entry(&request.incident, &request.text, settled, &attachments, &token).await?;
    Ok(convert::entry(&entry))
}

pub async fn correct_entry(engine: &Engine, request: CorrectEntry) -> Answer<EntryView> {
    let entry = engine.correct_entry(&request.incident, &request.row, &request.text, request.when.as_deref()).await?;
    Ok(convert::entry(&entry))
}

pub async fn annotate_entry(engine: &Engine, request: AnnotateEntry) -> Answer<EntryView> {
    Ok(convert::entry(&engine.annotate_entry(&request.incident, &request.row, &request.text).await?))
}

pub async fn pin_evidence(engine: &Engine, it: PinEvidence) -> Answer<EntryView> {
    let entry = engine.pin_evidence(&it.incident, &it.text, &it.source, &it.target, it.blob.as_deref()).await?;
    Ok(convert::entry(&entry))
}

pub async fn save_draft(engine: &Engine, it: DraftForm) -> Answer<Nothing> {
    engine.save_draft(&it.incident, &it.name, &it.text).await?;
    Ok(Nothing {})
}

pub async fn draft(engine: &Engine, it: DocumentRequest) -> Answer<DraftForm> {
    let text = engine.draft(&it.incident, &it.name).await?;
    Ok(DraftForm { incident: it.incident, name: it.name, text })
}

async fn document_view(engine: &Engine, incident: &str, name: &str, kept: Kept) -> Answer<DocumentView> {
    let (entry, it) = engine.incident(incident).await?;
    let drafted = !kept.document.title.is_empty();
    let editor = match (drafted, kept.editor) {
        (false, _) => String::new(),
        (true, Some(value)) => value.to_string(),
        (true, None) => prosemirror::to_json(&kept.document).to_string(),
    };
    let status = match (drafted, entry.imported || engine.book().is_demo(&entry.id)) {
        (false, _) => "not drafted",
        (true, true) => "read only",
        (true, false) => "draft",
    };
    Ok(DocumentView {
        incident: entry.id.0,
        name: name.to_owned(),
        title: kept.document.title,
        subtitle: kept.document.subtitle,
        prosemirror: editor,
        saved_at: maybe(kept.saved_at),
        status: status.to_owned(),
        facts: writing::facts(&it)
            .into_iter()
            .map(|fact| FactView { name: fact.name, value: fact.value, from: fact.from, to: fact.to })
            .collect(),
    })
}

pub async fn draft_postmortem(engine: &Engine, request: IncidentRef) -> Answer<DocumentView> {
    let (id, kept) = engine.draft_postmortem(&request.id).await?;
    document_view(engine, id.as_str(), "postmortem", kept).await
}

pub async fn document(engine: &Engine, request: DocumentRequest) -> Answer<DocumentView> {
    let (id, kept) = engine.document(&request.incident, &request.name).await?;
    document_view(engine, id.as_str(), &request.name, kept).await
}

pub async fn save_document(engine: &Engine, it: SaveDocument) -> Answer<DocumentView> {
    let (id, kept) = engine.save_document(&it.incident, &it.name, &it.prosemirror, &it.title).await?;
    document_view(engine, id.as_str(), &it.name, kept).await
}

fn file(it: Rendered) -> FileView {
    FileView { blob: it.blob.0, name: it.name, media_type: it.media_type.to_owned(), bytes: it.bytes as u32 }
}

pub async fn export_document(engine: &Engine, it: ExportDocument) -> Answer<FileView> {
    Ok(file(engine.export_document(&it.incident, &it.name, &it.format).await?))
}

fn note(it: Note) -> HandoffView {
    HandoffView {
        row: it.row.map(|row| row.0),
        at: it.at.map(text).unwrap_or_default(),
        from: it.from,
        to: it.to,
        hours: it.hours,
        sections: it
            .sections
            .iter()
            .map(|section| HandoffSection {
                id: section.id.clone(),
                title: section.title.clone(),
                none: section.none.clone(),
                lines: section.lines.iter().map(traced).collect(),
            })
            .collect(),
        written_at: maybe(it.written_at),
        accepted_at: maybe(it.accepted_at),
        accepted_by: it.accepted_by,
        free_text: it.free_text,
        since_last: it.since_last.iter().map(traced).collect(),
        evidence: it.evidence,
    }
}

pub async fn draft_handoff(engine: &Engine, it: DraftHandoff) -> Answer<HandoffView> {
    Ok(note(engine.draft_handoff(&it.to, it.hours).await?))
}

pub async fn write_handoff(engine: &Engine, it: WriteHandoff) -> Answer<HandoffView> {
    Ok(note(engine.write_handoff(&it.to, it.hours, &it.free_text).await?))
}

pub async fn accept_handoff(engine: &Engine, it: AcceptHandoff) -> Answer<HandoffView> {
    Ok(note(engine.accept_handoff(&it.row).await?))
}

pub async fn handoffs(engine: &Engine, _: Nothing) -> Answer<Vec<HandoffView>> {
    Ok(engine.handoffs().await?.into_iter().map(note).collect())
}

pub async fn export_bundle(engine: &Engine, it: ExportBundle) -> Answer<FileView> {
    let (name, bytes) = engine.export_bundle(&it.incident).await?;
    hand_over(engine, it.path, name, "application/vnd.broadstreet.bundle", bytes).await
}

/// Writes a file where the person said, or keeps it to be fetched.
async fn hand_over(
    engine: &Engine,
    path: Option<String>,
    name: String,
    media_type: &str,
    bytes: Vec<u8>,
) -> Answer<FileView> {
    let (media_type, length) = (media_type.to_owned(), bytes.len() as u32);
    match path.filter(|path| !path.is_empty()) {
        Some(path) => {
            write_new(&path, &bytes)?;
            Ok(FileView { blob: String::new(), name: path, media_type, bytes: length })
        }
        None => Ok(FileView { blob: engine.keep_file(bytes).await?, name, media_type, bytes: length }),
    }
}

pub async fn export_map(engine: &Engine, it: ExportMap) -> Answer<FileView> {
    let lens = lens_named(&it.lens)?;
    let seen = engine.look(at(it.at.as_deref())?).await?;
    let svg = seen.svg(lens);
    let name = format!("map-{lens}-{}.svg", seen.at().format("%Y%m%dT%H%M%SZ"));
    drop(seen);
    hand_over(engine, it.path, name, "image/svg+xml", svg.into_bytes()).await
}

/// Writes a file whole or not at all: beside the place first, then moved there.
fn write_new(path: &str, bytes: &[u8]) -> Answer<()> {
    let beside = format!("{path}.part");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|why| {
        let _ = std::fs::remove_file(&beside);
        ApiError::new(
            "cannot_write",
            format!("cannot write `{path}`: {why}"),
            "choose another place, or free some space there",
        )
    })
}

fn key((writer, key, seen): (String, String, bool)) -> KeyView {
    KeyView { writer, key, seen }
}

pub async fn verify_bundle(engine: &Engine, it: VerifyBundle) -> Answer<VerifiedView> {
    let Some((path, bytes)) = bundle_bytes(engine, it.blob.as_deref(), it.path.as_deref()).await? else {
        return Err(ApiError::new("bad_request", "no bundle is named", "hand one in, or give its path"));
    };
    let found = engine.verify_bundle(&path, &bytes).await?;
    let (exporter, seen) = found.exporter;
    Ok(VerifiedView {
        parts: found.parts as u32,
        rows: found.rows as u32,
        keys: found.keys.into_iter().map(key).collect(),
        exporter: KeyView { writer: String::new(), key: exporter, seen },
    })
}
