#!/usr/bin/env bash
# Everything: lints, units, properties, stories, the real programs of the lab, the browser and the desktop window.
# ONLY="rust screen" runs the stages whose names contain one of the words.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
sum_up_at_the_end

say "This runs everything. It needs Rust ($(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml), which rustup installs where it is missing), Node and Go, and installs from Debian what each stage names below."
say "Compiled programs are kept in $CACHE: the first run takes up to an hour on two cores, later ones a third of it."
rust_ready
node_ready
packages "for the tests (databases, browser, PDF text, system calls, packed recordings, a network of its own)" postgresql sqlite3 chromium poppler-utils curl strace zstd util-linux iproute2

PROGRAM="$CARGO_TARGET_DIR/debug/broadstreet"
WALK_DIALOGS="$(mktemp)"
export WALK_DIALOGS
wanted() { [ -z "${ONLY:-}" ] || for word in $ONLY; do case "$1" in *"$word"*) return 0 ;; esac; done && [ -z "${ONLY:-}" ]; }
part() { if wanted "$1"; then stage "$@"; fi; }

built_screen() { ui_build && echo "ok the screen is built"; }
built_program() { cargo build --tests --bins && echo "ok the program is built"; }
formatting() { cargo fmt --all --check && echo "ok formatting"; }
lints() { cargo clippy --all-targets && echo "ok lints"; }

# Tests that wait for what the program gives up after run beside those that compute. A test that is in neither lane would
# be missed: what computes is whatever does not wait.
WAITING="bad faults live stories"
rust_waits() {
  # shellcheck disable=SC2086
  cargo test -q --no-fail-fast $(printf -- '--test %s ' $WAITING) -- --test-threads=6
}
rust_computes() {
  local tests
  tests="$(cargo metadata --format-version 1 --no-deps --locked | WAITING="$WAITING" node -e '
    const { packages, workspace_default_members: ours } = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const targets = packages.filter((one) => ours.includes(one.id)).flatMap((one) => one.targets);
    const names = targets.filter((one) => one.kind.includes("test")).map((one) => one.name);
    console.log(names.filter((one) => !process.env.WAITING.split(" ").includes(one)).map((one) => `--test ${one}`).join(" "));')" || return 1
  # shellcheck disable=SC2086
  cargo test -q --no-fail-fast --lib --bins $tests
}
rust_documents() { cargo test -q --doc; }
rust_tests() { lanes rust_waits rust_computes rust_documents; }
generated() { [ -z "$(git status --porcelain -- ui/src/wire | tee /dev/stderr)" ] && echo "ok the wire types are what generation writes"; }

screen_tests() {
  ui_modules "$ROOT/ui"
  (cd ui && npm run --silent check && echo "ok types of the screen" && npm run --silent lint && echo "ok lints of the screen" && npm test --silent)
}

# Licences, bans and sources of every dependency.
licences() {
  local tool="$CACHE/tools/bin/cargo-deny"
  if [ ! -x "$tool" ]; then
    say "Building cargo-deny, which checks licences, bans and sources (kept in $CACHE/tools)"
    cargo install --locked --root "$CACHE/tools" --target-dir "$CACHE/tools/target" cargo-deny || return 1
  fi
  "$tool" --log-level error check licenses bans sources && echo "ok licences, bans and sources"
}

# A walk by pointer over a busy machine is given a second, fresh try, and what failed in the first is shown. What ends with
# this code found something no slow machine explains: it is not tried again.
CERTAIN=3
second_try() {
  local said code=0
  said="$(mktemp)"
  "$@" >"$said" 2>&1 || code=$?
  if [ "$code" -eq 0 ] || [ "$code" -eq "$CERTAIN" ]; then cat "$said"; rm -f "$said"; return "$code"; fi
  grep -A6 "^not ok" "$said" | sed 's/^/first try: /' || true
  rm -f "$said"
  "$@"
}

