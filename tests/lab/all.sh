#!/bin/bash
# Builds what is missing and brings up everything: cluster, pager, monitoring. Prints where each one is.
set -euo pipefail
cd "$(dirname "$0")"; . ./lib.sh
./build.sh; ./up.sh; ./pager.sh; ports
AM_EXTRA_URL=http://127.0.0.1:$BRIDGE_PORT/am ./monitoring.sh
cat > "$STATE/lab.json" <<J
{"kubeconfig":"$STATE/kubeconfig/admin","readonly":"$STATE/kubeconfig/readonly","namespaced":"$STATE/kubeconfig/namespaced",
 "prometheus":"http://127.0.0.1:$PROM_PORT","alertmanager":"http://127.0.0.1:$AM_PORT","icinga":"https://127.0.0.1:$PAGER_PORT",
 "ca":"$STATE/pki/ca.crt","audit":"$STATE/log/audit.jsonl","state":"$STATE","kubectl":"$K8S_BIN/kubectl"}
J
echo "lab: $STATE/lab.json"
