//! A document as the editor keeps it: `ProseMirror` JSON with Tiptap's node names.

use serde_json::{Map, Value, json};

use super::normal::spans;
use super::{Block, Document, Span, normal};

/// What the address of a kept picture begins with.
const BLOB: &str = "blob:";

/// The document's blocks as the editor's JSON. Title and subtitle are kept beside it.
#[must_use]
pub fn to_json(document: &Document) -> Value {
    let mut doc = Map::new();
    doc.insert("type".to_owned(), json!("doc"));
    // Moved in: `json!` would copy the whole document once more.
    doc.insert("content".to_owned(), Value::Array(blocks_json(&normal(document).blocks)));
    Value::Object(doc)
}

fn blocks_json(blocks: &[Block]) -> Vec<Value> {
    blocks.iter().map(block_json).collect()
}

fn block_json(block: &Block) -> Value {
    match block {
        Block::Heading { level, text } => node("heading", Some(json!({"level": level})), text_json(text)),
        Block::Paragraph { text } => node("paragraph", None, text_json(text)),
        Block::List { ordered, items } => {
            let items = items.iter().map(|item| node("listItem", None, item_json(item))).collect();
            node(if *ordered { "orderedList" } else { "bulletList" }, None, items)
        }
        Block::Table { rows } => {
            let row = |(index, row): (usize, &Vec<Vec<Span>>)| {
                let is = if index == 0 { "tableHeader" } else { "tableCell" };
                let cell = |cell: &Vec<Span>| node(is, None, vec![node("paragraph", None, text_json(cell))]);
                node("tableRow", None, row.iter().map(cell).collect())
            };
            node("table", None, rows.iter().enumerate().map(row).collect())
        }
        Block::Quote { blocks } if blocks.is_empty() => node("blockquote", None, vec![node("paragraph", None, vec![])]),
        Block::Quote { blocks } => node("blockquote", None, blocks_json(blocks)),
        Block::Code { language, text } => {
            let content = if text.is_empty() { vec![] } else { vec![json!({"type": "text", "text": text})] };
            let language = if language.is_empty() { Value::Null } else { json!(language) };
            node("codeBlock", Some(json!({"language": language})), content)
        }
        Block::Picture { blob, alt } => {
            node("image", Some(json!({"src": format!("{BLOB}{blob}"), "alt": alt})), vec![])
        }
        Block::Rule => node("horizontalRule", None, vec![]),
    }
}

/// The blocks of an item; the editor wants a paragraph first.
fn item_json(item: &[Block]) -> Vec<Value> {
    let mut blocks = blocks_json(item);
    if !matches!(item.first(), Some(Block::Paragraph { .. })) {
        blocks.insert(0, node("paragraph", None, vec![]));
    }
    blocks
}

fn text_json(text: &[Span]) -> Vec<Value> {
    let mut out = Vec::new();
    for span in text {
        let mut marks = Vec::new();
        for (on, name) in
            [(span.strong, "bold"), (span.emphasis, "italic"), (span.strike, "strike"), (span.code, "code")]
        {
            if on {
                marks.push(json!({"type": name}));
            }
        }
        if !span.link.is_empty() {
            marks.push(json!({"type": "link", "attrs": {"href": span.link}}));
        }
        for (index, line) in span.text.split('\n').enumerate() {
            for (is, text) in [("hardBreak", None), ("text", Some(line))] {
                if (text.is_none() && index == 0) || text.is_some_and(str::is_empty) {
                    continue;
                }
                let mut piece = Map::new();
                piece.insert("type".to_owned(), json!(is));
                if let Some(text) = text {
                    piece.insert("text".to_owned(), json!(text));
                }
                if !marks.is_empty() {
                    piece.insert("marks".to_owned(), json!(marks));
                }
                out.push(Value::Object(piece));
            }
        }
    }
    out
}

