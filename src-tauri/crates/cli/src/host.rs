//! Where the record lies, and the engine wired to the real outside.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use broadstreet_api::ApiError;
use broadstreet_cluster::KubeCluster;
use broadstreet_core::ports::{Clock, ContextChoice, Vault};
use broadstreet_core::time::Moment;
use broadstreet_engine::{Engine, Options, Ports};
use broadstreet_press::TypstPress;
use broadstreet_signals::HttpSignals;
use broadstreet_store::{BundleFiles, Target};
use serde_json::{Value, json};

use crate::args::Global;
use crate::output::{bad_file, failed};
use crate::scratch::scratch;
use crate::vault::DeskVault;

/// The incident that comes with the program; empty in a build that was made without it.
pub static BUNDLED: &[u8] = include_bytes!("../bundled/incident.broadstreet");

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        #[expect(clippy::disallowed_methods, reason = "the one place the product asks the system for the time")]
        chrono::Utc::now()
    }
}

/// The data folder, made where it is missing.
pub fn data_folder(global: &Global) -> Result<PathBuf, ApiError> {
    let folder = match &global.data {
        Some(folder) => folder.clone(),
        None => directories::ProjectDirs::from("dev", "Broadstreet", "broadstreet")
            .map(|it| it.data_dir().to_owned())
            .ok_or_else(|| {
                ApiError::new("no_home", "there is no home folder to keep the record in", "pass --data DIR")
            })?,
    };
    std::fs::create_dir_all(&folder).map_err(|why| bad_file(&folder, "make the data folder", &why))?;
    Ok(folder)
}

/// The database meant by the options.
pub fn target(global: &Global, data: &Path, read_only: bool) -> Target {
    match &global.database {
        Some(url) => Target::Postgres { url: url.clone() },
        None => Target::Sqlite { path: data.join("broadstreet.db"), read_only },
    }
}

/// The contexts meant by the options; the current one where none is named.
pub fn choices(global: &Global) -> Vec<ContextChoice> {
    let one = |context| ContextChoice {
        kubeconfig: global.kubeconfig.as_ref().map(|it| it.display().to_string()),
        context,
        namespaces: global.namespaces.clone(),
    };
    match global.contexts.as_slice() {
        [] => vec![one(None)],
        names => names.iter().map(|name| one(Some(name.clone()))).collect(),
    }
}

/// True where the options say which cluster is meant.
pub fn is_named(global: &Global) -> bool {
    !global.contexts.is_empty() || global.kubeconfig.is_some()
}

/// The same as the payload of the commands that name a cluster.
pub fn choice_payload(global: &Global) -> Value {
    let kubeconfig = global.kubeconfig.as_ref().map(|it| it.display().to_string());
    json!({ "kubeconfig": kubeconfig, "contexts": global.contexts, "namespaces": global.namespaces })
}

/// An engine on its real ports, with what must outlive it.
pub struct Host {
    /// The engine.
    pub engine: Engine,
    /// The data folder.
    pub data: PathBuf,
    /// Whether secrets survive a restart.
    pub lasting_secrets: bool,
    _scratch: tempfile::TempDir,
}

impl Host {
    /// Opens the record and starts the engine.
    pub async fn start(global: &Global) -> Result<Self, ApiError> {
        let data = data_folder(global)?;
        let store = broadstreet_store::open(&target(global, &data, false)).await.map_err(failed)?;
        let vault = DeskVault::open(&data)?;
        let lasting_secrets = vault.is_lasting();
        let (scratch, folder) = scratch().await?;
        let ports = Ports {
            cluster: Arc::new(KubeCluster::new()),
            signals: Arc::new(HttpSignals::new()),
            store,
            scratch,
            bundles: Arc::new(BundleFiles),
            press: Arc::new(TypstPress::new()),
            vault: Arc::new(vault),
            clock: Arc::new(SystemClock),
        };
        let options = Options {
            device: device_name(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            bundled: BUNDLED,
            acting: global.person.clone(),
        };
        let engine = Engine::new(ports, options).await.map_err(failed)?;
        Ok(Self { engine, data, lasting_secrets, _scratch: folder })
    }

    /// What a desk opens by itself: the context that was named; the bundled incident where there is no kubeconfig to choose
    /// one from and no incident of its own; else nothing, so that the person chooses.
    pub async fn opening(&self, global: &Global) -> Option<(&'static str, Value)> {
        if is_named(global) {
            return Some(("open_context", choice_payload(global)));
        }
        let nowhere = self.engine.contexts(None).is_err_and(|error| error.code() == "no_kubeconfig");
        let new = nowhere && self.engine.incidents().await.is_ok_and(|all| all.is_empty());
        (new && !BUNDLED.is_empty()).then(|| ("open_bundle", json!({})))
    }

    /// Ends every task and says which hung.
    pub async fn stop(self) {
        for name in self.engine.stop().await {
            tracing::warn!(task = name, "did not end in time");
        }
    }
}

/// What this machine is called.
fn device_name() -> String {
    let named = ["BROADSTREET_DEVICE", "HOSTNAME", "COMPUTERNAME"].into_iter().find_map(|it| std::env::var(it).ok());
    let named = named.or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    let named = named.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    named.unwrap_or_else(|| "this desk".to_owned())
}
