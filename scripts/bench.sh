#!/usr/bin/env bash
# How fast it is: every benchmark there is, as a table of figure, target, measured and cores.
# A figure without a target is there to be watched. Pass a word to run only benchmarks whose name has it.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rust_ready
node_ready

packages=() names=
for folder in src-tauri/crates/*/benches; do
  [ -d "$folder" ] || continue
  names+=" $(basename "$(dirname "$folder")")"
  packages+=(-p "broadstreet-${names##* }")
done

rm -rf "$CARGO_TARGET_DIR/criterion"
mkdir -p "$CARGO_TARGET_DIR/criterion"
rows="$CARGO_TARGET_DIR/criterion/rows.txt"
say "Running the benchmarks of$names and of the whole engine"
missed=0
# A benchmark that ends badly has lost its rows.
cargo bench -q "${packages[@]}" -p broadstreet-tests --benches -- "$@" | tee "$rows" || missed=1

export FIGURES="$rows"
say "The whole product on a release build (the bundled incident, the ledger, 10,000 rows, kills, the lab, the window)"
packages "to measure in a browser and to trace system calls" chromium strace
desktop_packages
ui_build
ui_modules "$ROOT/tests/e2e/browser"
release_build
state="$(mktemp -d)"
trap 'for it in "$state" "$state/crowd"; do LAB_STATE="$it" tests/lab/down.sh >/dev/null 2>&1 || true; done; rm -rf "$state"' EXIT
KEEP_DESK="$state/desk" node tests/e2e/walk/figures.mjs || missed=1
WALK=typing.mjs DESK_DATA="$state/desk" tests/e2e/desktop/run.sh "$CARGO_TARGET_DIR/release/broadstreet-shell" || missed=1
node tests/e2e/walk/crash.mjs 200 || missed=1
node tests/e2e/walk/city.mjs k8s-max "$state" || missed=1
# The map of that city in the web view of the desktop, all of it in sight, drawn in software at 1280 by 800.
env -u WAYLAND_DISPLAY GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 WEBKIT_DISABLE_DMABUF_RENDERER=1 NO_AT_BRIDGE=1 \
  dbus-run-session -- xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24" \
  node tests/e2e/desktop/frames.mjs "$(ls /usr/lib/*/webkit2gtk-4.1/MiniBrowser | head -1)" "$state" || missed=1
tests/lab/build.sh || fail "the programs of the lab are not built"
LAB_STATE="$state" tests/lab/all.sh >"$state/up.log" 2>&1 || { tail -30 "$state/up.log"; fail "the lab does not come up"; }
LAB_STATE="$state" LAB_JSON="$state/lab.json" node tests/e2e/walk/latency.mjs || missed=1
LAB_STATE="$state" tests/lab/down.sh >/dev/null 2>&1
# A cluster alone: alerts on ten thousand pods would measure the pager.
crowd="$state/crowd"
LAB_STATE="$crowd" tests/lab/up.sh >"$state/crowd.log" 2>&1 || { tail -30 "$state/crowd.log"; fail "the lab does not come up"; }
LAB_STATE="$crowd" LAB_JSON="$crowd/lab.json" node tests/e2e/walk/crowd.mjs || missed=1
LAB_STATE="$crowd" tests/lab/down.sh >/dev/null 2>&1

node scripts/bench-table.mjs "$CARGO_TARGET_DIR/criterion" scripts/bench-targets.txt "$(nproc)" "$rows" "$@" || missed=1
exit "$missed"
