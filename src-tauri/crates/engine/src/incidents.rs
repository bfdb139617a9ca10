//! Incidents from declare to close: listing, declaring, status, severity, closing, reopening, removing.

use std::sync::{Arc, PoisonError};

use broadstreet_core::id::IncidentId;
use broadstreet_core::ledger::incident::{Incident, Severity, Status};
use broadstreet_core::ledger::kinds::INCIDENT_DECLARED;
use broadstreet_core::ledger::{Draft, drafts, is_open};
use broadstreet_core::ports::IncidentEntry;
use broadstreet_core::time::{Moment, Stamp};

use crate::freeze::AWAITED;
use crate::{Engine, EngineError, Result};

/// Rows go on arriving this long after an incident was resolved: alerts resolve late.
const AFTERMATH: chrono::Duration = chrono::Duration::hours(1);

/// True for an incident that was declared and is not over.
pub fn is_under_way(incident: &Incident) -> bool {
    is_open(incident.status)
}

/// What Declare takes.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    /// The title.
    pub title: String,
    /// 1 to 5.
    pub severity: u8,
    /// Objects it is about.
    pub subjects: Vec<String>,
    /// Who commands; nobody yet where empty.
    pub commander: Option<String>,
    /// The IANA zone; the desk's where empty.
    pub zone: Option<String>,
    /// True for a drill.
    pub drill: bool,
    /// Makes a retry harmless: what was declared with it already is answered; none where empty.
    pub token: String,
}

/// An incident as the archive lists it.
#[derive(Clone, Debug)]
pub struct Line {
    /// How the store lists it.
    pub entry: IncidentEntry,
    /// What it folds to.
    pub incident: Arc<Incident>,
    /// True where a postmortem was written.
    pub postmortem: bool,
}

impl Engine {
    /// Every incident, newest first.
    pub async fn incidents(&self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for entry in self.book.list().await? {
            let incident = self.book.incident(&entry.id).await?;
            let store = self.book.home(&entry.id);
            let postmortem = store.document(entry.id.clone(), "postmortem".into()).await?.is_some();
            lines.push(Line { entry, incident, postmortem });
        }
        Ok(lines)
    }

    /// One incident by id or number, with how the store lists it.
    pub async fn incident(&self, name: &str) -> Result<(IncidentEntry, Arc<Incident>)> {
        let id = self.book.find(name).await?;
        Ok((self.book.entry(&id).await?, self.book.incident(&id).await?))
    }

    /// Incidents machines write into, newest first.
    pub async fn under_way(&self) -> Result<Vec<IncidentId>> {
        let now = self.now();
        let mut found = Vec::new();
        for entry in self.book.list().await? {
            if entry.imported || self.book.is_demo(&entry.id) {
                continue;
            }
            let incident = self.book.incident(&entry.id).await?;
            let fresh =
                incident.status == Status::Resolved && incident.status_since.is_some_and(|at| now - at < AFTERMATH);
            if is_under_way(&incident) || fresh {
                found.push(entry.id);
            }
        }
        Ok(found)
    }

    /// Declares an incident and freezes the evidence.
    ///
    /// The declaration is durable before anything is gathered, so that nothing that fails later takes it away: evidence
    /// that could not be frozen is an alarm, and is tried again.
    pub async fn declare(&self, declaration: Declaration) -> Result<IncidentId> {
        let by = self.require_acting()?;
        let now = self.now();
        if !(1..=5).contains(&declaration.severity) {
            return Err(EngineError::refused(
                "bad_severity",
                format!("there is no severity SEV-{}", declaration.severity),
                "choose SEV-1 (worst) to SEV-5",
            ));
        }
        let zone = match declaration.zone.filter(|zone| !zone.is_empty()) {
            Some(zone) => zone,
            None => self.looks().await?.zone,
        };
        if zone.parse::<chrono_tz::Tz>().is_err() {
            return Err(EngineError::refused(
                "bad_zone",
                format!("there is no time zone `{zone}`"),
                "give an IANA name such as `Europe/Berlin` or `UTC`",
            ));
        }
        let title = declaration.title.trim();
        if title.is_empty() || title.chars().count() > 300 {
            return Err(EngineError::refused(
                "bad_title",
                "an incident needs a title of 1 to 300 characters",
                "say in a few words what is wrong",
            ));
        }
        let commander = declaration.commander.filter(|name| !name.trim().is_empty());
        let commander = commander.map(|name| self.person(&name)).transpose()?;
        let (clusters, silent) = match self.live().await {
            Some(live) => (live.clusters(), live.silent()),
            None => (Vec::new(), Vec::new()),
        };
        let update_minutes = self.looks().await?.update_minutes;
        if let Some(id) = self.declared_with(&declaration.token).await? {
            return Ok(id);
        }
        let (actor, at) = (drafts::person(&by), Stamp::exact(now));
        let severity = Severity(declaration.severity);
        let mut declared =
            drafts::declared(&actor, at, title, severity, &zone, &clusters, &declaration.subjects, declaration.drill);
        declared.payload["update_minutes"] = update_minutes.into();
        if !silent.is_empty() {
            declared.payload[AWAITED] = silent.into();
        }
        declared.source_id.clone_from(&declaration.token);
        let mut rows = vec![declared];
        if let Some(person) = commander {
            self.remember(&person).await?;
            rows.push(drafts::role_assumed(&drafts::person(&person), at, "commander", &person));
        }
        let id = self.begin(rows).await?;
        // From here on it is declared, whatever else fails: that is told as an alarm, and tried again.
        self.freeze(&id).await;
        if !matches!(self.desk_mode().await, crate::Mode::Recorded) {
            self.choose(Some(id.clone()));
        }
        self.notices.tell("ledger", [id.0.clone()]);
        Ok(id)
    }

