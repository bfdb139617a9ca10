//! How it is proved who asks. The servers here let nobody in who does not show what the kubeconfig holds.

use std::time::Instant;

use serde_json::json;

use crate::is_taken;
use crate::place::kube::{Kube, certificate, plugin, unless_bearer};
use crate::place::server::{Server, Told};
use crate::place::{Place, doctor, is_of_use, line_of_use, script};

/// An ID token that holds until the year 3000, and one that ended in 2000. Nobody here checks what they are signed with.
const LASTING: &str = "e30.eyJleHAiOjMyNTAzNjgwMDAwfQ.c2ln";
const EXPIRED: &str = "e30.eyJleHAiOjk0NjY4NDgwMH0.c2ln";

fn server(kube: &Kube) -> String {
    format!("server: '{}'", kube.server.address)
}

#[test]
fn the_files_of_a_list_count_together() {
    let (place, kube) = (Place::new(), Kube::start());
    kube.fault(unless_bearer("x"));
    let whole = std::fs::read_to_string(place.kubeconfig(&server(&kube), "token: x")).unwrap();
    // The context in one file, its user in the next, and a file between them that is not there.
    let user = whole.find("users:").unwrap()..whole.find("contexts:").unwrap();
    let first = place.file("first", &whole.replace(&whole[user.clone()], ""));
    let second = place.file("second", &format!("apiVersion: v1\nkind: Config\n{}", &whole[user]));
    place.set("KUBECONFIG", format!("{}:missing:{}", first.display(), second.display()));
    let read = place.json(&["topology", "--context", "lab", "--format", "json"]);
    assert!(read["objects"].to_string().contains("\"cart\""), "{read}");
}

#[test]
fn a_token_is_shown_with_every_request() {
    let (place, kube) = (Place::new(), Kube::start());
    kube.fault(unless_bearer("x"));
    is_taken(&place, &place.kubeconfig(&server(&kube), "token: x"));
    let asked = kube.server.asked();
    assert!(asked.len() > 30 && asked.iter().all(|it| it.header("authorization") == "Bearer x"), "{asked:?}");
    let without = place.kubeconfig(&server(&kube), "");
    is_of_use(&place.error(&["topology", "--kubeconfig", &without]), "unauthorized", &kube.server.address);
}

#[test]
fn a_token_file_is_read_again_once_its_token_is_refused() {
    let (place, kube) = (Place::new(), Kube::start());
    let token = place.file("token", "one\n");
    // Beside the kubeconfig, as a relative path is meant.
    let kubeconfig = place.kubeconfig(&server(&kube), "tokenFile: token");
    kube.fault(unless_bearer("one"));
    is_taken(&place, &kubeconfig);
    let desk = place.serve(&["--kubeconfig", &kubeconfig]);
    desk.until_source(10, "cluster:lab", "live", |it| it["state"] == "live");
    kube.fault(unless_bearer("two"));
    desk.until_source(10, "cluster:lab", "refused", |it| it["code"] == "unauthorized");
    std::fs::write(&token, "two\n").unwrap();
    desk.until_source(15, "cluster:lab", "in again", |it| it["state"] == "live" && it["code"] == "");
    drop(desk);
    std::fs::write(&token, "\n").unwrap();
    let error = || place.error(&["topology", "--kubeconfig", &kubeconfig]);
    is_of_use(&error(), "unauthorized", &format!("`{}` is empty", token.display()));
    std::fs::remove_file(&token).unwrap();
    is_of_use(&error(), "unauthorized", &format!("`{}`: No such file", token.display()));
    // A token beside it stands in only where the file says none.
    let both = place.kubeconfig(&server(&kube), "token: two, tokenFile: token");
    is_taken(&place, &both);
    std::fs::write(&token, "three").unwrap();
    kube.fault(unless_bearer("three"));
    is_taken(&place, &both);
}

