//! Which proxy stands between here and the API server.
//!
//! As client-go does: `proxy-url` of the kubeconfig always counts; else `HTTPS_PROXY` (or `HTTP_PROXY` for a plain
//! address) unless `NO_PROXY` names the *server*. kube-rs holds `NO_PROXY` against the proxy's own address, so it is
//! decided here.

use std::net::IpAddr;

use http::Uri;

/// The variables that matter, read once from the environment so that tests can say something else.
#[derive(Clone, Debug, Default)]
pub struct ProxyEnvironment {
    /// `HTTPS_PROXY` or `https_proxy`.
    pub https: Option<String>,
    /// `HTTP_PROXY` or `http_proxy`.
    pub http: Option<String>,
    /// `NO_PROXY` or `no_proxy`.
    pub none: Option<String>,
}

impl ProxyEnvironment {
    /// What the process was started with.
    #[must_use]
    pub fn of_this_process() -> Self {
        let read = |names: [&str; 2]| {
            names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.trim().is_empty())
        };
        Self {
            https: read(["HTTPS_PROXY", "https_proxy"]),
            http: read(["HTTP_PROXY", "http_proxy"]),
            none: read(["NO_PROXY", "no_proxy"]),
        }
    }
}

/// A proxy and where it was named, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address.
    pub address: Uri,
    /// `proxy-url`, `HTTPS_PROXY` or `HTTP_PROXY`.
    pub named_by: &'static str,
}

/// Finds the proxy for `server`.
///
/// # Errors
/// When the address of the proxy cannot be read or has a scheme other than http, https and socks5.
pub fn choose(server: &Uri, proxy_url: Option<&str>, environment: &ProxyEnvironment) -> Result<Option<Proxy>, String> {
    if let Some(given) = proxy_url.filter(|given| !given.trim().is_empty()) {
        return parse(given, "proxy-url").map(Some);
    }
    let plain = server.scheme_str() == Some("http");
    let (given, named_by) = if plain { (&environment.http, "HTTP_PROXY") } else { (&environment.https, "HTTPS_PROXY") };
    let Some(given) = given else { return Ok(None) };
    if is_excepted(server, environment.none.as_deref().unwrap_or_default()) {
        return Ok(None);
    }
    parse(given, named_by).map(Some)
}

fn parse(given: &str, named_by: &'static str) -> Result<Proxy, String> {
    let given = given.trim();
    let whole = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    let address: Uri = whole.parse().map_err(|error| format!("`{named_by}` is no address: {error}"))?;
    match address.scheme_str() {
        Some("http" | "https" | "socks5") => Ok(Proxy { address, named_by }),
        other => {
            Err(format!("`{named_by}` has the scheme `{}`; http, https and socks5 work", other.unwrap_or_default()))
        }
    }
}

/// Whether `NO_PROXY` excepts the server. Loopback is never proxied. An entry is `*`, an address, a network, or a
/// domain (itself and what is under it; with a leading dot only what is under it), each with an optional port.
fn is_excepted(server: &Uri, exceptions: &str) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    exceptions.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        if entry == "*" {
            return true;
        }
        if let Some((network, bits)) = entry.split_once('/') {
            return address.is_some_and(|address| is_within(address, network, bits));
        }
        let whole: Option<IpAddr> = entry.trim_matches(['[', ']']).parse().ok();
        if let Some(excepted) = whole {
            return address == Some(excepted);
        }
        let (name, wanted) = match entry.rsplit_once(':') {
            Some((name, digits)) => match digits.parse::<u16>() {
                Ok(port) => (name.trim_matches(['[', ']']).to_owned(), Some(port)),
                Err(_) => (entry.clone(), None),
            },
            None => (entry.clone(), None),
        };
        if wanted.is_some_and(|wanted| wanted != port) {
            return false;
        }
        if let Ok(excepted) = name.parse::<IpAddr>() {
            return address == Some(excepted);
        }
        let name = name.trim_start_matches('*');
        match name.strip_prefix('.') {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
        }
    })
}

fn is_within(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(address) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(address) & mask == u128::from(network) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(server: &str, proxy_url: Option<&str>, none: &str, expected: Option<&str>) {
        let environment = ProxyEnvironment {
            https: Some("proxy.example:3128".to_owned()),
            http: Some("http://plain.example:80".to_owned()),
            none: Some(none.to_owned()),
        };
        let server: Uri = server.parse().expect("an address");
        let found = choose(&server, proxy_url, &environment).expect("a proxy or none");
        let found = found.map(|proxy| proxy.address.to_string());
        assert_eq!(found.as_deref(), expected, "{server} with NO_PROXY={none}");
    }

    #[test]
    fn the_environment_is_read_as_go_reads_it() {
        let proxy = Some("http://proxy.example:3128/");
        check("https://api.example:6443", None, "", proxy);
        check("http://api.example", None, "", Some("http://plain.example:80/"));
        check("https://api.example:6443", None, "a,,b", proxy);
        check("https://api.example:6443", None, "example", None);
        check("https://api.example:6443", None, ".example", None);
        check("https://example", None, ".example", proxy);
        check("https://notexample", None, "example", proxy);
        check("https://api.example:6443", None, "api.example:443", proxy);
        check("https://api.example:6443", None, "api.example:6443", None);
        check("https://api.example:6443", None, "*", None);
        check("https://10.1.2.3:6443", None, "10.0.0.0/8", None);
        check("https://11.1.2.3:6443", None, "10.0.0.0/8", proxy);
        check("https://10.1.2.3:6443", None, "0.0.0.0/0", None);
        check("https://[fd00::1]:6443", None, "fd00::/16", None);
        check("https://[fd00::1]:6443", None, "fd00::1", None);
        check("https://127.0.0.1:6443", None, "", None);
        check("https://localhost:6443", None, "", None);
    }

    #[test]
    fn the_kubeconfigs_own_proxy_always_counts() {
        check("https://127.0.0.1:6443", Some("socks5://x:1"), "*", Some("socks5://x:1/"));
        let error = choose(&Uri::from_static("https://a"), Some("ftp://x"), &ProxyEnvironment::default());
        assert!(error.is_err_and(|why| why.contains("`proxy-url` has the scheme `ftp`")));
    }
}
