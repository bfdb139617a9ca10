//! Alerts that ended while nobody listened: what an incident's rows say still fires, against what is told now.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::order::ordered;
use super::text::text_at;
use super::{Draft, Row, drafts, kinds};
use crate::alerts::{Address, Alert, AlertState};
use crate::id::SourceId;
use crate::ports::AlertSpan;
use crate::resource::Labels;
use crate::time::{Moment, Stamp};
use crate::world::World;

/// A clock of Prometheus and ours may differ by this much.
const CLOCKS: chrono::Duration = chrono::Duration::minutes(5);

/// What is told once every source of alerts has answered.
#[derive(Clone, Copy, Debug)]
pub struct Listening<'a> {
    /// The ids of the clusters.
    pub clusters: &'a [String],
    /// True where the incident is about these clusters and no other.
    pub only: bool,
    /// Every alert told.
    pub told: &'a [Alert],
    /// The sources that told it.
    pub answered: &'a BTreeSet<SourceId>,
    /// What fired before anybody listened.
    pub prior: &'a [AlertSpan],
    /// The end of the recording before this one, and what it held.
    pub before: Option<(Moment, &'a World)>,
    /// Since when these sources are listened to; what began later is seen to end.
    pub since: Moment,
    /// Now.
    pub at: Moment,
}

/// What the rows say last of an alert that fires.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// That it fires.
    row: &'a Row,
    /// That it is muted, where it is.
    muted: Option<&'a Row>,
}

/// What the rows say last of each alert that they say fires, by alert.
pub fn firing<R: Borrow<Row>>(rows: &[R]) -> BTreeMap<String, Standing<'_>> {
    let (mut firing, mut told) = (BTreeMap::<String, Standing<'_>>::new(), BTreeSet::new());
    for row in ordered(rows).0 {
        let alert = text_at(&row.payload, "alert");
        // What a second desk tells of the same step, perhaps late, is no news.
        if alert.is_empty() || !told.insert((&row.source, &row.source_id)) {
            continue;
        }
        let known = firing.get(alert).copied();
        let muted = known.filter(|it| transition_of(it.row) == transition_of(row)).and_then(|it| it.muted);
        let muted = match row.kind.as_str() {
            kinds::ALERT_FIRED => muted,
            kinds::ALERT_SILENCED | kinds::ALERT_INHIBITED => Some(row),
            kinds::ALERT_UNMUTED => None,
            kinds::ALERT_RESOLVED => {
                // By its transition too: it may have got another id meanwhile.
                let same = |it: &Row| it.source == row.source && transition_of(it) == transition_of(row);
                firing.retain(|id, it| id != alert && !same(it.row));
                continue;
            }
            _ => continue,
        };
        firing.insert(alert.to_owned(), Standing { row, muted });
    }
    firing
}

/// One row per alert that fired by the rows and is told no more, by sources that all answered; and one per alert that was
/// muted by the rows and is told to fire unmuted.
///
/// An alert of a source that was taken away, or of another cluster, may fire still: nothing is said of it.
pub fn ends<R: Borrow<Row>>(rows: &[R], now: Listening<'_>) -> Vec<Draft> {
    let known = firing(rows).into_iter().filter(|(_, it)| now.may_tell(it.row));
    let ended = known.filter_map(|(id, it)| match it.muted {
        _ if !now.tells(&id, it.row) => Some(now.ended(&id, it.row)),
        Some(muted) if now.told.iter().any(|it| it.id == id && it.state == AlertState::Firing) => {
            Some(now.unmuted(muted))
        }
        _ => None,
    });
    ended.collect()
}

