//! The roles of `docs/access`: they name every kind that is read and nothing else, and what they grant is enough.

mod place;

use std::collections::{BTreeMap, BTreeSet};

use broadstreet_core::resource::{KINDS, KindInfo};
use place::kube::{Kube, status};
use place::server::{Asked, Told};
use place::{Place, doctor};
use serde_json::Value;

const CLUSTER: &str = include_str!("../../../../docs/access/cluster.yaml");
const NAMESPACE: &str = include_str!("../../../../docs/access/namespace.yaml");
const ALERTS: &str = include_str!("../../../../docs/access/alerts.yaml");

/// One permission: group, resource, verb, and the one name it is for where it names one.
type Grant = (String, String, String, String);

/// What each role of a file grants, by its name.
fn grants(file: &str) -> BTreeMap<String, BTreeSet<Grant>> {
    let texts = |value: &Value, of: &str| -> Vec<String> {
        let all = value[of].as_array().into_iter().flatten();
        all.map(|it| it.as_str().unwrap().to_owned()).collect()
    };
    let mut roles = BTreeMap::new();
    for document in file.split("\n---\n") {
        let role: Value = serde_saphyr::from_str(document).unwrap();
        assert_eq!(role["apiVersion"], "rbac.authorization.k8s.io/v1");
        let mut all = BTreeSet::new();
        for rule in role["rules"].as_array().unwrap() {
            let mut names = texts(rule, "resourceNames");
            if names.is_empty() {
                names.push(String::new());
            }
            for group in texts(rule, "apiGroups") {
                for resource in texts(rule, "resources") {
                    for verb in texts(rule, "verbs") {
                        let grant = |name: &String| (group.clone(), resource.clone(), verb.clone(), name.clone());
                        all.extend(names.iter().map(grant));
                    }
                }
            }
        }
        roles.insert(role["metadata"]["name"].as_str().unwrap().to_owned(), all);
    }
    roles
}

/// List and watch of these kinds.
fn read(kinds: impl Iterator<Item = &'static KindInfo>) -> BTreeSet<Grant> {
    let both = |it: &KindInfo| {
        ["list", "watch"].map(|verb| (it.group.to_owned(), it.plural.to_owned(), verb.to_owned(), String::new()))
    };
    kinds.flat_map(both).collect()
}

fn grant(group: &str, resource: &str, verb: &str, name: &str) -> Grant {
    (group.to_owned(), resource.to_owned(), verb.to_owned(), name.to_owned())
}

#[test]
fn the_roles_name_every_kind_that_is_watched_and_nothing_else() {
    let is_secret = |it: &&KindInfo| it.metadata_only;
    let mut whole = read(KINDS.iter().filter(|it| !is_secret(it)));
    whole.insert(grant("coordination.k8s.io", "leases", "list", ""));
    whole.insert(grant("", "namespaces", "get", "kube-system"));
    let secrets = read(KINDS.iter().filter(is_secret));
    assert_eq!(secrets.iter().map(|it| it.1.as_str()).collect::<BTreeSet<_>>(), ["secrets"].into());
    let mut roles = grants(CLUSTER);
    assert_eq!(roles.remove("broadstreet-reader").unwrap(), whole);
    // Apart, because listing Secrets is reading them: RBAC knows nothing of metadata alone.
    assert_eq!(roles.remove("broadstreet-secret-names").unwrap(), secrets);
    assert!(roles.is_empty());
    assert!(CLUSTER.contains("whoever may list\n# Secrets may read their values"), "what binding it means is said");

    let mut roles = grants(NAMESPACE);
    let inside = read(KINDS.iter().filter(|it| it.namespaced && !is_secret(it)));
    assert_eq!(roles.remove("broadstreet-reader").unwrap(), inside);
    assert_eq!(roles.remove("broadstreet-secret-names").unwrap(), secrets);
    assert!(roles.is_empty());

    let proxied = grants(ALERTS).remove("broadstreet-alerts").unwrap();
    assert!(proxied.iter().all(|it| it.1 == "services/proxy" && it.2 == "get" && !it.3.is_empty()), "{proxied:?}");
}

/// What a request to the API asks permission for; none where everybody may.
fn wanted(asked: &Asked) -> Option<Grant> {
    let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return None,
    };
    let (resource, name) = match rest {
        [] => return None,
        ["namespaces", name] => ("namespaces", *name),
        ["namespaces", _, resource] | [resource] => (*resource, ""),
        other => panic!("asked for {other:?}"),
    };
    let verb = if asked.query.contains("watch=1") { "watch" } else { "list" };
    Some(grant(group, resource, if name.is_empty() { verb } else { "get" }, name))
}

/// Answers 403 to whatever these roles do not grant.
fn guard(kube: &Kube, granted: BTreeSet<Grant>) {
    kube.fault(move |asked| -> Option<Told> {
        let wanted = wanted(asked)?;
        let refused = || status(403, "Forbidden", &format!("{} is forbidden: Mei cannot {}", wanted.1, wanted.2));
        (!granted.contains(&wanted)).then(refused)
    });
}

#[test]
fn what_the_roles_grant_is_enough_to_read_all_of_a_cluster() {
    let (place, kube) = (Place::new(), Kube::start());
    let kubeconfig = place.kubeconfig_of(&kube);
    let roles = grants(CLUSTER);
    let kinds = |lines: &[Value]| -> Vec<String> {
        let refused = lines.iter().filter(|it| it["code"] == "forbidden");
        refused.map(|it| it["what"].as_str().unwrap().to_owned()).collect()
    };
    guard(&kube, roles["broadstreet-reader"].clone());
    let (exit, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    let refused = kinds(&lines);
    assert!(exit == 0 && refused[0] == "/Secret" && refused.iter().all(|it| it.starts_with("/Secret")), "{lines:#?}");
    guard(&kube, roles.into_values().flatten().collect());
    let (exit, lines) = doctor(&place, &["--kubeconfig", &kubeconfig]);
    assert_eq!((exit, kinds(&lines)), (0, vec![]), "{lines:#?}");
    let line = lines.iter().find(|it| it["what"] == "kinds").unwrap();
    assert_eq!(line["text"], format!("{} kinds are read", KINDS.len()));
    assert!(kube.server.asked().iter().all(|it| it.method == "GET"));
}
