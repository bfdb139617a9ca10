//! `cases`: where alerts belong, and by which rung of the ladder.

use broadstreet_api::ApiError;
use broadstreet_core::alerts;

use super::source;
use crate::args::{Cases, Format, Global};
use crate::output::{self, bad_file, field, list};

/// Prints them.
pub async fn run(global: &Global, args: Cases) -> Result<(), ApiError> {
    if !matches!(args.format, Format::Table | Format::Json) {
        return Err(ApiError::new(
            "usage",
            "cases are printed as table or json only",
            "use --format table or --format json",
        ));
    }
    let given = match &args.alerts {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|why| bad_file(path, "read", &why))?;
            Some(alerts::parse_file(&bytes).map_err(|why| {
                let message = format!("cannot read alerts from `{}`: {why}", path.display());
                ApiError::new(
                    "bad_alerts",
                    message,
                    "save what /api/v2/alerts of Alertmanager or /api/v1/alerts of Prometheus answers",
                )
            })?)
        }
        None => None,
    };
    let source = source::read(global, args.source.as_deref()).await?;
    let Some(alerts) = given.or(source.alerts) else {
        return Err(ApiError::new(
            "no_alerts",
            "this source brings no alerts of its own",
            "pass --alerts FILE with what Alertmanager (/api/v2/alerts) or Prometheus (/api/v1/alerts) answers",
        ));
    };
    let document = alerts::document(&source.world, &alerts);
    if global.json || args.format == Format::Json {
        output::json(&document)?;
    } else {
        output::text(&table(&serde_json::to_value(&document).unwrap_or_default()))?;
    }
    Ok(())
}

fn table(document: &serde_json::Value) -> String {
    let name = |it: &serde_json::Value| it["labels"]["alertname"].as_str().unwrap_or("(no name)").to_owned();
    let mut rows = vec![["ALERT", "AT", "RUNG", "BY"].map(str::to_owned).to_vec()];
    for case in list(document, "cases") {
        let rung = case["rung"].to_string();
        let at = &case["at"];
        // A case that stands at no object says at what it does: the cluster, its control plane, the heartbeat.
        let place = match field(at, "is") {
            "object" => field(at, "key").to_owned(),
            other => format!("{} {}", other.replace('_', " "), field(at, "key")),
        };
        rows.push(vec![name(case), place, rung, field(case, "label").to_owned()]);
    }
    let mut text = output::table(&rows);
    let tray = list(document, "tray");
    if !tray.is_empty() {
        let mut rows = vec![["ALERT WITHOUT AN ADDRESS", "WHY"].map(str::to_owned).to_vec()];
        rows.extend(tray.iter().map(|it| vec![name(it), field(it, "why").to_owned()]));
        text.push('\n');
        text.push_str(&output::table(&rows));
    }
    text
}
