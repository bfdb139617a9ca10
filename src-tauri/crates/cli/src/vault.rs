//! Secrets and the device's key: in the platform's keyring, or, where there is none, the key in a file of the data
//! folder and secrets in memory only.
//!
//! The two are decided apart: a start without a keyring (over SSH, or with a locked one) leaves the key in a file, where
//! every later start finds it, and the secrets lie in the keyring again as soon as that answers.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_api::ApiError;
use broadstreet_core::ports::Vault;
use ed25519_dalek::{Signer, SigningKey};
use keyring_core::{CredentialStore, Entry, Error};

use crate::output::bad_file;

const SERVICE: &str = "broadstreet";
const KEY_FILE: &str = "device.key";

/// Set to anything, it keeps secrets out of the platform's keyring.
pub const WITHOUT_KEYRING: &str = "BROADSTREET_NO_KEYRING";

/// The vault of one data folder.
pub struct DeskVault {
    store: Option<Arc<CredentialStore>>,
    /// What tells the entries of this data folder from those of another in the same keyring.
    desk: String,
    memory: Mutex<HashMap<String, String>>,
    /// Whether the keyring refused the last secret it was given: it was locked under way.
    refuses: AtomicBool,
    key: SigningKey,
    is_in_file: bool,
}

impl DeskVault {
    /// Opens the keyring where it answers, and takes the device's key from the file where it is, else from the keyring;
    /// makes one where there is none yet. The tests of this crate leave the keyring of whoever runs them alone.
    pub fn open(data: &Path) -> Result<Self, ApiError> {
        let wanted = std::env::var_os(WITHOUT_KEYRING).is_none() && !cfg!(test);
        Self::with(data, wanted.then(platform_store).flatten())
    }

    fn with(data: &Path, store: Option<Arc<CredentialStore>>) -> Result<Self, ApiError> {
        let desk = data.display().to_string();
        let has_file = data.join(KEY_FILE).exists();
        let keyring = store.and_then(|store| Keyring::that_answers(store, &desk));
        let kept = keyring.as_ref().filter(|_| !has_file).and_then(Keyring::key);
        let is_in_file = kept.is_none();
        let keyring = keyring.filter(|it| !is_in_file || it.takes_entries(&desk));
        let key = kept.map_or_else(|| key_in_file(data), Ok)?;
        Ok(Self {
            store: keyring.map(|it| it.store),
            desk,
            memory: Mutex::default(),
            refuses: AtomicBool::new(false),
            key,
            is_in_file,
        })
    }

    /// Whether the device's key lies in a file of the data folder.
    pub fn key_is_in_file(&self) -> bool {
        self.is_in_file
    }

    fn entry(&self, name: &str) -> Option<Entry> {
        let store = self.store.as_ref()?;
        store.build(SERVICE, &format!("{name} ({})", self.desk), None).ok()
    }
}

impl Vault for DeskVault {
    fn secret(&self, name: &str) -> Option<String> {
        let kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        kept.or_else(|| self.entry(name)?.get_password().ok()).or_else(|| std::env::var(variable(name)).ok())
    }

    fn keep(&self, name: &str, secret: &str) -> bool {
        let lasting = self.entry(name).is_some_and(|entry| entry.set_password(secret).is_ok());
        self.refuses.store(!lasting, Ordering::Relaxed);
        // Kept here too: a keyring that was locked meanwhile must not cut a source off.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), secret.to_owned());
        lasting
    }

    fn forget(&self, name: &str) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let Some(entry) = self.entry(name) {
            let _ = entry.delete_credential();
        }
    }

    fn otherwise(&self, name: &str) -> String {
        format!(", or start with it in the environment variable {}", variable(name))
    }

    fn is_lasting(&self) -> bool {
        self.store.is_some() && !self.refuses.load(Ordering::Relaxed)
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.key.sign(bytes).to_bytes().to_vec()
    }

    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }
}

/// The variable a secret is taken from that is neither in memory nor in the keyring: that of `alertmanager:main` from
/// `BROADSTREET_SECRET_ALERTMANAGER_MAIN`.
fn variable(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("BROADSTREET_SECRET_{}", name.chars().map(letter).collect::<String>())
}

/// A keyring that answered when it was asked for the device's key.
struct Keyring {
    store: Arc<CredentialStore>,
    entry: Entry,
    /// What it holds as the key.
    kept: Option<String>,
}

impl Keyring {
    /// `None` where it is locked or refuses: it is not asked again before the next start, since each time may ask a person.
    fn that_answers(store: Arc<CredentialStore>, desk: &str) -> Option<Self> {
        let entry = store.build(SERVICE, &format!("device key ({desk})"), None).ok()?;
        match entry.get_password() {
            Ok(text) => Some(Self { store, entry, kept: Some(text) }),
            Err(Error::NoEntry) => Some(Self { store, entry, kept: None }),
            Err(error) => {
                tracing::info!(%error, "no use of the keyring");
                None
            }
        }
    }

