//! What the suites share.

pub mod postgres;
pub mod scripted;