# One incident on the lab's cluster through the screen, from Declare to a bundle.
live_walk() {
  local data link pid code=0
  ui_modules "$ROOT/tests/e2e/browser"
  data="$(mktemp -d)"
  "$PROGRAM" serve --data "$data" --kubeconfig "$1/kubeconfig/readonly" --as "Mei Tanaka" --json >"$data/link.json" 2>"$data/log" &
  pid=$!
  for _ in $(seq 150); do grep -q '"link"' "$data/link.json" && break; sleep 0.2; done
  link="$(sed -n 's/.*"link": *"\([^"]*\)".*/\1/p' "$data/link.json")"
  if [ -z "$link" ]; then cat "$data/log"; echo "not ok the cluster of the lab is served"; code=1; fi
  [ "$code" -ne 0 ] || (cd tests/e2e/browser && second_try node live.mjs "$link") || code=$?
  kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true
  rm -rf "$data"
  return "$code"
}

# The walk over a real cluster: control plane, monitoring and pager of tests/lab.
lab_walk() {
  local state code=0
  state="$(mktemp -d)"
  tests/lab/build.sh || { echo "not ok the lab's programs are built"; rm -rf "$state"; return 1; }
  LAB_STATE="$state" tests/lab/all.sh >"$state/up.log" 2>&1 || { tail -30 "$state/up.log"; echo "not ok the lab comes up"; LAB_STATE="$state" tests/lab/down.sh; return 1; }
  (cd tests/e2e/walk && LAB_STATE="$state" LAB_JSON="$state/lab.json" BROADSTREET="$PROGRAM" node walk.mjs) || code=$?
  (cd tests/e2e/walk && LAB_STATE="$state" LAB_JSON="$state/lab.json" BROADSTREET="$PROGRAM" node observed.mjs) || code=$?
  live_walk "$state" || code=$?
  (cd tests/e2e/browser && LAB_STATE="$state" LAB_JSON="$state/lab.json" BROADSTREET="$PROGRAM" node live-cases.mjs) || code=$?
  (cd tests/e2e/walk && LAB_STATE="$state" LAB_JSON="$state/lab.json" node audit.mjs) || code=$?
  LAB_STATE="$state" tests/lab/down.sh >/dev/null 2>&1 || true
  rm -rf "$state"
  return "$code"
}

# What befalls a real API server, on a lab of its own. It waits more than it works, so it goes on while other stages run;
# its seconds are those of a desk, so it is tried once more on a fresh lab where those others took them.
fault_round() (
  export LAB_STATE LAB_JSON BROADSTREET="$PROGRAM"
  LAB_STATE="$(mktemp -d -p "$FAULTS")" && LAB_JSON="$LAB_STATE/lab.json"
  trap '"$ROOT/tests/lab/down.sh" >/dev/null 2>&1' EXIT
  tests/lab/up.sh >"$LAB_STATE/up.log" 2>&1 || { tail -30 "$LAB_STATE/up.log"; echo "not ok the lab of the faults comes up"; exit 1; }
  cd tests/e2e/walk && node faults.mjs || exit 1
  node audit.mjs || exit "$CERTAIN"
)
begin_faults() {
  FAULTS="$(mktemp -d)"
  tests/lab/build.sh || { echo "not ok the lab's programs are built" >"$FAULTS.said"; echo 1 >"$FAULTS.code"; return 0; }
  (
    trap 'echo "$?" >"$FAULTS.code"' EXIT
    second_try fault_round
  ) >"$FAULTS.said" 2>&1 &
}
# A stage is a shell of its own, which cannot wait for a child of this one: the walk says its end in a file, and ends by itself.
faults_walk() {
  local code=1 n
  for n in $(seq 900); do [ ! -e "$FAULTS.code" ] || break; sleep 1; done
  cat "$FAULTS.said"
  [ ! -e "$FAULTS.code" ] || code="$(cat "$FAULTS.code")"
  rm -rf "$FAULTS" "$FAULTS.said" "$FAULTS.code"
  return "$code"
}

# The screen in a real browser on the bundled incident, every view and dialog in both themes.
bundled_walk() {
  local data link pid code=0
  data="$(mktemp -d)"
  "$PROGRAM" open --data "$data" --as "Mei Tanaka" --json >"$data/link.json" 2>"$data/log" &
  pid=$!
  for _ in $(seq 150); do grep -q '"link"' "$data/link.json" && break; sleep 0.2; done
  link="$(sed -n 's/.*"link": *"\([^"]*\)".*/\1/p' "$data/link.json")"
  if [ -z "$link" ]; then cat "$data/log"; echo "not ok the bundled incident is served"; code=1; fi
  [ "$code" -ne 0 ] || (cd tests/e2e/browser && second_try node run.mjs "$link") || code=$?
  [ -z "$link" ] || (cd tests/e2e/browser && second_try node access.mjs "$link") || code=$?
  (cd tests/e2e/browser && second_try node drawing.mjs) || code=$?
  kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true
  rm -rf "$data"
  return "$code"
}
# The screen on a pretend desk and on desks of its own.
own_walks() {
  local walk code=0
  for walk in desk record ends seek contexts secrets; do (cd tests/e2e/browser && BROADSTREET="$PROGRAM" second_try node "$walk.mjs") || code=$?; done
  return "$code"
}
browser_walk() { ui_modules "$ROOT/tests/e2e/browser"; lanes bundled_walk own_walks; }

# Whether the walks of the lab and the browser held every dialog before axe, as they wrote down.
dialogs_walk() { (cd tests/e2e/browser && node dialogs.mjs "$WALK_DIALOGS") && rm -f "$WALK_DIALOGS"; }

# Kills the program at random moments while it writes.
crash_walk() { (cd tests/e2e/walk && BROADSTREET="$PROGRAM" node crash.mjs 25); }

# Passwords in a real keyring on a session bus of its own, and without any bus.
keyring_walk() { BROADSTREET="$PROGRAM" tests/e2e/keyring/run.sh; }

# `make run` where there is neither a display nor a kubeconfig.
run_walk() { BROADSTREET="$PROGRAM" node tests/e2e/run.mjs; }

# The window is no default member, since it needs WebKitGTK: its lints and tests run where that is installed, after the walk
# that did so.
desktop_walk() {
  local code=0
  tests/e2e/desktop/run.sh || code=$?
  { desktop_packages && cargo clippy -p broadstreet-shell --all-targets && echo "ok lints of the window"; } || { echo "not ok lints of the window"; code=1; }
  cargo test -q -p broadstreet-shell --bins || code=1
  return "$code"
}

stage "build of the screen" built_screen
stage "build of the program" built_program
if wanted "faults"; then begin_faults; fi
part "formatting" formatting
part "rust" rust_tests
part "wire types" generated
part "screen" screen_tests
part "faults" faults_walk
part "lab" lab_walk
part "crash" crash_walk
part "keyring" keyring_walk
part "run" run_walk
part "browser" browser_walk
part "dialogs" dialogs_walk
part "desktop" desktop_walk
part "lints" lints
part "licences" licences
summary
