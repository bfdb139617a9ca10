//! Who manages which field is nearly half of what an API server sends, and nothing here reads it: it is passed over without
//! being read as JSON.

/// Where the list of it stands.
pub(super) const MANAGED: &str = "managedFields";

/// As many bytes as are looked at together.
const BLOCK: usize = 64;

/// Where the bracket stands that closes the list whose inside this is. What is in it need not be JSON.
pub(super) fn end_of_list(inside: &[u8]) -> Option<usize> {
    let mut state = State { depth: 1, in_text: false, is_escaped: false };
    let (blocks, rest) = inside.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        // Brackets and backslashes are seldom, and quotes only have to be even or odd: many bytes in one instruction.
        let (mut quotes, mut special) = (0, 0);
        for byte in block {
            quotes ^= u8::from(*byte == b'"');
            special |= u8::from(byte.wrapping_sub(b'[') <= b']' - b'[');
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

    use super::super::quick::read;
    use super::super::sieve::Json;
    use super::*;

    #[test]
    fn only_lists_of_managed_fields_are_passed_over_unread() {
        let odd = r#"[{"manager":"a\\\"]","fieldsV1":{"k:{\"x\":[1]}":[["f:[","]"],[]]}},01,"]"]"#;
        let page = format!(
            r#"{{"items":[{{"metadata":{{"managedFields":{odd},"name":"a"}},"spec":{{"text":"\"managedFields\":[1"}}}},
            {{"metadata":{{"labels":{{"managedFields":"[x"}},"managedFields":[],"name":"b"}}}}]}}"#
        );
        let page = read(&page).unwrap();
        let Some(Json::List(items)) = page.get("items") else { panic!("{page:?}") };
        let texts = |path: &str| {
            items.iter().map(|item| item.at(path).and_then(Json::as_str).unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(texts("metadata.name"), ["a", "b"]);
        assert_eq!(texts("metadata.labels.managedFields"), ["", "[x"]);
        assert_eq!(texts("spec.text"), ["\"managedFields\":[1", ""]);
        assert!(items.iter().all(|item| item.at("metadata.managedFields").is_none()));
        for text in [
            r#"{"managedFields":[{"a":"]"}"#,
            r#"{"managedFields":["#,
            r#"{"managedFields":[[]}"#,
            r#"{"managedFields":01}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = "[a-cX-_\"\\\\]{0,9}";
        let leaf = prop_oneof![Just(Value::Null), any::<i8>().prop_map(Value::from), text.prop_map(Value::from)];
        leaf.prop_recursive(5, 80, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(text, inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_list_ends_at_its_own_bracket(items in prop::collection::vec(any_value(), 0..9), after in "[\\[\\]\"\\\\a]{0,80}") {
            let list = json!(items).to_string();
            let inside = format!("{}{after}", &list[1..]);
            prop_assert_eq!(end_of_list(inside.as_bytes()), Some(list.len() - 2));
            prop_assert_eq!(end_of_list(&inside.as_bytes()[..list.len() - 2]), None);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let end = end_of_list(&bytes);
            prop_assert!(end.is_none_or(|end| bytes[end] == b']'));
        }
    }
}
