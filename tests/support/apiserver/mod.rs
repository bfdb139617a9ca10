//! An API server that serves lists and watches of what a test puts into it, and every fault it is told to show.
//!
//! It keeps its own JSON and reads nothing with the product's eyes: what the product makes of it is held against
//! [`ApiServer::everything`].

mod answer;
pub mod feed;
pub mod kinds;
mod store;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

pub use answer::expired_event;
pub use feed::Piece;
pub use store::Store;
pub use wire::Unplugged;

use crate::peer::{Asked, Server, Told};

type Fault = Box<dyn FnMut(&Asked) -> Option<Told> + Send>;
type Allowed = Box<dyn Fn(&str, &str, &str) -> bool + Send>;

/// The server behind whatever carries its answers.
pub(crate) struct Cluster {
    store: Store,
    fault: Option<Fault>,
    allowed: Option<Allowed>,
    streams_lists: bool,
}

/// A cluster that works, until it is told not to.
#[derive(Clone)]
pub struct Kept(Arc<Mutex<Cluster>>);

/// The same behind a socket.
pub struct ApiServer {
    /// The socket.
    pub server: Server,
    kept: Kept,
}

impl std::ops::Deref for ApiServer {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        &self.kept
    }
}

/// A `Status` as the API server words a refusal.
#[must_use]
pub fn status(code: u16, reason: &str, message: &str) -> Told {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message });
    Told::with(code, body.to_string())
}

/// A pod of the namespace `shop`.
#[must_use]
pub fn pod(name: &str) -> Value {
    json!({
        "metadata": { "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": "1" },
        "spec": { "containers": [{ "name": "main", "image": "shop:1" }] },
        "status": { "phase": "Running" },
    })
}

impl ApiServer {
    /// A server over plain HTTP with two namespaces and a pod.
    #[must_use]
    pub fn start() -> Self {
        let kept = Kept::new();
        Self { server: Server::start(kept.script()), kept }
    }

    /// The same over TLS, with a certificate and its key; with an authority of clients, for nobody but those it vouches for.
    #[must_use]
    pub fn start_tls(certificate: &str, key: &str, clients: Option<&str>) -> Self {
        let kept = Kept::new();
        Self { server: Server::start_tls(certificate, key, clients, kept.script()), kept }
    }

    /// Goes away; its watches break off.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// When lists of a kind were asked for, in seconds since the start.
    #[must_use]
    pub fn listed(&self, plural: &str) -> Vec<f64> {
        let is_meant = |it: &&Asked| it.path.ends_with(&format!("/{plural}")) && it.parameter("watch").is_none();
        self.server.asked().iter().filter(is_meant).map(|it| it.at).collect()
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept {
    /// Two namespaces and a pod.
    #[must_use]
    pub fn new() -> Self {
        let cluster = Cluster { store: Store::default(), fault: None, allowed: None, streams_lists: true };
        let kept = Self(Arc::new(Mutex::new(cluster)));
        for namespace in ["kube-system", "shop"] {
            let about = json!({ "name": namespace, "uid": format!("uid-{namespace}") });
            kept.put("namespaces", json!({ "metadata": about, "status": { "phase": "Active" } }));
        }
        kept.put("pods", pod("cart"));
        kept
    }

    /// Another hold on the same cluster, for whatever befalls it from within.
    #[must_use]
    pub fn kept(&self) -> Self {
        self.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Cluster> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn script(&self) -> impl FnMut(&Asked) -> Told + Send + 'static {
        let kept = self.clone();
        move |asked| kept.lock().answer(asked)
    }

    /// The store, to do something to it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Store) -> T) -> T {
        act(&mut self.lock().store)
    }

    /// Every request is shown to `fault` first; what it does not answer is answered as usual.
    pub fn fault(&self, fault: impl FnMut(&Asked) -> Option<Told> + Send + 'static) {
        self.lock().fault = Some(Box::new(fault));
    }

    /// Works again.
    pub fn well(&self) {
        self.lock().fault = None;
    }

    /// Allows what `allowed` says of verb, plural name and namespace (empty at the cluster's scope).
    pub fn allow(&self, allowed: impl Fn(&str, &str, &str) -> bool + Send + 'static) {
        self.lock().allowed = Some(Box::new(allowed));
    }

    /// Allows everything.
    pub fn allow_all(&self) {
        self.lock().allowed = None;
    }

    /// Refuses streaming lists, as a server without the gate `WatchList` does.
    pub fn refuse_streams(&self) {
        self.lock().streams_lists = false;
    }

    /// Serves one more kind, as after its definition was created.
    pub fn install(&self, group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) {
        self.lock().store.resources.push(kinds::resource(group, version, kind, plural, namespaced));
    }

    /// Serves a kind no longer; what was of it is gone without a word.
    pub fn uninstall(&self, plural: &str) {
        let mut cluster = self.lock();
        cluster.store.tell(plural, &Piece::End);
        cluster.store.resources.retain(|it| it.plural != plural);
        cluster.store.lose(plural);
    }

    /// Creates or changes an object, and tells the watches.
    pub fn put(&self, plural: &str, object: Value) {
        self.lock().store.put(plural, object);
    }

    /// Deletes an object, and tells the watches.
    pub fn delete(&self, plural: &str, namespace: &str, name: &str) {
        self.lock().store.delete(plural, namespace, name);
    }

    /// Takes objects out of the lists without a word to the watches.
    pub fn lose(&self, plural: &str) {
        self.lock().store.lose(plural);
    }

    /// Writes a line to the watches of a kind, whatever it is.
    pub fn tell(&self, plural: &str, line: &str) {
        self.lock().store.tell(plural, &Piece::Bytes(format!("{line}\n").into_bytes()));
    }

    /// Ends the watches of a kind in good order; of every kind where it is empty.
    pub fn end_watches(&self, plural: &str) {
        self.lock().store.tell(plural, &Piece::End);
    }

    /// Lets something befall the watches of a kind; of every kind where it is empty.
    pub fn befall(&self, plural: &str, piece: &Piece) {
        self.lock().store.tell(plural, piece);
    }

    /// Every object of every kind, by plural name.
    #[must_use]
    pub fn everything(&self) -> Vec<(String, Value)> {
        let all = self.lock().store.everything();
        all.into_iter().map(|(plural, text)| (plural, serde_json::from_str(&text).unwrap_or_default())).collect()
    }

    /// Watches that somebody still holds, by kind.
    #[must_use]
    pub fn watches(&self) -> BTreeMap<String, usize> {
        self.lock().store.watches()
    }
}
