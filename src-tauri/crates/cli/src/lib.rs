//! Broadstreet without a window: record, open, export, serve. The desktop window builds on [`host`] and [`serve`].

pub mod args;
mod commands;
pub mod host;
pub mod instance;
pub mod output;
mod scratch;
pub mod serve;
pub mod vault;

use std::process::ExitCode;

use broadstreet_api::ApiError;
use clap::Parser;

pub use commands::asked_to_end;

/// Reads the arguments, runs the command, prints what it answers. 0 done, 1 failed, 2 typed wrongly.
pub fn main() -> ExitCode {
    let cli = match args::Cli::read() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    log(&cli.global.log, cli.global.json);
    let json = cli.global.json;
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(why) => {
            let error =
                ApiError::new("no_runtime", format!("cannot start: {why}"), "close some programs and try again");
            output::error(&error, json);
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error, json);
            ExitCode::FAILURE
        }
    }
}

/// What runs everything. A page of a list that is read, or a change of a whole cluster, holds a worker for a while: there are
/// two more of them than cores, so that whoever asks meanwhile is answered.
///
/// # Errors
/// Where the system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread().worker_threads(cores + 2).enable_all().build()
}

/// Writes the log to stderr, so that stdout stays the answer.
pub fn log(level: &str, json: bool) {
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(level);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails where a log was set up already; either one will do.
    let _ = if json { log.json().try_init() } else { log.try_init() };
}

/// Help and version go to stdout; what was typed wrongly to stderr, in the spelling that was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|it| it == "--json") {
        output::error(&ApiError::new("usage", typed_wrongly(error), "see `broadstreet --help`"), true);
    } else {
        let _ = error.print();
    }
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

/// What was typed wrongly as one line: clap names the argument, the allowed values and what it thinks was meant on lines below.
fn typed_wrongly(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said = text.lines().take_while(|it| !it.starts_with("Usage:") && !it.starts_with("For more information"));
    let said: Vec<&str> = said.map(str::trim).filter(|it| !it.is_empty()).collect();
    said.join(" ").trim_start_matches("error: ").to_owned()
}

/// Reads the arguments of the desktop window.
pub fn window_args() -> Result<args::Window, ExitCode> {
    args::Window::try_parse().map_err(|error| usage(&error))
}
