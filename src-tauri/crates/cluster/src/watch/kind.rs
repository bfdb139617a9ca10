//! One kind: whole where that is allowed, else namespace by namespace. What is refused is asked for again once a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broadstreet_core::ports::Answer;
use broadstreet_core::world::Freshness;
use futures_util::future::{AbortHandle, Abortable, Aborted, Either, select};
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use tokio::sync::watch as latest;

use crate::failure::Failure;
use crate::timer::within;
use crate::watch::border::Known;
use crate::watch::refused::Refused;
use crate::watch::scope::{Scope, Stop};
use crate::watch::{GivenBack, Kind, Shared, just_found};

/// How long to wait for the list of namespaces before going on with those that were named.
const WAIT_FOR_NAMESPACES: Duration = Duration::from_secs(10);
/// How old what the server said of its kinds may be where something just contradicted it.
pub(super) const JUST_ASKED: Duration = Duration::from_secs(1);

/// Follows a kind for ever, in the version the server was found to have.
pub async fn follow(shared: Arc<Shared>, info: Arc<Kind>, mut present: Option<String>) {
    let known: Arc<Mutex<Known>> = Arc::default();
    let mut whole = Scope::new(&shared, &info, "", &known);
    loop {
        let stop = match &present {
            Some(version) => {
                whole.version.clone_from(version);
                let _one_more = shared.one_more_scope();
                whole.follow().await
            }
            None => Stop::Absent,
        };
        match stop {
            Stop::Absent => present = absent(&shared, &info, &mut whole, present).await,
            Stop::Forbidden { verb, message } => {
                let verb = if verb == "watch" && info.namespaced { first_refused(&whole, verb).await } else { verb };
                whole.say(Freshness::Forbidden { verb: verb.to_owned(), message }).await;
                if info.namespaced && verb == "list" {
                    by_namespace(&shared, &info, &known, &whole).await;
                } else {
                    shared.settle_without(&info, "").await;
                    shared.access.timer.sleep(shared.access.limits.ask_again).await;
                }
            }
        }
    }
}

