//! The one form of a document: what differs only in how it is cut up is made the same.

use super::{Block, Document, Span};

/// The same document in its one form: runs without text are gone and neighbours with the same marks are one run, heading
/// levels lie in 1 to 4, lists without items and tables without cells are gone, rows are as long as the longest, and a
/// NUL is U+FFFD, as Markdown demands. Markdown keeps a document in this form exactly.
#[must_use]
pub fn normal(document: &Document) -> Document {
    Document {
        title: visible(&document.title),
        subtitle: visible(&document.subtitle),
        blocks: document.blocks.iter().filter_map(block).collect(),
    }
}

fn block(block: &Block) -> Option<Block> {
    let blocks = |blocks: &[Block]| blocks.iter().filter_map(self::block).collect::<Vec<_>>();
    Some(match block {
        Block::Heading { level, text } => Block::Heading { level: (*level).clamp(1, 4), text: spans(text) },
        Block::Paragraph { text } => Block::Paragraph { text: spans(text) },
        Block::List { items, .. } if items.is_empty() => return None,
        Block::List { ordered, items } => {
            Block::List { ordered: *ordered, items: items.iter().map(|item| blocks(item)).collect() }
        }
        Block::Table { rows } => {
            let width = rows.iter().map(Vec::len).max().unwrap_or(0);
            if width == 0 {
                return None;
            }
            let row = |row: &Vec<Vec<Span>>| {
                let cells = row.iter().map(|cell| spans(cell));
                cells.chain(std::iter::repeat(Vec::new())).take(width).collect()
            };
            Block::Table { rows: rows.iter().map(row).collect() }
        }
        Block::Quote { blocks: inner } => Block::Quote { blocks: blocks(inner) },
        Block::Code { language, text } => {
            Block::Code { language: visible(language), text: visible(text).replace("\r\n", "\n").replace('\r', "\n") }
        }
        Block::Picture { blob, alt } => Block::Picture { blob: visible(blob), alt: visible(alt) },
        Block::Rule => Block::Rule,
    })
}

/// A run of text in its one form.
pub(super) fn spans(text: &[Span]) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    for span in text.iter().filter(|span| !span.text.is_empty()) {
        let span = Span { text: visible(&span.text), link: visible(&span.link), ..span.clone() };
        match out.last_mut() {
            Some(last) if last.same_marks(&span) => last.text.push_str(&span.text),
            _ => out.push(span),
        }
    }
    out
}

fn visible(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
