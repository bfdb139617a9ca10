//! A document as Markdown (`CommonMark` with tables and strikethrough), and back.
//!
//! [`read`] gives back exactly what [`write`] was given, in its one form (see [`super::normal`]), to a depth of 64. The
//! title is the heading of level 1 at the top, the subtitle an italic paragraph below it. Marks are written with stars
//! and tildes where these are certain to be read as marks, and as HTML tags where they are not; a paragraph to be filled
//! in is an empty comment.

mod read;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub use read::read;
pub use write::write;

/// An empty paragraph.
const EMPTY: &str = "<!-- -->";

/// Stands in an item or a quotation without anything in it; readers differ on bare markers.
const VOID: &str = "<!-- none -->";

/// Stands where an italic paragraph below the title is not the subtitle.
const NO_SUBTITLE: &str = "<!-- no subtitle -->";

/// What the address of a kept picture begins with.
const BLOB: &str = "blob:";
