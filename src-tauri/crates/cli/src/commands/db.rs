//! `db migrate`.

use broadstreet_api::ApiError;

use crate::args::Global;
use crate::host;
use crate::output::{self, failed};

/// Migrates the database meant by the options, and says what ran.
pub async fn migrate(global: &Global) -> Result<(), ApiError> {
    let data = host::data_folder(global)?;
    let ran = broadstreet_store::migrate(&host::target(global, &data, false)).await.map_err(failed)?;
    if global.json {
        output::json(&serde_json::json!({ "migrations": ran }))?;
    } else if ran.is_empty() {
        output::text("nothing to do: the database has the schema of this program")?;
    } else {
        output::text(&ran.iter().map(|it| format!("ran {it}\n")).collect::<String>())?;
    }
    Ok(())
}
