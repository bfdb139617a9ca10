//! JSON values as a table in which every distinct value stands once.
//!
//! Objects of a cluster repeat themselves: a pod that restarts differs from itself in three numbers, and from its
//! siblings in a name. So texts, the key lists of objects ("shapes") and whole sub-values are interned, and a change
//! costs only the path from its root to what differs. Children stand before their parents.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

/// How deep a value may nest; Kubernetes objects reduced here stay below 12.
const MAX_DEPTH: usize = 128;

/// How many bytes of memory a recording may unfold to, roughly: shared values could otherwise be made to unfold without
/// end. A keyframe of a cluster with 5,000 nodes stays below a third of it.
const MAX_UNFOLDED: usize = 2 << 30;

/// What one value costs in memory beside its text.
const VALUE_BYTES: usize = 64;

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

/// The tables read back; hands out values.
pub(super) struct Tree {
    texts: Vec<String>,
    shapes: Vec<Vec<u32>>,
    nodes: Vec<Node>,
    /// Bytes that may still be unfolded.
    left: usize,
}

impl Tree {
    /// Reads the tables [`Builder::write`] wrote.
    pub fn read(input: &mut Input<'_>) -> Result<Self, String> {
        let count = input.count("texts")?;
        let lengths: Vec<usize> = (0..count).map(|_| input.count("a text")).collect::<Result<_, _>>()?;
        let texts = lengths.into_iter().map(|length| input.text(length)).collect::<Result<Vec<_>, _>>()?;
        let count = input.count("shapes")?;
        let shapes = (0..count).map(|_| read_shape(input, texts.len())).collect::<Result<Vec<_>, _>>()?;
        let count = input.count("values")?;
        let tags = input.bytes(count)?;
        let mut nodes = Vec::with_capacity(count);
        for (index, tag) in tags.iter().enumerate() {
            nodes.push(read_node(input, *tag, index, texts.len(), &shapes)?);
        }
        Ok(Self { texts, shapes, nodes, left: MAX_UNFOLDED })
    }

    /// The value with this number.
    pub fn value(&mut self, id: u64) -> Result<Value, String> {
        let id =
            usize::try_from(id).ok().filter(|id| *id < self.nodes.len()).ok_or("names a value that is not there")?;
        unfold(&self.texts, &self.shapes, &self.nodes, id, 0, &mut self.left)
    }
}

fn read_shape(input: &mut Input<'_>, texts: usize) -> Result<Vec<u32>, String> {
    let count = input.count("keys")?;
    (0..count).map(|_| input.below(texts, "text")).collect()
}

fn read_node(input: &mut Input<'_>, tag: u8, index: usize, texts: usize, shapes: &[Vec<u32>]) -> Result<Node, String> {
    let child = |input: &mut Input<'_>| -> Result<u32, String> {
        let back = input.number()?;
        match (index as u64).checked_sub(back) {
            Some(child) if back > 0 => Ok(child as u32),
            _ => Err("has a value that stands before its parts".to_owned()),
        }
    };
    Ok(match tag {
        0 => Node::Null,
        1 => Node::False,
        2 => Node::True,
        3 => Node::Signed(input.signed()?),
        4 => Node::Unsigned(input.number()?),
        5 => Node::Float(input.number()?),
        6 => Node::Text(input.below(texts, "text")?),
        7 => {
            let count = input.count("items")?;
            Node::List((0..count).map(|_| child(input)).collect::<Result<_, _>>()?)
        }
        8 => {
            let shape = input.below(shapes.len(), "shape")?;
            let count = shapes[shape as usize].len();
            Node::Object(shape, (0..count).map(|_| child(input)).collect::<Result<_, _>>()?)
        }
        other => return Err(format!("has a value of unknown kind {other}")),
    })
}

