//! Pods, what owns them and what they name: few names, few UIDs, so that some are meant and others are namesakes.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{NAMES, labels, object, place, selector};

/// UIDs; of many nobody says one.
const UIDS: [&str; 4] = ["", "", "u-1", "u-2"];

/// Gives an object its UID and owner.
fn with(mut object: Value, uid: &str, owner: Option<Value>) -> Value {
    if !uid.is_empty() {
        object["metadata"]["uid"] = uid.into();
    }
    object["metadata"]["ownerReferences"] = owner.into_iter().collect();
    object
}

prop_compose! {
    /// The owner an object may name, of these kinds.
    fn owner(kinds: &'static [(&'static str, &'static str)])(of in select(kinds), name in select(NAMES.to_vec()), uid in select(UIDS.to_vec()),
             controller in any::<bool>(), any in any::<bool>()) -> Option<Value> {
        let mut owner = json!({"apiVersion": of.0, "kind": of.1, "name": name, "controller": controller});
        if !uid.is_empty() {
            owner["uid"] = uid.into();
        }
        any.then_some(owner)
    }
}

prop_compose! {
    /// What a pod's spec names.
    fn spec()(name in select(vec!["web", "db", ""]), optional in select(vec![json!(null), json!(true), json!(false)]), account in select(vec!["", "web"]),
              part in select(vec!["containers", "initContainers", "ephemeralContainers"]), volume in 0..8, items in any::<bool>(), from in 0..5) -> Value {
        let named = json!({"name": name, "optional": optional, "key": "a"});
        let container = match from {
            0 => json!({"name": "c", "env": [{"name": "A", "valueFrom": {"configMapKeyRef": named}}]}),
            1 => json!({"name": "c", "env": [{"name": "A", "valueFrom": {"secretKeyRef": named}}]}),
            2 => json!({"name": "c", "envFrom": [{"configMapRef": named}, {"secretRef": {"name": "db"}}]}),
            3 => json!({"name": "c", "envFrom": [{"secretRef": named}, {"configMapRef": {"name": "db"}}]}),
            _ => json!({"name": "c", "env": [{"name": "DB_HOST", "value": "db"}, {"name": "DB_URL", "value": "http://$(DB_HOST):80"}]}),
        };
        let map = if items { json!({"name": name, "optional": optional, "items": [{"key": "b", "path": "b"}]}) } else { named.clone() };
        let volume = match volume {
            0 => json!({"name": "v", "configMap": map}),
            1 => json!({"name": "v", "secret": {"secretName": name, "optional": optional}}),
            2 => json!({"name": "v", "projected": {"sources": [{"configMap": map}, {"secret": named}]}}),
            3 => json!({"name": "v", "persistentVolumeClaim": {"claimName": "db-0"}}),
            4 => json!({"name": "tmp", "ephemeral": {"volumeClaimTemplate": {}}}),
            5 => json!({"name": "v", "csi": {"nodePublishSecretRef": {"name": name}}}),
            6 => json!({"name": "v", "iscsi": {"secretRef": {"name": name}}}),
            _ => json!({"name": "v", "emptyDir": {}}),
        };
        json!({"serviceAccountName": account, part: [container], "volumes": [volume], "imagePullSecrets": [{"name": "web"}]})
    }
}

prop_compose! {
    fn set()(at in place(), kind in select(vec!["ReplicaSet", "ReplicaSet", "StatefulSet", "DaemonSet"]), uid in select(UIDS.to_vec()), labels in labels(),
             owner in owner(&[("apps/v1", "Deployment"), ("apps/v1", "Deployment"), ("example.com/v1", "Database"), ("apps/v1", "StatefulSet")]),
             spec in spec(), revision in select(vec!["", "9", "10", "x"])) -> Value {
        let mut set = object("apps/v1", kind, at, &json!({}), json!({"template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": if kind == "StatefulSet" { json!([{"metadata": {"name": "data"}}]) } else { json!([]) }}));
        if !revision.is_empty() {
            set["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": revision});
        }
        with(set, uid, owner)
    }
}

prop_compose! {
    fn job()(at in place(), cron in any::<bool>(), uid in select(UIDS.to_vec()), owner in owner(&[("batch/v1", "CronJob")]), spec in spec()) -> Value {
        let template = json!({"template": {"spec": spec}});
        if cron {
            with(object("batch/v1", "CronJob", at, &json!({}), json!({"jobTemplate": {"spec": template}})), uid, None)
        } else {
            with(object("batch/v1", "Job", at, &json!({}), template), uid, owner)
        }
    }
}

