//! The postmortem and the handoff as PDF: typeset in memory, with the fonts carried along, asking nothing of the network.

mod desk;
mod fonts;
mod markup;

use std::collections::BTreeMap;

use broadstreet_core::id::BlobId;
use broadstreet_core::ports::{Press, PressError};
use broadstreet_core::writing::{Document, picture_kind, pictures};
use typst::diag::SourceDiagnostic;
use typst::ecow::EcoVec;
use typst::foundations::{Bytes, Smart};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use desk::Desk;
use fonts::Fonts;
use markup::Pictures;

/// Prints documents with Typst. The same document always gives the same bytes.
pub struct TypstPress {
    fonts: Fonts,
}

impl TypstPress {
    /// A press with its own fonts. Characters they lack are looked for in the system's fonts.
    #[must_use]
    pub fn new() -> Self {
        Self { fonts: Fonts::new() }
    }

    fn print(&self, source: String, pictures: &[(String, Bytes)]) -> Result<Vec<u8>, EcoVec<SourceDiagnostic>> {
        let desk = Desk::new(source, pictures, &self.fonts);
        let compiled = typst::compile::<PagedDocument>(&desk).output;
        let printed = compiled.and_then(|pages| {
            let creator = Smart::Custom(Some("Broadstreet".to_owned()));
            typst_pdf::pdf(&pages, &PdfOptions { creator, ..PdfOptions::default() })
        });
        // What was remembered serves the next draft of the same document, not those after it.
        typst::comemo::evict(2);
        printed
    }
}

impl Default for TypstPress {
    fn default() -> Self {
        Self::new()
    }
}

impl Press for TypstPress {
    fn pdf(&self, document: &Document, blobs: &BTreeMap<BlobId, Vec<u8>>) -> Result<Vec<u8>, PressError> {
        let mut known = Pictures::new();
        let mut files = Vec::new();
        for (index, blob) in pictures(document).into_iter().enumerate() {
            let Some(bytes) = blobs.get(&blob) else { continue };
            let Some(kind) = picture_kind(bytes) else { continue };
            let path = markup::path(index, kind);
            files.push((path.clone(), Bytes::new(bytes.clone())));
            known.insert(blob, path);
        }
        let print = |known: &Pictures| self.print(markup::source(document, known), &files);
        let printed = match print(&known) {
            // A picture that cannot be drawn must not cost the document.
            Err(_) if !known.is_empty() => print(&Pictures::new()),
            printed => printed,
        };
        printed.map_err(|errors| PressError {
            document: document.title.clone(),
            why: errors.first().map_or_else(|| "typesetting failed".to_owned(), |error| error.message.to_string()),
        })
    }
}
