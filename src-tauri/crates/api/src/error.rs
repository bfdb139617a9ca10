//! What goes wrong, as the edge says it: a code to branch on, a message that names the thing, the next action.

use serde::{Deserialize, Serialize};

/// An error at the edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ts_rs::TS)]
#[error("{message}")]
#[ts(export)]
pub struct ApiError {
    /// What the screen branches on.
    pub code: String,
    /// What was attempted, on what, and why it did not work.
    pub message: String,
    /// The next action.
    pub hint: String,
}

impl ApiError {
    /// Builds an error from its three parts.
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: hint.into() }
    }

    /// A payload that is not what the command takes.
    pub fn bad_request(command: &str, why: &serde_json::Error) -> Self {
        Self::new(
            "bad_request",
            format!("`{command}` cannot read its payload: {why}"),
            "see the command table in the README",
        )
    }

    /// A command that does not exist.
    pub fn unknown_command(command: &str) -> Self {
        Self::new("unknown_command", format!("there is no command `{command}`"), "see the command table in the README")
    }
}

impl From<broadstreet_engine::EngineError> for ApiError {
    fn from(error: broadstreet_engine::EngineError) -> Self {
        Self::new(&error.code(), error.to_string(), error.hint())
    }
}
