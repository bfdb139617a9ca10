//! `incident`: the command of an incident from a terminal. Each is one call of the table the screen uses too.

use std::io::{BufRead, IsTerminal};

use broadstreet_api::ApiError;
use serde_json::{Value, json};

use super::reading::{self, Basis};
use super::{labelled, show, which, with_desk};
use crate::args::{Global, Incident, Which};
use crate::instance::Desk;
use crate::output::{self, bad_file, field, list};

/// Runs it.
pub async fn run(global: &Global, args: Incident) -> Result<(), ApiError> {
    with_desk(global, async |desk| {
        let asked = Asked { desk, global };
        match &args {
            Incident::List => asked.print("incidents", Value::Null, show::incidents).await,
            Incident::Show { incident, timeline } => asked.show(incident.as_deref(), *timeline).await,
            Incident::Page { which } => {
                let id = asked.which(which).await?;
                asked.print("pages", json!({ "incident": id }), show::pages).await
            }
            Incident::Declare { title, severity, subjects, commander, zone, drill } => {
                let payload = json!({
                    "title": title, "severity": severity, "subjects": subjects, "commander": commander, "zone": zone, "drill": drill,
                });
                let (incident, basis) = asked.declare(payload).await?;
                if let Some(line) = unfrozen(&incident, &basis) {
                    output::note(&line);
                }
                asked.say(&incident, show::incident)
            }
            Incident::Note { text, attach, which } => {
                let mut attachments = Vec::new();
                let id = asked.which(which).await?;
                for path in attach {
                    let bytes = std::fs::read(path).map_err(|why| bad_file(path, "read", &why))?;
                    let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
                    attachments.push(json!({ "blob": desk.put(bytes).await?, "name": name, "media_type": media_type(path) }));
                }
                asked.print("write_entry", json!({ "incident": id, "text": text, "attachments": attachments }), show::entry).await
            }
            Incident::Role { role, release, reason, which } => {
                let id = asked.which(which).await?;
                let command = if *release { "release_role" } else { "assume_role" };
                asked.change(command, json!({ "incident": id, "role": role, "reason": reason })).await
            }
            Incident::Offer { role, to, reason, which } => {
                let id = asked.which(which).await?;
                asked.change("offer_role", json!({ "incident": id, "role": role, "to": to, "reason": reason })).await
            }
            Incident::Accept { offer, yes, which } => asked.accept(offer.as_deref(), *yes, which).await,
            Incident::Status { status, reason, which } => {
                let id = asked.which(which).await?;
                asked.change("set_status", json!({ "incident": id, "status": status, "reason": reason })).await
            }
            Incident::Task { .. } | Incident::Hypothesis { .. } | Incident::Decide { .. } => asked.work(&args).await,
        }
    })
    .await
}

/// A desk, asked for one person.
struct Asked<'a> {
    desk: &'a Desk,
    global: &'a Global,
}

