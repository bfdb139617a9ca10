//! Through which proxy a cluster is reached, and whose certificate is believed.

use std::net::TcpListener;

use crate::place::kube::{Kube, certificate};
use crate::place::{Place, doctor, is_of_use, line_of_use};
use crate::proxy::Proxy;
use crate::{is_taken, port};

/// The entry of a cluster at a host, over TLS, whose certificate is made out for localhost.
fn at(kube: &Kube, host: &str) -> String {
    let authority = certificate("ca.pem");
    format!("server: 'https://{host}:{}', certificate-authority: '{authority}', tls-server-name: localhost", port(kube))
}

/// The context is read, and every connection to it went through the proxy.
#[track_caller]
fn is_taken_through(proxy: &Proxy, place: &Place, kubeconfig: &str, to: &str) {
    proxy.tunnels();
    is_taken(place, kubeconfig);
    let tunnels = proxy.tunnels();
    assert!(!tunnels.is_empty() && tunnels.iter().all(|it| it.to == to), "`{to}` in {tunnels:?}");
}

#[track_caller]
fn is_taken_beside(proxy: &Proxy, place: &Place, kubeconfig: &str) {
    proxy.tunnels();
    is_taken(place, kubeconfig);
    assert_eq!(proxy.tunnels(), [], "it was to go straight there");
}

#[test]
fn the_proxy_of_the_kubeconfig_is_gone_through_even_on_this_machine() {
    let (place, kube, proxy) = (Place::new(), Kube::start_tls(), Proxy::http());
    let to = format!("127.0.0.1:{}", port(&kube));
    let through = |proxy: &str| place.kubeconfig(&format!("{}, proxy-url: '{proxy}'", at(&kube, "127.0.0.1")), "");
    place.set("NO_PROXY", "*");
    is_taken_through(&proxy, &place, &through(&format!("http://{}", proxy.address)), &to);
    // A password in its address is shown to the proxy, as it is written without the escapes of an address.
    let named = through(&format!("http://mei:s%20cret@{}", proxy.address));
    place.json(&["topology", "--kubeconfig", &named, "--format", "json"]);
    let tunnels = proxy.tunnels();
    assert!(
        !tunnels.is_empty() && tunnels.iter().all(|it| it.authorization == "Basic bWVpOnMgY3JldA=="),
        "{tunnels:?}"
    );
    // A plain cluster too.
    let plain = Kube::start();
    let server = format!("server: '{}', proxy-url: 'http://{}'", plain.server.address, proxy.address);
    is_taken_through(&proxy, &place, &place.kubeconfig(&server, ""), &plain.server.address.replace("http://", ""));
    // One that is not there is named with where it was read, and without its password.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let gone = through(&format!("http://mei:s%20cret@{nobody}"));
    let error = place.error(&["topology", "--kubeconfig", &gone]);
    is_of_use(&error, "unreachable", &format!("through the proxy {nobody}, from proxy-url"));
    assert!(!error.1.to_string().contains("cret"), "{error:?}");
    let (exit, lines) = doctor(&place, &["--kubeconfig", &gone]);
    assert_eq!(exit, 1);
    line_of_use(&lines, "failed", "unreachable", &nobody);
}

#[test]
fn a_socks_proxy_is_gone_through_too() {
    let (place, kube, proxy) = (Place::new(), Kube::start_tls(), Proxy::socks());
    let server = format!("{}, proxy-url: 'socks5://{}'", at(&kube, "kube.example"), proxy.address);
    is_taken_through(&proxy, &place, &place.kubeconfig(&server, ""), &format!("kube.example:{}", port(&kube)));
}

#[test]
fn the_proxy_of_the_environment_is_gone_through_unless_no_proxy_says_otherwise() {
    let (place, kube, proxy) = (Place::new(), Kube::start_tls(), Proxy::http());
    // A name only the proxy can resolve, and an address of this machine that does not count as loopback.
    let (named, any) = (at(&kube, "kube.example"), at(&kube, "0.0.0.0"));
    let config = |cluster: &str| place.kubeconfig(cluster, "");
    place.set("HTTPS_PROXY", proxy.address.as_str());
    is_taken_through(&proxy, &place, &config(&named), &format!("kube.example:{}", port(&kube)));
    is_taken_through(&proxy, &place, &config(&any), &format!("0.0.0.0:{}", port(&kube)));
    is_taken_beside(&proxy, &place, &config(&at(&kube, "127.0.0.1")));
    for exception in ["0.0.0.0", "10.0.0.0/8, 0.0.0.0/8", "*"] {
        place.set("NO_PROXY", exception);
        is_taken_beside(&proxy, &place, &config(&any));
    }
    place.set("NO_PROXY", ".elsewhere.example,10.0.0.0/8");
    is_taken_through(&proxy, &place, &config(&any), &format!("0.0.0.0:{}", port(&kube)));
    // A plain address has a variable of its own, and its small letters count as well.
    let plain = Kube::start();
    let to = format!("0.0.0.0:{}", port(&plain));
    let plain = config(&format!("server: 'http://{to}'"));
    is_taken_beside(&proxy, &place, &plain);
    place.set("HTTPS_PROXY", "");
    place.set("http_proxy", format!("http://{}", proxy.address));
    is_taken_through(&proxy, &place, &plain, &to);
    place.set("http_proxy", "ftp://proxy.example");
    let error = place.error(&["topology", "--kubeconfig", &plain]);
    is_of_use(&error, "bad_kubeconfig", "`HTTP_PROXY` has the scheme `ftp`");
}

#[test]
fn a_certificate_is_held_against_the_name_the_kubeconfig_gives() {
    let (place, kube) = (Place::new(), Kube::start_tls());
    let named = at(&kube, "0.0.0.0");
    let unnamed = place.kubeconfig(&named.replace(", tls-server-name: localhost", ""), "");
    let error = place.error(&["topology", "--kubeconfig", &unnamed]);
    is_of_use(&error, "certificate", "belongs to another host");
    is_taken(&place, &place.kubeconfig(&named, ""));
    is_taken(&place, &place.kubeconfig(&at(&kube, "127.0.0.1"), ""));
}
