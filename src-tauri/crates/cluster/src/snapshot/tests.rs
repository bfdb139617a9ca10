//! Files of every layout, whole, half and hostile.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn keys(changes: &[Change]) -> Vec<String> {
    let key = |change: &Change| match change {
        Change::Object(object) => Some(object.key.to_string()),
        _ => None,
    };
    changes.iter().filter_map(key).collect()
}

/// What is known of a path: objects, and what was said about the rest.
fn told(path: &str) -> (Vec<Change>, Vec<String>) {
    let files = read(path, "c").expect("read");
    (files.changes, files.skipped.iter().map(ToString::to_string).collect())
}

#[test]
fn a_bad_document_spoils_no_other_and_names_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "# head\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nkind: [\n---\napiVersion: v1\n\
                kind: Namespace\nmetadata: {name: b}\n--- \nreplicas: 3\n";
    let path = write(folder.path(), "all.yaml", text);
    let (changes, words) = told(&path);
    assert_eq!(keys(&changes), ["c//Service/default/a", "c//Namespace//b"]);
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words[0].contains("(document 2)") && words[0].contains("line 7"), "{words:?}");
    assert!(words[1].contains("(document 4)") && words[1].contains("no `apiVersion`"), "{words:?}");
}

#[test]
fn lists_are_read_with_and_without_kinds_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"n"}},{"kind":7}]}"#;
    let (changes, wrong) = told(&write(folder.path(), "list.json", list));
    assert_eq!(keys(&changes), ["c/apps/Deployment/n/d"]);
    assert_eq!(wrong.len(), 1);
    let pods = r#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"p","namespace":"n"}}]}"#;
    let (changes, _) = told(&write(folder.path(), "pods.json", pods));
    assert_eq!(keys(&changes), ["c//Pod/n/p"]);
    let empty = r#"{"apiVersion":"v1","kind":"List","items":[]}"#;
    assert_eq!(told(&write(folder.path(), "none.json", empty)).0.len(), 0);
}

#[test]
fn a_folder_is_read_with_its_folders_and_without_hidden_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let object = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    write(folder.path(), "b.yml", &object("b"));
    write(folder.path(), "a/x.yaml", &object("x"));
    write(folder.path(), ".git/y.yaml", &object("y"));
    write(folder.path(), "README.md", "# no");
    let (changes, wrong) = told(&folder.path().display().to_string());
    assert_eq!(keys(&changes), ["c//ConfigMap/default/x", "c//ConfigMap/default/b"]);
    assert!(wrong.is_empty());
}

fn check_refused(text: &[u8], expected: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.json");
    fs::write(&path, text).expect("written");
    let error = read(&path.display().to_string(), "").expect_err("refused").to_string();
    assert!(error.contains("x.json") && error.contains(expected), "{error}");
}

#[test]
fn a_file_without_any_object_is_an_error_that_says_why() {
    check_refused(b"{\"kind\": \"Pod\",", "line 1");
    check_refused(b"", "no Kubernetes object");
    check_refused(b"just words", "no fields");
    check_refused(b"\xff\xfe\x00", "UTF-16");
    check_refused(b"\xff\xfd", "UTF-8");
    let error = read("/nowhere/at/all.yaml", "").expect_err("missing").to_string();
    assert!(error.contains("/nowhere/at/all.yaml"), "{error}");
}

/// A tar of the entries given, each a path and its text.
fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        append(&mut tar, name, bytes, tar::EntryType::Regular, "");
    }
    tar.into_inner().expect("a tar")
}

/// Adds an entry under exactly this name, which the builder itself would refuse where it leads out.
fn append(tar: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8], kind: tar::EntryType, link: &str) {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mtime(1_780_000_000);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append(&header, bytes).expect("an entry");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).expect("packed");
    gzip.finish().expect("packed")
}