    /// The incident that was declared with a token.
    async fn declared_with(&self, token: &str) -> Result<Option<IncidentId>> {
        if token.is_empty() {
            return Ok(None);
        }
        for entry in self.book.list().await?.into_iter().filter(|entry| !entry.imported) {
            let (_, rows) = self.book.read(&entry.id).await?;
            if rows.iter().any(|row| row.kind == INCIDENT_DECLARED && row.source_id == token) {
                return Ok(Some(entry.id));
            }
        }
        Ok(None)
    }

    /// Opens an incident with its first rows. Where they cannot be written, the next one takes its number.
    async fn begin(&self, rows: Vec<Draft>) -> Result<IncidentId> {
        let unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner).take();
        let id = match unused {
            Some(id) if self.book.entry(&id).await.is_ok() => id,
            _ => {
                let id = IncidentId::new(ulid::Ulid::from_datetime(self.now().into()).to_string());
                self.book.open(&id).await?;
                id
            }
        };
        if let Err(why) = self.book.append(&id, rows).await {
            *self.unused.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
            return Err(why);
        }
        Ok(id)
    }

    pub(crate) async fn desk_mode(&self) -> crate::Mode {
        match &*self.desk.read().await {
            crate::desk::Open::Closed => crate::Mode::Closed,
            crate::desk::Open::Live(_) => crate::Mode::Live,
            crate::desk::Open::Recorded(_) => crate::Mode::Recorded,
        }
    }

    /// Records one thing a person did in an incident. `make` gets the incident as it is, who acts, and now.
    pub(crate) async fn act(
        &self,
        name: &str,
        make: impl FnOnce(&Incident, &broadstreet_core::ledger::Actor, Moment) -> Result<Draft>,
    ) -> Result<IncidentId> {
        let by = self.require_acting()?;
        let id = self.book.find(name).await?;
        let incident = self.book.incident(&id).await?;
        let draft = make(&incident, &drafts::person(&by), self.now())?;
        self.book.append(&id, vec![draft]).await?;
        self.notices.tell("ledger", [id.0.clone()]);
        Ok(id)
    }

    /// Sets the status.
    pub async fn set_status(&self, name: &str, status: &str, reason: &str) -> Result<IncidentId> {
        let status: Status = serde_json::from_value(status.into()).map_err(|_| {
            EngineError::refused(
                "bad_status",
                format!("there is no status `{status}`"),
                "choose investigating, mitigating, monitoring, resolved or learning",
            )
        })?;
        let id = self.act(name, |_, by, now| Ok(drafts::status(by, Stamp::exact(now), status, reason))).await?;
        if status == Status::Resolved {
            self.keep_recordings().await?;
        }
        self.notices.tell("desk", []);
        Ok(id)
    }

    /// Sets the severity, with a reason.
    pub async fn set_severity(&self, name: &str, severity: u8, reason: &str) -> Result<IncidentId> {
        self.act(name, |_, by, now| Ok(drafts::severity(by, Stamp::exact(now), Severity(severity), reason))).await
    }

    /// Closes as reviewed, duplicate or declined.
    pub async fn close_incident(
        &self,
        name: &str,
        closed_as: &str,
        reason: &str,
        of: Option<&str>,
    ) -> Result<IncidentId> {
        let of = match of.filter(|of| !of.is_empty()) {
            Some(of) => Some(self.book.find(of).await?),
            None => None,
        };
        let of = of.as_ref().map(IncidentId::as_str);
        let id = self.act(name, |_, by, now| Ok(drafts::closed(by, Stamp::exact(now), closed_as, reason, of))).await?;
        self.notices.tell("desk", []);
        Ok(id)
    }

    /// Reopens with a reason.
    pub async fn reopen_incident(&self, name: &str, reason: &str) -> Result<IncidentId> {
        let id = self.act(name, |_, by, now| Ok(drafts::reopened(by, Stamp::exact(now), reason))).await?;
        self.notices.tell("desk", []);
        Ok(id)
    }

    /// Removes a whole incident; `confirm` repeats its number.
    pub async fn remove_incident(&self, name: &str, confirm: &str) -> Result<()> {
        let by = self.require_acting()?;
        let (entry, incident) = self.incident(name).await?;
        let number = format!("INC-{:04}", incident.number);
        if !confirm.trim().eq_ignore_ascii_case(&number) {
            return Err(EngineError::refused(
                "not_confirmed",
                format!(
                    "removing {number} takes all of its {} rows, its recording and its files away for good",
                    entry.rows
                ),
                format!("repeat its number, `{number}`, to confirm"),
            ));
        }
        if self.book.is_demo(&entry.id) {
            return Err(EngineError::refused(
                "imported",
                "the bundled incident ends with the program and cannot be removed",
                "close it instead",
            ));
        }
        self.ports.store.remove_incident(entry.id.clone(), self.now(), by.name).await?;
        self.book.forget(&entry.id);
        self.archive.forget();
        if self.chosen().as_ref() == Some(&entry.id) {
            if matches!(self.desk_mode().await, crate::Mode::Recorded) {
                self.close_desk().await?;
            } else {
                self.choose(None);
            }
        }
        self.notices.tell("ledger", [entry.id.0]);
        Ok(())
    }
}
