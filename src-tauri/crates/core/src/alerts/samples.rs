//! Alerts among samples in the text format of Prometheus: an insights archive keeps what a federation told (`ALERTS`).

use std::collections::BTreeMap;

use super::file::bad;
use super::{Alert, AlertState, BadAlerts, alert_id};
use crate::id::{SourceId, Text};
use crate::resource::Labels;

/// Reads the series `ALERTS` of a text in the format of Prometheus' exporters; other series are passed over. Ordered by
/// id. Since when an alert fires such a text does not tell.
///
/// # Errors
/// Where the bytes are no text, or a line of `ALERTS` is not in that format.
pub fn parse_samples(bytes: &[u8]) -> Result<Vec<Alert>, BadAlerts> {
    let text = std::str::from_utf8(bytes).map_err(|error| bad(format!("it is no UTF-8 text: {error}")))?;
    let mut alerts: BTreeMap<String, Alert> = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix("ALERTS{") else { continue };
        let (mut labels, value) =
            read(rest).ok_or_else(|| bad(format!("line {} is not in the text format", at + 1)))?;
        let state = match labels.remove("alertstate").as_deref() {
            Some("pending") => AlertState::Pending,
            _ => AlertState::Firing,
        };
        if value > 0.0 {
            let id = alert_id(&labels, &Labels::new());
            let source = SourceId::new("prometheus:file");
            alerts.entry(id.clone()).or_insert(Alert { id, source, labels, state, ..Alert::default() });
        }
    }
    Ok(alerts.into_values().collect())
}

/// Labels up to the closing brace, then the value; a time after it is not looked at.
fn read(mut rest: &str) -> Option<(Labels, f64)> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after.split_whitespace().next()?.parse().ok()?));
        }
        let (name, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut letters = after.char_indices();
        rest = loop {
            match letters.next()? {
                (at, '"') => break &after[at + 1..],
                (_, '\\') => value.push(match letters.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, letter) => value.push(letter),
            }
        };
        labels.insert(Text::from(name.trim()), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alerts_among_samples_are_read_with_escaped_values() {
        let text = "# TYPE ALERTS untyped\nup{job=\"x\"} 1\nALERTS{alertname=\"A\",alertstate=\"firing\",note=\"say \\\"hi\\\", {you}\"} 1 1600000000000\n\
                    ALERTS{alertname=\"B\",alertstate=\"pending\"} 1\nALERTS{alertname=\"C\",alertstate=\"firing\"} 0\nALERTS_FOR_STATE{alertname=\"D\"} 3\n";
        let alerts = parse_samples(text.as_bytes()).unwrap();
        let mut told: Vec<(&str, AlertState)> = alerts.iter().map(|it| (it.name(), it.state)).collect();
        told.sort_by_key(|(name, _)| *name);
        assert_eq!(told, [("A", AlertState::Firing), ("B", AlertState::Pending)]);
        let noted = alerts.iter().find_map(|it| it.labels.get("note")).unwrap();
        assert_eq!(noted, "say \"hi\", {you}");
    }

    #[test]
    fn a_torn_line_is_named_by_its_number() {
        for torn in
            ["ALERTS{alertname=\"A", "ALERTS{alertname=\"A\"}", "ALERTS{alertname}", "ALERTS{alertname=\"A\"} x"]
        {
            let error = parse_samples(format!("\n{torn}\n").as_bytes()).unwrap_err().to_string();
            assert!(error.contains("line 2"), "{torn}: {error}");
        }
        assert!(parse_samples(b"\xff").is_err());
        assert_eq!(parse_samples(b"").unwrap().len(), 0);
    }
}
