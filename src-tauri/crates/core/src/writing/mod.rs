//! The postmortem and other documents: their model, the draft from the ledger, Markdown in and out.
//!
//! What the editor keeps is ProseMirror JSON; [`Document`] reads and writes it and is what is drafted and printed.

use serde::{Deserialize, Serialize};

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
