//! Texts in which an address may stand, read for host tokens and dropped.
//!
//! What is shaped like an address (a URL, one label with a port, a name of the cluster's domain) counts wherever it
//! stands. A bare word may be a Service's name, a topic, a role or a password; it counts only where it stands alone as
//! the value of something that is not obviously another thing, and is kept as forty bits of its SHA-256. Those bits can
//! be held against a dictionary; so a value whose name speaks of a secret is not read at all, but for its URLs.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::json::said;
use super::{HostName, HostToken};
use crate::id::Text;

/// Texts longer than this are read up to here; addresses stand early or in lines of their own.
pub(super) const LONGEST_TEXT: usize = 64 << 10;

/// Names of values that hold no address although a Service may be called the same.
const NOT_AN_ADDRESS: [&str; 27] = [
    "topic",
    "queue",
    "database",
    "dbname",
    "db_name",
    "schema",
    "table",
    "bucket",
    "user",
    "role",
    "mode",
    "level",
    "type",
    "profile",
    "environment",
    "namespace",
    "region",
    "zone",
    "version",
    "format",
    "locale",
    "driver",
    "engine",
    "dialect",
    "exporter",
    "group",
    "prefix",
];

/// What names of secret values contain. A few words of them would fit a dictionary, so not even their bits are kept.
const SECRET: [&str; 13] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "creds",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "basic_auth",
    "basic-auth",
];

/// What names of secret values end with.
const SECRET_END: [&str; 5] = ["key", "pin", "hash", "cert", "salt"];

/// True for the name of a value nobody may see; a URL in it is read still, without its user and password. What ends as
/// an address does is one: `TOKEN_SERVICE_ADDR`, `fastcgi_pass`.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let speaks = |part: &str| {
        SECRET_END.iter().any(|word| part.ends_with(word)) || SECRET.iter().any(|word| part.contains(word))
    };
    name.split_whitespace().any(|name| {
        let last = name.rsplit(['_', '-', '.']).next().unwrap_or(name);
        let address = AN_ADDRESS.iter().any(|word| name.ends_with(word) || last.contains(word) && !speaks(last));
        !address && speaks(name)
    })
}

/// What stands around the name of a value in a file.
const NO_WORD: fn(char) -> bool = |c| !c.is_alphanumeric();

/// Names that hold a name of the workload itself, or of something that is no Service.
const OWN_NAMES: [&str; 6] =
    ["otel_service_name", "app_name", "application_name", "cluster_name", "client_id", "spring.application.name"];

/// Names of values in a configuration file that hold a host.
const AN_ADDRESS: [&str; 15] = [
    "host",
    "addr",
    "url",
    "uri",
    "endpoint",
    "server",
    "upstream",
    "broker",
    "target",
    "backend",
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
];

/// Words of scripts before a number that are no host: `sleep 2`.
const SCRIPT_WORDS: [&str; 6] = ["sleep", "exit", "timeout", "seq", "return", "head"];

