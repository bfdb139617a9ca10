//! The envelope of a scene: `BSC1`, the length of a JSON header as u32, the header, then columns of little-endian
//! numbers, each on a boundary of eight bytes.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use serde::Serializer as _;
use serde_json::{Map, Value, json};

/// One column of numbers.
#[derive(Clone, Debug)]
enum Numbers {
    F32(Vec<f32>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    U8(Vec<u8>),
}

impl Numbers {
    fn name(&self) -> &'static str {
        match self {
            Self::F32(_) => "f32",
            Self::U32(_) => "u32",
            Self::I32(_) => "i32",
            Self::U8(_) => "u8",
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::F32(list) => list.len(),
            Self::U32(list) => list.len(),
            Self::I32(list) => list.len(),
            Self::U8(list) => list.len(),
        }
    }

    fn size(&self) -> usize {
        self.count() * if matches!(self, Self::U8(_)) { 1 } else { 4 }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::F32(list) => list.iter().for_each(|n| out.extend(n.to_le_bytes())),
            Self::U32(list) => list.iter().for_each(|n| out.extend(n.to_le_bytes())),
            Self::I32(list) => list.iter().for_each(|n| out.extend(n.to_le_bytes())),
            Self::U8(list) => out.extend(list),
        }
    }
}

/// What stands before the texts in a header.
const STRINGS: &str = "\"strings\":";

/// The text of a number.
fn told<'t>(texts: &'t str, starts: &[usize], at: u32) -> &'t str {
    let at = at as usize;
    let from = starts.get(at).copied().unwrap_or_default();
    texts.get(from..starts.get(at + 1).copied().unwrap_or(texts.len())).unwrap_or_default()
}

/// Collects columns and texts, then writes them.
#[derive(Debug, Default)]
pub(super) struct Packer {
    columns: Vec<(&'static str, Numbers)>,
    rows: Map<String, Value>,
    /// Every text once, one after the other, and where each begins.
    texts: String,
    starts: Vec<usize>,
    index: HashTable<u32>,
}

impl Packer {
    /// Says how many rows a table has.
    pub fn table(&mut self, name: &str, rows: usize) {
        self.rows.insert(name.to_owned(), json!(rows));
    }

    pub fn f32(&mut self, name: &'static str, numbers: impl IntoIterator<Item = f32>) {
        self.columns.push((name, Numbers::F32(numbers.into_iter().collect())));
    }

    pub fn u32(&mut self, name: &'static str, numbers: impl IntoIterator<Item = u32>) {
        self.columns.push((name, Numbers::U32(numbers.into_iter().collect())));
    }

    pub fn i32(&mut self, name: &'static str, numbers: impl IntoIterator<Item = i32>) {
        self.columns.push((name, Numbers::I32(numbers.into_iter().collect())));
    }

    pub fn u8(&mut self, name: &'static str, numbers: impl IntoIterator<Item = u8>) {
        self.columns.push((name, Numbers::U8(numbers.into_iter().collect())));
    }

    /// A column of texts, each kept once.
    pub fn text<'a>(&mut self, name: &'static str, texts: impl IntoIterator<Item = &'a str>) {
        let numbers = texts.into_iter().map(|text| self.string(text)).collect();
        self.columns.push((name, Numbers::U32(numbers)));
    }

    fn string(&mut self, text: &str) -> u32 {
        let hash = FxBuildHasher.hash_one(text);
        if let Some(at) = self.index.find(hash, |at| told(&self.texts, &self.starts, *at) == text) {
            return *at;
        }
        let at = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.starts.push(self.texts.len());
        self.texts.push_str(text);
        let (texts, starts) = (&self.texts, &self.starts);
        self.index.insert_unique(hash, at, |at| FxBuildHasher.hash_one(told(texts, starts, *at)));
        at
    }

    /// Every text as a JSON array.
    fn strings(&self) -> String {
        let numbers = 0..u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        let mut out = Vec::with_capacity(self.texts.len() + 4 * self.starts.len() + 2);
        let written =
            serde_json::Serializer::new(&mut out).collect_seq(numbers.map(|at| told(&self.texts, &self.starts, at)));
        debug_assert!(written.is_ok(), "memory takes whatever is written to it");
        String::from_utf8(out).unwrap_or_default()
    }

    /// Writes everything, with `header` beside what the packer itself tells in it.
    pub fn finish(self, mut header: Map<String, Value>) -> Vec<u8> {
        // Written by itself: it is nearly all of a header. No text can look like its place: quotes in texts are escaped.
        let strings = self.strings();
        header.insert("rows".to_owned(), Value::Object(self.rows));
        header.insert("strings".to_owned(), Value::Null);
        let spelled = |header: &Map<String, Value>| {
            let text = serde_json::to_string(header).unwrap_or_default();
            text.replacen(&format!("{STRINGS}null"), STRINGS, 1)
        };
        let shape = |start: usize| {
            let mut at = start;
            let mut entries = Vec::new();
            for (name, numbers) in &self.columns {
                at = at.next_multiple_of(8);
                entries.push(json!({"name": name, "type": numbers.name(), "offset": at, "count": numbers.count()}));
                at += numbers.size();
            }
            (Value::Array(entries), at)
        };
        // Offsets count from the first byte, and their digits stand in the header before them: the header takes room
        // for the longest, and spaces fill what is left over.
        header.insert("columns".to_owned(), shape(0).0);
        let longest = spelled(&header).len() + strings.len() + 12 * self.columns.len();
        let start = (8 + longest).next_multiple_of(8);
        let (columns, end) = shape(start);
        header.insert("columns".to_owned(), columns);
        let text = spelled(&header);
        let (before, after) = text.split_once(STRINGS).unwrap_or((&text, ""));
        let mut out = Vec::with_capacity(end);
        out.extend(b"BSC1");
        out.extend(u32::try_from(start - 8).unwrap_or(0).to_le_bytes());
        for part in [before, STRINGS, &strings, after] {
            out.extend(part.as_bytes());
        }
        // The last brace of a header may be followed by spaces.
        out.resize(start, b' ');
        for (_, numbers) in &self.columns {
            out.resize(out.len().next_multiple_of(8), 0);
            numbers.write(&mut out);
        }
        out
    }
}
