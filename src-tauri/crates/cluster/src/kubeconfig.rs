//! The kubeconfig as kubectl reads it: where it lies, how several files merge, which context is meant.
//!
//! Rules: <https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/>. The first file to
//! name something wins, whole; a file of a `KUBECONFIG` list that does not exist is passed over.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use broadstreet_core::ports::{ClusterError, Context, ContextChoice};
use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};

/// Where to look, read once from the environment so that tests can say something else.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `KUBECONFIG`.
    pub kubeconfig: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
}

impl Places {
    /// What the process was started with.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { kubeconfig: std::env::var_os("KUBECONFIG"), home: std::env::home_dir() }
    }

    /// The files that are looked at, in the order of their precedence.
    fn files(&self) -> Vec<PathBuf> {
        let listed: Vec<PathBuf> = self
            .kubeconfig
            .iter()
            .flat_map(std::env::split_paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if listed.is_empty() {
            self.home.iter().map(|home| home.join(".kube").join("config")).collect()
        } else {
            listed
        }
    }
}

/// Every kubeconfig that counts, merged.
#[derive(Clone, Debug)]
pub struct Merged {
    kubeconfig: Kubeconfig,
    /// The files it was read from, for messages.
    pub path: String,
}

/// One context with what it points to.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The context's name.
    pub context: String,
    /// Its namespace, `default` where it names none.
    pub namespace: String,
    /// The cluster.
    pub cluster: Cluster,
    /// The server's address.
    pub server: String,
    /// The user; empty where the context names none, as client-go has it.
    pub user: AuthInfo,
    /// The files it was read from, for messages.
    pub path: String,
}

/// Reads and merges: the file given, else what `places` names.
pub fn read(given: Option<&str>, places: &Places) -> Result<Merged, ClusterError> {
    let files = given.map_or_else(|| places.files(), |path| vec![expand(path, places)]);
    let names = files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let mut merged: Option<Kubeconfig> = None;
    for path in &files {
        let Some(next) = read_file(path)? else { continue };
        merged = Some(match merged {
            None => next,
            Some(first) => first.merge(next).map_err(|error| bad(path, &error))?,
        });
    }
    match merged {
        Some(kubeconfig) => Ok(Merged { kubeconfig, path: names }),
        None => Err(ClusterError::NoKubeconfig {
            looked_at: if names.is_empty() {
                "KUBECONFIG and the home directory; neither is set".to_owned()
            } else {
                names
            },
        }),
    }
}

