//! Time that passes when it is told to, for faults in which no socket is involved.
//!
//! The product waits by this timer, and the server it asks is in the same process: once nothing can go on without time
//! passing, time passes.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use broadstreet_cluster::{KubeCluster, Limits, Timer};
use broadstreet_core::ports::{Answer, Clock, Cluster as _, Connection, ContextChoice};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Freshness, SourceState};
use broadstreet_tests::apiserver::Unplugged;
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use crate::patience::HEALED_WITHIN;
use crate::watched::{Learned, are_the_same, environment, kubeconfig, of_store, of_world};

/// So often the runtime is let go on before nothing more is believed to happen by itself.
const TURNS: usize = 300;

#[derive(Default)]
struct Inside {
    now: Duration,
    /// How much further the wall clock is than this timer: the machine slept.
    slept: Duration,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    next: u64,
}

/// The time.
#[derive(Clone, Default)]
pub struct Hours(Arc<Mutex<Inside>>);

impl Hours {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everything go on that can without time passing.
    async fn idle(&self) {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass, each thing happening at its moment.
    pub async fn pass(&self, by: Duration) {
        let end = self.lock().now + by;
        loop {
            self.idle().await;
            let mut inside = self.lock();
            let Some((at, _)) = inside.sleepers.keys().next().copied().filter(|(at, _)| *at <= end) else {
                inside.now = end;
                break;
            };
            inside.now = inside.now.max(at);
            Self::wake(inside);
        }
        self.idle().await;
    }

    /// The machine sleeps: the wall clock goes on, and where `counted` the timer too, but nothing happens meanwhile.
    pub fn sleep_through(&self, hours: Duration, counted: bool) {
        let mut inside = self.lock();
        if counted {
            inside.now += hours;
            Self::wake(inside);
        } else {
            inside.slept += hours;
        }
    }

    fn wake(mut inside: MutexGuard<'_, Inside>) {
        let now = inside.now;
        let later = inside.sleepers.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut inside.sleepers, later);
        drop(inside);
        due.into_values().for_each(Waker::wake);
    }

    /// Seconds since the beginning.
    pub fn seconds(&self) -> f64 {
        self.lock().now.as_secs_f64()
    }

    /// How many things wait for a moment.
    pub fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }
}

struct Sleep {
    hours: Hours,
    until: Duration,
    as_number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let hours = self.hours.clone();
        let mut inside = hours.lock();
        if inside.now >= self.until {
            return Poll::Ready(());
        }
        let number = *self.as_number.get_or_insert_with(|| {
            inside.next += 1;
            inside.next
        });
        inside.sleepers.insert((self.until, number), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.as_number {
            self.hours.lock().sleepers.remove(&(self.until, number));
        }
    }
}

impl Timer for Hours {
    fn elapsed(&self) -> Duration {
        self.lock().now
    }

    fn sleep(&self, how_long: Duration) -> Answer<'static, ()> {
        let until = self.lock().now + how_long;
        Box::pin(Sleep { hours: self.clone(), until, as_number: None })
    }
}

impl Clock for Hours {
    fn now(&self) -> Moment {
        let inside = self.lock();
        let began: Moment = "2026-01-01T00:00:00Z".parse().expect("a moment");
        began + chrono::Duration::from_std(inside.now + inside.slept).expect("hours")
    }
}

/// A world that follows a server over no socket.
pub struct Followed {
    /// The way to the server.
    pub connection: Arc<dyn Connection>,
    hours: Hours,
    learned: Arc<Mutex<Learned>>,
    task: JoinHandle<()>,
    /// How many things waited once all was read.
    waiting: usize,
    _folder: tempfile::TempDir,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Followed {
    /// Follows a server that was made ready.
    pub async fn new(hours: Hours, server: &Unplugged) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = kubeconfig(&folder, "http://127.0.0.1:1");
        let cluster = KubeCluster::with(environment(), Limits::default())
            .with_clock(Arc::new(hours.clone()))
            .over(server.wire(), Arc::new(hours.clone()));
        let choice = ContextChoice { kubeconfig: Some(path), ..ContextChoice::default() };
        let connection = cluster.connect(choice).await.expect("a cluster");
        let learned: Arc<Mutex<Learned>> = Arc::default();
        let (mut flow, into) = (connection.watch(), Arc::clone(&learned));
        let task = tokio::spawn(async move {
            while let Some(observation) = flow.next().await {
                into.lock().unwrap_or_else(PoisonError::into_inner).take(observation);
            }
        });
        let before = hours.sleepers();
        let mut followed = Self { connection, hours: hours.clone(), learned, task, waiting: 0, _folder: folder };
        hours.pass(Duration::from_secs(15)).await;
        assert!(followed.learned().in_sync, "{:?}", crate::watched::unwell(&followed.learned()));
        followed.waiting = hours.sleepers() - before.min(hours.sleepers());
        followed
    }

    /// After a fault, as [`crate::watched::Watched::is_healed`], by the product's own clock.
    pub async fn is_healed(&self, server: &Unplugged) {
        self.is_healed_but(server, |_| true).await;
    }

    /// The same for a reader who may read only what `may` says of the lines of the store.
    pub async fn is_healed_but(&self, server: &Unplugged, may: impl Fn(&String) -> bool) {
        let theirs: BTreeSet<String> = of_store(server).into_iter().filter(may).collect();
        let unwell = || {
            let learned = self.learned();
            let is_unwell = |it: &&SourceState| {
                !matches!(it.state, Freshness::Live | Freshness::Absent | Freshness::Forbidden { .. })
            };
            learned.world.freshness().filter(is_unwell).cloned().collect::<Vec<SourceState>>()
        };
        let began = self.hours.seconds();
        while of_world(&self.learned().world) != theirs || !unwell().is_empty() {
            let ours = of_world(&self.learned().world);
            let (missing, ghosts) = (theirs.difference(&ours).next(), ours.difference(&theirs).next());
            let unwell = unwell();
            let took = self.hours.seconds() - began;
            assert!(took < HEALED_WITHIN.as_secs_f64(), "after {took} s: {missing:?}, {ghosts:?}, {unwell:?}");
            self.hours.pass(Duration::from_millis(500)).await;
        }
        let anew = Self::new(self.hours.clone(), server).await;
        are_the_same(&anew.learned().world, &self.learned().world);
        let both = server.watches();
        drop(anew);
        self.hours.pass(Duration::from_secs(1)).await;
        // Whoever reads anew watches as much as is watched here: nothing is left over of what was watched before.
        let here = server.watches();
        let twice: BTreeMap<String, usize> = here.iter().map(|(plural, many)| (plural.clone(), many * 2)).collect();
        assert_eq!(both, twice, "a watch is left over");
        let waiting = self.hours.sleepers();
        assert!(waiting <= self.waiting + 8, "{waiting} things wait, {} before", self.waiting);
    }

    /// What was learned so far.
    pub fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
