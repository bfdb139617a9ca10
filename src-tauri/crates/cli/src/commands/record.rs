//! `record`: a recorder without a screen.

use broadstreet_api::ApiError;
use serde_json::json;

use super::{asked_to_end, reading, secrets};
use crate::args::{Global, Record};
use crate::host::Host;
use crate::output::{self, failed, field, list, note};
use crate::serve::Server;

/// Records until it is asked to end, or the given time is over. The incident commands find it meanwhile. What cannot be read
/// is named and asked for again; it is an error where that was everything.
pub async fn run(global: &Global, args: Record) -> Result<(), ApiError> {
    let host = Host::start(global).await?;
    let recorded = async {
        secrets::ask(&host.engine).await?;
        let server = Server::listen(host.engine.clone(), 0).await?;
        let announced = server.announce(&host.data)?;
        let end = async move {
            match args.span {
                Some(span) => tokio::select! {
                    () = asked_to_end() => {}
                    () = tokio::time::sleep(span) => {}
                },
                None => asked_to_end().await,
            }
        };
        let engine = host.engine.clone();
        let reading = async {
            reading::open(global, &engine).await?;
            let desk = broadstreet_api::dispatch(&engine, "desk", serde_json::Value::Null).await?;
            note(&format!("Recording {}. Ctrl-C ends.", field(&desk, "title")));
            let desk = reading::until_read(&engine).await?;
            for source in list(&desk, "sources") {
                note(&format!("  {} {} {}", field(source, "label"), field(source, "state"), field(source, "why")));
                reading::not_read(source).iter().for_each(|line| note(&format!("    {line}")));
            }
            std::future::pending::<Result<(), ApiError>>().await
        };
        let ended = tokio::select! {
            ended = server.run(end) => ended,
            failed = reading => failed,
        };
        drop(announced);
        ended?;
        let desk = broadstreet_api::dispatch(&host.engine, "desk", serde_json::Value::Null).await?;
        if field(&desk, "mode") != "live" {
            let message = "nothing was recorded: the cluster had not answered when the recording ended";
            return Err(ApiError::new(
                "unreachable",
                message,
                "look with `broadstreet doctor`, then give it more time",
            ));
        }
        if let Some(why) = host.engine.unread().await.map(failed) {
            let message = format!("nothing was recorded of {}: {}", field(&desk, "title"), why.message);
            return Err(ApiError { message, ..why });
        }
        let (from, to) = (field(&desk, "recorded_from"), field(&desk, "recorded_to"));
        if global.json {
            output::json(&json!({ "title": field(&desk, "title"), "recorded_from": from, "recorded_to": to }))?;
        } else {
            output::text(&format!(
                "recorded {} from {} to {}",
                field(&desk, "title"),
                output::when(from),
                output::when(to)
            ))?;
        }
        Ok(())
    }
    .await;
    host.stop().await;
    recorded
}