/// A leading `~/` is the home directory: a path typed into a field has seen no shell.
fn expand(path: &str, places: &Places) -> PathBuf {
    match (path.strip_prefix("~/"), &places.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

fn read_file(path: &Path) -> Result<Option<Kubeconfig>, ClusterError> {
    match Kubeconfig::read_from(path) {
        Ok(mut kubeconfig) => {
            // kubectl takes an empty name for none at all, kube-rs does not.
            kubeconfig.current_context = kubeconfig.current_context.filter(|name| !name.is_empty());
            Ok(Some(kubeconfig))
        }
        Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(bad(path, &error)),
    }
}

/// An error about one kubeconfig file, with the line where the parser knows it and without the file's own text, in
/// which a token may stand.
fn bad(path: &Path, error: &KubeconfigError) -> ClusterError {
    let why = match error {
        KubeconfigError::Parse(error) => crate::snapshot::yaml_words(error),
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        other => other.to_string(),
    };
    ClusterError::BadKubeconfig { path: path.display().to_string(), why }
}

impl Merged {
    /// Lists the contexts in the order of the files.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        let current = self.kubeconfig.current_context.as_deref();
        let of = |name: &str| {
            let found = self.kubeconfig.clusters.iter().find(|cluster| cluster.name == name);
            found.and_then(|cluster| cluster.cluster.as_ref()?.server.clone()).unwrap_or_default()
        };
        self.kubeconfig
            .contexts
            .iter()
            .map(|named| {
                let context = named.context.clone().unwrap_or_default();
                Context {
                    name: named.name.clone(),
                    server: of(&context.cluster),
                    user: context.user.unwrap_or_default(),
                    namespace: context
                        .namespace
                        .filter(|name| !name.is_empty())
                        .unwrap_or_else(|| "default".to_owned()),
                    current: current == Some(&named.name),
                }
            })
            .collect()
    }

    /// Finds the context meant, with its cluster and its user.
    pub fn choose(&self, choice: &ContextChoice) -> Result<Chosen, ClusterError> {
        let named = choice.context.as_deref().filter(|name| !name.is_empty());
        let Some(name) = named.or(self.kubeconfig.current_context.as_deref()) else {
            let why = format!("it names no `current-context`; there are: {}", self.known());
            return Err(ClusterError::BadKubeconfig { path: self.path.clone(), why });
        };
        let context = self
            .kubeconfig
            .contexts
            .iter()
            .find(|context| context.name == name)
            .and_then(|context| context.context.clone())
            .ok_or_else(|| ClusterError::UnknownContext {
                name: name.to_owned(),
                path: self.path.clone(),
                known: self.known(),
            })?;
        let lacks = |what: String| ClusterError::BadKubeconfig { path: self.path.clone(), why: what };
        let cluster = self
            .kubeconfig
            .clusters
            .iter()
            .find(|cluster| cluster.name == context.cluster)
            .and_then(|cluster| cluster.cluster.clone())
            .ok_or_else(|| {
                lacks(format!("context `{name}` names cluster `{}`, which is not there", context.cluster))
            })?;
        let server = cluster
            .server
            .clone()
            .filter(|server| !server.is_empty())
            .ok_or_else(|| lacks(format!("cluster `{}` of context `{name}` has no `server`", context.cluster)))?;
        let user = context.user.unwrap_or_default();
        let user = self
            .kubeconfig
            .auth_infos
            .iter()
            .find(|entry| entry.name == user)
            .and_then(|entry| entry.auth_info.clone())
            .unwrap_or_default();
        let namespace = context.namespace.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
        Ok(Chosen { context: name.to_owned(), namespace, cluster, server, user, path: self.path.clone() })
    }

    fn known(&self) -> String {
        let names: Vec<&str> = self.kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, server: &str, current: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: {name}, cluster: {{server: \"{server}\"}}}}]\n\
             users: [{{name: u, user: {{token: of-{name}}}}}]\n\
             contexts: [{{name: {name}, context: {{cluster: {name}, user: u}}}}]\ncurrent-context: \"{current}\"\n"
        )
    }

    fn places(folder: &Path, names: &[&str]) -> Places {
        let list = std::env::join_paths(names.iter().map(|name| folder.join(name))).expect("a list");
        Places { kubeconfig: Some(list), home: None }
    }

    #[test]
    fn the_first_file_of_a_list_wins_and_missing_ones_are_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), config("one", "https://a", "")).expect("written");
        std::fs::write(
            folder.path().join("b"),
            format!(
                "{}\n",
                config("one", "https://b", "one")
                    .replace("contexts: [", "contexts: [{name: two, context: {cluster: one}}, ")
            ),
        )
        .expect("written");
        let merged = read(None, &places(folder.path(), &["missing", "a", "b"])).expect("merged");
        let contexts = merged.contexts();
        assert_eq!(contexts.iter().map(|context| context.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        assert!(contexts.iter().all(|context| context.server == "https://a"), "{contexts:?}");
        assert!(contexts[0].current, "an empty current-context of the first file does not hide the second's");
        let chosen = merged.choose(&ContextChoice::default()).expect("chosen");
        assert_eq!((chosen.context.as_str(), chosen.namespace.as_str()), ("one", "default"));
    }

    fn check(text: &str, context: Option<&str>, expected: &[&str]) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        std::fs::write(&path, text).expect("written");
        let choice = ContextChoice { context: context.map(str::to_owned), ..ContextChoice::default() };
        let error = read(path.to_str(), &Places::default())
            .and_then(|merged| merged.choose(&choice))
            .expect_err("an error")
            .to_string();
        for part in expected {
            assert!(error.contains(part), "`{error}` lacks `{part}`");
        }
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = config("one", "https://a", "one");
        check(&good, Some("two"), &["no context `two`", "config", "there are: one"]);
        check("clusters: [\nusers:\n  token: s3cret\n  - x", None, &["cannot read the kubeconfig", "line "]);
        check("users: [{name: u, user: {token: [s3cret-s3cret-s3cret-s3cret]}}]", None, &["cannot read", "line 1"]);
        check(&config("one", "", "one"), None, &["cluster `one` of context `one` has no `server`"]);
        check(&good.replace("cluster: one,", "cluster: other,"), None, &["names cluster `other`, which is not there"]);
        check(&config("one", "https://a", ""), None, &["no `current-context`", "there are: one"]);
    }

    #[test]
    fn no_kubeconfig_says_where_it_looked() {
        let places = Places { kubeconfig: None, home: Some(PathBuf::from("/nowhere/at/all")) };
        let error = read(None, &places).expect_err("none").to_string();
        assert!(error.contains("/nowhere/at/all/.kube/config"), "{error}");
        let error = read(Some("~/x"), &places).expect_err("none").to_string();
        assert!(error.contains("/nowhere/at/all/x"), "{error}");
    }
}
