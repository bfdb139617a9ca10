//! What to ask a Prometheus about an object: CPU, memory, restarts and failed requests of its pods.
//!
//! Pods are meant by the shape of their names, so that those that are gone by now count in the past too. Metrics of the
//! kubelet (cAdvisor) and of kube-state-metrics carry the pod in `pod`, or in `exported_pod` where the scrape keeps its own
//! labels; both are asked for. Names of metrics: cAdvisor v0.49, kube-state-metrics v2, Istio 1.2x, Linkerd 2.x.

use crate::id::ObjectKey;

/// What a figure counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Cores.
    Cores,
    /// Bytes.
    Bytes,
    /// A number of things.
    Count,
    /// A share from 0 to 1.
    Share,
}

impl Unit {
    /// The word on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cores => "cores",
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Share => "share",
        }
    }
}

/// One question about an object, answered by a single series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it shows, for a person.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// The question in PromQL.
    pub query: String,
}

/// A pattern (RE2, anchored as Prometheus does) of the names of an object's pods; nothing for what has no pods.
fn pods_of(key: &ObjectKey) -> Option<String> {
    let name = escape(&key.name);
    // Suffixes as the controllers make them: <hash>-<5> of a Deployment, <ordinal>, <5>.
    let suffix = match key.kind.as_str() {
        "Pod" => return Some(name),
        "Deployment" | "Rollout" => "-[a-z0-9]{1,12}-[a-z0-9]{5}",
        "StatefulSet" => "-[0-9]+",
        "DaemonSet" | "ReplicaSet" => "-[a-z0-9]{5}",
        "Job" => "-([0-9]+-)?[a-z0-9]{5}",
        "CronJob" => "-[0-9]+-([0-9]+-)?[a-z0-9]{5}",
        _ => return None,
    };
    Some(format!("{name}{suffix}"))
}

/// A name within a quoted string of PromQL.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A name within a pattern within a quoted string.
fn escape(text: &str) -> String {
    let pattern = text.chars().fold(String::new(), |mut pattern, c| {
        if !c.is_ascii_alphanumeric() && c != '-' && c != '_' {
            pattern.push('\\');
        }
        pattern.push(c);
        pattern
    });
    quoted(&pattern)
}

/// What can be asked about an object; empty for one without pods.
#[must_use]
pub fn figures(key: &ObjectKey) -> Vec<Figure> {
    let Some(pods) = pods_of(key) else { return Vec::new() };
    let (namespace, name) = (quoted(&key.namespace), quoted(&key.name));
    let of_pods = |metric: &str, more: &str, rate: bool| {
        let one = |namespace_label: &str, pod_label: &str| {
            let series = format!("{metric}{{{namespace_label}=\"{namespace}\",{pod_label}=~\"{pods}\"{more}}}");
            if rate { format!("sum(rate({series}[5m]))") } else { format!("sum({series})") }
        };
        format!("{} or {}", one("exported_namespace", "exported_pod"), one("namespace", "pod"))
    };
    let share = |metric: &str, whom: &str, failed: &str| {
        let count = |more: &str| format!("sum(rate({metric}{{{whom}{more}}}[5m]))");
        format!("{} / ({} > 0)", count(failed), count(""))
    };
    let workload = key.kind.to_lowercase();
    let failed = [
        share(
            "istio_requests_total",
            &format!(
                "reporter=\"destination\",destination_workload_namespace=\"{namespace}\",destination_workload=\"{name}\""
            ),
            ",response_code=~\"5..\"",
        ),
        share(
            "response_total",
            &format!("direction=\"inbound\",namespace=\"{namespace}\",{workload}=\"{name}\""),
            ",classification=\"failure\"",
        ),
        share(
            "http_server_request_duration_seconds_count",
            &format!("namespace=\"{namespace}\",pod=~\"{pods}\""),
            ",http_response_status_code=~\"5..\"",
        ),
        share("http_requests_total", &format!("namespace=\"{namespace}\",pod=~\"{pods}\""), ",code=~\"5..\""),
    ];
    let figure = |name, unit, query| Figure { name, unit, query };
    vec![
        figure("CPU", Unit::Cores, of_pods("container_cpu_usage_seconds_total", ",container!=\"\"", true)),
        figure("Memory", Unit::Bytes, of_pods("container_memory_working_set_bytes", ",container!=\"\"", false)),
        figure("Restarts", Unit::Count, of_pods("kube_pod_container_status_restarts_total", "", false)),
        figure("Failed requests", Unit::Share, failed.map(|one| format!("({one})")).join(" or ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, name: &str, expected: Option<&str>) {
        assert_eq!(pods_of(&ObjectKey::new("c", "", kind, "shop", name)).as_deref(), expected);
    }

    #[test]
    fn pods_are_meant_by_the_shape_of_their_names() {
        check("Pod", "cart-1", Some("cart-1"));
        check("Deployment", "cart", Some("cart-[a-z0-9]{1,12}-[a-z0-9]{5}"));
        check("StatefulSet", "db", Some("db-[0-9]+"));
        check("DaemonSet", "logs.v2", Some("logs\\\\.v2-[a-z0-9]{5}"));
        check("Service", "cart", None);
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        let hostile = ObjectKey::new("c", "", "Pod", "a\"} or x{b=\"", "p\\\"q");
        for figure in figures(&hostile) {
            let mut within = false;
            let mut chars = figure.query.chars();
            let mut bare = String::new();
            while let Some(c) = chars.next() {
                match c {
                    '\\' if within => drop(chars.next()),
                    '"' => within = !within,
                    c if !within => bare.push(c),
                    _ => {}
                }
            }
            assert!(!within && !bare.contains("x{b"), "{}", figure.query);
        }
    }

    #[test]
    fn labels_are_asked_for_in_both_shapes() {
        let figures = figures(&ObjectKey::new("c", "apps", "StatefulSet", "shop", "db"));
        assert_eq!(
            figures[2].query,
            "sum(kube_pod_container_status_restarts_total{exported_namespace=\"shop\",exported_pod=~\"db-[0-9]+\"}) or \
             sum(kube_pod_container_status_restarts_total{namespace=\"shop\",pod=~\"db-[0-9]+\"})"
        );
        assert_eq!(
            figures.iter().map(|it| it.name).collect::<Vec<_>>(),
            ["CPU", "Memory", "Restarts", "Failed requests"]
        );
    }
}
