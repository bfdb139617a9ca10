#!/bin/bash
# A real pager from Debian (icinga2 2.13: notifications, escalation, acknowledgement, event stream) on loopback:
# Alertmanager webhook -> conf/am2icinga.py -> icinga2 -> conf/page.sh -> conf/hook.py. Runs before monitoring.sh.
#   STEP2=10   seconds after which the second step is paged while nobody acknowledged
#   STEP1_USER=alice STEP2_USER=bob   who they are
set -euo pipefail
cd "$(dirname "$0")"; . ./lib.sh; ports; D=$STATE/icinga; P=$STATE/pki; A=https://127.0.0.1:$PAGER_PORT
mkdir -p $D/{etc,data/certs,log,cache,spool,run}; C="curl -fsS -k -u lab:lab -H Accept:application/json"
[ -s $D/data/certs/pager.crt ] || { openssl ecparam -name prime256v1 -genkey -noout -out $D/data/certs/pager.key
  openssl req -new -key $D/data/certs/pager.key -subj /CN=pager | openssl x509 -req -CA $P/ca.crt -CAkey $P/ca.key -CAcreateserial -days 3650 -extfile <(echo subjectAltName=DNS:pager,DNS:localhost,IP:127.0.0.1) -out $D/data/certs/pager.crt 2>/dev/null
  cp $P/ca.crt $D/data/certs/ca.crt; }
cat > $D/etc/icinga2.conf <<Y
const NodeName = "pager"
const ZoneName = "pager"
include <itl>
object Endpoint NodeName {}
object Zone ZoneName { endpoints = [ NodeName ] }
object ApiListener "api" { bind_host = "127.0.0.1"; bind_port = $PAGER_PORT }
object ApiUser "lab" { password = "lab"; permissions = [ "*" ] }
object CheckerComponent "checker" {}
object NotificationComponent "notification" {}
object User "${STEP1_USER:-alice}" {}
object User "${STEP2_USER:-bob}" {}
template Host "alert-host" { enable_active_checks = false }
template Service "alert" { check_command = "passive"; enable_active_checks = false; max_check_attempts = 1; enable_flapping = false }
object NotificationCommand "page" {
  command = [ "$LAB/conf/page.sh" ]
  env = { P_URL = "http://127.0.0.1:$HOOK_PORT"; P_USER = "\$user.name\$"; P_TYPE = "\$notification.type\$"; P_STEP = "\$notification.name\$"
    P_HOST = "\$host.name\$"; P_SERVICE = "\$service.name\$"; P_STATE = "\$service.state\$"; P_OUTPUT = "\$service.output\$"
    P_AUTHOR = "\$notification.author\$"; P_COMMENT = "\$notification.comment\$" }
}
apply Notification "step1" to Service { command = "page"; users = [ "${STEP1_USER:-alice}" ]; interval = 0; types = [ Problem, Acknowledgement, Recovery ]; assign where true }
apply Notification "step2" to Service { command = "page"; users = [ "${STEP2_USER:-bob}" ]; interval = 0; times.begin = ${STEP2:-10}s; types = [ Problem, Recovery ]; assign where true }
Y
start icinga2 icinga2 daemon -c $D/etc/icinga2.conf -DConfiguration.RunAsUser=$(id -un) -DConfiguration.RunAsGroup=$(id -gn) -DConfiguration.DataDir=$D/data \
  -DConfiguration.LogDir=$D/log -DConfiguration.CacheDir=$D/cache -DConfiguration.SpoolDir=$D/spool -DConfiguration.InitRunDir=$D/run -DConfiguration.PidPath=$D/run/icinga2.pid
until_ok 20 $C $A/v1/status/IcingaApplication
start hook python3 conf/hook.py $HOOK_PORT "$STATE/hook.jsonl"
start am2icinga python3 conf/am2icinga.py $BRIDGE_PORT $A lab lab
start icinga-events curl -sS -N -k -u lab:lab -H Accept:application/json -X POST -o "$STATE/icinga-events.jsonl" --no-buffer "$A/v1/events?queue=lab&types=Notification&types=AcknowledgementSet&types=AcknowledgementCleared&types=StateChange&types=CommentAdded"
echo "icinga API $A (lab:lab)   Alertmanager webhook: AM_EXTRA_URL=http://127.0.0.1:$BRIDGE_PORT/am"