fn unfold(
    texts: &[String],
    shapes: &[Vec<u32>],
    nodes: &[Node],
    id: usize,
    depth: usize,
    left: &mut usize,
) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("nests deeper than {MAX_DEPTH}"));
    }
    charge(left, VALUE_BYTES)?;
    Ok(match &nodes[id] {
        Node::Null => Value::Null,
        Node::False => Value::Bool(false),
        Node::True => Value::Bool(true),
        Node::Signed(number) => Value::from(*number),
        Node::Unsigned(number) => Value::from(*number),
        Node::Float(bits) => Number::from_f64(f64::from_bits(*bits)).map_or(Value::Null, Value::Number),
        Node::Text(text) => {
            let text = &texts[*text as usize];
            charge(left, text.len())?;
            Value::String(text.clone())
        }
        Node::List(children) => Value::Array(
            children
                .iter()
                .map(|child| unfold(texts, shapes, nodes, *child as usize, depth + 1, left))
                .collect::<Result<_, _>>()?,
        ),
        Node::Object(shape, children) => {
            let keys = &shapes[*shape as usize];
            keys.iter().try_for_each(|key| charge(left, texts[*key as usize].len()))?;
            let mut fields = Map::new();
            for (key, child) in keys.iter().zip(children) {
                let field = unfold(texts, shapes, nodes, *child as usize, depth + 1, left)?;
                fields.insert(texts[*key as usize].clone(), field);
            }
            Value::Object(fields)
        }
    })
}

fn charge(left: &mut usize, bytes: usize) -> Result<(), String> {
    *left = left.checked_sub(bytes).ok_or("unfolds to more memory than any real one")?;
    Ok(())
}

/// Appends a number, seven bits a byte, lowest first.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a signed number, small ones of both signs short.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Bytes being read.
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("ends in the middle")?;
        self.rest = rest;
        Ok(taken)
    }

    fn text(&mut self, length: usize) -> Result<String, String> {
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "has a text that is not UTF-8".to_owned())
    }

    pub fn number(&mut self) -> Result<u64, String> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("has a number that does not end".to_owned())
    }

    pub fn signed(&mut self) -> Result<i64, String> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A count of things that take at least a byte each, so that a lie is found before memory is taken for it.
    pub fn count(&mut self, of: &str) -> Result<usize, String> {
        let number = self.number()?;
        usize::try_from(number)
            .ok()
            .filter(|count| *count <= self.rest.len())
            .ok_or_else(|| format!("claims {number} for {of}, more than it has bytes"))
    }

    fn below(&mut self, limit: usize, what: &str) -> Result<u32, String> {
        let number = self.number()?;
        usize::try_from(number)
            .ok()
            .filter(|number| *number < limit)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| format!("names {what} {number} of {limit}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn round_trip(values: &[Value]) -> (Vec<Value>, usize) {
        let mut builder = Builder::default();
        let ids: Vec<u32> = values.iter().map(|value| builder.add(value)).collect();
        let mut bytes = Vec::new();
        builder.write(&mut bytes);
        let mut input = Input::new(&bytes);
        let mut tree = Tree::read(&mut input).unwrap();
        assert!(input.is_empty());
        (ids.iter().map(|id| tree.value(u64::from(*id)).unwrap()).collect(), bytes.len())
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
            if let Ok(mut tree) = Tree::read(&mut Input::new(&bytes)) {
                for id in 0..4 {
                    let _ = tree.value(id);
                }
            }
        }

        #[test]
        fn any_number_comes_back(number in any::<i64>(), unsigned in any::<u64>()) {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, number);
            put(&mut bytes, unsigned);
            let mut input = Input::new(&bytes);
            prop_assert_eq!(input.signed().unwrap(), number);
            prop_assert_eq!(input.number().unwrap(), unsigned);
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
        let mut tree = Tree::read(&mut Input::new(&bytes)).unwrap();
        tree.left = 1 << 20;
        let error = tree.value(u64::from(id)).unwrap_err();
        assert!(error.contains("unfolds"), "{error}");
    }
}
