//! Rows machines write. Their `source_id` names the transition, so that the same one seen twice is one row.

use serde_json::{Value, json};

use super::{machine, points};
use crate::alerts::{Address, Alert, AlertState, Case, Muting};
use crate::id::BlobId;
use crate::ledger::{Draft, Ref, Row, kinds};
use crate::pages::{DeliveryState, PageAttempt};
use crate::time::{Moment, Precision, Stamp};
use crate::world::Fact;

/// The product as a source.
const SELF: &str = "broadstreet";

fn row(source: &str, source_id: String, at: Stamp, kind: &str, payload: Value, refs: Vec<Ref>) -> Draft {
    Draft {
        occurred: at,
        actor: machine(source),
        kind: kind.to_owned(),
        payload,
        source: source.to_owned(),
        source_id,
        refs,
        revises: None,
    }
}

/// A transition of an alert: `fired`, `resolved`, `pending`; those of being muted are [`alert_muting`]'s.
pub fn alert(alert: &Alert, case: Option<&Case>, transition: &str, at: Moment) -> Draft {
    let summary = ["summary", "message", "description"].iter().find_map(|name| alert.annotations.get(*name));
    let payload = json!({
        "alert": alert.id,
        "name": alert.name(),
        "severity": alert.severity(),
        "summary": summary.map_or("", |text| text.as_str()),
        "labels": alert.labels,
        "told": alert.told,
        "told_why": alert.told_why,
        "at": case.map(|case| &case.at),
    });
    let mut refs = vec![points("alert", &alert.id)];
    if let Some(case) = case {
        refs.extend(std::iter::once(&case.at).chain(case.also.iter().map(|proof| &proof.at)).filter_map(
            |at| match at {
                Address::Object(key) => Some(points("subject", key.to_string())),
                _ => None,
            },
        ));
    }
    let name = if alert.fingerprint.is_empty() { &alert.id } else { &alert.fingerprint };
    let since = alert.starts_at.map(|at| at.to_rfc3339()).unwrap_or_default();
    let kind = format!("alert.{transition}");
    row(alert.source.as_str(), format!("{name}:{since}:{transition}"), Stamp::exact(at), &kind, payload, refs)
}

/// An alert began to be muted (`silenced`, `inhibited`), or is muted no more and fires on (`unmuted`). `was` is how it stood
/// before or stands now, muted by `by`: one alert may be muted many times.
pub fn alert_muting(
    alert: &Alert,
    case: Option<&Case>,
    transition: &str,
    at: Moment,
    was: AlertState,
    by: &Muting,
) -> Draft {
    let mut draft = self::alert(alert, case, transition, at);
    draft.payload["muted"] = json!({ "was": was, "by": by.words });
    draft.source_id = format!("{}:{}", draft.source_id, by.name);
    draft
}

/// What nobody saw end, after the row that says it began: `resolved`, `unmuted`. `within` says between which instants it
/// ended; none where a history tells the end. `transition` is the one it would have had, had it been seen.
pub fn alert_unseen(row: &Row, word: &str, transition: String, at: Stamp, within: Option<(Moment, Moment)>) -> Draft {
    let mut payload = row.payload.clone();
    payload["unseen"] = match within {
        Some((from, to)) => json!({ "from": from, "to": to }),
        None => json!({}),
    };
    Draft {
        occurred: at,
        actor: machine(&row.source),
        kind: format!("alert.{word}"),
        payload,
        source: row.source.clone(),
        source_id: transition,
        refs: row.refs.clone(),
        revises: None,
    }
}

/// Something notable in the cluster; it happened when the cluster says, else when it was received.
pub fn fact(fact: &Fact, received: Moment, source: &str) -> Draft {
    let kind = match fact.kind.as_str() {
        "rollout" => kinds::K8S_ROLLOUT,
        "scaled" => kinds::K8S_SCALED,
        "node_condition" => kinds::K8S_NODE_CONDITION,
        "config_changed" => kinds::K8S_CONFIG_CHANGED,
        _ => kinds::K8S_EVENT,
    };
    let payload = json!({ "text": fact.text, "detail": fact.detail });
    let refs = vec![points("subject", fact.subject.to_string())];
    row(source, fact.source_id.clone(), Stamp::exact(fact.at.unwrap_or(received)), kind, payload, refs)
}

