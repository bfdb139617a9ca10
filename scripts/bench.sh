#!/usr/bin/env bash
# How fast it is: every benchmark there is, as a table of figure, target, measured and cores.
# A figure without a target is there to be watched. Pass a word to run only benchmarks whose name has it.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rust_ready
node_ready

packages=()
for folder in src-tauri/crates/*/benches; do
  [ -d "$folder" ] && packages+=(-p "broadstreet-$(basename "$(dirname "$folder")")")
done

rm -rf "$CARGO_TARGET_DIR/criterion"
say "Running the benchmarks of ${packages[*]//-p/}"
cargo bench -q "${packages[@]}" --benches -- "$@"

missed=0
node scripts/bench-table.mjs "$CARGO_TARGET_DIR/criterion" scripts/bench-targets.txt "$(nproc)" || missed=$?

say "The whole product on a release build (the bundled incident, the ledger, 10,000 rows in the browser)"
packages "to measure in a browser and to trace system calls" chromium strace
ui_build
ui_modules "$ROOT/tests/e2e/browser"
cargo build -q --release -p broadstreet-cli
BROADSTREET="$CARGO_TARGET_DIR/release/broadstreet" node tests/e2e/walk/figures.mjs
exit "$missed"
