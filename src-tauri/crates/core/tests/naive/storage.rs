//! Rule 3 and what claims and volumes say of rule 15, each against each other.

use serde_json::Value;

use super::pods::meant;
use super::rules::{Found, group, key, spelled};
use super::{list, space, text};

/// Adds what claims and volumes say.
pub fn relations(found: &mut Found<'_>) {
    for item in found.items {
        match text(item, "/kind") {
            "PersistentVolumeClaim" => claim(found, item),
            "PersistentVolume" => volume(found, item),
            _ => {}
        }
    }
}

fn claim(found: &mut Found<'_>, claim: &Value) {
    claimed(found, claim);
    let volume = text(claim, "/spec/volumeName");
    if !volume.is_empty() {
        let to = spelled("", "PersistentVolume", "", volume);
        let reference = found.find(&to).map_or(&Value::Null, |volume| &volume["spec"]["claimRef"]);
        let (said, own) = (text(reference, "/uid"), text(claim, "/metadata/uid"));
        let another = !said.is_empty() && !own.is_empty() && said != own
            || reference.is_object()
                && (reference["name"] != claim["metadata"]["name"] || text(reference, "/namespace") != space(claim));
        found.add(claim, "binds 15", &to, another);
    }
    class(found, claim);
}

fn class(found: &mut Found<'_>, item: &Value) {
    let class = text(item, "/spec/storageClassName");
    if !class.is_empty() {
        found.add(item, "classed-by 15", &spelled("storage.k8s.io", "StorageClass", "", class), false);
    }
}

/// 3: by the owner where there is one, else by the name.
fn claimed(found: &mut Found<'_>, claim: &Value) {
    let owners = list(claim, "/metadata/ownerReferences");
    let is_set = |it: &&Value| text(it, "/kind") == "StatefulSet" && group(text(it, "/apiVersion")) == "apps";
    if let Some(owner) = owners.iter().find(is_set) {
        let from = spelled("apps", "StatefulSet", space(claim), text(owner, "/name"));
        let state = if meant(found.items, claim, owner).is_some() { "ok" } else { "dangling" };
        found.say(&from, "claims 3", &key(claim), state);
        return;
    }
    for set in found.items.iter().filter(|it| text(it, "/kind") == "StatefulSet" && space(it) == space(claim)) {
        let is_its = list(set, "/spec/volumeClaimTemplates").iter().any(|template| {
            let start = format!("{}-{}-", text(template, "/metadata/name"), text(set, "/metadata/name"));
            let ordinal = text(claim, "/metadata/name").strip_prefix(&start);
            ordinal.is_some_and(|it| it.parse::<u64>().is_ok_and(|number| number.to_string() == it))
        });
        if is_its {
            found.say(&key(set), "claims 3", &key(claim), "ok");
        }
    }
}

fn volume(found: &mut Found<'_>, volume: &Value) {
    class(found, volume);
    let terms = list(volume, "/spec/nodeAffinity/required/nodeSelectorTerms");
    for term in terms.iter().flat_map(|term| list(term, "/matchExpressions")) {
        for value in list(term, "/values").iter().filter_map(Value::as_str).filter(|_| term["operator"] == "In") {
            match text(term, "/key") {
                "kubernetes.io/hostname" => found.add(volume, "located-in 15", &spelled("", "Node", "", value), false),
                zone if zone.ends_with("/zone") => {
                    found.say(&key(volume), "located-in 15", &format!("//Zone//{value}"), "ok");
                }
                _ => {}
            }
        }
    }
}
