//! Runs of text as Markdown: escapes, marks, links, code.

use std::fmt::Write;

use crate::writing::Span;

/// Where a run of text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Lines of its own: what begins a block must be escaped.
    Paragraph,
    /// The rest of one line.
    Heading,
    /// Between two bars.
    Cell,
    /// What a picture shows.
    Alt,
}

/// Writes runs of text in their one form.
pub(super) fn inline(text: &[Span], place: Place) -> String {
    let chars: Vec<(&Span, char)> = text.iter().flat_map(|span| span.text.chars().map(move |c| (span, c))).collect();
    let first_ink = chars.iter().position(|(_, c)| *c != '\n').unwrap_or(chars.len());
    let end_ink = chars.iter().rposition(|(_, c)| *c != '\n').map_or(0, |last| last + 1);
    let writer = Writer { chars, place, ink: first_ink..end_ink };
    writer.run(0..writer.chars.len(), 0, None, None)
}

/// The marks, outermost first.
const MARKS: usize = 5;

struct Writer<'a> {
    chars: Vec<(&'a Span, char)>,
    place: Place,
    /// From the first to the last character that is not a line break.
    ink: std::ops::Range<usize>,
}

impl Writer<'_> {
    /// Writes a range of characters that agree in the marks below `depth`. `before` and `after` are the characters
    /// around it; none at the edge of the text.
    fn run(&self, range: std::ops::Range<usize>, depth: usize, before: Option<char>, after: Option<char>) -> String {
        // Most text is one run without marks.
        if self.is_one_plain_run(&range) {
            let mut out = String::new();
            self.escape(&mut out, range, before);
            return out;
        }
        let mut out = String::new();
        let mut at = range.start;
        while at < range.end {
            let mark = self.mark(at, depth);
            let same = |index: &usize| self.mark(*index, depth) == mark;
            let end = (at..range.end).find(|index| !same(index)).unwrap_or(range.end);
            let last = out.chars().next_back().or(before);
            let next = self.chars.get(end).filter(|_| end < range.end).map(|(_, c)| *c);
            let next_is_plain = next.is_some() && self.is_plain(end);
            let follows = if end == range.end { after } else { next.filter(|_| next_is_plain).or(Some('*')) };
            match mark {
                None if depth == MARKS => self.escape(&mut out, at..end, before),
                None => out.push_str(&self.run(at..end, depth + 1, last, follows)),
                Some(link) => out.push_str(&self.marked(at..end, depth, link, last, follows)),
            }
            at = end;
        }
        out
    }

    /// The mark of this depth on a character: the link's address, or nothing to say for the others.
    fn mark(&self, at: usize, depth: usize) -> Option<&str> {
        let span = self.chars[at].0;
        match depth {
            0 => Some(span.link.as_str()).filter(|link| !link.is_empty()),
            1 => span.strong.then_some(""),
            2 => span.emphasis.then_some(""),
            3 => span.strike.then_some(""),
            4 => span.code.then_some(""),
            _ => None,
        }
    }

    fn is_one_plain_run(&self, range: &std::ops::Range<usize>) -> bool {
        let (first, last) = (self.chars.get(range.start), self.chars[..range.end].last());
        matches!((first, last), (Some(first), Some(last)) if std::ptr::eq(first.0, last.0))
            && self.is_plain(range.start)
    }

    fn is_plain(&self, at: usize) -> bool {
        (0..MARKS).all(|depth| self.mark(at, depth).is_none())
    }

    fn marked(
        &self,
        range: std::ops::Range<usize>,
        depth: usize,
        link: &str,
        before: Option<char>,
        after: Option<char>,
    ) -> String {
        if depth == 0 {
            let inner = self.run(range, depth + 1, Some('['), Some(']'));
            return format!("[{inner}]({})", destination(link));
        }
        if depth == 4 {
            let code: String = range.clone().map(|at| self.chars[at].1).collect();
            let linked = self.mark(range.start, 0).is_some();
            if let Some(code) = self.code(&code, linked, before) {
                return code;
            }
        }
        // What stands inside next to the mark is written as if next to a star: nothing there opens or closes by accident.
        let inner = self.run(range, depth + 1, Some('*'), Some('*'));
        let (stars, tag) = [("", ""), ("**", "strong"), ("*", "em"), ("~~", "del"), ("", "code")][depth];
        let opens = match before {
            Some('[' | '(') => inner.starts_with(char::is_alphanumeric),
            before => before.is_none_or(char::is_whitespace) && !inner.starts_with(char::is_whitespace),
        };
        let closes = match (inner.chars().next_back(), after) {
            (Some(last), _) if last.is_whitespace() => false,
            (_, None) => true,
            (_, Some(next)) if next.is_whitespace() => true,
            (Some(last), Some(next)) => last.is_ascii_alphanumeric() && ".,;:)]?".contains(next),
            (None, _) => false,
        };
        if !stars.is_empty() && opens && closes {
            format!("{stars}{inner}{stars}")
        } else {
            format!("<{tag}>{inner}</{tag}>")
        }
    }

    /// Code between backticks, where every character of it can stand there.
    fn code(&self, code: &str, linked: bool, before: Option<char>) -> Option<String> {
        // A bracket in a link's text could make it the definition of another link.
        let fits = |c: char| match c {
            '|' => self.place != Place::Cell,
            '[' | ']' => !linked,
            c => !c.is_control(),
        };
        if before == Some('`') || !code.chars().all(fits) || code.trim().is_empty() {
            return None;
        }
        let fence = "`".repeat(longest_run(code, '`') + 1);
        let padded = code.starts_with(['`', ' ']) || code.ends_with(['`', ' ']);
        let pad = if padded { " " } else { "" };
        Some(format!("{fence}{pad}{code}{pad}{fence}"))
    }

    fn escape(&self, out: &mut String, range: std::ops::Range<usize>, before: Option<char>) {
        for at in range.clone() {
            let c = self.chars[at].1;
            // A neighbour counts where it is plain text of the same range.
            let previous = (at > range.start).then(|| self.chars[at - 1].1);
            let next = (at + 1 < range.end).then(|| self.chars[at + 1].1);
            let raw_previous = at.checked_sub(1).map(|at| self.chars[at].1);
            let raw_next = self.chars.get(at + 1).map(|(_, c)| *c);
            let line_start = out.chars().next_back().or(before).is_none_or(|last| last == '\n');
            let edge = |neighbour: Option<char>| neighbour.is_none_or(|c| c == '\n');
            if c == '\n' {
                self.line_break(out, at);
            } else if c.is_control() || c == '\u{feff}' {
                entity(out, c);
            } else if c.is_whitespace() {
                if edge(raw_previous) || edge(raw_next) { entity(out, c) } else { out.push(c) }
            } else if c == '|' && self.place == Place::Cell && raw_previous == Some('\\') {
                // Readers differ on which bars behind backslashes end a cell.
                entity(out, c);
            } else if c == '!' && next.is_none() && raw_next.is_some() {
                // A link behind it would become a picture.
                out.push_str("\\!");
            } else if needs_escape(c, previous, next)
                || (line_start && self.begins_block(at))
                || (matches!(c, '.' | ')') && self.ends_number(at))
                // A heading may be closed by such signs.
                || (c == '#' && self.place == Place::Heading)
            {
                out.push('\\');
                out.push(c);
            } else {
                out.push(c);
            }
        }
    }

    fn line_break(&self, out: &mut String, at: usize) {
        match self.place {
            Place::Paragraph if self.ink.contains(&at) => out.push_str("\\\n"),
            Place::Heading if self.ink.contains(&at) => out.push_str("<br>"),
            Place::Cell => out.push_str("<br>"),
            // At an edge a break would be read as nothing, or as a backslash.
            _ => out.push_str("&#10;"),
        }
    }

    /// True where a character would begin a block at the start of its line.
    fn begins_block(&self, at: usize) -> bool {
        self.place == Place::Paragraph && matches!(self.chars[at].1, '#' | '+' | '-' | '=' | '>' | ':')
    }

    /// True for the sign after a number at the start of a line, which would begin a list.
    fn ends_number(&self, at: usize) -> bool {
        let digits = self.chars[..at].iter().rev().take_while(|(_, c)| c.is_ascii_digit()).count();
        let starts_line = at == digits || self.chars[at - digits - 1].1 == '\n';
        self.place == Place::Paragraph && digits > 0 && starts_line
    }
}

