//! What an answer says in words, whatever shape it has: a JSON string, an error object, HTML, plain text or nothing.

use serde_json::Value;

/// Cuts a text to at most `most` characters on one line.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most).collect();
    format!("{}…", cut.trim_end())
}

/// Whether a body is a web page.
pub(crate) fn is_html(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(512)]).to_ascii_lowercase();
    let start = start.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.contains("<head")
}

/// What a body says, for a person.
pub(crate) fn of_body(body: &[u8]) -> String {
    if body.iter().all(u8::is_ascii_whitespace) {
        return "an empty answer".to_owned();
    }
    if is_html(body) {
        return match title(body) {
            Some(title) => format!("a web page titled `{title}`"),
            None => "a web page".to_owned(),
        };
    }
    if let Ok(value) = serde_json::from_slice::<Value>(body)
        && let Some(words) = of_json(&value)
    {
        return shortened(&words, 200);
    }
    shortened(&String::from_utf8_lossy(&body[..body.len().min(4096)]), 200)
}

fn title(body: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&body[..body.len().min(4096)]).into_owned();
    let lower = start.to_ascii_lowercase();
    let from = lower.find("<title")?;
    let from = from + lower[from..].find('>')? + 1;
    let to = from + lower[from..].find("</title")?;
    let title = shortened(start.get(from..to)?, 80);
    (!title.is_empty()).then_some(title)
}

/// The words of an error in any of the shapes our sources use.
pub(crate) fn of_json(value: &Value) -> Option<String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    // GraphQL and PagerDuty: a list of errors, as objects or texts.
    if let Some(errors) = value.get("errors").and_then(Value::as_array)
        && !errors.is_empty()
    {
        let words: Vec<String> = errors.iter().take(3).filter_map(of_json).collect();
        let words = words.join("; ");
        return Some(text("message").map_or(words.clone(), |message| format!("{message}: {words}")));
    }
    if let Some(error) = value.get("error") {
        if error.is_object() {
            return of_json(error);
        }
        if let Some(words) = error.as_str() {
            return Some(text("errorType").map_or(words.to_owned(), |kind| format!("{kind}: {words}")));
        }
        // Icinga: `{"error":404,"status":"No objects found."}`.
        if let Some(status) = text("status") {
            return Some(status.to_owned());
        }
    }
    text("message").or_else(|| text("status")).map(str::to_owned)
}

/// The words of a list of errors; `None` where there is none.
pub(crate) fn of_errors(errors: &[Value]) -> Option<String> {
    if errors.is_empty() {
        return None;
    }
    let words: Vec<String> = errors.iter().take(3).filter_map(of_json).collect();
    Some(if words.is_empty() { "an error without words".to_owned() } else { words.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_error_is_put_into_words() {
        let cases: [(&str, &str); 11] = [
            ("\"silence not found\"", "silence not found"),
            (r#"{"code":602,"message":"comment in body is required"}"#, "comment in body is required"),
            ("", "an empty answer"),
            ("404 page not found\n", "404 page not found"),
            (r#"{"status":"error","errorType":"bad_data","error":"unknown unit"}"#, "bad_data: unknown unit"),
            (
                r#"{"error":401,"status":"Unauthorized. Please check your user credentials."}"#,
                "Unauthorized. Please check your user credentials.",
            ),
            (
                r#"{"error":{"message":"Invalid Input Provided","code":2001,"errors":["Offset must be less than 10000"]}}"#,
                "Invalid Input Provided: Offset must be less than 10000",
            ),
            (r#"{"errors":[{"message":"Cannot query field"}],"data":null}"#, "Cannot query field"),
            ("<!DOCTYPE html><html><head><title>Sign\n in</title></head></html>", "a web page titled `Sign in`"),
            ("  <html><body>hello</body></html>", "a web page"),
            (r#"{"kind":"Status","status":"Failure","message":"no endpoints available"}"#, "no endpoints available"),
        ];
        for (body, words) in cases {
            assert_eq!(of_body(body.as_bytes()), words, "{body}");
        }
    }

    #[test]
    fn a_long_answer_is_shortened_at_a_character() {
        let words = of_body("ä".repeat(5000).as_bytes());
        assert!(words.chars().count() == 201 && words.ends_with('…'), "{words}");
    }
}
