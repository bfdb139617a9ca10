//! How answers and errors are printed: for a person, or as JSON for a program.

use std::io::Write;

use broadstreet_api::ApiError;
use broadstreet_engine::EngineError;
use serde_json::Value;

/// An error of any part as the edge says it: code, message, next step.
pub fn failed(error: impl Into<EngineError>) -> ApiError {
    let error = error.into();
    ApiError::new(&error.code(), error.to_string(), error.hint())
}

/// A file that cannot be read or written.
pub fn bad_file(path: &std::path::Path, attempted: &str, why: &std::io::Error) -> ApiError {
    let hint = match why.kind() {
        std::io::ErrorKind::NotFound => "check the path",
        std::io::ErrorKind::PermissionDenied => "allow it, or choose another place",
        _ => "choose another place, or free some space",
    };
    ApiError::new("bad_file", format!("cannot {attempted} `{}`: {why}", path.display()), hint)
}

/// Prints an error to stderr, in both spellings.
pub fn error(error: &ApiError, json: bool) {
    let mut out = std::io::stderr().lock();
    let _ = if json {
        writeln!(out, "{}", serde_json::json!({ "error": error }))
    } else if error.hint.is_empty() {
        writeln!(out, "error: {}", error.message)
    } else {
        writeln!(out, "error: {}\nhint: {}", error.message, error.hint)
    };
}

/// Prints an answer to stdout as it is; a reader that went away (`| head`) is no error.
///
/// # Errors
/// `cannot_write` where it cannot be written whole, as into a file on a full disk.
pub fn bytes(bytes: &[u8]) -> Result<(), ApiError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(why) if why.kind() != std::io::ErrorKind::BrokenPipe => Err(ApiError::new(
            "cannot_write",
            format!("the answer cannot be written to stdout: {why}"),
            "free some space, or write it to another place; what was asked for is done",
        )),
        _ => Ok(()),
    }
}

/// Prints text in whole lines.
///
/// # Errors
/// As [`bytes`].
pub fn text(text: &str) -> Result<(), ApiError> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    bytes(format!("{text}{end}").as_bytes())
}

/// Prints a value as JSON.
///
/// # Errors
/// As [`bytes`].
pub fn json(value: &impl serde::Serialize) -> Result<(), ApiError> {
    text(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// Prints one line about what goes on, to stderr, so that stdout stays the answer.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Lays rows out in columns; the first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A field of an answer as text; empty where it is absent.
pub fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A list in an answer; empty where it is absent.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// An RFC 3339 instant as people read it, `2026-03-01 14:32:07Z`; anything else unchanged.
pub fn when(text: &str) -> String {
    match text.parse::<chrono::DateTime<chrono::Utc>>() {
        Ok(at) => at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_its_columns_up_without_trailing_blanks() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[row(["KIND", "NAME"]), row(["Deployment", "ç"]), row(["Pod", "a"])]);
        assert_eq!(text, "KIND        NAME\nDeployment  ç\nPod         a\n");
    }

    #[test]
    fn instants_are_shortened_and_other_text_is_left_alone() {
        assert_eq!(when("2026-03-01T14:32:07.123456Z"), "2026-03-01 14:32:07Z");
        assert_eq!(when("soon"), "soon");
    }
}
