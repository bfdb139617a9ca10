//! A place of its own for each test, and the built program run in it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder with the program's data in it.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A new folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
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
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("BROADSTREET_DATA", self.path().join("data"))
            .env("BROADSTREET_NO_KEYRING", "1")
            .current_dir(self.path());
        command
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

/// An error is of use when its code is the one expected, it names the thing, and it says what to do next.
pub fn is_of_use((exit, error): &(i32, Value), code: &str, names: &str) {
    assert_eq!(*exit, 1, "{error}");
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].as_str().unwrap().contains(names), "`{names}` in {error}");
    assert!(error["hint"].as_str().is_some_and(|it| !it.is_empty()), "{error}");
}
