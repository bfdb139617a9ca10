//! What may be written at a place of a filter: fields, comparisons, and the values the world has.

use std::collections::BTreeSet;

use super::fields::{self, FIELDS, Field, FieldInfo, Takes};
use super::matching::contains;
use super::parse::{SEVERITIES, STATES};
use super::{ends_value, ends_word};
use crate::resource::Body;
use crate::world::{World, zone_of};

/// So many offers at most.
const OFFERS: usize = 12;

/// What may be written at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The byte from which the text is replaced.
    pub from: usize,
    /// The byte up to which.
    pub to: usize,
    /// What may be put there, the likeliest first.
    pub offers: Vec<Offer>,
}

/// One thing that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What to put in the place.
    pub text: String,
    /// What that would ask, in a few words; empty for plain values.
    pub about: &'static str,
}

/// What may be written at a byte of a text: fields and their comparisons where a term begins, values after a comparison.
/// A place inside a character counts as the one before it.
#[must_use]
pub fn complete(world: &World, text: &str, at: usize) -> Completion {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let from = term_start(text, at);
    let to = at + text[at..].find(ends_value).unwrap_or(text.len() - at);
    let written = &text[from..at];
    let name = &written[..written.find(ends_word).unwrap_or(written.len())];
    if name.len() == written.len() {
        return Completion { from, to, offers: field_offers(name) };
    }
    let Some(info) = fields::named(name) else { return Completion { from: at, to: at, offers: Vec::new() } };
    let sign = [">=", "<=", ">", "<", "~", ":", "="].into_iter().find(|sign| written[name.len()..].starts_with(sign));
    let values = from + name.len() + sign.map_or(0, str::len);
    let begins = values + last_value(&text[values..at]);
    let so_far = text[begins..at].trim_start_matches('"');
    Completion { from: begins, to, offers: value_offers(world, info, so_far) }
}

/// Where the term that a place is in begins, behind its minus. Spaces between quotes do not end a term.
fn term_start(text: &str, at: usize) -> usize {
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (place, c) in text[..at].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => start = place + c.len_utf8(),
            '-' if place == start => start = place + 1,
            _ => {}
        }
    }
    start
}

/// Where the last of the values begins.
fn last_value(values: &str) -> usize {
    let mut quoted = false;
    let mut start = 0;
    for (place, c) in values.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => start = place + 1,
            _ => {}
        }
    }
    start
}

fn field_offers(name: &str) -> Vec<Offer> {
    let name = name.to_ascii_lowercase();
    let fits = |info: &&FieldInfo| {
        info.name.starts_with(&name) || (!name.is_empty() && info.also.iter().any(|also| also.starts_with(&name)))
    };
    let offer = |info: &FieldInfo| Offer {
        text: format!("{}{}", info.name, info.ops.first().map_or("", |op| op.sign())),
        about: info.about,
    };
    FIELDS.iter().filter(fits).map(offer).collect()
}

/// Values of a field that begin with, or else contain, what is written.
fn value_offers(world: &World, info: &FieldInfo, so_far: &str) -> Vec<Offer> {
    let so_far = so_far.to_ascii_lowercase();
    let known: Vec<String> = match info.takes {
        Takes::State => STATES.iter().map(|word| (*word).to_owned()).collect(),
        Takes::Severity => SEVERITIES.iter().map(|word| (*word).to_owned()).collect(),
        Takes::Count => ["0", "1", "3", "10"].map(str::to_owned).to_vec(),
        Takes::Span => ["5m", "15m", "1h", "1d"].map(str::to_owned).to_vec(),
        Takes::Text => known_values(world, info.field, &so_far).into_iter().collect(),
    };
    let begins = |value: &&String| value.to_ascii_lowercase().starts_with(&so_far);
    let first = known.iter().filter(begins);
    let rest = known.iter().filter(|value| !begins(value) && contains(value, &so_far));
    let quoted = |value: &String| {
        let plain = !value.contains(ends_value);
        let text =
            if plain { value.clone() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) };
        Offer { text, about: "" }
    };
    first.chain(rest).take(OFFERS).map(quoted).collect()
}

/// The values a field has in the world that contain what is written; of names and labels so many that offers are left.
fn known_values(world: &World, field: Field, so_far: &str) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut add = |value: &str| {
        if !value.is_empty() && contains(value, so_far) && !found.contains(value) {
            found.insert(value.to_owned());
        }
    };
    match field {
        Field::Alert => world.alerts().for_each(|alert| add(alert.name())),
        Field::Cluster => world.clusters().iter().for_each(|(_, label, _)| add(label)),
        Field::Kind => {
            let mut last = "";
            for (_, object) in world.numbered() {
                if object.key.kind != last {
                    last = &object.key.kind;
                    add(last);
                }
            }
        }
        Field::Namespace => {
            let mut last = "";
            for (_, object) in world.numbered() {
                if object.key.namespace != last {
                    last = &object.key.namespace;
                    add(last);
                }
            }
        }
        Field::Node | Field::Zone => {
            for (_, object) in world.numbered().filter(|(_, object)| matches!(object.body, Body::Node(_))) {
                add(if field == Field::Node { &object.key.name } else { zone_of(object).map_or("", |zone| zone) });
            }
        }
        _ => {
            for (id, object) in world.numbered() {
                let Some(template) = object.body.template().filter(|_| world.house_at(id) == Some(id)) else {
                    continue;
                };
                match field {
                    Field::Name => add(&object.key.name),
                    Field::Image => template.images.iter().for_each(|(_, image)| add(image)),
                    // A key alone first: its values are offered once it stands there.
                    Field::Label if so_far.contains('=') => {
                        object.labels.iter().for_each(|(key, value)| add(&format!("{key}={value}")));
                    }
                    Field::Label => object.labels.iter().for_each(|(key, _)| add(&format!("{key}="))),
                    _ => {}
                }
            }
        }
    }
    found
}