/// Keeps bytes under a name in a folder that goes with the guard.
fn kept(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn small() -> Limits {
    Limits { file: 4_000, entries: 20, least: 20_000, times: 2, most: 40_000 }
}

fn object(kind: &str, namespace: &str, name: &str) -> String {
    format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {namespace}\n")
}

const PODS: &str = r#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"cart-1","namespace":"shop"}},{"metadata":{"name":"cart-2","namespace":"shop"}}]}"#;

#[test]
fn a_cluster_info_dump_is_read_without_its_logs_and_nothing_absent_from_it_is_called_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = |kind: &str, items: Value| json!({"apiVersion": "v1", "kind": kind, "items": items}).to_string();
    let files: [(&str, String); 8] = [
        ("nodes.json", list("NodeList", json!([{"metadata": {"name": "n1"}}]))),
        ("shop/pods.json", PODS.to_owned()),
        ("shop/services.json", list("ServiceList", json!([{"metadata": {"name": "cart", "namespace": "shop"}}]))),
        ("shop/replication-controllers.json", list("ReplicationControllerList", json!([]))),
        ("shop/daemonsets.json", json!({"apiVersion": "apps/v1", "kind": "DaemonSetList", "items": []}).to_string()),
        (
            "shop/deployments.json",
            json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "cart", "namespace": "shop"},
                "spec": {"template": {"spec": {"containers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "conf"}}]}]}}}}]})
            .to_string(),
        ),
        ("shop/events.json", list("EventList", json!([]))),
        ("shop/cart-1/logs.txt", "==== START logs for container c of pod shop/cart-1 ====\n{not json".to_owned()),
    ];
    for (name, text) in &files {
        write(folder.path(), name, text);
    }
    let files = read(&folder.path().display().to_string(), "").expect("read");
    assert_eq!((files.layout.as_str(), files.skipped.len(), files.passed_over), ("kubectl cluster-info dump", 0, 1));
    let expected =
        ["/apps/Deployment/shop/cart", "//Pod/shop/cart-1", "//Pod/shop/cart-2", "//Service/shop/cart", "//Node//n1"];
    let (mut found, mut wanted) = (keys(&files.changes), expected.map(str::to_owned).to_vec());
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    // A dump holds no ConfigMaps: that nobody sees one says nothing.
    let world = broadstreet_core::world::World::from_changes(&files.changes);
    let uses = world.relations().into_iter().find(|it| it.r#type == "uses").expect("a relation");
    assert_eq!(uses.state, broadstreet_core::world::RelationState::Ok, "{uses:?}");
    assert!(files.at.is_some());
}

fn must_gather() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let rules = json!({"status": "success", "data": {"groups": [{"name": "g", "rules": [
        {"name": "KubePodCrashLooping", "type": "alerting", "alerts": [{"labels": {"alertname": "KubePodCrashLooping", "namespace": "shop", "pod": "cart-1"},
            "annotations": {}, "state": "firing", "activeAt": "2026-05-14T14:28:05Z", "value": "1"}]},
        {"name": "up:sum", "type": "recording"}]}]}});
    vec![
        ("must-gather.local.1/timestamp", text("2026-05-14 14:30:00 +0000 UTC\n")),
        ("must-gather.local.1/event-filter.html", text("<html>")),
        ("must-gather.local.1/quay-io/version", text("openshift/must-gather\n4.16\n")),
        (
            "must-gather.local.1/quay-io/cluster-scoped-resources/core/nodes/n1.yaml",
            text("---\napiVersion: v1\nkind: Node\nmetadata:\n  name: n1\n"),
        ),
        (
            "must-gather.local.1/quay-io/namespaces/shop/core/pods.yaml",
            text("---\napiVersion: v1\nkind: PodList\nitems:\n- metadata:\n    name: cart-1\n    namespace: shop\n"),
        ),
        (
            "must-gather.local.1/quay-io/namespaces/shop/pods/cart-1/cart-1.yaml",
            object("Pod", "shop", "cart-1").into_bytes(),
        ),
        ("must-gather.local.1/quay-io/namespaces/shop/pods/cart-1/c/c/logs/current.log", text("panic: {")),
        ("must-gather.local.1/quay-io/network_logs/index.json", text("{\"of\": \"something else\"}")),
        ("must-gather.local.1/quay-io/monitoring/prometheus/rules.json", rules.to_string().into_bytes()),
    ]
}

fn borrowed_entries<'a>(entries: &'a [(&'a str, Vec<u8>)]) -> Vec<(&'a str, &'a [u8])> {
    entries.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect()
}

#[test]
fn a_must_gather_is_read_as_a_folder_and_as_an_archive_alike_with_the_alerts_of_its_rules() {
    let entries = must_gather();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in &entries {
        write(folder.path(), name, std::str::from_utf8(bytes).expect("text"));
    }
    let tar = tar_of(&borrowed_entries(&entries));
    let (_guard, plain) = kept("must-gather.tar", &tar);
    let (_other, packed) = kept("must-gather.tar.gz", &gzip(&tar));
    for path in [folder.path(), plain.as_path(), packed.as_path()] {
        let files = read(&path.display().to_string(), "").expect("read");
        assert_eq!((files.layout.as_str(), files.brings_alerts), ("must-gather", true), "{}", path.display());
        let mut found = keys(&files.changes);
        found.sort();
        assert_eq!(found, ["//Node//n1", "//Pod/shop/cart-1"], "a pod that stands twice is one");
        let alerts = files.changes.iter().filter(|change| matches!(change, Change::Alert(_))).count();
        assert_eq!((alerts, files.skipped.len(), files.passed_over), (1, 0, 5), "{:?}", files.skipped);
    }
    let files = read(&packed.display().to_string(), "").expect("read");
    assert_eq!(files.at.map(|at| at.timestamp()), Some(1_780_000_000));
}

#[test]
fn an_insights_archive_is_read_with_what_it_keeps_without_saying_what_it_is() {
    let pod = json!({"metadata": {"name": "api-1", "namespace": "openshift-apiserver"}}).to_string();
    let alerts = json!([{"labels": {"alertname": "A", "namespace": "openshift-apiserver"}, "annotations": {}, "startsAt": "2026-05-14T14:28:05Z",
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}}]).to_string();
    let entries: Vec<(&str, &[u8])> = vec![
        ("insights-operator/gathers.json", b"{\"status_reports\": []}"),
        ("config/version.json", b"{\"apiVersion\":\"config.openshift.io/v1\",\"kind\":\"ClusterVersion\",\"metadata\":{\"name\":\"version\"}}"),
        ("config/pod/openshift-apiserver/api-1.json", pod.as_bytes()),
        ("config/node/n1.json", b"{\"metadata\":{\"name\":\"n1\"}}"),
        ("config/alerts.json", alerts.as_bytes()),
        ("config/metrics", b"ALERTS{alertname=\"B\",alertstate=\"firing\",namespace=\"x\"} 1 1780000000000\nup 1\n"),
        ("events/openshift-apiserver.json", b"{\"items\": []}"),
    ];
    let (_guard, path) = kept("insights.tar.gz", &gzip(&tar_of(&entries)));
    let files = read(&path.display().to_string(), "").expect("read");
    let mut found = keys(&files.changes);
    found.sort();
    let version = "/config.openshift.io/ClusterVersion//version";
    assert_eq!(
        found.iter().filter(|key| *key != version).collect::<Vec<_>>(),
        ["//Node//n1", "//Pod/openshift-apiserver/api-1"]
    );
    let names: Vec<&str> = files
        .changes
        .iter()
        .filter_map(|change| if let Change::Alert(alert) = change { Some(alert.name()) } else { None })
        .collect();
    assert_eq!((files.layout.as_str(), names), ("insights archive", vec!["A", "B"]));
}

#[test]
fn names_that_lead_out_links_and_devices_are_named_or_passed_over_and_never_followed() {
    let good = object("Pod", "shop", "good");
    let mut tar = tar::Builder::new(Vec::new());
    for name in ["../../etc/passwd.yaml", "/etc/cron.d/x.yaml", "a/../../b.yaml", "c\\..\\d.yaml"] {
        append(&mut tar, name, object("Pod", "shop", "bad").as_bytes(), tar::EntryType::Regular, "");
    }
    append(&mut tar, "namespaces/shop/link.yaml", b"", tar::EntryType::Symlink, "/etc/passwd");
    append(&mut tar, "namespaces/shop/pipe.yaml", b"", tar::EntryType::Fifo, "");
    append(&mut tar, "namespaces/shop/core/pods.yaml", good.as_bytes(), tar::EntryType::Regular, "");
    let (_guard, path) = kept("hostile.tar", &tar.into_inner().expect("a tar"));
    let (changes, words) = told(&path.display().to_string());
    assert_eq!(keys(&changes), ["c//Pod/shop/good"]);
    assert_eq!(words.len(), 5, "{words:?}");
    assert_eq!(words.iter().filter(|line| line.contains("leads out of the archive")).count(), 4, "{words:?}");
    assert!(words.iter().any(|line| line.contains("pipe.yaml") && line.contains("neither a file")), "{words:?}");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_a_folder_and_what_may_not_be_read_are_named() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let outside = tempfile::tempdir().expect("a folder");
    write(outside.path(), "secret.yaml", &object("Pod", "shop", "secret"));
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "good.yaml", &object("Pod", "shop", "good"));
    symlink(outside.path().join("secret.yaml"), folder.path().join("out.yaml")).expect("a link");
    symlink(outside.path(), folder.path().join("away")).expect("a link");
    symlink(folder.path().join("good.yaml"), folder.path().join("in.yaml")).expect("a link");
    symlink(folder.path(), folder.path().join("circle")).expect("a link");
    symlink(folder.path().join("none.yaml"), folder.path().join("nowhere.yaml")).expect("a link");
    let closed = write(folder.path(), "closed.yaml", &object("Pod", "shop", "closed"));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("closed");
    let may_read_all = fs::read(&closed).is_ok();
    let (changes, words) = told(&folder.path().display().to_string());
    let mut found = keys(&changes);
    found.retain(|key| !key.ends_with("/closed"));
    assert_eq!(found, ["c//Pod/shop/good"]);
    for (name, why) in [("out.yaml", "leads out"), ("away", "leads out"), ("nowhere.yaml", "leads nowhere")] {
        assert!(words.iter().any(|line| line.contains(name) && line.contains(why)), "{name}: {words:?}");
    }
    assert!(may_read_all || words.iter().any(|line| line.contains("closed.yaml")), "{words:?}");
}

#[test]
fn an_archive_that_ends_in_the_middle_gives_what_stands_before_and_says_so() {
    let mut entries = vec![("namespaces/shop/core/first.yaml", object("Pod", "shop", "first").into_bytes())];
    // Noise does not pack, so that a cut in the middle of the file is one in the middle of the archive.
    let noise: String =
        (0..60_000u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 27) as u8 % 26)).collect();
    entries.push(("namespaces/shop/core/noise.yaml", format!("# {noise}\n").into_bytes()));
    let whole = gzip(&tar_of(&borrowed_entries(&entries)));
    let (_guard, path) = kept("half.tar.gz", &whole[..whole.len() / 2]);
    let (changes, words) = told(&path.display().to_string());
    assert_eq!(keys(&changes), ["c//Pod/shop/first"]);
    assert!(words.iter().any(|line| line.contains("half.tar.gz") && line.contains("ends in the middle")), "{words:?}");
    // With nothing before the cut it is an error that says the same.
    for length in [2, 11, 40] {
        let (_guard, path) = kept("stub.tar.gz", &whole[..length]);
        let error = read(&path.display().to_string(), "").expect_err("refused").to_string();
        assert!(
            error.contains("stub.tar.gz") && (error.contains("ends in the middle") || error.contains("broken")),
            "{error}"
        );
    }
}

