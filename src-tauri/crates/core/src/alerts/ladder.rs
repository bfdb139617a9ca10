//! The placement ladder: from an alert's labels to the object it is about, with the label that proved it.
//!
//! The first rung that hits places the alert; every other hit is kept beside it. A rung hits only what exists in the
//! world, so a label that names the scrape and not the thing cannot place an alert at random. Alerts known by name to be
//! about the control plane, the cluster or an exporter stand there unless a pod or node of it is named.

use serde::Serialize;

use super::exporter::Exporter;
use super::ground::{Ground, Selected};
use super::names::{self, Role, value};
use super::{Address, Alert, BY_HAND, Case, Proof, TrayEntry, rule_for};
use crate::id::ObjectKey;
use crate::world::World;

/// Where an alert belongs, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// It has an address.
    At(Case),
    /// It has none.
    Nowhere(TrayEntry),
}

/// Every alert of a world with its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// Alerts with an address, ordered by alert id.
    pub cases: Vec<Case>,
    /// Alerts without one, ordered by alert id.
    pub tray: Vec<TrayEntry>,
}

/// Places one alert in a world.
#[must_use]
pub fn place(world: &World, alert: &Alert) -> Placement {
    by_hand(world, alert, Ladder { ground: &Ground::new(world) }.place(alert))
}

/// Places every alert of a world; a heartbeat and plumbing stay cases with addresses of their own.
#[must_use]
pub fn placed(world: &World) -> Placed {
    all(world, world.alerts())
}

/// Places these alerts in a world, in their order.
pub(super) fn all<'a>(world: &World, alerts: impl IntoIterator<Item = &'a Alert>) -> Placed {
    let ground = Ground::new(world);
    let ladder = Ladder { ground: &ground };
    let mut placed = Placed::default();
    for alert in alerts {
        match by_hand(world, alert, ladder.place(alert)) {
            Placement::At(case) => placed.cases.push(case),
            Placement::Nowhere(entry) => placed.tray.push(entry),
        }
    }
    placed
}

/// Below the last rung: where a person said that such an alert belongs, as far as that is known here.
fn by_hand(world: &World, alert: &Alert, placement: Placement) -> Placement {
    let Placement::Nowhere(entry) = placement else { return placement };
    match rule_for(world.hand_rules(), alert) {
        Some(rule) if world.object(&rule.at).is_some() => Placement::At(Case {
            alert: entry.alert,
            at: Address::Object(rule.at.clone()),
            rung: BY_HAND,
            label: rule.words(),
            also: Vec::new(),
        }),
        Some(rule) => Placement::Nowhere(TrayEntry {
            why: format!(
                "{}; it was placed by hand at {} {}, which is not known here",
                entry.why, rule.at.kind, rule.at.name
            ),
            ..entry
        }),
        None => Placement::Nowhere(entry),
    }
}

struct Ladder<'g, 'w> {
    ground: &'g Ground<'w>,
}

/// An alert's labels as the rungs read them.
struct Reading<'a> {
    alert: &'a Alert,
    at: Selected,
    exporter: Option<Exporter>,
    /// `(label, namespace)`, most trusted first.
    spaces: Vec<(&'a str, &'a str)>,
    /// `(label, pod)`, the exporter's own left out.
    pods: Vec<(&'a str, &'a str)>,
    /// The metric itself named a pod, so nothing beats it.
    pod_exported: bool,
    /// The namespace is the thing's, not the exporter's.
    space_trusted: bool,
    hits: Vec<Proof>,
    misses: Vec<String>,
    /// It is about one cluster and does not say which.
    lost: bool,
    /// Its labels name an exporter, and only its name says that it is about that.
    by_name: bool,
}

