//! What people do in an incident: roles, tasks, hypotheses, decisions, updates, entries, evidence.

use broadstreet_core::id::{BlobId, IncidentId, ObjectKey, RowId};
use broadstreet_core::ledger::incident::{Entry, Incident, Offer};
use broadstreet_core::ledger::{Draft, brief, drafts, quick};
use broadstreet_core::time::{Moment, Stamp, entry};
use broadstreet_core::topology::filter::PARTS;

use crate::{Engine, EngineError, Result};

/// A file beside an entry: id, name, media type.
pub type Attachment = (BlobId, String, String);

/// Something to do after the incident, as it is saved.
#[derive(Clone, Debug, Default)]
pub struct ActionForm {
    /// The row it changes; a new one where empty.
    pub row: Option<String>,
    /// What.
    pub text: String,
    /// Who.
    pub owner: String,
    /// Until when.
    pub due: Option<Moment>,
    /// `prevent`, `detect`, `mitigate`, `process`.
    pub r#type: String,
    /// The end state one can check.
    pub end_state: String,
    /// True to close it.
    pub closed: bool,
}

/// Finds a row by its label (`T1`), its hash, or a beginning of it that only one row has.
fn row_named(incident: &Incident, what: &'static str, name: &str) -> Result<RowId> {
    let name = name.trim();
    let labels = incident.tasks.iter().map(|it| (&it.label, &it.row));
    let labels = labels.chain(incident.hypotheses.iter().map(|it| (&it.label, &it.row)));
    let mut labels = labels.chain(incident.decisions.iter().map(|it| (&it.label, &it.row)));
    if let Some((_, row)) = labels.find(|(label, _)| label.eq_ignore_ascii_case(name)) {
        return Ok(row.clone());
    }
    let rows = incident.timeline.iter().map(|entry| &entry.row);
    let rows = rows.chain(incident.offers.iter().map(|it| &it.row));
    let rows =
        rows.chain(incident.actions.iter().map(|it| &it.row)).chain(incident.objectives.iter().map(|it| &it.row));
    let mut hits: Vec<&RowId> = rows.filter(|row| name.len() >= 6 && row.as_str().starts_with(name)).collect();
    hits.sort();
    hits.dedup();
    match hits.as_slice() {
        [row] => Ok((*row).clone()),
        _ => Err(EngineError::not_found(what, name)),
    }
}

fn in_minutes(now: Moment, minutes: Option<u32>, at: Option<Moment>) -> Result<Moment> {
    match (at, minutes) {
        (Some(at), _) => Ok(at),
        (None, Some(minutes)) if (1..=7 * 24 * 60).contains(&minutes) => {
            Ok(now + chrono::Duration::minutes(i64::from(minutes)))
        }
        _ => Err(EngineError::refused(
            "no_check_in",
            "a task needs the time its owner reports back",
            "give the minutes until then, 1 to 10080",
        )),
    }
}

impl Engine {
    fn zone_of(incident: &Incident) -> chrono_tz::Tz {
        incident.zone.parse().unwrap_or(chrono_tz::UTC)
    }

    /// Takes a role nobody holds.
    pub async fn assume_role(&self, name: &str, role: &str) -> Result<IncidentId> {
        let by = self.require_acting()?;
        let id = self.act(name, |_, actor, now| Ok(drafts::role_assumed(actor, Stamp::exact(now), role, &by))).await?;
        self.notices.tell("desk", []);
        Ok(id)
    }

    /// Offers a role to a person.
    pub async fn offer_role(&self, name: &str, role: &str, to: &str, reason: &str) -> Result<IncidentId> {
        let person = self.person(to)?;
        let id =
            self.act(name, |_, by, now| Ok(drafts::role_offered(by, Stamp::exact(now), role, &person, reason))).await?;
        self.remember(&person).await?;
        Ok(id)
    }

    fn offer(&self, incident: &Incident, name: &str) -> Result<Offer> {
        let acting = self.require_acting()?;
        let found = match name.trim() {
            "" => incident.offers.iter().find(|offer| offer.to.id == acting.id),
            name => incident.offers.iter().find(|offer| offer.row.as_str().starts_with(name)),
        };
        found
            .cloned()
            .ok_or_else(|| EngineError::not_found("open offer", if name.is_empty() { "to you" } else { name }))
    }

