//! Watching a kind from a resource version on.

use std::time::Duration;

use broadstreet_core::ports::Observation;
use broadstreet_core::world::{Change, Freshness};
use http::header;
use serde_json::Value;

use crate::access::JSON;
use crate::connection::escape;
use crate::failure::{Refusal, describe_body};
use crate::plugin::shorten;
use crate::watch::backoff;
use crate::watch::border::{self, Origin};
use crate::watch::lines::{Lines, WatchLine};
use crate::watch::scope::{End, METADATA, Scope, Stop, end_of, unless_anew};

/// With more watches than this each lasts longer.
const WATCHES_OF_USUAL_LENGTH: u32 = 80;

impl Scope {
    /// Watches from `version`, which is moved on with each event, so that the next watch misses none.
    pub(super) async fn watch(&mut self, version: &mut String) -> End {
        let accept = if self.info.metadata_only { METADATA } else { JSON };
        let limits = self.shared.access.limits;
        let lasts = self.lasts();
        let path = format!(
            "{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            self.path(),
            escape(version),
            lasts.as_secs().max(1),
        );
        // The head comes at once from a server that is well, whatever it has to tell.
        let asked = self.shared.access.get(&path, accept, limits.page.min(lasts));
        let answer = match unless_anew(&mut self.anew, asked).await {
            None => return End::Closed,
            Some(Err(failure)) => return end_of(failure, "watch"),
            Some(Ok(answer)) => answer,
        };
        let content_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        if content_type.contains("html") {
            return End::Failed(format!("the watch was answered with {}", describe_body(&content_type, b"")), None);
        }
        self.lives();
        // A stale kind is live again once the server lets it be watched from where it was.
        self.say(Freshness::Live).await;
        let mut body = answer.into_body();
        let mut lines = Lines::default();
        loop {
            let piece = match self.piece(&mut body, lasts + limits.stall, Duration::ZERO).await {
                Ok(Some(piece)) => piece,
                Ok(None) => return End::Closed,
                Err(end) => return end,
            };
            self.lives();
            let (mut changes, mut skipped, mut end) = (Vec::new(), Vec::new(), None);
            for line in lines.take(piece.as_ref()) {
                let event = line.and_then(|line| match WatchLine::read(&line) {
                    Ok(event) => Ok(self.take(Origin::Event, &line, event, version, &mut changes, &mut skipped)),
                    Err(why) => Err(why),
                });
                end = event.unwrap_or_else(|why| {
                    skipped.push(self.skip(Origin::Event, None, why.clone()));
                    Some(End::Lost(why))
                });
                if end.is_some() {
                    break;
                }
                self.backoff.reset();
            }
            self.hand_on(changes, skipped).await;
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// How long a watch is to last: up to the usual time, no two the same so that they do not all end in one instant, and
    /// more where there are so many that opening them would be a burden.
    pub(super) fn lasts(&self) -> Duration {
        let watches = self.shared.scopes.load(std::sync::atomic::Ordering::Relaxed);
        let usual = self.shared.access.limits.watch.mul_f64(0.75 + backoff::fraction() / 4.0);
        usual * watches.div_ceil(WATCHES_OF_USUAL_LENGTH).clamp(1, 15)
    }

    /// Takes one event; answers what it ends.
    pub(super) fn take(
        &self,
        from: Origin,
        line: &[u8],
        event: WatchLine<'_>,
        version: &mut String,
        changes: &mut Vec<Change>,
        skipped: &mut Vec<Observation>,
    ) -> Option<End> {
        if event.r#type == "ERROR" {
            let refusal = Refusal::of_status(&status_of(line));
            return Some(match refusal {
                refusal if refusal.is_expired() => End::Expired,
                refusal if refusal.code == 403 => {
                    End::Stop(Stop::Forbidden { verb: "watch", message: refusal.message })
                }
                // The server does not say whether something was lost.
                refusal => End::Lost(format!("the watch ended with an error: {}", refusal.words())),
            });
        }
        if let Some(next) = border::version(&event.object) {
            next.clone_into(version);
        }
        match event.r#type.as_str() {
            "ADDED" | "MODIFIED" => self.cross(from, event.object, changes, skipped),
            "DELETED" => changes.push(self.delete(&event.object)),
            "BOOKMARK" => {}
            other => {
                let why = format!("an event of the unknown type `{}`", shorten(other, 40));
                skipped.push(self.skip(from, Some(&event.object), why));
            }
        }
        None
    }
}

/// The status an `ERROR` line carries, whole.
fn status_of(line: &[u8]) -> Value {
    let mut event: Value = serde_json::from_slice(line).unwrap_or_default();
    event.get_mut("object").map(Value::take).unwrap_or_default()
}
