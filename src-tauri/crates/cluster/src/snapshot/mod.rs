//! Kubernetes objects from files: a `kubectl get -o json` list, manifests, a folder of them.

use std::fs;
use std::path::{Path, PathBuf};

use broadstreet_core::ports::ClusterError;
use broadstreet_core::resource::{self, KINDS};
use broadstreet_core::world::Change;
use serde_json::Value;

/// A file larger than this is not read: no manifest is, and memory is finite. A list of 150,000 pods has 1.3 GB.
const LARGEST_FILE: u64 = 2 << 30;
/// Folders are entered this deep; a link in a circle ends here.
const DEEPEST_FOLDER: usize = 16;

/// What reading gave: the good, and what was wrong beside.
type Read = (Vec<Change>, Vec<ClusterError>);

/// Reads a file or a folder (its `.yaml`, `.yml` and `.json` files, with those of its folders, by name).
///
/// An object of a namespaced kind without a namespace is in `default`, where kubectl would put it.
///
/// # Errors
/// When the path cannot be read, or holds no object at all; then with the first thing that was wrong.
pub fn read(path: &str, cluster: &str) -> Result<Read, ClusterError> {
    let root = Path::new(path);
    let mut files = Vec::new();
    let mut read = (Vec::new(), Vec::new());
    let about = fs::metadata(root).map_err(|error| bad(root, error.to_string()))?;
    if about.is_dir() {
        find(root, 0, &mut files, &mut read.1);
        files.sort();
        if files.is_empty() {
            return Err(bad(root, "the folder holds no .yaml, .yml or .json file"));
        }
    } else {
        files.push(root.to_owned());
    }
    for file in &files {
        read_file(file, cluster, &mut read);
    }
    if read.0.is_empty() {
        let first = read.1.into_iter().next();
        return match first {
            Some(error) => Err(error),
            // An empty list is an answer, an empty file is none.
            None if is_list(root) => Ok((Vec::new(), Vec::new())),
            None => Err(bad(root, "it holds no Kubernetes object")),
        };
    }
    Ok(read)
}

fn is_list(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str::<Value>(&text).is_ok_and(|value| value.get("items").is_some_and(Value::is_array))
}

fn bad(path: &Path, why: impl Into<String>) -> ClusterError {
    ClusterError::BadManifest { path: path.display().to_string(), why: why.into() }
}

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>, wrong: &mut Vec<ClusterError>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return wrong.push(bad(folder, error.to_string())),
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        if hidden {
        } else if path.is_dir() {
            if depth < DEEPEST_FOLDER {
                find(&path, depth + 1, files, wrong);
            }
        } else if matches!(extension.as_deref(), Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
}

fn read_file(path: &Path, cluster: &str, read: &mut Read) {
    let text = match load(path) {
        Ok(text) => text,
        Err(error) => return read.1.push(error),
    };
    let start = text.trim_start();
    if start.starts_with('{') || start.starts_with('[') {
        for (index, value) in serde_json::Deserializer::from_str(&text).into_iter::<Value>().enumerate() {
            match value {
                Ok(value) => take(path, index + 1, value, cluster, read),
                // The parser names line and column itself.
                Err(error) => return read.1.push(bad(path, format!("it is no JSON: {error}"))),
            }
        }
        return;
    }
    for (index, (line, document)) in documents(&text).into_iter().enumerate() {
        match serde_saphyr::from_str::<Value>(document) {
            Ok(Value::Null) => {}
            Ok(value) => take(path, index + 1, value, cluster, read),
            Err(error) => {
                let why = yaml_words_from(&error, line);
                read.1.push(bad(&numbered(path, index + 1), why));
            }
        }
    }
}

fn load(path: &Path) -> Result<String, ClusterError> {
    let length = fs::metadata(path).map_err(|error| bad(path, error.to_string()))?.len();
    if length > LARGEST_FILE {
        return Err(bad(path, format!("it has {length} bytes; up to {LARGEST_FILE} are read")));
    }
    let bytes = fs::read(path).map_err(|error| bad(path, error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| bad(path, format!("it is no UTF-8 text: {error}")))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
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

fn take(path: &Path, document: usize, value: Value, cluster: &str, read: &mut Read) {
    let path = numbered(path, document);
    match value {
        Value::Array(values) => values.into_iter().for_each(|value| take_one(&path, value, cluster, read)),
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
                    take_one(&path, item, cluster, read);
                }
            }
            items => {
                if let Some(items) = items {
                    fields.insert("items".to_owned(), items);
                }
                take_one(&path, Value::Object(fields), cluster, read);
            }
        },
        _ => read.1.push(bad(&path, "it is no Kubernetes object: it has no fields")),
    }
}