fn node(is: &str, attrs: Option<Value>, content: Vec<Value>) -> Value {
    let mut node = Map::new();
    node.insert("type".to_owned(), json!(is));
    if let Some(attrs) = attrs {
        node.insert("attrs".to_owned(), attrs);
    }
    if !content.is_empty() {
        node.insert("content".to_owned(), Value::Array(content));
    }
    Value::Object(node)
}

/// Reads what the editor saved.
///
/// # Errors
/// JSON that is not a document, or a node this program does not know, by name: nothing a person wrote is dropped.
pub fn from_json(json: &Value, title: &str, subtitle: &str) -> Result<Document, String> {
    if is(json) != "doc" {
        return Err("the editor's text is not a document; it should have the type `doc`".to_owned());
    }
    let document = Document { title: title.to_owned(), subtitle: subtitle.to_owned(), blocks: blocks_of(json)? };
    Ok(normal(&document))
}

fn is(node: &Value) -> &str {
    node["type"].as_str().unwrap_or_default()
}

fn content(node: &Value) -> &[Value] {
    node["content"].as_array().map_or(&[], Vec::as_slice)
}

fn blocks_of(node: &Value) -> Result<Vec<Block>, String> {
    content(node).iter().map(block_of).collect()
}

fn block_of(node: &Value) -> Result<Block, String> {
    let attr = |name: &str| node["attrs"][name].as_str().unwrap_or_default().to_owned();
    Ok(match is(node) {
        "heading" => Block::Heading {
            level: node["attrs"]["level"].as_u64().map_or(1, |level| level.clamp(1, 4) as u8),
            text: text_of(node)?,
        },
        "paragraph" => Block::Paragraph { text: text_of(node)? },
        list @ ("bulletList" | "orderedList") => Block::List {
            ordered: list == "orderedList",
            items: content(node).iter().map(blocks_of).collect::<Result<_, _>>()?,
        },
        "table" => {
            let row = |row: &Value| content(row).iter().map(cell_of).collect::<Result<Vec<_>, _>>();
            Block::Table { rows: content(node).iter().map(row).collect::<Result<_, _>>()? }
        }
        "blockquote" => Block::Quote { blocks: blocks_of(node)? },
        "codeBlock" => Block::Code {
            language: attr("language"),
            text: text_of(node)?.iter().map(|span| span.text.as_str()).collect(),
        },
        "image" => {
            let source = attr("src");
            match source.strip_prefix(BLOB) {
                Some(blob) => Block::Picture { blob: blob.to_owned(), alt: attr("alt") },
                // A picture from elsewhere would be fetched over the network; it stays as a link.
                None => Block::Paragraph {
                    text: vec![Span {
                        text: if attr("alt").is_empty() { source.clone() } else { attr("alt") },
                        link: source,
                        ..Span::default()
                    }],
                },
            }
        }
        "horizontalRule" => Block::Rule,
        other => return Err(format!("the editor's text has a `{other}`, which a document here cannot hold")),
    })
}

