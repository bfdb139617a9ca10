//! Values read out of the tables of [`super::tree`] where they are asked for, straight into the type that asks.
//!
//! A value may be told by what differs from another, several times over: a [`Leaf`] is a value with the differences told
//! since, which are laid over it only where they reach.

use std::cell::Cell;

use rustc_hash::FxHashMap;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::codec::BadRecording;
use super::tables::{Is, Parts, Spot};
use crate::resource::BODY;

/// How deep a value may nest; Kubernetes objects reduced here stay below 12.
const MAX_DEPTH: usize = 128;

/// How many bytes of memory a recording may unfold to, roughly: shared values could otherwise be made to unfold without
/// end. A keyframe of a cluster with 5,000 nodes stays below a third of it. In tests it is reached sooner.
const MAX_UNFOLDED: usize = if cfg!(test) { 64 << 20 } else { 2 << 30 };

/// What one value costs in memory beside its text.
const VALUE_BYTES: usize = 64;

/// Bytes that may still be unfolded.
pub(super) struct Budget {
    left: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(MAX_UNFOLDED)
    }
}

impl Budget {
    /// So many bytes.
    pub fn of(bytes: usize) -> Self {
        Self { left: Cell::new(bytes) }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.left.get()
    }

    /// Gives back what something took that is there no more.
    pub fn give_back(&self, bytes: usize) {
        self.left.set(self.left.get() + bytes);
    }

    fn charge(&self, bytes: usize) -> Result<(), BadRecording> {
        let left = self.left.get().checked_sub(bytes).ok_or_else(|| bad("unfolds to more memory than any real one"))?;
        self.left.set(left);
        Ok(())
    }
}

fn bad(why: impl Into<String>) -> BadRecording {
    BadRecording { why: why.into() }
}

fn misfit() -> BadRecording {
    bad("tells a difference that does not fit")
}

impl de::Error for BadRecording {
    fn custom<T: std::fmt::Display>(why: T) -> Self {
        bad(format!("holds something this program does not know: {why}"))
    }
}

/// A value with what was told later of how it differs.
pub(super) struct Leaf<'t, 'b> {
    /// Nothing for a field that was not there.
    spot: Option<Spot<'t>>,
    /// Oldest first.
    by: Vec<Spot<'t>>,
    depth: usize,
    budget: &'b Budget,
}

impl<'t, 'b> Leaf<'t, 'b> {
    /// A value and, oldest first, the differences told since.
    pub fn new(spot: Spot<'t>, by: Vec<Spot<'t>>, budget: &'b Budget) -> Result<Self, BadRecording> {
        Self::laid(Some(spot), by, 0, budget)
    }

    fn laid(
        mut spot: Option<Spot<'t>>,
        mut by: Vec<Spot<'t>>,
        depth: usize,
        budget: &'b Budget,
    ) -> Result<Self, BadRecording> {
        if !by.is_empty() {
            by.retain(|it| !it.is_null());
            // Of what was there before a value that was told whole nothing counts.
            let whole = by.iter().enumerate().rev().find_map(|(at, it)| Some((at, it.field("v")?)));
            if let Some((at, value)) = whole {
                spot = Some(value);
                by.drain(..=at);
            }
        }
        if spot.is_none() {
            return Err(misfit());
        }
        if depth > MAX_DEPTH {
            return Err(bad(format!("nests deeper than {MAX_DEPTH}")));
        }
        Ok(Self { spot, by, depth, budget })
    }

