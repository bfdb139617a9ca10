//! From the core's types to the wire's.

use std::sync::Arc;

use broadstreet_core::alerts::{Address, Alert, AlertState, Case, Told};
use broadstreet_core::health::HealthState;
use broadstreet_core::id::{ObjectKey, SourceId};
use broadstreet_core::ledger::brief::Traced;
use broadstreet_core::ledger::incident::{Entry, Incident, Person};
use broadstreet_core::ledger::{Actor, Ref, Row};
use broadstreet_core::pages::{self, PageAttempt};
use broadstreet_core::ports::{Credentials, ProxyTarget, SourceKind, SourceSettings};
use broadstreet_core::resource::Labels;
use broadstreet_core::time::{Moment, Precision, Window};
use broadstreet_core::world::World;
use chrono::SecondsFormat;
use serde::Serialize;

use crate::error::ApiError;
use crate::wire::desk::{PersonView, SourceForm};
use crate::wire::incident::{
    ActionView, AttemptView, CommandSpanView, DecisionView, EvidenceView, FrozenView, HypothesisView, IncidentView,
    MilestoneView, ObjectionView, ObjectiveView, OfferView, RoleView, TaskView, TracedLine,
};
use crate::wire::map::{CaseView, LabelView, SpanView, TrayView};
use crate::wire::record::{AnnotationView, EntryView, RefView, WordingView};

/// An instant as the wire writes it.
pub fn text(at: Moment) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// An instant that may be absent.
pub fn maybe(at: Option<Moment>) -> Option<String> {
    at.map(text)
}

/// Reads an instant.
pub fn moment(text: &str) -> Result<Moment, ApiError> {
    chrono::DateTime::parse_from_rfc3339(text.trim()).map(|at| at.to_utc()).map_err(|why| {
        ApiError::new("bad_time", format!("`{text}` is not an instant: {why}"), "write it as 2026-03-04T14:32:00Z")
    })
}

/// The word serde gives a plain enum.
pub fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A person.
pub fn person(person: &Person) -> PersonView {
    PersonView { id: person.id.0.clone(), name: person.name.clone() }
}

/// Labels, ordered by key.
pub fn labels(labels: &Labels) -> Vec<LabelView> {
    labels.iter().map(|(key, value)| LabelView { key: key.to_string(), value: value.to_string() }).collect()
}

/// A span.
pub fn span(window: &Window) -> SpanView {
    SpanView { from: text(window.from), to: text(window.to) }
}

/// The word of a state of health.
pub fn health(state: HealthState) -> String {
    word(&state)
}

fn address(at: &Address) -> (String, String, String) {
    match at {
        Address::Object(key) => (key.to_string(), key.name.to_string(), key.kind.to_string()),
        Address::Cluster(_) => ("cluster".into(), "the cluster".into(), "cluster".into()),
        Address::ControlPlane(_) => ("control-plane".into(), "the control plane".into(), "control-plane".into()),
        Address::Heartbeat => ("heartbeat".into(), "heartbeat".into(), "heartbeat".into()),
        Address::Plumbing => ("plumbing".into(), "plumbing between alerts".into(), "plumbing".into()),
    }
}

fn cluster_of(at: &Address) -> String {
    match at {
        Address::Object(key) => key.cluster.to_string(),
        Address::Cluster(id) | Address::ControlPlane(id) => id.to_string(),
        Address::Heartbeat | Address::Plumbing => String::new(),
    }
}

fn first(alert: &Alert, names: &[&str]) -> String {
    names.iter().find_map(|name| alert.annotations.get(*name)).map(ToString::to_string).unwrap_or_default()
}

/// An alert as a case; without a case it stands nowhere.
pub fn case(alert: &Alert, case: Option<&Case>) -> CaseView {
    let (at, at_name, at_kind) = case.map(|case| address(&case.at)).unwrap_or_default();
    CaseView {
        alert: alert.id.clone(),
        name: alert.name().to_owned(),
        severity: alert.severity().to_owned(),
        state: word(&alert.state),
        at,
        at_cluster: case.map(|case| cluster_of(&case.at)).unwrap_or_default(),
        at_name,
        at_kind,
        rung: case.map_or(0, |case| u32::from(case.rung)),
        label: case.map(|case| case.label.clone()).unwrap_or_default(),
        also: case
            .map(|case| case.also.iter().map(|it| format!("{} ({})", address(&it.at).0, it.label)).collect())
            .unwrap_or_default(),
        starts_at: maybe(alert.starts_at),
        ends_at: maybe(alert.ends_at),
        summary: first(alert, &["summary", "message"]),
        description: first(alert, &["description"]),
        runbook: first(alert, &["runbook_url", "runbook"]),
        source: alert.source.0.clone(),
        receivers: alert.receivers.clone(),
        groups: alert
            .groups
            .iter()
            .map(|group| {
                let by: Vec<String> = group.by.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let by = if by.is_empty() { "everything together".to_owned() } else { by.join(", ") };
                format!("to {}, grouped by {by}", group.receiver)
            })
            .collect(),
        told: word(&alert.told),
        told_why: alert.told_why.clone(),
        muted_by: alert.muted_by.clone(),
        labels: labels(&alert.labels),
    }
}

