//! What the suites share.

pub mod databases;
pub mod estate;
pub mod postgres;
pub mod scripted;
