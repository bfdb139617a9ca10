//! What observers are told of but the map: at most twenty times a second, and soon also where nothing more comes.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::Input;
use crate::notices::Notices;

/// The shortest time between two rounds of notices of anything but the map.
const BREATH: Duration = Duration::from_millis(50);

/// What observers are still to be told.
#[derive(Default)]
pub(super) struct News {
    pub(super) channels: BTreeSet<&'static str>,
    /// When they were told last.
    told: Option<Instant>,
}

impl News {
    /// Tells it, once a breath went by since they were told last.
    pub(super) fn tell(&mut self, notices: &Notices) {
        if self.channels.is_empty() || self.told.is_some_and(|told| told.elapsed() < BREATH) {
            return;
        }
        self.told = Some(Instant::now());
        for channel in std::mem::take(&mut self.channels) {
            notices.tell(channel, []);
        }
    }

    /// The next input; what there is to tell is told in its time, also where nothing comes.
    pub(super) async fn next(&mut self, notices: &Notices, input: &mut mpsc::Receiver<Input>) -> Option<Input> {
        while let Some(told) = self.told.filter(|_| !self.channels.is_empty()) {
            match tokio::time::timeout_at(told + BREATH, input.recv()).await {
                Ok(next) => return next,
                Err(_) => self.tell(notices),
            }
        }
        input.recv().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The channels told so far.
    async fn heard(listening: &mut crate::notices::Listening) -> Vec<&'static str> {
        let mut heard = Vec::new();
        while let Ok(notice) = tokio::time::timeout(Duration::ZERO, listening.next()).await {
            heard.extend(notice.map(|it| it.channel));
        }
        heard
    }

    #[tokio::test]
    async fn what_waits_for_its_time_is_told_also_where_nothing_more_comes_and_once() {
        let notices = Notices::default();
        let mut listening = notices.listen();
        let (input, mut inputs) = mpsc::channel(8);
        let mut news = News::default();
        news.channels.insert("alerts");
        news.tell(&notices);
        assert_eq!(heard(&mut listening).await, ["alerts"], "the first at once");
        news.channels.extend(["desk", "history"]);
        news.tell(&notices);
        let early = heard(&mut listening).await;
        let is_early = news.told.is_some_and(|told| told.elapsed() < BREATH);
        assert!(early.is_empty() || !is_early, "told before its time: {early:?}");
        let quiet = tokio::time::timeout(10 * BREATH, news.next(&notices, &mut inputs));
        assert!(quiet.await.is_err(), "nothing comes");
        assert_eq!([early, heard(&mut listening).await].concat(), ["desk", "history"]);
        // What comes is not kept waiting by what there is to tell.
        news.channels.insert("desk");
        input.send(Input::Tick).await.unwrap();
        assert!(matches!(news.next(&notices, &mut inputs).await, Some(Input::Tick)));
        drop(input);
        assert!(news.next(&notices, &mut inputs).await.is_none());
    }
}
