//! JSON values as a table in which every distinct value stands once.
//!
//! Objects of a cluster repeat themselves: a pod that restarts differs from itself in three numbers, and from its
//! siblings in a name. So texts, the key lists of objects ("shapes") and whole sub-values are interned, and a change
//! costs only the path from its root to what differs. Children stand before their parents.

use std::collections::HashMap;

use serde_json::{Number, Value};

use super::bytes::{put, put_signed};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    Null,
    False,
    True,
    Signed(i64),
    Unsigned(u64),
    /// The bits of the number, so that equality is identity.
    Float(u64),
    Text(u32),
    List(Vec<u32>),
    Object(u32, Vec<u32>),
}

/// Collects values, each distinct one once.
#[derive(Default)]
pub(super) struct Builder {
    texts: Vec<String>,
    text_ids: HashMap<String, u32>,
    shapes: Vec<Vec<u32>>,
    shape_ids: HashMap<Vec<u32>, u32>,
    nodes: Vec<Node>,
    node_ids: HashMap<Node, u32>,
}

impl Builder {
    /// Adds a value, answers its number.
    pub fn add(&mut self, value: &Value) -> u32 {
        let node = match value {
            Value::Null => Node::Null,
            Value::Bool(false) => Node::False,
            Value::Bool(true) => Node::True,
            Value::Number(number) => number_node(number),
            Value::String(text) => Node::Text(self.text(text)),
            Value::Array(items) => Node::List(items.iter().map(|item| self.add(item)).collect()),
            Value::Object(fields) => {
                let keys: Vec<u32> = fields.keys().map(|key| self.text(key)).collect();
                let values = fields.values().map(|field| self.add(field)).collect();
                Node::Object(self.shape(keys), values)
            }
        };
        if let Some(id) = self.node_ids.get(&node) {
            return *id;
        }
        let id = self.nodes.len() as u32;
        self.nodes.push(node.clone());
        self.node_ids.insert(node, id);
        id
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(id) = self.text_ids.get(text) {
            return *id;
        }
        let id = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.text_ids.insert(text.to_owned(), id);
        id
    }

    fn shape(&mut self, keys: Vec<u32>) -> u32 {
        if let Some(id) = self.shape_ids.get(&keys) {
            return *id;
        }
        let id = self.shapes.len() as u32;
        self.shapes.push(keys.clone());
        self.shape_ids.insert(keys, id);
        id
    }

    /// Writes the tables: texts, shapes, then nodes as a column of tags and a column of numbers.
    pub fn write(&self, out: &mut Vec<u8>) {
        put(out, self.texts.len() as u64);
        for text in &self.texts {
            put(out, text.len() as u64);
        }
        for text in &self.texts {
            out.extend_from_slice(text.as_bytes());
        }
        put(out, self.shapes.len() as u64);
        for keys in &self.shapes {
            put(out, keys.len() as u64);
            keys.iter().for_each(|key| put(out, u64::from(*key)));
        }
        put(out, self.nodes.len() as u64);
        out.extend(self.nodes.iter().map(tag));
        for (index, node) in self.nodes.iter().enumerate() {
            // Children are told by how far back they stand, which repeats from object to object.
            let back = |child: &u32| index as u64 - u64::from(*child);
            match node {
                Node::Null | Node::False | Node::True => {}
                Node::Signed(number) => put_signed(out, *number),
                Node::Unsigned(number) | Node::Float(number) => put(out, *number),
                Node::Text(text) => put(out, u64::from(*text)),
                Node::List(children) => {
                    put(out, children.len() as u64);
                    children.iter().for_each(|child| put(out, back(child)));
                }
                Node::Object(shape, children) => {
                    put(out, u64::from(*shape));
                    children.iter().for_each(|child| put(out, back(child)));
                }
            }
        }
    }
}

fn number_node(number: &Number) -> Node {
    match (number.as_i64(), number.as_u64()) {
        (Some(signed), _) => Node::Signed(signed),
        (None, Some(unsigned)) => Node::Unsigned(unsigned),
        (None, None) => Node::Float(number.as_f64().unwrap_or_default().to_bits()),
    }
}

fn tag(node: &Node) -> u8 {
    match node {
        Node::Null => 0,
        Node::False => 1,
        Node::True => 2,
        Node::Signed(_) => 3,
        Node::Unsigned(_) => 4,
        Node::Float(_) => 5,
        Node::Text(_) => 6,
        Node::List(_) => 7,
        Node::Object(..) => 8,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::recording::bytes::Input;
    use crate::recording::leaf::Budget;
    use crate::recording::tables::Tree;

    fn round_trip(values: &[Value]) -> (Vec<Value>, usize) {
        let mut builder = Builder::default();
        let ids: Vec<u32> = values.iter().map(|value| builder.add(value)).collect();
        let mut bytes = Vec::new();
        builder.write(&mut bytes);
        let mut input = Input::new(&bytes);
        let (tree, budget) = (Tree::read(&mut input).unwrap(), Budget::default());
        assert!(input.is_empty());
        (ids.iter().map(|id| tree.value(u64::from(*id), &budget).unwrap()).collect(), bytes.len())
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-c]{0,2}", inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_values_come_back(values in prop::collection::vec(any_value(), 0..8)) {
            prop_assert_eq!(round_trip(&values).0, values);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(tree) = Tree::read(&mut Input::new(&bytes)) {
                for id in 0..4 {
                    let _ = tree.value(id, &Budget::of(1 << 20));
                }
            }
        }
    }

    #[test]
    fn a_value_that_repeats_costs_a_few_bytes() {
        let object =
            |n: u32| json!({"name": format!("pod-{n}"), "labels": {"app": "cart"}, "ready": true, "list": [1, 2, 3]});
        let few: Vec<Value> = (0..10).map(object).collect();
        let many: Vec<Value> = (0..110).map(object).collect();
        let per_object = (round_trip(&many).1 - round_trip(&few).1) / 100;
        assert!(per_object < 24, "{per_object} bytes");
    }

    #[test]
    fn shared_values_cannot_unfold_without_end() {
        let mut builder = Builder::default();
        let mut id = builder.add(&json!("a text of some length, repeated"));
        for _ in 0..60 {
            let node = Node::List(vec![id, id]);
            id = builder.nodes.len() as u32;
            builder.nodes.push(node);
        }
        let mut bytes = Vec::new();
        builder.write(&mut bytes);
        let tree = Tree::read(&mut Input::new(&bytes)).unwrap();
        let error = tree.value(u64::from(id), &Budget::of(1 << 20)).unwrap_err();
        assert!(error.to_string().contains("unfolds"), "{error}");
    }
}
