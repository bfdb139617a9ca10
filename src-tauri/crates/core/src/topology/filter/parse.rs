//! Reads a filter, and says of what it cannot read where it stands, what is wrong and what to write instead.

use super::fields::{self, FIELDS, Field, FieldInfo, Op, Takes};
use super::{Filter, JOINTS, Term, What, ends_value, ends_word};

/// The longest text that is read, in bytes.
const LONGEST: usize = 4_096;

/// The words of states, worst first, as `status` takes them.
pub(super) const STATES: [&str; 7] = ["critical", "warning", "unknown", "starting", "well", "resting", "none"];

/// The words of severities, worst first.
pub(super) const SEVERITIES: [&str; 4] = ["critical", "warning", "info", "none"];

/// Something a filter says that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The byte it begins at.
    pub from: usize,
    /// The byte after its last; equal to `from` where something is missing.
    pub to: usize,
    /// What is wrong, naming the thing.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// Reads a filter; a text of spaces asks for nothing.
///
/// # Errors
/// Every term that cannot be read, in the order of the text.
pub fn parse(text: &str) -> Result<Filter, Vec<Mistake>> {
    let mut reader = Reader { text, at: 0, mistakes: Vec::new() };
    if text.len() > LONGEST {
        reader.wrong(0, text.len(), format!("a filter of {} bytes is too long", text.len()), "shorten it");
        return Err(reader.mistakes);
    }
    let filter = reader.filter();
    if reader.mistakes.is_empty() { Ok(filter) } else { Err(reader.mistakes) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    fn wrong(&mut self, from: usize, to: usize, message: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(Mistake { from, to, message: message.into(), hint: hint.into() });
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, c: char) -> bool {
        let is = self.next() == Some(c);
        self.at += if is { c.len_utf8() } else { 0 };
        is
    }

    fn spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Passes over what follows up to the next space.
    fn give_up(&mut self) {
        self.at += self.rest().find(char::is_whitespace).unwrap_or(self.rest().len());
    }

    /// The characters up to one that ends them.
    fn run(&mut self, ends: fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let run = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += run.len();
        run
    }

    fn filter(&mut self) -> Filter {
        let mut any = vec![Vec::new()];
        // A word that joins, and where it stands, until the term it joins follows.
        let mut open: Option<(&str, usize, usize)> = None;
        loop {
            self.spaces();
            let from = self.at;
            if self.rest().is_empty() {
                break;
            }
            if let Some(joint) = self.joint() {
                let begins = any.last().is_none_or(Vec::is_empty) && self.mistakes.is_empty();
                let turns = joint == "not" && !matches!(open, Some(("not", ..)));
                if !turns && (open.is_some() || begins) {
                    let message = format!("`{joint}` joins nothing here");
                    self.wrong(
                        from,
                        self.at,
                        message,
                        "write it between two terms, or in quotes to search for the word",
                    );
                }
                if joint == "or" && !begins {
                    any.push(Vec::new());
                }
                open = Some((joint, from, self.at));
                continue;
            }
            let turned = matches!(open.take(), Some(("not", ..)));
            match self.term(turned) {
                Some(term) => any.last_mut().map(|terms| terms.push(term)).unwrap_or_default(),
                None => self.give_up(),
            }
        }
        if let Some((joint, from, to)) = open {
            self.wrong(from, to, format!("nothing follows `{joint}`"), "write a term after it, or take it away");
        }
        any.retain(|terms| !terms.is_empty());
        Filter { any }
    }

    /// A word that joins terms, passed over where it stands here alone.
    fn joint(&mut self) -> Option<&'static str> {
        let rest = self.rest();
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let joint = JOINTS.into_iter().find(|joint| joint.eq_ignore_ascii_case(word))?;
        self.at += word.len();
        Some(joint)
    }

    fn term(&mut self, turned: bool) -> Option<Term> {
        let from = self.at;
        let minus = self.skip('-');
        if minus && (turned || self.next() == Some('-')) {
            self.wrong(from, self.at, "two negations", "write one `-`");
            return None;
        }
        if minus && self.next().is_none_or(char::is_whitespace) {
            self.wrong(from, self.at, "nothing follows `-`", "write the term right after it, as in -ns:kube-system");
            return None;
        }
        let begins = self.at;
        let what = if self.next() == Some('"') {
            let word = self.quoted()?;
            if word.is_empty() {
                self.wrong(begins, self.at, "an empty word", "write the text to search for between the quotes");
                return None;
            }
            What::Word(word)
        } else {
            let word = self.run(ends_word);
            match self.next() {
                Some(':' | '=' | '~' | '<' | '>') => self.clause(begins, word)?,
                _ => What::Word(word.to_owned()),
            }
        };
        match self.next() {
            Some(c) if !c.is_whitespace() => {
                let hint = match c {
                    '"' => "put the whole text between the quotes",
                    ',' => "a comma stands between values, as in ns:shop,pay",
                    _ => "leave a space between two terms",
                };
                self.wrong(self.at, self.at + c.len_utf8(), format!("`{c}` is not expected here"), hint);
                None
            }
            _ => Some(Term { not: minus || turned, what }),
        }
    }

    /// A text between quotes.
    fn quoted(&mut self) -> Option<String> {
        let from = self.at;
        self.skip('"');
        let mut text = String::new();
        while let Some(c) = self.next() {
            self.at += c.len_utf8();
            match c {
                '"' => return Some(text),
                '\\' if matches!(self.next(), Some('"' | '\\')) => {
                    let escaped = self.next().unwrap_or_default();
                    text.push(escaped);
                    self.at += escaped.len_utf8();
                }
                c => text.push(c),
            }
        }
        self.wrong(from, self.at, "the quote is not closed", "write a second \" at its end");
        None
    }

    fn clause(&mut self, from: usize, name: &str) -> Option<What> {
        let until = self.at;
        let op = self.op();
        let Some(info) = fields::named(name) else {
            let (message, hint) = no_field(name, &self.text[until..self.at]);
            self.wrong(from, until.max(from + 1), message, hint);
            return None;
        };
        if !info.ops.contains(&op) {
            let message = format!("`{}` cannot be compared by `{}`", info.name, op.sign());
            self.wrong(until, self.at, message, format!("write {}", ways(info)));
            return None;
        }
        let mut values = Vec::new();
        loop {
            let begins = self.at;
            let value = if self.next() == Some('"') { self.quoted()? } else { self.run(ends_value).to_owned() };
            if self.at == begins {
                let written = self.text[from..begins].to_owned();
                self.wrong(begins, begins, format!("no value follows `{written}`"), format!("as in {}", info.example));
                return None;
            }
            if let Some((message, hint)) = bad_value(info, op, &value) {
                self.wrong(begins, self.at, message, hint);
                return None;
            }
            values.push(value);
            if self.next() != Some(',') {
                break;
            }
            if !matches!(op, Op::Is | Op::Has) {
                let message = format!("`{}{}` takes one value", info.name, op.sign());
                self.wrong(self.at, self.at + 1, message, "write a second clause for a second bound");
                return None;
            }
            self.skip(',');
        }
        Some(What::Clause(info.field, op, values))
    }

    fn op(&mut self) -> Op {
        let signs = [
            (">=", Op::AtLeast),
            ("<=", Op::AtMost),
            (">", Op::Above),
            ("<", Op::Below),
            ("~", Op::Has),
            (":", Op::Is),
        ];
        let rest = self.rest();
        let (sign, op) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign)).unwrap_or(("=", Op::Is));
        self.at += sign.len();
        op
    }
}

