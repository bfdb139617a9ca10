//! Roles: who holds them, what is offered, and the spans of command.

use super::timeline::Mark;
use super::{State, Step, is_open};
use crate::id::RowId;
use crate::ledger::incident::{CommandSpan, Offer, Person, RoleHeld, RoleSpan};
use crate::ledger::kinds;
use crate::time::Moment;

/// The role that commands.
pub(in crate::ledger) const COMMANDER: &str = "commander";

impl State {
    pub(super) fn take_role(&mut self, step: &Step<'_>) {
        let role = step.text("role").to_owned();
        let by = step.by();
        match step.row.kind.as_str() {
            kinds::ROLE_ASSUMED => {
                let Some(person) = step.person("person").or(by) else { return };
                self.meet(&person);
                match self.holder(&role) {
                    None => self.give(&role, &person, step, false),
                    Some(holder) => {
                        let note = format!("changed nothing: {} held it", holder.name);
                        self.mark(step, |mark| mark.void(&note));
                    }
                }
            }
            kinds::ROLE_OFFERED => self.offer(role, step),
            kinds::ROLE_RELEASED => {
                if by.is_some() && self.holder(&role) == by.as_ref() {
                    self.take_away(&role, step.at());
                    self.lapse(&role);
                } else {
                    self.mark(step, |mark| mark.void("changed nothing: somebody else held it"));
                }
            }
            _ => self.answer(step),
        }
    }

    /// Who holds a role.
    fn holder(&self, role: &str) -> Option<&Person> {
        self.incident.roles.iter().find(|held| held.role == role).map(|held| &held.person)
    }

    /// Who may offer a role: its holder, or the commander where nobody holds it.
    fn may_offer(&self, role: &str, person: &Person) -> bool {
        let holder = self.holder(role).or_else(|| self.holder(COMMANDER));
        holder.is_some_and(|holder| holder.id == person.id)
    }

    fn offer(&mut self, role: String, step: &Step<'_>) {
        let (Some(from), Some(to)) = (step.by(), step.person("to")) else { return };
        self.meet(&to);
        if !self.may_offer(&role, &from) {
            self.mark(step, |mark| mark.void("changed nothing: the role was not theirs to offer"));
            return;
        }
        self.mark(step, |mark| "open".clone_into(&mut mark.state));
        self.offered_on.insert(step.row.hash.clone(), (step.row.entered_on.clone(), step.row.writer.clone()));
        self.incident.offers.push(Offer {
            row: step.row.hash.clone(),
            role,
            from,
            to,
            at: step.at(),
            reason: step.text("reason").to_owned(),
            brief_shown_at: None,
        });
    }

    /// An answer to an offer: accepted, declined, withdrawn, or the brief being shown.
    fn answer(&mut self, step: &Step<'_>) {
        let Some(target) = step.target("answers") else { return };
        let place = self.incident.offers.iter().position(|offer| offer.row == target);
        let (Some(place), Some(by)) = (place, step.by()) else {
            self.mark(step, |mark| mark.void("changed nothing: the offer was no longer open"));
            return;
        };
        let Some(offer) = self.incident.offers.get_mut(place) else { return };
        let (to_me, from_me) = (offer.to.id == by.id, offer.from.id == by.id);
        let kind = step.row.kind.as_str();
        match kind {
            kinds::BRIEF_SHOWN if to_me => {
                offer.brief_shown_at = offer.brief_shown_at.or(Some(step.at()));
                return;
            }
            kinds::ROLE_ACCEPTED | kinds::ROLE_DECLINED if to_me => {}
            kinds::ROLE_WITHDRAWN if from_me => {}
            _ => {
                self.mark(step, |mark| mark.void("changed nothing: the offer was not theirs to answer"));
                return;
            }
        }
        let offer = self.incident.offers.remove(place);
        let word = kind.strip_prefix("role.").unwrap_or(kind);
        self.stand(offer.row.clone(), word);
        if kind == kinds::ROLE_ACCEPTED {
            let same = self.offered_on.get(&offer.row).is_some_and(|(device, writer)| {
                *writer == step.row.writer || (!device.is_empty() && *device == step.row.entered_on)
            });
            let from = if self.holder(&offer.role).is_some() { offer.from.name.clone() } else { String::new() };
            self.mark(step, |mark| {
                mark.other = from;
                if same {
                    "accepted on the device it was offered on".clone_into(&mut mark.note);
                }
            });
            self.give(&offer.role, &offer.to, step, same);
        }
    }