    /// The brief, ICS-201 shaped. With an open offer to the acting person it is recorded that it was shown.
    pub async fn brief(&self, name: &str) -> Result<(Vec<brief::Section>, Option<RowId>)> {
        let (entry, incident) = self.incident(name).await?;
        let seen = self.look(None).await?;
        let lines = seen.placed().cases.iter().filter_map(|case| {
            let alert = seen.world().alert(&case.alert)?;
            let place = match &case.at {
                broadstreet_core::alerts::Address::Object(key) => crate::live::short(key),
                broadstreet_core::alerts::Address::Cluster(_) => "the cluster".to_owned(),
                broadstreet_core::alerts::Address::ControlPlane(_) => "the control plane".to_owned(),
                _ => return None,
            };
            let firing = alert.state == broadstreet_core::alerts::AlertState::Firing;
            firing.then(|| (format!("{} ({}) at {place}", alert.name(), alert.severity()), alert.id.clone()))
        });
        let lines: Vec<_> = lines.collect();
        drop(seen);
        let sections = brief::brief(&incident, self.now(), &lines);
        let acting = self.acting();
        let offer =
            incident.offers.iter().find(|offer| Some(&offer.to.id) == acting.as_ref().map(|it| &it.id)).cloned();
        if let (Some(offer), Some(person), false) = (&offer, &acting, entry.imported)
            && offer.brief_shown_at.is_none()
        {
            let actor = drafts::person(person);
            let shown = drafts::brief_shown(&actor, Stamp::exact(self.now()), &offer.row, &offer.role);
            self.book.append(&entry.id, vec![shown]).await?;
            self.notices.tell("ledger", [entry.id.0]);
        }
        Ok((sections, offer.map(|offer| offer.row)))
    }

    /// Accepts an offer, after the brief was shown.
    pub async fn accept_offer(&self, name: &str, offer: &str) -> Result<IncidentId> {
        let id = self
            .act(name, |incident, by, now| {
                let offer = self.offer(incident, offer)?;
                Ok(drafts::role_accepted(by, Stamp::exact(now), &offer.row, &offer.role))
            })
            .await?;
        self.notices.tell("desk", []);
        Ok(id)
    }

    /// Declines an offer.
    pub async fn decline_offer(&self, name: &str, offer: &str) -> Result<IncidentId> {
        self.act(name, |incident, by, now| {
            let offer = self.offer(incident, offer)?;
            Ok(drafts::role_declined(by, Stamp::exact(now), &offer.row, &offer.role, ""))
        })
        .await
    }

    /// Withdraws an offer.
    pub async fn withdraw_offer(&self, name: &str, offer: &str) -> Result<IncidentId> {
        self.act(name, |incident, by, now| {
            let row = offer.trim();
            let found = incident.offers.iter().find(|it| it.row.as_str() == row);
            let found = found.ok_or_else(|| EngineError::not_found("open offer", row))?;
            Ok(drafts::role_withdrawn(by, Stamp::exact(now), &found.row, &found.role))
        })
        .await
    }

    /// Lays a role down.
    pub async fn release_role(&self, name: &str, role: &str, reason: &str) -> Result<IncidentId> {
        let id = self.act(name, |_, by, now| Ok(drafts::role_released(by, Stamp::exact(now), role, reason))).await?;
        self.notices.tell("desk", []);
        Ok(id)
    }

    /// Assigns a task to one named owner, with a check-in time.
    pub async fn assign_task(
        &self,
        name: &str,
        text: &str,
        owner: &str,
        minutes: Option<u32>,
        at: Option<Moment>,
    ) -> Result<IncidentId> {
        let owner = self.person(owner)?;
        let id = self
            .act(name, |_, by, now| {
                let check_in = in_minutes(now, minutes, at)?;
                Ok(drafts::task_assigned(by, Stamp::exact(now), text, &owner, check_in, &[]))
            })
            .await?;
        self.remember(&owner).await?;
        Ok(id)
    }

