//! A way to the API server that is no socket: where whoever watches brings the server along, and time is not the system's.

use std::sync::Arc;

use broadstreet_core::ports::{Answer, Flow};
use futures_util::StreamExt as _;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use kube::Client;
use kube::client::Body;

/// The pieces of an answer, in order; an error breaks it off.
pub type Pieces = Flow<Result<Vec<u8>, String>>;

/// Takes a request and answers with the head, and the body in pieces.
pub type Wire = Arc<dyn Fn(Request<()>) -> Answer<'static, Result<Response<Pieces>, String>> + Send + Sync>;

/// A client whose requests go over `wire`. None of them has a body.
pub fn client(wire: &Wire) -> Client {
    let wire = Arc::clone(wire);
    let service = tower::service_fn(move |request: Request<Body>| {
        let answer = wire(request.map(drop));
        async move {
            let answer = answer.await?;
            Ok::<_, String>(
                answer.map(|pieces| StreamBody::new(pieces.map(|piece| piece.map(|it| Frame::data(it.into()))))),
            )
        }
    });
    Client::new(service, "")
}
