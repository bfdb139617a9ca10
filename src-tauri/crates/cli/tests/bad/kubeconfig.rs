//! Kubeconfigs, credentials and certificates that do not work.
//!
//! | case | test |
//! |---|---|
//! | no kubeconfig | `without_a_kubeconfig_it_says_where_it_looked` |
//! | broken YAML | `broken_yaml_is_named_with_its_line_and_without_its_text` |
//! | unknown context | `an_unknown_context_is_named_beside_those_there_are` |
//! | exec plugin missing, failing | `a_plugin_that_is_missing_fails_or_answers_nonsense_is_named` |
//! | exec plugin slow | `a_plugin_that_waits_for_a_log_in_is_given_up` |
//! | refused credentials | `refused_credentials_name_server_and_context` |
//! | expired credentials | `credentials_that_expire_under_way_are_renewed_by_themselves` |
//! | certificate of another host | `a_certificate_of_another_host_or_authority_is_told_apart` |

use crate::place::desk::answer_of_use;
use crate::place::kube::{Kube, certificate, plugin, status, unless_bearer};
use crate::place::{Place, doctor, is_of_use, line_of_use, script};
use crate::{nothing_is_lost, recorded};

/// The topology of the pod that the server has is read.
#[track_caller]
fn is_taken(place: &Place, kubeconfig: &str) {
    let read = place.json(&["topology", "--kubeconfig", kubeconfig, "--format", "json"]);
    assert!(read["objects"].to_string().contains("\"cart\""), "{read}");
    let (exit, lines) = doctor(place, &["--kubeconfig", kubeconfig]);
    assert_eq!(exit, 0, "{lines:#?}");
}

/// `topology` fails with this code, and the doctor says the same.
#[track_caller]
fn is_refused(place: &Place, kubeconfig: &str, code: &str, names: &[&str]) {
    let error = place.error(&["topology", "--kubeconfig", kubeconfig]);
    let (exit, lines) = doctor(place, &["--kubeconfig", kubeconfig]);
    assert_eq!(exit, 1);
    for name in names {
        is_of_use(&error, code, name);
        line_of_use(&lines, "failed", code, name);
    }
}

#[test]
fn without_a_kubeconfig_it_says_where_it_looked() {
    let (place, kube) = (recorded(), Kube::start());
    is_of_use(&place.error(&["topology"]), "no_kubeconfig", ".kube/config");
    is_refused(&place, "nowhere.yaml", "no_kubeconfig", &["nowhere.yaml"]);
    let (exit, lines) = doctor(&place, &[]);
    assert_eq!(exit, 0, "a desk without a cluster still opens bundles");
    line_of_use(&lines, "warning", "no_kubeconfig", ".kube/config");
    let desk = place.serve(&[]);
    answer_of_use(&desk.open("nowhere.yaml").unwrap_err(), "no_kubeconfig", "nowhere.yaml");
    assert_eq!(desk.open(&place.kubeconfig_of(&kube)).unwrap()["mode"], "live");
    nothing_is_lost(&place);
}

#[test]
fn broken_yaml_is_named_with_its_line_and_without_its_text() {
    let (place, kube) = (recorded(), Kube::start());
    let broken = "apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user: {token: s3cret\nclusters: [\n";
    let path = place.file("kubeconfig", broken).display().to_string();
    is_refused(&place, &path, "bad_kubeconfig", &["kubeconfig", "line"]);
    let said = place.error(&["topology", "--kubeconfig", &path]).1.to_string();
    assert!(!said.contains("s3cret"), "{said}");
    place.file("kubeconfig", "- a list\n");
    is_refused(&place, &path, "bad_kubeconfig", &["kubeconfig"]);
    let desk = place.serve(&[]);
    answer_of_use(&desk.open(&path).unwrap_err(), "bad_kubeconfig", "kubeconfig");
    is_taken(&place, &place.kubeconfig_of(&kube));
    nothing_is_lost(&place);
}

#[test]
fn an_unknown_context_is_named_beside_those_there_are() {
    let (place, kube) = (recorded(), Kube::start());
    let path = place.kubeconfig_of(&kube);
    let error = place.error(&["topology", "--kubeconfig", &path, "--context", "london"]);
    is_of_use(&error, "unknown_context", "london");
    is_of_use(&error, "unknown_context", "lab");
    let error = place.error(&["serve", "--kubeconfig", &path, "--context", "london"]);
    is_of_use(&error, "unknown_context", "london");
    place.json(&["topology", "--kubeconfig", &path, "--context", "lab", "--format", "json"]);
    nothing_is_lost(&place);
}

