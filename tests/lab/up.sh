#!/bin/bash
# Brings up a real Kubernetes control plane as plain processes on 127.0.0.1: etcd, kube-apiserver (RBAC,
# audit log), kube-controller-manager, kube-scheduler, and kwok for nodes and pods. Idempotent: what runs stays.
#   LAB_STATE=dir        where everything goes (default ./state)     LAB_BASE_PORT=n   fixed ports n, n+1, ...
#   NODES=12             fake nodes, spread over 3 zones             ETCD_BIN=path     etcd binary (3.6, or Debian's 3.4)
#   TOLERATION=300       seconds a pod stays on a failed node        NO_APP=1          don't apply online-boutique
set -euo pipefail
cd "$(dirname "$0")"; . ./lib.sh
T0=$(date +%s.%N); say() { printf '%6.1fs %s\n' "$(echo "$(date +%s.%N) - $T0" | bc)" "$*"; }
ports; API=https://127.0.0.1:$API_PORT; P=$STATE/pki

# --- PKI: one CA, client certificates for the components, a serving certificate, the service-account key
if [ ! -s $P/done ]; then
  key() { openssl ecparam -name prime256v1 -genkey -noout -out $P/$1.key; }
  cert() { # NAME SUBJECT EXT
    key $1; openssl req -new -key $P/$1.key -subj "$2" -out $P/$1.csr
    openssl x509 -req -in $P/$1.csr -CA $P/ca.crt -CAkey $P/ca.key -CAcreateserial -days 3650 \
      -extfile <(printf "$3") -out $P/$1.crt 2>/dev/null; rm $P/$1.csr; }
  key ca; openssl req -x509 -new -key $P/ca.key -subj "/CN=lab-ca" -days 3650 -out $P/ca.crt
  cert apiserver "/CN=kube-apiserver" "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc\nextendedKeyUsage=serverAuth"
  C="extendedKeyUsage=clientAuth"
  cert admin "/O=system:masters/CN=admin" $C
  cert kcm   "/CN=system:kube-controller-manager" $C
  cert sched "/CN=system:kube-scheduler" $C
  cert kwok  "/O=system:masters/CN=kwok" $C
  openssl genrsa -out $P/sa.key 2048 2>/dev/null; openssl rsa -in $P/sa.key -pubout -out $P/sa.pub 2>/dev/null
  touch $P/done.tmp; echo ok > $P/done
fi
b64() { base64 -w0 < "$1"; }
kubeconfig() { # FILE USER USERFIELDS [NAMESPACE]
  ( umask 077; cat > "$STATE/kubeconfig/$1" <<Y
apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "$API", certificate-authority-data: $(b64 $P/ca.crt)}}]
users: [{name: $2, user: {$3}}]
contexts: [{name: $2@lab, context: {cluster: lab, user: $2${4:+, namespace: $4}}}]
current-context: $2@lab
Y
) ; }
for u in admin kcm sched kwok; do
  kubeconfig $u $u "client-certificate-data: $(b64 $P/$u.crt), client-key-data: $(b64 $P/$u.key)"; done

# --- etcd
FAST=; $ETCD_BIN --help 2>&1 | grep -q -- --unsafe-no-fsync && FAST=--unsafe-no-fsync
start etcd $ETCD_BIN --name lab --data-dir "$STATE/etcd" $FAST \
  --listen-client-urls http://127.0.0.1:$ETCD_PORT --advertise-client-urls http://127.0.0.1:$ETCD_PORT \
  --listen-peer-urls http://127.0.0.1:$ETCDPEER_PORT --initial-advertise-peer-urls http://127.0.0.1:$ETCDPEER_PORT \
  --initial-cluster lab=http://127.0.0.1:$ETCDPEER_PORT --auto-compaction-retention 1h ${ETCD_FLAGS:-}
until_ok 30 curl -fsS http://127.0.0.1:$ETCD_PORT/health; say "etcd healthy"

