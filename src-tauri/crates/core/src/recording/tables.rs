//! The tables of [`super::tree`] read back: places in them, and what stands there.

use std::mem::size_of_val;

use super::bytes::Input;
use super::codec::BadRecording;
use super::leaf::{Budget, Leaf};

/// The tables read back.
#[derive(Debug)]
pub(super) struct Tree {
    texts: String,
    /// Where each text ends.
    ends: Vec<u32>,
    shapes: Vec<Vec<u32>>,
    tags: Vec<u8>,
    /// Where the numbers of each value begin.
    at: Vec<u32>,
    numbers: Vec<u8>,
}

/// What one value is.
pub(super) enum Is<'t> {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'t str),
    List(Parts<'t>),
    Object(&'t [u32], Parts<'t>),
}

/// The parts of a list or an object.
#[derive(Clone)]
pub(super) struct Parts<'t> {
    pub tree: &'t Tree,
    of: u32,
    input: Input<'t>,
    pub left: usize,
}

impl<'t> Iterator for Parts<'t> {
    type Item = Spot<'t>;

    #[inline]
    fn next(&mut self) -> Option<Spot<'t>> {
        self.left = self.left.checked_sub(1)?;
        // What was read once is read without fault again.
        let back = self.input.number().ok()?;
        Some(Spot { tree: self.tree, node: self.of - back as u32 })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// A place in a table.
#[derive(Clone, Copy)]
pub(super) struct Spot<'t> {
    tree: &'t Tree,
    node: u32,
}

impl Tree {
    /// Reads the tables [`super::tree::Builder::write`] wrote. Whatever is read later was checked here.
    pub fn read(input: &mut Input<'_>) -> Result<Self, String> {
        let count = input.count("texts")?;
        let lengths: Vec<usize> = (0..count).map(|_| input.count("a text")).collect::<Result<_, _>>()?;
        let (mut texts, mut ends) = (String::new(), Vec::with_capacity(count));
        for length in lengths {
            texts.push_str(input.text(length)?);
            ends.push(u32::try_from(texts.len()).map_err(|_| "has more text than any real one")?);
        }
        texts.shrink_to_fit();
        let count = input.count("shapes")?;
        let shapes = (0..count).map(|_| read_shape(input, ends.len())).collect::<Result<Vec<_>, _>>()?;
        let count = input.count("values")?;
        let tags = input.bytes(count)?.to_vec();
        let all = input.rest();
        let mut at = Vec::with_capacity(count);
        for (index, tag) in tags.iter().enumerate() {
            let begin = all.len() - input.rest().len();
            at.push(u32::try_from(begin).map_err(|_| "has more values than any real one")?);
            check_node(input, *tag, index, ends.len(), &shapes)?;
        }
        let numbers = all[..all.len() - input.rest().len()].to_vec();
        Ok(Self { texts, ends, shapes, tags, at, numbers })
    }

    /// The place of a value.
    pub fn spot(&self, id: u64) -> Result<Spot<'_>, String> {
        let node = u32::try_from(id).ok().filter(|id| (*id as usize) < self.tags.len());
        node.map(|node| Spot { tree: self, node }).ok_or_else(|| "names a value that is not there".to_owned())
    }

    /// The place of a value whose number was read before.
    pub fn at(&self, node: u32) -> Spot<'_> {
        Spot { tree: self, node }
    }

    /// A value as JSON.
    pub fn value(&self, id: u64, budget: &Budget) -> Result<serde_json::Value, BadRecording> {
        Leaf::new(self.spot(id)?, Vec::new(), budget)?.read()
    }

    /// How many bytes it takes in memory.
    pub fn weight(&self) -> usize {
        let shapes: usize = self.shapes.iter().map(|keys| size_of_val(&**keys)).sum();
        self.texts.len()
            + size_of_val(&*self.ends)
            + shapes
            + self.tags.len()
            + size_of_val(&*self.at)
            + self.numbers.len()
    }

    #[inline]
    pub fn text(&self, id: u32) -> &str {
        let id = id as usize;
        let begin = if id == 0 { 0 } else { self.ends[id - 1] as usize };
        &self.texts[begin..self.ends[id] as usize]
    }
}

fn read_shape(input: &mut Input<'_>, texts: usize) -> Result<Vec<u32>, String> {
    let count = input.count("keys")?;
    (0..count).map(|_| input.below(texts, "text")).collect()
}

fn check_node(input: &mut Input<'_>, tag: u8, index: usize, texts: usize, shapes: &[Vec<u32>]) -> Result<(), String> {
    let parts = |input: &mut Input<'_>, count: usize| -> Result<(), String> {
        for _ in 0..count {
            let back = input.number()?;
            if back == 0 || back > index as u64 {
                return Err("has a value that stands before its parts".to_owned());
            }
        }
        Ok(())
    };
    match tag {
        0..=2 => {}
        3..=5 => drop(input.number()?),
        6 => drop(input.below(texts, "text")?),
        7 => {
            let count = input.count("items")?;
            parts(input, count)?;
        }
        8 => {
            let shape = input.below(shapes.len(), "shape")?;
            parts(input, shapes[shape as usize].len())?;
        }
        other => return Err(format!("has a value of unknown kind {other}")),
    }
    Ok(())
}

impl<'t> Spot<'t> {
    /// Its number in its table.
    pub fn node(self) -> u32 {
        self.node
    }

    #[inline]
    pub fn is(self) -> Is<'t> {
        let (tree, node) = (self.tree, self.node as usize);
        let mut input = Input::new(&tree.numbers[tree.at[node] as usize..]);
        let mut number = || input.number().unwrap_or_default();
        match tree.tags[node] {
            1 => Is::Bool(false),
            2 => Is::Bool(true),
            3 => Is::Signed(input.signed().unwrap_or_default()),
            4 => Is::Unsigned(number()),
            5 => Is::Float(f64::from_bits(number())),
            6 => Is::Text(tree.text(number() as u32)),
            7 => {
                let left = number() as usize;
                Is::List(Parts { tree, of: self.node, input, left })
            }
            8 => {
                let keys = &tree.shapes[number() as usize];
                Is::Object(keys, Parts { tree, of: self.node, input, left: keys.len() })
            }
            _ => Is::Null,
        }
    }

    /// A field of an object.
    pub fn field(self, name: &str) -> Option<Self> {
        self.fields().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The fields of an object; none of anything else.
    #[inline]
    pub fn fields(self) -> impl Iterator<Item = (&'t str, Self)> {
        let (keys, parts) = match self.is() {
            Is::Object(keys, parts) => (keys, Some(parts)),
            _ => (&[][..], None),
        };
        keys.iter().map(move |key| self.tree.text(*key)).zip(parts.into_iter().flatten())
    }

    /// The text, where it is one.
    pub fn text(self) -> Option<&'t str> {
        match self.is() {
            Is::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_null(self) -> bool {
        self.tree.tags[self.node as usize] == 0
    }
}
