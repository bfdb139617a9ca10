//! From series to calls.

use std::collections::{BTreeMap, BTreeSet};

use super::{End, EndKind, MOST_CALLS, Measure, Observer, Part, Reading, Sample, Told, Unit};
use crate::id::Text;
use crate::resource::Labels;

/// What was counted of one call, by unit and by the side that counted it.
#[derive(Default)]
struct Counted {
    rate: BTreeMap<(Unit, Text), f64>,
    failed: BTreeMap<(Unit, Text), f64>,
    p95: Option<f64>,
    begun: bool,
}

impl Counted {
    /// The fuller of the sides: what never arrived only the caller's side counts, what came from outside the mesh only
    /// the other.
    fn fullest(of: &BTreeMap<(Unit, Text), f64>, unit: Unit) -> Option<f64> {
        of.iter().filter(|((its, _), _)| *its == unit).map(|(_, value)| *value).reduce(f64::max)
    }

    fn unit(&self) -> Option<Unit> {
        self.rate.keys().map(|(unit, _)| *unit).max()
    }
}

/// Reads the answers to an observer's questions. Each call stands once, whichever sides counted it; a pair of ends that
/// are both unnamed is no call.
#[must_use]
pub fn read(observer: Observer, answers: &[(Part, Vec<Sample>)]) -> Told {
    let mut told = Told::default();
    let several = names_several_clusters(observer, answers);
    let mut calls: BTreeMap<(End, End), Counted> = BTreeMap::new();
    let mut counts_failures: BTreeSet<Unit> = BTreeSet::new();
    let mut knows_who_began = false;
    for (part, samples) in answers {
        if let Part::Failed(unit) = part {
            counts_failures.insert(*unit);
        }
        if matches!(part, Part::Rate(_)) && samples.len() >= MOST_CALLS {
            told.notes.push(format!("only the {MOST_CALLS} busiest series are shown"));
        }
        for sample in samples.iter().filter(|sample| sample.value.is_finite() && sample.value > 0.0) {
            if let Part::Lost(sentence) = part {
                told.notes.push(sentence.replace("{}", &spelled(sample.value)));
                continue;
            }
            let (from, to) = ends(observer, &sample.labels, several);
            if from.is == EndKind::Nobody && to.is == EndKind::Nobody {
                continue;
            }
            let side = side(observer, &sample.labels);
            let counted = calls.entry((from, to)).or_default();
            match part {
                Part::Rate(unit) => {
                    counted.begun |= observer == Observer::Hubble && *unit == Unit::Requests;
                    *counted.rate.entry((*unit, side)).or_default() += sample.value;
                }
                Part::Failed(unit) => {
                    // Two ways to count the same failures: the fuller one holds.
                    let failed = counted.failed.entry((*unit, side)).or_default();
                    *failed = if observer == Observer::ServiceGraph {
                        failed.max(sample.value)
                    } else {
                        *failed + sample.value
                    };
                }
                Part::P95(micros) => {
                    let value = sample.value * f64::from(*micros);
                    counted.p95 = Some(counted.p95.map_or(value, |known| known.max(value)));
                }
                Part::Begun => {
                    knows_who_began = true;
                    counted.begun = true;
                }
                Part::Lost(_) => {}
            }
        }
    }
    let both_ways = counts_both_ways(observer, answers);
    let mut unclear = 0;
    let known: BTreeMap<&(End, End), bool> = calls.iter().map(|(ends, counted)| (ends, counted.begun)).collect();
    for (ends, counted) in &calls {
        let Some(unit) = counted.unit() else { continue };
        let back = known.get(&(ends.1.clone(), ends.0.clone()));
        if both_ways && knows_who_began && !counted.begun && back == Some(&true) {
            // Only answers go this way.
            continue;
        }
        let two_way = both_ways && !counted.begun && back.is_some() && ends.0 != ends.1;
        unclear += usize::from(two_way);
        let rate = Counted::fullest(&counted.rate, unit).unwrap_or_default();
        let failed = counts_failures.contains(&unit).then(|| {
            let failed = Counted::fullest(&counted.failed, unit).unwrap_or_default();
            if rate > 0.0 { ((failed / rate).min(1.0) * 1000.0).round() as u32 } else { 0 }
        });
        told.calls.push(Reading {
            from: ends.0.clone(),
            to: ends.1.clone(),
            measure: Measure {
                unit,
                rate: two_digits(rate * 1000.0),
                failed,
                p95: counted.p95.filter(|_| unit == Unit::Requests).map(two_digits),
            },
            two_way,
        });
    }
    if unclear > 0 {
        told.notes.push(format!(
            "of {} pairs it is not known who calls: answers are counted like calls",
            unclear.div_ceil(2)
        ));
    }
    told
}

