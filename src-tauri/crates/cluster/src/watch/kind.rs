//! One kind: whole where that is allowed, else namespace by namespace, asked again once a minute where it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broadstreet_core::ports::Answer;
use broadstreet_core::resource::KindInfo;
use broadstreet_core::world::Freshness;
use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::{sleep, timeout};

use crate::watch::Shared;
use crate::watch::border::Known;
use crate::watch::scope::{Scope, Stop};

/// How long to wait for the list of namespaces before going on with those that were named.
const WAIT_FOR_NAMESPACES: Duration = Duration::from_secs(10);
/// Up to so many refused namespaces are asked again once a minute; more of them less often, in proportion.
const REFUSED_ASKED_EACH_MINUTE: u32 = 20;

/// Follows a kind for ever.
pub async fn follow(shared: Arc<Shared>, info: &'static KindInfo) {
    let ask_again = shared.access.limits.ask_again;
    let known: Arc<Mutex<Known>> = Arc::default();
    let mut whole = Scope::new(&shared, info, "", &known);
    let mut present = shared.discovery.version_of(&shared.access, info).await;
    loop {
        let stop = match present {
            Some(version) => {
                whole.version = version;
                whole.follow().await
            }
            None => Stop::Absent,
        };
        match stop {
            Stop::Absent => {
                whole.say(Freshness::Absent).await;
                shared.settle(info, "").await;
                sleep(ask_again).await;
                present = shared.discovery.version_now(&shared.access, info).await;
            }
            Stop::Forbidden { verb, message } => {
                whole.say(Freshness::Forbidden { verb: verb.to_owned(), message }).await;
                if info.namespaced && verb == "list" {
                    by_namespace(&shared, info, &known, &whole).await;
                } else {
                    shared.settle(info, "").await;
                    sleep(ask_again).await;
                }
            }
        }
    }
}

/// Follows a kind in each namespace there is, until the whole may be read.
async fn by_namespace(shared: &Arc<Shared>, info: &'static KindInfo, known: &Arc<Mutex<Known>>, whole: &Scope) {
    let ask_again = shared.access.limits.ask_again;
    let mut listed = shared.listed.subscribe();
    let _ = timeout(WAIT_FOR_NAMESPACES, listed.wait_for(|listed| listed.settled)).await;

    let mut followed: FuturesUnordered<Abortable<Answer<'static, ()>>> = FuturesUnordered::new();
    let mut handles: BTreeMap<String, AbortHandle> = BTreeMap::new();
    let allowed = async {
        loop {
            sleep(ask_again).await;
            if whole.may_list().await {
                return;
            }
        }
    };
    tokio::pin!(allowed);
    let mut settled = false;
    loop {
        let wanted: BTreeSet<String> = {
            let listed = listed.borrow_and_update();
            shared.named.union(&listed.names).cloned().collect()
        };
        for namespace in &wanted {
            if handles.contains_key(namespace) {
                continue;
            }
            if !settled {
                shared.expect(info, namespace);
            }
            let (handle, registration) = AbortHandle::new_pair();
            let mut scope = Scope::new(shared, info, namespace, known);
            scope.version = whole.version;
            let patience = patience(ask_again, wanted.len());
            let one: Answer<'static, ()> = Box::pin(one(Arc::clone(shared), info, namespace.clone(), scope, patience));
            followed.push(Abortable::new(one, registration));
            handles.insert(namespace.clone(), handle);
        }
        let left: Vec<String> = handles.keys().filter(|namespace| !wanted.contains(*namespace)).cloned().collect();
        for namespace in left {
            if let Some(handle) = handles.remove(&namespace) {
                handle.abort();
            }
            shared.expect_no_more(info, &namespace);
            shared.say_freshness(info, &namespace, Freshness::Absent).await;
        }
        if !settled {
            settled = true;
            shared.settle(info, "").await;
        }
        tokio::select! {
            () = &mut allowed => break,
            changed = listed.changed() => if changed.is_err() { return },
            Some(Ok(()) | Err(Aborted)) = followed.next() => {}
        }
    }
    // Now the whole is followed: its freshness stands for every namespace.
    for namespace in handles.keys() {
        shared.say_freshness(info, namespace, Freshness::Absent).await;
    }
}

/// Follows a kind in one namespace for ever.
async fn one(shared: Arc<Shared>, info: &'static KindInfo, namespace: String, mut scope: Scope, patience: Duration) {
    loop {
        let state = match scope.follow().await {
            Stop::Absent => Freshness::Absent,
            Stop::Forbidden { verb, message } => Freshness::Forbidden { verb: verb.to_owned(), message },
        };
        scope.say(state).await;
        shared.settle(info, &namespace).await;
        sleep(patience).await;
    }
}

fn patience(ask_again: Duration, namespaces: usize) -> Duration {
    let namespaces = u32::try_from(namespaces).unwrap_or(u32::MAX);
    ask_again * (namespaces / REFUSED_ASKED_EACH_MINUTE).clamp(1, 60)
}
