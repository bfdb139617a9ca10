//! Texts in which an address may stand, read for host tokens and dropped.

use sha2::{Digest, Sha256};

use super::{HostName, HostToken};

/// Texts longer than this are read up to here; addresses stand early or in lines of their own.
const LONGEST_TEXT: usize = 64 << 10;

/// Forty bits of a word's SHA-256: enough to tell Services apart, too little to give a password away.
#[must_use]
pub fn hash_host(word: &str) -> u64 {
    let digest = Sha256::digest(word.as_bytes());
    digest[..5].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Reads the host tokens of one text; `field` is where it stands.
#[must_use]
pub fn hosts_in(text: &str, field: &str) -> Vec<HostToken> {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut found: Vec<HostToken> = Vec::new();
    for word in text[..end].split(|c: char| c.is_whitespace() || "\"'`,;|()[]{}<>=\\".contains(c)) {
        let Some((host, port)) = host_of(word) else { continue };
        let token = HostToken { field: field.to_owned(), host, port };
        if !found.contains(&token) {
            found.push(token);
        }
    }
    found
}

fn host_of(word: &str) -> Option<(HostName, Option<u16>)> {
    if let Some((_, rest)) = word.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // Whoever stands before the @ of a URL is a user with a password.
        let host = authority.rsplit('@').next().unwrap_or_default();
        let (name, port) = split_port(host);
        return is_dns_name(name).then(|| (HostName::Written(name.to_owned()), port));
    }
    let bare = word.split('/').next().unwrap_or_default();
    if bare.contains('@') {
        return None;
    }
    let (name, port) = split_port(bare);
    if !is_dns_name(name) {
        return None;
    }
    let labels = name.split('.').count();
    let cluster_shaped = name.ends_with(".svc") || name.contains(".svc.");
    if cluster_shaped || (port.is_some() && labels == 1) {
        return Some((HostName::Written(name.to_owned()), port));
    }
    if labels > 2 || name.len() > 63 * 2 + 1 {
        return None;
    }
    Some((HostName::Hashed(hash_host(name)), port))
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
    name.bytes().any(|b| b.is_ascii_lowercase()) && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Option<u16>)]) {
        let found: Vec<(HostName, Option<u16>)> =
            hosts_in(text, "f").into_iter().map(|token| (token.host, token.port)).collect();
        let expected: Vec<(HostName, Option<u16>)> = expected
            .iter()
            .map(|(name, port)| match name.strip_prefix('#') {
                Some(word) => (HostName::Hashed(hash_host(word)), *port),
                None => (HostName::Written((*name).to_owned()), *port),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn addresses_are_written_and_bare_words_hashed() {
        check("cartservice:7070", &[("cartservice", Some(7070))]);
        check("http://user:secret@cart.shop:80/x?y", &[("cart.shop", Some(80))]);
        check("redis.cache.svc.cluster.local:6379", &[("redis.cache.svc.cluster.local", Some(6379))]);
        check("postgres", &[("#postgres", None)]);
        check("db.data", &[("#db.data", None)]);
        check("db.data:5432", &[("#db.data", Some(5432))]);
        check("8080", &[]);
        check("me@example", &[]);
        check("/var/run/x.sock", &[]);
        check("-host=mysql:3306 --q", &[("mysql", Some(3306))]);
    }

    #[test]
    fn a_password_beside_an_address_is_not_kept() {
        let found = format!("{:?}", hosts_in("postgres://app:hunter2@db:5432/app hunter3 Hunter4", "f"));
        assert!(!found.contains("hunter2") && !found.contains("hunter3") && !found.contains("unter4"), "{found}");
    }
}
