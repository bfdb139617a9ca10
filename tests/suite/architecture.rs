//! The house's rules that can be read off its files.
//!
//! Each rule is one test that lists what breaks it, as `file: what`. Code is looked at without its comments and without
//! its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every crate, where it lies, and the crates of the house it may name.
const CRATES: &[(&str, &str, &[&str])] = &[
    ("core", "src-tauri/crates/core", &[]),
    ("cluster", "src-tauri/crates/cluster", &["core"]),
    ("signals", "src-tauri/crates/signals", &["core"]),
    ("store", "src-tauri/crates/store", &["core"]),
    ("press", "src-tauri/crates/press", &["core"]),
    ("engine", "src-tauri/crates/engine", &["core"]),
    ("api", "src-tauri/crates/api", &["core", "engine"]),
    ("cli", "src-tauri/crates/cli", &["core", "cluster", "signals", "store", "press", "engine", "api"]),
    ("shell", "src-tauri", &["core", "engine", "api", "cli"]),
];

/// What only one crate may name, outside its tests: a crate exists because it is the one place for something.
const HOMES: &[(&str, &str)] = &[
    ("tauri", "shell"),
    ("kube", "cluster"),
    ("k8s-openapi", "cluster"),
    // Archives of objects are read where files of objects are.
    ("tar", "cluster"),
    ("flate2", "cluster"),
    ("reqwest", "signals"),
    ("sqlx", "store"),
    ("zip", "store"),
    ("zstd", "store"),
    ("typst", "press"),
    ("pulldown-cmark", "core"),
    ("ts-rs", "api"),
    ("clap", "cli"),
    ("axum", "cli"),
];

/// The most lines a file may have.
const MAX_LINES: usize = 600;

/// The layers of the screen's code, lowest first; a file imports only from its own folder and from lower layers.
const LAYERS: &[&[&str]] = &[
    &["wire"],
    &["host"],
    &["lib"],
    &["graph", "parts", "styles"],
    &["areas"],
    &["views"],
    &["App.svelte", "main.ts", "start.ts"],
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file below a folder whose name ends so, with its path from the root, ordered.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|why| panic!("cannot list {}: {why}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let skipped = matches!(name.as_str(), "node_modules" | "target" | "dist" | "gen");
            if path.is_dir() && !skipped {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let from_root = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((from_root, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "nothing to look at in {folder}");
    found.sort();
    found
}

fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "tests.rs"
        || name.contains(".test.")
        || name == "fixture.ts"
        || path.split('/').any(|folder| matches!(folder, "tests" | "benches"))
}

/// Code without the tests at its end and without comments.
fn code(text: &str) -> String {
    let text = ["\n#[cfg(test)]\nmod tests {", "\n#[cfg(test)]\n#[allow"]
        .iter()
        .fold(text, |text, mark| text.split_once(mark).map_or(text, |(before, _)| before));
    let line = |line: &str| {
        let bare = line.trim_start();
        if bare.starts_with("//") || bare.starts_with("* ") || bare.starts_with("/*") {
            return String::new();
        }
        line.split_once(" // ").map_or(line, |(before, _)| before).to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Rust code of the house outside its tests: path and code.
fn rust() -> Vec<(String, String)> {
    let all = files("src-tauri", &[".rs"]);
    all.into_iter().filter(|(path, _)| !is_test(path)).map(|(path, text)| (path, code(&text))).collect()
}

/// True where `word` stands in `text` as a whole word.
fn names(text: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(inside)
            && !text[at + word.len()..].chars().next().is_some_and(inside)
    })
}

/// The crate a path belongs to.
fn crate_of(path: &str) -> &'static str {
    let home = CRATES.iter().filter(|(_, folder, _)| path.starts_with(&format!("{folder}/")));
    home.max_by_key(|(_, folder, _)| folder.len()).map_or("tests", |(name, ..)| name)
}

/// The names under every `dependencies` section of a crate that ships, development ones left out.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let mut found = BTreeSet::new();
    let mut listed = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            let words: Vec<&str> = section.split('.').collect();
            let place = words.iter().position(|word| matches!(*word, "dependencies" | "build-dependencies"));
            listed = place.is_some_and(|at| at + 1 == words.len());
            found.extend(place.and_then(|at| words.get(at + 1)).map(|name| (*name).to_owned()));
        } else if let Some((name, _)) = line.split_once('=').filter(|_| listed && !line.starts_with('#')) {
            found.insert(name.split('.').next().unwrap_or(name).trim().to_owned());
        }
    }
    found
}

/// True where a dependency is `name` or one of its family (`tauri-plugin-dialog`).
fn is_of(dependency: &str, name: &str) -> bool {
    dependency == name || dependency.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}

