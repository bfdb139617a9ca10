//! Who manages which field is nearly half of what an API server sends, and nothing here reads it: it is left out of the
//! bytes before they are read as JSON.

use memchr::memmem;

/// How an API server begins the list. What stands so in a text of somebody has its quotes escaped.
const BEGINS: &[u8] = b"\"managedFields\":[";

/// As many bytes as are looked at together.
const BLOCK: usize = 64;

/// Empties every list of managed fields in JSON that was written without spaces. What is no JSON stays none, unless it is
/// so in such a list.
pub fn trim(text: &mut Vec<u8>) {
    let finder = memmem::Finder::new(BEGINS);
    let (mut read, mut written) = (0, 0);
    while let Some(found) = finder.find(&text[read..]) {
        let inside = read + found + BEGINS.len();
        let is_key = read + found == 0 || text[read + found - 1] != b'\\';
        let skipped = match is_key.then(|| end_of_list(&text[inside..])) {
            Some(Some(skipped)) => skipped,
            Some(None) => break,
            None => 0,
        };
        text.copy_within(read..inside, written);
        written += inside - read;
        read = inside + skipped;
    }
    text.copy_within(read.., written);
    text.truncate(written + text.len() - read);
}

/// Where the bracket stands that closes the list whose inside this is.
fn end_of_list(inside: &[u8]) -> Option<usize> {
    let mut state = State { depth: 1, in_text: false, is_escaped: false };
    let (blocks, rest) = inside.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        // Brackets and backslashes are seldom, and quotes only have to be even or odd: many bytes in one instruction.
        let (mut quotes, mut special) = (0, 0);
        for byte in block {
            quotes ^= u8::from(*byte == b'"');
            special |= u8::from(*byte & 0xf8 == b'[' & 0xf8);
        }
        if special == 0 && !state.is_escaped {
            state.in_text ^= quotes == 1;
        } else if let Some(at) = state.end_in(block) {
            return Some(number * BLOCK + at);
        }
    }
    state.end_in(rest).map(|at| blocks.len() * BLOCK + at)
}

/// Where in JSON a byte stands.
struct State {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

impl State {
    /// Goes on, as far as the bracket that closes the outermost list.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.is_escaped {
                self.is_escaped = false;
                continue;
            }
            match byte {
                b'"' => self.in_text = !self.in_text,
                b'\\' => self.is_escaped = self.in_text,
                b'[' if !self.in_text => self.depth += 1,
                b']' if !self.in_text => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn trimmed(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        trim(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    /// The same by reading everything.
    fn emptied(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(emptied).collect(),
            Value::Object(fields) => {
                let kept = |(key, value): (&String, &Value)| match value {
                    Value::Array(_) if key == "managedFields" => (key.clone(), json!([])),
                    _ => (key.clone(), emptied(value)),
                };
                Value::Object(fields.iter().map(kept).collect())
            }
            other => other.clone(),
        }
    }

    #[test]
    fn only_lists_of_managed_fields_are_emptied() {
        let fields = json!([{"manager": "a\\\"]", "fieldsV1": {"k:{\"x\":[1]}": [["f:[", "]"], []]}}]);
        let page = json!({"items": [
            {"metadata": {"managedFields": fields, "name": "a"}, "spec": {"text": "\"managedFields\":[1"}},
            {"metadata": {"labels": {"managedFields": "[x"}, "managedFields": [], "name": "b"}}]});
        assert_eq!(trimmed(&page.to_string()), emptied(&page).to_string());
        let key = r#"{"odd\"managedFields":[1,2],"managedFields":[3]}"#;
        assert_eq!(trimmed(key), r#"{"odd\"managedFields":[1,2],"managedFields":[]}"#);
    }

    #[test]
    fn half_an_answer_stays_half_an_answer() {
        for text in [r#"{"managedFields":[{"a":"]"#, r#"{"managedFields":["#, r#"{"managedFields":[[]"#] {
            assert_eq!(trimmed(text), text);
        }
        assert_eq!(trimmed(""), "");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = "[a-cX-_\"\\\\]{0,9}";
        let leaf = prop_oneof![Just(Value::Null), any::<i8>().prop_map(Value::from), text.prop_map(Value::from)];
        leaf.prop_recursive(5, 80, 6, move |inner| {
            let key = prop_oneof![2 => text.prop_map(String::from), 1 => Just("managedFields".to_owned())];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_rest_is_as_it_was(value in any_value()) {
            prop_assert_eq!(trimmed(&value.to_string()), emptied(&value).to_string());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut text = [BEGINS, &bytes, BEGINS, &bytes].concat();
            trim(&mut text);
            prop_assert!(text.starts_with(BEGINS));
        }
    }
}