impl Reading<'_> {
    fn hit(&mut self, rung: u8, key: ObjectKey, label: &str, value: &str) {
        self.hits.push(Proof { at: Address::Object(key), rung, label: format!("{label}=\"{value}\"") });
    }

    fn miss(&mut self, label: &str, value: &str) {
        self.misses.push(format!("{label}=\"{value}\""));
    }

    fn value(&self, label: &str) -> Option<&str> {
        value(&self.alert.labels, label)
    }
}

impl Ladder<'_, '_> {
    fn place(&self, alert: &Alert) -> Placement {
        let at = self.ground.select(alert);
        let placement = self.place_in(alert, at.clone());
        let (None, Placement::Nowhere(entry)) = (at, &placement) else { return placement };
        // What fits one cluster as well as another is at none of both.
        let fits = |id: &str| matches!(self.place_in(alert, Some(id.to_owned())), Placement::At(_));
        let fitting: Vec<&str> = self.ground.names().filter(|(id, _)| fits(id)).map(|(_, name)| name).collect();
        if fitting.len() < 2 {
            return placement;
        }
        let why = format!("it fits in several clusters ({}), and no label says which it means", fitting.join(", "));
        Placement::Nowhere(TrayEntry { alert: entry.alert.clone(), why })
    }

    fn place_in(&self, alert: &Alert, at: Selected) -> Placement {
        let role = names::role(alert.name());
        let by_name = |at: Address| Case {
            alert: alert.id.clone(),
            at,
            rung: 7,
            label: format!("alertname=\"{}\"", alert.name()),
            also: Vec::new(),
        };
        match role {
            Role::Heartbeat => return Placement::At(by_name(Address::Heartbeat)),
            Role::Plumbing => return Placement::At(by_name(Address::Plumbing)),
            _ => {}
        }
        let mut reading = self.read(alert, at);
        let measured = reading.exporter.is_some() && !reading.pod_exported;
        if role != Role::Ordinary {
            // Its name says what it is about; a Service or namespace among its labels is that of the scrape.
            self.by_api(&mut reading);
            self.by_pod(&mut reading);
            self.by_node(&mut reading);
            self.by_instance(&mut reading);
            self.by_role(&mut reading, role);
            self.by_object(&mut reading);
            self.by_mesh(&mut reading);
            self.by_text(&mut reading);
            self.by_namespace(&mut reading);
            return conclude(reading);
        }
        if measured {
            // What an exporter says of a node or a claim beats the pod its scrape may have added.
            self.by_object(&mut reading);
            self.by_node(&mut reading);
            self.by_pod(&mut reading);
        } else {
            self.by_pod(&mut reading);
            self.by_object(&mut reading);
            self.by_node(&mut reading);
        }
        self.by_instance(&mut reading);
        self.by_mesh(&mut reading);
        self.by_text(&mut reading);
        self.by_namespace(&mut reading);
        conclude(reading)
    }