/// True for a case a person should see as trouble.
pub fn is_trouble(case: &Case) -> bool {
    !matches!(case.at, Address::Heartbeat | Address::Plumbing)
}

/// True where nobody was told of an alert that fires or is about to.
pub fn is_untold(alert: &Alert) -> bool {
    alert.told == Told::Nobody && matches!(alert.state, AlertState::Firing | AlertState::Pending)
}

/// An alert without an address.
pub fn tray(alert: &Alert, why: &str) -> TrayView {
    TrayView {
        alert: alert.id.clone(),
        name: alert.name().to_owned(),
        severity: alert.severity().to_owned(),
        state: word(&alert.state),
        why: why.to_owned(),
        starts_at: maybe(alert.starts_at),
        labels: labels(&alert.labels),
    }
}

fn precision(precision: Precision) -> String {
    word(&precision)
}

fn who(actor: &Actor) -> String {
    match actor {
        Actor::Person { name, .. } | Actor::Machine { name } => name.clone(),
    }
}

fn reference(entry: &Entry, it: &Ref) -> RefView {
    let file = entry.files.iter().find(|(blob, _)| it.role == "attachment" && *blob == it.target);
    let name = file.map(|(_, name)| name.clone()).unwrap_or_default();
    RefView { role: it.role.clone(), target: it.target.clone(), name }
}

/// A line of the timeline.
pub fn entry(entry: &Entry) -> EntryView {
    EntryView {
        row: entry.row.0.clone(),
        at: text(entry.occurred.at),
        precision: precision(entry.occurred.precision),
        approx: entry.occurred.approx,
        recorded_at: text(entry.recorded_at),
        kind: entry.kind.clone(),
        machine: entry.machine,
        who: who(&entry.actor),
        source: entry.source.clone(),
        text: entry.text.clone(),
        detail: entry.detail.clone(),
        label: entry.label.clone(),
        state: entry.state.clone(),
        refs: entry.refs.iter().map(|it| reference(entry, it)).collect(),
        earlier: entry
            .earlier
            .iter()
            .map(|it| WordingView {
                text: it.text.clone(),
                at: text(it.occurred.at),
                precision: precision(it.occurred.precision),
                approx: it.occurred.approx,
                recorded_at: text(it.recorded_at),
                by: it.by.clone(),
            })
            .collect(),
        annotations: entry
            .annotations
            .iter()
            .map(|(who, at, note)| AnnotationView { who: who.clone(), at: text(*at), text: note.clone() })
            .collect(),
        witnesses: entry.witnesses.len() as u32,
        clock_clamped: entry.clock_clamped,
        entered_on: entry.entered_on.clone(),
    }
}

fn milestone(incident: &Incident, name: &str) -> Option<Moment> {
    incident.milestones.iter().find(|it| it.name == name).map(|it| it.at.at)
}

fn frozen(rows: &[Arc<Row>]) -> Option<FrozenView> {
    let row = rows.iter().find(|row| row.kind == "evidence.frozen")?;
    let count = |name: &str| row.payload.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default() as u32;
    Some(FrozenView {
        at: text(row.occurred.at),
        events: count("events"),
        alerts: count("alerts"),
        silences: count("silences"),
        on_call: count("on_call"),
        revisions: count("revisions"),
        blob: row.payload.get("blob").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
    })
}

/// The number people say.
pub fn number(incident: &Incident) -> String {
    format!("INC-{:04}", incident.number)
}

