//! Disks, folders and databases that cannot be written.
//!
//! | case | test |
//! |---|---|
//! | a full disk | `a_full_disk_is_told_and_what_was_acknowledged_is_kept`, `a_small_disk_that_fills_up_…` |
//! | an answer that finds no space | `an_answer_that_finds_no_space_is_an_error_and_a_reader_that_went_away_is_none` |
//! | a limit on what a user may write | `a_write_that_fails_half_way_leaves_the_record_whole` |
//! | a read-only data directory, as an ordinary user | `a_data_folder_that_may_not_be_written_is_named` |
//! | a database from a newer version | `a_database_of_a_newer_version_is_left_as_it_is` |
//! | a second instance on the same file | `a_second_instance_is_told_who_has_the_file` |

use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::place::desk::{Desk, answer_of_use, start};
use crate::place::kube::{Kube, pod};
use crate::place::{Place, doctor, is_of_use, line_of_use, skip, until};
use crate::{nothing_is_lost, recorded};

/// The program in a place, run by another program.
fn through(place: &Place, words: &[&str], args: &[&str]) -> Command {
    let program = place.command(&[]);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(program.get_program()).args(args).env_clear().current_dir(place.path());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

fn note(desk: &Desk, text: &str) -> Result<Value, Value> {
    desk.try_call("write_entry", &json!({ "incident": "INC-0001", "text": text, "attachments": [] }))
}

/// A disk that can be filled to its last byte and freed again.
enum Disk {
    /// One of its own, mounted by root or by whoever may have namespaces.
    Mounted(Vec<&'static str>),
    /// The usual one, which says that it is full; by a library that is loaded before the system's own.
    Preloaded,
}

impl Disk {
    /// A small disk under the data folder, where one may be mounted.
    fn mounted() -> Option<Self> {
        let ways: [&[&str]; 2] = [&["unshare", "-m"], &["unshare", "-r", "-m"]];
        let works = |way: &&&[&str]| {
            let tried = Command::new(way[0]).args(&way[1..]).args(["mount", "-t", "tmpfs", "none", "/mnt"]).output();
            tried.is_ok_and(|it| it.status.success())
        };
        ways.iter().find(works).map(|it| Self::Mounted(it.to_vec()))
    }

    /// The library, compiled by what links Rust programs too.
    fn preloaded(place: &Place) -> Option<Self> {
        let (library, mark) = (place.path().join("full_disk.so"), place.path().join("full"));
        let source = format!("{}/tests/bad/full_disk.c", env!("CARGO_MANIFEST_DIR"));
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).args([&source, "-ldl"]).status();
        if !cfg!(target_os = "linux") || !compiled.is_ok_and(|it| it.success()) {
            return None;
        }
        place.set("LD_PRELOAD", library);
        place.set("FULL_DISK", mark);
        place.set("FULL_DISK_FOLDER", place.path().canonicalize().unwrap().join("data"));
        Some(Self::Preloaded)
    }

    fn serve(&self, place: &Place, args: &[&str]) -> Desk {
        match self {
            Self::Mounted(way) => {
                std::fs::create_dir(place.path().join("data")).unwrap();
                let mounted = "mount -t tmpfs -o size=12m none data && exec \"$@\"";
                start(&mut through(place, &[&way[..], &["sh", "-c", mounted, "sh"]].concat(), args))
            }
            Self::Preloaded => start(&mut place.command(args)),
        }
    }

    /// What fills it, as the program sees it.
    fn ballast(&self, place: &Place, desk: &Desk) -> PathBuf {
        match self {
            Self::Mounted(_) => format!("/proc/{}/root{}/data/ballast", desk.process(), place.path().display()).into(),
            Self::Preloaded => place.path().join("full"),
        }
    }

    fn fill(&self, place: &Place, desk: &Desk) {
        let ballast = self.ballast(place, desk);
        match self {
            Self::Mounted(_) => {
                let filled = std::fs::write(ballast, vec![0; 16 << 20]).unwrap_err();
                assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull, "{filled}");
            }
            Self::Preloaded => std::fs::write(ballast, "").unwrap(),
        }
    }
}

#[test]
fn a_full_disk_is_told_and_what_was_acknowledged_is_kept() {
    let place = Place::new();
    match Disk::preloaded(&place) {
        Some(disk) => a_disk_fills_up(&place, &disk),
        None => skip("a full disk: nothing can be loaded before the system's library here"),
    }
}

#[test]
fn a_small_disk_that_fills_up_is_told_and_what_was_acknowledged_is_kept() {
    match Disk::mounted() {
        Some(disk) => a_disk_fills_up(&Place::new(), &disk),
        None => skip("a small disk that fills up: none may be mounted here"),
    }
}

