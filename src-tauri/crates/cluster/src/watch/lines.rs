//! The body of a watch: JSON objects, one on a line, in pieces that know nothing of lines.

use broadstreet_core::resource::Json;
use serde::Deserialize;

/// A line longer than this is no object of Kubernetes (etcd's own limit is 1.5 MB).
const LONGEST_LINE: usize = 64 << 20;

/// One event of a watch.
#[derive(Debug, Deserialize)]
pub struct WatchLine<'a> {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    pub r#type: String,
    /// The object, or a `Status`.
    #[serde(borrow)]
    pub object: Json<'a>,
}

impl<'a> WatchLine<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// For one that is no event, with the parser's words.
    pub fn read(line: &'a [u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| format!("a line of the watch is no event: {error}"))
    }
}

/// Collects pieces and cuts lines.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    searched: usize,
}

impl Lines {
    /// Takes a piece and hands out the lines it completes. What follows the last newline waits for more: half a line at
    /// the end of a stream was never sent whole, and the next watch starts before it.
    ///
    /// # Errors
    /// For a line that does not end.
    pub fn take(&mut self, piece: &[u8]) -> Vec<Result<Vec<u8>, String>> {
        self.bytes.extend_from_slice(piece);
        let mut lines = Vec::new();
        let mut start = 0;
        while let Some(length) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') {
            let end = self.searched + length;
            let line = self.bytes[start..end].trim_ascii();
            if !line.is_empty() {
                lines.push(Ok(line.to_vec()));
            }
            start = end + 1;
            self.searched = start;
        }
        self.bytes.drain(..start);
        self.searched = self.bytes.len();
        if self.bytes.len() > LONGEST_LINE {
            self.bytes = Vec::new();
            self.searched = 0;
            lines.push(Err(format!("a line of the watch has more than {LONGEST_LINE} bytes")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_pieces_are_cut() {
        let big = "x".repeat(1 << 20);
        let text = format!(
            "{{\"type\":\"ADDED\",\"object\":{{\"n\":\"ä\"}}}}\n\r\n{{\"type\":\"MODIFIED\",\"object\":\"{big}\"}}\n{{\"type\":\"ADD"
        );
        for size in [1, 3, 7, 4096, text.len()] {
            let mut lines = Lines::default();
            let found: Vec<_> = text.as_bytes().chunks(size).flat_map(|piece| lines.take(piece)).collect();
            let found: Vec<Vec<u8>> = found.into_iter().collect::<Result<_, _>>().expect("lines");
            let found: Vec<WatchLine> = found.iter().map(|line| WatchLine::read(line).expect("an event")).collect();
            assert_eq!(found.len(), 2, "pieces of {size}");
            assert_eq!(found[0].object.get("n").and_then(Json::as_str), Some("ä"));
            assert_eq!(found[1].object.as_str().map(str::len), Some(1 << 20));
        }
    }

    #[test]
    fn a_line_that_is_no_event_is_an_error_and_the_next_is_read() {
        let found = Lines::default().take(b"<html>\n{\"type\":\"BOOKMARK\",\"object\":{}}\n");
        let read = |at: usize| WatchLine::read(found[at].as_deref().expect("a line"));
        assert!(read(0).is_err_and(|why| why.contains("no event")));
        assert!(read(1).is_ok_and(|line| line.r#type == "BOOKMARK"));
    }
}