    /// Gives a role to a person; offers of it by whoever held it before lapse.
    fn give(&mut self, role: &str, person: &Person, step: &Step<'_>, same_device: bool) {
        self.incident.roles.retain(|held| held.role != role);
        self.leave(role, step.at());
        let (role_, person_) = (role.to_owned(), person.clone());
        self.incident.held.push(RoleSpan { role: role_, person: person_, from: step.at(), to: None });
        self.incident.roles.push(RoleHeld {
            role: role.to_owned(),
            person: person.clone(),
            since: step.at(),
            accepted_on_offerers_device: same_device,
        });
        self.lapse(role);
        if role == COMMANDER {
            self.command(Some(person.clone()), step.at());
            if is_open(self.incident.status) && self.commanded.is_none() {
                self.commanded = Some((step.occurred, step.row.hash.clone()));
            }
        }
    }

    fn take_away(&mut self, role: &str, at: Moment) {
        self.incident.roles.retain(|held| held.role != role);
        self.leave(role, at);
        if role == COMMANDER {
            self.command(None, at);
        }
    }

    /// Whoever holds a role holds it until now.
    fn leave(&mut self, role: &str, at: Moment) {
        for span in self.incident.held.iter_mut().filter(|span| span.role == role && span.to.is_none()) {
            span.to = Some(at.max(span.from));
        }
    }

    /// Open offers of a role by people it is no longer theirs to offer.
    fn lapse(&mut self, role: &str) {
        let offers = std::mem::take(&mut self.incident.offers);
        for offer in offers {
            // A new commander leaves the offers of vacant roles by the old one behind, too.
            let touched = offer.role == role || role == COMMANDER;
            if touched && !self.may_offer(&offer.role, &offer.from) {
                self.stand(offer.row, "lapsed");
            } else {
                self.incident.offers.push(offer);
            }
        }
    }

    /// Begins the next span of command; spans follow each other without holes and never run backwards.
    fn command(&mut self, commander: Option<Person>, at: Moment) {
        let mut from = at;
        if is_open(self.incident.status) {
            if let Some(last) = self.incident.command.last_mut() {
                from = at.max(last.from);
                last.to = Some(from);
                if last.from == from {
                    self.incident.command.pop();
                }
            }
            self.incident.command.push(CommandSpan { commander: commander.clone(), from, to: None });
        }
        self.incident.commander = commander;
        self.incident.commander_since = Some(from);
    }

    /// Command begins to count: with whoever holds it, or with a gap.
    pub(super) fn open_command(&mut self, at: Moment) {
        let from = self.incident.command.last().and_then(|last| last.to).map_or(at, |end| at.max(end));
        let commander = self.incident.commander.clone();
        if commander.is_none() {
            self.incident.commander_since = Some(from);
        }
        self.incident.command.push(CommandSpan { commander, from, to: None });
        if self.incident.commander.is_some() && self.commanded.is_none() {
            self.commanded = self.declared.clone();
        }
    }

    /// Command no longer counts.
    pub(super) fn close_command(&mut self, at: Moment) {
        if let Some(last) = self.incident.command.last_mut() {
            last.to = Some(at.max(last.from));
        }
        if self.incident.commander.is_none() {
            self.incident.commander_since = None;
        }
    }

    /// Says in which state the entry of a row is now.
    pub(super) fn stand(&mut self, row: RowId, state: &str) {
        self.touched.push(row.clone());
        state.clone_into(&mut self.marks.entry(row).or_default().state);
    }

    /// Changes the mark of a step's entry.
    pub(super) fn mark(&mut self, step: &Step<'_>, change: impl FnOnce(&mut Mark)) {
        self.touched.push(step.row.hash.clone());
        change(self.marks.entry(step.row.hash.clone()).or_default());
    }
}
