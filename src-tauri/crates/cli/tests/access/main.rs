//! The ways in: a kubeconfig as kubectl reads it, through the built program and a server that lets nobody else in.
//!
//! | what of the kubeconfig | test |
//! |---|---|
//! | `KUBECONFIG` lists | `the_files_of_a_list_count_together` |
//! | `token`, `tokenFile` | `a_token_is_shown_with_every_request`, `a_token_file_is_read_again_once_its_token_is_refused` |
//! | `exec` through the login shell's PATH | `a_plugin_only_the_login_shell_knows_is_found` |
//! | `auth-provider: oidc` | `an_oidc_token_is_shown_while_it_holds_and_named_when_it_does_not`, `an_expired_oidc_token_is_renewed…` |
//! | client certificates | `a_client_certificate_opens_the_way`, `a_plugin_may_hand_out_a_client_certificate` |
//! | `proxy-url` | `the_proxy_of_the_kubeconfig_is_gone_through_even_on_this_machine`, `a_socks_proxy_is_gone_through_too` |
//! | `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | `the_proxy_of_the_environment_is_gone_through_unless_no_proxy_says_otherwise` |
//! | `tls-server-name` | `a_certificate_is_held_against_the_name_the_kubeconfig_gives` |
//! | Services behind the API server | `sources_in_the_cluster_are_found_and_asked_through_its_proxy_with_their_tenant` |
//! | what is refused, then allowed | `refusals` |

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "the clock of a test, not of the product")]

mod credentials;
#[path = "../place/mod.rs"]
mod place;
mod proxy;
mod refusals;
mod services;
mod ways;

use place::kube::Kube;
use place::{Place, doctor};

/// The pod of the server is read, and the doctor finds nothing wrong.
#[track_caller]
fn is_taken(place: &Place, kubeconfig: &str) {
    let read = place.json(&["topology", "--kubeconfig", kubeconfig, "--format", "json"]);
    assert!(read["objects"].to_string().contains("\"cart\""), "{read}");
    let (exit, lines) = doctor(place, &["--kubeconfig", kubeconfig]);
    assert_eq!(exit, 0, "{lines:#?}");
}

/// The port a server listens on.
fn port(kube: &Kube) -> &str {
    kube.server.address.rsplit(':').next().unwrap()
}
