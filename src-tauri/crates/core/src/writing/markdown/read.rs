//! Markdown as blocks.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::write::subtitle;
use super::{BLOB, EMPTY, NO_SUBTITLE};
use crate::writing::normal::spans;
use crate::writing::{Block, Document, Span};

/// Containers nested deeper than this are taken out, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 128;

/// Reads Markdown. What a document cannot hold is kept as text: HTML as it stands, pictures from elsewhere as links.
#[must_use]
pub fn read(text: &str) -> Document {
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        reader.take(event);
    }
    reader.flush();
    while reader.open.len() > 1 {
        reader.close();
    }
    document(reader.open.pop().map_or_else(Vec::new, |open| open.blocks), reader.no_subtitle)
}

/// Takes title and subtitle off the blocks.
fn document(mut blocks: Vec<Block>, no_subtitle: bool) -> Document {
    let mut document = Document::default();
    let words = |text: &[Span]| text.iter().map(|span| span.text.as_str()).collect::<String>();
    if let Some(Block::Heading { level: 1, text }) = blocks.first() {
        document.title = words(text);
        blocks.remove(0);
        if let Some(text) = blocks.first().and_then(subtitle).filter(|_| !no_subtitle) {
            text.clone_into(&mut document.subtitle);
            blocks.remove(0);
        }
    }
    document.blocks = blocks;
    document
}

/// A container being read.
#[derive(Default)]
struct Open {
    is: Kind,
    blocks: Vec<Block>,
    items: Vec<Vec<Block>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Root,
    Quote,
    List(bool),
    Item,
    /// Nested too deep; its blocks go to the one around.
    Through,
}

