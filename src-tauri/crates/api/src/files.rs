//! What crosses the border as bytes: scenes and files.

use broadstreet_core::plan::{Lens, NotALens};
use broadstreet_engine::Engine;

use crate::convert::moment;
use crate::error::ApiError;
use crate::wire::map::SceneRequest;

/// The largest file that may be handed in, in bytes.
pub const LARGEST: usize = 256 << 20;

/// The scene asked for as packed columns, or what leads to it from the one held; empty where that is still the newest.
pub async fn scene(engine: &Engine, request: SceneRequest) -> Result<Vec<u8>, ApiError> {
    let at = request.at.as_deref().map(moment).transpose()?;
    let lens = lens_named(&request.lens)?;
    if let Some(at) = at.filter(|_| request.drawn && lens == Lens::Namespaces && !request.policies)
        && let Some(map) = engine.drawn(at).await?
    {
        return Ok(map);
    }
    let seen = engine.look(at).await?;
    Ok(seen.scene(lens, request.policies, request.held.as_deref()))
}

/// The lens of a name; by namespaces where none is named.
pub(crate) fn lens_named(name: &str) -> Result<Lens, ApiError> {
    let unknown = |why: NotALens| ApiError::new("bad_lens", why.to_string(), "leave it as the map shows it");
    if name.is_empty() { Ok(Lens::Namespaces) } else { name.parse().map_err(unknown) }
}

/// Keeps a file and answers its id.
pub async fn put(engine: &Engine, bytes: Vec<u8>) -> Result<String, ApiError> {
    if bytes.len() > LARGEST {
        return Err(ApiError::new(
            "too_large",
            format!("the file is {} bytes long, the most is {LARGEST}", bytes.len()),
            "hand in a smaller file",
        ));
    }
    Ok(engine.keep_file(bytes).await?)
}

/// Reads a file with its media type, told by its first bytes.
pub async fn get(engine: &Engine, id: &str) -> Result<(Vec<u8>, String), ApiError> {
    let bytes = engine.file(id).await?;
    let media = media_type(&bytes);
    Ok((bytes, media.to_owned()))
}

/// A media type by the first bytes; what is no picture and no PDF is plain bytes. An SVG may hold a script: whoever serves
/// one keeps it from running.
pub fn media_type(bytes: &[u8]) -> &'static str {
    let starts = |head: &[u8]| bytes.starts_with(head);
    if starts(&[0x89, b'P', b'N', b'G']) {
        "image/png"
    } else if starts(&[0xff, 0xd8, 0xff]) {
        "image/jpeg"
    } else if starts(b"GIF8") {
        "image/gif"
    } else if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        "image/webp"
    } else if starts(b"<svg") {
        "image/svg+xml"
    } else if starts(b"%PDF") {
        "application/pdf"
    } else {
        "application/octet-stream"
    }
}
