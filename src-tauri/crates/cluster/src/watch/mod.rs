//! Watches of every kind the reader may read, as one stream.
//!
//! The kinds run side by side inside the stream that is polled: a channel carries what they say, and nothing is
//! spawned. One kind that is forbidden, absent, slow or broken says so and stops no other.

mod anew;
mod backoff;
mod border;
mod defined;
mod discovery;
mod items;
mod kind;
mod kinds;
mod leases;
mod lines;
mod reading;
mod refused;
mod scope;
mod watching;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broadstreet_core::id::SourceId;
use broadstreet_core::ports::{Answer, ClusterIdentity, Flow, Observation};
use broadstreet_core::resource::KINDS;
use broadstreet_core::world::{Change, Freshness, SourceState};
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use tokio::sync::{Notify, Semaphore, mpsc, watch as latest};

use crate::access::Access;
use crate::watch::defined::Definitions;
use crate::watch::discovery::Discovery;
pub use crate::watch::discovery::{group_version, root};
pub use crate::watch::kinds::{Defined, Kind};
use crate::watch::leases::Nodes;
pub use crate::watch::scope::{METADATA, unless_anew};

/// Observations waiting to be taken; a page of a list is one.
const WAITING: usize = 16;
/// Pages of lists on the way at once: more would only hold memory.
const PAGES_AT_ONCE: usize = 8;
/// What another kind found given back so long ago is news still.
const JUST_FOUND: Duration = Duration::from_secs(5);
/// A kind that failed this often in a row no longer holds up [`Observation::InSync`].
const FAILURES_UNTIL_SETTLED: u32 = 3;

/// What all kinds share.
struct Shared {
    access: Arc<Access>,
    cluster: String,
    source: SourceId,
    /// Namespaces the user named, and the context's own.
    named: BTreeSet<String>,
    out: mpsc::Sender<Observation>,
    pages: Semaphore,
    listed: latest::Sender<Listed>,
    nodes: Mutex<Nodes>,
    settling: Mutex<Settling>,
    discovery: Discovery,
    /// The kinds that were defined in this cluster.
    kinds: Arc<Defined>,
    /// What was told of the definitions of custom resources.
    defined: latest::Sender<Definitions>,
    /// A connection broke, so that the server may be another one.
    broke: Notify,
    /// Watches there are.
    scopes: AtomicU32,
    /// Places that some kind was refused and then allowed: other kinds may find the same.
    given_back: latest::Sender<GivenBack>,
}

/// Places by when they were given back; the whole cluster has no name.
type GivenBack = BTreeMap<String, Duration>;

/// One watch more, while this is kept.
struct OneMoreScope<'s>(&'s AtomicU32);

impl Drop for OneMoreScope<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The namespaces the cluster lists.
#[derive(Clone, Debug, Default)]
struct Listed {
    /// True once they were listed, or refused.
    settled: bool,
    names: BTreeSet<String>,
}

/// How far each kind (and namespace, where it is read by namespace) has come.
#[derive(Default)]
struct Settling {
    phases: BTreeMap<Settled, Phase>,
    told: bool,
}

/// A group, a plural and a namespace.
type Settled = (Cow<'static, str>, Cow<'static, str>, String);

