//! Evidence at hand: an object whole, and what containers print.

use super::wire;

wire! {
    /// An object whole as YAML, read at `at`; `covered` values that are or may be secrets are covered in it.
    ManifestView { id: String, yaml: String, covered: u32, at: String }
    /// The figures of an object over a span, from the source that was asked.
    MetricsView { id: String, source: String, from: String, to: String, figures: Vec<FigureView> }
    /// One figure. `unit`: cores, bytes, count, share. `times` in milliseconds since 1970, `values` beside them; both empty
    /// where nobody measures it. `why` says what went wrong, `notes` what the source warns of.
    FigureView { name: String, unit: String, query: String, times: Vec<f64>, values: Vec<f64>, step_seconds: u32, why: String, notes: Vec<String> }
    /// Whose logs: of one container by name, or of all; of the container before the last restart.
    LogsRequest { id: String, container: String, previous: bool }
    /// Asks an open reading for what came after a line.
    LogsRef { reading: String, after: u32 }
    /// A line: `number` in the order of arrival, `stream` its container's place in the list, `cut` bytes left out.
    LogLineView { number: u32, stream: u32, at: Option<String>, text: String, cut: u32 }
    /// One container's log. `state`: asked, open, ended, failed.
    StreamView { pod: String, container: String, state: String, why: String }
    /// What an open reading has: lines after the one asked for, `last` the newest there is, `dropped` made room.
    LogsView { reading: String, streams: Vec<StreamView>, left_out: u32, lines: Vec<LogLineView>, last: u32, dropped: u32 }
}
