#!/usr/bin/env bash
# The quick look before a commit: formatting, lints and the tests that need neither a display nor a cluster.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
sum_up_at_the_end

rust_ready
node_ready
packages "for the tests (a database of their own)" postgresql
ui_modules "$ROOT/ui"

formatting() { cargo fmt --all --check && echo "ok formatting"; }
lints() { cargo clippy -q --all-targets && echo "ok lints"; }
rust_tests() { cargo test -q --no-fail-fast 2>&1; }
screen_lints() { (cd ui && npm run --silent lint && npm run --silent check) && echo "ok lints and types of the screen"; }
screen_tests() { (cd ui && npm run --silent test); }

stage "formatting" formatting
stage "lints" lints
stage "rust" rust_tests
stage "screen: lints and types" screen_lints
stage "screen: tests" screen_tests
summary