/// Forty bits of a word's SHA-256: enough to tell Services apart, and to find the one it names.
#[must_use]
pub fn hash_host(word: &str) -> u64 {
    let digest = Sha256::digest(word.as_bytes());
    digest[..5].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// What the name of a value says of it.
#[derive(Clone, Copy)]
struct Said {
    /// Nobody may see it.
    secret: bool,
    /// It is something else than an address.
    other: bool,
}

impl Said {
    fn by(name: &str) -> Self {
        let secret = is_secret(name);
        let name = name.to_ascii_lowercase();
        let other =
            secret || NOT_AN_ADDRESS.iter().any(|part| name.contains(part)) || OWN_NAMES.contains(&name.as_str());
        Self { secret, other }
    }

    /// The same for the name of an environment variable: few names stand in many templates.
    fn by_variable(name: &str) -> Self {
        thread_local! {
            static SAID: RefCell<FxHashMap<Box<str>, Said>> = RefCell::default();
        }
        SAID.with_borrow_mut(|known| {
            if let Some(said) = known.get(name) {
                return *said;
            }
            let said = Self::by(name);
            if known.len() >= NAMES_KEPT {
                known.clear();
            }
            if name.len() <= LONGEST_NAME {
                known.insert(name.into(), said);
            }
            said
        })
    }
}

/// As many names of variables as a thread keeps, and the longest of them.
const NAMES_KEPT: usize = 4096;
const LONGEST_NAME: usize = 128;

/// The host tokens of an environment variable's value; `field` is asked where there are any.
pub(super) fn hosts_in_variable(name: &str, value: &str, field: &dyn Fn() -> Text) -> Vec<HostToken> {
    let mut found = Found::new(field);
    let said = Said::by_variable(name);
    found.said(said.secret, value);
    if !said.secret {
        found.alone(&|| said.other, value);
    }
    found.tokens
}

/// The host tokens of one word of a command; `before` is the word before it, `--host` in `--host db`.
pub(super) fn hosts_in_argument(before: &str, text: &str, field: &dyn Fn() -> Text) -> Vec<HostToken> {
    let mut found = Found::new(field);
    let (flag, value) = text.split_once('=').unwrap_or((before, text));
    if is_secret(flag) {
        found.named(flag, value);
        return found.tokens;
    }
    found.addresses(text);
    if text.contains(char::is_whitespace) {
        found.script(text);
    } else if text.contains('=') || (before.starts_with('-') && !before.contains('=')) {
        found.alone(&|| Said::by(before).other, text);
    }
    found.tokens
}

/// The host tokens of one value of a ConfigMap: a single value, or a whole file.
pub(super) fn hosts_in_data(key: &str, text: &str, field: &dyn Fn() -> Text) -> Vec<HostToken> {
    let mut found = Found::new(field);
    let lines = cut(text).lines();
    if lines.clone().count() <= 1 {
        found.named(key, text);
        found.alone(&|| Said::by(key).other, text);
    } else {
        for line in lines.clone() {
            found.named(line.split_once([':', '=']).map_or("", |(name, _)| name.trim_matches(NO_WORD)), line);
        }
        for line in lines {
            let Some((name, value)) = line.split_once([':', '=']) else { continue };
            let name = name.trim().trim_matches(['"', '\'', '-', ' ']).to_ascii_lowercase();
            if AN_ADDRESS.iter().any(|word| name.contains(word)) {
                found.bare(&|| Said::by(&name).other, value.trim().trim_end_matches(',').trim_matches(['"', '\'']));
            }
        }
    }
    found.tokens
}

/// The text as far as it is read.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

struct Found<'a> {
    field: &'a dyn Fn() -> Text,
    tokens: Vec<HostToken>,
}

impl<'a> Found<'a> {
    fn new(field: &'a dyn Fn() -> Text) -> Self {
        Self { field, tokens: Vec::new() }
    }

    fn add(&mut self, host: HostName, port: Option<u16>) {
        // All of them stand in the same field.
        if !self.tokens.iter().any(|token| token.host == host && token.port == port) {
            self.tokens.push(HostToken { field: (self.field)(), host, port });
        }
    }

    /// What is shaped like an address in the value of a name; of a secret only its URLs.
    fn named(&mut self, name: &str, value: &str) {
        self.said(is_secret(name), value);
    }

    fn said(&mut self, secret: bool, value: &str) {
        if secret {
            let words = cut(value).split(is_between_words);
            words.filter(|word| word.contains("://")).for_each(|word| self.urls(word));
        } else {
            self.addresses(value);
        }
    }

    /// What is shaped like an address.
    fn addresses(&mut self, text: &str) {
        for word in cut(text).split(is_between_words) {
            if word.contains("://") {
                self.urls(word);
            } else {
                for part in word.split([',', ';', '|', '(', ')', '[', ']', '{', '}', '=']) {
                    self.address(part);
                }
            }
        }
    }

    /// URLs of one word: one, a list of them, or one with several hosts.
    fn urls(&mut self, word: &str) {
        let several = word.matches("://").count() > 1;
        let urls: Vec<&str> = if several { word.split(',').collect() } else { vec![word] };
        for url in urls {
            let Some((_, rest)) = url.split_once("://") else { continue };
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let hosts = match authority.rsplit_once('@') {
                // Whoever stands before the @ of a URL is a user with a password.
                Some((_, hosts)) => hosts,
                // An @ further on may end a password with a slash in it: then this is no host.
                None if rest.contains('@') => continue,
                None => authority,
            };
            for host in hosts.split([',', ')', ']', '}', ';', '|']) {
                let (name, port) = split_port(host);
                if is_dns_name(name) {
                    self.add(HostName::Written(said(name.trim_end_matches('.'))), port);
                }
            }
        }
    }

