//! Small notices that something changed: a channel, a revision, ids. Whoever falls behind is told to read everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Serialize;
use tokio::sync::broadcast;

/// How many notices may wait for a slow observer.
const WAITING: usize = 256;

/// Something changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// `desk`, `map`, `alerts`, `ledger`, `pages`, `history`, `logs`, or `resync`: notices were lost, read everything again.
    pub channel: &'static str,
    /// Grows with every notice.
    pub revision: u32,
    /// What it is about: ids of incidents or objects; may be empty.
    pub ids: Vec<String>,
}

/// Where notices are told and heard.
#[derive(Clone)]
pub struct Notices {
    sender: broadcast::Sender<Notice>,
    revision: Arc<AtomicU32>,
}

impl Default for Notices {
    fn default() -> Self {
        Self { sender: broadcast::channel(WAITING).0, revision: Arc::default() }
    }
}

impl Notices {
    /// Tells everybody who listens.
    pub fn tell(&self, channel: &'static str, ids: impl IntoIterator<Item = String>) -> u32 {
        let revision = self.revision.fetch_add(1, Ordering::Relaxed) + 1;
        let _ = self.sender.send(Notice { channel, revision, ids: ids.into_iter().collect() });
        revision
    }

    /// The revision of the last notice.
    pub fn revision(&self) -> u32 {
        self.revision.load(Ordering::Relaxed)
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listening {
        Listening { receiver: self.sender.subscribe(), revision: Arc::clone(&self.revision) }
    }
}

/// One listener.
pub struct Listening {
    receiver: broadcast::Receiver<Notice>,
    revision: Arc<AtomicU32>,
}

impl Listening {
    /// The next notice; `None` when the engine ended.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.receiver.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                Some(Notice { channel: "resync", revision: self.revision.load(Ordering::Relaxed), ids: Vec::new() })
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_listener_is_told_to_read_everything() {
        let notices = Notices::default();
        let mut slow = notices.listen();
        for _ in 0..=WAITING {
            notices.tell("map", []);
        }
        assert_eq!(slow.next().await.map(|it| it.channel), Some("resync"));
        assert_eq!(slow.next().await.map(|it| it.channel), Some("map"));
    }
}
