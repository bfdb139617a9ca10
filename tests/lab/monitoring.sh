#!/bin/bash
# kube-state-metrics -> Prometheus (kube-prometheus rules) -> Alertmanager -> webhook, beside a cluster of up.sh.
#   FOR=5   seconds every rule's `for:` is shortened to      SCRAPE=2s  scrape and evaluation interval
#   AM_EXTRA_URL=url   a second webhook receiver (the pager)
set -euo pipefail
cd "$(dirname "$0")"; . ./lib.sh; ports; M=$STATE/monitoring; mkdir -p $M
T0=$(date +%s.%N); say() { printf '%6.1fs %s\n' "$(echo "$(date +%s.%N) - $T0" | bc)" "$*"; }

# kube-state-metrics under the ServiceAccount and ClusterRole that kube-prometheus ships
k get ns monitoring >/dev/null 2>&1 || k create ns monitoring >/dev/null
for f in serviceAccount clusterRole clusterRoleBinding; do k apply -f manifests/kube-prometheus/kubeStateMetrics-$f.yaml >/dev/null; done
tokenconfig() { # FILE NAMESPACE SERVICEACCOUNT
  k config view --raw --minify -o json | jq --arg t "$(k create token $3 -n $2 --duration 8760h)" '.users[0].user={token:$t}' > "$STATE/kubeconfig/$1"; chmod 600 "$STATE/kubeconfig/$1"; }
[ -s "$STATE/kubeconfig/ksm" ] || tokenconfig ksm monitoring kube-state-metrics
start kube-state-metrics $BIN/kube-state-metrics --kubeconfig "$STATE/kubeconfig/ksm" --host 127.0.0.1 --port $KSM_PORT \
  --telemetry-host 127.0.0.1 --telemetry-port $KSMSELF_PORT \
  --metric-labels-allowlist 'pods=[app],deployments=[app],nodes=[topology.kubernetes.io/zone]'

start hook python3 conf/hook.py $HOOK_PORT "$STATE/hook.jsonl"
cat > $M/alertmanager.yml <<Y
route:
  receiver: warroom
  group_by: [alertname, namespace]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
  - {receiver: "null", matchers: ['alertname =~ "Watchdog|InfoInhibitor"']}
  - {receiver: "nobody", matchers: ['alertname =~ "KubeStatefulSetReplicasMismatch|KubeContainerWaiting"']}   # a receiver that tells no one
inhibit_rules:
- {source_matchers: ['severity = critical'], target_matchers: ['severity =~ warning|info'], equal: [namespace, alertname]}
- {source_matchers: ['severity = warning'],  target_matchers: ['severity = info'], equal: [namespace, alertname]}
- {source_matchers: ['alertname = InfoInhibitor'], target_matchers: ['severity = info'], equal: [namespace]}
receivers:
- {name: "null"}
- {name: "nobody"}
- name: warroom
  webhook_configs:
  - {url: "http://127.0.0.1:$HOOK_PORT/am", send_resolved: true}
Y
[ -z "${AM_EXTRA_URL:-}" ] || printf '  - {url: "%s", send_resolved: true}\n' "$AM_EXTRA_URL" >> $M/alertmanager.yml
# an empty --cluster.listen-address turns the gossip listener (0.0.0.0:9094) off
start alertmanager $DEB/prometheus-alertmanager --config.file $M/alertmanager.yml --storage.path $M/am \
  --web.listen-address 127.0.0.1:$AM_PORT --cluster.listen-address=

rm -rf $M/rules; python3 conf/rules.py ${FOR:-5} manifests/rules $M/rules $DEB/promtool
python3 - "$STATE/kubeconfig/readonly" > $M/token <<'P'
import sys,re; print(re.search(r"token: ([\w.-]+)", open(sys.argv[1]).read()).group(1))
P
cat > $M/prometheus.yml <<Y
global: {scrape_interval: ${SCRAPE:-2s}, evaluation_interval: ${SCRAPE:-2s}, external_labels: {prometheus: lab/k8s}}
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$AM_PORT']}]}]}
rule_files: [rules/*.yaml]
scrape_configs:
- job_name: kube-state-metrics
  honor_labels: true
  static_configs: [{targets: ['127.0.0.1:$KSM_PORT'], labels: {cluster: lab}}]
- job_name: apiserver
  scheme: https
  scrape_interval: 15s
  tls_config: {ca_file: $STATE/pki/ca.crt}
  authorization: {credentials_file: $M/token}
  static_configs: [{targets: ['127.0.0.1:$API_PORT'], labels: {cluster: lab}}]
- job_name: kube-controller-manager
  scheme: https
  tls_config: {insecure_skip_verify: true}
  authorization: {credentials_file: $M/token}
  static_configs: [{targets: ['127.0.0.1:$KCM_PORT'], labels: {cluster: lab}}]
- job_name: kube-scheduler
  scheme: https
  tls_config: {insecure_skip_verify: true}
  authorization: {credentials_file: $M/token}
  static_configs: [{targets: ['127.0.0.1:$SCHED_PORT'], labels: {cluster: lab}}]
- job_name: prometheus-k8s
  static_configs: [{targets: ['127.0.0.1:$PROM_PORT'], labels: {namespace: monitoring, pod: prometheus-k8s-0, cluster: lab}}]
- job_name: alertmanager-main
  static_configs: [{targets: ['127.0.0.1:$AM_PORT'], labels: {namespace: monitoring, pod: alertmanager-main-0, cluster: lab}}]
Y
$DEB/promtool check config $M/prometheus.yml >/dev/null
start prometheus $DEB/prometheus --config.file $M/prometheus.yml --storage.tsdb.path $M/tsdb --web.listen-address 127.0.0.1:$PROM_PORT --web.enable-lifecycle
until_ok 30 curl -fsS http://127.0.0.1:$PROM_PORT/-/ready; until_ok 30 curl -fsS http://127.0.0.1:$AM_PORT/-/ready
kill -HUP "$(cat "$STATE/pid/prometheus")" "$(cat "$STATE/pid/alertmanager")"   # a second run re-reads the files
until_ok 30 sh -c "curl -fsS 'http://127.0.0.1:$PROM_PORT/api/v1/query?query=up' | jq -e '.data.result | length == 6 and all(.value[1]==\"1\")'"
say "all 6 targets up: prometheus http://127.0.0.1:$PROM_PORT alertmanager http://127.0.0.1:$AM_PORT ksm http://127.0.0.1:$KSM_PORT"
