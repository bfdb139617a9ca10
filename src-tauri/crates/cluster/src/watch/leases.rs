//! Node leases: polled, because 5,000 nodes renew 500 times a second, and told only where a node starts or stops
//! renewing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use broadstreet_core::ports::Observation;
use broadstreet_core::resource::{Body, Object};
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Change, Freshness};
use chrono::DateTime;
use serde_json::Value;

use crate::access::JSON;
use crate::failure::{Failure, server_time};
use crate::watch::{Kind, Shared};

/// Where the leases of nodes lie.
const NAMESPACE: &str = "kube-node-lease";
/// What the kubelet asks for where a lease says nothing.
const USUAL_SECONDS: u64 = 40;
/// So many polls in a row may fail before the leases count as stale.
const FAILURES_UNTIL_STALE: u32 = 3;

static LEASE: Kind = Kind {
    group: Cow::Borrowed("coordination.k8s.io"),
    version: Cow::Borrowed("v1"),
    older: &[],
    kind: Cow::Borrowed("Lease"),
    plural: Cow::Borrowed("leases"),
    namespaced: true,
    metadata_only: false,
};

/// The nodes as last told, and what their leases say.
#[derive(Debug, Default)]
pub struct Nodes {
    told: HashMap<String, Object>,
    fresh: HashMap<String, bool>,
}

impl Nodes {
    /// Writes into a node what its lease says, and remembers the node as told.
    pub fn keep(&mut self, node: &mut Object) {
        if let Body::Node(body) = &mut node.body {
            body.lease_fresh = self.fresh.get(node.key.name.as_str()).copied();
            self.told.insert(node.key.name.to_string(), node.clone());
        }
    }

    /// Forgets nodes that are gone, unless a successor of the same name was told after.
    pub fn drop_gone(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::Gone { key, uid } = change
                && self.told.get(key.name.as_str()).is_some_and(|node| node.uid.to_string() == *uid)
            {
                self.told.remove(key.name.as_str());
            }
        }
    }

    /// Takes what all leases say now; answers the nodes for which that differs, to be told again.
    fn update(&mut self, fresh: HashMap<String, bool>) -> Vec<Change> {
        self.fresh = fresh;
        let mut changed: Vec<Change> = Vec::new();
        for (name, node) in &mut self.told {
            let now = self.fresh.get(name).copied();
            if let Body::Node(body) = &mut node.body
                && body.lease_fresh != now
            {
                body.lease_fresh = now;
                changed.push(Change::Object(Arc::new(node.clone())));
            }
        }
        changed.sort_by(|a, b| match (a, b) {
            (Change::Object(a), Change::Object(b)) => a.key.cmp(&b.key),
            _ => std::cmp::Ordering::Equal,
        });
        changed
    }
}

/// What was last seen of one lease.
#[derive(Clone, Copy, Debug)]
struct Seen {
    renewed: Moment,
    /// When that was first seen here, and how old it was then.
    at: Duration,
    age: Duration,
}

/// Follows the leases for ever.
pub async fn follow(shared: Arc<Shared>) {
    let limits = shared.access.limits;
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases?resourceVersion=0");
    let mut seen: HashMap<String, Seen> = HashMap::new();
    let mut said: Option<Freshness> = None;
    let mut alive_at: Option<Moment> = None;
    let mut failures = 0;
    loop {
        let answer = shared.access.json(&path, JSON, limits.answer).await;
        let (state, pause) = match answer {
            Ok((head, list)) => {
                failures = 0;
                alive_at = Some(shared.access.clock.now());
                let server_now = server_time(&head.headers);
                tell(&shared, judge(&list, &mut seen, server_now, shared.access.timer.elapsed())).await;
                (Some(Freshness::Live), limits.leases)
            }
            Err(Failure::Status(refusal)) if refusal.code == 403 || refusal.code == 404 => {
                seen.clear();
                tell(&shared, HashMap::new()).await;
                let forbidden = Freshness::Forbidden { verb: "list".to_owned(), message: refusal.message };
                (Some(if refusal.code == 403 { forbidden } else { Freshness::Absent }), limits.ask_again)
            }
            Err(failure) => {
                failures += 1;
                let why = failure.words();
                let state = match alive_at {
                    None => Some(Freshness::NeverAnswered { why }),
                    Some(since) => (failures >= FAILURES_UNTIL_STALE).then_some(Freshness::Stale { since, why }),
                };
                (state, limits.leases)
            }
        };
        let again = matches!((&said, &state), (Some(Freshness::Stale { .. }), Some(Freshness::Stale { .. })));
        if let Some(state) = state
            && said.as_ref() != Some(&state)
            && !again
        {
            said = Some(state.clone());
            shared.say_freshness(&LEASE, NAMESPACE, state).await;
        }
        shared.access.timer.sleep(pause).await;
    }
}

async fn tell(shared: &Shared, fresh: HashMap<String, bool>) {
    let changed = shared.nodes.lock().unwrap_or_else(PoisonError::into_inner).update(fresh);
    if !changed.is_empty() {
        shared.say(Observation::Changes(changed)).await;
    }
}

/// Says for each node whether its lease is being renewed.
///
/// A lease seen to change was renewed just then, whatever the node's clock says; only one seen for the first time is
/// held against the server's clock.
fn judge(
    list: &Value,
    seen: &mut HashMap<String, Seen>,
    server_now: Option<Moment>,
    now: Duration,
) -> HashMap<String, bool> {
    let mut fresh = HashMap::new();
    for lease in list.get("items").and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| lease.pointer(field).and_then(Value::as_str);
        let (Some(name), Some(renewed)) = (text("/metadata/name"), text("/spec/renewTime")) else { continue };
        let Ok(renewed) = DateTime::parse_from_rfc3339(renewed) else { continue };
        let renewed = renewed.to_utc();
        let seconds = lease.pointer("/spec/leaseDurationSeconds").and_then(Value::as_u64).unwrap_or(USUAL_SECONDS);
        let last = match seen.get(name) {
            Some(last) if last.renewed == renewed => *last,
            Some(_) => Seen { renewed, at: now, age: Duration::ZERO },
            None => {
                let age = server_now.and_then(|server_now| (server_now - renewed).to_std().ok()).unwrap_or_default();
                Seen { renewed, at: now, age }
            }
        };
        seen.insert(name.to_owned(), last);
        fresh.insert(name.to_owned(), last.age + now.saturating_sub(last.at) <= Duration::from_secs(seconds));
    }
    seen.retain(|name, _| fresh.contains_key(name));
    fresh
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lease_is_fresh_while_it_is_seen_to_change() {
        let mut seen = HashMap::new();
        let mut check = |renewed: &str, server: &str, after: u64, expected: bool| {
            let list = json!({ "items": [
                { "metadata": { "name": "n" }, "spec": { "renewTime": renewed, "leaseDurationSeconds": 40 } },
                { "metadata": { "name": "odd" }, "spec": { "renewTime": 7 } },
            ] });
            let server = DateTime::parse_from_rfc3339(server).ok().map(|at| at.to_utc());
            let fresh = judge(&list, &mut seen, server, Duration::from_secs(after));
            assert_eq!(fresh, HashMap::from([("n".to_owned(), expected)]), "{renewed} after {after} s");
        };
        check("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:30Z", 0, true);
        check("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:50Z", 20, false);
        // The node's clock is an hour behind; it renews all the same.
        check("2025-12-31T23:00:00.000000Z", "2026-01-01T00:01:00Z", 30, true);
        check("2025-12-31T23:00:00.000000Z", "2026-01-01T00:01:40Z", 71, false);
    }
}
