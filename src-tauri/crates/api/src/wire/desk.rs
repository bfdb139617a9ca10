//! The desk: what is open, who sits at it, how fresh the sources are, settings.

use super::wire;

wire! {
    /// Nothing to say: a command without arguments, or without an answer.
    Nothing {}
    /// What is open right now. `mode` is `live`, `recorded` (a bundle or the bundled incident) or `closed`.
    Desk {
        version: String, mode: String,
        /// The context's or the bundle's name.
        title: String,
        /// The incident the views show; absent where none is open.
        incident: Option<String>,
        acting: Option<PersonView>, people: Vec<PersonView>,
        sources: Vec<SourceView>,
        /// What recording covers: from, to (to is now while live).
        recorded_from: Option<String>, recorded_to: Option<String>,
        /// Where a recorded desk opens: the worst moment.
        opens_at: Option<String>,
        /// The desk's clock.
        now: String,
        /// Things a person must know: a vacant command, a clock that disagrees, a full disk.
        alarms: Vec<AlarmView>,
        /// True where the device's key lies in a file because there is no keyring.
        demo: bool, revision: u32,
    }
    /// A person.
    PersonView { id: String, name: String }
    /// An alarm on screen: `code` names it (`command_vacant`, `clock_disagrees`, `evidence_not_frozen`,
    /// `heartbeat_missing`, `storage`), and `subject` the source, incident or alert it is about. No two alarms that stand
    /// at once have the same code and subject.
    AlarmView { code: String, subject: String, text: String, hint: String, since: Option<String> }
    /// One source and its freshness. `state`: live, catching_up, stale, forbidden, absent, never_answered, off.
    SourceView {
        id: String, label: String,
        /// The id of the cluster it watches or belongs to; empty where that is not known, or none.
        cluster: String,
        /// `cluster`, `alertmanager`, `prometheus`, `icinga`, `goalert`, `pagerduty`.
        kind: String,
        state: String, since: Option<String>,
        /// What is wrong: code, words, the next action; empty where nothing is.
        code: String, why: String, hint: String, version: String,
        /// Per kind of a cluster: only those that are not live.
        kinds: Vec<KindView>,
        /// Malformed objects skipped.
        skipped: u32,
    }
    /// Freshness of one kind; `since` is when it was last heard of where stale, `verb` the missing verb where forbidden.
    KindView { kind: String, namespace: String, state: String, since: Option<String>, verb: String, why: String }
    /// Chooses or adds the acting person.
    ActAs { id: Option<String>, name: Option<String> }
    /// A kubeconfig's context.
    ContextView { name: String, server: String, user: String, namespace: String, current: bool }
    /// Lists contexts of a kubeconfig; the usual places where none is given.
    ListContexts { kubeconfig: Option<String> }
    /// Names a cluster, to be opened or checked; the current context of the usual places where nothing is given.
    /// `contexts` names several to be opened side by side, and `beside` adds them to those that are open: then each says as
    /// a source of the desk how it stands, and none is waited for.
    OpenContext {
        kubeconfig: Option<String>, context: Option<String>, contexts: Vec<String>, namespaces: Vec<String>, beside: bool,
    }
    /// Opens a bundle that was handed in by `put`, or lies at a path; neither opens the bundled incident.
    OpenBundle { blob: Option<String>, path: Option<String> }
    /// A source as configured. `credentials`: none, basic, bearer, client_certificate. Secrets go in, never out.
    /// `proxy_scheme`: https, or else http.
    SourceForm {
        id: String, kind: String, address: String,
        proxy_namespace: String, proxy_service: String, proxy_port: String, proxy_scheme: String,
        credentials: String, user: String, secret: Option<String>, certificate: String, key: String,
        ca_file: String, tenant: String, silent_receivers: Vec<String>, poll_seconds: u32,
        /// The context of the cluster it belongs to; empty for the only one that is open.
        cluster: String,
        /// True where a secret is kept already.
        has_secret: bool,
    }
    /// Names a source.
    SourceRef { id: String }
    /// Settings of the desk.
    SettingsView {
        sources: Vec<SourceForm>, theme: String, clock: String, zone: String,
        recording_hours: u32, recording_gigabytes: f64,
        update_minutes: Vec<u32>, has_keyring: bool, device: String, public_key: String,
        storage: StorageView,
    }
    /// Saves what is given, leaves the rest.
    SaveSettings {
        theme: Option<String>, clock: Option<String>, zone: Option<String>,
        recording_hours: Option<u32>, recording_gigabytes: Option<f64>, update_minutes: Option<Vec<u32>>,
    }
    /// What is used at rest, in bytes.
    StorageView { path: String, bytes: f64, rolling_bytes: f64, incident_bytes: f64, blob_bytes: f64 }
    /// One line of the doctor. `state`: ok, warning, failed; `code` is empty where it is ok.
    CheckView { source: String, what: String, state: String, code: String, text: String, hint: String }
}
