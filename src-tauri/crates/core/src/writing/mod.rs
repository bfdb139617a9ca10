//! The postmortem and other documents: their model, the draft from the ledger, Markdown in and out.
//!
//! What the editor keeps is `ProseMirror` JSON; [`Document`] reads and writes it and is what is drafted and printed.

pub mod draft;
pub mod facts;
pub mod html;
pub mod markdown;
mod normal;
pub mod prosemirror;
#[cfg(test)]
mod samples;
mod words;

use serde::{Deserialize, Serialize};

pub use draft::{DraftFacts, draft};
pub use facts::{Fact, facts};
pub use normal::normal;

use crate::id::BlobId;

/// A document: a title and blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The title.
    pub title: String,
    /// A quiet line below the title (incident, severity, dates, zone).
    pub subtitle: String,
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

/// A block of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Block {
    /// A heading, level 1 to 4.
    Heading {
        /// The level.
        level: u8,
        /// The text.
        text: Vec<Span>,
    },
    /// A paragraph.
    Paragraph {
        /// The text.
        text: Vec<Span>,
    },
    /// A list; items hold blocks.
    List {
        /// Numbered or not.
        ordered: bool,
        /// The items.
        items: Vec<Vec<Block>>,
    },
    /// A table; the first row is the head.
    Table {
        /// Rows of cells.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A quotation.
    Quote {
        /// What is quoted.
        blocks: Vec<Block>,
    },
    /// Text as it is.
    Code {
        /// The language; may be empty.
        language: String,
        /// The text.
        text: String,
    },
    /// A picture kept as a file.
    Picture {
        /// The file's id.
        blob: String,
        /// What it shows.
        alt: String,
    },
    /// A line across.
    Rule,
}

/// A run of text with its marks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // marks are independent of each other
pub struct Span {
    /// The text.
    pub text: String,
    /// Bold.
    #[serde(default)]
    pub strong: bool,
    /// Italic.
    #[serde(default)]
    pub emphasis: bool,
    /// Fixed width, as it is.
    #[serde(default)]
    pub code: bool,
    /// Struck through.
    #[serde(default)]
    pub strike: bool,
    /// Where it leads; empty leads nowhere.
    #[serde(default)]
    pub link: String,
}

impl Span {
    /// Text without marks.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Bold text.
    pub fn strong(text: impl Into<String>) -> Self {
        Self { strong: true, ..Self::plain(text) }
    }

    /// Italic text.
    pub fn emphasis(text: impl Into<String>) -> Self {
        Self { emphasis: true, ..Self::plain(text) }
    }

    /// True where both carry the same marks.
    #[must_use]
    pub fn same_marks(&self, other: &Self) -> bool {
        (self.strong, self.emphasis, self.code, self.strike, &self.link)
            == (other.strong, other.emphasis, other.code, other.strike, &other.link)
    }
}

impl Block {
    /// A heading without marks.
    pub fn heading(level: u8, text: impl Into<String>) -> Self {
        Self::Heading { level, text: vec![Span::plain(text)] }
    }

    /// A paragraph without marks; without text, one to be filled in.
    pub fn paragraph(text: impl Into<String>) -> Self {
        let span = Span::plain(text);
        Self::Paragraph { text: if span.text.is_empty() { Vec::new() } else { vec![span] } }
    }
}

/// True for addresses a reader may follow: nothing that runs.
#[must_use]
pub fn leads_somewhere(link: &str) -> bool {
    let link = link.to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| link.starts_with(scheme))
}

/// What a kept picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// PNG.
    Png,
    /// SVG.
    Svg,
}

/// What a picture is by its bytes; nothing where they are neither PNG nor SVG.
#[must_use]
pub fn picture_kind(bytes: &[u8]) -> Option<PictureKind> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(PictureKind::Png);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    // Before the root may stand a declaration, a document type and comments.
    while let Some(end) = ["<?", "<!--", "<!DOCTYPE"].iter().zip(["?>", "-->", ">"]).find_map(|(start, end)| {
        rest.strip_prefix(start).and_then(|inner| inner.find(end)).map(|at| start.len() + at + end.len())
    }) {
        rest = rest[end..].trim_start();
    }
    let name = rest.strip_prefix("<svg")?;
    name.starts_with([' ', '\n', '\t', '\r', '>', '/']).then_some(PictureKind::Svg)
}

/// The pictures a document names, each once, in order.
#[must_use]
pub fn pictures(document: &Document) -> Vec<BlobId> {
    fn collect(blocks: &[Block], found: &mut Vec<BlobId>) {
        for block in blocks {
            match block {
                Block::Picture { blob, .. } if !found.iter().any(|known| known.as_str() == blob) => {
                    found.push(BlobId::new(blob));
                }
                Block::List { items, .. } => items.iter().for_each(|item| collect(item, found)),
                Block::Quote { blocks } => collect(blocks, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(&document.blocks, &mut found);
    found
}