fn settled(info: &Kind, namespace: &str) -> Settled {
    (info.group.clone(), info.plural.clone(), namespace.to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not listed yet, with failures so far.
    Pending(u32),
    /// Listed.
    Listed,
    /// Refused or absent.
    Without,
}

/// Watches every kind until the stream is dropped. It never ends by itself.
pub fn watch(
    access: Arc<Access>,
    kinds: Arc<Defined>,
    identity: ClusterIdentity,
    namespaces: Vec<String>,
) -> Flow<Observation> {
    let (out, mut waiting) = mpsc::channel(WAITING);
    let named = namespaces.into_iter().chain([access.namespace.clone()]).filter(|name| !name.is_empty()).collect();
    let shared = Arc::new(Shared {
        source: SourceId::new(format!("cluster:{}", identity.label)),
        cluster: identity.id.clone(),
        access,
        named,
        out,
        pages: Semaphore::new(PAGES_AT_ONCE),
        listed: latest::Sender::default(),
        nodes: Mutex::default(),
        settling: Mutex::default(),
        discovery: Discovery::default(),
        kinds,
        defined: latest::Sender::default(),
        broke: Notify::new(),
        scopes: AtomicU32::default(),
        given_back: latest::Sender::default(),
    });
    let own: Vec<Arc<Kind>> = KINDS.iter().map(|info| Arc::new(info.into())).collect();
    for info in own.iter().map(|info| &**info).chain([&defined::ALL]) {
        shared.expect(info, "");
    }
    let drivers: FuturesUnordered<Answer<'static, ()>> = FuturesUnordered::new();
    for info in own {
        let shared = Arc::clone(&shared);
        drivers.push(Box::pin(async move {
            let present = shared.discovery.version_of(&shared.access, &info).await;
            kind::follow(shared, info, present).await;
        }));
    }
    drivers.push(Box::pin(defined::follow(Arc::clone(&shared))));
    drivers.push(Box::pin(leases::follow(Arc::clone(&shared))));
    drivers.push(Box::pin(anew::after_sleep(Arc::clone(&shared))));
    let ClusterIdentity { id, label, version, .. } = identity.clone();
    drivers.push(Box::pin(anew::version(Arc::clone(&shared), id, label, version)));
    let known = Change::Cluster { id: identity.id, label: identity.label, version: identity.version };
    let first = stream::once(async move { Observation::Changes(vec![known]) });
    let said = stream::poll_fn(move |context| waiting.poll_recv(context));
    let driven = drivers.filter_map(|()| async { None });
    Box::pin(first.chain(stream::select(said, driven)))
}

impl Shared {
    async fn say(&self, observation: Observation) {
        // Fails only where nobody takes it any more, and then this is dropped too.
        let _ = self.out.send(observation).await;
    }

    async fn say_freshness(&self, info: &Kind, namespace: &str, state: Freshness) {
        let kind = kind_name(info);
        let state = SourceState { source: self.source.clone(), kind, namespace: namespace.to_owned(), state };
        self.say(Observation::Freshness(state)).await;
    }

    fn one_more_scope(&self) -> OneMoreScope<'_> {
        self.scopes.fetch_add(1, Ordering::Relaxed);
        OneMoreScope(&self.scopes)
    }

    /// A place that was refused is allowed; empty for the whole cluster.
    fn give_back(&self, place: &str) {
        let now = self.access.timer.elapsed();
        let lately = |at: &Duration| *at + self.access.limits.ask_again >= now;
        self.given_back.send_if_modified(|given_back| {
            // What one kind of many found is told to the others once.
            let is_known = given_back.get(place).is_some_and(lately);
            given_back.retain(|_, at| lately(at));
            given_back.insert(place.to_owned(), now);
            !is_known
        });
    }

    /// Something is going to be listed; [`Observation::InSync`] waits for it.
    fn expect(&self, info: &Kind, namespace: &str) {
        let mut settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        settling.phases.entry(settled(info, namespace)).or_insert(Phase::Pending(0));
    }

    /// Something is no longer going to be listed.
    fn expect_no_more(&self, info: &Kind, namespace: &str) {
        let mut settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        settling.phases.remove(&settled(info, namespace));
    }

    /// Something was listed; says once when all was, or cannot be.
    async fn settle(&self, info: &Kind, namespace: &str) {
        self.move_on(info, namespace, |_| Phase::Listed).await;
    }

    /// The same where something is refused or absent.
    async fn settle_without(&self, info: &Kind, namespace: &str) {
        self.move_on(info, namespace, |_| Phase::Without).await;
    }

    /// Something failed; a kind that always fails holds nothing up for ever.
    async fn stumble(&self, info: &Kind, namespace: &str) {
        self.move_on(info, namespace, |phase| match phase {
            Phase::Pending(failures) => Phase::Pending(failures.saturating_add(1)),
            settled => settled,
        })
        .await;
    }

    async fn move_on(&self, info: &Kind, namespace: &str, to: impl Fn(Phase) -> Phase) {
        let (done, passed) = {
            let mut settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(phase) = settling.phases.get_mut(&settled(info, namespace)) {
                *phase = to(*phase);
            }
            let passed = |phase: &Phase| match phase {
                Phase::Listed | Phase::Without => true,
                Phase::Pending(failures) => *failures >= FAILURES_UNTIL_SETTLED,
            };
            // A cluster of which nothing at all could be listed is not in sync, however often that failed: that a kind is
            // absent or refused says nothing of those that fail.
            let any = settling.phases.values().any(|phase| *phase == Phase::Listed);
            let none_fails = settling.phases.values().all(|phase| *phase == Phase::Without);
            let done = !settling.told && (any || none_fails) && settling.phases.values().all(passed);
            settling.told |= done;
            let here = settling.phases.get(&settled(info, namespace)).is_none_or(passed);
            (done, here)
        };
        if (&*info.group, &*info.kind) == ("", "Namespace") && passed {
            self.listed.send_if_modified(|listed| !std::mem::replace(&mut listed.settled, true));
        }
        if (&*info.group, &*info.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition") && passed {
            self.defined.send_if_modified(|defined| !std::mem::replace(&mut defined.settled, true));
        }
        if done {
            self.say(Observation::InSync).await;
        }
    }
}

/// The places found given back a moment ago.
fn just_found(given_back: &GivenBack, now: Duration) -> Vec<String> {
    given_back.iter().filter(|(_, at)| **at + JUST_FOUND >= now).map(|(place, _)| place.clone()).collect()
}

/// `group/Kind`, the core group empty: `/Pod`, `apps/Deployment`.
fn kind_name(info: &Kind) -> String {
    format!("{}/{}", info.group, info.kind)
}
