//! One function per command, thin: read the wire, ask the engine, answer the wire.

mod apps;
mod calls;
mod desk;
mod evidence;
mod finding;
mod incident;
mod map;
mod placing;
mod record;
mod rollup;

pub use desk::*;
pub use evidence::*;
pub use finding::*;
pub use incident::*;
pub use map::*;
pub use placing::*;
pub use record::*;
pub use rollup::*;

/// What every handler answers.
pub type Answer<T> = Result<T, crate::ApiError>;