    /// Reads it as whatever is asked for.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, BadRecording> {
        T::deserialize(self)
    }

    fn below(&self, spot: Option<Spot<'t>>, by: Vec<Spot<'t>>) -> Result<Self, BadRecording> {
        Self::laid(spot, by, self.depth + 1, self.budget)
    }

    fn is(&self) -> Is<'t> {
        self.spot.map_or(Is::Null, Spot::is)
    }

    /// The kind of a body, where nothing was told later about that.
    fn kind(&self) -> Option<&'t str> {
        let is_told = |by: &Spot<'t>| by.field("f").is_some_and(|changed| changed.field("kind").is_some());
        let kind = self.spot?.field("kind")?.text()?;
        (!self.by.iter().any(is_told)).then_some(kind)
    }

    /// The items of a list of which some differ.
    fn changed_items(&self, parts: Parts<'t>) -> Result<Vec<Self>, BadRecording> {
        let mut items: Vec<(Spot<'t>, Vec<Spot<'t>>)> = parts.map(|part| (part, Vec::new())).collect();
        for by in &self.by {
            for (at, by) in by.field("i").ok_or_else(misfit)?.fields() {
                let item = at.parse::<usize>().ok().and_then(|at| items.get_mut(at));
                item.ok_or_else(misfit)?.1.push(by);
            }
        }
        items.into_iter().map(|(spot, by)| self.below(Some(spot), by)).collect()
    }

    /// The fields of an object of which some differ.
    fn changed_fields(&self, keys: &'t [u32], parts: Parts<'t>) -> Result<Vec<(&'t str, Self)>, BadRecording> {
        struct Field<'t> {
            name: &'t str,
            spot: Option<Spot<'t>>,
            by: Vec<Spot<'t>>,
            is_gone: bool,
        }
        let tree = parts.tree;
        let named = keys.iter().map(|key| tree.text(*key)).zip(parts);
        let mut fields: Vec<Field<'t>> =
            named.map(|(name, spot)| Field { name, spot: Some(spot), by: Vec::new(), is_gone: false }).collect();
        let mut places: FxHashMap<&str, usize> = fields.iter().enumerate().map(|(at, it)| (it.name, at)).collect();
        for by in &self.by {
            for (name, by) in by.field("f").ok_or_else(misfit)?.fields() {
                let place = *places.entry(name).or_insert(fields.len());
                match fields.get_mut(place) {
                    Some(field) => {
                        field.is_gone = false;
                        field.by.push(by);
                    }
                    None => fields.push(Field { name, spot: None, by: vec![by], is_gone: false }),
                }
            }
            let gone = by.field("g").map(Spot::is);
            let Some(Is::List(gone)) = gone else { continue };
            for name in gone {
                let name = name.text().ok_or_else(misfit)?;
                let field = places.get(name).and_then(|at| fields.get_mut(*at)).filter(|field| !field.is_gone);
                let field = field.ok_or_else(misfit)?;
                (field.spot, field.is_gone) = (None, true);
                field.by.clear();
            }
        }
        let there = fields.into_iter().filter(|field| !field.is_gone);
        there.map(|field| Ok((field.name, self.below(field.spot, field.by)?))).collect()
    }
}

/// The parts of a list still to be read.
struct Items<'t, 'b> {
    items: Parts<'t>,
    of: Leaf<'t, 'b>,
}

impl<'t> SeqAccess<'t> for Items<'t, '_> {
    type Error = BadRecording;

    fn next_element_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, BadRecording> {
        let Some(spot) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.of.below(Some(spot), Vec::new())?).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.left)
    }
}

/// Items of which some differ.
struct Changed<'t, 'b>(std::vec::IntoIter<Leaf<'t, 'b>>);

impl<'t> SeqAccess<'t> for Changed<'t, '_> {
    type Error = BadRecording;

