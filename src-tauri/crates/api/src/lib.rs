//! The wire: one command table, wire types and their TypeScript.
//!
//! A host hands in a command's name and payload and gets JSON or an [`ApiError`]; files and scenes go by [`files`].

pub mod alarms;
pub mod commands;
pub mod convert;
pub mod error;
pub mod files;
mod handlers;
pub mod wire;

pub use commands::{TABLE, dispatch, dispatch_as, typescript};
pub use error::ApiError;