/// True where an observer counts what flows back like what flows forth.
fn counts_both_ways(observer: Observer, answers: &[(Part, Vec<Sample>)]) -> bool {
    match observer {
        Observer::Hubble => true,
        Observer::Beyla => !answers
            .iter()
            .flat_map(|(_, samples)| samples)
            .any(|sample| sample.labels.get("direction").is_some_and(|direction| direction == "request")),
        _ => false,
    }
}

/// A number as people say it.
fn spelled(value: f64) -> String {
    if value >= 10.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// Rounds to two digits: what jitters is not recorded as a change.
fn two_digits(value: f64) -> u64 {
    let mut number = value.clamp(0.0, 1e15).round() as u64;
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number = (number + unit / 2) / unit * unit;
    number.max(u64::from(value > 0.0))
}

/// The side that counted.
fn side(observer: Observer, labels: &Labels) -> Text {
    let label = match observer {
        // Proxies on the way count what both ends count.
        Observer::Istio => "reporter",
        Observer::Caretta => "role",
        _ => return Text::new(),
    };
    labels.get(label).cloned().unwrap_or_default()
}

/// The labels that name the clusters of the ends.
fn cluster_labels(observer: Observer) -> [&'static str; 2] {
    match observer {
        Observer::Istio => ["source_cluster", "destination_cluster"],
        Observer::ServiceGraph => ["client_k8s_cluster_name", "server_k8s_cluster_name"],
        Observer::Beyla => ["k8s_cluster_name", "k8s_cluster_name"],
        Observer::Linkerd | Observer::Hubble | Observer::Caretta => ["", ""],
    }
}

/// True where the series come from more than one cluster: only then must an end say whose it is.
fn names_several_clusters(observer: Observer, answers: &[(Part, Vec<Sample>)]) -> bool {
    let names: BTreeSet<&str> = answers
        .iter()
        .flat_map(|(_, samples)| samples)
        .flat_map(|sample| cluster_labels(observer).map(|label| word(&sample.labels, label)))
        .filter(|name| !name.is_empty())
        .collect();
    names.len() > 1
}

/// A label's value; empty where it is missing or says that it is not known.
fn word<'a>(labels: &'a Labels, label: &str) -> &'a str {
    match labels.get(label).map(Text::as_str) {
        None | Some("unknown") => "",
        Some(value) => value,
    }
}

fn end(is: EndKind, namespace: &str, kind: &str, name: &str) -> End {
    if name.is_empty() {
        return End::default();
    }
    End { is, cluster: Text::new(), namespace: namespace.into(), kind: kind.into(), name: name.into() }
}

/// A workload where its namespace was told too.
fn workload(namespace: &str, kind: &str, name: &str) -> End {
    if namespace.is_empty() { End::default() } else { end(EndKind::Workload, namespace, kind, name) }
}

/// A host name, without its port.
fn place(name: &str) -> End {
    let host = match name.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) && !host.contains(':') => host,
        _ => name,
    };
    end(EndKind::Place, "", "", host)
}