#[test]
fn what_unfolds_without_end_is_stopped_and_named() {
    let zeros = vec![b' '; 200_000];
    let first = object("Pod", "shop", "first");
    let bomb = gzip(&tar_of(&[
        ("namespaces/shop/core/first.yaml", first.as_bytes()),
        ("namespaces/shop/core/bomb.log", &zeros),
    ]));
    let (_guard, path) = kept("bomb.tar.gz", &bomb);
    let files = read_within(&path, "c", small()).expect("what stands before it");
    assert_eq!(keys(&files.changes), ["c//Pod/shop/first"]);
    assert!(files.skipped[0].to_string().contains("unfolds to more than is read"), "{:?}", files.skipped);
    // One text within gzip, and one file too large for itself.
    let (_guard, path) = kept("bomb.json.gz", &gzip(&zeros));
    let error = read_within(&path, "c", small()).expect_err("refused").to_string();
    assert!(error.contains("bomb.json.gz") && error.contains("unfolds"), "{error}");
    let large = tar_of(&[("a.yaml", &zeros[..5_000]), ("b.yaml", first.as_bytes())]);
    let (_guard, path) = kept("large.tar", &large);
    let files = read_within(&path, "c", small()).expect("the other");
    assert!(files.skipped[0].to_string().contains("it has 5000 bytes; up to 4000 are read"), "{:?}", files.skipped);
    let many: Vec<(&str, &[u8])> = (0..30).map(|_| ("a.yaml", first.as_bytes())).collect();
    let (_guard, path) = kept("many.tar", &tar_of(&many));
    let files = read_within(&path, "c", small()).expect("the first");
    assert!(files.skipped[0].to_string().contains("more than 20 entries"), "{:?}", files.skipped);
}

