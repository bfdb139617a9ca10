#!/bin/bash
# fault.sh NAME [TARGET] : faults on the lab's cluster, by what a person would do or what would happen to them.
#   bad-image DEPLOY | crash-loop DEPLOY | oom DEPLOY | not-ready DEPLOY | image-pull DEPLOY   a new image in the template
#   pods-not-ready DEPLOY   the pods that run now fail their readiness probe (an annotation on them)
#   roll-back DEPLOY        undo the last rollout          pods-ready DEPLOY   take the annotation away
#   node-not-ready NODE | node-silent NODE | node-back NODE
#   delete-events           delete every Event of the cluster
# NS=boutique by default. Without a target, redis-cart and node-05.
set -euo pipefail
cd "$(dirname "$0")"; . ./lib.sh; NS=${NS:-boutique}; v=${1:-}; t=${2:-}
container() { k -n "$NS" get deploy "$1" -o jsonpath='{.spec.template.spec.containers[0].name}'; }
image() { local d=${2:-redis-cart}; k -n "$NS" set image "deploy/$d" "$(container "$d")=example.test/$d:fault-$1"; }
pods() { k -n "$NS" get pods -l "app=$1" -o name; }
case $v in
  bad-image|crash-loop) image crashloop "$t" ;;
  oom)            image oom "$t" ;;
  not-ready)      image notready "$t" ;;
  image-pull)     image imagepull "$t" ;;
  pods-not-ready) k -n "$NS" annotate --overwrite $(pods "${t:-cartservice}") fault.lab/pod=notready ;;
  pods-ready)     k -n "$NS" annotate --overwrite $(pods "${t:-cartservice}") fault.lab/pod- ;;
  roll-back)      k -n "$NS" rollout undo "deploy/${t:-redis-cart}" ;;
  node-not-ready) k annotate --overwrite node "${t:-node-05}" fault.lab/node=notready ;;
  node-silent)    k label --overwrite node "${t:-node-05}" kwok.lab/managed=false ;;
  node-back)      k annotate --overwrite node "${t:-node-05}" fault.lab/node-; k label --overwrite node "${t:-node-05}" kwok.lab/managed=true ;;
  delete-events)  for ns in $(k get namespaces -o jsonpath='{.items[*].metadata.name}'); do k delete --raw "/api/v1/namespaces/$ns/events" >/dev/null; done ;;
  *) sed -n '2,9p' "$0"; exit 2 ;;
esac
