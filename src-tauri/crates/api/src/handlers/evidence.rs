//! Evidence at hand: an object whole, and what containers print.

use broadstreet_core::logs::KeptLine;
use broadstreet_engine::Engine;
use broadstreet_engine::evidence::{LogsNow, StreamNow};

use super::Answer;
use super::desk::at;
use crate::convert::{key, maybe, text};
use crate::wire::desk::Nothing;
use crate::wire::evidence::{
    FigureView, LogLineView, LogsRef, LogsRequest, LogsView, ManifestView, MetricsView, StreamView,
};
use crate::wire::map::ObjectRequest;

pub async fn manifest(engine: &Engine, request: ObjectRequest) -> Answer<ManifestView> {
    let (manifest, at) = engine.manifest(&key(&request.id)?).await?;
    Ok(ManifestView { id: request.id, yaml: manifest.yaml, covered: manifest.covered, at: text(at) })
}

pub async fn metrics(engine: &Engine, request: ObjectRequest) -> Answer<MetricsView> {
    let measured = engine.measured(&key(&request.id)?, at(request.at.as_deref())?).await?;
    let figures = measured.figures.into_iter().map(|(figure, series)| {
        let mut view = FigureView {
            name: figure.name.into(),
            unit: figure.unit.name().into(),
            query: figure.query,
            ..FigureView::default()
        };
        match series {
            Ok(series) => {
                view.step_seconds = series.step_seconds;
                view.times = series.points.iter().map(|(at, _)| at.timestamp_millis() as f64).collect();
                view.values = series.points.iter().map(|(_, value)| *value).collect();
                view.notes = series.notes;
            }
            Err(trouble) => view.why = trouble.why,
        }
        view
    });
    Ok(MetricsView {
        id: request.id,
        source: measured.source.to_string(),
        from: text(measured.window.from),
        to: text(measured.window.to),
        figures: figures.collect(),
    })
}

pub async fn open_logs(engine: &Engine, request: LogsRequest) -> Answer<LogsView> {
    Ok(logs(engine.open_logs(&key(&request.id)?, &request.container, request.previous).await?))
}

pub async fn read_logs(engine: &Engine, request: LogsRef) -> Answer<LogsView> {
    Ok(logs(engine.read_logs(&request.reading, u64::from(request.after))?))
}

pub async fn close_logs(engine: &Engine, request: LogsRef) -> Answer<Nothing> {
    engine.close_logs(&request.reading);
    Ok(Nothing {})
}

fn logs(now: LogsNow) -> LogsView {
    let stream =
        |it: StreamNow| StreamView { pod: it.pod, container: it.container, state: it.state.into(), why: it.why };
    let line = |it: KeptLine| LogLineView {
        number: it.number as u32,
        stream: it.stream as u32,
        at: maybe(it.line.at),
        text: it.line.text,
        cut: it.line.cut as u32,
    };
    LogsView {
        reading: now.reading,
        streams: now.streams.into_iter().map(stream).collect(),
        left_out: now.left_out as u32,
        lines: now.lines.into_iter().map(line).collect(),
        last: now.last as u32,
        dropped: now.dropped as u32,
    }
}