#[track_caller]
fn nothing_breaks(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn the_crates_are_the_ones_in_the_table() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = text.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    let members: BTreeSet<&str> = members.split('"').skip(1).step_by(2).collect();
    let known: BTreeSet<&str> = CRATES.iter().map(|(_, folder, _)| *folder).chain(["tests"]).collect();
    assert_eq!(members, known);
}

#[test]
fn a_crate_knows_only_the_crates_its_line_in_the_table_names() {
    let mut broken = Vec::new();
    for (name, folder, allowed) in CRATES {
        for dependency in dependencies(folder) {
            let Some(other) = dependency.strip_prefix("broadstreet-") else { continue };
            if !allowed.contains(&other) {
                broken.push(format!("{folder}/Cargo.toml: `{name}` names `{other}`"));
            }
        }
    }
    nothing_breaks("the crate graph", &broken);
}

#[test]
fn a_crate_names_no_dependency_it_does_not_use() {
    let sources = files("src-tauri", &[".rs"]);
    let mut broken = Vec::new();
    for (name, folder, _) in CRATES {
        let own: Vec<&str> =
            sources.iter().filter(|(path, _)| crate_of(path) == *name).map(|(_, text)| text.as_str()).collect();
        // Named for its features alone: kube does not compile without.
        for dependency in dependencies(folder).into_iter().filter(|dependency| dependency != "k8s-openapi") {
            let module = dependency.replace('-', "_");
            if !own.iter().any(|text| names(text, &module)) {
                broken.push(format!("{folder}/Cargo.toml: `{dependency}` is used nowhere"));
            }
        }
    }
    nothing_breaks("every dependency has a use", &broken);
}

#[test]
fn only_the_named_crate_names_its_dependency() {
    let mut broken = Vec::new();
    for (crate_name, folder, _) in CRATES {
        for dependency in dependencies(folder) {
            let other = HOMES.iter().find(|(name, home)| is_of(&dependency, name) && home != crate_name);
            broken.extend(other.map(|(_, home)| format!("{folder}/Cargo.toml: `{dependency}` belongs to `{home}`")));
        }
    }
    for (path, code) in rust() {
        for (name, home) in HOMES.iter().filter(|(_, home)| *home != crate_of(&path)) {
            let module = format!("{}::", name.replace('-', "_"));
            let used = code
                .match_indices(&module)
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':')));
            if used {
                broken.push(format!("{path}: `{module}` belongs to `{home}`"));
            }
        }
    }
    nothing_breaks("one home for each dependency", &broken);
}

#[test]
fn core_opens_nothing_starts_nothing_and_reads_no_clock() {
    let banned = [
        "async fn",
        "async move",
        "async {",
        ".await",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "File::",
        "TcpStream",
        "SystemTime",
        "Instant",
        "Utc::now",
        "Local::now",
        "Local::",
        "tokio",
        "getrandom",
        "rand",
        "println!",
        "eprintln!",
    ];
    let mut broken = Vec::new();
    for (path, code) in rust().iter().filter(|(path, _)| crate_of(path) == "core") {
        for word in banned {
            let bare = word.trim_start_matches('.');
            if names(code, bare.trim_end_matches(['{', ':', '!', ' '])) && code.contains(word) {
                broken.push(format!("{path}: `{word}`"));
            }
        }
    }
    nothing_breaks("core is pure", &broken);
    let runtime = ["tokio", "rand", "getrandom", "tracing", "futures-util", "ulid", "tempfile"];
    let named = dependencies("src-tauri/crates/core");
    assert!(runtime.iter().all(|name| !named.contains(*name)), "core names a runtime or randomness: {named:?}");
}

#[test]
fn only_the_host_knows_that_there_is_a_window() {
    let all = files("ui/src", &[".ts", ".svelte"]);
    let knows = |text: &str| text.contains("@tauri-apps") || text.contains("__TAURI");
    let broken: Vec<String> = all
        .into_iter()
        .filter(|(path, text)| !path.starts_with("ui/src/host/") && knows(text))
        .map(|(path, _)| path)
        .collect();
    nothing_breaks("only ui/src/host imports @tauri-apps", &broken);
}

#[test]
fn only_the_supervisor_starts_tasks() {
    let starts = [
        "tokio::spawn",
        "task::spawn",
        "spawn_blocking",
        "spawn_local",
        "JoinSet",
        "thread::spawn",
        "thread::Builder",
        "async_runtime::spawn",
        "Handle::spawn",
    ];
    let mut broken = Vec::new();
    let mut at_home = false;
    for (path, code) in rust() {
        for word in starts.iter().filter(|word| code.contains(**word)) {
            if path.starts_with("src-tauri/crates/engine/src/supervise") {
                at_home = true;
            } else {
                broken.push(format!("{path}: `{word}`"));
            }
        }
    }
    nothing_breaks("only engine::supervise spawns", &broken);
    assert!(at_home, "the supervisor itself starts nothing: is it called otherwise now?");
}