    /// The key it holds, or a new one that it holds from now on; `None` where it holds something else, or takes nothing.
    fn key(&self) -> Option<SigningKey> {
        if let Some(text) = &self.kept {
            return key_from(text);
        }
        let key = new_key()?;
        self.entry.set_password(&hex::encode(key.to_bytes())).ok()?;
        Some(key)
    }

    /// Whether it keeps what it is given where it does not keep the key: one that nobody ever set up, or that is locked where
    /// nobody can be asked, answers that it holds nothing and then refuses.
    fn takes_entries(&self, desk: &str) -> bool {
        let Ok(place) = self.store.build(SERVICE, &format!("place of the device key ({desk})"), None) else {
            return false;
        };
        match place.get_password() {
            Err(Error::NoEntry) => place.set_password(KEY_FILE).is_ok(),
            kept => kept.is_ok(),
        }
    }
}

#[cfg(target_os = "linux")]
fn platform_store() -> Option<Arc<CredentialStore>> {
    // Without a session bus there is nobody to ask, and looking for one would take its time.
    let on_bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|it| Path::new(&it).join("bus").exists());
    if !on_bus {
        return None;
    }
    Some(zbus_secret_service_keyring_store::Store::new().ok()?)
}

#[cfg(target_os = "macos")]
fn platform_store() -> Option<Arc<CredentialStore>> {
    Some(apple_native_keyring_store::keychain::Store::new().ok()?)
}

#[cfg(windows)]
fn platform_store() -> Option<Arc<CredentialStore>> {
    Some(windows_native_keyring_store::Store::new().ok()?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn platform_store() -> Option<Arc<CredentialStore>> {
    None
}

fn new_key() -> Option<SigningKey> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).ok()?;
    Some(SigningKey::from_bytes(&seed))
}

fn key_from(text: &str) -> Option<SigningKey> {
    let seed: [u8; 32] = hex::decode(text.trim()).ok()?.try_into().ok()?;
    Some(SigningKey::from_bytes(&seed))
}

fn key_in_file(data: &Path) -> Result<SigningKey, ApiError> {
    let path = data.join(KEY_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => key_from(&text).ok_or_else(|| {
            ApiError::new(
                "bad_file",
                format!("`{}` holds no device key", path.display()),
                "restore the file from a copy, or move it away to get a new key",
            )
        }),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            let key = new_key().ok_or_else(|| {
                ApiError::new("no_randomness", "the system gives no random bytes for the device's key", "try again")
            })?;
            write_private(&path, hex::encode(key.to_bytes()).as_bytes())
                .map_err(|why| bad_file(&path, "write the device's key to", &why))?;
            Ok(key)
        }
        Err(why) => Err(bad_file(&path, "read the device's key from", &why)),
    }
}

