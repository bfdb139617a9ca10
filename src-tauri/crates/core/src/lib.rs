//! The pure domain of Broadstreet: the world, the ledger, the plan.
//!
//! Nothing here opens a file or a socket, starts a task or reads a clock: time and randomness are parameters, so the
//! same code runs live, in replay, in tests and for a moment in the past.

pub mod alerts;
pub mod handoff;
pub mod health;
pub mod id;
pub mod ledger;
pub mod logs;
pub mod metrics;
pub mod observed;
pub mod pages;
pub mod plan;
pub mod ports;
pub mod recording;
pub mod resource;
mod stamp;
pub mod time;
pub mod topology;
pub mod world;
pub mod writing;
