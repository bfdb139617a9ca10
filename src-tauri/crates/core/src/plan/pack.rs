//! The envelope of a scene: `BSC2`, the length of a JSON header as u32, the length of all as u32, four bytes of nothing, the
//! header, then columns of little-endian numbers, each on a boundary of eight bytes. All is a multiple of eight bytes long, so
//! that several may follow one another.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::{Map, Value, json};

use super::weave::Weave;
use crate::id::Text;

/// One column of numbers.
#[derive(Clone, Debug)]
enum Numbers {
    F32(Vec<f32>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    U16(Vec<u16>),
    U8(Vec<u8>),
}

impl Numbers {
    fn name(&self) -> &'static str {
        match self {
            Self::F32(_) => "f32",
            Self::U32(_) => "u32",
            Self::I32(_) => "i32",
            Self::U16(_) => "u16",
            Self::U8(_) => "u8",
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::F32(list) => list.len(),
            Self::U32(list) => list.len(),
            Self::I32(list) => list.len(),
            Self::U16(list) => list.len(),
            Self::U8(list) => list.len(),
        }
    }

    fn size(&self) -> usize {
        let each = match self {
            Self::U8(_) => 1,
            Self::U16(_) => 2,
            Self::F32(_) | Self::U32(_) | Self::I32(_) => 4,
        };
        self.count() * each
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::F32(list) => write_all(out, list, |n| n.to_le_bytes()),
            Self::U32(list) => write_all(out, list, |n| n.to_le_bytes()),
            Self::I32(list) => write_all(out, list, |n| n.to_le_bytes()),
            Self::U16(list) => write_all(out, list, |n| n.to_le_bytes()),
            Self::U8(list) => out.extend_from_slice(list),
        }
    }
}

/// Adds the bytes of each number.
fn write_all<T, const N: usize>(out: &mut Vec<u8>, list: &[T], bytes: impl Fn(&T) -> [u8; N]) {
    let from = out.len();
    out.resize(from + N * list.len(), 0);
    for (place, number) in out[from..].chunks_exact_mut(N).zip(list) {
        place.copy_from_slice(&bytes(number));
    }
}

/// Room before the texts for what comes first, which is known last; as much as it mostly takes.
const FRONT: usize = 4096;

/// What stands before a header.
const PRELUDE: usize = 16;

/// What stands before the texts in a header.
const STRINGS: &str = "\"strings\":";

/// The text of a number, among texts as they stand in a JSON array.
fn told<'t>(texts: &'t str, starts: &[usize], at: u32) -> &'t str {
    let at = at as usize;
    let from = starts.get(at).copied().unwrap_or_default();
    let to = starts.get(at + 1).copied().unwrap_or(texts.len());
    texts.get(from + 1..to.saturating_sub(2)).unwrap_or_default()
}