impl Listening<'_> {
    /// True where these sources would tell the alert if it fired.
    fn may_tell(&self, row: &Row) -> bool {
        let at = row.payload.get("at").and_then(|at| serde_json::from_value::<Address>(at.clone()).ok());
        let here = match at {
            Some(Address::Object(key)) => self.clusters.iter().any(|id| key.cluster == id.as_str()),
            Some(Address::Cluster(id) | Address::ControlPlane(id)) => self.clusters.contains(&id),
            Some(Address::Heartbeat | Address::Plumbing) | None => self.only,
        };
        here && row.recorded_at < self.since && self.answered.iter().any(|source| source.as_str() == row.source)
    }

    /// True where the alert is told, also under labels that were joined in another way before.
    fn tells(&self, id: &str, row: &Row) -> bool {
        let name = transition_of(row);
        let labels = labels(row);
        self.told.iter().filter(|alert| !matches!(alert.state, AlertState::Pending | AlertState::Resolved)).any(
            |alert| {
                let within = || alert.name() == text_at(&row.payload, "name") && either_within(&alert.labels, &labels);
                let same = !alert.fingerprint.is_empty() && name.starts_with(&format!("{}:", alert.fingerprint));
                alert.id == id || same || within()
            },
        )
    }

    fn ended(&self, id: &str, row: &Row) -> Draft {
        let held = self.before.filter(|(_, world)| world.alert(id).is_some()).map(|(until, _)| until);
        let since = held.map_or(row.recorded_at, |until| until.max(row.recorded_at)).min(self.at);
        let transition = format!("{}:resolved", transition_of(row));
        match self.end_in_history(row, since) {
            Some(end) => drafts::alert_unseen(row, "resolved", transition, Stamp::exact(end), None),
            None => drafts::alert_unseen(row, "resolved", transition, self.about_now(), Some((since, self.at))),
        }
    }

    fn unmuted(&self, row: &Row) -> Draft {
        let was = row.kind.trim_start_matches("alert.");
        let transition = row.source_id.replacen(&format!(":{was}"), ":unmuted", 1);
        let within = Some((row.recorded_at.min(self.at), self.at));
        let mut draft = drafts::alert_unseen(row, "unmuted", transition, self.about_now(), within);
        draft.payload["muted"]["was"] = was.into();
        draft
    }

    fn about_now(&self) -> Stamp {
        Stamp { approx: true, ..Stamp::exact(self.at) }
    }

    /// When Prometheus had it last, as far as its history goes back.
    fn end_in_history(&self, row: &Row, since: Moment) -> Option<Moment> {
        let labels = labels(row);
        let of_it = self.prior.iter().filter(|span| span.state == "firing" && !span.labels.is_empty());
        // What is external stands in the row and not in the history.
        let of_it = of_it.filter(|span| is_within(&span.labels, &labels) && span.labels.contains_key("alertname"));
        let last = of_it.max_by_key(|span| (span.labels.len(), span.to.is_none(), span.to))?;
        last.to.filter(|end| *end <= self.at && *end >= since - CLOCKS).map(|end| end.max(row.occurred.at))
    }
}

/// What names the alert and since when it fires, in the name of a transition.
fn transition_of(row: &Row) -> &str {
    let word = row.kind.replace("alert.", ":");
    let end = row.source_id.find(&word).unwrap_or(row.source_id.len());
    &row.source_id[..end]
}

fn labels(row: &Row) -> Labels {
    row.payload.get("labels").cloned().and_then(|it: Value| serde_json::from_value(it).ok()).unwrap_or_default()
}

fn is_within(few: &Labels, many: &Labels) -> bool {
    few.iter().all(|(name, value)| many.get(name) == Some(value))
}