/// One incident without its timeline.
pub fn incident(it: &Incident, rows: &[Arc<Row>], now: Moment, imported: bool) -> IncidentView {
    let first_alert = it.timeline.iter().find(|entry| entry.kind == "alert.fired").map(|entry| entry.occurred.at);
    let declared_at = milestone(it, "declared");
    let told = it.last_update_at.or(declared_at);
    let ended = !broadstreet_engine::incidents::is_under_way(it);
    let next = it.update_every_minutes.filter(|minutes| *minutes > 0 && !ended);
    let next = next.and_then(|minutes| Some(told? + chrono::Duration::minutes(i64::from(minutes))));
    let vacant = broadstreet_core::ledger::vacancy(it, now).filter(|_| !imported);
    IncidentView {
        id: it.id.0.clone(),
        number: number(it),
        title: it.title.clone(),
        severity: it.severity.map(|severity| u32::from(severity.0)),
        status: word(&it.status),
        status_since: maybe(it.status_since),
        closed_as: it.closed_as.clone(),
        zone: it.zone.clone(),
        clusters: it.clusters.clone(),
        commander: it.commander.as_ref().map(person),
        commander_since: maybe(it.commander_since),
        command: it
            .command
            .iter()
            .map(|span| CommandSpanView {
                commander: span.commander.as_ref().map(person),
                from: text(span.from),
                to: maybe(span.to),
            })
            .collect(),
        offers: it
            .offers
            .iter()
            .map(|offer| OfferView {
                row: offer.row.0.clone(),
                role: offer.role.clone(),
                from: person(&offer.from),
                to: person(&offer.to),
                at: text(offer.at),
                reason: offer.reason.clone(),
                brief_shown_at: maybe(offer.brief_shown_at),
            })
            .collect(),
        roles: it
            .roles
            .iter()
            .map(|held| RoleView {
                role: held.role.clone(),
                person: person(&held.person),
                since: text(held.since),
                accepted_on_offerers_device: held.accepted_on_offerers_device,
            })
            .collect(),
        milestones: it
            .milestones
            .iter()
            .map(|one| MilestoneView {
                name: one.name.clone(),
                at: text(one.at.at),
                precision: precision(one.at.precision),
                approx: one.at.approx,
                row: one.row.0.clone(),
            })
            .collect(),
        tasks: it
            .tasks
            .iter()
            .map(|task| TaskView {
                row: task.row.0.clone(),
                label: task.label.clone(),
                text: task.text.clone(),
                owner: person(&task.owner),
                check_in_at: text(task.check_in_at),
                state: task.state.clone(),
                outcome: task.outcome.clone(),
                assigned_at: text(task.assigned_at),
                ended_at: maybe(task.ended_at),
            })
            .collect(),
        hypotheses: it
            .hypotheses
            .iter()
            .map(|one| HypothesisView {
                row: one.row.0.clone(),
                label: one.label.clone(),
                text: one.text.clone(),
                state: one.state.clone(),
                by: one.by.clone(),
                opened_at: text(one.opened_at),
                state_at: text(one.state_at),
                evidence: one
                    .evidence
                    .iter()
                    .map(|(side, note, row)| EvidenceView {
                        side: side.clone(),
                        text: note.clone(),
                        row: row.0.clone(),
                    })
                    .collect(),
                subjects: one.subjects.clone(),
            })
            .collect(),
        decisions: it
            .decisions
            .iter()
            .map(|one| DecisionView {
                row: one.row.0.clone(),
                label: one.label.clone(),
                text: one.text.clone(),
                state: one.state.clone(),
                proposed_by: one.proposed_by.clone(),
                made_by: one.made_by.clone(),
                objections: one
                    .objections
                    .iter()
                    .map(|(by, text)| ObjectionView { by: by.clone(), text: text.clone() })
                    .collect(),
                state_at: text(one.state_at),
            })
            .collect(),
        objectives: it
            .objectives
            .iter()
            .map(|one| ObjectiveView { row: one.row.0.clone(), text: one.text.clone(), met: one.met })
            .collect(),
        actions: it
            .actions
            .iter()
            .map(|one| ActionView {
                row: one.row.0.clone(),
                text: one.text.clone(),
                owner: one.owner.clone(),
                due: maybe(one.due),
                r#type: one.r#type.clone(),
                end_state: one.end_state.clone(),
                state: one.state.clone(),
            })
            .collect(),
        people: it.people.iter().map(person).collect(),
        update_every_minutes: it.update_every_minutes,
        last_update_at: maybe(it.last_update_at),
        next_update_at: maybe(next),
        vacant_seconds: vacant.map(|gap| gap.num_seconds().max(0) as u32),
        first_symptom_at: maybe(milestone(it, "impact_started").or(first_alert)),
        declared_at: maybe(declared_at),
        resolved_at: maybe(milestone(it, "resolved").filter(|_| ended)),
        rows: rows.len() as u32,
        frozen: frozen(rows),
        drill: it.drill,
        imported,
    }
}

/// One attempt among all.
pub fn attempt(one: &PageAttempt, all: &[PageAttempt]) -> AttemptView {
    let (outcome, outcome_detail) = pages::outcome(one, all);
    AttemptView {
        source: one.source.0.clone(),
        source_id: one.source_id.clone(),
        subject_id: one.subject_id.clone(),
        subject: one.subject.clone(),
        who: one.target.name.clone(),
        who_kind: one.target.kind.clone(),
        policy: one.policy.clone(),
        step: one.step,
        reason: one.reason.clone(),
        channel: one.channel.clone(),
        address: one.address_redacted.clone(),
        queued_at: maybe(one.queued_at),
        sent_at: maybe(one.sent_at),
        delivered_at: maybe(one.delivered_at),
        delivery: word(&one.delivery),
        error: one.error.clone(),
        acked_at: maybe(one.acked_at),
        acked_by: one.acked_by.clone(),
        ack_via: one.ack_via.clone(),
        escalated_to: one.escalated_to.clone(),
        never_told: one.never_told.clone(),
        late_seconds: pages::late_seconds(one),
        outcome,
        outcome_detail,
    }
}

