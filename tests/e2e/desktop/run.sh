#!/usr/bin/env bash
# Drives the real desktop window: a virtual screen, a session bus of its own, and WebKit's own driver.
# `tests/e2e/desktop/run.sh [PROGRAM]` builds the program where none is named; each check prints a line that begins with `ok` or `not ok`.
# WALK names another walk of this folder, DESK_DATA a data folder that is there already.
. "$(dirname "$0")/../../../scripts/lib.sh"

program="${1:-}"
node_ready
if [ -z "$program" ]; then
  rust_ready
  desktop_packages
  ui_build
  (cd "$ROOT" && cargo build -p broadstreet-shell -p broadstreet-cli)
  program="$CARGO_TARGET_DIR/debug/broadstreet-shell"
fi
[ -x "$program" ] || fail "there is no program $program"
packages "to drive the desktop window on a virtual screen" xvfb xauth dbus webkit2gtk-driver
desk="$(mktemp -d)"
trap 'rm -rf "$desk"' EXIT
data="${DESK_DATA:-$desk/data}"
# Software drawing, a home of its own and no keyring: the same on every machine, and nothing of the person's is touched.
env -u WAYLAND_DISPLAY -u WEBKIT_DISABLE_DMABUF_RENDERER HOME="$desk" XDG_RUNTIME_DIR="$desk" GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 \
  NO_AT_BRIDGE=1 BROADSTREET_NO_KEYRING=1 BROADSTREET_DATA="$data" \
  dbus-run-session -- xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24" \
  "$(command -v node)" "$ROOT/tests/e2e/desktop/${WALK:-run.mjs}" "$program" "$data"