    fn next_element_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, BadRecording> {
        self.0.next().map(|leaf| seed.deserialize(leaf)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of an object still to be read.
struct Fields<'t, 'b> {
    keys: std::slice::Iter<'t, u32>,
    parts: Parts<'t>,
    of: Leaf<'t, 'b>,
}

impl<'t> MapAccess<'t> for Fields<'t, '_> {
    type Error = BadRecording;

    fn next_key_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, BadRecording> {
        let Some(key) = self.keys.next() else { return Ok(None) };
        let name = self.parts.tree.text(*key);
        self.of.budget.charge(name.len())?;
        seed.deserialize(Name(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, BadRecording> {
        seed.deserialize(self.of.below(self.parts.next(), Vec::new())?)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.keys.len())
    }
}

/// Fields of which some differ.
struct ChangedFields<'t, 'b> {
    fields: std::vec::IntoIter<(&'t str, Leaf<'t, 'b>)>,
    value: Option<Leaf<'t, 'b>>,
}

impl<'t> MapAccess<'t> for ChangedFields<'t, '_> {
    type Error = BadRecording;

    fn next_key_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, BadRecording> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        value.budget.charge(name.len())?;
        self.value = Some(value);
        seed.deserialize(Name(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, BadRecording> {
        seed.deserialize(self.value.take().ok_or_else(misfit)?)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}

/// The name of a field; numbers may be names.
struct Name<'t>(&'t str);

macro_rules! numbers {
    ($($method:ident $visit:ident),*) => {
        $(fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, BadRecording> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        })*
    };
}

impl<'t> Deserializer<'t> for Name<'t> {
    type Error = BadRecording;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, BadRecording> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, BadRecording> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(self, _: &'static str, visitor: V) -> Result<V::Value, BadRecording> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadRecording> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    numbers! {
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32, deserialize_u64 visit_u64
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'t>> bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

impl<'t> Leaf<'t, '_> {
    /// Charges for a value and says what it is.
    fn enter(&self) -> Result<Is<'t>, BadRecording> {
        let is = self.is();
        self.budget.charge(VALUE_BYTES + if let Is::Text(text) = &is { text.len() } else { 0 })?;
        if !self.by.is_empty() && !matches!(is, Is::List(_) | Is::Object(..)) {
            return Err(misfit());
        }
        Ok(is)
    }
}

/// The body of an object, by its kind.
struct OfKind<'t, 'b> {
    kind: &'t str,
    leaf: Leaf<'t, 'b>,
}

impl<'t, 'b> EnumAccess<'t> for OfKind<'t, 'b> {
    type Error = BadRecording;
    type Variant = Leaf<'t, 'b>;

    fn variant_seed<S: DeserializeSeed<'t>>(self, seed: S) -> Result<(S::Value, Leaf<'t, 'b>), BadRecording> {
        Ok((seed.deserialize(BorrowedStrDeserializer::<BadRecording>::new(self.kind))?, self.leaf))
    }
}

impl<'t> VariantAccess<'t> for Leaf<'t, '_> {
    type Error = BadRecording;

    fn unit_variant(self) -> Result<(), BadRecording> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'t>>(self, seed: S) -> Result<S::Value, BadRecording> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'t>>(self, _: usize, visitor: V) -> Result<V::Value, BadRecording> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'t>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, BadRecording> {
        self.deserialize_any(visitor)
    }
}

impl<'t> Deserializer<'t> for Leaf<'t, '_> {
    type Error = BadRecording;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, BadRecording> {
        match self.enter()? {
            Is::Null => visitor.visit_unit(),
            Is::Bool(is) => visitor.visit_bool(is),
            Is::Signed(number) => visitor.visit_i64(number),
            Is::Unsigned(number) => visitor.visit_u64(number),
            // As JSON has it, which knows no other numbers.
            Is::Float(number) if !number.is_finite() => visitor.visit_unit(),
            Is::Float(number) => visitor.visit_f64(number),
            Is::Text(text) => visitor.visit_borrowed_str(text),
            Is::List(parts) if self.by.is_empty() => visitor.visit_seq(Items { items: parts, of: self }),
            Is::List(parts) => visitor.visit_seq(Changed(self.changed_items(parts)?.into_iter())),
            Is::Object(keys, parts) if self.by.is_empty() => {
                visitor.visit_map(Fields { keys: keys.iter(), parts, of: self })
            }
            Is::Object(keys, parts) => {
                let fields = self.changed_fields(keys, parts)?.into_iter();
                visitor.visit_map(ChangedFields { fields, value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, BadRecording> {
        if self.by.is_empty() && matches!(self.is(), Is::Null) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        of: &'static str,
        visitor: V,
    ) -> Result<V::Value, BadRecording> {
        let kind = if of == BODY { self.kind() } else { None };
        match kind {
            Some(kind) => visitor.visit_enum(OfKind { kind, leaf: self }),
            None => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadRecording> {
        match self.enter()? {
            Is::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Is::Object(keys, parts) => {
                let fields = self.changed_fields(keys, parts)?.into_iter();
                visitor.visit_enum(MapAccessDeserializer::new(ChangedFields { fields, value: None }))
            }
            _ => Err(de::Error::custom("a value that is none of several")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, BadRecording> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'t>> bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}