/// A line with what it can be traced to.
pub fn traced(line: &Traced) -> TracedLine {
    TracedLine { text: line.text.clone(), trace_kind: line.kind.clone(), trace: line.target.clone() }
}

/// The names of the kinds of sources.
pub fn source_kind(kind: SourceKind) -> String {
    word(&kind)
}

/// A source as its form shows it; the secret never goes out.
pub fn source_form(it: &SourceSettings, has_secret: bool) -> SourceForm {
    let proxy = it.proxy.clone().unwrap_or_default();
    let (credentials, user, certificate, key) = match &it.credentials {
        Credentials::None => ("none", String::new(), String::new(), String::new()),
        Credentials::Basic { user } => ("basic", user.clone(), String::new(), String::new()),
        Credentials::Bearer => ("bearer", String::new(), String::new(), String::new()),
        Credentials::ClientCertificate { certificate, key } => {
            ("client_certificate", String::new(), certificate.clone(), key.clone())
        }
    };
    SourceForm {
        id: it.id.0.clone(),
        kind: source_kind(it.kind),
        address: it.address.clone(),
        proxy_namespace: proxy.namespace,
        proxy_service: proxy.service,
        proxy_port: proxy.port,
        proxy_scheme: proxy.scheme,
        credentials: credentials.to_owned(),
        user,
        secret: None,
        certificate,
        key,
        ca_file: it.ca_file.clone().unwrap_or_default(),
        tenant: it.tenant.clone().unwrap_or_default(),
        silent_receivers: it.silent_receivers.clone(),
        poll_seconds: it.poll_seconds,
        cluster: it.cluster.clone(),
        has_secret,
    }
}

/// What a form says about a source.
pub fn source_settings(form: &SourceForm) -> Result<SourceSettings, ApiError> {
    let kind: SourceKind = serde_json::from_value(form.kind.as_str().into()).map_err(|_| {
        ApiError::new(
            "bad_settings",
            format!("there is no kind of source `{}`", form.kind),
            "choose alertmanager, prometheus, icinga, goalert or pagerduty",
        )
    })?;
    let filled = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let credentials = match form.credentials.as_str() {
        "" | "none" => Credentials::None,
        "basic" => Credentials::Basic { user: form.user.clone() },
        "bearer" => Credentials::Bearer,
        "client_certificate" => {
            Credentials::ClientCertificate { certificate: form.certificate.clone(), key: form.key.clone() }
        }
        other => {
            return Err(ApiError::new(
                "bad_settings",
                format!("there is no way to prove oneself called `{other}`"),
                "choose none, basic, bearer or client_certificate",
            ));
        }
    };
    let id = filled(&form.id).unwrap_or_else(|| format!("{}:main", form.kind));
    Ok(SourceSettings {
        id: SourceId::new(id),
        kind,
        address: form.address.trim().to_owned(),
        proxy: filled(&form.proxy_service).map(|service| ProxyTarget {
            namespace: form.proxy_namespace.trim().to_owned(),
            service,
            port: form.proxy_port.trim().to_owned(),
            scheme: if form.proxy_scheme.trim() == "https" { "https" } else { "http" }.to_owned(),
        }),
        credentials,
        ca_file: filled(&form.ca_file),
        tenant: filled(&form.tenant),
        silent_receivers: form.silent_receivers.clone(),
        poll_seconds: form.poll_seconds.min(3600),
        cluster: form.cluster.trim().to_owned(),
    })
}

/// What a cluster is called, where there are several to tell apart.
pub fn cluster(world: &World, id: &str) -> String {
    if world.clusters().len() < 2 {
        return String::new();
    }
    world.cluster_label(id).filter(|label| !label.is_empty()).unwrap_or(id).to_owned()
}

/// The key a request names.
pub fn key(id: &str) -> Result<ObjectKey, ApiError> {
    id.parse().map_err(|why: broadstreet_core::id::NotAnObjectKey| {
        ApiError::new("bad_object", why.to_string(), "take the id from the map, from `topology` or from a case")
    })
}

/// True where an object belongs to the family of a house: itself, its pods, what lies between.
pub fn in_family(world: &World, house: &ObjectKey, other: &ObjectKey) -> bool {
    other == house || world.house_of(other).as_ref() == Some(house)
}
