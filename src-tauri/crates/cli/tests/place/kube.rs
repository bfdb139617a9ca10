//! An API server that serves lists and watches of what a test puts into it, and every fault it is told to show.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use broadstreet_core::resource::KINDS;
use serde_json::{Value, json};

use super::Place;
use super::server::{Asked, End, Server, Told};

type Fault = Box<dyn FnMut(&Asked) -> Option<Told> + Send>;

#[derive(Default)]
struct Cluster {
    objects: BTreeMap<String, Vec<Value>>,
    version: u64,
    watching: BTreeMap<String, Vec<Sender<String>>>,
    fault: Option<Fault>,
}

/// An API server that works, until it is told not to.
pub struct Kube {
    /// The server.
    pub server: Server,
    cluster: Arc<Mutex<Cluster>>,
}

/// A `Status` as the API server words a refusal.
pub fn status(code: u16, reason: &str, message: &str) -> Told {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message });
    Told::with(code, body.to_string())
}

/// A pod that does not come up.
pub fn pod(name: &str) -> Value {
    json!({
        "metadata": { "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": "1" },
        "spec": { "containers": [{ "name": "main", "image": "shop:1" }] },
        "status": { "phase": "Running" },
    })
}

/// An exec plugin as a kubeconfig's user entry names it.
pub fn plugin(command: &str) -> String {
    let version = "client.authentication.k8s.io/v1";
    format!(
        "exec: {{apiVersion: {version}, command: '{command}', interactiveMode: Never, installHint: 'get it from the shelf'}}"
    )
}

/// A fault: who does not show this token is not let in.
pub fn unless_bearer(token: &str) -> impl FnMut(&Asked) -> Option<Told> + Send + 'static {
    let expected = format!("Bearer {token}");
    move |asked| {
        let refused = asked.header("authorization") != expected;
        refused.then(|| status(401, "Unauthorized", "the token has expired"))
    }
}

impl Kube {
    /// A server over plain HTTP with a namespace and a pod.
    pub fn start() -> Self {
        let cluster: Arc<Mutex<Cluster>> = Arc::default();
        let server = Server::start(by(&cluster));
        Self::of(server, cluster)
    }

    /// The same over TLS, for 127.0.0.1 and localhost.
    pub fn start_tls() -> Self {
        let cluster: Arc<Mutex<Cluster>> = Arc::default();
        let server = Server::start_tls(&certificate("server.pem"), &certificate("server.key"), None, by(&cluster));
        Self::of(server, cluster)
    }

    /// The same for nobody but who shows a client certificate of the tests' authority.
    pub fn start_mutual_tls() -> Self {
        let cluster: Arc<Mutex<Cluster>> = Arc::default();
        let (chain, key, clients) = (certificate("server.pem"), certificate("server.key"), certificate("ca.pem"));
        let server = Server::start_tls(&chain, &key, Some(&clients), by(&cluster));
        Self::of(server, cluster)
    }

    fn of(server: Server, cluster: Arc<Mutex<Cluster>>) -> Self {
        let kube = Self { server, cluster };
        for namespace in ["kube-system", "shop"] {
            let about = json!({ "name": namespace, "uid": format!("uid-{namespace}"), "resourceVersion": "1" });
            kube.put("namespaces", json!({ "metadata": about, "status": { "phase": "Active" } }));
        }
        kube.put("pods", pod("cart"));
        kube
    }

    /// Every request is shown to `fault` first; what it does not answer is answered as usual.
    pub fn fault(&self, fault: impl FnMut(&Asked) -> Option<Told> + Send + 'static) {
        self.cluster.lock().unwrap().fault = Some(Box::new(fault));
    }

    /// Works again.
    pub fn well(&self) {
        self.cluster.lock().unwrap().fault = None;
    }

    /// Creates or changes an object, and tells the watches.
    pub fn put(&self, plural: &str, mut object: Value) {
        let mut cluster = self.cluster.lock().unwrap();
        cluster.version += 1;
        object["metadata"]["resourceVersion"] = cluster.version.to_string().into();
        let kind = KINDS.iter().find(|it| it.plural == plural).unwrap();
        object["kind"] = kind.kind.into();
        object["apiVersion"] = group_version(kind.group, kind.version).into();
        let all = cluster.objects.entry(plural.to_owned()).or_default();
        let same = |it: &&mut Value| it["metadata"]["name"] == object["metadata"]["name"];
        let word = match all.iter_mut().find(same) {
            Some(old) => {
                *old = object.clone();
                "MODIFIED"
            }
            None => {
                all.push(object.clone());
                "ADDED"
            }
        };
        cluster.tell(plural, &json!({ "type": word, "object": object }).to_string());
    }

    /// Takes objects out of the lists without a word to the watches.
    pub fn lose(&self, plural: &str) {
        self.cluster.lock().unwrap().objects.remove(plural);
    }

