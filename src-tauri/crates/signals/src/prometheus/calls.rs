//! Calls that were observed: first which observers left series here, then a few questions about each of those.

use std::collections::BTreeSet;

use broadstreet_core::observed::{self, CallsPoll, MOST_CALLS, Observer, Part, Question, Sample, Told};
use broadstreet_core::ports::SignalError;
use broadstreet_core::resource::Labels;
use serde::Deserialize;

use super::Prometheus;
use crate::http::Fault;

/// Seconds after which Prometheus gives a question up: there are others to answer.
const PATIENCE: &str = "8s";

/// Series of one answer that are read at most; more than is asked for comes only from what is no Prometheus.
const MOST_SERIES: usize = 2 * MOST_CALLS;

impl Prometheus {
    /// Asks for every observer's calls, one question after the other.
    pub(super) async fn ask_calls(&self) -> Result<CallsPoll, SignalError> {
        let present = self.present().await?;
        let mut poll = CallsPoll::default();
        for observer in Observer::ALL {
            let questions = observed::questions(observer, &present);
            if !questions.is_empty() {
                poll.observers.push((observer, self.ask_observer(observer, questions).await));
            }
        }
        Ok(poll)
    }

    /// Which of the metrics there are.
    async fn present(&self) -> Result<BTreeSet<String>, SignalError> {
        let any = format!("{{__name__=~\"{}\"}}", observed::metrics().join("|"));
        let query = [("match[]", any)];
        let found = self.data::<Vec<String>>("/api/v1/label/__name__/values", &query, "Prometheus' metric names").await;
        match found {
            Ok(names) => Ok(names.data.into_iter().collect()),
            // What has no such page has no series either.
            Err(fault) if fault.status == Some(404) => Ok(BTreeSet::new()),
            Err(fault) => Err(fault.error),
        }
    }

    /// Who calls whom must be answered; what an answer to a further question would add is missing with a note.
    async fn ask_observer(&self, observer: Observer, questions: Vec<Question>) -> Result<Told, String> {
        let (mut answers, mut notes) = (Vec::new(), Vec::new());
        for question in questions {
            match self.ask_one(&question.query).await {
                Ok((samples, warned)) => {
                    notes.extend(warned);
                    answers.push((question.part, samples));
                }
                Err(fault) if answers.is_empty() => return Err(fault.error.to_string()),
                Err(fault) => notes.push(format!("{} not known: {}", missing(question.part), fault.error)),
            }
        }
        let mut told = observed::read(observer, &answers);
        notes.append(&mut told.notes);
        notes.dedup();
        Ok(Told { notes, ..told })
    }

    async fn ask_one(&self, query: &str) -> Result<(Vec<Sample>, Vec<String>), Fault> {
        let query = [("query", query.to_owned()), ("timeout", PATIENCE.to_owned())];
        let answer = self.data::<Vector>("/api/v1/query", &query, "Prometheus' answer").await?;
        let vector = answer.data;
        if vector.result_type != "vector" {
            let why = format!("an answer of the type `{}` instead of a vector", vector.result_type);
            return Err(self.http.bad_answer(why).into());
        }
        let mut notes = answer.notes;
        if vector.result.len() > MOST_SERIES {
            notes.push(format!("only {MOST_SERIES} of {} series were read", vector.result.len()));
        }
        let samples = vector.result.into_iter().take(MOST_SERIES);
        Ok((samples.filter_map(sample).collect(), notes))
    }
}

/// What a question would have told.
fn missing(part: Part) -> &'static str {
    match part {
        Part::Rate(_) => "some of the traffic is",
        Part::Failed(_) => "failures are",
        Part::P95(_) => "latencies are",
        Part::Begun => "who began a connection is",
        Part::Lost(_) => "whether anything was lost is",
    }
}

/// A series with its value, where that is a number.
fn sample(series: Instant) -> Option<Sample> {
    let (_, value) = series.value?;
    Some(Sample { labels: series.metric, value: value.parse().ok()? })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    #[serde(default)]
    result_type: String,
    #[serde(default)]
    result: Vec<Instant>,
}

#[derive(Deserialize)]
struct Instant {
    #[serde(default)]
    metric: Labels,
    /// Missing where the value is a native histogram.
    #[serde(default)]
    value: Option<(serde_json::Number, String)>,
}
