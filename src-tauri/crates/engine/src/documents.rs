//! The postmortem and typed drafts: drafted from the record, saved as they are written, rendered.

use std::collections::BTreeMap;

use broadstreet_core::id::{BlobId, IncidentId};
use broadstreet_core::ledger::incident::Incident;
use broadstreet_core::plan::Lens;
use broadstreet_core::ports::StoreError;
use broadstreet_core::time::Moment;
use broadstreet_core::writing::{self, Document, DraftFacts, html, markdown, prosemirror};
use serde::{Deserialize, Serialize};

use crate::history::worst_moment;
use crate::past::Scope;
use crate::{Engine, EngineError, Result};

/// The longest text of a draft or document, in bytes.
const LONGEST: usize = 8 << 20;

/// A document as it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The document.
    pub document: Document,
    /// What the editor holds; nothing where it was never edited.
    pub editor: Option<serde_json::Value>,
    /// When it was saved last.
    pub saved_at: Option<Moment>,
}

/// A rendered file.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Its id for fetching.
    pub blob: BlobId,
    /// A name for saving.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its length in bytes.
    pub bytes: usize,
}

impl Engine {
    /// Reads a document; one that was never drafted is empty.
    pub async fn document(&self, incident: &str, name: &str) -> Result<(IncidentId, Kept)> {
        let id = self.book.find(incident).await?;
        let json = self.book.home(&id).document(id.clone(), name.to_owned()).await?;
        let Some(json) = json else { return Ok((id, Kept::default())) };
        // A bundle holds the document alone.
        let kept = serde_json::from_str::<Document>(&json)
            .ok()
            .filter(|it| !it.title.is_empty())
            .map(|document| Kept { document, ..Kept::default() });
        Ok((id, kept.unwrap_or_else(|| serde_json::from_str(&json).unwrap_or_default())))
    }

    async fn keep_document(&self, id: &IncidentId, name: &str, kept: &Kept) -> Result<()> {
        let json = serde_json::to_string(kept).unwrap_or_default();
        Ok(self.ports.store.put_document(id.clone(), name.to_owned(), json).await?)
    }

    async fn refuse_imported(&self, id: &IncidentId) -> Result<()> {
        if self.book.entry(id).await?.imported || self.book.is_demo(id) {
            return Err(EngineError::refused(
                "imported",
                "this incident came from a bundle and is only read",
                "export its postmortem instead; a bundle stays as it was exported",
            ));
        }
        Ok(())
    }

    /// Drafts the postmortem from the record; one that somebody wrote in, or that came as a file, is kept.
    pub async fn draft_postmortem(&self, incident: &str) -> Result<(IncidentId, Kept)> {
        let (id, kept) = self.document(incident, "postmortem").await?;
        let may_draft = self.refuse_imported(&id).await;
        if kept.editor.is_some() || (!kept.document.title.is_empty() && may_draft.is_err()) {
            return Ok((id, kept));
        }
        may_draft?;
        let incident = self.book.incident(&id).await?;
        let map = self.worst_picture(&incident).await?;
        let mut facts = DraftFacts { map_blob: None, map_caption: String::new(), now: self.now() };
        if let Some((at, svg)) = map {
            facts.map_blob = Some(self.ports.store.put_blob(svg.into_bytes()).await?);
            facts.map_caption = format!("The map at the worst moment, {}", at.format("%Y-%m-%d %H:%M:%S UTC"));
        }
        let document = writing::draft(&incident, &facts);
        if document == kept.document {
            return Ok((id, kept));
        }
        let kept = Kept { document, editor: None, saved_at: Some(self.now()) };
        self.keep_document(&id, "postmortem", &kept).await?;
        self.notices.tell("ledger", [id.0.clone()]);
        Ok((id, kept))
    }

    /// The map when most of an incident's alerts fired.
    async fn worst_picture(&self, incident: &Incident) -> Result<Option<(Moment, String)>> {
        let (Some(first), Some(last)) = (
            incident.timeline.iter().map(|entry| entry.occurred.at).min(),
            incident.timeline.iter().map(|entry| entry.occurred.at).max(),
        ) else {
            return Ok(None);
        };
        if incident.clusters.is_empty() {
            return Ok(None);
        }
        let scope = Scope::Clusters(incident.clusters.clone());
        // What the recorder has not handed to the store yet is taken from where it lies: a draft waits for no disk.
        let live = self.live().await.filter(|live| incident.clusters.iter().all(|id| live.member_of(id).is_some()));
        let entries = self.archive.entries(&scope, None).await?;
        let begin = entries.first().and_then(|entry| entry.from).or(live.as_ref().map(|live| live.since));
        let end = if live.is_some() { Some(self.now()) } else { entries.last().and_then(|entry| entry.until) };
        let (Some(begin), Some(end)) = (begin, end) else { return Ok(None) };
        let from = first.max(begin);
        let to = last.max(from).min(end);
        let all = match &live {
            Some(live) => self.noted_live(live, begin).await?,
            None => self.archive.noted(&scope, None).await?,
        };
        let inside: Vec<_> =
            all.into_iter().filter(|note| note.at <= to && note.may_be_of(&incident.clusters)).collect();
        let at = worst_moment(&inside, from, to).clamp(from, to.max(from));
        let mut tails = match &live {
            Some(live) => live.tails(at).await,
            None => BTreeMap::new(),
        };
        tails.retain(|cluster, _| incident.clusters.contains(cluster));
        let sought = self.archive.seek(&scope, at, tails).await?;
        Ok(Some((at, crate::Seen::Then(sought).svg(Lens::Namespaces))))
    }

