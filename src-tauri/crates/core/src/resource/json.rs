//! Reading JSON the way the API server writes it: absent and null are the same, another type is an error.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, NaiveDate};
use rustc_hash::{FxBuildHasher, FxHasher};

use super::Labels;
use super::sieve::Json;
use crate::id::Text;
use crate::time::Moment;

/// Messages are kept up to this many characters.
pub(super) const LONGEST_MESSAGE: usize = 300;

/// A place in the JSON with the ways we read from it. Absent and null are the same; another type is malformed.
#[derive(Clone, Copy)]
pub(super) struct At<'a>(pub(super) &'a Json<'a>);

/// As many texts as a thread keeps, and the longest of them.
const TEXTS_KEPT: usize = 4096;
const LONGEST_KEPT: usize = 64;

/// A text as it is kept: the same piece of memory as of late, where it was said of late. What lies side by side in a list
/// says the same again and again.
pub(super) fn said(text: &str) -> Text {
    thread_local! {
        static SAID: RefCell<Vec<Text>> = RefCell::new(vec![Text::new(); TEXTS_KEPT]);
    }
    if text.is_empty() || text.len() > LONGEST_KEPT {
        return Text::from(text);
    }
    let place = FxBuildHasher.hash_one(text) as usize % TEXTS_KEPT;
    SAID.with_borrow_mut(|kept| {
        let kept = &mut kept[place];
        if kept != text {
            *kept = Text::from(text);
        }
        kept.clone()
    })
}

/// As many sets of labels as a thread keeps.
const LABELS_KEPT: usize = 256;

/// Labels as they are kept: those of late, where they are the same; none are kept once.
pub(super) fn kept(labels: Labels) -> Arc<Labels> {
    static NONE: LazyLock<Arc<Labels>> = LazyLock::new(Arc::default);
    thread_local! {
        static KEPT: RefCell<Vec<Arc<Labels>>> = RefCell::new(vec![Arc::default(); LABELS_KEPT]);
    }
    if labels.is_empty() {
        return Arc::clone(&NONE);
    }
    let mut hasher = FxHasher::default();
    for (key, value) in labels.iter() {
        (key, value).hash(&mut hasher);
    }
    let place = hasher.finish() as usize % LABELS_KEPT;
    KEPT.with_borrow_mut(|kept| {
        let kept = &mut kept[place];
        if **kept != labels {
            *kept = Arc::new(labels);
        }
        Arc::clone(kept)
    })
}

/// What is made of each place of a list, in no more room than it takes.
pub(super) fn gather<I: ExactSizeIterator, T>(items: I, mut make: impl FnMut(I::Item) -> Read<T>) -> Read<Vec<T>> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        all.push(make(item)?);
    }
    Ok(all)
}

/// The places of a list.
pub(super) type Items<'a> = std::iter::Map<std::slice::Iter<'a, Json<'a>>, fn(&'a Json<'a>) -> At<'a>>;

/// What was read, or why it could not be.
pub(super) type Read<T> = Result<T, String>;

