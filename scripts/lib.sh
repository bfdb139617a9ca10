# Shared by the scripts: where caches live, what is installed and why, and how stages are counted.
# shellcheck shell=bash
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CACHE="${BROADSTREET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/broadstreet}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$CACHE/target}"
export LAB_CACHE="${LAB_CACHE:-$CACHE/lab}"
mkdir -p "$CACHE"

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# packages WHY NAME...: installs the Debian packages that are not there yet, saying what and why first.
packages() {
  local why="$1" missing=() name
  shift
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  [ "${#missing[@]}" -eq 0 ] && return 0
  say "Installing from Debian, $why: ${missing[*]}"
  command -v apt-get >/dev/null || fail "no apt-get here; install by hand: ${missing[*]}"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "neither root nor sudo; ask an administrator for: ${missing[*]}"
    root=(sudo)
  fi
  "${root[@]}" apt-get update -qq || true
  # No service is started by an installation: the tests start what they need themselves.
  local policy=/usr/sbin/policy-rc.d own=
  if [ ! -e "$policy" ]; then
    own=1
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
    "${root[@]}" chmod +x "$policy"
  fi
  local code=0
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" \
    | grep -E '^(Get:|Setting up|E:)' || code=$?
  [ -z "$own" ] || "${root[@]}" rm -f "$policy"
  for name in "${missing[@]}"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' \
      || fail "Debian package $name could not be installed ($why); apt-get ended with $code"
  done
}

# rust_ready: Rust in the pinned version, and a C compiler and linker.
rust_ready() {
  [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  command -v cargo >/dev/null || fail "no cargo: install Rust from https://rustup.rs, then run this again"
  packages "to compile and link Rust" build-essential pkg-config
}

# node_ready: Node at least 20.19, which Vite 8 needs.
node_ready() {
  command -v node >/dev/null || fail "no node: install Node.js 20.19 or newer from https://nodejs.org, then run this again"
  node -e 'const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>20||(a===20&&b>=19)?0:1)' \
    || fail "Node $(node --version) is too old: Vite 8 needs 20.19 or newer"
}

# ui_modules DIR: the packages named in its lock file, installed once per lock file.
ui_modules() {
  local dir="$1" mark
  mark="$dir/node_modules/.lock-$(sha256sum "$dir/package-lock.json" | cut -c1-16)"
  [ -e "$mark" ] && return 0
  say "Installing the npm packages of ${dir#"$ROOT"/} (listed in its package-lock.json)"
  (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
  touch "$mark"
}

# ui_build: ui/dist, built once per content of ui/.
ui_build() {
  node_ready
  ui_modules "$ROOT/ui"
  local now mark="$ROOT/ui/dist/.built"
  now="$(cd "$ROOT/ui" && find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)"
  if [ ! -e "$mark" ] || [ "$(cat "$mark")" != "$now" ]; then
    say "Building the screen (ui/dist)"
    (cd "$ROOT/ui" && npm run --silent build)
    printf '%s' "$now" >"$mark"
  fi
}

# release_build: the program, the window and the made-up cities as they are measured, named in BROADSTREET and CITY.
release_build() {
  cargo build --release -p broadstreet-cli -p broadstreet-shell -p broadstreet-tests --bins --example city
  export BROADSTREET="$CARGO_TARGET_DIR/release/broadstreet" CITY="$CARGO_TARGET_DIR/release/examples/city"
}

desktop_packages() {
  packages "for the desktop window (WebKitGTK and what Tauri links)" \
    libwebkit2gtk-4.1-dev libayatana-appindicator3-dev librsvg2-dev libxdo-dev build-essential pkg-config
}

# lanes COMMAND...: the commands beside each other, each line of what they say shown as it comes; an error where one ends with one.
lanes() {
  local lane pids=() pid code=0
  for lane in "$@"; do
    { "$lane" 2>&1 | sed -u ''; } &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || code=$?; done
  return "$code"
}

# ---------------------------------------------------------------------------------------------- counting of stages
PASSED=0 FAILED=0 SKIPPED=0
FAILED_STAGES=()
FAILURES="$(mktemp)"

# stage NAME COMMAND...: runs the command, shows it, and adds up what its tests say. Understood are cargo's
# `test result:` lines, vitest's `Tests  N passed`, and lines `ok NAME`, `not ok NAME`, `skip NAME`.
# A stage that ends with an error or that ran nothing is a failure.
stage() {
  local name="$1" log code=0 p f s start
  shift
  say "Stage: $name"
  start=$SECONDS
  log="$(mktemp)"
  ("$@") 2>&1 | tee "$log" || code=$?
  read -r p f s < <(sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    /^test result:/ { for (i = 1; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) } }
    /^ *Tests +/ { for (i = 1; i <= NF; i++) { if ($i == "passed") p += $(i-1); if ($i == "failed") f += $(i-1); if ($i == "skipped") s += $(i-1) } }
    /^ok / { p++ } /^not ok / { f++ } /^skip / { s++ }
    END { print p + 0, f + 0, s + 0 }')
  sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -aE -A6 '^(first try: )?not ok |^test .* \.\.\. FAILED|^---- .* stdout ----|^error(\[|:)|^ *FAIL ' \
    | cut -c1-400 | head -60 | sed "s/^/$name | /" >>"$FAILURES" || true
  rm -f "$log"
  if [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
  if [ "$code" -eq 0 ] && [ $((p + f)) -eq 0 ]; then f=1; echo "stage $name ran nothing"; fi
  PASSED=$((PASSED + p)) FAILED=$((FAILED + f)) SKIPPED=$((SKIPPED + s))
  [ "$f" -eq 0 ] || FAILED_STAGES+=("$name")
  say "$name: $p passed, $f failed, $s skipped in $((SECONDS - start)) s"
}

# summary: the one line over all stages; the exit code says whether all is well. What ends before it has failed.
SUMMED=
sum_up_at_the_end() { trap '[ -n "$SUMMED" ] || { FAILED=$((FAILED + 1)) FAILED_STAGES+=("before the end"); summary; }' EXIT; }
summary() {
  SUMMED=1
  if [ -s "$FAILURES" ]; then say "What failed, also where a second try passed:"; cat "$FAILURES"; fi
  rm -f "$FAILURES"
  [ "${#FAILED_STAGES[@]}" -eq 0 ] || echo "failed: ${FAILED_STAGES[*]}"
  echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
  [ "$FAILED" -eq 0 ]
}
