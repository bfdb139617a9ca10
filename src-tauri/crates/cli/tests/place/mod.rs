//! A place of its own for each test, and the built program run in it.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::disallowed_methods, reason = "the clock of a test, not of the product")]

pub mod background;
pub mod desk;
pub mod kube;

pub use broadstreet_tests::peer as server;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder with the program's data in it.
pub struct Place {
    folder: tempfile::TempDir,
    variables: Mutex<BTreeMap<&'static str, OsString>>,
}

impl Place {
    /// A new folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Mutex::default() }
    }

    /// A variable that everything started here from now on has too; an empty one is no more.
    pub fn set(&self, name: &'static str, value: impl Into<OsString>) {
        let value = value.into();
        let mut variables = self.variables.lock().unwrap();
        if value.is_empty() {
            variables.remove(name)
        } else {
            variables.insert(name, value)
        };
    }

    /// Where.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs the program and waits for its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The program in an environment of its own: no home, no kubeconfig, no keyring.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_broadstreet"));
        self.surround(command.args(args));
        command
    }

    /// The program as it runs on a terminal of its own, by `script` of every Debian.
    pub fn on_a_terminal(&self, line: &str) -> Command {
        let mut command = Command::new("script");
        let line = format!("'{}' {line}", env!("CARGO_BIN_EXE_broadstreet"));
        self.surround(command.args(["--quiet", "--return", "--command", &line, "/dev/null"]));
        command
    }

    fn surround(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("BROADSTREET_DATA", self.path().join("data"))
            .env("BROADSTREET_NO_KEYRING", "1")
            .envs(&*self.variables.lock().unwrap())
            .current_dir(self.path());
    }

    /// What a command that must work answers.
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.answer(&[args, &["--json"]].concat())).unwrap()
    }

    /// The same, as Mei.
    pub fn mei(&self, args: &[&str]) -> Value {
        self.json(&[args, &["--as", "Mei"]].concat())
    }

    /// A place with an incident under way.
    pub fn declared() -> Self {
        let place = Self::new();
        place.mei(&["incident", "declare", "Checkout fails", "-s", "2", "--commander", "Mei"]);
        place
    }

    /// What a command that must work prints.
    pub fn answer(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The error of a command that must fail, with its exit code.
    pub fn error(&self, args: &[&str]) -> (i32, Value) {
        let output = self.run(&[args, &["--json"]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        let last = said.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|why| panic!("{args:?}: {why}: {said}"));
        (output.status.code().unwrap(), error["error"].clone())
    }
}

/// Says that something cannot be looked at here: past what hides the output of tests that pass, in the words that
/// `scripts/lib.sh` counts.
pub fn skip(what: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "\nskip {what}");
}

/// Writes a script for the shell that may be run, and answers where it is.
#[cfg(unix)]
pub fn script(path: &Path, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// Asks twenty times a second until `look` finds something, at most `seconds`, and thrice that on a busy machine.
pub fn until<T>(seconds: u64, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(seconds) * 3;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The lines of the doctor, also where it ends with 1, and its exit code.
pub fn doctor(place: &Place, args: &[&str]) -> (i32, Vec<Value>) {
    let output = place.run(&[&["doctor", "--json"], args].concat());
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"));
    (output.status.code().unwrap(), said["checks"].as_array().unwrap().clone())
}

/// A line of the doctor is of use when it is the one of this code, names the thing, and says what to do next.
pub fn line_of_use(lines: &[Value], state: &str, code: &str, names: &str) {
    let is_meant = |it: &&Value| {
        let text = it["text"].as_str().unwrap_or_default();
        it["code"] == code && it["state"] == state && text.contains(names)
    };
    let found = lines.iter().find(is_meant).unwrap_or_else(|| panic!("`{state}` `{code}` `{names}` in {lines:#?}"));
    assert!(found["hint"].as_str().is_some_and(|it| !it.is_empty()), "{found}");
}

/// An error is of use when its code is the one expected, it names the thing, and it says what to do next.
pub fn is_of_use((exit, error): &(i32, Value), code: &str, names: &str) {
    assert_eq!(*exit, 1, "{error}");
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].as_str().unwrap().contains(names), "`{names}` in {error}");
    assert!(error["hint"].as_str().is_some_and(|it| !it.is_empty()), "{error}");
}
