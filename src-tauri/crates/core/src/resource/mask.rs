//! An object as a person may see it whole: everything that is or may be a secret is covered before it is shown or kept.
//!
//! Covered are environment values, values of ConfigMaps and Secrets, annotations that are not among those the war room
//! reads, arguments after a flag that speaks of a secret, values under such a name, and what is shaped like a credential
//! wherever it stands. `managedFields` say nothing to a person and are left out.

use serde_json::{Map, Value};

use super::hosts::is_secret;
use super::reduce::ANNOTATIONS;

/// What stands in the place of a covered value.
pub const COVER: &str = "(covered)";

/// Labels and selectors are names by which objects find one another; they are read everywhere and hold no secret.
const NAMES: [&str; 5] = ["labels", "matchLabels", "selector", "nodeSelector", "matchExpressions"];

/// Words of the API that end like the name of a secret and hold none.
const NO_SECRETS: [&str; 4] = ["key", "topologyKey", "labelKeys", "matchLabelKeys"];

/// How tokens of well-known issuers begin.
const TOKENS: [&str; 13] = [
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "sk-",
    "AIza",
    "npm_",
];

/// The shortest text after such a beginning that counts.
const TOKEN_LENGTH: usize = 16;

/// Covers what nobody may see of an object as the API answered it, and counts it.
#[must_use]
pub fn cover(mut object: Value) -> (Value, u32) {
    let mut covered = 0;
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(fields) = object.as_object_mut() {
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        if kind == "Secret" || kind == "ConfigMap" {
            for part in ["data", "stringData", "binaryData"] {
                if let Some(values) = fields.get_mut(part) {
                    all(values, &mut covered);
                }
            }
        }
        walk(fields, &mut covered);
    }
    (object, covered)
}

fn hide(value: &mut Value, covered: &mut u32) {
    if value.as_str() != Some(COVER) {
        *value = Value::from(COVER);
        *covered += 1;
    }
}

/// Covers every value below, keeping the names.
fn all(value: &mut Value, covered: &mut u32) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| all(value, covered)),
        Value::Array(items) => items.iter_mut().for_each(|value| all(value, covered)),
        Value::Null => {}
        other => hide(other, covered),
    }
}

fn walk(fields: &mut Map<String, Value>, covered: &mut u32) {
    // `{name: TOKEN, value: x}`: of the environment, and wherever else that shape stands.
    if fields.contains_key("name")
        && let Some(value) = fields.get_mut("value")
        && !value.is_object()
        && value != ""
    {
        hide(value, covered);
    }
    for (name, value) in fields.iter_mut() {
        match name.as_str() {
            "annotations" => {
                for (key, text) in value.as_object_mut().into_iter().flatten() {
                    if ANNOTATIONS.contains(&key.as_str()) { look(text, covered) } else { hide(text, covered) }
                }
            }
            "args" | "command" => words(value, covered),
            name if NAMES.contains(&name) => {}
            name => below(name, value, covered),
        }
    }
}

fn below(name: &str, value: &mut Value, covered: &mut u32) {
    match value {
        Value::Object(fields) => walk(fields, covered),
        Value::Array(items) => items.iter_mut().for_each(|item| below(name, item, covered)),
        Value::String(text) if text.is_empty() => {}
        Value::String(_) => {
            let refers = ["Name", "name", "Ref", "Namespace", "Path", "Mode"].iter().any(|end| name.ends_with(end));
            if is_secret(name) && !refers && !NO_SECRETS.contains(&name) {
                hide(value, covered)
            } else {
                look(value, covered)
            }
        }
        _ => {}
    }
}

/// The words of a command: the one after `--password`, and what stands behind `=` in `--password=x`.
fn words(value: &mut Value, covered: &mut u32) {
    let mut before = String::new();
    for word in value.as_array_mut().into_iter().flatten() {
        let Some(text) = word.as_str().map(str::to_owned) else { continue };
        let flag = text.split_once('=').map(|(flag, _)| flag.to_owned());
        let script = text.contains(char::is_whitespace);
        match flag {
            _ if script && text.split(|c: char| c.is_whitespace() || c == '=').any(is_secret) => hide(word, covered),
            Some(flag) if is_secret(&flag) && !text.ends_with(COVER) => {
                *word = Value::from(format!("{flag}={COVER}"));
                *covered += 1;
            }
            None if before.starts_with('-') && is_secret(&before) && !text.starts_with('-') => hide(word, covered),
            _ => look(word, covered),
        }
        before = text;
    }
}

