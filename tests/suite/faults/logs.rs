//! A log that is followed, and connections that die without a sign of it. In virtual time: nothing but the end of a connection
//! tells whether a container prints nothing or nothing comes through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broadstreet_core::logs::LogLine;
use broadstreet_core::ports::{ClusterError, Flow, LogsOf};
use broadstreet_tests::apiserver::feed::{Feed, Watch};
use broadstreet_tests::apiserver::{Piece, Unplugged, status};
use broadstreet_tests::peer::{End, Told};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use crate::hours::{Followed, Hours};

type Line = Option<Result<LogLine, ClusterError>>;

const LINE: &[u8] = b"2026-03-04T14:32:05Z cart is empty\n";
const DAY: Duration = Duration::from_hours(24);

/// A cluster one of whose containers printed a line and then nothing for long.
struct Silent {
    hours: Hours,
    followed: Followed,
    /// True while the server answers no proof of life.
    is_down: Arc<AtomicBool>,
}

impl Silent {
    async fn new() -> Self {
        let hours = Hours::default();
        let server = Unplugged::new(Arc::new(hours.clone()));
        let followed = Followed::new(hours.clone(), &server).await;
        let is_down = Arc::<AtomicBool>::default();
        let down = Arc::clone(&is_down);
        server.fault(move |asked| match asked.path.as_str() {
            "/livez" if down.load(Ordering::SeqCst) => Some(status(503, "ServiceUnavailable", "it is down")),
            path if path.ends_with("/pods/cart/log") => {
                let feed = Arc::<Feed>::default();
                feed.put(Piece::Bytes(LINE.to_vec()));
                Some(Told::ok("").ending(End::Watch(Watch { feed, lasts: DAY })))
            }
            _ => None,
        });
        Self { hours, followed, is_down }
    }

    fn open(&self) -> Flow<Result<LogLine, ClusterError>> {
        let of = LogsOf {
            namespace: "shop".into(),
            pod: "cart".into(),
            container: "main".into(),
            follow: true,
            ..LogsOf::default()
        };
        self.followed.connection.logs(of)
    }

    /// The line it printed, and what comes after.
    async fn read_on(&self) -> JoinHandle<Line> {
        let mut lines = self.open();
        let first = lines.next().await.expect("a line").expect("a line");
        assert_eq!(first.text, "cart is empty");
        let next = tokio::spawn(async move { lines.next().await });
        self.hours.pass(Duration::from_mins(10)).await;
        assert!(!next.is_finished(), "a container may print nothing for long");
        next
    }

    /// It broke off, and is read when it is opened again.
    async fn broke_off(&self, next: JoinHandle<Line>) {
        assert!(next.is_finished(), "it is open still");
        let why = next.await.expect("no panic").expect("an end that says why").expect_err("no line");
        assert!(why.to_string().contains("broke off"), "{why}");
        assert!(self.open().next().await.is_some_and(|it| it.is_ok()));
    }
}

#[tokio::test]
async fn a_log_that_is_followed_breaks_off_after_a_sleep() {
    let silent = Silent::new().await;
    let next = silent.read_on().await;
    silent.hours.sleep_through(Duration::from_hours(1), false);
    silent.hours.pass(Duration::from_secs(8)).await;
    silent.broke_off(next).await;
}

#[tokio::test]
async fn a_log_that_is_followed_breaks_off_where_the_path_was_cut_and_mended() {
    let silent = Silent::new().await;
    let next = silent.read_on().await;
    silent.is_down.store(true, Ordering::SeqCst);
    silent.followed.connection.alive().await.expect_err("it is down");
    silent.is_down.store(false, Ordering::SeqCst);
    silent.followed.connection.alive().await.expect("it lives again");
    silent.hours.pass(Duration::from_secs(1)).await;
    silent.broke_off(next).await;
}
