//! How each source stands, and what cannot wait.

use std::sync::PoisonError;

use broadstreet_core::alerts::is_absent;
use broadstreet_core::id::SourceId;
use broadstreet_core::ports::{SourceKind, SourceSettings};
use broadstreet_core::resource::is_optional;
use broadstreet_core::time::Moment;
use broadstreet_core::world::{Freshness, World};

use crate::desk::{Alarm, SourceNow};
use crate::live::{self, Live, State, Trouble};

/// Clocks further apart than this raise an alarm; a `Date` header tells whole seconds.
const CLOCKS_APART: chrono::Duration = chrono::Duration::seconds(10);

/// Every source of the open clusters, the clusters first.
pub(crate) fn sources_now(live: &Live, state: &State, now: Moment) -> Vec<SourceNow> {
    let own = live.members().into_iter().map(|member| {
        let asked = Asked { id: member.source.clone(), label: member.label.clone(), kind: "cluster" };
        source_now(state, asked, member.id().unwrap_or_default(), now)
    });
    let mut sources: Vec<SourceNow> = own.collect();
    let configured: Vec<SourceSettings> = {
        let sources = live.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.values().map(|(settings, _)| settings.clone()).collect()
    };
    for settings in configured {
        let kind = match settings.kind {
            SourceKind::Alertmanager => "alertmanager",
            SourceKind::Prometheus => "prometheus",
            SourceKind::Icinga => "icinga",
            SourceKind::Goalert => "goalert",
            SourceKind::Pagerduty => "pagerduty",
        };
        let id = settings.id.as_str();
        let label = id.split_once(':').map_or(id, |(_, name)| name).to_owned();
        let cluster = live.cluster_named(&settings.id);
        sources.push(source_now(state, Asked { id: settings.id, label, kind }, &cluster, now));
    }
    sources
}

/// A source, as it is asked.
struct Asked {
    id: SourceId,
    label: String,
    kind: &'static str,
}

fn source_now(state: &State, asked: Asked, cluster: &str, now: Moment) -> SourceNow {
    let Asked { id, label, kind } = asked;
    let proof = state.proofs.get(&id).cloned().unwrap_or_default();
    let mut whole = Freshness::CatchingUp;
    let mut kinds = Vec::new();
    for one in state.world.freshness().filter(|it| it.source == id) {
        if one.kind.is_empty() {
            whole = one.state.clone();
        } else if !(one.state == Freshness::Live || (one.state == Freshness::Absent && is_optional(&one.kind))) {
            kinds.push(one.clone());
        }
    }
    if kind == "cluster" && matches!(whole, Freshness::Live) && !state.synced.contains(cluster) {
        whole = Freshness::CatchingUp;
    }
    if let (Freshness::Live, Some(trouble), Some(since)) = (&whole, &proof.trouble, proof.alive_at)
        && kind == "cluster"
        && now - since >= live::STALE_AFTER
    {
        whole = Freshness::Stale { since, why: trouble.why.clone() };
    }
    let mut warnings = proof.warnings;
    warnings.extend(proof.history_warnings);
    if kind == "prometheus" {
        warnings.extend(about_calls(&state.world, &id));
    }
    let trouble = proof.trouble.or_else(|| {
        (!warnings.is_empty()).then(|| Trouble {
            code: "warnings".to_owned(),
            why: warnings.join("; "),
            hint: "the source itself says so; all else it answered stands".to_owned(),
        })
    });
    let skipped = state.skipped_of(&id).count();
    let trouble = trouble.or_else(|| {
        (skipped >= live::MOST_SKIPPED).then(|| Trouble {
            code: "skipped".to_owned(),
            why: format!("at least {skipped} malformed objects were skipped; no more of them are counted or named"),
            hint: "everything else was read".to_owned(),
        })
    });
    let Trouble { code, why, hint } = trouble.unwrap_or_default();
    let alive_at = proof.alive_at;
    let (kind, version) = (kind.to_owned(), proof.version);
    let cluster = cluster.to_owned();
    SourceNow { id, label, cluster, kind, state: whole, alive_at, code, why, hint, version, kinds, skipped }
}

/// What is missing in the calls that a source told were observed.
fn about_calls(world: &World, id: &SourceId) -> Vec<String> {
    let mut lines = Vec::new();
    let lost = world.lost_calls();
    for one in world.observers().filter(|one| one.source == *id) {
        let name = one.observer.name();
        if !one.trouble.is_empty() {
            let since = one.answered_at.map_or_else(String::new, |at| format!(" since {}", at.format("%H:%M:%S UTC")));
            lines.push(format!("calls seen by {name} were not told{since}: {}", one.trouble));
        }
        lines.extend(one.notes.iter().map(|note| format!("{name}: {note}")));
        let of_this = lost.iter().filter(|it| it.source == *id && it.observer == one.observer && !it.unnamed);
        let (count, first) = (of_this.clone().count(), of_this.clone().next());
        if let Some(first) = first {
            let (from, to, why) = (&first.from, &first.to, first.why);
            lines.push(format!("{name}: {count} calls are not on the map, the first {from} to {to}: {why}"));
        }
    }
    lines
}

/// What cannot wait, beside vacant command.
pub(crate) fn alarms(live: &Live, state: &State) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    alarms.extend(state.world.alerts().filter(|alert| is_absent(alert)).map(|alert| Alarm {
        code: "heartbeat_missing",
        subject: alert.id.to_string(),
        text: match state.world.cluster_label(&alert.cluster) {
            Some(cluster) => format!("{} of `{cluster}`: alerts may no longer arrive", alert.name()),
            None => format!("{}: alerts may no longer arrive", alert.name()),
        },
        hint: "look whether Prometheus still evaluates its rules and reaches Alertmanager".to_owned(),
        since: alert.starts_at,
    }));
    if let Some((since, trouble)) = &state.storage_trouble {
        alarms.push(Alarm {
            code: "storage",
            subject: String::new(),
            text: format!("not everything can be kept: {}", trouble.why),
            hint: trouble.hint.clone(),
            since: Some(*since),
        });
    }
    let told = state.proofs.iter().map(|(id, proof)| (id.clone(), proof.clock_ahead));
    let members = live.members();
    let clocks = members.iter().filter_map(|member| Some((member.source.clone(), member.connection()?.clock_ahead())));
    for (id, ahead) in told.chain(clocks) {
        if let Some(ahead) = ahead.filter(|ahead| ahead.abs() > CLOCKS_APART) {
            let word = if ahead > chrono::Duration::zero() { "ahead of" } else { "behind" };
            alarms.push(Alarm {
                code: "clock_disagrees",
                subject: id.to_string(),
                text: format!("the clock of `{id}` is {} s {word} this desk's", ahead.num_seconds().abs()),
                hint: "set both clocks by NTP; until then times of this source and of this desk do not compare"
                    .to_owned(),
                since: None,
            });
        }
    }
    alarms
}