    /// `name:port` of one label or two, or a name of the cluster's domain.
    fn address(&mut self, part: &str) {
        let part = part.split('/').next().unwrap_or_default();
        let (name, port) = split_port(part.rsplit_once('@').map_or(part, |(_, host)| host));
        let name = name.strip_suffix('.').unwrap_or(name);
        if !is_dns_name(name) {
            return;
        }
        if name.ends_with(".svc") || name.contains(".svc.") {
            self.add(HostName::Written(said(name)), port);
        } else if port.is_some() {
            match name.split('.').count() {
                1 => self.add(HostName::Written(said(name)), port),
                2 => self.add(HostName::Hashed(hash_host(name)), port),
                _ => {}
            }
        }
    }

    /// Bare words that are the whole value, or the value of one of its settings (`Host=db;Port=5432`); `is_other` says
    /// whether the name of the whole value speaks of something else than an address.
    fn alone(&mut self, is_other: &dyn Fn() -> bool, value: &str) {
        let value = value.trim();
        if !value.contains('=') {
            self.bare(is_other, value);
            return;
        }
        for setting in cut(value).split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | ',')) {
            if let Some((name, value)) = setting.split_once('=') {
                self.bare(&|| Said::by(name).other, value);
            }
        }
    }

    /// A bare word: `svc` or `svc.ns`.
    fn bare(&mut self, is_other: &dyn Fn() -> bool, word: &str) {
        if !is_dns_name(word) || word.split('.').count() > 2 || is_other() {
            return;
        }
        self.add(HostName::Hashed(hash_host(word)), None);
    }

    /// A bare word before a port, as in `nc -z kafka 9092`.
    fn script(&mut self, text: &str) {
        let words: Vec<&str> = cut(text)
            .split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '"' | '\''))
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let (word, port) = (pair[0], pair[1].parse::<u16>());
            if let Ok(port) = port
                && port > 0
                && word.split('.').count() <= 2
                && is_dns_name(word)
                && !SCRIPT_WORDS.contains(&word)
            {
                self.add(HostName::Hashed(hash_host(word)), Some(port));
            }
        }
    }
}

fn is_between_words(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '\\')
}

fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => (name, port.parse().ok()),
        _ => (host, None),
    }
}

