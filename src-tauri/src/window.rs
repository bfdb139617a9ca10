//! The one window.

use broadstreet_api::ApiError;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tauri_plugin_opener::OpenerExt;

const NAME: &str = "main";

/// Opens it.
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    let outside = app.clone();
    WebviewWindowBuilder::new(app, NAME, WebviewUrl::default())
        .title("Broadstreet")
        .inner_size(1440.0, 900.0)
        .min_inner_size(960.0, 600.0)
        // The window shows Broadstreet only; a link in a note opens in the person's browser.
        .on_navigation(move |url| {
            let is_ours = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
            if !is_ours && matches!(url.scheme(), "http" | "https" | "mailto") {
                let _ = outside.opener().open_url(url.as_str(), None::<&str>);
            }
            is_ours
        })
        .build()?;
    Ok(())
}

/// Brings it to the front.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(NAME) {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// Says in a dialog why something did not work, where there is no page yet to say it, and goes on when it was read.
pub fn say_why(app: &AppHandle, error: &ApiError, then: impl FnOnce() + Send + 'static) {
    broadstreet_cli::output::error(error, false);
    app.dialog()
        .message(format!("{}\n\n{}", error.message, error.hint))
        .title("Broadstreet")
        .kind(MessageDialogKind::Error)
        .show(|_| then());
}
