//! The quick way to read JSON: one pass over a text as API servers write it. Whatever else there may be in a text is left to
//! `serde_json`, which says too what is wrong with one.

use std::borrow::Cow;

use super::managed::{MANAGED, end_of_list};
use super::sieve::{Json, Place};

/// Deeper than this nothing is read here.
const DEEPEST: usize = 100;

/// So many digits fit into a whole number, whatever they are.
const DIGITS: usize = 18;

/// As `serde_json` reads it, or nothing.
pub(super) fn read(text: &str) -> Option<Json<'_>> {
    let mut reader = Reader::of(text);
    reader.value("", Place::Named, 0)?;
    reader.skip_spaces();
    let (_, json) = reader.open.pop().filter(|_| reader.at == text.len())?;
    Some(json)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// What was read of maps and lists that have not ended, those within others last; in a list without names. How large one
    /// is is known when it ends.
    open: Vec<(Cow<'a, str>, Json<'a>)>,
}

/// The field of a list in which its objects lie.
const ITEMS: &str = "items";

/// A list of objects as an API server writes it, read object by object, so that one of them is held at a time.
pub struct Listing<'a> {
    reader: Reader<'a>,
    is_begun: bool,
    /// True where something odd was found.
    is_odd: bool,
    is_read: bool,
}

impl<'a> Listing<'a> {
    /// Begins to read a list. Nothing where no objects are found: then it is to be read whole.
    #[must_use]
    pub fn begin(text: &'a str) -> Option<Self> {
        let mut reader = Reader::of(text);
        reader.expect(b'{')?;
        if reader.ends(b'}', 1)? {
            return None;
        }
        while reader.field()? {
            if reader.is_last(b'}')? {
                return None;
            }
        }
        Some(Self { reader, is_begun: false, is_odd: false, is_read: false })
    }

    /// A field that stands before the objects.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.reader.open.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The next object; none at the end, and where anything is odd.
    fn item(&mut self) -> Option<Json<'a>> {
        self.is_odd = true;
        let ends = if self.is_begun { self.reader.is_last(b']')? } else { self.reader.ends(b']', 2)? };
        self.is_begun = true;
        if !ends {
            self.reader.value("", Place::Named.below(ITEMS), 2)?;
        }
        self.is_odd = false;
        if ends { None } else { self.reader.open.pop().map(|(_, item)| item) }
    }

    /// The list without its objects, once they were read. Nothing where anything in it is odd, so that objects may be
    /// lacking: then all of it is to be read whole.
    #[must_use]
    pub fn rest(mut self) -> Option<Json<'a>> {
        while self.next().is_some() {}
        let reader = &mut self.reader;
        while !self.is_odd && !reader.is_last(b'}')? {
            if !reader.field()? {
                return None; // objects twice
            }
        }
        reader.skip_spaces();
        let is_whole = !self.is_odd && reader.at == reader.text.len();
        is_whole.then(|| Json::Map(std::mem::take(&mut reader.open)))
    }
}

