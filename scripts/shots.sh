#!/usr/bin/env bash
# A PNG of every view, in both themes at 1440×900 and 1920×1080, at the worst moment of the bundled incident,
# and of the map at every level of detail: that shop, the OpenTelemetry demo and two made-up cities, up to 150,000 pods.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rust_ready
ui_build
packages "to take the pictures" chromium
ui_modules "$ROOT/tests/e2e/browser"
desktop_packages
release_build
data="$(mktemp -d)"
"$BROADSTREET" open --data "$data" --as "Mei Tanaka" --json >"$data/link.json" 2>"$data/log" &
pid=$!
trap 'kill $pid 2>/dev/null; rm -rf "$data"' EXIT
for _ in $(seq 150); do grep -q '"link"' "$data/link.json" && break; sleep 0.2; done
link="$(sed -n 's/.*"link": *"\([^"]*\)".*/\1/p' "$data/link.json")"
[ -n "$link" ] || { cat "$data/log"; fail "the bundled incident is not served"; }
mkdir -p target/shots
(cd tests/e2e/browser && node shots.mjs "$link" "$ROOT/target/shots")
(cd tests/e2e/browser && node levels.mjs "$ROOT/target/shots/levels")