    /// Ends a task as done or dropped, or (`open`) moves its check-in.
    pub async fn end_task(
        &self,
        name: &str,
        task: &str,
        state: &str,
        outcome: &str,
        minutes: Option<u32>,
    ) -> Result<IncidentId> {
        self.act(name, |incident, by, now| {
            let row = row_named(incident, "task", task)?;
            let at = Stamp::exact(now);
            match state {
                "done" | "dropped" => Ok(drafts::task_ended(by, at, &row, state, outcome)),
                "open" | "" => Ok(drafts::task_check_in(by, at, &row, in_minutes(now, minutes, None)?, outcome)),
                other => Err(EngineError::refused(
                    "bad_state",
                    format!("a task cannot be `{other}`"),
                    "say done, dropped, or open with new minutes",
                )),
            }
        })
        .await
    }

    /// Opens a hypothesis.
    pub async fn open_hypothesis(&self, name: &str, text: &str, subjects: &[String]) -> Result<IncidentId> {
        self.act(name, |_, by, now| Ok(drafts::hypothesis_opened(by, Stamp::exact(now), text, subjects))).await
    }

    /// Judges a hypothesis: open, supported, eliminated.
    pub async fn judge_hypothesis(
        &self,
        name: &str,
        which: &str,
        state: &str,
        evidence: &str,
        rows: &[String],
    ) -> Result<IncidentId> {
        if !["open", "supported", "eliminated"].contains(&state) {
            return Err(EngineError::refused(
                "bad_state",
                format!("a hypothesis cannot be `{state}`"),
                "say open, supported or eliminated",
            ));
        }
        self.act(name, |incident, by, now| {
            let row = row_named(incident, "hypothesis", which)?;
            let rows = rows.iter().map(|name| row_named(incident, "row", name)).collect::<Result<Vec<_>>>()?;
            Ok(drafts::hypothesis_judged(by, Stamp::exact(now), &row, state, evidence, &rows))
        })
        .await
    }

    /// Proposes a decision, or makes it at once.
    pub async fn decide(&self, name: &str, text: &str, made: bool) -> Result<IncidentId> {
        self.act(name, |_, by, now| Ok(drafts::decision(by, Stamp::exact(now), text, made))).await
    }

    /// Objects to a decision, or makes it.
    pub async fn answer_decision(
        &self,
        name: &str,
        decision: &str,
        objection: Option<&str>,
        make: bool,
    ) -> Result<IncidentId> {
        self.act(name, |incident, by, now| {
            let row = row_named(incident, "decision", decision)?;
            match objection.filter(|text| !text.trim().is_empty()) {
                Some(text) => Ok(drafts::decision_objected(by, Stamp::exact(now), &row, text)),
                None if make => Ok(drafts::decision_made(by, Stamp::exact(now), &row)),
                None => Err(EngineError::refused(
                    "nothing_said",
                    format!("nothing is said about decision {decision}"),
                    "object with a reason, or make it",
                )),
            }
        })
        .await
    }

    /// Sets an objective, or marks one as met.
    pub async fn set_objective(&self, name: &str, text: Option<&str>, met: Option<&str>) -> Result<IncidentId> {
        self.act(name, |incident, by, now| match (text, met) {
            (_, Some(met)) => Ok(drafts::objective_met(by, Stamp::exact(now), &row_named(incident, "objective", met)?)),
            (text, None) => Ok(drafts::objective_set(by, Stamp::exact(now), text.unwrap_or_default())),
        })
        .await
    }

    /// Records that stakeholders were told.
    pub async fn send_update(&self, name: &str, text: &str, audience: &str, every: Option<u32>) -> Result<IncidentId> {
        let audience = if audience == "external" { "external" } else { "internal" };
        self.act(name, |_, by, now| Ok(drafts::update_sent(by, Stamp::exact(now), text, audience, every))).await
    }

    /// Sets a milestone, with the time as typed.
    pub async fn set_milestone(&self, name: &str, milestone: &str, when: &str, reason: &str) -> Result<IncidentId> {
        self.act(name, |incident, by, now| {
            let stamp = typed_time(when, now, Self::zone_of(incident))?;
            Ok(drafts::milestone(by, stamp, milestone, reason))
        })
        .await
    }

