//! The built program in the background, with what it says.

use std::io::{BufRead, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{Place, until};

/// Killed at the end of the test, whatever came of it.
pub struct Background {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    /// Starts the program and goes on.
    pub fn background(&self, args: &[&str]) -> Background {
        let mut child = self.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let (mut stderr, heard) = (BufReader::new(child.stderr.take().unwrap()), said.clone());
        std::thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).is_ok_and(|read| read > 0) {
                heard.lock().unwrap().push_str(&std::mem::take(&mut line));
            }
        });
        Background { child, said }
    }
}

impl Background {
    /// What it said so far on stderr.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it said something.
    #[track_caller]
    pub fn until_said(&self, seconds: u64, what: &str) {
        until(seconds, what, || self.said().contains(what).then_some(()));
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(&mut self, seconds: u64) -> ExitStatus {
        until(seconds, "the end", || self.child.try_wait().unwrap())
    }

    /// Asks it to end as the system does, and waits for that.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let asked = std::process::Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.ended(30)
    }

    /// Asks it to end and answers the error it ends with, as [`Place::error`] does.
    #[track_caller]
    pub fn error(&mut self) -> (i32, Value) {
        let code = self.end().code().unwrap_or_default();
        let last = || serde_json::from_str::<Value>(self.said().lines().last()?).ok();
        let error = until(5, "the error", || Some(last()?["error"].clone()).filter(Value::is_object));
        (code, error)
    }
}