prop_compose! {
    fn pod()(at in place(), uid in select(UIDS.to_vec()), mut labels in labels(), job in select(vec!["", "", "web"]), mirror in any::<bool>(),
             owner in owner(&[("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job"), ("v1", "Node")]), node in select(vec!["", "web", "db"]),
             spec in spec(), ip in select(vec!["", "10.0.0.1", "10.0.0.2"]), own in select(vec!["", "10.0.0.2"]), phase in select(vec!["Running", "Running", "Failed", "Pending"])) -> Value {
        if !job.is_empty() {
            labels["batch.kubernetes.io/job-name"] = job.into();
        }
        let mut pod = object("v1", "Pod", at, &labels, spec);
        pod["spec"]["nodeName"] = node.into();
        pod["status"] = json!({"phase": phase, "podIP": ip, "hostIP": own});
        if mirror {
            pod["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
        }
        with(pod, uid, owner)
    }
}

prop_compose! {
    fn claim()(space in select(super::SPACES.to_vec()), name in select(vec!["data-db-0", "data-web-1", "data-db-00", "web-tmp", "db-0", "data-db-0-1"]), uid in select(UIDS.to_vec()),
               owner in owner(&[("apps/v1", "StatefulSet")]), class in select(vec!["", "web", "db"]), volume in select(vec!["", "web"])) -> Value {
        let claim = object("v1", "PersistentVolumeClaim", (space, name), &json!({}), json!({"storageClassName": class, "volumeName": volume}));
        with(claim, uid, owner)
    }
}

prop_compose! {
    fn volume()(name in select(NAMES.to_vec()), class in select(vec!["", "web"]), space in select(super::SPACES.to_vec()), claim in select(vec!["", "db-0", "data-db-0"]),
                uid in select(UIDS.to_vec()), label in select(vec!["kubernetes.io/hostname", "topology.kubernetes.io/zone", "kubernetes.io/arch"]), operator in select(vec!["In", "In", "NotIn"])) -> Value {
        let mut spec = json!({"storageClassName": class, "nodeAffinity": {"required": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": label, "operator": operator, "values": ["web", "z"]}]}]}}});
        if !claim.is_empty() {
            spec["claimRef"] = json!({"namespace": space, "name": claim, "uid": uid});
        }
        object("v1", "PersistentVolume", ("", name), &json!({}), spec)
    }
}

prop_compose! {
    fn slice()(at in place(), service in select(vec!["", "web", "db"]), target in select(vec!["", "web", "db"]), uid in select(UIDS.to_vec()),
               ready in select(vec![json!(null), json!(true), json!(false)]), serving in select(vec![json!(null), json!(true), json!(false)]), leaving in any::<bool>(), older in 0..3, address in select(vec!["10.0.0.1", "10.0.0.2", "10.0.0.3"])) -> Value {
        let mut endpoint = json!({"addresses": [address], "conditions": {"ready": ready, "serving": serving, "terminating": leaving}});
        if !target.is_empty() {
            endpoint["targetRef"] = json!({"kind": "Pod", "name": target, "namespace": at.0, "uid": uid});
        }
        if older == 0 {
            // As it was said before there were slices: of the Service of the same name.
            let mut told = object("v1", "Endpoints", at, &json!({}), json!(null));
            let place = if leaving { "notReadyAddresses" } else { "addresses" };
            told["subsets"] = json!([{"addresses": []}, {place: [{"ip": address, "targetRef": endpoint["targetRef"]}]}]);
            return told;
        }
        let labels = if service.is_empty() { json!({}) } else { json!({"kubernetes.io/service-name": service}) };
        let mut slice = object("discovery.k8s.io/v1", "EndpointSlice", at, &labels, json!(null));
        slice["endpoints"] = json!([endpoint]);
        slice
    }
}

prop_compose! {
    fn ingress()(at in place(), class in select(vec!["", "web", "db"]), old in select(vec!["", "web"]), backend in select(NAMES.to_vec()),
                 port in select(vec![json!({"number": 80}), json!({"name": "http"}), json!({"name": "metrics"}), json!({})]), what in 0..3) -> Value {
        let service = json!({"service": {"name": backend, "port": port}});
        let resource = json!({"resource": {"apiGroup": "cert-manager.io", "kind": "Certificate", "name": backend}});
        let mut spec = match what {
            0 => json!({"defaultBackend": service}),
            1 => json!({"rules": [{"http": {"paths": [{"backend": service}, {"backend": resource}]}}]}),
            _ => json!({"defaultBackend": resource, "tls": [{"secretName": backend}, {"hosts": ["a"]}], "rules": [{"host": "a"}]}),
        };
        if !class.is_empty() {
            spec["ingressClassName"] = class.into();
        }
        let mut ingress = object("networking.k8s.io/v1", "Ingress", at, &json!({}), spec);
        if !old.is_empty() {
            ingress["metadata"]["annotations"] = json!({"kubernetes.io/ingress.class": old});
        }
        ingress
    }
}

prop_compose! {
    fn binding()(at in place(), wide in any::<bool>(), role in select(vec!["Role", "ClusterRole"]), of in select(NAMES.to_vec()), subject in select(NAMES.to_vec()),
                 there in select(super::SPACES.to_vec()), kind in select(vec!["ServiceAccount", "ServiceAccount", "User"])) -> Value {
        let (version, none) = ("rbac.authorization.k8s.io/v1", json!({}));
        let role = if wide { "ClusterRole" } else { role };
        let mut binding = if wide { object(version, "ClusterRoleBinding", ("", at.1), &none, json!(null)) } else { object(version, "RoleBinding", at, &none, json!(null)) };
        binding["subjects"] = json!([{"kind": kind, "namespace": there, "name": subject}]);
        binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": of});
        binding
    }
}

prop_compose! {
    fn event()(at in place(), new in any::<bool>(), of in select(vec![("v1", "Pod"), ("apps/v1", "Deployment"), ("v1", "Node")]), name in select(NAMES.to_vec()), uid in select(UIDS.to_vec())) -> Value {
        let about = json!({"apiVersion": of.0, "kind": of.1, "namespace": if of.1 == "Node" { "" } else { at.0 }, "name": name, "uid": uid});
        let mut event = object(if new { "events.k8s.io/v1" } else { "v1" }, "Event", at, &json!({}), json!(null));
        event[if new { "regarding" } else { "involvedObject" }] = about;
        event
    }
}

prop_compose! {
    fn named()(at in place(), what in 0..11, uid in select(UIDS.to_vec()), pairs in selector(), target in select(vec![("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("extensions/v1beta1", "Deployment")]),
               said in select(vec!["http://web:80", "db", "web.a:5432", "DB_HOST = web\nLOG = db\n"]), null in any::<bool>(), outside in select(vec!["db.example.com", "web.a.svc.cluster.local", ""])) -> Value {
        let none = json!({});
        match what {
            0 => {
                let mut map = object("v1", "ConfigMap", at, &none, json!(null));
                map["data"] = json!({"a": said, "b": "http://db-0"});
                map
            }
            1 => object("v1", "Secret", at, &none, json!(null)),
            2 => object("v1", "ServiceAccount", at, &none, json!(null)),
            3 => object("storage.k8s.io/v1", "StorageClass", ("", at.1), &none, json!(null)),
            4 => object("networking.k8s.io/v1", "IngressClass", ("", at.1), &none, json!(null)),
            5 => object("rbac.authorization.k8s.io/v1", "Role", at, &none, json!(null)),
            6 => object("rbac.authorization.k8s.io/v1", "ClusterRole", ("", at.1), &none, json!(null)),
            7 => object("policy/v1", "PodDisruptionBudget", at, &none, json!({"selector": if null { Value::Null } else { pairs }})),
            8 => object("autoscaling/v2", "HorizontalPodAutoscaler", at, &none, json!({"scaleTargetRef": {"apiVersion": target.0, "kind": target.1, "name": at.1}})),
            9 => object("v1", "Service", at, &none, json!({"type": "ExternalName", "externalName": outside, "selector": {"app": "web"}})),
            _ => with(object("v1", "Node", ("", at.1), &json!({"topology.kubernetes.io/zone": at.0, "karpenter.sh/nodepool": "p", "topology.kubernetes.io/region": ""}), json!({})), uid, None),
        }
    }
}

/// Any of them.
pub fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![4 => set(), 2 => job(), 5 => pod(), 3 => claim(), 2 => volume(), 3 => slice(), 2 => ingress(), 2 => binding(), 2 => event(), 5 => named()]
}
