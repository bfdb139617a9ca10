//! A document as one HTML file that asks the network for nothing.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Block, Document, Span, leads_somewhere, normal};
use crate::id::BlobId;

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("page.css");

/// Writes a page with its style and pictures inside. `blobs` holds the pictures the document names.
#[must_use]
pub fn page(document: &Document, blobs: &BTreeMap<BlobId, Vec<u8>>) -> String {
    let document = normal(document);
    let title = escape(&document.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    if !document.subtitle.is_empty() {
        let _ = writeln!(out, "<p class=\"subtitle\">{}</p>", escape(&document.subtitle));
    }
    blocks(&mut out, &document.blocks, blobs);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn blocks(out: &mut String, blocks: &[Block], blobs: &BTreeMap<BlobId, Vec<u8>>) {
    for block in blocks {
        one(out, block, blobs);
        out.push('\n');
    }
}

fn one(out: &mut String, block: &Block, blobs: &BTreeMap<BlobId, Vec<u8>>) {
    match block {
        Block::Heading { level, text } => {
            let _ = write!(out, "<h{level}>{}</h{level}>", inline(text));
        }
        Block::Paragraph { text } => {
            let _ = write!(out, "<p>{}</p>", inline(text));
        }
        Block::List { ordered, items } => {
            let tag = if *ordered { "ol" } else { "ul" };
            let _ = writeln!(out, "<{tag}>");
            for item in items {
                out.push_str("<li>");
                self::blocks(out, item, blobs);
                out.push_str("</li>\n");
            }
            let _ = write!(out, "</{tag}>");
        }
        Block::Table { rows } => table(out, rows),
        Block::Quote { blocks } => {
            out.push_str("<blockquote>\n");
            self::blocks(out, blocks, blobs);
            out.push_str("</blockquote>");
        }
        Block::Code { text, .. } => {
            // A parser takes the first line's end off.
            let _ = write!(out, "<pre><code>\n{}</code></pre>", escape(text));
        }
        Block::Picture { blob, alt } => {
            let alt = escape(alt);
            match blobs.get(&BlobId::new(blob)).and_then(|bytes| data_uri(bytes)) {
                Some(uri) => {
                    let _ = write!(out, "<figure><img src=\"{uri}\" alt=\"{alt}\"></figure>");
                }
                None => {
                    let _ = write!(out, "<figure class=\"missing\">A picture that is not in this copy: {alt}</figure>");
                }
            }
        }
        Block::Rule => out.push_str("<hr>"),
    }
}

fn table(out: &mut String, rows: &[Vec<Vec<Span>>]) {
    out.push_str("<table>\n");
    for (index, row) in rows.iter().enumerate() {
        let (open, cell, close) = match index {
            0 => ("<thead><tr>", "th", "</tr></thead>\n<tbody>\n"),
            _ => ("<tr>", "td", "</tr>\n"),
        };
        out.push_str(open);
        for text in row {
            let _ = write!(out, "<{cell}>{}</{cell}>", inline(text));
        }
        out.push_str(close);
    }
    out.push_str("</tbody>\n</table>");
}

fn inline(text: &[Span]) -> String {
    let mut out = String::new();
    for span in text {
        let mut piece = escape(&span.text).replace('\n', "<br>");
        for (on, tag) in [(span.code, "code"), (span.strike, "s"), (span.emphasis, "em"), (span.strong, "strong")] {
            if on {
                piece = format!("<{tag}>{piece}</{tag}>");
            }
        }
        if leads_somewhere(&span.link) {
            piece = format!("<a href=\"{}\" rel=\"noopener noreferrer\">{piece}</a>", escape(&span.link));
        }
        out.push_str(&piece);
    }
    out
}

/// A picture as it stands in the page; nothing where the bytes are no picture known here.
fn data_uri(bytes: &[u8]) -> Option<String> {
    let media_type = match super::picture_kind(bytes)? {
        super::PictureKind::Png => "image/png",
        super::PictureKind::Svg => "image/svg+xml",
    };
    Some(format!("data:{media_type};base64,{}", STANDARD.encode(bytes)))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // HTML has no such characters.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::writing::samples::{any_document, each_kind};

    const SVG: &[u8] = b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

    #[test]
    fn a_page_holds_its_pictures_and_asks_the_network_for_nothing() {
        let blobs = BTreeMap::from([(BlobId::from("ab12"), SVG.to_vec())]);
        let page = page(&each_kind(), &blobs);
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
        assert!(page.contains(&format!("src=\"data:image/svg+xml;base64,{}\"", STANDARD.encode(SVG))));
        assert!(page.contains("<thead><tr><th>Time</th><th>Who</th><th>What</th></tr></thead>"));
        assert!(page.contains("<strong>changed</strong>"));
        assert!(page.contains("p99 &lt; 50 ms"));
        for word in ["<script", "<link", "@import", "url(", "src=\"http", "<iframe"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_picture_that_is_not_there_is_said_to_be_missing() {
        let lost = page(&each_kind(), &BTreeMap::new());
        assert!(lost.contains("A picture that is not in this copy: The plan at 14:44:30"));
        let html = BTreeMap::from([(BlobId::from("ab12"), b"<html><script>1</script>".to_vec())]);
        assert!(!page(&each_kind(), &html).contains("<img"));
    }

    #[test]
    fn a_link_that_would_run_something_is_only_text() {
        let text = vec![Span { link: "JavaScript:alert(1)".to_owned(), ..Span::plain("here") }];
        let document = Document { blocks: vec![Block::Paragraph { text }], ..Document::default() };
        assert!(page(&document, &BTreeMap::new()).contains("<p>here</p>"));
    }

    proptest! {
        #[test]
        fn no_text_becomes_markup(document in any_document()) {
            let page = page(&document, &BTreeMap::new());
            let known = ["!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "p", "ul",
                "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "pre", "code", "figure", "hr", "br",
                "s", "em", "strong", "a"];
            for tag in page.split('<').skip(1) {
                let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
                prop_assert!(known.contains(&name), "{}", tag);
            }
        }
    }
}
