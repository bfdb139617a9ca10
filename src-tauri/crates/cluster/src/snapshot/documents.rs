//! Kubernetes objects in the text of one file: a list, or documents between `---` lines.

use std::path::{Path, PathBuf};

use broadstreet_core::resource::{self, KINDS, Object};
use serde_json::Value;

use super::bad;
use broadstreet_core::ports::ClusterError;

/// What one file holds: the good, and what was wrong beside.
#[derive(Default)]
pub(super) struct Found {
    /// The objects, in their order.
    pub objects: Vec<Object>,
    /// What was wrong.
    pub wrong: Vec<Wrong>,
}

/// Something that is no object.
pub(super) struct Wrong {
    /// What is said of it.
    pub error: ClusterError,
    /// True where it was read well and is something else: not every file of an archive is about an object.
    pub is_something_else: bool,
}

/// What an object is that does not say so itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Assumed {
    /// `apiVersion` and `kind`.
    pub kind: Option<(&'static str, &'static str)>,
}

impl Found {
    fn broken(&mut self, path: &Path, why: impl Into<String>) {
        self.wrong.push(Wrong { error: bad(path, why), is_something_else: false });
    }

    fn something_else(&mut self, path: &Path, why: impl Into<String>) {
        self.wrong.push(Wrong { error: bad(path, why), is_something_else: true });
    }
}

/// Reads the objects of a file; `path` only names it. An object of a namespaced kind without a namespace is in `default`,
/// where kubectl would put it.
pub(super) fn read(path: &Path, text: &str, cluster: &str, assumed: Assumed) -> Found {
    let mut found = Found::default();
    let reading = Reading { cluster, assumed };
    let start = text.trim_start();
    if start.starts_with('{') || start.starts_with('[') {
        for (index, value) in serde_json::Deserializer::from_str(text).into_iter::<Value>().enumerate() {
            match value {
                Ok(value) => reading.take(path, index + 1, value, &mut found),
                // The parser names line and column itself.
                Err(error) => {
                    found.broken(path, format!("it is no JSON: {error}"));
                    return found;
                }
            }
        }
        return found;
    }
    for (index, (line, document)) in documents(text).into_iter().enumerate() {
        match serde_saphyr::from_str::<Value>(document) {
            Ok(Value::Null) => {}
            Ok(value) => reading.take(path, index + 1, value, &mut found),
            Err(error) => found.broken(&numbered(path, index + 1), yaml_words_from(&error, line)),
        }
    }
    found
}

/// Whose objects are read, and what they are taken for.
struct Reading<'a> {
    cluster: &'a str,
    assumed: Assumed,
}

/// Splits at `---` lines, with the number of lines before each document, so that one bad document spoils no other.
fn documents(text: &str) -> Vec<(u64, &str)> {
    let mut found = Vec::new();
    let (mut start, mut first_line, mut offset) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            found.push((first_line, &text[start..offset]));
            start = offset + if line.trim_end() == "---" { line.len() } else { "--- ".len() };
            first_line = number as u64 + u64::from(line.trim_end() == "---");
        }
        offset += line.len();
    }
    found.push((first_line, &text[start..]));
    // What is only comments or space counts as no document, so that numbers are those a person counts.
    found.retain(|(_, part)| part.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')));
    found
}

fn numbered(path: &Path, document: usize) -> PathBuf {
    PathBuf::from(format!("{} (document {document})", path.display()))
}

/// The parser's words with the line, without the text it read.
pub fn yaml_words(error: &serde_saphyr::Error) -> String {
    yaml_words_from(error, 0)
}

fn yaml_words_from(error: &serde_saphyr::Error, lines_before: u64) -> String {
    let words = error.without_snippet().to_string();
    let words = words.lines().next().unwrap_or_default();
    let words = words.split(" at line ").next().unwrap_or(words);
    let words = words.strip_prefix("error: ").unwrap_or(words);
    let shown = hide_values(words);
    match error.location() {
        Some(at) if at.line() > 0 => format!("line {}: {shown}", at.line() + lines_before),
        _ => shown,
    }
}

/// Replaces what stands in double quotes: a parser quotes the value it did not expect, and that may be a token.
fn hide_values(words: &str) -> String {
    words.split('"').enumerate().map(|(index, part)| if index % 2 == 1 { "\"…\"" } else { part }).collect()
}

impl Reading<'_> {
    fn take(&self, path: &Path, document: usize, value: Value, found: &mut Found) {
        let path = numbered(path, document);
        match value {
            Value::Array(values) => values.into_iter().for_each(|value| self.take_one(&path, value, found)),
            Value::Object(mut fields) => match fields.remove("items") {
                Some(Value::Array(items)) if is_a_list(&fields) => {
                    let version = fields.get("apiVersion").cloned();
                    let kind = fields.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List"));
                    for mut item in items {
                        // Items of a `PodList` as the API answers it carry no kind of their own.
                        if let (Value::Object(item), Some(kind)) = (&mut item, kind.filter(|kind| !kind.is_empty())) {
                            item.entry("kind").or_insert_with(|| kind.into());
                            item.entry("apiVersion").or_insert_with(|| version.clone().unwrap_or_default());
                        }
                        self.take_one(&path, item, found);
                    }
                }
                items => {
                    if let Some(items) = items {
                        fields.insert("items".to_owned(), items);
                    }
                    self.take_one(&path, Value::Object(fields), found);
                }
            },
            _ => found.something_else(&path, "it is no Kubernetes object: it has no fields"),
        }
    }

    fn take_one(&self, path: &Path, mut value: Value, found: &mut Found) {
        if let (Some((version, kind)), Value::Object(fields)) = (self.assumed.kind, &mut value)
            && !fields.contains_key("kind")
            && fields.contains_key("metadata")
        {
            fields.insert("kind".to_owned(), kind.into());
            fields.entry("apiVersion").or_insert_with(|| version.into());
        }
        let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (version, kind) = (text("apiVersion"), text("kind"));
        if version.is_empty() || kind.is_empty() {
            return found.something_else(path, "it is no Kubernetes object: it has no `apiVersion` or no `kind`");
        }
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        // Endpoints are read where they come without being asked for.
        let namespaced = KINDS.iter().any(|info| info.group == group && info.kind == kind && info.namespaced)
            || (group.is_empty() && kind == "Endpoints");
        if namespaced && let Some(Value::Object(metadata)) = value.get_mut("metadata") {
            let namespace = metadata.entry("namespace").or_insert(Value::Null);
            if namespace.is_null() || namespace.as_str() == Some("") {
                *namespace = "default".into();
            }
        }
        match resource::reduce(self.cluster, &value) {
            Ok(object) => found.objects.push(object),
            Err(error) => found.broken(path, error.to_string()),
        }
    }
}

fn is_a_list(fields: &serde_json::Map<String, Value>) -> bool {
    fields.get("kind").and_then(Value::as_str).is_none_or(|kind| kind.ends_with("List"))
}