/// Whether a text stands in JSON otherwise than as it is.
#[allow(clippy::needless_bitwise_bool)]
fn is_escaped(text: &str) -> bool {
    // Every byte is looked at: most texts are plain, and so many bytes are looked at together.
    text.bytes().fold(false, |is, byte| is | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

/// Collects columns and texts, then writes them.
#[derive(Debug, Default)]
pub(super) struct Packer {
    columns: Vec<(&'static str, Numbers)>,
    rows: Map<String, Value>,
    /// Room, then every text once, as it stands in a JSON array with a comma after it, and where each begins.
    texts: String,
    starts: Vec<usize>,
    index: HashTable<u32>,
}

impl Packer {
    /// With room for so many texts.
    pub fn for_texts(many: usize) -> Self {
        let (index, texts) = (HashTable::with_capacity(many), " ".repeat(FRONT));
        Self { texts, index, ..Self::default() }
    }

    /// Says how many rows a table has and which of them are kept; nothing of it where it is the one before.
    pub fn table(&mut self, name: &str, kept: &'static str, weave: &Weave, is_same: bool) {
        self.rows.insert(name.to_owned(), json!(weave.rows()));
        if !is_same {
            self.u32(kept, weave.numbers().map(|n| u32::try_from(n).unwrap_or(u32::MAX)));
        }
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

    pub fn u16(&mut self, name: &'static str, numbers: impl IntoIterator<Item = u16>) {
        self.columns.push((name, Numbers::U16(numbers.into_iter().collect())));
    }

    pub fn u8(&mut self, name: &'static str, numbers: impl IntoIterator<Item = u8>) {
        self.columns.push((name, Numbers::U8(numbers.into_iter().collect())));
    }

    /// A column of texts, each kept once.
    pub fn text<'a>(&mut self, name: &'static str, texts: impl IntoIterator<Item = &'a str>) {
        let numbers = texts.into_iter().map(|text| self.string(text)).collect();
        self.columns.push((name, Numbers::U32(numbers)));
    }

    /// A column of texts that are hardly ever alike: none is looked for among the others.
    pub fn names<'a>(&mut self, name: &'static str, texts: impl IntoIterator<Item = &'a str>) {
        let mut number = |text: &str| {
            let from = self.begin();
            self.texts.push_str(text);
            self.escape(from);
            self.close(from)
        };
        let numbers = texts.into_iter().map(&mut number).collect();
        self.columns.push((name, Numbers::U32(numbers)));
    }

    /// A column of texts of which many are the same one, not only alike.
    pub fn shared<'a>(&mut self, name: &'static str, texts: impl IntoIterator<Item = &'a Text>) {
        let mut known: FxHashMap<*const u8, u32> = FxHashMap::default();
        let number = |text: &'a Text| *known.entry(text.as_ptr()).or_insert_with(|| self.string(text));
        let numbers = texts.into_iter().map(number).collect();
        self.columns.push((name, Numbers::U32(numbers)));
    }

    /// A column of texts that are put together here.
    pub fn spelled<'a, T: 'a>(
        &mut self,
        name: &'static str,
        rows: impl IntoIterator<Item = &'a T>,
        spell: impl Fn(&T, &mut String),
    ) {
        let mut number = |row| {
            let from = self.begin();
            spell(row, &mut self.texts);
            self.end(from)
        };
        let numbers = rows.into_iter().map(&mut number).collect();
        self.columns.push((name, Numbers::U32(numbers)));
    }

    fn string(&mut self, text: &str) -> u32 {
        let from = self.begin();
        self.texts.push_str(text);
        self.end(from)
    }

    /// Opens a text.
    fn begin(&mut self) -> usize {
        let from = self.texts.len();
        self.texts.push('"');
        from
    }

    /// Writes the text that was opened as it stands in JSON.
    fn escape(&mut self, from: usize) {
        let text = self.texts.get(from + 1..).unwrap_or_default();
        if is_escaped(text) {
            let escaped = serde_json::to_string(text).unwrap_or_default();
            self.texts.truncate(from);
            self.texts.push_str(escaped.strip_suffix('"').unwrap_or_default());
        }
    }

    /// Closes the text that was opened, and says its number.
    fn close(&mut self, from: usize) -> u32 {
        let at = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.starts.push(from);
        self.texts.push_str("\",");
        at
    }

    /// Closes the text that was opened, and takes it back where it stands there already.
    fn end(&mut self, from: usize) -> u32 {
        self.escape(from);
        let (known, text) = self.texts.split_at(from);
        let text = text.get(1..).unwrap_or_default();
        let hash = FxBuildHasher.hash_one(text);
        if let Some(at) = self.index.find(hash, |at| told(known, &self.starts, *at) == text) {
            self.texts.truncate(from);
            return *at;
        }
        let at = self.close(from);
        let (texts, starts) = (&self.texts, &self.starts);
        self.index.insert_unique(hash, at, |at| FxBuildHasher.hash_one(told(texts, starts, *at)));
        at
    }

    /// Writes everything, with `header` beside what the packer itself tells in it.
    pub fn finish(self, mut header: Map<String, Value>) -> Vec<u8> {
        // Written by itself: it is nearly all of a header. No text can look like its place: quotes in texts are escaped.
        let strings = self.texts.len().saturating_sub(FRONT + 1);
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
        let longest = spelled(&header).len() + strings + 2 + 12 * self.columns.len();
        let start = (PRELUDE + longest).next_multiple_of(8);
        let (columns, end) = shape(start);
        let end = end.next_multiple_of(8);
        header.insert("columns".to_owned(), columns);
        let text = spelled(&header);
        let (before, after) = text.split_once(STRINGS).unwrap_or((&text, ""));
        let length = |many: usize| u32::try_from(many).unwrap_or(0).to_le_bytes();
        let lengths = [length(start - PRELUDE), length(end), length(0)].concat();
        let first = [b"BSC2", lengths.as_slice(), before.as_bytes(), STRINGS.as_bytes(), b"["].concat();
        // The texts stay where they were written, and the rest comes before and after them.
        let mut out = self.texts.into_bytes();
        out.truncate(FRONT + strings);
        out.splice(..FRONT, first);
        out.reserve_exact(end.saturating_sub(out.len()));
        for part in ["]", after] {
            out.extend_from_slice(part.as_bytes());
        }
        // The last brace of a header may be followed by spaces.
        out.resize(start, b' ');
        for (_, numbers) in &self.columns {
            out.resize(out.len().next_multiple_of(8), 0);
            numbers.write(&mut out);
        }
        out.resize(end, 0);
        out
    }
}