impl<'a> Iterator for Listing<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        if self.is_read {
            return None;
        }
        let item = self.item();
        self.is_read = item.is_none();
        item
    }
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, open: Vec::new() }
    }

    /// Reads a field of a list; false where its objects begin.
    fn field(&mut self) -> Option<bool> {
        self.begin_text()?;
        let key = self.plain_text()?;
        self.expect(b':')?;
        self.skip_spaces();
        if key == ITEMS && self.peek() == Some(b'[') {
            self.at += 1;
            return Some(false);
        }
        if Place::Named.wants(key) {
            self.value(key, Place::Named.below(key), 1)?;
        } else {
            self.pass(1)?;
        }
        Some(true)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        if self.peek()? <= b' ' {
            self.skip_spaces();
        }
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The rest of a word of JSON's own.
    fn word(&mut self, rest: &str) -> Option<()> {
        let is_it = self.bytes.get(self.at..)?.starts_with(rest.as_bytes());
        self.at += rest.len();
        is_it.then_some(())
    }

    /// By itself, so that its arguments stay in registers.
    #[inline(never)]
    fn put_text(&mut self, name: &'a str, text: &'a str) {
        self.open.push((Cow::Borrowed(name), Json::Text(Cow::Borrowed(text))));
    }

    /// Reads a value into what is open.
    fn value(&mut self, name: &'a str, place: Place, depth: usize) -> Option<()> {
        match self.next()? {
            b'"' => {
                if let Some(text) = self.plain_text() {
                    self.put_text(name, text);
                } else {
                    let text = self.escaped_text()?;
                    self.open.push((Cow::Borrowed(name), Json::Text(Cow::Owned(text))));
                }
            }
            b'{' => {
                let from = self.open.len();
                self.map(place, depth + 1)?;
                let fields = self.open.drain(from..).collect();
                self.open.push((Cow::Borrowed(name), Json::Map(fields)));
            }
            b'[' => {
                let from = self.open.len();
                self.list(place, depth + 1)?;
                let items = self.open.drain(from..).map(|(_, item)| item).collect();
                self.open.push((Cow::Borrowed(name), Json::List(items)));
            }
            b't' => {
                self.word("rue")?;
                self.open.push((Cow::Borrowed(name), Json::True));
            }
            b'f' => {
                self.word("alse")?;
                self.open.push((Cow::Borrowed(name), Json::False));
            }
            b'n' => {
                self.word("ull")?;
                self.open.push((Cow::Borrowed(name), Json::Null));
            }
            _ => {
                let number = self.number()?;
                self.open.push((Cow::Borrowed(name), number));
            }
        }
        Some(())
    }

    /// Passes over a value, which must be one.
    fn pass(&mut self, depth: usize) -> Option<()> {
        match self.next()? {
            b'"' => self.pass_text(),
            b'{' => {
                if self.ends(b'}', depth)? {
                    return Some(());
                }
                loop {
                    self.begin_text()?;
                    self.pass_text()?;
                    self.expect(b':')?;
                    self.pass(depth + 1)?;
                    if self.is_last(b'}')? {
                        return Some(());
                    }
                }
            }
            b'[' => {
                if self.ends(b']', depth)? {
                    return Some(());
                }
                loop {
                    self.pass(depth + 1)?;
                    if self.is_last(b']')? {
                        return Some(());
                    }
                }
            }
            b't' => self.word("rue"),
            b'f' => self.word("alse"),
            b'n' => self.word("ull"),
            _ => self.number().map(drop),
        }
    }

    fn map(&mut self, place: Place, depth: usize) -> Option<()> {
        if self.ends(b'}', depth)? {
            return Some(());
        }
        loop {
            self.begin_text()?;
            let key = self.plain_text()?;
            self.expect(b':')?;
            if place.wants(key) {
                self.value(key, place.below(key), depth)?;
            } else if key == MANAGED && self.peek() == Some(b'[') {
                self.at += 1;
                self.at += end_of_list(self.bytes.get(self.at..)?)? + 1;
            } else {
                self.pass(depth)?;
            }
            if self.is_last(b'}')? {
                return Some(());
            }
        }
    }

    fn list(&mut self, place: Place, depth: usize) -> Option<()> {
        if self.ends(b']', depth)? {
            return Some(());
        }
        loop {
            self.value("", place, depth)?;
            if self.is_last(b']')? {
                return Some(());
            }
        }
    }

    /// Whether a map or a list that began ends at once.
    fn ends(&mut self, end: u8, depth: usize) -> Option<bool> {
        if self.peek()? <= b' ' {
            self.skip_spaces();
        }
        if depth > DEEPEST {
            return None;
        }
        let ends = self.peek()? == end;
        self.at += usize::from(ends);
        Some(ends)
    }

    /// Whether a map or a list ends after a value.
    fn is_last(&mut self, end: u8) -> Option<bool> {
        match self.next()? {
            b',' => Some(false),
            byte => (byte == end).then_some(true),
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn begin_text(&mut self) -> Option<()> {
        self.expect(b'"')
    }

    /// The rest of a text in which nothing is escaped.
    fn plain_text(&mut self) -> Option<&'a str> {
        let (from, end) = (self.at, self.special(self.at)?);
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(from..end)
    }

    /// The rest of a text, which may say something else than it means.
    fn escaped_text(&mut self) -> Option<String> {
        let from = self.at - 1;
        self.pass_text()?;
        serde_json::from_str(self.text.get(from..self.at)?).ok()
    }

    /// Passes over the rest of a text.
    fn pass_text(&mut self) -> Option<()> {
        loop {
            let at = self.special(self.at)?;
            self.at = at + 1;
            match self.bytes.get(at)? {
                b'"' => return Some(()),
                b'\\' => {
                    let escaped = self.peek()?;
                    self.at += 1;
                    match escaped {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            let digits = self.bytes.get(self.at..self.at + 4)?;
                            self.at += 4;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    /// Where the next quote, backslash or byte that may not stand in a text is.
    fn special(&self, from: usize) -> Option<usize> {
        const ONES: u64 = u64::from_le_bytes([1; 8]);
        let is_zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
        let mut at = from;
        // Eight bytes in one: of those that are found wrongly none is the first.
        while let Some(eight) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let eight = u64::from_le_bytes(*eight);
            let quotes = is_zero(eight ^ (ONES * u64::from(b'"')));
            let backslashes = is_zero(eight ^ (ONES * u64::from(b'\\')));
            let low = eight.wrapping_sub(ONES * 0x20) & !eight;
            let found = (quotes | backslashes | low) & (ONES << 7);
            if found != 0 {
                return Some(at + found.trailing_zeros() as usize / 8);
            }
            at += 8;
        }
        let rest = self.bytes.get(at..)?;
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\') || *byte < 0x20;
        rest.iter().position(is_special).map(|found| at + found)
    }

    /// A number whose first byte was taken.
    fn number(&mut self) -> Option<Json<'a>> {
        let from = self.at - 1;
        let rest = self.bytes.get(from..)?;
        let is_below = rest.first() == Some(&b'-');
        let digits = rest.get(usize::from(is_below)..)?;
        let count = digits.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        let is_plain = match digits {
            [b'0', ..] => count == 1 && !is_below,
            _ => (1..=DIGITS).contains(&count),
        };
        if is_plain && !matches!(digits.get(count), Some(b'.' | b'e' | b'E')) {
            let number = digits[..count].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
            self.at = from + usize::from(is_below) + count;
            return Some(Json::Whole(if is_below { -number } else { number }));
        }
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        self.at = from + length;
        serde_json::from_str(self.text.get(from..self.at)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let text = "[a-cä\u{1}\"\\\\/\n ]{0,20}";
        let number = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
        ];
        let leaf =
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number, text.prop_map(Value::from),];
        leaf.prop_recursive(5, 80, 6, move |inner| {
            let named =
                prop::sample::select(vec!["managedFields", "labels", "annotations", "resources", "data", "name"]);
            let key = prop_oneof!["[a-cä/ ]{0,20}".prop_map(String::from), named.prop_map(str::to_owned)];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn slowly(text: &str) -> Option<Json<'_>> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn what_is_no_json_is_not_read() {
        for text in [
            "",
            " ",
            "nul",
            "nulll",
            "truefalse",
            "01",
            "-",
            "-01",
            "1.",
            "1e",
            ".5",
            "+1",
            "1 2",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\n\"",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,]",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "[1}",
            "{\"resources\":01}",
            "{\"resources\":\"\\q\"}",
            "{\"resources\":[1,]}",
            "\u{feff}1",
        ] {
            assert_eq!((read(text), slowly(text)), (None, None), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        assert_eq!((read(&deep), slowly(&deep)), (None, None));
    }

    #[test]
    fn numbers_are_those_that_stand_there() {
        for text in [
            "0",
            "-0",
            "7",
            "-7",
            "999999999999999999",
            "-999999999999999999",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "18446744073709551616",
            "0.1",
            "-1.5e-7",
            "1E400",
            "1e3",
        ] {
            assert_eq!(read(text), slowly(text), "{text}");
        }
        assert_eq!(read("[7,-7]"), Some(Json::List(vec![Json::Whole(7), Json::Whole(-7)])));
    }

    #[test]
    fn what_is_odd_is_left_to_serde() {
        let text = r#"{"a\tname":1}"#;
        assert_eq!((read(text), Json::read(text).ok()), (None, slowly(text)));
        let deep = format!("{}{}", "[".repeat(110), "]".repeat(110));
        assert_eq!((read(&deep), Json::read(&deep).ok()), (None, slowly(&deep)));
        assert!(slowly(&deep).is_some());
        let told = |text| Json::read(text).unwrap_err().to_string();
        assert_eq!(told("[1,]"), serde_json::from_str::<Json<'_>>("[1,]").unwrap_err().to_string());
    }

    #[test]
    fn a_text_is_not_copied_unless_something_in_it_is_escaped() {
        let json = read(r#"{"plain":"ä b","escaped":"ä\tb"}"#).unwrap();
        assert!(matches!(json.get("plain"), Some(Json::Text(Cow::Borrowed("ä b")))));
        assert_eq!(json.get("escaped"), Some(&Json::Text("ä\tb".into())));
    }

    /// A list read object by object, put together again.
    fn listed(text: &str) -> Option<Json<'_>> {
        let mut listing = Listing::begin(text)?;
        let items: Vec<Json<'_>> = listing.by_ref().collect();
        let mut list = listing.rest()?;
        if let Json::Map(fields) = &mut list {
            fields.push((Cow::Borrowed(ITEMS), Json::List(items)));
        }
        Some(list)
    }

    fn in_order(list: Option<Json<'_>>) -> Option<Json<'_>> {
        let mut list = list?;
        let items = list.take(ITEMS)?;
        if let Json::Map(fields) = &mut list {
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields.push((Cow::Borrowed(ITEMS), items));
        }
        Some(list)
    }

    #[test]
    fn what_stands_before_the_objects_of_a_list_is_known_before_they_are_read() {
        let text = r#"{"kind":"PodList","metadata":{"continue":"a-b"},"items":[{"a":1},{"b":[]}],"more":true}"#;
        let mut listing = Listing::begin(text).unwrap();
        assert_eq!(listing.get("metadata").and_then(|it| it.get("continue")).and_then(Json::as_str), Some("a-b"));
        assert_eq!(listing.next().and_then(|item| item.get("a").cloned()), Some(Json::Whole(1)));
        assert_eq!(listing.rest().and_then(|list| list.get("more").cloned()), Some(Json::True));
        for none in ["{}", "[]", "7", "", r#"{"items":null}"#, r#"{"metadata":{"items":[{}]}}"#, r#"{"items":{}}"#] {
            assert!(Listing::begin(none).is_none(), "{none}");
        }
        for odd in [
            r#"{"items":[{}]"#,
            r#"{"items":[{},]}"#,
            r#"{"items":[{}"#,
            r#"{"items":[],"items":[]}"#,
            r#"{"items":[]}x"#,
        ] {
            assert!(Listing::begin(odd).unwrap().rest().is_none(), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn a_list_read_object_by_object_is_the_list(before in any_value(), items in prop::collection::vec(any_value(), 0..4), after in any_value(), cut in any::<prop::sample::Index>()) {
            let list = json!({"a": before, "items": items, "z": after});
            for text in [list.to_string(), serde_json::to_string_pretty(&list).unwrap()] {
                prop_assert_eq!(in_order(listed(&text)), in_order(slowly(&text)));
                prop_assert!(in_order(listed(&text)).is_some());
                let end = text.char_indices().nth(cut.index(text.chars().count())).map_or(0, |(at, _)| at);
                prop_assert_eq!(listed(&text[..end]), None, "half a list");
            }
        }

        #[test]
        fn whatever_is_json_is_read_as_serde_reads_it(value in any_value()) {
            for text in [json!({"metadata": value}).to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let quick = read(&text);
                prop_assert!(quick.is_some());
                prop_assert_eq!(quick, slowly(&text));
            }
        }

        #[test]
        fn whatever_is_read_serde_reads_so_too(value in any_value(), at in any::<prop::sample::Index>(), byte in "[\\[\\]{},:\"\\\\0-9eE.+\\- a-z\n]") {
            let text = value.to_string();
            let place = text.char_indices().nth(at.index(text.chars().count())).map_or(0, |(at, _)| at);
            let (before, after) = text.split_at(place);
            let rest = after.chars().skip(1).collect::<String>();
            for broken in [format!("{before}{byte}{after}"), format!("{before}{byte}{rest}"), format!("{before}{rest}")] {
                // What stands in such a list need not be JSON.
                if let Some(quick) = read(&broken).filter(|_| !broken.contains(MANAGED)) {
                    prop_assert_eq!(Some(quick), slowly(&broken));
                }
            }
        }
    }
}
