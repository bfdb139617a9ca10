#!/bin/bash
# Records the bundled incident anew on a lab of its own and puts it where the program is built with it.
set -euo pipefail
cd "$(dirname "$0")"
export LAB_STATE="${LAB_STATE:-$(mktemp -d)}" FOR="${FOR:-45}" STEP2="${STEP2:-150}" STEP1_USER=mei STEP2_USER=jonas
. ./lib.sh
OUT="${1:-$LAB/../../src-tauri/crates/cli/bundled/incident.broadstreet}"
[ -x "${BROADSTREET:-}" ] || { echo "error: BROADSTREET names no program: build it with cargo build --release -p broadstreet-cli" >&2; exit 1; }
./all.sh
trap './down.sh || true' EXIT
KUBECTL="$K8S_BIN/kubectl" LAB_JSON="$STATE/lab.json" node scenario.mjs "$OUT"
ls -l "$OUT"
