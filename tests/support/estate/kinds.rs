//! Every kind but the pod.

use serde_json::{Value, json};

use super::draw::{self, Draw, team};
use super::{Estate, House};

/// When everything was made.
pub const BORN: &str = "2026-03-01T08:00:00Z";

pub fn node_name(number: usize) -> String {
    format!("node-{}-{number:04}", ["a", "b", "c"][number % 3])
}

pub fn node_ip(number: usize) -> String {
    format!("172.{}.{}.{}", 16 + number / 62_500, number / 250 % 250, number % 250 + 1)
}

pub fn uid(estate: &Estate, kind: &str, number: usize) -> String {
    Draw::new(estate.seed, kind, number + 1_000_000).uid()
}

pub fn template_hash(estate: &Estate, house: &House) -> String {
    Draw::new(estate.seed, "template hash", house.number).suffix(9)
}

pub fn image(estate: &Estate, house: &House) -> String {
    let mut draw = Draw::new(estate.seed, "image", house.number);
    format!(
        "registry.example/{}/{}:v{}.{}.{}",
        team(estate.space(house.space)),
        house.name,
        draw.below(9),
        draw.below(30),
        draw.below(99)
    )
}

pub fn labels(estate: &Estate, house: &House) -> Value {
    let space = estate.space(house.space);
    json!({"app": house.name, "app.kubernetes.io/name": house.name, "app.kubernetes.io/instance": format!("{}-{}", house.name, house.space),
        "app.kubernetes.io/part-of": space, "team": team(space)})
}

fn is_used(house: &House, every: usize) -> bool {
    house.number.is_multiple_of(every)
}

/// The spec of a house's pods, without what the scheduler and the service account controller add.
pub fn pod_spec(estate: &Estate, house: &House) -> Value {
    let mut env: Vec<Value> = (0..5)
        .map(|n| json!({"name": format!("SETTING_{n}_{}", team(&house.name).to_uppercase()), "value": format!("value-{}", (house.number * 31 + n) % 997)}))
        .collect();
    env.push(
        json!({"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}),
    );
    for (n, call) in house.calls.iter().enumerate() {
        let other = &estate.houses[*call];
        if service_number(estate, other).is_some() {
            let value = format!("http://{}.{}.svc.cluster.local:8080", other.name, estate.space(other.space));
            env.push(json!({"name": format!("UPSTREAM_{n}_URL"), "value": value}));
        }
    }
    let shape = &estate.shape;
    let mut volumes = vec![json!({"name": "scratch", "emptyDir": {}})];
    if shape.config_maps > 0 {
        volumes.push(json!({"name": "config", "configMap": {"defaultMode": 420, "name": config_name(estate, house), "optional": true}}));
    }
    if is_used(house, 3) && shape.secrets > 0 {
        volumes.push(json!({"name": "credentials", "secret": {"defaultMode": 420, "secretName": format!("{}-credentials", house.name), "optional": true}}));
    }
    let probe = |path: &str| json!({"httpGet": {"path": path, "port": 8080, "scheme": "HTTP"}, "initialDelaySeconds": 5, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3});
    json!({
        "containers": [
            {"name": "server", "image": image(estate, house), "imagePullPolicy": "IfNotPresent", "args": ["--port=8080", "--log-level=info"],
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}, {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}],
                "env": env, "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
                "livenessProbe": probe("/healthz"), "readinessProbe": probe("/readyz"),
                "volumeMounts": [{"mountPath": "/etc/config", "name": "config", "readOnly": true}],
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}},
            {"name": "proxy", "image": "registry.example/mesh/proxy:1.24.2", "imagePullPolicy": "IfNotPresent",
                "resources": {"requests": {"cpu": "10m", "memory": "40Mi"}}, "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "serviceAccountName": "default", "serviceAccount": "default",
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}, "schedulerName": "default-scheduler", "enableServiceLinks": true,
        "volumes": volumes})
}

fn config_name(estate: &Estate, house: &House) -> String {
    format!("config-{}", house.number % (estate.shape.config_maps / estate.shape.namespaces).max(1))
}

