//! Exec credential plugins, run by us instead of kube-rs: with a time limit, with the login shell's PATH, without a
//! terminal, and with errors that say what was run and what it said.
//!
//! Protocol: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>.

use std::ffi::OsString;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use broadstreet_core::time::Moment;
use chrono::DateTime;
use kube::config::{Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use tokio::process::Command;

/// What stands around the PATH in the login shell's answer, which may hold greetings too.
const MARK: &str = "__broadstreet_path__";

/// What a plugin handed out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// A bearer token.
    pub token: Option<String>,
    /// A client certificate and its key, PEM.
    pub certificate: Option<(String, String)>,
    /// When it ends, where the plugin says.
    pub expires_at: Option<Moment>,
}

#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Asks the login shell for its PATH: a desktop application is not started by it. `None` where there is no shell, or
/// it does not answer within `limit`.
pub async fn login_path(limit: Duration) -> Option<OsString> {
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty())?;
    let mut command = Command::new(shell);
    command.arg("-lc").arg(format!("printf '{MARK}%s{MARK}' \"$PATH\""));
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(limit, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let path = text.split(MARK).nth(1)?;
    (!path.is_empty()).then(|| OsString::from(path))
}

/// The folders searched: the process's own, then those only the login shell has.
pub fn search_path(own: Option<OsString>, login: Option<OsString>) -> OsString {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in [own, login].iter().flatten().flat_map(std::env::split_paths) {
        if !folder.as_os_str().is_empty() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    std::env::join_paths(folders).unwrap_or_default()
}

/// Runs the plugin.
///
/// # Errors
/// In words that follow "the credential plugin `x` of context `y`": not found with the PATH searched and the
/// kubeconfig's hint, exit code with stderr, not done within `limit`, an answer that is none.
pub async fn run(exec: &ExecConfig, cluster: &Cluster, path: OsString, limit: Duration) -> Result<Credential, String> {
    let name = exec.command.as_deref().filter(|name| !name.is_empty()).ok_or("is named without a command")?;
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(
            "wants a terminal (`interactiveMode: Always`), which is not here; log in with kubectl first".to_owned()
        );
    }
    let program = find(name, &path).ok_or_else(|| {
        let hint = exec.install_hint.as_deref().map(|hint| format!("; {}", hint.trim())).unwrap_or_default();
        format!("is not found (PATH searched: {}){hint}", path.display())
    })?;
    let mut spec = serde_json::json!({ "interactive": false });
    if exec.provide_cluster_info {
        let about =
            ExecAuthCluster::try_from(cluster).map_err(|error| format!("cannot be told the cluster: {error}"))?;
        spec["cluster"] = serde_json::to_value(about).unwrap_or_default();
    }
    let version = exec.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    let about = serde_json::json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec });

    let mut command = Command::new(program);
    command.args(exec.args.iter().flatten()).env("PATH", &path).env("KUBERNETES_EXEC_INFO", about.to_string());
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(limit, command.output())
        .await
        .map_err(|_| format!("did not end within {} s; it may be waiting for a log-in", limit.as_secs_f32()))?
        .map_err(|error| format!("cannot be started: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = if said.trim().is_empty() { "nothing" } else { said.trim() };
        return Err(format!("failed with {}; it said: {}", output.status, shorten(said, 600)));
    }
    credential(&output.stdout)
}

fn credential(stdout: &[u8]) -> Result<Credential, String> {
    // client-go reads YAML here too. The parser's own words are not repeated: they may quote a token.
    let answer: Answer = serde_saphyr::from_slice(stdout)
        .map_err(|_| format!("answered {} bytes that are no ExecCredential", stdout.len()))?;
    let status = answer.status.ok_or("answered an ExecCredential without `status`")?;
    let expires_at = match status.expiration_timestamp.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(
            DateTime::parse_from_rfc3339(&text)
                .map_err(|_| format!("answered an `expirationTimestamp` that is no time: `{}`", shorten(&text, 40)))?
                .to_utc(),
        ),
    };
    let token = status.token.filter(|token| !token.is_empty());
    let certificate = status.client_certificate_data.zip(status.client_key_data);
    if token.is_none() && certificate.is_none() {
        return Err("answered neither a token nor a client certificate with its key".to_owned());
    }
    Ok(Credential { token, certificate, expires_at })
}

fn find(name: &str, path: &OsString) -> Option<PathBuf> {
    if name.contains(MAIN_SEPARATOR) {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    let endings: &[&str] = if cfg!(windows) { &["", ".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(path)
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{name}{ending}"))))
        .find(|path| may_run(path))
}

#[cfg(unix)]
fn may_run(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn may_run(path: &Path) -> bool {
    path.is_file()
}

/// The first `longest` characters, with a mark where something was left out.
pub fn shorten(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        text.to_owned()
    } else {
        text.chars().take(longest).chain("…".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stdout: &str, expected: Result<(Option<&str>, bool), &str>) {
        match (credential(stdout.as_bytes()), expected) {
            (Ok(found), Ok((token, expires))) => {
                assert_eq!((found.token.as_deref(), found.expires_at.is_some()), (token, expires));
            }
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (Ok(_), Err(part)) => panic!("`{stdout}` should fail with `{part}`"),
            (Err(why), Ok(_)) => panic!("`{stdout}`: {why}"),
        }
    }

    #[test]
    fn answers_of_plugins_are_read_or_refused_in_words() {
        check(r#"{"kind":"ExecCredential","status":{"token":"t"}}"#, Ok((Some("t"), false)));
        check("status:\n  token: t\n  expirationTimestamp: 2030-01-01T00:00:00Z\n", Ok((Some("t"), true)));
        check(r#"{"status":{"clientCertificateData":"c","clientKeyData":"k"}}"#, Ok((None, false)));
        check(r#"{"status":{"token":"","clientCertificateData":"c"}}"#, Err("neither a token nor"));
        check(r#"{"status":{"token":"t","expirationTimestamp":"soon"}}"#, Err("`soon`"));
        check("{}", Err("without `status`"));
        check("Please visit https://login.example", Err("no ExecCredential"));
    }

    #[test]
    fn the_login_shells_folders_come_after_our_own() {
        let path = search_path(Some("/a:/b".into()), Some("/b:/c".into()));
        assert_eq!(path, OsString::from("/a:/b:/c"));
        assert_eq!(search_path(None, None), OsString::new());
    }
}
