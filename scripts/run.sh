#!/usr/bin/env bash
# Starts Broadstreet: the desktop window where there is a display, else `broadstreet serve` and its address.
# Arguments go to the program: `scripts/run.sh --data /tmp/desk`.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rust_ready
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  say "A display is there: building the desktop window (the first build takes some minutes)"
  desktop_packages
  ui_build
  exec cargo run --release -p broadstreet-shell -- "$@"
fi
say "No display (DISPLAY and WAYLAND_DISPLAY are empty): serving the same screen to a browser on this machine instead."
say "Nothing of the desktop is installed for this. Set DISPLAY and run again for the window."
ui_build
cargo build --release -p broadstreet-cli
exec "$CARGO_TARGET_DIR/release/broadstreet" "$@" serve
