//! A cluster at one moment, from files: a `kubectl get -o json` list, manifests, a folder of them, a folder of
//! `kubectl cluster-info dump`, a must-gather, an insights archive. Each is told by how it is laid out.

mod archive;
mod documents;
mod layout;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use broadstreet_core::alerts::{self, Alert};
use broadstreet_core::id::{ObjectKey, SourceId};
use broadstreet_core::ports::{ClusterError, Snapshot};
use broadstreet_core::resource::Object;
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, Freshness, SourceState};
use serde_json::Value;

use archive::Wrapping;
use documents::Assumed;
use layout::{Layout, Marks, Role, role};

pub use documents::yaml_words;

/// Folders are entered this deep; a link in a circle ends here.
const DEEPEST_FOLDER: usize = 32;

/// So many things that were skipped are named one by one.
const MOST_NAMED: usize = 200;

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of one file. A list of 150,000 pods has 1.3 GB.
    file: u64,
    /// Entries of an archive or files of a folder.
    entries: usize,
    /// Bytes any archive may unfold to, however small it is.
    least: u64,
    /// How many times its own size it may unfold to beyond that; text gets ten to twenty times smaller.
    times: u64,
    /// Bytes no archive may unfold beyond.
    most: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 2 << 30, entries: 500_000, least: 1 << 30, times: 100, most: 32 << 30 }
    }
}

impl Limits {
    /// Bytes that an archive of so many packed bytes may unfold to.
    fn unfolded(&self, packed: u64) -> u64 {
        packed.saturating_mul(self.times).clamp(self.least, self.most)
    }
}

/// Reads a file, a folder or an archive as objects of the cluster `id`.
///
/// # Errors
/// When the path cannot be read, or holds no object at all; then with the first thing that was wrong.
pub fn read(path: &str, cluster: &str) -> Result<Snapshot, ClusterError> {
    read_within(Path::new(path), cluster, Limits::default())
}

fn read_within(root: &Path, cluster: &str, limits: Limits) -> Result<Snapshot, ClusterError> {
    let mut reader = Reader::new(cluster, limits);
    let about = fs::metadata(root).map_err(|error| bad(root, error.to_string()))?;
    let mut kind = "manifests";
    if about.is_dir() {
        folder(root, &mut reader);
        if reader.files == 0 && reader.wrong.is_empty() {
            return Err(bad(root, "the folder holds no .yaml, .yml or .json file"));
        }
    } else {
        match archive::wrapping(root)? {
            Wrapping::Tar => archive::read(root, false, &mut reader),
            Wrapping::TarGzip => archive::read(root, true, &mut reader),
            Wrapping::None => {
                let bytes = load(root, limits)?;
                let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                // Whatever a single file is called, it was named: it is read.
                reader.objects_of(root, bytes, Assumed::default(), modified(&about));
                reader.marks.note(&[&name]);
            }
            Wrapping::Gzip => {
                let bytes = archive::unwrap(root, limits)?;
                reader.objects_of(root, bytes, Assumed::default(), modified(&about));
            }
        }
        kind = if reader.files > 1 { "archive of manifests" } else { kind };
    }
    reader.finish(root, kind)
}

/// What is being read of a path.
struct Reader<'a> {
    cluster: &'a str,
    limits: Limits,
    marks: Marks,
    objects: Vec<Object>,
    places: HashMap<ObjectKey, usize>,
    alerts: Vec<Alert>,
    brings_alerts: bool,
    /// What was wrong, and what was only something else.
    wrong: Vec<documents::Wrong>,
    more_wrong: usize,
    /// Files read.
    files: usize,
    passed_over: usize,
    is_empty_list: bool,
    at: Option<Moment>,
}

impl<'a> Reader<'a> {
    fn new(cluster: &'a str, limits: Limits) -> Self {
        Self {
            cluster,
            limits,
            marks: Marks::default(),
            objects: Vec::new(),
            places: HashMap::new(),
            alerts: Vec::new(),
            brings_alerts: false,
            wrong: Vec::new(),
            more_wrong: 0,
            files: 0,
            passed_over: 0,
            is_empty_list: false,
            at: None,
        }
    }

    fn wrong(&mut self, error: ClusterError) {
        self.not_read(documents::Wrong { error, is_something_else: false });
    }

    fn not_read(&mut self, wrong: documents::Wrong) {
        // Memory is finite, and nobody reads more.
        if self.wrong.len() < 4 * MOST_NAMED {
            self.wrong.push(wrong);
        } else {
            self.more_wrong += 1;
        }
    }

