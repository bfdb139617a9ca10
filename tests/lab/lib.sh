# Shared by the scripts of the lab. Source it.
# shellcheck shell=bash
LAB=${LAB:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
LAB_CACHE=${LAB_CACHE:-${BROADSTREET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/broadstreet}/lab}   # what build.sh builds, outside any checkout
STATE=${LAB_STATE:-$LAB_CACHE/state}
K8S_BIN=${K8S_BIN:-$LAB_CACHE/bin}   # kube-apiserver kube-controller-manager kube-scheduler kubectl
BIN=${BIN:-$LAB_CACHE/bin}           # etcd (3.6) kwok kube-state-metrics
DEB=${DEB:-/usr/bin}                           # Debian prometheus, promtool, prometheus-alertmanager (apt-get install: alertmanager 0.25 needs /usr/share/prometheus/alertmanager/default.tmpl)
ETCD_BIN=${ETCD_BIN:-$BIN/etcd}
mkdir -p "$STATE"/{pid,log,pki,kubeconfig}
PORT_NAMES="ETCD ETCDPEER API KCM SCHED KWOK KSM KSMSELF PROM AM HOOK PAGER BRIDGE"

# ports.env is written once per state dir: BASE+i when LAB_BASE_PORT is set, else free ones by the kernel.
ports() {
  [ -s "$STATE/ports.env" ] || LAB_BASE_PORT=${LAB_BASE_PORT:-} python3 - $PORT_NAMES > "$STATE/ports.env" <<'P'
import os,socket,sys
base=os.environ.get("LAB_BASE_PORT"); held=[]
for i,n in enumerate(sys.argv[1:]):
    if base: p=int(base)+i
    else:
        s=socket.socket(); s.bind(("127.0.0.1",0)); held.append(s); p=s.getsockname()[1]
    print(f"{n}_PORT={p}")
P
  . "$STATE/ports.env"
}
alive() { [ -s "$STATE/pid/$1" ] && kill -0 "$(cat "$STATE/pid/$1")" 2>/dev/null; }
# start NAME CMD... : no-op when NAME still runs; own session, so it outlives this shell.
start() { local n=$1; shift
  alive "$n" && return 0
  setsid "$@" >>"$STATE/log/$n.log" 2>&1 </dev/null &
  echo $! > "$STATE/pid/$n"; }
# stop NAME... : TERM to all of them, then wait up to 10 s for each, then KILL
stop() { local n p i
  for n; do alive "$n" && kill "$(cat "$STATE/pid/$n")"; done
  for n; do
    p=$(cat "$STATE/pid/$n" 2>/dev/null) || continue
    for i in $(seq 100); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
    kill -0 "$p" 2>/dev/null && { echo "$n did not stop in time, killed" >&2; kill -9 "$p"; }
    rm -f "$STATE/pid/$n"; done; return 0; }
# until_ok SECONDS CMD... : poll every 0.2 s
until_ok() { local t=$(( $(date +%s) + $1 )); shift
  until "$@" >/dev/null 2>&1; do [ "$(date +%s)" -lt $t ] || { echo "timeout: $*" >&2; return 1; }; sleep 0.2; done; }
k() { "$K8S_BIN/kubectl" --kubeconfig "$STATE/kubeconfig/admin" "$@"; }
