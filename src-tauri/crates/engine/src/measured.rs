//! Figures beside an object: its CPU, memory, restarts and failed requests over the last hour, from Prometheus.

use broadstreet_core::id::{ObjectKey, SourceId};
use broadstreet_core::metrics::{Figure, figures};
use broadstreet_core::ports::{Sampled, SourceKind};
use broadstreet_core::time::{Moment, Window};

use crate::live::{Trouble, open_alerts};
use crate::{Engine, EngineError, Result};

/// How far back a figure reaches.
const SPAN: chrono::Duration = chrono::Duration::hours(1);

/// Instants of a figure: more than a panel has pixels for would only be read.
const POINTS: u32 = 120;

/// The figures of an object.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The Prometheus that was asked.
    pub source: SourceId,
    /// The span.
    pub window: Window,
    /// Each figure with its series, or with what went wrong; a series without a point is one nobody measures.
    pub figures: Vec<(Figure, std::result::Result<Sampled, Trouble>)>,
}

impl Engine {
    /// Asks the Prometheus of an object's cluster about it, else one that belongs to none, over the hour before `until` (`None`: now).
    ///
    /// # Errors
    /// `not_live` without a cluster, `no_prometheus` where none is configured. An object without pods has no figures.
    pub async fn measured(&self, key: &ObjectKey, until: Option<Moment>) -> Result<Measured> {
        let live = self.live().await.ok_or_else(|| {
            let hint = "open the cluster's context; what was pinned stands on the timeline";
            EngineError::refused(
                "not_live",
                "figures are read from a live cluster's Prometheus, and none is open",
                hint,
            )
        })?;
        let label = live.member_of(&key.cluster).map(|member| member.label.clone()).unwrap_or_default();
        let settings = {
            let sources = live.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let servers = || sources.values().map(|(it, _)| it).filter(|it| it.kind == SourceKind::Prometheus);
            let own = servers().find(|it| !it.cluster.is_empty() && it.cluster == label);
            own.or_else(|| servers().find(|it| it.cluster.is_empty())).cloned()
        };
        let settings = settings.ok_or_else(|| {
            let hint = "add it in Settings, Sources; `Find in the cluster` looks for it by the usual names";
            EngineError::refused("no_prometheus", "no Prometheus is configured for this cluster", hint)
        })?;
        let source = open_alerts(self, &live, &settings)?;
        let to = until.unwrap_or_else(|| self.now());
        let window = Window { from: to - SPAN, to };
        let asked = figures(key).into_iter().map(|figure| {
            let source = &source;
            async move {
                let series = source.series(figure.query.clone(), window, POINTS).await;
                (figure, series.map_err(|why| Trouble::of(&why.into())))
            }
        });
        let figures = futures_util::future::join_all(asked).await;
        Ok(Measured { source: settings.id, window, figures })
    }
}
