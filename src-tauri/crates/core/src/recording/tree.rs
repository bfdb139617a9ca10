//! JSON values as a table in which every distinct value stands once.
//!
//! Objects of a cluster repeat themselves: a pod that restarts differs from itself in three numbers, and from its
//! siblings in a name. So texts, the key lists of objects ("shapes") and whole sub-values are interned, and a change
//! costs only the path from its root to what differs. Children stand before their parents.

use serde_json::{Number, Value};

use super::bytes::{put, put_signed};
use crate::world::{Numbers, hash_of};

/// A stretch of numbers that others stand beside.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: usize,
    to: usize,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    Null,
    False,
    True,
    Signed(i64),
    Unsigned(u64),
    /// The bits of the number, so that equality is identity.
    Float(u64),
    Text(u32),
    List(Span),
    Object(u32, Span),
}

/// Collects values, each distinct one once.
#[derive(Default)]
pub(super) struct Builder {
    /// All texts one after the other, and where each ends.
    letters: String,
    ends: Vec<usize>,
    texts: Numbers<u32>,
    /// The keys of each shape, and the children of each value, one after the other.
    parts: Vec<u32>,
    shapes: Vec<Span>,
    shape_numbers: Numbers<u32>,
    nodes: Vec<Node>,
    numbers: Numbers<u32>,
    /// The keys and children found so far of what is being added.
    open: Vec<u32>,
}

impl Builder {
    /// Adds a value, answers its number.
    pub fn add(&mut self, value: &Value) -> u32 {
        match value {
            Value::Null => self.leaf(Node::Null),
            Value::Bool(false) => self.leaf(Node::False),
            Value::Bool(true) => self.leaf(Node::True),
            Value::Number(number) => self.leaf(number_node(number)),
            Value::String(text) => {
                let text = self.text(text);
                self.leaf(Node::Text(text))
            }
            Value::Array(items) => {
                let from = self.open.len();
                for item in items {
                    let item = self.add(item);
                    self.open.push(item);
                }
                self.branch(None, from)
            }
            Value::Object(fields) => {
                let keys = self.open.len();
                for key in fields.keys() {
                    let key = self.text(key);
                    self.open.push(key);
                }
                let from = self.open.len();
                for field in fields.values() {
                    let field = self.add(field);
                    self.open.push(field);
                }
                let shape = self.shape(keys, from);
                let node = self.branch(Some(shape), from);
                self.open.truncate(keys);
                node
            }
        }
    }

    /// A value without children.
    fn leaf(&mut self, node: Node) -> u32 {
        let bits = match node {
            Node::Null | Node::False | Node::True | Node::List(_) | Node::Object(..) => 0,
            Node::Signed(number) => number.cast_unsigned(),
            Node::Unsigned(number) | Node::Float(number) => number,
            Node::Text(text) => u64::from(text),
        };
        let hash = hash_of((tag(&node), bits));
        let nodes = &self.nodes;
        let is_it = |id: u32| match (nodes[id as usize], node) {
            (Node::Null, Node::Null) | (Node::False, Node::False) | (Node::True, Node::True) => true,
            (Node::Signed(a), Node::Signed(b)) => a == b,
            (Node::Unsigned(a), Node::Unsigned(b)) | (Node::Float(a), Node::Float(b)) => a == b,
            (Node::Text(a), Node::Text(b)) => a == b,
            _ => false,
        };
        if let Some(id) = self.numbers.find(hash, is_it) {
            return id;
        }
        self.enter(hash, node)
    }

    /// A list, or an object of a shape, of the children that are open from here on.
    fn branch(&mut self, shape: Option<u32>, from: usize) -> u32 {
        let children = &self.open[from..];
        let hash = hash_of((shape, children));
        let is_it = |id: u32| match (self.nodes[id as usize], shape) {
            (Node::List(span), None) => self.parts[span.from..span.to] == *children,
            (Node::Object(known, span), Some(shape)) => known == shape && self.parts[span.from..span.to] == *children,
            _ => false,
        };
        let known = self.numbers.find(hash, is_it);
        let id = known.unwrap_or_else(|| {
            let span = self.keep(from, self.open.len());
            self.enter(hash, shape.map_or(Node::List(span), |shape| Node::Object(shape, span)))
        });
        self.open.truncate(from);
        id
    }

    fn enter(&mut self, hash: u32, node: Node) -> u32 {
        let id = self.nodes.len() as u32;
        self.nodes.push(node);
        self.numbers.insert(hash, id);
        id
    }

    /// Keeps what is open from here to there.
    fn keep(&mut self, from: usize, to: usize) -> Span {
        let first = self.parts.len();
        self.parts.extend_from_slice(&self.open[from..to]);
        Span { from: first, to: self.parts.len() }
    }

    fn text(&mut self, text: &str) -> u32 {
        let hash = hash_of(text);
        if let Some(id) = self.texts.find(hash, |id| self.text_of(id) == text) {
            return id;
        }
        let id = self.ends.len() as u32;
        self.letters.push_str(text);
        self.ends.push(self.letters.len());
        self.texts.insert(hash, id);
        id
    }

    fn text_of(&self, id: u32) -> &str {
        let at = id as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.letters[from..self.ends[at]]
    }

    /// The shape of the keys that are open from here to there.
    fn shape(&mut self, from: usize, to: usize) -> u32 {
        let keys = &self.open[from..to];
        let hash = hash_of(keys);
        let is_it = |id: u32| {
            let Span { from, to } = self.shapes[id as usize];
            self.parts[from..to] == *keys
        };
        if let Some(id) = self.shape_numbers.find(hash, is_it) {
            return id;
        }
        let id = self.shapes.len() as u32;
        let span = self.keep(from, to);
        self.shapes.push(span);
        self.shape_numbers.insert(hash, id);
        id
    }

    /// Writes the tables: texts, shapes, then nodes as a column of tags and a column of numbers.
    pub fn write(&self, out: &mut Vec<u8>) {
        put(out, self.ends.len() as u64);
        let mut from = 0;
        for end in &self.ends {
            put(out, (end - from) as u64);
            from = *end;
        }
        out.extend_from_slice(self.letters.as_bytes());
        put(out, self.shapes.len() as u64);
        for Span { from, to } in &self.shapes {
            put(out, (to - from) as u64);
            self.parts[*from..*to].iter().for_each(|key| put(out, u64::from(*key)));
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
                Node::List(Span { from, to }) => {
                    put(out, (to - from) as u64);
                    self.parts[*from..*to].iter().for_each(|child| put(out, back(child)));
                }
                Node::Object(shape, Span { from, to }) => {
                    put(out, u64::from(*shape));
                    self.parts[*from..*to].iter().for_each(|child| put(out, back(child)));
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
            builder.open = vec![id, id];
            id = builder.branch(None, 0);
        }
        let mut bytes = Vec::new();
        builder.write(&mut bytes);
        let tree = Tree::read(&mut Input::new(&bytes)).unwrap();
        let error = tree.value(u64::from(id), &Budget::of(1 << 20)).unwrap_err();
        assert!(error.to_string().contains("unfolds"), "{error}");
    }
}
