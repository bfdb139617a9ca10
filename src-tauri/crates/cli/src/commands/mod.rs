//! One file per family of commands.

mod bundle;
mod cases;
mod db;
mod doctor;
mod handoff;
mod incident;
mod postmortem;
mod reading;
mod record;
mod secrets;
mod serve;
mod show;
mod source;
mod topology;

use broadstreet_api::ApiError;
use serde_json::Value;

use crate::args::{Cli, Command, Global};
use crate::instance::Desk;
use crate::output::{field, list};

/// Runs what was typed.
pub async fn run(cli: Cli) -> Result<(), ApiError> {
    let global = &cli.global;
    match cli.command {
        Command::Doctor => doctor::run(global).await,
        Command::Topology(args) => topology::run(global, args).await,
        Command::Cases(args) => cases::run(global, args).await,
        Command::Record(args) => record::run(global, args).await,
        Command::Serve(args) => serve::serve(global, args.port).await,
        Command::Open(args) => serve::open(global, args).await,
        Command::Export(args) => bundle::export(global, args).await,
        Command::Verify { file } => bundle::verify(global, &file).await,
        Command::Incident(args) => incident::run(global, args).await,
        Command::Postmortem(args) => postmortem::run(global, args).await,
        Command::Handoff(args) => handoff::run(global, args).await,
        Command::Db(crate::args::Db::Migrate) => db::migrate(global).await,
    }
}

/// Opens the desk, runs `work` with it, and closes it whatever came of it.
async fn with_desk<T>(global: &Global, work: impl AsyncFnOnce(&Desk) -> Result<T, ApiError>) -> Result<T, ApiError> {
    let desk = Desk::open(global).await?;
    let answer = work(&desk).await;
    desk.close().await;
    answer
}

/// The incident meant: by number or id, else the one that is open, else the only one that is not over.
async fn which(desk: &Desk, global: &Global, named: Option<&str>) -> Result<String, ApiError> {
    let all = desk.call(global, "incidents", Value::Null).await?;
    let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
    let numbers = |of: &[&Value]| of.iter().map(|it| field(it, "number")).collect::<Vec<_>>().join(", ");
    let every: Vec<&Value> = all.iter().collect();
    if let Some(named) = named {
        let is_meant = |it: &&Value| {
            let number = field(it, "number");
            let digits = number.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_start_matches('0');
            field(it, "id").eq_ignore_ascii_case(named)
                || number.eq_ignore_ascii_case(named)
                || (!digits.is_empty() && digits == named.trim_start_matches('0'))
        };
        let found = all.iter().find(is_meant).map(|it| field(it, "id").to_owned());
        return found.ok_or_else(|| {
            let known =
                if all.is_empty() { "there is none yet".to_owned() } else { format!("there are {}", numbers(&every)) };
            ApiError::new(
                "not_found",
                format!("no incident `{named}`; {known}"),
                "name one of those: `broadstreet incident list`",
            )
        });
    }
    let open = desk.call(global, "desk", Value::Null).await?;
    if let Some(id) = open["incident"].as_str() {
        return Ok(id.to_owned());
    }
    let is_over = |it: &Value| it["imported"] == true || field(it, "status") == "closed";
    let running: Vec<&Value> = all.iter().filter(|it| !is_over(it)).collect();
    match running.as_slice() {
        [one] => Ok(field(one, "id").to_owned()),
        [] => Err(ApiError::new(
            "no_incident",
            "no incident is open",
            "declare one: `broadstreet incident declare TITLE --severity N`",
        )),
        several => Err(ApiError::new(
            "which_incident",
            format!("several incidents are open: {}", numbers(several)),
            "name one with --incident",
        )),
    }
}

/// The row of something that has a label on screen (H1, T2, D3), or the row itself.
fn labelled(incident: &Value, kind: &str, named: &str) -> Result<String, ApiError> {
    let all = list(incident, kind);
    let found = all.iter().find(|it| field(it, "label").eq_ignore_ascii_case(named) || field(it, "row") == named);
    found.map(|it| field(it, "row").to_owned()).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|it| field(it, "label")).collect();
        let known =
            if known.is_empty() { "there is none yet".to_owned() } else { format!("there are {}", known.join(", ")) };
        ApiError::new(
            "not_found",
            format!("`{named}` is none of the {kind} of {}; {known}", field(incident, "number")),
            "name one of those",
        )
    })
}

/// Resolves when the person (Ctrl-C) or the system (SIGTERM) asks to end.
pub async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