/// Labels of RFC 1123, at least one letter among them: `10`, `true:`, `-x` are not names.
fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.bytes().any(|b| b.is_ascii_lowercase()) && name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Expected<'a> = &'a [(&'a str, Option<u16>)];

    fn compare(found: Vec<HostToken>, expected: Expected<'_>, text: &str) {
        let found: Vec<(HostName, Option<u16>)> = found.into_iter().map(|token| (token.host, token.port)).collect();
        let expected: Vec<(HostName, Option<u16>)> = expected
            .iter()
            .map(|(name, port)| match name.strip_prefix('#') {
                Some(word) => (HostName::Hashed(hash_host(word)), *port),
                None => (HostName::Written(said(name)), *port),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    fn check(name: &str, text: &str, expected: Expected<'_>) {
        compare(hosts_in_variable(name, text, &|| "f".into()), expected, text);
    }

    fn check_argument(before: &str, text: &str, expected: Expected<'_>) {
        compare(hosts_in_argument(before, text, &|| "f".into()), expected, text);
    }

    fn check_data(key: &str, text: &str, expected: Expected<'_>) {
        compare(hosts_in_data(key, text, &|| "f".into()), expected, text);
    }

    #[test]
    fn addresses_are_written_and_bare_words_hashed() {
        check("CART", "cartservice:7070", &[("cartservice", Some(7070))]);
        check("CART", "http://user:secret@cart.shop:80/x?y", &[("cart.shop", Some(80))]);
        check("CACHE", "redis.cache.svc.cluster.local:6379", &[("redis.cache.svc.cluster.local", Some(6379))]);
        check("CACHE", "redis.cache.svc", &[("redis.cache.svc", None)]);
        check("DB", "postgres", &[("#postgres", None)]);
        check("DB", "db.data", &[("#db.data", None)]);
        check("DB", "db.data:5432", &[("#db.data", Some(5432))]);
        check("PORT", "8080", &[]);
        check("MAIL", "me@example", &[]);
        check("SOCKET", "/var/run/x.sock", &[]);
        check("VOTERS", "1@kafka:9093", &[("kafka", Some(9093))]);
        check("URLS", "PLAINTEXT://a:9092,CONTROLLER://:9093", &[("a", Some(9092))]);
        check("MONGO", "mongodb://u:p@a:27017,b:27018/db", &[("a", Some(27017)), ("b", Some(27018))]);
        check("SENTENCE", "see the cart and redis", &[]);
        check("KAFKA_TOPIC", "orders", &[]);
        check("DB", "Host=db;Username=app;Password=hunter2;Database=orders", &[("#db", None)]);
    }

    #[test]
    fn of_secrets_only_their_urls_are_read() {
        for name in [
            "DB_PASS",
            "DB_PWD",
            "API_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "BASIC_AUTH",
            "SESSION_SALT",
            "SSH_HOSTKEY",
            "DB_HOST_PASSWORD",
            "db-credentials",
        ] {
            check(name, "hunter2-xyz", &[]);
            check(name, "admin:12345", &[]);
            check(name, "cache", &[]);
        }
        check("DB_SECRET_URL", "postgres://app:hunter2@db.shop:5432/x", &[("db.shop", Some(5432))]);
        check("KEYCLOAK", "keycloak", &[("#keycloak", None)]);
        check("TOKEN_SERVICE_ADDR", "tokens:8080", &[("tokens", Some(8080))]);
        check("PASSWORD_SERVERS", "passwords:80", &[("passwords", Some(80))]);
        check("LICENSE", "license:8080", &[("license", Some(8080))]);
        check("SESSION_STORE", "redis", &[("#redis", None)]);
        check_data("nginx.conf", "location ~ \\.php$ {\n  fastcgi_pass php:9000;\n}\n", &[("php", Some(9000))]);
        check_data("env.sh", "export DB_PASS=admin:12345\nexport X=1\n", &[]);
        check_argument("--password", "hunter2", &[]);
        check_argument("", "--basic-auth=admin:12345", &[]);
        check_data("app.conf", "password: admin:12345\nhost: db\n", &[("#db", None)]);
        check_data("DB_PWD", "hunter2", &[]);
    }

    #[test]
    fn arguments_count_as_values_of_their_flags() {
        check_argument("", "--redis=redis-cart:6379", &[("redis-cart", Some(6379))]);
        check_argument("--db", "mysql", &[("#mysql", None)]);
        check_argument("", "--db-host=mysql", &[("#mysql", None)]);
        check_argument("", "server", &[]);
        check_argument("--topic", "orders", &[]);
        check_argument("-c", "until nc -z kafka 9092; do sleep 2; done", &[("#kafka", Some(9092))]);
    }

    #[test]
    fn files_are_read_line_by_line() {
        check_data("DB_HOST", "postgres\n", &[("#postgres", None)]);
        check_data("app.yaml", "db:\n  host: postgres\n  name: orders\n", &[("#postgres", None)]);
        check_data("nginx.conf", "location / {\n  proxy_pass http://web:8080;\n}\n", &[("web", Some(8080))]);
    }

    #[test]
    fn a_password_beside_an_address_is_not_kept() {
        for text in [
            "postgres://app:hunter2@db:5432/app",
            "postgres://hunter2:12/34@db:5432/app",
            "postgres://hunter2:1,2@db:5432/app",
            "amqp://a:b@mq:5672 hunter2 Hunter2",
        ] {
            let found = format!("{:?}", hosts_in_variable("URL", text, &|| "f".into()));
            assert!(
                !found.contains("unter2") && !found.contains("12)") && !found.contains("Some(1)"),
                "{text}: {found}"
            );
        }
        assert!(hosts_in_variable("DB_PASSWORD", "hunter2", &|| "f".into()).is_empty());
    }
}