/// Which verb is refused where a watch was: with the permission to watch the one to list may have gone.
async fn first_refused(whole: &Scope, verb: &'static str) -> &'static str {
    match whole.may_list().await {
        Err(Failure::Status(refusal)) if refusal.code == 403 => "list",
        _ => verb,
    }
}

/// A kind the server does not have, or says so of one version; answers the version to go on with.
async fn absent(shared: &Shared, info: &Arc<Kind>, whole: &mut Scope, present: Option<String>) -> Option<String> {
    let (access, ask_again) = (&shared.access, shared.access.limits.ask_again);
    if present.is_some() {
        // Another version may be served now; and while the server does not say that the kind is gone, it is not.
        match shared.discovery.version_now(access, info, JUST_ASKED).await {
            Ok(None) => {}
            Ok(Some(version)) if present.as_ref() != Some(&version) => return Some(version),
            _ => {
                whole.stumble("the server has the kind, but answers 404".to_owned(), None).await;
                return present;
            }
        }
    }
    whole.say(Freshness::Absent).await;
    // With the definition of a kind everything of it is gone, whether or not that was told.
    whole.vanish(None).await;
    shared.settle_without(info, "").await;
    let mut defined = shared.defined.subscribe();
    loop {
        let at_most = match select(access.timer.sleep(ask_again), Box::pin(defined.changed())).await {
            Either::Left(_) => ask_again / 2,
            Either::Right(_) => {
                // A definition is told several times while it is established.
                access.timer.sleep(JUST_ASKED).await;
                JUST_ASKED / 2
            }
        };
        // It may have been defined anew in a version that nobody knew of before.
        let anew = shared.kinds.kind(&info.group, &info.kind).filter(|it| it.version != info.version);
        for info in std::iter::once(info).chain(anew.as_ref()) {
            if let Ok(Some(version)) = shared.discovery.version_now(access, info, at_most).await {
                return Some(version);
            }
        }
    }
}

/// Follows a kind in each namespace there is, until the whole may be read.
async fn by_namespace(shared: &Arc<Shared>, info: &Arc<Kind>, known: &Arc<Mutex<Known>>, whole: &Scope) {
    let mut listed = shared.listed.subscribe();
    let _ = within(&*shared.access.timer, WAIT_FOR_NAMESPACES, listed.wait_for(|listed| listed.settled)).await;

    let mut followed: FuturesUnordered<Abortable<Answer<'static, (String, Stop)>>> = FuturesUnordered::new();
    let mut handles: BTreeMap<String, AbortHandle> = BTreeMap::new();
    let now = || shared.access.timer.elapsed();
    let refused = Mutex::new(Refused::starting_at(info, now()));
    let begin = |namespace: &str, version: &str| {
        let (handle, registration) = AbortHandle::new_pair();
        let mut scope = Scope::new(shared, info, namespace, known);
        version.clone_into(&mut scope.version);
        let one = one(Arc::clone(shared), Arc::clone(info), namespace.to_owned(), scope);
        let one: Answer<'static, (String, Stop)> = Box::pin(one);
        (handle, Abortable::new(one, registration))
    };
    let given_back = shared.given_back.subscribe();
    let refused = &refused;
    let asking = stream::unfold(given_back, move |mut given_back| async move {
        Some((ask(shared, info, whole, known, refused, &mut given_back).await, given_back))
    });
    tokio::pin!(asking);
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
            let (handle, one) = begin(namespace, &whole.version);
            followed.push(one);
            handles.insert(namespace.clone(), handle);
        }
        let left: Vec<String> = handles.keys().filter(|namespace| !wanted.contains(*namespace)).cloned().collect();
        for namespace in left {
            if let Some(handle) = handles.remove(&namespace) {
                handle.abort();
            }
            lock(refused).forget(&namespace);
            shared.expect_no_more(info, &namespace);
            // What was in a namespace is gone with it, whether or not that was told.
            Scope::new(shared, info, &namespace, known).vanish(None).await;
            shared.say_freshness(info, &namespace, Freshness::Absent).await;
        }
        if !settled {
            settled = true;
            shared.settle_without(info, "").await;
        }
        tokio::select! {
            Some(allowed) = asking.next() => {
                if allowed.is_empty() {
                    break;
                }
                if handles.contains_key(&allowed) {
                    let (handle, one) = begin(&allowed, &whole.version);
                    followed.push(one);
                    handles.insert(allowed, handle);
                }
            }
            changed = listed.changed() => if changed.is_err() { return },
            Some(ended) = followed.next() => match ended {
                Ok((namespace, Stop::Forbidden { verb, .. })) => lock(refused).put(&namespace, verb, now()),
                Ok((namespace, Stop::Absent)) => lock(refused).put(&namespace, "list", now()),
                Err(Aborted) => {}
            },
        }
    }
    // Now the whole is followed: its freshness stands for every namespace.
    for namespace in handles.keys() {
        shared.say_freshness(info, namespace, Freshness::Absent).await;
    }
}

/// Asks once a minute for one place that was refused, until one is allowed; empty for the whole. What another kind found
/// given back is asked for first.
async fn ask(
    shared: &Arc<Shared>,
    info: &Arc<Kind>,
    whole: &Scope,
    known: &Arc<Mutex<Known>>,
    refused: &Mutex<Refused>,
    given_back: &mut latest::Receiver<GivenBack>,
) -> String {
    let timer = &shared.access.timer;
    loop {
        let place = loop {
            let now = timer.elapsed();
            let left = lock(refused).due(shared.access.limits.ask_again).saturating_sub(now);
            if left.is_zero() {
                break lock(refused).next(now);
            }
            // A refusal meanwhile puts the turn off.
            if within(&**timer, left, given_back.changed()).await.is_some() {
                let found = just_found(&given_back.borrow_and_update(), timer.elapsed());
                lock(refused).hint(found);
            }
        };
        let answer = if place.is_empty() {
            whole.may_list().await
        } else {
            let mut scope = Scope::new(shared, info, &place, known);
            scope.version.clone_from(&whole.version);
            scope.may_list().await
        };
        if answer.is_err() {
            lock(refused).refused(timer.elapsed());
            continue;
        }
        if lock(refused).allowed(&place) {
            shared.give_back(&place);
        }
        return place;
    }
}

fn lock(refused: &Mutex<Refused>) -> std::sync::MutexGuard<'_, Refused> {
    refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Follows a kind in one namespace until that is refused.
async fn one(shared: Arc<Shared>, info: Arc<Kind>, namespace: String, mut scope: Scope) -> (String, Stop) {
    let _one_more = shared.one_more_scope();
    let stop = scope.follow().await;
    let state = match &stop {
        Stop::Absent => Freshness::Absent,
        Stop::Forbidden { verb, message } => {
            Freshness::Forbidden { verb: (*verb).to_owned(), message: message.clone() }
        }
    };
    scope.say(state).await;
    shared.settle_without(&info, &namespace).await;
    (namespace, stop)
}