/// The rows that tell how an attempt got from `before` to `after`, in the order it passes through them.
///
/// Each holds the whole attempt. A transition whose time the pager never tells has a time of unknown precision: the fold
/// shows when it was recorded. A page went on to somebody when that person was paged, which is among `all` attempts.
pub fn page_transitions(before: Option<&PageAttempt>, after: &PageAttempt, all: &[PageAttempt]) -> Vec<Draft> {
    let had = |is: &dyn Fn(&PageAttempt) -> bool| before.is_some_and(is);
    let began = |is: &dyn Fn(&PageAttempt) -> bool| is(after) && !had(is);
    let mut rows = Vec::new();
    let mut add = |kind: &str, name: String, at: Option<Moment>| {
        // To each person it goes on once, whenever that becomes known.
        let told = at.filter(|_| kind != kinds::PAGE_ESCALATED);
        let time = told.map(|at| format!(":{}", at.to_rfc3339())).unwrap_or_default();
        let stamp =
            at.map_or(Stamp { at: Moment::UNIX_EPOCH, precision: Precision::Unknown, approx: false }, Stamp::exact);
        rows.push(row(
            after.source.as_str(),
            format!("{}:{name}{time}", after.source_id),
            stamp,
            kind,
            json!({ "attempt": after }),
            vec![points("page", &after.source_id)],
        ));
    };
    if began(&|it| it.queued_at.is_some()) {
        add(kinds::PAGE_QUEUED, "queued".to_owned(), after.queued_at);
    }
    if began(&sent) {
        add(kinds::PAGE_SENT, "sent".to_owned(), after.sent_at);
    }
    if began(&delivered) {
        add(kinds::PAGE_DELIVERED, "delivered".to_owned(), after.delivered_at);
    }
    for (state, name) in [
        (DeliveryState::FailedTemporarily, "failed_temporarily"),
        (DeliveryState::FailedPermanently, "failed_permanently"),
    ] {
        if began(&|it| it.delivery == state) {
            add(kinds::PAGE_FAILED, name.to_owned(), None);
        }
    }
    if began(&|it| it.delivery == DeliveryState::Bundled || !it.bundled_into.is_empty()) {
        add(kinds::PAGE_BUNDLED, "bundled".to_owned(), None);
    }
    if after.acked_at.is_some() && before.is_none_or(|it| it.acked_at != after.acked_at) {
        add(kinds::PAGE_ACKED, "acked".to_owned(), after.acked_at);
    }
    let escalated = before.map_or(0, |it| it.escalated_to.len());
    for name in after.escalated_to.iter().skip(escalated) {
        let to_them = all.iter().filter(|it| it.source == after.source && it.subject_id == after.subject_id);
        let times = to_them.filter(|it| it.target.name == *name).filter_map(|it| it.sent_at.or(it.queued_at));
        let since = after.sent_at.or(after.queued_at);
        add(kinds::PAGE_ESCALATED, format!("escalated:{name}"), times.filter(|at| Some(*at) >= since).min());
    }
    // An attempt the pager says nothing more about is still an attempt.
    if rows.is_empty() && before.is_none() {
        let stamp = Stamp { at: Moment::UNIX_EPOCH, precision: Precision::Unknown, approx: false };
        let id = format!("{}:queued", after.source_id);
        let refs = vec![points("page", &after.source_id)];
        rows.push(row(after.source.as_str(), id, stamp, kinds::PAGE_QUEUED, json!({ "attempt": after }), refs));
    }
    rows
}

fn sent(attempt: &PageAttempt) -> bool {
    use DeliveryState::{Delivered, Read, Sent};
    attempt.sent_at.is_some() || matches!(attempt.delivery, Sent | Delivered | Read)
}

fn delivered(attempt: &PageAttempt) -> bool {
    attempt.delivered_at.is_some() || matches!(attempt.delivery, DeliveryState::Delivered | DeliveryState::Read)
}

/// How much was frozen when the incident was declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FrozenCounts {
    /// Kubernetes Events.
    pub events: u32,
    /// Alerts, firing or pending or silenced.
    pub alerts: u32,
    /// Silences.
    pub silences: u32,
    /// People on call.
    pub on_call: u32,
    /// Revisions of workloads.
    pub revisions: u32,
}

