//! Between the window's page and the engine: what `ui/src/host/tauri.ts` asks for, and nothing else.

use broadstreet_api::ApiError;
use broadstreet_api::alarms::Told;
use broadstreet_api::wire::desk::Desk;
use broadstreet_api::wire::map::SceneRequest;
use broadstreet_engine::Engine;
use serde_json::Value;
use tauri::ipc::Response;
use tauri::{AppHandle, Emitter, State};
use tauri_plugin_notification::NotificationExt;

/// Runs a command of the table.
#[tauri::command]
pub async fn call(engine: State<'_, Engine>, command: String, payload: Option<Value>) -> Result<Value, ApiError> {
    broadstreet_api::dispatch(&engine, &command, payload.unwrap_or_default()).await
}

/// The scene as packed columns.
#[tauri::command]
pub async fn scene(engine: State<'_, Engine>, request: SceneRequest) -> Result<Response, ApiError> {
    Ok(Response::new(broadstreet_api::files::scene(&engine, request).await?))
}

/// Keeps a file, answers its id.
#[tauri::command]
pub async fn put(engine: State<'_, Engine>, bytes: Vec<u8>) -> Result<String, ApiError> {
    broadstreet_api::files::put(&engine, bytes).await
}

/// The bytes of a file.
#[tauri::command]
pub async fn get(engine: State<'_, Engine>, id: String) -> Result<Response, ApiError> {
    Ok(Response::new(broadstreet_api::files::get(&engine, &id).await?.0))
}

/// Passes notices to the page, and tells the person of each alarm even where the window is covered.
pub async fn tell(app: AppHandle, engine: Engine) {
    let mut listening = engine.listen();
    let mut told = Told::default();
    while let Some(notice) = listening.next().await {
        let may_alarm = matches!(notice.channel, "desk" | "ledger" | "alerts" | "resync");
        let _ = app.emit("notice", &notice);
        if may_alarm {
            tell_alarms(&app, &engine, &mut told).await;
        }
    }
}

/// Notifies of each alarm once.
async fn tell_alarms(app: &AppHandle, engine: &Engine, told: &mut Told) {
    let Ok(desk) = broadstreet_api::dispatch(engine, "desk", Value::Null).await else { return };
    let Ok(desk) = serde_json::from_value::<Desk>(desk) else { return };
    for alarm in told.news(desk.alarms) {
        let title = if alarm.code == "command_vacant" { "Nobody commands" } else { "Broadstreet" };
        let _ = app.notification().builder().title(title).body(&alarm.text).show();
    }
}