    /// Whether anybody reads a file, its path in parts from the root.
    fn wants(&self, parts: &[String]) -> bool {
        !matches!(role(&without_prefix(&borrowed(parts))), Role::Nothing)
    }

    /// Counts a file nobody reads.
    fn pass_over(&mut self, parts: &[String]) {
        self.marks.note(&without_prefix(&borrowed(parts)));
        self.passed_over += 1;
    }

    /// Takes a file: `shown` names it, `parts` say where it lies.
    fn take(&mut self, shown: &Path, parts: &[String], bytes: Vec<u8>, at: Option<Moment>) {
        let parts = borrowed(parts);
        let parts = without_prefix(&parts);
        self.marks.note(&parts);
        match role(&parts) {
            Role::Objects(assumed) => self.objects_of(shown, bytes, assumed, at),
            Role::Alerts => self.alerts_of(shown, alerts::parse_file(&bytes), at),
            Role::Metrics => self.alerts_of(shown, alerts::parse_samples(&bytes), at),
            Role::Nothing => self.passed_over += 1,
        }
    }

    fn dated(&mut self, at: Option<Moment>) {
        self.files += 1;
        self.at = self.at.max(at);
    }

    fn alerts_of(&mut self, shown: &Path, read: Result<Vec<Alert>, alerts::BadAlerts>, at: Option<Moment>) {
        self.dated(at);
        match read {
            Ok(alerts) => {
                self.brings_alerts = true;
                for alert in alerts {
                    if !self.alerts.iter().any(|known| known.id == alert.id) {
                        self.alerts.push(alert);
                    }
                }
            }
            Err(error) => self.wrong(bad(shown, error.to_string())),
        }
    }

    fn objects_of(&mut self, shown: &Path, bytes: Vec<u8>, assumed: Assumed, at: Option<Moment>) {
        self.dated(at);
        let text = match decoded(bytes) {
            Ok(text) => text,
            Err(why) => return self.wrong(bad(shown, why)),
        };
        let found = documents::read(shown, &text, self.cluster, assumed);
        self.is_empty_list |= found.objects.is_empty() && found.wrong.is_empty() && is_list(&text);
        for object in found.objects {
            // A must-gather holds a pod both in its list and beside its logs.
            match self.places.get(&object.key) {
                Some(place) => self.objects[*place] = object,
                None => {
                    self.places.insert(object.key.clone(), self.objects.len());
                    self.objects.push(object);
                }
            }
        }
        for wrong in found.wrong {
            self.not_read(wrong);
        }
    }

    fn finish(mut self, root: &Path, kind: &str) -> Result<Snapshot, ClusterError> {
        let layout = self.marks.layout();
        if layout != Layout::Manifests {
            // Not every file of an archive is about an object; that is no fault of it.
            let before = self.wrong.len();
            self.wrong.retain(|wrong| !wrong.is_something_else);
            self.passed_over += before - self.wrong.len();
        }
        let more = self.wrong.len().saturating_sub(MOST_NAMED) + self.more_wrong;
        let mut skipped: Vec<ClusterError> = self.wrong.into_iter().take(MOST_NAMED).map(|wrong| wrong.error).collect();
        if self.objects.is_empty() && self.alerts.is_empty() {
            return match skipped.into_iter().next() {
                Some(error) => Err(error),
                // An empty list is an answer, an empty file is none.
                None if self.is_empty_list => Ok(Snapshot { layout: kind.to_owned(), ..Snapshot::default() }),
                None => Err(bad(root, "it holds no Kubernetes object")),
            };
        }
        if more > 0 {
            skipped.push(bad(root, format!("{more} more things were skipped")));
        }
        let known = if layout == Layout::Manifests { Vec::new() } else { known(self.cluster, &self.objects) };
        let objects = self.objects.into_iter().map(Arc::new).map(Change::Object);
        let alerts = self.alerts.into_iter().map(Box::new).map(Change::Alert);
        Ok(Snapshot {
            layout: if layout == Layout::Manifests { kind.to_owned() } else { layout.name().to_owned() },
            changes: known.into_iter().chain(objects).chain(alerts).collect(),
            brings_alerts: self.brings_alerts,
            skipped,
            passed_over: self.passed_over,
            at: self.at,
        })
    }
}

