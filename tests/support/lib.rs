//! What the suites share.

pub mod databases;
pub mod postgres;
pub mod scripted;