#[test]
fn a_plugin_that_is_missing_fails_or_answers_nonsense_is_named() {
    let (place, kube) = (recorded(), Kube::start());
    kube.fault(unless_bearer("good"));
    let server = format!("server: '{}'", kube.server.address);
    let missing = place.kubeconfig(&server, &plugin("no-such-plugin"));
    is_refused(&place, &missing, "credential_plugin", &["no-such-plugin", "lab", "not found", "get it from the shelf"]);
    let path = place.path().join("plugin");
    let failing = place.kubeconfig(&server, &plugin(&script(&path, "echo please log in >&2; exit 7")));
    is_refused(&place, &failing, "credential_plugin", &["plugin", "lab", "exit status: 7", "please log in"]);
    script(&path, "echo 'visit https://login.example'");
    is_refused(&place, &failing, "credential_plugin", &["plugin", "lab", "no ExecCredential"]);
    script(&path, r#"echo '{"kind":"ExecCredential","status":{"token":"good"}}'"#);
    is_taken(&place, &failing);
    nothing_is_lost(&place);
}

#[test]
fn a_plugin_that_waits_for_a_log_in_is_given_up() {
    let (place, kube) = (recorded(), Kube::start());
    let path = place.path().join("plugin");
    // Without a child of its own: who is given up is ended, and leaves nothing behind.
    let slow = plugin(&script(&path, "exec sleep 300"));
    let kubeconfig = place.kubeconfig(&format!("server: '{}'", kube.server.address), &slow);
    let began = std::time::Instant::now();
    let error = place.error(&["topology", "--kubeconfig", &kubeconfig]);
    assert!(began.elapsed().as_secs() < 90, "{:?}", began.elapsed());
    is_of_use(&error, "credential_plugin", "plugin");
    is_of_use(&error, "credential_plugin", "did not end within 30 s");
    script(&path, r#"echo '{"kind":"ExecCredential","status":{"token":"good"}}'"#);
    is_taken(&place, &kubeconfig);
    nothing_is_lost(&place);
}

#[test]
fn refused_credentials_name_server_and_context() {
    let (place, kube) = (recorded(), Kube::start());
    let kubeconfig = place.kubeconfig(&format!("server: '{}'", kube.server.address), "token: s3cret");
    kube.fault(|_| Some(status(401, "Unauthorized", "the token has expired")));
    is_refused(&place, &kubeconfig, "unauthorized", &[&kube.server.address, "`lab`", "the token has expired"]);
    let said = place.error(&["topology", "--kubeconfig", &kubeconfig]).1.to_string();
    assert!(!said.contains("s3cret"), "{said}");
    let desk = place.serve(&[]);
    answer_of_use(&desk.open(&kubeconfig).unwrap_err(), "unauthorized", &kube.server.address);
    kube.well();
    assert_eq!(desk.open(&kubeconfig).unwrap()["mode"], "live");
    is_taken(&place, &kubeconfig);
    nothing_is_lost(&place);
}

#[test]
fn credentials_that_expire_under_way_are_renewed_by_themselves() {
    let (place, kube) = (recorded(), Kube::start());
    let token = place.file("token", "one");
    let command = format!(r#"echo "{{\"status\":{{\"token\":\"$(cat {})\"}}}}""#, token.display());
    let script = script(&place.path().join("plugin"), &command);
    let kubeconfig = place.kubeconfig(&format!("server: '{}'", kube.server.address), &plugin(&script));
    kube.fault(unless_bearer("one"));
    let desk = place.serve(&["--kubeconfig", &kubeconfig]);
    desk.until_source(10, "cluster:lab", "live", |it| it["state"] == "live");
    kube.fault(unless_bearer("two"));
    let refused = desk.until_source(10, "cluster:lab", "refused", |it| it["code"] == "unauthorized");
    assert!(refused["why"].as_str().unwrap().contains(&kube.server.address), "{refused}");
    assert!(refused["hint"].as_str().unwrap().contains("log in again"), "{refused}");
    let (exit, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    assert_eq!(exit, 1);
    line_of_use(&lines, "failed", "unauthorized", "the token has expired");
    std::fs::write(&token, "two").unwrap();
    desk.until_source(15, "cluster:lab", "in again", |it| it["state"] == "live" && it["code"] == "");
    drop(desk);
    nothing_is_lost(&place);
}

#[test]
fn a_certificate_of_another_host_or_authority_is_told_apart() {
    let (place, kube) = (recorded(), Kube::start_tls());
    let server = format!("server: '{}', certificate-authority: '{}'", kube.server.address, certificate("ca.pem"));
    let other = place.kubeconfig(&format!("{server}, tls-server-name: prod.example"), "");
    is_refused(&place, &other, "certificate", &[&kube.server.address, "belongs to another host"]);
    let desk = place.serve(&[]);
    answer_of_use(&desk.open(&other).unwrap_err(), "certificate", &kube.server.address);
    let foreign = format!("server: '{}', certificate-authority: '{}'", kube.server.address, certificate("client.pem"));
    let foreign = place.kubeconfig(&foreign, "");
    is_refused(&place, &foreign, "certificate", &[&kube.server.address, "authority"]);
    let plain = place.kubeconfig(&format!("server: '{}'", kube.server.address.replace("https", "http")), "");
    let error = place.error(&["topology", "--kubeconfig", &plain]);
    is_of_use(&error, "not_kubernetes", &kube.server.address.replace("https", "http"));
    is_taken(&place, &place.kubeconfig(&server, ""));
    nothing_is_lost(&place);
}