/// What a gathering tells of each kind: of a kind it holds nothing of in a namespace nobody knows whether there is any.
fn known(cluster: &str, objects: &[Object]) -> Vec<Change> {
    let of = |kind: String, namespace: String| {
        let source = SourceId::new(format!("cluster:{cluster}"));
        Change::Freshness(SourceState { source, kind, namespace, state: Freshness::Live })
    };
    let kinds: BTreeSet<(String, String)> =
        objects.iter().map(|it| (format!("{}/{}", it.key.group, it.key.kind), it.key.namespace.to_string())).collect();
    let all = [(String::new(), String::new())].into_iter().chain(kinds);
    all.map(|(kind, namespace)| of(kind, namespace)).collect()
}

fn borrowed(parts: &[String]) -> Vec<&str> {
    parts.iter().map(String::as_str).collect()
}

/// A path below the folders that only say which gathering it is: `must-gather.local.123/quay-io-…/namespaces/…`.
fn without_prefix<'p>(parts: &[&'p str]) -> Vec<&'p str> {
    const ROOTS: [&str; 6] =
        ["namespaces", "cluster-scoped-resources", "monitoring", "config", "insights-operator", "events"];
    let start = parts.iter().take(4).position(|part| ROOTS.contains(part)).unwrap_or(0);
    parts[start..].to_vec()
}

fn is_list(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.get("items").is_some_and(Value::is_array))
}

fn bad(path: &Path, why: impl Into<String>) -> ClusterError {
    ClusterError::BadManifest { path: path.display().to_string(), why: why.into() }
}

fn modified(about: &fs::Metadata) -> Option<Moment> {
    about.modified().ok().map(Moment::from)
}

/// Reads a folder's files by name, with those of its folders.
fn folder(root: &Path, reader: &mut Reader<'_>) {
    let mut files = Vec::new();
    let inside = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    find(root, &inside, 0, &mut files, reader);
    files.sort();
    for file in files {
        let parts: Vec<String> = file
            .strip_prefix(root)
            .map(|rest| rest.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        if !reader.wants(&parts) {
            reader.pass_over(&parts);
            continue;
        }
        match load(&file, reader.limits) {
            Ok(bytes) => {
                let at = fs::metadata(&file).ok().as_ref().and_then(modified);
                reader.take(&file, &parts, bytes, at);
            }
            Err(error) => reader.wrong(error),
        }
    }
}

/// Finds the files of a folder. A link that leads out of it is not followed: an archive somebody sent may hold one to
/// anything on this machine.
fn find(folder: &Path, inside: &Path, depth: usize, files: &mut Vec<PathBuf>, reader: &mut Reader<'_>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return reader.wrong(bad(folder, error.to_string())),
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_symlink() {
            match fs::canonicalize(&path) {
                Ok(target) if target.starts_with(inside) => {}
                Ok(_) => {
                    reader.wrong(bad(
                        &path,
                        "it is a link that leads out of the folder; pass what it leads to by itself",
                    ));
                    continue;
                }
                Err(error) => {
                    reader.wrong(bad(&path, format!("it is a link that leads nowhere: {error}")));
                    continue;
                }
            }
        }
        if path.is_dir() {
            if depth < DEEPEST_FOLDER {
                find(&path, inside, depth + 1, files, reader);
            }
        } else if files.len() < reader.limits.entries {
            files.push(path);
        } else {
            reader.more_wrong += 1;
        }
    }
}

fn load(path: &Path, limits: Limits) -> Result<Vec<u8>, ClusterError> {
    let about = fs::metadata(path).map_err(|error| bad(path, error.to_string()))?;
    if !about.is_file() {
        // A pipe or a device would be read without end.
        return Err(bad(path, "it is neither a file nor a folder"));
    }
    if about.len() > limits.file {
        return Err(bad(path, format!("it has {} bytes; up to {} are read", about.len(), limits.file)));
    }
    fs::read(path).map_err(|error| bad(path, error.to_string()))
}

/// Text in UTF-8, or in UTF-16 as PowerShell writes it; the mark at its beginning is dropped.
fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let pairs = bytes[2..].chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err("it is UTF-16 text that ends in the middle of a character".to_owned());
        }
        let units: Vec<u16> = pairs.map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).map_err(|error| format!("it is no UTF-16 text: {error}"))
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            let text = String::from_utf8(bytes).map_err(|error| format!("it is no UTF-8 text: {error}"))?;
            Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
        }
    }
}
