//! Who may offer, accept, assume and lay down a role.

use super::{Refusal, needs_declared, reason, refuse, target};
use crate::ledger::incident::{Incident, Offer, Person};
use crate::ledger::text::{role_words, text_at, who};
use crate::ledger::{Actor, Draft, kinds};

pub(super) fn check(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    needs_declared(incident)?;
    match draft.kind.as_str() {
        kinds::ROLE_ASSUMED => assumed(incident, draft),
        kinds::ROLE_OFFERED => offered(incident, draft),
        kinds::ROLE_RELEASED => released(incident, draft),
        _ => answered(incident, draft),
    }
}

fn role(draft: &Draft) -> Result<&str, Refusal> {
    match text_at(&draft.payload, "role") {
        "" => refuse("no_role", "no role is named", "name the role, such as commander or scribe"),
        role => Ok(role),
    }
}

fn holder<'a>(incident: &'a Incident, role: &str) -> Option<&'a Person> {
    incident.roles.iter().find(|held| held.role == role).map(|held| &held.person)
}

fn is(actor: &Actor, person: &Person) -> bool {
    matches!(actor, Actor::Person { id, .. } if *id == person.id)
}

fn person(draft: &Draft, field: &str, what: &str) -> Result<Person, Refusal> {
    let person = draft.payload.get(field).and_then(|it| serde_json::from_value::<Person>(it.clone()).ok());
    match person.filter(|it| !it.id.as_str().is_empty()) {
        Some(person) => Ok(person),
        None => refuse("no_person", format!("{what} names nobody"), "choose a person"),
    }
}

fn assumed(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let role = role(draft)?;
    person(draft, "person", "the role")?;
    let Some(holder) = holder(incident, role) else { return Ok(()) };
    let message = format!("{} holds {}", holder.name, role_words(role));
    refuse("role_held", message, format!("ask {} to offer it to you", holder.name))
}

fn offered(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let role = role(draft)?;
    let to = person(draft, "to", "the offer")?;
    let words = role_words(role);
    match (holder(incident, role), &incident.commander) {
        (Some(holder), _) if is(&draft.actor, holder) => {}
        // A role nobody holds is the commander's to give.
        (None, Some(commander)) if is(&draft.actor, commander) => {}
        (Some(holder), _) => {
            let message = format!("{} holds {words}, {} cannot offer it", holder.name, who(&draft.actor));
            return refuse("not_holder", message, format!("ask {} to offer it", holder.name));
        }
        (None, Some(commander)) => {
            let message = format!("nobody holds {words}; only {} could offer it", commander.name);
            return refuse("not_holder", message, "take the role instead");
        }
        (None, None) => {
            return refuse("not_holder", format!("nobody holds {words}"), "take the role instead of offering it");
        }
    }
    if is(&draft.actor, &to) {
        return refuse(
            "offer_to_self",
            format!("{} cannot offer {words} to themselves", to.name),
            "choose another person",
        );
    }
    let open = incident.offers.iter().any(|offer| offer.role == role && offer.to.id == to.id);
    if open {
        return refuse("already_offered", format!("{words} is offered to {} already", to.name), "wait, or withdraw it");
    }
    Ok(())
}

fn released(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let role = role(draft)?;
    let words = role_words(role);
    match holder(incident, role) {
        Some(holder) if is(&draft.actor, holder) => {
            if role == "commander" {
                reason(draft, "laying down command")
            } else {
                Ok(())
            }
        }
        Some(holder) => {
            let message = format!("{} holds {words}, {} cannot lay it down", holder.name, who(&draft.actor));
            refuse("not_holder", message, format!("ask {}", holder.name))
        }
        None => refuse("not_holder", format!("nobody holds {words}"), "there is nothing to lay down"),
    }
}

fn answered(incident: &Incident, draft: &Draft) -> Result<(), Refusal> {
    let row = target(draft, "answers");
    let Some(offer) = incident.offers.iter().find(|offer| offer.row.as_str() == row) else {
        let message = "this offer is no longer open: it was answered, withdrawn or has lapsed";
        return refuse("offer_closed", message, "ask for a new offer");
    };
    let words = role_words(&offer.role);
    if draft.kind == kinds::ROLE_WITHDRAWN {
        if is(&draft.actor, &offer.from) {
            return Ok(());
        }
        let message = format!("{} offered {words}, {} cannot take that back", offer.from.name, who(&draft.actor));
        return refuse("not_yours", message, format!("ask {}", offer.from.name));
    }
    if !is(&draft.actor, &offer.to) {
        let message = format!("{words} is offered to {}, {} cannot answer", offer.to.name, who(&draft.actor));
        return refuse("not_yours", message, format!("switch to {} on this desk, or wait", offer.to.name));
    }
    if draft.kind == kinds::ROLE_ACCEPTED { brief_shown(offer, &words) } else { Ok(()) }
}

fn brief_shown(offer: &Offer, words: &str) -> Result<(), Refusal> {
    if offer.brief_shown_at.is_some() {
        return Ok(());
    }
    let message = format!("{} has not been shown the brief, so cannot accept {words} yet", offer.to.name);
    refuse("brief_not_shown", message, "open the brief, then accept")
}
