//! `handoff`: the note for the next shift.

use broadstreet_api::ApiError;
use serde_json::{Value, json};

use super::reading::{self, Basis};
use super::with_desk;
use crate::args::{Global, Handoff};
use crate::output::{self, field, list};

/// Runs it.
pub async fn run(global: &Global, args: Handoff) -> Result<(), ApiError> {
    with_desk(global, async |desk| {
        let note = match &args {
            Handoff::Draft { to, hours, write, note } => {
                match reading::basis(global, desk).await? {
                    Basis::Meant => {}
                    Basis::Nothing(error) => output::note(&format!(
                        "No cluster is open: the note is drafted from the record of this desk alone ({}); {}.",
                        error.message,
                        error.hint.trim_end_matches('.')
                    )),
                    Basis::Other { shown, named } => output::note(&format!(
                        "The running Broadstreet shows `{shown}`, not `{named}`: the note is drafted from `{shown}`. Open `{named}` there first."
                    )),
                }
                let payload = json!({ "to": to, "hours": hours, "free_text": note });
                desk.call(global, if *write { "write_handoff" } else { "draft_handoff" }, payload).await?
            }
            Handoff::Accept { row } => {
                let row = match row {
                    Some(row) => row.clone(),
                    None => newest(&desk.call(global, "handoffs", Value::Null).await?)?,
                };
                desk.call(global, "accept_handoff", json!({ "row": row })).await?
            }
        };
        if global.json {
            output::json(&note)?;
        } else {
            output::text(&readable(&note))?;
        }
        Ok(())
    })
    .await
}

fn newest(notes: &Value) -> Result<String, ApiError> {
    let open = |it: &&Value| it["accepted_at"].is_null() && it["row"].is_string();
    let found = notes.as_array().and_then(|all| all.iter().find(open));
    found.map(|it| field(it, "row").to_owned()).ok_or_else(|| {
        ApiError::new(
            "not_found",
            "no note waits to be accepted",
            "draft one: `broadstreet handoff draft --to NAME --write`",
        )
    })
}

fn readable(note: &Value) -> String {
    let mut text =
        format!("Handoff from {} to {}, {}\n", field(note, "from"), field(note, "to"), output::when(field(note, "at")));
    for section in list(note, "sections") {
        text.push_str(&format!("\n{}\n", field(section, "title")));
        let lines = list(section, "lines");
        if lines.is_empty() {
            text.push_str(&format!("  {}\n", field(section, "none")));
        }
        for line in lines {
            text.push_str(&format!("  {}\n", field(line, "text")));
        }
    }
    if !field(note, "free_text").is_empty() {
        text.push_str(&format!("\n{}\n", field(note, "free_text")));
    }
    match (field(note, "accepted_by"), field(note, "written_at"), field(note, "row")) {
        ("", "", _) => text.push_str("\nA draft: hand it over with --write.\n"),
        ("", written, row) => {
            text.push_str(&format!("\nWritten {} as row {row}, not accepted yet.\n", output::when(written)))
        }
        (by, ..) => text.push_str(&format!("\nAccepted by {by}, {}.\n", output::when(field(note, "accepted_at")))),
    }
    text
}
