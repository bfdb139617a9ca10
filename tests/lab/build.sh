#!/bin/bash
# Builds the lab's programs into $LAB_CACHE/bin from Go modules, and installs what Debian packages. What is there stays.
#   control plane, kubectl, etcd, kwok, kube-state-metrics from Go; prometheus, alertmanager, icinga2, jq, bc by apt
# k8s.io/kubernetes cannot be `go install`ed: its go.mod requires v0.0.0 of its staging repositories. An own module that
# replaces each of them with its published version (v0.36.3 for v1.36.3) can. etcd and kube-state-metrics likewise need one.
set -euo pipefail
command -v go >/dev/null || { echo "error: no go: the control plane of the tests is built from Go modules; install Go 1.26 or newer from https://go.dev/dl" >&2; exit 1; }
case "$(go env GOVERSION)" in go1.2[6-9]*|go1.[3-9][0-9]*|go[2-9]*) ;; *) echo "error: $(go env GOVERSION) is too old: the control plane of the tests needs Go 1.26 or newer from https://go.dev/dl" >&2; exit 1 ;; esac
cd "$(dirname "$0")"; . ./lib.sh; mkdir -p "$BIN"; export CGO_ENABLED=0
say() { printf '%s %s\n' "$(date +%T)" "$*"; }
[ -x "$BIN/kwok" ] || say "building a control plane from Go modules (Kubernetes, etcd, kube-state-metrics, kwok): some ten minutes, once; kept in $LAB_CACHE"
module() { # MODULE PACKAGE OUTPUT [LDFLAGS]
  [ -x "$BIN/$3" ] && return 0; say "building $3"
  ( cd modules/$1; go build -mod=readonly -ldflags "-s -w ${4:-}" -o "$BIN/$3" "$2" ); }
( . ../../scripts/lib.sh; packages "for the lab's monitoring and pager" prometheus prometheus-alertmanager icinga2-bin jq bc curl openssl python3-yaml )
V=v1.36.3; LD="-X k8s.io/component-base/version.gitVersion=$V -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36 -X k8s.io/component-base/version.gitTreeState=clean -X k8s.io/component-base/version.buildDate=2026-01-01T00:00:00Z"
for p in kube-apiserver kube-controller-manager kube-scheduler kubectl; do module kubernetes k8s.io/kubernetes/cmd/$p $p "$LD"; done
module etcd go.etcd.io/etcd/server/v3 etcd
module ksm k8s.io/kube-state-metrics/v2 kube-state-metrics
[ -x "$BIN/kwok" ] || { say "building kwok"; GOBIN="$BIN" go install -ldflags "-s -w" sigs.k8s.io/kwok/cmd/kwok@v0.8.0; }
if [ ! -s "$LAB_CACHE/kwok-default-stages.yaml" ]; then
KWOK=$(go mod download -json sigs.k8s.io/kwok@v0.8.0 | jq -r .Dir)/kustomize/stage
for f in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease pod/fast/pod-complete pod/fast/pod-delete pod/fast/pod-ready; do echo ---; cat "$KWOK/$f.yaml"; done > "$LAB_CACHE/kwok-default-stages.yaml"
fi
say "ready in $BIN"
