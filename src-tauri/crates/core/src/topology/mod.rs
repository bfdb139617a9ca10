//! Questions about the graph, and the topology document of the command line.

mod document;
pub mod filter;
mod path;
mod places;
mod reach;
mod rollup;
mod search;
mod shared;

pub use document::{Document, Entry, document, dot, mermaid, table};
pub use path::{Step, path};
pub use places::{Standing, standing};
pub use reach::{Reached, blast_radius, upstream};
pub use rollup::{Extent, Rollup, States, Tally, rollup};
pub use search::{Hit, fit, search};
pub use shared::{By, Shared, Sharing, shared};