fn is_a_list(fields: &serde_json::Map<String, Value>) -> bool {
    fields.get("kind").and_then(Value::as_str).is_none_or(|kind| kind.ends_with("List"))
}

fn take_one(path: &Path, mut value: Value, cluster: &str, read: &mut Read) {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if version.is_empty() || kind.is_empty() {
        return read.1.push(bad(path, "it is no Kubernetes object: it has no `apiVersion` or no `kind`"));
    }
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    let namespaced = KINDS.iter().any(|info| info.group == group && info.kind == kind && info.namespaced);
    if namespaced && let Some(Value::Object(metadata)) = value.get_mut("metadata") {
        let namespace = metadata.entry("namespace").or_insert(Value::Null);
        if namespace.is_null() || namespace.as_str() == Some("") {
            *namespace = "default".into();
        }
    }
    match resource::reduce(cluster, &value) {
        Ok(object) => read.0.push(Change::Object(Box::new(object))),
        Err(error) => read.1.push(bad(path, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) -> String {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    fn keys(changes: &[Change]) -> Vec<String> {
        changes
            .iter()
            .map(|change| match change {
                Change::Object(object) => object.key.to_string(),
                other => panic!("not an object: {other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_bad_document_spoils_no_other_and_names_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "# head\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nkind: [\n---\napiVersion: v1\n\
                    kind: Namespace\nmetadata: {name: b}\n--- \nreplicas: 3\n";
        let path = write(folder.path(), "all.yaml", text);
        let (changes, wrong) = read(&path, "c").expect("read");
        assert_eq!(keys(&changes), ["c//Service/default/a", "c//Namespace//b"]);
        let words: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(words.len(), 2, "{words:?}");
        assert!(words[0].contains("(document 2)") && words[0].contains("line 7"), "{words:?}");
        assert!(words[1].contains("(document 4)") && words[1].contains("no `apiVersion`"), "{words:?}");
    }

    #[test]
    fn lists_are_read_with_and_without_kinds_of_their_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"n"}},{"kind":7}]}"#;
        let (changes, wrong) = read(&write(folder.path(), "list.json", list), "").expect("read");
        assert_eq!(keys(&changes), ["/apps/Deployment/n/d"]);
        assert_eq!(wrong.len(), 1);
        let pods = r#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"p","namespace":"n"}}]}"#;
        let (changes, _) = read(&write(folder.path(), "pods.json", pods), "").expect("read");
        assert_eq!(keys(&changes), ["//Pod/n/p"]);
        let empty = r#"{"apiVersion":"v1","kind":"List","items":[]}"#;
        assert_eq!(read(&write(folder.path(), "none.json", empty), "").expect("read").0.len(), 0);
    }

    #[test]
    fn a_folder_is_read_with_its_folders_and_without_hidden_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let object = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
        write(folder.path(), "b.yml", &object("b"));
        write(folder.path(), "a/x.yaml", &object("x"));
        write(folder.path(), ".git/y.yaml", &object("y"));
        write(folder.path(), "README.md", "# no");
        let (changes, wrong) = read(&folder.path().display().to_string(), "").expect("read");
        assert_eq!(keys(&changes), ["//ConfigMap/default/x", "//ConfigMap/default/b"]);
        assert!(wrong.is_empty());
    }

    fn check_refused(text: &[u8], expected: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.json");
        fs::write(&path, text).expect("written");
        let error = read(&path.display().to_string(), "").expect_err("refused").to_string();
        assert!(error.contains("x.json") && error.contains(expected), "{error}");
    }

    #[test]
    fn a_file_without_any_object_is_an_error_that_says_why() {
        check_refused(b"{\"kind\": \"Pod\",", "line 1");
        check_refused(b"", "no Kubernetes object");
        check_refused(b"just words", "no fields");
        check_refused(b"\xff\xfe\x00", "UTF-8");
        let error = read("/nowhere/at/all.yaml", "").expect_err("missing").to_string();
        assert!(error.contains("/nowhere/at/all.yaml"), "{error}");
    }
}