/// Covers a text that is shaped like a credential.
fn look(value: &mut Value, covered: &mut u32) {
    if value.as_str().is_some_and(is_credential) {
        hide(value, covered);
    }
}

/// True for a private key, a JSON web token, a token of a well-known issuer, or a URL with a password in it.
fn is_credential(text: &str) -> bool {
    if text.contains("PRIVATE KEY-----") {
        return true;
    }
    let with_password = |url: &str| {
        let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    };
    if text.split("://").skip(1).any(with_password) {
        return true;
    }
    text.split(|c: char| c.is_whitespace() || "\"',;=".contains(c)).any(|word| {
        let web_token = word.starts_with("eyJ") && word.matches('.').count() == 2;
        let issued = TOKENS.iter().any(|begin| word.strip_prefix(begin).is_some_and(|rest| rest.len() >= TOKEN_LENGTH));
        web_token || issued
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[allow(clippy::needless_pass_by_value)]
    fn check(object: Value, expected: Value, count: u32) {
        assert_eq!(cover(object), (expected, count));
    }

    #[test]
    fn values_of_the_environment_are_covered_and_their_names_stay() {
        check(
            json!({"kind": "Pod", "metadata": {"name": "p", "managedFields": [{}]},
                   "spec": {"containers": [{"name": "c", "image": "shop/cart:1", "env": [
                       {"name": "REDIS_ADDR", "value": "redis:6379"},
                       {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}]}}),
            json!({"kind": "Pod", "metadata": {"name": "p"},
                   "spec": {"containers": [{"name": "c", "image": "shop/cart:1", "env": [
                       {"name": "REDIS_ADDR", "value": COVER},
                       {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}]}}),
            1,
        );
    }

    #[test]
    fn data_of_config_maps_and_secrets_is_covered_and_its_keys_stay() {
        check(
            json!({"kind": "ConfigMap", "data": {"a.conf": "x", "b": "y"}, "binaryData": {"c": "eA=="}}),
            json!({"kind": "ConfigMap", "data": {"a.conf": COVER, "b": COVER}, "binaryData": {"c": COVER}}),
            3,
        );
        check(
            json!({"kind": "Secret", "stringData": {"a": "x"}}),
            json!({"kind": "Secret", "stringData": {"a": COVER}}),
            1,
        );
    }

    #[test]
    fn an_annotation_is_shown_where_the_war_room_reads_it_and_covered_elsewhere() {
        check(
            json!({"metadata": {"annotations": {
                "deployment.kubernetes.io/revision": "4",
                "kubectl.kubernetes.io/last-applied-configuration": "{\"spec\":1}"}}}),
            json!({"metadata": {"annotations": {
                "deployment.kubernetes.io/revision": "4",
                "kubectl.kubernetes.io/last-applied-configuration": COVER}}}),
            1,
        );
    }

    #[test]
    fn arguments_are_covered_where_their_flag_speaks_of_a_secret() {
        check(
            json!({"args": ["--password=hunter2", "--port=80", "--token", "abc", "--host", "db", "-c", "login password=x"]}),
            json!({"args": [format!("--password={COVER}"), "--port=80", "--token", COVER, "--host", "db", "-c", COVER]}),
            3,
        );
    }

    #[test]
    fn names_of_secrets_and_labels_are_no_secrets() {
        let object = json!({"kind": "Ingress", "metadata": {"labels": {"pod-template-hash": "5d", "token": "t"}},
            "spec": {"tls": [{"secretName": "web-tls"}], "topologyKey": "zone", "tolerations": [{"key": "spot"}]}});
        check(object.clone(), object, 0);
    }

    #[test]
    fn what_is_shaped_like_a_credential_is_covered_wherever_it_stands() {
        for text in [
            "postgres://shop:hunter2@db/x",
            "-----BEGIN RSA PRIVATE KEY-----\nabc",
            "Bearer eyJhbGciOi.eyJzdWIi.c2ln",
            "AKIAIOSFODNN7EXAMPLEX",
        ] {
            check(json!({"status": {"message": text}}), json!({"status": {"message": COVER}}), 1);
        }
        let plain = json!({"status": {"message": "see https://shop.example/a@b:c, risk-free sk-ill"}});
        check(plain.clone(), plain, 0);
    }

    #[test]
    fn covering_twice_covers_nothing_more() {
        let (once, _) = cover(json!({"kind": "ConfigMap", "data": {"a": "x"}, "spec": {"apiToken": "t"}}));
        assert_eq!(cover(once.clone()), (once, 0));
    }
}