/// The number of the Service before a house, where it has one: StatefulSets first.
fn service_number(estate: &Estate, house: &House) -> Option<usize> {
    let shape = &estate.shape;
    let number = match house.kind {
        "StatefulSet" => house.number,
        "Deployment" => shape.stateful_sets + house.number,
        _ => return None,
    };
    (number < shape.services).then_some(number)
}

fn meta(estate: &Estate, kind: &str, number: usize, space: &str, name: &str) -> Value {
    let mut meta = json!({"name": name, "uid": uid(estate, kind, number), "resourceVersion": (1_000_000 + number).to_string(),
        "creationTimestamp": BORN, "generation": 1,
        "managedFields": [{"manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "time": BORN, "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {}}, "f:spec": {}}}]});
    if !space.is_empty() {
        meta["namespace"] = json!(space);
    }
    meta
}

/// An estate is the same whenever it is made, so its jobs are due less often than anybody looks at it.
const NEVER_MISSED: &str = "@every 87600h";

impl Estate {
    /// Every object but the pods, as JSON text.
    pub(super) fn each_but_pods(&self, tell: &mut impl FnMut(&str)) {
        let shape = &self.shape;
        let mut say = |value: Value| tell(&value.to_string());
        for number in 0..shape.namespaces {
            let mut meta = meta(self, "Namespace", number, "", self.space(number));
            meta["labels"] =
                json!({"kubernetes.io/metadata.name": self.space(number), "team": team(self.space(number))});
            say(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "status": {"phase": "Active"}}));
        }
        for number in 0..shape.nodes {
            say(self.node(number));
        }
        for (number, house) in self.houses.iter().enumerate() {
            say(self.workload(house));
            if house.kind == "Deployment" {
                // The sets of its past: as many as the shape has beyond the current ones, shared out evenly.
                let past = shape.replica_sets - shape.deployments;
                let (each, more) = (past / shape.deployments, past % shape.deployments);
                for revision in 0..each + usize::from(number < more) {
                    say(self.replica_set(house, Some(revision)));
                }
                say(self.replica_set(house, None));
            }
        }
        self.services(&mut say);
        self.small(&mut say);
    }

    fn node(&self, number: usize) -> Value {
        let mut meta = meta(self, "Node", number, "", &node_name(number));
        meta["labels"] = json!({"kubernetes.io/hostname": node_name(number), "topology.kubernetes.io/region": "eu-1",
            "topology.kubernetes.io/zone": format!("eu-1{}", ["a", "b", "c"][number % 3]), "node.kubernetes.io/instance-type": "m6i.4xlarge",
            "karpenter.sh/nodepool": if number.is_multiple_of(2) { "general" } else { "batch" }});
        let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "lastHeartbeatTime": BORN, "lastTransitionTime": BORN, "reason": "Kubelet", "message": ""});
        let ready = if number % 499 == 498 { "Unknown" } else { "True" };
        json!({"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {"podCIDR": "10.1.0.0/24"},
            "status": {"addresses": [{"type": "InternalIP", "address": node_ip(number)}, {"type": "Hostname", "address": node_name(number)}],
                "conditions": [condition("MemoryPressure", "False"), condition("DiskPressure", "False"), condition("PIDPressure", "False"), condition("Ready", ready)],
                "nodeInfo": {"kubeletVersion": "v1.36.3"}}})
    }

    fn workload(&self, house: &House) -> Value {
        let mut meta = meta(self, house.kind, house.number, self.space(house.space), &house.name);
        let labels = labels(self, house);
        meta["labels"] = labels.clone();
        let ready = if house.broken { 0 } else { house.pods };
        let template = json!({"metadata": {"labels": labels}, "spec": pod_spec(self, house)});
        let selector = json!({"matchLabels": {"app": house.name}});
        if house.kind == "DaemonSet" {
            return json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta, "spec": {"selector": selector, "template": template},
                "status": {"observedGeneration": 1, "desiredNumberScheduled": house.pods, "currentNumberScheduled": house.pods, "numberReady": ready,
                    "numberAvailable": ready, "updatedNumberScheduled": house.pods, "numberMisscheduled": 0}});
        }
        let mut status = json!({"observedGeneration": 1, "replicas": house.pods, "updatedReplicas": house.pods, "readyReplicas": ready, "availableReplicas": ready});
        if house.kind == "Deployment" {
            let condition = |kind: &str, well: bool, reason: &str| json!({"type": kind, "status": if well { "True" } else { "False" }, "reason": reason, "message": "", "lastUpdateTime": BORN, "lastTransitionTime": BORN});
            status["conditions"] = json!([
                condition("Progressing", true, "NewReplicaSetAvailable"),
                condition(
                    "Available",
                    !house.broken,
                    if house.broken { "MinimumReplicasUnavailable" } else { "MinimumReplicasAvailable" }
                )
            ]);
        }
        json!({"apiVersion": "apps/v1", "kind": house.kind, "metadata": meta,
            "spec": {"replicas": house.pods, "selector": selector, "serviceName": house.name, "template": template}, "status": status})
    }

    fn replica_set(&self, house: &House, past: Option<usize>) -> Value {
        let hash = match past {
            None => template_hash(self, house),
            Some(revision) => Draw::new(self.seed, "old hash", house.number * 64 + revision).suffix(10),
        };
        let number = house.number + past.map_or(0, |revision| 1_000_000 * (revision + 1));
        let mut meta = meta(self, "ReplicaSet", number, self.space(house.space), &format!("{}-{hash}", house.name));
        let mut labels = labels(self, house);
        labels["pod-template-hash"] = json!(hash);
        meta["labels"] = labels.clone();
        let revision = past.map_or(99, |revision| revision + 1);
        meta["annotations"] = json!({"deployment.kubernetes.io/revision": revision.to_string()});
        meta["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": house.name, "uid": uid(self, "Deployment", house.number),
            "controller": true, "blockOwnerDeletion": true}]);
        let pods = if past.is_none() { house.pods } else { 0 };
        let ready = if house.broken { 0 } else { pods };
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta,
            "spec": {"replicas": pods, "selector": {"matchLabels": {"app": house.name, "pod-template-hash": hash}},
                "template": {"metadata": {"labels": labels}, "spec": pod_spec(self, house)}},
            "status": {"observedGeneration": 1, "replicas": pods, "readyReplicas": ready, "availableReplicas": ready}})
    }

    fn services(&self, say: &mut impl FnMut(Value)) {
        let shape = &self.shape;
        let behind: Vec<&House> = self
            .houses
            .iter()
            .filter(|house| house.kind == "StatefulSet")
            .chain(self.houses.iter().filter(|house| house.kind == "Deployment"))
            .collect();
        for number in 0..shape.services {
            // Where there are more Services than houses, the rest are second doors.
            let Some(house) = behind.get(number % behind.len().max(1)) else { continue };
            let name = match number / behind.len() {
                0 => house.name.clone(),
                more => format!("{}-alt{more}", house.name),
            };
            let meta = meta(self, "Service", number, self.space(house.space), &name);
            say(json!({"apiVersion": "v1", "kind": "Service", "metadata": meta,
                "spec": {"type": "ClusterIP", "clusterIP": format!("10.{}.{}.{}", 128 + number / 65_025, number / 255 % 255, number % 255 + 1),
                    "selector": {"app": house.name}, "ports": [{"name": "http", "port": 8080, "targetPort": 8080, "protocol": "TCP"}]}}));
        }
        for number in 0..shape.ingresses {
            let Some(house) = behind.get(number % behind.len().min(shape.services).max(1)) else { continue };
            let space = self.space(house.space);
            let meta = meta(self, "Ingress", number, space, &format!("{}-{number}", house.name));
            let certified = house.kind == "Deployment" && house.number + shape.deployments < shape.secrets;
            let tls = if certified {
                json!([{"hosts": [format!("{}.{space}.example", house.name)], "secretName": format!("{}-tls", house.name)}])
            } else {
                json!([])
            };
            say(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta,
                "spec": {"ingressClassName": "nginx", "tls": tls,
                    "rules": [{"host": format!("{}.{space}.example", house.name), "http": {"paths": [{"path": "/", "pathType": "Prefix",
                        "backend": {"service": {"name": house.name, "port": {"number": 8080}}}}]}}]},
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}));
        }
    }

    /// What has no pods and no doors.
    fn small(&self, say: &mut impl FnMut(Value)) {
        let shape = &self.shape;
        let spaces = shape.namespaces;
        let in_space =
            |kind: &str, number: usize, name: String| meta(self, kind, number, self.space(number % spaces), &name);
        let deployment = |number: usize| &self.houses[number % shape.deployments.max(1)];
        for number in 0..shape.cron_jobs {
            let meta = in_space("CronJob", number, format!("nightly-{number}"));
            say(
                json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": {"schedule": NEVER_MISSED, "suspend": number % 40 == 0,
                "jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": format!("nightly-{number}")}},
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "job", "image": "registry.example/jobs/nightly:3"}]}}}}},
                "status": {"lastScheduleTime": "2026-03-01T03:17:00Z", "lastSuccessfulTime": "2026-03-01T03:18:12Z"}}),
            );
        }
        for number in 0..shape.jobs {
            let cron = number % shape.cron_jobs.max(1);
            let mut meta = meta(
                self,
                "Job",
                number,
                self.space(cron % spaces),
                &format!("nightly-{cron}-{}", 29_000_000 + number),
            );
            meta["ownerReferences"] = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": format!("nightly-{cron}"), "uid": uid(self, "CronJob", cron), "controller": true}]);
            say(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta,
                "spec": {"completions": 1, "template": {"metadata": {"labels": {"app": format!("nightly-{cron}")}}, "spec": {"containers": [{"name": "job", "image": "registry.example/jobs/nightly:3"}]}}},
                "status": {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": BORN}]}}));
        }
        for number in 0..shape.config_maps {
            let meta = in_space("ConfigMap", number, format!("config-{}", number / spaces));
            say(
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"settings.yaml": "log: info\nretries: 3\ntimeout: 30s\n", "feature-flags": "a,b,c"}}),
            );
        }
        for number in 0..shape.secrets {
            let house = deployment(number);
            let name = match number / shape.deployments.max(1) {
                0 => format!("{}-credentials", house.name),
                1 => format!("{}-tls", house.name),
                more => format!("{}-{more}", house.name),
            };
            let mut meta = meta(self, "Secret", number, self.space(house.space), &name);
            meta["labels"] = json!({"team": team(self.space(house.space))});
            say(json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta}));
        }
        for number in 0..shape.claims {
            let meta = in_space("PersistentVolumeClaim", number, format!("data-{number}"));
            say(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta,
                "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard", "volumeName": format!("pv-{number}")}, "status": {"phase": "Bound"}}));
        }
        for number in 0..shape.autoscalers {
            let house = deployment(number);
            let meta = meta(self, "HorizontalPodAutoscaler", number, self.space(house.space), &house.name);
            say(json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta,
                "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": house.name}, "minReplicas": 1, "maxReplicas": 2 * house.pods + 2},
                "status": {"currentReplicas": house.pods, "desiredReplicas": house.pods, "conditions": [{"type": "AbleToScale", "status": "True"}, {"type": "ScalingActive", "status": "True"}]}}));
        }
        for number in 0..shape.budgets {
            let house = deployment(number);
            let meta = meta(self, "PodDisruptionBudget", number, self.space(house.space), &house.name);
            say(
                json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": house.name}}},
                "status": {"disruptionsAllowed": 1, "currentHealthy": house.pods, "desiredHealthy": 1}}),
            );
        }
        for number in 0..shape.policies {
            let house = deployment(number);
            let meta = meta(self, "NetworkPolicy", number, self.space(house.space), &house.name);
            say(json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta,
                "spec": {"podSelector": {"matchLabels": {"app": house.name}}, "policyTypes": ["Ingress"],
                    "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": draw::team(self.space(house.space))}}}], "ports": [{"port": 8080, "protocol": "TCP"}]}]}}));
        }
        for number in 0..shape.accounts {
            let meta = in_space(
                "ServiceAccount",
                number,
                if number < spaces { "default".to_owned() } else { format!("robot-{}", number / spaces) },
            );
            say(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}));
        }
    }
}
