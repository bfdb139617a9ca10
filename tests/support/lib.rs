//! What the suites share.

pub mod apiserver;
pub mod databases;
pub mod estate;
pub mod full;
pub mod peer;
pub mod postgres;
pub mod scripted;
