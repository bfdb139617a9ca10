//! Broadstreet in a desktop window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bridge;
mod software;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use broadstreet_api::ApiError;
use broadstreet_cli::args::Window;
use broadstreet_cli::host::Host;
use broadstreet_cli::instance::Announced;
use broadstreet_cli::serve::Server;
use broadstreet_engine::Engine;
use broadstreet_engine::supervise::Supervisor;
use tauri::{App, AppHandle, Manager, RunEvent};
use tokio::sync::oneshot;

/// A world is millions of small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What runs behind the window, until it is closed.
struct Running {
    host: Host,
    announced: Option<Announced>,
    stop_serving: Option<oneshot::Sender<()>>,
    tasks: Supervisor,
}

/// The slot it is taken from at the end.
#[derive(Default)]
struct Desk(Mutex<Option<Running>>);

fn main() -> ExitCode {
    let args = match broadstreet_cli::window_args() {
        Ok(args) => args,
        Err(code) => return code,
    };
    broadstreet_cli::log(&args.global.log, args.global.json);
    software::settle();
    // The window's own has a worker a core; without ours it goes on with that.
    let runtime = broadstreet_cli::runtime().ok();
    if let Some(runtime) = &runtime {
        tauri::async_runtime::set(runtime.handle().clone());
    }
    let mut builder = tauri::Builder::default();
    // Two windows on one record make no sense; two records do.
    if args.global.data.is_none() {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, _, _| window::show(app)));
    }
    let built = builder
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .manage(Desk::default())
        .invoke_handler(tauri::generate_handler![bridge::call, bridge::scene, bridge::put, bridge::get])
        .setup(move |app| Ok(start(app, &args)?))
        .build(context());
    let app = match built {
        Ok(app) => app,
        Err(why) => {
            let hint = "the message names the part that failed; `broadstreet serve` shows the same screen in a browser";
            broadstreet_cli::output::error(
                &ApiError::new("window", format!("the window does not open: {why}"), hint),
                false,
            );
            return ExitCode::FAILURE;
        }
    };
    let code = app.run_return(|app, event| {
        if let RunEvent::Exit = event {
            stop(app);
        }
    });
    if let Some(runtime) = runtime {
        runtime.shutdown_background();
    }
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// What `tauri.conf.json` says, as Tauri's macro compiles it in.
#[allow(clippy::disallowed_methods, reason = "the macro itself ends the process where its thread panics")]
fn context() -> tauri::Context {
    tauri::generate_context!()
}

/// Opens the record, the door for the command line and the window.
fn start(app: &mut App, args: &Window) -> tauri::Result<()> {
    let handle = app.handle().clone();
    let running = match tauri::async_runtime::block_on(open(&handle, args)) {
        Ok(running) => running,
        Err(error) => {
            // Without a record there is nothing to show: said in a dialog, and over.
            let over = handle.clone();
            window::say_why(&handle, &error, move || over.exit(1));
            return Ok(());
        }
    };
    let (engine, tasks) = (running.host.engine.clone(), running.tasks.clone());
    let named = |file: &PathBuf| ("open_bundle", serde_json::json!({ "path": file.display().to_string() }));
    let opening = match args.file.as_ref().map(named) {
        Some(named) => Some(named),
        None => tauri::async_runtime::block_on(running.host.opening(&args.global)),
    };
    app.manage::<Engine>(engine.clone());
    *app.state::<Desk>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    window::open(&handle)?;
    // The window stands before a slow cluster answers; the page hears of it by a notice.
    if let Some((command, payload)) = opening {
        let work = async move {
            let opened = broadstreet_api::dispatch(&engine, command, payload).await;
            opened.map(drop).map_err(|error| {
                window::say_why(&handle, &error, || ());
                error.message
            })
        };
        tauri::async_runtime::block_on(async { tasks.start("open what the window shows", work) });
    }
    Ok(())
}

async fn open(app: &AppHandle, args: &Window) -> Result<Running, ApiError> {
    let host = Host::start(&args.global).await?;
    let server = Server::listen(host.engine.clone(), 0).await?;
    // The window works without the door; only the commands of a terminal would not find it.
    let announced = match server.announce(&host.data) {
        Ok(announced) => Some(announced),
        Err(error) => {
            tracing::warn!(error = error.message, "commands of a terminal will not find this window");
            None
        }
    };
    let (stop_serving, stopped) = oneshot::channel::<()>();
    let tasks = Supervisor::default();
    let serving = server.run(async {
        let _ = stopped.await;
    });
    tasks.start("server of the window's record", async move { serving.await.map_err(|error| error.message) });
    let telling = bridge::tell(app.clone(), host.engine.clone());
    tasks.start("notices to the window", async move {
        telling.await;
        Ok(())
    });
    let over = app.clone();
    tasks.start("end of the session", async move {
        broadstreet_cli::asked_to_end().await;
        over.exit(0);
        Ok(())
    });
    Ok(Running { host, announced, stop_serving: Some(stop_serving), tasks })
}

/// Ends what runs behind the window; what was received and not yet kept is kept first.
fn stop(app: &AppHandle) {
    let running = app.state::<Desk>().0.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(mut running) = running {
        drop(running.announced.take());
        drop(running.stop_serving.take());
        tauri::async_runtime::block_on(async {
            running.tasks.stop().await;
            running.host.stop().await;
        });
    }
}
