//! The built screen, inside the program.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Response, StatusCode};
use rust_embed::RustEmbed;

/// `ui/dist` as it was when the program was built; a debug build reads the folder each time.
#[derive(RustEmbed)]
#[folder = "../../../ui/dist"]
#[allow_missing = true]
struct Built;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Broadstreet</title>\
    <h1>The screen was not built</h1><p>This program was compiled without its screen. Run <code>make run</code>, or \
    <code>npm ci &amp;&amp; npm run build</code> in <code>ui/</code>, and compile it again. The command line works all the \
    same.</p></html>";

/// A file of the screen; the root is its page.
pub fn file(path: &str) -> Response<Body> {
    let path = path.trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    if let Some(file) = Built::get(path) {
        // Names of assets hold a hash of their content, the page itself does not.
        let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        return answer(StatusCode::OK, media_type(path), keep, Body::from(file.data));
    }
    if path == "index.html" {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "text/html; charset=utf-8", "no-store", Body::from(NOT_BUILT));
    }
    answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no-store", Body::from("there is no such page\n"))
}

fn answer(status: StatusCode, media_type: &str, keep: &str, body: Body) -> Response<Body> {
    let built =
        Response::builder().status(status).header(CONTENT_TYPE, media_type).header(CACHE_CONTROL, keep).body(body);
    built.unwrap_or_default()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