/// Writes a file only its owner may read, whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Named temporary files are made for their owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use keyring_core::api::CredentialStoreApi;
    use keyring_core::mock;

    use super::*;

    fn in_file(data: &Path) -> DeskVault {
        DeskVault::with(data, None).unwrap()
    }

    /// A desk with this keyring.
    fn beside(data: &Path, keyring: &Arc<mock::Store>) -> DeskVault {
        DeskVault::with(data, Some(Arc::clone(keyring) as Arc<CredentialStore>)).unwrap()
    }

    /// The next question about this entry is refused, as a locked keyring does.
    fn lock(keyring: &mock::Store, data: &Path, name: &str) {
        let entry = keyring.build(SERVICE, &format!("{name} ({})", data.display()), None).unwrap();
        let credential: &mock::Cred = entry.as_any().downcast_ref().unwrap();
        credential.set_error(Error::NoStorageAccess("it is locked".into()));
    }

    fn on_disk(data: &Path) -> usize {
        std::fs::read_dir(data).unwrap().count()
    }

    #[test]
    fn with_a_keyring_key_and_secrets_lie_in_it_and_nothing_on_disk() {
        let (data, keyring) = (tempfile::tempdir().unwrap(), mock::Store::new().unwrap());
        let vault = beside(data.path(), &keyring);
        assert!(vault.is_lasting() && !vault.key_is_in_file());
        assert!(vault.keep("alertmanager:main", "swordfish"), "it lasts");
        let later = beside(data.path(), &keyring);
        assert_eq!(later.public_key(), vault.public_key());
        assert_eq!(later.secret("alertmanager:main").as_deref(), Some("swordfish"));
        // Another data folder has a key and secrets of its own in the same keyring.
        let elsewhere = tempfile::tempdir().unwrap();
        let other = beside(elsewhere.path(), &keyring);
        assert_ne!(other.public_key(), vault.public_key());
        assert_eq!(other.secret("alertmanager:main"), None);
        later.forget("alertmanager:main");
        assert_eq!(beside(data.path(), &keyring).secret("alertmanager:main"), None);
        assert_eq!(on_disk(data.path()), 0);
    }

    #[test]
    fn a_start_with_a_locked_keyring_costs_no_later_start_its_secrets_or_its_key() {
        let (data, keyring) = (tempfile::tempdir().unwrap(), mock::Store::new().unwrap());
        lock(&keyring, data.path(), "device key");
        let locked = beside(data.path(), &keyring);
        assert!(!locked.is_lasting() && locked.key_is_in_file());
        assert!(!locked.keep("alertmanager:main", "swordfish"), "in memory only");
        let open = beside(data.path(), &keyring);
        assert_eq!(open.public_key(), locked.public_key(), "the device stays who it is");
        assert!(open.is_lasting() && open.key_is_in_file());
        assert!(open.keep("alertmanager:main", "swordfish"));
        assert_eq!(beside(data.path(), &keyring).secret("alertmanager:main").as_deref(), Some("swordfish"));
        assert_eq!(on_disk(data.path()), 1, "only the key is on disk");
    }

    #[test]
    fn a_desk_that_was_first_started_without_a_keyring_keeps_its_key_and_uses_the_keyring_for_secrets() {
        let (data, keyring) = (tempfile::tempdir().unwrap(), mock::Store::new().unwrap());
        let headless = in_file(data.path());
        let desktop = beside(data.path(), &keyring);
        assert_eq!(desktop.public_key(), headless.public_key());
        assert!(desktop.keep("icinga:main", "swordfish"));
        assert_eq!(beside(data.path(), &keyring).secret("icinga:main").as_deref(), Some("swordfish"));
        let again = in_file(data.path());
        assert_eq!(again.public_key(), headless.public_key());
        assert_eq!(again.secret("icinga:main"), None, "asked for where there is no keyring");
    }

    #[test]
    fn a_keyring_that_is_locked_under_way_cuts_no_source_off() {
        let (data, keyring) = (tempfile::tempdir().unwrap(), mock::Store::new().unwrap());
        let vault = beside(data.path(), &keyring);
        lock(&keyring, data.path(), "alertmanager:main");
        assert!(!vault.keep("alertmanager:main", "swordfish"), "it says that it will be asked for again");
        assert!(!vault.is_lasting(), "the settings say so");
        assert_eq!(vault.secret("alertmanager:main").as_deref(), Some("swordfish"));
        assert!(vault.keep("alertmanager:main", "swordfish") && vault.is_lasting(), "it is open again");
    }

    #[test]
    fn a_keyring_that_holds_nothing_and_takes_nothing_is_none() {
        let (data, keyring) = (tempfile::tempdir().unwrap(), mock::Store::new().unwrap());
        drop(in_file(data.path()));
        lock(&keyring, data.path(), "place of the device key");
        assert!(!beside(data.path(), &keyring).is_lasting());
        assert!(beside(data.path(), &keyring).is_lasting(), "it is open again");
    }

    #[test]
    fn a_keyring_that_holds_no_key_where_it_should_leaves_it_and_still_keeps_secrets() {
        let (data, keyring) = (tempfile::tempdir().unwrap(), mock::Store::new().unwrap());
        let entry = keyring.build(SERVICE, &format!("device key ({})", data.path().display()), None).unwrap();
        entry.set_password("rubbish").unwrap();
        let vault = beside(data.path(), &keyring);
        assert!(vault.is_lasting() && vault.key_is_in_file());
        assert_eq!(beside(data.path(), &keyring).public_key(), vault.public_key());
        assert_eq!(entry.get_password().unwrap(), "rubbish");
    }

    #[test]
    fn without_a_keyring_the_key_lies_in_a_file_of_its_owner_and_stays_the_same() {
        let data = tempfile::tempdir().unwrap();
        let vault = in_file(data.path());
        assert_eq!(vault.public_key(), in_file(data.path()).public_key());
        assert!(!vault.is_lasting());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(data.path().join(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn without_a_keyring_secrets_are_asked_for_again_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let vault = in_file(data.path());
        assert!(!vault.keep("alertmanager:main", "swordfish"), "nothing lasts");
        assert_eq!(vault.secret("alertmanager:main").as_deref(), Some("swordfish"));
        assert_eq!(in_file(data.path()).secret("alertmanager:main"), None);
        vault.forget("alertmanager:main");
        assert_eq!(vault.secret("alertmanager:main"), None);
        assert_eq!(on_disk(data.path()), 1, "only the key is on disk");
    }

    #[test]
    fn a_key_file_that_holds_no_key_is_named_and_never_replaced() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(KEY_FILE), "rubbish").unwrap();
        let error = key_in_file(data.path()).unwrap_err();
        assert!(error.message.contains(KEY_FILE), "{}", error.message);
        assert_eq!(std::fs::read(data.path().join(KEY_FILE)).unwrap(), b"rubbish");
    }

    #[test]
    fn what_is_signed_verifies_under_the_public_key() {
        let data = tempfile::tempdir().unwrap();
        let vault = in_file(data.path());
        let signature = ed25519_dalek::Signature::from_slice(&vault.sign(b"row")).unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&vault.public_key()).unwrap();
        assert!(key.verify_strict(b"row", &signature).is_ok());
    }

    #[test]
    fn a_source_names_its_variable() {
        assert_eq!(variable("alertmanager:main"), "BROADSTREET_SECRET_ALERTMANAGER_MAIN");
    }
}
