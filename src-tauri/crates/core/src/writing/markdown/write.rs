//! Blocks as Markdown.

use super::text::{Place, destination, info, inline, longest_run};
use super::{BLOB, EMPTY, NO_SUBTITLE, VOID};
use crate::writing::normal::spans;
use crate::writing::{Block, Document, Span, normal};

/// Writes a document as Markdown.
#[must_use]
pub fn write(document: &Document) -> String {
    let document = normal(document);
    let mut parts = Vec::new();
    let starts_with_title = matches!(document.blocks.first(), Some(Block::Heading { level: 1, .. }));
    if !document.title.is_empty() || !document.subtitle.is_empty() || starts_with_title {
        parts.push(heading(1, &[Span::plain(&document.title)]));
        if !document.subtitle.is_empty() {
            parts.push(inline(&[Span::emphasis(&document.subtitle)], Place::Paragraph));
        } else if document.blocks.first().is_some_and(|first| subtitle(first).is_some()) {
            parts.push(NO_SUBTITLE.to_owned());
        }
    }
    if !document.blocks.is_empty() {
        parts.push(blocks(&document.blocks, "", true));
    }
    let mut out = parts.join("\n\n");
    out.push('\n');
    out
}

/// The text of a paragraph that would be read as the subtitle.
pub(super) fn subtitle(block: &Block) -> Option<&str> {
    let Block::Paragraph { text } = block else { return None };
    match text.as_slice() {
        [span] if span.same_marks(&Span::emphasis("")) => Some(&span.text),
        _ => None,
    }
}

fn heading(level: u8, text: &[Span]) -> String {
    format!("{} {}", "#".repeat(usize::from(level)), inline(&spans(text), Place::Heading))
        .trim_end_matches(' ')
        .to_owned()
}

/// Writes blocks with an empty line between. `bullet` is the bullet of the list around.
fn blocks(blocks: &[Block], bullet: &str, loose: bool) -> String {
    if blocks.is_empty() {
        return VOID.to_owned();
    }
    let mut parts = Vec::new();
    let mut last_list: Option<(bool, &str)> = None;
    for (index, block) in blocks.iter().enumerate() {
        let sign = if let Block::List { ordered, .. } = block {
            let taken = last_list.filter(|(last, _)| last == ordered).map_or("", |(_, sign)| sign);
            let signs: &[&str] = if *ordered { &[".", ")"] } else { &["-", "*", "+"] };
            // Another sign starts another list, and signs that differ never make a line across.
            let around = if index == 0 { bullet } else { "" };
            let sign = signs.iter().find(|sign| **sign != taken && **sign != around).copied().unwrap_or(signs[0]);
            last_list = Some((*ordered, sign));
            sign
        } else {
            last_list = None;
            ""
        };
        parts.push(one(block, sign, bullet));
    }
    parts.join(if loose { "\n\n" } else { "\n" })
}

fn one(block: &Block, sign: &str, bullet: &str) -> String {
    match block {
        Block::Heading { level, text } => heading(*level, text),
        Block::Paragraph { text } if text.is_empty() => EMPTY.to_owned(),
        Block::Paragraph { text } => inline(text, Place::Paragraph),
        Block::List { ordered, items } => list(*ordered, items, sign),
        Block::Table { rows } => table(rows),
        Block::Quote { blocks: inner } => {
            let line = |line: &str| if line.is_empty() { ">".to_owned() } else { format!("> {line}") };
            blocks(inner, "", true).split('\n').map(line).collect::<Vec<_>>().join("\n")
        }
        Block::Code { language, text } => {
            let fence = "`".repeat((longest_run(text, '`') + 1).max(3));
            let end = if text.is_empty() { "" } else { "\n" };
            format!("{fence}{}\n{text}{end}{fence}", info(language))
        }
        Block::Picture { blob, alt } => {
            let alt = inline(&spans(&[Span::plain(alt)]), Place::Alt);
            format!("![{alt}]({})", destination(&format!("{BLOB}{blob}")))
        }
        // Three dashes in a list of dashes would be a line across the list.
        Block::Rule => if bullet.is_empty() { "---" } else { "___" }.to_owned(),
    }
}

fn list(ordered: bool, items: &[Vec<Block>], sign: &str) -> String {
    let loose = !is_tight(items);
    let mut out = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let marker = if ordered { format!("{}{sign}", index + 1) } else { sign.to_owned() };
        let indent = " ".repeat(marker.len() + 1);
        let inner = blocks(item, if ordered { "#" } else { sign }, loose);
        let mut lines = inner.split('\n');
        let mut text = format!("{marker} {}", lines.next().unwrap_or_default());
        for line in lines {
            text.push('\n');
            if !line.is_empty() {
                text.push_str(&indent);
                text.push_str(line);
            }
        }
        out.push(text);
    }
    out.join(if loose { "\n\n" } else { "\n" })
}

/// True where a list can stand without empty lines: each item a paragraph, and perhaps such a list below it.
fn is_tight(items: &[Vec<Block>]) -> bool {
    items.iter().all(|item| match item.as_slice() {
        [Block::Paragraph { text }] => !text.is_empty(),
        [Block::Paragraph { text }, Block::List { items, .. }] => !text.is_empty() && is_tight(items),
        _ => false,
    })
}

fn table(rows: &[Vec<Vec<Span>>]) -> String {
    let line = |row: &Vec<Vec<Span>>| {
        let cells: Vec<String> = row.iter().map(|cell| inline(cell, Place::Cell)).collect();
        format!("| {} |", cells.join(" | "))
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    let width = rows.first().map_or(0, Vec::len);
    lines.insert(1, format!("|{}", " --- |".repeat(width)));
    lines.join("\n")
}