#[test]
fn a_plugin_only_the_login_shell_knows_is_found() {
    let (place, kube) = (Place::new(), Kube::start());
    kube.fault(unless_bearer("good"));
    let tools = place.path().join("tools");
    std::fs::create_dir(&tools).unwrap();
    script(&tools.join("cluster-login"), r#"echo '{"kind":"ExecCredential","status":{"token":"good"}}'"#);
    let kubeconfig = place.kubeconfig(&server(&kube), &plugin("cluster-login"));
    let is_missing = || {
        let error = place.error(&["topology", "--kubeconfig", &kubeconfig]);
        is_of_use(&error, "credential_plugin", "`cluster-login`");
        is_of_use(&error, "credential_plugin", "not found (PATH searched: ");
    };
    is_missing();
    // A login shell reads the profile of its user; what it says besides is no part of its PATH.
    place.set("SHELL", "/bin/sh");
    is_missing();
    place.file(".profile", "echo 'Welcome back, Mei'\nPATH=\"$PATH:$HOME/tools\"\n");
    is_taken(&place, &kubeconfig);
    // A desk that was started without the shell's environment, as a desktop starts it.
    place.set("PATH", "/usr/bin:/bin");
    let desk = place.serve(&["--kubeconfig", &kubeconfig]);
    desk.until_source(10, "cluster:lab", "live", |it| it["state"] == "live");
    // Shells that say nothing, are not there, or never end hold nothing up for long.
    for shell in [script(&place.path().join("shell"), "exec sleep 300"), "/nowhere/sh".into(), "/bin/true".into()] {
        place.set("SHELL", shell);
        let began = Instant::now();
        is_missing();
        assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    }
}

fn oidc(fields: &str) -> String {
    format!("auth-provider: {{name: oidc, config: {{{fields}}}}}")
}

#[test]
fn an_oidc_token_is_shown_while_it_holds_and_named_when_it_does_not() {
    let (place, kube) = (Place::new(), Kube::start());
    kube.fault(unless_bearer(LASTING));
    is_taken(&place, &place.kubeconfig(&server(&kube), &oidc(&format!("id-token: {LASTING}"))));
    let asked = kube.server.asked().len();
    let expired = place.kubeconfig(&server(&kube), &oidc(&format!("id-token: {EXPIRED}")));
    for words in ["`lab`", "ID token expired", "idp-issuer-url"] {
        let error = place.error(&["topology", "--kubeconfig", &expired]);
        is_of_use(&error, "unauthorized", words);
        assert!(!error.1.to_string().contains(EXPIRED), "{error:?}");
    }
    let (exit, lines) = doctor(&place, &["--kubeconfig", &expired]);
    assert_eq!(exit, 1);
    line_of_use(&lines, "failed", "unauthorized", "ID token expired");
    let missing = place.kubeconfig(&server(&kube), &oidc("client-id: kubernetes"));
    is_of_use(&place.error(&["topology", "--kubeconfig", &missing]), "unauthorized", "id-token");
    assert_eq!(kube.server.asked().len(), asked, "without a token that holds nothing is asked");
    let other = place.kubeconfig(&server(&kube), "auth-provider: {name: gcp, config: {}}");
    is_of_use(&place.error(&["topology", "--kubeconfig", &other]), "bad_kubeconfig", "auth-provider `gcp`");
}

#[test]
fn an_expired_oidc_token_is_renewed_with_the_one_for_renewing() {
    let (place, kube) = (Place::new(), Kube::start());
    kube.fault(unless_bearer(LASTING));
    let issuer =
        Server::start_tls(&certificate("server.pem"), &certificate("server.key"), None, |_| Told::with(404, ""));
    let endpoint = format!("{}/token", issuer.address);
    issuer.say(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/.well-known/openid-configuration") => Told::ok(json!({ "token_endpoint": endpoint }).to_string()),
        ("POST", "/token") if asked.body.contains("refresh_token=again") => {
            Told::ok(json!({ "id_token": LASTING, "refresh_token": "again" }).to_string())
        }
        _ => Told::with(400, "{}"),
    });
    place.set("SSL_CERT_FILE", certificate("ca.pem"));
    let fields = |again: &str| {
        let issuer = &issuer.address;
        format!(
            "id-token: {EXPIRED}, refresh-token: {again}, client-id: c, client-secret: s, idp-issuer-url: '{issuer}'"
        )
    };
    is_taken(&place, &place.kubeconfig(&server(&kube), &oidc(&fields("again"))));
    let refused = place.kubeconfig(&server(&kube), &oidc(&fields("spent")));
    let error = place.error(&["topology", "--kubeconfig", &refused]);
    is_of_use(&error, "unauthorized", "ID token expired and refreshing failed");
    assert!(!error.1.to_string().contains("spent"), "{error:?}");
}

fn mutual(kube: &Kube) -> String {
    format!("server: '{}', certificate-authority: '{}'", kube.server.address, certificate("ca.pem"))
}

#[test]
fn a_client_certificate_opens_the_way() {
    let (place, kube) = (Place::new(), Kube::start_mutual_tls());
    let pair =
        format!("client-certificate: '{}', client-key: '{}'", certificate("client.pem"), certificate("client.key"));
    is_taken(&place, &place.kubeconfig(&mutual(&kube), &pair));
    let without = place.kubeconfig(&mutual(&kube), "");
    let error = place.error(&["topology", "--kubeconfig", &without]);
    is_of_use(&error, "unauthorized", "client certificate");
    let pair = "client-certificate: /nowhere/client.pem, client-key: /nowhere/client.key";
    let error = place.error(&["topology", "--kubeconfig", &place.kubeconfig(&mutual(&kube), pair)]);
    is_of_use(&error, "bad_kubeconfig", "/nowhere/client");
}

#[test]
fn a_plugin_may_hand_out_a_client_certificate() {
    let (place, kube) = (Place::new(), Kube::start_mutual_tls());
    let read = |name: &str| std::fs::read_to_string(certificate(name)).unwrap();
    let pair = json!({ "clientCertificateData": read("client.pem"), "clientKeyData": read("client.key") });
    let answer = place.file("answer", &json!({ "kind": "ExecCredential", "status": pair }).to_string());
    let path = script(&place.path().join("plugin"), &format!("cat '{}'", answer.display()));
    is_taken(&place, &place.kubeconfig(&mutual(&kube), &plugin(&path)));
}