/// `/dev/full` takes nothing, as a disk without space.
#[test]
fn an_answer_that_finds_no_space_is_an_error_and_a_reader_that_went_away_is_none() {
    let place = recorded();
    place.mei(&["postmortem", "draft"]);
    let export = ["postmortem", "export", "--out", "-"];
    let into = |args: &[&str], out: std::process::Stdio| {
        place.command(&[args, &["--as", "Mei"]].concat()).stdout(out).output().unwrap()
    };
    for args in [&export[..], &["incident", "list"], &["incident", "list", "--json"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let refused = into(args, full.into());
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("the answer cannot be written") && said.contains("space"), "{args:?}: {said}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let gone = into(args, writer.into());
        assert!(gone.status.success(), "{args:?}: {}", String::from_utf8_lossy(&gone.stderr));
    }
    assert!(place.answer(&[&export[..], &["--as", "Mei"]].concat()).contains("written before the fault"));
    nothing_is_lost(&place);
}

fn a_disk_fills_up(place: &Place, disk: &Disk) {
    let kube = Kube::start();
    let kubeconfig = place.kubeconfig_of(&kube);
    let desk = disk.serve(place, &["serve", "--json", "--as", "Mei", "--kubeconfig", &kubeconfig]);
    desk.call("declare", json!({ "title": "Checkout fails", "severity": 2, "commander": "Mei" }));
    note(&desk, "written before the fault").unwrap();
    disk.fill(place, &desk);
    let mut written = vec![];
    let error = until(20, "a full disk", || {
        let text = format!("note {} {}", written.len(), "x".repeat(50_000));
        match note(&desk, &text) {
            Err(error) => Some(error),
            Ok(_) => {
                written.push(text);
                None
            }
        }
    });
    answer_of_use(&error, "disk_full", "broadstreet.db");
    assert!(error["hint"].as_str().unwrap().contains("free some space"), "{error}");
    // What records by itself says so too, and goes on in memory.
    kube.put("pods", pod("meanwhile"));
    let storage = |desk: &Desk| {
        let alarms = desk.call("desk", json!({}))["alarms"].as_array().cloned().unwrap_or_default();
        alarms.into_iter().find(|it| it["code"] == "storage")
    };
    let alarm = until(15, "an alarm", || storage(&desk));
    answer_of_use(
        &json!({ "code": alarm["code"], "message": alarm["text"], "hint": alarm["hint"] }),
        "storage",
        "broadstreet.db",
    );
    std::fs::remove_file(disk.ballast(place, &desk)).unwrap();
    note(&desk, "written when there was room again").unwrap();
    kube.put("pods", pod("after"));
    until(15, "no alarm", || storage(&desk).is_none().then_some(()));
    let entries = desk.call("timeline", json!({ "incident": "INC-0001" }))["entries"].clone();
    let texts: Vec<&str> = entries.as_array().unwrap().iter().filter_map(|it| it["text"].as_str()).collect();
    for text in
        written.iter().map(String::as_str).chain(["written before the fault", "written when there was room again"])
    {
        assert_eq!(texts.iter().filter(|it| **it == text).count(), 1, "{:.40}", text);
    }
    let file = desk.call("export_bundle", json!({ "incident": "INC-0001" }));
    let bytes = desk.bearer(&format!("GET /api/get/{}", file["blob"].as_str().unwrap()), b"").body;
    std::fs::write(place.path().join("kept.broadstreet"), bytes).unwrap();
    drop(desk);
    assert!(place.json(&["verify", "kept.broadstreet"])["rows"].as_u64().unwrap() >= written.len() as u64 + 3);
}

#[test]
fn a_write_that_fails_half_way_leaves_the_record_whole() {
    let place = recorded();
    // Two megabytes a file, in blocks of 512 bytes; the signal that says so is ignored, so that the write fails instead.
    let limited = "trap '' XFSZ; ulimit -f 4096; exec \"$@\"";
    let desk = start(&mut through(&place, &["sh", "-c", limited, "sh"], &["serve", "--json", "--as", "Mei"]));
    let mut written = 0;
    let error = until(20, "a write that fails", || match note(&desk, &format!("{written} {}", "x".repeat(200_000))) {
        Err(error) => Some(error),
        Ok(_) => {
            written += 1;
            None
        }
    });
    assert!(written > 0);
    answer_of_use(&error, "store_failed", "broadstreet.db");
    assert!(desk.call("timeline", json!({ "incident": "INC-0001" })).to_string().contains("written before the fault"));
    drop(desk);
    let shown = place.json(&["incident", "show", "1", "--timeline"])["timeline"].to_string();
    assert!(shown.contains(&format!("{} xxx", written - 1)) && !shown.contains(&format!("{written} xxx")));
    place.mei(&["incident", "note", "written after the fault"]);
    nothing_is_lost(&place);
}

/// Nobody in particular.
const NOBODY: u32 = 65_534;

/// Runs the program as an ordinary user: as ourselves, or as nobody where we are root, for whom no folder is read-only.
fn ordinary(place: &Place, args: &[&str]) -> Command {
    let usual = place.command(args);
    if !is_root() {
        return usual;
    }
    // Nobody may not walk to where the program lies; through an open file it may be run all the same.
    let program = std::fs::File::open(usual.get_program()).unwrap();
    let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    std::mem::forget(program);
    command.args(usual.get_args()).env_clear().current_dir(place.path()).uid(NOBODY).gid(NOBODY);
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

fn give(path: &Path) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}

fn error(place: &Place, args: &[&str]) -> (i32, Value) {
    let output = ordinary(place, &[args, &["--json"]].concat()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last: Value = serde_json::from_str(said.lines().last().unwrap_or_default())
        .unwrap_or_else(|why| panic!("{args:?}: {why}: {said}"));
    (output.status.code().unwrap(), last["error"].clone())
}

#[test]
fn a_data_folder_that_may_not_be_written_is_named() {
    let place = recorded();
    place.json(&["export", "INC-0001", "kept.broadstreet"]);
    if is_root() {
        give(place.path());
    }
    let data = place.path().join("data");
    let may = |folder: u32, file: u32| {
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
        for entry in std::fs::read_dir(&data).unwrap() {
            std::fs::set_permissions(entry.unwrap().path(), std::fs::Permissions::from_mode(file)).unwrap();
        }
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(folder)).unwrap();
    };
    may(0o555, 0o444);
    for args in [&["serve"][..], &["incident", "note", "x", "--as", "Mei"], &["incident", "list"], &["db", "migrate"]] {
        is_of_use(&error(&place, args), "read_only", "/data/broadstreet.db");
    }
    let output = ordinary(&place, &["doctor", "--json"]).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    line_of_use(said["checks"].as_array().unwrap(), "failed", "read_only", "/data");
    // An empty folder, and one that cannot even be made.
    let empty = place.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::set_permissions(&empty, std::fs::Permissions::from_mode(0o555)).unwrap();
    if is_root() {
        give(&empty);
    }
    is_of_use(&error(&place, &["incident", "list", "--data", empty.to_str().unwrap()]), "read_only", "/empty");
    let missing = data.join("deeper");
    is_of_use(&error(&place, &["incident", "list", "--data", missing.to_str().unwrap()]), "bad_file", "deeper");
    // What needs no record goes on.
    let read = ordinary(&place, &["verify", "kept.broadstreet"]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    may(0o755, 0o600);
    let written = ordinary(&place, &["incident", "note", "written after the fault", "--as", "Mei"]).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    nothing_is_lost(&place);
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() {
    let place = recorded();
    let later = place.path().join("later");
    std::fs::create_dir(&later).unwrap();
    let database = later.join("broadstreet.db");
    std::fs::copy(format!("{}/tests/bad/newer.db", env!("CARGO_MANIFEST_DIR")), &database).unwrap();
    let before = std::fs::read(&database).unwrap();
    let data = ["--data", later.to_str().unwrap()];
    for args in [&["serve"][..], &["incident", "list"], &["db", "migrate"]] {
        let error = place.error(&[args, &data].concat());
        is_of_use(&error, "database_newer", "later/broadstreet.db");
        is_of_use(&error, "database_newer", "schema 99");
        assert!(error.1["hint"].as_str().unwrap().contains("update Broadstreet"), "{error:?}");
    }
    let (exit, lines) = doctor(&place, &data);
    assert_eq!(exit, 1);
    line_of_use(&lines, "failed", "database_newer", "schema 99");
    assert_eq!(std::fs::read(&database).unwrap(), before, "not a byte of it was changed");
    // A file that is no database, and the database of another program.
    std::fs::write(&database, "not a database at all ".repeat(100)).unwrap();
    let error = place.error(&[&["incident", "list"][..], &data].concat());
    is_of_use(&error, "store_failed", "later/broadstreet.db");
    assert_eq!(std::fs::read(&database).unwrap(), "not a database at all ".repeat(100).into_bytes());
    place.mei(&["incident", "note", "written after the fault"]);
    nothing_is_lost(&place);
}

#[test]
fn a_second_instance_is_told_who_has_the_file() {
    let (place, kube) = (recorded(), Kube::start());
    let kubeconfig = place.kubeconfig_of(&kube);
    let desk = place.serve(&[]);
    let process = format!("process {}", desk.process());
    for args in [&["serve"][..], &["record", "--kubeconfig", &kubeconfig], &["open"], &["db", "migrate"]] {
        let error = place.error(args);
        is_of_use(&error, "in_use", "data/broadstreet.db");
        is_of_use(&error, "in_use", &process);
    }
    // The one that runs is not disturbed, and commands go through it.
    note(&desk, "written through the first").unwrap();
    place.mei(&["incident", "note", "written beside it"]);
    drop(desk);
    let second = place.serve(&[]);
    note(&second, "written through the second").unwrap();
    drop(second);
    let shown = place.json(&["incident", "show", "1", "--timeline"])["timeline"].to_string();
    for text in ["written through the first", "written beside it", "written through the second"] {
        assert!(shown.contains(text), "{text}");
    }
    nothing_is_lost(&place);
}