    /// Sorts the identity labels into those of the thing and those of the exporter that measured it.
    fn read<'a>(&self, alert: &'a Alert, at: Selected) -> Reading<'a> {
        let measured = self.ground.exporter(&at, alert);
        let by_name = measured.is_some() && names::is_about_a_scrape(alert.name());
        let exporter = measured.filter(|_| !by_name);
        let read = |list: &'static [&'static str]| -> Vec<(&'a str, &'a str)> {
            list.iter().filter_map(|label| Some((*label, value(&alert.labels, label)?))).collect()
        };
        let mut pods = read(names::PODS);
        let mut spaces = read(names::NAMESPACES);
        let pod_exported = pods.iter().any(|(label, _)| label.starts_with("exported_"));
        if pod_exported {
            // Whoever scrapes renamed the metric's own label, so the plain one is the scraped program's.
            pods.retain(|(label, _)| *label != "pod");
        }
        let mut space_trusted = true;
        if let Some(exporter) = &exporter {
            let own_pod = |label: &str, pod: &str| {
                let on_nodes = exporter.word == "node-exporter";
                label == "pod"
                    && (on_nodes || self.ground.is_own(exporter, &at, "Pod", (value(&alert.labels, "namespace"), pod)))
            };
            if spaces.iter().any(|(label, _)| *label == "exported_namespace") {
                spaces.retain(|(label, _)| *label != "namespace");
            } else {
                space_trusted = !self.is_exporters_namespace(&at, alert, exporter);
            }
            pods.retain(|(label, pod)| !own_pod(label, pod));
        }
        Reading {
            alert,
            at,
            exporter,
            spaces,
            pods,
            pod_exported,
            space_trusted,
            hits: Vec::new(),
            misses: Vec::new(),
            lost: false,
            by_name,
        }
    }

    /// With `honorLabels` the metric's namespace replaced the scrape's and is the thing's; without, a metric that has
    /// none carries the exporter's. Which of both shows where the exporter's pod or Service stands.
    fn is_exporters_namespace(&self, at: &Selected, alert: &Alert, exporter: &Exporter) -> bool {
        let Some(space) = value(&alert.labels, "namespace") else { return false };
        if exporter.word == "node-exporter" {
            return true;
        }
        let marks = [("Pod", "pod"), ("Service", "service")];
        let marks = marks.iter().filter_map(|(kind, label)| Some((*kind, value(&alert.labels, label)?)));
        let marks: Vec<(&str, &str)> =
            marks.filter(|(kind, name)| self.ground.is_own(exporter, at, kind, (Some(space), name))).collect();
        let stands = |space: Option<&str>| {
            marks.iter().any(|(kind, name)| !self.ground.world.by_name(kind, space, name).is_empty())
        };
        // Where what is named like the exporter is not known here, the namespace is not trusted.
        !marks.is_empty() && (stands(Some(space)) || !stands(None))
    }

    /// Rung 1.
    fn by_pod(&self, reading: &mut Reading<'_>) {
        for (label, pod) in reading.pods.clone() {
            let spaces: Vec<Option<&str>> = match reading.spaces.as_slice() {
                [] => vec![None],
                spaces => spaces.iter().map(|(_, space)| Some(*space)).collect(),
            };
            let there = spaces.iter().find_map(|space| self.ground.find(&reading.at, "Pod", *space, pod));
            // Once it is gone its last owner stands in for it.
            let found =
                there.or_else(|| spaces.iter().find_map(|space| self.ground.owner_of_gone(&reading.at, *space, pod)));
            match found {
                Some(key) => reading.hit(1, key, label, pod),
                None => reading.miss(label, pod),
            }
        }
    }

    /// Rung 2.
    fn by_object(&self, reading: &mut Reading<'_>) {
        for (label, kind) in names::OBJECTS {
            let exported = format!("exported_{label}");
            let named = reading.value(&exported).map(|name| (exported.as_str(), name));
            let Some((label, name)) = named.or_else(|| Some((*label, reading.value(label)?))) else { continue };
            let (label, name) = (label.to_owned(), name.to_owned());
            let scrape = *kind == "Service" && !label.starts_with("exported_");
            if scrape && (name == "kubelet" && reading.value("node").is_some() || self.scraped_node(reading).is_some())
            {
                // One Service stands for what answers at the address of every node: kubelets, API servers.
                continue;
            }
            if scrape && (reading.exporter.is_some() || reading.pod_exported) {
                // `service` and `endpoint` are what was scraped: the exporter's.
                let space = reading.value("namespace");
                let is_own = |it| self.ground.is_own(it, &reading.at, "Service", (space, &name));
                let own = reading.exporter.as_ref().is_none_or(|it| label == "endpoint" || is_own(it));
                if own || !reading.space_trusted {
                    continue;
                }
            }
            match self.object(reading, kind, &name) {
                Some(key) => reading.hit(2, key, &label, &name),
                // The port's name stands in `endpoint` more often than an object's.
                None if label == "endpoint" || scrape && reading.spaces.is_empty() => {}
                None => reading.miss(&label, &name),
            }
        }
    }

    /// Rung 7: the API the API server hands on, in alerts that are known to be about one.
    fn by_api(&self, reading: &mut Reading<'_>) {
        if !names::is_about_an_api(reading.alert.name()) {
            return;
        }
        let Some(name) = reading.value("name").map(str::to_owned) else { return };
        if let Some(key) = self.ground.find(&reading.at, "APIService", None, &name) {
            reading.hit(7, key, "name", &name);
        }
    }

    /// An object in one of the namespaces the labels name, or the only one of its name where they name none.
    fn object(&self, reading: &Reading<'_>, kind: &str, name: &str) -> Option<ObjectKey> {
        let look = |space: Option<&str>| {
            let there = self.ground.find(&reading.at, kind, space, name);
            there.or_else(|| self.ground.owner_by_ward_name(&reading.at, kind, space, name))
        };
        if reading.spaces.is_empty() {
            return look(None);
        }
        reading.spaces.iter().find_map(|(_, space)| look(Some(space)))
    }

    /// Rung 3, by name.
    fn by_node(&self, reading: &mut Reading<'_>) {
        for label in ["exported_persistentvolume", "persistentvolume"] {
            let Some(name) = reading.value(label).map(str::to_owned) else { continue };
            match self.ground.find(&reading.at, "PersistentVolume", None, &name) {
                Some(key) => reading.hit(3, key, label, &name),
                None => reading.miss(label, &name),
            }
        }
        let exported = reading.value("exported_node").is_some();
        for label in names::NODES.iter().filter(|label| !(exported && **label == "node")) {
            let Some(name) = reading.value(label).map(str::to_owned) else { continue };
            match self.ground.find(&reading.at, "Node", None, &name) {
                Some(key) => reading.hit(3, key, label, &name),
                None if matches!(*label, "host" | "hostname") => {}
                None => reading.miss(label, &name),
            }
        }
    }

    /// Rung 3, by the address that was scraped: a node's name, a node's address, a pod's address.
    fn by_instance(&self, reading: &mut Reading<'_>) {
        if reading.exporter.as_ref().is_some_and(|exporter| exporter.word == "kube-state-metrics") {
            return;
        }
        if reading.exporter.as_ref().is_some_and(|exporter| exporter.per_node) {
            self.by_measuring_pod(reading);
        }
        for label in ["exported_instance", "instance", "target"] {
            let Some(said) = reading.value(label).map(str::to_owned) else { continue };
            let host = host_of(&said);
            let node = [said.as_str(), host].iter().find_map(|name| self.ground.find(&reading.at, "Node", None, name));
            let own = |key: &ObjectKey| {
                let is_own = |it: &Exporter| it.owns_name(&key.name) || self.ground.is(it, key);
                key.kind == "Pod" && reading.exporter.as_ref().is_some_and(is_own)
            };
            let address = || self.ground.at_address(&reading.at, host).filter(|key| !own(key));
            let found = node.or_else(address).or_else(|| self.service_at(reading, host));
            match found.filter(|key| Ground::lies_in(key, &reading.at)) {
                Some(key) => reading.hit(3, key, label, &said),
                None => reading.miss(label, &said),
            }
        }
    }

    /// The node whose own address was scraped.
    fn scraped_node(&self, reading: &Reading<'_>) -> Option<ObjectKey> {
        let said = ["exported_instance", "instance"].iter().find_map(|label| reading.value(label))?;
        let host = host_of(said);
        let named = [said, host].iter().find_map(|name| self.ground.find(&reading.at, "Node", None, name));
        named.or_else(|| self.ground.at_address(&reading.at, host).filter(|key| key.kind == "Node"))
    }

    /// The pod of an exporter that runs on every node tells which node it measured.
    fn by_measuring_pod(&self, reading: &mut Reading<'_>) {
        let (Some(pod), Some(space)) = (reading.value("pod"), reading.value("namespace")) else { return };
        let is_own = |it| self.ground.is_own(it, &reading.at, "Pod", (Some(space), pod));
        let exporters = reading.exporter.as_ref().is_some_and(is_own);
        let pod = pod.to_owned();
        let key = self.ground.find(&reading.at, "Pod", Some(space), &pod);
        if let Some(node) = key.filter(|_| exporters).and_then(|key| self.ground.node_of(&key)) {
            reading.hit(3, node, "pod", &pod);
        }
    }

    /// The Service a scraped address spells in the cluster's own domain.
    fn service_at(&self, reading: &Reading<'_>, host: &str) -> Option<ObjectKey> {
        let mut parts = host.split('.');
        let (name, space, svc) = (parts.next()?, parts.next()?, parts.next()?);
        (svc == "svc").then(|| self.ground.find(&reading.at, "Service", Some(space), name)).flatten()
    }

    /// Rung 4.
    fn by_mesh(&self, reading: &mut Reading<'_>) {
        for (label, space_label) in names::MESH {
            let Some(name) = reading.value(label).map(str::to_owned) else { continue };
            let own = reading.value(space_label).map(str::to_owned);
            let spaces: Vec<Option<String>> = match own {
                Some(space) => vec![Some(space)],
                None if reading.spaces.is_empty() => vec![None],
                None => reading.spaces.iter().map(|(_, space)| Some((*space).to_owned())).collect(),
            };
            let kinds = || names::WORKLOADS.iter().flat_map(|kind| spaces.iter().map(move |space| (kind, space)));
            let found = kinds().find_map(|(kind, space)| self.ground.find(&reading.at, kind, space.as_deref(), &name));
            match found {
                Some(key) => reading.hit(4, key, label, &name),
                None => reading.miss(label, &name),
            }
        }
        if reading.exporter.is_some() && !reading.space_trusted {
            return;
        }
        for (label, spelled) in names::APPS {
            let Some(name) = reading.value(label).map(str::to_owned) else { continue };
            if reading.exporter.as_ref().is_some_and(|exporter| exporter.owns_name(&name)) {
                continue;
            }
            for (_, space) in reading.spaces.clone() {
                let bears = |key: &&ObjectKey| {
                    let labels = self.ground.world.object(key).map(|object| &object.labels);
                    labels.and_then(|labels| labels.get(*spelled)).is_some_and(|said| *said == name)
                };
                let houses = self.ground.houses(&reading.at, space);
                let mut found = houses.iter().copied().filter(bears);
                let mut named = houses.iter().copied().filter(|key| key.name == name);
                // Several are none: which of them is meant would be a guess.
                let one = match (found.next(), found.next()) {
                    (None, _) => named.next().filter(|_| named.next().is_none()),
                    (one, None) => one,
                    (_, Some(_)) => None,
                };
                if let Some(key) = one.cloned() {
                    reading.hit(4, key, label, &name);
                }
            }
        }
    }

    /// Rung 5: what the text names as `namespace/name` is a suggestion, never an address by itself.
    fn by_text(&self, reading: &mut Reading<'_>) {
        let annotations = &reading.alert.annotations;
        for annotation in ["description", "message", "summary"] {
            let Some(text) = annotations.get(annotation) else { continue };
            // Long enough for any rule's text; an alert can carry megabytes.
            for word in text.split_whitespace().take(200) {
                let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
                let Some((space, name)) = word.split_once('/') else { continue };
                if space.is_empty() || name.is_empty() || name.contains('/') || space.contains(':') {
                    continue;
                }
                let kinds = std::iter::once(&"Pod").chain(names::WORKLOADS);
                let mut found = kinds.filter_map(|kind| self.ground.find(&reading.at, kind, Some(space), name));
                let found = found.next().or_else(|| self.ground.owner_of_gone(&reading.at, Some(space), name));
                let Some(key) = found else { continue };
                reading.hits.push(Proof {
                    at: Address::Object(key),
                    rung: 5,
                    label: format!("{annotation} names `{word}`"),
                });
            }
        }
    }

    /// Rung 6: the scrape's Service in a namespace the labels name, the namespace, the only Service of the scrape's name.
    fn by_namespace(&self, reading: &mut Reading<'_>) {
        let scrape = reading.exporter.is_none() && !reading.pod_exported;
        let job = reading.value("job").filter(|_| scrape).unwrap_or_default().to_owned();
        let (said, name) = job.split_once('/').map_or((None, job.as_str()), |(space, name)| (Some(space), name));
        if reading.space_trusted {
            for (label, space) in reading.spaces.clone() {
                let here = said.is_none_or(|said| said == space);
                if let Some(key) = self.ground.find(&reading.at, "Service", Some(space), name).filter(|_| here) {
                    reading.hit(6, key, "job", &job);
                }
                match self.ground.namespace(&reading.at, space) {
                    Some(key) => reading.hit(6, key, label, space),
                    None => reading.miss(label, space),
                }
            }
        }
        let service = self.ground.find(&reading.at, "Service", said, name);
        if let Some(key) = service.or_else(|| self.ground.watched_by(&reading.at, said, name)) {
            reading.hit(6, key, "job", &job);
        }
    }

    /// Rung 7.
    fn by_role(&self, reading: &mut Reading<'_>, role: Role) {
        let label = format!("alertname=\"{}\"", reading.alert.name());
        let cluster = reading.at.clone();
        let at = match role {
            Role::ControlPlane => cluster.map(Address::ControlPlane),
            Role::Cluster => cluster.map(Address::Cluster),
            Role::Exporter(word) => {
                self.ground.program(&reading.at, word).map(Address::Object).or_else(|| cluster.map(Address::Cluster))
            }
            Role::Ordinary | Role::Heartbeat | Role::Plumbing => return,
        };
        match at {
            Some(at) => reading.hits.push(Proof { at, rung: 7, label }),
            None => reading.lost = true,
        }
    }
}

