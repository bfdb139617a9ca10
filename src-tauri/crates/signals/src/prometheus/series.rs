//! One series over a span: what a figure beside an object is drawn from.

use broadstreet_core::ports::{Sampled, SignalError};
use broadstreet_core::time::Window;
use chrono::SecondsFormat;

use super::{Envelope, Prometheus, Range, seconds};

impl Prometheus {
    /// Asks `query` over `window` at `points` instants. Where it answers several series only the first is taken: it is
    /// for questions that sum.
    pub(super) async fn read_series(&self, query: &str, window: Window, points: u32) -> Result<Sampled, SignalError> {
        let span = (window.to - window.from).num_seconds().max(1);
        let step = (span / i64::from(points.clamp(2, 1_000))).max(1);
        let time = |moment: broadstreet_core::time::Moment| moment.to_rfc3339_opts(SecondsFormat::Millis, true);
        let query = [
            ("query", query.to_owned()),
            ("start", time(window.from)),
            ("end", time(window.to)),
            ("step", step.to_string()),
        ];
        let reply = self.http.get("/api/v1/query_range", &query).await.map_err(SignalError::from)?;
        let answer: Envelope<Range> = self.read(&reply, "a series of Prometheus")?;
        if answer.data.result_type != "matrix" {
            let why = format!("a series of the type `{}` instead of a matrix", answer.data.result_type);
            return Err(self.http.bad_answer(why));
        }
        let values = answer.data.result.into_iter().next().map(|series| series.values).unwrap_or_default();
        let points = values.into_iter().filter_map(|(at, value)| {
            let at = at.as_f64().and_then(seconds)?;
            // `NaN` and `+Inf` are no place on a line: there the line has a hole.
            value.parse::<f64>().ok().filter(|value| value.is_finite()).map(|value| (at, value))
        });
        Ok(Sampled { points: points.collect(), step_seconds: step as u32, notes: answer.notes })
    }
}