    /// Opens, changes or closes an action item.
    pub async fn save_action(&self, name: &str, form: &ActionForm) -> Result<IncidentId> {
        self.act(name, |incident, by, now| {
            let row = form.row.as_deref().filter(|row| !row.is_empty());
            let row = row.map(|row| row_named(incident, "action item", row)).transpose()?;
            let at = Stamp::exact(now);
            Ok(drafts::action(
                by,
                at,
                row.as_ref(),
                &form.text,
                &form.owner,
                form.due,
                &form.r#type,
                &form.end_state,
                form.closed,
            ))
        })
        .await
    }

    /// Reads a quick entry without recording it.
    pub async fn preview_entry(&self, name: &str, text: &str) -> Result<quick::Quick> {
        let id = self.book.find(name).await?;
        let incident = self.book.incident(&id).await?;
        self.read_entry(&incident, text).await
    }

    async fn read_entry(&self, incident: &Incident, text: &str) -> Result<quick::Quick> {
        let seen = self.look(None).await?;
        let world = seen.world();
        let resolve = |word: &str| resolve(world, word);
        Ok(quick::read(text, self.now(), Self::zone_of(incident), &resolve))
    }

    /// Records a quick entry. `at` settles an hour that occurs twice; `token` makes a retry harmless.
    pub async fn write_entry(
        &self,
        name: &str,
        text: &str,
        at: Option<Moment>,
        attachments: &[Attachment],
        token: &str,
    ) -> Result<Entry> {
        let id = self.book.find(name).await?;
        let incident = self.book.incident(&id).await?;
        let by = self.require_acting()?;
        let quick = self.read_entry(&incident, text).await?;
        if !quick.ambiguous.is_empty() && at.is_none_or(|at| !quick.ambiguous.contains(&at)) {
            let both: Vec<String> = quick.ambiguous.iter().map(|at| at.format("%Y-%m-%d %H:%MZ").to_string()).collect();
            return Err(EngineError::refused(
                "ambiguous_time",
                format!("that hour occurs twice in {}: it was {}", Self::zone_of(&incident), both.join(" or ")),
                "choose one of the two, or write the time in UTC with a Z, as it stands here",
            ));
        }
        if !quick.problem.is_empty() {
            return Err(EngineError::refused("bad_entry", quick.problem, "correct the entry; nothing was recorded"));
        }
        let mut stamp = quick.stamp;
        if let Some(at) = at {
            stamp.at = at;
        }
        let actor = drafts::person(&by);
        let subjects: Vec<String> = quick.subjects.iter().map(|(_, key)| key.to_string()).collect();
        let draft = match quick.kind {
            "hypothesis" => drafts::hypothesis_opened(&actor, stamp, &quick.text, &subjects),
            "decision" => drafts::decision(&actor, stamp, &quick.text, true),
            "task" => {
                let owner = self.person(quick.owner.as_deref().unwrap_or(&by.name))?;
                let check_in = in_minutes(self.now(), quick.minutes.or(Some(15)), None)?;
                drafts::task_assigned(&actor, stamp, &quick.text, &owner, check_in, &subjects)
            }
            "observation" => drafts::observation(&actor, stamp, &quick.text, &subjects, attachments, token),
            _ => drafts::note(&actor, stamp, &quick.text, &subjects, attachments, token),
        };
        self.record_entry(&id, draft).await
    }

    async fn record_entry(&self, id: &IncidentId, draft: Draft) -> Result<Entry> {
        let (source, source_id) = (draft.source.clone(), draft.source_id.clone());
        let revises = draft.revises.clone();
        let rows = self.book.append(id, vec![draft]).await?;
        self.notices.tell("ledger", [id.0.clone()]);
        let (incident, all) = self.book.read(id).await?;
        let row = match rows.first() {
            Some(row) => revises.unwrap_or_else(|| row.hash.clone()),
            // A retry of what was recorded already.
            None => all
                .iter()
                .find(|row| row.source == source && row.source_id == source_id)
                .map(|row| row.hash.clone())
                .unwrap_or_default(),
        };
        let entry = incident.timeline.iter().rfind(|entry| entry.row == row);
        entry.map(|entry| Entry::clone(entry)).ok_or_else(|| EngineError::not_found("row", row.as_str()))
    }

