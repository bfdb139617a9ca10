//! Questions about the graph, and the topology document of the command line.

mod document;

pub use document::{Document, Entry, document, dot, mermaid, table};
