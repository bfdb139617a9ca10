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
lints() { cargo clippy --all-targets && echo "ok lints"; }
# Units, properties, golden files, adapters on captured answers, the rules of the house. What starts the whole program a
# hundred times or a database for each story is `make test`'s.
rust_tests() {
  cargo test -q --no-fail-fast --lib --bins --test golden --test scene --test estate --test wire --test architecture \
    --test contract --test sources --test incident 2>&1
}
screen_lints() { (cd ui && npm run --silent lint && npm run --silent check) && echo "ok lints and types of the screen"; }
screen_tests() { (cd ui && npm run --silent test); }

stage "formatting" formatting
stage "lints" lints
stage "rust" rust_tests
stage "screen: lints and types" screen_lints
stage "screen: tests" screen_tests
summary
