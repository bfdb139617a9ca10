//! Passwords of sources that nothing keeps: asked for on a terminal.

use std::io::IsTerminal;

use broadstreet_api::ApiError;
use broadstreet_engine::Engine;

use crate::output::failed;

/// Asks whoever sits at the terminal for each password or token that is neither kept nor given in the environment. Where there
/// is no terminal nobody is asked, and what is left empty stays missing: then the source says so, with what to do.
pub async fn ask(engine: &Engine) -> Result<(), ApiError> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    for settings in engine.sources().await.map_err(failed)? {
        if !settings.credentials.need_secret() || engine.has_secret(&settings.id) {
            continue;
        }
        // Whoever cannot be asked after all has entered nothing.
        #[cfg(unix)]
        let _silent = Silent::now();
        let entered = rpassword::prompt_password(format!("Password or token of {}: ", settings.id)).unwrap_or_default();
        if !entered.is_empty() {
            engine.save_source(settings, Some(entered)).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// A terminal without an echo, until it is dropped. Whoever answers before the question is read out would be shown else:
/// rpassword asks first and turns the echo off then.
#[cfg(unix)]
struct Silent(rustix::termios::Termios);

#[cfg(unix)]
impl Silent {
    fn now() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &modes).ok()?;
        Some(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that is gone has no echo either.
        let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, &self.0);
    }
}