/// Declaring froze what was known of a cluster into a file.
pub fn evidence_frozen(at: Moment, blob: &BlobId, cluster: &str, label: &str, counts: FrozenCounts) -> Draft {
    let FrozenCounts { events, alerts, silences, on_call, revisions } = counts;
    let payload = json!({
        "blob": blob, "cluster": cluster, "label": label, "events": events, "alerts": alerts, "silences": silences,
        "on_call": on_call, "revisions": revisions,
    });
    let refs = vec![points("attachment", blob.as_str())];
    row(SELF, format!("frozen:{blob}"), Stamp::exact(at), kinds::EVIDENCE_FROZEN, payload, refs)
}

/// A cluster that was silent while the incident was declared answered.
pub fn cluster_joined(at: Moment, cluster: &str, label: &str) -> Draft {
    let payload = json!({ "cluster": cluster, "label": label });
    row(SELF, format!("joined:{cluster}"), Stamp::exact(at), kinds::CLUSTER_JOINED, payload, Vec::new())
}

/// What a cluster looked like was kept.
pub fn snapshot(at: Moment, cluster: &str, digest: &str) -> Draft {
    let payload = json!({ "cluster": cluster, "digest": digest });
    let id = format!("snapshot:{cluster}:{digest}");
    row(SELF, id, Stamp::exact(at), kinds::TOPOLOGY_SNAPSHOT, payload, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ObjectKey;
    use crate::pages::PageTarget;

    fn at(seconds: i64) -> Option<Moment> {
        Moment::from_timestamp(seconds, 0)
    }

    fn kinds_of(rows: &[Draft]) -> Vec<&str> {
        rows.iter().map(|row| row.kind.as_str()).collect()
    }

    #[test]
    fn a_page_tells_each_step_once() {
        let first = PageAttempt { source_id: "7".into(), queued_at: at(1), ..PageAttempt::default() };
        assert_eq!(kinds_of(&page_transitions(None, &first, &[])), ["page.queued"]);
        assert!(page_transitions(Some(&first), &first, &[]).is_empty());
        let second = PageAttempt {
            sent_at: at(2),
            delivery: DeliveryState::Delivered,
            acked_at: at(9),
            escalated_to: vec!["Ana".into()],
            ..first.clone()
        };
        let to_ana = |minute| PageAttempt {
            target: PageTarget { name: "Ana".into(), ..PageTarget::default() },
            sent_at: at(minute),
            ..PageAttempt::default()
        };
        let rows = page_transitions(Some(&first), &second, &[to_ana(0), to_ana(6), to_ana(8)]);
        assert_eq!(rows[3].occurred, Stamp::exact(at(6).unwrap()), "it went on when Ana was paged after it");
        assert_eq!(kinds_of(&rows), ["page.sent", "page.delivered", "page.acked", "page.escalated"]);
        assert_eq!(rows[1].occurred.precision, Precision::Unknown, "the pager does not say when it arrived");
        assert!(page_transitions(Some(&second), &second, &[]).is_empty());
    }

    #[test]
    fn an_attempt_of_which_nothing_is_known_is_still_told_and_told_once() {
        let bare = PageAttempt { source_id: "7".into(), ..PageAttempt::default() };
        assert_eq!(kinds_of(&page_transitions(None, &bare, &[])), ["page.queued"]);
        assert!(page_transitions(Some(&bare), &bare, &[]).is_empty());
    }

    #[test]
    fn an_alert_names_its_transition_and_its_place() {
        let key = ObjectKey::new("c", "apps", "Deployment", "shop", "cart");
        let told = Alert { id: "abc".into(), source: "alertmanager:main".into(), starts_at: at(5), ..Alert::default() };
        let case = Case {
            alert: "abc".into(),
            at: Address::Object(key.clone()),
            rung: 1,
            label: String::new(),
            also: Vec::new(),
        };
        let row = alert(&told, Some(&case), "fired", at(6).unwrap());
        assert_eq!(row.source_id, "abc:1970-01-01T00:00:05+00:00:fired");
        assert_eq!(row.refs[1].target, key.to_string());
        assert!(kinds::is_machine(&row.kind));
    }
}
