//! What containers printed: lines of several containers in one bounded buffer, numbered as they came.
//!
//! Lines come late and out of order between containers; whoever shows them sorts by time, then by number. Nothing of
//! this is recorded unless a person pins it.

use std::collections::VecDeque;

use crate::time::Moment;

/// The most lines kept; the oldest to arrive make room.
pub const MOST_LINES: usize = 20_000;

/// The most bytes kept.
pub const MOST_BYTES: usize = 16 << 20;

/// The longest line kept, in bytes; what is beyond is cut off and counted.
pub const LONGEST_LINE: usize = 16 << 10;

/// One line as a container printed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the kubelet took it, where it says so (RFC 3339 before the text).
    pub at: Option<Moment>,
    /// The text without its line end, at most [`LONGEST_LINE`] bytes.
    pub text: String,
    /// How many bytes of it were cut off.
    pub cut: usize,
}

impl LogLine {
    /// Reads a line of `pods/log` with `timestamps=true`. A line without a time, as a container that could not start
    /// leaves, is all text. Bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn read(line: &[u8]) -> Self {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let kept = &line[..line.len().min(LONGEST_LINE + 64)];
        let text = String::from_utf8_lossy(kept);
        let (at, rest) = match text.split_once(' ') {
            Some((stamp, rest)) => match chrono::DateTime::parse_from_rfc3339(stamp) {
                Ok(at) => (Some(at.to_utc()), rest),
                Err(_) => (None, &*text),
            },
            None => match chrono::DateTime::parse_from_rfc3339(&text) {
                Ok(at) => (Some(at.to_utc()), ""),
                Err(_) => (None, &*text),
            },
        };
        let end = (0..=rest.len().min(LONGEST_LINE)).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(0);
        Self { at, text: rest[..end].to_owned(), cut: (rest.len() - end) + (line.len() - kept.len()) }
    }
}

/// A line in the buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLine {
    /// Its number, from 1, in the order of arrival.
    pub number: u64,
    /// Which container printed it: its place in the list of streams.
    pub stream: usize,
    /// The line.
    pub line: LogLine,
}

/// Lines of several containers, bounded in number and bytes.
#[derive(Clone, Debug, Default)]
pub struct LogBook {
    lines: VecDeque<KeptLine>,
    bytes: usize,
    last: u64,
}

impl LogBook {
    /// Takes a line of a stream.
    pub fn take(&mut self, stream: usize, line: LogLine) {
        self.last += 1;
        self.bytes += line.text.len();
        self.lines.push_back(KeptLine { number: self.last, stream, line });
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            let Some(old) = self.lines.pop_front() else { break };
            self.bytes -= old.line.text.len();
        }
    }

    /// The lines that came after number `after`, at most `limit`, in the order of arrival.
    pub fn since(&self, after: u64, limit: usize) -> impl Iterator<Item = &KeptLine> {
        let from = self.lines.partition_point(|kept| kept.number <= after);
        self.lines.range(from..).take(limit)
    }

    /// The number of the last line that came; 0 before the first.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How many lines made room for others.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.last - self.lines.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(line: &[u8], at: Option<&str>, text: &str) {
        let read = LogLine::read(line);
        let at = at.map(|at| chrono::DateTime::parse_from_rfc3339(at).expect("a time").to_utc());
        assert_eq!((read.at, read.text.as_str(), read.cut), (at, text, 0));
    }

    #[test]
    fn a_line_is_a_time_and_a_text() {
        check(
            b"2026-03-04T14:32:05.123456789Z cart: no route to redis\r\n",
            Some("2026-03-04T14:32:05.123456789Z"),
            "cart: no route to redis",
        );
        check(b"2026-03-04T14:32:05Z \n", Some("2026-03-04T14:32:05Z"), "");
        check(b"2026-03-04T14:32:05+01:00  two spaces", Some("2026-03-04T13:32:05Z"), " two spaces");
        check(b"unable to retrieve container logs", None, "unable to retrieve container logs");
        check(b"", None, "");
        check(b"a\xffb", None, "a\u{fffd}b");
    }

    #[test]
    fn a_line_without_an_end_is_cut_and_says_by_how_much() {
        let long = format!("2026-03-04T14:32:05Z {}", "ä".repeat(LONGEST_LINE));
        let read = LogLine::read(long.as_bytes());
        assert!(read.text.len() <= LONGEST_LINE && read.cut > 0);
        assert!(read.text.chars().all(|c| c == 'ä' || c == '\u{fffd}'));
    }

    proptest! {
        #[test]
        fn the_buffer_is_bounded_and_a_cursor_misses_nothing_that_is_kept(
            lengths in prop::collection::vec(0_usize..3_000, 0..400),
            step in 1_usize..50,
        ) {
            let mut book = LogBook::default();
            for (n, length) in lengths.iter().enumerate() {
                book.take(n % 3, LogLine { at: None, text: "x".repeat(*length), cut: 0 });
            }
            prop_assert!(book.lines.len() <= MOST_LINES && book.bytes <= MOST_BYTES);
            let (mut after, mut seen) = (0, Vec::new());
            while let Some(number) = book.since(after, step).last().map(|kept| kept.number) {
                seen.extend(book.since(after, step).map(|kept| kept.number));
                after = number;
            }
            prop_assert_eq!(seen, (book.dropped() + 1..=book.last()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_oldest_lines_make_room_and_are_counted() {
        let mut book = LogBook::default();
        for _ in 0..MOST_LINES + 5 {
            book.take(0, LogLine { at: None, text: String::new(), cut: 0 });
        }
        assert_eq!(
            (book.dropped(), book.last(), book.since(0, 1).next().map(|it| it.number)),
            (5, MOST_LINES as u64 + 5, Some(6))
        );
    }
}