fn either_within(one: &Labels, other: &Labels) -> bool {
    is_within(one, other) || is_within(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::Case;
    use crate::id::ObjectKey;
    use crate::ledger::fold::tests::{Book, commanded, moment};

    fn alert(pod: &str) -> Alert {
        let labels = [("alertname", "Crash"), ("pod", pod), ("prometheus", "k8s")];
        let labels: Labels = labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let id = crate::alerts::alert_id(&labels, &Labels::new());
        let source = "alertmanager:a".into();
        Alert { id, source, labels, starts_at: Some(moment(2)), fingerprint: format!("f-{pod}"), ..Alert::default() }
    }

    fn on(cluster: &str, alert: &Alert) -> Case {
        let at = Address::Object(ObjectKey::new(cluster, "apps", "Deployment", "shop", "cart"));
        Case { alert: alert.id.clone(), at, rung: 1, label: String::new(), also: Vec::new() }
    }

    /// An incident in which the alert of the pod `a` fired on a cluster.
    fn fired(cluster: &str) -> Book {
        let (mut book, it) = (commanded(), alert("a"));
        book.write("a", 3, drafts::alert(&it, Some(&on(cluster, &it)), "fired", moment(2)));
        book
    }

    fn ended(book: &Book, told: &[Alert], answered: &[&str], prior: &[AlertSpan]) -> Vec<Draft> {
        let answered = answered.iter().map(|id| (*id).into()).collect();
        let (clusters, since, at) = (&["kind".to_owned()], moment(60), moment(70));
        let now = Listening { clusters, only: true, told, answered: &answered, prior, before: None, since, at };
        ends(&book.rows, now)
    }

    #[test]
    fn an_alert_that_is_told_no_more_ended_between_the_last_word_and_now() {
        let mut book = fired("kind");
        let rows = ended(&book, &[alert("b")], &["alertmanager:a"], &[]);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].source_id, "f-a:2023-11-14T22:15:20+00:00:resolved", "as if the end had been seen");
        assert_eq!(rows[0].occurred, Stamp { approx: true, ..Stamp::exact(moment(70)) });
        book.write("a", 71, rows[0].clone());
        let incident = book.incident();
        let said = incident.timeline.last().unwrap();
        let when = "between 2023-11-14 23:16:20 and 2023-11-15 00:23:20 CET";
        assert_eq!(said.text, format!("Crash resolved on cart, unseen, {when}"));
        assert!(ended(&book, &[], &["alertmanager:a"], &[]).is_empty(), "it is said once");
        book.write("b", 72, drafts::alert(&alert("a"), None, "fired", moment(2)));
        assert!(ended(&book, &[], &["alertmanager:a"], &[]).is_empty(), "a late word of another desk begins nothing");
    }

    #[test]
    fn what_may_fire_still_is_not_ended() {
        let here = fired("kind");
        let renamed = Alert { id: "x".into(), ..alert("a") };
        let mut joined = Alert { fingerprint: String::new(), ..renamed.clone() };
        joined.labels.remove("prometheus");
        for told in [alert("a"), renamed, joined] {
            assert!(ended(&here, std::slice::from_ref(&told), &["alertmanager:a"], &[]).is_empty(), "{told:?}");
        }
        let pending = Alert { state: AlertState::Pending, ..alert("a") };
        assert_eq!(ended(&here, &[pending], &["alertmanager:a"], &[]).len(), 1, "it ended and may begin anew");
        assert!(ended(&here, &[], &["alertmanager:b"], &[]).is_empty(), "its source was taken away");
        assert!(ended(&fired("other"), &[], &["alertmanager:a"], &[]).is_empty(), "it stands in another cluster");
        let mut late = commanded();
        late.write("b", 65, drafts::alert(&alert("a"), Some(&on("kind", &alert("a"))), "fired", moment(64)));
        assert!(ended(&late, &[], &["alertmanager:a"], &[]).is_empty(), "another desk may know it sooner");
    }

    #[test]
    fn a_silence_that_ended_meanwhile_is_said_as_if_it_had_been_seen() {
        let (mut book, it) = (fired("kind"), alert("a"));
        let by = crate::alerts::Muting { name: "s1".into(), words: "by Mei: known".into() };
        let case = on("kind", &it);
        let muting = |word, was| drafts::alert_muting(&it, Some(&case), word, moment(4), was, &by);
        book.write("a", 4, muting("silenced", AlertState::Silenced));
        let silenced = Alert { state: AlertState::Silenced, ..it.clone() };
        assert!(ended(&book, &[silenced], &["alertmanager:a"], &[]).is_empty(), "it is silenced still");
        assert_eq!(ended(&book, &[], &["alertmanager:a"], &[])[0].source_id, "f-a:2023-11-14T22:15:20+00:00:resolved");
        let rows = ended(&book, std::slice::from_ref(&it), &["alertmanager:a"], &[]);
        assert_eq!(rows[0].source_id, muting("unmuted", AlertState::Silenced).source_id);
        book.write("a", 71, rows[0].clone());
        let said: Vec<_> = book.incident().timeline.iter().map(|it| (it.text.clone(), it.detail.clone())).collect();
        assert_eq!(said[3], ("Crash was silenced on cart".to_owned(), "by Mei: known".to_owned()));
        assert!(
            said[4].0.starts_with("Crash is no longer silenced, still firing on cart, unseen, between "),
            "{said:?}"
        );
        assert!(ended(&book, std::slice::from_ref(&it), &["alertmanager:a"], &[]).is_empty(), "it is said once");
    }

    #[test]
    fn a_history_tells_when_it_ended() {
        let book = fired("kind");
        let span = |pod: &str, to: Option<Moment>| {
            let labels: Labels =
                [("alertname", "Crash"), ("pod", pod)].map(|(a, b)| (a.into(), b.into())).into_iter().collect();
            AlertSpan { labels, state: "firing".into(), from: Some(moment(2)), to, step_seconds: 15 }
        };
        let at = |spans: &[AlertSpan]| ended(&book, &[], &["alertmanager:a"], spans)[0].occurred;
        assert_eq!(at(&[span("a", Some(moment(33))), span("b", Some(moment(40)))]), Stamp::exact(moment(33)));
        assert!(at(&[span("b", Some(moment(40)))]).approx, "the history of another alert");
        assert!(at(&[span("a", None)]).approx, "it fired still when the history was read");
    }
}