# --- kube-apiserver. A loopback bind address can't be advertised, so a documentation address (RFC 5737) is,
# and --endpoint-reconciler-type=none keeps it out of the `kubernetes` Endpoints.
start kube-apiserver $K8S_BIN/kube-apiserver --etcd-servers http://127.0.0.1:$ETCD_PORT \
  --bind-address 127.0.0.1 --secure-port $API_PORT --advertise-address 192.0.2.1 --endpoint-reconciler-type none \
  --tls-cert-file $P/apiserver.crt --tls-private-key-file $P/apiserver.key --client-ca-file $P/ca.crt \
  --authorization-mode Node,RBAC --service-cluster-ip-range 10.96.0.0/16 \
  --service-account-issuer https://kubernetes.default.svc.cluster.local \
  --service-account-key-file $P/sa.pub --service-account-signing-key-file $P/sa.key \
  --default-not-ready-toleration-seconds ${TOLERATION:-300} --default-unreachable-toleration-seconds ${TOLERATION:-300} \
  --audit-policy-file $LAB/conf/audit-policy.yaml --audit-log-path "$STATE/log/audit.jsonl" --audit-log-maxsize 100 --audit-log-maxbackup 0 \
  --kubelet-preferred-address-types ExternalIP --profiling=false ${API_FLAGS:-}
C="curl -fsS --cacert $P/ca.crt --cert $P/admin.crt --key $P/admin.key"
until_ok 60 $C $API/readyz; say "apiserver ready"

# --- controllers, scheduler, kwok
cat > "$STATE/kwok-logs.yaml" <<Y
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterLogs
metadata: {name: lab}
spec: {logs: [{logsFile: $LAB/conf/pod-log.txt, follow: false}]}
Y
start kube-controller-manager $K8S_BIN/kube-controller-manager --kubeconfig "$STATE/kubeconfig/kcm" --leader-elect=false \
  --authentication-kubeconfig "$STATE/kubeconfig/kcm" --authorization-kubeconfig "$STATE/kubeconfig/kcm" --cert-dir "$STATE/pki/kcm" \
  --bind-address 127.0.0.1 --secure-port $KCM_PORT --use-service-account-credentials --service-account-private-key-file $P/sa.key --root-ca-file $P/ca.crt \
  --allocate-node-cidrs --cluster-cidr 10.244.0.0/16 --node-cidr-mask-size 24 \
  --node-monitor-period 2s --node-monitor-grace-period 20s ${KCM_FLAGS:-}
start kube-scheduler $K8S_BIN/kube-scheduler --kubeconfig "$STATE/kubeconfig/sched" --leader-elect=false \
  --authentication-kubeconfig "$STATE/kubeconfig/sched" --authorization-kubeconfig "$STATE/kubeconfig/sched" --cert-dir "$STATE/pki/sched" \
  --bind-address 127.0.0.1 --secure-port $SCHED_PORT
# kwok refuses to start without stages ("no stages found"): the binary embeds none for the plain controller, so give them by --config.
start kwok $BIN/kwok --kubeconfig "$STATE/kubeconfig/kwok" ${KWOK_MANAGE:---manage-all-nodes=false --manage-nodes-with-label-selector=kwok.lab/managed=true} \
  --config $LAB_CACHE/kwok-default-stages.yaml --config $LAB/conf/fault-stages.yaml --config "$STATE/kwok-logs.yaml" \
  --node-lease-duration-seconds 20 --server-address 127.0.0.1:$KWOK_PORT

# --- nodes
Z=(a b c)
for i in $(seq 1 ${NODES:-12}); do cat <<Y
---
apiVersion: v1
kind: Node
metadata:
  name: $(printf 'node-%02d' $i)
  labels: {kubernetes.io/hostname: $(printf 'node-%02d' $i), kubernetes.io/os: linux, kubernetes.io/arch: amd64, kwok.lab/managed: "true",
    node.kubernetes.io/instance-type: m6i.xlarge, topology.kubernetes.io/region: eu-lab-1, topology.kubernetes.io/zone: eu-lab-1${Z[$(( (i-1) % 3 ))]}}