#[test]
fn text_of_other_encodings_is_read_or_named() {
    let text = object("Pod", "shop", "wide");
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let latin = b"# caf\xe9\n".to_vec();
    let entries: Vec<(&str, &[u8])> = vec![("1.yaml", &little), ("2.yaml", &latin), ("3.yaml", &little[..21])];
    let (_guard, path) = kept("mixed.tar", &tar_of(&entries));
    let (changes, words) = told(&path.display().to_string());
    assert_eq!(keys(&changes), ["c//Pod/shop/wide"]);
    assert!(words[0].contains("2.yaml") && words[0].contains("no UTF-8"), "{words:?}");
    assert!(words[1].contains("3.yaml") && words[1].contains("UTF-16"), "{words:?}");
    for bytes in [&little, &big, &marked, &gzip(text.as_bytes())] {
        let (_guard, path) = kept("one.yaml", bytes);
        assert_eq!(keys(&told(&path.display().to_string()).0), ["c//Pod/shop/wide"]);
    }
}

#[test]
fn many_things_that_were_skipped_are_counted_after_the_first() {
    let names: Vec<String> = (0..300).map(|number| format!("{number}.yaml")).collect();
    let mut entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"kind: ["[..])).collect();
    let good = object("Pod", "shop", "good");
    entries.push(("good.yaml", good.as_bytes()));
    let (_guard, path) = kept("wrong.tar", &tar_of(&entries));
    let (changes, words) = told(&path.display().to_string());
    assert_eq!(keys(&changes).len(), 1);
    assert_eq!(words.len(), MOST_NAMED + 1);
    assert!(words[MOST_NAMED].contains("100 more"), "{}", words[MOST_NAMED]);
}