impl Asked<'_> {
    async fn call(&self, command: &str, payload: Value) -> Result<Value, ApiError> {
        self.desk.call(self.global, command, payload).await
    }

    async fn which(&self, named: &Which) -> Result<String, ApiError> {
        which(self.desk, self.global, named.incident.as_deref()).await
    }

    async fn print(&self, command: &str, payload: Value, spell: fn(&Value) -> String) -> Result<(), ApiError> {
        self.say(&self.call(command, payload).await?, spell)
    }

    fn say(&self, answer: &Value, spell: fn(&Value) -> String) -> Result<(), ApiError> {
        if self.global.json { output::json(answer) } else { output::text(&spell(answer)) }
    }

    /// A command that answers the incident as it now stands.
    async fn change(&self, command: &str, payload: Value) -> Result<(), ApiError> {
        self.print(command, payload, show::incident).await
    }

    /// Declares, and only then sees to the evidence: whatever keeps that from being gathered takes no declaration away.
    async fn declare(&self, payload: Value) -> Result<(Value, Basis), ApiError> {
        if matches!(self.desk, Desk::Running(_)) {
            let basis = reading::basis(self.global, self.desk).await?;
            return Ok((self.call("declare", payload).await?, basis));
        }
        reading::check_named(self.global)?;
        let incident = self.call("declare", payload).await?;
        output::note(&format!("{} is declared; the evidence is being gathered.", field(&incident, "number")));
        let basis = reading::basis(self.global, self.desk).await?;
        match basis {
            Basis::Meant => Ok((reading::until_frozen(self.global, self.desk, field(&incident, "id")).await?, basis)),
            _ => Ok((incident, basis)),
        }
    }

    async fn show(&self, named: Option<&str>, timeline: bool) -> Result<(), ApiError> {
        let id = which(self.desk, self.global, named).await?;
        let incident = self.call("incident", json!({ "id": id })).await?;
        let entries = if timeline { Some(self.call("timeline", json!({ "incident": id })).await?) } else { None };
        if self.global.json {
            return match entries {
                Some(entries) => output::json(&json!({ "incident": incident, "timeline": entries })),
                None => output::json(&incident),
            };
        }
        output::text(&show::incident(&incident))?;
        if let Some(entries) = entries {
            output::text(&format!("\n{}", list(&entries, "entries").iter().map(show::entry).collect::<String>()))?;
        }
        Ok(())
    }

    /// Shows the brief, which the record notes, and accepts. A program gets the brief first, to show it to the person, and
    /// accepts with a second call.
    async fn accept(&self, offer: Option<&str>, yes: bool, named: &Which) -> Result<(), ApiError> {
        let id = self.which(named).await?;
        if self.global.json && yes {
            // Asking for the brief would note it as shown, while nobody sees it: one never shown is refused by the record.
            let offer = offer.unwrap_or_default();
            return self.change("accept_offer", json!({ "incident": id, "offer": offer })).await.map_err(unseen);
        }
        let brief = self.call("brief", json!({ "id": id })).await?;
        let Some(offer) = offer.or(brief["offer"].as_str()) else {
            return Err(ApiError::new(
                "not_found",
                "nothing is offered to you",
                "say who you are with --as, and look at the offers with `broadstreet incident show`",
            ));
        };
        if self.global.json {
            output::json(&brief)?;
            return Err(ApiError::new(
                "not_accepted",
                "not accepted: whoever accepts reads the brief first, which is the answer of this call",
                "show it to the person, then accept with --yes",
            ));
        }
        output::note(&show::brief(&brief));
        if !yes && !std::io::stdin().is_terminal() {
            return Err(ApiError::new(
                "not_accepted",
                "not accepted: nobody can be asked here whether they accept",
                "read the brief above, then accept with --yes",
            ));
        }
        if !yes && !confirmed("Accept? [y/N] ") {
            return Err(ApiError::new("not_accepted", "not accepted", "run it again when you have read the brief"));
        }
        self.change("accept_offer", json!({ "incident": id, "offer": offer })).await
    }

    /// Tasks, hypotheses and decisions: opened by their text, answered by their label.
    async fn work(&self, args: &Incident) -> Result<(), ApiError> {
        let (Incident::Task { which: named, .. }
        | Incident::Hypothesis { which: named, .. }
        | Incident::Decide { which: named, .. }) = args
        else {
            return Ok(());
        };
        let id = self.which(named).await?;
        let row = async |kind: &str, label: &str| {
            let incident = self.call("incident", json!({ "id": id })).await?;
            labelled(&incident, kind, label)
        };
        match args {
            Incident::Task { text, end: Some(state), outcome, .. } => {
                let task = row("tasks", text).await?;
                self.change("end_task", json!({ "incident": id, "task": task, "state": state, "outcome": outcome }))
                    .await
            }
            Incident::Task { text, owner, minutes, .. } => {
                let payload = json!({ "incident": id, "text": text, "owner": owner, "in_minutes": minutes });
                self.change("assign_task", payload).await
            }
            Incident::Hypothesis { text, judge: Some(state), evidence, .. } => {
                let hypothesis = row("hypotheses", text).await?;
                let payload = json!({ "incident": id, "hypothesis": hypothesis, "state": state, "evidence": evidence.as_deref().unwrap_or_default() });
                self.change("judge_hypothesis", payload).await
            }
            Incident::Hypothesis { text, .. } => {
                self.change("open_hypothesis", json!({ "incident": id, "text": text })).await
            }
            Incident::Decide { text, make: true, .. } => {
                let decision = row("decisions", text).await?;
                self.change("answer_decision", json!({ "incident": id, "decision": decision, "make": true })).await
            }
            Incident::Decide { text, made, .. } => {
                self.change("decide", json!({ "incident": id, "text": text, "made": made })).await
            }
            _ => Ok(()),
        }
    }
}

/// What is wrong with the evidence of an incident just declared, and what to do; none where it is frozen.
fn unfrozen(incident: &Value, basis: &Basis) -> Option<String> {
    match basis {
        Basis::Nothing(error) => Some(format!(
            "No cluster is open: nothing was frozen ({}). What it still has is frozen once a desk opens it; {}.",
            error.message,
            error.hint.trim_end_matches('.')
        )),
        Basis::Other { shown, named } => Some(format!(
            "The running Broadstreet shows `{shown}`, not `{named}`: what is frozen is of `{shown}`. Open `{named}` there to see and record what happens in it."
        )),
        Basis::Meant if incident["frozen"].is_null() => {
            Some("Nothing was frozen yet; it is tried again as long as a desk has the cluster open.".to_owned())
        }
        Basis::Meant => None,
    }
}

/// Says how a program comes to the brief.
fn unseen(error: ApiError) -> ApiError {
    if error.code != "brief_not_shown" {
        return error;
    }
    ApiError { hint: "run it without --yes, show the brief to the person, then accept with --yes".to_owned(), ..error }
}

fn confirmed(question: &str) -> bool {
    eprint!("{question}");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}

fn media_type(path: &std::path::Path) -> &'static str {
    match path.extension().and_then(|it| it.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("svg") => "image/svg+xml",
        Some("pdf") => "application/pdf",
        Some("json") => "application/json",
        Some("txt" | "log" | "md" | "yaml" | "yml") => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_to_attach_is_named_by_its_ending() {
        assert_eq!(media_type(std::path::Path::new("a/Graph.PNG")), "image/png");
        assert_eq!(media_type(std::path::Path::new("core")), "application/octet-stream");
    }
}
