//! `serve` and `open`: the screen in a browser on this machine.

use broadstreet_api::ApiError;
use serde_json::{Value, json};

use super::{asked_to_end, reading};
use crate::args::{Global, Open};
use crate::host::Host;
use crate::output::{self, bad_file, note};
use crate::serve::Server;

/// Serves the desk, with what it opens by itself.
pub async fn serve(global: &Global, port: u16) -> Result<(), ApiError> {
    let host = Host::start(global).await?;
    let opened = host.opening(global).await;
    run(global, host, port, opened).await
}

/// Serves a recorded incident.
pub async fn open(global: &Global, args: Open) -> Result<(), ApiError> {
    if let Some(file) = &args.file {
        std::fs::metadata(file).map_err(|why| bad_file(file, "read", &why))?;
    }
    let host = Host::start(global).await?;
    let path = args.file.as_ref().map(|it| it.display().to_string());
    run(global, host, args.port, Some(("open_bundle", json!({ "path": path })))).await
}

async fn run(global: &Global, host: Host, port: u16, opened: Option<(&str, Value)>) -> Result<(), ApiError> {
    let served = async {
        if let Some((command, payload)) = opened {
            broadstreet_api::dispatch(&host.engine, command, payload).await?;
        }
        let server = Server::listen(host.engine.clone(), port).await?;
        let announced = server.announce(&host.data)?;
        let running = server.running();
        if global.json {
            output::json(&json!({ "link": server.link(), "address": running.address, "process": running.process }))?;
        } else {
            output::text(&format!("Broadstreet serves on {}", server.link()))?;
            note("Open it in a browser on this machine. The link holds the key to this desk: give it to nobody. Ctrl-C ends.");
        }
        if !host.lasting_secrets {
            note("There is no keyring here: passwords of sources are asked for again after a restart.");
        }
        let engine = host.engine.clone();
        let reading = async {
            reading::until_read(&engine).await?;
            std::future::pending::<Result<(), ApiError>>().await
        };
        let ended = tokio::select! {
            ended = server.run(asked_to_end()) => ended,
            failed = reading => failed,
        };
        drop(announced);
        ended
    }
    .await;
    host.stop().await;
    served
}