/// How a field may be compared, as words.
fn ways(info: &FieldInfo) -> String {
    let ways: Vec<String> = info.ops.iter().map(|op| format!("{}{}…", info.name, op.sign())).collect();
    ways.join(" or ")
}

/// What to say of a name that is no field.
fn no_field(name: &str, sign: &str) -> (String, String) {
    if let Some(info) = name.strip_suffix('!').and_then(fields::named) {
        let message = format!("`!{sign}` is not a comparison");
        return (message, format!("to leave something out, write -{}:…", info.name));
    }
    let known = |info: &&FieldInfo| !name.is_empty() && info.name.starts_with(&name.to_ascii_lowercase());
    let names = || FIELDS.iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
    let hint = FIELDS.iter().find(known).map_or_else(
        || format!("fields are {}; to search for the text, put it in quotes", names()),
        |info| format!("did you mean `{}`? To search for the text, put it in quotes", info.name),
    );
    if name.is_empty() {
        (format!("`{sign}` has no field before it"), hint)
    } else {
        (format!("there is no field `{name}`"), hint)
    }
}

/// What is wrong with a value, and what to write instead.
fn bad_value(info: &FieldInfo, op: Op, value: &str) -> Option<(String, String)> {
    let one_of = |words: &[&str]| {
        let known = words.iter().any(|word| word.eq_ignore_ascii_case(value));
        (!known).then(|| (format!("`{value}` is no {}", info.name), format!("write one of {}", words.join(", "))))
    };
    match info.takes {
        Takes::Text => {
            let empty = value.is_empty() && (op == Op::Has || info.field != Field::Node);
            empty.then(|| ("an empty value".to_owned(), format!("as in {}", info.example)))
        }
        Takes::State if op != Op::Is && value.eq_ignore_ascii_case("none") => {
            Some(("what has no rule is neither more nor less".to_owned(), format!("write {}:none", info.name)))
        }
        Takes::State => one_of(&STATES),
        Takes::Severity => one_of(&SEVERITIES),
        Takes::Count => {
            let known = fields::whole(value).is_some();
            (!known).then(|| (format!("`{value}` is not a whole number"), format!("as in {}", info.example)))
        }
        Takes::Span => {
            let known = fields::seconds(value).is_some();
            (!known)
                .then(|| (format!("`{value}` is not a span of time"), "write it as 90s, 15m, 2h, 3d or 1w".to_owned()))
        }
    }
}
