#!/usr/bin/env bash
# A real keyring, with or without a desktop: a session bus of its own, and on it GNOME's keyring in a home of its own, unlocked with
# a password. Nothing of the keyring of whoever runs it is touched. `BROADSTREET=…/broadstreet tests/e2e/keyring/run.sh`
. "$(dirname "$0")/../../../scripts/lib.sh"

node_ready
packages "for a keyring of the tests' own and a second reader of it" gnome-keyring libsecret-tools dbus
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT
# The keyring ends with the bus, and the bus with the walk.
env -u BROADSTREET_NO_KEYRING -u DISPLAY -u WAYLAND_DISPLAY HOME="$home" XDG_RUNTIME_DIR="$home" XDG_DATA_HOME="$home/share" \
  XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" dbus-run-session -- bash -c '
    printf %s "the password of this keyring" | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null || exit
    exec "$@"' walk "$(command -v node)" "$ROOT/tests/e2e/keyring/run.mjs"