    /// Saves what the editor holds.
    pub async fn save_document(
        &self,
        incident: &str,
        name: &str,
        editor: &str,
        title: &str,
    ) -> Result<(IncidentId, Kept)> {
        let (id, kept) = self.document(incident, name).await?;
        self.refuse_imported(&id).await?;
        let bad = |why: String| {
            EngineError::refused(
                "bad_document",
                format!("`{name}` cannot be saved: {why}"),
                "the version saved before is kept",
            )
        };
        if editor.len() > LONGEST {
            return Err(bad(format!("it is {} bytes long, the most is {LONGEST}", editor.len())));
        }
        let value: serde_json::Value = serde_json::from_str(editor).map_err(|why| bad(why.to_string()))?;
        let title = if title.trim().is_empty() { kept.document.title.as_str() } else { title.trim() };
        let document = prosemirror::from_json(&value, title, &kept.document.subtitle).map_err(bad)?;
        let kept = Kept { document, editor: Some(value), saved_at: Some(self.now()) };
        self.keep_document(&id, name, &kept).await?;
        Ok((id, kept))
    }

    /// Keeps what is typed and not yet recorded.
    pub async fn save_draft(&self, incident: &str, name: &str, text: &str) -> Result<()> {
        if text.len() > LONGEST {
            return Err(EngineError::refused(
                "too_large",
                format!("the draft is {} bytes long, the most is {LONGEST}", text.len()),
                "attach it as a file instead",
            ));
        }
        let id = self.book.find(incident).await.unwrap_or_else(|_| IncidentId::new("desk"));
        self.keep_setting(&format!("draft:{id}:{name}"), &text).await
    }

    /// Reads what was typed and not yet recorded.
    pub async fn draft(&self, incident: &str, name: &str) -> Result<String> {
        let id = self.book.find(incident).await.unwrap_or_else(|_| IncidentId::new("desk"));
        Ok(self.setting(&format!("draft:{id}:{name}")).await?.unwrap_or_default())
    }

    /// Renders a document as `markdown`, `html` or `pdf` and keeps it as a file.
    ///
    /// A draft nobody wrote in is drafted anew first: rows that came since are in what leaves.
    pub async fn export_document(&self, incident: &str, name: &str, format: &str) -> Result<Rendered> {
        let (mut id, mut kept) = self.document(incident, name).await?;
        if name == "postmortem" && !kept.document.title.is_empty() {
            (id, kept) = self.draft_postmortem(incident).await?;
        }
        if kept.document.title.is_empty() {
            return Err(EngineError::refused(
                "not_drafted",
                format!("nothing was drafted as `{name}` yet"),
                "draft it from the record first",
            ));
        }
        let number = self.book.incident(&id).await?.number;
        self.render(&kept.document, &format!("INC-{number:04}-{name}"), format).await
    }

    pub(crate) async fn render(&self, document: &Document, stem: &str, format: &str) -> Result<Rendered> {
        let mut pictures = BTreeMap::new();
        for blob in writing::pictures(document) {
            match self.file(blob.as_str()).await {
                Ok(bytes) => drop(pictures.insert(blob, bytes)),
                Err(EngineError::Store(StoreError::NotFound { .. })) => {}
                Err(why) => return Err(why),
            }
        }
        let (bytes, ending, media_type) = match format {
            "markdown" | "md" => (markdown::write(document).into_bytes(), "md", "text/markdown; charset=utf-8"),
            "html" => (html::page(document, &pictures).into_bytes(), "html", "text/html; charset=utf-8"),
            "pdf" => {
                let (press, document) = (std::sync::Arc::clone(&self.ports.press), document.clone());
                let printed = self.tasks.block(move || press.pdf(&document, &pictures)).await;
                let printed =
                    printed.ok_or_else(|| EngineError::refused("press_failed", "printing was cut off", "try again"))?;
                (printed?, "pdf", "application/pdf")
            }
            other => {
                return Err(EngineError::refused(
                    "bad_format",
                    format!("there is no format `{other}`"),
                    "choose markdown, html or pdf",
                ));
            }
        };
        let length = bytes.len();
        let blob = self.ports.store.put_blob(bytes).await?;
        Ok(Rendered { blob, name: format!("{stem}.{ending}"), media_type, bytes: length })
    }
}