status:
  addresses: [{type: InternalIP, address: 10.10.$((i/250)).$((i%250+1))}, {type: ExternalIP, address: 127.0.0.1}, {type: Hostname, address: $(printf 'node-%02d' $i)}]
  daemonEndpoints: {kubeletEndpoint: {Port: $KWOK_PORT}}   # with ExternalIP above: kubectl logs is answered by kwok
  capacity: {cpu: "4", memory: 16Gi, pods: "110", ephemeral-storage: 80Gi}
  allocatable: {cpu: 3920m, memory: 15Gi, pods: "110", ephemeral-storage: 70Gi}
Y
done > "$STATE/nodes.yaml"
# create, not apply: apply drops nothing, but a later apply would fight the controllers over labels they add
k create -f "$STATE/nodes.yaml" >/dev/null 2>"$STATE/log/nodes.err" || grep -v AlreadyExists "$STATE/log/nodes.err" >&2 || true
k wait --for=condition=Ready node --all --timeout=60s >/dev/null; say "$(k get nodes --no-headers | wc -l) nodes Ready"

# --- people: read-only everywhere but secrets, and one bound to a namespace only
k get ns boutique >/dev/null 2>&1 || k create ns boutique >/dev/null
k get ns lab-access >/dev/null 2>&1 || k create ns lab-access >/dev/null
core=$(k api-resources --api-group= -o name | grep -v '^secrets$' | paste -sd,)
groups=$(k api-versions | grep / | cut -d/ -f1 | sort -u | paste -sd,)
k apply -f - >/dev/null <<Y
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lab-read-all-but-secrets}
rules:
- {apiGroups: [""], resources: [$core, pods/log], verbs: [get, list, watch]}
- {apiGroups: [$groups, argoproj.io, flagger.app, cluster.x-k8s.io, templates.gatekeeper.sh, constraints.gatekeeper.sh, wgpolicyk8s.io], resources: ["*"], verbs: [get, list, watch]}
- {nonResourceURLs: ["/metrics"], verbs: [get]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: lab-access}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: tenant, namespace: lab-access}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lab-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lab-read-all-but-secrets}
subjects: [{kind: ServiceAccount, name: reader, namespace: lab-access}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tenant-view, namespace: boutique}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: tenant, namespace: lab-access}]
Y
[ -s "$STATE/kubeconfig/readonly" ]  || kubeconfig readonly  reader "token: $(k create token reader -n lab-access --duration 8760h)"
[ -s "$STATE/kubeconfig/namespaced" ] || kubeconfig namespaced tenant "token: $(k create token tenant -n lab-access --duration 8760h)" boutique

# --- the application
if [ -z "${NO_APP:-}" ]; then
  k apply -n boutique -f "${APP:-$LAB/manifests/online-boutique.yaml}" >/dev/null
  say "online-boutique applied"
  k -n boutique wait --for=condition=Available deployment --all --timeout=120s >/dev/null
  say "all Deployments Available, $(k -n boutique get pods --field-selector status.phase=Running --no-headers | wc -l) pods Running"
fi
# What the walks need to know of the cluster; all.sh tells of the rest.
[ -s "$STATE/lab.json" ] || cat > "$STATE/lab.json" <<J
{"kubeconfig":"$STATE/kubeconfig/admin","readonly":"$STATE/kubeconfig/readonly","namespaced":"$STATE/kubeconfig/namespaced",
 "audit":"$STATE/log/audit.jsonl","state":"$STATE","kubectl":"$K8S_BIN/kubectl"}
J
say "kubeconfigs: $STATE/kubeconfig/{admin,readonly,namespaced}"
