//! Rules 1, 2, 4, 5, 13, 14, 16, 23 and the claims of 15: who owns a pod, where it runs and what its spec names, by
//! looking at every object for each.

use std::collections::BTreeMap;

use serde_json::Value;

use super::policies::is_house;
use super::rules::{Found, group, is_above, key, or, spelled};
use super::{list, space, template, text};

/// Adds what every object says of itself.
pub fn relations(found: &mut Found<'_>) {
    for item in found.items {
        owners(found, item);
        if text(item, "/kind") == "Pod" {
            runs_on(found, item);
        }
        if is_house(found.items, item) {
            uses(found, item);
        }
    }
}

/// The object an owner's reference means: by UID, and by kind and name where nobody says one.
pub fn meant<'a>(items: &'a [Value], item: &Value, owner: &Value) -> Option<&'a Value> {
    items.iter().find(|it| {
        let (own, said) = (text(it, "/metadata/uid"), text(owner, "/uid"));
        it["kind"] == owner["kind"]
            && group(text(it, "/apiVersion")) == group(text(owner, "/apiVersion"))
            && it["metadata"]["name"] == owner["name"]
            && (is_above(text(it, "/kind")) || it["metadata"]["namespace"].is_null() || space(it) == space(item))
            && (own.is_empty() || said.is_empty() || own == said)
    })
}

fn owners(found: &mut Found<'_>, item: &Value) {
    let (items, kind) = (found.items, text(item, "/kind"));
    let owners = list(item, "/metadata/ownerReferences");
    for owner in owners {
        let owner_kind = text(owner, "/kind");
        let known = meant(items, item, owner);
        let rule = match (owner_kind, kind) {
            ("CronJob", "Job") | ("Job", "Pod") => 23,
            ("Deployment", "ReplicaSet") if known.is_some() && is_current(items, item, owner) => 2,
            _ => 1,
        };
        let name = text(owner, "/name");
        let from = known.map_or_else(|| spelled(group(text(owner, "/apiVersion")), owner_kind, space(item), name), key);
        let state = if known.is_some() { "ok" } else { "dangling" };
        found.say(&from, &format!("owns {rule}"), &key(item), state);
    }
    let labels = &item["metadata"]["labels"];
    let job = ["batch.kubernetes.io/job-name", "job-name"].iter().find_map(|label| labels[*label].as_str());
    if let (Some(job), "Pod", []) = (job, kind, owners) {
        let from = spelled("batch", "Job", space(item), job);
        let state = if found.is_there(&from) { "ok" } else { "dangling" };
        found.say(&from, "owns 23", &key(item), state);
    }
}

/// Whether the Deployment controls it, and no other `ReplicaSet` it controls has a later revision.
fn is_current(items: &[Value], item: &Value, owner: &Value) -> bool {
    let revision = |it: &Value| {
        let revision = it["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str();
        let created = text(it, "/metadata/creationTimestamp").to_owned();
        (revision.and_then(|it| it.parse::<i64>().ok()), created, text(it, "/metadata/name").to_owned())
    };
    let is_sibling = |it: &&Value| {
        let same = |it: &Value| {
            ["kind", "name", "uid"].iter().all(|field| it[*field] == owner[*field]) && it["controller"] == true
        };
        text(it, "/kind") == "ReplicaSet"
            && space(it) == space(item)
            && list(it, "/metadata/ownerReferences").iter().any(same)
    };
    owner["controller"] == true && items.iter().filter(is_sibling).all(|it| revision(it) <= revision(item))
}

fn runs_on(found: &mut Found<'_>, pod: &Value) {
    let owners = list(pod, "/metadata/ownerReferences");
    let owner = owners.iter().find(|owner| text(owner, "/kind") == "Node" && text(owner, "/apiVersion") == "v1");
    let mirror = !pod["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null();
    let (rule, node) = match owner {
        Some(owner) => (4, text(owner, "/name")),
        None => (if mirror { 4 } else { 5 }, text(pod, "/spec/nodeName")),
    };
    if !node.is_empty() {
        found.add(pod, &format!("runs-on {rule}"), &spelled("", "Node", "", node), false);
    }
    for volume in list(pod, "/spec/volumes").iter().filter(|volume| !volume["ephemeral"].is_null()) {
        let claim = format!("{}-{}", text(pod, "/metadata/name"), text(volume, "/name"));
        let claim = spelled("", "PersistentVolumeClaim", space(pod), &claim);
        found.add(pod, "claims 15", &claim, false);
    }
}

/// What one spec names of a kind: each name, and whether every field that names it may do without.
type Named<'a> = BTreeMap<&'a str, bool>;

fn name<'a>(named: &mut Named<'a>, reference: &'a Value, field: &str) {
    let name = text(reference, field);
    if !name.is_empty() {
        let optional = reference["optional"] == true;
        named.entry(name).and_modify(|all| *all &= optional).or_insert(optional);
    }
}

fn uses(found: &mut Found<'_>, house: &Value) {
    let Some(template) = template(house).filter(|it| it["spec"].is_object()) else { return };
    let spec = &template["spec"];
    let (mut maps, mut secrets, mut claims) = (Named::new(), Named::new(), Named::new());
    for container in ["/initContainers", "/containers", "/ephemeralContainers"].iter().flat_map(|it| list(spec, it)) {
        for env in list(container, "/env") {
            name(&mut maps, &env["valueFrom"]["configMapKeyRef"], "/name");
            name(&mut secrets, &env["valueFrom"]["secretKeyRef"], "/name");
        }
        for source in list(container, "/envFrom") {
            name(&mut maps, &source["configMapRef"], "/name");
            name(&mut secrets, &source["secretRef"], "/name");
        }
    }
    for volume in list(spec, "/volumes") {
        name(&mut maps, &volume["configMap"], "/name");
        name(&mut secrets, &volume["secret"], "/secretName");
        for source in list(volume, "/projected/sources") {
            name(&mut maps, &source["configMap"], "/name");
            name(&mut secrets, &source["secret"], "/name");
        }
        for (driver, field) in [
            ("csi", "nodePublishSecretRef"),
            ("flexVolume", "secretRef"),
            ("iscsi", "secretRef"),
            ("rbd", "secretRef"),
            ("cephfs", "secretRef"),
        ] {
            name(&mut secrets, &volume[driver][field], "/name");
        }
        name(&mut claims, &volume["persistentVolumeClaim"], "/claimName");
    }
    for secret in list(spec, "/imagePullSecrets") {
        name(&mut secrets, secret, "/name");
    }
    for (what, kind, named) in
        [("uses 13", "ConfigMap", maps), ("uses 14", "Secret", secrets), ("claims 15", "PersistentVolumeClaim", claims)]
    {
        for (name, optional) in named {
            let to = spelled("", kind, space(house), name);
            if optional { found.say(&key(house), what, &to, "ok") } else { found.add(house, what, &to, false) }
        }
    }
    let account = or(text(spec, "/serviceAccountName"), "default");
    found.add(house, "identifies-as 16", &spelled("", "ServiceAccount", space(house), account), false);
}
