#!/usr/bin/env bash
# Everything: lints, units, properties, stories, the real programs of the lab, the browser and the desktop window.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rust_ready
node_ready

formatting() { cargo fmt --all --check && echo "ok formatting"; }
lints() { cargo clippy -q --all-targets -- -D warnings && echo "ok lints"; }
rust_tests() { cargo test -q --no-fail-fast 2>&1; }

generated() { git diff --exit-code --stat -- ui/src/wire && echo "ok the wire types are what generation writes"; }

stage "formatting" formatting
stage "rust" rust_tests
stage "wire types" generated
summary
