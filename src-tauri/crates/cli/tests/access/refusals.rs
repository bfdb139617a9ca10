//! What the API server refuses is asked again by itself, and followed as soon as it may be.
//!
//! Here the watch itself is driven, with a fifth of a second in the place of the minute it usually waits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use broadstreet_cluster::{Environment, KubeCluster, Limits};
use broadstreet_core::ports::{Cluster, ContextChoice, Flow, Observation};
use broadstreet_core::world::{Change, Freshness};
use futures_util::StreamExt;
use serde_json::json;

use crate::place::Place;
use crate::place::kube::{Kube, pod, status};
use crate::place::server::{Asked, Told};

/// What a watch said so far.
struct Watch {
    flow: Flow<Observation>,
    states: BTreeMap<(String, String), Freshness>,
    objects: BTreeSet<String>,
}

impl Watch {
    async fn on(place: &Place, kube: &Kube) -> Self {
        let limits = Limits { ask_again: Duration::from_millis(200), ..Limits::default() };
        let cluster = KubeCluster::with(Environment::default(), limits);
        let choice = ContextChoice { kubeconfig: Some(place.kubeconfig_of(kube)), ..ContextChoice::default() };
        let flow = cluster.connect(choice).await.unwrap().watch();
        Self { flow, states: BTreeMap::new(), objects: BTreeSet::new() }
    }

    /// Takes what is said until all is as wanted, half a minute at most.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let said = async {
            while !is_so(self) {
                match self.flow.next().await.expect("a watch does not end") {
                    Observation::Freshness(state) => {
                        self.states.insert((state.kind, state.namespace), state.state);
                    }
                    Observation::Changes(changes) => {
                        for change in changes {
                            match change {
                                Change::Object(object) => self.objects.insert(object.key.name.to_string()),
                                Change::Gone { key, .. } => self.objects.remove(key.name.as_str()),
                                _ => true,
                            };
                        }
                    }
                    Observation::Skipped { .. } | Observation::InSync => {}
                }
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(30), said).await;
        assert!(ended.is_ok(), "{what}: {:#?} with {:?}", self.states, self.objects);
    }

    fn is_refused(&self, kind: &str, namespace: &str, missing: &str) -> bool {
        let state = self.states.get(&(kind.to_owned(), namespace.to_owned()));
        matches!(state, Some(Freshness::Forbidden { verb, .. }) if verb == missing)
    }

    fn is(&self, kind: &str, namespace: &str, state: &Freshness) -> bool {
        self.states.get(&(kind.to_owned(), namespace.to_owned())) == Some(state)
    }
}

/// A fault: 403 for what `is_meant`.
fn refuse(kube: &Kube, is_meant: impl Fn(&Asked) -> bool + Send + 'static) {
    kube.fault(move |asked| is_meant(asked).then(|| status(403, "Forbidden", "Mei may not")));
}

fn node(name: &str) -> serde_json::Value {
    json!({ "metadata": { "name": name, "uid": format!("uid-{name}") }, "status": {} })
}

#[tokio::test]
async fn a_kind_that_may_not_be_listed_is_followed_by_itself_once_it_may_be() {
    let (place, kube) = (Place::new(), Kube::start());
    kube.put("nodes", node("one"));
    refuse(&kube, |asked| asked.path == "/api/v1/nodes");
    let mut watch = Watch::on(&place, &kube).await;
    watch.until("refused", |it| it.is_refused("/Node", "", "list") && it.objects.contains("cart")).await;
    assert!(!watch.objects.contains("one"));
    kube.well();
    watch.until("read", |it| it.is("/Node", "", &Freshness::Live) && it.objects.contains("one")).await;
    kube.put("nodes", node("two"));
    watch.until("watched", |it| it.objects.contains("two")).await;
    // Taken away again under way: at the next list.
    refuse(&kube, |asked| asked.path == "/api/v1/nodes");
    kube.end_watches("nodes");
    watch
        .until("refused again", |it| it.states.iter().any(|(key, it)| key.0 == "/Node" && *it != Freshness::Live))
        .await;
    kube.well();
    kube.put("nodes", node("three"));
    watch.until("read again", |it| it.is("/Node", "", &Freshness::Live) && it.objects.contains("three")).await;
}

#[tokio::test]
async fn a_kind_that_may_be_listed_and_not_watched_is_watched_once_it_may_be() {
    let (place, kube) = (Place::new(), Kube::start());
    refuse(&kube, |asked| asked.path == "/api/v1/pods" && asked.query.contains("watch=1"));
    let mut watch = Watch::on(&place, &kube).await;
    watch.until("refused", |it| it.is_refused("/Pod", "", "watch") && it.objects.contains("cart")).await;
    kube.well();
    watch.until("live", |it| it.is("/Pod", "", &Freshness::Live)).await;
    kube.put("pods", pod("later"));
    watch.until("watched", |it| it.objects.contains("later")).await;
}

#[tokio::test]
async fn a_kind_read_by_namespace_gains_the_refused_ones_and_goes_back_to_the_whole() {
    let (place, kube) = (Place::new(), Kube::start());
    let mut system = pod("scheduler");
    system["metadata"]["namespace"] = json!("kube-system");
    kube.put("pods", system);
    refuse(&kube, |asked| asked.path.ends_with("/pods") && !asked.path.contains("/namespaces/shop/"));
    let mut watch = Watch::on(&place, &kube).await;
    let is_told_apart = |it: &Watch| {
        it.is_refused("/Pod", "", "list")
            && it.is_refused("/Pod", "kube-system", "list")
            && it.is("/Pod", "shop", &Freshness::Live)
    };
    watch.until("by namespace", |it| is_told_apart(it) && it.objects.contains("cart")).await;
    assert!(!watch.objects.contains("scheduler"), "what is refused is not seen");
    refuse(&kube, |asked| asked.path == "/api/v1/pods");
    let is_gained = |it: &Watch| it.is("/Pod", "kube-system", &Freshness::Live) && it.objects.contains("scheduler");
    watch.until("the other namespace", is_gained).await;
    assert!(watch.is_refused("/Pod", "", "list"));
    kube.well();
    // The whole stands for every namespace from now on, and nothing seen before is lost on the way.
    let is_whole = |it: &Watch| {
        it.is("/Pod", "", &Freshness::Live)
            && ["shop", "kube-system"].iter().all(|namespace| it.is("/Pod", namespace, &Freshness::Absent))
    };
    watch.until("the whole", is_whole).await;
    kube.put("pods", pod("later"));
    watch.until("watched as a whole", |it| it.objects.contains("later")).await;
    assert!(["cart", "scheduler"].iter().all(|it| watch.objects.contains(*it)), "{:?}", watch.objects);
}

#[tokio::test]
async fn a_kind_the_server_does_not_have_is_read_once_it_does() {
    let (place, kube) = (Place::new(), Kube::start());
    let about = json!({ "name": "nightly", "namespace": "shop", "uid": "uid-nightly" });
    kube.put("cronjobs", json!({ "metadata": about, "spec": { "schedule": "0 3 * * *" }, "status": {} }));
    kube.fault(|asked| asked.path.starts_with("/apis/batch").then(|| Told::with(404, "404 page not found")));
    let mut watch = Watch::on(&place, &kube).await;
    watch.until("absent", |it| it.is("batch/CronJob", "", &Freshness::Absent)).await;
    kube.well();
    watch.until("there", |it| it.is("batch/CronJob", "", &Freshness::Live) && it.objects.contains("nightly")).await;
}