/// Takes the first hit as the address, the others as further proofs, or says why there is none.
fn conclude(reading: Reading<'_>) -> Placement {
    let alert = reading.alert.id.clone();
    let mut also: Vec<Proof> = Vec::new();
    let (suggested, hits): (Vec<Proof>, Vec<Proof>) = reading.hits.into_iter().partition(|hit| hit.rung == 5);
    let mut hits = hits.into_iter();
    let Some(first) = hits.next() else {
        let why = match (&suggested.first(), reading.misses.as_slice(), &reading.exporter) {
            (Some(proof), _, _) => format!("no label names an object that is known here; its {}", proof.label),
            (None, [], _) if reading.lost => "no label says which of the clusters it means".to_owned(),
            (None, [], Some(exporter)) => {
                format!("its labels name only the exporter that measured it, {}", exporter.word)
            }
            (None, [], None) => "no label names an object".to_owned(),
            (None, misses, _) => format!("nothing known here is called {}", misses.join(", ")),
        };
        return Placement::Nowhere(TrayEntry { alert, why });
    };
    for hit in hits.chain(suggested) {
        if hit.at != first.at && also.iter().all(|known| known.at != hit.at) {
            also.push(hit);
        }
    }
    also.sort_by_key(|proof| proof.rung);
    let rung = if reading.by_name { 7 } else { first.rung };
    Placement::At(Case { alert, at: first.at, rung, label: first.label, also })
}

/// The host of `host`, `host:port`, `[v6]:port` or a URL.
pub(super) fn host_of(text: &str) -> &str {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?']).next().unwrap_or(text);
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match text.rsplit_once(':') {
        // More than one colon is a bare IPv6 address.
        Some((host, _)) if !host.contains(':') => host,
        _ => text,
    }
}