fn needs_escape(c: char, previous: Option<char>, next: Option<char>) -> bool {
    match c {
        '\\' | '`' | '*' | '[' | ']' | '~' | '|' => true,
        // Between letters it cannot mark anything.
        '_' => !(previous.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric)),
        '<' => !next.is_some_and(|next| next == ' ' || next == '=' || next.is_ascii_digit()),
        '&' => next != Some(' '),
        _ => false,
    }
}

fn entity(out: &mut String, c: char) {
    let _ = write!(out, "&#{};", u32::from(c));
}

/// The length of the longest run of a character.
pub(super) fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// The address of a link or picture.
pub(super) fn destination(address: &str) -> String {
    let simple = |c: char| c.is_ascii_alphanumeric() || "/:.?=%#~+,@-_".contains(c);
    if !address.is_empty() && address.chars().all(simple) {
        return address.to_owned();
    }
    let mut out = "<".to_owned();
    for c in address.chars() {
        match c {
            '\\' | '<' | '>' | '&' | '|' | '`' | '*' | '[' | ']' | '(' | ')' | '!' => entity(&mut out, c),
            c if c.is_control() || c.is_whitespace() => entity(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('>');
    out
}

/// The name of a language behind a code fence.
pub(super) fn info(language: &str) -> String {
    let mut out = String::new();
    for c in language.chars() {
        if c.is_alphanumeric() || "+-._".contains(c) { out.push(c) } else { entity(&mut out, c) }
    }
    out
}
