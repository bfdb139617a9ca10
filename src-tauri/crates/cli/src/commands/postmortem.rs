//! `postmortem`: drafted from the record, written into a file.

use std::path::PathBuf;

use broadstreet_api::ApiError;
use serde_json::json;

use super::{which, with_desk};
use crate::args::{Global, Postmortem};
use crate::output::{self, bad_file, field, list};

/// Runs it.
pub async fn run(global: &Global, args: Postmortem) -> Result<(), ApiError> {
    with_desk(global, async |desk| match &args {
        Postmortem::Draft { which: named } => {
            let id = which(desk, global, named.incident.as_deref()).await?;
            let document = desk.call(global, "draft_postmortem", json!({ "id": id })).await?;
            if global.json {
                output::json(&document)?;
                return Ok(());
            }
            let mut rows = vec![["MEASURE", "VALUE", "FROM", "TO"].map(str::to_owned).to_vec()];
            let cell = |it, name| output::when(field(it, name));
            rows.extend(
                list(&document, "facts")
                    .iter()
                    .map(|it| ["name", "value", "from", "to"].map(|name| cell(it, name)).to_vec()),
            );
            output::text(&format!("{}\n{}\n", field(&document, "title"), field(&document, "subtitle")))?;
            output::text(&output::table(&rows))?;
            output::note("Read it with `broadstreet postmortem export --out -`.");
            Ok(())
        }
        Postmortem::Export { format, out, which: named } => {
            let id = which(desk, global, named.incident.as_deref()).await?;
            let payload = json!({ "incident": id, "name": "postmortem", "format": format });
            let file = desk.call(global, "export_document", payload).await?;
            let bytes = desk.get(field(&file, "blob")).await?;
            if out.as_deref().is_some_and(|it| it.as_os_str() == "-") {
                return output::bytes(&bytes);
            }
            let path = out.clone().unwrap_or_else(|| PathBuf::from(field(&file, "name")));
            std::fs::write(&path, &bytes).map_err(|why| bad_file(&path, "write", &why))?;
            if global.json {
                output::json(&json!({ "file": path.display().to_string(), "bytes": bytes.len() }))?;
            } else {
                output::text(&format!("wrote {} ({} bytes)", path.display(), bytes.len()))?;
            }
            Ok(())
        }
    })
    .await
}
