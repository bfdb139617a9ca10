//! Templates read a moment ago: the pods of a workload come one after another, and their specs differ in a node's name.
//!
//! What a template is made from is spelled out and compared byte by byte, so that the answer is the one reading it again
//! would give. A thread keeps its last few. Labels stand apart: those of a Deployment, of its revisions and of its pods
//! differ, and mostly nothing else does.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

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
    templates: FxHashMap<Box<[u8]>, Known>,
}

struct Known {
    template: Arc<Template>,
    /// What was read hangs on the labels.
    by_label: bool,
}

thread_local! {
    static MEMO: RefCell<Memo> = RefCell::default();
}

/// The template of a spec as it was read before, else as `read` reads it; `read` says too whether the labels had a part in
/// it.
pub(super) fn remembered(
    spec: At<'_>,
    labels: &Arc<Labels>,
    field: &str,
    read: impl FnOnce() -> Read<(Template, bool)>,
) -> Read<Arc<Template>> {
    let known = MEMO.with_borrow_mut(|memo| {
        let out = &mut memo.spelled;
        out.clear();
        spell_text(out, field);
        spell(out, spec.get("serviceAccountName").0, false);
        for list in LISTS {
            spell(out, spec.get(list).0, list == "volumes");
        }
        let known = memo.templates.get_mut(out.as_slice())?;
        if known.template.labels != *labels {
            if known.by_label {
                return None;
            }
            // The next one has the labels of this one.
            known.template = Arc::new(Template { labels: Arc::clone(labels), ..Template::clone(&known.template) });
        }
        Some(Arc::clone(&known.template))
    });
    if let Some(template) = known {
        return Ok(template);
    }
    let (template, by_label) = read()?;
    let template = Arc::new(template);
    MEMO.with_borrow_mut(|memo| {
        if memo.spelled.len() <= LONGEST {
            if memo.templates.len() >= KEPT {
                memo.templates.clear();
            }
            let known = Known { template: Arc::clone(&template), by_label };
            memo.templates.insert(memo.spelled.as_slice().into(), known);
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
        Json::True => out.push(b't'),
        Json::False => out.push(b'f'),
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