/// The ends of a call as its labels tell them.
fn ends(observer: Observer, labels: &Labels, several: bool) -> (End, End) {
    let get = |label: &str| word(labels, label);
    let (mut from, mut to) = match observer {
        Observer::Istio => (
            workload(get("source_workload_namespace"), "", get("source_workload")),
            istio_destination(
                (get("destination_workload_namespace"), get("destination_workload")),
                (get("destination_service_namespace"), get("destination_service_name")),
            ),
        ),
        Observer::Linkerd => {
            let from = linkerd_workload(labels, "");
            let mut to = linkerd_workload(labels, "dst_");
            if to.is == EndKind::Nobody && !get("dst_namespace").is_empty() {
                to = end(EndKind::Service, get("dst_namespace"), "", get("dst_service"));
            }
            (from, if to.is == EndKind::Nobody { place(get("authority")) } else { to })
        }
        Observer::ServiceGraph => (telemetry(labels, "client"), telemetry(labels, "server")),
        Observer::Hubble => (
            workload(get("source_namespace"), "", get("source_workload")),
            workload(get("destination_namespace"), "", get("destination_workload")),
        ),
        Observer::Caretta => (caretta(labels, "client"), caretta(labels, "server")),
        Observer::Beyla => (beyla(labels, "src"), beyla(labels, "dst")),
    };
    if several {
        let [of_from, of_to] = cluster_labels(observer);
        from.cluster = get(of_from).into();
        to.cluster = get(of_to).into();
    }
    (from, to)
}

fn istio_destination(workload: (&str, &str), service: (&str, &str)) -> End {
    match (workload, service) {
        // What leaves the mesh is counted under these names.
        (_, (_, "PassthroughCluster" | "BlackHoleCluster" | "InboundPassthroughClusterIpv4"))
            if workload.1.is_empty() =>
        {
            End::default()
        }
        ((namespace, name), _) if !name.is_empty() && !namespace.is_empty() => {
            end(EndKind::Workload, namespace, "", name)
        }
        (_, (_, name)) if name.contains('.') => place(name),
        (_, (namespace, name)) if !namespace.is_empty() => end(EndKind::Service, namespace, "", name),
        _ => End::default(),
    }
}

/// Label and kind of the workloads Linkerd and the service graph tell apart.
const KINDS: [(&str, &str); 5] = [
    ("deployment", "Deployment"),
    ("statefulset", "StatefulSet"),
    ("daemonset", "DaemonSet"),
    ("cronjob", "CronJob"),
    ("job", "Job"),
];

fn linkerd_workload(labels: &Labels, before: &str) -> End {
    let namespace = word(labels, &format!("{before}namespace"));
    let named = KINDS.iter().find_map(|(label, kind)| {
        // `job` is the scrape job.
        let label = if *label == "job" { "k8s_job" } else { label };
        let name = word(labels, &format!("{before}{label}"));
        (!name.is_empty()).then_some((*kind, name))
    });
    named.map_or_else(End::default, |(kind, name)| workload(namespace, kind, name))
}

fn telemetry(labels: &Labels, side: &str) -> End {
    let name = word(labels, side);
    let namespace = word(labels, &format!("{side}_k8s_namespace_name"));
    let named = KINDS.iter().find_map(|(label, kind)| {
        let name = word(labels, &format!("{side}_k8s_{label}_name"));
        (!name.is_empty() && !namespace.is_empty()).then_some((*kind, name))
    });
    if let Some((kind, name)) = named {
        return workload(namespace, kind, name);
    }
    // A peer without instrumentation has no service.name: what stands in its place is a host, or a word for people.
    let is_database = side == "server" && matches!(word(labels, "connection_type"), "database" | "messaging_system");
    if word(labels, "virtual_node") == side || is_database {
        return place(name);
    }
    if name == "user" && word(labels, "connection_type") == "virtual_node" {
        return End::default();
    }
    end(EndKind::Telemetry, namespace, "", name)
}

fn caretta(labels: &Labels, side: &str) -> End {
    let get = |label: &str| word(labels, &format!("{side}_{label}"));
    let (name, namespace) = (get("name"), get("namespace"));
    match get("kind") {
        "" | "Node" | "node" => End::default(),
        "external" | "External" => place(name),
        "Service" => end(EndKind::Service, namespace, "", name),
        kind => workload(namespace, kind, name),
    }
}

fn beyla(labels: &Labels, side: &str) -> End {
    let get = |label: &str| word(labels, &format!("k8s_{side}_{label}"));
    let (name, namespace) = (get("owner_name"), get("namespace"));
    match get("owner_type") {
        "Node" => End::default(),
        "Service" if !namespace.is_empty() => end(EndKind::Service, namespace, "", name),
        kind => workload(namespace, kind, name),
    }
}
