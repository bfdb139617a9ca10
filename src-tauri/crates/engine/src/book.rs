//! The book of incidents: rows in, folded state out. The only place that seals a row.
//!
//! Each incident is a sheet behind its own lock: rows are sealed one after another, stored durably, and only then shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use broadstreet_core::id::{IncidentId, WriterId};
use broadstreet_core::ledger::incident::Incident;
use broadstreet_core::ledger::{Draft, Folding, Row, chain, rules};
use broadstreet_core::ports::{Clock, IncidentEntry, Store, Vault};

use crate::{EngineError, Ports, Result};

/// The ledger that belongs to no incident: notes for the next shift. It is never listed.
pub const STANDING: &str = "standing-handoffs";

/// How often a batch is sealed anew when another row told the same transition first.
const TRIES: usize = 4;

/// Rows of one incident and what they fold to.
#[derive(Clone, Default)]
pub struct Sheet {
    folding: Folding,
    cursor: i64,
    folded: Option<Arc<Incident>>,
    told: BTreeSet<(String, String)>,
    loaded: bool,
    entry: IncidentEntry,
}

/// Every incident of this desk.
pub struct Book {
    main: Arc<dyn Store>,
    scratch: Arc<dyn Store>,
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    writer: WriterId,
    device: String,
    sheets: Mutex<BTreeMap<IncidentId, Arc<tokio::sync::Mutex<Sheet>>>>,
    demo: Mutex<Option<IncidentId>>,
}

impl Book {
    pub(crate) fn new(ports: &Ports, device: &str) -> Self {
        Self {
            main: Arc::clone(&ports.store),
            scratch: Arc::clone(&ports.scratch),
            writer: chain::writer_of(&ports.vault.public_key()),
            vault: Arc::clone(&ports.vault),
            clock: Arc::clone(&ports.clock),
            device: device.to_owned(),
            sheets: Mutex::default(),
            demo: Mutex::default(),
        }
    }

    /// The writer of this device's chains.
    pub fn writer(&self) -> &WriterId {
        &self.writer
    }

    /// Says that an incident lies in the scratch store.
    pub(crate) fn set_demo(&self, id: Option<IncidentId>) {
        *self.demo.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }

    /// True for the incident that ends with the program.
    pub fn is_demo(&self, id: &IncidentId) -> bool {
        self.demo.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(id)
    }

    /// The store an incident lies in.
    pub(crate) fn home(&self, id: &IncidentId) -> &Arc<dyn Store> {
        if self.is_demo(id) { &self.scratch } else { &self.main }
    }

