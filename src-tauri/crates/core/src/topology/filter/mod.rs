//! The filter language: which objects of a world are meant.
//!
//! ```text
//! filter = all { "or" all }                        any of the lines
//! all    = term { [ "and" ] term }                 every term of a line
//! term   = [ "-" | "not" ] ( clause | word )
//! clause = field op value { "," value }            any of the values
//! op     = ":" | "=" | "~" | ">" | ">=" | "<" | "<="
//! value  = quoted | characters but space, quote and comma
//! word   = quoted | characters but space, quote, comma and the signs of op; not beginning with "-"
//! quoted = '"' { character | '\"' | '\\' } '"'
//! ```
//! The fields are those of [`FIELDS`]; a word is sought in name, kind and namespace. Texts are compared without regard to
//! the case of ASCII letters. A term turned by `-` means everything the term does not match, so what is unknown is among
//! it; without that, a thing that is not known (a state, an age, a count) matches no clause about it.

mod complete;
mod fields;
mod matching;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

pub use complete::{Completion, Offer, complete};
pub use fields::{FIELDS, Field, FieldInfo, Op, Takes};
pub use matching::{Found, PARTS};
pub(in crate::topology) use matching::{contains, is_same_place};
pub use parse::{Mistake, parse};

/// A filter as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Lines of which one has to hold; none asks for nothing and matches everything.
    pub any: Vec<Vec<Term>>,
}

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Whether it is turned into its contrary.
    pub not: bool,
    /// What it asks.
    pub what: What,
}

/// What a term asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A word in name, kind or namespace.
    Word(String),
    /// A field compared with values, of which one has to fit.
    Clause(Field, Op, Vec<String>),
}

impl Filter {
    /// True where it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.any.is_empty()
    }
}

/// Words that join terms and so are no words by themselves.
const JOINTS: [&str; 3] = ["or", "and", "not"];

/// Whether a character ends a word.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | ',' | ':' | '=' | '~' | '<' | '>')
}

/// Whether a character ends a value.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | ',')
}

/// A text as it is written, between quotes where it would be read as something else.
fn written(f: &mut fmt::Formatter<'_>, text: &str, plain: bool) -> fmt::Result {
    if plain { f.write_str(text) } else { write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("-")?;
        }
        match &self.what {
            What::Word(word) => {
                let joint = JOINTS.iter().any(|joint| joint.eq_ignore_ascii_case(word));
                let plain = !word.is_empty() && !word.starts_with('-') && !word.contains(ends_word) && !joint;
                written(f, word, plain)
            }
            What::Clause(field, op, values) => {
                write!(f, "{}{}", field.info().name, op.sign())?;
                for (nth, value) in values.iter().enumerate() {
                    if nth > 0 {
                        f.write_str(",")?;
                    }
                    written(f, value, !value.is_empty() && !value.contains(ends_value))?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, terms) in self.any.iter().enumerate() {
            if line > 0 {
                f.write_str(" or ")?;
            }
            for (nth, term) in terms.iter().enumerate() {
                if nth > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{term}")?;
            }
        }
        Ok(())
    }
}