/// A cell's text; blocks in it become lines.
fn cell_of(cell: &Value) -> Result<Vec<Span>, String> {
    fn lines(node: &Value, out: &mut Vec<Vec<Span>>) -> Result<(), String> {
        match is(node) {
            "paragraph" | "heading" | "codeBlock" => out.push(text_of(node)?),
            "image" => {
                if let Block::Paragraph { text } = block_of(node)? {
                    out.push(text);
                } else {
                    let attr = |name: &str| node["attrs"][name].as_str().unwrap_or_default().to_owned();
                    out.push(vec![Span { link: attr("src"), ..Span::plain(attr("alt")) }]);
                }
            }
            _ => {
                for inner in content(node) {
                    lines(inner, out)?;
                }
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    for block in content(cell) {
        lines(block, &mut found)?;
    }
    Ok(spans(&found.join(&Span::plain("\n"))))
}

fn text_of(node: &Value) -> Result<Vec<Span>, String> {
    let mut out = Vec::new();
    for piece in content(node) {
        let mut span = Span::plain(match is(piece) {
            "text" => piece["text"].as_str().unwrap_or_default(),
            "hardBreak" => "\n",
            other => {
                return Err(format!(
                    "the editor's text has a `{other}` within a line, which a document here cannot hold"
                ));
            }
        });
        for mark in piece["marks"].as_array().into_iter().flatten() {
            match is(mark) {
                "bold" => span.strong = true,
                "italic" => span.emphasis = true,
                "strike" => span.strike = true,
                "code" => span.code = true,
                "link" => mark["attrs"]["href"].as_str().unwrap_or_default().clone_into(&mut span.link),
                // Looks that a document here does not keep, such as underline.
                _ => {}
            }
        }
        out.push(span);
    }
    Ok(spans(&out))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::writing::samples::{any_document, each_kind};

    fn round(document: &Document) -> Document {
        from_json(&to_json(document), &document.title, &document.subtitle).unwrap()
    }

    /// What the editor makes of blocks: it wants a paragraph first in items and something in quotations.
    fn editable(blocks: &[Block]) -> Vec<Block> {
        let one = |block: &Block| match block {
            Block::List { ordered, items } => {
                let item = |item: &Vec<Block>| {
                    let mut blocks = editable(item);
                    if !matches!(blocks.first(), Some(Block::Paragraph { .. })) {
                        blocks.insert(0, Block::paragraph(""));
                    }
                    blocks
                };
                Block::List { ordered: *ordered, items: items.iter().map(item).collect() }
            }
            Block::Quote { blocks } if blocks.is_empty() => Block::Quote { blocks: vec![Block::paragraph("")] },
            Block::Quote { blocks } => Block::Quote { blocks: editable(blocks) },
            block => block.clone(),
        };
        blocks.iter().map(one).collect()
    }

    proptest! {
        #[test]
        fn the_editor_gives_back_any_document(document in any_document()) {
            let document = normal(&document);
            let kept = round(&document);
            prop_assert_eq!(&kept.blocks, &editable(&document.blocks));
            prop_assert_eq!(round(&kept), kept);
        }
    }

    #[test]
    fn a_document_with_a_block_of_each_kind_comes_back() {
        assert_eq!(round(&each_kind()), each_kind());
    }

    #[test]
    fn an_empty_editor_is_an_empty_document() {
        let json = json!({"type": "doc", "content": [{"type": "paragraph"}]});
        let document = from_json(&json, "T", "").unwrap();
        assert_eq!(document.blocks, vec![Block::paragraph("")]);
        assert_eq!(to_json(&document), json);
    }

    #[test]
    fn a_node_nobody_knows_is_named() {
        let json = json!({"type": "doc", "content": [{"type": "mermaid"}]});
        assert!(from_json(&json, "", "").unwrap_err().contains("`mermaid`"));
        assert!(from_json(&Value::Null, "", "").is_err());
    }

    #[test]
    fn a_cell_with_two_paragraphs_becomes_two_lines() {
        let paragraph = |text: &str| json!({"type": "paragraph", "content": [{"type": "text", "text": text}]});
        let json = json!({"type": "doc", "content": [{"type": "table", "content": [{"type": "tableRow", "content": [
            {"type": "tableHeader", "content": [paragraph("a"), {"type": "bulletList", "content": [
                {"type": "listItem", "content": [paragraph("b")]}]}]}]}]}]});
        let document = from_json(&json, "", "").unwrap();
        assert_eq!(document.blocks, vec![Block::Table { rows: vec![vec![vec![Span::plain("a\nb")]]] }]);
    }

    #[test]
    fn a_picture_from_elsewhere_stays_as_a_link() {
        let json =
            json!({"type": "doc", "content": [{"type": "image", "attrs": {"src": "https://x/y.png", "alt": null}}]});
        let document = from_json(&json, "", "").unwrap();
        let link = Span { link: "https://x/y.png".to_owned(), ..Span::plain("https://x/y.png") };
        assert_eq!(document.blocks, vec![Block::Paragraph { text: vec![link] }]);
    }
}
