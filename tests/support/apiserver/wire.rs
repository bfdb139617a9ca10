//! The same server without a socket, for virtual time: where nothing waits for a peer, hours pass in an instant.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use broadstreet_cluster::{Pieces, Timer, Wire};
use futures_util::stream::{self, StreamExt as _};

use super::Kept;
use super::feed::{Piece, Watch};
use crate::peer::{Asked, End, Told};

/// A cluster reached by no socket.
#[derive(Clone)]
pub struct Unplugged {
    /// The cluster.
    pub kept: Kept,
    asked: Arc<Mutex<Vec<Asked>>>,
    timer: Arc<dyn Timer>,
}

impl std::ops::Deref for Unplugged {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        &self.kept
    }
}

impl Unplugged {
    /// A cluster with two namespaces and a pod, in a time of its own.
    pub fn new(timer: Arc<dyn Timer>) -> Self {
        Self { kept: Kept::new(), asked: Arc::default(), timer }
    }

    /// What was asked so far, with its seconds.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what was asked so far.
    pub fn forget_asked(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
    }

    /// What carries the product's requests to it.
    #[must_use]
    pub fn wire(&self) -> Wire {
        let this = self.clone();
        Arc::new(move |request| {
            let mut asked = Asked {
                method: request.method().to_string(),
                path: request.uri().path().to_owned(),
                query: request.uri().query().unwrap_or_default().to_owned(),
                at: this.timer.elapsed().as_secs_f64(),
                ..Asked::default()
            };
            for (name, value) in request.headers() {
                asked.headers.push((name.to_string(), value.to_str().unwrap_or_default().to_owned()));
            }
            this.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
            let told = this.kept.lock().answer(&asked);
            let timer = Arc::clone(&this.timer);
            Box::pin(answer(told, timer))
        })
    }
}

async fn answer(told: Told, timer: Arc<dyn Timer>) -> Result<http::Response<Pieces>, String> {
    let mut answer = http::Response::builder().status(told.status);
    for (name, value) in &told.headers {
        answer = answer.header(*name, value);
    }
    let body: Pieces = match told.end {
        End::Whole => Box::pin(stream::iter([Ok(told.body)])),
        End::Half => Box::pin(stream::iter([Ok(told.body), Err("the connection broke".to_owned())])),
        End::Mute | End::Pieces(_) => std::future::pending().await,
        End::Watch(watch) => pieces(watch, &*timer),
    };
    answer.body(body).map_err(|error| error.to_string())
}

fn pieces(watch: Watch, timer: &dyn Timer) -> Pieces {
    let ends = timer.sleep(watch.lasts);
    let told = stream::unfold((watch.feed, ends, false), |(feed, mut ends, silent)| async move {
        if silent {
            return std::future::pending().await;
        }
        let next = std::future::poll_fn(|context| match feed.poll(context) {
            Poll::Ready(piece) => Poll::Ready(Some(piece)),
            Poll::Pending => ends.as_mut().poll(context).map(|()| None),
        });
        match next.await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), (feed, ends, false))),
            Some(Piece::Torn(bytes)) => Some((Ok(bytes), (broken(), ends, false))),
            Some(Piece::HalfClosed) => Some((Err("the connection broke".to_owned()), (feed, ends, false))),
            Some(Piece::Silence) => Some((Ok(Vec::new()), (feed, ends, true))),
            Some(Piece::End) | None => None,
        }
    });
    told.boxed()
}

/// A feed whose next piece is the end of the connection.
fn broken() -> Arc<super::feed::Feed> {
    let feed = Arc::<super::feed::Feed>::default();
    feed.put(Piece::HalfClosed);
    feed
}