struct Reader {
    open: Vec<Open>,
    text: Vec<Span>,
    rows: Vec<Vec<Vec<Span>>>,
    /// A heading or cell, where nothing but text can stand.
    line_only: bool,
    strong: usize,
    emphasis: usize,
    strike: usize,
    code: usize,
    links: Vec<String>,
    /// Address and text of the picture being read, outermost only.
    picture: Option<(String, String)>,
    pictures: usize,
    /// Language and text of the code being read.
    block: Option<(String, String)>,
    html: Option<String>,
    no_subtitle: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            open: vec![Open::default()],
            text: Vec::new(),
            rows: Vec::new(),
            line_only: false,
            strong: 0,
            emphasis: 0,
            strike: 0,
            code: 0,
            links: Vec::new(),
            picture: None,
            pictures: 0,
            block: None,
            html: None,
            no_subtitle: false,
        }
    }
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match (&mut self.block, &mut self.html) {
                (Some((_, code)), _) => code.push_str(&text),
                (None, Some(html)) => html.push_str(&text),
                (None, None) => self.push(&text, false),
            },
            Event::Code(text) => self.push(&text, true),
            Event::Html(text) => match &mut self.html {
                Some(html) => html.push_str(&text),
                None => self.push(&text, false),
            },
            Event::InlineHtml(tag) => self.tag(&tag),
            // After a picture the line's end is not text.
            Event::SoftBreak if self.text.is_empty() && self.picture.is_none() => {}
            Event::SoftBreak => self.push(" ", false),
            Event::HardBreak => self.push("\n", false),
            Event::Rule => self.add(Block::Rule),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.push(&text, false);
            }
            Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Emphasis => self.emphasis += 1,
            Tag::Strong => self.strong += 1,
            Tag::Strikethrough => self.strike += 1,
            Tag::Link { dest_url, .. } => self.links.push(dest_url.into_string()),
            Tag::Image { dest_url, .. } => {
                self.pictures += 1;
                if self.pictures == 1 {
                    self.picture = Some((dest_url.into_string(), String::new()));
                }
            }
            Tag::TableCell => self.begin_line(),
            Tag::TableRow | Tag::TableHead => self.rows.push(Vec::new()),
            _ => self.start_block(tag),
        }
    }

    fn start_block(&mut self, tag: Tag<'_>) {
        self.flush();
        match tag {
            Tag::Heading { .. } => self.begin_line(),
            Tag::BlockQuote(_) => self.open(Kind::Quote),
            Tag::List(start) => self.open(Kind::List(start.is_some())),
            Tag::Item => self.open(Kind::Item),
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.block = Some((language, String::new()));
            }
            Tag::HtmlBlock => self.html = Some(String::new()),
            Tag::Table(_) => self.rows.clear(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Strikethrough => self.strike = self.strike.saturating_sub(1),
            TagEnd::Link => {
                self.links.pop();
            }
            TagEnd::Image => self.end_picture(),
            TagEnd::Heading(level) => {
                let text = self.end_line();
                self.add(Block::Heading { level: level_of(level), text });
            }
            TagEnd::TableCell => {
                let cell = self.end_line();
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                let rows = std::mem::take(&mut self.rows);
                self.add(Block::Table { rows });
            }
            TagEnd::CodeBlock => {
                if let Some((language, mut text)) = self.block.take() {
                    // The line's end before the closing fence is not part of the text.
                    if text.ends_with('\n') {
                        text.pop();
                    }
                    self.add(Block::Code { language, text });
                }
            }
            TagEnd::HtmlBlock => self.end_html(),
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => {
                self.flush();
                self.close();
            }
            TagEnd::Paragraph => self.flush(),
            _ => {}
        }
    }

    fn open(&mut self, is: Kind) {
        let is = if self.open.len() > MAX_DEPTH { Kind::Through } else { is };
        self.open.push(Open { is, ..Open::default() });
    }

    fn close(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        let Some(done) = self.open.pop() else { return };
        match done.is {
            Kind::Quote => self.add(Block::Quote { blocks: done.blocks }),
            Kind::List(ordered) => {
                let mut items = done.items;
                if !done.blocks.is_empty() {
                    items.push(done.blocks);
                }
                self.add(Block::List { ordered, items });
            }
            Kind::Item => match self.open.last_mut() {
                Some(list) if matches!(list.is, Kind::List(_)) => list.items.push(done.blocks),
                _ => done.blocks.into_iter().for_each(|block| self.add(block)),
            },
            Kind::Root | Kind::Through => done.blocks.into_iter().for_each(|block| self.add(block)),
        }
    }

    fn add(&mut self, block: Block) {
        self.flush();
        if let Some(open) = self.open.last_mut() {
            open.blocks.push(block);
        }
    }

    /// Ends a paragraph, if one is being read.
    fn flush(&mut self) {
        (self.strong, self.emphasis, self.strike, self.code) = (0, 0, 0, 0);
        let text = spans(&std::mem::take(&mut self.text));
        if !text.is_empty()
            && let Some(open) = self.open.last_mut()
        {
            open.blocks.push(Block::Paragraph { text });
        }
    }

    fn begin_line(&mut self) {
        self.flush();
        self.line_only = true;
    }

    fn end_line(&mut self) -> Vec<Span> {
        self.line_only = false;
        let text = spans(&std::mem::take(&mut self.text));
        self.flush();
        text
    }

    fn push(&mut self, text: &str, code: bool) {
        if let Some((_, alt)) = &mut self.picture {
            alt.push_str(text);
            return;
        }
        self.text.push(Span {
            text: text.to_owned(),
            strong: self.strong > 0,
            emphasis: self.emphasis > 0,
            code: code || self.code > 0,
            strike: self.strike > 0,
            link: self.links.last().cloned().unwrap_or_default(),
        });
    }

    /// A tag within text: the marks [`super::write`] writes so, line breaks, or text as it stands.
    fn tag(&mut self, tag: &str) {
        let name = tag.trim_matches(['<', '>', '/', ' ']).to_ascii_lowercase();
        let count = match name.as_str() {
            "br" => return self.push("\n", false),
            "strong" | "b" => &mut self.strong,
            "em" | "i" => &mut self.emphasis,
            "del" | "s" => &mut self.strike,
            "code" => &mut self.code,
            _ if tag.starts_with("<!--") => return,
            _ => return self.push(tag, false),
        };
        *count = if tag.starts_with("</") { count.saturating_sub(1) } else { *count + 1 };
    }

    fn end_picture(&mut self) {
        self.pictures = self.pictures.saturating_sub(1);
        if self.pictures > 0 {
            return;
        }
        let Some((address, alt)) = self.picture.take() else { return };
        match address.strip_prefix(BLOB) {
            Some(blob) if !self.line_only => {
                let (strong, emphasis, strike, code) = (self.strong, self.emphasis, self.strike, self.code);
                self.add(Block::Picture { blob: blob.to_owned(), alt });
                (self.strong, self.emphasis, self.strike, self.code) = (strong, emphasis, strike, code);
            }
            _ => {
                let text = if alt.is_empty() { address.clone() } else { alt };
                self.links.push(address);
                self.push(&text, false);
                self.links.pop();
            }
        }
    }

    fn end_html(&mut self) {
        let Some(html) = self.html.take() else { return };
        match html.trim() {
            EMPTY => self.add(Block::Paragraph { text: Vec::new() }),
            NO_SUBTITLE => self.no_subtitle = true,
            comment if comment.starts_with("<!--") && comment.ends_with("-->") => {}
            html => self.add(Block::Code { language: "html".to_owned(), text: html.to_owned() }),
        }
    }
}

fn level_of(level: HeadingLevel) -> u8 {
    (level as u8).min(4)
}
