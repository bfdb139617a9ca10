#!/usr/bin/env bash
# Starts Broadstreet: the desktop window where there is a display, else `broadstreet serve` and its address.
# Arguments go to the program: `scripts/run.sh --data /tmp/desk`.
# BROADSTREET_PROGRAM names a `broadstreet` that is built already: it is served where there is no display (the tests do so).
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  say "A display is there: building the desktop window (the first build takes some minutes)"
  rust_ready
  desktop_packages
  ui_build
  exec cargo run --release -p broadstreet-shell -- "$@"
fi
say "No display (DISPLAY and WAYLAND_DISPLAY are empty): serving the same screen to a browser on this machine instead."
say "Nothing of the desktop is installed for this. Set DISPLAY and run again for the window."
program="${BROADSTREET_PROGRAM:-$CARGO_TARGET_DIR/release/broadstreet}"
if [ -z "${BROADSTREET_PROGRAM:-}" ]; then
  rust_ready
  ui_build
  cargo build --release -p broadstreet-cli
fi
exec "$program" "$@" serve