#[test]
fn nobody_above_the_store_sees_sql() {
    let sql = ["insert into ", "delete from ", "create table ", "select * from ", "order by ", "pragma "];
    let mut broken = Vec::new();
    for (path, code) in rust().iter().filter(|(path, _)| crate_of(path) != "store") {
        let code = code.to_ascii_lowercase();
        broken.extend(sql.iter().filter(|word| code.contains(**word)).map(|word| format!("{path}: `{word}`")));
    }
    nothing_breaks("SQL stays in store", &broken);
}

#[test]
fn nobody_above_the_cluster_sees_a_type_of_kubernetes() {
    let broken: Vec<String> = rust()
        .iter()
        .filter(|(path, code)| {
            crate_of(path) != "cluster" && (names(code, "k8s_openapi") || names(code, "kube_client"))
        })
        .map(|(path, _)| path.clone())
        .collect();
    nothing_breaks("k8s_openapi stays in cluster", &broken);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let list = |database: &str| -> Vec<String> {
        let folder = format!("migrations/{database}/");
        files(&folder, &[".sql"]).into_iter().map(|(path, _)| path[path.rfind('/').unwrap()..].to_owned()).collect()
    };
    let names = list("sqlite");
    assert_eq!(names, list("postgres"));
    let numbers: Vec<&str> = names.iter().map(|name| &name[1..5]).collect();
    let expected: Vec<String> = (1..=names.len()).map(|number| format!("{number:04}")).collect();
    assert_eq!(numbers, expected, "numbered without a gap");
}

#[test]
fn no_file_is_longer_than_one_can_read() {
    let sources = [files("src-tauri", &[".rs"]), files("ui/src", &[".ts", ".svelte", ".css"])].concat();
    let mut broken = Vec::new();
    for (path, text) in sources {
        // `ui/src/wire` is generated.
        if is_test(&path) || path.starts_with("ui/src/wire/") {
            continue;
        }
        let own = text.split_once("\n#[cfg(test)]\nmod tests {").map_or(text.as_str(), |(before, _)| before);
        let lines = own.lines().count();
        if lines > MAX_LINES {
            broken.push(format!("{path}: {lines} lines"));
        }
    }
    nothing_breaks("at most 600 lines a file", &broken);
}

/// The layer of a file or folder directly below `ui/src`.
fn layer(name: &str) -> Option<usize> {
    let stem = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    LAYERS.iter().position(|names| names.iter().any(|known| *known == name || stem(known) == stem(name)))
}

#[test]
fn the_screens_folders_import_only_downwards() {
    let mut broken = Vec::new();
    for (path, text) in files("ui/src", &[".ts", ".svelte"]) {
        if is_test(&path) {
            continue;
        }
        let own: Vec<&str> = path.trim_start_matches("ui/src/").split('/').collect();
        let Some(from) = layer(own[0]) else {
            broken.push(format!("{path}: `{}` is in no layer", own[0]));
            continue;
        };
        for import in imports(&text) {
            let mut target: Vec<&str> = own[..own.len() - 1].to_vec();
            for step in import.split('/') {
                match step {
                    "." => {}
                    ".." => drop(target.pop()),
                    name => target.push(name),
                }
            }
            let Some(to) = target.first().and_then(|name| layer(name)) else {
                broken.push(format!("{path}: imports `{import}` from nowhere"));
                continue;
            };
            // Views do not know one another.
            let sideways = own[0] == "views" && target[0] == "views" && own.get(1) != target.get(1);
            if to > from || to == from && own[0] != target[0] && from + 1 < LAYERS.len() || sideways {
                broken.push(format!("{path}: imports `{import}`"));
            }
        }
    }
    nothing_breaks("imports lead down: views, areas, parts and graph, lib, host, wire", &broken);
}

/// The relative paths a file imports, statically or when needed.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for mark in ["from ", "import ", "import("] {
        for (at, _) in text.match_indices(mark) {
            let rest = &text[at + mark.len()..];
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some(end) = rest[1..].find(quote) else { continue };
            let path = rest[1..=end].split('?').next().unwrap_or_default();
            if path.starts_with('.') {
                found.insert(path.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_crate_keeps_the_houses_lints() {
    let broken: BTreeMap<&str, String> = CRATES
        .iter()
        .map(|(_, folder, _)| (*folder, fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap()))
        .filter(|(_, text)| !text.contains("[lints]\nworkspace = true"))
        .collect();
    assert!(broken.is_empty(), "without the workspace's lints: {:?}", broken.keys());
}
