//! The API server of tests, as the built program reaches it: by a kubeconfig.

#[allow(unused_imports, reason = "not every suite asks for both")]
pub use broadstreet_tests::apiserver::{pod, status};

use broadstreet_core::resource::KINDS;
use broadstreet_tests::apiserver::ApiServer;

use super::Place;
use super::server::{Asked, Told};

/// An API server that works, until it is told not to, and has every kind there is to watch.
pub struct Kube(ApiServer);

impl std::ops::Deref for Kube {
    type Target = ApiServer;

    fn deref(&self) -> &ApiServer {
        &self.0
    }
}

impl std::ops::DerefMut for Kube {
    fn deref_mut(&mut self) -> &mut ApiServer {
        &mut self.0
    }
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
        Self::of(ApiServer::start())
    }

    /// The same as a server is where nobody installed anything: without any kind of a custom resource definition.
    pub fn start_bare() -> Self {
        Self(ApiServer::start())
    }

    /// Servers that answer every list with a 500 and lack or refuse more of what is watched each.
    pub fn of_which_nothing_can_be_listed() -> [Self; 3] {
        let failing = [Self::start(), Self::start_bare(), Self::start_bare()];
        for (place, kube) in failing.iter().enumerate() {
            kube.fault(move |asked| {
                let is_refused = place == 2 && asked.path.ends_with("/secrets");
                let fail = || status(500, "InternalError", "etcdserver: no leader");
                let refuse = || status(403, "Forbidden", "secrets is forbidden: Mei cannot list");
                asked.query.contains("limit=").then(|| if is_refused { refuse() } else { fail() })
            });
        }
        failing
    }

    /// The same over TLS, for 127.0.0.1 and localhost.
    pub fn start_tls() -> Self {
        Self::of(ApiServer::start_tls(&certificate("server.pem"), &certificate("server.key"), None))
    }

    /// The same for nobody but who shows a client certificate of the tests' authority.
    pub fn start_mutual_tls() -> Self {
        let (chain, key, clients) = (certificate("server.pem"), certificate("server.key"), certificate("ca.pem"));
        Self::of(ApiServer::start_tls(&chain, &key, Some(&clients)))
    }

    fn of(server: ApiServer) -> Self {
        for kind in KINDS.iter().filter(|kind| kind.optional) {
            server.install(kind.group, kind.version, kind.kind, kind.plural, kind.namespaced);
        }
        Self(server)
    }
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
