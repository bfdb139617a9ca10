//! `topology`: objects, relations and health of a source.

use broadstreet_api::ApiError;
use broadstreet_core::topology;

use super::source;
use crate::args::{Format, Global, Topology};
use crate::output;

/// Prints it.
pub async fn run(global: &Global, args: Topology) -> Result<(), ApiError> {
    let source = source::read(global, args.source.as_deref()).await?;
    let document = topology::document(&source.world);
    match args.format {
        _ if global.json => output::json(&document),
        Format::Json => output::json(&document),
        Format::Dot => output::text(&topology::dot(&document)),
        Format::Mermaid => output::text(&topology::mermaid(&document)),
        Format::Table => output::text(&topology::table(&document)),
    }
}