    fn entry_named<'a>(incident: &'a Incident, row: &str) -> Result<&'a Entry> {
        let found = incident.timeline.iter().find(|entry| entry.row.as_str() == row.trim());
        found.map(AsRef::as_ref).ok_or_else(|| EngineError::not_found("row", row.trim()))
    }

    /// Corrects a human row; the old wording stays.
    pub async fn correct_entry(&self, name: &str, row: &str, text: &str, when: Option<&str>) -> Result<Entry> {
        let by = self.require_acting()?;
        let id = self.book.find(name).await?;
        let incident = self.book.incident(&id).await?;
        let entry = Self::entry_named(&incident, row)?;
        let stamp = match when.filter(|when| !when.trim().is_empty()) {
            Some(when) => typed_time(when, self.now(), Self::zone_of(&incident))?,
            None => entry.occurred,
        };
        self.record_entry(&id, drafts::correction(&drafts::person(&by), stamp, entry, text)).await
    }

    /// Adds a note to any row.
    pub async fn annotate_entry(&self, name: &str, row: &str, text: &str) -> Result<Entry> {
        let by = self.require_acting()?;
        let id = self.book.find(name).await?;
        let incident = self.book.incident(&id).await?;
        let entry = Self::entry_named(&incident, row)?.row.clone();
        let draft = drafts::annotation(&drafts::person(&by), Stamp::exact(self.now()), &entry, text);
        self.book.append(&id, vec![draft]).await?;
        self.notices.tell("ledger", [id.0.clone()]);
        let incident = self.book.incident(&id).await?;
        Ok(Self::entry_named(&incident, entry.as_str())?.clone())
    }

    /// Pins evidence to the timeline.
    pub async fn pin_evidence(
        &self,
        name: &str,
        text: &str,
        source: &str,
        target: &str,
        blob: Option<&str>,
    ) -> Result<Entry> {
        let by = self.require_acting()?;
        let id = self.book.find(name).await?;
        let blob = blob.filter(|blob| !blob.is_empty()).map(BlobId::new);
        let at = Stamp::exact(self.now());
        let draft = drafts::evidence_pinned(&drafts::person(&by), at, text, source, target, blob.as_ref());
        self.record_entry(&id, draft).await
    }
}

fn typed_time(text: &str, now: Moment, zone: chrono_tz::Tz) -> Result<Stamp> {
    if let Ok(exact) = chrono::DateTime::parse_from_rfc3339(text.trim()) {
        return Ok(Stamp::exact(exact.to_utc()));
    }
    let hint = "write a time as `-4m`, `14:32`, `~14:30`, `14:??` or 2026-03-04T14:32:00Z";
    let read = entry::read(text, now, zone).map_err(|bad| EngineError::refused("bad_time", bad.to_string(), hint))?;
    if !read.ambiguous.is_empty() {
        return Err(EngineError::refused(
            "ambiguous_time",
            format!("`{}` occurs twice in {zone}", text.trim()),
            "give the instant with its offset, such as 2026-10-25T02:30:00+02:00",
        ));
    }
    if !read.rest.trim().is_empty() {
        return Err(EngineError::refused("bad_time", format!("`{}` is not a time", text.trim()), hint));
    }
    Ok(read.stamp)
}

/// Objects a word may mean: `kind/name`, `namespace/name`, or a name; houses before anything else.
pub fn resolve(world: &broadstreet_core::world::World, word: &str) -> Vec<ObjectKey> {
    let parts: Vec<&str> = word.split('/').collect();
    let name = parts.last().copied().unwrap_or_default();
    let holds = |key: &ObjectKey| {
        key.name == name
            && parts[..parts.len() - 1].iter().all(|part| key.kind.eq_ignore_ascii_case(part) || key.namespace == *part)
    };
    let mut houses: Vec<ObjectKey> = world.houses().into_iter().filter(|key| holds(key)).collect();
    if houses.is_empty() {
        let others = world.objects().map(|object| &object.key);
        houses = others.filter(|key| holds(key) && !PARTS.contains(&key.kind.as_str())).take(20).cloned().collect();
        houses.sort_by_key(|key| (key.kind != "Service" && key.kind != "Node" && key.kind != "Pod", key.clone()));
    }
    houses
}