impl<'a> At<'a> {
    /// The value at a dotted path.
    pub(super) fn get(self, path: &str) -> At<'a> {
        At(self.0.at(path).unwrap_or(&Json::Null))
    }

    /// Text; empty where there is none.
    pub(super) fn text(self, path: &str) -> Read<String> {
        self.read(path).map(str::to_owned)
    }

    /// Text where it was read from; empty where there is none.
    pub(super) fn read(self, path: &str) -> Read<&'a str> {
        match self.get(path).0 {
            Json::Null => Ok(""),
            Json::Text(text) => Ok(text),
            other => Err(format!("`{path}` is {} where text is expected", type_of(other))),
        }
    }

    /// Text as it is kept, where others say the same.
    pub(super) fn word(self, path: &str) -> Read<Text> {
        self.read(path).map(said)
    }

    /// Text as it is kept, where nobody else says the same.
    pub(super) fn own_word(self, path: &str) -> Read<Text> {
        self.read(path).map(Text::from)
    }

    /// Text or a number as text: ports, quantities.
    pub(super) fn scalar(self, path: &str) -> Read<String> {
        match self.get(path).0 {
            Json::Whole(number) => Ok(number.to_string()),
            Json::Real(number) => Ok(number.to_string()),
            _ => self.text(path),
        }
    }

    /// A whole number.
    pub(super) fn number(self, path: &str) -> Read<Option<i64>> {
        match self.get(path).0 {
            Json::Null => Ok(None),
            Json::Whole(number) => Ok(Some(*number)),
            Json::Real(_) => Err(format!("`{path}` is not a whole number")),
            other => Err(format!("`{path}` is {} where a number is expected", type_of(other))),
        }
    }

    /// A whole number; 0 where there is none.
    pub(super) fn count(self, path: &str) -> Read<i64> {
        Ok(self.number(path)?.unwrap_or_default())
    }

    /// True or false.
    pub(super) fn flag(self, path: &str) -> Read<Option<bool>> {
        match self.get(path).0 {
            Json::Null => Ok(None),
            Json::True => Ok(Some(true)),
            Json::False => Ok(Some(false)),
            other => Err(format!("`{path}` is {} where true or false is expected", type_of(other))),
        }
    }

    /// True or false; false where there is none.
    pub(super) fn yes(self, path: &str) -> Read<bool> {
        Ok(self.flag(path)?.unwrap_or_default())
    }

    /// A time of RFC 3339.
    pub(super) fn moment(self, path: &str) -> Read<Option<Moment>> {
        let text = self.read(path)?;
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(moment) = whole_second(text) {
            return Ok(Some(moment));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|at| Some(at.to_utc()))
            .map_err(|_| format!("`{path}` is no time: `{text}`"))
    }

    /// A list; empty where there is none.
    pub(super) fn list(self, path: &str) -> Read<Items<'a>> {
        let items: &[Json<'a>] = match self.get(path).0 {
            Json::Null => &[],
            Json::List(items) => items,
            other => return Err(format!("`{path}` is {} where a list is expected", type_of(other))),
        };
        Ok(items.iter().map(At))
    }

    /// A list of texts.
    pub(super) fn texts(self, path: &str) -> Read<Vec<String>> {
        self.list(path)?
            .map(|item| item.0.as_str().map(str::to_owned).ok_or_else(|| format!("`{path}` holds {}", type_of(item.0))))
            .collect()
    }

    /// A map of texts; other values in it are left out.
    pub(super) fn map(self, path: &str) -> Read<Labels> {
        match self.get(path).0 {
            Json::Null => Ok(Labels::new()),
            Json::Map(fields) => {
                let texts = fields.iter().filter_map(|(key, value)| Some((key, value.as_str()?)));
                let mut pairs: Vec<(Text, Text)> = Vec::with_capacity(texts.clone().count());
                pairs.extend(texts.map(|(key, value)| (said(key), said(value))));
                // The API server writes its maps in order.
                Ok(if pairs.is_sorted_by(|(a, _), (b, _)| a < b) {
                    Labels::from_sorted_store_unchecked(pairs)
                } else {
                    pairs.into_iter().collect()
                })
            }
            other => Err(format!("`{path}` is {} where a map is expected", type_of(other))),
        }
    }

    /// True where there is anything.
    pub(super) fn has(self, path: &str) -> bool {
        !self.get(path).0.is_null()
    }

    /// Text for a person, shortened.
    pub(super) fn message(self, path: &str) -> Read<Text> {
        let text = self.read(path)?;
        let end = match text.len() {
            ..=LONGEST_MESSAGE => text.len(),
            _ => text.char_indices().nth(LONGEST_MESSAGE).map_or(text.len(), |(at, _)| at),
        };
        Ok(said(&text[..end]))
    }
}

/// A time as the API server writes nearly all of them: `2026-03-01T08:00:00Z`.
fn whole_second(text: &str) -> Option<Moment> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let is_one = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if is_one.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
    };
    let date =
        NaiveDate::from_ymd_opt(number(&bytes[..4])?.cast_signed(), number(&bytes[5..7])?, number(&bytes[8..10])?)?;
    let (hour, minute, second) = (number(&bytes[11..13])?, number(&bytes[14..16])?, number(&bytes[17..19])?);
    Some(date.and_hms_opt(hour, minute, second)?.and_utc())
}

fn type_of(value: &Json<'_>) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::True | Json::False => "true or false",
        Json::Whole(_) | Json::Real(_) => "a number",
        Json::Text(_) => "text",
        Json::List(_) => "a list",
        Json::Map(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_rfc_3339_says() {
        for text in [
            "2026-03-01T08:00:00Z",
            "2024-02-29T23:59:59Z",
            "2026-02-29T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-03-01T08:00:00.5Z",
            "2026-03-01 08:00:00Z",
            "+026-03-01T08:00:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            let read = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
            let json = Json::Text(text.into());
            assert_eq!(At(&Json::Map(vec![("at".into(), json)])).moment("at").ok().flatten(), read, "{text}");
            if let Some(moment) = whole_second(text) {
                assert_eq!(Some(moment), read, "{text}");
            }
        }
        assert!(whole_second("2026-03-01T08:00:00Z").is_some());
    }
}