    /// Writes a line to the watches of a kind, whatever it is.
    pub fn tell(&self, plural: &str, line: &str) {
        self.cluster.lock().unwrap().tell(plural, line);
    }

    /// Ends the watches of a kind in good order.
    pub fn end_watches(&self, plural: &str) {
        self.cluster.lock().unwrap().watching.remove(plural);
    }

    /// Goes away; its watches break off.
    pub fn stop(&mut self) {
        self.server.stop();
        self.cluster.lock().unwrap().watching.clear();
    }

    /// When lists of a kind were asked for, in seconds since the start.
    pub fn listed(&self, plural: &str) -> Vec<f64> {
        let is_meant = |it: &&Asked| it.path.ends_with(&format!("/{plural}")) && !it.query.contains("watch=1");
        self.server.asked().iter().filter(is_meant).map(|it| it.at).collect()
    }
}

impl Cluster {
    fn tell(&mut self, plural: &str, line: &str) {
        let watching = self.watching.entry(plural.to_owned()).or_default();
        watching.retain(|it| it.send(format!("{line}\n")).is_ok());
    }

    fn answer(&mut self, asked: &Asked) -> Told {
        if let Some(told) = self.fault.as_mut().and_then(|fault| fault(asked)) {
            return told;
        }
        let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["version"] => return Told::ok(r#"{"gitVersion":"v1.36.0"}"#),
            ["livez"] => return Told::ok("ok"),
            ["api", version] => return resources("", version),
            ["apis", group, version] => return resources(group, version),
            ["api", "v1", "namespaces", name] => {
                let all = self.objects.get("namespaces").into_iter().flatten();
                let found = all.into_iter().find(|it| it["metadata"]["name"] == *name);
                return found.map_or_else(|| status(404, "NotFound", "no such"), |it| Told::ok(it.to_string()));
            }
            _ => {}
        }
        let plural = parts.last().copied().unwrap_or_default();
        if asked.query.contains("watch=1") {
            let (sender, pieces) = channel();
            // What changed between the list and this watch is told first, as an API server does.
            let from = asked.query.split("resourceVersion=").nth(1).and_then(|it| it.split('&').next()?.parse().ok());
            let version =
                |it: &&Value| it["metadata"]["resourceVersion"].as_str().and_then(|it| it.parse::<u64>().ok());
            for object in self.objects.get(plural).into_iter().flatten().filter(|it| version(it) > from) {
                let _ = sender.send(format!("{}\n", json!({ "type": "ADDED", "object": object })));
            }
            self.watching.entry(plural.to_owned()).or_default().push(sender);
            return Told::ok("").ending(End::Pieces(pieces));
        }
        let namespace = asked.path.split("/namespaces/").nth(1).and_then(|it| it.split('/').next());
        let namespace = namespace.filter(|_| plural != "namespaces");
        let mut items = self.objects.get(plural).cloned().unwrap_or_default();
        items.retain(|it| namespace.is_none_or(|wanted| it["metadata"]["namespace"] == wanted));
        let list =
            json!({ "kind": "List", "metadata": { "resourceVersion": self.version.to_string() }, "items": items });
        Told::ok(list.to_string())
    }
}

fn by(cluster: &Arc<Mutex<Cluster>>) -> impl FnMut(&Asked) -> Told + Send + 'static {
    let cluster = Arc::clone(cluster);
    move |asked| cluster.lock().unwrap().answer(asked)
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn resources(group: &str, version: &str) -> Told {
    let of: Vec<Value> = KINDS
        .iter()
        .filter(|it| it.group == group && it.version == version)
        .map(
            |it| json!({ "name": it.plural, "kind": it.kind, "namespaced": it.namespaced, "verbs": ["list", "watch"] }),
        )
        .collect();
    if of.is_empty() {
        return status(404, "NotFound", "the server could not find the requested resource");
    }
    Told::ok(
        json!({ "kind": "APIResourceList", "groupVersion": group_version(group, version), "resources": of })
            .to_string(),
    )
}

/// A certificate made for tests.
pub fn certificate(name: &str) -> String {
    format!("{}/../signals/tests/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

impl Place {
    /// A kubeconfig with the one context `lab`; `cluster` and `user` are what its two entries hold, in YAML.
    pub fn kubeconfig(&self, cluster: &str, user: &str) -> String {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters:\n- name: c\n  cluster: {{{cluster}}}\n\
             users:\n- name: u\n  user: {{{user}}}\ncontexts:\n- name: lab\n  context: {{cluster: c, user: u}}\n"
        );
        self.file("kubeconfig", &text).display().to_string()
    }

    /// A kubeconfig for a server without credentials.
    pub fn kubeconfig_of(&self, kube: &Kube) -> String {
        self.kubeconfig(&format!("server: '{}'", kube.server.address), "")
    }
}
