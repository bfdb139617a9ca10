//! The items of a list, cut out of its body as it comes: a list of everything may be larger than the memory it should take.

/// Cuts a list into its items; what stands around them is kept.
#[derive(Debug, Default)]
pub struct Items {
    around: Vec<u8>,
    item: Vec<u8>,
    depth: u32,
    in_items: bool,
    in_text: bool,
    escaped: bool,
}

/// The depth at which the items lie: in the array that is a field of the list.
const ITEMS: u32 = 2;

impl Items {
    /// Takes a piece of the body and hands out each item it completes.
    pub fn take(&mut self, piece: &[u8], mut each: impl FnMut(&[u8])) {
        for byte in piece {
            let inside = self.in_items && self.depth > ITEMS;
            if self.in_text {
                self.in_text = self.escaped || *byte != b'"';
                self.escaped = !self.escaped && *byte == b'\\';
            } else {
                match byte {
                    b'"' => self.in_text = true,
                    b'[' if self.depth + 1 == ITEMS && names_items(&self.around) => {
                        self.in_items = true;
                        self.depth += 1;
                        self.around.push(b'[');
                        continue;
                    }
                    b'{' | b'[' => {
                        self.depth += 1;
                        if self.in_items && self.depth == ITEMS + 1 {
                            self.item.push(*byte);
                            continue;
                        }
                    }
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if inside && self.depth == ITEMS {
                            self.item.push(*byte);
                            each(&self.item);
                            self.item.clear();
                            continue;
                        }
                        self.in_items &= self.depth >= ITEMS;
                    }
                    _ => {}
                }
            }
            if inside {
                self.item.push(*byte);
            } else if !(self.in_items && *byte == b',') {
                self.around.push(*byte);
            }
        }
    }

    /// The list without its items, to be read as JSON.
    pub fn around(self) -> Vec<u8> {
        self.around
    }
}

fn names_items(before: &[u8]) -> bool {
    before.trim_ascii_end().strip_suffix(b":").is_some_and(|before| before.trim_ascii_end().ends_with(b"\"items\""))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn items_are_the_same_however_the_pieces_are_cut() {
        let items =
            vec![json!({ "a": "}],\"{[\\", "b": [[], { "items": [1, 2] }] }), json!({}), json!({ "ä": "\u{1F30D}" })];
        let list = json!({ "kind": "List", "metadata": { "resourceVersion": "7", "items": [3] }, "items": items, "z": [1, { "items": [{}] }] });
        for text in [list.to_string(), serde_json::to_string_pretty(&list).expect("text")] {
            for size in [1, 2, 7, text.len()] {
                let (mut cut, mut found) = (Items::default(), Vec::new());
                for piece in text.as_bytes().chunks(size) {
                    cut.take(piece, |item| found.push(serde_json::from_slice::<Value>(item).expect("an item")));
                }
                assert_eq!(found, items, "pieces of {size}");
                let around: Value = serde_json::from_slice(&cut.around()).expect("the rest of the list");
                let mut rest = list.clone();
                rest["items"] = json!([]);
                assert_eq!(around, rest, "pieces of {size}");
            }
        }
    }

    #[test]
    fn a_list_without_items_and_half_a_list_hand_out_nothing_that_is_not_whole() {
        let check = |text: &str, expected: usize| {
            let (mut cut, mut found) = (Items::default(), 0);
            cut.take(text.as_bytes(), |_| found += 1);
            assert_eq!(found, expected, "{text}");
        };
        check("{\"items\":null,\"metadata\":{}}", 0);
        check("{\"items\":[]}", 0);
        check("{\"items\":[{\"a\":{}},{\"b\":", 1);
        check("not JSON ] } ] at all [{", 0);
    }
}
