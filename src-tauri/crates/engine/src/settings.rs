//! What a desk remembers: people, looks, retention, sources.

use broadstreet_core::id::PersonId;
use broadstreet_core::ledger::incident::Person;
use broadstreet_core::ports::{SourceSettings, StorageUsed, Store};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Engine, EngineError, Result};

const PEOPLE: &str = "people";
const LOOKS: &str = "looks";
const SOURCES: &str = "sources";

/// The settings of the desk, without sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Looks {
    /// `system`, `night` or `paper`.
    pub theme: String,
    /// `utc` or `local`.
    pub clock: String,
    /// The IANA zone new incidents get.
    pub zone: String,
    /// Hours a recording outside incidents is kept.
    pub recording_hours: u32,
    /// Gigabytes a recording outside incidents may take.
    pub recording_gigabytes: f64,
    /// Minutes between stakeholder updates by severity, SEV-1 first; 0 means none.
    pub update_minutes: Vec<u32>,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            theme: "system".into(),
            clock: "utc".into(),
            zone: "UTC".into(),
            recording_hours: 24,
            recording_gigabytes: 2.0,
            update_minutes: vec![15, 30, 60, 0, 0],
        }
    }
}

/// Those who act at this desk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct People {
    people: Vec<Person>,
    acting: Option<PersonId>,
}

/// The id of a local account: its name in lower case, so that the same person on two desks is one.
pub fn person_named(name: &str) -> Person {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let slug = name.to_lowercase().split(' ').collect::<Vec<_>>().join("-");
    Person { id: PersonId::new(format!("local:{slug}")), name }
}

impl People {
    /// Reads who was there, and makes `acting` the one who acts.
    pub async fn load(store: &dyn Store, acting: Option<&str>) -> Result<Self> {
        let mut people: Self = read(store, PEOPLE).await?.unwrap_or_default();
        if let Some(name) = acting {
            people.choose(&person_named(name));
        }
        Ok(people)
    }

    /// Who acts.
    pub fn acting(&self) -> Option<Person> {
        let id = self.acting.as_ref()?;
        self.people.iter().find(|person| &person.id == id).cloned()
    }

    /// Everyone known here.
    pub fn all(&self) -> &[Person] {
        &self.people
    }

    /// Makes somebody the one who acts, adding them where they are new.
    pub fn choose(&mut self, person: &Person) {
        if !self.people.iter().any(|known| known.id == person.id) {
            self.people.push(person.clone());
        }
        self.acting = Some(person.id.clone());
    }
}

async fn read<T: DeserializeOwned>(store: &dyn Store, name: &str) -> Result<Option<T>> {
    let Some(json) = store.setting(name.to_owned()).await? else { return Ok(None) };
    // A setting another version wrote differently counts as not set: nothing precious lies here.
    Ok(serde_json::from_str(&json).ok())
}

impl Engine {
    pub(crate) async fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        read(&*self.ports.store, name).await
    }

    pub(crate) async fn keep_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let json = serde_json::to_string(value).unwrap_or_default();
        Ok(self.ports.store.put_setting(name.to_owned(), json).await?)
    }

    /// Everyone known at this desk.
    pub fn people(&self) -> Vec<Person> {
        self.people.lock().unwrap_or_else(std::sync::PoisonError::into_inner).all().to_vec()
    }

    /// Finds a person by id or name among those known here; a new name is a new local account.
    pub fn person(&self, id_or_name: &str) -> Result<Person> {
        let wanted = id_or_name.trim();
        if wanted.is_empty() || wanted.chars().count() > 200 {
            return Err(EngineError::refused(
                "bad_name",
                "a person needs a name of 1 to 200 characters",
                "give the person's name",
            ));
        }
        let known = self.people();
        Ok(known
            .iter()
            .find(|person| person.id.as_str() == wanted || person.name.eq_ignore_ascii_case(wanted))
            .cloned()
            .unwrap_or_else(|| person_named(wanted)))
    }

    /// Chooses who acts at this desk.
    pub async fn act_as(&self, id_or_name: &str) -> Result<()> {
        let person = self.person(id_or_name)?;
        let kept = {
            let mut people = self.people.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            people.choose(&person);
            people.clone()
        };
        self.keep_setting(PEOPLE, &kept).await?;
        self.notices.tell("desk", []);
        Ok(())
    }

    /// Remembers a person named in a use case, so that lists offer them.
    pub(crate) async fn remember(&self, person: &Person) -> Result<()> {
        let kept = {
            let mut people = self.people.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if people.people.iter().any(|known| known.id == person.id) {
                return Ok(());
            }
            people.people.push(person.clone());
            people.clone()
        };
        self.keep_setting(PEOPLE, &kept).await
    }

    /// Looks, retention, cadence.
    pub async fn looks(&self) -> Result<Looks> {
        Ok(self.setting(LOOKS).await?.unwrap_or_default())
    }

    /// Keeps looks, retention and cadence.
    pub async fn save_looks(&self, looks: &Looks) -> Result<()> {
        if looks.zone.parse::<chrono_tz::Tz>().is_err() {
            return Err(EngineError::refused(
                "bad_zone",
                format!("there is no time zone `{}`", looks.zone),
                "give an IANA name such as `Europe/Berlin` or `UTC`",
            ));
        }
        if looks.recording_hours == 0 || !(looks.recording_gigabytes > 0.0 && looks.recording_gigabytes < 10_000.0) {
            return Err(EngineError::refused(
                "bad_retention",
                "a recording is kept for at least 1 hour and in more than 0 gigabytes",
                "give 24 hours and 2 gigabytes, or more",
            ));
        }
        self.keep_setting(LOOKS, looks).await?;
        self.notices.tell("desk", []);
        Ok(())
    }

    /// The configured sources.
    pub async fn sources(&self) -> Result<Vec<SourceSettings>> {
        Ok(self.setting(SOURCES).await?.unwrap_or_default())
    }

    pub(crate) async fn keep_sources(&self, sources: &[SourceSettings]) -> Result<()> {
        self.keep_setting(SOURCES, &sources).await
    }

    /// What is used at rest.
    pub async fn storage(&self) -> Result<StorageUsed> {
        Ok(self.ports.store.used().await?)
    }
}
