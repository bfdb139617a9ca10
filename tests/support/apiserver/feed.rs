//! What one watch is told: lines put in by the store, taken out by whatever carries them to the client.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// What comes out of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// To be sent as it is.
    Bytes(Vec<u8>),
    /// To be sent, and then the connection breaks.
    Torn(Vec<u8>),
    /// The server closes its half of the connection without a word more.
    HalfClosed,
    /// Nothing more comes, though the connection stays.
    Silence,
    /// The end, in good order.
    End,
}

#[derive(Default)]
struct Inside {
    waiting: VecDeque<Piece>,
    waker: Option<Waker>,
}

/// One watch. Both halves hold it; the store forgets it when the carrier dropped its own.
#[derive(Default)]
pub struct Feed {
    inside: Mutex<Inside>,
    bell: Condvar,
}

impl Feed {
    /// Puts something in.
    pub fn put(&self, piece: Piece) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.waiting.push_back(piece);
        if let Some(waker) = inside.waker.take() {
            waker.wake();
        }
        self.bell.notify_all();
    }

    /// Waits for the next, at most until `until`; none by then.
    pub fn wait(&self, until: Instant) -> Option<Piece> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(piece) = inside.waiting.pop_front() {
                return Some(piece);
            }
            let left = until.checked_duration_since(Instant::now()).filter(|left| *left > Duration::ZERO)?;
            inside = self.bell.wait_timeout(inside, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The next, in a task.
    pub fn poll(&self, context: &Context<'_>) -> Poll<Piece> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = inside.waiting.pop_front() {
            return Poll::Ready(piece);
        }
        inside.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// A watch as it is handed to its carrier: what it is told, and how long it lasts.
#[derive(Clone)]
pub struct Watch {
    /// What it is told.
    pub feed: Arc<Feed>,
    /// `timeoutSeconds`, after which the server ends it in good order.
    pub lasts: Duration,
}
