//! Templates read a moment ago: the pods of a workload come one after another, and their specs differ in a node's name.
//!
//! What a template is made from is spelled out and compared byte by byte, so that the answer is the one reading it again
//! would give. A thread keeps its last few.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::json::{At, Read};
use super::sieve::Json;
use super::{Labels, Template};

/// As many templates as a thread keeps.
const KEPT: usize = 256;

/// Specs longer than this are read each time.
const LONGEST: usize = 64 << 10;

/// The lists of a spec a template is made from; a volume's own name is read only where it makes a claim's.
const LISTS: [&str; 5] = ["initContainers", "containers", "ephemeralContainers", "imagePullSecrets", "volumes"];

#[derive(Default)]
struct Memo {
    spelled: Vec<u8>,
    templates: HashMap<Box<[u8]>, Arc<Template>>,
}

thread_local! {
    static MEMO: RefCell<Memo> = RefCell::default();
}

/// The template of a spec as it was read before, else as `read` reads it.
pub(super) fn remembered(
    spec: At<'_>,
    labels: &Labels,
    field: &str,
    read: impl FnOnce() -> Read<Arc<Template>>,
) -> Read<Arc<Template>> {
    let known = MEMO.with_borrow_mut(|memo| {
        let out = &mut memo.spelled;
        out.clear();
        spell_text(out, field);
        for (key, value) in labels.iter() {
            spell_text(out, key);
            spell_text(out, value);
        }
        out.push(b'|');
        spell(out, spec.get("serviceAccountName").0, false);
        for list in LISTS {
            spell(out, spec.get(list).0, list == "volumes");
        }
        memo.templates.get(out.as_slice()).cloned()
    });
    if let Some(template) = known {
        return Ok(template);
    }
    let template = read()?;
    MEMO.with_borrow_mut(|memo| {
        if memo.spelled.len() <= LONGEST {
            if memo.templates.len() >= KEPT {
                memo.templates.clear();
            }
            memo.templates.insert(memo.spelled.as_slice().into(), Arc::clone(&template));
        }
    });
    Ok(template)
}

fn spell_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn spell(out: &mut Vec<u8>, value: &Json<'_>, volumes: bool) {
    match value {
        Json::Null => out.push(b'0'),
        Json::Flag(flag) => out.push(if *flag { b't' } else { b'f' }),
        Json::Whole(number) => {
            out.push(b'n');
            out.extend(number.to_le_bytes());
        }
        Json::Real(number) => {
            out.push(b'r');
            out.extend(number.to_le_bytes());
        }
        Json::Text(text) => {
            out.push(b's');
            spell_text(out, text);
        }
        Json::List(items) => {
            out.push(b'[');
            for item in items {
                match item.fields().filter(|_| volumes && item.get("ephemeral").is_none()) {
                    Some(fields) => spell_fields(out, fields.iter().filter(|(name, _)| name != "name")),
                    None => spell(out, item, false),
                }
            }
            out.push(b']');
        }
        Json::Map(fields) => spell_fields(out, fields.iter()),
    }
}

fn spell_fields<'f, 'a: 'f>(
    out: &mut Vec<u8>,
    fields: impl Iterator<Item = &'f (std::borrow::Cow<'a, str>, Json<'a>)>,
) {
    out.push(b'{');
    for (name, value) in fields {
        out.push(b':');
        spell_text(out, name);
        spell(out, value, false);
    }
    out.push(b'}');
}
