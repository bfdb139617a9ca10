//! A server that is down for a while and answers not as it should while it starts. In virtual time, with the product's own
//! limits.

use std::sync::Arc;
use std::time::Duration;

use broadstreet_core::world::Freshness;
use broadstreet_tests::apiserver::{Piece, Unplugged, pod, status};
use broadstreet_tests::peer::{Asked, Told};

use crate::hours::{Followed, Hours};
use crate::watched::{of_store, of_world, unwell};

const DOWN: Duration = Duration::from_secs(50);

fn refused(asked: &Asked, what: &str) -> Option<Told> {
    // Leases are not watched; what of them is refused is asked again in a minute.
    let may = ["/version", "/livez"].contains(&asked.path.as_str()) || asked.path.ends_with("/leases");
    (!may).then(|| status(403, "Forbidden", &format!("{what} is forbidden: User \"mei\" cannot list it")))
}

/// A server that was down and, so long after it answers again, does as `start` says.
async fn restarted(hours: &Hours, start: impl FnMut(&Asked) -> Option<Told> + Send + 'static) -> (Unplugged, Followed) {
    let server = Unplugged::new(Arc::new(hours.clone()));
    server.put("pods", pod("before"));
    let followed = Followed::new(hours.clone(), &server).await;
    server.fault(|_| Some(status(503, "ServiceUnavailable", "it is down")));
    server.befall("", &Piece::End);
    hours.pass(DOWN).await;
    assert!(followed.connection.alive().await.is_err());
    assert!(matches!(followed.learned().freshness("/Pod", ""), Some(Freshness::Stale { .. })));
    server.put("pods", pod("meanwhile"));
    server.delete("pods", "shop", "before");
    server.fault(start);
    // Some kinds are asked for before it is noticed that it lives.
    hours.pass(Duration::from_secs(5)).await;
    followed.connection.alive().await.expect("it lives again");
    (server, followed)
}

#[tokio::test]
async fn what_failed_while_a_server_was_down_delays_nothing_once_it_is_back() {
    let hours = Hours::default();
    let mut asked_first = std::collections::BTreeSet::new();
    // Its caches are not filled: the first question for each kind is put off.
    let (server, followed) = restarted(&hours, move |asked| {
        let busy = status(429, "TooManyRequests", "storage is (re)initializing");
        // Leases are not watched: they are looked at when it is their turn.
        let is_watched = asked.path.starts_with("/api") && !asked.path.ends_with("/leases");
        let is_first = is_watched && asked_first.insert(asked.path.clone());
        is_first.then(|| Told { headers: vec![("Retry-After", "1".to_owned())], ..busy })
    })
    .await;
    hours.pass(Duration::from_secs(4)).await;
    let unwell = unwell(&followed.learned());
    assert!(unwell.iter().all(|it| it.contains("/Lease")), "{unwell:?}");
    assert_eq!(of_world(&followed.learned().world), of_store(&server));
    server.well();
    followed.is_healed(&server).await;
}

#[tokio::test]
async fn what_a_server_refuses_while_it_starts_is_asked_again_before_it_is_believed() {
    let hours = Hours::default();
    let (since, clock) = (DOWN.as_secs_f64() + 25.0, hours.clone());
    // Its authorizer has not read the roles.
    let (server, followed) =
        restarted(&hours, move |asked| (clock.seconds() < since).then(|| refused(asked, "everything")).flatten()).await;
    hours.pass(Duration::from_secs(12)).await;
    assert_eq!(unwell(&followed.learned()), Vec::<String>::new());
    assert_eq!(of_world(&followed.learned().world), of_store(&server));
    followed.is_healed(&server).await;
    let forbidden = followed.learned().said.iter().any(|it| matches!(it.state, Freshness::Forbidden { .. }));
    assert!(!forbidden, "nobody was told that anything is forbidden");
}

#[tokio::test]
async fn what_a_server_still_refuses_after_it_started_is_forbidden() {
    let hours = Hours::default();
    let (server, followed) = restarted(&hours, |asked| refused(asked, "everything")).await;
    hours.pass(Duration::from_secs(10)).await;
    assert!(matches!(followed.learned().freshness("/Node", ""), Some(Freshness::Stale { .. })));
    hours.pass(Duration::from_secs(25)).await;
    assert!(matches!(followed.learned().freshness("/Node", ""), Some(Freshness::Forbidden { .. })));
    // Its roles are read in the end: that is noticed within a minute, and what happened meanwhile is known.
    server.delete("pods", "shop", "meanwhile");
    server.put("pods", pod("later"));
    server.well();
    hours.pass(Duration::from_secs(62)).await;
    assert_eq!(unwell(&followed.learned()), Vec::<String>::new());
    followed.is_healed(&server).await;
}
