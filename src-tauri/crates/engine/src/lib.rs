//! Use cases and live state; owns every task.
//!
//! One [`Engine`] serves every screen and command of a desk. What is live changes in one writer only ([`live`]); what is
//! recorded about an incident goes through one book ([`book`]); every view of a moment, live or past, is a [`Seen`].

pub mod actions;
pub mod book;
pub mod bundles;
pub mod desk;
pub mod doctor;
pub mod documents;
pub mod error;
pub mod evidence;
pub mod freeze;
mod gathered;
pub mod handoffs;
pub mod history;
pub mod incidents;
pub mod live;
pub mod measured;
pub mod notices;
mod opening;
pub mod past;
mod placing;
mod plans;
pub mod seen;
pub mod settings;
mod status;
pub mod supervise;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::ledger::incident::Person;
use broadstreet_core::ports::{Bundles, Clock, Cluster, Press, Signals, Store, StoreError, Vault};
use broadstreet_core::time::Moment;

pub use desk::{DeskNow, Mode};
pub use error::EngineError;
pub use notices::Notice;
pub use seen::Seen;

/// What every operation answers.
pub type Result<T> = std::result::Result<T, EngineError>;

/// What the outside implements.
#[derive(Clone)]
pub struct Ports {
    /// Kubernetes.
    pub cluster: Arc<dyn Cluster>,
    /// Alerts and pages.
    pub signals: Arc<dyn Signals>,
    /// The database of this desk, or the one it shares.
    pub store: Arc<dyn Store>,
    /// A database that ends with the program: what the bundled incident is opened in.
    pub scratch: Arc<dyn Store>,
    /// Bundles.
    pub bundles: Arc<dyn Bundles>,
    /// PDF.
    pub press: Arc<dyn Press>,
    /// Secrets and the device's key.
    pub vault: Arc<dyn Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What the program was started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The device's name.
    pub device: String,
    /// The program's version.
    pub version: String,
    /// The bundled incident; empty where the build has none.
    pub bundled: &'static [u8],
    /// Who acts, by name; `None` takes the person chosen last.
    pub acting: Option<String>,
}

tokio::task_local! {
    /// Whom the present call is made for.
    static ACTING: Person;
}

/// The engine of one desk. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

/// What an engine is made of; nothing of it is reachable from outside.
pub struct Inner {
    pub(crate) ports: Ports,
    pub(crate) options: Options,
    pub(crate) tasks: supervise::Supervisor,
    pub(crate) notices: notices::Notices,
    pub(crate) book: book::Book,
    pub(crate) desk: tokio::sync::RwLock<desk::Open>,
    pub(crate) people: Mutex<settings::People>,
    pub(crate) chosen: Mutex<Option<broadstreet_core::id::IncidentId>>,
    pub(crate) archive: Arc<past::Archive>,
    pub(crate) readings: evidence::Readings,
    pub(crate) evidence: freeze::Evidence,
    /// An incident that was opened and could not be written to: the next one declared takes its number.
    pub(crate) unused: Mutex<Option<broadstreet_core::id::IncidentId>>,
}

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Engine {
    /// Builds the engine on its ports and starts following the store.
    pub async fn new(ports: Ports, options: Options) -> Result<Self> {
        let notices = notices::Notices::default();
        let book = book::Book::new(&ports, &options.device);
        ports.store.see_key(book.writer().as_str().to_owned(), hex::encode(ports.vault.public_key())).await?;
        let people = settings::People::load(&*ports.store, options.acting.as_deref()).await?;
        let archive = Arc::new(past::Archive::new(Arc::clone(&ports.store)));
        let engine = Self(Arc::new(Inner {
            ports,
            options,
            tasks: supervise::Supervisor::default(),
            notices,
            book,
            desk: tokio::sync::RwLock::new(desk::Open::Closed),
            people: Mutex::new(people),
            chosen: Mutex::default(),
            archive,
            readings: evidence::Readings::default(),
            evidence: freeze::Evidence::default(),
            unused: Mutex::default(),
        }));
        engine.follow_the_store();
        engine.tend();
        engine.freeze_what_was_not();
        Ok(engine)
    }

    /// The instant now.
    pub fn now(&self) -> Moment {
        self.ports.clock.now()
    }

    /// Tells what changes, from now on.
    pub fn listen(&self) -> notices::Listening {
        self.notices.listen()
    }

    /// Who acts: the person this call was made for, else the one chosen at the desk.
    pub fn acting(&self) -> Option<Person> {
        if let Ok(person) = ACTING.try_with(Clone::clone) {
            return Some(person);
        }
        self.people.lock().unwrap_or_else(PoisonError::into_inner).acting()
    }

    /// The book of incidents, to read.
    pub fn book(&self) -> &book::Book {
        &self.book
    }

    /// Whether the device's key survives in a keyring, and the public key in hex.
    pub fn device_key(&self) -> (bool, String) {
        (self.ports.vault.is_lasting(), hex::encode(self.ports.vault.public_key()))
    }

    /// The name of this device.
    pub fn device(&self) -> &str {
        &self.options.device
    }

    /// The program's version.
    pub fn version(&self) -> &str {
        &self.options.version
    }

    /// The bytes of a file kept for this desk.
    pub async fn file(&self, id: &str) -> Result<Vec<u8>> {
        let id = broadstreet_core::id::BlobId::new(id);
        match self.ports.store.blob(id.clone()).await {
            Err(StoreError::NotFound { .. }) => Ok(self.ports.scratch.blob(id).await?),
            read => Ok(read?),
        }
    }

    /// Keeps a file for this desk.
    pub async fn keep_file(&self, bytes: Vec<u8>) -> Result<String> {
        Ok(self.ports.store.put_blob(bytes).await?.0)
    }

    /// Ends every task: what was received and not yet kept is kept first. Answers the names of those that hung.
    pub async fn stop(&self) -> Vec<String> {
        let _ = self.close_desk().await;
        self.tasks.stop().await
    }

    /// Runs one call for another person than the one chosen at the desk.
    pub async fn acting_as<T>(&self, person: Person, call: impl Future<Output = T>) -> T {
        ACTING.scope(person, call).await
    }

    pub(crate) fn require_acting(&self) -> Result<Person> {
        self.acting().ok_or_else(|| {
            EngineError::refused(
                "nobody_acts",
                "nobody is chosen to act at this desk",
                "choose or add yourself as the acting person (`--as NAME` on the command line)",
            )
        })
    }

    fn follow_the_store(&self) {
        let engine = self.clone();
        self.tasks.keep_running("follow the store", move || {
            let engine = engine.clone();
            async move {
                use futures_util::StreamExt;
                let mut notices = engine.ports.store.notices();
                while let Some(notice) = notices.next().await {
                    let changed = match notice {
                        broadstreet_core::ports::Notice::Incident(id) => engine.book.catch_up(&id).await,
                        broadstreet_core::ports::Notice::Resync => engine.book.catch_up_all().await,
                    };
                    for id in changed {
                        engine.notices.tell("ledger", [id.0]);
                    }
                }
                Ok(())
            }
        });
    }
}
