//! A document as Typst code. Every text goes in as a quoted string, so nothing anybody wrote is read as markup.

use std::collections::BTreeMap;
use std::fmt::Write;

use broadstreet_core::id::BlobId;
use broadstreet_core::writing::{Block, Document, PictureKind, Span, leads_somewhere, normal};

/// Where each picture lies on the desk.
pub(crate) type Pictures = BTreeMap<BlobId, String>;

/// Lists and quotations nested deeper than this are set as deep as this.
const MAX_DEPTH: usize = 8;

/// Words longer than this may be broken anywhere.
const LONG_WORD: usize = 24;

const STYLE: &str = include_str!("style.typ");

/// The path of a picture on the desk.
pub(crate) fn path(index: usize, kind: PictureKind) -> String {
    let extension = match kind {
        PictureKind::Png => "png",
        PictureKind::Svg => "svg",
    };
    format!("/{index}.{extension}")
}

/// The whole source of a document.
pub(crate) fn source(document: &Document, pictures: &Pictures) -> String {
    let document = normal(document);
    let mut out = format!(
        "#let the-title = {title}\n#let the-subtitle = {subtitle}\n{STYLE}\n#{{\n",
        title = quoted(&document.title.replace('\n', " ")),
        subtitle = quoted(&document.subtitle.replace('\n', " ")),
    );
    let mut writer = Writer { out: &mut out, pictures };
    writer.blocks(&document.blocks, 0);
    out.push_str("}\n");
    out
}

struct Writer<'a> {
    out: &'a mut String,
    pictures: &'a Pictures,
}

impl Writer<'_> {
    fn blocks(&mut self, blocks: &[Block], depth: usize) {
        for block in blocks {
            self.block(block, depth);
        }
    }

    fn block(&mut self, block: &Block, depth: usize) {
        match block {
            Block::Heading { level, text } => {
                let _ = writeln!(self.out, "heading(level: {level}, {})", inline(text, false));
            }
            Block::Paragraph { text } if text.is_empty() => self.out.push_str("v(1.4em)\n"),
            Block::Paragraph { text } => {
                let _ = writeln!(self.out, "par({})", inline(text, false));
            }
            Block::List { items, .. } if depth >= MAX_DEPTH => {
                items.iter().for_each(|item| self.blocks(item, depth));
            }
            Block::List { ordered, items } => {
                self.out.push_str(if *ordered { "enum(" } else { "list(" });
                for item in items {
                    self.out.push_str("{\n[]\n");
                    self.blocks(item, depth + 1);
                    self.out.push_str("}, ");
                }
                self.out.push_str(")\n");
            }
            Block::Table { rows } => self.table(rows),
            Block::Quote { blocks } if depth >= MAX_DEPTH => self.blocks(blocks, depth),
            Block::Quote { blocks } => {
                self.out.push_str("quote(block: true, {\n[]\n");
                self.blocks(blocks, depth + 1);
                self.out.push_str("})\n");
            }
            Block::Code { text, .. } => {
                let _ = writeln!(self.out, "code({})", quoted(&breakable(text, 3 * LONG_WORD)));
            }
            Block::Picture { blob, alt } => {
                let alt = quoted(&alt.replace('\n', " "));
                let _ = match self.pictures.get(&BlobId::new(blob)) {
                    Some(path) => writeln!(self.out, "picture({}, {alt})", quoted(path)),
                    None => writeln!(self.out, "missing({alt})"),
                };
            }
            Block::Rule => self.out.push_str("rule()\n"),
        }
    }

    fn table(&mut self, rows: &[Vec<Vec<Span>>]) {
        let Some((head, body)) = rows.split_first() else { return };
        let _ = writeln!(self.out, "table(columns: ({}),", columns(rows));
        self.out.push_str("table.header(");
        for cell in head {
            let _ = write!(self.out, "{}, ", inline(cell, true));
        }
        self.out.push_str("),\n");
        for row in body {
            for cell in row {
                let _ = write!(self.out, "{}, ", inline(cell, true));
            }
            self.out.push('\n');
        }
        self.out.push_str(")\n");
    }
}

/// The widths of a table's columns: short ones as wide as their text, the others share the rest by how much they hold.
fn columns(rows: &[Vec<Vec<Span>>]) -> String {
    const SHORT: usize = 22;
    let width = rows.first().map_or(0, Vec::len);
    let lengths = |column: usize| {
        rows.iter()
            .filter_map(move |row| row.get(column))
            .map(|cell| cell.iter().map(|span| span.text.chars().count()).sum())
    };
    let longest: Vec<usize> = (0..width).map(|column| lengths(column).max().unwrap_or(0)).collect();
    // Where all are short the last takes the rest; short ones may not take more than the page has.
    let all_short = longest.iter().all(|length| *length <= SHORT);
    let narrow = longest.iter().filter(|length| **length <= SHORT).sum::<usize>() <= 3 * SHORT;
    let mut out = String::new();
    for (column, longest) in longest.iter().enumerate() {
        if *longest <= SHORT && narrow && !(all_short && column + 1 == width) {
            out.push_str("auto, ");
        } else {
            let total: usize = lengths(column).sum();
            let share = (total / rows.len().max(1)).clamp(8, 60);
            let _ = write!(out, "{share}fr, ");
        }
    }
    out
}

/// A run of text as one expression.
fn inline(text: &[Span], in_cell: bool) -> String {
    let mut out = "{ []; ".to_owned();
    for span in text {
        let limit = if in_cell { LONG_WORD } else { 2 * LONG_WORD };
        for (index, line) in span.text.split('\n').enumerate() {
            if index > 0 {
                out.push_str("linebreak(); ");
            }
            if line.is_empty() {
                continue;
            }
            let mut piece = quoted(&breakable(line, limit));
            for (on, name) in
                [(span.code, "raw"), (span.strike, "strike"), (span.emphasis, "emph"), (span.strong, "strong")]
            {
                if on {
                    piece = format!("{name}({piece})");
                }
            }
            if leads_somewhere(&span.link) {
                piece = format!("link({}, {piece})", quoted(&span.link));
            }
            out.push_str(&piece);
            out.push_str("; ");
        }
    }
    out.push('}');
    out
}

/// Lets long words break: hashes and paths would run over the edge of a column.
fn breakable(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let long = word.chars().count() > limit;
        for c in word.chars() {
            out.push(c);
            run += 1;
            if long && (run >= limit || (run > 3 && "/._-:=,@".contains(c))) {
                out.push('\u{200b}');
                run = 0;
            }
        }
        run = 0;
    }
    out
}

/// A text as a string of Typst.
fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("    "),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\") #panic(\"b\\"), "\"a\\\") #panic(\\\"b\\\\\"");
        assert_eq!(quoted("\u{0}\n"), "\"\u{fffd}\\n\"");
    }

    #[test]
    fn only_long_words_may_break_anywhere() {
        assert_eq!(breakable("redis-cart image 7.4.0", 24), "redis-cart image 7.4.0");
        let broken = breakable("sha256:0123456789012345678901234567890123456789", 24);
        assert_eq!(broken.matches('\u{200b}').count(), 2);
        assert_eq!(broken.replace('\u{200b}', ""), "sha256:0123456789012345678901234567890123456789");
    }

    #[test]
    fn short_columns_are_as_wide_as_their_text() {
        let cell = |text: &str| vec![Span::plain(text)];
        let rows = vec![vec![cell("Time"), cell("What")], vec![cell("14:32:08"), cell(&"word ".repeat(30))]];
        assert_eq!(columns(&rows), "auto, 60fr, ");
        assert_eq!(columns(&rows[..1]), "auto, 8fr, ");
    }
}