#[test]
fn endpoints_without_slices_count_in_manifests_and_in_a_gathering_alike() {
    let pair = "apiVersion: v1\nkind: Service\nmetadata: {name: db, uid: s}\nspec: {ports: [{port: 5432}]}\n---\n\
                apiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\nsubsets: [{addresses: [{ip: 192.0.2.7}, {}]}]\n";
    let gathered = pair.replace("{name: db", "{namespace: default, name: db");
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "manifests/db.yaml", pair);
    write(folder.path(), "gathered/must-gather.local.1/quay-io/namespaces/default/core/endpoints.yaml", &gathered);
    write(folder.path(), "gathered/must-gather.local.1/timestamp", "2026-05-14 14:30:00 +0000 UTC\n");
    for name in ["manifests", "gathered"] {
        let (changes, wrong) = told(&folder.path().join(name).display().to_string());
        assert!(wrong.is_empty(), "{wrong:?}");
        let world = broadstreet_core::world::World::from_changes(&changes);
        let relations = world.relations();
        let fields: Vec<(&str, &str)> = relations.iter().map(|it| (&*it.to.name, &*it.field)).collect();
        assert_eq!(fields, [("192.0.2.7", "subsets[0].addresses[0].ip")], "{name}");
        let health = world.health(&broadstreet_core::id::ObjectKey::new("c", "", "Service", "default", "db"));
        assert_eq!((&*health.reason, &*health.field), ("2 of 2 endpoints ready", "Endpoints subsets[].addresses"));
    }
}
