//! The routes: what `ui/src/host/serve.ts` asks for.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use broadstreet_api::ApiError;
use broadstreet_api::wire::map::SceneRequest;
use futures_util::Stream;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Serving, guard, page};
use crate::instance::ACTING;

/// The largest command: a postmortem with room to spare.
const LARGEST_CALL: usize = 8 << 20;

/// The largest file: what the store keeps, and a little for it to say so itself.
const LARGEST_FILE: usize = broadstreet_store::MAX_BLOB_BYTES + 1024;

/// Every route behind the guard.
pub fn router(serving: Serving) -> Router {
    Router::new()
        .route("/api/call/{command}", post(call).layer(DefaultBodyLimit::max(LARGEST_CALL)))
        .route("/api/scene", post(scene))
        .route("/api/put", post(put).layer(DefaultBodyLimit::max(LARGEST_FILE)))
        .route("/api/get/{id}", get(file))
        .route("/api/notices", get(notices))
        .route("/", get(root))
        .fallback(get(built))
        .layer(from_fn_with_state(serving.clone(), guard::guard))
        .with_state(serving)
}

/// What a code means in HTTP. The screen reads the code; the status is for what stands between.
fn status(error: &ApiError) -> StatusCode {
    match error.code.as_str() {
        "bad_request" => StatusCode::BAD_REQUEST,
        "too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "not_found" | "unknown_command" => StatusCode::NOT_FOUND,
        "store_failed" | "disk_full" | "read_only" | "press_failed" => StatusCode::INTERNAL_SERVER_ERROR,
        "unreachable" | "bad_answer" => StatusCode::BAD_GATEWAY,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn refused(error: &ApiError) -> Response {
    guard::refusal(status(error), error)
}

fn whole(what: &str, body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    body.map_err(|why| {
        if why.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::new("too_large", format!("`{what}` was sent too much at once"), "send a smaller file or text")
        } else {
            ApiError::new("bad_request", format!("the body of `{what}` did not arrive: {why}"), "try again")
        }
    })
}

fn read<T: DeserializeOwned>(what: &str, body: Result<Bytes, BytesRejection>) -> Result<T, ApiError> {
    let body = whole(what, body)?;
    let body: &[u8] = if body.is_empty() { b"null" } else { &body };
    serde_json::from_slice(body).map_err(|why| ApiError::bad_request(what, &why))
}

async fn call(
    State(serving): State<Serving>,
    Path(command): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let payload: Value = match read(&command, body) {
        Ok(payload) => payload,
        Err(error) => return refused(&error),
    };
    let person = headers.get(ACTING).and_then(|it| hex::decode(it.as_bytes()).ok());
    let person = person.and_then(|it| String::from_utf8(it).ok());
    match broadstreet_api::dispatch_as(&serving.engine, person.as_deref(), &command, payload).await {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(error) => refused(&error),
    }
}

async fn scene(State(serving): State<Serving>, body: Result<Bytes, BytesRejection>) -> Response {
    let request: SceneRequest = match read("scene", body) {
        Ok(request) => request,
        Err(error) => return refused(&error),
    };
    match broadstreet_api::files::scene(&serving.engine, request).await {
        Ok(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Err(error) => refused(&error),
    }
}

async fn put(State(serving): State<Serving>, body: Result<Bytes, BytesRejection>) -> Response {
    let kept = match whole("put", body) {
        Ok(body) => broadstreet_api::files::put(&serving.engine, body.to_vec()).await,
        Err(error) => Err(error),
    };
    match kept {
        Ok(id) => axum::Json(serde_json::json!({ "id": id })).into_response(),
        Err(error) => refused(&error),
    }
}

async fn file(State(serving): State<Serving>, Path(id): Path<String>) -> Response {
    match broadstreet_api::files::get(&serving.engine, &id).await {
        // Handed in by anybody: never run, never shown as a page of this desk.
        Ok((bytes, media_type)) => (
            [
                (CONTENT_TYPE, media_type.as_str()),
                (CONTENT_DISPOSITION, "attachment"),
                (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
            ],
            bytes,
        )
            .into_response(),
        Err(error) => refused(&error),
    }
}

async fn notices(State(serving): State<Serving>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listening = serving.engine.listen();
    let told = futures_util::stream::unfold((listening, serving.stop), |(mut listening, stop)| async move {
        let notice = tokio::select! {
            () = stop.cancelled() => None,
            notice = listening.next() => notice,
        };
        let event = Event::default().data(serde_json::to_string(&notice?).unwrap_or_default());
        Some((Ok(event), (listening, stop)))
    });
    Sse::new(told).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// The page. A token in the query is moved behind `#`, which no log and no Referer shows.
async fn root(State(serving): State<Serving>, uri: Uri) -> Response {
    match guard::token_in(&uri) {
        Some(shown) if guard::is_same(&serving.token, shown) => {
            (StatusCode::SEE_OTHER, [(LOCATION, format!("/#token={}", serving.token))]).into_response()
        }
        _ => page::file("/").into_response(),
    }
}

async fn built(uri: Uri) -> Response {
    page::file(uri.path()).into_response()
}