    /// Every incident, newest first; the standing ledger left out, and a number that was taken and never written to.
    pub async fn list(&self) -> Result<Vec<IncidentEntry>> {
        let mut entries = Vec::new();
        if self.demo.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            entries = self.scratch.incidents().await?;
        }
        entries.extend(self.main.incidents().await?);
        entries.retain(|entry| entry.id.as_str() != STANDING && entry.rows > 0);
        Ok(entries)
    }

    fn sheet(&self, id: &IncidentId) -> Arc<tokio::sync::Mutex<Sheet>> {
        Arc::clone(self.sheets.lock().unwrap_or_else(PoisonError::into_inner).entry(id.clone()).or_default())
    }

    async fn load(&self, id: &IncidentId, sheet: &mut Sheet) -> Result<()> {
        if sheet.loaded {
            return Ok(());
        }
        let store = self.home(id);
        let entry = store.incidents().await?.into_iter().find(|entry| &entry.id == id);
        let Some(entry) = entry else {
            self.forget(id);
            return Err(EngineError::not_found("incident", id.as_str()));
        };
        let (rows, cursor) = store.rows_after(id.clone(), 0).await?;
        *sheet = Sheet { entry, cursor, loaded: true, folding: Folding::new(id), ..Sheet::default() };
        sheet.take(rows, &self.writer);
        Ok(())
    }

    /// The rows and the folded state of an incident.
    pub async fn read(&self, id: &IncidentId) -> Result<(Arc<Incident>, Vec<Arc<Row>>)> {
        let sheet = self.sheet(id);
        let mut sheet = sheet.lock().await;
        self.load(id, &mut sheet).await?;
        Ok((sheet.fold(), sheet.folding.rows().to_vec()))
    }

    /// The folded state of an incident.
    pub async fn incident(&self, id: &IncidentId) -> Result<Arc<Incident>> {
        let sheet = self.sheet(id);
        let mut sheet = sheet.lock().await;
        self.load(id, &mut sheet).await?;
        Ok(sheet.fold())
    }

    /// How the store lists an incident, with the rows counted here.
    pub async fn entry(&self, id: &IncidentId) -> Result<IncidentEntry> {
        let sheet = self.sheet(id);
        let mut sheet = sheet.lock().await;
        self.load(id, &mut sheet).await?;
        let rows = i64::try_from(sheet.folding.rows().len()).unwrap_or(i64::MAX);
        Ok(IncidentEntry { rows, ..sheet.entry.clone() })
    }

    /// Opens a new incident and answers its number.
    pub async fn open(&self, id: &IncidentId) -> Result<i64> {
        Ok(self.main.open_incident(id.clone(), false).await?)
    }

    /// Makes sure that the standing ledger is there.
    pub(crate) async fn standing(&self) -> Result<IncidentId> {
        let id = IncidentId::new(STANDING);
        if !self.main.incidents().await?.iter().any(|entry| entry.id == id) {
            self.main.open_incident(id.clone(), false).await?;
        }
        Ok(id)
    }

    /// Records what a person did: each draft is checked against the rules as the incident stands before it.
    pub async fn append(&self, id: &IncidentId, drafts: Vec<Draft>) -> Result<Vec<Row>> {
        self.write(id, drafts, true).await
    }

    /// Records what machines told; what is told already is left out.
    pub async fn append_machine(&self, id: &IncidentId, drafts: Vec<Draft>) -> Result<Vec<Row>> {
        self.write(id, drafts, false).await
    }

    async fn write(&self, id: &IncidentId, drafts: Vec<Draft>, check: bool) -> Result<Vec<Row>> {
        let sheet = self.sheet(id);
        let mut sheet = sheet.lock().await;
        self.load(id, &mut sheet).await?;
        if sheet.entry.imported || self.is_demo(id) {
            return Err(EngineError::refused(
                "imported",
                format!("incident {} came from a bundle and is only read", sheet.fold().title),
                "record in an incident of your own; a bundle stays as it was exported",
            ));
        }
        let mut stored = Vec::new();
        for _ in 0..TRIES {
            let batch = self.seal(id, &mut sheet, &drafts, check)?;
            if batch.is_empty() {
                break;
            }
            let answered = self.home(id).append(batch).await?;
            if answered.is_empty() {
                // Somebody else told one of these first, or the chain went on elsewhere: read and seal the rest anew.
                self.read_on(id, &mut sheet).await?;
                continue;
            }
            stored = answered;
            sheet.take(stored.clone(), &self.writer);
            break;
        }
        Ok(stored)
    }

    fn seal(&self, id: &IncidentId, sheet: &mut Sheet, drafts: &[Draft], check: bool) -> Result<Vec<Row>> {
        let sign = |bytes: &[u8]| self.vault.sign(bytes);
        let mut previous = sheet.last_of(&self.writer).cloned();
        let mut told = BTreeSet::new();
        let many = check && drafts.len() > 1;
        let mut trial = many.then(|| sheet.folding.clone());
        let mut batch = Vec::new();
        for draft in drafts {
            let transition = (draft.source.clone(), draft.source_id.clone());
            if !draft.source_id.is_empty() && (sheet.told.contains(&transition) || !told.insert(transition)) {
                continue;
            }
            let now = self.clock.now();
            if check {
                let tried = trial.as_ref().filter(|_| !batch.is_empty());
                let incident = tried.map_or_else(|| sheet.fold(), |trial| Arc::new(trial.incident()));
                rules::check(&incident, draft, now).map_err(|no| EngineError::refused(no.code, no.message, no.hint))?;
            }
            let row = chain::seal(draft.clone(), id, &self.writer, &self.device, previous.as_ref(), now, &sign);
            previous = Some(row.clone());
            if let Some(trial) = &mut trial {
                trial.take([row.clone()]);
            }
            batch.push(row);
        }
        Ok(batch)
    }

    async fn read_on(&self, id: &IncidentId, sheet: &mut Sheet) -> Result<usize> {
        let (rows, cursor) = self.home(id).rows_after(id.clone(), sheet.cursor).await?;
        sheet.cursor = cursor;
        Ok(sheet.take(rows, &self.writer))
    }

    /// Reads rows others added; answers the incident where there were any.
    pub(crate) async fn catch_up(&self, id: &IncidentId) -> Vec<IncidentId> {
        let sheet = self.sheet(id);
        let mut sheet = sheet.lock().await;
        if !sheet.loaded {
            return vec![id.clone()];
        }
        match self.read_on(id, &mut sheet).await {
            Ok(0) => Vec::new(),
            Ok(_) => vec![id.clone()],
            Err(_) => {
                // Removed, or not to be read now: the next reader is told why.
                sheet.loaded = false;
                vec![id.clone()]
            }
        }
    }

    pub(crate) async fn catch_up_all(&self) -> Vec<IncidentId> {
        let known: Vec<_> = self.sheets.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        let mut changed = Vec::new();
        for id in known {
            changed.extend(self.catch_up(&id).await);
        }
        changed
    }

    /// Forgets what was read of an incident.
    pub(crate) fn forget(&self, id: &IncidentId) {
        self.sheets.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Finds an incident by id or by its number (`INC-0142`, `142`).
    pub async fn find(&self, name: &str) -> Result<IncidentId> {
        let wanted = name.trim();
        let number = wanted.trim_start_matches("INC-").trim_start_matches("inc-").parse::<i64>().ok();
        let found =
            self.list().await?.into_iter().find(|entry| entry.id.as_str() == wanted || Some(entry.number) == number);
        found.map(|entry| entry.id).ok_or_else(|| EngineError::not_found("incident", wanted))
    }
}

impl Sheet {
    fn take(&mut self, rows: Vec<Row>, writer: &WriterId) -> usize {
        let own = rows.iter().filter(|row| &row.writer == writer && !row.source_id.is_empty());
        self.told.extend(own.map(|row| (row.source.clone(), row.source_id.clone())));
        let added = self.folding.take(rows);
        if added > 0 {
            self.folded = None;
        }
        added
    }

    fn last_of(&self, writer: &WriterId) -> Option<&Row> {
        let rows = self.folding.rows().iter();
        rows.filter(|row| &row.writer == writer).max_by_key(|row| row.seq).map(Arc::as_ref)
    }

    fn fold(&mut self) -> Arc<Incident> {
        let (folding, number) = (&self.folding, self.entry.number);
        let folded = self.folded.get_or_insert_with(|| Arc::new(Incident { number, ..folding.incident() }));
        Arc::clone(folded)
    }
}
