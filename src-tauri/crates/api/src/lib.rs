//! The wire: one command table, wire types and their TypeScript.

pub mod wire;
