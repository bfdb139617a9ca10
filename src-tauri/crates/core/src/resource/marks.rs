//! UIDs and resource versions: every object has one of each, nearly all of one form, which takes no memory of its own.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Text;

/// `metadata.uid`. Ordered as its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Uid {
    /// A UUID, written as the API server writes it.
    Uuid([u8; 16]),
    /// Anything else; empty where it was not told.
    Other(Text),
}

/// `metadata.resourceVersion`, opaque.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// A number, written as one writes it.
    Number(u64),
    /// Anything else; empty where it was not told.
    Other(Text),
}

/// Where a UUID has its dashes.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl Uid {
    /// True where it was not told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Other(text) if text.is_empty())
    }

    /// The first eight bytes of its text as a number, in the same order.
    #[must_use]
    pub fn beginning(&self) -> u64 {
        match self {
            Self::Uuid(bytes) => {
                // A digit in each byte, the highest first; above nine they are letters.
                let mut digits = (u128::from_be_bytes(*bytes) >> 96) as u64;
                digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF;
                digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF;
                digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F;
                let letters = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
                digits + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'0' - 10)
            }
            Self::Other(text) => {
                let mut first = [0; 8];
                first.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
                u64::from_be_bytes(first)
            }
        }
    }
}

impl Version {
    /// True where it was not told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Other(text) if text.is_empty())
    }
}

impl Default for Uid {
    fn default() -> Self {
        Self::Other(Text::new())
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::Other(Text::new())
    }
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    if DASHES.iter().any(|at| text[*at] != b'-') {
        return None;
    }
    let value = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (mut bytes, mut at) = ([0; 16], 0);
    for byte in &mut bytes {
        at += usize::from(DASHES.contains(&at));
        *byte = value(text[at])? << 4 | value(text[at + 1])?;
        at += 2;
    }
    Some(bytes)
}

impl From<&str> for Uid {
    fn from(text: &str) -> Self {
        uuid(text).map_or_else(|| Self::Other(text.into()), Self::Uuid)
    }
}

impl From<&str> for Version {
    fn from(text: &str) -> Self {
        let plain = !text.starts_with(['0', '+']) || text == "0";
        match text.parse() {
            Ok(number) if plain => Self::Number(number),
            _ => Self::Other(text.into()),
        }
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write!(f, "{dash}{byte:02x}")?;
                }
                Ok(())
            }
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Ord for Uid {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Other(a), Self::Other(b)) => a.cmp(b),
            _ => self.to_string().cmp(&other.to_string()),
        }
    }
}

impl PartialOrd for Uid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Uid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Text::deserialize(deserializer)?.as_str().into())
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Text::deserialize(deserializer)?.as_str().into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_uid() -> impl Strategy<Value = String> {
        let near = "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        prop_oneof![
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            near,
            "[0-9a-f-]{36}",
            "[a-z-]{0,4}"
        ]
    }

    proptest! {
        #[test]
        fn they_are_told_as_they_were_read(uid in any_uid(), version in "[+0-9a]{0,21}", number in any::<u64>()) {
            prop_assert_eq!(Uid::from(uid.as_str()).to_string(), uid);
            prop_assert_eq!(Version::from(version.as_str()).to_string(), version);
            prop_assert_eq!(Version::from(number.to_string().as_str()), Version::Number(number));
        }

        #[test]
        fn uids_stand_in_the_order_of_their_texts(a in any_uid(), b in any_uid()) {
            let (one, other) = (Uid::from(a.as_str()), Uid::from(b.as_str()));
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
            prop_assert_eq!(one == other, a == b);
            let first = |text: &str| text.bytes().chain([0; 8]).take(8).fold(0, |all, byte| all << 8 | u64::from(byte));
            prop_assert_eq!((one.beginning(), other.beginning()), (first(&a), first(&b)));
            prop_assert!(one.beginning() == other.beginning() || (one.beginning() < other.beginning()) == (a < b));
        }
    }

    #[test]
    fn the_usual_form_takes_no_memory_of_its_own() {
        assert!(matches!(Uid::from("11111111-2222-4333-8444-55555555abcd"), Uid::Uuid(_)));
        assert!(matches!(Uid::from("11111111-2222-4333-8444-55555555ABCD"), Uid::Other(_)));
        assert!(Uid::from("").is_empty() && Version::from("").is_empty());
        assert!((size_of::<Uid>(), size_of::<Version>()) == (24, 16));
    }
}
